//! `aws_ce_cost_category` of Terraform's AWS provider, in HCL or in JSON.
//!
//! Source, read 2026-11-21: <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/ce_cost_category>.
//! Names and blocks are brought into the API's form, and understood there.

use std::collections::HashMap;

use crate::diagnostics::{Code, Finding, Place};

use super::draft::Draft;
use super::tree::{Key, Kind, Tree};
use super::{Options, Source, aws, hcl, json};

const RESOURCE: &str = "aws_ce_cost_category";

pub(super) fn import(
    sources: &[Source],
    options: &Options,
    draft: &mut Draft,
) -> Result<(), Vec<Finding>> {
    let (mut findings, mut categories) = (Vec::new(), Vec::new());
    for source in sources {
        match resources(source) {
            Ok(found) if found.is_empty() => findings.push(nothing(source)),
            Ok(found) => categories.extend(found),
            Err(finding) => findings.push(finding),
        }
    }
    if !findings.is_empty() {
        return Err(findings);
    }
    let categories: Vec<Tree> =
        categories.iter().map(|resource| category(resource, draft)).collect();
    aws::add_categories(&categories, options, draft);
    Ok(())
}

fn nothing(source: &Source) -> Finding {
    let message = format!("the file has no resource `{RESOURCE}`");
    Finding::new(Code::ImportBroken, message).at(Place::File(source.path.as_str().into()))
}

fn resources(source: &Source) -> Result<Vec<Tree>, Finding> {
    if source.text.trim_start_matches('\u{feff}').trim_start().starts_with('{') {
        let root = json::parse(&source.path, &source.text)?;
        return Ok(json_resources(&root));
    }
    Ok(hcl::File::parse(&source.path, &source.text)?.resources(RESOURCE))
}

/// Resources of Terraform's JSON syntax, their templates worked out.
fn json_resources(root: &Tree) -> Vec<Tree> {
    let mut known: HashMap<String, Tree> = HashMap::new();
    for locals in root.get("locals").map(Tree::items).unwrap_or_default() {
        for (key, value) in locals.entries() {
            known.insert(format!("local.{}", key.text), value.clone());
        }
    }
    let mut found = Vec::new();
    for resource in root.get("resource").map(Tree::items).unwrap_or_default() {
        for kinds in resource.get(RESOURCE).map(Tree::items).unwrap_or_default() {
            for (name, bodies) in kinds.entries() {
                for body in bodies.items() {
                    if let Some(title) = body.get("name") {
                        known.insert(format!("{RESOURCE}.{}.name", name.text), title.clone());
                    }
                    found.push((name.clone(), body.clone()));
                }
            }
        }
    }
    let resolve = |(name, body): (Key, Tree)| {
        let mut body = resolved(&body, &known);
        if let Kind::Map(entries) = &mut body.kind {
            let key = Key { text: "(name)".to_owned(), span: name.span.clone() };
            entries.push((key, Tree::text(name.text, name.span)));
        }
        body
    };
    found.into_iter().map(resolve).collect()
}

fn resolved(tree: &Tree, known: &HashMap<String, Tree>) -> Tree {
    let kind = match &tree.kind {
        Kind::Text(text) if text.contains("${") || text.contains("%{") => {
            hcl::File::value_of(text, known).unwrap_or_else(|| Kind::Unknown(text.clone()))
        }
        Kind::List(items) => Kind::List(items.iter().map(|item| resolved(item, known)).collect()),
        Kind::Map(entries) => {
            let entries = entries.iter();
            Kind::Map(entries.map(|(key, value)| (key.clone(), resolved(value, known))).collect())
        }
        kind => kind.clone(),
    };
    Tree::new(kind, tree.span.clone())
}

/// Attributes that say nothing about the rules.
const ASIDE: [&str; 6] = ["(name)", "tags", "tags_all", "lifecycle", "provider", "depends_on"];

/// A resource as the API writes a category.
fn category(resource: &Tree, draft: &mut Draft) -> Tree {
    let what = format!("the resource `{}`", resource.scalar_of("(name)").unwrap_or(RESOURCE));
    let mut made = Maker { draft, what };
    let mut entries = Vec::new();
    for (key, value) in resource.entries() {
        match key.text.as_str() {
            "name" => entries.push(renamed(key, "Name", value.clone())),
            "rule_version" => entries.push(renamed(key, "RuleVersion", value.clone())),
            "default_value" => entries.push(renamed(key, "DefaultValue", value.clone())),
            "effective_start" => entries.push(renamed(key, "EffectiveStart", value.clone())),
            "rule" => {
                let rules = value.items().iter().map(|rule| made.rule(rule)).collect();
                entries.push(renamed(
                    key,
                    "Rules",
                    Tree::new(Kind::List(rules), value.span.clone()),
                ));
            }
            "split_charge_rule" => {
                let rules = value.items().iter().map(|rule| made.split(rule)).collect();
                let list = Tree::new(Kind::List(rules), value.span.clone());
                entries.push(renamed(key, "SplitChargeRules", list));
            }
            "count" | "for_each" => {
                let why = "whether and how often the resource exists is not looked at; it is written once";
                let what = format!("`{}` of {}", key.text, made.what);
                made.draft.write_otherwise(&key.span, what, why);
            }
            known if ASIDE.contains(&known) => {}
            _ => made.unread(key),
        }
    }
    let has_name =
        entries.iter().any(|(key, value)| key.text == "Name" && value.scalar().is_some());
    if !has_name {
        // What only Terraform can work out cannot be a name; the resource's own name can.
        let name = resource.scalar_of("(name)").unwrap_or(RESOURCE).to_owned();
        let why = format!("it is not written out; `{name}` stands for it");
        let what = format!("the name of {}", made.what);
        made.draft.write_otherwise(&resource.span, what, why);
        entries.retain(|(key, _)| key.text != "Name");
        let span = resource.span.clone();
        entries.push((Key { text: "Name".into(), span: span.clone() }, Tree::text(name, span)));
    }
    Tree::new(Kind::Map(entries), resource.span.clone())
}

fn renamed(key: &Key, text: &str, value: Tree) -> (Key, Tree) {
    (Key { text: text.to_owned(), span: key.span.clone() }, value)
}

struct Maker<'a> {
    draft: &'a mut Draft,
    what: String,
}

impl Maker<'_> {
    fn unread(&mut self, key: &Key) {
        let what = format!("`{}` of {}", key.text, self.what);
        self.draft.leave_out(&key.span, what, "the importer does not know this key");
    }

    /// Keys of a block under their names in the API. What is not among them keeps its name, and is
    /// told where the API's form is read.
    fn block(&mut self, tree: &Tree, names: &[(&str, &str)]) -> Vec<(Key, Tree)> {
        let mut entries = Vec::new();
        for (key, value) in tree.entries() {
            match names.iter().find(|(name, _)| *name == key.text) {
                Some((_, name)) => entries.push(renamed(key, name, value.clone())),
                None => self.unread(key),
            }
        }
        entries
    }

    fn rule(&mut self, tree: &Tree) -> Tree {
        if !matches!(tree.kind, Kind::Map(_)) {
            return tree.clone();
        }
        let names = [
            ("value", "Value"),
            ("type", "Type"),
            ("rule", "Rule"),
            ("inherited_value", "InheritedValue"),
        ];
        let mut entries = self.block(tree, &names);
        for (key, value) in &mut entries {
            *value = match key.text.as_str() {
                "Rule" => self.only(value, Self::expression),
                "InheritedValue" => self.only(value, |maker, inherited| {
                    let names =
                        [("dimension_name", "DimensionName"), ("dimension_key", "DimensionKey")];
                    let entries = maker.block(inherited, &names);
                    Tree::new(Kind::Map(entries), inherited.span.clone())
                }),
                _ => value.clone(),
            };
        }
        Tree::new(Kind::Map(entries), tree.span.clone())
    }

    /// The one block of a list of blocks; several stay a list, which no reader takes for one.
    fn only(&mut self, tree: &Tree, read: impl Fn(&mut Self, &Tree) -> Tree) -> Tree {
        match tree.items() {
            [one] => read(self, one),
            _ => tree.clone(),
        }
    }

    fn expression(&mut self, tree: &Tree) -> Tree {
        const VALUES: [(&str, &str); 3] =
            [("key", "Key"), ("values", "Values"), ("match_options", "MatchOptions")];
        if !matches!(tree.kind, Kind::Map(_)) {
            return tree.clone();
        }
        let names = [
            ("and", "And"),
            ("or", "Or"),
            ("not", "Not"),
            ("dimension", "Dimensions"),
            ("tags", "Tags"),
            ("cost_category", "CostCategories"),
        ];
        let mut entries = self.block(tree, &names);
        for (key, value) in &mut entries {
            *value = match key.text.as_str() {
                "And" | "Or" => {
                    let parts = value.items().iter().map(|part| self.expression(part)).collect();
                    Tree::new(Kind::List(parts), value.span.clone())
                }
                "Not" => self.only(value, Self::expression),
                _ => self.only(value, |maker, inner| {
                    let entries = maker.block(inner, &VALUES);
                    Tree::new(Kind::Map(entries), inner.span.clone())
                }),
            };
        }
        Tree::new(Kind::Map(entries), tree.span.clone())
    }

    fn split(&mut self, tree: &Tree) -> Tree {
        if !matches!(tree.kind, Kind::Map(_)) {
            return tree.clone();
        }
        let names = [
            ("source", "Source"),
            ("targets", "Targets"),
            ("method", "Method"),
            ("parameter", "Parameters"),
        ];
        let mut entries = self.block(tree, &names);
        for (key, value) in &mut entries {
            if key.text == "Parameters" {
                let mut parameters = Vec::new();
                for parameter in value.items() {
                    let entries = self.block(parameter, &[("type", "Type"), ("values", "Values")]);
                    parameters.push(Tree::new(Kind::Map(entries), parameter.span.clone()));
                }
                *value = Tree::new(Kind::List(parameters), value.span.clone());
            }
        }
        Tree::new(Kind::Map(entries), tree.span.clone())
    }
}
