//! What reading did with every row: the account that each file is given.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};

use crate::diagnostics::{Code, Finding};
use crate::domain::{Amount, CostMetric, Costs, Currency, MetricSet, Period};

use super::delivery::coverage::{DeliveryReport, SourceCoverage};
use super::row_numbers::RowNumbers;

/// Index of a file in [`ScanReport::files`]: files in the order of source, then path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// What a scan did, file by file.
#[derive(Clone, Debug, Default)]
pub struct ScanReport {
    pub files: Vec<FileReport>,
    /// Counted deliveries that have charges of one sub account on one day: by the two of them, the
    /// earlier first.
    pub overlaps: BTreeMap<(u32, u32), Overlap>,
    /// Counted deliveries of which the second is about another month and has some charges on days
    /// that the first one has too, of other amounts: late rows, or corrections.
    pub beside: BTreeMap<(u32, u32), Overlap>,
    /// Counted deliveries of a source that appends which have rows of the same names, the earlier
    /// first.
    pub repeated: BTreeMap<(u32, u32), Repeated>,
    /// In the order of their indexes; none until the scan is judged.
    pub deliveries: Vec<DeliveryReport>,
    /// In the order of the project; none until the scan is judged.
    pub sources: Vec<SourceCoverage>,
    /// What was found when the scan was judged.
    pub judged: Vec<Finding>,
}

/// Where two deliveries have charges of the same sub accounts on the same days.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overlap {
    /// The first of the sub accounts; `None` where charges name none.
    pub sub_account: Option<String>,
    /// Who issued the charges, where they name no sub account.
    pub issuer: Option<String>,
    pub sub_accounts: u64,
    pub days: BTreeSet<NaiveDate>,
}

/// Rows that two deliveries have both, by what names them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repeated {
    pub rows: u64,
    /// There are so many names that only a sample of them was looked at.
    pub is_sample: bool,
}

/// What becomes of a file as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    Counted,
    /// It has the same content as this other one, which counts.
    Duplicate(Arc<str>),
    /// A newer delivery counts in its place. What it holds, unless it cannot be read.
    Replaced(Option<SetAside>),
}

/// What a file holds that does not count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetAside {
    pub rows: u64,
    pub accepted: u64,
    pub totals: BTreeMap<(Currency, Period), MonthTotals>,
}

/// The account of one file. `rows = accepted + quarantined + excluded`.
#[derive(Clone, Debug)]
pub struct FileReport {
    /// Name of the source that the file belongs to.
    pub source: String,
    pub format: String,
    /// Version of the format as found from the columns, such as `1.2`.
    pub version: Option<String>,
    /// Where the table stands, where the file is a workbook.
    pub sheet: Option<SheetTable>,
    /// Pages that were read and have no checksum, where the file is Parquet: damage to those may pass
    /// for other figures.
    pub unchecked_pages: Option<u64>,
    /// Relative to the project, with `/`.
    pub path: Arc<str>,
    /// Of the file's bytes as they lie on disk, in hex.
    pub sha256: String,
    pub bytes: u64,
    pub content: Content,
    pub rows: u64,
    pub accepted: u64,
    pub quarantined: u64,
    /// Rows by the named rule that excluded them.
    pub excluded: BTreeMap<String, u64>,
    /// Of what does not count, rows and totals here are none.
    pub role: Role,
    /// Index of its delivery.
    pub delivery: u32,
    /// All accepted rows, of every month.
    pub totals: BTreeMap<(Currency, Period), MonthTotals>,
    /// Sums of absolute values of all accepted rows.
    pub magnitude: Costs,
    /// Exact sums, over all accepted rows, of the provider's own money columns that the costs are
    /// read from or made of, by currency and header: what the provider's console can be compared with.
    pub source_totals: BTreeMap<(Currency, String), Amount>,
    /// Row number of the first record of each block, in the order of blocks.
    pub block_starts: Vec<u64>,
    /// From records as they are counted to rows of a sheet or lines of a file.
    pub row_numbers: RowNumbers,
    /// Ordered by row.
    pub quarantine: Vec<QuarantinedRow>,
    /// The views of its column map of which it has a row, a bit each.
    pub views: u32,
    pub findings: Vec<Finding>,
}

/// What a file holds after decompression: what decides whether two files are the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    pub bytes: u64,
    /// In hex. Of a gzip, only where another file's content is as long: no other can be the same.
    pub sha256: Option<String>,
}

/// The table of a workbook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetTable {
    pub sheet: String,
    /// Counted from 1.
    pub header_row: u32,
}

/// Accepted rows of one billing month and currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MonthTotals {
    pub rows: u64,
    /// Charges of rows that count with another charge of theirs: shares of other months, and what
    /// rows stand for besides.
    pub shares: u64,
    pub costs: Costs,
    /// Rows whose cost of a metric is unknown, by metric. Shares of rows are not counted again.
    pub unknown: [u64; CostMetric::COUNT],
    /// The metrics that any row or share knows; the sums of all others are unknown, not zero.
    pub known: MetricSet,
    /// The days of the month on which there are charges, by [`day_bit`].
    pub days: u32,
}

/// The bit that stands for a day within a month; none where the day is of another month.
#[must_use]
pub fn day_bit(month: Period, day: NaiveDate) -> u32 {
    if Period::of(day) == month { 1 << day.day0() } else { 0 }
}

/// The days of a month that bits stand for.
pub fn days_of(month: Period, bits: u32) -> impl Iterator<Item = NaiveDate> {
    let days = (0..31).filter(move |day| bits & (1 << day) != 0);
    days.filter_map(move |day| month.first().with_day0(day))
}

/// A row that could not be read, with what is known of its money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantinedRow {
    /// Record in the file, counting from 1 with the header; the row of the sheet in a workbook.
    pub row: u64,
    pub column: String,
    pub code: Code,
    /// The text at fault, as found (shortened; bytes that are not UTF-8 as hex).
    pub text: String,
    /// The billing month, where the row tells it.
    pub month: Option<Period>,
    pub currency: Option<String>,
    /// The invoice, where the row tells it.
    pub invoice: Option<String>,
    pub billing_account: Option<String>,
    /// The invoice issuer, else the provider.
    pub issuer: Option<String>,
    pub billed_cost: Option<Amount>,
    pub effective_cost: Option<Amount>,
    /// What names the row by its column map, as `name=value; name=value`; else empty.
    pub identity: String,
}

impl FileReport {
    /// Exact sums of all accepted rows, of every month, by currency and metric. A metric that the
    /// file does not know at all is not in the list.
    #[must_use]
    pub fn control_totals(&self) -> BTreeMap<(Currency, CostMetric), Amount> {
        known_sums(&self.totals).expect("the scan refuses files whose sums leave the range")
    }

    #[must_use]
    pub fn excluded_rows(&self) -> u64 {
        self.excluded.values().sum()
    }
}

/// Exact sums by currency and metric, without those of which nothing is known; `None` where they
/// leave the range of an amount.
pub(super) fn known_sums<'t>(
    totals: impl IntoIterator<Item = (&'t (Currency, Period), &'t MonthTotals)>,
) -> Option<BTreeMap<(Currency, CostMetric), Amount>> {
    let mut sums: BTreeMap<(Currency, CostMetric), (Amount, bool)> = BTreeMap::new();
    for ((currency, _), totals) in totals {
        for (metric, amount) in totals.costs.iter() {
            let sum = sums.entry((*currency, metric)).or_default();
            sum.0 = sum.0.checked_add(amount)?;
            sum.1 |= totals.known.has(metric);
        }
    }
    let known = sums.into_iter().filter(|(_, (_, is_known))| *is_known);
    Some(known.map(|(key, (amount, ..))| (key, amount)).collect())
}

impl ScanReport {
    /// Accepted rows and costs by currency and month, over all files.
    #[must_use]
    pub fn totals(&self) -> BTreeMap<(Currency, Period), MonthTotals> {
        let mut sums: BTreeMap<(Currency, Period), MonthTotals> = BTreeMap::new();
        for (key, totals) in self.files.iter().flat_map(|file| &file.totals) {
            sums.entry(*key).or_default().add(totals);
        }
        sums
    }

    pub fn findings(&self) -> impl Iterator<Item = &Finding> + Clone {
        self.files.iter().flat_map(|file| &file.findings).chain(&self.judged)
    }

    #[must_use]
    pub fn quarantined(&self) -> u64 {
        self.files.iter().map(|file| file.quarantined).sum()
    }
}

impl MonthTotals {
    /// Rows, and further charges of rows.
    #[must_use]
    pub fn charges(&self) -> u64 {
        self.rows + self.shares
    }

    /// Adds, unless a sum would leave the range of an amount: then it says so.
    #[must_use]
    pub fn checked_add(&mut self, other: &Self) -> bool {
        self.rows += other.rows;
        self.shares += other.shares;
        self.days |= other.days;
        self.known = self.known.or(other.known);
        for (mine, theirs) in self.unknown.iter_mut().zip(other.unknown) {
            *mine += theirs;
        }
        CostMetric::ALL.into_iter().all(|metric| {
            let sum = self.costs[metric].checked_add(other.costs[metric]);
            if let Some(sum) = sum {
                self.costs[metric] = sum;
            }
            sum.is_some()
        })
    }

    /// Adds what a scan has already checked.
    pub fn add(&mut self, other: &Self) {
        assert!(self.checked_add(other), "the scan refuses files whose sums leave the range");
    }
}
