//! The main job, stage by stage. This function is the pipeline; there is no other.

use std::collections::BTreeMap;

use crate::allocate::{
    Allocation, ConservationRow, Conversions, Cube, PeriodTotal, Plan, Setting, allocate, assemble,
    broken, convert, findings, period_totals, prove, prove_conversion,
};
use crate::diagnostics::{Finding, Severity};
use crate::domain::Period;
use crate::ingest::{DriverTable, Progress, ScanOptions, ScanReport, SourceFile, discover, judge};
use crate::reconcile::{Reconciled, reconcile};
use crate::report::{Facts, LicenseReports};

use super::license_money::{Licensed, licensed, put_charges, scan_with_licenses};
use super::licenses::burns;
use super::load::Loaded;
use super::timings::Timings;
use super::workbook::executable;

/// What a run found out, before anything is written.
pub(super) struct Outcome {
    pub(super) period: Period,
    pub(super) files: Vec<SourceFile>,
    pub(super) scan: ScanReport,
    pub(super) cube: Cube,
    pub(super) months: BTreeMap<Period, Allocation>,
    pub(super) conversions: Conversions,
    pub(super) conservation: Vec<ConservationRow>,
    pub(super) totals: Vec<PeriodTotal>,
    pub(super) reconciled: Reconciled,
    pub(super) licensed: Licensed,
    pub(super) findings: Vec<Finding>,
}

/// How to run.
pub(super) struct Options<'a> {
    pub(super) period: Period,
    pub(super) threads: usize,
    /// Makes whoever watches the scan.
    pub(super) watch: &'a dyn Fn(&[SourceFile]) -> Box<dyn Progress>,
}

/// Bills → charges → cube → allocation → report currency → proof → invoices; licenses between cube and allocation.
///
/// # Errors
/// Everything that keeps the reports from being right; nothing is written then.
pub(super) fn pipeline(
    project: &Loaded,
    options: &Options<'_>,
    timings: &mut Timings,
) -> Result<Outcome, Vec<Finding>> {
    let Loaded { rules, org, .. } = project;
    let period = options.period;
    let mut found = timings.stage("discover", || {
        let reader = executable();
        let sources = &project.project.sources;
        discover(&project.root, sources, &project.maps, Some(period), reader.as_deref())
    })?;
    let charges = put_charges(project, &mut found, period)?;
    let files = &found.files;
    let plan = timings.stage("plan", || planned(project, files, period));
    let (mut scan, kernels, uses) = timings.stage("scan", || {
        let watching = (options.watch)(files);
        let reader = executable();
        let threads = options.threads;
        let options = ScanOptions { threads, progress: &*watching, reader: reader.as_deref() };
        scan_with_licenses(project, &plan, (files, period), options)
    });
    judge(&found, &project.project.sources, period, &mut scan);
    refuse(scan.findings())?;
    let cube =
        timings.stage("assemble", || assemble(&plan, kernels)).map_err(|finding| vec![finding])?;
    let licensed = timings.stage("licenses", || licensed(project, charges, &cube, uses))?;
    let drivers = &licensed.drivers;
    let mut months = timings.stage("allocate", || allocated(project, drivers, &cube));
    // A pool that could not be emptied would only be told again by the proof.
    refuse(months[&period].findings.iter())?;
    let conversions = timings.stage("convert", || {
        let declared_at = project.project.exchange.as_ref().map(|declared| &declared.rates.1);
        convert(&cube, rules, &mut months, &project.exchange, declared_at)
    })?;
    let of_period = &months[&period];
    let conservation = timings.stage("prove", || {
        let mut proof = prove(&scan, &cube, of_period);
        proof.extend(prove_conversion(&scan, period, of_period, &conversions));
        proof
    });
    refuse(broken(&conservation).iter())?;
    let totals = period_totals(&scan, period, of_period);
    let mut all: Vec<Finding> = scan.findings().cloned().collect();
    all.extend(project.notes.iter().chain(&licensed.findings).cloned());
    all.extend(conversions.findings.iter().cloned());
    let reconciled = timings.stage("reconcile", || {
        let declared = &project.project.invoices;
        reconcile(&scan, &cube, &conversions, declared, &project.invoices)
    });
    all.extend(reconciled.findings.iter().cloned());
    all.extend(findings(&scan, &cube, rules, org, of_period, &totals));
    refuse(all.iter())?;
    Ok(Outcome {
        period,
        files: found.files,
        scan,
        cube,
        months,
        conversions,
        conservation,
        totals,
        reconciled,
        licensed,
        findings: all,
    })
}

/// What the scan has to keep apart.
fn planned<'a>(project: &'a Loaded, files: &'a [SourceFile], period: Period) -> Plan<'a> {
    Plan::new(&project.rules, &project.org, &project.metadata, files, period)
        .keep_invoices(!project.invoices.is_empty())
        .keep_scopes(burns(project).next().is_some())
        .keep_days(project.drivers.iter().any(|driver| driver.has_days))
}

/// The period and all months at hand, each by its own rules.
fn allocated(
    project: &Loaded,
    drivers: &[DriverTable],
    cube: &Cube,
) -> BTreeMap<Period, Allocation> {
    let setting = Setting {
        rules: &project.rules,
        org: &project.org,
        drivers,
        rounding_digits: project.project.rounding_digits,
    };
    let mut months: BTreeMap<Period, Allocation> = BTreeMap::new();
    for month in cube.months().into_iter().chain([cube.period]) {
        months.entry(month).or_insert_with(|| allocate(cube, setting, month));
    }
    months
}

/// Stops where there are errors, with all findings at hand.
fn refuse<'f>(findings: impl Iterator<Item = &'f Finding> + Clone) -> Result<(), Vec<Finding>> {
    if findings.clone().any(|finding| finding.severity() == Severity::Error) {
        return Err(findings.cloned().collect());
    }
    Ok(())
}

impl Outcome {
    /// What the reports are lent.
    pub(super) fn facts<'a>(&'a self, project: &'a Loaded) -> Facts<'a> {
        Facts {
            project: &project.project,
            rules: &project.rules,
            org: &project.org,
            period: self.period,
            scan: &self.scan,
            cube: &self.cube,
            months: &self.months,
            conversions: &self.conversions,
            conservation: &self.conservation,
            totals: &self.totals,
            reconciled: &self.reconciled,
            findings: &self.findings,
            inputs: &project.inputs,
            license_charges: self.licensed.charges.as_deref(),
            licenses: self.licensed.outcome.as_ref().zip(project.licenses.as_ref()).map(
                |(outcome, licenses)| LicenseReports {
                    organisation: &project.project.organisation,
                    told: &licenses.told,
                    outcome,
                },
            ),
        }
    }
}
