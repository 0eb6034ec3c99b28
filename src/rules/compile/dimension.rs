//! Dimensions: where each takes its value from, and which values it may have.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostics::Code;
use crate::rules::condition::Condition;
use crate::rules::dated::{DatedTexts, is_dated};
use crate::rules::decode::{Mapping, word, words};
use crate::rules::fields::{USUAL_JOINS, built_in};
use crate::rules::model::{
    Dimension, DimensionId, DimensionRule, Field, FieldId, RuleSet, ValueChoice, ValueSet,
};
use crate::rules::names::{NamedList, Names};
use crate::rules::node::{Key, Kind, Node};
use crate::rules::shape::{KeyShape, Shape, needed};
use crate::rules::sink::Sink;
use crate::rules::when::{Given, condition, given};

use super::raw::{RawDimension, RawDimensionRule, RawRules};

const VALUES_KEYS: &[KeyShape] = &[needed("in", Shape::Text)];
pub(super) const VALUES: Shape = Shape::Either(&[Shape::Texts, Shape::Map(VALUES_KEYS)]);

pub(super) fn link(
    raw: &RawRules<'_>,
    names: &mut Names<'_>,
    rules: &mut RuleSet,
    sink: &mut Sink,
) {
    for declared in &raw.dimensions {
        let dimension = link_one(declared, names, sink);
        if let Ok(index) = u16::try_from(rules.dimensions.len()) {
            names.fields.reveal(&dimension.name, DimensionId(index), dimension.case);
            rules.dimensions.push(dimension);
        }
    }
}

fn link_one(raw: &RawDimension<'_>, names: &mut Names<'_>, sink: &mut Sink) -> Dimension {
    refuse_taken_name(raw.name, sink);
    let values = raw.values.and_then(|node| link_values(raw, node, names, sink));
    let values = values.unwrap_or_default();
    let rules = raw.rules.iter().filter_map(|rule| link_rule(raw, rule, &values, names, sink));
    let rules: Vec<DimensionRule> = rules.collect();
    let from = link_sources(raw, names, sink);
    let is_empty = raw.rules.is_empty() && raw.from.is_empty() && raw.tag.is_none();
    if is_empty && raw.inherit.is_empty() && raw.default.is_none() {
        let message = "a dimension needs the key `tag`, `from`, `inherit`, `rules` or `default`";
        sink.report(Code::MissingKey, &raw.name.span, message);
    }
    Dimension {
        name: raw.name.text.clone(),
        span: raw.name.span.clone(),
        rules,
        from,
        map: link_map(raw, &values, sink),
        case: raw.case,
        values,
        on_invalid: raw.on_invalid,
        default: raw.default.as_ref().map(|value| value.text.clone()),
        detail: raw.detail,
    }
}

fn refuse_taken_name(name: &Key, sink: &mut Sink) {
    if built_in(&name.text).is_some() {
        let message = format!("`{}` is a field already", name.text);
        sink.report(Code::DuplicateName, &name.span, message);
    }
}

/// Fields in the order in which they are asked.
fn link_sources(raw: &RawDimension<'_>, names: &mut Names<'_>, sink: &mut Sink) -> Vec<FieldId> {
    let mut fields: Vec<FieldId> = Vec::new();
    for name in &raw.from {
        fields.extend(names.fields.resolve(name, sink));
    }
    for key in raw.tag.iter().chain(&raw.aliases) {
        fields.extend(names.fields.register(Field::Tag(key.text.clone()), key, sink));
    }
    for entity in &raw.inherit {
        fields.extend(inherited(raw, entity, names, sink));
    }
    fields
}

/// The attribute that has the dimension's name. A usual entity without a table, or a table without
/// the attribute, has nothing to say, so that one list of entities serves all dimensions.
fn inherited(
    raw: &RawDimension<'_>,
    entity: &Key,
    names: &mut Names<'_>,
    sink: &mut Sink,
) -> Option<FieldId> {
    let tables = names.fields.entities();
    let Some(table) = tables.iter().find(|table| table.name == entity.text) else {
        let usual = USUAL_JOINS.iter().map(|(name, _)| *name);
        if !usual.clone().any(|name| name == entity.text) {
            let declared = tables.iter().map(|table| table.name.as_str());
            let known: Vec<&str> = usual.chain(declared).collect();
            let message = format!("there is no entity `{}`", entity.text);
            sink.report_unknown(Code::UnknownName, &entity.span, message, &entity.text, &known);
        }
        return None;
    };
    let attribute = raw.name.text.clone();
    if !table.attributes.contains(&attribute) {
        return None;
    }
    let field = Field::Metadata { entity: entity.text.clone(), attribute };
    names.fields.register(field, entity, sink)
}

fn link_values(
    raw: &RawDimension<'_>,
    node: &Node,
    names: &mut Names<'_>,
    sink: &mut Sink,
) -> Option<ValueSet> {
    let folded = |values: &[Key]| -> BTreeSet<String> {
        values.iter().map(|value| raw.case.apply(&value.text)).collect()
    };
    if !matches!(node.kind, Kind::Map(_)) {
        return words(node, "`values`", sink).map(|values| ValueSet::Listed(folded(&values)));
    }
    let map = Mapping::read(node, "`values`", VALUES_KEYS, sink)?;
    let name = map.need("in", sink).and_then(|node| word(node, "`in`", sink))?;
    Some(match names.list(&name, sink)? {
        NamedList::Values(members) if is_dated(members) => {
            ValueSet::Dated(DatedTexts::of(members, |text| raw.case.apply(text)))
        }
        NamedList::Values(members) => {
            let texts = members.iter().map(|member| raw.case.apply(&member.value.text));
            ValueSet::Listed(texts.collect())
        }
        NamedList::CostCenters => ValueSet::CostCenters,
    })
}

fn link_rule(
    raw: &RawDimension<'_>,
    rule: &RawDimensionRule<'_>,
    values: &ValueSet,
    names: &mut Names<'_>,
    sink: &mut Sink,
) -> Option<DimensionRule> {
    let when = match rule.when {
        None => Some(Condition::Always),
        Some(node) => condition(node, names, sink),
    };
    let value = match given(rule.value?, "`value`", names, sink)? {
        Given::Field(field) => ValueChoice::From(field),
        Given::Text(text) => {
            refuse_value(raw, &text, values, sink);
            ValueChoice::Fixed(text.text)
        }
    };
    Some(DimensionRule { when: when?, value })
}

/// A fixed value that is not allowed would be dropped from every charge.
fn refuse_value(raw: &RawDimension<'_>, value: &Key, values: &ValueSet, sink: &mut Sink) {
    let known: Vec<&str> = match values {
        ValueSet::Any | ValueSet::CostCenters => return,
        ValueSet::Listed(listed) => listed.iter().map(String::as_str).collect(),
        ValueSet::Dated(dated) => dated.texts().map(|(text, _)| text).collect(),
    };
    if !known.contains(&raw.case.apply(&value.text).as_str()) {
        let message = format!("`{}` is none of the values of `{}`", value.text, raw.name.text);
        sink.report_unknown(Code::UnknownName, &value.span, message, &value.text, &known);
    }
}

/// Spellings and what they stand for, both as the dimension's case rule keeps them.
fn link_map(
    raw: &RawDimension<'_>,
    values: &ValueSet,
    sink: &mut Sink,
) -> BTreeMap<String, String> {
    let mut map = BTreeMap::new();
    for (spelling, value) in &raw.map {
        refuse_value(raw, value, values, sink);
        let folded = raw.case.apply(&value.text);
        let earlier = map.insert(raw.case.apply(&spelling.text), folded.clone());
        if earlier.is_some_and(|earlier| earlier != folded) {
            let message = format!("`{}` stands for two values under this case rule", spelling.text);
            sink.report(Code::DuplicateKey, &spelling.span, message);
        }
    }
    map
}
