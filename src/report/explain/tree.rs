//! The trees of owners and pools.

use std::collections::{BTreeMap, BTreeSet};

use crate::allocate::{Bearer, Division, Flow, FoundRow, Line, NameId, Party, TraceStep};
use crate::domain::{Costs, Currency};
use crate::rules::{PoolId, PoolName};

use super::super::Facts;
use super::branch::Branch;
use super::line::arithmetic;
use super::origin::by_rule;

/// What an owner bears in the period, a tree per currency; empty where it bears nothing.
#[must_use]
pub fn of_owner(facts: &Facts<'_>, owner: &str) -> Vec<Branch> {
    let party = Party::Owner(owner.to_owned());
    currencies(facts, &party)
        .into_iter()
        .map(|currency| {
            let mut made_of = Vec::new();
            if let Some(bearer) = bearer_named(facts, owner) {
                let rules = by_rule(facts, bearer, currency);
                if !rules.is_empty() {
                    made_of.push(Branch::sum("charged directly", currency, "by rule", rules));
                }
            }
            made_of.extend(shared_in(facts, &party, currency));
            let path = facts.org.path(owner, facts.period.last()).join(" / ");
            let label = if path == owner { owner.to_owned() } else { format!("{owner} ({path})") };
            Branch::sum(label, currency, "made of", made_of)
        })
        .collect()
}

/// What a pool received in the period and who bears it, a tree per currency. Of a family, its pools
/// are explained one after the other, or the one with that value.
#[must_use]
pub fn of_pool(facts: &Facts<'_>, pool: PoolId, value: Option<&str>) -> Vec<Branch> {
    let named = |found: &PoolName| {
        found.pool == pool && (value.is_none() || found.value.as_deref() == value)
    };
    let divided = divisions(facts).map(|division| &division.pool);
    let pools: BTreeSet<&PoolName> = divided.filter(|found| named(found)).collect();
    pools.into_iter().flat_map(|pool| of_one_pool(facts, pool)).collect()
}

fn of_one_pool(facts: &Facts<'_>, pool: &PoolName) -> Vec<Branch> {
    let label = facts.rules.pool(pool.pool).label(pool.value.as_deref());
    let party = Party::Pool(label.clone());
    let tree = |currency| {
        let mut received = Vec::new();
        if let Some(bearer) = bearer_of_pool(facts, pool) {
            let rules = by_rule(facts, bearer, currency);
            if !rules.is_empty() {
                received.push(Branch::sum("charged directly", currency, "by rule", rules));
            }
        }
        received.extend(shared_in(facts, &party, currency));
        let borne = borne_by(facts, &label, currency);
        Branch::sum(format!("pool `{label}`"), currency, "received", received)
            .declared_at(Some(place_of(facts, pool.pool)))
            .cut("borne by", borne)
    };
    currencies(facts, &party).into_iter().map(tree).collect()
}

/// What nobody bears in the period, by reason, a tree per currency.
#[must_use]
pub fn of_unallocated(facts: &Facts<'_>) -> Vec<Branch> {
    let tree = |currency| {
        let mut reasons = Vec::new();
        for bearer in unallocated_bearers(facts) {
            let rules = by_rule(facts, bearer, currency);
            if let (Bearer::Unallocated(reason), false) = (bearer, rules.is_empty()) {
                let asked = facts.cube.name(reason.asked());
                let asked = asked.map_or_else(String::new, |name| format!(": `{name}`"));
                let label = format!("{}{asked}", reason.name());
                reasons.push(Branch::sum(label, currency, "by rule", rules));
            }
        }
        reasons.extend(shared_in(facts, &Party::Unallocated, currency));
        Branch::sum("unallocated", currency, "by reason", reasons)
    };
    currencies(facts, &Party::Unallocated).into_iter().map(tree).collect()
}

fn unallocated_bearers(facts: &Facts<'_>) -> BTreeSet<Bearer> {
    let of_period = facts.cube.lineage.keys().filter(|key| key.month == facts.period);
    let bearers = of_period.map(|key| key.verdict.bearer);
    bearers.filter(|bearer| matches!(bearer, Bearer::Unallocated(_))).collect()
}

fn lines<'f>(facts: &Facts<'f>) -> impl Iterator<Item = &'f Line> {
    facts.months.get(&facts.period).into_iter().flat_map(|month| &month.lines)
}

fn divisions<'f>(facts: &Facts<'f>) -> impl Iterator<Item = &'f Division> {
    facts.months.get(&facts.period).into_iter().flat_map(|month| &month.divisions)
}

fn currencies(facts: &Facts<'_>, party: &Party) -> BTreeSet<Currency> {
    lines(facts).filter(|line| line.party == *party).map(|line| line.currency).collect()
}

fn bearer_named(facts: &Facts<'_>, owner: &str) -> Option<Bearer> {
    let bearers = facts.cube.lineage.keys().map(|key| key.verdict.bearer);
    let named = |bearer: &Bearer| match bearer {
        Bearer::Owner(name) => *name != NameId::ABSENT && facts.cube.text(*name) == owner,
        _ => false,
    };
    bearers.into_iter().find(named)
}

fn place_of(facts: &Facts<'_>, pool: PoolId) -> String {
    let span = &facts.rules.pool(pool).span;
    format!("{}:{}", span.path, span.line)
}

/// Who bears what a pool is for, where charges were classified to it.
fn bearer_of_pool(facts: &Facts<'_>, pool: &PoolName) -> Option<Bearer> {
    let bearers = facts.cube.lineage.keys().map(|key| key.verdict.bearer);
    bearers.into_iter().find(|bearer| match bearer {
        Bearer::Pool(id, value) => {
            *id == pool.pool && facts.cube.name(*value) == pool.value.as_deref()
        }
        _ => false,
    })
}

/// What came from pools, a branch per pool, each made of its divisions.
fn shared_in(facts: &Facts<'_>, party: &Party, currency: Currency) -> Vec<Branch> {
    let pools: BTreeSet<&str> = lines(facts)
        .filter(|line| line.party == *party && line.currency == currency)
        .filter_map(|line| match &line.flow {
            Flow::SharedIn(pool) => Some(pool.as_str()),
            _ => None,
        })
        .collect();
    let branch = |name: &str| {
        let mine = divisions(facts).filter(|d| *d.label == *name && d.currency == currency);
        let mine: Vec<&Division> = mine.collect();
        let place = mine.first().map(|division| place_of(facts, division.pool.pool));
        let parts = mine.into_iter().filter_map(|division| part_of(facts, division, party));
        let sum =
            Branch::sum(format!("from pool `{name}`"), currency, "by division", parts.collect());
        sum.declared_at(place)
    };
    pools.into_iter().map(branch).collect()
}

/// What a party got by a division; `None` where it is none of the receivers.
fn part_of(facts: &Facts<'_>, division: &Division, party: &Party) -> Option<Branch> {
    let mut costs = Costs::ZERO;
    let mut shown: Option<TraceStep<'_>> = None;
    for step in division.steps().filter(|step| step.to == party) {
        costs[step.metric] += step.rounded;
        if shown.is_none() || step.metric == facts.rules.view.metric() {
            shown = Some(step);
        }
    }
    let step = shown?;
    let traits: Vec<&str> = division.traits.iter().flatten().map(String::as_str).collect();
    let of = if traits.is_empty() { String::new() } else { format!(" of {}", traits.join(", ")) };
    let label = format!("{}, charges {}{of}", division.component, division.days);
    Some(Branch::new(label, division.currency, costs).computed(arithmetic(facts, &step)))
}

fn borne_by(facts: &Facts<'_>, pool: &str, currency: Currency) -> Vec<Branch> {
    let mut parties: BTreeMap<&Party, Vec<Branch>> = BTreeMap::new();
    for division in divisions(facts).filter(|d| *d.label == *pool && d.currency == currency) {
        let mut receivers: BTreeSet<&Party> = BTreeSet::new();
        receivers.extend(division.steps().map(|step| step.to));
        for party in receivers {
            parties.entry(party).or_default().extend(part_of(facts, division, party));
        }
    }
    let branch = |(party, parts): (&Party, Vec<Branch>)| {
        Branch::sum(label(party), currency, "by division", parts)
    };
    parties.into_iter().map(branch).collect()
}

fn label(party: &Party) -> String {
    match party {
        Party::Owner(name) => name.clone(),
        Party::Pool(name) => format!("pool `{name}`"),
        Party::Unallocated => "unallocated".to_owned(),
        Party::Rounding => "rounding".to_owned(),
    }
}

/// Source rows as a table: file, row, charge date, rule, currency, the four costs, resource, and
/// the values that decided. An unknown cost is blank. Sorted by file and row.
///
/// # Errors
/// Never in practice: the table is written to memory.
pub fn rows_table(facts: &Facts<'_>, rows: &[FoundRow]) -> Result<String, csv::Error> {
    let mut numbered: Vec<(u32, u64, &FoundRow)> = rows
        .iter()
        .map(|row| {
            let file = facts.scan.files.get(row.file.0 as usize);
            (row.file.0, file.map_or(0, |file| file.row_number(row.place)), row)
        })
        .collect();
    numbered.sort_by_key(|(file, number, _)| (*file, *number));
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record([
        "file",
        "row",
        "charge_date",
        "rule",
        "currency",
        "billed_cost",
        "effective_cost",
        "list_cost",
        "contracted_cost",
        "resource_id",
        "decided_by",
        "identity",
    ])?;
    for (file, number, row) in numbered {
        let path = facts.scan.files.get(file as usize).map_or("", |file| &*file.path);
        let rule = row.rule.map_or("", |rule| &*facts.rules.rule(rule).name);
        let mut record =
            vec![path.to_owned(), number.to_string(), row.day.to_string(), rule.to_owned()];
        record.push(row.currency.to_string());
        record.extend(row.costs.iter().map(|(metric, amount)| {
            if row.unknown.has(metric) { String::new() } else { amount.to_string() }
        }));
        record.extend([row.resource.clone().unwrap_or_default(), row.decided_by.clone()]);
        record.push(row.identity.clone().unwrap_or_default());
        table.write_record(&record)?;
    }
    let bytes = table.into_inner().map_err(csv::IntoInnerError::into_error)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
