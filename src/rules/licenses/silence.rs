//! `silence:` of license rule files: warnings that are known and accepted.
//!
//! A silence has an owner, a reason and an end, so that nothing is forgotten for good. Where it is a policy about
//! contracts that renew themselves, the notice window is its end.

use chrono::NaiveDate;

use crate::diagnostics::{Code, Span};
use crate::rules::decode::{Mapping, date, is_identifier, is_name, items, whole, word, words};
use crate::rules::node::{Key, Node};
use crate::rules::shape::{KeyShape, Shape, key, needed};
use crate::rules::sink::Sink;

use super::kinds::WarningKind;
use super::selector::{self, Selector, read_for};
use super::thresholds::kind_names;

const MOST_DAYS: u32 = 3_660;

/// An entry of `silence`.
#[derive(Clone, Debug)]
pub struct SilenceRule {
    pub name: String,
    pub span: Span,
    /// None where all kinds are meant.
    pub kinds: Vec<WarningKind>,
    pub subjects: Selector,
    /// Ids of single warnings; none where all are meant.
    pub ids: Vec<String>,
    /// The first day on which it silences nothing any more.
    pub until: Option<NaiveDate>,
    /// It silences only while the last day of notice is more than so many days away.
    pub before_notice: Option<u32>,
    pub owner: String,
    pub reason: String,
}

/// Keys of an entry of `silence`.
pub(super) const KEYS: &[KeyShape] = &[
    needed("name", Shape::Text),
    key("kinds", Shape::Choices(silent_names)),
    key("for", Shape::Map(selector::KEYS)),
    key("ids", Shape::Texts),
    key("until", Shape::Day),
    key("before_notice", Shape::Whole(MOST_DAYS)),
    needed("owner", Shape::Text),
    needed("reason", Shape::Text),
];

fn silent_names() -> Vec<&'static str> {
    let kinds = WarningKind::ALL.iter().filter(|kind| kind.can_be_silent());
    kinds.map(|kind| kind.name()).collect()
}

/// Reads the list behind `silence`.
pub(super) fn read_silence(node: &Node, sink: &mut Sink) -> Option<Vec<SilenceRule>> {
    let nodes = items(node, "`silence`", sink)?;
    let found: Vec<SilenceRule> = nodes.iter().filter_map(|node| read_entry(node, sink)).collect();
    (found.len() == nodes.len()).then_some(found)
}

fn read_entry(node: &Node, sink: &mut Sink) -> Option<SilenceRule> {
    let before = sink.count();
    let map = Mapping::read(node, "a silence", KEYS, sink)?;
    let name = map.need("name", sink).and_then(|node| word(node, "`name`", sink));
    let name = name.filter(|name| is_identifier(name, "the name of a silence", true, sink));
    let kinds = map.get("kinds").and_then(|node| words(node, "`kinds`", sink));
    let kinds: Vec<WarningKind> =
        kinds.unwrap_or_default().iter().filter_map(|name| read_kind(name, sink)).collect();
    let subjects = read_for(&map, sink);
    let ids = map.get("ids").and_then(|node| words(node, "`ids`", sink)).unwrap_or_default();
    let until = map.get("until").and_then(|node| date(node, "`until`", sink));
    let before_notice =
        map.get("before_notice").and_then(|node| whole(node, "`before_notice`", MOST_DAYS, sink));
    let owner = read_text(&map, "owner", "the owner of a silence", sink);
    let reason = read_text(&map, "reason", "the reason of a silence", sink);
    if map.get("until").is_none() && map.get("before_notice").is_none() {
        let message = "a silence needs the key `until`, the first day on which it ends";
        let help = "or `before_notice`, where it is about contracts that renew themselves";
        sink.report_with_help(Code::MissingKey, map.span, message, help);
    }
    if sink.count() > before {
        return None;
    }
    let name = name?;
    Some(SilenceRule {
        name: name.text,
        span: name.span,
        kinds,
        subjects: subjects?,
        ids: ids.into_iter().map(|id| id.text).collect(),
        until,
        before_notice,
        owner: owner?,
        reason: reason?,
    })
}

fn read_kind(name: &Key, sink: &mut Sink) -> Option<WarningKind> {
    let kind = WarningKind::from_name(&name.text).filter(|kind| kind.can_be_silent());
    if kind.is_none() {
        let message = if kind_names().contains(&name.text.as_str()) {
            format!("`{}` tells what is wrong with silences, and cannot be silent", name.text)
        } else {
            format!("`{}` is no kind of warning", name.text)
        };
        let known = silent_names();
        sink.report_unknown(Code::UnknownName, &name.span, message, &name.text, &known);
    }
    kind
}

fn read_text(map: &Mapping<'_>, key: &'static str, what: &str, sink: &mut Sink) -> Option<String> {
    let found = map.need(key, sink).and_then(|node| word(node, what, sink))?;
    is_name(&found, what, sink).then_some(found.text)
}
