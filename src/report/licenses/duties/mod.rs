//! What contracts and licenses ask for, as files: registers, burn-down, warnings, a calendar, charts.
//!
//! Numbers are written in full where their digits end, else rounded half to even to twelve. The same figures give the same bytes: the
//! calendar is stamped with the day of the position and not with a clock.

mod burndown;
mod calendar;
mod contracts;
mod text;
mod warnings;

use std::path::Path;

use chrono::NaiveDate;

use crate::diagnostics::Finding;
use crate::licenses::{BurnDown, Standing, Terms, Warning};

use crate::report::charts;
use crate::report::sink::{Sink, WrittenFile};

/// Everything that is written of duties.
#[derive(Clone, Copy, Debug)]
pub struct Duties<'a> {
    /// Heads charts.
    pub organisation: &'a str,
    /// The day of the position.
    pub day: NaiveDate,
    pub terms: &'a [Terms],
    pub burn_downs: &'a [BurnDown],
    pub standings: &'a [Standing],
    pub warnings: &'a [Warning],
}

/// Writes registers, warnings, calendar and charts into a directory that exists and holds none of them, with checksums.
///
/// # Errors
/// [`Code::OutputFailed`](crate::diagnostics::Code::OutputFailed) where a file cannot be written.
pub fn write_duties(duties: &Duties<'_>, directory: &Path) -> Result<Vec<WrittenFile>, Finding> {
    let mut sink = Sink::new(directory);
    write(duties, &mut sink)?;
    sink.finish()
}

/// Writes the same beside the other files of a sink.
pub(in crate::report) fn write(duties: &Duties<'_>, sink: &mut Sink) -> Result<(), Finding> {
    contracts::write(duties, sink)?;
    burndown::write(duties, sink)?;
    warnings::write(duties, sink)?;
    sink.bytes("contracts.ics", calendar::calendar(duties).as_bytes())?;
    charts::write_duties(duties, sink)
}

#[cfg(test)]
mod tests;
