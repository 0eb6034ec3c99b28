//! The months that the sample has bills for.

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};

/// A billing month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    first: NaiveDate,
}

impl Month {
    /// The months of the sample's year that have bills.
    pub const ALL: [Self; 3] = [Self::of(8), Self::of(9), Self::of(10)];

    /// A month of 2026.
    #[must_use]
    pub const fn of(month: u32) -> Self {
        Self { first: day(month, 1) }
    }

    #[must_use]
    pub const fn from(self) -> NaiveDate {
        self.first
    }

    /// The first day after the month.
    #[must_use]
    pub fn to(self) -> NaiveDate {
        self.first + Months::new(1)
    }

    pub fn days(self) -> impl Iterator<Item = NaiveDate> {
        self.first.iter_days().take_while(move |day| *day < self.to())
    }

    #[must_use]
    pub fn length(self) -> i64 {
        (self.to() - self.first).num_days()
    }

    /// `2026-10`
    #[must_use]
    pub fn name(self) -> String {
        self.first.format("%Y-%m").to_string()
    }
}

/// A day of 2026. Only for days that are written in the source.
///
/// # Panics
/// If there is no such day.
#[must_use]
pub const fn day(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, day).expect("a day of the calendar")
}

#[must_use]
pub fn next(day: NaiveDate) -> NaiveDate {
    day + Days::new(1)
}

#[must_use]
pub fn is_weekend(day: NaiveDate) -> bool {
    matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}
