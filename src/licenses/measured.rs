//! What metrics make of use.

use std::sync::Arc;

use chrono::NaiveDate;

use super::extent::{Extent, Number};
use super::inventory::{Holder, Origin, Product};

/// What needs a right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectKind {
    Device,
    Host,
    Cluster,
    Vm,
    User,
    /// The whole of a holder: totals that are no single thing's.
    Total,
}

impl SubjectKind {
    /// As reports call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Host => "host",
            Self::Cluster => "cluster",
            Self::Vm => "vm",
            Self::User => "user",
            Self::Total => "total",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    pub kind: SubjectKind,
    pub id: Arc<str>,
}

/// One reading of a metric's terms.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reading {
    pub metric: Arc<str>,
    /// `default` where the terms have one reading.
    pub interpretation: Arc<str>,
    /// What the reading leans on.
    pub clause: Option<Arc<str>>,
    /// Where the rule of the metric stands: file and line.
    pub rule: Arc<str>,
    /// The source that the rule cites, with the day it was read.
    pub citation: Arc<str>,
}

/// An input that is missing, and what for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gap {
    /// `cpu_model`, `days 12 to 14`, …
    pub what: Arc<str>,
    pub subject: Subject,
    pub origin: Option<Origin>,
}

/// A number on the way to a figure, for explanations and evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The verb, as the rule has it.
    pub verb: Arc<str>,
    /// What was done, so that it can be redone by hand: `max(6, 8) × 2 = 16`.
    pub text: String,
    pub subject: Subject,
    pub value: Extent,
}

/// So much is needed here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    pub product: Product,
    pub version: Option<Arc<str>>,
    pub subject: Subject,
    pub holder: Holder,
    /// Units of the metric, after all rounding.
    pub quantity: Extent,
    /// What each thing used before minima and rounding, to divide cost by.
    pub used: Vec<(Subject, Holder, Number)>,
    /// Rows that it comes from, in the order of files and rows.
    pub origins: Vec<Origin>,
}

/// A limit that was passed, where terms forbid rather than count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    pub subject: Subject,
    pub holder: Holder,
    pub text: String,
    pub since: Option<NaiveDate>,
}

/// What a metric makes of the use of a product, in one reading.
#[derive(Clone, Debug)]
pub struct Measured {
    pub product: Product,
    pub reading: Reading,
    /// What is counted: `core`, `processor`, `user`, …
    pub unit: Arc<str>,
    /// Ordered by holder, product and subject.
    pub demands: Vec<Demand>,
    pub breaches: Vec<Breach>,
    pub gaps: Vec<Gap>,
    /// The part of the expected samples that is there; none where no samples are asked.
    pub coverage: Option<Number>,
    pub steps: Vec<Step>,
}
