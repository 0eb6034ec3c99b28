use crate::rules::RuleText;
use crate::rules::testing::{helps, shown};

use super::{LicensePolicies, Solver, shipped_policies};

fn read(text: &str) -> Result<LicensePolicies, Vec<crate::diagnostics::Finding>> {
    LicensePolicies::read(&[RuleText { path: "licenses/own.yaml".into(), text: text.into() }])
}

#[test]
fn what_costbook_brings_along_is_sound_and_cited() {
    let found = LicensePolicies::read(&[shipped_policies()]).unwrap().matching;
    assert!(found.ladders.iter().all(|ladder| ladder.source.is_some()));
    assert!(found.plans.len() >= 4 && found.plans.iter().all(|plan| plan.source.is_some()));
    assert!(found.needs.iter().all(|need| need.source.is_some()));
    assert!(found.reassignments.iter().all(|rule| rule.source.is_some() && rule.days == 90));
}

#[test]
fn later_files_come_behind_and_their_single_values_hold() {
    let text = |path: &str, text: &str| RuleText { path: path.into(), text: text.into() };
    let files = [
        text(
            "a.yaml",
            "matching: { solver: ordered, ignored_parts: A }\nvaluation: { prorate: days }",
        ),
        text("b.yaml", "metrics: {}\nmatching: { solver: min_cost, ignored_parts: [ B ] }"),
        text("c.yaml", "valuation: { rounding: half_even }"),
    ];
    let found = LicensePolicies::read(&files).unwrap();
    assert_eq!(found.matching.solver, Some(Solver::MinCost));
    assert_eq!(found.matching.ignored_parts, ["A", "B"]);
    assert!(found.valuation.prorate.is_some() && found.valuation.rounding.is_some());
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let findings = read(
        "matching:
  solver: cheapest
  editions: [ { product: App, order: [ One ] }, { product: App, order: [ One, Two ], right: downgrades } ]
  suites: [ { product: App, parts: [ { product: App } ] }, { product: App, parts: [] } ]
  needs: [ { field: cloud } ]
  reserves: [ { entitlement: E, pool: P, quantity: 0 } ]
  whole_hosts: [ { product: App, edition: Top, metric: core, by: core } ]
  reassignment: [ { days: ninety } ]
valuation:
  offers: [ { product: App, metric: core, price: -1, currency: EURO, rights: [ mobillity ] } ]
  policies:
    - { name: a, kind: on_demand }
    - { name: b, kind: block }
    - { name: c, kind: annual, basis: list, times: 2 }
    - { name: d, kind: annual, basis: list_times }
    - { name: e, kind: yearly }
  audits: [ { contract: C, materiality: 101, penalty: 5, audit_cost: 1 } ]
",
    )
    .unwrap_err();
    let found = shown(&findings);
    assert_eq!(
        found,
        [
            "invalid-value 2:11+8",
            "invalid-value 3:17+7",
            "invalid-value 3:93+10",
            "invalid-value 4:15+7",
            "invalid-value 4:83+1",
            "missing-key 5:14+5",
            "invalid-value 6:52+1",
            "invalid-value 7:20+7",
            "invalid-value 8:27+6",
            "invalid-value 10:50+2",
            "invalid-value 10:64+4",
            "invalid-value 10:80+9",
            "missing-key 12:9+4",
            "missing-key 13:9+4",
            "invalid-value 14:45+5",
            "invalid-value 15:9+4",
            "invalid-value 16:24+6",
            "invalid-value 17:15+8",
            "invalid-value 17:41+3",
        ]
    );
    let helped = helps(&findings);
    assert!(helped.contains(&"did you mean `downgrade`?"), "{helped:?}");
    assert!(helped.contains(&"did you mean `mobility`?"), "{helped:?}");
}

/// Examples in the docs are read as a project's files would be.
#[test]
fn examples_in_the_docs_are_sound() {
    let docs = include_str!("../../../docs/license-position.md");
    let fences: Vec<&str> =
        docs.split("```yaml\n").skip(1).filter_map(|part| part.split("```").next()).collect();
    assert!(fences.len() >= 5, "{} examples", fences.len());
    for fence in fences {
        let found = read(fence);
        assert!(found.is_ok(), "{fence}\n{:?}", found.err());
    }
}
