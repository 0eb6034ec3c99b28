//! `costbook explain`: where a figure comes from, or what a code means.

use std::io::IsTerminal;

use crate::allocate::{FoundRow, Plan, RowFinder, Sought};
use crate::diagnostics::{Code, Finding, Severity, did_you_mean, printable};
use crate::ingest::{ScanOptions, Silent, scan};
use crate::report::explain::{Branch, json, of_owner, of_pool, of_unallocated, rows_table, text};
use crate::report::{FlowScope, flow_mermaid, flow_svg};

use super::args::{ExplainArgs, ExplainFormat};
use super::console::{self, Report};
use super::exit::Exit;
use super::explain_lines::explain_lines;
use super::load::{Loaded, Loader};
use super::pipeline::{Options, Outcome, pipeline};
use super::run::period;
use super::timings::Timings;
use super::workbook::executable;

pub(super) fn explain(args: &ExplainArgs) -> Exit {
    if let Some(code) = &args.code {
        return explain_code(code);
    }
    let mut loader = Loader::new(&args.project.project, period(&args.period).ok());
    match loader.load().and_then(|project| explain_figure(args, &project)) {
        Ok(text) => console::data(&text),
        Err(findings) => {
            let report = Report { texts: &loader.texts, project: &loader.shown };
            report.findings(&findings, Severity::Warning);
            Exit::of_errors(&findings)
        }
    }
}

fn explain_code(name: &str) -> Exit {
    if let Some(code) = Code::named(name) {
        return console::data(&format!(
            "{} ({})\n\n{}\n",
            code,
            code.severity(),
            code.explanation()
        ));
    }
    let near = did_you_mean(name, Code::ALL.iter().map(|code| code.name()));
    let hint = near.map_or_else(
        || Code::ALL.iter().map(|code| code.name()).collect::<Vec<_>>().join(", "),
        |near| format!("did you mean {near}?"),
    );
    console::message(&format!("error: there is no code `{}`; {hint}", printable(name)));
    Exit::Configuration
}

fn explain_figure(args: &ExplainArgs, project: &Loaded) -> Result<String, Vec<Finding>> {
    if let Some(file) = &args.file {
        return explain_lines(args, file, project);
    }
    if let ExplainFormat::Svg | ExplainFormat::Mermaid = args.format {
        return draw_flow(args, project);
    }
    let sought = sought(args, project)?;
    let options = Options {
        period: period(&args.period).map_err(|finding| vec![finding])?,
        threads: args.threads.count(),
        watch: &|_| Box::new(Silent),
    };
    let outcome = pipeline(project, &options, &mut Timings::default())?;
    let facts = outcome.facts(project);
    let trees = match &sought {
        Sought::Owner(owner) => of_owner(&facts, owner),
        Sought::Pool(pool, value) => of_pool(&facts, *pool, value.as_deref()),
        Sought::Unallocated | Sought::Anybody => of_unallocated(&facts),
    };
    if trees.is_empty() && args.format == ExplainFormat::Text {
        return Ok(nothing(&sought, project, &outcome));
    }
    let rows =
        if args.rows { find_rows(project, &outcome, &sought, options.threads) } else { Vec::new() };
    Ok(match args.format {
        ExplainFormat::Json => as_json(&outcome, project, &trees, args.rows.then_some(&rows)),
        _ => as_text(&outcome, project, &trees, args.rows.then_some(&rows)),
    })
}

/// The flow of an owner, a pool or the whole month as a picture.
fn draw_flow(args: &ExplainArgs, project: &Loaded) -> Result<String, Vec<Finding>> {
    let one = |finding: Finding| vec![finding];
    if args.rows || args.unallocated {
        let text = if args.rows {
            "a picture has no rows: leave --rows away, or ask without --format"
        } else {
            "there is no picture of --unallocated: that of the whole month shows it too"
        };
        return Err(vec![Finding::new(Code::InvalidValue, text)]);
    }
    let is_month = args.owner.is_none() && args.pool.is_none();
    let sought = if is_month { Sought::Anybody } else { sought(args, project)? };
    let scope = match sought {
        Sought::Owner(owner) => FlowScope::Owner(owner),
        Sought::Pool(pool, value) => {
            FlowScope::Pool(project.rules.pool(pool).label(value.as_deref()))
        }
        Sought::Unallocated | Sought::Anybody => FlowScope::Month,
    };
    let options = Options {
        period: period(&args.period).map_err(one)?,
        threads: args.threads.count(),
        watch: &|_| Box::new(Silent),
    };
    let outcome = pipeline(project, &options, &mut Timings::default())?;
    let facts = outcome.facts(project);
    match args.format {
        ExplainFormat::Mermaid => Ok(flow_mermaid(&facts, &scope)),
        _ => flow_svg(&facts, &scope).map_err(one),
    }
}

/// Whose figure is asked for; names that do not exist get a hint.
fn sought(args: &ExplainArgs, project: &Loaded) -> Result<Sought, Vec<Finding>> {
    let unknown = |what: &str, name: &str, known: Vec<&str>| {
        let text = format!("there is no {what} `{}`", printable(name));
        let help = did_you_mean(name, known.iter().copied()).map_or_else(
            || format!("known are: {}", known.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        vec![Finding::new(Code::UnknownName, text).help(help)]
    };
    if args.unallocated {
        return Ok(Sought::Unallocated);
    }
    match (&args.owner, &args.pool) {
        (Some(owner), None) => {
            let org = &project.org;
            let known = org.is_undeclared() || org.ids().any(|id| id == owner);
            if known {
                Ok(Sought::Owner(owner.clone()))
            } else {
                Err(unknown("owner", owner, org.ids().collect()))
            }
        }
        (None, Some(pool)) => {
            let names = || project.rules.pools.iter().map(|pool| pool.name.as_str()).collect();
            let found = project.rules.pool_named(pool);
            let found = found.ok_or_else(|| unknown("pool", pool, names()))?;
            Ok(Sought::Pool(found.pool, found.value))
        }
        _ => {
            let text = "say what to explain: --owner ID, --pool NAME, --unallocated, --file TABLE, or a code such as unknown-owner";
            Err(vec![Finding::new(Code::MissingKey, text)])
        }
    }
}

fn nothing(sought: &Sought, project: &Loaded, outcome: &Outcome) -> String {
    let who = match sought {
        Sought::Owner(owner) => format!("owner `{}` bears", printable(owner)),
        Sought::Pool(pool, value) => {
            let label = project.rules.pool(*pool).label(value.as_deref());
            format!("pool `{}` receives", printable(&label))
        }
        Sought::Unallocated | Sought::Anybody => "unallocated is".to_owned(),
    };
    format!("{who} nothing in {}\n", outcome.period)
}

pub(super) fn find_rows(
    project: &Loaded,
    outcome: &Outcome,
    sought: &Sought,
    threads: usize,
) -> Vec<FoundRow> {
    let Loaded { rules, org, metadata, .. } = project;
    let plan = Plan::new(rules, org, metadata, &outcome.files, outcome.period);
    let reader = executable();
    let options = ScanOptions { threads, progress: &Silent, reader: reader.as_deref() };
    let (_, finders) =
        scan(&outcome.files, &plan.wanted_of_rows(), options, || RowFinder::new(&plan, sought));
    finders.into_iter().flat_map(|finder| finder.found).collect()
}

fn as_text(
    outcome: &Outcome,
    project: &Loaded,
    trees: &[Branch],
    rows: Option<&Vec<FoundRow>>,
) -> String {
    let view = project.rules.view;
    let heading = format!("{}, showback, {}\n", outcome.period, view.metric());
    let mut drawn: String = heading;
    for tree in trees {
        drawn.push('\n');
        drawn.push_str(&text(tree, view));
    }
    if let Some(rows) = rows {
        drawn.push('\n');
        let table = rows_table(&outcome.facts(project), rows).unwrap_or_default();
        // A person's terminal must not obey what stands in a tag; a program gets the bytes as they are.
        if std::io::stdout().is_terminal() {
            for line in table.lines() {
                drawn.push_str(&printable(line));
                drawn.push('\n');
            }
        } else {
            drawn.push_str(&table);
        }
    }
    drawn
}

fn as_json(
    outcome: &Outcome,
    project: &Loaded,
    trees: &[Branch],
    rows: Option<&Vec<FoundRow>>,
) -> String {
    let facts = outcome.facts(project);
    let mut whole = serde_json::json!({
        "period": outcome.period.to_string(),
        "view": project.rules.view.name(),
        "metric": project.rules.view.metric().name(),
        "trees": trees.iter().map(json).collect::<Vec<_>>(),
    });
    if let Some(rows) = rows {
        let table = rows_table(&facts, rows).unwrap_or_default();
        let mut reader = csv::Reader::from_reader(table.as_bytes());
        let headers = reader.headers().cloned().unwrap_or_default();
        // Texts stay texts: an amount is no float, and an id no number.
        let object = |record: csv::StringRecord| {
            let fields =
                headers.iter().zip(&record).map(|(name, text)| (name.to_owned(), text.into()));
            serde_json::Value::Object(fields.collect())
        };
        whole["rows"] = reader.records().filter_map(Result::ok).map(object).collect();
    }
    format!("{whole:#}\n")
}
