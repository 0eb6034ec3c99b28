//! Columns of an Arrow batch as texts, amounts and days, whatever type the file chose for them.

use std::borrow::Cow;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal128Type, Decimal256Type, Float32Type,
    Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, PrimitiveArray, StringViewArray};
use arrow_schema::{DataType, TimeUnit};
use chrono::{DateTime, Days, NaiveDate};
use num_bigint::BigInt;
use parquet::errors::ParquetError;

use crate::domain::{Amount, AmountError};

use super::nested;
use crate::ingest::values::binding::Binding;
use crate::ingest::values::dates::{ReadDay, is_of_a_bill};

const SECONDS_A_DAY: i64 = 24 * 60 * 60;

fn unreadable(what: &str, kind: &DataType) -> ParquetError {
    ParquetError::General(format!("a column of type {kind} cannot be read as {what}"))
}

/// A column read as text.
pub(in crate::ingest) enum TextColumn<'a> {
    Absent,
    Constant(&'a [u8]),
    Views(&'a StringViewArray),
    /// Numbers, times and maps, written out for this batch.
    Written(Vec<Option<Vec<u8>>>),
}

impl<'a> TextColumn<'a> {
    pub(in crate::ingest) fn new(array: &'a ArrayRef) -> Result<Self, ParquetError> {
        if let DataType::Utf8View = array.data_type() {
            return Ok(Self::Views(array.as_string_view()));
        }
        if array.data_type().is_nested() {
            return nested(array).map(Self::Written);
        }
        let write = writer(array)?;
        let texts = (0..array.len()).map(|index| array.is_valid(index).then(|| write(index)));
        Ok(Self::Written(texts.collect()))
    }

    /// All texts, one per row of the batch; a constant is not among those of a batch.
    pub(super) fn into_texts(self) -> Vec<Option<Vec<u8>>> {
        match self {
            Self::Absent | Self::Constant(_) => Vec::new(),
            Self::Views(array) => {
                array.iter().map(|text| text.map(|text| text.as_bytes().to_vec())).collect()
            }
            Self::Written(texts) => texts,
        }
    }

    pub(in crate::ingest) fn get(&self, index: usize) -> Option<&[u8]> {
        match self {
            Self::Absent => None,
            Self::Constant(text) => Some(text),
            Self::Views(array) => array.is_valid(index).then(|| array.value(index).as_bytes()),
            Self::Written(texts) => texts[index].as_deref(),
        }
    }
}

/// Lists, maps and objects as JSON.
fn nested(array: &ArrayRef) -> Result<Vec<Option<Vec<u8>>>, ParquetError> {
    let text = |index| {
        let mut text = Vec::new();
        nested::write(array, index, &mut text).map(|()| text)
    };
    (0..array.len()).map(|index| array.is_valid(index).then(|| text(index)).transpose()).collect()
}

/// How one value of an array is written as text.
fn writer<'a>(array: &'a ArrayRef) -> Result<Box<dyn Fn(usize) -> Vec<u8> + 'a>, ParquetError> {
    Ok(match array.data_type() {
        DataType::Null => Box::new(|_| Vec::new()),
        DataType::Utf8 => {
            let values = array.as_string::<i32>();
            Box::new(move |index| values.value(index).as_bytes().to_vec())
        }
        DataType::LargeUtf8 => {
            let values = array.as_string::<i64>();
            Box::new(move |index| values.value(index).as_bytes().to_vec())
        }
        DataType::Binary => {
            let values = array.as_binary::<i32>();
            Box::new(move |index| values.value(index).to_vec())
        }
        DataType::LargeBinary => {
            let values = array.as_binary::<i64>();
            Box::new(move |index| values.value(index).to_vec())
        }
        DataType::FixedSizeBinary(_) => {
            let values = array.as_fixed_size_binary();
            Box::new(move |index| values.value(index).to_vec())
        }
        DataType::Boolean => {
            let values = array.as_boolean();
            Box::new(move |index| values.value(index).to_string().into_bytes())
        }
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => {
            let times = DayColumn::new(Some(array))?;
            Box::new(move |index| times.text(index))
        }
        _ => {
            let costs = CostColumn::new(Some(array))?;
            Box::new(move |index| costs.text(index))
        }
    })
}

/// A column of money.
pub(super) enum CostColumn<'a> {
    Absent,
    Narrow(&'a PrimitiveArray<Decimal128Type>, i8),
    Wide(&'a PrimitiveArray<Decimal256Type>, i8),
    Double(&'a PrimitiveArray<Float64Type>),
    Single(&'a PrimitiveArray<Float32Type>),
    Long(&'a PrimitiveArray<Int64Type>),
    Int(&'a PrimitiveArray<Int32Type>),
    /// Whole numbers of widths that money rarely has.
    Whole(&'a ArrayRef, fn(&ArrayRef, usize) -> i128),
    Text(&'a StringViewArray),
}

impl<'a> CostColumn<'a> {
    pub(in crate::ingest) fn new(array: Option<&'a ArrayRef>) -> Result<Self, ParquetError> {
        let Some(array) = array else { return Ok(Self::Absent) };
        Ok(match array.data_type() {
            DataType::Null => Self::Absent,
            DataType::Decimal128(_, scale) => Self::Narrow(array.as_primitive(), *scale),
            DataType::Decimal256(_, scale) => Self::Wide(array.as_primitive(), *scale),
            DataType::Float64 => Self::Double(array.as_primitive()),
            DataType::Float32 => Self::Single(array.as_primitive()),
            DataType::Int64 => Self::Long(array.as_primitive()),
            DataType::Int32 => Self::Int(array.as_primitive()),
            DataType::Int8 => Self::Whole(array, whole::<Int8Type>),
            DataType::Int16 => Self::Whole(array, whole::<Int16Type>),
            DataType::UInt8 => Self::Whole(array, whole::<UInt8Type>),
            DataType::UInt16 => Self::Whole(array, whole::<UInt16Type>),
            DataType::UInt32 => Self::Whole(array, whole::<UInt32Type>),
            DataType::UInt64 => Self::Whole(array, whole::<UInt64Type>),
            DataType::Utf8View => Self::Text(array.as_string_view()),
            other => return Err(unreadable("an amount", other)),
        })
    }

    pub(in crate::ingest) fn get(
        &self,
        index: usize,
        binding: &Binding,
    ) -> Result<Option<Amount>, AmountError> {
        let valid = self.is_valid(index)
            && match self {
                Self::Text(array) => !binding.is_null(array.value(index).as_bytes()),
                _ => true,
            };
        if valid { self.amount(index).map(Some) } else { Ok(None) }
    }

    pub(super) fn is_valid(&self, index: usize) -> bool {
        match self {
            Self::Absent => false,
            Self::Narrow(array, _) => array.is_valid(index),
            Self::Wide(array, _) => array.is_valid(index),
            Self::Double(array) => array.is_valid(index),
            Self::Single(array) => array.is_valid(index),
            Self::Long(array) => array.is_valid(index),
            Self::Int(array) => array.is_valid(index),
            Self::Whole(array, _) => array.is_valid(index),
            Self::Text(array) => array.is_valid(index),
        }
    }

    pub(in crate::ingest) fn amount(&self, index: usize) -> Result<Amount, AmountError> {
        match self {
            Self::Absent => Err(AmountError::Empty),
            Self::Narrow(array, scale) => Amount::from_scaled(array.value(index), *scale),
            Self::Wide(array, scale) => {
                let units = BigInt::from_signed_bytes_le(&array.value(index).to_le_bytes());
                Amount::from_big(&units, *scale)
            }
            Self::Long(array) => Amount::from_scaled(i128::from(array.value(index)), 0),
            Self::Int(array) => Amount::from_scaled(i128::from(array.value(index)), 0),
            Self::Whole(array, value) => Amount::from_scaled(value(array, index), 0),
            Self::Text(array) => Amount::parse(array.value(index).as_bytes()),
            Self::Double(_) | Self::Single(_) => Amount::parse(&self.text(index)),
        }
    }

    /// The value as text: of binary floating point, the shortest that means it.
    pub(in crate::ingest) fn text(&self, index: usize) -> Vec<u8> {
        match self {
            Self::Double(array) => {
                ryu::Buffer::new().format(array.value(index)).as_bytes().to_vec()
            }
            Self::Single(array) => {
                ryu::Buffer::new().format(array.value(index)).as_bytes().to_vec()
            }
            Self::Text(array) => array.value(index).as_bytes().to_vec(),
            Self::Narrow(array, _) => array.value_as_string(index).into_bytes(),
            Self::Wide(array, _) => array.value_as_string(index).into_bytes(),
            _ => {
                self.amount(index).map(|amount| amount.to_string().into_bytes()).unwrap_or_default()
            }
        }
    }
}

fn whole<T: ArrowPrimitiveType>(array: &ArrayRef, index: usize) -> i128
where
    T::Native: Into<i128>,
{
    array.as_primitive::<T>().value(index).into()
}

/// A column of points in time, of which the UTC day matters.
pub(super) enum DayColumn<'a> {
    Absent,
    Seconds(&'a PrimitiveArray<TimestampSecondType>),
    Millis(&'a PrimitiveArray<TimestampMillisecondType>),
    Micros(&'a PrimitiveArray<TimestampMicrosecondType>),
    Nanos(&'a PrimitiveArray<TimestampNanosecondType>),
    Days(&'a PrimitiveArray<Date32Type>),
    DayMillis(&'a PrimitiveArray<Date64Type>),
    Text(&'a StringViewArray),
}

impl<'a> DayColumn<'a> {
    pub(in crate::ingest) fn new(array: Option<&'a ArrayRef>) -> Result<Self, ParquetError> {
        let Some(array) = array else { return Ok(Self::Absent) };
        Ok(match array.data_type() {
            DataType::Null => Self::Absent,
            DataType::Timestamp(TimeUnit::Second, _) => Self::Seconds(array.as_primitive()),
            DataType::Timestamp(TimeUnit::Millisecond, _) => Self::Millis(array.as_primitive()),
            DataType::Timestamp(TimeUnit::Microsecond, _) => Self::Micros(array.as_primitive()),
            DataType::Timestamp(TimeUnit::Nanosecond, _) => Self::Nanos(array.as_primitive()),
            DataType::Date32 => Self::Days(array.as_primitive()),
            DataType::Date64 => Self::DayMillis(array.as_primitive()),
            DataType::Utf8View => Self::Text(array.as_string_view()),
            other => return Err(unreadable("a date", other)),
        })
    }

    /// Seconds since 1970 in UTC; `None` where null or a text.
    fn seconds(&self, index: usize) -> Option<i64> {
        match self {
            Self::Seconds(array) => array.is_valid(index).then(|| array.value(index)),
            Self::Millis(array) => {
                array.is_valid(index).then(|| array.value(index).div_euclid(1_000))
            }
            Self::DayMillis(array) => {
                array.is_valid(index).then(|| array.value(index).div_euclid(1_000))
            }
            Self::Micros(array) => {
                array.is_valid(index).then(|| array.value(index).div_euclid(1_000_000))
            }
            Self::Nanos(array) => {
                array.is_valid(index).then(|| array.value(index).div_euclid(1_000_000_000))
            }
            Self::Days(array) => {
                array.is_valid(index).then(|| i64::from(array.value(index)) * SECONDS_A_DAY)
            }
            Self::Absent | Self::Text(_) => None,
        }
    }

    /// The UTC day of a point in time, and what `of_text` reads where the column has texts.
    pub(in crate::ingest) fn get(&self, index: usize, of_text: ReadDay) -> Option<NaiveDate> {
        if let Self::Text(array) = self {
            let text = array.is_valid(index).then(|| array.value(index))?;
            return of_text(text.trim_ascii().as_bytes());
        }
        let days = self.seconds(index)?.div_euclid(SECONDS_A_DAY);
        let epoch = NaiveDate::default();
        let day = match u64::try_from(days) {
            Ok(days) => epoch.checked_add_days(Days::new(days)),
            Err(_) => epoch.checked_sub_days(Days::new(days.unsigned_abs())),
        };
        day.filter(|day| is_of_a_bill(*day))
    }

    pub(in crate::ingest) fn text(&self, index: usize) -> Vec<u8> {
        let text = match self {
            Self::Text(array) if array.is_valid(index) => Cow::Borrowed(array.value(index)),
            _ => {
                let time = self.seconds(index).and_then(|s| DateTime::from_timestamp(s, 0));
                Cow::Owned(
                    time.map_or(String::new(), |t| t.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
                )
            }
        };
        text.as_bytes().to_vec()
    }
}
