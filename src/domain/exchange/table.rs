//! Quotes by pair and day.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::domain::currency::Currency;

use super::rate::Rate;

/// One row of a table of rates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    pub rate: Rate,
    /// Who says so; may be empty.
    pub source: String,
}

pub(super) type Quotes = BTreeMap<NaiveDate, Quote>;

/// All quotes that are known, at most one per pair and day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RateTable {
    pairs: BTreeMap<(Currency, Currency), Quotes>,
}

impl RateTable {
    /// Adds a quote of one unit of `from` in `to`. The quote of that day that is already there
    /// stays, and is given back.
    pub fn add(
        &mut self,
        from: Currency,
        to: Currency,
        day: NaiveDate,
        quote: Quote,
    ) -> Option<&Quote> {
        let quotes = self.pairs.entry((from, to)).or_default();
        if quotes.contains_key(&day) {
            return quotes.get(&day);
        }
        quotes.insert(day, quote);
        None
    }

    pub(super) fn quotes(&self, from: Currency, to: Currency) -> Option<&Quotes> {
        self.pairs.get(&(from, to))
    }
}
