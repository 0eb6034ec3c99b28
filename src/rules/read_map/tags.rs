//! The shapes in which a format carries tags.

use std::collections::BTreeMap;

use crate::diagnostics::Code;
use crate::domain::Column;
use crate::rules::column_map::{ColumnSource, TagShape, TagSource};
use crate::rules::decode::{Mapping, choice, one_or_more, text, words};
use crate::rules::node::Node;
use crate::rules::shape::{KeyShape, Shape as Yaml, key, needed, words_of};
use crate::rules::sink::Sink;

/// What a `shape` may be, before it is known whether the keys beside it fit.
#[derive(Clone, Copy)]
enum Shape {
    Json,
    JsonWithoutBraces,
    KeyValueList,
    Columns,
}

const SHAPES: &[(&str, Shape)] = &[
    ("json", Shape::Json),
    ("json_without_braces", Shape::JsonWithoutBraces),
    ("key_value_list", Shape::KeyValueList),
    ("columns", Shape::Columns),
];

pub(super) const KEYS: &[KeyShape] = &[
    needed("shape", Yaml::Choice(|| words_of(SHAPES))),
    key("prefix", Yaml::Text),
    key("column", Yaml::Texts),
    key("strip", Yaml::Text),
];

/// One shape or a list of them.
pub(super) fn tags(node: &Node, sink: &mut Sink) -> Option<Vec<TagSource>> {
    let nodes = one_or_more(node, "`tags`", sink)?;
    let found: Vec<TagSource> = nodes.iter().filter_map(|node| tag_source(node, sink)).collect();
    (!found.is_empty()).then_some(found)
}

/// The shapes with the columns that they are found in: where none is named, those that `Tags` is
/// mapped to. A map that says nothing of tags but maps that column has a JSON object there.
pub(super) fn completed(
    tags: Option<Vec<TagSource>>,
    columns: &BTreeMap<Column, ColumnSource>,
) -> Vec<TagSource> {
    let mapped = columns.get(&Column::Tags).map(ColumnSource::headers).unwrap_or_default();
    let Some(mut tags) = tags else {
        let json = TagSource { shape: TagShape::Json, columns: mapped.to_vec(), strip: None };
        return if mapped.is_empty() { Vec::new() } else { vec![json] };
    };
    for source in tags.iter_mut().filter(|source| source.columns.is_empty()) {
        source.columns = match mapped {
            [] => vec![Column::Tags.name().to_owned()],
            _ => mapped.to_vec(),
        };
    }
    tags
}

fn tag_source(node: &Node, sink: &mut Sink) -> Option<TagSource> {
    let map = Mapping::read(node, "`tags`", KEYS, sink)?;
    let shape = choice(map.need("shape", sink)?, "shape of tags", SHAPES, sink)?;
    let is_columns = matches!(shape, Shape::Columns);
    for (key, fits) in [("prefix", is_columns), ("column", !is_columns)] {
        if let Some(span) = map.key_span(key).filter(|_| !fits) {
            let with = if is_columns { "every shape but" } else { "no shape but" };
            let message = format!("`{key}` has a meaning beside {with} `columns`");
            sink.report(Code::UnknownKey, span, message);
        }
    }
    let strip = map.get("strip").and_then(|node| text(node, "`strip`", sink)).map(str::to_owned);
    let columns = map.get("column").and_then(|node| words(node, "`column`", sink));
    let columns = columns.unwrap_or_default().into_iter().map(|word| word.text).collect();
    let shape = match shape {
        Shape::Json => TagShape::Json,
        Shape::JsonWithoutBraces => TagShape::JsonWithoutBraces,
        Shape::KeyValueList => TagShape::KeyValueList,
        Shape::Columns => {
            let prefix = text(map.need("prefix", sink)?, "`prefix`", sink)?.to_owned();
            TagShape::Columns { prefix }
        }
    };
    Some(TagSource { shape, columns, strip })
}
