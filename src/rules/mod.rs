//! The declarative language: texts in, a checked [`RuleSet`] out, every error at once.
//!
//! ```text
//! Project             costbook.yaml, checked
//!   SourceDecl        a name, a format, patterns of files
//!     DeliveryPolicy  which of several deliveries count
//!     Days            the days that must have charges
//!   MetadataDecl      a table that joins attributes to an entity
//!   ExchangeDecl      by which rates other currencies are converted
//!   InvoicesDecl      provider invoices to reconcile with
//!   DriverDecl        who used how much of what is shared
//!     DriverExport    what is read of an export in a known format
//! ColumnMap           how a provider's export becomes FOCUS columns
//!   ManifestShape     how a provider says which files belong together
//! RuleSet             the project's rules, compiled: names resolved, order fixed
//!   Field             everything a rule can ask of a charge
//!   Condition         a typed question over fields
//!   Dimension         a governed column
//!   ComponentRule     which kind of cost a charge is
//!   ClassifyRule      who bears a charge: an owner or a pool
//!   Pool              how shared cost is split
//!   Stage             in which order
//!   CostView          which cost showback is about
//!   RuleTest          an example that the rules carry
//! licenses            what is owned and used, how products are recognised, metrics and their tables
//! shipped             what costbook brings along: column maps, components
//! schema              the language as JSON Schema, for editors
//! ```
//!
//! Order: a text becomes a tree of nodes with spans; the tree becomes raw declarations (shapes
//! checked); raw declarations become a `RuleSet` (names resolved), because a dimension may be used
//! in a file that is read before the one that declares it.
//!
//! May use `domain` and `diagnostics`. Knows no rows, no disk and no clock: it is given texts and an
//! `Org`, and asks fields through the [`Values`] trait. A compiled `RuleSet` cannot hold a name that resolves to nothing.

mod column_map;
mod compile;
mod condition;
mod dated;
mod decode;
mod delivery;
mod driver_export;
mod driver_licenses;
mod drivers;
mod exchange;
mod fields;
mod headers;
mod implies;
mod invoices;
pub mod licenses;
mod limits;
mod model;
mod names;
mod node;
mod pattern;
mod project;
mod read_delivery;
mod read_map;
#[cfg(test)]
mod reference;
mod schema;
mod shape;
mod sharing;
pub mod shipped;
mod sink;
#[cfg(test)]
mod testing;
mod usage;
mod when;
mod workbook;
mod zone;

pub use column_map::{
    Case, Citation, ColumnMap, ColumnSource, Dataset, DateSpelling, Derivation, DerivedFrom,
    Exclusion, Expectation, ExpectedTexts, FocusVersion, FurtherCharge, InputRef, MapColumn,
    MapExample, NumberSpelling, PeriodEnd, Recognition, Spread, SpreadBy, Substitution, TagShape,
    TagSource, Term, View,
};
pub use compile::{DriverScope, Entity, RuleText, Scope, compile};
pub use condition::{CaseRule, Condition, Test, Values};
pub use dated::DatedTexts;
pub use delivery::{
    Days, DeliveryPolicy, ManifestExample, ManifestShape, fill_period, names_month,
};
#[cfg(test)]
pub(crate) use driver_export::shipped_export_examples;
pub use driver_export::{
    DriverExport, DriverFormat, KeyedColumns, Measure, Property, SpecialPolicy,
};
pub use driver_licenses::{DriverOfLicenses, HolderField, UnknownUse, UserOf};
#[cfg(test)]
pub(crate) use drivers::shipped_driver_examples;
pub use drivers::{DriverColumns, DriverDecl, DriverField, DriverShape};
pub use exchange::ExchangeDecl;
pub use headers::{HeaderField, Headers, header_position, header_spellings, is_same_header};
#[cfg(test)]
pub(crate) use invoices::shipped_invoices;
pub use invoices::{AcceptedVariance, InvoiceColumns, InvoiceField, InvoicesDecl};
pub use model::{
    ClassifyRule, ComponentRule, CostView, Dimension, DimensionId, DimensionRule, Expected, Field,
    FieldId, List, OnInvalid, Outcome, OwnerChoice, PoolId, RuleId, RuleSet, RuleTest, ValueChoice,
    ValueSet,
};
pub use pattern::Glob;
pub use project::{DatasetForm, FormatName, MetadataDecl, Project, SourceDecl};
pub use schema::{SchemaOf, schema};
pub use sharing::{
    Base, Cutoff, CutoffInto, DatedShares, DriverUse, Pool, PoolName, Price, Receivers,
    SplitMethod, Stage, Target, Tier, ZeroDriver,
};
pub use usage::FieldUse;
pub use workbook::{SheetPlace, WorkbookShape};
pub use zone::{NoZone, Zone};
