//! The money that lies in quarantine, as far as it is known.

use std::collections::BTreeMap;

use crate::domain::Amount;

use super::Facts;

/// Rows of the period, or of no known month, and what is known of their money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Quarantined {
    pub(super) rows: u64,
    pub(super) billed: Known,
    pub(super) effective: Known,
}

/// The sum of an amount that some rows tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// Rows that tell it.
    pub(super) rows: u64,
    sum: Amount,
    is_too_large: bool,
}

impl Known {
    fn add(&mut self, amount: Option<Amount>) {
        let Some(amount) = amount else { return };
        self.rows += 1;
        let sum = self.sum.checked_add(amount);
        self.is_too_large |= sum.is_none();
        self.sum = sum.unwrap_or_default();
    }

    /// `None` where no row tells it, or the sum cannot be kept exactly.
    pub(super) fn sum(&self) -> Option<Amount> {
        (self.rows > 0 && !self.is_too_large).then_some(self.sum)
    }
}

/// By currency as the rows write it; empty where they write none.
pub(super) fn quarantined<'a>(facts: &Facts<'a>) -> BTreeMap<&'a str, Quarantined> {
    let mut sums: BTreeMap<&str, Quarantined> = BTreeMap::new();
    let rows = facts.scan.files.iter().flat_map(|file| &file.quarantine);
    for row in rows.filter(|row| row.month.is_none_or(|month| month == facts.period)) {
        let sum = sums.entry(row.currency.as_deref().unwrap_or("")).or_default();
        sum.rows += 1;
        sum.billed.add(row.billed_cost);
        sum.effective.add(row.effective_cost);
    }
    sums
}
