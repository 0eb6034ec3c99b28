//! Shared cost: stage by stage, pools give all they hold to those who bear it.
//!
//! Order: prices are charged before a pool is divided, because what they recover changes what is
//! left; all shares of a pool before any of its money moves, because what it gives must not weigh
//! in itself.
//!
//! Invariants: a pool that was emptied stays empty; each lot is divided once, and its division
//! names every receiver; what a division gives and leaves sums to what it divided.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::diagnostics::{Finding, Place};
use crate::domain::{Amount, CostMetric, Costs, Currency, DateRange, Org, Period, SCALE, split};
use crate::ingest::DriverTable;
use crate::rules::{PoolId, PoolName, RuleSet, SplitMethod, Stage, Target};

use super::cube::{Bearer, Cube};
use super::dropped::Dropped;
use super::holdings::{Holdings, Lot};
use super::model::{Allocation, Division, Flow, Line, LotKey, Party, Shares, When};
use super::order::{Feeds, emptied_before, in_order, members};
use super::receivers::{Receiving, receiving};
use super::shares::{Of, Received, Weigher};
use super::usage::Usage;

/// Digits that a share has at least, where the project declares none: finer than any currency, so
/// that shares of round amounts come out readable.
pub(super) const LEAST_DIGITS: u32 = 10;

/// By what a project allocates.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    pub rules: &'a RuleSet,
    pub org: &'a Org,
    pub drivers: &'a [DriverTable],
    /// Digits after the point to which shares are rounded, where the project declares them.
    pub rounding_digits: Option<u32>,
}

/// Allocates one month of the cube.
#[must_use]
pub fn allocate(cube: &Cube, setting: Setting<'_>, month: Period) -> Allocation {
    let rules = setting.rules;
    let held = held(cube, month);
    let mut usage = Usage::of(setting.drivers, rules, setting.org, month, &held);
    usage.dropped = Dropped::of(cube, rules, month);
    let findings = std::mem::take(&mut usage.findings);
    if month == cube.period && !findings.is_empty() {
        // Without these rows every share would be another, and lacks would be told that are none.
        return Allocation { findings, ..Allocation::default() };
    }
    let feeds = feeds(&held, rules, &usage);
    let daily = daily(rules, &usage, &feeds);
    let mut work = Work {
        setting,
        month,
        is_period: month == cube.period,
        segments: &cube.segments,
        usage: &usage,
        feeds: &feeds,
        daily: &daily,
        holdings: Holdings::of(cube, rules, month, &daily),
        received: Received::new(),
        flows: BTreeMap::new(),
        emptied: BTreeSet::new(),
        barred: BTreeSet::new(),
        step: 0,
        allocation: Allocation { findings, ..Allocation::default() },
    };
    for stage in &rules.stages {
        work.stage(stage);
    }
    let Work { holdings, flows, mut allocation, .. } = work;
    let mut lines = holdings.lines(month);
    lines.extend(flows.into_iter().map(|(key, costs)| Line {
        month,
        party: key.party,
        flow: key.flow,
        component: key.component,
        currency: key.currency,
        rows: 0,
        costs,
        report_costs: None,
    }));
    lines.sort_by(|a, b| line_key(a).cmp(&line_key(b)));
    allocation.lines = lines;
    allocation
}

/// The order of lines.
pub(super) fn line_key(line: &Line) -> impl Ord + '_ {
    (&line.party, &line.flow, &line.component, line.currency)
}

/// The pools that charges of a month were classified to.
pub(super) fn held(cube: &Cube, month: Period) -> BTreeSet<PoolName> {
    let pools = cube.groups_of(month).filter_map(|cells| match cells.group.verdict.bearer {
        Bearer::Pool(pool, value) => Some((pool, value)),
        Bearer::Owner(_) | Bearer::Unallocated(_) => None,
    });
    let pools: BTreeSet<_> = pools.collect();
    let name = |(pool, value)| PoolName { pool, value: cube.name(value).map(str::to_owned) };
    pools.into_iter().map(name).collect()
}

/// Which pools each pool may give to: those that hold anything, and those that they feed, and on.
pub(super) fn feeds(held: &BTreeSet<PoolName>, rules: &RuleSet, usage: &Usage<'_>) -> Feeds {
    let plain = (0..).zip(&rules.pools).filter(|(_, pool)| pool.each.is_none());
    let plain = plain.map(|(index, _)| PoolName { pool: PoolId(index), value: None });
    let mut open: Vec<PoolName> = held.iter().cloned().chain(plain).collect();
    let mut feeds = Feeds::new();
    while let Some(pool) = open.pop() {
        if feeds.contains_key(&pool) {
            continue;
        }
        let fed = fed_by(&pool, rules, usage);
        open.extend(fed.iter().cloned());
        feeds.insert(pool, fed);
    }
    feeds
}

fn fed_by(pool: &PoolName, rules: &RuleSet, usage: &Usage<'_>) -> BTreeSet<PoolName> {
    let declared = rules.pool(pool.pool);
    let mut targets: Vec<&Target> = Vec::new();
    match &declared.split {
        SplitMethod::Fixed(dated) => {
            targets.extend(dated.iter().flat_map(|shares| shares.shares.iter().map(|(to, _)| to)));
        }
        SplitMethod::Rate { remainder, .. } => targets.push(remainder),
        _ => {}
    }
    let named = targets.into_iter().filter_map(|target| match target {
        Target::Pool(name) => Some(name.clone()),
        Target::Owner(_) | Target::Unallocated => None,
    });
    let by_drivers = declared.drivers().flat_map(|driver| usage.pools_fed(driver, pool, rules));
    let is_dropped = matches!(declared.split, SplitMethod::DroppedUsage { .. });
    let by_use = usage.dropped.pools.iter().filter(|_| is_dropped).cloned();
    named.chain(by_drivers).chain(by_use).filter(|fed| fed != pool).collect()
}

/// The pools that are divided day by day: by a driver that is dated by day, or because they give to
/// such a pool.
fn daily(rules: &RuleSet, usage: &Usage<'_>, feeds: &Feeds) -> BTreeSet<PoolId> {
    let by_driver = |pool: &crate::rules::Pool| {
        !matches!(pool.split, SplitMethod::Rate { .. })
            && pool.drivers().any(|driver| usage.has_days(driver))
    };
    let own = (0..).zip(&rules.pools).filter(|(_, pool)| by_driver(pool));
    let mut daily: BTreeSet<PoolId> = own.map(|(index, _)| PoolId(index)).collect();
    loop {
        let gives_to_daily = feeds.iter().filter(|(pool, fed)| {
            !daily.contains(&pool.pool) && fed.iter().any(|fed| daily.contains(&fed.pool))
        });
        let more: Vec<PoolId> = gives_to_daily.map(|(pool, _)| pool.pool).collect();
        if more.is_empty() {
            return daily;
        }
        daily.extend(more);
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct FlowKey {
    party: Party,
    flow: Flow,
    component: String,
    currency: Currency,
}

/// Lots that are divided together: those to whom all of this is common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DivisionKey {
    receiving: Receiving,
    /// The first of them, where their days are told apart.
    when: Option<When>,
    component: String,
    currency: Currency,
    traits: Vec<Option<String>>,
}

/// Lots of one division.
#[derive(Clone, Debug)]
pub(super) struct Gathered {
    pub(super) lot: Lot,
    pub(super) keys: Vec<LotKey>,
}

/// The shares of a division, by metric.
pub(super) type MetricShares = [Arc<Shares>; CostMetric::COUNT];

pub(super) struct Work<'a> {
    pub(super) setting: Setting<'a>,
    pub(super) month: Period,
    pub(super) is_period: bool,
    segments: &'a [DateRange],
    pub(super) usage: &'a Usage<'a>,
    pub(super) feeds: &'a Feeds,
    pub(super) daily: &'a BTreeSet<PoolId>,
    pub(super) holdings: Holdings<'a>,
    received: Received,
    flows: BTreeMap<FlowKey, Costs>,
    emptied: BTreeSet<PoolName>,
    /// Pools to which nobody gives now, by a precedence that was declared.
    pub(super) barred: BTreeSet<PoolName>,
    pub(super) step: u32,
    pub(super) allocation: Allocation,
}

impl Work<'_> {
    fn stage(&mut self, stage: &Stage) {
        let members = members(stage, self.feeds);
        match stage {
            Stage::Pools(_) => match in_order(&members, self.feeds) {
                Ok(order) => order.iter().for_each(|pool| self.empty(pool)),
                Err(circle) => self.report_all([circle.finding(self.setting.rules)]),
            },
            Stage::Reciprocal(_) => {
                for pool in &members {
                    self.check_order(pool);
                }
                self.solve(&members);
            }
            Stage::Precedence(_) => {
                for pool in &members {
                    self.empty(pool);
                    self.barred.insert(pool.clone());
                }
                self.barred.clear();
            }
        }
        self.emptied.extend(members);
    }

    /// Reports a pool that gives to one that was emptied before.
    fn check_order(&mut self, pool: &PoolName) {
        let back = emptied_before(pool, self.feeds, &self.emptied, self.setting.rules);
        self.report_all(back);
    }

    fn report_all(&mut self, findings: impl IntoIterator<Item = Finding>) {
        for finding in findings {
            if !self.allocation.findings.contains(&finding) {
                self.allocation.findings.push(finding);
            }
        }
    }

    pub(super) fn report(&mut self, pool: Option<&PoolName>, finding: Finding) {
        let finding = match pool {
            Some(pool) => finding.at(Place::Text(self.setting.rules.pool(pool.pool).span.clone())),
            None => finding,
        };
        self.report_all([finding]);
    }

    pub(super) fn label(&self, pool: &PoolName) -> String {
        self.setting.rules.pool(pool.pool).label(pool.value.as_deref())
    }

    /// Gives all that a pool holds to those who bear it.
    fn empty(&mut self, pool: &PoolName) {
        self.check_order(pool);
        self.charge_price(pool);
        let found = self.gather(pool, false);
        if found.is_empty() {
            return;
        }
        self.step += 1;
        let shares = self.shares(pool, found.keys());
        for ((key, gathered), shares) in found.iter().zip(shares) {
            self.divide(pool, key, gathered, shares);
        }
    }

    /// What a pool holds, by what is divided as one; with its days kept `apart` where it is asked.
    pub(super) fn gather(&self, pool: &PoolName, apart: bool) -> BTreeMap<DivisionKey, Gathered> {
        let segment = |key: &LotKey| self.segment(key.when);
        let charged: Vec<u16> = self.holdings.lots_of(pool).map(|(key, _)| segment(key)).collect();
        let (Some(first), Some(last)) = (charged.iter().min(), charged.iter().max()) else {
            return BTreeMap::new();
        };
        let feeds_pools = apart || self.feeds.get(pool).is_some_and(|fed| !fed.is_empty());
        let receiving = self.receiving(pool, *first..=*last, feeds_pools);
        let mut found: BTreeMap<DivisionKey, Gathered> = BTreeMap::new();
        for (key, lot) in self.holdings.lots_of(pool) {
            let mut receiving = receiving[&segment(key)].clone();
            if let When::Day(day) = key.when {
                receiving.days = DateRange::new(Some(day), day.succ_opt()).unwrap_or_default();
            }
            let is_apart = feeds_pools || matches!(key.when, When::Day(_));
            let division = DivisionKey {
                receiving,
                when: is_apart.then_some(key.when),
                component: key.component.clone(),
                currency: key.currency,
                traits: key.traits.clone(),
            };
            let sum = found
                .entry(division)
                .or_insert_with(|| Gathered { lot: Lot::default(), keys: Vec::new() });
            sum.lot.costs += lot.costs;
            sum.lot.received += lot.received;
            sum.keys.push(key.clone());
        }
        found
    }

    fn receiving(
        &self,
        pool: &PoolName,
        charged: RangeInclusive<u16>,
        feeds_pools: bool,
    ) -> BTreeMap<u16, Receiving> {
        let declared = self.setting.rules.pool(pool.pool);
        let (org, segments) = (self.setting.org, self.segments);
        receiving(declared, org, segments, charged, &self.holdings, self.month, feeds_pools)
    }

    /// By what a pool divides what it receives on those days.
    pub(super) fn key_of_received(
        &self,
        pool: &PoolName,
        when: When,
        currency: Currency,
    ) -> DivisionKey {
        let segment = self.segment(when);
        let mut receiving = self.receiving(pool, segment..=segment, true)[&segment].clone();
        if let When::Day(day) = when {
            receiving.days = DateRange::new(Some(day), day.succ_opt()).unwrap_or_default();
        }
        let (component, traits) = (String::new(), Vec::new());
        DivisionKey { receiving, when: Some(when), component, currency, traits }
    }

    /// The shares of all divisions of a pool; those that go by the same are the same.
    pub(super) fn shares<'k>(
        &mut self,
        pool: &PoolName,
        keys: impl Iterator<Item = &'k DivisionKey>,
    ) -> Vec<MetricShares> {
        let mut weigher = Weigher {
            rules: self.setting.rules,
            org: self.setting.org,
            month: self.month,
            is_period: self.is_period,
            usage: self.usage,
            holdings: &self.holdings,
            received: &self.received,
            pool,
            barred: &self.barred,
            weighed: Vec::new(),
        };
        weigher.prepare();
        let mut known: BTreeMap<(&Receiving, Currency, &[Option<String>]), MetricShares> =
            BTreeMap::new();
        let mut findings = std::mem::take(&mut self.allocation.findings);
        let found = keys
            .map(|key| {
                let same = (&key.receiving, key.currency, key.traits.as_slice());
                let shares = known.entry(same).or_insert_with(|| {
                    let lot = key.lot(pool);
                    weigher.shares(Of { lot: &lot, receiving: &key.receiving }, &mut findings)
                });
                shares.clone()
            })
            .collect();
        self.allocation.findings = findings;
        found
    }

    /// Divides what was gathered by shares.
    pub(super) fn divide(
        &mut self,
        pool: &PoolName,
        key: &DivisionKey,
        gathered: &Gathered,
        shares: MetricShares,
    ) {
        let mut given: [Vec<Amount>; CostMetric::COUNT] = Default::default();
        let mut rounding = Costs::ZERO;
        for (metric, amount) in gathered.lot.costs.iter() {
            let parts = &shares[metric as usize].parts;
            let weights: Vec<_> = parts.iter().map(|part| part.weight.clone()).collect();
            let digits = if parts.iter().all(|part| part.to == Party::Unallocated) {
                // What nobody takes is not divided.
                SCALE
            } else {
                self.setting.rounding_digits.unwrap_or(amount.digits().max(LEAST_DIGITS))
            };
            let done = if amount.is_zero() { None } else { split(amount, &weights, digits) };
            given[metric as usize] = match done {
                Some(done) => {
                    rounding[metric] = done.residual;
                    done.parts
                }
                None => vec![Amount::ZERO; parts.len()],
            };
        }
        let index = u32::try_from(self.allocation.divisions.len()).unwrap_or(u32::MAX);
        self.allocation.lots.extend(gathered.keys.iter().map(|key| (key.clone(), index)));
        self.hand_out(Division {
            step: self.step,
            pool: pool.clone(),
            label: self.label(pool).into(),
            days: key.receiving.days,
            when: key.when.unwrap_or(gathered.keys[0].when),
            component: key.component.clone(),
            currency: key.currency,
            traits: key.traits.clone(),
            costs: gathered.lot.costs,
            received: gathered.lot.received,
            shares,
            given,
            rounding,
            report: None,
        });
    }

    /// Books what a division gave.
    pub(super) fn hand_out(&mut self, division: Division) {
        let mut parts: BTreeMap<(&Party, Option<&PoolName>), Costs> = BTreeMap::new();
        for metric in CostMetric::ALL {
            let shares = &division.shares[metric as usize].parts;
            for (part, given) in shares.iter().zip(&division.given[metric as usize]) {
                if !given.is_zero() {
                    parts.entry((&part.to, part.pool.as_ref())).or_default()[metric] += *given;
                }
            }
        }
        if division.rounding != Costs::ZERO {
            parts.insert((&Party::Rounding, None), division.rounding);
        }
        let from = division.label.to_string();
        let mut out = Costs::ZERO;
        for ((to, pool), costs) in parts {
            out += costs;
            self.flow(to.clone(), Flow::SharedIn(from.clone()), &division, costs);
            match (to, pool) {
                (Party::Owner(owner), _) => {
                    *self.received.entry((owner.clone(), division.currency)).or_default() += costs;
                }
                (_, Some(pool)) => {
                    let key = self.received_key(pool, &division);
                    self.holdings.receive(key, &costs);
                }
                _ => {}
            }
        }
        self.flow(Party::Pool(from), Flow::SharedOut, &division, -out);
        self.allocation.divisions.push(division);
    }

    fn flow(&mut self, party: Party, flow: Flow, division: &Division, costs: Costs) {
        let (component, currency) = (division.component.clone(), division.currency);
        *self.flows.entry(FlowKey { party, flow, component, currency }).or_default() += costs;
    }

    /// The lot that a pool receives something by.
    fn received_key(&self, pool: &PoolName, division: &Division) -> LotKey {
        let is_daily = self.daily.contains(&pool.pool);
        let when = match division.when {
            When::Day(_) if !is_daily => When::Segment(self.segment(division.when)),
            when => when,
        };
        received_lot(pool, when, division)
    }

    pub(super) fn segment(&self, when: When) -> u16 {
        match when {
            When::Segment(segment) => segment,
            When::Day(day) => segment_of(self.segments, day),
        }
    }
}

/// The segment that holds a day.
pub(super) fn segment_of(segments: &[DateRange], day: NaiveDate) -> u16 {
    let found = segments.iter().position(|days| days.contains(day));
    found.and_then(|index| u16::try_from(index).ok()).unwrap_or_default()
}

fn received_lot(pool: &PoolName, when: When, division: &Division) -> LotKey {
    LotKey {
        pool: pool.clone(),
        when,
        component: division.component.clone(),
        currency: division.currency,
        traits: Vec::new(),
    }
}

impl DivisionKey {
    /// A lot that stands for all of them.
    fn lot(&self, pool: &PoolName) -> LotKey {
        let first = self.receiving.days.from().unwrap_or_default();
        LotKey {
            pool: pool.clone(),
            when: self.when.unwrap_or(When::Day(first)),
            component: self.component.clone(),
            currency: self.currency,
            traits: self.traits.clone(),
        }
    }

    /// Of lots whose days are kept apart.
    pub(super) fn when(&self) -> When {
        self.when.unwrap_or(When::Segment(0))
    }

    pub(super) fn currency(&self) -> Currency {
        self.currency
    }
}
