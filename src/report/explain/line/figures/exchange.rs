//! Amounts in the report currency, and the rates that made them.

use num_traits::Zero;

use crate::domain::{Currency, MonthRates};

use super::super::quantity::{Quantity, quantity, rounded, shown};
use super::super::registry::{Asked, Pick, Tie, When};
use super::super::told::Told;
use super::super::{Explainer, term};

/// Digits that an exact product is told to.
const EXACT_DIGITS: u32 = 36;

/// A cell times the rate of its day, rounded once.
pub(in super::super) fn of_cell(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    let (currency, report) = (asked.field("currency"), asked.field("report_currency"));
    let Some(amount) = quantity(asked.field(asked.base)) else { return asked.says("") };
    if currency == report {
        return asked.says(format!("the bill is in {report}")).is(&amount);
    }
    let rate = this.tables.get("exchange.csv").and_then(|table| {
        let is_it = |at: &usize| {
            table.field(*at, "currency") == currency
                && this.is_of_day(table.field(*at, "day"), asked.field("day"))
        };
        let at = (0..table.records.len()).find(is_it)?;
        Some((quantity(table.field(at, "rate_fraction"))?, table.line(at)))
    });
    let Some((rate, line)) = rate else { return asked.says("converted") };
    let digits = this.facts.conversions.terms.map_or(EXACT_DIGITS, |terms| terms.digits);
    let how = format!(
        "{} × the rate of exchange.csv, line {line}, rounded once, half to even, to {digits} digits",
        asked.base
    );
    let input = term(asked.table, asked.record, asked.base);
    asked.says(how).of(input).note(product(&amount, &rate)).is(&rounded(&(amount * rate), digits))
}

pub(in super::super) fn product(amount: &Quantity, rate: &Quantity) -> String {
    format!("{} × {} = {}", shown(amount), rate, shown(&(amount * rate)))
}

/// The rate and where it comes from.
pub(in super::super) fn rate(_: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    let is_inverse = asked.field("inverse") == "yes";
    let told = match asked.field("policy") {
        "same currency" => return asked.says("one: the bill is in the report currency"),
        "average" if is_inverse => {
            "1 / the mean of the quotes of the month, which are of the report currency"
        }
        "average" => "the mean of the quotes of the month",
        "daily" if is_inverse => "1 / the quote of the day, which is of the report currency",
        "daily" => "the quote of the day",
        _ if is_inverse => "1 / the last quote of the month, which is of the report currency",
        _ => "the last quote of the month",
    };
    let quotes = format!(
        "{} quoted from {} to {}, source {}, inverse {}",
        asked.field("quotes"),
        asked.field("quoted_from"),
        asked.field("quoted_to"),
        asked.field("source"),
        asked.field("inverse")
    );
    let told = asked.says(told).note(quotes);
    match quantity(asked.field("rate_fraction")).filter(|rate| is_inverse && !rate.is_zero()) {
        Some(rate) => told.note(format!("1 / {} = {rate}", shown(&rate.recip()))),
        None => told,
    }
}

pub(in super::super) fn exact(_: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    let told = asked.says("amount × rate_fraction");
    match (quantity(asked.field("amount")), quantity(asked.field("rate_fraction"))) {
        (Some(amount), Some(rate)) => {
            told.note(product(&amount, &rate)).is(&rounded(&(amount * rate), EXACT_DIGITS))
        }
        _ => told,
    }
}

/// The converted cells of a rate.
pub(in super::super) fn converted(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    const CELLS: Tie = Tie {
        file: "showback_detail.csv",
        column: Pick::Metric("metric"),
        when: &[When::Same("currency"), When::Is("stage", "direct"), When::Day],
    };
    this.sum(&Asked { report: true, ..*asked }, CELLS)
}

/// An amount without a day: by the rate of the month's last.
pub(in super::super) fn of_last_day(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    let base = asked.column.strip_prefix("report_").unwrap_or(asked.column);
    let told = asked.says(format!("{base} by the rate of the last day of the month"));
    let amount = asked.field(base).parse().ok();
    let currency = ["billing_currency", "currency"].map(|name| asked.field(name));
    let currency = currency.into_iter().find_map(|code| Currency::parse(code).ok());
    let (Some(amount), Some(currency)) = (amount, currency) else { return told };
    let last = this.facts.period.last();
    let rates = this.facts.conversions.rates(this.facts.period, currency);
    let Some(again) = rates.amount(last, amount) else { return told };
    let told = match (rates, rates.used(last)) {
        (MonthRates::Same, _) | (_, None) => told,
        (_, Some(used)) => told.note(format!("{amount} × {}", used.rate.ratio())),
    };
    told.is(&super::super::quantity::of_amount(again))
}
