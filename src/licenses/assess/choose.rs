//! Of a product with rights in several metrics: by which of them each use is counted.
//!
//! Every metric that rights of a product name measures all of its use. A use that is explicitly assigned to rights of
//! one metric is counted by that one; else by the only metric whose rights fit its legal entity, region, pool and
//! environment. What rights of several metrics fit is counted by each of them, and that is told: it shows too much rather than too little.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;

use crate::diagnostics::{Code, Finding};

use super::super::inventory::{Entitlement, Holder, Inventory, Product};
use super::super::matching::{is_same_product, shown};
use super::super::measured::{Demand, Measured};
use super::super::read::place;

/// Takes demands out of the metrics that do not count them, and tells of products that several metrics count.
pub(super) fn by_one_metric(
    measured: &mut [Measured],
    inventory: &Inventory,
    day: NaiveDate,
) -> Vec<Finding> {
    let mut notes = Vec::new();
    for (product, rights) in contested(measured, inventory, day) {
        let mut open: BTreeSet<(String, Holder)> = BTreeSet::new();
        for one in measured.iter_mut().filter(|one| one.product == product) {
            let metric = Arc::clone(&one.reading.metric);
            one.demands.retain(|demand| {
                let counting = counting(demand, &rights);
                if counting.len() > 1 {
                    open.insert((demand.subject.id.to_string(), demand.holder.clone()));
                }
                counting.contains(&*metric)
            });
        }
        notes.extend(tell(&product, &rights, &open));
    }
    notes
}

/// Products that are measured by several metrics, with the rights that hold.
fn contested<'a>(
    measured: &[Measured],
    inventory: &'a Inventory,
    day: NaiveDate,
) -> Vec<(Product, Vec<&'a Entitlement>)> {
    let mut metrics: BTreeMap<&Product, BTreeSet<&str>> = BTreeMap::new();
    for one in measured {
        metrics.entry(&one.product).or_default().insert(&one.reading.metric);
    }
    let several = metrics.into_iter().filter(|(_, metrics)| metrics.len() > 1);
    let with_rights = several.filter_map(|(product, metrics)| {
        let own = inventory.entitlements.iter().filter(|right| {
            right.days.contains(day)
                && is_same_product(&right.product, product)
                && metrics.contains(&*right.metric)
        });
        let rights: Vec<&Entitlement> = own.collect();
        let named: BTreeSet<&str> = rights.iter().map(|right| &*right.metric).collect();
        (named.len() > 1).then(|| (product.clone(), rights))
    });
    with_rights.collect()
}

/// The metrics that count a demand: at least one.
fn counting<'a>(demand: &Demand, rights: &[&'a Entitlement]) -> BTreeSet<&'a str> {
    let of = |fits: &dyn Fn(&Entitlement) -> bool| -> BTreeSet<&'a str> {
        let own = rights.iter().filter(|right| fits(right));
        own.map(|right| &*right.metric).collect()
    };
    let id = &demand.subject.id;
    let assigned = of(&|right| right.assigned.contains(id));
    if !assigned.is_empty() {
        return assigned;
    }
    let fitting = of(&|right| right.assigned.is_empty() && fits(&right.holder, &demand.holder));
    // What no right fits is lacking whatever counts it.
    if fitting.is_empty() { of(&|_| true) } else { fitting }
}

fn fits(right: &Holder, used: &Holder) -> bool {
    let fits = |own: &Option<Arc<str>>, asked: &Option<Arc<str>>| own.is_none() || own == asked;
    fits(&right.legal_entity, &used.legal_entity)
        && fits(&right.region, &used.region)
        && fits(&right.pool, &used.pool)
        && fits(&right.environment, &used.environment)
}

fn tell(
    product: &Product,
    rights: &[&Entitlement],
    open: &BTreeSet<(String, Holder)>,
) -> Option<Finding> {
    let (first, _) = open.first()?;
    let metrics: BTreeSet<&str> = rights.iter().map(|right| &*right.metric).collect();
    let metrics: Vec<&str> = metrics.into_iter().collect();
    let text = format!(
        "{} has rights in several metrics ({}), and each counts `{first}`",
        shown(product),
        metrics.join(", ")
    );
    let help = "assign the rights (`assigned`), or restrict them by environment, pool or legal entity, so that each use is counted once";
    let finding = Finding::new(Code::LicenseCountedTwice, text).help(help);
    let origin = rights.iter().map(|right| &right.origin).min()?;
    Some(finding.count(open.len() as u64).at(place(origin)))
}
