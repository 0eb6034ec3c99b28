//! Money as exact numbers, with what it is counted by.

use num_bigint::BigInt;
use num_traits::{Signed, Zero};

use crate::domain::{Amount, Currency, SCALE};

use super::extent::Number;

/// An amount as an exact number.
#[must_use]
pub fn number_of(amount: Amount) -> Number {
    Number::new(amount.to_units(), BigInt::from(10).pow(SCALE))
}

/// So many percent of a number.
pub(super) fn percent_of(percent: &Number, whole: &Number) -> Number {
    percent * whole / Number::from_integer(BigInt::from(100))
}

/// A number, or nothing where it is below.
pub(super) fn not_below_zero(number: Number) -> Number {
    if number.is_negative() { Number::zero() } else { number }
}

/// Exact money and how it was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Money {
    pub amount: Number,
    pub currency: Currency,
    /// `8 × 120 contracted`, so that it can be redone by hand.
    pub basis: String,
}

/// Money for the eye: rounded to the minor unit of its currency. Columns of tables have the digits.
#[must_use]
pub fn money_text(amount: &Number, currency: Currency) -> String {
    let power = Number::from_integer(BigInt::from(10).pow(currency.minor_digits()));
    format!("{} {currency}", number_text(&((amount * &power).round() / power)))
}

/// A number for texts: all digits where they end, else rounded half to even to twelve.
#[must_use]
pub fn number_text(number: &Number) -> String {
    /// Digits of a fraction that never ends.
    const DIGITS: u32 = 12;
    let power = BigInt::from(10).pow(SCALE);
    let scaled = number * Number::from_integer(power);
    if scaled.is_integer()
        && let Some(amount) = Amount::from_units(&scaled.to_integer())
    {
        return amount.to_string();
    }
    let scaled = number * Number::from_integer(BigInt::from(10).pow(DIGITS));
    let floor = scaled.floor().to_integer();
    let half = Number::new(1.into(), 2.into());
    let rest = &scaled - Number::from_integer(floor.clone());
    let is_odd = !(&floor % BigInt::from(2)).is_zero();
    let up = rest > half || (rest == half && is_odd);
    let units = if up { floor + 1 } else { floor };
    let (sign, digits) =
        (if units.is_negative() { "-" } else { "" }, units.magnitude().to_string());
    let width = DIGITS as usize + 1;
    let digits = format!("{digits:0>width$}");
    let (whole, fraction) = digits.split_at(digits.len() - DIGITS as usize);
    let text = format!("{sign}{whole}.{fraction}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_rounded_for_the_eye() {
        let third = Number::new(8.into(), 3.into());
        let show = |code: &str| money_text(&third, code.parse().unwrap());
        assert_eq!([show("EUR"), show("JPY")], ["2.67 EUR", "3 JPY"]);
    }

    #[test]
    fn numbers_are_written_in_full_where_they_end() {
        let show = |over: i64, under: i64| number_text(&Number::new(over.into(), under.into()));
        for (over, under, text) in [
            (1, 8, "0.125"),
            (-5, 2, "-2.5"),
            (7, 1, "7"),
            (1, 3, "0.333333333333"),
            (-2, 3, "-0.666666666667"),
            (-1, 3_000_000_000_000, "0"),
        ] {
            assert_eq!(show(over, under), text, "{over}/{under}");
        }
        let huge = Number::new(BigInt::from(10).pow(30), 1.into());
        assert_eq!(number_text(&huge), format!("1{}", "0".repeat(30)));
    }
}
