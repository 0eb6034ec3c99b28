//! Lists of values, of which some are members on some days only.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::diagnostics::Code;
use crate::domain::DateRange;

use super::decode::{Mapping, items, read_valid, word};
use super::node::{Key, Kind, Node};
use super::shape::{KeyShape, Shape, VALID_KEYS, needed};
use super::sink::Sink;

/// A value of a list, and the days on which it is one.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) value: Key,
    pub(super) valid: DateRange,
}

/// Texts, and the charge dates on which each is in the set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DatedTexts(BTreeMap<String, Vec<DateRange>>);

impl DatedTexts {
    #[must_use]
    pub fn contains(&self, text: &str, day: NaiveDate) -> bool {
        self.days(text).iter().any(|valid| valid.contains(day))
    }

    /// The days on which a text is in the set; none where it never is.
    #[must_use]
    pub fn days(&self, text: &str) -> &[DateRange] {
        self.0.get(text).map_or(&[], Vec::as_slice)
    }

    /// All texts that are in the set on some day.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &[DateRange])> {
        self.0.iter().map(|(text, days)| (text.as_str(), days.as_slice()))
    }

    /// The texts of a list, each as `fold` keeps it.
    pub(super) fn of(members: &[Member], fold: impl Fn(&str) -> String) -> Self {
        let mut texts: BTreeMap<String, Vec<DateRange>> = BTreeMap::new();
        for member in members {
            let days = texts.entry(fold(&member.value.text)).or_default();
            days.push(member.valid);
        }
        Self(texts)
    }
}

/// Whether some value is in a list on some days only.
pub(super) fn is_dated(members: &[Member]) -> bool {
    members.iter().any(|member| member.valid != DateRange::ALWAYS)
}

const MEMBER_KEYS: &[KeyShape] =
    &[needed("value", Shape::Text), needed("valid", Shape::Map(VALID_KEYS))];
pub(super) const MEMBERS: Shape = Shape::Either(&[
    Shape::Text,
    Shape::List(&Shape::Either(&[Shape::Text, Shape::Map(MEMBER_KEYS)])),
]);

/// The values of a list: each alone, or with the days on which it is one.
pub(super) fn read_members(node: &Node, sink: &mut Sink) -> Vec<Member> {
    const WHAT: &str = "a list of values";
    let nodes = match &node.kind {
        Kind::Scalar(_) => std::slice::from_ref(node),
        _ => items(node, WHAT, sink).unwrap_or_default(),
    };
    if nodes.is_empty() && matches!(node.kind, Kind::List(_)) {
        sink.report(Code::InvalidValue, &node.span, format!("{WHAT} is an empty list"));
    }
    nodes.iter().filter_map(|node| read_member(node, sink)).collect()
}

fn read_member(node: &Node, sink: &mut Sink) -> Option<Member> {
    if !matches!(node.kind, Kind::Map(_)) {
        let value = word(node, "a value of a list", sink)?;
        return Some(Member { value, valid: DateRange::ALWAYS });
    }
    let map = Mapping::read(node, "a value of a list", MEMBER_KEYS, sink)?;
    let value = map.need("value", sink).and_then(|node| word(node, "`value`", sink));
    let valid = map.need("valid", sink).and_then(|node| read_valid(node, "the value", sink));
    Some(Member { value: value?, valid: valid? })
}
