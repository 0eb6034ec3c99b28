//! Settling the account of a file: rows get their numbers, and what is odd becomes a finding.

use std::collections::BTreeMap;

use crate::diagnostics::{Code, Finding, Place};
use crate::domain::{Amount, CostMetric, Costs};

use super::charge::RowPlace;
use super::delivery::file_name;
use super::open::empty;
use super::report::{FileReport, QuarantinedRow, Role, ScanReport, SetAside};
use super::tally::{QUARANTINE_LIMIT, Tally};

/// Of a thousand rows, so many of the wrong length make a file torn.
const WRONG_LENGTH_LIMIT: u64 = 1000;

/// Completes a report from the tally of its file; `may_be_empty` where its source says so.
pub(super) fn settle(report: &mut FileReport, tally: &Tally, readable: bool, may_be_empty: bool) {
    let mut rows: Vec<QuarantinedRow> = tally
        .quarantine
        .iter()
        .map(|(place, row)| QuarantinedRow { row: report.row_number(*place), ..row.clone() })
        .collect();
    rows.sort_by(|a, b| (a.row, &a.column).cmp(&(b.row, &b.column)));
    report.quarantine = rows;
    let refused = report.is_refused();
    let mut found = Vec::new();
    if readable && !refused {
        found.extend(without_rows(report, may_be_empty));
        found.extend(refusals(report, tally));
        found.extend(unknown_costs(report));
        found.extend(quarantined(report));
        found.extend(excluded(report));
        found.extend(back_dated(tally));
    }
    report.findings.extend(found.into_iter().map(|f| f.at(Place::File(report.path.clone()))));
}

/// Unless the source says that there may be none.
fn without_rows(report: &FileReport, may_be_empty: bool) -> Option<Finding> {
    let text = "the file has a header but no row";
    match (report.rows, may_be_empty) {
        (0, true) => Some(Finding::new(Code::NoRows, format!("{text}, as its source allows"))),
        (0, false) => Some(empty(text).help(
            "an empty delivery is not taken for zero cost; fetch the file again, or where nothing was charged say so with `empty: allowed` on the source",
        )),
        _ => None,
    }
}

fn refusals(report: &FileReport, tally: &Tally) -> Vec<Finding> {
    let mut found = Vec::new();
    if tally.is_torn {
        let text =
            format!("the file ends in the middle of its last row, {} rows down", report.rows);
        found.push(
            Finding::new(Code::BrokenFile, text).help("the delivery was cut off; fetch it again"),
        );
    }
    if let Some((place, rows)) = tally.swallowed {
        let row = report.row_number(place);
        let text = format!(
            "a quote that opens in row {row} takes in at least {rows} more, up to the next quote"
        );
        found.push(Finding::new(Code::BrokenFile, text).help(format!(
            "close the quote in row {row}, or fetch the file again; nothing of it was counted"
        )));
    }
    if report.accepted == 0 && report.quarantined > 0 {
        let text = format!("not one of {} rows can be read", report.rows);
        let finding = Finding::new(Code::TooManyBadRows, text).count(report.quarantined);
        found.push(finding.help(match report.quarantine.first() {
            Some(first) => format!(
                "the first is row {}{}, `{}` ({}); {}",
                first.row,
                in_column(&first.column),
                first.text,
                first.code,
                mend(first)
            ),
            None => CHECK_FORMAT.to_owned(),
        }));
    }
    if tally.wrong_length * WRONG_LENGTH_LIMIT > report.rows && tally.wrong_length > 1 {
        let text = format!(
            "{} of {} rows have more or fewer fields than the header",
            tally.wrong_length, report.rows
        );
        let finding = Finding::new(Code::TooManyBadRows, text).count(tally.wrong_length);
        found.push(finding.help("the file is torn or of another format; fetch it again"));
    }
    if report.quarantined > QUARANTINE_LIMIT as u64 {
        let text = format!("{} of {} rows cannot be read", report.quarantined, report.rows);
        let finding = Finding::new(Code::TooManyBadRows, text).count(report.quarantined);
        found.push(finding.help(CHECK_FORMAT));
    }
    if tally.overflow {
        found.push(Finding::new(
            Code::SumOverflow,
            "the amounts of the file sum beyond what can be kept exactly",
        ));
    }
    found
}

fn unknown_costs(report: &FileReport) -> Vec<Finding> {
    let known = report.control_totals();
    let mut found = Vec::new();
    for metric in CostMetric::ALL {
        let unknown: u64 = report.totals.values().map(|t| t.unknown[metric as usize]).sum();
        let in_file = known.keys().any(|(_, known)| *known == metric);
        if unknown > 0 && !in_file {
            let text = format!("the file does not tell {metric}; its sums are unknown, not zero");
            found.push(Finding::new(Code::CostUnknown, text).count(unknown));
        }
        if unknown > 0 && in_file {
            let text = format!("{metric} is empty on {unknown} of {} rows", report.accepted);
            let finding = Finding::new(Code::CostUnknown, text).count(unknown);
            found.push(finding.help("those rows count for the other metrics; this metric's sums are too small by what is unknown"));
        }
    }
    found
}

fn quarantined(report: &FileReport) -> Option<Finding> {
    // Where no row can be read, the refusal has said so.
    let first = report.quarantine.first().filter(|_| report.accepted > 0)?;
    let text = format!(
        "{} of {} rows cannot be read; the first is row {}{} ({})",
        report.quarantined,
        report.rows,
        first.row,
        in_column(&first.column),
        first.code
    );
    let finding = Finding::new(Code::RowsQuarantined, text).count(report.quarantined);
    let is_comma = first.code == Code::BadAmount && has_decimal_comma(&first.text);
    let numbers = if is_comma { format!("; {DECLARE_NUMBERS}") } else { String::new() };
    Some(finding.help(format!(
        "their money is in no total; quarantine.csv of a published run lists them all with reason{numbers}"
    )))
}

const CHECK_FORMAT: &str = "check that the source names the right format";
const DECLARE_NUMBERS: &str = "amounts seem to be written with a decimal comma: declare `numbers: { decimal: \",\", group: \".\" }` in the column map (of a shipped map, in a copy)";

/// How to mend a file of which the first row, and all others, cannot be read.
fn mend(first: &QuarantinedRow) -> &'static str {
    if first.code == Code::BadAmount && has_decimal_comma(&first.text) {
        DECLARE_NUMBERS
    } else {
        CHECK_FORMAT
    }
}

/// Whether a text is an amount such as `1.234,56`. `1,234` may as well be a whole number.
fn has_decimal_comma(text: &str) -> bool {
    let Some((whole, fraction)) = text.trim().rsplit_once(',') else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let mut groups = whole.trim_start_matches(['-', '+']).split('.');
    let first = groups.next().unwrap_or_default();
    let mut is_grouped = false;
    let rest = groups.all(|group| {
        is_grouped = true;
        digits(group) && group.len() == 3
    });
    digits(first) && rest && digits(fraction) && (fraction.len() != 3 || is_grouped)
}

fn in_column(column: &str) -> String {
    if column.is_empty() { String::new() } else { format!(", column {column}") }
}

fn back_dated(tally: &Tally) -> Option<Finding> {
    let rows = tally.back_dated;
    let (what, shares) =
        if rows == 1 { ("row is", "its shares") } else { ("rows are", "their shares") };
    (rows > 0).then(|| {
        let text = format!(
            "{rows} {what} spread over months before the one that bills; {shares} of those are in no report that was made before"
        );
        Finding::new(Code::BackDatedShares, text).count(rows).help("run those months again if they are still open")
    })
}

fn excluded(report: &FileReport) -> Vec<Finding> {
    let described = |(rule, rows): (&String, &u64)| {
        let text = format!("{rows} of {} rows are excluded as `{rule}`", report.rows);
        Finding::new(Code::RowsExcluded, text).count(*rows)
    };
    report.excluded.iter().map(described).collect()
}

/// Whether a file can be or have a duplicate.
fn is_in(file: &FileReport) -> bool {
    let is_out = file.is_refused() || matches!(file.role, Role::Replaced(_));
    !is_out && !file.sha256.is_empty()
}

/// Files whose content must be hashed to know whether they repeat another: it is as long as that of
/// another file.
pub(super) fn undecided(report: &ScanReport) -> Vec<usize> {
    let mut files_of: BTreeMap<u64, usize> = BTreeMap::new();
    for file in report.files.iter().filter(|file| is_in(file)) {
        *files_of.entry(file.content.bytes).or_default() += 1;
    }
    let open = |file: &FileReport| {
        is_in(file) && file.content.sha256.is_none() && files_of[&file.content.bytes] > 1
    };
    (0..report.files.len()).filter(|index| open(&report.files[*index])).collect()
}

/// Files that repeat the content of an earlier one that counts, by index, with the account that
/// they get instead: read, and not counted.
pub(super) fn duplicates(report: &ScanReport) -> BTreeMap<usize, FileReport> {
    let mut seen: BTreeMap<&str, &FileReport> = BTreeMap::new();
    let mut found = BTreeMap::new();
    // Of files without a row, many are alike.
    let has_rows =
        |file: &FileReport| !file.findings.iter().any(|finding| finding.code == Code::NoRows);
    let counted = report.files.iter().enumerate().filter(|(_, file)| is_in(file) && has_rows(file));
    for (index, file) in counted {
        let Some(content) = file.content.sha256.as_deref() else { continue };
        match seen.get(content) {
            None => {
                seen.insert(content, file);
            }
            Some(first) => {
                found.insert(index, repeated(file, first));
            }
        }
    }
    found
}

fn repeated(file: &FileReport, first: &FileReport) -> FileReport {
    let path = &first.path;
    let is_other_source = file.source != first.source;
    let finding = if is_other_source {
        let text = format!("the content is that of `{path}` of source `{}`", first.source);
        Finding::new(Code::SameContent, text)
            .help("it counts once, in that source; take the file out of one of the two")
    } else if file.sha256 != first.sha256 {
        let text = format!("the content is that of `{path}`, compressed in another way");
        Finding::new(Code::SameContent, text).help("it counts once; take one of the two away")
    } else if file_name(&file.path) != file_name(path) {
        let text = format!("the content is that of `{path}`, under another name");
        Finding::new(Code::SameContent, text)
            .help("it counts once; where it should be another bill, fetch that again")
    } else {
        let text = format!("the content is that of `{path}`; it counts once");
        Finding::new(Code::DuplicateFile, text)
    };
    let finding = finding.at(Place::File(file.path.clone()));
    uncounted(file, Role::Duplicate(path.clone()), vec![finding])
}

/// The account of a file that was read and does not count.
fn uncounted(file: &FileReport, role: Role, findings: Vec<Finding>) -> FileReport {
    FileReport {
        role,
        rows: 0,
        accepted: 0,
        quarantined: 0,
        excluded: BTreeMap::new(),
        totals: BTreeMap::new(),
        quarantine: Vec::new(),
        magnitude: Costs::ZERO,
        source_totals: BTreeMap::new(),
        findings,
        ..file.clone()
    }
}

/// The account of a file whose delivery was replaced: what it holds is kept beside, and what is
/// wrong with it hinders nobody.
pub(super) fn set_aside(file: &FileReport) -> FileReport {
    let held = (!file.is_refused()).then(|| SetAside {
        rows: file.rows,
        accepted: file.accepted,
        totals: file.totals.clone(),
    });
    uncounted(file, Role::Replaced(held), Vec::new())
}

/// Refuses input whose files are fine each by itself but too large together; after this, adding
/// up any of their totals is safe.
pub(super) fn check_magnitude(report: &mut ScanReport) {
    let mut sums = [Amount::ZERO; CostMetric::COUNT];
    for file in &mut report.files {
        let fits = file.magnitude.iter().fold(true, |fits, (metric, amount)| {
            let sum = sums[metric as usize].checked_add(amount);
            sums[metric as usize] = sum.unwrap_or_default();
            fits && sum.is_some()
        });
        if !fits {
            let text = "with this file, the amounts sum beyond what can be kept exactly";
            file.findings
                .push(Finding::new(Code::SumOverflow, text).at(Place::File(file.path.clone())));
            return;
        }
    }
}

impl FileReport {
    /// The number of a row as an editor shows it.
    #[must_use]
    pub fn row_number(&self, place: RowPlace) -> u64 {
        let start = self.block_starts.get(place.block as usize).copied().unwrap_or_default();
        self.row_numbers.shown(start + u64::from(place.record))
    }

    /// Whether the file could not be used at all.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.findings.iter().any(|f| f.severity() == crate::diagnostics::Severity::Error)
    }
}
