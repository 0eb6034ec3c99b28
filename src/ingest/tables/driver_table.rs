//! Tables of drivers: a column for each field, found by its header.

use std::collections::BTreeMap;

use crate::diagnostics::{Code, Finding};
use crate::domain::{DateRange, Period as Month, normal_form};
use crate::rules::{DriverColumns, DriverField, HeaderField as _};

use super::drivers::{
    Consumer, DriverFile, DriverPart, DriverRow, at_file, name, one_day, quantity,
};
use super::plain::{PlainTable, TableFile, read_table};
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
    let table = table(file, columns)?;
    Ok(Reader::new(&table, columns, file)?.part(errors))
}

fn table(file: &DriverFile<'_>, columns: &DriverColumns) -> Result<PlainTable, Vec<Finding>> {
    use DriverField::{Consumer, Day, Driver, Period, Pool, Quantity};
    let spellings = |fields: &[DriverField]| -> Vec<String> {
        fields.iter().flat_map(|field| columns.spellings(*field)).collect()
    };
    let groups = [spellings(&[Consumer]), spellings(&[Quantity])];
    let mut known = spellings(&[Driver, Period, Day, Pool]);
    known.extend(file.declared.scope.iter().map(|(name, _)| name.clone()));
    let groups: Vec<Vec<&str>> =
        groups.iter().map(|group| group.iter().map(String::as_str).collect()).collect();
    let needed: Vec<&[&str]> = groups.iter().map(Vec::as_slice).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let table = read_table(&TableFile {
        location: file.location,
        path: file.path,
        needed: &needed,
        known: &known,
        place: &file.declared.place,
        reader: file.reader,
    });
    table.map_err(|mut findings| {
        // What is wrong with a row is wrong with a driver here.
        let rows = findings.iter_mut().filter(|finding| finding.code == Code::BadReference);
        rows.for_each(|finding| finding.code = Code::DriverBroken);
        findings
    })
}

/// Where the fields of a table stand.
struct Reader<'a> {
    table: &'a PlainTable,
    file: &'a DriverFile<'a>,
    /// Positions of headers, by field.
    at: BTreeMap<DriverField, usize>,
    scope: Vec<usize>,
}

/// A row and its number as whoever opens the file sees it.
#[derive(Clone, Copy)]
struct Row<'a> {
    number: u64,
    fields: &'a [String],
}

impl<'a> Reader<'a> {
    fn new(
        table: &'a PlainTable,
        columns: &DriverColumns,
        file: &'a DriverFile<'a>,
    ) -> Result<Self, Vec<Finding>> {
        use DriverField::{Consumer, Day, Period, Quantity};
        let headers = &table.headers;
        let found = |field: &DriverField| Some((*field, columns.position(*field, headers)?));
        let at: BTreeMap<DriverField, usize> = DriverField::ALL.iter().filter_map(found).collect();
        let lacks = |text: String| {
            let help = format!(
                "its columns are {}; name the header under `columns` of the driver",
                headers.join(", ")
            );
            Finding::new(Code::DriverBroken, text).help(help).at(at_file(file))
        };
        let mut errors = Vec::new();
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
                headers.join(", ")
            )));
        }
        let scope = scope_positions(headers, file, &mut errors);
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
            let help = "a driver without rows is not taken for no usage; fetch the table again";
            let finding = Finding::new(Code::DriverBroken, "the table holds no row");
            errors.push(finding.help(help).at(at_file(file)));
        }
        if errors.is_empty() { Ok(Self { table, file, at, scope }) } else { Err(errors) }
    }

    fn part(&self, errors: &mut Vec<Finding>) -> DriverPart {
        let mut part = DriverPart::new(self.file, self.table);
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

fn scope_positions(
    headers: &[String],
    file: &DriverFile<'_>,
    errors: &mut Vec<Finding>,
) -> Vec<usize> {
    let mut found = Vec::new();
    for (name, _) in &file.declared.scope {
        let at = headers.iter().position(|header| header.eq_ignore_ascii_case(name));
        if at.is_none() {
            let text = format!("the table has no column `{name}`, which `scope` names");
            let finding = Finding::new(Code::DriverBroken, text).help(format!(
                "its columns are {}; add the column, blank where a row is of everything",
                headers.join(", ")
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
