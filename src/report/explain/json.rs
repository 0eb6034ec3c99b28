//! Explanations for programs.

use serde_json::{Value, json as value};

use super::branch::Branch;

/// A tree as JSON: label, currency, the four costs, rows, where declared, how computed, cuts.
#[must_use]
pub fn json(tree: &Branch) -> Value {
    let costs: serde_json::Map<String, Value> = tree
        .costs
        .iter()
        .map(|(metric, amount)| (metric.name().to_owned(), amount.to_string().into()))
        .collect();
    let cuts: Vec<Value> = tree
        .cuts
        .iter()
        .map(|cut| value!({ "by": cut.by, "branches": cut.branches.iter().map(json).collect::<Vec<_>>() }))
        .collect();
    value!({
        "label": tree.label,
        "currency": tree.currency.code(),
        "costs": costs,
        "rows": tree.rows,
        "declared_at": tree.declared_at,
        "computed": tree.computed,
        "cuts": cuts,
    })
}
