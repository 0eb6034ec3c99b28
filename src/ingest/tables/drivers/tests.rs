use super::*;
use crate::rules::{Project, shipped_driver_examples};

/// The driver that a project declares by these lines.
fn declared(lines: &str) -> DriverDecl {
    let text = format!(
        "organisation: Acme\ncurrency: EUR\nsources: [ {{ name: aws, format: focus, files: a.csv }} ]\n\
         drivers:\n  - {{ name: seats, files: d.csv{lines} }}\n"
    );
    Project::parse("costbook.yaml", &text).unwrap().drivers.remove(0)
}

fn said(finding: &Finding) -> String {
    format!("{}: {}", finding.place.as_ref().unwrap(), finding.message)
}

/// Reads files of these contents, all of the same month where there is one.
fn gather(
    lines: &str,
    month: Option<&str>,
    contents: &[&[u8]],
) -> Result<DriverTable, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let declared = declared(lines);
    let mut parts = Vec::new();
    for (index, content) in contents.iter().enumerate() {
        let path = format!("d{index}.csv");
        let location = folder.path().join(&path);
        std::fs::write(&location, content).unwrap();
        let file = DriverFile {
            location: &location,
            path: &path,
            declared: &declared,
            month: month.map(|month| month.parse().unwrap()),
            reader: None,
        };
        let part = read_driver(&file);
        parts.push(part.map_err(|found| found.iter().map(said).collect::<Vec<_>>())?);
    }
    let table = DriverTable::gather(&declared, parts);
    table.map_err(|found| found.iter().map(said).collect())
}

fn shown(row: &DriverRow) -> String {
    let days = match row.days.from() {
        Some(day) if row.is_of_a_day() => day.to_string(),
        Some(day) => Period::of(day).to_string(),
        None => "always".to_owned(),
    };
    let pool = row.pool.as_ref().map_or(String::new(), |pool| format!("{pool}: "));
    let consumer = match &row.consumer {
        Consumer::Named(name) => name,
        Consumer::Unallocated => "-",
    };
    let scope = row.scope.iter().map(|part| format!(" [{}]", part.as_deref().unwrap_or("*")));
    format!("{days} {pool}{consumer} {}{}", row.quantity, scope.collect::<String>())
}

fn rows(lines: &str, month: Option<&str>, text: &str) -> Vec<String> {
    gather(lines, month, &[text.as_bytes()]).unwrap().rows.iter().map(shown).collect()
}

fn errors(lines: &str, month: Option<&str>, texts: &[&str]) -> Vec<String> {
    let contents: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
    gather(lines, month, &contents).unwrap_err()
}

#[test]
fn the_shipped_headers_do_what_their_examples_say() {
    let examples = shipped_driver_examples();
    assert!(examples.len() > 2);
    for (given, expect) in examples {
        let headers: Vec<&str> = given.keys().map(String::as_str).collect();
        let mut values: Vec<&str> = given.values().map(String::as_str).collect();
        // The example of a file with several drivers is of the one that the tests declare.
        assert!(!given.contains_key("Schluessel") || values.contains(&"seats"));
        let text = format!("{}\n{}\n", headers.join(","), values.join(","));
        values.clear();
        let found = gather("", None, &[text.as_bytes()]).unwrap();
        let row = &found.rows[0];
        for (key, expected) in expect {
            let shown = shown(row);
            let value = match key.as_str() {
                "days" => shown.split(' ').next().unwrap().to_owned(),
                "pool" => row.pool.clone().unwrap(),
                "consumer" => match &row.consumer {
                    Consumer::Named(name) => name.clone(),
                    Consumer::Unallocated => panic!("{shown}"),
                },
                "quantity" => row.quantity.to_string(),
                other => panic!("{other}"),
            };
            assert_eq!(value, expected, "{key}");
        }
    }
}

#[test]
fn rows_come_in_one_order_whatever_the_order_of_files() {
    let one = b"period,consumer,quantity\n2026-10,web,2\n2026-09,web,1\n".as_slice();
    let other = b"Team;Units;Month\npay;0.5;2026-10\n".as_slice();
    let table = gather("", None, &[one, other]).unwrap();
    assert_eq!(
        table.rows.iter().map(shown).collect::<Vec<_>>(),
        ["2026-09 web 1", "2026-10 pay 0.5", "2026-10 web 2"]
    );
    assert!(!table.has_days && !table.has_pools);
    let again = gather("", None, &[other, one]).unwrap();
    let texts = |table: &DriverTable| table.rows.iter().map(shown).collect::<Vec<_>>();
    assert_eq!(texts(&again), texts(&table));
    let october: Period = "2026-10".parse().unwrap();
    assert_eq!(table.rows_of(october).count(), 2);
}

#[test]
fn own_headers_scope_and_the_month_of_the_file() {
    let lines = ", columns: { consumer: Wer, quantity: Wieviel, pool: Was }, scope: [ component, tag.environment ]";
    let text = "Wer,Wieviel,Was,Component,TAG.environment\npay,1,lake,,prod\nweb,2,lake,usage,\n";
    assert_eq!(
        rows(lines, Some("2026-10"), text),
        ["2026-10 lake: pay 1 [*] [prod]", "2026-10 lake: web 2 [usage] [*]"]
    );
    assert_eq!(
        errors(lines, None, &["Wer,Was,tag.environment\npay,1,\n"]),
        [
            "d0.csv: the table has no column `quantity`, such as Wieviel",
            "d0.csv: nothing tells the month: there is neither a column `day` nor `period`",
            "d0.csv: the table has no column `component`, which `scope` names",
        ]
    );
}

#[test]
fn rows_of_other_drivers_and_other_months_are_passed_over() {
    let text = "day,driver,consumer,quantity\n2026-09-30,seats,web,9\n2026-10-01,seats,web,1\n\
                2026-10-01,other,,x\n2026-10-02T23:30:00-01:00,seats,web,4\n";
    assert_eq!(rows("", Some("2026-10"), text), ["2026-10-01 web 1", "2026-10-03 web 4"]);
    assert_eq!(
        errors("", Some("2026-11"), &[text]),
        ["d0.csv: the file is of 2026-11 by its name, and all its rows are of other months"]
    );
}

#[test]
fn every_bad_row_is_named_with_its_place() {
    let text = "period,day,pool,consumer,quantity\n2026-10,,,,1\n2026-10,,,a,\n2026-10,,,a,-1\n\
                2026-10,,,a,NaN\n2026-10,,,a,\"1,5\"\n10/2026,,,a,1\n2026-10,2026-10-32,,a,1\n\
                2026-10,2026-11-01,,a,1\n,,,a,1\n2026-13,,,,x\n";
    let number = "not a plain decimal number (no thousands separators, currency signs, brackets, NaN or inf)";
    let expected = [
        "d0.csv, row 2, column consumer: the row names no consumer".to_owned(),
        "d0.csv, row 3, column quantity: the quantity is unknown, which is not a quantity of zero"
            .to_owned(),
        "d0.csv, row 4, column quantity: the quantity is -1; nobody uses less than nothing"
            .to_owned(),
        format!("d0.csv, row 5, column quantity: `NaN`: {number}"),
        format!("d0.csv, row 6, column quantity: `1,5`: {number}"),
        "d0.csv, row 7, column period: `10/2026` is no month".to_owned(),
        "d0.csv, row 8, column day: `2026-10-32` is no day".to_owned(),
        "d0.csv, row 9, column day: 2026-11-01 does not lie in 2026-10".to_owned(),
        "d0.csv, row 10, column day: the row tells no month".to_owned(),
        "d0.csv, row 11, column period: `2026-13` is no month".to_owned(),
        "d0.csv, row 11, column consumer: the row names no consumer".to_owned(),
        format!("d0.csv, row 11, column quantity: `x`: {number}"),
    ];
    assert_eq!(errors("", None, &[text]), expected);
    assert_eq!(
        errors("", None, &["period,consumer,quantity\n"]),
        ["d0.csv: the table holds no row"]
    );
}

#[test]
fn a_weight_that_stands_twice_is_refused() {
    let one = "day,pool,consumer,quantity\n2026-10-01,lake,a,1\n2026-10-01,lake,b,1\n2026-10-02,lake,a,1\n2026-10-01,sea,a,1\n";
    let other = "day,pool,consumer,quantity\n2026-10-02,lake,a,0\n";
    assert_eq!(
        errors("", None, &[one, other]),
        ["d1.csv, row 2: `a` of `lake` has a quantity already for the day: d0.csv, row 4"]
    );
    assert_eq!(errors("", None, &[one, one]), ["d1.csv: the file has the same content as d0.csv"]);
    let mixed = "day,consumer,quantity\n2026-10,a,1\n2026-10-02,b,1\n2026-09,a,1\n";
    assert_eq!(
        errors("", None, &[mixed]),
        ["d0.csv, row 3: the row is of a day, and d0.csv, row 2 is of the whole month"]
    );
    let large =
        "day,consumer,quantity\n2026-10,a,100000000000000000000\n2026-10,b,100000000000000000000\n";
    assert_eq!(
        errors("", None, &[large]),
        [
            "costbook.yaml:5:13: the quantities of driver `seats` sum to more than 170,000,000,000,000,000,000"
        ]
    );
}
