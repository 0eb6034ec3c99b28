//! Commitments through the command: what they cost, who used them, what they saved. Figures are
//! small enough to be checked by hand.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use support::{
    Bill, Charge, Output, Project, Row, Shape, exact, parquet, parquet_of_shared_letters, sum,
};

const OWNERS: &str = "classify:\n  \
    - { name: pay, when: { sub_account_id: \"1\" }, owner: payments }\n  \
    - { name: ret, when: { sub_account_id: \"2\" }, owner: retail }\n  \
    - { name: shared, when: { sub_account_id: \"3\" }, pool: platform }\n\
    pools: { platform: { split: even } }\n";

/// A charge of a commitment: billed, effective, list and contracted cost.
fn of(id: &str, status: &str, sub_account: &str, costs: [&str; 4]) -> Charge {
    let charge = Charge::sound()
        .with("CommitmentDiscountId", id)
        .with("CommitmentDiscountStatus", status)
        .with("SubAccountId", sub_account);
    let columns = ["BilledCost", "EffectiveCost", "ListCost", "ContractedCost"];
    columns.iter().zip(costs).fold(charge, |charge, (column, cost)| charge.with(column, cost))
}

fn bill() -> Bill {
    let named = |charge: Charge| {
        charge
            .with("CommitmentDiscountName", "Three years")
            .with("CommitmentDiscountType", "Reserved Instance")
            .with("CommitmentDiscountCategory", "Usage")
    };
    Bill::of([
        named(of("RI", "", "1", ["300", "0", "300", "300"])).with("ChargeCategory", "Purchase"),
        named(of("RI", "Used", "1", ["0", "20", "50", "40"])),
        named(of("RI", "Used", "2", ["0", "60", "100", "85"])),
        named(of("RI", "Used", "2", ["0", "10", "20", "15"])).on("2026-10", "2026-10-31"),
        named(of("RI", "Unused", "1", ["0", "10", "0", "10"])),
        // The list price of a part of it is not known; of its use nothing is left.
        of("SP", "Used", "2", ["0", "5", "", "8"]),
        of("SP", "Used", "3", ["0", "1", "9", "4"]),
        of("SP", "Used", "9", ["0", "2", "9", "4"]),
        // Whose unused part it is, the bill does not say.
        of("", "Unused", "1", ["0", "2", "0", "2"]),
        of("RI", "", "1", ["7", "7", "7", "7"]).with("ChargeCategory", "Tax"),
        of("RI", "", "1", ["-4", "-4", "-4", "-4"]).with("ChargeCategory", "Credit"),
        of("", "", "1", ["11", "11", "11", "11"]),
        // Of another month.
        of("RI", "Used", "1", ["0", "90", "90", "90"]).on("2026-09", "2026-09-30"),
    ])
}

fn published(rules: &str) -> Output {
    Project::ruled(rules).bill("bill.csv", &bill()).published()
}

fn row<'a>(rows: &'a [Row], id: &str) -> &'a Row {
    let row = rows.iter().find(|row| row["commitment_discount_id"] == id);
    row.unwrap_or_else(|| panic!("no commitment `{id}`"))
}

#[track_caller]
fn assert_fields(row: &Row, expected: &[(&str, &str)]) {
    for (column, text) in expected {
        assert_eq!(row[*column], *text, "{column} of {row:?}");
    }
}

#[test]
fn a_commitment_is_told_with_its_use_and_savings() {
    let output = published(OWNERS);
    let rows = output.table("commitments.csv");
    assert_eq!(rows.len(), 3);
    let reserved = [
        ("period", "2026-10"),
        ("provider", "Cloud"),
        ("commitment_discount_name", "Three years"),
        ("commitment_discount_type", "Reserved Instance"),
        ("commitment_discount_category", "Usage"),
        ("currency", "EUR"),
        ("purchased", "300"),
        ("amortized", "100"),
        ("used", "90"),
        ("unused", "10"),
        ("other", "0"),
        ("utilisation", "0.9000"),
        ("beneficiaries", "retail; payments"),
        ("unused_bearers", "payments"),
        ("unused_rules", "pay"),
        // 50 + 100 + 20 and 40 + 85 + 15, less 90.
        ("savings_list", "80"),
        ("savings_contracted", "50"),
        ("net_savings_list", "70"),
        ("net_savings_contracted", "40"),
        ("rows", "5"),
    ];
    assert_fields(row(&rows, "RI"), &reserved);
    let plan = [
        ("purchased", ""),
        ("used", "8"),
        ("unused", "0"),
        ("other", "0"),
        ("utilisation", "1.0000"),
        ("beneficiaries", "retail; unallocated; pool:platform"),
        ("unused_bearers", ""),
        ("savings_list", ""),
        ("savings_contracted", "8"),
        ("net_savings_list", ""),
        ("net_savings_contracted", "8"),
    ];
    assert_fields(row(&rows, "SP"), &plan);
    let nameless = [("used", "0"), ("unused", "2"), ("utilisation", "0.0000"), ("amortized", "2")];
    assert_fields(row(&rows, ""), &nameless);
}

#[test]
fn use_is_told_by_who_bears_it() {
    let output = published(OWNERS);
    let table = output.table("commitment_use.csv");
    let of = |id: &str| -> Vec<[&str; 6]> {
        let rows = table.iter().filter(|row| row["commitment_discount_id"] == id);
        let columns = ["kind", "owner", "used", "unused", "share", "savings_list"];
        rows.map(|row| columns.map(|column| row[column].as_str())).collect()
    };
    assert_eq!(
        of("RI"),
        [
            ["owner", "retail", "70", "", "0.7778", "50"],
            ["owner", "payments", "20", "10", "0.2222", "30"],
        ]
    );
    assert_eq!(
        of("SP"),
        [
            ["owner", "retail", "5", "", "0.6250", ""],
            ["unallocated", "", "2", "", "0.2500", "7"],
            ["pool", "platform", "1", "", "0.1250", "8"],
        ]
    );
}

#[test]
fn commitments_tie_to_showback() {
    for policy in ["as_classified", "{ owner: labs }", "{ pool: platform }", "follow"] {
        let rules = format!("{OWNERS}policies: {{ unused_commitment: {policy} }}\n");
        let output = published(&rules);
        let (commitments, showback) =
            (output.table("commitments.csv"), output.table("showback.csv"));
        let total = |table: &[Row], column: &str| sum(table, column, |row| !row[column].is_empty());
        let components =
            total(&showback, "commitment_amortized") + total(&showback, "unused_commitment");
        assert_eq!(total(&commitments, "amortized"), components, "{policy}");
        assert_eq!(components, exact("110"));
        assert_eq!(total(&commitments, "unused"), total(&showback, "unused_commitment"));
        let used = total(&output.table("commitment_use.csv"), "used");
        assert_eq!(total(&commitments, "used"), used);
    }
    let rules = format!("{OWNERS}policies: {{ unused_commitment: {{ owner: labs }} }}\n");
    let borne = [("unused_bearers", "labs"), ("unused_rules", "policy: unused_commitment")];
    assert_fields(row(&published(&rules).table("commitments.csv"), "RI"), &borne);
    let rules = format!("{OWNERS}policies: {{ unused_commitment: {{ pool: platform }} }}\n");
    let borne = [("unused_bearers", "pool:platform")];
    assert_fields(row(&published(&rules).table("commitments.csv"), "RI"), &borne);
}

/// Charges that rules cannot tell apart are told apart by commitment, whichever way a file keeps
/// texts, in whatever order they come and by however many threads.
#[test]
fn commitments_are_summed_the_same_however_they_come() {
    let tables = |output: &Output| {
        ["commitments.csv", "commitment_use.csv", "showback.csv"]
            .map(|name| output.text(name).to_owned())
    };
    let many = |charges: Vec<Charge>| Bill::of((0..7).flat_map(|_| charges.clone()));
    let forth = many(bill().charges.clone());
    let back = many(bill().charges.into_iter().rev().collect());
    let project = |name: &str, content: Vec<u8>| Project::ruled(OWNERS).file(name, content);
    let expected = tables(&Project::ruled(OWNERS).bill("bill.csv", &forth).published());
    for bill in [&forth, &back] {
        let small = Shape { group_rows: 5, ..Shape::TEXT };
        let files = [parquet(bill, small), parquet_of_shared_letters(bill)];
        for file in files {
            assert_eq!(tables(&project("data/bill.parquet", file).published()), expected);
        }
    }
}

#[test]
fn a_month_without_commitments_has_no_table_of_them() {
    let output = Project::ruled(OWNERS).bill("bill.csv", &Bill::sound()).published();
    assert!(!output.files.contains_key("commitments.csv"));
    assert!(!output.files.contains_key("commitment_use.csv"));
}

const DROPPED: &str = "classify:\n  \
    - { name: pay, when: { sub_account_id: \"1\" }, owner: payments }\n  \
    - { name: ret, when: { sub_account_id: \"2\" }, owner: retail }\n  \
    - { name: shared, when: { sub_account_id: \"3\" }, pool: platform }\n\
    pools: { platform: { split: fixed, shares: { retail: 100% } } }\n\
    policies: { unused_commitment: dropped_usage }\n";

/// What is used and unused of commitments in September and October.
fn two_months() -> [Vec<Charge>; 2] {
    let used = |id, sub_account, amount| of(id, "Used", sub_account, [amount; 4]);
    let unused = |id, sub_account, amount| of(id, "Unused", sub_account, [amount; 4]);
    let before = [used("RI", "1", "60"), used("RI", "2", "30"), used("RI", "3", "9")];
    let before = before.into_iter().chain([used("SP", "2", "1"), used("SP", "1", "1")]);
    let before = before.map(|charge| charge.on("2026-09", "2026-09-30"));
    let now = vec![
        used("RI", "1", "32"),
        used("RI", "2", "41"),
        unused("RI", "1", "13.1"),
        used("SP", "2", "7"),
        // As much a day as in the shorter month before.
        used("SP", "1", "1.0333333333333333333333333333333334"),
        unused("SP", "2", "5"),
        unused("SP", "3", "4"),
        unused("", "9", "2"),
    ];
    [before.collect(), now]
}

fn totals(output: &Output) -> BTreeMap<String, String> {
    let rows = output.table("showback.csv");
    let name = |row: &Row| {
        if row["owner"].is_empty() { row["kind"].clone() } else { row["owner"].clone() }
    };
    let rows = rows.iter().filter(|row| row["unused_commitment"] != "0");
    rows.map(|row| (name(row), row["unused_commitment"].clone())).collect()
}

#[track_caller]
fn assert_unused(output: &Output, expected: &[(&str, &str)]) {
    let expected = expected.iter().map(|(party, sum)| ((*party).to_owned(), (*sum).to_owned()));
    assert_eq!(totals(output), expected.collect());
    for row in output.table("conservation.csv") {
        assert_eq!(row["residual"], "0", "{row:?}");
    }
}

#[test]
fn who_dropped_usage_bears_what_is_unused() {
    let [before, now] = two_months();
    let bill = Bill::of(before.into_iter().chain(now));
    let project = Project::ruled(DROPPED).bill("bill.csv", &bill);
    let output = project.published();
    // At the length of October, payments used 62 and now 32, the platform 9.3 and now nothing: of
    // 13.1 they bear 30 / 39.3 and 9.3 / 39.3. Nobody uses less of SP; 5 and 4 stay where they were.
    assert_unused(&output, &[("payments", "10"), ("retail", "12.1"), ("unallocated", "2")]);
    let trace = output.table("allocation_trace.csv");
    let of_policy: Vec<_> = trace
        .iter()
        .filter(|row| {
            row["pool"] == "policy: unused_commitment" && row["metric"] == "EffectiveCost"
        })
        .filter(|row| row["pool_amount"] == "13.1")
        .map(|row| (row["to"].as_str(), row["driver_value"].as_str(), row["rounded"].as_str()))
        .collect();
    assert_eq!(
        of_policy,
        [("payments", "30 (from 60 to 32)", "10"), ("platform", "9.3 (from 9 to 0)", "3.1")]
    );
    let told = output.findings("no-dropped-usage");
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().any(|(text, ..)| text.contains("of `SP`, nobody uses less")), "{told:?}");
    assert!(told.iter().any(|(text, ..)| text.contains("does not say of which")), "{told:?}");
    let table = output.table("commitments.csv");
    assert_fields(
        row(&table, "RI"),
        &[
            ("unused_bearers", "pool:policy: unused_commitment"),
            ("unused_rules", "policy: unused_commitment"),
        ],
    );
    let explained = project.command(["explain", "--period", "2026-10", "--owner", "payments"]);
    assert!(explained.stdout.contains("dropped usage against 2026-09"), "{}", explained.stdout);
}

/// The allocated dataset divides what is unused of a commitment as showback does.
#[test]
fn the_allocated_dataset_divides_what_is_unused() {
    let [before, now] = two_months();
    let project = Project::ruled(DROPPED)
        .declaring("rules: [", "outputs: { allocated_focus: csv }\nrules: [")
        .bill("bill.csv", &Bill::of(before.into_iter().chain(now)));
    let output = project.published();
    let rows = output.table("allocated_focus.csv");
    let of_policy = rows.iter().filter(|row| row["x_Pool"] == "policy: unused_commitment");
    let parts: BTreeSet<[&str; 4]> = of_policy
        .map(|row| {
            let names = ["x_OriginChargeId", "x_OwnerKind", "x_OwnerId", "EffectiveCost"];
            names.map(|name| row[name].as_str())
        })
        .collect();
    let expected = [
        ["data/bill.csv#9", "owner", "payments", "10"],
        // By way of the platform, which gives all to retail.
        ["data/bill.csv#9", "owner", "retail", "3.1"],
        ["data/bill.csv#12", "owner", "retail", "5"],
        ["data/bill.csv#13", "owner", "retail", "4"],
        ["data/bill.csv#14", "unallocated", "", "2"],
    ];
    assert_eq!(parts, expected.into_iter().collect());
    for row in output.table("allocated_focus_tie.csv") {
        assert_eq!(row["difference"], "0", "{row:?}");
    }
    // What is asked on the command line goes before what the project says.
    assert_eq!(project.run_with(&["--allocated-focus", "parquet"]).exit, Some(0));
    let folder = project.path("out").join(support::PERIOD);
    let is_there = |name: &str| folder.join(name).exists();
    assert!(is_there("allocated_focus.parquet") && !is_there("allocated_focus.csv"));
}

#[test]
fn without_the_month_before_unused_is_borne_as_classified() {
    let [_, now] = two_months();
    let output = Project::ruled(DROPPED).bill("bill.csv", &Bill::of(now)).published();
    let as_classified = [("payments", "13.1"), ("retail", "9"), ("unallocated", "2")];
    assert_unused(&output, &as_classified);
    let told = output.findings("no-dropped-usage");
    assert!(told[0].0.contains("no charge of 2026-09 is at hand"), "{told:?}");
    let [_, now] = two_months();
    let rules = DROPPED.replace("dropped_usage", "as_classified");
    let output = Project::ruled(&rules).bill("bill.csv", &Bill::of(now)).published();
    assert_unused(&output, &as_classified);
}

#[test]
fn only_commitments_know_dropped_usage() {
    let rules = DROPPED.replace("unused_commitment:", "tax:");
    let refused = Project::ruled(&rules).bill("bill.csv", &Bill::sound()).run();
    assert_eq!(refused.exit, Some(2), "{}", refused.stderr);
    assert!(refused.stderr.contains("as_classified"), "{}", refused.stderr);
}

#[test]
fn dropped_usage_ties_in_the_report_currency() {
    let [before, now] = two_months();
    let in_usd = |charge: Charge| charge.with("BillingCurrency", "USD");
    let bill = Bill::of(before.into_iter().chain(now).map(in_usd));
    let output = Project::ruled(DROPPED)
        .bill("bill.csv", &bill)
        .declaring(
            "rules: [",
            "exchange: { rates: fx.csv, policy: month_end, digits: 4 }\nrules: [",
        )
        .file("fx.csv", "date,from,to,rate\n2026-09-30,USD,EUR,0.5\n2026-10-31,USD,EUR,0.5\n")
        .published();
    assert_unused(&output, &[("payments", "10"), ("retail", "12.1"), ("unallocated", "2")]);
    let rows = output.table("showback.csv");
    let of = |owner: &str| row_of(&rows, owner)["report_unused_commitment"].clone();
    assert_eq!((of("payments"), of("retail")), ("5".to_owned(), "6.05".to_owned()));
}

fn row_of<'a>(rows: &'a [Row], owner: &str) -> &'a Row {
    rows.iter().find(|row| row["owner"] == owner).expect("the owner bears something")
}
