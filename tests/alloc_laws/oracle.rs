//! Shared cost found a second time: each charge by itself, on its own day, through exact shares
//! that are never rounded.
//!
//! It knows no lots, no segments and no stretches of days, and no order but the declared one.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_rational::Ratio;
use num_traits::{One, Signed, Zero};

use crate::support::Exact;
use crate::world::{
    CLOSING, Cutoff, OWNERS, Order, POOLS, Pool, Split, To, VALUES, World, pool_at, rank,
};

/// Who has how much, by currency: `effective_cost`, `billed_cost`.
pub(crate) type Borne = BTreeMap<(String, &'static str), [Exact; 2]>;

type Shares = BTreeMap<To, Exact>;

const SIZE: usize = POOLS + VALUES.len();
/// All of a project's owners but the root are below it.
const ROOT: usize = OWNERS.len();

#[derive(Clone, Debug)]
struct Packet {
    day: u32,
    usd: bool,
    /// Sub account and service; `None` of what came from another pool.
    marks: Option<(u32, u32)>,
    costs: [Exact; 2],
}

#[derive(Default)]
struct State {
    packets: Vec<Vec<Packet>>,
    direct: Vec<(usize, Packet)>,
    borne: BTreeMap<(To, bool), [Exact; 2]>,
    received: BTreeMap<(usize, bool), Exact>,
    barred: Vec<To>,
}

fn ratio(whole: impl Into<BigInt>, of: impl Into<BigInt>) -> Exact {
    Ratio::new(whole.into(), of.into())
}

fn is_open(owner: usize, day: u32) -> bool {
    match owner {
        2 => day < CLOSING,
        3 => false,
        _ => true,
    }
}

fn open_or_nobody(to: To, day: u32) -> To {
    match to {
        To::Owner(owner) if !is_open(owner, day) => To::Nobody,
        to => to,
    }
}

fn bearer(into: Cutoff, day: u32) -> Option<To> {
    match into {
        Cutoff::Into(owner) => Some(open_or_nobody(To::Owner(owner), day)),
        Cutoff::Others => None,
    }
}

fn leaves(day: u32) -> Vec<usize> {
    (0..OWNERS.len()).filter(|owner| is_open(*owner, day)).collect()
}

pub(crate) fn expect(world: &World) -> Borne {
    let mut state = State { packets: vec![Vec::new(); SIZE], ..State::default() };
    for item in &world.items {
        let costs = item.costs.map(|cents| ratio(cents, 100));
        let marks = Some((item.sub, item.service));
        let packet = Packet { day: item.day, usd: item.usd, marks, costs };
        match item.to {
            To::Owner(owner) => {
                state.bear(item.to, &packet, &Exact::one(), &Exact::one());
                state.direct.push((owner, packet));
            }
            pool => state.packets[rank(pool).expect("a pool")].push(packet),
        }
    }
    if world.order == Order::Reciprocal {
        (0..SIZE).for_each(|pool| state.charge(world, pool));
        state.solve(world);
    } else {
        for pool in 0..SIZE {
            state.charge(world, pool);
            let packets = std::mem::take(&mut state.packets[pool]);
            let shares: Vec<[Shares; 2]> =
                packets.iter().map(|packet| state.shares(world, pool, packet)).collect();
            for (packet, shares) in packets.iter().zip(&shares) {
                state.give(packet, shares);
            }
            if world.order == Order::Precedence {
                state.barred.push(pool_at(pool));
            }
        }
    }
    let name = |to: To| match to {
        To::Owner(ROOT) => "acme".to_owned(),
        to => crate::world::name(to),
    };
    let currency = |usd: bool| if usd { "USD" } else { "EUR" };
    state.borne.into_iter().map(|((to, usd), costs)| ((name(to), currency(usd)), costs)).collect()
}

impl State {
    /// So much of a packet's costs.
    fn bear(&mut self, to: To, packet: &Packet, effective: &Exact, billed: &Exact) {
        let costs = [&packet.costs[0] * effective, &packet.costs[1] * billed];
        let zero = || [Exact::zero(), Exact::zero()];
        let sum = self.borne.entry((to, packet.usd)).or_insert_with(zero);
        for (sum, more) in sum.iter_mut().zip(costs) {
            *sum += more;
        }
    }

    fn give(&mut self, packet: &Packet, shares: &[Shares; 2]) {
        for to in shares[0].keys().chain(shares[1].keys().filter(|to| !shares[0].contains_key(to)))
        {
            let part = |metric: usize| shares[metric].get(to).cloned().unwrap_or_else(Exact::zero);
            let (effective, billed) = (part(0), part(1));
            let costs = [&packet.costs[0] * &effective, &packet.costs[1] * &billed];
            if let Some(pool) = rank(*to) {
                self.packets[pool].push(Packet { marks: None, costs, ..packet.clone() });
                continue;
            }
            if let To::Owner(owner) = to {
                let sum = self.received.entry((*owner, packet.usd)).or_insert_with(Exact::zero);
                *sum += &costs[0];
            }
            self.bear(*to, packet, &effective, &billed);
        }
    }

    /// What consumers use of a pool at its price; nothing where it has none.
    fn prices(&self, world: &World, pool: usize) -> Shares {
        let mut found = Shares::new();
        if !matches!(split(world, pool), Split::Rate { .. }) {
            return found;
        }
        let rows = world.uses.iter().filter(|row| row.day.is_none() && row.pool == pool_at(pool));
        let mut quantities: BTreeMap<To, u32> = BTreeMap::new();
        for row in rows.filter(|row| !self.barred.contains(&row.consumer)) {
            *quantities.entry(row.consumer).or_default() += row.quantity;
        }
        for (consumer, quantity) in quantities.into_iter().filter(|(_, quantity)| *quantity > 0) {
            let low = ratio(quantity.min(3), 1) * ratio(7, 10);
            let high = ratio(quantity.saturating_sub(3), 1) * ratio(31, 100);
            // Whoever was open on the first was open in the month.
            *found.entry(open_or_nobody(consumer, 1)).or_insert_with(Exact::zero) += low + high;
        }
        found
    }

    fn charge(&mut self, world: &World, pool: usize) {
        let Split::Rate { usd, remainder } = split(world, pool) else { return };
        let prices = self.prices(world, pool);
        let sum = prices.values().fold(Exact::zero(), |sum, price| sum + price);
        let rest = if self.barred.contains(remainder) { To::Nobody } else { *remainder };
        let credit = Packet { day: 1, usd: *usd, marks: None, costs: [-sum, Exact::zero()] };
        self.give(&credit, &[whole(open_or_nobody(rest, 1)), Shares::new()]);
        for (to, price) in prices {
            let charge = Packet { costs: [price, Exact::zero()], ..credit.clone() };
            self.give(&charge, &[whole(to), Shares::new()]);
        }
    }

    /// Shares of a packet, of effective and of billed cost.
    fn shares(&self, world: &World, pool: usize, packet: &Packet) -> [Shares; 2] {
        if let Split::Rate { usd, remainder } = split(world, pool) {
            let rest = if self.barred.contains(remainder) { To::Nobody } else { *remainder };
            let rest = whole(open_or_nobody(rest, packet.day));
            let prices = self.prices(world, pool);
            let by_price = if *usd == packet.usd { normal(prices) } else { None }
                .unwrap_or_else(|| rest.clone());
            return [rest, by_price];
        }
        let mut weights = self.weights(world, pool, packet);
        weights.retain(|to, _| !self.barred.contains(to));
        if let Some(Pool { cutoff: Some(into), .. }) = world.pools.get(pool) {
            weights = cut(weights, bearer(*into, packet.day));
        }
        let shares = normal(weights).unwrap_or_else(|| whole(To::Nobody));
        [shares.clone(), shares]
    }

    fn weights(&self, world: &World, pool: usize, packet: &Packet) -> Shares {
        let day = packet.day;
        let even = || leaves(day).into_iter().map(|owner| (To::Owner(owner), Exact::one()));
        let monthly = || used(world, pool, packet);
        let daily = |day: Option<u32>| used_by_day(world, pool, day);
        let that_day = (day > 0).then_some(day);
        match split(world, pool) {
            Split::Even { over: true } => whole(To::Owner(ROOT)),
            Split::Even { over: false } => even().collect(),
            Split::Fixed(change, before, after) => {
                let mut found = Shares::new();
                for (to, weight) in if day < *change { before } else { after } {
                    let to = open_or_nobody(*to, day);
                    *found.entry(to).or_insert_with(Exact::zero) += ratio(*weight, 1);
                }
                found
            }
            Split::Proportional { of, within, widen, accumulated } => {
                let of = *of && !accumulated;
                let all = match (packet.marks, within) {
                    (None, _) | (_, false) => vec![0],
                    (Some(_), true) if *widen => vec![2, 1, 0],
                    (Some(_), true) => vec![2],
                };
                let found = all.into_iter().find_map(|fields| {
                    let found = self.costs(packet, of, fields, *accumulated);
                    (!found.is_empty()).then_some(found)
                });
                found.unwrap_or_else(|| if *widen { Shares::new() } else { even().collect() })
            }
            Split::Driver { daily: false } => monthly().unwrap_or_default(),
            Split::Driver { daily: true } => {
                daily(that_day).or_else(|| daily(None)).unwrap_or_default()
            }
            Split::Drivers => {
                let (Some(monthly), Some(daily)) = (monthly(), daily(that_day)) else {
                    return Shares::new();
                };
                let mut found = Shares::new();
                for (quantities, part) in [(monthly, 6), (daily, 4)] {
                    for (to, share) in normal(quantities).expect("a quantity") {
                        *found.entry(to).or_insert_with(Exact::zero) += share * ratio(part, 10);
                    }
                }
                found
            }
            Split::Rate { .. } => Shares::new(),
        }
        .into_iter()
        .fold(Shares::new(), |mut found, (to, weight)| {
            *found.entry(open_or_nobody(to, day)).or_insert_with(Exact::zero) += weight;
            found
        })
    }

    /// Positive costs of open owners, of the charges with as many of the packet's marks.
    fn costs(&self, packet: &Packet, of: bool, fields: usize, accumulated: bool) -> Shares {
        let mut found = Shares::new();
        for owner in leaves(packet.day) {
            let mut sum = Exact::zero();
            for (bearer, charge) in &self.direct {
                let (mine, its) =
                    (packet.marks.unwrap_or_default(), charge.marks.unwrap_or_default());
                let is_same = (fields < 1 || mine.0 == its.0) && (fields < 2 || mine.1 == its.1);
                if *bearer == owner && charge.usd == packet.usd && is_same && (!of || its.1 == 0) {
                    sum += &charge.costs[0];
                }
            }
            if accumulated {
                sum += self.received.get(&(owner, packet.usd)).cloned().unwrap_or_default();
            }
            if sum.is_positive() {
                found.insert(To::Owner(owner), sum);
            }
        }
        if accumulated
            && let Some(sum) = self.received.get(&(ROOT, packet.usd))
            && sum.is_positive()
        {
            found.insert(To::Owner(ROOT), sum.clone());
        }
        found
    }

    /// Gives all that the pools of a group have to those outside.
    fn solve(&mut self, world: &World) {
        let packets = std::mem::take(&mut self.packets);
        let mut done: Vec<(Packet, [Shares; 2])> = Vec::new();
        for (pool, packets) in packets.iter().enumerate() {
            for packet in packets {
                let own = self.shares(world, pool, packet);
                let passed_on = Packet { marks: None, ..packet.clone() };
                let of_pools: Vec<[Shares; 2]> =
                    (0..SIZE).map(|pool| self.shares(world, pool, &passed_on)).collect();
                let of_metric = |metric: usize| {
                    let of_pools: Vec<&Shares> = of_pools.iter().map(|all| &all[metric]).collect();
                    through(&own[metric], &of_pools)
                };
                done.push((packet.clone(), [of_metric(0), of_metric(1)]));
            }
        }
        self.packets = vec![Vec::new(); SIZE];
        for (packet, shares) in &done {
            self.give(packet, shares);
        }
    }
}

/// What shares come to outside of the group: `r = own + r · S`, solved by elimination.
fn through(own: &Shares, of_pools: &[&Shares]) -> Shares {
    let share = |shares: &Shares, pool: usize| {
        shares.get(&pool_at(pool)).cloned().unwrap_or_else(Exact::zero)
    };
    // One equation for each pool: what reaches it, less what reaches others and goes on to it.
    let mut rows: Vec<Vec<Exact>> = (0..SIZE)
        .map(|to| {
            let from = |from: usize| {
                let one = if from == to { Exact::one() } else { Exact::zero() };
                one - share(of_pools[from], to)
            };
            (0..SIZE).map(from).chain([share(own, to)]).collect()
        })
        .collect();
    for step in 0..SIZE {
        let pivot = (step..SIZE).find(|row| !rows[*row][step].is_zero()).expect("a way out");
        rows.swap(step, pivot);
        let scale = rows[step][step].clone();
        rows[step].iter_mut().for_each(|entry| *entry /= &scale);
        let above = rows[step].clone();
        for row in (0..SIZE).filter(|row| *row != step) {
            let factor = rows[row][step].clone();
            if !factor.is_zero() {
                rows[row]
                    .iter_mut()
                    .zip(&above)
                    .for_each(|(entry, above)| *entry -= &factor * above);
            }
        }
    }
    let mut found = Shares::new();
    let mut outside = |shares: &Shares, times: &Exact| {
        for (to, share) in shares.iter().filter(|(to, _)| rank(**to).is_none()) {
            *found.entry(*to).or_insert_with(Exact::zero) += share * times;
        }
    };
    outside(own, &Exact::one());
    for (row, shares) in rows.iter().zip(of_pools) {
        outside(shares, &row[SIZE]);
    }
    found
}

fn split(world: &World, pool: usize) -> &Split {
    world.pools.get(pool).map_or(&Split::Driver { daily: false }, |pool| &pool.split)
}

fn whole(to: To) -> Shares {
    Shares::from([(to, Exact::one())])
}

/// Weights as parts of one; `None` where there are none.
fn normal(weights: Shares) -> Option<Shares> {
    let sum = weights.values().fold(Exact::zero(), |sum, weight| sum + weight);
    let parts = weights.into_iter().filter(|(_, weight)| !weight.is_zero());
    (!sum.is_zero()).then(|| parts.map(|(to, weight)| (to, weight / &sum)).collect())
}

/// Monthly quantities: rows for the packet's sub account, where there are any, before the others.
fn used(world: &World, pool: usize, packet: &Packet) -> Option<Shares> {
    let rows =
        || world.uses.iter().filter(move |row| row.day.is_none() && row.pool == pool_at(pool));
    let sub = packet.marks.map(|(sub, _)| sub);
    let is_scoped = rows().any(|row| row.scope.is_some() && row.scope == sub);
    let scope = if is_scoped { sub } else { None };
    let mut found = Shares::new();
    for row in rows().filter(|row| row.scope == scope && row.quantity > 0) {
        *found.entry(row.consumer).or_insert_with(Exact::zero) += ratio(row.quantity, 1);
    }
    (!found.is_empty()).then_some(found)
}

/// Quantities of a day, or of all days.
fn used_by_day(world: &World, pool: usize, day: Option<u32>) -> Option<Shares> {
    let mut found = Shares::new();
    for row in world.uses.iter().filter(|row| row.day.is_some() && row.pool == pool_at(pool)) {
        if row.quantity > 0 && (day.is_none() || row.day == day) {
            *found.entry(row.consumer).or_insert_with(Exact::zero) += ratio(row.quantity, 1);
        }
    }
    (!found.is_empty()).then_some(found)
}

/// Owners with less than a tenth give it to one, or it is the others'.
fn cut(weights: Shares, into: Option<To>) -> Shares {
    let sum = weights.values().fold(Exact::zero(), |sum, weight| sum + weight);
    let is_small =
        |to: &To, weight: &Exact| matches!(to, To::Owner(_)) && weight * ratio(10, 1) < sum;
    if weights.iter().all(|(to, weight)| is_small(to, weight)) {
        return weights;
    }
    let mut kept = Shares::new();
    for (to, weight) in weights {
        match (is_small(&to, &weight), into) {
            (true, None) => {}
            (true, Some(into)) => *kept.entry(into).or_insert_with(Exact::zero) += weight,
            (false, _) => *kept.entry(to).or_insert_with(Exact::zero) += weight,
        }
    }
    kept
}
