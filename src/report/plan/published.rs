//! A published run as a state: its figures as they were published, and what it tells of its inputs.
//!
//! A run keeps hashes of what it was made of, not the texts. So it can tell what changed since, and
//! the figures, but not what its rules would make of other bills.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::diagnostics::{Code, Finding};
use crate::domain::{
    Amount, CostMetric, Currency, Exchange, ExchangeTerms, MonthRates, Period, Quote, Rate,
    RatePolicy, RateTable,
};
use crate::ingest::{Role, ScanReport};

use super::super::Facts;
use super::super::party::Kind;
use super::super::standing::{damaged, hash};
use super::State;

/// Bytes that a document of a run may have.
const LIMIT: u64 = 1 << 30;

/// What was read: files by path, with hash and role.
pub type BillFiles = BTreeSet<(String, String, &'static str)>;
/// Kind, path and hash of texts and tables.
pub type InputHashes = BTreeSet<(String, String, String)>;
/// By currency, report currency and day: the rate as a fraction, empty where none is known.
pub type UsedRates = BTreeMap<[String; 3], String>;

/// A published run, verified.
#[derive(Clone, Debug)]
pub struct PublishedRun {
    pub period: Period,
    pub organisation: String,
    /// The version of costbook that made it.
    pub version: String,
    /// As the view of the run had it.
    pub view: String,
    pub inputs: InputHashes,
    pub bills: BillFiles,
    /// Manifests of providers, by path and hash.
    pub manifests: BTreeSet<(String, String)>,
    pub rates: UsedRates,
    /// Digits of converted amounts; `None` where nothing was converted.
    digits: Option<u32>,
    folder: PathBuf,
    own_metric: String,
}

/// The folder of a published run that a path names: the folder, or its `run.json`. `None` where it
/// names something else, such as a project.
#[must_use]
pub fn run_folder(path: &Path) -> Option<PathBuf> {
    let is_document = path.file_name().is_some_and(|name| name == "run.json");
    let folder = if is_document { path.parent().unwrap_or(Path::new("")) } else { path };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let has = |name: &str| folder.join(name).is_file();
    (is_document || (has("run.json") && !has("costbook.yaml"))).then(|| folder.to_owned())
}

impl PublishedRun {
    /// Reads a run, once every file of it has the hash that its own checksums tell.
    ///
    /// # Errors
    /// [`Code::BrokenFile`] where a file was changed, is missing or cannot be understood.
    pub fn read(folder: &Path) -> Result<Self, Finding> {
        if let Some(name) = damaged(folder)? {
            let path = folder.join(name);
            let text = format!("`{}` is not as it was published", path.display());
            return Err(Finding::new(Code::BrokenFile, text).help(
                "`sha256sum -c SHA256SUMS` in the folder names all that differs; restore it or run the month again",
            ));
        }
        let run = document(folder, "run.json")?;
        let manifest = document(folder, "manifest.json")?;
        let told = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let list = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
        let period = told(&run, "period");
        let period = period.parse::<Period>().map_err(|_| unclear(folder, "run.json", "period"))?;
        let deliveries = list(&manifest, "deliveries");
        let manifests = deliveries.iter().flat_map(|delivery| list(delivery, "manifests"));
        let bill = |bill: &Value| {
            let role = role_named(bill["role"].as_str().unwrap_or_default());
            (told(bill, "path"), told(bill, "sha256"), role)
        };
        let input =
            |input: &Value| (told(input, "kind"), told(input, "path"), told(input, "sha256"));
        Ok(Self {
            period,
            organisation: told(&run, "organisation"),
            version: told(&run["tool"], "version"),
            view: told(&run, "view"),
            inputs: list(&manifest, "inputs").iter().map(input).collect(),
            bills: list(&manifest, "bills").iter().map(bill).collect(),
            manifests: manifests.map(|id| (told(&id, "path"), told(&id, "sha256"))).collect(),
            rates: published_rates(folder)?,
            digits: run["exchange"]["digits"].as_u64().and_then(|digits| digits.try_into().ok()),
            folder: folder.to_owned(),
            own_metric: told(&run, "metric"),
        })
    }

    /// How it converted amounts; `None` where it did not, or each day had a rate of its own.
    #[must_use]
    pub fn exchange(&self) -> Option<Exchange> {
        let terms =
            ExchangeTerms { policy: RatePolicy::MonthEnd, digits: self.digits?, inverse: false };
        let mut table = RateTable::default();
        let mut into = None;
        for ([currency, report, day], fraction) in &self.rates {
            if !day.is_empty() {
                return None;
            }
            let (from, to): (Currency, Currency) = (currency.parse().ok()?, report.parse().ok()?);
            into = Some(to);
            if from != to {
                let quote = Quote { rate: Rate::fraction(fraction)?, source: String::new() };
                table.add(from, to, self.period.last(), quote);
            }
        }
        Some(Exchange::new(into?, table, terms))
    }

    /// Its figures in a metric.
    ///
    /// # Errors
    /// As [`PublishedRun::read`].
    pub fn state(&self, metric: CostMetric) -> Result<State, Finding> {
        let mut state = State::default();
        let column = match metric {
            _ if metric.name() == self.own_metric => "total",
            CostMetric::BilledCost => "billed_cost",
            _ => "effective_cost",
        };
        self.each("showback.csv", |row| {
            let key = row.party(column)?;
            *state.amounts.entry(key.0).or_default() += key.1;
            Some(())
        })?;
        let column = match metric {
            CostMetric::BilledCost => "billed_cost",
            _ => "effective_cost",
        };
        self.each("showback_detail.csv", |row| {
            let (key, amount) = row.party(column)?;
            match row.text("stage")?.strip_prefix("pool:") {
                None => {
                    let service = row.text("service_name")?.to_owned();
                    *state.services.entry((key, service)).or_default() += amount;
                }
                // A metric that is blank has no currency either.
                Some(_) if amount.is_zero() => {}
                // What a pool gives away stands with the pool's own name.
                Some(pool) if key.1 == Kind::Pool && key.2 == pool => {}
                Some(pool) => state.pools.give(pool, key.0, (key.1, key.2), amount),
            }
            Some(())
        })?;
        self.each("allocation_trace.csv", |row| {
            let step = row.text("step")?.parse().ok()?;
            if row.text("metric")? == metric.name() {
                state.pools.tell(row.text("pool")?, step, row.text("method")?, row.text("rule")?);
            }
            Some(())
        })?;
        Ok(state)
    }

    fn each(&self, name: &str, take: impl FnMut(&Record<'_>) -> Option<()>) -> Result<(), Finding> {
        each(&self.folder, name, take)
    }
}

/// A row of a table, by the names of its columns.
struct Record<'a> {
    columns: &'a BTreeMap<String, usize>,
    fields: &'a csv::StringRecord,
}

impl Record<'_> {
    fn text(&self, column: &str) -> Option<&str> {
        self.fields.get(*self.columns.get(column)?)
    }

    /// Who, and the amount of a column: in the report currency where there is one.
    fn party(&self, column: &str) -> Option<((Currency, Kind, String), Amount)> {
        let report = self.text(&format!("report_{column}"))?;
        let (currency, amount) = match report {
            "" => (self.text("currency")?, self.text(column)?),
            report => (self.text("report_currency")?, report),
        };
        // A metric that nothing of a line tells is blank, and adds nothing.
        let amount = if amount.is_empty() { Amount::ZERO } else { amount.parse().ok()? };
        let key = (currency.parse().ok()?, Kind::named(self.text("kind")?), self.text("owner")?);
        Some(((key.0, key.1, key.2.to_owned()), amount))
    }
}

fn each(
    folder: &Path,
    name: &str,
    mut take: impl FnMut(&Record<'_>) -> Option<()>,
) -> Result<(), Finding> {
    let path = folder.join(name);
    let broken = |error: csv::Error| {
        Finding::new(Code::BrokenFile, format!("`{}` cannot be read: {error}", path.display()))
    };
    let mut table = csv::Reader::from_path(&path).map_err(broken)?;
    let header = table.headers().map_err(broken)?;
    let columns = header.iter().enumerate().map(|(at, name)| (name.to_owned(), at)).collect();
    let mut fields = csv::StringRecord::new();
    while table.read_record(&mut fields).map_err(broken)? {
        let record = Record { columns: &columns, fields: &fields };
        if take(&record).is_none() {
            let line = fields.position().map_or(0, csv::Position::line);
            return Err(unclear(folder, name, &format!("line {line}")));
        }
    }
    Ok(())
}

fn document(folder: &Path, name: &str) -> Result<Value, Finding> {
    let path = folder.join(name);
    let is_small = fs::metadata(&path).is_ok_and(|found| found.len() <= LIMIT);
    let text = is_small.then(|| fs::read(&path).ok()).flatten();
    let read = text.and_then(|text| serde_json::from_slice(&text).ok());
    read.ok_or_else(|| unclear(folder, name, "document"))
}

fn unclear(folder: &Path, name: &str, what: &str) -> Finding {
    let path = folder.join(name);
    let text =
        format!("`{}` is no such file of a run: its {what} cannot be understood", path.display());
    Finding::new(Code::BrokenFile, text)
        .help("name a folder that `costbook run` published, or its run.json")
}

fn published_rates(folder: &Path) -> Result<UsedRates, Finding> {
    let mut rates = UsedRates::new();
    each(folder, "exchange.csv", |row| {
        let keys = ["currency", "report_currency", "day"];
        let [currency, report, day] = keys.map(|key| row.text(key).map(str::to_owned));
        rates.insert([currency?, report?, day?], row.text("rate_fraction")?.to_owned());
        Some(())
    })?;
    Ok(rates)
}

fn role_named(name: &str) -> &'static str {
    ["counted", "duplicate", "replaced"].into_iter().find(|role| *role == name).unwrap_or_default()
}

/// The rates that a run used, as its table of them tells.
#[must_use]
pub fn used_rates(facts: &Facts) -> UsedRates {
    let mut used = UsedRates::new();
    for total in &facts.conversions.totals {
        let rates = facts.conversions.rates(facts.period, total.currency);
        let day = total.day.unwrap_or(facts.period.first());
        let fraction = match rates {
            MonthRates::Same => "1".to_owned(),
            rates => rates.used(day).map(|used| used.rate.ratio().to_string()).unwrap_or_default(),
        };
        let day = total.day.map_or_else(String::new, |day| day.to_string());
        let report = facts.conversions.report_currency.to_string();
        used.insert([total.currency.to_string(), report, day], fraction);
    }
    used
}

/// The hash of a file, as a manifest tells it; `None` where it cannot be read.
#[must_use]
pub fn file_hash(path: &Path) -> Option<String> {
    hash(path).ok().filter(|hash| !hash.is_empty())
}

/// The bills of a scan, as a manifest tells them.
#[must_use]
pub fn bill_files(scan: &ScanReport) -> BillFiles {
    let file = |file: &crate::ingest::FileReport| {
        let role = match file.role {
            Role::Counted => "counted",
            Role::Duplicate(_) => "duplicate",
            Role::Replaced(_) => "replaced",
        };
        (file.path.to_string(), file.sha256.clone(), role)
    };
    scan.files.iter().map(file).collect()
}
