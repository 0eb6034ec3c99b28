//! `costbook.yaml`, checked.
//!
//! Order: every section is read whatever is wrong with the one before it; a `Project` is made only
//! where nothing is. Paths are never opened here, only kept from leading out of the project.

use std::collections::HashSet;

use crate::diagnostics::{Code, Finding, Span};
use crate::domain::{Currency, SCALE};

use super::decode::{
    Mapping, choice, is_identifier, is_inside_project, is_name, items, parsed, whole, word, words,
};
use super::delivery::{Days, DeliveryPolicy};
use super::drivers::{self, DriverDecl, read_drivers};
use super::exchange::{self, ExchangeDecl, read_exchange};
use super::fields::{RESERVED_PREFIXES, USUAL_JOINS};
use super::invoices::{self, InvoicesDecl, read_invoices};
use super::licenses::{self, LicensesDecl, read_licenses};
use super::node::{self, Key, Kind, Node};
use super::read_delivery;
use super::shape::{KeyShape, Shape, key, needed, words_of};
use super::shipped;
use super::sink::Sink;
use super::workbook::{LAST_ROW, SheetPlace, read_place};
use super::zone::Zone;

/// The project: whose cost, from which files, by which rules. Paths are as written, relative to
/// the project's folder; whoever reads them resolves them.
#[derive(Clone, Debug)]
pub struct Project {
    pub organisation: String,
    /// The report currency.
    pub currency: Currency,
    pub sources: Vec<SourceDecl>,
    pub owners: Option<(String, Span)>,
    pub metadata: Vec<MetadataDecl>,
    /// Patterns of rule files.
    pub rules: Vec<(String, Span)>,
    /// Digits of a share after the point; `None` keeps every digit of the pool.
    pub rounding_digits: Option<u32>,
    /// How other currencies come into the report currency; `None` converts nothing.
    pub exchange: Option<ExchangeDecl>,
    /// Provider invoices to reconcile with.
    pub invoices: Vec<InvoicesDecl>,
    /// Who used how much of what is shared.
    pub drivers: Vec<DriverDecl>,
    /// What is owned and used of licenses.
    pub licenses: Option<LicensesDecl>,
    /// In which form the bill is written again with shared charges in parts; `None` does not.
    pub allocated_focus: Option<DatasetForm>,
}

/// The files of a dataset that a run writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatasetForm {
    Csv,
    Parquet,
    Both,
}

#[derive(Clone, Debug)]
pub struct SourceDecl {
    pub name: String,
    pub span: Span,
    pub format: FormatName,
    pub format_span: Span,
    /// Patterns of files, which may hold placeholders of the month: see
    /// [`fill_period`](super::fill_period).
    pub files: Vec<(String, Span)>,
    /// Where the table stands in files that are workbooks.
    pub place: SheetPlace,
    /// Where it is not what the column map says.
    pub deliveries: Option<DeliveryPolicy>,
    /// Where they are not what the column map says.
    pub days: Option<Days>,
    /// Whether a file may have a header and no row.
    pub may_be_empty: bool,
    /// The zone of times without one, where it is not what the column map says.
    pub zone: Option<Zone>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormatName {
    /// For each file, the shipped column map that recognises its header.
    Auto,
    /// A column map that costbook ships.
    Shipped(String),
    /// A column map of the project, by path.
    Own(String),
}

#[derive(Clone, Debug)]
pub struct MetadataDecl {
    pub entity: String,
    pub span: Span,
    pub file: (String, Span),
    /// A field, where the entity's usual id column is not meant.
    pub join: Option<(String, Span)>,
}

/// The format of a source whose files are recognised by their headers.
const AUTO: &str = "auto";

pub(super) const KEYS: &[KeyShape] = &[
    needed("organisation", Shape::Text),
    needed("currency", Shape::Text),
    needed("sources", Shape::List(&Shape::Map(SOURCE_KEYS))),
    key("owners", Shape::Text),
    key("metadata", Shape::List(&Shape::Map(METADATA_KEYS))),
    key("rules", Shape::Texts),
    key("rounding", Shape::Map(ROUNDING_KEYS)),
    key("exchange", Shape::Map(exchange::KEYS)),
    key("invoices", Shape::List(&Shape::Map(invoices::KEYS))),
    key("drivers", Shape::List(&Shape::Map(drivers::DRIVER_KEYS))),
    key("licenses", Shape::Map(licenses::PROJECT_KEYS)),
    key("outputs", Shape::Map(OUTPUT_KEYS)),
];

const OUTPUT_KEYS: &[KeyShape] =
    &[key("allocated_focus", Shape::Choice(|| words_of(DATASET_FORMS)))];
const DATASET_FORMS: &[(&str, DatasetForm)] =
    &[("csv", DatasetForm::Csv), ("parquet", DatasetForm::Parquet), ("both", DatasetForm::Both)];

const SOURCE_KEYS: &[KeyShape] = &[
    needed("name", Shape::Text),
    needed("format", Shape::Text),
    needed("files", Shape::Texts),
    key("sheet", Shape::Text),
    key("header_row", Shape::Whole(LAST_ROW)),
    key("deliveries", read_delivery::POLICY),
    key("days", read_delivery::DAYS),
    key("empty", Shape::Choice(|| words_of(EMPTINESS))),
    key("zone", Shape::Text),
];
const EMPTINESS: &[(&str, bool)] = &[("refused", false), ("allowed", true)];
const METADATA_KEYS: &[KeyShape] =
    &[needed("entity", Shape::Text), needed("file", Shape::Text), key("join", Shape::Text)];
const ROUNDING_KEYS: &[KeyShape] = &[needed("digits", Shape::Whole(SCALE))];

impl FormatName {
    /// As the project file has it.
    #[must_use]
    pub fn as_text(&self) -> &str {
        match self {
            Self::Auto => AUTO,
            Self::Shipped(name) | Self::Own(name) => name,
        }
    }
}

impl Project {
    /// Reads the text of `costbook.yaml`; `path` is the name that findings give it.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(path: &str, text: &str) -> Result<Self, Vec<Finding>> {
        let mut sink = Sink::default();
        let root = node::parse(path, text, &mut sink);
        let project = root.and_then(|root| read_project(root, &mut sink));
        sink.finish(project)
    }
}

fn read_project(root: Node, sink: &mut Sink) -> Option<Project> {
    // An empty file lacks every key, which says more than that it is no mapping.
    let root = match root.kind {
        Kind::Null => Node { kind: Kind::Map(Vec::new()), span: root.span },
        _ => root,
    };
    let map = Mapping::read(&root, "a project", KEYS, sink)?;
    let organisation = map.need("organisation", sink).and_then(|node| read_name(node, sink));
    let currency = map.need("currency", sink).and_then(|node| parsed(node, "a currency", sink));
    let sources = map.need("sources", sink).and_then(|node| read_sources(node, sink));
    let owners = map.get("owners").and_then(|node| read_path(node, "`owners`", sink));
    let metadata = map.get("metadata").map(|node| read_metadata(node, sink));
    let rules = map.get("rules").and_then(|node| read_patterns(node, "`rules`", is_pattern, sink));
    let rounding_digits = map.get("rounding").and_then(|node| read_rounding(node, sink));
    let exchange = map.get("exchange").and_then(|node| read_exchange(node, sink));
    let invoices = map.get("invoices").map(|node| read_invoices(node, sink));
    let drivers = map.get("drivers").map(|node| read_drivers(node, sink));
    let licenses = map.get("licenses").and_then(|node| read_licenses(node, sink));
    let allocated_focus = map.get("outputs").and_then(|node| read_outputs(node, sink));
    Some(Project {
        organisation: organisation?,
        currency: currency?,
        sources: sources?,
        owners,
        metadata: metadata.unwrap_or_default(),
        rules: rules.unwrap_or_default(),
        rounding_digits,
        exchange,
        invoices: invoices.flatten().unwrap_or_default(),
        drivers: drivers.flatten().unwrap_or_default(),
        licenses,
        allocated_focus,
    })
}

fn read_outputs(node: &Node, sink: &mut Sink) -> Option<DatasetForm> {
    let map = Mapping::read(node, "`outputs`", OUTPUT_KEYS, sink)?;
    choice(map.get("allocated_focus")?, "form of the dataset", DATASET_FORMS, sink)
}

fn read_name(node: &Node, sink: &mut Sink) -> Option<String> {
    let name = word(node, "`organisation`", sink)?;
    is_name(&name, "the name of the organisation", sink).then_some(name.text)
}

fn read_rounding(node: &Node, sink: &mut Sink) -> Option<u32> {
    let map = Mapping::read(node, "`rounding`", ROUNDING_KEYS, sink)?;
    map.need("digits", sink).and_then(|node| whole(node, "`digits`", SCALE, sink))
}

fn read_sources(node: &Node, sink: &mut Sink) -> Option<Vec<SourceDecl>> {
    let nodes = items(node, "`sources`", sink)?;
    if nodes.is_empty() {
        sink.report(Code::InvalidValue, &node.span, "a project needs at least one source");
    }
    let sources: Vec<SourceDecl> =
        nodes.iter().filter_map(|node| read_source(node, sink)).collect();
    let names = sources.iter().map(|source| (source.name.as_str(), &source.span));
    refuse_repeats("source", names, sink);
    Some(sources)
}

fn read_source(node: &Node, sink: &mut Sink) -> Option<SourceDecl> {
    let map = Mapping::read(node, "a source", SOURCE_KEYS, sink)?;
    let name = map.need("name", sink).and_then(|node| word(node, "`name`", sink));
    let name = name.filter(|name| is_identifier(name, "the name of a source", true, sink));
    let format = map.need("format", sink).and_then(|node| word(node, "`format`", sink));
    let format = format.and_then(|word| Some((read_format(&word, sink)?, word.span)));
    let files = map.need("files", sink);
    let files =
        files.and_then(|node| read_patterns(node, "`files`", read_delivery::is_pattern, sink));
    let place = read_place(&map, sink);
    let deliveries = map.get("deliveries").and_then(|node| read_delivery::read_policy(node, sink));
    let days = map.get("days").and_then(|node| read_delivery::read_days(node, sink));
    let empty =
        map.get("empty").and_then(|node| choice(node, "answer to empty files", EMPTINESS, sink));
    let zone = map.get("zone").and_then(|node| parsed(node, "`zone`", sink));
    let (name, (format, format_span)) = (name?, format?);
    Some(SourceDecl {
        name: name.text,
        span: name.span,
        format,
        format_span,
        files: files?,
        place,
        deliveries,
        days,
        may_be_empty: empty.unwrap_or_default(),
        zone,
    })
}

fn read_format(word: &Key, sink: &mut Sink) -> Option<FormatName> {
    let extension = word.text.rsplit_once('.').map(|(_, extension)| extension);
    if matches!(extension, Some("yaml" | "yml")) {
        return is_inside_project(word, sink).then(|| FormatName::Own(word.text.clone()));
    }
    if word.text == AUTO {
        return Some(FormatName::Auto);
    }
    if shipped::column_map(&word.text).is_some() {
        return Some(FormatName::Shipped(word.text.clone()));
    }
    let message = format!("there is no format `{}`", word.text);
    let known: Vec<&str> = shipped::column_map_names().chain([AUTO]).collect();
    sink.report_unknown(Code::UnknownName, &word.span, message, &word.text, &known);
    None
}

fn read_path(node: &Node, what: &str, sink: &mut Sink) -> Option<(String, Span)> {
    let path = word(node, what, sink)?;
    is_inside_project(&path, sink).then_some((path.text, path.span))
}

pub(super) fn read_patterns(
    node: &Node,
    what: &str,
    is_pattern: impl Fn(&Key, &mut Sink) -> bool,
    sink: &mut Sink,
) -> Option<Vec<(String, Span)>> {
    let patterns = words(node, what, sink)?;
    let count = patterns.len();
    let good: Vec<(String, Span)> = patterns
        .into_iter()
        .filter(|pattern| is_inside_project(pattern, sink) && is_pattern(pattern, sink))
        .map(|pattern| (pattern.text, pattern.span))
        .collect();
    (good.len() == count).then_some(good)
}

pub(super) fn is_pattern(pattern: &Key, sink: &mut Sink) -> bool {
    let checked = glob::Pattern::new(&pattern.text);
    if let Err(error) = &checked {
        let message = format!("`{}` is no pattern of files: {}", pattern.text, error.msg);
        sink.report(Code::InvalidValue, &pattern.span, message);
    }
    checked.is_ok()
}

fn read_metadata(node: &Node, sink: &mut Sink) -> Vec<MetadataDecl> {
    let nodes = items(node, "`metadata`", sink).unwrap_or_default();
    let tables: Vec<MetadataDecl> =
        nodes.iter().filter_map(|node| read_table(node, sink)).collect();
    let names = tables.iter().map(|table| (table.entity.as_str(), &table.span));
    refuse_repeats("entity", names, sink);
    tables
}

fn read_table(node: &Node, sink: &mut Sink) -> Option<MetadataDecl> {
    let map = Mapping::read(node, "a metadata table", METADATA_KEYS, sink)?;
    let entity = map.need("entity", sink).and_then(|node| word(node, "`entity`", sink));
    let entity = entity.filter(|entity| is_entity(entity, sink));
    let file = map.need("file", sink).and_then(|node| read_path(node, "`file`", sink));
    let join = map.get("join").and_then(|node| word(node, "`join`", sink));
    let entity = entity?;
    let has_usual_join = USUAL_JOINS.iter().any(|(name, _)| *name == entity.text);
    if !has_usual_join && map.key_span("join").is_none() {
        let message = format!("the entity `{}` needs the key `join`", entity.text);
        let help = "name the field of a charge that holds its id, such as `tag.team`";
        sink.report_with_help(Code::MissingKey, &entity.span, message, help);
    }
    let join = join.map(|join| (join.text, join.span));
    Some(MetadataDecl { entity: entity.text, span: entity.span, file: file?, join })
}

fn is_entity(entity: &Key, sink: &mut Sink) -> bool {
    if RESERVED_PREFIXES.contains(&entity.text.as_str()) {
        let message = format!("`{}.` begins another kind of field", entity.text);
        sink.report(Code::InvalidValue, &entity.span, message);
        return false;
    }
    is_identifier(entity, "the name of an entity", false, sink)
}

pub(super) fn refuse_repeats<'a>(
    what: &str,
    names: impl Iterator<Item = (&'a str, &'a Span)>,
    sink: &mut Sink,
) {
    let mut seen = HashSet::new();
    for (name, span) in names {
        if !seen.insert(name) {
            let message = format!("there is another {what} named `{name}`");
            sink.report(Code::DuplicateName, span, message);
        }
    }
}

#[cfg(test)]
mod tests;
