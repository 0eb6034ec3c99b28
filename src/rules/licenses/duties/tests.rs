use super::*;
use crate::diagnostics::Severity;
use crate::rules::licenses::{Aspect, ForecastMethod, WarningKind};
use crate::rules::testing::{helps, shown};

fn read(text: &str) -> Result<DutyRules, Vec<Finding>> {
    duty_rules(&[RuleText { path: "licenses/a.yaml".into(), text: text.into() }])
}

const ALL: &str = "
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
    let mut wrong = Vec::new();
    for (text, places, help) in [
        ("thresholds: [{ name: a, utilisation: [-1] }]", "invalid-value 1:39+2", None),
        (
            "thresholds: [{ name: a, forecast: { method: trand } }]",
            "invalid-value 1:45+5",
            Some("did you mean `trend`?"),
        ),
        ("thresholds: [{ name: a, growth: { percent: 3 } }]", "missing-key 1:35+7", None),
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
            "missing-key 1:13+4",
            Some("or `before_notice`, where it is about contracts that renew themselves"),
        ),
        (
            "silence: [{ name: a, kinds: silence_expired, owner: b, reason: c, until: 2027-01-01 }]",
            "unknown-name 1:29+15",
            None,
        ),
        ("holidays: [{ name: a, days: [2026-12-25] }]", "missing-key 1:14+4", None),
        (
            "holidays: [{ name: a, days: [2027-12-25], valid: { to: 2027-01-01 } }]",
            "invalid-value 1:14+4",
            None,
        ),
        (
            "holidays: [{ name: a, weekend: [monday, tuesday, wednesday, thursday, friday, saturday, sunday], valid: { to: 2027-01-01 } }]",
            "invalid-value 1:32+1",
            None,
        ),
    ] {
        let findings = read(text).unwrap_err();
        if shown(&findings) != [places] {
            wrong.push(format!("{text}: {:?}", shown(&findings)));
        }
        if let Some(help) = help {
            assert_eq!(helps(&findings), [help], "{text}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn kinds_have_names_of_their_own() {
    for kind in WarningKind::ALL {
        assert_eq!(WarningKind::from_name(kind.name()), Some(*kind));
        assert!(kind.meaning().ends_with('.'), "{kind}");
    }
}

#[test]
fn the_reference_is_read_and_names_every_kind() {
    let docs = include_str!("../../../../docs/license-contracts.md");
    let mut fences = 0;
    for fence in docs.split("```yaml\n").skip(1) {
        let text = fence.split("```").next().unwrap();
        let findings = read(text).err().unwrap_or_default();
        assert!(findings.is_empty(), "{text}\n{findings:?}");
        fences += 1;
    }
    assert_eq!(fences, 3);
    for kind in WarningKind::ALL {
        let row = format!("| `{kind}` | {} |", kind.severity());
        assert!(docs.contains(&row), "docs/license-contracts.md lacks {row}");
    }
}

#[test]
fn shipped_duties_say_everything_that_is_asked() {
    let rules = duty_rules(&[shipped_duties()]).unwrap();
    let shipped = &rules.thresholds[0];
    assert!(shipped.utilisation.is_some() && shipped.idle_days.is_some());
    assert!(shipped.shelfware_below.is_some() && shipped.coverage.is_some());
    assert!(shipped.expiry_days.is_some() && shipped.notice_days.is_some());
    assert!(shipped.horizon_days.is_some() && shipped.forecast.is_some());
    assert!(shipped.growth.is_some() && shipped.subjects.matches(|_| None, None));
    assert_eq!(DutyRules::KEYS.map(|key| key.name), ["thresholds", "silence", "holidays"]);
}
