//! Column maps: how a provider's export becomes FOCUS columns.
//!
//! ```text
//! ColumnMap
//!   Recognition         by which headers a file is known to be of the format
//!   inputs              names for headers, by age and agreement
//!     InputRef          a header, or a key of a column that holds a JSON object
//!   columns, custom     FOCUS columns and x_ columns
//!     ColumnSource      a header, a constant, or cases
//!       Case, Derivation  a condition, and what holds then: an input, a constant, a sum
//!   TagShape            how a file carries tags
//!   DateSpelling, NumberSpelling
//!   FurtherCharge       rows that stand for another charge too
//!   Spread              rows whose cost is for several months
//!   Exclusion           rows that are no charges
//!   MapExample          rows and what must come of them
//! ```

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::diagnostics::{Code, Finding, Span};
use crate::domain::Column;

use super::condition::Condition;
use super::delivery::{Days, DeliveryPolicy, ManifestShape};
use super::model::Field;
use super::read_map::read_map;
use super::workbook::WorkbookShape;
use super::zone::Zone;

/// A provider's export format, as data.
#[derive(Clone, Debug)]
pub struct ColumnMap {
    /// The name that findings give the text of the map; begins with `shipped:` where costbook
    /// brings it along.
    pub path: String,
    pub name: String,
    pub title: String,
    /// Where the knowledge in the map comes from.
    pub citations: Vec<Citation>,
    pub recognition: Recognition,
    /// Headers that the format has and nothing here reads; a `*` at the end stands for any rest.
    pub known: Vec<String>,
    /// What the provider delivers beside its bills, which is easily taken for one.
    pub other_datasets: Vec<Dataset>,
    /// Names for headers: the first of each list that the file has is read.
    pub inputs: BTreeMap<String, Vec<InputRef>>,
    pub columns: BTreeMap<Column, ColumnSource>,
    /// Columns beside FOCUS, by their `x_` name as written.
    pub custom: Vec<(String, ColumnSource)>,
    /// Columns without which no charge can be read.
    pub required: Vec<Column>,
    /// Words that mean "no value", besides nothing at all, on the whole field only.
    pub null_words: Vec<String>,
    pub dates: Vec<DateSpelling>,
    /// Of times that tell none; days without a time are days of any zone.
    pub zone: Zone,
    pub numbers: NumberSpelling,
    /// The values that the format allows in a column. Others are read all the same, and reported.
    pub values: BTreeMap<Column, Vec<String>>,
    /// Asked in order; of a key that several shapes hold the first wins.
    pub tags: Vec<TagSource>,
    pub period_end: PeriodEnd,
    /// Newest first.
    pub versions: Vec<FocusVersion>,
    pub workbook: WorkbookShape,
    pub exclusions: Vec<Exclusion>,
    /// Charges that rows stand for beside the one that `columns` make.
    pub further: Vec<FurtherCharge>,
    pub spread: Option<Spread>,
    /// In which ways the provider delivers one month.
    pub views: Vec<View>,
    /// What names a row together: the name as written, and where it is found.
    pub identity: Vec<(String, Vec<InputRef>)>,
    /// What holds for a source of the format that does not say it itself.
    pub deliveries: DeliveryPolicy,
    pub days: Days,
    /// How the provider says which files belong together.
    pub manifests: Vec<ManifestShape>,
    /// The fields that the map's conditions ask.
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

    /// Where a column beside FOCUS comes from, whatever the case of its name; `None` where the map
    /// does not say, and a header of that name is meant.
    #[must_use]
    pub fn custom(&self, name: &str) -> Option<&ColumnSource> {
        let found = self.custom.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, source)| source)
    }

    /// Whether costbook brings the map along.
    #[must_use]
    pub fn is_shipped(&self) -> bool {
        self.path.starts_with("shipped:")
    }

    /// Where all columns come from, those of further charges too.
    pub fn sources(&self) -> impl Iterator<Item = &ColumnSource> {
        let own = self.columns.values().chain(self.custom.iter().map(|(_, source)| source));
        own.chain(self.further.iter().flat_map(|further| further.columns.values()))
    }

    /// Everything that the columns, tags and identity of the map read, alias by alias.
    pub fn references(&self) -> impl Iterator<Item = &InputRef> {
        let read = self.sources().flat_map(ColumnSource::references);
        let inputs = self.inputs.values().flatten();
        let named = self.identity.iter().flat_map(|(_, refs)| refs);
        read.chain(inputs).chain(named)
    }
}

/// A page outside this project, and the day on which it said what the map says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Citation {
    pub url: String,
    pub read: NaiveDate,
}

/// The headers by which a file is known to be of a format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recognition {
    /// Any one of these sets wholly present, whatever the case.
    pub any_of: Vec<Vec<String>>,
    /// Any one of these present speaks against it.
    pub not_with: Vec<String>,
}

impl Recognition {
    /// Whether a file with these headers is known to be of the format.
    #[must_use]
    pub fn fits(&self, headers: &[String]) -> bool {
        let has = |name: &String| headers.iter().any(|header| header.eq_ignore_ascii_case(name));
        self.any_of.iter().any(|set| set.iter().all(has)) && !self.not_with.iter().any(has)
    }
}

/// A table that is no bill, and how it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    pub title: String,
    /// Headers that it has all of, whatever the case, and no bill has.
    pub headers: Vec<String>,
}

/// What is read from a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum InputRef {
    /// A column by its header, whatever the case.
    Header(String),
    /// The value under a key of a column whose fields are JSON objects.
    Key { column: String, key: String },
}

impl InputRef {
    /// The header of the column that is looked into.
    #[must_use]
    pub fn header(&self) -> &str {
        match self {
            Self::Header(header) => header,
            Self::Key { column, .. } => column,
        }
    }
}

/// Where a column comes from.
#[derive(Clone, Debug)]
pub enum ColumnSource {
    /// The first of these header names that the file has, whatever the case.
    Headers(Vec<String>),
    Constant(String),
    /// The first case whose condition holds of the row; no value where none does.
    Derived(Vec<Case>),
}

impl ColumnSource {
    /// Everything that values are read from; what conditions ask is not among it.
    #[must_use]
    pub fn references(&self) -> Vec<&InputRef> {
        match self {
            Self::Derived(cases) => {
                cases.iter().flat_map(|case| case.value.from.references()).collect()
            }
            Self::Headers(_) | Self::Constant(_) => Vec::new(),
        }
    }

    /// The header names, where the column is read as it stands.
    #[must_use]
    pub fn headers(&self) -> &[String] {
        match self {
            Self::Headers(headers) => headers,
            _ => &[],
        }
    }
}

/// One way in which a column comes about.
#[derive(Clone, Debug)]
pub struct Case {
    /// Absent: the rest.
    pub when: Option<Condition>,
    pub value: Derivation,
}

/// What a column is in a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derivation {
    pub from: DerivedFrom,
    pub substitution: Option<Substitution>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DerivedFrom {
    /// The first of these that the file has, as it stands.
    Input(Vec<InputRef>),
    Constant(String),
    /// An exact sum. Terms without a value count nothing; where all are without, so is the sum.
    Sum {
        plus: Vec<Term>,
        minus: Vec<Term>,
        /// Every term must have a value, or the sum has none.
        is_complete: bool,
    },
}

impl DerivedFrom {
    fn references(&self) -> Vec<&InputRef> {
        match self {
            Self::Input(refs) => refs.iter().collect(),
            Self::Constant(_) => Vec::new(),
            Self::Sum { plus, minus, .. } => {
                plus.iter().chain(minus).flat_map(Term::references).collect()
            }
        }
    }
}

/// A term of a sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// The first of these that the file has.
    Input(Vec<InputRef>),
    /// A column that holds a list of objects: the sum of one of their fields.
    List { list: Vec<InputRef>, field: String },
}

impl Term {
    /// What the term reads.
    #[must_use]
    pub fn references(&self) -> &[InputRef] {
        match self {
            Self::Input(refs) | Self::List { list: refs, .. } => refs,
        }
    }
}

/// Other spellings of values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Substitution {
    /// `None`: the spelling means that there is no value.
    pub pairs: BTreeMap<String, Option<String>>,
    /// For values that have no pair; without it they are passed on as they are.
    pub otherwise: Option<String>,
    /// Whether a spelling that differs in case only is the same one.
    pub ignores_case: bool,
}

impl Substitution {
    /// What stands for a value: `None` where the map has neither the spelling nor a rest, so that
    /// the value passes as it is; `Some(None)` where it is no value.
    #[must_use]
    pub fn replace(&self, value: &str) -> Option<Option<&str>> {
        let known = self.pairs.get(value).or_else(|| {
            let mut pairs = self.pairs.iter().filter(|_| self.ignores_case);
            pairs.find(|(spelling, _)| spelling.eq_ignore_ascii_case(value)).map(|(_, to)| to)
        });
        match known {
            Some(to) => Some(to.as_deref()),
            None => self.otherwise.as_deref().map(Some),
        }
    }
}

/// How a format writes a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DateSpelling {
    /// `2026-10-03`, alone or with a time.
    Iso,
    /// `10/3/2026`, parts of one or two digits, alone or with a time.
    MonthDayYear,
    /// `3/10/2026`.
    DayMonthYear,
    /// `202610`: the first day of the month.
    YearMonth,
    /// Days since the end of 1899, as workbooks count them.
    ExcelSerial,
}

/// How a format writes amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberSpelling {
    pub decimal: char,
    /// What may stand between groups of three digits; a blank stands for all kinds of blanks.
    pub group: Option<char>,
}

impl Default for NumberSpelling {
    /// Plain decimals with a point.
    fn default() -> Self {
        Self { decimal: '.', group: None }
    }
}

/// A shape of tags and the columns it is found in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagSource {
    pub shape: TagShape,
    /// The first of these that the file has; meaningless to [`TagShape::Columns`].
    pub columns: Vec<String>,
    /// Taken off the keys that begin with it.
    pub strip: Option<String>,
}

/// How a file carries tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagShape {
    /// One JSON object in a column.
    Json,
    /// The inside of a JSON object, as Azure EA writes it, or a whole one.
    JsonWithoutBraces,
    /// A list of objects with `key` and `value`, in JSON or as Python writes it.
    KeyValueList,
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

/// A charge that a row stands for beside the one that its columns make: with the same texts and
/// days but for those that are named here, and no row of its own.
#[derive(Clone, Debug)]
pub struct FurtherCharge {
    pub name: String,
    /// Absent: every row.
    pub when: Option<Condition>,
    /// What it has otherwise than the row. A cost that is not among them stays with the row.
    pub columns: BTreeMap<MapColumn, ColumnSource>,
}

/// One of several exports of the same month, none of which tells all.
#[derive(Clone, Debug)]
pub struct View {
    pub name: String,
    /// Rows that only this view has.
    pub when: Condition,
    /// The view that tells what this one lacks.
    pub other: String,
    /// What a project lacks that reads this view alone.
    pub lacks: String,
}

/// Rows whose cost is for all months of their charge period: what is not billed is split over them.
#[derive(Clone, Debug)]
pub struct Spread {
    pub by: SpreadBy,
    /// Absent: all rows whose charge period spans months.
    pub when: Option<Condition>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpreadBy {
    /// Equal shares for whole months; a part of a month weighs as the part it is.
    Months,
    /// Equal shares for days.
    Days,
}

/// A column that a map fills: of FOCUS, or beside it by its `x_` name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MapColumn {
    Focus(Column),
    Custom(String),
}

impl MapColumn {
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Focus(column) => column.name(),
            Self::Custom(name) => name,
        }
    }
}

/// An example that the map carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapExample {
    pub span: Span,
    /// Header → field.
    pub given: Vec<(String, String)>,
    pub expect: Expectation,
}

/// Columns and the texts they must have; `None` where there must be no value.
pub type ExpectedTexts = Vec<(MapColumn, Option<String>)>;

/// What must become of the row of an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// It is taken, with these texts.
    Columns(ExpectedTexts),
    /// It goes to quarantine.
    Quarantined(Code),
    /// It is excluded by the rule of that name.
    Excluded(String),
    /// It stands for several charges: the row's own, then its further ones, each spread over its
    /// months.
    Charges(Vec<ExpectedTexts>),
}
