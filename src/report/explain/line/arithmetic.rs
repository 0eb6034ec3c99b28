//! A step of a division as one line that can be done again by hand.

use num_traits::Zero;

use crate::allocate::{Party, TraceStep};
use crate::report::Facts;
use crate::rules::SplitMethod;

use super::figures::weights::tiers;
use super::quantity::{Quantity, leading};

/// How a receiver's part of a division comes about: amount × weight / weights where the share is
/// that, else amount × share; of a price, quantity × price by tier.
pub(in super::super) fn arithmetic(facts: &Facts<'_>, step: &TraceStep<'_>) -> String {
    let Some(share) = step.share.filter(|_| *step.to != Party::Rounding) else {
        return "what the division left below its last digit".to_owned();
    };
    if let SplitMethod::Rate { price, .. } = &facts.rules.pool(step.division.pool.pool).split
        && is_charge(step)
    {
        let unit = step.driver_value.split_once(' ').map_or("", |(_, unit)| unit);
        return format!("{}: {}", step.method, tiers(step.driver_value, price, unit).join(", "));
    }
    let (weight, whole) = (step.driver_value, step.driver_total);
    let divided = format!(
        "{}: {} {} of {} ×",
        step.method, step.pool_amount, step.division.currency, step.metric
    );
    let exact = Quantity::new(share.numer().clone().into(), share.denom().clone().into());
    let is_plain = !weight.contains(" + ") && !whole.contains(" + ");
    match (leading(weight), leading(whole)) {
        (Some(over), Some(under)) if is_plain && !under.is_zero() && &over / &under == exact => {
            let whole = if whole.contains('/') { format!("({whole})") } else { whole.to_owned() };
            format!("{divided} {weight} / {whole}")
        }
        _ if weight.is_empty() => format!("{divided} {share}"),
        _ if whole.is_empty() => format!("{divided} {share} (weight {weight})"),
        _ => format!("{divided} {share} (weight {weight}, of all {whole})"),
    }
}

/// Whether a price is charged, which moves money where nothing is divided.
pub(super) fn is_charge(step: &TraceStep<'_>) -> bool {
    step.method.starts_with("rate by") && step.pool_amount.is_zero() && !step.rounded.is_zero()
}
