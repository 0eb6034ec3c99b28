//! Column maps: how a provider's export becomes FOCUS columns.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::diagnostics::Finding;
use crate::domain::Column;

use super::condition::Condition;
use super::model::Field;
use super::read_map::read_map;

/// A provider's export format, as data.
#[derive(Clone, Debug)]
pub struct ColumnMap {
    pub name: String,
    pub title: String,
    /// Where the knowledge in the map comes from.
    pub citation: Option<Citation>,
    pub columns: BTreeMap<Column, ColumnSource>,
    /// Columns without which no charge can be read.
    pub required: Vec<Column>,
    /// Words that mean "no value", besides nothing at all, on the whole field only.
    pub null_words: Vec<String>,
    /// The values that the format allows in a column. Others are read all the same, and reported.
    pub values: BTreeMap<Column, Vec<String>>,
    pub tags: TagShape,
    pub period_end: PeriodEnd,
    /// Newest first.
    pub versions: Vec<FocusVersion>,
    pub exclusions: Vec<Exclusion>,
    /// The fields that the conditions of `exclusions` ask.
    pub fields: Vec<Field>,
    pub examples: Vec<MapExample>,
}

impl ColumnMap {
    /// Reads the text of a column map; `path` is the name that findings give it.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(path: &str, text: &str) -> Result<Self, Vec<Finding>> {
        read_map(path, text)
    }
}

/// A page outside this project, and the day on which it said what the map says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Citation {
    pub url: String,
    pub read: NaiveDate,
}

/// Where a FOCUS column comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnSource {
    /// The first of these header names that the file has, whatever the case.
    Headers(Vec<String>),
    Constant(String),
}

/// How a file carries tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagShape {
    /// One JSON object in the `Tags` column.
    Json,
    /// The inside of a JSON object, as Azure EA writes it.
    JsonWithoutBraces,
    /// One column per tag, named by the prefix and the key.
    Columns { prefix: String },
}

/// Whether the last day that a period names is in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PeriodEnd {
    /// The first moment that is out, as FOCUS has it.
    #[default]
    Exclusive,
    /// The last day that is in.
    Inclusive,
}

/// A version of the format, known by columns that only it and newer ones have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FocusVersion {
    pub version: String,
    /// Any one of these present means this version or a newer one; empty: the oldest.
    pub markers: Vec<Column>,
    /// The columns the version has.
    pub columns: Vec<Column>,
}

/// Rows that are no charges, such as totals.
#[derive(Clone, Debug)]
pub struct Exclusion {
    pub name: String,
    pub when: Condition,
}

/// An example that the map carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapExample {
    /// Header → field.
    pub given: Vec<(String, String)>,
    /// Column → text after the map; an absent value is `None`.
    pub expect: Vec<(Column, Option<String>)>,
}
