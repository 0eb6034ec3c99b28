//! Steps of metrics, from text.

use std::sync::Arc;

use num_bigint::BigInt;
use num_rational::Ratio;
use num_traits::{One, Signed, Zero};

use crate::diagnostics::Code;
use crate::rules::decode::{
    Mapping, boolean, choice, entries, is_identifier, items, some_items, whole, word, words,
};
use crate::rules::node::{Kind, Node};
use crate::rules::shape::{KeyShape, Shape, key, needed, words_of};
use crate::rules::sink::Sink;

use super::expression::{Expr, read_expression};
use super::number::read_number;
use super::step::{
    Aggregate, Drop, Every, Factor, How, Keep, Lone, Pipeline, ROW_KINDS, RoundMode, RowKind,
    SameTime, Scope, Step, Tier, TierMode, Verb, WidenTo, Window,
};
use super::table::{ColumnKind, Table, Tables};

/// Steps of one pipeline.
const STEPS: usize = 64;
/// Days of a window.
const DAYS: u32 = 3_660;

const KEEPS: &[(&str, Keep)] = &[("first", Keep::First), ("most", Keep::Most)];
const WIDENS: &[(&str, WidenTo)] = &[
    ("device", WidenTo::Device),
    ("host", WidenTo::Host),
    ("cluster", WidenTo::Cluster),
    ("cluster_hosts", WidenTo::ClusterHosts),
];
const LONES: &[(&str, Lone)] = &[("unknown", Lone::Unknown), ("keep", Lone::Keep)];
const MODES: &[(&str, TierMode)] =
    &[("graduated", TierMode::Graduated), ("all_units", TierMode::AllUnits)];
const ROUNDS: &[(&str, RoundMode)] = &[
    ("up", RoundMode::Up),
    ("down", RoundMode::Down),
    ("half_up", RoundMode::HalfUp),
    ("nearest", RoundMode::Nearest),
];
const DROPS: &[(&str, Drop)] = &[("floor", Drop::Floor), ("ceil", Drop::Ceil)];
const EVERIES: &[(&str, Every)] = &[("hour", Every::Hour), ("day", Every::Day)];
const SAME_TIMES: &[(&str, SameTime)] = &[("sum", SameTime::Sum), ("max", SameTime::Max)];
const WINDOWS: &[(&str, Window)] =
    &[("month", Window::Month), ("quarter", Window::Quarter), ("year", Window::Year)];
const HOWS: &[&str] = &[
    "sum",
    "count",
    "max",
    "mean",
    "last",
    "month_end",
    "top_rank",
    "rolling_mean",
    "distinct_count",
    "breach_days",
];
const SCOPES: &[(&str, Scope)] =
    &[("row", Scope::Row), ("host", Scope::Host), ("pool", Scope::Pool), ("total", Scope::Total)];

const SCOPED: &[KeyShape] = &[needed("value", Shape::Text), key("scope", Shape::Texts)];
const VALUE_OR_MAP: Shape = Shape::Either(&[Shape::Text, Shape::Map(SCOPED)]);
const MEASURE_KEYS: &[KeyShape] = &[needed("value", Shape::Text), key("as", Shape::Text)];
const DEDUPE_KEYS: &[KeyShape] =
    &[needed("by", Shape::Texts), key("keep", Shape::Choice(|| words_of(KEEPS)))];
const WIDEN_KEYS: &[KeyShape] = &[
    needed("to", Shape::Choice(|| words_of(WIDENS))),
    key("lone", Shape::Choice(|| words_of(LONES))),
];
const FACTOR_KEYS: &[KeyShape] = &[
    needed("table", Shape::Text),
    needed("key", Shape::Named(&Shape::Text)),
    needed("value", Shape::Text),
    key("otherwise", Shape::Number),
    key("as", Shape::Text),
];
const REPEAT_KEYS: &[KeyShape] = &[needed("of", Shape::Text), needed("every", Shape::Text)];
const TIER_KEYS: &[KeyShape] = &[key("to", Shape::Number), needed("factor", Shape::Number)];
const TIERS_KEYS: &[KeyShape] = &[
    needed("mode", Shape::Choice(|| words_of(MODES))),
    key("table", Shape::Text),
    key("to", Shape::Text),
    key("factor", Shape::Text),
    key("tiers", Shape::List(&Shape::Map(TIER_KEYS))),
    key("scope", Shape::Texts),
];
const ROUND_KEYS: &[KeyShape] = &[
    needed("mode", Shape::Choice(|| words_of(ROUNDS))),
    key("to", Shape::Text),
    key("scope", Shape::Texts),
];
const AGGREGATE_KEYS: &[KeyShape] = &[
    needed("how", Shape::Choice(|| HOWS.to_vec())),
    key("by", Shape::Texts),
    key("window", Shape::Either(&[Shape::Choice(|| words_of(WINDOWS)), Shape::Whole(DAYS)])),
    key("every", Shape::Choice(|| words_of(EVERIES))),
    key("minimum_coverage", Shape::Number),
    key("same_time", Shape::Choice(|| words_of(SAME_TIMES))),
    key("percent", Shape::Number),
    key("drop", Shape::Choice(|| words_of(DROPS))),
    key("days", Shape::Whole(DAYS)),
    key("of", Shape::Text),
    key("over", Shape::Text),
];
const LIMIT_KEYS: &[KeyShape] = &[needed("at_most", Shape::Text), key("counts", Shape::Flag)];
/// Without `max_of`: countings do not nest.
const INNER_PIPELINE_KEYS: &[KeyShape] = &[
    needed("name", Shape::Text),
    key("of", Shape::Choice(|| words_of(ROW_KINDS))),
    needed("steps", Shape::List(&Shape::Map(INNER_STEP_KEYS))),
];
const MAX_OF_KEYS: &[KeyShape] = &[
    needed("countings", Shape::List(&Shape::Map(INNER_PIPELINE_KEYS))),
    key("scope", Shape::Texts),
];

const INNER_STEP_KEYS: &[KeyShape] = &[
    key("name", Shape::Text),
    key("note", Shape::Text),
    key("select", Shape::Text),
    key("exclude", Shape::Text),
    key("dedupe", Shape::Either(&[Shape::Texts, Shape::Map(DEDUPE_KEYS)])),
    key("widen", Shape::Either(&[Shape::Choice(|| words_of(WIDENS)), Shape::Map(WIDEN_KEYS)])),
    key("measure", Shape::Either(&[Shape::Text, Shape::Map(MEASURE_KEYS)])),
    key("factor", Shape::Map(FACTOR_KEYS)),
    key("floor", VALUE_OR_MAP),
    key("cap", VALUE_OR_MAP),
    key("repeat", Shape::Map(REPEAT_KEYS)),
    key("tiers", Shape::Map(TIERS_KEYS)),
    key("round", Shape::Either(&[Shape::Choice(|| words_of(ROUNDS)), Shape::Map(ROUND_KEYS)])),
    key("aggregate", Shape::Map(AGGREGATE_KEYS)),
    key("limit", Shape::Either(&[Shape::Text, Shape::Map(LIMIT_KEYS)])),
];
const MAX_OF: KeyShape = key("max_of", Shape::Map(MAX_OF_KEYS));
pub(super) const STEP_KEYS: &[KeyShape] = &{
    let mut keys = [MAX_OF; INNER_STEP_KEYS.len() + 1];
    let mut at = 0;
    while at < INNER_STEP_KEYS.len() {
        keys[at] = INNER_STEP_KEYS[at];
        at += 1;
    }
    keys
};

pub(super) fn row_kind_words() -> Vec<&'static str> {
    words_of(ROW_KINDS)
}

/// What steps are read with.
#[derive(Clone, Copy)]
pub(super) struct Surroundings<'a> {
    pub(super) tables: &'a Tables,
    /// The rows that the metric begins with.
    pub(super) of: RowKind,
    pub(super) is_inner: bool,
}

pub(super) fn read_steps(
    node: &Node,
    around: Surroundings<'_>,
    sink: &mut Sink,
) -> Option<Vec<Step>> {
    let nodes = some_items(node, "`steps`", sink)?;
    if nodes.len() > STEPS {
        let message = format!("a metric has at most {STEPS} steps");
        sink.report(Code::InvalidValue, &node.span, message);
        return None;
    }
    let steps: Vec<Step> = nodes.iter().filter_map(|node| read_step(node, around, sink)).collect();
    (steps.len() == nodes.len()).then_some(steps)
}

pub(super) fn read_step(node: &Node, around: Surroundings<'_>, sink: &mut Sink) -> Option<Step> {
    let known = if around.is_inner { INNER_STEP_KEYS } else { STEP_KEYS };
    let before = sink.count();
    let map = Mapping::read(node, "a step", known, sink)?;
    if sink.count() > before {
        return None;
    }
    let name: Arc<str> = match map.get("name") {
        Some(node) => {
            let name = word(node, "`name`", sink)?;
            is_identifier(&name, "the name of a step", true, sink).then_some(name)?.text.into()
        }
        None => Arc::from(""),
    };
    if let Some(note) = map.get("note") {
        word(note, "`note`", sink)?;
    }
    let verbs = known.iter().skip(2).map(|key| key.name);
    let mut found = verbs.filter_map(|verb| Some((verb, map.get(verb)?)));
    let (Some((verb, inner)), None) = (found.next(), found.next()) else {
        let all: Vec<&str> = known.iter().skip(2).map(|key| key.name).collect();
        let message = format!("a step has one verb: {}", all.join(", "));
        sink.report(Code::MissingKey, map.span, message);
        return None;
    };
    let span = map.key_span(verb).unwrap_or(map.span).clone();
    let made = read_verb(verb, inner, around, sink)?;
    Some(Step { name: Some(name).filter(|name| !name.is_empty()), word: verb, span, verb: made })
}

fn read_verb(verb: &str, node: &Node, around: Surroundings<'_>, sink: &mut Sink) -> Option<Verb> {
    match verb {
        "select" => read_expression(node, "`select`", sink).map(Verb::Select),
        "exclude" => read_expression(node, "`exclude`", sink).map(Verb::Exclude),
        "dedupe" => dedupe(node, sink),
        "widen" => widen(node, sink),
        "measure" => measure(node, sink),
        "factor" => factor(node, around.tables, sink),
        "floor" => scoped(node, "`floor`", sink).map(|(value, scope)| Verb::Floor { value, scope }),
        "cap" => scoped(node, "`cap`", sink).map(|(value, scope)| Verb::Cap { value, scope }),
        "repeat" => {
            let map = Mapping::read(node, "`repeat`", REPEAT_KEYS, sink)?;
            let of = map.need("of", sink).and_then(|node| read_expression(node, "`of`", sink));
            let every = map.need("every", sink);
            let every = every.and_then(|node| read_expression(node, "`every`", sink));
            Some(Verb::Repeat { of: of?, every: every? })
        }
        "tiers" => tiers(node, around.tables, sink),
        "round" => round(node, sink),
        "aggregate" => aggregate(node, sink).map(Verb::Aggregate),
        "max_of" => max_of(node, around, sink),
        _ => limit(node, sink),
    }
}

fn names(node: &Node, what: &str, sink: &mut Sink) -> Option<Vec<Arc<str>>> {
    let found = words(node, what, sink)?;
    Some(found.into_iter().map(|word| word.text.into()).collect())
}

fn dedupe(node: &Node, sink: &mut Sink) -> Option<Verb> {
    if !matches!(node.kind, Kind::Map(_)) {
        return Some(Verb::Dedupe { by: names(node, "`dedupe`", sink)?, keep: Keep::First });
    }
    let map = Mapping::read(node, "`dedupe`", DEDUPE_KEYS, sink)?;
    let by = map.need("by", sink).and_then(|node| names(node, "`by`", sink));
    let keep = match map.get("keep") {
        Some(node) => choice(node, "way to keep one of several", KEEPS, sink)?,
        None => Keep::First,
    };
    Some(Verb::Dedupe { by: by?, keep })
}

fn widen(node: &Node, sink: &mut Sink) -> Option<Verb> {
    if !matches!(node.kind, Kind::Map(_)) {
        let to = choice(node, "thing to widen to", WIDENS, sink)?;
        return Some(Verb::Widen { to, lone: Lone::Unknown });
    }
    let map = Mapping::read(node, "`widen`", WIDEN_KEYS, sink)?;
    let to = map.need("to", sink);
    let to = to.and_then(|node| choice(node, "thing to widen to", WIDENS, sink));
    let lone = match map.get("lone") {
        Some(node) => choice(node, "word for what has no host", LONES, sink)?,
        None => Lone::Unknown,
    };
    Some(Verb::Widen { to: to?, lone })
}

fn measure(node: &Node, sink: &mut Sink) -> Option<Verb> {
    if !matches!(node.kind, Kind::Map(_)) {
        let value = read_expression(node, "`measure`", sink)?;
        return Some(Verb::Measure { value, into: None });
    }
    let map = Mapping::read(node, "`measure`", MEASURE_KEYS, sink)?;
    let value = map.need("value", sink).and_then(|node| read_expression(node, "`value`", sink));
    let into = read_into(&map, sink)?;
    Some(Verb::Measure { value: value?, into })
}

/// The field that keeps what was computed; `None` where it is misnamed.
#[expect(clippy::option_option, reason = "the outer one says whether it could be read")]
fn read_into(map: &Mapping<'_>, sink: &mut Sink) -> Option<Option<Arc<str>>> {
    let Some(node) = map.get("as") else { return Some(None) };
    let name = word(node, "`as`", sink)?;
    is_identifier(&name, "the name of a field", false, sink).then(|| Some(name.text.into()))
}

fn scoped(node: &Node, what: &'static str, sink: &mut Sink) -> Option<(Expr, Scope)> {
    if !matches!(node.kind, Kind::Map(_)) {
        return Some((read_expression(node, what, sink)?, Scope::Row));
    }
    let map = Mapping::read(node, what, SCOPED, sink)?;
    let value = map.need("value", sink).and_then(|node| read_expression(node, "`value`", sink));
    let scope = read_scope(&map, sink);
    Some((value?, scope?))
}

fn read_scope(map: &Mapping<'_>, sink: &mut Sink) -> Option<Scope> {
    let Some(node) = map.get("scope") else { return Some(Scope::Row) };
    if let Kind::Scalar(text) = &node.kind {
        if let Some((_, scope)) = SCOPES.iter().find(|(name, _)| *name == text.as_str()) {
            return Some(scope.clone());
        }
        let known = words_of(SCOPES);
        let message = format!("`{text}` is no scope");
        sink.report_unknown(Code::InvalidValue, &node.span, message, text, &known);
        return None;
    }
    names(node, "`scope`", sink).map(Scope::Fields)
}

fn find_table<'t>(node: &Node, tables: &'t Tables, sink: &mut Sink) -> Option<&'t Table> {
    let name = word(node, "`table`", sink)?;
    let found = tables.found.iter().find(|table| *table.name == *name.text);
    // What is wrong with a table is told where it stands.
    if found.is_none() && !tables.refused.contains(&name.text) {
        let known: Vec<&str> = tables.found.iter().map(|table| &*table.name).collect();
        let message = format!("there is no table `{}`", name.text);
        sink.report_unknown(Code::UnknownName, &name.span, message, &name.text, &known);
    }
    found
}

fn find_column(node: &Node, table: &Table, is_value: bool, sink: &mut Sink) -> Option<Arc<str>> {
    let name = word(node, "a column", sink)?;
    match table.kind_of(&name.text) {
        None => {
            let message = format!("the table `{}` has no column `{}`", table.name, name.text);
            let known = table.column_names();
            sink.report_unknown(Code::UnknownName, &name.span, message, &name.text, &known);
            None
        }
        Some(kind) if (kind == ColumnKind::Number) != is_value || kind == ColumnKind::Note => {
            let wanted = if is_value { "a number" } else { "a key" };
            let message = format!("the column `{}` of `{}` is not {wanted}", name.text, table.name);
            sink.report(Code::InvalidValue, &name.span, message);
            None
        }
        Some(_) => Some(name.text.into()),
    }
}

fn factor(node: &Node, tables: &Tables, sink: &mut Sink) -> Option<Verb> {
    let map = Mapping::read(node, "`factor`", FACTOR_KEYS, sink)?;
    let table = map.need("table", sink).and_then(|node| find_table(node, tables, sink));
    let keys = map.need("key", sink).and_then(|node| entries(node, "`key`", sink));
    let value = map.need("value", sink);
    let otherwise = match map.get("otherwise") {
        Some(node) => Some(read_number(node, "`otherwise`", sink)?),
        None => None,
    };
    let into = read_into(&map, sink)?;
    let (table, keys) = (table?, keys?);
    let mut made = Vec::new();
    for (column, node) in keys {
        let name = Node { kind: Kind::Scalar(column.text.clone()), span: column.span.clone() };
        let column = find_column(&name, table, false, sink);
        let asked = read_expression(node, "a key", sink);
        made.push((column?, asked?));
    }
    let value = find_column(value?, table, true, sink)?;
    Some(Verb::Factor(Factor {
        table: Arc::clone(&table.name),
        keys: made,
        value,
        otherwise,
        into,
    }))
}

fn tiers(node: &Node, tables: &Tables, sink: &mut Sink) -> Option<Verb> {
    let map = Mapping::read(node, "`tiers`", TIERS_KEYS, sink)?;
    let mode = map.need("mode", sink).and_then(|node| choice(node, "kind of tiers", MODES, sink));
    let scope = read_scope(&map, sink);
    let made = match (map.get("table"), map.get("tiers")) {
        (Some(node), None) => {
            let table = find_table(node, tables, sink)?;
            let to = map.need("to", sink).and_then(|node| find_column(node, table, true, sink));
            let factor = map.need("factor", sink);
            let factor = factor.and_then(|node| find_column(node, table, true, sink));
            let (to, factor) = (table.numbers(&to?)?, table.numbers(&factor?)?);
            let pairs = to.into_iter().zip(factor);
            pairs.map(|(to, factor)| Some(Tier { to, factor: factor? })).collect::<Option<Vec<_>>>()
        }
        (None, Some(node)) => inline_tiers(node, sink),
        _ => {
            sink.report(Code::MissingKey, map.span, "`tiers` needs either `table` or `tiers`");
            None
        }
    };
    let tiers = made?;
    let rises = tiers.windows(2).all(|pair| match (&pair[0].to, &pair[1].to) {
        (Some(one), Some(next)) => one < next,
        (one, _) => one.is_some(),
    });
    if !rises || tiers.is_empty() || tiers.iter().any(|tier| tier.factor.is_negative()) {
        let message = "tiers must rise, the last one only may be open, and no factor is negative";
        sink.report(Code::InvalidValue, map.span, message);
        return None;
    }
    Some(Verb::Tiers { mode: mode?, tiers, scope: scope? })
}

fn inline_tiers(node: &Node, sink: &mut Sink) -> Option<Vec<Tier>> {
    let nodes = items(node, "`tiers`", sink)?;
    let tier = |node: &Node| {
        let map = Mapping::read(node, "a tier", TIER_KEYS, sink)?;
        let factor = map.need("factor", sink);
        let factor = factor.and_then(|node| read_number(node, "`factor`", sink));
        let to = match map.get("to") {
            Some(node) => Some(read_number(node, "`to`", sink)?),
            None => None,
        };
        Some(Tier { to, factor: factor? })
    };
    nodes.iter().map(tier).collect()
}

fn round(node: &Node, sink: &mut Sink) -> Option<Verb> {
    let one = || Expr::Number(Ratio::one());
    if !matches!(node.kind, Kind::Map(_)) {
        let mode = choice(node, "way to round", ROUNDS, sink)?;
        return Some(Verb::Round { mode, to: one(), scope: Scope::Row });
    }
    let map = Mapping::read(node, "`round`", ROUND_KEYS, sink)?;
    let mode = map.need("mode", sink).and_then(|node| choice(node, "way to round", ROUNDS, sink));
    let to = match map.get("to") {
        Some(node) => read_expression(node, "`to`", sink),
        None => Some(one()),
    };
    let scope = read_scope(&map, sink);
    Some(Verb::Round { mode: mode?, to: to?, scope: scope? })
}

fn aggregate(node: &Node, sink: &mut Sink) -> Option<Aggregate> {
    let map = Mapping::read(node, "`aggregate`", AGGREGATE_KEYS, sink)?;
    let before = sink.count();
    let how = map.need("how", sink).and_then(|node| read_how(node, &map, sink));
    let by = map.get("by").and_then(|node| names(node, "`by`", sink)).unwrap_or_default();
    let window = map.get("window").map(|node| match &node.kind {
        Kind::Scalar(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            whole(node, "`window`", DAYS, sink).filter(|days| *days > 0).map(Window::Days)
        }
        _ => choice(node, "window", WINDOWS, sink),
    });
    let every = map.get("every").and_then(|node| choice(node, "distance", EVERIES, sink));
    let coverage = map.get("minimum_coverage");
    let coverage = coverage.and_then(|node| {
        let found = read_number(node, "`minimum_coverage`", sink)?;
        if found.is_negative() || found > Ratio::one() {
            let message = "`minimum_coverage` is a part of the whole, such as 95%";
            sink.report(Code::InvalidValue, &node.span, message);
        }
        Some(found)
    });
    if let (Some(span), None) = (map.key_span("minimum_coverage"), every) {
        let message = "`minimum_coverage` needs `every`, which says how many samples are expected";
        sink.report(Code::MissingKey, span, message);
    }
    let same = map.get("same_time");
    let same = same.and_then(|node| choice(node, "way to join rows", SAME_TIMES, sink));
    if sink.count() > before {
        return None;
    }
    let window = window.flatten().unwrap_or(Window::Month);
    let same_time = same.unwrap_or(SameTime::Sum);
    Some(Aggregate { how: how?, by, window, every, coverage, same_time })
}

fn read_how(node: &Node, map: &Mapping<'_>, sink: &mut Sink) -> Option<How> {
    let found =
        choice(node, "way to aggregate", &HOWS.iter().map(|h| (*h, *h)).collect::<Vec<_>>(), sink)?;
    let needs: &[&str] = match found {
        "top_rank" => &["percent", "drop"],
        "rolling_mean" => &["days"],
        "distinct_count" => &["of"],
        "breach_days" => &["over", "days"],
        _ => &[],
    };
    for key in ["percent", "drop", "days", "of", "over"] {
        if let Some(span) = map.key_span(key).filter(|_| !needs.contains(&key)) {
            sink.report(Code::UnknownKey, span, format!("`{key}` means nothing to `{found}`"));
        }
    }
    let mut days = || {
        let node = map.need("days", sink)?;
        let days = whole(node, "`days`", DAYS, sink)?;
        if days == 0 {
            sink.report(Code::InvalidValue, &node.span, "`days` must be 1 or more");
        }
        Some(days).filter(|days| *days > 0)
    };
    Some(match found {
        "sum" => How::Sum,
        "count" => How::Count,
        "max" => How::Max,
        "mean" => How::Mean,
        "last" => How::Last,
        "month_end" => How::MonthEnd,
        "rolling_mean" => How::RollingMean { days: days()? },
        "distinct_count" => {
            let of = word(map.need("of", sink)?, "`of`", sink)?;
            How::Distinct { of: of.text.into() }
        }
        "breach_days" => {
            let days = days();
            let over = read_expression(map.need("over", sink)?, "`over`", sink);
            How::BreachDays { over: over?, days: days? }
        }
        _ => {
            let node = map.need("percent", sink)?;
            let percent = read_number(node, "`percent`", sink)?;
            let hundred = Ratio::from_integer(BigInt::from(100));
            if percent < Ratio::zero() || percent >= hundred {
                let message = "`percent` is from 0 to less than 100";
                sink.report(Code::InvalidValue, &node.span, message);
                return None;
            }
            let drop = choice(map.need("drop", sink)?, "way to drop", DROPS, sink)?;
            How::TopRank { percent, drop }
        }
    })
}

fn max_of(node: &Node, around: Surroundings<'_>, sink: &mut Sink) -> Option<Verb> {
    let map = Mapping::read(node, "`max_of`", MAX_OF_KEYS, sink)?;
    let scope = match map.get("scope") {
        Some(_) => read_scope(&map, sink),
        None => Some(Scope::Total),
    };
    let nodes = map.need("countings", sink)?;
    let nodes = some_items(nodes, "`countings`", sink)?;
    let pipeline = |node: &Node| {
        let map = Mapping::read(node, "a counting", INNER_PIPELINE_KEYS, sink)?;
        let name = map.need("name", sink).and_then(|node| word(node, "`name`", sink))?;
        let of = match map.get("of") {
            Some(node) => choice(node, "kind of rows", ROW_KINDS, sink)?,
            None => around.of,
        };
        let around = Surroundings { of, is_inner: true, ..around };
        let steps = read_steps(map.need("steps", sink)?, around, sink)?;
        Some(Pipeline { name: name.text.into(), of, steps })
    };
    let pipelines = nodes.iter().map(pipeline).collect::<Option<Vec<_>>>()?;
    Some(Verb::MaxOf { pipelines, scope: scope? })
}

fn limit(node: &Node, sink: &mut Sink) -> Option<Verb> {
    if !matches!(node.kind, Kind::Map(_)) {
        let at_most = read_expression(node, "`limit`", sink)?;
        return Some(Verb::Limit { at_most, counts: false });
    }
    let map = Mapping::read(node, "`limit`", LIMIT_KEYS, sink)?;
    let at_most = map.need("at_most", sink);
    let at_most = at_most.and_then(|node| read_expression(node, "`at_most`", sink));
    let counts = match map.get("counts") {
        Some(node) => boolean(node, "`counts`", sink)?,
        None => false,
    };
    Some(Verb::Limit { at_most: at_most?, counts })
}
