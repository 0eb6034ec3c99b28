//! Which rules are told to be dead, and that none is told which could decide.

use crate::diagnostics::{Code, Finding};
use crate::domain::{Org, Period};
use crate::rules::{RuleSet, RuleText, Scope, compile};

use super::lint_rules;

fn compiled(text: &str) -> RuleSet {
    let file = RuleText { path: "rules.yaml".into(), text: text.into() };
    let scope = Scope { org: &Org::default(), entities: &[], drivers: &[] };
    compile(&[file], &scope).unwrap_or_else(|found| panic!("{text}: {found:?}"))
}

fn month() -> Period {
    "2026-10".parse().expect("a month")
}

/// What is told of each rule: its place in the list, and the code.
fn told(rules: &[&str]) -> Vec<(usize, Code)> {
    let listed = (0..).zip(rules);
    let listed: Vec<String> =
        listed.map(|(index, rule)| format!("  - {{ name: r{index}, {rule} }}\n")).collect();
    let listed = listed.concat();
    let rules = compiled(&format!("classify:\n{listed}pools: {{ p: {{ split: even }} }}\n"));
    let found = lint_rules(&rules, &Org::default(), month());
    let about = |finding: &Finding| {
        let at = rules.classify.iter().position(|rule| {
            finding.place == Some(crate::diagnostics::Place::Text(rule.span.clone()))
        });
        at.map(|at| (at, finding.code))
    };
    found.iter().filter_map(about).collect()
}

#[test]
fn dead_rules_are_told() {
    type Case<'a> = (&'a [&'a str], &'a [(usize, Code)]);
    let (unreachable, shadowed) = (Code::RuleUnreachable, Code::RuleShadowed);
    let cases: &[Case<'_>] = &[
        (&["owner: a", "pool: p, when: { service: x }"], &[(1, unreachable)]),
        (
            &["owner: a, when: { service: { present: true } }", "pool: p, when: { service: x }"],
            &[(1, unreachable)],
        ),
        (
            &["owner: { from: tag.t }", "owner: b, when: { tag.t: x }", "pool: p"],
            &[(1, unreachable)],
        ),
        (
            &["owner: { from: tag.t }", "owner: { from: tag.t }, when: { service: x }"],
            &[(1, unreachable)],
        ),
        (
            &[
                "owner: a, when: { service: x }",
                "owner: b, when: { service: y }",
                "pool: p, when: { service: [ x, y ], region: z }",
            ],
            &[(2, shadowed)],
        ),
        (
            &[
                "owner: a, when: { tag.t: { present: true } }",
                "owner: b, when: { tag.t: { absent: true } }",
                "pool: p",
            ],
            &[(2, shadowed)],
        ),
        (
            &[
                "owner: a, valid: { to: 2026-10-15 }",
                "owner: b, valid: { from: 2026-10-15 }",
                "pool: p, when: { service: x }",
            ],
            &[(2, shadowed)],
        ),
        (
            &[
                "owner: a, when: { service: { prefix: x } }",
                "owner: b, when: { region: y }",
                "pool: p, when: { any: [ { service: xy }, { region: y, tag.t: z } ] }",
            ],
            &[(2, shadowed)],
        ),
    ];
    for (rules, expected) in cases {
        assert_eq!(&told(rules), expected, "{rules:?}");
    }
}

#[test]
fn rules_that_can_decide_are_left_alone() {
    let cases: &[&[&str]] = &[
        &["owner: a, when: { service: x }", "pool: p"],
        // What has no value to inherit goes on to the next rule; a blank is none.
        &["owner: { from: tag.t }", "pool: p, when: { tag.t: { present: true } }"],
        &["owner: { from: tag.t }, when: { service: x }", "pool: p, when: { service: x }"],
        &["owner: a, valid: { to: 2026-10-15 }", "pool: p, when: { service: x }"],
        &[
            "owner: a, valid: { to: 2026-10-15 }",
            "owner: b, valid: { from: 2026-10-16 }",
            "pool: p",
        ],
        &["owner: a, when: { service: x }", "pool: p, when: { service: [ x, y ] }"],
        &[
            "owner: a, when: { tag.t: { present: true } }",
            "owner: b, when: { tag.t: { empty: true }, service: x }",
            "pool: p",
        ],
        &["owner: a, when: { not: { service: x } }", "pool: p, when: { service: x }"],
    ];
    for rules in cases {
        assert_eq!(told(rules), [], "{rules:?}");
    }
}

#[test]
fn components_of_the_project_are_looked_at_too() {
    let rules = compiled(
        "components:\n  - { name: tax, when: { charge_category: Tax } }\n  - { name: usage }\n  \
         - { name: credits, when: { charge_category: Credit } }\n",
    );
    let found = lint_rules(&rules, &Org::default(), month());
    let codes: Vec<Code> = found.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Code::RuleUnreachable]);
    assert!(lint_rules(&compiled("tests: []"), &Org::default(), month()).is_empty());
}

/// Proofs must not take longer than reading the bills: hundreds of rules, none of which is dead.
#[test]
fn many_rules_are_linted_in_moderate_time() {
    let rules: Vec<String> = (0..500)
        .map(|index| {
            format!(
                "  - {{ name: r{index}, owner: a, when: {{ sub_account_id: [ s{index}, t{index} ], \
                 not: {{ any: [ {{ service: x{index} }}, {{ region: {{ prefix: y }} }} ] }} }} }}\n"
            )
        })
        .collect();
    let rules = compiled(&format!("classify:\n{}", rules.concat()));
    let begin = std::time::Instant::now();
    assert!(lint_rules(&rules, &Org::default(), month()).is_empty());
    // A second without optimisation; what is more is for a machine that does much else.
    assert!(begin.elapsed().as_secs() < 30, "{:?}", begin.elapsed());
}
