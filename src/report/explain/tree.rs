//! The trees of owners and pools.

use std::collections::{BTreeMap, BTreeSet};

use crate::allocate::{Bearer, Flow, FoundRow, Line, NameId, Party, TraceStep};
use crate::domain::{CostMetric, Costs, Currency};
use crate::rules::PoolId;

use super::super::Facts;
use super::branch::Branch;
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

/// What a pool received in the period and who bears it, a tree per currency.
#[must_use]
pub fn of_pool(facts: &Facts<'_>, pool: PoolId) -> Vec<Branch> {
    let declared = facts.rules.pool(pool);
    let party = Party::Pool(declared.name.clone());
    currencies(facts, &party)
        .into_iter()
        .map(|currency| {
            let rules = by_rule(facts, Bearer::Pool(pool), currency);
            let received = Branch::sum(
                format!("pool `{}`", declared.name),
                currency,
                "received by rule",
                rules,
            );
            let borne = borne_by(facts, pool, currency);
            received.declared_at(Some(place_of(facts, pool))).cut("borne by", borne)
        })
        .collect()
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

fn steps<'f>(facts: &Facts<'f>) -> impl Iterator<Item = &'f TraceStep> {
    facts.months.get(&facts.period).into_iter().flat_map(|month| &month.trace)
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
        let mine: Vec<&TraceStep> = steps(facts)
            .filter(|s| s.pool_name == name && s.to == *party && s.currency == currency)
            .collect();
        let place = mine.first().map(|step| place_of(facts, step.pool));
        let sum = Branch::sum(
            format!("from pool `{name}`"),
            currency,
            "by division",
            divisions(&mine, currency),
        );
        sum.declared_at(place)
    };
    pools.into_iter().map(branch).collect()
}

/// The divisions behind some steps: one branch per component and stretch of days.
fn divisions(steps: &[&TraceStep], currency: Currency) -> Vec<Branch> {
    let mut found: BTreeMap<_, (Costs, &TraceStep)> = BTreeMap::new();
    for step in steps {
        let entry = found.entry((&step.component, step.days)).or_insert((Costs::ZERO, step));
        entry.0[step.metric] += step.rounded;
        if step.metric == CostMetric::EffectiveCost {
            entry.1 = step;
        }
    }
    let branch = |((component, days), (costs, step)): ((&String, _), (Costs, &TraceStep))| {
        Branch::new(format!("{component}, charges {days}"), currency, costs).computed(how(step))
    };
    found.into_iter().map(branch).collect()
}

fn how(step: &TraceStep) -> String {
    match step.to {
        Party::Rounding => "what the division left below its last digit".to_owned(),
        _ if step.driver_value.is_empty() => step.method.clone(),
        _ => format!(
            "{}: {} {} of {} × {} / {}",
            step.method,
            step.pool_amount,
            step.currency,
            step.metric,
            step.driver_value,
            step.driver_total
        ),
    }
}

fn borne_by(facts: &Facts<'_>, pool: PoolId, currency: Currency) -> Vec<Branch> {
    let mut parties: BTreeMap<&Party, Vec<&TraceStep>> = BTreeMap::new();
    for step in steps(facts).filter(|step| step.pool == pool && step.currency == currency) {
        parties.entry(&step.to).or_default().push(step);
    }
    let branch = |(party, steps): (&Party, Vec<&TraceStep>)| {
        Branch::sum(label(party), currency, "by division", divisions(&steps, currency))
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
