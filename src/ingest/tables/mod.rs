//! Small tables, read as a whole: owners, metadata, rates, invoices.
//!
//! ```text
//! table       CSV in memory, with the places of its rows
//! cells       how a table's cells are written → numbers, days, moments
//! plain       the same from CSV, gzip or a workbook, split as bills are
//! reference   cost centers and metadata → domain nouns
//! rates       exchange rates → domain nouns
//! invoices    provider invoices
//! drivers     who used how much of what is shared
//!   driver_source   CSV, gzip, workbooks, JSON and Parquet → texts
//!   driver_table    a column for each field
//!   driver_export   records of other systems, by what is known of their format
//! ```
//!
//! Invariant: of a table that others are checked against, no row is optional; one bad row refuses
//! the table, and all bad rows are told at once.

pub(in crate::ingest) mod cells;
mod driver_export;
mod driver_source;
mod driver_table;
pub(in crate::ingest) mod drivers;
pub(in crate::ingest) mod invoices;
pub(in crate::ingest) mod plain;
pub(in crate::ingest) mod rates;
pub(in crate::ingest) mod reference;
mod table;
