//! From nodes to what a project or a column map says of deliveries, days and manifests.

use crate::diagnostics::Code;

use super::decode::{Mapping, choice, date, entries, items, text, word, words};
use super::delivery::{
    Days, DeliveryPolicy, ManifestExample, ManifestShape, PLACEHOLDERS, fill_period, placeholders,
};
use super::node::{Key, Kind, Node};
use super::shape::{CITATION_KEYS, KeyShape, Shape, key, needed, words_of};
use super::sink::Sink;

/// Keys joined by dots, or several such paths.
pub(super) const MANIFEST_KEYS: &[KeyShape] = &[
    needed("file", Shape::Text),
    needed("files", Shape::Text),
    key("rows", Shape::Text),
    key("bytes", Shape::Text),
    key("id", Shape::Text),
    key("made_at", Shape::Text),
    key("period_start", Shape::Text),
    key("period_end", Shape::Text),
    key("series", Shape::Texts),
    key("period_in_path", Shape::Texts),
    key("source", Shape::Map(CITATION_KEYS)),
    key("examples", Shape::List(&Shape::Map(EXAMPLE_KEYS))),
];
const EXAMPLE_KEYS: &[KeyShape] =
    &[needed("given", Shape::Text), needed("expect", Shape::Each(|| READ.to_vec(), &Shape::Texts))];
const POLICIES: &[(&str, DeliveryPolicy)] =
    &[("newest", DeliveryPolicy::Newest), ("append", DeliveryPolicy::Append)];
pub(super) const POLICY: Shape = Shape::Choice(|| words_of(POLICIES));
const DAYS_WORDS: &[(&str, bool)] = &[("any", false), ("every", true)];
const DAYS_KEYS: &[KeyShape] =
    &[key("missing", Shape::Some(&Shape::Day)), key("until", Shape::Day)];
pub(super) const DAYS: Shape =
    Shape::Either(&[Shape::Choice(|| words_of(DAYS_WORDS)), Shape::Map(DAYS_KEYS)]);
/// What an example of a manifest can expect.
const READ: &[&str] = &["files", "rows", "bytes", "id", "made_at", "period_start", "period_end"];

/// `newest` or `append`.
pub(super) fn read_policy(node: &Node, sink: &mut Sink) -> Option<DeliveryPolicy> {
    choice(node, "way to take deliveries", POLICIES, sink)
}

/// `any`, `every`, or the exceptions from every day.
pub(super) fn read_days(node: &Node, sink: &mut Sink) -> Option<Days> {
    if matches!(node.kind, Kind::Scalar(_)) {
        let is_every = choice(node, "way to ask for days", DAYS_WORDS, sink)?;
        return Some(if is_every { Days::EVERY } else { Days::Any });
    }
    let map = Mapping::read(node, "`days`", DAYS_KEYS, sink)?;
    let missing = match map.get("missing") {
        None => Vec::new(),
        Some(node) if matches!(node.kind, Kind::Scalar(_)) => vec![date(node, "a day", sink)?],
        Some(node) => {
            let nodes = items(node, "`missing`", sink)?;
            let days: Vec<_> = nodes.iter().filter_map(|node| date(node, "a day", sink)).collect();
            (days.len() == nodes.len()).then_some(days)?
        }
    };
    let until = match map.get("until") {
        None => None,
        Some(node) => Some(date(node, "`until`", sink)?),
    };
    Some(Days::Every { missing, until })
}

/// Refuses placeholders that do not exist and text that is no pattern once they are filled.
pub(super) fn is_pattern(pattern: &Key, sink: &mut Sink) -> bool {
    let known: Vec<&str> = PLACEHOLDERS.iter().map(|(name, _)| *name).collect();
    let mut is_fine = true;
    for name in placeholders(&pattern.text).filter(|name| !known.contains(name)) {
        let message = format!("`{{{name}}}` is no part of a month");
        sink.report_unknown(Code::UnknownName, &pattern.span, message, name, &known);
        is_fine = false;
    }
    if let Err(error) = glob::Pattern::new(&fill_period(&pattern.text, None)) {
        let message = format!("`{}` is no pattern of files: {}", pattern.text, error.msg);
        sink.report(Code::InvalidValue, &pattern.span, message);
        is_fine = false;
    }
    is_fine
}

/// One manifest or a list of them.
pub(super) fn read_manifests(node: &Node, sink: &mut Sink) -> Vec<ManifestShape> {
    match &node.kind {
        Kind::List(nodes) => nodes.iter().filter_map(|node| read_manifest(node, sink)).collect(),
        _ => read_manifest(node, sink).into_iter().collect(),
    }
}

fn read_manifest(node: &Node, sink: &mut Sink) -> Option<ManifestShape> {
    let map = Mapping::read(node, "`manifest`", MANIFEST_KEYS, sink)?;
    let file = map.need("file", sink).and_then(|node| word(node, "`file`", sink));
    let file = file.filter(|file| is_pattern(file, sink));
    let files = map.need("files", sink).and_then(|node| read_path(node, sink));
    let mut path = |key: &str| map.get(key).and_then(|node| read_path(node, sink));
    let (rows, bytes) = (path("rows"), path("bytes"));
    let (id, made_at) = (path("id"), path("made_at"));
    let (period_start, period_end) = (path("period_start"), path("period_end"));
    let series = map.get("series").and_then(|node| words(node, "`series`", sink));
    let series = series.unwrap_or_default().iter().map(|path| steps(&path.text)).collect();
    let in_path = map.get("period_in_path").and_then(|node| words(node, "`period_in_path`", sink));
    let in_path = in_path.unwrap_or_default();
    let period_in_path =
        in_path.into_iter().filter(|p| is_pattern(p, sink)).map(|p| p.text).collect();
    if let Some(node) = map.get("source") {
        read_source(node, sink);
    }
    let examples = map.get("examples").and_then(|node| items(node, "`examples`", sink));
    let examples = examples.unwrap_or_default().iter();
    let examples = examples.filter_map(|node| read_example(node, sink)).collect();
    Some(ManifestShape {
        file: file?.text,
        files: files?,
        rows,
        bytes,
        id,
        made_at,
        period_start,
        period_end,
        series,
        period_in_path,
        examples,
    })
}

/// Keys joined by dots.
fn read_path(node: &Node, sink: &mut Sink) -> Option<Vec<String>> {
    let path = word(node, "a path into the manifest", sink)?;
    let steps = steps(&path.text);
    if steps.iter().any(String::is_empty) {
        let message = format!("`{}` is no path of keys", path.text);
        let help = "join the keys by dots, such as `billingPeriod.start`";
        sink.report_with_help(Code::InvalidValue, &path.span, message, help);
        return None;
    }
    Some(steps)
}

fn steps(path: &str) -> Vec<String> {
    path.split('.').map(str::to_owned).collect()
}

/// Checked and not kept: it is there for whoever reads the map.
fn read_source(node: &Node, sink: &mut Sink) {
    let Some(map) = Mapping::read(node, "`source`", CITATION_KEYS, sink) else { return };
    map.need("url", sink).and_then(|node| text(node, "`url`", sink));
    map.need("read", sink).and_then(|node| date(node, "`read`", sink));
}

fn read_example(node: &Node, sink: &mut Sink) -> Option<ManifestExample> {
    let map = Mapping::read(node, "an example", EXAMPLE_KEYS, sink)?;
    let given = map.need("given", sink).and_then(|node| text(node, "`given`", sink));
    let expected = map.need("expect", sink).and_then(|node| entries(node, "`expect`", sink));
    let mut expect = Vec::new();
    for (key, value) in expected? {
        if !READ.contains(&key.text.as_str()) {
            let message = format!("nothing of a manifest is called `{}`", key.text);
            sink.report_unknown(Code::UnknownKey, &key.span, message, &key.text, READ);
        }
        let found = words(value, "an expected text", sink);
        let found = found.map(|found| found.into_iter().map(|word| word.text).collect());
        expect.extend(found.map(|found| (key.text.clone(), found)));
    }
    Some(ManifestExample { line: node.span.line, given: given?.to_owned(), expect })
}
