//! Examples that metrics carry, run through the whole of measuring.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime};

use crate::diagnostics::{Code, Finding, Place};
use crate::licenses::{Extent, Holder, Inventory, Origin, Product, UseRow, Value};
use crate::rules::licenses::{Example, ExampleRow, Expected, LicenseRules, Metric, number};

use super::{measure, show, use_kind};

/// Examples that do not come out as they say.
#[must_use]
pub fn check_examples(rules: &LicenseRules) -> Vec<Finding> {
    let examples = rules
        .metrics
        .iter()
        .flat_map(|metric| metric.examples.iter().map(move |example| (metric, example)));
    examples.flat_map(|(metric, example)| check(metric, example, rules)).collect()
}

fn check(metric: &Metric, example: &Example, rules: &LicenseRules) -> Vec<Finding> {
    let inventory = Inventory { uses: uses(example), ..Inventory::default() };
    let products: BTreeSet<Product> =
        inventory.uses.iter().filter_map(|row| row.product.clone()).collect();
    let any = Product { publisher: metric.publisher.clone(), name: "any".into(), edition: None };
    let products = if products.is_empty() { BTreeSet::from([any]) } else { products };
    let mut found: BTreeMap<Arc<str>, (Extent, usize)> = BTreeMap::new();
    for product in &products {
        for measured in measure(&inventory, rules, metric, product, example.day) {
            let reading = Arc::clone(&measured.reading.interpretation);
            let (sum, breaches) = found.entry(reading).or_insert_with(|| (Extent::zero(), 0));
            for demand in &measured.demands {
                *sum = &*sum + &demand.quantity;
            }
            *breaches += measured.breaches.len();
        }
    }
    let mut findings = Vec::new();
    for (reading, expected) in &example.expect {
        let (sum, breaches) = found.get(reading).cloned().unwrap_or((Extent::zero(), 0));
        let wanted = extent(expected);
        if (&sum, breaches) == (&wanted, expected.breaches) {
            continue;
        }
        let mut message = format!(
            "the example `{}` of `{}` comes to {} by `{reading}`, not {}",
            example.name,
            metric.name,
            show::extent(&sum),
            show::extent(&wanted),
        );
        if breaches != expected.breaches {
            let wanted = expected.breaches;
            message = format!("{message}, with {breaches} violations, not {wanted}");
        }
        let place = Place::Text(example.span.clone());
        findings.push(Finding::new(Code::RuleTestFailed, message).at(place));
    }
    findings
}

fn extent(expected: &Expected) -> Extent {
    match &expected.high {
        Some(high) => Extent::between(expected.low.clone(), high.clone()),
        None => Extent::at_least(expected.low.clone()),
    }
}

fn uses(example: &Example) -> Vec<UseRow> {
    let rows = example.rows.iter().zip(1..);
    rows.map(|(row, at)| use_row(row, example.day, at)).collect()
}

fn use_row((kind, texts): &ExampleRow, day: NaiveDate, at: u64) -> UseRow {
    let text = |name: &str| texts.get(name).cloned();
    let holder = Holder {
        legal_entity: text("legal_entity"),
        region: text("region"),
        pool: text("pool"),
        environment: text("environment"),
    };
    let own = ["publisher", "product", "edition", "legal_entity", "region", "pool", "environment"];
    let fields = texts
        .iter()
        .filter(|(name, _)| !own.contains(&&***name))
        .map(|(name, text)| (Arc::clone(name), value(name, text)))
        .collect();
    let product = text("product").map(|name| Product {
        publisher: text("publisher"),
        name,
        edition: text("edition"),
    });
    UseRow {
        kind: use_kind(*kind),
        raw_product: product.as_ref().map(|product| Arc::clone(&product.name)),
        product,
        holder,
        fields,
        snapshot: day,
        origin: Origin { path: "example".into(), row: at },
    }
}

/// As a table of the kind would be read: names stay texts, whatever they look like.
fn value(name: &str, text: &Arc<str>) -> Value {
    let is_name = ["device", "host", "vm", "user", "version", "cluster", "counter"].contains(&name);
    if is_name {
        return Value::Text(Arc::clone(text));
    }
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Value::Date(day);
    }
    if let Ok(time) = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M") {
        return Value::Time(time);
    }
    match &**text {
        "true" => Value::Truth(true),
        "false" => Value::Truth(false),
        _ => number(text).map_or_else(|| Value::Text(Arc::clone(text)), Value::Number),
    }
}
