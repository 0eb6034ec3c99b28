//! What allocation gives: lines that carry every amount once, the trace of every division, and
//! the proof that nothing was lost.

use num_bigint::BigUint;
use num_rational::Ratio;

use crate::diagnostics::Finding;
use crate::domain::{Amount, CostMetric, Costs, Currency, DateRange, Period};
use crate::rules::PoolId;

/// Who an amount stands with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    Owner(String),
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
    /// From the pool of that name.
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

/// One division of one pool amount to one receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceStep {
    /// Position in the order of pools, from 1.
    pub step: u32,
    pub pool: PoolId,
    pub pool_name: String,
    pub to: Party,
    pub currency: Currency,
    pub component: String,
    pub metric: CostMetric,
    /// The days of charges that this division covers.
    pub days: DateRange,
    /// What was divided.
    pub pool_amount: Amount,
    /// In words: `even`, `fixed`, `proportional by EffectiveCost`, `zero driver: even`…
    pub method: String,
    /// The receiver's weight, as text in its own unit.
    pub driver_value: String,
    pub driver_total: String,
    /// `driver_value / driver_total`, exactly. Zero for residual and unallocated rests.
    pub share: Ratio<BigUint>,
    /// What the receiver got.
    pub rounded: Amount,
    /// What was divided and what the receiver got, in the report currency; `None` as for lines.
    pub report: Option<(Amount, Amount)>,
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

/// The allocation of one month.
#[derive(Clone, Debug, Default)]
pub struct Allocation {
    /// Sorted by party, flow, component, currency.
    pub lines: Vec<Line>,
    pub trace: Vec<TraceStep>,
    pub findings: Vec<Finding>,
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
