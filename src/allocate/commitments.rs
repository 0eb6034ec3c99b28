//! Use of commitments: exact sums kept beside the cube, so that its cells need not tell commitments
//! apart.
//!
//! What counts is what the shipped components call `commitment_amortized` and `unused_commitment`:
//! charges with a `CommitmentDiscountId`, and unused ones even without; no tax and no credits.

use std::collections::BTreeMap;

use crate::diagnostics::Finding;
use crate::domain::{Costs, Currency, MetricSet, PackedCosts, Period};

use super::assemble::{rename_verdict, too_large};
use super::cube::{NameId, Verdict};
use super::names::Names;
use super::plan::{Plan, Role};
use super::shared::Registry;
use super::sums::RunningSum;

/// What a charge is to its commitment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CommitmentPart {
    /// It buys the commitment, or pays for it: its `BilledCost` is the money.
    Purchase,
    /// `CommitmentDiscountStatus` is Used.
    Used,
    /// `CommitmentDiscountStatus` is Unused.
    Unused,
    /// It names a commitment and says no more.
    Other,
}

/// A commitment as a bill speaks of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitmentId {
    pub provider: NameId,
    /// `CommitmentDiscountId`; absent where the bill does not say what is unused.
    pub id: NameId,
    pub currency: Currency,
}

/// What commitments' charges are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitmentKey {
    /// The billing month.
    pub month: Period,
    pub commitment: CommitmentId,
    /// `CommitmentDiscountName`, `…Type` and `…Category`.
    pub name: NameId,
    pub kind: NameId,
    pub category: NameId,
    pub part: CommitmentPart,
    pub verdict: Verdict,
}

/// Charges of a commitment, summed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CommitmentSum {
    pub rows: u64,
    pub costs: Costs,
    /// Metrics that any of the charges does not tell; their sums are of the others only.
    pub unknown: MetricSet,
}

impl CommitmentSum {
    pub fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.costs += other.costs;
        self.unknown = self.unknown.or(other.unknown);
    }
}

/// The commitment that a charge is of.
pub(super) fn of_charge(
    names: &mut Names,
    texts: &[Option<&str>],
    (month, verdict, currency): (Period, Verdict, Currency),
) -> Option<CommitmentKey> {
    let text = |role| Plan::text(role, texts);
    let category = text(Role::ChargeCategory);
    let part = match (category, text(Role::CommitmentStatus), text(Role::Commitment)) {
        (Some("Tax" | "Credit"), ..) => return None,
        (_, Some("Unused"), _) => CommitmentPart::Unused,
        (.., None) => return None,
        (Some("Purchase"), ..) => CommitmentPart::Purchase,
        (_, Some("Used"), _) => CommitmentPart::Used,
        _ => CommitmentPart::Other,
    };
    let commitment = CommitmentId {
        provider: names.id(Plan::provider(texts)),
        id: names.id(text(Role::Commitment)),
        currency,
    };
    Some(CommitmentKey {
        month,
        commitment,
        name: names.id(text(Role::CommitmentName)),
        kind: names.id(text(Role::CommitmentType)),
        category: names.id(text(Role::CommitmentCategory)),
        part,
        verdict,
    })
}

/// A sum that knows what it does not know.
#[derive(Clone, Debug, Default)]
pub(super) struct DoubtfulSum {
    pub(super) sum: RunningSum,
    pub(super) unknown: MetricSet,
}

impl DoubtfulSum {
    /// False where a sum leaves the range.
    #[inline]
    #[must_use]
    pub(super) fn add(&mut self, rows: u64, costs: &PackedCosts, unknown: MetricSet) -> bool {
        self.unknown = self.unknown.or(unknown);
        self.sum.add(rows, costs)
    }

    #[must_use]
    pub(super) fn merge(&mut self, other: &Self) -> bool {
        self.unknown = self.unknown.or(other.unknown);
        self.sum.merge(&other.sum)
    }
}

/// Sums of commitments by their keys, under the names that the cube has.
pub(super) fn gathered(
    registry: &Registry,
    sums: &[DoubtfulSum],
    rename: &impl Fn(NameId) -> NameId,
) -> Result<BTreeMap<CommitmentKey, CommitmentSum>, Finding> {
    let mut found: BTreeMap<CommitmentKey, DoubtfulSum> = BTreeMap::new();
    for (key, sum) in registry.commitments.values.iter().zip(sums) {
        if !found.entry(renamed(key, rename)).or_default().merge(sum) {
            return Err(too_large());
        }
    }
    // A key whose charges were all refused after they were decided has nothing.
    found.retain(|_, sum| !sum.sum.is_nothing());
    let summed = found.into_iter().map(|(key, DoubtfulSum { sum, unknown })| {
        let costs = sum.costs().ok_or_else(too_large)?;
        Ok((key, CommitmentSum { rows: sum.rows, costs, unknown }))
    });
    summed.collect()
}

fn renamed(key: &CommitmentKey, rename: &impl Fn(NameId) -> NameId) -> CommitmentKey {
    let CommitmentKey { month, commitment, name, kind, category, part, verdict } = *key;
    let CommitmentId { provider, id, currency } = commitment;
    CommitmentKey {
        month,
        commitment: CommitmentId { provider: rename(provider), id: rename(id), currency },
        name: rename(name),
        kind: rename(kind),
        category: rename(category),
        part,
        verdict: rename_verdict(verdict, rename),
    }
}
