//! The kernel of the scan: one per thread, from batches of charges to exact sums.
//!
//! ```text
//! prints     the fingerprint of each charge's tuple: the texts that anything reads
//! targets    what was decided about each tuple, by this thread, by another, or now
//! committed  of the few charges of a commitment, which one
//! sums       cells, lineage, coverage, commitments and the worklist
//! ```
//!
//! Each step goes over the whole batch before the next begins. What it looks up lies far apart in
//! memory; looked up many at a time, the waits for memory overlap, where one after the other they
//! would add up. What is remembered is bounded: once it grows too large it is forgotten and learned
//! again, which costs time and changes nothing.

use std::sync::Arc;

use crate::diagnostics::Code;
use crate::domain::{Currency, PackedCosts, Period};
use crate::ingest::{Charge, Charges, Rejection, Sink};
use crate::rules::{RuleId, SplitMethod};
use crate::tags::BadTags;

use super::classify::{Decision, USAGE, outcome};
use super::committed::Committed;
use super::cube::{Bearer, Group, Reason, Verdict};
use super::matcher::Matcher;
use super::names::Names;
use super::plan::{Plan, Role};
use super::prints::{ColumnPrints, Fingerprint, NoText, combine, readable};
use super::shared::{
    ALLOCATED, ByShard, CoverageKey, Registry, Shared, Target, UNCOVERED, VerdictKey, place_of,
};
use super::sums::RunningSum;
use super::worklist::{ItemBase, Listed, Worklist};

/// The place of source, segment, currency and month in a tuple, behind all texts.
pub(super) const CONTEXT: usize = usize::MAX;

/// What was decided about each charge of a batch; `None` where it was refused.
pub(super) type Targets = Vec<Option<Target>>;

/// What a tuple holds beside texts.
type Context = (u16, u16, Currency, Period);

/// A thread's share of the scan.
#[derive(Debug)]
pub struct Kernel<'p> {
    plan: &'p Plan<'p>,
    pub(super) shared: Arc<Shared>,
    columns: Vec<ColumnPrints<'p>>,
    classify: Matcher<'p>,
    components: Matcher<'p>,
    prints: Vec<Fingerprint>,
    /// Few at a time, the last one first.
    contexts: Vec<(Context, Fingerprint)>,
    sorted: ByShard,
    cells: Vec<u32>,
    /// By file, then verdict.
    pub(super) lineage: Vec<Vec<RunningSum>>,
    /// Of the period by where dimensions' values came from.
    pub(super) coverage: Vec<RunningSum>,
    pub(super) committed: Committed<'p>,
    pub(super) worklist: Worklist,
    pub(super) overflow: bool,
}

impl<'p> Kernel<'p> {
    #[must_use]
    pub fn new(plan: &'p Plan<'p>) -> Self {
        let texts = plan.tuple_texts.iter();
        Self {
            plan,
            shared: Arc::new(Shared::new()),
            columns: texts.map(|(at, asked)| ColumnPrints::new(*at, asked.as_ref())).collect(),
            classify: Matcher::new(plan.rules.classify.iter().map(|rule| &rule.when)),
            components: Matcher::new(plan.rules.components.iter().map(|rule| &rule.when)),
            prints: Vec::new(),
            contexts: Vec::new(),
            sorted: ByShard::default(),
            cells: Vec::new(),
            lineage: vec![Vec::new(); plan.source_of_file.len()],
            coverage: Vec::new(),
            committed: Committed::new(),
            worklist: Worklist::default(),
            overflow: false,
        }
    }

    /// What the rules say of each charge, without counting it.
    pub(super) fn targets(
        &mut self,
        batch: &Charges<'_>,
        refused: &mut Vec<(usize, Rejection)>,
    ) -> Targets {
        self.print(batch);
        let mut targets = Targets::new();
        self.shared.all_decided(&self.prints, &mut self.sorted, &mut targets);
        for (index, slot) in targets.iter_mut().enumerate() {
            let found = slot.map_or_else(|| self.target(batch, index), Ok);
            let judged = found.and_then(|target| self.listed(batch, index, target));
            *slot = judged.map_err(|rejection| refused.push((index, rejection))).ok();
        }
        self.committed.find(&self.shared, batch, &mut targets, refused);
        targets
    }

    /// The resource decides nothing, but is shown where a charge has no owner, and a text with a NUL
    /// is none. Readers of CSV have seen to that; columns of Parquet are seen here first.
    fn listed(
        &self,
        batch: &Charges<'_>,
        index: usize,
        target: Target,
    ) -> Result<Target, Rejection> {
        let text = self.plan.resource_text;
        let is_shown = target.unallocated != ALLOCATED;
        if is_shown && batch.text(index, text).is_some_and(|resource| resource.contains(&0)) {
            return Err(Rejection { text, code: Code::BadText });
        }
        Ok(target)
    }

    /// The fingerprint of a charge of the batch that came last.
    pub(super) fn print_of(&self, index: usize) -> Fingerprint {
        self.prints[index]
    }

    fn print(&mut self, batch: &Charges<'_>) {
        self.prints.clear();
        let source = self.plan.source_of_file[batch.file.0 as usize];
        for charge in batch.charges {
            let segment = self.plan.segment(charge.day);
            let context = (source, segment, charge.currency, charge.month);
            let print = match self.contexts.first() {
                Some((known, print)) if *known == context => *print,
                _ => self.context(context),
            };
            self.prints.push(print);
        }
        for (column, (text, _)) in self.columns.iter_mut().zip(&self.plan.tuple_texts) {
            column.add(&self.shared.keys, &batch.texts[*text], &mut self.prints);
        }
    }

    fn context(&mut self, context: Context) -> Fingerprint {
        let at = self.contexts.iter().position(|(known, _)| *known == context);
        if let Some(at) = at {
            self.contexts.swap(0, at);
            return self.contexts[0].1;
        }
        let (source, segment, currency, month) = context;
        let [a, b, c] = currency.bytes();
        let numbers = [
            u64::from(source) << 16 | u64::from(segment),
            u64::from(u32::from_le_bytes([a, b, c, 0])),
            u64::from(month.months_since(self.plan.period).cast_unsigned()),
        ];
        let mut print = Fingerprint::default();
        combine(&mut print, self.shared.keys.numbers(CONTEXT, &numbers));
        self.contexts.truncate(15);
        self.contexts.insert(0, (context, print));
        print
    }

    /// The target of a tuple about which nobody has decided yet.
    fn target(&mut self, batch: &Charges<'_>, index: usize) -> Result<Target, Rejection> {
        let print = self.prints[index];
        // The same tuple may have come shortly before, in this very batch.
        if let Some(target) = self.shared.decided(print) {
            return Ok(target);
        }
        let target = self.decide(batch, index)?;
        self.shared.remember(print, target);
        Ok(target)
    }

    /// Asks the rules. Only here are texts looked at as text.
    fn decide(&mut self, batch: &Charges<'_>, index: usize) -> Result<Target, Rejection> {
        let (plan, charge) = (self.plan, &batch.charges[index]);
        let segment = plan.segment(charge.day);
        // Of texts that do not make the tuple, others may come with the same decision; so nothing
        // of them must decide.
        let mut read = vec![None; batch.texts.len()];
        for (text, _) in &plan.tuple_texts {
            let found = batch.text(index, *text).map(readable).transpose();
            read[*text] = found.map_err(|NoText| Rejection { text: *text, code: Code::BadText })?;
        }
        let texts: Vec<Option<&str>> = read.iter().map(Option::as_deref).collect();
        let source = plan.source_name(batch.file);
        let resolved =
            plan.dimensions.resolve(&texts, source, charge.day, plan.org).map_err(|bad| {
                let code = match bad {
                    BadTags::Shape => Code::BadTags,
                    BadTags::Nul => Code::BadText,
                };
                Rejection { text: plan.dimensions.tags_text().unwrap_or_default(), code }
            })?;
        let decision = self.classify.first(&resolved, segment, |rule| {
            let id = RuleId(u16::try_from(rule).unwrap_or(u16::MAX));
            outcome(&plan.rules.classify[rule], id, &resolved)
        });
        let decision = decision.unwrap_or(Decision::NoRule);
        let classified = self.classified(&decision, &resolved, segment);
        let components = &plan.rules.components;
        let named = |rule: usize| components.get(rule).map(|found| found.name.as_str());
        let component = self.components.first(&resolved, segment, named).unwrap_or(USAGE);
        let is_of_period = charge.month == plan.period;
        let profile = if is_of_period { Plan::profile(&resolved) } else { Box::default() };
        let mut registry = self.shared.registry();
        let registry = &mut *registry;
        // Those that rules only ask questions of are left out: they are not all seen here.
        let whole = plan.tuple_texts.iter().filter(|(_, questions)| questions.is_none());
        registry.keep_forms(&read, whole.map(|(text, _)| *text));
        let verdict = verdict(&mut registry.names, &decision);
        let component = registry.names.id(Some(component));
        let mut group = Group::brief(charge.month, verdict, charge.currency, component, segment);
        group.classified = classified.map(|decision| self::verdict(&mut registry.names, &decision));
        plan.tell_apart(&mut registry.names, &mut group, &resolved);
        let currency = charge.currency;
        let coverage = if is_of_period {
            detail(plan, &mut registry.names, &mut group, &texts, source, &resolved);
            let profile = registry.profiles.id(profile);
            registry.coverage.id(CoverageKey { currency, profile })
        } else {
            if plan.keeps_invoices {
                invoiced(&mut registry.names, &mut group, &texts);
            }
            if plan.keeps_scopes {
                scoped(&mut registry.names, &mut group, &texts, source);
            }
            UNCOVERED
        };
        let unallocated = match verdict.bearer {
            Bearer::Unallocated(_) => base(registry, verdict, charge, &texts),
            _ => ALLOCATED,
        };
        let key = VerdictKey { month: charge.month, verdict, currency };
        Ok(Target {
            group: registry.groups.id(group),
            verdict: registry.verdicts.id(key),
            coverage,
            unallocated,
        })
    }
}

impl Kernel<'_> {
    /// What the rules behind the policy `dropped_usage` say, where that decided.
    fn classified(
        &mut self,
        decision: &Decision,
        charge: &crate::tags::Resolved<'_>,
        segment: u16,
    ) -> Option<Decision> {
        let rules = self.plan.rules;
        let Decision::Pool(policy, pool, _) = decision else { return None };
        let SplitMethod::DroppedUsage { .. } = rules.pool(*pool).split else { return None };
        let behind = self.classify.first(charge, segment, |rule| {
            let id = RuleId(u16::try_from(rule).unwrap_or(u16::MAX));
            if id == *policy { None } else { outcome(&rules.classify[rule], id, charge) }
        });
        Some(behind.unwrap_or(Decision::NoRule))
    }
}

fn verdict(names: &mut Names, decision: &Decision) -> Verdict {
    let mut asked = |name: &String| names.id(Some(name));
    let (bearer, rule) = match decision {
        Decision::Owner(rule, name) => (Bearer::Owner(asked(name)), Some(*rule)),
        Decision::Pool(rule, pool, value) => {
            (Bearer::Pool(*pool, names.id(value.as_deref())), Some(*rule))
        }
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

fn base(registry: &mut Registry, verdict: Verdict, charge: &Charge, texts: &[Option<&str>]) -> u32 {
    let names = &mut registry.names;
    let base = ItemBase {
        verdict,
        currency: charge.currency,
        provider: names.id(Plan::provider(texts)),
        billing_account: names.id(Plan::text(Role::BillingAccount, texts)),
        sub_account: names.id(Plan::text(Role::SubAccount, texts)),
        service: names.id(Plan::text(Role::Service, texts)),
    };
    registry.bases.id(base)
}

/// What tells on whose invoice a charge is.
fn invoiced(names: &mut Names, group: &mut Group, texts: &[Option<&str>]) {
    group.provider = names.id(Plan::provider(texts));
    group.invoice_issuer = names.id(Plan::text(Role::InvoiceIssuer, texts));
    group.invoice = names.id(Plan::text(Role::Invoice, texts));
    group.billing_account = names.id(Plan::text(Role::BillingAccount, texts));
}

/// Fills in what scopes of commitments name.
fn scoped(names: &mut Names, group: &mut Group, texts: &[Option<&str>], source: &str) {
    group.source = names.id(Some(source));
    group.provider = names.id(Plan::provider(texts));
    group.billing_account = names.id(Plan::text(Role::BillingAccount, texts));
    group.sub_account = names.id(Plan::text(Role::SubAccount, texts));
    group.service = names.id(Plan::text(Role::Service, texts));
}

/// Fills in what only reports of the period itself tell apart.
fn detail(
    plan: &Plan<'_>,
    names: &mut Names,
    group: &mut Group,
    texts: &[Option<&str>],
    source: &str,
    resolved: &crate::tags::Resolved<'_>,
) {
    scoped(names, group, texts, source);
    invoiced(names, group, texts);
    group.charge_category = names.id(Plan::text(Role::ChargeCategory, texts));
    group.dimensions = plan.detail.iter().map(|id| names.id(resolved.dimension(*id))).collect();
}

impl Kernel<'_> {
    /// Adds the charges that were not refused to their cells, a shard at a time.
    fn sum_cells(&mut self, batch: &Charges<'_>, targets: &Targets) {
        let known =
            (0..).zip(targets).filter_map(|(index, target)| Some((index, target.as_ref()?)));
        self.sorted.sort(known.map(|(index, target)| {
            let (shard, group) = place_of(target.group);
            (shard, index, group)
        }));
        let (period, first) = (self.plan.period, self.plan.period.first());
        // Threads begin at different shards, so that they do not walk in step.
        let start = targets.iter().flatten().next().map_or(0, |target| target.verdict as usize);
        let (shared, cells) = (&self.shared, &mut self.cells);
        let keeps_days = self.plan.keeps_days;
        self.sorted.each(start, |shard, charges| {
            let mut shard = shared.cells(shard);
            let shard = &mut *shard;
            cells.clear();
            let day_of = |index: u32| {
                let charge = &batch.charges[index as usize];
                let keeps_day = charge.month == period || keeps_days;
                if keeps_day { charge.day } else { charge.month.first() }
            };
            for (index, group) in charges {
                cells.push(shard.known(*group, day_of(*index), first));
            }
            for (cell, (index, group)) in cells.iter_mut().zip(charges) {
                *cell = match *cell {
                    0 => shard.cell(*group, day_of(*index), first),
                    known => known - 1,
                };
            }
            for (cell, (index, _)) in cells.iter().zip(charges) {
                let charge = &batch.charges[*index as usize];
                shard.sums.add(*cell, charge.rows, &charge.costs, charge.unknown);
            }
        });
    }

    fn sum_lineage(&mut self, batch: &Charges<'_>, targets: &Targets) {
        let sums = &mut self.lineage[batch.file.0 as usize];
        for (charge, target) in batch.charges.iter().zip(targets) {
            let Some(target) = target else { continue };
            if sums.len() <= target.verdict as usize {
                sums.resize(target.verdict as usize + 1, RunningSum::default());
            }
            self.overflow |=
                !sums[target.verdict as usize].add(u64::from(charge.rows), &charge.costs);
            if target.coverage != UNCOVERED {
                let covered = target.coverage as usize;
                if self.coverage.len() <= covered {
                    self.coverage.resize(covered + 1, RunningSum::default());
                }
                self.overflow |= !self.coverage[covered].add(u64::from(charge.rows), &charge.costs);
            }
        }
    }

    fn list_unallocated(&mut self, batch: &Charges<'_>, targets: &Targets) {
        let unallocated = targets.iter().enumerate().filter_map(|(index, target)| {
            let base = target.as_ref()?.unallocated;
            (base != ALLOCATED).then_some((index, base))
        });
        let period = self.plan.period;
        let asked = |(index, base)| {
            let resource = batch.text(index, self.plan.resource_text).unwrap_or_default();
            let charge = &batch.charges[index];
            let in_period = charge.month == period;
            let costs = if in_period { &charge.costs } else { &PackedCosts::ZERO };
            let rows = if in_period { u64::from(charge.rows) } else { 0 };
            Listed { base, resource, month: charge.month, rows, costs }
        };
        self.worklist.add(unallocated.map(asked));
    }
}

impl Sink for Kernel<'_> {
    fn add(&mut self, batch: &Charges<'_>, refused: &mut Vec<(usize, Rejection)>) {
        let targets = self.targets(batch, refused);
        self.sum_cells(batch, &targets);
        self.sum_lineage(batch, &targets);
        self.overflow |= !self.committed.sum(batch);
        self.list_unallocated(batch, &targets);
    }

    fn join(&mut self, first: &Self) {
        self.shared = Arc::clone(&first.shared);
    }
}
