//! One pass over the cube that keeps the few sums which the small reports need.

use hashbrown::HashMap;

use crate::allocate::{Bearer, Cube, Group, GroupCells, NameId, UnallocatedItem, Verdict};
use crate::domain::{Amount, CostMetric, Costs, Currency};

use super::Facts;

/// Sums over the cells of the period.
#[derive(Clone, Debug, Default)]
pub(super) struct Digest {
    pub(super) bearers: Bearers,
    /// What has no owner by rule, in the report currency, by what items of the worklist share.
    pub(super) unallocated: HashMap<WorkKey, Costs>,
}

/// What items of the worklist have in common but for their resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct WorkKey {
    verdict: Verdict,
    pub(super) currency: Currency,
    provider: NameId,
    billing_account: NameId,
    sub_account: NameId,
    service: NameId,
}

impl WorkKey {
    pub(super) fn of(item: &UnallocatedItem) -> Self {
        Self {
            verdict: Verdict { bearer: Bearer::Unallocated(item.reason), rule: item.rule },
            currency: item.currency,
            provider: item.provider,
            billing_account: item.billing_account,
            sub_account: item.sub_account,
            service: item.service,
        }
    }

    fn of_group(group: &Group) -> Self {
        Self {
            verdict: group.verdict,
            currency: group.currency,
            provider: group.provider,
            billing_account: group.billing_account,
            sub_account: group.sub_account,
            service: group.service,
        }
    }
}

/// The `EffectiveCost` that owners bear directly, by a property of the charges.
#[derive(Clone, Debug, Default)]
pub(super) struct Bearers {
    sub_accounts: HashMap<Place, Amount>,
    services: HashMap<Place, Amount>,
}

/// A sub account or service, a currency, an owner.
type Place = (NameId, Currency, NameId);

impl Digest {
    pub(super) fn of(facts: &Facts) -> Self {
        let mut digest = Self::default();
        for cells in facts.cube.groups_of(facts.period) {
            digest.absorb(facts, &cells);
        }
        digest
    }

    fn absorb(&mut self, facts: &Facts, cells: &GroupCells<'_>) {
        let group = cells.group;
        match group.verdict.bearer {
            Bearer::Owner(owner) => {
                self.bearers.add(group, owner, cells.costs()[CostMetric::EffectiveCost]);
            }
            Bearer::Unallocated(_) => {
                let sum = self.unallocated.entry(WorkKey::of_group(group)).or_default();
                *sum += facts.conversions.group(cells).unwrap_or_default();
            }
            Bearer::Pool(..) => {}
        }
    }
}

impl Bearers {
    /// Of the period of a cube.
    pub(super) fn of(cube: &Cube) -> Self {
        let mut bearers = Self::default();
        for cells in cube.groups_of(cube.period) {
            if let Bearer::Owner(owner) = cells.group.verdict.bearer {
                bearers.add(cells.group, owner, cells.costs()[CostMetric::EffectiveCost]);
            }
        }
        bearers
    }

    fn add(&mut self, group: &Group, owner: NameId, effective: Amount) {
        *self.sub_accounts.entry((group.sub_account, group.currency, owner)).or_default() +=
            effective;
        *self.services.entry((group.service, group.currency, owner)).or_default() += effective;
    }

    /// Who bears most of a sub account, by positive cost, and of what total.
    pub(super) fn of_sub_account(&self, cube: &Cube) -> Leaders {
        leaders(&self.sub_accounts, cube)
    }

    /// As [`Bearers::of_sub_account`], of a service.
    pub(super) fn of_service(&self, cube: &Cube) -> Leaders {
        leaders(&self.services, cube)
    }
}

/// The owner who bears most, what it bears, and what all owners bear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leader {
    pub(super) owner: NameId,
    pub(super) amount: Amount,
    pub(super) total: Amount,
}

pub(super) type Leaders = HashMap<(NameId, Currency), Leader>;

fn leaders(sums: &HashMap<Place, Amount>, cube: &Cube) -> Leaders {
    let text = |name| cube.text(name);
    let mut leaders = Leaders::new();
    let positive = sums.iter().filter(|(_, amount)| **amount > Amount::ZERO);
    for (&(place, currency, owner), &amount) in positive {
        if place == NameId::ABSENT {
            continue;
        }
        let nobody = Leader { owner, amount: Amount::ZERO, total: Amount::ZERO };
        let leader = leaders.entry((place, currency)).or_insert(nobody);
        leader.total += amount;
        // Equal amounts go to the name that sorts first, so that ties do not hang on the map.
        if (leader.amount, text(owner)) < (amount, text(leader.owner)) {
            (leader.owner, leader.amount) = (owner, amount);
        }
    }
    leaders
}
