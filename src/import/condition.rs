//! Conditions between two languages: read from a source, written as ours.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use regex::RegexBuilder;

use crate::domain::Amount;

/// What is asked of a charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    Always,
    Never,
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Ask(Question),
}

/// What is asked of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    /// As our rules spell it.
    pub(super) field: String,
    pub(super) test: Test,
    /// Whether texts are compared with regard to case.
    pub(super) case_counts: bool,
}

/// Of a field without a value every test but `Absent` is false.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Test {
    OneOf(Vec<String>),
    Prefix(Vec<String>),
    Suffix(Vec<String>),
    Contains(Vec<String>),
    Regex(String),
    Absent,
    /// Has a value, and not the empty text.
    HasText,
    Before(NaiveDate),
    /// On that day or later.
    After(NaiveDate),
    /// `lt`, `le`, `gt` or `ge`, and a decimal.
    Number(&'static str, String),
}

/// The fields of a charge and their texts.
pub(super) type Charge = BTreeMap<String, String>;

impl Condition {
    pub(super) fn ask(field: impl Into<String>, test: Test) -> Self {
        Self::Ask(Question { field: field.into(), test, case_counts: true })
    }

    /// A question whose texts are compared whatever their case.
    pub(super) fn ask_folded(field: impl Into<String>, test: Test) -> Self {
        Self::Ask(Question { field: field.into(), test, case_counts: false })
    }

    pub(super) fn negated(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// The same condition without what decides nothing. Only a whole condition is `Always` or
    /// `Never` afterwards.
    pub(super) fn simple(self) -> Self {
        match self {
            Self::All(parts) => together(parts, Self::Always, Self::Never, Self::All),
            Self::Any(parts) => together(parts, Self::Never, Self::Always, Self::Any),
            Self::Not(inner) => match inner.simple() {
                Self::Always => Self::Never,
                Self::Never => Self::Always,
                Self::Not(twice) => *twice,
                inner => inner.negated(),
            },
            Self::Ask(question) => question.simple(),
            Self::Always | Self::Never => self,
        }
    }

    /// Whether it holds of a charge.
    pub(super) fn holds(&self, charge: &Charge) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::All(parts) => parts.iter().all(|part| part.holds(charge)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(charge)),
            Self::Not(inner) => !inner.holds(charge),
            Self::Ask(question) => question.holds(charge.get(&question.field).map(String::as_str)),
        }
    }

    /// Whether some field is asked for one of these texts.
    pub(super) fn asks_for<'n>(&self, names: impl Iterator<Item = &'n String> + Clone) -> bool {
        match self {
            Self::Always | Self::Never => false,
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().any(|part| part.asks_for(names.clone()))
            }
            Self::Not(inner) => inner.asks_for(names),
            Self::Ask(question) => match &question.test {
                Test::OneOf(texts) => names.into_iter().any(|name| texts.contains(name)),
                _ => false,
            },
        }
    }

    /// Whether the field must have a value wherever the condition holds.
    pub(super) fn needs(&self, field: &str) -> bool {
        match self {
            Self::Never => true,
            Self::All(parts) => parts.iter().any(|part| part.needs(field)),
            Self::Any(parts) => !parts.is_empty() && parts.iter().all(|part| part.needs(field)),
            Self::Ask(question) => question.field == field && question.test != Test::Absent,
            Self::Always | Self::Not(_) => false,
        }
    }
}

/// Parts without those that are `idle`, unless one `decides` the whole.
fn together(
    parts: Vec<Condition>,
    idle: Condition,
    decides: Condition,
    make: fn(Vec<Condition>) -> Condition,
) -> Condition {
    let mut kept: Vec<Condition> = Vec::new();
    for part in parts.into_iter().map(Condition::simple) {
        if part == decides {
            return decides;
        }
        match part {
            part if part == idle => {}
            Condition::All(inner) if idle == Condition::Always => kept.extend(inner),
            Condition::Any(inner) if idle == Condition::Never => kept.extend(inner),
            part => kept.push(part),
        }
    }
    match kept.len() {
        0 => idle,
        1 => kept.swap_remove(0),
        _ => make(kept),
    }
}

impl Question {
    fn simple(self) -> Condition {
        match &self.test {
            Test::OneOf(texts) if texts.is_empty() => Condition::Never,
            Test::Prefix(texts) | Test::Suffix(texts) | Test::Contains(texts) => {
                if texts.is_empty() {
                    Condition::Never
                } else if texts.iter().any(String::is_empty) {
                    // An empty text begins, ends and is within every value.
                    let absent = Self { test: Test::Absent, ..self };
                    Condition::Ask(absent).negated()
                } else {
                    Condition::Ask(self)
                }
            }
            _ => Condition::Ask(self),
        }
    }

    fn holds(&self, value: Option<&str>) -> bool {
        let Some(value) = value else { return self.test == Test::Absent };
        let fold = |text: &str| {
            if self.case_counts { text.to_owned() } else { text.to_lowercase() }
        };
        let folded = fold(value);
        let any = |texts: &[String], fits: fn(&str, &str) -> bool| {
            texts.iter().any(|text| fits(&folded, &fold(text)))
        };
        match &self.test {
            Test::OneOf(texts) => any(texts, |value, text| value == text),
            Test::Prefix(texts) => any(texts, |value, text| value.starts_with(text)),
            Test::Suffix(texts) => any(texts, |value, text| value.ends_with(text)),
            Test::Contains(texts) => any(texts, |value, text| value.contains(text)),
            Test::Regex(pattern) => RegexBuilder::new(pattern)
                .case_insensitive(!self.case_counts)
                .build()
                .is_ok_and(|regex| regex.is_match(value)),
            Test::Absent => false,
            Test::HasText => !value.is_empty(),
            Test::Before(day) => leading_day(value).is_some_and(|found| found < *day),
            Test::After(day) => leading_day(value).is_some_and(|found| found >= *day),
            Test::Number(operator, bound) => is_in_bounds(value, operator, bound),
        }
    }
}

fn is_in_bounds(value: &str, operator: &str, bound: &str) -> bool {
    let (Ok(value), Ok(bound)) = (value.parse::<Amount>(), bound.parse::<Amount>()) else {
        return false;
    };
    match operator {
        "lt" => value < bound,
        "le" => value <= bound,
        "gt" => value > bound,
        _ => value >= bound,
    }
}

fn leading_day(value: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(value.get(..10)?, "%Y-%m-%d").ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(field: &str, text: &str) -> Condition {
        Condition::ask(field, Test::OneOf(vec![text.into()]))
    }

    #[test]
    fn what_decides_nothing_is_left_out() {
        let none = || Condition::ask("a", Test::OneOf(Vec::new()));
        for (given, expected) in [
            (Condition::All(vec![Condition::Always, one("a", "1")]), one("a", "1")),
            (Condition::Any(vec![none(), one("a", "1")]), one("a", "1")),
            (Condition::All(vec![none(), one("a", "1")]), Condition::Never),
            (none().negated(), Condition::Always),
            (one("a", "1").negated().negated(), one("a", "1")),
            (Condition::All(Vec::new()), Condition::Always),
            (
                Condition::ask("a", Test::Prefix(vec![String::new()])),
                Condition::ask("a", Test::Absent).negated(),
            ),
        ] {
            assert_eq!(given.simple(), expected);
        }
    }

    #[test]
    fn of_an_absent_field_only_absence_holds() {
        let charge = Charge::from([("b".to_owned(), "X-1".to_owned())]);
        for (condition, expected) in [
            (one("a", "1"), false),
            (one("a", "1").negated(), true),
            (Condition::ask("a", Test::Absent), true),
            (Condition::ask("b", Test::Absent), false),
            (Condition::ask("b", Test::HasText), true),
            (Condition::ask("b", Test::Regex("^x".into())), false),
            (Condition::ask_folded("b", Test::Regex("^x".into())), true),
            (Condition::ask_folded("b", Test::Suffix(vec!["-1".into()])), true),
        ] {
            assert_eq!(condition.holds(&charge), expected, "{condition:?}");
        }
    }
}
