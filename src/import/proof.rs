//! Examples that an imported file carries: for each rule a charge that it decides, made from the
//! conditions as they were read, so that what was written is held to what was meant.

use std::cell::Cell;
use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};

use super::condition::{Charge, Condition, Question, Test};
use super::draft::{Dimension, Draft, Entry, Outcome, Value};

/// Examples of one file; a reviewer reads no more.
const EXAMPLES: usize = 2_000;
/// Questions that are answered to make one charge; dimensions that ask each other could need many.
const STEPS: u32 = 2_000;

/// A charge, the value that a dimension has of it, and who bears it where that is decided.
#[derive(Debug)]
pub(super) struct Example {
    pub(super) given: Charge,
    pub(super) dimension: String,
    pub(super) value: Option<String>,
    pub(super) bearer: Option<Outcome>,
}

/// An example for each rule for which a charge can be made, and one of a charge without anything.
pub(super) fn examples(draft: &Draft) -> Vec<Example> {
    let mut examples = Vec::new();
    for dimension in draft.dimensions.iter().filter(|dimension| dimension.detail) {
        for (index, entry) in dimension.entries.iter().enumerate() {
            if examples.len() >= EXAMPLES {
                return examples;
            }
            let Entry::Rule { when, value, .. } = entry else { continue };
            let steps = Cell::new(STEPS);
            let mut wish = Wish { draft, fields: BTreeMap::new(), steps: &steps };
            let is_made = wish.make(when)
                && match value {
                    Value::Text(_) => true,
                    Value::From(field) => wish.have(field),
                };
            let charge = wish.charge();
            if is_made && deciding_rule(dimension, &all_values(draft, &charge)) == Some(index) {
                examples.push(example(draft, dimension, charge));
            }
        }
        examples.push(example(draft, dimension, Charge::new()));
    }
    examples
}

fn example(draft: &Draft, dimension: &Dimension, given: Charge) -> Example {
    let charge = all_values(draft, &given);
    let value = charge.get(&dimension.name).cloned();
    let (dimension, bearer) = (dimension.name.clone(), bearer(draft, &charge));
    Example { given, dimension, value, bearer }
}

/// The charge with the value of every dimension.
fn all_values(draft: &Draft, given: &Charge) -> Charge {
    let mut charge = given.clone();
    for dimension in &draft.dimensions {
        if let Some(value) = value_of(dimension, &charge) {
            charge.insert(dimension.name.clone(), value);
        }
    }
    charge
}

fn inherited<'c>(field: &str, charge: &'c Charge) -> Option<&'c String> {
    charge.get(field).filter(|text| !text.trim().is_empty())
}

fn deciding_rule(dimension: &Dimension, charge: &Charge) -> Option<usize> {
    dimension.entries.iter().position(|entry| match entry {
        Entry::Gap(_) => false,
        Entry::Rule { when, value, .. } => {
            let has_value = match value {
                Value::Text(_) => true,
                Value::From(field) => inherited(field, charge).is_some(),
            };
            when.holds(charge) && has_value
        }
    })
}

fn value_of(dimension: &Dimension, charge: &Charge) -> Option<String> {
    let decided = deciding_rule(dimension, charge).and_then(|index| dimension.entries.get(index));
    if let Some(Entry::Rule { value, .. }) = decided {
        return match value {
            Value::Text(text) => Some(text.clone()),
            Value::From(field) => charge.get(field).cloned(),
        };
    }
    let found = dimension.from.iter().find_map(|field| inherited(field, charge));
    let found = found.map(|text| match dimension.case {
        Some("lower") => text.trim().to_lowercase(),
        Some(_) => text.trim().to_uppercase(),
        None => text.trim().to_owned(),
    });
    found.or_else(|| dimension.default.clone())
}

fn bearer(draft: &Draft, charge: &Charge) -> Option<Outcome> {
    draft.classify.iter().filter(|rule| rule.when.holds(charge)).find_map(|rule| {
        match &rule.outcome {
            Outcome::Owner(field) => inherited(field, charge).cloned().map(Outcome::Owner),
            Outcome::Pool(pool) => Some(Outcome::Pool(pool.clone())),
        }
    })
}

/// A charge in the making: what its fields must be, or that they must be absent.
#[derive(Clone, Debug)]
struct Wish<'d> {
    draft: &'d Draft,
    fields: BTreeMap<String, Option<String>>,
    /// What is left of the steps that making one charge may take.
    steps: &'d Cell<u32>,
}

impl Wish<'_> {
    fn charge(&self) -> Charge {
        let present = self.fields.iter();
        present.filter_map(|(field, text)| Some((field.clone(), text.clone()?))).collect()
    }

    /// Makes the condition hold, as far as that is simple.
    fn make(&mut self, condition: &Condition) -> bool {
        let left = self.steps.get();
        self.steps.set(left.saturating_sub(1));
        if left == 0 {
            return false;
        }
        match condition {
            Condition::Always => true,
            Condition::Never => false,
            Condition::All(parts) => parts.iter().all(|part| self.make(part)),
            Condition::Any(parts) => parts.iter().any(|part| {
                let mut trial = self.clone();
                let is_made = trial.make(part);
                if is_made {
                    *self = trial;
                }
                is_made
            }),
            // What is asked for negatively mostly holds by itself; the outcome is checked anyhow.
            Condition::Not(inner) => match &**inner {
                Condition::Ask(Question { field, test: Test::Absent, .. }) => self.have(field),
                _ => true,
            },
            Condition::Ask(question) => self.answer(question),
        }
    }

    fn have(&mut self, field: &str) -> bool {
        if self.draft.dimensions.iter().any(|dimension| dimension.name == field) {
            return self.reach(field, None);
        }
        match self.fields.get(field) {
            None => drop(self.fields.insert(field.to_owned(), Some("example".to_owned()))),
            Some(None) => return false,
            Some(Some(_)) => {}
        }
        true
    }

    fn answer(&mut self, question: &Question) -> bool {
        let field = &question.field;
        let wanted = match &question.test {
            Test::Absent => return self.fields.insert(field.clone(), None).flatten().is_none(),
            Test::HasText => return self.have(field),
            Test::Regex(_) | Test::Number(..) => return false,
            Test::OneOf(texts)
            | Test::Prefix(texts)
            | Test::Suffix(texts)
            | Test::Contains(texts) => texts.first(),
            Test::Before(day) => {
                let before = day.checked_sub_days(Days::new(1));
                return before.is_some_and(|day| self.set_day(field, day, question));
            }
            Test::After(day) => return self.set_day(field, *day, question),
        };
        let Some(wanted) = wanted else { return false };
        if self.draft.dimensions.iter().any(|dimension| dimension.name == *field) {
            return self.reach(field, Some(question));
        }
        self.set(field, wanted, question)
    }

    fn set_day(&mut self, field: &str, day: NaiveDate, question: &Question) -> bool {
        self.set(field, &day.to_string(), question)
    }

    fn set(&mut self, field: &str, text: &str, question: &Question) -> bool {
        match self.fields.get(field) {
            Some(None) => false,
            Some(Some(known)) => {
                let known = Charge::from([(field.to_owned(), known.clone())]);
                Condition::Ask(question.clone()).holds(&known)
            }
            None => {
                self.fields.insert(field.to_owned(), Some(text.to_owned()));
                true
            }
        }
    }

    /// Makes another dimension have a value that answers the question, or any.
    fn reach(&mut self, name: &str, question: Option<&Question>) -> bool {
        let Some(dimension) = self.draft.dimensions.iter().find(|found| found.name == name) else {
            return false;
        };
        let fits = |text: &String| {
            let charge = Charge::from([(name.to_owned(), text.clone())]);
            question.is_none_or(|question| Condition::Ask(question.clone()).holds(&charge))
        };
        for entry in &dimension.entries {
            let Entry::Rule { when, value, .. } = entry else { continue };
            let mut trial = self.clone();
            let is_made = match value {
                Value::Text(text) => fits(text) && trial.make(when),
                Value::From(field) => trial.make(when) && trial.give(field, question),
            };
            if is_made {
                *self = trial;
                return true;
            }
        }
        let Some(field) = dimension.from.first() else { return false };
        self.give(field, question)
    }

    /// Gives a field a text that answers a question which was asked of what inherits it.
    fn give(&mut self, field: &str, question: Option<&Question>) -> bool {
        let Some(question) = question else { return self.have(field) };
        self.answer(&Question { field: field.to_owned(), ..question.clone() })
    }
}
