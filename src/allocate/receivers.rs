//! Who may receive a pool, on which days.

use chrono::NaiveDate;

use crate::domain::{DateRange, Org, Period};
use crate::rules::{Pool, SplitMethod};

use super::balances::Balances;

/// The receivers of a pool on a stretch of days.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Receiving {
    /// Sorted by id, which settles ties of rounding.
    pub(super) owners: Vec<String>,
    /// The longest stretch around the charges on which these are the receivers.
    pub(super) days: DateRange,
}

/// The receivers on the days of a segment. Neighbouring segments with the same receivers are one
/// stretch, so that a change elsewhere in the rules does not cut a pool in two.
pub(super) fn receiving(
    pool: &Pool,
    org: &Org,
    segments: &[DateRange],
    segment: u16,
    balances: &Balances,
    month: Period,
) -> Receiving {
    let at = |index: usize| owners_on(pool, org, day_of(segments[index], month), balances);
    let index = usize::from(segment);
    let owners = at(index);
    let mut first = index;
    while first > 0 && touches(segments[first - 1], month) && at(first - 1) == owners {
        first -= 1;
    }
    let mut last = index;
    while last + 1 < segments.len() && touches(segments[last + 1], month) && at(last + 1) == owners
    {
        last += 1;
    }
    let days = DateRange::new(segments[first].from(), segments[last].to()).unwrap_or_default();
    Receiving { owners, days }
}

fn touches(segment: DateRange, month: Period) -> bool {
    segment.overlaps(month.days())
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
        match &pool.split {
            SplitMethod::Even => org.leaves(day).iter().map(|center| center.id.clone()).collect(),
            _ => org.ids().filter(|id| org.on(id, day).is_some()).map(str::to_owned).collect(),
        }
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
