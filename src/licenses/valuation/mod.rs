//! What over-use costs: by each policy on the same use, and when an audit finds it.
//!
//! Exact until the end; then rounded once to minor units, with what rounding took beside it. Parts of a year are days of
//! the year from the begin of the term, or whole months, as declared.

mod audit;
#[cfg(test)]
mod tests;
mod time;

use std::sync::Arc;

use chrono::NaiveDate;
use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{Signed, Zero};

use crate::domain::{Amount, Currency, DateRange};
use crate::rules::licenses::{
    HouseRounding, OveruseKind, OverusePolicy, PriceBasis, Prorate, ValuationRules,
};

use super::extent::Number;
use super::inventory::Inventory;
use super::position::{LineKind, Position, PositionKey};
use super::solver::number;

pub use audit::{AuditFinding, audit};

/// The use of a line over a term.
#[derive(Clone, Debug)]
pub struct OverUse {
    pub key: PositionKey,
    /// Units that are owned; what is above is over-use.
    pub entitled: Number,
    /// The highest use of each stretch, in order, without gaps. Its first day is the begin of the term.
    pub stretches: Vec<(DateRange, Number)>,
    /// The first day after the term.
    pub term_end: NaiveDate,
    /// Whether prices are per year; else they are paid once.
    pub is_yearly: bool,
    pub currency: Option<Currency>,
    pub contracted: Option<Amount>,
    pub list: Option<Amount>,
    pub contract: Option<Arc<str>>,
}

/// Over-use by one policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Valued {
    pub key: PositionKey,
    pub policy: String,
    pub kind: OveruseKind,
    /// Units that are charged, at most at one time.
    pub units: Number,
    pub unit_price: Option<Amount>,
    /// `contracted`, `list`, `list × 1.5`, `on demand`.
    pub basis: String,
    pub currency: Option<Currency>,
    /// How it was reckoned: `10 × 100 × 3/4 = 750; …`.
    pub working: String,
    /// Before rounding; `None` where no price is known.
    pub exact: Option<Number>,
    /// In minor units of the currency.
    pub amount: Option<Amount>,
    /// `exact − amount`.
    pub remainder: Option<Number>,
    /// The day from which it is charged, where nothing is for the past.
    pub from: Option<NaiveDate>,
    pub contract: Option<Arc<str>>,
    pub clause: Option<String>,
    /// Where the policy stands: file and line.
    pub rule: String,
    /// Why there is no amount.
    pub note: Option<String>,
}

/// Over-use by every policy that is about it, in the order of the uses, then of the policies.
#[must_use]
pub fn valuate(uses: &[OverUse], rules: &ValuationRules) -> Vec<Valued> {
    let mut found = Vec::new();
    for over in uses {
        let policies = rules.policies.iter().filter(|policy| is_about(policy, over));
        found.extend(policies.map(|policy| value(over, policy, rules)));
    }
    found
}

fn is_about(policy: &OverusePolicy, over: &OverUse) -> bool {
    let product = &over.key.product;
    let publisher = policy.publisher.as_deref();
    let is_contract = policy.contracts.is_empty()
        || over
            .contract
            .as_deref()
            .is_some_and(|own| policy.contracts.iter().any(|one| one == own));
    is_contract
        && publisher.is_none_or(|publisher| product.publisher.as_deref() == Some(publisher))
        && policy.product.as_deref().is_none_or(|name| *product.name == *name)
}

/// A part of the working: units for a part of a year.
struct Part {
    units: Number,
    share: Number,
}

fn value(over: &OverUse, policy: &OverusePolicy, rules: &ValuationRules) -> Valued {
    let (price, currency, basis) = price(over, policy);
    let mut valued = Valued {
        key: over.key.clone(),
        policy: policy.name.clone(),
        kind: policy.kind,
        units: over.peak(),
        unit_price: None,
        basis,
        currency,
        working: String::new(),
        exact: None,
        amount: None,
        remainder: None,
        from: (policy.kind == OveruseKind::TrueForward).then_some(over.term_end),
        contract: over.contract.clone(),
        clause: policy.clause.clone(),
        rule: format!("{}:{}", policy.span.path, policy.span.line),
        note: None,
    };
    let prorate = rules.prorate.unwrap_or_default();
    let parts = match parts(over, policy, prorate) {
        Ok(parts) => parts,
        Err(note) => {
            valued.note = Some(note);
            return valued;
        }
    };
    let (Some(price), Some(currency)) = (price, currency) else {
        valued.note = Some("no price is known".to_owned());
        return valued;
    };
    valued.unit_price = exact_amount(&price);
    valued.working = working(&parts, &price);
    let exact: Number = parts.iter().map(|part| &part.units * &part.share * &price).sum();
    let rounding = rules.rounding.unwrap_or_default();
    let amount = rounded(&exact, currency, rounding);
    valued.remainder = amount.map(|amount| &exact - number(amount));
    valued.amount = amount;
    valued.exact = Some(exact);
    valued
}

impl OverUse {
    fn over(&self, consumed: &Number) -> Number {
        (consumed - &self.entitled).max(Number::zero())
    }

    /// The highest over-use.
    fn peak(&self) -> Number {
        let highest = self.stretches.iter().map(|(_, consumed)| self.over(consumed)).max();
        highest.unwrap_or_else(Number::zero)
    }

    /// Each stretch in which over-use rises above all before, with the rise.
    fn rises(&self) -> impl Iterator<Item = (DateRange, Number)> {
        let mut highest = Number::zero();
        self.stretches.iter().map(move |(days, consumed)| {
            let over = self.over(consumed);
            let rise = (&over - &highest).max(Number::zero());
            highest = over.max(highest.clone());
            (*days, rise)
        })
    }
}

fn parts(over: &OverUse, policy: &OverusePolicy, prorate: Prorate) -> Result<Vec<Part>, String> {
    let Some(term) = over.stretches.first().and_then(|(days, _)| days.from()) else {
        return Err("no use is known".to_owned());
    };
    let one = || Number::from_integer(1.into());
    // What is paid once is paid whole, whenever it is.
    let share = |from: NaiveDate, to: NaiveDate| {
        if over.is_yearly { time::share_of_year(term, from, to, prorate) } else { Ok(one()) }
    };
    let charged = |units: Number, share: Number| Part { units, share };
    let rises = |begin: fn(&DateRange) -> Option<NaiveDate>| -> Result<Vec<Part>, String> {
        let parts = over.rises().map(|(days, rise)| {
            let from = begin(&days).ok_or("a stretch without an end")?;
            // A rise that is seen with the last day has nothing left to be charged for.
            let share =
                if from >= over.term_end { Number::zero() } else { share(from, over.term_end)? };
            Ok(charged(rise, share))
        });
        parts.collect()
    };
    match policy.kind {
        OveruseKind::TrueUpRetroactive => rises(|days| days.from()),
        OveruseKind::QuarterlyRemaining => rises(|days| days.to()),
        OveruseKind::Annual => Ok(vec![charged(over.peak(), one())]),
        OveruseKind::Block => {
            let block = policy.block.clone().unwrap_or_else(one);
            Ok(vec![charged((over.peak() / &block).ceil() * block, one())])
        }
        OveruseKind::TrueForward => {
            let last = over.stretches.last().map(|(_, consumed)| over.over(consumed));
            Ok(vec![charged(last.unwrap_or_else(Number::zero), one())])
        }
        OveruseKind::OnDemand => {
            let parts = over.stretches.iter().map(|(days, consumed)| {
                let (Some(from), Some(to)) = (days.from(), days.to()) else {
                    return Err("a stretch without an end".to_owned());
                };
                Ok(charged(over.over(consumed), time::months(from, to, prorate)?))
            });
            parts.collect()
        }
    }
}

fn price(over: &OverUse, policy: &OverusePolicy) -> (Option<Number>, Option<Currency>, String) {
    if policy.kind == OveruseKind::OnDemand {
        return (policy.rate.map(number), policy.currency, "on demand, by month".to_owned());
    }
    let list = over.list.map(number);
    match &policy.basis {
        PriceBasis::Contracted => {
            (over.contracted.map(number), over.currency, "contracted".to_owned())
        }
        PriceBasis::List => (list, over.currency, "list".to_owned()),
        PriceBasis::ListTimes(times) => {
            let price = list.map(|list| list * times);
            (price, over.currency, format!("list × {}", plain(times)))
        }
    }
}

/// Rounds once, to the digits of the currency's minor unit. `None` beyond the range of amounts.
#[must_use]
pub fn rounded(exact: &Number, currency: Currency, how: HouseRounding) -> Option<Amount> {
    let digits = currency.minor_digits();
    let scaled = exact * Number::from_integer(BigInt::from(10).pow(digits));
    let (floor, rest) = scaled.numer().div_mod_floor(scaled.denom());
    let twice = rest * 2;
    let is_up = match how {
        // Away from zero.
        HouseRounding::HalfUp if scaled.is_negative() => &twice > scaled.denom(),
        HouseRounding::HalfUp => &twice >= scaled.denom(),
        HouseRounding::HalfEven => {
            &twice > scaled.denom() || &twice == scaled.denom() && floor.is_odd()
        }
    };
    let units = if is_up { floor + 1 } else { floor };
    Amount::from_big(&units, i8::try_from(digits).ok()?).ok()
}

/// An exact number as an amount, where 36 digits hold it.
fn exact_amount(exact: &Number) -> Option<Amount> {
    let units = exact * Number::from_integer(BigInt::from(10).pow(crate::domain::SCALE));
    units.is_integer().then(|| Amount::from_units(&units.to_integer())).flatten()
}

/// A decimal where it comes out even, else a fraction.
#[must_use]
pub fn plain(number: &Number) -> String {
    exact_amount(number).map_or_else(|| number.to_string(), |amount| amount.to_string())
}

fn working(parts: &[Part], price: &Number) -> String {
    let one = Number::from_integer(1.into());
    let shown = parts.iter().map(|part| {
        let product = plain(&(&part.units * &part.share * price));
        let (units, price) = (plain(&part.units), plain(price));
        if part.units.is_zero() {
            "0".to_owned()
        } else if part.share == one {
            format!("{units} × {price} = {product}")
        } else {
            format!("{units} × {price} × {} = {product}", part.share)
        }
    });
    shown.collect::<Vec<_>>().join("; ")
}

/// Over-use of the lines that are over on any of the days, from positions of several days, each holding until the next.
/// The term is the contract's, else the year from the first of the days; prices are those of the entitlements.
/// Stretches before the term, and lines whose use is not known, are left out.
#[must_use]
pub fn over_uses(days: &[(NaiveDate, Vec<Position>)], inventory: &Inventory) -> Vec<OverUse> {
    let mut days: Vec<&(NaiveDate, Vec<Position>)> = days.iter().collect();
    days.sort_by_key(|(day, _)| *day);
    let Some((_, newest)) = days.last() else { return vec![] };
    let lines = newest.iter().filter(|line| line.key.kind == LineKind::Use);
    lines.filter_map(|line| over_use(line, &days, inventory)).collect()
}

fn over_use(
    line: &Position,
    days: &[&(NaiveDate, Vec<Position>)],
    inventory: &Inventory,
) -> Option<OverUse> {
    let known: Vec<(NaiveDate, &Position)> = days
        .iter()
        .filter_map(|(day, lines)| Some((*day, lines.iter().find(|own| own.key == line.key)?)))
        .collect();
    if !known.iter().any(|(_, line)| line.is_over()) {
        return None;
    }
    let contract = inventory.contracts.iter().find(|own| line.contracts.contains(&own.id));
    let term = contract.map(|contract| contract.days);
    let first = known.first()?.0;
    let begin = term.and_then(DateRange::from).map_or(first, |from| from.max(first));
    let year = begin.checked_add_months(chrono::Months::new(12))?;
    let term_end = term.and_then(DateRange::to).filter(|end| *end > begin).unwrap_or(year);
    let mut stretches = Vec::new();
    for (place, (day, line)) in known.iter().enumerate() {
        let next = known.get(place + 1).map_or(term_end, |(next, _)| *next).min(term_end);
        let days = DateRange::new(Some((*day).max(begin)), Some(next));
        if let Some(days) = days {
            stretches.push((days, line.low.consumed.clone()?));
        }
    }
    let rights = inventory
        .entitlements
        .iter()
        .filter(|right| right.product == line.key.product && right.metric == line.key.metric);
    let mut rights: Vec<_> = rights.collect();
    rights.sort_by(|a, b| b.days.from().cmp(&a.days.from()).then(a.id.cmp(&b.id)));
    let own = rights.first();
    let price = line.price.as_ref();
    Some(OverUse {
        key: line.key.clone(),
        entitled: line.low.entitled.clone()?,
        stretches,
        term_end,
        is_yearly: own.is_none_or(|right| right.kind != super::inventory::LicenseKind::Perpetual),
        currency: own.and_then(|right| right.currency).or(price.map(|price| price.currency)),
        contracted: own.and_then(|right| right.unit_price).or(price.map(|price| price.amount)),
        list: own.and_then(|right| right.list_price),
        contract: contract.map(|contract| Arc::clone(&contract.id)),
    })
}
