//! Who bears a lot at the end of all stages: divisions chained through pools, as exact shares.
//!
//! A division's parts that went to pools are followed into the lots that received them, down to
//! owners and `Unallocated`. A division comes before those of the pools that it gave to, so one pass
//! from the last to the first sees every chain whole.
//!
//! A price is no share. Where what it recovers is a part of what the pool holds, and a pool bears
//! none of the rest, the lots are shared as the price comes out: each consumer's charge, and what is
//! left. Else the lots go where the division says, and the charges are transfers between parties
//! that sum to zero; they are kept apart as such.
//!
//! Invariant: shares of a lot are never negative and sum to the whole, per metric.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::NaiveDate;
use num_bigint::{BigInt, BigUint};
use num_integer::Integer as _;
use num_rational::Ratio;
use num_traits::{One, Zero};

use crate::domain::{Amount, CostMetric, Costs, Currency, DateRange, split};
use crate::rules::PoolName;

use super::model::{Allocation, Division, LotKey, Party, Shares, When};
use super::pools::segment_of;

/// Digits of a ratio that is shown.
const RATIO_DIGITS: u32 = 15;

type Fraction = Ratio<BigUint>;
type Parties = BTreeMap<Party, Fraction>;
type ByMetric = [Arc<Parties>; CostMetric::COUNT];

/// Who bears the charges of a division.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FinalBearers {
    /// The pool's label.
    pub(super) pool: Arc<str>,
    /// How the pool itself is divided, in words.
    pub(super) method: String,
    /// Owners and `Unallocated`, in the order of parties.
    pub(super) parties: Vec<Party>,
    /// Whole-number weights of the parties, by metric.
    pub(super) weights: [Arc<Vec<BigUint>>; CostMetric::COUNT],
    /// Their parts of `EffectiveCost`, rounded so that they sum to one.
    pub(super) ratios: Vec<Amount>,
    /// Quantity and unit of the driver, where a party's part goes by nothing else.
    pub(super) usage: Vec<Option<(Amount, String)>>,
}

/// The final bearers of all lots of a month.
#[derive(Debug)]
pub struct FinalShares<'a> {
    allocation: &'a Allocation,
    bearers: HashMap<u32, FinalBearers>,
    /// What prices moved between parties beside all shares; sums to zero.
    pub transfers: BTreeMap<(Party, Currency), Costs>,
}

impl<'a> FinalShares<'a> {
    #[must_use]
    pub fn of(allocation: &'a Allocation, segments: &[DateRange]) -> Self {
        let mut chains = Chains { allocation, segments, found: Vec::new(), plain: HashMap::new() };
        let of_lots: BTreeSet<u32> = allocation.lots.values().copied().collect();
        let prices = chains.prices(&of_lots);
        let count = allocation.divisions.len();
        chains.found = vec![None; count];
        let mut shared_as_charged = BTreeSet::new();
        for at in (0..count).rev() {
            let mut of = chains.by_metric(at);
            let price = prices.get(&allocation.divisions[at].label).copied();
            if of_lots.contains(&number(at))
                && let Some(price) = price
                && let Some(charged) = chains.as_charged(at, price, &of_lots)
            {
                of[priced(&allocation.divisions[price]) as usize] = Arc::new(charged);
                shared_as_charged.insert(price);
            }
            chains.found[at] = Some(of);
        }
        let mut transfers = BTreeMap::new();
        for price in prices.values().filter(|price| !shared_as_charged.contains(*price)) {
            chains.transfer(*price, &mut transfers);
        }
        let bearers = of_lots.iter().map(|at| (*at, chains.bearers(*at as usize))).collect();
        Self { allocation, bearers, transfers }
    }

    /// The bearers of a charge of a pool, by its lot where days are not told apart, and its day.
    #[must_use]
    pub(super) fn of_charge(&self, lot: &LotKey, day: NaiveDate) -> Option<&FinalBearers> {
        let lots = &self.allocation.lots;
        let found = lots.get(lot).or_else(|| {
            let key = LotKey { when: When::Day(day), ..lot.clone() };
            lots.get(&key)
        });
        self.bearers.get(found?)
    }
}

fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

struct Chains<'a> {
    allocation: &'a Allocation,
    segments: &'a [DateRange],
    /// By division, from the last one.
    found: Vec<Option<ByMetric>>,
    /// Of shares that no pool has a part in, which many divisions have in common.
    plain: HashMap<usize, Arc<Parties>>,
}

impl Chains<'_> {
    fn division(&self, at: usize) -> &Division {
        &self.allocation.divisions[at]
    }

    fn by_metric(&mut self, at: usize) -> ByMetric {
        CostMetric::ALL.map(|metric| {
            let shares = self.allocation.divisions[at].shares[metric as usize].clone();
            let is_plain = shares.parts.iter().all(|part| part.pool.is_none());
            let key = Arc::as_ptr(&shares) as usize;
            if is_plain && let Some(known) = self.plain.get(&key) {
                return known.clone();
            }
            let parties = Arc::new(self.chained(at, metric, &shares));
            if is_plain {
                self.plain.insert(key, parties.clone());
            }
            parties
        })
    }

    fn chained(&self, at: usize, metric: CostMetric, shares: &Shares) -> Parties {
        let mut parties = Parties::new();
        for part in shares.parts.iter().filter(|part| !part.share.is_zero()) {
            self.give(at, metric, (&part.to, part.pool.as_ref()), &part.share, &mut parties);
        }
        parties
    }

    /// Gives a part of a division to who bears it in the end.
    fn give(
        &self,
        at: usize,
        metric: CostMetric,
        (to, pool): (&Party, Option<&PoolName>),
        part: &Fraction,
        parties: &mut Parties,
    ) {
        let Some(pool) = pool else {
            *parties.entry(to.clone()).or_default() += part;
            return;
        };
        // What never arrived, because it came to nothing in all, is borne by nobody in particular.
        let given_on = self.received_by(at, pool).and_then(|next| self.found.get(next)?.as_ref());
        match given_on {
            Some(next) => {
                for (party, share) in &*next[metric as usize] {
                    *parties.entry(party.clone()).or_default() += share * part;
                }
            }
            None => *parties.entry(Party::Unallocated).or_default() += part,
        }
    }

    /// The division of the lot into which a pool received what a division gave it.
    fn received_by(&self, at: usize, pool: &PoolName) -> Option<usize> {
        let division = self.division(at);
        let (when, traits) = (division.when, Vec::new());
        let (component, currency) = (division.component.clone(), division.currency);
        let mut key = LotKey { pool: pool.clone(), when, component, currency, traits };
        let lots = &self.allocation.lots;
        let mut found = lots.get(&key);
        if let (None, When::Day(day)) = (found, key.when) {
            key.when = When::Segment(segment_of(self.segments, day));
            found = lots.get(&key);
        }
        // Shares of what was received are the same for every kind of cost.
        let alike = || {
            let same = |other: &LotKey| {
                other.when == key.when && other.currency == currency && other.traits.is_empty()
            };
            let of_pool = |other: &LotKey| other.pool == *pool;
            let lots = lots.iter().filter(|(other, _)| of_pool(other) && same(other));
            lots.map(|(_, division)| division).next()
        };
        found.or_else(alike).map(|next| *next as usize).filter(|next| *next > at)
    }

    /// The divisions that are charges of a price, by their pools' labels.
    fn prices(&self, of_lots: &BTreeSet<u32>) -> BTreeMap<Arc<str>, usize> {
        let divisions = self.allocation.divisions.iter().enumerate();
        let prices = divisions.filter(|(at, _)| !of_lots.contains(&number(*at)));
        prices.map(|(at, division)| (division.label.clone(), at)).collect()
    }

    /// The shares of a pool's `EffectiveCost` that its price comes out to; `None` where it is not a
    /// part of what the pool holds.
    fn as_charged(&self, at: usize, price: usize, of_lots: &BTreeSet<u32>) -> Option<Parties> {
        let (lot, charged) = (self.division(at), self.division(price));
        let metric = priced(charged);
        let [rest] = lot.shares[metric as usize].parts.as_slice() else { return None };
        let parts = &charged.shares[metric as usize].parts;
        let (last, consumers) = parts.split_last()?;
        let is_solved = lot.shares[metric as usize].method.starts_with("reciprocal");
        let is_plain = rest.pool.is_none() && rest.to == last.to && price < at;
        if is_solved
            || !is_plain
            || lot.currency != charged.currency
            || lot.step != charged.step + 1
        {
            return None;
        }
        let of_pool = |other: &&u32| {
            let other = self.division(**other as usize);
            other.label == lot.label && other.currency == lot.currency
        };
        let lots = of_lots.iter().filter(of_pool);
        let whole: Amount = lots.map(|other| self.division(*other as usize).costs[metric]).sum();
        let given = &charged.given[metric as usize];
        let left = whole + *given.last()?;
        if whole.is_negative() || whole.is_zero() || left.is_negative() {
            return None;
        }
        let of_whole = |amount: Amount| {
            let (amount, whole) = (amount.to_units(), whole.to_units());
            Ratio::new(amount.magnitude().clone(), whole.magnitude().clone())
        };
        let mut parties = Parties::new();
        for (part, amount) in consumers.iter().zip(given).filter(|(_, amount)| !amount.is_zero()) {
            let to = (&part.to, part.pool.as_ref());
            self.give(price, metric, to, &of_whole(*amount), &mut parties);
        }
        if !left.is_zero() {
            *parties.entry(rest.to.clone()).or_default() += of_whole(left);
        }
        Some(parties)
    }

    /// Adds what a price moved between those who bear it in the end.
    fn transfer(&self, price: usize, sums: &mut BTreeMap<(Party, Currency), Costs>) {
        let division = self.division(price);
        let metric = priced(division);
        let parts = &division.shares[metric as usize].parts;
        for (part, given) in parts.iter().zip(&division.given[metric as usize]) {
            let mut parties = Parties::new();
            let to = (&part.to, part.pool.as_ref());
            self.give(price, metric, to, &Fraction::one(), &mut parties);
            let (names, weights): (Vec<Party>, Vec<BigUint>) = weighed(&parties).unzip();
            let Some(done) = split(*given, &weights, crate::domain::SCALE) else { continue };
            for (party, amount) in names.into_iter().zip(done.parts) {
                sums.entry((party, division.currency)).or_default()[metric] += amount;
            }
        }
    }

    fn bearers(&self, at: usize) -> FinalBearers {
        let division = self.division(at);
        let found = self.found[at].as_ref().expect("every division was followed");
        let all = found.iter().flat_map(|parties| parties.keys());
        let parties: Vec<Party> = all.cloned().collect::<BTreeSet<_>>().into_iter().collect();
        let mut weights: Vec<Arc<Vec<BigUint>>> = Vec::new();
        for (index, of_metric) in found.iter().enumerate() {
            let same = (0..index).find(|before| Arc::ptr_eq(&found[*before], of_metric));
            let weights_of = || {
                let known: BTreeMap<Party, BigUint> = weighed(of_metric).collect();
                let weight = |party| known.get(party).cloned().unwrap_or_default();
                Arc::new(parties.iter().map(weight).collect())
            };
            weights.push(same.map_or_else(weights_of, |before| weights[before].clone()));
        }
        let effective = &weights[CostMetric::EffectiveCost as usize];
        let ratios = split(Amount::ONE, effective, RATIO_DIGITS);
        let shares = &division.shares[CostMetric::EffectiveCost as usize];
        FinalBearers {
            pool: division.label.clone(),
            method: shares.method.clone(),
            ratios: ratios.map_or_else(Vec::new, |done| done.parts),
            usage: parties.iter().map(|party| usage_of(shares, party)).collect(),
            weights: weights.try_into().expect("one for each metric"),
            parties,
        }
    }
}

/// Fractions as whole numbers in the same proportion.
fn weighed(parties: &Parties) -> impl Iterator<Item = (Party, BigUint)> + '_ {
    let common = parties.values().fold(BigUint::one(), |all, share| all.lcm(share.denom()));
    parties.iter().map(move |(party, share)| (party.clone(), (share * &common).to_integer()))
}

/// What a party used of the one driver by which it has its part.
fn usage_of(shares: &Shares, party: &Party) -> Option<(Amount, String)> {
    let is_direct = shares.parts.iter().all(|part| part.pool.is_none());
    let part = shares.parts.iter().find(|part| part.to == *party)?;
    if !is_direct || !shares.method.starts_with("driver ") {
        return None;
    }
    let (quantity, unit) = part.driver_value.split_once(' ')?;
    let quantity = quantity.parse().ok()?;
    Some((quantity, unit.to_owned()))
}

/// What a metric's amount comes to for each party; it is divided to its own last digit, so that
/// nothing is left.
pub(super) fn borne(amount: Amount, weights: &[BigUint]) -> Vec<Amount> {
    if let [_] = weights {
        return vec![amount];
    }
    let digits = amount.digits().max(super::pools::LEAST_DIGITS);
    split(amount, weights, digits)
        .map_or_else(|| vec![Amount::ZERO; weights.len()], |done| done.parts)
}

/// The metric in which a price is charged: that of which its division tells shares.
fn priced(price: &Division) -> CostMetric {
    let is_told = |metric: &CostMetric| !price.shares[*metric as usize].parts.is_empty();
    CostMetric::ALL.into_iter().find(is_told).unwrap_or(CostMetric::EffectiveCost)
}

/// By how much the sum of so many charges that were divided one by one may differ from a share of
/// their sum, where pools are divided so many times into multiples of `10^-digits`.
#[must_use]
pub fn tolerance(charges: u64, divisions: usize, digits: Option<u32>) -> Option<Amount> {
    let least = super::pools::LEAST_DIGITS;
    let quantum = |digits: u32| BigInt::from(10).pow(crate::domain::SCALE - digits.min(36));
    let of_pools = quantum(digits.unwrap_or(least).min(crate::domain::SCALE));
    let units = BigInt::from(charges) * quantum(least) + BigInt::from(2 * divisions) * of_pools;
    Amount::from_units(&units)
}
