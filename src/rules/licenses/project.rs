//! `licenses:` of the project file.

use crate::diagnostics::{Code, Span};
use crate::rules::decode::{Mapping, is_inside_project, items, word, words};
use crate::rules::node::Node;
use crate::rules::project::{is_pattern, read_patterns, refuse_repeats};
use crate::rules::shape::{KeyShape, Shape, key};
use crate::rules::sink::Sink;

use super::inputs::{INPUT_KEYS, InputDecl, read_input};

/// What the project says of licenses.
#[derive(Clone, Debug, Default)]
pub struct LicensesDecl {
    /// Patterns of license rule files of the project's own.
    pub rules: Vec<(String, Span)>,
    /// Names of the shipped packs that are used; all where none are named.
    pub packs: Option<Vec<(String, Span)>>,
    /// The project's own table of products.
    pub products: Option<(String, Span)>,
    pub inputs: Vec<InputDecl>,
}

pub(in crate::rules) const KEYS: &[KeyShape] = &[
    key("rules", Shape::Texts),
    key("packs", Shape::Texts),
    key("products", Shape::Text),
    key("inputs", Shape::List(&Shape::Map(INPUT_KEYS))),
];

pub(in crate::rules) fn read_licenses(node: &Node, sink: &mut Sink) -> Option<LicensesDecl> {
    let map = Mapping::read(node, "`licenses`", KEYS, sink)?;
    let before = sink.count();
    let rules = map.get("rules").and_then(|node| read_patterns(node, "`rules`", is_pattern, sink));
    let packs = map.get("packs").and_then(|node| words(node, "`packs`", sink));
    let packs: Option<Vec<(String, Span)>> =
        packs.map(|packs| packs.into_iter().map(|pack| (pack.text, pack.span)).collect());
    let named = packs.iter().flatten().map(|(name, span)| (name.as_str(), span));
    refuse_repeats("pack", named, sink);
    let products = map.get("products").and_then(|node| word(node, "`products`", sink));
    let products = products.filter(|path| is_inside_project(path, sink));
    let nodes = map.get("inputs").and_then(|node| items(node, "`inputs`", sink));
    let nodes = nodes.unwrap_or_default();
    let inputs: Vec<InputDecl> = nodes.iter().filter_map(|node| read_input(node, sink)).collect();
    refuse_repeats("input", inputs.iter().map(|input| (input.name.as_str(), &input.span)), sink);
    if inputs.len() < nodes.len() && sink.count() == before {
        sink.report(Code::InvalidValue, &node.span, "an input cannot be read");
    }
    (sink.count() == before).then(|| LicensesDecl {
        rules: rules.unwrap_or_default(),
        packs,
        products: products.map(|path| (path.text, path.span)),
        inputs,
    })
}
