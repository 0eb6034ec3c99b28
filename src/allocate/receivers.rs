//! Who may receive a pool, on which days.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::domain::{DateRange, Level, Org, Period};
use crate::rules::{Pool, SplitMethod, Target};

use super::holdings::Holdings;

/// Names that many stretches of days have in common: compared by where they lie before they are
/// compared one by one.
#[derive(Clone, Debug)]
pub(super) struct Names(Arc<[String]>);

/// The receivers of a pool on a stretch of days.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Receiving {
    /// Sorted by id, which settles ties of rounding.
    pub(super) owners: Names,
    /// Those of them that share evenly: of the pool's level, else those that have no other open
    /// cost center below them.
    pub(super) leaves: Names,
    /// Of shares that are dated, which hold; `None` where none does.
    pub(super) dated: Option<usize>,
    /// The stretch of days around the charges on which these are the receivers.
    pub(super) days: DateRange,
}

impl std::ops::Deref for Names {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.0
    }
}

impl Ord for Names {
    fn cmp(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(&self.0, &other.0) { Ordering::Equal } else { self.0.cmp(&other.0) }
    }
}

impl PartialOrd for Names {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Names {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Names {}

/// The names, as one that is known already where it has the same.
fn names(found: Vec<String>, known: &mut Vec<Names>) -> Names {
    if let Some(same) = known.iter().find(|known| ***known == *found) {
        return same.clone();
    }
    known.push(Names(found.into()));
    known[known.len() - 1].clone()
}

/// The receivers for each of the `charged` segments. Neighbouring segments with the same receivers
/// are one stretch, so that a change elsewhere in the rules does not cut a pool in two.
///
/// A pool that gives to others keeps its segments apart, because the others may change where it
/// does not.
pub(super) fn receiving(
    pool: &Pool,
    org: &Org,
    segments: &[DateRange],
    charged: RangeInclusive<u16>,
    holdings: &Holdings<'_>,
    month: Period,
    feeds_pools: bool,
) -> BTreeMap<u16, Receiving> {
    let mut stretches: Vec<(u16, Receiving)> = Vec::new();
    let mut found = BTreeMap::new();
    let mut known = Vec::new();
    for segment in charged.clone() {
        let days = segments[usize::from(segment)];
        let day = day_of(days, month);
        let owners = names(owners_on(pool, org, day, holdings), &mut known);
        let leaves = names(leaves_of(pool, &owners, org, day), &mut known);
        let dated = dated_on(pool, day);
        let is_same = |last: &Receiving| {
            !feeds_pools && (&last.owners, &last.leaves, last.dated) == (&owners, &leaves, dated)
        };
        match stretches.last_mut() {
            Some((_, last)) if is_same(last) => {
                last.days = DateRange::new(last.days.from(), days.to()).unwrap_or_default();
            }
            _ => stretches.push((segment, Receiving { owners, leaves, dated, days })),
        }
    }
    for segment in charged {
        let of_segment = stretches.iter().rev().find(|(first, _)| *first <= segment);
        found.extend(of_segment.map(|(_, receiving)| (segment, receiving.clone())));
    }
    found
}

/// A day of the segment, within the month where it has one.
pub(super) fn day_of(segment: DateRange, month: Period) -> NaiveDate {
    let first = month.first();
    if segment.contains(first) {
        return first;
    }
    match (segment.from(), segment.to()) {
        (Some(from), _) if from > first => from,
        (_, Some(to)) => to.pred_opt().unwrap_or(to),
        (Some(from), None) => from,
        (None, None) => first,
    }
}

/// Whether an owner is open on any day of a month; in a project without cost centers all are.
pub(super) fn is_open_in(org: &Org, owner: &str, month: Period) -> bool {
    let days = month.first().iter_days().take_while(|day| *day <= month.last());
    org.is_undeclared() || days.into_iter().any(|day| org.on(owner, day).is_some())
}

/// The position of the shares that hold on a day.
fn dated_on(pool: &Pool, day: NaiveDate) -> Option<usize> {
    let SplitMethod::Fixed(dated) = &pool.split else { return None };
    dated.iter().position(|shares| shares.valid.contains(day))
}

fn owners_on(pool: &Pool, org: &Org, day: NaiveDate, holdings: &Holdings<'_>) -> Vec<String> {
    let mut owners: Vec<String> = if org.is_undeclared() {
        match &pool.split {
            SplitMethod::Fixed(dated) => {
                let names = dated.iter().flat_map(|shares| &shares.shares);
                let names = names.filter_map(|(target, _)| match target {
                    Target::Owner(name) => Some(name.clone()),
                    Target::Pool(_) | Target::Unallocated => None,
                });
                names.collect::<BTreeSet<_>>().into_iter().collect()
            }
            _ => holdings.owners().into_iter().map(str::to_owned).collect(),
        }
    } else {
        org.ids().filter(|id| org.on(id, day).is_some()).map(str::to_owned).collect()
    };
    let within =
        |owner: &String, names: &[String]| names.iter().any(|name| org.is_within(owner, name, day));
    let receivers = &pool.receivers;
    owners.retain(|owner| {
        (receivers.include.is_empty() || within(owner, &receivers.include))
            && !within(owner, &receivers.exclude)
    });
    owners.sort_unstable();
    owners
}

/// The center of that level that an owner is, or is below of.
pub(super) fn center_above(
    level: &Level,
    owner: &str,
    org: &Org,
    day: NaiveDate,
) -> Option<String> {
    org.path(owner, day).into_iter().find(|id| org.is_at(level, id, day))
}

fn leaves_of(pool: &Pool, owners: &[String], org: &Org, day: NaiveDate) -> Vec<String> {
    if let Some(level) = &pool.receivers.over {
        return owners.iter().filter(|id| org.is_at(level, id, day)).cloned().collect();
    }
    if org.is_undeclared() {
        return owners.to_vec();
    }
    let leaves: BTreeSet<&str> = org.leaves(day).iter().map(|center| center.id.as_str()).collect();
    owners.iter().filter(|owner| leaves.contains(owner.as_str())).cloned().collect()
}
