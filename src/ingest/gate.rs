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
type BitsOfDelivery = BTreeMap<u32, u32>;

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
        let mut seen: HashMap<Stay, HashMap<Box<[u8]>, u32>> = HashMap::new();
        for gate in gates {
            for (stay, days) in gate.seen {
                let all = seen.entry(stay).or_default();
                for (id, bits) in days {
                    *all.entry(id).or_default() |= bits;
                }
            }
            sinks.push(gate.inner);
        }
        let months = self.months(report);
        seen.retain(|(delivery, month), _| months[*delivery as usize].contains(month));
        (sinks, self.overlaps(seen))
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

    fn overlaps(
        &self,
        seen: HashMap<Stay, HashMap<Box<[u8]>, u32>>,
    ) -> BTreeMap<(u32, u32), Overlap> {
        // Charges without any id are compared within their source only.
        let mut by_id: BTreeMap<(Box<[u8]>, u32, Period), BitsOfDelivery> = BTreeMap::new();
        for ((delivery, month), days) in seen {
            for (id, bits) in days {
                let source = if id.is_empty() { self.sources[delivery as usize] } else { 0 };
                by_id.entry((id, source, month)).or_default().insert(delivery, bits);
            }
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

/// One thread's gate before its sink.
pub(super) struct Gate<'p, S> {
    plan: &'p GatePlan,
    inner: S,
    /// Days by sub account.
    seen: HashMap<Stay, HashMap<Box<[u8]>, u32>>,
}

impl<'p, S> Gate<'p, S> {
    pub(super) fn new(plan: &'p GatePlan, inner: S) -> Self {
        Self { plan, inner, seen: HashMap::new() }
    }

    /// Notes the days of all charges but the refused ones.
    fn note(&mut self, delivery: u32, charges: &Charges<'_>, refused: &[(usize, Rejection)]) {
        let mut refused = refused.iter().map(|(at, _)| *at).peekable();
        let mut last: Option<(Period, &[u8], u32)> = None;
        for (index, charge) in charges.charges.iter().enumerate() {
            if refused.next_if_eq(&index).is_some() {
                continue;
            }
            // A share of a row is no delivery of its month.
            if charge.rows == 0 {
                continue;
            }
            let bits = day_bit(charge.month, charge.day);
            let ids = self.plan.ids.iter();
            let id = ids.copied().find_map(|text| charges.text(index, text)).unwrap_or_default();
            // Neighbours are alike more often than not.
            if last == Some((charge.month, id, bits)) {
                continue;
            }
            last = Some((charge.month, id, bits));
            let days = self.seen.entry((delivery, charge.month)).or_default();
            match days.get_mut(id) {
                Some(known) => *known |= bits,
                None => {
                    days.insert(id.into(), bits);
                }
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
