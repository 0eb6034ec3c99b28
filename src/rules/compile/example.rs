//! Tests that rules carry: a charge, and what must become of it.

use crate::diagnostics::{Code, Span};
use crate::domain::{Amount, CostMetric};
use crate::rules::decode::{Mapping, boolean, entries, text, word};
use crate::rules::model::{DimensionId, Expected, Field, RuleId, RuleSet, RuleTest};
use crate::rules::names::Names;
use crate::rules::node::{Key, Kind, Node};
use crate::rules::shape::{KeyShape, Shape, key, needed};
use crate::rules::sharing::PoolName;
use crate::rules::sink::Sink;

use super::outcome::find_pool;
use super::pool::pool_named;
use super::raw::RawRules;

pub(super) const KEYS: &[KeyShape] = &[
    needed("given", Shape::Named(&Shape::Optional(&Shape::Text))),
    needed("expect", Shape::Map(EXPECT_KEYS)),
];
pub(super) const EXPECT_KEYS: &[KeyShape] = &[
    key("owner", Shape::Text),
    key("pool", Shape::Text),
    key("unallocated", Shape::Flag),
    key("rule", Shape::Text),
    key("dimensions", Shape::Named(&Shape::Optional(&Shape::Text))),
];

pub(super) fn link(
    raw: &RawRules<'_>,
    names: &mut Names<'_>,
    rules: &RuleSet,
    sink: &mut Sink,
) -> Vec<RuleTest> {
    raw.tests.iter().filter_map(|node| link_test(node, raw, names, rules, sink)).collect()
}

fn link_test(
    node: &Node,
    raw: &RawRules<'_>,
    names: &mut Names<'_>,
    rules: &RuleSet,
    sink: &mut Sink,
) -> Option<RuleTest> {
    let map = Mapping::read(node, "a test", KEYS, sink)?;
    let given = map.need("given", sink).and_then(|node| read_given(node, names, sink));
    let expect = map.need("expect", sink)?;
    let expect_map = Mapping::read(expect, "`expect`", EXPECT_KEYS, sink)?;
    let outcome = read_outcome(expect_map, names, raw, rules, sink);
    let rule = expect_map.get("rule").and_then(|node| word(node, "`rule`", sink));
    let rule = rule.and_then(|name| find_rule(&name, rules, sink));
    let dimensions = expect_map.get("dimensions");
    let dimensions = dimensions.map(|node| read_dimensions(node, names, sink)).unwrap_or_default();
    if EXPECT_KEYS.iter().all(|key| expect_map.key_span(key.name).is_none()) {
        sink.report_unknown(
            Code::MissingKey,
            map.span,
            "the test expects nothing",
            "",
            EXPECT_KEYS,
        );
    }
    Some(RuleTest { span: map.span.clone(), given: given?, outcome, rule, dimensions })
}

/// Fields and their texts, as a source would hold them.
fn read_given(node: &Node, names: &mut Names<'_>, sink: &mut Sink) -> Option<Vec<(Field, String)>> {
    let mut given = Vec::new();
    for (name, value) in entries(node, "`given`", sink)? {
        let Some(id) = names.fields.resolve(name, sink) else { continue };
        let Some(field) = names.fields.get(id).cloned() else { continue };
        if matches!(field, Field::Dimension(_)) {
            let message = format!("`{}` is computed, not given", name.text);
            let help = "give the tags or columns it comes from";
            sink.report_with_help(Code::InvalidValue, &name.span, message, help);
        } else if let Kind::Scalar(_) = &value.kind
            && let Some(found) = text(value, "a given value", sink)
        {
            refuse_no_amount(&field, found, &value.span, sink);
            given.push((field, found.to_owned()));
        } else if !matches!(value.kind, Kind::Null) {
            let message = format!("the value of `{}` must be a single value", name.text);
            sink.report(Code::WrongType, &value.span, message);
        }
    }
    Some(given)
}

fn refuse_no_amount(field: &Field, found: &str, span: &Span, sink: &mut Sink) {
    let Field::Column(column) = field else { return };
    let is_cost = CostMetric::ALL.iter().any(|metric| metric.name() == column.name());
    if let Some(Err(error)) = is_cost.then(|| found.parse::<Amount>()) {
        sink.report(Code::InvalidValue, span, format!("`{found}`: {error}"));
    }
}

/// What is expected to bear the charge; a test may also look at dimensions only.
fn read_outcome(
    map: Mapping<'_>,
    names: &Names<'_>,
    raw: &RawRules<'_>,
    rules: &RuleSet,
    sink: &mut Sink,
) -> Option<Expected> {
    let keys = ["owner", "pool", "unallocated"];
    let mut spans = keys.iter().filter_map(|key| map.key_span(key));
    if let (Some(_), Some(second)) = (spans.next(), spans.next()) {
        let message = "a charge has one owner, one pool, or none: expect one of them";
        sink.report(Code::InvalidValue, second, message);
        return None;
    }
    if let Some(node) = map.get("owner") {
        let name = word(node, "`owner`", sink)?;
        return names.is_owner(&name, sink).then_some(Expected::Owner(name.text));
    }
    if let Some(node) = map.get("pool") {
        let name = word(node, "`pool`", sink)?;
        let whole = |pool| PoolName { pool, value: None };
        let named = pool_named(raw, &name.text);
        let found = named.or_else(|| find_pool(&name, rules, sink).map(whole));
        return found.map(Expected::Pool);
    }
    let node = map.get("unallocated")?;
    if boolean(node, "`unallocated`", sink)? {
        return Some(Expected::Unallocated);
    }
    sink.report(Code::InvalidValue, &node.span, "`unallocated` is expected with `true`");
    None
}

fn find_rule(name: &Key, rules: &RuleSet, sink: &mut Sink) -> Option<RuleId> {
    let index = rules.classify.iter().position(|rule| rule.name == name.text);
    if let Some(index) = index {
        return u16::try_from(index).ok().map(RuleId);
    }
    let known: Vec<&str> = rules.classify.iter().map(|rule| rule.name.as_str()).collect();
    let message = format!("there is no rule `{}`", name.text);
    sink.report_unknown(Code::UnknownName, &name.span, message, &name.text, &known);
    None
}

/// Dimensions and their values; `null` where none is expected.
fn read_dimensions(
    node: &Node,
    names: &Names<'_>,
    sink: &mut Sink,
) -> Vec<(DimensionId, Option<String>)> {
    let mut expected = Vec::new();
    for (name, value) in entries(node, "`dimensions`", sink).unwrap_or_default() {
        let Some(id) = names.fields.dimension(&name.text) else {
            let known = names.fields.dimension_names();
            let message = format!("there is no dimension `{}`", name.text);
            sink.report_unknown(Code::UnknownName, &name.span, message, &name.text, &known);
            continue;
        };
        if matches!(value.kind, Kind::Null) {
            expected.push((id, None));
        } else if let Some(found) = text(value, "the value of a dimension", sink) {
            expected.push((id, Some(found.to_owned())));
        }
    }
    expected
}
