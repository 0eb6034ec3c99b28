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
        for cells in cube.groups() {
            let group = cells.group;
            let billed = cells.costs()[CostMetric::BilledCost];
            let run = Run { group, rows: cells.rows(), billed, report: None };
            if group.month == cube.period {
                let report = conversions.billed(cells);
                absorb(&mut sums, cube, &Run { report, ..run });
            } else if cube.name(group.invoice).is_some() {
                absorb(others.entry(group.month).or_default(), cube, &run);
            }
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
