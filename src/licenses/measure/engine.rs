//! Steps over items, one after another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use num_integer::Integer;
use num_traits::{One, Zero};

use crate::licenses::{Breach, Extent, Gap, Number, Step as Trace, Subject, SubjectKind};
use crate::rules::licenses::{
    Answer, Asked, Expr, Factor, Keep, LicenseRules, Pipeline, RoundMode, RowKind, Scope, Step,
    Tier, TierMode, Verb,
};

use super::eval::{Key, Scene, Terms};
use super::item::{Content, Item, merge, total};
use super::machines::Machines;
use super::range::{Bound, Range};
use super::show;

/// What is told beside the items themselves.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) gaps: BTreeSet<Gap>,
    pub(super) steps: Vec<Trace>,
    pub(super) breaches: Vec<Breach>,
    /// The least that any aggregate had.
    pub(super) coverage: Option<Number>,
}

/// The rows of a kind that a metric begins with, for the product that is measured.
pub(super) type RowsOf<'a> = &'a dyn Fn(RowKind) -> Vec<Item>;

pub(super) struct Engine<'a> {
    pub(super) machines: &'a Machines<'a>,
    pub(super) rules: &'a LicenseRules,
    pub(super) terms: Terms<'a>,
    pub(super) rows: RowsOf<'a>,
    pub(super) notes: Notes,
}

impl Engine<'_> {
    pub(super) fn run(&mut self, mut items: Vec<Item>, steps: &[Step]) -> Vec<Item> {
        for step in steps {
            items = self.step(items, step);
        }
        items
    }

    fn step(&mut self, items: Vec<Item>, step: &Step) -> Vec<Item> {
        match &step.verb {
            Verb::Select(condition) => self.sift(items, condition, true, step),
            Verb::Exclude(condition) => self.sift(items, condition, false, step),
            Verb::Dedupe { by, keep } => self.dedupe(items, by, *keep, step),
            Verb::Widen { to, lone } => self.widen(items, *to, *lone, step),
            Verb::Measure { value, into } => self.each(items, &Scope::Row, |engine, item| {
                engine.measure(item, value, into.as_ref(), step);
            }),
            Verb::Factor(factor) => self.each(items, &Scope::Row, |engine, item| {
                engine.factor(item, factor, step);
            }),
            Verb::Floor { value, scope } => self.each(items, scope, |engine, item| {
                engine.bounded(item, value, "max", Range::max, step);
            }),
            Verb::Cap { value, scope } => self.each(items, scope, |engine, item| {
                engine.bounded(item, value, "min", Range::min, step);
            }),
            Verb::Repeat { of, every } => self.each(items, &Scope::Row, |engine, item| {
                engine.repeat(item, of, every, step);
            }),
            Verb::Tiers { mode, tiers, scope } => self.each(items, scope, |engine, item| {
                engine.tiers(item, *mode, tiers, step);
            }),
            Verb::Round { mode, to, scope } => self.each(items, scope, |engine, item| {
                engine.round(item, *mode, to, step);
            }),
            Verb::Aggregate(aggregate) => self.aggregate(items, aggregate, step),
            Verb::MaxOf { pipelines, scope } => self.max_of(pipelines, scope, step),
            Verb::Limit { at_most, counts } => self.limit(items, at_most, *counts, step),
        }
    }

    pub(super) fn trace(&mut self, step: &Step, item: &Item, text: String, value: Extent) {
        let subject = item.subject.clone();
        self.notes.steps.push(Trace { verb: step.word.into(), text, subject, value });
    }

    pub(super) fn miss(&mut self, item: &Item, what: impl Into<Arc<str>>) {
        let gap = Gap {
            what: what.into(),
            subject: item.subject.clone(),
            origin: item.origins.first().cloned(),
        };
        self.notes.gaps.insert(gap);
    }

    pub(super) fn number(&mut self, item: &Item, expr: &Expr) -> (Range, String) {
        let scene = Scene::new(&self.terms, item);
        let found = scene.number(expr);
        let missing = scene.missing();
        for what in missing {
            self.miss(item, what);
        }
        found
    }

    /// One by one, or what a scope takes together as one.
    fn each(
        &mut self,
        items: Vec<Item>,
        scope: &Scope,
        mut act: impl FnMut(&mut Self, &mut Item),
    ) -> Vec<Item> {
        let mut items = together(items, scope);
        for item in &mut items {
            act(self, item);
        }
        items
    }

    fn sift(&mut self, items: Vec<Item>, condition: &Expr, keeps: bool, step: &Step) -> Vec<Item> {
        let mut kept = Vec::new();
        for mut item in items {
            let scene = Scene::new(&self.terms, &item);
            let (truth, shown) = scene.truth(condition);
            let missing = scene.missing();
            if truth == Some(!keeps) {
                self.trace(step, &item, format!("not counted: {shown}"), Extent::zero());
                continue;
            }
            if truth.is_none() {
                for what in missing {
                    self.miss(&item, what);
                }
                item.is_unsure = true;
                let counted = item.counted();
                self.trace(step, &item, format!("may not count: {shown}"), counted);
            }
            kept.push(item);
        }
        kept
    }

    fn dedupe(&mut self, items: Vec<Item>, by: &[Arc<str>], keep: Keep, step: &Step) -> Vec<Item> {
        let mut kept: Vec<Item> = Vec::new();
        let mut places: BTreeMap<Vec<String>, usize> = BTreeMap::new();
        for mut item in items {
            let key: Option<Vec<String>> = by.iter().map(|field| item.key(field)).collect();
            let Some(key) = key else {
                by.iter().filter(|field| item.key(field).is_none()).for_each(|field| {
                    self.notes.gaps.insert(Gap {
                        what: Arc::clone(field),
                        subject: item.subject.clone(),
                        origin: item.origins.first().cloned(),
                    });
                });
                // It may be one that is counted already.
                item.is_unsure = true;
                kept.push(item);
                continue;
            };
            let Some(at) = places.get(&key).copied() else {
                places.insert(key, kept.len());
                kept.push(item);
                continue;
            };
            let text = format!("the same as another: {}", key.join(", "));
            self.trace(step, &item, text, Extent::zero());
            let known = &mut kept[at];
            let is_more = keep == Keep::Most && item.quantity.low() > known.quantity.low();
            let is_unsure = known.is_unsure && item.is_unsure;
            let mut origins = std::mem::take(&mut known.origins);
            origins.append(&mut item.origins);
            origins.sort();
            if is_more {
                *known = item;
            }
            known.origins = origins;
            known.is_unsure = is_unsure;
        }
        kept
    }

    fn measure(&mut self, item: &mut Item, value: &Expr, into: Option<&Arc<str>>, step: &Step) {
        let (range, shown) = self.number(item, value);
        let said = show::range(&range);
        let text = if said == shown { said } else { format!("{shown} = {said}") };
        let text = match into {
            Some(field) => format!("{field}: {text}"),
            None => text,
        };
        self.trace(step, item, text, range.extent());
        if let Some(field) = into {
            item.fields.insert(Arc::clone(field), Content::Computed(range));
        } else {
            item.quantity = range.extent();
            item.note_use();
        }
    }

    fn factor(&mut self, item: &mut Item, factor: &Factor, step: &Step) {
        let Some(table) = self.rules.table(&factor.table) else { return };
        let scene = Scene::new(&self.terms, item);
        let mut keys = Vec::new();
        let mut texts = Vec::new();
        for (column, asked) in &factor.keys {
            let (key, shown) = scene.key(asked);
            texts.push(shown);
            let asked = match key {
                Some(Key::Text(text)) => Asked::Text(text),
                Some(Key::Number(number)) => Asked::Number(number),
                None => Asked::Unknown,
            };
            keys.push((Arc::clone(column), asked));
        }
        let missing = scene.missing();
        let is_known = missing.is_empty();
        for what in missing {
            self.miss(item, what);
        }
        let between =
            |low: Number, high: Number| Range { low: Bound::At(low), high: Bound::At(high) };
        let mut found = match table.lookup(&keys, &factor.value) {
            Answer::Found(number) => Range::known(number),
            Answer::Between(low, high) => between(low, high),
            Answer::Missing => match (&factor.otherwise, table.bounds(&factor.value)) {
                (Some(number), _) => Range::known(number.clone()),
                (None, Some((low, high))) => {
                    self.miss(item, format!("a row of {} for {}", table.name, texts.join(", ")));
                    between(low, high)
                }
                (None, None) => Range::unknown(),
            },
        };
        if let Some(number) = factor.otherwise.as_ref().filter(|_| !is_known) {
            found = found.either(&Range::known(number.clone()));
        }
        let asked = format!("{} of {}", table.name, texts.join(", "));
        if let Some(field) = &factor.into {
            let text = format!("{field}: {asked} = {}", show::range(&found));
            self.trace(step, item, text, found.extent());
            item.fields.insert(Arc::clone(field), Content::Computed(found));
            return;
        }
        let before = Range::from(&item.quantity);
        let made = before.times(&found);
        let (one, two) = (show::range(&before), show::range(&found));
        let text = format!("{one} × {two} ({asked}) = {}", show::range(&made));
        item.quantity = made.extent();
        item.note_use();
        self.trace(step, item, text, made.extent());
    }

    fn bounded(
        &mut self,
        item: &mut Item,
        value: &Expr,
        word: &str,
        function: impl Fn(&Range, &Range) -> Range,
        step: &Step,
    ) {
        let (bound, shown) = self.number(item, value);
        let before = Range::from(&item.quantity);
        let made = function(&before, &bound);
        let text = format!("{word}({}, {shown}) = {}", show::range(&before), show::range(&made));
        item.quantity = made.extent();
        self.trace(step, item, text, made.extent());
    }

    fn repeat(&mut self, item: &mut Item, of: &Expr, every: &Expr, step: &Step) {
        let (of, of_shown) = self.number(item, of);
        let (every, every_shown) = self.number(item, every);
        let before = Range::from(&item.quantity);
        let times = if let Some(ratio) = of.over(&every) {
            ratio.rising(Number::ceil)
        } else {
            self.miss(item, format!("how many make a whole: `{every_shown}` may be zero"));
            Range::unknown()
        };
        let made = before.times(&times);
        let text = format!(
            "{} × ceil({of_shown} / {every_shown}) = {} × {} = {}",
            show::range(&before),
            show::range(&before),
            show::range(&times),
            show::range(&made)
        );
        item.quantity = made.extent();
        self.trace(step, item, text, made.extent());
    }

    fn tiers(&mut self, item: &mut Item, mode: TierMode, tiers: &[Tier], step: &Step) {
        let before = item.quantity.clone();
        let through = |number: &Number| match mode {
            TierMode::Graduated => graduated(number, tiers),
            TierMode::AllUnits => all_units(number, tiers),
        };
        let Some((low, text)) = through(before.low()) else {
            self.miss(item, "a tier that reaches as far");
            item.quantity = Extent::at_least(Number::zero());
            return;
        };
        item.quantity = match before.high() {
            Some(high) if high == before.low() => Extent::known(low),
            high => between_tiers(&before, high, tiers, mode, &through),
        };
        let text = format!("{text} = {}", show::extent(&item.quantity));
        let value = item.quantity.clone();
        self.trace(step, item, text, value);
    }

    fn round(&mut self, item: &mut Item, mode: RoundMode, to: &Expr, step: &Step) {
        let (to, to_shown) = self.number(item, to);
        let Some(to) = to.exact().filter(|to| **to > Number::zero()).cloned() else {
            self.miss(item, format!("what to round to: `{to_shown}`"));
            item.quantity = Extent::at_least(Number::zero());
            return;
        };
        let before = show::extent(&item.quantity);
        item.quantity = item.quantity.rising(|number| rounded(&(number / &to), mode) * &to);
        let word = match mode {
            RoundMode::Up => "up",
            RoundMode::Down => "down",
            RoundMode::HalfUp => "half up",
            RoundMode::Nearest => "to the nearest",
        };
        let multiple =
            if to.is_one() { String::new() } else { format!(" to {}s", show::number(&to)) };
        let text = format!("{before} rounded {word}{multiple} = {}", show::extent(&item.quantity));
        let value = item.quantity.clone();
        self.trace(step, item, text, value);
    }

    fn max_of(&mut self, pipelines: &[Pipeline], scope: &Scope, step: &Step) -> Vec<Item> {
        let mut best: BTreeMap<Subject, (Item, Range, Vec<String>)> = BTreeMap::new();
        for pipeline in pipelines {
            let items = (self.rows)(pipeline.of);
            let items = self.run(items, &pipeline.steps);
            for mut item in together(items, scope) {
                if *scope == Scope::Total {
                    item.subject = total("total");
                }
                let range = Range::from(&item.counted());
                let shown = format!("{} {}", pipeline.name, show::range(&range));
                item.is_unsure = false;
                let Some((known, most, texts)) = best.get_mut(&item.subject) else {
                    best.insert(item.subject.clone(), (item, range, vec![shown]));
                    continue;
                };
                texts.push(shown);
                let is_more = (&range.high, &range.low) > (&most.high, &most.low);
                *most = most.max(&range);
                if is_more {
                    let mut origins = std::mem::take(&mut known.origins);
                    origins.extend(item.origins.iter().cloned());
                    *known = item;
                    known.origins = origins;
                } else {
                    known.origins.extend(item.origins);
                }
                known.origins.sort();
                known.origins.dedup();
            }
        }
        let mut items = Vec::new();
        for (mut item, most, texts) in best.into_values() {
            item.quantity = most.extent();
            let text = format!("max({}) = {}", texts.join(", "), show::range(&most));
            self.trace(step, &item, text, most.extent());
            items.push(item);
        }
        items
    }

    fn limit(&mut self, items: Vec<Item>, at_most: &Expr, counts: bool, step: &Step) -> Vec<Item> {
        for item in &items {
            let (limit, shown) = self.number(item, at_most);
            let counted = item.counted();
            let range = Range::from(&counted);
            let is_over = limit.is_less(&range);
            let sign = match is_over {
                Some(true) => "more than",
                Some(false) => "within",
                None => "perhaps more than",
            };
            let said = match show::range(&limit) {
                same if same == shown => same,
                other => format!("{shown} = {other}"),
            };
            let text = format!("{}, {sign} {said}", show::range(&range));
            self.trace(step, item, text.clone(), counted);
            if is_over.is_none() {
                self.miss(item, format!("whether the limit of {said} is passed"));
            }
            if is_over == Some(true) {
                let at = limit.exact().map(|limit| limit.floor().to_integer());
                let at = at.and_then(|at| usize::try_from(at).ok());
                let since = at.and_then(|at| item.breaches.get(at)).copied();
                let (subject, holder) = (item.subject.clone(), item.holder.clone());
                self.notes.breaches.push(Breach { subject, holder, text, since });
            }
        }
        if counts { items } else { Vec::new() }
    }
}

/// What a scope takes together, as one each.
pub(super) fn together(items: Vec<Item>, scope: &Scope) -> Vec<Item> {
    let host = [Arc::from("host")];
    let pool = [Arc::from("pool")];
    let fields: &[Arc<str>] = match scope {
        Scope::Row => return items,
        Scope::Fields(fields) => fields,
        Scope::Host => &host,
        Scope::Pool => &pool,
        Scope::Total => &[],
    };
    let mut groups: BTreeMap<Vec<Option<String>>, Vec<Item>> = BTreeMap::new();
    for item in items {
        let is_host = |name: &str| *scope == Scope::Host && name == "host";
        let key = |name: &Arc<str>| {
            let own = (item.subject.kind == SubjectKind::Host).then_some(&item.subject.id);
            item.key(name).or_else(|| own.filter(|_| is_host(name)).map(ToString::to_string))
        };
        let key: Vec<Option<String>> = fields.iter().map(key).collect();
        groups.entry(key).or_default().push(item);
    }
    let whole = groups.into_iter().filter_map(|(key, items)| {
        if items.len() == 1 {
            return items.into_iter().next();
        }
        let words: Vec<&str> = key.iter().flatten().map(String::as_str).collect();
        let id = if words.is_empty() { "total".to_owned() } else { words.join(", ") };
        let subject = match scope {
            Scope::Host => Subject { kind: SubjectKind::Host, id: id.into() },
            _ => total(&id),
        };
        merge(items, subject)
    });
    whole.collect()
}

fn graduated(number: &Number, tiers: &[Tier]) -> Option<(Number, String)> {
    let mut left = number.clone();
    let mut from = Number::zero();
    let mut sum = Number::zero();
    let mut parts = Vec::new();
    for tier in tiers {
        let room = tier.to.as_ref().map(|to| to - &from);
        let part = room.map_or_else(|| left.clone(), |room| room.min(left.clone()));
        if part > Number::zero() || parts.is_empty() {
            parts.push(format!("{} × {}", show::number(&part), show::number(&tier.factor)));
        }
        sum += &part * &tier.factor;
        left -= part;
        if left.is_zero() {
            return Some((sum, parts.join(" + ")));
        }
        from = tier.to.clone()?;
    }
    None
}

fn all_units(number: &Number, tiers: &[Tier]) -> Option<(Number, String)> {
    let tier = tiers.iter().find(|tier| tier.to.as_ref().is_none_or(|to| number <= to))?;
    let text = format!("{} × {}", show::number(number), show::number(&tier.factor));
    Some((number * &tier.factor, text))
}

/// The least and the most over a stretch: at its ends, and where a tier ends and the next begins.
fn between_tiers(
    before: &Extent,
    high: Option<&Number>,
    tiers: &[Tier],
    mode: TierMode,
    through: &dyn Fn(&Number) -> Option<(Number, String)>,
) -> Extent {
    let mut found: Vec<Number> =
        through(before.low()).map(|(number, _)| number).into_iter().collect();
    let last = high.and_then(through).map(|(number, _)| number);
    let is_open = last.is_none();
    found.extend(last);
    if mode == TierMode::AllUnits {
        let inside = |to: &Number| to >= before.low() && high.is_none_or(|high| to < high);
        for (tier, next) in tiers.iter().zip(tiers.iter().skip(1)) {
            if let Some(to) = tier.to.as_ref().filter(|to| inside(to)) {
                found.push(to * &tier.factor);
                found.push(to * &next.factor);
            }
        }
    }
    let least = found.iter().min().cloned().unwrap_or_else(Number::zero);
    let most = found.into_iter().max().filter(|_| !is_open);
    most.map_or_else(
        || Extent::at_least(least.clone()),
        |most| Extent::between(least.clone(), most),
    )
}

fn rounded(number: &Number, mode: RoundMode) -> Number {
    let half = Number::new(1.into(), 2.into());
    match mode {
        RoundMode::Up => number.ceil(),
        RoundMode::Down => number.floor(),
        RoundMode::HalfUp => (number + half).floor(),
        RoundMode::Nearest => {
            let up = (number + &half).floor();
            let is_tie = &up - number == half;
            if is_tie && up.to_integer().is_odd() { up - Number::one() } else { up }
        }
    }
}
