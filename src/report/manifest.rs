//! `manifest.json`: every input of the run, with hashes and counts.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use crate::diagnostics::Finding;
use crate::domain::{Amount, CostMetric, Currency};
use crate::ingest::{DeliveryReport, FileReport, Role, ScanReport, SourceCoverage, Sums};
use crate::rules::{Days, DeliveryPolicy};

use super::run_json::{Identity, write_json};
use super::sink::Sink;
use super::{Facts, InputFile};

#[derive(Serialize)]
struct Manifest<'a> {
    #[serde(flatten)]
    identity: Identity,
    sources: Vec<Source<'a>>,
    deliveries: Vec<DeliveryEntry<'a>>,
    bills: Vec<Bill<'a>>,
    inputs: Vec<Input<'a>>,
}

#[derive(Serialize)]
struct Bill<'a> {
    source: &'a str,
    format: &'a str,
    version: Option<&'a str>,
    /// Of workbooks: the sheet, and the row of its header.
    #[serde(skip_serializing_if = "Option::is_none")]
    sheet: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    header_row: Option<u32>,
    /// Of Parquet: pages that were read and have no checksum.
    #[serde(skip_serializing_if = "Option::is_none")]
    unchecked_pages: Option<u64>,
    path: &'a str,
    sha256: &'a str,
    bytes: u64,
    rows: u64,
    accepted: u64,
    quarantined: u64,
    excluded: u64,
    excluded_by: &'a BTreeMap<String, u64>,
    /// `counted`, `duplicate` or `replaced`.
    role: &'static str,
    duplicate_of: Option<&'a str>,
    /// Index in `deliveries`.
    delivery: u32,
    /// By currency and header: exact sums of the provider's own money columns.
    source_totals: BTreeMap<&'a str, BTreeMap<&'a str, Amount>>,
}

#[derive(Serialize)]
struct Source<'a> {
    name: &'a str,
    /// `by manifest`, `newest` or `append`.
    policy: &'static str,
    /// `every` or `any`.
    days_needed: &'static str,
    days_declared_missing: Vec<String>,
    days_until: Option<String>,
    days_present: Vec<String>,
    /// Of what counts and is billed in the period.
    totals: Vec<Total>,
}

#[derive(Serialize)]
struct DeliveryEntry<'a> {
    source: &'a str,
    name: &'a str,
    role: &'static str,
    /// Index in `deliveries`.
    replaced_by: Option<usize>,
    manifests: Vec<ProviderManifest<'a>>,
    files: Vec<&'a str>,
    rows: u64,
    totals: Vec<Total>,
    difference: Option<Vec<Total>>,
}

/// A manifest of a provider.
#[derive(Serialize)]
struct ProviderManifest<'a> {
    path: &'a str,
    sha256: &'a str,
}

#[derive(Serialize)]
struct Total {
    currency: Currency,
    metric: &'static str,
    sum: Amount,
}

#[derive(Serialize)]
struct Input<'a> {
    kind: &'a str,
    path: &'a str,
    sha256: &'a str,
    bytes: u64,
}

pub(super) fn write(facts: &Facts, sink: &mut Sink) -> Result<(), Finding> {
    let mut inputs: Vec<&InputFile> = facts.inputs.iter().collect();
    inputs.sort_by_key(|input| (input.kind, &input.path));
    let manifest = Manifest {
        identity: Identity::of(facts),
        sources: facts.scan.sources.iter().map(source).collect(),
        deliveries: facts.scan.deliveries.iter().map(|found| entry(found, facts.scan)).collect(),
        bills: facts.scan.files.iter().map(bill).collect(),
        inputs: inputs.into_iter().map(input).collect(),
    };
    write_json("manifest.json", &manifest, sink)
}

fn bill(file: &FileReport) -> Bill<'_> {
    Bill {
        source: &file.source,
        format: &file.format,
        version: file.version.as_deref(),
        sheet: file.sheet.as_ref().map(|table| table.sheet.as_str()),
        header_row: file.sheet.as_ref().map(|table| table.header_row),
        unchecked_pages: file.unchecked_pages,
        path: &file.path,
        sha256: &file.sha256,
        bytes: file.bytes,
        rows: file.rows,
        accepted: file.accepted,
        quarantined: file.quarantined,
        excluded: file.excluded_rows(),
        excluded_by: &file.excluded,
        role: match file.role {
            Role::Counted => "counted",
            Role::Duplicate(_) => "duplicate",
            Role::Replaced(_) => "replaced",
        },
        duplicate_of: match &file.role {
            Role::Duplicate(first) => Some(first),
            _ => None,
        },
        delivery: file.delivery,
        source_totals: source_totals(file),
    }
}

fn source_totals(file: &FileReport) -> BTreeMap<&str, BTreeMap<&str, Amount>> {
    let mut totals: BTreeMap<&str, BTreeMap<&str, Amount>> = BTreeMap::new();
    for ((currency, header), sum) in &file.source_totals {
        totals.entry(currency.code()).or_default().insert(header, *sum);
    }
    totals
}

fn source(coverage: &SourceCoverage) -> Source<'_> {
    let (days_needed, declared, until) = match &coverage.days {
        Days::Any => ("any", &[][..], None),
        Days::Every { missing, until } => ("every", missing.as_slice(), *until),
    };
    Source {
        name: &coverage.source,
        policy: match coverage.policy {
            DeliveryPolicy::ByManifest => "by manifest",
            DeliveryPolicy::Newest => "newest",
            DeliveryPolicy::Append => "append",
        },
        days_needed,
        days_declared_missing: texts(declared),
        days_until: until.map(|day| day.to_string()),
        days_present: texts(&coverage.present),
        totals: totals(&coverage.totals),
    }
}

fn texts(days: &[NaiveDate]) -> Vec<String> {
    days.iter().map(ToString::to_string).collect()
}

fn entry<'a>(found: &'a DeliveryReport, scan: &'a ScanReport) -> DeliveryEntry<'a> {
    let delivery = &found.delivery;
    let manifests = delivery.manifests.iter();
    DeliveryEntry {
        source: &delivery.source,
        name: &delivery.name,
        role: if delivery.replaced_by.is_none() { "counted" } else { "replaced" },
        replaced_by: delivery.replaced_by,
        manifests: manifests
            .map(|id| ProviderManifest { path: &id.path, sha256: &id.sha256 })
            .collect(),
        files: delivery.files.iter().map(|file| &*scan.files[*file].path).collect(),
        rows: found.rows,
        totals: totals(&found.totals),
        difference: found.difference.as_ref().map(totals),
    }
}

fn totals(sums: &Sums) -> Vec<Total> {
    let total = |((currency, metric), sum): (&(Currency, CostMetric), &Amount)| Total {
        currency: *currency,
        metric: metric.name(),
        sum: *sum,
    };
    sums.iter().map(total).collect()
}

fn input(input: &InputFile) -> Input<'_> {
    Input { kind: input.kind, path: &input.path, sha256: &input.sha256, bytes: input.bytes }
}
