//! Three ways that must agree: what the provider invoices, what the bill says, who bears it.
//!
//! ```text
//! billed              cells → `BilledCost` per invoice, by who bears it
//! claims              rows of tables of invoices → one claim per invoice
//! matching            which of the bill's invoices a claim is about
//! aside               money in quarantine and in other months, each amount for one invoice
//! classify            what a variance is made of
//! accepted            declared variances that nothing needs
//! reconcile           all of it: lines for the report, findings
//! ```
//!
//! Owns what an invoice may differ by and what that is called. May use `domain`, `diagnostics`,
//! `rules`, and of `ingest` and `allocate` what they hand out. Knows no files and no columns.
//!
//! Order: invoices that the bill names are matched first, those it does not name by billing account
//! after them, because rows without an invoice may only explain what no invoice explains.
//!
//! Invariants: each row of the bill is in exactly one line, so that lines sum to the period's
//! `BilledCost`; a variance is classified only by amounts that come out to the minor unit.

mod accepted;
mod aside;
mod billed;
mod claims;
mod classify;
mod matching;
mod model;

pub use model::{Class, Fates, Reconciled, ReconciliationLine, Status};

use std::collections::BTreeSet;

use crate::allocate::{Conversions, Cube};
use crate::diagnostics::{Code, Finding};
use crate::domain::{Amount, Currency, Period};
use crate::ingest::{Invoice, ScanReport};
use crate::rules::InvoicesDecl;

use accepted::unused;
use aside::{Aside, is_alike};
use billed::Books;
use claims::claims;
use classify::{Credited, Known, Verdict, classify};
use matching::{Match, Matched, matched};
use model::Billed;

/// Compares invoices with the period's bill. Without any declared, the bill's own invoices are
/// listed unchecked.
#[must_use]
pub fn reconcile(
    scan: &ScanReport,
    cube: &Cube,
    conversions: &Conversions,
    declared: &[InvoicesDecl],
    invoices: &[Invoice],
) -> Reconciled {
    let mut books = Books::of(cube, conversions);
    let mut found = Reconciled::default();
    let (claims, faults) = claims(invoices, cube.period, &books);
    found.findings.extend(faults);
    let elsewhere = std::mem::take(&mut books.elsewhere);
    let mut aside = Aside::of(scan, cube.period, elsewhere, invoices);
    let period = cube.period;
    let open =
        Open { invoices, period, named: named(&books.period), is_declared: !declared.is_empty() };
    let Matched { matches, rest, faults } = matched(claims, books.period);
    found.findings.extend(faults);
    let credited: Vec<Credited> = matches.iter().filter_map(credited).collect();
    let mut settled = Vec::new();
    for of in &matches {
        let terms = declared.get(of.claim.entry);
        let known = Known {
            tolerance: terms.map_or(Amount::ZERO, |terms| terms.tolerance),
            accepted: terms.map_or(&[][..], |terms| &terms.accepted),
            aside: &aside,
            credited: &credited,
        };
        let verdict = classify(of, &known);
        settle(&mut found, of, known.tolerance, &verdict);
        aside.use_up(of, &verdict.uses);
        settled.push((of, verdict.status));
    }
    found.findings.extend(unused(declared, invoices, &settled));
    for billed in rest {
        unmatched(&mut found, billed, &open);
    }
    found.lines.sort_by(|a, b| a.key().cmp(&b.key()));
    found.findings.extend(unchecked(&found.lines));
    found
}

/// The credits that the bill has under an invoice, where it has some.
fn credited(of: &Match) -> Option<Credited> {
    let credits: Amount = of.billed.iter().map(|billed| billed.credits).sum();
    (!credits.is_zero()).then(|| Credited {
        invoice: of.claim.ids.join("; "),
        billing_accounts: of.billed.iter().map(|billed| billed.billing_account.clone()).collect(),
        currency: of.claim.currency,
        credits,
    })
}

/// Billing accounts, by currency, of which the bill names invoices.
fn named(period: &[Billed]) -> BTreeSet<(String, Currency)> {
    let named = period.iter().filter(|billed| !billed.invoice.is_empty());
    named.map(|billed| (billed.billing_account.clone(), billed.currency)).collect()
}

fn settle(found: &mut Reconciled, of: &Match, tolerance: Amount, verdict: &Verdict) {
    found.findings.extend(finding(of, verdict));
    let claim = &of.claim;
    let billed = Billed::together(&of.billed, claim.currency);
    let billing_account = if billed.billing_account.is_empty() {
        claim.billing_account.clone()
    } else {
        found.findings.extend(another_account(of));
        billed.billing_account.clone()
    };
    found.lines.push(ReconciliationLine {
        provider: billed.issuer.clone(),
        invoice: claim.ids.join("; "),
        billing_account,
        currency: claim.currency,
        net: Some(claim.net),
        tax: claim.tax,
        invoiced: Some(claim.total),
        rows: billed.rows,
        billed: billed.fates,
        report: billed.report,
        variance: of.variance(),
        tolerance: Some(tolerance),
        class: Some(verdict.class),
        status: verdict.status,
        explanation: verdict.explanation.clone(),
    });
}

/// An invoice that its name has matched, though it tells another billing account than the bill.
fn another_account(of: &Match) -> Option<Finding> {
    let claim = &of.claim;
    let claimed = &claim.billing_account;
    if claimed.is_empty() || of.billed.iter().any(|b| is_alike(&b.billing_account, claimed)) {
        return None;
    }
    let accounts: BTreeSet<&str> =
        of.billed.iter().map(|billed| billed.billing_account.as_str()).collect();
    let accounts: Vec<&str> = accounts.into_iter().collect();
    let text = format!(
        "invoice `{}` is of billing account `{claimed}` in the table, of `{}` in the bill",
        claim.ids.join("; "),
        accounts.join("`, `")
    );
    let help =
        "check that it is the same invoice; reconciliation.csv has the bill's billing account";
    Some(Finding::new(Code::InvoiceBillingAccount, text).help(help).at(claim.place.clone()))
}

fn finding(of: &Match, verdict: &Verdict) -> Option<Finding> {
    let claim = &of.claim;
    let mut text = format!(
        "invoice `{}`: invoiced {} {}, billed {}",
        claim.ids.join("; "),
        claim.total,
        claim.currency,
        of.billed_total(),
    );
    if let Some(variance) = of.variance() {
        text = format!("{text}, a difference of {variance}");
    }
    if !verdict.explanation.is_empty() {
        text = format!("{text}; {}", verdict.explanation);
    }
    let finding = match verdict.status {
        Status::Reconciled | Status::Unchecked | Status::Open => return None,
        Status::Explained | Status::Accepted => Finding::new(Code::InvoiceExplained, text),
        Status::Variance => Finding::new(Code::InvoiceVariance, text).help(verdict.help.clone()),
    };
    Some(finding.at(claim.place.clone()))
}

/// What tells whether an invoice is yet to come.
struct Open<'a> {
    /// Of all months.
    invoices: &'a [Invoice],
    period: Period,
    named: BTreeSet<(String, Currency)>,
    is_declared: bool,
}

impl Open<'_> {
    /// Nothing is asked for nothing. Rows that name no invoice miss one where their whole billing
    /// account names none; else nobody knows which invoice they are on.
    fn is_open(&self, billed: &Billed) -> bool {
        let misses_one = if billed.invoice.is_empty() {
            let account = (billed.billing_account.clone(), billed.currency);
            !billed.billing_account.is_empty() && !self.named.contains(&account)
        } else {
            true
        };
        self.is_declared && misses_one && !billed.fates.whole().is_zero()
    }

    /// Where a table has it for another month.
    fn of_another_month(&self, billed: &Billed) -> Option<&Invoice> {
        self.invoices.iter().find(|invoice| {
            !billed.invoice.is_empty()
                && invoice.id == billed.invoice
                && invoice.currency == billed.currency
                && invoice.period.is_some_and(|month| month != self.period)
        })
    }
}

/// Billed, but invoiced by none.
fn unmatched(found: &mut Reconciled, billed: Billed, open: &Open<'_>) {
    let is_open = open.is_open(&billed);
    let elsewhere = open.of_another_month(&billed).filter(|_| is_open);
    let explanation = elsewhere
        .and_then(|invoice| Some(format!("the table of invoices has it for {}", invoice.period?)));
    if is_open {
        found.findings.push(missing(&billed, elsewhere, explanation.as_deref()));
    }
    found.lines.push(ReconciliationLine {
        provider: billed.issuer,
        invoice: billed.invoice,
        billing_account: billed.billing_account,
        currency: billed.currency,
        net: None,
        tax: None,
        invoiced: None,
        rows: billed.rows,
        billed: billed.fates,
        report: billed.report,
        variance: None,
        tolerance: None,
        class: is_open.then_some(Class::NotInvoiced),
        status: if is_open { Status::Open } else { Status::Unchecked },
        explanation: explanation.unwrap_or_default(),
    });
}

fn missing(billed: &Billed, elsewhere: Option<&Invoice>, explanation: Option<&str>) -> Finding {
    let (cost, currency) = (billed.fates.whole(), billed.currency);
    let subject = if billed.invoice.is_empty() {
        format!("billing account `{}`, whose bill names no invoice", billed.billing_account)
    } else {
        format!("invoice `{}`", billed.invoice)
    };
    let told = explanation.unwrap_or("no table of invoices has it");
    let text = format!("{subject}: {cost} {currency} billed, and {told}");
    let finding = Finding::new(Code::InvoiceMissing, text).count(billed.rows);
    match elsewhere {
        Some(invoice) => finding
            .help("correct `period` in the table, or check to which month the bill belongs")
            .at(invoice.place.clone()),
        None => {
            finding.help("add the invoice once it has come; until then its cost is not checked")
        }
    }
}

/// Rows that name no invoice and were matched by none.
fn unchecked(lines: &[ReconciliationLine]) -> Option<Finding> {
    let unnamed =
        lines.iter().filter(|line| line.invoice.is_empty() && line.status != Status::Open);
    let rows: u64 = unnamed.map(|line| line.rows).sum();
    (rows > 0).then(|| {
        let counted = if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") };
        let text = format!("{counted} without an invoice; it cannot be tied to one");
        Finding::new(Code::InvoiceUnchecked, text).count(rows)
    })
}
