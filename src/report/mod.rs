//! From figures to files: CSV, charts, `run.json`, manifest and checksums, published by one rename.
//!
//! ```text
//! Facts               everything a run knows, lent to this room
//! frame               lines and cells as polars frames, with exact sums
//! write               facts → a directory of files
//! publish             directory → `out/<period>`, by one rename
//! ```
//!
//! Owns files, columns and their order. Reads no input and computes no figure that is not a sum,
//! difference or ratio of given ones. Nothing imports this room but `cli`.
//! Order: figures before files, files before checksums, checksums before the rename, because a
//! reader must never see a directory that its own `SHA256SUMS` does not cover.

use std::collections::BTreeMap;

use crate::allocate::{Allocation, ConservationRow, Cube, PeriodTotal};
use crate::diagnostics::Finding;
use crate::domain::{Org, Period};
use crate::ingest::ScanReport;
use crate::rules::{Project, RuleSet};

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
    pub conservation: &'a [ConservationRow],
    pub totals: &'a [PeriodTotal],
    /// All findings of the run, those of files included.
    pub findings: &'a [Finding],
    /// Project file, rule files, column maps, tables of owners and metadata.
    pub inputs: &'a [InputFile],
}

/// A text input of the run, for the manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFile {
    /// `project`, `rules`, `column map`, `owners`, `metadata`.
    pub kind: &'static str,
    pub path: String,
    pub sha256: String,
    pub bytes: u64,
}
