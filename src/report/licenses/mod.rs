//! Licenses as files: the position, what covered what and why, what over-use costs; contracts, warnings and their days.
//!
//! Takes what `licenses` made and adds no figure of its own. Numbers are decimals where they come out even, else
//! fractions such as `1/3`; money is rounded once, to minor units, half up.

mod duties;
mod evidence;
mod explain;
mod json;
mod matches;
mod position;
mod purchases;
mod quarantined;
#[cfg(test)]
mod tests;
mod text;
mod unrecognised;
mod valuation;
mod whole;

use std::path::Path;

use num_bigint::BigInt;

use crate::diagnostics::Finding;
use crate::domain::{Amount, Currency};
use crate::licenses::{Matched, Number, Position, Valued, plain, rounded};
use crate::rules::licenses::HouseRounding;

use super::sink::{Sink, WrittenFile};

pub use duties::{Duties, write_duties};
pub use evidence::{evidence_folder, write_evidence};
pub use explain::{Node, NodeCut, Trace, Trail, license_json, license_text};
pub use json::LicenseTable;
pub use quarantined::write_license_quarantine;
pub use unrecognised::write_unrecognised;
pub use whole::LicenseReports;

/// What the files are made of.
#[derive(Clone, Copy, Debug)]
pub struct LicenseFacts<'a> {
    pub positions: &'a [Position],
    pub matched: &'a Matched,
    pub valued: &'a [Valued],
}

/// Writes `license_position.csv` and `license_matches.csv`; where a cover was solved for the least cost,
/// `license_purchases.csv`; where policies value anything, `license_valuation.csv`; and the checksums of all, into a
/// directory that has none of them.
///
/// # Errors
/// A file that cannot be written.
pub fn write_licenses(
    directory: &Path,
    facts: &LicenseFacts<'_>,
) -> Result<Vec<WrittenFile>, Finding> {
    let mut sink = Sink::new(directory);
    write_into(facts, &mut sink)?;
    sink.finish()
}

/// [`write_licenses`], for a directory that holds other files too.
pub(super) fn write_into(facts: &LicenseFacts<'_>, sink: &mut Sink) -> Result<(), Finding> {
    position::write(facts.positions, sink)?;
    matches::write(facts.matched, sink)?;
    purchases::write(facts.matched, sink)?;
    if facts.valued.is_empty() {
        return Ok(());
    }
    valuation::write(facts.valued, sink)
}

/// A number, or what stands where there is none.
fn number(number: Option<&Number>, none: &str) -> String {
    number.map_or_else(|| none.to_owned(), plain)
}

fn text(text: Option<&std::sync::Arc<str>>) -> String {
    text.map_or_else(String::new, ToString::to_string)
}

/// Money in minor units; blank where it is not known.
fn money(exact: Option<&Number>, currency: Option<Currency>) -> String {
    let found = exact.zip(currency);
    let amount: Option<Amount> =
        found.and_then(|(exact, currency)| rounded(exact, currency, HouseRounding::HalfUp));
    amount.map_or_else(String::new, |amount| amount.to_string())
}

/// A ratio with two digits, rounded half to even.
fn percent(ratio: Option<&Number>) -> String {
    let fixed = |ratio: &Number| super::decimal::fixed(ratio.numer(), ratio.denom(), 2);
    ratio.and_then(fixed).unwrap_or_default()
}

/// A share of one as percent.
fn share_percent(share: Option<&Number>) -> String {
    percent(share.map(|share| share * Number::from_integer(BigInt::from(100))).as_ref())
}
