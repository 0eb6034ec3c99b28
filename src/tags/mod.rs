//! Governed dimensions: what a charge's tags, columns and metadata mean by the project's rules.
//!
//! ```text
//! object              one JSON object of tags → keys and values
//! Dimensions          every field that rules ask → where it comes from, ready to be resolved
//! Resolved            all field values of one charge, dimensions and their provenance included
//! ```
//!
//! Owns aliases, inheritance, allowed values and the provenance of each value. May use `domain`,
//! `rules` and of `ingest` the charge's texts and metadata tables. Knows nothing of allocation.
//!
//! Order: columns and tags, then metadata along their joins, then dimensions as declared, because
//! each may be asked by the next and by none before it.
//!
//! Invariants: resolving is a pure function of texts, source and the stretch of days between two
//! change days; the value found is never altered but by the declared case and map.

mod dimensions;
mod object;
mod resolved;

pub use dimensions::Dimensions;
pub use object::BadTags;
pub use resolved::{Provenance, Resolved};
