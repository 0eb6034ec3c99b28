//! `costbook licenses`: owned against used, from tables to files.
//!
//! ```text
//! load                rules, packs, calendars and tables of a project
//! spent               what bills say of commitments
//! outcome             all of it on a day
//! command             what is asked of it
//! explain             where figures come from, and their evidence
//! ```

mod command;
mod explain;
mod load;
mod spent;

use crate::diagnostics::{Code, Finding};
use crate::domain::Period;
use crate::licenses::{Beside, Given, LicenseOutcome, assess};

use super::load::Loaded;

pub(super) use command::licenses;
pub(super) use load::LoadedLicenses;
pub(super) use spent::{burns, spent};

/// Everything about the licenses of a project on the last day of a month, with what bills tell beside its tables.
///
/// # Errors
/// A project that declares no licenses.
pub(super) fn outcome(
    project: &Loaded,
    period: Period,
    beside: &Beside,
) -> Result<LicenseOutcome, Vec<Finding>> {
    let Some(LoadedLicenses { rules, calendars, told, .. }) = &project.licenses else {
        let finding = Finding::new(Code::MissingKey, "the project declares no `licenses`");
        let help =
            "add `licenses:` with `inputs` to costbook.yaml; docs/licenses-inputs.md tells how";
        return Err(vec![finding.help(help)]);
    };
    Ok(assess(&Given { day: period.last(), rules, told, calendars, beside }))
}
