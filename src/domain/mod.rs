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
//! Exchange
//!   Rate              what a unit of one currency is worth in another, an exact fraction
//!   RateTable         quotes by pair and day
//!   Exchange          which rate holds when, by a declared policy
//!   Conversion        the only rounding of a converted amount
//! Division
//!   Share             an exact fraction of a whole
//!   split             the only function that divides money
//! Charge
//!   Column            the columns of a FOCUS charge, any version
//! Text
//!   normal_form       one spelling of one name
//!   likeness          names that only look the same
//! ```
//!
//! Invariants: an amount is never rounded on the way in and never wraps; a share is a rational
//! number; parts and residual of a split sum to what was split; ranges are half-open; an `Org`
//! has no cycle on any day.

mod amount;
mod column;
mod currency;
mod exchange;
mod metric;
mod org;
mod period;
mod share;
mod split;
mod text;

pub use amount::{Amount, AmountError, SCALE};
pub use column::Column;
pub use currency::{Currency, UnknownCurrency};
pub use exchange::{
    Conversion, Exchange, ExchangeTerms, MissingRate, MonthRates, Quote, Rate, RateError,
    RatePolicy, RateTable, STALE_DAYS, UsedRate,
};
pub use metric::{CostMetric, Costs, MetricSet};
pub use org::{CostCenter, Level, Org, OrgError, Standing};
pub use period::{DateRange, Period, PeriodError};
pub use share::{Share, ShareError};
pub use split::{Parts, split, split_signed};
pub use text::{likeness, normal_form};
