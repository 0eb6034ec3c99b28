//! Numbers as explanations show them.

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Signed, Zero};

use crate::licenses::{Extent, Number};

use super::range::{Bound, Range};

/// A decimal where it comes out even within 12 digits, else a fraction.
pub(super) fn number(number: &Number) -> String {
    let scale = BigInt::from(10).pow(12);
    let (units, rest) = (number.numer() * &scale).div_mod_floor(number.denom());
    if !rest.is_zero() {
        return number.to_string();
    }
    if number.denom().is_one() {
        return number.numer().to_string();
    }
    let (whole, part) = units.abs().div_rem(&scale);
    let digits = format!("{part:0>12}");
    let sign = if units.is_negative() { "-" } else { "" };
    format!("{sign}{whole}.{}", digits.trim_end_matches('0'))
}

pub(super) fn range(range: &Range) -> String {
    match (&range.low, &range.high) {
        (Bound::At(low), Bound::At(high)) if low == high => number(low),
        (Bound::At(low), Bound::At(high)) => format!("{} to {}", number(low), number(high)),
        (Bound::At(low), _) => format!("{} or more", number(low)),
        (_, Bound::At(high)) => format!("{} or less", number(high)),
        _ => "unknown".to_owned(),
    }
}

pub(super) fn extent(extent: &Extent) -> String {
    range(&Range::from(extent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_where_they_come_out_even() {
        let of = |over: i64, under: i64| number(&Number::new(over.into(), under.into()));
        assert_eq!([of(16, 1), of(-5, 2), of(1, 3), of(7, 8)], ["16", "-2.5", "1/3", "0.875"]);
    }
}
