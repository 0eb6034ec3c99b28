//! The keys `matching` and `valuation` of license rule files, file by file and together.

use crate::diagnostics::Finding;
use crate::rules::compile::RuleText;
use crate::rules::decode::{Mapping, entries};
use crate::rules::node::{self, Node};
use crate::rules::sink::Sink;

use super::matching::{MatchingRules, read_matching};
use super::valuation::{ValuationRules, read_valuation};

/// What the files declare about covering and paying.
#[derive(Clone, Debug, Default)]
pub struct LicensePolicies {
    pub matching: MatchingRules,
    pub valuation: ValuationRules,
}

impl LicensePolicies {
    /// Reads the two keys of each file; other keys are others' to read. Later files come behind
    /// earlier ones, and their single values hold.
    ///
    /// # Errors
    /// Everything that is wrong with the two keys, of all files.
    pub fn read(texts: &[RuleText]) -> Result<Self, Vec<Finding>> {
        let mut sink = Sink::default();
        let mut found = Self::default();
        for text in texts {
            let root = node::parse(&text.path, &text.text, &mut sink);
            let Some(file) = root.and_then(|root| read_file(&root, &mut sink)) else { continue };
            found.matching = found.matching.and(file.matching);
            found.valuation = found.valuation.and(file.valuation);
        }
        sink.finish(Some(found))
    }
}

fn read_file(root: &Node, sink: &mut Sink) -> Option<LicensePolicies> {
    let all = entries(root, "a license rule file", sink)?;
    let known: Vec<&str> = all.iter().map(|(key, _)| key.text.as_str()).collect();
    let map = Mapping::read(root, "a license rule file", &known, sink)?;
    let matching = match map.get("matching") {
        Some(node) => read_matching(node, sink),
        None => Some(MatchingRules::default()),
    };
    let valuation = match map.get("valuation") {
        Some(node) => read_valuation(node, sink),
        None => Some(ValuationRules::default()),
    };
    Some(LicensePolicies { matching: matching?, valuation: valuation? })
}

/// Path and text of what costbook brings along: ladders of editions, plans, excuses.
#[must_use]
pub fn shipped_policies() -> RuleText {
    RuleText {
        path: "shipped:rules/licenses/matching.yaml".into(),
        text: include_str!("../../../rules/licenses/matching.yaml").into(),
    }
}
