//! Workbooks: a sheet of XLSX, XLSB, XLS or ODS becomes CSV, and goes the way of CSV from there.
//!
//! ```text
//! layout      which sheet, which header row
//! stream      the sheet as CSV bytes, row numbers and what was odd beside it
//! child       the process that reads, under limits
//! frames      what it tells
//! reader      that process: cells → records
//! sheets      calamine, cell by cell
//! archive     the ZIP archive, looked at before anything is believed
//! markup      a sheet of XLSX, held against what its reader passes over
//! spreadsheet the same of ODS
//! binary      the same of XLSB and XLS: merged cells, texts that are not there
//! container   the streams of an old Office file
//! cells       a cell as text
//! ```
//!
//! Owns everything about sheets; knows nothing of charges. A library that reads hostile files may
//! take memory without end or abort, so it does its work in a process of its own, whose death is a
//! broken file.
//!
//! Order: the heads of all sheets are read first, because only they tell which sheet is the bill;
//! the archive is looked at before that, once.
//!
//! Invariants: a sheet that is not read whole is refused whole; a row has the number that the
//! spreadsheet program shows; a value that is not known is never empty.

mod archive;
mod binary;
mod cells;
mod child;
mod container;
mod frames;
mod layout;
mod markup;
mod reader;
mod sheets;
pub(super) mod source;
mod spreadsheet;
mod stream;

pub(super) use cells::is_error;
pub use child::WORKBOOK_COMMAND;
pub(super) use frames::{Refusal, Summary};
pub(super) use layout::Wanted;
pub(super) use reader::push_field;
pub use stream::serve_workbook;
pub(super) use stream::{SheetStream, Workbook};
