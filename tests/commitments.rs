//! Commitments through the command: what they cost, who used them, what they saved. Figures are
//! small enough to be checked by hand.

mod support;

use support::{Bill, Charge, Output, Project, Row, exact, sum};

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

#[test]
fn a_month_without_commitments_has_no_table_of_them() {
    let output = Project::ruled(OWNERS).bill("bill.csv", &Bill::sound()).published();
    assert!(!output.files.contains_key("commitments.csv"));
    assert!(!output.files.contains_key("commitment_use.csv"));
}
