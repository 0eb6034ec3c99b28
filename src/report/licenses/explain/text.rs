//! Explanations of licenses for people.

use std::fmt::Write;

use crate::diagnostics::printable;
use crate::licenses::Number;

use super::node::{Node, NodeCut};

/// Nodes of a cut that are shown one by one; what follows is added up in one line.
const SHOWN: usize = 12;

/// Draws a tree. With `whole` every node is shown.
#[must_use]
pub fn license_text(tree: &Node, whole: bool) -> String {
    let mut drawn = String::new();
    node(&mut drawn, "", "", tree, whole);
    drawn
}

fn node(drawn: &mut String, lead: &str, below: &str, node: &Node, whole: bool) {
    let shown = node.shown();
    let gap = if shown.is_empty() { "" } else { "  " };
    let _ = write!(drawn, "{lead}{}{gap}{}", printable(&shown), printable(&node.label));
    if let Some(place) = &node.at {
        let _ = write!(drawn, "  [{}]", printable(place));
    }
    if let Some(how) = &node.how {
        let _ = write!(drawn, "  = {}", printable(how));
    }
    drawn.push('\n');
    let bar = if node.cuts.is_empty() { "   " } else { "│  " };
    for (name, text) in &node.facts {
        let _ = writeln!(drawn, "{below}{bar}{}: {}", printable(name), printable(text));
    }
    for (index, cut) in node.cuts.iter().enumerate() {
        let is_last = index + 1 == node.cuts.len();
        let (tee, bar) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        let sum = if cut.adds_up { " (adds up)" } else { "" };
        let _ = writeln!(drawn, "{below}{tee}{}{sum}", printable(&cut.by));
        nodes(drawn, &format!("{below}{bar}"), cut, whole);
    }
}

fn nodes(drawn: &mut String, below: &str, cut: &NodeCut, whole: bool) {
    let count = cut.nodes.len();
    let shown = if whole || count <= SHOWN + 1 { count } else { SHOWN };
    let (one_by_one, rest) = cut.nodes.split_at(shown);
    for (index, own) in one_by_one.iter().enumerate() {
        let is_last = index + 1 == shown && rest.is_empty();
        let (tee, bar) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        node(drawn, &format!("{below}{tee}"), &format!("{below}{bar}"), own, whole);
    }
    if let Some(first) = rest.first() {
        let label = format!("{} more (--format json shows them)", rest.len());
        let sum: Option<Number> = rest.iter().map(|node| node.value.clone()).sum();
        let sum = sum.filter(|_| cut.adds_up);
        let more = Node::figure(label, sum, &first.unit);
        node(drawn, &format!("{below}└─ "), &format!("{below}   "), &more, whole);
    }
}
