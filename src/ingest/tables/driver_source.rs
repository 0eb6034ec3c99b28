//! The records of a driver's file as a table of texts, whatever kind of file it is.

use std::io::{self, Read as _};
use std::sync::Arc;

use crate::diagnostics::{Code, Finding, Place};
use crate::rules::is_same_header;

use super::drivers::{DriverFile, at_file};
use super::plain::{PlainTable, ROW_LIMIT, TEXT_LIMIT, TableFile, read_table, too_large, too_long};
use crate::ingest::csv::stream::{Text, decoded, torn};
use crate::ingest::guard::guarded;
use crate::ingest::json::lines::{Shape, shape};
use crate::ingest::json::table::{Sets, table as json_table};
use crate::ingest::open::{self, CsvStream, Fingerprint, Kind};
use crate::ingest::parquet::table::{ParquetTable, table as parquet_table};

/// What is asked of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    /// Of each group a table has a header; a workbook's is found by them.
    pub(super) needed: &'a [Vec<String>],
    /// Further headers that are read.
    pub(super) known: &'a [String],
    /// Headers that begin so are read too.
    pub(super) prefixes: &'a [String],
    /// How a JSON document holds records that have names.
    pub(super) sets: Option<Sets<'a>>,
}

/// A file's records.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// Of JSON and Parquet only the columns that are asked.
    pub(super) table: PlainTable,
    /// Columns that are there and not asked.
    pub(super) others: Vec<String>,
    /// Headers of columns that are binary floating point.
    pub(super) binary: Vec<String>,
}

impl Source {
    /// All columns, for messages.
    pub(super) fn columns(&self) -> String {
        let names: Vec<&str> =
            self.table.headers.iter().chain(&self.others).map(String::as_str).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    }
}

impl Wanted<'_> {
    fn keeps(&self, header: &str) -> bool {
        let mut names = self.needed.iter().flatten().chain(self.known);
        names.any(|name| is_same_header(name, header))
            || self.prefixes.iter().any(|prefix| header.starts_with(prefix.as_str()))
    }
}

/// Reads a file.
///
/// # Errors
/// A file that cannot be read, or all rows that cannot be split.
pub(super) fn read(file: &DriverFile<'_>, wanted: &Wanted<'_>) -> Result<Source, Vec<Finding>> {
    let path: Arc<str> = file.path.into();
    let placed = |finding: Finding| match finding.place {
        Some(_) => vec![finding],
        None => vec![finding.at(Place::File(path.clone()))],
    };
    let (handle, kind) = open::open(file.location, &path).map_err(placed)?;
    match kind {
        Kind::Parquet => {
            let keeps = |header: &str| wanted.keeps(header);
            let found = guarded(|| parquet_table(&handle, &keeps, TEXT_LIMIT));
            let found = found.map(|found| found.map_err(|error| error.to_string()));
            parquet(file, found, open::fingerprint(&handle)).map_err(placed)
        }
        Kind::Csv | Kind::GzipCsv => {
            let text = decoded(CsvStream::new(handle, kind)).map_err(placed)?;
            match shape(&text.begun) {
                Shape::NotJson => csv(file, wanted),
                Shape::Lines | Shape::OneValue => json(file, text, wanted).map_err(placed),
            }
        }
        Kind::Workbook => csv(file, wanted),
    }
}

fn csv(file: &DriverFile<'_>, wanted: &Wanted<'_>) -> Result<Source, Vec<Finding>> {
    let groups: Vec<Vec<&str>> =
        wanted.needed.iter().map(|group| group.iter().map(String::as_str).collect()).collect();
    let needed: Vec<&[&str]> = groups.iter().map(Vec::as_slice).collect();
    let known: Vec<&str> = wanted.known.iter().map(String::as_str).collect();
    let table = read_table(&TableFile {
        location: file.location,
        path: file.path,
        needed: &needed,
        known: &known,
        place: &file.declared.place,
        reader: file.reader,
        comma: false,
    });
    let table = table.map_err(|mut findings| {
        // What is wrong with a row is wrong with a driver here.
        let rows = findings.iter_mut().filter(|finding| finding.code == Code::BadReference);
        rows.for_each(|finding| finding.code = Code::DriverBroken);
        findings
    })?;
    Ok(Source { table, others: Vec::new(), binary: Vec::new() })
}

fn json(file: &DriverFile<'_>, text: Text, wanted: &Wanted<'_>) -> Result<Source, Finding> {
    let Text { mut stream, begun: mut bytes } = text;
    let limit = TEXT_LIMIT as u64 + 1 - (bytes.len() as u64).min(TEXT_LIMIT as u64);
    stream.by_ref().take(limit).read_to_end(&mut bytes).map_err(|error| torn(&error))?;
    if bytes.len() > TEXT_LIMIT {
        return Err(too_large());
    }
    let fingerprint = stream.end().fingerprint;
    let text = std::str::from_utf8(&bytes).map_err(|_| {
        Finding::new(Code::BrokenFile, "the file is not UTF-8").help("export the file as UTF-8")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let found = json_table(text, wanted.sets, &|header| wanted.keeps(header));
    let found = found.map_err(|wrong| {
        let place = Place::Cell { path: file.path.into(), row: wrong.row, column: None };
        let help = "fetch the file again; JSON is read one object a line, or as a list of objects";
        Finding::new(Code::BrokenFile, wrong.message).help(help).at(place)
    })?;
    if found.rows.len() > ROW_LIMIT {
        return Err(too_long());
    }
    let table = PlainTable {
        path: file.path.into(),
        headers: found.headers,
        rows: found.rows,
        sha256: fingerprint.file,
        bytes: fingerprint.bytes,
    };
    Ok(Source { table, others: found.others, binary: Vec::new() })
}

/// The table that the decoder made, unless it failed or gave up.
fn parquet(
    file: &DriverFile<'_>,
    found: Option<Result<Option<ParquetTable>, String>>,
    fingerprint: io::Result<Fingerprint>,
) -> Result<Source, Finding> {
    let broken = |reason: String| {
        let text = format!("the Parquet file does not hold together: {reason}");
        Finding::new(Code::BrokenFile, text).help("fetch the file again")
    };
    let found = found.ok_or_else(|| broken("its pages contradict themselves".to_owned()))?;
    let found = found.map_err(broken)?;
    if found.as_ref().is_some_and(|found| found.rows.len() > ROW_LIMIT) {
        return Err(too_long());
    }
    let ParquetTable { headers, others, rows, binary } = found.ok_or_else(too_large)?;
    let fingerprint = fingerprint.map_err(|error| {
        let text = format!("the file cannot be read: {error}");
        Finding::new(Code::UnreadableFile, text).at(at_file(file))
    })?;
    let table = PlainTable {
        path: file.path.into(),
        headers,
        rows: (1..).zip(rows).collect(),
        sha256: fingerprint.file,
        bytes: fingerprint.bytes,
    };
    Ok(Source { table, others, binary })
}
