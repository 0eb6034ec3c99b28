//! What allocation gives: lines that carry every amount once, every division, and the proof that
//! nothing was lost.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use num_bigint::BigUint;
use num_rational::Ratio;

use crate::diagnostics::Finding;
use crate::domain::{Amount, CostMetric, Costs, Currency, DateRange, Period};
use crate::rules::PoolName;

/// Who an amount stands with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    Owner(String),
    /// By its label: the name, or `family/value`.
    Pool(String),
    Unallocated,
    /// What a split left below its quantum.
    Rounding,
}

/// How an amount came to a party.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flow {
    /// By a classify rule, or by none.
    Direct,
    /// From the pool of that label.
    SharedIn(String),
    /// Out of a pool to those who bear it: negative.
    SharedOut,
}

/// An amount of one month. Over all parties, `Direct` sums to the accepted input of the month and
/// `SharedIn` + `SharedOut` to zero, per currency and metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub month: Period,
    pub party: Party,
    pub flow: Flow,
    /// What kind of cost it is: `usage`, `commitment_amortized`, `unused_commitment`, `credits`,
    /// `tax`, `support`, `license`.
    pub component: String,
    pub currency: Currency,
    /// Charges behind it; zero for what came from a pool.
    pub rows: u64,
    pub costs: Costs,
    /// In the report currency, once [`convert`](super::convert) has run; `None` where no rate is
    /// known.
    pub report_costs: Option<Costs>,
}

/// Days that are divided as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum When {
    /// Index into the segments of the cube.
    Segment(u16),
    Day(NaiveDate),
}

/// A part of a pool that is told apart from its others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LotKey {
    pub pool: PoolName,
    pub when: When,
    pub component: String,
    pub currency: Currency,
    /// Values of the pool's lot fields; empty of what came from another pool, which has none.
    pub traits: Vec<Option<String>>,
}

/// How something is divided: who, by what weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shares {
    /// In words: `even`, `fixed`, `proportional by EffectiveCost`, `zero driver: even`…
    pub method: String,
    /// All weights together, in their own unit.
    pub driver_total: String,
    /// In the order of parties.
    pub parts: Vec<Part>,
    /// Who weighed too little and gets nothing, with the weight, where the pool has a cutoff.
    pub cut_off: Vec<(Party, String)>,
}

/// One receiver's part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub to: Party,
    /// The pool, where the receiver is one.
    pub pool: Option<PoolName>,
    /// The receiver's weight, as text in its own unit.
    pub driver_value: String,
    /// Its part of the whole, exactly.
    pub share: Ratio<BigUint>,
    /// The shares of all parts, as whole numbers.
    pub(super) weight: BigUint,
}

/// What was divided, and what the receivers got: one per lot, or several lots that have the same
/// shares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Division {
    /// Position in the order in which pools were emptied, from 1.
    pub step: u32,
    pub pool: PoolName,
    pub label: Arc<str>,
    /// The days of charges that it covers.
    pub days: DateRange,
    pub when: When,
    pub component: String,
    pub currency: Currency,
    /// Values of the pool's lot fields, as in [`LotKey`].
    pub traits: Vec<Option<String>>,
    /// What was divided, and what of it came from other pools.
    pub costs: Costs,
    pub received: Costs,
    /// By metric: a price may be charged for one of them.
    pub shares: [Arc<Shares>; CostMetric::COUNT],
    /// What each part of its metric's shares got.
    pub given: [Vec<Amount>; CostMetric::COUNT],
    /// What is left below the quantum.
    pub rounding: Costs,
    /// The same in the report currency; `None` as for lines.
    pub report: Option<Reported>,
}

/// A division in the report currency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reported {
    pub costs: Costs,
    pub given: [Vec<Amount>; CostMetric::COUNT],
    pub rounding: Costs,
}

/// One division of one amount to one receiver, as a view of a [`Division`].
#[derive(Clone, Copy, Debug)]
pub struct TraceStep<'a> {
    pub division: &'a Division,
    pub to: &'a Party,
    pub metric: CostMetric,
    /// What was divided.
    pub pool_amount: Amount,
    pub method: &'a str,
    pub driver_value: &'a str,
    pub driver_total: &'a str,
    /// `None` of the rounding rest.
    pub share: Option<&'a Ratio<BigUint>>,
    /// What the receiver got.
    pub rounded: Amount,
    /// What was divided and what the receiver got, in the report currency.
    pub report: Option<(Amount, Amount)>,
}

impl Division {
    /// Whether it charges a price, which moves money where nothing is divided.
    pub(super) fn is_price(&self) -> bool {
        let gives = |metric: CostMetric| self.given[metric as usize].iter().any(|g| !g.is_zero());
        CostMetric::ALL.into_iter().any(|metric| self.costs[metric].is_zero() && gives(metric))
    }

    /// Its steps, metric by metric: one per receiver, and one for what rounding left.
    pub fn steps(&self) -> impl Iterator<Item = TraceStep<'_>> {
        CostMetric::ALL.into_iter().flat_map(|metric| self.steps_of(metric))
    }

    fn steps_of(&self, metric: CostMetric) -> impl Iterator<Item = TraceStep<'_>> {
        let at = metric as usize;
        let shares = &*self.shares[at];
        let amount = self.costs[metric];
        let reported = move |part: Option<usize>| {
            let report = self.report.as_ref()?;
            let given = match part {
                Some(part) => report.given[at].get(part).copied().unwrap_or_default(),
                None => report.rounding[metric],
            };
            Some((report.costs[metric], given))
        };
        let step = move |to, value, share, rounded, report| TraceStep {
            division: self,
            to,
            metric,
            pool_amount: amount,
            method: &shares.method,
            driver_value: value,
            driver_total: &shares.driver_total,
            share,
            rounded,
            report,
        };
        let parts = shares.parts.iter().zip(&self.given[at]).enumerate();
        let parts = parts.map(move |(index, (part, given))| {
            step(
                &part.to,
                part.driver_value.as_str(),
                Some(&part.share),
                *given,
                reported(Some(index)),
            )
        });
        let rest = step(&Party::Rounding, "", None, self.rounding[metric], reported(None));
        let has_rest = move |step: &TraceStep<'_>| {
            !step.rounded.is_zero() || step.report.is_some_and(|(_, part)| !part.is_zero())
        };
        let says_something =
            move |step: &TraceStep<'_>| !step.pool_amount.is_zero() || has_rest(step);
        parts.filter(says_something).chain(Some(rest).filter(has_rest))
    }
}

/// One line of the proof: what went into a stage is what came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConservationRow {
    pub stage: String,
    pub currency: Currency,
    pub metric: CostMetric,
    pub amount_in: Amount,
    pub amount_out: Amount,
    /// What rounding took, where the stage rounds.
    pub rounding: Amount,
    pub rows_in: u64,
    pub rows_out: u64,
    /// The report currency, where the amounts are in it and not in [`ConservationRow::currency`].
    pub report_currency: Option<Currency>,
    /// Whether any row tells the metric; where none does, amounts are unknown, not zero.
    pub is_known: bool,
}

impl ConservationRow {
    #[must_use]
    pub fn residual(&self) -> Amount {
        self.amount_in - self.amount_out - self.rounding
    }

    #[must_use]
    pub fn holds(&self) -> bool {
        self.residual().is_zero() && self.rows_in == self.rows_out
    }
}

/// What a pool of a reciprocal group turns over: its own cost and what the others of the group
/// give it, solved together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turnover {
    /// The labels of the group's pools.
    pub group: String,
    pub pool: String,
    pub currency: Currency,
    pub metric: CostMetric,
    /// What it had before the group was solved.
    pub own: Amount,
    /// From whom it receives, `own` as the first, and how much: exact, as a fraction.
    pub received: Vec<(String, Ratio<num_bigint::BigInt>)>,
    /// What it gives to pools of the group, and to all others.
    pub to_group: Ratio<num_bigint::BigInt>,
    pub to_others: Ratio<num_bigint::BigInt>,
}

impl Turnover {
    /// What came in less what went out: zero, exactly.
    #[must_use]
    pub fn residual(&self) -> Ratio<num_bigint::BigInt> {
        let gross: Ratio<num_bigint::BigInt> =
            self.received.iter().map(|(_, amount)| amount.clone()).sum();
        gross - &self.to_group - &self.to_others
    }
}

/// The allocation of one month.
#[derive(Clone, Debug, Default)]
pub struct Allocation {
    /// Sorted by party, flow, component, currency.
    pub lines: Vec<Line>,
    /// In the order in which pools were emptied.
    pub divisions: Vec<Division>,
    /// The division of each lot.
    pub lots: BTreeMap<LotKey, u32>,
    pub turnover: Vec<Turnover>,
    pub findings: Vec<Finding>,
}

impl Allocation {
    /// Every step of every division, in order.
    pub fn steps(&self) -> impl Iterator<Item = TraceStep<'_>> {
        self.divisions.iter().flat_map(Division::steps)
    }
}

/// The totals of the period per currency and metric: `accepted = allocated + unallocated + rounding`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodTotal {
    pub currency: Currency,
    pub metric: CostMetric,
    pub accepted: Amount,
    pub allocated: Amount,
    pub unallocated: Amount,
    pub rounding: Amount,
}
