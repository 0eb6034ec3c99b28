//! Which right covers which use, and why.
//!
//! ```text
//! MatchInput          the day, what is owned, what is needed, by which rules
//! rights              what of the entitlements holds on the day, and why the rest does not
//! fit                 whether a right may cover a use
//! ordered             use by use, in the order of preference
//! excuses             uses that need no right of their own, since another is covered
//! Matched             per metric and reading: matches, what stays uncovered, what is left
//! ```
//!
//! Order: what does not hold is out; then explicit assignments, before anything else is given; then each use by its
//! preference; last those that may be excused, because that depends on what covers the others.
//!
//! Each reading of a metric is a world of its own: a right is used once in it. Uses that are ranges
//! are matched twice, at their low and at their high bound. Units of one use may come from several rights.
//! What a use does not tell (its entity, version, edition) never fits a right that restricts it.

mod excuses;
mod fit;
mod needs;
mod ordered;
mod rights;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use num_traits::Zero;

use crate::rules::licenses::{MatchingRules, Offer, ProductName, Solver};

use super::extent::Number;
use super::inventory::{Holder, Inventory, Product};
use super::measured::{Demand, Measured, Subject};
use super::solver::{Cheapest, cheapest};

pub(super) use fit::{Fit, edition_fits};
pub(super) use needs::{Need, Rows};
pub(super) use ordered::{Giving, match_ordered};
pub(super) use rights::{Right, held};

/// What is matched.
#[derive(Clone, Copy, Debug)]
pub struct MatchInput<'a> {
    /// The day of the position.
    pub day: NaiveDate,
    pub inventory: &'a Inventory,
    /// Each metric of each product, once per reading.
    pub measured: &'a [Measured],
    pub rules: &'a MatchingRules,
    /// What can be bought; asked by `solver: min_cost` only.
    pub offers: &'a [Offer],
}

/// A metric in one of its readings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct World {
    pub metric: Arc<str>,
    pub interpretation: Arc<str>,
}

/// At which bound of the uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bound {
    /// All uses of the world are known.
    Exact,
    Low,
    High,
}

impl Bound {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Low => "low",
            Self::High => "high",
        }
    }
}

/// What is used where, without how much.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsePlace {
    pub product: Product,
    pub version: Option<Arc<str>>,
    pub subject: Subject,
    pub holder: Holder,
}

impl UsePlace {
    fn of(demand: &Demand) -> Self {
        Self {
            product: demand.product.clone(),
            version: demand.version.clone(),
            subject: demand.subject.clone(),
            holder: demand.holder.clone(),
        }
    }
}

/// How a right serves a use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MatchKind {
    /// It is used up by so many units.
    Covers,
    /// A suite covers one of its parts; the first part of a user takes the units.
    Suite,
    /// A suite that the same user holds for another part covers this one too.
    InSuite,
    /// The use needs no right of its own.
    Excuses,
}

impl MatchKind {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Covers => "covers",
            Self::Suite => "suite",
            Self::InSuite => "in_suite",
            Self::Excuses => "excuses",
        }
    }

    /// Whether units of the right are used up.
    #[must_use]
    pub const fn takes(self) -> bool {
        matches!(self, Self::Covers | Self::Suite)
    }
}

/// What covers what, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    pub demand: UsePlace,
    pub entitlement: Arc<str>,
    /// The product of the right, which differs where it is a suite or a higher edition.
    pub product: Product,
    /// The pool that the right is set aside for.
    pub pool: Option<Arc<str>>,
    /// Units of the use; of the right too, where the kind takes any.
    pub quantity: Number,
    pub kind: MatchKind,
    pub reason: String,
}

/// A use, or the part of it, that no right covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uncovered {
    pub demand: UsePlace,
    /// `None` where nothing bounds it.
    pub quantity: Option<Number>,
}

/// A use that is not counted, since the host that it is on is covered whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spared {
    pub demand: UsePlace,
    pub quantity: Number,
    pub reason: String,
}

/// What nobody uses of a right that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotUsed {
    pub entitlement: Arc<str>,
    pub product: Product,
    pub holder: Holder,
    /// `None` where unlimited.
    pub quantity: Option<Number>,
    /// Whether the right would cover a use if there was one; else it is out.
    pub holds: bool,
    pub reason: String,
}

/// A world at a bound, matched. Matches are in the order of uses, then as they were given.
#[derive(Clone, Debug)]
pub struct Cover {
    pub world: World,
    pub bound: Bound,
    pub matches: Vec<Match>,
    pub uncovered: Vec<Uncovered>,
    pub not_used: Vec<NotUsed>,
    pub spared: Vec<Spared>,
    /// With `solver: min_cost`: what to buy, and whether it is proven to cost least.
    pub cheapest: Option<Cheapest>,
}

/// Everything matched, ordered by metric, reading and bound.
#[derive(Clone, Debug, Default)]
pub struct Matched {
    pub covers: Vec<Cover>,
    /// Rights that hold, by whose metric nothing was measured, and rights that hold no more.
    pub idle: Vec<NotUsed>,
}

/// Gives rights to uses.
#[must_use]
pub fn match_rights(input: &MatchInput<'_>) -> Matched {
    let mut worlds: BTreeMap<World, Vec<&Demand>> = BTreeMap::new();
    // Measures of whole hosts are an alternative to those of machines, and no use of their own.
    let is_alternative = |measured: &&Measured| {
        input.rules.whole_hosts.iter().any(|rule| *rule.by == *measured.reading.metric)
    };
    for measured in input.measured.iter().filter(|measured| !is_alternative(measured)) {
        let reading = &measured.reading;
        let world = World {
            metric: Arc::clone(&reading.metric),
            interpretation: Arc::clone(&reading.interpretation),
        };
        worlds.entry(world).or_default().extend(&measured.demands);
    }
    let (rights, out) = held(input);
    let rows = Rows::of(input.inventory);
    let mut covers = Vec::new();
    for (world, demands) in &worlds {
        let own: Vec<&Right<'_>> =
            rights.iter().filter(|right| right.metric() == &world.metric).collect();
        let is_exact = demands.iter().all(|demand| demand.quantity.exact().is_some());
        let bounds: &[Bound] = if is_exact { &[Bound::Exact] } else { &[Bound::Low, Bound::High] };
        for bound in bounds {
            covers.push(cover(input, world, *bound, demands, &own, &rows));
        }
    }
    let is_measured = |metric: &Arc<str>| worlds.keys().any(|world| &world.metric == metric);
    let mut idle = out;
    for right in rights.iter().filter(|right| !is_measured(right.metric())) {
        let reason = format!("nothing was measured by the metric `{}`", right.metric());
        idle.push(right.not_used(right.quantity.clone(), reason));
    }
    idle.sort_by(|a, b| (&a.entitlement, &a.holder).cmp(&(&b.entitlement, &b.holder)));
    Matched { covers, idle }
}

fn cover(
    input: &MatchInput<'_>,
    world: &World,
    bound: Bound,
    demands: &[&Demand],
    rights: &[&Right<'_>],
    rows: &Rows<'_>,
) -> Cover {
    let mut needs: Vec<Need<'_>> =
        demands.iter().map(|demand| Need::of(demand, bound, input, rows)).collect();
    needs.retain(|need| need.quantity.as_ref().is_none_or(|quantity| !quantity.is_zero()));
    needs.sort_by(|a, b| a.order().cmp(&b.order()));
    let is_min_cost = input.rules.solver == Some(Solver::MinCost);
    if is_min_cost && needs.iter().all(Need::is_bounded) {
        return cheapest(input, world, bound, &needs, rights, rows);
    }
    match_ordered(input, world, bound, &needs, rights)
}

/// Whether a product is the one that a rule names.
pub(super) fn is_named(product: &Product, name: &ProductName) -> bool {
    let publisher = name.publisher.as_deref();
    let edition = name.edition.as_deref();
    *product.name == *name.product
        && publisher.is_none_or(|publisher| product.publisher.as_deref() == Some(publisher))
        && edition.is_none_or(|edition| product.edition.as_deref() == Some(edition))
}

/// Whether two rows name one product, whatever its edition. Who does not tell the publisher leaves it open.
pub(super) fn is_same_product(one: &Product, other: &Product) -> bool {
    one.name == other.name
        && one.publisher.as_ref().zip(other.publisher.as_ref()).is_none_or(|(a, b)| a == b)
}

/// As people read it: `SQL Server Enterprise`.
pub(super) fn shown(product: &Product) -> String {
    match &product.edition {
        Some(edition) => format!("{} {edition}", product.name),
        None => product.name.to_string(),
    }
}
