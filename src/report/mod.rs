//! From figures to files: CSV, charts, `run.json`, manifest and checksums, published by one rename.
//!
//! ```text
//! Facts               everything a run knows, lent to this room
//! flow                the flow of cost as a graph, and as text that draws it
//! frame               the border to polars, with exact sums
//! digest              the one pass over the cube for everything small
//! showback, detail    who bears what, as a table and cell by cell
//! unallocated         the worklist of cost without owner, with suggested rules
//! exchange            which rates were used, and what rounding took
//! proof               trace, conservation, quarantine
//! reconciliation      invoices against bills
//! kpi, coverage       figures and ratios
//! licenses            owned against used, what covers what, what over-use costs, what no rule knows
//! commitments         what they cost, who used them, what they saved
//! charts              SVG
//! licenses            contracts, their commitments and days, warnings of licenses
//! allocated_focus     the bill with its pools' charges in parts, as CSV and Parquet, on request
//! run_json, manifest  the run and its inputs, for machines
//! summary             the month in a few lines
//! plan                two states of a month, held against each other
//! changes             what a run has that the published reports had not
//! write               facts → a directory of files, by way of the sink that hashes them
//! OutputFolder        the folder of all reports: one writer, no trace of torn runs
//! publish             directory → `out/<period>`, by rename
//! ```
//!
//! Owns files, columns and their order. Reads no input and computes no figure that is not a sum,
//! difference or ratio of given ones. Nothing imports this room but `cli`.
//! Order: figures before files, files before checksums, checksums before the rename, because a
//! reader must never see a directory that its own `SHA256SUMS` does not cover.

mod allocated_focus;
mod allocated_parquet;
mod changes;
mod charts;
mod commitments;
mod coverage;
mod decimal;
mod detail;
mod digest;
mod exchange;
pub mod explain;
mod flow;
mod frame;
mod identity;
mod kpi;
mod licenses;
mod manifest;
mod output;
mod party;
pub mod plan;
mod proof;
mod publish;
mod quarantined;
mod reciprocal;
mod reconciliation;
mod run_json;
mod showback;
mod sink;
mod standing;
mod suggest;
mod summary;
#[cfg(test)]
mod testkit;
#[cfg(test)]
mod tests;
mod unallocated;
mod uncovered;
mod write;

pub use allocated_focus::{AllocatedFocus, DatasetFormat, Scratch};
pub use changes::{SourceChange, changes};
pub use flow::{FlowScope, flow_mermaid};
pub use identity::run_id;
pub use licenses::{
    Duties, LicenseFacts, LicenseReports, LicenseTable, Node, NodeCut, Trace, Trail,
    evidence_folder, license_json, license_text, write_duties, write_evidence,
    write_license_quarantine, write_licenses, write_unrecognised,
};
pub use output::OutputFolder;
pub use publish::{Published, publish};
pub use sink::WrittenFile;
pub use summary::summary;
pub use uncovered::uncovered_money;
pub use write::{Written, write, write_with};

use std::collections::BTreeMap;

use crate::allocate::{Allocation, ConservationRow, Conversions, Cube, PeriodTotal};
use crate::diagnostics::Finding;
use crate::domain::{Org, Period};
use crate::ingest::ScanReport;
use crate::reconcile::Reconciled;
use crate::rules::{Project, RuleSet};

/// The flow of a month's cost as a picture, in SVG.
///
/// # Errors
/// [`Code::OutputFailed`](crate::diagnostics::Code::OutputFailed), never in practice.
pub fn flow_svg(facts: &Facts<'_>, scope: &FlowScope) -> Result<String, Finding> {
    charts::flow::draw(facts, scope)
}

/// Everything a run knows, lent to the reports.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    pub project: &'a Project,
    pub rules: &'a RuleSet,
    pub org: &'a Org,
    pub period: Period,
    pub scan: &'a ScanReport,
    pub cube: &'a Cube,
    /// The allocation of each month at hand, the period among them.
    pub months: &'a BTreeMap<Period, Allocation>,
    pub conversions: &'a Conversions,
    pub conservation: &'a [ConservationRow],
    pub totals: &'a [PeriodTotal],
    pub reconciled: &'a Reconciled,
    /// All findings of the run, those of files included.
    pub findings: &'a [Finding],
    /// Project file, rule files, column maps, tables of owners and metadata.
    pub inputs: &'a [InputFile],
    /// The table of what rights are charged, which the scan read as a bill.
    pub license_charges: Option<&'a [u8]>,
    /// Owned against used, where the project declares licenses.
    pub licenses: Option<LicenseReports<'a>>,
}

/// A text input of the run, for the manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFile {
    /// `project`, `rules`, `column map`, `owners`, `metadata`, `exchange rates`,
    /// `invoices`, `drivers`; of licenses `license pack`, `license rules`, `license table`,
    /// `license calendar`, `license products`, `licenses`.
    pub kind: &'static str,
    pub path: String,
    pub sha256: String,
    pub bytes: u64,
}
