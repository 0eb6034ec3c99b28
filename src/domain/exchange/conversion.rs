//! Amount × rate, rounded once.

use num_bigint::{BigInt, BigUint, Sign};
use num_rational::Ratio;
use num_traits::ToPrimitive;

use crate::domain::amount::{Amount, SCALE};
use crate::domain::metric::{CostMetric, Costs};

use super::rate::Rate;

/// Digits after the point of the first integer of an amount.
const HEAD_DIGITS: u32 = 18;

/// A rate made ready for many amounts: `amount × rate`, rounded half to even to so many digits.
#[derive(Clone, Debug)]
pub struct Conversion {
    digits: u32,
    /// Units of 10⁻³⁶ to whole units of the last digit.
    exact: Ratio<BigUint>,
    /// The same from units of 10⁻¹⁸ in machine words, for amounts that have no more digits.
    quick: Option<(u128, u128)>,
}

impl Conversion {
    #[must_use]
    pub fn new(rate: &Rate, digits: u32) -> Self {
        let digits = digits.min(SCALE);
        let ten = |digits: u32| BigUint::from(10_u32).pow(digits);
        let of_scale = |scale: u32| rate.ratio() * Ratio::new(ten(digits), ten(scale));
        let quick = of_scale(HEAD_DIGITS);
        let quick = quick.numer().to_u128().zip(quick.denom().to_u128());
        // Beyond this a doubled rest would not fit.
        let quick = quick.filter(|(_, under)| *under < 1 << 126);
        Self { digits, exact: of_scale(SCALE), quick }
    }

    /// `None` beyond the range of amounts.
    #[must_use]
    pub fn amount(&self, amount: Amount) -> Option<Amount> {
        self.quickly(amount).or_else(|| self.fully(amount))
    }

    /// [`Conversion::amount`] of each metric.
    #[must_use]
    pub fn costs(&self, costs: &Costs) -> Option<Costs> {
        let mut converted = Costs::ZERO;
        for metric in CostMetric::ALL {
            let amount = costs[metric];
            if !amount.is_zero() {
                converted[metric] = self.amount(amount)?;
            }
        }
        Some(converted)
    }

    fn quickly(&self, amount: Amount) -> Option<Amount> {
        let (over, under) = self.quick?;
        let (head, tail) = amount.parts();
        if tail != 0 {
            return None;
        }
        let product = head.unsigned_abs().checked_mul(over)?;
        let (quotient, rest) = (product / under, product % under);
        let up = match (rest * 2).cmp(&under) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => quotient % 2 == 1,
            std::cmp::Ordering::Greater => true,
        };
        let units = i128::try_from(quotient + u128::from(up)).ok()?;
        let scale = i8::try_from(self.digits).ok()?;
        Amount::from_scaled(if head < 0 { -units } else { units }, scale).ok()
    }

    fn fully(&self, amount: Amount) -> Option<Amount> {
        let units = amount.to_units();
        let product = units.magnitude() * self.exact.numer();
        let (quotient, rest) = (&product / self.exact.denom(), product % self.exact.denom());
        let up = match (rest * 2_u32).cmp(self.exact.denom()) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => quotient.bit(0),
            std::cmp::Ordering::Greater => true,
        };
        let whole = quotient + u32::from(up);
        let sign = if units.sign() == Sign::Minus { Sign::Minus } else { Sign::Plus };
        let scale = i8::try_from(self.digits).ok()?;
        Amount::from_big(&BigInt::from_biguint(sign, whole), scale).ok()
    }
}
