//! Records of the allocated dataset: a charge's parts sum to the charge.

use crate::domain::CostMetric;

use super::super::Explainer;
use super::super::quantity::{Quantity, of_amount, quantity};
use super::super::registry::Asked;
use super::super::told::{Term, Told};
use super::super::{counted, term};

/// The records of one charge, which follow each other.
fn siblings(asked: &Asked<'_>) -> Vec<usize> {
    let id = asked.field("x_OriginChargeId");
    let is_ours = |at: &usize| asked.table.field(*at, "x_OriginChargeId") == id;
    let begin = (0..=asked.record).rev().take_while(is_ours).last().unwrap_or(asked.record);
    (begin..asked.table.records.len()).take_while(is_ours).collect()
}

pub(in super::super) fn divided(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    let parts = siblings(asked);
    let id = asked.field("x_OriginChargeId");
    let terms: Vec<Term> =
        parts.iter().filter_map(|at| term(asked.table, *at, asked.column)).collect();
    let sum: Quantity = terms.iter().map(|term| &term.amount).sum();
    let whole = in_bill(this, asked);
    if parts.len() == 1 {
        let told = asked.says(format!("as the bill has it: {id}, which is not divided"));
        return match whole {
            Some(whole) => told.is(&whole),
            None => told,
        };
    }
    let pool = asked.field("x_Pool");
    let how = format!(
        "a part of charge {id}, which pool `{pool}` bore, by its shares: {} of it sum to the charge",
        counted(parts.len())
    );
    asked.says(how).part_of(whole.unwrap_or(sum), terms)
}

/// What the bill says of the charge; `None` of quantities, which allocation does not look at.
fn in_bill(this: &Explainer<'_>, asked: &Asked<'_>) -> Option<Quantity> {
    let metric = CostMetric::ALL.into_iter().find(|metric| metric.name() == asked.column)?;
    let found = match asked.field("x_Pool") {
        "" => this.found(asked.field("x_OwnerKind"), asked.field("x_OwnerId")),
        pool => this.found("pool", pool),
    };
    let row = found.at_place(asked.field("x_SourceFile"), asked.field("x_SourceRow"))?;
    (!row.unknown.has(metric)).then(|| of_amount(row.costs[metric]))
}

/// The part of `EffectiveCost`; over the records of a charge it is one.
pub(in super::super) fn method(_: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    let ratio = |at: usize| {
        let text = asked.table.field(at, "AllocatedMethodDetails");
        let value: serde_json::Value = serde_json::from_str(text).ok()?;
        quantity(&value["Elements"][0]["AllocatedRatio"].to_string().replace('"', ""))
    };
    let told = asked.says("the part of EffectiveCost; the parts of a charge sum to one");
    let terms: Option<Vec<Term>> = siblings(asked)
        .into_iter()
        .map(|at| Some(Term::new(asked.table.field(at, "x_OwnerId"), ratio(at)?)))
        .collect();
    match terms {
        Some(terms) => {
            let mut told = told;
            told.part_of(Quantity::from_integer(1.into()), terms)
        }
        None => told,
    }
}
