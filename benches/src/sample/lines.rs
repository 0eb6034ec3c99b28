//! Lines of exports that are not FOCUS: what a line says, under the export's own headers.

use std::io;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::calendar::{day, is_weekend};
use super::meter::decimal;
use crate::random::Random;

/// What stands under some of the headers; the others are empty.
pub type Line = Vec<(&'static str, String)>;

/// The lines under these headers, as CSV.
///
/// # Errors
/// If a line cannot be written, which memory does not do.
///
/// # Panics
/// If a line has a header that is not among them.
pub fn table(headers: &[&'static str], lines: &[Line]) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(headers)?;
    for line in lines {
        assert!(line.iter().all(|(header, _)| headers.contains(header)), "{line:?}");
        let field = |header: &str| {
            let found = line.iter().find(|(known, _)| *known == header);
            found.map_or("", |(_, text)| text.as_str())
        };
        writer.write_record(headers.iter().map(|header| field(header)))?;
    }
    writer.into_inner().map_err(|error| error.into_error())
}

/// A use that grows and rests on weekends: its name, units on a working day of August, price of a
/// unit, percent of growth a month, percent of a working day on weekends.
#[derive(Clone, Copy, Debug)]
pub struct Use {
    pub name: &'static str,
    pub daily: &'static str,
    pub price: &'static str,
    pub growth: i64,
    pub weekend: i64,
}

impl Use {
    /// Units used on a day.
    pub fn units(&self, on: NaiveDate) -> Decimal {
        let days = (on - day(8, 1)).num_days();
        let noise = Random::of(&format!("{} {on}", self.name)).between(-200, 200);
        let basis_points = 10_000 + self.growth * 100 * days / 30 + noise;
        let percent = if is_weekend(on) { self.weekend } else { 100 };
        let factor = Decimal::new(basis_points, 4) * Decimal::new(percent, 2);
        (decimal(self.daily) * factor).round_dp(6)
    }

    /// What they cost, before any discount.
    pub fn price_of(&self, on: NaiveDate) -> Decimal {
        (self.units(on) * decimal(self.price)).round_dp(12).normalize()
    }
}

/// A sum without zeros at its end.
pub fn plain(number: Decimal) -> String {
    number.normalize().to_string()
}
