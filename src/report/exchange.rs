//! `exchange.csv`: which rate converted what, and what rounding took.

use crate::allocate::ExchangeTotal;
use crate::diagnostics::Finding;
use crate::domain::{Amount, CostMetric, Costs, MonthRates, UsedRate};

use super::Facts;
use super::decimal::fixed;
use super::sink::Sink;

const HEADER: [&str; 18] = [
    "period",
    "currency",
    "report_currency",
    "policy",
    "day",
    "rate",
    "rate_fraction",
    "inverse",
    "quoted_from",
    "quoted_to",
    "quotes",
    "source",
    "metric",
    "rows",
    "amount",
    "report_amount_exact",
    "report_amount",
    "rounding",
];
/// Digits of a rate that does not come out even; the fraction beside it is exact.
const RATE_DIGITS: u32 = 20;

/// An amount that may be unknown, which is blank and not zero.
pub(super) fn text(amount: Option<Amount>) -> String {
    amount.map_or_else(String::new, |amount| amount.to_string())
}

pub(super) fn write(facts: &Facts, sink: &mut Sink) -> Result<(), Finding> {
    sink.table("exchange.csv", &HEADER, |table| {
        for total in &facts.conversions.totals {
            let rates = facts.conversions.rates(facts.period, total.currency);
            for metric in CostMetric::ALL {
                table.write_record(fields(facts, rates, total, metric))?;
            }
        }
        Ok(())
    })
}

fn fields(
    facts: &Facts,
    rates: &MonthRates,
    total: &ExchangeTotal,
    metric: CostMetric,
) -> Vec<String> {
    let day = total.day.unwrap_or(facts.period.first());
    let known =
        |costs: Option<Costs>| costs.filter(|_| total.known.has(metric)).map(|costs| costs[metric]);
    let (exact, report) = (known(total.exact(rates)), known(total.report_costs));
    let policy = match (rates, facts.conversions.terms) {
        (MonthRates::Same, _) => "same currency",
        (MonthRates::Unknown, _) | (_, None) => "none declared",
        (_, Some(terms)) => terms.policy.name(),
    };
    let mut fields = vec![
        facts.period.to_string(),
        total.currency.to_string(),
        facts.conversions.report_currency.to_string(),
        policy.to_owned(),
        total.day.map_or_else(String::new, |day| day.to_string()),
    ];
    fields.extend(rate_fields(rates, rates.used(day)));
    fields.extend([
        metric.to_string(),
        total.rows.to_string(),
        text(known(Some(total.costs))),
        text(exact),
        text(report),
        text(exact.zip(report).map(|(exact, report)| exact - report)),
    ]);
    fields
}

/// From `rate` to `source`.
fn rate_fields(rates: &MonthRates, used: Option<&UsedRate>) -> [String; 7] {
    let Some(used) = used else {
        let one = if matches!(rates, MonthRates::Same) { "1" } else { "" };
        return [one, one, "", "", "", "", ""].map(str::to_owned);
    };
    let ratio = used.rate.ratio();
    let rate = fixed(&ratio.numer().clone().into(), &ratio.denom().clone().into(), RATE_DIGITS);
    let rate = rate.unwrap_or_default();
    let sources: Vec<&str> =
        used.sources.iter().map(String::as_str).filter(|source| !source.is_empty()).collect();
    [
        rate.trim_end_matches('0').trim_end_matches('.').to_owned(),
        ratio.to_string(),
        if used.is_inverse { "yes" } else { "no" }.to_owned(),
        used.quoted.0.to_string(),
        used.quoted.1.to_string(),
        used.quotes.to_string(),
        sources.join("; "),
    ]
}
