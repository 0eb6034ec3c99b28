//! From the threads' kernels to one cube, in an order that the data alone decides.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::diagnostics::{Code, Finding};
use crate::domain::{Amount, CostMetric, Costs, Currency};
use crate::ingest::FileId;

use super::cube::{
    Bearer, Cube, Group, LineageKey, NameId, Reason, StoredCell, UnallocatedItem, Verdict,
};
use super::kernel::Kernel;
use super::names::Names;
use super::plan::Plan;
use super::sums::RunningSum;
use super::worklist::ItemBase;

/// Puts the kernels together.
///
/// # Errors
/// [`Code::SumOverflow`] where a sum, or the sum of all absolute values, leaves the range: from
/// here on, adding any of these amounts is safe.
pub fn assemble(plan: &Plan<'_>, kernels: Vec<Kernel<'_>>) -> Result<Cube, Finding> {
    let mut kernels = kernels.into_iter();
    let mut whole = kernels.next().unwrap_or_else(|| Kernel::new(plan));
    whole.finish();
    for kernel in kernels {
        whole.absorb(kernel);
    }
    if whole.overflow || whole.sums.overflow || whole.worklist.overflow {
        return Err(too_large());
    }
    let (provenances, coverage) = coverage(plan, &whole);
    let lineage = lineage(&whole)?;
    let (names, renamed) = std::mem::take(&mut whole.names).sorted();
    let rename = |id: NameId| renamed[id.0 as usize];
    let unallocated = unallocated(&whole, &rename)?;
    let lineage = lineage
        .into_iter()
        .map(|(key, sum)| {
            (LineageKey { verdict: rename_verdict(key.verdict, &rename), ..key }, sum)
        })
        .collect();
    let (groups, cells, tails) = cells(&mut whole, &rename)?;
    Ok(Cube {
        period: plan.period,
        names,
        groups,
        cells,
        tails,
        segments: plan.segments(),
        provenances,
        coverage,
        lineage,
        unallocated,
    })
}

type RowsAndCosts = (u64, Costs);
type Coverage = BTreeMap<(Currency, u32), (u64, Amount)>;

/// Numbers profiles by their content, since which came first is chance.
fn coverage(plan: &Plan<'_>, whole: &Kernel<'_>) -> (Vec<Vec<String>>, Coverage) {
    let mut sorted = whole.profiles.clone();
    sorted.sort_unstable();
    let mut found = Coverage::new();
    // Charges of other months have no profile, and nothing is summed for them.
    for ((currency, profile), sum) in whole.coverage.iter().filter(|(_, (rows, _))| *rows > 0) {
        let rank = sorted.binary_search(&whole.profiles[*profile as usize]).unwrap_or_default();
        found.insert((*currency, u32::try_from(rank).unwrap_or(u32::MAX)), *sum);
    }
    (sorted.iter().map(|profile| plan.profile_labels(profile)).collect(), found)
}

fn too_large() -> Finding {
    Finding::new(Code::SumOverflow, "the amounts of all files sum beyond what can be kept exactly")
}

fn lineage(whole: &Kernel<'_>) -> Result<Vec<(LineageKey, RowsAndCosts)>, Finding> {
    let mut found = Vec::new();
    for (file, sums) in whole.lineage.iter().enumerate() {
        for (key, sum) in whole.verdicts.iter().zip(sums).filter(|(_, sum)| sum.rows > 0) {
            let file = FileId(u32::try_from(file).unwrap_or(u32::MAX));
            let costs = sum.costs().ok_or_else(too_large)?;
            let key =
                LineageKey { month: key.month, verdict: key.verdict, currency: key.currency, file };
            found.push((key, (sum.rows, costs)));
        }
    }
    Ok(found)
}

fn unallocated(
    whole: &Kernel<'_>,
    rename: &impl Fn(NameId) -> NameId,
) -> Result<Vec<UnallocatedItem>, Finding> {
    let mut items = Vec::new();
    for item in whole.worklist.items.iter().filter(|item| item.sum.rows > 0) {
        let base = rename_base(whole.worklist.bases[item.base as usize], rename);
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

type Cells = (Vec<Group>, Vec<StoredCell>, Vec<[u64; CostMetric::COUNT]>);

fn cells(whole: &mut Kernel<'_>, rename: &impl Fn(NameId) -> NameId) -> Result<Cells, Finding> {
    let mut groups: Vec<(Group, u32)> = std::mem::take(&mut whole.groups)
        .into_iter()
        .zip(0..)
        .map(|(group, old)| (rename_group(&group, rename), old))
        .collect();
    groups.sort_unstable();
    let mut rank = vec![0_u32; groups.len()];
    for (new, (_, old)) in (0..).zip(&groups) {
        rank[*old as usize] = new;
    }
    let ranked =
        |((group, day), cell): (&(u32, NaiveDate), u32)| (rank[*group as usize], *day, cell);
    let mut order: Vec<(u32, NaiveDate, u32)> = whole.cells.iter().zip(0..).map(ranked).collect();
    order.sort_unstable();
    let mut cells = Vec::with_capacity(order.len());
    let mut tails = Vec::new();
    let mut magnitude = [Amount::ZERO; CostMetric::COUNT];
    for (group, day, cell) in order {
        let sum = whole.sums.get(cell);
        let costs = sum.costs().ok_or_else(too_large)?;
        let tail = store(&mut cells, group, day, sum.rows, &costs);
        keep_tail(&mut tails, cells.len(), tail);
        for (metric, amount) in costs.iter() {
            let total = magnitude[metric as usize].checked_add(amount.abs());
            magnitude[metric as usize] = total.ok_or_else(too_large)?;
        }
    }
    Ok((groups.into_iter().map(|(group, _)| group).collect(), cells, tails))
}

fn store(
    cells: &mut Vec<StoredCell>,
    group: u32,
    day: NaiveDate,
    rows: u64,
    costs: &Costs,
) -> [u64; CostMetric::COUNT] {
    let parts = CostMetric::ALL.map(|metric| costs[metric].parts());
    cells.push(StoredCell { group, day, rows, heads: parts.map(|(head, _)| head) });
    parts.map(|(_, tail)| tail)
}

/// Tails are kept from the first cell that has one; before, there is nothing to keep.
fn keep_tail(
    tails: &mut Vec<[u64; CostMetric::COUNT]>,
    cells: usize,
    tail: [u64; CostMetric::COUNT],
) {
    if tails.is_empty() && tail == [0; CostMetric::COUNT] {
        return;
    }
    tails.resize(cells - 1, [0; CostMetric::COUNT]);
    tails.push(tail);
}

fn rename_verdict(verdict: Verdict, rename: &impl Fn(NameId) -> NameId) -> Verdict {
    let bearer = match verdict.bearer {
        Bearer::Owner(name) => Bearer::Owner(rename(name)),
        Bearer::Pool(pool) => Bearer::Pool(pool),
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

fn rename_group(group: &Group, rename: &impl Fn(NameId) -> NameId) -> Group {
    Group {
        verdict: rename_verdict(group.verdict, rename),
        component: rename(group.component),
        source: rename(group.source),
        provider: rename(group.provider),
        invoice_issuer: rename(group.invoice_issuer),
        invoice: rename(group.invoice),
        billing_account: rename(group.billing_account),
        sub_account: rename(group.sub_account),
        service: rename(group.service),
        charge_category: rename(group.charge_category),
        dimensions: group.dimensions.iter().map(|id| rename(*id)).collect(),
        month: group.month,
        currency: group.currency,
        segment: group.segment,
    }
}

impl Kernel<'_> {
    /// Takes over what another thread summed; its ids mean other things and are translated.
    fn absorb(&mut self, mut other: Self) {
        other.finish();
        let names: Vec<NameId> = translate(&other.names, &mut self.names);
        let rename = |id: NameId| names[id.0 as usize];
        let profiles: Vec<u32> = other.profiles.iter().map(|p| self.profile_id(p)).collect();
        let groups: Vec<u32> = std::mem::take(&mut other.groups)
            .into_iter()
            .map(|group| self.group(rename_group(&group, &rename)))
            .collect();
        for (index, (group, day)) in (0..).zip(&other.cells) {
            let cell = self.cell(groups[*group as usize], *day);
            self.sums.merge(cell, &other.sums.get(index));
        }
        let verdicts: Vec<u32> = other
            .verdicts
            .iter()
            .map(|key| {
                self.verdict_id(super::kernel::VerdictKey {
                    verdict: rename_verdict(key.verdict, &rename),
                    ..*key
                })
            })
            .collect();
        for (file, sums) in other.lineage.iter().enumerate() {
            for (verdict, sum) in verdicts.iter().zip(sums).filter(|(_, sum)| sum.rows > 0) {
                self.absorb_lineage(file, *verdict, sum);
            }
        }
        for ((currency, profile), sum) in &other.coverage {
            let Some(profile) = profiles.get(*profile as usize) else { continue };
            let mine = self.coverage_id((*currency, *profile));
            let (rows, effective) = &mut self.coverage[mine as usize].1;
            let total = effective.checked_add(sum.1);
            *rows += sum.0;
            *effective = total.unwrap_or_default();
            self.overflow |= total.is_none();
        }
        self.worklist.merge(other.worklist, |base| rename_base(base, &rename));
        self.overflow |= other.overflow || other.sums.overflow;
    }

    fn absorb_lineage(&mut self, file: usize, verdict: u32, sum: &RunningSum) {
        let sums = &mut self.lineage[file];
        if sums.len() <= verdict as usize {
            sums.resize(verdict as usize + 1, RunningSum::default());
        }
        self.overflow |= !sums[verdict as usize].merge(sum);
    }
}

fn translate(from: &Names, to: &mut Names) -> Vec<NameId> {
    from.ids().map(|id| to.id(from.text(id))).collect()
}
