//! All files about licenses of a run, in one call.

use std::io;
use std::path::Path;

use crate::diagnostics::Finding;
use crate::licenses::{LicenseOutcome, Told};
use crate::report::sink::{Sink, WrittenFile, failed};

use super::{Duties, LicenseFacts, duties, write_into};
use super::{quarantined::write_license_quarantine, unrecognised::write_unrecognised};

/// Everything about the licenses of a day, lent to the reports.
#[derive(Clone, Copy, Debug)]
pub struct LicenseReports<'a> {
    /// Heads charts and texts.
    pub organisation: &'a str,
    pub told: &'a Told,
    pub outcome: &'a LicenseOutcome,
}

impl LicenseReports<'_> {
    /// Writes every file into a directory that holds none of them, with checksums; makes it where it is not there.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, directory: &Path) -> Result<Vec<WrittenFile>, Finding> {
        std::fs::create_dir_all(directory).map_err(|error| failed("licenses", &error))?;
        let mut sink = Sink::new(directory);
        self.write_into(&mut sink)?;
        sink.finish()
    }

    /// The bytes of one of the files; `None` where there is no such file.
    ///
    /// # Errors
    /// Only those of writing, which memory does not have.
    pub fn file(&self, name: &str) -> Result<Option<Vec<u8>>, Finding> {
        let mut sink = Sink::in_memory();
        self.write_into(&mut sink)?;
        let mut files = sink.kept().into_iter();
        Ok(files.find(|(own, _)| own == name).map(|(_, bytes)| bytes))
    }

    pub(in crate::report) fn write_into(&self, sink: &mut Sink) -> Result<(), Finding> {
        let outcome = self.outcome;
        let facts = LicenseFacts {
            positions: &outcome.positions,
            matched: &outcome.matched,
            valued: &outcome.valued,
        };
        write_into(&facts, sink)?;
        let duties = Duties {
            organisation: self.organisation,
            day: outcome.day,
            terms: &outcome.terms,
            burn_downs: &outcome.burn_downs,
            standings: &outcome.standings,
            warnings: &outcome.warnings,
        };
        duties::write(&duties, sink)?;
        let told = self.told;
        sink.stream("license_unrecognised.csv", |file| {
            write_unrecognised(told, file).map_err(io::Error::from)
        })?;
        sink.stream("license_quarantine.csv", |file| {
            write_license_quarantine(told, file).map_err(io::Error::from)
        })
    }
}
