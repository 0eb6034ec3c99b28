//! What a change would do in money: two states of a month, held against each other.
//!
//! ```text
//! State        who bears what in one state, and what each pool gave
//! MonthState   a month with what was bought in it, to be held against another
//! PriceRow     what was bought of one thing in two months: price against usage
//! Cause        what of a project was exchanged between two states
//! Comparison   by party: before, after, and the difference by cause; rules and pools that moved it
//! text, json, markdown, tables     the comparison for readers and programs
//! ```
//!
//! Owns the comparison and its files. Runs nothing: states are made by who wires the pipeline.
//! Order: causes in the order in which states follow each other, because the effect of a cause is
//! the difference of the states on its two sides.
//!
//! Invariants: the effects of a party sum to its difference, to the digit; the differences of all
//! parties in a currency sum to that of the totals.

mod effects;
mod json;
mod markdown;
mod months;
mod moves;
mod pools;
mod published;
mod tables;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{Amount, CostMetric, Currency, Period};

use super::Facts;
use super::party::{Kind, of_bearer, of_party};

pub use effects::PriceRow;
pub use json::json;
pub use markdown::markdown;
pub use months::{MonthState, ServiceRow};
pub use moves::{MoveRow, Stand, move_rows};
pub use pools::ShareRow;
pub use published::{
    BillFiles, InputHashes, PublishedRun, UsedRates, bill_files, file_hash, run_folder, used_rates,
};
pub use tables::{csv, write};
pub use text::text;

use months::service_rows;
use pools::Pools;

/// What of a project is exchanged, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    Bills,
    Owners,
    Metadata,
    Drivers,
    Rules,
    Rates,
    /// Of several that can only be exchanged at once.
    Together,
}

impl Cause {
    pub const ALL: [Self; 7] = [
        Self::Bills,
        Self::Owners,
        Self::Metadata,
        Self::Drivers,
        Self::Rules,
        Self::Rates,
        Self::Together,
    ];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bills => "bills",
            Self::Owners => "owners",
            Self::Metadata => "metadata",
            Self::Drivers => "drivers",
            Self::Rules => "rules",
            Self::Rates => "rates",
            Self::Together => "together",
        }
    }
}

/// Who, by kind and name, in which currency.
type Key = (Currency, Kind, String);

/// A month in one state: one metric in the report currency, or where no rate is known in the
/// currency that was billed.
#[derive(Clone, Debug, Default)]
pub struct State {
    amounts: BTreeMap<Key, Amount>,
    /// What was charged directly, by service.
    services: BTreeMap<(Key, String), Amount>,
    pools: Pools,
}

impl State {
    #[must_use]
    pub fn of(facts: &Facts, metric: CostMetric) -> Self {
        let mut amounts = BTreeMap::new();
        let report = facts.conversions.report_currency;
        for line in facts.months.get(&facts.period).into_iter().flat_map(|month| &month.lines) {
            let (currency, costs) = match line.report_costs {
                Some(costs) => (report, costs),
                None => (line.currency, line.costs),
            };
            let (kind, name) = of_party(&line.party);
            let sum: &mut Amount = amounts.entry((currency, kind, name.to_owned())).or_default();
            *sum += costs[metric];
        }
        let mut services = BTreeMap::new();
        for cells in facts.cube.groups_of(facts.period) {
            let (group, costs) = (cells.group, cells.costs());
            let (currency, costs) = match facts.conversions.group(&cells) {
                Some(costs) => (report, costs),
                None => (group.currency, costs),
            };
            let (kind, name) = of_bearer(group.verdict.bearer, facts.cube, facts.rules);
            let key =
                ((currency, kind, name.into_owned()), facts.cube.text(group.service).to_owned());
            let sum: &mut Amount = services.entry(key).or_default();
            *sum += costs[metric];
        }
        Self { amounts, services, pools: Pools::of(facts, metric) }
    }

    fn amount(&self, key: &Key) -> Amount {
        self.amounts.get(key).copied().unwrap_or_default()
    }

    fn service(&self, key: &(Key, String)) -> Amount {
        self.services.get(key).copied().unwrap_or_default()
    }

    /// Whether everybody bears the same as in another state.
    #[must_use]
    pub fn is_borne_as(&self, other: &Self) -> bool {
        let keys = self.amounts.keys().chain(other.amounts.keys());
        keys.into_iter().all(|key| self.amount(key) == other.amount(key))
    }
}

/// A state, and what was exchanged to come to it from the one before.
#[derive(Clone, Debug)]
pub struct Step {
    /// One, or several that could only be exchanged at once.
    pub causes: Vec<Cause>,
    pub state: State,
}

/// What is compared.
#[derive(Clone, Debug)]
pub struct Subject {
    pub period: Period,
    /// What all amounts are in: the metric of the view, as in showback.
    pub metric: CostMetric,
    /// Both sides in words.
    pub before: String,
    pub after: String,
    /// What a reader must know to read the figures.
    pub notes: Vec<String>,
}

/// A party in one currency, or the total of a currency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    pub before: Amount,
    pub after: Amount,
    /// In the order of [`Comparison::causes`]; they sum to the difference.
    pub effects: Vec<Amount>,
}

impl Row {
    #[must_use]
    pub fn delta(&self) -> Amount {
        self.after - self.before
    }

    /// Whether anything moved, be it that it came back by another cause.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.before != self.after || self.effects.iter().any(|effect| !effect.is_zero())
    }

    fn add(&mut self, other: &Self) {
        self.before += other.before;
        self.after += other.after;
        let width = self.effects.len().max(other.effects.len());
        self.effects.resize(width, Amount::ZERO);
        for (sum, effect) in self.effects.iter_mut().zip(&other.effects) {
            *sum += *effect;
        }
    }
}

/// A party's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartyRow {
    pub currency: Currency,
    kind: Kind,
    pub name: String,
    pub row: Row,
}

impl PartyRow {
    /// `owner`, `pool`, `unallocated`, `rounding`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.kind.name()
    }

    /// Whether it is a pool that bears nothing itself, before and after.
    fn passes_on(&self) -> bool {
        self.kind == Kind::Pool && self.row.before.is_zero() && self.row.after.is_zero()
    }

    /// The party in a word or two.
    #[must_use]
    pub fn label(&self) -> String {
        label(self.kind, &self.name)
    }
}

fn label(kind: Kind, name: &str) -> String {
    match kind {
        Kind::Owner => name.to_owned(),
        Kind::Pool => format!("pool {name}"),
        Kind::Unallocated | Kind::Rounding => kind.name().to_owned(),
    }
}

/// Two states of a month, party by party.
#[derive(Clone, Debug)]
pub struct Comparison {
    pub subject: Subject,
    /// The columns of effects.
    pub causes: Vec<&'static str>,
    /// By currency, the largest difference first.
    pub rows: Vec<PartyRow>,
    pub totals: BTreeMap<Currency, Row>,
    /// Charges that another rule decides, or that another party bears: the largest first.
    pub moves: Vec<MoveRow>,
    /// What pools give otherwise than before, in the order in which they are emptied.
    pub shares: Vec<ShareRow>,
    /// Between months, what services charged otherwise: the largest first.
    pub services: Vec<ServiceRow>,
    /// Between months, what was bought at another price, in another amount, or in one of them: the
    /// largest effect first.
    pub prices: Vec<PriceRow>,
}

impl Comparison {
    /// From `before` over all `steps`. `held` is the number of steps after which both sides have
    /// the same bills: what pools gave then is held against what they give at last.
    #[must_use]
    pub fn of(
        subject: Subject,
        before: &State,
        steps: &[Step],
        held: usize,
        moves: Vec<MoveRow>,
    ) -> Self {
        let states: Vec<&State> =
            std::iter::once(before).chain(steps.iter().map(|step| &step.state)).collect();
        let keys: BTreeSet<&Key> = states.iter().flat_map(|state| state.amounts.keys()).collect();
        let rows = keys.into_iter().map(|key| {
            (
                key.clone(),
                row(&states.iter().map(|state| state.amount(key)).collect::<Vec<_>>(), steps),
            )
        });
        let causes = Cause::ALL.map(Cause::name).to_vec();
        let mut comparison = Self::assembled(subject, causes, rows);
        let last = states.last().copied().unwrap_or(before);
        comparison.shares = last.pools.against(&states.get(held).copied().unwrap_or(before).pools);
        comparison.moves = moves;
        comparison
    }

    /// As [`Comparison::of`], from a published run to what the project gives now: what services
    /// charged is told too, since rows cannot be held against each other.
    #[must_use]
    pub fn of_published(subject: Subject, before: &State, steps: &[Step]) -> Self {
        let mut comparison = Self::of(subject, before, steps, 0, Vec::new());
        let states: Vec<&State> =
            std::iter::once(before).chain(steps.iter().map(|step| &step.state)).collect();
        let keys: BTreeSet<_> = states.iter().flat_map(|state| state.services.keys()).collect();
        let rows = keys.into_iter().map(|key| {
            let amounts: Vec<Amount> = states.iter().map(|state| state.service(key)).collect();
            (key.clone(), row(&amounts, steps))
        });
        comparison.services = service_rows(rows.collect());
        comparison
    }

    fn assembled(
        subject: Subject,
        causes: Vec<&'static str>,
        all: impl Iterator<Item = (Key, Row)>,
    ) -> Self {
        let mut totals: BTreeMap<Currency, Row> = BTreeMap::new();
        let mut rows = Vec::new();
        for ((currency, kind, name), row) in all {
            totals.entry(currency).or_default().add(&row);
            // What a pool gives on is nothing of its own.
            if row.is_changed() || !row.after.is_zero() {
                rows.push(PartyRow { currency, kind, name, row });
            }
        }
        let order = |row: &PartyRow| {
            let size = std::cmp::Reverse(row.row.delta().abs());
            (row.currency, size, row.kind, row.name.clone())
        };
        rows.sort_by_cached_key(order);
        Self {
            subject,
            causes,
            rows,
            totals,
            moves: Vec::new(),
            shares: Vec::new(),
            services: Vec::new(),
            prices: Vec::new(),
        }
    }

    /// Whether any money is borne by another party, or by another way to the same.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.rows.iter().any(|row| row.row.is_changed())
            || self.moves.iter().any(MoveRow::is_of_another_party)
            || self.shares.iter().any(ShareRow::is_of_other_money)
            || !self.services.is_empty()
    }

    /// Whether there is anything to tell, money that moves or not.
    fn has_anything(&self) -> bool {
        self.is_changed() || !self.moves.is_empty() || !self.shares.is_empty()
    }

    /// The rows that a reader is shown.
    fn changed(&self, currency: Currency) -> Vec<&PartyRow> {
        let of = self.rows.iter().filter(|row| row.currency == currency);
        of.filter(|row| row.row.is_changed()).collect()
    }

    /// How many rows are not shown, since they are the same.
    fn unchanged(&self, currency: Currency) -> usize {
        let of = self.rows.iter().filter(|row| row.currency == currency);
        of.filter(|row| !row.row.is_changed()).count()
    }

    /// What pools give otherwise, the largest difference first: who reads a few rows must see those.
    fn largest_shares(&self) -> Vec<&ShareRow> {
        let mut rows: Vec<&ShareRow> = self.shares.iter().collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.delta().abs()));
        rows
    }

    /// Positions of the causes that did anything.
    fn working(&self) -> Vec<usize> {
        let works = |at: &usize| self.rows.iter().any(|row| !row.row.effects[*at].is_zero());
        (0..self.causes.len()).filter(works).collect()
    }
}

/// What is seen of one thing in each state, step by step.
fn row(amounts: &[Amount], steps: &[Step]) -> Row {
    let mut effects = vec![Amount::ZERO; Cause::ALL.len()];
    for (pair, step) in amounts.windows(2).zip(steps) {
        let cause = match step.causes[..] {
            [cause] => cause,
            _ => Cause::Together,
        };
        effects[cause as usize] += pair[1] - pair[0];
    }
    let last = amounts.last().copied().unwrap_or_default();
    Row { before: amounts.first().copied().unwrap_or_default(), after: last, effects }
}

/// An amount for a reader: two digits, thousands apart.
fn money(amount: Amount) -> String {
    let one = Amount::ONE.to_units();
    let fixed = super::decimal::fixed(&amount.to_units(), &one, 2).unwrap_or_default();
    let (sign, digits) = fixed.strip_prefix('-').map_or(("", &*fixed), |digits| ("-", digits));
    let (whole, cents) = digits.split_once('.').unwrap_or((digits, "00"));
    let mut shown = sign.to_owned();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown + "." + cents
}

/// [`money`] with the sign of what is more; a dot for nothing.
fn change(amount: Amount) -> String {
    let shown = money(amount);
    match (amount.is_zero(), shown.starts_with('-')) {
        (true, _) => "·".to_owned(),
        (false, true) => shown,
        (false, false) => format!("+{shown}"),
    }
}

/// The first so many, and what is behind them.
fn top<T>(rows: &[T], top: usize) -> (&[T], &[T]) {
    rows.split_at(top.min(rows.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_shown_to_the_cent() {
        for (amount, shown, changed) in [
            ("0", "0.00", "·"),
            ("1234567.895", "1,234,567.90", "+1,234,567.90"),
            ("-999.994", "-999.99", "-999.99"),
            ("-1000", "-1,000.00", "-1,000.00"),
            ("0.001", "0.00", "+0.00"),
        ] {
            let amount: Amount = amount.parse().unwrap();
            assert_eq!((money(amount).as_str(), change(amount).as_str()), (shown, changed));
        }
    }
}
