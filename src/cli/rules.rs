//! `costbook rules`: what can be known of rules before they are relied on.
//!
//! `check` lints them, by themselves and against the bills at hand; `test` runs the examples that
//! they carry; `schema` prints what editors check by.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::allocate::{
    ExampleRun, OverlapFinder, Plan, assemble, lint_data, lint_rules, overlaps, run_examples,
};
use crate::diagnostics::{Code, Finding, Place, Severity, printable};
use crate::domain::Period;
use crate::ingest::{Discovery, ScanOptions, Silent, scan, survey};
use crate::report::uncovered_money;
use crate::rules::{SchemaOf, schema};

use super::args::{Format, RulesArgs, RulesCheckArgs, RulesCommand, RulesTestArgs, SchemaKind};
use super::console::{self, Report, seen_path};
use super::exit::Exit;
use super::load::{Loaded, Loader};
use super::run::{exit_of, period};
use super::workbook::executable;

pub(super) fn rules(args: &RulesArgs) -> Exit {
    match &args.command {
        RulesCommand::Check(args) => check(args),
        RulesCommand::Test(args) => test(args),
        RulesCommand::Schema(args) => console::data(&schema(match args.kind {
            SchemaKind::Project => SchemaOf::Project,
            SchemaKind::Rules => SchemaOf::Rules,
            SchemaKind::ColumnMap => SchemaOf::ColumnMap,
            SchemaKind::LicenseRules => SchemaOf::Licenses,
        })),
    }
}

/// What the bills at hand told.
#[derive(Default)]
struct Bills {
    files: usize,
    charges: u64,
    /// Why nothing was looked at; `None` where the bills were.
    unseen: Option<String>,
    findings: Vec<Finding>,
}

fn check(args: &RulesCheckArgs) -> Exit {
    let month = period(&args.period).map_err(|finding| vec![finding]);
    let mut loader = Loader::new(&args.project.project, month.as_ref().ok().copied());
    let loaded = month.and_then(|month| Ok((loader.load()?, month)));
    let checked = loaded.map(|(project, month)| {
        let mut findings = lint_rules(&project.rules, &project.org, month);
        let mut bills = look(&project, month, args.threads.count(), &findings);
        findings.append(&mut bills.findings);
        (project, month, bills, findings)
    });
    let report = Report { texts: &loader.texts, project: &loader.shown };
    let (about, bills, findings) = match checked {
        Ok((project, month, bills, findings)) => {
            (Some((summary(&project), month)), bills, findings)
        }
        Err(findings) => (None, Bills::default(), findings),
    };
    let exit = match Exit::of_errors(&findings) {
        Exit::Fine => exit_of(args.fail_on, &findings),
        refused => refused,
    };
    let written = match (args.format, about) {
        (Format::Json, about) => console::data(&as_json(about, &bills, &findings, &report)),
        (Format::Text, None) => Exit::Fine,
        (Format::Text, Some((summary, month))) => console::data(&(summary + &seen(&bills, month))),
    };
    if args.format == Format::Text {
        report.findings(&findings, Severity::Note);
    }
    if exit == Exit::Fine { written } else { exit }
}

/// Reads the bills and asks every rule of every charge. Bills that are not there, or not whole, are
/// no error of the rules: what they would tell is left out, and that is said.
fn look(project: &Loaded, month: Period, threads: usize, linted: &[Finding]) -> Bills {
    let Loaded { rules, org, metadata, .. } = project;
    let reader = executable();
    let sources = &project.project.sources;
    let (found, errors) =
        survey(&project.root, sources, &project.maps, Some(month), reader.as_deref());
    let (_, errors): (Vec<Finding>, Vec<Finding>) =
        errors.into_iter().partition(|finding| finding.code == Code::NoFiles);
    let unseen = |why: String, findings: Vec<Finding>| Bills {
        unseen: Some(why),
        findings,
        ..Bills::default()
    };
    if !errors.is_empty() {
        return unseen("the bills cannot be read".to_owned(), errors);
    }
    let Discovery { files, .. } = &found;
    if files.is_empty() {
        return unseen(format!("no bill of {month} is there"), Vec::new());
    }
    let plan = Plan::new(rules, org, metadata, files, month);
    let options = ScanOptions { threads, progress: &Silent, reader: reader.as_deref() };
    let (scanned, finders) = scan(files, plan.wanted(), options, || OverlapFinder::new(&plan));
    let is_error = |finding: &&Finding| finding.severity() == Severity::Error;
    let errors: Vec<Finding> = scanned.findings().filter(is_error).cloned().collect();
    if !errors.is_empty() {
        return unseen("the bills cannot be read".to_owned(), errors);
    }
    let (kernels, overlaps) = overlaps(finders);
    let cube = match assemble(&plan, kernels) {
        Ok(cube) => cube,
        Err(finding) => return unseen("the bills cannot be summed".to_owned(), vec![finding]),
    };
    let charges = cube.groups().map(|cells| cells.rows()).sum();
    let mut findings = lint_data(rules, &cube, &overlaps, linted);
    findings.extend(uncovered_money(rules, org, &cube));
    Bills { files: files.len(), charges, unseen: None, findings }
}

fn summary(project: &Loaded) -> String {
    let rules = &project.rules;
    format!(
        "{}: {}, {}, {}, {}\n",
        printable(&project.project.organisation),
        counted(rules.classify.len(), "rule"),
        counted(rules.pools.len(), "pool"),
        counted(rules.dimensions.len(), "dimension"),
        counted(rules.lists.len(), "list"),
    )
}

fn seen(bills: &Bills, month: Period) -> String {
    if let Some(why) = &bills.unseen {
        return format!(
            "  {why}: which rules match, overlap or leave money out was not looked at\n"
        );
    }
    let charges = usize::try_from(bills.charges).unwrap_or(usize::MAX);
    let (charges, files) = (counted(charges, "charge"), counted(bills.files, "file"));
    format!("  {month}: {charges} in {files} looked at\n")
}

pub(super) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn as_json(
    about: Option<(String, Period)>,
    bills: &Bills,
    findings: &[Finding],
    report: &Report<'_>,
) -> String {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| (&finding.place, finding.code.name(), &finding.message));
    let period = about.map(|(_, month)| month.to_string());
    let seen = period.is_some() && bills.unseen.is_none();
    let whole = json!({
        "period": period,
        "bills": seen.then(|| json!({ "files": bills.files, "charges": bills.charges })),
        "bills_unseen_because": bills.unseen,
        "findings": sorted.into_iter().map(|f| finding_json(f, report.project)).collect::<Vec<_>>(),
    });
    format!("{whole:#}\n")
}

pub(super) fn finding_json(finding: &Finding, project: &str) -> Value {
    let place = finding.place.as_ref().map(|place| match place {
        Place::Text(span) => json!({
            "path": seen_path(project, &span.path),
            "line": span.line,
            "column": span.column,
            "length": span.length,
        }),
        Place::Cell { path, row, column } => {
            json!({ "path": seen_path(project, path), "row": row, "column": column })
        }
        Place::File(path) => json!({ "path": seen_path(project, path) }),
    });
    json!({
        "code": finding.code.name(),
        "severity": finding.severity().name(),
        "message": finding.message,
        "help": finding.help,
        "count": finding.count,
        "place": place,
    })
}

fn test(args: &RulesTestArgs) -> Exit {
    let mut loader = Loader::new(&args.project.project, None).without_examples();
    let runs =
        loader.load().map(|project| run_examples(&project.rules, &project.org, &project.metadata));
    let report = Report { texts: &loader.texts, project: &loader.shown };
    let runs = match runs {
        Ok(runs) => runs,
        Err(findings) => {
            report.findings(&findings, Severity::Note);
            return Exit::of_errors(&findings);
        }
    };
    let written = console::data(&match args.format {
        Format::Text => tests_text(&runs, report.project),
        Format::Json => tests_json(&runs, report.project),
    });
    let failed: Vec<Finding> = runs.iter().filter_map(ExampleRun::finding).collect();
    match Exit::of_errors(&failed) {
        Exit::Fine => written,
        failed => failed,
    }
}

fn tests_text(runs: &[ExampleRun], project: &str) -> String {
    let mut text = String::new();
    for run in runs {
        let given: Vec<String> =
            run.given.iter().map(|(field, value)| format!("{field}={value}")).collect();
        let place = format!("{}:{}", seen_path(project, &run.span.path), run.span.line);
        let verdict = if run.holds() { "ok  " } else { "FAIL" };
        let is_dated = run.given.iter().any(|(field, _)| field == "charge_period_start");
        let day = run.day.filter(|_| !is_dated);
        let day = day.map_or(String::new(), |day| format!(" as of {day}"));
        let mut line = format!("{verdict} {place}  {}{day} -> {}", given.join(", "), run.expected);
        if !run.holds() {
            let found =
                if run.found.is_empty() { run.faults.join("; ") } else { run.found.clone() };
            let _ = write!(line, "\n     found {found}");
        }
        for line in line.lines() {
            let _ = writeln!(text, "{}", printable(line));
        }
    }
    let failed = runs.iter().filter(|run| !run.holds()).count();
    let held = runs.len() - failed;
    let _ = writeln!(text, "{}: {held} hold, {failed} fail", counted(runs.len(), "example"));
    text
}

fn tests_json(runs: &[ExampleRun], project: &str) -> String {
    let tests = runs.iter().map(|run| {
        let given =
            run.given.iter().map(|(field, text)| (field.clone(), Value::from(text.as_str())));
        json!({
            "path": seen_path(project, &run.span.path),
            "line": run.span.line,
            "given": given.collect::<serde_json::Map<_, _>>(),
            "as_of": run.day.map(|day| day.to_string()),
            "expected": run.expected,
            "found": run.found,
            "holds": run.holds(),
            "faults": run.faults,
        })
    });
    let tests: Vec<Value> = tests.collect();
    let failed = runs.iter().filter(|run| !run.holds()).count();
    let whole = json!({ "examples": runs.len(), "failed": failed, "tests": tests });
    format!("{whole:#}\n")
}
