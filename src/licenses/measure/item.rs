//! What a metric works on: rows, and what is made of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime};
use num_traits::{One, Zero};

use crate::licenses::{Extent, Field, Holder, Number, Origin, Subject, SubjectKind, UseRow, Value};

use super::range::Range;

/// A value of a field, which may have been computed between bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Told(Value),
    Computed(Range),
}

/// Something that is counted.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) subject: Subject,
    pub(super) holder: Holder,
    pub(super) fields: BTreeMap<Field, Content>,
    pub(super) quantity: Extent,
    /// Whether it may not count at all: a condition over it could not be told.
    pub(super) is_unsure: bool,
    pub(super) used: Vec<(Subject, Holder, Number)>,
    pub(super) origins: Vec<Origin>,
    pub(super) snapshot: NaiveDate,
    /// Days of breaches, where such were counted.
    pub(super) breaches: Vec<NaiveDate>,
}

impl Item {
    pub(super) fn of_row(row: &UseRow, subject: Subject) -> Self {
        let told = |text: &Arc<str>| Content::Told(Value::Text(Arc::clone(text)));
        let mut fields: BTreeMap<Field, Content> = row
            .fields
            .iter()
            .map(|(name, value)| (Arc::clone(name), Content::Told(value.clone())))
            .collect();
        let product = row.product.as_ref();
        let own = [
            ("publisher", product.and_then(|product| product.publisher.as_ref())),
            ("product", product.map(|product| &product.name)),
            ("edition", product.and_then(|product| product.edition.as_ref())),
            ("raw_product", row.raw_product.as_ref()),
            ("legal_entity", row.holder.legal_entity.as_ref()),
            ("region", row.holder.region.as_ref()),
            ("pool", row.holder.pool.as_ref()),
            ("environment", row.holder.environment.as_ref()),
        ];
        for (name, text) in own {
            if let Some(text) = text {
                fields.insert(name.into(), told(text));
            }
        }
        Self {
            used: vec![(subject.clone(), row.holder.clone(), Number::one())],
            subject,
            holder: row.holder.clone(),
            fields,
            quantity: Extent::known(Number::one()),
            is_unsure: false,
            origins: vec![row.origin.clone()],
            snapshot: row.snapshot,
            breaches: Vec::new(),
        }
    }

    /// What the machine of an item tells is told of the item, where it tells nothing itself.
    pub(super) fn adopt(&mut self, machine: &UseRow) {
        for (name, value) in &machine.fields {
            let told = || Content::Told(value.clone());
            self.fields.entry(Arc::clone(name)).or_insert_with(told);
        }
    }

    /// Of which no row tells.
    pub(super) fn nothing(subject: Subject, quantity: Extent, snapshot: NaiveDate) -> Self {
        Self {
            subject,
            holder: Holder::default(),
            fields: BTreeMap::new(),
            quantity,
            is_unsure: false,
            used: Vec::new(),
            origins: Vec::new(),
            snapshot,
            breaches: Vec::new(),
        }
    }

    pub(super) fn text(&self, field: &str) -> Option<&Arc<str>> {
        match self.fields.get(field) {
            Some(Content::Told(Value::Text(text))) => Some(text),
            _ => None,
        }
    }

    /// A field as a key of groups.
    pub(super) fn key(&self, field: &str) -> Option<String> {
        match self.fields.get(field)? {
            Content::Told(Value::Text(text)) => Some(text.to_string()),
            Content::Told(Value::Number(number)) => Some(number.to_string()),
            Content::Told(Value::Date(day)) => Some(day.to_string()),
            Content::Told(Value::Time(time)) => Some(time.to_string()),
            Content::Told(Value::Truth(truth)) => Some(truth.to_string()),
            Content::Computed(range) => range.exact().map(ToString::to_string),
        }
    }

    pub(super) fn moment(&self) -> NaiveDateTime {
        match self.fields.get("time") {
            Some(Content::Told(Value::Time(time))) => *time,
            Some(Content::Told(Value::Date(day))) => day.and_time(chrono::NaiveTime::MIN),
            _ => self.snapshot.and_time(chrono::NaiveTime::MIN),
        }
    }

    /// What it counts: nothing at least, where it may not count at all.
    pub(super) fn counted(&self) -> Extent {
        match (self.is_unsure, self.quantity.high()) {
            (false, _) => self.quantity.clone(),
            (true, Some(high)) => Extent::between(Number::zero(), high.clone()),
            (true, None) => Extent::at_least(Number::zero()),
        }
    }

    /// What it is used, while it is a single thing yet.
    pub(super) fn note_use(&mut self) {
        if let [(subject, _, used)] = self.used.as_mut_slice()
            && *subject == self.subject
        {
            *used = self.quantity.low().clone();
        }
    }
}

/// What there is of several together. What they do not agree on is not told of the whole.
pub(super) fn merge(items: Vec<Item>, subject: Subject) -> Option<Item> {
    let mut items = items.into_iter();
    let mut whole = items.next()?;
    whole.quantity = whole.counted();
    let mut is_sure = !whole.is_unsure;
    for item in items {
        whole.quantity = &whole.quantity + &item.counted();
        is_sure |= !item.is_unsure;
        whole.fields.retain(|name, content| item.fields.get(name) == Some(content));
        whole.holder = common(&whole.holder, &item.holder);
        whole.used.extend(item.used);
        whole.origins.extend(item.origins);
        whole.snapshot = whole.snapshot.max(item.snapshot);
        whole.breaches.extend(item.breaches);
    }
    let mut used: BTreeMap<(Subject, Holder), Number> = BTreeMap::new();
    for (subject, holder, number) in whole.used {
        *used.entry((subject, holder)).or_insert_with(Number::zero) += number;
    }
    whole.used =
        used.into_iter().map(|((subject, holder), used)| (subject, holder, used)).collect();
    whole.origins.sort();
    whole.origins.dedup();
    whole.is_unsure = !is_sure;
    whole.subject = subject;
    Some(whole)
}

fn common(one: &Holder, other: &Holder) -> Holder {
    let both =
        |one: &Option<Arc<str>>, other: &Option<Arc<str>>| one.clone().filter(|_| one == other);
    Holder {
        legal_entity: both(&one.legal_entity, &other.legal_entity),
        region: both(&one.region, &other.region),
        pool: both(&one.pool, &other.pool),
        environment: both(&one.environment, &other.environment),
    }
}

pub(super) fn total(id: &str) -> Subject {
    Subject { kind: SubjectKind::Total, id: id.into() }
}
