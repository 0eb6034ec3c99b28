//! `AWS::CE::CostCategory` in templates of `CloudFormation`, in YAML or JSON.
//!
//! Source, read 2026-11-21: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ce-costcategory.html>.
//! `Rules` and `SplitChargeRules` are texts that hold the API's JSON. Functions of the template are
//! worked out where the template alone decides them; a parameter stands for its default.

use crate::diagnostics::{Code, Finding, Place, Span};

use super::draft::Draft;
use super::tree::{Key, Kind, Tree};
use super::{Options, Source, aws, json, yaml};

const RESOURCE: &str = "AWS::CE::CostCategory";

pub(super) fn import(
    sources: &[Source],
    options: &Options,
    draft: &mut Draft,
) -> Result<(), Vec<Finding>> {
    let (mut findings, mut categories) = (Vec::new(), Vec::new());
    for source in sources {
        match template(source) {
            Ok(root) => match resources(&root, draft) {
                Ok(found) if found.is_empty() => findings.push(nothing(source)),
                Ok(found) => categories.extend(found),
                Err(finding) => findings.push(finding),
            },
            Err(finding) => findings.push(finding),
        }
    }
    if !findings.is_empty() {
        return Err(findings);
    }
    aws::add_categories(&categories, options, draft);
    Ok(())
}

fn nothing(source: &Source) -> Finding {
    let message = format!("the template has no resource of the type `{RESOURCE}`");
    Finding::new(Code::ImportBroken, message).at(Place::File(source.path.as_str().into()))
}

fn template(source: &Source) -> Result<Tree, Finding> {
    let is_json = source.text.trim_start_matches('\u{feff}').trim_start().starts_with('{');
    let parse = if is_json { json::parse } else { yaml::parse };
    parse(&source.path, &source.text)
}

fn resources(root: &Tree, draft: &mut Draft) -> Result<Vec<Tree>, Finding> {
    let mut found = Vec::new();
    for (name, resource) in root.get("Resources").map(Tree::entries).unwrap_or_default() {
        if resource.scalar_of("Type") != Some(RESOURCE) {
            continue;
        }
        if let Some(condition) = resource.get("Condition") {
            let why = "whether the resource exists is not looked at; it is written";
            let what = format!("the condition of the resource `{}`", name.text);
            draft.write_otherwise(&condition.span, what, why);
        }
        let mut solver = Solver { root, draft, name: &name.text };
        found.push(solver.category(resource)?);
    }
    Ok(found)
}

/// Marks what stays unknown within a text, so that it is found again in the values of its JSON.
const UNKNOWN: char = '\u{f8ff}';

struct Solver<'a> {
    root: &'a Tree,
    draft: &'a mut Draft,
    name: &'a str,
}

impl Solver<'_> {
    fn category(&mut self, resource: &Tree) -> Result<Tree, Finding> {
        let mut entries = Vec::new();
        for (key, value) in resource.get("Properties").map(Tree::entries).unwrap_or_default() {
            let mut value = self.deep(value);
            if matches!(key.text.as_str(), "Rules" | "SplitChargeRules") {
                value = embedded(&value)?;
            }
            entries.push((key.clone(), marked(&value)));
        }
        let has_name =
            entries.iter().any(|(key, tree)| key.text == "Name" && tree.scalar().is_some());
        if !has_name {
            let why = format!("it is not written out; `{}` stands for it", self.name);
            let what = format!("the name of the resource `{}`", self.name);
            self.draft.write_otherwise(&resource.span, what, why);
            entries.retain(|(key, _)| key.text != "Name");
            let span = resource.span.clone();
            let key = Key { text: "Name".to_owned(), span: span.clone() };
            entries.push((key, Tree::text(self.name, span)));
        }
        Ok(Tree::new(Kind::Map(entries), resource.span.clone()))
    }

    /// A value with all functions within it worked out.
    fn deep(&mut self, tree: &Tree) -> Tree {
        let tree = self.solved(tree);
        let kind = match &tree.kind {
            Kind::List(items) => Kind::List(items.iter().map(|item| self.deep(item)).collect()),
            Kind::Map(entries) => {
                let entries = entries.iter();
                Kind::Map(entries.map(|(key, value)| (key.clone(), self.deep(value))).collect())
            }
            kind => kind.clone(),
        };
        Tree::new(kind, tree.span)
    }

    /// The value of a function, as far as the template alone decides it.
    fn solved(&mut self, tree: &Tree) -> Tree {
        let [(function, argument)] = tree.entries() else { return tree.clone() };
        let span = argument.span.clone();
        match function.text.as_str() {
            "Ref" => {
                let name = argument.scalar().unwrap_or_default();
                Tree::text(self.reference(name, &span), span)
            }
            "Fn::Sub" => {
                let (text, own) = match argument.items() {
                    [text] => (text, None),
                    [text, own] => (text, Some(own)),
                    _ => return tree.clone(),
                };
                let span = text.span.clone();
                let made = self.substituted(text.scalar().unwrap_or_default(), own, &span);
                let is_by_line = matches!(text.kind, Kind::Lines(_));
                Tree::new(if is_by_line { Kind::Lines(made) } else { Kind::Text(made) }, span)
            }
            "Fn::Join" => {
                let [between, parts] = argument.items() else { return tree.clone() };
                let parts = parts.items().iter().map(|part| self.solved(part));
                let parts: Option<Vec<String>> =
                    parts.map(|part| part.scalar().map(str::to_owned)).collect();
                match (between.scalar(), parts) {
                    (Some(between), Some(parts)) => Tree::text(parts.join(between), span),
                    _ => unknown("Fn::Join", span),
                }
            }
            // What it holds is the JSON that it becomes.
            "Fn::ToJsonString" => argument.clone(),
            name if name.starts_with("Fn::") => unknown(name, span),
            _ => tree.clone(),
        }
    }

    /// The default of a parameter, or a mark with the name.
    fn reference(&mut self, name: &str, span: &Span) -> String {
        let parameter = self.root.get("Parameters").and_then(|parameters| parameters.get(name));
        let Some(default) = parameter.and_then(|found| found.scalar_of("Default")) else {
            return format!("{UNKNOWN}{name}{UNKNOWN}");
        };
        let why = format!("its default `{default}` stands for it");
        self.draft.write_otherwise(span, format!("the parameter `{name}`"), why);
        default.to_owned()
    }

    fn substituted(&mut self, text: &str, own: Option<&Tree>, span: &Span) -> String {
        let mut made = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, behind)) = after.split_once('}') else { break };
            made.push_str(before);
            if let Some(literal) = name.strip_prefix('!') {
                made.extend(["${", literal, "}"]);
            } else {
                let given = own.and_then(|own| own.get(name)).map(|given| self.solved(given));
                match given.as_ref().and_then(Tree::scalar) {
                    Some(given) => made.push_str(given),
                    None => made.push_str(&self.reference(name, span)),
                }
            }
            rest = behind;
        }
        made.push_str(rest);
        made
    }
}

fn unknown(name: &str, span: Span) -> Tree {
    Tree::new(Kind::Unknown(name.to_owned()), span)
}

/// The JSON that a text holds. Where its lines are the template's, places are told line by line.
fn embedded(tree: &Tree) -> Result<Tree, Finding> {
    let start = &tree.span;
    let (text, is_by_line) = match &tree.kind {
        Kind::Lines(text) => (text, true),
        Kind::Text(text) => (text, false),
        _ => return Ok(tree.clone()),
    };
    let moved = |span: &Span| {
        if !is_by_line {
            return start.clone();
        }
        let (line, column) = (start.line + span.line - 1, span.column + start.column - 1);
        Span { line, column, ..span.clone() }
    };
    json::parse(&start.path, text).map(|tree| relocated(&tree, &moved)).map_err(|finding| {
        let place = match &finding.place {
            Some(Place::Text(span)) => Some(Place::Text(moved(span))),
            other => other.clone(),
        };
        Finding { place, ..finding }
    })
}

fn relocated(tree: &Tree, moved: &impl Fn(&Span) -> Span) -> Tree {
    let kind = match &tree.kind {
        Kind::List(items) => Kind::List(items.iter().map(|item| relocated(item, moved)).collect()),
        Kind::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| {
                let key = Key { text: key.text.clone(), span: moved(&key.span) };
                (key, relocated(value, moved))
            });
            Kind::Map(entries.collect())
        }
        kind => kind.clone(),
    };
    Tree::new(kind, moved(&tree.span))
}

/// Texts that hold something unknown are unknown as a whole.
fn marked(tree: &Tree) -> Tree {
    let kind = match &tree.kind {
        Kind::Text(text) | Kind::Lines(text) if text.contains(UNKNOWN) => {
            let mut is_name = false;
            let shown: String = text
                .chars()
                .map(|letter| {
                    if letter != UNKNOWN {
                        return letter.to_string();
                    }
                    is_name = !is_name;
                    if is_name { "${".to_owned() } else { "}".to_owned() }
                })
                .collect();
            Kind::Unknown(shown)
        }
        Kind::List(items) => Kind::List(items.iter().map(marked).collect()),
        Kind::Map(entries) => {
            let entries = entries.iter();
            Kind::Map(entries.map(|(key, value)| (key.clone(), marked(value))).collect())
        }
        kind => kind.clone(),
    };
    Tree::new(kind, tree.span.clone())
}
