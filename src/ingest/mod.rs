//! Provider formats become charges, and every row is accounted for.
//!
//! ```text
//! delivery    patterns of a source → files (discover); files that belong together, by name and by
//!             the provider's manifest; which of them count (Gate); what is missing (judge)
//! open        what a file is, by its content; its hashes
//! source_file what is read: a file, or a table that was made
//! stamp       whether it is still that file
//! layout      heads of bills: their format, and what a map finds, without reading a row
//! scan        files → charges into sinks, and a report
//!   values    a column map meets a header; rows are valued
//!   csv, json, workbook, parquet   blocks and row groups → rows
//!     made    bytes that were decoded, handed out piece by piece
//!     guard   a panic of foreign code is an answer
//!   Desk      rows → batches of charges for the sink
//!   Tally     rows → accepted, quarantined, excluded; exact sums
//! ScanReport  the account of each file
//! tables      owners, metadata, rates, invoices, drivers: small, read as a whole
//! ```
//!
//! Owns reading; knows column maps, nothing of owners, pools or dimensions: it hands charges to a
//! [`Sink`] and counts what the sink takes. May use `domain`, `diagnostics`, and of `rules` the
//! project's declarations, column maps and conditions.
//!
//! Order: a row is first split, then valued, then excluded or judged, then offered to the sink
//! (many together, see `desk`), and only then summed, because control totals cover exactly the rows that were taken.
//!
//! Invariants: `rows = accepted + quarantined + excluded` in every file; sums are exact; a file
//! that cannot be read whole is refused whole; memory is bounded by blocks and row groups.

mod account;
mod bytes;
mod charge;
mod csv;
mod delivery;
mod desk;
mod guard;
mod json;
mod layout;
mod made;
mod open;
mod parquet;
mod quality;
mod report;
mod row_numbers;
mod scan;
mod source_file;
mod stamp;
mod tables;
mod tally;
mod values;
mod workbook;

pub use charge::{
    Charge, Charges, NO_WORD, Rejection, RowPlace, Sink, Span, TextColumn, Texts, WantedText, Words,
};
pub use delivery::coverage::{DeliveryReport, SourceCoverage, Sums, judge};
pub use delivery::discover::{Discovery, contained, discover, month_of, sha256_hex, survey};
pub use delivery::manifest::run_manifest_examples;
pub use delivery::{Delivery, ManifestId, Told};
pub use json::scan::{
    Fault as JsonFault, Value as JsonValue, object as json_object, unescaped as json_text,
};
pub use layout::{Head, Layout, head, layout, read_nowhere};
pub use report::{
    Content, FileId, FileReport, MonthTotals, Overlap, QuarantinedRow, Role, ScanReport, SetAside,
    day_bit, days_of,
};
pub use row_numbers::RowNumbers;
pub use scan::{Progress, ScanOptions, Silent, scan, scan_beside};
pub use source_file::SourceFile;
pub use tables::cells::Cells;
pub use tables::drivers::{Consumer, DriverFile, DriverPart, DriverRow, DriverTable, read_driver};
pub use tables::invoices::{Invoice, InvoiceFile, InvoiceTable, read_invoices};
pub use tables::plain::{PlainTable, TableFile, read_table};
pub use tables::rates::read_rates;
pub use tables::reference::{MetadataTable, read_cost_centers, read_metadata};
pub use values::examples::run_map_examples;
pub use workbook::{WORKBOOK_COMMAND, serve_workbook};
