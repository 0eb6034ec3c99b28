//! `unallocated.csv`: the worklist of cost without an owner, largest first.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use hashbrown::HashMap;

use crate::allocate::{Flow, Line, NameId, Party, Reason, UnallocatedItem};
use crate::diagnostics::Finding;
use crate::domain::{CostMetric, Costs, Currency, Period};
use crate::rules::RuleId;

use super::Facts;
use super::digest::Digest;
use super::sink::Sink;
use super::suggest::Evidence;

const HEADER: [&str; 14] = [
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
    pub(super) effective: crate::domain::Amount,
    pub(super) billed: crate::domain::Amount,
    pub(super) rows: u64,
    pub(super) since: Period,
    pub(super) suggestion: String,
}

/// All of them, by currency, then amount descending. They sum to the unallocated total.
pub(super) fn list(facts: &Facts, digest: &Digest) -> Vec<Unallocated> {
    let evidence = Evidence::new(facts, &digest.bearers);
    let mut known: HashMap<Like, String> = HashMap::new();
    let items = facts.cube.unallocated.iter().map(|item| {
        let like = (item.reason, item.rule, item.sub_account, item.service, item.currency);
        let suggestion = known.entry(like).or_insert_with(|| evidence.rule_for(item));
        of_item(facts, item, suggestion.clone())
    });
    let mut rows: Vec<Unallocated> = items.collect();
    rows.extend(of_pools(facts, &evidence));
    rows.sort_by(|a, b| {
        (a.currency, Reverse(a.effective), a).cmp(&(b.currency, Reverse(b.effective), b))
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
            ])
        })
    })
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
    }
}

/// What pools of the period could not give to anybody, one row per pool and currency.
fn of_pools(facts: &Facts, evidence: &Evidence) -> Vec<Unallocated> {
    let mut sums: BTreeMap<(&str, Currency), (Costs, u64)> = BTreeMap::new();
    for (pool, line) in rests(facts, facts.period) {
        let sum = sums.entry((pool, line.currency)).or_default();
        sum.0 += line.costs;
        sum.1 += line.rows;
    }
    let row = |((pool, currency), (costs, rows)): ((&str, Currency), (Costs, u64))| Unallocated {
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
