//! `drivers:` of the project file: tables that say who used how much of what is shared. Which
//! headers such tables have is data, `rules/drivers.yaml`.

use crate::diagnostics::{Code, Finding, Span};

use super::decode::{Mapping, is_identifier, is_name, items, word, words};
use super::driver_export::{self, DriverExport, EXPORT_KEYS, read_export};
use super::driver_licenses::{
    DriverOfLicenses, LICENSE_KEYS, LICENSES, UNKNOWN, read_license_driver,
};
use super::headers::{HeaderField, Headers, read_headers};
use super::node::{self, Kind, Node};
use super::project::{read_patterns, refuse_repeats};
use super::read_delivery::is_pattern;
use super::shape::{KeyShape, Shape, key, needed, words_of};
use super::shipped;
use super::sink::Sink;
use super::workbook::{LAST_ROW, SheetPlace, read_place};

/// Tables that make up one driver.
#[derive(Clone, Debug)]
pub struct DriverDecl {
    pub name: String,
    pub span: Span,
    /// Patterns of files, which may hold placeholders of the month: see
    /// [`fill_period`](super::fill_period).
    pub files: Vec<(String, Span)>,
    /// Where the table stands in files that are workbooks.
    pub place: SheetPlace,
    pub shape: DriverShape,
    /// Names whose columns restrict a row to a part of what a pool received, each once.
    pub scope: Vec<(String, Span)>,
    /// What quantities are counted in, for reports.
    pub unit: Option<String>,
}

/// How the files of a driver tell who used how much.
#[derive(Clone, Debug)]
pub enum DriverShape {
    /// A table with a column for each field.
    Table(DriverColumns),
    /// An export of another system, by what is known of its format.
    Export(Box<DriverExport>),
    /// The measured use of a product; there are no files.
    Licenses(Box<DriverOfLicenses>),
}

/// What is asked of a row of a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DriverField {
    /// The driver that the row is of, where a file has several.
    Driver,
    /// The month.
    Period,
    /// The day, where quantities are daily.
    Day,
    /// What was used: a pool, or a value of a family of pools.
    Pool,
    /// Who used it.
    Consumer,
    Quantity,
}

impl HeaderField for DriverField {
    const ALL: &'static [Self] =
        &[Self::Driver, Self::Period, Self::Day, Self::Pool, Self::Consumer, Self::Quantity];

    fn name(self) -> &'static str {
        match self {
            Self::Driver => "driver",
            Self::Period => "period",
            Self::Day => "day",
            Self::Pool => "pool",
            Self::Consumer => "consumer",
            Self::Quantity => "quantity",
        }
    }
}

/// The headers of tables of drivers.
pub type DriverColumns = Headers<DriverField>;

pub(super) const DRIVER_KEYS: &[KeyShape] = &[
    needed("name", Shape::Text),
    key("files", Shape::Texts),
    key("format", Shape::Text),
    key("sheet", Shape::Text),
    key("header_row", Shape::Whole(LAST_ROW)),
    key("columns", Shape::Each(field_names, &Shape::Texts)),
    key("scope", Shape::Texts),
    key("unit", Shape::Text),
    key("measure", Shape::Text),
    key("consumer", Shape::Texts),
    key("pool", Shape::Text),
    key("idle", driver_export::IDLE),
    key("product", Shape::Text),
    key("publisher", Shape::Text),
    key("edition", Shape::Text),
    key("metric", Shape::Text),
    key("interpretation", Shape::Text),
    key("over", driver_export::IDLE),
    key("unknown", Shape::Choice(|| words_of(&UNKNOWN))),
];

fn field_names() -> Vec<&'static str> {
    DriverField::ALL.iter().map(|field| field.name()).collect()
}

pub(super) fn read_drivers(node: &Node, sink: &mut Sink) -> Option<Vec<DriverDecl>> {
    let nodes = items(node, "`drivers`", sink)?;
    let found: Vec<DriverDecl> = nodes.iter().filter_map(|node| read_entry(node, sink)).collect();
    let names = found.iter().map(|driver| (driver.name.as_str(), &driver.span));
    refuse_repeats("driver", names, sink);
    (found.len() == nodes.len()).then_some(found)
}

fn read_entry(node: &Node, sink: &mut Sink) -> Option<DriverDecl> {
    let map = Mapping::read(node, "a driver", DRIVER_KEYS, sink)?;
    let name = map.need("name", sink).and_then(|node| word(node, "`name`", sink));
    let name = name.filter(|name| is_identifier(name, "the name of a driver", true, sink));
    let is_of_licenses = map.get("format").is_some_and(|node| is_word(node, LICENSES));
    let files = if is_of_licenses {
        refuse_keys(&map, FILE_KEYS, "is not read of a driver that licenses make", sink);
        Some(Vec::new())
    } else {
        refuse_keys(&map, LICENSE_KEYS, "is a key of drivers of `format: licenses`", sink);
        let node = map.need("files", sink);
        node.and_then(|node| read_patterns(node, "`files`", is_pattern, sink))
    };
    let files = files.filter(|files| files.iter().all(|file| tells_year(file, sink)));
    let unit = map.get("unit").and_then(|node| word(node, "`unit`", sink));
    let unit = unit.filter(|unit| is_name(unit, "a unit", sink)).map(|unit| unit.text);
    let shape = read_shape(&map, sink);
    let scope = match map.get("scope") {
        Some(node) => read_scope(node, sink),
        None => Some(Vec::new()),
    };
    let (name, shape) = (name?, shape?);
    let unit = unit.or_else(|| match &shape {
        DriverShape::Export(export) => Some(export.unit().to_owned()),
        DriverShape::Table(_) | DriverShape::Licenses(_) => None,
    });
    Some(DriverDecl {
        name: name.text,
        span: name.span,
        files: files?,
        place: read_place(&map, sink),
        shape,
        scope: scope?,
        unit,
    })
}

/// A month alone is of any year.
fn tells_year((pattern, span): &(String, Span), sink: &mut Sink) -> bool {
    let has = |name: &str| pattern.contains(&format!("{{{name}}}"));
    let years = ["year", "period", "period_first", "period_last", "period_next"];
    let is_told = !has("month") || years.into_iter().any(has);
    if !is_told {
        let message = format!("`{pattern}` tells a month without its year");
        let help = "use {period}, or {year} beside {month}";
        sink.report_with_help(Code::InvalidValue, span, message, help);
    }
    is_told
}

fn read_shape(map: &Mapping<'_>, sink: &mut Sink) -> Option<DriverShape> {
    let Some(node) = map.get("format") else {
        refuse_keys(map, EXPORT_KEYS, "is a key of drivers that have a `format`", sink);
        let own = match map.get("columns") {
            Some(node) => read_headers(node, sink),
            None => Some(DriverColumns::default()),
        };
        return own.map(|own| DriverShape::Table(shipped_columns().with(own)));
    };
    if is_word(node, LICENSES) {
        let made = read_license_driver(map, sink);
        return made.map(|made| DriverShape::Licenses(Box::new(made)));
    }
    refuse_keys(map, &["columns", "scope"], "is not read of a driver that has a `format`", sink);
    read_export(node, map, sink).map(|export| DriverShape::Export(Box::new(export)))
}

fn is_word(node: &Node, word: &str) -> bool {
    matches!(&node.kind, Kind::Scalar(text) if text == word)
}

/// Keys of drivers that are made of files.
const FILE_KEYS: &[&str] = &["files", "sheet", "header_row", "columns", "scope", "measure", "pool"];

fn refuse_keys(map: &Mapping<'_>, keys: &[&str], why: &str, sink: &mut Sink) {
    for (key, span) in keys.iter().filter_map(|key| Some((key, map.key_span(key)?))) {
        sink.report(Code::InvalidValue, span, format!("`{key}` {why}"));
    }
}

fn read_scope(node: &Node, sink: &mut Sink) -> Option<Vec<(String, Span)>> {
    let names = words(node, "`scope`", sink)?;
    let found: Vec<(String, Span)> = names.into_iter().map(|name| (name.text, name.span)).collect();
    refuse_repeats("part", found.iter().map(|(name, span)| (name.as_str(), span)), sink);
    Some(found)
}

/// The headers that are known without a declaration.
fn shipped_columns() -> DriverColumns {
    read_shipped(|map, sink| read_headers(map.need("columns", sink)?, sink)).unwrap_or_default()
}

fn read_shipped<T>(
    part: impl FnOnce(&Mapping<'_>, &mut Sink) -> Option<T>,
) -> Result<T, Vec<Finding>> {
    let (path, text) = shipped::driver_columns();
    let mut sink = Sink::default();
    let root = node::parse(path, text, &mut sink);
    let found = root.and_then(|root| {
        let keys = ["source", "columns", "examples"];
        let map = Mapping::read(&root, "columns of drivers", &keys, &mut sink)?;
        part(&map, &mut sink)
    });
    sink.finish(found)
}

/// Texts of an example by their key.
#[cfg(test)]
type Texts = std::collections::BTreeMap<String, String>;

/// The shipped headers' examples: a row, and what must come of it.
#[cfg(test)]
pub(crate) fn shipped_driver_examples() -> Vec<(Texts, Texts)> {
    use super::decode::{entries, text};
    fn texts(node: &Node, sink: &mut Sink) -> Option<Texts> {
        let entries = entries(node, "an example", sink)?.iter();
        let pairs =
            entries.map(|(key, node)| Some((key.text.clone(), text(node, "", sink)?.to_owned())));
        pairs.collect()
    }
    let examples = read_shipped(|map, sink| {
        let nodes = items(map.need("examples", sink)?, "`examples`", sink)?.iter();
        let example = |node: &Node| {
            let map = Mapping::read(node, "an example", &["given", "expect"], sink)?;
            Some((texts(map.need("given", sink)?, sink)?, texts(map.need("expect", sink)?, sink)?))
        };
        nodes.map(example).collect::<Option<Vec<_>>>()
    });
    examples.expect("the shipped headers are sound")
}
