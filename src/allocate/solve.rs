//! A stage of pools that use each other: what each holds goes to those outside of the group, by
//! shares that all rounds of giving come to.
//!
//! The money of a pool moves once, from it to those outside; what the pools turn over between them
//! is told beside it, as exact fractions, so that it can be seen to close.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use num_bigint::{BigInt, BigUint};
use num_integer::Integer as _;
use num_rational::Ratio;
use num_traits::{One, Zero};

use crate::diagnostics::{Code, Finding};
use crate::domain::{Amount, CostMetric, Currency, SCALE};
use crate::rules::PoolName;

use super::model::{Part, Party, Shares, Turnover, When};
use super::pools::{DivisionKey, Gathered, MetricShares, Work};
use super::reciprocal::{Solved, solve};

/// Pools that are solved together at most: what they turn over is told as exact fractions, which
/// have thousands of digits where there are hundreds of pools.
const LARGEST_GROUP: usize = 200;

/// Those outside of the group, in the order of their names.
type Outside = BTreeMap<Party, Option<PoolName>>;

/// A lot of a pool of the group, with the shares that the pool declares for it.
struct Own {
    pool: usize,
    key: DivisionKey,
    gathered: Gathered,
    shares: MetricShares,
}

/// The group on some days, in one currency and metric.
struct Round {
    solved: Solved,
    outside: Outside,
    /// The shares of each pool of the group for what others give it.
    shares: Vec<Arc<Shares>>,
}

impl Work<'_> {
    /// Empties the pools of a group together.
    pub(super) fn solve(&mut self, members: &[PoolName]) {
        for pool in members {
            self.charge_price(pool);
        }
        let members = &self.reached(members);
        if members.len() > LARGEST_GROUP {
            self.report_large(members);
            return;
        }
        let mut own: Vec<Own> = Vec::new();
        for (index, pool) in members.iter().enumerate() {
            let found = self.gather(pool, true);
            let shares = self.shares(pool, found.keys());
            let lots = found.into_iter().zip(shares);
            own.extend(lots.map(|((key, gathered), shares)| Own {
                pool: index,
                key,
                gathered,
                shares,
            }));
        }
        let mut turnover = TurnoverOf::new(self, members);
        let times: BTreeSet<(When, Currency)> =
            own.iter().map(|lot| (lot.key.when(), lot.key.currency())).collect();
        // All shares before any money moves: what the group gives must not weigh in itself.
        let of_time = |(when, currency)| {
            let shares = self.group_shares(members, when, currency);
            (when, currency, shares)
        };
        let of_times: Vec<_> = times.into_iter().map(of_time).collect();
        for (when, currency, shares) in of_times {
            let at_that_time =
                |lot: &&Own| (lot.key.when(), lot.key.currency()) == (when, currency);
            let lots: Vec<&Own> = own.iter().filter(at_that_time).collect();
            let rounds = self.rounds(members, &shares, &lots);
            let Some(rounds) = rounds else { return };
            // Metrics and lots that declare the same shares come to the same.
            let mut known: BTreeMap<_, Arc<Shares>> = BTreeMap::new();
            for lot in lots {
                let solved = CostMetric::ALL.map(|metric| {
                    let round = &rounds[metric as usize];
                    let declared = &lot.shares[metric as usize];
                    turnover.add(lot, metric, currency, members, round);
                    let same = (Arc::as_ptr(declared), Arc::as_ptr(round));
                    let of_lot = || Arc::new(round.shares_of(declared, members, &turnover.group));
                    known.entry(same).or_insert_with(of_lot).clone()
                });
                self.step += 1;
                self.divide(&members[lot.pool], &lot.key, &lot.gathered, solved);
            }
            turnover.close(currency, members, &rounds);
        }
        self.allocation.turnover.extend(turnover.found());
    }

    /// The pools of a group that hold anything, and those that they feed, and on. The others have
    /// nothing to give, so that nothing is asked of them.
    fn reached(&self, members: &[PoolName]) -> Vec<PoolName> {
        let holds = |pool: &&PoolName| self.holdings.lots_of(pool).next().is_some();
        let mut open: Vec<&PoolName> = members.iter().filter(holds).collect();
        let mut found: BTreeSet<&PoolName> = BTreeSet::new();
        while let Some(pool) = open.pop() {
            if found.insert(pool) {
                open.extend(self.feeds.get(pool).into_iter().flatten());
            }
        }
        members.iter().filter(|pool| found.contains(pool)).cloned().collect()
    }

    /// What each pool of the group does, on those days, with what others give it.
    fn group_shares(
        &mut self,
        members: &[PoolName],
        when: When,
        currency: Currency,
    ) -> Vec<MetricShares> {
        let mut found = Vec::with_capacity(members.len());
        for pool in members {
            let key = self.key_of_received(pool, when, currency);
            found.extend(self.shares(pool, std::iter::once(&key)));
        }
        found
    }

    /// Solves the group for each metric; metrics with the same shares are solved once.
    fn rounds(
        &mut self,
        members: &[PoolName],
        shares: &[MetricShares],
        lots: &[&Own],
    ) -> Option<[Arc<Round>; CostMetric::COUNT]> {
        let mut found: Vec<Arc<Round>> = Vec::new();
        for metric in CostMetric::ALL {
            let at = metric as usize;
            let is_same = |before: usize| {
                let of_lots = lots.iter().map(|lot| &lot.shares);
                shares.iter().chain(of_lots).all(|all| Arc::ptr_eq(&all[before], &all[at]))
            };
            if let Some(before) = (0..at).find(|before| is_same(*before)) {
                found.push(found[before].clone());
                continue;
            }
            let of_metric: Vec<Arc<Shares>> = shares.iter().map(|all| all[at].clone()).collect();
            let of_lots = lots.iter().map(|lot| &lot.shares[at]);
            let closed = closed(members, &of_metric);
            if !closed.is_empty() {
                self.report_closed(&closed);
                return None;
            }
            let round = Round::new(members, of_metric, of_lots)?;
            found.push(Arc::new(round));
        }
        found.try_into().ok()
    }

    fn report_large(&mut self, members: &[PoolName]) {
        let text = format!(
            "{} pools use each other in {}, and at most {LARGEST_GROUP} are solved together",
            members.len(),
            self.month
        );
        let finding = Finding::new(Code::AllocationCircle, text).help(
            "split the group in two: put pools that give little back into a stage of their own behind it, or empty pools in a declared order with `precedence: [ … ]`",
        );
        self.report(members.first(), finding);
    }

    fn report_closed(&mut self, members: &[PoolName]) {
        let labels: Vec<String> = members.iter().map(|pool| self.label(pool)).collect();
        let text = format!(
            "the pools {} give only to each other in {}, so that nobody would bear what comes to them",
            labels.join(", "),
            self.month
        );
        let finding = Finding::new(Code::AllocationCircle, text)
            .help("let one of them give a part to an owner or to a pool outside of the group");
        self.report(members.first(), finding);
    }
}

/// The pools of a group of which nothing ever leaves it: none of those that they give to, and on,
/// gives to anybody outside.
fn closed(members: &[PoolName], shares: &[Arc<Shares>]) -> Vec<PoolName> {
    let gives = |from: usize| shares[from].parts.iter().filter(|part| !part.weight.is_zero());
    let leaves = |from: &usize| gives(*from).any(|part| member_of(part, members).is_none());
    let mut open: BTreeSet<usize> = (0..members.len()).filter(leaves).collect();
    loop {
        let reaches = |from: &usize| {
            let mut to = gives(*from).filter_map(|part| member_of(part, members));
            !open.contains(from) && to.any(|to| open.contains(&to))
        };
        let more: Vec<usize> = (0..members.len()).filter(reaches).collect();
        if more.is_empty() {
            break;
        }
        open.extend(more);
    }
    let is_closed = |(index, _): &(usize, &PoolName)| !open.contains(index);
    members.iter().enumerate().filter(is_closed).map(|(_, pool)| pool.clone()).collect()
}

/// Weights of shares for the group's pools and for those outside.
fn parted(
    shares: &Shares,
    members: &[PoolName],
    outside: &Outside,
) -> (Vec<BigUint>, Vec<BigUint>) {
    let mut within = vec![BigUint::zero(); members.len()];
    let mut others: BTreeMap<&Party, BigUint> =
        outside.keys().map(|party| (party, BigUint::zero())).collect();
    // Weights can have very many digits in common.
    let common = shares.parts.iter().fold(BigUint::zero(), |all, part| all.gcd(&part.weight));
    for part in &shares.parts {
        let weight = if common.is_zero() { BigUint::zero() } else { &part.weight / &common };
        match member_of(part, members) {
            Some(index) => within[index] += weight,
            None => *others.entry(&part.to).or_default() += weight,
        }
    }
    (within, others.into_values().collect())
}

fn member_of(part: &Part, members: &[PoolName]) -> Option<usize> {
    members.iter().position(|pool| part.pool.as_ref() == Some(pool))
}

impl Round {
    fn new<'s>(
        members: &[PoolName],
        shares: Vec<Arc<Shares>>,
        of_lots: impl Iterator<Item = &'s Arc<Shares>>,
    ) -> Option<Self> {
        let mut outside = Outside::new();
        let mut note = |shares: &Shares| {
            for part in shares.parts.iter().filter(|part| member_of(part, members).is_none()) {
                outside.insert(part.to.clone(), part.pool.clone());
            }
        };
        for shares in of_lots {
            note(shares);
        }
        for shares in &shares {
            note(shares);
        }
        let rows = shares.iter().map(|shares| parted(shares, members, &outside));
        let (inside, others): (Vec<_>, Vec<_>) = rows.unzip();
        Some(Self { solved: solve(&inside, &others)?, outside, shares })
    }

    /// What each pool gives on of what all rounds bring it, where the lots gave it this.
    fn given_on(&self, first: &[Fraction], members: &[PoolName]) -> Vec<GivenOn> {
        let (reached, common) = self.solved.turnover(first);
        let of = |(shares, reached): (&Arc<Shares>, &BigInt)| {
            let (inside, others) = parted(shares, members, &self.outside);
            let part = |weight: BigUint| Ratio::new(reached * BigInt::from(weight), common.clone());
            let [to_group, to_others] = [&inside, &others].map(|weights| weights.iter().sum());
            let between = inside.into_iter().enumerate().filter(|(_, weight)| !weight.is_zero());
            GivenOn {
                between: between.map(|(to, weight)| (to, part(weight))).collect(),
                to_group: part(to_group),
                to_others: part(to_others),
            }
        };
        self.shares.iter().zip(&reached).map(of).collect()
    }

    /// What declared shares come to once the group has given on all that its pools get.
    fn shares_of(&self, declared: &Shares, members: &[PoolName], group: &str) -> Shares {
        let (inside, outside) = parted(declared, members, &self.outside);
        let weights = self.solved.weights(&inside, &outside);
        let sum: BigUint = weights.iter().sum();
        let parts = self.outside.iter().zip(weights).filter(|(_, weight)| !weight.is_zero());
        let parts = parts.map(|((to, pool), weight)| Part {
            to: to.clone(),
            pool: pool.clone(),
            driver_value: String::new(),
            share: Ratio::new(weight.clone(), sum.clone()),
            weight,
        });
        let parts = parts.collect();
        let method = format!("reciprocal with {group}: {}", declared.method);
        Shares { method, driver_total: String::new(), parts, cut_off: Vec::new() }
    }
}

type Fraction = Ratio<BigInt>;

fn fraction(amount: Amount) -> Fraction {
    Ratio::new(amount.to_units(), BigInt::from(10).pow(SCALE))
}

/// What the pools of a group turn over, gathered lot by lot.
struct TurnoverOf {
    group: String,
    labels: Vec<String>,
    found: BTreeMap<(Currency, CostMetric), Flows>,
    /// What the group's pools get from lots of the days at hand, by metric.
    first: BTreeMap<CostMetric, Vec<Fraction>>,
}

#[derive(Clone)]
struct Flows {
    own: Vec<Amount>,
    /// From, then to.
    between: Vec<Vec<Fraction>>,
    to_group: Vec<Fraction>,
    to_others: Vec<Fraction>,
}

/// What a pool gives of what the group gives it: to pools of the group by their positions, to all
/// of them, and to others.
#[derive(Clone)]
struct GivenOn {
    between: Vec<(usize, Fraction)>,
    to_group: Fraction,
    to_others: Fraction,
}

/// Adds, without the common denominator that is not needed where nothing was there.
fn add(sum: &mut Fraction, part: Fraction) {
    if sum.is_zero() {
        *sum = part;
    } else if !part.is_zero() {
        *sum += part;
    }
}

impl TurnoverOf {
    fn new(work: &Work<'_>, members: &[PoolName]) -> Self {
        let labels: Vec<String> = members.iter().map(|pool| work.label(pool)).collect();
        let group = labels.join(", ");
        Self { group, labels, found: BTreeMap::new(), first: BTreeMap::new() }
    }

    fn flows(&mut self, currency: Currency, metric: CostMetric) -> &mut Flows {
        let size = self.labels.len();
        self.found.entry((currency, metric)).or_insert_with(|| Flows {
            own: vec![Amount::ZERO; size],
            between: vec![vec![Fraction::zero(); size]; size],
            to_group: vec![Fraction::zero(); size],
            to_others: vec![Fraction::zero(); size],
        })
    }

    /// A lot gives by its own shares.
    fn add(
        &mut self,
        lot: &Own,
        metric: CostMetric,
        currency: Currency,
        members: &[PoolName],
        round: &Round,
    ) {
        let amount = lot.gathered.lot.costs[metric];
        if amount.is_zero() {
            return;
        }
        let parts = parts_of(&lot.shares[metric as usize], members, &round.outside);
        let whole = fraction(amount);
        let flows = self.flows(currency, metric);
        flows.own[lot.pool] += amount;
        let given: Vec<Fraction> = parts.iter().map(|part| &whole * part).collect();
        let inside: Fraction = given.iter().sum();
        add(&mut flows.to_others[lot.pool], whole - &inside);
        add(&mut flows.to_group[lot.pool], inside);
        for (to, given) in given.iter().enumerate() {
            add(&mut flows.between[lot.pool][to], given.clone());
        }
        let size = members.len();
        let first = self.first.entry(metric).or_insert_with(|| vec![Fraction::zero(); size]);
        for (sum, given) in first.iter_mut().zip(given) {
            add(sum, given);
        }
    }

    /// What the pools got, they give on by the shares of what is received.
    fn close(
        &mut self,
        currency: Currency,
        members: &[PoolName],
        rounds: &[Arc<Round>; CostMetric::COUNT],
    ) {
        let mut known: Vec<(*const Round, Vec<Fraction>, Vec<GivenOn>)> = Vec::new();
        for (metric, first) in std::mem::take(&mut self.first) {
            let round = &rounds[metric as usize];
            let same =
                known.iter().find(|(of, what, _)| *of == Arc::as_ptr(round) && *what == first);
            let given = match same {
                Some((_, _, given)) => given.clone(),
                None => round.given_on(&first, members),
            };
            let flows = self.flows(currency, metric);
            for (from, given) in given.iter().enumerate() {
                for (to, part) in &given.between {
                    add(&mut flows.between[from][*to], part.clone());
                }
                add(&mut flows.to_group[from], given.to_group.clone());
                add(&mut flows.to_others[from], given.to_others.clone());
            }
            known.push((Arc::as_ptr(round), first, given));
        }
    }

    fn found(self) -> Vec<Turnover> {
        let mut found = Vec::new();
        for ((currency, metric), flows) in &self.found {
            for (index, pool) in self.labels.iter().enumerate() {
                let own = [("own".to_owned(), fraction(flows.own[index]))];
                let from_others = self.labels.iter().zip(&flows.between);
                let from_others = from_others
                    .map(|(from, given)| (from.clone(), given[index].clone()))
                    .filter(|(_, given)| !given.is_zero());
                found.push(Turnover {
                    group: self.group.clone(),
                    pool: pool.clone(),
                    currency: *currency,
                    metric: *metric,
                    own: flows.own[index],
                    received: own.into_iter().chain(from_others).collect(),
                    to_group: flows.to_group[index].clone(),
                    to_others: flows.to_others[index].clone(),
                });
            }
        }
        found
    }
}

/// The parts of shares that go to pools of the group.
fn parts_of(shares: &Shares, members: &[PoolName], outside: &Outside) -> Vec<Fraction> {
    let (inside, others) = parted(shares, members, outside);
    let sum: BigUint = inside.iter().chain(&others).sum();
    let sum = if sum.is_zero() { BigUint::one() } else { sum };
    let part = |weight: BigUint| Ratio::new(BigInt::from(weight), BigInt::from(sum.clone()));
    inside.into_iter().map(part).collect()
}
