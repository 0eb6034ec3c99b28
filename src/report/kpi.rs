//! `kpi.csv`: the figures that a month is judged by. Every ratio stands beside what it is made of.

use std::collections::BTreeSet;

use num_bigint::BigInt;

use crate::diagnostics::Finding;
use crate::domain::{Amount, CostMetric, Currency};

use super::Facts;
use super::coverage;
use super::decimal::fixed;
use super::party::Kind;
use super::showback::{Showback, ShowbackRow};
use super::sink::Sink;

const HEADER: [&str; 7] = ["kpi", "scope", "currency", "value", "unit", "numerator", "denominator"];
/// Digits of a ratio after the point.
const RATIO_DIGITS: u32 = 4;
pub(super) const PERIOD: &str = "period";
const ALL_MONTHS: &str = "all months";

/// One figure. The value is blank where it is unknown or would be a division by zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kpi {
    pub(super) name: &'static str,
    /// `period`, `all months`, `dimension`, or `dimension=provenance`.
    pub(super) scope: String,
    /// Empty for counts over all currencies.
    pub(super) currency: String,
    pub(super) value: String,
    /// `ratio`, `amount` or `rows`.
    pub(super) unit: &'static str,
    pub(super) numerator: String,
    pub(super) denominator: String,
}

impl Kpi {
    /// A ratio of amounts.
    pub(super) fn ratio(
        name: &'static str,
        scope: &str,
        currency: Currency,
        part: Amount,
        of: Amount,
    ) -> Self {
        let value = fixed(&part.to_units(), &of.to_units(), RATIO_DIGITS).unwrap_or_default();
        Self {
            name,
            scope: scope.to_owned(),
            currency: currency.to_string(),
            value,
            unit: "ratio",
            numerator: part.to_string(),
            denominator: of.to_string(),
        }
    }

    /// A ratio of counts of rows.
    pub(super) fn row_ratio(
        name: &'static str,
        scope: &str,
        currency: Currency,
        part: u64,
        of: u64,
    ) -> Self {
        let value = fixed(&BigInt::from(part), &BigInt::from(of), RATIO_DIGITS).unwrap_or_default();
        let (numerator, denominator) = (part.to_string(), of.to_string());
        let (scope, currency) = (scope.to_owned(), currency.to_string());
        Self { name, scope, currency, value, unit: "ratio", numerator, denominator }
    }

    fn plain(
        name: &'static str,
        scope: &str,
        currency: &str,
        value: String,
        unit: &'static str,
    ) -> Self {
        let (numerator, denominator) = (String::new(), String::new());
        let (scope, currency) = (scope.to_owned(), currency.to_owned());
        Self { name, scope, currency, value, unit, numerator, denominator }
    }
}

pub(super) fn write(facts: &Facts, showback: &Showback, sink: &mut Sink) -> Result<(), Finding> {
    let mut kpis = rows_read(facts);
    for currency in currencies(facts) {
        kpis.extend(of_currency(facts, showback, currency));
    }
    kpis.extend(coverage::kpis(facts));
    sink.table("kpi.csv", &HEADER, |table| {
        kpis.iter().try_for_each(|kpi| {
            table.write_record([
                kpi.name,
                &kpi.scope,
                &kpi.currency,
                &kpi.value,
                kpi.unit,
                &kpi.numerator,
                &kpi.denominator,
            ])
        })
    })
}

fn currencies(facts: &Facts) -> BTreeSet<Currency> {
    facts.totals.iter().map(|total| total.currency).collect()
}

fn rows_read(facts: &Facts) -> Vec<Kpi> {
    let files = &facts.scan.files;
    let of_period =
        facts.scan.totals().into_iter().filter(|((_, month), _)| *month == facts.period);
    let counts = [
        ("rows_accepted", PERIOD, of_period.map(|(_, totals)| totals.rows).sum::<u64>()),
        ("rows_read", ALL_MONTHS, files.iter().map(|file| file.rows).sum()),
        ("rows_accepted", ALL_MONTHS, files.iter().map(|file| file.accepted).sum()),
        ("rows_quarantined", ALL_MONTHS, facts.scan.quarantined()),
        (
            "rows_excluded",
            ALL_MONTHS,
            files.iter().map(crate::ingest::FileReport::excluded_rows).sum(),
        ),
    ];
    counts.map(|(name, scope, rows)| Kpi::plain(name, scope, "", rows.to_string(), "rows")).into()
}

fn of_currency(facts: &Facts, showback: &Showback, currency: Currency) -> Vec<Kpi> {
    let mut kpis = totals(facts, currency);
    let rows = || showback.rows.iter().filter(|row| row.currency == currency.code());
    let owners = || rows().filter(|row| row.kind == Kind::Owner);
    let accepted = accepted(facts, currency, CostMetric::EffectiveCost);
    let ratio = |name, part, of| Kpi::ratio(name, PERIOD, currency, part, of);
    kpis.push(ratio("cost_direct", owners().map(|row| row.direct).sum(), accepted));
    kpis.push(ratio("cost_shared", owners().map(|row| row.shared_in).sum(), accepted));
    kpis.push(month_on_month(showback, currency));
    // A pool's row nets to zero, so the components of all rows are those of what was accepted.
    let component = |name: &str| -> Amount {
        let at = showback.components.iter().position(|known| known == name);
        at.map_or(Amount::ZERO, |at| rows().map(|row| row.components[at]).sum())
    };
    let (used, unused) = (component("commitment_amortized"), component("unused_commitment"));
    if !used.is_zero() || !unused.is_zero() {
        kpis.push(ratio("commitment_utilisation", used, used + unused));
    }
    let credits = component("credits");
    kpis.push(ratio("credits_share", -credits, accepted - credits));
    kpis
}

fn totals(facts: &Facts, currency: Currency) -> Vec<Kpi> {
    let mut kpis = Vec::new();
    let effective = CostMetric::EffectiveCost;
    for total in facts.totals.iter().filter(|t| t.currency == currency && t.metric == effective) {
        let ratio = |name, part| Kpi::ratio(name, PERIOD, currency, part, total.accepted);
        kpis.push(ratio("cost_allocated", total.allocated));
        kpis.push(ratio("cost_unallocated", total.unallocated));
        let rounding = total.rounding.to_string();
        kpis.push(Kpi::plain("rounding", PERIOD, currency.code(), rounding, "amount"));
    }
    let billed = accepted(facts, currency, CostMetric::BilledCost);
    let amortized = accepted(facts, currency, effective);
    let amount = |name, amount: Amount| {
        Kpi::plain(name, PERIOD, currency.code(), amount.to_string(), "amount")
    };
    kpis.push(amount("billed_cost", billed));
    kpis.push(amount("effective_cost", amortized));
    kpis.push(Kpi::ratio("effective_to_billed", PERIOD, currency, amortized, billed));
    kpis
}

fn accepted(facts: &Facts, currency: Currency, metric: CostMetric) -> Amount {
    let totals = facts.totals.iter().filter(|t| t.currency == currency && t.metric == metric);
    totals.map(|total| total.accepted).sum()
}

/// The change against the month before as a part of it; blank where that month is not at hand.
fn month_on_month(showback: &Showback, currency: Currency) -> Kpi {
    const NAME: &str = "month_on_month";
    let rows: Vec<&ShowbackRow> =
        showback.rows.iter().filter(|row| row.currency == currency.code()).collect();
    let total: Amount = rows.iter().map(|row| row.total).sum();
    let prior: Option<Amount> = rows.iter().map(|row| row.prior).sum();
    prior.map_or_else(
        || Kpi::plain(NAME, PERIOD, currency.code(), String::new(), "ratio"),
        |prior| Kpi::ratio(NAME, PERIOD, currency, total - prior, prior.abs()),
    )
}
