//! The table of exchange rates, as CSV.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::diagnostics::{Code, Finding};
use crate::domain::{Currency, Quote, Rate, RateTable};

use super::table::{Kind, Table, TableRow};

const KIND: Kind = Kind { code: Code::BadRate, needed: &["date", "from", "to", "rate"] };
const KNOWN: [&str; 5] = ["date", "from", "to", "rate", "source"];

/// The row that a quote stands in, by pair and day.
type Rows<'a> = BTreeMap<(Currency, Currency), BTreeMap<NaiveDate, (TableRow<'a>, Rate)>>;

/// Reads rates: columns `date`, `from`, `to`, `rate` (what one unit of `from` is worth in `to`) and
/// `source`, which may be absent.
///
/// # Errors
/// Every row that cannot be used, and every quote that is `leap` times the one before it or more,
/// either way.
pub fn read_rates(path: &str, text: &[u8], leap: &Rate) -> Result<RateTable, Vec<Finding>> {
    let table = Table::read(path, text, KIND)?;
    let mut errors = table.unknown_columns(&KNOWN, "a table of rates");
    let mut rates = RateTable::default();
    let mut rows = Rows::new();
    for row in table.rows() {
        let quote = match quote(&row) {
            Ok(quote) => quote,
            Err(findings) => {
                errors.extend(findings);
                continue;
            }
        };
        let (from, to, day, quote) = quote;
        let rate = quote.rate.clone();
        match rates.add(from, to, day, quote) {
            None => {
                rows.entry((from, to)).or_default().insert(day, (row, rate));
            }
            // The same row twice says nothing new.
            Some(known) if known.rate == rate => {}
            Some(known) => {
                let known = &known.rate;
                let first = rows.get(&(from, to)).and_then(|days| days.get(&day));
                let first = first.map_or(0, |(first, _)| first.number);
                let text =
                    format!("1 {from} is {rate} {to} on {day}, but row {first} says {known}");
                errors.push(row.fault("rate", text).help("keep the one that holds"));
            }
        }
    }
    errors.extend(rows.iter().flat_map(|(pair, days)| leaps(*pair, days, leap)));
    if errors.is_empty() { Ok(rates) } else { Err(errors) }
}

fn quote(row: &TableRow<'_>) -> Result<(Currency, Currency, NaiveDate, Quote), Vec<Finding>> {
    let mut errors = Vec::new();
    let day = match row.date("date") {
        Ok(Some(day)) => Some(day),
        Ok(None) => {
            errors.push(row.fault("date", "the row has no date").help("write it as 2026-10-31"));
            None
        }
        Err(finding) => {
            errors.push(finding);
            None
        }
    };
    let mut currency = |column: &str| match Currency::parse(row.get(column).unwrap_or("")) {
        Ok(currency) => Some(currency),
        Err(error) => {
            errors.push(row.fault(column, error.to_string()));
            None
        }
    };
    let (from, to) = (currency("from"), currency("to"));
    if from.is_some() && from == to {
        errors.push(row.fault("to", "a currency needs no rate to itself"));
    }
    let rate = match Rate::parse(row.get("rate").unwrap_or("").as_bytes()) {
        Ok(rate) => Some(rate),
        Err(error) => {
            let help = "write what one unit of `from` is worth in `to`, such as 0.9213";
            errors.push(row.fault("rate", error.to_string()).help(help));
            None
        }
    };
    match (from, to, day, rate) {
        (Some(from), Some(to), Some(day), Some(rate)) if errors.is_empty() => {
            let source = row.get("source").unwrap_or("").to_owned();
            Ok((from, to, day, Quote { rate, source }))
        }
        _ => Err(errors),
    }
}

/// Quotes of a pair that lie too far from the one before them. One that comes back to where the
/// rate was before a leap is no leap of its own.
fn leaps(
    (from, to): (Currency, Currency),
    days: &BTreeMap<NaiveDate, (TableRow<'_>, Rate)>,
    leap: &Rate,
) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut good: Option<&Rate> = None;
    for ((before, (_, earlier)), (day, (row, later))) in days.iter().zip(days.iter().skip(1)) {
        if !later.leaps(earlier, leap) || good.is_some_and(|good| !later.leaps(good, leap)) {
            continue;
        }
        good = Some(earlier);
        let text = format!(
            "1 {from} is {later} {to} on {day}, after {earlier} on {before}: a leap of {leap} times or more"
        );
        let help = "mend the rate, or raise `leap` of `exchange` where it is real";
        let mut finding = row.fault("rate", text).help(help);
        finding.code = Code::RateLeap;
        found.push(finding);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(rows: &str) -> Vec<String> {
        let text = format!("date,from,to,rate,source\n{rows}");
        let found = read_rates("fx.csv", text.as_bytes(), &"10".parse().unwrap()).err();
        let shown = |finding: &Finding| {
            let place = finding.place.as_ref().unwrap();
            format!("{} {place}: {}", finding.code, finding.message)
        };
        found.unwrap_or_default().iter().map(shown).collect()
    }

    #[test]
    fn a_sound_table_is_read_in_any_order() {
        let rows = "2026-10-30,USD,EUR,0.92,ECB\n2026-10-29,USD,EUR,9.1E-1,\n\
                    2026-10-30,USD,EUR,0.920,ECB\n2026-10-30,EUR,JPY,161.2,ECB\n";
        assert_eq!(faults(rows), [""; 0]);
    }

    #[test]
    fn every_bad_row_is_named_with_its_place() {
        let rows = "2026-02-30,USD,EUR,0.92,\n,USD,EUR,0.92,\n2026-10-30,US$,EUR,0,\n\
                    2026-10-30,USD,EUR,-1,\n2026-10-30,EUR,EUR,1,\n2026-10-30,USD,EUR,\"0,92\",\n\
                    2026-10-30,USD,EUR,0.92,\n2026-10-30,USD,EUR,0.93,\n";
        let expected = [
            "bad-rate fx.csv, row 2, column date: `2026-02-30` is not a date",
            "bad-rate fx.csv, row 3, column date: the row has no date",
            "bad-rate fx.csv, row 4, column from: `US$` is not an ISO 4217 currency code such as EUR or USD",
            "bad-rate fx.csv, row 4, column rate: a rate of zero would make money vanish",
            "bad-rate fx.csv, row 5, column rate: a rate is never negative",
            "bad-rate fx.csv, row 6, column to: a currency needs no rate to itself",
            "bad-rate fx.csv, row 7, column rate: the rate cannot be read: not a plain decimal number (no thousands separators, currency signs, brackets, NaN or inf)",
            "bad-rate fx.csv, row 9, column rate: 1 USD is 0.93 EUR on 2026-10-30, but row 8 says 0.92",
        ];
        assert_eq!(faults(rows), expected);
    }

    #[test]
    fn a_leap_is_found_whatever_the_order_of_rows() {
        let rows = "2026-10-30,USD,EUR,9.2,\n2026-10-29,USD,EUR,0.92,\n2026-11-02,USD,EUR,0.91,\n";
        let expected = [
            "rate-leap fx.csv, row 2, column rate: 1 USD is 9.2 EUR on 2026-10-30, after 0.92 on 2026-10-29: a leap of 10 times or more",
        ];
        assert_eq!(faults(rows), expected, "0.91 is where the rate was before");
    }

    #[test]
    fn a_table_without_its_columns_is_refused() {
        let found = read_rates("fx.csv", b"date,from,value\n", &"10".parse().unwrap());
        let messages: Vec<String> = found.unwrap_err().into_iter().map(|f| f.message).collect();
        assert_eq!(messages, ["there are no columns `to`, `rate`"]);
    }
}
