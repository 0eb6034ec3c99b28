//! `costbook licenses check`, `position` and `warnings`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;

use crate::cli::args::{
    Format, LicensesArgs, LicensesAsk, LicensesCheckArgs, LicensesCommand, LicensesFormat,
};
use crate::cli::console::{self, Report};
use crate::cli::exit::Exit;
use crate::cli::load::{Loaded, Loader};
use crate::cli::rules::{counted, finding_json};
use crate::cli::run::{exit_of, period};
use crate::diagnostics::{Code, Finding, Severity, did_you_mean, printable};
use crate::domain::Period;
use crate::licenses::{Beside, FailOn, LicenseOutcome, Warning, check_examples};
use crate::report::{LicenseReports, LicenseTable};

use super::{LoadedLicenses, outcome};

pub(in crate::cli) fn licenses(args: &LicensesArgs) -> Exit {
    match &args.command {
        LicensesCommand::Check(args) => check(args),
        LicensesCommand::Explain(args) => super::explain::explain(args),
        LicensesCommand::Position(args) => {
            ask(&args.ask, LicenseTable::Position, args.out.as_deref(), None)
        }
        LicensesCommand::Warnings(args) => {
            ask(&args.ask, LicenseTable::Warnings, None, args.fail_on.as_deref())
        }
    }
}

/// What was asked, and what there is to say.
struct Answer {
    text: String,
    findings: Vec<Finding>,
    /// Whether a warning is as grave as `--fail-on` says.
    fails: bool,
}

fn ask(
    asked: &LicensesAsk,
    table: LicenseTable,
    out: Option<&Path>,
    fail_on: Option<&str>,
) -> Exit {
    let month = period(&asked.period).map_err(|finding| vec![finding]);
    let mut loader = Loader::new(&asked.project.project, month.as_ref().ok().copied());
    let answered = month.and_then(|month| {
        let fail_on = fail_on.map(fails_on).transpose()?;
        let project = loader.load()?;
        answer(asked, table, out, fail_on.as_ref(), &project, month)
    });
    let report = Report { texts: &loader.texts, project: &loader.shown };
    match answered {
        Err(findings) => {
            report.findings(&findings, Severity::Warning);
            Exit::of_errors(&findings)
        }
        Ok(answer) => {
            let written = console::data(&answer.text);
            let least = if asked.verbose { Severity::Note } else { Severity::Warning };
            report.findings(&answer.findings, least);
            if answer.fails && written == Exit::Fine { Exit::Findings } else { written }
        }
    }
}

fn fails_on(text: &str) -> Result<FailOn, Vec<Finding>> {
    FailOn::parse(text)
        .map_err(|error| vec![Finding::new(Code::InvalidValue, format!("--fail-on: {error}"))])
}

fn answer(
    asked: &LicensesAsk,
    table: LicenseTable,
    out: Option<&Path>,
    fail_on: Option<&FailOn>,
    project: &Loaded,
    month: Period,
) -> Result<Answer, Vec<Finding>> {
    let one = |finding: Finding| vec![finding];
    let outcome = outcome(project, month, &Beside::default())?;
    let product = asked.product.as_deref();
    if let Some(product) = product {
        known_product(product, &outcome).map_err(one)?;
    }
    let Some(licenses) = &project.licenses else { return Err(Vec::new()) };
    let organisation = &project.project.organisation;
    let reports = LicenseReports { organisation, told: &licenses.told, outcome: &outcome };
    if let Some(directory) = out {
        reports.write(directory).map_err(one)?;
    }
    let is_asked = |name: Option<&str>| {
        product.is_none_or(|asked| name.is_some_and(|name| is_same(name, asked)))
    };
    let of_product =
        |warning: &Warning| warning.about.product.as_ref().map(|product| product.name.clone());
    let text = match (asked.format, table) {
        (LicensesFormat::Csv, _) => reports.csv(table, product).map_err(one)?,
        (LicensesFormat::Json, _) => reports.json(table, product).map_err(one)?,
        (LicensesFormat::Text, LicenseTable::Position) => {
            reports.position_text(&|line| is_asked(Some(&line.key.product.name)), asked.all)
        }
        (LicensesFormat::Text, LicenseTable::Warnings) => {
            reports.warnings_text(&|warning| is_asked(of_product(warning).as_deref()), asked.all)
        }
    };
    let fails = fail_on.is_some_and(|fail_on| {
        let seen = outcome.warnings.iter().filter(|own| is_asked(of_product(own).as_deref()));
        fail_on.fails(&seen.cloned().collect::<Vec<Warning>>())
    });
    let findings = project.notes.iter().chain(&outcome.notes).cloned().collect();
    Ok(Answer { text, findings, fails })
}

fn is_same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

fn known_product(asked: &str, outcome: &LicenseOutcome) -> Result<(), Finding> {
    let known: BTreeSet<&str> =
        outcome.positions.iter().map(|line| &*line.key.product.name).collect();
    if known.iter().any(|name| is_same(name, asked)) {
        return Ok(());
    }
    let text = format!("no line of the position is of `{}`", printable(asked));
    let help = did_you_mean(asked, known.iter().copied()).map_or_else(
        || format!("products are {}", known.iter().copied().collect::<Vec<_>>().join(", ")),
        |near| format!("did you mean `{near}`?"),
    );
    Err(Finding::new(Code::UnknownName, text).help(help))
}

fn check(args: &LicensesCheckArgs) -> Exit {
    let month = period(&args.period).map_err(|finding| vec![finding]);
    let mut loader = Loader::new(&args.project.project, month.as_ref().ok().copied());
    let checked = month.and_then(|month| {
        let project = loader.load()?;
        let outcome = outcome(&project, month, &Beside::default())?;
        Ok((project, outcome))
    });
    let report = Report { texts: &loader.texts, project: &loader.shown };
    let (about, findings) = match &checked {
        Err(findings) => (None, findings.clone()),
        Ok((project, outcome)) => {
            let rules = project.licenses.as_ref().map(|licenses| &licenses.rules);
            let mut findings: Vec<Finding> = rules.into_iter().flat_map(check_examples).collect();
            findings.extend(project.notes.iter().chain(&outcome.notes).cloned());
            (project.licenses.as_ref().map(|own| summary(project, own)), findings)
        }
    };
    let exit = match Exit::of_errors(&findings) {
        Exit::Fine => exit_of(args.fail_on, &findings),
        refused => refused,
    };
    let written = match (args.format, about) {
        (Format::Text, None) => Exit::Fine,
        (Format::Text, Some(about)) => console::data(&about),
        (Format::Json, _) => {
            let shown = findings.iter().map(|finding| finding_json(finding, report.project));
            console::data(&format!("{:#}\n", json!({ "findings": shown.collect::<Vec<_>>() })))
        }
    };
    if args.format == Format::Text {
        report.findings(&findings, Severity::Note);
    }
    if exit == Exit::Fine { written } else { exit }
}

fn summary(project: &Loaded, licenses: &LoadedLicenses) -> String {
    let own = licenses.rule_texts.iter().filter(|file| !file.path.starts_with("shipped:"));
    let examples: usize = licenses.rules.metrics.iter().map(|metric| metric.examples.len()).sum();
    let inventory = &licenses.told.inventory;
    let mut text = format!(
        "{}: {}, {}, {}\n",
        printable(&project.project.organisation),
        counted(own.count(), "license rule file"),
        counted(licenses.rules.metrics.len(), "metric"),
        counted(examples, "example"),
    );
    let width = licenses.files.iter().map(|file| file.kind.name().len()).max().unwrap_or(0);
    for file in &licenses.files {
        let rows = usize::try_from(file.rows).unwrap_or(usize::MAX);
        let (kind, path) = (file.kind.name(), printable(&file.path));
        let _ =
            writeln!(text, "  {kind:width$}  {path}: {} ({})", counted(rows, "row"), file.input);
    }
    let _ = writeln!(
        text,
        "  {}, {}, {} of use",
        counted(inventory.entitlements.len(), "right"),
        counted(inventory.contracts.len(), "contract"),
        counted(inventory.uses.len(), "row"),
    );
    text
}
