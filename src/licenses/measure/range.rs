//! Arithmetic of numbers between bounds, either of which may be open.

use num_bigint::BigInt;
use num_rational::Ratio;
use num_traits::{Signed, Zero};

use crate::licenses::{Extent, Number};

/// Bits of a numerator or denominator; what is larger is no license count.
const BITS: u64 = 4_096;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Bound {
    Below,
    At(Number),
    Above,
}

use Bound::{Above, At, Below};

/// From `low` to `high`, both within.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) low: Bound,
    pub(super) high: Bound,
}

impl Range {
    pub(super) fn known(number: Number) -> Self {
        Self { low: At(number.clone()), high: At(number) }
    }

    pub(super) fn whole(number: usize) -> Self {
        Self::known(Ratio::from_integer(BigInt::from(number)))
    }

    /// Nothing is known but that it is not negative, as counts are.
    pub(super) fn unknown() -> Self {
        Self { low: At(Number::zero()), high: Above }
    }

    pub(super) fn exact(&self) -> Option<&Number> {
        match (&self.low, &self.high) {
            (At(low), At(high)) if low == high => Some(low),
            _ => None,
        }
    }

    /// As a count, which is never negative.
    pub(super) fn extent(&self) -> Extent {
        let least = |bound: &Bound| match bound {
            At(number) if number.is_positive() => number.clone(),
            _ => Number::zero(),
        };
        match &self.high {
            Above => Extent::at_least(least(&self.low)),
            high => Extent::between(least(&self.low), least(high)),
        }
    }

    pub(super) fn is_huge(&self) -> bool {
        let is_large = |bound: &Bound| match bound {
            At(number) => number.numer().bits() > BITS || number.denom().bits() > BITS,
            _ => false,
        };
        is_large(&self.low) || is_large(&self.high)
    }

    pub(super) fn negative(&self) -> Self {
        Self { low: negative(&self.high), high: negative(&self.low) }
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        Self { low: plus(&self.low, &other.low), high: plus(&self.high, &other.high) }
    }

    pub(super) fn times(&self, other: &Self) -> Self {
        let corner = |one: &Bound, other: &Bound| times(one, other);
        let corners = [
            corner(&self.low, &other.low),
            corner(&self.low, &other.high),
            corner(&self.high, &other.low),
            corner(&self.high, &other.high),
        ];
        let low = corners.iter().min().cloned().unwrap_or(Below);
        let high = corners.into_iter().max().unwrap_or(Above);
        Self { low, high }
    }

    /// `None` where the divisor may be zero.
    pub(super) fn over(&self, divisor: &Self) -> Option<Self> {
        let zero = At(Number::zero());
        if divisor.low <= zero && zero <= divisor.high {
            return None;
        }
        let one = |bound: &Bound| match bound {
            At(number) => At(number.recip()),
            _ => At(Number::zero()),
        };
        Some(self.times(&Self { low: one(&divisor.high), high: one(&divisor.low) }))
    }

    pub(super) fn max(&self, other: &Self) -> Self {
        let (low, high) = (&self.low, &self.high);
        Self { low: low.max(&other.low).clone(), high: high.max(&other.high).clone() }
    }

    pub(super) fn min(&self, other: &Self) -> Self {
        let (low, high) = (&self.low, &self.high);
        Self { low: low.min(&other.low).clone(), high: high.min(&other.high).clone() }
    }

    /// Either one or the other.
    pub(super) fn either(&self, other: &Self) -> Self {
        let (low, high) = (&self.low, &self.high);
        Self { low: low.min(&other.low).clone(), high: high.max(&other.high).clone() }
    }

    /// Both bounds through a function that never falls.
    pub(super) fn rising(&self, function: impl Fn(&Number) -> Number) -> Self {
        let through = |bound: &Bound| match bound {
            At(number) => At(function(number)),
            open => open.clone(),
        };
        Self { low: through(&self.low), high: through(&self.high) }
    }

    /// Whether it is less than the other; `None` where that cannot be told.
    pub(super) fn is_less(&self, other: &Self) -> Option<bool> {
        if self.high < other.low {
            return Some(true);
        }
        (self.low >= other.high).then_some(false)
    }

    pub(super) fn is_same(&self, other: &Self) -> Option<bool> {
        if let (Some(one), Some(other)) = (self.exact(), other.exact()) {
            return Some(one == other);
        }
        (self.high < other.low || other.high < self.low).then_some(false)
    }
}

impl From<&Extent> for Range {
    fn from(extent: &Extent) -> Self {
        let high = extent.high().map_or(Above, |high| At(high.clone()));
        Self { low: At(extent.low().clone()), high }
    }
}

fn negative(bound: &Bound) -> Bound {
    match bound {
        Below => Above,
        At(number) => At(-number),
        Above => Below,
    }
}

fn plus(one: &Bound, other: &Bound) -> Bound {
    match (one, other) {
        (At(one), At(other)) => At(one + other),
        (At(_), open) | (open, _) => open.clone(),
    }
}

fn times(one: &Bound, other: &Bound) -> Bound {
    let sign = |bound: &Bound| match bound {
        Below => -1,
        At(number) if number.is_zero() => 0,
        At(number) if number.is_negative() => -1,
        _ => 1,
    };
    match (one, other) {
        (At(one), At(other)) => At(one * other),
        _ => match sign(one) * sign(other) {
            0 => At(Number::zero()),
            -1 => Below,
            _ => Above,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(low: i64, high: i64) -> Range {
        let at = |number: i64| At(Number::from_integer(BigInt::from(number)));
        Range { low: at(low), high: at(high) }
    }

    #[test]
    fn open_bounds_stay_open_and_signs_turn() {
        let open = Range::unknown();
        assert_eq!(range(2, 3).times(&range(-1, 4)), range(-3, 12));
        assert_eq!(open.times(&range(0, 0)), range(0, 0));
        assert_eq!(open.negative().high, At(Number::zero()));
        assert_eq!(open.plus(&range(1, 1)).high, Above);
        assert_eq!(range(1, 1).over(&range(0, 2)), None);
        assert_eq!(range(6, 6).over(&range(2, 3)), Some(range(2, 3)));
        assert_eq!(range(1, 2).is_less(&range(2, 3)), None);
        assert_eq!(range(1, 2).is_less(&range(3, 3)), Some(true));
        assert_eq!(range(3, 4).is_less(&range(3, 3)), Some(false));
    }
}
