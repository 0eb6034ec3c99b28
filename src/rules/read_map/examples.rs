//! Examples that maps carry: the fields of a row, and what must come of it.

use crate::diagnostics::Code;
use crate::domain::Column;
use crate::rules::column_map::{Expectation, ExpectedTexts, MapColumn, MapExample};
use crate::rules::decode::{Mapping, entries, items, text};
use crate::rules::node::{Key, Kind, Node};
use crate::rules::shape::{self, KeyShape, Shape, needed};
use crate::rules::sink::Sink;

use super::named_column;

/// A text, or no value.
const FIELD: Shape = Shape::Optional(&Shape::Text);
pub(super) const KEYS: &[KeyShape] = &[
    needed("given", Shape::Named(&FIELD)),
    needed("expect", Shape::Either(&[Shape::Map(OUTCOME_KEYS), Shape::Columns(&FIELD)])),
];
/// What else becomes of a row; one of them.
const OUTCOME_KEYS: &[KeyShape] = &[
    shape::key("quarantined", Shape::Text),
    shape::key("excluded", Shape::Text),
    shape::key("charges", Shape::List(&Shape::Columns(&FIELD))),
];

pub(super) fn examples(node: Option<&Node>, sink: &mut Sink) -> Vec<MapExample> {
    let nodes = node.and_then(|node| items(node, "`examples`", sink)).unwrap_or_default();
    nodes.iter().filter_map(|node| example(node, sink)).collect()
}

fn example(node: &Node, sink: &mut Sink) -> Option<MapExample> {
    let map = Mapping::read(node, "an example", KEYS, sink)?;
    let given = map.need("given", sink).and_then(|node| entries(node, "`given`", sink));
    let expect = map.need("expect", sink).and_then(|node| expectation(node, sink));
    let mut fields = Vec::new();
    for (header, value) in given? {
        let field = match value.kind {
            Kind::Null => Some(""),
            _ => text(value, "a given field", sink),
        };
        fields.extend(field.map(|field| (header.text.clone(), field.to_owned())));
    }
    Some(MapExample { span: node.span.clone(), given: fields, expect: expect? })
}

/// Columns and their texts, or the one word for what else becomes of the row.
fn expectation(node: &Node, sink: &mut Sink) -> Option<Expectation> {
    let found = entries(node, "`expect`", sink)?;
    let Some((key, value)) = found.iter().find(|(key, _)| is_outcome(key)) else {
        return Some(Expectation::Columns(texts(found, sink)));
    };
    if let Some((other, _)) = found.iter().find(|(other, _)| other.text != key.text) {
        let message = format!("`{}` has no meaning beside `{}`", other.text, key.text);
        sink.report(Code::InvalidValue, &other.span, message);
    }
    match key.text.as_str() {
        "quarantined" => {
            let name = text(value, "`quarantined`", sink)?;
            let code = Code::named(name);
            if code.is_none() {
                let known: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
                let message = format!("there is no code `{name}`");
                sink.report_unknown(Code::UnknownName, &value.span, message, name, &known);
            }
            code.map(Expectation::Quarantined)
        }
        "excluded" => {
            let rule = text(value, "`excluded`", sink)?;
            Some(Expectation::Excluded(rule.to_owned()))
        }
        _ => {
            let nodes = items(value, "`charges`", sink)?;
            let charge = |node| Some(texts(entries(node, "a charge", sink)?, sink));
            Some(Expectation::Charges(nodes.iter().filter_map(charge).collect()))
        }
    }
}

fn is_outcome(key: &Key) -> bool {
    OUTCOME_KEYS.iter().any(|known| known.name == key.text)
}

fn texts(found: &[(Key, Node)], sink: &mut Sink) -> ExpectedTexts {
    let mut expected = Vec::new();
    for (key, value) in found {
        let column = column(key, sink);
        let text = match value.kind {
            Kind::Null => Some(None),
            _ => text(value, "an expected text", sink).map(|found| Some(found.to_owned())),
        };
        if let (Some(column), Some(text)) = (column, text) {
            expected.push((column, text));
        }
    }
    expected
}

fn column(key: &Key, sink: &mut Sink) -> Option<MapColumn> {
    if key.text.len() > 2 && key.text.starts_with("x_") {
        return Some(MapColumn::Custom(key.text.clone()));
    }
    match Column::named(&key.text) {
        Some(column) => Some(MapColumn::Focus(column)),
        None => named_column(key, sink).map(MapColumn::Focus),
    }
}
