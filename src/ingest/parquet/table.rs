//! A small Parquet file as texts, read as a whole. Numbers keep their digits; binary floating point
//! becomes the shortest decimal that means it.

use std::fs::File;

use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;

use super::fields::BatchFields;
use super::file::ParquetHead;
use super::{footer, pages};
use crate::ingest::values::valuation::Fields as _;

const BATCH_ROWS: usize = 4096;

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::ingest) struct ParquetTable {
    /// Columns that are kept, nested ones as `outer.inner`.
    pub(in crate::ingest) headers: Vec<String>,
    /// Columns that are not kept.
    pub(in crate::ingest) others: Vec<String>,
    /// One field per header; blank where there is none.
    pub(in crate::ingest) rows: Vec<Vec<String>>,
    /// Headers of columns that are binary floating point.
    pub(in crate::ingest) binary: Vec<String>,
}

/// Reads the columns that `keeps` wants; `None` where they have more than `limit` bytes.
///
/// # Errors
/// Where the file is no Parquet, does not hold together or has a column of a type without a text.
pub(in crate::ingest) fn table(
    file: &File,
    keeps: &dyn Fn(&str) -> bool,
    limit: usize,
) -> Result<Option<ParquetTable>, ParquetError> {
    let head = ParquetHead::open(file)?;
    let names = head.headers();
    let used: Vec<usize> = (0..names.len()).filter(|at| keeps(&names[*at])).collect();
    let mut found = ParquetTable::default();
    for (at, name) in names.into_iter().enumerate() {
        if !used.contains(&at) {
            found.others.push(name);
            continue;
        }
        if head.has_binary([at].into_iter()) {
            found.binary.push(name.clone());
        }
        found.headers.push(name);
    }
    if used.is_empty() {
        return Ok(Some(found));
    }
    let (metadata, columns) = (head.metadata(), head.columns());
    let descriptor = metadata.metadata().file_metadata().schema_descr();
    let leaves = used.iter().flat_map(|at| columns[*at].leaves.clone());
    let mask = ProjectionMask::leaves(descriptor, leaves);
    let mut told = 0;
    for group in metadata.metadata().row_groups() {
        pages::vet(file, group, |leaf| mask.leaf_included(leaf))?;
        told += group.num_rows();
    }
    let reader =
        ParquetRecordBatchReaderBuilder::new_with_metadata(file.try_clone()?, metadata.clone())
            .with_projection(mask)
            .with_batch_size(BATCH_ROWS)
            .build()?;
    let mut bytes = 0;
    for batch in reader {
        let batch = batch?;
        let fields = BatchFields::new(columns, &used, &batch)?;
        for index in 0..batch.num_rows() {
            let row = fields.row(index);
            let mut texts = Vec::with_capacity(used.len());
            for at in &used {
                let text = row.text(*at).unwrap_or_default();
                let text = std::str::from_utf8(text.trim_ascii());
                texts.push(text.map_err(|_| footer::general("a text is not UTF-8"))?.to_owned());
            }
            bytes += texts.iter().map(|text| text.len() + size_of::<String>()).sum::<usize>();
            if bytes > limit {
                return Ok(None);
            }
            found.rows.push(texts);
        }
    }
    if i64::try_from(found.rows.len()).ok() != Some(told) {
        return Err(footer::general("the file holds fewer rows than it tells"));
    }
    Ok(Some(found))
}
