//! Invoices against bills, and rows that could not be read.

use std::collections::BTreeMap;

use crate::allocate::Bearer;
use crate::diagnostics::Code;
use crate::domain::CostMetric;
use crate::report::party::of_bearer;

use super::super::Explainer;
use super::super::quantity::{Quantity, of_amount, of_count, quantity};
use super::super::registry::Asked;
use super::super::told::{Term, Told};
use super::exchange;

/// Net and tax, where the table has both.
pub(in super::super) fn total(_: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    let parts =
        ["invoice_net", "invoice_tax"].map(|column| (column, quantity(asked.field(column))));
    let told = asked.says("what the provider asks for, with tax as far as the table tells it");
    let known: Vec<Term> =
        parts.into_iter().filter_map(|(name, part)| Some(Term::new(name, part?))).collect();
    if known.is_empty() {
        told.note("the table of invoices has it as a total")
    } else {
        told.sum(known)
    }
}

/// What the bill has of the invoice, by who bears it and by which rule.
pub(in super::super) fn billed(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    let how = if asked.base == "rows" {
        "rows of the bill that are of this invoice"
    } else {
        "BilledCost of the bill's charges of this invoice, by rule"
    };
    // A table of invoices may name an invoice that the bill does not, or another billing account.
    let named = [By::Invoice, By::InvoiceAlone, By::BillingAccount];
    let found = named.map(|by| charges(this, asked, by));
    let value = quantity(asked.value());
    let is_it = |terms: &&Vec<Term>| {
        value.as_ref() == Some(&terms.iter().map(|term| &term.amount).sum::<Quantity>())
    };
    let terms = found.iter().find(is_it).unwrap_or(&found[0]).clone();
    asked.says(how).sum(terms)
}

/// By what charges of the bill are known to be of an invoice.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Invoice,
    /// Whatever the billing account.
    InvoiceAlone,
    /// The bill names no invoice.
    BillingAccount,
}

fn charges(this: &Explainer<'_>, asked: &Asked<'_>, by: By) -> Vec<Term> {
    let facts = this.facts;
    let text = |name| facts.cube.text(name);
    let mut sums: BTreeMap<String, Quantity> = BTreeMap::new();
    for cells in facts.cube.groups_of(facts.period) {
        let group = cells.group;
        let issuer = facts.cube.name(group.invoice_issuer).unwrap_or(text(group.provider));
        let is_ours = issuer == asked.field("provider")
            && match by {
                By::BillingAccount => text(group.invoice).is_empty(),
                By::Invoice | By::InvoiceAlone => text(group.invoice) == asked.field("invoice"),
            }
            && (by == By::InvoiceAlone
                || text(group.billing_account) == asked.field("billing_account_id"))
            && group.currency.code() == asked.field("currency");
        let is_fate = match (asked.base, group.verdict.bearer) {
            ("allocated", Bearer::Unallocated(_)) => false,
            ("of_which_pooled", bearer) => matches!(bearer, Bearer::Pool(..)),
            ("unallocated", bearer) => matches!(bearer, Bearer::Unallocated(_)),
            _ => true,
        };
        if !is_ours || !is_fate {
            continue;
        }
        let (kind, owner) = of_bearer(group.verdict.bearer, facts.cube, facts.rules);
        let rule = group.verdict.rule.map_or("no rule", |rule| &facts.rules.rule(rule).name);
        let label = format!("{} {owner}, by rule `{rule}`", kind.name());
        let amount = if asked.base == "rows" {
            of_count(cells.rows())
        } else if asked.report {
            of_amount(facts.conversions.billed(cells).unwrap_or_default())
        } else {
            of_amount(cells.costs()[CostMetric::BilledCost])
        };
        *sums.entry(label).or_default() += amount;
    }
    sums.into_iter().map(|(label, amount)| Term::new(label, amount)).collect()
}

pub(in super::super) fn variance(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    exchange::of_last_day(this, asked)
}

/// What the code of a row in quarantine means.
pub(in super::super) fn code(_: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    let told = asked.says("why the row could not be read");
    match Code::named(asked.value()) {
        Some(code) => told.note(code.explanation()),
        None => told,
    }
}
