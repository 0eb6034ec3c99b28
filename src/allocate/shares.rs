//! Who bears how much of a lot: from a pool's declaration to exact shares.
//!
//! Order: the declared way first; where it gives no weight at all, the declared policy for that
//! (once: a policy has no policy of its own); the cutoff last, because it goes by shares.
//!
//! Invariants: shares of a lot are never negative and sum to the whole; what nobody may take goes
//! to `Unallocated`, never away.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use num_bigint::{BigInt, BigUint};
use num_integer::Integer as _;
use num_rational::Ratio;
use num_traits::{One, Zero};

use crate::diagnostics::{Code, Finding, Place};
use crate::domain::{Amount, CostMetric, Costs, Currency, Org, Period, Share};
use crate::rules::{
    Base, Cutoff, CutoffInto, DriverUse, FieldId, Pool, PoolName, Price, RuleSet, SplitMethod,
    Target, ZeroDriver,
};

use super::holdings::{Holdings, Weighed};
use super::model::{LotKey, Part, Party, Shares, When};
use super::price::Charging;
use super::receivers::{Receiving, center_above, day_of};
use super::usage::{Asked, Receiver, Usage};

/// What receivers got from pools that were emptied before, by owner and currency.
pub(super) type Received = BTreeMap<(String, Currency), Costs>;

/// Weights that are not yet shares.
#[derive(Clone, Debug, Default)]
pub(super) struct Weights {
    pub(super) method: String,
    pub(super) total: String,
    pub(super) parts: Vec<Weight>,
    /// As in [`Shares`].
    pub(super) cut_off: Vec<(Party, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Weight {
    pub(super) to: Party,
    pub(super) pool: Option<PoolName>,
    pub(super) size: Ratio<BigUint>,
    /// In its own unit.
    pub(super) text: String,
}

impl Weights {
    fn sum(&self) -> Ratio<BigUint> {
        self.parts.iter().map(|part| &part.size).sum()
    }

    /// Shares of the whole; `None` where there is no weight.
    pub(super) fn shares(self) -> Option<Shares> {
        let sum = self.sum();
        if sum.is_zero() {
            return None;
        }
        let common = self.parts.iter().fold(BigUint::one(), |all, part| all.lcm(part.size.denom()));
        let part = |found: Weight| Part {
            share: &found.size / &sum,
            weight: (&found.size * &common).to_integer(),
            to: found.to,
            pool: found.pool,
            driver_value: found.text,
        };
        let mut parts: Vec<Part> = self.parts.into_iter().map(part).collect();
        parts.sort_by(|a, b| a.to.cmp(&b.to));
        let cut_off = self.cut_off;
        Some(Shares { method: self.method, driver_total: self.total, parts, cut_off })
    }
}

/// All goes to one.
pub(super) fn whole(to: Party, pool: Option<PoolName>, method: &str) -> Shares {
    let (driver_value, share, weight) = (String::new(), Ratio::one(), BigUint::one());
    let part = Part { to, pool, driver_value, share, weight };
    let (method, cut_off) = (method.to_owned(), Vec::new());
    Shares { method, driver_total: String::new(), parts: vec![part], cut_off }
}

/// What shares go by, for one pool at the time when it is emptied.
pub(super) struct Weigher<'a> {
    pub(super) rules: &'a RuleSet,
    pub(super) org: &'a Org,
    pub(super) month: Period,
    /// Other months serve as history; what they lack is no error.
    pub(super) is_period: bool,
    pub(super) usage: &'a Usage<'a>,
    pub(super) holdings: &'a Holdings<'a>,
    pub(super) received: &'a Received,
    pub(super) pool: &'a PoolName,
    /// Pools that get nothing, by a precedence that was declared.
    pub(super) barred: &'a BTreeSet<PoolName>,
    /// Costs by the values of fewer and fewer of the fields of `within`, and of how many.
    pub(super) weighed: Vec<(usize, Weighed<'a>)>,
}

/// The lot whose shares are asked.
#[derive(Clone, Copy)]
pub(super) struct Of<'a> {
    pub(super) lot: &'a LotKey,
    pub(super) receiving: &'a Receiving,
}

impl<'a> Weigher<'a> {
    pub(super) fn declared(&self) -> &'a Pool {
        self.rules.pool(self.pool.pool)
    }

    /// Looks up what the pool's receivers weigh, once for all of its lots.
    pub(super) fn prepare(&mut self) {
        let SplitMethod::Proportional { of, on_zero, .. } = &self.declared().split else { return };
        let within = &self.declared().within;
        let is_asked = |count: &usize| {
            // What came from other pools is of no part, and is shared by all cost.
            *count == 0 || *count == within.len() || *on_zero == ZeroDriver::Widen
        };
        let fields = |count: usize| (count, self.holdings.weighed(&within[..count], *of));
        self.weighed = (0..=within.len()).rev().filter(is_asked).map(fields).collect();
    }

    /// The shares of a lot, by metric.
    pub(super) fn shares(
        &self,
        of: Of<'_>,
        findings: &mut Vec<Finding>,
    ) -> [Arc<Shares>; CostMetric::COUNT] {
        if let SplitMethod::Rate { driver, price, remainder } = &self.declared().split {
            let rest = Arc::new(self.remainder(remainder, of, findings));
            let weights = if price.currency == of.lot.currency {
                self.charging(driver, price).recovered()
            } else {
                Weights::default()
            };
            let by_price = weights.shares().map_or_else(|| rest.clone(), Arc::new);
            // The price is of the metric that showback is about; the others go by what it weighs.
            let priced = self.rules.view.metric();
            return CostMetric::ALL
                .map(|metric| if metric == priced { rest.clone() } else { by_price.clone() });
        }
        let mut weights = self.weights(of, findings);
        // What a pool gives itself comes back to it, and is shared like the rest.
        weights.parts.retain(|part| part.pool.as_ref() != Some(self.pool));
        let is_barred = |part: &Weight| part.pool.as_ref().is_some_and(|p| self.barred.contains(p));
        if weights.parts.iter().any(is_barred) {
            weights.method = format!("{}, by precedence", weights.method);
            weights.parts.retain(|part| !is_barred(part));
        }
        let weights = match &self.declared().cutoff {
            Some(cutoff) => self.cut_off(weights, cutoff, of, findings),
            None => weights,
        };
        let method = weights.method.clone();
        let nobody = || whole(Party::Unallocated, None, &method);
        let shares = Arc::new(weights.shares().unwrap_or_else(nobody));
        CostMetric::ALL.map(|_| shares.clone())
    }

    fn charging<'w>(&'w self, driver: &'w DriverUse, price: &'w Price) -> Charging<'w> {
        Charging {
            rules: self.rules,
            org: self.org,
            usage: self.usage,
            month: self.month,
            pool: self.pool,
            driver,
            price,
            barred: self.barred,
        }
    }

    fn remainder(&self, remainder: &Target, of: Of<'_>, findings: &mut Vec<Finding>) -> Shares {
        let (to, pool) = match remainder {
            Target::Owner(owner) => (self.open(owner, of, "the rest", findings), None),
            Target::Pool(pool) if self.barred.contains(pool) || pool == self.pool => {
                (Party::Unallocated, None)
            }
            _ => party_of(remainder, self.rules),
        };
        whole(to, pool, "rate: what the price does not recover")
    }

    /// An owner where it is open; what else it would have stays unallocated, and is told.
    fn open(&self, owner: &str, of: Of<'_>, part: &str, findings: &mut Vec<Finding>) -> Party {
        let day = day_of(of.receiving.days, self.month);
        if self.org.is_undeclared() || self.org.on(owner, day).is_some() {
            return Party::Owner(owner.to_owned());
        }
        self.report(self.closed(owner, part), findings);
        Party::Unallocated
    }

    fn weights(&self, of: Of<'_>, findings: &mut Vec<Finding>) -> Weights {
        match &self.declared().split {
            SplitMethod::Even => self.even("even", of, findings),
            SplitMethod::Fixed(_) => self.fixed(of, findings),
            SplitMethod::Proportional { by, base, on_zero, .. } => {
                self.proportional(of, *by, *base).unwrap_or_else(|| {
                    let why = format!("no receiver has positive {by} in {}", of.lot.currency);
                    self.zero(of, &why, on_zero, findings)
                })
            }
            SplitMethod::Driver { drivers, on_zero } => {
                if let Some(missing) = self.missing(drivers, findings) {
                    return missing;
                }
                let day = match of.lot.when {
                    When::Day(day) if self.month.days().contains(day) => Some(day),
                    _ => None,
                };
                let mut found = self.by_drivers(drivers, day, of, findings);
                if found.is_none() && *on_zero == ZeroDriver::Widen {
                    found = self.by_drivers(drivers, None, of, findings);
                }
                found.unwrap_or_else(|| {
                    let names: Vec<_> = drivers.iter().map(|driver| driver.name.as_str()).collect();
                    let why = format!("driver {} has no quantity", names.join(", "));
                    self.zero(of, &why, on_zero, findings)
                })
            }
            SplitMethod::DroppedUsage { .. } => self.dropped(of, findings),
            SplitMethod::Rate { .. } => Weights::default(),
        }
    }

    fn even(&self, method: &str, of: Of<'_>, findings: &mut Vec<Finding>) -> Weights {
        let leaves = &of.receiving.leaves;
        if leaves.is_empty() {
            let name = self.declared().label(self.pool.value.as_deref());
            let text = format!("pool `{name}` has nobody to receive it in {}", self.month);
            let finding = Finding::new(Code::NoReceivers, text)
                .help("check include and exclude of the pool, and which cost centers are open");
            self.report(finding, findings);
            return Weights { method: "no receivers".to_owned(), ..Weights::default() };
        }
        let one = |owner: &String| Weight {
            to: Party::Owner(owner.clone()),
            pool: None,
            size: Ratio::one(),
            text: "1".to_owned(),
        };
        let (method, total) = (method.to_owned(), leaves.len().to_string());
        Weights { method, total, parts: leaves.iter().map(one).collect(), ..Weights::default() }
    }

    fn fixed(&self, of: Of<'_>, findings: &mut Vec<Finding>) -> Weights {
        let SplitMethod::Fixed(dated) = &self.declared().split else { return Weights::default() };
        let Some(shares) = of.receiving.dated.and_then(|at| dated.get(at)) else {
            let name = &self.declared().name;
            let text = format!("pool `{name}` has no shares for {}", of.receiving.days);
            let finding = Finding::new(Code::ClosedOwner, text)
                .help("declare shares for these days; until then they stay unallocated");
            self.report(finding, findings);
            return Weights { method: "fixed: no shares".to_owned(), ..Weights::default() };
        };
        let mut parts = Vec::new();
        for (target, share) in &shares.shares {
            let (mut to, pool) = party_of(target, self.rules);
            if let Target::Owner(owner) = target
                && !of.receiving.owners.contains(owner)
            {
                self.report(self.closed(owner, &share.to_string()), findings);
                to = Party::Unallocated;
            }
            parts.push(Weight { to, pool, size: share.ratio().clone(), text: share.to_string() });
        }
        Weights { method: "fixed".to_owned(), total: "1".to_owned(), parts, ..Weights::default() }
    }

    fn closed(&self, owner: &str, share: &str) -> Finding {
        let text = format!(
            "pool `{}` gives {share} to `{owner}`, which is not open on all charge dates of {}",
            self.declared().label(self.pool.value.as_deref()),
            self.month
        );
        Finding::new(Code::ClosedOwner, text)
            .help("name its successor in the shares; until then that share stays unallocated")
    }

    /// By the receivers' cost, where it is positive; `None` where it is for nobody.
    fn proportional(&self, of: Of<'_>, by: CostMetric, base: Base) -> Option<Weights> {
        let within = &self.declared().within;
        let SplitMethod::Proportional { on_zero, .. } = &self.declared().split else { return None };
        let is_received = of.lot.traits.is_empty();
        for (kept, weighed) in &self.weighed {
            if *kept < within.len() && !is_received && *on_zero != ZeroDriver::Widen {
                continue;
            }
            let values: Vec<Option<&str>> =
                of.lot.traits.iter().take(*kept).map(Option::as_deref).collect();
            // What came from another pool has no such values; it is for all.
            if values.len() < *kept {
                continue;
            }
            let costs = weighed.get(&(of.lot.currency, values.clone()));
            let found = self.costs(of, by, base, costs);
            let sum: Amount = found.iter().map(|(_, amount)| *amount).sum();
            if !sum.is_zero() {
                let said = within.iter().zip(&values).map(|(field, value)| {
                    format!("{}={}", self.rules.field_name(*field), value.unwrap_or("-"))
                });
                let said: Vec<String> = said.collect();
                let within = if said.is_empty() {
                    String::new()
                } else {
                    format!(" within {}", said.join(", "))
                };
                return Some(Weights {
                    method: format!("proportional by {by}{within}"),
                    total: sum.to_string(),
                    parts: found
                        .into_iter()
                        .map(|(owner, amount)| by_cost(owner, amount))
                        .collect(),
                    cut_off: Vec::new(),
                });
            }
        }
        None
    }

    fn costs(
        &self,
        of: Of<'_>,
        by: CostMetric,
        base: Base,
        direct: Option<&BTreeMap<&str, Costs>>,
    ) -> Vec<(String, Amount)> {
        let day = day_of(of.receiving.days, self.month);
        let mut weights: BTreeMap<String, Amount> = BTreeMap::new();
        for owner in of.receiving.owners.iter() {
            let mut amount =
                direct.and_then(|costs| costs.get(owner.as_str())).map_or(Amount::ZERO, |c| c[by]);
            if base == Base::Accumulated {
                let key = (owner.clone(), of.lot.currency);
                amount += self.received.get(&key).map_or(Amount::ZERO, |costs| costs[by]);
            }
            let to = match &self.declared().receivers.over {
                Some(level) => center_above(level, owner, self.org, day),
                None => Some(owner.clone()),
            };
            if let Some(to) = to {
                *weights.entry(to).or_default() += amount;
            }
        }
        weights.retain(|_, amount| !amount.is_negative() && !amount.is_zero());
        weights.into_iter().collect()
    }

    /// A driver without any row of the month that speaks of the pool: unknown, not zero.
    fn missing(&self, drivers: &[DriverUse], findings: &mut Vec<Finding>) -> Option<Weights> {
        let is_missing = |driver: &&DriverUse| !self.usage.is_there(driver, self.pool, self.rules);
        let driver = drivers.iter().find(is_missing)?;
        let label = self.declared().label(self.pool.value.as_deref());
        if self.is_period && self.usage.is_whole(driver) {
            let text = format!(
                "pool `{label}` is split by driver `{}`, which has no row for it in {}",
                driver.name, self.month
            );
            let finding = Finding::new(Code::DriverMissing, text).help(
                "add the month to the driver's files; a missing driver is not a driver of zero",
            );
            self.report(finding, findings);
        }
        Some(Weights { method: format!("driver {} missing", driver.name), ..Weights::default() })
    }

    /// By quantities of drivers, each with its part of the whole; `None` where any has none.
    fn by_drivers(
        &self,
        drivers: &[DriverUse],
        day: Option<chrono::NaiveDate>,
        of: Of<'_>,
        findings: &mut Vec<Finding>,
    ) -> Option<Weights> {
        let fields = self.declared().lot_fields();
        let mut weights: BTreeMap<Receiver, (Ratio<BigUint>, Vec<String>)> = BTreeMap::new();
        let mut totals = Vec::new();
        for driver in drivers {
            let value = |field: &FieldId| {
                let at = fields.iter().position(|known| known == field)?;
                of.lot.traits.get(at)?.as_deref()
            };
            let scope: Vec<Option<&str>> = driver.scope.iter().map(value).collect();
            let asked = Asked { pool: self.pool, day, scope: &scope };
            let found = self.usage.quantities(driver, asked, self.rules);
            let sum: Amount = found.values().copied().sum();
            if sum.is_zero() {
                return None;
            }
            let unit = self.usage.unit(driver);
            let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
            let named = if drivers.len() > 1 { format!("{} ", driver.name) } else { String::new() };
            for (consumer, quantity) in found.into_iter().filter(|(_, q)| !q.is_zero()) {
                let part = Ratio::new(units(quantity), units(sum)) * driver.share.ratio();
                let weight = weights.entry(consumer).or_insert((Ratio::zero(), Vec::new()));
                weight.0 += part;
                weight.1.push(format!("{named}{quantity}{unit}"));
            }
            totals.push(format!("{named}{sum}{unit}"));
        }
        let names: Vec<&str> = drivers.iter().map(|driver| driver.name.as_str()).collect();
        let parts = weights.into_iter().map(|(consumer, (size, texts))| {
            let (to, pool) = self.consumer(consumer, of, findings);
            Weight { to, pool, size, text: texts.join(" + ") }
        });
        let parts = parts.collect();
        let method = format!("driver {}", names.join(" + "));
        Some(Weights { method, total: totals.join(" + "), parts, ..Weights::default() })
    }

    pub(super) fn consumer(
        &self,
        consumer: Receiver,
        of: Of<'_>,
        findings: &mut Vec<Finding>,
    ) -> (Party, Option<PoolName>) {
        match consumer {
            Receiver::Nobody => (Party::Unallocated, None),
            Receiver::Pool(pool) => {
                (Party::Pool(self.rules.pool(pool.pool).label(pool.value.as_deref())), Some(pool))
            }
            Receiver::Owner(owner) => (self.open(&owner, of, "a part", findings), None),
        }
    }

    /// Puts owners with too small a share together.
    fn cut_off(
        &self,
        mut weights: Weights,
        cutoff: &Cutoff,
        of: Of<'_>,
        findings: &mut Vec<Finding>,
    ) -> Weights {
        let least = weights.sum() * cutoff.below.ratio();
        let is_small = |part: &Weight| matches!(part.to, Party::Owner(_)) && part.size < least;
        if !weights.parts.iter().any(is_small) || weights.parts.iter().all(is_small) {
            return weights;
        }
        let (small, mut kept): (Vec<Weight>, Vec<Weight>) =
            weights.parts.into_iter().partition(is_small);
        if let CutoffInto::Owner(owner) = &cutoff.into {
            let to = self.open(owner, of, "small shares", findings);
            let sum: Ratio<BigUint> = small.iter().map(|part| &part.size).sum();
            let text = format!("{} below {}", small.len(), percent(&cutoff.below));
            match kept.iter_mut().find(|part| part.to == to) {
                Some(part) => {
                    part.size += sum;
                    part.text = format!("{} + {text}", part.text);
                }
                None => kept.push(Weight { to, pool: None, size: sum, text }),
            }
        }
        weights.method = format!("{}, cutoff", weights.method);
        weights.cut_off = small.into_iter().map(|part| (part.to, part.text)).collect();
        weights.parts = kept;
        weights
    }

    /// What is declared for a lot that has nothing to be split by.
    fn zero(
        &self,
        of: Of<'_>,
        why: &str,
        policy: &ZeroDriver,
        findings: &mut Vec<Finding>,
    ) -> Weights {
        if let ZeroDriver::Driver(driver) = policy {
            let drivers = std::slice::from_ref(driver);
            if let Some(missing) = self.missing(drivers, findings) {
                return missing;
            }
            let found = self.by_drivers(drivers, None, of, findings);
            if let Some(found) = found {
                return Weights { method: format!("zero driver: {}", found.method), ..found };
            }
        }
        let (code, done) = match policy {
            ZeroDriver::Fail => (Code::ZeroDriverRefused, "the pool says to fail"),
            ZeroDriver::Even => (Code::ZeroDriver, "it is split even, as the pool says"),
            ZeroDriver::Unallocated => (Code::ZeroDriver, "it stays unallocated, as the pool says"),
            ZeroDriver::Widen | ZeroDriver::Driver(_) => (Code::ZeroDriver, "it stays unallocated"),
        };
        let label = self.declared().label(self.pool.value.as_deref());
        let text =
            format!("pool `{label}` has nothing to be split by in {}: {why}; {done}", self.month);
        self.report(Finding::new(code, text), findings);
        match policy {
            ZeroDriver::Even => self.even("zero driver: even", of, findings),
            _ => Weights { method: "zero driver: unallocated".to_owned(), ..Weights::default() },
        }
    }

    /// Reports once what may happen in several lots.
    pub(super) fn report(&self, finding: Finding, findings: &mut Vec<Finding>) {
        let finding = finding.at(Place::Text(self.declared().span.clone()));
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    }
}

/// The party of a declared target.
pub(super) fn party_of(target: &Target, rules: &RuleSet) -> (Party, Option<PoolName>) {
    match target {
        Target::Owner(owner) => (Party::Owner(owner.clone()), None),
        Target::Unallocated => (Party::Unallocated, None),
        Target::Pool(pool) => {
            let label = rules.pool(pool.pool).label(pool.value.as_deref());
            (Party::Pool(label), Some(pool.clone()))
        }
    }
}

fn by_cost(owner: String, amount: Amount) -> Weight {
    let size = Ratio::from_integer(units(amount));
    Weight { to: Party::Owner(owner), pool: None, size, text: amount.to_string() }
}

/// A quantity that is not negative, as a whole number of its last digit.
fn units(amount: Amount) -> BigUint {
    let units: BigInt = amount.to_units();
    units.magnitude().clone()
}

fn percent(share: &Share) -> String {
    let hundred = share.ratio() * BigUint::from(100_u32);
    format!("{hundred} %")
}
