//! Values that are in a list on some days only: by charge date, wherever a list is used.

mod support;

use std::collections::BTreeMap;

use support::{Bill, Charge, Project, sum};

/// Charges of 1 EUR on each of these days, by sub account.
fn bill(accounts: &[&str], days: &[&str]) -> Bill {
    let charge = |account: &&str, day: &&str| {
        let day = format!("{day}T00:00:00Z");
        Charge::sound().with("SubAccountId", account).with("ChargePeriodStart", &day)
    };
    Bill::of(accounts.iter().flat_map(|account| days.iter().map(move |day| charge(account, day))))
}

/// What each owner bears, as texts; what has none under the empty name.
fn borne(project: &Project) -> BTreeMap<String, String> {
    let rows = project.published().table("showback.csv");
    let mut owners: Vec<&String> = rows.iter().map(|row| &row["owner"]).collect();
    owners.dedup();
    let total = |owner: &String| {
        let of_owner = sum(&rows, "total", |row| row["owner"] == *owner);
        (owner.clone(), support::plain(&of_owner))
    };
    owners.into_iter().map(total).collect()
}

const DAYS: [&str; 4] = ["2026-10-01", "2026-10-14", "2026-10-15", "2026-10-31"];

#[test]
fn a_value_is_in_a_list_on_its_days_only() {
    let rules = "lists:
  sandboxes:
    - play-1
    - { value: play-2, valid: { from: 2026-10-15 } }
    - { value: play-3, valid: { from: 2026-10-10, to: 2026-10-15 } }
    - { value: play-3, valid: { from: 2026-10-31 } }
classify:
  - { name: sandboxes, when: { sub_account_id: { in: sandboxes } }, owner: retail }
  - { name: rest, owner: payments }
";
    let project =
        Project::ruled(rules).bill("bill.csv", &bill(&["play-1", "play-2", "play-3"], &DAYS));
    // 4 of play-1, 2 of play-2, the 14th and 31st of play-3.
    let expected = [("payments", "4"), ("retail", "8")];
    let expected = expected.map(|(owner, total)| (owner.to_owned(), total.to_owned()));
    assert_eq!(borne(&project), BTreeMap::from(expected));
}

/// A column that rules only ask questions of is told apart by the answers; a dated list must not
/// let two values pass for one, nor one value for itself on another day.
#[test]
fn days_count_where_a_column_is_known_by_its_answers_only() {
    let rules = "lists: { machines: [ { value: m-1, valid: { to: 2026-10-15 } }, \
                 { value: m-2, valid: { from: 2026-10-15 } } ] }
classify:
  - { name: ours, when: { resource_id: { in: machines, case: insensitive } }, owner: retail }
  - { name: not ours, when: { not: { resource_id: { in: machines } } }, owner: payments }
";
    let charges = ["M-1", "m-1", "m-2", "m-3"].into_iter().flat_map(|resource| {
        DAYS.map(|day| {
            let day = format!("{day}T00:00:00Z");
            Charge::sound().with("ResourceId", resource).with("ChargePeriodStart", &day)
        })
    });
    let project = Project::ruled(rules).bill("bill.csv", &Bill::of(charges));
    let expected = [("payments", "10"), ("retail", "6")];
    let expected = expected.map(|(owner, total)| (owner.to_owned(), total.to_owned()));
    assert_eq!(borne(&project), BTreeMap::from(expected));
}

#[test]
fn a_dimension_takes_what_is_in_its_list_on_the_charge_date() {
    let rules = "lists: { teams: [ payments, { value: retail, valid: { to: 2026-10-15 } } ] }
dimensions: { team: { from: sub_account_id, case: lower, values: { in: teams }, default: payments } }
classify: [ { name: team, owner: { from: team } } ]
tests:
  - { given: { sub_account_id: Retail, charge_period_start: 2026-10-14 }, expect: { owner: retail } }
  - { given: { sub_account_id: Retail }, expect: { owner: payments } }
";
    let project = Project::ruled(rules).bill("bill.csv", &bill(&["RETAIL", "Payments"], &DAYS));
    let expected = [("payments", "6"), ("retail", "2")];
    let expected = expected.map(|(owner, total)| (owner.to_owned(), total.to_owned()));
    assert_eq!(borne(&project), BTreeMap::from(expected));
}
