//! One pass over the cube that keeps the few sums which the small reports need.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use crate::allocate::{Bearer, Cube, Group, NameId};
use crate::domain::{Amount, CostMetric, Costs, Currency};

use super::Facts;

/// Sums over the cells of the period.
#[derive(Clone, Debug, Default)]
pub(super) struct Digest {
    pub(super) invoices: BTreeMap<InvoiceKey, InvoiceSums>,
    pub(super) bearers: Bearers,
}

/// What an invoice is known by. The issuer is the provider where no issuer is named.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct InvoiceKey {
    pub(super) issuer: String,
    pub(super) invoice: String,
    pub(super) billing_account: String,
    pub(super) currency: Currency,
}

/// `BilledCost` of an invoice by what became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct InvoiceSums {
    pub(super) owners: Amount,
    pub(super) pools: Amount,
    pub(super) unallocated: Amount,
    pub(super) rows: u64,
}

/// The `EffectiveCost` that owners bear directly, by a property of the charges.
#[derive(Clone, Debug, Default)]
pub(super) struct Bearers {
    sub_accounts: HashMap<Place, Amount>,
    services: HashMap<Place, Amount>,
}

/// A sub account or service, a currency, an owner.
type Place = (NameId, Currency, NameId);
/// The first four stay apart until their texts are known.
type InvoiceIds = (NameId, NameId, NameId, NameId, Currency);

impl Digest {
    pub(super) fn of(facts: &Facts) -> Self {
        let mut digest = Self::default();
        let mut invoices: HashMap<InvoiceIds, InvoiceSums> = HashMap::new();
        let mut run: Option<(&Group, u64, Costs)> = None;
        // Cells of one group follow each other: they are summed before anything is looked up.
        for cell in facts.cube.cells().filter(|cell| cell.group.month == facts.period) {
            match &mut run {
                Some((group, rows, costs)) if std::ptr::eq(*group, cell.group) => {
                    *rows += cell.rows;
                    *costs += cell.costs;
                }
                _ => {
                    let done = run.replace((cell.group, cell.rows, cell.costs));
                    if let Some(done) = done {
                        digest.absorb(done, &mut invoices);
                    }
                }
            }
        }
        if let Some(last) = run {
            digest.absorb(last, &mut invoices);
        }
        digest.name_invoices(facts, invoices);
        digest
    }

    fn absorb(
        &mut self,
        (group, rows, costs): (&Group, u64, Costs),
        invoices: &mut HashMap<InvoiceIds, InvoiceSums>,
    ) {
        let billed = costs[CostMetric::BilledCost];
        let effective = costs[CostMetric::EffectiveCost];
        let key = (
            group.invoice_issuer,
            group.provider,
            group.invoice,
            group.billing_account,
            group.currency,
        );
        let sums = invoices.entry(key).or_default();
        sums.rows += rows;
        match group.verdict.bearer {
            Bearer::Owner(owner) => {
                sums.owners += billed;
                self.bearers.add(group, owner, effective);
            }
            Bearer::Pool(_) => sums.pools += billed,
            Bearer::Unallocated(_) => sums.unallocated += billed,
        }
    }

    fn name_invoices(&mut self, facts: &Facts, invoices: HashMap<InvoiceIds, InvoiceSums>) {
        let text = |name| facts.cube.text(name).to_owned();
        for ((issuer, provider, invoice, billing_account, currency), sums) in invoices {
            let key = InvoiceKey {
                issuer: facts.cube.name(issuer).map_or_else(|| text(provider), str::to_owned),
                invoice: text(invoice),
                billing_account: text(billing_account),
                currency,
            };
            let known = self.invoices.entry(key).or_default();
            known.owners += sums.owners;
            known.pools += sums.pools;
            known.unallocated += sums.unallocated;
            known.rows += sums.rows;
        }
    }
}

impl InvoiceSums {
    pub(super) fn billed(&self) -> Amount {
        self.owners + self.pools + self.unallocated
    }
}

impl Bearers {
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
