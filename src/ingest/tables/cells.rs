//! Cells of small tables: numbers, days and moments in the spelling that is declared.

use chrono::{DateTime, NaiveDate, NaiveDateTime};

use crate::domain::{Amount, AmountError};
use crate::rules::{DateSpelling, NumberSpelling, Zone};

use crate::ingest::values::dates::DateReader;
use crate::ingest::values::numbers;

/// Reads the cells of a table.
#[derive(Clone, Debug)]
pub struct Cells {
    numbers: NumberSpelling,
    dates: DateReader,
    /// In lower case.
    nulls: Vec<String>,
}

impl Cells {
    /// Slashed dates are read only where the spellings say which part is the day.
    #[must_use]
    pub fn new(numbers: NumberSpelling, dates: &[DateSpelling], nulls: &[String]) -> Self {
        let nulls = nulls.iter().map(|null| null.trim().to_lowercase()).collect();
        Self { numbers, dates: DateReader::new(dates, None, Zone::default()), nulls }
    }

    /// The text of a cell; `None` where it is blank or a word for nothing.
    #[must_use]
    pub fn text<'t>(&self, cell: &'t str) -> Option<&'t str> {
        let text = cell.trim();
        let is_null = || self.nulls.contains(&text.to_lowercase());
        (!text.is_empty() && !is_null()).then_some(text)
    }

    /// An exact decimal.
    ///
    /// # Errors
    /// What is none, or has more digits than are kept.
    pub fn amount(&self, text: &str) -> Result<Amount, AmountError> {
        numbers::amount(text.as_bytes(), self.numbers)
    }

    /// The day of a date, in UTC; `None` for what is none.
    #[must_use]
    pub fn day(&self, text: &str) -> Option<NaiveDate> {
        self.dates.day(text.as_bytes())
    }

    /// A moment in UTC: ISO 8601 with or without a zone, or a date alone, which is its midnight.
    #[must_use]
    pub fn moment(&self, text: &str) -> Option<NaiveDateTime> {
        const PLAIN: [&str; 4] =
            ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
        let text = text.trim();
        if let Ok(zoned) = DateTime::parse_from_rfc3339(text) {
            return Some(zoned.naive_utc());
        }
        let bare = text.strip_suffix('Z').unwrap_or(text);
        let plain = PLAIN.iter().find_map(|form| NaiveDateTime::parse_from_str(bare, form).ok());
        let is_day = !text.contains(':');
        plain.or_else(|| self.day(text).filter(|_| is_day)?.and_hms_opt(0, 0, 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_read_as_they_are_declared_and_no_other_way() {
        let numbers = NumberSpelling { decimal: ',', group: Some('.') };
        let nulls = ["-".to_owned(), "N/A".to_owned()];
        let cells = Cells::new(numbers, &[DateSpelling::DayMonthYear], &nulls);
        assert_eq!(cells.text(" n/a "), None);
        assert_eq!(cells.text(" - "), None);
        assert_eq!(cells.text(" a "), Some("a"));
        assert_eq!(cells.amount("1.234,5").unwrap().to_string(), "1234.5");
        assert!(cells.amount("1234.5").is_err());
        assert_eq!(cells.day("31.12.2026").unwrap().to_string(), "2026-12-31");
        assert_eq!(cells.day("2026-12-31"), None);
        assert_eq!(cells.day("31.13.2026"), None);
        let open = [DateSpelling::DayMonthYear, DateSpelling::MonthDayYear];
        assert_eq!(Cells::new(numbers, &open, &nulls).day("1/2/2026"), None);
    }

    #[test]
    fn moments_are_utc() {
        let cells = Cells::new(NumberSpelling::default(), &[DateSpelling::Iso], &[]);
        for (text, expected) in [
            ("2026-10-03T12:30:00Z", Some("2026-10-03 12:30:00")),
            ("2026-10-03T00:30:00+02:00", Some("2026-10-02 22:30:00")),
            ("2026-10-03 12:30", Some("2026-10-03 12:30:00")),
            ("2026-10-03", Some("2026-10-03 00:00:00")),
            ("2026-10-03T25:00:00Z", None),
            ("12:30", None),
        ] {
            let found = cells.moment(text).map(|moment| moment.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}
