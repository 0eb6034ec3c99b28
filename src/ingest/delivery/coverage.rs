//! What was read against what should be there: deliveries that are not whole, that overlap or were
//! replaced, and days without charges.
//!
//! After the scan, because only then rows and days are known; before the cube is used, because
//! each of these faults is a bill that is too small or counts twice.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::diagnostics::{Code, Finding, Place};
use crate::domain::{Amount, CostMetric, Currency, Period};
use crate::rules::{Days, DeliveryPolicy, SourceDecl, View};

use super::discover::{Discovery, common_policy};
use super::{Delivery, Told};
use crate::ingest::report::{FileReport, Overlap, Repeated, Role, ScanReport, days_of, known_sums};
use crate::ingest::source_file::SourceFile;

/// Exact sums by currency and metric; a metric that is not known is not in the list.
pub type Sums = BTreeMap<(Currency, CostMetric), Amount>;

/// A delivery after the scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryReport {
    pub delivery: Delivery,
    /// Rows that were read, counted or not; those of files that repeat another's content are with that.
    pub rows: u64,
    /// Of all accepted rows, of every month.
    pub totals: Sums,
    /// What replaced it less what it held; `None` where it counts, or cannot be read.
    pub difference: Option<Sums>,
}

/// What a source was to have, and what it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceCoverage {
    pub source: String,
    pub policy: DeliveryPolicy,
    pub days: Days,
    /// Days of the period with charges that are billed in it.
    pub present: Vec<NaiveDate>,
    /// Exact sums of what the source has in the period.
    pub totals: Sums,
}

/// Judges what a scan read. What is found goes into the report.
pub fn judge(found: &Discovery, sources: &[SourceDecl], period: Period, report: &mut ScanReport) {
    report.deliveries = deliveries(&found.deliveries, report);
    report.sources = sources.iter().map(|source| coverage(source, found, report, period)).collect();
    let mut findings = Vec::new();
    for delivery in &report.deliveries {
        findings.extend(replaced(delivery, report));
        if delivery.delivery.replaced_by.is_none() {
            findings.extend(shortfalls(&delivery.delivery, report));
        }
    }
    findings
        .extend(report.overlaps.iter().map(|(pair, overlap)| overlapping(*pair, overlap, report)));
    findings.extend(report.beside.iter().filter_map(|(pair, beside)| {
        let of_period = |day: &NaiveDate| Period::of(*day) == period;
        let days: Vec<NaiveDate> = beside.days.iter().copied().filter(of_period).collect();
        (!days.is_empty()).then(|| standing_beside(*pair, beside, &days, report))
    }));
    findings
        .extend(report.repeated.iter().map(|(pair, rows)| repeated(*pair, *rows, found, report)));
    findings.extend(half_told(found, report));
    for (source, coverage) in sources.iter().zip(&report.sources) {
        findings.extend(missing(source, coverage, report, period));
    }
    report.judged.extend(findings);
}

// ---- Deliveries ------------------------------------------------------------------------------

fn deliveries(found: &[Delivery], report: &ScanReport) -> Vec<DeliveryReport> {
    let files = |delivery: &Delivery| {
        let files = delivery.files.iter().map(|file| &report.files[*file]);
        files.collect::<Vec<_>>()
    };
    let totals: Vec<Option<Sums>> =
        found.iter().map(|delivery| sums_of(&files(delivery))).collect();
    let settled = |(index, delivery): (usize, &Delivery)| {
        let rows = files(delivery).into_iter().map(rows_read).sum();
        let newer = delivery.replaced_by.map(|newer| &totals[newer]);
        let difference = match (newer, &totals[index]) {
            (Some(Some(newer)), Some(older)) => less(newer, older),
            _ => None,
        };
        let totals = totals[index].clone().unwrap_or_default();
        DeliveryReport { delivery: delivery.clone(), rows, totals, difference }
    };
    found.iter().enumerate().map(settled).collect()
}

fn rows_read(file: &FileReport) -> u64 {
    match &file.role {
        Role::Counted | Role::Duplicate(_) => file.rows,
        Role::Replaced(held) => held.as_ref().map_or(0, |held| held.rows),
    }
}

/// The sums of some files, whether they count or not; `None` where one of them cannot be read or
/// they cannot be summed.
fn sums_of(files: &[&FileReport]) -> Option<Sums> {
    let mut totals = Vec::new();
    for file in files {
        match &file.role {
            Role::Counted | Role::Duplicate(_) if file.is_refused() => return None,
            Role::Counted | Role::Duplicate(_) => totals.extend(&file.totals),
            Role::Replaced(held) => totals.extend(&held.as_ref()?.totals),
        }
    }
    known_sums(totals)
}

fn less(newer: &Sums, older: &Sums) -> Option<Sums> {
    let keys = newer.keys().chain(older.keys());
    let of = |sums: &Sums, key| sums.get(key).copied().unwrap_or_default();
    keys.map(|key| Some((*key, of(newer, key).checked_add(-of(older, key))?))).collect()
}

/// What is called to mind of a delivery that does not count.
fn replaced(report: &DeliveryReport, scan: &ScanReport) -> Option<Finding> {
    let newer = &scan.deliveries[report.delivery.replaced_by?];
    let older = &report.delivery;
    let first = older.files.first()?;
    let mut text = format!(
        "{} of `{}` {} replaced by `{}`",
        counted(older.files.len(), "file"),
        older.name,
        if older.files.len() == 1 { "is" } else { "are" },
        newer.delivery.name
    );
    match &report.difference {
        None => text.push_str("; what it held cannot be read"),
        Some(difference) => {
            for ((currency, metric), change) in difference {
                if *metric == CostMetric::BilledCost {
                    let key = (*currency, *metric);
                    let of = |sums: &Sums| sums.get(&key).copied().unwrap_or_default();
                    let (was, is) = (of(&report.totals), of(&newer.totals));
                    let _ = write!(
                        text,
                        "; {metric} was {was} {currency} and is {is} {currency}, a change of {change}"
                    );
                }
            }
        }
    }
    let place = Place::File(scan.files[*first].path.clone());
    let finding = Finding::new(Code::DeliveryReplaced, text).at(place);
    Some(
        finding.help("the older delivery counts for nothing; manifest.json has all totals of both"),
    )
}

fn counted(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// Files that are not as long as their manifest says.
fn shortfalls(delivery: &Delivery, report: &ScanReport) -> Vec<Finding> {
    let told = delivery.files.iter().zip(&delivery.told);
    told.filter_map(|(file, told)| shortfall(&report.files[*file], *told, report)).collect()
}

fn shortfall(file: &FileReport, told: Told, report: &ScanReport) -> Option<Finding> {
    if file.is_refused() {
        return None;
    }
    // The rows of a file that repeats another are counted there.
    let read = match &file.role {
        Role::Duplicate(first) => report.files.iter().find(|file| file.path == *first)?,
        _ => file,
    };
    let wrong = |what: &str, found: u64, told: u64| {
        let text = format!("the file has {found} {what} where its manifest says {told}");
        Finding::new(Code::IncompleteDelivery, text)
            .help("fetch the delivery again, the manifest with it; a part of a bill is not reported as a smaller bill")
            .at(Place::File(file.path.clone()))
    };
    let rows = told.rows.filter(|rows| *rows != read.rows);
    let bytes = told.bytes.filter(|bytes| *bytes != file.bytes);
    let rows = rows.map(|told| wrong("rows", read.rows, told));
    rows.or_else(|| bytes.map(|told| wrong("bytes", file.bytes, told)))
}

fn overlapping(pair: (u32, u32), overlap: &Overlap, report: &ScanReport) -> Finding {
    let (first, second) = (first_path(pair.0, report), first_path(pair.1, report));
    let days: Vec<NaiveDate> = overlap.days.iter().copied().collect();
    let text = format!(
        "this delivery and that of `{first}` both have charges of {}",
        whose_and_when(overlap, &days)
    );
    let help = "where one replaces the other, take the older one away, or let the pattern hold {period} \
        and declare `deliveries: newest`; where no charge of one is in the other, declare `deliveries: append` \
        on the source that adds to the other. Two views of one bill, such as its actual and its amortized cost, \
        are neither: read one of them, or both as docs/rules.md says under \"The maps that costbook brings along\"";
    Finding::new(Code::OverlappingDeliveries, text)
        .count(overlap.sub_accounts)
        .help(help)
        .at(Place::File(second))
}

/// Charges of the period in a delivery that is about another month, beside those of the same days.
fn standing_beside(
    pair: (u32, u32),
    beside: &Overlap,
    days: &[NaiveDate],
    report: &ScanReport,
) -> Finding {
    let text = format!(
        "this delivery is about another month and has some charges of {}, as that of `{}` has; both count",
        whose_and_when(beside, days),
        first_path(pair.0, report)
    );
    Finding::new(Code::LateRows, text)
        .count(beside.sub_accounts)
        .help("right where they came late or correct others; where they are the same charges, take one of the deliveries away")
        .at(Place::File(first_path(pair.1, report)))
}

/// Rows of a source that appends which stand in two of its deliveries.
fn repeated(
    pair: (u32, u32),
    Repeated { rows, is_sample }: Repeated,
    found: &Discovery,
    report: &ScanReport,
) -> Finding {
    let files = found.files.iter().filter(|file| file.delivery == pair.1);
    let names: Vec<&str> =
        files.take(1).flat_map(|file| &file.map.identity).map(|(name, _)| name.as_str()).collect();
    let (least, rows_have) =
        (if is_sample { "at least " } else { "" }, if rows == 1 { "row has" } else { "rows have" });
    let text = format!(
        "{least}{rows} {rows_have} the same {} in this delivery as in that of `{}`; both count",
        names.join(" and "),
        first_path(pair.0, report)
    );
    Finding::new(Code::RepeatedRows, text)
        .count(rows)
        .help("corrections have names of their own; where these are the same charges, take one of the two deliveries away")
        .at(Place::File(first_path(pair.1, report)))
}

/// Views of a month whose other half no file has: the first file of each view.
fn half_told(found: &Discovery, report: &ScanReport) -> Vec<Finding> {
    let counted = || found.files.iter().zip(&report.files).filter(|(_, r)| r.role == Role::Counted);
    let of = |file: &'_ SourceFile, views: u32| {
        let named = file.map.views.clone().into_iter().enumerate();
        named.filter(move |(index, _)| views & (1 << index) != 0).map(|(_, view)| view)
    };
    let mut seen: BTreeMap<String, (Arc<str>, View)> = BTreeMap::new();
    for (file, report) in counted() {
        for view in of(file, report.views) {
            seen.entry(view.name.clone()).or_insert_with(|| (file.path.clone(), view));
        }
    }
    let half = seen.values().filter(|(_, view)| !seen.contains_key(&view.other));
    half.map(|(path, view)| {
        let text = format!(
            "the file is of {}, and no file of {} is read: {}",
            view.name, view.other, view.lacks
        );
        Finding::new(Code::OneView, text)
            .help("one of the two is enough where only its metric is used; docs/rules.md says under \"The maps that costbook brings along\" how both are read")
            .at(Place::File(path.clone()))
    })
    .collect()
}

/// The path of a delivery's first file.
fn first_path(delivery: u32, report: &ScanReport) -> Arc<str> {
    let files = report.deliveries.get(delivery as usize).map(|found| &found.delivery.files);
    let first = files.and_then(|files| files.first());
    first.map_or_else(|| "".into(), |first| report.files[*first].path.clone())
}

fn whose_and_when(overlap: &Overlap, days: &[NaiveDate]) -> String {
    let whose = match (&overlap.sub_account, &overlap.issuer) {
        (Some(id), _) => format!("sub account `{id}`"),
        (None, Some(issuer)) => format!("`{issuer}` of no named sub account"),
        (None, None) => "no named sub account".to_owned(),
    };
    let more = match overlap.sub_accounts {
        0 | 1 => String::new(),
        2 => ", and so of another sub account".to_owned(),
        sub_accounts => format!(", and so of {} other sub accounts", sub_accounts - 1),
    };
    format!("{whose} on {}{more}", shown(days))
}

// ---- Days ------------------------------------------------------------------------------------

fn coverage(
    source: &SourceDecl,
    found: &Discovery,
    report: &ScanReport,
    period: Period,
) -> SourceCoverage {
    let mine = |name: &str| name == source.name;
    let files = report.files.iter().filter(|file| mine(&file.source));
    let of_period: Vec<_> =
        files.flat_map(|file| &file.totals).filter(|((_, month), _)| *month == period).collect();
    let bits = of_period.iter().fold(0, |bits, (_, month)| bits | month.days);
    let totals = known_sums(of_period).unwrap_or_default();
    let maps = || found.files.iter().filter(|file| mine(&file.source)).map(|file| &file.map);
    let days = source.days.clone().unwrap_or_else(|| {
        let every = maps().find(|map| map.days != Days::Any);
        every.map_or(Days::Any, |map| map.days.clone())
    });
    let policy = source.deliveries.unwrap_or_else(|| {
        let mine: Vec<_> = found.files.iter().filter(|file| mine(&file.source)).cloned().collect();
        common_policy(&mine)
    });
    let present = days_of(period, bits).collect();
    SourceCoverage { source: source.name.clone(), policy, days, present, totals }
}

fn missing(
    source: &SourceDecl,
    coverage: &SourceCoverage,
    report: &ScanReport,
    period: Period,
) -> Option<Finding> {
    // Files that are refused are reported as that, and so is a month without any charge at all.
    let has_refused = || report.files.iter().any(|f| f.source == source.name && f.is_refused());
    let is_of_period = |((_, month), _): (&(Currency, Period), _)| *month == period;
    if has_refused() || !report.files.iter().any(|f| f.totals.iter().any(is_of_period)) {
        return None;
    }
    let days = period.first().iter_days().take_while(|day| *day <= period.last());
    let absent: Vec<NaiveDate> =
        days.filter(|day| coverage.days.needs(*day) && !coverage.present.contains(day)).collect();
    let first = absent.first()?;
    let text = format!(
        "source `{}` has no charge on {} of {period}: {}",
        source.name,
        counted(absent.len(), "day"),
        shown(&absent)
    );
    let help = match coverage.present.last() {
        None => "fetch its bill of the month; where it bills nothing in some months, declare `days: any` on the source".to_owned(),
        Some(last) => format!(
            "fetch what is missing; or declare it in the source: `days: {{ missing: [ {first} ] }}`, \
             `days: {{ until: {last} }}` while the month is open, `days: any` where charges are sparse"
        ),
    };
    let count = u64::try_from(absent.len()).unwrap_or(u64::MAX);
    let finding = Finding::new(Code::MissingDays, text).count(count).help(help);
    Some(finding.at(Place::Text(source.span.clone())))
}

/// Days in words, neighbours joined: `2026-10-03, 2026-10-10 to 2026-10-12`.
fn shown(days: &[NaiveDate]) -> String {
    let mut runs: Vec<(NaiveDate, NaiveDate)> = Vec::new();
    for day in days {
        match runs.last_mut() {
            Some((_, last)) if last.succ_opt() == Some(*day) => *last = *day,
            _ => runs.push((*day, *day)),
        }
    }
    let run = |(first, last): (NaiveDate, NaiveDate)| {
        if first == last { first.to_string() } else { format!("{first} to {last}") }
    };
    runs.into_iter().map(run).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_days_are_joined() {
        let days = [1, 3, 4, 5, 31].map(|day| NaiveDate::from_ymd_opt(2026, 10, day).unwrap());
        assert_eq!(shown(&days), "2026-10-01, 2026-10-03 to 2026-10-05, 2026-10-31");
        assert_eq!(shown(&[]), "");
    }
}
