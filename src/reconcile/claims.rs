//! Rows of tables of invoices, put together to one claim per invoice.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostics::{Code, Finding, Place};
use crate::domain::{Amount, Currency, Period};
use crate::ingest::Invoice;

use super::billed::Books;

/// What a provider asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    /// One, or all of a billing account whose bill names none.
    pub(super) ids: Vec<String>,
    /// Empty where the table names none.
    pub(super) billing_account: String,
    pub(super) currency: Currency,
    pub(super) net: Amount,
    /// `None` where no row tells it.
    pub(super) tax: Option<Amount>,
    pub(super) total: Amount,
    /// Whether the table says that it is of this period.
    pub(super) is_dated: bool,
    pub(super) place: Place,
    pub(super) entry: usize,
}

impl Claim {
    /// Sums of what [`claims`] has found to be small enough.
    pub(super) fn add(&mut self, other: &Self) {
        self.net += other.net;
        self.total += other.total;
        self.tax = match (self.tax, other.tax) {
            (None, None) => None,
            (mine, theirs) => Some(mine.unwrap_or_default() + theirs.unwrap_or_default()),
        };
        self.is_dated &= other.is_dated;
        let new = other.ids.iter().filter(|id| !self.ids.contains(id));
        let new: Vec<String> = new.cloned().collect();
        self.ids.extend(new);
    }
}

/// The claims of the period. An invoice that names no period is of the month whose bill names it,
/// and of the period where no month at hand does.
pub(super) fn claims(
    invoices: &[Invoice],
    period: Period,
    books: &Books,
) -> (Vec<Claim>, Vec<Finding>) {
    let mut claims: BTreeMap<(&str, &str, Currency), Claim> = BTreeMap::new();
    let mut files: BTreeMap<(&str, Currency), &Invoice> = BTreeMap::new();
    let mut faults: Vec<Finding> = Vec::new();
    if let Err(finding) = small_enough(invoices) {
        return (Vec::new(), vec![finding]);
    }
    let is_billed = |id: &str| books.period.iter().any(|billed| billed.invoice == id);
    let elsewhere = books.elsewhere.iter();
    let elsewhere_billed: BTreeSet<(&str, Currency)> =
        elsewhere.map(|billed| (billed.invoice.as_str(), billed.currency)).collect();
    for invoice in invoices {
        let is_of_period = invoice.period.map_or_else(
            || {
                let elsewhere = (invoice.id.as_str(), invoice.currency);
                is_billed(&invoice.id) || !elsewhere_billed.contains(&elsewhere)
            },
            |month| month == period,
        );
        if !is_of_period {
            continue;
        }
        let first = files.entry((&invoice.id, invoice.currency)).or_insert(invoice);
        if path(&first.place) != path(&invoice.place) {
            faults.push(in_two_files(first, invoice));
            continue;
        }
        let claim = claim(invoice);
        let key = (invoice.id.as_str(), invoice.billing_account.as_str(), invoice.currency);
        claims.entry(key).and_modify(|known| known.add(&claim)).or_insert(claim);
    }
    (claims.into_values().collect(), faults)
}

/// Sums of absolute values only grow: where all of them fit, so does every sum of some.
fn small_enough(invoices: &[Invoice]) -> Result<(), Finding> {
    let mut sum = Amount::ZERO;
    for invoice in invoices {
        for amount in [invoice.net, invoice.tax.unwrap_or_default(), invoice.total] {
            sum = sum.checked_add(amount.abs()).ok_or_else(|| {
                let text = "the amounts of all invoices sum beyond what can be kept exactly";
                Finding::new(Code::BadInvoice, text).at(invoice.place.clone())
            })?;
        }
    }
    Ok(())
}

fn claim(invoice: &Invoice) -> Claim {
    Claim {
        ids: vec![invoice.id.clone()],
        billing_account: invoice.billing_account.clone(),
        currency: invoice.currency,
        net: invoice.net,
        tax: invoice.tax,
        total: invoice.total,
        is_dated: invoice.period.is_some(),
        place: invoice.place.clone(),
        entry: invoice.entry,
    }
}

fn path(place: &Place) -> &str {
    match place {
        Place::Cell { path, .. } | Place::File(path) => path,
        Place::Text(span) => &span.path,
    }
}

fn in_two_files(first: &Invoice, second: &Invoice) -> Finding {
    let text = format!(
        "invoice `{}` stands in `{}` and in `{}`; it would count twice",
        second.id,
        path(&first.place),
        path(&second.place)
    );
    Finding::new(Code::BadInvoice, text)
        .help("keep each invoice in one file")
        .at(second.place.clone())
}
