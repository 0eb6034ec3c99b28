//! The columns of a Parquet file under flat names, and their fields row by row.
//!
//! A column within a column is called `outer.inner`, as exports of nested tables to CSV call it.

use std::borrow::Cow;
use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, StructArray};
use arrow_schema::{DataType, Schema};
use parquet::errors::ParquetError;

use crate::domain::{Amount, AmountError};

use super::column::{CostColumn, DayColumn, TextColumn};
use crate::ingest::values::dates::utc_day;
use crate::ingest::values::valuation::{DayField, Fields};

/// A column, wherever it is nested.
#[derive(Clone, Debug)]
pub(super) struct FlatColumn {
    pub(in crate::ingest) name: String,
    /// The names from the outermost column inwards.
    path: Vec<String>,
    /// The leaves of the file that make it up.
    pub(in crate::ingest) leaves: Range<usize>,
    pub(in crate::ingest) kind: DataType,
}

impl FlatColumn {
    pub(in crate::ingest) fn is_nested(&self) -> bool {
        self.path.len() > 1
    }
}

/// All columns of a file in their order.
pub(super) fn flat_columns(schema: &Schema) -> Vec<FlatColumn> {
    let mut found = Vec::new();
    let mut leaf = 0;
    for field in schema.fields() {
        flatten(vec![field.name().clone()], field.data_type(), &mut leaf, &mut found);
    }
    found
}

fn flatten(path: Vec<String>, kind: &DataType, leaf: &mut usize, found: &mut Vec<FlatColumn>) {
    if let DataType::Struct(fields) = kind {
        for field in fields {
            let mut inner = path.clone();
            inner.push(field.name().clone());
            flatten(inner, field.data_type(), leaf, found);
        }
        return;
    }
    let begin = *leaf;
    *leaf += leaves_of(kind);
    found.push(FlatColumn { name: path.join("."), path, leaves: begin..*leaf, kind: kind.clone() });
}

fn leaves_of(kind: &DataType) -> usize {
    match kind {
        DataType::Struct(fields) => fields.iter().map(|field| leaves_of(field.data_type())).sum(),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => leaves_of(item.data_type()),
        _ => 1,
    }
}

/// The columns of one batch that anything reads, by their position among the flat columns.
pub(super) struct BatchFields<'a> {
    columns: Vec<Option<FieldColumn<'a>>>,
}

/// A column as whatever the file keeps it as.
struct FieldColumn<'a> {
    /// The columns that it is nested in: where one of them is null, so is it.
    outer: Vec<&'a StructArray>,
    kind: FieldKind<'a>,
}

enum FieldKind<'a> {
    Text(TextColumn<'a>),
    Number(CostColumn<'a>),
    Time(DayColumn<'a>),
}

impl<'a> BatchFields<'a> {
    /// # Errors
    /// Where a column is of a type that has no text.
    pub(in crate::ingest) fn new(
        flat: &[FlatColumn],
        used: &[usize],
        batch: &'a RecordBatch,
    ) -> Result<Self, ParquetError> {
        let mut columns: Vec<Option<FieldColumn<'a>>> = Vec::new();
        columns.resize_with(flat.len(), || None);
        for index in used {
            columns[*index] = field_column(&flat[*index], batch)?;
        }
        Ok(Self { columns })
    }

    pub(in crate::ingest) fn row(&'a self, index: usize) -> RowFields<'a> {
        RowFields { columns: &self.columns, index }
    }
}

fn field_column<'a>(
    flat: &FlatColumn,
    batch: &'a RecordBatch,
) -> Result<Option<FieldColumn<'a>>, ParquetError> {
    let mut outer: Vec<&StructArray> = Vec::new();
    let mut found: Option<&'a ArrayRef> = None;
    for name in &flat.path {
        found = match found {
            None => batch.column_by_name(name),
            Some(array) => {
                let object = array.as_struct();
                outer.push(object);
                object.column_by_name(name)
            }
        };
        if found.is_none() {
            return Ok(None);
        }
    }
    let Some(array) = found else { return Ok(None) };
    let kind = match array.data_type() {
        kind if kind.is_numeric() => FieldKind::Number(CostColumn::new(Some(array))?),
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => {
            FieldKind::Time(DayColumn::new(Some(array))?)
        }
        _ => FieldKind::Text(TextColumn::new(array)?),
    };
    Ok(Some(FieldColumn { outer, kind }))
}

/// One row of a batch.
#[derive(Clone, Copy)]
pub(super) struct RowFields<'a> {
    columns: &'a [Option<FieldColumn<'a>>],
    index: usize,
}

impl RowFields<'_> {
    fn column(&self, at: usize) -> Option<&FieldColumn<'_>> {
        let column = self.columns.get(at)?.as_ref()?;
        column.outer.iter().all(|outer| outer.is_valid(self.index)).then_some(column)
    }
}

impl Fields for RowFields<'_> {
    fn text(&self, at: usize) -> Option<Cow<'_, [u8]>> {
        match &self.column(at)?.kind {
            FieldKind::Text(column) => column.get(self.index).map(Cow::Borrowed),
            FieldKind::Number(column) => {
                column.is_valid(self.index).then(|| Cow::Owned(column.text(self.index)))
            }
            FieldKind::Time(column) => {
                Some(column.text(self.index)).filter(|text| !text.is_empty()).map(Cow::Owned)
            }
        }
    }

    fn number(&self, at: usize) -> Option<Result<Option<Amount>, AmountError>> {
        match self.column(at).map(|column| &column.kind) {
            Some(FieldKind::Number(column)) if column.is_valid(self.index) => {
                Some(column.amount(self.index).map(Some))
            }
            _ => None,
        }
    }

    fn day(&self, at: usize) -> DayField {
        match self.column(at).map(|column| &column.kind) {
            Some(FieldKind::Time(column)) => {
                column.get(self.index, utc_day).map_or(DayField::Unknown, DayField::Day)
            }
            _ => DayField::Text,
        }
    }
}
