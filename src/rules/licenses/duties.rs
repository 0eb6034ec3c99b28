//! `thresholds:`, `silence:` and `holidays:` of all license rule files, together.

use crate::diagnostics::{Finding, Span};
use crate::rules::compile::RuleText;
use crate::rules::decode::entries;
use crate::rules::node::{self, Kind, Node};
use crate::rules::project::refuse_repeats;
use crate::rules::shape::Shape;
use crate::rules::sink::Sink;

use super::holidays::{self, HolidayDecl, read_holidays};
use super::silence::{self, SilenceRule, read_silence};
use super::thresholds::{self, ThresholdRule, read_thresholds};

/// What is warned of, from when on, and what is accepted: in the order of files and entries.
#[derive(Clone, Debug, Default)]
pub struct DutyRules {
    pub thresholds: Vec<ThresholdRule>,
    pub silence: Vec<SilenceRule>,
    pub holidays: Vec<HolidayDecl>,
}

impl DutyRules {
    /// The keys of a license rule file that are read here, with what stands behind them.
    pub(super) const KEYS: [(&'static str, Shape); 3] = [
        ("thresholds", Shape::List(&Shape::Map(thresholds::KEYS))),
        ("silence", Shape::List(&Shape::Map(silence::KEYS))),
        ("holidays", Shape::List(&Shape::Map(holidays::KEYS))),
    ];

    /// Adds what stands behind one of [`DutyRules::KEYS`].
    pub(super) fn read(&mut self, key: &str, node: &Node, sink: &mut Sink) {
        match key {
            "thresholds" => {
                self.thresholds.extend(read_thresholds(node, sink).unwrap_or_default());
            }
            "silence" => self.silence.extend(read_silence(node, sink).unwrap_or_default()),
            "holidays" => self.holidays.extend(read_holidays(node, sink).unwrap_or_default()),
            _ => {}
        }
    }

    /// Refuses names that stand twice, once all files are read.
    pub(super) fn check(&self, sink: &mut Sink) {
        fn named<'a>(
            what: &'static str,
            names: impl Iterator<Item = (&'a str, &'a Span)>,
            sink: &mut Sink,
        ) {
            refuse_repeats(what, names, sink);
        }
        named("threshold", self.thresholds.iter().map(|it| (it.name.as_str(), &it.span)), sink);
        named("silence", self.silence.iter().map(|it| (it.name.as_str(), &it.span)), sink);
        named("calendar", self.holidays.iter().map(|it| (it.name.as_str(), &it.span)), sink);
    }
}

/// The shipped thresholds and silences.
#[must_use]
pub fn shipped_duties() -> RuleText {
    RuleText {
        path: "shipped:rules/licenses/duties.yaml".into(),
        text: include_str!("../../../rules/licenses/duties.yaml").into(),
    }
}

/// Reads the three keys of license rule files, own ones before shipped ones. Other keys are looked at elsewhere.
///
/// # Errors
/// Everything that is wrong with what stands behind those keys, with its place.
pub fn duty_rules(texts: &[RuleText]) -> Result<DutyRules, Vec<Finding>> {
    let mut sink = Sink::default();
    let mut rules = DutyRules::default();
    for RuleText { path, text } in texts {
        let Some(root) = node::parse(path, text, &mut sink) else { continue };
        if matches!(root.kind, Kind::Null) {
            continue;
        }
        let Some(found) = entries(&root, "a license rule file", &mut sink) else { continue };
        for (key, node) in found {
            if DutyRules::KEYS.iter().any(|(name, _)| *name == key.text) {
                rules.read(&key.text, node, &mut sink);
            }
        }
    }
    rules.check(&mut sink);
    sink.finish(Some(rules))
}

#[cfg(test)]
mod tests;
