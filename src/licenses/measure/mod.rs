//! From rows of use to what they need: each metric, once per reading of its terms.
//!
//! Order: rows of the day → rows of the product → items → the steps of the reading, one after
//! another → demands. Widening looks up machines, so all machines of the day are gathered first.
//!
//! Invariants: a row that a condition cannot decide about counts from nothing to all of it; a field
//! that is missing makes a stretch, never a guess, and is named in a gap; every number on the way is
//! a step.

mod engine;
mod eval;
mod examples;
mod item;
mod machines;
mod range;
mod show;
#[cfg(test)]
mod tests;
mod time;
mod widen;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};

use crate::rules::licenses::{LicenseRules, Metric, ReadingRule, RowKind, Version};

use super::{Demand, Inventory, Measured, Product, Reading, UseKind, UseRow, Value};

use engine::{Engine, Notes};
use eval::Terms;
use item::{Content, Item};
use machines::Machines;
use range::Range;

pub use examples::check_examples;

/// What every metric makes of every product that is used or owned, on that day.
///
/// A product is measured by the metrics that its rights name; where none does, by those that the
/// metrics claim for it. A metric that no rule file declares, or that has no version of the day,
/// measures nothing: whoever asks for a position sees that the right has no figure.
///
/// Rows of a state count by their newest month: of each file the newest snapshot in it. Samples and
/// charges count up to the day, as far back as steps ask.
#[must_use]
pub fn measure_all(inventory: &Inventory, rules: &LicenseRules, day: NaiveDate) -> Vec<Measured> {
    let mut products: BTreeMap<Product, BTreeSet<Arc<str>>> = BTreeMap::new();
    let today = Today::of(inventory, day);
    for product in today.by_product.keys().chain(today.by_option.keys()) {
        products.entry(product.clone()).or_default();
    }
    for right in inventory.entitlements.iter().filter(|right| right.days.contains(day)) {
        products.entry(right.product.clone()).or_default().insert(Arc::clone(&right.metric));
    }
    let mut found = Vec::new();
    for (product, named) in &products {
        let claims = |metric: &&Metric| {
            let edition = product.edition.as_deref();
            metric.applies_to(product.publisher.as_deref(), &product.name, edition)
        };
        let metrics: Vec<&Metric> = if named.is_empty() {
            rules.metrics.iter().filter(claims).collect()
        } else {
            named.iter().filter_map(|name| rules.metric(name)).collect()
        };
        for metric in metrics {
            found.extend(today.measure(metric, product, rules));
        }
    }
    found
}

/// What one metric makes of one product on that day, once per reading; nothing where no version of
/// it holds.
#[must_use]
pub fn measure(
    inventory: &Inventory,
    rules: &LicenseRules,
    metric: &Metric,
    product: &Product,
    day: NaiveDate,
) -> Vec<Measured> {
    Today::of(inventory, day).measure(metric, product, rules)
}

/// The rows that count on a day.
struct Today<'a> {
    day: NaiveDate,
    /// By file and row.
    rows: Vec<&'a UseRow>,
    /// Places in `rows`.
    by_product: BTreeMap<Product, Vec<usize>>,
    by_option: BTreeMap<Product, Vec<usize>>,
    /// Machines and counts that name no product are of any.
    of_any: Vec<usize>,
    machines: Machines<'a>,
}

impl<'a> Today<'a> {
    fn of(inventory: &'a Inventory, day: NaiveDate) -> Self {
        let mut rows: Vec<&UseRow> = current(&inventory.uses, day);
        rows.sort_by(|one, other| (&one.origin, one.kind).cmp(&(&other.origin, other.kind)));
        let machines = Machines::of(&rows);
        let mut by_product: BTreeMap<Product, Vec<usize>> = BTreeMap::new();
        let mut by_option: BTreeMap<Product, Vec<usize>> = BTreeMap::new();
        let mut of_any = Vec::new();
        for (place, row) in rows.iter().enumerate() {
            let is_any = matches!(row.kind, UseKind::Host | UseKind::Vm | UseKind::Counter);
            match &row.product {
                Some(product) => by_product.entry(product.clone()).or_default().push(place),
                None if is_any => of_any.push(place),
                None => {}
            }
            for option in options_of(row) {
                by_option.entry(option).or_default().push(place);
            }
        }
        Self { day, rows, by_product, by_option, of_any, machines }
    }

    fn measure(&self, metric: &Metric, product: &Product, rules: &LicenseRules) -> Vec<Measured> {
        let Some(version) = metric.version_on(self.day) else { return Vec::new() };
        let readings = version.readings.iter();
        readings.map(|reading| self.read(metric, version, reading, product, rules)).collect()
    }

    fn read(
        &self,
        metric: &Metric,
        version: &Version,
        reading: &ReadingRule,
        product: &Product,
        rules: &LicenseRules,
    ) -> Measured {
        let rows = |kind: RowKind| self.items(kind, metric, product);
        let terms = Terms { params: &reading.params, unknown: &metric.unknown, day: self.day };
        let notes = Notes::default();
        let mut engine = Engine { machines: &self.machines, rules, terms, rows: &rows, notes };
        let items = rows(metric.of);
        for item in items.iter().filter(|item| item.quantity.high().is_none()) {
            engine.miss(item, "value");
        }
        let items = engine.run(items, &reading.steps);
        let notes = engine.notes;
        let mut demands: Vec<Demand> =
            items.into_iter().map(|item| demand(item, product)).collect();
        demands.sort_by(|one, other| {
            let key = |demand: &Demand| (demand.holder.clone(), demand.subject.clone());
            key(one).cmp(&key(other))
        });
        let clause = reading.source.clause.clone().or_else(|| version.source.clause.clone());
        Measured {
            product: product.clone(),
            reading: Reading {
                metric: Arc::clone(&metric.name),
                interpretation: Arc::clone(&reading.name),
                clause,
                rule: format!("{}:{}", reading.span.path, reading.span.line).into(),
                citation: reading.source.to_string().into(),
            },
            unit: Arc::clone(&metric.unit),
            demands,
            breaches: notes.breaches,
            gaps: notes.gaps.into_iter().collect(),
            coverage: notes.coverage,
            steps: notes.steps,
        }
    }

    /// Rows of a kind that are about the product, in the order of files and rows.
    fn items(&self, kind: RowKind, metric: &Metric, product: &Product) -> Vec<Item> {
        let options = metric.counts_options.then(|| self.by_option.get(product)).flatten();
        let own = self.by_product.get(product).into_iter().chain(options).flatten();
        let places: BTreeSet<usize> = own.chain(&self.of_any).copied().collect();
        let rows = places.into_iter().map(|place| self.rows[place]);
        rows.filter(|row| row.kind == use_kind(kind)).map(|row| self.item(row)).collect()
    }

    fn item(&self, row: &UseRow) -> Item {
        let mut item = Item::of_row(row, self.machines.subject(row));
        if let Some(machine) = self.machines.row_of(&item.subject) {
            item.adopt(machine);
        }
        match row.kind {
            UseKind::Host => {
                widen::tell_host(&mut item, row);
                let vms = self.machines.counts.get(&item.subject.id).copied().unwrap_or(0);
                item.fields.insert("vms".into(), Content::Computed(Range::whole(vms)));
            }
            UseKind::Sample | UseKind::Counter | UseKind::Billing => {
                if let Some(Value::Number(value)) = row.fields.get("value") {
                    item.quantity = Range::known(value.clone()).extent();
                    item.note_use();
                } else if row.kind != UseKind::Billing {
                    item.quantity = Range::unknown().extent();
                }
            }
            _ => {}
        }
        item
    }
}

fn demand(item: Item, product: &Product) -> Demand {
    Demand {
        product: product.clone(),
        version: item.text("version").cloned(),
        quantity: item.counted(),
        subject: item.subject,
        holder: item.holder,
        used: item.used,
        origins: item.origins,
    }
}

fn use_kind(kind: RowKind) -> UseKind {
    match kind {
        RowKind::Install => UseKind::Install,
        RowKind::Host => UseKind::Host,
        RowKind::Vm => UseKind::Vm,
        RowKind::Seat => UseKind::Seat,
        RowKind::Sample => UseKind::Sample,
        RowKind::Counter => UseKind::Counter,
        RowKind::Billing => UseKind::Billing,
    }
}

/// The options of an installation, which are products of its publisher.
fn options_of(row: &UseRow) -> impl Iterator<Item = Product> {
    let publisher = row.product.as_ref().and_then(|product| product.publisher.clone());
    let options = match row.fields.get("options") {
        Some(Value::Text(text)) if row.kind == UseKind::Install => Some(Arc::clone(text)),
        _ => None,
    };
    let names: Vec<String> = options
        .iter()
        .flat_map(|text| text.split([';', ',']))
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    names.into_iter().map(move |name| Product {
        publisher: publisher.clone(),
        name: name.into(),
        edition: None,
    })
}

/// States: of the newest month that a kind has, the newest snapshot of each file. What tells of
/// moments: all up to the day.
fn current(uses: &[UseRow], day: NaiveDate) -> Vec<&UseRow> {
    let is_moment = |row: &UseRow| matches!(row.kind, UseKind::Sample | UseKind::Billing);
    let month = |day: NaiveDate| (day.year(), day.month());
    let states = || uses.iter().filter(|row| row.snapshot <= day && !is_moment(row));
    let mut months: BTreeMap<UseKind, NaiveDate> = BTreeMap::new();
    let mut files: BTreeMap<(UseKind, &str), NaiveDate> = BTreeMap::new();
    for row in states() {
        let newest = months.entry(row.kind).or_insert(row.snapshot);
        *newest = (*newest).max(row.snapshot);
        let newest = files.entry((row.kind, &*row.origin.path)).or_insert(row.snapshot);
        *newest = (*newest).max(row.snapshot);
    }
    let is_current = |row: &&UseRow| {
        let of_kind = months.get(&row.kind).copied().map(month);
        let of_file = files.get(&(row.kind, &*row.origin.path)).copied();
        of_kind == Some(month(row.snapshot)) && of_file == Some(row.snapshot)
    };
    let moments = uses.iter().filter(|row| is_moment(row) && row.snapshot <= day);
    states().filter(is_current).chain(moments).collect()
}
