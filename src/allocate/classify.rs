//! Who bears a charge: the ordered rules, first match wins.

use crate::domain::{Org, Standing};
use crate::rules::{ClassifyRule, FieldId, Outcome, OwnerChoice, PoolId, RuleId, RuleSet, Values};
use crate::tags::Resolved;

/// What the rules say of one charge; names are still texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    Owner(RuleId, String),
    /// With the value that names it, in a family.
    Pool(RuleId, PoolId, Option<String>),
    NoRule,
    UnknownOwner(RuleId, String),
    ClosedOwner(RuleId, String),
    OwnerCase(RuleId, String),
}

/// The component of charges that no component rule claims.
pub const USAGE: &str = "usage";

/// Asks the classify rules in order. A rule whose owner, or pool of a family, is to be taken from a
/// field without value does not match: there is nobody it could name.
#[must_use]
pub fn classify(rules: &RuleSet, charge: &Resolved<'_>) -> Decision {
    let rules = rules.classify.iter().zip(0..);
    let mut matching = rules.filter(|(rule, _)| rule.when.holds(charge));
    matching
        .find_map(|(rule, index)| outcome(rule, RuleId(index), charge))
        .unwrap_or(Decision::NoRule)
}

/// What a rule whose condition holds makes of a charge; `None` where it does not match after all.
pub(super) fn outcome(rule: &ClassifyRule, id: RuleId, charge: &Resolved<'_>) -> Option<Decision> {
    if !rule.valid.contains(charge.day()) {
        return None;
    }
    match &rule.outcome {
        Outcome::Pool(pool) => Some(Decision::Pool(id, *pool, None)),
        Outcome::Family(pool, field) => {
            let value = named(charge, *field);
            value.map(|value| Decision::Pool(id, *pool, Some(value.to_owned())))
        }
        Outcome::Owner(OwnerChoice::Named(name)) => Some(owner(id, name, charge)),
        Outcome::Owner(OwnerChoice::Inherited(field)) => {
            named(charge, *field).map(|name| owner(id, name, charge))
        }
    }
}

/// The value of a field as a name.
fn named<'c>(charge: &'c Resolved<'_>, field: FieldId) -> Option<&'c str> {
    charge.value(field).map(str::trim).filter(|text| !text.is_empty())
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
