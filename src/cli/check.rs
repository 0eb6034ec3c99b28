//! `costbook check`: the project, its rules and its tables, and of the bills that are there their
//! headers. No row of a bill is read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::diagnostics::{Code, Finding, Place, Severity, printable};
use crate::domain::Period;
use crate::ingest::{Layout, SourceFile, WantedText, head, layout, read_nowhere, survey};
use crate::rules::Field;

use super::args::CheckArgs;
use super::console::{self, Report};
use super::exit::Exit;
use super::load::{Loaded, Loader};
use super::workbook::executable;

pub(super) fn check(args: &CheckArgs) -> Exit {
    let mut loader = Loader::new(&args.project.project);
    let loaded = loader.load(None);
    let report = Report { texts: &loader.texts, project: &loader.shown };
    let project = match loaded {
        Ok(project) => project,
        Err(findings) => {
            report.findings(&findings, Severity::Note);
            return Exit::of_errors(&findings);
        }
    };
    let bills = Bills::look(&project);
    let text = summary(&project) + &drivers(&project) + &bills.text(args.verbose);
    let exit = console::data(&text);
    report.findings(&project.notes, Severity::Note);
    report.findings(&bills.findings, Severity::Note);
    match Exit::of_errors(&bills.findings) {
        Exit::Fine => exit,
        refused => refused,
    }
}

fn summary(project: &Loaded) -> String {
    let rules = &project.rules;
    // The examples of shipped maps hold by tests of costbook's own.
    let maps = project.maps.iter().flatten().filter(|map| !map.is_shipped());
    let own: BTreeMap<&str, usize> =
        maps.map(|map| (map.path.as_str(), map.examples.len())).collect();
    let examples = rules.tests.len() + own.values().sum::<usize>();
    format!(
        "{}: {}, {}, {}, {}, {} {}\n",
        project.project.organisation,
        counted(project.project.sources.len(), "source"),
        counted(rules.dimensions.len(), "dimension"),
        counted(rules.classify.len(), "rule"),
        counted(rules.pools.len(), "pool"),
        counted(examples, "example"),
        if examples == 1 { "holds" } else { "hold" },
    )
}

/// A line for each driver.
fn drivers(project: &Loaded) -> String {
    let mut text = String::new();
    for driver in &project.drivers {
        let months: BTreeSet<Period> =
            driver.rows.iter().filter_map(|row| row.days.from()).map(Period::of).collect();
        let consumers: BTreeSet<_> = driver.rows.iter().map(|row| &row.consumer).collect();
        let of = match (months.first(), months.last()) {
            (Some(first), Some(last)) if first == last => format!(" of {first}"),
            (Some(first), Some(last)) => format!(" of {first} to {last}"),
            _ => String::new(),
        };
        let _ = writeln!(
            text,
            "  driver {}: {}{of}{}, {}",
            driver.name,
            counted(driver.rows.len(), "row"),
            if driver.has_days { " by day" } else { "" },
            counted(consumers.len(), "consumer"),
        );
    }
    text
}

/// What rules ask by the names of headers.
fn asked(project: &Loaded) -> Vec<WantedText> {
    let fields = project.rules.fields.iter();
    let custom = fields.filter_map(|field| match field {
        Field::Custom(name) => Some(WantedText::Custom(name.clone())),
        _ => None,
    });
    custom.collect()
}

/// What the headers of the bills say.
struct Bills {
    /// In the order of the sources.
    sources: Vec<Bill>,
    findings: Vec<Finding>,
}

/// What the headers of one source say.
struct Bill {
    source: String,
    /// Layouts, each with the files that have it.
    layouts: BTreeMap<Layout, Vec<String>>,
    /// The patterns, where nothing matches them.
    unmatched: Option<String>,
}

impl Bills {
    fn look(project: &Loaded) -> Self {
        let reader = executable();
        let wanted = asked(project);
        let mut bills = Self { sources: Vec::new(), findings: Vec::new() };
        let mut heads = Vec::new();
        for (index, source) in project.project.sources.iter().enumerate() {
            let (sources, maps) = (std::slice::from_ref(source), &project.maps[index..=index]);
            let (found, errors) = survey(&project.root, sources, maps, None, reader.as_deref());
            // A project can be right before its first bill comes.
            let (none, errors): (Vec<Finding>, Vec<Finding>) =
                errors.into_iter().partition(|finding| finding.code == Code::NoFiles);
            let patterns = source.files.iter().map(|(pattern, _)| pattern.as_str());
            let patterns = || patterns.collect::<Vec<_>>().join(", ");
            let mut bill = Bill {
                source: source.name.clone(),
                layouts: BTreeMap::new(),
                unmatched: (!none.is_empty()).then(patterns),
            };
            let is_refused = |file: &SourceFile| {
                let place = Some(Place::File(file.path.clone()));
                errors.iter().any(|finding| finding.place == place)
            };
            for file in found.files.iter().filter(|file| !is_refused(file)) {
                match head(file, &wanted, reader.as_deref()) {
                    Ok(head) => {
                        let files = bill.layouts.entry(layout(&head, &wanted)).or_default();
                        files.push(file.path.to_string());
                        heads.push(head);
                    }
                    Err(findings) => bills.findings.extend(findings),
                }
            }
            bills.findings.extend(errors);
            bills.sources.push(bill);
        }
        // What is read may be in a file that has not come or cannot be read.
        let is_whole = bills.sources.iter().all(|bill| !bill.layouts.is_empty());
        if is_whole && bills.findings.is_empty() {
            bills.findings = read_nowhere(&heads, &wanted);
        }
        bills
    }

    fn text(&self, is_whole: bool) -> String {
        let mut text = String::new();
        for Bill { source, layouts, unmatched } in &self.sources {
            match unmatched {
                Some(patterns) => {
                    let patterns = printable(patterns);
                    let _ = writeln!(text, "  {source}: no file matches {patterns} yet");
                }
                None if layouts.is_empty() => {
                    let _ = writeln!(text, "  {source}: no bill that can be read");
                }
                None => {}
            }
            for (layout, files) in layouts {
                let version = layout.version.as_ref().map_or(String::new(), |v| format!(" {v}"));
                let _ = writeln!(
                    text,
                    "  {source}: {} of {}{version}, {} mapped, {} ignored",
                    counted(files.len(), "file"),
                    layout.format,
                    counted(layout.mapped.len(), "column"),
                    counted(layout.ignored.len(), "column"),
                );
                if is_whole {
                    whole(layout, files, &mut text);
                }
            }
        }
        text
    }
}

/// Everything about a layout. Headers are texts of strangers, and shown as such.
fn whole(layout: &Layout, files: &[String], text: &mut String) {
    for file in files {
        let _ = writeln!(text, "    {}", printable(file));
    }
    let width = layout.mapped.iter().map(|(column, _)| column.len()).max().unwrap_or(0);
    for (column, from) in &layout.mapped {
        let _ = writeln!(text, "      {column:width$} <- {}", printable(from));
    }
    for (title, names) in [("without", &layout.absent), ("ignored", &layout.ignored)] {
        if !names.is_empty() {
            let _ = writeln!(text, "      {title}: {}", printable(&names.join(", ")));
        }
    }
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
