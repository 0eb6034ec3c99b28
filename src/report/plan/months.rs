//! Two months of one project, as they were billed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::allocate::Flow;
use crate::domain::{Amount, CostMetric, Currency};

use super::super::Facts;
use super::super::party::{Kind, of_bearer, of_party};
use super::pools::Pools;
use super::{Comparison, Key, Row, Subject, label};

/// What the difference of two months is made of: what was charged directly, and what pools gave.
const CAUSES: [&str; 2] = ["charged", "shared"];

/// A month: one metric in the currency that was billed.
#[derive(Clone, Debug, Default)]
pub struct MonthState {
    /// What was charged directly, and what came from pools or went out.
    flows: BTreeMap<Key, [Amount; CAUSES.len()]>,
    /// What was charged directly, by service.
    services: BTreeMap<(Key, String), Amount>,
    pools: Pools,
}

/// What a service charged to a party in either month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceRow {
    pub currency: Currency,
    kind: Kind,
    pub name: String,
    /// Empty where charges tell none.
    pub service: String,
    pub before: Amount,
    pub after: Amount,
}

impl ServiceRow {
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.kind.name()
    }

    #[must_use]
    pub fn delta(&self) -> Amount {
        self.after - self.before
    }

    pub(super) fn party(&self) -> String {
        label(self.kind, &self.name)
    }
}

impl MonthState {
    #[must_use]
    pub fn of(facts: &Facts, metric: CostMetric) -> Self {
        let mut state = Self { pools: Pools::as_billed(facts, metric), ..Self::default() };
        for line in facts.months.get(&facts.period).into_iter().flat_map(|month| &month.lines) {
            let (kind, name) = of_party(&line.party);
            let flows = state.flows.entry((line.currency, kind, name.to_owned())).or_default();
            flows[usize::from(line.flow != Flow::Direct)] += line.costs[metric];
        }
        for cells in facts.cube.groups_of(facts.period) {
            let group = cells.group;
            let (kind, name) = of_bearer(group.verdict.bearer, facts.cube, facts.rules);
            let key = (group.currency, kind, name.into_owned());
            let service = facts.cube.text(group.service).to_owned();
            *state.services.entry((key, service)).or_default() += cells.costs()[metric];
        }
        state
    }

    fn row(&self, after: &Self, key: &Key) -> Row {
        let flows = |state: &Self| state.flows.get(key).copied().unwrap_or_default();
        let (was, is) = (flows(self), flows(after));
        let effects = was.iter().zip(&is).map(|(was, is)| *is - *was).collect();
        Row { before: was.into_iter().sum(), after: is.into_iter().sum(), effects }
    }

    fn services(&self, after: &Self) -> Vec<ServiceRow> {
        let keys: BTreeSet<_> = self.services.keys().chain(after.services.keys()).collect();
        let amount = |state: &Self, key| state.services.get(key).copied().unwrap_or_default();
        let rows = keys.into_iter().map(|key| {
            let ((currency, kind, name), service) = key.clone();
            let (before, after) = (amount(self, key), amount(after, key));
            ServiceRow { currency, kind, name, service, before, after }
        });
        let mut rows: Vec<ServiceRow> = rows.filter(|row| row.before != row.after).collect();
        rows.sort_by_cached_key(|row| {
            (
                Reverse(row.delta().abs()),
                row.currency,
                row.kind,
                row.name.clone(),
                row.service.clone(),
            )
        });
        rows
    }
}

impl Comparison {
    /// From one month to another.
    #[must_use]
    pub fn of_months(subject: Subject, before: &MonthState, after: &MonthState) -> Self {
        let keys: BTreeSet<&Key> = before.flows.keys().chain(after.flows.keys()).collect();
        let rows = keys.into_iter().map(|key| (key.clone(), before.row(after, key)));
        let mut comparison = Self::assembled(subject, CAUSES.to_vec(), rows);
        comparison.shares = after.pools.against(&before.pools);
        comparison.services = before.services(after);
        comparison
    }
}
