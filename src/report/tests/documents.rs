//! Checksums, JSON documents, figures and their documentation.

use std::fs;
use std::process::Command;

use super::{Record, acme, records, written};
use crate::report::testkit::World;
use crate::report::{summary, write};

#[test]
fn the_same_facts_give_the_same_bytes_and_true_checksums() {
    let charges = acme();
    let first = written(&World::of(&charges));
    let second = written(&World::of(&charges));
    let sums = fs::read(first.path().join("SHA256SUMS")).unwrap();
    assert_eq!(sums, fs::read(second.path().join("SHA256SUMS")).unwrap());
    let names: Vec<String> =
        String::from_utf8(sums).unwrap().lines().map(|line| line[66..].to_owned()).collect();
    let expected = [
        "allocation_trace.csv",
        "charts/cost_by_owner.svg",
        "charts/unallocated_pareto.svg",
        "conservation.csv",
        "exchange.csv",
        "kpi.csv",
        "manifest.json",
        "quarantine.csv",
        "reconciliation.csv",
        "run.json",
        "showback.csv",
        "showback_detail.csv",
        "unallocated.csv",
    ];
    assert_eq!(names, expected);
    match Command::new("sha256sum").args(["-c", "SHA256SUMS"]).current_dir(first.path()).output() {
        Ok(checked) => assert!(checked.status.success(), "{checked:?}"),
        Err(_) => eprintln!("skipped: no sha256sum here"),
    }
}

#[test]
fn a_directory_that_is_not_empty_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("mine"), "x").unwrap();
    let world = World::of(&acme());
    assert!(write(&world.facts(), 1, directory.path()).is_err());
}

#[test]
fn run_json_keeps_its_names() {
    let world = World::of(&acme());
    let directory = written(&world);
    let text = fs::read_to_string(directory.path().join("run.json")).unwrap();
    assert!(text.starts_with(
        "{\n  \"schema_version\": 1,\n  \"period\": \"2026-10\",\n  \"status\": \"DRAFT\""
    ));
    let run: serde_json::Value = serde_json::from_str(&text).unwrap();
    let file = &run["sources"][0]["files"][0];
    assert_eq!((&file["rows"], &file["excluded"]), (&15.into(), &1.into()));
    // Control totals are of every month, totals of the period.
    let of = |list: &serde_json::Value, key: &str| {
        let found = list.as_array().unwrap().iter();
        let mut found = found.filter(|e| e["currency"] == "USD" && e["metric"] == "EffectiveCost");
        found.next().unwrap()[key].as_str().unwrap().to_owned()
    };
    assert_eq!(of(&file["control_totals"], "sum"), "7");
    assert_eq!(of(&run["totals"], "accepted"), "7");
    assert_eq!(run["other_months"][0]["rows"], 2);
    let aside = &run["quarantined"][0];
    assert_eq!((&aside["rows"], &aside["rows_of_unknown_cost"]), (&1.into(), &1.into()));
    assert_eq!((&aside["currency"], aside["billed_cost"].is_null()), (&"EUR".into(), true));
    let lines = summary(&world.facts());
    assert_eq!(lines.last().unwrap(), "in quarantine 1 row, BilledCost unknown");
    let unallocated = &run["findings"][1];
    assert_eq!((&unallocated["code"], &unallocated["count"]), (&"unallocated".into(), &3.into()));
    let manifest = fs::read_to_string(directory.path().join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest["run_id"], run["run_id"]);
    assert_eq!(manifest["bills"][0]["excluded"], 1);
    assert_eq!(manifest["inputs"][0]["kind"], "project");
}

#[test]
fn figures_of_the_month() {
    let directory = written(&World::of(&acme()));
    let kpis = records(directory.path(), "kpi.csv");
    let value = |name: &str, scope: &str, currency: &str| {
        let found =
            |r: &&Record| r["kpi"] == name && r["scope"] == scope && r["currency"] == currency;
        kpis.iter().find(found).map_or_else(|| panic!("{name}"), |r| r["value"].clone())
    };
    assert_eq!(value("rows_accepted", "all months", ""), "13");
    assert_eq!(value("rows_accepted", "period", ""), "11");
    assert_eq!(value("commitment_utilisation", "period", "EUR"), "0.8000");
    assert_eq!(value("cost_allocated", "period", "USD"), "1.0000");
    assert_eq!(value("coverage_by_rows", "cost_center", "EUR"), "0.8000");
    assert_eq!(value("provenance_by_rows", "rule=default", "EUR"), "0.2000");
    assert_eq!(value("rounding", "period", "EUR"), "0.001");
    assert_eq!(value("quarantined_billed_cost", "period", "EUR"), "", "its text is no amount");
    assert!(value("quarantined_effective_cost", "period", "EUR").starts_with("1000.0"));
}

#[test]
fn every_column_is_documented() {
    let docs = include_str!("../../../docs/outputs.md");
    let directory = written(&World::of(&acme()));
    let names = fs::read_to_string(directory.path().join("SHA256SUMS")).unwrap();
    for name in names
        .lines()
        .map(|line| &line[66..])
        .filter(|name| !name.contains(".json") && !name.contains(".svg"))
    {
        let from = docs.find(&format!("## `{name}`")).unwrap_or_else(|| panic!("{name}"));
        let section = &docs[from + 3..];
        let section = &section[..section.find("\n## ").unwrap_or(section.len())];
        let mut table = csv::Reader::from_path(directory.path().join(name)).unwrap();
        for column in table.headers().unwrap() {
            // Columns of the project's own dimensions are documented as such.
            let known = column == "dimension_rule" || section.contains(&format!("`{column}`"));
            assert!(known, "`{column}` of {name} is not in docs/outputs.md");
        }
    }
}
