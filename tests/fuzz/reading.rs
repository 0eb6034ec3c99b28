//! One file through the scan, and all that came of it.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use chrono::NaiveDate;
use costbook::domain::{Costs, Currency, Period};
use costbook::ingest::{
    Charge, Charges, FileReport, Rejection, ScanOptions, Silent, Sink, SourceFile, WantedText, scan,
};
use costbook::rules::ColumnMap;

/// A map by which everything that reading needs is given, and any text may be asked beside it.
pub(crate) const GIVEN: &str = "\
format: given
title: Everything given
columns:
  BilledCost: { value: \"1\" }
  EffectiveCost: { value: \"1\" }
  BillingCurrency: { value: EUR }
  BillingPeriodStart: { value: 2026-10-01 }
  ChargePeriodStart: { value: 2026-10-05 }
  ChargeCategory: { value: Usage }
";

/// An accepted row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// As editors count, the header included.
    pub(crate) row: u64,
    pub(crate) texts: Vec<Option<Vec<u8>>>,
    pub(crate) costs: Costs,
    pub(crate) currency: Currency,
    pub(crate) day: NaiveDate,
    pub(crate) month: Period,
}

/// What reading a file came to.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    pub(crate) report: FileReport,
    /// In the order of rows.
    pub(crate) rows: Vec<Accepted>,
}

impl Reading {
    pub(crate) fn is_refused(&self) -> bool {
        self.report.is_refused()
    }

    /// Every row is accepted, quarantined or excluded, and each accepted one reached the sink once.
    pub(crate) fn is_accounted_for(&self) {
        let report = &self.report;
        let ends = report.accepted + report.quarantined + report.excluded_rows();
        assert_eq!(report.rows, ends, "{:?}", report.findings);
        assert_eq!(report.accepted, self.rows.len() as u64);
        assert_eq!(report.quarantined, report.quarantine.len() as u64);
        let mut numbers: Vec<u64> = self.rows.iter().map(|row| row.row).collect();
        numbers.extend(report.quarantine.iter().map(|row| row.row));
        let all = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), all, "a row was counted twice");
    }
}

struct Keeper(Vec<(costbook::ingest::RowPlace, Accepted)>);

impl Sink for Keeper {
    fn add(&mut self, batch: &Charges<'_>, _: &mut Vec<(usize, Rejection)>) {
        for (index, charge) in batch.charges.iter().enumerate() {
            let text = |wanted: usize| batch.text(index, wanted).map(<[u8]>::to_vec);
            let texts = (0..batch.texts.len()).map(text).collect();
            let Charge { currency, day, month, .. } = *charge;
            let costs = charge.costs.costs();
            self.0.push((charge.place, Accepted { row: 0, texts, costs, currency, day, month }));
        }
    }
}

/// Reads these bytes as the file of that name, on two threads.
pub(crate) fn read(name: &str, bytes: &[u8], map: &ColumnMap, wanted: &[WantedText]) -> Reading {
    read_by(None, name, bytes, map, wanted)
}

/// [`read`], with the program that reads workbooks.
pub(crate) fn read_by(
    reader: Option<&Path>,
    name: &str,
    bytes: &[u8],
    map: &ColumnMap,
    wanted: &[WantedText],
) -> Reading {
    let folder = tempfile::tempdir().expect("a folder for the file");
    let location = folder.path().join(name);
    fs::write(&location, bytes).expect("the file can be written");
    let file = SourceFile::alone("fuzz", name, location, Arc::new(map.clone()));
    let options = ScanOptions { threads: 2, progress: &Silent, reader };
    let (mut report, keepers) = scan(&[file], wanted, options, || Keeper(Vec::new()));
    let report = report.files.remove(0);
    let kept = keepers.into_iter().flat_map(|keeper| keeper.0);
    let mut rows: Vec<Accepted> =
        kept.map(|(place, row)| Accepted { row: report.row_number(place), ..row }).collect();
    rows.sort_by_key(|row| row.row);
    Reading { report, rows }
}

pub(crate) fn column_map(text: &str) -> ColumnMap {
    ColumnMap::parse("fuzz.yaml", text).expect("a column map")
}

/// Columns of the file by header.
pub(crate) fn custom(headers: &[&str]) -> Vec<WantedText> {
    headers.iter().map(|header| WantedText::Custom((*header).to_owned())).collect()
}
