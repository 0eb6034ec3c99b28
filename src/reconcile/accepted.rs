//! Declared variances that nothing needs: of an invoice that no table has, or that has another or
//! no variance.

use crate::diagnostics::{Code, Finding, Place, did_you_mean};
use crate::ingest::Invoice;
use crate::rules::{AcceptedVariance, InvoicesDecl};

use super::matching::Match;
use super::model::Status;

/// A note on each that accepts nothing. One of an invoice of another month waits for that month;
/// one of an invoice that is refused is told there.
pub(super) fn unused(
    declared: &[InvoicesDecl],
    invoices: &[Invoice],
    settled: &[(&Match, Status)],
) -> Vec<Finding> {
    let mut found = Vec::new();
    for (entry, declaration) in declared.iter().enumerate() {
        let of_entry = || invoices.iter().filter(move |invoice| invoice.entry == entry);
        for accepted in &declaration.accepted {
            let is_known = of_entry().any(|invoice| invoice.id == accepted.invoice);
            let finding = if is_known {
                let settled = settled.iter().filter(|(of, _)| of.claim.entry == entry);
                not_needed(accepted, settled)
            } else {
                let text = format!("no table of this entry has the invoice `{}`", accepted.invoice);
                let near = did_you_mean(&accepted.invoice, of_entry().map(|invoice| &invoice.id));
                let help = near.map_or_else(
                    || "correct the invoice, or take the accepted variance away".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                Some(Finding::new(Code::AcceptedVarianceUnused, text).help(help))
            };
            found.extend(finding.map(|finding| finding.at(Place::Text(accepted.span.clone()))));
        }
    }
    found
}

fn not_needed<'a>(
    accepted: &AcceptedVariance,
    mut settled: impl Iterator<Item = &'a (&'a Match, Status)>,
) -> Option<Finding> {
    let (of, _) = settled.find(|(of, status)| {
        of.claim.ids.contains(&accepted.invoice)
            && accepted.currency.is_none_or(|currency| currency == of.claim.currency)
            && matches!(status, Status::Reconciled | Status::Explained)
    })?;
    let text = format!(
        "invoice `{}` has a variance of {}, not of {}, and needs none accepted",
        accepted.invoice,
        of.variance()?,
        accepted.amount
    );
    let help = "take the accepted variance away, or correct its amount";
    Some(Finding::new(Code::AcceptedVarianceUnused, text).help(help))
}
