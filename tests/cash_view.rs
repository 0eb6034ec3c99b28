//! `view: cash` through the command: what was invoiced leads, and what was used stands beside it.

mod support;

use support::{Bill, Charge, Output, Project, Row};

const RULES: &str = "classify:\n  \
    - { name: pay, when: { sub_account_id: \"1\" }, owner: payments }\n  \
    - { name: ret, when: { sub_account_id: \"2\" }, owner: retail }\n  \
    - { name: lake, when: { service: lake }, pool: lake }\n\
    policies: { view: cash }\n";

fn charge(sub_account: &str, billed: &str, effective: &str) -> Charge {
    let charge = Charge::sound().with("SubAccountId", sub_account);
    charge.with("BilledCost", billed).with("EffectiveCost", effective)
}

fn bill() -> Bill {
    let committed = |sub_account, status, billed, effective| {
        charge(sub_account, billed, effective)
            .with("CommitmentDiscountId", "RI")
            .with("CommitmentDiscountStatus", status)
    };
    Bill::of([
        committed("1", "", "300", "0").with("ChargeCategory", "Purchase"),
        committed("1", "Used", "0", "20"),
        committed("2", "Used", "0", "70"),
        charge("8", "2", "9"),
        charge("9", "5", "1"),
        charge("2", "4", "40").on("2026-09", "2026-09-05"),
    ])
}

fn row<'a>(rows: &'a [Row], column: &str, value: &str) -> &'a Row {
    let row = rows.iter().find(|row| row[column] == value);
    row.unwrap_or_else(|| panic!("no row with {column} = {value}"))
}

#[track_caller]
fn assert_fields(row: &Row, expected: &[(&str, &str)]) {
    for (column, text) in expected {
        assert_eq!(row[*column], *text, "{column} of {row:?}");
    }
}

fn published(rules: &str) -> Output {
    Project::ruled(rules).bill("bill.csv", &bill()).published()
}

#[test]
fn the_view_is_the_headline() {
    let rules = RULES.replace("  - { name: lake, when: { service: lake }, pool: lake }\n", "");
    let output = published(&rules);
    let showback = output.table("showback.csv");
    let payments = [
        ("metric", "BilledCost"),
        ("direct", "300"),
        ("total", "300"),
        ("commitment_amortized", "300"),
        ("billed_cost", "300"),
        ("effective_cost", "20"),
        ("report_total", "300"),
        ("report_effective_cost", "20"),
    ];
    assert_fields(row(&showback, "owner", "payments"), &payments);
    let retail = [("total", "0"), ("effective_cost", "70"), ("prior_period", "4"), ("delta", "-4")];
    assert_fields(row(&showback, "owner", "retail"), &retail);
    assert_fields(
        row(&showback, "kind", "unallocated"),
        &[("total", "7"), ("effective_cost", "10")],
    );

    let kpis = output.table("kpi.csv");
    let of = |kpi: &str| row(&kpis, "kpi", kpi).clone();
    assert_fields(&of("billed_cost"), &[("value", "307")]);
    assert_fields(&of("effective_cost"), &[("value", "100")]);
    assert_fields(&of("cost_unallocated"), &[("numerator", "7"), ("denominator", "307")]);
    // How much of a commitment is used does not depend on when it is paid.
    let used = [("numerator", "90"), ("denominator", "90"), ("value", "1.0000")];
    assert_fields(&of("commitment_utilisation"), &used);

    let worklist = output.table("unallocated.csv");
    let order: Vec<&str> = worklist.iter().map(|row| row["billed_cost"].as_str()).collect();
    assert_eq!(order, ["5", "2"]);
    let messages = output.findings("unallocated");
    assert_eq!(messages[0].0, "7 of 307 EUR BilledCost has no owner");
    for document in ["run.json", "manifest.json"] {
        let document = output.json(document);
        assert_eq!(
            (&document["view"], &document["metric"]),
            (&"cash".into(), &"BilledCost".into())
        );
    }
    for chart in ["charts/cost_by_owner.svg", "charts/unallocated_pareto.svg"] {
        let chart = output.text(chart);
        assert!(chart.contains("BilledCost") && !chart.contains("EffectiveCost"), "{chart}");
    }
}

#[test]
fn amortized_is_the_view_unless_declared() {
    let rules = RULES
        .replace("policies: { view: cash }\n", "")
        .replace("  - { name: lake, when: { service: lake }, pool: lake }\n", "");
    let output = published(&rules);
    assert_eq!(output.run()["view"], "amortized");
    let showback = output.table("showback.csv");
    let payments = [("metric", "EffectiveCost"), ("total", "20"), ("billed_cost", "300")];
    assert_fields(row(&showback, "owner", "payments"), &payments);
    assert!(!output.columns("showback.csv").contains(&"effective_cost".to_owned()));
    let worklist = output.table("unallocated.csv");
    assert_eq!(worklist[0]["effective_cost"], "9");
}

#[test]
fn people_are_told_in_the_view() {
    let rules = RULES.replace("  - { name: lake, when: { service: lake }, pool: lake }\n", "");
    let project = Project::ruled(&rules).bill("bill.csv", &bill());
    let ran = project.run_with(&["--verbose"]);
    assert!(ran.stderr.contains("EUR BilledCost 307: allocated 300"), "{}", ran.stderr);
    let explained = project.command(["explain", "--period", "2026-10", "--unallocated"]);
    assert!(
        explained.stdout.starts_with("2026-10, showback, BilledCost\n"),
        "{}",
        explained.stdout
    );
    assert!(explained.stdout.contains("7 EUR (effective 10)  unallocated"), "{}", explained.stdout);
}

#[test]
fn a_price_is_charged_in_the_view() {
    let pools =
        "pools: { lake: { split: rate, driver: use, price: 2 EUR, remainder: unallocated } }\n";
    let charges = Bill::of([charge("7", "40", "10").with("ServiceName", "lake")]);
    let output = Project::ruled(&format!("{RULES}{pools}"))
        .bill("bill.csv", &charges)
        .declaring("rules: [", "drivers:\n  - { name: use, files: drivers.csv }\nrules: [")
        .file("drivers.csv", "period,consumer,quantity\n2026-10,payments,12\n2026-10,retail,4\n")
        .published();
    let showback = output.table("showback.csv");
    // 24 and 8 of 40 are charged. What was used goes by the same weights, 12 : 4, to the end.
    let payments = [("total", "24"), ("effective_cost", "7.5")];
    assert_fields(row(&showback, "owner", "payments"), &payments);
    assert_fields(row(&showback, "owner", "retail"), &[("total", "8"), ("effective_cost", "2.5")]);
    assert_fields(row(&showback, "kind", "unallocated"), &[("total", "8")]);
}
