//! Money that is at hand and not in the period's bill: rows in quarantine, rows of other months.
//! Each amount explains one invoice at most, and only one of its own billing account and issuer.

use std::collections::BTreeMap;

use crate::domain::{Amount, Currency, Period};
use crate::ingest::{Invoice, ScanReport};

use super::billed::Elsewhere;
use super::matching::Match;

/// Where money is that the period's bill does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// In quarantine, on rows of the invoice.
    Quarantined,
    /// In quarantine, on rows that tell no invoice.
    Unnamed,
    /// On rows of the invoice that are billed in other months.
    Late,
}

/// Money of one invoice in one place.
#[derive(Clone, Debug)]
struct Item {
    kind: Kind,
    origin: Origin,
    /// Known `BilledCost`.
    amount: Amount,
    /// Rows whose currency or `BilledCost` is not known, and where the first of them stands.
    unknown: u64,
    first_unknown: String,
    is_used: bool,
}

/// Whose money it is, as far as its rows tell: empty where they do not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Origin {
    issuer: String,
    billing_account: String,
    invoice: String,
    /// `None` where no row of it tells a currency.
    currency: Option<Currency>,
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Aside(Vec<Item>);

impl Aside {
    /// What lies in quarantine, of the period or of no known month, and in other months, but for
    /// those months in which the invoice is asked for too.
    pub(super) fn of(
        scan: &ScanReport,
        period: Period,
        elsewhere: Vec<Elsewhere>,
        invoices: &[Invoice],
    ) -> Self {
        let mut items = quarantined(scan, period);
        let is_claimed = |late: &Elsewhere| {
            invoices.iter().any(|invoice| {
                invoice.period == Some(late.month)
                    && invoice.id == late.invoice
                    && invoice.currency == late.currency
                    && (invoice.billing_account.is_empty()
                        || is_alike(&invoice.billing_account, &late.billing_account))
            })
        };
        let late = elsewhere.into_iter().filter(|late| !is_claimed(late));
        items.extend(late.map(|late| Item {
            kind: Kind::Late,
            origin: Origin {
                issuer: late.issuer,
                billing_account: late.billing_account,
                invoice: late.invoice,
                currency: Some(late.currency),
            },
            amount: late.billed,
            unknown: 0,
            first_unknown: String::new(),
            is_used: false,
        }));
        Self(items)
    }

    /// What may still explain a match. Beyond the range it explains nothing.
    pub(super) fn sum(&self, of: &Match, kind: Kind) -> Amount {
        let items = self.0.iter().filter(|item| !item.is_used && item.may_explain(of, kind));
        let sum = items.map(|item| item.amount).try_fold(Amount::ZERO, Amount::checked_add);
        sum.unwrap_or_default()
    }

    /// What has explained a match explains no other.
    pub(super) fn use_up(&mut self, of: &Match, kinds: &[Kind]) {
        for item in &mut self.0 {
            item.is_used |= kinds.iter().any(|kind| item.may_explain(of, *kind));
        }
    }

    /// Rows in quarantine that may belong to a match and whose cost nobody knows.
    pub(super) fn unknown(&self, of: &Match) -> Option<String> {
        let told = |kind, what: &str| {
            let items = || self.0.iter().filter(move |item| item.may_explain(of, kind));
            let rows: u64 = items().map(|item| item.unknown).sum();
            let first = items().find(|item| item.unknown > 0)?;
            let noun = if rows == 1 { "row" } else { "rows" };
            let which = if rows == 1 { "" } else { "the first of them " };
            Some(format!("{rows} {noun} of unknown cost {what} ({which}{})", first.first_unknown))
        };
        let named = told(Kind::Quarantined, "of this invoice in quarantine");
        named.or_else(|| told(Kind::Unnamed, "in quarantine without an invoice"))
    }
}

impl Item {
    fn may_explain(&self, of: &Match, kind: Kind) -> bool {
        let claim = &of.claim;
        let origin = &self.origin;
        let is_named = kind == Kind::Unnamed || claim.ids.contains(&origin.invoice);
        let is_currency = origin.currency.is_none_or(|currency| currency == claim.currency);
        self.kind == kind && is_named && is_currency && origin.is_of(of)
    }
}

impl Origin {
    /// Whether rows of that issuer and billing account may be on the invoice: those that the bill
    /// has under it, else that which the invoice tells.
    fn is_of(&self, of: &Match) -> bool {
        let is_known = |text: &str| !text.is_empty();
        if of.billed.is_empty() {
            let claimed = &of.claim.billing_account;
            let is_free = claimed.is_empty() && is_known(&self.invoice);
            return is_free
                || !is_known(&self.billing_account)
                || is_alike(claimed, &self.billing_account);
        }
        let is_account = !is_known(&self.billing_account)
            || of.billed.iter().any(|billed| billed.billing_account == self.billing_account);
        let is_issuer =
            !is_known(&self.issuer) || of.billed.iter().any(|billed| billed.issuer == self.issuer);
        is_account && is_issuer
    }
}

/// Whether ids of billing accounts are the same but for signs between their parts and case.
pub(super) fn is_alike(one: &str, other: &str) -> bool {
    let plain = |id: &str| -> String {
        id.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    one == other || plain(one) == plain(other)
}

fn quarantined(scan: &ScanReport, period: Period) -> Vec<Item> {
    let mut items: BTreeMap<Origin, Item> = BTreeMap::new();
    let rows =
        scan.files.iter().flat_map(|file| file.quarantine.iter().map(|row| (&file.path, row)));
    for (path, row) in rows.filter(|(_, row)| row.month.is_none_or(|month| month == period)) {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let origin = Origin {
            issuer: text(&row.issuer),
            billing_account: text(&row.billing_account),
            invoice: text(&row.invoice),
            currency: row.currency.as_deref().and_then(|code| Currency::parse(code).ok()),
        };
        let kind = if origin.invoice.is_empty() { Kind::Unnamed } else { Kind::Quarantined };
        let known = origin.currency.and(row.billed_cost);
        let item = items.entry(origin.clone()).or_insert_with(|| Item {
            kind,
            origin,
            amount: Amount::ZERO,
            unknown: 0,
            first_unknown: String::new(),
            is_used: false,
        });
        if let Some(billed) = known {
            // Money in quarantine has no bound of its own; beyond the range it explains nothing.
            item.amount = item.amount.checked_add(billed).unwrap_or_default();
        } else {
            if item.unknown == 0 {
                item.first_unknown = format!("{path}, row {}, column {}", row.row, row.column);
            }
            item.unknown += 1;
        }
    }
    items.into_values().collect()
}
