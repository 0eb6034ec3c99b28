//! The tree of an explanation.

use crate::domain::{Costs, Currency};

/// One figure and what it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    pub label: String,
    /// `file:line` of the rule or pool that made it so.
    pub declared_at: Option<String>,
    pub currency: Currency,
    pub costs: Costs,
    /// Charges behind it, where it is made of charges.
    pub rows: Option<u64>,
    /// How it was computed, such as `pool × share`.
    pub computed: Option<String>,
    pub cuts: Vec<Cut>,
}

/// One way to take a figure apart; its branches sum to the figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// `by rule`, `by file`…
    pub by: &'static str,
    pub branches: Vec<Branch>,
}

impl Branch {
    pub(super) fn new(label: impl Into<String>, currency: Currency, costs: Costs) -> Self {
        Self {
            label: label.into(),
            declared_at: None,
            currency,
            costs,
            rows: None,
            computed: None,
            cuts: Vec::new(),
        }
    }

    /// A figure that is the sum of its branches.
    pub(super) fn sum(
        label: impl Into<String>,
        currency: Currency,
        by: &'static str,
        branches: Vec<Self>,
    ) -> Self {
        let costs = branches.iter().map(|branch| branch.costs).sum();
        let rows = branches.iter().map(|branch| branch.rows).sum::<Option<u64>>();
        Self { rows, ..Self::new(label, currency, costs).cut(by, branches) }
    }

    pub(super) fn rows(mut self, rows: u64) -> Self {
        self.rows = Some(rows);
        self
    }

    pub(super) fn declared_at(mut self, place: Option<String>) -> Self {
        self.declared_at = place;
        self
    }

    pub(super) fn computed(mut self, how: impl Into<String>) -> Self {
        self.computed = Some(how.into());
        self
    }

    /// Adds a cut; its branches sum to this figure, in every metric.
    pub(super) fn cut(mut self, by: &'static str, branches: Vec<Self>) -> Self {
        let sum: Costs = branches.iter().map(|branch| branch.costs).sum();
        assert!(sum == self.costs, "the cut {by} of {} does not add up", self.label);
        self.cuts.push(Cut { by, branches });
        self
    }
}
