//! The tables of a run as they are published, kept in memory to be followed.

use std::collections::BTreeMap;

use csv::StringRecord;

use crate::diagnostics::Finding;
use crate::report::sink::failed;

/// A table: its header and records, each with the line that it begins at.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) header: Vec<String>,
    pub(super) records: Vec<StringRecord>,
}

impl Table {
    fn parse(name: String, bytes: &[u8]) -> Result<Self, Finding> {
        let mut reader = csv::Reader::from_reader(bytes);
        let read = || -> csv::Result<_> {
            let header = reader.headers()?.iter().map(str::to_owned).collect();
            Ok((header, reader.records().collect::<csv::Result<_>>()?))
        };
        let (header, records) = { read }().map_err(|error| failed(&name, &error))?;
        Ok(Self { name, header, records })
    }

    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|known| known == name)
    }

    /// A field; blank where there is no such column.
    pub(super) fn field(&self, record: usize, column: &str) -> &str {
        let at = self.column(column);
        at.and_then(|at| self.records[record].get(at)).unwrap_or("")
    }

    /// The line of the file at which a record begins; the header is line 1.
    pub(super) fn line(&self, record: usize) -> u64 {
        self.records[record].position().map_or(0, csv::Position::line)
    }

    /// The line at which a record ends: fields in quotes may hold line breaks.
    fn end(&self, record: usize) -> u64 {
        let breaks = |field: &str| field.bytes().filter(|byte| *byte == b'\n').count() as u64;
        self.line(record) + self.records[record].iter().map(breaks).sum::<u64>()
    }

    /// The file's last line.
    pub(super) fn last_line(&self) -> u64 {
        self.records.len().checked_sub(1).map_or(1, |last| self.end(last))
    }

    /// The record that holds a line of the file.
    pub(super) fn at_line(&self, line: u64) -> Option<usize> {
        let after = (0..self.records.len()).collect::<Vec<_>>();
        let after = after.partition_point(|record| self.line(*record) <= line);
        after.checked_sub(1).filter(|record| line <= self.end(*record))
    }
}

/// All tables, by file name.
#[derive(Debug, Default)]
pub(super) struct Tables(BTreeMap<String, Table>);

impl Tables {
    /// Of files by name; what is no table is left out.
    pub(super) fn of(files: Vec<(String, Vec<u8>)>) -> Result<Self, Finding> {
        let is_table = |name: &str| std::path::Path::new(name).extension() == Some("csv".as_ref());
        let tables = files.into_iter().filter(|(name, _)| is_table(name));
        let parsed = tables.map(|(name, bytes)| Ok((name.clone(), Table::parse(name, &bytes)?)));
        Ok(Self(parsed.collect::<Result<_, Finding>>()?))
    }

    pub(super) fn get(&self, name: &str) -> Option<&Table> {
        self.0.get(name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}
