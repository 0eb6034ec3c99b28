//! Use by use, in the order of preference: explicit assignments, reserved pools, the most specific right, those of
//! one entity before shared ones, the soonest to expire, the cheapest, the id.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use chrono::NaiveDate;
use num_traits::{Signed, Zero};

use crate::domain::{Amount, Currency};
use crate::licenses::extent::Number;
use crate::licenses::inventory::{Holder, Product, UseRight};
use crate::licenses::measured::Subject;
use crate::rules::licenses::ExcuseKind;

use super::excuses::{Leader, excuse, is_of};
use super::rights::least;
use super::{
    Bound, Cover, Fit, Match, MatchInput, MatchKind, Need, NotUsed, Right, Spared, Uncovered,
    UsePlace, World, is_named, shown,
};

/// What decides whether a right may cover a use: uses that share it have the same candidates.
type Signature<'a> = (&'a Product, &'a Option<Arc<str>>, &'a Holder, BTreeSet<UseRight>);
/// Rights that may cover a use, the preferred first.
type Candidates = Rc<[(usize, Fit)]>;

/// Gives rights to the uses of a world.
pub(in crate::licenses) fn match_ordered(
    input: &MatchInput<'_>,
    world: &World,
    bound: Bound,
    needs: &[Need<'_>],
    rights: &[&Right<'_>],
) -> Cover {
    let mut giving = Giving::new(input, needs, rights);
    giving.give_all();
    giving.finish(world, bound)
}

/// Units of a suite, and what of them each product took.
type HeldSuite<'g> = (Number, BTreeMap<&'g Product, Number>);

/// Rights being given.
pub(in crate::licenses) struct Giving<'g, 'a> {
    pub(super) input: &'g MatchInput<'a>,
    pub(in crate::licenses) needs: &'g [Need<'a>],
    pub(in crate::licenses) rights: &'g [&'g Right<'a>],
    /// Units left of each right; `None` where unlimited.
    pub(in crate::licenses) left: Vec<Option<Number>>,
    /// Units that each use lacks; `None` where nothing bounds it.
    pub(in crate::licenses) missing: Vec<Option<Number>>,
    /// By use, right and what was given.
    pub(super) matches: Vec<(usize, usize, Match)>,
    /// Uses that are not counted, since their host is.
    spared: Vec<(usize, Spared)>,
    /// Places of the matches of each use.
    by_need: Vec<Vec<usize>>,
    /// Units of each right that cover active use, less those of passive use that they excuse.
    pub(super) active: Vec<Number>,
    /// Units of a suite that a subject holds, and what of them each product of the suite took.
    held_suites: BTreeMap<(usize, &'g Subject), HeldSuite<'g>>,
    is_suite: Vec<bool>,
    candidates: BTreeMap<Signature<'g>, Candidates>,
    /// The first use of each signature.
    kinds: Vec<usize>,
    /// Whether units of a right are given.
    is_used: Vec<bool>,
}

impl<'g, 'a> Giving<'g, 'a> {
    pub(in crate::licenses) fn new(
        input: &'g MatchInput<'a>,
        needs: &'g [Need<'a>],
        rights: &'g [&'g Right<'a>],
    ) -> Self {
        let suites = &input.rules.suites;
        let is_suite = |right: &&Right<'_>| {
            let product = &right.entitlement.product;
            suites.iter().any(|suite| is_named(product, &suite.product))
        };
        Self {
            input,
            needs,
            rights,
            left: rights.iter().map(|right| right.quantity.clone()).collect(),
            missing: needs.iter().map(|need| need.quantity.clone()).collect(),
            matches: Vec::new(),
            spared: Vec::new(),
            by_need: vec![Vec::new(); needs.len()],
            active: vec![Number::zero(); rights.len()],
            held_suites: BTreeMap::new(),
            is_suite: rights.iter().map(is_suite).collect(),
            candidates: BTreeMap::new(),
            kinds: Vec::new(),
            is_used: vec![false; rights.len()],
        }
    }

    /// Explicit assignments of all, then each use, last those that others may excuse.
    pub(in crate::licenses) fn give_all(&mut self) {
        for index in 0..self.needs.len() {
            self.give_assigned(index);
        }
        let leaders = Leader::of_all(self.needs);
        for index in (0..self.needs.len()).filter(|index| leaders[*index].is_none()) {
            self.give(index);
        }
        for (index, leader) in leaders.iter().enumerate() {
            if let Some(leader) = leader {
                excuse(self, index, leader);
                self.give(index);
            }
        }
    }

    /// What other solvers leave as it is: explicit assignments, and all rights by which suites or excuses decide.
    pub(in crate::licenses) fn keep_decided(&mut self, uses: usize) {
        let mut trial = Self::new(self.input, self.needs, self.rights);
        trial.give_all();
        let decides = |kind: MatchKind| {
            matches!(kind, MatchKind::Excuses | MatchKind::InSuite | MatchKind::Suite)
        };
        let deciding: BTreeSet<usize> = trial
            .matches
            .iter()
            .filter(|(_, _, found)| decides(found.kind))
            .map(|(_, right, _)| *right)
            .collect();
        for index in 0..uses {
            self.give_assigned(index);
        }
        for (index, right, found) in trial.matches {
            let is_given = found.kind.takes() && self.given(index, right).is_positive();
            if !deciding.contains(&right) || is_given {
                continue;
            }
            if let Some(left) = self.left[right].as_mut().filter(|_| found.kind.takes()) {
                *left -= &found.quantity;
            }
            self.push(index, right, found.quantity, found.kind, found.reason);
        }
    }

    /// A machine needs no right, since its host is covered whole, by rights that are owned or to be bought.
    pub(in crate::licenses) fn cover_by_host(&mut self, index: usize, host: &str, product: &str) {
        let none = Some(Number::zero());
        let quantity = std::mem::replace(&mut self.missing[index], none);
        let demand = UsePlace::of(self.needs[index].demand);
        let reason = format!("{host} is covered whole by {product}, which costs less");
        let quantity = quantity.unwrap_or_else(Number::zero);
        self.spared.push((index, Spared { demand, quantity, reason }));
    }

    /// The rights that may cover a use, the preferred first.
    pub(in crate::licenses) fn candidates(&mut self, index: usize) -> Candidates {
        let need = &self.needs[index];
        let demand = need.demand;
        let signature = (&demand.product, &demand.version, &demand.holder, need.required.clone());
        if let Some(found) = self.candidates.get(&signature) {
            return Rc::clone(found);
        }
        let (rights, rules) = (self.rights, self.input.rules);
        let fits = rights
            .iter()
            .enumerate()
            .filter_map(|(index, right)| Some((index, Fit::of(right, need, rules).ok()?)));
        let mut found: Vec<(usize, Fit)> = fits.collect();
        found.sort_by(|a, b| {
            Preference::of(rights[a.0], &a.1).cmp(&Preference::of(rights[b.0], &b.1))
        });
        let found: Candidates = found.into();
        self.kinds.push(index);
        self.candidates.insert(signature, Rc::clone(&found));
        found
    }

    fn give_assigned(&mut self, index: usize) {
        let subject = &self.needs[index].demand.subject.id;
        for (right, fit) in &*self.candidates(index) {
            if self.rights[*right].entitlement.assigned.contains(subject) {
                self.take(index, *right, fit, format!("assigned to {subject}"));
            }
        }
    }

    fn give(&mut self, index: usize) {
        let candidates = self.candidates(index);
        for (right, _) in &*candidates {
            self.take_within_suite(index, *right);
        }
        for (place, (right, fit)) in candidates.iter().enumerate() {
            if self.is_spent(*right) || self.is_covered(index) {
                continue;
            }
            let next = candidates[place + 1..].iter().find(|(right, _)| !self.is_spent(*right));
            let own = Preference::of(self.rights[*right], fit);
            let next = next.map(|(right, fit)| Preference::of(self.rights[*right], fit));
            let reason = own.reason(next.as_ref());
            self.take(index, *right, fit, reason);
        }
    }

    fn is_spent(&self, right: usize) -> bool {
        self.left[right].as_ref().is_some_and(Zero::is_zero)
    }

    fn is_covered(&self, index: usize) -> bool {
        self.missing[index].as_ref().is_some_and(Zero::is_zero)
    }

    /// A suite that the subject holds for another product needs no further unit for this one.
    fn take_within_suite(&mut self, index: usize, right: usize) {
        let demand = self.needs[index].demand;
        let Some((units, taken)) = self.held_suites.get_mut(&(right, &demand.subject)) else {
            return;
        };
        let own = taken.entry(&demand.product).or_insert_with(Number::zero);
        let free = &*units - &*own;
        let quantity = least(Some(&free), self.missing[index].as_ref()).unwrap_or(free);
        if !quantity.is_positive() {
            return;
        }
        *own += &quantity;
        let suite = shown(&self.rights[right].entitlement.product);
        let reason = format!("{} holds {suite} already, which counts once", demand.subject.id);
        self.push(index, right, quantity, MatchKind::InSuite, reason);
    }

    /// Gives as much of a right as is left and needed.
    pub(in crate::licenses) fn take(
        &mut self,
        index: usize,
        right: usize,
        fit: &Fit,
        reason: String,
    ) {
        let demand = self.needs[index].demand;
        let taken = least(self.left[right].as_ref(), self.missing[index].as_ref());
        self.take_units(index, right, fit, reason, taken.unwrap_or(demand.quantity.low().clone()));
    }

    pub(in crate::licenses) fn take_units(
        &mut self,
        index: usize,
        right: usize,
        fit: &Fit,
        reason: String,
        quantity: Number,
    ) {
        let demand = self.needs[index].demand;
        if self.left[right].is_none() && self.missing[index].is_none() {
            self.missing[index] = Some(quantity.clone());
        }
        if !quantity.is_positive() {
            return;
        }
        if let Some(left) = &mut self.left[right] {
            *left -= &quantity;
        }
        if self.is_suite[right] {
            let key = (right, &demand.subject);
            let (units, taken) =
                self.held_suites.entry(key).or_insert_with(|| (Number::zero(), BTreeMap::new()));
            *units += &quantity;
            *taken.entry(&demand.product).or_insert_with(Number::zero) += &quantity;
        }
        if !is_of(&self.needs[index], ExcuseKind::Failover) {
            self.active[right] += &quantity;
        }
        let product = shown(&self.rights[right].entitlement.product);
        let (kind, reason) = match fit {
            Fit { by_suite: true, .. } => {
                (MatchKind::Suite, format!("{reason}; as a part of {product}"))
            }
            Fit { by_edition: true, .. } => {
                (MatchKind::Covers, format!("{reason}; {product} covers the lower edition"))
            }
            _ => (MatchKind::Covers, reason),
        };
        self.push(index, right, quantity, kind, reason);
    }

    pub(super) fn push(
        &mut self,
        index: usize,
        right: usize,
        quantity: Number,
        kind: MatchKind,
        reason: String,
    ) {
        if let Some(missing) = &mut self.missing[index] {
            *missing -= &quantity;
        }
        let own = self.rights[right];
        let found = Match {
            demand: UsePlace::of(self.needs[index].demand),
            entitlement: Arc::clone(&own.entitlement.id),
            product: own.entitlement.product.clone(),
            pool: own.holder.pool.clone(),
            quantity,
            kind,
            reason,
        };
        self.is_used[right] |= kind.takes();
        self.by_need[index].push(self.matches.len());
        self.matches.push((index, right, found));
    }

    /// Units of a right that cover a use.
    pub(super) fn given(&self, index: usize, right: usize) -> Number {
        let own = self.by_need[index].iter().map(|place| &self.matches[*place]);
        let own = own.filter(|(_, by, found)| *by == right && found.kind.takes());
        own.map(|(_, _, found)| &found.quantity).sum()
    }

    pub(in crate::licenses) fn finish(mut self, world: &World, bound: Bound) -> Cover {
        for index in 0..self.needs.len() {
            // So that unused rights know all kinds of uses.
            drop(self.candidates(index));
        }
        let not_used = (0..self.rights.len()).filter_map(|right| self.not_used(right)).collect();
        let mut matches = self.matches;
        self.spared.sort_by_key(|(index, _)| *index);
        // Stable: what was given first to a use stays first.
        matches.sort_by_key(|(index, _, _)| *index);
        let uncovered = self.missing.into_iter().enumerate();
        let uncovered = uncovered
            .filter(|(_, missing)| missing.as_ref().is_none_or(Signed::is_positive))
            .map(|(index, quantity)| Uncovered {
                demand: UsePlace::of(self.needs[index].demand),
                quantity,
            });
        Cover {
            world: world.clone(),
            bound,
            uncovered: uncovered.collect(),
            matches: matches.into_iter().map(|(_, _, found)| found).collect(),
            not_used,
            spared: self.spared.into_iter().map(|(_, spared)| spared).collect(),
            cheapest: None,
        }
    }

    /// What is left of a right, and why.
    fn not_used(&self, right: usize) -> Option<NotUsed> {
        let (own, left) = (self.rights[right], &self.left[right]);
        let is_used = self.is_used[right];
        if self.is_spent(right) || left.is_none() && is_used {
            return None;
        }
        let reason = if is_used { "left over".to_owned() } else { self.why_not_used(right) };
        Some(own.not_used(left.clone(), reason))
    }

    fn why_not_used(&self, right: usize) -> String {
        let is_candidate = |found: &Candidates| found.iter().any(|(index, _)| *index == right);
        if self.candidates.values().any(is_candidate) {
            return "other rights come first, and cover all".to_owned();
        }
        let own = self.rights[right];
        let none = "covers no ";
        let refusals = self.kinds.iter().filter_map(|index| {
            Fit::of(own, &self.needs[*index], self.input.rules)
                .err()
                .filter(|reason| !reason.starts_with(none))
        });
        let refusals: BTreeSet<String> = refusals.collect();
        if refusals.is_empty() {
            return format!("nothing uses {}", shown(&own.entitlement.product));
        }
        refusals.into_iter().take(3).collect::<Vec<_>>().join("; ")
    }
}

/// What speaks for a right, in the order in which it counts.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Preference<'a> {
    /// Rights that are set aside for the pool first.
    is_for_all_pools: bool,
    specific: Reverse<u8>,
    is_shared: bool,
    /// Rights without an end last.
    end: (bool, Option<NaiveDate>),
    /// Rights without a price last.
    price: (bool, Option<Currency>, Option<Amount>),
    id: &'a str,
}

impl<'a> Preference<'a> {
    fn of(right: &Right<'a>, fit: &Fit) -> Self {
        let own = right.entitlement;
        let end = own.days.to();
        Self {
            is_for_all_pools: right.holder.pool.is_none(),
            specific: Reverse(fit.specific),
            is_shared: right.holder.legal_entity.is_none(),
            end: (end.is_none(), end),
            price: (own.unit_price.is_none(), own.currency, own.unit_price),
            id: &own.id,
        }
    }

    /// What decided against the next best right.
    fn reason(&self, next: Option<&Self>) -> String {
        let Some(next) = next else { return "the only right that is left for it".to_owned() };
        if self.is_for_all_pools != next.is_for_all_pools {
            return "set aside for its pool".to_owned();
        }
        if self.specific != next.specific {
            return "more specific than others".to_owned();
        }
        if self.is_shared != next.is_shared {
            return "of its legal entity, before shared ones".to_owned();
        }
        if self.end != next.end {
            let last = self.end.1.and_then(|end| end.pred_opt());
            return match last {
                Some(last) => format!("ends first, on {last}"),
                None => "ends first".to_owned(),
            };
        }
        if self.price != next.price {
            return "cheapest".to_owned();
        }
        "first by id".to_owned()
    }
}
