//! What holds a run together: conservation, rates, invoices, rows that could not be read, figures.

use super::super::figures::{conservation, exchange, invoice, kpi};
use super::super::registry::{Output, Pick, When, adds, by, says, sum};

pub(in super::super) static CONSERVATION: Output = Output {
    file: "conservation.csv",
    line_is: "what went into one stage and what came out of it",
    keys: &["stage", "currency", "metric"],
    columns: &[
        says("stage", "what is held against what, of all months at hand or of the period"),
        says("currency", "the billing currency"),
        says("metric", "the cost metric"),
        by("in", conservation::side),
        by("out", conservation::side),
        by("rounding", conservation::rounding),
        adds("residual", &["in", "-out", "-rounding"]),
        by("rows_in", conservation::side),
        by("rows_out", conservation::side),
        says("report_currency", "the currency of the amounts, where it is not the billing one"),
    ],
};

const CONVERTED: [When; 3] = [When::Same("currency"), When::Is("stage", "direct"), When::Day];

pub(in super::super) static EXCHANGE: Output = Output {
    file: "exchange.csv",
    line_is: "what one rate converted of one metric",
    keys: &["currency", "day", "metric"],
    columns: &[
        says("period", "the month that was asked for"),
        says("currency", "from which currency"),
        says("report_currency", "into which currency"),
        says("policy", "how rates are chosen, as `exchange` of the project declares"),
        says("day", "the day whose rate it is, under the policy `daily`"),
        says("rate", "what one unit of `currency` is worth: `rate_fraction` as a decimal"),
        by("rate_fraction", exchange::rate),
        says("inverse", "whether the table quotes the pair the other way round"),
        says("quoted_from", "the day of the first quote that it is made of"),
        says("quoted_to", "the day of the last quote that it is made of"),
        says("quotes", "how many quotes it is made of"),
        says("source", "as the table of rates says"),
        says("metric", "what was converted"),
        sum("rows", "showback_detail.csv", Pick::Named("rows"), &CONVERTED),
        sum("amount", "showback_detail.csv", Pick::Metric("metric"), &CONVERTED),
        by("report_amount_exact", exchange::exact),
        by("report_amount", exchange::converted),
        adds("rounding", &["report_amount_exact", "-report_amount"]),
    ],
};

const INVOICED: &str = "from the project's tables of invoices; blank where none has it";

pub(in super::super) static RECONCILIATION: Output = Output {
    file: "reconciliation.csv",
    line_is: "one invoice: what is asked for, what is billed, who bears it",
    keys: &["provider", "invoice", "billing_account_id", "currency"],
    columns: &[
        says("provider", "the issuer of the invoice, else the provider"),
        says("invoice", "as the bill names it"),
        says("billing_account_id", "as the bill has it, else as the table of invoices has it"),
        says("currency", "the billing currency"),
        says("invoice_net", INVOICED),
        says("invoice_tax", INVOICED),
        by("invoice_total", invoice::total),
        adds("billed_total", &["allocated", "unallocated"]),
        by("allocated", invoice::billed),
        by("of_which_pooled", invoice::billed),
        by("unallocated", invoice::billed),
        adds("variance", &["invoice_total", "-billed_total"]),
        says("tolerance", "as declared under `invoices`"),
        says("class", "what the variance is; docs/outputs.md has the list"),
        says("status", "what is to be done about it; docs/outputs.md has the list"),
        says("explanation", "what the variance is made of, or why it is accepted"),
        by("rows", invoice::billed),
        says("report_currency", "the project's currency"),
        adds("report_invoice_total", &["report_billed_total", "report_variance"]),
        by("report_variance", invoice::variance),
    ],
};

const KNOWN: &str = "what is known of the row";

pub(in super::super) static QUARANTINE: Output = Output {
    file: "quarantine.csv",
    line_is: "a row of a bill that could not be read and is in no total",
    keys: &["file", "row", "column"],
    columns: &[
        says("file", "where the row stands"),
        says("row", "where the row stands"),
        says("column", "the column that could not be read"),
        by("code", invoice::code),
        says("text", "what stands there, with what a terminal would obey written out"),
        says("billing_period", KNOWN),
        says("billing_currency", KNOWN),
        says("billed_cost", KNOWN),
        says("effective_cost", KNOWN),
        says("report_currency", "the project's currency"),
        by("report_billed_cost", exchange::of_last_day),
        by("report_effective_cost", exchange::of_last_day),
        says("identity", "what names the row at its provider, by its column map"),
    ],
};

pub(in super::super) static KPI: Output = Output {
    file: "kpi.csv",
    line_is: "a figure of the month",
    keys: &["kpi", "scope", "currency"],
    columns: &[
        says("kpi", "the figure's name; docs/outputs.md has the list"),
        says("scope", "of what it is"),
        says("currency", "blank where the figure is of all"),
        by("value", kpi::value),
        says("unit", "ratio, amount or rows"),
        by("numerator", kpi::part),
        by("denominator", kpi::part),
        says("report_currency", "the project's currency"),
    ],
};
