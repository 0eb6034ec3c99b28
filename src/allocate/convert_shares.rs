//! Shared cost in the report currency: a pool's converted amount, divided as its original was.
//!
//! The parts of a division weigh what they are, so that nobody's share changes; they sum to the
//! pool's converted amount, and a pool that was emptied is empty in the report currency too.

use std::collections::BTreeMap;

use num_bigint::BigUint;
use num_rational::Ratio;
use num_traits::Zero;

use crate::domain::{Amount, CostMetric, Costs, Currency, DateRange, MonthRates, split};
use crate::rules::PoolId;

use super::model::{Allocation, Flow, Line, Party, TraceStep};
use super::pools::line_key;

/// What a pool holds of one kind of cost on days on which nothing changes.
pub(super) struct ConvertedLot<'a> {
    pub(super) pool: PoolId,
    pub(super) pool_name: String,
    pub(super) days: DateRange,
    pub(super) component: &'a str,
    pub(super) currency: Currency,
    /// In the report currency.
    pub(super) costs: Costs,
}

/// One division: pool, currency, component, metric, days.
type DivisionKey = (PoolId, Currency, String, CostMetric, DateRange);

/// Its steps, as indices, and what is divided.
#[derive(Default)]
struct Division {
    steps: Vec<usize>,
    amount: Amount,
}

/// Fills in all steps and shared lines of a month.
pub(super) fn convert_shares<'r>(
    allocation: &mut Allocation,
    lots: &[ConvertedLot<'_>],
    digits: u32,
    rates: impl Fn(Currency) -> &'r MonthRates,
) {
    let mut divisions: BTreeMap<DivisionKey, Division> = BTreeMap::new();
    for (index, step) in allocation.trace.iter_mut().enumerate() {
        match rates(step.currency) {
            MonthRates::Same => step.report = Some((step.pool_amount, step.rounded)),
            MonthRates::Unknown => {}
            _ => {
                let key =
                    (step.pool, step.currency, step.component.clone(), step.metric, step.days);
                divisions.entry(key).or_default().steps.push(index);
            }
        }
    }
    let rests = place(lots, &mut divisions);
    for division in divisions.values() {
        divide(&mut allocation.trace, division, digits);
    }
    allocation.trace.extend(rests);
    fill_lines(allocation, rates);
}

/// Puts what pools hold into the divisions that emptied them. Charges that cancel out were not
/// divided; converted on different days they may leave something, which nobody bears.
fn place(
    lots: &[ConvertedLot<'_>],
    divisions: &mut BTreeMap<DivisionKey, Division>,
) -> Vec<TraceStep> {
    let mut rests = Vec::new();
    for lot in lots {
        for (metric, amount) in lot.costs.iter() {
            let alike = |key: &DivisionKey| {
                key.0 == lot.pool
                    && key.1 == lot.currency
                    && key.2 == lot.component
                    && key.3 == metric
                    && key.4.overlaps(lot.days)
            };
            let from =
                (lot.pool, lot.currency, lot.component.to_owned(), metric, DateRange::ALWAYS);
            let found = divisions
                .range_mut(from..)
                .take_while(|(key, _)| (key.0, key.1) == (lot.pool, lot.currency))
                .find(|(key, _)| alike(key));
            match found {
                Some((_, division)) => division.amount += amount,
                None if amount.is_zero() => {}
                None => rests.push(rest(lot, metric, amount)),
            }
        }
    }
    rests
}

fn rest(lot: &ConvertedLot<'_>, metric: CostMetric, amount: Amount) -> TraceStep {
    TraceStep {
        step: 0,
        pool: lot.pool,
        pool_name: lot.pool_name.clone(),
        to: Party::Rounding,
        currency: lot.currency,
        component: lot.component.to_owned(),
        metric,
        days: lot.days,
        pool_amount: Amount::ZERO,
        method: "conversion of charges that cancel out".to_owned(),
        driver_value: String::new(),
        driver_total: String::new(),
        share: Ratio::zero(),
        rounded: Amount::ZERO,
        report: Some((amount, amount)),
    }
}

fn divide(trace: &mut [TraceStep], division: &Division, digits: u32) {
    let parts = division.steps.iter().map(|index| trace[*index].rounded);
    let weights: Vec<BigUint> = parts.map(|part| part.to_units().magnitude().clone()).collect();
    let Some(done) = split(division.amount, &weights, digits) else { return };
    for (index, part) in division.steps.iter().zip(done.parts) {
        trace[*index].report = Some((division.amount, part));
    }
    // A converted amount has no digit below the last one, so that nothing is left to place.
    debug_assert!(done.residual.is_zero());
}

/// Shared lines: the sums of the steps that made them.
fn fill_lines<'r>(allocation: &mut Allocation, rates: impl Fn(Currency) -> &'r MonthRates) {
    let mut sums: BTreeMap<(Party, Flow, String, Currency), Costs> = BTreeMap::new();
    for step in &allocation.trace {
        let Some((_, part)) = step.report else { continue };
        let into = Flow::SharedIn(step.pool_name.clone());
        let into = (step.to.clone(), into, step.component.clone(), step.currency);
        sums.entry(into).or_default()[step.metric] += part;
        let pool = Party::Pool(step.pool_name.clone());
        let out = (pool, Flow::SharedOut, step.component.clone(), step.currency);
        sums.entry(out).or_default()[step.metric] -= part;
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
