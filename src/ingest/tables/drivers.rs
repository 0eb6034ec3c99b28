//! Drivers: who used how much of what is shared, from tables and exports of other systems.
//!
//! Order: each file is read by itself, every row judged; then all rows of a driver are put together,
//! in an order that does not depend on files, and held against each other. No row is optional: one
//! wrong weight moves money between all consumers.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::{DateTime, NaiveDate, Utc};

use crate::diagnostics::{Code, Finding, Place};
use crate::domain::{Amount, AmountError, DateRange, Period, normal_form};
use crate::rules::{DriverDecl, DriverShape};

use super::plain::PlainTable;
use super::table::FINDING_LIMIT;
use super::{driver_export, driver_table};

/// Who used how much of what is shared: all rows of one driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriverTable {
    pub name: String,
    /// What quantities are counted in, where it is known.
    pub unit: Option<String>,
    /// Names whose values restrict a row to a part of what a pool received.
    pub scope: Vec<String>,
    /// By days, pool, consumer and scope. Of each there is one row.
    pub rows: Vec<DriverRow>,
    /// Whether any row is of a single day.
    pub has_days: bool,
    /// Whether any row names what was used.
    pub has_pools: bool,
    /// By kind: quantities of rows that do not weigh, such as idle capacity that consumers share as
    /// they share the rest.
    pub spread: BTreeMap<String, Amount>,
    /// Headers of columns that nothing reads.
    pub ignored: BTreeSet<String>,
}

/// One weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriverRow {
    /// The month, or one day. All rows of a month are of the month, or all are of days.
    pub days: DateRange,
    /// The pool, or value of a family of pools, that was used; `None` is any.
    pub pool: Option<String>,
    pub consumer: Consumer,
    /// Never negative.
    pub quantity: Amount,
    /// One for each name of the table's scope; `None` is any.
    pub scope: Vec<Option<String>>,
    /// Where it stands; where several records were added up, the first of them.
    pub place: Place,
    /// Records that were added up.
    pub records: u64,
}

/// For whom a quantity weighs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Consumer {
    /// An owner, a pool or a value of a family of pools, by name.
    Named(String),
    /// Nobody: the part stays unallocated, by declared policy.
    Unallocated,
}

/// A file of a driver.
#[derive(Clone, Copy, Debug)]
pub struct DriverFile<'a> {
    pub location: &'a Path,
    /// Relative to the project: the name in findings.
    pub path: &'a str,
    pub declared: &'a DriverDecl,
    /// The month that the file is of, by its name. Rows of other months are passed over then.
    pub month: Option<Period>,
    /// As in [`ScanOptions`](super::ScanOptions).
    pub reader: Option<&'a Path>,
}

/// What one file of a driver holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriverPart {
    pub path: String,
    /// Of an export, the days of a row are those of the windows that it is of.
    pub rows: Vec<DriverRow>,
    pub spread: BTreeMap<String, Amount>,
    /// Rows of other months than the file's name says.
    pub other_months: u64,
    /// Of the file's bytes, in hex.
    pub sha256: String,
    pub bytes: u64,
    /// The month that the file is of, by its name.
    pub month: Option<Period>,
    /// Whether quantities were binary floating point.
    pub is_binary: bool,
    /// Headers of columns that nothing reads.
    pub ignored: Vec<String>,
    /// Of exports, the usage that each record is of.
    pub(super) claims: BTreeMap<String, Vec<Claim>>,
}

/// A record's window, which no other record of the same usage may share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) start: DateTime<Utc>,
    pub(super) end: DateTime<Utc>,
    pub(super) place: Place,
}

/// Reads one file of a driver.
///
/// # Errors
/// A file that cannot be read, or every row that cannot be used.
pub fn read_driver(file: &DriverFile<'_>) -> Result<DriverPart, Vec<Finding>> {
    let mut errors = Vec::new();
    let part = match &file.declared.shape {
        DriverShape::Table(columns) => driver_table::read(file, columns, &mut errors)?,
        DriverShape::Export(export) => driver_export::read(file, export, &mut errors)?,
        // Licenses make it, and it has no file.
        DriverShape::Licenses(_) => {
            let text = "the driver is made of the use of licenses and has no file";
            return Err(vec![Finding::new(Code::DriverBroken, text).at(at_file(file))]);
        }
    };
    if errors.is_empty() {
        errors.extend(part.is_of_other_months(file));
    }
    if errors.len() > FINDING_LIMIT {
        let more = errors.len() - FINDING_LIMIT;
        errors.truncate(FINDING_LIMIT);
        let text = format!("{more} more findings about the file are not shown");
        errors.push(Finding::new(Code::DriverBroken, text).at(at_file(file)));
    }
    if errors.is_empty() { Ok(part) } else { Err(errors) }
}

pub(super) fn at_file(file: &DriverFile<'_>) -> Place {
    Place::File(file.path.into())
}

/// The range of one day.
pub(super) fn one_day(day: NaiveDate) -> Option<DateRange> {
    DateRange::new(Some(day), day.succ_opt())
}

/// A name as rules know it.
pub(super) fn name(text: &str) -> Result<String, String> {
    if text.contains(char::is_control) {
        return Err(format!("the name `{text}` holds a control character"));
    }
    Ok(match normal_form(text) {
        Cow::Borrowed(text) => text.to_owned(),
        Cow::Owned(text) => text,
    })
}

/// A quantity, or what is wrong with it and how it is mended.
pub(super) fn quantity(text: &str) -> Result<Amount, (String, &'static str)> {
    let found: Result<Amount, AmountError> = text.parse();
    match found {
        Ok(quantity) if quantity.is_negative() => Err((
            format!("the quantity is {quantity}; nobody uses less than nothing"),
            "correct the quantity of the row that it takes back from",
        )),
        Ok(quantity) => Ok(quantity),
        Err(AmountError::Empty) => Err((
            "the quantity is unknown, which is not a quantity of zero".to_owned(),
            "fill it in, or write 0 where nothing was used",
        )),
        Err(error) => Err((
            format!("`{text}`: {error}"),
            "write it as a plain decimal with a point, such as 1234.5",
        )),
    }
}

impl DriverPart {
    pub(super) fn new(file: &DriverFile<'_>, table: &PlainTable) -> Self {
        Self {
            path: file.path.to_owned(),
            rows: Vec::new(),
            spread: BTreeMap::new(),
            other_months: 0,
            sha256: table.sha256.clone(),
            bytes: table.bytes,
            month: file.month,
            is_binary: false,
            ignored: Vec::new(),
            claims: BTreeMap::new(),
        }
    }

    /// A file that is of a month by its name has rows of that month.
    fn is_of_other_months(&self, file: &DriverFile<'_>) -> Option<Finding> {
        let month = file.month.filter(|_| self.rows.is_empty() && self.other_months > 0)?;
        let text =
            format!("the file is of {month} by its name, and all its rows are of other months");
        let help = "fetch the table of the month, or take the month out of `files`";
        Some(Finding::new(Code::DriverBroken, text).help(help).at(at_file(file)))
    }
}

impl DriverTable {
    /// Puts the files of a driver together; beside it, what is worth knowing, of `period` alone where
    /// there is one.
    ///
    /// # Errors
    /// Files that are the same, rows that are the same weight again, months and days side by side,
    /// and quantities whose sum cannot be kept exactly.
    pub fn gather(
        declared: &DriverDecl,
        parts: Vec<DriverPart>,
        period: Option<Period>,
    ) -> Result<(Self, Vec<Finding>), Vec<Finding>> {
        let mut errors = repeated_files(&parts);
        let mut table = Self {
            name: declared.name.clone(),
            unit: declared.unit.clone(),
            scope: declared.scope.iter().map(|(name, _)| name.clone()).collect(),
            rows: Vec::new(),
            has_days: false,
            has_pools: false,
            spread: BTreeMap::new(),
            ignored: BTreeSet::new(),
        };
        let place = Place::Text(declared.span.clone());
        let mut claims: BTreeMap<String, Vec<Claim>> = BTreeMap::new();
        let mut binary = 0;
        for part in parts {
            binary += u64::from(part.is_binary);
            table.rows.extend(part.rows);
            for (kind, quantity) in part.spread {
                let sum = table.spread.entry(kind).or_default();
                match sum.checked_add(quantity) {
                    Some(added) => *sum = added,
                    None => errors.push(table_overflow(&declared.name, &place)),
                }
            }
            table.ignored.extend(part.ignored);
            for (identity, windows) in part.claims {
                claims.entry(identity).or_default().extend(windows);
            }
        }
        let mut notes = Vec::new();
        if errors.is_empty() {
            errors.extend(overlapping_claims(claims));
            errors.extend(table.overflow(&place));
        }
        if errors.is_empty() && matches!(declared.shape, DriverShape::Export(_)) {
            notes.extend(table.settle_days(period, &place));
        }
        table.rows.sort_by(|a, b| a.key().cmp(&b.key()).then_with(|| a.place.cmp(&b.place)));
        if errors.is_empty() {
            if matches!(declared.shape, DriverShape::Export(_)) {
                table.rows.dedup_by(|again, first| first.key() == again.key() && first.add(again));
            }
            errors.extend(table.repeated_rows());
            errors.extend(table.mixed_days());
        }
        table.has_days = table.rows.iter().any(DriverRow::is_of_a_day);
        table.has_pools = table.rows.iter().any(|row| row.pool.is_some());
        if binary > 0 {
            let text =
                format!("the quantities of driver `{}` were binary floating point", table.name);
            notes.push(Finding::new(Code::DriverBinary, text).count(binary).at(place));
        }
        errors.truncate(FINDING_LIMIT);
        if errors.is_empty() { Ok((table, notes)) } else { Err(errors) }
    }

    /// Windows of several days are of their month, and so is what is told beside them. What of a
    /// month no window covers is told.
    fn settle_days(&mut self, period: Option<Period>, place: &Place) -> Vec<Finding> {
        let mut months: BTreeMap<Period, (bool, BTreeSet<NaiveDate>)> = BTreeMap::new();
        for row in &self.rows {
            let (Some(from), Some(to)) = (row.days.from(), row.days.to()) else { continue };
            let (is_long, days) = months.entry(Period::of(from)).or_default();
            *is_long |= !row.is_of_a_day();
            days.extend(from.iter_days().take_while(|day| *day < to));
        }
        months.retain(|_, (is_long, _)| *is_long);
        for row in &mut self.rows {
            if let Some(month) = row.days.from().map(Period::of).filter(|m| months.contains_key(m))
            {
                row.days = month.days();
            }
        }
        let mut notes = Vec::new();
        for (month, (_, covered)) in months {
            let all = month.first().iter_days().take_while(|day| *day <= month.last());
            let (all, covered) = (all.count(), covered.len());
            if covered < all && period.is_none_or(|period| period == month) {
                let text = format!(
                    "driver `{}` has quantities of {covered} of the {all} days of {month}, which stand for the whole month",
                    self.name
                );
                let help = "export the rest of the month, or export it by day";
                notes.push(Finding::new(Code::DriverPartial, text).help(help).at(place.clone()));
            }
        }
        notes
    }

    /// The rows of a month.
    pub fn rows_of(&self, period: Period) -> impl Iterator<Item = &DriverRow> {
        let days = period.days();
        self.rows.iter().filter(move |row| row.days.overlaps(days))
    }

    fn repeated_rows(&self) -> Vec<Finding> {
        let pairs = self.rows.windows(2).filter(|pair| pair[0].key() == pair[1].key());
        let finding = |pair: &[DriverRow]| {
            let [first, again] = pair else { return None };
            let text = format!(
                "{} has a quantity already{}: {}",
                first.what(),
                if first.is_of_a_day() { " for the day" } else { " for the month" },
                first.place
            );
            let help = "a table that is loaded twice doubles its weights; take one away, or add the two up";
            Some(Finding::new(Code::DriverBroken, text).help(help).at(again.place.clone()))
        };
        pairs.filter_map(finding).collect()
    }

    /// A quantity of a month and one of a day are no weights of one split.
    fn mixed_days(&self) -> Vec<Finding> {
        let mut months: BTreeMap<Option<Period>, (Option<&Place>, Option<&Place>)> =
            BTreeMap::new();
        for row in &self.rows {
            let seen = months.entry(row.days.from().map(Period::of)).or_default();
            let side = if row.is_of_a_day() { &mut seen.0 } else { &mut seen.1 };
            side.get_or_insert(&row.place);
        }
        let mixed = months.into_values().filter_map(|(day, month)| Some((day?, month?)));
        let finding = |(day, month): (&Place, &Place)| {
            let text = format!("the row is of a day, and {month} is of the whole month");
            let help = "tell the quantities of a month by day, or all for the month";
            Finding::new(Code::DriverBroken, text).help(help).at(day.clone())
        };
        mixed.map(finding).collect()
    }

    fn overflow(&self, place: &Place) -> Option<Finding> {
        let quantities = self.rows.iter().map(|row| row.quantity);
        let sum = quantities
            .chain(self.spread.values().copied())
            .try_fold(Amount::ZERO, |sum: Amount, quantity| sum.checked_add(quantity));
        sum.is_none().then(|| table_overflow(&self.name, place))
    }
}

fn table_overflow(name: &str, place: &Place) -> Finding {
    let text =
        format!("the quantities of driver `{name}` sum to more than 170,000,000,000,000,000,000");
    Finding::new(Code::DriverBroken, text)
        .help("tell them in a larger unit, such as GiB hours for byte hours")
        .at(place.clone())
}

/// Content that is there twice would double its weights; that is said once, not for each row.
fn repeated_files(parts: &[DriverPart]) -> Vec<Finding> {
    // Two months may well have the same quantities.
    let mut seen: BTreeMap<(&str, Option<Period>), &str> = BTreeMap::new();
    let mut errors = Vec::new();
    for part in parts {
        if let Some(first) = seen.insert((&part.sha256, part.month), &part.path) {
            let text = format!("the file has the same content as {first}");
            let help = "a table that is loaded twice doubles its weights; take one away";
            let finding = Finding::new(Code::DriverBroken, text).help(help);
            errors.push(finding.at(Place::File(part.path.as_str().into())));
        }
    }
    errors
}

/// Usage of which two records have a window in common.
fn overlapping_claims(claims: BTreeMap<String, Vec<Claim>>) -> Vec<Finding> {
    let mut errors = Vec::new();
    for mut windows in claims.into_values().filter(|windows| windows.len() > 1) {
        windows.sort_by(|a, b| (a.start, a.end, &a.place).cmp(&(b.start, b.end, &b.place)));
        let mut last = 0;
        for at in 1..windows.len() {
            let (before, again) = (&windows[last], &windows[at]);
            if again.start < before.end {
                let text = format!("the same usage is told by another record: {}", before.place);
                let help = "an export that is loaded twice doubles its weights; take one away. Clusters of one name need names of their own";
                let finding = Finding::new(Code::DriverBroken, text).help(help);
                errors.push(finding.at(again.place.clone()));
            }
            if again.end > before.end {
                last = at;
            }
        }
    }
    errors
}

type RowKey<'a> = (DateRange, Option<&'a String>, &'a Consumer, &'a [Option<String>]);

impl DriverRow {
    fn key(&self) -> RowKey<'_> {
        (self.days, self.pool.as_ref(), &self.consumer, &self.scope)
    }

    /// Adds a row of the same key; false where the sum cannot be kept exactly.
    pub(super) fn add(&mut self, again: &Self) -> bool {
        let sum = self.quantity.checked_add(again.quantity);
        self.quantity = sum.unwrap_or(self.quantity);
        self.records += again.records;
        sum.is_some()
    }

    /// Whether it is of a single day.
    #[must_use]
    pub fn is_of_a_day(&self) -> bool {
        match (self.days.from(), self.days.to()) {
            (Some(from), Some(to)) => from.succ_opt() == Some(to),
            _ => false,
        }
    }

    fn what(&self) -> String {
        let who = match &self.consumer {
            Consumer::Named(name) => format!("`{name}`"),
            Consumer::Unallocated => "what is unallocated".to_owned(),
        };
        let what = self.pool.as_ref().map_or(String::new(), |pool| format!(" of `{pool}`"));
        let parts: BTreeSet<&str> = self.scope.iter().flatten().map(String::as_str).collect();
        let parts: Vec<&str> = parts.into_iter().collect();
        let within =
            if parts.is_empty() { String::new() } else { format!(" within {}", parts.join(", ")) };
        format!("{who}{what}{within}")
    }
}

#[cfg(test)]
mod tests;
