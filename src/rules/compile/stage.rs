//! Stages: the order in which pools are emptied.

use crate::diagnostics::{Code, Span};
use crate::rules::decode::{Mapping, words};
use crate::rules::model::{PoolId, RuleSet};
use crate::rules::node::{Key, Kind, Node};
use crate::rules::shape::{KeyShape, Shape, key};
use crate::rules::sharing::{Pool, PoolName, Stage};
use crate::rules::sink::Sink;

use super::outcome::find_pool;
use super::pool::pool_named;
use super::raw::RawRules;

pub(super) const KEYS: &[KeyShape] =
    &[key("reciprocal", Shape::Texts), key("precedence", Shape::Texts)];

/// The stages as they are declared; without any, each pool is one, as pools are declared. Pools of
/// policies come first.
pub(super) fn link(
    raw: &RawRules<'_>,
    policies: &[PoolId],
    rules: &RuleSet,
    sink: &mut Sink,
) -> Vec<Stage> {
    let first = (!policies.is_empty()).then(|| Stage::Pools(policies.to_vec()));
    let indices = (0..rules.pools.len()).filter_map(|index| u16::try_from(index).ok().map(PoolId));
    let declared = indices.filter(|pool| !policies.contains(pool));
    let Some(stages) = &raw.stages else {
        return first.into_iter().chain([Stage::Pools(declared.collect())]).collect();
    };
    let mut seen: Vec<PoolId> = Vec::new();
    let found: Vec<Stage> =
        stages.items.iter().filter_map(|item| stage(item, raw, rules, &mut seen, sink)).collect();
    let missing: Vec<String> = declared
        .filter(|pool| !seen.contains(pool))
        .map(|pool| format!("`{}`", rules.pool(pool).name))
        .collect();
    if !missing.is_empty() {
        report_missing(&missing, stages.span, sink);
    }
    first.into_iter().chain(found).collect()
}

fn report_missing(missing: &[String], span: &Span, sink: &mut Sink) {
    sink.report(Code::StageOrder, span, format!("no stage names {}", missing.join(", ")));
}

fn stage(
    node: &Node,
    raw: &RawRules<'_>,
    rules: &RuleSet,
    seen: &mut Vec<PoolId>,
    sink: &mut Sink,
) -> Option<Stage> {
    if !matches!(node.kind, Kind::Map(_)) {
        let names = words(node, "a stage", sink)?;
        return Some(Stage::Pools(pools(&names, rules, seen, sink)));
    }
    let map = Mapping::read(node, "a stage", KEYS, sink)?;
    if let (Some(_), Some(span)) = (map.key_span("reciprocal"), map.key_span("precedence")) {
        sink.report(Code::InvalidValue, span, "a stage is `reciprocal` or `precedence`, not both");
        return None;
    }
    if let Some(node) = map.get("reciprocal") {
        let names = words(node, "`reciprocal`", sink)?;
        return Some(Stage::Reciprocal(pools(&names, rules, seen, sink)));
    }
    let names = words(map.need("precedence", sink)?, "`precedence`", sink)?;
    precedence(&names, raw, rules, seen, sink)
}

fn pools(names: &[Key], rules: &RuleSet, seen: &mut Vec<PoolId>, sink: &mut Sink) -> Vec<PoolId> {
    let mut found = Vec::new();
    for name in names {
        let Some(pool) = find_pool(name, rules, sink) else { continue };
        if seen.contains(&pool) {
            let message = format!("the pool `{}` stands in a stage already", name.text);
            sink.report(Code::StageOrder, &name.span, message);
        } else {
            seen.push(pool);
            found.push(pool);
        }
    }
    found
}

/// Pools, and pools of families by `family/value`, in the order of the list.
fn precedence(
    names: &[Key],
    raw: &RawRules<'_>,
    rules: &RuleSet,
    seen: &mut Vec<PoolId>,
    sink: &mut Sink,
) -> Option<Stage> {
    let mut found: Vec<PoolName> = Vec::new();
    for name in names {
        let Some(pool) = pool_named(raw, &name.text) else {
            let known: Vec<&str> =
                rules.pools.iter().map(|pool: &Pool| pool.name.as_str()).collect();
            let message = format!("there is no pool `{}`", name.text);
            sink.report_unknown(Code::UnknownName, &name.span, message, &name.text, &known);
            continue;
        };
        let is_elsewhere =
            seen.contains(&pool.pool) && !found.iter().any(|known| known.pool == pool.pool);
        if is_elsewhere || found.contains(&pool) {
            let message = format!("the pool `{}` stands in a stage already", name.text);
            sink.report(Code::StageOrder, &name.span, message);
            continue;
        }
        if !seen.contains(&pool.pool) {
            seen.push(pool.pool);
        }
        found.push(pool);
    }
    (!found.is_empty()).then_some(Stage::Precedence(found))
}
