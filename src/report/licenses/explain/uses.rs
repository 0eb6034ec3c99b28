//! What needs how much: how that was answered, the steps that made it, and its rows.

use std::collections::BTreeSet;

use crate::licenses::{
    Demand, Extent, Match, MatchKind, Measured, Number, Origin, Position, Step, Subject, UsePlace,
    UseRow, Value, plain,
};

use super::figures::open;
use super::node::Node;
use super::{Trace, place};

impl Trace<'_> {
    /// What stands behind a use: what it needs, steps and rows.
    pub(super) fn behind(&self, node: Node, line: &Position, at: &UsePlace, bound: usize) -> Node {
        let found: Vec<(&Measured, &Demand)> = self
            .world(&line.key)
            .flat_map(|measured| measured.demands.iter().map(move |demand| (measured, demand)))
            .filter(|(_, demand)| is_of(demand, at))
            .collect();
        let needs: Option<Number> =
            found.iter().map(|(_, demand)| at_bound(&demand.quantity, bound)).sum();
        let answers = self.answers(line, at, bound);
        let needed = open(Node::figure("needs", needs, &line.unit), "nothing bounds it");
        let node = node.beside("measured", vec![needed.sum("answered by", answers)]);
        let subjects: BTreeSet<&Subject> =
            found.iter().flat_map(|(_, demand)| subjects(demand)).collect();
        let steps = found.first().into_iter().flat_map(|(measured, _)| &measured.steps);
        let steps = steps.filter(|step| subjects.contains(&step.subject));
        let node = node.beside("steps", steps.map(|step| step_node(step, &line.unit)).collect());
        let mut origins: Vec<&Origin> =
            found.iter().flat_map(|(_, demand)| &demand.origins).collect();
        origins.sort();
        origins.dedup();
        node.beside("rows", origins.into_iter().map(|origin| self.row(origin)).collect())
    }

    /// All of what a use needs, whatever line its units stand in.
    fn answers(&self, line: &Position, at: &UsePlace, bound: usize) -> Vec<Node> {
        let Some(cover) = self.cover(&line.key, bound) else { return vec![] };
        let unit = &*line.unit;
        let matches = cover.matches.iter().filter(|found| found.demand == *at);
        let matches = matches.map(|found| {
            let label = answered(found);
            Node::figure(label, Some(found.quantity.clone()), unit).how(&found.reason)
        });
        let spared = cover.spared.iter().filter(|spared| spared.demand == *at);
        let spared = spared.map(|spared| {
            let value = Some(spared.quantity.clone());
            Node::figure("covered with its host", value, unit).how(&spared.reason)
        });
        let lacking = cover.uncovered.iter().filter(|lacking| lacking.demand == *at);
        let lacking = lacking.map(|lacking| {
            let node = Node::figure("not covered", lacking.quantity.clone(), unit);
            open(node, "nothing bounds it")
        });
        matches.chain(spared).chain(lacking).collect()
    }

    /// A row with its cells: as the file has them, or as they were read where the file is not at hand.
    pub(super) fn row(&self, origin: &Origin) -> Node {
        let rows = self.rows.get(origin).into_iter().flatten();
        let days: BTreeSet<String> = rows.clone().map(|row| row.snapshot.to_string()).collect();
        let days = days.into_iter().collect::<Vec<_>>().join(", ");
        let label = if days.is_empty() { "row".to_owned() } else { format!("row of {days}") };
        let node = Node::told(label).at(place(origin));
        match self.trail.cells.get(origin) {
            Some(cells) => node.facts(cells.iter().cloned()),
            None => node.facts(rows.flat_map(|row| fields_of(row))),
        }
    }

    /// Steps over what is in no demand: what was excluded, or counted as another thing.
    pub(super) fn not_counted(&self, line: &Position) -> Vec<Node> {
        let own = self.world(&line.key).filter(|measured| measured.product == line.key.product);
        let is_first = line.key.kind == crate::licenses::LineKind::Use;
        let steps = own.filter(|_| is_first).flat_map(|measured| {
            let counted: BTreeSet<&Subject> = measured.demands.iter().flat_map(subjects).collect();
            measured.steps.iter().filter(move |step| !counted.contains(&step.subject))
        });
        let quarantined =
            self.trail.quarantined.iter().filter(|row| {
                row.product.as_ref().is_none_or(|product| *product == line.key.product)
            });
        let quarantined = quarantined.map(|row| {
            let node = Node::told("a row that could not be read, so that figures are not complete");
            node.at(place(&row.origin)).how(&row.reason)
        });
        steps.map(|step| step_node(step, &line.unit)).chain(quarantined).collect()
    }
}

fn answered(found: &Match) -> String {
    match found.kind {
        MatchKind::Covers => format!("covered by {}", found.entitlement),
        MatchKind::Suite => format!("covered by the suite {}", found.entitlement),
        MatchKind::InSuite => format!("in the suite {} already", found.entitlement),
        MatchKind::Excuses => format!("excused by {}", found.entitlement),
    }
}

fn is_of(demand: &Demand, at: &UsePlace) -> bool {
    demand.product == at.product
        && demand.subject == at.subject
        && demand.holder == at.holder
        && demand.version == at.version
}

fn subjects(demand: &Demand) -> impl Iterator<Item = &Subject> {
    demand.used.iter().map(|(subject, ..)| subject).chain([&demand.subject])
}

fn at_bound(extent: &Extent, bound: usize) -> Option<Number> {
    if bound == 0 { Some(extent.low().clone()) } else { extent.high().cloned() }
}

pub(in crate::report::licenses) fn extent(extent: &Extent) -> String {
    match (extent.exact(), extent.high()) {
        (Some(exact), _) => plain(exact),
        (None, Some(high)) => format!("{} to {}", plain(extent.low()), plain(high)),
        (None, None) => format!("{} or more", plain(extent.low())),
    }
}

fn step_node(step: &Step, unit: &str) -> Node {
    let subject = format!("{} {}", step.subject.kind.name(), step.subject.id);
    let label = format!("{} · {subject}", step.verb);
    let value = step.value.exact().cloned();
    let is_open = value.is_none();
    let node = Node::figure(label, value, unit).how(&step.text);
    if is_open { node.facts([("value".to_owned(), extent(&step.value))]) } else { node }
}

/// Fields of a row of use, by name.
pub(in crate::report::licenses) fn fields_of(row: &UseRow) -> Vec<(String, String)> {
    let mut fields = vec![("product as told".to_owned(), super::shown(row.raw_product.as_ref()))];
    fields
        .extend(row.product.as_ref().map(|product| ("product".to_owned(), super::named(product))));
    let holder = [
        ("legal_entity", &row.holder.legal_entity),
        ("region", &row.holder.region),
        ("pool", &row.holder.pool),
        ("environment", &row.holder.environment),
    ];
    fields.extend(holder.map(|(name, text)| (name.to_owned(), super::shown(text.as_ref()))));
    fields.extend(row.fields.iter().map(|(name, value)| (name.to_string(), value_text(value))));
    fields.retain(|(_, text)| !text.is_empty());
    fields
}

fn value_text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        Value::Number(number) => plain(number),
        Value::Date(day) => day.to_string(),
        Value::Time(time) => time.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Value::Truth(truth) => truth.to_string(),
    }
}
