//! Real bills, where the collection lies beside the repository: control totals to the last digit,
//! and findings for what is known to be wrong with each.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use costbook::diagnostics::Code;
use support::{Answer, Exact, Output, Project, exact, home, plain};

/// A file of the collection, the month it is billed in, its rows, and what it sums to.
struct Known {
    name: &'static str,
    period: &'static str,
    rows: u64,
    sums: &'static [(&'static str, &'static str)],
}

const SAMPLE: Known = Known {
    name: "focus-1.0-official-sample.csv",
    period: "2024-09",
    rows: 1000,
    sums: &[
        ("BilledCost", "20.52022672899"),
        ("EffectiveCost", "14.97651418586"),
        ("ListCost", "20.39090575119"),
    ],
};

const GENERATED: Known = Known {
    name: "focus-1.3-generated-aws.csv",
    period: "2026-05",
    rows: 1000,
    sums: &[
        ("BilledCost", "23635.852353571874674"),
        ("EffectiveCost", "23635.852353571874674"),
        ("ListCost", "30285.709979165439508"),
        ("ContractedCost", "29562.492543696674674"),
    ],
};

/// Not a bill: the contracts behind commitments, a dataset of its own since FOCUS 1.3.
const CONTRACTS: &str = "focus-1.3-generated-aws-contract-commitment.csv";

/// The file of the collection; `None`, and a line that says so, where there is no collection.
fn collected(name: &str) -> Option<PathBuf> {
    let path = home().join("../shared/data/billing/focus").join(name);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: there is no {}", path.display());
    None
}

/// A project of one file. No rule is needed to read it.
fn project(name: &str) -> Option<Project> {
    let bytes = fs::read(collected(name)?).expect("a file of the collection can be read");
    Some(Project::smallest().file(&format!("data/{name}"), bytes))
}

fn run(project: &Project, period: &str) -> Answer {
    let answer = project.command(["run", "--project", ".", "--period", period]);
    assert_eq!(answer.exit, Some(0), "{}", answer.stderr);
    answer
}

/// Checks the control totals of a file that is billed in a month of its own.
fn published(known: &Known) -> Option<Output> {
    let project = project(known.name)?;
    run(&project, known.period);
    let output = Output::read(&project.path("out").join(known.period));
    let account = output.account(&format!("data/{}", known.name));
    assert_eq!(account["rows"], known.rows);
    assert_eq!(account["accepted"], known.rows);
    let totals = control_totals(&account);
    for (metric, sum) in known.sums {
        assert_eq!(totals.get(*metric).map(String::as_str), Some(*sum), "{} {metric}", known.name);
    }
    assert_eq!(totals, totals_by_hand(&project, known.name), "{}", known.name);
    Some(output)
}

/// The control totals, of a file that has one currency.
fn control_totals(account: &serde_json::Value) -> BTreeMap<String, String> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let totals = account["control_totals"].as_array().expect("control totals");
    assert!(totals.iter().all(|total| total["currency"] == "USD"));
    totals.iter().map(|total| (text(&total["metric"]), text(&total["sum"]))).collect()
}

/// The same sums by another CSV reader and rationals.
fn totals_by_hand(project: &Project, name: &str) -> BTreeMap<String, String> {
    let path = project.path(&format!("data/{name}"));
    let mut reader = csv::Reader::from_path(path).expect("a CSV file");
    let mut sums: BTreeMap<String, Exact> = BTreeMap::new();
    for row in reader.deserialize::<BTreeMap<String, String>>() {
        let row = row.expect("a row of CSV");
        for metric in support::COSTS {
            let text = row[metric].as_str();
            if !matches!(text, "" | "NULL" | "null") {
                *sums.entry(metric.to_owned()).or_default() += exact(text);
            }
        }
    }
    sums.into_iter().map(|(metric, sum)| (metric, plain(&sum))).collect()
}

#[test]
fn the_official_sample_sums_to_the_last_digit_and_its_defects_are_named() {
    let Some(output) = published(&SAMPLE) else { return };
    let place = format!("data/{}", SAMPLE.name);
    let finding = |code: Code, part: &str| {
        let found = output.findings(code.name());
        let fitting =
            found.iter().filter(|(message, at, _)| message.contains(part) && *at == place);
        let counts: Vec<u64> = fitting.map(|(.., count)| *count).collect();
        assert_eq!(counts.len(), 1, "{code} {part}: {found:?}");
        counts[0]
    };
    assert_eq!(finding(Code::UnknownColumn, "`Id`"), 1);
    assert_eq!(finding(Code::CostUnknown, "ContractedCost is empty on 7 of 1000 rows"), 7);
}

#[test]
fn what_the_official_sample_writes_otherwise_than_focus_is_named() {
    let Some(output) = published(&SAMPLE) else { return };
    let defects = output.findings(Code::FocusDefect.name());
    let named = |part: &str| defects.iter().any(|(message, ..)| message.contains(part));
    assert!(named("Usage-based"), "the casing of ChargeFrequency: {defects:?}");
    assert!(named("EffectiveCost"), "EffectiveCost in whole units: {defects:?}");
}

#[test]
fn the_generated_bill_of_focus_1_3_sums_to_the_last_digit() {
    let Some(output) = published(&GENERATED) else { return };
    let manifest = output.json("manifest.json");
    assert_eq!(manifest["bills"][0]["version"], "1.3");
    assert!(output.findings(Code::RowsQuarantined.name()).is_empty());
}

#[test]
fn contracts_are_not_taken_for_a_bill() {
    let Some(project) = project(CONTRACTS) else { return };
    let answer = project.command(["run", "--project", ".", "--period", GENERATED.period]);
    assert_eq!(answer.exit, Some(3), "{}", answer.stderr);
    assert!(answer.stderr.contains("error[column-missing]"), "{}", answer.stderr);
    assert!(!project.path("out").join(GENERATED.period).exists());
}

#[test]
fn every_file_of_the_collection_is_known_here() {
    let Some(folder) = collected("") else { return };
    let entries = fs::read_dir(folder).expect("the collection").flatten();
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let known = [SAMPLE.name, GENERATED.name, CONTRACTS];
        assert!(known.contains(&name.as_str()), "{name} has no test");
    }
}
