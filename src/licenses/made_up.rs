//! Rows that the tests of duties share.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::domain::{Amount, DateRange};

use super::extent::Number;
use super::inventory::{Contract, ContractKind, Entitlement, Holder, LicenseKind, Origin, Product};

pub(super) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(super) fn days(from: &str, to: &str) -> DateRange {
    DateRange::new(Some(day(from)), Some(day(to))).unwrap()
}

pub(super) fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

pub(super) fn number(text: &str) -> Number {
    super::money::number_of(amount(text))
}

pub(super) fn origin(row: u64) -> Origin {
    Origin { path: "licenses/rows.csv".into(), row }
}

pub(super) fn product(name: &str) -> Product {
    Product { publisher: Some("Maker".into()), name: name.into(), edition: None }
}

/// A contract of a year, from 2026-01-01 to the last day of 2026.
pub(super) fn contract(id: &str) -> Contract {
    Contract {
        id: id.into(),
        kind: ContractKind::License,
        title: None,
        publisher: Some("Maker".into()),
        owner: Some("jane".into()),
        days: days("2026-01-01", "2027-01-01"),
        auto_renew: Some(false),
        notice_days: None,
        business_days: false,
        uplift_cap: None,
        renewal_uplift: None,
        price_hold: None,
        currency: Some("EUR".parse().unwrap()),
        commitments: Vec::new(),
        scope: Vec::new(),
        shortfall_rule: None,
        true_up: None,
        growth_allowance: None,
        audit_notice_days: None,
        materiality: None,
        penalty: None,
        evidence_retention_days: None,
        clause: None,
        origin: origin(2),
    }
}

/// A subscription under a contract, of its year.
pub(super) fn right(id: &str, contract: &str, quantity: &str, price: &str) -> Entitlement {
    Entitlement {
        id: id.into(),
        contract: Some(contract.into()),
        product: product("Tool"),
        version_max: None,
        metric: "named_seat".into(),
        quantity: Some(number(quantity)),
        kind: LicenseKind::Subscription,
        base: None,
        days: days("2026-01-01", "2027-01-01"),
        maintenance: None,
        holder: Holder::default(),
        rights: BTreeSet::new(),
        assigned: Vec::new(),
        currency: Some("EUR".parse().unwrap()),
        unit_price: Some(amount(price)),
        list_price: None,
        maintenance_price: None,
        reseller: None,
        order: None,
        proof: None,
        origin: origin(3),
    }
}
