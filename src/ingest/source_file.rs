//! What a scan reads: a file, or a table that was made.

use std::path::PathBuf;
use std::sync::Arc;

use crate::rules::{ColumnMap, SheetPlace};

/// A bill to read.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Name of its source.
    pub source: Arc<str>,
    /// Relative to the project, with `/`: the name in all reports.
    pub path: Arc<str>,
    pub location: PathBuf,
    /// The table itself, where it was made and lies on no disk: CSV with a header. Then `location` says nothing.
    pub made: Option<Arc<[u8]>>,
    pub map: Arc<ColumnMap>,
    /// Where the table stands, where the file is a workbook and its source says it.
    pub place: SheetPlace,
    /// Index of its delivery.
    pub delivery: u32,
    /// Whether it counts: a file of a delivery that was replaced is read for its totals only.
    pub is_counted: bool,
    /// Whether deliveries of its source add to others, so that they may overlap with them.
    pub appends: bool,
    /// Whether its source says that it may have a header and no row.
    pub may_be_empty: bool,
}

impl SourceFile {
    /// A file that is a source of its own, and a delivery.
    #[must_use]
    pub fn alone(source: &str, path: &str, location: PathBuf, map: Arc<ColumnMap>) -> Self {
        let (source, path) = (source.into(), path.into());
        let place = SheetPlace::default();
        Self {
            source,
            path,
            location,
            made: None,
            map,
            place,
            delivery: 0,
            is_counted: true,
            appends: false,
            may_be_empty: false,
        }
    }

    /// A table that was made, as a source and a delivery of its own. It may have no row.
    #[must_use]
    pub fn made(source: &str, path: &str, table: Vec<u8>, map: Arc<ColumnMap>) -> Self {
        let alone = Self::alone(source, path, PathBuf::new(), map);
        Self { made: Some(table.into()), may_be_empty: true, appends: true, ..alone }
    }
}
