//! Shared cost as it is declared: pools, how each is split, and in which order.

use crate::diagnostics::Span;
use crate::domain::{Amount, CostMetric, Currency, DateRange, Level, Share};

use super::model::{FieldId, PoolId};

/// Shared cost that is split among those who bear it.
#[derive(Clone, Debug)]
pub struct Pool {
    pub name: String,
    pub span: Span,
    /// A family: one pool for each value of this field, named `name/value`.
    pub each: Option<FieldId>,
    pub split: SplitMethod,
    pub receivers: Receivers,
    /// Charges with the same values of these fields are split by themselves, among receivers who
    /// have such charges too.
    pub within: Vec<FieldId>,
    pub cutoff: Option<Cutoff>,
}

/// How a pool is split.
#[derive(Clone, Debug)]
pub enum SplitMethod {
    Even,
    /// By name. Of each period the shares sum to exactly the whole.
    Fixed(Vec<DatedShares>),
    Proportional {
        by: CostMetric,
        /// Index into [`RuleSet::bases`](super::RuleSet::bases): only such charges of a receiver
        /// count.
        of: Option<u16>,
        base: Base,
        on_zero: ZeroDriver,
    },
    /// By quantities of driver tables.
    Driver {
        /// Each with its part of the whole; together they are the whole.
        drivers: Vec<DriverUse>,
        on_zero: ZeroDriver,
    },
    /// By how much the use of a commitment fell against the month before; a policy makes it.
    DroppedUsage {
        /// The provider and the commitment's id.
        commitment: [FieldId; 2],
    },
    /// Consumers are charged a price by quantity; what it does not recover, or too much of it, is
    /// the remainder's.
    Rate {
        driver: DriverUse,
        price: Price,
        remainder: Target,
    },
}

/// Shares that hold on some days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatedShares {
    pub valid: DateRange,
    pub shares: Vec<(Target, Share)>,
}

/// A driver table as a pool uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriverUse {
    pub name: String,
    /// The part of the pool that goes by it.
    pub share: Share,
    /// The fields of a charge that the table's scope columns speak of, in their order.
    pub scope: Vec<FieldId>,
}

/// A price by quantity of a driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    pub currency: Currency,
    /// Ascending; the last has no end. Each quantum costs what its own tier says.
    pub tiers: Vec<Tier>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    /// The quantity of the month up to which the price holds.
    pub to: Option<Amount>,
    pub price: Amount,
}

/// Who may be named as bearing a part of a pool.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    Owner(String),
    Pool(PoolName),
    Unallocated,
}

/// A pool, or one of a family.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PoolName {
    pub pool: PoolId,
    /// The value that names it within its family.
    pub value: Option<String>,
}

/// Which cost of the receivers a proportional split goes by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Base {
    /// What is theirs without any shared cost.
    #[default]
    Direct,
    /// That, and what earlier pools gave them.
    Accumulated,
}

/// What to do where there is nothing to split by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ZeroDriver {
    Fail,
    Even,
    #[default]
    Unallocated,
    /// The last field of `within`, or a driver's days, are left out, until there is something.
    Widen,
    /// Another driver table.
    Driver(DriverUse),
}

/// Receivers whose share is too small to be told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cutoff {
    /// Shares below this part of the whole.
    pub below: Share,
    pub into: CutoffInto,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CutoffInto {
    /// One owner takes them all.
    Owner(String),
    /// Those that are not below share them, in proportion.
    Others,
}

/// Who may receive a pool. A name stands for a cost center and all below it on the charge date.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receivers {
    /// Empty: all cost centers that are open. Even splits go to those without children.
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    /// Cost centers of this level receive, each for itself and all below it.
    pub over: Option<Level>,
}

/// Pools that are emptied together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// One after the other; the pools of a family in the order in which they use each other.
    Pools(Vec<PoolId>),
    /// They use each other, and are solved together.
    Reciprocal(Vec<PoolId>),
    /// In exactly this order; what a later one would give to an earlier one, the others get.
    Precedence(Vec<PoolName>),
}

impl Stage {
    /// The pools of a stage, each once.
    #[must_use]
    pub fn pools(&self) -> Vec<PoolId> {
        match self {
            Self::Pools(pools) | Self::Reciprocal(pools) => pools.clone(),
            Self::Precedence(names) => {
                let mut pools: Vec<PoolId> = Vec::new();
                for name in names {
                    if !pools.contains(&name.pool) {
                        pools.push(name.pool);
                    }
                }
                pools
            }
        }
    }
}

impl Pool {
    /// The periods of its shares, where they are dated.
    pub(super) fn share_periods(&self) -> Vec<DateRange> {
        match &self.split {
            SplitMethod::Fixed(dated) => dated.iter().map(|shares| shares.valid).collect(),
            _ => Vec::new(),
        }
    }

    /// The driver tables that it may be split by.
    pub fn drivers(&self) -> impl Iterator<Item = &DriverUse> {
        let (used, on_zero): (&[DriverUse], Option<&ZeroDriver>) = match &self.split {
            SplitMethod::Driver { drivers, on_zero } => (drivers, Some(on_zero)),
            SplitMethod::Rate { driver, .. } => (std::slice::from_ref(driver), None),
            SplitMethod::Proportional { on_zero, .. } => (&[], Some(on_zero)),
            SplitMethod::Even | SplitMethod::Fixed(_) | SplitMethod::DroppedUsage { .. } => {
                (&[], None)
            }
        };
        let other = on_zero.and_then(|policy| match policy {
            ZeroDriver::Driver(driver) => Some(driver),
            _ => None,
        });
        used.iter().chain(other)
    }

    /// The fields by which its charges are told apart: those of `within`, then those of scopes.
    #[must_use]
    pub fn lot_fields(&self) -> Vec<FieldId> {
        let mut fields = self.within.clone();
        if let SplitMethod::DroppedUsage { commitment } = &self.split {
            fields.extend(commitment);
        }
        for field in self.drivers().flat_map(|driver| &driver.scope) {
            if !fields.contains(field) {
                fields.push(*field);
            }
        }
        fields
    }

    /// What a pool of this declaration is called: `name`, or `name/value` in a family.
    #[must_use]
    pub fn label(&self, value: Option<&str>) -> String {
        value.map_or_else(|| self.name.clone(), |value| format!("{}/{value}", self.name))
    }
}
