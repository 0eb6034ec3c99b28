//! What stands between reading and the sink: it keeps back the charges of files that do not count,
//! and notes on which days each delivery has charges of each sub account.
//!
//! Days are noted only where two deliveries could overlap, so that a run over one delivery pays
//! nothing for it: one bit a day, and a print of the money of each day, by which the same charges are
//! told from late ones.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{Hash, Hasher};

use chrono::Datelike;

use crate::domain::{Column, CostMetric, Period};

use crate::ingest::charge::{Charge, Charges, Rejection, Sink, WantedText};
use crate::ingest::report::{Overlap, Repeated, ScanReport, day_bit, days_of};
use crate::ingest::source_file::SourceFile;

use super::references::References;

/// What gates need to know of all files.
pub(in crate::ingest) struct GatePlan {
    wanted: Vec<WantedText>,
    /// So many of the wanted texts are for the sinks.
    asked: usize,
    /// Indexes among the wanted texts of what names whose a charge is, as [`IDS`].
    ids: Vec<usize>,
    /// Index among the wanted texts of what names a row, where any source needs it.
    identity: Option<usize>,
    /// By file.
    files: Vec<Passage>,
    /// Source of each delivery, by index.
    sources: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Passage {
    is_counted: bool,
    is_watched: bool,
    /// Its source appends, and its rows have names: none may stand in two deliveries.
    is_named: bool,
    delivery: u32,
}

/// What names whose a charge is: the first of them that is there.
const IDS: [Column; 3] =
    [Column::SubAccountId, Column::BillingAccountId, Column::InvoiceIssuerName];
/// The first of [`IDS`] that names a bill rather than who has it: compared within a source only.
const ISSUER: usize = 2;
/// So many days on end from the edge of a month make an overlap of a delivery that goes beyond it.
const EDGE: u32 = 0b111;
/// Where charges may be counted twice: an account or issuer, the source where there is no account, a
/// billing month.
type Shared = (Box<[u8]>, u32, Period);

/// A delivery and a billing month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Stay {
    delivery: u32,
    month: Period,
    /// Whether the charge names no account.
    is_nameless: bool,
}

/// What a delivery has of one sub account in one month.
#[derive(Clone, Debug, Default)]
struct Presence {
    days: u32,
    rows: u64,
    /// By day: a number that is the same for the same amounts, in whatever order; 0 for none.
    prints: [u32; 31],
}

impl Presence {
    fn take(&mut self, charge: &Charge) {
        let bit = day_bit(charge.month, charge.day);
        self.days |= bit;
        self.rows += u64::from(bit != 0);
        if let Some(mine) = self.prints.get_mut(bit.trailing_zeros() as usize) {
            *mine = mine.wrapping_add(print(charge));
        }
    }

    fn add(&mut self, other: &Self) {
        self.days |= other.days;
        self.rows += other.rows;
        for (mine, theirs) in self.prints.iter_mut().zip(other.prints) {
            *mine = mine.wrapping_add(theirs);
        }
    }

    /// Days on which both have the same amounts.
    fn same(&self, other: &Self) -> u32 {
        let pairs = self.prints.iter().zip(other.prints).enumerate();
        let same = pairs.filter(|(_, (mine, theirs))| **mine != 0 && **mine == *theirs);
        same.fold(0, |days, (day, _)| days | 1 << day)
    }

    /// Whether a day has at least half as many rows as with the other, on average.
    fn is_as_dense(&self, other: &Self) -> bool {
        let days = |of: &Self| u64::from(of.days.count_ones());
        2 * self.rows * days(other) >= other.rows * days(self)
    }
}

/// What is found of deliveries by their pairs: [`ScanReport::overlaps`] and [`ScanReport::beside`].
#[derive(Default)]
pub(in crate::ingest) struct Overlaps {
    pub(in crate::ingest) twice: BTreeMap<(u32, u32), Overlap>,
    pub(in crate::ingest) beside: BTreeMap<(u32, u32), Overlap>,
    pub(in crate::ingest) repeated: BTreeMap<(u32, u32), Repeated>,
}

impl GatePlan {
    pub(in crate::ingest) fn new(files: &[SourceFile], wanted: &[WantedText]) -> Self {
        let asked = wanted.len();
        let mut wanted = wanted.to_vec();
        let can_overlap = |file: &&SourceFile| file.is_counted && !file.appends;
        let deliveries: BTreeSet<u32> =
            files.iter().filter(can_overlap).map(|file| file.delivery).collect();
        let ids = IDS.into_iter().filter(|_| deliveries.len() > 1).map(|column| {
            let text = WantedText::Column(column);
            wanted.iter().position(|known| *known == text).unwrap_or_else(|| {
                wanted.push(text);
                wanted.len() - 1
            })
        });
        let ids = ids.collect();
        let named = named_twice(files);
        let is_named = |file: &SourceFile| can_repeat(file) && named.contains(&*file.source);
        let identity = files.iter().any(is_named).then(|| {
            wanted.iter().position(|known| *known == WantedText::Identity).unwrap_or_else(|| {
                wanted.push(WantedText::Identity);
                wanted.len() - 1
            })
        });
        let passage = |file: &SourceFile| Passage {
            is_counted: file.is_counted,
            is_watched: can_overlap(&file) && deliveries.len() > 1,
            is_named: is_named(file),
            delivery: file.delivery,
        };
        let mut names: Vec<&str> = files.iter().map(|file| &*file.source).collect();
        names.dedup();
        let mut sources = Vec::new();
        for file in files {
            let delivery = file.delivery as usize;
            if sources.len() <= delivery {
                sources.resize(delivery + 1, u32::MAX);
            }
            let source = names.iter().position(|name| *name == &*file.source);
            sources[delivery] = source.and_then(|at| u32::try_from(at).ok()).unwrap_or(u32::MAX);
        }
        let files = files.iter().map(passage).collect();
        Self { wanted, asked, ids, identity, files, sources }
    }

    /// The texts that sinks asked for, then those that gates need besides.
    pub(in crate::ingest) fn wanted(&self) -> &[WantedText] {
        &self.wanted
    }

    /// The sinks, and what their gates saw together.
    pub(in crate::ingest) fn open<S>(
        &self,
        gates: Vec<Gate<'_, S>>,
        report: &ScanReport,
    ) -> (Vec<S>, Overlaps) {
        let mut sinks = Vec::new();
        let mut notes = Vec::new();
        let mut references = References::new();
        for gate in gates {
            notes.extend(gate.seen.notes);
            references.merge(gate.references);
            sinks.push(gate.inner);
        }
        let (repeated, is_sample) = references.repeated();
        let repeated =
            repeated.into_iter().map(|(pair, rows)| (pair, Repeated { rows, is_sample }));
        let overlaps = self.overlaps(notes, &self.months(report));
        (sinks, Overlaps { repeated: repeated.collect(), ..overlaps })
    }

    /// The months that deliveries are about: those with more than half as many rows as the one
    /// with most. What they have of other months may have come late.
    fn months(&self, report: &ScanReport) -> Vec<BTreeSet<Period>> {
        let mut rows: Vec<BTreeMap<Period, u64>> = vec![BTreeMap::new(); self.sources.len()];
        for file in &report.files {
            for ((_, month), totals) in &file.totals {
                *rows[file.delivery as usize].entry(*month).or_default() += totals.rows;
            }
        }
        let main = |rows: BTreeMap<Period, u64>| {
            let most = rows.values().copied().max().unwrap_or(0);
            rows.into_iter().filter(|(_, rows)| rows * 2 > most).map(|(month, _)| month).collect()
        };
        rows.into_iter().map(main).collect()
    }

    fn overlaps(&self, notes: Vec<Note>, months: &[BTreeSet<Period>]) -> Overlaps {
        // Charges without an account are compared within their source only.
        let mut by_id: BTreeMap<Shared, BTreeMap<u32, Presence>> = BTreeMap::new();
        for Note { stay, id, presence } in notes {
            let source =
                if stay.is_nameless { self.sources[stay.delivery as usize] } else { u32::MAX };
            let deliveries = by_id.entry((id, source, stay.month)).or_default();
            deliveries.entry(stay.delivery).or_default().add(&presence);
        }
        let mut found = Overlaps::default();
        for ((id, source, month), deliveries) in &by_id {
            let note = |overlaps: &mut BTreeMap<_, Overlap>, pair, days| {
                let overlap: &mut Overlap = overlaps.entry(pair).or_default();
                let known = (!id.is_empty()).then(|| String::from_utf8_lossy(id).into_owned());
                if overlap.sub_accounts == 0 && *source == u32::MAX {
                    overlap.sub_account = known;
                } else if overlap.sub_accounts == 0 {
                    overlap.issuer = known;
                }
                overlap.sub_accounts += 1;
                overlap.days.extend(days_of(*month, days));
            };
            let is_about = |delivery: u32| months[delivery as usize].contains(month);
            // The first delivery that has a day holds it; whoever else has it overlaps with that
            // one. Those that are about the month come first.
            let (main, slight): (Vec<_>, Vec<_>) =
                deliveries.iter().partition(|(delivery, _)| is_about(**delivery));
            let mut holders: BTreeMap<u32, u32> = BTreeMap::new();
            let mut held = 0;
            for (delivery, presence) in main.into_iter().chain(slight) {
                for (holder, theirs) in &holders {
                    let shared = theirs & presence.days;
                    let mut twice = shared;
                    if !is_about(*delivery) {
                        let about = &months[*delivery as usize];
                        twice &= recurring(presence, &deliveries[holder], (*month, about), shared);
                    }
                    if twice != 0 {
                        let pair = ((*holder).min(*delivery), (*holder).max(*delivery));
                        note(&mut found.twice, pair, twice);
                    } else if shared != 0 {
                        note(&mut found.beside, (*holder, *delivery), shared);
                    }
                }
                holders.insert(*delivery, presence.days & !held);
                held |= presence.days;
            }
        }
        found
    }
}

/// Whether rows of a file can stand in another delivery too without a day that tells it.
fn can_repeat(file: &SourceFile) -> bool {
    file.is_counted && file.appends && !file.map.identity.is_empty()
}

/// The sources of which two deliveries have named rows.
fn named_twice(files: &[SourceFile]) -> BTreeSet<&str> {
    let mut deliveries: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
    for file in files.iter().filter(|file| can_repeat(file)) {
        deliveries.entry(&file.source).or_default().insert(file.delivery);
    }
    deliveries.into_iter().filter(|(_, found)| found.len() > 1).map(|(source, _)| source).collect()
}

/// Of the days that a delivery shares in a month that it is not `about`, those that it has twice with
/// the other one: days of the same amounts, and days on end from the edge of the month, where the
/// delivery's own months adjoin, if it is as dense there. What else it has came late.
fn recurring(
    slight: &Presence,
    other: &Presence,
    (month, about): (Period, &BTreeSet<Period>),
    shared: u32,
) -> u32 {
    let front = |days: u32| days & ((1 << days.trailing_ones()) - 1);
    let mut twice = slight.same(other) & shared;
    if slight.is_as_dense(other) {
        let length = month.last().day();
        let mirrored = |days: u32| days.reverse_bits() >> (32 - length);
        let begins = about.iter().any(|main| *main < month);
        let ends = about.iter().any(|main| *main > month);
        if begins && shared & EDGE == EDGE {
            twice |= front(shared);
        }
        if ends && mirrored(shared) & EDGE == EDGE {
            twice |= mirrored(front(mirrored(shared)));
        }
    }
    twice
}

/// Slots of the small memory before the large one. A power of two.
const SLOTS: usize = 512;

/// On which days deliveries have charges of which sub account, in one thread.
struct Seen {
    notes: Vec<Note>,
    index: HashMap<Stay, HashMap<Box<[u8]>, usize>>,
    /// Where the note of an id was last found, by a cheap hash: sub accounts come again and again.
    slots: Vec<usize>,
}

struct Note {
    stay: Stay,
    id: Box<[u8]>,
    presence: Presence,
}

impl Seen {
    fn new() -> Self {
        Self { notes: Vec::new(), index: HashMap::new(), slots: vec![usize::MAX; SLOTS] }
    }

    fn note(&mut self, stay: Stay, id: &[u8], charge: &Charge) {
        let slot = slot(id);
        let at = self.slots[slot];
        let remembered = self.notes.get(at);
        if remembered.is_some_and(|note| note.stay == stay && *note.id == *id) {
            self.notes[at].presence.take(charge);
            return;
        }
        let known = self.index.get(&stay).and_then(|ids| ids.get(id)).copied();
        let at = known.unwrap_or_else(|| {
            self.notes.push(Note { stay, id: id.into(), presence: Presence::default() });
            self.index.entry(stay).or_default().insert(id.into(), self.notes.len() - 1);
            self.notes.len() - 1
        });
        self.notes[at].presence.take(charge);
        self.slots[slot] = at;
    }
}

/// The print of a charge's money; 0 where it costs nothing.
fn print(charge: &Charge) -> u32 {
    let money = [CostMetric::BilledCost, CostMetric::EffectiveCost].map(|of| charge.costs.get(of));
    if money.iter().all(|amount| amount.is_zero()) {
        return 0;
    }
    let mut hasher = Mixer(0);
    (money, charge.currency).hash(&mut hasher);
    let mixed = hasher.finish();
    // Odd, so that it is never nothing by itself.
    u32::try_from(mixed >> 32).unwrap_or_default() | 1
}

/// A fast hash that is the same in every run.
struct Mixer(u64);

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            let mixed = (self.0 ^ u64::from_le_bytes(word)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            self.0 = mixed ^ (mixed >> 29);
        }
    }

    fn finish(&self) -> u64 {
        self.0.wrapping_mul(0xD6E8_FEB8_6659_FD93)
    }
}

/// Ids of sub accounts differ at their ends more than anywhere.
fn slot(id: &[u8]) -> usize {
    let ends = id
        .iter()
        .rev()
        .take(8)
        .fold(id.len(), |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte)));
    (ends ^ (ends >> 9)) & (SLOTS - 1)
}

/// One thread's gate before its sink.
pub(in crate::ingest) struct Gate<'p, S> {
    plan: &'p GatePlan,
    inner: S,
    seen: Seen,
    references: References,
}

impl<'p, S> Gate<'p, S> {
    pub(in crate::ingest) fn new(plan: &'p GatePlan, inner: S) -> Self {
        Self { plan, inner, seen: Seen::new(), references: References::new() }
    }

    /// Notes the days of all charges but the refused ones.
    fn note(&mut self, delivery: u32, charges: &Charges<'_>, refused: &[(usize, Rejection)]) {
        let mut refused = refused.iter().map(|(at, _)| *at).peekable();
        for (index, charge) in charges.charges.iter().enumerate() {
            // A share of a row is no delivery of its month.
            if refused.next_if_eq(&index).is_none() && charge.rows > 0 {
                let ids = self.plan.ids.iter().enumerate();
                let mut named = ids.map(|(of, text)| (of, charges.text(index, *text)));
                let id = named.find_map(|(of, text)| Some((of, text?)));
                let (of, id) = id.unwrap_or((ISSUER, &[]));
                let stay = Stay { delivery, month: charge.month, is_nameless: of >= ISSUER };
                self.seen.note(stay, id, charge);
            }
        }
    }
}

impl<S> Gate<'_, S> {
    /// Notes the names of all rows but the refused ones.
    fn note_names(&mut self, delivery: u32, charges: &Charges<'_>, refused: &[(usize, Rejection)]) {
        let Some(text) = self.plan.identity else { return };
        let source = self.plan.sources[delivery as usize];
        let mut refused = refused.iter().map(|(at, _)| *at).peekable();
        for (index, charge) in charges.charges.iter().enumerate() {
            if refused.next_if_eq(&index).is_none()
                && charge.rows > 0
                && let Some(identity) = charges.text(index, text)
            {
                self.references.note(source, identity, delivery);
            }
        }
    }
}

impl<S: Sink> Sink for Gate<'_, S> {
    fn join(&mut self, first: &Self) {
        self.inner.join(&first.inner);
    }

    fn add(&mut self, charges: &Charges<'_>, refused: &mut Vec<(usize, Rejection)>) {
        let passage = self.plan.files[charges.file.0 as usize];
        if !passage.is_counted {
            return;
        }
        let asked = Charges { texts: &charges.texts[..self.plan.asked], ..*charges };
        self.inner.add(&asked, refused);
        if passage.is_watched {
            self.note(passage.delivery, charges, refused);
        }
        if passage.is_named {
            self.note_names(passage.delivery, charges, refused);
        }
    }
}
