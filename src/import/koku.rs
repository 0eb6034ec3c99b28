//! koku cost models: prices by usage, markup, and how a cluster's overhead is distributed.
//!
//! Sources, read 2026-11-21: `docs/architecture/cost-models.md` and
//! `dev/scripts/cost_models/openshift_on_prem_cost_model.json` of
//! <https://github.com/project-koku/koku>.
//!
//! A cost model multiplies prices by quantities that clusters report; neither bills nor the model
//! hold them. So rates become pools that wait for tables of quantities, as proposals. What a model
//! itself decides of a charge is which of the prices by a tag holds for it: that is a dimension.

use crate::diagnostics::{Code, Finding, Place, Span};
use crate::domain::Amount;

use super::condition::{Condition, Test};
use super::draft::{Dimension, Draft, Entry, Proposal, Value};
use super::emit::scalar;
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
    "A dimension tells which price by a tag holds for a charge. Prices are by quantities that neither bills nor the cost",
    "model hold: what they would be stands at the end, ready for a table of quantities.",
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
        let mut maker = Maker { draft: &mut *draft, currency: &currency, what };
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
        let why = "it is a price by quantities, which neither bills nor the model hold; what it would be is proposed at the end";
        match (tiers.is_empty(), by_tag) {
            (false, None) => {
                let lines = self.tiered(metric, tiers)?;
                self.propose(tree, metric, None, lines);
            }
            (true, Some(by_tag)) => self.by_tag(tree, metric, by_tag)?,
            (true, None) => return Err((tree.span.clone(), "it has no price".to_owned())),
            (false, Some(_)) => {
                return Err((
                    tree.span.clone(),
                    "it has tiers and prices by tag at once".to_owned(),
                ));
            }
        }
        self.draft.leave_out(&tree.span, what, why);
        Ok(())
    }

    fn price(&self, tree: &Tree) -> Result<String, Wrong> {
        let value = tree.scalar_of("value");
        let value = value.filter(|value| value.parse::<Amount>().is_ok());
        let value = value.ok_or_else(|| (tree.span.clone(), "it has no price".to_owned()))?;
        Ok(format!("{value} {}", tree.scalar_of("unit").unwrap_or(self.currency)))
    }

    fn tiered(&mut self, metric: &str, tiers: &[Tree]) -> Result<Vec<String>, Wrong> {
        let mut parts = Vec::new();
        for tier in tiers {
            // Where a tier begins is where the one before it ends.
            let usage = tier.get("usage").unwrap_or(tier);
            let price = self.price(tier)?;
            parts.push(match usage.scalar_of("usage_end") {
                Some(end) => format!("{{ to: {end}, price: {price} }}"),
                None => format!("{{ price: {price} }}"),
            });
        }
        let price = match (tiers, &parts[..]) {
            ([tier], [part]) if !part.contains("to:") => format!("price: {}", self.price(tier)?),
            _ => format!("tiers: [ {} ]", parts.join(", ")),
        };
        let pool = self.draft.pool_name(&format!("rate {metric}"));
        let driver = driver_of(metric);
        Ok(vec![
            "pools:".to_owned(),
            format!(
                "  {pool}: {{ split: rate, driver: {driver}, {price}, remainder: unallocated }}"
            ),
        ])
    }

    fn by_tag(&mut self, rate: &Tree, metric: &str, tree: &Tree) -> Result<(), Wrong> {
        self.draft.tell_unread(tree, &["tag_key", "tag_values"], &self.what.clone());
        let key = tree.scalar_of("tag_key").filter(|key| !key.is_empty());
        let key = key.ok_or_else(|| (tree.span.clone(), "it names no tag".to_owned()))?;
        let field = format!("tag.{key}");
        let title = format!("rate {metric} {key}");
        let mut dimension = Dimension::new(self.draft.dimension_name(&title), &title);
        dimension.notes.push(format!("{}, {}: which price by `{key}` holds", self.what, rate.span));
        let mut lines = vec!["pools:".to_owned()];
        let mut default = None;
        for value in tree.get("tag_values").map(Tree::items).unwrap_or_default() {
            let text = value.scalar_of("tag_value").filter(|text| !text.is_empty());
            let text = text.ok_or_else(|| {
                (value.span.clone(), "a price has no value of the tag".to_owned())
            })?;
            let price = self.price(value)?;
            let driver = driver_of(&format!("{metric} {key} {text}"));
            lines.push(format!("  {driver}: {{ split: rate, driver: {driver}, price: {price}, remainder: unallocated }}"));
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
        self.propose(rate, metric, Some(&dimension.name), lines);
        self.draft.dimensions.push(dimension);
        Ok(())
    }

    fn propose(&mut self, rate: &Tree, metric: &str, class: Option<&str>, lines: Vec<String>) {
        let kind = rate.scalar_of("cost_type").unwrap_or("Supplementary");
        let of = class.map_or(String::new(), |class| format!(", for each value of `{class}`"));
        let needs = vec![
            format!(
                "{} ({kind}, {}): lead the cluster's cost to a pool, declare a table of",
                self.what, rate.span
            ),
            format!(
                "`{metric}` by project under `drivers` in costbook.yaml{of}, and take the signs of comment off:"
            ),
        ];
        self.draft.proposals.push(Proposal { needs, lines });
    }
}

/// `cpu_core_usage_per_hour` is priced by its quantity `cpu-core-usage`.
fn driver_of(metric: &str) -> String {
    let name = metric.replace("_per_hour", "").replace("_per_month", "");
    let letters =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
    scalar(letters.collect::<String>().trim_matches('-'))
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
    let mut lines = vec!["pools:".to_owned()];
    for (key, name, means) in PARTS {
        if info.get(key).is_some_and(Tree::is_true) {
            let pool = draft.pool_name(name);
            lines.push(format!("  {pool}: {{ split: driver, driver: {driver}, on_zero_driver: unallocated }}   # {means}"));
        }
    }
    if lines.len() == 1 {
        return;
    }
    let why = "it goes by what projects used, which neither bills nor the model hold; what it would be is proposed at the end";
    draft.leave_out(&info.span, what, why);
    let needs = vec![
        format!(
            "The distribution of `{title}` ({}): lead the cost to these pools, declare `{driver}` under `drivers`",
            info.span
        ),
        "in costbook.yaml, with a table of what projects used, and take the signs of comment off:"
            .to_owned(),
    ];
    draft.proposals.push(Proposal { needs, lines });
}
