//! What pools give, before and after.

use std::collections::{BTreeMap, BTreeSet};

use crate::allocate::Flow;
use crate::domain::{Amount, CostMetric, Currency};

use super::super::Facts;
use super::super::decimal::fixed;
use super::super::party::{Kind, of_party};
use super::effects::have_one_sign;
use super::label;

/// Digits of a part of the whole.
const SHARE_DIGITS: u32 = 6;

/// All pools of a state, by label and currency.
#[derive(Clone, Debug, Default)]
pub(super) struct Pools(BTreeMap<(String, Currency), Given>);

#[derive(Clone, Debug, Default)]
struct Given {
    parts: BTreeMap<(Kind, String), Amount>,
    how: How,
}

/// How a pool was emptied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct How {
    step: Option<u32>,
    methods: BTreeSet<String>,
    place: String,
}

/// What one party gets of one pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShareRow {
    pub pool: String,
    pub currency: Currency,
    /// When the pool is emptied, from 1; `None` where it gives nothing.
    pub step_before: Option<u32>,
    pub step_after: Option<u32>,
    pub method_before: String,
    pub method_after: String,
    /// `file:line` of the pool, relative to its project.
    pub place_before: String,
    pub place_after: String,
    kind: Kind,
    pub name: String,
    /// Of what the pool gives, six digits; `None` where it gives nothing, or amounts of both signs, of
    /// which none is a part of their sum.
    pub share_before: Option<String>,
    pub share_after: Option<String>,
    pub before: Amount,
    pub after: Amount,
}

impl ShareRow {
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.kind.name()
    }

    #[must_use]
    pub fn delta(&self) -> Amount {
        self.after - self.before
    }

    /// Whether the receiver gets another amount.
    #[must_use]
    pub fn is_of_other_money(&self) -> bool {
        self.before != self.after
    }

    /// Whether the pool is emptied in another way.
    pub(super) fn is_of_another_way(&self) -> bool {
        self.method_before != self.method_after
    }

    pub(super) fn receiver(&self) -> String {
        label(self.kind, &self.name)
    }
}

impl Given {
    fn amount(&self, receiver: &(Kind, String)) -> Amount {
        self.parts.get(receiver).copied().unwrap_or_default()
    }

    fn share(&self, receiver: &(Kind, String)) -> Option<String> {
        if !have_one_sign(self.parts.values()) {
            return None;
        }
        let whole: Amount = self.parts.values().copied().sum();
        fixed(&self.amount(receiver).to_units(), &whole.to_units(), SHARE_DIGITS)
    }

    fn method(&self) -> String {
        self.how.methods.iter().cloned().collect::<Vec<_>>().join("; ")
    }
}

impl Pools {
    /// Adds what a pool gave to a receiver.
    pub(super) fn give(
        &mut self,
        pool: &str,
        currency: Currency,
        receiver: (Kind, String),
        amount: Amount,
    ) {
        let given = self.0.entry((pool.to_owned(), currency)).or_default();
        *given.parts.entry(receiver).or_default() += amount;
    }

    /// Tells how a pool was emptied, once all is given.
    pub(super) fn tell(&mut self, pool: &str, step: u32, method: &str, place: &str) {
        for ((_, _), given) in self.0.iter_mut().filter(|((name, _), _)| name == pool) {
            given.how.step = Some(given.how.step.map_or(step, |known| known.min(step)));
            if !given.how.methods.contains(method) {
                given.how.methods.insert(method.to_owned());
            }
            place.clone_into(&mut given.how.place);
        }
    }

    /// In the report currency, where a rate is known.
    pub(super) fn of(facts: &Facts, metric: CostMetric) -> Self {
        let mut pools: BTreeMap<(String, Currency), Given> = BTreeMap::new();
        let report = facts.conversions.report_currency;
        let Some(month) = facts.months.get(&facts.period) else { return Self::default() };
        for line in &month.lines {
            let Flow::SharedIn(pool) = &line.flow else { continue };
            let (currency, costs) = match line.report_costs {
                Some(costs) => (report, costs),
                None => (line.currency, line.costs),
            };
            let (kind, name) = of_party(&line.party);
            let given = pools.entry((pool.clone(), currency)).or_default();
            *given.parts.entry((kind, name.to_owned())).or_default() += costs[metric];
        }
        let mut hows: BTreeMap<&str, How> = BTreeMap::new();
        for division in &month.divisions {
            let how = hows.entry(&division.label).or_default();
            how.step = Some(how.step.map_or(division.step, |step| step.min(division.step)));
            how.methods.insert(division.shares[metric as usize].method.clone());
            let span = &facts.rules.pool(division.pool.pool).span;
            how.place = format!("{}:{}", span.path, span.line);
        }
        for ((pool, _), given) in &mut pools {
            given.how = hows.get(pool.as_str()).cloned().unwrap_or_default();
        }
        Self(pools)
    }

    /// What is given otherwise than in `before`, by step, then the largest difference.
    pub(super) fn against(&self, before: &Self) -> Vec<ShareRow> {
        let none = Given::default();
        let keys: BTreeSet<&(String, Currency)> = before.0.keys().chain(self.0.keys()).collect();
        let mut rows = Vec::new();
        for key in keys {
            let was = before.0.get(key).unwrap_or(&none);
            let is = self.0.get(key).unwrap_or(&none);
            let receivers: BTreeSet<_> = was.parts.keys().chain(is.parts.keys()).collect();
            for receiver in receivers {
                let row = share_row(key, receiver, was, is);
                let is_told = row.is_of_other_money()
                    || row.share_before != row.share_after
                    || was.how.methods != is.how.methods;
                rows.extend(is_told.then_some(row));
            }
        }
        rows.sort_by_cached_key(|row| {
            let step = row.step_after.or(row.step_before).unwrap_or(u32::MAX);
            let size = std::cmp::Reverse(row.delta().abs());
            (step, row.pool.clone(), row.currency, size, row.kind, row.name.clone())
        });
        rows
    }
}

fn share_row(
    (pool, currency): &(String, Currency),
    receiver: &(Kind, String),
    was: &Given,
    is: &Given,
) -> ShareRow {
    ShareRow {
        pool: pool.clone(),
        currency: *currency,
        step_before: was.how.step,
        step_after: is.how.step,
        method_before: was.method(),
        method_after: is.method(),
        place_before: was.how.place.clone(),
        place_after: is.how.place.clone(),
        kind: receiver.0,
        name: receiver.1.clone(),
        share_before: was.share(receiver),
        share_after: is.share(receiver),
        before: was.amount(receiver),
        after: is.amount(receiver),
    }
}
