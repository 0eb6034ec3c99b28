//! AWS Cost Categories. A category is a dimension; a split charge rule is a pool.
//!
//! Sources, read 2026-11-21: `CreateCostCategoryDefinition`, `DescribeCostCategoryDefinition`,
//! `CostCategoryRule`, `Expression` and `CostCategorySplitChargeRule` in
//! <https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/>, and
//! <https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/manage-cost-categories.html>.
//!
//! Order: rules are asked from the first, and the first that matches decides; a category that is
//! asked by another one stands before it. A category holds from its effective start.

mod expression;
mod split;

pub(super) use split::{even, whole};

use std::collections::HashMap;

use chrono::NaiveDate;

use crate::diagnostics::{Code, Finding, Place, Span};

use super::condition::{Condition, Test};
use super::draft::{Dimension, Draft, Entry, Value};
use super::tree::{Kind, Tree};
use super::{Options, Source, json};

/// Categories that ask each other in a chain; more is no structure that anybody keeps.
const CHAIN: usize = 60;

/// Reads answers of the API, or requests to it: one category, or a list of them.
pub(super) fn import(
    sources: &[Source],
    options: &Options,
    draft: &mut Draft,
) -> Result<(), Vec<Finding>> {
    let mut findings = Vec::new();
    let mut trees = Vec::new();
    for source in sources {
        match json::parse(&source.path, &source.text) {
            Ok(tree) => trees.push(tree),
            Err(finding) => findings.push(finding),
        }
    }
    let mut categories = Vec::new();
    for tree in trees.iter().flat_map(Tree::items) {
        let category = tree.get("CostCategory").unwrap_or(tree);
        if category.get("Name").is_some() && category.get("Rules").is_some() {
            categories.push(category.clone());
        } else {
            findings.push(no_category(tree));
        }
    }
    if !findings.is_empty() {
        return Err(findings);
    }
    add_categories(&categories, options, draft);
    Ok(())
}

fn no_category(tree: &Tree) -> Finding {
    let message = "this is no definition of a cost category: it has no `Name` or no `Rules`";
    let help = "export it with `aws ce describe-cost-category-definition`";
    let finding = Finding::new(Code::ImportBroken, message).help(help);
    finding.at(Place::Text(tree.span.clone()))
}

/// Adds categories, each as the API writes it.
pub(super) fn add_categories(trees: &[Tree], options: &Options, draft: &mut Draft) {
    let names = trees.iter().enumerate();
    let by_name = names.filter_map(|(index, tree)| Some((tree.scalar_of("Name")?, index)));
    // Of a name that stands twice the first is meant by others; the second is told.
    let mut first: HashMap<&str, usize> = HashMap::new();
    for (name, index) in by_name {
        if first.contains_key(name) {
            let why = "there is another category of that name in the source";
            draft.write_otherwise(&trees[index].span, format!("the category `{name}`"), why);
        } else {
            first.insert(name, index);
        }
    }
    draft.head.extend(HEAD.iter().map(|line| (*line).to_owned()));
    let states = vec![State::Waiting; trees.len()];
    let mut categories = Categories { trees, first, states, chain: 0, options, draft };
    for index in 0..trees.len() {
        categories.make(index);
    }
}

const HEAD: [&str; 3] = [
    "Each cost category is a dimension. Service codes, usage types, line item types and billing entities are the columns",
    "`x_ServiceCode`, `x_UsageType`, `x_LineItemType` and `x_BillingEntity` of AWS' reports; a FOCUS export of AWS has the",
    "first two only.",
];

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    InTheMaking,
    /// The dimension's name; `None` where nothing of the category could be written.
    Made(Option<String>),
}

/// The categories of an import, made on demand.
struct Categories<'a> {
    trees: &'a [Tree],
    first: HashMap<&'a str, usize>,
    states: Vec<State>,
    chain: usize,
    options: &'a Options,
    draft: &'a mut Draft,
}

/// The days on which a category holds.
#[derive(Clone, Copy, Debug, Default)]
struct Effective {
    from: Option<NaiveDate>,
    /// The first day that is out.
    to: Option<NaiveDate>,
}

impl Effective {
    fn limits(self, when: Condition) -> Condition {
        let day = "charge_period_start";
        let mut parts = Vec::new();
        parts.extend(self.from.map(|from| Condition::ask(day, Test::After(from))));
        parts.extend(self.to.map(|to| Condition::ask(day, Test::Before(to))));
        parts.push(when);
        Condition::All(parts).simple()
    }
}

impl Categories<'_> {
    /// The dimension of another category, made first where it is not yet.
    fn dimension_of(&mut self, name: &str) -> Result<String, String> {
        let Some(index) = self.first.get(name).copied() else {
            return Err(format!("the category `{name}` is not among the imported ones"));
        };
        if self.states[index] == State::Waiting && self.chain < CHAIN {
            self.make(index);
        }
        match &self.states[index] {
            State::Made(Some(name)) => Ok(name.clone()),
            State::Made(None) => Err(format!("nothing of the category `{name}` is written")),
            _ => Err(format!("the category `{name}` depends on this one in turn")),
        }
    }

    fn make(&mut self, index: usize) {
        if self.states[index] != State::Waiting {
            return;
        }
        self.states[index] = State::InTheMaking;
        self.chain += 1;
        let name = self.category(index);
        self.chain -= 1;
        self.states[index] = State::Made(name);
    }

    fn category(&mut self, index: usize) -> Option<String> {
        const KNOWN: [&str; 12] = [
            "Name",
            "CostCategoryArn",
            "Rules",
            "RuleVersion",
            "DefaultValue",
            "EffectiveStart",
            "EffectiveEnd",
            "SplitChargeRules",
            "ProcessingStatus",
            "ResourceTags",
            "Tags",
            "Arn",
        ];
        let tree = &self.trees[index];
        let title = tree.scalar_of("Name").unwrap_or("cost category").to_owned();
        let what = format!("`{title}`");
        self.draft.tell_unread(tree, &KNOWN, &what);
        self.tell_version(tree, &what);
        let effective = self.effective(tree, &what);
        let rules = tree.get("Rules").map(Tree::items).unwrap_or_default();
        let mut entries = Vec::new();
        for (number, rule) in (1..).zip(rules) {
            let what = format!("rule {number} of `{title}`");
            entries.push(self.rule(rule, &what, effective));
        }
        let mut dimension = Dimension::new(String::new(), &title);
        dimension.notes.push(format!("Cost category `{title}`, {}", tree.span));
        dimension.entries = entries;
        self.add_default(tree, effective, &mut dimension);
        if dimension.is_empty() {
            let why = "none of its rules can be written";
            self.draft.leave_out(&tree.span, format!("the category `{title}`"), why);
            return None;
        }
        dimension.name = self.draft.dimension_name(&title);
        let name = dimension.name.clone();
        self.draft.dimensions.push(dimension);
        let splits = tree.get("SplitChargeRules").map(Tree::items).unwrap_or_default();
        split::add(splits, &title, &name, self.options.as_owners, self.draft);
        Some(name)
    }

    fn tell_version(&mut self, tree: &Tree, what: &str) {
        let version = tree.get("RuleVersion");
        if let Some(version) = version
            && version.scalar() != Some("CostCategoryExpression.v1")
        {
            let why = "only the rule version `CostCategoryExpression.v1` is known; the rules are read as that";
            self.draft.write_otherwise(&version.span, format!("the rule version of {what}"), why);
        }
    }

    fn effective(&mut self, tree: &Tree, what: &str) -> Effective {
        let mut day = |key: &str| {
            let found = tree.get(key)?;
            let day = found.scalar().and_then(midnight);
            if day.is_none() {
                let why = "it is no midnight of UTC, such as 2026-10-01T00:00:00Z; without it the rules hold on all days";
                self.draft.leave_out(&found.span, format!("`{key}` of {what}"), why);
            }
            day
        };
        Effective { from: day("EffectiveStart"), to: day("EffectiveEnd") }
    }

    fn rule(&mut self, tree: &Tree, what: &str, effective: Effective) -> Entry {
        self.draft.tell_unread(tree, &["Value", "Rule", "Type", "InheritedValue"], what);
        match self.rule_parts(tree, what) {
            Ok((when, value)) => match effective.limits(when).simple() {
                Condition::Never => {
                    let why = "it can never match";
                    self.gap(&tree.span, what, why)
                }
                when => Entry::Rule { note: format!("{what}, {}", tree.span), when, value },
            },
            Err((span, why)) => self.gap(&span, what, &why),
        }
    }

    fn gap(&mut self, span: &Span, what: &str, why: &str) -> Entry {
        let why = format!("{why}; charges that it would take go on to the rules after it");
        self.draft.leave_out(span, what, &why);
        Entry::Gap(format!("{what}, {span}: left out, {why}"))
    }

    fn rule_parts(
        &mut self,
        tree: &Tree,
        what: &str,
    ) -> Result<(Condition, Value), (Span, String)> {
        let here = |why: String| (tree.span.clone(), why);
        if let Kind::Unknown(text) = &tree.kind {
            return Err(here(format!("`{text}` is worked out elsewhere")));
        }
        let when = match tree.get("Rule") {
            Some(rule) => Some(self.expression(rule, what)?),
            None => None,
        };
        match tree.scalar_of("Type").unwrap_or("REGULAR") {
            "REGULAR" => {
                let value = tree.get("Value").ok_or_else(|| here("it has no value".into()))?;
                let text = value.scalar().filter(|text| !text.is_empty());
                let text = text.ok_or_else(|| {
                    (value.span.clone(), format!("its value is {}", value.noun()))
                })?;
                let when = when.ok_or_else(|| here("it has no condition".into()))?;
                Ok((when, Value::Text(text.to_owned())))
            }
            "INHERITED_VALUE" => {
                let inherited = tree.get("InheritedValue");
                let inherited =
                    inherited.ok_or_else(|| here("nothing says what it inherits".into()))?;
                let known = ["DimensionName", "DimensionKey"];
                self.draft.tell_unread(inherited, &known, what);
                let field = inherited_field(inherited)?;
                Ok((when.unwrap_or(Condition::Always), Value::From(field)))
            }
            other => Err(here(format!("the rule type `{other}` is not known"))),
        }
    }

    /// A default that holds on some days only is the last rule.
    fn add_default(&mut self, tree: &Tree, effective: Effective, dimension: &mut Dimension) {
        let Some(found) = tree.get("DefaultValue") else { return };
        let what = format!("the default value of `{}`", dimension.title);
        let Some(text) = found.scalar().filter(|text| !text.is_empty()) else {
            let why = format!("it is {}", found.noun());
            self.draft.leave_out(&found.span, what, why);
            return;
        };
        match effective.limits(Condition::Always) {
            Condition::Always => dimension.default = Some(text.to_owned()),
            when => {
                let note = format!("{what}, {}", found.span);
                let value = Value::Text(text.to_owned());
                dimension.entries.push(Entry::Rule { note, when, value });
            }
        }
    }
}

fn inherited_field(tree: &Tree) -> Result<String, (Span, String)> {
    let here = |why: String| Err((tree.span.clone(), why));
    match (tree.scalar_of("DimensionName"), tree.scalar_of("DimensionKey")) {
        (Some("TAG"), Some(key)) if !key.is_empty() => Ok(format!("tag.{key}")),
        (Some("TAG"), _) => here("it inherits a tag without a key".into()),
        (Some("LINKED_ACCOUNT_NAME"), _) => Ok("sub_account_name".to_owned()),
        (Some(other), _) => here(format!("it inherits `{other}`, which is not known")),
        (None, _) => here("nothing says what it inherits".into()),
    }
}

/// The day of a time at midnight of UTC.
fn midnight(text: &str) -> Option<NaiveDate> {
    let (day, time) = text.split_once('T')?;
    let is_midnight = matches!(time, "00:00:00Z" | "00:00:00+00:00");
    NaiveDate::parse_from_str(day, "%Y-%m-%d").ok().filter(|_| is_midnight)
}
