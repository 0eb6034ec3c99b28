//! The allocated FOCUS dataset through the command: parts of charges that pools bore, sums per origin
//! and metric, and that all of it ties to showback.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use num_traits::Zero;
use proptest::prelude::*;
use serde_json::Value;
use support::{
    Bill, Charge, Exact, FOCUS_1_2, Output, Project, Row, copy_folder, exact, home, sum,
};

const DATASET: &str = "allocated_focus.csv";
/// What is divided with a charge.
const DIVIDED: [&str; 8] = [
    "BilledCost",
    "EffectiveCost",
    "ListCost",
    "ContractedCost",
    "PricingQuantity",
    "ConsumedQuantity",
    "CommitmentDiscountQuantity",
    "PricingCurrencyEffectiveCost",
];
/// What an allocated charge has of its own.
const ALLOCATED: [&str; 5] = [
    "AllocatedMethodDetails",
    "AllocatedMethodId",
    "AllocatedResourceId",
    "AllocatedResourceName",
    "AllocatedTags",
];

fn charge(service: &str, amount: &str) -> Charge {
    // After labs has closed, so that its share stays unallocated.
    Charge::sound().on("2026-10", "2026-10-20").with("ServiceName", service).costs(amount)
}

fn with_dataset(project: &Project, more: &[&str]) -> Output {
    let answer = project.run_with(&[&["--allocated-focus", "both"], more].concat());
    assert_eq!(answer.exit, Some(0), "{}", answer.stderr);
    project.output()
}

/// A column of the records of a charge, by who bears them.
fn parts(output: &Output, origin: &str, column: &str) -> Vec<(String, String)> {
    let rows = output.table(DATASET);
    let of = rows.iter().filter(|row| row["x_OriginChargeId"] == origin);
    of.map(|row| (row["x_OwnerId"].clone(), row[column].clone())).collect()
}

fn pairs(parts: &[(&str, &str)]) -> Vec<(String, String)> {
    parts.iter().map(|(owner, text)| ((*owner).to_owned(), (*text).to_owned())).collect()
}

/// All that must hold of any dataset: against the bill, charge by charge, and against showback.
fn holds(output: &Output, bill: &[Row], name: &str) {
    let rows = output.table(DATASET);
    let origins: BTreeSet<&String> = rows.iter().map(|row| &row["x_OriginChargeId"]).collect();
    assert_eq!(origins.len(), bill.len(), "every charge is there");
    for (index, origin) in bill.iter().enumerate() {
        let id = format!("data/{name}#{}", index + 2);
        let of: Vec<&Row> = rows.iter().filter(|row| row["x_OriginChargeId"] == id).collect();
        for column in DIVIDED {
            let whole = origin.get(column).filter(|text| !text.is_empty());
            let Some(whole) = whole else {
                assert!(of.iter().all(|row| row.get(column).is_none_or(String::is_empty)));
                continue;
            };
            let sum: Exact = of.iter().map(|row| exact(&row[column])).sum();
            assert_eq!(sum, exact(whole), "{column} of {id}");
        }
        for (column, text) in origin {
            let is_own = DIVIDED.contains(&column.as_str()) || ALLOCATED.contains(&column.as_str());
            let is_number = column.ends_with("Price");
            let is_same = |row: &&Row| {
                row[column] == *text || is_number && exact(&row[column]) == exact(text)
            };
            assert!(is_own || of.iter().all(is_same), "{column} of {id} is the origin's");
        }
        let shared: Vec<&&Row> =
            of.iter().filter(|row| !row["AllocatedMethodId"].is_empty()).collect();
        if shared.is_empty() {
            assert_eq!(of.len(), 1, "{id} is not divided");
            continue;
        }
        assert_eq!(shared.len(), of.len(), "the method stands on every part");
        let ratios: Exact = shared.iter().map(|row| ratio(row)).sum();
        assert_eq!(ratios, exact("1"), "ratios of {id}");
        for row in shared {
            let is_rest = row["x_OwnerKind"] == "unallocated";
            assert_eq!(row["AllocatedResourceId"].is_empty(), is_rest);
            assert_eq!(row["AllocatedResourceName"].is_empty(), is_rest);
        }
    }
    ties(output, &rows);
}

/// The ratio as it is written, not as a double.
fn ratio(row: &Row) -> Exact {
    let details = &row["AllocatedMethodDetails"];
    let parsed: Value = serde_json::from_str(details).expect("details are JSON");
    let element = &parsed["Elements"][0]["AllocatedRatio"];
    assert!(element.is_number(), "{details}");
    let text = details.split("\"AllocatedRatio\":").nth(1).expect("a ratio");
    exact(text.split([',', '}']).next().expect("a number"))
}

fn ties(output: &Output, rows: &[Row]) {
    let tie = output.table("allocated_focus_tie.csv");
    let showback = output.table("showback.csv");
    for row in &tie {
        let of = |other: &&Row| {
            other["x_OwnerKind"] == row["kind"]
                && other["x_OwnerId"] == row["owner"]
                && other["BillingCurrency"] == row["currency"]
        };
        let metric = row["metric"].clone();
        let in_rows: Exact = rows
            .iter()
            .filter(of)
            .map(
                |found| {
                    if found[&metric].is_empty() { Exact::zero() } else { exact(&found[&metric]) }
                },
            )
            .sum();
        assert_eq!(in_rows, exact(&row["in_rows"]), "{row:?}");
        let column = match metric.as_str() {
            "EffectiveCost" => "total",
            "BilledCost" => "billed_cost",
            _ => continue,
        };
        let total: Exact = sum(&showback, column, |other| {
            other["kind"] == row["kind"]
                && other["owner"] == row["owner"]
                && other["currency"] == row["currency"]
        });
        assert_eq!(total, exact(&row["showback"]), "{row:?}");
        let found = exact(&row["in_rows"]) + exact(&row["price_transfers"]);
        assert_eq!(total - found, exact(&row["difference"]), "{row:?}");
    }
    let transfers: Exact = sum(&tie, "price_transfers", |_| true);
    let differences: Exact = sum(&tie, "difference", |_| true);
    assert!(transfers.is_zero() && differences.is_zero());
}

fn bill_rows(charges: &[Charge]) -> Vec<Row> {
    let row = |charge: &Charge| -> Row {
        FOCUS_1_2
            .iter()
            .map(|column| ((*column).to_owned(), charge.get(column).unwrap_or_default().to_owned()))
            .collect::<BTreeMap<String, String>>()
    };
    charges.iter().map(row).collect()
}

const STAGED: &str = "classify:\n  \
    - { name: s, when: { service: support }, pool: support }\n  \
    - { name: p, when: { service: platform }, pool: platform }\n  \
    - { name: d, when: { service: db }, owner: payments }\n\
    pools:\n  \
    platform: { split: fixed, shares: { payments: 1/2, retail: 1/2 } }\n  \
    support: { split: fixed, shares: { platform: 2/3, labs: 1/3 } }\n";

#[test]
fn a_charge_is_followed_through_all_stages() {
    let charges = [
        charge("support", "9").with("ConsumedQuantity", "6").with("Tags", "{\"team\":\"x\"}"),
        charge("platform", "5"),
        charge("db", "7"),
        charge("nobody", "1"),
    ];
    let project = Project::ruled(STAGED).bill("bill.csv", &Bill::of(charges.clone()));
    let output = with_dataset(&project, &[]);
    holds(&output, &bill_rows(&charges), "bill.csv");
    // A third of support stays; of the rest, the platform gives a half to each.
    let first = "data/bill.csv#2";
    let thirds = pairs(&[("payments", "3"), ("retail", "3"), ("", "3")]);
    assert_eq!(parts(&output, first, "EffectiveCost"), thirds);
    let quantities = pairs(&[("payments", "2"), ("retail", "2"), ("", "2")]);
    assert_eq!(parts(&output, first, "ConsumedQuantity"), quantities);
    let kinds = pairs(&[("payments", "owner"), ("retail", "owner"), ("", "unallocated")]);
    assert_eq!(parts(&output, first, "x_OwnerKind"), kinds);
    assert_eq!(parts(&output, first, "AllocatedResourceName")[0].1, "Payments");
    assert_eq!(parts(&output, first, "AllocatedMethodId")[2].1, "pool/support");
    assert_eq!(
        parts(&output, first, "AllocatedTags")[0].1,
        "{\"costbook/owner\":\"payments\",\"costbook/pool\":\"support\"}"
    );
    assert_eq!(
        parts(&output, first, "AllocatedMethodDetails")[2].1,
        "{\"Elements\":[{\"AllocatedRatio\":0.333333333333333}],\"x_Method\":\"fixed\"}"
    );
    let halves = pairs(&[("payments", "2.5"), ("retail", "2.5")]);
    assert_eq!(parts(&output, "data/bill.csv#3", "BilledCost"), halves);
    // What an owner bears directly, or nobody, is the charge as it was.
    assert_eq!(parts(&output, "data/bill.csv#4", "EffectiveCost"), pairs(&[("payments", "7")]));
    assert_eq!(parts(&output, "data/bill.csv#5", "x_OwnerKind"), pairs(&[("", "unallocated")]));
    assert_eq!(parts(&output, "data/bill.csv#5", "AllocatedMethodId"), pairs(&[("", "")]));
}

#[test]
fn what_a_driver_decides_is_told_with_its_quantity() {
    let rules = "classify: [ { name: all, pool: platform } ]\n\
        pools: { platform: { split: driver, driver: use, on_zero_driver: fail } }\n";
    let project = Project::ruled(rules)
        .bill("bill.csv", &Bill::of([charge("platform", "90")]))
        .declaring(
            "rules: [",
            "drivers:\n  - { name: use, files: drivers.csv, unit: hours }\nrules: [",
        )
        .file("drivers.csv", "period,consumer,quantity\n2026-10,payments,3\n2026-10,retail,1\n");
    let output = with_dataset(&project, &[]);
    assert_eq!(
        parts(&output, "data/bill.csv#2", "AllocatedMethodDetails"),
        pairs(&[
            (
                "payments",
                "{\"Elements\":[{\"AllocatedRatio\":0.75,\"UsageUnit\":\"hours\",\"UsageQuantity\":3}],\
                 \"x_Method\":\"driver use\"}"
            ),
            (
                "retail",
                "{\"Elements\":[{\"AllocatedRatio\":0.25,\"UsageUnit\":\"hours\",\"UsageQuantity\":1}],\
                 \"x_Method\":\"driver use\"}"
            ),
        ])
    );
}

#[test]
fn pools_that_use_each_other_are_solved_for_rows_too() {
    let rules = "classify:\n  \
        - { name: a, when: { service: a }, pool: a }\n  \
        - { name: b, when: { service: b }, pool: b }\n\
        pools:\n  \
        a: { split: fixed, shares: { b: 1/2, retail: 1/2 } }\n  \
        b: { split: fixed, shares: { a: 1/4, payments: 3/4 } }\n\
        stages: [ { reciprocal: [ a, b ] } ]\n";
    let charges = [charge("a", "70"), charge("b", "35")];
    let project = Project::ruled(rules).bill("bill.csv", &Bill::of(charges.clone()));
    let output = with_dataset(&project, &[]);
    holds(&output, &bill_rows(&charges), "bill.csv");
    // Of a, 4/7 reach retail; of b, 6/7 payments.
    let of_a = pairs(&[("payments", "30"), ("retail", "40")]);
    assert_eq!(parts(&output, "data/bill.csv#2", "EffectiveCost"), of_a);
    let of_b = pairs(&[("payments", "30"), ("retail", "5")]);
    assert_eq!(parts(&output, "data/bill.csv#3", "EffectiveCost"), of_b);
}

fn rate(amount: &str) -> (Project, Vec<Charge>) {
    let rules = "classify: [ { name: all, pool: lake } ]\n\
        pools: { lake: { split: rate, driver: use, price: 2 EUR, remainder: acme } }\n";
    let charges = vec![charge("lake", amount)];
    let project = Project::ruled(rules)
        .bill("bill.csv", &Bill::of(charges.clone()))
        .declaring("rules: [", "drivers:\n  - { name: use, files: drivers.csv }\nrules: [")
        .file("drivers.csv", "period,consumer,quantity\n2026-10,payments,12\n2026-10,retail,3\n");
    (project, charges)
}

#[test]
fn a_price_that_is_recovered_shares_the_charges() {
    let (project, charges) = rate("40");
    let output = with_dataset(&project, &[]);
    holds(&output, &bill_rows(&charges), "bill.csv");
    // 24 and 6 of 40 are charged; ten are left.
    let effective = pairs(&[("acme", "10"), ("payments", "24"), ("retail", "6")]);
    assert_eq!(parts(&output, "data/bill.csv#2", "EffectiveCost"), effective);
    let tie = output.table("allocated_focus_tie.csv");
    assert!(tie.iter().all(|row| row["price_transfers"] == "0" && row["difference"] == "0"));
}

#[test]
fn a_price_that_recovers_too_much_is_a_transfer() {
    let (project, charges) = rate("20");
    let output = with_dataset(&project, &[]);
    holds(&output, &bill_rows(&charges), "bill.csv");
    let tie = output.table("allocated_focus_tie.csv");
    let effective = tie.iter().filter(|row| row["metric"] == "EffectiveCost");
    let found: Vec<String> = effective
        .map(|row| {
            format!(
                "{} {} {} {}",
                row["owner"], row["in_rows"], row["price_transfers"], row["showback"]
            )
        })
        .collect();
    assert_eq!(found, ["acme 20 -30 -10", "payments 0 24 24", "retail 0 6 6"]);
}

#[test]
fn rounding_of_pools_is_shown_and_rows_are_whole() {
    let charges =
        [charge("support", "0.10"), charge("support", "0.10"), charge("platform", "0.05")];
    let project = Project::ruled(STAGED)
        .bill("bill.csv", &Bill::of(charges.clone()))
        .declaring("rules: [", "rounding: { digits: 2 }\nrules: [");
    let output = with_dataset(&project, &[]);
    holds(&output, &bill_rows(&charges), "bill.csv");
    let tie = output.table("allocated_focus_tie.csv");
    assert!(tie.iter().any(|row| row["difference"] != "0"), "{tie:?}");
}

#[test]
fn the_dataset_is_a_bill_of_its_own_in_both_formats() {
    let charges = [
        charge("support", "9").with("Tags", "{\"team\":\"x\"}"),
        charge("platform", "5.000000000000000000000000000001"),
        charge("db", "-7"),
    ];
    let project = Project::ruled(STAGED).bill("bill.csv", &Bill::of(charges));
    let output = with_dataset(&project, &[]);
    let direct = "classify:\n  \
        - { name: o, when: { x_OwnerKind: owner }, owner: { from: x_OwnerId } }\n";
    for name in ["allocated_focus.csv", "allocated_focus.parquet"] {
        let again = Project::ruled(direct).file(&format!("data/{name}"), &output.files[name]);
        let answer = again.run();
        assert_eq!(answer.exit, Some(0), "{name}: {}", answer.stderr);
        let totals = |output: &Output| -> BTreeMap<(String, String), (String, String)> {
            let rows = output.table("showback.csv");
            let rows = rows.iter().filter(|row| row["kind"] != "pool" && row["total"] != "0");
            rows.map(|row| {
                let key = (row["kind"].clone(), row["owner"].clone());
                (key, (row["total"].clone(), row["billed_cost"].clone()))
            })
            .collect()
        };
        assert_eq!(totals(&again.output()), totals(&output), "{name}");
    }
}

#[test]
fn threads_change_no_byte_and_nothing_is_left_behind() {
    let charges: Vec<Charge> = (0..3000)
        .map(|n| charge(["support", "platform", "db"][n % 3], &format!("{n}.5")))
        .collect();
    let other = charges.iter().rev().map(|charge| charge.clone().with("SubAccountId", "other"));
    let project = Project::ruled(STAGED)
        .bill("a.csv", &Bill::of(charges.clone()))
        .bill("b.csv", &Bill::of(other.clone()));
    let one = with_dataset(&project, &["--threads", "1"]);
    let four = with_dataset(&project, &["--threads", "4"]);
    assert_eq!(one, four);
    let left = fs::read_dir(project.path("out")).expect("the folder of reports");
    let names: BTreeSet<String> =
        left.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    assert!(names.iter().all(|name| !name.starts_with(".scratch")), "{names:?}");
    // Without the flag there is none, and what a killed run put aside goes.
    project.write("out/.scratch-2026-10/0", "half a record");
    let plain = project.published();
    assert!(!project.path("out/.scratch-2026-10").exists());
    assert!(!plain.files.keys().any(|name| name.starts_with("allocated_focus")));
}

#[test]
fn a_quantity_that_is_none_is_told_and_blank() {
    let charges = [charge("support", "9").with("ConsumedQuantity", "six")];
    let project = Project::ruled(STAGED).bill("bill.csv", &Bill::of(charges));
    let output = with_dataset(&project, &[]);
    let found = output.findings("dataset-blank");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].0.contains("ConsumedQuantity"), "{found:?}");
    assert!(parts(&output, "data/bill.csv#2", "ConsumedQuantity").iter().all(|p| p.1.is_empty()));
}

#[test]
fn days_and_partitions_share_each_charge_by_its_own() {
    let rules = "classify:\n  \
        - { name: s, when: { service: support }, pool: support }\n  \
        - { name: p, when: { service: platform }, pool: platform }\n  \
        - { name: pay, when: { sub_account_id: \"1\" }, owner: payments }\n  \
        - { name: ret, when: { sub_account_id: \"2\" }, owner: retail }\n\
        pools:\n  \
        support: { split: proportional, within: [ region_id ], on_zero_driver: widen }\n  \
        platform: { split: driver, driver: use, on_zero_driver: widen }\n";
    let on = |service: &str, day: &str, sub: &str, region: &str, amount: &str| {
        let charge = Charge::sound().on("2026-10", day).with("ServiceName", service).costs(amount);
        charge.with("SubAccountId", sub).with("RegionId", region)
    };
    let charges = [
        on("platform", "2026-10-01", "9", "eu", "10"),
        on("platform", "2026-10-02", "9", "eu", "10"),
        on("platform", "2026-10-03", "9", "eu", "9"),
        on("db", "2026-10-01", "1", "eu", "30"),
        on("db", "2026-10-01", "2", "eu", "10"),
        on("db", "2026-10-01", "2", "us", "20"),
        on("support", "2026-10-01", "9", "eu", "4"),
        on("support", "2026-10-01", "9", "us", "4"),
        // It comes to nothing with the one before, and is shared all the same.
        on("support", "2026-10-01", "9", "us", "-4"),
    ];
    let project = Project::ruled(rules)
        .bill("bill.csv", &Bill::of(charges.clone()))
        .declaring("rules: [", "drivers:\n  - { name: use, files: drivers.csv }\nrules: [")
        .file(
            "drivers.csv",
            "day,consumer,quantity\n2026-10-01,payments,1\n2026-10-02,retail,1\n\
             2026-10-02,payments,1\n",
        );
    let output = with_dataset(&project, &[]);
    holds(&output, &bill_rows(&charges), "bill.csv");
    let of = |row: u64| parts(&output, &format!("data/bill.csv#{row}"), "EffectiveCost");
    assert_eq!(of(2), pairs(&[("payments", "10")]));
    assert_eq!(of(3), pairs(&[("payments", "5"), ("retail", "5")]));
    assert_eq!(of(4), pairs(&[("payments", "6"), ("retail", "3")]));
    assert_eq!(of(8), pairs(&[("payments", "3"), ("retail", "1")]));
    assert_eq!(of(9), pairs(&[("retail", "4")]));
    assert_eq!(of(10), pairs(&[("retail", "-4")]));
}

#[test]
fn what_comes_to_nothing_in_a_pool_is_followed_on() {
    let charges = [charge("support", "9"), charge("support", "-9"), charge("platform", "4")];
    let project = Project::ruled(STAGED).bill("bill.csv", &Bill::of(charges.clone()));
    let output = with_dataset(&project, &[]);
    holds(&output, &bill_rows(&charges), "bill.csv");
    let thirds = pairs(&[("payments", "3"), ("retail", "3"), ("", "3")]);
    let first = parts(&output, "data/bill.csv#2", "EffectiveCost");
    // The platform received nothing by it, but has shares of its own on these days.
    assert_eq!(first, thirds);
}

#[test]
fn services_that_use_services_are_followed_to_owners() {
    let rules = "classify:\n  \
        - { name: services, when: { service: { prefix: svc- } }, pool: { from: service } }\n\
        pools: { services: { each: service, split: driver, driver: use, on_zero_driver: fail } }\n";
    let table = "period,pool,consumer,quantity\n\
        2026-10,svc-c,svc-b,1\n2026-10,svc-c,payments,1\n\
        2026-10,svc-b,svc-a,3\n2026-10,svc-b,retail,1\n\
        2026-10,svc-a,retail,1\n2026-10,svc-a,payments,4\n";
    let charges = [charge("svc-a", "10"), charge("svc-b", "10"), charge("svc-c", "80")];
    let project = Project::ruled(rules)
        .bill("bill.csv", &Bill::of(charges.clone()))
        .declaring("rules: [", "drivers:\n  - { name: use, files: drivers.csv }\nrules: [")
        .file("drivers.csv", table);
    let output = with_dataset(&project, &[]);
    holds(&output, &bill_rows(&charges), "bill.csv");
    let of = |row: u64| parts(&output, &format!("data/bill.csv#{row}"), "EffectiveCost");
    assert_eq!(of(2), pairs(&[("payments", "8"), ("retail", "2")]));
    // Three quarters go to a, a quarter to retail.
    assert_eq!(of(3), pairs(&[("payments", "6"), ("retail", "4")]));
    // A half to payments, a half by way of b.
    assert_eq!(of(4), pairs(&[("payments", "64"), ("retail", "16")]));
    let pool = parts(&output, "data/bill.csv#4", "x_Pool");
    assert_eq!(pool[0].1, "services/svc-c");
}

#[test]
fn bills_of_all_providers_come_out_as_one() {
    let project = Project::new();
    copy_folder(&home().join("samples/acme"), project.folder());
    let answer = project.run_with(&["--allocated-focus", "csv"]);
    assert_eq!(answer.exit, Some(0), "{}", answer.stderr);
    let output = project.output();
    assert!(!output.codes().contains(&"dataset-blank".to_owned()));
    let rows = output.table(DATASET);
    let origins: BTreeSet<&String> = rows.iter().map(|row| &row["x_OriginChargeId"]).collect();
    let sources: BTreeSet<&String> = rows.iter().map(|row| &row["x_SourceFile"]).collect();
    assert!(sources.len() >= 6, "{sources:?}");
    let mut seen = BTreeSet::new();
    for row in &rows {
        let key = (&row["x_OriginChargeId"], &row["x_OwnerKind"], &row["x_OwnerId"]);
        assert!(seen.insert(key), "twice: {key:?}");
        for column in ["BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart"] {
            assert!(row[column].ends_with('Z'), "{column} of {row:?}");
        }
    }
    let divided = rows.iter().filter(|row| !row["AllocatedMethodId"].is_empty());
    let divided: BTreeSet<&String> = divided.map(|row| &row["x_OriginChargeId"]).collect();
    assert!(!divided.is_empty() && divided.len() < origins.len());
    ties(&output, &rows);
}

/// The rules of the FOCUS validator that a file breaks; its exit code does not tell.
fn broken_rules(validator: &Path, file: &Path) -> BTreeSet<String> {
    // It reads some of its data relative to where it is installed.
    let home = validator.parent().and_then(Path::parent).expect("a folder of programs").join("lib");
    let packages = fs::read_dir(home).into_iter().flatten().flatten();
    let mut packages = packages.map(|entry| entry.path().join("site-packages"));
    let packages = packages.find(|path| path.join("focus_validator").is_dir());
    let mut command = Command::new(validator);
    command.current_dir(packages.expect("the validator lies beside its packages"));
    command.arg("--data-file").arg(file).args([
        "--validate-version",
        "1.2",
        "--focus-dataset",
        "CostAndUsage",
        "--block-download",
        "--applicability-criteria",
        "ALL",
    ]);
    let answer = support::answer(&mut command);
    let is_whole = answer.stdout.contains("Total:") || answer.stderr.contains("Total:");
    assert!(is_whole, "the validator ended early: {}", answer.stderr);
    let lines = answer.stdout.lines().chain(answer.stderr.lines());
    let failed = lines.filter_map(|line| line.split_once(": FAIL").map(|(rule, _)| rule));
    failed.map(|rule| rule.trim_start_matches(['❌', ' ']).to_owned()).collect()
}

/// Named by `FOCUS_VALIDATOR`, or found on the path.
fn validator() -> Option<PathBuf> {
    let named = std::env::var_os("FOCUS_VALIDATOR").map(PathBuf::from);
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let on_path = || {
        let found = std::env::split_paths(&paths).map(|folder| folder.join("focus-validator"));
        found.into_iter().find(|program| program.is_file())
    };
    named.or_else(on_path)
}

#[test]
fn the_validator_finds_no_fault_that_the_bill_had_not() {
    let Some(validator) = validator() else {
        eprintln!("skipped: there is no focus-validator here (PyPI: focus-validator)");
        return;
    };
    let charges: Vec<Charge> = (1..60)
        .map(|n| {
            let service = ["support", "platform", "db", "nobody"][n % 4];
            charge(service, &format!("{n}.25")).with("Tags", "{\"team\": \"x\"}")
        })
        .collect();
    let project = Project::ruled(STAGED).bill("bill.csv", &Bill::of(charges));
    with_dataset(&project, &[]);
    let of_bill = broken_rules(&validator, &project.path("data/bill.csv"));
    let of_dataset = broken_rules(&validator, &project.path("out/2026-10/allocated_focus.csv"));
    let new: Vec<&String> = of_dataset.difference(&of_bill).collect();
    assert!(new.is_empty(), "{new:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn parts_sum_to_their_origin(
        charges in proptest::collection::vec(
            (0_usize..4, -1_000_000_i64..1_000_000, 0_u32..9, 0_u32..1000), 1..12),
        half in 1_u32..30,
    ) {
        let rules = STAGED.replace("payments: 1/2, retail: 1/2",
            &format!("payments: {half}/31, retail: {}/31", 31 - half));
        let charges: Vec<Charge> = charges
            .into_iter()
            .map(|(service, amount, digits, quantity)| {
                let service = ["support", "platform", "db", "nobody"][service];
                let amount = format!("{amount}e-{digits}");
                charge(service, &amount).with("PricingQuantity", &quantity.to_string())
            })
            .collect();
        let project = Project::ruled(&rules).bill("bill.csv", &Bill::of(charges.clone()));
        let output = with_dataset(&project, &[]);
        let rows: Vec<Row> = bill_rows(&charges);
        // Costs come out as plain decimals, so the bill is compared by value.
        holds(&output, &rows, "bill.csv");
    }
}
