//! From the text of a column map to a checked [`ColumnMap`].
//!
//! Order: inputs come before columns, which name them; which columns are derived is known before
//! any condition is read, because a condition may not ask what depends on it; columns come before
//! everything that names columns. A map in which no charge could be read is refused here, not when
//! the first file arrives.

mod columns;
mod examples;
mod further;
pub(super) mod spelling;
mod tags;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::diagnostics::{Code, Finding};
use crate::domain::Column;

use super::column_map::{
    Citation, ColumnMap, Dataset, Exclusion, FocusVersion, InputRef, PeriodEnd, Recognition,
    Spread, SpreadBy, View,
};
use super::decode::{
    Mapping, choice, date, entries, is_identifier, is_name, items, parsed, text, word, words,
};
use super::names::Names;
use super::node::{self, Key, Kind, Node};
use super::read_delivery::{self, read_days, read_manifests, read_policy};
use super::shape::{CITATION_KEYS, KeyShape, Shape, key, needed, words_of};
use super::sink::Sink;
use super::when::condition;
use super::workbook::{self, read_shape};
use columns::Scope;

pub(super) const KEYS: &[KeyShape] = &[
    needed("format", Shape::Text),
    needed("title", Shape::Text),
    key("source", Shape::Some(&Shape::Map(CITATION_KEYS))),
    key("recognise", Shape::List(&Shape::Texts)),
    key("not_with", Shape::Texts),
    key("known", Shape::Texts),
    key("other_datasets", Shape::List(&Shape::Map(DATASET_KEYS))),
    key("null_words", Shape::Texts),
    key("dates", spelling::DATE_WORDS),
    key("zone", Shape::Text),
    key("numbers", Shape::Map(spelling::NUMBER_KEYS)),
    key("values", Shape::Columns(&Shape::Texts)),
    key("tags", Shape::Some(&Shape::Map(tags::KEYS))),
    key("period_end", Shape::Choice(|| words_of(ENDS))),
    key("inputs", Shape::Identified { dash: false, shape: &columns::REFERENCES }),
    needed("columns", Shape::Columns(&columns::COLUMN)),
    key("versions", Shape::List(&Shape::Map(VERSION_KEYS))),
    key("workbook", Shape::Map(workbook::KEYS)),
    key("identity", Shape::Texts),
    key("further_charges", Shape::List(&Shape::Map(further::KEYS))),
    key("spread", Shape::Map(SPREAD_KEYS)),
    key("views", Shape::List(&Shape::Map(VIEW_KEYS))),
    key("exclude", Shape::List(&Shape::Map(EXCLUSION_KEYS))),
    key("deliveries", read_delivery::POLICY),
    key("days", read_delivery::DAYS),
    key("manifest", Shape::Some(&Shape::Map(read_delivery::MANIFEST_KEYS))),
    key("examples", Shape::List(&Shape::Map(examples::KEYS))),
];
const DATASET_KEYS: &[KeyShape] = &[needed("title", Shape::Text), needed("headers", Shape::Texts)];
const VERSION_KEYS: &[KeyShape] =
    &[needed("version", Shape::Text), key("markers", Shape::Texts), key("columns", Shape::Texts)];
const VIEW_KEYS: &[KeyShape] = &[
    needed("name", Shape::Text),
    needed("when", Shape::Condition),
    needed("other", Shape::Text),
    needed("lacks", Shape::Text),
];
const SPREAD_KEYS: &[KeyShape] =
    &[needed("by", Shape::Choice(|| words_of(SPREADS))), key("when", Shape::Condition)];
pub(super) const EXCLUSION_KEYS: &[KeyShape] =
    &[needed("name", Shape::Text), needed("when", Shape::Condition)];

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
    let map = root.and_then(|root| read_root(path, &root, &mut sink));
    sink.finish(map)
}

fn read_root(path: &str, root: &Node, sink: &mut Sink) -> Option<ColumnMap> {
    let map = Mapping::read(root, "a column map", KEYS, sink)?;
    let name = map.need("format", sink).and_then(|node| word(node, "`format`", sink));
    let name = name.filter(|name| is_identifier(name, "the name of a format", true, sink));
    let title = map.need("title", sink).and_then(|node| word(node, "`title`", sink));
    let title = title.filter(|title| is_name(title, "the title", sink));
    let inputs = map.get("inputs").map(|node| columns::inputs(node, sink)).unwrap_or_default();
    let column_nodes = map.need("columns", sink);
    let asked = columns::askable(&inputs, column_nodes);
    let mut scope = Scope { inputs: &inputs, names: Names::of_map(&asked) };
    let columns = column_nodes.and_then(|node| columns::columns(node, &mut scope, sink));
    let further = map.get("further_charges").map(|n| further::further(n, &mut scope, sink));
    scope.names.fields.reveal_derived();
    let (workbook, skip) =
        map.get("workbook").map(|node| read_shape(node, sink)).unwrap_or_default();
    let exclusions = read_exclusions([map.get("exclude"), skip], &mut scope, sink);
    let spread = map.get("spread").and_then(|node| read_spread(node, &mut scope, sink));
    let views = map.get("views").map(|node| read_views(node, &mut scope, sink));
    let identity = map.get("identity").map(|node| read_identity(node, &scope, sink));
    let tags = map.get("tags").and_then(|node| tags::tags(node, sink));
    let columns = columns?;
    refuse_broken(&columns.mentioned, root, sink);
    let made = ColumnMap {
        path: path.to_owned(),
        name: name.map(|name| name.text).unwrap_or_default(),
        title: title.map(|title| title.text).unwrap_or_default(),
        citations: map.get("source").map(|n| read_citations(n, sink)).unwrap_or_default(),
        recognition: read_recognition(&map, sink),
        known: read_texts(&map, "known", sink),
        null_words: read_texts(&map, "null_words", sink),
        other_datasets: map
            .get("other_datasets")
            .map(|node| read_datasets(node, sink))
            .unwrap_or_default(),
        dates: spelling::dates(map.get("dates"), sink),
        zone: map.get("zone").and_then(|node| parsed(node, "`zone`", sink)).unwrap_or_default(),
        numbers: map.get("numbers").and_then(|n| spelling::numbers(n, sink)).unwrap_or_default(),
        values: map.get("values").map(|node| read_values(node, sink)).unwrap_or_default(),
        tags: tags::completed(tags, &columns.sources),
        period_end: read_end(&map, sink),
        versions: map.get("versions").map(|n| read_versions(n, sink)).unwrap_or_default(),
        identity: identity.unwrap_or_default(),
        examples: examples::examples(map.get("examples"), sink),
        workbook,
        deliveries: map.get("deliveries").and_then(|n| read_policy(n, sink)).unwrap_or_default(),
        days: map.get("days").and_then(|n| read_days(n, sink)).unwrap_or_default(),
        manifests: map.get("manifest").map(|n| read_manifests(n, sink)).unwrap_or_default(),
        exclusions,
        further: further.unwrap_or_default(),
        spread,
        views: views.unwrap_or_default(),
        columns: columns.sources,
        custom: columns.custom,
        required: columns.required,
        fields: scope.names.fields.into_fields(),
        inputs: BTreeMap::new(),
    };
    Some(ColumnMap { inputs, ..made })
}

const ENDS: &[(&str, PeriodEnd)] =
    &[("exclusive", PeriodEnd::Exclusive), ("inclusive", PeriodEnd::Inclusive)];

fn read_end(map: &Mapping<'_>, sink: &mut Sink) -> PeriodEnd {
    let end = map.get("period_end").and_then(|node| choice(node, "end", ENDS, sink));
    end.unwrap_or_default()
}

fn read_texts(map: &Mapping<'_>, key: &str, sink: &mut Sink) -> Vec<String> {
    let found = map.get(key).and_then(|node| words(node, &format!("`{key}`"), sink));
    found.unwrap_or_default().into_iter().map(|word| word.text).collect()
}

/// One source or a list of them.
fn read_citations(node: &Node, sink: &mut Sink) -> Vec<Citation> {
    match &node.kind {
        Kind::List(nodes) => nodes.iter().filter_map(|node| read_citation(node, sink)).collect(),
        _ => read_citation(node, sink).into_iter().collect(),
    }
}

fn read_citation(node: &Node, sink: &mut Sink) -> Option<Citation> {
    let map = Mapping::read(node, "`source`", CITATION_KEYS, sink)?;
    let url = map.need("url", sink).and_then(|node| text(node, "`url`", sink));
    let read = map.need("read", sink).and_then(|node| date(node, "`read`", sink));
    Some(Citation { url: url?.to_owned(), read: read? })
}

fn read_recognition(map: &Mapping<'_>, sink: &mut Sink) -> Recognition {
    let texts = |words: Vec<Key>| words.into_iter().map(|word| word.text).collect();
    let sets = map.get("recognise").and_then(|node| items(node, "`recognise`", sink));
    let mut set = |node| words(node, "a set of headers", sink).map(texts);
    let any_of = sets.unwrap_or_default().iter().filter_map(&mut set).collect();
    let not_with = map.get("not_with").and_then(|node| words(node, "`not_with`", sink));
    if let (None, Some(span)) = (map.key_span("recognise"), map.key_span("not_with")) {
        let message = "`not_with` takes back what `recognise` says, and there is no `recognise`";
        sink.report(Code::MissingKey, span, message);
    }
    Recognition { any_of, not_with: not_with.map(texts).unwrap_or_default() }
}

fn read_datasets(node: &Node, sink: &mut Sink) -> Vec<Dataset> {
    let nodes = items(node, "`other_datasets`", sink).unwrap_or_default();
    let mut datasets = Vec::new();
    for node in nodes {
        let Some(map) = Mapping::read(node, "another dataset", DATASET_KEYS, sink) else {
            continue;
        };
        let title = map.need("title", sink).and_then(|node| word(node, "`title`", sink));
        let headers = map.need("headers", sink).and_then(|n| words(n, "`headers`", sink));
        if let (Some(title), Some(headers)) = (title, headers) {
            let headers = headers.into_iter().map(|header| header.text).collect();
            datasets.push(Dataset { title: title.text, headers });
        }
    }
    datasets
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

fn named_column(key: &Key, sink: &mut Sink) -> Option<Column> {
    let column = Column::named(&key.text);
    if column.is_none() {
        let known: Vec<&str> = Column::ALL.iter().map(|column| column.name()).collect();
        let message = format!("FOCUS has no column `{}`", key.text);
        sink.report_unknown(Code::UnknownName, &key.span, message, &key.text, &known);
    }
    column
}

fn refuse_broken(mentioned: &BTreeSet<Column>, root: &Node, sink: &mut Sink) {
    let missing: Vec<&str> = ESSENTIAL
        .iter()
        .filter(|column| !mentioned.contains(column))
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
    let map = Mapping::read(node, "a version", VERSION_KEYS, sink)?;
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

/// What names a row: inputs or headers, under the names that they are written by.
fn read_identity(node: &Node, scope: &Scope<'_>, sink: &mut Sink) -> Vec<(String, Vec<InputRef>)> {
    let names = words(node, "`identity`", sink).unwrap_or_default();
    names.into_iter().map(|name| (name.text.clone(), scope.named(&name.text))).collect()
}

const SPREADS: &[(&str, SpreadBy)] = &[("months", SpreadBy::Months), ("days", SpreadBy::Days)];

fn read_spread(node: &Node, scope: &mut Scope<'_>, sink: &mut Sink) -> Option<Spread> {
    let map = Mapping::read(node, "`spread`", SPREAD_KEYS, sink)?;
    let by =
        map.need("by", sink).and_then(|node| choice(node, "measure of a spread", SPREADS, sink));
    let when = match map.get("when") {
        Some(node) => Some(condition(node, &mut scope.names, sink)?),
        None => None,
    };
    Some(Spread { by: by?, when })
}

/// A file keeps which views it has rows of as bits.
const MOST_VIEWS: usize = 32;

fn read_views(node: &Node, scope: &mut Scope<'_>, sink: &mut Sink) -> Vec<View> {
    let mut views: Vec<View> = Vec::new();
    let nodes = items(node, "`views`", sink).unwrap_or_default();
    if nodes.len() > MOST_VIEWS {
        let message = format!("a format has at most {MOST_VIEWS} views of a month");
        sink.report(Code::InvalidValue, &node.span, message);
    }
    for node in nodes {
        let Some(map) = Mapping::read(node, "a view", VIEW_KEYS, sink) else { continue };
        let mut named = |key: &str| map.need(key, sink).and_then(|node| word(node, key, sink));
        let (name, other, lacks) = (named("name"), named("other"), named("lacks"));
        let when = map.need("when", sink).and_then(|node| condition(node, &mut scope.names, sink));
        let (Some(name), Some(other), Some(lacks), Some(when)) = (name, other, lacks, when) else {
            continue;
        };
        if views.iter().any(|view| view.name == name.text) {
            let message = format!("there is another view named `{}`", name.text);
            sink.report(Code::DuplicateName, &name.span, message);
        }
        views.push(View { name: name.text, when, other: other.text, lacks: lacks.text });
    }
    views
}

fn read_exclusions(
    lists: [Option<&Node>; 2],
    scope: &mut Scope<'_>,
    sink: &mut Sink,
) -> Vec<Exclusion> {
    let mut seen = HashSet::new();
    let mut exclusions = Vec::new();
    let lists = lists.into_iter().flatten();
    let lists: Vec<&[Node]> =
        lists.filter_map(|node| items(node, "a list of exclusions", sink)).collect();
    for node in lists.into_iter().flatten() {
        let Some(map) = Mapping::read(node, "an exclusion", EXCLUSION_KEYS, sink) else {
            continue;
        };
        let name = map.need("name", sink).and_then(|node| word(node, "`name`", sink));
        let name = name.filter(|name| is_name(name, "the name of an exclusion", sink));
        let when = map.need("when", sink).and_then(|node| condition(node, &mut scope.names, sink));
        let Some(name) = name else { continue };
        if !seen.insert(name.text.clone()) {
            let message = format!("there is another exclusion named `{}`", name.text);
            sink.report(Code::DuplicateName, &name.span, message);
        }
        exclusions.extend(when.map(|when| Exclusion { name: name.text, when }));
    }
    exclusions
}

#[cfg(test)]
mod tests;
