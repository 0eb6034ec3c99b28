//! Rows of Parquet: from a row group to judged rows, one batch in memory at a time.

use std::fs::File;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;

use crate::domain::CostMetric;

use super::column::{CostColumn, DayColumn, TextColumn};
use super::fields::{BatchFields, FlatColumn, flat_columns};
use super::parts::Part;
use super::whole::{Projected, Whole, coded, spelt_out};
use super::{footer, pages};
use crate::ingest::charge::{RowPlace, Sink};
use crate::ingest::desk::{Desk, Job};
use crate::ingest::quality::Look;
use crate::ingest::report::FileId;
use crate::ingest::tally::{Part as RowPart, Row, Source};
use crate::ingest::values::binding::{Binding, Spot};
use crate::ingest::values::dates::{utc_day, written_day};
use crate::ingest::values::recipe::{Given, Recipe, Scratch};

/// So many that a batch's charges and sums stay near the processor.
pub(super) const BATCH_ROWS: usize = 4096;

/// An opened Parquet file: footer read, columns not yet bound.
pub(in crate::ingest) struct ParquetHead {
    metadata: ArrowReaderMetadata,
    columns: Vec<FlatColumn>,
}

/// What reading rows of one file needs to know of it.
pub(in crate::ingest) struct ParquetFormat {
    pub(in crate::ingest) file: FileId,
    pub(in crate::ingest) binding: Binding,
    columns: Vec<FlatColumn>,
    pub(in crate::ingest) metadata: ArrowReaderMetadata,
    /// With dictionaries kept, where rows can be taken column by column.
    coded: Option<ArrowReaderMetadata>,
}

impl ParquetHead {
    /// Reads the footer, with text columns as views into their pages, which spares a copy.
    ///
    /// # Errors
    /// Where the file is no Parquet or does not hold together.
    pub(in crate::ingest) fn open(file: &File) -> Result<Self, ParquetError> {
        footer::vet(file)?;
        let found = ArrowReaderMetadata::load(
            file,
            ArrowReaderOptions::new().with_skip_arrow_metadata(true),
        )?;
        let views = with_views(found.schema());
        let options = ArrowReaderOptions::new().with_schema(views);
        let metadata = ArrowReaderMetadata::try_new(found.metadata().clone(), options)?;
        let columns = flat_columns(metadata.schema());
        Ok(Self { metadata, columns })
    }

    /// Nested columns as `outer.inner`.
    pub(in crate::ingest) fn headers(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name.clone()).collect()
    }

    pub(super) fn metadata(&self) -> &ArrowReaderMetadata {
        &self.metadata
    }

    pub(super) fn columns(&self) -> &[FlatColumn] {
        &self.columns
    }

    /// Whether money is kept as binary floating point in any of these columns.
    pub(in crate::ingest) fn has_binary(&self, columns: impl Iterator<Item = usize>) -> bool {
        let mut types = columns.filter_map(|at| self.columns.get(at)).map(|column| &column.kind);
        types.any(DataType::is_floating)
    }

    /// Looks at the first batch of rows, with a binding made for that.
    ///
    /// # Errors
    /// Where pages do not hold together.
    pub(in crate::ingest) fn look(
        &self,
        file: &File,
        binding: &Binding,
        look: &mut Look<'_>,
    ) -> Result<(), ParquetError> {
        let used = binding.used_columns();
        let descriptor = self.metadata.metadata().file_metadata().schema_descr();
        let leaves = used.iter().flat_map(|at| self.columns[*at].leaves.clone());
        let mask = ProjectionMask::leaves(descriptor, leaves);
        let mut rows = 0;
        for group in self.metadata.metadata().row_groups() {
            if rows < BATCH_ROWS {
                pages::vet(file, group, |leaf| mask.leaf_included(leaf))?;
                rows += usize::try_from(group.num_rows()).unwrap_or(BATCH_ROWS);
            }
        }
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(
            file.try_clone()?,
            self.metadata.clone(),
        );
        let mut reader = reader
            .with_projection(mask)
            .with_batch_size(BATCH_ROWS)
            .with_limit(BATCH_ROWS)
            .build()?;
        let Some(batch) = reader.next().transpose()? else { return Ok(()) };
        if let Some(recipe) = &binding.recipe {
            let fields = BatchFields::new(&self.columns, &used, &batch)?;
            let mut scratch = Scratch::default();
            for index in 0..batch.num_rows() {
                let texts = recipe.texts_of(&fields.row(index), &mut scratch);
                look.at(&texts.iter().map(Option::as_deref).collect::<Vec<_>>());
            }
            return Ok(());
        }
        let columns = BatchColumns::new(binding, &batch, &used)?;
        for index in 0..batch.num_rows() {
            let known = |text: &&[u8]| !binding.is_null(text);
            let texts = columns.texts.iter().map(|column| column.get(index).filter(known));
            let texts: Vec<_> =
                texts.map(|t| t.and_then(|t| std::str::from_utf8(t).ok())).collect();
            look.at(&texts);
        }
        Ok(())
    }

    /// Whether columns lie within others.
    pub(in crate::ingest) fn is_nested(&self) -> bool {
        self.columns.iter().any(FlatColumn::is_nested)
    }

    pub(in crate::ingest) fn into_format(self, file: FileId, binding: Binding) -> ParquetFormat {
        let is_plain = binding.recipe.is_none() && !self.is_nested();
        let coded = is_plain.then(|| coded(&self.metadata, &binding).ok()).flatten();
        ParquetFormat { file, binding, columns: self.columns, metadata: self.metadata, coded }
    }
}

fn with_views(schema: &SchemaRef) -> SchemaRef {
    let fields: Vec<Arc<Field>> = schema.fields().iter().map(viewed).collect();
    Arc::new(Schema::new(fields))
}

fn viewed(field: &Arc<Field>) -> Arc<Field> {
    let kind = match field.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(viewed).collect()),
        _ => return field.clone(),
    };
    Arc::new(field.as_ref().clone().with_data_type(kind))
}

impl ParquetFormat {
    pub(in crate::ingest) fn job(&self) -> Job<'_> {
        Job { file: self.file, binding: &self.binding }
    }

    /// The row groups, in their order.
    pub(super) fn row_groups(&self) -> &[RowGroupMetaData] {
        self.metadata.metadata().row_groups()
    }

    /// Whether rows can be passed over by the counts of pages alone: where columns are lists, they
    /// would have to be unpacked.
    pub(super) fn may_be_cut(&self) -> bool {
        self.coded.is_some()
    }

    /// Reads one part, which is so many rows, as that block of the file.
    ///
    /// # Errors
    /// Where pages do not hold together.
    pub(in crate::ingest) fn read_part(
        &self,
        file: &File,
        (block, part): (u32, &Part),
        desk: &mut Desk<'_, impl Sink>,
    ) -> Result<u64, ParquetError> {
        let used = self.binding.used_columns();
        let descriptor = self.metadata.metadata().file_metadata().schema_descr();
        let leaves = used.iter().flat_map(|at| self.columns[*at].leaves.clone());
        let mask = ProjectionMask::leaves(descriptor, leaves);
        let told = self.metadata.metadata().row_group(part.group);
        let unchecked = pages::vet(file, told, |leaf| mask.leaf_included(leaf))?;
        if part.is_first() {
            desk.unchecked(unchecked);
        }
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(
            file.try_clone()?,
            self.coded.as_ref().unwrap_or(&self.metadata).clone(),
        )
        .with_row_groups(vec![part.group])
        .with_projection(mask)
        .with_batch_size(BATCH_ROWS);
        let is_whole = part.count() == told.num_rows();
        let reader = if is_whole { reader } else { reader.with_row_selection(part.selection()) };
        let mut record = 0;
        let mut whole = Whole::default();
        for batch in reader.build()? {
            let batch = batch?;
            let begin = RowPlace { block, record };
            let from = Projected { batch: &batch, used: &used };
            // Columns that are read as they stand are taken as such, unless some row is no charge.
            let is_taken = self.coded.is_some() && whole.take(&self.binding, from, begin, desk)?;
            if !is_taken {
                self.read_batch(&spelt_out(&batch)?, &used, begin, desk)?;
            }
            record += u32::try_from(batch.num_rows()).unwrap_or(u32::MAX);
        }
        if i64::from(record) != part.count() {
            return Err(footer::general("a row group holds fewer rows than it tells"));
        }
        Ok(u64::from(record))
    }

    fn read_batch(
        &self,
        batch: &RecordBatch,
        used: &[usize],
        begin: RowPlace,
        desk: &mut Desk<'_, impl Sink>,
    ) -> Result<(), ParquetError> {
        if let Some(recipe) = &self.binding.recipe {
            return self.serve_batch(recipe, batch, used, begin, desk);
        }
        let columns = BatchColumns::new(&self.binding, batch, used)?;
        let mut texts: Vec<Option<&[u8]>> = Vec::with_capacity(columns.texts.len());
        for index in 0..batch.num_rows() {
            let place = RowPlace {
                block: begin.block,
                record: begin.record + u32::try_from(index).unwrap_or(u32::MAX),
            };
            texts.clear();
            let known = |text: &&[u8]| !self.binding.is_null(text);
            texts.extend(columns.texts.iter().map(|column| column.get(index).filter(known)));
            let row = Row {
                costs: std::array::from_fn(|metric| {
                    columns.costs[metric].get(index, &self.binding)
                }),
                currency: columns.currency.get(index).filter(known),
                billing_day: columns.billing_start.get(index, written_day),
                charge_day: columns.charge_start.get(index, utc_day),
                texts: &texts,
                ..Row::unknown(place)
            };
            let source = BatchRow { format: self, columns: &columns, index };
            desk.take(&row, &source);
        }
        Ok(())
    }

    /// Rows that are valued, not read where they stand.
    fn serve_batch(
        &self,
        recipe: &Recipe,
        batch: &RecordBatch,
        used: &[usize],
        begin: RowPlace,
        desk: &mut Desk<'_, impl Sink>,
    ) -> Result<(), ParquetError> {
        let fields = BatchFields::new(&self.columns, used, batch)?;
        let mut scratch = Scratch::default();
        for index in 0..batch.num_rows() {
            let place = RowPlace {
                block: begin.block,
                record: begin.record + u32::try_from(index).unwrap_or(u32::MAX),
            };
            let given = Given { place, broken: None };
            recipe.serve(&self.binding, &fields.row(index), given, &mut scratch, desk);
        }
        Ok(())
    }
}

/// The columns of one batch, by what they are for.
struct BatchColumns<'a> {
    costs: [CostColumn<'a>; CostMetric::COUNT],
    currency: TextColumn<'a>,
    billing_start: DayColumn<'a>,
    charge_start: DayColumn<'a>,
    texts: Vec<TextColumn<'a>>,
}

impl<'a> BatchColumns<'a> {
    fn new(
        binding: &'a Binding,
        batch: &'a RecordBatch,
        used: &[usize],
    ) -> Result<Self, ParquetError> {
        // A projected batch keeps the file's order of columns.
        let array =
            |index: usize| used.iter().position(|known| *known == index).map(|at| batch.column(at));
        let texts = |spot: &'a Spot| match spot {
            Spot::At(index) => array(*index).map_or(Ok(TextColumn::Absent), TextColumn::new),
            Spot::Constant(text) => Ok(TextColumn::Constant(text.as_bytes())),
            Spot::Derived(_) | Spot::Missing => Ok(TextColumn::Absent),
        };
        let day = |spot: &'a Spot| DayColumn::new(spot.index().and_then(array));
        let cost = |metric: CostMetric| {
            CostColumn::new(spot_array(&binding.costs[metric as usize], &array))
        };
        Ok(Self {
            costs: [
                cost(CostMetric::BilledCost)?,
                cost(CostMetric::EffectiveCost)?,
                cost(CostMetric::ListCost)?,
                cost(CostMetric::ContractedCost)?,
            ],
            currency: texts(&binding.currency)?,
            billing_start: day(&binding.billing_start)?,
            charge_start: day(&binding.charge_start)?,
            texts: binding.texts.iter().map(texts).collect::<Result<_, _>>()?,
        })
    }
}

fn spot_array<'a>(
    spot: &Spot,
    array: &impl Fn(usize) -> Option<&'a arrow_array::ArrayRef>,
) -> Option<&'a arrow_array::ArrayRef> {
    spot.index().and_then(array)
}

/// One row of a batch, for complaints about it.
struct BatchRow<'a> {
    format: &'a ParquetFormat,
    columns: &'a BatchColumns<'a>,
    index: usize,
}

impl Source for BatchRow<'_> {
    fn name(&self, part: RowPart) -> String {
        self.format.binding.name_of(part)
    }

    fn text(&self, part: RowPart) -> Vec<u8> {
        match part {
            RowPart::Cost(metric) => self.columns.costs[metric as usize].text(self.index),
            RowPart::Currency => self.columns.currency.get(self.index).unwrap_or_default().to_vec(),
            RowPart::BillingStart => self.columns.billing_start.text(self.index),
            RowPart::ChargeStart => self.columns.charge_start.text(self.index),
            RowPart::Text(index) => {
                self.columns.texts[index].get(self.index).unwrap_or_default().to_vec()
            }
            // Only rows of a recipe are spread, or stand for further charges.
            RowPart::ChargeEnd | RowPart::FurtherCost(..) | RowPart::Field(_) | RowPart::Record => {
                Vec::new()
            }
        }
    }
}
