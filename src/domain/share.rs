//! Shares of a whole, as exact fractions.

use std::fmt;
use std::str::FromStr;

use num_bigint::BigUint;
use num_rational::Ratio;
use num_traits::{One, Zero};
use rust_decimal::Decimal;

/// A share between nothing and the whole: `40%`, `0.4` and `2/5` are the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(Ratio<BigUint>);

/// Why a text is not a share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShareError(String);

impl fmt::Display for ShareError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a share; write 40%, 0.4 or 2/5, from 0 to the whole", self.0)
    }
}

impl std::error::Error for ShareError {}

impl Share {
    #[must_use]
    pub fn whole() -> Self {
        Self(Ratio::one())
    }

    /// The sum of shares, exactly; `None` where it is more than the whole.
    #[must_use]
    pub fn sum<'a>(shares: impl IntoIterator<Item = &'a Self>) -> Ratio<BigUint> {
        shares.into_iter().fold(Ratio::zero(), |sum, share| sum + &share.0)
    }

    /// Whole-number weights in the same proportion, for [`super::split`].
    #[must_use]
    pub fn weights(shares: &[Self]) -> Vec<BigUint> {
        let common: BigUint = shares.iter().map(|s| s.0.denom().clone()).product();
        shares.iter().map(|s| (&s.0 * &common).to_integer()).collect()
    }

    #[must_use]
    pub fn ratio(&self) -> &Ratio<BigUint> {
        &self.0
    }

    fn read(text: &str) -> Option<Ratio<BigUint>> {
        if let Some((over, under)) = text.split_once('/') {
            let under: BigUint = under.trim().parse().ok()?;
            let over: BigUint = over.trim().parse().ok()?;
            return (!under.is_zero()).then(|| Ratio::new(over, under));
        }
        let (number, hundred) = match text.strip_suffix('%') {
            Some(percent) => (percent.trim(), 100_u32),
            None => (text, 1),
        };
        let decimal = Decimal::from_str_exact(number).ok().filter(|d| !d.is_sign_negative())?;
        let over = BigUint::try_from(decimal.mantissa()).ok()?;
        let under = BigUint::from(10_u32).pow(decimal.scale()) * hundred;
        Some(Ratio::new(over, under))
    }
}

impl FromStr for Share {
    type Err = ShareError;

    fn from_str(text: &str) -> Result<Self, ShareError> {
        Self::read(text.trim())
            .filter(|ratio| *ratio <= Ratio::one())
            .map(Self)
            .ok_or_else(|| ShareError(text.to_owned()))
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_share_many_spellings() {
        let forty: Share = "40%".parse().unwrap();
        for text in ["0.4", "2/5", " 40 % ", "40.00%"] {
            assert_eq!(text.parse::<Share>().as_ref(), Ok(&forty), "{text}");
        }
        for text in ["-1%", "101%", "2", "1/0", "40 percent", "", "%"] {
            assert!(text.parse::<Share>().is_err(), "{text}");
        }
    }

    #[test]
    fn thirds_sum_to_the_whole_and_percents_of_thirds_do_not() {
        let of = |texts: [&str; 3]| texts.map(|t| t.parse::<Share>().unwrap());
        assert_eq!(Share::sum(&of(["1/3", "1/3", "1/3"])), Ratio::one());
        assert_ne!(Share::sum(&of(["33%", "33%", "33%"])), Ratio::one());
        let weights = Share::weights(&of(["1/2", "30%", "0.2"]));
        assert_eq!(&weights[0], &(&weights[1] + &weights[2]));
    }
}
