//! Exchange rates: which rate holds for a month or a day, and the one conversion that is rounded.
//!
//! ```text
//! Rate                an exact positive fraction
//! RateTable           quotes by pair and day
//! ExchangeTerms       policy, digits, whether inverse quotes may be used
//! Exchange            table and terms for one report currency
//!   MonthRates        what holds in a month for one currency
//!     UsedRate        a rate, the quotes it was made of, and the conversion by it
//! Conversion          amount × rate, rounded once
//! ```
//!
//! Nothing is looked up across a third currency, and no rate is made up: what is missing is
//! [`MissingRate`].

mod conversion;
mod rate;
mod table;

use std::collections::BTreeSet;
use std::fmt;

use chrono::{Days, NaiveDate};

use super::amount::Amount;
use super::currency::Currency;
use super::metric::Costs;
use super::period::Period;

pub use conversion::Conversion;
pub use rate::{Rate, RateError};
pub use table::{Quote, RateTable};

/// Days that a quote holds for after its own: weekends and holidays have none.
pub const STALE_DAYS: u64 = 7;

/// Which quote of a month counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RatePolicy {
    /// The last quote of the month, at most [`STALE_DAYS`] before its end.
    MonthEnd,
    /// The exact mean of the month's quotes; no gap among them is longer than [`STALE_DAYS`].
    Average,
    /// The quote of the charge date, or the last one up to [`STALE_DAYS`] before it. What was
    /// charged outside the month that bills it is converted as on that month's nearest day.
    Daily,
}

impl RatePolicy {
    /// The name in the project file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MonthEnd => "month_end",
            Self::Average => "average",
            Self::Daily => "daily",
        }
    }
}

/// How a project converts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExchangeTerms {
    pub policy: RatePolicy,
    /// Digits after the point of a converted amount.
    pub digits: u32,
    /// Whether a quote of B in A may stand for A in B where there is none of A in B.
    pub inverse: bool,
}

/// Converts into one report currency. Without a table only the report currency itself is known.
#[derive(Clone, Debug)]
pub struct Exchange {
    report: Currency,
    declared: Option<(RateTable, ExchangeTerms)>,
}

/// The rates of one currency in one month.
#[derive(Clone, Debug)]
pub enum MonthRates {
    /// It is the report currency.
    Same,
    /// No rate is known or declared: what is converted by it is unknown.
    Unknown,
    /// One rate for the whole month.
    Whole(Box<UsedRate>),
    /// A rate for each day of the month, from its first; `None` where there is none.
    Daily(Period, Vec<Option<UsedRate>>),
}

/// A rate as it is used, and what it was made of.
#[derive(Clone, Debug)]
pub struct UsedRate {
    pub rate: Rate,
    /// Days of the first and the last quote.
    pub quoted: (NaiveDate, NaiveDate),
    pub quotes: usize,
    /// Where the quotes come from, each once.
    pub sources: BTreeSet<String>,
    /// Whether the table quotes the pair the other way round.
    pub is_inverse: bool,
    pub conversion: Conversion,
}

/// Why there is no rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MissingRate {
    /// The table has no quote of the pair at all.
    Pair,
    /// None on or up to seven days before a day; the last one before it, if any.
    Day(NaiveDate, Option<NaiveDate>),
    /// Two quotes of the month, or a quote and the month's edge, lie too far apart for a mean.
    Gap(NaiveDate, NaiveDate),
    /// None within the month.
    Month,
}

impl fmt::Display for MissingRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pair => f.write_str("the table never quotes it"),
            Self::Month => f.write_str("the table has none in that month"),
            Self::Day(day, None) => write!(f, "the table has none on {day} or before"),
            Self::Day(day, Some(last)) => write!(
                f,
                "the last one before {day} is of {last}, more than {STALE_DAYS} days earlier"
            ),
            Self::Gap(from, to) => write!(
                f,
                "from {from} to {to} the table has none, too long for the mean of the month"
            ),
        }
    }
}

impl Exchange {
    /// Knows the report currency only.
    #[must_use]
    pub fn undeclared(report: Currency) -> Self {
        Self { report, declared: None }
    }

    #[must_use]
    pub fn new(report: Currency, table: RateTable, terms: ExchangeTerms) -> Self {
        Self { report, declared: Some((table, terms)) }
    }

    #[must_use]
    pub fn report_currency(&self) -> Currency {
        self.report
    }

    #[must_use]
    pub fn terms(&self) -> Option<ExchangeTerms> {
        self.declared.as_ref().map(|(_, terms)| *terms)
    }

    /// What holds for a currency in a month. `by_day` says whether its charges are known by day;
    /// where they are not, the policy `daily` takes the mean of the month.
    ///
    /// # Errors
    /// [`MissingRate`] where no rate holds for the whole month. Single days without one are `None`
    /// within [`MonthRates::Daily`]: they matter only where something was charged on them.
    pub fn rates(
        &self,
        currency: Currency,
        month: Period,
        by_day: bool,
    ) -> Result<MonthRates, MissingRate> {
        if currency == self.report {
            return Ok(MonthRates::Same);
        }
        let Some((table, terms)) = &self.declared else { return Ok(MonthRates::Unknown) };
        let series = Series::of(table, currency, self.report, terms.inverse);
        let series = series.ok_or(MissingRate::Pair)?;
        let policy = match terms.policy {
            RatePolicy::Daily if !by_day => RatePolicy::Average,
            policy => policy,
        };
        let whole = |used: UsedRate| MonthRates::Whole(Box::new(used));
        match policy {
            RatePolicy::MonthEnd => {
                series.as_of(month.last(), month.first(), terms.digits).map(whole)
            }
            RatePolicy::Average => series.mean(month, terms.digits).map(whole),
            RatePolicy::Daily => Ok(MonthRates::Daily(month, series.days(month, terms.digits))),
        }
    }

    /// Whether the table quotes a currency only the other way round, and the terms do not let that
    /// stand for it.
    #[must_use]
    pub fn is_only_inverse(&self, currency: Currency) -> bool {
        self.declared.as_ref().is_some_and(|(table, terms)| {
            let has = |from, to| table.quotes(from, to).is_some();
            !terms.inverse && !has(currency, self.report) && has(self.report, currency)
        })
    }

    /// Why a day has no rate.
    #[must_use]
    pub fn missing_day(&self, currency: Currency, day: NaiveDate) -> MissingRate {
        let series = self
            .declared
            .as_ref()
            .and_then(|(table, terms)| Series::of(table, currency, self.report, terms.inverse));
        series.map_or(MissingRate::Pair, |series| {
            MissingRate::Day(day, series.last_until(day).map(|(day, _)| day))
        })
    }
}

/// The quotes of a pair, in the direction in which they are used.
struct Series<'a> {
    quotes: &'a table::Quotes,
    is_inverse: bool,
}

impl<'a> Series<'a> {
    fn of(table: &'a RateTable, from: Currency, to: Currency, inverse: bool) -> Option<Self> {
        let direct = table.quotes(from, to).map(|quotes| Self { quotes, is_inverse: false });
        let turned = || table.quotes(to, from).map(|quotes| Self { quotes, is_inverse: true });
        direct.or_else(|| if inverse { turned() } else { None })
    }

    fn last_until(&self, day: NaiveDate) -> Option<(NaiveDate, &'a Quote)> {
        self.quotes.range(..=day).next_back().map(|(day, quote)| (*day, quote))
    }

    /// The last quote up to a day, not older than the limit nor than `earliest`.
    fn as_of(
        &self,
        day: NaiveDate,
        earliest: NaiveDate,
        digits: u32,
    ) -> Result<UsedRate, MissingRate> {
        let found = self.last_until(day);
        let last = found.map(|(quoted, _)| quoted);
        let (quoted, quote) = found.ok_or(MissingRate::Day(day, last))?;
        let limit = day.checked_sub_days(Days::new(STALE_DAYS)).unwrap_or(earliest).max(earliest);
        if quoted < limit {
            return Err(MissingRate::Day(day, last));
        }
        Ok(self.used(quote.rate.clone(), &[(quoted, quote)], digits))
    }

    fn days(&self, month: Period, digits: u32) -> Vec<Option<UsedRate>> {
        let days = month.first().iter_days().take_while(|day| *day <= month.last());
        days.map(|day| self.as_of(day, NaiveDate::MIN, digits).ok()).collect()
    }

    /// Of quotes that are used the other way round the mean is taken first and turned then, as
    /// whoever publishes a mean of quotes does.
    fn mean(&self, month: Period, digits: u32) -> Result<UsedRate, MissingRate> {
        let (first, last) = (month.first(), month.last());
        let quotes: Vec<(NaiveDate, &Quote)> =
            self.quotes.range(first..=last).map(|(day, quote)| (*day, quote)).collect();
        if quotes.is_empty() {
            return Err(MissingRate::Month);
        }
        let days = quotes.iter().map(|(day, _)| *day);
        let ends = std::iter::once(first).chain(days.clone()).zip(days.chain([last]));
        for (from, to) in ends {
            if (to - from).num_days() > STALE_DAYS.cast_signed() {
                return Err(MissingRate::Gap(from, to));
            }
        }
        let rates = quotes.iter().map(|(_, quote)| &quote.rate);
        let mean = Rate::mean(rates).ok_or(MissingRate::Month)?;
        Ok(self.used(mean, &quotes, digits))
    }

    /// `quotes` is not empty.
    fn used(&self, quoted: Rate, quotes: &[(NaiveDate, &Quote)], digits: u32) -> UsedRate {
        let rate = if self.is_inverse { quoted.inverse() } else { quoted };
        UsedRate {
            conversion: Conversion::new(&rate, digits),
            rate,
            quoted: (quotes[0].0, quotes[quotes.len() - 1].0),
            quotes: quotes.len(),
            sources: quotes.iter().map(|(_, quote)| quote.source.clone()).collect(),
            is_inverse: self.is_inverse,
        }
    }
}

impl MonthRates {
    /// The rate of a day; `None` where none is known, and for the report currency itself.
    #[must_use]
    pub fn used(&self, day: NaiveDate) -> Option<&UsedRate> {
        match self {
            Self::Same | Self::Unknown => None,
            Self::Whole(used) => Some(used),
            Self::Daily(month, days) => {
                days.get(day_index(*month, day)).and_then(|used| used.as_ref())
            }
        }
    }

    /// An amount of a day in the report currency; `None` as for [`MonthRates::costs`].
    #[must_use]
    pub fn amount(&self, day: NaiveDate, amount: Amount) -> Option<Amount> {
        if matches!(self, Self::Same) {
            return Some(amount);
        }
        self.used(day)?.conversion.amount(amount)
    }

    /// Costs of a day in the report currency. `None` where no rate is known, or the result lies
    /// beyond the range of amounts.
    #[must_use]
    pub fn costs(&self, day: NaiveDate, costs: &Costs) -> Option<Costs> {
        if matches!(self, Self::Same) {
            return Some(*costs);
        }
        self.used(day)?.conversion.costs(costs)
    }

    /// An amount of no known day: where days have their own rates, by the first of them.
    #[must_use]
    pub fn roughly(&self, amount: Amount) -> Option<Amount> {
        match self {
            Self::Same => Some(amount),
            Self::Unknown => None,
            Self::Whole(used) => used.conversion.amount(amount),
            Self::Daily(_, days) => days.iter().flatten().next()?.conversion.amount(amount),
        }
    }

    /// The day of the month whose rate a charge of `day` takes; `None` where one rate holds for all.
    #[must_use]
    pub fn rate_day(&self, day: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Daily(month, _) => Some(day.clamp(month.first(), month.last())),
            _ => None,
        }
    }
}

/// What lies outside the month counts as its nearest day.
fn day_index(month: Period, day: NaiveDate) -> usize {
    let day = day.clamp(month.first(), month.last());
    usize::try_from((day - month.first()).num_days()).unwrap_or(0)
}

#[cfg(test)]
mod tests;
