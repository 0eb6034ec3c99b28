//! Fuzz targets: made-up input that must never end in a panic, an abort or a wrong figure.
//!
//! ```text
//! choices             bytes of the fuzzer → decisions, so that every engine can steer what is made
//! reading             one file through the scan, and all that came of it
//! number              amounts against rationals
//! csv                 records against the `csv` crate; what blocks cut, nothing loses
//! json                lines of JSON against `serde_json`
//! workbook            sheets of XLSX with altered markup, and altered archives
//! gzip                compressed text through the scan against the same text as it is
//! encodings           UTF-16 and JSON lines against the CSV of the same rows
//! tags                every shape of tags against the object that it was written from
//! texts               project files, rule files and column maps: findings, never panics
//! parquet             files with altered bytes: refused, or the money is what it was
//! ```
//!
//! Under `cargo test` each target runs for a short time on random input. `docs/testing.md` tells
//! how to run them for longer and how to repeat a failure.

mod support;

#[path = "fuzz/choices.rs"]
mod choices;
#[path = "fuzz/csv.rs"]
mod csv;
#[path = "fuzz/encodings.rs"]
mod encodings;
#[path = "fuzz/gzip.rs"]
mod gzip;
#[path = "fuzz/json.rs"]
mod json;
#[path = "fuzz/number.rs"]
mod number;
#[path = "fuzz/parquet.rs"]
mod parquet;
#[path = "fuzz/reading.rs"]
mod reading;
#[path = "fuzz/tags.rs"]
mod tags;
#[path = "fuzz/texts.rs"]
mod texts;
#[path = "fuzz/workbook.rs"]
mod workbook;
