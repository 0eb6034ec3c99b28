//! Batches of Parquet taken column by column: the fast way where every column is read as it stands.
//!
//! A text column that is a dictionary all through stays one: its words are looked at once for each
//! row group, and charges refer to them by code. A batch with any row that cannot be a charge is
//! left to the way row by row, which knows how to complain.

use std::fmt;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal128Type, Int32Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType,
};
use arrow_array::{Array, ArrayRef, RecordBatch, StringViewArray};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use chrono::NaiveDate;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::errors::ParquetError;

use crate::domain::{CostMetric, Costs, Currency, MetricSet, PackedCosts, Period};

use super::column::{CostColumn, DayColumn, TextColumn};
use super::footer::general;
use super::pages::OPEN_LIMIT;
use crate::ingest::charge::{Charge, NO_WORD, RowPlace, Sink, TextColumn as Column, Texts, Words};
use crate::ingest::desk::Desk;
use crate::ingest::values::binding::{Binding, Spot};
use crate::ingest::values::dates::{ReadDay, utc_day, written_day};

/// A text column that takes fewer bytes a row than this can only hold codes.
const CODE_BYTES: i64 = 4;
/// Days around the first one that are remembered.
const NEAR_DAYS: usize = 1 << 10;

/// The metadata again, with those text columns as dictionaries that are dictionaries all through;
/// money and dates stay as they are, even where they are texts.
///
/// # Errors
/// Where the schema cannot be had in that form.
pub(super) fn coded(
    found: &ArrowReaderMetadata,
    binding: &Binding,
) -> Result<ArrowReaderMetadata, ParquetError> {
    let dates = [&binding.billing_start, &binding.charge_start];
    let plain: Vec<usize> = binding.costs.iter().chain(dates).filter_map(Spot::index).collect();
    let codes = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let leaves = found.metadata().file_metadata().schema_descr().num_columns();
    let fields = found.schema().fields();
    // Where fields are not leaves one by one, they are nested, and nothing is known of a place.
    let is_flat = fields.len() == leaves;
    let fields = fields.iter().enumerate().map(|(at, field)| {
        let is_text = *field.data_type() == DataType::Utf8View && !plain.contains(&at);
        if is_flat && is_text && is_dictionary(found, at) {
            Arc::new(Field::clone(field).with_data_type(codes.clone()))
        } else {
            Arc::clone(field)
        }
    });
    let schema = Schema::new(fields.collect::<Vec<_>>());
    let options = ArrowReaderOptions::new().with_schema(Arc::new(schema));
    ArrowReaderMetadata::try_new(found.metadata().clone(), options)
}

fn is_dictionary(found: &ArrowReaderMetadata, column: usize) -> bool {
    let mut groups = found.metadata().row_groups().iter();
    groups.all(|group| {
        let chunk = group.columns().get(column);
        chunk.is_some_and(|chunk| {
            chunk.dictionary_page_offset().is_some()
                && chunk.uncompressed_size() < group.num_rows().saturating_mul(CODE_BYTES)
        })
    })
}

/// Replaces codes by the texts that they stand for, so that a batch can be read row by row.
pub(super) fn spelt_out(batch: &RecordBatch) -> Result<RecordBatch, ParquetError> {
    let is_coded = |array: &ArrayRef| matches!(array.data_type(), DataType::Dictionary(..));
    if !batch.columns().iter().any(is_coded) {
        return Ok(batch.clone());
    }
    let spelt = |array: &ArrayRef| -> ArrayRef {
        if !is_coded(array) {
            return array.clone();
        }
        let coded = array.as_dictionary::<Int32Type>();
        let words = coded.values().as_string::<i32>();
        let text = |key: Option<usize>| key.map(|key| words.value(key));
        Arc::new(coded.keys_iter().map(text).collect::<StringViewArray>())
    };
    let bytes: u64 = batch.columns().iter().filter(|array| is_coded(array)).map(spelt_bytes).sum();
    if bytes > OPEN_LIMIT {
        return Err(general("the texts of a batch come to more memory than any bill needs"));
    }
    let columns: Vec<ArrayRef> = batch.columns().iter().map(spelt).collect();
    let schema = batch.schema();
    let fields = schema.fields().iter().zip(&columns);
    let fields = fields.map(|(field, array)| {
        Arc::new(Field::clone(field).with_data_type(array.data_type().clone()))
    });
    let schema = Schema::new(fields.collect::<Vec<_>>());
    Ok(RecordBatch::try_new(Arc::new(schema), columns)?)
}

/// Bytes of the texts that the codes of a column stand for, each as often as it stands there.
fn spelt_bytes(array: &ArrayRef) -> u64 {
    let coded = array.as_dictionary::<Int32Type>();
    let words = coded.values().as_string::<i32>();
    coded.keys_iter().flatten().map(|key| words.value(key).len() as u64).sum()
}

/// What is remembered from batch to batch of one row group, and room for a batch.
#[derive(Default)]
pub(in crate::ingest) struct Whole {
    /// By wanted text: the words that came last, and the array that they were made of. As long as
    /// it is held, no other can have its place in memory.
    words: Vec<Option<(ArrayRef, Words)>>,
    codes: Vec<Vec<u32>>,
    near: [NearDays; 2],
    currency: Option<(Vec<u8>, Currency)>,
    currencies: Vec<Currency>,
    billing: Vec<NaiveDate>,
    days: Vec<NaiveDate>,
    units: Vec<[i64; CostMetric::COUNT]>,
    /// Where some cost of the batch is no whole number of units.
    costs: Vec<Costs>,
    unknown: Vec<MetricSet>,
    charges: Vec<Charge>,
}

/// A batch, and which of the file's columns it has.
#[derive(Clone, Copy)]
pub(super) struct Projected<'a> {
    pub(in crate::ingest) batch: &'a RecordBatch,
    pub(in crate::ingest) used: &'a [usize],
}

impl<'a> Projected<'a> {
    fn array(self, spot: &Spot) -> Option<&'a ArrayRef> {
        let at = self.used.binary_search(&spot.index()?).ok()?;
        Some(self.batch.column(at))
    }
}

impl Whole {
    /// Takes a whole batch to the desk; false where some row of it must be looked at by itself.
    ///
    /// # Errors
    /// Where a column has a type that cannot be read as what it is for.
    pub(in crate::ingest) fn take(
        &mut self,
        binding: &Binding,
        from: Projected<'_>,
        begin: RowPlace,
        desk: &mut Desk<'_, impl Sink>,
    ) -> Result<bool, ParquetError> {
        let is_sound = self.dates(binding, from)?
            && self.currencies(binding, from)?
            && (self.units(binding, from) || self.costs(binding, from)?);
        if !is_sound {
            return Ok(false);
        }
        self.charges.clear();
        let mut last: Option<(NaiveDate, Period)> = None;
        for (row, billed) in self.billing.iter().enumerate() {
            let month = match last {
                Some((known, month)) if known == *billed => month,
                _ => last.insert((*billed, Period::of(*billed))).1,
            };
            let record = begin.record + u32::try_from(row).unwrap_or(u32::MAX);
            self.charges.push(Charge {
                place: RowPlace { block: begin.block, record },
                costs: match self.costs.get(row) {
                    Some(costs) => PackedCosts::new(costs),
                    None => PackedCosts::Units(self.units[row]),
                },
                unknown: self.unknown.get(row).copied().unwrap_or_default(),
                currency: self.currencies[row],
                day: self.days[row],
                month,
                rows: 1,
            });
        }
        let spots = &*binding.texts;
        if !self.encode(binding, spots, from) {
            return Ok(false);
        }
        let written =
            spots.iter().map(|spot| written(binding, spot, from)).collect::<Result<Vec<_>, _>>()?;
        let known = |text: &&[u8]| !binding.is_null(text);
        let mut texts: Vec<Column<'_>> = Vec::with_capacity(spots.len());
        for (at, spot) in spots.iter().enumerate() {
            texts.push(match (spot, &self.words[at]) {
                (Spot::Constant(text), _) => Column::Same(Some(text.as_bytes()).filter(known)),
                // Many columns say the same all through a bill.
                (Spot::At(_), Some((_, words))) if self.codes[at].iter().all(|code| *code == 0) => {
                    Column::Same(words.get(0))
                }
                (Spot::At(_), Some((_, words))) => Column::Coded { words, codes: &self.codes[at] },
                (Spot::At(_), None) => {
                    written[at].as_ref().map_or(Column::Same(None), |texts| Column::Lying(texts))
                }
                _ => Column::Same(None),
            });
        }
        desk.take_whole(&self.charges, &texts);
        Ok(true)
    }

    fn dates(&mut self, binding: &Binding, from: Projected<'_>) -> Result<bool, ParquetError> {
        let spots = [&binding.billing_start, &binding.charge_start];
        let [Some(billing), Some(charged)] = spots.map(|spot| from.array(spot)) else {
            return Ok(false);
        };
        let [near_billing, near_charged] = &mut self.near;
        Ok(near_billing.read(billing, written_day, &mut self.billing)?
            && near_charged.read(charged, utc_day, &mut self.days)?)
    }

    fn currencies(&mut self, binding: &Binding, from: Projected<'_>) -> Result<bool, ParquetError> {
        let Some(array) = from.array(&binding.currency) else { return Ok(false) };
        let rows = array.len();
        self.currencies.clear();
        if let Some(coded) = array.as_dictionary_opt::<Int32Type>() {
            let words = coded.values().as_string::<i32>();
            let known = words.iter().map(|word| self.currency_of(word.unwrap_or("").as_bytes()));
            let known: Vec<Option<Currency>> = known.collect();
            for key in coded.keys_iter() {
                let Some(currency) = key.and_then(|key| known[key]) else { return Ok(false) };
                self.currencies.push(currency);
            }
            return Ok(true);
        }
        let texts = TextColumn::new(array)?;
        for row in 0..rows {
            let Some(currency) = texts.get(row).and_then(|text| self.currency_of(text)) else {
                return Ok(false);
            };
            self.currencies.push(currency);
        }
        Ok(true)
    }

    fn currency_of(&mut self, text: &[u8]) -> Option<Currency> {
        match &self.currency {
            Some((known, currency)) if known == text => Some(*currency),
            _ => {
                let currency = Currency::parse(std::str::from_utf8(text).ok()?).ok()?;
                self.currency = Some((text.to_vec(), currency));
                Some(currency)
            }
        }
    }

    /// Costs as whole numbers of 10⁻¹², which spares making amounts of them; false where some cost of
    /// the batch is no such number.
    fn units(&mut self, binding: &Binding, from: Projected<'_>) -> bool {
        self.costs.clear();
        self.unknown.clear();
        self.units.clear();
        self.units.resize(from.batch.num_rows(), [0; CostMetric::COUNT]);
        CostMetric::ALL.into_iter().all(|metric| {
            let array = from.array(&binding.costs[metric as usize]);
            let narrow = array.and_then(|array| array.as_primitive_opt::<Decimal128Type>());
            let Some(narrow) = narrow.filter(|narrow| narrow.null_count() == 0) else {
                return false;
            };
            let digits = u32::try_from(narrow.scale()).ok();
            let digits = digits.and_then(|scale| PackedCosts::DIGITS.checked_sub(scale));
            let Some(factor) = digits.map(|digits| 10_i64.pow(digits)) else { return false };
            let mut fits = true;
            for (units, found) in self.units.iter_mut().zip(narrow.values()) {
                let unit = i64::try_from(*found).ok().and_then(|found| found.checked_mul(factor));
                fits &= unit.is_some();
                units[metric as usize] = unit.unwrap_or_default();
            }
            fits
        })
    }

    fn costs(&mut self, binding: &Binding, from: Projected<'_>) -> Result<bool, ParquetError> {
        let rows = from.batch.num_rows();
        self.costs.resize(rows, Costs::ZERO);
        self.unknown.resize(rows, MetricSet::NONE);
        for metric in CostMetric::ALL {
            let spot = &binding.costs[metric as usize];
            let may_be_unknown =
                matches!(metric, CostMetric::ListCost | CostMetric::ContractedCost);
            if matches!(spot, Spot::Constant(_)) {
                return Ok(false);
            }
            let column = CostColumn::new(from.array(spot))?;
            for (row, (costs, unknown)) in self.costs.iter_mut().zip(&mut self.unknown).enumerate()
            {
                match column.get(row, binding) {
                    Ok(Some(amount)) => costs[metric] = amount,
                    Ok(None) if may_be_unknown => unknown.insert(metric),
                    _ => return Ok(false),
                }
            }
        }
        Ok(true)
    }

    /// Codes, and the words that they stand for where those are new; false where words are too long
    /// to be kept.
    fn encode(&mut self, binding: &Binding, spots: &[Spot], from: Projected<'_>) -> bool {
        self.words.resize_with(spots.len(), || None);
        self.codes.resize_with(spots.len(), Vec::new);
        for ((spot, words), codes) in spots.iter().zip(&mut self.words).zip(&mut self.codes) {
            let coded = from.array(spot).and_then(|array| array.as_dictionary_opt::<Int32Type>());
            let Some(coded) = coded else { continue };
            let values = coded.values();
            if !words.as_ref().is_some_and(|(known, _)| is_same(known, values)) {
                let texts = values.as_string::<i32>().iter();
                let texts =
                    texts.map(|text| text.map(str::as_bytes).filter(|text| !binding.is_null(text)));
                *words = Words::new(texts).map(|words| (values.clone(), words));
                if words.is_none() {
                    return false;
                }
            }
            codes.clear();
            let keys = coded.keys();
            if keys.null_count() == 0 {
                codes.extend(keys.values().iter().map(|key| key.cast_unsigned()));
            } else {
                codes.extend(keys.iter().map(|key| key.map_or(NO_WORD, i32::cast_unsigned)));
            }
        }
        true
    }
}

/// Whether two dictionaries are the same one in memory.
fn is_same(known: &ArrayRef, found: &ArrayRef) -> bool {
    let (known, found) = (known.as_string::<i32>(), found.as_string::<i32>());
    known.len() == found.len()
        && known.value_data().as_ptr() == found.value_data().as_ptr()
        && known.value_offsets().as_ptr() == found.value_offsets().as_ptr()
}

/// A column of texts that is no dictionary.
struct Written<'a> {
    column: TextColumn<'a>,
    binding: &'a Binding,
}

impl fmt::Debug for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a column of texts")
    }
}

impl Texts for Written<'_> {
    fn text(&self, charge: usize) -> Option<&[u8]> {
        self.column.get(charge).filter(|text| !self.binding.is_null(text))
    }
}

fn written<'a>(
    binding: &'a Binding,
    spot: &Spot,
    from: Projected<'a>,
) -> Result<Option<Written<'a>>, ParquetError> {
    match from.array(spot) {
        Some(array) if !matches!(array.data_type(), DataType::Dictionary(..)) => {
            TextColumn::new(array).map(|column| Some(Written { column, binding }))
        }
        _ => Ok(None),
    }
}

/// Days that were met, by their number: a bill has few.
#[derive(Default)]
struct NearDays {
    first: i64,
    days: Vec<Option<NaiveDate>>,
}

impl NearDays {
    /// All days of a column; false where one is not a day.
    fn read(
        &mut self,
        array: &ArrayRef,
        of_text: ReadDay,
        days: &mut Vec<NaiveDate>,
    ) -> Result<bool, ParquetError> {
        let column = DayColumn::new(Some(array))?;
        days.clear();
        let Some((stamps, a_day)) = stamps(array).filter(|_| array.null_count() == 0) else {
            for row in 0..array.len() {
                let Some(day) = column.get(row, of_text) else { return Ok(false) };
                days.push(day);
            }
            return Ok(true);
        };
        for (row, stamp) in stamps.iter().enumerate() {
            let number = stamp.div_euclid(a_day);
            let known = usize::try_from(number - self.first).ok();
            let known = known.and_then(|at| self.days.get(at).copied().flatten());
            let Some(day) = known.or_else(|| column.get(row, of_text)) else { return Ok(false) };
            if known.is_none() {
                self.keep(number, day);
            }
            days.push(day);
        }
        Ok(true)
    }

    fn keep(&mut self, number: i64, day: NaiveDate) {
        let at = usize::try_from(number - self.first).ok().filter(|at| *at < self.days.len());
        let at = at.unwrap_or_else(|| {
            self.first = number - i64::try_from(NEAR_DAYS / 2).unwrap_or(0);
            self.days = vec![None; NEAR_DAYS];
            NEAR_DAYS / 2
        });
        self.days[at] = Some(day);
    }
}

/// Points in time as the file has them, and how many of their units are a day.
fn stamps(array: &ArrayRef) -> Option<(&[i64], i64)> {
    match array.data_type() {
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            Some((array.as_primitive::<TimestampMillisecondType>().values(), 86_400_000))
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            Some((array.as_primitive::<TimestampMicrosecondType>().values(), 86_400_000_000))
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            Some((array.as_primitive::<TimestampNanosecondType>().values(), 86_400_000_000_000))
        }
        _ => None,
    }
}
