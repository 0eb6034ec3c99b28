//! `costbook run`: the main job.

use std::path::Path;

use chrono::NaiveDate;

use crate::diagnostics::{Code, Finding, Severity, printable};
use crate::domain::Period;
use crate::ingest::{Progress, Silent, SourceFile};
use crate::report::{self, OutputFolder, Published, SourceChange};
use crate::rules::DatasetForm;

use super::args::{FailOn, PeriodArgs, RunArgs};
use super::console::{self, Report};
use super::dataset::allocated_focus;
use super::exit::Exit;
use super::load::{Loaded, Loader};
use super::pipeline::{Options, Outcome, pipeline};
use super::progress::Bars;
use super::timings::Timings;

pub(super) fn run(args: &RunArgs) -> Exit {
    // A month that cannot be read is told once the project is known.
    let mut loader = Loader::new(&args.project.project, period(&args.period).ok());
    let mut timings = Timings::default();
    let done = timings.stage("load", || loader.load()).and_then(|project| {
        let published = produce(args, &project, &mut timings)?;
        Ok((project, published))
    });
    if args.timings || args.verbose {
        timings.lines().iter().for_each(|line| console::message(line));
    }
    let report = Report { texts: &loader.texts, project: &loader.shown };
    match done {
        Err(findings) => {
            let least = if args.quiet { Severity::Error } else { Severity::Warning };
            report.findings(&findings, least);
            Exit::of_errors(&findings)
        }
        Ok((project, done)) => {
            if args.verbose {
                report.findings(&done.outcome.findings, Severity::Note);
            }
            summarise(args, &project, &done);
            let exit = exit_of(args.fail_on, &done.outcome.findings);
            // The process ends: giving a million cells back one by one would only take time.
            std::mem::forget((project, done));
            exit
        }
    }
}

/// What was published, where.
struct Done {
    outcome: Outcome,
    target: String,
    published: Published,
    /// Against what was published before.
    changes: Vec<SourceChange>,
}

fn produce(args: &RunArgs, project: &Loaded, timings: &mut Timings) -> Result<Done, Vec<Finding>> {
    let one = |finding: Finding| vec![finding];
    let period = period(&args.period).map_err(one)?;
    let target = match &args.out {
        Some(out) => out.clone(),
        None => project.root.join("out").join(period.to_string()),
    };
    // Taken before any work is done, so that a second run ends at once and not after an hour.
    let mut folder = OutputFolder::at(&target).map_err(one)?;
    folder.is_for(&project.project.organisation, period).map_err(one)?;
    let watched = console::is_watched() && !args.quiet;
    let watch = |files: &[SourceFile]| -> Box<dyn Progress> {
        if watched { Box::new(Bars::new(files)) } else { Box::new(Silent) }
    };
    let options = Options { period, threads: args.threads.count(), watch: &watch };
    let mut outcome = pipeline(project, &options, timings)?;
    // It lies where the reports are going to, which has the room for them.
    let asked = args.allocated_focus.map(DatasetForm::from).or(project.project.allocated_focus);
    let scratch = asked.map(|_| folder.scratch()).transpose().map_err(one)?;
    let dataset = match (asked, &scratch) {
        (Some(format), Some(scratch)) => {
            let made = timings.stage("dataset", || {
                allocated_focus(project, &outcome, format, scratch, &options)
            })?;
            outcome.findings.extend(made.findings());
            Some(made)
        }
        _ => None,
    };
    let changes = report::changes(&target, &outcome.facts(project));
    let published = timings.stage("report", || {
        let facts = outcome.facts(project);
        let staging = folder.stage(&report::run_id(&facts))?;
        report::write_with(&facts, dataset, options.threads, &staging)?;
        folder.publish()
    });
    let published = published.map_err(one)?;
    Ok(Done { outcome, target: shown(&target), published, changes })
}

fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy()).into_owned()
}

/// The day it is, UTC.
pub(super) fn today() -> NaiveDate {
    chrono::Utc::now().date_naive()
}

/// The month that was asked for.
pub(super) fn period(args: &PeriodArgs) -> Result<Period, Finding> {
    let today = match &args.as_of {
        None => today(),
        Some(text) => NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| {
            Finding::new(
                Code::InvalidValue,
                format!("--as-of `{text}` is not a date; write it as 2026-11-03"),
            )
        })?,
    };
    if args.period == "last-month" {
        return Ok(Period::of(today).prior());
    }
    let parsed = args.period.parse::<Period>();
    parsed.map_err(|error| Finding::new(Code::InvalidValue, format!("--period {error}")))
}

/// The exit that findings ask for where none is an error.
pub(super) fn exit_of(fail_on: Option<FailOn>, findings: &[Finding]) -> Exit {
    let least = match fail_on {
        None => return Exit::Fine,
        Some(FailOn::Warning) => Severity::Warning,
        Some(FailOn::Note) => Severity::Note,
    };
    let reached = findings.iter().any(|finding| finding.severity() >= least);
    if reached { Exit::Findings } else { Exit::Fine }
}

/// A closing summary for who watches; for cron one line, and only where something needs attention.
fn summarise(args: &RunArgs, project: &Loaded, done: &Done) {
    if args.quiet {
        return;
    }
    let outcome = &done.outcome;
    let attention = attention(&outcome.findings);
    if done.published == Published::Replaced {
        done.changes.iter().for_each(|change| tell_change(outcome.period, change));
    }
    if !console::is_watched() && !args.verbose {
        if let Some(attention) = attention {
            let period = outcome.period;
            console::message(&format!(
                "costbook {period}: {attention}; see {}/run.json",
                done.target
            ));
        }
        return;
    }
    let days = (outcome.period.first(), outcome.period.last());
    let published = match done.published {
        Published::Created => "written",
        Published::Replaced => "replaced",
        Published::Unchanged => "unchanged",
    };
    console::message(&format!("{} ({} to {})", outcome.period, days.0, days.1));
    for line in report::summary(&outcome.facts(project)) {
        console::message(&format!("  {}", printable(&line)));
    }
    console::message(&format!("  {published}: {}", done.target));
    if let Some(attention) = attention {
        console::message(&format!("  needs attention: {attention}"));
    }
}

/// Reports that were read already are replaced: whoever runs this must know by how much.
fn tell_change(period: Period, change: &SourceChange) {
    let source = &change.source;
    if change.sums.is_empty() {
        console::message(&format!(
            "costbook {period}: source {source} has other files and the same sums"
        ));
    }
    for (currency, metric, before, now) in &change.sums {
        let by = now.checked_add(-*before).map(|by| format!(", a change of {by}"));
        console::message(&format!(
            "costbook {period}: source {source} changed: {metric} was {before} {currency} and is {now}{}",
            by.unwrap_or_default()
        ));
    }
}

/// The warnings by code, in a few words.
fn attention(findings: &[Finding]) -> Option<String> {
    let mut counts: std::collections::BTreeMap<&str, u64> = std::collections::BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.severity() >= Severity::Warning) {
        *counts.entry(finding.code.name()).or_default() += finding.count;
    }
    let parts: Vec<String> =
        counts.iter().map(|(code, count)| format!("{code} ×{count}")).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
