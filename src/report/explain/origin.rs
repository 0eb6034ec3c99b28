//! What a bearer was charged directly: by rule, then by what it was and by file.

use std::collections::BTreeMap;

use crate::allocate::{Bearer, Group};
use crate::domain::{Costs, Currency};
use crate::rules::RuleId;

use super::super::Facts;
use super::branch::Branch;

/// The direct cost of a bearer in one currency, a branch per rule.
pub(super) fn by_rule(facts: &Facts<'_>, bearer: Bearer, currency: Currency) -> Vec<Branch> {
    let mut rules: BTreeMap<Option<RuleId>, (u64, Costs)> = BTreeMap::new();
    for (key, (rows, costs)) in &facts.cube.lineage {
        if key.month == facts.period && key.verdict.bearer == bearer && key.currency == currency {
            let sum = rules.entry(key.verdict.rule).or_default();
            sum.0 += rows;
            sum.1 += *costs;
        }
    }
    rules.into_iter().map(|(rule, sum)| of_rule(facts, bearer, currency, rule, sum)).collect()
}

fn of_rule(
    facts: &Facts<'_>,
    bearer: Bearer,
    currency: Currency,
    rule: Option<RuleId>,
    (rows, costs): (u64, Costs),
) -> Branch {
    let declared = rule.map(|id| facts.rules.rule(id));
    let label =
        declared.map_or("no rule matches".to_owned(), |rule| format!("rule `{}`", rule.name));
    Branch::new(label, currency, costs)
        .rows(rows)
        .declared_at(declared.map(|rule| format!("{}:{}", rule.span.path, rule.span.line)))
        .cut("by charge", cells(facts, bearer, currency, rule))
        .cut("by file", files(facts, bearer, currency, rule))
}

/// Cells of the cube, days added up.
fn cells(
    facts: &Facts<'_>,
    bearer: Bearer,
    currency: Currency,
    rule: Option<RuleId>,
) -> Vec<Branch> {
    let cube = facts.cube;
    let mut sums: BTreeMap<String, (u64, Costs)> = BTreeMap::new();
    for cells in cube.groups_of(facts.period) {
        let group = cells.group;
        let ours = group.verdict.bearer == bearer
            && group.verdict.rule == rule
            && group.currency == currency;
        if ours {
            let sum = sums.entry(cell_label(facts, group)).or_default();
            sum.0 += cells.rows();
            sum.1 += cells.costs();
        }
    }
    sorted(
        facts,
        sums.into_iter()
            .map(|(label, (rows, costs))| Branch::new(label, currency, costs).rows(rows)),
    )
}

fn cell_label(facts: &Facts<'_>, group: &Group) -> String {
    let cube = facts.cube;
    let named = [group.provider, group.sub_account, group.service, group.charge_category];
    let mut parts: Vec<String> =
        named.into_iter().filter_map(|id| cube.name(id)).map(str::to_owned).collect();
    for (id, value) in facts.rules.detail_dimensions().into_iter().zip(&group.dimensions) {
        if let Some(value) = cube.name(*value) {
            parts.push(format!("{}={value}", facts.rules.dimension(id).name));
        }
    }
    parts.join(" · ")
}

fn files(
    facts: &Facts<'_>,
    bearer: Bearer,
    currency: Currency,
    rule: Option<RuleId>,
) -> Vec<Branch> {
    let of_rule = facts.cube.lineage.iter().filter(|(key, _)| {
        key.month == facts.period
            && key.verdict.bearer == bearer
            && key.verdict.rule == rule
            && key.currency == currency
    });
    sorted(
        facts,
        of_rule.map(|(key, (rows, costs))| {
            let path = facts.scan.files.get(key.file.0 as usize).map_or("", |file| &file.path);
            Branch::new(path, currency, *costs).rows(*rows)
        }),
    )
}

/// Largest first; equal ones by their label.
fn sorted(facts: &Facts<'_>, branches: impl Iterator<Item = Branch>) -> Vec<Branch> {
    let metric = facts.rules.view.metric();
    let mut branches: Vec<Branch> = branches.collect();
    branches.sort_by(|a, b| {
        let (left, right) = (a.costs[metric].abs(), b.costs[metric].abs());
        right.cmp(&left).then_with(|| a.label.cmp(&b.label))
    });
    branches
}
