//! Everything about licenses on a day, one stage after the other.
//!
//! ```text
//! Given               the day, rules, tables, calendars, and what bills tell
//! choose              of a product with rights in several metrics: by which each use is counted
//! one day             measured → chosen → matched → position
//! standing            positions, overlaps, charges as warnings ask for them
//! LicenseOutcome      all of it, for reports
//! ```
//!
//! Order: the days of earlier snapshots first, the oldest before the next, since a line is over since the first of
//! the unbroken run of days; then the day itself; money and warnings last.
//!
//! Earlier days are those of the newest snapshot of each month that has one. Rights and rules are
//! looked at as they are told now: they carry their own days.

mod choose;
mod standing;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use num_bigint::BigInt;

use crate::diagnostics::{Code, Finding};
use crate::domain::Period;
use crate::rules::licenses::LicenseRules;

use super::burndown::{BurnDown, Spent, burn_downs};
use super::calendar::Calendars;
use super::contracts::{Terms, contract_terms};
use super::extent::Number;
use super::inventory::{Inventory, UseKind, UseRow};
use super::matching::{MatchInput, Matched, match_rights};
use super::measure::measure_all;
use super::measured::Measured;
use super::position::{Position, PositionInput, position};
use super::read::{Told, place};
use super::reassign::{Reused, reused};
use super::suites::{Overlap, overlaps};
use super::valuation::{OverUse, Valued, over_uses, valuate};
use super::warnings::{CloudUse, HeldTwice, Standing, UnknownProduct, Warning, Watched, warnings};

/// Months before the day whose snapshots are looked at.
pub const MONTHS_BACK: usize = 36;
/// Percent of utilisation that is a warning where no threshold says.
const WARNING_AT: i64 = 100;

/// What an outcome is made of.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// The day of the position.
    pub day: NaiveDate,
    pub rules: &'a LicenseRules,
    pub told: &'a Told,
    pub calendars: &'a Calendars,
    pub beside: &'a Beside,
}

/// What bills tell of licenses.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// Rows of [`UseKind::Billing`].
    pub uses: Vec<UseRow>,
    /// By contract and month, for commitments.
    pub spent: Vec<Spent>,
}

/// Everything about licenses on a day.
#[derive(Clone, Debug)]
pub struct LicenseOutcome {
    pub day: NaiveDate,
    /// What was told, and what bills tell of use.
    pub inventory: Inventory,
    /// By metric, product and reading; of uses that several metrics could count, those of the chosen one.
    pub measured: Vec<Measured>,
    pub matched: Matched,
    pub positions: Vec<Position>,
    /// Positions of earlier days, ascending.
    pub history: Vec<(NaiveDate, Vec<Position>)>,
    pub over_uses: Vec<OverUse>,
    pub valued: Vec<Valued>,
    pub overlaps: Vec<Overlap>,
    pub reused: Vec<Reused>,
    pub terms: Vec<Terms>,
    pub burn_downs: Vec<BurnDown>,
    pub standings: Vec<Standing>,
    pub held_twice: Vec<HeldTwice>,
    pub cloud: Vec<CloudUse>,
    pub unknown_products: Vec<UnknownProduct>,
    pub warnings: Vec<Warning>,
    /// What is worth knowing of tables, rights and metrics.
    pub notes: Vec<Finding>,
}

/// Makes the outcome of the day.
#[must_use]
pub fn assess(given: &Given<'_>) -> LicenseOutcome {
    let (day, rules, told) = (given.day, given.rules, given.told);
    let mut inventory = told.inventory.clone();
    inventory.uses.extend(given.beside.uses.iter().cloned());
    let mut notes = told.notes.clone();
    let mut history: Vec<(NaiveDate, Vec<Position>)> = Vec::new();
    for earlier in earlier_days(&inventory, day) {
        let one = One::of(given, &inventory, earlier, &history);
        history.push((earlier, one.positions));
    }
    let One { measured, matched, positions, notes: chosen } =
        One::of(given, &inventory, day, &history);
    notes.extend(chosen);
    notes.extend(metrics_without_rule(&inventory, rules, day));
    let mut days = history.clone();
    days.push((day, positions.clone()));
    let over_uses = over_uses(&days, &inventory);
    let valued = valuate(&over_uses, &rules.policies.valuation);
    let overlaps = overlaps(&inventory, &rules.policies.matching, day);
    let reused = reused(&inventory, &rules.policies.matching, day);
    notes.extend(reused.iter().filter(|one| one.given_on > month_before(day)).map(reuse));
    let terms = contract_terms(&inventory, given.calendars, day);
    let thresholds = &rules.duties.thresholds;
    let burn_downs = burn_downs(&inventory.contracts, &given.beside.spent, thresholds, day);
    let standings = standing::standings(&positions, &matched, &inventory, &history);
    let held_twice = standing::held_twice(&overlaps, &inventory, day);
    let cloud = standing::cloud_uses(&inventory, day);
    let unknown_products = standing::unknown_products(told);
    let warnings = warnings(
        &Watched {
            day,
            inventory: &inventory,
            standings: &standings,
            measured: &measured,
            terms: &terms,
            burn_downs: &burn_downs,
            held_twice: &held_twice,
            cloud: &cloud,
            unrecognised: &unknown_products,
        },
        &rules.duties,
    );
    LicenseOutcome {
        day,
        inventory,
        measured,
        matched,
        positions,
        history,
        over_uses,
        valued,
        overlaps,
        reused,
        terms,
        burn_downs,
        standings,
        held_twice,
        cloud,
        unknown_products,
        warnings,
        notes,
    }
}

/// The position of one day, and what it is made of.
struct One {
    measured: Vec<Measured>,
    matched: Matched,
    positions: Vec<Position>,
    notes: Vec<Finding>,
}

impl One {
    fn of(
        given: &Given<'_>,
        inventory: &Inventory,
        day: NaiveDate,
        history: &[(NaiveDate, Vec<Position>)],
    ) -> Self {
        let rules = given.rules;
        let mut measured = measure_all(inventory, rules, day);
        let notes = choose::by_one_metric(&mut measured, inventory, day);
        let offers = &rules.policies.valuation.offers;
        let matched = match_rights(&MatchInput {
            day,
            inventory,
            measured: &measured,
            rules: &rules.policies.matching,
            offers,
        });
        let warning_at = warning_at(rules);
        let positions = position(&PositionInput {
            day,
            inventory,
            measured: &measured,
            matched: &matched,
            offers,
            warning_at: &warning_at,
            history,
        });
        let positions = positions.into_iter().map(|line| doubted(line, given.told)).collect();
        Self { measured, matched, positions, notes }
    }
}

/// A line of a product of which rows stand aside is not known.
fn doubted(mut line: Position, told: &Told) -> Position {
    let aside = told.doubts(&line.key.product).count();
    if aside > 0 && !line.is_over() {
        line.status = super::position::Status::Unknown;
        line.gaps.push(format!("{aside} rows of tables could not be used").into());
    }
    line
}

/// The lowest level that is declared for any product: from there on a threshold is told of.
fn warning_at(rules: &LicenseRules) -> Number {
    let entries = rules.duties.thresholds.iter();
    let mut any = entries.filter(|entry| entry.subjects.matches(|_| None, None));
    let levels = any.find_map(|entry| entry.utilisation.as_ref());
    let lowest = levels.and_then(|levels| levels.iter().min()).cloned();
    lowest.unwrap_or_else(|| Number::from_integer(BigInt::from(WARNING_AT)))
}

fn is_state(row: &UseRow) -> bool {
    !matches!(row.kind, UseKind::Sample | UseKind::Billing)
}

/// The newest snapshot of each month before the day's, ascending, and no more than [`MONTHS_BACK`] of them.
fn earlier_days(inventory: &Inventory, day: NaiveDate) -> Vec<NaiveDate> {
    let mut newest: BTreeMap<Period, NaiveDate> = BTreeMap::new();
    let states = inventory.uses.iter().filter(|row| is_state(row));
    for row in states.filter(|row| Period::of(row.snapshot) < Period::of(day)) {
        let known = newest.entry(Period::of(row.snapshot)).or_insert(row.snapshot);
        *known = row.snapshot.max(*known);
    }
    let skipped = newest.len().saturating_sub(MONTHS_BACK);
    newest.into_values().skip(skipped).collect()
}

fn month_before(day: NaiveDate) -> NaiveDate {
    Period::of(day).prior().last()
}

/// Rights that nothing can count, by the metric that they name.
fn metrics_without_rule(
    inventory: &Inventory,
    rules: &LicenseRules,
    day: NaiveDate,
) -> Vec<Finding> {
    let mut found: BTreeMap<&str, Vec<&super::inventory::Entitlement>> = BTreeMap::new();
    for right in inventory.entitlements.iter().filter(|right| right.days.contains(day)) {
        let version = rules.metric(&right.metric).and_then(|metric| metric.version_on(day));
        if version.is_none() {
            found.entry(&right.metric).or_default().push(right);
        }
    }
    let told = found.into_iter().map(|(name, rights)| {
        let first = rights[0];
        let is_declared = rules.metric(name).is_some();
        let text = if is_declared {
            format!("the metric `{name}` has no version on {day}, so that nothing is counted by it")
        } else {
            format!("the right `{}` is counted by `{name}`, which no rule declares", first.id)
        };
        let known = rules.metrics.iter().map(|metric| &*metric.name);
        let help = crate::diagnostics::did_you_mean(name, known).map_or_else(
            || {
                "declare the metric in a license rule file, or add the pack that has it to `packs`"
                    .to_owned()
            },
            |near| format!("did you mean `{near}`?"),
        );
        let help =
            if is_declared { "add a version for these days to its rule".to_owned() } else { help };
        let finding = Finding::new(Code::LicenseMetric, text).help(help);
        finding.count(rights.len() as u64).at(place(&first.origin))
    });
    told.collect()
}

fn reuse(one: &Reused) -> Finding {
    let text = format!(
        "a license of {} that `{}` gave back on {} was given to `{}` on {}; it is free from {}",
        super::matching::shown(&one.product),
        one.released_by,
        one.released_on,
        one.given_to,
        one.given_on,
        one.free_from,
    );
    let help =
        "buy one more, or tell why it could be given at once in `release_reason`, such as leaver";
    Finding::new(Code::LicenseReused, text).help(help).at(place(&one.origin))
}
