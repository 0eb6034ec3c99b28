use std::sync::Arc;

use arrow_array::{ArrayRef, Date32Array, Decimal128Array, Float64Array, RecordBatch, StringArray};

use super::*;
use crate::rules::{Project, shipped_driver_examples, shipped_export_examples};

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
    let table = DriverTable::gather(&declared, parts, None);
    table.map(|(table, _)| table).map_err(|found| found.iter().map(said).collect())
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
fn a_part_that_is_not_read_is_refused() {
    let text = "period,consumer,quantity,Comment,tag.env\n2026-10,a,1,x,prod\n";
    assert_eq!(errors("", None, &[text]), ["d0.csv: nothing reads the column `tag.env`"]);
    let table = gather(", scope: tag.env", None, &[text.as_bytes()]).unwrap();
    assert_eq!(table.ignored.iter().collect::<Vec<_>>(), ["Comment"]);
    assert_eq!(errors("", None, &["[]"]), ["d0.csv: the table holds no row"]);
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

#[test]
fn the_shipped_formats_do_what_their_examples_say() {
    let examples = shipped_export_examples();
    assert!(examples.len() > 2);
    for (name, export, given, expect) in examples {
        let folder = tempfile::tempdir().unwrap();
        let location = folder.path().join("export");
        std::fs::write(&location, given).unwrap();
        let shape = DriverShape::Export(Box::new(export));
        let declared = DriverDecl { shape, ..declared("") };
        let file = DriverFile {
            location: &location,
            path: "export",
            declared: &declared,
            month: None,
            reader: None,
        };
        let part = read_driver(&file).unwrap();
        let (table, notes) = DriverTable::gather(&declared, vec![part], None).unwrap();
        assert_eq!(table.rows.iter().map(shown).collect::<Vec<_>>(), expect, "{name}");
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert_eq!(notes[0].code, Code::DriverBinary);
    }
}

/// Records of an answer of `OpenCost`, each `name|cluster|start|end|hours`.
fn answer(records: &[&str]) -> String {
    let record = |record: &&str| {
        let parts: Vec<&str> = record.split('|').collect();
        let [name, cluster, start, end, hours] = parts[..] else { panic!("{record}") };
        format!(
            r#"{{"{name}":{{"name":"{name}","properties":{{"cluster":"{cluster}","namespace":"{name}"}},"window":{{"start":"{start}","end":"{end}"}},"cpuCoreHours":{hours}}}}}"#
        )
    };
    let sets: Vec<String> = records.iter().map(record).collect();
    format!(r#"{{"code":200,"data":[{}]}}"#, sets.join(","))
}

const CLUSTER: &str = ", format: opencost, consumer: namespace";
const OCTOBER: &str = "2026-10-01T00:00:00Z|2026-11-01T00:00:00Z";

#[test]
fn clusters_add_up_and_the_same_usage_does_not() {
    let one = answer(&[&format!("shop|one|{OCTOBER}|7.5"), &format!("web|one|{OCTOBER}|1")]);
    let two = answer(&[&format!("shop|two|{OCTOBER}|2.25")]);
    let table = gather(CLUSTER, None, &[one.as_bytes(), two.as_bytes()]).unwrap();
    assert_eq!(table.unit.as_deref(), Some("core hours"));
    assert_eq!(
        table.rows.iter().map(shown).collect::<Vec<_>>(),
        ["2026-10 shop 9.75", "2026-10 web 1"]
    );
    assert_eq!(table.rows[0].records, 2);
    let again = answer(&["shop|one|2026-10-31T00:00:00Z|2026-11-01T00:00:00Z|3"]);
    assert_eq!(
        errors(CLUSTER, None, &[&one, &again]),
        ["d1.csv, row 1: the same usage is told by another record: d0.csv, row 1"]
    );
    // Without a cluster, only the same quantity again is the same usage.
    let nameless = |hours: &str| answer(&[&format!("shop||{OCTOBER}|{hours}")]);
    let table = gather(CLUSTER, None, &[nameless("1").as_bytes(), nameless("2").as_bytes()]);
    assert_eq!(table.unwrap().rows.iter().map(shown).collect::<Vec<_>>(), ["2026-10 shop 3"]);
    assert_eq!(errors(CLUSTER, None, &[&nameless("1"), &(nameless("1") + "\n")]).len(), 1);
}

#[test]
fn windows_are_days_or_stand_for_their_month() {
    let days = answer(&[
        "shop|one|2026-10-01T00:00:00Z|2026-10-01T12:00:00Z|1",
        "shop|one|2026-10-01T12:00:00Z|2026-10-01T23:59:59Z|2",
        "shop|one|2026-10-02T00:00:00Z|2026-10-03T00:00:00Z|4",
        "shop|one|2026-09-30T00:00:00Z|2026-10-01T00:00:00Z|8",
    ]);
    let table = gather(CLUSTER, Some("2026-10"), &[days.as_bytes()]).unwrap();
    assert_eq!(
        table.rows.iter().map(shown).collect::<Vec<_>>(),
        ["2026-10-01 shop 3", "2026-10-02 shop 4"]
    );
    assert!(table.has_days);
    let weeks = answer(&[
        "shop|one|2026-10-01T00:00:00Z|2026-10-08T00:00:00Z|1",
        "shop|one|2026-10-08T00:00:00Z|2026-10-09T00:00:00Z|2",
    ]);
    let declared = declared(CLUSTER);
    let folder = tempfile::tempdir().unwrap();
    let location = folder.path().join("weeks.json");
    std::fs::write(&location, weeks).unwrap();
    let file = DriverFile {
        location: &location,
        path: "weeks.json",
        declared: &declared,
        month: None,
        reader: None,
    };
    let (table, notes) =
        DriverTable::gather(&declared, vec![read_driver(&file).unwrap()], None).unwrap();
    assert_eq!(table.rows.iter().map(shown).collect::<Vec<_>>(), ["2026-10 shop 3"]);
    assert_eq!(notes[0].code, Code::DriverPartial);
    assert_eq!(
        notes[0].message,
        "driver `seats` has quantities of 8 of the 31 days of 2026-10, which stand for the whole month"
    );
    let across = answer(&["shop|one|2026-10-15T00:00:00Z|2026-11-15T00:00:00Z|1"]);
    assert_eq!(
        errors(CLUSTER, None, &[&across]),
        [
            "d0.csv, row 1, column window.start: the window from 2026-10-15 00:00:00 UTC to 2026-11-15 00:00:00 UTC is not of one month"
        ]
    );
}

#[test]
fn usage_of_no_workload_needs_a_policy() {
    let text = answer(&[
        &format!("__idle__|one|{OCTOBER}|-0.5"),
        &format!("shop|one|{OCTOBER}|8"),
        &format!("__unmounted__|one|{OCTOBER}|0.5"),
        &format!("one/__idle__|one|{OCTOBER}|2"),
    ]);
    assert_eq!(
        errors(CLUSTER, None, &[&text]),
        [
            "d0.csv, row 1: 2 records are `__idle__`, which is no workload's usage, and nothing says who bears it",
            "d0.csv, row 3: 1 record is `__unmounted__`, which is no workload's usage, and nothing says who bears it",
        ]
    );
    let policies = format!("{CLUSTER}, idle: {{ idle: spread, unmounted: {{ owner: platform }} }}");
    let table = gather(&policies, None, &[text.as_bytes()]).unwrap();
    assert_eq!(
        table.rows.iter().map(shown).collect::<Vec<_>>(),
        ["2026-10 platform 0.5", "2026-10 shop 8"]
    );
    assert_eq!(
        table.spread.iter().map(|(k, q)| format!("{k} {q}")).collect::<Vec<_>>(),
        ["idle 1.5"]
    );
    let owner = format!("{CLUSTER}, idle: {{ owner: ops }}");
    assert_eq!(
        errors(&owner, None, &[&text]),
        [
            "d0.csv, row 1, column cpuCoreHours: `__idle__`: the quantity is -0.5; nobody uses less than nothing"
        ]
    );
}

#[test]
fn an_export_of_something_else_is_told() {
    let text = answer(&[&format!("shop|one|{OCTOBER}|null")]);
    assert_eq!(
        errors(CLUSTER, None, &[&text]),
        [
            "d0.csv, row 1, column cpuCoreHours: `shop`: the quantity is unknown, which is not a quantity of zero"
        ]
    );
    let label = ", format: opencost, consumer: label.team";
    assert_eq!(errors(label, None, &[&text]), ["d0.csv: no record tells `label.team`"]);
    let cost = ", format: opencost, consumer: namespace, measure: total_cost";
    assert_eq!(errors(cost, None, &[&text]), ["d0.csv: no record tells the measure `total_cost`"]);
    assert_eq!(
        errors(CLUSTER, None, &["{\"code\":200,\"data\":[]}"]),
        ["d0.csv: the file holds no record of OpenCost allocations"]
    );
    assert_eq!(
        errors(CLUSTER, None, &["{\"code\":200,"]),
        ["d0.csv, row 1: what follows is not JSON"]
    );
    assert_eq!(
        errors(CLUSTER, None, &["{\"code\":500,\"message\":\"boundary error\"}"]),
        ["d0.csv: no record tells the measure `cpu_core_hours`"]
    );
}

#[test]
fn json_of_any_shape_and_gzip_are_tables_too() {
    use std::io::Write as _;
    let list = r#"[ {"Team": "web", "Units": 1.50, "Month": "2026-10"}, {"Team": "pay", "Units": "2", "Month": "2026-10"} ]"#;
    let lines = "{\"Team\":\"web\",\"Units\":1.50,\"Month\":\"2026-10\"}\n{\"Team\":\"pay\",\"Units\":2,\"Month\":\"2026-10\"}\n";
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(list.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    for content in [list.as_bytes(), lines.as_bytes(), &packed] {
        let table = gather("", None, &[content]).unwrap();
        assert_eq!(
            table.rows.iter().map(shown).collect::<Vec<_>>(),
            ["2026-10 pay 2", "2026-10 web 1.5"]
        );
    }
    assert_eq!(
        errors("", None, &["[{\"Team\":\"web\",\"Month\":\"2026-10\"}]"]),
        ["d0.csv: the table has no column `quantity`, such as Quantity"]
    );
    assert_eq!(
        errors("", None, &["[{\"Team\":\"web\"},{]"]),
        ["d0.csv, row 1: what follows is not JSON"]
    );
}

#[test]
fn a_workbook_of_the_same_rows_is_the_same_driver() {
    let text = "Team,Hours,Date\nweb,1.5,2026-10-01\npay,0.000001,2026-10-02\n";
    let expected = ["2026-10-01 web 1.5", "2026-10-02 pay 0.000001"];
    assert_eq!(rows("", None, text), expected);

    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write(0, 0, "Cluster hours").unwrap();
    sheet.write_row(2, 0, ["Team", "Hours", "Date"]).unwrap();
    for (row, (team, hours, day)) in
        [("web", 1.5, 1), ("pay", 0.000_001, 2)].into_iter().enumerate()
    {
        let row = u32::try_from(row).unwrap() + 3;
        sheet.write(row, 0, team).unwrap();
        sheet.write(row, 1, hours).unwrap();
        let date = rust_xlsxwriter::ExcelDateTime::from_ymd(2026, 10, day).unwrap();
        let format = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
        sheet.write_with_format(row, 2, &date, &format).unwrap();
    }
    let book = book.save_to_buffer().unwrap();
    let table = gather("", None, &[&book]).unwrap();
    assert_eq!(table.rows.iter().map(shown).collect::<Vec<_>>(), expected);
    assert_eq!(table.rows[0].place.to_string(), "d0.csv, row 4");
}

/// A Parquet file of these columns.
fn parquet(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer =
        parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn parquet_is_a_driver_too() {
    let exact: ArrayRef = Arc::new(
        Decimal128Array::from(vec![1_500_000, 1]).with_precision_and_scale(20, 6).unwrap(),
    );
    let binary: ArrayRef = Arc::new(Float64Array::from(vec![1.5, 0.000_001]));
    for (hours, is_binary) in [(exact, false), (binary, true)] {
        let team: ArrayRef = Arc::new(StringArray::from(vec!["web", "pay"]));
        // Days since 1970.
        let date: ArrayRef = Arc::new(Date32Array::from(vec![20_727, 20_728]));
        let note: ArrayRef = Arc::new(StringArray::from(vec!["x", "y"]));
        let mut bytes =
            parquet(vec![("Team", team), ("Note", note), ("Hours", hours), ("Date", date)]);
        let folder = tempfile::tempdir().unwrap();
        let location = folder.path().join("d.parquet");
        std::fs::write(&location, &bytes).unwrap();
        let declared = declared("");
        let file = DriverFile {
            location: &location,
            path: "d.parquet",
            declared: &declared,
            month: None,
            reader: None,
        };
        let part = read_driver(&file).unwrap();
        let (table, notes) = DriverTable::gather(&declared, vec![part], None).unwrap();
        let expected = ["2026-10-01 web 1.5", "2026-10-02 pay 0.000001"];
        assert_eq!(table.rows.iter().map(shown).collect::<Vec<_>>(), expected);
        let codes: Vec<Code> = notes.iter().map(|note| note.code).collect();
        assert_eq!(codes, if is_binary { vec![Code::DriverBinary] } else { Vec::new() });
        bytes.truncate(bytes.len() - 20);
        std::fs::write(&location, &bytes).unwrap();
        assert_eq!(read_driver(&file).unwrap_err()[0].code, Code::BrokenFile);
    }
    let nan: ArrayRef = Arc::new(Float64Array::from(vec![f64::NAN]));
    let team: ArrayRef = Arc::new(StringArray::from(vec!["web"]));
    let bytes = parquet(vec![("Team", team), ("Hours", nan)]);
    let found = gather("", Some("2026-10"), &[&bytes]).unwrap_err();
    assert!(found[0].starts_with("d0.csv, row 1, column Hours: `NaN`"), "{found:?}");
}

mod laws {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// A record: cluster, namespace, first day, hundred thousandths of core hours.
    type Usage = (u8, u8, u32, u32);

    fn written(usage: &[Usage]) -> String {
        let record = |(index, (cluster, namespace, day, quantity)): (usize, &Usage)| {
            let name =
                if *namespace == 0 { "__idle__".to_owned() } else { format!("n{namespace}") };
            format!(
                r#""r{index}":{{"name":"{cluster}/{name}/{index}","properties":{{"cluster":"{cluster}","namespace":"{name}","pod":"{index}"}},"window":{{"start":"2026-10-{day:02}T00:00:00Z","end":"2026-10-{:02}T00:00:00Z"}},"cpuCoreHours":{}.{:05}}}"#,
                day + 1,
                quantity / 100_000,
                quantity % 100_000,
            )
        };
        let records: Vec<String> = usage.iter().enumerate().map(record).collect();
        // Sets of three, as windows are sets.
        let sets: Vec<String> =
            records.chunks(3).map(|set| format!("{{{}}}", set.join(","))).collect();
        format!(r#"{{"code":200,"data":[{}]}}"#, sets.join(","))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        /// Each consumer and day has the sum of its records, what is idle stands beside it, and the
        /// cut of records into files does not matter.
        #[test]
        fn nothing_is_lost_and_nothing_counts_twice(
            usage in prop::collection::vec((0..3_u8, 0..4_u8, 1..30_u32, any::<u32>()), 1..40),
            cut in any::<prop::sample::Index>(),
        ) {
            prop_assume!(usage.iter().any(|(_, namespace, ..)| *namespace > 0));
            let lines = ", format: opencost, consumer: namespace, idle: spread";
            let whole = gather(lines, None, &[written(&usage).as_bytes()]).unwrap();
            let mut expected: BTreeMap<(u32, u8), u64> = BTreeMap::new();
            let mut idle = 0;
            for (_, namespace, day, quantity) in &usage {
                match namespace {
                    0 => idle += u64::from(*quantity),
                    _ => *expected.entry((*day, *namespace)).or_default() += u64::from(*quantity),
                }
            }
            let exact = |quantity: u64| Amount::from_scaled(i128::from(quantity), 5).unwrap();
            let expected: Vec<String> = expected
                .into_iter()
                .map(|((day, name), sum)| format!("2026-10-{day:02} n{name} {}", exact(sum)))
                .collect();
            let texts = |table: &DriverTable| table.rows.iter().map(shown).collect::<Vec<_>>();
            prop_assert_eq!(texts(&whole), expected);
            prop_assert_eq!(whole.spread.get("idle").copied().unwrap_or_default(), exact(idle));
            // Names of records are their place in a file, so files are cut by cluster.
            let (some, rest): (Vec<Usage>, Vec<Usage>) =
                usage.iter().partition(|(cluster, ..)| usize::from(*cluster) <= cut.index(3));
            let is_export = |usage: &[Usage]| usage.iter().any(|(_, namespace, ..)| *namespace > 0);
            if is_export(&some) && is_export(&rest) {
                let (rest, some) = (written(&rest), written(&some));
                let parts = gather(lines, None, &[rest.as_bytes(), some.as_bytes()]).unwrap();
                prop_assert_eq!(texts(&parts), texts(&whole));
                prop_assert_eq!(&parts.spread, &whole.spread);
                let doubled = format!("{some}\n");
                let twice = gather(lines, None, &[some.as_bytes(), doubled.as_bytes()]);
                prop_assert!(twice.is_err());
            }
        }

        /// Whatever is cut out of a document or put into it is told, never a panic.
        #[test]
        fn altered_documents_are_answered(
            at in any::<prop::sample::Index>(),
            with in "[\\[\\]{}\",:0-9a-z\\\\ .\u{e4}-]{0,4}",
            length in 0..6_usize,
        ) {
            let mut text: Vec<char> = written(&[(1, 0, 1, 5), (1, 1, 2, 7), (2, 2, 3, 0)]).chars().collect();
            let begin = at.index(text.len());
            let end = (begin + length).min(text.len());
            text.splice(begin..end, with.chars());
            let text: String = text.into_iter().collect();
            let lines = ", format: opencost, consumer: namespace, idle: spread";
            if let Err(found) = gather(lines, None, &[text.as_bytes()]) {
                prop_assert!(!found.is_empty());
            }
        }
    }
}
