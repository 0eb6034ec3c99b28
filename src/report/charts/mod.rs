//! The charts, as SVG that needs no font library and no script.
//!
//! ```text
//! canvas              plotters' SVG backend, with title and description for screen readers
//! scale               values to pixels, and round ticks
//! label               names and figures as short, harmless text
//! series              cost by owner and month: the largest owners and the rest
//! owners              stacked columns of the series
//! flow                bands from providers through pools to who bears it
//! pareto              bars of what is unallocated, with a cumulative line
//! entitled            bars of what is used of what is owned, by product
//! expiry              contracts on a line of time
//! ```
//!
//! The only place of this room with floats: an amount becomes one in `scale`, to be a pixel.
//! Figures that are written beside the marks come from the amounts themselves.

mod canvas;
mod entitled;
mod expiry;
pub(super) mod flow;
mod label;
mod owners;
mod pareto;
mod scale;
mod series;

use crate::diagnostics::Finding;

use super::Facts;
use super::licenses::Duties;
use super::sink::Sink;
use super::unallocated::Unallocated;

pub(super) fn write(
    facts: &Facts,
    unallocated: &[Unallocated],
    sink: &mut Sink,
) -> Result<(), Finding> {
    sink.bytes("charts/cost_by_owner.svg", owners::draw(facts)?.as_bytes())?;
    sink.bytes("charts/unallocated_pareto.svg", pareto::draw(facts, unallocated)?.as_bytes())
}

/// The charts of licenses; each only where there is something to draw.
pub(super) fn write_duties(duties: &Duties<'_>, sink: &mut Sink) -> Result<(), Finding> {
    if !duties.standings.is_empty() {
        let svg = entitled::draw(duties)?;
        sink.bytes("charts/license_entitled.svg", svg.as_bytes())?;
    }
    if duties.terms.iter().any(|terms| terms.last_day.is_some()) {
        sink.bytes("charts/license_expiry.svg", expiry::draw(duties)?.as_bytes())?;
    }
    Ok(())
}
