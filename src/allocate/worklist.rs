//! Unallocated cost by resource: what somebody will have to work off.

use hashbrown::HashTable;

use crate::domain::{Currency, PackedCosts, Period};

use super::cube::{NameId, Verdict};
use super::prints::{Fingerprint, Keys};
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

/// An unallocated charge.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listed<'a> {
    pub(super) base: u32,
    pub(super) resource: &'a [u8],
    pub(super) month: Period,
    pub(super) rows: u64,
    pub(super) costs: &'a PackedCosts,
}

#[derive(Debug, Default)]
pub(super) struct Worklist {
    pub(super) items: Vec<Item>,
    /// By the fingerprint of base and resource: comparing resources would cost a cache miss each.
    ids: HashTable<(Fingerprint, u32)>,
    keys: Keys,
    folded: bool,
    pub(super) overflow: bool,
    /// The items of a batch, found before any is added to, so that waits for memory overlap.
    found: Vec<usize>,
}

impl Worklist {
    pub(super) fn add<'a>(&mut self, charges: impl Iterator<Item = Listed<'a>> + Clone) {
        let was_folded = self.folded;
        self.find(charges.clone());
        if self.folded != was_folded {
            // Items that were found before are no more.
            self.find(charges.clone());
        }
        for (index, listed) in self.found.iter().zip(charges) {
            let item = &mut self.items[*index];
            item.since = item.since.min(listed.month);
            self.overflow |= !item.sum.add(listed.rows, listed.costs);
        }
    }

    fn find<'a>(&mut self, charges: impl Iterator<Item = Listed<'a>>) {
        let mut found = std::mem::take(&mut self.found);
        found.clear();
        for Listed { base, resource, month, .. } in charges {
            found.push(self.item(base, resource, month));
        }
        self.found = found;
    }

    fn item(&mut self, base: u32, resource: &[u8], month: Period) -> usize {
        let resource = if self.folded { &[] } else { resource };
        let print = self.keys.text(base as usize, Some(resource));
        if let Some((_, id)) = self.ids.find(print[0], |(known, _)| *known == print) {
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
        let entry = (print, u32::try_from(id).unwrap_or(u32::MAX));
        self.ids.insert_unique(print[0], entry, |(known, _)| known[0]);
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
