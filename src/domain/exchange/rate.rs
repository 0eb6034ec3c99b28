//! A rate as an exact fraction.

use std::fmt;

use num_bigint::BigUint;
use num_rational::Ratio;
use num_traits::Zero;

use crate::domain::amount::{Amount, AmountError, SCALE};

/// What one unit of a currency is worth in another: an exact positive fraction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(Ratio<BigUint>);

/// Why a text is no rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateError {
    NotANumber(AmountError),
    Zero,
    Negative,
}

impl fmt::Display for RateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotANumber(AmountError::Empty) => f.write_str("the rate is empty"),
            Self::NotANumber(error) => write!(f, "the rate cannot be read: {error}"),
            Self::Zero => f.write_str("a rate of zero would make money vanish"),
            Self::Negative => f.write_str("a rate is never negative"),
        }
    }
}

impl Rate {
    /// Reads a plain decimal greater than zero.
    ///
    /// # Errors
    /// See [`RateError`].
    pub fn parse(text: &[u8]) -> Result<Self, RateError> {
        let number = Amount::parse(text).map_err(RateError::NotANumber)?;
        if number.is_zero() {
            return Err(RateError::Zero);
        }
        if number.is_negative() {
            return Err(RateError::Negative);
        }
        let under = BigUint::from(10_u32).pow(SCALE);
        Ok(Self(Ratio::new(number.to_units().magnitude().clone(), under)))
    }

    /// Reads a fraction such as `9/10` or a whole number, as reports write exact rates; `None` where
    /// it is neither, or zero.
    #[must_use]
    pub fn fraction(text: &str) -> Option<Self> {
        let (over, under) = text.split_once('/').unwrap_or((text, "1"));
        let whole = |digits: &str| BigUint::parse_bytes(digits.as_bytes(), 10);
        let (over, under) = (whole(over)?, whole(under)?);
        let is_rate = !over.is_zero() && !under.is_zero();
        is_rate.then(|| Self(Ratio::new(over, under)))
    }

    #[must_use]
    pub fn ratio(&self) -> &Ratio<BigUint> {
        &self.0
    }

    /// The rate of the other direction.
    #[must_use]
    pub fn inverse(&self) -> Self {
        Self(self.0.recip())
    }

    /// The exact mean; `None` of nothing.
    pub fn mean<'a>(rates: impl Iterator<Item = &'a Self>) -> Option<Self> {
        let mut count = BigUint::zero();
        let mut sum = Ratio::from_integer(BigUint::zero());
        for rate in rates {
            count += 1_u32;
            sum += &rate.0;
        }
        (!count.is_zero()).then(|| Self(sum / count))
    }

    /// Whether this rate is at least `factor` times another, or the other that of this one.
    #[must_use]
    pub fn leaps(&self, other: &Self, factor: &Self) -> bool {
        let is_far = |high: &Ratio<BigUint>, low: &Ratio<BigUint>| *high >= low * &factor.0;
        is_far(&self.0, &other.0) || is_far(&other.0, &self.0)
    }
}

impl std::str::FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        Self::parse(text.as_bytes())
    }
}

impl fmt::Display for Rate {
    /// As a decimal where it is one, else as a fraction.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = &self.0 * BigUint::from(10_u32).pow(SCALE);
        let decimal = units.is_integer().then(|| Amount::from_units(&units.to_integer().into()));
        match decimal.flatten() {
            Some(decimal) => decimal.fmt(f),
            None => self.0.fmt(f),
        }
    }
}
