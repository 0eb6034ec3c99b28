//! What is worth knowing about rules before anybody relies on them.
//!
//! ```text
//! order       rules that can never be asked, or never decide: proved from the rules alone
//! declared    what leads nowhere: lists, dimensions, pools, receivers that are closed
//! overlap     which rules match the same charges of the bills at hand, with money (a `Sink`)
//! data        what the bills at hand say of the rules: overlaps, rules without a match, uncovered money
//! ```
//!
//! Order: proofs before data, because a rule that can never be asked needs no second finding that
//! it matched nothing. Invariant: no false alarm; what cannot be proved is not told, and what is told
//! of charges was counted.

mod data;
mod declared;
mod order;
mod overlap;

use crate::diagnostics::Finding;
use crate::domain::{Org, Period};
use crate::rules::RuleSet;

pub use data::{Uncovered, lint_data, uncovered};
pub use overlap::{OverlapFinder, Overlaps, overlaps};

/// What the rules alone tell. The month matters for cost centers that are closed in it.
#[must_use]
pub fn lint_rules(rules: &RuleSet, org: &Org, month: Period) -> Vec<Finding> {
    let mut found = order::findings(rules);
    found.extend(declared::findings(rules, org, month));
    found
}

fn quoted(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [all @ .., last] if !all.is_empty() => format!("{} and {last}", all.join(", ")),
        _ => quoted.concat(),
    }
}

#[cfg(test)]
mod tests;
