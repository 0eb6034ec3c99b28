//! Policies: who bears unused commitments, tax, support, credits and refunds, whatever the rules
//! behind say.
//!
//! A policy becomes a rule in front of all others; where a charge follows what it is for, also a
//! pool that is emptied first. What a policy speaks of is data: `rules/policies.yaml`.

use crate::diagnostics::{Code, Span};
use crate::domain::{CostMetric, DateRange};
use crate::rules::decode::{Mapping, choice, word, words};
use crate::rules::model::{ClassifyRule, CostView, FieldId, Outcome, OwnerChoice, PoolId, RuleSet};
use crate::rules::names::Names;
use crate::rules::node::{self, Key, Kind, Node};
use crate::rules::shape::{KeyShape, Shape, key, words_of};
use crate::rules::sharing::{Base, Pool, Receivers, SplitMethod, ZeroDriver};
use crate::rules::shipped;
use crate::rules::sink::Sink;
use crate::rules::when::condition;

use super::outcome::find_pool;
use super::raw::RawRules;

pub(super) const KEYS: &[KeyShape] = &[
    key("view", Shape::Choice(|| words_of(VIEWS))),
    key("unused_commitment", UNUSED),
    key("tax", BEARER),
    key("support", BEARER),
    key("credits", BEARER),
    key("refunds", BEARER),
];
const BEARER: Shape =
    Shape::Either(&[Shape::Choice(|| words_of(&WAYS[..2])), Shape::Map(BEARER_KEYS)]);
const UNUSED: Shape = Shape::Either(&[Shape::Choice(|| words_of(WAYS)), Shape::Map(BEARER_KEYS)]);
const BEARER_KEYS: &[KeyShape] = &[key("owner", Shape::Text), key("pool", Shape::Text)];
const VIEWS: &[(&str, CostView)] = &[("amortized", CostView::Amortized), ("cash", CostView::Cash)];

/// What a policy may say beside naming who bears it.
#[derive(Clone, Copy)]
enum Way {
    AsClassified,
    Follow,
    /// Of unused commitments only.
    DroppedUsage,
}

const WAYS: &[(&str, Way)] = &[
    ("as_classified", Way::AsClassified),
    ("follow", Way::Follow),
    ("dropped_usage", Way::DroppedUsage),
];
/// How charges find what they are for.
const FOLLOW: SplitMethod = SplitMethod::Proportional {
    by: CostMetric::EffectiveCost,
    of: None,
    base: Base::Direct,
    on_zero: ZeroDriver::Widen,
};

/// Puts the rules of policies in front; tells the pools that they made, which are emptied first.
pub(super) fn link(
    raw: &RawRules<'_>,
    names: &mut Names<'_>,
    rules: &mut RuleSet,
    sink: &mut Sink,
) -> Vec<PoolId> {
    let Some(policies) = &raw.policies else { return Vec::new() };
    let Some(map) = Mapping::read(policies.body, "`policies`", KEYS, sink) else {
        return Vec::new();
    };
    let view = map.get("view").and_then(|node| choice(node, "view", VIEWS, sink));
    rules.view = view.unwrap_or_default();
    let (path, text) = shipped::policies();
    let Some(root) = node::parse(path, text, sink) else { return Vec::new() };
    let known = Mapping::read(&root, "the shipped policies", &["policies"], sink);
    let known = known.and_then(|map| map.get("policies"));
    let known = known.and_then(|node| Mapping::read(node, "policies", KEYS, sink));
    let Some(known) = known else { return Vec::new() };
    let (mut made, mut first) = (Vec::new(), Vec::new());
    for name in KEYS.iter().map(|key| key.name).filter(|name| *name != "view") {
        let Some(bearer) = map.get(name) else { continue };
        let (Some(span), Some(what)) = (map.key_span(name), known.get(name)) else { continue };
        let policy = Policy { name, span, what };
        first.extend(policy.rule(bearer, names, rules, &mut made, sink));
    }
    let others = std::mem::take(&mut rules.classify);
    rules.classify = first.into_iter().chain(others).collect();
    made
}

struct Policy<'a> {
    name: &'a str,
    span: &'a Span,
    /// `when` and `follows`, as shipped.
    what: &'a Node,
}

impl Policy<'_> {
    fn rule(
        &self,
        bearer: &Node,
        names: &mut Names<'_>,
        rules: &mut RuleSet,
        made: &mut Vec<PoolId>,
        sink: &mut Sink,
    ) -> Option<ClassifyRule> {
        let what = Mapping::read(self.what, "a shipped policy", &["when", "follows"], sink)?;
        let outcome = if let Kind::Map(_) = bearer.kind {
            self.bearer(bearer, names, rules, sink)?
        } else {
            let of_commitments = self.name == "unused_commitment";
            let ways = if of_commitments { WAYS } else { &WAYS[..2] };
            let pool = match choice(bearer, "policy", ways, sink)? {
                Way::AsClassified => return None,
                Way::Follow => {
                    let fields = words(what.need("follows", sink)?, "`follows`", sink)?;
                    let within: Vec<FieldId> =
                        fields.iter().filter_map(|name| names.fields.resolve(name, sink)).collect();
                    self.pool(FOLLOW, within, rules)?
                }
                Way::DroppedUsage => {
                    let mut field = |name: &str| {
                        let name = Key { text: name.to_owned(), span: self.span.clone() };
                        names.fields.resolve(&name, sink)
                    };
                    let commitment = [field("provider")?, field("commitment_discount_id")?];
                    self.pool(SplitMethod::DroppedUsage { commitment }, Vec::new(), rules)?
                }
            };
            made.push(pool);
            Outcome::Pool(pool)
        };
        let when = condition(what.need("when", sink)?, names, sink)?;
        let name = format!("policy: {}", self.name);
        Some(ClassifyRule {
            name,
            span: self.span.clone(),
            when,
            valid: DateRange::ALWAYS,
            outcome,
        })
    }

    /// `{ owner: name }` or `{ pool: name }`.
    fn bearer(
        &self,
        node: &Node,
        names: &mut Names<'_>,
        rules: &RuleSet,
        sink: &mut Sink,
    ) -> Option<Outcome> {
        let map = Mapping::read(node, "a policy", BEARER_KEYS, sink)?;
        match (map.get("owner"), map.get("pool")) {
            (Some(node), None) => {
                let owner = word(node, "`owner`", sink)?;
                let known = names.is_owner(&owner, sink);
                known.then_some(Outcome::Owner(OwnerChoice::Named(owner.text)))
            }
            (None, Some(node)) => {
                let pool = find_pool(&word(node, "`pool`", sink)?, rules, sink)?;
                let each = rules.pool(pool).each;
                Some(each.map_or(Outcome::Pool(pool), |field| Outcome::Family(pool, field)))
            }
            _ => {
                let message = format!("the policy `{}` names an owner or a pool", self.name);
                sink.report(Code::InvalidValue, map.span, message);
                None
            }
        }
    }

    /// The pool that gives charges to whom they are for.
    fn pool(
        &self,
        split: SplitMethod,
        within: Vec<FieldId>,
        rules: &mut RuleSet,
    ) -> Option<PoolId> {
        let id = u16::try_from(rules.pools.len()).ok().map(PoolId)?;
        rules.pools.push(Pool {
            name: format!("policy: {}", self.name),
            span: self.span.clone(),
            each: None,
            split,
            receivers: Receivers::default(),
            within,
            cutoff: None,
        });
        Some(id)
    }
}
