//! What the bills at hand say of the rules.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostics::{Code, Finding, Place};
use crate::domain::{Amount, CostMetric, Currency, DateRange};
use crate::rules::{RuleId, RuleSet};

use super::super::cube::{Bearer, Cube, NameId, Reason, UnallocatedItem};
use super::overlap::{Contested, Overlaps};
use super::quoted;

/// What the names of rules that policies make begin with.
const POLICY: &str = "policy: ";
/// Rules that are named as taking what another one matches.
const MOST_NAMED: usize = 3;

/// Overlaps, and rules that match nothing. `unreachable` are findings over the rules alone: what is
/// told of a rule there is not told again.
#[must_use]
pub fn lint_data(
    rules: &RuleSet,
    cube: &Cube,
    overlaps: &Overlaps,
    unreachable: &[Finding],
) -> Vec<Finding> {
    let is_told = |rule: RuleId| {
        let place = Some(Place::Text(rules.rule(rule).span.clone()));
        unreachable.iter().any(|finding| finding.place == place)
    };
    let mut found = contested(rules, cube, overlaps, is_told);
    let matched: BTreeSet<RuleId> =
        cube.lineage.keys().filter_map(|key| key.verdict.rule).collect();
    let ids = (0..).map(RuleId).take(rules.classify.len());
    let idle = ids.filter(|id| !matched.contains(id) && !is_told(*id));
    found.extend(idle.map(|id| without_match(rules, cube, overlaps, id)));
    found
}

/// Two rules of which each matches charges that the other does not, and which disagree about those
/// that both match. A rule that is the exception from a later one is meant to go first.
fn contested(
    rules: &RuleSet,
    cube: &Cube,
    overlaps: &Overlaps,
    is_told: impl Fn(RuleId) -> bool,
) -> Vec<Finding> {
    type Pairs = BTreeMap<(RuleId, RuleId), Vec<(Currency, Contested)>>;
    let mut pairs = Pairs::new();
    let told = overlaps.contested.iter().filter(|((_, second, _), _)| !is_told(*second));
    for ((first, second, currency), sum) in told {
        pairs.entry((*first, *second)).or_default().push((*currency, *sum));
    }
    let is_exception = |(first, second): (RuleId, RuleId)| {
        let days = rules.rule(first).valid;
        // Policies are declared to go before all rules.
        if rules.rule(first).name.starts_with(POLICY) {
            return true;
        }
        rules.rule(first).when.implies(&rules.rule(second).when, days)
    };
    let mut pairs: Vec<_> = pairs.into_iter().filter(|(pair, _)| !is_exception(*pair)).collect();
    let weight = |sums: &[(Currency, Contested)]| sums.iter().map(|(_, sum)| sum.rows).sum::<u64>();
    pairs.sort_by_key(|(pair, sums)| (Reverse(weight(sums)), *pair));
    let report = |((first, second), sums): ((RuleId, RuleId), Vec<(Currency, Contested)>)| {
        let (first, second) = (rules.rule(first), rules.rule(second));
        let rows = weight(&sums);
        let text = format!(
            "rules `{}` and `{}` disagree about {} of {}, {}; `{}` stands first and decides",
            first.name,
            second.name,
            counted(rows),
            cube.period,
            money(sums.iter().map(|(currency, sum)| (*currency, sum.effective))),
            first.name,
        );
        let help = format!(
            "if that is meant, let `{}` leave them out by a `not`; else move it before `{}` ({})",
            second.name, first.name, first.span
        );
        let finding = Finding::new(Code::RulesOverlap, text).help(help);
        finding.at(Place::Text(second.span.clone()))
    };
    pairs.into_iter().map(report).collect()
}

fn without_match(rules: &RuleSet, cube: &Cube, overlaps: &Overlaps, id: RuleId) -> Finding {
    let rule = rules.rule(id);
    let months: Vec<String> = cube.months().iter().map(ToString::to_string).collect();
    let takers: Vec<(RuleId, u64)> = overlaps
        .taken
        .range((id, RuleId(0))..=(id, RuleId(u16::MAX)))
        .map(|((_, taker), rows)| (*taker, *rows))
        .collect();
    let rows: u64 = takers.iter().map(|(_, rows)| rows).sum();
    let (text, help) = if takers.is_empty() {
        let held = cube.segments.iter().any(|days| {
            let charged = cube.months().iter().any(|month| month.days().overlaps(*days));
            charged && rule.valid.overlaps(*days)
        });
        let text = format!("rule `{}` matches no charge of {}", rule.name, months.join(", "));
        let help = if held && rule.valid == DateRange::ALWAYS {
            "mend its condition, or remove it if it is no longer needed".to_owned()
        } else {
            format!("it holds {}; mend its condition or days, or remove it", rule.valid)
        };
        (text, help)
    } else {
        let mut named = takers.clone();
        named.sort_by_key(|(rule, rows)| (Reverse(*rows), *rule));
        named.truncate(MOST_NAMED);
        let names: Vec<&str> =
            named.iter().map(|(rule, _)| rules.rule(*rule).name.as_str()).collect();
        let text = format!(
            "rule `{}` decides nothing in {}: before it, {} {} the {} that it matches",
            rule.name,
            months.join(", "),
            quoted(&names),
            match takers.len() {
                1 => "takes",
                known if known > MOST_NAMED => "and others take",
                _ => "take",
            },
            counted(rows),
        );
        (text, format!("move it before {}, or remove it", quoted(&names[..1])))
    };
    Finding::new(Code::RuleWithoutMatch, text).help(help).at(Place::Text(rule.span.clone()))
}

/// Cost of the period that no rule matches, of one provider and service in one currency.
#[derive(Clone, Debug)]
pub struct Uncovered<'c> {
    pub provider: NameId,
    pub service: NameId,
    pub currency: Currency,
    pub rows: u64,
    pub effective: Amount,
    /// The largest part of it, for a rule to be suggested by.
    pub largest: Option<&'c UnallocatedItem>,
}

/// All of it, largest first. A finding for it is the caller's, who can suggest a rule.
#[must_use]
pub fn uncovered(cube: &Cube) -> Vec<Uncovered<'_>> {
    let mut found: BTreeMap<(Currency, NameId, NameId), Uncovered<'_>> = BTreeMap::new();
    let no_rule = |bearer| matches!(bearer, Bearer::Unallocated(Reason::NoRule));
    for cells in cube.groups_of(cube.period).filter(|c| no_rule(c.group.verdict.bearer)) {
        let (group, rows, costs) = (cells.group, cells.rows(), cells.costs());
        let (provider, service, currency) = (group.provider, group.service, group.currency);
        let all = found.entry((currency, provider, service)).or_insert(Uncovered {
            provider,
            service,
            currency,
            rows: 0,
            effective: Amount::ZERO,
            largest: None,
        });
        all.rows += rows;
        all.effective += costs[CostMetric::EffectiveCost];
    }
    for item in cube.unallocated.iter().filter(|item| item.reason == Reason::NoRule) {
        let Some(all) = found.get_mut(&(item.currency, item.provider, item.service)) else {
            continue;
        };
        let effective = |item: &UnallocatedItem| item.costs[CostMetric::EffectiveCost];
        if all.largest.is_none_or(|known| effective(known) < effective(item)) {
            all.largest = Some(item);
        }
    }
    let mut found: Vec<Uncovered<'_>> = found.into_values().collect();
    let names = |one: &Uncovered<'_>| (cube.text(one.provider), cube.text(one.service));
    found.sort_by(|a, b| {
        (a.currency, Reverse(a.effective), names(a)).cmp(&(
            b.currency,
            Reverse(b.effective),
            names(b),
        ))
    });
    found
}

fn counted(rows: u64) -> String {
    if rows == 1 { "1 charge".to_owned() } else { format!("{rows} charges") }
}

fn money(sums: impl Iterator<Item = (Currency, Amount)>) -> String {
    let shown: Vec<String> =
        sums.map(|(currency, amount)| format!("{amount} {currency}")).collect();
    format!("{} EffectiveCost", shown.join(" and "))
}
