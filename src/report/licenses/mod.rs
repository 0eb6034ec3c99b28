//! Licenses as files.
//!
//! ```text
//! duties              registers of contracts and commitments, warnings, a calendar, charts
//! ```

mod duties;

pub use duties::{Duties, write_duties};
