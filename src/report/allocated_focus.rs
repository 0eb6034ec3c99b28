//! `allocated_focus.csv` and `.parquet`, on request: the records of the second scan in the order of
//! files and rows; and `allocated_focus_tie.csv`, which holds them against `showback.csv`.
//!
//! Rows are divided one by one and showback divides pools, so the two may differ below the last
//! digits; nothing else may differ, which is checked before anything is published.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::allocate::{
    Allocation, FinalShares, FocusColumns, Party, Piece, RowTotals, ValueKind, Written, tolerance,
};
use crate::diagnostics::{Code, Finding};
use crate::domain::{Amount, CostMetric, Costs, Currency};

use super::Facts;
use super::party::of_party;
use super::sink::{Sink, failed};

/// As what the dataset is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatasetFormat {
    pub csv: bool,
    pub parquet: bool,
}

/// A folder for records that wait for those before them; gone once it is dropped.
#[derive(Debug)]
pub struct Scratch {
    folder: PathBuf,
    files: AtomicU32,
}

impl Scratch {
    pub(super) fn new(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir(&folder)?;
        Ok(Self { folder, files: AtomicU32::new(0) })
    }

    /// Beside all reports, for who publishes nothing.
    ///
    /// # Errors
    /// [`Code::OutputFailed`] where the system's folder for such things takes none.
    pub fn of_process() -> Result<Self, Finding> {
        let name = format!("costbook-{}", std::process::id());
        Self::new(std::env::temp_dir().join(name)).map_err(|error| failed("scratch", &error))
    }

    /// A file of its own.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn file(&self) -> io::Result<File> {
        let number = self.files.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.join(number.to_string());
        File::options().read(true).write(true).create_new(true).open(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Should this fail, the next run for this place does it.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The dataset as the threads of the scan left it.
pub struct AllocatedFocus {
    format: DatasetFormat,
    columns: FocusColumns,
    spills: Vec<File>,
    /// In the order of files and rows, each with its spill.
    pieces: Vec<(Piece, usize)>,
    totals: RowTotals,
    transfers: BTreeMap<(Party, Currency), Costs>,
}

impl AllocatedFocus {
    /// # Errors
    /// [`Code::OutputFailed`] where a thread could not write.
    pub fn new(
        format: DatasetFormat,
        columns: FocusColumns,
        written: impl IntoIterator<Item = Written<File>>,
        shares: &FinalShares<'_>,
    ) -> Result<Self, Finding> {
        let (mut spills, mut pieces, mut totals) = (Vec::new(), Vec::new(), RowTotals::default());
        for written in written {
            let spill = written.out.map_err(|error| failed("allocated_focus", &error))?;
            pieces.extend(written.pieces.into_iter().map(|piece| (piece, spills.len())));
            spills.push(spill);
            totals.add(&written.totals);
        }
        pieces.sort_unstable();
        let transfers = shares.transfers.clone();
        Ok(Self { format, columns, spills, pieces, totals, transfers })
    }

    /// What stands blank in it though the bills have a text there.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let seen = self.columns.columns.iter().zip(&self.totals.seen);
        let unreadable = seen.filter(|(_, seen)| seen.unreadable > 0);
        let report = |(column, seen): (&crate::domain::Column, &crate::allocate::Seen)| {
            let text = format!(
                "{} rows have a {column} that cannot be read; it is blank in allocated_focus",
                seen.unreadable
            );
            Finding::new(Code::DatasetBlank, text).help(
                "quantities and prices are plain decimals, times are as 2026-10-05T00:00:00Z; \
                 mend the column map where the provider writes them otherwise",
            )
        };
        unreadable.map(report).collect()
    }

    /// The records, a piece at a time.
    fn pieces(&mut self) -> impl Iterator<Item = io::Result<Vec<u8>>> {
        let Self { spills, pieces, .. } = self;
        pieces.iter().map(|(piece, spill)| {
            let room = usize::try_from(piece.bytes).map_err(io::Error::other)?;
            let mut records = vec![0; room];
            spills[*spill].seek(SeekFrom::Start(piece.begin))?;
            spills[*spill].read_exact(&mut records)?;
            Ok(records)
        })
    }
}

/// Writes the dataset, and that it ties.
pub(super) fn write(
    facts: &Facts,
    dataset: &mut AllocatedFocus,
    sink: &mut Sink,
) -> Result<(), Finding> {
    let tie = Tie::of(facts, dataset);
    tie.check(facts, dataset)?;
    tie.write(facts, sink)?;
    if dataset.format.csv {
        sink.stream("allocated_focus.csv", |file| {
            let mut header = csv::Writer::from_writer(Vec::new());
            header.write_record(dataset.columns.header().map(|(name, _)| name))?;
            file.write_all(
                &header.into_inner().map_err(|error| io::Error::other(error.to_string()))?,
            )?;
            file.write_pieces(dataset.pieces())
        })?;
    }
    if dataset.format.parquet {
        let seen = dataset.totals.seen.clone();
        let header: Vec<(String, ValueKind)> =
            dataset.columns.header().map(|(name, kind)| (name.to_owned(), kind)).collect();
        sink.stream("allocated_focus.parquet", |file| {
            super::allocated_parquet::write(&header, &seen, dataset.pieces(), file)
        })?;
    }
    Ok(())
}

/// What parties bear by the dataset and by showback.
struct Tie {
    rows: Vec<TieRow>,
}

struct TieRow {
    party: Party,
    currency: Currency,
    metric: CostMetric,
    in_rows: Amount,
    transfers: Amount,
    showback: Amount,
}

impl TieRow {
    fn difference(&self) -> Amount {
        self.showback - self.in_rows - self.transfers
    }
}

fn borne(allocation: &Allocation) -> BTreeMap<(Party, Currency), Costs> {
    let mut sums: BTreeMap<(Party, Currency), Costs> = BTreeMap::new();
    for line in allocation.lines.iter().filter(|line| !matches!(line.party, Party::Pool(_))) {
        *sums.entry((line.party.clone(), line.currency)).or_default() += line.costs;
    }
    sums
}

impl Tie {
    fn of(facts: &Facts, dataset: &AllocatedFocus) -> Self {
        let showback = facts.months.get(&facts.period).map(borne).unwrap_or_default();
        let tables = [&dataset.totals.sums, &dataset.transfers, &showback];
        let keys: BTreeSet<_> = tables.iter().flat_map(|table| table.keys()).collect();
        let mut rows = Vec::new();
        for key @ (party, currency) in keys {
            let of = |table: &BTreeMap<_, Costs>| table.get(key).copied().unwrap_or_default();
            let [in_rows, transfers, showback] = tables.map(of);
            let known = facts.totals.iter().filter(|total| total.currency == *currency);
            rows.extend(known.map(|total| TieRow {
                party: party.clone(),
                currency: *currency,
                metric: total.metric,
                in_rows: in_rows[total.metric],
                transfers: transfers[total.metric],
                showback: showback[total.metric],
            }));
        }
        Self { rows }
    }

    /// All that was accepted is in the dataset, and nobody bears anything else than in showback.
    fn check(&self, facts: &Facts, dataset: &AllocatedFocus) -> Result<(), Finding> {
        let broken = |text: String| {
            Finding::new(Code::ConservationBroken, text)
                .help("please report this with the inputs; nothing was published")
        };
        for total in facts.totals {
            let of = self
                .rows
                .iter()
                .filter(|row| (row.currency, row.metric) == (total.currency, total.metric));
            let sum: Amount = of.map(|row| row.in_rows).sum();
            if sum != total.accepted {
                let (currency, metric) = (total.currency, total.metric);
                let text = format!(
                    "allocated_focus has {sum} {currency} of {metric}, and {} were accepted",
                    total.accepted
                );
                return Err(broken(text));
            }
        }
        let divisions = facts.months.get(&facts.period).map_or(0, |month| month.divisions.len());
        let digits = facts.project.rounding_digits;
        let Some(most) = tolerance(dataset.totals.divided, divisions, digits) else {
            return Ok(());
        };
        match self.rows.iter().find(|row| row.difference().abs() > most) {
            None => Ok(()),
            Some(row) => {
                let (kind, name) = of_party(&row.party);
                let text = format!(
                    "allocated_focus and showback differ by {} {} of {} for {} {name}, which is \
                     more than rounding",
                    row.difference(),
                    row.currency,
                    row.metric,
                    kind.name()
                );
                Err(broken(text.trim_end().to_owned()))
            }
        }
    }

    fn write(&self, facts: &Facts, sink: &mut Sink) -> Result<(), Finding> {
        let header = [
            "period",
            "kind",
            "owner",
            "currency",
            "metric",
            "in_rows",
            "price_transfers",
            "showback",
            "difference",
        ];
        let period = facts.period.to_string();
        sink.table("allocated_focus_tie.csv", &header, |table| {
            self.rows.iter().try_for_each(|row| {
                let (kind, name) = of_party(&row.party);
                table.write_record([
                    &period,
                    kind.name(),
                    name,
                    row.currency.code(),
                    row.metric.name(),
                    &row.in_rows.to_string(),
                    &row.transfers.to_string(),
                    &row.showback.to_string(),
                    &row.difference().to_string(),
                ])
            })
        })
    }
}
