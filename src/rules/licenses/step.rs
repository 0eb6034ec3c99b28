//! The verbs that metrics are made of: a closed set.

use std::collections::BTreeSet;
use std::sync::Arc;

use num_bigint::BigInt;
use num_rational::Ratio;

use crate::diagnostics::Span;

use super::expression::Expr;

/// One step of a metric.
#[derive(Clone, Debug)]
pub struct Step {
    /// By which interpretations replace it.
    pub name: Option<Arc<str>>,
    /// The verb, as it is written.
    pub word: &'static str,
    pub span: Span,
    pub verb: Verb,
}

#[derive(Clone, Debug)]
pub enum Verb {
    /// Goes on with what this holds of.
    Select(Expr),
    /// Goes on without what this holds of.
    Exclude(Expr),
    /// What has the same values of fields counts once.
    Dedupe {
        by: Vec<Arc<str>>,
        keep: Keep,
    },
    /// From installations to machines, from machines to hosts, from hosts to clusters.
    Widen {
        to: WidenTo,
        lone: Lone,
    },
    /// Computes the quantity, or a field.
    Measure {
        value: Expr,
        into: Option<Arc<str>>,
    },
    /// Times what a table says.
    Factor(Factor),
    Floor {
        value: Expr,
        scope: Scope,
    },
    Cap {
        value: Expr,
        scope: Scope,
    },
    /// Times how often `every` goes into `of`, the rest counting as a whole one.
    Repeat {
        of: Expr,
        every: Expr,
    },
    Tiers {
        mode: TierMode,
        tiers: Vec<Tier>,
        scope: Scope,
    },
    Round {
        mode: RoundMode,
        to: Expr,
        scope: Scope,
    },
    Aggregate(Aggregate),
    /// The largest of several countings.
    MaxOf {
        pipelines: Vec<Pipeline>,
        scope: Scope,
    },
    /// More than this is a violation.
    Limit {
        at_most: Expr,
        counts: bool,
    },
}

/// Which of several equal ones stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    First,
    /// The one with the largest quantity.
    Most,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WidenTo {
    /// The machine that something is installed on, virtual or not.
    Device,
    Host,
    /// The cluster as one.
    Cluster,
    /// Every host of the cluster.
    ClusterHosts,
}

/// What becomes of a machine whose host or cluster is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lone {
    /// It is an input that is missing.
    Unknown,
    /// It stays as it is.
    Keep,
}

/// What a step looks at together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    Row,
    /// What has the same values of these fields.
    Fields(Vec<Arc<str>>),
    Host,
    Pool,
    Total,
}

#[derive(Clone, Debug)]
pub struct Factor {
    pub table: Arc<str>,
    /// Columns of the table and what they are asked.
    pub keys: Vec<(Arc<str>, Expr)>,
    pub value: Arc<str>,
    /// For what the table does not have.
    pub otherwise: Option<Ratio<BigInt>>,
    /// The field that keeps the factor; without it, the quantity is multiplied at once.
    pub into: Option<Arc<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TierMode {
    /// Each part of the quantity by its own tier.
    Graduated,
    /// All of the quantity by the tier that it reaches.
    AllUnits,
}

/// Up to and including `to`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tier {
    pub to: Option<Ratio<BigInt>>,
    pub factor: Ratio<BigInt>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoundMode {
    Up,
    Down,
    HalfUp,
    /// To the nearest, halves to the even one.
    Nearest,
}

/// Many rows to one, by field or over time.
#[derive(Clone, Debug)]
pub struct Aggregate {
    pub how: How,
    pub by: Vec<Arc<str>>,
    /// The days that are looked at, up to the day of the position.
    pub window: Window,
    /// Samples that are expected.
    pub every: Option<Every>,
    /// The part of the expected samples that must be there.
    pub coverage: Option<Ratio<BigInt>>,
    /// What rows of one moment make together.
    pub same_time: SameTime,
}

#[derive(Clone, Debug)]
pub enum How {
    Sum,
    Count,
    Max,
    Mean,
    /// The last in time.
    Last,
    /// The last of each month, of which the highest.
    MonthEnd,
    /// The highest after so many per cent of the highest were dropped.
    TopRank {
        percent: Ratio<BigInt>,
        drop: Drop,
    },
    /// The highest mean of so many days in a row.
    RollingMean {
        days: u32,
    },
    /// Different values of a field.
    Distinct {
        of: Arc<str>,
    },
    /// The most days above a limit within so many days in a row.
    BreachDays {
        over: Expr,
        days: u32,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drop {
    Floor,
    Ceil,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameTime {
    Sum,
    Max,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Every {
    Hour,
    Day,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    Month,
    Quarter,
    Year,
    Days(u32),
}

/// What is counted, and how.
#[derive(Clone, Debug)]
pub struct Pipeline {
    pub name: Arc<str>,
    pub of: RowKind,
    pub steps: Vec<Step>,
}

/// The rows that a metric begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowKind {
    Install,
    Host,
    Vm,
    Seat,
    Sample,
    Counter,
    Billing,
}

pub(super) const ROW_KINDS: &[(&str, RowKind)] = &[
    ("installs", RowKind::Install),
    ("hosts", RowKind::Host),
    ("vms", RowKind::Vm),
    ("seats", RowKind::Seat),
    ("samples", RowKind::Sample),
    ("counters", RowKind::Counter),
    ("billing", RowKind::Billing),
];

impl RowKind {
    /// As rule files name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        ROW_KINDS.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }
}

impl Verb {
    /// Names that it asks, beside those of its own pipelines.
    pub(super) fn gather(&self, names: &mut BTreeSet<Arc<str>>) {
        match self {
            Self::Select(value)
            | Self::Exclude(value)
            | Self::Measure { value, .. }
            | Self::Limit { at_most: value, .. } => value.gather(names),
            Self::Floor { value, scope }
            | Self::Cap { value, scope }
            | Self::Round { to: value, scope, .. } => {
                value.gather(names);
                scope.gather(names);
            }
            Self::Dedupe { by, .. } => names.extend(by.iter().cloned()),
            Self::Widen { .. } => {}
            Self::Factor(factor) => factor.keys.iter().for_each(|(_, key)| key.gather(names)),
            Self::Repeat { of, every } => {
                of.gather(names);
                every.gather(names);
            }
            Self::Tiers { scope, .. } => scope.gather(names),
            Self::Aggregate(aggregate) => {
                names.extend(aggregate.by.iter().cloned());
                match &aggregate.how {
                    How::Distinct { of } => {
                        names.insert(Arc::clone(of));
                    }
                    How::BreachDays { over, .. } => over.gather(names),
                    _ => {}
                }
            }
            Self::MaxOf { pipelines, scope } => {
                scope.gather(names);
                let steps = pipelines.iter().flat_map(|pipeline| &pipeline.steps);
                steps.for_each(|step| step.verb.gather(names));
            }
        }
    }

    /// The fields that it makes.
    pub(super) fn made(&self, names: &mut BTreeSet<Arc<str>>) {
        match self {
            Self::Measure { into: Some(into), .. }
            | Self::Factor(Factor { into: Some(into), .. }) => {
                names.insert(Arc::clone(into));
            }
            Self::MaxOf { pipelines, .. } => {
                let steps = pipelines.iter().flat_map(|pipeline| &pipeline.steps);
                steps.for_each(|step| step.verb.made(names));
            }
            _ => {}
        }
    }
}

impl Scope {
    fn gather(&self, names: &mut BTreeSet<Arc<str>>) {
        if let Self::Fields(fields) = self {
            names.extend(fields.iter().cloned());
        }
    }
}
