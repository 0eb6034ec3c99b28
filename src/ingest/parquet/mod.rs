//! Parquet: from a file's footer to judged rows, a row group at a time.
//!
//! ```text
//! footer      what the file says of itself (thrift), held against itself
//! pages       what its pages say, before anything is unpacked
//! parts       which part of which file is read next
//!   delta     lists of lengths within a page
//! fields      columns of the file, and children of nested ones, by name
//! file        row groups → rows
//!   column    one column of a row group, dictionaries kept
//!   nested    lists and maps as JSON
//!   whole     rows of a group judged by column, where nothing is derived
//! table       a small file as texts
//! ```
//!
//! Invariants: the decoder sees only what was looked at; memory is bounded by row groups.

pub(in crate::ingest) mod column;
mod delta;
pub(in crate::ingest) mod fields;
pub(in crate::ingest) mod file;
mod footer;
mod nested;
mod pages;
pub(in crate::ingest) mod parts;
pub(in crate::ingest) mod table;
mod thrift;
mod whole;
