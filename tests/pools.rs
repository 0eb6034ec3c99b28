//! Who receives a pool, on which days: cases that were wrong once.

mod support;

use std::collections::BTreeSet;

use support::{Bill, Charge, Project};

/// "Neighbouring segments with the same receivers are one stretch, so that a change elsewhere in
/// the rules does not cut a pool in two" (`allocate::receivers`): it does where charges are of days
/// outside the billed month, as corrections are.
#[test]
fn a_change_elsewhere_does_not_cut_a_pool_in_two() {
    let pooled = |days: [&str; 2]| {
        // The second rule never decides anything; only its date differs from no rule at all.
        let rules = "classify:\n  - { name: all, pool: shared }\n  \
                     - { name: dated, owner: retail, valid: { from: 2026-09-20 } }\n\
                     pools: { shared: { split: fixed, shares: { payments: 1/2, retail: 1/2 } } }\n";
        let charges =
            days.map(|day| Charge::sound().with("ChargePeriodStart", &format!("{day}T00:00:00Z")));
        let project = Project::ruled(rules).bill("bill.csv", &Bill::of(charges));
        let trace = project.published().table("allocation_trace.csv");
        let effective = trace.iter().filter(|row| row["metric"] == "EffectiveCost");
        effective
            .map(|row| (row["days"].clone(), row["pool_amount"].clone()))
            .collect::<BTreeSet<_>>()
    };
    // Two days on one side of the change are one division of 2 EUR; on two sides they are two of 1.
    assert_eq!(pooled(["2026-09-21", "2026-09-22"]).len(), 1);
    assert_eq!(
        pooled(["2026-09-14", "2026-09-28"]).len(),
        1,
        "{:?}",
        pooled(["2026-09-14", "2026-09-28"])
    );
}

/// Where nobody has a driver, an even split goes to those whom an even split goes to: open cost
/// centers that have none below them (`docs/rules.md`, include and exclude).
#[test]
fn an_even_split_for_want_of_a_driver_goes_to_leaves() {
    let rules = "classify: [ { name: all, pool: shared } ]\n\
                 pools: { shared: { split: proportional, on_zero_driver: even } }\n";
    let project = Project::ruled(rules).bill("bill.csv", &Bill::sound());
    let output = project.published();
    let rows = output.table("showback.csv");
    let owners = rows.iter().filter(|row| row["kind"] == "owner").map(|row| row["owner"].as_str());
    assert_eq!(owners.collect::<Vec<_>>(), ["labs", "payments", "retail"]);
}
