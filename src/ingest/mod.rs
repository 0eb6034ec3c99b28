//! Provider formats become charges, and every row is accounted for.
//!
//! ```text
//! discover            patterns of a source → files and deliveries
//!   manifest_file     what a provider says belongs together
//!   delivery          files that belong together, and which of them count
//! plain_table         a small table, CSV or workbook, as a whole
//! reference           tables of cost centers and metadata → domain nouns
//! rates               the table of exchange rates → domain nouns
//! invoices            tables of provider invoices
//! scan                files → charges into sinks, and a report
//!   open              what a file is, by its content; its hashes
//!   Binding           a column map meets a header
//!   workbook          a sheet as CSV, read by a process of its own
//!   csv_*, parquet_*  blocks and row groups → rows
//!     footer, pages   what Parquet's headers say, held against itself before it is decoded
//!     guard           a panic of foreign code is an answer
//!   Desk              rows → batches of charges for the sink
//!   Tally             rows → accepted, quarantined, excluded; exact sums
//!   Gate              lets through what counts; which delivery has which days
//! judge               what was read against what should be there: deliveries and days
//! ScanReport          the account of each file
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
mod binding;
mod bytes;
mod case_memo;
mod charge;
mod coverage;
mod csv_blocks;
mod csv_file;
mod csv_quotes;
mod csv_records;
mod dates;
mod delivery;
mod desk;
mod discover;
mod examples;
mod gate;
mod guard;
mod header;
mod invoices;
mod json_lines;
mod json_scan;
mod layout;
mod literal;
mod manifest_file;
mod natural;
mod numbers;
mod open;
mod parquet_column;
mod parquet_fields;
mod parquet_file;
mod parquet_footer;
mod parquet_json;
mod parquet_pages;
mod parquet_whole;
mod plain_table;
mod quality;
mod rates;
mod recipe;
mod reference;
mod report;
mod row_numbers;
mod scan;
mod sheet_source;
mod spread;
mod table;
mod tally;
mod text_encoding;
mod text_stream;
mod thrift;
mod valuation;
mod workbook;

pub use charge::{
    Charge, Charges, NO_WORD, Rejection, RowPlace, Sink, Span, TextColumn, WantedText, Words,
};
pub use coverage::{DeliveryReport, SourceCoverage, Sums, judge};
pub use delivery::{Delivery, ManifestId, Told};
pub use discover::{Discovery, contained, discover, sha256_hex, survey};
pub use examples::run_map_examples;
pub use invoices::{Invoice, InvoiceFile, InvoiceTable, read_invoices};
pub use json_scan::{
    Fault as JsonFault, Value as JsonValue, object as json_object, unescaped as json_text,
};
pub use layout::{Head, Layout, head, layout, read_nowhere};
pub use manifest_file::run_manifest_examples;
pub use plain_table::{PlainTable, TableFile, read_table};
pub use rates::read_rates;
pub use reference::{MetadataTable, read_cost_centers, read_metadata};
pub use report::{
    FileId, FileReport, MonthTotals, Overlap, QuarantinedRow, Role, ScanReport, SetAside, day_bit,
    days_of,
};
pub use row_numbers::RowNumbers;
pub use scan::{Progress, ScanOptions, Silent, SourceFile, scan};
pub use workbook::{WORKBOOK_COMMAND, serve_workbook};
