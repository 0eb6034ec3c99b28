//! Tables of facts that metrics look up: factors by processor, weights by kind of document, tiers.

use std::collections::BTreeMap;
use std::sync::Arc;

use num_bigint::BigInt;
use num_rational::Ratio;

use crate::diagnostics::{Code, Finding, Place, Span};
use crate::rules::decode::{Mapping, choice, entries, is_identifier, items, text, word};
use crate::rules::node::{Key, Kind, Node};
use crate::rules::pattern::{self, Glob};
use crate::rules::shape::{KeyShape, Shape, key, needed, words_of};
use crate::rules::sink::Sink;

use super::RuleText;
use super::number::number;
use super::source::{SOURCE_KEYS, Source, read_source};

/// Rows of one table.
const ROWS: usize = 20_000;

/// A table of facts, with where they come from.
#[derive(Clone, Debug)]
pub struct Table {
    pub name: Arc<str>,
    pub span: Span,
    pub source: Source,
    columns: Vec<(Arc<str>, ColumnKind)>,
    rows: Vec<Vec<Cell>>,
}

/// How a column is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// The same text, whatever its case.
    Exact,
    /// One of several globs, separated by `|`, whatever the case.
    Glob,
    /// Numbers: `4`, `>4`, `<=2`, `5-8`; `all` or nothing for any.
    Range,
    /// What is looked up.
    Number,
    /// For readers.
    Note,
}

const COLUMN_KINDS: &[(&str, ColumnKind)] = &[
    ("exact", ColumnKind::Exact),
    ("glob", ColumnKind::Glob),
    ("range", ColumnKind::Range),
    ("number", ColumnKind::Number),
    ("note", ColumnKind::Note),
];

pub(super) fn kind_words() -> Vec<&'static str> {
    words_of(COLUMN_KINDS)
}

#[derive(Clone, Debug)]
enum Cell {
    Any,
    Text(Arc<str>),
    Globs(Vec<Glob>),
    /// Bounds, both within.
    Range(Option<Ratio<BigInt>>, Option<Ratio<BigInt>>, Strictness),
    Number(Ratio<BigInt>),
    Empty,
}

#[derive(Clone, Copy, Debug)]
enum Strictness {
    Within,
    Beyond,
}

/// What is known of a key.
#[derive(Clone, Debug)]
pub enum Asked {
    Text(Arc<str>),
    Number(Ratio<BigInt>),
    Unknown,
}

/// What a table says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Found(Ratio<BigInt>),
    /// The least and the most of what it may be.
    Between(Ratio<BigInt>, Ratio<BigInt>),
    /// No row is like that.
    Missing,
}

pub(super) const TABLE_KEYS: &[KeyShape] = &[
    key("title", Shape::Text),
    needed("source", Shape::Map(SOURCE_KEYS)),
    needed("columns", Shape::Named(&Shape::Choice(kind_words))),
    key("file", Shape::Text),
    key("rows", Shape::List(&Shape::Named(&Shape::Optional(&Shape::Text)))),
];

impl Table {
    #[must_use]
    pub fn kind_of(&self, column: &str) -> Option<ColumnKind> {
        self.columns.iter().find(|(name, _)| **name == *column).map(|(_, kind)| *kind)
    }

    pub(super) fn column_names(&self) -> Vec<&str> {
        self.columns.iter().map(|(name, _)| &**name).collect()
    }

    fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|(name, _)| **name == *column)
    }

    /// The value of the first row that fits all keys. A key that is not known fits every row.
    #[must_use]
    pub fn lookup(&self, keys: &[(Arc<str>, Asked)], value: &str) -> Answer {
        let Some(value) = self.position(value) else { return Answer::Missing };
        let keys: Vec<(usize, &Asked)> =
            keys.iter().filter_map(|(name, asked)| Some((self.position(name)?, asked))).collect();
        let is_known = keys.iter().all(|(_, asked)| !matches!(asked, Asked::Unknown));
        let fits = |row: &&Vec<Cell>| keys.iter().all(|(at, asked)| fits(&row[*at], asked));
        let mut found = self.rows.iter().filter(fits).filter_map(|row| match &row[value] {
            Cell::Number(number) => Some(number),
            _ => None,
        });
        if is_known {
            return found.next().map_or(Answer::Missing, |number| Answer::Found(number.clone()));
        }
        let Some(first) = found.next() else { return Answer::Missing };
        let (low, high) = found.fold((first, first), |(low, high), n| (low.min(n), high.max(n)));
        if low == high {
            return Answer::Found(low.clone());
        }
        Answer::Between(low.clone(), high.clone())
    }

    /// The least and the most of a column.
    #[must_use]
    pub fn bounds(&self, value: &str) -> Option<(Ratio<BigInt>, Ratio<BigInt>)> {
        let at = self.position(value)?;
        let numbers = self.rows.iter().filter_map(|row| match &row[at] {
            Cell::Number(number) => Some(number),
            _ => None,
        });
        let numbers: Vec<_> = numbers.collect();
        Some(((*numbers.iter().min()?).clone(), (*numbers.iter().max()?).clone()))
    }

    /// The numbers of a column, in the order of rows; `None` where a row has none.
    pub(super) fn numbers(&self, column: &str) -> Option<Vec<Option<Ratio<BigInt>>>> {
        let at = self.position(column)?;
        let number = |row: &Vec<Cell>| match &row[at] {
            Cell::Number(number) => Some(number.clone()),
            _ => None,
        };
        Some(self.rows.iter().map(number).collect())
    }
}

fn fits(cell: &Cell, asked: &Asked) -> bool {
    match (cell, asked) {
        (_, Asked::Unknown) | (Cell::Any, _) => true,
        (Cell::Text(known), Asked::Text(text)) => {
            known.trim().to_lowercase() == text.trim().to_lowercase()
        }
        (Cell::Globs(globs), Asked::Text(text)) => globs.iter().any(|glob| glob.is_match(text)),
        (Cell::Globs(globs), Asked::Number(number)) => {
            globs.iter().any(|glob| glob.is_match(&number.to_string()))
        }
        (Cell::Text(known), Asked::Number(asked)) => number(known).as_ref() == Some(asked),
        (Cell::Range(low, high, Strictness::Within), Asked::Number(number)) => {
            low.as_ref().is_none_or(|low| low <= number)
                && high.as_ref().is_none_or(|high| number <= high)
        }
        (Cell::Range(low, high, Strictness::Beyond), Asked::Number(number)) => {
            low.as_ref().is_none_or(|low| low < number)
                && high.as_ref().is_none_or(|high| number < high)
        }
        _ => false,
    }
}

/// Tables that metrics may name.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) found: Vec<Table>,
    /// Names of those that could not be read.
    pub(super) refused: Vec<String>,
}

/// The tables under `tables`.
pub(super) fn read_tables(node: &Node, files: &[RuleText], tables: &mut Tables, sink: &mut Sink) {
    for (name, node) in entries(node, "`tables`", sink).unwrap_or_default() {
        let is_named = is_identifier(name, "the name of a table", true, sink);
        match read_table(name, node, files, sink).filter(|_| is_named) {
            Some(table) => tables.found.push(table),
            None => tables.refused.push(name.text.clone()),
        }
    }
}

fn read_table(name: &Key, node: &Node, files: &[RuleText], sink: &mut Sink) -> Option<Table> {
    let map = Mapping::read(node, "a table", TABLE_KEYS, sink)?;
    let source = map.need("source", sink).and_then(|node| read_source(node, sink));
    if let Some(title) = map.get("title") {
        word(title, "`title`", sink)?;
    }
    let columns = map.need("columns", sink).and_then(|node| read_columns(node, sink))?;
    let rows = match (map.get("file"), map.get("rows")) {
        (Some(file), None) => from_file(file, &columns, files, sink),
        (None, Some(rows)) => from_rows(rows, &columns, sink),
        _ => {
            let message = format!("the table `{}` needs either `file` or `rows`", name.text);
            sink.report(Code::MissingKey, &name.span, message);
            None
        }
    };
    let rows = rows?;
    if rows.is_empty() {
        sink.report(Code::InvalidValue, &name.span, format!("`{}` has no rows", name.text));
    }
    let name_text: Arc<str> = name.text.as_str().into();
    Some(Table { name: name_text, span: name.span.clone(), source: source?, columns, rows })
}

type Columns = Vec<(Arc<str>, ColumnKind)>;

fn read_columns(node: &Node, sink: &mut Sink) -> Option<Columns> {
    let found = entries(node, "`columns`", sink)?;
    let made = found.iter().filter_map(|(name, node)| {
        let kind = choice(node, "kind of column", COLUMN_KINDS, sink)?;
        Some((Arc::from(name.text.as_str()), kind))
    });
    let made: Columns = made.collect();
    if made.len() == found.len() && !made.iter().any(|(_, kind)| *kind == ColumnKind::Number) {
        let message = "a table needs a column of kind `number`, which is what is looked up";
        sink.report(Code::MissingKey, &node.span, message);
    }
    (made.len() == found.len()).then_some(made)
}

fn from_rows(node: &Node, columns: &Columns, sink: &mut Sink) -> Option<Vec<Vec<Cell>>> {
    let nodes = items(node, "`rows`", sink)?;
    let before = sink.count();
    let mut rows = Vec::new();
    for node in nodes.iter().take(ROWS + 1) {
        let Some(found) = entries(node, "a row", sink) else { continue };
        let names: Vec<&str> = columns.iter().map(|(name, _)| &**name).collect();
        for (key, _) in found {
            if !names.contains(&key.text.as_str()) {
                let message = format!("`{}` is no column of the table", key.text);
                sink.report_unknown(Code::UnknownKey, &key.span, message, &key.text, &names);
            }
        }
        let mut row = Vec::new();
        for (name, kind) in columns {
            let value = found.iter().find(|(key, _)| key.text == **name).map(|(_, node)| node);
            let value = value.filter(|node| !matches!(node.kind, Kind::Null));
            let said = value.and_then(|node| text(node, "a cell", sink)).unwrap_or_default();
            let span = value.map_or(&node.span, |node| &node.span);
            match cell(said, *kind, span, sink) {
                Ok(cell) => row.push(cell),
                Err(why) => {
                    sink.report(Code::InvalidValue, span, format!("column `{name}`: {why}"));
                }
            }
        }
        rows.push(row);
    }
    is_small(rows.len(), &node.span, sink);
    (sink.count() == before).then_some(rows)
}

fn is_small(rows: usize, span: &Span, sink: &mut Sink) {
    if rows > ROWS {
        sink.report(Code::InvalidValue, span, format!("a table holds at most {ROWS} rows"));
    }
}

/// The path of a table's file, as its rule file names it.
pub(super) fn beside(rule_file: &str, file: &str) -> String {
    match rule_file.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{file}"),
        None => match rule_file.split_once(':') {
            Some((scheme, _)) => format!("{scheme}:{file}"),
            None => file.to_owned(),
        },
    }
}

fn from_file(
    node: &Node,
    columns: &Columns,
    files: &[RuleText],
    sink: &mut Sink,
) -> Option<Vec<Vec<Cell>>> {
    let file = word(node, "`file`", sink)?;
    if !crate::rules::decode::is_inside_project(&file, sink) {
        return None;
    }
    let path = beside(&node.span.path, &file.text);
    let Some(found) = files.iter().find(|one| *one.path == *path) else {
        let message = format!("there is no table `{path}`");
        let known: Vec<&str> = files.iter().map(|one| &*one.path).collect();
        sink.report_unknown(Code::NotFound, &file.span, message, &path, &known);
        return None;
    };
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(found.text.as_bytes());
    let refuse = |row: u64, column: Option<String>, why: String, sink: &mut Sink| {
        let place = Place::Cell { path: found.path.as_str().into(), row, column };
        sink.keep(Finding::new(Code::InvalidValue, why).at(place));
    };
    let headers = match reader.headers() {
        Ok(headers) => headers.clone(),
        Err(error) => {
            refuse(1, None, format!("the table cannot be read: {error}"), sink);
            return None;
        }
    };
    let place = |name: &Arc<str>| headers.iter().position(|header| header.trim() == &**name);
    let places: BTreeMap<&Arc<str>, usize> =
        columns.iter().filter_map(|(name, _)| Some((name, place(name)?))).collect();
    for (name, _) in columns.iter().filter(|(name, _)| !places.contains_key(name)) {
        refuse(1, None, format!("the table has no column `{name}`"), sink);
    }
    let before = sink.count();
    let mut rows = Vec::new();
    for (index, record) in reader.records().take(ROWS + 1).enumerate() {
        let line = u64::try_from(index).unwrap_or(u64::MAX).saturating_add(2);
        let record = match record {
            Ok(record) if record.len() == headers.len() => record,
            Ok(_) => {
                refuse(line, None, "the row is shorter or longer than the header".into(), sink);
                continue;
            }
            Err(error) => {
                refuse(line, None, format!("the row cannot be read: {error}"), sink);
                break;
            }
        };
        let said = |name: &Arc<str>| places.get(name).and_then(|at| record.get(*at));
        let mut row = Vec::new();
        for (name, kind) in columns {
            match cell(said(name).unwrap_or_default().trim(), *kind, &node.span, sink) {
                Ok(cell) => row.push(cell),
                Err(why) => refuse(line, Some(name.to_string()), why, sink),
            }
        }
        rows.push(row);
    }
    is_small(rows.len(), &node.span, sink);
    (sink.count() == before && places.len() == columns.len()).then_some(rows)
}

fn cell(said: &str, kind: ColumnKind, span: &Span, sink: &mut Sink) -> Result<Cell, String> {
    let is_any = said.is_empty() || said == "*" || said.eq_ignore_ascii_case("all");
    match kind {
        ColumnKind::Note => Ok(Cell::Empty),
        ColumnKind::Number if said.is_empty() => Ok(Cell::Empty),
        ColumnKind::Number => {
            number(said).map(Cell::Number).ok_or_else(|| format!("`{said}` is no number"))
        }
        _ if is_any => Ok(Cell::Any),
        ColumnKind::Exact => Ok(Cell::Text(said.into())),
        ColumnKind::Glob => {
            let globs = said.split('|').map(|text| {
                let text = Key { text: text.trim().to_owned(), span: span.clone() };
                pattern::glob(&text, true, sink).ok_or_else(|| format!("`{said}` is no pattern"))
            });
            globs.collect::<Result<_, _>>().map(Cell::Globs)
        }
        ColumnKind::Range => range(said).ok_or_else(|| format!("`{said}` is no range of numbers")),
    }
}

fn range(said: &str) -> Option<Cell> {
    let (low, high, strictness) = if let Some(rest) = said.strip_prefix(">=") {
        (Some(number(rest)?), None, Strictness::Within)
    } else if let Some(rest) = said.strip_prefix("<=") {
        (None, Some(number(rest)?), Strictness::Within)
    } else if let Some(rest) = said.strip_prefix('>') {
        (Some(number(rest)?), None, Strictness::Beyond)
    } else if let Some(rest) = said.strip_prefix('<') {
        (None, Some(number(rest)?), Strictness::Beyond)
    } else if let Some((low, high)) = said.split_once('-') {
        (Some(number(low)?), Some(number(high)?), Strictness::Within)
    } else {
        let one = number(said)?;
        (Some(one.clone()), Some(one), Strictness::Within)
    };
    Some(Cell::Range(low, high, strictness))
}
