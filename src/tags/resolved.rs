//! All values of one charge that rules can ask.

use std::borrow::Cow;

use chrono::NaiveDate;

use crate::domain::Org;
use crate::rules::{DimensionId, FieldId, RuleSet, Values};

use super::dimensions::decide;

/// Where the value of a dimension came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Provenance {
    /// One of the dimension's own rules.
    Rule,
    /// The source at this position in its `from`.
    From(u16),
    Default,
    /// No source had a value.
    Absent,
    /// A source had a value that is not allowed, and no other had one that is.
    Invalid,
}

/// The field values of one charge on its day.
#[derive(Clone, Debug)]
pub struct Resolved<'a> {
    pub(super) values: Vec<Option<Cow<'a, str>>>,
    /// In the order of dimensions.
    pub(super) dimensions: Vec<(Option<String>, Provenance)>,
    /// For each field, the dimension it stands for.
    pub(super) of_dimension: &'a [Option<DimensionId>],
    pub(super) day: NaiveDate,
    pub(super) org: &'a Org,
}

impl<'a> Resolved<'a> {
    #[must_use]
    pub fn dimension(&self, id: DimensionId) -> Option<&str> {
        self.dimensions.get(usize::from(id.0)).and_then(|(value, _)| value.as_deref())
    }

    /// Sets values that are given rather than found, and decides the dimensions anew.
    pub fn state(&mut self, given: &[(FieldId, &'a str)], rules: &RuleSet) {
        for (field, text) in given {
            self.values[usize::from(field.0)] = Some(Cow::Borrowed(text));
        }
        self.dimensions.clear();
        for dimension in &rules.dimensions {
            let found = decide(dimension, self);
            self.dimensions.push(found);
        }
    }

    /// One per dimension, in their order.
    pub fn provenance(&self) -> impl Iterator<Item = Provenance> + '_ {
        self.dimensions.iter().map(|(_, provenance)| *provenance)
    }
}

impl Values for Resolved<'_> {
    fn value(&self, field: FieldId) -> Option<&str> {
        let index = usize::from(field.0);
        match self.of_dimension[index] {
            Some(dimension) => self.dimension(dimension),
            None => self.values[index].as_deref(),
        }
    }

    fn day(&self) -> NaiveDate {
        self.day
    }

    fn org(&self) -> &Org {
        self.org
    }
}
