//! What a variance is made of.
//!
//! A part explains a variance only where what is left is below half the currency's minor unit:
//! invoices are rounded to it, bills are not. Where an invoice is finer, nothing may be left. Fewer parts are tried before more, so that nothing is
//! explained by more than it needs.

use crate::domain::{Amount, Currency};
use crate::rules::AcceptedVariance;

use super::aside::{Aside, Kind, is_alike};
use super::matching::Match;
use super::model::{Class, Status};

/// What may explain a variance, besides what the match itself tells.
pub(super) struct Known<'a> {
    pub(super) tolerance: Amount,
    pub(super) accepted: &'a [AcceptedVariance],
    /// What lies in quarantine and in other months.
    pub(super) aside: &'a Aside,
    /// Other invoices whose bill deducts credits, and these.
    pub(super) credited: &'a [Credited],
}

/// Credits that the bill has under an invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Credited {
    pub(super) invoice: String,
    pub(super) billing_accounts: Vec<String>,
    pub(super) currency: Currency,
    pub(super) credits: Amount,
}

/// What is thought of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) class: Class,
    pub(super) status: Status,
    pub(super) explanation: String,
    pub(super) help: String,
    /// What of the money that lies aside is part of the explanation.
    pub(super) uses: Vec<Kind>,
}

/// A part of a variance.
struct Part {
    class: Class,
    amount: Amount,
    words: String,
    /// Where it lies, if it lies aside.
    kind: Option<Kind>,
}

pub(super) fn classify(of: &Match, known: &Known<'_>) -> Verdict {
    let Some(variance) = of.variance() else { return unexplained(of, known, &[]) };
    let verdict = |class, status, explanation: &str| Verdict {
        class,
        status,
        explanation: explanation.to_owned(),
        help: String::new(),
        uses: Vec::new(),
    };
    if let Some(accepted) = accepted(of, known, variance) {
        return verdict(Class::Accepted, Status::Accepted, &accepted.reason);
    }
    // An amount in another currency is no amount of nothing.
    if !of.other_currencies.is_empty() {
        let currencies: Vec<&str> = of.other_currencies.iter().map(Currency::code).collect();
        let text = format!("the bill has it in {}", currencies.join(", "));
        let help =
            "ask the provider for an invoice in the currency of the bill, or correct the table";
        let found = verdict(Class::CurrencyDiffers, Status::Variance, &text);
        return Verdict { help: help.to_owned(), ..found };
    }
    if variance.is_zero() {
        return verdict(Class::Matched, Status::Reconciled, "");
    }
    if variance.abs() <= known.tolerance {
        return verdict(Class::WithinTolerance, Status::Reconciled, "");
    }
    let half = left_over_by_rounding(of.claim.total, of.claim.currency);
    if variance.abs() <= half && !of.billed.is_empty() {
        return verdict(Class::Rounding, Status::Reconciled, "");
    }
    let parts = parts(of, known);
    match explained(variance, &parts, half) {
        Some((class, words, uses)) => Verdict { uses, ..verdict(class, Status::Explained, &words) },
        None => unexplained(of, known, &parts),
    }
}

fn accepted<'a>(of: &Match, known: &Known<'a>, variance: Amount) -> Option<&'a AcceptedVariance> {
    let mut declared = declared(of, known);
    declared.find(|accepted| accepted.amount == variance)
}

fn declared<'a>(of: &Match, known: &Known<'a>) -> impl Iterator<Item = &'a AcceptedVariance> {
    let accepted = known.accepted.iter();
    accepted.filter(move |accepted| {
        of.claim.ids.contains(&accepted.invoice)
            && accepted.currency.is_none_or(|currency| currency == of.claim.currency)
    })
}

/// Everything that can be told apart and is not nothing.
fn parts(of: &Match, known: &Known<'_>) -> Vec<Part> {
    let taxes: Amount = of.billed.iter().map(|billed| billed.taxes).sum();
    let credits: Amount = of.billed.iter().map(|billed| billed.credits).sum();
    let invoiced = of.claim.tax.unwrap_or_default();
    // Tax that both have and that differs is no explanation: one of the two is wrong.
    let (tax, tax_words) = if taxes.is_zero() {
        (invoiced, format!("tax of {invoiced} that the bill does not have"))
    } else if invoiced.is_zero() {
        (-taxes, format!("tax of {taxes} that the table of invoices does not have"))
    } else {
        (Amount::ZERO, String::new())
    };
    let part = |class, amount, words: String| Part { class, amount, words, kind: None };
    let aside = |class, kind, words: &str| {
        let amount = known.aside.sum(of, kind);
        Part { class, amount, words: format!("{amount} in {words}"), kind: Some(kind) }
    };
    let all = [
        part(Class::Tax, tax, tax_words),
        part(
            Class::Credits,
            -credits,
            format!("credits of {credits} that the invoice does not deduct"),
        ),
        aside(
            Class::QuarantinedRows,
            Kind::Quarantined,
            "rows of this invoice that are in quarantine",
        ),
        aside(Class::QuarantinedRows, Kind::Unnamed, "rows in quarantine that name no invoice"),
        aside(Class::LateRows, Kind::Late, "rows of this invoice that are billed in other months"),
    ];
    all.into_iter().filter(|part| !part.amount.is_zero()).collect()
}

/// What an explanation is called, its words, and what it uses of the money that lies aside.
type Explained = (Class, String, Vec<Kind>);

/// The fewest parts that come to the variance, in the order in which they are listed.
fn explained(variance: Amount, parts: &[Part], half: Amount) -> Option<Explained> {
    let mut choices: Vec<u32> = (1..1 << parts.len()).collect();
    choices.sort_by_key(|choice| (choice.count_ones(), *choice));
    choices.into_iter().find_map(|choice| {
        let chosen: Vec<&Part> = (0..)
            .zip(parts)
            .filter(|(at, _)| choice & (1 << at) != 0)
            .map(|(_, part)| part)
            .collect();
        let rest = chosen.iter().try_fold(variance, |rest, part| rest.checked_add(-part.amount))?;
        if rest.abs() > half {
            return None;
        }
        let first = chosen[0].class;
        let is_one = chosen.iter().all(|part| part.class == first);
        let class = if is_one { first } else { Class::Several };
        let mut words: Vec<String> = chosen.iter().map(|part| part.words.clone()).collect();
        if !rest.is_zero() {
            words.push(format!("{rest} by rounding"));
        }
        let uses = chosen.iter().filter_map(|part| part.kind).collect();
        Some((class, words.join(" and "), uses))
    })
}

fn unexplained(of: &Match, known: &Known<'_>, parts: &[Part]) -> Verdict {
    let mut words: Vec<String> = Vec::new();
    let class = if of.billed.is_empty() { Class::MissingInBill } else { Class::Unexplained };
    if class == Class::MissingInBill {
        words.push("no row of the bill names it".to_owned());
    }
    if !parts.is_empty() {
        let told: Vec<&str> = parts.iter().map(|part| part.words.as_str()).collect();
        words.push(format!("not explained by {}", told.join(", ")));
    }
    words.extend(two_taxes(of));
    let unknown = known.aside.unknown(of);
    words.extend(unknown.clone());
    words.extend(
        declared(of, known)
            .map(|accepted| format!("the accepted variance of {} is another", accepted.amount)),
    );
    let credit_note = if of.claim.total.is_negative() { credit_note(of, known) } else { None };
    let help = match class {
        Class::MissingInBill if credit_note.is_some() => {
            words.extend(credit_note);
            "give the credit note's row the id of the invoice that it credits: rows of one invoice are added up"
        }
        _ if unknown.is_some() => {
            "mend what is wrong with the rows in quarantine: in the file, in its column map, or with a new delivery"
        }
        Class::MissingInBill if !of.claim.is_dated => {
            "check the delivery of the bill; where the invoice is of another month, give the table a column `period`"
        }
        Class::MissingInBill => "check that the bill was delivered whole",
        _ => {
            "look for missing or doubled rows; what was looked into may stand under `accepted_variances` with its reason"
        }
    };
    Verdict {
        class,
        status: Status::Variance,
        explanation: words.join("; "),
        help: help.to_owned(),
        uses: Vec::new(),
    }
}

/// Tax that both have, and not the same.
fn two_taxes(of: &Match) -> Option<String> {
    let taxes: Amount = of.billed.iter().map(|billed| billed.taxes).sum();
    let invoiced =
        of.claim.tax.filter(|tax| !tax.is_zero() && !taxes.is_zero() && *tax != taxes)?;
    Some(format!("the invoice has tax of {invoiced}, the bill of {taxes}"))
}

/// Where the bill has what a credit note deducts, which it knows under another invoice.
fn credit_note(of: &Match, known: &Known<'_>) -> Option<String> {
    let claim = &of.claim;
    let mut found = known.credited.iter().filter(|credited| {
        let accounts = &credited.billing_accounts;
        credited.currency == claim.currency
            && credited.credits == claim.total
            && (claim.billing_account.is_empty()
                || accounts.iter().any(|own| is_alike(own, &claim.billing_account)))
    });
    let first = found.next()?;
    Some(format!(
        "it looks like a credit note: the bill has credits of {} under invoice `{}`",
        first.credits, first.invoice
    ))
}

/// Half of the currency's smallest unit, where the invoice is rounded to it: one that is not is
/// not rounded at all.
fn left_over_by_rounding(total: Amount, currency: Currency) -> Amount {
    if total.digits() > currency.minor_digits() {
        return Amount::ZERO;
    }
    let digits = i8::try_from(currency.minor_digits()).unwrap_or(2);
    Amount::from_scaled(5, digits + 1).unwrap_or_default()
}
