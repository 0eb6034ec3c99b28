//! Licenses as they are declared: which tables tell what is owned and used, how products are
//! recognised, and license rule files: metrics as data, and the tables that they look up.
//!
//! ```text
//! LicensesDecl        `licenses:` of the project file
//!   InputDecl         tables of one kind, and how their columns become ours
//!   ChargeRule        which rights are charged to the month, and how
//! ProductRules        raw names and SKUs → products, dated
//! CloudFacts          which license a charge of a cloud bill pays for, or brings
//! LicenseRules        all rule files, read together
//!   Metric            what is counted, and for which products
//!     Version         the terms of some days, with their source
//!       ReadingRule   one way to read them: parameters and steps
//!         Step        a verb of a closed set
//!           Expr      exact arithmetic over the fields of a row
//!     Example         rows, and what must come of them in each reading
//!   Table             facts that steps look up
//! ```
//!
//! Order: tables of all files before metrics of any, because a metric may look up a table of another
//! file; interpretations after the reading that they are like.
//!
//! Owns keys, shapes, names and dates; what a step does to rows is the room `licenses`'s. A
//! `LicenseRules` holds no name that leads nowhere, no two versions of one day, and no reading that
//! leans on itself.

mod askable;
mod charges;
mod cloud;
mod duties;
mod example;
mod expression;
mod fields;
mod figures;
mod formats;
mod holidays;
mod inputs;
mod kinds;
mod lexer;
mod matching;
mod metric;
mod number;
mod plans;
mod policies;
#[cfg(test)]
mod policies_tests;
mod products;
mod project;
mod read_metric;
mod read_step;
mod selector;
mod silence;
mod source;
mod step;
mod table;
#[cfg(test)]
mod tests;
mod thresholds;
mod valuation;

use std::sync::Arc;

use crate::diagnostics::{Code, Finding, Span};

use super::RuleText;
use super::decode::Mapping;
use super::node::{self, Kind, Node};
use super::shape::{KeyShape, Shape, key};
use super::sink::Sink;

pub use charges::{
    BilledIn, ChargeRule, ChargeTerms, ChargeWhat, Charged, LICENSE_SOURCE, PriceFor, RightAsked,
    RightKey,
};
pub use cloud::{CloudAsk, CloudFact, CloudRule, CloudRules, LicenseModel};
pub use duties::{DutyRules, duty_rules, shipped_duties};
pub use example::{Example, ExampleRow, Expected};
pub use expression::{Expr, Function, Operator};
pub use fields::{CONTRACT_KINDS, FieldType, InputField, InputKind, LICENSE_KINDS, USE_RIGHTS};
#[cfg(test)]
pub(crate) use formats::shipped_format_examples;
pub use holidays::HolidayDecl;
pub use inputs::{CellSpelling, ColumnFrom, EndDay, InputColumn, InputDecl, OnBadRow, PricePer};
pub use kinds::WarningKind;
pub use matching::{
    EditionLadder, Excuse, ExcuseKind, MatchingRules, NeededRight, ProductName, Reassignment,
    Reserve, Solver, Suite, WholeHost,
};
pub use metric::{CountedProduct, Metric, Param, ReadingRule, Version};
pub use number::number;
pub use plans::{Plan, PlanName};
pub use policies::{LicensePolicies, shipped_policies};
pub use products::{Named, ProductPattern, ProductRule, ProductRules};
pub use project::LicensesDecl;
pub(super) use project::{KEYS as PROJECT_KEYS, read_licenses};
pub use selector::{Aspect, Selector};
pub use silence::SilenceRule;
pub use source::Source;
pub use step::{
    Aggregate, Drop, Every, Factor, How, Keep, Lone, Pipeline, RoundMode, RowKind, SameTime, Scope,
    Step, Tier, TierMode, Verb, WidenTo, Window,
};
pub use table::{Answer, Asked, ColumnKind, Table};
pub use thresholds::{Budget, ForecastMethod, Growth, ThresholdRule};
pub use valuation::{
    AuditTerms, HouseRounding, Offer, OveruseKind, OverusePolicy, PriceBasis, Prorate,
    ValuationRules,
};

/// What license rule files declare.
#[derive(Clone, Debug, Default)]
pub struct LicenseRules {
    /// By name.
    pub metrics: Vec<Metric>,
    /// By name.
    pub tables: Vec<Table>,
    pub products: ProductRules,
    pub policies: LicensePolicies,
    pub duties: DutyRules,
}

pub(super) const KEYS: &[KeyShape] = &[
    key("source", Shape::List(&Shape::Map(source::SOURCE_KEYS))),
    key("tables", Shape::Identified { dash: true, shape: &Shape::Map(table::TABLE_KEYS) }),
    key("metrics", Shape::Identified { dash: true, shape: &Shape::Map(read_metric::METRIC_KEYS) }),
    key("products", Shape::List(&Shape::Map(products::PRODUCT_KEYS))),
    LicensePolicies::KEYS[0],
    LicensePolicies::KEYS[1],
    DutyRules::KEYS[0],
    DutyRules::KEYS[1],
    DutyRules::KEYS[2],
];

impl LicenseRules {
    /// Reads rule files, and the files of tables that they name, as [`LicenseRules::table_paths`]
    /// tells them. A metric or table of the project stands in for a shipped one of its name.
    ///
    /// # Errors
    /// Everything that is wrong with any of them.
    pub fn read(files: &[RuleText], tables: &[RuleText]) -> Result<Self, Vec<Finding>> {
        let mut sink = Sink::default();
        let roots: Vec<Node> = files
            .iter()
            .filter_map(|file| node::parse(&file.path, &file.text, &mut sink))
            .collect();
        let maps: Vec<Mapping<'_>> = roots
            .iter()
            .filter(|root| !matches!(root.kind, Kind::Null))
            .filter_map(|root| Mapping::read(root, "a license rule file", KEYS, &mut sink))
            .collect();
        let mut found = table::Tables::default();
        for node in maps.iter().filter_map(|map| map.get("tables")) {
            table::read_tables(node, tables, &mut found, &mut sink);
        }
        let name = |table: &Table| (Arc::clone(&table.name), table.span.clone());
        keep_own(&mut found.found, "tables", name, &mut sink);
        let mut metrics = Vec::new();
        for node in maps.iter().filter_map(|map| map.get("metrics")) {
            metrics.extend(read_metric::read_metrics(node, &found, &mut sink));
        }
        let name = |metric: &Metric| (Arc::clone(&metric.name), metric.span.clone());
        keep_own(&mut metrics, "metrics", name, &mut sink);
        let mut rules = Self { metrics, tables: found.found, ..Self::default() };
        rules.add_policies(&roots, &maps, &mut sink);
        sink.finish(Some(rules))
    }

    /// The project's products and duties stand before shipped ones; of policies with one value, the
    /// project's holds.
    fn add_policies(&mut self, roots: &[Node], maps: &[Mapping<'_>], sink: &mut Sink) {
        let roots = roots.iter().filter(|root| !matches!(root.kind, Kind::Null));
        let files = roots.map(|root| !is_shipped(&root.span)).zip(maps);
        let (own, shipped): (Vec<_>, Vec<_>) = files.partition(|(is_own, _)| *is_own);
        for (is_own, file) in own.iter().chain(&shipped) {
            self.products.add(file, *is_own, sink);
            self.duties.add(file, sink);
        }
        for (_, file) in shipped.iter().chain(&own) {
            self.policies.add(file, sink);
        }
        self.duties.check(sink);
    }

    /// What costbook brings along.
    ///
    /// # Errors
    /// None, as a test of the project holds.
    pub fn shipped() -> Result<Self, Vec<Finding>> {
        let (files, tables) = super::shipped::license_rules();
        Self::read(&files, &tables)
    }

    /// Paths of the tables that rule files name, each once, in order. What is wrong with a file is
    /// told by [`LicenseRules::read`].
    #[must_use]
    pub fn table_paths(files: &[RuleText]) -> Vec<String> {
        let mut sink = Sink::default();
        let mut found = Vec::new();
        for file in files {
            let Some(root) = node::parse(&file.path, &file.text, &mut sink) else { continue };
            let Kind::Map(keys) = &root.kind else { continue };
            let tables = keys.iter().filter(|(key, _)| key.text == "tables");
            for (_, node) in tables.filter_map(|(_, node)| entries_of(node)).flatten() {
                let file = entries_of(node).into_iter().flatten();
                let file = file.filter(|(key, _)| key.text == "file");
                found.extend(file.filter_map(|(_, node)| match &node.kind {
                    Kind::Scalar(text) => Some(table::beside(&node.span.path, text)),
                    _ => None,
                }));
            }
        }
        found.sort();
        found.dedup();
        found
    }

    #[must_use]
    pub fn metric(&self, name: &str) -> Option<&Metric> {
        self.metrics.iter().find(|metric| *metric.name == *name)
    }

    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| *table.name == *name)
    }
}

fn entries_of(node: &Node) -> Option<&[(node::Key, Node)]> {
    match &node.kind {
        Kind::Map(entries) => Some(entries),
        _ => None,
    }
}

fn is_shipped(span: &Span) -> bool {
    span.path.starts_with("shipped:")
}

/// Sorts by name. Of a shipped one and one of the project's own, the own stays; two of one side are
/// one too many.
fn keep_own<T>(
    found: &mut Vec<T>,
    what: &str,
    name: impl Fn(&T) -> (Arc<str>, Span),
    sink: &mut Sink,
) {
    found.sort_by_cached_key(|one| {
        let (name, span) = name(one);
        (name, is_shipped(&span), span)
    });
    for pair in found.windows(2) {
        let ((one, first), (two, second)) = (name(&pair[0]), name(&pair[1]));
        if one == two && is_shipped(&first) == is_shipped(&second) {
            let message = format!("two {what} have the name `{one}`; the other is at {first}");
            sink.report(Code::DuplicateName, &second, message);
        }
    }
    found.dedup_by(|later, kept| name(later).0 == name(kept).0);
}
