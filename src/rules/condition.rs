//! Conditions: typed questions over the fields of a charge.
//!
//! The set of questions is closed and free of Rust callbacks, so that a printer could turn a
//! compiled rule into SQL for another engine.

use std::borrow::Cow;
use std::collections::BTreeSet;

use chrono::NaiveDate;
use regex::Regex;

use crate::domain::{Amount, Org};

use super::dated::DatedTexts;
use super::model::FieldId;
use super::pattern::Glob;

/// What a condition can ask: the fields of one charge, on its day, in an organisation.
pub trait Values {
    /// `None` where the charge has no such value. Never an empty text unless the source holds one.
    fn value(&self, field: FieldId) -> Option<&str>;
    /// The charge date.
    fn day(&self) -> NaiveDate;
    fn org(&self) -> &Org;
}

/// How texts are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CaseRule {
    #[default]
    Sensitive,
    /// Compared, and in dimensions also kept, in lower case.
    Insensitive,
    Lower,
    Upper,
}

impl CaseRule {
    /// The text as this rule keeps it.
    #[must_use]
    pub fn apply(self, text: &str) -> String {
        match self {
            Self::Sensitive => text.to_owned(),
            Self::Insensitive | Self::Lower => text.to_lowercase(),
            Self::Upper => text.to_uppercase(),
        }
    }
}

/// A condition over a charge.
#[derive(Clone, Debug)]
pub enum Condition {
    Always,
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Field { field: FieldId, test: Test, case: CaseRule },
}

/// One question about one value. Every test but `Absent` and `Empty` is false of an absent value.
#[derive(Clone, Debug)]
pub enum Test {
    Present,
    Absent,
    /// Absent, or nothing but white space.
    Empty,
    /// Equal to one of these; lower-cased when the comparison ignores case.
    OneOf(BTreeSet<String>),
    /// As [`Test::OneOf`], of those that are in the list on the charge date.
    OneOfDated(DatedTexts),
    /// A cost center that is open on the charge date.
    OpenCostCenter,
    Prefix(Vec<String>),
    Suffix(Vec<String>),
    Contains(Vec<String>),
    Glob(Vec<Glob>),
    Regex(Vec<Regex>),
    /// On a day before this one.
    Before(NaiveDate),
    /// On this day or later.
    After(NaiveDate),
    Less(Amount),
    LessOrEqual(Amount),
    Greater(Amount),
    GreaterOrEqual(Amount),
}

impl Condition {
    /// Whether the condition holds of a charge.
    pub fn holds(&self, charge: &impl Values) -> bool {
        match self {
            Self::Always => true,
            Self::All(parts) => parts.iter().all(|part| part.holds(charge)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(charge)),
            Self::Not(part) => !part.holds(charge),
            Self::Field { field, test, case } => test.holds(charge.value(*field), *case, charge),
        }
    }
}

impl Test {
    fn holds(&self, value: Option<&str>, case: CaseRule, charge: &impl Values) -> bool {
        match (self, value) {
            (Self::OpenCostCenter, Some(value)) => charge.org().is_open(value, charge.day()),
            (Self::OneOfDated(texts), Some(value)) => {
                texts.contains(&compared(value, case), charge.day())
            }
            _ => self.answer(value, case),
        }
    }

    /// The answer that the value alone gives: all there is, but for [`Test::OpenCostCenter`] and
    /// [`Test::OneOfDated`], which nothing satisfies without a day and an organisation.
    #[must_use]
    pub fn answer(&self, value: Option<&str>, case: CaseRule) -> bool {
        let Some(value) = value else {
            return matches!(self, Self::Absent | Self::Empty);
        };
        match self {
            Self::Glob(_) | Self::Regex(_) => self.holds_of(value),
            _ => self.holds_of(&compared(value, case)),
        }
    }

    /// Whether the answer to this value changes from day to day, within what the rules themselves
    /// say: a tuple that has it is told from others by the value.
    #[must_use]
    pub fn depends_on_day(&self, value: Option<&str>, case: CaseRule) -> bool {
        let Self::OneOfDated(texts) = self else { return false };
        value.is_some_and(|value| !texts.days(&compared(value, case)).is_empty())
    }

    /// The test on a present value; texts to compare with were lower-cased when compiled.
    fn holds_of(&self, value: &str) -> bool {
        match self {
            Self::Present => true,
            Self::Absent | Self::OpenCostCenter | Self::OneOfDated(_) => false,
            Self::Empty => value.trim().is_empty(),
            Self::OneOf(texts) => texts.contains(value),
            Self::Prefix(texts) => texts.iter().any(|text| value.starts_with(text.as_str())),
            Self::Suffix(texts) => texts.iter().any(|text| value.ends_with(text.as_str())),
            Self::Contains(texts) => texts.iter().any(|text| value.contains(text.as_str())),
            Self::Glob(globs) => globs.iter().any(|glob| glob.is_match(value)),
            Self::Regex(expressions) => expressions.iter().any(|regex| regex.is_match(value)),
            Self::Before(day) => leading_day(value).is_some_and(|found| found < *day),
            Self::After(day) => leading_day(value).is_some_and(|found| found >= *day),
            Self::Less(bound) => number(value).is_some_and(|found| found < *bound),
            Self::LessOrEqual(bound) => number(value).is_some_and(|found| found <= *bound),
            Self::Greater(bound) => number(value).is_some_and(|found| found > *bound),
            Self::GreaterOrEqual(bound) => number(value).is_some_and(|found| found >= *bound),
        }
    }
}

/// The value as texts of tests are kept.
fn compared(value: &str, case: CaseRule) -> Cow<'_, str> {
    match case {
        CaseRule::Sensitive => Cow::Borrowed(value),
        _ => Cow::Owned(value.to_lowercase()),
    }
}

fn number(value: &str) -> Option<Amount> {
    value.parse().ok()
}

/// The day that a date or a time of day begins with.
fn leading_day(value: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(value.get(..10)?, "%Y-%m-%d").ok()
}
