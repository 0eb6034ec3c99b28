//! JSON in bills: lines of it, and texts of it inside of a field.
//!
//! ```text
//! scan        one object, key by key, without a tree: tags, once per distinct text
//! lines       a file of objects, one a line → CSV
//!   columns   which columns there are
//! table       a small document of records: lines, a list, an answer of an API
//! literal     lists and objects in a field, as JSON or Python writes them
//! ```
//!
//! Invariants: numbers keep their spelling; what is no JSON is told, never guessed.

mod columns;
pub(in crate::ingest) mod lines;
pub(in crate::ingest) mod literal;
pub(in crate::ingest) mod scan;
pub(in crate::ingest) mod table;
