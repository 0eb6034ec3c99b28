//! The sheets of a workbook, whatever its kind, cell by cell.
//!
//! XLSX and XLSB are read as streams, so that memory does not grow with rows. XLS and ODS are read
//! whole by their reader, within the memory that the process is allowed.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek};
use std::sync::Arc;

use calamine::{
    Data, Dimensions, Ods, OdsError, Range, Reader, Sheet, SheetType, SheetVisible, Xls, XlsError,
    Xlsb, XlsbError, Xlsx, XlsxError,
};

use super::archive::{self, Archive, ODS_CONTENT, protected};
use super::binary;
use super::cells::{self, Kind, NO_VALUE, Spelling};
use super::container;
use super::frames::Refusal;
use super::spreadsheet::Spreadsheet;

/// Rows and columns that a sheet can have.
const ROWS: u32 = 1_048_576;
const COLUMNS: u32 = 16_384;
const OLE: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

type Input = BufReader<File>;
/// Two readers of one file cannot share its position.
type Shared = Cursor<Arc<[u8]>>;

/// An opened workbook.
pub(super) enum Book {
    Xlsx(Box<Xlsx<Input>>),
    /// A second reader of the same file goes beside the first, over formulas.
    Xlsb(Box<(Xlsb<Shared>, Xlsb<Shared>)>),
    Xls(Box<Old>),
    Ods(Box<Ods<Input>>),
}

/// An XLS, and where in each of its sheets a cell refers to a text that it shares: its reader takes a
/// reference to none for an empty cell.
pub(super) struct Old {
    book: Xls<Input>,
    shared: Vec<Vec<(u32, u32)>>,
}

impl Old {
    fn visit(&mut self, sheet: &str, spelling: Spelling, visit: Visit<'_>) -> Result<(), Refusal> {
        let range = self.book.worksheet_range(sheet).map_err(|error| xls(&error))?;
        let formulas = self.book.worksheet_formula(sheet).map_err(|error| xls(&error))?;
        let at = self.book.sheets_metadata().iter().position(|known| known.name == sheet);
        for cell in at.and_then(|at| self.shared.get(at)).into_iter().flatten() {
            if range.get_value(*cell).is_none_or(|value| *value == Data::Empty) {
                let place = a1(cell.0, cell.1);
                return Err(torn(&format!("the cell {place} refers to a text that is not there")));
            }
        }
        visit_range(&range, &formulas, spelling, visit)
    }
}

/// A cell that has something in it. Row and column count from 0.
#[derive(Debug)]
pub(super) struct Cell<'t> {
    pub(super) row: u32,
    pub(super) column: u32,
    pub(super) text: &'t str,
    pub(super) kind: Kind,
}

/// Whether more cells are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    On,
    Stop,
}

/// Takes the cells of a sheet, row by row, from left to right.
pub(super) type Visit<'v> = &'v mut dyn FnMut(Cell<'_>) -> Result<Flow, Refusal>;

impl Book {
    /// Opens a workbook by its content. `look` inflates all of it first.
    pub(super) fn open(file: &File, look: bool) -> Result<Self, Refusal> {
        let mut begin = again(file)?;
        let mut magic = Vec::new();
        begin.by_ref().take(8).read_to_end(&mut magic).map_err(|error| torn(&error))?;
        if magic == OLE {
            return open_ole(file);
        }
        // The look is done once; later readers of the same bytes need its answer only.
        let kind = if look { archive::look(&mut begin) } else { archive::kind_of(&mut begin) }?;
        Ok(match kind {
            Archive::Xlsx => Self::Xlsx(Box::new(Xlsx::new(input(file)?).map_err(|e| xlsx(&e))?)),
            Archive::Xlsb => {
                let bytes: Arc<[u8]> = whole(file)?.into();
                let one = || Xlsb::new(Cursor::new(bytes.clone())).map_err(|error| xlsb(&error));
                Self::Xlsb(Box::new((one()?, one()?)))
            }
            Archive::Ods => Self::Ods(Box::new(Ods::new(input(file)?).map_err(|e| ods(&e))?)),
        })
    }

    /// The sheets that hold cells, in their order, and whether each is visible.
    pub(super) fn sheets(&self) -> Vec<(String, bool)> {
        let all: &[Sheet] = match self {
            Self::Xlsx(book) => book.sheets_metadata(),
            Self::Xlsb(book) => book.0.sheets_metadata(),
            Self::Xls(book) => book.book.sheets_metadata(),
            Self::Ods(book) => book.sheets_metadata(),
        };
        let tables = all.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
        tables.map(|sheet| (sheet.name.clone(), sheet.visible == SheetVisible::Visible)).collect()
    }

    /// Whether days are counted from 1904. ODS writes dates in full.
    pub(super) fn is_since_1904(&self) -> bool {
        match self {
            Self::Xlsx(book) => book.has_1904_epoch(),
            Self::Xlsb(book) => book.0.has_1904_epoch(),
            Self::Xls(book) => book.book.has_1904_epoch(),
            Self::Ods(_) => false,
        }
    }

    /// Shows every cell of a sheet that has something in it.
    /// `comma` spells numbers with one.
    pub(super) fn visit(
        &mut self,
        sheet: &str,
        comma: bool,
        visit: Visit<'_>,
    ) -> Result<(), Refusal> {
        let spelling = Spelling { since_1904: self.is_since_1904(), comma };
        let mut order = Order::default();
        let mut ordered = |cell: Cell<'_>| {
            order.next(cell.row, cell.column)?;
            visit(cell)
        };
        match self {
            Self::Xlsx(book) => visit_xlsx(book, sheet, spelling, &mut ordered),
            Self::Xlsb(book) => visit_xlsb(&mut book.0, &mut book.1, sheet, spelling, &mut ordered),
            Self::Xls(book) => book.visit(sheet, spelling, &mut ordered),
            Self::Ods(book) => {
                let range = book.worksheet_range(sheet).map_err(|error| ods(&error))?;
                let formulas = book.worksheet_formula(sheet).map_err(|error| ods(&error))?;
                visit_range(&range, &formulas, spelling, &mut ordered)
            }
        }
    }

    /// The first merged cells across a row of a sheet, counted from 0. `file` is the workbook.
    pub(super) fn merged(
        &mut self,
        file: &File,
        sheet: &str,
        row: u32,
    ) -> Result<Option<Dimensions>, Refusal> {
        let all = match self {
            Self::Xlsx(book) => book.merge_cells_by_sheet_name(sheet).map_err(|e| xlsx(&e))?,
            Self::Xls(book) => book.book.merge_cells_by_sheet_name(sheet).map_err(|e| xls(&e))?,
            Self::Xlsb(_) => binary::merged(&mut again(file)?, sheet)?,
            Self::Ods(_) => {
                let mut look = Spreadsheet::new(Some((sheet, row)));
                archive::read(&mut again(file)?, ODS_CONTENT, &mut |bytes| look.feed(bytes))?;
                return Ok(look.merged());
            }
        };
        Ok(all.into_iter().find(|area| (area.start.0..=area.end.0).contains(&row)))
    }
}

/// A workbook in the container of old Office versions: XLS, or anything that is encrypted.
fn open_ole(file: &File) -> Result<Book, Refusal> {
    // The container names its streams in UTF-16. An encrypted workbook of a newer kind is one of them.
    let bytes = whole(file)?;
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    if memchr::memmem::find(&bytes, &name).is_some() {
        return Err(protected());
    }
    if !container::holds_all_sectors(&bytes) {
        return Err(torn(&"it ends too early"));
    }
    let shared = container::stream(&bytes, &["Workbook", "Book"]);
    let shared = shared.map(|stream| binary::shared(&stream)).unwrap_or_default();
    drop(bytes);
    let book = Xls::new(input(file)?).map_err(|error| xls(&error))?;
    Ok(Book::Xls(Box::new(Old { book, shared })))
}

/// The file from its begin. All handles have one position, so they are read in turn.
fn again(file: &File) -> Result<File, Refusal> {
    let mut file = file.try_clone().map_err(|error| torn(&error))?;
    file.rewind().map_err(|error| torn(&error))?;
    Ok(file)
}

fn whole(file: &File) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    again(file)?.read_to_end(&mut bytes).map_err(|error| torn(&error))?;
    Ok(bytes)
}

fn input(file: &File) -> Result<Input, Refusal> {
    again(file).map(BufReader::new)
}

fn torn(reason: &dyn std::fmt::Display) -> Refusal {
    Refusal::new(
        format!("the workbook does not hold together: {reason}"),
        "fetch it again, or open it in a spreadsheet program and save it anew",
    )
}

fn xlsx(error: &XlsxError) -> Refusal {
    if matches!(error, XlsxError::Password) { protected() } else { torn(error) }
}

fn xlsb(error: &XlsbError) -> Refusal {
    if matches!(error, XlsbError::Password) { protected() } else { torn(error) }
}

fn xls(error: &XlsError) -> Refusal {
    if matches!(error, XlsError::Password) { protected() } else { torn(error) }
}

fn ods(error: &OdsError) -> Refusal {
    if matches!(error, OdsError::Password) { protected() } else { torn(error) }
}

/// Cells come in order and within the sheet, or their references are not to be believed.
#[derive(Default)]
struct Order {
    last: Option<(u32, u32)>,
}

impl Order {
    fn next(&mut self, row: u32, column: u32) -> Result<(), Refusal> {
        if row >= ROWS || column >= COLUMNS {
            return Err(torn(&format!(
                "a cell claims row {} and column {}, which no sheet has",
                u64::from(row) + 1,
                u64::from(column) + 1
            )));
        }
        if self.last.is_some_and(|last| last >= (row, column)) {
            let text = format!("the cell {} stands twice or out of order", a1(row, column));
            return Err(torn(&text));
        }
        self.last = Some((row, column));
        Ok(())
    }
}

/// A place as spreadsheet programs name it: `B7`. Counted from 0 here.
pub(super) fn a1(row: u32, column: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or_default()));
        rest /= 26;
    }
    let column: String = letters.iter().rev().collect();
    format!("{column}{}", u64::from(row) + 1)
}

fn visit_xlsx(
    book: &mut Xlsx<Input>,
    sheet: &str,
    spelling: Spelling,
    visit: Visit<'_>,
) -> Result<(), Refusal> {
    let mut reader = book.worksheet_cells_reader(sheet).map_err(|error| xlsx(&error))?;
    let mut text = String::new();
    while let Some(found) = reader.next_cell_with_formula_metadata().map_err(|e| xlsx(&e))? {
        let (row, column) = found.pos;
        let mut kind = cells::write(&found.value, spelling, &mut text);
        if found.value == calamine::DataRef::Empty && found.formula.is_some() {
            NO_VALUE.clone_into(&mut text);
            kind = Kind::Other;
        }
        if kind != Kind::Empty && visit(Cell { row, column, text: &text, kind })? == Flow::Stop {
            break;
        }
    }
    Ok(())
}

/// The reader of values passes over formulas whose result is an error; the reader of formulas,
/// beside it, tells where they stand.
fn visit_xlsb(
    values: &mut Xlsb<Shared>,
    formulas: &mut Xlsb<Shared>,
    sheet: &str,
    spelling: Spelling,
    visit: Visit<'_>,
) -> Result<(), Refusal> {
    let mut values = values.worksheet_cells_reader(sheet).map_err(|error| xlsb(&error))?;
    let mut formulas = formulas.worksheet_cells_reader(sheet).map_err(|error| xlsb(&error))?;
    let mut next_formula = || {
        let found = formulas.next_formula().map_err(|error| xlsb(&error))?;
        Ok::<_, Refusal>(found.map(|cell| cell.get_position()))
    };
    let mut formula = next_formula()?;
    let mut text = String::new();
    loop {
        let value = values.next_cell().map_err(|error| xlsb(&error))?;
        let at = value.as_ref().map(calamine::Cell::get_position);
        while let Some((row, column)) = formula.filter(|found| at.is_none_or(|at| *found <= at)) {
            let lone = at != Some((row, column));
            let cell = Cell { row, column, text: NO_VALUE, kind: Kind::Other };
            if lone && visit(cell)? == Flow::Stop {
                return Ok(());
            }
            formula = next_formula()?;
        }
        let Some(found) = value else { return Ok(()) };
        let (row, column) = found.get_position();
        let kind = cells::write(found.get_value(), spelling, &mut text);
        if kind != Kind::Empty && visit(Cell { row, column, text: &text, kind })? == Flow::Stop {
            return Ok(());
        }
    }
}

fn visit_range(
    range: &Range<Data>,
    formulas: &Range<String>,
    spelling: Spelling,
    visit: Visit<'_>,
) -> Result<(), Refusal> {
    // Formulas without a value may stand around the cells that have one.
    let starts = [range.start(), formulas.start()].into_iter().flatten();
    let Some(start) = starts.reduce(|a, b| (a.0.min(b.0), a.1.min(b.1))) else { return Ok(()) };
    let ends = [range.end(), formulas.end()].into_iter().flatten();
    let end = ends.fold(start, |a, b| (a.0.max(b.0), a.1.max(b.1)));
    let mut text = String::new();
    for row in start.0..=end.0 {
        for column in start.1..=end.1 {
            let value = range.get_value((row, column)).unwrap_or(&Data::Empty);
            let mut kind = cells::write_owned(value, spelling, &mut text);
            let formula = || formulas.get_value((row, column)).is_some_and(|f| !f.is_empty());
            if *value == Data::Empty && formula() {
                NO_VALUE.clone_into(&mut text);
                kind = Kind::Other;
            }
            if kind != Kind::Empty && visit(Cell { row, column, text: &text, kind })? == Flow::Stop
            {
                return Ok(());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_named_as_in_spreadsheets() {
        for (row, column, name) in [
            (0, 0, "A1"),
            (6, 1, "B7"),
            (0, 25, "Z1"),
            (0, 26, "AA1"),
            (9, 701, "ZZ10"),
            (0, 702, "AAA1"),
            (1_048_575, 16_383, "XFD1048576"),
        ] {
            assert_eq!(a1(row, column), name);
        }
    }

    #[test]
    fn cells_out_of_order_or_out_of_the_sheet_are_refused() {
        let run = |cells: &[(u32, u32)]| {
            let mut order = Order::default();
            cells.iter().try_for_each(|(row, column)| order.next(*row, *column))
        };
        assert!(run(&[(0, 0), (0, 2), (3, 1), (1_048_575, 16_383)]).is_ok());
        for wrong in [
            &[(0, 1), (0, 1)][..],
            &[(0, 1), (0, 0)],
            &[(2, 0), (1, 5)],
            &[(1_048_576, 0)],
            &[(0, 16_384)],
            &[(u32::MAX, u32::MAX)],
        ] {
            assert!(run(wrong).is_err(), "{wrong:?}");
        }
    }
}
