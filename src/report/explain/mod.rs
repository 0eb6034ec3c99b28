//! Where a figure comes from: a tree that adds up at each level, to the digit.
//!
//! ```text
//! Branch              a label, its amounts and rows, where it is declared, what it is made of
//! of_owner, of_pool, of_unallocated
//!                     figures of a run → branches
//! text, json          branches → what is printed
//! line                any field of any table → what it is made of
//! ```
//!
//! The branches under one heading are one cut of their parent; a parent may be cut twice, by what
//! was charged and by file, and each cut sums to it.

mod branch;
mod json;
mod line;
mod origin;
mod text;
mod tree;

pub use branch::{Branch, Cut};
pub use json::json;
pub use line::{Explainer, FindRows, LineTold, Lines, Told, lines_json, lines_text};
pub use text::text;
pub use tree::{of_owner, of_pool, of_unallocated, rows_table};
