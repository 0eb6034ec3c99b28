//! Charging by quantity at a price.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use num_bigint::{BigInt, BigUint};
use num_rational::Ratio;
use num_traits::{One, Zero};

use crate::diagnostics::{Code, Finding};
use crate::domain::{Amount, CostMetric, Costs, Org, Period, SCALE, split};
use crate::rules::{DriverUse, PoolName, Price, RuleSet, SplitMethod, Target};

use super::model::{Division, Part, Party, Shares, When};
use super::pools::{LEAST_DIGITS, MetricShares, Work};
use super::receivers::is_open_in;
use super::shares::{Weight, Weights, party_of};
use super::usage::{Asked, Receiver, Usage};

/// A pool whose consumers are charged a price for a month.
#[derive(Clone, Copy)]
pub(super) struct Charging<'a> {
    pub(super) rules: &'a RuleSet,
    pub(super) org: &'a Org,
    pub(super) usage: &'a Usage<'a>,
    pub(super) month: Period,
    pub(super) pool: &'a PoolName,
    pub(super) driver: &'a DriverUse,
    pub(super) price: &'a Price,
    /// Pools that are charged nothing, by a precedence that was declared.
    pub(super) barred: &'a BTreeSet<PoolName>,
}

impl Charging<'_> {
    fn quantities(&self) -> BTreeMap<Receiver, Amount> {
        let asked = Asked { pool: self.pool, day: None, scope: &[] };
        let mut found = self.usage.quantities(self.driver, asked, self.rules);
        found.retain(|consumer, quantity| {
            let is_barred = matches!(consumer, Receiver::Pool(pool) if self.barred.contains(pool));
            !quantity.is_zero() && !is_barred
        });
        found
    }

    /// Whether an owner can be charged: it was open on a day of the month.
    pub(super) fn is_open(&self, owner: &str) -> bool {
        is_open_in(self.org, owner, self.month)
    }

    /// Consumers that cannot be charged.
    pub(super) fn closed(&self) -> Vec<String> {
        let owners = self.quantities().into_keys().filter_map(|consumer| match consumer {
            Receiver::Owner(owner) => Some(owner),
            Receiver::Pool(_) | Receiver::Nobody => None,
        });
        owners.filter(|owner| !self.is_open(owner)).collect()
    }

    /// What each consumer is charged for the month: quantity times price, each quantum at the price
    /// of its tier. Weights are the charges, in 10⁻³⁶ of the currency's unit, exact.
    pub(super) fn recovered(&self) -> Weights {
        let unit = self.usage.unit(self.driver);
        let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
        let mut parts = Vec::new();
        let mut total = Amount::ZERO;
        for (consumer, quantity) in self.quantities() {
            let (to, pool) = match consumer {
                Receiver::Owner(owner) if self.is_open(&owner) => (Party::Owner(owner), None),
                Receiver::Owner(_) | Receiver::Nobody => (Party::Unallocated, None),
                Receiver::Pool(name) => {
                    let label = self.rules.pool(name.pool).label(name.value.as_deref());
                    (Party::Pool(label), Some(name))
                }
            };
            total += quantity;
            let size = charge(quantity, self.price);
            parts.push(Weight { to, pool, size, text: format!("{quantity}{unit}") });
        }
        let method = format!("rate by {}", self.driver.name);
        Weights { method, total: format!("{total}{unit}"), parts, ..Weights::default() }
    }

    /// What consumers are charged, and what the remainder's bearer is relieved of by it, rounded to
    /// so many digits; `None` where nobody used anything.
    pub(super) fn charges(
        &self,
        (to, pool): (Party, Option<PoolName>),
        digits: u32,
    ) -> Option<(Shares, Vec<Amount>)> {
        let weights = self.recovered();
        let exact: Ratio<BigUint> = weights.parts.iter().map(|part| &part.size).sum();
        let mut shares = weights.shares()?;
        let quantum = BigUint::from(10_u32).pow(SCALE - digits.min(SCALE));
        // Half a quantum or more is one more.
        let quanta = (exact / &quantum + Ratio::new(BigUint::one(), 2_u32.into())).to_integer();
        let sum = Amount::from_units(&BigInt::from(quanta * quantum))?;
        let whole: Vec<BigUint> = shares.parts.iter().map(|part| part.weight.clone()).collect();
        let mut given = split(sum, &whole, digits)?.parts;
        shares.parts.push(Part {
            to,
            pool,
            driver_value: String::new(),
            share: Ratio::zero(),
            weight: BigUint::zero(),
        });
        given.push(-sum);
        Some((shares, given))
    }
}

impl Work<'_> {
    /// Charges the consumers of a pool its price, and gives the remainder's bearer what that
    /// recovers.
    pub(super) fn charge_price(&mut self, pool: &PoolName) {
        let rules = self.setting.rules;
        let SplitMethod::Rate { driver, price, remainder } = &rules.pool(pool.pool).split else {
            return;
        };
        if !self.usage.is_there(driver, pool, rules) {
            let holds = self.holdings.lots_of(pool).next().is_some();
            if self.is_period && holds && self.usage.is_whole(driver) {
                self.report_unpriced(pool, driver);
            }
            return;
        }
        let charging = Charging {
            rules,
            org: self.setting.org,
            usage: self.usage,
            month: self.month,
            pool,
            driver,
            price,
            barred: &self.barred,
        };
        let rest = match remainder {
            Target::Owner(owner) if !charging.is_open(owner) => (Party::Unallocated, None),
            Target::Pool(rest) if self.barred.contains(rest) || rest == pool => {
                (Party::Unallocated, None)
            }
            _ => party_of(remainder, rules),
        };
        let digits = self.setting.rounding_digits.unwrap_or(LEAST_DIGITS);
        let Some((shares, given)) = charging.charges(rest, digits) else {
            if charging.recovered().shares().is_some() {
                let text = format!(
                    "pool `{}` would charge more than can be kept exactly",
                    self.label(pool)
                );
                let finding = Finding::new(Code::SumOverflow, text)
                    .help("check the quantities of its driver and its price");
                self.report(Some(pool), finding);
            }
            return;
        };
        for owner in charging.closed() {
            self.report_closed_consumer(pool, &owner);
        }
        self.step += 1;
        let division = self.price_division(pool, price, shares, given);
        self.hand_out(division);
    }

    /// What is charged is of the month's first day: it is told for the month as a whole.
    fn price_division(
        &self,
        pool: &PoolName,
        price: &Price,
        shares: Shares,
        given: Vec<Amount>,
    ) -> Division {
        let nothing = Arc::new(Shares { parts: Vec::new(), ..shares.clone() });
        let metric = self.setting.rules.view.metric() as usize;
        let mut all_shares: MetricShares = CostMetric::ALL.map(|_| nothing.clone());
        all_shares[metric] = Arc::new(shares);
        let mut all_given: [Vec<Amount>; CostMetric::COUNT] = Default::default();
        all_given[metric] = given;
        let day = When::Day(self.month.first());
        let is_daily = self.daily.contains(&pool.pool);
        Division {
            step: self.step,
            pool: pool.clone(),
            label: self.label(pool).into(),
            days: self.month.days(),
            when: if is_daily { day } else { When::Segment(self.segment(day)) },
            component: super::classify::USAGE.to_owned(),
            currency: price.currency,
            traits: Vec::new(),
            costs: Costs::ZERO,
            received: Costs::ZERO,
            shares: all_shares,
            given: all_given,
            rounding: Costs::ZERO,
            report: None,
        }
    }

    fn report_unpriced(&mut self, pool: &PoolName, driver: &DriverUse) {
        let text = format!(
            "pool `{}` is charged by driver `{}`, which has no row for it in {}",
            self.label(pool),
            driver.name,
            self.month
        );
        let finding = Finding::new(Code::DriverMissing, text)
            .help("add the month to the driver's files; a missing driver is not a driver of zero");
        self.report(Some(pool), finding);
    }

    fn report_closed_consumer(&mut self, pool: &PoolName, owner: &str) {
        let (label, month) = (self.label(pool), self.month);
        let text = format!(
            "pool `{label}` charges its price to `{owner}`, which is not open on any day of {month}"
        );
        let finding = Finding::new(Code::ClosedOwner, text)
            .help("name its successor in the driver's table; until then it stays unallocated");
        self.report(Some(pool), finding);
    }
}

/// The charge for a quantity of a month, in units of 10⁻³⁶.
fn charge(quantity: Amount, price: &Price) -> Ratio<BigUint> {
    let one = Amount::ONE.to_units().magnitude().clone();
    let mut sum = Ratio::zero();
    let mut from = BigUint::zero();
    let quantity = quantity.to_units().magnitude().clone();
    for tier in &price.tiers {
        let to = tier.to.map(|to| to.to_units().magnitude().clone().min(quantity.clone()));
        let to = to.unwrap_or_else(|| quantity.clone());
        if to <= from {
            break;
        }
        sum += Ratio::new((&to - &from) * tier.price.to_units().magnitude(), one.clone());
        from = to;
    }
    debug_assert!(one > BigUint::one(), "units are finer than the currency's");
    sum
}
