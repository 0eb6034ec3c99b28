//! Exact numbers as tables write them: decimals, fractions, counts.

use num_bigint::BigInt;
use num_integer::Integer as _;
use num_rational::Ratio;
use num_traits::{Signed, Zero};

use crate::domain::Amount;

/// A number without any rounding.
pub(super) type Quantity = Ratio<BigInt>;

/// Digits after the point of a decimal; a number that needs more is shown as a fraction.
const MOST_DIGITS: u32 = 60;

/// The number that a field holds: `-12.5`, `3/7`; `None` where it is blank or no number.
pub(super) fn quantity(text: &str) -> Option<Quantity> {
    if let Some((over, under)) = text.split_once('/') {
        let under: BigInt = under.parse().ok()?;
        return (!under.is_zero()).then(|| Some(Ratio::new(over.parse().ok()?, under)))?;
    }
    let (digits, scale) = match text.split_once('.') {
        Some((whole, fraction)) => (format!("{whole}{fraction}"), fraction.len()),
        None => (text.to_owned(), 0),
    };
    let is_number = digits.strip_prefix('-').unwrap_or(&digits).bytes().all(|b| b.is_ascii_digit());
    let units: BigInt = digits.parse().ok().filter(|_| is_number)?;
    Some(Ratio::new(units, BigInt::from(10).pow(u32::try_from(scale).ok()?)))
}

/// The number that a text begins with, before its unit: `12.5 GB`, `40%`.
pub(super) fn leading(text: &str) -> Option<Quantity> {
    let end = text.find(|sign: char| !(sign.is_ascii_digit() || "-./".contains(sign)));
    let (number, rest) = text.split_at(end.unwrap_or(text.len()));
    let number = quantity(number)?;
    let hundred = BigInt::from(100);
    Some(if rest.trim_start().starts_with('%') { number / hundred } else { number })
}

pub(super) fn of_amount(amount: Amount) -> Quantity {
    quantity(&amount.to_string()).unwrap_or_default()
}

pub(super) fn of_count(count: u64) -> Quantity {
    Ratio::from_integer(count.into())
}

/// All digits of a number that comes out even, else the fraction.
pub(super) fn shown(number: &Quantity) -> String {
    let mut under = number.denom().clone();
    let mut digits = 0;
    for prime in [2_u32, 5] {
        let mut times = 0;
        while (&under % prime).is_zero() {
            under /= prime;
            times += 1;
        }
        digits = digits.max(times);
    }
    if under != BigInt::from(1) || digits > MOST_DIGITS {
        return number.to_string();
    }
    let units = (number * BigInt::from(10).pow(digits)).to_integer();
    let width = digits as usize + 1;
    let text = format!("{:0>width$}", units.magnitude().to_str_radix(10));
    let (whole, fraction) = text.split_at(text.len() - digits as usize);
    let sign = if number.is_negative() { "-" } else { "" };
    if digits == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// Rounded half to even, to so many digits after the point.
pub(super) fn rounded(number: &Quantity, digits: u32) -> Quantity {
    let ten = BigInt::from(10).pow(digits);
    let scaled = number * &ten;
    let below = scaled.floor().to_integer();
    let over = scaled - Ratio::from_integer(below.clone());
    let half = Ratio::new(BigInt::from(1), BigInt::from(2));
    let up = over > half || (over == half && below.is_odd());
    Ratio::new(if up { below + 1 } else { below }, ten)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_both_ways() {
        for text in ["0", "-12.5", "0.000001", "3/7", "-1/3", "100", "12345678901234567890.5"] {
            assert_eq!(shown(&quantity(text).unwrap()), text);
        }
        for text in ["", "-", "1.2.3", "a", "1e5", "1/0", "+1"] {
            assert_eq!(quantity(text), None, "{text}");
        }
        assert_eq!(leading("12.5 GB"), quantity("12.5"));
        assert_eq!(leading("40%"), quantity("0.4"));
        assert_eq!(leading("none"), None);
    }

    #[test]
    fn rounding_is_half_to_even() {
        for (text, expected) in
            [("0.125", "0.12"), ("0.135", "0.14"), ("-0.125", "-0.12"), ("2/3", "0.67")]
        {
            assert_eq!(shown(&rounded(&quantity(text).unwrap(), 2)), expected);
        }
    }
}
