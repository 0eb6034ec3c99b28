//! Warnings of what is owned against what is used.

use std::collections::BTreeSet;
use std::fmt::Write;

use chrono::{Days, Months, NaiveDate};
use num_traits::{Signed, Zero};

use crate::diagnostics::Severity;
use crate::domain::Currency;
use crate::licenses::contracts::{beyond_allowance, is_material};
use crate::licenses::extent::{Extent, Number};
use crate::licenses::forecast::{first_day_above, line_of, method_text, whole};
use crate::licenses::money::{Money, number_of, number_text, percent_of};
use crate::rules::licenses::{Budget, WarningKind};

use super::build::product_text;
use super::given::{DutyPrice, Standing, Watched};
use super::limits::Limits;
use super::warning::{About, Warning};

/// Missing inputs that a text names before it counts the rest.
const NAMED_GAPS: usize = 5;

pub(super) fn watch(watched: &Watched<'_>, limits: Limits<'_>, found: &mut Vec<Warning>) {
    for standing in watched.standings {
        let own = One { standing, limits, day: watched.day };
        let mut made = Vec::new();
        own.over_use(&mut made);
        own.unknown(&mut made);
        own.threshold(&mut made);
        own.breach(&mut made);
        own.growth(&mut made);
        own.budget(&mut made);
        own.shelfware(&mut made);
        let owner = own.owners();
        for warning in &mut made {
            warning.owner.clone_from(&owner);
        }
        found.append(&mut made);
    }
    for measured in watched.measured {
        for breach in &measured.breaches {
            let about = About {
                product: Some(measured.product.clone()),
                holder: breach.holder.clone(),
                metric: Some(measured.reading.metric.clone()),
                interpretation: Some(measured.reading.interpretation.clone()),
                ..About::default()
            };
            let text = format!("{}: {}", product_text(&measured.product), breach.text);
            let warning = Warning::new(WarningKind::Limit, about.detail(&*breach.subject.id), text)
                .on(breach.since)
                .evidence(Some(measured.reading.rule.clone()))
                .advice("Bring use below the limit, or agree on a higher one with the vendor.");
            found.push(warning);
        }
    }
}

struct One<'a> {
    standing: &'a Standing,
    limits: Limits<'a>,
    day: NaiveDate,
}

/// So many units at a price.
pub(super) fn priced(units: &Number, price: Option<&DutyPrice>) -> Option<Money> {
    let price = price?;
    let basis = format!("{} × {} {}", number_text(units), price.amount, price.basis);
    Some(Money { amount: units * number_of(price.amount), currency: price.currency, basis })
}

impl One<'_> {
    fn warn(&self, kind: WarningKind, text: String) -> Warning {
        Warning::new(kind, About::standing(self.standing), text).by_standing(self.standing)
    }

    fn about(&self) -> About {
        About::standing(self.standing)
    }

    fn name(&self) -> String {
        product_text(&self.standing.product)
    }

    fn owners(&self) -> Option<std::sync::Arc<str>> {
        let contracts = self.standing.by_contract.iter();
        let owners: BTreeSet<&str> = contracts
            .filter_map(|(id, _)| self.limits.contract(id)?.contract.owner.as_deref())
            .collect();
        let owners: Vec<&str> = owners.into_iter().collect();
        (!owners.is_empty()).then(|| owners.join("; ").into())
    }

    /// What is used for certain beyond what is owned.
    fn over(&self) -> Option<(&Number, Number)> {
        let entitled = self.standing.entitled.as_ref()?;
        let over = self.standing.consumed.low() - entitled;
        over.is_positive().then_some((entitled, over))
    }

    /// What of over-use contracts charge now: beyond the growth that each allows to its part.
    fn charged(&self, over: &Number) -> Number {
        let allowed = self.standing.by_contract.iter().fold(Number::zero(), |sum, (id, part)| {
            let terms = self.limits.contract(id);
            let allowance = terms.and_then(|terms| terms.contract.growth_allowance.as_ref());
            sum + allowance.map_or_else(Number::zero, |percent| percent_of(percent, part))
        });
        beyond_allowance(over, &allowed, &whole(100))
    }

    fn over_use(&self, found: &mut Vec<Warning>) {
        let Some((entitled, over)) = self.over() else { return };
        let standing = self.standing;
        let charged = self.charged(&over);
        let (unit, used) = (&standing.unit, extent_text(&standing.consumed));
        let mut text = format!(
            "{} {unit} of {} are used and {} owned: {} too many",
            used,
            self.name(),
            number_text(entitled),
            number_text(&over)
        );
        let mut severity = Severity::Error;
        let mut to_do =
            "Buy what is lacking or give back what is not needed, before the vendor asks.";
        if charged.is_zero() {
            text += ", within the growth that the contract allows";
            severity = Severity::Note;
            to_do = "Plan for the next true-up, at which it is charged.";
        } else if charged < over {
            let _ = write!(text, ", {} of them beyond the growth allowed", number_text(&charged));
        }
        let warning = self
            .warn(WarningKind::OverUse, text)
            .severity(severity)
            .figure(standing.consumed.clone())
            .limit(entitled.clone())
            .on(standing.since)
            .money(priced(&charged, standing.price.as_ref()))
            .advice(to_do);
        found.push(warning);
        self.material(entitled, &over, found);
    }

    /// An audit clause that such over-use would set off.
    fn material(&self, entitled: &Number, over: &Number, found: &mut Vec<Warning>) {
        for (id, _) in &self.standing.by_contract {
            let Some(terms) = self.limits.contract(id) else { continue };
            let Some(percent) = &terms.contract.materiality else { continue };
            let actual = self.standing.consumed.low();
            if !is_material(entitled, actual, percent) {
                continue;
            }
            let list = self.standing.list_price.as_ref().or(self.standing.price.as_ref());
            let penalty = terms.contract.penalty.clone().unwrap_or_else(Number::zero);
            let money = priced(over, list).map(|money| Money {
                amount: &money.amount + percent_of(&penalty, &money.amount),
                currency: money.currency,
                basis: format!("({}) + {} % penalty", money.basis, number_text(&penalty)),
            });
            let text = format!(
                "an audit under {id} would find {} of {} without rights, more than the {} % that {} lets pass",
                number_text(over),
                number_text(actual),
                number_text(percent),
                terms.contract.clause.as_deref().unwrap_or("its clause"),
            );
            let lowest = actual - percent_of(percent, actual);
            let mut warning = self
                .warn(WarningKind::AuditMaterial, text)
                .known(actual.clone())
                .limit(lowest)
                .on(self.standing.since)
                .money(money)
                .advice("Report and buy what is lacking before an audit is announced.");
            warning.about.contract = Some(id.clone());
            found.push(warning);
        }
    }

    /// A figure within bounds, and samples that are thin.
    fn unknown(&self, found: &mut Vec<Warning>) {
        let standing = self.standing;
        let needed = self.limits.of(&self.about(), |rule| rule.coverage.as_ref());
        let is_thin = standing
            .coverage
            .as_ref()
            .zip(needed)
            .is_some_and(|(coverage, needed)| coverage * whole(100) < *needed);
        let is_range = standing.consumed.exact().is_none();
        if !is_range && !is_thin {
            return;
        }
        let mut text =
            format!("{}: {} {} used", self.name(), extent_text(&standing.consumed), standing.unit);
        let high = standing.consumed.high();
        let entitled = standing.entitled.as_ref();
        let (mut at_most, mut severity) = (None, Severity::Warning);
        if let Some(entitled) = entitled.filter(|_| is_range) {
            let _ = write!(text, ", {} owned", number_text(entitled));
            if high.is_some_and(|high| high <= entitled) {
                // However it turns out, it is covered.
                severity = Severity::Note;
            }
            let more = high.map(|high| high - entitled).filter(Number::is_positive);
            at_most = more.and_then(|more| priced(&more, standing.price.as_ref()));
        }
        if let Some(coverage) = standing.coverage.as_ref().filter(|_| is_thin) {
            let percent = number_text(&(coverage * whole(100)));
            let _ = write!(text, "; {percent} % of the samples are there");
            severity = severity.max(Severity::Warning);
        }
        text += &gaps_text(standing);
        let warning = self
            .warn(WarningKind::Unknown, text)
            .severity(severity)
            .figure(standing.consumed.clone())
            .money(
                at_most.map(|money| Money { basis: format!("at most {}", money.basis), ..money }),
            )
            .advice("Bring in what is missing; until then only the bounds are known.");
        found.push(Warning { limit: entitled.cloned(), ..warning });
    }

    /// Percent of what is owned, where it is known and not passed.
    fn utilisation(&self) -> Option<(&Number, Number)> {
        let entitled = self.standing.entitled.as_ref().filter(|it| it.is_positive())?;
        let percent = self.standing.consumed.low() / entitled * whole(100);
        (percent <= whole(100)).then_some((entitled, percent))
    }

    fn threshold(&self, found: &mut Vec<Warning>) {
        let Some((entitled, percent)) = self.utilisation() else { return };
        let Some(steps) = self.limits.of(&self.about(), |rule| rule.utilisation.as_ref()) else {
            return;
        };
        let Some(passed) = steps.iter().rev().find(|step| percent >= **step) else { return };
        let left = entitled - self.standing.consumed.low();
        let text = format!(
            "{} of {} {} of {} are used: {} left, and {} % were to be told",
            number_text(self.standing.consumed.low()),
            number_text(entitled),
            self.standing.unit,
            self.name(),
            number_text(&left),
            number_text(passed),
        );
        let warning = self
            .warn(WarningKind::Threshold, text)
            .figure(self.standing.consumed.clone())
            .limit(percent_of(passed, entitled))
            .advice("See whether more is coming, and order in time.");
        found.push(warning);
    }

    /// History and today, ascending.
    fn points(&self) -> Vec<(NaiveDate, Number)> {
        let history = self.standing.history.iter().filter(|(day, _)| *day < self.day);
        let today = self.standing.consumed.exact().map(|now| (self.day, now.clone()));
        history.cloned().chain(today).collect()
    }

    fn breach(&self, found: &mut Vec<Warning>) {
        let Some((entitled, _)) = self.utilisation() else { return };
        let about = self.about();
        let Some(method) = self.limits.of(&about, |rule| rule.forecast) else { return };
        let Some(horizon) = self.limits.of(&about, |rule| rule.horizon_days) else { return };
        let points = self.points();
        let Some((line, method)) = line_of(&points, method) else { return };
        let start = points[0].0;
        let Some(breach) = first_day_above(&line, start, self.day, entitled) else { return };
        if !Limits::is_near(self.day, breach, horizon) {
            return;
        }
        let end = self.day.checked_add_days(Days::new(horizon.into())).unwrap_or(breach);
        let lacking = line.at(&whole((end - start).num_days())) - entitled;
        let lacking = lacking.ceil().max(whole(1));
        let money = priced(&lacking, self.standing.price.as_ref());
        let text = format!(
            "{} of {} will pass the {} owned on {breach}: it grows by {} in 30 days ({}, {} days told)",
            self.standing.unit,
            self.name(),
            number_text(entitled),
            number_text(&rounded(&(&line.slope * whole(30)))),
            method_text(method),
            points.len(),
        );
        let warning =
            self.warn(WarningKind::ForecastBreach, text)
                .figure(self.standing.consumed.clone())
                .limit(entitled.clone())
                .on(Some(breach))
                .money(money.map(|money| Money {
                    basis: format!("{} lacking by {end}", money.basis),
                    ..money
                }))
                .advice("Order before that day, or stop the growth.");
        found.push(warning);
    }

    /// Use that nothing caps: unlimited, or owned by nobody.
    fn growth(&self, found: &mut Vec<Warning>) {
        if self.standing.entitled.as_ref().is_some_and(|entitled| !entitled.is_zero()) {
            return;
        }
        let Some(growth) = self.limits.of(&self.about(), |rule| rule.growth.as_ref()) else {
            return;
        };
        let Some(from) = self.day.checked_sub_months(Months::new(growth.months)) else { return };
        let points = self.points();
        let then = points.iter().rev().find(|(day, _)| *day <= from);
        let now = points.last().filter(|(day, _)| *day > from);
        let (Some((since, then)), Some((_, now))) = (then, now) else { return };
        let rise = now - then;
        let is_more = if then.is_zero() {
            rise.is_positive()
        } else {
            &rise / then * whole(100) > growth.percent
        };
        if !is_more {
            return;
        }
        let percent = (!then.is_zero()).then(|| &rise / then * whole(100));
        let percent = percent.map(|percent| format!(" ({} %)", number_text(&rounded(&percent))));
        let text = format!(
            "nothing caps {}: {} {} are used, {} on {since}{}; growth above {} % in {} months is to be told",
            self.name(),
            number_text(now),
            self.standing.unit,
            number_text(then),
            percent.unwrap_or_default(),
            number_text(&growth.percent),
            growth.months,
        );
        let warning = self
            .warn(WarningKind::UncappedGrowth, text)
            .known(now.clone())
            .limit(then + percent_of(&growth.percent, then))
            .money(priced(&rise, self.standing.price.as_ref()))
            .advice("Find out who grows, and whether the price holds at that quantity.");
        found.push(warning);
    }

    /// Spend of the budget's months up to today, and what it comes to at that rate where months are lacking.
    fn budget(&self, found: &mut Vec<Warning>) {
        let Some(budget) = self.limits.of(&self.about(), |rule| rule.budget.as_ref()) else {
            return;
        };
        let Some((spent, months)) = self.spent_within(budget) else { return };
        let allowed = number_of(budget.amount);
        let expected = &spent / whole(months) * whole(budget.months.into());
        let (is_over, is_ahead) = (spent > allowed, expected > allowed);
        if !is_over && !is_ahead {
            return;
        }
        let figure = if is_over { &spent } else { &expected };
        let text = format!(
            "{}: {} {} are spent in {months} months, against a budget of {} in {}{}",
            self.name(),
            number_text(&spent),
            budget.currency,
            budget.amount,
            budget.months,
            if is_over {
                String::new()
            } else {
                format!("; at that rate it will be {}", number_text(&rounded(&expected)))
            },
        );
        let basis = format!(
            "{} less the budget of {}",
            if is_over { "spent" } else { "run_rate" },
            budget.amount
        );
        let money = Money { amount: figure - &allowed, currency: budget.currency, basis };
        let severity = if is_over { Severity::Error } else { Severity::Warning };
        let warning = self
            .warn(WarningKind::Budget, text)
            .severity(severity)
            .known(figure.clone())
            .limit(allowed)
            .unit(budget.currency.code())
            .money(Some(money))
            .advice("Cut use, or have the budget raised.");
        found.push(warning);
    }

    fn spent_within(&self, budget: &Budget) -> Option<(Number, i64)> {
        let first = self.day.checked_sub_months(Months::new(budget.months))?;
        let currency: Currency = budget.currency;
        let mut months = BTreeSet::new();
        let mut sum = Number::zero();
        for (month, amount, _) in self.standing.spent.iter().filter(|(month, _, own)| {
            *own == currency && month.last() > first && month.first() <= self.day
        }) {
            months.insert(*month);
            sum += number_of(*amount);
        }
        (!months.is_empty()).then(|| (sum, i64::try_from(months.len()).unwrap_or(1)))
    }

    fn shelfware(&self, found: &mut Vec<Warning>) {
        let Some((entitled, _)) = self.utilisation() else { return };
        // Only what is idle for certain.
        let Some(used) = self.standing.consumed.high() else { return };
        let Some(below) = self.limits.of(&self.about(), |rule| rule.shelfware_below.as_ref())
        else {
            return;
        };
        if used / entitled * whole(100) >= *below {
            return;
        }
        let idle = entitled - used;
        let text = format!(
            "{} of {} {} of {} are used, less than {} %: {} are idle",
            number_text(used),
            number_text(entitled),
            self.standing.unit,
            self.name(),
            number_text(below),
            number_text(&idle),
        );
        let mut warning = self
            .warn(WarningKind::Unused, text)
            .figure(self.standing.consumed.clone())
            .limit(percent_of(below, entitled))
            .money(priced(&idle, self.standing.price.as_ref()))
            .advice("Give rights back at the next renewal, or use them elsewhere.");
        "shelfware".clone_into(&mut warning.about.detail);
        found.push(warning);
    }
}

/// To two digits, for texts about rates.
fn rounded(number: &Number) -> Number {
    (number * whole(100)).round() / whole(100)
}

pub(super) fn extent_text(extent: &Extent) -> String {
    match (extent.exact(), extent.high()) {
        (Some(number), _) => number_text(number),
        (None, Some(high)) => format!("{} to {}", number_text(extent.low()), number_text(high)),
        (None, None) => format!("at least {}", number_text(extent.low())),
    }
}

fn gaps_text(standing: &Standing) -> String {
    if standing.gaps.is_empty() {
        return String::new();
    }
    let named: Vec<&str> = standing.gaps.iter().take(NAMED_GAPS).map(|gap| &**gap).collect();
    let rest = standing.gaps.len().saturating_sub(NAMED_GAPS);
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    format!("; missing: {}{more}", named.join(", "))
}
