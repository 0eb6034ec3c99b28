//! Which rules match the same charges: the scan, with every rule asked instead of the first.
//!
//! Kept out of the kernel, which asks no more than it must. Each tuple is asked about once in each
//! thread; what was found is summed per set of matching rules, of which there are few.

use std::borrow::Cow;
use std::collections::BTreeMap;

use hashbrown::HashTable;

use crate::domain::{Amount, CostMetric, Currency};
use crate::ingest::{Charges, Rejection, Sink};
use crate::rules::{PoolId, RuleId};

use super::super::classify::{Decision, outcome};
use super::super::kernel::Kernel;
use super::super::matcher::Matcher;
use super::super::plan::Plan;
use super::super::prints::{Fingerprint, readable};
use super::super::shared::Ids;

/// Tuples that a thread remembers before it forgets them.
const TUPLE_LIMIT: usize = 1 << 20;

/// A rule that matches a charge, and whether it would give it to somebody else than the first does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Match {
    rule: RuleId,
    differs: bool,
}

/// All rules that match a charge, in their order.
type Matching = Box<[Match]>;

/// Set of rules, currency, whether the charges are of the period.
type Key = (u32, Currency, bool);

/// A thread's share of the scan: sums as the kernel makes them, and overlaps.
#[derive(Debug)]
pub struct OverlapFinder<'p> {
    kernel: Kernel<'p>,
    plan: &'p Plan<'p>,
    matcher: Matcher<'p>,
    known: HashTable<(Fingerprint, u32)>,
    matching: Ids<Matching>,
    sums: BTreeMap<Key, (u64, Amount)>,
}

/// Charges that two rules match and would give to different bearers; the first decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Contested {
    pub(super) rows: u64,
    pub(super) effective: Amount,
}

/// What all threads found.
#[derive(Clone, Debug, Default)]
pub struct Overlaps {
    /// Of the period, by the rule that decides and the one that would decide otherwise.
    pub(super) contested: BTreeMap<(RuleId, RuleId, Currency), Contested>,
    /// Of all months: charges that a rule matches and another one before it takes, by that one.
    pub(super) taken: BTreeMap<(RuleId, RuleId), u64>,
}

impl<'p> OverlapFinder<'p> {
    #[must_use]
    pub fn new(plan: &'p Plan<'p>) -> Self {
        Self {
            kernel: Kernel::new(plan),
            plan,
            matcher: Matcher::new(plan.rules.classify.iter().map(|rule| &rule.when)),
            known: HashTable::new(),
            matching: Ids::default(),
            sums: BTreeMap::new(),
        }
    }

    /// The set of rules that match a charge.
    fn set_of(&mut self, batch: &Charges<'_>, index: usize) -> u32 {
        let print = self.kernel.print_of(index);
        if let Some((_, set)) = self.known.find(print[0], |(known, _)| *known == print) {
            return *set;
        }
        let set = self.ask(batch, index);
        if self.known.len() >= TUPLE_LIMIT {
            self.known.clear();
        }
        self.known.insert_unique(print[0], (print, set), |(known, _)| known[0]);
        set
    }

    fn ask(&mut self, batch: &Charges<'_>, index: usize) -> u32 {
        let (plan, day) = (self.plan, batch.charges[index].day);
        let texts: Vec<Option<Cow<'_, str>>> = (0..batch.texts.len())
            .map(|text| batch.text(index, text).map(readable).transpose().unwrap_or_default())
            .collect();
        let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
        let source = plan.source_name(batch.file);
        let mut found: Vec<Match> = Vec::new();
        // What cannot be resolved was refused by the kernel.
        if let Ok(resolved) = plan.dimensions.resolve(&texts, source, day, plan.org) {
            let mut first: Option<Decision> = None;
            self.matcher.first(&resolved, plan.segment(day), |rule| {
                let id = RuleId(u16::try_from(rule).unwrap_or(u16::MAX));
                let decision = outcome(&plan.rules.classify[rule], id, &resolved)?;
                let differs =
                    first.as_ref().is_some_and(|first| bearer(first) != bearer(&decision));
                found.push(Match { rule: id, differs });
                first.get_or_insert(decision);
                None::<()>
            });
        }
        self.matching.id(found.into())
    }
}

/// To whom a charge is given, or would be if the owner could bear it.
fn bearer(decision: &Decision) -> (Option<PoolId>, Option<&str>) {
    match decision {
        Decision::Pool(_, pool, value) => (Some(*pool), value.as_deref()),
        Decision::Owner(_, name)
        | Decision::UnknownOwner(_, name)
        | Decision::ClosedOwner(_, name)
        | Decision::OwnerCase(_, name) => (None, Some(name)),
        Decision::NoRule => (None, None),
    }
}

impl Sink for OverlapFinder<'_> {
    fn add(&mut self, batch: &Charges<'_>, refused: &mut Vec<(usize, Rejection)>) {
        let first_refused = refused.len();
        self.kernel.add(batch, refused);
        let mut refused = refused[first_refused..].iter().map(|(index, _)| *index).peekable();
        for (index, charge) in batch.charges.iter().enumerate() {
            if refused.next_if_eq(&index).is_some() {
                continue;
            }
            let set = self.set_of(batch, index);
            let in_period = charge.month == self.plan.period;
            let sum = self.sums.entry((set, charge.currency, in_period)).or_default();
            sum.0 += u64::from(charge.rows);
            // A sum that leaves the range is refused when the cube is made.
            let effective = charge.costs.get(CostMetric::EffectiveCost);
            sum.1 = sum.1.checked_add(effective).unwrap_or_default();
        }
    }

    fn join(&mut self, first: &Self) {
        self.kernel.join(&first.kernel);
    }
}

/// The kernels of a scan, and what was found beside them.
#[must_use]
pub fn overlaps(finders: Vec<OverlapFinder<'_>>) -> (Vec<Kernel<'_>>, Overlaps) {
    let mut kernels = Vec::with_capacity(finders.len());
    let mut all = Overlaps::default();
    for finder in finders {
        for ((set, currency, in_period), (rows, effective)) in finder.sums {
            let Some((first, others)) = finder.matching.values[set as usize].split_first() else {
                continue;
            };
            for other in others {
                *all.taken.entry((other.rule, first.rule)).or_default() += rows;
                if in_period && other.differs {
                    let key = (first.rule, other.rule, currency);
                    let sum = all.contested.entry(key).or_default();
                    sum.rows += rows;
                    sum.effective = sum.effective.checked_add(effective).unwrap_or_default();
                }
            }
        }
        kernels.push(finder.kernel);
    }
    (kernels, all)
}
