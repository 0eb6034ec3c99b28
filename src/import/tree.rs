//! What a source says, whatever its syntax: a tree of values, each with its place.

use std::collections::HashSet;

use crate::diagnostics::{Code, Finding, Place, Span};

/// Lists and mappings inside each other. Deeper ones are no definition that anybody wrote.
pub(super) const DEPTH: usize = 64;

#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub(super) kind: Kind,
    pub(super) span: Span,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    /// As it is written.
    Number(String),
    Text(String),
    /// A text whose lines stand in the source as they are, the first at the place of the value.
    Lines(String),
    List(Vec<Tree>),
    /// In the order of the source.
    Map(Vec<(Key, Tree)>),
    /// What only the source's own system can work out: an expression, a parameter. Its text.
    Unknown(String),
}

#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) text: String,
    pub(super) span: Span,
}

impl Tree {
    pub(super) fn new(kind: Kind, span: Span) -> Self {
        Self { kind, span }
    }

    pub(super) fn text(text: impl Into<String>, span: Span) -> Self {
        Self::new(Kind::Text(text.into()), span)
    }

    /// The value of a key; a `null` is as good as none.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let found = self.entries().iter().find(|(found, _)| found.text == key)?;
        (!matches!(found.1.kind, Kind::Null)).then_some(&found.1)
    }

    /// The entries of a mapping; of anything else none.
    pub(super) fn entries(&self) -> &[(Key, Self)] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; a single value is a list of one, and `null` an empty one.
    pub(super) fn items(&self) -> &[Self] {
        match &self.kind {
            Kind::List(items) => items,
            Kind::Null => &[],
            _ => std::slice::from_ref(self),
        }
    }

    /// A single value as a text.
    pub(super) fn scalar(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) | Kind::Lines(text) | Kind::Number(text) => Some(text),
            Kind::Bool(true) => Some("true"),
            Kind::Bool(false) => Some("false"),
            Kind::Null | Kind::List(_) | Kind::Map(_) | Kind::Unknown(_) => None,
        }
    }

    /// The scalar under a key.
    pub(super) fn scalar_of(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Self::scalar)
    }

    /// Whether it says yes, as YAML and JSON write it.
    pub(super) fn is_true(&self) -> bool {
        self.scalar().is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    /// What the value is, for messages.
    pub(super) fn noun(&self) -> String {
        match &self.kind {
            Kind::Null => "nothing".to_owned(),
            Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Lines(_) => {
                "a single value".to_owned()
            }
            Kind::List(_) => "a list".to_owned(),
            Kind::Map(_) => "a mapping".to_owned(),
            Kind::Unknown(text) => format!("`{text}`, which only its own system can work out"),
        }
    }
}

/// The first key of a mapping that was there before.
pub(super) fn repeated(entries: &[(Key, Tree)]) -> Option<&Key> {
    let mut seen = HashSet::new();
    entries.iter().map(|(key, _)| key).find(|key| !seen.insert(key.text.as_str()))
}

/// One of the two would silently win.
pub(super) fn twice(key: &Key) -> Finding {
    let message = format!("the key `{}` stands here a second time", key.text);
    Finding::new(Code::ImportBroken, message).at(Place::Text(key.span.clone()))
}
