//! Formats of license tables that are known: which header holds what, as data.

use crate::diagnostics::{Code, Finding};
use crate::rules::decode::{Mapping, entries, word};
#[cfg(test)]
use crate::rules::decode::{items, text};
use crate::rules::node::{self, Node};
use crate::rules::sink::Sink;

use super::fields::InputKind;
use super::inputs::{self, TABLE_KEYS, TableShape};

/// The format of whoever names none: our own headers.
pub(super) const TEMPLATE: &str = "template";

/// Formats by name, with the name that findings give them.
const FORMATS: &[(&str, &str, &str)] = &[
    (
        "microsoft-365-active-users",
        "shipped:rules/licenses/inputs/microsoft-365-active-users.yaml",
        include_str!("../../../rules/licenses/inputs/microsoft-365-active-users.yaml"),
    ),
    (
        "opensam",
        "shipped:rules/licenses/inputs/opensam.yaml",
        include_str!("../../../rules/licenses/inputs/opensam.yaml"),
    ),
    (
        TEMPLATE,
        "shipped:rules/licenses/inputs/template.yaml",
        include_str!("../../../rules/licenses/inputs/template.yaml"),
    ),
];

const FORMAT_KEYS: &[&str] = &["format", "title", "source", "tables", "examples"];

/// The key `format` of an input.
pub(super) fn read_format_name(
    node: &Node,
    kind: InputKind,
    sink: &mut Sink,
) -> Option<TableShape> {
    let name = word(node, "`format`", sink)?;
    if !FORMATS.iter().any(|(known, _, _)| *known == name.text) {
        let message = format!("there is no format `{}` of license tables", name.text);
        let known: Vec<&str> = FORMATS.iter().map(|(name, _, _)| *name).collect();
        sink.report_unknown(Code::UnknownName, &name.span, message, &name.text, &known);
        return None;
    }
    let found = shape_of(&name.text, kind);
    if found.is_none() {
        let message = format!("the format `{}` has no table of {}", name.text, kind.name());
        sink.report(Code::InvalidValue, &name.span, message);
    }
    found
}

/// What is known of a format's table of that kind.
pub(super) fn shape_of(name: &str, kind: InputKind) -> Option<TableShape> {
    let shapes = read_shipped(name, |map, sink| {
        let tables = entries(map.need("tables", sink)?, "`tables`", sink)?;
        let (_, table) = tables.iter().find(|(key, _)| key.text == kind.name())?;
        let table = Mapping::read(table, "a table of a format", TABLE_KEYS, sink)?;
        inputs::read_shape(&table, kind, false, sink)
    });
    shapes.ok()
}

fn read_shipped<T>(
    name: &str,
    part: impl FnOnce(&Mapping<'_>, &mut Sink) -> Option<T>,
) -> Result<T, Vec<Finding>> {
    let mut sink = Sink::default();
    let Some((_, path, format)) = FORMATS.iter().find(|(known, _, _)| *known == name) else {
        return Err(Vec::new());
    };
    let root = node::parse(path, format, &mut sink);
    let found = root.and_then(|root| {
        let map = Mapping::read(&root, "a format of license tables", FORMAT_KEYS, &mut sink)?;
        part(&map, &mut sink)
    });
    sink.finish(found)
}

/// A row of a format and what must come of it.
#[cfg(test)]
pub(crate) struct FormatExample {
    pub(crate) format: String,
    pub(crate) decl: super::InputDecl,
    pub(crate) given: Vec<(String, String)>,
    pub(crate) expect: Vec<(String, String)>,
}

/// The examples of all formats; each kind of each of their tables must be read without findings.
#[cfg(test)]
pub(crate) fn shipped_format_examples() -> Vec<FormatExample> {
    let mut found = Vec::new();
    for (name, path, _) in FORMATS {
        let read = read_shipped(name, |map, sink| {
            assert_eq!(text(map.need("format", sink)?, "`format`", sink)?, *name);
            for (kind, node) in entries(map.need("tables", sink)?, "`tables`", sink)? {
                let kind = InputKind::ALL.into_iter().find(|known| known.name() == kind.text);
                let table = Mapping::read(node, "a table of a format", TABLE_KEYS, sink)?;
                inputs::read_shape(&table, kind.expect("a kind"), false, sink)?;
            }
            let nodes = items(map.need("examples", sink)?, "`examples`", sink)?.iter();
            nodes.map(|node| example(name, node, sink)).collect::<Option<Vec<_>>>()
        });
        found.extend(read.unwrap_or_else(|found| panic!("{path}: {found:?}")));
    }
    found
}

#[cfg(test)]
fn example(format: &str, node: &Node, sink: &mut Sink) -> Option<FormatExample> {
    fn texts(node: &Node, sink: &mut Sink) -> Option<Vec<(String, String)>> {
        let entries = entries(node, "an example", sink)?.iter();
        let pairs =
            entries.map(|(key, node)| Some((key.text.clone(), text(node, "", sink)?.to_owned())));
        pairs.collect()
    }
    let map = Mapping::read(node, "an example", &["kind", "given", "expect"], sink)?;
    let kind_node = map.need("kind", sink)?;
    let kind = inputs::read_kind(kind_node, sink)?;
    let shape = shape_of(format, kind)?;
    let name = word(kind_node, "", sink)?;
    Some(FormatExample {
        format: format.to_owned(),
        decl: shape.into_decl(name, kind),
        given: texts(map.need("given", sink)?, sink)?,
        expect: texts(map.need("expect", sink)?, sink)?,
    })
}
