//! Figures of the month: what they are made of.

use crate::domain::CostMetric;

use super::super::quantity::{Quantity, of_amount, of_count, quantity, rounded, shown};
use super::super::registry::Asked;
use super::super::told::{Term, Told, negated, ones};
use super::super::{Explainer, column_of};

const SHOWBACK: &str = "showback.csv";
const DETAIL: &str = "showback_detail.csv";

/// Whether figures are in the report currency: also those of all currencies.
fn in_report(asked: &Asked<'_>) -> bool {
    asked.report || asked.field("scope") == "all currencies"
}

pub(in super::super) fn value(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    match asked.field("unit") {
        "ratio" => {
            let told = asked.says("numerator / denominator, four digits");
            let part = |column| quantity(asked.field(&asked.named(column)));
            match (part("numerator"), part("denominator")) {
                (Some(over), Some(under)) if under != Quantity::default() => {
                    let note = format!("{} / {}", shown(&over), shown(&under));
                    told.note(note).is(&rounded(&(over / under), 4))
                }
                _ => told,
            }
        }
        "rows" => rows(this, asked),
        _ => amount(this, asked),
    }
}

fn rows(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    let period = this.facts.period;
    let all = asked.field("scope") == "all months";
    let terms = this.facts.scan.files.iter().map(|file| {
        let rows = match asked.field("kpi") {
            "rows_read" => file.rows,
            "rows_quarantined" => file.quarantined,
            "rows_excluded" => file.excluded_rows(),
            _ if all => file.accepted,
            _ => {
                let of = file.totals.iter().filter(|((_, month), _)| *month == period);
                of.map(|(_, totals)| totals.rows).sum()
            }
        };
        Term::new(&*file.path, of_count(rows))
    });
    let terms: Vec<Term> = terms.filter(|term| term.amount != Quantity::default()).collect();
    asked.says("by file").sum(terms)
}

fn amount(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    let terms = match asked.field("kpi") {
        "rounding" => showback(this, asked, "total", Some("rounding")),
        "quarantined_billed_cost" => quarantine(this, asked, "billed_cost"),
        "quarantined_effective_cost" => quarantine(this, asked, "effective_cost"),
        name => detail(this, asked, name, &[]),
    };
    asked.says("the sum over the lines that it is made of").sum(terms)
}

/// The numerator or denominator of a ratio.
pub(in super::super) fn part(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    let name = asked.field("kpi");
    let is_over = asked.base == "numerator";
    let view = column_of(this.facts.rules.view.metric());
    let terms = match (name, is_over) {
        ("cost_allocated", true) => showback(this, asked, "total", Some("owner")),
        ("cost_unallocated", true) => showback(this, asked, "total", Some("unallocated")),
        ("cost_direct", true) => showback(this, asked, "direct", Some("owner")),
        ("cost_shared", true) => showback(this, asked, "shared_in", Some("owner")),
        ("effective_to_billed", true) => detail(this, asked, "effective_cost", &[]),
        ("effective_to_billed", false) => detail(this, asked, "billed_cost", &[]),
        ("month_on_month", true) => showback(this, asked, "delta", None),
        ("month_on_month", false) => {
            let terms = showback(this, asked, "prior_period", None);
            let sum: Quantity = terms.iter().map(|term| &term.amount).sum();
            if sum < Quantity::default() { negated(terms) } else { terms }
        }
        ("commitment_utilisation", true) => {
            detail(this, asked, "effective_cost", &["commitment_amortized"])
        }
        ("commitment_utilisation", false) => {
            detail(this, asked, "effective_cost", &["commitment_amortized", "unused_commitment"])
        }
        ("credits_share", true) => negated(detail(this, asked, view, &["credits"])),
        ("credits_share", false) => {
            let mut terms = showback(this, asked, "total", None);
            terms.extend(negated(detail(this, asked, view, &["credits"])));
            terms
        }
        ("quarantined_billed_cost", true) => counted(quarantine(this, asked, "billed_cost")),
        ("quarantined_effective_cost", true) => counted(quarantine(this, asked, "effective_cost")),
        ("quarantined_billed_cost" | "quarantined_effective_cost", false) => {
            counted(quarantine(this, asked, "row"))
        }
        (name, _) if name.starts_with("coverage_by") || name.starts_with("provenance_by") => {
            covered(this, asked, name.ends_with("cost"), is_over)
        }
        (_, _) => showback(this, asked, "total", None),
    };
    asked.says("the sum over what it is made of").sum(terms)
}

fn counted(mut terms: Vec<Term>) -> Vec<Term> {
    for term in &mut terms {
        term.at = None;
    }
    ones(terms)
}

fn named(asked: &Asked<'_>, column: &str) -> String {
    if in_report(asked) { format!("report_{column}") } else { column.to_owned() }
}

fn is_currency(asked: &Asked<'_>, currency: &str) -> bool {
    asked.field("scope") == "all currencies" || asked.field("currency") == currency
}

fn showback(
    this: &Explainer<'_>,
    asked: &Asked<'_>,
    column: &str,
    kind: Option<&str>,
) -> Vec<Term> {
    this.terms(SHOWBACK, &named(asked, column), |their, at| {
        is_currency(asked, their.field(at, "currency"))
            && kind.is_none_or(|kind| their.field(at, "kind") == kind)
    })
}

fn detail(this: &Explainer<'_>, asked: &Asked<'_>, column: &str, components: &[&str]) -> Vec<Term> {
    this.terms(DETAIL, &named(asked, column), |their, at| {
        is_currency(asked, their.field(at, "currency"))
            && (components.is_empty() || components.contains(&their.field(at, "component")))
    })
}

fn quarantine(this: &Explainer<'_>, asked: &Asked<'_>, column: &str) -> Vec<Term> {
    let period = this.facts.period.to_string();
    this.terms("quarantine.csv", column, |their, at| {
        let month = their.field(at, "billing_period");
        their.field(at, "billing_currency") == asked.field("currency")
            && (month.is_empty() || month == period)
    })
}

/// Rows or cost by where the values of a dimension came from.
fn covered(this: &Explainer<'_>, asked: &Asked<'_>, is_cost: bool, is_over: bool) -> Vec<Term> {
    let facts = this.facts;
    let scope = asked.field("scope");
    let of_provenance = asked.field("kpi").starts_with("provenance");
    let mut terms: std::collections::BTreeMap<&str, Quantity> = std::collections::BTreeMap::new();
    for ((currency, profile), (rows, costs)) in &facts.cube.coverage {
        let profile = facts.cube.provenances.get(*profile as usize);
        for (dimension, provenance) in
            facts.rules.dimensions.iter().zip(profile.into_iter().flatten())
        {
            let name = dimension.name.as_str();
            let is_it = if of_provenance {
                scope.strip_prefix(name).and_then(|rest| rest.strip_prefix('='))
            } else {
                (scope == name).then_some("")
            };
            let Some(wanted) = is_it else { continue };
            let unanswered = ["absent", "default", "invalid"].contains(&provenance.as_str());
            let counts = !is_over || if of_provenance { wanted == provenance } else { !unanswered };
            if currency.code() == asked.field("currency") && counts {
                let metric: CostMetric = facts.rules.view.metric();
                let amount = if is_cost { of_amount(costs[metric]) } else { of_count(*rows) };
                *terms.entry(provenance).or_default() += amount;
            }
        }
    }
    terms.into_iter().map(|(from, amount)| Term::new(format!("from {from}"), amount)).collect()
}
