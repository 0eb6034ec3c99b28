//! Unallocated cost by resource: what somebody will have to work off.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::domain::{Costs, Currency, Period};

use super::cube::{NameId, Verdict};
use super::sums::RunningSum;

/// Resources that are told apart. Beyond, resources are left out of the list, all of them, since
/// which ones came first is chance.
const RESOURCE_LIMIT: usize = 200_000;

/// What an item is about, but for its resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ItemBase {
    pub(super) verdict: Verdict,
    pub(super) currency: Currency,
    pub(super) provider: NameId,
    pub(super) billing_account: NameId,
    pub(super) sub_account: NameId,
    pub(super) service: NameId,
}

#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) base: u32,
    pub(super) resource: Box<[u8]>,
    pub(super) since: Period,
    pub(super) sum: RunningSum,
}

#[derive(Debug, Default)]
pub(super) struct Worklist {
    pub(super) items: Vec<Item>,
    ids: HashTable<u32>,
    hasher: FixedState,
    folded: bool,
    pub(super) overflow: bool,
}

impl Worklist {
    pub(super) fn add(
        &mut self,
        base: u32,
        resource: &[u8],
        month: Period,
        rows: u64,
        costs: &Costs,
    ) {
        let index = self.item(base, resource, month);
        let item = &mut self.items[index];
        item.since = item.since.min(month);
        self.overflow |= !item.sum.add(rows, costs);
    }

    fn item(&mut self, base: u32, resource: &[u8], month: Period) -> usize {
        let resource = if self.folded { &[] } else { resource };
        let hash = self.hasher.hash_one((base, resource));
        let items = &self.items;
        let same = |id: &u32| {
            let item = &items[*id as usize];
            item.base == base && *item.resource == *resource
        };
        if let Some(id) = self.ids.find(hash, same) {
            return *id as usize;
        }
        if !self.folded && self.items.len() >= RESOURCE_LIMIT {
            self.fold();
            return self.item(base, resource, month);
        }
        let id = self.items.len();
        self.items.push(Item {
            base,
            resource: resource.into(),
            since: month,
            sum: RunningSum::default(),
        });
        let (items, hasher) = (&self.items, &self.hasher);
        self.ids.insert_unique(hash, u32::try_from(id).unwrap_or(u32::MAX), |id| {
            let item = &items[*id as usize];
            hasher.hash_one((item.base, &*item.resource))
        });
        id
    }

    /// Gives up telling resources apart.
    fn fold(&mut self) {
        self.folded = true;
        self.ids.clear();
        for item in std::mem::take(&mut self.items) {
            let index = self.item(item.base, &[], item.since);
            self.take(index, &item);
        }
    }

    fn take(&mut self, index: usize, item: &Item) {
        let mine = &mut self.items[index];
        mine.since = mine.since.min(item.since);
        self.overflow |= !mine.sum.merge(&item.sum);
    }

    /// Takes over another thread's list.
    pub(super) fn merge(&mut self, other: Self) {
        if other.folded && !self.folded {
            self.fold();
        }
        for item in other.items {
            let index = self.item(item.base, &item.resource, item.since);
            self.take(index, &item);
        }
        self.overflow |= other.overflow;
    }
}
