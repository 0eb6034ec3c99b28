//! Three ways that must agree: what the provider invoices, what the bill says, who bears it.
//!
//! ```text
//! billed              cells → `BilledCost` per invoice, by who bears it
//! claims              rows of tables of invoices → one claim per invoice
//! matching            which of the bill's invoices a claim is about
//! classify            what a variance is made of
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

mod billed;
mod claims;
mod classify;
mod matching;
mod model;

pub use model::{Class, Fates, Reconciled, ReconciliationLine, Status};

use std::collections::BTreeMap;

use crate::allocate::{Conversions, Cube};
use crate::diagnostics::{Code, Finding};
use crate::domain::{Amount, Currency, Period};
use crate::ingest::{Invoice, ScanReport};
use crate::rules::InvoicesDecl;

use billed::Books;
use claims::claims;
use classify::{Known, Verdict, classify};
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
    let books = Books::of(cube, conversions);
    let quarantined = quarantined(scan, cube.period);
    let mut found = Reconciled::default();
    let (claims, faults) = claims(invoices, cube.period, &books);
    found.findings.extend(faults);
    let Matched { matches, rest, faults } = matched(claims, books.period);
    found.findings.extend(faults);
    for found_match in matches {
        let late = found_match
            .claim
            .ids
            .iter()
            .filter_map(|id| books.elsewhere.get(&(id.clone(), found_match.claim.currency)));
        let late = late.flat_map(|months| months.values()).map(|(_, billed)| *billed).sum();
        let claim = &found_match.claim;
        let aside = |invoice: Option<&String>| {
            let key = (claim.currency, invoice.cloned());
            quarantined.get(&key).copied().unwrap_or_default()
        };
        let terms = declared.get(claim.entry);
        let known = Known {
            tolerance: terms.map_or(Amount::ZERO, |terms| terms.tolerance),
            accepted: terms.map_or(&[][..], |terms| &terms.accepted),
            late,
            quarantined: claim
                .ids
                .iter()
                .try_fold(Amount::ZERO, |sum, id| sum.checked_add(aside(Some(id))))
                .unwrap_or_default(),
            quarantined_unnamed: aside(None),
        };
        settle(&mut found, &found_match, &known);
    }
    for billed in rest {
        unmatched(&mut found, billed, !declared.is_empty());
    }
    found.lines.sort_by(|a, b| a.key().cmp(&b.key()));
    found.findings.extend(unchecked(&found.lines));
    found
}

/// What is known of `BilledCost` in quarantine, of the period or of no known month, by currency and
/// invoice, where the row tells it.
type Quarantined = BTreeMap<(Currency, Option<String>), Amount>;

fn quarantined(scan: &ScanReport, period: Period) -> Quarantined {
    let mut sums = Quarantined::new();
    let rows = scan.files.iter().flat_map(|file| &file.quarantine);
    for row in rows.filter(|row| row.month.is_none_or(|month| month == period)) {
        let currency = row.currency.as_deref().and_then(|code| Currency::parse(code).ok());
        if let (Some(currency), Some(billed)) = (currency, row.billed_cost) {
            let sum = sums.entry((currency, row.invoice.clone())).or_default();
            // Money in quarantine has no bound of its own; beyond the range it explains nothing.
            *sum = sum.checked_add(billed).unwrap_or_default();
        }
    }
    sums
}

fn settle(found: &mut Reconciled, of: &Match, known: &Known<'_>) {
    let verdict = classify(of, known);
    found.findings.extend(finding(of, &verdict));
    let claim = &of.claim;
    let billed = Billed::together(&of.billed, claim.currency);
    let of_bill = |mine: &str, of_bill: &str| {
        if mine.is_empty() { of_bill.to_owned() } else { mine.to_owned() }
    };
    found.lines.push(ReconciliationLine {
        provider: billed.issuer.clone(),
        invoice: claim.ids.join("; "),
        billing_account: of_bill(&claim.billing_account, &billed.billing_account),
        currency: claim.currency,
        net: Some(claim.net),
        tax: claim.tax,
        invoiced: Some(claim.total),
        rows: billed.rows,
        billed: billed.fates,
        report: billed.report,
        variance: of.variance(),
        tolerance: Some(known.tolerance),
        class: Some(verdict.class),
        status: verdict.status,
        explanation: verdict.explanation,
    });
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

/// Billed, but invoiced by none.
fn unmatched(found: &mut Reconciled, billed: Billed, is_declared: bool) {
    // Nothing is asked for nothing, and what names no invoice cannot miss one.
    let is_open = is_declared && !billed.invoice.is_empty() && !billed.fates.whole().is_zero();
    if is_open {
        let text = format!(
            "invoice `{}`: {} {} billed, and no table of invoices has it",
            billed.invoice,
            billed.fates.whole(),
            billed.currency
        );
        let finding = Finding::new(Code::InvoiceMissing, text)
            .help("add the invoice once it has come; until then its cost is not checked");
        found.findings.push(finding.count(billed.rows));
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
        explanation: String::new(),
    });
}

/// Rows that name no invoice and were matched by none.
fn unchecked(lines: &[ReconciliationLine]) -> Option<Finding> {
    let unnamed = lines.iter().filter(|line| line.invoice.is_empty());
    let rows: u64 = unnamed.map(|line| line.rows).sum();
    (rows > 0).then(|| {
        let counted = if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") };
        let text = format!("{counted} without an invoice; it cannot be tied to one");
        Finding::new(Code::InvoiceUnchecked, text).count(rows)
    })
}
