//! What the kernels of one scan share: names and groups, decisions, and the cells.
//!
//! Cells are by far the largest thing that a scan holds, and decisions the next, so there is one of
//! each, whichever thread came to it. They lie in shards, cells by group and decisions by fingerprint,
//! each with a lock of its own; a kernel sorts a batch by shard and takes each lock once, so that
//! threads hardly ever meet.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytemuck::{Pod, Zeroable};
use chrono::{Datelike, NaiveDate};
use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::domain::{Currency, Period};

use super::commitments::CommitmentKey;
use super::cube::{Group, Verdict};
use super::decisions::Decisions;
use super::names::Names;
use super::pages::Pages;
use super::prints::{Fingerprint, Keys};
use super::sums::SumTable;
use super::worklist::ItemBase;

/// Shards of the decisions, and of the cells: few, since each has large pages that are half empty.
const SHARDS: usize = 16;
/// Decisions that a shard remembers before it forgets them: some 70 MB in all.
const DECISION_LIMIT: usize = (1 << 20) / SHARDS;
/// Days of a month, with room to spare.
pub(super) const DAYS: usize = 32;
/// The charge is in no sum of coverage.
pub(super) const UNCOVERED: u32 = u32::MAX;
/// The charge has an owner.
pub(super) const ALLOCATED: u32 = u32::MAX;

/// What was decided about a tuple.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Target {
    pub(super) group: u32,
    /// Index into `verdicts`.
    pub(super) verdict: u32,
    /// Index into `coverage`, or [`UNCOVERED`].
    pub(super) coverage: u32,
    /// Index into the worklist's `bases`; [`ALLOCATED`] where the charge has an owner.
    pub(super) unallocated: u32,
}

/// One verdict in one month and currency: what lineage is kept by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct VerdictKey {
    pub(super) month: Period,
    pub(super) verdict: Verdict,
    pub(super) currency: Currency,
}

/// What coverage is summed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct CoverageKey {
    pub(super) currency: Currency,
    /// Index into `profiles`.
    pub(super) profile: u32,
}

/// Distinct values and their ids, as they come.
#[derive(Debug)]
pub(super) struct Ids<T> {
    pub(super) values: Vec<T>,
    /// By fingerprint: values lie far apart, so comparing them, or hashing them again when the table
    /// grows, would wait for memory.
    known: HashTable<(Fingerprint, u32)>,
    keys: Keys,
}

impl<T> Default for Ids<T> {
    fn default() -> Self {
        Self { values: Vec::new(), known: HashTable::new(), keys: Keys::default() }
    }
}

impl<T: std::hash::Hash> Ids<T> {
    pub(super) fn id(&mut self, value: T) -> u32 {
        let print = self.keys.value(&value);
        if let Some((_, id)) = self.known.find(print[0], |(known, _)| *known == print) {
            return *id;
        }
        let id = u32::try_from(self.values.len()).expect("ids are counted in 32 bits");
        self.values.push(value);
        self.known.insert_unique(print[0], (print, id), |(known, _)| known[0]);
        id
    }
}

/// Everything that decisions refer to by number.
#[derive(Debug, Default)]
pub(super) struct Registry {
    pub(super) names: Names,
    pub(super) groups: Ids<Group>,
    pub(super) verdicts: Ids<VerdictKey>,
    /// Where dimensions' values came from, as numbers.
    pub(super) profiles: Ids<Box<[u16]>>,
    pub(super) coverage: Ids<CoverageKey>,
    pub(super) commitments: Ids<CommitmentKey>,
    pub(super) bases: Ids<ItemBase>,
    /// Of each wanted text that a bill had in another normal form, by its index, the least one.
    pub(super) forms: BTreeMap<usize, String>,
}

impl Registry {
    /// Keeps those of a charge's texts that the bill has in another normal form.
    pub(super) fn keep_forms(
        &mut self,
        texts: &[Option<Cow<'_, str>>],
        wanted: impl Iterator<Item = usize>,
    ) {
        for wanted in wanted {
            let Some(Cow::Owned(text)) = &texts[wanted] else { continue };
            let least = self.forms.entry(wanted).or_insert_with(|| text.clone());
            if text < least {
                least.clone_from(text);
            }
        }
    }
}

/// The cells of some groups. Groups are numbered within the shard.
#[derive(Debug, Default)]
pub(super) struct Cells {
    /// By group, for each day of the period its cell, from 1, or 0.
    days: Pages<[u32; DAYS]>,
    /// Cells of other days, from 1.
    others: HashMap<(u32, NaiveDate), u32, FixedState>,
    pub(super) sums: SumTable,
}

impl Cells {
    /// The cell of a group and day, from 1, or 0 where there is none yet. Many are looked up before
    /// any is made, so that waits for memory overlap: whether one is new cannot be foreseen.
    #[inline]
    pub(super) fn known(&self, group: u32, day: NaiveDate, first: NaiveDate) -> u32 {
        let days = day_of(day, first).and_then(|at| Some(self.days.get(group as usize)?[at]));
        days.unwrap_or(0)
    }

    /// The cell of a group and day.
    #[inline]
    pub(super) fn cell(&mut self, group: u32, day: NaiveDate, first: NaiveDate) -> u32 {
        while self.days.len() <= group as usize {
            self.days.push();
        }
        let slot = match day_of(day, first) {
            Some(at) => &mut self.days.get_mut(group as usize).expect("it is there by now")[at],
            None => self.others.entry((group, day)).or_insert(0),
        };
        if *slot == 0 {
            *slot = self.sums.push() + 1;
        }
        *slot - 1
    }

    /// Cells of a group on the days of the period, ascending.
    pub(super) fn of(&self, group: u32) -> impl Iterator<Item = (usize, u32)> {
        let days = self.days.get(group as usize).into_iter().flatten().enumerate();
        days.filter_map(|(day, cell)| Some((day, cell.checked_sub(1)?)))
    }

    /// Cells of other days.
    pub(super) fn others(&self) -> impl Iterator<Item = (u32, NaiveDate, u32)> {
        self.others.iter().map(|((group, day), cell)| (*group, *day, *cell - 1))
    }
}

/// The place of a day in the month that begins with `first`, and a day or so beyond.
#[inline]
fn day_of(day: NaiveDate, first: NaiveDate) -> Option<usize> {
    if day.year() != first.year() {
        return None;
    }
    let since = day.ordinal().checked_sub(first.ordinal())? as usize;
    (since < DAYS).then_some(since)
}

/// The shard that decides about a tuple. The table within goes by the other half of the fingerprint.
#[inline]
fn shard_of(print: Fingerprint) -> usize {
    usize::try_from(print[1] % SHARDS as u64).unwrap_or(0)
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) keys: Keys,
    registry: Mutex<Registry>,
    decisions: Vec<Mutex<Decisions>>,
    cells: Vec<Mutex<Cells>>,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            keys: Keys::default(),
            registry: Mutex::default(),
            decisions: (0..SHARDS).map(|_| Mutex::default()).collect(),
            cells: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }

    pub(super) fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn cells(&self, shard: usize) -> MutexGuard<'_, Cells> {
        self.cells[shard].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What some thread decided about a tuple.
    pub(super) fn decided(&self, print: Fingerprint) -> Option<Target> {
        self.decisions(shard_of(print)).find(print)
    }

    /// What was decided about each of many tuples.
    pub(super) fn all_decided(
        &self,
        prints: &[Fingerprint],
        sorted: &mut ByShard,
        targets: &mut Vec<Option<Target>>,
    ) {
        targets.clear();
        targets.resize(prints.len(), None);
        sorted.sort((0..).zip(prints).map(|(index, print)| (shard_of(*print), index, 0)));
        // Threads come with different tuples, so that they do not walk in step.
        let start = prints.first().map_or(0, |print| shard_of(*print));
        let mut firsts = Vec::with_capacity(prints.len());
        sorted.each(start, |shard, tuples| {
            let known = self.decisions(shard);
            firsts.clear();
            firsts.extend(tuples.iter().map(|(index, _)| known.first(prints[*index as usize])));
            for ((index, _), first) in tuples.iter().zip(&firsts) {
                let index = *index as usize;
                targets[index] = known.find_from(first, prints[index]);
            }
        });
    }

    pub(super) fn remember(&self, print: Fingerprint, target: Target) {
        let mut known = self.decisions(shard_of(print));
        if known.len() >= DECISION_LIMIT {
            *known = Decisions::default();
        }
        known.insert(print, target);
    }

    fn decisions(&self, shard: usize) -> MutexGuard<'_, Decisions> {
        self.decisions[shard].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that is left once the scan is over.
    pub(super) fn into_parts(self) -> (Registry, Vec<Cells>) {
        drop(self.decisions);
        let cells = self.cells.into_iter();
        let cells = cells.map(|cells| cells.into_inner().unwrap_or_else(PoisonError::into_inner));
        let registry = self.registry.into_inner().unwrap_or_else(PoisonError::into_inner);
        (registry, cells.collect())
    }
}

/// The shard of a group, and its number there.
#[inline]
pub(super) fn place_of(group: u32) -> (usize, u32) {
    let shards = u32::try_from(SHARDS).unwrap_or(1);
    ((group % shards) as usize, group / shards)
}

/// What belongs to each shard of a batch. Room is kept from batch to batch.
#[derive(Debug, Default)]
pub(super) struct ByShard {
    /// Index into the batch, and a number that goes with it.
    order: Vec<(u32, u32)>,
    begins: Vec<usize>,
}

impl ByShard {
    /// Takes shards, each with what belongs to it. Within a shard, the order stays.
    pub(super) fn sort(&mut self, items: impl Iterator<Item = (usize, u32, u32)> + Clone) {
        let mut ends = [0_usize; SHARDS + 1];
        for (shard, ..) in items.clone() {
            ends[shard + 1] += 1;
        }
        for shard in 0..SHARDS {
            ends[shard + 1] += ends[shard];
        }
        self.begins.clear();
        self.begins.extend(ends);
        self.order.clear();
        self.order.resize(ends[SHARDS], (0, 0));
        for (shard, index, number) in items {
            self.order[ends[shard]] = (index, number);
            ends[shard] += 1;
        }
    }

    /// The shards that have anything, from `start` on and around.
    pub(super) fn each(&self, start: usize, mut take: impl FnMut(usize, &[(u32, u32)])) {
        for shard in (0..SHARDS).map(|shard| (shard + start) % SHARDS) {
            let items = &self.order[self.begins[shard]..self.begins[shard + 1]];
            if !items.is_empty() {
                take(shard, items);
            }
        }
    }
}
