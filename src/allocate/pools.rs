//! Shared cost: pools are emptied in their declared order, each amount divided once and traced.

use std::collections::BTreeMap;

use num_bigint::BigUint;
use num_rational::Ratio;
use num_traits::Zero;

use crate::diagnostics::{Code, Finding, Place};
use crate::domain::{Amount, CostMetric, Costs, Currency, DateRange, Org, Period, split};
use crate::rules::{Base, Pool, PoolId, RuleSet, SplitMethod, ZeroDriver};

use super::balances::Balances;
use super::cube::Cube;
use super::model::{Allocation, Flow, Line, Party, TraceStep};
use super::receivers::{Receiving, receiving};

/// Digits that a share has at least, where the project declares none: finer than any currency, so
/// that shares of round amounts come out readable.
const LEAST_DIGITS: u32 = 10;

/// Allocates one month of the cube.
#[must_use]
pub fn allocate(
    cube: &Cube,
    rules: &RuleSet,
    org: &Org,
    month: Period,
    rounding_digits: Option<u32>,
) -> Allocation {
    let balances = Balances::of(cube, rules, month);
    let mut work = Work {
        rules,
        org,
        month,
        rounding_digits,
        segments: &cube.segments,
        received: BTreeMap::new(),
        trace: Vec::new(),
        findings: Vec::new(),
        balances: &balances,
    };
    for (step, pool) in (1..).zip(&rules.order) {
        work.empty(step, *pool);
    }
    let received = work.received;
    let (trace, findings) = (work.trace, work.findings);
    let mut lines = balances.lines(month);
    lines.extend(received.into_iter().map(|(key, costs)| Line {
        month,
        party: key.party,
        flow: key.flow,
        component: key.component,
        currency: key.currency,
        rows: 0,
        costs,
        report_costs: None,
    }));
    lines.sort_by(|a, b| line_key(a).cmp(&line_key(b)));
    Allocation { lines, trace, findings }
}

/// The order of lines.
pub(super) fn line_key(line: &Line) -> impl Ord + '_ {
    (&line.party, &line.flow, &line.component, line.currency)
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct ReceivedKey {
    party: Party,
    flow: Flow,
    component: String,
    currency: Currency,
}

/// The shares of one division.
struct Division {
    method: String,
    /// In the order of names. The party is `Unallocated` for a share that nobody may take.
    receivers: Vec<Receiver>,
    weights: Vec<BigUint>,
    total: String,
}

struct Receiver {
    party: Party,
    /// Its weight in words.
    driver_value: String,
    /// Its weight as a part of all.
    share: Ratio<BigUint>,
}

impl Division {
    /// Of who, by what weight, and that in words. Fractions are reduced here, once for all that is
    /// divided like this.
    fn new(method: String, shares: Vec<(Party, BigUint, String)>, total: String) -> Self {
        let weights: Vec<BigUint> = shares.iter().map(|(_, weight, _)| weight.clone()).collect();
        let sum: BigUint = weights.iter().sum();
        let share =
            |weight| if sum.is_zero() { Ratio::zero() } else { Ratio::new(weight, sum.clone()) };
        let receivers = shares.into_iter().map(|(party, weight, driver_value)| Receiver {
            party,
            driver_value,
            share: share(weight),
        });
        Self { method, receivers: receivers.collect(), weights, total }
    }
}

struct Work<'a> {
    rules: &'a RuleSet,
    org: &'a Org,
    month: Period,
    rounding_digits: Option<u32>,
    segments: &'a [DateRange],
    balances: &'a Balances,
    received: BTreeMap<ReceivedKey, Costs>,
    trace: Vec<TraceStep>,
    findings: Vec<Finding>,
}

impl Work<'_> {
    /// Gives all that a pool holds to those who bear it.
    fn empty(&mut self, step: u32, id: PoolId) {
        let pool = self.rules.pool(id);
        let mut lots: BTreeMap<(Receiving, String, Currency), Costs> = BTreeMap::new();
        let charged = self.balances.lots(id).map(|(lot, _)| lot.segment);
        let Some(first) = charged.clone().min() else { return };
        let charged = first..=charged.max().unwrap_or(first);
        let receiving =
            receiving(pool, self.org, self.segments, charged, self.balances, self.month);
        for (lot, costs) in self.balances.lots(id) {
            let key = (receiving[&lot.segment].clone(), lot.component.clone(), lot.currency);
            *lots.entry(key).or_default() += *costs;
        }
        // All weights before any share: what a pool gives must not weigh in the same pool.
        let mut divisions: BTreeMap<(&Receiving, Currency), Division> = BTreeMap::new();
        for (receiving, _, currency) in lots.keys() {
            let division = divisions.entry((receiving, *currency));
            division.or_insert_with(|| self.division(pool, receiving, *currency));
        }
        for ((receiving, component, currency), costs) in &lots {
            let division = &divisions[&(receiving, *currency)];
            self.give(step, id, division, receiving.days, component, *currency, costs);
        }
    }

    fn division(&mut self, pool: &Pool, receiving: &Receiving, currency: Currency) -> Division {
        match &pool.split {
            SplitMethod::Even => self.even("even", pool, receiving),
            SplitMethod::Fixed(_) => self.fixed(pool, receiving),
            SplitMethod::Proportional { by, base, on_zero_driver } => {
                let weights = self.base_weights(receiving, *by, *base, currency);
                let total: Amount = weights.iter().map(|(_, amount)| *amount).sum();
                if total.is_zero() {
                    return self.zero_driver(pool, receiving, *by, currency, *on_zero_driver);
                }
                let shares = weights.into_iter().map(|(owner, amount)| {
                    (Party::Owner(owner), amount.to_units().magnitude().clone(), amount.to_string())
                });
                let method = format!("proportional by {by}");
                Division::new(method, shares.collect(), total.to_string())
            }
        }
    }

    fn even(&mut self, method: &str, pool: &Pool, receiving: &Receiving) -> Division {
        if receiving.leaves.is_empty() {
            let text = format!("pool `{}` has nobody to receive it in {}", pool.name, self.month);
            let finding = Finding::new(Code::NoReceivers, text)
                .help("check include and exclude of the pool, and which cost centers are open");
            self.report(pool, finding);
            return nobody("no receivers");
        }
        let one =
            |owner: &String| (Party::Owner(owner.clone()), BigUint::from(1_u32), "1".to_owned());
        let shares = receiving.leaves.iter().map(one).collect();
        Division::new(method.to_owned(), shares, receiving.leaves.len().to_string())
    }

    fn fixed(&mut self, pool: &Pool, receiving: &Receiving) -> Division {
        let SplitMethod::Fixed(shares) = &pool.split else { return nobody("fixed") };
        let ratios: Vec<_> = shares.iter().map(|(_, share)| share.clone()).collect();
        let weights = crate::domain::Share::weights(&ratios);
        let mut divided = Vec::new();
        for ((owner, share), weight) in shares.iter().zip(weights) {
            let open = receiving.owners.contains(owner);
            if !open {
                let text = format!(
                    "pool `{}` gives {share} to `{owner}`, which is not open on all charge dates of {}",
                    pool.name, self.month
                );
                let finding = Finding::new(Code::ClosedOwner, text).help(
                    "name its successor in the shares; until then that share stays unallocated",
                );
                self.report(pool, finding);
            }
            let party = if open { Party::Owner(owner.clone()) } else { Party::Unallocated };
            divided.push((party, weight, share.to_string()));
        }
        divided.sort_by(|a, b| a.0.cmp(&b.0));
        Division::new("fixed".to_owned(), divided, "1".to_owned())
    }

    /// What receivers weigh: their cost so far, where it is positive.
    fn base_weights(
        &self,
        receiving: &Receiving,
        by: CostMetric,
        base: Base,
        currency: Currency,
    ) -> Vec<(String, Amount)> {
        let mut weights = Vec::new();
        for owner in &receiving.owners {
            let mut amount = self.balances.direct(owner, currency)[by];
            if base == Base::Accumulated {
                amount += self.received_by(owner, currency)[by];
            }
            if !amount.is_negative() && !amount.is_zero() {
                weights.push((owner.clone(), amount));
            }
        }
        weights
    }

    fn received_by(&self, owner: &str, currency: Currency) -> Costs {
        let of_owner = |(key, _): &(&ReceivedKey, &Costs)| {
            key.currency == currency && matches!(&key.party, Party::Owner(name) if name == owner)
        };
        self.received.iter().filter(of_owner).map(|(_, costs)| *costs).sum()
    }

    fn zero_driver(
        &mut self,
        pool: &Pool,
        receiving: &Receiving,
        by: CostMetric,
        currency: Currency,
        policy: ZeroDriver,
    ) -> Division {
        let (code, done) = match policy {
            ZeroDriver::Fail => (Code::ZeroDriverRefused, "the pool says to fail"),
            ZeroDriver::Even => (Code::ZeroDriver, "it is split even, as the pool says"),
            ZeroDriver::Unallocated => (Code::ZeroDriver, "it stays unallocated, as the pool says"),
        };
        let text = format!(
            "pool `{}` has nothing to be split by in {}: no receiver has positive {by} in {currency}; {done}",
            pool.name, self.month
        );
        self.report(pool, Finding::new(code, text));
        match policy {
            ZeroDriver::Even => self.even("zero driver: even", pool, receiving),
            ZeroDriver::Fail | ZeroDriver::Unallocated => nobody("zero driver: unallocated"),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the facts of one division, each named")]
    fn give(
        &mut self,
        step: u32,
        id: PoolId,
        division: &Division,
        days: DateRange,
        component: &str,
        currency: Currency,
        costs: &Costs,
    ) {
        let pool_name = self.rules.pool(id).name.clone();
        for (metric, amount) in costs.iter().filter(|(_, amount)| !amount.is_zero()) {
            let digits = self.rounding_digits.unwrap_or(amount.digits().max(LEAST_DIGITS));
            let step_of = |to: Party,
                           driver_value: String,
                           share: Ratio<BigUint>,
                           rounded: Amount| TraceStep {
                step,
                pool: id,
                pool_name: pool_name.clone(),
                to,
                currency,
                component: component.to_owned(),
                metric,
                days,
                pool_amount: amount,
                method: division.method.clone(),
                driver_value,
                driver_total: division.total.clone(),
                share,
                rounded,
                report: None,
            };
            let mut steps = Vec::new();
            let residual = if let Some(done) = split(amount, &division.weights, digits) {
                for (receiver, part) in division.receivers.iter().zip(&done.parts) {
                    let Receiver { party, driver_value, share } = receiver;
                    let share = share.clone();
                    steps.push(step_of(party.clone(), driver_value.clone(), share, *part));
                }
                done.residual
            } else {
                let whole = Ratio::from_integer(BigUint::from(1_u32));
                steps.push(step_of(Party::Unallocated, String::new(), whole, amount));
                Amount::ZERO
            };
            if !residual.is_zero() {
                steps.push(step_of(Party::Rounding, String::new(), Ratio::zero(), residual));
            }
            for step in &steps {
                self.receive(step);
            }
            self.trace.extend(steps);
        }
    }

    fn receive(&mut self, step: &TraceStep) {
        let key = |party: Party, flow: Flow| ReceivedKey {
            party,
            flow,
            component: step.component.clone(),
            currency: step.currency,
        };
        let into = key(step.to.clone(), Flow::SharedIn(step.pool_name.clone()));
        self.received.entry(into).or_default()[step.metric] += step.rounded;
        let out = key(Party::Pool(step.pool_name.clone()), Flow::SharedOut);
        self.received.entry(out).or_default()[step.metric] -= step.rounded;
    }

    /// Reports once what may happen in several lots.
    fn report(&mut self, pool: &Pool, finding: Finding) {
        let finding = finding.at(Place::Text(pool.span.clone()));
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }
}

fn nobody(method: &str) -> Division {
    Division::new(method.to_owned(), Vec::new(), "0".to_owned())
}
