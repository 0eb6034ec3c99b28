//! Lines of the detail: charges of the bill, or shares of a pool.

use crate::domain::CostMetric;

use super::super::quantity::{of_count, quantity};
use super::super::registry::Asked;
use super::super::told::{Term, Told, negated, ones};
use super::super::{Explainer, column_of, counted, term};
use super::{exchange, place};

/// The rule that decided, and where it stands.
pub(in super::super) fn rule(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    let told = asked.says("the first classify rule that matches these charges");
    match this.facts.rules.classify.iter().find(|rule| rule.name == asked.value()) {
        Some(rule) => told.note(place(&rule.span)),
        None => told,
    }
}

fn metric(asked: &Asked<'_>) -> CostMetric {
    let of = |metric: &CostMetric| column_of(*metric) == asked.base;
    CostMetric::ALL.into_iter().find(of).unwrap_or(CostMetric::EffectiveCost)
}

pub(in super::super) fn amount(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    match asked.field("stage").strip_prefix("pool:") {
        Some(pool) => shared(this, asked, pool),
        None if asked.report => exchange::of_cell(this, asked),
        None => {
            let found = this.found(asked.field("kind"), asked.field("owner"));
            let rows = found.of_line(asked);
            let terms = this.charges(&rows, metric(asked));
            let how = format!("the sum of {} over the charges behind it", metric(asked).name());
            asked.says(how).sum(terms)
        }
    }
}

/// What a pool gave to the party, or what the party, a pool, gave away.
fn shared(this: &Explainer<'_>, asked: &Asked<'_>, pool: &str) -> Told {
    let gave = asked.field("kind") == "pool" && asked.field("owner") == pool;
    let column = asked.named("rounded");
    let terms = this.terms("allocation_trace.csv", &column, |their, at| {
        let same = |column: &str| their.field(at, column) == asked.field(column);
        their.field(at, "pool") == pool
            && their.field(at, "metric") == metric(asked).name()
            && same("currency")
            && same("component")
            && (gave
                || (their.field(at, "to_kind") == asked.field("kind")
                    && their.field(at, "to") == asked.field("owner")))
    });
    let lines = counted(terms.len());
    if gave {
        let how = format!("what the pool gave to all, taken off: {lines} of the trace");
        return asked.says(how).sum(negated(terms));
    }
    let how = format!("what pool `{pool}` gave to the party: {lines} of the trace");
    asked.says(how).sum(terms)
}

/// Rows of bills behind a line.
pub(in super::super) fn rows(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    if asked.field("stage") != "direct" {
        return asked.says("zero: a share of a pool has no rows of its own").sum(Vec::new());
    }
    let found = this.found(asked.field("kind"), asked.field("owner"));
    let rows = found.of_line(asked);
    let terms = ones(this.charges(&rows, CostMetric::BilledCost));
    let told = asked.says("the rows of bills behind it");
    // A row that stands for several charges, or for shares of months, counts once.
    if quantity(asked.value()) == Some(of_count(terms.len() as u64)) {
        return told.sum(terms);
    }
    told.note(format!("{} charges; a row of several charges counts once", terms.len()))
}

/// A line of the detail as a part of something.
pub(in super::super) fn line(this: &Explainer<'_>, at: usize, column: &str) -> Option<Term> {
    term(this.tables.get("showback_detail.csv")?, at, column)
}
