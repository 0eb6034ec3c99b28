//! What contracts ask for and when: notices, renewals, holds, counts.
//!
//! Days of a contract are half-open: the first day out is the day of renewal. Notice is given in time if so many whole
//! days follow it within the contract; business days by the calendar of the contract.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Days, NaiveDate};

use crate::domain::{Currency, DateRange};
use crate::rules::licenses::Aspect;

use super::calendar::{Calendar, Calendars};
use super::extent::Number;
use super::inventory::{Contract, ContractKind, Entitlement, Inventory};
use super::money::{Money, number_of, number_text, percent_of};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContractState {
    Upcoming,
    Active,
    /// Its days are over and it does not renew itself, or nothing says that it does.
    Ended,
    /// Its days are over, and it renews itself for a term that nothing tells.
    Renewed,
}

impl ContractState {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Upcoming => "upcoming",
            Self::Active => "active",
            Self::Ended => "ended",
            Self::Renewed => "renewed",
        }
    }
}

/// A contract, and what follows from its terms on a day.
#[derive(Clone, Debug)]
pub struct Terms {
    pub contract: Contract,
    pub state: ContractState,
    /// The last day on which it holds.
    pub last_day: Option<NaiveDate>,
    /// Days until then, below zero where it is over.
    pub days_left: Option<i64>,
    pub notice: Option<NoticeTerms>,
    /// What its rights cost again, at the prices that were paid.
    pub value: Option<Money>,
    /// The most that the renewal may cost under the cap.
    pub capped: Option<Money>,
    /// What the renewal costs as it is offered.
    pub offered: Option<Money>,
    /// How much of that is above the cap; none where it is not.
    pub above_cap: Option<Money>,
    /// Until when evidence is kept.
    pub evidence_until: Option<NaiveDate>,
}

/// The last day of notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeTerms {
    pub last: NaiveDate,
    /// The last business day that is not after it.
    pub workday: NaiveDate,
    pub calendar: Arc<str>,
    /// Whether all holidays between it and the end are known; only asked where days of notice are business days.
    pub is_certain: bool,
}

impl Terms {
    #[must_use]
    pub fn renews(&self) -> bool {
        self.contract.auto_renew == Some(true)
    }
}

/// What selectors ask of a contract.
pub(super) fn aspect_of(contract: &Contract, aspect: Aspect) -> Option<&str> {
    match aspect {
        Aspect::Contract => Some(&contract.id),
        Aspect::Publisher => contract.publisher.as_deref(),
        Aspect::Owner => contract.owner.as_deref(),
        _ => None,
    }
}

/// The terms of all contracts, by id.
#[must_use]
pub fn contract_terms(inventory: &Inventory, calendars: &Calendars, day: NaiveDate) -> Vec<Terms> {
    let mut rights: BTreeMap<&str, Vec<&Entitlement>> = BTreeMap::new();
    for right in &inventory.entitlements {
        if let Some(contract) = right.contract.as_deref() {
            rights.entry(contract).or_default().push(right);
        }
    }
    let mut contracts: Vec<&Contract> = inventory.contracts.iter().collect();
    contracts.sort_by(|one, two| (&one.id, &one.origin).cmp(&(&two.id, &two.origin)));
    let rights_of = |id: &str| rights.get(id).map_or(&[][..], Vec::as_slice);
    contracts.into_iter().map(|it| terms(it, rights_of(&it.id), calendars, day)).collect()
}

fn terms(
    contract: &Contract,
    rights: &[&Entitlement],
    calendars: &Calendars,
    day: NaiveDate,
) -> Terms {
    let last_day = contract.days.to().and_then(|to| to.pred_opt());
    let state = if contract.days.from().is_some_and(|from| day < from) {
        ContractState::Upcoming
    } else if last_day.is_none_or(|last| day <= last) {
        ContractState::Active
    } else if contract.auto_renew == Some(true) {
        ContractState::Renewed
    } else {
        ContractState::Ended
    };
    let calendar = calendars.for_contract(|aspect| aspect_of(contract, aspect));
    let value = renewal_value(contract, rights);
    let raised = |percent: Option<&Number>, word: &str| {
        let (value, percent) = (value.as_ref()?, percent?);
        let amount = &value.amount + percent_of(percent, &value.amount);
        let basis = format!("({}) + {} % {word}", value.basis, number_text(percent));
        Some(Money { amount, currency: value.currency, basis })
    };
    let capped = raised(contract.uplift_cap.as_ref(), "cap");
    let offered = raised(contract.renewal_uplift.as_ref(), "offered");
    let above_cap = capped.as_ref().zip(offered.as_ref()).and_then(|(capped, offered)| {
        let amount = &offered.amount - &capped.amount;
        let basis = "offered less capped".to_owned();
        (offered.amount > capped.amount).then(|| Money { amount, basis, ..offered.clone() })
    });
    let retention = contract.evidence_retention_days;
    Terms {
        contract: contract.clone(),
        state,
        last_day,
        days_left: last_day.map(|last| (last - day).num_days()),
        notice: last_day.and_then(|last| notice(contract, &calendar, last)),
        capped,
        offered,
        above_cap,
        value,
        evidence_until: last_day
            .zip(retention)
            .and_then(|(last, days)| last.checked_add_days(Days::new(days.into()))),
    }
}

fn notice(contract: &Contract, calendar: &Calendar, last_day: NaiveDate) -> Option<NoticeTerms> {
    let count = contract.notice_days?;
    let last = if contract.business_days {
        calendar.business_days_before(last_day, count)?
    } else {
        last_day.checked_sub_days(Days::new(count.into()))?
    };
    Some(NoticeTerms {
        last,
        workday: calendar.on_or_before(last)?,
        calendar: calendar.name.clone(),
        is_certain: !contract.business_days || calendar.knows(last, last_day),
    })
}

/// The rights of the last day of a contract at the prices that were paid for them; none where any price, quantity or
/// currency is not known.
fn renewal_value(contract: &Contract, rights: &[&Entitlement]) -> Option<Money> {
    let last = contract.days.to().and_then(|to| to.pred_opt());
    let holds = |days: DateRange| last.is_none_or(|last| days.contains(last));
    let mut rights: Vec<&&Entitlement> = rights.iter().filter(|it| holds(it.days)).collect();
    rights.sort_by(|one, two| one.id.cmp(&two.id));
    let mut currency: Option<Currency> = None;
    let mut amount: Option<Number> = None;
    let mut basis = Vec::new();
    for right in rights {
        let (quantity, price) = (right.quantity.as_ref()?, right.unit_price?);
        let own = right.currency.or(contract.currency)?;
        if currency.is_some_and(|currency| currency != own) {
            return None;
        }
        currency = Some(own);
        basis.push(format!("{} × {price}", number_text(quantity)));
        let part = quantity * number_of(price);
        amount = Some(amount.map_or_else(|| part.clone(), |sum| sum + &part));
    }
    Some(Money { amount: amount?, currency: currency?, basis: basis.join(" + ") })
}

/// The word of a kind of contract.
#[must_use]
pub const fn contract_kind_name(kind: ContractKind) -> &'static str {
    match kind {
        ContractKind::License => "license",
        ContractKind::Support => "support",
        ContractKind::EnterpriseDiscount => "enterprise_discount",
        ContractKind::AzureCommitment => "azure_commitment",
        ContractKind::Reservation => "reservation",
        ContractKind::SavingsPlan => "savings_plan",
        ContractKind::SoftwareService => "software_service",
    }
}

/// How much of over-use is to be paid now, where a contract lets use grow by so many percent of what is owned before it
/// is charged: the part above the allowance.
#[must_use]
pub fn beyond_allowance(over: &Number, entitled: &Number, allowance: &Number) -> Number {
    super::money::not_below_zero(over - percent_of(allowance, entitled))
}

/// Whether a report of `reported` units is short of the actual ones by more than so many percent of them.
#[must_use]
pub fn is_material(reported: &Number, actual: &Number, percent: &Number) -> bool {
    *reported < actual - percent_of(percent, actual)
}

#[cfg(test)]
mod tests;
