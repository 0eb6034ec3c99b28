//! What a run must say, found a second time by other means: loops over rows, rationals, and the
//! grammar's own trees in place of compiled rules.
//!
//! It shares no line with the house, and none of its shortcuts: every charge is decided by itself,
//! receivers are found day by day.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_rational::Ratio;
use num_traits::{One, Signed, Zero};

use crate::support::{Exact, exact};
use crate::world::{
    Case, Center, FIRST_DAY, Item, LAST_DAY, MONTHS, Outcome, Pool, Split, When, World, date,
};

pub(crate) type Costs = [Exact; 4];

/// Who bears something, as reports name it: kind and owner.
pub(crate) type Party = (&'static str, String);

/// A line of `showback_detail.csv`, summed: kind, owner, stage, component, currency.
pub(crate) type LineKey = (String, String, String, String, String);

/// What is expected of one month.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    pub(crate) lines: BTreeMap<LineKey, Costs>,
    /// Rows and costs by currency.
    pub(crate) accepted: BTreeMap<String, (u64, Costs)>,
    /// Rows whose cost of a metric is unknown, by currency.
    pub(crate) unknown: BTreeMap<String, [u64; 4]>,
    /// What each pool was given directly, by pool and currency.
    pub(crate) pooled: BTreeMap<(String, String), Costs>,
}

pub(crate) fn nothing() -> Costs {
    [0; 4].map(|_| Exact::zero())
}

fn add(sum: &mut Costs, more: &Costs) {
    for (sum, more) in sum.iter_mut().zip(more) {
        *sum += more;
    }
}

/// What a charge comes to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Bearer {
    Owner(String),
    Pool(usize),
    Nobody,
}

/// A part of a pool that is divided as one: receivers and the days on which they are, component,
/// currency.
type Lot = (Receivers, (u32, u32), String, String);

/// Who may receive a pool, and who of them where it is split even.
type Receivers = (Vec<String>, Vec<String>);

/// Decides and allocates a month.
pub(crate) fn expect(world: &World, month: usize) -> Expected {
    let mut expected = Expected::default();
    let mut direct: BTreeMap<(String, String), Costs> = BTreeMap::new();
    let mut lots: Vec<BTreeMap<Lot, Costs>> = vec![BTreeMap::new(); world.pools.len()];
    let items: Vec<&Item> = world.items.iter().filter(|item| item.month == month).collect();
    let bearers: Vec<Bearer> = items.iter().map(|item| classify(world, item)).collect();
    let mut holders: Vec<String> = bearers
        .iter()
        .filter_map(|b| if let Bearer::Owner(name) = b { Some(name.clone()) } else { None })
        .collect();
    holders.sort();
    holders.dedup();
    for (item, bearer) in items.iter().zip(&bearers) {
        let costs = costs(item);
        let component = component(item).to_owned();
        let currency = item.currency.to_owned();
        let sum = expected.accepted.entry(currency.clone()).or_insert_with(|| (0, nothing()));
        sum.0 += 1;
        add(&mut sum.1, &costs);
        let unknown = expected.unknown.entry(currency.clone()).or_default();
        for (count, amount) in unknown.iter_mut().zip(&item.costs) {
            *count += u64::from(amount.is_none());
        }
        let (kind, name) = match bearer {
            Bearer::Owner(name) => ("owner", name.clone()),
            Bearer::Pool(pool) => ("pool", World::pool_name(*pool).to_owned()),
            Bearer::Nobody => ("unallocated", String::new()),
        };
        expected.line(&(kind, name.clone()), "direct", &component, &currency, &costs);
        match bearer {
            Bearer::Owner(_) => {
                add(direct.entry((name, currency)).or_insert_with(nothing), &costs);
            }
            Bearer::Pool(pool) => {
                let key = (name, currency.clone());
                add(expected.pooled.entry(key).or_insert_with(nothing), &costs);
                let (owners, days) = receivers(world, &world.pools[*pool], item.day, &holders);
                let lot = (owners, days, component, currency);
                add(lots[*pool].entry(lot).or_insert_with(nothing), &costs);
            }
            Bearer::Nobody => {}
        }
    }
    let mut received: BTreeMap<(String, String), Costs> = BTreeMap::new();
    for index in &world.order {
        let before = received.clone();
        let pool = &world.pools[*index];
        let name = World::pool_name(*index);
        for ((owners, _, component, currency), costs) in &lots[*index] {
            let shares = shares(pool, owners, currency, &direct, &before);
            for metric in 0..4 {
                let amount = &costs[metric];
                for (party, part) in divide(amount, &shares, world.digits) {
                    let mut costs = nothing();
                    costs[metric] = part;
                    let stage = format!("pool:{name}");
                    expected.line(&party, &stage, component, currency, &costs);
                    let minus = costs.clone().map(|amount| -amount);
                    let giver = ("pool", name.to_owned());
                    expected.line(&giver, &stage, component, currency, &minus);
                    if party.0 == "owner" {
                        let key = (party.1, currency.clone());
                        add(received.entry(key).or_insert_with(nothing), &costs);
                    }
                }
            }
        }
    }
    expected.lines.retain(|_, costs| costs.iter().any(|amount| !amount.is_zero()));
    expected
}

impl Expected {
    fn line(&mut self, party: &Party, stage: &str, component: &str, currency: &str, costs: &Costs) {
        let key = (
            party.0.to_owned(),
            party.1.clone(),
            stage.to_owned(),
            component.to_owned(),
            currency.to_owned(),
        );
        add(self.lines.entry(key).or_insert_with(nothing), costs);
    }

    /// The sum of a metric over the lines of a kind in a currency.
    pub(crate) fn sum(&self, kind: &str, currency: &str, metric: usize) -> Exact {
        let of = self.lines.iter().filter(|(key, _)| key.0 == kind && key.4 == currency);
        of.map(|(_, costs)| costs[metric].clone()).fold(Exact::zero(), |sum, more| sum + more)
    }
}

fn costs(item: &Item) -> Costs {
    let amount = |metric: usize| item.costs[metric].as_deref().map_or_else(Exact::zero, exact);
    [amount(0), amount(1), amount(2), amount(3)]
}

/// The components that the house ships.
fn component(item: &Item) -> &'static str {
    let is_support = item.service == Some("AWS Support");
    match (item.category, item.commitment) {
        ("Tax", _) => "tax",
        ("Credit", _) => "credits",
        (_, Some("Unused")) => "unused_commitment",
        (_, Some(_)) => "commitment_amortized",
        _ if is_support => "support",
        _ => "usage",
    }
}

// ---- Who bears a charge ----------------------------------------------------------------------

fn tag<'i>(item: &'i Item, key: &str) -> Option<&'i str> {
    item.tags.iter().find(|(known, _)| known.trim() == key).map(|(_, value)| *value)
}

fn team(world: &World, item: &Item) -> Option<String> {
    let dimension = &world.dimension;
    let spelled = |text: &str| match dimension.case {
        Case::Sensitive => text.to_owned(),
        Case::Lower | Case::Insensitive => text.to_lowercase(),
        Case::Upper => text.to_uppercase(),
    };
    let mut sources = vec![tag(item, "team")];
    if dimension.has_alias {
        sources.push(tag(item, "Team"));
    }
    if dimension.inherits {
        let known = world.accounts.iter().find(|(id, _, from)| {
            item.account == Some(id) && from.is_none_or(|from| from <= item.day)
        });
        sources.push(known.map(|(_, team, _)| *team));
    }
    for text in sources.into_iter().flatten().map(str::trim).filter(|text| !text.is_empty()) {
        let mut value = spelled(text);
        if dimension.has_map && value == spelled("x") {
            value = spelled("a");
        }
        if !dimension.is_governed || is_open(world, &value, item.day) {
            return Some(value);
        }
    }
    dimension.default.map(str::to_owned)
}

fn classify(world: &World, item: &Item) -> Bearer {
    for rule in &world.rules {
        let begun = rule.from.is_none_or(|from| from <= item.day);
        let ended = rule.to.is_some_and(|to| to <= item.day);
        if !begun || ended || !rule.when.as_ref().is_none_or(|when| holds(when, world, item)) {
            continue;
        }
        let name = match rule.outcome {
            Outcome::Pool(index) => return Bearer::Pool(world.pool_of(index)),
            Outcome::Named(name) => Some(name.to_owned()),
            Outcome::FromTeam => team(world, item),
            Outcome::FromTag => tag(item, "team").map(str::to_owned),
        };
        let name = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        match name {
            None => {}
            Some(name) if world.centers.is_none() || is_open(world, &name, item.day) => {
                return Bearer::Owner(name);
            }
            Some(_) => return Bearer::Nobody,
        }
    }
    Bearer::Nobody
}

fn holds(when: &When, world: &World, item: &Item) -> bool {
    match when {
        When::Service(names) => item.service.is_some_and(|service| names.contains(&service)),
        When::ServicePrefix(text) => item.service.is_some_and(|service| service.starts_with(text)),
        When::Account(id) => item.account == Some(id),
        When::Category(name) => item.category == *name,
        When::Team(asked) => team(world, item).is_some_and(|team| match world.dimension.case {
            Case::Sensitive => team == *asked,
            _ => team.to_lowercase() == asked.to_lowercase(),
        }),
        When::TeamIsOpen => team(world, item)
            .is_some_and(|team| world.centers.is_none() || is_open(world, &team, item.day)),
        When::Tag(asked) => tag(item, "team") == Some(asked),
        When::TagPresent => tag(item, "team").is_some(),
        When::TagAbsent => tag(item, "team").is_none(),
        When::BilledAbove(bound) => costs(item)[0] > exact(bound),
        When::BilledBelow(bound) => costs(item)[0] <= exact(bound),
        When::Before(day) => item.day < *day,
        When::After(day) => item.day >= *day,
        When::All(parts) => parts.iter().all(|part| holds(part, world, item)),
        When::Any(parts) => parts.iter().any(|part| holds(part, world, item)),
        When::Not(part) => !holds(part, world, item),
    }
}

// ---- The organisation on a day ---------------------------------------------------------------

fn versions<'w>(world: &'w World, id: &str) -> Vec<&'w Center> {
    let own = world.centers.iter().flatten().filter(|center| center.id == id);
    let mut own: Vec<&Center> = own.collect();
    own.sort_by_key(|center| center.from);
    own
}

fn on<'w>(world: &'w World, id: &str, day: u32) -> Option<&'w Center> {
    versions(world, id).into_iter().find(|center| {
        center.from.is_none_or(|from| from <= day) && center.to.is_none_or(|to| day < to)
    })
}

fn is_open(world: &World, id: &str, day: u32) -> bool {
    on(world, id, day).is_some()
}

/// Itself and all above it; a closed one is where it stood last.
fn line_of_command(world: &World, id: &str, day: u32) -> Vec<String> {
    let mut path = vec![id.to_owned()];
    loop {
        let versions = versions(world, &path[path.len() - 1]);
        let begun = versions.iter().rev().find(|center| center.from.is_none_or(|from| from <= day));
        match begun.or(versions.first()) {
            Some(center) if !center.parent.is_empty() => path.push(center.parent.to_owned()),
            _ => return path,
        }
    }
}

fn receivers_on(world: &World, pool: &Pool, day: u32, holders: &[String]) -> Receivers {
    let is_even = matches!(pool.split, Split::Even);
    (chosen(world, pool, day, holders, is_even), chosen(world, pool, day, holders, true))
}

fn chosen(
    world: &World,
    pool: &Pool,
    day: u32,
    holders: &[String],
    only_leaves: bool,
) -> Vec<String> {
    let candidates: Vec<String> = match &world.centers {
        None => match &pool.split {
            Split::Fixed(shares) => shares.iter().map(|(owner, _)| (*owner).to_owned()).collect(),
            _ => holders.to_vec(),
        },
        Some(centers) => {
            let mut ids: Vec<&str> = centers.iter().map(|center| center.id).collect();
            ids.sort_unstable();
            ids.dedup();
            ids.retain(|id| is_open(world, id, day));
            if only_leaves {
                let parents: Vec<&str> = ids
                    .iter()
                    .filter_map(|id| on(world, id, day))
                    .map(|center| center.parent)
                    .collect();
                ids.retain(|id| !parents.contains(id));
            }
            ids.into_iter().map(str::to_owned).collect()
        }
    };
    let within = |owner: &str, names: &[&str]| {
        let path = line_of_command(world, owner, day);
        names.iter().any(|name| path.iter().any(|step| step == name))
    };
    let mut found: Vec<String> = candidates
        .into_iter()
        .filter(|owner| pool.include.is_empty() || within(owner, &pool.include))
        .filter(|owner| !within(owner, &pool.exclude))
        .collect();
    found.sort();
    found.dedup();
    found
}

/// The receivers on a day and the longest run of days around it on which they are the same.
fn receivers(world: &World, pool: &Pool, day: u32, holders: &[String]) -> (Receivers, (u32, u32)) {
    let here = receivers_on(world, pool, day, holders);
    let same = |day: u32| receivers_on(world, pool, day, holders) == here;
    let mut first = day;
    while first > FIRST_DAY && same(first - 1) {
        first -= 1;
    }
    let mut last = day;
    while last < LAST_DAY && same(last + 1) {
        last += 1;
    }
    (here, (first, last))
}

// ---- Division --------------------------------------------------------------------------------

/// Parties and weights; none where nobody can take anything.
fn shares(
    pool: &Pool,
    (owners, leaves): &Receivers,
    currency: &str,
    direct: &BTreeMap<(String, String), Costs>,
    received: &BTreeMap<(String, String), Costs>,
) -> Vec<(Party, Exact)> {
    let even = || leaves.iter().map(|owner| (("owner", owner.clone()), Exact::one())).collect();
    match &pool.split {
        Split::Even => even(),
        Split::Fixed(named) => {
            let weight = |weight: u32| Ratio::from_integer(BigInt::from(weight));
            let mut open: Vec<(Party, Exact)> = Vec::new();
            let mut closed: Vec<(Party, Exact)> = Vec::new();
            for (owner, share) in named {
                if owners.iter().any(|known| known == owner) {
                    open.push((("owner", (*owner).to_owned()), weight(*share)));
                } else {
                    closed.push((("unallocated", String::new()), weight(*share)));
                }
            }
            open.sort();
            open.into_iter().chain(closed).collect()
        }
        Split::Proportional { by, accumulated, even_on_zero } => {
            let known = |map: &BTreeMap<(String, String), Costs>, owner: &String| {
                let costs = map.get(&(owner.clone(), currency.to_owned()));
                costs.map_or_else(Exact::zero, |costs| costs[*by].clone())
            };
            let mut weights = Vec::new();
            for owner in owners {
                let mut weight = known(direct, owner);
                if *accumulated {
                    weight += known(received, owner);
                }
                if weight.is_positive() {
                    weights.push((("owner", owner.clone()), weight));
                }
            }
            if weights.is_empty() && *even_on_zero { even() } else { weights }
        }
    }
}

/// Largest remainder over quanta; what is below a quantum goes to rounding.
fn divide(amount: &Exact, shares: &[(Party, Exact)], digits: Option<u32>) -> Vec<(Party, Exact)> {
    if amount.is_zero() {
        return Vec::new();
    }
    if shares.iter().all(|(party, _)| party.0 == "unallocated") {
        return vec![(("unallocated", String::new()), amount.clone())];
    }
    let ten = |power: u32| Ratio::from_integer(BigInt::from(10).pow(power));
    let needed =
        || (0..=100).find(|places| (amount * ten(*places)).is_integer()).unwrap_or_default();
    let quantum = ten(digits.unwrap_or_else(|| needed().max(10))).recip();
    let quanta = amount.abs() / &quantum;
    let whole: Exact =
        shares.iter().map(|(_, weight)| weight.clone()).fold(Exact::zero(), |a, b| a + b);
    let ideal: Vec<Exact> = shares.iter().map(|(_, weight)| &quanta * weight / &whole).collect();
    let mut parts: Vec<Exact> = ideal.iter().map(Ratio::floor).collect();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by_key(|index| (&parts[*index] - &ideal[*index], *index));
    let given: Exact = parts.iter().cloned().fold(Exact::zero(), |a, b| a + b);
    let mut missing = quanta.floor() - given;
    for index in order {
        if missing.is_positive() {
            parts[index] += Exact::one();
            missing -= Exact::one();
        }
    }
    let sign = amount.signum();
    let parts: Vec<Exact> = parts.into_iter().map(|part| part * &quantum * &sign).collect();
    let rest = amount - parts.iter().cloned().fold(Exact::zero(), |a, b| a + b);
    let borne = shares.iter().map(|(party, _)| party.clone()).zip(parts);
    borne.chain([(("rounding", String::new()), rest)]).collect()
}

/// The day that a text begins with, for messages.
pub(crate) fn describe(world: &World) -> String {
    let items = world.items.iter().map(|item| {
        format!("{} {} {} {:?}", MONTHS[item.month], date(item.day), item.currency, item.costs)
    });
    let items: Vec<String> = items.collect();
    format!(
        "{}\n{}\n{}\n{}",
        world.rules_yaml(),
        world.owners_csv(),
        world.accounts_csv(),
        items.join("\n")
    )
}
