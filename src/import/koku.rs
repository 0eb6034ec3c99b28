//! koku cost models: prices by usage, markup, and how a cluster's overhead is distributed.
//!
//! Sources, read 2026-11-21: `docs/architecture/cost-models.md` and
//! `dev/scripts/cost_models/openshift_on_prem_cost_model.json` of
//! <https://github.com/project-koku/koku>.
//!
//! A cost model multiplies prices by quantities that clusters report; neither bills nor the model
//! hold them. So rates become pools that charge a price by tables of quantities, which the project
//! must declare. What a model itself decides of a charge is which of the prices by a tag holds for
//! it: that is a dimension.

use crate::diagnostics::{Code, Finding, Place, Span};
use crate::domain::Amount;

use super::condition::{Condition, Test};
use super::draft::{Dimension, Draft, Entry, Pool, Split, Value};
use super::tree::Tree;
use super::{Source, json};

pub(super) fn import(sources: &[Source], draft: &mut Draft) -> Result<(), Vec<Finding>> {
    let (mut findings, mut models) = (Vec::new(), Vec::new());
    for source in sources {
        match json::parse(&source.path, &source.text) {
            Ok(root) => {
                for model in root.get("data").unwrap_or(&root).items() {
                    if model.get("source_type").is_some() {
                        models.push(model.clone());
                    } else {
                        findings.push(no_model(model));
                    }
                }
            }
            Err(finding) => findings.push(finding),
        }
    }
    if !findings.is_empty() {
        return Err(findings);
    }
    draft.head.extend(HEAD.iter().map(|line| (*line).to_owned()));
    for model in &models {
        import_model(model, draft);
    }
    Ok(())
}

const HEAD: [&str; 2] = [
    "A dimension tells which price by a tag holds for a charge. A pool charges projects a price by a table of quantities;",
    "what it recovers is taken off `remainder`: name there who bears what the clusters cost.",
];

fn no_model(tree: &Tree) -> Finding {
    let message = "this is no cost model: it has no `source_type`";
    let help = "export the answer of the API `cost-models`";
    Finding::new(Code::ImportBroken, message).help(help).at(Place::Text(tree.span.clone()))
}

fn import_model(tree: &Tree, draft: &mut Draft) {
    const KNOWN: [&str; 14] = [
        "uuid",
        "name",
        "description",
        "source_type",
        "source_uuids",
        "sources",
        "rates",
        "markup",
        "distribution",
        "distribution_info",
        "currency",
        "created_timestamp",
        "updated_timestamp",
        "cost_model_id",
    ];
    let title = tree.scalar_of("name").unwrap_or("cost model").to_owned();
    let what = format!("the cost model `{title}`");
    draft.tell_unread(tree, &KNOWN, &what);
    let currency = tree.scalar_of("currency").unwrap_or("USD").to_owned();
    tell_markup(tree, &what, draft);
    for (number, rate) in (1..).zip(tree.get("rates").map(Tree::items).unwrap_or_default()) {
        let what = format!("rate {number} of `{title}`");
        let mut maker = Maker { draft: &mut *draft, title: &title, currency: &currency, what };
        if let Err((span, why)) = maker.rate(rate) {
            let what = maker.what.clone();
            maker.draft.leave_out(&span, what, why);
        }
    }
    distribution(tree, &title, draft);
}

fn tell_markup(tree: &Tree, what: &str, draft: &mut Draft) {
    let Some(markup) = tree.get("markup") else { return };
    let Some(value) = markup.scalar_of("value") else { return };
    let is_nothing = value.parse::<Amount>().is_ok_and(Amount::is_zero);
    if !is_nothing {
        let unit = markup.scalar_of("unit").unwrap_or("percent");
        let why = format!("costbook allocates what was billed, and adds no {value} {unit} to it");
        draft.leave_out(&markup.span, format!("the markup of {what}"), why);
    }
}

type Wrong = (Span, String);

struct Maker<'a> {
    draft: &'a mut Draft,
    title: &'a str,
    currency: &'a str,
    what: String,
}

impl Maker<'_> {
    fn rate(&mut self, tree: &Tree) -> Result<(), Wrong> {
        const KNOWN: [&str; 9] = [
            "metric",
            "cost_type",
            "tiered_rates",
            "tag_rates",
            "description",
            "name",
            "uuid",
            "custom_name",
            "rate_id",
        ];
        let what = self.what.clone();
        self.draft.tell_unread(tree, &KNOWN, &what);
        let metric = tree.get("metric").and_then(|metric| metric.scalar_of("name"));
        let metric = metric.ok_or_else(|| (tree.span.clone(), "it names no metric".to_owned()))?;
        let tiers = tree.get("tiered_rates").map(Tree::items).unwrap_or_default();
        let by_tag = tree.get("tag_rates").filter(|found| !found.entries().is_empty());
        match (tiers.is_empty(), by_tag) {
            (false, None) => self.tiered(tree, metric, tiers)?,
            (true, Some(by_tag)) => self.by_tag(tree, metric, by_tag)?,
            (true, None) => return Err((tree.span.clone(), "it has no price".to_owned())),
            (false, Some(_)) => {
                return Err((
                    tree.span.clone(),
                    "it has tiers and prices by tag at once".to_owned(),
                ));
            }
        }
        Ok(())
    }

    fn price(&self, tree: &Tree) -> Result<String, Wrong> {
        let value = tree.scalar_of("value");
        let value = value.filter(|value| value.parse::<Amount>().is_ok());
        let value = value.ok_or_else(|| (tree.span.clone(), "it has no price".to_owned()))?;
        Ok(format!("{value} {}", tree.scalar_of("unit").unwrap_or(self.currency)))
    }

    fn tiered(&mut self, rate: &Tree, metric: &str, tiers: &[Tree]) -> Result<(), Wrong> {
        let mut parts = Vec::new();
        for tier in tiers {
            // Where a tier begins is where the one before it ends.
            let usage = tier.get("usage").unwrap_or(tier);
            let end = usage.scalar_of("usage_end").map(str::to_owned);
            parts.push((end, self.price(tier)?));
        }
        let is_bound = |end: &Option<String>| {
            end.as_ref().is_none_or(|end| end.parse::<Amount>().is_ok_and(|to| !to.is_negative()))
        };
        if !parts.iter().all(|(end, _)| is_bound(end))
            || parts.iter().rev().skip(1).any(|(end, _)| end.is_none())
        {
            return Err((rate.span.clone(), "its tiers do not follow each other".to_owned()));
        }
        if let Some((Some(last), _)) = parts.last() {
            let why = format!("it has no price beyond {last}");
            return Err((rate.span.clone(), why));
        }
        let driver = self.driver(metric, &format!("`{metric}` by project"));
        self.pool(rate, &format!("rate {metric}"), driver, parts);
        Ok(())
    }

    /// `cpu_core_usage_per_hour` is priced by its quantity `cpu-core-usage`.
    fn driver(&mut self, metric: &str, means: &str) -> String {
        let name = metric.replace("_per_hour", "").replace("_per_month", "");
        self.draft.driver_name(&name, &format!("{means}, in `{}`", self.title))
    }

    /// Projects are charged the price, whoever bears what the cluster costs.
    fn pool(
        &mut self,
        rate: &Tree,
        name: &str,
        driver: String,
        tiers: Vec<(Option<String>, String)>,
    ) {
        let kind = rate.scalar_of("cost_type").unwrap_or("Supplementary");
        let note = format!("{} ({kind}), {}", self.what, rate.span);
        let name = self.draft.pool_name(name);
        let split = Split::Rate { driver, tiers, remainder: None };
        self.draft.pools.push(Pool { name, note, split, within: Vec::new() });
    }

    fn by_tag(&mut self, rate: &Tree, metric: &str, tree: &Tree) -> Result<(), Wrong> {
        self.draft.tell_unread(tree, &["tag_key", "tag_values"], &self.what.clone());
        let key = tree.scalar_of("tag_key").filter(|key| !key.is_empty());
        let key = key.ok_or_else(|| (tree.span.clone(), "it names no tag".to_owned()))?;
        let field = format!("tag.{key}");
        let title = format!("rate {metric} {key}");
        let mut dimension = Dimension::new(self.draft.dimension_name(&title), &title);
        dimension.notes.push(format!("{}, {}: which price by `{key}` holds", self.what, rate.span));
        let mut prices = Vec::new();
        let mut default = None;
        for value in tree.get("tag_values").map(Tree::items).unwrap_or_default() {
            let text = value.scalar_of("tag_value").filter(|text| !text.is_empty());
            let text = text.ok_or_else(|| {
                (value.span.clone(), "a price has no value of the tag".to_owned())
            })?;
            let price = self.price(value)?;
            prices.push((text.to_owned(), price.clone()));
            let note = format!("{price}, {}", value.span);
            let when = Condition::ask(&field, Test::OneOf(vec![text.to_owned()]));
            let entry = Entry::Rule { note, when, value: Value::Text(text.to_owned()) };
            dimension.entries.push(entry);
            if value.get("default").is_some_and(Tree::is_true) {
                default = Some((text.to_owned(), price, value.span.clone()));
            }
        }
        if let Some((text, price, span)) = default {
            let note = format!("{price} for every other value, {span}");
            let when = Condition::ask(&field, Test::HasText);
            dimension.entries.push(Entry::Rule { note, when, value: Value::Text(text) });
        }
        if dimension.is_empty() {
            return Err((tree.span.clone(), "it has no price".to_owned()));
        }
        for (text, price) in prices {
            let means = format!("`{metric}` by project, where `{}` is `{text}`", dimension.name);
            let driver = self.driver(&format!("{metric} {key} {text}"), &means);
            self.pool(rate, &format!("rate {metric} {key} {text}"), driver, vec![(None, price)]);
        }
        self.draft.dimensions.push(dimension);
        Ok(())
    }
}

/// Overhead that goes to projects by what they used.
fn distribution(tree: &Tree, title: &str, draft: &mut Draft) {
    const PARTS: [(&str, &str, &str); 5] = [
        ("platform_cost", "platform", "the cost of the projects of the platform itself"),
        ("worker_cost", "worker-unallocated", "what workers had and nobody asked for"),
        ("network_unattributed", "network-unattributed", "network traffic of no project"),
        ("storage_unattributed", "storage-unattributed", "storage of no project"),
        ("gpu_unallocated", "gpu-unallocated", "processors of graphics that nobody used"),
    ];
    let Some(info) = tree.get("distribution_info") else {
        if let Some(by) = tree.get("distribution") {
            let why = format!(
                "it says that monthly prices go by `{}`: take that for the tables of quantities",
                by.scalar().unwrap_or("?")
            );
            draft.leave_out(&by.span, format!("`distribution` of `{title}`"), why);
        }
        return;
    };
    let what = format!("`distribution_info` of `{title}`");
    let known = PARTS.map(|(key, _, _)| key);
    draft.tell_unread(info, &[&known[..], &["distribution_type"]].concat(), &what);
    let by = info.scalar_of("distribution_type").or(tree.scalar_of("distribution"));
    let driver = if by == Some("memory") { "k8s-memory" } else { "k8s-cpu" };
    let mut has_any = false;
    for (key, name, means) in PARTS {
        if info.get(key).is_some_and(Tree::is_true) {
            let name = draft.pool_name(name);
            let driver = draft.driver_name(driver, &format!("what projects used, in `{title}`"));
            let note = format!("{what}, {}: {means}", info.span);
            let split = Split::Driver { driver, otherwise: None };
            draft.pools.push(Pool { name, note, split, within: Vec::new() });
            has_any = true;
        }
    }
    if has_any {
        let why =
            "which cost it distributes, the clusters' reports say: lead it to the pools by rules";
        draft.write_otherwise(&info.span, what, why);
    }
}
