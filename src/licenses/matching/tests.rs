use super::fit::compare_versions;
use crate::domain::DateRange;
use crate::licenses::Extent;
use crate::licenses::inventory::{LicenseKind, UseRight};
use crate::licenses::measured::{Subject, SubjectKind};
use crate::licenses::testkit::{Case, day, demand, line, number, of, origin, right, row, with};

#[test]
fn what_does_not_hold_is_out_with_its_reason() {
    let mut ended = right("ended", "App", 5);
    ended.days = DateRange::new(None, Some(day("2026-10-31"))).unwrap();
    let mut later = right("later", "App", 5);
    later.days = DateRange::new(Some(day("2026-11-01")), None).unwrap();
    let mut loose = right("loose", "App", 5);
    loose.kind = LicenseKind::Maintenance;
    let mut lost = right("lost", "App", 5);
    (lost.kind, lost.base) = (LicenseKind::Upgrade, Some("ended".into()));
    let mut kept = right("kept", "App", 5);
    (kept.kind, kept.base) = (LicenseKind::Maintenance, Some("base".into()));
    let mut round = right("round", "App", 5);
    (round.kind, round.base) = (LicenseKind::AddOn, Some("round".into()));
    let rights = vec![ended, later, loose, lost, kept, round, right("base", "App", 1)];
    let case = Case::new(rights, vec![demand("u1", "App", 2, "")], "{}");
    assert_eq!(
        case.shown(),
        [
            "u1 <- base x 1 (covers)",
            "u1 lacks 1",
            "ended out: ended on 2026-10-30",
            "kept out: maintenance of base; it covers no use of its own",
            "later out: begins on 2026-11-01",
            "loose out: maintenance that is linked to no entitlement",
            "lost out: an upgrade of ended, which ended on 2026-10-30",
            "round out: an add-on of round, which stands on itself",
        ]
    );
}

#[test]
fn an_upgrade_lifts_units_of_its_base_and_adds_none() {
    let mut base = right("base", "App", 10);
    base.version_max = Some("2019".into());
    let mut lift = right("lift", "App", 4);
    (lift.kind, lift.base, lift.version_max) =
        (LicenseKind::Upgrade, Some("base".into()), Some("2022".into()));
    let (mut new, mut old) = (demand("new", "App", 6, ""), demand("old", "App", 6, ""));
    (new.version, old.version) = (Some("2022".into()), Some("2016".into()));
    let case = Case::new(vec![base.clone(), lift], vec![new.clone(), old], "{}");
    assert_eq!(
        case.shown(),
        ["old <- base x 6 (covers)", "new <- lift x 4 (covers)", "new lacks 2"]
    );
    // Maintenance that holds covers whatever version is new.
    base.maintenance = Some(DateRange::ALWAYS);
    let case = Case::new(vec![base], vec![new], "{}");
    assert_eq!(case.shown(), ["new <- base x 6 (covers)", "base left 4"]);
}

#[test]
fn versions_order_by_their_numbers() {
    for (less, more) in [("9", "12"), ("11g", "12c"), ("2012", "2012 R2"), ("12.1.0.2", "12.2")] {
        assert!(compare_versions(less, more).is_lt(), "{less} {more}");
        assert!(compare_versions(more, less).is_gt(), "{more} {less}");
    }
    assert!(compare_versions("12.0", "12").is_eq() && compare_versions("R2", "r2").is_eq());
}

#[test]
fn preference_goes_from_assignment_to_id() {
    let mut assigned = right("z-assigned", "App", 1);
    assigned.assigned = vec!["u1".into()];
    let pooled = of(right("y-pooled", "App", 1), "pool=HR");
    let both = of(right("x-specific", "App", 1), "entity=A environment=test");
    let mine = of(right("w-entity", "App", 1), "entity=A");
    let mut soon = right("v-soon", "App", 1);
    soon.days = DateRange::new(None, Some(day("2026-12-01"))).unwrap();
    let mut cheap = right("u-cheap", "App", 1);
    (cheap.currency, cheap.unit_price) = ("EUR".parse().ok(), "5".parse().ok());
    let mut dear = right("t-dear", "App", 1);
    (dear.currency, dear.unit_price) = ("EUR".parse().ok(), "6".parse().ok());
    let rights = vec![right("s", "App", 1), dear, cheap, soon, mine, both, pooled, assigned];
    let used = demand("u1", "App", 9, "entity=A pool=HR environment=test");
    let case = Case::new(rights, vec![used], "{}");
    let reasons: Vec<String> = case.matched().covers[0]
        .matches
        .iter()
        .map(|found| format!("{}: {}", found.entitlement, found.reason))
        .collect();
    assert_eq!(
        reasons,
        [
            "z-assigned: assigned to u1",
            "y-pooled: set aside for its pool",
            "x-specific: more specific than others",
            "w-entity: more specific than others",
            "v-soon: ends first, on 2026-11-30",
            "u-cheap: cheapest",
            "t-dear: cheapest",
            "s: the only right that is left for it",
        ]
    );
}

#[test]
fn who_does_not_fit_is_told_why() {
    let mut old = right("old", "App", 1);
    old.version_max = Some("3".into());
    let rights = vec![
        of(right("entity", "App", 1), "entity=B"),
        of(right("region", "App", 1), "region=EU"),
        of(right("test", "App", 1), "environment=test"),
        old,
        right("top", "SQL Server/Enterprise", 1),
        right("other", "Other", 1),
        of(right("spare", "App", 1), "entity=A"),
    ];
    let mut used = demand("u1", "App", 1, "entity=A environment=production");
    used.version = Some("4".into());
    let low = demand("u2", "SQL Server/Standard", 1, "");
    let rules = "matching: { editions: [ { product: SQL Server, order: [ Enterprise, Standard ], right: downgrade } ] }";
    let case = Case::new(rights, vec![used, low], rules);
    let told: Vec<String> = case.matched().covers[0]
        .not_used
        .iter()
        .map(|left| format!("{}: {}", left.entitlement, left.reason))
        .collect();
    assert_eq!(
        told,
        [
            "entity: is for legal entity B, not A",
            "old: covers versions up to 3, not 4",
            "other: nothing uses Other",
            "region: is for region EU, and the use tells no region",
            "test: is for environment test, not production",
            "top: SQL Server Enterprise covers a lower edition by right of downgrade only",
        ]
    );
}

#[test]
fn a_higher_edition_covers_a_lower_one_by_right() {
    let rules = "matching: { editions: [ { product: Base, order: [ Enterprise, Standard ], right: downgrade } ] }";
    let top = with(right("top", "Base/Enterprise", 3), &[UseRight::Downgrade]);
    let demands = vec![demand("a", "Base/Standard", 2, ""), demand("b", "Base/Enterprise", 2, "")];
    let case = Case::new(vec![top, right("low", "Base/Standard", 1)], demands, rules);
    assert_eq!(
        case.shown(),
        ["b <- top x 2 (covers)", "a <- low x 1 (covers)", "a <- top x 1 (covers)",]
    );
}

/// Case A22: 50 of 100 are set aside.
#[test]
fn what_is_set_aside_for_a_pool_covers_no_other() {
    let rules = "matching: { reserves: [ { entitlement: all, pool: HR, quantity: 50 } ] }";
    let demands =
        vec![demand("hr", "App", 30, "pool=HR"), demand("sales", "App", 60, "pool=Sales")];
    let case = Case::new(vec![right("all", "App", 100)], demands, rules);
    assert_eq!(
        case.shown(),
        ["hr <- all x 30 (covers)", "sales <- all x 50 (covers)", "sales lacks 10", "all left 20"]
    );
    let lines: Vec<String> = case.position().iter().map(line).collect();
    assert_eq!(
        lines,
        ["App /HR use: 50 - 30 = 20 - 0 ok", "App /Sales use: 50 - 60 = 0 - 10 over"]
    );
}

#[test]
fn a_suite_counts_once_for_its_user() {
    let rules = "matching: { suites: [ { product: Suite, parts: [ { product: Word }, { product: Sheet } ] } ] }";
    let demands = vec![
        demand("ann", "Word", 1, ""),
        demand("ann", "Sheet", 1, ""),
        demand("bob", "Word", 1, ""),
        demand("eve", "Suite", 1, ""),
        demand("eve", "Word", 1, ""),
    ];
    let case = Case::new(vec![right("suite", "Suite", 2)], demands, rules);
    assert_eq!(
        case.shown(),
        [
            "ann <- suite x 1 (suite)",
            "eve <- suite x 1 (covers)",
            "ann <- suite x 1 (in_suite)",
            "eve <- suite x 1 (in_suite)",
            "bob lacks 1",
        ]
    );
    let lines: Vec<String> = case.position().iter().map(line).collect();
    assert_eq!(
        lines,
        [
            "Sheet / use: 0 - 0 = 0 - 0 ok",
            "Suite / use: 2 - 2 = 0 - 0 warning",
            "Word / use: 0 - 1 = 0 - 1 over",
        ]
    );
}

/// Uses with rows that tell a field.
fn told(id: &str, quantity: i64, kind: SubjectKind, at: u64) -> crate::licenses::Demand {
    let mut found = demand(id, "App", quantity, "");
    found.subject = Subject { kind, id: id.into() };
    found.origins = vec![origin(at)];
    found
}

#[test]
fn a_passive_replica_needs_none_up_to_the_active_units() {
    let uses = vec![told("active", 4, SubjectKind::Vm, 2), told("passive", 6, SubjectKind::Vm, 3)];
    let owned = with(right("own", "App", 5), &[UseRight::Failover]);
    let mut case = Case::new(vec![owned], uses.clone(), "{}");
    case.inventory.uses = vec![row(2, &[("role", "active")]), row(3, &[("role", "passive")])];
    assert_eq!(
        case.shown(),
        [
            "active <- own x 4 (covers)",
            "passive <- own x 4 (excuses)",
            "passive <- own x 1 (covers)",
            "passive lacks 1",
        ]
    );
    // Without the right it needs as much as any other.
    case.inventory.entitlements = vec![right("own", "App", 5)];
    assert_eq!(case.shown()[1..], ["passive <- own x 1 (covers)", "passive lacks 5"]);
}

#[test]
fn excuses_lean_on_what_is_covered() {
    let uses = vec![
        told("desk", 1, SubjectKind::Device, 2),
        told("lap", 1, SubjectKind::Device, 3),
        told("third", 1, SubjectKind::Device, 4),
        told("host", 16, SubjectKind::Host, 5),
        told("vm", 8, SubjectKind::Vm, 6),
    ];
    let both = with(right("own", "App", 18), &[UseRight::SecondDevice, UseRight::UnlimitedVms]);
    let mut case = Case::new(vec![both], uses, "{}");
    let user = |number| row(number, &[("user", "ann")]);
    case.inventory.uses = vec![user(2), user(3), user(4), row(5, &[]), row(6, &[("host", "host")])];
    assert_eq!(
        case.shown(),
        [
            "desk <- own x 1 (covers)",
            "lap <- own x 1 (excuses)",
            "third <- own x 1 (covers)",
            "host <- own x 16 (covers)",
            "vm <- own x 8 (excuses)",
        ]
    );
}

#[test]
fn rights_that_rules_ask_for_must_be_held() {
    let rules = "matching: { needs: [ { publisher: Maker, field: cloud, right: mobility } ] }";
    let uses = vec![told("cloudy", 1, SubjectKind::Vm, 2), told("home", 1, SubjectKind::Vm, 3)];
    let rights =
        vec![right("a-plain", "App", 2), with(right("b-moves", "App", 1), &[UseRight::Mobility])];
    let mut case = Case::new(rights, uses, rules);
    case.inventory.uses = vec![row(2, &[("cloud", "AWS")]), row(3, &[])];
    assert_eq!(
        case.shown(),
        ["cloudy <- b-moves x 1 (covers)", "home <- a-plain x 1 (covers)", "a-plain left 1"]
    );
}

#[test]
fn ranges_are_matched_at_both_bounds_and_may_be_open() {
    let mut vague = demand("vague", "App", 0, "");
    vague.quantity = Extent::between(number(4), number(8));
    let case = Case::new(vec![right("own", "App", 6)], vec![vague.clone()], "{}");
    assert_eq!(
        case.shown(),
        ["vague <- own x 4 (covers)", "own left 2", "vague <- own x 6 (covers)", "vague lacks 2"]
    );
    vague.quantity = Extent::at_least(number(4));
    let case = Case::new(vec![right("own", "App", 6)], vec![vague.clone()], "{}");
    assert_eq!(case.shown()[2..], ["vague <- own x 6 (covers)", "vague lacks ?"]);
    let mut all = right("own", "App", 6);
    all.quantity = None;
    let case = Case::new(vec![all], vec![vague], "{}");
    let lines: Vec<String> = case.position().iter().map(line).collect();
    assert_eq!(lines, ["App / use: * - 4 = * - 0 ok"]);
}
