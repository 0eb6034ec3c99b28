//! The days that a price is for, cut into parts of months.

use chrono::{Datelike, Months, NaiveDate};
use num_bigint::BigUint;

use crate::domain::{Amount, DateRange, Period, split};
use crate::rules::licenses::{BilledIn, Charged, PriceFor, Prorate};

/// The least common multiple of 28, 29, 30 and 31: a day's part of any month is a whole number of it.
const PARTS: u32 = 377_580;

/// What a month has of a stretch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) from: NaiveDate,
    /// The first day that is out.
    pub(super) to: NaiveDate,
    pub(super) billed: Amount,
    pub(super) effective: Amount,
    /// `for 2026-01-01 to 2026-12-31`.
    pub(super) stretch: String,
    /// `part 31 of 365 days = 84.93`.
    pub(super) arithmetic: String,
}

/// Days from the first to the one that is out.
type Span = (NaiveDate, NaiveDate);

/// The parts that a month has of what is charged on `days`. `amount` is what one price comes to, and parts
/// have as many digits as it has, and `digits` at least.
///
/// # Errors
/// Why the days of the price are unknown.
pub(super) fn parts_of(
    days: DateRange,
    terms: &Charged,
    amount: Amount,
    digits: u32,
    month: Period,
) -> Result<Vec<Part>, &'static str> {
    let mut found = Vec::new();
    for stretch in stretches(days, terms.price, month)? {
        let mut charged = days;
        // What is bought for good is written off by the day on which the right ends.
        let (from, mut to) = stretch;
        if let (PriceFor::Months(_), Some(end)) = (terms.price, days.to()) {
            to = to.min(end);
            charged = DateRange::new(Some(from), Some(to)).unwrap_or(days);
        }
        found.extend(cut((from, to), charged, terms, amount, digits, month));
    }
    Ok(found)
}

/// The stretches of a price that reach into the month.
fn stretches(days: DateRange, price: PriceFor, month: Period) -> Result<Vec<Span>, &'static str> {
    const NO_START: &str = "unknown: the right tells no first day";
    let (first, behind) = (month.first(), month.next().first());
    let after = |day: NaiveDate, months: u32| day.checked_add_months(Months::new(months));
    let found = match price {
        PriceFor::Month => vec![(first, behind)],
        PriceFor::Term => {
            let from = days.from().ok_or(NO_START)?;
            vec![(from, days.to().ok_or("unknown: the right tells no last day")?)]
        }
        PriceFor::Months(months) => {
            let from = days.from().ok_or(NO_START)?;
            vec![(from, after(from, months).ok_or(NO_START)?)]
        }
        PriceFor::Year => {
            let from = days.from().ok_or(NO_START)?;
            let years = u32::try_from((behind.year() - from.year()).max(0)).unwrap_or_default();
            // A year that began before the last one cannot reach into the month.
            let years = years.saturating_sub(2)..=years;
            years
                .filter_map(|year| Some((after(from, year * 12)?, after(from, year * 12 + 12)?)))
                .collect()
        }
    };
    Ok(found.into_iter().filter(|(from, to)| *from < behind && *to > first).collect())
}

/// The parts of one stretch in the month: as many as it has ends there.
fn cut(
    (from, to): Span,
    charged: DateRange,
    terms: &Charged,
    amount: Amount,
    digits: u32,
    month: Period,
) -> Vec<Part> {
    let mut cuts: Vec<NaiveDate> = [charged.from(), charged.to()].into_iter().flatten().collect();
    let months = std::iter::successors(Some(Period::of(from)), |month| Some(month.next()));
    cuts.extend(months.map(Period::first).take_while(|day| *day < to));
    cuts.retain(|day| *day > from && *day < to);
    cuts.extend([from, to]);
    cuts.sort_unstable();
    cuts.dedup();
    let spans: Vec<Span> = cuts.windows(2).map(|pair| (pair[0], pair[1])).collect();
    let weights: Vec<u32> = spans.iter().map(|span| weight(*span, terms.prorate)).collect();
    let exact: Vec<BigUint> = weights.iter().map(|weight| BigUint::from(*weight)).collect();
    let Some(shares) = split(amount, &exact, digits.max(amount.digits())) else {
        return Vec::new();
    };
    let charged_spans =
        || spans.iter().zip(&shares.parts).filter(|((from, _), _)| charged.contains(*from));
    let whole: Amount = charged_spans().map(|(_, share)| *share).sum();
    let begins = charged_spans().next().map(|((from, _), _)| *from);
    let all: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
    let last = to.pred_opt().unwrap_or(to);
    let parts = spans.iter().zip(&shares.parts).zip(&weights);
    let of_month =
        parts.filter(|(((from, _), _), _)| Period::of(*from) == month && charged.contains(*from));
    let part = |(((first, end), share), weight): ((&Span, &Amount), &u32)| Part {
        from: *first,
        to: *end,
        billed: match terms.billed {
            BilledIn::Month => *share,
            BilledIn::Stretch if begins == Some(*first) => whole,
            BilledIn::Stretch => Amount::ZERO,
        },
        effective: *share,
        stretch: format!("for {from} to {last}"),
        arithmetic: match terms.prorate {
            Prorate::Days => format!("{weight} of {all} days = {share}"),
            Prorate::Months => {
                format!("{} of {} months = {share}", fraction(u64::from(*weight)), fraction(all))
            }
        },
    };
    of_month.map(part).collect()
}

fn weight((from, to): Span, prorate: Prorate) -> u32 {
    let days = u32::try_from((to - from).num_days()).unwrap_or_default();
    match prorate {
        Prorate::Days => days,
        Prorate::Months => days * (PARTS / Period::of(from).last().day()),
    }
}

/// So many months, exactly.
fn fraction(parts: u64) -> String {
    let number = super::Number::new(parts.into(), PARTS.into());
    let (over, under) = (number.numer(), number.denom());
    if number.is_integer() { over.to_string() } else { format!("{over}/{under}") }
}
