//! From rule files to a [`RuleSet`]: names resolved, order fixed, everything wrong reported.
//!
//! Order:
//! 1. texts, in the order of their paths, become nodes and nodes become raw declarations, so that
//!    what a file is called, not how it was listed, decides which rule comes first;
//! 2. all names are gathered before any is looked up, because a rule may use what a later file
//!    declares;
//! 3. dimensions come before conditions over them, and each sees only those before it, so that
//!    none can depend on itself;
//! 4. pools and rules before policies, stages and tests, which name them; the rules of policies
//!    come before all others, because a policy holds whatever else is said.

mod dimension;
mod example;
mod outcome;
mod policy;
mod pool;
mod raw;
mod stage;

use std::collections::{BTreeMap, HashMap};

use crate::diagnostics::{Code, Finding, Span};
use crate::domain::Org;

use super::fields::{Askable, Fields, USUAL_JOINS};
use super::limits;
use super::model::{Field, FieldId, List, RuleSet};
use super::names::{COST_CENTERS, DeclaredList, Names};
use super::node::{self, Key, Node};
use super::shipped;
use super::sink::Sink;
use raw::RawRules;

/// The keys of a rule file.
pub(super) use raw::KEYS;

/// A rule file: the name that findings and explanations give it, and its text.
#[derive(Clone, Debug)]
pub struct RuleText {
    pub path: String,
    pub text: String,
}

/// What of the project the rules may name.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// Cost centers; owners are checked against them unless there are none.
    pub org: &'a Org,
    pub entities: &'a [Entity],
    /// Driver tables that pools may be split by.
    pub drivers: &'a [DriverScope],
}

/// A driver table: its name, and the fields that its scope columns speak of.
#[derive(Clone, Debug)]
pub struct DriverScope {
    pub name: String,
    pub scope: Vec<String>,
}

/// A metadata table: its entity, its columns, and the field that holds its id where that is not
/// the usual one.
#[derive(Clone, Debug)]
pub struct Entity {
    pub name: String,
    pub attributes: Vec<String>,
    pub join: Option<(String, Span)>,
}

/// Compiles the rules of a project. Without any `components` in the files, the shipped ones hold.
///
/// # Errors
/// Everything that is wrong with the files.
pub fn compile(files: &[RuleText], scope: &Scope<'_>) -> Result<RuleSet, Vec<Finding>> {
    let mut sink = Sink::default();
    let roots = read_nodes(files, &mut sink);
    let mut raw = RawRules::default();
    for root in &roots {
        raw.read(root, &mut sink);
    }
    let shipped = shipped_components(&raw, &mut sink);
    if let Some(root) = &shipped {
        raw.read(root, &mut sink);
    }
    let rules = link(&raw, scope, &mut sink);
    sink.finish(Some(rules))
}

fn read_nodes(files: &[RuleText], sink: &mut Sink) -> Vec<Node> {
    let mut sorted: Vec<&RuleText> = files.iter().collect();
    sorted.sort_by(|a, b| a.path.cmp(&b.path));
    sorted.iter().filter_map(|file| node::parse(&file.path, &file.text, sink)).collect()
}

fn shipped_components(raw: &RawRules<'_>, sink: &mut Sink) -> Option<Node> {
    let (path, text) = shipped::components();
    raw.components.is_empty().then(|| node::parse(path, text, sink)).flatten()
}

/// Resolves all names. What cannot be resolved is reported, and then the result is not used.
fn link(raw: &RawRules<'_>, scope: &Scope<'_>, sink: &mut Sink) -> RuleSet {
    if !names_are_few(raw, sink) {
        return RuleSet::default();
    }
    let announced = raw.dimensions.iter().map(|found| found.name.text.clone()).collect();
    let fields = Fields::new(Askable::Everything(scope.entities), announced);
    let mut names = Names::new(fields, gather_lists(raw, sink), scope.org);
    let mut rules = RuleSet { joins: link_joins(&mut names.fields, sink), ..RuleSet::default() };
    dimension::link(raw, &mut names, &mut rules, sink);
    pool::link(raw, scope, &mut names, &mut rules, sink);
    outcome::link(raw, &mut names, &mut rules, sink);
    let policies = policy::link(raw, &mut names, &mut rules, sink);
    rules.stages = stage::link(raw, &policies, &rules, sink);
    rules.tests = example::link(raw, &mut names, &rules, sink);
    let (fields, lists) = names.into_parts();
    rules.fields = fields;
    rules.lists = lists.iter().map(list).collect();
    rules
}

/// What is left of a list once conditions have their texts.
fn list(declared: &DeclaredList) -> List {
    let days = declared.members.iter().flat_map(|m| [m.valid.from(), m.valid.to()]).flatten();
    List {
        name: declared.name.text.clone(),
        span: declared.name.span.clone(),
        is_used: declared.is_used,
        change_days: days.collect(),
    }
}

/// Reports each name that a kind of thing has twice; `false` where there are too many to go on.
fn names_are_few(raw: &RawRules<'_>, sink: &mut Sink) -> bool {
    let kinds: [(&str, Vec<&Key>); 4] = [
        ("list", raw.lists.iter().map(|found| found.name).collect()),
        ("dimension", raw.dimensions.iter().map(|found| found.name).collect()),
        ("pool", raw.pools.iter().map(|found| found.name).collect()),
        ("rule", raw.classify.iter().filter_map(|found| found.name.as_ref()).collect()),
    ];
    let mut are_few = true;
    for (kind, found) in kinds {
        let mut first: HashMap<&str, &Key> = HashMap::new();
        for name in &found {
            if let Some(earlier) = first.get(name.text.as_str()) {
                let message = format!("there is another {kind} named `{}`", name.text);
                let help = format!("the first is at {}", earlier.span);
                sink.report_with_help(Code::DuplicateName, &name.span, message, help);
            } else {
                first.insert(name.text.as_str(), name);
            }
        }
        if let Some(name) = found.get(limits::DECLARATIONS) {
            let message = format!("a project has at most {} of a kind", limits::DECLARATIONS);
            sink.report(Code::InvalidValue, &name.span, message);
            are_few = false;
        }
    }
    are_few
}

fn gather_lists(raw: &RawRules<'_>, sink: &mut Sink) -> BTreeMap<String, DeclaredList> {
    let mut lists = BTreeMap::new();
    for list in &raw.lists {
        if list.name.text == COST_CENTERS {
            let message = format!("`{COST_CENTERS}` is the list of the project's cost centers");
            sink.report(Code::DuplicateName, &list.name.span, message);
        }
        lists.entry(list.name.text.clone()).or_insert_with(|| DeclaredList {
            name: list.name.clone(),
            members: list.values.clone(),
            is_used: false,
        });
    }
    lists
}

/// For each metadata entity the field that holds its id.
fn link_joins(fields: &mut Fields<'_>, sink: &mut Sink) -> BTreeMap<String, FieldId> {
    let mut joins = BTreeMap::new();
    for entity in fields.entities() {
        let usual = USUAL_JOINS.iter().find(|(name, _)| *name == entity.name);
        let Some(name) = join_name(entity, usual.map(|(_, field)| *field)) else {
            let message = format!("nothing says which field holds the id of `{}`", entity.name);
            sink.keep(Finding::new(Code::MissingKey, message));
            continue;
        };
        if fields.is_announced(&name.text) {
            let message = format!("the dimension `{}` cannot be joined by", name.text);
            let help = "metadata is looked up before dimensions are; name a column or a tag";
            sink.report_with_help(Code::InvalidValue, &name.span, message, help);
        } else if let Some(id) = fields.resolve(&name, sink) {
            joins.insert(entity.name.clone(), id);
            refuse_circle(entity, &name, &joins, fields, sink);
        }
    }
    joins
}

fn join_name(entity: &Entity, usual: Option<&str>) -> Option<Key> {
    if let Some((text, span)) = &entity.join {
        return Some(Key { text: text.clone(), span: span.clone() });
    }
    let span = Span { path: entity.name.as_str().into(), line: 1, column: 1, length: 1 };
    usual.map(|text| Key { text: text.to_owned(), span })
}

/// An entity whose id is an attribute of itself, by however many steps, can never be joined.
fn refuse_circle(
    entity: &Entity,
    name: &Key,
    joins: &BTreeMap<String, FieldId>,
    fields: &Fields<'_>,
    sink: &mut Sink,
) {
    let mut steps = vec![entity.name.clone()];
    while let Some(id) = steps.last().and_then(|last| joins.get(last)) {
        let Some(Field::Metadata { entity: next, .. }) = fields.get(*id) else { return };
        let is_back = *next == entity.name;
        steps.push(next.clone());
        if is_back {
            let message = format!("the joins go round in a circle: {}", steps.join(" → "));
            sink.report(Code::InvalidValue, &name.span, message);
            return;
        }
        if steps.len() > joins.len() + 1 {
            return;
        }
    }
}

#[cfg(test)]
mod tests;
