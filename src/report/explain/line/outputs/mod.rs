//! All tables of a run. A new table, or a new column, has its entry here: tests ask for an explanation
//! of every column of every table.

mod allocation;
mod licenses;
mod money;
mod proof;

use super::registry::Output;

/// In the order of `docs/outputs.md`.
pub(super) static OUTPUTS: [&Output; 24] = [
    &money::SHOWBACK,
    &money::DETAIL,
    &money::UNALLOCATED,
    &allocation::TRACE,
    &allocation::RECIPROCAL,
    &proof::CONSERVATION,
    &allocation::ALLOCATED_FOCUS,
    &allocation::ALLOCATED_FOCUS_TIE,
    &proof::EXCHANGE,
    &proof::RECONCILIATION,
    &proof::QUARANTINE,
    &money::COMMITMENTS,
    &money::COMMITMENT_USE,
    &proof::KPI,
    &licenses::POSITION,
    &licenses::MATCHES,
    &licenses::PURCHASES,
    &licenses::VALUATION,
    &licenses::UNRECOGNISED,
    &licenses::QUARANTINE,
    &licenses::CONTRACTS,
    &licenses::BURNDOWN,
    &licenses::BURNDOWN_MONTHS,
    &licenses::WARNINGS,
];
