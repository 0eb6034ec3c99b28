//! The bill as CSV, as fast as a disk takes it.

use std::io::{self, Write};
use std::ops::Range;

use super::columns::{COLUMNS, RowColumn, Source};
use super::row::{Row, Rows, write_decimal};
use super::world::Resource;

/// A row of one resource with gaps for what differs from row to row.
#[derive(Debug)]
struct Form {
    text: String,
    /// Where in the text each of the row's own columns goes.
    gaps: Vec<usize>,
}

/// Every resource's form, and the columns that fill the gaps.
#[derive(Debug)]
pub struct Forms {
    forms: Vec<Form>,
    own: Vec<RowColumn>,
}

impl Forms {
    #[must_use]
    pub fn new(resources: &[Resource]) -> Self {
        let own = COLUMNS.iter().filter_map(|(_, source)| match source {
            Source::OfRow(column) => Some(*column),
            _ => None,
        });
        Self { forms: resources.iter().map(form).collect(), own: own.collect() }
    }

    /// Writes a header and those rows.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(
        &self,
        (rows, drawn): (Range<u64>, Rows),
        resources: &[Resource],
        out: &mut impl Write,
    ) -> io::Result<()> {
        let names: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
        writeln!(out, "{}", names.join(","))?;
        let mut text = String::new();
        for index in rows {
            self.append(&mut text, &drawn.row(index, resources));
            if text.len() > 1 << 20 {
                out.write_all(text.as_bytes())?;
                text.clear();
            }
        }
        out.write_all(text.as_bytes())
    }

    fn append(&self, text: &mut String, row: &Row) {
        let form = &self.forms[row.resource];
        let mut from = 0;
        for (&gap, &column) in form.gaps.iter().zip(&self.own) {
            text.push_str(&form.text[from..gap]);
            fill(text, column, row);
            from = gap;
        }
        text.push_str(&form.text[from..]);
    }
}

fn form(resource: &Resource) -> Form {
    let mut form = Form { text: String::new(), gaps: Vec::new() };
    for (index, (_, source)) in COLUMNS.iter().enumerate() {
        if index > 0 {
            form.text.push(',');
        }
        match source {
            Source::Constant(text) => push_quoted(&mut form.text, text),
            Source::OfResource(text) => push_quoted(&mut form.text, &text(resource)),
            Source::OfRow(_) => form.gaps.push(form.text.len()),
        }
    }
    form.text.push('\n');
    form
}

fn push_quoted(text: &mut String, cell: &str) {
    if cell.contains(['"', ',', '\n']) {
        text.push('"');
        text.push_str(&cell.replace('"', "\"\""));
        text.push('"');
    } else {
        text.push_str(cell);
    }
}

fn fill(text: &mut String, column: RowColumn, row: &Row) {
    if let Some((units, scale)) = column.units(row) {
        write_decimal(text, units, scale);
    } else if let Some(days) = column.days(row) {
        let (month, day) = if days < super::row::DAYS { (10, days + 1) } else { (11, 1) };
        text.push_str(&format!("2026-{month}-{day:02}T00:00:00Z"));
    } else {
        push_quoted(text, &column.word(row));
    }
}
