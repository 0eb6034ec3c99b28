//! Uses as matching sees them, with what their rows tell.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::licenses::extent::Number;
use crate::licenses::inventory::{Holder, Inventory, Origin, Product, UseRight, UseRow, Value};
use crate::licenses::measured::{Demand, Subject};
use crate::rules::licenses::{Excuse, NeededRight};

use super::{Bound, MatchInput};

/// Rows of use by where they stand.
#[derive(Debug)]
pub(in crate::licenses) struct Rows<'a>(BTreeMap<&'a Origin, Vec<&'a UseRow>>);

impl<'a> Rows<'a> {
    pub(in crate::licenses) fn of(inventory: &'a Inventory) -> Self {
        let mut found: BTreeMap<&Origin, Vec<&UseRow>> = BTreeMap::new();
        for row in &inventory.uses {
            found.entry(&row.origin).or_default().push(row);
        }
        Self(found)
    }

    /// The texts of a field in the rows of a use, each once.
    pub(in crate::licenses) fn texts(&self, demand: &Demand, field: &str) -> BTreeSet<String> {
        let rows = demand.origins.iter().filter_map(|origin| self.0.get(origin)).flatten();
        rows.filter_map(|row| row.fields.get(field)).map(text).collect()
    }

    fn rows(&self, demand: &Demand) -> impl Iterator<Item = &'a UseRow> {
        let rows = demand.origins.iter().filter_map(|origin| self.0.get(origin)).flatten();
        rows.copied().collect::<Vec<_>>().into_iter()
    }
}

/// A value of a field as rules name it.
pub(in crate::licenses) fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Date(day) => day.to_string(),
        Value::Time(time) => time.to_string(),
        Value::Truth(truth) => truth.to_string(),
    }
}

/// A use at a bound.
#[derive(Clone, Debug)]
pub(in crate::licenses) struct Need<'a> {
    pub(in crate::licenses) demand: &'a Demand,
    /// `None` where nothing bounds it.
    pub(in crate::licenses) quantity: Option<Number>,
    /// Use rights that whatever covers it must hold.
    pub(in crate::licenses) required: BTreeSet<UseRight>,
    /// Rules by which it may need no right of its own, with the value of their field.
    pub(in crate::licenses) excuses: Vec<(&'a Excuse, String)>,
    /// The host that the rows name.
    pub(in crate::licenses) host: Option<String>,
}

impl<'a> Need<'a> {
    pub(in crate::licenses) fn of(
        demand: &'a Demand,
        bound: Bound,
        input: &MatchInput<'a>,
        rows: &Rows<'_>,
    ) -> Self {
        let quantity = match bound {
            Bound::High => demand.quantity.high().cloned(),
            Bound::Exact | Bound::Low => Some(demand.quantity.low().clone()),
        };
        let needed = input.rules.needs.iter().filter(|rule| asks(rule, demand, rows));
        let required = needed.filter_map(|rule| UseRight::named(rule.right)).collect();
        let excuses = input.rules.excuses.iter();
        let excuses = excuses.filter_map(|rule| Some((rule, value(rule, demand, input, rows)?)));
        let host = rows.texts(demand, "host").into_iter().next();
        Self { demand, quantity, required, excuses: excuses.collect(), host }
    }

    /// Uses are taken in this order, whatever order they came in.
    pub(in crate::licenses) fn order(
        &self,
    ) -> (&Holder, &Product, &Option<Arc<str>>, &Subject, &[Origin]) {
        let demand = self.demand;
        (&demand.holder, &demand.product, &demand.version, &demand.subject, &demand.origins)
    }

    pub(in crate::licenses) fn is_bounded(&self) -> bool {
        self.quantity.is_some()
    }
}

fn asks(rule: &NeededRight, demand: &Demand, rows: &Rows<'_>) -> bool {
    let product = rule.product.as_deref();
    is_of(rule.publisher.as_deref(), demand)
        && product.is_none_or(|product| product == &*demand.product.name)
        && is_among(&rows.texts(demand, &rule.field), &rule.values).is_some()
}

fn is_of(publisher: Option<&str>, demand: &Demand) -> bool {
    publisher.is_none_or(|publisher| demand.product.publisher.as_deref() == Some(publisher))
}

/// A value that is one of those asked; any where none are.
fn is_among(found: &BTreeSet<String>, asked: &[String]) -> Option<String> {
    found.iter().find(|value| asked.is_empty() || asked.contains(value)).cloned()
}

/// The value of an excuse's field, where the use is of its kind. All rows must say so.
fn value(
    rule: &Excuse,
    demand: &Demand,
    input: &MatchInput<'_>,
    rows: &Rows<'_>,
) -> Option<String> {
    if !is_of(rule.publisher.as_deref(), demand) {
        return None;
    }
    let is_said = |row: &UseRow| {
        let text = row.fields.get(&*rule.field).map(text);
        let in_time = rule.days.is_none_or(|days| match row.fields.get("since") {
            Some(Value::Date(since)) => (input.day - *since).num_days() < i64::from(days),
            _ => false,
        });
        in_time && text.is_some_and(|text| rule.values.is_empty() || rule.values.contains(&text))
    };
    if !rows.rows(demand).all(is_said) {
        return None;
    }
    rows.texts(demand, &rule.field).into_iter().next()
}
