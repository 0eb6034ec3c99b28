//! Parties as reports name and order them.

use chrono::NaiveDate;

use std::borrow::Cow;

use crate::allocate::{Bearer, Cube, Party};
use crate::domain::Org;
use crate::rules::RuleSet;

/// The kinds of parties, in the order of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Owner,
    Pool,
    Unallocated,
    Rounding,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Owner, Self::Pool, Self::Unallocated, Self::Rounding];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Pool => "pool",
            Self::Unallocated => "unallocated",
            Self::Rounding => "rounding",
        }
    }

    pub(super) fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|kind| kind.name() == name).unwrap_or(Self::Unallocated)
    }
}

/// The kind of a party and its name, which is empty for those that are one of a kind.
pub(super) fn of_party(party: &Party) -> (Kind, &str) {
    match party {
        Party::Owner(name) => (Kind::Owner, name),
        Party::Pool(name) => (Kind::Pool, name),
        Party::Unallocated => (Kind::Unallocated, ""),
        Party::Rounding => (Kind::Rounding, ""),
    }
}

/// [`of_party`] for who bears a charge of the cube.
pub(super) fn of_bearer<'a>(
    bearer: Bearer,
    cube: &'a Cube,
    rules: &'a RuleSet,
) -> (Kind, Cow<'a, str>) {
    match bearer {
        Bearer::Owner(name) => (Kind::Owner, cube.text(name).into()),
        Bearer::Pool(pool, value) => match cube.name(value) {
            None => (Kind::Pool, rules.pool(pool).name.as_str().into()),
            value => (Kind::Pool, rules.pool(pool).label(value).into()),
        },
        Bearer::Unallocated(_) => (Kind::Unallocated, "".into()),
    }
}

/// What the organisation says of an owner on a day. Everything is empty where it says nothing,
/// but the path, which is at least the owner's own name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OwnerCard {
    /// Names from the root down, joined by ` / `.
    pub(super) path: String,
    /// The same names in a form that sorts children behind their parent.
    pub(super) order: String,
    pub(super) cost_center: String,
    /// Its own, or that of the nearest cost center above it that has one.
    pub(super) legal_entity: String,
    /// As for the legal entity.
    pub(super) manager: String,
}

impl OwnerCard {
    pub(super) fn of(org: &Org, owner: &str, day: NaiveDate) -> Self {
        let ids = org.path(owner, day);
        let name = |id: &String| org.named(id, day).map_or_else(|| id.clone(), |c| c.name.clone());
        let centers: Vec<_> = ids.iter().rev().filter_map(|id| org.named(id, day)).collect();
        let names: Vec<String> = ids.iter().map(name).collect();
        Self {
            path: names.join(" / "),
            // The unit separator sorts before any letter.
            order: names.join("\u{1f}"),
            cost_center: org.named(owner, day).map(|c| c.id.clone()).unwrap_or_default(),
            legal_entity: centers.iter().find_map(|c| c.legal_entity.clone()).unwrap_or_default(),
            manager: centers.iter().find_map(|c| c.manager.clone()).unwrap_or_default(),
        }
    }
}
