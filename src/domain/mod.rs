//! The nouns of the house and their arithmetic. No files, no rules, no polars, no floats.
//!
//! ```text
//! Organisation
//!   CostCenter        an owner of cost: id, name, parent, legal entity, manager, valid days
//!   Org               the tree of cost centers, on any day
//! Time
//!   Period            a month, the unit that is billed and closed
//!   DateRange         half-open days: from ≤ day < to
//! Money
//!   Amount            an exact decimal, 36 digits after the point
//!   Currency          ISO 4217; stands beside an amount
//!   CostMetric        BilledCost, EffectiveCost, ListCost, ContractedCost
//!   Costs             one amount per metric
//! Division
//!   Share             an exact fraction of a whole
//!   split             the only function that divides money
//! Charge
//!   Column            the columns of a FOCUS charge, any version
//! ```
//!
//! Invariants: an amount is never rounded on the way in and never wraps; a share is a rational
//! number; parts and residual of a split sum to what was split; ranges are half-open; an `Org`
//! has no cycle on any day.

mod amount;
mod column;
mod currency;
mod metric;
mod org;
mod period;
mod share;
mod split;

pub use amount::{Amount, AmountError, SCALE};
pub use column::Column;
pub use currency::{Currency, UnknownCurrency};
pub use metric::{CostMetric, Costs};
pub use org::{CostCenter, Org, OrgError, Standing};
pub use period::{DateRange, Period, PeriodError};
pub use share::{Share, ShareError};
pub use split::{Parts, split};
