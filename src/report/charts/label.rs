//! Names and figures as a chart shows them: short, and harmless whatever the data holds.

use std::borrow::Cow;

use num_bigint::BigInt;

use crate::diagnostics::printable;
use crate::domain::{Amount, SCALE};
use crate::report::decimal::fixed;

/// Text without anything that XML forbids or a reader cannot see.
pub(super) fn harmless(text: &str) -> Cow<'_, str> {
    let shown = printable(text);
    if shown.contains(['\u{fffe}', '\u{ffff}']) {
        return Cow::Owned(shown.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}"));
    }
    shown
}

/// The name, cut where it is wider than so many letters; wide letters count twice.
pub(super) fn short(name: &str, letters: usize) -> String {
    let shown = harmless(name);
    let width = |letter: char| if letter >= '\u{1100}' { 2 } else { 1 };
    if shown.chars().map(width).sum::<usize>() <= letters {
        return shown.into_owned();
    }
    let mut room = letters.saturating_sub(1);
    let fits = |letter: &char| {
        let fits = width(*letter) <= room;
        room = room.saturating_sub(width(*letter));
        fits
    };
    shown.chars().take_while(fits).chain(['…']).collect()
}

/// Digits after the point that figures of this size are shown with, so that a column of them
/// lines up: none for large ones, cents, or enough for three digits of small ones.
pub(super) fn digits_for(largest: Amount) -> u32 {
    let power = |exponent: i8| Amount::from_scaled(1, -exponent).unwrap_or_default();
    let size = largest.abs();
    if size >= power(4) {
        0
    } else if size >= power(0) || size.is_zero() {
        2
    } else {
        // As many places as stand before the third digit that is not a leading zero.
        let length = u32::try_from(size.to_units().to_string().len()).unwrap_or(SCALE);
        (SCALE + 3).saturating_sub(length).min(SCALE)
    }
}

/// An amount for the eye: rounded half to even to so many digits, thousands apart.
pub(super) fn figure(amount: Amount, digits: u32) -> String {
    let under = BigInt::from(10).pow(SCALE);
    grouped(&fixed(&amount.to_units(), &under, digits).unwrap_or_default())
}

/// A plain decimal with a comma at every thousand and a true minus sign.
pub(super) fn grouped(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("−", digits));
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut shown = String::from(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown + fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_for_the_eye() {
        let tiny = format!("0.{}1", "0".repeat(35));
        for (largest, amount, expected) in [
            ("0", "0", "0.00"),
            ("1234567.891", "1234567.891", "1,234,568"),
            ("20000", "-1000", "−1,000"),
            ("20000", "-0.25", "0"),
            ("9999", "-1234.345", "−1,234.34"),
            ("0.5", "0.5", "0.500"),
            ("0.0001234567", "0.0001234567", "0.000123"),
            (&tiny, &tiny, &tiny),
        ] {
            let digits = digits_for(largest.parse().unwrap());
            assert_eq!(figure(amount.parse().unwrap(), digits), expected);
        }
    }

    #[test]
    fn names_are_cut_and_made_harmless() {
        assert_eq!(short("payments", 8), "payments");
        assert_eq!(short("payments-production", 10), "payments-…");
        assert_eq!(short("東京支社", 6), "東京…");
        assert_eq!(short("a\u{202e}b\u{ffff}", 20), "a\\u{202e}b\u{fffd}");
    }
}
