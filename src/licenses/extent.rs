//! Numbers that may be known within bounds only.

use std::ops::{Add, Mul};

use num_bigint::BigInt;
use num_rational::Ratio;
use num_traits::{Signed, Zero};

/// An exact number.
pub type Number = Ratio<BigInt>;

/// A number between bounds. Known where both are the same; unknown upwards where there is no upper one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Extent {
    low: Number,
    high: Option<Number>,
}

impl Extent {
    #[must_use]
    pub fn known(number: Number) -> Self {
        Self { high: Some(number.clone()), low: number }
    }

    #[must_use]
    pub fn zero() -> Self {
        Self::known(Number::zero())
    }

    /// From `low`, without an upper bound.
    #[must_use]
    pub fn at_least(low: Number) -> Self {
        Self { low, high: None }
    }

    /// Between two numbers, in any order.
    #[must_use]
    pub fn between(one: Number, other: Number) -> Self {
        let (low, high) = if one <= other { (one, other) } else { (other, one) };
        Self { low, high: Some(high) }
    }

    #[must_use]
    pub fn low(&self) -> &Number {
        &self.low
    }

    /// `None` where nothing bounds it.
    #[must_use]
    pub fn high(&self) -> Option<&Number> {
        self.high.as_ref()
    }

    /// The number, where it is known.
    #[must_use]
    pub fn exact(&self) -> Option<&Number> {
        self.high.as_ref().filter(|high| **high == self.low)
    }

    #[must_use]
    pub fn max(&self, other: &Self) -> Self {
        let high = self.high.clone().zip(other.high.clone()).map(|(one, two)| one.max(two));
        Self { low: self.low.clone().max(other.low.clone()), high }
    }

    #[must_use]
    pub fn min(&self, other: &Self) -> Self {
        let high = match (&self.high, &other.high) {
            (Some(one), Some(two)) => Some(one.min(two).clone()),
            (one, two) => one.as_ref().or(two.as_ref()).cloned(),
        };
        Self { low: self.low.clone().min(other.low.clone()), high }
    }

    /// Both bounds through a function that never falls where its argument rises.
    #[must_use]
    pub fn rising(&self, function: impl Fn(&Number) -> Number) -> Self {
        Self { low: function(&self.low), high: self.high.as_ref().map(function) }
    }
}

impl Add for &Extent {
    type Output = Extent;

    fn add(self, other: Self) -> Extent {
        let high = self.high.as_ref().zip(other.high.as_ref()).map(|(one, two)| one + two);
        Extent { low: &self.low + &other.low, high }
    }
}

impl Mul<&Number> for &Extent {
    type Output = Extent;

    /// # Panics
    /// By a negative number where there is no upper bound, since the product would have no lower one.
    fn mul(self, factor: &Number) -> Extent {
        if factor.is_negative() {
            let high =
                self.high.as_ref().expect("bounded numbers only are multiplied by negative ones");
            return Extent { low: high * factor, high: Some(&self.low * factor) };
        }
        if factor.is_zero() {
            return Extent::zero();
        }
        self.rising(|bound| bound * factor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(whole: i64) -> Number {
        Number::from_integer(BigInt::from(whole))
    }

    #[test]
    fn bounds_add_and_multiply() {
        let one = Extent::between(number(2), number(1));
        let two = Extent::known(number(10));
        assert_eq!(&one + &two, Extent::between(number(11), number(12)));
        assert_eq!(&one * &number(-3), Extent::between(number(-6), number(-3)));
        assert_eq!((&one + &Extent::at_least(number(4))).high(), None);
        assert_eq!(&Extent::at_least(number(4)) * &number(0), Extent::zero());
    }

    #[test]
    fn only_equal_bounds_are_a_number() {
        assert_eq!(Extent::known(number(7)).exact(), Some(&number(7)));
        assert_eq!(Extent::between(number(7), number(8)).exact(), None);
        assert_eq!(Extent::at_least(number(7)).exact(), None);
    }

    #[test]
    fn the_least_of_an_open_and_a_bounded_number_is_bounded() {
        let open = Extent::at_least(number(3));
        let least = open.min(&Extent::known(number(5)));
        assert_eq!((least.low(), least.high()), (&number(3), Some(&number(5))));
        assert_eq!(open.max(&Extent::known(number(5))), Extent::at_least(number(5)));
    }
}
