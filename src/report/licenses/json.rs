//! The position and the warnings for machines: the columns of the tables, one object for each line, numbers as texts.

use serde_json::{Map, Value, json};

use crate::diagnostics::{Code, Finding};

use super::whole::LicenseReports;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LicenseTable {
    Position,
    Warnings,
}

impl LicenseTable {
    /// The file that holds it.
    #[must_use]
    pub const fn file(self) -> &'static str {
        match self {
            Self::Position => "license_position.csv",
            Self::Warnings => "license_warnings.csv",
        }
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Position => "lines",
            Self::Warnings => "warnings",
        }
    }
}

impl LicenseReports<'_> {
    /// The lines of a table of which a column has that value, in any case; all where none is asked. As CSV.
    ///
    /// # Errors
    /// Only those of writing, which memory does not have.
    pub fn csv(&self, table: LicenseTable, product: Option<&str>) -> Result<String, Finding> {
        let mut out = csv::Writer::from_writer(Vec::new());
        let (header, rows) = self.rows(table, product)?;
        let written = std::iter::once(&header).chain(&rows).try_for_each(|row| {
            out.write_record(row).and_then(|()| out.flush().map_err(Into::into))
        });
        written.map_err(|error| failed(table, &error))?;
        let bytes = out.into_inner().map_err(|error| failed(table, &error.error()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The same as JSON. What is blank is null.
    ///
    /// # Errors
    /// Only those of writing, which memory does not have.
    pub fn json(&self, table: LicenseTable, product: Option<&str>) -> Result<String, Finding> {
        let (header, rows) = self.rows(table, product)?;
        let object = |row: &Vec<String>| {
            let fields = header.iter().zip(row).map(|(name, text)| {
                let value = if text.is_empty() { Value::Null } else { Value::from(text.as_str()) };
                (name.clone(), value)
            });
            Value::Object(fields.collect::<Map<String, Value>>())
        };
        let lines: Vec<Value> = rows.iter().map(object).collect();
        let whole = json!({
            "organisation": self.organisation,
            "day": self.outcome.day.to_string(),
            table.key(): lines,
        });
        Ok(format!("{whole:#}\n"))
    }

    fn rows(
        &self,
        table: LicenseTable,
        product: Option<&str>,
    ) -> Result<(Vec<String>, Vec<Vec<String>>), Finding> {
        let bytes = self.file(table.file())?.unwrap_or_default();
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&*bytes);
        let records = reader.records().collect::<Result<Vec<_>, _>>();
        let mut records = records.map_err(|error| failed(table, &error))?.into_iter();
        let owned = |record: csv::StringRecord| record.iter().map(str::to_owned).collect();
        let header: Vec<String> = records.next().map(owned).unwrap_or_default();
        let at = header.iter().position(|name| name == "product");
        let is_asked = |row: &Vec<String>| {
            product.zip(at).is_none_or(|(asked, at)| row[at].to_lowercase() == asked.to_lowercase())
        };
        Ok((header, records.map(owned).filter(is_asked).collect()))
    }
}

fn failed(table: LicenseTable, error: &dyn std::fmt::Display) -> Finding {
    Finding::new(Code::OutputFailed, format!("{} cannot be made: {error}", table.file()))
}
