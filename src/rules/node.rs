//! A YAML text as a tree of nodes, each with its place.
//!
//! Owns what of YAML is allowed: mappings with text keys, lists and scalars. What hides meaning is
//! refused with its place: duplicate keys, anchors, aliases, merge keys, tags, several documents,
//! control characters. Knows nothing of the keys themselves.
//!
//! Order: limits are checked as events arrive, before a node is made of them, because a small text
//! can ask for a large tree. Scalars stay texts; what type one is, is decided by the key it is
//! under, so `0123` can be an account and `no` a country.

mod builder;

use std::sync::Arc;

use saphyr_parser::Parser;

use crate::diagnostics::{Code, Finding, Place, Span};

use super::limits;
use super::sink::Sink;
use builder::Builder;

/// A value of a YAML text and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) span: Span,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// Nothing, `~` or `null`, without quotes.
    Null,
    Scalar(String),
    List(Vec<Node>),
    /// In the order of the text; no key twice.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping. Also any other text that has a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) text: String,
    pub(super) span: Span,
}

impl Node {
    /// What the node is, for messages.
    pub(super) fn noun(&self) -> &'static str {
        match self.kind {
            Kind::Null => "nothing",
            Kind::Scalar(_) => "a single value",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a mapping",
        }
    }
}

/// Reads a text into its tree. An empty text is a `Null`. `None` where the text is no YAML that
/// costbook takes; duplicate keys are reported and the first of them kept, so that reading goes on.
pub(super) fn parse(path: &str, text: &str, sink: &mut Sink) -> Option<Node> {
    let path: Arc<str> = path.into();
    if text.len() > limits::TEXT_BYTES {
        let message = format!("the file is larger than {} bytes", limits::TEXT_BYTES);
        sink.keep(Finding::new(Code::YamlSyntax, message).at(Place::File(path)));
        return None;
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder::new(path, text, sink);
    builder.refuse_control_characters();
    if builder.is_refused {
        return None;
    }
    builder.read(Parser::new_from_str(text));
    builder.finish()
}

#[cfg(test)]
mod tests;
