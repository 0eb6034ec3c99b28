//! Records as Parquet: texts, points in time, and decimals as wide as their column needs.

use std::io::{self, Write};
use std::sync::Arc;

use arrow_array::builder::{
    Decimal128Builder, Decimal256Builder, StringBuilder, TimestampMillisecondBuilder,
};
use arrow_array::types::{ArrowPrimitiveType, Decimal256Type};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use chrono::DateTime;
use num_bigint::BigInt;
use num_traits::ToPrimitive;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use crate::allocate::{FOCUS_VERSION, Seen, ValueKind};
use crate::domain::{Amount, SCALE};

type Wide = <Decimal256Type as ArrowPrimitiveType>::Native;

/// Records that are turned into columns at once, and those of a row group.
const BATCH: usize = 8 * 1024;
const GROUP: usize = 128 * 1024;
/// Digits of the decimals that every reader knows, and of the wide ones.
const NARROW_DIGITS: u8 = 38;
const WIDE_DIGITS: u8 = 76;

/// Writes records, which come as CSV without a header. `seen` is of the first columns, among which
/// all numbers are.
pub(super) fn write(
    header: &[(String, ValueKind)],
    seen: &[Seen],
    pieces: impl Iterator<Item = io::Result<Vec<u8>>>,
    file: &mut (impl Write + Send),
) -> io::Result<()> {
    let field = |(at, (name, kind)): (usize, &(String, ValueKind))| {
        let seen = seen.get(at).copied().unwrap_or_default();
        Field::new(name, type_of(*kind, &seen), true)
    };
    let fields: Vec<Field> = header.iter().enumerate().map(field).collect();
    let schema: SchemaRef = Arc::new(Schema::new(fields));
    let version = KeyValue::new("FocusVersion".to_owned(), FOCUS_VERSION.to_owned());
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_row_count(Some(GROUP))
        .set_key_value_metadata(Some(vec![version]))
        .build();
    let mut writer = ArrowWriter::try_new(file, schema.clone(), Some(properties))?;
    let mut batch = Batch::new(&schema);
    for piece in pieces {
        let piece = piece?;
        let mut records = csv::ReaderBuilder::new().has_headers(false).from_reader(&*piece);
        for record in records.records() {
            batch.push(&record?)?;
            if batch.records == BATCH {
                writer.write(&batch.take().map_err(io::Error::other)?)?;
            }
        }
    }
    if batch.records > 0 {
        writer.write(&batch.take().map_err(io::Error::other)?)?;
    }
    writer.close()?;
    Ok(())
}

fn type_of(kind: ValueKind, seen: &Seen) -> DataType {
    match kind {
        ValueKind::Text => DataType::Utf8,
        ValueKind::Time => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
        ValueKind::Number => {
            let whole = (seen.largest.to_units() / BigInt::from(10).pow(SCALE)).to_string().len();
            let scale = i8::try_from(seen.digits).unwrap_or(i8::MAX);
            if whole + seen.digits as usize <= usize::from(NARROW_DIGITS) {
                DataType::Decimal128(NARROW_DIGITS, scale)
            } else {
                DataType::Decimal256(WIDE_DIGITS, scale)
            }
        }
    }
}

enum Column {
    Text(StringBuilder),
    Time(TimestampMillisecondBuilder),
    Narrow(Decimal128Builder, u32),
    Wide(Decimal256Builder, u32),
}

struct Batch {
    schema: SchemaRef,
    columns: Vec<Column>,
    records: usize,
}

impl Batch {
    fn new(schema: &SchemaRef) -> Self {
        let column = |field: &Arc<Field>| {
            let kind = field.data_type().clone();
            match kind {
                DataType::Timestamp(..) => {
                    Column::Time(TimestampMillisecondBuilder::new().with_data_type(kind))
                }
                DataType::Decimal128(_, scale) => Column::Narrow(
                    Decimal128Builder::new().with_data_type(kind),
                    scale.unsigned_abs().into(),
                ),
                DataType::Decimal256(_, scale) => Column::Wide(
                    Decimal256Builder::new().with_data_type(kind),
                    scale.unsigned_abs().into(),
                ),
                _ => Column::Text(StringBuilder::new()),
            }
        };
        let columns = schema.fields().iter().map(column).collect();
        Self { schema: schema.clone(), columns, records: 0 }
    }

    fn push(&mut self, record: &csv::StringRecord) -> io::Result<()> {
        for (column, text) in self.columns.iter_mut().zip(record) {
            let text = Some(text).filter(|text| !text.is_empty());
            match column {
                Column::Text(builder) => builder.append_option(text),
                Column::Time(builder) => {
                    let time = text.map(DateTime::parse_from_rfc3339).transpose();
                    let time = time.map_err(io::Error::other)?;
                    builder.append_option(time.map(|time| time.timestamp_millis()));
                }
                Column::Narrow(builder, scale) => {
                    let number = text.map(|text| scaled(text, *scale)).transpose()?;
                    let narrow = number.as_ref().and_then(BigInt::to_i128);
                    builder.append_option(narrow);
                }
                Column::Wide(builder, scale) => {
                    let number = text.map(|text| scaled(text, *scale)).transpose()?;
                    builder.append_option(number.and_then(|n| Wide::from_string(&n.to_string())));
                }
            }
        }
        self.records += 1;
        Ok(())
    }

    fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        self.records = 0;
        let arrays = self.columns.iter_mut().map(|column| -> ArrayRef {
            match column {
                Column::Text(builder) => Arc::new(builder.finish()),
                Column::Time(builder) => Arc::new(builder.finish()),
                Column::Narrow(builder, _) => Arc::new(builder.finish()),
                Column::Wide(builder, _) => Arc::new(builder.finish()),
            }
        });
        RecordBatch::try_new(self.schema.clone(), arrays.collect())
    }
}

/// A decimal as a whole number of `10^-scale`, which is as fine as its column is.
fn scaled(text: &str, scale: u32) -> io::Result<BigInt> {
    let amount: Amount = text.parse().map_err(|_| io::Error::other("a number is none"))?;
    Ok(amount.to_units() / BigInt::from(10).pow(SCALE - scale.min(SCALE)))
}
