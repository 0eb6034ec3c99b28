//! Which of the bill's invoices a claim is about.

use std::collections::BTreeMap;

use crate::diagnostics::{Code, Finding};
use crate::domain::{Amount, Currency};

use super::claims::Claim;
use super::model::Billed;

/// A claim and what the bill has of it, which may be nothing.
#[derive(Clone, Debug)]
pub(super) struct Match {
    pub(super) claim: Claim,
    pub(super) billed: Vec<Billed>,
    /// Currencies in which the bill has it, where it has it in others only.
    pub(super) other_currencies: Vec<Currency>,
}

/// All claims, and what of the bill is in none of them.
#[derive(Debug, Default)]
pub(super) struct Matched {
    pub(super) matches: Vec<Match>,
    pub(super) rest: Vec<Billed>,
    pub(super) faults: Vec<Finding>,
}

impl Match {
    pub(super) fn billed_total(&self) -> Amount {
        self.billed.iter().map(|billed| billed.fates.whole()).sum()
    }

    /// Invoiced less billed; `None` beyond what can be kept exactly.
    pub(super) fn variance(&self) -> Option<Amount> {
        self.claim.total.checked_add(-self.billed_total())
    }
}

/// Matches by the invoice's name, then, where the bill names none, by billing account.
pub(super) fn matched(claims: Vec<Claim>, billed: Vec<Billed>) -> Matched {
    let mut found = Matched { rest: billed, ..Matched::default() };
    let names: Vec<(String, Currency)> =
        claims.iter().map(|claim| (claim.ids[0].clone(), claim.currency)).collect();
    let mut unnamed: BTreeMap<(String, Currency), Vec<Claim>> = BTreeMap::new();
    for claim in claims {
        let name = (claim.ids[0].clone(), claim.currency);
        let is_alone = names.iter().filter(|other| **other == name).count() == 1;
        let billed = found.take(|billed| {
            billed.invoice == name.0
                && billed.currency == name.1
                && (claim.billing_account.is_empty()
                    || billed.billing_account == claim.billing_account)
        });
        // Billing accounts are written in several ways; the name of an invoice is its own.
        let billed = if billed.is_empty() && is_alone {
            found.take(|billed| billed.invoice == name.0 && billed.currency == name.1)
        } else {
            billed
        };
        if billed.is_empty() {
            let key = (claim.billing_account.clone(), claim.currency);
            unnamed.entry(key).or_default().push(claim);
        } else {
            found.matches.push(Match { claim, billed, other_currencies: Vec::new() });
        }
    }
    for ((billing_account, currency), claims) in unnamed {
        found.match_account(&billing_account, currency, claims);
    }
    found
}

impl Matched {
    /// Claims that the bill does not name: the rows of their billing account that name no invoice
    /// are all of them together.
    fn match_account(&mut self, billing_account: &str, currency: Currency, claims: Vec<Claim>) {
        let billed = self.take(|billed| {
            !billing_account.is_empty()
                && billed.invoice.is_empty()
                && billed.billing_account == billing_account
                && billed.currency == currency
        });
        if billed.is_empty() {
            for claim in claims {
                let other_currencies = self.other_currencies(&claim);
                self.matches.push(Match { claim, billed: Vec::new(), other_currencies });
            }
            return;
        }
        if claims.len() > 1
            && let Some(undated) = claims.iter().find(|claim| !claim.is_dated)
        {
            let text = format!(
                "the bill of billing account `{billing_account}` names no invoice, and {} invoices of it may be of any month",
                claims.len()
            );
            let finding = Finding::new(Code::BadInvoice, text)
                .help("give the table of invoices a column `period` with the month that is billed");
            self.faults.push(finding.at(undated.place.clone()));
        }
        let mut claims = claims.into_iter();
        let Some(mut claim) = claims.next() else { return };
        for more in claims {
            claim.add(&more);
        }
        self.matches.push(Match { claim, billed, other_currencies: Vec::new() });
    }

    fn other_currencies(&self, claim: &Claim) -> Vec<Currency> {
        let alike = |billed: &&Billed| {
            billed.currency != claim.currency
                && (billed.invoice == claim.ids[0]
                    || (billed.invoice.is_empty()
                        && !claim.billing_account.is_empty()
                        && billed.billing_account == claim.billing_account))
        };
        let mut found: Vec<Currency> =
            self.rest.iter().filter(alike).map(|billed| billed.currency).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    fn take(&mut self, wanted: impl Fn(&Billed) -> bool) -> Vec<Billed> {
        let (taken, rest) = std::mem::take(&mut self.rest).into_iter().partition(wanted);
        self.rest = rest;
        taken
    }
}
