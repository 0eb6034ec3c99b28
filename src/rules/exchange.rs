//! `exchange:` of the project file: how other currencies come into the report currency.

use crate::diagnostics::{Code, Span};
use crate::domain::{ExchangeTerms, Rate, RatePolicy};

use super::decode::{Mapping, boolean, choice, is_inside_project, parsed, whole, word};
use super::node::Node;
use super::shape::{KeyShape, Shape, key, needed};
use super::sink::Sink;

/// Digits of a converted amount where none are declared: finer than any currency, so that what
/// rounding takes from a million cells stays below a cent.
const DIGITS: u32 = 10;
/// More digits than these an amount could not be converted to in machine words.
const MOST_DIGITS: u32 = 18;
/// A rate that many times the one before is taken for a misplaced point.
const LEAP: &str = "10";

/// How amounts are converted, and by which table.
#[derive(Clone, Debug)]
pub struct ExchangeDecl {
    /// The table of rates.
    pub rates: (String, Span),
    pub terms: ExchangeTerms,
    /// A quote that is this many times the one before it, or this part of it, is an error.
    pub leap: Rate,
}

const POLICIES: [RatePolicy; 3] = [RatePolicy::MonthEnd, RatePolicy::Average, RatePolicy::Daily];
pub(super) const KEYS: &[KeyShape] = &[
    needed("rates", Shape::Text),
    needed("policy", Shape::Choice(|| POLICIES.map(RatePolicy::name).to_vec())),
    key("digits", Shape::Whole(MOST_DIGITS)),
    key("inverse", Shape::Flag),
    key("leap", Shape::Number),
];

pub(super) fn read_exchange(node: &Node, sink: &mut Sink) -> Option<ExchangeDecl> {
    let map = Mapping::read(node, "`exchange`", KEYS, sink)?;
    let rates = map.need("rates", sink).and_then(|node| word(node, "`rates`", sink));
    let rates = rates.filter(|path| is_inside_project(path, sink));
    let policies = POLICIES.map(|policy| (policy.name(), policy));
    let policy = map.need("policy", sink);
    let policy = policy.and_then(|node| choice(node, "policy of rates", &policies, sink));
    let digits = match map.get("digits") {
        Some(node) => whole(node, "`digits`", MOST_DIGITS, sink),
        None => Some(DIGITS),
    };
    let inverse = match map.get("inverse") {
        Some(node) => boolean(node, "`inverse`", sink),
        None => Some(false),
    };
    let leap = match map.get("leap") {
        Some(node) => read_leap(node, sink),
        None => LEAP.parse().ok(),
    };
    let rates = rates?;
    Some(ExchangeDecl {
        rates: (rates.text, rates.span),
        terms: ExchangeTerms { policy: policy?, digits: digits?, inverse: inverse? },
        leap: leap?,
    })
}

fn read_leap(node: &Node, sink: &mut Sink) -> Option<Rate> {
    let leap: Rate = parsed(node, "`leap`", sink)?;
    if leap.ratio().numer() <= leap.ratio().denom() {
        let message = format!("`leap` is {leap}; a rate leaps by more than 1 times the one before");
        sink.report(Code::InvalidValue, &node.span, message);
        return None;
    }
    Some(leap)
}
