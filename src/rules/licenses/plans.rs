//! Plans that users hold, and the services that are in each.

use std::collections::BTreeSet;

use crate::diagnostics::Span;
use crate::rules::decode::{Mapping, words};
use crate::rules::node::Node;
use crate::rules::shape::{KeyShape, Shape, key, needed};
use crate::rules::sink::Sink;

use super::figures::{maybe_name, source};
use super::source::{SOURCE_KEYS, Source};

/// What a plan is called in inventories: its product, its product with edition, or its SKU.
pub type PlanName = String;

/// A plan with the services in it.
#[derive(Clone, Debug)]
pub struct Plan {
    pub span: Span,
    pub publisher: Option<String>,
    pub names: Vec<PlanName>,
    pub parts: BTreeSet<String>,
    pub source: Option<Source>,
}

pub(super) const PLAN_KEYS: &[KeyShape] = &[
    key("publisher", Shape::Text),
    needed("names", Shape::Texts),
    needed("parts", Shape::Texts),
    key("source", Shape::Map(SOURCE_KEYS)),
];

pub(super) fn read_plan(node: &Node, sink: &mut Sink) -> Option<Plan> {
    let map = Mapping::read(node, "an entry of `plans`", PLAN_KEYS, sink)?;
    let publisher = maybe_name(&map, "publisher", sink);
    let names = map.need("names", sink).and_then(|node| words(node, "`names`", sink));
    let parts = map.need("parts", sink).and_then(|node| words(node, "`parts`", sink));
    let source = source(&map, sink);
    Some(Plan {
        span: node.span.clone(),
        publisher: publisher?,
        names: names?.into_iter().map(|name| name.text).collect(),
        parts: parts?.into_iter().map(|part| part.text).collect(),
        source: source?,
    })
}
