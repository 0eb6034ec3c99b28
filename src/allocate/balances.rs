//! What each party has of a month before any pool is emptied.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;

use crate::domain::{Costs, Currency, Period};
use crate::rules::{PoolId, RuleSet};

use super::cube::{Bearer, Cube, Group, NameId};
use super::model::{Flow, Line, Party};

/// A part of a pool that is divided as one: charges of one kind of cost and currency, on days
/// between which nothing changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Lot {
    pub(super) segment: u16,
    pub(super) component: String,
    pub(super) currency: Currency,
}

#[derive(Debug, Default)]
pub(super) struct Balances {
    direct: BTreeMap<(Party, String, Currency), (u64, Costs)>,
    owners: BTreeMap<(String, Currency), Costs>,
    lots: BTreeMap<(PoolId, Lot), Costs>,
}

impl Balances {
    pub(super) fn of(cube: &Cube, rules: &RuleSet, month: Period) -> Self {
        // Texts are compared once per sum, not once per group.
        let mut sums: HashMap<(Bearer, NameId, u16, Currency), (u64, Costs)> = HashMap::new();
        for cells in cube.groups_of(month) {
            let Group { verdict, component, segment, currency, .. } = *cells.group;
            let sum = sums.entry((verdict.bearer, component, segment, currency)).or_default();
            sum.0 += cells.rows();
            sum.1 += cells.costs();
        }
        let mut found = Self::default();
        for ((bearer, component, segment, currency), (rows, costs)) in sums {
            let component = cube.text(component).to_owned();
            let party = match bearer {
                Bearer::Owner(name) => Party::Owner(cube.text(name).to_owned()),
                Bearer::Pool(pool) => Party::Pool(rules.pool(pool).name.clone()),
                Bearer::Unallocated(_) => Party::Unallocated,
            };
            if let Party::Owner(name) = &party {
                *found.owners.entry((name.clone(), currency)).or_default() += costs;
            }
            if let Bearer::Pool(pool) = bearer {
                let lot = Lot { segment, component: component.clone(), currency };
                *found.lots.entry((pool, lot)).or_default() += costs;
            }
            let sum = found.direct.entry((party, component, currency)).or_default();
            sum.0 += rows;
            sum.1 += costs;
        }
        found
    }

    pub(super) fn lots(&self, pool: PoolId) -> impl Iterator<Item = (&Lot, &Costs)> + Clone {
        let of_pool = self.lots.iter().filter(move |((id, _), _)| *id == pool);
        of_pool.map(|((_, lot), costs)| (lot, costs))
    }

    /// What an owner bears without any shared cost.
    pub(super) fn direct(&self, owner: &str, currency: Currency) -> Costs {
        self.owners.get(&(owner.to_owned(), currency)).copied().unwrap_or_default()
    }

    /// Owners that bear anything directly.
    pub(super) fn owners(&self) -> BTreeSet<&str> {
        self.owners.keys().map(|(owner, _)| owner.as_str()).collect()
    }

    pub(super) fn lines(&self, month: Period) -> Vec<Line> {
        let line = |((party, component, currency), (rows, costs)): (
            &(Party, String, Currency),
            &(u64, Costs),
        )| Line {
            month,
            party: party.clone(),
            flow: Flow::Direct,
            component: component.clone(),
            currency: *currency,
            rows: *rows,
            costs: *costs,
            report_costs: None,
        };
        self.direct.iter().map(line).collect()
    }
}
