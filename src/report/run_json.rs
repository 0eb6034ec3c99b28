//! `run.json`: the run in one document, for machines that watch it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::allocate::Party;
use crate::diagnostics::{Finding, Severity};
use crate::domain::{Amount, CostMetric, Costs, Currency};
use crate::ingest::FileReport;

use super::identity::{rules_hash, run_id};
use super::quarantined::{Quarantined, quarantined};
use super::sink::{Sink, failed};
use super::{Facts, LicenseReports};

/// Raised when a name in `run.json` or `manifest.json` changes its meaning.
pub(super) const SCHEMA_VERSION: u32 = 1;
/// Nothing is closed yet, so every report is a draft.
pub(super) const STATUS: &str = "DRAFT";

/// What run and manifest begin with.
#[derive(Serialize)]
pub(super) struct Identity {
    schema_version: u32,
    period: String,
    status: &'static str,
    run_id: String,
    rules_hash: String,
    /// `amortized` or `cash`, and the metric that this is.
    view: &'static str,
    metric: &'static str,
    tool: Tool,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Run<'a> {
    #[serde(flatten)]
    identity: Identity,
    organisation: &'a str,
    currency: Currency,
    sources: Vec<Source<'a>>,
    totals: Vec<Total>,
    exchange: Option<Exchange>,
    report_totals: Vec<ReportTotal>,
    quarantined: Vec<InQuarantine>,
    other_months: Vec<OtherMonth>,
    /// Where the project declares licenses.
    #[serde(skip_serializing_if = "Option::is_none")]
    licenses: Option<Licenses>,
    findings: Vec<Aggregated<'a>>,
}

/// Owned against used, in counts; the tables tell the rest.
#[derive(Serialize)]
struct Licenses {
    /// The day of the position.
    day: String,
    entitlements: usize,
    contracts: usize,
    rows_of_use: usize,
    /// Lines of the position by status.
    lines: BTreeMap<&'static str, u64>,
    /// Warnings that are not silenced, by kind.
    warnings: BTreeMap<&'static str, u64>,
    silenced: u64,
}

#[derive(Serialize)]
struct Source<'a> {
    name: &'a str,
    format: &'a str,
    files: Vec<File<'a>>,
}

#[derive(Serialize)]
struct File<'a> {
    path: &'a str,
    sha256: &'a str,
    rows: u64,
    accepted: u64,
    quarantined: u64,
    excluded: u64,
    control_totals: Vec<ControlTotal>,
}

#[derive(Serialize)]
struct ControlTotal {
    currency: Currency,
    metric: &'static str,
    sum: Amount,
}

#[derive(Serialize)]
struct Total {
    currency: Currency,
    metric: &'static str,
    accepted: Amount,
    allocated: Amount,
    unallocated: Amount,
    rounding: Amount,
}

/// How amounts were converted.
#[derive(Serialize)]
struct Exchange {
    policy: &'static str,
    digits: u32,
    inverse: bool,
}

/// The period over all currencies, in that of the report.
#[derive(Serialize)]
pub(super) struct ReportTotal {
    pub(super) currency: Currency,
    pub(super) metric: &'static str,
    pub(super) accepted: Amount,
    pub(super) allocated: Amount,
    pub(super) unallocated: Amount,
    pub(super) rounding: Amount,
}

/// Rows of the period, or of no known month, that are in no total.
#[derive(Serialize)]
struct InQuarantine {
    /// As the rows write it; null where they write none.
    currency: Option<String>,
    rows: u64,
    rows_of_unknown_cost: u64,
    billed_cost: Option<Amount>,
    effective_cost: Option<Amount>,
}

/// Rows billed in another month than the period: not in its totals, and not lost.
#[derive(Serialize)]
struct OtherMonth {
    period: String,
    currency: Currency,
    rows: u64,
    sums: Vec<MetricSum>,
}

#[derive(Serialize)]
struct MetricSum {
    metric: &'static str,
    sum: Amount,
}

/// Findings of one code and message.
#[derive(Serialize)]
struct Aggregated<'a> {
    code: &'static str,
    severity: &'static str,
    count: u64,
    message: &'a str,
    /// The first place, where there is one.
    place: Option<String>,
}

impl Identity {
    pub(super) fn of(facts: &Facts) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            period: facts.period.to_string(),
            status: STATUS,
            run_id: run_id(facts),
            rules_hash: rules_hash(facts),
            view: facts.rules.view.name(),
            metric: facts.rules.view.metric().name(),
            tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
        }
    }
}

pub(super) fn write(facts: &Facts, sink: &mut Sink) -> Result<(), Finding> {
    let run = Run {
        identity: Identity::of(facts),
        organisation: &facts.project.organisation,
        currency: facts.project.currency,
        sources: sources(facts),
        totals: totals(facts),
        exchange: facts.conversions.terms.map(|terms| Exchange {
            policy: terms.policy.name(),
            digits: terms.digits,
            inverse: terms.inverse,
        }),
        report_totals: report_totals(facts).unwrap_or_default(),
        quarantined: in_quarantine(facts),
        other_months: other_months(facts),
        licenses: facts.licenses.as_ref().map(licenses),
        findings: findings(facts.findings),
    };
    write_json("run.json", &run, sink)
}

fn licenses(reports: &LicenseReports<'_>) -> Licenses {
    let outcome = reports.outcome;
    let mut lines = BTreeMap::new();
    for line in &outcome.positions {
        *lines.entry(line.status.name()).or_default() += 1;
    }
    let (mut warnings, mut silenced) = (BTreeMap::new(), 0);
    for warning in &outcome.warnings {
        if warning.silenced_by.is_some() {
            silenced += 1;
        } else {
            *warnings.entry(warning.kind.name()).or_default() += 1;
        }
    }
    Licenses {
        day: outcome.day.to_string(),
        entitlements: outcome.inventory.entitlements.len(),
        contracts: outcome.inventory.contracts.len(),
        rows_of_use: outcome.inventory.uses.len(),
        lines,
        warnings,
        silenced,
    }
}

/// Writes a document with stable order of keys, indented, with a last newline.
pub(super) fn write_json(
    name: &str,
    document: &impl Serialize,
    sink: &mut Sink,
) -> Result<(), Finding> {
    let mut text = serde_json::to_vec_pretty(document).map_err(|error| failed(name, &error))?;
    text.push(b'\n');
    sink.bytes(name, &text)
}

fn sources<'a>(facts: &Facts<'a>) -> Vec<Source<'a>> {
    let of_source = |name: &str| {
        let files = facts.scan.files.iter().filter(|file| file.source == name);
        files.map(file).collect()
    };
    let source = |source: &'a crate::rules::SourceDecl| Source {
        name: &source.name,
        format: source.format.as_text(),
        files: of_source(&source.name),
    };
    facts.project.sources.iter().map(source).collect()
}

fn file(report: &FileReport) -> File<'_> {
    let sums = report.control_totals().into_iter();
    let sum = |((currency, metric), sum): ((Currency, CostMetric), Amount)| ControlTotal {
        currency,
        metric: metric.name(),
        sum,
    };
    File {
        path: &report.path,
        sha256: &report.sha256,
        rows: report.rows,
        accepted: report.accepted,
        quarantined: report.quarantined,
        excluded: report.excluded_rows(),
        control_totals: sums.map(sum).collect(),
    }
}

fn totals(facts: &Facts) -> Vec<Total> {
    let total = |total: &crate::allocate::PeriodTotal| Total {
        currency: total.currency,
        metric: total.metric.name(),
        accepted: total.accepted,
        allocated: total.allocated,
        unallocated: total.unallocated,
        rounding: total.rounding,
    };
    facts.totals.iter().map(total).collect()
}

/// `None` where a currency of the period has no rate.
pub(super) fn report_totals(facts: &Facts) -> Option<Vec<ReportTotal>> {
    let accepted: Option<Costs> =
        facts.conversions.totals.iter().map(|total| total.report_costs).sum();
    let accepted = accepted?;
    let lines = facts.months.get(&facts.period).map_or(&[][..], |month| &month.lines);
    let sum = |wanted: fn(&Party) -> bool| -> Option<Costs> {
        let borne = lines.iter().filter(|line| wanted(&line.party));
        borne.map(|line| line.report_costs).sum()
    };
    let allocated = sum(|party| matches!(party, Party::Owner(_)))?;
    let unallocated = sum(|party| *party == Party::Unallocated)?;
    let rounding = sum(|party| *party == Party::Rounding)?;
    let known: BTreeSet<CostMetric> = facts.totals.iter().map(|total| total.metric).collect();
    let total = |metric: CostMetric| ReportTotal {
        currency: facts.conversions.report_currency,
        metric: metric.name(),
        accepted: accepted[metric],
        allocated: allocated[metric],
        unallocated: unallocated[metric],
        rounding: rounding[metric],
    };
    Some(known.into_iter().map(total).collect())
}

fn in_quarantine(facts: &Facts) -> Vec<InQuarantine> {
    let sums = quarantined(facts).into_iter();
    let sum = |(currency, sums): (&str, Quarantined)| InQuarantine {
        currency: (!currency.is_empty()).then(|| currency.to_owned()),
        rows: sums.rows,
        rows_of_unknown_cost: sums.rows - sums.billed.rows,
        billed_cost: sums.billed.sum(),
        effective_cost: sums.effective.sum(),
    };
    sums.map(sum).collect()
}

fn other_months(facts: &Facts) -> Vec<OtherMonth> {
    let sums = |costs: Costs| {
        costs.iter().map(|(metric, sum)| MetricSum { metric: metric.name(), sum }).collect()
    };
    let mut months: Vec<_> = facts.scan.totals().into_iter().collect();
    months.retain(|((_, month), _)| *month != facts.period);
    months.sort_by_key(|((currency, month), _)| (*month, *currency));
    let month = |((currency, month), totals): (
        (Currency, crate::domain::Period),
        crate::ingest::MonthTotals,
    )| {
        OtherMonth {
            period: month.to_string(),
            currency,
            rows: totals.rows,
            sums: sums(totals.costs),
        }
    };
    months.into_iter().map(month).collect()
}

/// Gravest first, then by code and message.
fn findings(findings: &[Finding]) -> Vec<Aggregated<'_>> {
    type Key<'a> = (std::cmp::Reverse<Severity>, &'static str, &'a str);
    let mut known: BTreeMap<Key<'_>, (u64, Option<&crate::diagnostics::Place>)> = BTreeMap::new();
    for finding in findings {
        let severity = std::cmp::Reverse(finding.severity());
        let entry = known.entry((severity, finding.code.name(), &finding.message)).or_default();
        entry.0 = entry.0.saturating_add(finding.count);
        entry.1 = match (entry.1, &finding.place) {
            (Some(first), Some(place)) => Some(first.min(place)),
            (known, place) => known.or(place.as_ref()),
        };
    }
    known
        .into_iter()
        .map(|((severity, code, message), (count, place))| Aggregated {
            code,
            severity: severity.0.name(),
            count,
            message,
            place: place.map(ToString::to_string),
        })
        .collect()
}
