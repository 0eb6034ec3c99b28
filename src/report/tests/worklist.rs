//! What has no owner, and the rules that are suggested for it.

use super::ties::ties;
use super::{acme, records, written};
use crate::report::testkit::{self, Charge, RULES, World, charge};

#[test]
fn suggestions_carry_their_evidence() {
    let mut charges = acme();
    charges.push(charge("unknown:TBD", "222", "3"));
    charges.push(charge("none", "999", "2"));
    charges.push(Charge { month: "2026-09", ..charge("none", "111", "1") });
    let directory = written(&World::of(&charges));
    let list = records(directory.path(), "unallocated.csv");
    let rules: Vec<&str> = list.iter().map(|r| r["suggested_rule"].as_str()).collect();
    let expected = [
        r#"dimensions: { "cost_center": { map: { "paymets": "payments" } } } # nearest cost center to "paymets" is "payments""#,
        r#"classify: [ { name: "111", when: { sub_account_id: "111" }, owner: "payments" } ] # "payments" bears 98.0 % of the EffectiveCost in this sub account that has an owner"#,
        r#"dimensions: { "cost_center": { case: lower } } # "DATA" differs from "data" in case only"#,
        r#"classify: [ { name: "222 TBD", when: { sub_account_id: "222", cost_center: "TBD" }, owner: "web" } ] # "web" bears 100.0 % of the EffectiveCost in this sub account that has an owner; put it before rule "by tag""#,
        r#"classify: [ { name: "999 Compute", when: { sub_account_id: "999", service_name: "Compute" }, owner: "payments" } ] # "payments" bears 63.7 % of the EffectiveCost in this service that has an owner"#,
    ];
    assert_eq!(rules, expected);
    let ages: Vec<&str> = list.iter().map(|r| r["age_in_months"].as_str()).collect();
    assert_eq!(ages, ["0", "1", "0", "0", "0"]);
    // They are rules of this company, put where they say.
    let org = World::of(&charges).org;
    for rule in rules {
        let text = joined(rule);
        testkit::rules(&org, &text).unwrap_or_else(|findings| panic!("{text}\n{findings:?}"));
    }
}

/// The company's rules with a suggestion in its place.
fn joined(suggestion: &str) -> String {
    if let Some(rule) = suggestion.strip_prefix("classify: [ ") {
        let (rule, _) = rule.split_once(" ] # ").unwrap();
        return RULES.replacen("classify:\n", &format!("classify:\n  - {rule}\n"), 1);
    }
    let setting = suggestion.strip_prefix("dimensions: { \"cost_center\": { ").unwrap();
    let (setting, _) = setting.split_once(" } } # ").unwrap();
    RULES.replacen("cost_center: {", &format!("cost_center: {{ {setting},"), 1)
}

#[test]
fn a_pool_that_nobody_can_receive_is_on_the_worklist() {
    let world = World::of(&[charge("pool:support", "", "9.5")]);
    ties(&world);
    let list = records(written(&world).path(), "unallocated.csv");
    assert_eq!(list[0]["asked_owner"], "pool:support");
    assert!(
        list[0]["suggested_rule"].starts_with("pools: { \"support\": { on_zero_driver: even } }")
    );
}
