//! A tree of units that can be added up by hand.

use crate::licenses::{Number, plain};

/// A figure, or a thing that is told beside figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    pub label: String,
    /// `None` where it is no figure, has no limit, or nothing bounds it.
    pub value: Option<Number>,
    /// What is counted, or a currency.
    pub unit: String,
    /// How it was made, so that it can be redone: `max(6, 8) × 2 = 16`; or why.
    pub how: Option<String>,
    /// File and row, or file and line.
    pub at: Option<String>,
    /// What is told of it: terms of a right, cells of a row.
    pub facts: Vec<(String, String)>,
    pub cuts: Vec<NodeCut>,
}

/// Nodes under one heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeCut {
    pub by: String,
    /// Whether the nodes add up to the value that they hang on, to the digit.
    pub adds_up: bool,
    pub nodes: Vec<Node>,
}

impl Node {
    pub(super) fn told(label: impl Into<String>) -> Self {
        Self { label: label.into(), ..Self::default() }
    }

    pub(super) fn figure(label: impl Into<String>, value: Option<Number>, unit: &str) -> Self {
        Self { value, unit: unit.to_owned(), ..Self::told(label) }
    }

    pub(super) fn how(mut self, how: impl Into<String>) -> Self {
        self.how = Some(how.into()).filter(|how| !how.is_empty());
        self
    }

    pub(super) fn at(mut self, at: impl Into<String>) -> Self {
        self.at = Some(at.into());
        self
    }

    /// Without those that are empty.
    pub(super) fn facts(mut self, facts: impl IntoIterator<Item = (String, String)>) -> Self {
        self.facts.extend(facts.into_iter().filter(|(_, text)| !text.is_empty()));
        self
    }

    /// What the value is the sum of. Where it has no limit or no bound, parts are told and not added.
    pub(super) fn sum(self, by: impl Into<String>, nodes: Vec<Node>) -> Self {
        let adds_up = self.value.is_some();
        self.cut(by, adds_up, nodes)
    }

    /// What belongs to it, and is not added.
    pub(super) fn beside(self, by: impl Into<String>, nodes: Vec<Node>) -> Self {
        self.cut(by, false, nodes)
    }

    fn cut(mut self, by: impl Into<String>, adds_up: bool, nodes: Vec<Node>) -> Self {
        if !nodes.is_empty() || adds_up && self.value != Some(Number::default()) {
            self.cuts.push(NodeCut { by: by.into(), adds_up, nodes });
        }
        self
    }

    /// The value with its unit; empty where it has none.
    pub(super) fn shown(&self) -> String {
        self.value.as_ref().map_or_else(String::new, |value| {
            format!("{} {}", plain(value), self.unit).trim_end().to_owned()
        })
    }
}
