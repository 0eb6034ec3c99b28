//! The month in a few lines, for whoever watches a run.

use super::quarantined::quarantined;
use super::run_json::report_totals;
use super::{Facts, LicenseReports};

/// A line per currency, one of all of them where each has a rate, and one per currency of what lies
/// in quarantine. Texts of bills are as they were read.
#[must_use]
pub fn summary(facts: &Facts<'_>) -> Vec<String> {
    let metric = facts.rules.view.metric();
    let totals = facts.totals.iter().filter(|total| total.metric == metric);
    let mut lines: Vec<String> = totals
        .map(|total| {
            format!(
                "{} {metric} {}: allocated {}, unallocated {}, rounding {}",
                total.currency, total.accepted, total.allocated, total.unallocated, total.rounding
            )
        })
        .collect();
    let all = report_totals(facts).unwrap_or_default();
    let all = all.into_iter().filter(|total| total.metric == metric.name());
    let has_several = lines.len() > 1;
    lines.extend(all.filter(|_| has_several).map(|total| {
        format!(
            "all in {} {metric} {}: allocated {}, unallocated {}, rounding {}",
            total.currency, total.accepted, total.allocated, total.unallocated, total.rounding
        )
    }));
    for (currency, sums) in quarantined(facts) {
        let rows = if sums.rows == 1 { "1 row".to_owned() } else { format!("{} rows", sums.rows) };
        let money = sums.billed.sum().map_or_else(
            || "BilledCost unknown".to_owned(),
            |sum| format!("BilledCost {sum} {currency} known of {}", sums.billed.rows),
        );
        lines.push(format!("in quarantine {rows}, {money}"));
    }
    lines.extend(facts.licenses.as_ref().map(LicenseReports::summary));
    lines
}
