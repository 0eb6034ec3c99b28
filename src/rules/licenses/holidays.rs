//! `holidays:` of license rule files: the days on which nobody works, by calendar.

use std::collections::BTreeSet;

use chrono::{NaiveDate, Weekday};

use crate::diagnostics::{Code, Span};
use crate::domain::DateRange;
use crate::rules::decode::{
    Mapping, choice, date, is_identifier, is_inside_project, items, one_or_more, read_valid, word,
};
use crate::rules::node::Node;
use crate::rules::shape::{KeyShape, Shape, VALID_KEYS, key, needed, words_of};
use crate::rules::sink::Sink;

use super::selector::{self, Selector, read_for};
use super::source::{SOURCE_KEYS, read_source};

/// A calendar of days without work.
#[derive(Clone, Debug)]
pub struct HolidayDecl {
    pub name: String,
    pub span: Span,
    /// Which contracts go by it.
    pub subjects: Selector,
    pub weekend: Vec<Weekday>,
    pub days: BTreeSet<NaiveDate>,
    /// A table with the columns `day` and `name`, beside the project file.
    pub file: Option<(String, Span)>,
    /// The days of which all holidays are told.
    pub valid: DateRange,
    /// Where they are told.
    pub source: Option<String>,
}

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Mon),
    ("tuesday", Weekday::Tue),
    ("wednesday", Weekday::Wed),
    ("thursday", Weekday::Thu),
    ("friday", Weekday::Fri),
    ("saturday", Weekday::Sat),
    ("sunday", Weekday::Sun),
];
/// Keys of an entry of `holidays`.
pub(super) const KEYS: &[KeyShape] = &[
    needed("name", Shape::Text),
    key("for", Shape::Map(selector::KEYS)),
    key("weekend", Shape::Choices(|| words_of(&WEEKDAYS))),
    key("days", Shape::Some(&Shape::Day)),
    key("file", Shape::Text),
    needed("valid", Shape::Map(VALID_KEYS)),
    key("source", Shape::Map(SOURCE_KEYS)),
];

/// Reads the list behind `holidays`.
pub(super) fn read_holidays(node: &Node, sink: &mut Sink) -> Option<Vec<HolidayDecl>> {
    let nodes = items(node, "`holidays`", sink)?;
    let found: Vec<HolidayDecl> = nodes.iter().filter_map(|node| read_entry(node, sink)).collect();
    (found.len() == nodes.len()).then_some(found)
}

fn read_entry(node: &Node, sink: &mut Sink) -> Option<HolidayDecl> {
    let before = sink.count();
    let map = Mapping::read(node, "a calendar of holidays", KEYS, sink)?;
    let name = map.need("name", sink).and_then(|node| word(node, "`name`", sink));
    let name = name.filter(|name| is_identifier(name, "the name of a calendar", true, sink));
    let subjects = read_for(&map, sink);
    let weekend = match map.get("weekend") {
        Some(node) => read_weekend(node, sink),
        None => Some(vec![Weekday::Sat, Weekday::Sun]),
    };
    let days = match map.get("days") {
        Some(node) => read_days(node, sink),
        None => Some(BTreeSet::new()),
    };
    let file = map.get("file").and_then(|node| word(node, "`file`", sink));
    let file = file.filter(|path| is_inside_project(path, sink));
    let valid = map.need("valid", sink);
    let valid = valid.and_then(|node| read_valid(node, "the calendar", sink));
    let source =
        map.get("source").and_then(|node| read_source(node, sink)).map(|source| source.to_string());
    if sink.count() > before {
        return None;
    }
    let (name, valid, days) = (name?, valid?, days?);
    for day in days.iter().filter(|day| !valid.contains(**day)) {
        let message = format!("{day} lies outside of the days that the calendar is valid on");
        sink.report(Code::InvalidValue, map.span, message);
    }
    Some(HolidayDecl {
        name: name.text,
        span: name.span,
        subjects: subjects?,
        weekend: weekend?,
        days,
        file: file.map(|path| (path.text, path.span)),
        valid,
        source,
    })
}

fn read_weekend(node: &Node, sink: &mut Sink) -> Option<Vec<Weekday>> {
    // An empty list is meant: a house that works every day.
    let nodes = match &node.kind {
        crate::rules::node::Kind::List(nodes) => nodes.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let found: Vec<Weekday> =
        nodes.iter().filter_map(|node| choice(node, "day of the week", &WEEKDAYS, sink)).collect();
    if found.len() >= WEEKDAYS.len() {
        sink.report(Code::InvalidValue, &node.span, "a week needs a day on which somebody works");
        return None;
    }
    Some(found)
}

fn read_days(node: &Node, sink: &mut Sink) -> Option<BTreeSet<NaiveDate>> {
    let nodes = one_or_more(node, "`days`", sink)?;
    Some(nodes.iter().filter_map(|node| date(node, "a holiday", sink)).collect())
}
