//! Months and half-open ranges of days.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, Months, NaiveDate};

/// A calendar month, the unit that is billed and closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    first: NaiveDate,
}

/// Why a text names no month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodError(String);

impl fmt::Display for PeriodError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a month; write it as 2026-10, or last-month", self.0)
    }
}

impl std::error::Error for PeriodError {}

impl Period {
    /// The month that holds `day`.
    #[must_use]
    pub fn of(day: NaiveDate) -> Self {
        Self { first: day.with_day(1).unwrap_or(day) }
    }

    #[must_use]
    pub fn first(self) -> NaiveDate {
        self.first
    }

    /// Half-open: from the first day of this month to the first of the next.
    #[must_use]
    pub fn days(self) -> DateRange {
        DateRange { from: Some(self.first), to: Some(self.next().first) }
    }

    #[must_use]
    pub fn last(self) -> NaiveDate {
        self.next().first.pred_opt().unwrap_or(self.first)
    }

    #[must_use]
    pub fn next(self) -> Self {
        Self { first: self.first.checked_add_months(Months::new(1)).unwrap_or(self.first) }
    }

    #[must_use]
    pub fn prior(self) -> Self {
        Self { first: self.first.checked_sub_months(Months::new(1)).unwrap_or(self.first) }
    }

    /// Months from `earlier` to this one; negative where this is the earlier.
    #[must_use]
    pub fn months_since(self, earlier: Self) -> i32 {
        let index = |p: Self| p.first.year() * 12 + p.first.month0().cast_signed();
        index(self) - index(earlier)
    }
}

impl FromStr for Period {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let refused = || PeriodError(text.to_owned());
        let (year, month) = text.split_once('-').ok_or_else(refused)?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if year.len() != 4 || month.len() != 2 || !digits(year) || !digits(month) {
            return Err(refused());
        }
        let year = year.parse().map_err(|_| refused())?;
        let month = month.parse().map_err(|_| refused())?;
        let first = NaiveDate::from_ymd_opt(year, month, 1).ok_or_else(refused)?;
        Ok(Self { first })
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first.format("%Y-%m"))
    }
}

/// A half-open range of days; an absent end is open. Ranges order by their first day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateRange {
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
}

impl DateRange {
    pub const ALWAYS: Self = Self { from: None, to: None };

    /// `None` where the range would hold no day.
    #[must_use]
    pub fn new(from: Option<NaiveDate>, to: Option<NaiveDate>) -> Option<Self> {
        match (from, to) {
            (Some(from), Some(to)) if from >= to => None,
            _ => Some(Self { from, to }),
        }
    }

    #[must_use]
    pub fn from(self) -> Option<NaiveDate> {
        self.from
    }

    /// The first day that is no longer in the range.
    #[must_use]
    pub fn to(self) -> Option<NaiveDate> {
        self.to
    }

    #[must_use]
    pub fn contains(self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day < to)
    }

    /// The days that both hold; `None` where there is none.
    #[must_use]
    pub fn common(self, other: Self) -> Option<Self> {
        let to = [self.to, other.to].into_iter().flatten().min();
        // An open beginning sorts before every day.
        self.overlaps(other).then_some(Self { from: self.from.max(other.from), to })
    }

    /// Whether each day of the other range is in this one.
    #[must_use]
    pub fn includes(self, other: Self) -> bool {
        let ends = match (self.to, other.to) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(other)) => other <= own,
        };
        // An open beginning sorts before every day.
        self.from <= other.from && ends
    }

    /// Whether each of its days is in one of the ranges.
    #[must_use]
    pub fn is_covered_by(self, ranges: &[Self]) -> bool {
        let mut sorted: Vec<Self> = ranges.iter().filter_map(|range| range.common(self)).collect();
        sorted.sort_unstable();
        // The first day that is not known to be covered; the open beginning at first.
        let mut next = self.from;
        for range in sorted {
            if range.from > next {
                return false;
            }
            match range.to {
                None => return true,
                Some(to) => next = next.max(Some(to)),
            }
        }
        // Where the end is open, a range without an end has covered it.
        self.to.is_some_and(|to| next >= Some(to))
    }

    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        let before = |a: Option<NaiveDate>, b: Option<NaiveDate>| match (a, b) {
            (Some(a), Some(b)) => a < b,
            _ => true,
        };
        before(self.from, other.to) && before(other.from, self.to)
    }
}

impl fmt::Display for DateRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.from, self.to) {
            (None, None) => f.write_str("always"),
            (Some(from), None) => write!(f, "from {from}"),
            (None, Some(to)) => write!(f, "before {to}"),
            (Some(from), Some(to)) => write!(f, "{from} to before {to}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_half_open() {
        let october: Period = "2026-10".parse().unwrap();
        assert_eq!(october.last().to_string(), "2026-10-31");
        assert_eq!(october.next().to_string(), "2026-11");
        assert!(!october.days().contains(october.next().first()));
        assert_eq!(october.months_since("2025-12".parse().unwrap()), 10);
    }

    #[test]
    fn what_is_no_month_is_refused() {
        for text in
            ["2026", "2026-13", "2026-1", "26-10", "2026-10-01", "october", "2026-+9", "+026-10"]
        {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }

    #[test]
    fn ranges_cover_what_lies_in_them_together() {
        let day = |d| NaiveDate::from_ymd_opt(2026, 10, d);
        let range = |from, to| DateRange::new(from, to).unwrap();
        let (early, late) = (range(None, day(15)), range(day(15), None));
        let (inner, gap) = (range(day(3), day(20)), range(day(16), None));
        assert!(DateRange::ALWAYS.is_covered_by(&[late, early]));
        assert!(inner.is_covered_by(&[late, early]) && inner.is_covered_by(&[inner]));
        assert!(!inner.is_covered_by(&[early, gap]) && !DateRange::ALWAYS.is_covered_by(&[]));
        assert!(!DateRange::ALWAYS.is_covered_by(&[inner]) && !late.is_covered_by(&[inner]));
        assert!(!early.is_covered_by(&[inner]) && !early.is_covered_by(&[late]));
        assert!(early.includes(early) && DateRange::ALWAYS.includes(inner));
        assert!(!inner.includes(early) && !early.includes(late) && !inner.includes(late));
        assert_eq!(inner.common(early), DateRange::new(day(3), day(15)));
        assert_eq!(early.common(late), None);
        assert_eq!(late.common(DateRange::ALWAYS), Some(late));
    }

    #[test]
    fn touching_ranges_do_not_overlap() {
        let day = |d| NaiveDate::from_ymd_opt(2026, 10, d);
        let early = DateRange::new(None, day(15)).unwrap();
        let late = DateRange::new(day(15), None).unwrap();
        assert!(!early.overlaps(late) && !late.overlaps(early));
        assert!(early.overlaps(DateRange::ALWAYS));
        assert_eq!(DateRange::new(day(2), day(2)), None);
    }
}
