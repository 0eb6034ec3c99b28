//! Findings about cost that no rule matches, each with a rule that would.

use std::collections::BTreeMap;

use crate::allocate::{Cube, Uncovered, uncovered};
use crate::diagnostics::{Code, Finding, printable};
use crate::domain::{Amount, Currency, Org};
use crate::rules::RuleSet;

use super::suggest::{Evidence, quoted};

/// Services that are named; what lies beyond them is told as one sum.
const MOST_NAMED: usize = 20;

/// Cost of the period that no rule matches, by provider and service, largest first.
#[must_use]
pub fn uncovered_money(rules: &RuleSet, org: &Org, cube: &Cube) -> Vec<Finding> {
    let all = uncovered(cube);
    if all.is_empty() {
        return Vec::new();
    }
    let evidence = Evidence::of(rules, org, cube);
    let (named, rest) = all.split_at(all.len().min(MOST_NAMED));
    let mut found: Vec<Finding> = named.iter().map(|one| finding(one, cube, &evidence)).collect();
    let mut sums: BTreeMap<Currency, (u64, Amount, usize)> = BTreeMap::new();
    for one in rest {
        let sum = sums.entry(one.currency).or_default();
        *sum = (sum.0 + one.rows, sum.1 + one.effective, sum.2 + 1);
    }
    found.extend(sums.into_iter().map(|(currency, (rows, amount, services))| {
        let text = format!(
            "no rule matches {} of {services} more services: {amount} {currency} EffectiveCost",
            counted(rows)
        );
        let help = "unallocated.csv of a run lists them all";
        Finding::new(Code::MoneyUncovered, text).help(help)
    }));
    found
}

fn finding(one: &Uncovered<'_>, cube: &Cube, evidence: &Evidence<'_>) -> Finding {
    let names = [one.provider, one.service].map(|name| cube.text(name));
    let named: Vec<&str> = names.into_iter().filter(|name| !name.is_empty()).collect();
    let whose = if named.is_empty() { "a service without a name" } else { &named.join(", ") };
    let text = format!(
        "no rule matches {} of {}: {} {} EffectiveCost",
        counted(one.rows),
        printable(whose),
        one.effective,
        one.currency
    );
    let suggested = one.largest.map(|item| evidence.rule_for(item)).unwrap_or_default();
    let help = match (suggested.is_empty(), names[1]) {
        (false, _) => suggested,
        (true, "") => "add a rule that names an owner or a pool for it".to_owned(),
        (true, service) => format!(
            "add a rule, with an owner or a pool of yours: classify: [ {{ name: {0}, when: {{ service: {0} }}, pool: shared }} ]",
            quoted(service)
        ),
    };
    Finding::new(Code::MoneyUncovered, text).help(help)
}

fn counted(rows: u64) -> String {
    if rows == 1 { "1 charge".to_owned() } else { format!("{rows} charges") }
}
