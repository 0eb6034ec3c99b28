//! In which order the pools of a stage are emptied.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostics::{Code, Finding, Place};
use crate::rules::{PoolName, RuleSet, Stage};

use super::pools::feeds;
use super::usage::Usage;

/// Which pools each pool may give to.
pub(super) type Feeds = BTreeMap<PoolName, BTreeSet<PoolName>>;

/// Pools that use each other in a circle, from one back to itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Circle(pub(super) Vec<PoolName>);

impl Circle {
    pub(super) fn finding(&self, rules: &RuleSet) -> Finding {
        let labels: Vec<String> = self.0.iter().map(|pool| label(pool, rules)).collect();
        let text = format!("pools use each other in a circle: {}", labels.join(" → "));
        let help = "put them into one stage as `reciprocal: [ … ]`, which is solved exactly";
        let finding = Finding::new(Code::AllocationCircle, text).help(help);
        match self.0.first() {
            Some(pool) => finding.at(Place::Text(rules.pool(pool.pool).span.clone())),
            None => finding,
        }
    }
}

fn label(pool: &PoolName, rules: &RuleSet) -> String {
    rules.pool(pool.pool).label(pool.value.as_deref())
}

/// What is wrong with the order of stages whatever bills and drivers say: circles of shares that
/// are declared, and pools that give to one which an earlier stage has emptied.
#[must_use]
pub fn order_faults(rules: &RuleSet) -> Vec<Finding> {
    let feeds = feeds(&BTreeSet::new(), rules, &Usage::none());
    let (mut emptied, mut found) = (BTreeSet::new(), Vec::new());
    for stage in &rules.stages {
        let members = members(stage, &feeds);
        if let Stage::Pools(_) = stage
            && let Err(circle) = in_order(&members, &feeds)
        {
            found.push(circle.finding(rules));
        }
        found.extend(members.iter().filter_map(|p| emptied_before(p, &feeds, &emptied, rules)));
        emptied.extend(members);
    }
    found
}

/// The pools of a stage: of families, all that hold or may receive anything.
pub(super) fn members(stage: &Stage, feeds: &Feeds) -> Vec<PoolName> {
    let mut members: Vec<PoolName> = match stage {
        Stage::Precedence(names) => names.clone(),
        Stage::Pools(_) | Stage::Reciprocal(_) => Vec::new(),
    };
    let named: BTreeSet<PoolName> = members.iter().cloned().collect();
    for id in stage.pools() {
        let first = PoolName { pool: id, value: None };
        let of_pool = feeds.range(first..).map(|(name, _)| name);
        let of_pool = of_pool.take_while(|name| name.pool == id);
        members.extend(of_pool.filter(|name| !named.contains(name)).cloned());
    }
    members
}

/// Tells where a pool gives to one that was emptied before.
pub(super) fn emptied_before(
    pool: &PoolName,
    feeds: &Feeds,
    emptied: &BTreeSet<PoolName>,
    rules: &RuleSet,
) -> Option<Finding> {
    let fed = feeds.get(pool)?.iter().find(|fed| emptied.contains(fed))?;
    let (from, to) = (label(pool, rules), label(fed, rules));
    let text = format!("pool `{from}` gives to `{to}`, which an earlier stage has emptied");
    let help = "change the order of the stages, or put both into one stage as `reciprocal: [ … ]`";
    let place = Place::Text(rules.pool(pool.pool).span.clone());
    Some(Finding::new(Code::AllocationCircle, text).help(help).at(place))
}

/// The pools so that each comes before those that it gives to; where that leaves a choice, as they
/// were listed.
///
/// # Errors
/// A circle among them.
pub(super) fn in_order(listed: &[PoolName], feeds: &Feeds) -> Result<Vec<PoolName>, Circle> {
    let members: BTreeSet<&PoolName> = listed.iter().collect();
    let fed_by = |pool: &PoolName| {
        let fed = feeds.get(pool).into_iter().flatten();
        fed.filter(|fed| members.contains(fed) && *fed != pool).collect::<Vec<_>>()
    };
    let mut waiting: BTreeMap<&PoolName, usize> = members.iter().map(|pool| (*pool, 0)).collect();
    for fed in listed.iter().flat_map(fed_by) {
        *waiting.entry(fed).or_default() += 1;
    }
    // Those that wait for nobody, by their places in the list.
    let places: BTreeMap<&PoolName, usize> =
        listed.iter().enumerate().rev().map(|(place, pool)| (pool, place)).collect();
    let free = waiting.iter().filter(|(_, count)| **count == 0).map(|(pool, _)| places[pool]);
    let mut free: BTreeSet<usize> = free.collect();
    let mut order = Vec::new();
    while order.len() < members.len() {
        let Some(place) = free.pop_first() else { return Err(circle(&waiting, feeds)) };
        let next = &listed[place];
        waiting.remove(next);
        for fed in fed_by(next) {
            if let Some(count) = waiting.get_mut(fed) {
                *count -= 1;
                if *count == 0 {
                    free.insert(places[fed]);
                }
            }
        }
        order.push(next.clone());
    }
    Ok(order)
}

/// A circle among pools that all wait for another of them.
fn circle(waiting: &BTreeMap<&PoolName, usize>, feeds: &Feeds) -> Circle {
    // Walking back from any of them, from one that feeds it to the next, must come round.
    let feeder = |pool: &PoolName| {
        let feeds_it = |other: &&&PoolName| {
            **other != pool && feeds.get(**other).is_some_and(|fed| fed.contains(pool))
        };
        waiting.keys().find(feeds_it).map(|found| (*found).clone())
    };
    let mut walked: Vec<PoolName> = waiting.keys().take(1).map(|pool| (*pool).clone()).collect();
    while let Some(before) = walked.last().and_then(feeder) {
        if let Some(begin) = walked.iter().position(|pool| *pool == before) {
            let mut circle = walked.split_off(begin);
            circle.push(before);
            circle.reverse();
            return Circle(circle);
        }
        walked.push(before);
    }
    Circle(walked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::PoolId;

    fn name(id: u16) -> PoolName {
        PoolName { pool: PoolId(id), value: None }
    }

    fn feeds(edges: &[(u16, u16)]) -> Feeds {
        let mut feeds = Feeds::new();
        for (from, to) in edges {
            feeds.entry(name(*from)).or_default().insert(name(*to));
        }
        feeds
    }

    fn order(listed: &[u16], edges: &[(u16, u16)]) -> Result<Vec<u16>, Vec<u16>> {
        let listed: Vec<PoolName> = listed.iter().map(|id| name(*id)).collect();
        let ids = |names: Vec<PoolName>| names.into_iter().map(|name| name.pool.0).collect();
        in_order(&listed, &feeds(edges)).map(ids).map_err(|circle| ids(circle.0))
    }

    #[test]
    fn givers_come_first_and_all_else_as_listed() {
        assert_eq!(order(&[2, 0, 1], &[]), Ok(vec![2, 0, 1]));
        assert_eq!(order(&[2, 0, 1], &[(1, 2)]), Ok(vec![0, 1, 2]));
        assert_eq!(order(&[0, 1, 2, 3], &[(3, 1), (1, 0), (3, 0), (2, 9)]), Ok(vec![2, 3, 1, 0]));
        assert_eq!(order(&[0, 1], &[(0, 0), (1, 0)]), Ok(vec![1, 0]));
    }

    #[test]
    fn a_circle_is_told_from_one_pool_back_to_it() {
        assert_eq!(order(&[0, 1], &[(0, 1), (1, 0)]), Err(vec![0, 1, 0]));
        let found = order(&[0, 1, 2, 3], &[(0, 1), (1, 2), (2, 3), (3, 1)]).unwrap_err();
        assert_eq!(found.first(), found.last());
        assert_eq!(found.len(), 4);
        assert!(
            found.windows(2).all(|pair| [(1, 2), (2, 3), (3, 1)].contains(&(pair[0], pair[1])))
        );
    }
}
