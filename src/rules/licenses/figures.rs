//! Figures and names that several keys of license rule files share.

use num_bigint::BigInt;
use num_rational::Ratio;
use num_traits::{Signed, Zero};

use crate::diagnostics::{Code, Span};
use crate::domain::{Amount, SCALE};

use super::matching::ProductName;
use super::source::{Source, read_source};
use crate::rules::decode::{Mapping, is_name, parsed, word};
use crate::rules::node::Node;
use crate::rules::sink::Sink;

/// A plain decimal, exactly.
pub(super) fn number(node: &Node, what: &str, sink: &mut Sink) -> Option<Ratio<BigInt>> {
    let amount: Amount = parsed(node, what, sink)?;
    Some(Ratio::new(amount.to_units(), BigInt::from(10).pow(SCALE)))
}

/// [`number`] above zero.
pub(super) fn positive(node: &Node, what: &str, sink: &mut Sink) -> Option<Ratio<BigInt>> {
    let found = number(node, what, sink)?;
    if found.is_positive() {
        return Some(found);
    }
    sink.report(Code::InvalidValue, &node.span, format!("{what} must be above zero"));
    None
}

/// A part of hundred, from 0 to 100.
pub(super) fn percent(node: &Node, what: &str, sink: &mut Sink) -> Option<Ratio<BigInt>> {
    let found = number(node, what, sink)?;
    let hundred = Ratio::from_integer(BigInt::from(100));
    if found >= Ratio::zero() && found <= hundred {
        return Some(found);
    }
    sink.report(Code::InvalidValue, &node.span, format!("{what} must be from 0 to 100"));
    None
}

/// A name of the user's behind a key, with its place.
pub(super) fn name(node: &Node, what: &str, sink: &mut Sink) -> Option<(String, Span)> {
    let found = word(node, what, sink)?;
    is_name(&found, what, sink).then_some((found.text, found.span))
}

/// [`name`] of a key that may be left out: outer `None` where it is wrong.
#[expect(clippy::option_option, reason = "a key that is absent is not one that is wrong")]
pub(super) fn maybe_name(map: &Mapping<'_>, key: &str, sink: &mut Sink) -> Option<Option<String>> {
    match map.get(key) {
        Some(node) => name(node, &format!("`{key}`"), sink).map(|(text, _)| Some(text)),
        None => Some(None),
    }
}

/// [`name`] of a key that must be there.
pub(super) fn need_name(map: &Mapping<'_>, key: &str, sink: &mut Sink) -> Option<String> {
    let found = map.need(key, sink)?;
    name(found, &format!("`{key}`"), sink).map(|(text, _)| text)
}

/// `publisher`, `product` and `edition` of a mapping.
pub(super) fn product(map: &Mapping<'_>, sink: &mut Sink) -> Option<ProductName> {
    let publisher = maybe_name(map, "publisher", sink);
    let product = need_name(map, "product", sink);
    let edition = if map.key_span("edition").is_some() {
        maybe_name(map, "edition", sink)
    } else {
        Some(None)
    };
    Some(ProductName { publisher: publisher?, product: product?, edition: edition? })
}

/// `source: { url, … }`; outer `None` where it is wrong.
#[expect(clippy::option_option, reason = "a key that is absent is not one that is wrong")]
pub(super) fn source(map: &Mapping<'_>, sink: &mut Sink) -> Option<Option<Source>> {
    let Some(node) = map.get("source") else { return Some(None) };
    read_source(node, sink).map(Some)
}

/// Each item by `read`, all of them or none.
pub(super) fn each<T>(
    nodes: &[Node],
    sink: &mut Sink,
    mut read: impl FnMut(&Node, &mut Sink) -> Option<T>,
) -> Option<Vec<T>> {
    let found: Vec<T> = nodes.iter().filter_map(|node| read(node, sink)).collect();
    (found.len() == nodes.len()).then_some(found)
}
