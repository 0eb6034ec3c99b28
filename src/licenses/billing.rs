//! What cloud bills say of licenses: a sink that asks each charge, and rows of use from what it found.
//!
//! A scan hands on any column by its header, so that what providers tell beside FOCUS (usage operations, image types)
//! needs no column of ours. Charges are asked once per distinct set of texts; those that no rule knows cost no more than
//! the look-up. What is known is summed by resource and month, so that a bill of any length becomes some rows.
//!
//! A bill is read once: [`BesideLicenses`] hands each batch to the taker of the scan first, then to the licenses, which leave
//! out what that one refused.
//!
//! Order: the sinks of all threads are put together by [`license_uses`]; sums know no order.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::NaiveDate;

use crate::domain::{Amount, Column, CostMetric, Currency, Period};
use crate::ingest::{Charges, FileId, Rejection, Sink, WantedText};
use crate::rules::licenses::{CloudFact, CloudRules, ProductRules};

use super::inventory::{Field, Holder, Origin, Product, UseKind, UseRow, Value};
use super::read::{RawProduct, number_of, product_of};

/// Texts that a charge is asked for beside those of the rules.
const OWN: [&str; 7] = [
    "ResourceId",
    "SubAccountId",
    "ServiceName",
    "ProviderName",
    "RegionId",
    "x_InstanceType",
    "x_LicenseEnvironment",
];
const OWN_FIELDS: [&str; 7] =
    ["resource", "sub_account", "service", "provider", "region", "instance_type", "environment"];
/// Distinct texts of charges that are remembered; forgetting changes nothing but time.
const MEMO_LIMIT: usize = 1 << 18;

/// Rules of cloud licenses, ready for a scan.
#[derive(Debug)]
pub struct LicensePlan {
    rules: CloudRules,
    wanted: Vec<WantedText>,
    /// For each text that rules ask: the columns it may stand in.
    asks: Vec<Vec<usize>>,
    own: Vec<usize>,
    period: Period,
}

impl LicensePlan {
    #[must_use]
    pub fn new(rules: CloudRules, period: Period) -> Self {
        let mut wanted = Vec::new();
        let mut at = |header: &str| {
            let text = Column::named(header)
                .map_or_else(|| WantedText::Custom(header.to_owned()), WantedText::Column);
            wanted.iter().position(|known| *known == text).unwrap_or_else(|| {
                wanted.push(text);
                wanted.len() - 1
            })
        };
        let asks = rules.asks().iter().map(|ask| ask.columns.iter().map(|c| at(c)).collect());
        let asks = asks.collect();
        let own = OWN.iter().map(|header| at(header)).collect();
        Self { rules, wanted, asks, own, period }
    }

    /// The texts that a scan must hand on.
    #[must_use]
    pub fn wanted(&self) -> &[WantedText] {
        &self.wanted
    }

    /// What the texts of a charge say, each in the order of [`LicensePlan::wanted`].
    #[must_use]
    pub fn fact(&self, texts: &[Option<&str>]) -> Option<CloudFact> {
        let asked = self.rules.asks().iter().zip(&self.asks);
        let told: Vec<Option<String>> = asked
            .map(|(ask, columns)| {
                let mut found = columns.iter().filter_map(|at| texts[*at]);
                match &ask.key {
                    None => found.find(|text| !text.is_empty()).map(str::to_owned),
                    Some(key) => found.find_map(|text| value_of(text, key)),
                }
            })
            .collect();
        let told: Vec<Option<&str>> = told.iter().map(Option::as_deref).collect();
        self.rules.fact(&told)
    }
}

/// A key of a JSON object; Azure EA writes the inside of one.
fn value_of(text: &str, key: &str) -> Option<String> {
    if !text.contains(key) {
        return None;
    }
    let parsed = serde_json::from_str(text);
    let parsed = parsed.or_else(|_| serde_json::from_str(&format!("{{{text}}}")));
    let parsed: serde_json::Value = parsed.ok()?;
    match parsed.get(key)? {
        serde_json::Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        serde_json::Value::Bool(truth) => Some(truth.to_string()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// What charges of a resource have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Group {
    file: FileId,
    /// By [`OWN`].
    own: Vec<Option<Arc<str>>>,
    fact: u32,
    currency: Currency,
}

#[derive(Clone, Debug)]
struct Sum {
    rows: u64,
    effective: Amount,
    /// Whether the sum left the range of amounts.
    is_lost: bool,
    first: NaiveDate,
    last: NaiveDate,
}

/// A thread's share of the scan.
#[derive(Debug)]
pub struct LicenseSink<'p> {
    plan: &'p LicensePlan,
    facts: Vec<CloudFact>,
    /// Of the texts of a charge; none where no rule knows of a license.
    memo: HashMap<Vec<u8>, Option<u32>>,
    sums: BTreeMap<Group, Sum>,
}

impl<'p> LicenseSink<'p> {
    #[must_use]
    pub fn new(plan: &'p LicensePlan) -> Self {
        Self { plan, facts: Vec::new(), memo: HashMap::new(), sums: BTreeMap::new() }
    }

    fn ask(&mut self, batch: &Charges<'_>, index: usize) -> Option<u32> {
        let mut key = Vec::new();
        for columns in &self.plan.asks {
            for at in columns {
                match batch.text(index, *at) {
                    None => key.push(0),
                    Some(text) => {
                        key.push(1);
                        key.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
                        key.extend_from_slice(text);
                    }
                }
            }
        }
        if let Some(known) = self.memo.get(&key) {
            return *known;
        }
        let texts: Vec<Option<&str>> = (0..batch.texts.len())
            .map(|at| batch.text(index, at).and_then(|text| std::str::from_utf8(text).ok()))
            .collect();
        let fact = self.plan.fact(&texts).map(|fact| self.number(fact));
        if self.memo.len() >= MEMO_LIMIT {
            self.memo.clear();
        }
        self.memo.insert(key, fact);
        fact
    }

    fn number(&mut self, fact: CloudFact) -> u32 {
        let at = self.facts.iter().position(|known| *known == fact).unwrap_or_else(|| {
            self.facts.push(fact);
            self.facts.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }
}

impl Sink for LicenseSink<'_> {
    fn add(&mut self, batch: &Charges<'_>, _refused: &mut Vec<(usize, Rejection)>) {
        self.see(batch, &[]);
    }
}

/// The sink of a scan with licenses beside it. A scan for both wants the texts of `first`, and behind them
/// those of the plan.
#[derive(Debug)]
pub struct BesideLicenses<'p, S> {
    first: S,
    licenses: LicenseSink<'p>,
}

impl<'p, S: Sink> BesideLicenses<'p, S> {
    #[must_use]
    pub fn new(first: S, plan: &'p LicensePlan) -> Self {
        Self { first, licenses: LicenseSink::new(plan) }
    }

    /// Both, once the scan is done.
    #[must_use]
    pub fn into_parts(self) -> (S, LicenseSink<'p>) {
        (self.first, self.licenses)
    }
}

impl<S: Sink> Sink for BesideLicenses<'_, S> {
    fn add(&mut self, batch: &Charges<'_>, refused: &mut Vec<(usize, Rejection)>) {
        let behind = batch.texts.len() - self.licenses.plan.wanted.len();
        let (first, theirs) = batch.texts.split_at(behind);
        let before = refused.len();
        self.first.add(&Charges { texts: first, ..*batch }, refused);
        self.licenses.see(&Charges { texts: theirs, ..*batch }, &refused[before..]);
    }

    fn join(&mut self, first: &Self) {
        self.first.join(&first.first);
    }
}

impl LicenseSink<'_> {
    /// Takes all charges but those that are refused, ascending by their index.
    fn see(&mut self, batch: &Charges<'_>, refused: &[(usize, Rejection)]) {
        let mut refused = refused.iter().map(|(index, _)| *index).peekable();
        for (index, charge) in batch.charges.iter().enumerate() {
            if refused.next_if_eq(&index).is_some() || charge.month != self.plan.period {
                continue;
            }
            let Some(fact) = self.ask(batch, index) else { continue };
            let text = |at: &usize| {
                let text = batch.text(index, *at).filter(|text| !text.is_empty())?;
                Some(Arc::from(String::from_utf8_lossy(text).as_ref()))
            };
            let own = self.plan.own.iter().map(text).collect();
            let group = Group { file: batch.file, own, fact, currency: charge.currency };
            let fresh = || Sum {
                rows: 0,
                effective: Amount::ZERO,
                is_lost: false,
                first: charge.day,
                last: charge.day,
            };
            let sum = self.sums.entry(group).or_insert_with(fresh);
            sum.rows += u64::from(charge.rows);
            sum.add(charge.costs.get(CostMetric::EffectiveCost));
            sum.first = sum.first.min(charge.day);
            sum.last = sum.last.max(charge.day);
        }
    }
}

impl Sum {
    fn add(&mut self, amount: Amount) {
        match self.effective.checked_add(amount) {
            Some(sum) => self.effective = sum,
            None => self.is_lost = true,
        }
    }
}

/// The rows of use of all threads' sinks, ordered by file and what they are of. `path` names a file.
#[must_use]
pub fn license_uses(
    sinks: Vec<LicenseSink<'_>>,
    products: &ProductRules,
    path: impl Fn(FileId) -> Arc<str>,
) -> Vec<UseRow> {
    let mut all: BTreeMap<(Group, String), (CloudFact, Sum)> = BTreeMap::new();
    let mut snapshot = None;
    for sink in sinks {
        snapshot = Some(sink.plan.period.last());
        for (mut group, sum) in sink.sums {
            let fact = sink.facts[group.fact as usize].clone();
            // Threads number what they find each for itself.
            group.fact = 0;
            let key = (group, format!("{fact:?}"));
            match all.get_mut(&key) {
                None => {
                    all.insert(key, (fact, sum));
                }
                Some((_, known)) => {
                    known.rows += sum.rows;
                    known.add(sum.effective);
                    known.is_lost |= sum.is_lost;
                    known.first = known.first.min(sum.first);
                    known.last = known.last.max(sum.last);
                }
            }
        }
    }
    let Some(snapshot) = snapshot else { return Vec::new() };
    let rows = all.into_iter().flat_map(|((group, _), (fact, sum))| {
        uses(&group, &fact, &sum, products, &path(group.file), snapshot)
    });
    rows.collect()
}

/// One row for each product, or one without where the charge does not say of what it is. Of several the cost is
/// the first's, since the bill does not divide it.
fn uses(
    group: &Group,
    fact: &CloudFact,
    sum: &Sum,
    products: &ProductRules,
    path: &Arc<str>,
    snapshot: NaiveDate,
) -> Vec<UseRow> {
    let text = |text: &str| Value::Text(text.into());
    let mut fields: BTreeMap<Field, Value> = BTreeMap::new();
    for (name, value) in OWN_FIELDS.iter().zip(&group.own) {
        let is_holder = matches!(*name, "region" | "environment");
        if let Some(value) = value.as_ref().filter(|_| !is_holder) {
            fields.insert((*name).into(), Value::Text(value.clone()));
        }
    }
    fields.insert("license_model".into(), text(fact.model.name()));
    fields.insert("rule".into(), text(&fact.rule));
    fields.insert("citation".into(), text(&fact.citation.to_string()));
    fields.insert("currency".into(), text(group.currency.code()));
    fields.insert("rows".into(), Value::Number(num_bigint::BigInt::from(sum.rows).into()));
    fields.insert("first_day".into(), Value::Date(sum.first));
    fields.insert("last_day".into(), Value::Date(sum.last));
    let at = |name: &str| {
        let at = OWN_FIELDS.iter().position(|known| *known == name)?;
        group.own[at].clone()
    };
    let row = |product: Option<(RawProduct, Product)>, is_first: bool| {
        let mut fields = fields.clone();
        if is_first && !sum.is_lost {
            fields.insert("cost".into(), Value::Number(number_of(sum.effective)));
        }
        let (raw, product) = product.map(|(raw, product)| (raw.product, product)).unzip();
        UseRow {
            kind: UseKind::Billing,
            product,
            raw_product: raw,
            holder: Holder {
                region: at("region"),
                environment: at("environment"),
                ..Holder::default()
            },
            fields,
            snapshot,
            origin: Origin { path: path.clone(), row: 0 },
        }
    };
    if fact.products.is_empty() {
        return vec![row(None, true)];
    }
    let product = |name: &Arc<str>| {
        let raw = RawProduct {
            publisher: fact.publisher.clone(),
            product: name.clone(),
            edition: None,
            sku: None,
        };
        let product = product_of(&raw, snapshot, products);
        (raw, product)
    };
    let products = fact.products.iter().enumerate();
    products.map(|(at, name)| row(Some(product(name)), at == 0)).collect()
}

#[cfg(test)]
mod tests;
