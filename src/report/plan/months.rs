//! Two months of one project: what each was charged, at which price, and what pools gave.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::allocate::{Basket, Flow};
use crate::diagnostics::{Code, Finding};
use crate::domain::{Amount, Conversion, CostMetric, Currency, MonthRates, Rate};
use crate::rules::SplitMethod;

use super::super::Facts;
use super::super::party::{Kind, of_bearer, of_party};
use super::effects::{Effect, Effects, PriceRow, add, is_nothing, pool_effects, price_rows, total};
use super::pools::Pools;
use super::{Comparison, Key, Row, Subject, label};

/// Digits of converted effects where the project declares none.
const DIGITS: u32 = 10;

/// An amount as it was billed, and in the report currency, which is the same where no rate is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Both {
    billed: Amount,
    report: Amount,
}

impl Both {
    fn add(&mut self, other: Self) {
        self.billed += other.billed;
        self.report += other.report;
    }
}

/// How a currency came into the report currency.
#[derive(Clone, Debug)]
enum Rated {
    /// It is the report currency, or no rate is known and amounts stay as they are.
    Same,
    /// One rate for the month.
    Whole(Conversion),
    /// A rate for each day; this is their mean.
    Daily(Conversion),
}

/// A month, in one metric.
#[derive(Clone, Debug, Default)]
pub struct MonthState {
    /// What was charged directly, by who bears it and service.
    services: BTreeMap<(Key, String), Both>,
    /// What came from pools, by receiver and pool.
    received: BTreeMap<(Key, String), Both>,
    /// What each pool gave away, negative.
    given: BTreeMap<Key, Both>,
    basket: Basket,
    /// Of currencies that were charged.
    rates: BTreeMap<Currency, Rated>,
    /// Currencies of which no rate is known.
    unrated: BTreeSet<Currency>,
    report_currency: Option<Currency>,
    pools: Pools,
    /// Labels of pools that charge a price.
    priced: BTreeSet<String>,
}

/// What a service charged to a party in either month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceRow {
    pub currency: Currency,
    kind: Kind,
    pub name: String,
    /// Empty where charges tell none.
    pub service: String,
    /// Its effects are those of the comparison.
    pub row: Row,
}

impl ServiceRow {
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.kind.name()
    }

    pub(super) fn party(&self) -> String {
        label(self.kind, &self.name)
    }
}

impl MonthState {
    /// # Errors
    /// [`Code::ConservationBroken`] where what was bought is not what was charged, as where a bill
    /// changed between two scans.
    pub fn of(facts: &Facts, basket: Basket, metric: CostMetric) -> Result<Self, Finding> {
        let report_currency = Some(facts.conversions.report_currency);
        let pools = Pools::of(facts, metric);
        let mut state = Self { basket, report_currency, pools, ..Self::default() };
        for line in facts.months.get(&facts.period).into_iter().flat_map(|month| &month.lines) {
            state.rate(facts, line.currency);
            let (kind, name) = of_party(&line.party);
            let key = (line.currency, kind, name.to_owned());
            let billed = line.costs[metric];
            let report = line.report_costs.map_or(billed, |costs| costs[metric]);
            let both = Both { billed, report };
            match &line.flow {
                Flow::Direct => {}
                Flow::SharedIn(pool) => {
                    state.received.entry((key, pool.clone())).or_default().add(both);
                }
                Flow::SharedOut => state.given.entry(key).or_default().add(both),
            }
        }
        for division in facts.months.get(&facts.period).into_iter().flat_map(|m| &m.divisions) {
            if matches!(facts.rules.pool(division.pool.pool).split, SplitMethod::Rate { .. }) {
                state.priced.insert(division.label.to_string());
            }
        }
        for cells in facts.cube.groups_of(facts.period) {
            let group = cells.group;
            let (kind, name) = of_bearer(group.verdict.bearer, facts.cube, facts.rules);
            let key = (group.currency, kind, name.into_owned());
            let service = facts.cube.text(group.service).to_owned();
            let billed = cells.costs()[metric];
            let report = facts.conversions.group(&cells).map_or(billed, |costs| costs[metric]);
            state.rate(facts, group.currency);
            state.services.entry((key, service)).or_default().add(Both { billed, report });
        }
        state.tied(metric)
    }

    fn rate(&mut self, facts: &Facts, currency: Currency) {
        if self.rates.contains_key(&currency) {
            return;
        }
        let digits = facts.conversions.terms.map_or(DIGITS, |terms| terms.digits);
        let rated = match facts.conversions.rates(facts.period, currency) {
            MonthRates::Same => Rated::Same,
            MonthRates::Unknown => {
                self.unrated.insert(currency);
                Rated::Same
            }
            MonthRates::Whole(used) => Rated::Whole(used.conversion.clone()),
            MonthRates::Daily(_, days) => {
                let mean = Rate::mean(days.iter().flatten().map(|used| &used.rate));
                mean.map_or(Rated::Same, |mean| Rated::Daily(Conversion::new(&mean, digits)))
            }
        };
        self.rates.insert(currency, rated);
    }

    /// What was bought is what was charged, service by service.
    fn tied(self, metric: CostMetric) -> Result<Self, Finding> {
        let mut bought: BTreeMap<(Key, String), Amount> = BTreeMap::new();
        for (item, measures) in &self.basket {
            let (kind, name) = of_party(&item.party);
            let key = ((item.currency, kind, name.to_owned()), item.service.clone());
            let cost = measures.values().map(|bought| bought.costs[metric]).sum();
            *bought.entry(key).or_default() += cost;
        }
        let charged = self.services.iter().map(|(key, both)| (key.clone(), both.billed));
        if charged.collect::<BTreeMap<_, _>>() == bought {
            return Ok(self);
        }
        let text = "what was bought in a month is not what was charged: a bill changed meanwhile";
        Err(Finding::new(Code::ConservationBroken, text))
    }
}

/// What one month makes of the other.
struct Between<'a> {
    before: &'a MonthState,
    after: &'a MonthState,
}

impl Between<'_> {
    /// In which currency a billed one is compared.
    fn currency(&self, billed: Currency) -> Currency {
        let is_unrated =
            self.before.unrated.contains(&billed) || self.after.unrated.contains(&billed);
        if is_unrated { billed } else { self.after.report_currency.unwrap_or(billed) }
    }

    /// An amount pair as a row: effects as they were billed, at the later rate, and what the change
    /// of rates does to the earlier amount.
    fn row(&self, billed: Currency, was: Both, is: Both, effects: &Effects) -> Row {
        let is_billed = self.currency(billed) == billed;
        let amount = |both: Both| if is_billed { both.billed } else { both.report };
        let (before, after) = (amount(was), amount(is));
        let mut converted = *effects;
        if !is_billed {
            // A currency that is no longer charged has no later rate.
            let rates = [self.before, self.after].map(|state| state.rates.get(&billed));
            let (old, new) = (rates[0].or(rates[1]), rates[1].or(rates[0]));
            for effect in &mut converted {
                *effect = at(new, *effect);
            }
            let rest = after - before - total(&converted);
            if rates.into_iter().flatten().any(|rated| matches!(rated, Rated::Daily(_))) {
                converted[Effect::Rates as usize] = rest;
            } else {
                let moved = at(new, was.billed) - at(old, was.billed);
                converted[Effect::Rates as usize] = moved;
                converted[Effect::Rounding as usize] = rest - moved;
            }
        }
        Row { before, after, effects: converted.to_vec() }
    }
}

fn at(rated: Option<&Rated>, amount: Amount) -> Amount {
    match rated {
        None | Some(Rated::Same) => amount,
        Some(Rated::Whole(rate) | Rated::Daily(rate)) => rate.amount(amount).unwrap_or_default(),
    }
}

/// Both months' values of each key.
fn paired<'a, K: Ord + Clone>(
    before: &'a BTreeMap<K, Both>,
    after: &'a BTreeMap<K, Both>,
) -> impl Iterator<Item = (&'a K, Both, Both)> {
    let keys: BTreeSet<&K> = before.keys().chain(after.keys()).collect();
    let of = |state: &BTreeMap<K, Both>, key| state.get(key).copied().unwrap_or_default();
    keys.into_iter().map(move |key| (key, of(before, key), of(after, key)))
}

/// What a party got in either month.
type Given<'a> = (&'a Key, Both, Both);

/// What receivers and pools have of what each pool gave, with its effects.
fn pooled(between: &Between<'_>) -> Vec<(Key, Row)> {
    let (before, after) = (between.before, between.after);
    let mut pools: BTreeMap<(Currency, &str), Vec<Given<'_>>> = BTreeMap::new();
    for ((receiver, pool), was, is) in paired(&before.received, &after.received) {
        pools.entry((receiver.0, pool)).or_default().push((receiver, was, is));
    }
    let mut given: BTreeMap<Key, (Both, Both)> = paired(&before.given, &after.given)
        .map(|(key, was, is)| (key.clone(), (was, is)))
        .collect();
    let mut rows = Vec::new();
    for ((currency, pool), parts) in pools {
        let earlier: Vec<Amount> = parts.iter().map(|(_, was, _)| was.billed).collect();
        let later: Vec<Amount> = parts.iter().map(|(.., is)| is.billed).collect();
        let has_price = before.priced.contains(pool) || after.priced.contains(pool);
        let effects = pool_effects(&earlier, &later, has_price);
        let mut of_pool: Vec<(Key, Row)> = Vec::new();
        for ((receiver, was, is), effects) in parts.into_iter().zip(&effects) {
            of_pool.push((receiver.clone(), between.row(currency, was, is, effects)));
        }
        // What it gives away is the opposite of what they have.
        let key = (currency, Kind::Pool, pool.to_owned());
        if let Some((was, is)) = given.remove(&key) {
            let mut own = [Amount::ZERO; Effect::COUNT];
            for (own, at) in own.iter_mut().zip(0..) {
                *own -= effects.iter().map(|effects: &Effects| effects[at]).sum();
            }
            of_pool.push((key, between.row(currency, was, is, &own)));
        }
        even_out(&mut of_pool);
        rows.append(&mut of_pool);
    }
    rows
}

/// Each converted amount is rounded for itself: what the effects of one pool do not come to nothing
/// by is rounding.
fn even_out(rows: &mut [(Key, Row)]) {
    for effect in [Effect::PoolCost, Effect::PoolShare, Effect::PoolUnsplit] {
        let rest: Amount = rows.iter().map(|(_, row)| row.effects[effect as usize]).sum();
        let size = |row: &&mut (Key, Row)| row.1.effects[effect as usize].abs();
        if let Some((_, row)) = rows.iter_mut().max_by_key(size) {
            row.effects[effect as usize] -= rest;
            row.effects[Effect::Rounding as usize] += rest;
        }
    }
}

impl Comparison {
    /// From one month to another, in the report currency where rates are known.
    #[must_use]
    pub fn of_months(subject: Subject, before: &MonthState, after: &MonthState) -> Self {
        let between = Between { before, after };
        let prices = price_rows(&before.basket, &after.basket, subject.metric);
        let mut charged: BTreeMap<(Currency, Kind, &str, &str), Effects> = BTreeMap::new();
        for row in &prices {
            add(charged.entry(row.key()).or_default(), row.all_effects());
        }
        let mut parties: BTreeMap<Key, Row> = BTreeMap::new();
        let mut services: BTreeMap<(Key, String), Row> = BTreeMap::new();
        let mut borne = |(billed, kind, name): &Key, row: &Row| {
            let key = (between.currency(*billed), *kind, name.clone());
            parties.entry(key.clone()).or_default().add(row);
            key
        };
        for ((key, service), was, is) in paired(&before.services, &after.services) {
            let found = charged.get(&(key.0, key.1, key.2.as_str(), service.as_str()));
            let row = between.row(key.0, was, is, &found.copied().unwrap_or_default());
            let shown = borne(key, &row);
            services.entry((shown, service.clone())).or_default().add(&row);
        }
        for (key, row) in pooled(&between) {
            borne(&key, &row);
        }
        let mut comparison = Self::assembled(subject, Effect::NAMES.to_vec(), parties.into_iter());
        comparison.shares = after.pools.against(&before.pools);
        comparison.services = service_rows(services);
        comparison.prices =
            prices.into_iter().filter(|row| !is_nothing(row.all_effects())).collect();
        comparison.prices.sort_by_key(|row| Reverse(largest(row)));
        comparison
    }
}

/// The size of the largest effect: a rise of the price and a fall of usage may cancel out.
fn largest(row: &PriceRow) -> Amount {
    row.effects().iter().map(|effect| effect.abs()).max().unwrap_or_default()
}

pub(super) fn service_rows(found: BTreeMap<(Key, String), Row>) -> Vec<ServiceRow> {
    let rows = found.into_iter().map(|(((currency, kind, name), service), row)| ServiceRow {
        currency,
        kind,
        name,
        service,
        row,
    });
    let mut rows: Vec<ServiceRow> = rows.filter(|row| row.row.is_changed()).collect();
    rows.sort_by_cached_key(|row| {
        let size = Reverse(row.row.delta().abs());
        (size, row.currency, row.kind, row.name.clone(), row.service.clone())
    });
    rows
}
