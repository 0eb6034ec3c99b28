//! The one pass over the big data: all files, side by side, into one sink per thread.
//!
//! Parquet is shared out by row group, the last ones in parts, CSV by block of records; a file's rows
//! may thus reach several sinks, in any order. What comes out does not depend on it: sums are exact,
//! and rows are numbered afterwards from the counts of their blocks.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use crate::diagnostics::{Code, Finding, Place};
use crate::domain::{Amount, CostMetric, Currency};
use crate::rules::ColumnMap;

use super::account;
use super::charge::{Sink, WantedText};
use super::csv::blocks::BlockError;
use super::csv::feed::{Room, Sent, feed};
use super::csv::rows::{CsvFormat, look_at_head, read_block};
use super::csv::stream::{Text, decoded, names_read, open_text};
use super::delivery::gate::{Gate, GatePlan};
use super::desk::{Desk, Tray};
use super::guard;
use super::layout::{absent_everywhere, asked_nowhere};
use super::open::{self, CsvStream, Fingerprint, Kind};
use super::parquet::file::{ParquetFormat, ParquetHead};
use super::parquet::parts::{self, ParquetJob, Part};
use super::quality::{self, Look};
use super::report::{FileId, FileReport, Role, ScanReport, SheetTable};
use super::row_numbers::RowNumbers;
use super::source_file::SourceFile;
use super::stamp::Stamp;
use super::tally::{SourceSum, Tally};
use super::values::binding::{Binding, Circumstances};
use super::workbook::source::{
    BINARY, map_of_sheet, open_workbook, refusal_in, sheet_findings, wanted_of,
};

/// Told how far a scan is; called from many threads.
pub trait Progress: Sync {
    /// `bytes` more of a file were read.
    fn advanced(&self, file: FileId, bytes: u64);
}

/// No one is watching.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Progress for Silent {
    fn advanced(&self, _: FileId, _: u64) {}
}

/// How to scan.
#[derive(Clone, Copy)]
pub struct ScanOptions<'a> {
    /// At least 1.
    pub threads: usize,
    pub progress: &'a dyn Progress,
    /// The program that serves [`WORKBOOK_COMMAND`](super::WORKBOOK_COMMAND), so that workbooks are
    /// read in a process of their own. Without it they are read in this one, and a hostile one may
    /// end it.
    pub reader: Option<&'a Path>,
}

/// Reads all files into sinks made by `make_sink`, one per thread.
///
/// Every file is accounted for in the report. A file that had to be refused carries a finding of
/// severity error, and then the sinks hold rows that must not be used. A file with the content of
/// an earlier one counts once: that this is so is known only at its end, so the scan is then done
/// again without it, which is rare and cannot be wrong. A file of a delivery that was replaced is
/// read, but its charges reach no sink.
pub fn scan<S: Sink>(
    files: &[SourceFile],
    wanted: &[WantedText],
    options: ScanOptions<'_>,
    make_sink: impl Fn() -> S + Sync,
) -> (ScanReport, Vec<S>) {
    scan_beside(files, wanted, &[], options, make_sink)
}

/// As [`scan`], with texts behind the others that files may well lack: that no file has them is told to nobody.
pub fn scan_beside<S: Sink>(
    files: &[SourceFile],
    wanted: &[WantedText],
    beside: &[WantedText],
    options: ScanOptions<'_>,
    make_sink: impl Fn() -> S + Sync,
) -> (ScanReport, Vec<S>) {
    let all = [wanted, beside].concat();
    let plan = GatePlan::new(files, &all);
    let gated = || Gate::new(&plan, make_sink());
    let mut duplicates: BTreeMap<usize, FileReport> = BTreeMap::new();
    loop {
        let (mut report, gates) =
            pass(files, &duplicates, (plan.wanted(), wanted), options, &gated);
        for index in account::undecided(&report) {
            hash_content(&mut report.files[index], &files[index].location);
        }
        let found = account::duplicates(&report);
        if found.is_empty() {
            for (index, duplicate) in duplicates {
                report.files[index] = duplicate;
            }
            account::check_magnitude(&mut report);
            let (sinks, overlaps) = plan.open(gates, &report);
            report.overlaps = overlaps.twice;
            report.beside = overlaps.beside;
            report.repeated = overlaps.repeated;
            return (report, sinks);
        }
        duplicates.extend(found);
    }
}

/// Reads a gzip once more, to hash what it holds.
fn hash_content(report: &mut FileReport, location: &Path) {
    let changed = || std::io::Error::other("it changed while it was read");
    let read = open::packed_fingerprint(location);
    match read.and_then(|read| if read.file == report.sha256 { Ok(read) } else { Err(changed()) }) {
        Ok(fingerprint) => report.content = fingerprint.content,
        Err(error) => {
            report.findings.push(unreadable(&error).at(Place::File(report.path.clone())));
        }
    }
}

fn pass<S: Sink>(
    files: &[SourceFile],
    duplicates: &BTreeMap<usize, FileReport>,
    (wanted, needed): (&[WantedText], &[WantedText]),
    options: ScanOptions<'_>,
    make_sink: &(impl Fn() -> S + Sync),
) -> (ScanReport, Vec<S>) {
    let open = |(index, file)| {
        if duplicates.contains_key(&index) {
            return Opened::refused(Vec::new());
        }
        open_file(index, file, wanted, options.reader)
    };
    let opened: Vec<Opened> = files.iter().enumerate().map(open).collect();
    let pass = Pass {
        files,
        opened: &opened,
        ends: files.iter().map(|_| Mutex::new(End::default())).collect(),
        room: Room::default(),
        next_part: AtomicUsize::new(0),
        next_stream: AtomicUsize::new(0),
        parts: parquet_jobs(&opened, options.threads),
        progress: options.progress,
    };
    let sinks = pass.run(options.threads.max(1), make_sink);
    let ends: Vec<End> =
        pass.ends.into_iter().map(|end| end.into_inner().unwrap_or_default()).collect();
    let heads = files.iter().zip(&opened).enumerate();
    let heads = heads.filter_map(|(index, (file, opened))| {
        opened.body.binding().map(|binding| (index, file, binding.headers.as_slice()))
    });
    let asked = asked_nowhere(heads.clone(), needed);
    let absent = absent_everywhere(heads);
    let mut report = ScanReport { judged: asked, ..ScanReport::default() };
    for ((file, opened), end) in files.iter().zip(opened).zip(ends) {
        report.files.push(file_report(file, opened, end));
    }
    for (index, finding) in absent {
        report.files[index].findings.push(finding);
    }
    (report, sinks)
}

/// A file whose header is understood, or why not.
struct Opened {
    body: Body,
    /// As it was opened.
    stamp: Option<Stamp>,
    version: Option<String>,
    sheet: Option<SheetTable>,
    findings: Vec<Finding>,
}

impl Opened {
    fn refused(findings: Vec<Finding>) -> Self {
        Self { body: Body::Refused, stamp: None, version: None, sheet: None, findings }
    }
}

enum Body {
    Refused,
    Parquet(Box<ParquetFormat>, File),
    Csv(Box<CsvFormat>, Mutex<Option<(CsvStream, Vec<u8>)>>),
}

impl Body {
    fn binding(&self) -> Option<&Binding> {
        match self {
            Self::Refused => None,
            Self::Parquet(format, _) => Some(&format.binding),
            Self::Csv(format, _) => Some(&format.binding),
        }
    }
}

/// What the pass found out about a file.
#[derive(Default)]
struct End {
    tally: Tally,
    fingerprint: Fingerprint,
    row_numbers: RowNumbers,
    findings: Vec<Finding>,
}

fn open_file(
    index: usize,
    file: &SourceFile,
    wanted: &[WantedText],
    reader: Option<&Path>,
) -> Opened {
    try_open(index, file, wanted, reader).unwrap_or_else(|findings| {
        let place = |finding: Finding| match finding.place {
            None => finding.at(Place::File(file.path.clone())),
            Some(_) => finding,
        };
        Opened::refused(findings.into_iter().map(place).collect())
    })
}

fn try_open(
    index: usize,
    file: &SourceFile,
    wanted: &[WantedText],
    reader: Option<&Path>,
) -> Result<Opened, Vec<Finding>> {
    let id = FileId(u32::try_from(index).unwrap_or(u32::MAX));
    if let Some(table) = &file.made {
        let text = decoded(CsvStream::made(table)).map_err(|f| vec![f])?;
        return open_csv(id, file, (text, &file.map, None), wanted);
    }
    let (handle, kind) = open::open(&file.location, &file.path).map_err(|f| vec![f])?;
    let stamp = Stamp::of(&handle).ok();
    let mut findings: Vec<Finding> = open::suffix_note(&file.path, kind).into_iter().collect();
    if kind == Kind::Parquet {
        let mut look = Look::new(&file.map);
        let head = guarded(|| ParquetHead::open(&handle)).map_err(|f| vec![f])?;
        let looked_at = quality::wanted(&file.map);
        let first = Circumstances { order: None, is_nested: head.is_nested() };
        if let Ok((binding, _)) =
            Binding::new(&file.map, head.headers(), &looked_at, first, &file.path)
        {
            guarded(|| head.look(&handle, &binding, &mut look)).map_err(|f| vec![f])?;
            findings.extend(placed(look.findings(), &file.path));
        }
        let given = Circumstances { order: look.order(), ..first };
        let (binding, notes) = Binding::new(&file.map, head.headers(), wanted, given, &file.path)?;
        findings.extend(notes);
        if head.has_binary(binding.money_columns().into_iter()) {
            findings
                .push(Finding::new(Code::BinarySource, BINARY).at(Place::File(file.path.clone())));
        }
        let version = binding.version.clone();
        let body = Body::Parquet(Box::new(head.into_format(id, binding)), handle);
        return Ok(Opened { body, stamp, version, sheet: None, findings });
    }
    let opened = if kind == Kind::Workbook {
        let asked = wanted_of(&file.map, &file.place);
        let sheet = open_workbook(handle, &asked, reader).map_err(|f| vec![f])?;
        let map = map_of_sheet(&file.map, sheet.since_1904);
        open_csv(id, file, (sheet.text, &map, Some(sheet.layout)), wanted)?
    } else {
        let names = names_read(&file.map, wanted);
        let text = open_text(handle, kind, &file.location, names).map_err(|f| vec![f])?;
        open_csv(id, file, (text, &file.map, None), wanted)?
    };
    findings.extend(opened.findings);
    Ok(Opened { stamp, findings, ..opened })
}

/// A stream of CSV, whatever it was made of.
fn open_csv(
    id: FileId,
    file: &SourceFile,
    (mut text, map, sheet): (Text, &Arc<ColumnMap>, Option<SheetTable>),
    wanted: &[WantedText],
) -> Result<Opened, Vec<Finding>> {
    let mut findings = Vec::new();
    let mut look = Look::new(map);
    let head = open::csv_head(&mut text).map_err(|f| vec![f])?;
    let mut stream = text.stream;
    stream.park();
    if head.delimiter != b',' {
        let text =
            format!("fields are separated by {:?}, not by commas", char::from(head.delimiter));
        findings.push(Finding::new(Code::OtherDelimiter, text).at(Place::File(file.path.clone())));
    }
    let looked_at = quality::wanted(map);
    let first = Circumstances::default();
    if let Ok((binding, _)) = Binding::new(map, head.headers.clone(), &looked_at, first, &file.path)
    {
        look_at_head(binding, head.delimiter, &head.rest, &mut look);
        findings.extend(placed(look.findings(), &file.path));
    }
    let given = Circumstances { order: look.order(), ..first };
    let (binding, notes) = Binding::new(map, head.headers, wanted, given, &file.path)?;
    findings.extend(notes);
    let version = binding.version.clone();
    let cells = if sheet.is_some() { binding.used_columns() } else { Vec::new() };
    let format = CsvFormat { file: id, binding, delimiter: head.delimiter, cells };
    Ok(Opened {
        body: Body::Csv(Box::new(format), Mutex::new(Some((stream, head.rest)))),
        stamp: None,
        version,
        sheet,
        findings,
    })
}

fn placed(findings: Vec<Finding>, path: &Arc<str>) -> impl Iterator<Item = Finding> + use<'_> {
    findings.into_iter().map(|finding| finding.at(Place::File(path.clone())))
}

/// Runs a decoder that may panic on hostile bytes; a panic is a broken file, not the end of the run.
fn guarded<T>(
    decode: impl FnOnce() -> Result<T, parquet::errors::ParquetError>,
) -> Result<T, Finding> {
    let reason = match guard::guarded(decode) {
        Some(Ok(value)) => return Ok(value),
        Some(Err(error)) => error.to_string(),
        None => "its pages contradict each other".to_owned(),
    };
    Err(Finding::new(
        Code::BrokenFile,
        format!("the Parquet file does not hold together: {reason}"),
    )
    .help("fetch the file again; nothing of it was counted"))
}

fn parquet_jobs(opened: &[Opened], threads: usize) -> Vec<ParquetJob> {
    let formats = opened.iter().enumerate().filter_map(|(index, file)| match &file.body {
        Body::Parquet(format, _) => Some((index, &**format)),
        _ => None,
    });
    parts::jobs(formats, threads)
}

struct Pass<'a> {
    files: &'a [SourceFile],
    opened: &'a [Opened],
    ends: Vec<Mutex<End>>,
    parts: Vec<ParquetJob>,
    room: Room,
    next_part: AtomicUsize,
    next_stream: AtomicUsize,
    progress: &'a dyn Progress,
}

impl Pass<'_> {
    fn run<S: Sink>(&self, threads: usize, make_sink: &(impl Fn() -> S + Sync)) -> Vec<S> {
        let streams = self.opened.iter().filter(|file| matches!(file.body, Body::Csv(..))).count();
        let (send, receive) = sync_channel::<Sent>(threads * 2);
        let receive = Mutex::new(receive);
        std::thread::scope(|scope| {
            for _ in 0..streams.min(threads) {
                let send = send.clone();
                scope.spawn(move || self.cut_streams(&send));
            }
            drop(send);
            let receive = &receive;
            let mut sinks: Vec<S> = (0..threads).map(|_| make_sink()).collect();
            if let [first, others @ ..] = &mut *sinks {
                for other in others {
                    other.join(first);
                }
            }
            let spawn = |sink| scope.spawn(move || self.work(sink, receive));
            let workers: Vec<_> = sinks.into_iter().map(spawn).collect();
            workers
                .into_iter()
                .map(|worker| worker.join().expect("workers report, they do not panic"))
                .collect()
        })
    }

    fn work<S: Sink>(&self, mut sink: S, blocks: &Mutex<Receiver<Sent>>) -> S {
        let mut tray = Tray::default();
        let mut tallies: Vec<Option<Tally>> = self.files.iter().map(|_| None).collect();
        loop {
            let job = self.next_part.fetch_add(1, Ordering::Relaxed);
            let Some((file, part)) = self.parts.get(job) else { break };
            let tally = tallies[*file].get_or_insert_default();
            self.read_part(*file, part.as_ref(), &mut tray, tally, &mut sink);
        }
        loop {
            let next = blocks.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(Sent { file, index, block }) = next else { break };
            let tally = tallies[file].get_or_insert_default();
            if let Body::Csv(format, _) = &self.opened[file].body {
                let mut desk = Desk::open(format.job(), &mut tray, tally, &mut sink);
                let records = read_block(format, &block, index, &mut desk);
                desk.close(index, records);
            }
            self.room.take_back(block);
        }
        for (file, tally) in tallies.into_iter().enumerate() {
            if let Some(tally) = tally {
                self.end(file, |end| end.tally.merge(tally));
            }
        }
        sink
    }

    fn read_part(
        &self,
        file: usize,
        part: Option<&(u32, Part)>,
        tray: &mut Tray,
        tally: &mut Tally,
        sink: &mut impl Sink,
    ) {
        let Body::Parquet(format, handle) = &self.opened[file].body else { return };
        match part {
            None => match open::fingerprint(handle) {
                Ok(fingerprint) => self.end(file, |end| end.fingerprint = fingerprint),
                Err(error) => self.fail(file, unreadable(&error)),
            },
            Some((block, part)) => {
                let mut desk = Desk::open(format.job(), tray, tally, sink);
                // Each part has a handle of its own: a shared one would share its position.
                let read = File::open(&self.files[file].location)
                    .map_err(|error| unreadable(&error))
                    .and_then(|handle| {
                        guarded(|| format.read_part(&handle, (*block, part), &mut desk))
                    });
                match read {
                    Ok(rows) => desk.close(*block, rows),
                    Err(finding) => self.fail(file, finding),
                }
                self.progress.advanced(format.file, part.bytes);
            }
        }
    }

    /// Cuts streams into blocks until there are none left.
    fn cut_streams(&self, send: &SyncSender<Sent>) {
        loop {
            let file = self.next_stream.fetch_add(1, Ordering::Relaxed);
            let Some(opened) = self.opened.get(file) else { return };
            let Body::Csv(format, stream) = &opened.body else { continue };
            let taken = stream.lock().unwrap_or_else(PoisonError::into_inner).take();
            let Some((stream, begun)) = taken else { continue };
            let path = &self.files[file].path;
            let progress = |bytes| self.progress.advanced(format.file, bytes);
            match feed(stream, begun, (file, format.delimiter), (send, &self.room), progress) {
                Ok(told) => self.end(file, |end| {
                    end.findings.extend(sheet_findings(&format.binding, &told, path));
                    end.fingerprint = told.fingerprint;
                    end.row_numbers = told.rows;
                }),
                Err(error) => self.fail(file, broken(&error)),
            }
        }
    }

    fn end(&self, file: usize, change: impl FnOnce(&mut End)) {
        change(&mut self.ends[file].lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn fail(&self, file: usize, finding: Finding) {
        let place = Place::File(self.files[file].path.clone());
        self.end(file, |end| end.findings.push(finding.at(place)));
    }
}

fn unreadable(error: &std::io::Error) -> Finding {
    Finding::new(Code::UnreadableFile, format!("the file cannot be read: {error}"))
        .help("check that it still exists and may be read, then run again")
}

fn broken(error: &BlockError) -> Finding {
    if let BlockError::Io(error) = error
        && let Some(refused) = refusal_in(error)
    {
        return refused;
    }
    Finding::new(Code::BrokenFile, error.to_string())
        .help("fetch the file again; nothing of it was counted")
}

fn file_report(file: &SourceFile, opened: Opened, end: End) -> FileReport {
    let first_row = if matches!(opened.body, Body::Csv(..)) { 2 } else { 1 };
    let readable = !matches!(opened.body, Body::Refused);
    let is_parquet = matches!(opened.body, Body::Parquet(..));
    let mut findings = opened.findings;
    findings.extend(end.findings);
    let changed = opened.stamp.and_then(|stamp| stamp.broken(&file.location));
    findings.extend(changed.map(|finding| finding.at(Place::File(file.path.clone()))));
    findings.sort_by(|a, b| (a.code, &a.message).cmp(&(b.code, &b.message)));
    findings.dedup();
    let mut report = FileReport {
        source: file.source.to_string(),
        format: file.map.name.clone(),
        version: opened.version,
        sheet: opened.sheet,
        unchecked_pages: is_parquet.then_some(end.tally.unchecked_pages),
        path: file.path.clone(),
        sha256: end.fingerprint.file,
        bytes: end.fingerprint.bytes,
        content: end.fingerprint.content,
        rows: end.tally.rows,
        accepted: end.tally.accepted,
        quarantined: end.tally.quarantined,
        excluded: end.tally.excluded.clone(),
        role: Role::Counted,
        delivery: file.delivery,
        totals: end.tally.totals(),
        quarantine: Vec::new(),
        magnitude: end.tally.magnitude,
        source_totals: source_totals(&opened.body, &end.tally),
        block_starts: block_starts(&end.tally, first_row),
        row_numbers: end.row_numbers,
        views: end.tally.views,
        findings,
    };
    account::settle(&mut report, &end.tally, readable, file.may_be_empty);
    if file.is_counted { report } else { account::set_aside(&report) }
}

/// Exact sums of the provider's own money columns: where rows are valued, of their terms; else the
/// costs' columns are these.
fn source_totals(body: &Body, tally: &Tally) -> BTreeMap<(Currency, String), Amount> {
    let Some(binding) = body.binding() else { return BTreeMap::new() };
    if let Some(recipe) = &binding.recipe {
        let mut totals = BTreeMap::new();
        let money = || recipe.valuation.terms.iter().filter(|term| term.is_money);
        for (currency, sums) in tally.source_sums() {
            for (term, sum) in money().zip(sums) {
                if let SourceSum::Known(Some(sum)) = sum {
                    totals.insert((*currency, term.name.clone()), *sum);
                }
            }
        }
        return totals;
    }
    let mut totals: BTreeMap<(Currency, CostMetric, String), Amount> = BTreeMap::new();
    for ((currency, _), month) in tally.totals() {
        for (metric, amount) in month.costs.iter() {
            let header = binding.costs[metric as usize].index().map(|at| &binding.headers[at]);
            let Some(header) = header.filter(|_| month.known.has(metric)) else { continue };
            *totals.entry((currency, metric, header.clone())).or_default() += amount;
        }
    }
    // Two metrics of one column have one sum.
    totals.into_iter().map(|((currency, _, header), sum)| ((currency, header), sum)).collect()
}

/// The row number of each block's first record.
fn block_starts(tally: &Tally, first_row: u64) -> Vec<u64> {
    let mut counts = tally.block_rows.clone();
    counts.sort_unstable();
    let mut row = first_row;
    counts
        .into_iter()
        .map(|(_, rows)| {
            let start = row;
            row += rows;
            start
        })
        .collect()
}
