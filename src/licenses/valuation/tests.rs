use chrono::NaiveDate;

use crate::domain::DateRange;
use crate::licenses::inventory::{Contract, ContractKind, LicenseKind, Origin};
use crate::licenses::position::{LineKind, PositionKey};
use crate::licenses::testkit::{Case, day, demand, number, policies, product, right};
use crate::rules::licenses::HouseRounding;

use super::{OverUse, Valued, audit, over_uses, plain, rounded, valuate};

const POLICIES: &str = "
valuation:
  prorate: months
  policies:
    - { name: retro, kind: true_up_retroactive }
    - { name: forward, kind: true_forward }
    - { name: annual, kind: annual, clause: '§ 4' }
    - { name: quarterly, kind: quarterly_remaining }
    - { name: demand, kind: on_demand, rate: 12.5, currency: USD }
    - { name: block, kind: block, block: 15, basis: list }
    - { name: penalty, kind: annual, basis: list_times, times: 1.5 }
    - { name: other, kind: annual, product: Other }
";

fn range(from: &str, to: &str) -> DateRange {
    DateRange::new(Some(day(from)), Some(day(to))).unwrap()
}

/// Case A18: 100 seats, 100 a year, and the highest use of each quarter.
fn seats() -> OverUse {
    let ends = ["2026-01-01", "2026-04-01", "2026-07-01", "2026-10-01", "2027-01-01"];
    let used = [110, 105, 120, 120];
    let stretches = used.iter().enumerate();
    OverUse {
        key: PositionKey {
            product: product("App"),
            metric: "seat".into(),
            interpretation: "default".into(),
            legal_entity: None,
            pool: None,
            kind: LineKind::Use,
        },
        entitled: number(100),
        stretches: stretches
            .map(|(place, used)| (range(ends[place], ends[place + 1]), number(*used)))
            .collect(),
        term_end: day("2027-01-01"),
        is_yearly: true,
        currency: "USD".parse().ok(),
        contracted: "100".parse().ok(),
        list: "120".parse().ok(),
        contract: Some("C-1".into()),
    }
}

fn shown(valued: &[Valued]) -> Vec<String> {
    let text = |valued: &Valued| {
        let amount = valued.amount.map_or("-".into(), |amount| amount.to_string());
        format!("{}: {} {}", valued.policy, amount, valued.working)
    };
    valued.iter().map(text).collect()
}

#[test]
fn the_same_use_by_each_policy() {
    let found = valuate(&[seats()], &policies(POLICIES).valuation);
    assert_eq!(
        shown(&found),
        [
            "retro: 1500 10 × 100 = 1000; 0; 10 × 100 × 1/2 = 500; 0",
            "forward: 2000 20 × 100 = 2000",
            "annual: 2000 20 × 100 = 2000",
            "quarterly: 1000 10 × 100 × 3/4 = 750; 0; 10 × 100 × 1/4 = 250; 0",
            "demand: 2062.5 10 × 12.5 × 3 = 375; 5 × 12.5 × 3 = 187.5; 20 × 12.5 × 3 = 750; \
             20 × 12.5 × 3 = 750",
            "block: 3600 30 × 120 = 3600",
            "penalty: 3600 20 × 180 = 3600",
        ]
    );
    assert_eq!(found[1].from, Some(day("2027-01-01")));
    assert_eq!((found[2].clause.as_deref(), &*found[5].basis), (Some("§ 4"), "list"));
    assert_eq!(found[6].basis, "list × 1.5");
    assert!(found.iter().all(|valued| valued.remainder == Some(number(0))));
}

#[test]
fn days_are_parts_of_their_year_and_rounding_is_once() {
    let rules = policies(&POLICIES.replace("months", "days"));
    let found = valuate(&[seats()], &rules.valuation);
    // 275 and 92 of 365 days, of 1,000 each: 367000/365.
    assert_eq!(found[3].amount.unwrap().to_string(), "1005.48");
    let remainder = found[3].remainder.as_ref().unwrap();
    assert_eq!(remainder.to_string(), "-1/1825");
    let exact = found[3].exact.as_ref().unwrap();
    assert_eq!(exact, &(number(367_000) / number(365)));
}

#[test]
fn what_is_paid_once_is_paid_whole() {
    let once = OverUse { is_yearly: false, ..seats() };
    let found = valuate(&[once], &policies(POLICIES).valuation);
    assert_eq!(found[3].amount.unwrap().to_string(), "2000");
}

#[test]
fn an_unknown_price_gives_no_amount() {
    let free = OverUse { contracted: None, list: None, ..seats() };
    let found = valuate(&[free], &policies(POLICIES).valuation);
    assert_eq!((found[0].amount, found[0].note.as_deref()), (None, Some("no price is known")));
    assert!(found[4].amount.is_some(), "the rate on demand is the policy's own");
    let mut odd = seats();
    odd.stretches[0].0 = range("2026-01-15", "2026-04-01");
    let found = valuate(&[odd], &policies(POLICIES).valuation);
    assert!(found[3].note.is_none() && found[0].note.as_deref().unwrap().contains("whole number"));
}

#[test]
fn halves_round_as_declared() {
    let third = number(1) / number(3);
    let half = number(5) / number(1000);
    let eur = "EUR".parse().unwrap();
    let of = |exact: &_, how| rounded(exact, eur, how).unwrap().to_string();
    for (exact, up, even) in [
        (half.clone(), "0.01", "0"),
        (half.clone() * number(3), "0.02", "0.02"),
        (-half.clone(), "-0.01", "0"),
        (half * number(-3), "-0.02", "-0.02"),
        (third.clone(), "0.33", "0.33"),
    ] {
        assert_eq!(of(&exact, HouseRounding::HalfUp), up, "{exact}");
        assert_eq!(of(&exact, HouseRounding::HalfEven), even, "{exact}");
    }
    assert_eq!((plain(&third).as_str(), plain(&number(-2)).as_str()), ("1/3", "-2"));
    let yen = rounded(&(number(5) / number(2)), "JPY".parse().unwrap(), HouseRounding::HalfUp);
    assert_eq!(yen.unwrap().to_string(), "3");
}

fn contract(id: &str, days: DateRange) -> Contract {
    Contract {
        id: id.into(),
        kind: ContractKind::License,
        title: None,
        publisher: None,
        owner: None,
        days,
        auto_renew: None,
        notice_days: None,
        business_days: false,
        uplift_cap: None,
        renewal_uplift: None,
        price_hold: None,
        currency: None,
        commitments: vec![],
        scope: vec![],
        shortfall_rule: None,
        true_up: None,
        growth_allowance: None,
        audit_notice_days: None,
        materiality: Some(number(5)),
        penalty: Some(number(15)),
        evidence_retention_days: None,
        clause: Some("§ 9".into()),
        origin: Origin { path: "contracts.csv".into(), row: 2 },
    }
}

/// Case A24: 90 reported of 100, list 200.
#[test]
fn an_audit_is_material_below_what_terms_let_pass() {
    let own = contract("C-1", DateRange::ALWAYS);
    let list = Some(("200".parse().unwrap(), "USD".parse().unwrap()));
    let rules = policies(
        "valuation: { audits: [ { contract: C-1, materiality: 5, penalty: 15, audit_cost: 7500, currency: USD } ] }",
    );
    let terms = &rules.valuation.audits;
    let at = |reported: i64, terms| {
        audit(&own, terms, &number(reported), &number(100), list, HouseRounding::HalfUp).unwrap()
    };
    let found = at(90, terms);
    assert!(found.is_material);
    assert_eq!((&found.shortfall, &found.least_report), (&number(10), &number(95)));
    // 10 × 200, 15 % of it, and the audit.
    assert_eq!(found.amount.unwrap().to_string(), "9800");
    assert_eq!(found.working, "10 × 200 = 2000; 15 % of it = 300; audit 7500");
    let slight = at(95, terms);
    assert!(!slight.is_material && slight.amount.unwrap().to_string() == "1000");
    // The register's own terms know no cost of the audit.
    let plain = at(90, &[]);
    assert_eq!(
        (plain.amount.unwrap().to_string().as_str(), plain.clause.as_deref()),
        ("2300", Some("§ 9"))
    );
    assert!(plain.working.ends_with("the cost of the audit comes on top"));
    let unknown = Contract { materiality: None, ..own };
    let none = audit(&unknown, &[], &number(1), &number(2), list, HouseRounding::HalfUp);
    assert_eq!(none, None);
}

#[test]
fn over_use_is_followed_over_the_days_of_its_contract() {
    let mut owned = right("r", "App", 100);
    owned.kind = LicenseKind::Subscription;
    owned.contract = Some("C-1".into());
    (owned.currency, owned.unit_price) = ("USD".parse().ok(), "100".parse().ok());
    let at = |units| Case::new(vec![owned.clone()], vec![demand("u", "App", units, "")], "{}");
    let days: Vec<(NaiveDate, _)> = [("2026-01-01", 110), ("2026-04-01", 95), ("2026-10-01", 120)]
        .into_iter()
        .map(|(on, units)| {
            let mut case = at(units);
            case.inventory.contracts = vec![contract("C-1", range("2026-01-01", "2027-01-01"))];
            (day(on), case.position())
        })
        .collect();
    let mut case = at(120);
    case.inventory.contracts = vec![contract("C-1", range("2026-01-01", "2027-01-01"))];
    let found = over_uses(&days, &case.inventory);
    assert_eq!(found.len(), 1);
    let used: Vec<String> =
        found[0].stretches.iter().map(|(days, used)| format!("{days}: {used}")).collect();
    assert_eq!(
        used,
        [
            "2026-01-01 to before 2026-04-01: 110",
            "2026-04-01 to before 2026-10-01: 95",
            "2026-10-01 to before 2027-01-01: 120",
        ]
    );
    assert!(found[0].is_yearly && found[0].contract.as_deref() == Some("C-1"));
    let valued = valuate(&found, &policies(POLICIES).valuation);
    assert_eq!(valued[0].amount.unwrap().to_string(), "1250");
}
