//! Which license a charge of a cloud bill pays for or brings along, as data: FOCUS has no column of it.
//!
//! Order: the rules of a project's own columns first, then those of providers, then what any bill shows
//! of a marketplace; the first rule that matches decides.

use std::sync::Arc;

use crate::diagnostics::{Code, Finding};
use crate::rules::decode::{
    Mapping, choice, entries, is_identifier, is_name, some_items, text, word, words,
};
use crate::rules::node::{self, Key, Node};
use crate::rules::pattern::{Glob, glob};
use crate::rules::sink::Sink;

use super::source::{Source, read_source};

/// Who the license of a charge is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LicenseModel {
    /// The price includes it.
    Included,
    /// The user brings one.
    Byol,
    /// It is bought through the provider.
    Marketplace,
}

impl LicenseModel {
    pub const ALL: [Self; 3] = [Self::Included, Self::Byol, Self::Marketplace];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Included => "included",
            Self::Byol => "byol",
            Self::Marketplace => "marketplace",
        }
    }
}

/// A text that is asked of a charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudAsk {
    pub name: String,
    /// The first of these columns that a charge has a text in.
    pub columns: Vec<String>,
    /// What of a JSON object in the cell, where it holds one.
    pub key: Option<String>,
}

/// What is known of a charge's license.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudFact {
    pub model: LicenseModel,
    pub publisher: Option<Arc<str>>,
    /// As product rules know them; empty where the charge does not say of what.
    pub products: Vec<Arc<str>>,
    /// The rule that says so.
    pub rule: Arc<str>,
    pub citation: Source,
}

#[derive(Clone, Debug)]
pub struct CloudRule {
    fact: CloudFact,
    /// All of these texts match one of their patterns.
    when: Vec<(usize, Vec<Glob>)>,
    /// None of these does.
    unless: Vec<(usize, Vec<Glob>)>,
    /// These are there and not the same.
    differ: Option<(usize, usize)>,
    product_from: Option<usize>,
    publisher_from: Option<usize>,
}

/// All rules, and what they ask.
#[derive(Clone, Debug, Default)]
pub struct CloudRules {
    asks: Vec<CloudAsk>,
    rules: Vec<CloudRule>,
}

const SHIPPED: &[(&str, &str)] = &[
    (
        "shipped:rules/licenses/cloud/own.yaml",
        include_str!("../../../rules/licenses/cloud/own.yaml"),
    ),
    (
        "shipped:rules/licenses/cloud/aws.yaml",
        include_str!("../../../rules/licenses/cloud/aws.yaml"),
    ),
    (
        "shipped:rules/licenses/cloud/azure.yaml",
        include_str!("../../../rules/licenses/cloud/azure.yaml"),
    ),
    (
        "shipped:rules/licenses/cloud/marketplace.yaml",
        include_str!("../../../rules/licenses/cloud/marketplace.yaml"),
    ),
];
const FILE_KEYS: &[&str] = &["source", "asks", "rules", "examples"];
const ASK_KEYS: &[&str] = &["columns", "key"];
const RULE_KEYS: &[&str] = &[
    "name",
    "when",
    "unless",
    "differ",
    "model",
    "publisher",
    "publisher_from",
    "products",
    "product_from",
];
const MODELS: [(&str, LicenseModel); 3] = [
    (LicenseModel::Included.name(), LicenseModel::Included),
    (LicenseModel::Byol.name(), LicenseModel::Byol),
    (LicenseModel::Marketplace.name(), LicenseModel::Marketplace),
];

impl CloudRules {
    /// What costbook ships.
    ///
    /// # Errors
    /// None, since tests read all of it.
    pub fn shipped() -> Result<Self, Vec<Finding>> {
        let mut all = Self::default();
        for (path, text) in SHIPPED {
            all.add(path, text)?;
        }
        Ok(all)
    }

    /// Adds the rules of a file behind those that are there.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn add(&mut self, path: &str, text: &str) -> Result<(), Vec<Finding>> {
        let mut sink = Sink::default();
        let root = node::parse(path, text, &mut sink);
        let found = root.and_then(|root| read_file(&root, &mut sink));
        let found = sink.finish(found)?;
        let base = self.asks.len();
        self.asks.extend(found.asks);
        self.rules.extend(found.rules.into_iter().map(|rule| rule.moved(base)));
        Ok(())
    }

    /// What must be told of a charge, in this order.
    #[must_use]
    pub fn asks(&self) -> &[CloudAsk] {
        &self.asks
    }

    /// What the texts of a charge say of its license, each as it is asked; `None` where no rule knows
    /// of any.
    #[must_use]
    pub fn fact(&self, texts: &[Option<&str>]) -> Option<CloudFact> {
        let rule = self.rules.iter().find(|rule| rule.is_match(texts))?;
        let told = |from: Option<usize>| Some(Arc::from(texts[from?]?));
        let mut fact = rule.fact.clone();
        if let Some(product) = told(rule.product_from) {
            fact.products = vec![product];
        }
        fact.publisher = told(rule.publisher_from).or(fact.publisher);
        Some(fact)
    }
}

impl CloudRule {
    fn moved(mut self, base: usize) -> Self {
        for (at, _) in self.when.iter_mut().chain(&mut self.unless) {
            *at += base;
        }
        self.differ = self.differ.map(|(one, other)| (one + base, other + base));
        self.product_from = self.product_from.map(|at| at + base);
        self.publisher_from = self.publisher_from.map(|at| at + base);
        self
    }

    fn is_match(&self, texts: &[Option<&str>]) -> bool {
        let fits = |(at, globs): &(usize, Vec<Glob>)| {
            texts[*at].is_some_and(|text| globs.iter().any(|glob| glob.is_match(text)))
        };
        let differ = self.differ.is_none_or(|(one, other)| {
            texts[one].zip(texts[other]).is_some_and(|(a, b)| !a.eq_ignore_ascii_case(b))
        });
        differ && self.when.iter().all(fits) && !self.unless.iter().any(fits)
    }
}

fn read_file(root: &Node, sink: &mut Sink) -> Option<CloudRules> {
    let map = Mapping::read(root, "a file of cloud licenses", FILE_KEYS, sink)?;
    let citation = map.need("source", sink).and_then(|node| read_citation(node, sink));
    let asks = map.need("asks", sink).and_then(|node| read_asks(node, sink));
    let (citation, asks) = (citation?, asks?);
    let nodes = some_items(map.need("rules", sink)?, "`rules`", sink)?;
    let rules: Vec<CloudRule> =
        nodes.iter().filter_map(|node| read_rule(node, &asks, &citation, sink)).collect();
    (rules.len() == nodes.len()).then_some(CloudRules { asks, rules })
}

/// The first of the sources of a file is the one that its rules lean on.
fn read_citation(node: &Node, sink: &mut Sink) -> Option<Source> {
    let nodes = some_items(node, "`source`", sink)?;
    let found: Vec<Source> = nodes.iter().filter_map(|node| read_source(node, sink)).collect();
    found.into_iter().next()
}

fn read_asks(node: &Node, sink: &mut Sink) -> Option<Vec<CloudAsk>> {
    let entries = entries(node, "`asks`", sink)?;
    let read = |(name, node): &(Key, Node), sink: &mut Sink| {
        let is_good = is_identifier(name, "what is asked", false, sink);
        let map = Mapping::read(node, "what is asked", ASK_KEYS, sink)?;
        let columns = words(map.need("columns", sink)?, "`columns`", sink)?;
        let key = match map.get("key") {
            Some(node) => Some(text(node, "`key`", sink)?.to_owned()),
            None => None,
        };
        let columns = columns.into_iter().map(|column| column.text).collect();
        is_good.then(|| CloudAsk { name: name.text.clone(), columns, key })
    };
    let asks: Vec<CloudAsk> = entries.iter().filter_map(|entry| read(entry, sink)).collect();
    (asks.len() == entries.len()).then_some(asks)
}

fn ask(name: &Key, asks: &[CloudAsk], sink: &mut Sink) -> Option<usize> {
    let found = asks.iter().position(|ask| ask.name == name.text);
    if found.is_none() {
        let known: Vec<&str> = asks.iter().map(|ask| ask.name.as_str()).collect();
        let message = format!("nothing is asked as `{}`", name.text);
        sink.report_unknown(Code::UnknownName, &name.span, message, &name.text, &known);
    }
    found
}

fn read_rule(
    node: &Node,
    asks: &[CloudAsk],
    citation: &Source,
    sink: &mut Sink,
) -> Option<CloudRule> {
    let map = Mapping::read(node, "a rule of cloud licenses", RULE_KEYS, sink)?;
    let before = sink.count();
    let name = map.need("name", sink).and_then(|node| word(node, "`name`", sink));
    let name = name.filter(|name| is_name(name, "the name of a rule", sink));
    let model = map.need("model", sink).and_then(|node| choice(node, "model", &MODELS, sink));
    let conditions = |key: &str, sink: &mut Sink| {
        map.get(key).map_or_else(Vec::new, |node| read_patterns(node, asks, sink))
    };
    let (when, unless) = (conditions("when", sink), conditions("unless", sink));
    let differ = map.get("differ").and_then(|node| {
        let names = words(node, "`differ`", sink)?;
        let [one, other] = names.as_slice() else {
            sink.report(Code::InvalidValue, &node.span, "two texts differ, no more and no fewer");
            return None;
        };
        Some((ask(one, asks, sink)?, ask(other, asks, sink)?))
    });
    if map.get("when").is_none() && map.get("differ").is_none() {
        sink.report(Code::MissingKey, map.span, "a rule needs the key `when` or `differ`");
    }
    let from = |key: &str, sink: &mut Sink| {
        let name = word(map.get(key)?, &format!("`{key}`"), sink)?;
        ask(&name, asks, sink)
    };
    let (product_from, publisher_from) = (from("product_from", sink), from("publisher_from", sink));
    let products = map.get("products").and_then(|node| words(node, "`products`", sink));
    let publisher = map.get("publisher").and_then(|node| text(node, "`publisher`", sink));
    let (name, model) = (name?, model?);
    let fact = CloudFact {
        model,
        publisher: publisher.map(Into::into),
        products: products.into_iter().flatten().map(|word| word.text.into()).collect(),
        rule: name.text.into(),
        citation: citation.clone(),
    };
    let rule = CloudRule { fact, when, unless, differ, product_from, publisher_from };
    (sink.count() == before).then_some(rule)
}

fn read_patterns(node: &Node, asks: &[CloudAsk], sink: &mut Sink) -> Vec<(usize, Vec<Glob>)> {
    let mut found = Vec::new();
    for (name, node) in entries(node, "`when`", sink).unwrap_or_default() {
        let Some(at) = ask(name, asks, sink) else { continue };
        let patterns = words(node, "a pattern", sink).unwrap_or_default();
        let globs: Vec<Glob> =
            patterns.iter().filter_map(|pattern| glob(pattern, true, sink)).collect();
        found.push((at, globs));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(node: &Node, sink: &mut Sink) -> Vec<(String, String)> {
        let entries = entries(node, "an example", sink).unwrap();
        let pair = |(key, node): &(Key, Node)| {
            (key.text.clone(), text(node, "", &mut Sink::default()).unwrap().to_owned())
        };
        entries.iter().map(pair).collect()
    }

    /// Each file's examples, asked of all shipped rules together.
    #[test]
    fn the_shipped_rules_do_what_their_examples_say() {
        let rules = CloudRules::shipped().unwrap();
        let mut count = 0;
        for (path, file) in SHIPPED {
            let mut sink = Sink::default();
            let root = node::parse(path, file, &mut sink).unwrap();
            let map = Mapping::read(&root, "", FILE_KEYS, &mut sink).unwrap();
            let examples = map.need("examples", &mut sink).unwrap();
            for node in some_items(examples, "", &mut sink).unwrap() {
                let map = Mapping::read(node, "", &["given", "expect"], &mut sink).unwrap();
                let given = texts(map.need("given", &mut sink).unwrap(), &mut sink);
                // An example tells the texts of its own file, by the name under which they are asked.
                let at = |ask: &CloudAsk| {
                    given.iter().find(|(name, _)| *name == ask.name).map(|(_, text)| text.as_str())
                };
                let told: Vec<Option<&str>> = rules.asks().iter().map(at).collect();
                let found = rules.fact(&told);
                let shown = found.map(|fact| {
                    let products = fact.products.join("; ");
                    let publisher = fact.publisher.as_deref().unwrap_or("-").to_owned();
                    format!("{} {publisher}: {products}", fact.model.name())
                });
                let expected = text(map.need("expect", &mut sink).unwrap(), "", &mut sink).unwrap();
                assert_eq!(shown.as_deref().unwrap_or("none"), expected, "{path}: {given:?}");
                count += 1;
            }
            assert!(sink.finish(Some(())).is_ok());
        }
        assert!(count > 25, "{count}");
    }

    #[test]
    fn what_is_asked_and_not_declared_is_told_with_its_place() {
        let text = "source: [ { url: u, read: 2026-01-01 } ]\nasks: { operation: { columns: O } }\n\
                    rules:\n  - { name: a, when: { operatoin: x }, model: byol }\n  - { name: b, model: bought }\n";
        let found = CloudRules::default().add("c.yaml", text).unwrap_err();
        let shown: Vec<String> = found
            .iter()
            .map(|f| format!("{} {} {:?}", f.place.as_ref().unwrap(), f.message, f.help))
            .collect();
        assert_eq!(shown.len(), 3, "{shown:?}");
        assert!(shown[0].contains("c.yaml:4:24") && shown[0].contains("did you mean `operation`?"));
        assert!(shown[1].contains("`bought` is no model"));
        assert!(shown[2].contains("needs the key `when` or `differ`"));
    }
}
