//! The four costs of a charge.

use std::fmt;
use std::ops::{AddAssign, Index, IndexMut, Neg};

use super::amount::Amount;

/// The FOCUS cost metrics. There is no bare "cost".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CostMetric {
    /// What is invoiced: the cash view.
    BilledCost,
    /// Amortized cost: the default of showback.
    EffectiveCost,
    /// At public list prices, without any discount.
    ListCost,
    /// At negotiated prices, before commitment discounts.
    ContractedCost,
}

impl CostMetric {
    pub const COUNT: usize = 4;
    pub const ALL: [Self; Self::COUNT] =
        [Self::BilledCost, Self::EffectiveCost, Self::ListCost, Self::ContractedCost];

    /// The FOCUS column id.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BilledCost => "BilledCost",
            Self::EffectiveCost => "EffectiveCost",
            Self::ListCost => "ListCost",
            Self::ContractedCost => "ContractedCost",
        }
    }
}

impl fmt::Display for CostMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One exact amount per cost metric.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Costs([Amount; CostMetric::COUNT]);

impl Costs {
    pub const ZERO: Self = Self([Amount::ZERO; CostMetric::COUNT]);

    #[must_use]
    pub const fn new(amounts: [Amount; CostMetric::COUNT]) -> Self {
        Self(amounts)
    }

    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0.iter().all(|amount| amount.is_zero())
    }

    /// The metrics of which there is an amount other than zero.
    #[must_use]
    pub fn told(&self) -> MetricSet {
        let mut told = MetricSet::NONE;
        for (metric, _) in self.iter().filter(|(_, amount)| !amount.is_zero()) {
            told.insert(metric);
        }
        told
    }

    pub fn iter(&self) -> impl Iterator<Item = (CostMetric, Amount)> + '_ {
        CostMetric::ALL.into_iter().zip(self.0)
    }
}

impl Index<CostMetric> for Costs {
    type Output = Amount;

    fn index(&self, metric: CostMetric) -> &Amount {
        &self.0[metric as usize]
    }
}

impl IndexMut<CostMetric> for Costs {
    fn index_mut(&mut self, metric: CostMetric) -> &mut Amount {
        &mut self.0[metric as usize]
    }
}

impl AddAssign for Costs {
    fn add_assign(&mut self, other: Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }
}

impl Neg for Costs {
    type Output = Self;

    fn neg(self) -> Self {
        Self(self.0.map(Neg::neg))
    }
}

impl std::iter::Sum for Costs {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        let mut total = Self::ZERO;
        for cost in costs {
            total += cost;
        }
        total
    }
}

/// Some of the four metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MetricSet(u8);

impl MetricSet {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self((1 << CostMetric::COUNT) - 1);

    #[inline]
    #[must_use]
    pub fn has(self, metric: CostMetric) -> bool {
        self.0 & (1 << metric as u8) != 0
    }

    #[inline]
    pub fn insert(&mut self, metric: CostMetric) {
        self.0 |= 1 << metric as u8;
    }

    /// The set as the four lowest bits.
    #[must_use]
    pub fn bits(self) -> u8 {
        self.0
    }

    /// The set that the four lowest bits stand for.
    #[must_use]
    pub fn of_bits(bits: u8) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// What either has.
    #[inline]
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The metrics that it does not have.
    #[inline]
    #[must_use]
    pub fn others(self) -> Self {
        Self(Self::ALL.0 & !self.0)
    }
}
