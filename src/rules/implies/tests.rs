//! Proofs are held to what conditions say of charges: wherever one is found, no charge speaks
//! against it.

use chrono::NaiveDate;

use super::super::testing::{compiled, org};
use super::super::{Condition, FieldId, Values};
use crate::domain::{DateRange, Org};

/// Two conditions, compiled together, and the days on which their rules hold.
fn pair(a: &str, b: &str) -> (Condition, Condition) {
    let text = format!(
        "lists: {{ some: [ play-1, {{ value: play-2, valid: {{ from: 2026-10-15 }} }} ], \
         all: [ play-1, play-2 ] }}\n\
         classify:\n  - {{ name: a, owner: data, when: {a} }}\n  \
         - {{ name: b, owner: data, when: {b} }}\n"
    );
    let rules = compiled(&text).unwrap_or_else(|found| panic!("{a} {b}: {found:?}"));
    (rules.classify[0].when.clone(), rules.classify[1].when.clone())
}

fn implies(a: &str, b: &str) -> bool {
    let (a, b) = pair(a, b);
    a.implies(&b, DateRange::ALWAYS)
}

#[test]
fn what_is_implied_is_found() {
    for (a, b) in [
        ("{ service: x }", "{ service: [ x, y ] }"),
        ("{ service: x, region: y }", "{ service: x }"),
        ("{ service: x }", "{ any: [ { region: y }, { service: { prefix: x } } ] }"),
        ("{ any: [ { service: x }, { service: y } ] }", "{ service: [ x, y, z ] }"),
        ("{ service: x }", "{ service: { present: true } }"),
        ("{ service: x }", "{ not: { service: y } }"),
        ("{ service: { absent: true } }", "{ not: { service: y } }"),
        ("{ service: { absent: true } }", "{ service: { empty: true } }"),
        ("{ not: { service: { absent: true } } }", "{ service: { present: true } }"),
        ("{ not: { service: { empty: true } } }", "{ service: { present: true } }"),
        ("{ service: { prefix: pay-prod } }", "{ service: { prefix: [ x, pay- ] } }"),
        ("{ service: { glob: pay-prod-* } }", "{ service: { glob: \"pay-*\" } }"),
        ("{ service: { glob: \"pay-*-x\" } }", "{ service: { suffix: -x } }"),
        ("{ service: { prefix: pay-prod } }", "{ service: { contains: y-p } }"),
        ("{ service: { prefix: Pay } }", "{ service: { prefix: pa, case: insensitive } }"),
        ("{ service: pay-1 }", "{ service: { regex: '^pay-\\d$' } }"),
        ("{ service: { regex: a.c } }", "{ service: { regex: [ x, a.c ] } }"),
        ("{ not: { service: [ x, y ] } }", "{ service: { not: x } }"),
        ("{ billed_cost: { lt: 5 } }", "{ billed_cost: { le: 5 } }"),
        ("{ billed_cost: { ge: 5 } }", "{ billed_cost: { gt: 4.9 } }"),
        ("{ billed_cost: { ge: 5 } }", "{ not: { billed_cost: { lt: 5 } } }"),
        ("{ service: { before: 2026-01-01 } }", "{ service: { before: 2026-02-01 } }"),
        ("{ service: { before: 2026-01-01 } }", "{ not: { service: { after: 2026-01-01 } } }"),
        ("{ service: { in: some } }", "{ service: { in: all } }"),
        ("{ service: play-1 }", "{ service: { in: some } }"),
        ("{ service: { in: all, not: play-2 } }", "{ service: play-1 }"),
        ("{ not: { any: [ { service: x }, { region: y } ] } }", "{ not: { region: y } }"),
        ("{ service: { prefix: x } }", "{ not: { service: { prefix: y } } }"),
        ("{ service: { prefix: x } }", "{ not: { service: { empty: true } } }"),
        ("{ service: { in: cost_centers }, region: x }", "{ service: { in: cost_centers } }"),
    ] {
        assert!(implies(a, b), "{a} implies {b}");
    }
}

#[test]
fn what_is_not_implied_is_not_found() {
    for (a, b) in [
        ("{ service: [ x, y ] }", "{ service: x }"),
        ("{ service: x }", "{ region: x }"),
        ("{ not: { service: y } }", "{ service: { present: true } }"),
        ("{ service: { empty: true } }", "{ service: { absent: true } }"),
        ("{ service: { empty: true } }", "{ service: { not: x } , region: x }"),
        ("{ service: { present: true } }", "{ not: { service: { empty: true } } }"),
        ("{ service: { equals: x, case: insensitive } }", "{ service: x }"),
        ("{ service: { glob: \"pay-*\" } }", "{ service: { glob: \"pay-?\" } }"),
        ("{ service: { glob: \"pay-*\" } }", "{ service: { glob: \"pay-*x*\" } }"),
        ("{ service: { prefix: ΟΔΟΣ } }", "{ service: { prefix: οδος, case: insensitive } }"),
        ("{ service: { in: all } }", "{ service: { in: some } }"),
        ("{ service: { in: some } }", "{ not: { service: play-2 } }"),
        ("{ service: CC1 }", "{ not: { service: { in: cost_centers } } }"),
        ("{ not: { service: { before: 2026-01-01 } } }", "{ service: { after: 2026-01-01 } }"),
        ("{ billed_cost: { le: 5 } }", "{ billed_cost: { lt: 5 } }"),
        ("{ service: { contains: a } }", "{ not: { service: { contains: b } } }"),
    ] {
        assert!(!implies(a, b), "{a} does not imply {b}");
    }
}

#[test]
fn what_can_never_hold_is_found() {
    for (text, expected) in [
        ("{ all: [ { service: x }, { service: y } ] }", true),
        ("{ service: { prefix: a, suffix: b } }", false),
        ("{ service: { present: true, absent: true } }", true),
        ("{ billed_cost: { gt: 5, le: 5 } }", true),
        ("{ billed_cost: { ge: 5, le: 5 } }", false),
        ("{ service: { in: some }, not: { service: { in: all } } }", true),
    ] {
        let (condition, _) = pair(text, "{ service: x }");
        assert_eq!(condition.is_impossible(DateRange::ALWAYS), expected, "{text}");
    }
}

#[test]
fn days_count() {
    let days = |from: Option<&str>, to: Option<&str>| {
        let day = |text: &str| text.parse().unwrap();
        DateRange::new(from.map(day), to.map(day)).unwrap()
    };
    let (two, listed) = pair("{ service: play-2 }", "{ service: { in: some } }");
    assert!(two.implies(&listed, days(Some("2026-10-15"), None)));
    assert!(!two.implies(&listed, days(Some("2026-10-14"), None)));
    assert!(two.excludes(&listed, days(None, Some("2026-10-15"))));
    assert!(!two.excludes(&listed, days(None, Some("2026-10-16"))));
}

#[test]
fn cases_are_one_by_one() {
    let (condition, _) = pair(
        "{ service: [ x, y ], any: [ { region: a }, { region: [ b, c ] } ], tag.t: z }",
        "{ service: x }",
    );
    assert_eq!(condition.cases(6).len(), 6);
    assert_eq!(condition.cases(5).len(), 2);
    assert_eq!(condition.cases(1).len(), 1);
}

/// A charge of which two fields matter.
struct Charge<'a> {
    values: [Option<&'a str>; 2],
    fields: [FieldId; 2],
    day: NaiveDate,
    org: &'a Org,
}

impl Values for Charge<'_> {
    fn value(&self, field: FieldId) -> Option<&str> {
        let at = self.fields.iter().position(|known| *known == field)?;
        self.values[at]
    }

    fn day(&self) -> NaiveDate {
        self.day
    }

    fn org(&self) -> &Org {
        self.org
    }
}

const TESTS: &[&str] = &[
    "x",
    "play-1",
    "[ x, play-2 ]",
    "{ present: true }",
    "{ absent: true }",
    "{ empty: true }",
    "{ in: some }",
    "{ in: all }",
    "{ in: cost_centers }",
    "{ prefix: p }",
    "{ prefix: play- }",
    "{ prefix: PLAY, case: insensitive }",
    "{ equals: X, case: insensitive }",
    "{ suffix: \"-1\" }",
    "{ contains: ay }",
    "{ glob: \"play-*\" }",
    "{ glob: \"*y*1\" }",
    "{ glob: \"play-?\" }",
    "{ regex: '^p' }",
    "{ before: 2026-10-15 }",
    "{ after: 2026-10-15 }",
    "{ after: 2026-11-01 }",
    "{ lt: 5 }",
    "{ le: 5 }",
    "{ gt: 5 }",
    "{ ge: 5.0 }",
    "{ not: x }",
    "{ not: { prefix: p } }",
    "{ prefix: play-, not: play-1 }",
    "{ not: { in: some } }",
    "{ not: { empty: true } }",
    "{ not: { present: true } }",
    "{ not: { le: 5 } }",
    "{ contains: ς, case: insensitive }",
    "{ suffix: Σ }",
    "{ suffix: σ, case: insensitive }",
];
const VALUES: &[Option<&str>] = &[
    None,
    Some(""),
    Some(" "),
    Some("x"),
    Some("X"),
    Some("play-1"),
    Some("play-2"),
    Some("Play-1"),
    Some("play-12"),
    Some("p"),
    Some("payments"),
    Some("CC1"),
    Some("cc1"),
    Some("5"),
    Some("4.99"),
    Some("5.01"),
    Some("2026-10-14"),
    Some("2026-10-15T00:00:00Z"),
    Some("2026-12-01"),
    Some("ΑΣ"),
    Some("\u{212a}"),
    Some("ay"),
];

/// Every pair of tests on one field, and some on two: what is proved holds of every value.
#[test]
fn no_proof_has_a_counterexample() {
    let org = org();
    let on = |field: &str, test: &str| format!("{field}: {test}");
    let mut texts: Vec<String> =
        TESTS.iter().map(|test| format!("{{ {} }}", on("service", test))).collect();
    for (a, b) in [(1, 9), (6, 13), (9, 26), (3, 31), (16, 10), (22, 25), (7, 29)] {
        let (a, b) = (on("service", TESTS[a]), on("service", TESTS[b]));
        let region = on("region", TESTS[0]);
        texts.push(format!("{{ any: [ {{ {a} }}, {{ {b} }} ] }}"));
        texts.push(format!("{{ not: {{ any: [ {{ {a} }}, {{ {b} }}, {{ {region} }} ] }} }}"));
        texts.push(format!("{{ {a}, {region} }}"));
        texts.push(format!("{{ all: [ {{ {a} }}, {{ {b} }} ] }}"));
    }
    let rules = (0..).zip(&texts);
    let rules =
        rules.map(|(index, text)| format!("  - {{ name: r{index}, owner: data, when: {text} }}\n"));
    let rules = rules.collect::<Vec<_>>().concat();
    let lists = "lists: { some: [ play-1, { value: play-2, valid: { from: 2026-10-15 } } ], \
                 all: [ play-1, play-2 ] }\nclassify:\n";
    let rules = compiled(&format!("{lists}{rules}")).unwrap();
    let fields = ["ServiceName", "RegionId"].map(|name| {
        let column = crate::domain::Column::named(name).unwrap();
        rules.field_id(&super::super::Field::Column(column)).unwrap()
    });
    let mut proved = 0;
    for a in &rules.classify {
        for b in &rules.classify {
            let implies = a.when.implies(&b.when, DateRange::ALWAYS);
            let excludes = a.when.excludes(&b.when, DateRange::ALWAYS);
            proved += u32::from(implies) + u32::from(excludes);
            if !implies && !excludes {
                continue;
            }
            for value in VALUES {
                for region in [None, Some("x")] {
                    for day in ["2026-10-14", "2026-10-15"] {
                        let day = day.parse().unwrap();
                        let charge = Charge { values: [*value, region], fields, day, org: &org };
                        let (a_holds, b_holds) = (a.when.holds(&charge), b.when.holds(&charge));
                        let shown = || format!("{:?} {:?}: {value:?} {day}", a.when, b.when);
                        assert!(!implies || !a_holds || b_holds, "{}", shown());
                        assert!(!excludes || !a_holds || !b_holds, "{}", shown());
                    }
                }
            }
        }
    }
    assert!(proved > 500, "{proved} pairs were proved");
}
