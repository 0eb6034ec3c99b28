//! `costbook explain --file`: any line of any table of a run, followed back to what it is made of.

use std::cell::RefCell;

use crate::allocate::{FoundRow, Setting, Sought};
use crate::diagnostics::{Code, Finding, printable};
use crate::ingest::Silent;
use crate::report::Scratch;
use crate::report::explain::{Explainer, LineTold, Lines, lines_json, lines_text};

use crate::rules::DatasetForm;

use super::args::{ExplainArgs, ExplainFormat};
use super::dataset::allocated_focus;
use super::explain::find_rows;
use super::explain_published::Published;
use super::load::Loaded;
use super::pipeline::{Options, pipeline};
use super::run::period;
use super::timings::Timings;

/// Levels that are shown where one column is asked: as many as figures ever have.
const ALL_LEVELS: usize = 6;

pub(super) fn explain_lines(
    args: &ExplainArgs,
    named: &str,
    project: &Loaded,
) -> Result<String, Vec<Finding>> {
    let one = |finding: Finding| vec![finding];
    let file = named.rsplit(['/', '\\']).next().unwrap_or(named);
    if let ExplainFormat::Svg | ExplainFormat::Mermaid = args.format {
        let text = "a picture is of --owner, --pool or the whole month, not of a line of a table";
        return Err(vec![Finding::new(Code::InvalidValue, text)]);
    }
    let lines = lines(args).map_err(one)?;
    let period = period(&args.period).map_err(one)?;
    let published = (file != named).then(|| Published::open(named, project, period));
    let published = published.transpose().map_err(one)?;
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
    if let Some(published) = published {
        published.holds(&lines, &told).map_err(one)?;
    }
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
    let cells = args.cell.iter().map(|text| cells(text)).collect::<Result<Vec<_>, _>>()?.concat();
    Ok(if cells.is_empty() { Lines::All } else { Lines::With(cells) })
}

/// `column=value,column=value`. A comma that no `column=` follows belongs to the value; a value in
/// quotes may hold anything, its quotes doubled.
fn cells(text: &str) -> Result<Vec<(String, String)>, Finding> {
    let wrong = || {
        let text = format!("--cell `{}` is not written as COLUMN=VALUE", printable(text));
        Finding::new(Code::InvalidValue, text)
    };
    let mut found = Vec::new();
    let mut rest = Some(text);
    while let Some(left) = rest {
        let (column, value) = left.split_once('=').ok_or_else(wrong)?;
        let (value, after) = if let Some(quoted) = value.strip_prefix('"') {
            unquoted(quoted).ok_or_else(wrong)?
        } else {
            let ends = |(at, _): &(usize, &str)| begins_cell(&value[at + 1..]);
            let end = value.match_indices(',').find(ends).map(|(at, _)| at);
            let (own, after) = value.split_at(end.unwrap_or(value.len()));
            (own.to_owned(), after)
        };
        found.push((column.to_owned(), value));
        rest = after.strip_prefix(',');
    }
    Ok(found)
}

/// What stands up to a closing quote, and what follows that; `None` unless a comma or nothing does.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut from = 0;
    loop {
        let end = from + text[from..].find('"')?;
        let after = &text[end + 1..];
        if !after.starts_with('"') {
            let is_whole = after.is_empty() || after.starts_with(',');
            return is_whole.then(|| (text[..end].replace("\"\"", "\""), after));
        }
        from = end + 2;
    }
}

fn begins_cell(text: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    text.split_once('=').is_some_and(|(name, _)| is_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_cells_may_hold_commas() {
        for (text, expected) in [
            ("a=1,b=2", vec![("a", "1"), ("b", "2")]),
            ("group=x1, y1,pool=x1", vec![("group", "x1, y1"), ("pool", "x1")]),
            ("a=x, y=z", vec![("a", "x, y=z")]),
            ("a=\"x,y=\"\"z\"\"\",b=", vec![("a", "x,y=\"z\""), ("b", "")]),
        ] {
            let found = cells(text).unwrap();
            let found: Vec<_> = found.iter().map(|(c, v)| (c.as_str(), v.as_str())).collect();
            assert_eq!(found, expected, "{text}");
        }
        for text in ["owner", "a=\"x", "a=\"x\"y", ""] {
            assert!(cells(text).is_err(), "{text}");
        }
    }
}
