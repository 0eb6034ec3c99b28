use super::*;
use crate::diagnostics::Severity;
use crate::rules::licenses::{Aspect, ForecastMethod, WarningKind};
use crate::rules::testing::{helps, shown};

fn read(text: &str) -> Result<DutyRules, Vec<Finding>> {
    duty_rules(&[RuleText { path: "licenses/a.yaml".into(), text: text.into() }])
}

const ALL: &str = "
metrics: []
thresholds:
  - name: office
    for: { publisher: Microsoft, product: [\"Microsoft 365*\", \"Office*\"], auto_renew: true }
    utilisation: [100, 80, 90%]
    idle_days: 45
    shelfware_below: 62.5
    coverage: 95
    expiry_days: 90
    notice_days: 30
    horizon_days: 180
    forecast: { method: trend, months: 4 }
    growth: { percent: 12.5, months: 3 }
    budget: { amount: 120000, currency: EUR }
    severity: { over_use: warning }
silence:
  - name: known
    kinds: over_use
    for: { contract: C-1 }
    until: 2027-01-01
    owner: cfo
    reason: The board knows.
holidays:
  - name: de
    weekend: [saturday, sunday]
    days: [2026-12-25, 2026-12-26]
    valid: { from: 2026-01-01, to: 2027-01-01 }
    source: { url: https://example.org/days, read: 2026-10-01 }
";

#[test]
fn everything_is_read() {
    let rules = read(ALL).unwrap();
    let office = &rules.thresholds[0];
    let shown: Vec<String> = office.utilisation.iter().flatten().map(ToString::to_string).collect();
    assert_eq!(shown, ["80", "90", "100"]);
    assert_eq!(office.shelfware_below.as_ref().map(ToString::to_string).as_deref(), Some("125/2"));
    assert_eq!(office.forecast, Some(ForecastMethod::Trend(4)));
    assert_eq!(office.budget.map(|budget| budget.months), Some(12));
    assert_eq!(office.severity[&WarningKind::OverUse], Severity::Warning);
    assert_eq!(rules.silence[0].kinds, [WarningKind::OverUse]);
    assert_eq!(rules.holidays[0].days.len(), 2);
}

#[test]
fn a_selector_asks_all_and_matches_nothing_that_is_not_told() {
    let rules = read(ALL).unwrap();
    let office = &rules.thresholds[0].subjects;
    let told = |product: &'static str| {
        move |aspect| match aspect {
            Aspect::Publisher => Some("Microsoft"),
            Aspect::Product => Some(product),
            _ => None,
        }
    };
    assert!(office.matches(told("Microsoft 365 E3"), Some(true)));
    assert!(!office.matches(told("Microsoft 365 E3"), None));
    assert!(!office.matches(told("Windows"), Some(true)));
    assert!(!rules.silence[0].subjects.matches(told("Office"), None));
}

#[test]
fn what_is_wrong_is_told_at_its_place() {
    for (text, places, help) in [
        ("thresholds: [{ name: a, utilisation: [-1] }]", "invalid-value 1:39+2", None),
        (
            "thresholds: [{ name: a, forecast: { method: trand } }]",
            "invalid-value 1:45+5",
            Some("did you mean `trend`?"),
        ),
        ("thresholds: [{ name: a, growth: { percent: 3 } }]", "missing-key 1:33+1", None),
        ("thresholds: [{ name: a }, { name: a }]", "duplicate-name 1:35+1", None),
        (
            "thresholds: [{ name: a, severity: { overuse: note } }]",
            "unknown-name 1:37+7",
            Some("did you mean `over_use`?"),
        ),
        (
            "thresholds: [{ name: a, for: { prodct: x } }]",
            "unknown-key 1:32+6",
            Some("did you mean `product`?"),
        ),
        (
            "silence: [{ name: a, owner: b, reason: c }]",
            "missing-key 1:11+1",
            Some("or `before_notice`, where it is about contracts that renew themselves"),
        ),
        (
            "silence: [{ name: a, kinds: silence_expired, owner: b, reason: c, until: 2027-01-01 }]",
            "unknown-name 1:29+15",
            None,
        ),
        ("holidays: [{ name: a, days: [2026-12-25] }]", "missing-key 1:12+1", None),
        (
            "holidays: [{ name: a, days: [2027-12-25], valid: { to: 2027-01-01 } }]",
            "invalid-value 1:12+1",
            None,
        ),
        (
            "holidays: [{ name: a, weekend: [monday, tuesday, wednesday, thursday, friday, saturday, sunday], valid: { to: 2027-01-01 } }]",
            "invalid-value 1:32+1",
            None,
        ),
    ] {
        let findings = read(text).unwrap_err();
        assert_eq!(shown(&findings), [places], "{text}");
        if let Some(help) = help {
            assert_eq!(helps(&findings), [help], "{text}");
        }
    }
}

#[test]
fn kinds_have_names_of_their_own() {
    for kind in WarningKind::ALL {
        assert_eq!(WarningKind::from_name(kind.name()), Some(*kind));
        assert!(kind.meaning().ends_with('.'), "{kind}");
    }
}
