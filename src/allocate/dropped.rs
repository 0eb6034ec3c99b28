//! The policy `dropped_usage`: what is unused of a commitment is borne by those who use less of this
//! very commitment than in the month before.
//!
//! Use is the `EffectiveCost` of used charges as rules classified them. The month before is taken
//! at the length of this one, so that a short month is no drop. Where nobody's use fell, or nothing
//! is known of the month before, the charge is borne as the rules behind the policy say; each of
//! its lots carries who that is.

use std::collections::{BTreeMap, BTreeSet};

use num_bigint::{BigInt, BigUint};
use num_integer::Integer as _;
use num_rational::Ratio;
use num_traits::{One as _, Signed as _, Zero as _};

use crate::diagnostics::{Code, Finding};
use crate::domain::{Amount, CostMetric, Currency, Period, SCALE};
use crate::rules::{PoolName, RuleSet, SplitMethod};

use super::commitments::CommitmentPart;
use super::cube::{Bearer, Cube, Group, NameId};
use super::model::Party;
use super::shares::{Of, Weigher, Weight, Weights};
use super::usage::Receiver;

/// Provider, `CommitmentDiscountId` and currency.
type Commitment = (Option<String>, Option<String>, Currency);

/// Who used less of which commitment than in the month before.
#[derive(Debug, Default)]
pub(super) struct Dropped {
    /// Whether anything is known of the month before.
    has_history: bool,
    used: BTreeMap<Commitment, BTreeMap<Receiver, Use>>,
    /// Pools that may bear what is unused.
    pub(super) pools: BTreeSet<PoolName>,
    days: [BigInt; 2],
}

/// Use in the month before and in this one.
#[derive(Clone, Copy, Debug, Default)]
struct Use([Amount; 2]);

impl Dropped {
    /// Nothing where no pool goes by it.
    pub(super) fn of(cube: &Cube, rules: &RuleSet, month: Period) -> Self {
        let is_asked =
            |pool: &crate::rules::Pool| matches!(pool.split, SplitMethod::DroppedUsage { .. });
        if !rules.pools.iter().any(is_asked) {
            return Self::default();
        }
        let prior = month.prior();
        let mut found = Self {
            has_history: cube.groups_of(prior).next().is_some(),
            days: [prior, month]
                .map(|month| BigInt::from((month.last() - month.first()).num_days() + 1)),
            ..Self::default()
        };
        let used = cube.commitments.iter().filter(|(key, _)| key.part == CommitmentPart::Used);
        for (key, sum) in used.filter(|(key, _)| [prior, month].contains(&key.month)) {
            let [provider, id] = [key.commitment.provider, key.commitment.id]
                .map(|name| cube.name(name).map(str::to_owned));
            let commitment = (provider, id, key.commitment.currency);
            let users = found.used.entry(commitment).or_default();
            let user = users.entry(receiver(cube, key.verdict.bearer)).or_default();
            user.0[usize::from(key.month == month)] += sum.costs[CostMetric::EffectiveCost];
        }
        found.pools = found.used.values().flat_map(BTreeMap::keys).filter_map(pool_of).collect();
        let classified = cube.groups_of(month).filter_map(|cells| cells.group.classified);
        let classified = classified.map(|verdict| receiver(cube, verdict.bearer));
        found.pools.extend(classified.filter_map(|receiver| pool_of(&receiver)));
        found
    }

    /// By how much the use of each fell, as a fraction of its currency's unit.
    fn falls(&self, commitment: &Commitment) -> Vec<(Receiver, Ratio<BigUint>, Use)> {
        let [days_before, days_now] = &self.days;
        let fall = |(user, used): (&Receiver, &Use)| {
            let [before, now] = used.0.map(Amount::to_units);
            let fallen = before * days_now - now * days_before;
            let whole = days_before.magnitude() * BigUint::from(10_u32).pow(SCALE);
            let is_fall = fallen.is_positive();
            is_fall.then(|| (user.clone(), Ratio::new(fallen.magnitude().clone(), whole), *used))
        };
        self.used.get(commitment).into_iter().flatten().filter_map(fall).collect()
    }
}

impl Weigher<'_> {
    /// By how much the use of the lot's commitment fell; where it fell nowhere, as classified.
    pub(super) fn dropped(&self, of: Of<'_>, findings: &mut Vec<Finding>) -> Weights {
        let [provider, id, classified] = &of.lot.traits[..] else { return Weights::default() };
        let commitment = (provider.clone(), id.clone(), of.lot.currency);
        let dropped = &self.usage.dropped;
        let falls = if id.is_some() { dropped.falls(&commitment) } else { Vec::new() };
        if falls.is_empty() {
            let why = if !dropped.has_history {
                format!("no charge of {} is at hand", self.month.prior())
            } else if let Some(id) = id {
                format!("of `{id}`, nobody uses less than in {}", self.month.prior())
            } else {
                "the bill does not say of which commitment".to_owned()
            };
            let text = format!(
                "what is unused of commitments in {} has nobody who used it before: {why}; it is borne as classified",
                self.month
            );
            let help = "run with the bills of the month before at hand, or declare another policy for `unused_commitment`";
            self.report(Finding::new(Code::NoDroppedUsage, text).help(help), findings);
            return self.as_classified(classified.as_deref());
        }
        let total: Ratio<BigUint> = falls.iter().map(|(_, fall, _)| fall).sum();
        let parts = falls.into_iter().map(|(user, fall, Use([before, now]))| {
            let text = format!("{} (from {before} to {now})", decimal(&fall));
            let (to, pool) = self.consumer(user, of, findings);
            Weight { to, pool, size: fall, text }
        });
        let parts = parts.collect();
        let method = format!("dropped usage against {}", self.month.prior());
        Weights { method, total: decimal(&total), parts, ..Weights::default() }
    }

    fn as_classified(&self, classified: Option<&str>) -> Weights {
        let pool_of = |label: &str| self.rules.pool_named(label);
        let (to, pool) = match classified.and_then(|text| text.split_once(':')) {
            Some((OWNER, owner)) => (Party::Owner(owner.to_owned()), None),
            Some((_, label)) => (Party::Pool(label.to_owned()), pool_of(label)),
            None => (Party::Unallocated, None),
        };
        let weight = Weight { to, pool, size: Ratio::one(), text: "1".to_owned() };
        let method = "dropped usage: as classified".to_owned();
        Weights { method, total: "1".to_owned(), parts: vec![weight], ..Weights::default() }
    }
}

/// As a decimal where it comes out even, else as a fraction: what a share is made of is shown exactly.
fn decimal(fall: &Ratio<BigUint>) -> String {
    let (units, rest) = (fall.numer() * BigUint::from(10_u32).pow(SCALE)).div_rem(fall.denom());
    let even = Amount::from_units(&BigInt::from(units)).filter(|_| rest.is_zero());
    even.map_or_else(|| fall.to_string(), |amount| amount.to_string())
}

const OWNER: &str = "owner";

/// Who would bear a charge without the policy, as a lot of it carries it; `None` is nobody.
pub(super) fn classified_text<'n>(
    name: impl Fn(NameId) -> Option<&'n str>,
    rules: &RuleSet,
    group: &Group,
) -> Option<String> {
    match group.classified?.bearer {
        Bearer::Owner(owner) => Some(format!("{OWNER}:{}", name(owner).unwrap_or_default())),
        Bearer::Pool(pool, value) => Some(format!("pool:{}", rules.pool(pool).label(name(value)))),
        Bearer::Unallocated(_) => None,
    }
}

fn receiver(cube: &Cube, bearer: Bearer) -> Receiver {
    match bearer {
        Bearer::Owner(name) => Receiver::Owner(cube.text(name).to_owned()),
        Bearer::Pool(pool, value) => {
            Receiver::Pool(PoolName { pool, value: cube.name(value).map(str::to_owned) })
        }
        Bearer::Unallocated(_) => Receiver::Nobody,
    }
}

fn pool_of(receiver: &Receiver) -> Option<PoolName> {
    match receiver {
        Receiver::Pool(pool) => Some(pool.clone()),
        Receiver::Owner(_) | Receiver::Nobody => None,
    }
}
