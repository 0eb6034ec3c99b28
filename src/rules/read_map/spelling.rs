//! How a format writes days and amounts.

use crate::diagnostics::Code;
use crate::rules::column_map::{DateSpelling, NumberSpelling};
use crate::rules::decode::{Mapping, choice, text, words};
use crate::rules::node::Node;
use crate::rules::shape::{KeyShape, Shape, key, words_of};
use crate::rules::sink::Sink;

const DATES: &[(&str, DateSpelling)] = &[
    ("iso", DateSpelling::Iso),
    ("month/day/year", DateSpelling::MonthDayYear),
    ("day/month/year", DateSpelling::DayMonthYear),
    ("year_month", DateSpelling::YearMonth),
    ("excel_serial", DateSpelling::ExcelSerial),
];

pub(in crate::rules) const DATE_WORDS: Shape = Shape::Choices(|| words_of(DATES));

/// The spellings of days, ISO where none is declared.
pub(in crate::rules) fn dates(node: Option<&Node>, sink: &mut Sink) -> Vec<DateSpelling> {
    let names = node.and_then(|node| words(node, "`dates`", sink));
    let Some(names) = names else { return vec![DateSpelling::Iso] };
    let mut spellings = Vec::new();
    for name in names {
        match DATES.iter().find(|(known, _)| *known == name.text) {
            Some((_, spelling)) if spellings.contains(spelling) => {
                let message = format!("`{}` stands twice in `dates`", name.text);
                sink.report(Code::DuplicateName, &name.span, message);
            }
            Some((_, spelling)) => spellings.push(*spelling),
            None => {
                let known: Vec<&str> = DATES.iter().map(|(known, _)| *known).collect();
                let message = format!("`{}` is no spelling of dates", name.text);
                sink.report_unknown(Code::InvalidValue, &name.span, message, &name.text, &known);
            }
        }
    }
    spellings
}

const DECIMALS: &[(&str, char)] = &[(".", '.'), (",", ',')];
const GROUPS: &[(&str, char)] = &[(".", '.'), (",", ','), (" ", ' '), ("'", '\'')];

pub(in crate::rules) const NUMBER_KEYS: &[KeyShape] = &[
    key("decimal", Shape::Choice(|| words_of(DECIMALS))),
    key("group", Shape::Choice(|| words_of(GROUPS))),
];

pub(in crate::rules) fn numbers(node: &Node, sink: &mut Sink) -> Option<NumberSpelling> {
    let map = Mapping::read(node, "`numbers`", NUMBER_KEYS, sink)?;
    let decimal = match map.get("decimal") {
        Some(node) => choice(node, "decimal sign", DECIMALS, sink)?,
        None => NumberSpelling::default().decimal,
    };
    let group = match map.get("group") {
        Some(node) => {
            let found = choice(node, "sign between groups of digits", GROUPS, sink)?;
            if found == decimal {
                let sign = text(node, "`group`", sink)?;
                let message = format!("`{sign}` cannot stand for both the point and the groups");
                sink.report(Code::InvalidValue, &node.span, message);
                return None;
            }
            Some(found)
        }
        None => None,
    };
    Some(NumberSpelling { decimal, group })
}
