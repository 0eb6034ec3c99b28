//! `costbook check`: the project, its rules and its tables, and of the bills that are there their
//! headers. No row of a bill is read.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::diagnostics::{Code, Finding, Severity, printable};
use crate::ingest::{Layout, discover, layout};

use super::args::CheckArgs;
use super::console::{self, Report};
use super::exit::Exit;
use super::load::{Loaded, Loader};
use super::workbook::executable;

pub(super) fn check(args: &CheckArgs) -> Exit {
    let mut loader = Loader::new(&args.project.project);
    let loaded = loader.load();
    let report = Report { texts: &loader.texts, project: &loader.shown };
    let project = match loaded {
        Ok(project) => project,
        Err(findings) => {
            report.findings(&findings, Severity::Note);
            return Exit::of_errors(&findings);
        }
    };
    let bills = Bills::look(&project);
    let exit = console::data(&(summary(&project) + &bills.text(args.verbose)));
    if bills.errors.is_empty() {
        return exit;
    }
    report.findings(&bills.errors, Severity::Note);
    Exit::of_errors(&bills.errors)
}

fn summary(project: &Loaded) -> String {
    let rules = &project.rules;
    format!(
        "{}: {} sources, {} dimensions, {} rules, {} pools, {} examples hold\n",
        project.project.organisation,
        project.project.sources.len(),
        rules.dimensions.len(),
        rules.classify.len(),
        rules.pools.len(),
        rules.tests.len(),
    )
}

/// What the headers of the bills say.
struct Bills {
    /// Sources in their order, each with its layouts and the files that have them.
    sources: Vec<(String, BTreeMap<Layout, Vec<String>>)>,
    errors: Vec<Finding>,
}

impl Bills {
    fn look(project: &Loaded) -> Self {
        let reader = executable();
        let mut bills = Self { sources: Vec::new(), errors: Vec::new() };
        for (index, source) in project.project.sources.iter().enumerate() {
            let mut layouts: BTreeMap<Layout, Vec<String>> = BTreeMap::new();
            let (source, maps) = (std::slice::from_ref(source), &project.maps[index..=index]);
            match discover(&project.root, source, maps, None, reader.as_deref()) {
                Ok(found) => {
                    for file in &found.files {
                        match layout(file, reader.as_deref()) {
                            Ok(layout) => {
                                layouts.entry(layout).or_default().push(file.path.to_string());
                            }
                            Err(findings) => bills.errors.extend(findings),
                        }
                    }
                }
                // A project can be right before its first bill comes.
                Err(findings) => bills
                    .errors
                    .extend(findings.into_iter().filter(|finding| finding.code != Code::NoFiles)),
            }
            bills.sources.push((source[0].name.clone(), layouts));
        }
        bills
    }

    fn text(&self, is_whole: bool) -> String {
        let mut text = String::new();
        for (source, layouts) in &self.sources {
            if layouts.is_empty() {
                let _ = writeln!(text, "  {source}: no bill that can be read");
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
