//! The difference of two months taken apart: price, usage, what came and went, what was late.
//!
//! Each pair of effects is made by one amount that lies between both months, rounded once: what
//! the earlier month's price makes of the later month's quantity. So effects sum to the difference
//! whatever that amount is rounded to.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use num_bigint::BigInt;

use crate::allocate::{Basket, Bought, Measure};
use crate::domain::{Amount, CostMetric, Currency};

use super::super::decimal::fixed;
use super::super::party::{Kind, of_party};

/// What the difference of two months is made of, in the order of columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effect {
    Price,
    Usage,
    New,
    Gone,
    Unpriced,
    Late,
    PoolCost,
    PoolShare,
    PoolUnsplit,
    Rates,
    Rounding,
}

impl Effect {
    pub(super) const COUNT: usize = 11;
    pub(super) const NAMES: [&'static str; Self::COUNT] = [
        "price",
        "usage",
        "new",
        "gone",
        "unpriced",
        "late",
        "pool_cost",
        "pool_share",
        "pool_unsplit",
        "rates",
        "rounding",
    ];
    /// How many of the first are of charges, not of pools or rates.
    pub(super) const OF_CHARGES: usize = 6;
}

/// An amount by effect.
pub(super) type Effects = [Amount; Effect::COUNT];

/// Digits of the amount that lies between two months.
const DIGITS: u32 = 10;
/// Digits of a unit price, which is shown and never reckoned with.
const PRICE_DIGITS: u32 = 12;

/// What was bought of one thing in both months.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceRow {
    /// As it was billed.
    pub currency: Currency,
    kind: Kind,
    pub name: String,
    pub service: String,
    pub category: String,
    pub sku: String,
    pub region: String,
    /// Empty where no quantity is told.
    pub unit: String,
    /// `None` where no quantity is told.
    pub quantity_before: Option<Amount>,
    pub quantity_after: Option<Amount>,
    pub before: Amount,
    pub after: Amount,
    effects: Effects,
}

impl PriceRow {
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.kind.name()
    }

    #[must_use]
    pub fn delta(&self) -> Amount {
        self.after - self.before
    }

    /// In the order of columns; they sum to the difference.
    #[must_use]
    pub fn effects(&self) -> &[Amount] {
        &self.effects[..Effect::OF_CHARGES]
    }

    pub(super) fn all_effects(&self) -> &Effects {
        &self.effects
    }

    /// Cost by quantity, with twelve digits; `None` where either is not told.
    #[must_use]
    pub fn unit_prices(&self) -> [Option<String>; 2] {
        let price = |cost: Amount, quantity: Option<Amount>| {
            fixed(&cost.to_units(), &quantity?.to_units(), PRICE_DIGITS)
        };
        [price(self.before, self.quantity_before), price(self.after, self.quantity_after)]
    }

    pub(super) fn key(&self) -> (Currency, Kind, &str, &str) {
        (self.currency, self.kind, &self.name, &self.service)
    }

    pub(super) fn party(&self) -> String {
        super::label(self.kind, &self.name)
    }
}

/// Both months thing by thing, in the order of items.
pub(super) fn price_rows(before: &Basket, after: &Basket, metric: CostMetric) -> Vec<PriceRow> {
    let items: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let none = BTreeMap::new();
    let mut rows = Vec::new();
    for item in items {
        let (was, is) = (before.get(item).unwrap_or(&none), after.get(item).unwrap_or(&none));
        let measures: BTreeSet<&Measure> = was.keys().chain(is.keys()).collect();
        for measure in measures {
            let (old, new) = (was.get(measure), is.get(measure));
            let amount = |bought: Option<&Bought>| bought.map_or(Amount::ZERO, |b| b.costs[metric]);
            let (cost, later) = (amount(old), amount(new));
            let quantity = |bought: Option<&Bought>| match measure {
                Measure::Untold => None,
                _ => bought.map(|bought| bought.quantity),
            };
            let (quantities, delta) = ([quantity(old), quantity(new)], later - cost);
            let mut effects = [Amount::ZERO; Effect::COUNT];
            let between = match quantities {
                [Some(was), Some(is)] => between(cost, was, is),
                _ => None,
            };
            // Charges of the same thing in another measure are no sign that it came or went.
            match between {
                _ if item.is_late => effects[Effect::Late as usize] = delta,
                Some(between) => {
                    effects[Effect::Price as usize] = later - between;
                    effects[Effect::Usage as usize] = between - cost;
                }
                None if was.is_empty() => effects[Effect::New as usize] = delta,
                None if is.is_empty() => effects[Effect::Gone as usize] = delta,
                None => effects[Effect::Unpriced as usize] = delta,
            }
            let (kind, name) = of_party(&item.party);
            let unit = match measure {
                Measure::Priced(unit) | Measure::Consumed(unit) => unit.clone(),
                Measure::Untold => String::new(),
            };
            rows.push(PriceRow {
                currency: item.currency,
                kind,
                name: name.to_owned(),
                service: item.service.clone(),
                category: item.category.clone(),
                sku: item.sku.clone(),
                region: item.region.clone(),
                unit,
                quantity_before: quantities[0],
                quantity_after: quantities[1],
                before: cost,
                after: later,
                effects,
            });
        }
    }
    rows
}

/// What the earlier price makes of the later quantity. `None` where either quantity is not above
/// zero: then there is no price.
fn between(cost: Amount, was: Amount, is: Amount) -> Option<Amount> {
    let has_price = |quantity: Amount| !quantity.is_zero() && !quantity.is_negative();
    if !has_price(was) || !has_price(is) {
        return None;
    }
    part(cost, is, was)
}

/// `amount × over / under`, rounded half to even to ten digits; `None` where `under` is zero or the
/// result lies beyond the range of amounts.
fn part(amount: Amount, over: Amount, under: Amount) -> Option<Amount> {
    let over: BigInt = amount.to_units() * over.to_units();
    let under: BigInt = Amount::ONE.to_units() * under.to_units();
    fixed(&over, &under, DIGITS)?.parse().ok()
}

/// What receivers would get of the later amount of a pool by their earlier shares, which `parts`
/// of the earlier amount tell: it sums to the later amount, since what rounding leaves goes to the
/// largest part. Where the parts come to nothing there are no shares, and they stay as they are.
pub(super) fn by_earlier_shares(parts: &[Amount], later: Amount) -> Vec<Amount> {
    let earlier: Amount = parts.iter().copied().sum();
    let shared: Option<Vec<Amount>> =
        parts.iter().map(|amount| part(*amount, later, earlier)).collect();
    let Some(mut shared) = shared else { return parts.to_vec() };
    let rest = later - shared.iter().copied().sum();
    let largest = (0..parts.len()).max_by_key(|at| (parts[*at].abs(), Reverse(*at)));
    if let Some(largest) = largest {
        shared[largest] += rest;
    }
    shared
}

/// What receivers got of one pool in both months: by what the pool gave in all, then by their
/// shares. Where it gave nothing in a month there is only one share. Where it gave amounts of both
/// signs, as where a credit went to another, parts of what is left are no shares; nor are they where
/// it charges a price, which does not follow its cost: then cost and share are not told apart.
pub(super) fn pool_effects(earlier: &[Amount], later: &[Amount], has_price: bool) -> Vec<Effects> {
    let is_nothing = |parts: &[Amount]| parts.iter().all(|part| part.is_zero());
    let split = |between: &[Amount]| -> Vec<Effects> {
        let parts = earlier.iter().zip(between).zip(later);
        let effects = parts.map(|((was, between), is)| {
            let mut effects = [Amount::ZERO; Effect::COUNT];
            effects[Effect::PoolCost as usize] = *between - *was;
            effects[Effect::PoolShare as usize] = *is - *between;
            effects
        });
        effects.collect()
    };
    if is_nothing(earlier) || is_nothing(later) {
        return split(later);
    }
    if !has_price && have_one_sign(earlier) && have_one_sign(later) {
        return split(&by_earlier_shares(earlier, later.iter().copied().sum()));
    }
    let whole = earlier.iter().zip(later).map(|(was, is)| {
        let mut effects = [Amount::ZERO; Effect::COUNT];
        effects[Effect::PoolUnsplit as usize] = *is - *was;
        effects
    });
    whole.collect()
}

/// Whether amounts can be parts of their sum: none has another sign than another.
pub(super) fn have_one_sign<'a>(amounts: impl IntoIterator<Item = &'a Amount>) -> bool {
    let mut signs = amounts.into_iter().filter(|amount| !amount.is_zero());
    let first = signs.next().is_some_and(|first| first.is_negative());
    signs.all(|amount| amount.is_negative() == first)
}

/// Whether there is anything in it.
pub(super) fn is_nothing(effects: &Effects) -> bool {
    effects.iter().all(|effect| effect.is_zero())
}

pub(super) fn add(sum: &mut Effects, other: &Effects) {
    for (sum, effect) in sum.iter_mut().zip(other) {
        *sum += *effect;
    }
}

pub(super) fn total(effects: &Effects) -> Amount {
    effects.iter().copied().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn price_and_usage_meet_in_between() {
        let amount = |text: &str| text.parse::<Amount>().unwrap();
        for (cost, was, is, expected) in [
            ("100", "10", "15", Some("150")),
            ("10", "3", "1", Some("3.3333333333")),
            ("-10", "3", "1", Some("-3.3333333333")),
            ("0", "3", "1", Some("0")),
            ("10", "0", "1", None),
            ("10", "1", "0", None),
            ("10", "-1", "1", None),
        ] {
            let found = between(amount(cost), amount(was), amount(is));
            assert_eq!(found, expected.map(amount), "{cost} {was} {is}");
        }
    }

    #[test]
    fn a_pool_is_told_by_cost_and_share_where_it_has_shares() {
        let amount = |text: &&str| text.parse::<Amount>().unwrap();
        for (earlier, later, has_price, expected) in [
            (["10", "30"], ["40", "40"], false, [["10", "20", "0"], ["30", "-20", "0"]]),
            (["-10", "-30"], ["-20", "-20"], false, [["0", "-10", "0"], ["0", "10", "0"]]),
            // Nothing in one of the months: all is what it cost.
            (["0", "0"], ["5", "-5"], false, [["5", "0", "0"], ["-5", "0", "0"]]),
            (["5", "15"], ["0", "0"], true, [["-5", "0", "0"], ["-15", "0", "0"]]),
            // A net of one is no whole that 100 would be a part of.
            (["100", "-99"], ["100", "0"], false, [["0", "0", "0"], ["0", "0", "99"]]),
            (["5", "5"], ["5", "25"], true, [["0", "0", "0"], ["0", "0", "20"]]),
        ] {
            let parts = |texts: [&str; 2]| texts.iter().map(amount).collect::<Vec<_>>();
            let found = pool_effects(&parts(earlier), &parts(later), has_price);
            let told = found.iter().map(|effects| {
                [Effect::PoolCost, Effect::PoolShare, Effect::PoolUnsplit]
                    .map(|effect| effects[effect as usize].to_string())
            });
            let expected = expected.map(|effects| effects.map(str::to_owned));
            assert_eq!(told.collect::<Vec<_>>(), expected, "{earlier:?} {later:?}");
        }
    }

    #[test]
    fn earlier_shares_take_all_of_the_later_amount() {
        let amount = |text: &&str| text.parse::<Amount>().unwrap();
        for (parts, later, expected) in [
            (&["25", "75"][..], "200", &["50", "150"][..]),
            (&["0", "50"], "0", &["0", "0"]),
            (&["1", "1", "1"], "10", &["3.3333333334", "3.3333333333", "3.3333333333"]),
            (&["1", "-3"], "1", &["-0.5", "1.5"]),
            // Receivers that cancel out have no share of anything.
            (&["5", "-5"], "10", &["5", "-5"]),
            (&[], "10", &[]),
        ] {
            let parts: Vec<Amount> = parts.iter().map(amount).collect();
            let expected: Vec<Amount> = expected.iter().map(amount).collect();
            assert_eq!(by_earlier_shares(&parts, amount(&later)), expected, "{parts:?}");
        }
    }
}
