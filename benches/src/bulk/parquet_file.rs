//! The bill as Parquet: zstd, dictionaries, decimals, row groups of a million rows.

use std::collections::HashMap;
use std::error::Error;
use std::fs::File;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, Decimal128Array, DictionaryArray, Int32Array, RecordBatch, StringArray,
    TimestampMillisecondArray,
};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::columns::{COLUMNS, RowColumn, Source};
use super::row::{Row, Rows};
use super::world::Resource;

const ROW_GROUP: usize = 1 << 20;
const BATCH: u64 = 1 << 16;
/// 2026-10-01T00:00:00Z
const FIRST_DAY: i64 = 1_790_812_800_000;
const DAY: i64 = 86_400_000;

/// A column that a resource decides: its distinct texts, and which of them each resource has.
#[derive(Debug)]
struct Dictionary {
    texts: ArrayRef,
    codes: Vec<Option<i32>>,
}

/// How a column's arrays are made.
enum Plan {
    OfResource(Dictionary),
    Instant(&'static str),
    OfRow(RowColumn),
}

/// Writes those rows to one file.
///
/// # Errors
/// If the file cannot be written.
pub fn write(
    path: &Path,
    rows: Range<u64>,
    drawn: Rows,
    resources: &[Resource],
) -> Result<(), Box<dyn Error>> {
    let plans: Vec<_> =
        COLUMNS.iter().map(|(name, source)| (*name, plan(source, resources))).collect();
    let batch_of = |from: u64| {
        let to = rows.end.min(from + BATCH);
        let rows: Vec<Row> = (from..to).map(|index| drawn.row(index, resources)).collect();
        let arrays = plans.iter().map(|(name, plan)| Ok((*name, array(plan, &rows)?, true)));
        let arrays = arrays.collect::<Result<Vec<_>, Box<dyn Error>>>()?;
        Ok::<_, Box<dyn Error>>(RecordBatch::try_from_iter_with_nullable(arrays)?)
    };
    let schema = batch_of(rows.start)?.schema();
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_created_by("benchmark of costbook".to_owned())
        .build();
    let options =
        ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(File::create(path)?, schema, options)?;
    for from in rows.clone().step_by(BATCH as usize) {
        writer.write(&batch_of(from)?)?;
    }
    writer.close()?;
    Ok(())
}

fn plan(source: &Source, resources: &[Resource]) -> Plan {
    match source {
        Source::OfRow(column) => Plan::OfRow(*column),
        Source::Constant(text) if text.ends_with('Z') => Plan::Instant(text),
        Source::Constant(text) => {
            Plan::OfResource(dictionary(resources.iter().map(|_| (*text).into())))
        }
        Source::OfResource(text) => Plan::OfResource(dictionary(resources.iter().map(text))),
    }
}

fn dictionary<'a>(cells: impl Iterator<Item = std::borrow::Cow<'a, str>>) -> Dictionary {
    let mut known: HashMap<String, i32> = HashMap::new();
    let mut texts: Vec<String> = Vec::new();
    let codes = cells.map(|cell| {
        if cell.is_empty() {
            return None;
        }
        Some(*known.entry(cell.into_owned()).or_insert_with_key(|text| {
            texts.push(text.clone());
            i32::try_from(texts.len() - 1).expect("fewer texts than resources")
        }))
    });
    let codes = codes.collect();
    Dictionary { texts: Arc::new(StringArray::from(texts)), codes }
}

fn array(plan: &Plan, rows: &[Row]) -> Result<ArrayRef, Box<dyn Error>> {
    let column = match plan {
        Plan::OfRow(column) => *column,
        Plan::Instant(text) => {
            let days = if text.contains("-11-") { i64::try_from(super::row::DAYS)? } else { 0 };
            return Ok(instants(rows.iter().map(|_| FIRST_DAY + DAY * days)));
        }
        Plan::OfResource(dictionary) => {
            let codes: Int32Array = rows.iter().map(|row| dictionary.codes[row.resource]).collect();
            let texts = Arc::clone(&dictionary.texts);
            return Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(codes, texts)?));
        }
    };
    let Some(first) = rows.first() else { return Err("no rows".into()) };
    if let Some((_, scale)) = column.units(first) {
        let units = rows.iter().filter_map(|row| Some(column.units(row)?.0));
        let array = Decimal128Array::from_iter_values(units);
        return Ok(Arc::new(array.with_precision_and_scale(38, i8::try_from(scale)?)?));
    }
    if column.days(first).is_some() {
        let days = rows.iter().filter_map(|row| column.days(row));
        return Ok(instants(days.map(|days| FIRST_DAY + DAY * days.cast_signed())));
    }
    let words = rows.iter().map(|row| Some(column.word(row)).filter(|word| !word.is_empty()));
    Ok(Arc::new(words.collect::<StringArray>()))
}

fn instants(milliseconds: impl Iterator<Item = i64>) -> ArrayRef {
    Arc::new(TimestampMillisecondArray::from_iter_values(milliseconds).with_timezone("UTC"))
}
