//! Who bears a charge: the ordered rules, first match wins.

use crate::domain::{Org, Standing};
use crate::rules::{Outcome, OwnerChoice, RuleId, RuleSet, Values};
use crate::tags::Resolved;

/// What the rules say of one charge; names are still texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    Owner(RuleId, String),
    Pool(RuleId, crate::rules::PoolId),
    NoRule,
    UnknownOwner(RuleId, String),
    ClosedOwner(RuleId, String),
    OwnerCase(RuleId, String),
}

/// The component of charges that no component rule claims.
pub const USAGE: &str = "usage";

/// Asks the classify rules in order. A rule whose owner is to be inherited from a field without
/// value does not match: there is nobody it could name.
#[must_use]
pub fn classify(rules: &RuleSet, charge: &Resolved<'_>) -> Decision {
    for (index, rule) in rules.classify.iter().enumerate() {
        if !rule.valid.contains(charge.day()) || !rule.when.holds(charge) {
            continue;
        }
        let id = RuleId(u16::try_from(index).unwrap_or(u16::MAX));
        match &rule.outcome {
            Outcome::Pool(pool) => return Decision::Pool(id, *pool),
            Outcome::Owner(OwnerChoice::Named(name)) => return owner(id, name, charge),
            Outcome::Owner(OwnerChoice::Inherited(field)) => {
                let value = charge.value(*field).map(str::trim).filter(|text| !text.is_empty());
                if let Some(name) = value {
                    return owner(id, name, charge);
                }
            }
        }
    }
    Decision::NoRule
}

fn owner(rule: RuleId, name: &str, charge: &Resolved<'_>) -> Decision {
    let org: &Org = charge.org();
    let name = name.to_owned();
    if org.is_undeclared() {
        return Decision::Owner(rule, name);
    }
    match org.standing(&name, charge.day()) {
        Standing::Open(_) => Decision::Owner(rule, name),
        Standing::Closed => Decision::ClosedOwner(rule, name),
        Standing::CaseDiffers(_) => Decision::OwnerCase(rule, name),
        Standing::Unknown => Decision::UnknownOwner(rule, name),
    }
}

/// The kind of cost that a charge is.
#[must_use]
pub fn component<'r>(rules: &'r RuleSet, charge: &Resolved<'_>) -> &'r str {
    let found = rules.components.iter().find(|component| component.when.holds(charge));
    found.map_or(USAGE, |component| component.name.as_str())
}
