//! Tables about licenses.

mod quarantined;
mod unrecognised;

pub use quarantined::write_license_quarantine;
pub use unrecognised::write_unrecognised;
