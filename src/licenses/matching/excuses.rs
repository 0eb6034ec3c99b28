//! Uses that need no right of their own, because a right that covers another use says so.

use std::collections::BTreeMap;

use num_traits::{Signed, Zero};

use crate::licenses::extent::Number;
use crate::licenses::inventory::UseRight;
use crate::licenses::measured::SubjectKind;
use crate::rules::licenses::ExcuseKind;

use super::ordered::Giving;
use super::rights::least;
use super::{Fit, MatchKind, Need, is_same_product, shown};

/// What another use leans on.
#[derive(Clone, Debug)]
pub(super) struct Leader {
    kind: ExcuseKind,
    /// Indices of uses, in their order. Of passive replicas none: they lean on all active use of a right.
    needs: Vec<usize>,
}

impl Leader {
    /// For each use, what it leans on; `None` where it needs a right of its own.
    pub(super) fn of_all(needs: &[Need<'_>]) -> Vec<Option<Self>> {
        let mut subjects: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        // The first device of a user leads, the second leans on it, and further ones lean on nothing.
        let mut devices: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
        for (index, need) in needs.iter().enumerate() {
            subjects.entry(&need.demand.subject.id).or_default().push(index);
            let users = need.excuses.iter();
            for (_, user) in users.filter(|(rule, _)| rule.kind == ExcuseKind::SecondDevice) {
                devices.entry((&need.demand.product.name, user)).or_default().push(index);
            }
        }
        let of = |index: usize| -> Option<Self> {
            let own = &needs[index];
            let named = |id: &str| subjects.get(id).map_or(&[][..], Vec::as_slice);
            let is_led_by = |other: &usize, kind: ExcuseKind| {
                let other_kind = needs[*other].demand.subject.kind;
                *other != index
                    && is_same_product(&needs[*other].demand.product, &own.demand.product)
                    && match kind {
                        ExcuseKind::UnlimitedVms => other_kind == SubjectKind::Host,
                        _ => !is_of(&needs[*other], kind),
                    }
            };
            own.excuses.iter().find_map(|(rule, value)| {
                let found: Vec<usize> = match rule.kind {
                    ExcuseKind::Failover => return Some(Self { kind: rule.kind, needs: vec![] }),
                    ExcuseKind::SecondDevice => {
                        let all = devices.get(&(&*own.demand.product.name, value.as_str()))?;
                        let is_second = all.get(1) == Some(&index);
                        let is_device = own.demand.subject.kind == SubjectKind::Device;
                        if is_second && is_device { all[..1].to_vec() } else { vec![] }
                    }
                    ExcuseKind::DualUse | ExcuseKind::UnlimitedVms => {
                        let all = named(value).iter().copied();
                        all.filter(|other| is_led_by(other, rule.kind)).collect()
                    }
                };
                (!found.is_empty()).then_some(Self { kind: rule.kind, needs: found })
            })
        };
        (0..needs.len()).map(of).collect()
    }
}

/// Whether rules may excuse a use in this way.
pub(super) fn is_of(need: &Need<'_>, kind: ExcuseKind) -> bool {
    need.excuses.iter().any(|(rule, _)| rule.kind == kind)
}

/// Excuses a use, as far as rights with the use right cover those that it leans on.
pub(super) fn excuse(giving: &mut Giving<'_, '_>, index: usize, leader: &Leader) {
    let Some(asked) = UseRight::named(leader.kind.right()) else { return };
    for right in 0..giving.rights.len() {
        let own = giving.rights[right];
        if !own.rights.contains(&asked)
            || Fit::of(own, &giving.needs[index], giving.input.rules).is_err()
        {
            continue;
        }
        let free = room(giving, right, leader);
        let quantity = least(free.as_ref(), giving.missing[index].as_ref());
        let Some(quantity) = quantity.filter(Signed::is_positive) else { continue };
        let title = shown(&own.entitlement.product);
        let reason = match leader.kind {
            ExcuseKind::Failover => format!("passive, and {title} covers the active use"),
            ExcuseKind::SecondDevice => format!("second device of its user, by {title}"),
            ExcuseKind::DualUse => format!("runs at two places for a while, by {title}"),
            ExcuseKind::UnlimitedVms => format!("its host is covered whole, by {title}"),
        };
        if leader.kind == ExcuseKind::Failover {
            giving.active[right] -= &quantity;
        }
        giving.push(index, right, quantity, MatchKind::Excuses, reason);
    }
}

/// Units that a right may excuse; `None` where any number.
fn room(giving: &Giving<'_, '_>, right: usize, leader: &Leader) -> Option<Number> {
    if leader.kind == ExcuseKind::Failover {
        return Some(giving.active[right].clone());
    }
    // The whole of what it leans on must be covered by this right.
    let whole: Number = leader
        .needs
        .iter()
        .map(|need| {
            let own = giving.given(*need, right);
            let asked = giving.needs[*need].quantity.as_ref();
            if asked.is_some_and(|asked| own >= *asked) { own } else { Number::zero() }
        })
        .sum();
    match leader.kind {
        ExcuseKind::DualUse => Some(whole),
        _ if whole.is_positive() => None,
        _ => Some(whole),
    }
}
