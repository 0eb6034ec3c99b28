//! Tables about licenses.

mod unrecognised;

pub use unrecognised::write_unrecognised;
