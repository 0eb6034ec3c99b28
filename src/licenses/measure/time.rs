//! Many rows to one: sums and counts, and figures over time with the coverage of their samples.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};
use num_bigint::BigInt;
use num_traits::{One, ToPrimitive, Zero};

use crate::licenses::{Extent, Number};
use crate::rules::licenses::{Aggregate, Drop, Every, Expr, How, SameTime, Scope, Step, Window};

use super::engine::{Engine, together};
use super::item::{Item, total};
use super::show;

/// Values by moment.
type Points = BTreeMap<NaiveDateTime, Extent>;

/// The samples that should be there, and those that are not.
struct Coverage {
    expected: usize,
    missing: Vec<NaiveDateTime>,
    is_enough: bool,
}

/// What is known of the rows of a group before they are one.
struct Rows {
    count: usize,
    /// Of those, the ones that count for sure.
    sure: usize,
    points: Points,
    distinct: (usize, usize),
}

impl Rows {
    fn of(members: &[Item], aggregate: &Aggregate) -> Self {
        Self {
            count: members.len(),
            sure: members.iter().filter(|item| !item.is_unsure).count(),
            points: points(members, aggregate.same_time),
            distinct: match &aggregate.how {
                How::Distinct { of } => distinct(members, of),
                _ => (0, 0),
            },
        }
    }
}

impl Engine<'_> {
    pub(super) fn aggregate(
        &mut self,
        items: Vec<Item>,
        aggregate: &Aggregate,
        step: &Step,
    ) -> Vec<Item> {
        let (first, end) = window(aggregate.window, self.terms.day);
        let is_inside = |item: &Item| {
            let day = item.moment().date();
            !item.fields.contains_key("time") || (first <= day && day < end)
        };
        let items: Vec<Item> = items.into_iter().filter(is_inside).collect();
        let scope = Scope::Fields(aggregate.by.clone());
        let mut groups: BTreeMap<Vec<Option<String>>, Vec<Item>> = BTreeMap::new();
        for item in items {
            let key = aggregate.by.iter().map(|field| item.key(field)).collect();
            groups.entry(key).or_default().push(item);
        }
        let mut made = Vec::new();
        if let Some(every) = aggregate.every.filter(|_| groups.is_empty()) {
            made.push(self.nothing(cover(&BTreeSet::new(), every, (first, end), aggregate), step));
        }
        for members in groups.into_values() {
            let rows = Rows::of(&members, aggregate);
            let Some(mut item) = together(members, &scope).into_iter().next() else { continue };
            let coverage = aggregate.every.map(|every| {
                let samples: BTreeSet<NaiveDateTime> =
                    rows.points.keys().map(|time| slot(*time, every)).collect();
                cover(&samples, every, (first, end), aggregate)
            });
            if let Some(coverage) = &coverage {
                self.note_coverage(&item, coverage);
            }
            let missing = coverage.as_ref().filter(|coverage| !coverage.is_enough);
            let missing = missing.map(|coverage| coverage.missing.as_slice()).unwrap_or_default();
            let (value, text) = self.figure_of(&mut item, &aggregate.how, &rows, missing);
            let there = coverage.map(|coverage| {
                let there = coverage.expected - coverage.missing.len();
                format!("; {there} of {} samples are there", coverage.expected)
            });
            let text = format!("{text}{} = {}", there.unwrap_or_default(), show::extent(&value));
            item.quantity = value.clone();
            item.is_unsure = false;
            self.trace(step, &item, text, value);
            made.push(item);
        }
        made
    }

    fn figure_of(
        &mut self,
        item: &mut Item,
        how: &How,
        rows: &Rows,
        missing: &[NaiveDateTime],
    ) -> (Extent, String) {
        match how {
            How::Count => (counts(rows.sure, rows.count), format!("{} rows", rows.count)),
            How::Distinct { of } => {
                let (least, most) = rows.distinct;
                (counts(least, most), format!("different values of {of}"))
            }
            How::Sum => {
                let sum = rows.points.values().fold(Extent::zero(), |sum, one| &sum + one);
                let low = sum.low().clone();
                let high = sum.high().filter(|_| missing.is_empty()).cloned();
                let sum = match high {
                    Some(high) => Extent::between(low, high),
                    None => Extent::at_least(low),
                };
                (sum, format!("sum of {} rows", rows.count))
            }
            How::BreachDays { over, days } => {
                self.breach_days(item, &rows.points, missing, over, *days)
            }
            how => over_time(how, &rows.points, missing),
        }
    }

    /// Where samples are expected and there is none at all.
    fn nothing(&mut self, coverage: Coverage, step: &Step) -> Item {
        let unknown = Extent::at_least(Number::zero());
        let item = Item::nothing(total("total"), unknown.clone(), self.terms.day);
        self.note_coverage(&item, &Coverage { is_enough: false, ..coverage });
        self.trace(step, &item, "no sample is there".to_owned(), unknown);
        item
    }

    fn note_coverage(&mut self, item: &Item, coverage: &Coverage) {
        let there = coverage.expected - coverage.missing.len();
        let part = Number::new(BigInt::from(there), BigInt::from(coverage.expected.max(1)));
        let least = self.notes.coverage.take().map_or(part.clone(), |known| known.min(part));
        self.notes.coverage = Some(least);
        if !coverage.is_enough {
            let days: BTreeSet<NaiveDate> =
                coverage.missing.iter().map(NaiveDateTime::date).collect();
            self.miss(item, format!("samples of {}", stretches(&days)));
        }
    }

    fn breach_days(
        &mut self,
        item: &mut Item,
        points: &Points,
        missing: &[NaiveDateTime],
        over: &Expr,
        days: u32,
    ) -> (Extent, String) {
        let (limit, shown) = self.number(item, over);
        let Some(limit) = limit.exact().cloned() else {
            self.miss(item, format!("the limit `{shown}`"));
            return (Extent::at_least(Number::zero()), "days above a limit".to_owned());
        };
        let above = |of: &dyn Fn(&Extent) -> bool| -> BTreeSet<NaiveDate> {
            points.iter().filter(|(_, v)| of(v)).map(|(time, _)| time.date()).collect()
        };
        let sure = above(&|value| *value.low() > limit);
        let mut perhaps = above(&|value| value.high().is_none_or(|high| *high > limit));
        perhaps.extend(missing.iter().map(NaiveDateTime::date));
        let (least, most) = (densest(&sure, days), densest(&perhaps, days));
        item.breaches.clone_from(&least);
        let all: Vec<String> = least.iter().map(ToString::to_string).collect();
        let text = format!(
            "days above {} within {days} days: {}",
            show::number(&limit),
            if all.is_empty() { "none".to_owned() } else { all.join(", ") }
        );
        (counts(least.len(), most.len()), text)
    }
}

fn counts(least: usize, most: usize) -> Extent {
    let number = |count: usize| Number::from_integer(BigInt::from(count));
    Extent::between(number(least), number(most))
}

/// Days from the first to the one after the last, which is the day of the position.
fn window(window: Window, day: NaiveDate) -> (NaiveDate, NaiveDate) {
    let month = day.with_day(1).unwrap_or(day);
    let first = match window {
        Window::Month => month,
        Window::Quarter => month - Months::new(month.month0() % 3),
        Window::Year => month - Months::new(month.month0()),
        Window::Days(days) => day - Days::new(u64::from(days.saturating_sub(1))),
    };
    (first, day + Days::new(1))
}

fn slot(time: NaiveDateTime, every: Every) -> NaiveDateTime {
    let hour = match every {
        Every::Hour => time.hour(),
        Every::Day => 0,
    };
    time.date().and_hms_opt(hour, 0, 0).unwrap_or(time)
}

fn points(members: &[Item], same: SameTime) -> Points {
    let mut points = Points::new();
    for item in members {
        let value = item.counted();
        let known = points.entry(item.moment()).or_insert_with(Extent::zero);
        *known = match same {
            SameTime::Sum => &*known + &value,
            SameTime::Max => known.max(&value),
        };
    }
    points
}

fn cover(
    samples: &BTreeSet<NaiveDateTime>,
    every: Every,
    (first, end): (NaiveDate, NaiveDate),
    aggregate: &Aggregate,
) -> Coverage {
    let step = match every {
        Every::Hour => TimeDelta::hours(1),
        Every::Day => TimeDelta::days(1),
    };
    let end = end.and_time(NaiveTime::MIN);
    let mut expected = 0;
    let mut missing = Vec::new();
    let mut time = first.and_time(NaiveTime::MIN);
    while time < end {
        expected += 1;
        if !samples.contains(&time) {
            missing.push(time);
        }
        time += step;
    }
    let there = Number::new(BigInt::from(expected - missing.len()), BigInt::from(expected.max(1)));
    let is_enough = there >= aggregate.coverage.clone().unwrap_or_else(Number::one);
    Coverage { expected, missing, is_enough }
}

fn distinct(members: &[Item], of: &str) -> (usize, usize) {
    let keys: BTreeSet<String> =
        members.iter().filter(|item| !item.is_unsure).filter_map(|item| item.key(of)).collect();
    let all: BTreeSet<String> = members.iter().filter_map(|item| item.key(of)).collect();
    let unnamed = members.iter().filter(|item| item.key(of).is_none());
    let sure = usize::from(keys.is_empty() && unnamed.clone().any(|item| !item.is_unsure));
    (keys.len() + sure, all.len() + unnamed.count())
}

/// A figure over time. What is missing may have been nothing, or more than anything.
fn over_time(how: &How, points: &Points, missing: &[NaiveDateTime]) -> (Extent, String) {
    let lows: Vec<(NaiveDateTime, Number)> = points
        .iter()
        .map(|(time, value)| (*time, value.low().clone()))
        .chain(missing.iter().map(|time| (*time, Number::zero())))
        .collect();
    let highs: Option<Vec<(NaiveDateTime, Number)>> =
        points.iter().map(|(time, value)| Some((*time, value.high()?.clone()))).collect();
    let (low, text) = figure(how, lows, 0);
    let high = match (highs, how) {
        (Some(highs), _) if missing.is_empty() => Some(figure(how, highs, 0).0),
        (Some(highs), How::TopRank { percent, drop }) => {
            let dropped = dropped(highs.len() + missing.len(), percent, *drop);
            let covers = missing.len() <= dropped;
            covers.then(|| figure(how, highs, missing.len()).0)
        }
        _ => None,
    };
    let extent = match high {
        Some(high) => Extent::between(low, high),
        None => Extent::at_least(low),
    };
    (extent, text)
}

fn dropped(samples: usize, percent: &Number, drop: Drop) -> usize {
    let part = percent * Number::new(BigInt::from(samples), BigInt::from(100));
    let whole = match drop {
        Drop::Floor => part.floor(),
        Drop::Ceil => part.ceil(),
    };
    whole.to_integer().to_usize().unwrap_or(usize::MAX).min(samples.saturating_sub(1))
}

/// `above`: samples that are not there and may have been higher than any that is.
fn figure(how: &How, mut values: Vec<(NaiveDateTime, Number)>, above: usize) -> (Number, String) {
    values.sort();
    let numbers = || values.iter().map(|(_, value)| value);
    let mean = |values: &[&Number]| {
        let sum = values.iter().fold(Number::zero(), |sum, one| sum + *one);
        sum / Number::from_integer(BigInt::from(values.len().max(1)))
    };
    let most = || numbers().max().cloned().unwrap_or_else(Number::zero);
    let samples = values.len();
    match how {
        How::Mean => (mean(&numbers().collect::<Vec<_>>()), format!("mean of {samples} samples")),
        How::Last => {
            let (time, value) = values.last().cloned().unwrap_or_default();
            (value, format!("the last, of {time}"))
        }
        How::MonthEnd => {
            let months: BTreeMap<(i32, u32), &Number> =
                values.iter().map(|(time, value)| ((time.year(), time.month()), value)).collect();
            let highest = months.values().max().map_or_else(Number::zero, |value| (*value).clone());
            (highest, format!("the highest at the end of {} months", months.len()))
        }
        How::TopRank { percent, drop } => {
            let all = samples + above;
            let dropped = dropped(all, percent, *drop);
            let mut sorted: Vec<&Number> = numbers().collect();
            sorted.sort();
            let rank = dropped.saturating_sub(above);
            let found = sorted.iter().rev().nth(rank).map_or_else(Number::zero, |n| (*n).clone());
            let word = match drop {
                Drop::Floor => "floor",
                Drop::Ceil => "ceil",
            };
            let text = format!(
                "the highest after the top {word}({}% × {all}) = {dropped} are dropped",
                show::number(percent)
            );
            (found, text)
        }
        How::RollingMean { days } => {
            let firsts: BTreeSet<NaiveDate> = values.iter().map(|(time, _)| time.date()).collect();
            let last = firsts.last().copied().unwrap_or_default();
            let span = Days::new(u64::from(*days));
            // Only whole windows, or all there is where it is shorter.
            let whole: Vec<NaiveDate> =
                firsts.iter().copied().filter(|day| *day + span <= last + Days::new(1)).collect();
            let starts = if whole.is_empty() {
                firsts.first().copied().into_iter().collect()
            } else {
                whole
            };
            let means = starts.into_iter().map(|first| {
                let from = values.partition_point(|(time, _)| time.date() < first);
                let to = values.partition_point(|(time, _)| time.date() < first + span);
                mean(&values[from..to].iter().map(|(_, value)| value).collect::<Vec<_>>())
            });
            let highest = means.max().unwrap_or_else(Number::zero);
            (highest, format!("the highest mean of {days} days in a row"))
        }
        _ => (most(), format!("the highest of {samples} samples")),
    }
}

/// The most days within so many days in a row, the first such stretch.
fn densest(days: &BTreeSet<NaiveDate>, within: u32) -> Vec<NaiveDate> {
    let mut best: Vec<NaiveDate> = Vec::new();
    for first in days {
        let end = *first + Days::new(u64::from(within));
        let inside: Vec<NaiveDate> = days.range(*first..end).copied().collect();
        if inside.len() > best.len() {
            best = inside;
        }
    }
    best
}

/// Days as stretches: `2026-10-12 to 2026-10-14, 2026-10-20`.
fn stretches(days: &BTreeSet<NaiveDate>) -> String {
    /// Stretches beyond these help nobody.
    const SHOWN: usize = 8;
    let mut found: Vec<(NaiveDate, NaiveDate)> = Vec::new();
    for day in days {
        match found.last_mut() {
            Some((_, last)) if last.succ_opt() == Some(*day) => *last = *day,
            _ => found.push((*day, *day)),
        }
    }
    let left = found.len().saturating_sub(SHOWN);
    let mut texts: Vec<String> = found
        .iter()
        .take(SHOWN)
        .map(
            |(first, last)| {
                if first == last { first.to_string() } else { format!("{first} to {last}") }
            },
        )
        .collect();
    if left > 0 {
        texts.push(format!("and {left} more stretches of days"));
    }
    texts.join(", ")
}
