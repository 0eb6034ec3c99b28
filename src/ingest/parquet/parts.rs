//! Which part of which file a thread reads next: row groups, and of the last ones a part each, so that
//! no thread has much to do when the others have nothing left.

use std::ops::Range;

use parquet::arrow::arrow_reader::{RowSelection, RowSelector};

use super::file::ParquetFormat;

/// Parts that a row group is cut into at most, and rows that a part has at least. Each part opens the
/// dictionaries anew, which is why they are few, and why not all row groups are cut.
const CUTS: i64 = 4;
const CUT_ROWS: i64 = 1 << 16;

/// A file of Parquet, and the part of it to read, as that block of the file. Without one, the file is
/// to be hashed.
pub(in crate::ingest) type ParquetJob = (usize, Option<(u32, Part)>);

/// A stretch of the rows of a row group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ingest) struct Part {
    pub(super) group: usize,
    rows: Range<i64>,
    /// The share of the file's packed bytes that lie in it.
    pub(in crate::ingest) bytes: u64,
}

impl Part {
    /// Whether it begins the row group, so that what is told of the group is told once.
    pub(super) fn is_first(&self) -> bool {
        self.rows.start == 0
    }

    pub(super) fn count(&self) -> i64 {
        self.rows.end - self.rows.start
    }

    pub(super) fn selection(&self) -> RowSelection {
        let rows = |count: i64| usize::try_from(count).unwrap_or_default();
        let before = RowSelector::skip(rows(self.rows.start));
        vec![before, RowSelector::select(rows(self.count()))].into()
    }

    fn cut(self) -> Vec<Self> {
        let rows = self.count();
        let cuts = (rows / CUT_ROWS).clamp(1, CUTS);
        let bytes = self.bytes / cuts.unsigned_abs();
        let group = self.group;
        let end = |cut: i64| rows / cuts * cut + rows % cuts * cut / cuts;
        (0..cuts).map(|cut| Self { group, rows: end(cut)..end(cut + 1), bytes }).collect()
    }
}

/// All that is to be done for some files, in the order in which threads take it.
pub(in crate::ingest) fn jobs<'f>(
    formats: impl Iterator<Item = (usize, &'f ParquetFormat)> + Clone,
    threads: usize,
) -> Vec<ParquetJob> {
    let all: usize = formats.clone().map(|(_, format)| format.row_groups().len()).sum();
    let mut whole = if threads > 1 { all.saturating_sub(threads) } else { all };
    let mut jobs = Vec::new();
    for (file, format) in formats {
        // The hash is a job of its own; first, so that the file's pages are warm for the others.
        jobs.push((file, None));
        let mut blocks = 0..;
        for (group, told) in format.row_groups().iter().enumerate() {
            let bytes = u64::try_from(told.compressed_size()).unwrap_or_default();
            let part = Part { group, rows: 0..told.num_rows().max(0), bytes };
            let is_cut = whole == 0 && format.may_be_cut();
            let parts = if is_cut { part.cut() } else { vec![part] };
            whole = whole.saturating_sub(1);
            let numbered = parts.into_iter().zip(blocks.by_ref());
            jobs.extend(numbered.map(|(part, block)| (file, Some((block, part)))));
        }
    }
    jobs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_all_rows_once() {
        for rows in [0, 1, CUT_ROWS, 2 * CUT_ROWS - 1, 2 * CUT_ROWS + 1, 1_048_577, 10_000_000] {
            let parts = Part { group: 3, rows: 0..rows, bytes: 1000 }.cut();
            let mut next = 0;
            for part in &parts {
                assert_eq!(part.rows.start, next, "{rows}");
                next = part.rows.end;
            }
            assert_eq!(next, rows);
            let least = parts.iter().map(Part::count).min().unwrap();
            assert!(parts.len() == 1 || least >= CUT_ROWS, "{rows}: {least}");
        }
    }
}
