//! A workbook of a source: from its bytes to a stream of CSV.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use crate::diagnostics::{Code, Finding, Place};
use crate::rules::{ColumnMap, ColumnSource, DateSpelling, InputRef, SheetPlace};

use super::{Refusal, SheetStream, Wanted, Workbook};
use crate::ingest::csv::stream::Text;
use crate::ingest::open::{CsvStream, StreamEnd, fingerprint};
use crate::ingest::report::SheetTable;
use crate::ingest::values::binding::Binding;

/// What is said of a file that keeps money as doubles.
pub(in crate::ingest) const BINARY: &str = "money is kept as binary floating point; each value is read as the \
                                 shortest decimal that means it";

/// The table of a workbook, ready to be read.
pub(in crate::ingest) struct OpenSheet {
    pub(in crate::ingest) text: Text,
    pub(in crate::ingest) layout: SheetTable,
    /// The workbook counts days from 1904.
    pub(in crate::ingest) since_1904: bool,
}

/// Finds the table of a workbook and begins to read it.
///
/// # Errors
/// What keeps the workbook or its sheet from being read.
pub(in crate::ingest) fn open_workbook(
    file: File,
    wanted: &Wanted,
    executable: Option<&Path>,
) -> Result<OpenSheet, Finding> {
    // The hash first: the position of the file is the reader's afterwards.
    let hashes = fingerprint(&file).map_err(|error| {
        Finding::new(Code::UnreadableFile, format!("the file cannot be read: {error}"))
            .help("check that it still exists and may be read, then run again")
    })?;
    let workbook = Workbook::new(file, executable);
    let (heads, summary) = workbook.heads(wanted.header_row).map_err(refused)?;
    let layout = wanted.find(&heads).map_err(refused)?;
    let stream = SheetStream::new(workbook, &layout, wanted.comma);
    let stream = CsvStream::Sheet(Box::new(stream), hashes);
    let text = Text { stream, begun: Vec::new() };
    Ok(OpenSheet { text, layout, since_1904: summary.since_1904 })
}

/// What tells the header of a bill from other rows.
pub(in crate::ingest) fn wanted_of(map: &ColumnMap, place: &SheetPlace) -> Wanted {
    let names = |source: &ColumnSource| -> Vec<String> {
        let read = source.references().into_iter().map(InputRef::header);
        source.headers().iter().map(String::as_str).chain(read).map(str::to_owned).collect()
    };
    let shape = &map.workbook;
    let needed: Vec<Vec<String>> = if shape.header.is_empty() {
        map.required.iter().filter_map(|column| map.columns.get(column)).map(names).collect()
    } else {
        shape.header.iter().map(|name| vec![name.clone()]).collect()
    };
    Wanted {
        sheet: place.sheet.clone(),
        usual_sheets: shape.sheets.clone(),
        header_row: place.header_row,
        // What is the same in every row needs no header.
        needed: needed.into_iter().filter(|names| !names.is_empty()).collect(),
        known: map.columns.values().flat_map(names).collect(),
        comma: map.numbers.decimal == ',',
    }
}

/// The map as it holds for sheets: cells that are dates come in full, whatever else is declared.
/// Plain numbers are days from 1900 to it. In a workbook that counts from 1904 they are none, since
/// nobody knows from when they count; their rows go to quarantine.
pub(in crate::ingest) fn map_of_sheet(map: &Arc<ColumnMap>, since_1904: bool) -> Arc<ColumnMap> {
    let holds = |spelling: &DateSpelling| !since_1904 || *spelling != DateSpelling::ExcelSerial;
    if map.dates.contains(&DateSpelling::Iso) && map.dates.iter().all(holds) {
        return map.clone();
    }
    let mut dates: Vec<DateSpelling> = map.dates.iter().copied().filter(holds).collect();
    if !dates.contains(&DateSpelling::Iso) {
        dates.push(DateSpelling::Iso);
    }
    Arc::new(ColumnMap { dates, ..(**map).clone() })
}

/// What was odd about a sheet, now that it was read.
pub(in crate::ingest) fn sheet_findings(
    binding: &Binding,
    told: &StreamEnd,
    path: &Arc<str>,
) -> Vec<Finding> {
    let Some(sheet) = &told.sheet else { return Vec::new() };
    let money = binding.money_columns().into_iter();
    let fractions = money.map(|at| sheet.fractions.get(at).copied().unwrap_or_default());
    let mut found = Vec::new();
    if fractions.sum::<u64>() > 0 {
        found.push(Finding::new(Code::BinarySource, BINARY));
    }
    if sheet.outside > 0 {
        let text =
            format!("cells beside the table are not read; the first is {}", sheet.first_outside);
        found.push(Finding::new(Code::UnknownColumn, text).count(sheet.outside));
    }
    found.into_iter().map(|finding| finding.at(Place::File(path.clone()))).collect()
}

/// A refusal as a finding.
pub(in crate::ingest) fn refused(refusal: Refusal) -> Finding {
    let code = if refusal.unclear { Code::SheetUnclear } else { Code::BrokenFile };
    Finding::new(code, refusal.text).help(refusal.help)
}

/// The finding that an error of reading stands for, where it is a refusal.
pub(in crate::ingest) fn refusal_in(error: &std::io::Error) -> Option<Finding> {
    error.get_ref()?.downcast_ref::<Refusal>().map(|refusal| refused(refusal.clone()))
}
