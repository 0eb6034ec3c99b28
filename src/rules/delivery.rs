//! Deliveries as projects and column maps declare them: files of which month, which of several
//! deliveries count, which days must be there, and how a provider's manifest is read.
//!
//! Owns the words only. Which files there are is found out by `ingest`.

use chrono::NaiveDate;

use crate::domain::Period;

/// Which deliveries of a source count where there are several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeliveryPolicy {
    /// What manifests say: the newer of two that tell the same period replaces the older. Files
    /// without a manifest all count, and may not overlap.
    #[default]
    ByManifest,
    /// Of the deliveries of one month the last one in natural order of their names counts.
    Newest,
    /// All count, and may overlap: each brings charges that the others lack.
    Append,
}

/// The days of a month on which a source must have charges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Days {
    #[default]
    Any,
    Every {
        /// Days that are known to be without charges.
        missing: Vec<NaiveDate>,
        /// The last day that must have charges; the month's last where there is none.
        until: Option<NaiveDate>,
    },
}

impl Days {
    pub const EVERY: Self = Self::Every { missing: Vec::new(), until: None };

    /// Whether there must be charges on that day.
    #[must_use]
    pub fn needs(&self, day: NaiveDate) -> bool {
        match self {
            Self::Any => false,
            Self::Every { missing, until } => {
                !missing.contains(&day) && until.is_none_or(|until| day <= until)
            }
        }
    }
}

/// How a provider writes down what belongs to a delivery: a JSON document beside the files.
/// All paths are keys joined by dots; where a key holds a list, the path goes on in each of its items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestShape {
    /// Pattern of the document's file name.
    pub file: String,
    /// The names of the files of the delivery, one per item.
    pub files: Vec<String>,
    /// Rows without the header, per item.
    pub rows: Option<Vec<String>>,
    /// Bytes as delivered, per item.
    pub bytes: Option<Vec<String>>,
    pub id: Option<Vec<String>>,
    /// When the delivery was made.
    pub made_at: Option<Vec<String>>,
    pub period_start: Option<Vec<String>>,
    /// As the provider means it; only compared with other manifests of the same shape.
    pub period_end: Option<Vec<String>>,
    /// What tells one export from another: deliveries of different exports never replace each other.
    pub series: Vec<Vec<String>>,
    /// Patterns with placeholders of a month, looked for in the names of files where the document
    /// does not tell the period itself, such as `BILLING_PERIOD={period}`.
    pub period_in_path: Vec<String>,
    pub examples: Vec<ManifestExample>,
}

/// A document and what must be read from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestExample {
    pub line: u32,
    /// JSON.
    pub given: String,
    /// By name of what is read, as text: `files`, `rows`, `bytes`, `id`, `made_at`, `period_start`,
    /// `period_end`.
    pub expect: Vec<(String, Vec<String>)>,
}

/// Placeholders of a pattern, and the glob that fits every month.
pub(super) const PLACEHOLDERS: [(&str, &str); 6] = [
    ("period", "[0-9][0-9][0-9][0-9]-[0-9][0-9]"),
    ("year", "[0-9][0-9][0-9][0-9]"),
    ("month", "[0-9][0-9]"),
    ("period_first", "[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]"),
    ("period_next", "[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]"),
    ("period_last", "[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]"),
];

/// The names in braces of a pattern, in order.
pub(super) fn placeholders(pattern: &str) -> impl Iterator<Item = &str> {
    let parts = pattern.split('{').skip(1);
    parts.filter_map(|part| part.split_once('}').map(|(name, _)| name))
}

/// The pattern for one month; for any month where none is given.
#[must_use]
pub fn fill_period(pattern: &str, period: Option<Period>) -> String {
    let mut filled = pattern.to_owned();
    for (name, any) in PLACEHOLDERS {
        let text = match period {
            None => any.to_owned(),
            Some(period) => {
                let day = |day: NaiveDate, format: &str| day.format(format).to_string();
                match name {
                    "period" => period.to_string(),
                    "year" => day(period.first(), "%Y"),
                    "month" => day(period.first(), "%m"),
                    "period_first" => day(period.first(), "%Y%m%d"),
                    "period_next" => day(period.next().first(), "%Y%m%d"),
                    _ => day(period.last(), "%Y%m%d"),
                }
            }
        };
        filled = filled.replace(&format!("{{{name}}}"), &text);
    }
    filled
}

/// Whether what a pattern matches is of one month: it has a placeholder that tells the month.
#[must_use]
pub fn names_month(pattern: &str) -> bool {
    placeholders(pattern).any(|name| name != "year" && PLACEHOLDERS.iter().any(|(n, _)| *n == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_become_the_month_or_any_month() {
        let pattern = "a/{period}/{year}/{month}/{period_first}-{period_next}/{period_last}.csv";
        let february: Period = "2028-02".parse().unwrap();
        let filled = fill_period(pattern, Some(february));
        assert_eq!(filled, "a/2028-02/2028/02/20280201-20280301/20280229.csv");
        let any = glob::Pattern::new(&fill_period(pattern, None)).unwrap();
        assert!(any.matches(&filled));
        assert!(!any.matches(pattern));
        assert_eq!(fill_period("*.csv", Some(february)), "*.csv");
    }

    #[test]
    fn a_year_alone_does_not_name_a_month() {
        assert!(names_month("{year}/{month}/*.csv") && names_month("{period_next}.csv"));
        assert!(!names_month("{year}/*.csv") && !names_month("*.csv") && !names_month("{other}"));
    }

    #[test]
    fn days_that_must_have_charges() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 10, day).unwrap();
        assert!(!Days::Any.needs(day(1)));
        assert!(Days::EVERY.needs(day(31)));
        let some = Days::Every { missing: vec![day(4)], until: Some(day(15)) };
        assert_eq!([3, 4, 15, 16].map(|d| some.needs(day(d))), [true, false, true, false]);
    }
}
