//! `costbook.yaml`, checked.

use crate::diagnostics::Span;
use crate::domain::Currency;

/// The project: whose cost, from which files, by which rules. Paths are as written, relative to
/// the project's folder; whoever reads them resolves them.
#[derive(Clone, Debug)]
pub struct Project {
    pub organisation: String,
    /// The report currency.
    pub currency: Currency,
    pub sources: Vec<SourceDecl>,
    pub owners: Option<(String, Span)>,
    pub metadata: Vec<MetadataDecl>,
    /// Patterns of rule files.
    pub rules: Vec<(String, Span)>,
    /// Digits of a share after the point; `None` keeps every digit of the pool.
    pub rounding_digits: Option<u32>,
}

#[derive(Clone, Debug)]
pub struct SourceDecl {
    pub name: String,
    pub span: Span,
    pub format: FormatName,
    pub format_span: Span,
    /// Patterns of files.
    pub files: Vec<(String, Span)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormatName {
    /// A column map that costbook ships.
    Shipped(String),
    /// A column map of the project, by path.
    Own(String),
}

#[derive(Clone, Debug)]
pub struct MetadataDecl {
    pub entity: String,
    pub span: Span,
    pub file: (String, Span),
    /// A field, where the entity's usual id column is not meant.
    pub join: Option<(String, Span)>,
}
