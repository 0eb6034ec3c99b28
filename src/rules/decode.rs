//! From nodes to plain values: the shapes that keys ask for.
//!
//! Owns the wording of everything that is wrong with a shape. Each function reports what it finds
//! and gives back nothing, so that its caller goes on with the next key. Knows YAML only as nodes.

use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;

use chrono::NaiveDate;

use crate::diagnostics::{Code, Span, printable};
use crate::domain::DateRange;

use super::limits;
use super::node::{Key, Kind, Node};
use super::shape::VALID_KEYS;
use super::sink::Sink;

/// A mapping whose keys are known beforehand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mapping<'a> {
    entries: &'a [(Key, Node)],
    pub(super) span: &'a Span,
    what: &'static str,
}

impl<'a> Mapping<'a> {
    /// A mapping with these keys and no others, each with a value.
    pub(super) fn read(
        node: &'a Node,
        what: &'static str,
        known: &[impl AsRef<str>],
        sink: &mut Sink,
    ) -> Option<Self> {
        let entries = entries(node, what, sink)?;
        for (key, value) in entries {
            if !known.iter().any(|known| known.as_ref() == key.text) {
                let message = format!("`{}` is no key of {what}", key.text);
                sink.report_unknown(Code::UnknownKey, &key.span, message, &key.text, known);
            } else if matches!(value.kind, Kind::Null) {
                let message = format!("`{}` has no value", key.text);
                let help = "give it one, or remove the key";
                sink.report_with_help(Code::WrongType, &key.span, message, help);
            }
        }
        Some(Self { entries, span: &node.span, what })
    }

    /// The value of a key; `None` where the key is absent or has no value.
    pub(super) fn get(&self, key: &str) -> Option<&'a Node> {
        self.entry(key).map(|(_, node)| node).filter(|node| !matches!(node.kind, Kind::Null))
    }

    /// Where a key stands.
    pub(super) fn key_span(&self, key: &str) -> Option<&'a Span> {
        self.entry(key).map(|(key, _)| &key.span)
    }

    /// [`Mapping::get`] of a key that must be there.
    pub(super) fn need(&self, key: &str, sink: &mut Sink) -> Option<&'a Node> {
        if self.entry(key).is_none() {
            let message = format!("{} needs the key `{key}`", self.what);
            sink.report(Code::MissingKey, self.span, message);
        }
        self.get(key)
    }

    fn entry(&self, key: &str) -> Option<&'a (Key, Node)> {
        self.entries.iter().find(|(found, _)| found.text == key)
    }
}

/// The entries of a mapping whose keys are names of the user's.
pub(super) fn entries<'a>(
    node: &'a Node,
    what: &str,
    sink: &mut Sink,
) -> Option<&'a [(Key, Node)]> {
    match &node.kind {
        Kind::Map(entries) => Some(entries),
        _ => refuse_shape(node, what, "a mapping", sink),
    }
}

/// The items of a list.
pub(super) fn items<'a>(node: &'a Node, what: &str, sink: &mut Sink) -> Option<&'a [Node]> {
    match &node.kind {
        Kind::List(nodes) => Some(nodes),
        Kind::Map(_) => {
            let message = format!("{what} must be a list, not {}", node.noun());
            let help = "write a dash before each of its items, even where there is only one";
            sink.report_with_help(Code::WrongType, &node.span, message, help);
            None
        }
        Kind::Null | Kind::Scalar(_) => refuse_shape(node, what, "a list", sink),
    }
}

/// A single value as it is written.
pub(super) fn text<'a>(node: &'a Node, what: &str, sink: &mut Sink) -> Option<&'a str> {
    match &node.kind {
        Kind::Scalar(text) if text.chars().count() > limits::VALUE_CHARS => {
            let message = format!("{what} is longer than {} characters", limits::VALUE_CHARS);
            sink.report(Code::InvalidValue, &node.span, message);
            None
        }
        Kind::Scalar(text) => Some(text),
        _ => refuse_shape(node, what, "a single value", sink),
    }
}

fn refuse_shape<T>(node: &Node, what: &str, wanted: &str, sink: &mut Sink) -> Option<T> {
    let message = format!("{what} must be {wanted}, not {}", node.noun());
    sink.report(Code::WrongType, &node.span, message);
    None
}

/// A single value with its place.
pub(super) fn word(node: &Node, what: &str, sink: &mut Sink) -> Option<Key> {
    text(node, what, sink).map(|found| Key { text: found.to_owned(), span: node.span.clone() })
}

/// The entries of a list, of which there must be one at least.
pub(super) fn some_items<'n>(node: &'n Node, what: &str, sink: &mut Sink) -> Option<&'n [Node]> {
    let nodes = items(node, what, sink)?;
    if nodes.is_empty() {
        sink.report(Code::InvalidValue, &node.span, format!("{what} is an empty list"));
        return None;
    }
    Some(nodes)
}

/// [`some_items`], or one entry without the brackets.
pub(super) fn one_or_more<'n>(node: &'n Node, what: &str, sink: &mut Sink) -> Option<&'n [Node]> {
    match node.kind {
        Kind::List(_) => some_items(node, what, sink),
        _ => Some(std::slice::from_ref(node)),
    }
}

/// A list of single values, or one of them without the brackets. Never empty.
pub(super) fn words(node: &Node, what: &str, sink: &mut Sink) -> Option<Vec<Key>> {
    if matches!(node.kind, Kind::Scalar(_)) {
        return word(node, what, sink).map(|one| vec![one]);
    }
    let nodes = some_items(node, what, sink)?;
    let found: Vec<Key> = nodes.iter().filter_map(|node| word(node, what, sink)).collect();
    (found.len() == nodes.len()).then_some(found)
}

/// One of a few words.
pub(super) fn choice<T: Copy>(
    node: &Node,
    what: &str,
    choices: &[(&'static str, T)],
    sink: &mut Sink,
) -> Option<T> {
    let found = text(node, what, sink)?;
    if let Some((_, chosen)) = choices.iter().find(|(name, _)| *name == found) {
        return Some(*chosen);
    }
    let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
    let message = format!("`{found}` is no {what}");
    sink.report_unknown(Code::InvalidValue, &node.span, message, found, &names);
    None
}

/// `true` or `false`.
pub(super) fn boolean(node: &Node, what: &str, sink: &mut Sink) -> Option<bool> {
    match text(node, what, sink)? {
        "true" => Some(true),
        "false" => Some(false),
        found => {
            let message = format!("{what} must be `true` or `false`, not `{found}`");
            sink.report(Code::InvalidValue, &node.span, message);
            None
        }
    }
}

/// A value that its type reads; what the type refuses is reported in its own words.
pub(super) fn parsed<T>(node: &Node, what: &str, sink: &mut Sink) -> Option<T>
where
    T: FromStr,
    T::Err: Display,
{
    let found = text(node, what, sink)?;
    let reason = match found.parse() {
        Ok(value) => return Some(value),
        Err(reason) => format!("{reason}"),
    };
    // Some types show the text in their reason, others leave that to whoever knows its place.
    let message = if reason.contains(found) { reason } else { format!("`{found}`: {reason}") };
    sink.report(Code::InvalidValue, &node.span, message);
    None
}

/// A day, written as 2026-10-31.
pub(super) fn date(node: &Node, what: &str, sink: &mut Sink) -> Option<NaiveDate> {
    let found = text(node, what, sink)?;
    let day = NaiveDate::parse_from_str(found, "%Y-%m-%d").ok();
    // The parser takes `2026-1-5` too, which an editor's search for a date would not find.
    let day = day.filter(|_| found.len() == "2026-10-31".len());
    if day.is_none() {
        let message = format!("`{found}` is not a day; {what} is written as 2026-10-31");
        sink.report(Code::InvalidValue, &node.span, message);
    }
    day
}

/// The days on which something holds: `from`, and `to` as the first day that is out.
pub(super) fn read_valid(node: &Node, what: &str, sink: &mut Sink) -> Option<DateRange> {
    let map = Mapping::read(node, "`valid`", VALID_KEYS, sink)?;
    let before = sink.count();
    let from = map.get("from").and_then(|node| date(node, "`from`", sink));
    let to = map.get("to").and_then(|node| date(node, "`to`", sink));
    if sink.count() > before {
        return None;
    }
    if (from, to) == (None, None) {
        sink.report(Code::MissingKey, map.span, "`valid` needs the key `from` or `to`");
    }
    let range = DateRange::new(from, to);
    if range.is_none() {
        let message = format!("{what} would hold on no day: `to` is the first day that is out");
        sink.report(Code::InvalidValue, map.span, message);
    }
    range
}

/// A whole number up to `most`.
pub(super) fn whole(node: &Node, what: &str, most: u32, sink: &mut Sink) -> Option<u32> {
    let found = text(node, what, sink)?;
    let number = found.parse::<u32>().ok().filter(|number| *number <= most);
    if number.is_none() || found.starts_with('+') {
        let message = format!("{what} must be a whole number from 0 to {most}, not `{found}`");
        sink.report(Code::InvalidValue, &node.span, message);
        return None;
    }
    number
}

/// A name that reports show: some text, not surrounded by spaces, nothing invisible in it.
pub(super) fn is_name(name: &Key, what: &str, sink: &mut Sink) -> bool {
    let reason = if name.text.is_empty() {
        "must not be empty"
    } else if name.text.trim() != name.text {
        "must not begin or end with a space"
    } else if name.text.chars().count() > limits::NAME_CHARS {
        "is too long for a report"
    } else if matches!(printable(&name.text), Cow::Owned(_)) {
        "holds an invisible or control character"
    } else {
        return true;
    };
    sink.report(Code::InvalidValue, &name.span, format!("{what} {reason}"));
    false
}

/// A name that becomes a part of other names: lower-case letters, digits and `_`, and `-` where
/// `dash` allows it; a letter or digit first.
pub(super) fn is_identifier(name: &Key, what: &str, dash: bool, sink: &mut Sink) -> bool {
    let text = name.text.as_str();
    let is_allowed =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || (dash && c == '-');
    let begins_well = text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    if begins_well && text.chars().all(is_allowed) && text.len() <= limits::NAME_CHARS {
        return true;
    }
    let dashes = if dash { ", `-`" } else { "" };
    let message = format!("`{text}` cannot be {what}");
    let help = format!("use lower-case letters, digits{dashes} and `_`, a letter or digit first");
    sink.report_with_help(Code::InvalidValue, &name.span, message, help);
    false
}

/// A path or pattern that stays inside the project's folder, whatever system reads it.
pub(super) fn is_inside_project(path: &Key, sink: &mut Sink) -> bool {
    let text = path.text.as_str();
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        sink.report(
            Code::InvalidValue,
            &path.span,
            "a path must not be empty or hold control characters",
        );
        return false;
    }
    let mut steps = text.split(['/', '\\']);
    let has_drive = text.as_bytes().get(1) == Some(&b':');
    let leaves = text.starts_with(['/', '\\', '~']) || has_drive || steps.any(|step| step == "..");
    if leaves {
        sink.report_with_help(
            Code::PathOutsideProject,
            &path.span,
            format!("`{text}` leads out of the project's folder"),
            "put the file beside costbook.yaml and write its path from there",
        );
    }
    !leaves
}
