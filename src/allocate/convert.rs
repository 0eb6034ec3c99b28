//! Lines and trace in the report currency.
//!
//! A cell of the cube is the smallest amount that reports show, so it is what is converted and
//! rounded; everything larger is a sum of converted cells, and a share of a pool is a share of the
//! pool's converted amount. So converted tables tie to each other to the last digit, as the tables
//! of original amounts do, and what rounding took is known for each rate.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use hashbrown::HashMap;

use crate::diagnostics::{Code, Finding, Place, Span};
use crate::domain::{
    Amount, Conversion, CostMetric, Costs, Currency, Exchange, ExchangeTerms, MetricSet,
    MonthRates, Period, SCALE,
};
use crate::ingest::ScanReport;
use crate::rules::RuleSet;

use super::convert_shares::convert_shares;
use super::cube::{Bearer, Cell, Cube, Group, GroupCells, NameId};
use super::holdings::{lot_key, party_of};
use super::model::{Allocation, ConservationRow, Flow, LotKey, Party, When};

/// The rates that a run needs, and what they did to the period.
#[derive(Clone, Debug)]
pub struct Conversions {
    pub report_currency: Currency,
    pub terms: Option<ExchangeTerms>,
    rates: BTreeMap<(Period, Currency), MonthRates>,
    /// The period by currency and, where each day has its own rate, by day.
    pub totals: Vec<ExchangeTotal>,
    /// Months that stay unconverted.
    pub findings: Vec<Finding>,
}

/// The charges of the period that one rate converts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangeTotal {
    pub currency: Currency,
    /// The day whose rate it is, where days have their own.
    pub day: Option<NaiveDate>,
    pub rows: u64,
    pub costs: Costs,
    /// The sum of the converted cells; `None` where no rate is known.
    pub report_costs: Option<Costs>,
    /// The metrics that any of the charges tells; the sums of all others are unknown, not zero.
    pub known: MetricSet,
}

/// Fills in the report currency of all lines and steps of all months.
///
/// # Errors
/// [`Code::RateMissing`] for every currency of the period without a rate, and
/// [`Code::SumOverflow`] where the converted amounts lie beyond what can be kept exactly.
pub fn convert(
    cube: &Cube,
    rules: &RuleSet,
    months: &mut BTreeMap<Period, Allocation>,
    exchange: &Exchange,
    declared_at: Option<&Span>,
) -> Result<Conversions, Vec<Finding>> {
    let mut conversions = Conversions {
        report_currency: exchange.report_currency(),
        terms: exchange.terms(),
        rates: BTreeMap::new(),
        totals: Vec::new(),
        findings: Vec::new(),
    };
    let mut charged = charged_days(cube, conversions.report_currency);
    add_priced(&mut charged, months, conversions.report_currency);
    conversions.find_rates(cube.period, &charged, exchange, declared_at)?;
    let mut sums = Sums::default();
    sums.gather(cube, rules, months, &conversions).map_err(|finding| vec![finding])?;
    conversions.totals = sums.totals();
    for (month, allocation) in months {
        sums.fill_direct(cube, rules, *month, allocation, &conversions);
        let rates = |currency| conversions.rates(*month, currency);
        let digits = exchange.terms().map_or(SCALE, |terms| terms.digits);
        let lots = sums.lots.remove(month).unwrap_or_default();
        convert_shares(allocation, &lots, *month, &cube.segments, digits, rates);
    }
    Ok(conversions)
}

impl Conversions {
    /// What holds for a currency in a month at hand.
    #[must_use]
    pub fn rates(&self, month: Period, currency: Currency) -> &MonthRates {
        if currency == self.report_currency {
            return &MonthRates::Same;
        }
        self.rates.get(&(month, currency)).unwrap_or(&MonthRates::Unknown)
    }

    /// Whether all charges of a currency in a month have a rate; true where there are none.
    #[must_use]
    pub fn is_known(&self, month: Period, currency: Currency) -> bool {
        !matches!(self.rates.get(&(month, currency)), Some(MonthRates::Unknown))
    }

    /// The costs of a group in the report currency, converted cell by cell; `None` where no rate is
    /// known.
    #[must_use]
    pub fn group(&self, cells: &GroupCells<'_>) -> Option<Costs> {
        match self.rates(cells.group.month, cells.group.currency) {
            MonthRates::Same => Some(cells.costs()),
            rates => cells.clone().cells().map(|cell| rates.costs(cell.day, &cell.costs)).sum(),
        }
    }

    /// [`Conversions::group`] of `BilledCost` alone.
    #[must_use]
    pub fn billed(&self, cells: GroupCells<'_>) -> Option<Amount> {
        match self.rates(cells.group.month, cells.group.currency) {
            MonthRates::Same => Some(cells.costs()[CostMetric::BilledCost]),
            rates => {
                let billed =
                    cells.cells().map(|cell| (cell.day, cell.costs[CostMetric::BilledCost]));
                billed.map(|(day, amount)| rates.amount(day, amount)).sum()
            }
        }
    }

    fn find_rates(
        &mut self,
        period: Period,
        charged: &ChargedDays,
        exchange: &Exchange,
        declared_at: Option<&Span>,
    ) -> Result<(), Vec<Finding>> {
        let mut errors = Vec::new();
        for ((month, currency), days) in charged {
            let (month, currency) = (*month, *currency);
            let is_period = month == period;
            let report = self.report_currency;
            let reason = match exchange.rates(currency, month, is_period) {
                Ok(rates) => {
                    let missing = without_rate(&rates, days);
                    self.rates.insert((month, currency), rates);
                    let first = missing.first().map(|day| exchange.missing_day(currency, *day));
                    first.map(|reason| (reason, missing.len()))
                }
                Err(reason) => {
                    self.rates.insert((month, currency), MonthRates::Unknown);
                    Some((reason, 0))
                }
            };
            let Some((reason, days)) = reason else { continue };
            let days = match days {
                0 => String::new(),
                1 => ", on a day".to_owned(),
                days => format!(", on {days} days"),
            };
            if is_period {
                let text = format!(
                    "charges of {month} are in {currency}{days}, and no rate to {report} holds: {reason}"
                );
                let help = if exchange.is_only_inverse(currency) {
                    format!(
                        "the table quotes {report} in {currency}: declare `inverse: true` under `exchange` to take that the other way round, or add the rate to the table"
                    )
                } else {
                    "add the rate to the table; rates are never taken over a third currency"
                        .to_owned()
                };
                let finding = Finding::new(Code::RateMissing, text).help(help);
                errors.push(match declared_at {
                    Some(span) => finding.at(Place::Text(span.clone())),
                    None => finding,
                });
            } else {
                let text =
                    format!("charges of {month} in {currency} stay without {report}: {reason}");
                self.findings.push(Finding::new(Code::HistoryUnconverted, text));
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

type ChargedDays = BTreeMap<(Period, Currency), BTreeSet<NaiveDate>>;

/// The days on which each currency but that of the report is charged.
fn charged_days(cube: &Cube, report: Currency) -> ChargedDays {
    let mut charged = ChargedDays::new();
    for cells in cube.groups().filter(|cells| cells.group.currency != report) {
        let days = charged.entry((cells.group.month, cells.group.currency)).or_default();
        days.extend(cells.cells().map(|cell| cell.day));
    }
    charged
}

/// Prices may be in a currency that no bill is in; they are of the last day of the month.
fn add_priced(charged: &mut ChargedDays, months: &BTreeMap<Period, Allocation>, report: Currency) {
    for (month, allocation) in months {
        let priced = allocation.divisions.iter().filter(|division| division.is_price());
        for division in priced.filter(|division| division.currency != report) {
            charged.entry((*month, division.currency)).or_default().insert(month.last());
        }
    }
}

fn without_rate(rates: &MonthRates, days: &BTreeSet<NaiveDate>) -> Vec<NaiveDate> {
    let MonthRates::Daily(..) = rates else { return Vec::new() };
    let missing = days.iter().filter(|day| rates.used(**day).is_none());
    let missing: BTreeSet<NaiveDate> = missing.filter_map(|day| rates.rate_day(*day)).collect();
    missing.into_iter().collect()
}

/// What tells the lot of a cell.
#[derive(Clone, Copy)]
struct Lots<'a> {
    rules: &'a RuleSet,
    month: &'a Allocation,
}

/// Sums of converted cells.
#[derive(Default)]
struct Sums {
    direct: HashMap<(Period, Bearer, NameId, Currency), Costs>,
    lots: BTreeMap<Period, BTreeMap<LotKey, Costs>>,
    totals: BTreeMap<(Currency, Option<NaiveDate>), ExchangeTotal>,
    magnitude: Costs,
}

impl Sums {
    fn gather(
        &mut self,
        cube: &Cube,
        rules: &RuleSet,
        months: &BTreeMap<Period, Allocation>,
        conversions: &Conversions,
    ) -> Result<(), Finding> {
        // Where all is charged in the report currency, the cube's own bound is that of the report.
        let is_plain = conversions.rates.is_empty();
        for cells in cube.groups() {
            let group = cells.group;
            let rates = conversions.rates(group.month, group.currency);
            if is_plain {
                self.count_group(cube, &cells);
            } else {
                let lots = months.get(&group.month).map(|month| Lots { rules, month });
                let report = self.gather_cells(cube, cells, rates, lots)?;
                self.absorb(group, rates, report);
            }
        }
        Ok(())
    }

    /// A group of the report currency.
    fn count_group(&mut self, cube: &Cube, cells: &GroupCells<'_>) {
        let Group { month, currency, .. } = *cells.group;
        if month == cube.period {
            let costs = cells.costs();
            self.count(currency, None, cells.rows(), &costs, cells.known(), Some(costs));
        }
    }

    /// Converts each cell of a group; their sum.
    fn gather_cells(
        &mut self,
        cube: &Cube,
        cells: GroupCells<'_>,
        rates: &MonthRates,
        lots: Option<Lots<'_>>,
    ) -> Result<Option<Costs>, Finding> {
        let mut sum = Some(Costs::ZERO);
        for cell in cells.cells() {
            let report = match (rates, rates.costs(cell.day, &cell.costs)) {
                // A day without a rate was refused before; what is left is too large.
                (MonthRates::Whole(_) | MonthRates::Daily(..), None) => return Err(too_large()),
                (_, report) => report,
            };
            self.weigh(report)?;
            if let Some(lots) = lots {
                self.hold(cube, lots, &cell, rates, report);
            }
            if cell.group.month == cube.period {
                let day = rates.rate_day(cell.day);
                self.count(cell.group.currency, day, cell.rows, &cell.costs, cell.known, report);
            }
            add(&mut sum, report);
        }
        Ok(sum)
    }

    /// Sums of absolute values only grow, so that whatever is added up later is safe.
    fn weigh(&mut self, report: Option<Costs>) -> Result<(), Finding> {
        for (metric, amount) in report.iter().flat_map(Costs::iter) {
            let sum = self.magnitude[metric].checked_add(amount.abs());
            self.magnitude[metric] = sum.ok_or_else(too_large)?;
        }
        Ok(())
    }

    /// Puts a cell into the lot of its pool, by day where the pool was divided by day.
    fn hold(
        &mut self,
        cube: &Cube,
        lots: Lots<'_>,
        cell: &Cell<'_>,
        rates: &MonthRates,
        report: Option<Costs>,
    ) {
        let (Bearer::Pool(..), Some(report)) = (cell.group.verdict.bearer, report) else { return };
        if matches!(rates, MonthRates::Same) {
            return;
        }
        let key = |when| lot_key(cube, lots.rules, cell.group, when);
        let by_day = key(When::Day(cell.day)).filter(|key| lots.month.lots.contains_key(key));
        if let Some(key) = by_day.or_else(|| key(When::Segment(cell.group.segment))) {
            let of_month = self.lots.entry(cell.group.month).or_default();
            *of_month.entry(key).or_default() += report;
        }
    }

    fn count(
        &mut self,
        currency: Currency,
        day: Option<NaiveDate>,
        rows: u64,
        costs: &Costs,
        known: MetricSet,
        report: Option<Costs>,
    ) {
        let total = self.totals.entry((currency, day)).or_insert_with(|| ExchangeTotal {
            currency,
            day,
            rows: 0,
            costs: Costs::ZERO,
            report_costs: Some(Costs::ZERO),
            known: MetricSet::NONE,
        });
        total.rows += rows;
        total.costs += *costs;
        total.known = total.known.or(known);
        add(&mut total.report_costs, report);
    }

    /// Cost in the report currency itself needs no sum of its own: lines have it already.
    fn absorb(&mut self, group: &Group, rates: &MonthRates, report: Option<Costs>) {
        let Some(report) = report.filter(|_| !matches!(rates, MonthRates::Same)) else { return };
        let bearer = group.verdict.bearer;
        let key = (group.month, bearer, group.component, group.currency);
        *self.direct.entry(key).or_default() += report;
    }

    fn totals(&self) -> Vec<ExchangeTotal> {
        self.totals.values().cloned().collect()
    }

    /// Direct lines: the sums of their cells.
    fn fill_direct(
        &self,
        cube: &Cube,
        rules: &RuleSet,
        month: Period,
        allocation: &mut Allocation,
        conversions: &Conversions,
    ) {
        let mut parties: BTreeMap<(Party, &str, Currency), Costs> = BTreeMap::new();
        let of_month = self.direct.iter().filter(|((of, ..), _)| *of == month);
        for ((_, bearer, component, currency), costs) in of_month {
            let party = party_of(cube, rules, *bearer);
            *parties.entry((party, cube.text(*component), *currency)).or_default() += *costs;
        }
        for line in allocation.lines.iter_mut().filter(|line| line.flow == Flow::Direct) {
            line.report_costs = match conversions.rates(month, line.currency) {
                MonthRates::Same => Some(line.costs),
                MonthRates::Unknown => None,
                _ => {
                    let key = (line.party.clone(), line.component.as_str(), line.currency);
                    Some(parties.get(&key).copied().unwrap_or_default())
                }
            };
        }
    }
}

/// What the period's cells come to by rate, against what its parties bear.
///
/// The sum that goes in is that of the files' accounts where one rate holds for the month, and
/// times the rate it is exact to 36 digits; what comes out are the lines, shares of pools included.
#[must_use]
pub fn prove_conversion(
    scan: &ScanReport,
    period: Period,
    allocation: &Allocation,
    conversions: &Conversions,
) -> Vec<ConservationRow> {
    let read = scan.totals();
    let mut currencies: BTreeMap<Currency, Vec<&ExchangeTotal>> = BTreeMap::new();
    for total in &conversions.totals {
        currencies.entry(total.currency).or_default().push(total);
    }
    let mut rows = Vec::new();
    for (currency, totals) in currencies {
        let rates = conversions.rates(period, currency);
        let exact = |total: &ExchangeTotal, costs: Costs| exact(rates, total, &costs);
        let borne = allocation.lines.iter().filter(|line| line.currency == currency);
        let borne = borne.filter(|line| !matches!(line.party, Party::Pool(_)));
        let borne: Option<Costs> = borne.map(|line| line.report_costs).sum();
        let rounded: Option<Costs> = totals.iter().map(|total| total.report_costs).sum();
        let precise: Option<Costs> = totals.iter().map(|total| exact(total, total.costs)).sum();
        let accepted = read.get(&(currency, period)).map(|totals| (totals.rows, totals.costs));
        let (rows_in, into) = match totals[..] {
            [total] => {
                let (rows, costs) = accepted.unwrap_or_default();
                (rows, exact(total, costs))
            }
            _ => (accepted.unwrap_or_default().0, precise),
        };
        let (Some(borne), Some(rounded), Some(precise), Some(into)) =
            (borne, rounded, precise, into)
        else {
            continue;
        };
        rows.extend(CostMetric::ALL.map(|metric| ConservationRow {
            stage: "period: in the report currency".to_owned(),
            currency,
            metric,
            amount_in: into[metric],
            amount_out: borne[metric],
            rounding: precise[metric] - rounded[metric],
            rows_in,
            rows_out: totals.iter().map(|total| total.rows).sum(),
            report_currency: Some(conversions.report_currency),
            is_known: totals.iter().any(|total| total.known.has(metric)),
        }));
    }
    rows
}

impl ExchangeTotal {
    /// The costs times the rate, to all digits that an amount has; `None` where no rate is known.
    #[must_use]
    pub fn exact(&self, rates: &MonthRates) -> Option<Costs> {
        exact(rates, self, &self.costs)
    }
}

fn exact(rates: &MonthRates, total: &ExchangeTotal, costs: &Costs) -> Option<Costs> {
    match rates {
        MonthRates::Same => Some(*costs),
        MonthRates::Unknown => None,
        MonthRates::Whole(used) => Conversion::new(&used.rate, SCALE).costs(costs),
        MonthRates::Daily(..) => Conversion::new(&rates.used(total.day?)?.rate, SCALE).costs(costs),
    }
}

fn add(sum: &mut Option<Costs>, more: Option<Costs>) {
    match (sum.as_mut(), more) {
        (Some(sum), Some(more)) => *sum += more,
        _ => *sum = None,
    }
}

fn too_large() -> Finding {
    let text = "the amounts in the report currency sum beyond what can be kept exactly";
    Finding::new(Code::SumOverflow, text).help("see that no rate is quoted the wrong way round")
}
