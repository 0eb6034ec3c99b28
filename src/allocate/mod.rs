//! Classify into the cube, split shared cost, and prove that nothing was lost.
//!
//! ```text
//! Plan                what a scan must read, and where in time rules change
//! Kernel              one thread's charges → exact sums (a `Sink` of `ingest`)
//! assemble            kernels → Cube
//! Cube                exact sums by bearer × dimensions × day; lineage; worklist
//! allocate            Cube → Allocation of a month: lines and trace
//! convert             lines and trace in the report currency
//! lint                rules that cannot decide, overlap or miss money; `OverlapFinder` is its scan
//! RowFinder           the scan again, for the rows behind a figure
//! Sources, DriverRows what a division divides, and the driver rows that it goes by
//! FinalShares         divisions chained through pools, down to who bears a lot in the end
//! RowAllocator        the scan again, every charge with who bears it and shared ones in parts
//! MoveFinder          the scan again, decided by two sets of rules
//! ItemFinder          the scan again, for what was bought, how much of it and at what cost
//! prove               file accounts against cells, lines and trace
//! ```
//!
//! Owns who bears what and why. May use `domain`, `diagnostics`, `rules`, `tags`, and of `ingest`
//! charges and accounts. Knows nothing of journals or reports.
//!
//! Order: classification before sums, because the cube keeps sums only; all direct cost before any
//! pool, because proportional splits go by it; pools in their declared order, because a later one
//! may go by what earlier ones gave; conversion after allocation, because shares are decided in
//! the currency that was billed; the proof last and always.
//!
//! Invariants: the cube and everything after it are decided by inputs and rules alone, not by
//! threads, order of files or order of rows; a division's parts and residual sum to what was
//! divided; over all parties of a month, direct lines sum to the accepted input and shared lines to
//! zero.

mod allocated_rows;
mod assemble;
mod classify;
mod commitments;
mod committed;
mod conservation;
mod convert;
mod convert_shares;
mod cube;
mod decisions;
mod dropped;
mod examples;
mod final_shares;
mod findings;
mod focus_columns;
mod holdings;
mod items;
mod kernel;
mod lint;
mod matcher;
mod model;
mod moves;
mod names;
mod order;
mod pages;
mod plan;
mod pools;
mod price;
mod prints;
mod receivers;
mod reciprocal;
mod remainders;
mod rows;
mod scope_spend;
mod shared;
mod shares;
mod solve;
mod sources;
mod sums;
mod usage;
mod worklist;

pub use allocated_rows::{Piece, RowAllocator, RowTotals, Seen, Written};
pub use assemble::assemble;
pub use classify::{Decision, USAGE, classify};
pub use commitments::{CommitmentId, CommitmentKey, CommitmentPart, CommitmentSum};
pub use conservation::{broken, period_totals, prove};
pub use convert::{Conversions, ExchangeTotal, convert, prove_conversion};
pub use cube::{
    Bearer, Cell, Cube, Group, GroupCells, LineageKey, NameId, Reason, UnallocatedItem, Verdict,
};
pub use examples::{ExampleRun, run_examples};
pub use final_shares::{FinalShares, tolerance};
pub use findings::findings;
pub use focus_columns::{FOCUS_VERSION, FocusColumns, ValueKind};
pub use items::{Basket, Bought, Item, ItemFinder, ItemPlan, Measure, basket};
pub use kernel::Kernel;
pub use lint::{OverlapFinder, Overlaps, Uncovered, lint_data, lint_rules, overlaps, uncovered};
pub use model::{
    Allocation, ConservationRow, Division, Flow, Line, LotKey, Part, Party, PeriodTotal, Reported,
    Shares, TraceStep, Turnover, When,
};
pub use moves::{Decided, Move, MoveFinder, MovePlan, moves};
pub use order::order_faults;
pub use plan::Plan;
pub use pools::{Setting, allocate};
pub use rows::{FoundCell, FoundRow, RowFinder, Sought};
pub use scope_spend::{ScopeField, billed_by_month};
pub use sources::{DriverRows, Sources};
