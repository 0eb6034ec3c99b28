//! `unallocated.csv`: the worklist of cost without an owner, largest first.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use hashbrown::HashMap;

use crate::allocate::{Flow, Line, NameId, Party, Reason, UnallocatedItem};
use crate::diagnostics::Finding;
use crate::domain::{Amount, CostMetric, Costs, Currency, MonthRates, Period, split_signed};
use crate::rules::{CostView, RuleId};

use super::Facts;
use super::digest::{Digest, WorkKey};
use super::exchange::text;
use super::sink::Sink;
use super::suggest::Evidence;

const HEADER: [&str; 17] = [
    "reason",
    "asked_owner",
    "provider",
    "billing_account_id",
    "sub_account_id",
    "service_name",
    "resource_id",
    "currency",
    "effective_cost",
    "billed_cost",
    "rows",
    "since",
    "age_in_months",
    "suggested_rule",
    "report_currency",
    "report_effective_cost",
    "report_billed_cost",
];
/// The reason of what a pool could not give to anybody; the pool is then what was asked.
const POOL_REST: &str = "pool share without receiver";

/// Cost of the period that nobody bears, of one resource or of one pool.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Unallocated {
    pub(super) reason: &'static str,
    /// The owner that was asked for, or `pool:<name>`.
    pub(super) asked: String,
    pub(super) provider: String,
    pub(super) billing_account: String,
    pub(super) sub_account: String,
    pub(super) service: String,
    pub(super) resource: String,
    pub(super) currency: Currency,
    pub(super) effective: Amount,
    pub(super) billed: Amount,
    pub(super) rows: u64,
    pub(super) since: Period,
    pub(super) suggestion: String,
    /// Both costs in the report currency; `None` where no rate is known.
    pub(super) report: Option<ReportCosts>,
}

/// `EffectiveCost` and `BilledCost` in the report currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ReportCosts {
    pub(super) effective: Amount,
    pub(super) billed: Amount,
}

impl Unallocated {
    /// In the metric of the view.
    pub(super) fn amount(&self, view: CostView) -> Amount {
        match view {
            CostView::Amortized => self.effective,
            CostView::Cash => self.billed,
        }
    }
}

impl ReportCosts {
    /// In the metric of the view.
    pub(super) fn amount(&self, view: CostView) -> Amount {
        match view {
            CostView::Amortized => self.effective,
            CostView::Cash => self.billed,
        }
    }

    fn of(costs: &Costs) -> Self {
        Self { effective: costs[CostMetric::EffectiveCost], billed: costs[CostMetric::BilledCost] }
    }
}

/// All of them, by currency, then amount descending. They sum to the unallocated total.
pub(super) fn list(facts: &Facts, digest: &Digest) -> Vec<Unallocated> {
    let evidence = Evidence::new(facts.rules, facts.org, facts.cube, &digest.bearers);
    let mut known: HashMap<Like, String> = HashMap::new();
    let reports = in_report_currency(facts, digest);
    let items = facts.cube.unallocated.iter().zip(reports).map(|(item, report)| {
        let like = (item.reason, item.rule, item.sub_account, item.service, item.currency);
        let suggestion = known.entry(like).or_insert_with(|| evidence.rule_for(item));
        Unallocated { report, ..of_item(facts, item, suggestion.clone()) }
    });
    let mut rows: Vec<Unallocated> = items.collect();
    rows.extend(of_pools(facts, &evidence));
    let view = facts.rules.view;
    rows.sort_by(|a, b| {
        let amount = |row: &Unallocated| Reverse(row.amount(view));
        (a.currency, amount(a), a).cmp(&(b.currency, amount(b), b))
    });
    rows
}

/// Items that are alike in this get the same suggestion.
type Like = (Reason, Option<RuleId>, NameId, NameId, Currency);

pub(super) fn write(facts: &Facts, rows: &[Unallocated], sink: &mut Sink) -> Result<(), Finding> {
    sink.table("unallocated.csv", &HEADER, |table| {
        rows.iter().try_for_each(|row| {
            table.write_record([
                row.reason,
                &row.asked,
                &row.provider,
                &row.billing_account,
                &row.sub_account,
                &row.service,
                &row.resource,
                row.currency.code(),
                &row.effective.to_string(),
                &row.billed.to_string(),
                &row.rows.to_string(),
                &row.since.to_string(),
                &facts.period.months_since(row.since).to_string(),
                &row.suggestion,
                facts.conversions.report_currency.code(),
                &text(row.report.map(|report| report.effective)),
                &text(row.report.map(|report| report.billed)),
            ])
        })
    })
}

/// The items in the report currency. An item has no days, so items of one kind of charges share
/// the converted sum of its cells, and the list ties to the totals.
fn in_report_currency(facts: &Facts, digest: &Digest) -> Vec<Option<ReportCosts>> {
    let mut kinds: HashMap<WorkKey, Vec<usize>> = HashMap::new();
    let items = &facts.cube.unallocated;
    for (index, item) in items.iter().enumerate() {
        kinds.entry(WorkKey::of(item)).or_default().push(index);
    }
    let mut found = vec![None; items.len()];
    let digits = facts.conversions.terms.map_or(0, |terms| terms.digits);
    for (kind, members) in kinds {
        match facts.conversions.rates(facts.period, kind.currency) {
            MonthRates::Unknown => {}
            MonthRates::Same => members.into_iter().for_each(|index| {
                found[index] = Some(ReportCosts::of(&items[index].costs));
            }),
            rates => {
                let whole = digest.unallocated.get(&kind).copied().unwrap_or_default();
                let parts = |metric: CostMetric| {
                    let own: Vec<Amount> =
                        members.iter().map(|index| items[*index].costs[metric]).collect();
                    let above = |sum: Amount| rates.roughly(sum).unwrap_or(whole[metric]);
                    split_signed(whole[metric], &own, above, digits)
                };
                let (effective, billed) =
                    (parts(CostMetric::EffectiveCost), parts(CostMetric::BilledCost));
                for (index, (effective, billed)) in
                    members.into_iter().zip(effective.into_iter().zip(billed))
                {
                    found[index] = Some(ReportCosts { effective, billed });
                }
            }
        }
    }
    found
}

fn of_item(facts: &Facts, item: &UnallocatedItem, suggestion: String) -> Unallocated {
    let text = |name| facts.cube.text(name).to_owned();
    Unallocated {
        reason: item.reason.name(),
        asked: text(item.reason.asked()),
        provider: text(item.provider),
        billing_account: text(item.billing_account),
        sub_account: text(item.sub_account),
        service: text(item.service),
        resource: item.resource.clone(),
        currency: item.currency,
        effective: item.costs[CostMetric::EffectiveCost],
        billed: item.costs[CostMetric::BilledCost],
        rows: item.rows,
        since: item.since,
        suggestion,
        report: None,
    }
}

/// What pools of the period could not give to anybody, one row per pool and currency.
fn of_pools(facts: &Facts, evidence: &Evidence) -> Vec<Unallocated> {
    type Rests<'a> = BTreeMap<(&'a str, Currency), (Costs, u64, Option<Costs>)>;
    let mut sums = Rests::new();
    for (pool, line) in rests(facts, facts.period) {
        let known = (Costs::ZERO, 0, Some(Costs::ZERO));
        let sum = sums.entry((pool, line.currency)).or_insert(known);
        sum.0 += line.costs;
        sum.1 += line.rows;
        sum.2 = [sum.2, line.report_costs].into_iter().sum();
    }
    let row = |((pool, currency), (costs, rows, report)): (
        (&str, Currency),
        (Costs, u64, Option<Costs>),
    )| Unallocated {
        reason: POOL_REST,
        asked: format!("pool:{pool}"),
        provider: String::new(),
        billing_account: String::new(),
        sub_account: String::new(),
        service: String::new(),
        resource: String::new(),
        currency,
        effective: costs[CostMetric::EffectiveCost],
        billed: costs[CostMetric::BilledCost],
        rows,
        since: rest_since(facts, pool, currency),
        suggestion: evidence.setting_for(pool),
        report: report.as_ref().map(ReportCosts::of),
    };
    sums.into_iter().map(row).collect()
}

/// The lines of a month that came from a pool and stayed without owner.
fn rests<'a>(facts: &Facts<'a>, month: Period) -> impl Iterator<Item = (&'a str, &'a Line)> {
    let lines = facts.months.get(&month).into_iter().flat_map(|month| &month.lines);
    lines.filter_map(|line| match (&line.party, &line.flow) {
        (Party::Unallocated, Flow::SharedIn(pool)) => Some((pool.as_str(), line)),
        _ => None,
    })
}

fn rest_since(facts: &Facts, pool: &str, currency: Currency) -> Period {
    let had_rest = |month: Period| {
        rests(facts, month).any(|(name, line)| name == pool && line.currency == currency)
    };
    let mut months = facts.months.keys().copied().filter(|month| *month <= facts.period);
    months.find(|month| had_rest(*month)).unwrap_or(facts.period)
}
