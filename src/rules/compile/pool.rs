//! Pools: how each is split, among whom, and in which order they are emptied.

use num_bigint::BigUint;
use num_rational::Ratio;
use num_traits::One;

use crate::diagnostics::Code;
use crate::domain::{Amount, CostMetric, Share};
use crate::rules::decode::{Mapping, choice, entries, parsed, words};
use crate::rules::model::{Base, Pool, PoolId, Receivers, RuleSet, SplitMethod, ZeroDriver};
use crate::rules::names::Names;
use crate::rules::node::{Key, Node};
use crate::rules::shape::{KeyShape, Shape, key, needed, words_of};
use crate::rules::sink::Sink;

use super::outcome::find_pool;
use super::raw::{RawPool, RawRules};

pub(super) const KEYS: &[KeyShape] = &[
    needed("split", Shape::Choice(|| words_of(KINDS))),
    key("by", Shape::Choice(|| words_of(METRICS))),
    key("base", Shape::Choice(|| words_of(BASES))),
    key("on_zero_driver", Shape::Choice(|| words_of(ON_ZERO))),
    key("shares", Shape::Named(&Shape::Text)),
    key("include", Shape::Texts),
    key("exclude", Shape::Texts),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Even,
    Fixed,
    Proportional,
}

const KINDS: &[(&str, Kind)] =
    &[("even", Kind::Even), ("fixed", Kind::Fixed), ("proportional", Kind::Proportional)];
const METRICS: &[(&str, CostMetric)] = &[
    ("effective_cost", CostMetric::EffectiveCost),
    ("billed_cost", CostMetric::BilledCost),
    ("list_cost", CostMetric::ListCost),
    ("contracted_cost", CostMetric::ContractedCost),
    ("EffectiveCost", CostMetric::EffectiveCost),
    ("BilledCost", CostMetric::BilledCost),
    ("ListCost", CostMetric::ListCost),
    ("ContractedCost", CostMetric::ContractedCost),
];
const BASES: &[(&str, Base)] = &[("direct", Base::Direct), ("accumulated", Base::Accumulated)];
const ON_ZERO: &[(&str, ZeroDriver)] = &[
    ("fail", ZeroDriver::Fail),
    ("even", ZeroDriver::Even),
    ("unallocated", ZeroDriver::Unallocated),
];

pub(super) fn link(raw: &RawRules<'_>, names: &Names<'_>, rules: &mut RuleSet, sink: &mut Sink) {
    // A pool whose inside is wrong keeps its place, so that rules which name it are not blamed.
    rules.pools = raw.pools.iter().map(|found| link_pool(found, names, sink)).collect();
}

fn link_pool(raw: &RawPool<'_>, names: &Names<'_>, sink: &mut Sink) -> Pool {
    let map = Mapping::read(raw.body, "a pool", KEYS, sink);
    let split = map.and_then(|map| link_split(map, names, sink)).unwrap_or(SplitMethod::Even);
    let mut owners = |key: &str| {
        let node = map.and_then(|map| map.get(key));
        node.map(|node| read_owners(node, names, sink)).unwrap_or_default()
    };
    let receivers = Receivers { include: owners("include"), exclude: owners("exclude") };
    Pool { name: raw.name.text.clone(), span: raw.name.span.clone(), split, receivers }
}

fn read_owners(node: &Node, names: &Names<'_>, sink: &mut Sink) -> Vec<String> {
    let found = words(node, "a list of owners", sink).unwrap_or_default();
    let known = found.into_iter().filter(|name| names.is_owner(name, sink));
    known.map(|name| name.text).collect()
}

fn link_split(map: Mapping<'_>, names: &Names<'_>, sink: &mut Sink) -> Option<SplitMethod> {
    let node = map.need("split", sink)?;
    let kind = choice(node, "way to split a pool", KINDS, sink)?;
    refuse_foreign_keys(map, kind, sink);
    match kind {
        Kind::Even => Some(SplitMethod::Even),
        Kind::Fixed => {
            let node = map.need("shares", sink)?;
            read_shares(node, map, names, sink).map(SplitMethod::Fixed)
        }
        Kind::Proportional => {
            let by = map.get("by").and_then(|node| choice(node, "cost metric", METRICS, sink));
            let base = map.get("base").and_then(|node| choice(node, "base", BASES, sink));
            let on_zero = map.get("on_zero_driver");
            let on_zero = on_zero.and_then(|node| choice(node, "policy", ON_ZERO, sink));
            Some(SplitMethod::Proportional {
                by: by.unwrap_or(CostMetric::EffectiveCost),
                base: base.unwrap_or_default(),
                on_zero_driver: on_zero.unwrap_or_default(),
            })
        }
    }
}

/// Keys that would be read by nobody under this way to split.
fn refuse_foreign_keys(map: Mapping<'_>, kind: Kind, sink: &mut Sink) {
    let foreign: &[&str] = match kind {
        Kind::Even => &["by", "base", "on_zero_driver", "shares"],
        Kind::Fixed => &["by", "base", "on_zero_driver", "include", "exclude"],
        Kind::Proportional => &["shares"],
    };
    for key in foreign {
        if let Some(span) = map.key_span(key) {
            let name = KINDS.iter().find(|(_, found)| *found == kind).map_or("", |(name, _)| name);
            let message = format!("`{key}` has no meaning beside `split: {name}`");
            sink.report(Code::UnknownKey, span, message);
        }
    }
}

fn read_shares(
    node: &Node,
    map: Mapping<'_>,
    names: &Names<'_>,
    sink: &mut Sink,
) -> Option<Vec<(String, Share)>> {
    /// A share with more digits than this is no share anybody agreed on.
    const LONGEST_SHARE: usize = 60;
    let before = sink.count();
    let mut shares: Vec<(String, Share)> = Vec::new();
    for (name, value) in entries(node, "`shares`", sink)? {
        names.is_owner(name, sink);
        let is_long = matches!(&value.kind, crate::rules::node::Kind::Scalar(text)
            if text.len() > LONGEST_SHARE);
        if is_long {
            sink.report(Code::InvalidValue, &value.span, "the share has too many digits");
        } else if let Some(share) = parsed(value, "a share", sink) {
            shares.push((name.text.clone(), share));
        }
    }
    let sum = Share::sum(shares.iter().map(|(_, share)| share));
    if sink.count() > before {
        return None;
    }
    if sum != Ratio::one() {
        let message = format!("the shares sum to {}, not to 100 %", percent(&sum));
        let span = map.key_span("shares").unwrap_or(&node.span);
        sink.report_with_help(Code::SharesSum, span, message, "thirds are written as 1/3");
        return None;
    }
    Some(shares)
}

/// `95 %`, or the fraction where it has no end as a decimal.
fn percent(sum: &Ratio<BigUint>) -> String {
    /// Digits after the point within which a sum of percentages comes out even.
    const DIGITS: i8 = 12;
    let scaled = sum * BigUint::from(100_u32) * BigUint::from(10_u32).pow(12);
    let decimal = scaled.is_integer().then(|| scaled.to_integer().into());
    match decimal.and_then(|units| Amount::from_big(&units, DIGITS).ok()) {
        Some(amount) => format!("{amount} %"),
        None => format!("{sum} of the whole"),
    }
}

/// The order in which pools are emptied: as the stages say, else as they are declared.
pub(super) fn link_stages(raw: &RawRules<'_>, rules: &RuleSet, sink: &mut Sink) -> Vec<PoolId> {
    let Some(stages) = &raw.stages else {
        let indices = 0..rules.pools.len();
        return indices.filter_map(|index| u16::try_from(index).ok().map(PoolId)).collect();
    };
    let mut order: Vec<PoolId> = Vec::new();
    for name in &stages.pools {
        push_stage(name, &mut order, rules, sink);
    }
    let is_missing = |pool: &&Pool| !stages.pools.iter().any(|name| name.text == pool.name);
    let missing: Vec<String> =
        rules.pools.iter().filter(is_missing).map(|pool| format!("`{}`", pool.name)).collect();
    if !missing.is_empty() {
        let message = format!("no stage names {}", missing.join(", "));
        sink.report(Code::StageOrder, stages.span, message);
    }
    order
}

fn push_stage(name: &Key, order: &mut Vec<PoolId>, rules: &RuleSet, sink: &mut Sink) {
    let Some(pool) = find_pool(name, rules, sink) else { return };
    if order.contains(&pool) {
        let message = format!("the pool `{}` stands in a stage already", name.text);
        sink.report(Code::StageOrder, &name.span, message);
    } else {
        order.push(pool);
    }
}
