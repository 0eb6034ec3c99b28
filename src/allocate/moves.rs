//! Which charges change who bears them: one scan in which two sets of rules decide each charge.
//!
//! Each side is a [`Kernel`] of its own that is only asked, so that a tuple is decided once a side
//! and what is decided is what a run of that side would decide. Sums are kept by the pair of
//! verdicts.

use std::collections::{BTreeMap, HashMap};

use crate::diagnostics::{Code, Finding};
use crate::domain::{Costs, Currency};
use crate::ingest::{Charges, Rejection, Sink, TextColumn, WantedText};
use crate::rules::{RuleId, RuleSet};

use super::cube::{Bearer, Verdict};
use super::kernel::Kernel;
use super::model::Party;
use super::names::Names;
use super::plan::Plan;
use super::sums::RunningSum;

/// Two plans over the same files and month.
#[derive(Debug)]
pub struct MovePlan<'p> {
    before: &'p Plan<'p>,
    after: &'p Plan<'p>,
    wanted: Vec<WantedText>,
    /// For each text of either plan, its position in `wanted`.
    of_before: Vec<usize>,
    of_after: Vec<usize>,
}

/// What one side makes of a charge.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decided {
    /// A rule, or none, names who bears it; of what has no owner, the reason.
    By { rule: Option<RuleId>, party: Party, reason: Option<&'static str> },
    /// Its tags or texts cannot be read by these rules: its row is in quarantine.
    Quarantined,
}

/// Charges of the period that both sides have decided alike, by both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    pub before: Decided,
    pub after: Decided,
    /// As it was billed.
    pub currency: Currency,
    pub rows: u64,
    pub costs: Costs,
}

/// A thread's share of the scan.
#[derive(Debug)]
pub struct MoveFinder<'p> {
    plan: &'p MovePlan<'p>,
    before: Kernel<'p>,
    after: Kernel<'p>,
    /// By currency and the verdicts of both sides, as numbers that all threads share.
    sums: HashMap<(Currency, Option<u32>, Option<u32>), RunningSum>,
    overflow: bool,
}

impl<'p> MovePlan<'p> {
    #[must_use]
    pub fn new(before: &'p Plan<'p>, after: &'p Plan<'p>) -> Self {
        let mut wanted: Vec<WantedText> = Vec::new();
        let mut places = |plan: &Plan<'_>| -> Vec<usize> {
            let place = |text: &WantedText| {
                wanted.iter().position(|known| known == text).unwrap_or_else(|| {
                    wanted.push(text.clone());
                    wanted.len() - 1
                })
            };
            plan.wanted().iter().map(place).collect()
        };
        let (of_before, of_after) = (places(before), places(after));
        Self { before, after, wanted, of_before, of_after }
    }

    /// The texts that the scan must hand over.
    #[must_use]
    pub fn wanted(&self) -> &[WantedText] {
        &self.wanted
    }
}

impl<'p> MoveFinder<'p> {
    #[must_use]
    pub fn new(plan: &'p MovePlan<'p>) -> Self {
        let (before, after) = (Kernel::new(plan.before), Kernel::new(plan.after));
        Self { plan, before, after, sums: HashMap::new(), overflow: false }
    }
}

/// What all threads found, in an order that bills and rules alone decide.
///
/// # Errors
/// [`Code::SumOverflow`] where a sum lies beyond what can be kept exactly.
pub fn moves(finders: &[MoveFinder<'_>]) -> Result<Vec<Move>, Finding> {
    let too_large = || {
        let text = "the amounts of all files sum beyond what can be kept exactly";
        Finding::new(Code::SumOverflow, text)
    };
    let mut found: BTreeMap<(Decided, Decided, Currency), RunningSum> = BTreeMap::new();
    for finder in finders {
        if finder.overflow {
            return Err(too_large());
        }
        for ((currency, before, after), sum) in &finder.sums {
            let before = decided(&finder.before, finder.plan.before.rules, *before);
            let after = decided(&finder.after, finder.plan.after.rules, *after);
            if !found.entry((before, after, *currency)).or_default().merge(sum) {
                return Err(too_large());
            }
        }
    }
    let moves = found.into_iter().map(|((before, after, currency), sum)| {
        let costs = sum.costs().ok_or_else(too_large)?;
        Ok(Move { before, after, currency, rows: sum.rows, costs })
    });
    moves.collect()
}

fn decided(kernel: &Kernel<'_>, rules: &RuleSet, verdict: Option<u32>) -> Decided {
    let Some(verdict) = verdict else { return Decided::Quarantined };
    let registry = kernel.shared.registry();
    let Verdict { bearer, rule } = registry.verdicts.values[verdict as usize].verdict;
    let (party, reason) = party(bearer, rules, &registry.names);
    Decided::By { rule, party, reason }
}

/// Who bears a charge, and why where nobody does.
pub(super) fn party(
    bearer: Bearer,
    rules: &RuleSet,
    names: &Names,
) -> (Party, Option<&'static str>) {
    match bearer {
        Bearer::Owner(name) => {
            (Party::Owner(names.text(name).unwrap_or_default().to_owned()), None)
        }
        Bearer::Pool(pool, value) => (Party::Pool(rules.pool(pool).label(names.text(value))), None),
        Bearer::Unallocated(reason) => (Party::Unallocated, Some(reason.name())),
    }
}

/// What one side says of each charge; `None` where it refuses it.
fn verdicts(kernel: &mut Kernel<'_>, batch: &Charges<'_>, places: &[usize]) -> Vec<Option<u32>> {
    let texts: Vec<TextColumn<'_>> = places.iter().map(|place| batch.texts[*place]).collect();
    let own = Charges { file: batch.file, charges: batch.charges, texts: &texts };
    let targets = kernel.targets(&own, &mut Vec::new());
    targets.into_iter().map(|target| target.map(|target| target.verdict)).collect()
}

impl Sink for MoveFinder<'_> {
    /// Takes every charge: whether a row is in quarantine is part of what is compared.
    fn add(&mut self, batch: &Charges<'_>, _refused: &mut Vec<(usize, Rejection)>) {
        let before = verdicts(&mut self.before, batch, &self.plan.of_before);
        let after = verdicts(&mut self.after, batch, &self.plan.of_after);
        for (charge, pair) in batch.charges.iter().zip(before.into_iter().zip(after)) {
            if charge.month == self.plan.after.period {
                let sum = self.sums.entry((charge.currency, pair.0, pair.1)).or_default();
                self.overflow |= !sum.add(u64::from(charge.rows), &charge.costs);
            }
        }
    }

    fn join(&mut self, first: &Self) {
        self.before.join(&first.before);
        self.after.join(&first.after);
    }
}
