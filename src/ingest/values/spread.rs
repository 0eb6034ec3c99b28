//! Rows whose cost is for several months, as one charge per month.

use chrono::{Datelike, NaiveDate};
use num_bigint::BigUint;

use crate::domain::{CostMetric, Costs, PackedCosts, Period, split};
use crate::rules::SpreadBy;

use crate::ingest::charge::Charge;

/// Months that a row may be spread over; a longer charge period is a broken date.
const MOST_MONTHS: usize = 240;
/// Digits after the point that a share has at least, as shares of pools have.
const DIGITS: u32 = 10;
/// The least common multiple of 28, 29, 30 and 31: a day's part of any month is a whole number of it.
const PARTS: u32 = 377_580;

/// The charge period ends before it begins, or is longer than anything that is paid at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ingest) struct NoPeriod;

/// The charges that a charge until `until`, the first day that is out, is for. `BilledCost` stays in
/// the billing month, with the row's count; the other costs are split over the months of the charge
/// period, to the last digit. A charge within one month stays as it is.
pub(in crate::ingest) fn spread(
    charge: &Charge,
    until: NaiveDate,
    by: SpreadBy,
) -> Result<Vec<Charge>, NoPeriod> {
    if until < charge.day {
        return Err(NoPeriod);
    }
    let months = months(charge.day, until, by)?;
    if months.len() < 2 {
        return Ok(vec![charge.clone()]);
    }
    let weights: Vec<BigUint> = months.iter().map(|(_, _, weight)| (*weight).into()).collect();
    let mut shares = vec![Costs::ZERO; months.len()];
    for metric in CostMetric::ALL.into_iter().filter(|metric| *metric != CostMetric::BilledCost) {
        let whole = charge.costs.get(metric);
        let digits = whole.digits().max(DIGITS);
        // The quantum is as fine as the amount, so nothing is left over.
        let Some(parts) = split(whole, &weights, digits) else { continue };
        for (share, part) in shares.iter_mut().zip(parts.parts) {
            share[metric] = part;
        }
    }
    let mut billed = Costs::ZERO;
    billed[CostMetric::BilledCost] = charge.costs.get(CostMetric::BilledCost);
    let mut charges = Vec::with_capacity(months.len() + 1);
    if months.iter().all(|(month, ..)| *month != charge.month) {
        charges.push(Charge { costs: PackedCosts::new(&billed), ..charge.clone() });
    }
    for ((month, day, _), mut costs) in months.into_iter().zip(shares) {
        let is_billed = month == charge.month;
        if is_billed {
            costs += billed;
        }
        if is_billed || !costs.is_zero() {
            let (costs, rows) = (PackedCosts::new(&costs), u32::from(is_billed));
            charges.push(Charge { costs, day, month, rows, ..charge.clone() });
        }
    }
    Ok(charges)
}

/// The months of a charge period: each with its first day in the period and its weight.
fn months(
    from: NaiveDate,
    until: NaiveDate,
    by: SpreadBy,
) -> Result<Vec<(Period, NaiveDate, u32)>, NoPeriod> {
    let mut found = Vec::new();
    let mut month = Period::of(from);
    while month.first() < until {
        if found.len() == MOST_MONTHS {
            return Err(NoPeriod);
        }
        let first = month.first().max(from);
        let days = (month.next().first().min(until) - first).num_days();
        let days = u32::try_from(days).unwrap_or_default();
        let weight = match by {
            SpreadBy::Days => days,
            SpreadBy::Months => days * (PARTS / month.last().day()),
        };
        found.push((month, first, weight));
        month = month.next();
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Amount, Currency, MetricSet};
    use crate::ingest::RowPlace;

    fn charge(from: &str, month: &str, billed: &str, effective: &str) -> Charge {
        let mut costs = Costs::ZERO;
        costs[CostMetric::BilledCost] = billed.parse().unwrap();
        costs[CostMetric::EffectiveCost] = effective.parse().unwrap();
        Charge {
            place: RowPlace { block: 0, record: 0 },
            costs: PackedCosts::new(&costs),
            unknown: MetricSet::NONE,
            currency: Currency::parse("EUR").unwrap(),
            day: from.parse().unwrap(),
            month: month.parse().unwrap(),
            rows: 1,
        }
    }

    fn shown(charges: &[Charge]) -> Vec<String> {
        let one = |c: &Charge| {
            let (billed, effective) =
                (c.costs.get(CostMetric::BilledCost), c.costs.get(CostMetric::EffectiveCost));
            format!("{} {} {billed} {effective} {}", c.month, c.day, c.rows)
        };
        charges.iter().map(one).collect()
    }

    fn spread_to(charge: &Charge, until: &str, by: SpreadBy) -> Vec<String> {
        shown(&spread(charge, until.parse().unwrap(), by).unwrap())
    }

    #[test]
    fn months_weigh_the_same_and_days_do_not() {
        let quarter = charge("2026-01-01", "2026-01", "90", "90");
        let expected = [
            "2026-01 2026-01-01 90 30 1",
            "2026-02 2026-02-01 0 30 0",
            "2026-03 2026-03-01 0 30 0",
        ];
        assert_eq!(spread_to(&quarter, "2026-04-01", SpreadBy::Months), expected);
        let expected = [
            "2026-01 2026-01-01 90 31 1",
            "2026-02 2026-02-01 0 28 0",
            "2026-03 2026-03-01 0 31 0",
        ];
        assert_eq!(spread_to(&quarter, "2026-04-01", SpreadBy::Days), expected);
    }

    #[test]
    fn a_year_from_the_middle_of_a_month_is_twelve_months() {
        let year = charge("2026-01-18", "2026-02", "120", "120");
        let found = spread(&year, "2027-01-18".parse().unwrap(), SpreadBy::Months).unwrap();
        assert_eq!(found.len(), 13);
        assert_eq!(shown(&found[1..2]), ["2026-02 2026-02-01 120 10 1"]);
        // 14 of 31 days and 17 of 31 days are one month together.
        let ends = [&found[0], &found[12]].map(|c| c.costs.get(CostMetric::EffectiveCost));
        assert_eq!(ends.into_iter().sum::<Amount>(), "10".parse().unwrap());
    }

    #[test]
    fn what_is_billed_outside_of_its_period_stays_there() {
        let late = charge("2026-01-01", "2025-12", "2", "-1");
        let expected = [
            "2025-12 2026-01-01 2 0 1",
            "2026-01 2026-01-01 0 -0.5 0",
            "2026-02 2026-02-01 0 -0.5 0",
        ];
        assert_eq!(spread_to(&late, "2026-03-01", SpreadBy::Months), expected);
    }

    #[test]
    fn nothing_is_lost_whatever_the_amount() {
        for amount in ["100", "0.01", "-7.77", "1e-36", "123456789.123456789123456789"] {
            let charge = charge("2026-01-15", "2026-03", amount, amount);
            let found = spread(&charge, "2026-08-02".parse().unwrap(), SpreadBy::Days).unwrap();
            for metric in [CostMetric::BilledCost, CostMetric::EffectiveCost] {
                let sum: Amount = found.iter().map(|c| c.costs.get(metric)).sum();
                assert_eq!(sum, amount.parse().unwrap(), "{amount}");
            }
            assert_eq!(found.iter().map(|c| c.rows).sum::<u32>(), 1);
        }
    }

    #[test]
    fn a_period_within_a_month_is_left_alone_and_one_that_is_none_is_refused() {
        let month = charge("2026-01-01", "2026-01", "90", "90");
        assert_eq!(spread_to(&month, "2026-02-01", SpreadBy::Months).len(), 1);
        assert_eq!(spread_to(&month, "2026-01-01", SpreadBy::Days).len(), 1);
        assert_eq!(spread(&month, "2025-12-31".parse().unwrap(), SpreadBy::Days), Err(NoPeriod));
        assert_eq!(spread(&month, "2200-01-01".parse().unwrap(), SpreadBy::Days), Err(NoPeriod));
    }
}
