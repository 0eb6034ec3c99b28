//! Facts into a directory of files.

use std::fs;
use std::panic::resume_unwind;
use std::path::Path;

use crate::diagnostics::Finding;
use crate::licenses::CHARGES_TABLE;

use super::Facts;
use super::allocated_focus::AllocatedFocus;
use super::digest::Digest;
use super::identity::run_id;
use super::showback::Showback;
use super::sink::{Sink, WrittenFile, failed};
use super::{
    allocated_focus, charts, commitments, detail, exchange, kpi, manifest, proof, reciprocal,
    reconciliation, run_json, unallocated,
};

/// What was written into a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub run_id: String,
    /// Every file, sorted by name, `SHA256SUMS` last.
    pub files: Vec<WrittenFile>,
}

/// Writes every report into `directory`, which exists and is empty, by so many threads. The same
/// facts give the same bytes: nothing in them tells when, where or how fast they were written.
///
/// # Errors
/// [`Code::OutputFailed`](crate::diagnostics::Code::OutputFailed) where a file cannot be written;
/// what was written so far is of no use then.
pub fn write(facts: &Facts, threads: usize, directory: &Path) -> Result<Written, Finding> {
    write_with(facts, None, threads, directory)
}

/// [`write`], with an allocated FOCUS dataset of the same run.
///
/// # Errors
/// As [`write`], or [`Code::ConservationBroken`](crate::diagnostics::Code::ConservationBroken)
/// where the dataset does not tie.
pub fn write_with(
    facts: &Facts,
    dataset: Option<AllocatedFocus>,
    threads: usize,
    directory: &Path,
) -> Result<Written, Finding> {
    must_be_empty(directory)?;
    // The detail waits for the disk and for its hash; all other files are made meanwhile.
    let (detail, others) = std::thread::scope(|scope| {
        let detail = scope.spawn(|| {
            let mut sink = Sink::new(directory);
            detail::write(facts, threads, &mut sink).map(|()| sink)
        });
        let others = write_others(facts, Sink::new(directory));
        (detail.join().unwrap_or_else(|panic| resume_unwind(panic)), others)
    });
    let mut sink = others?.and(detail?);
    if let Some(mut dataset) = dataset {
        allocated_focus::write(facts, &mut dataset, &mut sink)?;
    }
    Ok(Written { run_id: run_id(facts), files: sink.finish()? })
}

/// Every file that [`write_with`] writes, in memory, by name: for who looks and publishes nothing.
pub(in crate::report) fn in_memory(
    facts: &Facts,
    dataset: Option<AllocatedFocus>,
    threads: usize,
) -> Result<Vec<(String, Vec<u8>)>, Finding> {
    let mut sink = write_others(facts, Sink::in_memory())?;
    detail::write(facts, threads, &mut sink)?;
    if let Some(mut dataset) = dataset {
        allocated_focus::write(facts, &mut dataset, &mut sink)?;
    }
    Ok(sink.kept())
}

/// Everything but the detail.
fn write_others(facts: &Facts, mut sink: Sink) -> Result<Sink, Finding> {
    let showback = Showback::of(facts)?;
    let digest = Digest::of(facts);
    let unallocated = unallocated::list(facts, &digest);
    showback.write(facts, &mut sink)?;
    unallocated::write(facts, &unallocated, &mut sink)?;
    proof::write_trace(facts, &mut sink)?;
    reciprocal::write(facts, &mut sink)?;
    proof::write_conservation(facts, &mut sink)?;
    exchange::write(facts, &mut sink)?;
    reconciliation::write(facts, &mut sink)?;
    proof::write_quarantine(facts, &mut sink)?;
    commitments::write(facts, &mut sink)?;
    kpi::write(facts, &showback, &mut sink)?;
    charts::write(facts, &unallocated, &mut sink)?;
    if let Some(table) = facts.license_charges {
        sink.bytes(CHARGES_TABLE, table)?;
    }
    if let Some(licenses) = &facts.licenses {
        licenses.write_into(&mut sink)?;
    }
    run_json::write(facts, &mut sink)?;
    manifest::write(facts, &mut sink)?;
    Ok(sink)
}

fn must_be_empty(directory: &Path) -> Result<(), Finding> {
    let mut entries = fs::read_dir(directory).map_err(|error| failed("reports", &error))?;
    match entries.next() {
        None => Ok(()),
        Some(_) => Err(failed("reports", &"the directory to write into is not empty")),
    }
}
