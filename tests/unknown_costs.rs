//! Costs that a bill does not tell: blank in every table, never zero, and counted once per row.

mod support;

use std::collections::BTreeSet;

use support::{Bill, Charge, Output, Project, Row};

const RULES: &str = "\
classify:
  - { name: shared, when: { service: Shared }, pool: platform }
  - { name: all else, owner: payments }
pools:
  platform: { split: even }
";

const METRICS: [&str; 4] = ["billed_cost", "effective_cost", "list_cost", "contracted_cost"];

fn of(service: &str, currency: &str, amount: &str) -> Charge {
    let charge = Charge::sound().with("ServiceName", service).with("BillingCurrency", currency);
    charge.costs(amount)
}

/// Which of the four amounts of a line are blank.
fn blank(row: &Row, prefix: &str) -> Vec<String> {
    let names = METRICS.iter().map(|metric| format!("{prefix}{metric}"));
    names.filter(|name| row[name].is_empty()).collect()
}

/// The lines of the detail as `currency service stage`, with the amounts that are blank.
fn detail(output: &Output) -> BTreeSet<String> {
    let shown = |row: &Row| {
        let key = format!("{} {} {}", row["currency"], row["service_name"], row["stage"]);
        format!("{key}: {}", blank(row, "").join(" "))
    };
    output.table("showback_detail.csv").iter().map(shown).collect()
}

fn set(lines: &[&str]) -> BTreeSet<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

/// One file tells all, of another no row tells `ListCost`, and some rows of it no `ContractedCost`.
fn mixed() -> Project {
    let no_contract = |charge: Charge| charge.with("ContractedCost", "");
    let told = [of("Told", "EUR", "5"), of("Free", "EUR", "0"), of("Both", "EUR", "1")];
    let untold = [
        of("Untold", "EUR", "7"),
        no_contract(of("Bare", "EUR", "2")),
        no_contract(of("Both", "EUR", "3")),
        of("Shared", "EUR", "4"),
        no_contract(of("Untold", "CHF", "9")),
    ];
    Project::ruled(RULES)
        .declaring("    days: any\n", "    days: any\n    deliveries: append\n")
        .bill("told.csv", &Bill::of(told))
        .bill("untold.csv", &Bill::of(untold).without_column("ListCost"))
}

#[test]
fn each_line_of_the_detail_is_blank_where_none_of_its_rows_tells_a_cost() {
    let output = mixed().published();
    let expected = [
        "EUR Told direct: ",
        "EUR Free direct: ",
        "EUR Both direct: ",
        "EUR Untold direct: list_cost",
        "EUR Bare direct: list_cost contracted_cost",
        "EUR Shared direct: list_cost",
        "EUR  pool:platform: list_cost",
        "CHF Untold direct: list_cost contracted_cost",
    ];
    assert_eq!(detail(&output), set(&expected));
    for row in output.table("showback_detail.csv") {
        if row["currency"] == "EUR" {
            let report = blank(&row, "report_").join(" ").replace("report_", "");
            assert_eq!(report, blank(&row, "").join(" "), "{row:?}");
        }
    }
}

#[test]
fn proof_and_exchange_are_blank_where_no_row_of_the_currency_tells_a_cost() {
    let output = mixed().published();
    for row in output.table("conservation.csv") {
        let is_unknown =
            row["currency"] == "CHF" && ["ListCost", "ContractedCost"].contains(&&*row["metric"]);
        assert_eq!(row["residual"], "0");
        for column in ["in", "out", "rounding"] {
            assert_eq!(row[column].is_empty(), is_unknown, "{column} {row:?}");
        }
    }
    for row in output.table("exchange.csv") {
        let is_unknown =
            row["currency"] == "CHF" && ["ListCost", "ContractedCost"].contains(&&*row["metric"]);
        assert_eq!(row["amount"].is_empty(), is_unknown, "{row:?}");
        if row["currency"] == "EUR" {
            assert!(!row["report_amount"].is_empty(), "{row:?}");
        }
    }
}

/// What nobody tells of a pool is not divided: it has no line, where a line of 0 would be a sum.
#[test]
fn the_trace_has_no_line_of_a_cost_that_no_charge_of_the_pool_tells() {
    let trace = mixed().published().table("allocation_trace.csv");
    let metrics: BTreeSet<&str> = trace.iter().map(|row| row["metric"].as_str()).collect();
    assert_eq!(metrics, BTreeSet::from(["BilledCost", "ContractedCost", "EffectiveCost"]));
    assert!(trace.iter().all(|row| row["pool_amount"] == "4"), "{trace:?}");
}

#[test]
fn explained_rows_leave_unknown_costs_blank() {
    let project = mixed();
    let answer = project.command([
        "explain",
        "--project",
        ".",
        "--period",
        "2026-10",
        "--owner",
        "payments",
        "--rows",
    ]);
    assert_eq!(answer.exit, Some(0), "{}", answer.stderr);
    let table = answer.stdout.split_once("\nfile,row,").expect("the rows").1;
    let (header, lines) = table.split_once('\n').expect("rows below the header");
    assert!(header.contains("billed_cost,effective_cost,list_cost,contracted_cost,"));
    let costs: BTreeSet<String> = lines
        .lines()
        .map(|line| line.split(',').skip(5).take(4).collect::<Vec<_>>().join(","))
        .collect();
    assert_eq!(costs, set(&["5,5,5,5", "0,0,0,0", "1,1,1,1", "7,7,,7", "2,2,,", "3,3,,", "9,9,,"]));
}

const SPREADING: &str = "\
format: yearly
title: Yearly
period_end: exclusive
columns:
  BilledCost: Amount
  EffectiveCost: Amount
  BillingCurrency: { value: EUR }
  BillingPeriodStart: Start
  ChargePeriodStart: Start
  ChargePeriodEnd: End
  ChargeCategory: { value: Usage }
  ServiceName: Id
spread: { by: months }
";

#[test]
fn rows_that_are_spread_count_once_and_their_shares_stay_unknown() {
    let rows = "yearly,12,2026-09-01,2027-09-01\n".repeat(6);
    let project = Project::sound()
        .declaring("format: focus", "format: map.yaml")
        .file("map.yaml", SPREADING)
        .file("data/a.csv", format!("Id,Amount,Start,End\n{rows}"));
    // In October there are shares alone, of rows that count in September.
    let output = project.published();
    let counts: Vec<u64> = output.findings("cost-unknown").iter().map(|found| found.2).collect();
    assert_eq!(counts, [6, 6]);
    for row in output.table("showback_detail.csv") {
        assert_eq!(row["effective_cost"], "6");
        assert_eq!(blank(&row, ""), ["list_cost", "contracted_cost"]);
    }
    let totals = output.run()["totals"].as_array().cloned().unwrap_or_default();
    let metrics: Vec<_> = totals.iter().filter_map(|total| total["metric"].as_str()).collect();
    assert_eq!(metrics, ["BilledCost", "EffectiveCost"]);
}

#[test]
fn credits_above_cost_are_told_of_every_party() {
    let rules = "\
classify:
  - { name: shared, when: { service: Shared }, pool: platform }
  - { name: owned, when: { service: Owned }, owner: payments }
pools:
  platform: { split: even }
";
    let charges = [
        of("Shared", "EUR", "-4"),
        of("Owned", "EUR", "9"),
        of("Nobody", "EUR", "-1"),
        of("Nobody", "EUR", "0.25"),
    ];
    let output = Project::ruled(rules).bill("a.csv", &Bill::of(charges)).published();
    // Owners among whom the pool's credit is divided are told too.
    let mut told: Vec<String> =
        output.findings("credits-exceed-cost").into_iter().map(|found| found.0).collect();
    told.retain(|text| text.starts_with("what"));
    told.sort();
    let rest = "; credits, refunds or corrections exceed its cost";
    let expected = [
        "what has no owner is negative: -0.75 EUR",
        "what pool `platform` divides is negative: -4 EUR",
    ];
    assert_eq!(told, expected.map(|text| format!("{text}{rest}")));
}

#[test]
fn a_bill_of_decimal_commas_is_refused_with_the_text_and_its_mend() {
    let bill = Bill::of([of("A", "EUR", "1.234,50"), of("B", "EUR", "2,5")]);
    let answer = Project::sound().bill("a.csv", &bill).run();
    assert_eq!(answer.exit, Some(3), "{answer:?}");
    let said = &answer.stderr;
    assert!(said.contains("error[too-many-bad-rows]"), "{said}");
    assert!(said.contains("`1.234,50`"), "{said}");
    assert!(said.contains("numbers: { decimal: \",\", group: \".\" }"), "{said}");
    assert!(!said.contains(".;") && !said.contains("quarantine.csv"), "{said}");
}
