use super::*;
use crate::licenses::made_up::{amount, contract, day, days, number, right};
use crate::rules::RuleText;
use crate::rules::licenses::duty_rules;

fn of(inventory: &Inventory, on: &str) -> Terms {
    contract_terms(inventory, &Calendars::default(), day(on)).remove(0)
}

fn alone(contract: Contract) -> Inventory {
    Inventory { contracts: vec![contract], ..Inventory::default() }
}

#[test]
fn so_many_days_follow_the_last_day_of_notice() {
    let plain = Contract { notice_days: Some(30), ..contract("C-1") };
    let terms = of(&alone(plain.clone()), "2026-11-21");
    let notice = terms.notice.unwrap();
    // The 1st of December leaves the 2nd to the 31st: thirty days.
    assert_eq!((notice.last, notice.is_certain), (day("2026-12-01"), true));
    assert_eq!((terms.last_day, terms.days_left), (Some(day("2026-12-31")), Some(40)));

    let weekend = Contract { notice_days: Some(32), ..plain.clone() };
    let notice = of(&alone(weekend), "2026-11-21").notice.unwrap();
    assert_eq!((notice.last, notice.workday), (day("2026-11-29"), day("2026-11-27")));

    let business = Contract { business_days: true, notice_days: Some(5), ..plain };
    let notice = of(&alone(business.clone()), "2026-11-21").notice.unwrap();
    assert_eq!((notice.last, notice.is_certain), (day("2026-12-24"), false), "no holiday is known");
    let text = "holidays: [{ name: de, for: { publisher: Maker }, days: [2026-12-25, 2026-12-31], valid: { from: 2026-01-01, to: 2027-01-01 } }]";
    let rules = duty_rules(&[RuleText { path: "a.yaml".into(), text: text.into() }]).unwrap();
    let calendars = Calendars::of(&rules.holidays, &[]).unwrap();
    let terms = contract_terms(&alone(business), &calendars, day("2026-11-21")).remove(0);
    let notice = terms.notice.unwrap();
    assert_eq!((notice.last, notice.is_certain), (day("2026-12-22"), true));
    assert_eq!(&*notice.calendar, "de");
}

#[test]
fn a_contract_that_is_over_has_renewed_or_ended() {
    let state =
        |auto_renew, on: &str| of(&alone(Contract { auto_renew, ..contract("C-1") }), on).state;
    assert_eq!(state(Some(true), "2025-12-31"), ContractState::Upcoming);
    assert_eq!(state(Some(true), "2026-12-31"), ContractState::Active);
    assert_eq!(state(Some(true), "2027-01-01"), ContractState::Renewed);
    assert_eq!(state(Some(false), "2027-01-01"), ContractState::Ended);
    assert_eq!(state(None, "2027-01-01"), ContractState::Ended);
}

#[test]
fn a_renewal_above_the_cap_is_told_to_the_cent() {
    let capped = Contract {
        uplift_cap: Some(number("3")),
        renewal_uplift: Some(number("7.5")),
        evidence_retention_days: Some(365),
        ..contract("C-1")
    };
    let entitlements = vec![
        right("E-2", "C-1", "10", "33.33"),
        right("E-1", "C-1", "200", "12.50"),
        right("E-3", "other", "1", "99"),
        crate::licenses::Entitlement {
            days: days("2026-01-01", "2026-07-01"),
            ..right("E-4", "C-1", "9", "9")
        },
    ];
    let inventory = Inventory { contracts: vec![capped], entitlements, ..Inventory::default() };
    let terms = of(&inventory, "2026-11-21");
    let text = |money: &Option<Money>| money.as_ref().map(|it| number_text(&it.amount)).unwrap();
    assert_eq!(text(&terms.value), "2833.3");
    assert_eq!(terms.value.as_ref().unwrap().basis, "200 × 12.5 + 10 × 33.33");
    assert_eq!(text(&terms.capped), "2918.299");
    assert_eq!(text(&terms.offered), "3045.7975");
    assert_eq!(text(&terms.above_cap), "127.4985");
    assert_eq!(terms.evidence_until, Some(day("2027-12-31")));
    assert_eq!(amount("2833.3").to_string(), "2833.3");
}

#[test]
fn a_price_that_is_not_known_is_no_price() {
    let unpriced =
        crate::licenses::Entitlement { unit_price: None, ..right("E-1", "C-1", "1", "1") };
    for (entitlements, reason) in [
        (vec![], "no right"),
        (vec![right("E-1", "C-1", "1", "1"), unpriced], "one price is lacking"),
        (
            vec![
                right("E-1", "C-1", "1", "1"),
                crate::licenses::Entitlement {
                    currency: Some("USD".parse().unwrap()),
                    ..right("E-2", "C-1", "1", "1")
                },
            ],
            "two currencies",
        ),
    ] {
        let contracts = vec![contract("C-1")];
        let inventory = Inventory { entitlements, contracts, ..Inventory::default() };
        assert_eq!(of(&inventory, "2026-11-21").value, None, "{reason}");
    }
}

#[test]
fn allowances_and_materiality_are_of_what_they_say() {
    let beyond = |over, entitled, percent| {
        number_text(&beyond_allowance(&number(over), &number(entitled), &number(percent)))
    };
    assert_eq!(beyond("8", "100", "10"), "0");
    assert_eq!(beyond("12", "100", "10"), "2");
    assert_eq!(beyond("12", "100", "0"), "12");
    // Reported 90 of 100 is less than 95 %: material. 95 is not less.
    assert!(is_material(&number("90"), &number("100"), &number("5")));
    assert!(!is_material(&number("95"), &number("100"), &number("5")));
}
