//! Parts of years and months, exactly.

use chrono::{Datelike, Months, NaiveDate};
use num_bigint::BigInt;

use crate::licenses::extent::Number;
use crate::rules::licenses::Prorate;

/// What of a year lies between two days. By days: the days of each year of the term over the days of that year. By
/// months: whole months, of twelve.
///
/// # Errors
/// Where months are asked, and the days are no whole number of months apart.
pub(super) fn share_of_year(
    term: NaiveDate,
    from: NaiveDate,
    to: NaiveDate,
    prorate: Prorate,
) -> Result<Number, String> {
    if prorate == Prorate::Months {
        return Ok(whole_months(from, to)? / whole(12));
    }
    // The year of the term that each day is in: 365 or 366 days.
    let mut share = whole(0);
    let mut begin = term;
    let mut year = 0;
    while begin < to {
        year += 1;
        let Some(end) = term.checked_add_months(Months::new(12 * year)) else { break };
        let days = (to.min(end) - from.max(begin)).num_days().max(0);
        share += whole(days) / whole((end - begin).num_days());
        begin = end;
    }
    Ok(share)
}

/// Months between two days: whole ones, or the days of each calendar month over those that it has.
///
/// # Errors
/// As [`share_of_year`].
pub(super) fn months(from: NaiveDate, to: NaiveDate, prorate: Prorate) -> Result<Number, String> {
    if prorate == Prorate::Months {
        return whole_months(from, to);
    }
    let mut share = whole(0);
    let mut begin = from.with_day(1).unwrap_or(from);
    while begin < to {
        let Some(end) = begin.checked_add_months(Months::new(1)) else { break };
        let days = (to.min(end) - from.max(begin)).num_days().max(0);
        share += whole(days) / whole((end - begin).num_days());
        begin = end;
    }
    Ok(share)
}

fn whole_months(from: NaiveDate, to: NaiveDate) -> Result<Number, String> {
    let index = |day: NaiveDate| i64::from(day.year()) * 12 + i64::from(day.month0());
    let count = index(to) - index(from);
    let shifted =
        u32::try_from(count).ok().and_then(|count| from.checked_add_months(Months::new(count)));
    if shifted == Some(to) {
        return Ok(whole(count));
    }
    Err(format!("{from} to {to} is no whole number of months; declare `prorate: days`"))
}

fn whole(count: i64) -> Number {
    Number::from_integer(BigInt::from(count))
}
