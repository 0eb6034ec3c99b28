//! The workbooks in which accounting keeps a month's invoices that no cloud provider sends:
//! telephone in francs, software that is paid ahead, the data centre.

use chrono::{Datelike, Days, Months, NaiveDate};
use rust_decimal::Decimal;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use super::calendar::{Month, day};
use super::meter::decimal;

const HEADERS: [&str; 11] = [
    "Invoice number",
    "Invoice date",
    "Supplier",
    "Service",
    "Description",
    "Period start",
    "Period end",
    "Net amount",
    "Currency",
    "Cost center",
    "Type",
];

/// Row of the headers, counted from 1 as in the sheet: a title and remarks stand above it.
const HEADER_ROW: u32 = 5;

/// A line of the sheet.
struct Line {
    invoice: &'static str,
    on: NaiveDate,
    supplier: &'static str,
    service: &'static str,
    text: &'static str,
    period: Option<(NaiveDate, NaiveDate)>,
    amount: f64,
    currency: &'static str,
    cost_center: &'static str,
    kind: &'static str,
}

const fn line(
    [invoice, supplier, service, text]: [&'static str; 4],
    on: NaiveDate,
    amount: f64,
    [currency, cost_center, kind]: [&'static str; 3],
) -> Line {
    Line { invoice, on, supplier, service, text, period: None, amount, currency, cost_center, kind }
}

impl Line {
    const fn over(self, from: NaiveDate, to: NaiveDate) -> Self {
        Self { period: Some((from, to)), ..self }
    }
}

const PHONE: [&str; 3] = ["Alpfon AG", "Mobile telephony", "Subscriptions and calls"];
const RACKS: [&str; 3] = ["Rhein Colo GmbH", "Data centre", "Two racks, power and cross connects"];

/// Who phones: the stores, the platform team, the web shop.
const PHONES: [&str; 3] = ["CC1030", "CC9010", "CC1010"];

#[rustfmt::skip]
fn lines(month: Month) -> Vec<Line> {
    let (phone, calls, racks, power) = match month.from().month() {
        8 => ("AF-20814", [412.35, 96.1, 61.95], "RC-1187", 3180.0),
        9 => ("AF-21377", [405.8, 96.1, 64.4], "RC-1214", 3204.55),
        _ => ("AF-21950", [431.05, 101.25, 63.7], "RC-1240", 3197.3),
    };
    let on = month.from().with_day(28).expect("every month has a 28th");
    let last = month.to().pred_opt().expect("a month ends after a day");
    let mut lines: Vec<Line> = PHONES.into_iter().zip(calls).map(|(cost_center, amount)| {
        line([phone, PHONE[0], PHONE[1], PHONE[2]], on, amount, ["CHF", cost_center, "Usage"])
    }).collect();
    lines.push(line([racks, RACKS[0], RACKS[1], RACKS[2]], on, power, ["EUR", "", "Usage"]).over(month.from(), last));
    // Paid ahead: a quarter that began in August, and a year that began in September.
    lines.push(match month.from().month() {
        8 => line(["FG-5521", "Figura Inc", "Design tool", "Forty seats, quarter in advance"], day(8, 3), 1900.0, ["EUR", "CC1020", ""]).over(day(8, 1), day(10, 31)),
        9 => line(["TQ-88012", "Ticketqueue BV", "Service desk", "Year in advance"], day(9, 1), 7300.0, ["EUR", "CC9010", ""]).over(day(9, 1), day(8, 31) + Months::new(12)),
        _ => line(["TQ-88455", "Ticketqueue BV", "Service desk", "Goodwill for the outage of 2 October"], day(10, 9), -250.0, ["EUR", "CC9010", "Credit note"]),
    });
    lines
}

/// The invoices of a month: number, supplier, currency, net amount.
pub fn invoiced(month: Month) -> Vec<(&'static str, &'static str, &'static str, Decimal)> {
    let mut invoices: Vec<(&str, &str, &str, Decimal)> = Vec::new();
    for line in lines(month) {
        let amount = decimal(&line.amount.to_string());
        match invoices.iter_mut().find(|(invoice, ..)| *invoice == line.invoice) {
            Some((.., sum)) => *sum += amount,
            None => invoices.push((line.invoice, line.supplier, line.currency, amount)),
        }
    }
    invoices
}

/// The workbook of a month. Its time of creation is fixed, so that equal lines give equal bytes.
///
/// # Errors
/// If the workbook cannot be put together.
pub fn workbook(month: Month) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let made = excel(month.to() + Days::new(1))?;
    book.set_properties(
        &DocProperties::new().set_author("Acme accounting").set_creation_datetime(&made),
    );
    let notes = book.add_worksheet().set_name("Read me")?;
    notes.write_string(
        0,
        0,
        "One line an invoice line. Net amounts; periods name their last day.",
    )?;
    notes.write_string(1, 0, "Lines without a cost center are shared.")?;
    let sheet = book.add_worksheet().set_name("Invoices")?;
    fill(sheet, &lines(month))?;
    book.save_to_buffer()
}

fn fill(sheet: &mut Worksheet, lines: &[Line]) -> Result<(), XlsxError> {
    sheet.write_string(0, 0, "Invoices received")?;
    sheet.write_string(1, 0, "Acme GmbH and Acme Inc, everything but cloud")?;
    sheet.write_string(2, 0, "Ask Henrik Voss before adding a supplier")?;
    let first = HEADER_ROW - 1;
    for (at, header) in (0..).zip(HEADERS) {
        sheet.write_string(first, at, header)?;
    }
    let date = Format::new().set_num_format("yyyy-mm-dd");
    for (row, line) in (first + 1..).zip(lines) {
        let texts = [
            (0, line.invoice),
            (2, line.supplier),
            (3, line.service),
            (4, line.text),
            (8, line.currency),
            (9, line.cost_center),
            (10, line.kind),
        ];
        for (at, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            sheet.write_string(row, at, text)?;
        }
        sheet.write_datetime_with_format(row, 1, &excel(line.on)?, &date)?;
        if let Some((from, to)) = line.period {
            sheet.write_datetime_with_format(row, 5, &excel(from)?, &date)?;
            sheet.write_datetime_with_format(row, 6, &excel(to)?, &date)?;
        }
        sheet.write_number(row, 7, line.amount)?;
    }
    // As people close a list: a sum of francs and euros that means nothing.
    let last = first + 1 + u32::try_from(lines.len()).unwrap_or(u32::MAX);
    sheet.write_string(last, 2, "Total")?;
    sheet.write_number(last, 7, lines.iter().map(|line| line.amount).sum::<f64>())?;
    Ok(())
}

fn excel(day: NaiveDate) -> Result<ExcelDateTime, XlsxError> {
    let (month, of_month) = (day.month(), day.day());
    let small = |part: u32| u8::try_from(part).unwrap_or(u8::MAX);
    ExcelDateTime::from_ymd(
        u16::try_from(day.year()).unwrap_or(u16::MAX),
        small(month),
        small(of_month),
    )
}
