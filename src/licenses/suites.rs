//! Plans that a user holds though another one of theirs contains them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;

use crate::rules::licenses::{MatchingRules, Plan};

use super::inventory::{Holder, Inventory, Origin, Product, UseKind, UseRow, Value};
use super::matching::is_named;

/// Two plans of one user, of which one holds all that matters of the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlap {
    pub user: Arc<str>,
    pub holder: Holder,
    /// The plan that adds nothing.
    pub contained: Product,
    pub containing: Product,
    /// Services of the contained plan, less those that tell nothing, that the other has: all of them.
    pub shared: usize,
    /// Services of the contained plan.
    pub of: usize,
    /// Services that were not looked at, since they tell nothing.
    pub ignored: Vec<String>,
    /// The seat that adds nothing, and the one that contains it.
    pub origins: [Origin; 2],
}

/// How much of a plan another one holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Containment {
    pub shared: usize,
    pub of: usize,
    pub ignored: Vec<String>,
    /// All that matters is held; where nothing matters, nothing is said.
    pub is_contained: bool,
}

/// How much of `part` is in `whole`.
#[must_use]
pub fn containment(part: &Plan, whole: &Plan, ignored: &[String]) -> Containment {
    let tells_nothing = |service: &&String| ignored.contains(service);
    let counted: Vec<&String> = part.parts.iter().filter(|part| !tells_nothing(part)).collect();
    let missing = counted.iter().filter(|service| !whole.parts.contains(**service)).count();
    Containment {
        shared: counted.len() - missing,
        of: part.parts.len(),
        ignored: part.parts.iter().filter(tells_nothing).cloned().collect(),
        is_contained: missing == 0 && !counted.is_empty(),
    }
}

/// Overlaps among the seats of the newest snapshot that is not after `day`, ordered by user and plan. Where two plans
/// hold the same services, the later by name adds nothing.
#[must_use]
pub fn overlaps(inventory: &Inventory, rules: &MatchingRules, day: NaiveDate) -> Vec<Overlap> {
    let days = seats(inventory).map(|(_, row)| row.snapshot);
    let last = days.filter(|snapshot| *snapshot <= day).max();
    let mut held: BTreeMap<&Arc<str>, BTreeMap<&Product, &UseRow>> = BTreeMap::new();
    for (product, row) in seats(inventory).filter(|(_, row)| Some(row.snapshot) == last) {
        let Some(Value::Text(user)) = row.fields.get("user") else { continue };
        let first = held.entry(user).or_default().entry(product).or_insert(row);
        if row.origin < first.origin {
            *first = row;
        }
    }
    let mut found = Vec::new();
    for (user, plans) in held {
        for (contained, row) in &plans {
            let others = plans.iter().filter(|(other, _)| other != &contained);
            let whole = others.filter_map(|(containing, other)| {
                let how = between(contained, row, containing, other, rules)?;
                Some((containing, other, how))
            });
            // One is enough: the one with the most in it, then by name.
            let whole = whole.min_by_key(|(product, other, _)| {
                let size = plan_of(product, other, rules).map_or(0, |plan| plan.parts.len());
                (std::cmp::Reverse(size), **product)
            });
            let Some((containing, other, how)) = whole else { continue };
            found.push(Overlap {
                user: Arc::clone(user),
                holder: row.holder.clone(),
                contained: (*contained).clone(),
                containing: (*containing).clone(),
                shared: how.shared,
                of: how.of,
                ignored: how.ignored,
                origins: [row.origin.clone(), other.origin.clone()],
            });
        }
    }
    found
}

/// Seats that are assigned.
fn seats(inventory: &Inventory) -> impl Iterator<Item = (&Product, &UseRow)> {
    let seats = inventory.uses.iter().filter(|row| row.kind == UseKind::Seat);
    seats
        .filter(|row| row.fields.get("assigned") != Some(&Value::Truth(false)))
        .filter_map(|row| Some((row.product.as_ref()?, row)))
}

fn between(
    contained: &Product,
    row: &UseRow,
    containing: &Product,
    other: &UseRow,
    rules: &MatchingRules,
) -> Option<Containment> {
    let suites = rules.suites.iter().filter(|suite| is_named(containing, &suite.product));
    let mut parts = suites.flat_map(|suite| &suite.parts);
    if parts.any(|part| is_named(contained, part)) {
        return Some(Containment { shared: 1, of: 1, ignored: vec![], is_contained: true });
    }
    let (part, whole) = (plan_of(contained, row, rules)?, plan_of(containing, other, rules)?);
    let how = containment(part, whole, &rules.ignored_parts);
    let back = containment(whole, part, &rules.ignored_parts);
    let is_later = !back.is_contained || contained > containing;
    (how.is_contained && is_later).then_some(how)
}

/// The plan by its product, its product with edition, or its SKU.
fn plan_of<'r>(product: &Product, row: &UseRow, rules: &'r MatchingRules) -> Option<&'r Plan> {
    let mut names = BTreeSet::from([product.name.to_string()]);
    if let Some(edition) = &product.edition {
        // The edition tells the plan, where there is one.
        names = BTreeSet::from([format!("{} {edition}", product.name)]);
    }
    names.extend(row.raw_product.as_deref().map(str::to_owned));
    if let Some(Value::Text(sku)) = row.fields.get("sku") {
        names.insert(sku.to_string());
    }
    let is_it = |plan: &&Plan| {
        let publisher = plan.publisher.as_deref();
        let told = product.publisher.as_deref();
        publisher.zip(told).is_none_or(|(plan, told)| plan == told)
            && plan.names.iter().any(|name| names.contains(name))
    };
    rules.plans.iter().find(is_it)
}
