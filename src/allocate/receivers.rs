//! Who may receive a pool, on which days.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use chrono::NaiveDate;

use crate::domain::{DateRange, Org, Period};
use crate::rules::{Pool, SplitMethod};

use super::balances::Balances;

/// The receivers of a pool on a stretch of days.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Receiving {
    /// Sorted by id, which settles ties of rounding.
    pub(super) owners: Vec<String>,
    /// Those of them that have no other open cost center below them: who shares evenly.
    pub(super) leaves: Vec<String>,
    /// The stretch of days around the charges on which these are the receivers.
    pub(super) days: DateRange,
}

/// The receivers for each of the `charged` segments. Neighbouring segments with the same receivers
/// are one stretch, so that a change elsewhere in the rules does not cut a pool in two.
pub(super) fn receiving(
    pool: &Pool,
    org: &Org,
    segments: &[DateRange],
    charged: RangeInclusive<u16>,
    balances: &Balances,
    month: Period,
) -> BTreeMap<u16, Receiving> {
    let mut stretches: Vec<(u16, Receiving)> = Vec::new();
    let mut found = BTreeMap::new();
    for segment in charged.clone() {
        let days = segments[usize::from(segment)];
        let day = day_of(days, month);
        let owners = owners_on(pool, org, day, balances);
        let leaves = leaves_of(&owners, org, day);
        match stretches.last_mut() {
            Some((_, last)) if last.owners == owners && last.leaves == leaves => {
                last.days = DateRange::new(last.days.from(), days.to()).unwrap_or_default();
            }
            _ => stretches.push((segment, Receiving { owners, leaves, days })),
        }
    }
    for segment in charged {
        let of_segment = stretches.iter().rev().find(|(first, _)| *first <= segment);
        found.extend(of_segment.map(|(_, receiving)| (segment, receiving.clone())));
    }
    found
}

/// A day of the segment, within the month where it has one.
fn day_of(segment: DateRange, month: Period) -> NaiveDate {
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

fn owners_on(pool: &Pool, org: &Org, day: NaiveDate, balances: &Balances) -> Vec<String> {
    let mut owners: Vec<String> = if org.is_undeclared() {
        match &pool.split {
            SplitMethod::Fixed(shares) => shares.iter().map(|(owner, _)| owner.clone()).collect(),
            _ => balances.owners().into_iter().map(str::to_owned).collect(),
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

fn leaves_of(owners: &[String], org: &Org, day: NaiveDate) -> Vec<String> {
    if org.is_undeclared() {
        return owners.to_vec();
    }
    let leaves: BTreeSet<&str> = org.leaves(day).iter().map(|center| center.id.as_str()).collect();
    owners.iter().filter(|owner| leaves.contains(owner.as_str())).cloned().collect()
}
