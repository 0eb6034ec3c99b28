//! The proof that nothing was lost: what went into each stage is what came out of it.
//!
//! Two ways, that share no sum: the accounts of files on one side, made while reading and before
//! any rule; cells, lines and trace on the other.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostics::{Code, Finding};
use crate::domain::{Amount, CostMetric, Costs, Currency, MetricSet, Period};
use crate::ingest::ScanReport;

use super::cube::Cube;
use super::model::{Allocation, ConservationRow, Flow, Line, Party, PeriodTotal};

type Sums = BTreeMap<Currency, (u64, Costs)>;
/// The metrics that any row of a currency tells.
type Known = BTreeMap<Currency, MetricSet>;

/// Every stage of the period, in the order in which money passes them.
#[must_use]
pub fn prove(scan: &ScanReport, cube: &Cube, allocation: &Allocation) -> Vec<ConservationRow> {
    let period = cube.period;
    let read = sums(scan.totals().iter().map(|((currency, _), t)| (*currency, t.rows, t.costs)));
    let billed = sums(of_period(scan, period));
    let (all_cells, cells) = cell_sums(cube);
    let lineage =
        sums(cube.lineage.iter().map(|(key, (rows, costs))| (key.currency, *rows, *costs)));
    let direct = lines(allocation, |line| line.flow == Flow::Direct);
    let borne = lines(allocation, |line| !matches!(line.party, Party::Pool(_)));

    let known = known(scan, |_| true);
    let mut rows = Vec::new();
    rows.extend(stage("all months: read to cells", &known, &read, &all_cells));
    rows.extend(stage("all months: read to files", &known, &read, &lineage));
    let known = self::known(scan, |month| month == period);
    rows.extend(stage("period: read to cells", &known, &billed, &cells));
    rows.extend(stage("period: classify", &known, &cells, &direct));
    let (held, mut given) = (held(allocation), given(allocation));
    for pool in pools(allocation) {
        let held = held.get(pool).cloned().unwrap_or_default();
        let mut given = given.remove(pool).unwrap_or_default();
        for (currency, (rows, _)) in &held {
            // Charges are not divided, only their money: all that went in count as come out.
            given.entry(*currency).or_default().0 = *rows;
        }
        rows.extend(stage(&format!("period: pool {pool}"), &known, &held, &given));
    }
    let mut whole = borne;
    for (currency, (rows, _)) in &direct {
        whole.entry(*currency).or_default().0 = *rows;
    }
    rows.extend(stage("period: allocate", &known, &billed, &whole));
    rows
}

/// The findings of a proof that does not hold; empty for one that does.
#[must_use]
pub fn broken(rows: &[ConservationRow]) -> Vec<Finding> {
    let report = |row: &ConservationRow| {
        let text = format!(
            "stage `{}` loses {} {} of {} ({} rows in, {} out)",
            row.stage,
            row.residual(),
            row.report_currency.unwrap_or(row.currency),
            row.metric,
            row.rows_in,
            row.rows_out
        );
        Finding::new(Code::ConservationBroken, text)
            .help("please report this with the inputs; nothing was published")
    };
    rows.iter().filter(|row| !row.holds()).map(report).collect()
}

/// The totals of the period, per currency and metric that any file, or any price, tells.
#[must_use]
pub fn period_totals(
    scan: &ScanReport,
    period: Period,
    allocation: &Allocation,
) -> Vec<PeriodTotal> {
    let of_period = scan.totals().into_iter().filter(|((_, month), _)| *month == period);
    let mut charged: BTreeMap<Currency, (Costs, MetricSet)> =
        of_period.map(|((currency, _), totals)| (currency, (totals.costs, totals.known))).collect();
    // A price may be in a currency that no bill is in.
    for line in &allocation.lines {
        let (_, known) = charged.entry(line.currency).or_insert((Costs::ZERO, MetricSet::NONE));
        *known = known.or(line.costs.told());
    }
    let mut totals = Vec::new();
    for (currency, (accepted, known)) in charged {
        let sum = |metric: CostMetric, party: fn(&Party) -> bool| -> Amount {
            let of = allocation
                .lines
                .iter()
                .filter(|line| line.currency == currency && party(&line.party));
            of.map(|line| line.costs[metric]).sum()
        };
        for metric in CostMetric::ALL {
            if !known.has(metric) {
                continue;
            }
            totals.push(PeriodTotal {
                currency,
                metric,
                accepted: accepted[metric],
                allocated: sum(metric, |party| matches!(party, Party::Owner(_))),
                unallocated: sum(metric, |party| *party == Party::Unallocated),
                rounding: sum(metric, |party| *party == Party::Rounding),
            });
        }
    }
    totals
}

fn of_period(scan: &ScanReport, period: Period) -> impl Iterator<Item = (Currency, u64, Costs)> {
    let of =
        move |((currency, month), totals): ((Currency, Period), crate::ingest::MonthTotals)| {
            (month == period).then_some((currency, totals.rows, totals.costs))
        };
    scan.totals().into_iter().filter_map(of)
}

fn sums(parts: impl Iterator<Item = (Currency, u64, Costs)>) -> Sums {
    let mut sums = Sums::new();
    for (currency, rows, costs) in parts {
        let sum = sums.entry(currency).or_default();
        sum.0 += rows;
        sum.1 += costs;
    }
    sums
}

/// The cells of all months, and those of the period.
fn cell_sums(cube: &Cube) -> (Sums, Sums) {
    let (mut all, mut of_period) = (Sums::new(), Sums::new());
    for cells in cube.groups() {
        let (rows, costs) = (cells.rows(), cells.costs());
        let add = |sums: &mut Sums| {
            let sum = sums.entry(cells.group.currency).or_default();
            sum.0 += rows;
            sum.1 += costs;
        };
        add(&mut all);
        if cells.group.month == cube.period {
            add(&mut of_period);
        }
    }
    (all, of_period)
}

fn lines(allocation: &Allocation, wanted: impl Fn(&Line) -> bool) -> Sums {
    let found = allocation.lines.iter().filter(|line| wanted(line));
    sums(found.map(|line| (line.currency, line.rows, line.costs)))
}

/// What pools had before they gave it on, by their labels.
fn held(allocation: &Allocation) -> BTreeMap<&str, Sums> {
    let mut held: BTreeMap<&str, Sums> = BTreeMap::new();
    for line in &allocation.lines {
        if let Party::Pool(name) = &line.party
            && line.flow != Flow::SharedOut
        {
            add(held.entry(name).or_default(), line);
        }
    }
    held
}

/// What parties got from pools, by the pools' labels.
fn given(allocation: &Allocation) -> BTreeMap<&str, Sums> {
    let mut given: BTreeMap<&str, Sums> = BTreeMap::new();
    for line in &allocation.lines {
        if let Flow::SharedIn(name) = &line.flow {
            add(given.entry(name).or_default(), line);
        }
    }
    given
}

fn add(sums: &mut Sums, line: &Line) {
    let sum = sums.entry(line.currency).or_default();
    sum.0 += line.rows;
    sum.1 += line.costs;
}

/// The labels of pools, in the order in which they were emptied.
fn pools(allocation: &Allocation) -> Vec<&str> {
    let mut steps: BTreeMap<&str, u32> = BTreeMap::new();
    for division in &allocation.divisions {
        steps.entry(&division.label).or_insert(division.step);
    }
    let named = allocation.lines.iter().filter_map(|line| match &line.party {
        Party::Pool(name) => Some(name.as_str()),
        _ => None,
    });
    let mut pools: Vec<&str> = named.collect::<BTreeSet<_>>().into_iter().collect();
    pools.sort_by_key(|name| steps.get(name).copied());
    pools
}

fn known(scan: &ScanReport, wanted: impl Fn(Period) -> bool) -> Known {
    let mut known = Known::new();
    for ((currency, month), totals) in scan.totals() {
        if wanted(month) {
            let sum: &mut MetricSet = known.entry(currency).or_default();
            *sum = sum.or(totals.known);
        }
    }
    known
}

fn stage(name: &str, known: &Known, into: &Sums, out: &Sums) -> Vec<ConservationRow> {
    let mut rows = Vec::new();
    let currencies: BTreeSet<&Currency> = into.keys().chain(out.keys()).collect();
    for currency in currencies {
        let (rows_in, costs_in) = into.get(currency).copied().unwrap_or_default();
        let (rows_out, costs_out) = out.get(currency).copied().unwrap_or_default();
        for metric in CostMetric::ALL {
            rows.push(ConservationRow {
                stage: name.to_owned(),
                currency: *currency,
                metric,
                amount_in: costs_in[metric],
                amount_out: costs_out[metric],
                rounding: Amount::ZERO,
                rows_in,
                rows_out,
                report_currency: None,
                is_known: known.get(currency).is_some_and(|known| known.has(metric)),
            });
        }
    }
    rows
}
