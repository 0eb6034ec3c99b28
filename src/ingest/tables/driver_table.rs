//! Tables of drivers: a column for each field, found by its header.

use std::collections::BTreeMap;

use crate::diagnostics::{Code, Finding};
use crate::domain::{DateRange, Period as Month, normal_form};
use crate::rules::{DriverColumns, DriverField, HeaderField as _, is_same_header};

use super::driver_source::{self, Source, Wanted};
use super::drivers::{
    Consumer, DriverFile, DriverPart, DriverRow, at_file, name, one_day, quantity,
};
use super::plain::PlainTable;
use crate::ingest::values::dates::utc_day;

/// Reads the rows of a table; what is wrong with them is added to `errors`.
///
/// # Errors
/// A file that is no table, or lacks columns.
pub(super) fn read(
    file: &DriverFile<'_>,
    columns: &DriverColumns,
    errors: &mut Vec<Finding>,
) -> Result<DriverPart, Vec<Finding>> {
    let source = source(file, columns)?;
    Ok(Reader::new(&source, columns, file)?.part(errors))
}

fn source(file: &DriverFile<'_>, columns: &DriverColumns) -> Result<Source, Vec<Finding>> {
    use DriverField::{Consumer, Day, Driver, Period, Pool, Quantity};
    let spellings = |fields: &[DriverField]| -> Vec<String> {
        fields.iter().flat_map(|field| columns.spellings(*field)).collect()
    };
    let mut known = spellings(&[Driver, Period, Day, Pool]);
    known.extend(file.declared.scope.iter().map(|(name, _)| name.clone()));
    let needed = [spellings(&[Consumer]), spellings(&[Quantity])];
    driver_source::read(file, &Wanted { needed: &needed, known: &known, prefixes: &[], sets: None })
}

/// Where the fields of a table stand.
struct Reader<'a> {
    table: &'a PlainTable,
    file: &'a DriverFile<'a>,
    /// Positions of headers, by field.
    at: BTreeMap<DriverField, usize>,
    scope: Vec<usize>,
    /// Whether quantities are binary floating point.
    is_binary: bool,
    ignored: Vec<String>,
}

/// A row and its number as whoever opens the file sees it.
#[derive(Clone, Copy)]
struct Row<'a> {
    number: u64,
    fields: &'a [String],
}

impl<'a> Reader<'a> {
    fn new(
        source: &'a Source,
        columns: &DriverColumns,
        file: &'a DriverFile<'a>,
    ) -> Result<Self, Vec<Finding>> {
        use DriverField::{Consumer, Day, Period, Quantity};
        let table = &source.table;
        let headers = &table.headers;
        let found = |field: &DriverField| Some((*field, columns.position(*field, headers)?));
        let at: BTreeMap<DriverField, usize> = DriverField::ALL.iter().filter_map(found).collect();
        let lacks = |text: String| {
            let help = format!(
                "its columns are {}; name the header under `columns` of the driver",
                source.columns()
            );
            Finding::new(Code::DriverBroken, text).help(help).at(at_file(file))
        };
        let mut errors = Vec::new();
        if headers.is_empty() && source.others.is_empty() {
            return Err(vec![no_row(file)]);
        }
        for field in DriverField::ALL.iter().filter(|field| !at.contains_key(field)) {
            let (usual, name) = (columns.usual(*field), field.name());
            if columns.is_own(*field) || matches!(field, Consumer | Quantity) {
                errors.push(lacks(format!("the table has no column `{name}`, such as {usual}")));
            }
        }
        if file.month.is_none() && [Day, Period].iter().all(|field| !at.contains_key(field)) {
            let text = "nothing tells the month: there is neither a column `day` nor `period`";
            errors.push(lacks(text.to_owned()).help(format!(
                "its columns are {}; name the header under `columns` of the driver, or let `files` tell the month: driver-{{period}}.csv",
                source.columns()
            )));
        }
        let scope = scope_positions(source, file, &mut errors);
        for at in at.values().chain(&scope) {
            let header = &headers[*at];
            if headers.iter().filter(|other| is_same_header(other, header)).count() > 1 {
                let text = format!("the table has two columns `{header}`");
                let help = "one of them would silently count; rename or remove the other";
                errors.push(lacks(text).help(help));
            }
        }
        let mut claims: BTreeMap<usize, &str> = BTreeMap::new();
        for (field, position) in &at {
            if let Some(other) = claims.insert(*position, field.name()) {
                let header = &headers[*position];
                let text =
                    format!("the column `{header}` is both `{other}` and `{}`", field.name());
                errors.push(lacks(text));
            }
        }
        if table.rows.is_empty() && errors.is_empty() {
            errors.push(no_row(file));
        }
        let read = |at: &usize| claims.contains_key(at) || scope.contains(at);
        let ignored = (0..headers.len()).filter(|at| !read(at)).map(|at| &headers[at]);
        let ignored: Vec<String> = ignored.chain(&source.others).cloned().collect();
        for header in ignored.iter().filter(|header| is_field(header)) {
            let text = format!("nothing reads the column `{header}`");
            let help = "name it under `scope` of the driver, so that rows are of that part only; else take it away";
            errors.push(Finding::new(Code::DriverBroken, text).help(help).at(at_file(file)));
        }
        let is_binary = at.get(&Quantity).is_some_and(|at| source.binary.contains(&headers[*at]));
        if errors.is_empty() {
            Ok(Self { table, file, at, scope, is_binary, ignored })
        } else {
            Err(errors)
        }
    }

    fn part(&self, errors: &mut Vec<Finding>) -> DriverPart {
        let mut part = DriverPart::new(self.file, self.table);
        part.is_binary = self.is_binary;
        part.ignored.clone_from(&self.ignored);
        for (number, fields) in &self.table.rows {
            let row = Row { number: *number, fields };
            match self.is_ours(row) {
                Ok(true) => {}
                Ok(false) => continue,
                Err(finding) => {
                    errors.push(finding);
                    continue;
                }
            }
            match self.row(row) {
                Ok(Some(row)) => part.rows.push(row),
                Ok(None) => part.other_months += 1,
                Err(findings) => errors.extend(findings),
            }
        }
        part
    }

    fn text(&self, row: Row<'a>, field: DriverField) -> Option<&'a str> {
        let at = self.at.get(&field)?;
        row.fields.get(*at).map(String::as_str).filter(|text| !text.is_empty())
    }

    fn fault(&self, row: Row<'_>, field: DriverField, text: impl Into<String>) -> Finding {
        let at = self.at.get(&field).copied();
        Finding::new(Code::DriverBroken, text).at(self.table.place(row.number, at))
    }

    /// The row, `None` where it is of another month.
    fn row(&self, row: Row<'a>) -> Result<Option<DriverRow>, Vec<Finding>> {
        let mut errors = Vec::new();
        let days = self.days(row).map_err(|finding| errors.push(finding)).ok();
        if let (Some(days), Some(month)) = (days, self.file.month)
            && !days.overlaps(month.days())
        {
            return Ok(None);
        }
        let consumer = self.consumer(row).map_err(|finding| errors.push(finding));
        let pool = self.text(row, DriverField::Pool).map(name).transpose();
        let pool = pool.map_err(|text| errors.push(self.fault(row, DriverField::Pool, text)));
        let text = self.text(row, DriverField::Quantity).unwrap_or("");
        let quantity = quantity(text).map_err(|(text, help)| {
            errors.push(self.fault(row, DriverField::Quantity, text).help(help));
        });
        let mut scope = Vec::with_capacity(self.scope.len());
        for at in &self.scope {
            let text = row.fields.get(*at).map(String::as_str).filter(|text| !text.is_empty());
            match text.map(name).transpose() {
                Ok(value) => scope.push(value),
                Err(text) => {
                    let place = self.table.place(row.number, Some(*at));
                    errors.push(Finding::new(Code::DriverBroken, text).at(place));
                }
            }
        }
        match (days, consumer, pool, quantity) {
            (Some(days), Ok(consumer), Ok(pool), Ok(quantity)) if errors.is_empty() => {
                Ok(Some(DriverRow {
                    days,
                    pool,
                    consumer: Consumer::Named(consumer),
                    quantity,
                    scope,
                    place: self.table.place(row.number, None),
                    records: 1,
                }))
            }
            _ => Err(errors),
        }
    }

    /// Whether the row is of this driver, where the table has several.
    fn is_ours(&self, row: Row<'a>) -> Result<bool, Finding> {
        let field = DriverField::Driver;
        if !self.at.contains_key(&field) {
            return Ok(true);
        }
        let driver = self.text(row, field).ok_or_else(|| {
            self.fault(row, field, "the row names no driver").help("name it, or drop the column")
        })?;
        Ok(normal_form(driver) == self.file.declared.name)
    }

    fn consumer(&self, row: Row<'a>) -> Result<String, Finding> {
        let field = DriverField::Consumer;
        let text = self.text(row, field).ok_or_else(|| {
            let help = "name who used it, or take a total row away";
            self.fault(row, field, "the row names no consumer").help(help)
        })?;
        name(text).map_err(|text| self.fault(row, field, text))
    }

    /// A day, else a month, else that of the file's name.
    fn days(&self, row: Row<'a>) -> Result<DateRange, Finding> {
        use DriverField::{Day, Period};
        let month = match self.text(row, Period) {
            None => None,
            Some(text) => Some(month(text).ok_or_else(|| {
                let text = format!("`{text}` is no month");
                self.fault(row, Period, text).help("write it as 2026-10")
            })?),
        };
        let Some(text) = self.text(row, Day) else {
            return month.or(self.file.month).map(Month::days).ok_or_else(|| {
                let field = if self.at.contains_key(&Day) { Day } else { Period };
                self.fault(row, field, "the row tells no month").help("write it as 2026-10")
            });
        };
        if let Ok(named) = text.parse::<Month>() {
            return Ok(named.days());
        }
        let day = utc_day(text.as_bytes()).ok_or_else(|| {
            let text = format!("`{text}` is no day");
            self.fault(row, Day, text).help("write it as 2026-10-31")
        })?;
        if let Some(month) = month.filter(|month| !month.days().contains(day)) {
            return Err(self.fault(row, Day, format!("{day} does not lie in {month}")));
        }
        one_day(day).ok_or_else(|| self.fault(row, Day, format!("`{text}` is no day")))
    }
}

fn no_row(file: &DriverFile<'_>) -> Finding {
    Finding::new(Code::DriverBroken, "the table holds no row")
        .help("a driver without rows is not taken for no usage; fetch the table again")
        .at(at_file(file))
}

/// Whether a header is a field of a charge and nothing else: a row of a part of a pool would count
/// for all of it if it was not read.
fn is_field(header: &str) -> bool {
    let header = header.to_lowercase();
    header == "component" || header.starts_with("tag.") || header.starts_with("x_")
}

fn scope_positions(
    source: &Source,
    file: &DriverFile<'_>,
    errors: &mut Vec<Finding>,
) -> Vec<usize> {
    let mut found = Vec::new();
    for (name, _) in &file.declared.scope {
        let headers = &source.table.headers;
        let at = headers.iter().position(|header| header.eq_ignore_ascii_case(name));
        if at.is_none() {
            let text = format!("the table has no column `{name}`, which `scope` names");
            let finding = Finding::new(Code::DriverBroken, text).help(format!(
                "its columns are {}; add the column, blank where a row is of everything",
                source.columns()
            ));
            errors.push(finding.at(at_file(file)));
        }
        found.extend(at);
    }
    found
}

/// A month, or any day of it.
fn month(text: &str) -> Option<Month> {
    let joined = || format!("{}-{}", text.get(..4)?, text.get(4..)?).parse::<Month>().ok();
    text.parse::<Month>().ok().or_else(|| utc_day(text.as_bytes()).map(Month::of)).or_else(joined)
}
