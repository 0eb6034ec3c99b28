//! What reading did with every row: the account that each file is given.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostics::{Code, Finding};
use crate::domain::{Amount, CostMetric, Costs, Currency, Period};

use super::row_numbers::RowNumbers;

/// Index of a file in [`ScanReport::files`]: files in the order of source, then path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// What a scan did, file by file.
#[derive(Clone, Debug, Default)]
pub struct ScanReport {
    pub files: Vec<FileReport>,
}

/// The account of one file. `rows = accepted + quarantined + excluded`.
#[derive(Clone, Debug)]
pub struct FileReport {
    /// Name of the source that the file belongs to.
    pub source: String,
    pub format: String,
    /// Version of the format as found from the columns, such as `1.2`.
    pub version: Option<String>,
    /// Relative to the project, with `/`.
    pub path: Arc<str>,
    /// Of the file's bytes as they lie on disk, in hex.
    pub sha256: String,
    /// Of the content after decompression, in hex: what decides whether two files are the same.
    pub content_sha256: String,
    pub bytes: u64,
    pub rows: u64,
    pub accepted: u64,
    pub quarantined: u64,
    /// Rows by the named rule that excluded them.
    pub excluded: BTreeMap<String, u64>,
    /// The file has the same content as this other one of its source, and was not counted.
    pub duplicate_of: Option<Arc<str>>,
    /// All accepted rows, of every month.
    pub totals: BTreeMap<(Currency, Period), MonthTotals>,
    /// Sums of absolute values of all accepted rows.
    pub magnitude: Costs,
    /// Row number of the first record of each block, in the order of blocks.
    pub block_starts: Vec<u64>,
    /// From records as they are counted to rows of a sheet or lines of a file.
    pub row_numbers: RowNumbers,
    /// Ordered by row.
    pub quarantine: Vec<QuarantinedRow>,
    pub findings: Vec<Finding>,
}

/// Accepted rows of one billing month and currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MonthTotals {
    pub rows: u64,
    pub costs: Costs,
    /// Rows whose cost of a metric is unknown, by metric.
    pub unknown: [u64; CostMetric::COUNT],
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
    pub billed_cost: Option<Amount>,
    pub effective_cost: Option<Amount>,
}

impl FileReport {
    /// Exact sums of all accepted rows, of every month, by currency and metric. A metric that the
    /// file does not know at all is not in the list.
    #[must_use]
    pub fn control_totals(&self) -> BTreeMap<(Currency, CostMetric), Amount> {
        let mut sums: BTreeMap<(Currency, CostMetric), (Amount, u64, u64)> = BTreeMap::new();
        for ((currency, _), totals) in &self.totals {
            for (metric, amount) in totals.costs.iter() {
                let sum = sums.entry((*currency, metric)).or_default();
                sum.0 += amount;
                sum.1 += totals.unknown[metric as usize];
                sum.2 += totals.rows;
            }
        }
        let known = sums.into_iter().filter(|(_, (_, unknown, rows))| unknown < rows);
        known.map(|(key, (amount, ..))| (key, amount)).collect()
    }

    #[must_use]
    pub fn excluded_rows(&self) -> u64 {
        self.excluded.values().sum()
    }
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
        self.files.iter().flat_map(|file| &file.findings)
    }

    #[must_use]
    pub fn quarantined(&self) -> u64 {
        self.files.iter().map(|file| file.quarantined).sum()
    }
}

impl MonthTotals {
    /// Adds, unless a sum would leave the range of an amount: then it says so.
    #[must_use]
    pub fn checked_add(&mut self, other: &Self) -> bool {
        self.rows += other.rows;
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
