//! A small table, read as a whole: CSV, gzip or a workbook, found and split as bills are.
//!
//! What the columns mean is the caller's to say. A row that cannot be split is an error: of a table
//! that others are checked against, no row is optional.

use std::path::Path;
use std::sync::Arc;

use crate::diagnostics::{Code, Finding, Place};
use crate::rules::SheetPlace;

use crate::ingest::csv::blocks::{BlockError, Blocks};
use crate::ingest::csv::records::{RawField, Records};
use crate::ingest::csv::stream::{Text, open_text};
use crate::ingest::open::{self, CsvStream, Kind};
use crate::ingest::row_numbers::RowNumbers;
use crate::ingest::workbook::source::{open_workbook, refusal_in};
use crate::ingest::workbook::{Wanted, is_error};

/// Bytes of text that a table may have.
pub(super) const TEXT_LIMIT: usize = 256 << 20;
/// Rows that a table may have.
pub(super) const ROW_LIMIT: usize = 3_000_000;

/// Which table is read.
#[derive(Clone, Copy, Debug)]
pub struct TableFile<'a> {
    pub location: &'a Path,
    /// Relative to the project: the name in findings.
    pub path: &'a str,
    /// Of each group the header has a name, whatever its case. In a workbook the header is found by
    /// them; whether they are there is for the caller to check.
    pub needed: &'a [&'a [&'a str]],
    /// Further names that the header may have.
    pub known: &'a [&'a str],
    /// Where the table stands in a workbook, where the project says it.
    pub place: &'a SheetPlace,
    /// Whether amounts are read with a decimal comma, so that cells that are numbers are told so.
    pub comma: bool,
    /// As in [`ScanOptions`](super::ScanOptions).
    pub reader: Option<&'a Path>,
}

/// A table in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainTable {
    pub path: Arc<str>,
    /// As they stand in the file, without blanks around them.
    pub headers: Vec<String>,
    /// The number of each row as whoever opens the file sees it, and its fields, one per header,
    /// without blanks around them.
    pub rows: Vec<(u64, Vec<String>)>,
    /// Of the file's bytes, in hex.
    pub sha256: String,
    pub bytes: u64,
}

impl PlainTable {
    /// The place of a cell, for findings.
    #[must_use]
    pub fn place(&self, row: u64, column: Option<usize>) -> Place {
        let column = column.and_then(|at| self.headers.get(at)).cloned();
        Place::Cell { path: self.path.clone(), row, column }
    }

    /// The position of the first of these headers that the table has, whatever the case.
    #[must_use]
    pub fn column(&self, names: &[&str]) -> Option<usize> {
        let position =
            |name: &&str| self.headers.iter().position(|header| header.eq_ignore_ascii_case(name));
        names.iter().find_map(position)
    }
}

/// Reads a table.
///
/// # Errors
/// A file that cannot be read, or all rows that cannot be split or hold an error of a sheet.
pub fn read_table(file: &TableFile<'_>) -> Result<PlainTable, Vec<Finding>> {
    let path: Arc<str> = file.path.into();
    let placed = |finding: Finding| {
        let at = finding.place.is_none().then(|| Place::File(path.clone()));
        vec![match at {
            Some(place) => finding.at(place),
            None => finding,
        }]
    };
    let (mut text, is_sheet) = open_stream(file, &path).map_err(placed)?;
    let head = open::csv_head(&mut text).map_err(placed)?;
    let (blocks, end) = read_all(text.stream, head.delimiter, head.rest).map_err(placed)?;
    let mut table = PlainTable {
        path: path.clone(),
        headers: head.headers,
        rows: Vec::new(),
        sha256: end.fingerprint.file,
        bytes: end.fingerprint.bytes,
    };
    let faults = split(&mut table, &blocks, head.delimiter, &end.rows, is_sheet, file);
    if faults.is_empty() { Ok(table) } else { Err(faults) }
}

fn open_stream(file: &TableFile<'_>, path: &Arc<str>) -> Result<(Text, bool), Finding> {
    let (handle, kind) = open::open(file.location, path)?;
    match kind {
        Kind::Workbook => {
            let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
            let wanted = Wanted {
                sheet: file.place.sheet.clone(),
                header_row: file.place.header_row,
                usual_sheets: Vec::new(),
                needed: file.needed.iter().map(|group| owned(group)).collect(),
                known: owned(file.known),
                comma: file.comma,
            };
            open_workbook(handle, &wanted, file.reader).map(|sheet| (sheet.text, true))
        }
        Kind::Parquet => Err(Finding::new(Code::BrokenFile, "the table is a Parquet file")
            .help("export it as CSV or as a workbook")),
        Kind::Csv | Kind::GzipCsv => {
            let names = file.needed.iter().copied().flatten().chain(file.known);
            let names = names.map(|name| (*name).to_owned());
            open_text(handle, kind, file.location, names).map(|text| (text, false))
        }
    }
}

fn read_all(
    stream: CsvStream,
    delimiter: u8,
    begun: Vec<u8>,
) -> Result<(Vec<u8>, open::StreamEnd), Finding> {
    let mut blocks = Blocks::new(stream, delimiter, begun);
    let mut text = Vec::new();
    while let Some(block) = blocks.next().map_err(|error| broken(&error))? {
        text.extend_from_slice(&block.bytes);
        if text.len() > TEXT_LIMIT {
            return Err(too_large());
        }
    }
    Ok((text, blocks.into_input().end()))
}

pub(super) fn too_long() -> Finding {
    let text = format!("the table is too long: {ROW_LIMIT} rows are the limit");
    Finding::new(Code::BrokenFile, text)
        .help("check that it is the file that is meant, or split it by month")
}

pub(super) fn too_large() -> Finding {
    let text = "the table is larger than 256 MiB, the limit for a table";
    Finding::new(Code::BrokenFile, text)
        .help("check that it is the file that is meant; bills belong into `sources`")
}

fn broken(error: &BlockError) -> Finding {
    if let BlockError::Io(error) = error
        && let Some(refused) = refusal_in(error)
    {
        return refused;
    }
    Finding::new(Code::BrokenFile, error.to_string()).help("fetch the file again")
}

/// Splits the text into the table's rows. What comes back is wrong with them.
fn split(
    table: &mut PlainTable,
    text: &[u8],
    delimiter: u8,
    numbers: &RowNumbers,
    is_sheet: bool,
    file: &TableFile<'_>,
) -> Vec<Finding> {
    let read = |header: &String| {
        let mut names = file.needed.iter().copied().flatten().chain(file.known);
        names.any(|name| name.eq_ignore_ascii_case(header))
    };
    let watched: Vec<bool> = table.headers.iter().map(|name| is_sheet && read(name)).collect();
    let mut faults = Vec::new();
    let mut records = Records::new(text, delimiter);
    let mut fields = Vec::new();
    let mut counted = 1;
    while records.read(&mut fields) {
        counted += 1;
        let row = numbers.shown(counted);
        if table.rows.len() == ROW_LIMIT {
            faults.push(too_long().at(table.place(row, None)));
            break;
        }
        match row_texts(&fields, &watched) {
            Ok(texts) => table.rows.push((row, texts)),
            Err((column, message)) => {
                let finding = Finding::new(Code::BadReference, message);
                faults.push(finding.at(table.place(row, column)));
            }
        }
    }
    faults
}

/// The texts of a row, or the column and what is wrong with it.
fn row_texts(
    fields: &[RawField<'_>],
    watched: &[bool],
) -> Result<Vec<String>, (Option<usize>, String)> {
    if fields.len() != watched.len() {
        let text = format!("{} fields where the header has {}", fields.len(), watched.len());
        return Err((None, text));
    }
    let mut texts = Vec::with_capacity(fields.len());
    for (at, (field, is_watched)) in fields.iter().zip(watched).enumerate() {
        let value = field.value();
        if field.is_torn() {
            return Err((Some(at), "text stands behind a closing quote".to_owned()));
        }
        if *is_watched && is_error(&value) {
            let shown = String::from_utf8_lossy(&value);
            return Err((Some(at), format!("the cell holds `{shown}`, not a value")));
        }
        match std::str::from_utf8(&value) {
            Ok(text) if !text.contains('\0') => texts.push(text.trim().to_owned()),
            _ => return Err((Some(at), "the field is not UTF-8 text".to_owned())),
        }
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, content: &[u8]) -> Result<PlainTable, Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let location = folder.path().join(name);
        std::fs::write(&location, content).unwrap();
        let file = TableFile {
            comma: false,
            location: &location,
            path: name,
            needed: &[&["invoice id", "invoice"], &["amount"]],
            known: &["tax"],
            place: &SheetPlace::default(),
            reader: None,
        };
        read_table(&file).map_err(|found| {
            let shown = |f: &Finding| format!("{}: {}", f.place.as_ref().unwrap(), f.message);
            found.iter().map(shown).collect()
        })
    }

    #[test]
    fn csv_and_a_workbook_of_the_same_rows_are_the_same_table() {
        let text = "Invoice,Amount,Tax\nI-1, 12.5 ,0\n\"I,2\",-3,0.5\n";
        let csv = read("invoices.csv", text.as_bytes()).unwrap();
        assert_eq!(csv.column(&["none", "AMOUNT"]), Some(1));
        assert_eq!(csv.rows[0], (2, ["I-1", "12.5", "0"].map(str::to_owned).to_vec()));
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        sheet.write(0, 0, "Invoices of October").unwrap();
        sheet.write_row(2, 1, ["Invoice", "Amount", "Tax"]).unwrap();
        sheet.write(3, 1, "I-1").unwrap();
        sheet.write_row(3, 2, [12.5, 0.0]).unwrap();
        sheet.write(6, 1, "I,2").unwrap();
        sheet.write_row(6, 2, [-3.0, 0.5]).unwrap();
        let sheet = read("invoices.xlsx", &book.save_to_buffer().unwrap()).unwrap();
        assert_eq!(sheet.headers, csv.headers);
        let texts = |table: &PlainTable| {
            table.rows.iter().map(|(_, texts)| texts.clone()).collect::<Vec<_>>()
        };
        assert_eq!(texts(&sheet), texts(&csv));
        assert_eq!(sheet.rows.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [4, 7]);
    }

    #[test]
    fn every_row_that_cannot_be_split_is_named() {
        let text = b"invoice,amount\nI-1\nI-2,\xff\nI-3,1,2\nI-4,4\n";
        assert_eq!(
            read("invoices.csv", text).unwrap_err(),
            [
                "invoices.csv, row 2: 1 fields where the header has 2",
                "invoices.csv, row 3, column amount: the field is not UTF-8 text",
                "invoices.csv, row 4: 3 fields where the header has 2",
            ]
        );
    }
}
