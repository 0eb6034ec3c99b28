//! Cloudability business mappings. A business dimension is a dimension.
//!
//! Sources, read 2026-11-21: "Business Mappings End Point", "Structure of a Business Mapping",
//! "Business Mapping Expression Language" and "Multiple Rules Working Together" in
//! <https://www.ibm.com/docs/en/cloudability-commercial/cloudability-standard/saas>.
//!
//! Order: statements are asked from the first; a mapping that another one asks stands before it,
//! whatever its index. Texts are compared whatever their case.

mod condition;
mod parse;

use std::collections::{HashMap, HashSet};

use crate::diagnostics::{Code, Finding, Place, Span};

use super::condition::{Condition, Test};
use super::draft::{Dimension, Draft, Entry, Value};
use super::tree::Tree;
use super::{Source, json};
use parse::{Expression, Slot};

/// Mappings that ask each other in a chain.
const CHAIN: usize = 60;

pub(super) fn import(sources: &[Source], draft: &mut Draft) -> Result<(), Vec<Finding>> {
    let (mut findings, mut mappings) = (Vec::new(), Vec::new());
    for source in sources {
        match json::parse(&source.path, &source.text) {
            Ok(root) => {
                for mapping in root.get("result").unwrap_or(&root).items() {
                    if mapping.get("name").is_some() && mapping.get("statements").is_some() {
                        mappings.push(mapping.clone());
                    } else {
                        findings.push(no_mapping(mapping));
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
    let mut first = HashMap::new();
    for (index, mapping) in mappings.iter().enumerate() {
        // Names are asked whatever their case.
        let name = mapping.scalar_of("name").unwrap_or_default().to_lowercase();
        first.entry(name).or_insert(index);
    }
    let states = vec![State::Waiting; mappings.len()];
    let (helpers, told) = (HashMap::new(), HashSet::new());
    let mut all = Mappings { trees: &mappings, first, states, chain: 0, helpers, told, draft };
    for index in 0..mappings.len() {
        all.make(index);
    }
    Ok(())
}

const HEAD: [&str; 2] = [
    "Each business dimension is a dimension. Texts are compared whatever their case, as in Cloudability; keys of tags are",
    "asked as they are written.",
];

fn no_mapping(tree: &Tree) -> Finding {
    let message = "this is no business mapping: it has no `name` or no `statements`";
    let help = "export the answer of the API `business-mappings`";
    Finding::new(Code::ImportBroken, message).help(help).at(Place::Text(tree.span.clone()))
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    InTheMaking,
    Made(Option<String>),
}

/// The mappings of an import, made on demand.
struct Mappings<'a> {
    trees: &'a [Tree],
    first: HashMap<String, usize>,
    states: Vec<State>,
    chain: usize,
    /// Dimensions that hold a field in one case.
    helpers: HashMap<String, String>,
    told: HashSet<String>,
    draft: &'a mut Draft,
}

impl Mappings<'_> {
    fn dimension_of(&mut self, name: &str) -> Result<String, String> {
        let Some(index) = self.first.get(&name.to_lowercase()).copied() else {
            return Err(format!("the business dimension `{name}` is not among the imported ones"));
        };
        if self.states[index] == State::Waiting && self.chain < CHAIN {
            self.make(index);
        }
        match &self.states[index] {
            State::Made(Some(name)) => Ok(name.clone()),
            State::Made(None) => Err(format!("nothing of `{name}` is written")),
            _ => Err(format!("the business dimension `{name}` depends on this one in turn")),
        }
    }

    fn make(&mut self, index: usize) {
        if self.states[index] != State::Waiting {
            return;
        }
        self.states[index] = State::InTheMaking;
        self.chain += 1;
        let name = self.mapping(index);
        self.chain -= 1;
        self.states[index] = State::Made(name);
    }

    fn mapping(&mut self, index: usize) -> Option<String> {
        const KNOWN: [&str; 11] = [
            "name",
            "kind",
            "index",
            "defaultValue",
            "statements",
            "updatedAt",
            "createdAt",
            "id",
            "lastUpdatedById",
            "isStale",
            "preMatchExpression",
        ];
        let tree = &self.trees[index];
        let title = tree.scalar_of("name").unwrap_or("mapping").to_owned();
        let what = format!("the mapping `{title}`");
        let kind = tree.scalar_of("kind").unwrap_or("BUSINESS_DIMENSION");
        if kind != "BUSINESS_DIMENSION" {
            let why = format!("it is a {kind}: costbook does not compute measures of one's own");
            self.draft.leave_out(&tree.span, what, why);
            return None;
        }
        self.draft.tell_unread(tree, &KNOWN, &what);
        if let Some(found) = tree.get("preMatchExpression").filter(|e| e.scalar() != Some("")) {
            self.draft.leave_out(
                &found.span,
                format!("`preMatchExpression` of {what}"),
                "it is not known here",
            );
        }
        let mut dimension = Dimension::new(String::new(), &title);
        dimension.notes.push(format!("Business dimension `{title}`, {}", tree.span));
        let statements = tree.get("statements").map(Tree::items).unwrap_or_default();
        for (number, statement) in (1..).zip(statements) {
            let what = format!("statement {number} of `{title}`");
            dimension.entries.push(self.statement(statement, &what));
        }
        dimension.default =
            tree.scalar_of("defaultValue").filter(|t| !t.is_empty()).map(str::to_owned);
        if dimension.is_empty() {
            self.draft.leave_out(&tree.span, what, "none of its statements can be written");
            return None;
        }
        dimension.name = self.draft.dimension_name(&title);
        let name = dimension.name.clone();
        self.draft.dimensions.push(dimension);
        Some(name)
    }

    fn statement(&mut self, tree: &Tree, what: &str) -> Entry {
        self.draft.tell_unread(tree, &["matchExpression", "valueExpression"], what);
        match self.parts(tree, what) {
            Ok((when, value)) => {
                Entry::Rule { note: format!("{what}, {}", tree.span), when, value }
            }
            Err((span, why)) => {
                let why =
                    format!("{why}; charges that it would take go on to the statements after it");
                self.draft.leave_out(&span, what, &why);
                Entry::Gap(format!("{what}, {span}: left out, {why}"))
            }
        }
    }

    fn parts(&mut self, tree: &Tree, what: &str) -> Result<(Condition, Value), (Span, String)> {
        let read = |key: &str| {
            let found =
                tree.get(key).ok_or_else(|| (tree.span.clone(), format!("it has no `{key}`")))?;
            let text = found.scalar().unwrap_or_default();
            let parsed = parse::parse(text).map_err(|why| (found.span.clone(), why))?;
            Ok((parsed, found.span.clone()))
        };
        let (asked, asked_at) = read("matchExpression")?;
        let (valued, valued_at) = read("valueExpression")?;
        let when =
            self.condition(&asked, &asked_at, what).map_err(|why| (asked_at.clone(), why))?;
        let when = when.simple();
        if when == Condition::Never {
            return Err((asked_at, "it can never match".to_owned()));
        }
        let value = self.value(&valued, &valued_at).map_err(|why| (valued_at.clone(), why))?;
        if let (Value::From(field), Expression::Field(slot, key)) = (&value, &valued)
            && !when.needs(field)
            && *slot != Slot::BusinessDimension
        {
            let why = format!("where `{key}` has no value, the statements after it are asked");
            self.draft.write_otherwise(&valued_at, what, why);
        }
        Ok((when, value))
    }

    fn value(&mut self, expression: &Expression, span: &Span) -> Result<Value, String> {
        match expression {
            Expression::Text(text) if text.is_empty() => Err("its value is empty".to_owned()),
            Expression::Text(text) => Ok(Value::Text(text.clone())),
            Expression::Field(slot, key) => self.field(*slot, key, span).map(Value::From),
            Expression::Cased(case, inner) => match &**inner {
                Expression::Field(slot, key) => {
                    let field = self.field(*slot, key, span)?;
                    Ok(Value::From(self.helper(&field, case)))
                }
                _ => Err("it changes the case of something that is no field".to_owned()),
            },
            Expression::Joined(parts) => {
                let texts = parts.iter().map(|part| match part {
                    Expression::Text(text) => Some(text.as_str()),
                    _ => None,
                });
                let texts: Option<String> = texts.collect();
                let texts = texts.map(Value::Text);
                texts.ok_or_else(|| "costbook does not put values of fields together".to_owned())
            }
            Expression::Replaced => {
                Err("costbook does not take values apart (`REPLACE`)".to_owned())
            }
            _ => Err("it is no value that costbook can have".to_owned()),
        }
    }

    fn helper(&mut self, field: &str, case: &'static str) -> String {
        let key = format!("{field} {case}");
        if let Some(name) = self.helpers.get(&key) {
            return name.clone();
        }
        let name = self.draft.dimension_name(&key);
        let mut dimension = Dimension::new(name.clone(), &key);
        dimension.notes.push(format!("{field} in {case} case"));
        dimension.from = vec![field.to_owned()];
        dimension.case = Some(case);
        dimension.detail = false;
        self.draft.dimensions.push(dimension);
        self.helpers.insert(key, name.clone());
        name
    }

    fn field(&mut self, slot: Slot, key: &str, span: &Span) -> Result<String, String> {
        match slot {
            Slot::Tag => Ok(format!("tag.{key}")),
            Slot::BusinessDimension => self.dimension_of(key),
            Slot::Dimension => self.column(key, span),
            Slot::Metric => condition::metric(key),
            Slot::Other => Err(format!("`{key}` stands in Cloudability only")),
        }
    }

    fn column(&mut self, key: &str, span: &Span) -> Result<String, String> {
        let name = key.to_lowercase();
        let found = condition::COLUMNS.iter().find(|(known, _, _)| *known == name);
        let (_, field, note) =
            found.ok_or_else(|| format!("costbook has no column for the dimension `{key}`"))?;
        if !note.is_empty() && self.told.insert(name) {
            self.draft.write_otherwise(span, format!("the dimension `{key}`"), *note);
        }
        Ok((*field).to_owned())
    }

    fn exists(field: &str) -> Condition {
        Condition::ask(field, Test::HasText)
    }
}
