//! `thresholds:` of license rule files: from which figures on something is warned of.
//!
//! The first entry that is about a subject and has a key decides that key; own files come before
//! shipped ones.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_rational::Ratio;
use num_traits::Signed;

use crate::diagnostics::{Code, Severity, Span};
use crate::domain::{Amount, Currency, SCALE};
use crate::rules::decode::{
    Mapping, choice, entries, is_identifier, is_name, items, one_or_more, parsed, text, whole, word,
};
use crate::rules::node::Node;
use crate::rules::shape::{KeyShape, Shape, key, needed, words_of};
use crate::rules::sink::Sink;

use super::kinds::WarningKind;
use super::selector::{self, Selector, read_for};

/// Days that any of these may look ahead: ten years.
const MOST_DAYS: u32 = 3_660;
const MOST_MONTHS: u32 = 120;

/// How what was is drawn on into what will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ForecastMethod {
    /// As since the beginning.
    RunRate,
    /// As in the last so many months.
    LastMonths(u32),
    /// Along the straight line of least squares through the last so many months.
    Trend(u32),
}

/// Growth that is warned of: more percent than this within so many months.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Growth {
    pub percent: Ratio<BigInt>,
    pub months: u32,
}

/// What may be spent in so many months.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    pub amount: Amount,
    pub currency: Currency,
    pub months: u32,
}

/// An entry of `thresholds`. What it does not say is said by a later entry, or by the defaults.
#[derive(Clone, Debug)]
pub struct ThresholdRule {
    pub name: String,
    pub span: Span,
    pub subjects: Selector,
    /// Percent of what is owned, ascending.
    pub utilisation: Option<Vec<Ratio<BigInt>>>,
    pub idle_days: Option<u32>,
    /// Percent of use below which rights are shelfware.
    pub shelfware_below: Option<Ratio<BigInt>>,
    /// Percent of samples that must be there.
    pub coverage: Option<Ratio<BigInt>>,
    /// Days before an end on which it is told.
    pub expiry_days: Option<u32>,
    /// Days before the last day of notice on which it is told.
    pub notice_days: Option<u32>,
    /// Days ahead that forecasts are told of.
    pub horizon_days: Option<u32>,
    pub forecast: Option<ForecastMethod>,
    pub growth: Option<Growth>,
    pub budget: Option<Budget>,
    pub severity: BTreeMap<WarningKind, Severity>,
    /// Who answers for it, where no contract names somebody.
    pub owner: Option<String>,
}

/// A method of so many months.
type MethodOf = fn(u32) -> ForecastMethod;

const METHODS: [(&str, MethodOf); 3] = [
    ("run_rate", |_| ForecastMethod::RunRate),
    ("last_months", ForecastMethod::LastMonths),
    ("trend", ForecastMethod::Trend),
];
const SEVERITIES: [(&str, Severity); 3] =
    [("note", Severity::Note), ("warning", Severity::Warning), ("error", Severity::Error)];
const FORECAST_KEYS: &[KeyShape] = &[
    needed("method", Shape::Choice(|| words_of(&METHODS))),
    key("months", Shape::Whole(MOST_MONTHS)),
];
const GROWTH_KEYS: &[KeyShape] =
    &[needed("percent", Shape::Number), needed("months", Shape::Whole(MOST_MONTHS))];
const BUDGET_KEYS: &[KeyShape] = &[
    needed("amount", Shape::Number),
    needed("currency", Shape::Text),
    key("months", Shape::Whole(MOST_MONTHS)),
];
/// Keys of an entry of `thresholds`.
pub(super) const KEYS: &[KeyShape] = &[
    needed("name", Shape::Text),
    key("for", Shape::Map(selector::KEYS)),
    key("utilisation", Shape::Some(&Shape::Number)),
    key("idle_days", Shape::Whole(MOST_DAYS)),
    key("shelfware_below", Shape::Number),
    key("coverage", Shape::Number),
    key("expiry_days", Shape::Whole(MOST_DAYS)),
    key("notice_days", Shape::Whole(MOST_DAYS)),
    key("horizon_days", Shape::Whole(MOST_DAYS)),
    key("forecast", Shape::Map(FORECAST_KEYS)),
    key("growth", Shape::Map(GROWTH_KEYS)),
    key("budget", Shape::Map(BUDGET_KEYS)),
    key("severity", Shape::Each(kind_names, &Shape::Choice(|| words_of(&SEVERITIES)))),
    key("owner", Shape::Text),
];

pub(super) fn kind_names() -> Vec<&'static str> {
    WarningKind::ALL.iter().map(|kind| kind.name()).collect()
}

/// Reads the list behind `thresholds`.
pub(super) fn read_thresholds(node: &Node, sink: &mut Sink) -> Option<Vec<ThresholdRule>> {
    let nodes = items(node, "`thresholds`", sink)?;
    let found: Vec<ThresholdRule> =
        nodes.iter().filter_map(|node| read_entry(node, sink)).collect();
    (found.len() == nodes.len()).then_some(found)
}

fn read_entry(node: &Node, sink: &mut Sink) -> Option<ThresholdRule> {
    let before = sink.count();
    let map = Mapping::read(node, "a threshold", KEYS, sink)?;
    let name = map.need("name", sink).and_then(|node| word(node, "`name`", sink));
    let name = name.filter(|name| is_identifier(name, "the name of a threshold", true, sink));
    let subjects = read_for(&map, sink);
    let utilisation = map.get("utilisation").and_then(|node| read_percents(node, sink));
    let mut days = |key: &'static str| {
        map.get(key).and_then(|node| whole(node, &format!("`{key}`"), MOST_DAYS, sink))
    };
    let (idle_days, expiry_days) = (days("idle_days"), days("expiry_days"));
    let (notice_days, horizon_days) = (days("notice_days"), days("horizon_days"));
    let shelfware_below =
        map.get("shelfware_below").and_then(|node| percent(node, "`shelfware_below`", sink));
    let coverage = map.get("coverage").and_then(|node| percent(node, "`coverage`", sink));
    let forecast = map.get("forecast").and_then(|node| read_forecast(node, sink));
    let growth = map.get("growth").and_then(|node| read_growth(node, sink));
    let budget = map.get("budget").and_then(|node| read_budget(node, sink));
    let severity = map.get("severity").and_then(|node| read_severity(node, sink));
    let owner = map.get("owner").and_then(|node| word(node, "`owner`", sink));
    let owner = owner.filter(|owner| is_name(owner, "an owner", sink)).map(|owner| owner.text);
    if sink.count() > before {
        return None;
    }
    let name = name?;
    Some(ThresholdRule {
        name: name.text,
        span: name.span,
        subjects: subjects?,
        utilisation,
        idle_days,
        shelfware_below,
        coverage,
        expiry_days,
        notice_days,
        horizon_days,
        forecast,
        growth,
        budget,
        severity: severity.unwrap_or_default(),
        owner,
    })
}

/// A number of percent, with or without its sign; none below zero.
fn percent(node: &Node, what: &str, sink: &mut Sink) -> Option<Ratio<BigInt>> {
    let found = text(node, what, sink)?;
    let bare = found.strip_suffix('%').unwrap_or(found).trim();
    let number = Amount::parse(bare.as_bytes()).ok();
    let number = number.map(|number| Ratio::new(number.to_units(), BigInt::from(10).pow(SCALE)));
    let number = number.filter(|number| !number.is_negative());
    if number.is_none() {
        let message = format!("{what} is a number of percent from 0, such as 80, not `{found}`");
        sink.report(Code::InvalidValue, &node.span, message);
    }
    number
}

fn read_percents(node: &Node, sink: &mut Sink) -> Option<Vec<Ratio<BigInt>>> {
    let nodes = one_or_more(node, "`utilisation`", sink)?;
    let mut found: Vec<_> =
        nodes.iter().filter_map(|node| percent(node, "`utilisation`", sink)).collect();
    found.sort();
    found.dedup();
    Some(found)
}

fn read_months(map: &Mapping<'_>, default: u32, sink: &mut Sink) -> Option<u32> {
    let Some(node) = map.get("months") else { return Some(default) };
    let months = whole(node, "`months`", MOST_MONTHS, sink)?;
    if months == 0 {
        sink.report(Code::InvalidValue, &node.span, "`months` must be 1 at least");
        return None;
    }
    Some(months)
}

fn read_forecast(node: &Node, sink: &mut Sink) -> Option<ForecastMethod> {
    let map = Mapping::read(node, "`forecast`", FORECAST_KEYS, sink)?;
    let method = map.need("method", sink);
    let method = method.and_then(|node| choice(node, "method of forecasts", &METHODS, sink));
    let months = read_months(&map, 6, sink)?;
    let method = method?(months);
    if method == ForecastMethod::Trend(1) {
        sink.report(Code::InvalidValue, map.span, "a `trend` needs two `months` at least");
        return None;
    }
    Some(method)
}

fn read_growth(node: &Node, sink: &mut Sink) -> Option<Growth> {
    let map = Mapping::read(node, "`growth`", GROWTH_KEYS, sink)?;
    let rise = map.need("percent", sink).and_then(|node| percent(node, "`percent`", sink));
    map.need("months", sink)?;
    let months = read_months(&map, 1, sink)?;
    Some(Growth { percent: rise?, months })
}

fn read_budget(node: &Node, sink: &mut Sink) -> Option<Budget> {
    let map = Mapping::read(node, "`budget`", BUDGET_KEYS, sink)?;
    let amount: Option<Amount> =
        map.need("amount", sink).and_then(|node| parsed(node, "`amount`", sink));
    let currency = map.need("currency", sink).and_then(|node| parsed(node, "`currency`", sink));
    let months = read_months(&map, 12, sink)?;
    if amount.is_some_and(Amount::is_negative) {
        sink.report(Code::InvalidValue, map.span, "a budget is not below zero");
        return None;
    }
    Some(Budget { amount: amount?, currency: currency?, months })
}

fn read_severity(node: &Node, sink: &mut Sink) -> Option<BTreeMap<WarningKind, Severity>> {
    let names = kind_names();
    let mut found = BTreeMap::new();
    for (name, node) in entries(node, "`severity`", sink)? {
        let Some(kind) = WarningKind::from_name(&name.text) else {
            let message = format!("`{}` is no kind of warning", name.text);
            sink.report_unknown(Code::UnknownName, &name.span, message, &name.text, &names);
            continue;
        };
        if let Some(level) = choice(node, "severity", &SEVERITIES, sink) {
            found.insert(kind, level);
        }
    }
    Some(found)
}
