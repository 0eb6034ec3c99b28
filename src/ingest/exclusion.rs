//! Rows that a column map declares to be no charges.

use chrono::NaiveDate;

use crate::domain::Org;
use crate::rules::{ColumnMap, Condition, Field, FieldId, Values};

use super::charge::WantedText;

/// The exclusions of a column map, ready to be asked of rows.
#[derive(Debug)]
pub(super) struct Exclusions {
    rules: Vec<(String, Condition)>,
    /// Where the first of the map's fields stands among a row's texts.
    offset: usize,
    org: Org,
}

impl Exclusions {
    /// The exclusions of `map`, and the texts they need behind the `wanted` ones.
    pub(super) fn new(map: &ColumnMap, wanted: &[WantedText]) -> (Self, Vec<WantedText>) {
        let rules = map.exclusions.iter().map(|e| (e.name.clone(), e.when.clone())).collect();
        let field_text = |field: &Field| match field {
            Field::Column(column) => WantedText::Column(*column),
            Field::Custom(name) => WantedText::Custom(name.clone()),
            // The language offers nothing else to column maps; an empty name finds no column.
            _ => WantedText::Custom(String::new()),
        };
        let texts = wanted.iter().cloned().chain(map.fields.iter().map(field_text)).collect();
        (Self { rules, offset: wanted.len(), org: Org::default() }, texts)
    }

    pub(super) fn none() -> Self {
        Self { rules: Vec::new(), offset: 0, org: Org::default() }
    }

    /// How many of a row's texts stand before those of the map.
    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    /// The name of the first rule that excludes a row with these texts.
    pub(super) fn excludes(&self, texts: &[Option<&[u8]>], day: Option<NaiveDate>) -> Option<&str> {
        if self.rules.is_empty() {
            return None;
        }
        let row =
            RowTexts { texts: &texts[self.offset..], day: day.unwrap_or_default(), org: &self.org };
        self.rules.iter().find(|(_, when)| when.holds(&row)).map(|(name, _)| name.as_str())
    }
}

struct RowTexts<'a> {
    texts: &'a [Option<&'a [u8]>],
    day: NaiveDate,
    org: &'a Org,
}

impl Values for RowTexts<'_> {
    fn value(&self, field: FieldId) -> Option<&str> {
        std::str::from_utf8(self.texts.get(usize::from(field.0)).copied().flatten()?).ok()
    }

    fn day(&self) -> NaiveDate {
        self.day
    }

    fn org(&self) -> &Org {
        self.org
    }
}
