//! The small tables of proof: conservation, quarantine and the allocation's trace.

use num_rational::Ratio;
use num_traits::Zero;

use crate::allocate::{Allocation, TraceStep};
use crate::diagnostics::{Finding, printable};
use crate::domain::{Amount, Currency, DateRange};
use crate::ingest::QuarantinedRow;

use super::Facts;
use super::decimal::{raw_part, share_text};
use super::exchange::text;
use super::party::of_party;
use super::sink::Sink;

/// `conservation.csv`: what went into each stage is what came out of it.
pub(super) fn write_conservation(facts: &Facts, sink: &mut Sink) -> Result<(), Finding> {
    let header = [
        "stage",
        "currency",
        "metric",
        "in",
        "out",
        "rounding",
        "residual",
        "rows_in",
        "rows_out",
        "report_currency",
    ];
    sink.table("conservation.csv", &header, |table| {
        facts.conservation.iter().try_for_each(|row| {
            let known = |amount: Amount| text(row.is_known.then_some(amount));
            table.write_record([
                row.stage.as_str(),
                row.currency.code(),
                row.metric.name(),
                &known(row.amount_in),
                &known(row.amount_out),
                &known(row.rounding),
                &row.residual().to_string(),
                &row.rows_in.to_string(),
                &row.rows_out.to_string(),
                &row.report_currency.map_or_else(String::new, |currency| currency.to_string()),
            ])
        })
    })
}

const QUARANTINE: [&str; 13] = [
    "file",
    "row",
    "column",
    "code",
    "text",
    "billing_period",
    "billing_currency",
    "billed_cost",
    "effective_cost",
    "report_currency",
    "report_billed_cost",
    "report_effective_cost",
    "identity",
];

/// `quarantine.csv`: every row that could not be read, with what is known of its money.
/// It is there to be looked at, so what a terminal would obey or hide is written out.
pub(super) fn write_quarantine(facts: &Facts, sink: &mut Sink) -> Result<(), Finding> {
    let files = facts.scan.files.iter();
    let mut rows = files.flat_map(|file| file.quarantine.iter().map(|row| (&*file.path, row)));
    sink.table("quarantine.csv", &QUARANTINE, |table| {
        rows.try_for_each(|(path, row)| {
            let report = quarantined_money(facts, row);
            table.write_record([
                path,
                &row.row.to_string(),
                &printable(&row.column),
                row.code.name(),
                &printable(&row.text),
                &row.month.map_or_else(String::new, |month| month.to_string()),
                &printable(row.currency.as_deref().unwrap_or("")),
                &text(row.billed_cost),
                &text(row.effective_cost),
                facts.conversions.report_currency.code(),
                &text(report[0]),
                &text(report[1]),
                &printable(&row.identity),
            ])
        })
    })
}

/// What is known of a row's money in the report currency: `BilledCost`, `EffectiveCost`.
fn quarantined_money(facts: &Facts, row: &QuarantinedRow) -> [Option<Amount>; 2] {
    let month = row.month.filter(|month| *month == facts.period);
    let currency = row.currency.as_deref().and_then(|code| Currency::parse(code).ok());
    let Some((month, currency)) = month.zip(currency) else { return [None; 2] };
    // The charge date of such a row is not kept; its money is put on the month's last day.
    let rates = facts.conversions.rates(month, currency);
    let convert = |amount: Option<Amount>| rates.amount(month.last(), amount?);
    [row.billed_cost, row.effective_cost].map(convert)
}

const TRACE: [&str; 21] = [
    "step",
    "pool",
    "rule",
    "from",
    "to_kind",
    "to",
    "currency",
    "component",
    "metric",
    "days",
    "pool_amount",
    "method",
    "driver_value",
    "driver_total",
    "share",
    "share_fraction",
    "raw",
    "rounded",
    "report_currency",
    "report_pool_amount",
    "report_rounded",
];

/// `allocation_trace.csv`: every division of the period, with the exact share and what rounding
/// made of it.
pub(super) fn write_trace(facts: &Facts, sink: &mut Sink) -> Result<(), Finding> {
    let month = facts.months.get(&facts.period);
    let mut steps = month.into_iter().flat_map(Allocation::steps);
    sink.table("allocation_trace.csv", &TRACE, |table| {
        steps.try_for_each(|step| table.write_record(trace_fields(facts, &step)))
    })
}

fn trace_fields(facts: &Facts, step: &TraceStep<'_>) -> Vec<String> {
    let division = step.division;
    let span = &facts.rules.pool(division.pool.pool).span;
    let (kind, to) = of_party(step.to);
    let none = Ratio::zero();
    let share = step.share.unwrap_or(&none);
    vec![
        division.step.to_string(),
        division.label.to_string(),
        format!("{}:{}", span.path, span.line),
        format!("pool:{}", division.label),
        kind.name().to_owned(),
        to.to_owned(),
        division.currency.to_string(),
        division.component.clone(),
        step.metric.to_string(),
        interval(division.days),
        step.pool_amount.to_string(),
        step.method.to_owned(),
        step.driver_value.to_owned(),
        step.driver_total.to_owned(),
        share_text(share),
        share.to_string(),
        raw_part(step.pool_amount, share),
        step.rounded.to_string(),
        facts.conversions.report_currency.to_string(),
        text(step.report.map(|(amount, _)| amount)),
        text(step.report.map(|(_, part)| part)),
    ]
}

/// Half-open days as ISO 8601 writes an interval, with `..` for an open end.
fn interval(days: DateRange) -> String {
    let end = |day: Option<chrono::NaiveDate>| day.map_or("..".to_owned(), |day| day.to_string());
    format!("{}/{}", end(days.from()), end(days.to()))
}
