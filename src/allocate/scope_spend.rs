//! What was billed of a scope by month: the amounts that commitments are burned by.

use std::collections::BTreeMap;

use crate::domain::{Amount, CostMetric, Currency, Period};

use super::cube::{Cube, Group, NameId};

/// A field by which scopes of commitments name charges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScopeField {
    Source,
    Provider,
    BillingAccount,
    SubAccount,
    Service,
}

impl ScopeField {
    pub const ALL: [Self; 5] =
        [Self::Source, Self::Provider, Self::BillingAccount, Self::SubAccount, Self::Service];

    /// As contract registers write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Provider => "provider",
            Self::BillingAccount => "billing_account",
            Self::SubAccount => "sub_account",
            Self::Service => "service",
        }
    }

    fn of(self, group: &Group) -> NameId {
        match self {
            Self::Source => group.source,
            Self::Provider => group.provider,
            Self::BillingAccount => group.billing_account,
            Self::SubAccount => group.sub_account,
            Self::Service => group.service,
        }
    }
}

/// The billed cost of charges that have one of the values of each field, by month and currency. Every month at hand
/// is there in each of the currencies, if only with nothing. `None` where a sum passes the range of amounts.
#[must_use]
pub fn billed_by_month(
    cube: &Cube,
    scope: &BTreeMap<ScopeField, Vec<String>>,
) -> Option<BTreeMap<(Period, Currency), Amount>> {
    let mut sums: BTreeMap<(Period, Currency), Amount> = BTreeMap::new();
    for cells in cube.groups() {
        let group = cells.group;
        let sum = sums.entry((group.month, group.currency)).or_default();
        let is_in = scope.iter().all(|(field, values)| {
            let own = cube.name(field.of(group));
            own.is_some_and(|own| values.iter().any(|value| value == own))
        });
        if is_in {
            *sum = sum.checked_add(cells.costs()[CostMetric::BilledCost])?;
        }
    }
    Some(sums)
}
