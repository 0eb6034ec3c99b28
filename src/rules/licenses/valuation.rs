//! `valuation:` of license rule files: what rights cost, and what over-use costs by which terms.

use num_bigint::BigInt;
use num_rational::Ratio;

use crate::diagnostics::{Code, Span};
use crate::domain::{Amount, Currency, DateRange};
use crate::rules::decode::{Mapping, choice, items, parsed, read_valid, words};
use crate::rules::node::Node;
use crate::rules::shape::{KeyShape, Shape, VALID_KEYS, key, needed, words_of};
use crate::rules::sink::Sink;

use super::fields::USE_RIGHTS;
use super::figures::{each, maybe_name, need_name, percent, positive, product, source};
use super::matching::ProductName;
use super::source::{SOURCE_KEYS, Source};

/// Prices and terms. Lists in the order of their files.
#[derive(Clone, Debug, Default)]
pub struct ValuationRules {
    /// Whether parts of a year are counted in days or in months; days where no file says.
    pub prorate: Option<Prorate>,
    /// How amounts come to minor units; half up where no file says.
    pub rounding: Option<HouseRounding>,
    pub offers: Vec<Offer>,
    pub policies: Vec<OverusePolicy>,
    pub audits: Vec<AuditTerms>,
}

impl ValuationRules {
    /// With what another file declares.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.prorate = other.prorate.or(self.prorate);
        self.rounding = other.rounding.or(self.rounding);
        self.offers.extend(other.offers);
        self.policies.extend(other.policies);
        self.audits.extend(other.audits);
        self
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prorate {
    #[default]
    Days,
    Months,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HouseRounding {
    #[default]
    HalfUp,
    HalfEven,
}

/// Rights that can be bought.
#[derive(Clone, Debug)]
pub struct Offer {
    pub span: Span,
    pub product: ProductName,
    pub metric: String,
    /// For one unit of the metric, and a year where the right is a subscription.
    pub price: Amount,
    pub list_price: Option<Amount>,
    pub currency: Currency,
    /// Units in one pack; one where none is declared.
    pub pack: Option<Ratio<BigInt>>,
    /// The least that one order may be.
    pub minimum: Option<Ratio<BigInt>>,
    pub rights: Vec<&'static str>,
    pub valid: DateRange,
    pub clause: Option<String>,
    pub source: Option<Source>,
}

/// When over-use is paid, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OveruseKind {
    /// Each rise from the day it began to the end of the term.
    TrueUpRetroactive,
    /// Nothing for the past; what is used at the end of the term, for the next one.
    TrueForward,
    /// The highest use, for a whole year.
    Annual,
    /// Each rise for the quarters that remain after the one in which it was seen.
    QuarterlyRemaining,
    /// Every stretch of over-use by its length, at the rate on demand.
    OnDemand,
    /// The highest use in whole blocks, for a whole year.
    Block,
}

impl OveruseKind {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TrueUpRetroactive => "true_up_retroactive",
            Self::TrueForward => "true_forward",
            Self::Annual => "annual",
            Self::QuarterlyRemaining => "quarterly_remaining",
            Self::OnDemand => "on_demand",
            Self::Block => "block",
        }
    }
}

const KINDS: [OveruseKind; 6] = [
    OveruseKind::TrueUpRetroactive,
    OveruseKind::TrueForward,
    OveruseKind::Annual,
    OveruseKind::QuarterlyRemaining,
    OveruseKind::OnDemand,
    OveruseKind::Block,
];

/// What a unit of over-use costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PriceBasis {
    Contracted,
    List,
    /// List, so many times.
    ListTimes(Ratio<BigInt>),
}

/// Terms by which over-use is charged.
#[derive(Clone, Debug)]
pub struct OverusePolicy {
    pub span: Span,
    pub name: String,
    pub kind: OveruseKind,
    pub basis: PriceBasis,
    /// On demand: for a unit and month.
    pub rate: Option<Amount>,
    /// Of the rate.
    pub currency: Option<Currency>,
    /// Units in a block.
    pub block: Option<Ratio<BigInt>>,
    /// Only of these; all where both are absent.
    pub publisher: Option<String>,
    pub product: Option<String>,
    pub contracts: Vec<String>,
    pub clause: Option<String>,
    pub source: Option<Source>,
}

/// What an audit costs that finds more than was reported.
#[derive(Clone, Debug)]
pub struct AuditTerms {
    pub span: Span,
    pub contract: String,
    /// Percent of actual use that a report may lack before it is material.
    pub materiality: Ratio<BigInt>,
    /// Percent of the current list price, for each unit that was not reported.
    pub penalty: Ratio<BigInt>,
    pub audit_cost: Option<Amount>,
    pub currency: Option<Currency>,
    pub clause: Option<String>,
}

const PRORATES: [(&str, Prorate); 2] = [("days", Prorate::Days), ("months", Prorate::Months)];
const ROUNDINGS: [(&str, HouseRounding); 2] =
    [("half_up", HouseRounding::HalfUp), ("half_even", HouseRounding::HalfEven)];
const BASES: [(&str, u8); 3] = [("contracted", 0), ("list", 1), ("list_times", 2)];

pub(super) const KEYS: &[KeyShape] = &[
    key("prorate", Shape::Choice(|| words_of(&PRORATES))),
    key("rounding", Shape::Choice(|| words_of(&ROUNDINGS))),
    key("offers", Shape::List(&Shape::Map(OFFER_KEYS))),
    key("policies", Shape::List(&Shape::Map(POLICY_KEYS))),
    key("audits", Shape::List(&Shape::Map(AUDIT_KEYS))),
];
const SOURCE: KeyShape = key("source", Shape::Map(SOURCE_KEYS));
const OFFER_KEYS: &[KeyShape] = &[
    key("publisher", Shape::Text),
    needed("product", Shape::Text),
    key("edition", Shape::Text),
    needed("metric", Shape::Text),
    needed("price", Shape::Number),
    key("list_price", Shape::Number),
    needed("currency", Shape::Text),
    key("pack", Shape::Number),
    key("minimum", Shape::Number),
    key("rights", Shape::Choices(|| USE_RIGHTS.to_vec())),
    key("valid", Shape::Map(VALID_KEYS)),
    key("clause", Shape::Text),
    SOURCE,
];
const POLICY_KEYS: &[KeyShape] = &[
    needed("name", Shape::Text),
    needed("kind", Shape::Choice(|| KINDS.map(OveruseKind::name).to_vec())),
    key("basis", Shape::Choice(|| words_of(&BASES))),
    key("times", Shape::Number),
    key("rate", Shape::Number),
    key("currency", Shape::Text),
    key("block", Shape::Number),
    key("publisher", Shape::Text),
    key("product", Shape::Text),
    key("contracts", Shape::Texts),
    key("clause", Shape::Text),
    SOURCE,
];
const AUDIT_KEYS: &[KeyShape] = &[
    needed("contract", Shape::Text),
    needed("materiality", Shape::Number),
    needed("penalty", Shape::Number),
    key("audit_cost", Shape::Number),
    key("currency", Shape::Text),
    key("clause", Shape::Text),
];

pub(super) fn read_valuation(node: &Node, sink: &mut Sink) -> Option<ValuationRules> {
    let map = Mapping::read(node, "`valuation`", KEYS, sink)?;
    let prorate =
        maybe(&map, "prorate", sink, |node, sink| choice(node, "prorating", &PRORATES, sink));
    let rounding =
        maybe(&map, "rounding", sink, |node, sink| choice(node, "rounding", &ROUNDINGS, sink));
    let offers = list(&map, "offers", read_offer, sink);
    let policies = list(&map, "policies", read_policy, sink);
    let audits = list(&map, "audits", read_audit, sink);
    Some(ValuationRules {
        prorate: prorate?,
        rounding: rounding?,
        offers: offers?,
        policies: policies?,
        audits: audits?,
    })
}

/// A key that may be left out: outer `None` where its value is wrong.
#[expect(clippy::option_option, reason = "a key that is absent is not one that is wrong")]
fn maybe<T>(
    map: &Mapping<'_>,
    key: &str,
    sink: &mut Sink,
    read: impl FnOnce(&Node, &mut Sink) -> Option<T>,
) -> Option<Option<T>> {
    match map.get(key) {
        Some(node) => read(node, sink).map(Some),
        None => Some(None),
    }
}

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

/// An amount that is not negative.
fn price(node: &Node, what: &str, sink: &mut Sink) -> Option<Amount> {
    let found: Amount = parsed(node, what, sink)?;
    if found.is_negative() {
        sink.report(Code::InvalidValue, &node.span, format!("{what} is not negative"));
        return None;
    }
    Some(found)
}

fn read_offer(node: &Node, sink: &mut Sink) -> Option<Offer> {
    let map = Mapping::read(node, "an offer", OFFER_KEYS, sink)?;
    let product = product(&map, sink);
    let metric = need_name(&map, "metric", sink);
    let own = map.need("price", sink).and_then(|node| price(node, "`price`", sink));
    let list_price =
        maybe(&map, "list_price", sink, |node, sink| price(node, "`list_price`", sink));
    let currency = map.need("currency", sink).and_then(|node| parsed(node, "`currency`", sink));
    let pack = maybe(&map, "pack", sink, |node, sink| positive(node, "`pack`", sink));
    let minimum = maybe(&map, "minimum", sink, |node, sink| positive(node, "`minimum`", sink));
    let rights = maybe(&map, "rights", sink, |node, sink| {
        let known = USE_RIGHTS.map(|right| (right, right));
        let found = words(node, "`rights`", sink)?;
        let named = found.iter().filter_map(|word| {
            let right = known.iter().find(|(name, _)| *name == word.text);
            if right.is_none() {
                let message = format!("`{}` is no use right", word.text);
                sink.report_unknown(
                    Code::InvalidValue,
                    &word.span,
                    message,
                    &word.text,
                    &USE_RIGHTS,
                );
            }
            right.map(|(_, right)| *right)
        });
        let named: Vec<&'static str> = named.collect();
        (named.len() == found.len()).then_some(named)
    });
    let valid = maybe(&map, "valid", sink, |node, sink| read_valid(node, "the offer", sink));
    let clause = maybe_name(&map, "clause", sink);
    let source = source(&map, sink);
    Some(Offer {
        span: node.span.clone(),
        product: product?,
        metric: metric?,
        price: own?,
        list_price: list_price?,
        currency: currency?,
        pack: pack?,
        minimum: minimum?,
        rights: rights?.unwrap_or_default(),
        valid: valid?.unwrap_or(DateRange::ALWAYS),
        clause: clause?,
        source: source?,
    })
}

fn read_policy(node: &Node, sink: &mut Sink) -> Option<OverusePolicy> {
    let map = Mapping::read(node, "a policy of over-use", POLICY_KEYS, sink)?;
    let name = need_name(&map, "name", sink);
    let kinds = KINDS.map(|kind| (kind.name(), kind));
    let kind = map.need("kind", sink).and_then(|node| choice(node, "policy", &kinds, sink));
    let basis = read_basis(&map, sink);
    let rate = maybe(&map, "rate", sink, |node, sink| price(node, "`rate`", sink));
    let currency = maybe(&map, "currency", sink, |node, sink| parsed(node, "`currency`", sink));
    let block = maybe(&map, "block", sink, |node, sink| positive(node, "`block`", sink));
    let publisher = maybe_name(&map, "publisher", sink);
    let product = maybe_name(&map, "product", sink);
    let contracts = maybe(&map, "contracts", sink, |node, sink| words(node, "`contracts`", sink));
    let clause = maybe_name(&map, "clause", sink);
    let source = source(&map, sink);
    let (kind, rate, currency, block) = (kind?, rate?, currency?, block?);
    let lacks = match kind {
        OveruseKind::OnDemand if rate.is_none() => Some("rate"),
        OveruseKind::OnDemand if currency.is_none() => Some("currency"),
        OveruseKind::Block if block.is_none() => Some("block"),
        _ => None,
    };
    if let Some(key) = lacks {
        let message = format!("a policy of kind `{}` needs the key `{key}`", kind.name());
        sink.report(Code::MissingKey, &node.span, message);
        return None;
    }
    Some(OverusePolicy {
        span: node.span.clone(),
        name: name?,
        kind,
        basis: basis?,
        rate,
        currency,
        block,
        publisher: publisher?,
        product: product?,
        contracts: contracts?.unwrap_or_default().into_iter().map(|word| word.text).collect(),
        clause: clause?,
        source: source?,
    })
}

fn read_basis(map: &Mapping<'_>, sink: &mut Sink) -> Option<PriceBasis> {
    let times = maybe(map, "times", sink, |node, sink| positive(node, "`times`", sink))?;
    let basis = maybe(map, "basis", sink, |node, sink| choice(node, "price basis", &BASES, sink))?;
    let refuse = |message: &str, sink: &mut Sink| {
        let span = map.key_span("times").unwrap_or(map.span);
        sink.report(Code::InvalidValue, span, message);
        None
    };
    match (basis.unwrap_or(0), times) {
        (0, None) => Some(PriceBasis::Contracted),
        (1, None) => Some(PriceBasis::List),
        (2, Some(times)) => Some(PriceBasis::ListTimes(times)),
        (2, None) => refuse("`basis: list_times` needs the key `times`", sink),
        _ => refuse("`times` is a key of `basis: list_times`", sink),
    }
}

fn read_audit(node: &Node, sink: &mut Sink) -> Option<AuditTerms> {
    let map = Mapping::read(node, "an entry of `audits`", AUDIT_KEYS, sink)?;
    let contract = need_name(&map, "contract", sink);
    let materiality =
        map.need("materiality", sink).and_then(|node| percent(node, "`materiality`", sink));
    let penalty = map.need("penalty", sink).and_then(|node| percent(node, "`penalty`", sink));
    let audit_cost =
        maybe(&map, "audit_cost", sink, |node, sink| price(node, "`audit_cost`", sink));
    let currency = maybe(&map, "currency", sink, |node, sink| parsed(node, "`currency`", sink));
    let clause = maybe_name(&map, "clause", sink);
    let (audit_cost, currency) = (audit_cost?, currency?);
    if audit_cost.is_some() != currency.is_some() {
        let message = "`audit_cost` and `currency` stand together";
        sink.report(Code::InvalidValue, &node.span, message);
        return None;
    }
    Some(AuditTerms {
        span: node.span.clone(),
        contract: contract?,
        materiality: materiality?,
        penalty: penalty?,
        audit_cost,
        currency,
        clause: clause?,
    })
}
