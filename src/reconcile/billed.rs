//! What the bill says: `BilledCost` of the cells by invoice.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use crate::allocate::{Conversions, Cube, Group, NameId};
use crate::domain::{Amount, CostMetric, Currency, Period};

use super::model::{Billed, Fates};

/// What another month bills under an invoice that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Elsewhere {
    pub(super) month: Period,
    pub(super) issuer: String,
    pub(super) billing_account: String,
    pub(super) invoice: String,
    pub(super) currency: Currency,
    pub(super) billed: Amount,
}

/// All that is billed.
#[derive(Debug, Default)]
pub(super) struct Books {
    /// In the order of issuer, invoice, billing account, currency.
    pub(super) period: Vec<Billed>,
    /// Of other months at hand, by month, issuer, invoice, billing account, currency.
    pub(super) elsewhere: Vec<Elsewhere>,
}

/// Until their texts are known: issuer, provider, invoice, billing account, currency.
type Ids = (NameId, NameId, NameId, NameId, Currency);

impl Books {
    pub(super) fn of(cube: &Cube, conversions: &Conversions) -> Self {
        let mut books = Self::default();
        let mut sums: HashMap<Ids, Billed> = HashMap::new();
        let mut others: BTreeMap<Period, HashMap<Ids, Billed>> = BTreeMap::new();
        let mut run: Option<Run> = None;
        // Cells of one group follow each other: they are summed before anything is looked up.
        for cell in cube.cells() {
            let group = cell.group;
            let billed = cell.costs[CostMetric::BilledCost];
            if group.month != cube.period {
                if cube.name(group.invoice).is_some() {
                    let sums = others.entry(group.month).or_default();
                    let run = Run { group, rows: cell.rows, billed, report: None };
                    absorb(sums, cube, &run);
                }
                continue;
            }
            let report = conversions.rates(group.month, group.currency).amount(cell.day, billed);
            match &mut run {
                Some(run) if std::ptr::eq(run.group, group) => {
                    run.rows += cell.rows;
                    run.billed += billed;
                    run.report = [run.report, report].into_iter().sum();
                }
                _ => {
                    let next = Run { group, rows: cell.rows, billed, report };
                    if let Some(done) = run.replace(next) {
                        absorb(&mut sums, cube, &done);
                    }
                }
            }
        }
        if let Some(last) = run {
            absorb(&mut sums, cube, &last);
        }
        books.period = named(cube, sums);
        for (month, sums) in others {
            let found = named(cube, sums).into_iter().map(|billed| Elsewhere {
                month,
                issuer: billed.issuer,
                billing_account: billed.billing_account,
                invoice: billed.invoice,
                currency: billed.currency,
                billed: billed.fates.whole(),
            });
            books.elsewhere.extend(found);
        }
        books
    }
}

/// The cells of one group.
struct Run<'a> {
    group: &'a Group,
    rows: u64,
    billed: Amount,
    report: Option<Amount>,
}

fn absorb(sums: &mut HashMap<Ids, Billed>, cube: &Cube, run: &Run<'_>) {
    let group = run.group;
    let category = cube.text(group.charge_category);
    let of = |name: &str| {
        if category.eq_ignore_ascii_case(name) { run.billed } else { Amount::ZERO }
    };
    let bearer = group.verdict.bearer;
    let sum = Billed {
        rows: run.rows,
        fates: Fates::of(bearer, run.billed),
        report: run.report.map(|report| Fates::of(bearer, report)),
        taxes: of("Tax"),
        credits: of("Credit"),
        ..Billed::nothing(group.currency)
    };
    let ids = (
        group.invoice_issuer,
        group.provider,
        group.invoice,
        group.billing_account,
        group.currency,
    );
    sums.entry(ids).or_insert_with(|| Billed::nothing(group.currency)).add(&sum);
}

/// By their texts: the issuer is the provider where no issuer is named.
fn named(cube: &Cube, sums: HashMap<Ids, Billed>) -> Vec<Billed> {
    let text = |name| cube.text(name).to_owned();
    let mut by_text: BTreeMap<(String, String, String, Currency), Billed> = BTreeMap::new();
    for ((issuer, provider, invoice, billing_account, currency), sum) in sums {
        let issuer = cube.name(issuer).map_or_else(|| text(provider), str::to_owned);
        let key = (issuer, text(invoice), text(billing_account), currency);
        by_text.entry(key).or_insert_with(|| Billed::nothing(currency)).add(&sum);
    }
    let whole = |((issuer, invoice, billing_account, _), sum)| Billed {
        issuer,
        invoice,
        billing_account,
        ..sum
    };
    by_text.into_iter().map(whole).collect()
}
