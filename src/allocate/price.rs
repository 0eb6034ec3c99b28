//! Charging by quantity at a price.

use std::collections::BTreeMap;
use std::sync::Arc;

use num_bigint::{BigInt, BigUint};
use num_rational::Ratio;
use num_traits::{One, Zero};

use crate::domain::{Amount, SCALE, split};
use crate::rules::{DriverUse, PoolName, Price, RuleSet, Target};

use super::model::{Part, Party, Shares};
use super::shares::{Weight, Weights, party_of};
use super::usage::{Asked, Receiver, Usage};

/// What each consumer of a pool is charged for the month: quantity times price, each quantum at
/// the price of its tier. Weights are the charges, in 10⁻³⁶ of the currency's unit, exact.
pub(super) fn recovered(
    usage: &Usage<'_>,
    driver: &DriverUse,
    price: &Price,
    pool: &PoolName,
    rules: &RuleSet,
) -> Weights {
    let asked = Asked { pool, day: None, scope: &[] };
    let quantities: BTreeMap<Receiver, Amount> = usage.quantities(driver, asked, rules);
    let unit = usage.unit(driver);
    let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
    let mut parts = Vec::new();
    let mut total = Amount::ZERO;
    for (consumer, quantity) in quantities.into_iter().filter(|(_, quantity)| !quantity.is_zero()) {
        let (to, pool) = match consumer {
            Receiver::Owner(owner) => (Party::Owner(owner), None),
            Receiver::Nobody => (Party::Unallocated, None),
            Receiver::Pool(name) => {
                let label = rules.pool(name.pool).label(name.value.as_deref());
                (Party::Pool(label), Some(name))
            }
        };
        total += quantity;
        let size = charge(quantity, price);
        parts.push(Weight { to, pool, size, text: format!("{quantity}{unit}") });
    }
    Weights { method: format!("rate by {}", driver.name), total: format!("{total}{unit}"), parts }
}

/// What consumers of a pool are charged, and what the remainder's bearer is relieved of by it,
/// rounded to so many digits; `None` where nobody used anything.
pub(super) fn charges(
    usage: &Usage<'_>,
    driver: &DriverUse,
    price: &Price,
    (pool, remainder): (&PoolName, &Target),
    rules: &RuleSet,
    digits: u32,
) -> Option<(Arc<Shares>, Vec<Amount>)> {
    let weights = recovered(usage, driver, price, pool, rules);
    let exact: Ratio<BigUint> = weights.parts.iter().map(|part| &part.size).sum();
    let mut shares = weights.shares()?;
    let quantum = BigUint::from(10_u32).pow(SCALE - digits.min(SCALE));
    // Half a quantum or more is one more.
    let quanta = (exact / &quantum + Ratio::new(BigUint::one(), 2_u32.into())).to_integer();
    let sum = Amount::from_units(&BigInt::from(quanta * quantum))?;
    let whole: Vec<BigUint> = shares.parts.iter().map(|part| part.weight.clone()).collect();
    let mut given = split(sum, &whole, digits)?.parts;
    let (to, pool) = party_of(remainder, rules);
    shares.parts.push(Part {
        to,
        pool,
        driver_value: String::new(),
        share: Ratio::zero(),
        weight: BigUint::zero(),
    });
    given.push(-sum);
    Some((Arc::new(shares), given))
}

/// The charge for a quantity of a month, in units of 10⁻³⁶.
fn charge(quantity: Amount, price: &Price) -> Ratio<BigUint> {
    let one = Amount::ONE.to_units().magnitude().clone();
    let mut sum = Ratio::zero();
    let mut from = BigUint::zero();
    let quantity = quantity.to_units().magnitude().clone();
    for tier in &price.tiers {
        let to = tier.to.map(|to| to.to_units().magnitude().clone().min(quantity.clone()));
        let to = to.unwrap_or_else(|| quantity.clone());
        if to <= from {
            break;
        }
        sum += Ratio::new((&to - &from) * tier.price.to_units().magnitude(), one.clone());
        from = to;
    }
    debug_assert!(one > BigUint::one(), "units are finer than the currency's");
    sum
}
