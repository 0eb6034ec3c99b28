//! From the threads' kernels to one cube, in an order that the data alone decides.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Days, NaiveDate};

use crate::diagnostics::{Code, Finding};
use crate::domain::{Amount, CostMetric, Costs, Currency, MetricSet};
use crate::ingest::{FileId, WantedText};

use super::cube::{
    Bearer, Cube, Group, LineageKey, NameId, Reason, StoredCell, UnallocatedItem, Verdict,
};
use super::kernel::Kernel;
use super::plan::Plan;
use super::shared::{Cells, Registry, place_of};
use super::sums::RunningSum;
use super::worklist::{ItemBase, Worklist};

/// Puts the kernels of one scan together.
///
/// # Errors
/// [`Code::SumOverflow`] where a sum, or the sum of all absolute values, leaves the range: from
/// here on, adding any of these amounts is safe.
pub fn assemble(plan: &Plan<'_>, kernels: Vec<Kernel<'_>>) -> Result<Cube, Finding> {
    let threads = kernels.len().max(1);
    let Whole { mut registry, shards, lineage, coverage: sums, worklist } = gather(plan, kernels)?;
    let (provenances, coverage) = coverage(plan, &registry, &sums);
    let (names, renamed) = std::mem::take(&mut registry.names).sorted();
    let rename = |id: NameId| renamed[id.0 as usize];
    let unallocated = unallocated(&registry, &worklist, &rename)?;
    let lineage = lineages(&registry, &lineage, &rename)?;
    let other_forms = other_forms(plan, &registry);
    let groups = std::mem::take(&mut registry.groups).values;
    drop((registry, worklist));
    let (groups, cells, tails) = cells(plan, threads, groups, &shards, &rename)?;
    Ok(Cube {
        period: plan.period,
        names,
        groups,
        cells,
        tails,
        lot_fields: plan.lot_fields.clone(),
        segments: plan.segments(),
        provenances,
        coverage,
        lineage,
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
    coverage: Vec<(u64, Amount)>,
    worklist: Worklist,
}

fn gather(plan: &Plan<'_>, kernels: Vec<Kernel<'_>>) -> Result<Whole, Finding> {
    let mut kernels = kernels.into_iter();
    let mut first = kernels.next().unwrap_or_else(|| Kernel::new(plan));
    for kernel in kernels {
        first.absorb(kernel);
    }
    let Kernel { shared, lineage, coverage, worklist, mut overflow, .. } = first;
    let (registry, shards) =
        Arc::into_inner(shared).expect("all kernels of the scan are here").into_parts();
    overflow |= worklist.overflow || shards.iter().any(|cells| cells.sums.overflow);
    if overflow {
        Err(too_large())
    } else {
        Ok(Whole { registry, shards, lineage, coverage, worklist })
    }
}

type RowsAndCosts = (u64, Costs);
type Coverage = BTreeMap<(Currency, u32), (u64, Amount)>;

/// Numbers profiles by their content, since which came first is chance.
fn coverage(
    plan: &Plan<'_>,
    registry: &Registry,
    sums: &[(u64, Amount)],
) -> (Vec<Vec<String>>, Coverage) {
    let profiles = &registry.profiles.values;
    let mut sorted = profiles.clone();
    sorted.sort_unstable();
    let mut found = Coverage::new();
    // Charges of other months have no profile, and nothing is summed for them.
    let keys = registry.coverage.values.iter().zip(sums);
    for ((currency, profile), sum) in keys.filter(|(_, (rows, sum))| *rows > 0 || !sum.is_zero()) {
        let rank = sorted.binary_search(&profiles[*profile as usize]).unwrap_or_default();
        found.insert((*currency, u32::try_from(rank).unwrap_or(u32::MAX)), *sum);
    }
    (sorted.iter().map(|profile| plan.profile_labels(profile)).collect(), found)
}

fn too_large() -> Finding {
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

type Tails = Vec<[u64; CostMetric::COUNT]>;
type Sorted = (Vec<Group>, Vec<StoredCell>, Tails);

/// Sorts groups, and puts the cells of each behind those of the one before it.
fn cells(
    plan: &Plan<'_>,
    threads: usize,
    groups: Vec<Group>,
    shards: &[Cells],
    rename: &(impl Fn(NameId) -> NameId + Sync),
) -> Result<Sorted, Finding> {
    let groups = sorted_groups(threads, groups, rename);
    let others = other_days(shards);
    let days: Vec<NaiveDate> =
        (0..32).filter_map(|day| plan.period.first().checked_add_days(Days::new(day))).collect();
    let of = |old: u32| Lying { old, shards, others: &others, days: &days };
    let counts: Vec<usize> = groups.iter().map(|(_, old)| of(*old).cells().count()).collect();
    let total = counts.iter().sum();
    let has_tails = shards.iter().any(|cells| cells.sums.has_tails());
    let mut cells = vec![StoredCell::default(); total];
    let mut tails = if has_tails { vec![[0; CostMetric::COUNT]; total] } else { Tails::new() };
    let mut magnitude = [Amount::ZERO; CostMetric::COUNT];
    let parts = std::thread::scope(|scope| {
        let mut workers = Vec::new();
        let (mut cells, mut tails, mut rank) = (&mut *cells, &mut *tails, 0_u32);
        let size = groups.len().div_ceil(threads).max(1);
        for (groups, counts) in groups.chunks(size).zip(counts.chunks(size)) {
            let count = counts.iter().sum();
            let (mine, rest) = std::mem::take(&mut cells).split_at_mut(count);
            let (my_tails, rest_tails) =
                std::mem::take(&mut tails).split_at_mut(if has_tails { count } else { 0 });
            (cells, tails) = (rest, rest_tails);
            let of = &of;
            let first = rank;
            workers.push(scope.spawn(move || {
                let found = groups.iter().zip(first..).flat_map(|((_, old), rank)| {
                    of(*old).cells().map(move |(day, sum, known)| (rank, day, sum, known))
                });
                fill(found, mine, my_tails)
            }));
            rank += u32::try_from(groups.len()).unwrap_or(u32::MAX);
        }
        let joined = workers.into_iter().map(std::thread::ScopedJoinHandle::join);
        joined.map(|part| part.expect("sums are checked, they do not panic")).collect::<Vec<_>>()
    });
    for part in parts {
        for (total, amount) in magnitude.iter_mut().zip(part.ok_or_else(too_large)?) {
            *total = total.checked_add(amount).ok_or_else(too_large)?;
        }
    }
    Ok((groups.into_iter().map(|(group, _)| group).collect(), cells, tails))
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

/// Cells on days that are not of the period, by group and day.
fn other_days(shards: &[Cells]) -> BTreeMap<(u32, NaiveDate), u32> {
    let shards_count = u32::try_from(shards.len()).unwrap_or(1);
    let numbered = (0..).zip(shards);
    let all = numbered.flat_map(|(shard, cells)| {
        cells.others().map(move |(group, day, cell)| ((group * shards_count + shard, day), cell))
    });
    all.collect()
}

/// The cells of one group, wherever they lie.
#[derive(Clone, Copy)]
struct Lying<'a> {
    old: u32,
    shards: &'a [Cells],
    others: &'a BTreeMap<(u32, NaiveDate), u32>,
    days: &'a [NaiveDate],
}

impl<'a> Lying<'a> {
    /// By day.
    fn cells(self) -> impl Iterator<Item = (NaiveDate, RunningSum, MetricSet)> + 'a {
        let (shard, group) = place_of(self.old);
        let cells = &self.shards[shard];
        let first = self.days.first().copied().unwrap_or_default();
        let other = |from: NaiveDate, to: NaiveDate| {
            self.others
                .range((self.old, from)..(self.old, to))
                .map(|((_, day), cell)| (*day, *cell))
        };
        let before = other(NaiveDate::MIN, first);
        let near = cells.of(group).map(move |(day, cell)| (self.days[day], cell));
        let after = other(first, NaiveDate::MAX);
        let all = before.chain(near).chain(after);
        all.map(|(day, cell)| (day, cells.sums.get(cell), cells.sums.known(cell)))
    }
}

/// Stores cells and tells the sum of their absolute values; `None` where a sum leaves the range.
fn fill(
    found: impl Iterator<Item = (u32, NaiveDate, RunningSum, MetricSet)>,
    cells: &mut [StoredCell],
    tails: &mut [[u64; CostMetric::COUNT]],
) -> Option<[Amount; CostMetric::COUNT]> {
    let mut magnitude = [Amount::ZERO; CostMetric::COUNT];
    for (index, ((group, day, sum, known), cell)) in found.zip(cells).enumerate() {
        let costs = sum.costs()?;
        for (metric, amount) in costs.iter() {
            let total = &mut magnitude[metric as usize];
            *total = total.checked_add(amount.abs())?;
        }
        let parts = CostMetric::ALL.map(|metric| costs[metric].parts());
        *cell = StoredCell::new(group, day, sum.rows, known, parts.map(|(head, _)| head));
        if let Some(tail) = tails.get_mut(index) {
            *tail = parts.map(|(_, tail)| tail);
        }
    }
    Some(magnitude)
}

fn rename_verdict(verdict: Verdict, rename: &impl Fn(NameId) -> NameId) -> Verdict {
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
            self.coverage.resize(other.coverage.len(), Default::default());
        }
        for ((rows, effective), theirs) in self.coverage.iter_mut().zip(&other.coverage) {
            let total = effective.checked_add(theirs.1);
            *rows += theirs.0;
            *effective = total.unwrap_or_default();
            self.overflow |= total.is_none();
        }
        self.overflow |= other.overflow;
        self.worklist.merge(other.worklist);
    }
}
