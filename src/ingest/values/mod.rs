//! What a column map makes of a header, and of each row behind it.
//!
//! ```text
//! header      the names of a file: which of a map's stand there, what is odd
//! binding     a map meets a header: names become positions
//! recipe      how to value the rows of one file, where anything is derived
//!   valuation terms, cases and inputs, bound to positions
//!   case_memo what conditions said about a text
//!   further   charges that a row stands for beside its own
//! numbers, dates   amounts and days as bills write them
//! spread      a row whose cost is for several months
//! examples    a map's own examples, run
//! ```
//!
//! Knows neither CSV nor Parquet: fields of a row are asked through `Fields`.
//!
//! Invariants: a map that derives nothing of a file leaves no trace; unknown is not zero.

pub(in crate::ingest) mod binding;
mod case_memo;
pub(in crate::ingest) mod dates;
pub(in crate::ingest) mod examples;
pub(in crate::ingest) mod further;
pub(in crate::ingest) mod header;
pub(in crate::ingest) mod numbers;
pub(in crate::ingest) mod recipe;
pub(in crate::ingest) mod spread;
pub(in crate::ingest) mod valuation;
