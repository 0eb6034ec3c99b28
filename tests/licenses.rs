//! `costbook licenses` through the command: position, warnings and check of a small project.

mod support;

use support::{PERIOD, Project, costbook};

const DECLARED: &str = "organisation: Acme
currency: EUR
sources: [ { name: aws, format: focus, files: \"data/*.csv\" } ]
licenses:
  rules: licenses/own.yaml
  packs: [ generic, oracle ]
  inputs:
    - { name: owned, kind: entitlements, files: \"licenses/owned.csv\", currency: EUR }
    - { name: registry, kind: contracts, files: \"licenses/contracts.csv\", currency: EUR }
    - { name: seats, kind: seats, files: \"licenses/seats-{period}.csv\" }
    - { name: servers, kind: hosts, files: \"licenses/hosts.csv\" }
    - { name: installed, kind: installs, files: \"licenses/installed.csv\" }
";
const OWN: &str = "products:
  - { publisher: Initech, product: TPS Reports, names: [ TPS Reports, TPS ] }
";
const OWNED: &str =
    "id,contract,publisher,product,edition,metric,quantity,license_type,start,end,unit_price
E1,C1,Initech,TPS Reports,,named_seat,3,subscription,2026-01-01,2026-12-31,120.00
E2,C2,Oracle,Oracle Database,Enterprise Edition,oracle_processor,4,perpetual,2020-01-01,,40000.00
";
const CONTRACTS: &str = "id,kind,title,publisher,owner,start,end,auto_renew,notice_days
C1,saas,Initech suite,Initech,Ada,2026-01-01,2026-12-31,yes,30
C2,license,Oracle terms,Oracle,Bob,2020-01-01,,,
";

fn seats(users: usize) -> String {
    let rows = (1..=users).map(|user| format!("u{user},Initech,TPS,2026-10-20\n"));
    format!("user,publisher,product,last_activity\n{}", rows.collect::<String>())
}

/// Three seats owned and four used since September; a host whose processor nobody knows.
fn project() -> Project {
    Project::new()
        .file("costbook.yaml", DECLARED)
        .file("licenses/own.yaml", OWN)
        .file("licenses/owned.csv", OWNED)
        .file("licenses/contracts.csv", CONTRACTS)
        .file("licenses/seats-2026-08.csv", seats(2))
        .file("licenses/seats-2026-09.csv", seats(4))
        .file("licenses/seats-2026-10.csv", seats(4))
        .file("licenses/seats-2026-11.csv", seats(9))
        .file("licenses/hosts.csv", "host,sockets,cores,cpu_model\ndb1,1,8,\n")
        .file(
            "licenses/installed.csv",
            "device,publisher,product,edition,version,host\ndb1,Oracle,Oracle Database,Enterprise Edition,19c,db1\n",
        )
}

fn ask(project: &Project, words: &[&str]) -> support::Answer {
    let mut command = costbook(["licenses"]);
    command.args(words).args(["--period", PERIOD, "--project"]).arg(project.folder());
    support::answer(&mut command)
}

#[test]
fn what_is_lacking_stands_first_with_money_and_since_when() {
    let answer = ask(&project(), &["position"]);
    assert_eq!((answer.exit, answer.stderr.as_str()), (Some(0), ""), "{answer:?}");
    let lines: Vec<&str> = answer.stdout.lines().collect();
    assert_eq!(lines[0], "Acme: licenses on 2026-10-31");
    let over: Vec<&str> = lines[5].split_whitespace().collect();
    assert_eq!(
        over,
        [
            "over",
            "Initech",
            "TPS",
            "Reports",
            "named_seat",
            "3",
            "4",
            "-1",
            "120",
            "EUR",
            "2026-09-30"
        ],
        "{}",
        answer.stdout
    );
    assert!(lines[6].starts_with("  unknown  Oracle Database Enterprise"), "{}", answer.stdout);
}

#[test]
fn tables_come_as_csv_and_json_and_into_a_folder() {
    let project = project();
    let csv = ask(&project, &["position", "--format", "csv", "--product", "tps reports"]);
    assert_eq!(csv.stdout.lines().count(), 2, "{csv:?}");
    let json = ask(&project, &["position", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let lines = json["lines"].as_array().unwrap();
    let tps = lines.iter().find(|line| line["product"] == "TPS Reports").unwrap();
    assert_eq!((&tps["shortfall"], &tps["status"]), (&"1".into(), &"over".into()));
    let folder = project.path("found");
    let out = ask(&project, &["position", "--out", folder.to_str().unwrap()]);
    assert_eq!(out.exit, Some(0), "{out:?}");
    let written = std::fs::read_to_string(folder.join("license_position.csv")).unwrap();
    assert!(written.contains(csv.stdout.lines().nth(1).unwrap()), "{written}");
    let again = ask(&project, &["position", "--out", folder.to_str().unwrap()]);
    assert_eq!(again.exit, Some(4), "nothing is overwritten: {again:?}");
}

#[test]
fn warnings_fail_where_they_are_asked_to() {
    let project = project();
    for (asked, exit) in [("over_use", 1), ("error", 1), ("overlap", 0), ("overuse", 2)] {
        let answer = ask(&project, &["warnings", "--fail-on", asked]);
        assert_eq!(answer.exit, Some(exit), "{asked}: {answer:?}");
    }
    let one = ask(&project, &["warnings", "--product", "TPS Report"]);
    assert_eq!(one.exit, Some(2), "{one:?}");
    assert!(one.stderr.contains("did you mean `TPS Reports`?"), "{one:?}");
}

#[test]
fn check_tells_everything_that_is_wrong_at_once() {
    let sound = ask(&project(), &["check"]);
    assert_eq!(sound.exit, Some(0), "{sound:?}");
    assert!(sound.stdout.contains("  2 rights, 2 contracts, 12 rows of use\n"), "{sound:?}");
    let broken = project()
        .file("costbook.yaml", DECLARED.replace("packs: [ generic, oracle ]", "packs: [ orcle ]"))
        .file("licenses/own.yaml", "metrics:\n  own: { unit: user, of: seat, versions: [] }\n")
        .file("licenses/contracts.csv", CONTRACTS.replace("saas", "sas"));
    let answer = ask(&broken, &["check"]);
    assert_eq!(answer.exit, Some(2), "{answer:?}");
    for text in ["did you mean `oracle`?", "own.yaml:2", "contracts.csv, row 2, column kind"] {
        assert!(answer.stderr.contains(text), "{text}: {}", answer.stderr);
    }
}

#[test]
fn a_month_without_its_table_is_told_and_one_without_any_is_refused() {
    let project = project();
    project.remove("licenses/seats-2026-10.csv");
    let stale = ask(&project, &["position"]);
    assert!(stale.stderr.contains("the newest is of 2026-09"), "{stale:?}");
    for month in ["08", "09"] {
        project.remove(&format!("licenses/seats-2026-{month}.csv"));
    }
    let none = ask(&project, &["position"]);
    assert_eq!(none.exit, Some(3), "{none:?}");
    assert!(none.stderr.contains("no table of seats of 2026-10 or earlier"), "{none:?}");
}

#[test]
fn a_metric_of_no_rule_is_told_with_its_place() {
    let project = project().file("licenses/owned.csv", OWNED.replace("named_seat", "named_seet"));
    let answer = ask(&project, &["check", "--fail-on", "warning"]);
    assert_eq!(answer.exit, Some(1), "{answer:?}");
    assert!(answer.stderr.contains("license-metric"), "{answer:?}");
    assert!(answer.stderr.contains("owned.csv, row 2"), "{answer:?}");
}
