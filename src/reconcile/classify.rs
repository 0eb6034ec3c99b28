//! What a variance is made of.
//!
//! A part explains a variance only where what is left is below half the currency's minor unit:
//! invoices are rounded to it, bills are not. Fewer parts are tried before more, so that nothing is
//! explained by more than it needs.

use crate::domain::{Amount, Currency};
use crate::rules::AcceptedVariance;

use super::matching::Match;
use super::model::{Class, Status};

/// What may explain a variance, besides what the match itself tells.
pub(super) struct Known<'a> {
    pub(super) tolerance: Amount,
    pub(super) accepted: &'a [AcceptedVariance],
    /// `BilledCost` of the invoice in other months.
    pub(super) late: Amount,
    /// Known `BilledCost` of the invoice in quarantine.
    pub(super) quarantined: Amount,
    /// Known `BilledCost` in quarantine, in this currency, of rows that tell no invoice.
    pub(super) quarantined_unnamed: Amount,
}

/// What is thought of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) class: Class,
    pub(super) status: Status,
    pub(super) explanation: String,
    pub(super) help: String,
}

/// A part of a variance.
struct Part {
    class: Class,
    amount: Amount,
    words: String,
}

pub(super) fn classify(of: &Match, known: &Known<'_>) -> Verdict {
    let Some(variance) = of.variance() else { return unexplained(of, known, &[]) };
    let verdict = |class, status, explanation: &str| Verdict {
        class,
        status,
        explanation: explanation.to_owned(),
        help: String::new(),
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
    let half = half_of_minor_unit(of.claim.currency);
    if variance.abs() <= half && !of.billed.is_empty() {
        return verdict(Class::Rounding, Status::Reconciled, "");
    }
    let parts = parts(of, known);
    match explained(variance, &parts, half) {
        Some((class, words)) => verdict(class, Status::Explained, &words),
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
    // What lies beyond the range explains nothing.
    let tax = of.claim.tax.unwrap_or_default().checked_add(-taxes).unwrap_or_default();
    let tax_words = match (of.claim.tax, taxes.is_zero()) {
        (Some(_), true) => format!("tax of {tax} that the bill does not have"),
        (None, _) => format!("tax of {} that the table of invoices does not have", -tax),
        (Some(_), false) => format!("tax that differs by {tax}"),
    };
    let part = |class, amount, words: String| Part { class, amount, words };
    let all = [
        part(Class::Tax, tax, tax_words),
        part(
            Class::Credits,
            -credits,
            format!("credits of {credits} that the invoice does not deduct"),
        ),
        part(
            Class::QuarantinedRows,
            known.quarantined,
            format!("{} in rows of this invoice that are in quarantine", known.quarantined),
        ),
        part(
            Class::QuarantinedRows,
            known.quarantined_unnamed,
            format!("{} in rows in quarantine that name no invoice", known.quarantined_unnamed),
        ),
        part(
            Class::LateRows,
            known.late,
            format!("{} in rows of this invoice that are billed in other months", known.late),
        ),
    ];
    all.into_iter().filter(|part| !part.amount.is_zero()).collect()
}

/// The fewest parts that come to the variance, in the order in which they are listed.
fn explained(variance: Amount, parts: &[Part], half: Amount) -> Option<(Class, String)> {
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
        Some((class, words.join(" and ")))
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
    words.extend(
        declared(of, known)
            .map(|accepted| format!("the accepted variance of {} is another", accepted.amount)),
    );
    let help = match class {
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
    }
}

/// Half of the currency's smallest unit.
fn half_of_minor_unit(currency: Currency) -> Amount {
    let digits = i8::try_from(currency.minor_digits()).unwrap_or(2);
    Amount::from_scaled(5, digits + 1).unwrap_or_default()
}
