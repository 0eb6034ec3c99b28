//! `matching:` of license rule files: which right may cover which use, and in what way.

use num_bigint::BigInt;
use num_rational::Ratio;

use crate::diagnostics::{Code, Span};
use crate::rules::decode::{Mapping, choice, items, some_items, whole, words};
use crate::rules::node::Node;
use crate::rules::shape::{KeyShape, Shape, key, needed, words_of};
use crate::rules::sink::Sink;

use super::fields::USE_RIGHTS;
use super::figures::{each, maybe_name, need_name, positive, product, source};
use super::plans::{PLAN_KEYS, Plan, read_plan};
use super::source::{SOURCE_KEYS, Source};

/// How rights are given to uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Solver {
    /// Use by use, in the order of preference.
    #[default]
    Ordered,
    /// So that what has to be bought costs least.
    MinCost,
}

/// Which right may cover which use. All lists in the order of their files.
#[derive(Clone, Debug, Default)]
pub struct MatchingRules {
    /// `None` where no file says.
    pub solver: Option<Solver>,
    pub ladders: Vec<EditionLadder>,
    pub suites: Vec<Suite>,
    pub plans: Vec<Plan>,
    /// Parts of plans that tell nothing about what a plan is for.
    pub ignored_parts: Vec<String>,
    pub needs: Vec<NeededRight>,
    pub excuses: Vec<Excuse>,
    pub reserves: Vec<Reserve>,
    pub whole_hosts: Vec<WholeHost>,
    pub reassignments: Vec<Reassignment>,
}

impl MatchingRules {
    /// With what another file declares; its solver holds where it names one.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.solver = other.solver.or(self.solver);
        self.ladders.extend(other.ladders);
        self.suites.extend(other.suites);
        self.plans.extend(other.plans);
        self.ignored_parts.extend(other.ignored_parts);
        self.needs.extend(other.needs);
        self.excuses.extend(other.excuses);
        self.reserves.extend(other.reserves);
        self.whole_hosts.extend(other.whole_hosts);
        self.reassignments.extend(other.reassignments);
        self
    }
}

/// A product as rules name it. What is absent is any.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProductName {
    pub publisher: Option<String>,
    pub product: String,
    pub edition: Option<String>,
}

/// Editions of a product, of which each covers those behind it.
#[derive(Clone, Debug)]
pub struct EditionLadder {
    pub span: Span,
    /// Without edition.
    pub product: ProductName,
    /// The highest first.
    pub order: Vec<String>,
    /// The use right that an entitlement needs to cover a lower edition; none where it always does.
    pub right: Option<&'static str>,
    pub source: Option<Source>,
}

/// A product that is several: who holds it may use all its parts, and counts once.
#[derive(Clone, Debug)]
pub struct Suite {
    pub span: Span,
    pub product: ProductName,
    pub parts: Vec<ProductName>,
    pub source: Option<Source>,
}

/// A use right without which rights do not cover uses of a kind.
#[derive(Clone, Debug)]
pub struct NeededRight {
    pub span: Span,
    pub publisher: Option<String>,
    pub product: Option<String>,
    /// The field of the rows of use that tells the kind.
    pub field: String,
    /// Its values; any where empty.
    pub values: Vec<String>,
    pub right: &'static str,
    pub source: Option<Source>,
}

/// Why a use needs no right of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExcuseKind {
    /// A passive replica, up to what the same right covers of active use.
    Failover,
    /// A further device of the user of a covered one.
    SecondDevice,
    /// The same thing at another place, for a while.
    DualUse,
    /// A machine on a host that is covered.
    UnlimitedVms,
}

impl ExcuseKind {
    /// The use right that has to be held.
    #[must_use]
    pub const fn right(self) -> &'static str {
        match self {
            Self::Failover => "failover",
            Self::SecondDevice => "second_device",
            Self::DualUse => "dual_use",
            Self::UnlimitedVms => "unlimited_vms",
        }
    }
}

const EXCUSES: [(&str, ExcuseKind); 4] = [
    ("failover", ExcuseKind::Failover),
    ("second_device", ExcuseKind::SecondDevice),
    ("dual_use", ExcuseKind::DualUse),
    ("unlimited_vms", ExcuseKind::UnlimitedVms),
];

/// A use that needs no right of its own, where a right that covers another holds a use right.
#[derive(Clone, Debug)]
pub struct Excuse {
    pub span: Span,
    pub kind: ExcuseKind,
    pub publisher: Option<String>,
    /// The field of the rows of use that is looked at: the role, the user, the thing that it doubles.
    pub field: String,
    /// Values of the field that excuse; any where empty.
    pub values: Vec<String>,
    /// For so many days from the one in the field `since`.
    pub days: Option<u32>,
    pub source: Option<Source>,
}

/// A part of an entitlement that is set aside for a pool.
#[derive(Clone, Debug)]
pub struct Reserve {
    pub span: Span,
    pub entitlement: String,
    pub pool: String,
    pub quantity: Ratio<BigInt>,
}

/// A host may be covered as a whole, instead of each machine on it.
#[derive(Clone, Debug)]
pub struct WholeHost {
    pub span: Span,
    /// The edition that covers whole hosts.
    pub product: ProductName,
    /// The metric of the machines.
    pub metric: String,
    /// The metric by which the host is measured, in the same units.
    pub by: String,
    /// The use right that an entitlement needs for it.
    pub right: &'static str,
    pub source: Option<Source>,
}

/// How long a released license is not given to somebody else.
#[derive(Clone, Debug)]
pub struct Reassignment {
    pub span: Span,
    pub publisher: Option<String>,
    pub product: Option<String>,
    pub days: u32,
    /// Words of the field `release_reason` for which it may be at once.
    pub except: Vec<String>,
    pub source: Option<Source>,
}

const SOLVERS: [(&str, Solver); 2] = [("ordered", Solver::Ordered), ("min_cost", Solver::MinCost)];
const MOST_DAYS: u32 = 3_660;
fn rights() -> Vec<&'static str> {
    USE_RIGHTS.to_vec()
}

pub(super) const KEYS: &[KeyShape] = &[
    key("solver", Shape::Choice(|| words_of(&SOLVERS))),
    key("editions", Shape::List(&Shape::Map(LADDER_KEYS))),
    key("suites", Shape::List(&Shape::Map(SUITE_KEYS))),
    key("plans", Shape::List(&Shape::Map(PLAN_KEYS))),
    key("ignored_parts", Shape::Texts),
    key("needs", Shape::List(&Shape::Map(NEED_KEYS))),
    key("excuses", Shape::List(&Shape::Map(EXCUSE_KEYS))),
    key("reserves", Shape::List(&Shape::Map(RESERVE_KEYS))),
    key("whole_hosts", Shape::List(&Shape::Map(HOST_KEYS))),
    key("reassignment", Shape::List(&Shape::Map(REASSIGNMENT_KEYS))),
];
const SOURCE: KeyShape = key("source", Shape::Map(SOURCE_KEYS));
const LADDER_KEYS: &[KeyShape] = &[
    key("publisher", Shape::Text),
    needed("product", Shape::Text),
    needed("order", Shape::Texts),
    key("right", Shape::Choice(rights)),
    SOURCE,
];
const PRODUCT_KEYS: &[KeyShape] =
    &[key("publisher", Shape::Text), needed("product", Shape::Text), key("edition", Shape::Text)];
const SUITE_KEYS: &[KeyShape] = &[
    key("publisher", Shape::Text),
    needed("product", Shape::Text),
    key("edition", Shape::Text),
    needed("parts", Shape::List(&Shape::Map(PRODUCT_KEYS))),
    SOURCE,
];
const NEED_KEYS: &[KeyShape] = &[
    key("publisher", Shape::Text),
    key("product", Shape::Text),
    needed("field", Shape::Text),
    key("values", Shape::Texts),
    needed("right", Shape::Choice(rights)),
    SOURCE,
];
const EXCUSE_KEYS: &[KeyShape] = &[
    needed("kind", Shape::Choice(|| words_of(&EXCUSES))),
    key("publisher", Shape::Text),
    needed("field", Shape::Text),
    key("values", Shape::Texts),
    key("days", Shape::Whole(MOST_DAYS)),
    SOURCE,
];
const RESERVE_KEYS: &[KeyShape] = &[
    needed("entitlement", Shape::Text),
    needed("pool", Shape::Text),
    needed("quantity", Shape::Number),
];
const HOST_KEYS: &[KeyShape] = &[
    key("publisher", Shape::Text),
    needed("product", Shape::Text),
    needed("edition", Shape::Text),
    needed("metric", Shape::Text),
    needed("by", Shape::Text),
    key("right", Shape::Choice(rights)),
    SOURCE,
];
const REASSIGNMENT_KEYS: &[KeyShape] = &[
    key("publisher", Shape::Text),
    key("product", Shape::Text),
    needed("days", Shape::Whole(MOST_DAYS)),
    key("except", Shape::Texts),
    SOURCE,
];

pub(super) fn read_matching(node: &Node, sink: &mut Sink) -> Option<MatchingRules> {
    let map = Mapping::read(node, "`matching`", KEYS, sink)?;
    let solver = match map.get("solver") {
        Some(node) => choice(node, "solver", &SOLVERS, sink).map(Some),
        None => Some(None),
    };
    let ladders = list(&map, "editions", read_ladder, sink);
    let suites = list(&map, "suites", read_suite, sink);
    let plans = list(&map, "plans", read_plan, sink);
    let ignored_parts = texts(&map, "ignored_parts", sink);
    let needs = list(&map, "needs", read_need, sink);
    let excuses = list(&map, "excuses", read_excuse, sink);
    let reserves = list(&map, "reserves", read_reserve, sink);
    let whole_hosts = list(&map, "whole_hosts", read_whole_host, sink);
    let reassignments = list(&map, "reassignment", read_reassignment, sink);
    Some(MatchingRules {
        solver: solver?,
        ladders: ladders?,
        suites: suites?,
        plans: plans?,
        ignored_parts: ignored_parts?,
        needs: needs?,
        excuses: excuses?,
        reserves: reserves?,
        whole_hosts: whole_hosts?,
        reassignments: reassignments?,
    })
}

/// The items of a key that may be left out.
fn list<T>(
    map: &Mapping<'_>,
    key: &str,
    read: impl FnMut(&Node, &mut Sink) -> Option<T>,
    sink: &mut Sink,
) -> Option<Vec<T>> {
    let Some(node) = map.get(key) else { return Some(Vec::new()) };
    let nodes = items(node, &format!("`{key}`"), sink)?;
    each(nodes, sink, read)
}

/// The texts of a key that may be left out.
fn texts(map: &Mapping<'_>, key: &str, sink: &mut Sink) -> Option<Vec<String>> {
    let Some(node) = map.get(key) else { return Some(Vec::new()) };
    let found = words(node, &format!("`{key}`"), sink)?;
    Some(found.into_iter().map(|word| word.text).collect())
}

/// A use right; `None` within where the key is left out.
#[expect(clippy::option_option, reason = "a key that is absent is not one that is wrong")]
fn right(map: &Mapping<'_>, sink: &mut Sink) -> Option<Option<&'static str>> {
    let Some(node) = map.get("right") else { return Some(None) };
    choice(node, "use right", &USE_RIGHTS.map(|right| (right, right)), sink).map(Some)
}

fn read_ladder(node: &Node, sink: &mut Sink) -> Option<EditionLadder> {
    let map = Mapping::read(node, "an entry of `editions`", LADDER_KEYS, sink)?;
    let product = product(&map, sink);
    map.need("order", sink);
    let order = texts(&map, "order", sink)?;
    let right = right(&map, sink);
    let source = source(&map, sink);
    let mut sorted = order.clone();
    sorted.sort();
    sorted.dedup();
    if order.len() < 2 || sorted.len() < order.len() {
        let message = "`order` names two editions or more, each once, the highest first";
        sink.report(Code::InvalidValue, &node.span, message);
        return None;
    }
    let span = node.span.clone();
    Some(EditionLadder { span, product: product?, order, right: right?, source: source? })
}

fn read_suite(node: &Node, sink: &mut Sink) -> Option<Suite> {
    let map = Mapping::read(node, "an entry of `suites`", SUITE_KEYS, sink)?;
    let whole = product(&map, sink);
    let nodes = map.need("parts", sink).and_then(|node| some_items(node, "`parts`", sink));
    let parts = nodes.and_then(|nodes| {
        each(nodes, sink, |node, sink| {
            product(&Mapping::read(node, "a part of a suite", PRODUCT_KEYS, sink)?, sink)
        })
    });
    let source = source(&map, sink);
    let (product, parts) = (whole?, parts?);
    if parts.contains(&product) {
        sink.report(Code::InvalidValue, &node.span, "a suite is not a part of itself");
        return None;
    }
    Some(Suite { span: node.span.clone(), product, parts, source: source? })
}

fn read_need(node: &Node, sink: &mut Sink) -> Option<NeededRight> {
    let map = Mapping::read(node, "an entry of `needs`", NEED_KEYS, sink)?;
    let publisher = maybe_name(&map, "publisher", sink);
    let product = maybe_name(&map, "product", sink);
    let field = need_name(&map, "field", sink);
    let values = texts(&map, "values", sink);
    map.need("right", sink);
    let right = right(&map, sink).flatten();
    let source = source(&map, sink);
    Some(NeededRight {
        span: node.span.clone(),
        publisher: publisher?,
        product: product?,
        field: field?,
        values: values?,
        right: right?,
        source: source?,
    })
}

fn read_excuse(node: &Node, sink: &mut Sink) -> Option<Excuse> {
    let map = Mapping::read(node, "an entry of `excuses`", EXCUSE_KEYS, sink)?;
    let kind = map.need("kind", sink).and_then(|node| choice(node, "excuse", &EXCUSES, sink));
    let publisher = maybe_name(&map, "publisher", sink);
    let field = need_name(&map, "field", sink);
    let values = texts(&map, "values", sink);
    let days = match map.get("days") {
        Some(node) => whole(node, "`days`", MOST_DAYS, sink).map(Some),
        None => Some(None),
    };
    let source = source(&map, sink);
    Some(Excuse {
        span: node.span.clone(),
        kind: kind?,
        publisher: publisher?,
        field: field?,
        values: values?,
        days: days?,
        source: source?,
    })
}

fn read_reserve(node: &Node, sink: &mut Sink) -> Option<Reserve> {
    let map = Mapping::read(node, "an entry of `reserves`", RESERVE_KEYS, sink)?;
    let entitlement = need_name(&map, "entitlement", sink);
    let pool = need_name(&map, "pool", sink);
    let quantity = map.need("quantity", sink).and_then(|node| positive(node, "`quantity`", sink));
    let span = node.span.clone();
    Some(Reserve { span, entitlement: entitlement?, pool: pool?, quantity: quantity? })
}

fn read_whole_host(node: &Node, sink: &mut Sink) -> Option<WholeHost> {
    let map = Mapping::read(node, "an entry of `whole_hosts`", HOST_KEYS, sink)?;
    let product = product(&map, sink);
    map.need("edition", sink);
    let metric = need_name(&map, "metric", sink);
    let by = need_name(&map, "by", sink);
    let right = right(&map, sink);
    let source = source(&map, sink);
    if metric.is_some() && metric == by {
        let message =
            "`by` is another metric than `metric`: it measures the host, not its machines";
        sink.report(Code::InvalidValue, &node.span, message);
        return None;
    }
    Some(WholeHost {
        span: node.span.clone(),
        product: product?,
        metric: metric?,
        by: by?,
        right: right?.unwrap_or("unlimited_vms"),
        source: source?,
    })
}

fn read_reassignment(node: &Node, sink: &mut Sink) -> Option<Reassignment> {
    let map = Mapping::read(node, "an entry of `reassignment`", REASSIGNMENT_KEYS, sink)?;
    let publisher = maybe_name(&map, "publisher", sink);
    let product = maybe_name(&map, "product", sink);
    let days = map.need("days", sink).and_then(|node| whole(node, "`days`", MOST_DAYS, sink));
    let except = texts(&map, "except", sink);
    let source = source(&map, sink);
    Some(Reassignment {
        span: node.span.clone(),
        publisher: publisher?,
        product: product?,
        days: days?,
        except: except?,
        source: source?,
    })
}
