//! What to buy so that all is covered and costs least, proven.

mod cover;
mod hosts;
mod milp;
mod simplex;
#[cfg(test)]
mod tests;

pub use cover::{Cheapest, HostChoice, Purchase, SingleOffer};
pub(super) use cover::{cheapest, number};
