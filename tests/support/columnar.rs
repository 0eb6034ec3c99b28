//! Bills as Parquet, with the types that providers choose for them.

use std::str::FromStr;
use std::sync::Arc;

use arrow_array::builder::{MapBuilder, StringBuilder};
use arrow_array::types::{ArrowPrimitiveType, Decimal256Type};
use arrow_array::{
    ArrayRef, Decimal128Array, Decimal256Array, Float64Array, LargeStringArray, RecordBatch,
    StringArray, TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray,
};
use chrono::DateTime;
use num_traits::ToPrimitive;
use parquet::arrow::ArrowWriter;
use parquet::basic::Encoding;
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};

use super::bill::{Bill, COSTS};
use super::exact::{exact, scaled};

/// How a file keeps money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Money {
    Text,
    /// 38 digits, so many of them after the point.
    Decimal128(i8),
    /// 76 digits, so many of them after the point.
    Decimal256(i8),
    Double,
}

/// How a file keeps points in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Times {
    Text,
    Millis,
    Micros,
    Nanos,
}

/// How a file keeps tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tags {
    Json,
    Map,
}

/// The types of a file, and how many rows stand in a row group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) money: Money,
    pub(crate) times: Times,
    pub(crate) tags: Tags,
    pub(crate) group_rows: usize,
}

impl Shape {
    pub(crate) const TEXT: Self =
        Self { money: Money::Text, times: Times::Text, tags: Tags::Json, group_rows: 1024 };
    pub(crate) const TYPED: Self =
        Self { money: Money::Decimal128(28), times: Times::Micros, tags: Tags::Map, group_rows: 3 };
}

/// The bytes of a Parquet file.
pub(crate) fn parquet(bill: &Bill, shape: Shape) -> Vec<u8> {
    written(bill, shape, WriterProperties::builder())
}

/// The same, all of it texts that share their letters with the one before.
pub(crate) fn parquet_of_shared_letters(bill: &Bill) -> Vec<u8> {
    let properties = WriterProperties::builder().set_dictionary_enabled(false);
    written(bill, Shape::TEXT, properties.set_encoding(Encoding::DELTA_BYTE_ARRAY))
}

fn written(bill: &Bill, shape: Shape, properties: WriterPropertiesBuilder) -> Vec<u8> {
    let columns = bill.columns.iter().map(|column| (column.as_str(), array(bill, column, shape)));
    let columns = columns.map(|(name, array)| (name, array, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length");
    let properties = properties.set_max_row_group_row_count(Some(shape.group_rows)).build();
    let mut bytes = Vec::new();
    let mut writer =
        ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).expect("a known schema");
    writer.write(&batch).expect("memory takes all");
    writer.close().expect("memory takes all");
    bytes
}

fn array(bill: &Bill, column: &str, shape: Shape) -> ArrayRef {
    let texts: Vec<Option<&str>> = bill.charges.iter().map(|charge| charge.get(column)).collect();
    if COSTS.contains(&column) {
        return money(&texts, shape.money);
    }
    match column {
        "BillingPeriodStart" | "BillingPeriodEnd" | "ChargePeriodStart" | "ChargePeriodEnd" => {
            times(&texts, shape.times)
        }
        "Tags" => tags(&texts, shape.tags),
        // Wide offsets are what some writers use for texts; readers must not care.
        "ServiceName" => Arc::new(LargeStringArray::from(texts)),
        _ => Arc::new(StringArray::from(texts)),
    }
}

fn money(texts: &[Option<&str>], money: Money) -> ArrayRef {
    type Wide = <Decimal256Type as ArrowPrimitiveType>::Native;
    let units = |text: &str, scale: i8| scaled(&exact(text), scale.unsigned_abs().into());
    match money {
        Money::Text => Arc::new(StringArray::from(texts.to_vec())),
        Money::Decimal128(scale) => {
            let narrow = |text: &str| units(text, scale).to_i128().expect("38 digits");
            let values: Decimal128Array = texts.iter().map(|text| text.map(narrow)).collect();
            Arc::new(values.with_precision_and_scale(38, scale).expect("38 digits"))
        }
        Money::Decimal256(scale) => {
            let wide =
                |text: &str| Wide::from_str(&units(text, scale).to_string()).expect("76 digits");
            let values: Decimal256Array = texts.iter().map(|text| text.map(wide)).collect();
            Arc::new(values.with_precision_and_scale(76, scale).expect("76 digits"))
        }
        Money::Double => {
            let double = |text: &str| text.parse::<f64>().expect("a number");
            Arc::new(texts.iter().map(|text| text.map(double)).collect::<Float64Array>())
        }
    }
}

fn times(texts: &[Option<&str>], times: Times) -> ArrayRef {
    let time = |text: &str| {
        DateTime::parse_from_rfc3339(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    };
    match times {
        Times::Text => Arc::new(StringArray::from(texts.to_vec())),
        Times::Millis => {
            let values = texts.iter().map(|text| text.map(|text| time(text).timestamp_millis()));
            Arc::new(values.collect::<TimestampMillisecondArray>().with_timezone("UTC"))
        }
        Times::Micros => {
            let values = texts.iter().map(|text| text.map(|text| time(text).timestamp_micros()));
            Arc::new(values.collect::<TimestampMicrosecondArray>())
        }
        Times::Nanos => {
            let nanos = |text: &str| time(text).timestamp_nanos_opt().expect("a day of our times");
            let values = texts.iter().map(|text| text.map(nanos));
            Arc::new(values.collect::<TimestampNanosecondArray>())
        }
    }
}

fn tags(texts: &[Option<&str>], tags: Tags) -> ArrayRef {
    if tags == Tags::Json {
        return Arc::new(StringArray::from(texts.to_vec()));
    }
    let mut builder = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    for text in texts {
        if let Some(text) = text {
            let object: serde_json::Map<String, serde_json::Value> =
                serde_json::from_str(text).expect("tags are an object");
            for (key, value) in &object {
                builder.keys().append_value(key);
                builder.values().append_value(value.as_str().expect("a tag is a text"));
            }
        }
        builder.append(text.is_some()).expect("keys and values come in pairs");
    }
    Arc::new(builder.finish())
}
