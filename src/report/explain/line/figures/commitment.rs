//! Commitments: sums over their charges by who bears them and by which rule.

use std::collections::BTreeMap;

use crate::allocate::{CommitmentKey, CommitmentPart, CommitmentSum};
use crate::domain::{Amount, CostMetric};
use crate::report::party::of_bearer;

use super::super::quantity::{of_amount, of_count, quantity, rounded, shown};
use super::super::registry::Asked;
use super::super::told::{Term, Told};
use super::super::{Explainer, term};

/// The charges that a line is about, with who bears them by which rule.
fn charges<'a>(
    this: &'a Explainer<'_>,
    asked: &Asked<'_>,
    wanted: impl Fn(CommitmentPart) -> bool,
) -> Vec<(String, &'a CommitmentKey, &'a CommitmentSum)> {
    let facts = this.facts;
    let text = |name| facts.cube.text(name);
    let is_use = asked.table.column("owner").is_some();
    let mut found = Vec::new();
    for (key, sum) in &facts.cube.commitments {
        let id = key.commitment;
        let (kind, owner) = of_bearer(key.verdict.bearer, facts.cube, facts.rules);
        let is_ours = key.month == facts.period
            && text(id.provider) == asked.field("provider")
            && text(id.id) == asked.field("commitment_discount_id")
            && id.currency.code() == asked.field("currency")
            && wanted(key.part)
            && (!is_use || (kind.name() == asked.field("kind") && owner == asked.field("owner")));
        if is_ours {
            let rule = key.verdict.rule.map_or("no rule", |rule| &facts.rules.rule(rule).name);
            let who = if owner.is_empty() { kind.name() } else { &*owner };
            found.push((format!("{who}, by rule `{rule}`, {:?}", key.part), key, sum));
        }
    }
    found
}

fn terms(
    found: Vec<(String, &CommitmentKey, &CommitmentSum)>,
    of: impl Fn(&CommitmentSum) -> super::super::quantity::Quantity,
) -> Vec<Term> {
    let mut sums: BTreeMap<String, super::super::quantity::Quantity> = BTreeMap::new();
    for (label, _, sum) in found {
        *sums.entry(label).or_default() += of(sum);
    }
    sums.into_iter().map(|(label, amount)| Term::new(label, amount)).collect()
}

/// Charges of a part, in the metric that the column is about.
pub(in super::super) fn of_charges(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    use CommitmentPart::{Other, Purchase, Unused, Used};
    let (parts, metric): (&[CommitmentPart], _) = match asked.base {
        "purchased" => (&[Purchase], CostMetric::BilledCost),
        "other" => (&[Purchase, Other], CostMetric::EffectiveCost),
        "used" => (&[Used], CostMetric::EffectiveCost),
        "unused" => (&[Unused], CostMetric::EffectiveCost),
        "list_cost" => (&[Used], CostMetric::ListCost),
        "contracted_cost" => (&[Used], CostMetric::ContractedCost),
        _ => (&[Purchase, Other, Used, Unused], CostMetric::EffectiveCost),
    };
    let found = charges(this, asked, |part| parts.contains(&part));
    if asked.base == "rows" {
        return asked.says("rows of its charges").sum(terms(found, |sum| of_count(sum.rows)));
    }
    let how = format!("{} of its charges, by who bears them", metric.name());
    asked.says(how).sum(terms(found, |sum| of_amount(sum.costs[metric])))
}

pub(in super::super) fn utilisation(_: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    let told = asked.says("used / (used + unused), four digits");
    match (quantity(asked.field("used")), quantity(asked.field("unused"))) {
        (Some(used), Some(unused)) => {
            let note = format!("{} / ({0} + {})", shown(&used), shown(&unused));
            told.note(note).is(&rounded(&(&used / (&used + unused)), 4))
        }
        _ => told,
    }
}

pub(in super::super) fn share(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    let told = asked.says("its used cost over that of all, four digits");
    let all = charges(this, &without_owner(asked, this), |part| part == CommitmentPart::Used);
    let all: Amount = all.iter().map(|(_, _, sum)| sum.costs[CostMetric::EffectiveCost]).sum();
    match quantity(asked.field("used")) {
        Some(used) if !all.is_zero() => {
            told.note(format!("{} / {all}", shown(&used))).is(&rounded(&(used / of_amount(all)), 4))
        }
        _ => told,
    }
}

/// The line of the commitment that a line of its use belongs to.
fn without_owner<'a>(asked: &Asked<'a>, this: &'a Explainer<'_>) -> Asked<'a> {
    let Some(table) = this.tables.get("commitments.csv") else { return *asked };
    let same = |at: &usize| {
        ["provider", "commitment_discount_id", "currency"]
            .iter()
            .all(|column| table.field(*at, column) == asked.field(column))
    };
    let record = (0..table.records.len()).find(same);
    record.map_or(*asked, |record| Asked { table, record, ..*asked })
}

/// What used charges would have cost more.
pub(in super::super) fn saved(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    let metric = if asked.base.ends_with("list") {
        CostMetric::ListCost
    } else {
        CostMetric::ContractedCost
    };
    let used = || charges(this, asked, |part| part == CommitmentPart::Used);
    let mut found = Vec::new();
    if let Some(mine) = term(asked.table, asked.record, "used") {
        let would: Amount = used().iter().map(|(_, _, sum)| sum.costs[metric]).sum();
        found.push(Term::new(metric.name(), of_amount(would)));
        found.push(Term { amount: -mine.amount.clone(), label: "used".to_owned(), ..mine });
    }
    asked
        .says(format!("{} of its used charges, less their EffectiveCost", metric.name()))
        .sum(found)
}
