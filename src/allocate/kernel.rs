//! The kernel of the scan: one per thread, from charges to exact sums.
//!
//! Rules are asked once per distinct tuple of the texts that anything reads; the answer is
//! remembered under the tuple's bytes. What is remembered is bounded: once it grows too large it is
//! forgotten and learned again, which costs time and changes nothing.

use std::collections::HashMap;
use std::hash::BuildHasher;

use chrono::NaiveDate;
use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::diagnostics::Code;
use crate::domain::{Costs, Currency, Period};
use crate::ingest::{Charge, Rejection, Sink};

use super::classify::{Decision, classify, component};
use super::cube::{Bearer, Group, Reason, Verdict};
use super::names::Names;
use super::plan::{Plan, Role};
use super::sums::{RunningSum, SumTable};
use super::worklist::{ItemBase, Worklist};

/// Bytes of remembered tuples at which a thread forgets.
const MEMORY_LIMIT: usize = 96 << 20;
/// Days of a month, with room to spare.
const DAYS: usize = 32;
const NO_CELL: u32 = u32::MAX;

/// What is remembered of a tuple.
#[derive(Clone, Copy, Debug)]
struct Target {
    group: u32,
    /// Index into `verdicts`.
    verdict: u32,
    /// Index into the worklist's bases, where the charge has no owner.
    unallocated: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Remembered {
    begin: usize,
    length: u32,
    target: Target,
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
    tuple: Vec<u8>,
    memory: Vec<u8>,
    remembered: HashTable<Remembered>,
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
            tuple: Vec::new(),
            memory: Vec::new(),
            remembered: HashTable::new(),
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
            worklist: Worklist::default(),
            overflow: false,
            last_day,
        }
    }

    /// Writes the tuple of a charge: everything that decides its group but the day.
    fn write_tuple(&mut self, charge: &Charge<'_>, segment: u16) {
        let tuple = &mut self.tuple;
        tuple.clear();
        tuple.extend_from_slice(&self.plan.source_of_file[charge.file.0 as usize].to_le_bytes());
        tuple.extend_from_slice(&segment.to_le_bytes());
        tuple.extend_from_slice(charge.currency.code().as_bytes());
        let month = charge.month.months_since(self.plan.period);
        tuple.extend_from_slice(&month.to_le_bytes());
        for index in &self.plan.tuple_texts {
            match charge.texts[*index] {
                None => tuple.extend_from_slice(&u32::MAX.to_le_bytes()),
                Some(text) => {
                    let length = u32::try_from(text.len()).unwrap_or(u32::MAX - 1);
                    tuple.extend_from_slice(&length.to_le_bytes());
                    tuple.extend_from_slice(text);
                }
            }
        }
    }

    fn target(&mut self, charge: &Charge<'_>, segment: u16) -> Result<Target, Rejection> {
        self.write_tuple(charge, segment);
        let hash = self.hasher.hash_one(self.tuple.as_slice());
        let (memory, tuple) = (&self.memory, &self.tuple);
        let same = |known: &Remembered| {
            memory[known.begin..known.begin + known.length as usize] == tuple[..]
        };
        if let Some(known) = self.remembered.find(hash, same) {
            return Ok(known.target);
        }
        let target = self.decide(charge, segment)?;
        self.remember(hash, target);
        Ok(target)
    }

    fn remember(&mut self, hash: u64, target: Target) {
        if self.memory.len() + self.tuple.len() > MEMORY_LIMIT {
            self.memory.clear();
            self.remembered.clear();
        }
        let begin = self.memory.len();
        self.memory.extend_from_slice(&self.tuple);
        let length = u32::try_from(self.tuple.len()).unwrap_or(u32::MAX);
        let (memory, hasher) = (&self.memory, &self.hasher);
        self.remembered.insert_unique(hash, Remembered { begin, length, target }, |known| {
            hasher.hash_one(&memory[known.begin..known.begin + known.length as usize])
        });
    }

    /// Asks the rules. Only here are texts looked at as text.
    fn decide(&mut self, charge: &Charge<'_>, segment: u16) -> Result<Target, Rejection> {
        let plan = self.plan;
        let mut texts = Vec::with_capacity(charge.texts.len());
        for (text, bytes) in charge.texts.iter().enumerate() {
            let decoded = bytes.map(std::str::from_utf8).transpose();
            texts.push(decoded.map_err(|_| Rejection { text, code: Code::BadText })?);
        }
        let source = plan.source_name(charge.file);
        let resolved = plan.dimensions.resolve(&texts, source, charge.day, plan.org).map_err(|_| {
            Rejection { text: plan.dimensions.tags_text().unwrap_or_default(), code: Code::BadTags }
        })?;
        let decision = classify(plan.rules, &resolved);
        let verdict = self.verdict(&decision);
        let component = self.names.id(Some(component(plan.rules, &resolved)));
        let mut group = Group::brief(charge.month, verdict, charge.currency, component, segment);
        if charge.month == plan.period {
            self.detail(&mut group, &texts, source, &resolved);
        }
        let unallocated = matches!(verdict.bearer, Bearer::Unallocated(_)).then(|| {
            let base = ItemBase {
                verdict,
                currency: charge.currency,
                provider: self.names.id(plan.provider(&texts)),
                billing_account: self.names.id(plan.text(Role::BillingAccount, &texts)),
                sub_account: self.names.id(plan.text(Role::SubAccount, &texts)),
                service: self.names.id(plan.text(Role::Service, &texts)),
            };
            self.worklist.base(base)
        });
        let key = VerdictKey { month: charge.month, verdict, currency: charge.currency };
        Ok(Target { group: self.group(group), verdict: self.verdict_id(key), unallocated })
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
        let plan = self.plan;
        group.source = self.names.id(Some(source));
        group.provider = self.names.id(plan.provider(texts));
        group.invoice_issuer = self.names.id(plan.text(Role::InvoiceIssuer, texts));
        group.invoice = self.names.id(plan.text(Role::Invoice, texts));
        group.billing_account = self.names.id(plan.text(Role::BillingAccount, texts));
        group.sub_account = self.names.id(plan.text(Role::SubAccount, texts));
        group.service = self.names.id(plan.text(Role::Service, texts));
        group.charge_category = self.names.id(plan.text(Role::ChargeCategory, texts));
        let kept = plan.detail.iter();
        group.dimensions = kept.map(|id| self.names.id(resolved.dimension(*id))).collect();
        group.provenance = self.profile_id(&plan.profile(resolved));
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

    pub(super) fn period(&self) -> Period {
        self.plan.period
    }

    /// Frees what only further charges would need.
    pub(super) fn forget(&mut self) {
        self.memory = Vec::new();
        self.remembered = HashTable::new();
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

    fn trace_file(&mut self, file: usize, verdict: u32, costs: &Costs) {
        let sums = &mut self.lineage[file];
        if sums.len() <= verdict as usize {
            sums.resize(verdict as usize + 1, RunningSum::default());
        }
        self.overflow |= !sums[verdict as usize].add(1, costs);
    }
}

impl Sink for Kernel<'_> {
    fn add(&mut self, charge: &Charge<'_>) -> Result<(), Rejection> {
        if self.last_day.0 != charge.day {
            self.last_day = (charge.day, self.plan.segment(charge.day));
        }
        let segment = self.last_day.1;
        let target = self.target(charge, segment)?;
        let in_period = charge.month == self.plan.period;
        let day = if in_period { charge.day } else { charge.month.first() };
        let cell = self.cell(target.group, day);
        self.sums.add(cell, 1, &charge.costs);
        self.trace_file(charge.file.0 as usize, target.verdict, &charge.costs);
        if let Some(base) = target.unallocated {
            let resource = charge.texts[self.plan.resource_text].unwrap_or_default();
            let counted = if in_period { 1 } else { 0 };
            let costs = if in_period { charge.costs } else { Costs::ZERO };
            self.worklist.add(base, resource, charge.month, counted, &costs);
        }
        Ok(())
    }
}
