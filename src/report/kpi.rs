//! `kpi.csv`: the figures that a month is judged by. Every ratio stands beside what it is made of,
//! in the billing currency and in that of the report; at last all currencies together.

use std::collections::BTreeSet;

use num_bigint::BigInt;

use crate::diagnostics::Finding;
use crate::domain::{Amount, Currency};

use super::Facts;
use super::coverage;
use super::decimal::fixed;
use super::exchange::text;
use super::party::Kind;
use super::quarantined::quarantined;
use super::showback::{Figures, Showback};
use super::sink::Sink;

const HEADER: [&str; 11] = [
    "kpi",
    "scope",
    "currency",
    "value",
    "unit",
    "numerator",
    "denominator",
    "report_currency",
    "report_value",
    "report_numerator",
    "report_denominator",
];
/// Digits of a ratio after the point.
const RATIO_DIGITS: u32 = 4;
pub(super) const PERIOD: &str = "period";
const ALL_MONTHS: &str = "all months";
/// The period with all its currencies, in that of the report.
const ALL_CURRENCIES: &str = "all currencies";

/// One figure. The value is blank where it is unknown or would be a division by zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kpi {
    pub(super) name: &'static str,
    /// `period`, `all months`, `dimension`, or `dimension=provenance`.
    pub(super) scope: String,
    /// Empty for counts over all currencies.
    pub(super) currency: String,
    pub(super) value: String,
    /// `ratio`, `amount` or `rows`.
    pub(super) unit: &'static str,
    pub(super) numerator: String,
    pub(super) denominator: String,
    /// Value, numerator and denominator in the report currency; blank where they are unknown or
    /// do not depend on a currency.
    pub(super) report: [String; 3],
}

impl Kpi {
    /// A ratio of amounts.
    pub(super) fn ratio(
        name: &'static str,
        scope: &str,
        currency: Currency,
        part: Amount,
        of: Amount,
    ) -> Self {
        let value = fixed(&part.to_units(), &of.to_units(), RATIO_DIGITS).unwrap_or_default();
        Self {
            name,
            scope: scope.to_owned(),
            currency: currency.to_string(),
            value,
            unit: "ratio",
            numerator: part.to_string(),
            denominator: of.to_string(),
            report: Default::default(),
        }
    }

    /// A ratio of counts of rows.
    pub(super) fn row_ratio(
        name: &'static str,
        scope: &str,
        currency: Currency,
        part: u64,
        of: u64,
    ) -> Self {
        let value = fixed(&BigInt::from(part), &BigInt::from(of), RATIO_DIGITS).unwrap_or_default();
        let (numerator, denominator) = (part.to_string(), of.to_string());
        let (scope, currency) = (scope.to_owned(), currency.to_string());
        let report = Default::default();
        Self { name, scope, currency, value, unit: "ratio", numerator, denominator, report }
    }

    fn plain(
        name: &'static str,
        scope: &str,
        currency: &str,
        value: String,
        unit: &'static str,
    ) -> Self {
        let (numerator, denominator) = (String::new(), String::new());
        let (scope, currency) = (scope.to_owned(), currency.to_owned());
        let report = Default::default();
        Self { name, scope, currency, value, unit, numerator, denominator, report }
    }
}

pub(super) fn write(facts: &Facts, showback: &Showback, sink: &mut Sink) -> Result<(), Finding> {
    let mut kpis = rows_read(facts);
    for currency in currencies(facts) {
        kpis.extend(of_currency(showback, currency));
    }
    kpis.extend(of_all(facts, showback));
    kpis.extend(in_quarantine(facts));
    kpis.extend(coverage::kpis(facts));
    let report_currency = facts.conversions.report_currency;
    sink.table("kpi.csv", &HEADER, |table| {
        kpis.iter().try_for_each(|kpi| {
            let [value, numerator, denominator] = &kpi.report;
            table.write_record([
                kpi.name,
                &kpi.scope,
                &kpi.currency,
                &kpi.value,
                kpi.unit,
                &kpi.numerator,
                &kpi.denominator,
                if kpi.currency.is_empty() { "" } else { report_currency.code() },
                value,
                numerator,
                denominator,
            ])
        })
    })
}

fn currencies(facts: &Facts) -> BTreeSet<Currency> {
    facts.totals.iter().map(|total| total.currency).collect()
}

fn rows_read(facts: &Facts) -> Vec<Kpi> {
    let files = &facts.scan.files;
    let of_period =
        facts.scan.totals().into_iter().filter(|((_, month), _)| *month == facts.period);
    let counts = [
        ("rows_accepted", PERIOD, of_period.map(|(_, totals)| totals.rows).sum::<u64>()),
        ("rows_read", ALL_MONTHS, files.iter().map(|file| file.rows).sum()),
        ("rows_accepted", ALL_MONTHS, files.iter().map(|file| file.accepted).sum()),
        ("rows_quarantined", ALL_MONTHS, facts.scan.quarantined()),
        (
            "rows_excluded",
            ALL_MONTHS,
            files.iter().map(crate::ingest::FileReport::excluded_rows).sum(),
        ),
    ];
    counts.map(|(name, scope, rows)| Kpi::plain(name, scope, "", rows.to_string(), "rows")).into()
}

/// What is known of the money in quarantine; beside it, how many rows tell it and how many lie there.
fn in_quarantine(facts: &Facts) -> Vec<Kpi> {
    let mut kpis = Vec::new();
    for (currency, sums) in quarantined(facts) {
        let costs = [
            ("quarantined_billed_cost", sums.billed),
            ("quarantined_effective_cost", sums.effective),
        ];
        for (name, known) in costs {
            let kpi = Kpi::plain(name, PERIOD, currency, text(known.sum()), "amount");
            let (numerator, denominator) = (known.rows.to_string(), sums.rows.to_string());
            kpis.push(Kpi { numerator, denominator, ..kpi });
        }
    }
    kpis
}

/// Figures of the parties of one currency, or of all in the report currency.
type Parties<'a> = Vec<(Kind, &'a Figures)>;

/// Each figure as it was billed, and beside it in the report currency where that is known.
fn of_currency(showback: &Showback, currency: Currency) -> Vec<Kpi> {
    let rows = || showback.rows.iter().filter(|row| row.currency == currency.code());
    let billed = rows().map(|row| (row.kind, &row.billed)).collect();
    let report: Option<Parties> =
        rows().map(|row| Some((row.kind, row.report.as_ref()?))).collect();
    let mut kpis = figures(showback, &billed, PERIOD, currency);
    let report = report.map(|report| figures(showback, &report, PERIOD, currency));
    for (kpi, report) in kpis.iter_mut().zip(report.into_iter().flatten()) {
        kpi.report = [report.value, report.numerator, report.denominator];
    }
    kpis
}

/// All currencies together; nothing where one of them has no rate, or there is only one.
fn of_all(facts: &Facts, showback: &Showback) -> Vec<Kpi> {
    let report: Option<Parties> =
        showback.rows.iter().map(|row| Some((row.kind, row.report.as_ref()?))).collect();
    match report {
        Some(report) if currencies(facts).len() > 1 => {
            let currency = facts.conversions.report_currency;
            let mut kpis = figures(showback, &report, ALL_CURRENCIES, currency);
            for kpi in &mut kpis {
                kpi.report = [&kpi.value, &kpi.numerator, &kpi.denominator].map(String::clone);
            }
            kpis
        }
        _ => Vec::new(),
    }
}

fn figures(showback: &Showback, parties: &Parties, scope: &str, currency: Currency) -> Vec<Kpi> {
    let sum = |wanted: &dyn Fn(Kind) -> bool, of: &dyn Fn(&Figures) -> Amount| -> Amount {
        parties.iter().filter(|(kind, _)| wanted(*kind)).map(|(_, figures)| of(figures)).sum()
    };
    let total = |kind: Kind| sum(&|known| known == kind, &|figures| figures.total);
    let all = |of: &dyn Fn(&Figures) -> Amount| sum(&|_| true, of);
    let owners = |of: &dyn Fn(&Figures) -> Amount| sum(&|kind| kind == Kind::Owner, of);
    let accepted = all(&|figures| figures.total);
    let billed = all(&|figures| figures.billed_cost);
    let effective = all(&|figures| figures.effective_cost);
    let ratio = |name, part, of| Kpi::ratio(name, scope, currency, part, of);
    let amount = |name, amount: Amount| {
        Kpi::plain(name, scope, currency.code(), amount.to_string(), "amount")
    };
    // A pool's row nets to zero, so the components of all rows are those of what was accepted.
    let component = |name: &str| -> Amount {
        let at = showback.components.iter().position(|known| known == name);
        at.map_or(Amount::ZERO, |at| all(&|figures| figures.components[at]))
    };
    let mut kpis = vec![
        ratio("cost_allocated", total(Kind::Owner), accepted),
        ratio("cost_unallocated", total(Kind::Unallocated), accepted),
        amount("rounding", total(Kind::Rounding)),
        amount("billed_cost", billed),
        amount("effective_cost", effective),
        ratio("effective_to_billed", effective, billed),
        ratio("cost_direct", owners(&|figures| figures.direct), accepted),
        ratio("cost_shared", owners(&|figures| figures.shared_in), accepted),
        month_on_month(parties, scope, currency),
    ];
    let [used, unused] = [0, 1].map(|at| all(&|figures| figures.commitments[at]));
    if !used.is_zero() || !unused.is_zero() {
        kpis.push(ratio("commitment_utilisation", used, used + unused));
    }
    // Credits that a bill nets into the cost of the charge are in no component of their own.
    let credits = component("credits");
    kpis.push(ratio("credits_share", -credits, accepted - credits));
    kpis
}

/// The change against the month before as a part of it; blank where that month is not at hand.
fn month_on_month(parties: &Parties, scope: &str, currency: Currency) -> Kpi {
    const NAME: &str = "month_on_month";
    let total: Amount = parties.iter().map(|(_, figures)| figures.total).sum();
    let prior: Option<Amount> = parties.iter().map(|(_, figures)| figures.prior).sum();
    prior.map_or_else(
        || Kpi::plain(NAME, scope, currency.code(), String::new(), "ratio"),
        |prior| Kpi::ratio(NAME, scope, currency, total - prior, prior.abs()),
    )
}
