//! Days on which somebody works.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate, Weekday};

use crate::diagnostics::{Code, Finding, Place};
use crate::domain::DateRange;
use crate::rules::licenses::{Aspect, HolidayDecl, Selector};

/// Days of notice that no contract has: a hundred years.
const MOST_DAYS: u32 = 36_600;

/// Weekends and holidays of one place.
#[derive(Clone, Debug)]
pub struct Calendar {
    pub name: Arc<str>,
    weekend: Vec<Weekday>,
    holidays: BTreeSet<NaiveDate>,
    /// Days of which all holidays are known.
    known: Option<DateRange>,
}

impl Calendar {
    /// Saturdays and Sundays; no holiday is known.
    #[must_use]
    pub fn weekends() -> Self {
        Self {
            name: "weekends only".into(),
            weekend: vec![Weekday::Sat, Weekday::Sun],
            holidays: BTreeSet::new(),
            known: None,
        }
    }

    #[must_use]
    pub fn is_business_day(&self, day: NaiveDate) -> bool {
        !self.weekend.contains(&day.weekday()) && !self.holidays.contains(&day)
    }

    /// Whether all holidays from one day to another, both included, are known.
    #[must_use]
    pub fn knows(&self, from: NaiveDate, to: NaiveDate) -> bool {
        self.known.is_some_and(|known| known.contains(from) && known.contains(to))
    }

    /// The last business day that is not after this one.
    #[must_use]
    pub fn on_or_before(&self, day: NaiveDate) -> Option<NaiveDate> {
        let mut day = day;
        while !self.is_business_day(day) {
            day = day.pred_opt()?;
        }
        Some(day)
    }

    /// The last business day after which so many business days follow until `last`, which counts.
    #[must_use]
    pub fn business_days_before(&self, last: NaiveDate, count: u32) -> Option<NaiveDate> {
        if count > MOST_DAYS {
            return None;
        }
        let (mut day, mut left) = (last, count);
        while left > 0 {
            left -= u32::from(self.is_business_day(day));
            day = day.pred_opt()?;
        }
        self.on_or_before(day)
    }
}

/// The calendars of a project; the first that is about a contract is its own.
#[derive(Clone, Debug, Default)]
pub struct Calendars(Vec<(Selector, Calendar)>);

impl Calendars {
    /// From declarations and the texts of the tables that they name, by path: the columns `day` and `name`.
    ///
    /// # Errors
    /// Where a table is not at hand or a row of it has no day.
    pub fn of(declared: &[HolidayDecl], tables: &[(&str, &str)]) -> Result<Self, Vec<Finding>> {
        let mut findings = Vec::new();
        let mut found = Vec::new();
        for declaration in declared {
            let mut holidays = declaration.days.clone();
            if let Some((path, span)) = &declaration.file {
                match tables.iter().find(|(name, _)| name == path) {
                    Some((_, text)) => read_days(path, text, &mut holidays, &mut findings),
                    None => findings.push(
                        Finding::new(Code::NotFound, format!("`{path}` is not there"))
                            .at(Place::Text(span.clone())),
                    ),
                }
            }
            let calendar = Calendar {
                name: declaration.name.as_str().into(),
                weekend: declaration.weekend.clone(),
                holidays,
                known: Some(declaration.valid),
            };
            found.push((declaration.subjects.clone(), calendar));
        }
        if findings.is_empty() { Ok(Self(found)) } else { Err(findings) }
    }

    /// The calendar of a contract; weekends only where none is declared for it.
    #[must_use]
    pub fn for_contract<'a>(&self, value: impl Fn(Aspect) -> Option<&'a str>) -> Calendar {
        let found = self.0.iter().find(|(subjects, _)| subjects.matches(&value, None));
        found.map_or_else(Calendar::weekends, |(_, calendar)| calendar.clone())
    }
}

fn read_days(path: &str, text: &str, days: &mut BTreeSet<NaiveDate>, findings: &mut Vec<Finding>) {
    let mut refuse = |row: u64, column: Option<&str>, message: String| {
        let column = column.map(str::to_owned);
        let finding = Finding::new(Code::BadReference, message)
            .at(Place::Cell { path: path.into(), row, column })
            .help("the table has the columns `day` and `name`; a day is written as 2026-12-25");
        findings.push(finding);
    };
    let mut table = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let at = table.headers().ok().and_then(|row| row.iter().position(|name| name == "day"));
    let Some(at) = at else {
        refuse(1, None, "the table of holidays has no column `day`".to_owned());
        return;
    };
    for (row, record) in (2..).zip(table.records()) {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                refuse(row, None, format!("the row cannot be read: {error}"));
                continue;
            }
        };
        let row = record.position().map_or(row, csv::Position::line);
        let text = record.get(at).unwrap_or_default();
        match NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| text.len() == 10) {
            Some(day) => {
                days.insert(day);
            }
            None => refuse(row, Some("day"), format!("`{text}` is not a day")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Days;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn calendar(holidays: &[&str]) -> Calendar {
        let holidays = holidays.iter().map(|text| day(text)).collect();
        Calendar { holidays, known: Some(DateRange::ALWAYS), ..Calendar::weekends() }
    }

    #[test]
    fn so_many_business_days_follow_the_day_of_notice() {
        // 2026-12-31 is a Thursday; the 25th is a Friday.
        let plain = calendar(&[]);
        let festive = calendar(&["2026-12-25", "2026-12-31"]);
        let last = day("2026-12-31");
        for (count, without, with) in [
            (0, "2026-12-31", "2026-12-30"),
            (1, "2026-12-30", "2026-12-29"),
            (4, "2026-12-25", "2026-12-23"),
            (5, "2026-12-24", "2026-12-22"),
        ] {
            assert_eq!(plain.business_days_before(last, count), Some(day(without)), "{count}");
            assert_eq!(festive.business_days_before(last, count), Some(day(with)), "{count}");
        }
        assert_eq!(plain.business_days_before(last, u32::MAX), None);
        assert_eq!(plain.business_days_before(NaiveDate::MIN, 5), None);
    }

    #[test]
    fn tables_add_days_and_are_refused_where_they_are_none() {
        let text =
            "holidays: [{ name: de, file: days.csv, valid: { from: 2026-01-01, to: 2027-01-01 } }]";
        let text = crate::rules::RuleText { path: "a.yaml".into(), text: text.into() };
        let rules = crate::rules::licenses::duty_rules(&[text]).unwrap();
        let of = |table: &str| Calendars::of(&rules.holidays, &[("days.csv", table)]);
        let calendars = of("day,name\n2026-12-25,Christmas\n").unwrap();
        let own = calendars.for_contract(|_| None);
        assert!(!own.is_business_day(day("2026-12-25")) && own.is_business_day(day("2026-12-24")));
        assert!(own.knows(day("2026-01-01"), day("2026-12-31")));
        assert!(!own.knows(day("2026-01-01"), day("2027-01-01")));
        let findings = of("day,name\n2026-12-25,a\nsoon,b\n").unwrap_err();
        assert_eq!(findings[0].place.as_ref().unwrap().to_string(), "days.csv, row 3, column day");
        assert!(of("date\n2026-12-25\n").is_err());
        assert!(Calendars::of(&rules.holidays, &[]).is_err());
    }

    proptest! {
        /// Against a walk through every day of the years around.
        #[test]
        fn business_days_are_as_somebody_counts_them(
            offset in 0_u64..700,
            count in 0_u32..90,
            holidays in proptest::collection::btree_set(0_u64..900, 0..60),
        ) {
            let first = day("2024-01-01");
            let on = |days: u64| first + Days::new(days);
            let calendar = Calendar {
                holidays: holidays.into_iter().map(on).collect(),
                ..Calendar::weekends()
            };
            let last = on(200 + offset);
            let works = |day: &NaiveDate| {
                !["Sat", "Sun"].contains(&day.format("%a").to_string().as_str())
                    && !calendar.holidays.contains(day)
            };
            let follow = |notice: NaiveDate| {
                notice.iter_days().skip(1).take_while(|day| *day <= last).filter(works).count()
            };
            let wanted = usize::try_from(count).unwrap();
            let naive = (0..=200 + offset).rev().map(on)
                .find(|notice| works(notice) && follow(*notice) >= wanted);
            prop_assume!(naive.is_some());
            prop_assert_eq!(calendar.business_days_before(last, count), naive);
        }
    }
}
