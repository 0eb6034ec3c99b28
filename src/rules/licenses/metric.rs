//! Metrics: what is counted, since when, by which terms and in which readings.

use std::collections::BTreeMap;
use std::sync::Arc;

use num_bigint::BigInt;
use num_rational::Ratio;

use crate::diagnostics::Span;
use crate::domain::DateRange;
use crate::rules::pattern::Glob;

use super::example::Example;
use super::expression::Expr;
use super::source::Source;
use super::step::{RowKind, Step};

/// A metric of a vendor, of a pack or of the project's own.
#[derive(Clone, Debug)]
pub struct Metric {
    pub name: Arc<str>,
    pub span: Span,
    pub publisher: Option<Arc<str>>,
    pub title: Option<Arc<str>>,
    /// What is counted: `core`, `user`, …
    pub unit: Arc<str>,
    pub of: RowKind,
    /// What it counts where no right says otherwise.
    pub products: Vec<CountedProduct>,
    /// Whether an installation counts for each of its options too.
    pub counts_options: bool,
    /// What a field may be where it is not told: the least and the most, each where it is declared.
    pub unknown: BTreeMap<Arc<str>, (Option<Expr>, Option<Expr>)>,
    /// By days, without overlap or gap.
    pub versions: Vec<Version>,
    pub examples: Vec<Example>,
}

/// Products by name, whatever the case.
#[derive(Clone, Debug)]
pub struct CountedProduct {
    pub name: Glob,
    /// Any where empty.
    pub editions: Vec<Arc<str>>,
}

/// The terms of some days.
#[derive(Clone, Debug)]
pub struct Version {
    pub span: Span,
    pub days: DateRange,
    pub source: Source,
    /// The first is what the terms say before any interpretation.
    pub readings: Vec<ReadingRule>,
}

/// One way to read the terms, its steps complete.
#[derive(Clone, Debug)]
pub struct ReadingRule {
    pub name: Arc<str>,
    pub span: Span,
    pub source: Source,
    pub params: BTreeMap<Arc<str>, Param>,
    pub steps: Vec<Step>,
}

/// A constant of terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Param {
    Number(Ratio<BigInt>),
    Text(Arc<str>),
}

impl Metric {
    /// Whether the metric counts a product where no right says otherwise.
    #[must_use]
    pub fn applies_to(&self, publisher: Option<&str>, name: &str, edition: Option<&str>) -> bool {
        let is_publisher = match (&self.publisher, publisher) {
            (Some(one), Some(other)) => one.to_lowercase() == other.to_lowercase(),
            _ => true,
        };
        is_publisher && self.products.iter().any(|pattern| pattern.fits(name, edition))
    }

    /// The terms of that day.
    #[must_use]
    pub fn version_on(&self, day: chrono::NaiveDate) -> Option<&Version> {
        self.versions.iter().find(|version| version.days.contains(day))
    }
}

impl CountedProduct {
    fn fits(&self, name: &str, edition: Option<&str>) -> bool {
        let is_edition = |known: &Arc<str>| {
            edition.is_some_and(|edition| edition.to_lowercase() == known.to_lowercase())
        };
        self.name.is_match(name)
            && (self.editions.is_empty() || self.editions.iter().any(is_edition))
    }
}
