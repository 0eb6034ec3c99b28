//! Explanations of licenses for programs.

use serde_json::{Value, json as value};

use crate::licenses::plain;

use super::node::Node;

/// A tree as JSON. Numbers are texts: decimals where they come out even, else fractions such as `1/3`.
#[must_use]
pub fn license_json(tree: &Node) -> Value {
    let facts: Vec<Value> =
        tree.facts.iter().map(|(name, text)| value!({ "name": name, "value": text })).collect();
    let cuts: Vec<Value> = tree
        .cuts
        .iter()
        .map(|cut| {
            let nodes: Vec<Value> = cut.nodes.iter().map(license_json).collect();
            value!({ "by": cut.by, "adds_up": cut.adds_up, "nodes": nodes })
        })
        .collect();
    value!({
        "label": tree.label,
        "value": tree.value.as_ref().map(plain),
        "unit": tree.unit,
        "how": tree.how,
        "at": tree.at,
        "facts": facts,
        "cuts": cuts,
    })
}
