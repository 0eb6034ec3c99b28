//! What warnings are made of.

use std::sync::Arc;

use chrono::NaiveDate;

use crate::domain::{Amount, Currency, DateRange, Period};
use crate::licenses::burndown::BurnDown;
use crate::licenses::contracts::Terms;
use crate::licenses::extent::{Extent, Number};
use crate::licenses::inventory::{Holder, Inventory, Origin, Product};
use crate::licenses::measured::Measured;

/// Everything that is watched, on a day.
#[derive(Clone, Copy, Debug)]
pub struct Watched<'a> {
    pub day: NaiveDate,
    pub inventory: &'a Inventory,
    pub standings: &'a [Standing],
    /// For limits that were passed.
    pub measured: &'a [Measured],
    pub terms: &'a [Terms],
    pub burn_downs: &'a [BurnDown],
    pub held_twice: &'a [HeldTwice],
    pub cloud: &'a [CloudUse],
    pub unrecognised: &'a [UnknownProduct],
}

/// What a unit costs, and where that is from: `contracted`, `list`, …
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DutyPrice {
    pub amount: Amount,
    pub currency: Currency,
    pub basis: Arc<str>,
}

/// Owned against used: a line of the position.
#[derive(Clone, Debug)]
pub struct Standing {
    pub product: Product,
    pub metric: Arc<str>,
    pub interpretation: Arc<str>,
    /// What is counted.
    pub unit: Arc<str>,
    pub holder: Holder,
    /// None where unlimited.
    pub entitled: Option<Number>,
    pub consumed: Extent,
    /// The part of what is owned that is under each contract.
    pub by_contract: Vec<(Arc<str>, Number)>,
    /// What a unit more costs.
    pub price: Option<DutyPrice>,
    /// For audits.
    pub list_price: Option<DutyPrice>,
    /// Since when more is used than is owned.
    pub since: Option<NaiveDate>,
    /// Inputs that are missing, each once: `cpu_model of host-1`.
    pub gaps: Vec<Arc<str>>,
    /// The part of the expected samples that is there.
    pub coverage: Option<Number>,
    /// What was used on earlier days, ascending, today not among them.
    pub history: Vec<(NaiveDate, Number)>,
    /// What was spent on it by month, for budgets.
    pub spent: Vec<(Period, Amount, Currency)>,
    pub evidence: Option<Arc<str>>,
}

/// Somebody holds two plans of which one contains the other.
#[derive(Clone, Debug)]
pub struct HeldTwice {
    pub user: Arc<str>,
    pub holder: Holder,
    pub larger: Product,
    pub contained: Product,
    /// Parts that were left out of the comparison.
    pub ignored: Vec<Arc<str>>,
    /// Of the contained plan.
    pub price: Option<DutyPrice>,
    pub origin: Origin,
}

/// How a cloud bill says that a product is licensed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CloudModel {
    /// An own license is brought.
    Brought,
    /// The price includes one.
    Included,
}

/// What cloud bills say about a product, summed.
#[derive(Clone, Debug)]
pub struct CloudUse {
    pub product: Product,
    pub model: CloudModel,
    pub holder: Holder,
    /// In units of the metric of its standing, where that is known.
    pub units: Option<Number>,
    /// What was paid for the license within the price, or for the charge as a whole: `basis` says which.
    pub paid: Option<DutyPrice>,
    pub days: DateRange,
    pub evidence: Option<Arc<str>>,
}

/// A product that no rule recognises.
#[derive(Clone, Debug)]
pub struct UnknownProduct {
    pub raw: Arc<str>,
    pub rows: u64,
    pub paid: Option<DutyPrice>,
    pub first: Origin,
}
