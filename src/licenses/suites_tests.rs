use super::inventory::{Inventory, UseKind, UseRow, Value};
use super::reassign::reused;
use super::suites::{containment, overlaps};
use super::testkit::{day, policies, product, right, row};

const RULES: &str = "
matching:
  ignored_parts: [ BASE ]
  plans:
    - { names: [ SMALL ], parts: [ MAIL, DOCS ] }
    - { names: [ LARGE ], parts: [ MAIL, DOCS, VOICE ] }
    - { names: [ OTHER ], parts: [ CHARTS, BASE ] }
    - { names: [ TOP ], parts: [ CHARTS, CALLS ] }
    - { names: [ HELPER ], parts: [ BASE ] }
  suites: [ { product: Office, parts: [ { product: Word } ] } ]
  reassignment:
    - { publisher: Maker, days: 90, except: [ leaver, hardware_failure, mobility ] }
";

fn seat(at: u64, on: &str, plan: &str, user: &str, more: &[(&str, &str)]) -> UseRow {
    let mut made = row(at, more);
    made.kind = UseKind::Seat;
    made.product = Some(product(plan));
    made.snapshot = day(on);
    made.fields.insert("user".into(), Value::Text(user.into()));
    made
}

#[test]
fn a_plan_within_another_one_adds_nothing() {
    let on = "2026-10-31";
    let seats = [
        ("SMALL", "ann"),
        ("LARGE", "ann"),
        ("OTHER", "bob"),
        ("TOP", "bob"),
        ("LARGE", "eve"),
        ("TOP", "eve"),
        ("HELPER", "eve"),
        ("Office", "kim"),
        ("Word", "kim"),
    ];
    let mut uses: Vec<UseRow> =
        (2..).zip(seats).map(|(at, (plan, user))| seat(at, on, plan, user, &[])).collect();
    // Of an earlier snapshot, or given back.
    uses.push(seat(20, "2026-09-30", "SMALL", "eve", &[]));
    let mut back = seat(21, on, "SMALL", "eve", &[]);
    back.fields.insert("assigned".into(), Value::Truth(false));
    uses.push(back);
    let inventory = Inventory { uses, ..Inventory::default() };
    let found = overlaps(&inventory, &policies(RULES).matching, day(on));
    let told: Vec<String> = found
        .iter()
        .map(|one| {
            format!(
                "{}: {} in {}, {} of {}",
                one.user, one.contained.name, one.containing.name, one.shared, one.of
            )
        })
        .collect();
    assert_eq!(
        told,
        ["ann: SMALL in LARGE, 2 of 2", "bob: OTHER in TOP, 1 of 2", "kim: Word in Office, 1 of 1"]
    );
    assert_eq!(found[1].ignored, ["BASE"]);
}

#[test]
fn of_two_names_for_the_same_services_one_adds_nothing() {
    let rules = policies(
        "matching: { plans: [ { names: [ A ], parts: [ X ] }, { names: [ B ], parts: [ X ] } ] }",
    );
    let uses = vec![seat(2, "2026-10-31", "A", "ann", &[]), seat(3, "2026-10-31", "B", "ann", &[])];
    let inventory = Inventory { uses, ..Inventory::default() };
    let found = overlaps(&inventory, &rules.matching, day("2026-10-31"));
    assert_eq!(found.len(), 1);
    assert_eq!((&*found[0].contained.name, &*found[0].containing.name), ("B", "A"));
}

/// Case A23, on the plans that costbook brings along.
#[test]
fn shipped_plans_contain_each_other_as_published() {
    let rules = policies("{}").matching;
    let plan = |name: &str| {
        let found = rules.plans.iter().find(|plan| plan.names.iter().any(|own| own == name));
        found.unwrap_or_else(|| panic!("no plan {name}"))
    };
    let small = containment(plan("ENTERPRISEPACK"), plan("SPE_E3"), &[]);
    assert!(small.is_contained);
    assert_eq!((small.shared, small.of), (37, 37));
    let (charts, top) = (plan("POWER_BI_PRO"), plan("SPE_E5"));
    assert!(!containment(charts, top, &[]).is_contained);
    assert!(containment(charts, top, &rules.ignored_parts).is_contained);
    let up = containment(plan("SPE_E3"), top, &rules.ignored_parts);
    assert!(!up.is_contained);
    assert_eq!((up.shared, up.of), (37, 51));
}

fn reuse(uses: Vec<UseRow>, owned: i64) -> Vec<String> {
    let inventory =
        Inventory { uses, entitlements: vec![right("r", "App", owned)], ..Inventory::default() };
    let found = reused(&inventory, &policies(RULES).matching, day("2026-12-31"));
    found
        .iter()
        .map(|one| {
            format!(
                "{} on {} from {}, free from {}",
                one.given_to, one.given_on, one.released_by, one.free_from
            )
        })
        .collect()
}

#[test]
fn a_released_license_is_locked_for_its_days() {
    let first = |who: &str| seat(2, "2026-07-31", "App", who, &[]);
    let second = |who: &str| seat(3, "2026-08-31", "App", who, &[]);
    // One of two owned goes from bob to eve.
    let uses = vec![first("ann"), first("bob"), second("ann"), second("eve")];
    assert_eq!(reuse(uses.clone(), 2), ["eve on 2026-08-31 from bob, free from 2026-11-29"]);
    // A third one was free, or bob left, or has it back.
    assert_eq!(reuse(uses.clone(), 3), [""; 0]);
    let mut left = uses.clone();
    let mut note = seat(9, "2026-08-31", "App", "bob", &[("release_reason", "leaver")]);
    note.fields.insert("assigned".into(), Value::Truth(false));
    left.push(note);
    assert_eq!(reuse(left, 2), [""; 0]);
    let back = vec![
        first("ann"),
        first("bob"),
        second("ann"),
        seat(4, "2026-09-30", "App", "ann", &[]),
        seat(5, "2026-09-30", "App", "bob", &[]),
    ];
    assert_eq!(reuse(back, 2), [""; 0]);
    // After the days it is free.
    let late = vec![
        first("ann"),
        first("bob"),
        second("ann"),
        seat(4, "2026-11-30", "App", "ann", &[]),
        seat(5, "2026-11-30", "App", "eve", &[]),
    ];
    assert_eq!(reuse(late.clone(), 2), [""; 0]);
    let mut early = late;
    for row in &mut early[3..] {
        row.snapshot = day("2026-11-28");
    }
    assert_eq!(reuse(early, 2), ["eve on 2026-11-28 from bob, free from 2026-11-29"]);
}
