//! What of the entitlements holds on the day.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use num_traits::{Signed, Zero};

use crate::licenses::extent::Number;
use crate::licenses::inventory::{Entitlement, Holder, LicenseKind, Product, UseRight};
use crate::rules::licenses::Reserve;

use super::{MatchInput, NotUsed};

/// A right that holds, or the part of it that is set aside for a pool.
#[derive(Clone, Debug)]
pub(in crate::licenses) struct Right<'a> {
    pub(in crate::licenses) entitlement: &'a Entitlement,
    /// With the pool of a reserve.
    pub(in crate::licenses) holder: Holder,
    /// `None` where unlimited.
    pub(in crate::licenses) quantity: Option<Number>,
    /// Products with the newest version that each covers; `None` where any. The first is its own, the others those of
    /// what an upgrade stands on.
    pub(in crate::licenses) covers: Vec<(&'a Product, Option<Arc<str>>)>,
    pub(in crate::licenses) rights: BTreeSet<UseRight>,
}

impl<'a> Right<'a> {
    pub(in crate::licenses) fn metric(&self) -> &'a Arc<str> {
        &self.entitlement.metric
    }

    pub(super) fn not_used(&self, quantity: Option<Number>, reason: String) -> NotUsed {
        NotUsed {
            entitlement: Arc::clone(&self.entitlement.id),
            product: self.entitlement.product.clone(),
            holder: self.holder.clone(),
            quantity,
            holds: true,
            reason,
        }
    }
}

/// Rights that hold, ordered by id and pool, and the entitlements that give none, with the reason.
pub(in crate::licenses) fn held<'a>(input: &MatchInput<'a>) -> (Vec<Right<'a>>, Vec<NotUsed>) {
    let by_id: BTreeMap<&str, &'a Entitlement> =
        input.inventory.entitlements.iter().map(|right| (&*right.id, right)).collect();
    let standing = Standing { input, by_id };
    let (mut rights, mut out) = (BTreeMap::new(), Vec::new());
    for entitlement in standing.by_id.values().copied() {
        match standing.why_not(entitlement) {
            Some(reason) => out.push(none(entitlement, reason)),
            None => drop(rights.insert(&*entitlement.id, standing.right(entitlement))),
        }
    }
    lift_bases(&mut rights);
    let all = rights.into_values().flat_map(|right| divided(right, &input.rules.reserves));
    (all.collect(), out)
}

fn none(entitlement: &Entitlement, reason: String) -> NotUsed {
    NotUsed {
        entitlement: Arc::clone(&entitlement.id),
        product: entitlement.product.clone(),
        holder: entitlement.holder.clone(),
        quantity: entitlement.quantity.clone(),
        holds: false,
        reason,
    }
}

struct Standing<'a, 'i> {
    input: &'i MatchInput<'a>,
    by_id: BTreeMap<&'a str, &'a Entitlement>,
}

impl<'a> Standing<'a, '_> {
    fn base(&self, entitlement: &Entitlement) -> Option<&'a Entitlement> {
        self.by_id.get(&**entitlement.base.as_ref()?).copied()
    }

    /// Why an entitlement gives no right; `None` where it does.
    fn why_not(&self, entitlement: &Entitlement) -> Option<String> {
        if let Some(reason) = self.out_of_time(entitlement) {
            return Some(reason);
        }
        if !needs_base(entitlement.kind) {
            return None;
        }
        let noun = noun(entitlement.kind);
        let Some(told) = &entitlement.base else {
            return Some(format!("{noun} that is linked to no entitlement"));
        };
        let mut seen = BTreeSet::from([&*entitlement.id]);
        let mut base = self.base(entitlement);
        loop {
            let Some(found) = base else {
                return Some(format!("{noun} of {told}, which is not there"));
            };
            if !seen.insert(&*found.id) {
                return Some(format!("{noun} of {told}, which stands on itself"));
            }
            if found.kind == LicenseKind::Maintenance {
                return Some(format!("{noun} of {}, which is maintenance", found.id));
            }
            if let Some(reason) = self.out_of_time(found) {
                return Some(format!("{noun} of {}, which {reason}", found.id));
            }
            if !needs_base(found.kind) {
                break;
            }
            base = self.base(found);
        }
        let is_maintenance = entitlement.kind == LicenseKind::Maintenance;
        is_maintenance.then(|| format!("maintenance of {told}; it covers no use of its own"))
    }

    fn out_of_time(&self, entitlement: &Entitlement) -> Option<String> {
        let (day, days) = (self.input.day, entitlement.days);
        if days.contains(day) {
            return None;
        }
        match (days.from(), days.to()) {
            (Some(from), _) if day < from => Some(format!("begins on {from}")),
            (_, Some(to)) => Some(format!("ended on {}", to.pred_opt().unwrap_or(to))),
            _ => None,
        }
    }

    fn right(&self, entitlement: &'a Entitlement) -> Right<'a> {
        let mut right = Right {
            entitlement,
            holder: entitlement.holder.clone(),
            quantity: entitlement.quantity.clone(),
            covers: vec![(&entitlement.product, self.newest(entitlement))],
            rights: entitlement.rights.clone(),
        };
        let mut base = if needs_base(entitlement.kind) { self.base(entitlement) } else { None };
        while let Some(found) = base {
            right.quantity = least(right.quantity.as_ref(), found.quantity.as_ref());
            if entitlement.kind == LicenseKind::Upgrade {
                right.covers.push((&found.product, self.newest(found)));
                right.rights.extend(&found.rights);
            }
            if right.holder == Holder::default() {
                right.holder = found.holder.clone();
            }
            base = if needs_base(found.kind) { self.base(found) } else { None };
        }
        right
    }

    /// The newest version that is covered; `None` where any is, as while maintenance holds.
    fn newest(&self, entitlement: &Entitlement) -> Option<Arc<str>> {
        let day = self.input.day;
        let own = entitlement.maintenance.is_some_and(|days| days.contains(day));
        let linked = self.by_id.values().any(|other| {
            other.kind == LicenseKind::Maintenance
                && other.base.as_ref() == Some(&entitlement.id)
                && other.days.contains(day)
        });
        if own || linked { None } else { entitlement.version_max.clone() }
    }
}

fn needs_base(kind: LicenseKind) -> bool {
    matches!(kind, LicenseKind::Maintenance | LicenseKind::Upgrade | LicenseKind::AddOn)
}

fn noun(kind: LicenseKind) -> &'static str {
    match kind {
        LicenseKind::Maintenance => "maintenance",
        LicenseKind::Upgrade => "an upgrade",
        LicenseKind::AddOn => "an add-on",
        LicenseKind::Perpetual | LicenseKind::Subscription => "a license",
    }
}

/// The lesser of two quantities, of which `None` is unlimited.
pub(super) fn least(one: Option<&Number>, other: Option<&Number>) -> Option<Number> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other).clone()),
        (one, other) => one.or(other).cloned(),
    }
}

/// Units that an upgrade lifted are no longer there at their base, because they are the same units.
fn lift_bases(rights: &mut BTreeMap<&str, Right<'_>>) {
    let upgrades: Vec<(&str, Option<Number>)> = rights
        .values()
        .filter(|right| right.entitlement.kind == LicenseKind::Upgrade)
        .filter_map(|right| Some((&**right.entitlement.base.as_ref()?, right.quantity.clone())))
        .collect();
    for (base, lifted) in upgrades {
        let Some(base) = rights.get_mut(base) else { continue };
        base.quantity = match (base.quantity.take(), lifted) {
            (None, _) => None,
            (Some(_), None) => Some(Number::zero()),
            (Some(own), Some(lifted)) => Some((own - lifted).max(Number::zero())),
        };
    }
}

/// A right in the parts that are set aside for pools, and what is left of it.
fn divided<'a>(right: Right<'a>, reserves: &[Reserve]) -> Vec<Right<'a>> {
    let mut parts = Vec::new();
    let mut rest = right;
    for reserve in reserves.iter().filter(|reserve| *reserve.entitlement == *rest.entitlement.id) {
        let part = least(rest.quantity.as_ref(), Some(&reserve.quantity));
        rest.quantity = rest.quantity.map(|own| own - part.clone().unwrap_or_else(Number::zero));
        let holder = Holder { pool: Some(reserve.pool.as_str().into()), ..rest.holder.clone() };
        parts.push(Right { holder, quantity: part, ..rest.clone() });
    }
    parts.push(rest);
    parts.retain(|part| part.quantity.as_ref().is_none_or(Signed::is_positive));
    parts
}
