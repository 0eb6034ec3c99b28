//! `costbook plan`: what a change would do in money before it is made.

use std::collections::BTreeSet;
use std::path::Path;

use crate::allocate::{Basket, ItemFinder, ItemPlan, MoveFinder, MovePlan, Plan, basket, moves};
use crate::diagnostics::{Code, Finding, Severity};
use crate::domain::{CostMetric, Period};
use crate::ingest::{ScanOptions, Silent, SourceFile, scan};
use crate::report::plan::{
    BillFiles, Cause, Comparison, MonthState, MoveRow, PublishedRun, State, Step, Subject,
    UsedRates, bill_files, csv, json, markdown, move_rows, run_folder, text, used_rates, write,
};

use super::args::{PlanArgs, PlanFormat};
use super::console::{self, Report};
use super::exit::Exit;
use super::load::{Loaded, Loader};
use super::pipeline::{Options, Outcome, pipeline};
use super::plan_run;
use super::run::period;
use super::states::{Mix, differs, has_bills};
use super::timings::Timings;
use super::workbook::executable;

pub(super) fn plan(args: &PlanArgs) -> Exit {
    if let Some(folder) = run_folder(&args.against) {
        return against_run(args, &folder);
    }
    let month = period(&args.period).ok();
    let other = args.against.to_str().and_then(|text| text.parse::<Period>().ok());
    let folder = if other.is_some() { &args.project.project } else { &args.against };
    let mut before = loader(folder, other.or(month));
    let mut after = loader(&args.project.project, month);
    let compared = match other {
        Some(other) => compared_months(args, other, &mut before, &mut after),
        None => compared(args, &mut before, &mut after),
    };
    finished(args, compared, [&before, &after])
}

/// A published run against the project.
fn against_run(args: &PlanArgs, folder: &Path) -> Exit {
    let run = PublishedRun::read(folder).and_then(|run| Ok((plan_run::month_of(args, &run)?, run)));
    let month = run.as_ref().ok().map(|(month, _)| *month);
    let mut after = loader(&args.project.project, month);
    let compared = match &run {
        Ok((_, run)) => plan_run::compared(args, run, &mut after),
        Err(finding) => Err(vec![finding.clone()]),
    };
    finished(args, compared.map_err(|findings| (Side::After, findings)), [&after, &after])
}

/// Writes and shows a comparison, or what is wrong with a side.
fn finished(
    args: &PlanArgs,
    compared: Result<Comparison, Refused>,
    [before, after]: [&Loader; 2],
) -> Exit {
    let compared = compared.and_then(|comparison| {
        if let Some(out) = &args.out {
            write(&comparison, args.top, out).map_err(|finding| (Side::After, vec![finding]))?;
        }
        Ok(comparison)
    });
    match compared {
        Ok(comparison) => {
            let exit = console::data(&match args.format {
                PlanFormat::Text => text(&comparison, args.top),
                PlanFormat::Json => json(&comparison),
                PlanFormat::Markdown => markdown(&comparison, args.top),
                PlanFormat::Csv => csv(&comparison),
            });
            let changes = args.detailed_exitcode && comparison.is_changed();
            if exit == Exit::Fine && changes { Exit::Changed } else { exit }
        }
        Err((side, findings)) => {
            let loader = if side == Side::Before { before } else { after };
            let report = Report { texts: &loader.texts, project: &loader.shown };
            report.findings(&findings, Severity::Warning);
            Exit::of_errors(&findings)
        }
    }
}

/// Whose findings they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Before,
    After,
}

type Refused = (Side, Vec<Finding>);

/// Invoices say nothing of who bears what, and may come later than the month is planned.
fn loader(folder: &Path, month: Option<Period>) -> Loader {
    let mut loader = Loader::new(folder, month);
    loader.reads_invoices = false;
    loader
}

fn compared(
    args: &PlanArgs,
    before: &mut Loader,
    after: &mut Loader,
) -> Result<Comparison, Refused> {
    let refused_before = |findings| (Side::Before, findings);
    let refused_after = |findings| (Side::After, findings);
    let month = period(&args.period).map_err(|finding| refused_after(vec![finding]))?;
    let was = before.load().map_err(refused_before)?;
    let is = after.load().map_err(refused_after)?;
    let metric = is.rules.view.metric();
    let run = Run { period: month, metric, threads: args.threads.count() };
    let mut notes = Vec::new();
    if was.rules.view != is.rules.view {
        let (was, is) = (was.rules.view.name(), is.rules.view.name());
        notes.push(format!("the view is {is} where it was {was}; all amounts are {metric}"));
    }
    let mut base = Mix::of(&was);
    let has_bills = has_bills(&was, month).map_err(refused_before)?;
    if !has_bills {
        base = base.exchanged(Cause::Bills, &is);
        let (was, is) = (&before.shown, &after.shown);
        notes.push(format!("{was} has no bills of the month; those of {is} are used for both"));
    }
    let first = run.state(base).map_err(refused_before)?;
    let last = run.state(Mix::of(&is)).map_err(refused_after)?;
    let parts = Cause::ALL.into_iter().filter(|cause| match cause {
        Cause::Bills => has_bills && !has_same_bills((&was, &first), (&is, &last)),
        cause => differs(*cause, &was, &is),
    });
    let walked = walk(&run, base, &parts.collect::<Vec<_>>(), &is, &last, &mut notes);
    let moves = if let Some((_, mix)) = walked.held {
        run.moves(mix, &is, &last.files).map_err(refused_after)?
    } else {
        let text = "both sides cannot be run on the same bills: what rules and pools do is not told apart from bills";
        notes.push(text.to_owned());
        Vec::new()
    };
    let (shown_before, shown_after) = (before.shown.clone(), after.shown.clone());
    let subject =
        Subject { period: month, metric, before: shown_before, after: shown_after, notes };
    let held = walked.held.map_or(0, |(steps, _)| steps);
    Ok(Comparison::of(subject, &first.state, &walked.steps, held, moves))
}

/// One project in two months, each by its own bills, drivers and days of rules.
fn compared_months(
    args: &PlanArgs,
    other: Period,
    before: &mut Loader,
    after: &mut Loader,
) -> Result<Comparison, Refused> {
    let month = period(&args.period).map_err(|finding| (Side::After, vec![finding]))?;
    if month == other {
        let text = format!("--against {other} is the month that is asked for");
        return Err((Side::After, vec![Finding::new(Code::InvalidValue, text)]));
    }
    let threads = args.threads.count();
    let state = |loader: &mut Loader, period| {
        let project = loader.load()?;
        let options = Options { period, threads, watch: &|_| Box::new(Silent) };
        let outcome = pipeline(&project, &options, &mut Timings::default())?;
        let metric = project.rules.view.metric();
        let bought = bought(&project, &outcome, threads)?;
        let state = MonthState::of(&outcome.facts(&project), bought, metric);
        Ok((state.map_err(|finding| vec![finding])?, metric))
    };
    let (was, _) = state(before, other).map_err(|findings| (Side::Before, findings))?;
    let (is, metric) = state(after, month).map_err(|findings| (Side::After, findings))?;
    let note = "price and usage are told apart where charges name a product, a quantity and its unit; others are new, gone or unpriced";
    let subject = Subject {
        period: month,
        metric,
        before: other.to_string(),
        after: after.shown.clone(),
        notes: vec![note.to_owned()],
    };
    Ok(Comparison::of_months(subject, &was, &is))
}

/// What was bought in the month, by another scan: the run itself keeps no quantities.
fn bought(project: &Loaded, outcome: &Outcome, threads: usize) -> Result<Basket, Vec<Finding>> {
    let Loaded { rules, org, metadata, .. } = project;
    let plan = Plan::new(rules, org, metadata, &outcome.files, outcome.period);
    let items = ItemPlan::new(&plan, &outcome.files);
    let reader = executable();
    let options = ScanOptions { threads, progress: &Silent, reader: reader.as_deref() };
    let (_, finders) = scan(&outcome.files, items.wanted(), options, || ItemFinder::new(&items));
    basket(&finders).map_err(|finding| vec![finding])
}

/// The states between two versions.
struct Walked<'a> {
    steps: Vec<Step>,
    /// After how many steps both sides have the same bills, and of what parts the state is then.
    held: Option<(usize, Mix<'a>)>,
}

/// Exchanges one part after the other, from `mix` to the version `is`, whose state is `last`. A
/// part that cannot be run without the next is exchanged together with it.
fn walk<'a>(
    run: &Run,
    mut mix: Mix<'a>,
    parts: &[Cause],
    is: &'a Loaded,
    last: &Ran,
    notes: &mut Vec<String>,
) -> Walked<'a> {
    let mut steps = Vec::new();
    let mut held = (!parts.contains(&Cause::Bills)).then_some((0, mix));
    let mut pending = Vec::new();
    for (at, cause) in parts.iter().enumerate() {
        mix = mix.exchanged(*cause, is);
        pending.push(*cause);
        let state = if at + 1 == parts.len() {
            last.state.clone()
        } else {
            match run.state(mix) {
                Ok(ran) => ran.state,
                Err(findings) => {
                    notes.push(together(*cause, &findings));
                    continue;
                }
            }
        };
        steps.push(Step { causes: std::mem::take(&mut pending), state });
        if *cause == Cause::Bills {
            held = Some((steps.len(), mix));
        }
    }
    Walked { steps, held }
}

fn together(cause: Cause, findings: &[Finding]) -> String {
    let errors = findings.iter().filter(|finding| finding.severity() == Severity::Error);
    let why = errors.map(|finding| finding.message.as_str()).next().unwrap_or_default();
    format!("{} cannot be exchanged alone, and is counted with what follows: {why}", cause.name())
}

/// Whether both versions read the same files in the same way, as far as texts tell.
fn has_same_bills(before: (&Loaded, &Ran), after: (&Loaded, &Ran)) -> bool {
    let texts = |project: &Loaded| -> Vec<String> {
        let asked = |kind: &str| kind == "project" || kind == "column map";
        let inputs = project.inputs.iter().filter(|input| asked(input.kind));
        inputs.map(|input| input.sha256.clone()).collect()
    };
    texts(before.0) == texts(after.0) && before.1.contents == after.1.contents
}

/// How states are run.
pub(super) struct Run {
    pub(super) period: Period,
    /// What all states are held against each other in.
    pub(super) metric: CostMetric,
    pub(super) threads: usize,
}

/// A state that was run.
pub(super) struct Ran {
    pub(super) state: State,
    pub(super) bills: BillFiles,
    /// Manifests of providers, by path and hash.
    pub(super) manifests: BTreeSet<(String, String)>,
    pub(super) rates: UsedRates,
    files: Vec<SourceFile>,
    /// Of each bill: its path and what it holds, as a hash.
    contents: Vec<(String, String)>,
}

impl Run {
    fn state(&self, mix: Mix<'_>) -> Result<Ran, Vec<Finding>> {
        self.of(&mix.project()?)
    }

    pub(super) fn of(&self, project: &Loaded) -> Result<Ran, Vec<Finding>> {
        let options =
            Options { period: self.period, threads: self.threads, watch: &|_| Box::new(Silent) };
        let outcome = pipeline(project, &options, &mut Timings::default())?;
        let facts = outcome.facts(project);
        let state = State::of(&facts, self.metric);
        let (bills, rates) = (bill_files(&outcome.scan), used_rates(&facts));
        let deliveries = outcome.scan.deliveries.iter();
        let manifests = deliveries.flat_map(|found| &found.delivery.manifests);
        let manifests = manifests.map(|id| (id.path.clone(), id.sha256.clone())).collect();
        let files = outcome.scan.files.iter();
        let contents = files.map(|file| (file.path.to_string(), file.sha256.clone())).collect();
        Ok(Ran { state, bills, manifests, rates, files: outcome.files, contents })
    }

    /// What the rules of `is` decide otherwise than those of `was`, on the same bills.
    fn moves(
        &self,
        was: Mix<'_>,
        is: &Loaded,
        files: &[SourceFile],
    ) -> Result<Vec<MoveRow>, Vec<Finding>> {
        let was = was.project()?;
        let (before, after) = (self.plan(&was, files), self.plan(is, files));
        let plan = MovePlan::new(&before, &after);
        let reader = executable();
        let options =
            ScanOptions { threads: self.threads, progress: &Silent, reader: reader.as_deref() };
        let (_, finders) = scan(files, plan.wanted(), options, || MoveFinder::new(&plan));
        let found = moves(&finders).map_err(|finding| vec![finding])?;
        Ok(move_rows(&found, self.metric, &was.rules, &is.rules))
    }

    fn plan<'p>(&self, project: &'p Loaded, files: &[SourceFile]) -> Plan<'p> {
        Plan::new(&project.rules, &project.org, &project.metadata, files, self.period)
    }
}
