//! Licenses that were given to somebody else too soon after they were released.
//!
//! A license seldom has a name, so that what is counted are units: a license that was released stays locked for the days
//! that terms name, unless a reason that terms except was told. Where those in use and those locked are more than are
//! owned, as many of the newest holders hold a locked one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use num_bigint::BigInt;
use num_traits::ToPrimitive;

use crate::rules::licenses::{MatchingRules, Reassignment};

use super::extent::Number;
use super::inventory::{Inventory, Origin, Product, UseKind, UseRow, Value};
use super::matching::is_same_product;

/// A license that somebody was given too soon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reused {
    pub product: Product,
    /// Who held it before: the earliest release that is still locked.
    pub released_by: Arc<str>,
    /// The first snapshot in which they no longer hold it.
    pub released_on: NaiveDate,
    pub given_to: Arc<str>,
    pub given_on: NaiveDate,
    /// The first day on which it could have been given.
    pub free_from: NaiveDate,
    /// Where the new holder stands.
    pub origin: Origin,
}

/// Holders of a product at a snapshot.
type Holders<'a> = BTreeMap<&'a Arc<str>, &'a UseRow>;

/// Licenses that were given again before they were free, by product, day and new holder. Days after `day` are not looked
/// at. Products of unlimited rights, and those without any right, have nothing to give again.
#[must_use]
pub fn reused(inventory: &Inventory, rules: &MatchingRules, day: NaiveDate) -> Vec<Reused> {
    let mut snapshots: BTreeMap<&Product, BTreeMap<NaiveDate, Holders<'_>>> = BTreeMap::new();
    let mut reasons: BTreeMap<(&Product, &Arc<str>), BTreeMap<NaiveDate, &str>> = BTreeMap::new();
    let mut days: BTreeSet<NaiveDate> = BTreeSet::new();
    for row in inventory.uses.iter().filter(|row| row.snapshot <= day) {
        let (Some(product), Some(holder)) = (&row.product, holder(row)) else { continue };
        days.insert(row.snapshot);
        let of_day = snapshots.entry(product).or_default().entry(row.snapshot).or_default();
        if let Some(Value::Text(reason)) = row.fields.get("release_reason") {
            reasons.entry((product, holder)).or_default().insert(row.snapshot, reason);
        }
        if row.fields.get("assigned") != Some(&Value::Truth(false)) {
            of_day.insert(holder, row);
        }
    }
    let mut found = Vec::new();
    for (product, by_day) in &snapshots {
        let Some(rule) = rules.reassignments.iter().find(|rule| is_about(rule, product)) else {
            continue;
        };
        let Some(owned) = owned(inventory, product, day) else { continue };
        let reason = |holder: &Arc<str>, until: NaiveDate| {
            let told = reasons.get(&(*product, holder))?;
            told.range(..=until).next_back().map(|(_, reason)| *reason)
        };
        found.extend(of_product(product, by_day, &days, rule, &owned, reason));
    }
    found
}

/// Who holds a license, of rows that tell it.
fn holder(row: &UseRow) -> Option<&Arc<str>> {
    let field = match row.kind {
        UseKind::Seat => "user",
        UseKind::Install => "device",
        _ => return None,
    };
    match row.fields.get(field)? {
        Value::Text(holder) => Some(holder),
        _ => None,
    }
}

fn is_about(rule: &Reassignment, product: &Product) -> bool {
    let publisher = rule.publisher.as_deref();
    publisher.is_none_or(|publisher| product.publisher.as_deref() == Some(publisher))
        && rule.product.as_deref().is_none_or(|name| *product.name == *name)
}

/// Units of all rights to the product; `None` where any is unlimited, or there is none.
fn owned(inventory: &Inventory, product: &Product, day: NaiveDate) -> Option<Number> {
    let own = inventory.entitlements.iter().filter(|right| {
        is_same_product(&right.product, product)
            && (right.product.edition.is_none() || right.product.edition == product.edition)
            && right.days.contains(day)
    });
    let quantities: Vec<Option<&Number>> = own.map(|right| right.quantity.as_ref()).collect();
    let quantities: Option<Vec<&Number>> = quantities.into_iter().collect();
    quantities.filter(|all| !all.is_empty()).map(|all| all.into_iter().sum())
}

fn of_product<'a>(
    product: &Product,
    by_day: &BTreeMap<NaiveDate, Holders<'a>>,
    days: &BTreeSet<NaiveDate>,
    rule: &Reassignment,
    owned: &Number,
    reason: impl Fn(&Arc<str>, NaiveDate) -> Option<&'a str>,
) -> Vec<Reused> {
    let mut found = Vec::new();
    let mut before: Option<&Holders<'a>> = None;
    let none = Holders::new();
    // Releases that are locked still, the earliest first.
    let mut locked: Vec<(NaiveDate, Arc<str>)> = Vec::new();
    let free_from = |released: NaiveDate| {
        released.checked_add_days(chrono::Days::new(rule.days.into())).unwrap_or(released)
    };
    for day in days {
        let now = by_day.get(day).unwrap_or(&none);
        locked.retain(|(released, _)| free_from(*released) > *day);
        let earlier = before.unwrap_or(now);
        for holder in earlier.keys().filter(|holder| !now.contains_key(**holder)) {
            let told = reason(holder, *day);
            if !told.is_some_and(|told| rule.except.iter().any(|except| except == told)) {
                locked.push((*day, Arc::clone(holder)));
            }
        }
        // Whoever takes back what they released holds their own.
        locked.retain(|(_, holder)| !now.contains_key(holder));
        let units = Number::from_integer(BigInt::from(now.len() + locked.len()));
        let excess = (units - owned).ceil().to_integer().to_usize().unwrap_or(0);
        let new = now.iter().filter(|(holder, _)| !earlier.contains_key(*holder));
        let taken = excess.min(locked.len());
        let pairs: Vec<_> = new.take(taken).zip(locked.iter().cloned()).collect();
        for ((holder, row), (released_on, released_by)) in pairs {
            locked.retain(|(_, other)| *other != released_by);
            found.push(Reused {
                product: product.clone(),
                free_from: free_from(released_on),
                released_by,
                released_on,
                given_to: Arc::clone(holder),
                given_on: *day,
                origin: row.origin.clone(),
            });
        }
        before = Some(now);
    }
    found
}
