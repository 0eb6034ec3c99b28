//! Examples that metrics carry: rows, and what must come of them in each reading.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use num_bigint::BigInt;
use num_rational::Ratio;

use crate::diagnostics::{Code, Span};
use crate::rules::decode::{Mapping, date, entries, items, text, whole, word};
use crate::rules::node::{Kind, Node};
use crate::rules::shape::{KeyShape, Shape, key, needed};
use crate::rules::sink::Sink;

use super::number::read_number;
use super::step::{ROW_KINDS, RowKind};

/// Copies of one row, and of all rows of an example.
const COPIES: u32 = 20_000;

#[derive(Clone, Debug)]
pub struct Example {
    pub name: Arc<str>,
    pub span: Span,
    /// The day of the position.
    pub day: NaiveDate,
    /// Rows by kind; texts as a table would have them.
    pub rows: Vec<ExampleRow>,
    /// By reading.
    pub expect: Vec<(Arc<str>, Expected)>,
}

/// Texts by field.
pub type ExampleRow = (RowKind, BTreeMap<Arc<str>, Arc<str>>);

/// What the demands of an example sum to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    pub low: Ratio<BigInt>,
    /// `None` where nothing bounds it.
    pub high: Option<Ratio<BigInt>>,
    pub breaches: usize,
}

const EXPECTED_KEYS: &[KeyShape] =
    &[key("low", Shape::Number), key("high", Shape::Number), key("breaches", Shape::Whole(1000))];
const ROWS: Shape = Shape::List(&Shape::Named(&Shape::Text));
pub(super) const EXAMPLE_KEYS: &[KeyShape] = &[
    needed("name", Shape::Text),
    needed("day", Shape::Day),
    needed("given", Shape::Each(super::read_step::row_kind_words, &ROWS)),
    needed("expect", Shape::Named(&Shape::Either(&[Shape::Number, Shape::Map(EXPECTED_KEYS)]))),
];

pub(super) fn read_examples(node: &Node, sink: &mut Sink) -> Vec<Example> {
    let Some(nodes) = items(node, "`examples`", sink) else { return Vec::new() };
    nodes.iter().filter_map(|node| read_example(node, sink)).collect()
}

fn read_example(node: &Node, sink: &mut Sink) -> Option<Example> {
    let map = Mapping::read(node, "an example", EXAMPLE_KEYS, sink)?;
    let name = map.need("name", sink).and_then(|node| word(node, "`name`", sink));
    let day = map.need("day", sink).and_then(|node| date(node, "`day`", sink));
    let given = map.need("given", sink).and_then(|node| entries(node, "`given`", sink));
    let expect = map.need("expect", sink).and_then(|node| entries(node, "`expect`", sink));
    let mut rows = Vec::new();
    for (kind, node) in given? {
        let Some((_, kind)) = ROW_KINDS.iter().find(|(name, _)| *name == kind.text) else {
            let known: Vec<&str> = ROW_KINDS.iter().map(|(name, _)| *name).collect();
            let message = format!("`{}` is no kind of rows", kind.text);
            sink.report_unknown(Code::UnknownKey, &kind.span, message, &kind.text, &known);
            continue;
        };
        for node in items(node, "rows", sink)? {
            add_rows(node, *kind, &mut rows, sink)?;
        }
    }
    let expect: Option<Vec<_>> = expect?
        .iter()
        .map(|(reading, node)| Some((reading.text.as_str().into(), read_expected(node, sink)?)))
        .collect();
    let (name, day) = (name?, day?);
    Some(Example { name: name.text.into(), span: name.span, day, rows, expect: expect? })
}

/// A row, or `copies` of it: names of things are numbered, times go on by the hour or `step: day`.
fn add_rows(node: &Node, kind: RowKind, rows: &mut Vec<ExampleRow>, sink: &mut Sink) -> Option<()> {
    let found = entries(node, "a row", sink)?;
    let copies = match found.iter().find(|(key, _)| key.text == "copies") {
        Some((_, node)) => Some(whole(node, "`copies`", COPIES, sink)?),
        None => None,
    };
    let mut row = BTreeMap::new();
    for (key, node) in found.iter().filter(|(key, _)| key.text != "copies") {
        row.insert(Arc::from(key.text.as_str()), Arc::from(text(node, "a field", sink)?));
    }
    let step: Option<Arc<str>> = row.remove("step");
    let hours = match step.as_deref() {
        Some("day") => 24,
        _ => 1,
    };
    for number in 0..copies.unwrap_or(1) {
        let mut row = row.clone();
        if copies.is_some() {
            for name in ["device", "host", "vm", "user"] {
                // Machines that are copied stay on their host.
                let is_own = !matches!((kind, name), (RowKind::Vm | RowKind::Install, "host"));
                if let Some(value) = row.get_mut(name).filter(|_| is_own) {
                    *value = format!("{value}-{}", number + 1).into();
                }
            }
            if let Some(time) = row.get_mut("time") {
                let first = chrono::NaiveDateTime::parse_from_str(time, "%Y-%m-%dT%H:%M").ok()?;
                let moment = first + chrono::TimeDelta::hours(i64::from(number) * hours);
                *time = moment.format("%Y-%m-%dT%H:%M").to_string().into();
            }
        }
        rows.push((kind, row));
    }
    if rows.len() > COPIES as usize {
        sink.report(Code::InvalidValue, &node.span, "an example of too many rows");
        return None;
    }
    Some(())
}

fn read_expected(node: &Node, sink: &mut Sink) -> Option<Expected> {
    if !matches!(node.kind, Kind::Map(_)) {
        let number = read_number(node, "what is expected", sink)?;
        return Some(Expected { low: number.clone(), high: Some(number), breaches: 0 });
    }
    let map = Mapping::read(node, "what is expected", EXPECTED_KEYS, sink)?;
    let breaches = match map.get("breaches") {
        Some(node) => whole(node, "`breaches`", 1000, sink)? as usize,
        None => 0,
    };
    let low = match map.get("low") {
        Some(node) => read_number(node, "`low`", sink)?,
        None => Ratio::default(),
    };
    let high = match map.get("high") {
        Some(node) => Some(read_number(node, "`high`", sink)?),
        // Nothing but a violation is expected.
        None if map.get("low").is_none() => Some(Ratio::default()),
        None => None,
    };
    Some(Expected { low, high, breaches })
}
