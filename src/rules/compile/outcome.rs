//! Components and classification: what kind of cost a charge is, and who bears it.

use crate::diagnostics::{Code, Span};
use crate::rules::condition::Condition;
use crate::rules::decode::{Mapping, word};
use crate::rules::model::{ClassifyRule, ComponentRule, Outcome, OwnerChoice, PoolId, RuleSet};
use crate::rules::names::Names;
use crate::rules::node::{Key, Kind, Node};
use crate::rules::shape::FROM_KEYS;
use crate::rules::sink::Sink;
use crate::rules::when::{Given, condition, given};

use super::raw::{RawComponent, RawRule, RawRules};

/// The kinds of cost that reports have a column for.
pub(super) const COMPONENTS: &[&str] =
    &["usage", "commitment_amortized", "unused_commitment", "credits", "tax", "support", "license"];

pub(super) fn link(
    raw: &RawRules<'_>,
    names: &mut Names<'_>,
    rules: &mut RuleSet,
    sink: &mut Sink,
) {
    let components = raw.components.iter().filter_map(|found| link_component(found, names, sink));
    rules.components = components.collect();
    let mut classify = Vec::with_capacity(raw.classify.len());
    for found in &raw.classify {
        classify.extend(link_rule(found, names, rules, sink));
    }
    rules.classify = classify;
}

/// An absent condition holds of every charge.
fn when(node: Option<&Node>, names: &mut Names<'_>, sink: &mut Sink) -> Option<Condition> {
    node.map_or(Some(Condition::Always), |node| condition(node, names, sink))
}

fn link_component(
    raw: &RawComponent<'_>,
    names: &mut Names<'_>,
    sink: &mut Sink,
) -> Option<ComponentRule> {
    let when = when(raw.when, names, sink);
    let name = raw.name.as_ref()?;
    if !COMPONENTS.contains(&name.text.as_str()) {
        let message = format!("there is no component `{}`", name.text);
        sink.report_unknown(Code::UnknownName, &name.span, message, &name.text, COMPONENTS);
        return None;
    }
    Some(ComponentRule { name: name.text.clone(), span: name.span.clone(), when: when? })
}

fn link_rule(
    raw: &RawRule<'_>,
    names: &mut Names<'_>,
    rules: &RuleSet,
    sink: &mut Sink,
) -> Option<ClassifyRule> {
    let when = when(raw.when, names, sink);
    let owner = raw.owner.and_then(|node| link_owner(node, names, sink));
    let pool = raw.pool.and_then(|node| link_pool(node, names, rules, sink));
    let outcome = owner.map(Outcome::Owner).or(pool);
    let (name, span): (String, Span) = raw.name.clone().map(|name| (name.text, name.span))?;
    Some(ClassifyRule { name, span, when: when?, valid: raw.valid, outcome: outcome? })
}

fn link_owner(node: &Node, names: &mut Names<'_>, sink: &mut Sink) -> Option<OwnerChoice> {
    match given(node, "`owner`", names, sink)? {
        Given::Field(field) => Some(OwnerChoice::Inherited(field)),
        Given::Text(name) => names.is_owner(&name, sink).then_some(OwnerChoice::Named(name.text)),
    }
}

/// A pool by its name, or `{ from: field }`: the family that has a pool for each value of it.
fn link_pool(
    node: &Node,
    names: &mut Names<'_>,
    rules: &RuleSet,
    sink: &mut Sink,
) -> Option<Outcome> {
    if !matches!(node.kind, Kind::Map(_)) {
        let pool = find_pool(&word(node, "`pool`", sink)?, rules, sink)?;
        let each = rules.pool(pool).each;
        return Some(each.map_or(Outcome::Pool(pool), |field| Outcome::Family(pool, field)));
    }
    let map = Mapping::read(node, "`pool`", FROM_KEYS, sink)?;
    let name = word(map.need("from", sink)?, "`from`", sink)?;
    let field = names.fields.resolve(&name, sink)?;
    let mut families = (0..).zip(&rules.pools).filter(|(_, pool)| pool.each == Some(field));
    match (families.next(), families.next()) {
        (Some((index, _)), None) => Some(Outcome::Family(PoolId(index), field)),
        (None, _) => {
            let message = format!("no pool is declared for each value of `{}`", name.text);
            let help = format!("declare a pool with `each: {}`", name.text);
            sink.report_with_help(Code::UnknownName, &name.span, message, help);
            None
        }
        (Some(_), Some(_)) => {
            let message = format!("several pools are declared for each value of `{}`", name.text);
            sink.report_with_help(Code::InvalidValue, &name.span, message, "name the one meant");
            None
        }
    }
}

/// The pool of that name; reports a name that is none.
pub(super) fn find_pool(name: &Key, rules: &RuleSet, sink: &mut Sink) -> Option<PoolId> {
    let index = rules.pools.iter().position(|pool| pool.name == name.text);
    if let Some(index) = index {
        return u16::try_from(index).ok().map(PoolId);
    }
    let known: Vec<&str> = rules.pools.iter().map(|pool| pool.name.as_str()).collect();
    let message = format!("there is no pool `{}`", name.text);
    if known.is_empty() {
        let help = "declare it under `pools`, with the way it is split";
        sink.report_with_help(Code::UnknownName, &name.span, message, help);
        return None;
    }
    sink.report_unknown(Code::UnknownName, &name.span, message, &name.text, &known);
    None
}
