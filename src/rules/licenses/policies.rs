//! The keys `matching` and `valuation` of license rule files, file by file and together.

use crate::diagnostics::Finding;
use crate::rules::compile::RuleText;
use crate::rules::decode::Mapping;
use crate::rules::shape::{KeyShape, Shape, key};
use crate::rules::sink::Sink;

use super::matching::{self, MatchingRules, read_matching};
use super::valuation::{self, ValuationRules, read_valuation};

/// What the files declare about covering and paying.
#[derive(Clone, Debug, Default)]
pub struct LicensePolicies {
    pub matching: MatchingRules,
    pub valuation: ValuationRules,
}

impl LicensePolicies {
    pub(super) const KEYS: [KeyShape; 2] = [
        key("matching", Shape::Map(matching::KEYS)),
        key("valuation", Shape::Map(valuation::KEYS)),
    ];

    /// Reads the two keys of each file. Later files come behind earlier ones, and their single values hold.
    ///
    /// # Errors
    /// Everything that is wrong with the files.
    pub fn read(texts: &[RuleText]) -> Result<Self, Vec<Finding>> {
        super::LicenseRules::read(texts, &[]).map(|rules| rules.policies)
    }

    /// Adds what one of the files says.
    pub(super) fn add(&mut self, file: &Mapping<'_>, sink: &mut Sink) {
        if let Some(found) = file.get("matching").and_then(|node| read_matching(node, sink)) {
            self.matching = std::mem::take(&mut self.matching).and(found);
        }
        if let Some(found) = file.get("valuation").and_then(|node| read_valuation(node, sink)) {
            self.valuation = std::mem::take(&mut self.valuation).and(found);
        }
    }
}

/// Path and text of what costbook brings along: ladders of editions, plans, excuses.
#[must_use]
pub fn shipped_policies() -> RuleText {
    crate::rules::shipped::license_rule("matching.yaml")
}
