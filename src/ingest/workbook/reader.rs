//! The reading process: a workbook on standard input, frames on standard output.
//!
//! Order: limits first, because everything after them believes what the file says. A panic of a
//! reader is a broken workbook; an abort is seen by who waits.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::cells::Kind;
use super::frames::{Frame, Refusal, SheetHead, Summary, write_csv};
use super::sheets::{Book, Cell, Flow, a1};

/// Rows in which a header is looked for.
pub(super) const HEAD_ROWS: u32 = 50;
/// Sheets that a workbook may have.
const SHEET_LIMIT: usize = 1_000;
/// Characters of a cell that a look at its head takes.
const HEAD_CELL: usize = 500;
/// Bytes that the heads of all sheets may take, since who asks keeps them all.
const HEADS_LIMIT: usize = 1 << 26;
/// What a cell takes beside its text.
const CELL_BYTES: usize = 48;
/// Bytes of CSV that one frame carries.
const CSV_FRAME: usize = 1 << 18;

/// What is asked of a workbook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ingest) enum Question {
    /// The heads of all sheets, with this row too, counted from 1.
    Heads { also: Option<u32> },
    /// A sheet as CSV, from its header row on, counted from 1.
    /// Numbers have a comma where that is asked.
    Table { sheet: String, header_row: u32, comma: bool },
}

impl Question {
    /// As arguments of the process that answers.
    pub(super) fn arguments(&self) -> Vec<String> {
        match self {
            Self::Heads { also } => {
                vec!["heads".to_owned(), also.unwrap_or_default().to_string()]
            }
            Self::Table { sheet, header_row, comma } => {
                let kind = if *comma { "comma-table" } else { "table" };
                vec![kind.to_owned(), header_row.to_string(), sheet.clone()]
            }
        }
    }

    /// The other way round.
    pub(super) fn parse(arguments: &[String]) -> Option<Self> {
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["heads", row] => {
                Some(Self::Heads { also: Some(row.parse().ok()?).filter(|row| *row > 0) })
            }
            [kind @ ("table" | "comma-table"), row, sheet] => Some(Self::Table {
                sheet: (*sheet).to_owned(),
                header_row: row.parse().ok()?,
                comma: *kind == "comma-table",
            }),
            _ => None,
        }
    }
}

/// Answers in frames. The last one is an end or a failure, whatever happens but an abort.
pub(super) fn answer(file: &File, question: &Question, output: &mut impl Write) -> io::Result<()> {
    let mut output = BufWriter::with_capacity(1 << 16, output);
    let answered = catch_unwind(AssertUnwindSafe(|| match question {
        Question::Heads { also } => heads(file, *also, &mut output),
        Question::Table { sheet, header_row, comma } => {
            table(file, sheet, *header_row, *comma, &mut output)
        }
    }));
    let last = match answered {
        Ok(Ok(summary)) => Frame::End(summary),
        Ok(Err(Stop::Refused(refusal))) => Frame::Failed(refusal),
        Ok(Err(Stop::Output(error))) => return Err(error),
        Err(_) => Frame::Failed(Refusal::new(
            "the workbook does not hold together: its parts contradict each other",
            "fetch it again, or open it in a spreadsheet program and save it anew",
        )),
    };
    last.write(&mut output)?;
    output.flush()
}

/// Why an answer ends early.
enum Stop {
    Refused(Refusal),
    Output(io::Error),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

fn heads(file: &File, also: Option<u32>, output: &mut impl Write) -> Result<Summary, Stop> {
    let mut book = Book::open(file, true)?;
    let sheets = book.sheets();
    if sheets.len() > SHEET_LIMIT {
        let text = format!("the workbook has {} sheets; {SHEET_LIMIT} are the limit", sheets.len());
        return Err(Refusal::new(text, "keep the sheet of the bill only").into());
    }
    let mut room = HEADS_LIMIT;
    for (name, visible) in sheets {
        let rows = head(&mut book, &name, also, &mut room)?;
        Frame::Sheet(SheetHead { name, visible, rows }).write(output)?;
    }
    Ok(Summary { since_1904: book.is_since_1904(), ..Summary::default() })
}

/// The first rows of a sheet that have something in them, as far as there is room for their cells.
fn head(
    book: &mut Book,
    sheet: &str,
    also: Option<u32>,
    room: &mut usize,
) -> Result<Vec<(u32, Vec<String>)>, Refusal> {
    let mut rows: Vec<(u32, Vec<String>)> = Vec::new();
    let last = also.unwrap_or_default().max(HEAD_ROWS);
    book.visit(sheet, false, &mut |cell: Cell<'_>| {
        let number = cell.row + 1;
        if number > last {
            return Ok(Flow::Stop);
        }
        if number > HEAD_ROWS && also != Some(number) {
            return Ok(Flow::On);
        }
        if rows.last().is_none_or(|(row, _)| *row != number) {
            rows.push((number, Vec::new()));
        }
        if let Some((_, texts)) = rows.last_mut() {
            let text: String = cell.text.chars().take(HEAD_CELL).collect();
            // A header that is not looked at might be a second one, so none is left out.
            *room = room.checked_sub(text.len() + CELL_BYTES).ok_or_else(too_full)?;
            texts.push(text);
        }
        Ok(Flow::On)
    })?;
    Ok(rows)
}

fn too_full() -> Refusal {
    Refusal::new(
        "the first rows of the sheets hold more than 64 MiB, which no header needs",
        "keep the sheet of the bill only, or export it as CSV",
    )
}

fn table(
    file: &File,
    sheet: &str,
    header_row: u32,
    comma: bool,
    output: &mut impl Write,
) -> Result<Summary, Stop> {
    let mut book = Book::open(file, false)?;
    let header = header_row.saturating_sub(1);
    if let Some(area) = book.merged(file, sheet, header)? {
        let first = a1(area.start.0, area.start.1);
        let text = format!(
            "the header is merged: {first}:{} of the sheet `{sheet}` is one cell",
            a1(area.end.0, area.end.1)
        );
        let help = "split the cell and give every column a name of its own, or name another row \
                    with `header_row`";
        return Err(Refusal::unclear(text, help).into());
    }
    let mut table = Table::new(header, output);
    let mut failed = None;
    book.visit(sheet, comma, &mut |cell| match table.take(&cell) {
        Ok(()) => Ok(Flow::On),
        Err(error) => {
            failed = Some(error);
            Ok(Flow::Stop)
        }
    })?;
    failed.map_or(Ok(()), Err)?;
    Ok(table.end()?)
}

/// Cells become records: the header gives their width, empty rows are passed over.
struct Table<'o, W> {
    output: &'o mut W,
    /// Counted from 0.
    header: u32,
    /// Columns of the sheet from the first to the last that the header names, once it is written.
    columns: Option<std::ops::RangeInclusive<u32>>,
    row: u32,
    fields: Vec<String>,
    /// How many of `fields` have something in them.
    filled: usize,
    csv: Vec<u8>,
    /// The row that the next record counts as, and the row of the sheet that would be in order.
    counted: u64,
    expected: u64,
    summary: Summary,
}

impl<'o, W: Write> Table<'o, W> {
    fn new(header: u32, output: &'o mut W) -> Self {
        Self {
            output,
            header,
            columns: None,
            row: header,
            fields: Vec::new(),
            filled: 0,
            csv: Vec::new(),
            counted: 1,
            expected: 1,
            summary: Summary::default(),
        }
    }

    fn take(&mut self, cell: &Cell<'_>) -> io::Result<()> {
        if cell.row < self.header {
            return Ok(());
        }
        if cell.row != self.row {
            self.finish_row()?;
            self.row = cell.row;
        }
        let at = match &self.columns {
            None => cell.column as usize,
            Some(columns) if !columns.contains(&cell.column) => {
                self.summary.outside += 1;
                if self.summary.outside == 1 {
                    self.summary.first_outside = a1(cell.row, cell.column);
                }
                return Ok(());
            }
            Some(columns) => (cell.column - columns.start()) as usize,
        };
        if self.columns.is_none() {
            self.fields.resize((at + 1).max(self.fields.len()), String::new());
        }
        cell.text.clone_into(&mut self.fields[at]);
        self.filled += 1;
        if cell.kind == Kind::Fraction && self.columns.is_some() {
            self.summary.fractions[at] += 1;
        }
        Ok(())
    }

    /// Writes the row that is at hand. An empty one is no record, and the next one tells its place.
    fn finish_row(&mut self) -> io::Result<()> {
        if self.filled == 0 {
            return Ok(());
        }
        if self.columns.is_none() {
            self.name_columns();
        } else {
            let shown = u64::from(self.row) + 1;
            if shown != self.expected {
                self.flush()?;
                Frame::Row { counted: self.counted, shown }.write(self.output)?;
                self.expected = shown;
            }
        }
        for (at, field) in self.fields.iter_mut().enumerate() {
            if at > 0 {
                self.csv.push(b',');
            }
            push_field(field, &mut self.csv);
            field.clear();
        }
        self.csv.push(b'\n');
        self.filled = 0;
        self.counted += 1;
        self.expected += 1;
        if self.csv.len() >= CSV_FRAME { self.flush() } else { Ok(()) }
    }

    /// The header's first and last name are the borders of the table. A name that is broken over
    /// lines is one line.
    fn name_columns(&mut self) {
        let first = self.fields.iter().position(|name| !name.trim().is_empty()).unwrap_or_default();
        self.fields.drain(..first);
        while self.fields.len() > 1 && self.fields.last().is_some_and(|n| n.trim().is_empty()) {
            self.fields.pop();
        }
        for name in &mut self.fields {
            *name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        }
        let first = u32::try_from(first).unwrap_or_default();
        let width = u32::try_from(self.fields.len()).unwrap_or(u32::MAX);
        self.columns = Some(first..=first + width.saturating_sub(1));
        self.summary.fractions = vec![0; self.fields.len()];
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.csv.is_empty() {
            write_csv(&self.csv, self.output)?;
            self.csv.clear();
        }
        Ok(())
    }

    fn end(mut self) -> io::Result<Summary> {
        self.finish_row()?;
        self.flush()?;
        Ok(self.summary)
    }
}

/// A field of CSV, in quotes where it needs them.
pub(in crate::ingest) fn push_field(text: &str, csv: &mut Vec<u8>) {
    if !text.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
        csv.extend_from_slice(text.as_bytes());
        return;
    }
    csv.push(b'"');
    for part in text.split_inclusive('"') {
        csv.extend_from_slice(part.as_bytes());
        if part.ends_with('"') {
            csv.push(b'"');
        }
    }
    csv.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(workbook: &mut rust_xlsxwriter::Workbook) -> Book {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&workbook.save_to_buffer().unwrap()).unwrap();
        Book::open(&file, true).unwrap()
    }

    #[test]
    fn the_head_of_a_sheet_takes_no_more_than_its_cells() {
        let mut workbook = rust_xlsxwriter::Workbook::new();
        let sheet = workbook.add_worksheet();
        sheet.write(0, 16_383, "far").unwrap();
        sheet.write(1, 2, "x").unwrap();
        sheet.write(1, 7, "y").unwrap();
        let mut book = opened(&mut workbook);
        let mut room = 3 * CELL_BYTES + 5;
        let rows = head(&mut book, "Sheet1", None, &mut room).unwrap();
        let expected = [(1, vec!["far".to_owned()]), (2, vec!["x".to_owned(), "y".to_owned()])];
        assert_eq!((rows.as_slice(), room), (&expected[..], 0));
        let refused = head(&mut book, "Sheet1", None, &mut (3 * CELL_BYTES + 4)).unwrap_err();
        assert_eq!(refused, too_full());
    }
}
