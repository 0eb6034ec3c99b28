//! ISO 4217 currencies.

use std::fmt;
use std::str::FromStr;

/// A currency of ISO 4217 that money can be billed in: no test code, no metal, no `XXX`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// A code that ISO 4217 does not list as a currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCurrency(String);

impl fmt::Display for UnknownCurrency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not an ISO 4217 currency code such as EUR or USD", self.0)
    }
}

impl std::error::Error for UnknownCurrency {}

/// ISO 4217 list one, active currencies, with the digits of their minor unit
/// (SIX Financial Information, the maintenance agency; read 2026-11).
const CODES: &[(&str, &str)] = &[
    ("0", "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"),
    (
        "2",
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD \
         CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP \
         GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD \
         LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB \
         PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC \
         SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XAD XCD XCG YER ZAR \
         ZMW ZWG",
    ),
    ("3", "BHD IQD JOD KWD LYD OMR TND"),
];

impl Currency {
    /// Reads a code as bills write it; case matters, as it does in ISO 4217.
    ///
    /// # Errors
    /// [`UnknownCurrency`], which shows the text.
    pub fn parse(code: &str) -> Result<Self, UnknownCurrency> {
        let listed = CODES.iter().any(|(_, codes)| codes.split_whitespace().any(|c| c == code));
        match <[u8; 3]>::try_from(code.as_bytes()) {
            Ok(bytes) if listed => Ok(Self(bytes)),
            _ => Err(UnknownCurrency(code.to_owned())),
        }
    }

    /// The three letters, as bytes.
    #[must_use]
    pub fn bytes(self) -> [u8; 3] {
        self.0
    }

    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }

    /// Digits of the minor unit: 2 for EUR, 0 for JPY, 3 for KWD.
    #[must_use]
    pub fn minor_digits(self) -> u32 {
        CODES
            .iter()
            .find(|(_, codes)| codes.split_whitespace().any(|c| c == self.code()))
            .and_then(|(digits, _)| digits.parse().ok())
            .unwrap_or(2)
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(code: &str) -> Result<Self, UnknownCurrency> {
        Self::parse(code)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl serde::Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_currencies_and_refuses_the_rest() {
        assert_eq!(Currency::parse("JPY").unwrap().minor_digits(), 0);
        assert_eq!(Currency::parse("KWD").unwrap().minor_digits(), 3);
        for text in ["US$", "XXX", "MC", "eur", "EURO", "", "XAU"] {
            assert!(Currency::parse(text).is_err(), "{text}");
        }
    }
}
