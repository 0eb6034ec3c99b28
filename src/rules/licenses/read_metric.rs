//! Metrics, from text: versions by days, and every reading with its steps complete.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diagnostics::{Code, Span};
use crate::domain::DateRange;
use crate::rules::decode::{
    Mapping, boolean, choice, date, entries, is_identifier, is_name, items, one_or_more,
    some_items, word, words,
};
use crate::rules::node::{Key, Kind, Node};
use crate::rules::pattern;
use crate::rules::shape::{KeyShape, Shape, key, needed};
use crate::rules::sink::Sink;

use super::askable::askable;
use super::example::{EXAMPLE_KEYS, read_examples};
use super::expression::{Expr, read_expression};
use super::metric::{CountedProduct, Metric, Param, ReadingRule, Version};
use super::number::number;
use super::read_step::{STEP_KEYS, Surroundings, read_step, read_steps, row_kind_words};
use super::source::{SOURCE_KEYS, Source, read_source};
use super::step::{ROW_KINDS, RowKind, Step, Verb};
use super::table::Tables;

const PRODUCT_KEYS: &[KeyShape] = &[needed("name", Shape::Text), key("edition", Shape::Texts)];
const BOUND_KEYS: &[KeyShape] = &[key("low", Shape::Text), key("high", Shape::Text)];
const INTERPRETATION_KEYS: &[KeyShape] = &[
    needed("name", Shape::Text),
    key("like", Shape::Text),
    key("source", Shape::Map(SOURCE_KEYS)),
    key("params", Shape::Named(&Shape::Text)),
    key("replace", Shape::Named(&Shape::Optional(&Shape::Map(STEP_KEYS)))),
];
const VERSION_KEYS: &[KeyShape] = &[
    key("from", Shape::Day),
    key("to", Shape::Day),
    needed("source", Shape::Map(SOURCE_KEYS)),
    key("reading", Shape::Text),
    key("params", Shape::Named(&Shape::Text)),
    needed("steps", Shape::List(&Shape::Map(STEP_KEYS))),
    key("interpretations", Shape::List(&Shape::Map(INTERPRETATION_KEYS))),
];
pub(super) const METRIC_KEYS: &[KeyShape] = &[
    key("publisher", Shape::Text),
    key("title", Shape::Text),
    needed("unit", Shape::Text),
    needed("of", Shape::Choice(row_kind_words)),
    key("products", Shape::Some(&Shape::Either(&[Shape::Text, Shape::Map(PRODUCT_KEYS)]))),
    key("options", Shape::Flag),
    key("unknown", Shape::Named(&Shape::Map(BOUND_KEYS))),
    needed("versions", Shape::List(&Shape::Map(VERSION_KEYS))),
    key("examples", Shape::List(&Shape::Map(EXAMPLE_KEYS))),
];

/// The metrics under `metrics`.
pub(super) fn read_metrics(node: &Node, tables: &Tables, sink: &mut Sink) -> Vec<Metric> {
    let Some(found) = entries(node, "`metrics`", sink) else { return Vec::new() };
    let metrics = found.iter().filter_map(|(name, node)| {
        let is_named = is_identifier(name, "the name of a metric", true, sink);
        let metric = read_metric(name, node, tables, sink);
        metric.filter(|_| is_named)
    });
    metrics.collect()
}

fn read_metric(name: &Key, node: &Node, tables: &Tables, sink: &mut Sink) -> Option<Metric> {
    let map = Mapping::read(node, "a metric", METRIC_KEYS, sink)?;
    let label = |key: &str, sink: &mut Sink| {
        let found = map.get(key).and_then(|node| word(node, "a name", sink));
        found.filter(|found| is_name(found, "a name", sink)).map(|found| Arc::from(found.text))
    };
    let (publisher, title) = (label("publisher", sink), label("title", sink));
    let unit = map.need("unit", sink).and_then(|_| label("unit", sink));
    let of = map.need("of", sink).and_then(|node| choice(node, "kind of rows", ROW_KINDS, sink));
    let products = match map.get("products") {
        Some(node) => read_products(node, sink)?,
        None => Vec::new(),
    };
    let counts_options = match map.get("options") {
        Some(node) => boolean(node, "`options`", sink)?,
        None => false,
    };
    let of = of?;
    let (unknown, mut asked) = match map.get("unknown") {
        Some(node) => read_unknown(node, of, sink)?,
        None => (BTreeMap::new(), BTreeSet::new()),
    };
    let versions = map.need("versions", sink).and_then(|node| some_items(node, "`versions`", sink));
    let reader = VersionReader { metric: &name.text, of, tables };
    let versions: Vec<Version> =
        versions?.iter().filter_map(|node| reader.version(node, &mut asked, sink)).collect();
    check_days(&name.text, &versions, sink);
    let examples = map.get("examples").map(|node| read_examples(node, sink)).unwrap_or_default();
    check_examples(&examples, &versions, sink);
    Some(Metric {
        name: name.text.as_str().into(),
        span: name.span.clone(),
        publisher,
        title,
        unit: unit?,
        of,
        products,
        counts_options,
        unknown,
        versions,
        examples,
    })
}

fn read_products(node: &Node, sink: &mut Sink) -> Option<Vec<CountedProduct>> {
    let nodes = one_or_more(node, "`products`", sink)?;
    let product = |node: &Node| {
        if !matches!(node.kind, Kind::Map(_)) {
            let name = word(node, "a product", sink)?;
            let name = pattern::glob(&name, true, sink)?;
            return Some(CountedProduct { name, editions: Vec::new() });
        }
        let map = Mapping::read(node, "a product", PRODUCT_KEYS, sink)?;
        let name = word(map.need("name", sink)?, "`name`", sink)?;
        let name = pattern::glob(&name, true, sink)?;
        let editions = match map.get("edition") {
            Some(node) => words(node, "`edition`", sink)?,
            None => Vec::new(),
        };
        let editions = editions.into_iter().map(|word| word.text.into()).collect();
        Some(CountedProduct { name, editions })
    };
    nodes.iter().map(product).collect()
}

type Bounds = BTreeMap<Arc<str>, (Option<Expr>, Option<Expr>)>;

fn read_unknown(node: &Node, of: RowKind, sink: &mut Sink) -> Option<(Bounds, BTreeSet<Arc<str>>)> {
    let mut made = BTreeMap::new();
    let mut asked = BTreeSet::new();
    for (field, node) in entries(node, "`unknown`", sink)? {
        let map = Mapping::read(node, "bounds", BOUND_KEYS, sink)?;
        let mut bound = |key: &str, sink: &mut Sink| {
            let found = map.get(key).and_then(|node| read_expression(node, "a bound", sink));
            if let Some(found) = &found {
                found.gather(&mut asked);
            }
            found
        };
        let bounds = (bound("low", sink), bound("high", sink));
        known_field(&field.text, &field.span, of, &BTreeSet::new(), sink);
        made.insert(Arc::from(field.text.as_str()), bounds);
    }
    Some((made, asked))
}

fn known_field(name: &str, span: &Span, of: RowKind, made: &BTreeSet<Arc<str>>, sink: &mut Sink) {
    let known = askable(of);
    if name.starts_with("x_") || known.contains(&name) || made.contains(name) {
        return;
    }
    let mut all: Vec<&str> = made.iter().map(|name| &**name).collect();
    all.extend(known);
    let message = format!("`{name}` is neither a parameter nor a field of `{}`", of.name());
    sink.report_unknown(Code::UnknownName, span, message, name, &all);
}

/// Two versions of one day, or a day between two that has none, would leave open what holds.
fn check_days(metric: &str, versions: &[Version], sink: &mut Sink) {
    let mut sorted: Vec<&Version> = versions.iter().collect();
    sorted.sort_by_key(|version| {
        (version.days.from(), version.days.to().is_none(), version.days.to())
    });
    for pair in sorted.windows(2) {
        let (end, start) = (pair[0].days.to(), pair[1].days.from());
        let (span, line) = (&pair[1].span, pair[0].span.line);
        if pair[0].days.overlaps(pair[1].days) {
            let message = format!(
                "two versions of `{metric}` hold on the same days; the other is on line {line}"
            );
            sink.report(Code::InvalidValue, span, message);
        } else if end != start
            && let (Some(end), Some(start)) = (end, start)
        {
            let message = format!("no version of `{metric}` holds from {end} until {start}");
            sink.report(Code::InvalidValue, span, message);
        }
    }
}

fn check_examples(examples: &[super::example::Example], versions: &[Version], sink: &mut Sink) {
    for example in examples {
        let Some(version) = versions.iter().find(|version| version.days.contains(example.day))
        else {
            let message = format!("no version holds on {}", example.day);
            sink.report(Code::InvalidValue, &example.span, message);
            continue;
        };
        let known: Vec<&str> = version.readings.iter().map(|reading| &*reading.name).collect();
        for (reading, _) in &example.expect {
            if !known.contains(&&**reading) {
                let message = format!("there is no reading `{reading}` on {}", example.day);
                sink.report_unknown(Code::UnknownName, &example.span, message, reading, &known);
            }
        }
    }
}

struct VersionReader<'a> {
    metric: &'a str,
    of: RowKind,
    tables: &'a Tables,
}

/// A reading before what it is like is known.
struct RawReading<'n> {
    name: Key,
    like: Option<Key>,
    source: Option<Source>,
    params: Params,
    replace: Vec<(&'n Key, Option<Step>)>,
}

type Params = BTreeMap<Arc<str>, (Param, Span)>;

impl VersionReader<'_> {
    fn version(
        &self,
        node: &Node,
        asked: &mut BTreeSet<Arc<str>>,
        sink: &mut Sink,
    ) -> Option<Version> {
        let map = Mapping::read(node, "a version", VERSION_KEYS, sink)?;
        let from = map.get("from").and_then(|node| date(node, "`from`", sink));
        let to = map.get("to").and_then(|node| date(node, "`to`", sink));
        let days = DateRange::new(from, to);
        if days.is_none() {
            let message = "the version holds on no day: `to` is the first day that is out";
            sink.report(Code::InvalidValue, map.span, message);
        }
        let source = map.need("source", sink).and_then(|node| read_source(node, sink));
        let name = match map.get("reading") {
            Some(node) => word(node, "`reading`", sink)?,
            None => Key { text: "default".into(), span: map.span.clone() },
        };
        is_identifier(&name, "the name of a reading", true, sink);
        let params = match map.get("params") {
            Some(node) => read_params(node, sink)?,
            None => Params::new(),
        };
        let around = Surroundings { tables: self.tables, of: self.of, is_inner: false };
        let steps = map.need("steps", sink).and_then(|node| read_steps(node, around, sink));
        let others = match map.get("interpretations") {
            Some(node) => {
                let nodes = items(node, "`interpretations`", sink)?;
                nodes.iter().map(|node| self.interpretation(node, sink)).collect::<Option<Vec<_>>>()
            }
            None => Some(Vec::new()),
        };
        let (source, steps, others) = (source?, steps?, others?);
        let base = Base { name, source: &source, params: &params, steps: &steps };
        let readings = resolve(&base, &others, sink)?;
        self.check(&readings, &params, &others, asked, sink);
        Some(Version { span: map.span.clone(), days: days?, source, readings })
    }

    fn interpretation<'n>(&self, node: &'n Node, sink: &mut Sink) -> Option<RawReading<'n>> {
        let map = Mapping::read(node, "an interpretation", INTERPRETATION_KEYS, sink)?;
        let name = map.need("name", sink).and_then(|node| word(node, "`name`", sink))?;
        is_identifier(&name, "the name of a reading", true, sink);
        let like = map.get("like").and_then(|node| word(node, "`like`", sink));
        let source = map.get("source").and_then(|node| read_source(node, sink));
        let params = match map.get("params") {
            Some(node) => read_params(node, sink)?,
            None => Params::new(),
        };
        let mut replace = Vec::new();
        if let Some(node) = map.get("replace") {
            for (key, node) in entries(node, "`replace`", sink)? {
                let around = Surroundings { tables: self.tables, of: self.of, is_inner: false };
                let step = match node.kind {
                    Kind::Null => None,
                    _ => Some(read_step(node, around, sink)?),
                };
                replace.push((key, step));
            }
        }
        Some(RawReading { name, like, source, params, replace })
    }

    /// Names that are neither parameters nor fields, and parameters that nothing asks.
    fn check(
        &self,
        readings: &[ReadingRule],
        params: &Params,
        others: &[RawReading<'_>],
        asked: &BTreeSet<Arc<str>>,
        sink: &mut Sink,
    ) {
        let mut all = asked.clone();
        let mut told = BTreeSet::new();
        for reading in readings {
            let mut made = BTreeSet::new();
            reading.steps.iter().for_each(|step| step.verb.made(&mut made));
            for (name, span) in made.iter().zip(std::iter::repeat(&reading.span)) {
                if reading.params.contains_key(name) {
                    let message = format!("`{name}` is a parameter and the name of a field");
                    sink.report(Code::DuplicateName, span, message);
                }
            }
            for (of, step) in all_steps(self.of, &reading.steps) {
                let mut names = BTreeSet::new();
                step.verb.gather(&mut names);
                for name in &names {
                    let is_param = reading.params.contains_key(name);
                    let is_inner = matches!(step.verb, Verb::MaxOf { .. });
                    if !is_param && !is_inner && told.insert((Arc::clone(name), step.span.clone()))
                    {
                        known_field(name, &step.span, of, &made, sink);
                    }
                }
                all.extend(names);
            }
        }
        let declared = params.iter().chain(others.iter().flat_map(|other| &other.params));
        for (name, (_, span)) in declared {
            if !all.contains(name) {
                let message = format!("no step of `{}` asks the parameter `{name}`", self.metric);
                sink.report(Code::UnknownName, span, message);
            }
        }
    }
}

/// Steps of a metric and of countings within, with the rows that each begins with.
fn all_steps(of: RowKind, steps: &[Step]) -> Vec<(RowKind, &Step)> {
    let mut found = Vec::new();
    for step in steps {
        found.push((of, step));
        if let Verb::MaxOf { pipelines, .. } = &step.verb {
            let inner = pipelines.iter().map(|one| all_steps(one.of, &one.steps));
            found.extend(inner.flatten());
        }
    }
    found
}

fn read_params(node: &Node, sink: &mut Sink) -> Option<Params> {
    let mut params = Params::new();
    for (name, node) in entries(node, "`params`", sink)? {
        is_identifier(name, "the name of a parameter", false, sink);
        let value = word(node, "a parameter", sink)?;
        let param = match number(&value.text) {
            Some(number) => Param::Number(number),
            None => Param::Text(value.text.into()),
        };
        params.insert(name.text.as_str().into(), (param, name.span.clone()));
    }
    Some(params)
}

struct Base<'a> {
    name: Key,
    source: &'a Source,
    params: &'a Params,
    steps: &'a [Step],
}

/// Each interpretation on top of the reading that it is like.
fn resolve(
    base: &Base<'_>,
    others: &[RawReading<'_>],
    sink: &mut Sink,
) -> Option<Vec<ReadingRule>> {
    let params = |params: &Params| -> BTreeMap<Arc<str>, Param> {
        params.iter().map(|(name, (param, _))| (Arc::clone(name), param.clone())).collect()
    };
    let mut made = vec![ReadingRule {
        name: base.name.text.as_str().into(),
        span: base.name.span.clone(),
        source: base.source.clone(),
        params: params(base.params),
        steps: base.steps.to_vec(),
    }];
    let mut names = BTreeSet::from([base.name.text.as_str()]);
    for other in others {
        if !names.insert(other.name.text.as_str()) {
            let message = format!("two readings have the name `{}`", other.name.text);
            sink.report(Code::DuplicateName, &other.name.span, message);
            return None;
        }
    }
    let mut left: Vec<&RawReading<'_>> = others.iter().collect();
    loop {
        let known = made.len();
        let mut waiting = Vec::new();
        for other in left {
            let like = other.like.as_ref().map_or(base.name.text.as_str(), |like| &like.text);
            match made.iter().find(|reading| *reading.name == *like).cloned() {
                Some(found) => made.push(on_top(found, other, &params(&other.params), sink)?),
                None => waiting.push(other),
            }
        }
        left = waiting;
        if left.is_empty() || made.len() == known {
            break;
        }
    }
    for other in &left {
        let Some(like) = &other.like else { continue };
        let all: Vec<&str> = names.iter().copied().collect();
        if names.contains(like.text.as_str()) {
            let message =
                format!("`{}` is like itself, by way of `{}`", other.name.text, like.text);
            sink.report(Code::InvalidValue, &like.span, message);
        } else {
            let message = format!("there is no reading `{}`", like.text);
            sink.report_unknown(Code::UnknownName, &like.span, message, &like.text, &all);
        }
    }
    if !left.is_empty() {
        return None;
    }
    // In the order of the text, whatever leans on what.
    let place = |reading: &ReadingRule| others.iter().position(|o| *o.name.text == *reading.name);
    made.sort_by_key(place);
    Some(made)
}

fn on_top(
    mut reading: ReadingRule,
    other: &RawReading<'_>,
    params: &BTreeMap<Arc<str>, Param>,
    sink: &mut Sink,
) -> Option<ReadingRule> {
    for (name, (_, span)) in &other.params {
        if !reading.params.contains_key(name) {
            let known: Vec<&str> = reading.params.keys().map(|name| &**name).collect();
            let message = format!("there is no parameter `{name}` to read otherwise");
            sink.report_unknown(Code::UnknownName, span, message, name, &known);
        }
    }
    reading.params.extend(params.clone());
    for (key, step) in &other.replace {
        let is_it = |one: &Step| one.name.as_deref() == Some(key.text.as_str());
        let Some(at) = reading.steps.iter().position(is_it) else {
            let known: Vec<&str> =
                reading.steps.iter().filter_map(|step| step.name.as_deref()).collect();
            let message = format!("there is no step `{}` to replace", key.text);
            sink.report_unknown(Code::UnknownName, &key.span, message, &key.text, &known);
            return None;
        };
        match step {
            None => {
                reading.steps.remove(at);
            }
            Some(step) => {
                let mut step = step.clone();
                step.name = Some(key.text.as_str().into());
                reading.steps[at] = step;
            }
        }
    }
    reading.name = other.name.text.as_str().into();
    reading.span = other.name.span.clone();
    if let Some(source) = &other.source {
        reading.source = source.clone();
    }
    Some(reading)
}
