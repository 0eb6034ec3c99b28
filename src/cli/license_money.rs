//! Licenses in the money of a month: charges of rights before the scan, what bills tell of licenses during it, drivers of
//! use and what would count twice after it.

use std::sync::Arc;

use crate::allocate::{Cube, Kernel, Plan};
use crate::diagnostics::{Code, Finding, Place, Severity};
use crate::domain::Period;
use crate::ingest::{
    Discovery, DriverTable, FileId, ScanOptions, ScanReport, SourceFile, scan, scan_beside,
};
use crate::licenses::{
    Beside, BesideLicenses, CHARGES_TABLE, ChargedBySource, Consumption, LicenseCharges,
    LicenseOutcome, LicensePlan, UseRow, consumption, license_charges, license_uses,
};
use crate::rules::licenses::{CloudRules, InputKind, LICENSE_SOURCE};
use crate::rules::{ColumnMap, DriverShape, FormatName, Project, SheetPlace, SourceDecl, shipped};

use super::licenses::{outcome, spent};
use super::load::Loaded;

/// Makes the charges of rights a source of the project, where it charges any.
///
/// # Errors
/// A source of that name.
pub(super) fn declare_source(
    project: &mut Project,
    maps: &mut Vec<Vec<Arc<ColumnMap>>>,
) -> Result<(), Vec<Finding>> {
    let charges = project.licenses.as_ref().map(|licenses| licenses.charges.as_slice());
    let Some([first, ..]) = charges else { return Ok(()) };
    if let Some(taken) = project.sources.iter().find(|source| source.name == LICENSE_SOURCE) {
        let text = format!("`{LICENSE_SOURCE}` is the source of what licenses are charged");
        let finding = Finding::new(Code::DuplicateName, text).help("give the source another name");
        return Err(vec![finding.at(Place::Text(taken.span.clone()))]);
    }
    let (path, text) = shipped::license_charges();
    let map = Arc::new(ColumnMap::parse(path, text)?);
    project.sources.push(SourceDecl {
        name: LICENSE_SOURCE.to_owned(),
        span: first.span.clone(),
        format: FormatName::Shipped(map.name.clone()),
        format_span: first.span.clone(),
        files: Vec::new(),
        place: SheetPlace::default(),
        deliveries: None,
        days: None,
        may_be_empty: true,
        zone: None,
    });
    maps.push(vec![map]);
    Ok(())
}

/// Puts the table of what rights are charged beside the bills.
///
/// # Errors
/// As [`license_charges`].
pub(super) fn put_charges(
    project: &Loaded,
    found: &mut Discovery,
    period: Period,
) -> Result<Option<LicenseCharges>, Vec<Finding>> {
    let sources = project.project.sources.iter().zip(&project.maps);
    let Some((_, maps)) = sources.clone().find(|(source, _)| is_of_licenses(source)) else {
        return Ok(None);
    };
    let (Some(declared), Some(licenses)) = (&project.project.licenses, &project.licenses) else {
        return Ok(None);
    };
    let told = &licenses.told;
    let names: Vec<&str> = sources
        .filter(|(source, _)| !is_of_licenses(source))
        .map(|(source, _)| source.name.as_str())
        .collect();
    let further =
        |id: &Arc<str>| told.further.get(&(InputKind::Entitlements, Arc::clone(id))).cloned();
    let charges = license_charges(&told.inventory, further, &declared.charges, &names, period)?;
    let map = Arc::clone(&maps[0]);
    found.put(SourceFile::made(LICENSE_SOURCE, CHARGES_TABLE, charges.table.clone(), map));
    Ok(Some(charges))
}

fn is_of_licenses(source: &SourceDecl) -> bool {
    source.name == LICENSE_SOURCE && source.files.is_empty()
}

/// What licenses are in the money of a month.
pub(super) struct Licensed {
    /// The table of what rights are charged, where any are.
    pub(super) charges: Option<Vec<u8>>,
    /// Where the project declares licenses.
    pub(super) outcome: Option<LicenseOutcome>,
    /// In the order of their declarations, those of licenses among them.
    pub(super) drivers: Vec<DriverTable>,
    pub(super) findings: Vec<Finding>,
}

/// Holds charges of rights against those of sources, and makes the drivers of use. `uses` are what bills tell of licenses.
///
/// # Errors
/// What would count twice, and as [`drivers`].
pub(super) fn licensed(
    project: &Loaded,
    charges: Option<LicenseCharges>,
    cube: &Cube,
    uses: Vec<UseRow>,
) -> Result<Licensed, Vec<Finding>> {
    let mut findings = Vec::new();
    if let Some(charges) = &charges {
        findings.extend(charges.notes.iter().cloned());
        findings.extend(charges.against(charged_by_sources(cube)));
    }
    if findings.iter().any(|finding| finding.severity() == Severity::Error) {
        return Err(findings);
    }
    let (spent, told) = spent(project, cube);
    findings.extend(told);
    let beside = Beside { uses, spent };
    let period = cube.period;
    let outcome = project.licenses.as_ref().map(|_| outcome(project, period, &beside));
    let outcome = outcome.transpose()?;
    findings.extend(outcome.iter().flat_map(|outcome| outcome.notes.iter().cloned()));
    let (drivers, told) = drivers(project, outcome.as_ref(), period)?;
    findings.extend(told);
    let charges = charges.map(|charges| charges.table);
    Ok(Licensed { charges, outcome, drivers, findings })
}

fn charged_by_sources(cube: &Cube) -> impl Iterator<Item = ChargedBySource<'_>> {
    cube.groups_of(cube.period).map(|cells| {
        let group = cells.group;
        let name = |name| cube.name(name).unwrap_or_default();
        ChargedBySource {
            source: name(group.source),
            provider: name(group.provider),
            issuer: name(group.invoice_issuer),
            service: name(group.service),
        }
    })
}

/// The scan of a month, with what bills tell of licenses where the project declares any.
pub(super) fn scan_with_licenses<'p>(
    project: &Loaded,
    plan: &'p Plan<'p>,
    (files, period): (&[SourceFile], Period),
    options: ScanOptions<'_>,
) -> (ScanReport, Vec<Kernel<'p>>, Vec<UseRow>) {
    let Some(licenses) = &project.licenses else {
        let (report, kernels) = scan(files, plan.wanted(), options, || Kernel::new(plan));
        return (report, kernels, Vec::new());
    };
    // Tests hold the shipped rules to be sound.
    let asked = LicensePlan::new(CloudRules::shipped().unwrap_or_default(), period);
    let (report, sinks) = scan_beside(files, plan.wanted(), asked.wanted(), options, || {
        BesideLicenses::new(Kernel::new(plan), &asked)
    });
    let (kernels, sinks): (Vec<_>, Vec<_>) =
        sinks.into_iter().map(BesideLicenses::into_parts).unzip();
    let path = |file: FileId| Arc::clone(&files[file.0 as usize].path);
    let uses = license_uses(sinks, &licenses.rules.products, path);
    (report, kernels, uses)
}

/// The drivers of the project, those of licenses made of what was measured.
///
/// # Errors
/// As [`consumption`].
fn drivers(
    project: &Loaded,
    outcome: Option<&LicenseOutcome>,
    period: Period,
) -> Result<(Vec<DriverTable>, Vec<Finding>), Vec<Finding>> {
    let (mut tables, mut notes, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for (declared, table) in project.project.drivers.iter().zip(&project.drivers) {
        let DriverShape::Licenses(asked) = &declared.shape else {
            tables.push(table.clone());
            continue;
        };
        let Some(outcome) = outcome else {
            let text = "the driver is of licenses, and the project declares none";
            let finding = Finding::new(Code::DriverBroken, text);
            errors.push(finding.at(Place::Text(declared.span.clone())));
            continue;
        };
        let made = consumption(&Consumption {
            name: &declared.name,
            span: &declared.span,
            asked,
            month: period,
            inventory: &outcome.inventory,
            measured: &outcome.measured,
            positions: &outcome.positions,
            metadata: &project.metadata,
        });
        match made {
            Ok((table, told)) => {
                let unit = declared.unit.clone().or(table.unit.clone());
                tables.push(DriverTable { unit, ..table });
                notes.extend(told);
            }
            Err(findings) => errors.extend(findings),
        }
    }
    if errors.is_empty() { Ok((tables, notes)) } else { Err(errors) }
}
