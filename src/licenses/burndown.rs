//! Commitments: what was committed, what is spent of it, and what will be lacking at the end.
//!
//! Order: amounts → days of the commitment (a stretch that lies in it in part counts by its days) → months → forecasts by
//! each method → shortfall by the chosen one → what is due by the contract's rule. What one stretch carries over is
//! added to the next before that is looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use num_traits::{One, Zero};

use crate::domain::{Amount, Currency, DateRange, Period};
use crate::rules::licenses::{Aspect, ForecastMethod, ThresholdRule};

use super::contracts::aspect_of;
use super::extent::Number;
use super::forecast::{Line, whole};
use super::inventory::Contract;
use super::money::{Money, not_below_zero, number_of, number_text, percent_of};

/// What was spent on a contract's scope on some days, usually a month. Days of which nothing is handed in are not known;
/// a month without cost is handed in as zero.
#[derive(Clone, Debug)]
pub struct Spent {
    pub contract: Arc<str>,
    pub days: DateRange,
    pub amount: Amount,
    pub currency: Currency,
}

/// What happens to a shortfall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShortfallRule {
    /// So many percent of it are paid.
    Pay(Number),
    /// It is added to the next stretch, and paid after the last one.
    CarryOver,
    /// Nothing.
    Nothing,
    /// Nothing is declared, or a word that costbook does not know.
    Unknown(Option<Arc<str>>),
}

impl ShortfallRule {
    /// `pay`, `pay 50 %`, `carry_over`, `none`.
    #[must_use]
    pub fn parse(text: Option<&Arc<str>>) -> Self {
        let Some(given) = text else { return Self::Unknown(None) };
        let bare = given.trim();
        match bare {
            "pay" => return Self::Pay(whole(100)),
            "carry_over" => return Self::CarryOver,
            "none" => return Self::Nothing,
            _ => {}
        }
        let percent = bare.strip_prefix("pay ").and_then(|rest| rest.trim().strip_suffix('%'));
        let percent = percent.and_then(|number| Amount::parse(number.as_bytes()).ok());
        let percent = percent.filter(|percent| !percent.is_negative()).map(number_of);
        percent.map_or_else(|| Self::Unknown(Some(given.clone())), Self::Pay)
    }

    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Pay(percent) if *percent == whole(100) => "pay".to_owned(),
            Self::Pay(percent) => format!("pay {} %", number_text(percent)),
            Self::CarryOver => "carry_over".to_owned(),
            Self::Nothing => "none".to_owned(),
            Self::Unknown(None) => String::new(),
            Self::Unknown(Some(text)) => text.to_string(),
        }
    }
}

/// A month of a stretch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BurnMonth {
    pub month: Period,
    /// Its days within the stretch, and those of them that are told.
    pub days: i64,
    pub told_days: i64,
    pub consumed: Number,
    /// With what the chosen method expects on its other days.
    pub forecast: Option<Number>,
}

/// A stretch of days with a committed amount, looked at on a day.
#[derive(Clone, Debug)]
pub struct BurnDown {
    pub contract: Arc<str>,
    pub days: DateRange,
    pub currency: Currency,
    /// With what the stretch before it carried over.
    pub committed: Number,
    pub carried_in: Number,
    pub consumed: Number,
    pub total_days: i64,
    pub told_days: i64,
    /// Days before the last told one of which nothing is told, as stretches.
    pub missing: Vec<DateRange>,
    /// Other currencies in which something was handed in; nothing of that counts.
    pub other_currencies: BTreeSet<Currency>,
    /// What will have been spent at the end, by method; none where a method has too little to go by.
    pub forecasts: Vec<(ForecastMethod, Option<Number>)>,
    /// Which of them is believed: the chosen one, or the run rate where that has too little to go by.
    pub method: ForecastMethod,
    pub forecast: Option<Number>,
    /// What is lacking at the end.
    pub shortfall: Option<Number>,
    pub rule: ShortfallRule,
    /// What is to be paid for it; the most where the rule is not known.
    pub due: Option<Money>,
    pub months: Vec<BurnMonth>,
    /// Whether the last day of the stretch is over.
    pub has_ended: bool,
}

/// The burn-down of all commitments that have both ends and a currency, by contract and days.
#[must_use]
pub fn burn_downs(
    contracts: &[Contract],
    spent: &[Spent],
    thresholds: &[ThresholdRule],
    day: NaiveDate,
) -> Vec<BurnDown> {
    let mut contracts: Vec<&Contract> = contracts.iter().collect();
    contracts.sort_by(|one, two| (&one.id, &one.origin).cmp(&(&two.id, &two.origin)));
    let mut found = Vec::new();
    for contract in contracts {
        let Some(currency) = contract.currency else { continue };
        let method = chosen_method(contract, thresholds);
        let rule = ShortfallRule::parse(contract.shortfall_rule.as_ref());
        let mut stretches = contract.commitments.clone();
        stretches.sort_by_key(|(days, _)| *days);
        let mut carried = Number::zero();
        for (at, (days, amount)) in stretches.iter().enumerate() {
            let asked = Asked { contract, days: *days, currency, method, day };
            let committed = number_of(*amount) + &carried;
            let Some(mut burn) = asked.look(committed, carried, spent) else {
                carried = Number::zero();
                continue;
            };
            let is_last = at + 1 == stretches.len();
            burn.settle(&rule, is_last);
            carried = match (&rule, &burn.shortfall) {
                (ShortfallRule::CarryOver, Some(short)) if !is_last => short.clone(),
                _ => Number::zero(),
            };
            found.push(burn);
        }
    }
    found
}

fn chosen_method(contract: &Contract, thresholds: &[ThresholdRule]) -> ForecastMethod {
    let value = |aspect: Aspect| aspect_of(contract, aspect);
    let mut matching =
        thresholds.iter().filter(|it| it.subjects.matches(value, contract.auto_renew));
    matching.find_map(|it| it.forecast).unwrap_or(ForecastMethod::RunRate)
}

struct Asked<'a> {
    contract: &'a Contract,
    days: DateRange,
    currency: Currency,
    method: ForecastMethod,
    day: NaiveDate,
}

impl Asked<'_> {
    fn look(&self, committed: Number, carried_in: Number, spent: &[Spent]) -> Option<BurnDown> {
        let (from, to) = (self.days.from()?, self.days.to()?);
        let mut other_currencies = BTreeSet::new();
        let mut told: Vec<(DateRange, Number)> = Vec::new();
        for row in spent.iter().filter(|row| row.contract == self.contract.id) {
            let Some((days, part)) = self.within(row) else { continue };
            if row.currency == self.currency {
                told.push((days, number_of(row.amount) * part));
            } else {
                other_currencies.insert(row.currency);
            }
        }
        let covered = covered_days(&told);
        let mut months = months_of(from, to);
        for (days, amount) in &told {
            spread(&mut months, *days, amount);
        }
        for month in &mut months {
            let within = month.month.days().common(self.days).unwrap_or(self.days);
            let told = covered.iter().filter(|day| within.contains(**day)).count();
            month.told_days = i64::try_from(told).unwrap_or(i64::MAX);
        }
        let consumed = months.iter().fold(Number::zero(), |sum, month| sum + &month.consumed);
        let total_days = (to - from).num_days();
        let told_days = i64::try_from(covered.len()).unwrap_or(i64::MAX);
        let mut burn = BurnDown {
            contract: self.contract.id.clone(),
            days: self.days,
            currency: self.currency,
            committed,
            carried_in,
            consumed,
            total_days,
            told_days,
            missing: gaps(from, &covered),
            other_currencies,
            forecasts: Vec::new(),
            method: self.method,
            forecast: None,
            shortfall: None,
            rule: ShortfallRule::Unknown(None),
            due: None,
            months,
            has_ended: self.day >= to,
        };
        burn.draw_on(self.method);
        Some(burn)
    }

    /// The days of a row that lie in the stretch and are not after today, and which part of the row they are.
    fn within(&self, row: &Spent) -> Option<(DateRange, Number)> {
        let until = DateRange::new(None, self.day.succ_opt())?;
        let told = row.days.common(until)?;
        let days = told.common(self.days)?;
        let part = Number::new(count(days)?.into(), count(told)?.into());
        Some((days, part))
    }
}

/// How many days; none where the range has no end.
fn count(days: DateRange) -> Option<i64> {
    Some((days.to()? - days.from()?).num_days())
}

fn each(days: DateRange) -> impl Iterator<Item = NaiveDate> {
    let to = days.to();
    let from = days.from();
    from.into_iter()
        .flat_map(|day| day.iter_days())
        .take_while(move |day| to.is_some_and(|to| *day < to))
}

fn covered_days(told: &[(DateRange, Number)]) -> BTreeSet<NaiveDate> {
    told.iter().flat_map(|(days, _)| each(*days)).collect()
}

/// Stretches before the last told day of which nothing is told.
fn gaps(from: NaiveDate, covered: &BTreeSet<NaiveDate>) -> Vec<DateRange> {
    let mut found = Vec::new();
    let mut next = Some(from);
    for day in covered {
        if next.is_some_and(|next| next < *day) {
            found.extend(DateRange::new(next, Some(*day)));
        }
        next = day.succ_opt();
    }
    found
}

fn months_of(from: NaiveDate, to: NaiveDate) -> Vec<BurnMonth> {
    let whole = DateRange::new(Some(from), Some(to));
    let mut month = Period::of(from);
    let mut found = Vec::new();
    while month.first() < to {
        let days = whole.and_then(|whole| month.days().common(whole)).and_then(count);
        let days = days.unwrap_or(0);
        let consumed = Number::zero();
        found.push(BurnMonth { month, days, told_days: 0, consumed, forecast: None });
        if month.next() == month {
            break;
        }
        month = month.next();
    }
    found
}

/// Adds an amount to the months that its days lie in, by days.
fn spread(months: &mut [BurnMonth], days: DateRange, amount: &Number) {
    let Some(all) = count(days) else { return };
    for month in months {
        let own = month.month.days().common(days).and_then(count).unwrap_or(0);
        month.consumed += amount * Number::new(own.into(), all.into());
    }
}

impl BurnDown {
    /// All methods, and the one that is believed.
    fn draw_on(&mut self, method: ForecastMethod) {
        let mut methods = vec![ForecastMethod::RunRate];
        if method != ForecastMethod::RunRate {
            methods.push(method);
        }
        let found: BTreeMap<ForecastMethod, Vec<Option<Number>>> =
            methods.iter().map(|method| (*method, self.expected(*method))).collect();
        let total = |method: &ForecastMethod| -> Option<Number> {
            let months = &found[method];
            months.iter().try_fold(Number::zero(), |sum, month| Some(sum + month.as_ref()?))
        };
        self.forecasts = methods.iter().map(|method| (*method, total(method))).collect();
        let believed = self.forecasts.iter().rev().find(|(_, total)| total.is_some());
        let Some((method, total)) = believed.cloned() else { return };
        for (month, expected) in self.months.iter_mut().zip(&found[&method]) {
            month.forecast.clone_from(expected);
        }
        (self.method, self.forecast) = (method, total);
    }

    /// Each month's amount: what is told, and what is expected of its other days. Of a stretch that is over nothing
    /// more is expected but on days that are missing.
    fn expected(&self, method: ForecastMethod) -> Vec<Option<Number>> {
        let by_month = self.month_rates(method);
        let of_month = |(at, month): (usize, &BurnMonth)| {
            let open = month.days - month.told_days;
            if open == 0 {
                return Some(month.consumed.clone());
            }
            let daily = by_month.as_ref().and_then(|rates| rates.get(at))?;
            Some(&month.consumed + daily * whole(open))
        };
        self.months.iter().enumerate().map(of_month).collect()
    }

    /// What is expected of a day of each month; none where the method has too little to go by.
    fn month_rates(&self, method: ForecastMethod) -> Option<Vec<Number>> {
        let complete: Vec<(usize, &BurnMonth)> = (0..)
            .zip(&self.months)
            .filter(|(_, month)| {
                month.told_days == month.days
                    && month.days == count(month.month.days()).unwrap_or(0)
            })
            .collect();
        let last = |months: u32| {
            let skip = complete.len().saturating_sub(months as usize);
            &complete[skip..]
        };
        let flat = |amount: Number, days: i64| {
            (days > 0).then(|| vec![amount / whole(days); self.months.len()])
        };
        let sum = |months: &[(usize, &BurnMonth)]| {
            months.iter().fold((Number::zero(), 0), |(amount, days), (_, month)| {
                (amount + &month.consumed, days + month.days)
            })
        };
        match method {
            ForecastMethod::RunRate => flat(self.consumed.clone(), self.told_days),
            ForecastMethod::LastMonths(months) => {
                let (amount, days) = sum(last(months));
                flat(amount, days)
            }
            ForecastMethod::Trend(months) => {
                let index = |at: usize| whole(i64::try_from(at).unwrap_or(i64::MAX));
                let points: Vec<(Number, Number)> = last(months)
                    .iter()
                    .map(|(at, month)| (index(*at), month.consumed.clone()))
                    .collect();
                let line = Line::of_least_squares(&points)?;
                let rate = |(at, month): (usize, &BurnMonth)| {
                    let days = count(month.month.days()).unwrap_or(1).max(1);
                    not_below_zero(line.at(&index(at))) / whole(days)
                };
                Some(self.months.iter().enumerate().map(rate).collect())
            }
        }
    }

    /// What is lacking, and what is due for it.
    fn settle(&mut self, rule: &ShortfallRule, is_last: bool) {
        self.rule = rule.clone();
        let Some(forecast) = &self.forecast else { return };
        let short = not_below_zero(&self.committed - forecast);
        let text = number_text(&short);
        let (amount, basis) = match rule {
            ShortfallRule::Pay(percent) => {
                let basis = format!("{} % of the shortfall of {text}", number_text(percent));
                (percent_of(percent, &short), basis)
            }
            ShortfallRule::CarryOver if is_last => (
                short.clone(),
                format!("the shortfall of {text}, which nothing follows to carry it to"),
            ),
            ShortfallRule::CarryOver => {
                (Number::zero(), format!("the shortfall of {text} is carried over"))
            }
            ShortfallRule::Nothing => (Number::zero(), "a shortfall costs nothing".to_owned()),
            ShortfallRule::Unknown(None) => {
                (short.clone(), format!("at most {text}: no rule for shortfalls is declared"))
            }
            ShortfallRule::Unknown(Some(rule)) => {
                (short.clone(), format!("at most {text}: the rule `{rule}` is none that is known"))
            }
        };
        self.due = Some(Money { amount, currency: self.currency, basis });
        self.shortfall = Some(short);
    }

    /// The spent part of what was committed; none where nothing was.
    #[must_use]
    pub fn burned(&self) -> Option<Number> {
        (!self.committed.is_zero()).then(|| &self.consumed / &self.committed)
    }

    /// The told part of the days.
    #[must_use]
    pub fn elapsed(&self) -> Number {
        if self.total_days == 0 {
            return Number::one();
        }
        Number::new(self.told_days.into(), self.total_days.into())
    }
}

#[cfg(test)]
mod tests;
