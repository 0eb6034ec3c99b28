//! Licenses as they are declared: which tables tell what is owned and used, and how products are
//! recognised.
//!
//! ```text
//! LicensesDecl        `licenses:` of the project file
//!   InputDecl         tables of one kind, and how their columns become ours
//! ProductRules        raw names and SKUs → products, dated
//! CloudFacts          which license a charge of a cloud bill pays for, or brings
//! ```
//!
//! Order: a shipped format is read first, and what an input declares itself goes before it.

mod cloud;
mod fields;
mod formats;
mod inputs;
mod products;
mod project;

pub use cloud::{CloudAsk, CloudCitation, CloudFact, CloudRule, CloudRules, LicenseModel};
pub use fields::{CONTRACT_KINDS, FieldType, InputField, InputKind, LICENSE_KINDS, USE_RIGHTS};
#[cfg(test)]
pub(crate) use formats::shipped_format_examples;
pub use inputs::{CellSpelling, ColumnFrom, EndDay, InputColumn, InputDecl, OnBadRow, PriceBasis};
pub use products::{Named, ProductPattern, ProductRule, ProductRules};
pub use project::LicensesDecl;
pub(super) use project::{KEYS, read_licenses};
