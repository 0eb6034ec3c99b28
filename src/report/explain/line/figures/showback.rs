//! The month before, whose detail is not at hand.

use std::collections::BTreeMap;

use crate::allocate::Flow;
use crate::domain::Amount;
use crate::report::party::of_party;

use super::super::Explainer;
use super::super::quantity::of_amount;
use super::super::registry::Asked;
use super::super::told::{Term, Told};

/// What the party bore in the month before, by how it came to it.
pub(in super::super) fn prior(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    let facts = this.facts;
    let prior = facts.period.prior();
    let metric = facts.rules.view.metric();
    let mut sums: BTreeMap<String, Amount> = BTreeMap::new();
    let lines = facts.months.get(&prior).into_iter().flat_map(|month| &month.lines);
    for line in lines {
        let (kind, owner) = of_party(&line.party);
        let is_ours = kind.name() == asked.field("kind")
            && owner == asked.field("owner")
            && line.currency.code() == asked.field("currency");
        let costs = if asked.report { line.report_costs } else { Some(line.costs) };
        if let Some(costs) = costs.filter(|_| is_ours) {
            let how = match &line.flow {
                Flow::Direct => "charged directly".to_owned(),
                Flow::SharedIn(pool) => format!("from pool `{pool}`"),
                Flow::SharedOut => "given away".to_owned(),
            };
            *sums.entry(how).or_default() += costs[metric];
        }
    }
    let terms = sums.into_iter().map(|(how, amount)| Term::new(how, of_amount(amount)));
    asked
        .says(format!("what the party bore in {prior}, by that month's rules"))
        .sum(terms.collect())
        .note(format!("run with --period {prior} to have each part explained"))
}
