//! The least of a linear cost under linear limits, in exact fractions.
//!
//! Costs are never negative, so that the origin is dual feasible and the dual simplex needs no first phase. It takes the
//! row that is most out of bounds, and after many steps the first one, which cannot go round in circles
//! (R. G. Bland, New Finite Pivoting Rules for the Simplex Method, 1977).

use num_traits::{Signed, Zero};

use crate::licenses::extent::Number;

/// Steps after which rows are taken by their label only.
const HASTY_STEPS: usize = 2_000;
/// Steps after which it is given up.
const MOST_STEPS: usize = 20_000;

/// `Σ terms ≤ most`, each term a variable with its factor.
#[derive(Clone, Debug)]
pub(super) struct Limit {
    pub(super) terms: Vec<(usize, Number)>,
    pub(super) most: Number,
}

impl Limit {
    pub(super) fn at_most(terms: Vec<(usize, Number)>, most: Number) -> Self {
        Self { terms, most }
    }

    pub(super) fn at_least(terms: Vec<(usize, Number)>, least: &Number) -> Self {
        let terms = terms.into_iter().map(|(variable, factor)| (variable, -factor)).collect();
        Self { terms, most: -least }
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The least cost, and the values of all variables.
    Least(Number, Vec<Number>),
    Impossible,
    GivenUp,
}

/// Minimises `Σ costs · x` over `x ≥ 0`. Costs are not negative.
pub(super) fn minimise(costs: &[Number], limits: &[Limit]) -> Answer {
    let mut table = Table::new(costs, limits);
    for step in 0..MOST_STEPS {
        let Some(row) = table.leaving(step < HASTY_STEPS) else { return table.answer(costs.len()) };
        let Some(column) = table.entering(row) else { return Answer::Impossible };
        table.pivot(row, column);
    }
    Answer::GivenUp
}

/// `basic = rest − factors · free`, and the cost over the free variables.
struct Table {
    factors: Vec<Vec<Number>>,
    rest: Vec<Number>,
    costs: Vec<Number>,
    cost: Number,
    /// Labels: variables first, then the slack of each limit.
    basic: Vec<usize>,
    free: Vec<usize>,
}

impl Table {
    fn new(costs: &[Number], limits: &[Limit]) -> Self {
        let width = costs.len();
        let row = |limit: &Limit| {
            let mut row = vec![Number::zero(); width];
            for (variable, factor) in &limit.terms {
                row[*variable] += factor;
            }
            row
        };
        Self {
            factors: limits.iter().map(row).collect(),
            rest: limits.iter().map(|limit| limit.most.clone()).collect(),
            costs: costs.to_vec(),
            cost: Number::zero(),
            basic: (width..width + limits.len()).collect(),
            free: (0..width).collect(),
        }
    }

    fn leaving(&self, hasty: bool) -> Option<usize> {
        let out = (0..self.rest.len()).filter(|row| self.rest[*row].is_negative());
        if hasty {
            out.min_by(|a, b| {
                self.rest[*a].cmp(&self.rest[*b]).then(self.basic[*a].cmp(&self.basic[*b]))
            })
        } else {
            out.min_by_key(|row| self.basic[*row])
        }
    }

    fn entering(&self, row: usize) -> Option<usize> {
        let factors = &self.factors[row];
        let able = (0..factors.len()).filter(|column| factors[*column].is_negative());
        let ratio = |column: usize| -&self.costs[column] / &factors[column];
        able.map(|column| (ratio(column), self.free[column], column)).min().map(|found| found.2)
    }

    fn pivot(&mut self, row: usize, column: usize) {
        let by = self.factors[row][column].recip();
        for (place, factor) in self.factors[row].iter_mut().enumerate() {
            if place == column {
                factor.clone_from(&by);
            } else if !factor.is_zero() {
                *factor *= &by;
            }
        }
        self.rest[row] *= &by;
        let own = std::mem::take(&mut self.factors[row]);
        let rest = self.rest[row].clone();
        for (other, factors) in self.factors.iter_mut().enumerate() {
            if other == row || factors[column].is_zero() {
                continue;
            }
            let times = std::mem::replace(&mut factors[column], Number::zero());
            for (factor, own) in factors.iter_mut().zip(&own).filter(|(_, own)| !own.is_zero()) {
                *factor -= &times * own;
            }
            self.rest[other] -= &times * &rest;
        }
        let times = std::mem::replace(&mut self.costs[column], Number::zero());
        if !times.is_zero() {
            for (cost, own) in self.costs.iter_mut().zip(&own).filter(|(_, own)| !own.is_zero()) {
                *cost -= &times * own;
            }
            self.cost += &times * &rest;
        }
        self.factors[row] = own;
        std::mem::swap(&mut self.basic[row], &mut self.free[column]);
    }

    fn answer(self, width: usize) -> Answer {
        let mut values = vec![Number::zero(); width];
        for (label, value) in self.basic.iter().zip(self.rest) {
            if *label < width {
                values[*label] = value;
            }
        }
        Answer::Least(self.cost, values)
    }
}
