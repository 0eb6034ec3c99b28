//! Entitled and consumed of a line at a bound, each as the sum of its parts.

use std::collections::BTreeMap;

use crate::licenses::{Figures, Number, Part, Position, UsePlace, number_of, plain};

use super::node::Node;
use super::{Trace, held_by};

impl<'a> Trace<'a> {
    pub(super) fn figures(&self, line: &Position, figures: &Figures, bound: usize) -> Vec<Node> {
        let (unit, parts) = (&*line.unit, self.parts_of(&line.key, bound));
        let entitled = Node::figure("entitled", figures.entitled.clone(), unit);
        let consumed = Node::figure("consumed", figures.consumed.clone(), unit);
        let mut found = vec![
            open(entitled, "without limit").sum("by right", by_right(parts, unit)),
            open(consumed, "nothing bounds it").sum("by use", self.by_use(line, parts, bound)),
            open(Node::figure("surplus", figures.surplus.clone(), unit), "without limit")
                .how("entitled − consumed, where that is above 0"),
            shortfall(line, figures),
        ];
        let shared: Vec<Node> = parts.iter().filter_map(|part| shared(*part, unit)).collect();
        if !shared.is_empty() {
            let node =
                Node::figure("free for this line and others", figures.shared_free.clone(), unit);
            found.push(open(node, "without limit").sum("by right", shared));
        }
        found
    }

    /// Each use that takes or lacks units in this line.
    fn by_use(&self, line: &Position, parts: &[Part<'a>], bound: usize) -> Vec<Node> {
        let mut uses: BTreeMap<&UsePlace, Vec<Part<'a>>> = BTreeMap::new();
        for part in parts {
            let place = match part {
                Part::Covered(found) | Part::Freed(found) => &found.demand,
                Part::Lacking(lacking) => &lacking.demand,
                Part::Left(_) | Part::Shared(_) => continue,
            };
            uses.entry(place).or_default().push(*part);
        }
        // Uses whose units all stand elsewhere: in the line of a suite, or on a host that is covered whole.
        if let Some(cover) = self.cover(&line.key, bound) {
            let suites = cover.matches.iter().map(|found| &found.demand);
            let spared = cover.spared.iter().map(|spared| &spared.demand);
            for place in suites.chain(spared).filter(|place| is_in(place, line)) {
                uses.entry(place).or_default();
            }
        }
        let node = |(place, parts): (&UsePlace, Vec<Part<'a>>)| {
            let value: Option<Number> = parts.iter().map(Part::consumed).sum();
            let taken = parts.iter().map(|part| self.answer(*part, &line.unit)).collect();
            let node =
                open(Node::figure(place_label(place), value, &line.unit), "nothing bounds it");
            self.behind(node.sum("by answer", taken), line, place, bound)
        };
        uses.into_iter().map(node).collect()
    }

    fn answer(&self, part: Part<'a>, unit: &str) -> Node {
        let label = match part {
            Part::Covered(found) => format!("covered by {}", found.entitlement),
            Part::Freed(found) => format!("freed by {}", found.entitlement),
            Part::Lacking(_) => "not covered".to_owned(),
            Part::Left(_) | Part::Shared(_) => String::new(),
        };
        let node = open(Node::figure(label, part.consumed(), unit), "nothing bounds it");
        match part {
            Part::Covered(found) | Part::Freed(found) => {
                let node = node.how(&found.reason);
                let rights = self.trail.inventory.entitlements.iter();
                let right = rights.into_iter().find(|right| right.id == found.entitlement);
                right.map_or(node.clone(), |right| node.at(super::place(&right.origin)))
            }
            _ => node.how("no right that fits is left"),
        }
    }
}

fn shortfall(line: &Position, figures: &Figures) -> Node {
    let node = Node::figure("shortfall", figures.shortfall.clone(), &line.unit);
    let node = open(node, "nothing bounds it").how("consumed − entitled, where that is above 0");
    let (Some(units), Some(price)) = (&figures.shortfall, &line.price) else { return node };
    let exact: Number = units * number_of(price.amount);
    let how = format!("{} × {} = {}, {}", plain(units), price.amount, plain(&exact), price.basis);
    let money = Node::figure("exposure, before rounding", Some(exact), &price.currency.to_string());
    node.beside("in money", vec![money.how(how)])
}

fn is_in(place: &UsePlace, line: &Position) -> bool {
    let key = &line.key;
    place.product == key.product
        && place.holder.legal_entity == key.legal_entity
        && place.holder.pool == key.pool
        && key.kind == crate::licenses::LineKind::Use
}

/// What has no number says why.
pub(super) fn open(mut node: Node, why: &str) -> Node {
    if node.value.is_none() {
        node.label = format!("{} ({why})", node.label);
    }
    node
}

pub(super) fn place_label(place: &UsePlace) -> String {
    let mut label = format!("{} {}", place.subject.kind.name(), place.subject.id);
    label.extend(place.version.iter().map(|version| format!(", version {version}")));
    let holder = held_by(&place.holder);
    if holder.is_empty() { label } else { format!("{label} ({holder})") }
}

/// Units by right: used here, and left over here.
fn by_right(parts: &[Part<'_>], unit: &str) -> Vec<Node> {
    let mut rights: BTreeMap<&str, Vec<Part<'_>>> = BTreeMap::new();
    let own = parts.iter().filter(|part| matches!(part, Part::Covered(_) | Part::Left(_)));
    for part in own {
        rights.entry(part.entitlement().unwrap_or_default()).or_default().push(*part);
    }
    let node = |(id, parts): (&str, Vec<Part<'_>>)| {
        let value: Option<Number> = parts.iter().map(Part::entitled).sum();
        let parts = parts.into_iter().map(|part| {
            let (label, how) = match part {
                Part::Covered(found) => (place_label(&found.demand), &found.reason),
                Part::Left(left) => ("left over".to_owned(), &left.reason),
                _ => return Node::default(),
            };
            open(Node::figure(label, part.entitled(), unit), "without limit").how(how)
        });
        open(Node::figure(id, value, unit), "without limit").sum("by use", parts.collect())
    };
    rights.into_iter().map(node).collect()
}

fn shared(part: Part<'_>, unit: &str) -> Option<Node> {
    let Part::Shared(left) = part else { return None };
    let node = Node::figure(&*left.entitlement, left.quantity.clone(), unit);
    Some(open(node, "without limit").how(&left.reason))
}
