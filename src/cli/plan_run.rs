//! `costbook plan --against RUN`: a published run against what the project gives now.

use std::path::Path;

use crate::diagnostics::{Code, Finding, Severity};
use crate::domain::Period;
use crate::ingest::contained;
use crate::licenses::CHARGES_TABLE;
use crate::report::plan::{
    BillFiles, Cause, Comparison, InputHashes, PublishedRun, State, Step, Subject, UsedRates,
    file_hash,
};
use crate::rules::{SourceDecl, fill_period};

use super::args::PlanArgs;
use super::load::{Loaded, Loader};
use super::plan::{Ran, Run};
use super::run::period;
use super::states::Mix;

/// Kinds of inputs whose change is a cause of its own.
const CAUSES: [(&str, Cause); 4] = [
    ("owners", Cause::Owners),
    ("metadata", Cause::Metadata),
    ("drivers", Cause::Drivers),
    ("rules", Cause::Rules),
];

/// Since a run keeps no texts, what changed beside bills can only be told by its name.
struct Changed {
    /// What of the project changed since the run.
    causes: Vec<Cause>,
    /// What may be any of several causes.
    unclear: Vec<String>,
}

/// The month of a run: the one that is asked for must be it.
pub(super) fn month_of(args: &PlanArgs, run: &PublishedRun) -> Result<Period, Finding> {
    let is_asked = args.period.period != "last-month" || args.period.as_of.is_some();
    if is_asked {
        let asked = period(&args.period)?;
        if asked != run.period {
            let text = format!("the run is of {}, and {asked} is asked for", run.period);
            return Err(Finding::new(Code::InvalidValue, text)
                .help("leave out --period: the month is that of the run"));
        }
    }
    Ok(run.period)
}

/// From the run to the project, in up to three steps: what changed beside rates and bills, then
/// rates, then bills.
///
/// # Errors
/// What is wrong with the project, its bills, or the files of the run.
pub(super) fn compared(
    args: &PlanArgs,
    published: &PublishedRun,
    after: &mut Loader,
) -> Result<Comparison, Vec<Finding>> {
    let one = |finding: Finding| vec![finding];
    let is = after.load()?;
    if is.project.organisation != published.organisation {
        let text = format!(
            "the run is of {}, and the project of {}",
            published.organisation, is.project.organisation
        );
        return Err(one(Finding::new(Code::InvalidValue, text)));
    }
    let metric = is.rules.view.metric();
    let run = Run { period: published.period, metric, threads: args.threads.count() };
    let before = published.state(metric).map_err(one)?;
    let last = run.of(&is)?;
    let mut notes = Vec::new();
    if published.view != is.rules.view.name() {
        let (was, is) = (&published.view, is.rules.view.name());
        notes.push(format!("the view is {is} where it was {was}; all amounts are {metric}"));
    }
    let changed = changed(published, &is, &last.rates);
    let mut steps = Vec::new();
    let is_same = has_same_bills(published, &last);
    if is_same {
        let project = Mix::of(&is).project()?;
        let base = (project, last.state);
        beside_bills(published, &run, (changed, &before), base, &mut steps, &mut notes);
    } else {
        notes.push(files_changed(published, &last));
        let causes = match with_old_bills(published, &run, &is) {
            Ok((project, base)) => {
                let base = (project, base.state);
                beside_bills(published, &run, (changed, &before), base, &mut steps, &mut notes);
                vec![Cause::Bills]
            }
            Err(why) => without_old_bills(&changed, &why, &mut notes),
        };
        steps.push(Step { causes, state: last.state });
    }
    let subject = Subject {
        period: published.period,
        metric,
        before: args.against.to_string_lossy().into_owned(),
        after: after.shown.clone(),
        notes,
    };
    Ok(Comparison::of_published(subject, &before, &steps))
}

/// The steps from the run to the state that its bills make today: what changed beside rates and
/// bills, then rates, which a run keeps.
fn beside_bills(
    published: &PublishedRun,
    run: &Run,
    (mut changed, before): (Changed, &State),
    (project, base): (Loaded, State),
    steps: &mut Vec<Step>,
    notes: &mut Vec<String>,
) {
    let has_rates = changed.causes.contains(&Cause::Rates);
    if has_rates && changed.names().len() > 1 {
        match with_old_rates(published, run, project) {
            Ok(between) => {
                changed.causes.retain(|cause| *cause != Cause::Rates);
                let others = causes(&changed, before, &between, " beside rates and bills", notes);
                steps.push(Step { causes: others, state: between });
                steps.push(Step { causes: vec![Cause::Rates], state: base });
                return;
            }
            Err(why) => notes.push(format!("rates are not told apart: those of the run {why}")),
        }
    }
    let causes = causes(&changed, before, &base, " beside bills", notes);
    steps.push(Step { causes, state: base });
}

/// The month at the rates of the run.
///
/// # Errors
/// Why that cannot be run, in words that follow "those of the run".
fn with_old_rates(published: &PublishedRun, run: &Run, project: Loaded) -> Result<State, String> {
    let exchange = published.exchange();
    let exchange = exchange.ok_or("are none, or of single days, of which only some are kept")?;
    let project = Loaded { exchange, ..project };
    run.of(&project).map(|ran| ran.state).map_err(|findings| told(&findings))
}

/// What the whole difference is counted as where the bills of the run cannot be run.
fn without_old_bills(changed: &Changed, why: &str, notes: &mut Vec<String>) -> Vec<Cause> {
    let others = changed.names().join(", ");
    if others.is_empty() {
        return vec![Cause::Bills];
    }
    notes.push(format!("bills are not told apart from {others}, since the bills of the run {why}"));
    vec![Cause::Together]
}

impl Changed {
    fn names(&self) -> Vec<String> {
        let causes = self.causes.iter().map(|cause| cause.name().to_owned());
        causes.chain(self.unclear.iter().cloned()).collect()
    }
}

/// What the step from the run to a state is counted as.
fn causes(
    changed: &Changed,
    before: &State,
    after: &State,
    beside: &str,
    notes: &mut Vec<String>,
) -> Vec<Cause> {
    let names = changed.names();
    if before.is_borne_as(after) {
        if !names.is_empty() {
            notes.push(format!("changed since the run without an effect: {}", names.join(", ")));
        }
        return vec![Cause::Together];
    }
    match (&changed.causes[..], &changed.unclear[..]) {
        ([cause], []) => return vec![*cause],
        ([], []) => notes.push(format!(
            "nothing{beside} that the run records has changed, and yet it gives other figures: the difference is in together"
        )),
        _ => notes.push(format!(
            "a run keeps hashes of these and not their texts, so that their effects are together: {}",
            names.join(", ")
        )),
    }
    if changed.causes.contains(&Cause::Rules) {
        notes.push(
            "which rule moved which money is told against a folder of the project as it was"
                .to_owned(),
        );
    }
    vec![Cause::Together]
}

fn changed(published: &PublishedRun, is: &Loaded, rates: &UsedRates) -> Changed {
    let now: InputHashes = is
        .inputs
        .iter()
        .map(|input| (input.kind.to_owned(), input.path.clone(), input.sha256.clone()))
        .collect();
    let differs = |kind: &str| {
        let of = |all: &InputHashes| -> Vec<(String, String)> {
            let of_kind = all.iter().filter(|(known, ..)| known == kind);
            of_kind.map(|(_, path, hash)| (path.clone(), hash.clone())).collect()
        };
        of(&published.inputs) != of(&now)
    };
    let mut causes: Vec<Cause> =
        CAUSES.into_iter().filter(|(kind, _)| differs(kind)).map(|(_, cause)| cause).collect();
    // A table of rates grows from month to month; what counts is whether this one's rates are others.
    let is_other = |(key, rate): (&[String; 3], &String)| {
        rates.get(key).is_some_and(|now| now != rate)
            || rates.keys().any(|now| {
                now[0] == key[0] && (&now[1], now[2].is_empty()) != (&key[1], key[2].is_empty())
            })
    };
    if published.rates.iter().any(is_other) {
        causes.push(Cause::Rates);
    }
    let mut unclear = Vec::new();
    if differs("project") {
        unclear.push("costbook.yaml".to_owned());
    }
    if differs("column map") {
        unclear.push("column maps".to_owned());
    }
    let version = env!("CARGO_PKG_VERSION");
    if published.version != version {
        unclear.push(format!("costbook itself ({} → {version})", published.version));
    }
    Changed { causes, unclear }
}

fn has_same_bills(published: &PublishedRun, now: &Ran) -> bool {
    published.bills == now.bills && published.manifests == now.manifests
}

/// How the files of bills differ, in a line.
fn files_changed(published: &PublishedRun, now: &Ran) -> String {
    let paths = |files: &BillFiles| -> Vec<String> {
        files.iter().map(|(path, ..)| path.clone()).collect()
    };
    let (was, is) = (paths(&published.bills), paths(&now.bills));
    let told = |what: &str, files: Vec<&String>| -> Option<String> {
        const SHOWN: usize = 3;
        let names: Vec<&str> = files.iter().take(SHOWN).map(|path| path.as_str()).collect();
        let more = files.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        (!files.is_empty()).then(|| format!("{what} {}{more}", names.join(", ")))
    };
    let new = is.iter().filter(|path| !was.contains(path)).collect();
    let gone = was.iter().filter(|path| !is.contains(path)).collect();
    let hash = |files: &BillFiles, path: &String| {
        files.iter().find(|(known, ..)| known == path).map(|(_, hash, role)| (hash.clone(), *role))
    };
    let other = is.iter().filter(|path| was.contains(path));
    let other =
        other.filter(|path| hash(&published.bills, path) != hash(&now.bills, path)).collect();
    let parts = [told("new", new), told("gone", gone), told("changed", other)];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let parts = if parts.is_empty() { vec!["manifests of providers".to_owned()] } else { parts };
    format!("bills changed since the run (late input): {}", parts.join("; "))
}

/// The project of today with the bills of the run.
///
/// # Errors
/// Why that cannot be run, in words that follow "the bills of the run".
fn with_old_bills(
    published: &PublishedRun,
    run: &Run,
    is: &Loaded,
) -> Result<(Loaded, Ran), String> {
    let manifests = published.manifests.iter().map(|(path, hash)| (path, hash));
    let files = published.bills.iter().map(|(path, hash, _)| (path, hash));
    // What rights are charged is made anew, and compared with the bills.
    let on_disk = files.chain(manifests).filter(|(path, _)| path.as_str() != CHARGES_TABLE);
    for (path, hash) in on_disk {
        if file_hash(&is.root.join(path)).as_ref() != Some(hash) {
            return Err(format!("are not all there any more: `{path}` is missing or another"));
        }
    }
    let mut project = Mix::of(is).project().map_err(|findings| told(&findings))?;
    let mut kept = Vec::new();
    let sources = std::mem::take(&mut project.project.sources);
    for (source, maps) in sources.into_iter().zip(std::mem::take(&mut project.maps)) {
        let narrowed = narrowed(source, published, &is.root)?;
        kept.extend(narrowed.map(|source| (source, maps)));
    }
    (project.project.sources, project.maps) = kept.into_iter().unzip();
    let ran = run.of(&project).map_err(|findings| told(&findings))?;
    if has_same_bills(published, &ran) {
        return Ok((project, ran));
    }
    Err("do not make the same deliveries today".to_owned())
}

fn told(findings: &[Finding]) -> String {
    let error = findings.iter().find(|finding| finding.severity() == Severity::Error);
    format!("cannot be run today: {}", error.map_or("", |finding| &finding.message))
}

/// A source with those of its files that the run read; `None` where it read none of them.
fn narrowed(
    source: SourceDecl,
    published: &PublishedRun,
    root: &Path,
) -> Result<Option<SourceDecl>, String> {
    if source.files.is_empty() {
        return Ok(Some(source));
    }
    let bills = published.bills.iter().map(|(path, ..)| path);
    let read = bills.chain(published.manifests.iter().map(|(path, _)| path));
    let mut files = Vec::new();
    for (pattern, span) in &source.files {
        let filled = fill_period(pattern, Some(published.period));
        let found = contained(root, &filled, span).map_err(|f| told(&[f]))?;
        let of_pattern = read.clone().filter(|path| found.contains(path));
        files.extend(of_pattern.map(|path| (glob::Pattern::escape(path), span.clone())));
    }
    Ok((!files.is_empty()).then_some(SourceDecl { files, ..source }))
}
