//! The kernel of the scan: one per thread, from charges to exact sums.
//!
//! Rules are asked once per distinct tuple of the texts that anything reads; the answer is
//! remembered under a fingerprint of the tuple. What is remembered is bounded: once it grows too
//! large it is forgotten and learned again, which costs time and changes nothing.

use std::collections::HashMap;
use std::hash::BuildHasher;

use chrono::NaiveDate;
use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::diagnostics::Code;
use crate::domain::{Amount, CostMetric, Costs, Currency, Period};
use crate::ingest::{Charge, Charges, Rejection, Sink};

use super::classify::{Decision, classify, component};
use super::cube::{Bearer, Group, Reason, Verdict};
use super::memo::Memo;
use super::names::Names;
use super::plan::{Plan, Role};
use super::sums::{RunningSum, SumTable};
use super::worklist::{ItemBase, Worklist};

/// The profile of charges whose provenance nobody reports.
const NO_PROFILE: u32 = u32::MAX;
/// Days of a month, with room to spare.
const DAYS: usize = 32;
const NO_CELL: u32 = u32::MAX;
/// Charges that wait to be summed.
const BATCH: usize = 256;

/// What is remembered of a tuple.
#[derive(Clone, Copy, Debug)]
struct Target {
    group: u32,
    /// Index into `verdicts`.
    verdict: u32,
    /// Index into `profiles`.
    profile: u32,
    /// Index into `coverage`.
    coverage: u32,
    /// Index into the worklist's bases, where the charge has no owner.
    unallocated: Option<u32>,
}

/// A charge that was decided and is to be summed.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    group: u32,
    day: NaiveDate,
    cell: u32,
    file: usize,
    verdict: u32,
    coverage: u32,
    in_period: bool,
    costs: Costs,
}

/// One verdict in one month and currency: what lineage is kept by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct VerdictKey {
    pub(super) month: Period,
    pub(super) verdict: Verdict,
    pub(super) currency: Currency,
}

/// A thread's share of the cube.
#[derive(Debug)]
pub struct Kernel<'p> {
    plan: &'p Plan<'p>,
    hasher: FixedState,
    memo: Memo<Target>,
    waiting: Vec<Waiting>,
    pub(super) names: Names,
    pub(super) groups: Vec<Group>,
    group_ids: HashTable<u32>,
    /// Cell of each day of the period, by group.
    day_cells: Vec<[u32; DAYS]>,
    other_cells: HashMap<(u32, NaiveDate), u32, FixedState>,
    /// Group and day of each cell.
    pub(super) cells: Vec<(u32, NaiveDate)>,
    pub(super) sums: SumTable,
    pub(super) verdicts: Vec<VerdictKey>,
    verdict_ids: HashMap<VerdictKey, u32, FixedState>,
    /// By file, then verdict.
    pub(super) lineage: Vec<Vec<RunningSum>>,
    pub(super) profiles: Vec<Box<[u16]>>,
    profile_ids: HashMap<Box<[u16]>, u32, FixedState>,
    /// Rows and `EffectiveCost` of the period by where dimensions' values came from.
    pub(super) coverage: Vec<((Currency, u32), (u64, Amount))>,
    coverage_ids: HashMap<(Currency, u32), u32, FixedState>,
    pub(super) worklist: Worklist,
    pub(super) overflow: bool,
    last_day: (NaiveDate, u16),
}

impl<'p> Kernel<'p> {
    #[must_use]
    pub fn new(plan: &'p Plan<'p>) -> Self {
        let last_day = (plan.period.first(), plan.segment(plan.period.first()));
        Self {
            plan,
            hasher: FixedState::default(),
            memo: Memo::new(plan.tuple_texts.len()),
            waiting: Vec::with_capacity(BATCH),
            names: Names::default(),
            groups: Vec::new(),
            group_ids: HashTable::new(),
            day_cells: Vec::new(),
            other_cells: HashMap::default(),
            cells: Vec::new(),
            sums: SumTable::default(),
            verdicts: Vec::new(),
            verdict_ids: HashMap::default(),
            lineage: vec![Vec::new(); plan.source_of_file.len()],
            profiles: Vec::new(),
            profile_ids: HashMap::default(),
            coverage: Vec::new(),
            coverage_ids: HashMap::default(),
            worklist: Worklist::default(),
            overflow: false,
            last_day,
        }
    }

    fn target(&mut self, row: Asked<'_>, segment: u16) -> Result<Target, Rejection> {
        let plan = self.plan;
        let charge = row.charge();
        let [a, b, c] = charge.currency.bytes();
        let numbers = [
            u64::from(plan.source_of_file[row.batch.file.0 as usize]) << 16 | u64::from(segment),
            u64::from(u32::from_le_bytes([a, b, c, 0])),
            u64::from(charge.month.months_since(plan.period).cast_unsigned()),
        ];
        let texts = plan.tuple_texts.iter();
        let texts = texts.map(|(index, questions)| (row.text(*index), questions.as_ref()));
        let print = self.memo.print(numbers, texts);
        if let Some(target) = self.memo.get(print) {
            return Ok(target);
        }
        let target = self.decide(row, segment)?;
        self.memo.insert(print, target);
        Ok(target)
    }

    /// Asks the rules. Only here are texts looked at as text.
    fn decide(&mut self, row: Asked<'_>, segment: u16) -> Result<Target, Rejection> {
        let (plan, charge) = (self.plan, row.charge());
        let mut texts = Vec::with_capacity(row.batch.texts.len());
        for text in 0..row.batch.texts.len() {
            let decoded = row.text(text).map(std::str::from_utf8).transpose();
            texts.push(decoded.map_err(|_| Rejection { text, code: Code::BadText })?);
        }
        let source = plan.source_name(row.batch.file);
        let resolved =
            plan.dimensions.resolve(&texts, source, charge.day, plan.org).map_err(|_| {
                Rejection {
                    text: plan.dimensions.tags_text().unwrap_or_default(),
                    code: Code::BadTags,
                }
            })?;
        let decision = classify(plan.rules, &resolved);
        let verdict = self.verdict(&decision);
        let component = self.names.id(Some(component(plan.rules, &resolved)));
        let mut group = Group::brief(charge.month, verdict, charge.currency, component, segment);
        let mut profile = NO_PROFILE;
        if charge.month == plan.period {
            self.detail(&mut group, &texts, source, &resolved);
            profile = self.profile_id(&Plan::profile(&resolved));
        }
        let unallocated = matches!(verdict.bearer, Bearer::Unallocated(_)).then(|| {
            let base = ItemBase {
                verdict,
                currency: charge.currency,
                provider: self.names.id(Plan::provider(&texts)),
                billing_account: self.names.id(Plan::text(Role::BillingAccount, &texts)),
                sub_account: self.names.id(Plan::text(Role::SubAccount, &texts)),
                service: self.names.id(Plan::text(Role::Service, &texts)),
            };
            self.worklist.base(base)
        });
        let key = VerdictKey { month: charge.month, verdict, currency: charge.currency };
        let coverage = self.coverage_id((charge.currency, profile));
        let (group, verdict) = (self.group(group), self.verdict_id(key));
        Ok(Target { group, verdict, profile, coverage, unallocated })
    }

    fn verdict(&mut self, decision: &Decision) -> Verdict {
        let mut asked = |name: &String| self.names.id(Some(name));
        let (bearer, rule) = match decision {
            Decision::Owner(rule, name) => (Bearer::Owner(asked(name)), Some(*rule)),
            Decision::Pool(rule, pool) => (Bearer::Pool(*pool), Some(*rule)),
            Decision::NoRule => (Bearer::Unallocated(Reason::NoRule), None),
            Decision::UnknownOwner(rule, name) => {
                (Bearer::Unallocated(Reason::UnknownOwner(asked(name))), Some(*rule))
            }
            Decision::ClosedOwner(rule, name) => {
                (Bearer::Unallocated(Reason::ClosedOwner(asked(name))), Some(*rule))
            }
            Decision::OwnerCase(rule, name) => {
                (Bearer::Unallocated(Reason::OwnerCase(asked(name))), Some(*rule))
            }
        };
        Verdict { bearer, rule }
    }

    /// Fills in what only reports of the period itself tell apart.
    fn detail(
        &mut self,
        group: &mut Group,
        texts: &[Option<&str>],
        source: &str,
        resolved: &crate::tags::Resolved<'_>,
    ) {
        group.source = self.names.id(Some(source));
        group.provider = self.names.id(Plan::provider(texts));
        group.invoice_issuer = self.names.id(Plan::text(Role::InvoiceIssuer, texts));
        group.invoice = self.names.id(Plan::text(Role::Invoice, texts));
        group.billing_account = self.names.id(Plan::text(Role::BillingAccount, texts));
        group.sub_account = self.names.id(Plan::text(Role::SubAccount, texts));
        group.service = self.names.id(Plan::text(Role::Service, texts));
        group.charge_category = self.names.id(Plan::text(Role::ChargeCategory, texts));
        let kept = self.plan.detail.iter();
        group.dimensions = kept.map(|id| self.names.id(resolved.dimension(*id))).collect();
    }

    pub(super) fn profile_id(&mut self, profile: &[u16]) -> u32 {
        if let Some(id) = self.profile_ids.get(profile) {
            return *id;
        }
        let id = u32::try_from(self.profiles.len()).unwrap_or(u32::MAX);
        self.profiles.push(profile.into());
        self.profile_ids.insert(profile.into(), id);
        id
    }

    /// Sums what waits, and frees what only further charges would need.
    pub(super) fn finish(&mut self) {
        self.flush();
        self.memo.forget();
    }

    pub(super) fn group(&mut self, group: Group) -> u32 {
        let hash = self.hasher.hash_one(&group);
        let groups = &self.groups;
        if let Some(id) = self.group_ids.find(hash, |id| groups[*id as usize] == group) {
            return *id;
        }
        let id = u32::try_from(self.groups.len()).expect("groups are counted in 32 bits");
        self.groups.push(group);
        self.day_cells.push([NO_CELL; DAYS]);
        let (groups, hasher) = (&self.groups, &self.hasher);
        self.group_ids.insert_unique(hash, id, |id| hasher.hash_one(&groups[*id as usize]));
        id
    }

    pub(super) fn verdict_id(&mut self, key: VerdictKey) -> u32 {
        let verdicts = &mut self.verdicts;
        *self.verdict_ids.entry(key).or_insert_with(|| {
            verdicts.push(key);
            u32::try_from(verdicts.len() - 1).unwrap_or(u32::MAX)
        })
    }

    pub(super) fn cell(&mut self, group: u32, day: NaiveDate) -> u32 {
        let since = (day - self.plan.period.first()).num_days();
        let near = usize::try_from(since).ok().filter(|at| *at < DAYS);
        let (cells, sums) = (&mut self.cells, &mut self.sums);
        let slot = match near {
            Some(at) => &mut self.day_cells[group as usize][at],
            None => self.other_cells.entry((group, day)).or_insert(NO_CELL),
        };
        if *slot == NO_CELL {
            *slot = sums.push();
            cells.push((group, day));
        }
        *slot
    }

    pub(super) fn coverage_id(&mut self, key: (Currency, u32)) -> u32 {
        let coverage = &mut self.coverage;
        *self.coverage_ids.entry(key).or_insert_with(|| {
            coverage.push((key, Default::default()));
            u32::try_from(coverage.len() - 1).unwrap_or(u32::MAX)
        })
    }
}

/// A charge of a batch, of which something is asked.
#[derive(Clone, Copy)]
struct Asked<'a> {
    batch: &'a Charges<'a>,
    index: usize,
}

impl<'a> Asked<'a> {
    fn charge(self) -> &'a Charge {
        &self.batch.charges[self.index]
    }

    fn text(self, wanted: usize) -> Option<&'a [u8]> {
        self.batch.text(self.index, wanted)
    }
}

/// What the rules say of one charge.
pub(super) struct Decided<'k> {
    pub(super) group: &'k Group,
    /// Where dimensions' values came from, as numbers; empty for charges of other months.
    pub(super) profile: &'k [u16],
    pub(super) names: &'k Names,
}

impl Kernel<'_> {
    /// What the rules say of a charge of a batch, without counting it.
    pub(super) fn decide_charge(
        &mut self,
        batch: &Charges<'_>,
        index: usize,
    ) -> Result<Decided<'_>, Rejection> {
        let target = self.target_on_day(Asked { batch, index })?;
        Ok(Decided {
            group: &self.groups[target.group as usize],
            profile: self.profiles.get(target.profile as usize).map_or(&[], |profile| &**profile),
            names: &self.names,
        })
    }

    fn target_on_day(&mut self, row: Asked<'_>) -> Result<Target, Rejection> {
        let day = row.charge().day;
        if self.last_day.0 != day {
            self.last_day = (day, self.plan.segment(day));
        }
        self.target(row, self.last_day.1)
    }
}

impl Kernel<'_> {
    /// Adds the waiting charges to their sums. Sums lie far apart in memory: looked up many at a
    /// time, the waits for memory overlap, where one after the other they would add up.
    pub(super) fn flush(&mut self) {
        let mut waiting = std::mem::take(&mut self.waiting);
        for charge in &mut waiting {
            charge.cell = self.cell(charge.group, charge.day);
        }
        for charge in &waiting {
            self.sums.add(charge.cell, 1, &charge.costs);
        }
        for charge in &waiting {
            let sums = &mut self.lineage[charge.file];
            if sums.len() <= charge.verdict as usize {
                sums.resize(charge.verdict as usize + 1, RunningSum::default());
            }
            self.overflow |= !sums[charge.verdict as usize].add(1, &charge.costs);
        }
        for charge in waiting.iter().filter(|charge| charge.in_period) {
            let (rows, effective) = &mut self.coverage[charge.coverage as usize].1;
            let sum = effective.checked_add(charge.costs[CostMetric::EffectiveCost]);
            *rows += 1;
            *effective = sum.unwrap_or_default();
            self.overflow |= sum.is_none();
        }
        waiting.clear();
        self.waiting = waiting;
    }
}

impl Kernel<'_> {
    fn take(&mut self, row: Asked<'_>) -> Result<(), Rejection> {
        let target = self.target_on_day(row)?;
        let charge = row.charge();
        let in_period = charge.month == self.plan.period;
        self.waiting.push(Waiting {
            group: target.group,
            day: if in_period { charge.day } else { charge.month.first() },
            cell: NO_CELL,
            file: row.batch.file.0 as usize,
            verdict: target.verdict,
            coverage: target.coverage,
            in_period,
            costs: charge.costs,
        });
        if let Some(base) = target.unallocated {
            let resource = row.text(self.plan.resource_text).unwrap_or_default();
            let counted = u64::from(in_period);
            let costs = if in_period { charge.costs } else { Costs::ZERO };
            self.worklist.add(base, resource, charge.month, counted, &costs);
        }
        if self.waiting.len() == BATCH {
            self.flush();
        }
        Ok(())
    }
}

impl Sink for Kernel<'_> {
    fn add(&mut self, batch: &Charges<'_>, refused: &mut Vec<(usize, Rejection)>) {
        for index in 0..batch.charges.len() {
            if let Err(rejection) = self.take(Asked { batch, index }) {
                refused.push((index, rejection));
            }
        }
    }
}
