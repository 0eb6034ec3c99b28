//! Inputs and columns: names for headers, and what becomes of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostics::{Code, Span};
use crate::domain::Column;
use crate::rules::column_map::{
    Case, ColumnSource, Derivation, DerivedFrom, InputRef, Substitution, Term,
};
use crate::rules::decode::{
    Mapping, boolean, choice, entries, is_identifier, one_or_more, some_items, text,
};
use crate::rules::fields::MapNames;
use crate::rules::names::Names;
use crate::rules::node::{Key, Kind, Node};
use crate::rules::shape::{KeyShape, Shape, key, needed, words_of};
use crate::rules::sink::Sink;
use crate::rules::when::condition;

use super::{ESSENTIAL, named_column};

/// The columns that a map fills, and which of them a file must have.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub(super) sources: BTreeMap<Column, ColumnSource>,
    /// By the `x_` name as written.
    pub(super) custom: Vec<(String, ColumnSource)>,
    pub(super) required: Vec<Column>,
    /// Those that the map speaks of, be it wrongly.
    pub(super) mentioned: BTreeSet<Column>,
}

/// What names mean inside a map.
pub(super) struct Scope<'a> {
    pub(super) inputs: &'a BTreeMap<String, Vec<InputRef>>,
    pub(super) names: Names<'a>,
}

impl Scope<'_> {
    /// What a name stands for: an input, or else a header.
    pub(super) fn named(&self, name: &str) -> Vec<InputRef> {
        let header = || vec![InputRef::Header(name.to_owned())];
        self.inputs.get(name).cloned().unwrap_or_else(header)
    }
}

/// Keys that make a column more than the field of a header.
const DERIVING: &[&str] = &["cases", "sum", "minus", "map"];
const CASE_RULES: &[(&str, bool)] = &[("sensitive", false), ("insensitive", true)];
const OBJECT_KEYS: &[KeyShape] = &[needed("in", Shape::Text), needed("key", Shape::Text)];
const SUM_KEYS: &[KeyShape] = &[needed("list", REFERENCES), needed("sum", Shape::Text)];
/// A header or input, or a key of a column with objects.
const REFERENCE: Shape = Shape::Either(&[Shape::Text, Shape::Map(OBJECT_KEYS)]);
pub(super) const REFERENCES: Shape = Shape::Some(&REFERENCE);
const TERMS: Shape =
    Shape::Some(&Shape::Either(&[Shape::Text, Shape::Map(OBJECT_KEYS), Shape::Map(SUM_KEYS)]));
const SUBSTITUTES: Shape = Shape::Named(&Shape::Optional(&Shape::Text));
const CASE_RULE: Shape = Shape::Choice(|| words_of(CASE_RULES));
/// Where a column comes from.
pub(super) const COLUMN: Shape = Shape::Either(&[Shape::Some(&REFERENCE), Shape::Map(COLUMN_KEYS)]);
const COLUMN_KEYS: &[KeyShape] = &[
    key("from", REFERENCES),
    key("value", Shape::Text),
    key("sum", TERMS),
    key("minus", TERMS),
    key("complete", Shape::Flag),
    key("cases", Shape::List(&Shape::Map(CASE_KEYS))),
    key("map", SUBSTITUTES),
    key("case", CASE_RULE),
    key("otherwise", Shape::Text),
    key("required", Shape::Flag),
];
const CASE_KEYS: &[KeyShape] = &[
    key("when", Shape::Condition),
    key("from", REFERENCES),
    key("value", Shape::Text),
    key("sum", TERMS),
    key("minus", TERMS),
    key("complete", Shape::Flag),
    key("map", SUBSTITUTES),
    key("case", CASE_RULE),
    key("otherwise", Shape::Text),
];

/// The names that conditions of the map may ask, and which of them they may not ask everywhere.
pub(super) fn askable(
    inputs: &BTreeMap<String, Vec<InputRef>>,
    columns: Option<&Node>,
) -> MapNames {
    let is_derived = |node: &Node| match &node.kind {
        Kind::Map(entries) => entries.iter().any(|(key, _)| DERIVING.contains(&key.text.as_str())),
        _ => false,
    };
    let mut derived = BTreeSet::new();
    if let Some(Node { kind: Kind::Map(columns), .. }) = columns {
        let names = columns.iter().filter(|(_, node)| is_derived(node));
        derived.extend(names.map(|(key, _)| key.text.to_lowercase()));
    }
    MapNames { inputs: inputs.keys().cloned().collect(), derived }
}

pub(super) fn inputs(node: &Node, sink: &mut Sink) -> BTreeMap<String, Vec<InputRef>> {
    let mut inputs = BTreeMap::new();
    for (name, value) in entries(node, "`inputs`", sink).unwrap_or_default() {
        is_identifier(name, "the name of an input", false, sink);
        if ["all", "any", "not"].contains(&name.text.as_str()) {
            let message = format!("`{}` has another meaning in conditions", name.text);
            sink.report(Code::InvalidValue, &name.span, message);
        }
        if let Some(refs) = references(value, "an input", None, sink) {
            inputs.insert(name.text.clone(), refs);
        }
    }
    inputs
}

/// Headers, inputs where a scope knows them, and keys of columns with objects; one may stand
/// without the brackets.
fn references(
    node: &Node,
    what: &'static str,
    scope: Option<&Scope<'_>>,
    sink: &mut Sink,
) -> Option<Vec<InputRef>> {
    let mut found = Vec::new();
    for node in one_or_more(node, what, sink)? {
        if matches!(node.kind, Kind::Map(_)) {
            found.push(object_key(node, sink)?);
            continue;
        }
        let name = text(node, what, sink)?;
        match scope {
            Some(scope) => found.extend(scope.named(name)),
            None => found.push(InputRef::Header(name.to_owned())),
        }
    }
    Some(found)
}

/// `{ in: product, key: product_name }`.
fn object_key(node: &Node, sink: &mut Sink) -> Option<InputRef> {
    let map = Mapping::read(node, "a key of an object", OBJECT_KEYS, sink)?;
    let column = map.need("in", sink).and_then(|node| text(node, "`in`", sink));
    let key = map.need("key", sink).and_then(|node| text(node, "`key`", sink));
    Some(InputRef::Key { column: column?.to_owned(), key: key?.to_owned() })
}

pub(super) fn columns(node: &Node, scope: &mut Scope<'_>, sink: &mut Sink) -> Option<Columns> {
    let mut columns = Columns::default();
    for (key, value) in entries(node, "`columns`", sink)? {
        let is_custom = key.text.len() > 2 && key.text.starts_with("x_");
        let column = if is_custom { None } else { named_column(key, sink) };
        columns.mentioned.extend(column);
        let Some((source, required)) = source(value, scope, sink) else { continue };
        if is_custom {
            columns.add_custom(key, source, required, sink);
        } else if let Some(column) = column {
            columns.add(column, key, source, required.is_some(), sink);
        }
    }
    columns.required.sort_unstable();
    Some(columns)
}

impl Columns {
    fn add(
        &mut self,
        column: Column,
        key: &Key,
        source: ColumnSource,
        is_required: bool,
        sink: &mut Sink,
    ) {
        let is_read = !matches!(source, ColumnSource::Constant(_));
        if is_required || (is_read && ESSENTIAL.contains(&column)) {
            self.required.push(column);
        }
        if self.sources.insert(column, source).is_some() {
            let message = format!("the column {column} is mapped a second time");
            sink.report(Code::DuplicateName, &key.span, message);
        }
    }

    fn add_custom(
        &mut self,
        key: &Key,
        source: ColumnSource,
        required: Option<Span>,
        sink: &mut Sink,
    ) {
        if let Some(span) = required {
            let message = "`required` has a meaning at columns of FOCUS only";
            sink.report(Code::InvalidValue, &span, message);
        }
        if self.custom.iter().any(|(known, _)| known.eq_ignore_ascii_case(&key.text)) {
            let message = format!("the column {} is mapped a second time", key.text);
            sink.report(Code::DuplicateName, &key.span, message);
        }
        self.custom.push((key.text.clone(), source));
    }
}

/// A header, a list of headers, or a mapping with more to say; and where it says `required: true`.
pub(super) fn source(
    node: &Node,
    scope: &mut Scope<'_>,
    sink: &mut Sink,
) -> Option<(ColumnSource, Option<Span>)> {
    let Kind::Map(entries) = &node.kind else {
        let refs = references(node, "a column", Some(scope), sink)?;
        return Some((plain(refs), None));
    };
    // `{ in, key }` alone is a reference, not a mapping of a column's keys.
    if entries.iter().any(|(key, _)| key.text == "in") {
        let refs = references(node, "a column", Some(scope), sink)?;
        return Some((plain(refs), None));
    }
    let map = Mapping::read(node, "a column", COLUMN_KEYS, sink)?;
    let required = map.get("required").and_then(|node| boolean(node, "`required`", sink));
    let required = required.filter(|is| *is).and(map.key_span("required").cloned());
    if let (Some(_), Some(span)) = (map.key_span("value"), map.key_span("required")) {
        sink.report(Code::InvalidValue, span, "`required` has no meaning beside `value`");
    }
    if let Some(node) = map.get("cases") {
        let others = COLUMN_KEYS.iter().map(|key| key.name);
        for other in others.filter(|key| !["cases", "required"].contains(key)) {
            if let Some(span) = map.key_span(other) {
                let message = format!("`{other}` has no meaning beside `cases`");
                let help = "write it into the case that it is meant for";
                sink.report_with_help(Code::InvalidValue, span, message, help);
            }
        }
        return Some((ColumnSource::Derived(cases(node, scope, sink)?), required));
    }
    let derivation = derivation(&map, scope, sink)?;
    let made = match derivation {
        Derivation { from: DerivedFrom::Input(refs), substitution: None } => plain(refs),
        Derivation { from: DerivedFrom::Constant(text), substitution: None } => {
            ColumnSource::Constant(text)
        }
        value => ColumnSource::Derived(vec![Case { when: None, value }]),
    };
    Some((made, required))
}

/// Headers alone are read where they stand, which is the fast way.
fn plain(refs: Vec<InputRef>) -> ColumnSource {
    let is_header = |found: &InputRef| matches!(found, InputRef::Header(_));
    if refs.iter().all(is_header) {
        return ColumnSource::Headers(refs.iter().map(|found| found.header().to_owned()).collect());
    }
    let value = Derivation { from: DerivedFrom::Input(refs), substitution: None };
    ColumnSource::Derived(vec![Case { when: None, value }])
}

fn cases(node: &Node, scope: &mut Scope<'_>, sink: &mut Sink) -> Option<Vec<Case>> {
    let nodes = some_items(node, "`cases`", sink)?;
    let mut cases = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        let Some(map) = Mapping::read(node, "a case", CASE_KEYS, sink) else { continue };
        let when = map.get("when").map(|node| condition(node, &mut scope.names, sink));
        let value = derivation(&map, scope, sink);
        if when.is_none() && index + 1 < nodes.len() {
            let message = "a case without `when` is the rest: those after it are never asked";
            sink.report(Code::InvalidValue, &node.span, message);
        }
        let when = match when {
            Some(None) => continue,
            Some(found) => found,
            None => None,
        };
        cases.extend(value.map(|value| Case { when, value }));
    }
    (cases.len() == nodes.len()).then_some(cases)
}

/// The one of `from`, `value` and `sum` that stands here, with other spellings of its values.
fn derivation(map: &Mapping<'_>, scope: &Scope<'_>, sink: &mut Sink) -> Option<Derivation> {
    let is_sum = map.key_span("sum").or(map.key_span("minus")).is_some();
    let kinds = [map.key_span("from"), map.key_span("value")];
    let said = kinds.iter().flatten().count() + usize::from(is_sum);
    if said != 1 {
        let message = if said == 0 {
            "nothing says where the value comes from: it needs `from`, `value` or `sum`"
        } else {
            "`from`, `value` and `sum` each say where the value comes from: keep one of them"
        };
        sink.report(Code::InvalidValue, map.span, message);
        return None;
    }
    let substitution = substitution(map, sink);
    let is_complete = map.get("complete").and_then(|node| boolean(node, "`complete`", sink));
    if let Some(span) = map.key_span("complete").filter(|_| !is_sum) {
        sink.report(Code::InvalidValue, span, "`complete` has a meaning beside `sum` and `minus`");
    }
    let from = if let Some(node) = map.get("from") {
        DerivedFrom::Input(references(node, "`from`", Some(scope), sink)?)
    } else if let Some(node) = map.get("value") {
        if let Some(span) = map.key_span("map").or(map.key_span("otherwise")) {
            sink.report(Code::InvalidValue, span, "a `value` is written as it is to be");
        }
        DerivedFrom::Constant(text(node, "`value`", sink)?.to_owned())
    } else if is_sum {
        let plus = terms(map.get("sum"), "`sum`", scope, sink)?;
        let minus = terms(map.get("minus"), "`minus`", scope, sink)?;
        DerivedFrom::Sum { plus, minus, is_complete: is_complete.unwrap_or_default() }
    } else {
        return None;
    };
    Some(Derivation { from, substitution })
}

fn terms(
    node: Option<&Node>,
    what: &'static str,
    scope: &Scope<'_>,
    sink: &mut Sink,
) -> Option<Vec<Term>> {
    let Some(node) = node else { return Some(Vec::new()) };
    let nodes = one_or_more(node, what, sink)?;
    let found: Vec<Term> = nodes.iter().filter_map(|node| term(node, what, scope, sink)).collect();
    (found.len() == nodes.len()).then_some(found)
}

/// A name, a key of an object, or `{ list: credits, sum: amount }`.
fn term(node: &Node, what: &'static str, scope: &Scope<'_>, sink: &mut Sink) -> Option<Term> {
    let is_list = |entries: &[(Key, Node)]| entries.iter().any(|(key, _)| key.text == "list");
    match &node.kind {
        Kind::Map(entries) if is_list(entries) => {
            let map = Mapping::read(node, "a sum over a list", SUM_KEYS, sink)?;
            let list = references(map.need("list", sink)?, "`list`", Some(scope), sink);
            let field = map.need("sum", sink).and_then(|node| text(node, "`sum`", sink));
            Some(Term::List { list: list?, field: field?.to_owned() })
        }
        Kind::List(_) => {
            let message = format!("a term of {what} is one name, not a list");
            let help = "name the list under `inputs`: the first that the file has is read";
            sink.report_with_help(Code::WrongType, &node.span, message, help);
            None
        }
        _ => references(node, what, Some(scope), sink).map(Term::Input),
    }
}

fn substitution(map: &Mapping<'_>, sink: &mut Sink) -> Option<Substitution> {
    let otherwise = map.get("otherwise").and_then(|node| text(node, "`otherwise`", sink));
    let case = map.get("case").and_then(|node| choice(node, "case rule", CASE_RULES, sink));
    let Some(node) = map.get("map") else {
        if let Some(span) = map.key_span("case") {
            let message = "`case` is for the spellings of `map`, and there is none";
            sink.report(Code::MissingKey, span, message);
        }
        if let Some(span) = map.key_span("otherwise") {
            let message = "`otherwise` is for values that `map` does not have, and there is none";
            sink.report(Code::MissingKey, span, message);
        }
        return None;
    };
    let mut pairs = BTreeMap::new();
    for (spelling, value) in entries(node, "`map`", sink)? {
        let value = match value.kind {
            Kind::Null => None,
            _ => Some(text(value, "a value of `map`", sink)?.to_owned()),
        };
        pairs.insert(spelling.text.clone(), value);
    }
    let otherwise = otherwise.map(str::to_owned);
    Some(Substitution { pairs, otherwise, ignores_case: case.unwrap_or_default() })
}
