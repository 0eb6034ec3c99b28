//! Numbers as text: amounts fast enough for millions of cells, ratios exactly.
//!
//! Rounding happens here and nowhere else in this room, half to even, and only on what is shown
//! as a ratio: amounts are always written in full.

use num_bigint::{BigInt, BigUint, Sign};
use num_rational::Ratio;
use num_traits::{One, Zero};

use crate::domain::{Amount, SCALE};

/// Significant digits that a raw share of a pool is written with.
const RAW_DIGITS: u32 = 40;
const TEN_18: u64 = 1_000_000_000_000_000_000;
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0_u8; 2]; 100];
    let (mut tens, mut index) = (b'0', 0);
    while tens <= b'9' {
        let mut ones = b'0';
        while ones <= b'9' {
            pairs[index] = [tens, ones];
            index += 1;
            ones += 1;
        }
        tens += 1;
    }
    pairs
};

/// Appends an amount, byte for byte as its `Display` shows it.
pub(super) fn push_amount(out: &mut Vec<u8>, amount: Amount) {
    let (head, tail) = amount.parts();
    let (whole_and_half, rest) = match (head < 0, tail) {
        (true, 1..) => (head.unsigned_abs() - 1, TEN_18 - tail),
        _ => (head.unsigned_abs(), tail),
    };
    if head < 0 {
        out.push(b'-');
    }
    // Most cells hold less than 18; their division is one of machine words.
    let (whole, half) = if let Ok(small) = u64::try_from(whole_and_half) {
        (u128::from(small / TEN_18), small % TEN_18)
    } else {
        let whole = whole_and_half / u128::from(TEN_18);
        let half = whole_and_half - whole * u128::from(TEN_18);
        (whole, u64::try_from(half).unwrap_or(0))
    };
    push_whole(out, whole);
    if half == 0 && rest == 0 {
        return;
    }
    let mut digits = [b'0'; 37];
    digits[0] = b'.';
    write_padded(&mut digits[1..19], half);
    let mut shown = 19;
    if rest > 0 {
        write_padded(&mut digits[19..], rest);
        shown = 37;
    }
    while digits[shown - 1] == b'0' {
        shown -= 1;
    }
    out.extend_from_slice(&digits[..shown]);
}

/// Appends a whole number.
pub(super) fn push_number(out: &mut Vec<u8>, number: u64) {
    push_whole(out, u128::from(number));
}

fn push_whole(out: &mut Vec<u8>, number: u128) {
    match u64::try_from(number) {
        Ok(small) if small < 10 => out.push(digit(small)),
        Ok(small) if small < TEN_18 => {
            let (mut digits, mut begin, mut rest) = ([b'0'; 18], 18, small);
            while rest > 0 {
                begin -= 1;
                digits[begin] = digit(rest % 10);
                rest /= 10;
            }
            out.extend_from_slice(&digits[begin..]);
        }
        _ => {
            push_whole(out, number / u128::from(TEN_18));
            let mut digits = [b'0'; 18];
            write_padded(&mut digits, u64::try_from(number % u128::from(TEN_18)).unwrap_or(0));
            out.extend_from_slice(&digits);
        }
    }
}

/// The one digit of a number below ten.
fn digit(number: u64) -> u8 {
    b'0' + u8::try_from(number).unwrap_or(0)
}

/// Writes a number below 10¹⁸ into 18 places, two digits at a time, by three numbers of six digits
/// that do not wait for each other.
fn write_padded(places: &mut [u8], number: u64) {
    const MILLION: u64 = 1_000_000;
    let sixes = [number / (MILLION * MILLION), number / MILLION % MILLION, number % MILLION];
    for (places, six) in places.chunks_exact_mut(6).zip(sixes) {
        let six = usize::try_from(six).unwrap_or(0);
        places[..2].copy_from_slice(&PAIRS[six / 10_000]);
        places[2..4].copy_from_slice(&PAIRS[six / 100 % 100]);
        places[4..].copy_from_slice(&PAIRS[six % 100]);
    }
}

/// `over / under` with exactly so many digits after the point, rounded half to even; `None` where
/// `under` is zero.
pub(super) fn fixed(over: &BigInt, under: &BigInt, digits: u32) -> Option<String> {
    if under.is_zero() {
        return None;
    }
    let ten = BigUint::from(10_u32).pow(digits);
    let quotient = divide(&(over.magnitude() * ten), under.magnitude());
    let negative =
        !quotient.is_zero() && (over.sign() == Sign::Minus) != (under.sign() == Sign::Minus);
    Some(point(negative, &quotient, digits))
}

/// `amount · share` with up to 40 significant digits, rounded half to even beyond them, without
/// trailing zeros.
pub(super) fn raw_part(amount: Amount, share: &Ratio<BigUint>) -> String {
    let units = amount.to_units();
    let over = units.magnitude() * share.numer();
    let under = share.denom() * BigUint::from(10_u32).pow(SCALE);
    if over.is_zero() {
        return "0".to_owned();
    }
    // The quotient has this many digits before the point, or one fewer.
    let ahead = i64::from(length(&over)) - i64::from(length(&under)) + 1;
    let shift = i64::from(RAW_DIGITS) - ahead;
    let power = BigUint::from(10_u32).pow(u32::try_from(shift.unsigned_abs()).unwrap_or(u32::MAX));
    let (over, under) = if shift >= 0 { (over * power, under) } else { (over, under * power) };
    let mut quotient = divide(&over, &under);
    let mut digits = shift;
    if length(&quotient) < RAW_DIGITS {
        // One digit fewer than estimated: divide once more, with that digit.
        quotient = divide(&(over * 10_u32), &under);
        digits += 1;
    }
    if digits < 0 {
        let missing = u32::try_from(-digits).unwrap_or(u32::MAX);
        return point(
            units.sign() == Sign::Minus,
            &(quotient * BigUint::from(10_u32).pow(missing)),
            0,
        );
    }
    let text = point(units.sign() == Sign::Minus, &quotient, u32::try_from(digits).unwrap_or(0));
    if text.contains('.') {
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    text
}

/// A share between nothing and the whole, with twelve digits.
pub(super) fn share_text(share: &Ratio<BigUint>) -> String {
    let (over, under) = (BigInt::from(share.numer().clone()), BigInt::from(share.denom().clone()));
    fixed(&over, &under, 12).unwrap_or_default()
}

/// Rounded half to even. The caller has checked that `under` is not zero.
fn divide(over: &BigUint, under: &BigUint) -> BigUint {
    let (quotient, rest) = (over / under, over % under);
    let up = match (rest * 2_u32).cmp(under) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => quotient.bit(0),
        std::cmp::Ordering::Greater => true,
    };
    if up { quotient + BigUint::one() } else { quotient }
}

fn length(number: &BigUint) -> u32 {
    u32::try_from(number.to_str_radix(10).len()).unwrap_or(u32::MAX)
}

fn point(negative: bool, units: &BigUint, digits: u32) -> String {
    let width = digits as usize + 1;
    let text = format!("{:0>width$}", units.to_str_radix(10));
    let (whole, fraction) = text.split_at(text.len() - digits as usize);
    let sign = if negative { "-" } else { "" };
    if digits == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn show(text: &str) -> String {
        let mut out = Vec::new();
        push_amount(&mut out, text.parse().unwrap());
        String::from_utf8(out).unwrap()
    }

    fn part(amount: &str, over: u32, under: u32) -> String {
        raw_part(amount.parse().unwrap(), &Ratio::new(BigUint::from(over), BigUint::from(under)))
    }

    proptest! {
        #[test]
        fn amounts_are_written_as_they_are_displayed(head: i128, tail in 0..TEN_18, shift in 0_u32..127) {
            let amount = Amount::from_sums(head >> shift, i128::from(tail)).unwrap();
            let mut out = Vec::new();
            push_amount(&mut out, amount);
            prop_assert_eq!(String::from_utf8(out).unwrap(), amount.to_string());
        }
    }

    #[test]
    fn edges_of_amounts() {
        for text in
            ["0", "-0.5", "10", "-100.000000000000000000000000000000000001", "1000000000000000000"]
        {
            assert_eq!(show(text), text);
        }
        let mut out = Vec::new();
        push_number(&mut out, u64::MAX);
        push_number(&mut out, 0);
        assert_eq!(out, b"184467440737095516150");
    }

    #[test]
    fn ratios_round_half_to_even() {
        let of = |over: i64, under: i64| fixed(&over.into(), &under.into(), 4);
        for (over, under, expected) in [
            (1, 3, "0.3333"),
            (2, 3, "0.6667"),
            (1, 20_000, "0.0000"),
            (3, 20_000, "0.0002"),
            (-3, 20_000, "-0.0002"),
            (3, -2, "-1.5000"),
            (-1, 20_000, "0.0000"),
            (12, 1, "12.0000"),
        ] {
            assert_eq!(of(over, under).as_deref(), Some(expected), "{over}/{under}");
        }
        assert_eq!(of(1, 0), None);
    }

    #[test]
    fn raw_parts_have_forty_significant_digits() {
        assert_eq!(part("100", 1, 3), format!("33.{}", "3".repeat(38)));
        assert_eq!(part("-200", 1, 3), format!("-66.{}7", "6".repeat(37)));
        assert_eq!(part("0.02", 1, 3), format!("0.00{}7", "6".repeat(39)));
        assert_eq!(part("12.50", 2, 5), "5");
        assert_eq!(part("7", 0, 5), "0");
        assert_eq!(part("0.999999", 1, 1), "0.999999");
        assert_eq!(part("100", 1, 1), "100");
        assert_eq!(share_text(&Ratio::new(2_u32.into(), 3_u32.into())), "0.666666666667");
    }
}
