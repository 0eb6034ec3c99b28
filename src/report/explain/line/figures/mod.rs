//! Figures that take more than the sum of another table's lines, by the table that they stand in.

pub(super) mod commitment;
pub(super) mod conservation;
pub(super) mod dataset;
pub(super) mod detail;
pub(super) mod exchange;
pub(super) mod invoice;
pub(super) mod kpi;
pub(super) mod reciprocal;
pub(super) mod showback;
pub(super) mod trace;
pub(super) mod weights;
pub(super) mod worklist;

use crate::diagnostics::Span;

fn place(span: &Span) -> String {
    format!("{}:{}", span.path, span.line)
}
