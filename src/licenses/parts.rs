//! What a line of the position is made of, part by part.

use num_traits::Zero;

use super::extent::Number;
use super::matching::{Match, NotUsed, Uncovered};

/// A part of a line at one bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// Units of a right that a use takes: they are entitled, and consumed.
    Covered(&'a Match),
    /// A use that takes nothing: the user holds the suite already, or another use excuses it.
    Freed(&'a Match),
    /// A use that no right covers: consumed only.
    Lacking(&'a Uncovered),
    /// What is left of a right, and stands in this line: entitled only.
    Left(&'a NotUsed),
    /// What this line could draw on, and stands in a `spare` line, since others could as well.
    Shared(&'a NotUsed),
}

impl Part<'_> {
    /// As files name it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Covered(_) => "covered",
            Self::Freed(_) => "freed",
            Self::Lacking(_) => "lacking",
            Self::Left(_) => "left",
            Self::Shared(_) => "shared",
        }
    }

    /// What it adds to the units that are entitled; `None` where it has no limit.
    #[must_use]
    pub fn entitled(&self) -> Option<Number> {
        match self {
            Self::Covered(found) => Some(found.quantity.clone()),
            Self::Left(left) => left.quantity.clone(),
            Self::Freed(_) | Self::Lacking(_) | Self::Shared(_) => Some(Number::zero()),
        }
    }

    /// What it adds to the units that are consumed; `None` where nothing bounds it.
    #[must_use]
    pub fn consumed(&self) -> Option<Number> {
        match self {
            Self::Covered(found) => Some(found.quantity.clone()),
            Self::Lacking(lacking) => lacking.quantity.clone(),
            Self::Freed(_) | Self::Left(_) | Self::Shared(_) => Some(Number::zero()),
        }
    }

    #[must_use]
    pub fn entitlement(&self) -> Option<&str> {
        match self {
            Self::Covered(found) | Self::Freed(found) => Some(&found.entitlement),
            Self::Left(left) | Self::Shared(left) => Some(&left.entitlement),
            Self::Lacking(_) => None,
        }
    }
}
