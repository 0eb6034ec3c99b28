//! The rule of a metric as it applied: where it stands, what it cites, its parameters and its text. Beside it what is
//! missing, limits that were passed, and what policies ask for over-use.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::licenses::{Number, Position, PositionKey, Product, Reading, number_of, plain};
use crate::rules::licenses::{Metric, Param, ReadingRule, Version};

use super::node::Node;
use super::{Trace, place};

/// A rule with the lines of its file that applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::report::licenses) struct RuleTold {
    pub(in crate::report::licenses) path: String,
    /// Number and text of each.
    pub(in crate::report::licenses) lines: Vec<(usize, String)>,
}

impl Trace<'_> {
    fn terms_of(&self, reading: &Reading) -> Option<(&Metric, &Version, &ReadingRule)> {
        let metric = self.trail.rules.metric(&reading.metric)?;
        let version = metric.version_on(self.trail.day)?;
        let rule = version.readings.iter().find(|rule| rule.name == reading.interpretation)?;
        Some((metric, version, rule))
    }

    pub(super) fn rule(&self, line: &Position) -> Node {
        let Some(reading) = &line.reading else {
            let text = format!("nothing was measured by `{}` on this day", line.key.metric);
            let why = "no rule declares the metric, its versions do not hold on the day, or no row tells of its use";
            return Node::told(text).how(why);
        };
        let mut facts = vec![
            ("citation".to_owned(), reading.citation.to_string()),
            ("clause".to_owned(), super::shown(reading.clause.as_ref())),
        ];
        let label = format!("{}, read as {}", reading.metric, reading.interpretation);
        let node = Node::told(label).at(&*reading.rule);
        let Some((metric, version, rule)) = self.terms_of(reading) else {
            return node.facts(facts);
        };
        facts.extend([
            ("title".to_owned(), super::shown(metric.title.as_ref())),
            ("unit".to_owned(), metric.unit.to_string()),
            ("terms of".to_owned(), version.days.to_string()),
            ("counts".to_owned(), metric.of.name().to_owned()),
        ]);
        facts.extend(rule.params.iter().map(|(name, value)| {
            (
                format!("parameter {name}"),
                match value {
                    Param::Number(number) => plain(number),
                    Param::Text(text) => text.to_string(),
                },
            )
        }));
        let steps = rule.steps.iter().enumerate().map(|(at, step)| {
            let name = step.name.as_ref().map_or(String::new(), |name| format!(" ({name})"));
            let label = format!("{}. {}{name}", at + 1, step.word);
            Node::told(label).at(format!("{}:{}", step.span.path, step.span.line))
        });
        node.facts(facts).beside("its steps, in order", steps.collect())
    }

    /// The lines of a rule that applied: the head of the metric, and the version of the day.
    pub(in crate::report::licenses) fn rule_text(&self, reading: &Reading) -> Option<RuleTold> {
        let (metric, version, _) = self.terms_of(reading)?;
        let text = self.trail.texts.iter().find(|text| *text.path == *metric.span.path)?;
        let lines: Vec<&str> = text.text.lines().collect();
        let whole = block(&lines, metric.span.line as usize);
        let first = metric.versions.iter().map(|version| version.span.line as usize).min()?;
        let own = block(&lines, version.span.line as usize);
        let head = whole.start..first.saturating_sub(1).min(whole.end);
        let lines = head.chain(own).map(|at| (at + 1, lines[at].to_owned())).collect();
        Some(RuleTold { path: text.path.clone(), lines })
    }

    pub(super) fn gaps(&self, line: &Position) -> Vec<Node> {
        let products: BTreeSet<&Product> = BTreeSet::from([&line.key.product]);
        let own = self.world(&line.key).filter(|measured| products.contains(&measured.product));
        let gaps = own.flat_map(|measured| measured.gaps.iter().map(move |gap| (measured, gap)));
        let mut found: Vec<Node> = gaps
            .filter(|_| !line.gaps.is_empty())
            .map(|(measured, gap)| {
                let subject = format!("{} {}", gap.subject.kind.name(), gap.subject.id);
                let node = Node::told(format!("{} of {subject}", gap.what));
                let node = gap.origin.iter().fold(node, |node, origin| node.at(place(origin)));
                let demands = measured.demands.iter();
                let hit = demands.filter(|demand| {
                    demand.subject == gap.subject
                        || demand.used.iter().any(|(subject, ..)| *subject == gap.subject)
                });
                let bounds: Vec<String> = hit
                    .filter(|demand| demand.quantity.exact().is_none())
                    .map(|demand| {
                        let id = &demand.subject.id;
                        format!("{id}: {} {}", super::uses::extent(&demand.quantity), line.unit)
                    })
                    .collect();
                node.how(bounds.join("; "))
            })
            .collect();
        if found.is_empty() {
            found = line.gaps.iter().map(|gap| Node::told(&**gap)).collect();
        }
        found
    }

    pub(super) fn breaches(&self, line: &Position) -> Vec<Node> {
        let own = self.world(&line.key).filter(|measured| measured.product == line.key.product);
        let breaches = own.flat_map(|measured| &measured.breaches).filter(|breach| {
            let holder = &breach.holder;
            holder.legal_entity == line.key.legal_entity && holder.pool == line.key.pool
        });
        let breaches = breaches.filter(|_| line.breaches > 0).map(|breach| {
            let label = format!("{} {}", breach.subject.kind.name(), breach.subject.id);
            let since = breach.since.map(|since| ("since".to_owned(), since.to_string()));
            Node::told(label).how(&breach.text).facts(since)
        });
        breaches.collect()
    }

    pub(super) fn policies(&self, key: &PositionKey) -> Vec<Node> {
        let own = self.trail.valued.iter().filter(|valued| valued.key == *key);
        own.map(|valued| {
            let currency = super::shown(valued.currency.as_ref());
            let amount: Option<Number> = valued.amount.map(number_of);
            let label = format!("{} ({})", valued.policy, valued.kind.name());
            let facts = [
                ("units", plain(&valued.units)),
                ("basis", valued.basis.clone()),
                ("before rounding", valued.exact.as_ref().map_or_else(String::new, plain)),
                ("charged from", super::shown(valued.from.as_ref())),
                ("contract", super::shown(valued.contract.as_ref())),
                ("clause", super::shown(valued.clause.as_ref())),
                ("note", super::shown(valued.note.as_ref())),
            ];
            Node::figure(label, amount, &currency)
                .how(&valued.working)
                .at(&valued.rule)
                .facts(facts.map(|(name, text)| (name.to_owned(), text)))
        })
        .collect()
    }
}

/// Places of the lines that belong to the one with that number: all below it that stand further right. Comments and
/// blank lines at its end are the next one's.
fn block(lines: &[&str], number: usize) -> Range<usize> {
    let start = number.saturating_sub(1).min(lines.len());
    let is_told = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let depth = |line: &str| line.len() - line.trim_start().len();
    let Some(first) = lines.get(start) else { return start..start };
    let own = depth(first);
    let below = lines[start + 1..].iter().take_while(|line| !is_told(line) || depth(line) > own);
    let mut end = start + 1 + below.count();
    while end > start + 1 && !is_told(lines[end - 1]) {
        end -= 1;
    }
    start..end
}
