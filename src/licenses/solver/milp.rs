//! The least cost where some variables are whole numbers, by branch and bound.

use num_traits::{One, Zero};

use crate::licenses::extent::Number;

use super::simplex::{Answer, Limit, minimise};

/// A cost to be made least.
#[derive(Clone, Debug, Default)]
pub(super) struct Program {
    /// For one unit of each variable; none is negative.
    pub(super) costs: Vec<Number>,
    pub(super) limits: Vec<Limit>,
    /// Variables that are whole numbers, in the order in which they are branched on.
    pub(super) whole: Vec<usize>,
    /// So many of them can all be zero: a first cover is sought without them.
    pub(super) fixed_first: usize,
}

impl Program {
    pub(super) fn variable(&mut self, cost: Number) -> usize {
        self.costs.push(cost);
        self.costs.len() - 1
    }
}

/// What was found within the bounds of work.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) cost: Number,
    pub(super) values: Vec<Number>,
    /// No cover costs less than this.
    pub(super) bound: Number,
    pub(super) proven: bool,
}

type Branch = Limit;

/// Searches at most so many nodes. `None` where no cover exists, or none was found.
pub(super) fn search(program: &Program, most_nodes: usize) -> Option<Found> {
    let mut best: Option<(Number, Vec<Number>)> = None;
    let mut open: Vec<(Number, Vec<Branch>)> = vec![(Number::zero(), Vec::new())];
    let mut nodes = 0;
    let mut given_up = Vec::new();
    // A cover without any of the variables that are fixed first, so that there is one to beat.
    let none = program.whole[..program.fixed_first].iter();
    let none: Vec<Branch> = none
        .map(|variable| Limit::at_most(vec![(*variable, Number::one())], Number::zero()))
        .collect();
    if program.fixed_first > 0 {
        open.push((Number::zero(), none));
    }
    while let Some((bound, branches)) = open.pop() {
        if best.as_ref().is_some_and(|(cost, _)| bound >= *cost) {
            continue;
        }
        if nodes >= most_nodes {
            given_up.push(bound);
            continue;
        }
        nodes += 1;
        let mut limits = program.limits.clone();
        limits.extend(branches.iter().cloned());
        let (bound, values) = match minimise(&program.costs, &limits) {
            Answer::Least(cost, values) => (cost, values),
            Answer::Impossible => continue,
            Answer::GivenUp => {
                given_up.push(bound);
                continue;
            }
        };
        if best.as_ref().is_some_and(|(cost, _)| bound >= *cost) {
            continue;
        }
        let is_whole = |variable: &&usize| values[**variable].is_integer();
        let Some(variable) = program.whole.iter().find(|variable| !is_whole(variable)) else {
            best = Some((bound, values));
            continue;
        };
        let found = rounded(program, &limits, &values);
        let is_better =
            |found: &(Number, Vec<Number>)| best.as_ref().is_none_or(|(cost, _)| found.0 < *cost);
        if let Some(found) = found.filter(is_better) {
            best = Some(found);
        }
        let floor = values[*variable].floor();
        let up = Limit::at_least(vec![(*variable, Number::one())], &(&floor + Number::one()));
        let down = Limit::at_most(vec![(*variable, Number::one())], floor);
        for limit in [up, down] {
            let with = branches.iter().cloned().chain([limit]).collect();
            open.push((bound.clone(), with));
        }
    }
    let (cost, values) = best?;
    // What was not looked at may cost as little as its bound.
    let bound = given_up.into_iter().chain([cost.clone()]).min().unwrap_or_else(Number::zero);
    let proven = bound == cost;
    Some(Found { cost, values, bound, proven })
}

/// The values with whole variables rounded up, where that breaks no limit.
fn rounded(
    program: &Program,
    limits: &[Limit],
    values: &[Number],
) -> Option<(Number, Vec<Number>)> {
    let mut values = values.to_vec();
    for variable in &program.whole {
        values[*variable] = values[*variable].ceil();
    }
    let holds = |limit: &Limit| {
        let sum: Number =
            limit.terms.iter().map(|(variable, factor)| factor * &values[*variable]).sum();
        sum <= limit.most
    };
    if !limits.iter().all(holds) {
        return None;
    }
    let cost = program.costs.iter().zip(&values).map(|(cost, value)| cost * value).sum();
    Some((cost, values))
}
