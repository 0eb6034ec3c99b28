//! A column map meets the header of a file: where each column is found.

use std::sync::Arc;

use crate::diagnostics::{Code, Finding, Place, did_you_mean};
use crate::domain::{Column, CostMetric};
use crate::rules::{
    ColumnMap, ColumnSource, DateSpelling, Expectation, Field, NumberSpelling, TagShape,
};

use super::charge::WantedText;
use super::tally::Part;

/// Where a value is found in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    At(usize),
    Constant(Arc<str>),
    Missing,
}

impl Spot {
    pub(super) fn index(&self) -> Option<usize> {
        match self {
            Self::At(index) => Some(*index),
            _ => None,
        }
    }
}

/// A file's header, understood.
#[derive(Clone, Debug)]
pub(super) struct Binding {
    pub(super) headers: Vec<String>,
    /// In the order of [`CostMetric::ALL`].
    pub(super) costs: [Spot; CostMetric::COUNT],
    pub(super) currency: Spot,
    pub(super) billing_start: Spot,
    pub(super) charge_start: Spot,
    /// One per wanted text.
    pub(super) texts: Vec<Spot>,
    /// Index of the wanted text that is the tags, with the columns that make it up, where each tag
    /// has a column of its own.
    pub(super) tag_columns: Option<(usize, Vec<(String, usize)>)>,
    /// Index of the wanted text that needs braces around it.
    pub(super) braceless_tags: Option<usize>,
    pub(super) null_words: Vec<String>,
    pub(super) version: Option<String>,
}

impl Binding {
    /// Finds every column; what is odd about the header comes back beside it.
    ///
    /// # Errors
    /// What makes the file unreadable: required columns missing, duplicate columns.
    pub(super) fn new(
        map: &ColumnMap,
        headers: Vec<String>,
        wanted: &[WantedText],
        path: &Arc<str>,
    ) -> Result<(Self, Vec<Finding>), Vec<Finding>> {
        let finder = Finder { map, headers: &headers };
        let mut errors = duplicates(&headers);
        errors.extend(unevaluated(map));
        errors.extend(finder.ambiguous());
        errors.extend(finder.missing());
        if !errors.is_empty() {
            return Err(errors.into_iter().map(|e| e.at(Place::File(path.clone()))).collect());
        }
        let version = finder.version();
        let notes = finder.unknown_columns(wanted).into_iter();
        let notes = notes.chain(finder.absent_columns(version.as_deref()));
        let notes = notes.map(|note| note.at(Place::File(path.clone()))).collect();
        let tags = wanted.iter().position(|text| *text == WantedText::Column(Column::Tags));
        let binding = Self {
            costs: [
                finder.column(Column::BilledCost),
                finder.column(Column::EffectiveCost),
                finder.column(Column::ListCost),
                finder.column(Column::ContractedCost),
            ],
            currency: finder.column(Column::BillingCurrency),
            billing_start: finder.column(Column::BillingPeriodStart),
            charge_start: finder.column(Column::ChargePeriodStart),
            texts: wanted.iter().map(|text| finder.text(text)).collect(),
            tag_columns: tags.and_then(|index| Some((index, finder.tag_columns()?))),
            braceless_tags: tags
                .filter(|_| map.tags.iter().any(|s| s.shape == TagShape::JsonWithoutBraces)),
            null_words: map.null_words.clone(),
            version,
            headers,
        };
        Ok((binding, notes))
    }

    /// Whether the whole field means "no value".
    pub(super) fn is_null(&self, field: &[u8]) -> bool {
        field.is_empty() || self.null_words.iter().any(|word| word.as_bytes() == field)
    }

    /// The header name of a part of a row, else the name of the FOCUS column it stands for.
    pub(super) fn name_of(&self, part: Part) -> String {
        let header = |spot: &Spot, column: Column| match spot.index() {
            Some(index) => self.headers[index].clone(),
            None => column.name().to_owned(),
        };
        match part {
            Part::Cost(metric) => match self.costs[metric as usize].index() {
                Some(index) => self.headers[index].clone(),
                None => metric.name().to_owned(),
            },
            Part::Currency => header(&self.currency, Column::BillingCurrency),
            Part::BillingStart => header(&self.billing_start, Column::BillingPeriodStart),
            Part::ChargeStart => header(&self.charge_start, Column::ChargePeriodStart),
            Part::Text(index) => header(&self.texts[index], Column::Tags),
            Part::Field(index) => self.headers[index].clone(),
            Part::Record => String::new(),
        }
    }

    /// Columns of the file that anything reads.
    pub(super) fn used_columns(&self) -> Vec<usize> {
        let roles = [&self.currency, &self.billing_start, &self.charge_start];
        let spots = self.costs.iter().chain(roles).chain(&self.texts);
        let mut used: Vec<usize> = spots.filter_map(Spot::index).collect();
        used.extend(self.tag_columns.iter().flat_map(|(_, columns)| columns).map(|(_, at)| *at));
        used.sort_unstable();
        used.dedup();
        used
    }
}

/// What a map says that reading does not do yet: refused, because it would be ignored.
fn unevaluated(map: &ColumnMap) -> Option<Finding> {
    let is_derived = |source: &ColumnSource| matches!(source, ColumnSource::Derived(_));
    let derives = map.columns.values().any(is_derived) || !map.custom.is_empty();
    let asks = map.fields.iter().any(|field| matches!(field, Field::Input(_)));
    let tags = map.tags.len() > 1
        || map.tags.iter().any(|s| s.strip.is_some() || s.shape == TagShape::KeyValueList);
    let spells = map.dates != [DateSpelling::Iso] || map.numbers != NumberSpelling::default();
    let row = map.spread.is_some() || !map.identity.is_empty();
    let examples = map.examples.iter().any(|e| !matches!(e.expect, Expectation::Columns(_)));
    (derives || asks || tags || spells || row || examples).then(|| {
        let text = format!("the column map `{}` derives what this version cannot derive", map.name);
        Finding::new(Code::ColumnMapBroken, text)
    })
}

fn duplicates(headers: &[String]) -> Vec<Finding> {
    let mut names: Vec<&String> = headers.iter().filter(|name| !name.is_empty()).collect();
    names.sort_unstable();
    let mut twice: Vec<&String> = names.windows(2).filter(|w| w[0] == w[1]).map(|w| w[0]).collect();
    twice.dedup();
    twice
        .into_iter()
        .map(|name| {
            Finding::new(
                Code::DuplicateColumn,
                format!("the column `{name}` stands twice in the header"),
            )
            .help("remove or rename one of the two in the export")
        })
        .collect()
}

struct Finder<'a> {
    map: &'a ColumnMap,
    headers: &'a [String],
}

impl Finder<'_> {
    fn position(&self, name: &str) -> Option<usize> {
        let exact = self.headers.iter().position(|header| header == name);
        exact.or_else(|| self.headers.iter().position(|header| header.eq_ignore_ascii_case(name)))
    }

    fn column(&self, column: Column) -> Spot {
        match self.map.columns.get(&column) {
            None | Some(ColumnSource::Derived(_)) => Spot::Missing,
            Some(ColumnSource::Constant(text)) => Spot::Constant(text.as_str().into()),
            Some(ColumnSource::Headers(names)) => {
                names.iter().find_map(|name| self.position(name)).map_or(Spot::Missing, Spot::At)
            }
        }
    }

    fn text(&self, text: &WantedText) -> Spot {
        match text {
            WantedText::Column(column) => self.column(*column),
            WantedText::Custom(name) => self.position(name).map_or(Spot::Missing, Spot::At),
        }
    }

    /// Columns that are read by a name which two headers have but for case.
    fn ambiguous(&self) -> Vec<Finding> {
        let headers_of = |name: &str| {
            let same = self.headers.iter().filter(|header| header.eq_ignore_ascii_case(name));
            same.cloned().collect::<Vec<_>>()
        };
        let read = self.map.columns.keys().filter_map(|column| self.column(*column).index());
        let twice = read.map(|index| headers_of(&self.headers[index]));
        twice
            .filter(|names| names.len() > 1 && names.windows(2).any(|pair| pair[0] != pair[1]))
            .map(|names| {
                let text = format!("the columns `{}` differ in case only", names.join("`, `"));
                Finding::new(Code::DuplicateColumn, text)
                    .help("remove or rename one of them in the export")
            })
            .collect()
    }

    fn missing(&self) -> Vec<Finding> {
        let absent = |column: &&Column| self.column(**column) == Spot::Missing;
        let report = |column: &Column| {
            let names = match self.map.columns.get(column) {
                Some(ColumnSource::Headers(names)) => names.join("`, `"),
                _ => column.name().to_owned(),
            };
            let near = did_you_mean(column.name(), self.headers.iter().map(String::as_str));
            let help = near.map_or_else(
                || format!("the column map `{}` reads it from `{names}`", self.map.name),
                |near| format!("the file has a column `{near}`; is that the one?"),
            );
            Finding::new(Code::ColumnMissing, format!("there is no column for {column}")).help(help)
        };
        self.map.required.iter().filter(absent).map(report).collect()
    }

    fn version(&self) -> Option<String> {
        // By the column's first name: an older version may carry the value under another one.
        let here = |column: &Column| match self.map.columns.get(column) {
            Some(ColumnSource::Headers(names)) => {
                names.first().is_some_and(|name| self.position(name).is_some())
            }
            _ => false,
        };
        let fits =
            |v: &&crate::rules::FocusVersion| v.markers.is_empty() || v.markers.iter().any(here);
        self.map.versions.iter().find(fits).map(|v| v.version.clone())
    }

    /// Columns that are neither mapped, nor tags, nor custom by FOCUS' own naming, nor asked for.
    fn unknown_columns(&self, wanted: &[WantedText]) -> Option<Finding> {
        let sources = self.map.columns.values();
        let known = |header: &str| {
            sources.clone().any(|source| match source {
                ColumnSource::Headers(names) => {
                    names.iter().any(|n| n.eq_ignore_ascii_case(header))
                }
                ColumnSource::Constant(_) | ColumnSource::Derived(_) => false,
            })
        };
        let asked = |header: &str| {
            wanted.iter().any(|text| {
                matches!(text, WantedText::Custom(name) if name.eq_ignore_ascii_case(header))
            })
        };
        let custom = |header: &str| header.starts_with("x_") || self.tag_key(header).is_some();
        let unknown: Vec<&str> = self
            .headers
            .iter()
            .map(String::as_str)
            .filter(|header| !known(header) && !asked(header) && !custom(header))
            .collect();
        let count = u64::try_from(unknown.len()).unwrap_or(u64::MAX);
        (count > 0).then(|| {
            let names = unknown.join("`, `");
            Finding::new(Code::UnknownColumn, format!("columns that are not read: `{names}`"))
                .count(count)
        })
    }

    fn absent_columns(&self, version: Option<&str>) -> Option<Finding> {
        let version = self.map.versions.iter().find(|v| Some(v.version.as_str()) == version)?;
        let absent = |column: &&Column| self.column(**column) == Spot::Missing;
        let names: Vec<&str> = version.columns.iter().filter(absent).map(|c| c.name()).collect();
        (!names.is_empty()).then(|| {
            let text = format!(
                "{} {} has columns that the file lacks: `{}`",
                self.map.title,
                version.version,
                names.join("`, `")
            );
            Finding::new(Code::FocusColumnMissing, text)
                .count(u64::try_from(names.len()).unwrap_or(u64::MAX))
        })
    }

    fn tag_key<'h>(&self, header: &'h str) -> Option<&'h str> {
        self.map.tags.iter().find_map(|source| match &source.shape {
            TagShape::Columns { prefix } => header.strip_prefix(prefix.as_str()),
            _ => None,
        })
    }

    fn tag_columns(&self) -> Option<Vec<(String, usize)>> {
        let is_columns = |shape: &TagShape| matches!(shape, TagShape::Columns { .. });
        if !self.map.tags.iter().any(|source| is_columns(&source.shape)) {
            return None;
        }
        let keyed =
            |(index, header): (usize, &String)| Some((self.tag_key(header)?.to_owned(), index));
        Some(self.headers.iter().enumerate().filter_map(keyed).collect())
    }
}
