//! What is worth knowing about how the period's charges were decided.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::diagnostics::{Code, Finding, Place};
use crate::domain::{Amount, CostMetric, Currency, Org, Period, Standing, likeness};
use crate::ingest::{FileReport, MonthTotals, ScanReport};
use crate::rules::{RuleId, RuleSet};

use super::cube::{Bearer, Cube, Reason};
use super::model::{Allocation, Flow, Party, PeriodTotal};

/// Findings over the files, the cube and the allocation of the period.
#[must_use]
pub fn findings(
    scan: &ScanReport,
    cube: &Cube,
    rules: &RuleSet,
    org: &Org,
    allocation: &Allocation,
    totals: &[PeriodTotal],
) -> Vec<Finding> {
    let mut found = allocation.findings.clone();
    found.extend(no_charges(cube));
    found.extend(other_months(scan, cube.period));
    found.extend(silent_sources(scan, cube.period));
    found.extend(unallocated(totals, cube, rules.view.metric()));
    found.extend(unusable_owners(cube, org));
    found.extend(lookalikes(cube));
    found.extend(other_forms(cube));
    found.extend(rules_without_match(cube, rules));
    found.extend(negative_parties(allocation, rules.view.metric()));
    found
}

fn no_charges(cube: &Cube) -> Option<Finding> {
    if cube.months().contains(&cube.period) {
        return None;
    }
    let months: Vec<String> = cube.months().iter().map(Period::to_string).collect();
    let text = format!("no charge is billed in {}", cube.period);
    let help = if months.is_empty() {
        "the files hold no charge of any month".to_owned()
    } else {
        format!("the files hold {}; ask for one of them, or check the delivery", months.join(", "))
    };
    Some(Finding::new(Code::NoChargesInPeriod, text).help(help))
}

/// Rows of other months than the period. In a file that is mostly of the period they came late, or
/// early, and are named with their money; files that are mostly of other months are history.
fn other_months(scan: &ScanReport, period: Period) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut history: BTreeMap<Period, u64> = BTreeMap::new();
    for file in &scan.files {
        let is_late = main_month(file) == Some(period);
        for ((currency, month), totals) in file.totals.iter().filter(|((_, m), _)| *m != period) {
            // Shares of rows that are spread belong where they are.
            if totals.rows == 0 {
                continue;
            }
            if is_late {
                found.push(late_rows(file, period, *currency, *month, totals));
            } else {
                *history.entry(*month).or_default() += totals.rows;
            }
        }
    }
    found.extend(history.into_iter().map(|(month, rows)| {
        let text =
            format!("{} of {month} in files of other months serve as history", counted(rows));
        Finding::new(Code::OtherPeriod, text).count(rows)
    }));
    found
}

/// The month that most rows of a file are billed in.
fn main_month(file: &FileReport) -> Option<Period> {
    let mut rows: BTreeMap<Period, u64> = BTreeMap::new();
    for ((_, month), totals) in &file.totals {
        *rows.entry(*month).or_default() += totals.rows;
    }
    rows.into_iter().max_by_key(|(month, rows)| (*rows, *month)).map(|(month, _)| month)
}

fn late_rows(
    file: &FileReport,
    period: Period,
    currency: Currency,
    month: Period,
    totals: &MonthTotals,
) -> Finding {
    let text = format!(
        "billed in {month}, not in {period}: {} of {} ({} {currency} BilledCost, {} EffectiveCost)",
        totals.rows,
        counted(file.rows),
        totals.costs[CostMetric::BilledCost],
        totals.costs[CostMetric::EffectiveCost],
    );
    Finding::new(Code::LateRows, text)
        .count(totals.rows)
        .help(format!(
            "they are in no total of {period}; reports of {month} that were made without this file lack them"
        ))
        .at(Place::File(file.path.clone()))
}

fn counted(rows: u64) -> String {
    if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") }
}

/// Sources that bring charges, but none of the period: a bill that did not come looks like this.
fn silent_sources(scan: &ScanReport, period: Period) -> Vec<Finding> {
    let mut sources: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for file in &scan.files {
        let rows = sources.entry(&file.source).or_default();
        rows.0 += file.accepted;
        let of_period = file.totals.iter().filter(|((_, month), _)| *month == period);
        rows.1 += of_period.map(|(_, totals)| totals.charges()).sum::<u64>();
    }
    let silent = sources.into_iter().filter(|(_, (all, of_period))| *all > 0 && *of_period == 0);
    silent
        .map(|(source, _)| {
            let text = format!("source `{source}` has charges of other months, but none of {period}");
            Finding::new(Code::SourceWithoutCharges, text)
                .help("check that its bill of the month was delivered; without it the totals are too small")
        })
        .collect()
}

fn unallocated(totals: &[PeriodTotal], cube: &Cube, metric: CostMetric) -> Vec<Finding> {
    let of_period = |currency: Currency| {
        let groups = cube.groups_of(cube.period).filter(move |cells| {
            let group = cells.group;
            group.currency == currency && matches!(group.verdict.bearer, Bearer::Unallocated(_))
        });
        groups.map(|cells| cells.rows()).sum::<u64>()
    };
    let of_view = totals.iter().filter(|total| total.metric == metric);
    of_view
        .filter(|total| !total.unallocated.is_zero())
        .map(|total| {
            let text = format!(
                "{} of {} {} {metric} has no owner",
                total.unallocated, total.accepted, total.currency
            );
            Finding::new(Code::Unallocated, text)
                .help("unallocated.csv lists it by reason, with a suggested rule")
                .count(of_period(total.currency).max(1))
        })
        .collect()
}

fn unusable_owners(cube: &Cube, org: &Org) -> Vec<Finding> {
    let mut asked: BTreeMap<(Code, &str), u64> = BTreeMap::new();
    let twins: HashMap<_, &str> = org.ids().map(|id| (likeness(id), id)).collect();
    let twin = |name: &str| twins.get(&likeness(name)).copied();
    for (key, (rows, _)) in cube.lineage.iter().filter(|(key, _)| key.month == cube.period) {
        let Bearer::Unallocated(reason) = key.verdict.bearer else { continue };
        let code = match reason {
            Reason::NoRule => continue,
            Reason::UnknownOwner(name) if twin(cube.text(name)).is_some() => Code::OwnerLookalike,
            Reason::UnknownOwner(_) => Code::UnknownOwner,
            Reason::ClosedOwner(_) => Code::ClosedOwner,
            Reason::OwnerCase(_) => Code::OwnerCase,
        };
        *asked.entry((code, cube.text(reason.asked()))).or_default() += rows;
    }
    let report = |((code, name), rows): ((Code, &str), u64)| {
        let text = match code {
            Code::ClosedOwner => {
                format!("charges name the owner `{name}` on days when it is closed")
            }
            Code::OwnerCase => match org.standing(name, cube.period.first()) {
                Standing::CaseDiffers(known) => {
                    format!("charges name the owner `{name}`, which is `{known}` but for case")
                }
                _ => format!(
                    "charges name the owner `{name}`, which differs from a known one in case"
                ),
            },
            Code::OwnerLookalike => format!(
                "charges name the owner `{name}`, which looks like `{}` but has {}",
                twin(name).unwrap_or_default(),
                odd_letters(name)
            ),
            _ => format!("charges name the owner `{name}`, which is not among the cost centers"),
        };
        let help = match code {
            Code::ClosedOwner => "name its successor by a dated rule, or mend the tag",
            Code::OwnerLookalike => {
                "mend the tag where it is set, or map the value in the dimension"
            }
            Code::OwnerCase => "declare `case:` on the dimension that names owners",
            _ => "add it to the cost centers, map the value in the dimension, or mend the tag",
        };
        Finding::new(code, text).count(rows).help(help)
    };
    asked.into_iter().map(report).collect()
}

/// The letters of a name that are not ASCII, by their numbers.
fn odd_letters(name: &str) -> String {
    let mut odd: Vec<char> = name.chars().filter(|letter| !letter.is_ascii()).collect();
    odd.sort_unstable();
    odd.dedup();
    let numbers: Vec<String> =
        odd.iter().take(4).map(|letter| format!("U+{:04X}", u32::from(*letter))).collect();
    if numbers.is_empty() { "ASCII letters only".to_owned() } else { numbers.join(", ") }
}

/// Owners that bear cost of the period and look alike.
fn lookalikes(cube: &Cube) -> Vec<Finding> {
    let mut alike: BTreeMap<String, BTreeMap<&str, u64>> = BTreeMap::new();
    for (key, (rows, _)) in cube.lineage.iter().filter(|(key, _)| key.month == cube.period) {
        if let Bearer::Owner(name) = key.verdict.bearer {
            let name = cube.text(name);
            *alike.entry(likeness(name).into_owned()).or_default().entry(name).or_default() += rows;
        }
    }
    let report = |names: BTreeMap<&str, u64>| {
        let shown: Vec<String> = names.keys().map(|name| format!("`{name}`")).collect();
        let odd: Vec<String> =
            names.keys().filter(|name| !name.is_ascii()).map(|name| odd_letters(name)).collect();
        let text = format!(
            "the owners {} look alike and are not the same; one has {}",
            shown.join(" and "),
            odd.join("; another ")
        );
        Finding::new(Code::OwnerLookalike, text).help(
            "if one is meant, mend the tag where it is set, or map the value in the dimension",
        )
    };
    alike.into_values().filter(|names| names.len() > 1).map(report).collect()
}

fn other_forms(cube: &Cube) -> Vec<Finding> {
    let report = |(column, text): &(String, String)| {
        let shown: String = text.chars().take(60).collect();
        let text = format!(
            "{column} has letters in another Unicode normal form than NFC; both spellings are one name, such as in `{shown}`"
        );
        Finding::new(Code::TextForm, text)
    };
    cube.other_forms.iter().map(report).collect()
}

fn rules_without_match(cube: &Cube, rules: &RuleSet) -> Vec<Finding> {
    let mut matched: BTreeSet<RuleId> =
        cube.lineage.keys().filter_map(|key| key.verdict.rule).collect();
    // A rule may decide only what would be borne without a policy.
    matched.extend(cube.groups().filter_map(|cells| cells.group.classified?.rule));
    let numbered = rules.classify.iter().zip((0..).map(RuleId));
    numbered
        .filter(|(_, id)| !matched.contains(id))
        .map(|(rule, _)| {
            let text = format!("rule `{}` matches no charge of any month at hand", rule.name);
            Finding::new(Code::RuleWithoutMatch, text).at(Place::Text(rule.span.clone()))
        })
        .collect()
}

/// Parties whose cost is negative: owners, what nobody bears, and pools before they are split.
fn negative_parties(allocation: &Allocation, metric: CostMetric) -> Vec<Finding> {
    let mut sums: BTreeMap<(&Party, Currency), Amount> = BTreeMap::new();
    let kept = allocation.lines.iter().filter(|line| line.flow != Flow::SharedOut);
    for line in kept.filter(|line| line.party != Party::Rounding) {
        let sum = sums.entry((&line.party, line.currency)).or_default();
        *sum += line.costs[metric];
    }
    let negative = sums.into_iter().filter(|(_, amount)| amount.is_negative());
    negative
        .map(|((party, currency), amount)| {
            let whose = match party {
                Party::Owner(name) => format!("the total of `{name}`"),
                Party::Pool(name) => format!("what pool `{name}` divides"),
                Party::Unallocated | Party::Rounding => "what has no owner".to_owned(),
            };
            let text = format!(
                "{whose} is negative: {amount} {currency}; credits, refunds or corrections exceed its cost"
            );
            Finding::new(Code::CreditsExceedCost, text)
        })
        .collect()
}
