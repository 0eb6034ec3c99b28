//! A row of a table as typed fields: headers bound once, each cell read as its field asks.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime};
use num_bigint::BigInt;

use crate::diagnostics::{Code, Finding, Place, did_you_mean};
use crate::domain::{Amount, Currency, SCALE, normal_form};
use crate::ingest::{Cells, PlainTable};
use crate::licenses::extent::Number;
use crate::licenses::inventory::{Origin, Value};
use crate::rules::licenses::{ColumnFrom, EndDay, FieldType, InputColumn, InputDecl};
use crate::rules::{header_position, is_same_header};

/// What a cell holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Text(Arc<str>),
    Texts(Vec<Arc<str>>),
    Number(Number),
    Whole(u32),
    Money(Amount),
    Currency(Currency),
    Day(NaiveDate),
    Time(NaiveDateTime),
    Truth(bool),
    Unlimited,
}

/// Why a row cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Of the table.
    pub(super) column: Option<usize>,
    pub(super) message: String,
    pub(super) help: String,
}

/// What is between several values of a cell where the map does not say it.
const BETWEEN: &str = ";";

/// A table whose headers are known.
#[derive(Debug)]
pub(super) struct Table<'a> {
    decl: &'a InputDecl,
    plain: &'a PlainTable,
    cells: Cells,
    bound: Vec<Bound<'a>>,
    /// Headers that are kept under their own name.
    further: Vec<(Arc<str>, usize)>,
    /// Headers that nothing reads.
    pub(super) ignored: Vec<String>,
    /// Where its rows stand.
    path: Arc<str>,
}

/// Where rows of a table stand: `book.xlsx!Hosts` for a sheet that the project names, since sheets of one
/// workbook have rows of one number.
pub(super) fn path_of(decl: &InputDecl, plain: &PlainTable) -> Arc<str> {
    match &decl.place.sheet {
        Some(sheet) => format!("{}!{sheet}", plain.path).into(),
        None => Arc::clone(&plain.path),
    }
}

#[derive(Debug)]
struct Bound<'a> {
    column: &'a InputColumn,
    at: Vec<usize>,
}

impl<'a> Table<'a> {
    /// Finds the columns of a table.
    ///
    /// # Errors
    /// A header that the project names, or that is needed, and that is not there.
    pub(super) fn new(decl: &'a InputDecl, plain: &'a PlainTable) -> Result<Self, Vec<Finding>> {
        let spelling = &decl.spelling;
        let cells = Cells::new(spelling.numbers, &spelling.dates, &spelling.nulls);
        let (mut bound, mut errors) = (Vec::new(), Vec::new());
        for column in &decl.columns {
            let at = positions(column, &plain.headers);
            let is_there = !at.is_empty() || column.or.is_some();
            let is_needed = decl.kind.field(&column.field).is_some_and(|field| field.is_needed);
            if !is_there && (is_needed || column.is_own) {
                errors.push(lacks(decl, column, plain));
            }
            if is_there {
                bound.push(Bound { column, at });
            }
        }
        let (mut further, mut ignored) = (Vec::new(), Vec::new());
        for (at, header) in plain.headers.iter().enumerate() {
            let is_known = decl.ignored.iter().any(|known| is_same_header(known, header));
            if is_known || header.is_empty() || bound.iter().any(|bound| bound.at.contains(&at)) {
                continue;
            }
            let name = header.to_lowercase().replace([' ', '-'], "_");
            if name.len() > 2 && name.starts_with("x_") {
                further.push((name.into(), at));
            } else {
                ignored.push(header.clone());
            }
        }
        let path = path_of(decl, plain);
        let table = Self { decl, plain, cells, bound, further, ignored, path };
        if errors.is_empty() { Ok(table) } else { Err(errors) }
    }

    /// The position of a field's column.
    pub(super) fn column_of(&self, field: &str) -> Option<usize> {
        let bound = self.bound.iter().find(|bound| bound.column.field == field)?;
        bound.at.first().copied()
    }

    pub(super) fn finding(&self, row: u64, fault: &Fault) -> Finding {
        let finding = Finding::new(Code::LicenseBroken, fault.message.clone());
        finding.help(fault.help.clone()).at(self.plain.place(row, fault.column))
    }

    pub(super) fn header(&self, column: Option<usize>) -> Option<String> {
        column.and_then(|at| self.plain.headers.get(at)).cloned()
    }

    /// The fields of a row; beside those that could be read, what is wrong with the others.
    pub(super) fn row(&self, number: u64, texts: &[String]) -> (Row, Vec<Fault>) {
        let origin = Origin { path: Arc::clone(&self.path), row: number };
        let mut row = Row { fields: BTreeMap::new(), origin };
        let mut faults = Vec::new();
        for bound in &self.bound {
            match self.cell(bound, texts) {
                Ok(Some(cell)) => {
                    row.fields.insert(bound.column.field.as_str().into(), cell);
                }
                Ok(None) => {
                    let field = self.decl.kind.field(&bound.column.field);
                    if field.is_some_and(|field| field.is_needed) {
                        faults.push(Fault {
                            column: bound.at.first().copied(),
                            message: format!("the row does not tell `{}`", bound.column.field),
                            help: "fill the cell, or take the row away; unknown is not zero".into(),
                        });
                    }
                }
                Err(fault) => faults.push(fault),
            }
        }
        for (name, at) in &self.further {
            if let Some(text) = self.cells.text(&texts[*at]) {
                row.fields.insert(name.clone(), Cell::Text(normal_form(text).as_ref().into()));
            }
        }
        (row, faults)
    }

    fn cell(&self, bound: &Bound<'_>, texts: &[String]) -> Result<Option<Cell>, Fault> {
        let column = bound.column;
        let told: Vec<&str> =
            bound.at.iter().filter_map(|at| self.cells.text(texts.get(*at)?)).collect();
        let read = |text: &str| {
            let ours = column.values.get(&text.to_lowercase()).map_or(text, String::as_str);
            self.value(column, ours, bound.at.first().copied(), text)
        };
        match (&column.from, told.as_slice()) {
            (_, []) => column.or.as_deref().map(read).transpose(),
            (ColumnFrom::Latest(_), told) => {
                let cells: Result<Vec<Cell>, Fault> = told.iter().map(|text| read(text)).collect();
                Ok(cells?.into_iter().max_by_key(|cell| match cell {
                    Cell::Day(day) => day.and_hms_opt(0, 0, 0),
                    Cell::Time(time) => Some(*time),
                    _ => None,
                }))
            }
            (ColumnFrom::Joined(_, by), told) => read(&told.join(by)).map(Some),
            (_, [first, ..]) => read(first).map(Some),
        }
    }

    fn value(
        &self,
        column: &InputColumn,
        text: &str,
        at: Option<usize>,
        told: &str,
    ) -> Result<Cell, Fault> {
        let fault = |why: String, help: &str| Fault {
            column: at,
            message: format!("`{told}` {why}"),
            help: help.to_owned(),
        };
        let whole = || fault("is no whole number".to_owned(), "write it as 30");
        let split = column.split.as_deref();
        Ok(match column.kind {
            FieldType::Text if split.is_some() => Cell::Texts(parts(text, split)),
            FieldType::Text => Cell::Text(normal_form(text).as_ref().into()),
            FieldType::Texts => Cell::Texts(parts(text, split)),
            FieldType::Number if column.field == "quantity" && self.is_unlimited(text) => {
                Cell::Unlimited
            }
            FieldType::Number => Cell::Number(number_of(self.amount(text, &fault)?)),
            FieldType::Percent => {
                let bare = text.strip_suffix('%').unwrap_or(text).trim_end();
                Cell::Number(number_of(self.amount(bare, &fault)?))
            }
            FieldType::Whole => Cell::Whole(text.parse().map_err(|_| whole())?),
            FieldType::Money => Cell::Money(self.amount(text, &fault)?),
            FieldType::Currency => Cell::Currency(Currency::parse(text).map_err(|error| {
                fault(format!("is no currency: {error}"), "write its code, such as EUR")
            })?),
            FieldType::Day => Cell::Day(self.day(text, &fault)?),
            FieldType::End => {
                let day = self.day(text, &fault)?;
                let out = match self.decl.end {
                    EndDay::LastDay => day.succ_opt().unwrap_or(day),
                    EndDay::FirstDayOut => day,
                };
                Cell::Day(out)
            }
            FieldType::Time => Cell::Time(self.cells.moment(text).ok_or_else(|| {
                fault("is no time".to_owned(), "write it as 2026-10-31T12:00:00Z")
            })?),
            FieldType::Truth => Cell::Truth(truth(text).ok_or_else(|| {
                fault(
                    "is neither yes nor no".to_owned(),
                    "write `yes` or `no`, or declare the words under `values` of the column",
                )
            })?),
            FieldType::Word(known) => Cell::Text(word(text, known, &fault)?.into()),
            FieldType::Words(known) => {
                let found: Result<Vec<Arc<str>>, Fault> = parts(text, split)
                    .iter()
                    .map(|part| {
                        let ours = column.values.get(&part.to_lowercase());
                        word(ours.map_or(part, String::as_str), known, &fault).map(Into::into)
                    })
                    .collect();
                Cell::Texts(found?)
            }
        })
    }

    fn is_unlimited(&self, text: &str) -> bool {
        self.decl.spelling.unlimited.iter().any(|word| word.to_lowercase() == text.to_lowercase())
    }

    fn amount(&self, text: &str, fault: &impl Fn(String, &str) -> Fault) -> Result<Amount, Fault> {
        let help = "write it as a plain decimal with a point, such as 1234.50, or declare under `numbers` of the input how numbers are written";
        let amount = self
            .cells
            .amount(text)
            .map_err(|error| fault(format!("is no number: {error}"), help))?;
        if amount.is_negative() {
            let help = "what is given back is a row that is shorter or gone, not a negative one";
            return Err(fault("is negative".to_owned(), help));
        }
        Ok(amount)
    }

    fn day(&self, text: &str, fault: &impl Fn(String, &str) -> Fault) -> Result<NaiveDate, Fault> {
        let help =
            "write it as 2026-10-31, or declare under `dates` of the input how days are written";
        self.cells.day(text).ok_or_else(|| fault("is no day".to_owned(), help))
    }
}

fn positions(column: &InputColumn, headers: &[String]) -> Vec<usize> {
    let find = |names: &[String]| -> Vec<usize> {
        names.iter().filter_map(|name| header_position(name, headers)).collect()
    };
    match &column.from {
        ColumnFrom::Headers(names) => find(names).into_iter().take(1).collect(),
        ColumnFrom::Joined(names, _) | ColumnFrom::Latest(names) => find(names),
        ColumnFrom::Constant => Vec::new(),
    }
}

fn lacks(decl: &InputDecl, column: &InputColumn, table: &PlainTable) -> Finding {
    let names = match &column.from {
        ColumnFrom::Headers(names) | ColumnFrom::Joined(names, _) | ColumnFrom::Latest(names) => {
            names.as_slice()
        }
        ColumnFrom::Constant => &[],
    };
    let usual = names.first().map_or(column.field.as_str(), String::as_str);
    let text = format!("the table has no column `{usual}` for the field `{}`", column.field);
    let near = did_you_mean(usual, &table.headers);
    let help = match near {
        Some(near) => format!("did you mean `{near}`? Name it under `columns` of `{}`", decl.name),
        None => format!(
            "its columns are {}; name the header under `columns` of `{}`",
            table.headers.join(", "),
            decl.name
        ),
    };
    Finding::new(Code::LicenseBroken, text).help(help).at(Place::File(table.path.clone()))
}

fn parts(text: &str, split: Option<&str>) -> Vec<Arc<str>> {
    let between = split.filter(|split| !split.is_empty()).unwrap_or(BETWEEN);
    let parts = text.split(between).map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| normal_form(part).as_ref().into()).collect()
}

fn word<'w>(
    text: &str,
    known: &[&'w str],
    fault: &impl Fn(String, &str) -> Fault,
) -> Result<&'w str, Fault> {
    let plain = text.trim().to_lowercase().replace(['_', ' '], "-");
    known.iter().find(|word| **word == plain).copied().ok_or_else(|| {
        let help = match did_you_mean(&plain, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!(
                "declare under `values` of the column which of {} it means",
                known.join(", ")
            ),
        };
        fault("is not known here".to_owned(), &help)
    })
}

fn truth(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "y" | "1" | "x" | "ja" | "j" => Some(true),
        "false" | "no" | "n" | "0" | "nein" => Some(false),
        _ => None,
    }
}

/// The amount as a fraction.
pub(in crate::licenses) fn number_of(amount: Amount) -> Number {
    Number::new(amount.to_units(), BigInt::from(10).pow(SCALE))
}

/// The typed fields of a row.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) fields: BTreeMap<Arc<str>, Cell>,
    pub(super) origin: Origin,
}

impl Row {
    pub(super) fn text(&self, field: &str) -> Option<Arc<str>> {
        match self.fields.get(field)? {
            Cell::Text(text) => Some(text.clone()),
            Cell::Texts(texts) => texts.first().cloned(),
            _ => None,
        }
    }

    /// None, one or several texts.
    pub(super) fn texts(&self, field: &str) -> Vec<Arc<str>> {
        match self.fields.get(field) {
            Some(Cell::Text(text)) => vec![text.clone()],
            Some(Cell::Texts(texts)) => texts.clone(),
            _ => Vec::new(),
        }
    }

    pub(super) fn number(&self, field: &str) -> Option<Number> {
        match self.fields.get(field)? {
            Cell::Number(number) => Some(number.clone()),
            _ => None,
        }
    }

    pub(super) fn whole(&self, field: &str) -> Option<u32> {
        match self.fields.get(field)? {
            Cell::Whole(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn money(&self, field: &str) -> Option<Amount> {
        match self.fields.get(field)? {
            Cell::Money(amount) => Some(*amount),
            _ => None,
        }
    }

    pub(super) fn currency(&self) -> Option<Currency> {
        match self.fields.get("currency")? {
            Cell::Currency(currency) => Some(*currency),
            _ => None,
        }
    }

    pub(super) fn day(&self, field: &str) -> Option<NaiveDate> {
        match self.fields.get(field)? {
            Cell::Day(day) => Some(*day),
            _ => None,
        }
    }

    pub(super) fn truth(&self, field: &str) -> Option<bool> {
        match self.fields.get(field)? {
            Cell::Truth(truth) => Some(*truth),
            _ => None,
        }
    }

    /// Fields for which the nouns have no place of their own.
    pub(super) fn values(&self, is_wanted: impl Fn(&str) -> bool) -> BTreeMap<Arc<str>, Value> {
        let wanted = self.fields.iter().filter(|(name, _)| is_wanted(name));
        let value = |(name, cell): (&Arc<str>, &Cell)| Some((name.clone(), cell.value()?));
        wanted.filter_map(value).collect()
    }
}

impl Cell {
    fn value(&self) -> Option<Value> {
        Some(match self {
            Self::Text(text) => Value::Text(text.clone()),
            Self::Texts(texts) => Value::Text(texts.join("; ").into()),
            Self::Number(number) => Value::Number(number.clone()),
            Self::Whole(number) => Value::Number(Number::from_integer(BigInt::from(*number))),
            Self::Money(amount) => Value::Number(number_of(*amount)),
            Self::Currency(currency) => Value::Text(currency.code().into()),
            Self::Day(day) => Value::Date(*day),
            Self::Time(time) => Value::Time(*time),
            Self::Truth(truth) => Value::Truth(*truth),
            Self::Unlimited => return None,
        })
    }
}
