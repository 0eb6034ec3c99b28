//! Tables of provider invoices, as CSV or in workbooks.

use std::path::Path;

use chrono::NaiveDate;

use crate::diagnostics::{Code, Finding, Place};
use crate::domain::{Amount, AmountError, Currency, Period};
use crate::rules::{HeaderField as _, InvoiceColumns, InvoiceField, SheetPlace};

use super::plain::{PlainTable, TableFile, read_table};

/// One row of a table of invoices. `total = net + tax`; without a tax it is the net amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoice {
    pub id: String,
    /// Empty where the table names none.
    pub billing_account: String,
    pub currency: Currency,
    pub net: Amount,
    /// `None` where the table does not tell it.
    pub tax: Option<Amount>,
    pub total: Amount,
    /// The month that is billed, where the table tells it.
    pub period: Option<Period>,
    pub place: Place,
    /// Index of the entry of `invoices` in the project, set by whoever knows it.
    pub entry: usize,
}

/// A file of invoices.
#[derive(Clone, Copy, Debug)]
pub struct InvoiceFile<'a> {
    pub location: &'a Path,
    /// Relative to the project: the name in findings.
    pub path: &'a str,
    pub columns: &'a InvoiceColumns,
    pub place: &'a SheetPlace,
    /// As in [`ScanOptions`](super::ScanOptions).
    pub reader: Option<&'a Path>,
}

/// What a file of invoices holds.
#[derive(Clone, Debug)]
pub struct InvoiceTable {
    pub invoices: Vec<Invoice>,
    /// Of the file's bytes, in hex.
    pub sha256: String,
    pub bytes: u64,
}

/// Reads a table of invoices under the headers that are declared.
///
/// # Errors
/// A file that cannot be read, or every row that cannot be used.
pub fn read_invoices(file: &InvoiceFile<'_>) -> Result<InvoiceTable, Vec<Finding>> {
    let table = read(file)?;
    let reader = Reader::new(&table, file.columns)?;
    let mut errors = Vec::new();
    let mut invoices = Vec::new();
    for (number, fields) in &table.rows {
        match reader.invoice(Row { number: *number, fields }) {
            Ok(invoice) => invoices.push(invoice),
            Err(findings) => errors.extend(findings),
        }
    }
    if invoices.is_empty() && errors.is_empty() {
        let text = "the table holds no invoice";
        errors.push(Finding::new(Code::BadInvoice, text).at(Place::File(table.path.clone())));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(InvoiceTable { invoices, sha256: table.sha256, bytes: table.bytes })
}

fn names(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

fn read(file: &InvoiceFile<'_>) -> Result<PlainTable, Vec<Finding>> {
    use InvoiceField::{Amount, BillingAccount, Currency, Invoice, Period, Tax, Total};
    let spellings = |fields: &[InvoiceField]| -> Vec<String> {
        fields.iter().flat_map(|field| file.columns.spellings(*field)).collect()
    };
    let groups = [spellings(&[Invoice]), spellings(&[Currency]), spellings(&[Amount, Total])];
    let known = spellings(&[BillingAccount, Tax, Period]);
    let groups: Vec<Vec<&str>> = groups.iter().map(|group| names(group)).collect();
    let needed: Vec<&[&str]> = groups.iter().map(Vec::as_slice).collect();
    let table = read_table(&TableFile {
        location: file.location,
        path: file.path,
        needed: &needed,
        known: &names(&known),
        place: file.place,
        reader: file.reader,
    });
    table.map_err(|mut findings| {
        // What is wrong with a row is wrong with an invoice here.
        let rows = findings.iter_mut().filter(|finding| finding.code == Code::BadReference);
        rows.for_each(|finding| finding.code = Code::BadInvoice);
        findings
    })
}

/// Where the fields of a table stand.
struct Reader<'a> {
    table: &'a PlainTable,
    columns: &'a InvoiceColumns,
}

/// A row and its number as whoever opens the file sees it.
#[derive(Clone, Copy)]
struct Row<'a> {
    number: u64,
    fields: &'a [String],
}

impl<'a> Reader<'a> {
    fn new(table: &'a PlainTable, columns: &'a InvoiceColumns) -> Result<Self, Vec<Finding>> {
        use InvoiceField::{Amount, Currency, Invoice, Total};
        let has = |field| columns.position(field, &table.headers).is_some();
        let lacks = |text: String| {
            let help = format!(
                "its columns are {}; name the header under `columns` of `invoices`",
                table.headers.join(", ")
            );
            let finding = Finding::new(Code::BadInvoice, text).help(help);
            finding.at(Place::File(table.path.clone()))
        };
        let mut errors = Vec::new();
        for field in [Invoice, Currency].into_iter().filter(|field| !has(*field)) {
            let usual = columns.usual(field);
            let name = field.name();
            errors.push(lacks(format!("the table has no column `{name}`, such as {usual}")));
        }
        if !has(Amount) && !has(Total) {
            errors.push(lacks("the table has neither a column `amount` nor `total`".to_owned()));
        }
        if errors.is_empty() { Ok(Self { table, columns }) } else { Err(errors) }
    }

    fn text(&self, row: Row<'a>, field: InvoiceField) -> Option<&'a str> {
        let at = self.columns.position(field, &self.table.headers)?;
        row.fields.get(at).map(String::as_str).filter(|text| !text.is_empty())
    }

    fn fault(&self, row: Row<'_>, field: InvoiceField, text: impl Into<String>) -> Finding {
        let at = self.columns.position(field, &self.table.headers);
        Finding::new(Code::BadInvoice, text).at(self.table.place(row.number, at))
    }

    fn invoice(&self, row: Row<'a>) -> Result<Invoice, Vec<Finding>> {
        use InvoiceField::{Amount as Net, Tax, Total};
        let mut errors = Vec::new();
        let id = self.text(row, InvoiceField::Invoice);
        if id.is_none() {
            errors.push(
                self.fault(row, InvoiceField::Invoice, "the row names no invoice")
                    .help("name the invoice, or take a total row away"),
            );
        }
        let currency = Currency::parse(self.text(row, InvoiceField::Currency).unwrap_or(""));
        if let Err(error) = &currency {
            let help = "write the code of the currency that is invoiced, such as EUR";
            errors.push(self.fault(row, InvoiceField::Currency, error.to_string()).help(help));
        }
        let mut unless = |found: Result<Option<Amount>, Finding>| {
            found.unwrap_or_else(|finding| {
                errors.push(finding);
                None
            })
        };
        let [net, tax, total] = [Net, Tax, Total].map(|field| unless(self.amount(row, field)));
        let period = self.period(row).unwrap_or_else(|finding| {
            errors.push(finding);
            None
        });
        // What cannot be read is not also missing.
        let amounts = if errors.is_empty() { Some(amounts(net, tax, total)) } else { None };
        if let Some(Err(text)) = &amounts {
            let field = if total.is_none() { Net } else { Total };
            let help =
                "correct the amounts: total is net plus tax, and one of net and total is needed";
            errors.push(self.fault(row, field, text.as_str()).help(help));
        }
        match (id, currency, amounts) {
            (Some(id), Ok(currency), Some(Ok((net, tax, total)))) => Ok(Invoice {
                id: id.to_owned(),
                billing_account: self
                    .text(row, InvoiceField::BillingAccount)
                    .unwrap_or("")
                    .to_owned(),
                currency,
                net,
                tax,
                total,
                period,
                place: self.table.place(row.number, None),
                entry: 0,
            }),
            _ => Err(errors),
        }
    }

    fn amount(&self, row: Row<'a>, field: InvoiceField) -> Result<Option<Amount>, Finding> {
        let Some(text) = self.text(row, field) else { return Ok(None) };
        let parsed = text.parse().map(Some);
        parsed.map_err(|error: AmountError| {
            let help = "write it as a plain decimal with a point, such as 1234.50";
            self.fault(row, field, format!("`{text}`: {error}")).help(help)
        })
    }

    /// A month, or any day of it.
    fn period(&self, row: Row<'a>) -> Result<Option<Period>, Finding> {
        let field = InvoiceField::Period;
        let Some(text) = self.text(row, field) else { return Ok(None) };
        let month = text.parse::<Period>().ok();
        let day = || NaiveDate::parse_from_str(text.get(..10)?, "%Y-%m-%d").ok().map(Period::of);
        let joined = || format!("{}-{}", text.get(..4)?, text.get(4..)?).parse::<Period>().ok();
        month.or_else(day).or_else(joined).map(Some).ok_or_else(|| {
            self.fault(row, field, format!("`{text}` is no month")).help("write it as 2026-10")
        })
    }
}

/// What the amounts of a row come to, or why they do not add up.
fn amounts(
    net: Option<Amount>,
    tax: Option<Amount>,
    total: Option<Amount>,
) -> Result<(Amount, Option<Amount>, Amount), String> {
    let plus =
        |a: Amount, b: Amount| a.checked_add(b).ok_or("the amounts are too large".to_owned());
    match (net, tax, total) {
        (None, _, None) => Err("the row has no amount".to_owned()),
        (Some(net), None, Some(total)) => Ok((net, Some(plus(total, -net)?), total)),
        (Some(net), tax, None) => Ok((net, tax, plus(net, tax.unwrap_or_default())?)),
        (None, tax, Some(total)) => Ok((plus(total, -tax.unwrap_or_default())?, tax, total)),
        (Some(net), Some(tax), Some(total)) if plus(net, tax)? == total => {
            Ok((net, Some(tax), total))
        }
        (Some(net), Some(tax), Some(total)) => {
            Err(format!("net {net} and tax {tax} do not come to the total of {total}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::shipped_invoices;

    fn read(text: &str) -> Result<Vec<Invoice>, Vec<Finding>> {
        let folder = tempfile::tempdir().unwrap();
        let location = folder.path().join("inv.csv");
        std::fs::write(&location, text).unwrap();
        let (columns, _) = shipped_invoices();
        let file = InvoiceFile {
            location: &location,
            path: "inv.csv",
            columns: &columns,
            place: &SheetPlace::default(),
            reader: None,
        };
        read_invoices(&file).map(|table| table.invoices)
    }

    #[test]
    fn the_shipped_headers_do_what_their_examples_say() {
        let (_, examples) = shipped_invoices();
        assert!(examples.len() > 2);
        for (given, expect) in examples {
            let headers: Vec<&str> = given.keys().map(String::as_str).collect();
            let values: Vec<&str> = given.values().map(String::as_str).collect();
            let found = read(&format!("{}\n{}\n", headers.join(","), values.join(","))).unwrap();
            for (key, expected) in expect {
                let invoice = &found[0];
                let value = match key.as_str() {
                    "invoice" => invoice.id.clone(),
                    "billing_account" => invoice.billing_account.clone(),
                    "currency" => invoice.currency.to_string(),
                    "net" => invoice.net.to_string(),
                    "tax" => invoice.tax.unwrap().to_string(),
                    "period" => invoice.period.unwrap().to_string(),
                    other => panic!("{other}"),
                };
                assert_eq!(value, expected, "{key}");
            }
        }
    }

    #[test]
    fn amounts_are_completed_and_must_add_up() {
        for (row, expected) in [
            ("100,19,119", "100 19 119"),
            ("100,,119", "100 19 119"),
            ("100,19,", "100 19 119"),
            ("100,,", "100 - 100"),
            (",,119", "119 - 119"),
            (",-19,-119", "-100 -19 -119"),
        ] {
            let found = read(&format!("invoice,currency,net,tax,total\nA,EUR,{row}\n")).unwrap();
            let invoice = &found[0];
            let tax = invoice.tax.map_or("-".to_owned(), |tax| tax.to_string());
            assert_eq!(format!("{} {tax} {}", invoice.net, invoice.total), expected, "{row}");
        }
    }

    #[test]
    fn every_bad_row_is_named_with_its_place() {
        let rows = "invoice,currency,net,tax,total,period\n,EUR,1,,,\nA,EURO,1,,,\nA,EUR,\"1,5\",,,\n\
                    A,EUR,,,,\nA,EUR,1,1,3,\nA,EUR,1,,,october\n";
        let expected = [
            "inv.csv, row 2, column invoice: the row names no invoice",
            "inv.csv, row 3, column currency: `EURO` is not an ISO 4217 currency code such as EUR or USD",
            "inv.csv, row 4, column net: `1,5`: not a plain decimal number (no thousands separators, currency signs, brackets, NaN or inf)",
            "inv.csv, row 5, column net: the row has no amount",
            "inv.csv, row 6, column total: net 1 and tax 1 do not come to the total of 3",
            "inv.csv, row 7, column period: `october` is no month",
        ];
        let found: Vec<String> = read(rows)
            .unwrap_err()
            .iter()
            .map(|finding| format!("{}: {}", finding.place.as_ref().unwrap(), finding.message))
            .collect();
        assert_eq!(found, expected);
        let lacking = read("id,amount\n").unwrap_err();
        assert_eq!(lacking.len(), 2, "{lacking:?}");
        assert_eq!(
            read("invoice,currency,net\n").unwrap_err()[0].message,
            "the table holds no invoice"
        );
    }
}
