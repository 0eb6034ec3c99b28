use super::super::testing::{helps, shown};
use super::*;
use crate::domain::RatePolicy;
use crate::rules::{DriverField, DriverShape, SpecialPolicy};

const SMALLEST: &str = "\
organisation: Acme
currency: EUR
sources:
  - name: aws
    format: focus
    files: [ \"data/aws/*.csv\", \"data/aws/*.parquet\" ]
rules: [ \"rules/*.yaml\" ]          # optional
";

fn parse(text: &str) -> Result<Project, Vec<Finding>> {
    Project::parse("costbook.yaml", text)
}

fn faults(text: &str) -> Vec<String> {
    shown(&parse(text).unwrap_err())
}

/// The smallest project with one more line.
fn with(line: &str) -> String {
    format!("{SMALLEST}{line}\n")
}

#[test]
fn the_smallest_project_stays_valid() {
    let project = parse(SMALLEST).unwrap();
    assert_eq!((project.organisation.as_str(), project.currency.code()), ("Acme", "EUR"));
    let source = &project.sources[0];
    assert_eq!((source.name.as_str(), source.files.len()), ("aws", 2));
    assert_eq!(source.format, FormatName::Shipped("focus".into()));
    assert_eq!(project.rules[0].1.to_string(), "costbook.yaml:7:10");
    assert_eq!((project.owners, project.rounding_digits), (None, None));
}

#[test]
fn every_section_is_read() {
    let text = with(
        "owners: data/cost-centers.csv
rounding: { digits: 2 }
exchange: { rates: data/fx.csv, policy: average, inverse: true, leap: 2.5 }
metadata:
  - entity: sub_account
    file: data/sub-accounts.csv
  - { entity: team, file: data/teams.csv, join: tag.team }",
    );
    let project = parse(&text).unwrap();
    assert_eq!(project.owners.unwrap().0, "data/cost-centers.csv");
    assert_eq!(project.rounding_digits, Some(2));
    let exchange = project.exchange.unwrap();
    assert_eq!(
        (exchange.rates.0.as_str(), exchange.leap.to_string()),
        ("data/fx.csv", "2.5".into())
    );
    let terms = exchange.terms;
    assert_eq!((terms.policy, terms.digits, terms.inverse), (RatePolicy::Average, 10, true));
    let joins: Vec<_> = project.metadata.iter().map(|m| m.join.as_ref().map(|j| &j.0)).collect();
    assert_eq!(joins, [None, Some(&"tag.team".to_owned())]);
    let own = SMALLEST.replace("focus", "maps/our.yaml");
    let own = parse(&own).unwrap();
    assert_eq!(own.sources[0].format, FormatName::Own("maps/our.yaml".into()));
}

#[test]
fn an_empty_project_is_told_all_it_lacks() {
    assert_eq!(faults(""), ["missing-key 1:1+1"; 3]);
    assert_eq!(faults("just text"), ["wrong-type 1:1+9"]);
}

#[test]
fn each_fault_is_found_at_its_place() {
    for (line, expected) in [
        ("soruces: []", "unknown-key 8:1+7"),
        ("currency: USD", "duplicate-key 8:1+8"),
        ("owners:", "wrong-type 8:1+6"),
        ("owners: [ a, b ]", "wrong-type 8:9+1"),
        ("owners: ../x.csv", "path-outside-project 8:9+8"),
        ("owners: /etc/passwd", "path-outside-project 8:9+11"),
        ("owners: 'C:\\x.csv'", "path-outside-project 8:9+10"),
        ("owners: a\\..\\..\\x", "path-outside-project 8:9+9"),
        ("owners: ~/x.csv", "path-outside-project 8:9+7"),
        ("owners: ''", "invalid-value 8:9+2"),
        ("rounding: {}", "missing-key 8:11+1"),
        ("rounding: { digits: 99 }", "invalid-value 8:21+2"),
        ("rounding: { digits: -1 }", "invalid-value 8:21+2"),
        ("exchange: { rates: fx.csv }", "missing-key 8:13+5"),
        ("exchange: { rates: ../fx.csv, policy: daily }", "path-outside-project 8:20+9"),
        ("exchange: { rates: fx.csv, policy: weekly }", "invalid-value 8:36+6"),
        ("exchange: { rates: fx.csv, policy: daily, leap: 1 }", "invalid-value 8:49+1"),
        ("exchange: { rates: fx.csv, policy: daily, digits: 19 }", "invalid-value 8:51+2"),
        ("exchange: { rates: fx.csv, policy: daily, inverse: yes }", "invalid-value 8:52+3"),
        ("metadata: [ { entity: resource } ]", "missing-key 8:15+6"),
        ("metadata: [ { entity: team, file: t.csv } ]", "missing-key 8:23+4"),
        ("metadata: [ { entity: tag, file: t.csv, join: source } ]", "invalid-value 8:23+3"),
        (
            "metadata: [ { entity: resource, file: a.csv }, { entity: resource, file: b.csv } ]",
            "duplicate-name 8:58+8",
        ),
    ] {
        assert_eq!(faults(&with(line)), [expected], "{line}");
    }
}

#[test]
fn everything_wrong_is_found_at_once() {
    let text = "\
organisation: ' '
currency: euro
sources:
  - { name: aws, format: focsu, files: [ '../x' ] }
  - { name: aws, format: ../map.yaml, files: [] }
  - { name: A W S, format: focus, files: [ '[' ] }
  - { name: aws, format: focus, files: a.csv }
  - { name: aws, format: focus, files: b.csv, fiels: x }
";
    let findings = parse(text).unwrap_err();
    let expected = [
        "invalid-value 1:15+3",
        "invalid-value 2:11+4",
        "unknown-name 4:26+5",
        "path-outside-project 4:42+6",
        "path-outside-project 5:26+11",
        "invalid-value 5:46+1",
        "invalid-value 6:13+5",
        "invalid-value 6:44+3",
        "duplicate-name 8:13+3",
        "unknown-key 8:47+5",
    ];
    assert_eq!(shown(&findings), expected);
    let helps = helps(&findings);
    assert!(helps.contains(&"did you mean `focus`?"), "{helps:?}");
    assert!(helps.contains(&"did you mean `files`?"), "{helps:?}");
}

/// A project whose one source says this beside its name and format.
fn source(text: &str) -> String {
    format!("organisation: A\ncurrency: EUR\nsources: [ {{ name: a, format: focus, {text} }} ]\n")
}

#[test]
fn what_a_source_says_of_deliveries_and_days_is_read() {
    let read = |text: &str| parse(&source(text)).unwrap().sources.remove(0);
    let day = |day| chrono::NaiveDate::from_ymd_opt(2026, 10, day).unwrap();
    let silent = read("files: 'a/{period}/*.csv'");
    assert_eq!((silent.deliveries, silent.days), (None, None));
    let newest = read("files: a.csv, deliveries: newest, days: every");
    assert_eq!(newest.deliveries, Some(DeliveryPolicy::Newest));
    assert_eq!(newest.days, Some(Days::EVERY));
    let append = read("files: a.csv, deliveries: append, days: any");
    assert_eq!(append.deliveries, Some(DeliveryPolicy::Append));
    assert_eq!(append.days, Some(Days::Any));
    let gaps =
        read("files: a.csv, days: { missing: [ 2026-10-30, 2026-10-31 ], until: 2026-10-29 }");
    let missing = vec![day(30), day(31)];
    assert_eq!(gaps.days, Some(Days::Every { missing, until: Some(day(29)) }));
}

#[test]
fn faults_of_deliveries_and_days_are_found_at_their_place() {
    for (text, expected) in [
        ("files: 'a/{perod}.csv'", "unknown-name 3:45+15"),
        ("files: '{period}[.csv'", "invalid-value 3:45+15"),
        ("files: a.csv, deliveries: oldest", "invalid-value 3:64+6"),
        ("files: a.csv, days: some", "invalid-value 3:58+4"),
        ("files: a.csv, days: { missing: 31.10.2026 }", "invalid-value 3:69+10"),
        ("files: a.csv, days: { until: 2026-10-32 }", "invalid-value 3:67+10"),
        ("files: a.csv, days: { from: 2026-10-02 }", "unknown-key 3:60+4"),
    ] {
        assert_eq!(faults(&source(text)), [expected], "{text}");
    }
    let near = parse(&source("files: 'a/{perod}.csv'")).unwrap_err();
    assert_eq!(helps(&near), ["did you mean `period`?"]);
}

#[test]
fn a_source_may_say_where_its_table_stands() {
    let text =
        |more: &str| SMALLEST.replace("    format: focus\n", &format!("    format: focus\n{more}"));
    let project = parse(&text("    sheet: 2026 October\n    header_row: 4\n")).unwrap();
    let place = &project.sources[0].place;
    assert_eq!((place.sheet.as_deref(), place.header_row), (Some("2026 October"), Some(4)));
    assert_eq!(faults(&text("    header_row: 0\n")), ["invalid-value 6:17+1"]);
    assert_eq!(faults(&text("    header_row: first\n")), ["invalid-value 6:17+5"]);
    assert_eq!(faults(&text("    header_row: 1048577\n")), ["invalid-value 6:17+7"]);
    assert_eq!(faults(&text("    sheet: [ a, b ]\n")), ["wrong-type 6:12+1"]);
}

/// A project whose one driver says this beside its name.
fn driver(text: &str) -> String {
    format!("{}drivers: [ {{ name: d, {text} }} ]\n", source("files: a.csv"))
}

#[test]
fn what_a_driver_says_is_read() {
    let read = |text: &str| parse(&driver(text)).unwrap().drivers.remove(0);
    let table = read("files: 'd-{period}.csv', scope: component, unit: TB, columns: { pool: Was }");
    assert_eq!((table.unit.as_deref(), table.scope[0].0.as_str()), (Some("TB"), "component"));
    let DriverShape::Table(columns) = &table.shape else { panic!("{table:?}") };
    let headers = ["was".to_owned(), "Cost Center".to_owned()];
    assert_eq!(columns.position(DriverField::Pool, &headers), Some(0));
    assert_eq!(columns.position(DriverField::Consumer, &headers), Some(1));
    assert!(columns.is_own(DriverField::Pool) && !columns.is_own(DriverField::Consumer));
    let export = read("files: d.json, format: opencost, consumer: label.a.b/c, idle: { owner: x }");
    assert_eq!(export.unit.as_deref(), Some("core hours"));
    let DriverShape::Export(export) = &export.shape else { panic!("{export:?}") };
    assert_eq!(
        (export.measure.0.as_str(), export.consumer.name()),
        ("cpu_core_hours", "label.a.b/c".to_owned())
    );
    assert!(export.special.values().all(|policy| *policy == SpecialPolicy::Owner("x".to_owned())));
    assert_eq!(export.special.len(), 5);
}

#[test]
fn faults_of_drivers_are_found_at_their_place() {
    let cases = [
        ("files: 'd-{perod}.csv'", "unknown-name 4:30+15"),
        ("files: 'd-{month}.csv'", "invalid-value 4:30+15"),
        ("file: d.csv", "missing-key 4:14+4 unknown-key 4:23+4"),
        ("files: d.csv, columns: { consumers: a }", "unknown-key 4:48+9"),
        ("files: d.csv, scope: [ a, a ]", "duplicate-name 4:49+1"),
        ("files: d.csv, idle: spread", "invalid-value 4:37+4"),
        ("files: d.csv, format: kubecos, consumer: pod", "unknown-name 4:45+7"),
        ("files: d.csv, format: opencost", "missing-key 4:14+4"),
        ("files: d.csv, format: opencost, consumer: team", "unknown-name 4:65+4"),
        ("files: d.csv, format: opencost, consumer: pod, measure: cpu", "unknown-name 4:79+3"),
        ("files: d.csv, format: opencost, consumer: pod, idle: gone", "invalid-value 4:76+4"),
        (
            "files: d.csv, format: opencost, consumer: pod, idle: { idel: spread }",
            "unknown-key 4:78+4",
        ),
        ("files: d.csv, format: opencost, consumer: pod, scope: a", "invalid-value 4:70+5"),
    ];
    let found: Vec<String> =
        cases.iter().map(|(text, _)| faults(&driver(text)).join(" ")).collect();
    assert_eq!(found, cases.map(|(_, expected)| expected));
    let twice = driver("files: a.csv }, { name: d, files: b.csv");
    assert_eq!(faults(&twice), ["duplicate-name 4:47+1"]);
}
