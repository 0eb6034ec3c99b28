//! Hosts that may be covered whole, instead of each machine on them.

use std::collections::BTreeMap;

use num_traits::Signed;

use crate::licenses::extent::{Extent, Number};
use crate::licenses::inventory::{Product, UseRight};
use crate::licenses::matching::{
    Bound, MatchInput, Need, Right, World, is_named, is_same_product, shown,
};
use crate::licenses::measured::{Demand, SubjectKind};
use crate::rules::licenses::{ProductName, WholeHost};

/// A host of a kind, and the machines on it.
#[derive(Clone, Debug)]
pub(super) struct Host {
    pub(super) id: String,
    /// Its place among the uses.
    pub(super) need: usize,
    /// Uses on it, with their units.
    pub(super) machines: Vec<(usize, Number)>,
}

/// Hosts that are alike: of as many units, with machines that need as much of the same.
#[derive(Clone, Debug)]
pub(super) struct HostKind {
    pub(super) product: ProductName,
    pub(super) as_product: Product,
    pub(super) shown: String,
    pub(super) right: UseRight,
    /// Units that one host takes.
    pub(super) units: Number,
    /// Rights that may cover them.
    pub(super) rights: Vec<usize>,
    pub(super) hosts: Vec<Host>,
    /// Uses on the first of them: those on the others are like them.
    pub(super) machines: Vec<(usize, Number)>,
}

impl HostKind {
    /// Units that all its hosts take.
    pub(super) fn total(&self) -> Number {
        Number::from_integer(self.hosts.len().into()) * &self.units
    }
}

/// The hosts of a world that rules allow to be covered whole, as uses of the edition that covers them.
pub(super) fn host_demands<'a>(
    input: &MatchInput<'a>,
    world: &World,
    bound: Bound,
) -> Vec<(Demand, &'a WholeHost)> {
    let mut found = Vec::new();
    for rule in input.rules.whole_hosts.iter().filter(|rule| *rule.metric == *world.metric) {
        let measured = input.measured.iter().filter(|measured| {
            *measured.reading.metric == *rule.by && *measured.product.name == *rule.product.product
        });
        // A reading of the same name, else the only one there is.
        let all: Vec<_> = measured.collect();
        let same: Vec<_> = all
            .iter()
            .filter(|measured| measured.reading.interpretation == world.interpretation)
            .collect();
        let used = if same.is_empty() { all.iter().collect() } else { same };
        let demands = used.into_iter().flat_map(|measured| &measured.demands);
        for demand in demands.filter(|demand| demand.subject.kind == SubjectKind::Host) {
            let quantity = match bound {
                Bound::High => demand.quantity.high(),
                Bound::Exact | Bound::Low => Some(demand.quantity.low()),
            };
            let Some(quantity) = quantity.cloned() else { continue };
            let publisher = demand.product.publisher.clone();
            let product = Product {
                publisher: publisher.or_else(|| rule.product.publisher.as_deref().map(Into::into)),
                name: rule.product.product.as_str().into(),
                edition: rule.product.edition.as_deref().map(Into::into),
            };
            let quantity = Extent::known(quantity);
            found.push((Demand { product, quantity, ..demand.clone() }, rule));
        }
    }
    found.sort_by(|a, b| {
        let key = |demand: &Demand| {
            (demand.product.clone(), demand.subject.clone(), demand.holder.clone())
        };
        key(&a.0).cmp(&key(&b.0))
    });
    found.dedup_by(|a, b| a.0.subject == b.0.subject && a.0.product == b.0.product);
    found
}

/// Hosts by their kind. `all` holds the uses, then the hosts.
pub(super) fn host_kinds(
    demands: &[(Demand, &WholeHost)],
    all: &[Need<'_>],
    uses: usize,
    missing: &[Option<Number>],
    rights: &[&Right<'_>],
) -> Vec<HostKind> {
    let mut by_host: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, need) in all[..uses].iter().enumerate() {
        if let Some(host) = &need.host {
            by_host.entry(host).or_default().push(index);
        }
    }
    let mut kinds: BTreeMap<_, HostKind> = BTreeMap::new();
    for (place, (demand, rule)) in demands.iter().enumerate() {
        let Some(right) = UseRight::named(rule.right) else { continue };
        let on_it = by_host.get(&*demand.subject.id).map_or(&[][..], Vec::as_slice);
        let machines: Vec<(usize, Number)> = on_it
            .iter()
            .filter(|index| is_same_product(&all[**index].demand.product, &demand.product))
            // What something else covers in part already would be covered twice.
            .filter(|index| missing[**index] == all[**index].quantity)
            .filter_map(|index| Some((*index, missing[*index].clone()?)))
            .filter(|(_, units)| units.is_positive())
            .collect();
        if machines.is_empty() {
            continue;
        }
        let may = |index: &usize| {
            let own = rights[*index];
            let holder = &own.holder;
            let used = &demand.holder;
            let fits = |own: &Option<_>, used: &Option<_>| own.is_none() || own == used;
            is_named(&own.entitlement.product, &rule.product)
                && own.rights.contains(&right)
                && fits(&holder.legal_entity, &used.legal_entity)
                && fits(&holder.region, &used.region)
                && fits(&holder.pool, &used.pool)
                && fits(&holder.environment, &used.environment)
        };
        let may_cover: Vec<usize> = (0..rights.len()).filter(may).collect();
        let units = demand.quantity.low().clone();
        let like = |index: &usize| {
            let need = &all[*index];
            (
                need.demand.product.clone(),
                need.demand.version.clone(),
                need.demand.holder.clone(),
                need.required.clone(),
            )
        };
        let alike: Vec<_> =
            machines.iter().map(|(index, units)| (like(index), units.clone())).collect();
        let key = (demand.product.clone(), units.clone(), may_cover.clone(), alike);
        let kind = kinds.entry(key).or_insert_with(|| HostKind {
            product: rule.product.clone(),
            as_product: demand.product.clone(),
            shown: shown(&demand.product),
            right,
            units,
            rights: may_cover,
            hosts: vec![],
            machines: machines.clone(),
        });
        kind.hosts.push(Host { id: demand.subject.id.to_string(), need: uses + place, machines });
    }
    kinds.into_values().collect()
}
