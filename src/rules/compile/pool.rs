//! Pools: how each is split, and among whom.

use num_bigint::BigUint;
use num_rational::Ratio;
use num_traits::One;

use crate::diagnostics::Code;
use crate::domain::{Amount, CostMetric, Currency, DateRange, Level, Share};
use crate::rules::condition::Condition;
use crate::rules::decode::{Mapping, choice, entries, items, parsed, read_valid, word, words};
use crate::rules::model::{FieldId, PoolId, RuleSet};
use crate::rules::names::Names;
use crate::rules::node::{Key, Kind as NodeKind, Node};
use crate::rules::shape::{KeyShape, Shape, VALID_KEYS, key, needed, words_of};
use crate::rules::sharing::{
    Base, Cutoff, CutoffInto, DatedShares, DriverUse, Pool, PoolName, Price, Receivers,
    SplitMethod, Target, Tier, ZeroDriver,
};
use crate::rules::sink::Sink;
use crate::rules::when::condition;

use super::raw::{RawPool, RawRules};
use super::{DriverScope, Scope};

pub(super) const KEYS: &[KeyShape] = &[
    needed("split", Shape::Choice(|| words_of(KINDS))),
    key("each", Shape::Text),
    key("by", Shape::Choice(|| words_of(METRICS))),
    key("of", Shape::Condition),
    key("base", Shape::Choice(|| words_of(BASES))),
    key("within", Shape::Texts),
    key("on_zero_driver", Shape::Either(&[ZERO_WORD, Shape::Map(ZERO_KEYS)])),
    key("shares", Shape::Either(&[SHARES, Shape::List(&Shape::Map(DATED_KEYS))])),
    key("driver", Shape::Text),
    key("drivers", SHARES),
    key("price", Shape::Text),
    key("tiers", Shape::List(&Shape::Map(TIER_KEYS))),
    key("remainder", Shape::Text),
    key("over", Shape::Map(LEVEL_KEYS)),
    key("include", Shape::Texts),
    key("exclude", Shape::Texts),
    key("cutoff", Shape::Map(CUTOFF_KEYS)),
];
/// By name.
const SHARES: Shape = Shape::Named(&Shape::Text);
const DATED_KEYS: &[KeyShape] = &[needed("valid", Shape::Map(VALID_KEYS)), needed("of", SHARES)];
const ZERO_WORDS: [&str; 4] = ["fail", "even", "unallocated", "widen"];
const ZERO_WORD: Shape = Shape::Choice(|| ZERO_WORDS.to_vec());
const ZERO_KEYS: &[KeyShape] = &[
    key("then", Shape::Either(&[ZERO_WORD, Shape::Map(&[needed("driver", Shape::Text)])])),
    key("driver", Shape::Text),
];
const TIER_KEYS: &[KeyShape] = &[key("to", Shape::Number), needed("price", Shape::Text)];
const LEVEL_KEYS: &[KeyShape] = &[needed("level", Shape::Text)];
const CUTOFF_KEYS: &[KeyShape] = &[needed("below", Shape::Text), needed("into", Shape::Text)];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Even,
    Fixed,
    Proportional,
    Driver,
    Rate,
}

const KINDS: &[(&str, Kind)] = &[
    ("even", Kind::Even),
    ("fixed", Kind::Fixed),
    ("proportional", Kind::Proportional),
    ("driver", Kind::Driver),
    ("rate", Kind::Rate),
];
pub(super) const METRICS: &[(&str, CostMetric)] = &[
    ("effective_cost", CostMetric::EffectiveCost),
    ("billed_cost", CostMetric::BilledCost),
    ("list_cost", CostMetric::ListCost),
    ("contracted_cost", CostMetric::ContractedCost),
    ("EffectiveCost", CostMetric::EffectiveCost),
    ("BilledCost", CostMetric::BilledCost),
    ("ListCost", CostMetric::ListCost),
    ("ContractedCost", CostMetric::ContractedCost),
];
/// Questions of receivers' charges that all pools together may have.
const BASES_LIMIT: usize = 64;
const BASES: &[(&str, Base)] = &[("direct", Base::Direct), ("accumulated", Base::Accumulated)];

/// Pools as they are linked: what their keys may name.
struct Linker<'l, 'r, 'n> {
    raw: &'l RawRules<'r>,
    drivers: &'l [DriverScope],
    names: &'l mut Names<'n>,
    rules: &'l mut RuleSet,
}

pub(super) fn link(
    raw: &RawRules<'_>,
    scope: &Scope<'_>,
    names: &mut Names<'_>,
    rules: &mut RuleSet,
    sink: &mut Sink,
) {
    let mut linker = Linker { raw, drivers: scope.drivers, names, rules };
    // A pool whose inside is wrong keeps its place, so that rules which name it are not blamed.
    let pools = raw.pools.iter().map(|found| linker.pool(found, sink)).collect();
    rules.pools = pools;
}

impl Linker<'_, '_, '_> {
    fn pool(&mut self, raw: &RawPool<'_>, sink: &mut Sink) -> Pool {
        let map = Mapping::read(raw.body, "a pool", KEYS, sink);
        let split = map.and_then(|map| self.split(map, sink)).unwrap_or(SplitMethod::Even);
        let get = |key: &str| map.and_then(|map| map.get(key));
        let include = get("include").map(|node| self.owners(node, sink)).unwrap_or_default();
        let exclude = get("exclude").map(|node| self.owners(node, sink)).unwrap_or_default();
        let over = get("over").and_then(|node| self.level(node, sink));
        let each = get("each").and_then(|node| self.field(node, "`each`", sink));
        let within = get("within").and_then(|node| words(node, "`within`", sink));
        let within = within.unwrap_or_default();
        let fields = within.iter().filter_map(|name| self.names.fields.resolve(name, sink));
        let within = fields.collect();
        let cutoff = get("cutoff").and_then(|node| self.cutoff(node, sink));
        let receivers = Receivers { include, exclude, over };
        let (name, span) = (raw.name.text.clone(), raw.name.span.clone());
        Pool { name, span, each, split, receivers, within, cutoff }
    }

    fn field(&mut self, node: &Node, what: &str, sink: &mut Sink) -> Option<FieldId> {
        let name = word(node, what, sink)?;
        self.names.fields.resolve(&name, sink)
    }

    fn owners(&self, node: &Node, sink: &mut Sink) -> Vec<String> {
        let found = words(node, "a list of owners", sink).unwrap_or_default();
        let known = found.into_iter().filter(|name| self.names.is_owner(name, sink));
        known.map(|name| name.text).collect()
    }

    fn split(&mut self, map: Mapping<'_>, sink: &mut Sink) -> Option<SplitMethod> {
        let node = map.need("split", sink)?;
        let kind = choice(node, "way to split a pool", KINDS, sink)?;
        refuse_foreign_keys(map, kind, sink);
        match kind {
            Kind::Even => Some(SplitMethod::Even),
            Kind::Fixed => {
                let node = map.need("shares", sink)?;
                self.dated_shares(node, map, sink).map(SplitMethod::Fixed)
            }
            Kind::Proportional => Some(self.proportional(map, sink)),
            Kind::Driver => {
                let drivers = self.drivers(map, sink);
                let on_zero = map.need("on_zero_driver", sink);
                let on_zero = on_zero.and_then(|node| self.on_zero(node, sink));
                Some(SplitMethod::Driver { drivers: drivers?, on_zero: on_zero? })
            }
            Kind::Rate => {
                let driver = map.need("driver", sink);
                let driver = driver.and_then(|node| self.driver(node, Share::whole(), sink));
                let remainder = map.need("remainder", sink);
                let remainder = remainder.and_then(|node| self.remainder(node, sink));
                let price = price(map, sink);
                Some(SplitMethod::Rate { driver: driver?, price: price?, remainder: remainder? })
            }
        }
    }

    fn proportional(&mut self, map: Mapping<'_>, sink: &mut Sink) -> SplitMethod {
        let by = map.get("by").and_then(|node| choice(node, "cost metric", METRICS, sink));
        let base = map.get("base").and_then(|node| choice(node, "base", BASES, sink));
        let of = map.get("of").and_then(|node| condition(node, self.names, sink));
        let of = of.and_then(|condition| self.basis(condition, map, sink));
        let base = base.unwrap_or_default();
        if let (Some(_), Base::Accumulated, Some(span)) = (of, base, map.key_span("of")) {
            let message = "`of` asks charges, and what earlier pools gave is none";
            sink.report_with_help(Code::InvalidValue, span, message, "take `base: direct`");
        }
        let on_zero = map.get("on_zero_driver").and_then(|node| self.on_zero(node, sink));
        SplitMethod::Proportional {
            by: by.unwrap_or(CostMetric::EffectiveCost),
            of,
            base,
            on_zero: on_zero.unwrap_or_default(),
        }
    }

    /// Remembers a question of charges; as many as there are bits in a word.
    fn basis(&mut self, asked: Condition, map: Mapping<'_>, sink: &mut Sink) -> Option<u16> {
        let bases = &mut self.rules.bases;
        if bases.len() == BASES_LIMIT {
            let message = format!("at most {BASES_LIMIT} pools may have `of`");
            sink.report(Code::InvalidValue, map.key_span("of").unwrap_or(map.span), message);
            return None;
        }
        bases.push(asked);
        u16::try_from(bases.len() - 1).ok()
    }

    /// One driver under `driver`, or several with their shares under `drivers`.
    fn drivers(&mut self, map: Mapping<'_>, sink: &mut Sink) -> Option<Vec<DriverUse>> {
        if let (Some(_), Some(span)) = (map.key_span("driver"), map.key_span("drivers")) {
            let message = "`drivers` stands beside `driver`, which says the same";
            sink.report_with_help(Code::InvalidValue, span, message, "keep one of the two");
            return None;
        }
        let Some(node) = map.get("drivers") else {
            let node = map.need("driver", sink)?;
            return self.driver(node, Share::whole(), sink).map(|driver| vec![driver]);
        };
        let before = sink.count();
        let mut drivers = Vec::new();
        for (name, value) in entries(node, "`drivers`", sink)? {
            let share = parsed(value, "a share", sink);
            let driver = self.driver_named(name, share.unwrap_or_else(Share::whole), sink);
            drivers.extend(driver);
        }
        let sum = Share::sum(drivers.iter().map(|driver| &driver.share));
        if sink.count() == before && sum != Ratio::one() {
            report_sum(&sum, map.key_span("drivers").unwrap_or(&node.span), sink);
        }
        (sink.count() == before).then_some(drivers)
    }

    fn driver(&mut self, node: &Node, share: Share, sink: &mut Sink) -> Option<DriverUse> {
        let name = word(node, "`driver`", sink)?;
        self.driver_named(&name, share, sink)
    }

    fn driver_named(&mut self, name: &Key, share: Share, sink: &mut Sink) -> Option<DriverUse> {
        let Some(found) = self.drivers.iter().find(|driver| driver.name == name.text) else {
            let known: Vec<&str> = self.drivers.iter().map(|found| found.name.as_str()).collect();
            let message = format!("there is no driver `{}`", name.text);
            if known.is_empty() {
                let help = "declare its table under `drivers` in costbook.yaml";
                sink.report_with_help(Code::UnknownName, &name.span, message, help);
            } else {
                sink.report_unknown(Code::UnknownName, &name.span, message, &name.text, &known);
            }
            return None;
        };
        let mut scope = Vec::new();
        for column in &found.scope {
            let column = Key { text: column.clone(), span: name.span.clone() };
            scope.push(self.names.fields.resolve(&column, sink)?);
        }
        Some(DriverUse { name: name.text.clone(), share, scope })
    }

    /// `unallocated`, `even`, `widen`, `fail`, `{ driver: other }`, or any word as `{ then: word }`.
    fn on_zero(&mut self, node: &Node, sink: &mut Sink) -> Option<ZeroDriver> {
        if let NodeKind::Map(_) = node.kind {
            let map = Mapping::read(node, "`on_zero_driver`", ZERO_KEYS, sink)?;
            if let Some(node) = map.get("then") {
                return self.on_zero(node, sink);
            }
            let node = map.need("driver", sink)?;
            return self.driver(node, Share::whole(), sink).map(ZeroDriver::Driver);
        }
        let policies = ZERO_WORDS.map(|word| (word, word));
        Some(match choice(node, "policy", &policies, sink)? {
            "fail" => ZeroDriver::Fail,
            "even" => ZeroDriver::Even,
            "widen" => ZeroDriver::Widen,
            _ => ZeroDriver::Unallocated,
        })
    }

    fn remainder(&mut self, node: &Node, sink: &mut Sink) -> Option<Target> {
        let name = word(node, "`remainder`", sink)?;
        if name.text == "unallocated" {
            Some(Target::Unallocated)
        } else {
            self.target(&name, sink)
        }
    }

    /// Shares by name, or a list of them with the days on which they hold.
    fn dated_shares(
        &mut self,
        node: &Node,
        map: Mapping<'_>,
        sink: &mut Sink,
    ) -> Option<Vec<DatedShares>> {
        if !matches!(node.kind, NodeKind::List(_)) {
            let span = map.key_span("shares").unwrap_or(&node.span);
            let shares = self.shares(node, span, sink)?;
            return Some(vec![DatedShares { valid: DateRange::ALWAYS, shares }]);
        }
        let mut dated: Vec<DatedShares> = Vec::new();
        let before = sink.count();
        for item in items(node, "`shares`", sink)? {
            let Some(map) = Mapping::read(item, "dated shares", DATED_KEYS, sink) else {
                continue;
            };
            let valid =
                map.need("valid", sink).and_then(|node| read_valid(node, "these shares", sink));
            let shares = map.need("of", sink).and_then(|node| self.shares(node, map.span, sink));
            let (Some(valid), Some(shares)) = (valid, shares) else { continue };
            if dated.iter().any(|earlier| earlier.valid.overlaps(valid)) {
                let message = "these shares and others above hold on the same days";
                sink.report(Code::InvalidValue, map.span, message);
            }
            dated.push(DatedShares { valid, shares });
        }
        dated.sort_by_key(|shares| shares.valid.from());
        (sink.count() == before).then_some(dated)
    }

    fn shares(
        &mut self,
        node: &Node,
        span: &crate::diagnostics::Span,
        sink: &mut Sink,
    ) -> Option<Vec<(Target, Share)>> {
        /// A share with more digits than this is no share anybody agreed on.
        const LONGEST_SHARE: usize = 60;
        let before = sink.count();
        let mut shares: Vec<(Target, Share)> = Vec::new();
        for (name, value) in entries(node, "`shares`", sink)? {
            let target = self.target(name, sink);
            let is_long =
                matches!(&value.kind, NodeKind::Scalar(text) if text.len() > LONGEST_SHARE);
            if is_long {
                sink.report(Code::InvalidValue, &value.span, "the share has too many digits");
            } else if let Some(share) = parsed(value, "a share", sink) {
                shares.extend(target.map(|target| (target, share)));
            }
        }
        let sum = Share::sum(shares.iter().map(|(_, share)| share));
        if sink.count() > before {
            return None;
        }
        if sum != Ratio::one() {
            report_sum(&sum, span, sink);
            return None;
        }
        Some(shares)
    }

    /// An owner or a pool; `owner:` or `pool:` in front says which, where both have the name.
    fn target(&mut self, name: &Key, sink: &mut Sink) -> Option<Target> {
        let rest = |text: &str| Key { text: text.to_owned(), span: name.span.clone() };
        if let Some(text) = name.text.strip_prefix("owner:") {
            let name = rest(text);
            return self.names.is_owner(&name, sink).then_some(Target::Owner(name.text));
        }
        if let Some(text) = name.text.strip_prefix("pool:") {
            let name = rest(text);
            let found = pool_named(self.raw, &name.text);
            if found.is_none() {
                let known: Vec<&str> =
                    self.raw.pools.iter().map(|pool| pool.name.text.as_str()).collect();
                let message = format!("there is no pool `{}`", name.text);
                sink.report_unknown(Code::UnknownName, &name.span, message, &name.text, &known);
            }
            return found.map(Target::Pool);
        }
        match pool_named(self.raw, &name.text) {
            Some(_) if self.names.knows_owner(&name.text) => {
                let message = format!("`{}` is an owner and a pool", name.text);
                let help = format!("write `owner:{0}` or `pool:{0}`", name.text);
                sink.report_with_help(Code::InvalidValue, &name.span, message, help);
                None
            }
            Some(pool) => Some(Target::Pool(pool)),
            None => self.names.is_owner(name, sink).then(|| Target::Owner(name.text.clone())),
        }
    }

    fn level(&self, node: &Node, sink: &mut Sink) -> Option<Level> {
        let map = Mapping::read(node, "`over`", LEVEL_KEYS, sink)?;
        let name = map.need("level", sink).and_then(|node| word(node, "`level`", sink))?;
        match name.text.parse::<u32>() {
            Ok(0) => {
                sink.report(Code::InvalidValue, &name.span, "levels count from 1, the roots");
                None
            }
            Ok(depth) => Some(Level::Depth(depth)),
            Err(_) => self.names.is_level(&name, sink).then_some(Level::Named(name.text)),
        }
    }

    fn cutoff(&mut self, node: &Node, sink: &mut Sink) -> Option<Cutoff> {
        let map = Mapping::read(node, "`cutoff`", CUTOFF_KEYS, sink)?;
        let below = map.need("below", sink).and_then(|node| parsed(node, "a share", sink));
        let into = map.need("into", sink).and_then(|node| word(node, "`into`", sink))?;
        let into = if into.text == "others" {
            CutoffInto::Others
        } else {
            self.names.is_owner(&into, sink).then(|| CutoffInto::Owner(into.text.clone()))?
        };
        Some(Cutoff { below: below?, into })
    }
}

/// The pool of that name, or the one of a family by `family/value`.
pub(super) fn pool_named(raw: &RawRules<'_>, name: &str) -> Option<PoolName> {
    let at = |name: &str| {
        let index = raw.pools.iter().position(|pool| pool.name.text == name)?;
        u16::try_from(index)
            .ok()
            .map(|index| (PoolId(index), raw.pools[usize::from(index)].is_family()))
    };
    if let Some((pool, false)) = at(name) {
        return Some(PoolName { pool, value: None });
    }
    let (family, value) = name.split_once('/')?;
    match at(family) {
        Some((pool, true)) if !value.is_empty() => {
            Some(PoolName { pool, value: Some(value.to_owned()) })
        }
        _ => None,
    }
}

/// `price: 23.50 EUR`, or `tiers: [ { to: 100, price: 23.50 EUR }, { price: 20 EUR } ]`.
fn price(map: Mapping<'_>, sink: &mut Sink) -> Option<Price> {
    if let (Some(_), Some(span)) = (map.key_span("price"), map.key_span("tiers")) {
        let message = "`tiers` stands beside `price`, which says the same";
        sink.report_with_help(Code::InvalidValue, span, message, "keep one of the two");
        return None;
    }
    let Some(node) = map.get("tiers") else {
        let (price, currency) = money(map.need("price", sink)?, sink)?;
        return Some(Price { currency, tiers: vec![Tier { to: None, price }] });
    };
    let mut found: Option<Price> = None;
    for item in items(node, "`tiers`", sink)? {
        let map = Mapping::read(item, "a tier", TIER_KEYS, sink)?;
        let (price, currency) = money(map.need("price", sink)?, sink)?;
        let to: Option<Amount> = match map.get("to") {
            Some(node) => Some(parsed(node, "`to`", sink)?),
            None => None,
        };
        let tiers = found.get_or_insert(Price { currency, tiers: Vec::new() });
        let last = tiers.tiers.last().map(|tier| tier.to);
        let ascends = match (last, to) {
            (None, to) => to.is_none_or(|to| !to.is_negative() && !to.is_zero()),
            (Some(Some(last)), to) => to.is_none_or(|to| to > last),
            (Some(None), _) => false,
        };
        if currency != tiers.currency || !ascends {
            let message = "tiers ascend, the last has no `to`, and all have one currency";
            sink.report(Code::InvalidValue, &item.span, message);
            return None;
        }
        tiers.tiers.push(Tier { to, price });
    }
    if found.as_ref().and_then(|price| price.tiers.last()).is_none_or(|last| last.to.is_some()) {
        let message = "the last tier has no `to`, so that every quantity has a price";
        sink.report(Code::InvalidValue, &node.span, message);
        return None;
    }
    found
}

/// An amount and its currency, such as `23.50 EUR`.
fn money(node: &Node, sink: &mut Sink) -> Option<(Amount, Currency)> {
    let found = word(node, "a price", sink)?;
    let read = found.text.split_once(' ').and_then(|(amount, currency)| {
        let amount: Amount = amount.parse().ok()?;
        Some((amount, Currency::parse(currency.trim()).ok()?))
    });
    if read.is_none_or(|(amount, _)| amount.is_negative()) {
        let message = format!("`{}` is no price; write it as 23.50 EUR", found.text);
        sink.report(Code::InvalidValue, &found.span, message);
        return None;
    }
    read
}

/// Keys that would be read by nobody under this way to split.
fn refuse_foreign_keys(map: Mapping<'_>, kind: Kind, sink: &mut Sink) {
    const COST: &[&str] = &["by", "of", "base"];
    const RATE: &[&str] = &["price", "tiers", "remainder"];
    let foreign: Vec<&[&str]> = match kind {
        Kind::Even => {
            vec![COST, RATE, &["on_zero_driver", "shares", "driver", "drivers", "within"]]
        }
        Kind::Fixed => vec![
            COST,
            RATE,
            &["on_zero_driver", "driver", "drivers", "include", "exclude", "within", "over"],
        ],
        Kind::Proportional => vec![RATE, &["shares", "driver", "drivers"]],
        Kind::Driver => vec![COST, RATE, &["shares", "include", "exclude", "within", "over"]],
        Kind::Rate => vec![
            COST,
            &[
                "on_zero_driver",
                "shares",
                "drivers",
                "include",
                "exclude",
                "within",
                "over",
                "cutoff",
            ],
        ],
    };
    for key in foreign.into_iter().flatten() {
        if let Some(span) = map.key_span(key) {
            let name = KINDS.iter().find(|(_, found)| *found == kind).map_or("", |(name, _)| name);
            let message = format!("`{key}` has no meaning beside `split: {name}`");
            sink.report(Code::UnknownKey, span, message);
        }
    }
}

fn report_sum(sum: &Ratio<BigUint>, span: &crate::diagnostics::Span, sink: &mut Sink) {
    let message = format!("the shares sum to {}, not to 100 %", percent(sum));
    sink.report_with_help(Code::SharesSum, span, message, "thirds are written as 1/3");
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
