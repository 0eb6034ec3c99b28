//! From the text of a column map to a checked [`ColumnMap`].
//!
//! Order: columns come before everything that names columns; a map in which no charge could be
//! read is refused here, not when the first file arrives.

use std::collections::{BTreeMap, HashSet};

use crate::diagnostics::{Code, Finding};
use crate::domain::Column;

use super::column_map::{
    Citation, ColumnMap, ColumnSource, Exclusion, FocusVersion, MapExample, PeriodEnd, TagShape,
};
use super::decode::{
    Mapping, boolean, choice, date, entries, is_identifier, is_name, items, text, word, words,
};
use super::model::Field;
use super::names::Names;
use super::node::{self, Key, Kind, Node};
use super::sink::Sink;
use super::when::condition;

pub(super) const KEYS: &[&str] = &[
    "format",
    "title",
    "source",
    "null_words",
    "values",
    "tags",
    "period_end",
    "columns",
    "versions",
    "exclude",
    "examples",
];

/// Without these no row says what it costs, in which money, when, and as what.
const ESSENTIAL: &[Column] = &[
    Column::BilledCost,
    Column::EffectiveCost,
    Column::BillingCurrency,
    Column::BillingPeriodStart,
    Column::ChargePeriodStart,
    Column::ChargeCategory,
];

pub(super) fn read_map(path: &str, text: &str) -> Result<ColumnMap, Vec<Finding>> {
    let mut sink = Sink::default();
    let root = node::parse(path, text, &mut sink);
    let map = root.and_then(|root| read_root(&root, &mut sink));
    sink.finish(map)
}

fn read_root(root: &Node, sink: &mut Sink) -> Option<ColumnMap> {
    let map = Mapping::read(root, "a column map", KEYS, sink)?;
    let name = map.need("format", sink).and_then(|node| word(node, "`format`", sink));
    let name = name.filter(|name| is_identifier(name, "the name of a format", true, sink));
    let title = map.need("title", sink).and_then(|node| word(node, "`title`", sink));
    let title = title.filter(|title| is_name(title, "the title", sink));
    let citation = map.get("source").and_then(|node| read_citation(node, sink));
    let null_words = map.get("null_words").and_then(|node| words(node, "`null_words`", sink));
    let values = map.get("values").map(|node| read_values(node, sink));
    let tags = map.get("tags").and_then(|node| read_tags(node, sink));
    let period_end = map.get("period_end").and_then(|node| choice(node, "end", ENDS, sink));
    let columns = map.need("columns", sink).and_then(|node| read_columns(node, sink));
    let versions = map.get("versions").map(|node| read_versions(node, sink));
    let (exclusions, fields) = read_exclusions(map.get("exclude"), sink);
    let examples = map.get("examples").map(|node| read_examples(node, sink));
    let Columns { sources, required } = columns?;
    refuse_broken(&sources, root, sink);
    Some(ColumnMap {
        name: name?.text,
        title: title?.text,
        citation,
        columns: sources,
        required,
        null_words: null_words.unwrap_or_default().into_iter().map(|word| word.text).collect(),
        values: values.unwrap_or_default(),
        tags: tags.unwrap_or(TagShape::Json),
        period_end: period_end.unwrap_or_default(),
        versions: versions.unwrap_or_default(),
        exclusions,
        fields,
        examples: examples.unwrap_or_default(),
    })
}

const ENDS: &[(&str, PeriodEnd)] =
    &[("exclusive", PeriodEnd::Exclusive), ("inclusive", PeriodEnd::Inclusive)];

fn read_citation(node: &Node, sink: &mut Sink) -> Option<Citation> {
    let map = Mapping::read(node, "`source`", &["url", "read"], sink)?;
    let url = map.need("url", sink).and_then(|node| text(node, "`url`", sink));
    let read = map.need("read", sink).and_then(|node| date(node, "`read`", sink));
    Some(Citation { url: url?.to_owned(), read: read? })
}

fn read_values(node: &Node, sink: &mut Sink) -> BTreeMap<Column, Vec<String>> {
    let mut values = BTreeMap::new();
    for (key, list) in entries(node, "`values`", sink).unwrap_or_default() {
        let column = named_column(key, sink);
        let allowed = words(list, "the values of a column", sink);
        let (Some(column), Some(allowed)) = (column, allowed) else { continue };
        let allowed = allowed.into_iter().map(|word| word.text).collect();
        if values.insert(column, allowed).is_some() {
            let message = format!("the values of {column} are listed a second time");
            sink.report(Code::DuplicateName, &key.span, message);
        }
    }
    values
}

fn read_tags(node: &Node, sink: &mut Sink) -> Option<TagShape> {
    let map = Mapping::read(node, "`tags`", &["shape", "prefix"], sink)?;
    let shapes = [("json", 0), ("json_without_braces", 1), ("columns", 2)];
    let node = map.need("shape", sink)?;
    let shape = choice(node, "shape of tags", &shapes, sink)?;
    if shape == 2 {
        let prefix = map.need("prefix", sink)?;
        let prefix = text(prefix, "`prefix`", sink)?.to_owned();
        return Some(TagShape::Columns { prefix });
    }
    if let Some(span) = map.key_span("prefix") {
        sink.report(Code::UnknownKey, span, "`prefix` has a meaning beside `shape: columns` only");
    }
    Some(if shape == 0 { TagShape::Json } else { TagShape::JsonWithoutBraces })
}

/// The columns that a map fills, and which of them a file must have.
#[derive(Debug, Default)]
struct Columns {
    sources: BTreeMap<Column, ColumnSource>,
    required: Vec<Column>,
}

fn read_columns(node: &Node, sink: &mut Sink) -> Option<Columns> {
    let mut columns = Columns::default();
    for (key, value) in entries(node, "`columns`", sink)? {
        let column = named_column(key, sink);
        let Some((source, is_required)) = read_source(value, sink) else { continue };
        let Some(column) = column else { continue };
        let is_read = matches!(source, ColumnSource::Headers(_));
        if is_required || (is_read && ESSENTIAL.contains(&column)) {
            columns.required.push(column);
        }
        if columns.sources.insert(column, source).is_some() {
            let message = format!("the column {column} is mapped a second time");
            sink.report(Code::DuplicateName, &key.span, message);
        }
    }
    columns.required.sort_unstable();
    Some(columns)
}

fn named_column(key: &Key, sink: &mut Sink) -> Option<Column> {
    let column = Column::named(&key.text);
    if column.is_none() {
        let known: Vec<&str> = Column::ALL.iter().map(|column| column.name()).collect();
        let message = format!("FOCUS has no column `{}`", key.text);
        sink.report_unknown(Code::UnknownName, &key.span, message, &key.text, &known);
    }
    column
}

/// A header, a list of headers, or a mapping of them with more to say.
fn read_source(node: &Node, sink: &mut Sink) -> Option<(ColumnSource, bool)> {
    let headers =
        |words: Vec<Key>| ColumnSource::Headers(words.into_iter().map(|word| word.text).collect());
    if !matches!(node.kind, Kind::Map(_)) {
        return words(node, "a column", sink).map(|found| (headers(found), false));
    }
    let map = Mapping::read(node, "a column", &["from", "value", "required"], sink)?;
    if let Some(value) = map.get("value") {
        for other in ["from", "required"] {
            if let Some(span) = map.key_span(other) {
                let message = format!("`{other}` has no meaning beside `value`");
                sink.report(Code::InvalidValue, span, message);
            }
        }
        let constant = text(value, "`value`", sink)?;
        return Some((ColumnSource::Constant(constant.to_owned()), false));
    }
    let from = map.need("from", sink).and_then(|node| words(node, "`from`", sink));
    let required = map.get("required").and_then(|node| boolean(node, "`required`", sink));
    Some((headers(from?), required.unwrap_or(false)))
}

fn refuse_broken(sources: &BTreeMap<Column, ColumnSource>, root: &Node, sink: &mut Sink) {
    let missing: Vec<&str> = ESSENTIAL
        .iter()
        .filter(|column| !sources.contains_key(column))
        .map(|column| column.name())
        .collect();
    if !missing.is_empty() {
        let message = format!("the map does not say where {} comes from", missing.join(", "));
        let help = "map it to a header with `from`, or to a constant with `value`";
        sink.report_with_help(Code::ColumnMapBroken, &root.span, message, help);
    }
}

/// Versions stand oldest first in the text, as their history went, and newest first in the map.
fn read_versions(node: &Node, sink: &mut Sink) -> Vec<FocusVersion> {
    let nodes = items(node, "`versions`", sink).unwrap_or_default();
    let mut seen = HashSet::new();
    let mut versions = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        let Some((name, version)) = read_version(node, sink) else { continue };
        if version.markers.is_empty() && index > 0 {
            let message = "only the first version can be without `markers`: it could not be told";
            sink.report(Code::ColumnMapBroken, &name.span, message);
        }
        if !seen.insert(name.text.clone()) {
            let message = format!("there is another version named `{}`", name.text);
            sink.report(Code::DuplicateName, &name.span, message);
        }
        versions.push(version);
    }
    versions.reverse();
    versions
}

fn read_version(node: &Node, sink: &mut Sink) -> Option<(Key, FocusVersion)> {
    let map = Mapping::read(node, "a version", &["version", "markers", "columns"], sink)?;
    let name = map.need("version", sink).and_then(|node| word(node, "`version`", sink));
    let name = name.filter(|name| is_name(name, "the name of a version", sink))?;
    let mut columns = |key: &str| {
        let found = map.get(key).and_then(|node| words(node, "a list of columns", sink));
        let found = found.unwrap_or_default();
        found.iter().filter_map(|word| named_column(word, sink)).collect::<Vec<_>>()
    };
    let (markers, columns) = (columns("markers"), columns("columns"));
    let version = FocusVersion { version: name.text.clone(), markers, columns };
    Some((name, version))
}

fn read_exclusions(node: Option<&Node>, sink: &mut Sink) -> (Vec<Exclusion>, Vec<Field>) {
    let mut names = Names::of_columns();
    let mut seen = HashSet::new();
    let mut exclusions = Vec::new();
    let nodes = node.and_then(|node| items(node, "`exclude`", sink)).unwrap_or_default();
    for node in nodes {
        let Some(map) = Mapping::read(node, "an exclusion", &["name", "when"], sink) else {
            continue;
        };
        let name = map.need("name", sink).and_then(|node| word(node, "`name`", sink));
        let name = name.filter(|name| is_name(name, "the name of an exclusion", sink));
        let when = map.need("when", sink).and_then(|node| condition(node, &mut names, sink));
        let Some(name) = name else { continue };
        if !seen.insert(name.text.clone()) {
            let message = format!("there is another exclusion named `{}`", name.text);
            sink.report(Code::DuplicateName, &name.span, message);
        }
        exclusions.extend(when.map(|when| Exclusion { name: name.text, when }));
    }
    (exclusions, names.fields.into_fields())
}

fn read_examples(node: &Node, sink: &mut Sink) -> Vec<MapExample> {
    let nodes = items(node, "`examples`", sink).unwrap_or_default();
    nodes.iter().filter_map(|node| read_example(node, sink)).collect()
}

fn read_example(node: &Node, sink: &mut Sink) -> Option<MapExample> {
    let map = Mapping::read(node, "an example", &["given", "expect"], sink)?;
    let given = map.need("given", sink).and_then(|node| entries(node, "`given`", sink));
    let expect = map.need("expect", sink).and_then(|node| entries(node, "`expect`", sink));
    let mut fields = Vec::new();
    for (header, value) in given? {
        let field = match value.kind {
            Kind::Null => Some(""),
            _ => text(value, "a given field", sink),
        };
        fields.extend(field.map(|field| (header.text.clone(), field.to_owned())));
    }
    let mut expected = Vec::new();
    for (key, value) in expect? {
        let column = named_column(key, sink);
        let found = match value.kind {
            Kind::Null => Some(None),
            _ => text(value, "an expected text", sink).map(|found| Some(found.to_owned())),
        };
        if let (Some(column), Some(found)) = (column, found) {
            expected.push((column, found));
        }
    }
    Some(MapExample { given: fields, expect: expected })
}

#[cfg(test)]
mod tests;
