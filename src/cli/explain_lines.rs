//! `costbook explain --file`: any line of any table of a run, followed back to what it is made of.

use std::cell::RefCell;

use crate::allocate::{FoundRow, Setting, Sought};
use crate::diagnostics::{Code, Finding};
use crate::ingest::Silent;
use crate::report::Scratch;
use crate::report::explain::{Explainer, LineTold, Lines, lines_json, lines_text};

use crate::rules::DatasetForm;

use super::args::{ExplainArgs, ExplainFormat};
use super::dataset::allocated_focus;
use super::explain::find_rows;
use super::load::Loaded;
use super::pipeline::{Options, pipeline};
use super::run::period;
use super::timings::Timings;

/// Levels that are shown where one column is asked: as many as figures ever have.
const ALL_LEVELS: usize = 6;

pub(super) fn explain_lines(
    args: &ExplainArgs,
    file: &str,
    project: &Loaded,
) -> Result<String, Vec<Finding>> {
    let one = |finding: Finding| vec![finding];
    // A path to a published table is as good as its name.
    let file = file.rsplit(['/', '\\']).next().unwrap_or(file);
    if let ExplainFormat::Svg | ExplainFormat::Mermaid = args.format {
        let text = "a picture is of --owner, --pool or the whole month, not of a line of a table";
        return Err(vec![Finding::new(Code::InvalidValue, text)]);
    }
    let lines = lines(args).map_err(one)?;
    let period = period(&args.period).map_err(one)?;
    let options = Options { period, threads: args.threads.count(), watch: &|_| Box::new(Silent) };
    let outcome = pipeline(project, &options, &mut Timings::default())?;
    let is_dataset = file.starts_with("allocated_focus");
    let scratch = is_dataset.then(Scratch::of_process).transpose().map_err(one)?;
    let dataset = scratch
        .as_ref()
        .map(|scratch| allocated_focus(project, &outcome, DatasetForm::Csv, scratch, &options));
    let dataset = dataset.transpose()?;
    let facts = outcome.facts(project);
    let setting = Setting {
        rules: &project.rules,
        org: &project.org,
        drivers: &outcome.licensed.drivers,
        rounding_digits: project.project.rounding_digits,
    };
    // Where all lines are asked, the bills are read once and not once for each party.
    let all: RefCell<Option<Vec<FoundRow>>> = RefCell::new(None);
    let find = |sought: &Sought| {
        if lines != Lines::All {
            return find_rows(project, &outcome, sought, options.threads);
        }
        let mut all = all.borrow_mut();
        let rows = || find_rows(project, &outcome, &Sought::Anybody, options.threads);
        all.get_or_insert_with(rows).clone()
    };
    let explainer =
        Explainer::new(&facts, setting, dataset, options.threads, &find).map_err(one)?;
    let told = explainer.lines(file, &lines, args.column.as_deref()).map_err(one)?;
    let broken: Vec<Finding> = told.iter().flat_map(LineTold::broken).collect();
    if !broken.is_empty() {
        return Err(broken);
    }
    let levels = if args.column.is_some() { ALL_LEVELS } else { 1 };
    let depth = args.depth.unwrap_or(levels);
    Ok(match args.format {
        ExplainFormat::Json => {
            let whole = serde_json::json!({
                "period": period.to_string(),
                "view": project.rules.view.name(),
                "lines": lines_json(&explainer, &told, depth),
            });
            format!("{whole:#}\n")
        }
        _ => lines_text(&explainer, &told, depth),
    })
}

fn lines(args: &ExplainArgs) -> Result<Lines, Finding> {
    if let Some(line) = args.line {
        return Ok(Lines::At(line));
    }
    let cell = |text: &String| {
        let found = text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
        let wrong = format!("--cell `{text}` is not written as COLUMN=VALUE");
        found.ok_or_else(|| Finding::new(Code::InvalidValue, wrong))
    };
    let cells = args.cell.iter().map(cell).collect::<Result<Vec<_>, _>>()?;
    Ok(if cells.is_empty() { Lines::All } else { Lines::With(cells) })
}
