//! Everything that somebody should know before it costs money.
//!
//! Order: warnings of positions, of contracts and dates, of seats and cloud bills → severities by thresholds → silences, so that
//! what is silent is still there, marked → order. Each warning is made of typed figures that are given; nothing is measured here.
//!
//! Invariants: a warning's id tells what it is about and not how large it is, so that it stays the same from one
//! run to the next; what is not known is told as unknown and never as nothing; silenced warnings stay in the list.

mod build;
mod cloud;
mod dates;
mod fail;
mod given;
mod limits;
mod positions;
mod rights;
mod silence;
mod warning;

pub use fail::FailOn;
pub use given::{CloudModel, CloudUse, DutyPrice, HeldTwice, Standing, UnknownProduct, Watched};
pub use warning::{About, Warning};

use crate::rules::licenses::DutyRules;

use limits::Limits;

/// All warnings of a day, the gravest first.
#[must_use]
pub fn warnings(watched: &Watched<'_>, rules: &DutyRules) -> Vec<Warning> {
    let limits = Limits { rules, contracts: watched.terms };
    let mut found = Vec::new();
    positions::watch(watched, limits, &mut found);
    dates::watch(watched, limits, &mut found);
    rights::watch(watched, limits, &mut found);
    cloud::watch(watched, &mut found);
    for warning in &mut found {
        limits.complete(warning);
    }
    silence::apply(&rules.silence, watched.day, &mut found);
    warning::put_in_order(&mut found);
    found
}

#[cfg(test)]
mod tests;
