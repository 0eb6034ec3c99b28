//! `thresholds:`, `silence:` and `holidays:` of all license rule files, together.

use crate::diagnostics::{Finding, Span};
use crate::rules::compile::RuleText;
use crate::rules::decode::Mapping;
use crate::rules::project::refuse_repeats;
use crate::rules::shape::{KeyShape, Shape, key};
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
    pub(super) const KEYS: [KeyShape; 3] = [
        key("thresholds", Shape::List(&Shape::Map(thresholds::KEYS))),
        key("silence", Shape::List(&Shape::Map(silence::KEYS))),
        key("holidays", Shape::List(&Shape::Map(holidays::KEYS))),
    ];

    /// Adds what one of the files says.
    pub(super) fn add(&mut self, file: &Mapping<'_>, sink: &mut Sink) {
        let found = file.get("thresholds").and_then(|node| read_thresholds(node, sink));
        self.thresholds.extend(found.unwrap_or_default());
        let found = file.get("silence").and_then(|node| read_silence(node, sink));
        self.silence.extend(found.unwrap_or_default());
        let found = file.get("holidays").and_then(|node| read_holidays(node, sink));
        self.holidays.extend(found.unwrap_or_default());
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
    crate::rules::shipped::license_rule("duties.yaml")
}

/// Reads the three keys of license rule files, own ones before shipped ones.
///
/// # Errors
/// Everything that is wrong with the files, with its place.
pub fn duty_rules(texts: &[RuleText]) -> Result<DutyRules, Vec<Finding>> {
    super::LicenseRules::read(texts, &[]).map(|rules| rules.duties)
}

#[cfg(test)]
mod tests;
