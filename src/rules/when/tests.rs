use chrono::NaiveDate;

use super::super::testing::{compiled, org};
use super::super::{Field, RuleSet, Values};
use super::*;
use crate::domain::Org;

/// One charge, by the names of its fields.
struct Charge<'a> {
    rules: &'a RuleSet,
    org: Org,
    values: Vec<(Field, &'a str)>,
}

impl Values for Charge<'_> {
    fn value(&self, field: FieldId) -> Option<&str> {
        let asked = self.rules.field(field);
        self.values.iter().find(|(known, _)| known == asked).map(|(_, value)| *value)
    }

    fn day(&self) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 10, 3).unwrap()
    }

    fn org(&self) -> &Org {
        &self.org
    }
}

/// Whether a condition over `tag.t` holds of a charge with that tag.
fn holds(condition: &str, value: Option<&str>) -> bool {
    let text = format!("classify: [ {{ name: r, when: {condition}, owner: data }} ]");
    let rules = compiled(&text).unwrap_or_else(|found| panic!("{condition}: {found:?}"));
    let values = value.map(|value| (Field::Tag("t".into()), value)).into_iter().collect();
    rules.classify[0].when.holds(&Charge { rules: &rules, org: org(), values })
}

#[test]
fn every_operator_does_what_it_says() {
    for (condition, hits, misses) in [
        ("tag.t: a", vec!["a"], vec!["A", "ab", ""]),
        ("tag.t: [ a, b ]", vec!["a", "b"], vec!["c"]),
        ("tag.t: { equals: a }", vec!["a"], vec!["b"]),
        ("tag.t: { in: [ a ] }", vec!["a"], vec!["b"]),
        ("tag.t: { in: cost_centers }", vec!["CC1", "data"], vec!["cc1", "x"]),
        ("tag.t: { not: a }", vec!["b", ""], vec!["a"]),
        ("tag.t: { not: { prefix: [ a, b ] } }", vec!["c"], vec!["ax", "bx"]),
        ("tag.t: { glob: 'pay-*' }", vec!["pay-1"], vec!["Pay-1"]),
        ("tag.t: { glob: 'PAY-*', case: insensitive }", vec!["pay-1"], vec!["x"]),
        ("tag.t: { suffix: X, case: insensitive }", vec!["ax", "aX"], vec!["xa"]),
        ("tag.t: { contains: [ b, c ] }", vec!["abd", "c"], vec!["a"]),
        ("tag.t: { regex: '^a+$' }", vec!["aa"], vec!["ab", "AA"]),
        ("tag.t: { regex: '^a+$', case: insensitive }", vec!["AA"], vec!["ab"]),
        ("tag.t: { present: true }", vec!["", "a"], vec![]),
        ("tag.t: { empty: true }", vec!["", " "], vec!["a"]),
        ("tag.t: { before: 2026-10-31 }", vec!["2026-10-30"], vec!["2026-10-31", "soon"]),
        ("tag.t: { after: 2026-10-31 }", vec!["2026-10-31T23:00:00Z"], vec!["2026-10-30"]),
        ("tag.t: { ge: 1.5, lt: 2 }", vec!["1.50", "1.999"], vec!["2", "1.4", "x"]),
        ("tag.t: { gt: 1, le: 1E1 }", vec!["10"], vec!["1", "10.1"]),
        ("tag.t: { prefix: a, suffix: b }", vec!["ab"], vec!["a", "b"]),
        ("any: [ { tag.t: a }, { tag.t: b } ]", vec!["a", "b"], vec!["c"]),
        ("all: [ { tag.t: [ a, b ] }, { not: { tag.t: a } } ]", vec!["b"], vec!["a", "c"]),
        ("not: { tag.t: a }, tag.t: [ a, b ]", vec!["b"], vec!["a"]),
    ] {
        let condition = format!("{{ {condition} }}");
        assert!(hits.iter().all(|value| holds(&condition, Some(value))), "{condition}");
        assert!(!misses.iter().any(|value| holds(&condition, Some(value))), "{condition}");
    }
}

#[test]
fn an_absent_value_fails_every_test_but_absent_and_empty() {
    for test in ["a", "{ regex: '.*' }", "{ glob: '*' }", "{ present: true }", "{ lt: 9 }"] {
        assert!(!holds(&format!("{{ tag.t: {test} }}"), None), "{test}");
    }
    for test in ["{ absent: true }", "{ empty: true }", "{ not: a }"] {
        assert!(holds(&format!("{{ tag.t: {test} }}"), None), "{test}");
    }
}
