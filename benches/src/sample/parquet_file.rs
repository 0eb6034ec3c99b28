//! Bills as Parquet: exact decimals, points in time, tags as a map or as JSON.

use std::error::Error;
use std::sync::Arc;

use arrow_array::builder::{MapBuilder, StringBuilder};
use arrow_array::{ArrayRef, Decimal128Array, RecordBatch, StringArray, TimestampMillisecondArray};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use rust_decimal::Decimal;

use super::charge::Charge;
use super::columns::{Kind, Value, kind, value};
use super::csv_file::json;

/// How the tags are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagsAs {
    Json,
    Map,
}

/// The rows as the bytes of a Parquet file.
///
/// # Errors
/// If the columns do not make a table, or a number has more digits than its column.
pub fn parquet(rows: &[Charge], columns: &[&str], tags: TagsAs) -> Result<Vec<u8>, Box<dyn Error>> {
    let arrays = columns.iter().map(|column| Ok((*column, array(rows, column, tags)?, true)));
    let arrays = arrays.collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    let batch = RecordBatch::try_from_iter_with_nullable(arrays)?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(9)?))
        .set_created_by("sample of costbook".to_owned())
        .build();
    // Without the Arrow schema, as the providers write it.
    let options =
        ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new_with_options(&mut bytes, batch.schema(), options)?;
    writer.write(&batch)?;
    writer.close()?;
    Ok(bytes)
}

fn array(rows: &[Charge], column: &str, tags: TagsAs) -> Result<ArrayRef, Box<dyn Error>> {
    let values = rows.iter().map(|row| value(row, column));
    Ok(match kind(column) {
        Kind::Text => Arc::new(StringArray::from_iter(values.map(text))),
        Kind::Time => Arc::new(
            TimestampMillisecondArray::from_iter(values.map(millisecond)).with_timezone("UTC"),
        ),
        Kind::Number(scale) => {
            let units = values.map(|value| number(&value, scale)).collect::<Result<Vec<_>, _>>()?;
            Arc::new(Decimal128Array::from(units).with_precision_and_scale(38, scale)?)
        }
        Kind::Tags if tags == TagsAs::Json => Arc::new(StringArray::from_iter(values.map(text))),
        Kind::Tags => map(values)?,
    })
}

fn text(value: Value<'_>) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.into_owned()),
        Value::Tags(tags) => Some(json(tags)),
        _ => None,
    }
}

fn millisecond(value: Value<'_>) -> Option<i64> {
    let Value::Time(day) = value else { return None };
    Some(day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis())
}

/// The number as whole units of its column's last digit.
fn number(value: &Value<'_>, scale: i8) -> Result<Option<i128>, String> {
    let Value::Number(number) = value else { return Ok(None) };
    let number: Decimal = number.normalize();
    let zeros = u32::from(scale.unsigned_abs()).checked_sub(number.scale());
    let zeros =
        zeros.ok_or_else(|| format!("{number} has more than {scale} digits after the point"))?;
    Ok(Some(number.mantissa() * 10_i128.pow(zeros)))
}

fn map<'a>(values: impl Iterator<Item = Value<'a>>) -> Result<ArrayRef, Box<dyn Error>> {
    let mut builder = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    for value in values {
        let Value::Tags(tags) = value else {
            builder.append(false)?;
            continue;
        };
        for (key, value) in tags {
            builder.keys().append_value(key);
            builder.values().append_value(value);
        }
        builder.append(true)?;
    }
    Ok(Arc::new(builder.finish()))
}
