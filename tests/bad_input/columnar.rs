//! The figures of one file, read by the library, because starting the command takes longer.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use costbook::ingest::{ScanOptions, Silent, SourceFile, scan};
use costbook::rules::{ColumnMap, shipped};

use super::files::Nobody;

/// Rows and sums by currency and metric; `None` where the file is refused.
pub(crate) fn figures(bytes: &[u8]) -> Option<(u64, BTreeMap<String, String>)> {
    let folder = tempfile::tempdir().expect("a folder for the file");
    let location = folder.path().join("bill.parquet");
    fs::write(&location, bytes).expect("the file can be written");
    let (path, text) = shipped::column_map("focus").expect("the map of FOCUS");
    let map = Arc::new(ColumnMap::parse(path, text).expect("the map of FOCUS"));
    let file = SourceFile::alone("bills", "bill.parquet", location, map);
    let options = ScanOptions { threads: 1, progress: &Silent, reader: None };
    let (mut report, _) = scan(&[file], &[], options, || Nobody);
    let report = report.files.remove(0);
    let sums = report.control_totals().into_iter();
    let sums =
        sums.map(|((currency, metric), sum)| (format!("{currency} {metric}"), sum.to_string()));
    (!report.is_refused()).then(|| (report.accepted, sums.collect()))
}
