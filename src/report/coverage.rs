//! How much of the period's cost and rows has a value in each dimension, and where it came from.

use std::collections::BTreeMap;

use crate::domain::{Amount, Currency};

use super::Facts;
use super::kpi::Kpi;

/// Provenances that are not an answer: the dimension had to do without one.
const UNANSWERED: [&str; 3] = ["absent", "default", "invalid"];

/// Rows and cost.
type Sums = (u64, Amount);

/// Per currency and dimension: what part has an answer, then each provenance's part.
pub(super) fn kpis(facts: &Facts) -> Vec<Kpi> {
    let mut kpis = Vec::new();
    for ((currency, dimension), provenances) in by_dimension(facts) {
        let all = provenances.values().fold(Sums::default(), add);
        let answered = provenances.iter().filter(|(name, _)| !UNANSWERED.contains(name));
        let answered = answered.map(|(_, sums)| sums).fold(Sums::default(), add);
        let mut pair = |cost, rows, scope: &str, part: Sums| {
            kpis.push(Kpi::ratio(cost, scope, currency, part.1, all.1));
            kpis.push(Kpi::row_ratio(rows, scope, currency, part.0, all.0));
        };
        pair("coverage_by_cost", "coverage_by_rows", dimension, answered);
        for (provenance, sums) in &provenances {
            let scope = format!("{dimension}={provenance}");
            pair("provenance_by_cost", "provenance_by_rows", &scope, *sums);
        }
    }
    kpis
}

fn add(sum: Sums, next: &Sums) -> Sums {
    (sum.0 + next.0, sum.1 + next.1)
}

fn by_dimension<'a>(facts: &Facts<'a>) -> BTreeMap<(Currency, &'a str), BTreeMap<&'a str, Sums>> {
    let mut table: BTreeMap<_, BTreeMap<&str, Sums>> = BTreeMap::new();
    for ((currency, profile), sums) in &facts.cube.coverage {
        let profile = facts.cube.provenances.get(*profile as usize);
        for (dimension, provenance) in
            facts.rules.dimensions.iter().zip(profile.into_iter().flatten())
        {
            let known = table.entry((*currency, dimension.name.as_str())).or_default();
            let known = known.entry(provenance.as_str()).or_default();
            *known = add(*known, &(sums.0, sums.1[facts.rules.view.metric()]));
        }
    }
    table
}
