//! Exact numbers, read and written by other means than the command's own.

use num_bigint::BigInt;
use num_rational::Ratio;
use num_traits::{One, Signed, Zero};

/// Any number that a bill can hold, exactly.
pub(crate) type Exact = Ratio<BigInt>;

/// Reads a decimal, with or without exponent.
pub(crate) fn exact(text: &str) -> Exact {
    let text = text.trim();
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        None => (text, 0),
        Some((mantissa, exponent)) => (mantissa, whole_exponent(text, exponent)),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let digits: BigInt = digits.parse().unwrap_or_else(|_| panic!("`{text}` is no number"));
    let places = i32::try_from(fraction.len()).expect("a short text") - exponent;
    let power = BigInt::from(10).pow(places.unsigned_abs());
    if places >= 0 { Ratio::new(digits, power) } else { Ratio::from_integer(digits * power) }
}

fn whole_exponent(text: &str, exponent: &str) -> i32 {
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    exponent.parse().unwrap_or_else(|_| panic!("`{text}` is no number"))
}

/// A plain decimal without exponent and trailing zeros, by long division.
pub(crate) fn plain(number: &Exact) -> String {
    let sign = if number.is_negative() { "-" } else { "" };
    let mut rest = number.abs();
    let whole = rest.to_integer();
    rest -= Ratio::from_integer(whole.clone());
    let mut fraction = String::new();
    while !rest.is_zero() {
        assert!(fraction.len() < 200, "{number} is no decimal");
        rest *= BigInt::from(10);
        let digit = rest.to_integer();
        fraction.push_str(&digit.to_string());
        rest -= Ratio::from_integer(digit);
    }
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// The number as a whole number of `10^-scale`.
pub(crate) fn scaled(number: &Exact, scale: u32) -> BigInt {
    let units = number * Ratio::from_integer(BigInt::from(10).pow(scale));
    assert!(units.denom().is_one(), "{number} has more than {scale} digits after the point");
    units.to_integer()
}
