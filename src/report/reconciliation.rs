//! `reconciliation.csv`: what is invoiced, billed and allocated, invoice by invoice.

use crate::diagnostics::Finding;
use crate::domain::Amount;
use crate::reconcile::{Class, ReconciliationLine};

use super::Facts;
use super::exchange::text;
use super::sink::Sink;

const HEADER: [&str; 23] = [
    "provider",
    "invoice",
    "billing_account_id",
    "currency",
    "invoice_net",
    "invoice_tax",
    "invoice_total",
    "billed_total",
    "allocated",
    "of_which_pooled",
    "unallocated",
    "variance",
    "tolerance",
    "class",
    "status",
    "explanation",
    "rows",
    "report_currency",
    "report_invoice_total",
    "report_billed_total",
    "report_allocated",
    "report_unallocated",
    "report_variance",
];

pub(super) fn write(facts: &Facts, sink: &mut Sink) -> Result<(), Finding> {
    sink.table("reconciliation.csv", &HEADER, |table| {
        let mut lines = facts.reconciled.lines.iter();
        lines.try_for_each(|line| table.write_record(fields(facts, line)))
    })
}

fn fields(facts: &Facts, line: &ReconciliationLine) -> [String; HEADER.len()] {
    let billed = line.report.map(|report| report.whole());
    let variance = line.variance.and_then(|variance| converted(facts, line, variance));
    [
        line.provider.clone(),
        line.invoice.clone(),
        line.billing_account.clone(),
        line.currency.to_string(),
        text(line.net),
        text(line.tax),
        text(line.invoiced),
        line.billed.whole().to_string(),
        line.billed.allocated().to_string(),
        line.billed.pools.to_string(),
        line.billed.unallocated.to_string(),
        text(line.variance),
        text(line.tolerance),
        line.class.map_or("", Class::name).to_owned(),
        line.status.name().to_owned(),
        line.explanation.clone(),
        line.rows.to_string(),
        facts.conversions.report_currency.to_string(),
        text(billed.zip(variance).and_then(|(billed, variance)| billed.checked_add(variance))),
        text(billed),
        text(line.report.map(|report| report.allocated())),
        text(line.report.map(|report| report.unallocated)),
        text(variance),
    ]
}

/// A variance has no day: it is converted as on the last of the month.
fn converted(facts: &Facts, line: &ReconciliationLine, variance: Amount) -> Option<Amount> {
    let rates = facts.conversions.rates(facts.period, line.currency);
    rates.amount(facts.period.last(), variance)
}
