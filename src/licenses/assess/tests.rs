use super::super::inventory::UseRow;
use super::super::testkit::{day, holder, number, origin, product, right};
use super::*;
use crate::diagnostics::Finding;
use crate::licenses::inventory::{Entitlement, Value};
use crate::licenses::position::LineKind;

fn seat(user: &str, of: &str, snapshot: &str, row: u64) -> UseRow {
    UseRow {
        kind: UseKind::Seat,
        product: Some(product(of)),
        raw_product: None,
        holder: holder(""),
        fields: [("user".into(), Value::Text(user.into()))].into(),
        snapshot: day(snapshot),
        origin: origin(row),
    }
}

fn named(id: &str, of: &str, quantity: i64, metric: &str) -> Entitlement {
    Entitlement { metric: metric.into(), ..right(id, of, quantity) }
}

fn assessed(entitlements: Vec<Entitlement>, uses: Vec<UseRow>) -> LicenseOutcome {
    let told = Told {
        inventory: Inventory { entitlements, uses, ..Inventory::default() },
        ..Told::default()
    };
    let rules = LicenseRules::shipped().unwrap();
    let (calendars, beside) = (Calendars::default(), Beside::default());
    assess(&Given {
        day: day("2026-10-31"),
        rules: &rules,
        told: &told,
        calendars: &calendars,
        beside: &beside,
    })
}

fn codes(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.code.name()).collect()
}

#[test]
fn a_line_is_over_since_the_first_snapshot_of_the_unbroken_run() {
    let mut uses = Vec::new();
    // Two owned: over in July, within in August, over since September.
    for (snapshot, users) in
        [("2026-07-10", 3), ("2026-08-10", 2), ("2026-09-12", 3), ("2026-10-20", 4)]
    {
        let rows = (0..users).map(|user| seat(&format!("u{user}"), "TPS", snapshot, 2 + user));
        uses.extend(rows);
    }
    let found = assessed(vec![named("E1", "TPS", 2, "named_seat")], uses);
    let [line] = &found.positions[..] else { panic!("{:#?}", found.positions) };
    assert_eq!(line.key.kind, LineKind::Use);
    assert_eq!(line.low.shortfall, Some(number(2)));
    assert_eq!(line.since, Some(day("2026-09-12")));
    let days: Vec<NaiveDate> = found.history.iter().map(|(day, _)| *day).collect();
    assert_eq!(days, [day("2026-07-10"), day("2026-08-10"), day("2026-09-12")]);
    let seen: Vec<Number> =
        found.standings[0].history.iter().map(|(_, used)| used.clone()).collect();
    assert_eq!(seen, [number(3), number(2), number(3)]);
    assert!(found.warnings.iter().any(|it| it.kind.name() == "over_use"), "{:?}", found.warnings);
}

#[test]
fn a_metric_that_no_rule_declares_is_told_and_its_line_is_unknown() {
    let found = assessed(vec![named("E1", "TPS", 2, "named_seet")], vec![]);
    assert_eq!(codes(&found.notes), ["license-metric"]);
    assert_eq!(found.notes[0].help.as_deref(), Some("did you mean `named_seat`?"));
    let statuses: Vec<&str> = found.positions.iter().map(|line| line.status.name()).collect();
    assert_eq!(statuses, ["unknown"]);
}

#[test]
fn each_use_is_counted_by_the_metric_whose_rights_fit_it() {
    let uses = || {
        let mut uses =
            vec![seat("ada", "TPS", "2026-10-20", 2), seat("bob", "TPS", "2026-10-20", 3)];
        uses[1].holder = holder("environment=test");
        uses
    };
    let seats = named("E1", "TPS", 1, "named_seat");
    let mut access = named("E2", "TPS", 1, "windows_user_cal");
    let both = assessed(vec![seats.clone(), access.clone()], uses());
    assert_eq!(codes(&both.notes), ["license-counted-twice"]);
    assert_eq!(both.notes[0].count, 2);
    access.assigned = vec!["bob".into()];
    let one = assessed(vec![seats, access], uses());
    assert_eq!(codes(&one.notes), Vec::<&str>::new());
    let by = |metric: &str| {
        let own = one.measured.iter().filter(|measured| *measured.reading.metric == *metric);
        let own = own.flat_map(|measured| &measured.demands);
        own.map(|demand| demand.subject.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(by("named_seat"), ["ada"]);
}
