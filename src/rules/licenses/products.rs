//! How products are recognised: raw names and SKUs → publisher, product, edition.
//!
//! Order: the project's own rules before those that costbook ships; among these a SKU, then an exact
//! name, then a pattern, the one with most letters of its own first. Two rules that come out at the
//! same place and mean different products are a tie, which is the user's to decide.

use std::sync::Arc;

use chrono::NaiveDate;

use super::source::SOURCE_KEYS;
use crate::diagnostics::{Finding, Place};
use crate::domain::DateRange;
use crate::rules::RuleText;
use crate::rules::decode::{Mapping, is_name, read_valid, some_items, word, words};
use crate::rules::node::{Key, Node};
use crate::rules::pattern::{Glob, glob};
use crate::rules::shape::{KeyShape, Shape, VALID_KEYS, key, needed};
use crate::rules::sink::Sink;

/// A product and what is taken for it.
#[derive(Clone, Debug)]
pub struct ProductRule {
    pub publisher: Option<Arc<str>>,
    pub name: Arc<str>,
    /// Without one the edition is as the row tells it.
    pub edition: Option<Arc<str>>,
    /// The metric of rights that name none.
    pub metric: Option<Arc<str>>,
    pub valid: DateRange,
    /// Other names of the publisher, in lower case.
    pub publishers: Vec<String>,
    pub patterns: Vec<ProductPattern>,
    /// In lower case.
    pub skus: Vec<String>,
    pub is_own: bool,
    pub place: Place,
}

/// A name that is taken for a product, whatever its case.
#[derive(Clone, Debug)]
pub enum ProductPattern {
    /// In lower case.
    Exact(String),
    /// With the number of its letters that stand for themselves.
    Glob(Glob, usize),
}

/// A product as a row names it.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    pub publisher: Option<&'a str>,
    pub product: &'a str,
    pub edition: Option<&'a str>,
    pub sku: Option<&'a str>,
    pub day: NaiveDate,
}

/// All rules, of the project and shipped.
#[derive(Clone, Debug, Default)]
pub struct ProductRules {
    rules: Vec<ProductRule>,
}

/// How well a rule fits, the best last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Fit {
    is_own: bool,
    /// Whether it is a SKU, or an exact name.
    way: Way,
    /// Letters that stand for themselves.
    letters: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Pattern,
    Exact,
    Sku,
}

pub(in crate::rules) const PRODUCT_KEYS: &[KeyShape] = &[
    key("publisher", Shape::Text),
    key("publishers", Shape::Texts),
    needed("product", Shape::Text),
    key("edition", Shape::Text),
    key("metric", Shape::Text),
    key("names", Shape::Texts),
    key("skus", Shape::Texts),
    key("valid", Shape::Map(VALID_KEYS)),
    key("source", Shape::List(&Shape::Map(SOURCE_KEYS))),
];

impl ProductRules {
    /// What costbook ships, behind rules of the project.
    #[must_use]
    pub fn with_shipped(own: Vec<ProductRule>) -> Self {
        let mut rules = own;
        let RuleText { path, text } = crate::rules::shipped::license_rule("products/usual.yaml");
        // Tests hold the shipped text to be sound.
        rules.extend(Self::parse(&path, &text).unwrap_or_default());
        Self { rules }
    }

    /// Rules of the project's own table before these.
    #[must_use]
    pub fn behind(self, own: Vec<ProductRule>) -> Self {
        Self { rules: own.into_iter().chain(self.rules).collect() }
    }

    /// These rules alone.
    #[must_use]
    pub fn new(rules: Vec<ProductRule>) -> Self {
        Self { rules }
    }

    /// Reads the products of a license rule file.
    ///
    /// # Errors
    /// Everything that is wrong with the file.
    pub fn parse(path: &str, text: &str) -> Result<Vec<ProductRule>, Vec<Finding>> {
        let file = RuleText { path: path.into(), text: text.into() };
        super::LicenseRules::read(&[file], &[]).map(|rules| rules.products.rules)
    }

    /// Adds what one of the files says.
    pub(super) fn add(&mut self, file: &Mapping<'_>, is_own: bool, sink: &mut Sink) {
        let found = file.get("products").and_then(|node| read_products(node, is_own, sink));
        self.rules.extend(found.unwrap_or_default());
    }

    /// The rule that recognises a row's product; `None` where none does.
    ///
    /// # Errors
    /// Two rules that fit alike and mean different products.
    pub fn find(&self, named: &Named<'_>) -> Result<Option<&ProductRule>, [&ProductRule; 2]> {
        let mut best: Option<(Fit, &ProductRule)> = None;
        let mut tie = None;
        for rule in &self.rules {
            let Some(fit) = rule.fit(named) else { continue };
            match best {
                Some((known, _)) if known > fit => {}
                Some((known, first)) if known == fit => {
                    if !rule.means_the_same(first) {
                        tie = Some([first, rule]);
                    }
                }
                _ => {
                    best = Some((fit, rule));
                    tie = None;
                }
            }
        }
        tie.map_or(Ok(best.map(|(_, rule)| rule)), Err)
    }

    #[must_use]
    pub fn rules(&self) -> &[ProductRule] {
        &self.rules
    }
}

impl ProductRule {
    /// A rule of a table: names are exact, or patterns where they hold `*`, `?`, `[` or `{`.
    ///
    /// # Errors
    /// A pattern that is none, in words.
    pub fn new(
        product: (Option<&str>, &str, Option<&str>),
        names: &[&str],
        skus: &[&str],
        place: Place,
    ) -> Result<Self, String> {
        let (publisher, name, edition) = product;
        let patterns: Result<Vec<ProductPattern>, String> =
            names.iter().map(|name| ProductPattern::new(name)).collect();
        Ok(Self {
            publisher: publisher.map(Into::into),
            name: name.into(),
            edition: edition.map(Into::into),
            metric: None,
            valid: DateRange::ALWAYS,
            publishers: Vec::new(),
            patterns: patterns?,
            skus: skus.iter().map(|sku| sku.to_lowercase()).collect(),
            is_own: true,
            place,
        })
    }

    fn means_the_same(&self, other: &Self) -> bool {
        (&self.publisher, &self.name, &self.edition)
            == (&other.publisher, &other.name, &other.edition)
    }

    fn fit(&self, named: &Named<'_>) -> Option<Fit> {
        if !self.valid.contains(named.day) || !self.is_of(named.publisher) {
            return None;
        }
        let fit = |way, letters| Some(Fit { is_own: self.is_own, way, letters });
        if let Some(sku) = named.sku.map(str::to_lowercase)
            && self.skus.contains(&sku)
        {
            return fit(Way::Sku, sku.len());
        }
        let product = named.product.to_lowercase();
        if self.skus.contains(&product) {
            return fit(Way::Sku, product.len());
        }
        let whole = named.edition.map(|edition| format!("{product} {}", edition.to_lowercase()));
        let texts = [whole.as_deref(), Some(product.as_str())];
        let fits = texts.into_iter().flatten().filter_map(|text| self.fit_of_name(text));
        let (way, letters) = fits.max()?;
        fit(way, letters)
    }

    /// Its own name is a name of it too.
    fn fit_of_name(&self, text: &str) -> Option<(Way, usize)> {
        let own = self.name.to_lowercase();
        let is_own_name = match &self.edition {
            None => text == own,
            Some(edition) => text == format!("{own} {}", edition.to_lowercase()),
        };
        let named = self.patterns.iter().filter_map(|pattern| match pattern {
            ProductPattern::Exact(name) => (name == text).then_some((Way::Exact, name.len())),
            ProductPattern::Glob(glob, letters) => {
                glob.is_match(text).then_some((Way::Pattern, *letters))
            }
        });
        named.chain(is_own_name.then_some((Way::Exact, text.len()))).max()
    }

    /// Whether a row of that publisher may be of it; a row without one may be anybody's.
    fn is_of(&self, publisher: Option<&str>) -> bool {
        let (Some(own), Some(told)) = (&self.publisher, publisher) else { return true };
        let told = told.to_lowercase();
        own.to_lowercase() == told || self.publishers.contains(&told)
    }
}

impl ProductPattern {
    fn new(text: &str) -> Result<Self, String> {
        let mut sink = Sink::default();
        let span = crate::diagnostics::Span { path: "".into(), line: 1, column: 1, length: 1 };
        let found = Self::read(&Key { text: text.to_owned(), span }, &mut sink);
        let found = sink.finish(found);
        found.map_err(|found| found.into_iter().map(|finding| finding.message).collect())
    }

    fn read(name: &Key, sink: &mut Sink) -> Option<Self> {
        let text = name.text.trim();
        if !text.contains(['*', '?', '[', '{']) {
            return Some(Self::Exact(text.to_lowercase()));
        }
        let letters = text.chars().filter(|letter| letter.is_alphanumeric()).count();
        Some(Self::Glob(glob(name, true, sink)?, letters))
    }
}

/// The key `products` of a license rule file.
pub(in crate::rules) fn read_products(
    node: &Node,
    is_own: bool,
    sink: &mut Sink,
) -> Option<Vec<ProductRule>> {
    let nodes = some_items(node, "`products`", sink)?;
    let found: Vec<ProductRule> =
        nodes.iter().filter_map(|node| read_rule(node, is_own, sink)).collect();
    (found.len() == nodes.len()).then_some(found)
}

fn read_rule(node: &Node, is_own: bool, sink: &mut Sink) -> Option<ProductRule> {
    let map = Mapping::read(node, "a product", PRODUCT_KEYS, sink)?;
    let before = sink.count();
    let product = map.need("product", sink).and_then(|node| word(node, "`product`", sink));
    let product = product.filter(|name| is_name(name, "a product", sink));
    let one = |key: &str, sink: &mut Sink| -> Option<Arc<str>> {
        let found = word(map.get(key)?, &format!("`{key}`"), sink)?;
        is_name(&found, "a name", sink).then(|| found.text.into())
    };
    let several = |key: &str, sink: &mut Sink| -> Vec<Key> {
        let found = map.get(key).and_then(|node| words(node, &format!("`{key}`"), sink));
        found.unwrap_or_default()
    };
    let lower = |keys: Vec<Key>| keys.into_iter().map(|key| key.text.to_lowercase()).collect();
    let (publisher, edition) = (one("publisher", sink), one("edition", sink));
    let metric = one("metric", sink);
    let names = several("names", sink);
    let patterns = names.iter().filter_map(|name| ProductPattern::read(name, sink)).collect();
    let (publishers, skus) = (lower(several("publishers", sink)), lower(several("skus", sink)));
    let valid = match map.get("valid") {
        Some(node) => read_valid(node, "the product", sink),
        None => Some(DateRange::ALWAYS),
    };
    let (product, valid) = (product?, valid?);
    (sink.count() == before).then(|| ProductRule {
        publisher,
        name: product.text.into(),
        edition,
        metric,
        valid,
        publishers,
        patterns,
        skus,
        is_own,
        place: Place::Text(node.span.clone()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(own: &str, shipped: &str) -> ProductRules {
        let read = |path: &str, text: &str| {
            ProductRules::parse(path, &format!("products:\n{text}")).unwrap()
        };
        let mut rules = read("p.yaml", own);
        rules.extend(read("shipped:p.yaml", shipped));
        ProductRules::new(rules)
    }

    fn found(rules: &ProductRules, publisher: Option<&str>, product: &str, day: &str) -> String {
        let day = day.parse().unwrap();
        let named = Named { publisher, product, edition: None, sku: None, day };
        match rules.find(&named) {
            Ok(None) => "-".to_owned(),
            Ok(Some(rule)) => [Some(&rule.name), rule.edition.as_ref()]
                .into_iter()
                .flatten()
                .map(|text| &**text)
                .collect::<Vec<_>>()
                .join("/"),
            Err([one, two]) => format!("tie {} {}", one.place, two.place),
        }
    }

    #[test]
    fn own_goes_before_shipped_exact_before_pattern_and_the_most_specific_first() {
        let rules = rules(
            "  - { product: House, names: [ \"SQL Server Std*\" ] }\n",
            "  - { publisher: Microsoft, product: SQL, names: \"SQL Server*\" }\n\
             \x20 - { publisher: Microsoft, product: SQL, edition: Enterprise, names: \"SQL Server*Enterprise*\" }\n\
             \x20 - { publisher: Microsoft, product: Express, names: \"SQL Server Express Enterprise\" }\n\
             \x20 - { publisher: Microsoft, product: Sku, skus: [ 7JQ-00343 ] }\n",
        );
        for (raw, expected) in [
            ("SQL Server Std 2022", "House"),
            ("SQL Server 2022 ENTERPRISE Core", "SQL/Enterprise"),
            ("sql server express enterprise", "Express"),
            ("SQL Server 2019", "SQL"),
            ("7jq-00343", "Sku"),
            ("sql enterprise", "SQL/Enterprise"),
            ("MySQL Server", "-"),
        ] {
            assert_eq!(found(&rules, None, raw, "2026-10-31"), expected, "{raw}");
        }
        assert_eq!(found(&rules, Some("Oracle"), "SQL Server 2019", "2026-10-31"), "-");
    }

    #[test]
    fn dates_decide_and_ties_are_refused() {
        let rules = rules(
            "  - { product: Old, names: X, valid: { to: 2026-01-01 } }\n\
             \x20 - { product: New, names: X, valid: { from: 2026-01-01 } }\n\
             \x20 - { product: Newer, names: X, valid: { from: 2026-06-01 } }\n\
             \x20 - { product: New, names: x, valid: { from: 2026-03-01 } }\n",
            "  - { product: Shipped, names: X }\n",
        );
        assert_eq!(found(&rules, None, "X", "2025-12-31"), "Old");
        assert_eq!(found(&rules, None, "X", "2026-04-01"), "New");
        assert_eq!(found(&rules, None, "X", "2026-06-01"), "tie p.yaml:3:7 p.yaml:4:7");
    }

    #[test]
    fn what_is_shipped_is_sound_and_no_two_rules_mean_two_products_by_one_name() {
        let rules = ProductRules::with_shipped(Vec::new());
        assert!(rules.rules().len() > 60);
        let day = "2026-11-30".parse().unwrap();
        for rule in rules.rules() {
            let names = rule.patterns.iter().filter_map(|pattern| match pattern {
                ProductPattern::Exact(name) => Some(name.clone()),
                ProductPattern::Glob(..) => None,
            });
            let own = [Some(&rule.name), rule.edition.as_ref()];
            let own: Vec<&str> = own.into_iter().flatten().map(|text| &**text).collect();
            for name in names.chain(rule.skus.clone()).chain([own.join(" ")]) {
                let publisher = rule.publisher.as_deref();
                let named = Named { publisher, product: &name, edition: None, sku: None, day };
                let hit = rules.find(&named).unwrap_or_else(|[one, two]| {
                    panic!("`{name}` is of two: {} and {}", one.place, two.place)
                });
                assert!(hit.unwrap().means_the_same(rule), "{name}: {}", rule.place);
            }
        }
    }
}
