//! `CloudZero` `CostFormation`. A grouping dimension is a dimension; an allocation is a pool.
//!
//! Sources, read 2026-11-21: <https://docs.cloudzero.com/docs/cfdl-reference>,
//! <https://docs.cloudzero.com/docs/dimension-patterns>,
//! <https://docs.cloudzero.com/docs/allocation-short-form-rules>, and the documentation of
//! `CloudZero`'s library at <https://github.com/Cloudzero/cloudzero-costformation>.
//!
//! Order: rules are asked from the first; conditions in one list are alternatives. What a condition
//! does not say of its source, its rule says, and else its dimension.

mod allocation;
mod ask;
mod origin;

use std::collections::{HashMap, HashSet};

use crate::diagnostics::{Code, Finding, Place, Span};

use super::condition::{Condition, Test};
use super::draft::{Dimension, Draft, Entry, Value};
use super::tree::{Kind, Tree};
use super::{Options, Source, yaml};
use origin::Origin;

/// Dimensions that ask each other in a chain.
const CHAIN: usize = 60;

/// Why something is not written, and where in the source it stands.
type Wrong = (Span, String);

pub(super) fn import(
    sources: &[Source],
    options: &Options,
    draft: &mut Draft,
) -> Result<(), Vec<Finding>> {
    let (mut findings, mut definitions) = (Vec::new(), Vec::new());
    for source in sources {
        match yaml::parse(&source.path, &source.text) {
            Ok(root) => match definitions_of(&root, draft) {
                found if found.is_empty() => findings.push(nothing(source)),
                found => definitions.extend(found),
            },
            Err(finding) => findings.push(finding),
        }
    }
    if !findings.is_empty() {
        return Err(findings);
    }
    draft.head.extend(HEAD.iter().map(|line| (*line).to_owned()));
    let mut first = HashMap::new();
    for (index, (id, tree)) in definitions.iter().enumerate() {
        if first.contains_key(id) {
            let why = "there is another dimension of that id in the source";
            draft.write_otherwise(&tree.span, format!("the dimension `{id}`"), why);
        } else {
            first.insert(id.clone(), index);
        }
    }
    let states = vec![State::Waiting; definitions.len()];
    let (helpers, told) = (HashMap::new(), HashSet::new());
    let mut formation = Formation {
        definitions: &definitions,
        first,
        states,
        chain: 0,
        helpers,
        told,
        options,
        draft,
    };
    for index in 0..definitions.len() {
        formation.make(index);
    }
    Ok(())
}

const HEAD: [&str; 2] = [
    "Each grouping dimension is a dimension. `Service` is the column `x_ServiceCode`, which AWS' reports have; dimensions",
    "named `cz_…` stand for sources with transforms, whose values are trimmed.",
];

fn nothing(source: &Source) -> Finding {
    let message = "the file has no `Dimensions`";
    Finding::new(Code::ImportBroken, message).at(Place::File(source.path.as_str().into()))
}

/// Dimensions by their ids, which are keys, or stand under `Id` in a list.
fn definitions_of(root: &Tree, draft: &mut Draft) -> Vec<(String, Tree)> {
    draft.tell_unread(root, &["Dimensions"], "the file");
    let Some(found) = root.get("Dimensions") else { return Vec::new() };
    if let Kind::List(items) = &found.kind {
        let named = items.iter().filter_map(|item| Some((item.scalar_of("Id")?.to_owned(), item)));
        return named.map(|(id, item)| (id, item.clone())).collect();
    }
    found.entries().iter().map(|(key, tree)| (key.text.clone(), tree.clone())).collect()
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    InTheMaking,
    /// The dimension's name, or why it has none.
    Made(Result<String, String>),
}

/// The dimensions of an import, made on demand.
struct Formation<'a> {
    definitions: &'a [(String, Tree)],
    first: HashMap<String, usize>,
    states: Vec<State>,
    chain: usize,
    /// Dimensions that stand for sources with transforms, by what they do.
    helpers: HashMap<String, String>,
    /// What was told once for the whole import.
    told: HashSet<&'static str>,
    options: &'a Options,
    draft: &'a mut Draft,
}

impl Formation<'_> {
    /// Tells something of the whole import at its first place.
    fn tell_once(&mut self, span: &Span, what: &'static str, why: &str) {
        if self.told.insert(what) {
            self.draft.write_otherwise(span, what, why);
        }
    }

    /// The dimension that another one names, made first where it is not yet.
    fn dimension_of(&mut self, id: &str) -> Result<String, String> {
        let Some(index) = self.first.get(id).copied() else {
            return Err(format!("the dimension `{id}` is not among the imported ones"));
        };
        if self.states[index] == State::Waiting && self.chain < CHAIN {
            self.make(index);
        }
        match &self.states[index] {
            State::Made(Ok(name)) => Ok(name.clone()),
            State::Made(Err(why)) => Err(format!("the dimension `{id}` is not written: {why}")),
            _ => Err(format!("the dimension `{id}` depends on this one in turn")),
        }
    }

    fn make(&mut self, index: usize) {
        if self.states[index] != State::Waiting {
            return;
        }
        self.states[index] = State::InTheMaking;
        self.chain += 1;
        let (id, tree) = &self.definitions[index];
        let made = match tree.scalar_of("Type").unwrap_or("Grouping") {
            _ if tree.get("Disable").is_some_and(Tree::is_true) => Err("it is disabled".to_owned()),
            "Grouping" => self.grouping(id, tree),
            "Allocation" => Err(self.allocation(id, tree)),
            other => Err(format!("the type `{other}` is not known")),
        };
        if let Err(why) = &made
            && why != allocation::IS_A_POOL
        {
            self.draft.leave_out(&tree.span, format!("the dimension `{id}`"), why);
        }
        self.chain -= 1;
        self.states[index] = State::Made(made);
    }

    fn grouping(&mut self, id: &str, tree: &Tree) -> Result<String, String> {
        const KNOWN: [&str; 15] = [
            "Id",
            "Name",
            "Type",
            "DefaultValue",
            "Child",
            "Hide",
            "Disable",
            "Source",
            "Sources",
            "CoalesceSources",
            "Transforms",
            "Rules",
            "Override",
            "Description",
            "Namespace",
        ];
        let what = format!("`{id}`");
        self.draft.tell_unread(tree, &KNOWN, &what);
        if let Some(found) = tree.get("Override") {
            let why = "it takes the place of a dimension of CloudZero's own, which costbook does not have; it is one of its own here";
            self.draft.write_otherwise(&found.span, format!("`Override` of {what}"), why);
        }
        let title = tree.scalar_of("Name").unwrap_or(id);
        let origin = Origin::of(tree);
        let mut dimension = Dimension::new(String::new(), title);
        dimension.notes.push(format!("Dimension `{id}`, {}", tree.span));
        let rules = tree.get("Rules").map(Tree::items).unwrap_or_default();
        for (number, rule) in (1..).zip(rules) {
            let what = format!("rule {number} of `{id}`");
            let entries = self.rule(rule, &origin, &what);
            dimension.entries.extend(entries);
        }
        if let Some(found) = tree.get("DefaultValue") {
            dimension.default = found.scalar().map(str::to_owned);
        }
        dimension.detail = !tree.get("Hide").is_some_and(Tree::is_true);
        if dimension.is_empty() {
            return Err("none of its rules can be written".to_owned());
        }
        dimension.name = self.draft.dimension_name(id);
        let name = dimension.name.clone();
        self.draft.dimensions.push(dimension);
        Ok(name)
    }

    fn rule(&mut self, tree: &Tree, inherited: &Origin, what: &str) -> Vec<Entry> {
        const KNOWN: [&str; 10] = [
            "Type",
            "Name",
            "Conditions",
            "Source",
            "Sources",
            "CoalesceSources",
            "Transforms",
            "Format",
            "Values",
            "Description",
        ];
        self.draft.tell_unread(tree, &KNOWN, what);
        let origin = Origin::of(tree).or(inherited);
        let made = match tree.scalar_of("Type") {
            Some("Group") => self.group(tree, &origin, what),
            Some("GroupBy") => self.group_by(tree, &origin, what),
            Some("Metadata") => self.metadata(tree, &origin, what),
            Some(other) => {
                Err((tree.span.clone(), format!("the rule type `{other}` is not known")))
            }
            None => Err((tree.span.clone(), "it names no rule type".to_owned())),
        };
        let pairs = made.unwrap_or_else(|(span, why)| {
            let why = format!("{why}; charges that it would take go on to the rules after it");
            self.draft.leave_out(&span, what, &why);
            Vec::new()
        });
        if pairs.is_empty() {
            return vec![Entry::Gap(format!("{what}, {}: left out", tree.span))];
        }
        let note = format!("{what}, {}", tree.span);
        let rule = |(when, value)| Entry::Rule { note: note.clone(), when, value };
        pairs.into_iter().map(rule).collect()
    }

    fn group(
        &mut self,
        tree: &Tree,
        origin: &Origin,
        what: &str,
    ) -> Result<Vec<(Condition, Value)>, Wrong> {
        let name = tree.scalar_of("Name").filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| (tree.span.clone(), "it has no name".to_owned()))?;
        let conditions = tree.get("Conditions");
        let conditions =
            conditions.ok_or_else(|| (tree.span.clone(), "it has no conditions".to_owned()))?;
        let when = self.any_of(conditions, origin, what)?.simple();
        if when == Condition::Never {
            return Err((conditions.span.clone(), "it can never match".to_owned()));
        }
        Ok(vec![(when, Value::Text(name.to_owned()))])
    }

    /// The conditions of a rule that takes its values from the bill; always where it has none.
    fn gate(&mut self, tree: &Tree, origin: &Origin, what: &str) -> Result<Condition, Wrong> {
        let Some(conditions) = tree.get("Conditions") else { return Ok(Condition::Always) };
        if conditions.items().len() > 1 {
            let why = "its conditions are taken for alternatives, as those of a Group are";
            self.draft.write_otherwise(&conditions.span, what, why);
        }
        self.any_of(conditions, origin, what).map(Condition::simple)
    }

    fn group_by(
        &mut self,
        tree: &Tree,
        origin: &Origin,
        what: &str,
    ) -> Result<Vec<(Condition, Value)>, Wrong> {
        if let Some(format) = tree.get("Format").filter(|format| format.scalar() != Some("{0}")) {
            return Err((format.span.clone(), "it puts values together by a format".to_owned()));
        }
        let when = self.gate(tree, origin, what)?;
        if when == Condition::Never {
            return Err((tree.span.clone(), "it can never match".to_owned()));
        }
        let fields = self.fields_of(origin, &tree.span, what)?;
        if fields.len() > 1 && !origin.coalesces {
            let why = "it groups by several sources at once without `CoalesceSources`";
            return Err((tree.span.clone(), why.to_owned()));
        }
        Ok(fields.into_iter().map(|field| (when.clone(), Value::From(field))).collect())
    }

    /// Values that are looked for within the source; the first that is found names the element.
    fn metadata(
        &mut self,
        tree: &Tree,
        origin: &Origin,
        what: &str,
    ) -> Result<Vec<(Condition, Value)>, Wrong> {
        let gate = self.gate(tree, origin, what)?;
        let fields = self.fields_of(origin, &tree.span, what)?;
        if tree.get("Format").is_some_and(|format| format.scalar() != Some("{0}")) {
            return Err((tree.span.clone(), "it puts values together by a format".to_owned()));
        }
        let why = "its values are looked for whatever their case, and signs between words as they are written";
        self.tell_once(&tree.span, "a rule of the type Metadata", why);
        let mut pairs = Vec::new();
        for value in tree.get("Values").map(Tree::items).unwrap_or_default() {
            let (name, parts): (&str, Vec<String>) = match value.entries() {
                [(key, parts)] => {
                    let parts = parts.items().iter().filter_map(Tree::scalar);
                    (&key.text, parts.map(str::to_owned).collect())
                }
                _ => match value.scalar() {
                    Some(text) => (text, vec![text.to_owned()]),
                    None => return Err((value.span.clone(), "a value is no text".to_owned())),
                },
            };
            let asked = fields
                .iter()
                .map(|field| Condition::ask_folded(field, Test::Contains(parts.clone())));
            let when = Condition::All(vec![gate.clone(), Condition::Any(asked.collect())]).simple();
            if when != Condition::Never {
                pairs.push((when, Value::Text(name.to_owned())));
            }
        }
        Ok(pairs)
    }
}
