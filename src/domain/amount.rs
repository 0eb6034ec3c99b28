//! Exact money: a decimal with up to 36 digits after the point, read to the last digit or refused.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use num_bigint::{BigInt, Sign};
use num_traits::ToPrimitive;

/// Digits after the point that an [`Amount`] holds.
pub const SCALE: u32 = 36;
const HALF_SCALE: usize = 18;
const TEN_18: u64 = 1_000_000_000_000_000_000;
const TEN_18_I: i128 = TEN_18 as i128;
/// Exponents beyond this are refused: they are never money.
const MAX_EXPONENT: i32 = 60;

/// An exact amount of one currency; the currency stands beside it, never inside.
///
/// Held as `floor(x · 10¹⁸)` and the eighteen digits that follow, so that equal values have equal
/// bytes and ordering is the ordering of the pair. Range ±1.7 · 10²⁰.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount {
    head: i128,
    tail: u64,
}

/// Why a text is not an amount. The text itself stays with whoever knows its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmountError {
    Empty,
    /// A byte that has no place in a plain decimal: a separator, a currency sign, brackets, a letter.
    NotANumber,
    /// The exponent lies beyond ±60.
    Exponent,
    /// Digits that matter stand beyond the 36th place after the point.
    TooPrecise,
    /// The value lies beyond ±1.7 · 10²⁰.
    TooLarge,
}

impl fmt::Display for AmountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the amount is empty; an unknown cost is not a cost of zero",
            Self::NotANumber => {
                "not a plain decimal number (no thousands separators, currency signs, brackets, NaN or inf)"
            }
            Self::Exponent => "the exponent lies beyond ±60",
            Self::TooPrecise => {
                "more than 36 digits after the point; rounding it silently is not an option"
            }
            Self::TooLarge => "the amount lies beyond ±170,000,000,000,000,000,000",
        })
    }
}

impl Amount {
    pub const ZERO: Self = Self { head: 0, tail: 0 };
    pub const ONE: Self = Self { head: TEN_18_I, tail: 0 };

    /// Reads a plain decimal, with or without exponent, surrounded by nothing but spaces.
    ///
    /// # Errors
    /// See [`AmountError`]; nothing is ever rounded.
    ///
    /// ```
    /// use costbook::domain::Amount;
    /// assert_eq!(Amount::parse(b"1.81E-8").unwrap().to_string(), "0.0000000181");
    /// assert!(Amount::parse(b"1,234.56").is_err());
    /// ```
    pub fn parse(text: &[u8]) -> Result<Self, AmountError> {
        let text = text.trim_ascii();
        let (negative, digits) = match text.first() {
            None => return Err(AmountError::Empty),
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            Some(_) => (false, text),
        };
        let magnitude = match plain(digits) {
            Some(found) => found,
            None => scientific(digits)?,
        };
        Ok(if negative { -magnitude } else { magnitude })
    }

    /// `units · 10^-scale`, for values that columnar files keep as scaled integers.
    ///
    /// # Errors
    /// [`AmountError::TooPrecise`] or [`AmountError::TooLarge`] where the value does not fit.
    pub fn from_scaled(units: i128, scale: i8) -> Result<Self, AmountError> {
        if let Ok(up) = u32::try_from(18 - i32::from(scale)) {
            let factor = 10_i128.checked_pow(up).ok_or(AmountError::TooLarge)?;
            let head = units.checked_mul(factor).ok_or(AmountError::TooLarge)?;
            return Ok(Self { head, tail: 0 });
        }
        Self::from_big(&BigInt::from(units), scale)
    }

    /// [`Amount::from_scaled`] for integers of any width.
    ///
    /// # Errors
    /// As [`Amount::from_scaled`].
    pub fn from_big(units: &BigInt, scale: i8) -> Result<Self, AmountError> {
        let shift = i32::try_from(SCALE).unwrap_or(i32::MAX) - i32::from(scale);
        let power = BigInt::from(10).pow(shift.unsigned_abs());
        let scaled = if shift >= 0 {
            units * power
        } else if (units % &power).sign() == Sign::NoSign {
            units / power
        } else {
            return Err(AmountError::TooPrecise);
        };
        Self::from_units(&scaled).ok_or(AmountError::TooLarge)
    }

    /// The amount as a whole number of 10⁻³⁶.
    #[must_use]
    pub fn to_units(self) -> BigInt {
        BigInt::from(self.head) * BigInt::from(TEN_18) + BigInt::from(self.tail)
    }

    /// The inverse of [`Amount::to_units`]; `None` beyond the range.
    #[must_use]
    pub fn from_units(units: &BigInt) -> Option<Self> {
        let ten = BigInt::from(TEN_18);
        let mut head = units / &ten;
        let mut tail = units - &head * &ten;
        if tail.sign() == Sign::Minus {
            head -= 1;
            tail += ten;
        }
        Some(Self { head: head.to_i128()?, tail: tail.to_u64()? })
    }

    #[must_use]
    pub fn is_zero(self) -> bool {
        self == Self::ZERO
    }

    #[must_use]
    pub fn is_negative(self) -> bool {
        self.head < 0
    }

    #[must_use]
    pub fn abs(self) -> Self {
        if self.is_negative() { -self } else { self }
    }

    /// Digits after the point that the plain decimal shows, 0 to 36.
    #[must_use]
    pub fn digits(self) -> u32 {
        let (_, fraction) = self.magnitude();
        let trailing = fraction.iter().rev().take_while(|d| **d == b'0').count();
        u32::try_from(fraction.len() - trailing).unwrap_or(SCALE)
    }

    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let tail = self.tail + other.tail;
        let (carry, tail) = if tail >= TEN_18 { (1, tail - TEN_18) } else { (0, tail) };
        let head = self.head.checked_add(other.head)?.checked_add(carry)?;
        Some(Self { head, tail })
    }

    /// The two integers of the value, `head · 10⁻¹⁸ + tail · 10⁻³⁶`, for exact accumulation.
    #[must_use]
    pub fn parts(self) -> (i128, u64) {
        (self.head, self.tail)
    }

    /// Sums of [`Amount::parts`] back to an amount; `None` beyond the range.
    #[must_use]
    pub fn from_sums(head: i128, tail: i128) -> Option<Self> {
        if tail == 0 {
            return Some(Self { head, tail: 0 });
        }
        let carry = tail.div_euclid(TEN_18_I);
        let tail = u64::try_from(tail.rem_euclid(TEN_18_I)).ok()?;
        Some(Self { head: head.checked_add(carry)?, tail })
    }

    /// Whole part and the 36 digits after the point, both of the absolute value.
    fn magnitude(self) -> (u128, [u8; 36]) {
        let (head, tail) = match (self.head < 0, self.tail) {
            (false, tail) => (self.head.unsigned_abs(), tail),
            (true, 0) => (self.head.unsigned_abs(), 0),
            (true, tail) => (self.head.unsigned_abs() - 1, TEN_18 - tail),
        };
        let mut fraction = [b'0'; 36];
        write_digits(&mut fraction[..HALF_SCALE], head % u128::from(TEN_18));
        write_digits(&mut fraction[HALF_SCALE..], u128::from(tail));
        (head / u128::from(TEN_18), fraction)
    }
}

fn write_digits(place: &mut [u8], mut value: u128) {
    for slot in place.iter_mut().rev() {
        *slot = b'0' + u8::try_from(value % 10).unwrap_or(0);
        value /= 10;
    }
}

/// The common case: digits, at most one point, at most 19 digits before and 36 after it.
/// `None` sends the text to [`scientific`], which knows all cases and all errors.
fn plain(text: &[u8]) -> Option<Amount> {
    let mut whole = 0_u64;
    let mut at = 0;
    while at < text.len() && text[at].is_ascii_digit() {
        whole = whole.wrapping_mul(10).wrapping_add(u64::from(text[at] - b'0'));
        at += 1;
    }
    if at == 0 || at > 18 {
        return None;
    }
    let fraction = match text.get(at) {
        None => return Some(Amount { head: i128::from(whole) * TEN_18_I, tail: 0 }),
        Some(b'.') => &text[at + 1..],
        Some(_) => return None,
    };
    if fraction.is_empty() || fraction.len() > 2 * HALF_SCALE {
        return None;
    }
    let (first, second) = fraction.split_at(fraction.len().min(HALF_SCALE));
    let head = i128::from(whole) * TEN_18_I + i128::from(padded(first)?);
    Some(Amount { head, tail: padded(second)? })
}

/// Up to 18 digits read as if filled up with zeros to 18.
fn padded(digits: &[u8]) -> Option<u64> {
    const POWERS: [u64; 19] = {
        let mut powers = [1_u64; 19];
        let mut i = 1;
        while i < 19 {
            powers[i] = powers[i - 1] * 10;
            i += 1;
        }
        powers
    };
    let mut value = 0_u64;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value * 10 + u64::from(digit - b'0');
    }
    Some(value * POWERS[HALF_SCALE - digits.len()])
}

/// Every text the format allows, by moving the point over the significant digits.
fn scientific(text: &[u8]) -> Result<Amount, AmountError> {
    let (mantissa, exponent) = match text.iter().position(|b| matches!(b, b'e' | b'E')) {
        None => (text, 0),
        Some(at) => (&text[..at], read_exponent(&text[at + 1..])?),
    };
    let point = mantissa.iter().position(|b| *b == b'.').unwrap_or(mantissa.len());
    let after = mantissa.get(point + 1..).unwrap_or_default();
    let digits: Vec<u8> = mantissa[..point].iter().chain(after).copied().collect();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(AmountError::NotANumber);
    }
    let leading = digits.iter().take_while(|d| **d == b'0').count();
    let trailing = digits[leading..].iter().rev().take_while(|d| **d == b'0').count();
    let significant = &digits[leading..digits.len() - trailing];
    if significant.is_empty() {
        return Ok(Amount::ZERO);
    }
    // Place of the last significant digit: 10^-scale.
    let shown = i64::try_from(after.len()).map_err(|_| AmountError::TooPrecise)?;
    let dropped = i64::try_from(trailing).map_err(|_| AmountError::TooLarge)?;
    let scale = shown - dropped - i64::from(exponent);
    if scale > i64::from(SCALE) {
        return Err(AmountError::TooPrecise);
    }
    let scale = i8::try_from(scale).map_err(|_| AmountError::TooLarge)?;
    if significant.len() > 60 {
        return Err(AmountError::TooLarge);
    }
    let units = BigInt::parse_bytes(significant, 10).ok_or(AmountError::NotANumber)?;
    Amount::from_big(&units, scale)
}

fn read_exponent(text: &[u8]) -> Result<i32, AmountError> {
    let (negative, digits) = match text.first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(AmountError::NotANumber);
    }
    let value = digits
        .iter()
        .try_fold(0_i32, |sum, d| {
            let next = sum * 10 + i32::from(d - b'0');
            (next <= MAX_EXPONENT).then_some(next)
        })
        .ok_or(AmountError::Exponent)?;
    Ok(if negative { -value } else { value })
}

impl fmt::Display for Amount {
    /// A plain decimal: no exponent, no plus sign, no trailing zeros, no `-0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = self.magnitude();
        let shown = self.digits() as usize;
        let sign = if self.is_negative() { "-" } else { "" };
        write!(f, "{sign}{whole}")?;
        if shown > 0 {
            let text = std::str::from_utf8(&fraction[..shown]).map_err(|_| fmt::Error)?;
            write!(f, ".{text}")?;
        }
        Ok(())
    }
}

impl std::str::FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        Self::parse(text.as_bytes())
    }
}

impl serde::Serialize for Amount {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Neg for Amount {
    type Output = Self;

    fn neg(self) -> Self {
        if self.tail == 0 {
            Self { head: -self.head, tail: 0 }
        } else {
            Self { head: -self.head - 1, tail: TEN_18 - self.tail }
        }
    }
}

/// Sums after the scan cannot leave the range: the scan refuses input whose absolute sum would
/// (see `allocate::cube`). Should a bug break that, this stops rather than wraps.
impl Add for Amount {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.checked_add(other).expect("the scan bounds the absolute sum of all amounts")
    }
}

impl Sub for Amount {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Amount {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str) -> Result<String, AmountError> {
        Amount::parse(text.as_bytes()).map(|a| a.to_string())
    }

    #[test]
    fn reads_and_shows_to_the_last_digit() {
        for (text, expected) in [
            ("0", "0"),
            ("-0", "0"),
            ("-0.000", "0"),
            ("18.0066386186", "18.0066386186"),
            ("1.50", "1.5"),
            (" 2 ", "2"),
            ("+3.25", "3.25"),
            (".5", "0.5"),
            ("5.", "5"),
            ("0.0000000191107392311096200000", "0.00000001911073923110962"),
            ("1.81E-8", "0.0000000181"),
            ("6.266090E-12", "0.00000000000626609"),
            ("1e3", "1000"),
            ("-1.5e+2", "-150"),
            ("100000000000000000000", "100000000000000000000"),
            ("0.000000000000000000000000000000000001", "0.000000000000000000000000000000000001"),
            ("-0.000000000000000000000000000000000001", "-0.000000000000000000000000000000000001"),
            ("-7.123456789012345678901234567890123456", "-7.123456789012345678901234567890123456"),
            ("0.00000000000000000000000000000000000000000", "0"),
        ] {
            assert_eq!(show(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_exact_money() {
        use AmountError::{Empty, Exponent, NotANumber, TooLarge, TooPrecise};
        for (text, expected) in [
            ("", Empty),
            ("  ", Empty),
            ("-", NotANumber),
            (".", NotANumber),
            ("NaN", NotANumber),
            ("inf", NotANumber),
            ("1,234.56", NotANumber),
            ("$1.5", NotANumber),
            ("1_000", NotANumber),
            ("(12.34)", NotANumber),
            ("١٢", NotANumber),
            ("1.2.3", NotANumber),
            ("--1", NotANumber),
            ("1e", NotANumber),
            ("1e61", Exponent),
            ("1e-61", Exponent),
            ("1e2147483647", Exponent),
            ("1e40", TooLarge),
            ("999999999999999999999", TooLarge),
            ("1e-37", TooPrecise),
            ("0.1234567890123456789012345678901234567", TooPrecise),
        ] {
            assert_eq!(show(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn scaled_integers_are_exact() {
        assert_eq!(Amount::from_scaled(-15, 1).unwrap().to_string(), "-1.5");
        assert_eq!(Amount::from_scaled(7, -2).unwrap().to_string(), "700");
        assert_eq!(Amount::from_scaled(-1, 20).unwrap().to_string(), "-0.00000000000000000001");
        assert_eq!(Amount::from_scaled(1, 37), Err(AmountError::TooPrecise));
    }
}
