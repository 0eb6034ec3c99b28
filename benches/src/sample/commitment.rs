//! Commitments: bought by the month, used up day by day, and what nobody used.

use std::collections::BTreeMap;

use rust_decimal::{Decimal, RoundingStrategy};

use super::meter::decimal;

pub const COMPUTE_PLAN: &str = "compute-plan";
pub const DATABASE_RESERVATION: &str = "database-reservation";
pub const VM_RESERVATION: &str = "vm-reservation";

/// A promise to pay for an hourly amount of use, needed or not.
#[derive(Debug)]
pub struct Commitment {
    pub key: &'static str,
    pub id: &'static str,
    pub name: &'static str,
    /// FOCUS category: `Spend` is a promise of money, `Usage` of hours.
    pub category: &'static str,
    pub kind: &'static str,
    pub bought_by: &'static str,
    pub service: &'static super::service::Service,
    hourly: &'static str,
    /// What is paid of the list price for covered use.
    rate: &'static str,
}

pub static COMMITMENTS: [Commitment; 3] = [
    Commitment {
        key: COMPUTE_PLAN,
        id: "arn:aws:savingsplans::912345670901:savingsplan/7c1de0a4-58f2-4b1e-9a35-0d6c2f44e811",
        name: "Compute Savings Plan, 3 years, no upfront",
        category: "Spend",
        kind: "Savings Plan",
        bought_by: "platform-prod",
        service: &super::service::SAVINGS_PLANS,
        hourly: "28.75",
        rate: "0.72",
    },
    Commitment {
        key: DATABASE_RESERVATION,
        id: "arn:aws:rds:eu-central-1:912345670901:ri:acme-db-2026",
        name: "db.r6g reserved instances, 1 year, no upfront",
        category: "Usage",
        kind: "Reserved Instance",
        bought_by: "platform-prod",
        service: &super::service::RDS,
        hourly: "14.248",
        rate: "0.65",
    },
    Commitment {
        key: VM_RESERVATION,
        id: "/providers/Microsoft.Capacity/reservationOrders/3d0f6a1c-92be-47d5-8e10-5c7b9f2a4d66",
        name: "D16s v5, West Europe, 1 year, monthly",
        category: "Usage",
        kind: "Reservation",
        bought_by: "Corporate IT",
        service: &super::service::VM,
        hourly: "1.42848",
        rate: "0.62",
    },
];

impl Commitment {
    /// # Panics
    /// If Acme has no such commitment.
    pub fn of(key: &str) -> &'static Self {
        COMMITMENTS.iter().find(|commitment| commitment.key == key).expect("a commitment of Acme")
    }

    pub fn daily(&self) -> Decimal {
        decimal(self.hourly) * Decimal::from(24)
    }
}

/// What is left of each commitment on one day.
#[derive(Debug)]
pub struct Remaining(BTreeMap<&'static str, Decimal>);

/// The part of a use that a commitment covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Covered {
    pub quantity: Decimal,
    pub effective: Decimal,
}

impl Remaining {
    pub fn of_a_day() -> Self {
        Self(COMMITMENTS.iter().map(|commitment| (commitment.key, commitment.daily())).collect())
    }

    /// Covers as much of the use as the day still has. Where it runs out, the last covered use
    /// takes the rest to the last digit, so a day that is used up leaves nothing unused.
    pub fn cover(
        &mut self,
        key: &'static str,
        quantity: Decimal,
        list_price: Decimal,
    ) -> Option<Covered> {
        let left = self.0.get_mut(key)?;
        let rate = list_price * decimal(Commitment::of(key).rate);
        let effective = (quantity * rate).round_dp(12);
        if left.is_zero() {
            return None;
        }
        if effective <= *left {
            *left -= effective;
            return Some(Covered { quantity, effective });
        }
        // Rounded up, so that the covered use is never dearer than at its contracted price.
        let part = (*left / rate).round_dp_with_strategy(4, RoundingStrategy::AwayFromZero);
        Some(Covered { quantity: part.min(quantity), effective: std::mem::take(left) })
    }

    pub fn unused(&self, key: &str) -> Decimal {
        self.0.get(key).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covered_and_unused_are_what_was_bought() {
        let mut day = Remaining::of_a_day();
        let hours = decimal("23.1184");
        let price = decimal("1.536");
        let mut used = Decimal::ZERO;
        for _ in 0..20 {
            used +=
                day.cover(COMPUTE_PLAN, hours, price).map_or(Decimal::ZERO, |part| part.effective);
            assert_eq!(used + day.unused(COMPUTE_PLAN), Commitment::of(COMPUTE_PLAN).daily());
        }
        let untouched = Remaining::of_a_day();
        assert_eq!(untouched.unused(VM_RESERVATION), decimal("34.28352"));
    }
}
