//! Bills as CSV, in the two spellings that the providers use.

use std::io::{self, Write};

use chrono::NaiveDate;
use flate2::{Compression, GzBuilder};
use rust_decimal::Decimal;

use super::charge::Charge;
use super::columns::{Value, value};

/// What differs between the CSV exports of two providers.
#[derive(Debug)]
pub struct Spelling {
    pub columns: &'static [&'static str],
    /// `strftime` form of a point in time.
    pub time: &'static str,
    pub byte_order_mark: bool,
    /// Small amounts as `1.81E-8`.
    pub exponents: bool,
}

/// The rows as the text of a CSV file.
///
/// # Errors
/// If a row cannot be written, which memory does not do.
pub fn csv(rows: &[Charge], spelling: &Spelling) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    if spelling.byte_order_mark {
        text.extend("\u{feff}".bytes());
    }
    let mut writer = csv::Writer::from_writer(text);
    writer.write_record(spelling.columns)?;
    for row in rows {
        writer.write_record(spelling.columns.iter().map(|column| cell(row, column, spelling)))?;
    }
    writer.into_inner().map_err(|error| error.into_error())
}

/// Compressed without a time or a name in the header, so that equal text gives equal bytes.
///
/// # Errors
/// As [`csv`].
pub fn gzip(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut writer = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    writer.write_all(text)?;
    writer.finish()
}

fn cell(row: &Charge, column: &str, spelling: &Spelling) -> String {
    if let Some((_, text)) = row.spoiled.iter().find(|(spoiled, _)| *spoiled == column) {
        return (*text).to_owned();
    }
    match value(row, column) {
        Value::Null => String::new(),
        Value::Text(text) => text.into_owned(),
        Value::Time(day) => time(day, spelling),
        Value::Number(number) if spelling.exponents => with_exponent(number),
        Value::Number(number) => number.normalize().to_string(),
        Value::Tags(tags) => json(tags),
    }
}

fn time(day: NaiveDate, spelling: &Spelling) -> String {
    day.and_time(chrono::NaiveTime::MIN).format(spelling.time).to_string()
}

/// The tags as a JSON object, in the order in which they were set.
#[must_use]
pub fn json(tags: &[(&str, &str)]) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let pairs: Vec<_> =
        tags.iter().map(|(key, value)| format!("{}: {}", quoted(key), quoted(value))).collect();
    format!("{{{}}}", pairs.join(", "))
}

/// Numbers with five zeros after the point are written with an exponent, as AWS writes them.
fn with_exponent(number: Decimal) -> String {
    let number = number.normalize();
    let digits = number.mantissa().unsigned_abs().to_string();
    let exponent = digits.len() as i64 - 1 - i64::from(number.scale());
    if number.is_zero() || exponent > -6 {
        return number.to_string();
    }
    let sign = if number.is_sign_negative() { "-" } else { "" };
    let (head, tail) = digits.split_at(1);
    let point = if tail.is_empty() { "" } else { "." };
    format!("{sign}{head}{point}{tail}E{exponent}")
}

#[cfg(test)]
mod tests {
    use super::super::meter::decimal;
    use super::*;

    #[test]
    fn small_amounts_have_an_exponent() {
        let cases = [
            ("0.0000000181", "1.81E-8"),
            ("-0.000002", "-2E-6"),
            ("0.00001", "0.00001"),
            ("0.000", "0"),
            ("120.50", "120.5"),
        ];
        for (number, text) in cases {
            assert_eq!(with_exponent(decimal(number)), text);
        }
    }

    #[test]
    fn tags_are_json_whatever_is_in_them() {
        assert_eq!(json(&[(" a", "say \"x\", ü")]), r#"{" a": "say \"x\", ü"}"#);
    }
}
