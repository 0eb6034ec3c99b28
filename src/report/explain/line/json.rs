//! Explained lines for programs.

use serde_json::{Map, Value, json};

use super::quantity::shown;
use super::told::{Term, Told};
use super::{Explainer, LineTold};

/// Lines as JSON, each figure with what it is made of, so many levels down. Numbers are texts.
#[must_use]
pub fn lines_json(explainer: &Explainer<'_>, lines: &[LineTold], depth: usize) -> Value {
    let line = |line: &LineTold| {
        let key: Map<String, Value> =
            line.key.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        let fields: Vec<Value> =
            line.fields.iter().map(|field| told(explainer, field, depth)).collect();
        json!({
            "file": line.file,
            "line": line.line,
            "line_is": line.line_is,
            "key": key,
            "fields": fields,
        })
    };
    lines.iter().map(line).collect()
}

fn told(explainer: &Explainer<'_>, field: &Told, depth: usize) -> Value {
    // Peers that make up a whole with it are made as it is.
    let below = if field.is_sum { depth } else { 1 };
    let terms: Vec<Value> = field.terms.iter().map(|part| term(explainer, part, below)).collect();
    let inputs: Vec<Value> = field.inputs.iter().map(|part| term(explainer, part, depth)).collect();
    json!({
        "column": field.column,
        "value": field.value,
        "how": field.how,
        "terms_are": field.total.as_ref().map(|_| if field.is_sum { "parts" } else { "peers" }),
        "total": field.total.as_ref().map(shown),
        "terms": terms,
        "of": inputs,
        "notes": field.notes,
        "broken": field.broken,
    })
}

fn term(explainer: &Explainer<'_>, term: &Term, depth: usize) -> Value {
    let at = term.at.as_ref();
    let place = at.map(|at| json!({ "file": at.file, "line": at.line, "column": at.column }));
    let below = at.filter(|_| depth > 1).and_then(|at| explainer.below(at));
    json!({
        "label": term.label,
        "amount": shown(&term.amount),
        "at": place,
        "made_of": below.map(|below| told(explainer, &below, depth - 1)),
    })
}
