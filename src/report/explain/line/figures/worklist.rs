//! The worklist: rows of a resource, or what a pool could not give.

use std::collections::BTreeMap;

use crate::allocate::FoundRow;
use crate::domain::CostMetric;
use crate::rules::RuleId;

use super::super::quantity::{Quantity, of_amount, of_count, quantity};
use super::super::registry::Asked;
use super::super::told::{Term, Told, ones};
use super::super::{Explainer, counted, term};

const PLACE: [&str; 4] = ["provider", "billing_account_id", "sub_account_id", "service_name"];

fn metric(asked: &Asked<'_>) -> CostMetric {
    if asked.base == "billed_cost" { CostMetric::BilledCost } else { CostMetric::EffectiveCost }
}

pub(in super::super) fn amount(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    if let Some(pool) = asked.field("asked_owner").strip_prefix("pool:")
        && asked.field("provider").is_empty()
        && asked.field("rows") == "0"
    {
        return of_pool(this, asked, pool, "rounded");
    }
    let rows = rows_of(this, asked);
    let terms = this.charges(&rows.iter().collect::<Vec<_>>(), metric(asked));
    asked.says("the sum over the charges behind it").sum(terms)
}

fn of_pool(this: &Explainer<'_>, asked: &Asked<'_>, pool: &str, column: &str) -> Told {
    let terms = this.terms("allocation_trace.csv", column, |their, at| {
        their.field(at, "pool") == pool
            && their.field(at, "to_kind") == "unallocated"
            && their.field(at, "metric") == metric(asked).name()
            && their.field(at, "currency") == asked.field("currency")
    });
    let lines = counted(terms.len());
    asked.says(format!("what nobody may take of pool `{pool}`: {lines} of the trace")).sum(terms)
}

pub(in super::super) fn rows(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    if asked.value() == "0" {
        return asked.says("zero: a share of a pool has no rows of its own").sum(Vec::new());
    }
    let rows = rows_of(this, asked);
    let terms = ones(this.charges(&rows.iter().collect::<Vec<_>>(), CostMetric::BilledCost));
    let told = asked.says("the rows of bills behind it");
    if quantity(asked.value()) == Some(of_count(terms.len() as u64)) {
        return told.sum(terms);
    }
    told.note(format!("{} charges; a row of several charges counts once", terms.len()))
}

/// The charges of a line. Two rules may leave the same resource without an owner, which are two lines
/// that look alike: theirs are told apart by what they sum to.
fn rows_of(this: &Explainer<'_>, asked: &Asked<'_>) -> Vec<FoundRow> {
    let found = this.found("unallocated", "");
    let is_ours = |row: &&FoundRow| {
        let cell = &row.cell;
        let place = [&cell.provider, &cell.billing_account, &cell.sub_account, &cell.service];
        cell.reason == asked.field("reason")
            && cell.asked == asked.field("asked_owner")
            && row.currency.code() == asked.field("currency")
            && PLACE.iter().zip(place).all(|(column, value)| asked.field(column) == value)
            && is_resource(asked, row.resource.as_deref().unwrap_or(""))
    };
    let mut rules: BTreeMap<Option<RuleId>, Vec<FoundRow>> = BTreeMap::new();
    for row in found.rows.iter().filter(is_ours) {
        rules.entry(row.rule).or_default().push(row.clone());
    }
    let sums = |rows: &Vec<FoundRow>, metric: CostMetric| {
        rows.iter().map(|row| of_amount(row.costs[metric])).sum::<Quantity>()
    };
    let fits = |rows: &Vec<FoundRow>| {
        quantity(asked.field("effective_cost")) == Some(sums(rows, CostMetric::EffectiveCost))
            && quantity(asked.field("billed_cost")) == Some(sums(rows, CostMetric::BilledCost))
    };
    match rules.values().find(|rows| fits(rows)) {
        Some(rows) => rows.clone(),
        None => rules.into_values().flatten().collect(),
    }
}

/// A line without a resource is of charges that name none, or of those too many to list.
fn is_resource(asked: &Asked<'_>, resource: &str) -> bool {
    let table = asked.table;
    let is_listed = || {
        (0..table.records.len()).any(|at| {
            table.field(at, "resource_id") == resource
                && PLACE.iter().all(|column| table.field(at, column) == asked.field(column))
        })
    };
    asked.field("resource_id") == resource
        || (asked.field("resource_id").is_empty() && !is_listed())
}

/// Resources of one kind of charges share what their cells come to in the report currency.
pub(in super::super) fn converted(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    let base = asked.column.strip_prefix("report_").unwrap_or(asked.column);
    if asked.field("rows") == "0" {
        let pool = asked.field("asked_owner").strip_prefix("pool:").unwrap_or("");
        return of_pool(this, &Asked { base, ..*asked }, pool, "report_rounded");
    }
    let same = |table: &super::super::tables::Table, at: usize, columns: &[&str]| {
        columns.iter().all(|column| table.field(at, column) == asked.field(column))
    };
    let cells = this.terms("showback_detail.csv", asked.column, |their, at| {
        their.field(at, "kind") == "unallocated"
            && their.field(at, "stage") == "direct"
            && same(their, at, &PLACE)
            && same(their, at, &["currency"])
    });
    let whole: Quantity = cells.iter().map(|term| &term.amount).sum();
    let table = asked.table;
    let siblings = (0..table.records.len())
        .filter(|at| same(table, *at, &PLACE) && same(table, *at, &["currency"]))
        .filter(|at| table.field(*at, "rows") != "0");
    let terms: Vec<Term> = siblings.filter_map(|at| term(table, at, asked.column)).collect();
    let how = format!(
        "its part of what {} of the detail come to in the report currency, in proportion",
        counted(cells.len())
    );
    asked.says(how).part_of(whole, terms)
}
