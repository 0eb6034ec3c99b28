//! A small CSV in memory, with the places of its rows: what tables that are not bills have in common.

use std::sync::Arc;

use chrono::NaiveDate;

use crate::diagnostics::{Code, Finding, Place, did_you_mean};

/// What a table is called in findings, and what it must have.
#[derive(Clone, Copy, Debug)]
pub(in crate::ingest) struct Kind {
    /// The code of everything that is wrong with a row.
    pub(in crate::ingest) code: Code,
    /// Columns without which no row means anything.
    pub(in crate::ingest) needed: &'static [&'static str],
}

/// Rows that a table may have, and findings about them that are told.
const ROW_LIMIT: usize = 1_000_000;
pub(super) const FINDING_LIMIT: usize = 500;
const SAVE_AS_UTF8: &str = "save the table as UTF-8, in a spreadsheet as `CSV UTF-8`";

pub(in crate::ingest) struct Table {
    pub(in crate::ingest) path: Arc<str>,
    pub(in crate::ingest) headers: Vec<String>,
    code: Code,
    records: Vec<csv::StringRecord>,
}

#[derive(Clone, Copy)]
pub(super) struct TableRow<'a> {
    pub(in crate::ingest) table: &'a Table,
    record: &'a csv::StringRecord,
    pub(in crate::ingest) number: u64,
}

impl Table {
    pub(in crate::ingest) fn read(
        path: &str,
        text: &[u8],
        kind: Kind,
    ) -> Result<Self, Vec<Finding>> {
        let path: Arc<str> = path.into();
        let at_file =
            |message: String| vec![Finding::new(kind.code, message).at(Place::File(path.clone()))];
        let body = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(body);
        // The header is the first record: of what a record can lack, it lacks only this.
        let Ok(headers) = reader.headers() else {
            let findings = at_file("the header is not UTF-8 text".to_owned());
            return Err(findings.into_iter().map(|finding| finding.help(SAVE_AS_UTF8)).collect());
        };
        let headers: Vec<String> = headers.iter().map(str::to_lowercase).collect();
        if let Some(twice) = headers.iter().enumerate().find(|(i, h)| headers[..*i].contains(h)) {
            return Err(at_file(format!("the column `{}` stands twice", twice.1)));
        }
        let lacking = kind.needed.iter().filter(|name| !headers.iter().any(|h| h == *name));
        let lacking: Vec<&str> = lacking.copied().collect();
        if !lacking.is_empty() {
            // What is wrong with the header is one mistake, however many columns it hides.
            let columns = if lacking.len() == 1 { "is no column" } else { "are no columns" };
            let found = at_file(format!("there {columns} `{}`", lacking.join("`, `")));
            let help = separator_help(&headers);
            return Err(found.into_iter().map(|finding| finding.help(help.clone())).collect());
        }
        let mut records = Vec::new();
        let mut errors = Vec::new();
        for (index, record) in reader.records().enumerate() {
            let place = || Place::Cell { path: path.clone(), row: index as u64 + 2, column: None };
            if index == ROW_LIMIT || errors.len() == FINDING_LIMIT {
                let text = if index == ROW_LIMIT {
                    format!("the table is too long: {ROW_LIMIT} rows are the limit")
                } else {
                    "what follows is not looked at: so many rows are wrong".to_owned()
                };
                errors.push(Finding::new(kind.code, text).at(place()));
                break;
            }
            match record {
                Ok(record) if record.iter().any(|text| text.contains('\0')) => {
                    let text = "the row holds a NUL, a control character that no text has";
                    errors.push(Finding::new(kind.code, text).at(place()));
                }
                Ok(record) => records.push(record),
                Err(error) => errors.push(broken_row(kind.code, &error, &headers).at(place())),
            }
        }
        let code = kind.code;
        if errors.is_empty() { Ok(Self { path, headers, code, records }) } else { Err(errors) }
    }

    pub(in crate::ingest) fn rows(&self) -> impl Iterator<Item = TableRow<'_>> {
        let numbered = self.records.iter().enumerate();
        numbered.map(|(index, record)| TableRow { table: self, record, number: index as u64 + 2 })
    }

    pub(in crate::ingest) fn place(&self, row: u64, column: Option<&str>) -> Place {
        Place::Cell { path: self.path.clone(), row, column: column.map(str::to_owned) }
    }

    /// Columns that mean nothing here; `of` says whose columns are meant.
    pub(in crate::ingest) fn unknown_columns(&self, known: &[&str], of: &str) -> Vec<Finding> {
        let unknown = self.headers.iter().filter(|header| !known.contains(&header.as_str()));
        unknown
            .map(|header| {
                let text = format!("the column `{header}` is not one of {of}");
                let near = did_you_mean(header, known.iter().copied());
                let help = near.map_or_else(
                    || format!("the columns are {}", known.join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                Finding::new(Code::UnknownKey, text).help(help).at(self.place(1, Some(header)))
            })
            .collect()
    }
}

/// What is wrong with a row that cannot be split into its fields.
fn broken_row(code: Code, error: &csv::Error, headers: &[String]) -> Finding {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            let text = format!("{len} fields where the header has {expected_len}");
            Finding::new(code, text)
                .help("look for a separator or a quote too many; a field that holds a comma stands in quotes")
        }
        csv::ErrorKind::Utf8 { err, .. } => {
            let column = headers.get(err.field()).map_or("", String::as_str);
            let text = format!("the field of column `{column}` is not UTF-8 text");
            Finding::new(code, text).help(SAVE_AS_UTF8)
        }
        _ => Finding::new(code, "the row cannot be split into its fields"),
    }
}

/// What to do about a header that lacks a column: it may be one column only to who wants commas.
fn separator_help(headers: &[String]) -> String {
    let [only] = headers else { return format!("the columns are {}", headers.join(", ")) };
    let other = [(';', "`;`"), ('\t', "tabs"), ('|', "`|`")].into_iter();
    match other.into_iter().find(|(sign, _)| only.contains(*sign)) {
        Some((_, name)) => {
            format!("the columns are separated by {name}; save the table with commas")
        }
        None => format!("the only column is `{only}`"),
    }
}

impl TableRow<'_> {
    /// `None` where the column or its text is not there.
    pub(in crate::ingest) fn get(&self, column: &str) -> Option<&str> {
        let index = self.table.headers.iter().position(|header| header == column)?;
        self.record.get(index).filter(|text| !text.is_empty())
    }

    /// A finding about a field of this row.
    pub(in crate::ingest) fn fault(&self, column: &str, text: impl Into<String>) -> Finding {
        Finding::new(self.table.code, text).at(self.table.place(self.number, Some(column)))
    }

    pub(in crate::ingest) fn date(&self, column: &str) -> Result<Option<NaiveDate>, Finding> {
        let Some(text) = self.get(column) else { return Ok(None) };
        NaiveDate::parse_from_str(text, "%Y-%m-%d").map(Some).map_err(|_| {
            self.fault(column, format!("`{text}` is not a date")).help("write it as 2026-10-31")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: Kind = Kind { code: Code::BadReference, needed: &["id", "name", "parent"] };

    fn told(text: &[u8]) -> Vec<(String, String)> {
        let found = Table::read("t.csv", text, KIND).err().unwrap_or_default();
        let shown = |finding: Finding| {
            let place = finding.place.map(|place| place.to_string()).unwrap_or_default();
            (format!("{place}: {}", finding.message), finding.help.unwrap_or_default())
        };
        found.into_iter().map(shown).collect()
    }

    #[test]
    fn a_header_of_another_separator_is_one_mistake() {
        let [(message, help)] = told(b"id;name;parent\na;A;\n").try_into().unwrap();
        assert_eq!(message, "t.csv: there are no columns `id`, `name`, `parent`");
        assert_eq!(help, "the columns are separated by `;`; save the table with commas");
    }

    #[test]
    fn rows_that_cannot_be_split_are_told_in_the_words_of_bills() {
        let found = told(b"id,name,parent\na,A\nb,B,\xff\nc,C,,\n");
        let messages: Vec<&str> = found.iter().map(|(message, _)| message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "t.csv, row 2: 2 fields where the header has 3",
                "t.csv, row 3: the field of column `parent` is not UTF-8 text",
                "t.csv, row 4: 4 fields where the header has 3",
            ]
        );
        let header = told(b"id,n\xffme,parent\n");
        assert_eq!(header[0].0, "t.csv: the header is not UTF-8 text");
        assert!(found.iter().chain(&header).all(|(_, help)| !help.is_empty()), "{found:?}");
    }
}
