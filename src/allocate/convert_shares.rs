//! Shared cost in the report currency: a lot's converted amount, divided as its original was.
//!
//! Divisions are gone through in the order in which they were made, so that what a pool received is
//! converted before it is divided. The parts of a division weigh what they are, so that nobody's
//! share changes; they sum to the lot's converted amount, and a pool that was emptied is empty in
//! the report currency too.

use std::collections::BTreeMap;

use num_bigint::BigUint;

use crate::domain::{Amount, CostMetric, Costs, Currency, DateRange, MonthRates, Period, split};

use super::model::{Allocation, Division, Flow, Line, LotKey, Party, Reported, When};
use super::pools::{line_key, segment_of};

/// Fills in all divisions and shared lines of a month. `lots` are the converted amounts that
/// charges brought into pools.
pub(super) fn convert_shares<'r>(
    allocation: &mut Allocation,
    lots: &BTreeMap<LotKey, Costs>,
    month: Period,
    segments: &[DateRange],
    digits: u32,
    rates: impl Fn(Currency) -> &'r MonthRates,
) {
    let mut amounts = vec![Costs::ZERO; allocation.divisions.len()];
    for (key, costs) in lots {
        if let Some(index) = allocation.lots.get(key) {
            amounts[*index as usize] += *costs;
        }
    }
    for index in 0..allocation.divisions.len() {
        let division = &allocation.divisions[index];
        let report = match rates(division.currency) {
            MonthRates::Unknown => None,
            MonthRates::Same => Some(Reported {
                costs: division.costs,
                given: division.given.clone(),
                rounding: division.rounding,
            }),
            of_month => Some(divided(division, amounts[index], month, digits, of_month)),
        };
        if let Some(report) = &report
            && !matches!(rates(division.currency), MonthRates::Same)
        {
            for (index, costs) in fed(allocation, division, report, segments) {
                amounts[index as usize] += costs;
            }
        }
        allocation.divisions[index].report = report;
    }
    fill_lines(allocation, rates);
}

/// A division in the report currency.
fn divided(
    division: &Division,
    costs: Costs,
    month: Period,
    digits: u32,
    rates: &MonthRates,
) -> Reported {
    let mut report = Reported { costs, ..Reported::default() };
    for metric in CostMetric::ALL {
        let given = &division.given[metric as usize];
        let amount = costs[metric];
        report.given[metric as usize] = if division.costs[metric].is_zero() {
            // A price moves money where nothing is divided; charges that cancel out may leave
            // something once they are converted on different days, which nobody bears.
            let charged = priced(given, month, rates);
            report.rounding[metric] = amount - charged.iter().copied().sum();
            charged
        } else {
            let weights: Vec<BigUint> =
                given.iter().map(|part| part.to_units().magnitude().clone()).collect();
            if let Some(done) = split(amount, &weights, digits) {
                // What rounding left of the original weighs too little to be told of here.
                report.rounding[metric] = done.residual;
                done.parts
            } else {
                report.rounding[metric] = amount;
                vec![Amount::ZERO; given.len()]
            }
        };
    }
    report
}

/// What consumers are charged and what the remainder's bearer, the last, is relieved of.
fn priced(given: &[Amount], month: Period, rates: &MonthRates) -> Vec<Amount> {
    let Some((_, consumers)) = given.split_last() else { return Vec::new() };
    if given.iter().all(|amount| amount.is_zero()) {
        return vec![Amount::ZERO; given.len()];
    }
    let convert = |amount: &Amount| rates.amount(month.last(), *amount).unwrap_or_default();
    let mut converted: Vec<Amount> = consumers.iter().map(convert).collect();
    let sum: Amount = converted.iter().copied().sum();
    converted.push(-sum);
    converted
}

/// What a division gave to pools, by the division that went on with it.
fn fed(
    allocation: &Allocation,
    division: &Division,
    report: &Reported,
    segments: &[DateRange],
) -> Vec<(u32, Costs)> {
    let mut found = Vec::new();
    for metric in CostMetric::ALL {
        let parts = &division.shares[metric as usize].parts;
        for (part, amount) in parts.iter().zip(&report.given[metric as usize]) {
            let Some(pool) = part.pool.as_ref().filter(|_| !amount.is_zero()) else { continue };
            let key = |when| LotKey {
                pool: pool.clone(),
                when,
                component: division.component.clone(),
                currency: division.currency,
                traits: Vec::new(),
            };
            let of_segment = match division.when {
                When::Day(day) => When::Segment(segment_of(segments, day)),
                when @ When::Segment(_) => when,
            };
            let lots = &allocation.lots;
            let index = lots.get(&key(division.when)).or_else(|| lots.get(&key(of_segment)));
            let mut costs = Costs::ZERO;
            costs[metric] = *amount;
            found.extend(index.map(|index| (*index, costs)));
        }
    }
    found
}

/// Shared lines: the sums of the steps that made them.
fn fill_lines<'r>(allocation: &mut Allocation, rates: impl Fn(Currency) -> &'r MonthRates) {
    let mut sums: BTreeMap<(Party, Flow, String, Currency), Costs> = BTreeMap::new();
    for division in &allocation.divisions {
        let Some(report) = &division.report else { continue };
        let from = division.label.to_string();
        let mut parties: BTreeMap<&Party, Costs> = BTreeMap::new();
        for metric in CostMetric::ALL {
            let parts = &division.shares[metric as usize].parts;
            for (part, given) in parts.iter().zip(&report.given[metric as usize]) {
                parties.entry(&part.to).or_default()[metric] += *given;
            }
        }
        parties.insert(&Party::Rounding, report.rounding);
        let mut out = Costs::ZERO;
        let parties = parties.into_iter().filter(|(_, costs)| *costs != Costs::ZERO);
        for (party, costs) in parties {
            let flow = Flow::SharedIn(from.clone());
            let key = (party.clone(), flow, division.component.clone(), division.currency);
            *sums.entry(key).or_default() += costs;
            out += costs;
        }
        let (party, flow) = (Party::Pool(from), Flow::SharedOut);
        let key = (party, flow, division.component.clone(), division.currency);
        *sums.entry(key).or_default() += -out;
    }
    for line in allocation.lines.iter_mut().filter(|line| line.flow != Flow::Direct) {
        let key = (line.party.clone(), line.flow.clone(), line.component.clone(), line.currency);
        line.report_costs = match rates(line.currency) {
            MonthRates::Unknown => None,
            _ => Some(sums.remove(&key).unwrap_or_default()),
        };
    }
    // What only conversion left has no line yet.
    let Some(month) = allocation.lines.first().map(|line| line.month) else { return };
    let new: Vec<Line> = sums
        .into_iter()
        .filter(|(_, costs)| *costs != Costs::ZERO)
        .map(|((party, flow, component, currency), costs)| Line {
            month,
            party,
            flow,
            component,
            currency,
            rows: 0,
            costs: Costs::ZERO,
            report_costs: Some(costs),
        })
        .collect();
    if !new.is_empty() {
        allocation.lines.extend(new);
        allocation.lines.sort_by(|a, b| line_key(a).cmp(&line_key(b)));
    }
}
