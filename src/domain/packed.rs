//! The four costs of a charge in as little room as their digits allow, and exact sums of them.
//!
//! Nearly every bill writes its costs with up to twelve digits after the point, and no charge of it
//! comes to nine million. Such costs are whole numbers of 10⁻¹² in 64 bits each: a quarter of the room of
//! four [`Amount`]s, and added by one instruction. All others are kept as they are. Which way an
//! amount is kept is decided by its value alone and never seen in a sum.

use super::amount::Amount;
use super::metric::{CostMetric, Costs};

const METRICS: usize = CostMetric::COUNT;
/// Units of 10⁻¹⁸ in one of 10⁻¹².
const FINER: i128 = 1_000_000;

/// The costs of one charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PackedCosts {
    /// Whole numbers of 10⁻¹², in the order of [`CostMetric::ALL`].
    Units([i64; METRICS]),
    /// Some cost has more digits, or is larger, than units hold.
    Exact(Box<Costs>),
}

impl PackedCosts {
    pub const ZERO: Self = Self::Units([0; METRICS]);
    /// Digits after the point that units hold.
    pub const DIGITS: u32 = 12;

    #[must_use]
    pub fn new(costs: &Costs) -> Self {
        let mut units = [0; METRICS];
        for (metric, amount) in costs.iter() {
            let Some(found) = units_of(amount) else { return Self::Exact(Box::new(*costs)) };
            units[metric as usize] = found;
        }
        Self::Units(units)
    }

    #[must_use]
    pub fn get(&self, metric: CostMetric) -> Amount {
        match self {
            Self::Units(units) => of_units(units[metric as usize]),
            Self::Exact(costs) => costs[metric],
        }
    }

    #[must_use]
    pub fn costs(&self) -> Costs {
        Costs::new(CostMetric::ALL.map(|metric| self.get(metric)))
    }
}

fn of_units(units: i64) -> Amount {
    Amount::from_sums(i128::from(units) * FINER, 0).unwrap_or_default()
}

/// The amount as units of 10⁻¹², where it is a whole number of them that 64 bits hold.
#[inline]
fn units_of(amount: Amount) -> Option<i64> {
    /// The inverse of 5⁶ modulo 2¹²⁸: multiplying by it divides what 5⁶ divides, and is much faster
    /// than a division of 128 bits.
    const INVERSE: i128 = {
        // Each step of Newton's doubles the bits that are right, of which any odd number has three.
        let mut inverse = 15_625_i128;
        let mut step = 0;
        while step < 6 {
            inverse = inverse.wrapping_mul(2_i128.wrapping_sub(inverse.wrapping_mul(15_625)));
            step += 1;
        }
        inverse
    };
    let (head, tail) = amount.parts();
    let units = i64::try_from((head >> 6).wrapping_mul(INVERSE)).ok()?;
    // What 10⁶ does not divide gives some number, but not one that multiplies back.
    (tail == 0 && i128::from(units) * FINER == head).then_some(units)
}

/// An exact sum of the costs of many charges.
#[derive(Clone, Debug, Default)]
pub struct CostSums {
    /// Of 10⁻¹². Fewer than 2⁶⁴ numbers of 64 bits cannot leave 128.
    units: [i128; METRICS],
    fine: Option<Box<FineSums>>,
}

impl CostSums {
    /// The sum of units of 10⁻¹², and what stands beside them.
    #[must_use]
    pub fn of(units: [i64; METRICS], fine: Option<FineSums>) -> Self {
        Self { units: units.map(i128::from), fine: fine.map(Box::new) }
    }

    /// False where a sum leaves the range.
    #[inline]
    #[must_use]
    pub fn add(&mut self, costs: &PackedCosts) -> bool {
        match costs {
            PackedCosts::Units(units) => {
                for (sum, units) in self.units.iter_mut().zip(units) {
                    *sum += i128::from(*units);
                }
                true
            }
            PackedCosts::Exact(costs) => self.fine().add(costs),
        }
    }

    /// Adds the absolute values; false where a sum leaves the range.
    #[inline]
    #[must_use]
    pub fn add_absolute(&mut self, costs: &PackedCosts) -> bool {
        match costs {
            PackedCosts::Units(units) => {
                for (sum, units) in self.units.iter_mut().zip(units) {
                    *sum += i128::from(units.unsigned_abs());
                }
                true
            }
            PackedCosts::Exact(costs) => {
                let absolute = CostMetric::ALL.map(|metric| costs[metric].abs());
                self.fine().add(&Costs::new(absolute))
            }
        }
    }

    /// Adds another sum; false where a sum leaves the range.
    #[must_use]
    pub fn merge(&mut self, other: &Self) -> bool {
        for (sum, units) in self.units.iter_mut().zip(other.units) {
            *sum += units;
        }
        other.fine.as_ref().is_none_or(|fine| self.fine().merge(fine))
    }

    /// `None` where a sum lies beyond the range.
    #[must_use]
    pub fn costs(&self) -> Option<Costs> {
        let FineSums { heads, tails } = self.fine_sums()?;
        let mut amounts = [Amount::ZERO; METRICS];
        for (metric, amount) in amounts.iter_mut().enumerate() {
            *amount = Amount::from_sums(heads[metric], tails[metric])?;
        }
        Some(Costs::new(amounts))
    }

    /// The whole sum in its finest units; `None` where it lies beyond the range.
    #[must_use]
    pub fn fine_sums(&self) -> Option<FineSums> {
        let mut sums = self.fine.as_deref().copied().unwrap_or_default();
        for (head, units) in sums.heads.iter_mut().zip(self.units) {
            *head = head.checked_add(units.checked_mul(FINER)?)?;
        }
        Some(sums)
    }

    fn fine(&mut self) -> &mut FineSums {
        self.fine.get_or_insert_default()
    }
}

/// Sums of 10⁻¹⁸, and of the digits beyond as 10⁻³⁶.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FineSums {
    pub heads: [i128; METRICS],
    pub tails: [i128; METRICS],
}

impl FineSums {
    /// False where a sum leaves the range.
    #[must_use]
    pub fn add(&mut self, costs: &Costs) -> bool {
        let mut fits = true;
        for (metric, amount) in costs.iter() {
            let (head, tail) = amount.parts();
            fits &= self.add_head(metric as usize, head);
            self.tails[metric as usize] += i128::from(tail);
        }
        fits
    }

    fn merge(&mut self, other: &Self) -> bool {
        let mut fits = true;
        for metric in 0..METRICS {
            fits &= self.add_head(metric, other.heads[metric]);
            self.tails[metric] += other.tails[metric];
        }
        fits
    }

    fn add_head(&mut self, metric: usize, head: i128) -> bool {
        let (sum, overflowed) = self.heads[metric].overflowing_add(head);
        self.heads[metric] = sum;
        !overflowed
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn packed(texts: [&str; METRICS]) -> PackedCosts {
        PackedCosts::new(&Costs::new(texts.map(|text| text.parse().unwrap())))
    }

    #[test]
    fn costs_are_units_where_digits_and_size_allow() {
        let found = packed(["0.000000000001", "-1.5", "0", "9223372.036854775807"]);
        let units = [1, -1_500_000_000_000, 0, i64::MAX];
        assert_eq!(found, PackedCosts::Units(units));
        for text in ["0.0000000000001", "9223372.036854775808", "1e-36", "1e19", "-1e20"] {
            let found = packed([text, "0", "0", "0"]);
            assert!(matches!(found, PackedCosts::Exact(_)), "{text}");
            assert_eq!(found.get(CostMetric::BilledCost), text.parse().unwrap());
        }
    }

    /// Amounts of all sizes and digits, most of them such as bills have.
    fn amount() -> impl Strategy<Value = Amount> {
        let small = (any::<i64>(), 0_i8..20).prop_map(|(units, scale)| (i128::from(units), scale));
        let any = (any::<i128>(), 18_i8..=36);
        prop_oneof![4 => small, 1 => any].prop_map(|(units, scale)| {
            Amount::from_scaled(units, scale).expect("it lies within the range")
        })
    }

    fn costs() -> impl Strategy<Value = Costs> {
        prop::array::uniform4(amount()).prop_map(Costs::new)
    }

    proptest! {
        #[test]
        fn packing_keeps_every_digit(costs in costs()) {
            let packed = PackedCosts::new(&costs);
            prop_assert_eq!(packed.costs(), costs);
            let fits = |(_, amount): (CostMetric, Amount)| {
                let (head, tail) = amount.parts();
                tail == 0 && head % FINER == 0 && i64::try_from(head / FINER).is_ok()
            };
            prop_assert_eq!(matches!(packed, PackedCosts::Units(_)), costs.iter().all(fits));
        }

        #[test]
        fn sums_are_those_of_amounts(all in prop::collection::vec(costs(), 0..20), at in 0_usize..20) {
            let (mut first, mut second) = (CostSums::default(), CostSums::default());
            let mut absolute = CostSums::default();
            let mut fits = true;
            for (index, costs) in all.iter().enumerate() {
                let packed = PackedCosts::new(costs);
                let sums = if index < at { &mut first } else { &mut second };
                fits &= sums.add(&packed) && absolute.add_absolute(&packed);
            }
            fits &= first.merge(&second);
            let slow = |change: fn(Amount) -> Amount| -> Option<Costs> {
                let mut sums = Costs::ZERO;
                for (metric, amount) in all.iter().flat_map(Costs::iter) {
                    sums[metric] = sums[metric].checked_add(change(amount))?;
                }
                Some(sums)
            };
            // The sum of absolute values leaves the range first.
            if let Some(expected) = slow(Amount::abs) {
                prop_assert!(fits);
                prop_assert_eq!(absolute.costs(), Some(expected));
                prop_assert_eq!(first.costs(), slow(|amount| amount));
            }
        }
    }
}
