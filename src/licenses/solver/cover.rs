//! From uses and rights to a program, and from its answer to a cover.
//!
//! What explicit assignments, suites and excuses decide stays as the ordered matching has it; the rest is
//! free: which right covers which use, what is bought, which hosts are covered whole. Uses that the same rights and
//! offers may cover are one class, so that a program is as large as the terms, not as the inventory.

use std::collections::{BTreeMap, BTreeSet};

use num_traits::{One, Signed, Zero};

use crate::domain::{Amount, Currency, SCALE};
use crate::licenses::extent::Number;
use crate::licenses::inventory::{Product, UseRight};
use crate::licenses::matching::{
    Bound, Cover, Fit, Giving, MatchInput, Need, Right, Rows, World, edition_fits,
};
use crate::rules::licenses::Offer;

use super::hosts::{HostKind, host_kinds};
use super::milp::{Found, Program, search};
use super::simplex::Limit;

/// Nodes of the search; more are not looked at, and the cover is then not proven.
const MOST_NODES: usize = 400;
/// Cells of the table of a program beyond which it is not tried.
const MOST_CELLS: usize = 60_000;

/// The cheapest cover of a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cheapest {
    pub purchases: Vec<Purchase>,
    /// What all purchases cost, per year where rights are subscriptions.
    pub amount: Number,
    /// No cover costs less: the same as `amount` where that is proven.
    pub at_least: Number,
    pub proven: bool,
    /// What is true of the search: how far it came, which offers it left out.
    pub notes: Vec<String>,
    pub currency: Option<Currency>,
    /// Units that no offer covers.
    pub not_offered: Number,
    /// What it costs to buy of one offer only, for each that can cover all.
    pub single: Vec<SingleOffer>,
    pub hosts: Vec<HostChoice>,
}

/// Rights to buy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purchase {
    pub product: Product,
    /// Where the offer stands: file and line.
    pub offer: String,
    /// In whole packs, and the minimum at least.
    pub quantity: Number,
    /// Units of it that uses need.
    pub needed: Number,
    pub unit_price: Amount,
    pub amount: Number,
    pub clause: Option<String>,
}

/// All from one offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SingleOffer {
    pub product: Product,
    pub quantity: Number,
    pub amount: Number,
    /// What the cheapest cover saves against it.
    pub saving: Number,
}

/// A host that is covered whole, instead of each machine on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostChoice {
    pub host: String,
    pub product: Product,
    /// Units that the host takes.
    pub quantity: Number,
    /// Units that its machines would take.
    pub instead_of: Number,
}

/// Uses that the same rights and offers may cover.
struct Class {
    needs: Vec<usize>,
    units: Number,
    rights: Vec<(usize, Fit)>,
    offers: Vec<usize>,
}

/// Rights by the classes and kinds of hosts that they may cover.
struct Group {
    rights: Vec<usize>,
    units: Number,
    classes: Vec<usize>,
    hosts: Vec<usize>,
}

/// The program with the variables that matter.
struct Model {
    program: Program,
    /// Group, target and variable; targets are classes, then kinds of hosts.
    owned: Vec<(usize, usize, usize)>,
    bought: Vec<(usize, usize, usize)>,
    packs: Vec<Option<usize>>,
    whole_hosts: Vec<usize>,
    lacking: Vec<usize>,
}

/// Covers a world at least cost.
pub(in crate::licenses) fn cheapest(
    input: &MatchInput<'_>,
    world: &World,
    bound: Bound,
    needs: &[Need<'_>],
    rights: &[&Right<'_>],
    rows: &Rows<'_>,
) -> Cover {
    let demands = super::hosts::host_demands(input, world, bound);
    let hosts: Vec<Need<'_>> =
        demands.iter().map(|(demand, _)| Need::of(demand, bound, input, rows)).collect();
    // Hosts come behind all uses; they need nothing unless they are chosen.
    let mut all: Vec<Need<'_>> = needs.to_vec();
    all.extend(hosts.into_iter().map(|host| Need { quantity: Some(Number::zero()), ..host }));
    let mut giving = Giving::new(input, &all, rights);
    giving.keep_decided(needs.len());
    let mut notes = Vec::new();
    let (currency, offers) = usable_offers(input, world, &mut notes);
    let mut solve = Solve { input, giving, offers, classes: vec![], groups: vec![], kinds: vec![] };
    solve.find_classes(needs.len());
    solve.kinds = host_kinds(&demands, &all, needs.len(), &solve.giving.missing, rights);
    solve.find_groups();
    let every: BTreeSet<usize> = (0..solve.offers.len()).collect();
    let model = solve.model(&every, true);
    let cells = model.program.limits.len() * model.program.costs.len();
    let found = if cells > MOST_CELLS {
        notes.push(format!("too large to solve: {cells} cells, of {MOST_CELLS} that are tried"));
        None
    } else {
        search(&model.program, MOST_NODES)
    };
    let Some(found) = found else {
        solve.giving.give_all();
        let mut cover = solve.giving.finish(world, bound);
        notes.push("not proven: rights are given in the order of preference".to_owned());
        cover.cheapest = Some(Cheapest::unknown(currency, notes));
        return cover;
    };
    if !found.proven {
        notes.push(format!("not proven: the search ended after {MOST_NODES} steps"));
    }
    let mut answer = solve.read(&model, &found, currency, notes);
    answer.single = solve.single(&answer);
    solve.apply(&model, &found, &mut answer);
    let mut cover = solve.giving.finish(world, bound);
    cover.cheapest = Some(answer);
    cover
}

impl Cheapest {
    fn unknown(currency: Option<Currency>, notes: Vec<String>) -> Self {
        Self {
            purchases: vec![],
            amount: Number::zero(),
            at_least: Number::zero(),
            proven: false,
            notes,
            currency,
            not_offered: Number::zero(),
            single: vec![],
            hosts: vec![],
        }
    }
}

/// Offers of the metric that hold on the day, of one currency.
fn usable_offers<'a>(
    input: &MatchInput<'a>,
    world: &World,
    notes: &mut Vec<String>,
) -> (Option<Currency>, Vec<&'a Offer>) {
    let mut offers: Vec<&Offer> = input
        .offers
        .iter()
        .filter(|offer| *offer.metric == *world.metric && offer.valid.contains(input.day))
        .collect();
    offers.sort_by(|a, b| (&a.product, a.price, &a.span).cmp(&(&b.product, b.price, &b.span)));
    let currency = offers.iter().map(|offer| offer.currency).min();
    let all = offers.len();
    offers.retain(|offer| Some(offer.currency) == currency);
    if let Some(currency) = currency.filter(|_| offers.len() < all) {
        notes.push(format!("offers in other currencies than {currency} are left out"));
    }
    (currency, offers)
}

pub(in crate::licenses) fn number(amount: Amount) -> Number {
    Number::new(amount.to_units(), num_bigint::BigInt::from(10).pow(SCALE))
}

fn product_of(offer: &Offer) -> Product {
    Product {
        publisher: offer.product.publisher.as_deref().map(Into::into),
        name: offer.product.product.as_str().into(),
        edition: offer.product.edition.as_deref().map(Into::into),
    }
}

fn rights_of(offer: &Offer) -> BTreeSet<UseRight> {
    offer.rights.iter().filter_map(|right| UseRight::named(right)).collect()
}

struct Solve<'s, 'g, 'a> {
    input: &'s MatchInput<'a>,
    giving: Giving<'g, 'a>,
    offers: Vec<&'a Offer>,
    classes: Vec<Class>,
    groups: Vec<Group>,
    kinds: Vec<HostKind>,
}

impl Solve<'_, '_, '_> {
    /// Sorts what is still to be covered. What an unlimited right covers is covered by it, since that costs nothing.
    fn find_classes(&mut self, uses: usize) {
        let mut classes: BTreeMap<(Vec<usize>, Vec<usize>), Class> = BTreeMap::new();
        for index in 0..uses {
            let candidates = self.giving.candidates(index);
            let unlimited = candidates.iter().find(|(right, _)| self.giving.left[*right].is_none());
            if let Some((right, fit)) = unlimited {
                self.giving.take(index, *right, fit, "unlimited".to_owned());
            }
            let Some(missing) = self.giving.missing[index].clone() else { continue };
            if !missing.is_positive() {
                continue;
            }
            // What decided whether it may cover a part of the use again was decided already.
            let fits = candidates.iter().filter(|(_, fit)| !fit.by_suite).cloned();
            let fits: Vec<(usize, Fit)> = fits.collect();
            let offers = self.offers_for(index);
            let key = (fits.iter().map(|(right, _)| *right).collect(), offers.clone());
            let class = classes.entry(key).or_insert_with(|| Class {
                needs: vec![],
                units: Number::zero(),
                rights: fits,
                offers,
            });
            class.needs.push(index);
            class.units += missing;
        }
        self.classes = classes.into_values().collect();
    }

    fn offers_for(&self, index: usize) -> Vec<usize> {
        let need = &self.giving.needs[index];
        let may = |offer: &Offer| {
            let (product, rights) = (product_of(offer), rights_of(offer));
            crate::licenses::matching::is_same_product(&product, &need.demand.product)
                && edition_fits(&product, &need.demand.product, &rights, self.input.rules).is_ok()
                && need.required.is_subset(&rights)
        };
        (0..self.offers.len()).filter(|offer| may(self.offers[*offer])).collect()
    }

    fn find_groups(&mut self) {
        let mut groups: BTreeMap<(Vec<usize>, Vec<usize>), Group> = BTreeMap::new();
        for (right, left) in self.giving.left.iter().enumerate() {
            let Some(left) = left.as_ref().filter(|left| left.is_positive()) else { continue };
            let has = |class: &Class| class.rights.iter().any(|(own, _)| *own == right);
            let of = |place: &usize| has(&self.classes[*place]);
            let classes: Vec<usize> = (0..self.classes.len()).filter(of).collect();
            let of = |place: &usize| self.kinds[*place].rights.contains(&right);
            let hosts: Vec<usize> = (0..self.kinds.len()).filter(of).collect();
            if classes.is_empty() && hosts.is_empty() {
                continue;
            }
            let key = (classes.clone(), hosts.clone());
            let group = groups.entry(key).or_insert_with(|| Group {
                rights: vec![],
                units: Number::zero(),
                classes,
                hosts,
            });
            group.rights.push(right);
            group.units += left;
        }
        self.groups = groups.into_values().collect();
    }

    /// A host may be covered by offers of the edition that covers hosts.
    fn offers_for_host(&self, kind: &HostKind) -> Vec<usize> {
        let may = |offer: &Offer| {
            crate::licenses::matching::is_named(&product_of(offer), &kind.product)
                && offer.rights.contains(&kind.right.name())
        };
        (0..self.offers.len()).filter(|offer| may(self.offers[*offer])).collect()
    }

    /// The program with some of the offers, with whole hosts or without.
    fn model(&self, offers: &BTreeSet<usize>, with_hosts: bool) -> Model {
        let mut program = Program::default();
        let one = Number::one;
        let targets = self.classes.len();
        // For each target, the variables that cover it.
        let mut covers: Vec<Vec<(usize, Number)>> = vec![Vec::new(); targets + self.kinds.len()];
        let most_hosts = |kind: &HostKind| if with_hosts { kind.hosts.len() } else { 0 };
        let mut whole_hosts = Vec::new();
        for (place, kind) in self.kinds.iter().enumerate() {
            let variable = program.variable(Number::zero());
            let most = Number::from_integer(most_hosts(kind).into());
            program.limits.push(Limit::at_most(vec![(variable, one())], most));
            covers[targets + place].push((variable, -kind.units.clone()));
            for (need, units) in &kind.machines {
                let class = self.classes.iter().position(|class| class.needs.contains(need));
                if let Some(class) = class {
                    covers[class].push((variable, units.clone()));
                }
            }
            whole_hosts.push(variable);
        }
        program.whole.clone_from(&whole_hosts);
        program.fixed_first = whole_hosts.len();
        let mut owned = Vec::new();
        for (place, group) in self.groups.iter().enumerate() {
            let own = group.classes.iter().copied();
            let own = own.chain(group.hosts.iter().map(|host| targets + host));
            let mut terms = Vec::new();
            for target in own {
                let variable = program.variable(Number::zero());
                covers[target].push((variable, one()));
                terms.push((variable, one()));
                owned.push((place, target, variable));
            }
            program.limits.push(Limit::at_most(terms, group.units.clone()));
        }
        let (bought, packs) = self.add_offers(&mut program, &mut covers, offers);
        let lacking = self.add_lacking(&mut program, &mut covers, offers);
        for (target, terms) in covers.into_iter().enumerate() {
            let units =
                self.classes.get(target).map_or_else(Number::zero, |class| class.units.clone());
            program.limits.push(Limit::at_least(terms, &units));
        }
        Model { program, owned, bought, packs, whole_hosts, lacking }
    }

    /// What is bought: units for each target, of whole packs of each offer.
    #[expect(clippy::type_complexity, reason = "two lists of variables that belong together")]
    fn add_offers(
        &self,
        program: &mut Program,
        covers: &mut [Vec<(usize, Number)>],
        offers: &BTreeSet<usize>,
    ) -> (Vec<(usize, usize, usize)>, Vec<Option<usize>>) {
        let mut bought = Vec::new();
        let mut packs = vec![None; self.offers.len()];
        let targets = self.classes.len();
        let host_units: Number = self.kinds.iter().map(HostKind::total).sum();
        let units: Number = self.classes.iter().map(|class| class.units.clone()).sum();
        for place in offers {
            let offer = self.offers[*place];
            let pack = offer.pack.clone().unwrap_or_else(Number::one);
            let count = program.variable(number(offer.price) * &pack);
            program.whole.push(count);
            packs[*place] = Some(count);
            let mut terms = vec![(count, -pack.clone())];
            let own = (0..targets).filter(|class| self.classes[*class].offers.contains(place));
            let hosts = (0..self.kinds.len())
                .filter(|kind| self.offers_for_host(&self.kinds[*kind]).contains(place))
                .map(|kind| targets + kind);
            for target in own.chain(hosts) {
                let variable = program.variable(Number::zero());
                covers[target].push((variable, Number::one()));
                terms.push((variable, Number::one()));
                bought.push((*place, target, variable));
            }
            program.limits.push(Limit::at_most(terms, Number::zero()));
            if let Some(minimum) = offer.minimum.as_ref().filter(|minimum| **minimum > pack) {
                let is_bought = program.variable(Number::zero());
                program.whole.push(is_bought);
                program
                    .limits
                    .push(Limit::at_most(vec![(is_bought, Number::one())], Number::one()));
                let least = vec![(is_bought, minimum.clone()), (count, -pack.clone())];
                program.limits.push(Limit::at_most(least, Number::zero()));
                let most = &units + &host_units + minimum + &pack;
                let only = vec![(count, pack), (is_bought, -most)];
                program.limits.push(Limit::at_most(only, Number::zero()));
            }
        }
        (bought, packs)
    }

    /// Uses that no offer covers may stay uncovered, at a cost above everything that could be bought instead.
    fn add_lacking(
        &self,
        program: &mut Program,
        covers: &mut [Vec<(usize, Number)>],
        offers: &BTreeSet<usize>,
    ) -> Vec<usize> {
        let dearest = self.offers.iter().map(|offer| {
            let pack = offer.pack.clone().unwrap_or_else(Number::one);
            let least = offer.minimum.clone().unwrap_or_else(Number::one).max(pack);
            (number(offer.price) + Number::one()) * (least + Number::one())
        });
        let dearest = dearest.max().unwrap_or_else(Number::one);
        let penalty = dearest * Number::from_integer(1_000_000.into());
        let mut lacking = Vec::new();
        for (place, class) in self.classes.iter().enumerate() {
            if class.offers.iter().any(|offer| offers.contains(offer)) {
                continue;
            }
            let variable = program.variable(penalty.clone());
            covers[place].push((variable, Number::one()));
            lacking.push(variable);
        }
        lacking
    }

    fn read(
        &self,
        model: &Model,
        found: &Found,
        currency: Option<Currency>,
        notes: Vec<String>,
    ) -> Cheapest {
        let mut answer = Cheapest::unknown(currency, notes);
        answer.proven = found.proven;
        for (place, offer) in self.offers.iter().enumerate() {
            let Some(count) = model.packs[place] else { continue };
            let pack = offer.pack.clone().unwrap_or_else(Number::one);
            let quantity = &found.values[count] * pack;
            let own = model.bought.iter().filter(|(own, _, _)| *own == place);
            let needed = own.map(|(_, _, variable)| &found.values[*variable]).sum();
            if !quantity.is_positive() {
                continue;
            }
            answer.purchases.push(Purchase {
                product: product_of(offer),
                offer: format!("{}:{}", offer.span.path, offer.span.line),
                amount: number(offer.price) * &quantity,
                quantity,
                needed,
                unit_price: offer.price,
                clause: offer.clause.clone(),
            });
        }
        answer.amount = answer.purchases.iter().map(|purchase| purchase.amount.clone()).sum();
        answer.not_offered = model.lacking.iter().map(|variable| &found.values[*variable]).sum();
        let penalties = &found.cost - &answer.amount;
        answer.at_least = (&found.bound - penalties).max(Number::zero());
        answer
    }

    /// What each offer costs that covers all alone, without covering hosts whole.
    fn single(&self, answer: &Cheapest) -> Vec<SingleOffer> {
        let mut found = Vec::new();
        for place in 0..self.offers.len() {
            let model = self.model(&BTreeSet::from([place]), false);
            // Where some use is not covered, the offer does not cover all.
            let Some(solved) = search(&model.program, MOST_NODES).filter(|found| found.proven)
            else {
                continue;
            };
            let lacks: Number = model.lacking.iter().map(|place| &solved.values[*place]).sum();
            let Some(count) = model.packs[place].filter(|_| lacks <= answer.not_offered) else {
                continue;
            };
            let offer = self.offers[place];
            let pack = offer.pack.clone().unwrap_or_else(Number::one);
            let quantity = &solved.values[count] * pack;
            let cost = number(offer.price) * &quantity;
            let saving = &cost - &answer.amount;
            found.push(SingleOffer { product: product_of(offer), quantity, amount: cost, saving });
        }
        found
    }

    /// Gives rights as the answer has it.
    fn apply(&mut self, model: &Model, found: &Found, answer: &mut Cheapest) {
        for (kind, variable) in model.whole_hosts.iter().enumerate() {
            let count = found.values[*variable].to_integer();
            let kind = &self.kinds[kind];
            let chosen = kind.hosts.iter().enumerate();
            let chosen = chosen.filter(|(place, _)| num_bigint::BigInt::from(*place) < count);
            for (_, host) in chosen {
                let mut instead_of = Number::zero();
                for (need, units) in &host.machines {
                    instead_of += units;
                    self.giving.cover_by_host(*need, &host.id, &kind.shown);
                }
                self.giving.missing[host.need] = Some(kind.units.clone());
                answer.hosts.push(HostChoice {
                    host: host.id.clone(),
                    product: kind.as_product.clone(),
                    quantity: kind.units.clone(),
                    instead_of,
                });
            }
        }
        answer.hosts.sort_by(|a, b| a.host.cmp(&b.host));
        for (group, target, variable) in &model.owned {
            self.give_group(*group, *target, found.values[*variable].clone());
        }
    }

    /// Gives so many units of a group of rights to the uses of a target, in their order.
    fn give_group(&mut self, group: usize, target: usize, mut units: Number) {
        let classes = self.classes.len();
        let needs: Vec<usize> = match self.classes.get(target) {
            Some(class) => class.needs.clone(),
            None => self.kinds[target - classes].hosts.iter().map(|host| host.need).collect(),
        };
        let rights = self.groups[group].rights.clone();
        for need in needs {
            for right in &rights {
                let missing = self.giving.missing[need].clone().unwrap_or_else(Number::zero);
                let left = self.giving.left[*right].clone().unwrap_or_else(Number::zero);
                let quantity = missing.min(left).min(units.clone());
                if !quantity.is_positive() {
                    continue;
                }
                units -= &quantity;
                let fit = self.classes.get(target).and_then(|class| {
                    class.rights.iter().find(|(own, _)| own == right).map(|(_, fit)| fit.clone())
                });
                let fit = fit.unwrap_or(Fit { by_suite: false, by_edition: false, specific: 0 });
                let reason = "part of the cheapest cover".to_owned();
                self.giving.take_units(need, *right, &fit, reason, quantity);
            }
        }
    }
}
