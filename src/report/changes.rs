//! What the inputs of a month changed since its reports were last published, for the console only:
//! reports do not know what was there before them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::domain::{Amount, CostMetric};

use super::Facts;

/// Bytes that a published manifest may have to be looked at.
const LIMIT: u64 = 256 << 20;

/// One source whose files are others than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceChange {
    pub source: String,
    /// Of the month: currency, metric, before, now. Empty where other files give the same sums.
    pub sums: Vec<(String, CostMetric, Amount, Amount)>,
}

/// The sources that changed against what is published at `target`, in their order; none where
/// nothing is published there or it cannot be read.
#[must_use]
pub fn changes(target: &Path, facts: &Facts) -> Vec<SourceChange> {
    let path = target.join("manifest.json");
    let is_small = fs::metadata(&path).is_ok_and(|found| found.len() <= LIMIT);
    let text = is_small.then(|| fs::read(&path).ok()).flatten();
    let published = text.and_then(|text| serde_json::from_slice::<Value>(&text).ok());
    published.map(|published| against(&published, facts)).unwrap_or_default()
}

type Sums = BTreeMap<(String, CostMetric), Amount>;

fn against(published: &Value, facts: &Facts) -> Vec<SourceChange> {
    let (files, sums) = (published_files(published), published_sums(published));
    let mut found = Vec::new();
    for source in &facts.scan.sources {
        let name = source.source.as_str();
        let mine = facts.scan.files.iter().filter(|file| file.source == name);
        let hashes: BTreeSet<&str> = mine.map(|file| file.sha256.as_str()).collect();
        if files.get(name).is_some_and(|before| *before == hashes) {
            continue;
        }
        let now: Sums = source
            .totals
            .iter()
            .map(|((currency, metric), sum)| ((currency.code().to_owned(), *metric), *sum))
            .collect();
        let before = sums.get(name).cloned().unwrap_or_default();
        found.push(SourceChange { source: name.to_owned(), sums: changed(&before, &now) });
    }
    let is_gone = |name: &&&str| facts.scan.sources.iter().all(|source| source.source != ***name);
    for name in files.keys().filter(is_gone) {
        let before = sums.get(*name).cloned().unwrap_or_default();
        let sums = changed(&before, &Sums::new());
        found.push(SourceChange { source: (*name).to_owned(), sums });
    }
    found
}

/// What is told of billed and effective cost.
fn changed(before: &Sums, now: &Sums) -> Vec<(String, CostMetric, Amount, Amount)> {
    let keys: BTreeSet<&(String, CostMetric)> = before.keys().chain(now.keys()).collect();
    let of = |sums: &Sums, key| sums.get(key).copied().unwrap_or_default();
    let told = |metric| matches!(metric, CostMetric::BilledCost | CostMetric::EffectiveCost);
    let keys = keys.into_iter().filter(|key| told(key.1) && of(before, key) != of(now, key));
    keys.map(|key| (key.0.clone(), key.1, of(before, key), of(now, key))).collect()
}

fn list<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value[key].as_array().into_iter().flatten()
}

fn published_files(published: &Value) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut files: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for source in list(published, "sources") {
        files.entry(source["name"].as_str().unwrap_or_default()).or_default();
    }
    for bill in list(published, "bills") {
        let hash = bill["sha256"].as_str().unwrap_or_default();
        files.entry(bill["source"].as_str().unwrap_or_default()).or_default().insert(hash);
    }
    files
}

fn published_sums(published: &Value) -> BTreeMap<&str, Sums> {
    let sums = |source: &Value| -> Sums {
        let sum = |total: &Value| {
            let metric = CostMetric::ALL.into_iter().find(|m| total["metric"] == m.name())?;
            let sum = total["sum"].as_str()?.parse().ok()?;
            Some(((total["currency"].as_str()?.to_owned(), metric), sum))
        };
        list(source, "totals").filter_map(sum).collect()
    };
    let sources = list(published, "sources");
    sources.filter_map(|source| Some((source["name"].as_str()?, sums(source)))).collect()
}
