//! Rows that no one should believe: October's exports have three of them. They stand beside the
//! good rows, so that what is quarantined is missing from nothing.

use super::calendar::Month;
use super::charge::Charge;
use super::company::{AWS, Provider};

/// The spoiled rows of a month, each made from a good one, and one row that is there twice by
/// right: two equal rows in one file are two charges.
pub fn of(provider: &Provider, month: Month, rows: &[Charge]) -> Vec<Charge> {
    if month != Month::of(10) {
        return Vec::new();
    }
    let like = |resource: &str| {
        let named = |row: &&Charge| row.resource.as_ref().is_some_and(|r| r.name == resource);
        rows.iter().find(named).cloned()
    };
    if *provider == AWS {
        let spoiled = [
            spoil(like("shop-cache"), "BilledCost", "1,234.56"),
            spoil(like("etl-nightly"), "ChargePeriodStart", "2026-02-30T00:00:00Z"),
        ];
        spoiled.into_iter().flatten().chain(like("card-keys")).collect()
    } else {
        spoil(like("rsv-main"), "EffectiveCost", "NaN").into_iter().collect()
    }
}

fn spoil(row: Option<Charge>, column: &'static str, text: &'static str) -> Option<Charge> {
    let row = row?;
    Some(Charge { spoiled: vec![(column, text)], ..row })
}
