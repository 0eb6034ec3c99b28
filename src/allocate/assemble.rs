//! From the threads' kernels to one cube, in an order that the data alone decides.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Days, NaiveDate};

use crate::diagnostics::{Code, Finding};
use crate::domain::{Amount, CostMetric, Costs, Currency};
use crate::ingest::{FileId, WantedText};

use super::commitments::{DoubtfulSum, gathered};
use super::cube::{
    Bearer, Cube, Group, LineageKey, NameId, Reason, StoredCells, Stretch, UnallocatedItem, Verdict,
};
use super::kernel::Kernel;
use super::plan::Plan;
use super::shared::{Cells, Registry, place_of};
use super::sums::{RunningSum, SumTable};
use super::worklist::{ItemBase, Worklist};

/// Puts the kernels of one scan together.
///
/// # Errors
/// [`Code::SumOverflow`] where a sum, or the sum of all absolute values, leaves the range: from
/// here on, adding any of these amounts is safe.
pub fn assemble(plan: &Plan<'_>, kernels: Vec<Kernel<'_>>) -> Result<Cube, Finding> {
    let threads = kernels.len().max(1);
    let Whole { mut registry, shards, lineage, coverage: sums, committed, worklist } =
        gather(plan, kernels)?;
    let (provenances, coverage) = coverage(plan, &registry, &sums)?;
    let (names, renamed) = std::mem::take(&mut registry.names).sorted();
    let rename = |id: NameId| renamed[id.0 as usize];
    let commitments = gathered(&registry, &committed, &rename)?;
    let unallocated = unallocated(&registry, &worklist, &rename)?;
    let lineage = lineages(&registry, &lineage, &rename)?;
    let other_forms = other_forms(plan, &registry);
    let groups = std::mem::take(&mut registry.groups).values;
    drop((registry, worklist));
    let groups = sorted_groups(threads, groups, &rename);
    let (places, shards) = stored(plan, threads, &groups, shards)?;
    Ok(Cube {
        period: plan.period,
        names,
        groups: groups.into_iter().map(|(group, _)| group).collect(),
        places,
        shards,
        lot_fields: plan.lot_fields.clone(),
        segments: plan.segments(),
        provenances,
        coverage,
        lineage,
        commitments,
        unallocated,
        other_forms,
    })
}

fn other_forms(plan: &Plan<'_>, registry: &Registry) -> Vec<(String, String)> {
    let named = registry.forms.iter().filter_map(|(index, text)| {
        let column = match plan.wanted().get(*index)? {
            WantedText::Column(column) => column.name().to_owned(),
            WantedText::Custom(name) => name.clone(),
            WantedText::Identity => return None,
        };
        Some((column, text.clone()))
    });
    named.collect()
}

/// What all kernels came to.
struct Whole {
    registry: Registry,
    shards: Vec<Cells>,
    /// By file, then verdict.
    lineage: Vec<Vec<RunningSum>>,
    coverage: Vec<RunningSum>,
    committed: Vec<DoubtfulSum>,
    worklist: Worklist,
}

fn gather(plan: &Plan<'_>, kernels: Vec<Kernel<'_>>) -> Result<Whole, Finding> {
    let mut kernels = kernels.into_iter();
    let mut first = kernels.next().unwrap_or_else(|| Kernel::new(plan));
    for kernel in kernels {
        first.absorb(kernel);
    }
    let Kernel { shared, lineage, coverage, committed, worklist, mut overflow, .. } = first;
    let (registry, shards) =
        Arc::into_inner(shared).expect("all kernels of the scan are here").into_parts();
    overflow |= worklist.overflow || shards.iter().any(|cells| cells.sums.overflow);
    if overflow {
        Err(too_large())
    } else {
        Ok(Whole { registry, shards, lineage, coverage, committed: committed.sums, worklist })
    }
}

type RowsAndCosts = (u64, Costs);
type Coverage = BTreeMap<(Currency, u32), RowsAndCosts>;

/// Numbers profiles by their content, since which came first is chance.
fn coverage(
    plan: &Plan<'_>,
    registry: &Registry,
    sums: &[RunningSum],
) -> Result<(Vec<Vec<String>>, Coverage), Finding> {
    let profiles = &registry.profiles.values;
    let mut sorted = profiles.clone();
    sorted.sort_unstable();
    let mut found: BTreeMap<(Currency, u32), RunningSum> = BTreeMap::new();
    for (key, sum) in registry.coverage.values.iter().zip(sums) {
        let rank = sorted.binary_search(&profiles[key.profile as usize]).unwrap_or_default();
        let rank = u32::try_from(rank).unwrap_or(u32::MAX);
        if !found.entry((key.currency, rank)).or_default().merge(sum) {
            return Err(too_large());
        }
    }
    let mut coverage = Coverage::new();
    for (key, sum) in found {
        let costs = sum.costs().ok_or_else(too_large)?;
        if !sum.is_nothing() {
            coverage.insert(key, (sum.rows, costs));
        }
    }
    Ok((sorted.iter().map(|profile| plan.profile_labels(profile)).collect(), coverage))
}

pub(super) fn too_large() -> Finding {
    Finding::new(Code::SumOverflow, "the amounts of all files sum beyond what can be kept exactly")
}

fn lineages(
    registry: &Registry,
    lineage: &[Vec<RunningSum>],
    rename: &impl Fn(NameId) -> NameId,
) -> Result<BTreeMap<LineageKey, RowsAndCosts>, Finding> {
    let mut found = BTreeMap::new();
    for (file, sums) in lineage.iter().enumerate() {
        let verdicts = registry.verdicts.values.iter().zip(sums);
        for (key, sum) in verdicts.filter(|(_, sum)| !sum.is_nothing()) {
            let file = FileId(u32::try_from(file).unwrap_or(u32::MAX));
            let costs = sum.costs().ok_or_else(too_large)?;
            let verdict = rename_verdict(key.verdict, rename);
            let key = LineageKey { month: key.month, verdict, currency: key.currency, file };
            found.insert(key, (sum.rows, costs));
        }
    }
    Ok(found)
}

fn unallocated(
    registry: &Registry,
    worklist: &Worklist,
    rename: &impl Fn(NameId) -> NameId,
) -> Result<Vec<UnallocatedItem>, Finding> {
    let mut items = Vec::new();
    for item in worklist.items.iter().filter(|item| !item.sum.is_nothing()) {
        let base = rename_base(registry.bases.values[item.base as usize], rename);
        let Bearer::Unallocated(reason) = base.verdict.bearer else { continue };
        items.push(UnallocatedItem {
            reason,
            rule: base.verdict.rule,
            provider: base.provider,
            billing_account: base.billing_account,
            sub_account: base.sub_account,
            service: base.service,
            resource: String::from_utf8_lossy(&item.resource).into_owned(),
            currency: base.currency,
            since: item.since,
            rows: item.sum.rows,
            costs: item.sum.costs().ok_or_else(too_large)?,
        });
    }
    items.sort_by(|a, b| item_key(a).cmp(&item_key(b)));
    Ok(items)
}

fn item_key(item: &UnallocatedItem) -> impl Ord + '_ {
    let place =
        (item.provider, item.billing_account, item.sub_account, item.service, &item.resource);
    (item.reason, item.rule, place, item.currency)
}

fn sorted_groups(
    threads: usize,
    groups: Vec<Group>,
    rename: &(impl Fn(NameId) -> NameId + Sync),
) -> Vec<(Group, u32)> {
    let mut groups: Vec<(Group, u32)> = groups.into_iter().zip(0..).collect();
    let size = groups.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        for part in groups.chunks_mut(size) {
            scope.spawn(move || {
                for (group, _) in part.iter_mut() {
                    rename_group(group, rename);
                }
                part.sort_unstable();
            });
        }
    });
    // A stable sort makes use of the order that the parts already have.
    groups.sort();
    groups
}

/// The groups of one shard by their number there, each with its rank among all groups, ascending.
type Ranked = Vec<(u32, u32)>;
type Magnitude = [Amount; CostMetric::COUNT];

/// Puts the cells of each shard into the order of groups, where they lie: nothing else is as large,
/// so there is no second copy of them.
fn stored(
    plan: &Plan<'_>,
    threads: usize,
    groups: &[(Group, u32)],
    shards: Vec<Cells>,
) -> Result<(Vec<Stretch>, Vec<StoredCells>), Finding> {
    let mut work: Vec<(Cells, Ranked)> =
        shards.into_iter().map(|cells| (cells, Ranked::new())).collect();
    for ((_, old), rank) in groups.iter().zip(0..) {
        let (shard, group) = place_of(*old);
        work[shard].1.push((group, rank));
    }
    let days: Vec<NaiveDate> =
        (0..32).filter_map(|day| plan.period.first().checked_add_days(Days::new(day))).collect();
    let size = work.len().div_ceil(threads).max(1);
    let mut done = Vec::new();
    std::thread::scope(|scope| {
        let mut workers = Vec::new();
        while !work.is_empty() {
            let rest = work.split_off(size.min(work.len()));
            let (part, days) = (std::mem::replace(&mut work, rest), &days);
            workers.push(scope.spawn(move || {
                let shards = part.into_iter().map(|(cells, ranked)| shard(cells, &ranked, days));
                shards.collect::<Vec<_>>()
            }));
        }
        for worker in workers {
            done.extend(worker.join().expect("sums are checked, they do not panic"));
        }
    });
    let mut places = vec![Stretch::default(); groups.len()];
    let mut magnitude = [Amount::ZERO; CostMetric::COUNT];
    let mut stored = Vec::new();
    for (number, shard) in (0..).zip(done) {
        let Shard { cells, stretches, magnitude: of_shard } = shard.ok_or_else(too_large)?;
        for (rank, stretch) in stretches {
            places[rank as usize] = Stretch { shard: number, ..stretch };
        }
        for (total, amount) in magnitude.iter_mut().zip(of_shard) {
            *total = total.checked_add(amount).ok_or_else(too_large)?;
        }
        stored.push(cells);
    }
    Ok((places, stored))
}

/// One shard in order.
struct Shard {
    cells: StoredCells,
    /// By rank.
    stretches: Vec<(u32, Stretch)>,
    /// The sum of all absolute values.
    magnitude: Magnitude,
}

/// `None` where a sum leaves the range.
fn shard(cells: Cells, ranked: &[(u32, u32)], near: &[NaiveDate]) -> Option<Shard> {
    let others: BTreeMap<(u32, NaiveDate), u32> =
        cells.others().map(|(group, day, cell)| ((group, day), cell)).collect();
    let first = near.first().copied().unwrap_or_default();
    let (mut order, mut days, mut stretches) = (Vec::new(), Vec::new(), Vec::new());
    for (group, rank) in ranked {
        let begin = order.len();
        let other = |from, to| others.range((*group, from)..(*group, to));
        let before = other(NaiveDate::MIN, first).map(|((_, day), cell)| (*day, *cell));
        let after = other(first, NaiveDate::MAX).map(|((_, day), cell)| (*day, *cell));
        let of_period = cells.of(*group).map(|(day, cell)| (near[day], cell));
        for (day, cell) in before.chain(of_period).chain(after) {
            days.push(day);
            order.push(cell);
        }
        let place = |place: usize| u32::try_from(place).expect("cells are counted in 32 bits");
        let cells = place(order.len() - begin);
        stretches.push((*rank, Stretch { shard: 0, first: place(begin), cells }));
    }
    let mut sums = cells.sums;
    sums.reorder(&order);
    let magnitude = magnitude(&sums, order.len())?;
    days.shrink_to_fit();
    Some(Shard { cells: StoredCells { days, sums }, stretches, magnitude })
}

fn magnitude(sums: &SumTable, cells: usize) -> Option<Magnitude> {
    let mut magnitude = [Amount::ZERO; CostMetric::COUNT];
    for cell in 0..u32::try_from(cells).ok()? {
        let costs = sums.get(cell).costs()?;
        for (metric, amount) in costs.iter() {
            let total = &mut magnitude[metric as usize];
            *total = total.checked_add(amount.abs())?;
        }
    }
    Some(magnitude)
}

pub(super) fn rename_verdict(verdict: Verdict, rename: &impl Fn(NameId) -> NameId) -> Verdict {
    let bearer = match verdict.bearer {
        Bearer::Owner(name) => Bearer::Owner(rename(name)),
        Bearer::Pool(pool, value) => Bearer::Pool(pool, rename(value)),
        Bearer::Unallocated(reason) => Bearer::Unallocated(match reason {
            Reason::NoRule => Reason::NoRule,
            Reason::UnknownOwner(name) => Reason::UnknownOwner(rename(name)),
            Reason::ClosedOwner(name) => Reason::ClosedOwner(rename(name)),
            Reason::OwnerCase(name) => Reason::OwnerCase(rename(name)),
        }),
    };
    Verdict { bearer, rule: verdict.rule }
}

fn rename_base(base: ItemBase, rename: &impl Fn(NameId) -> NameId) -> ItemBase {
    ItemBase {
        verdict: rename_verdict(base.verdict, rename),
        currency: base.currency,
        provider: rename(base.provider),
        billing_account: rename(base.billing_account),
        sub_account: rename(base.sub_account),
        service: rename(base.service),
    }
}

fn rename_group(group: &mut Group, rename: &impl Fn(NameId) -> NameId) {
    group.verdict = rename_verdict(group.verdict, rename);
    group.classified = group.classified.map(|verdict| rename_verdict(verdict, rename));
    let names = [
        &mut group.component,
        &mut group.source,
        &mut group.provider,
        &mut group.invoice_issuer,
        &mut group.invoice,
        &mut group.billing_account,
        &mut group.sub_account,
        &mut group.service,
        &mut group.charge_category,
    ];
    let lists = group.dimensions.iter_mut().chain(&mut group.traits);
    names.into_iter().chain(lists).for_each(|name| *name = rename(*name));
}

impl Kernel<'_> {
    /// Takes over what another thread of the same scan summed.
    fn absorb(&mut self, other: Self) {
        for (mine, theirs) in self.lineage.iter_mut().zip(&other.lineage) {
            if mine.len() < theirs.len() {
                mine.resize(theirs.len(), RunningSum::default());
            }
            for (mine, theirs) in mine.iter_mut().zip(theirs) {
                self.overflow |= !mine.merge(theirs);
            }
        }
        if self.coverage.len() < other.coverage.len() {
            self.coverage.resize(other.coverage.len(), RunningSum::default());
        }
        for (mine, theirs) in self.coverage.iter_mut().zip(&other.coverage) {
            self.overflow |= !mine.merge(theirs);
        }
        self.overflow |= !self.committed.absorb(&other.committed);
        self.overflow |= other.overflow;
        self.worklist.merge(other.worklist);
    }
}
