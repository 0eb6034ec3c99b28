//! The second scan of a run that writes an allocated FOCUS dataset.

use crate::allocate::{FinalShares, FocusColumns, Plan, RowAllocator};
use crate::diagnostics::{Finding, Severity};
use crate::ingest::{ScanOptions, head, scan};
use crate::report::{AllocatedFocus, DatasetFormat, Scratch};
use crate::rules::DatasetForm;

use super::load::Loaded;
use super::pipeline::{Options, Outcome};
use super::workbook::executable;

/// Reads the bills again, each charge with who bears it in the end.
pub(super) fn allocated_focus(
    project: &Loaded,
    outcome: &Outcome,
    dataset: DatasetForm,
    scratch: &Scratch,
    options: &Options<'_>,
) -> Result<AllocatedFocus, Vec<Finding>> {
    let Loaded { rules, org, metadata, .. } = project;
    let reader = executable();
    let counted = outcome.files.iter().filter(|file| file.is_counted);
    let heads = counted.map(|file| head(file, &[], reader.as_deref()));
    let columns = FocusColumns::of(&heads.collect::<Result<Vec<_>, _>>()?);
    let plan = Plan::new(rules, org, metadata, &outcome.files, outcome.period);
    let shares = FinalShares::of(&outcome.months[&outcome.period], &outcome.cube.segments);
    let watching = (options.watch)(&outcome.files);
    let threads = options.threads;
    let options = ScanOptions { threads, progress: &*watching, reader: reader.as_deref() };
    let (report, rows) = scan(&outcome.files, &plan.wanted_of_focus(&columns), options, || {
        RowAllocator::new(&plan, &shares, &outcome.scan, &columns, scratch.file())
    });
    let errors = report.findings().filter(|finding| finding.severity() == Severity::Error);
    let errors: Vec<Finding> = errors.cloned().collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let format = DatasetFormat {
        csv: matches!(dataset, DatasetForm::Csv | DatasetForm::Both),
        parquet: matches!(dataset, DatasetForm::Parquet | DatasetForm::Both),
    };
    let written = rows.into_iter().map(|rows| rows.written);
    AllocatedFocus::new(format, columns.clone(), written, &shares).map_err(|finding| vec![finding])
}
