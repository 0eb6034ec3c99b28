//! What is said of one figure: how it came about, and the figures that it is made of.

use num_traits::Zero;

use super::quantity::{Quantity, quantity};

/// One field of a line, explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub column: String,
    /// As the table writes it.
    pub value: String,
    /// In words.
    pub how: String,
    pub(super) terms: Vec<Term>,
    /// What the terms sum to: the value itself, or the whole that the value is a part of.
    pub(super) total: Option<Quantity>,
    /// Whether the terms are what it is made of, and not it and others that make up a whole.
    pub(super) is_sum: bool,
    /// Figures that it is computed from otherwise than by a sum.
    pub(super) inputs: Vec<Term>,
    /// Calculations that can be done again by hand.
    pub notes: Vec<String>,
    /// What was found not to hold; a fault of costbook, which no reader may be spared.
    pub broken: Option<String>,
}

/// A figure of which another is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) label: String,
    pub(super) amount: Quantity,
    /// Where it can be explained in its turn.
    pub(super) at: Option<At>,
}

/// A field of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct At {
    pub(super) file: String,
    pub(super) record: usize,
    pub(super) line: u64,
    pub(super) column: String,
}

impl Term {
    pub(super) fn new(label: impl Into<String>, amount: Quantity) -> Self {
        Self { label: label.into(), amount, at: None }
    }
}

/// Terms that are taken off.
pub(super) fn negated(mut terms: Vec<Term>) -> Vec<Term> {
    for term in &mut terms {
        term.amount = -term.amount.clone();
    }
    terms
}

/// Terms that count one each.
pub(super) fn ones(mut terms: Vec<Term>) -> Vec<Term> {
    for term in &mut terms {
        term.amount = super::quantity::of_count(1);
    }
    terms
}

impl Told {
    pub(super) fn says(column: &str, value: &str, how: impl Into<String>) -> Self {
        Self {
            column: column.to_owned(),
            value: value.to_owned(),
            how: how.into(),
            terms: Vec::new(),
            total: None,
            is_sum: false,
            inputs: Vec::new(),
            notes: Vec::new(),
            broken: None,
        }
    }

    /// The value is the sum of the terms.
    pub(super) fn sum(self, terms: Vec<Term>) -> Self {
        let value = quantity(&self.value);
        self.made_of(value.unwrap_or_default(), terms)
    }

    /// The terms sum to `whole`, which is what the value says, as with a unit.
    pub(super) fn made_of(mut self, whole: Quantity, terms: Vec<Term>) -> Self {
        self.is_sum = true;
        self.part_of(whole, terms)
    }

    /// The terms sum to `whole`, of which the value is a part.
    pub(super) fn part_of(&mut self, whole: Quantity, terms: Vec<Term>) -> Self {
        let sum: Quantity = terms.iter().map(|term| &term.amount).sum();
        let off = &whole - sum;
        if !off.is_zero() {
            self.broken = Some(format!("the parts miss {} of it", super::quantity::shown(&off)));
        }
        self.terms = terms;
        self.total = Some(whole);
        self.clone()
    }

    /// It is computed from this field.
    pub(super) fn of(mut self, input: Option<Term>) -> Self {
        self.inputs.extend(input);
        self
    }

    pub(super) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Holds the value against what it was found to be once more.
    pub(super) fn is(mut self, again: &Quantity) -> Self {
        if quantity(&self.value).as_ref() != Some(again) {
            self.broken = Some(format!("it comes to {}", super::quantity::shown(again)));
        }
        self
    }
}
