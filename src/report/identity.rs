//! What a run is known by: hashes of what went into it.

use sha2::{Digest, Sha256};

use super::Facts;
use super::sink::hex;

/// Raised whenever the same inputs would give other bytes than before.
const OUTPUT_FORMAT: u32 = 1;
/// Kinds of text inputs that say what is done; the others say what it is done to.
const RULE_KINDS: [&str; 7] = [
    "project",
    "rules",
    "column map",
    "license pack",
    "license rules",
    "license table",
    "license calendar",
];
/// Hex digits of a run id: enough to tell runs apart, short enough for a file name.
const RUN_ID_DIGITS: usize = 16;

/// The run's id: the same for the same inputs, rules, period and output format.
#[must_use]
pub fn run_id(facts: &Facts) -> String {
    let mut lines: Vec<String> = vec![
        format!("format {OUTPUT_FORMAT}"),
        format!("version {}", env!("CARGO_PKG_VERSION")),
        format!("period {}", facts.period),
    ];
    let bill = |file: &crate::ingest::FileReport| {
        format!("bill {:?} {:?} {}", file.source, file.path, file.sha256)
    };
    lines.extend(facts.scan.files.iter().map(bill));
    let manifests = facts.scan.deliveries.iter().flat_map(|found| &found.delivery.manifests);
    lines.extend(manifests.map(|id| format!("delivery {:?} {}", id.path, id.sha256)));
    lines.extend(input_lines(facts, |_| true));
    digest(lines)[..RUN_ID_DIGITS].to_owned()
}

/// One hash over project file, rule files and column maps.
pub(super) fn rules_hash(facts: &Facts) -> String {
    digest(input_lines(facts, |kind| RULE_KINDS.contains(&kind)))
}

fn input_lines(facts: &Facts, wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let inputs = facts.inputs.iter().filter(|input| wanted(input.kind));
    inputs.map(|input| format!("{} {:?} {}", input.kind, input.path, input.sha256)).collect()
}

/// The order in which inputs were found is no part of what a run is.
fn digest(mut lines: Vec<String>) -> String {
    lines.sort_unstable();
    hex(&Sha256::digest(lines.join("\n")))
}
