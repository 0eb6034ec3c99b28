//! `contract_burndown.csv` and `contract_burndown_months.csv`: commitments, as a whole and by month.

use crate::diagnostics::Finding;
use crate::licenses::{BurnDown, Number, method_text, number_text};
use crate::report::sink::Sink;

use super::Duties;
use super::text::{day, money, number, words};

const HEADER: [&str; 21] = [
    "day",
    "contract",
    "start",
    "last_day",
    "state",
    "currency",
    "committed",
    "carried_in",
    "consumed",
    "burned_percent",
    "days",
    "told_days",
    "elapsed_percent",
    "missing_days",
    "method",
    "forecast",
    "forecast_run_rate",
    "shortfall",
    "shortfall_rule",
    "due",
    "due_basis",
];
const MONTHS: [&str; 11] = [
    "day",
    "contract",
    "start",
    "month",
    "currency",
    "days",
    "told_days",
    "consumed",
    "consumed_to_date",
    "forecast",
    "forecast_to_date",
];

pub(super) fn write(duties: &Duties<'_>, sink: &mut Sink) -> Result<(), Finding> {
    if duties.burn_downs.is_empty() {
        return Ok(());
    }
    sink.table("contract_burndown.csv", &HEADER, |table| {
        duties.burn_downs.iter().try_for_each(|burn| table.write_record(fields(duties, burn)))
    })?;
    sink.table("contract_burndown_months.csv", &MONTHS, |table| {
        let mut all = duties.burn_downs.iter().flat_map(|burn| months(duties, burn));
        all.try_for_each(|fields| table.write_record(fields))
    })
}

fn fields(duties: &Duties<'_>, burn: &BurnDown) -> [String; HEADER.len()] {
    let hundred = Number::from_integer(100.into());
    let percent = |part: Number| number_text(&(part * &hundred));
    let missing: i64 =
        burn.missing.iter().filter_map(|days| Some((days.to()? - days.from()?).num_days())).sum();
    let run_rate = burn.forecasts.first().and_then(|(_, total)| total.as_ref());
    let state = if burn.has_ended {
        "ended"
    } else if burn.days.contains(duties.day) {
        "running"
    } else {
        "upcoming"
    };
    [
        duties.day.to_string(),
        words(Some(&burn.contract)),
        day(burn.days.from()),
        day(burn.days.to().and_then(|to| to.pred_opt())),
        state.to_owned(),
        burn.currency.to_string(),
        number_text(&burn.committed),
        number_text(&burn.carried_in),
        number_text(&burn.consumed),
        burn.burned().map(percent).unwrap_or_default(),
        burn.total_days.to_string(),
        burn.told_days.to_string(),
        percent(burn.elapsed()),
        missing.to_string(),
        burn.forecast.as_ref().map(|_| method_text(burn.method)).unwrap_or_default(),
        number(burn.forecast.as_ref()),
        number(run_rate),
        number(burn.shortfall.as_ref()),
        words(Some(&burn.rule.text())),
        money(burn.due.as_ref()),
        words(burn.due.as_ref().map(|due| due.basis.as_str())),
    ]
}

fn months(duties: &Duties<'_>, burn: &BurnDown) -> Vec<[String; MONTHS.len()]> {
    let zero = || Number::from_integer(0.into());
    let (mut consumed, mut forecast) = (zero(), Some(zero()));
    let mut found = Vec::with_capacity(burn.months.len());
    for month in &burn.months {
        consumed += &month.consumed;
        forecast = forecast.zip(month.forecast.as_ref()).map(|(sum, next)| sum + next);
        found.push([
            duties.day.to_string(),
            words(Some(&burn.contract)),
            day(burn.days.from()),
            month.month.to_string(),
            burn.currency.to_string(),
            month.days.to_string(),
            month.told_days.to_string(),
            number_text(&month.consumed),
            number_text(&consumed),
            number(month.forecast.as_ref()),
            number(forecast.as_ref()),
        ]);
    }
    found
}
