//! What stands between reading and the sink: it keeps back the charges of files that do not count,
//! and notes on which days each delivery has charges of each sub account.
//!
//! Days are noted only where two deliveries could overlap, one bit a day, so that a run over one
//! delivery pays nothing for it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::domain::{Column, Period};

use super::charge::{Charges, Rejection, Sink, WantedText};
use super::report::{Overlap, ScanReport, day_bit, days_of};
use super::scan::SourceFile;

/// What gates need to know of all files.
pub(super) struct GatePlan {
    wanted: Vec<WantedText>,
    /// So many of the wanted texts are for the sinks.
    asked: usize,
    /// Indexes of `SubAccountId` and `BillingAccountId` among the wanted texts.
    ids: [usize; 2],
    /// By file.
    files: Vec<Passage>,
    /// Source of each delivery, by index.
    sources: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Passage {
    is_counted: bool,
    is_watched: bool,
    delivery: u32,
}

/// A delivery and a billing month.
type Stay = (u32, Period);
/// Days by delivery.
type DaysOfDeliveries = BTreeMap<u32, u32>;

impl GatePlan {
    pub(super) fn new(files: &[SourceFile], wanted: &[WantedText]) -> Self {
        let asked = wanted.len();
        let mut wanted = wanted.to_vec();
        let ids = [Column::SubAccountId, Column::BillingAccountId].map(|column| {
            let text = WantedText::Column(column);
            wanted.iter().position(|known| *known == text).unwrap_or_else(|| {
                wanted.push(text);
                wanted.len() - 1
            })
        });
        let can_overlap = |file: &&SourceFile| file.is_counted && !file.appends;
        let deliveries: BTreeSet<u32> =
            files.iter().filter(can_overlap).map(|file| file.delivery).collect();
        let passage = |file: &SourceFile| Passage {
            is_counted: file.is_counted,
            is_watched: can_overlap(&file) && deliveries.len() > 1,
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
        Self { wanted, asked, ids, files: files.iter().map(passage).collect(), sources }
    }

    /// The texts that sinks asked for, then those that gates need besides.
    pub(super) fn wanted(&self) -> &[WantedText] {
        &self.wanted
    }

    /// The sinks, and what their gates saw together.
    pub(super) fn open<S>(
        &self,
        gates: Vec<Gate<'_, S>>,
        report: &ScanReport,
    ) -> (Vec<S>, BTreeMap<(u32, u32), Overlap>) {
        let mut sinks = Vec::new();
        let mut notes = Vec::new();
        for gate in gates {
            notes.extend(gate.seen.notes);
            sinks.push(gate.inner);
        }
        let months = self.months(report);
        notes.retain(|note| months[note.stay.0 as usize].contains(&note.stay.1));
        (sinks, self.overlaps(notes))
    }

    /// The months that deliveries are about: those with more than half as many rows as the one
    /// with most. What they have of other months came late, and stands beside the rows of its month.
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

    fn overlaps(&self, notes: Vec<Note>) -> BTreeMap<(u32, u32), Overlap> {
        // Charges without any id are compared within their source only.
        let mut by_id: BTreeMap<(Box<[u8]>, u32, Period), DaysOfDeliveries> = BTreeMap::new();
        for Note { stay: (delivery, month), id, days } in notes {
            let source = if id.is_empty() { self.sources[delivery as usize] } else { 0 };
            *by_id.entry((id, source, month)).or_default().entry(delivery).or_default() |= days;
        }
        let mut overlaps: BTreeMap<(u32, u32), Overlap> = BTreeMap::new();
        for ((id, _, month), deliveries) in &by_id {
            // The first delivery that has a day holds it; whoever else has it overlaps with that one.
            let mut holders: BTreeMap<u32, u32> = BTreeMap::new();
            let mut held = 0;
            for (delivery, bits) in deliveries {
                for (holder, theirs) in holders.iter().filter(|(_, theirs)| *theirs & bits != 0) {
                    let overlap = overlaps.entry((*holder, *delivery)).or_default();
                    let known = (!id.is_empty()).then(|| String::from_utf8_lossy(id).into_owned());
                    if overlap.sub_accounts == 0 {
                        overlap.sub_account = known;
                    }
                    overlap.sub_accounts += 1;
                    overlap.days.extend(days_of(*month, theirs & bits));
                }
                holders.insert(*delivery, bits & !held);
                held |= bits;
            }
        }
        overlaps
    }
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
    days: u32,
}

impl Seen {
    fn new() -> Self {
        Self { notes: Vec::new(), index: HashMap::new(), slots: vec![usize::MAX; SLOTS] }
    }

    fn note(&mut self, stay: Stay, id: &[u8], days: u32) {
        let slot = slot(id);
        let remembered = self.notes.get_mut(self.slots[slot]);
        if let Some(note) = remembered.filter(|note| note.stay == stay && *note.id == *id) {
            note.days |= days;
            return;
        }
        let known = self.index.get(&stay).and_then(|ids| ids.get(id)).copied();
        let at = known.unwrap_or_else(|| {
            self.notes.push(Note { stay, id: id.into(), days: 0 });
            self.index.entry(stay).or_default().insert(id.into(), self.notes.len() - 1);
            self.notes.len() - 1
        });
        self.notes[at].days |= days;
        self.slots[slot] = at;
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
pub(super) struct Gate<'p, S> {
    plan: &'p GatePlan,
    inner: S,
    seen: Seen,
}

impl<'p, S> Gate<'p, S> {
    pub(super) fn new(plan: &'p GatePlan, inner: S) -> Self {
        Self { plan, inner, seen: Seen::new() }
    }

    /// Notes the days of all charges but the refused ones.
    fn note(&mut self, delivery: u32, charges: &Charges<'_>, refused: &[(usize, Rejection)]) {
        let mut refused = refused.iter().map(|(at, _)| *at).peekable();
        for (index, charge) in charges.charges.iter().enumerate() {
            // A share of a row is no delivery of its month.
            if refused.next_if_eq(&index).is_none() && charge.rows > 0 {
                let ids = self.plan.ids.iter();
                let id = ids.copied().find_map(|text| charges.text(index, text));
                let days = day_bit(charge.month, charge.day);
                self.seen.note((delivery, charge.month), id.unwrap_or_default(), days);
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
    }
}
