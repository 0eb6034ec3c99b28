//! `costbook licenses explain` through the command: from figures to cells, and a folder that is checked without it.

mod support;

use std::fs;

use costbook::ingest::sha256_hex;
use serde_json::Value;
use support::{Answer, PERIOD, Project, answer, costbook};

const DECLARED: &str = "organisation: Acme
currency: EUR
sources: [ { name: aws, format: focus, files: \"data/*.csv\" } ]
licenses:
  packs: [ generic, oracle ]
  rules: licenses/own.yaml
  inputs:
    - { name: owned, kind: entitlements, files: \"licenses/owned.csv\", currency: EUR }
    - { name: registry, kind: contracts, files: \"licenses/contracts.csv\", currency: EUR }
    - { name: seats, kind: seats, files: \"licenses/seats.csv\" }
";
const OWN: &str = "products:
  - { publisher: Initech, product: TPS Reports, names: [ TPS Reports, TPS ] }
";
const OWNED: &str =
    "id,contract,publisher,product,metric,quantity,license_type,start,end,unit_price,Note
E1,C1,Initech,TPS Reports,named_seat,3,subscription,2026-01-01,2026-12-31,120.00,kept by hand
E0,C1,Initech,TPS Reports,named_seat,9,subscription,2025-01-01,2025-12-31,110.00,
";
const CONTRACTS: &str = "id,kind,title,publisher,owner,start,end,clause\nC1,saas,Suite,Initech,Ada,2026-01-01,2026-12-31,4.2\n";
const SEATS: &str = "user,publisher,product,last_activity
u1,Initech,TPS,2026-10-20
u2,Initech,TPS,2026-10-20
u2,Initech,TPS,2026-10-21
u3,Initech,TPS,2026-10-20
u4,Initech,TPS,2026-10-20
";

fn project() -> Project {
    Project::new()
        .file("costbook.yaml", DECLARED)
        .file("licenses/own.yaml", OWN)
        .file("licenses/owned.csv", OWNED)
        .file("licenses/contracts.csv", CONTRACTS)
        .file("licenses/seats.csv", SEATS)
}

fn explain(project: &Project, words: &[&str]) -> Answer {
    let mut command = costbook(["licenses", "explain"]);
    command.args(words).args(["--period", PERIOD, "--project"]).arg(project.folder());
    answer(&mut command)
}

#[test]
fn a_figure_is_told_from_the_line_to_the_cell() {
    let told = explain(&project(), &["tps reports"]);
    assert_eq!(told.exit, Some(0), "{told:?}");
    for part in [
        "TPS Reports, by `named_seat`, read as `default`: over",
        "entitled 3 − consumed 4 = surplus 0 − shortfall 1",
        "120 EUR",
        "row of 2026-10-31  [licenses/seats.csv:3]",
        "last_activity: 2026-10-21",
        "E1  [licenses/owned.csv:2]",
        "Note: kept by hand",
        "ended on 2025-12-31",
        "contract C1, Suite  [licenses/contracts.csv:2]",
        "clause: 4.2",
        "[shipped:rules/licenses/generic.yaml:",
        "citation: ",
    ] {
        assert!(told.stdout.contains(part), "{part:?} is not in\n{}", told.stdout);
    }
}

/// Sums of cuts that say that they add up, in JSON; whole numbers here.
fn adds_up(node: &Value) -> usize {
    let number = |node: &Value| node["value"].as_str().unwrap().parse::<i64>().unwrap();
    let cuts = node["cuts"].as_array().unwrap();
    let checked = cuts.iter().map(|cut| {
        let nodes = cut["nodes"].as_array().unwrap();
        let is_sum = cut["adds_up"].as_bool().unwrap();
        if is_sum {
            assert_eq!(nodes.iter().map(number).sum::<i64>(), number(node), "{}", cut["by"]);
        }
        usize::from(is_sum) + nodes.iter().map(adds_up).sum::<usize>()
    });
    checked.sum()
}

#[test]
fn json_has_all_of_it_and_adds_up() {
    let told = explain(&project(), &["TPS Reports", "--format", "json"]);
    let json: Value = serde_json::from_str(&told.stdout).unwrap();
    let lines = json["lines"].as_array().unwrap();
    assert_eq!((lines.len(), &json["day"]), (1, &Value::from("2026-10-31")));
    assert!(adds_up(&lines[0]) > 8);
}

#[test]
fn what_is_not_there_is_told_with_what_is() {
    let project = project();
    for (words, parts) in [
        (
            &["TPS Report"][..],
            ["no line of the position is of `TPS Report`", "did you mean `TPS Reports`?"],
        ),
        (&["TPS Reports", "--metric", "core"], ["of `core`", "metrics are named_seat"]),
        (
            &["TPS Reports", "--interpretation", "defalt"],
            ["of `defalt`", "did you mean `default`?"],
        ),
    ] {
        let told = explain(&project, words);
        assert_eq!((told.exit, told.stdout.as_str()), (Some(2), ""), "{told:?}");
        for part in parts {
            assert!(told.stderr.contains(part), "{part:?} is not in {}", told.stderr);
        }
    }
}

#[test]
fn evidence_is_checked_by_its_list_and_has_the_cells() {
    let project = project();
    let out = project.folder().join("audit");
    let told = explain(&project, &["TPS Reports", "--evidence", out.to_str().unwrap()]);
    assert_eq!(told.exit, Some(0), "{told:?}");
    let folders: Vec<_> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().path()).collect();
    let folder = folders.iter().find(|path| path.is_dir()).unwrap();
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let sums = read("SHA256SUMS");
    assert!(sums.lines().count() >= 12, "{sums}");
    for line in sums.lines() {
        let (sum, name) = line.split_once("  ").unwrap();
        assert_eq!(sha256_hex(&fs::read(folder.join(name)).unwrap()), sum, "{name}");
    }
    assert!(
        read("rows.csv").contains("entitlement,licenses/owned.csv,2,,cell,Note,kept by hand\n")
    );
    assert!(
        read("rows.csv")
            .contains("use,licenses/seats.csv,4,2026-10-31,cell,last_activity,2026-10-21\n")
    );
    assert!(read("inputs.csv").contains(&sha256_hex(SEATS.as_bytes())));
    assert!(read("rules.txt").contains("- dedupe: user"));
    assert!(read("README.txt").contains("entitled 3 − consumed 4 = surplus 0 − shortfall 1"));
    let again = explain(&project, &["TPS Reports", "--evidence", out.to_str().unwrap()]);
    assert_eq!(again.exit, Some(4), "nothing is written over: {again:?}");
}
