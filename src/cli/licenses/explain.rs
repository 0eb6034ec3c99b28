//! `costbook licenses explain`: where the figures of a product come from, and their evidence.

use std::collections::BTreeSet;

use serde_json::json;

use crate::cli::args::{Format, LicensesExplainArgs};
use crate::cli::console::{self, Report};
use crate::cli::exit::Exit;
use crate::cli::load::{Loaded, Loader};
use crate::cli::run::period;
use crate::cli::workbook::executable;
use crate::diagnostics::{Code, Finding, Severity, did_you_mean, printable};
use crate::domain::Period;
use crate::licenses::{
    Beside, LicenseFile, LicenseOutcome, Origin, Position, Product, RawCells, raw_cells,
};
use crate::report::{Node, Trace, Trail, license_json, license_text, write_evidence};

use super::{LoadedLicenses, outcome};

pub(super) fn explain(args: &LicensesExplainArgs) -> Exit {
    let month = period(&args.period).map_err(|finding| vec![finding]);
    let mut loader = Loader::new(&args.project.project, month.as_ref().ok().copied());
    let answered = month.and_then(|month| {
        let project = loader.load()?;
        answer(args, &project, month)
    });
    let report = Report { texts: &loader.texts, project: &loader.shown };
    match answered {
        Err(findings) => {
            report.findings(&findings, Severity::Warning);
            Exit::of_errors(&findings)
        }
        Ok((text, findings)) => {
            let written = console::data(&text);
            report.findings(&findings, Severity::Warning);
            written
        }
    }
}

fn answer(
    args: &LicensesExplainArgs,
    project: &Loaded,
    month: Period,
) -> Result<(String, Vec<Finding>), Vec<Finding>> {
    let one = |finding: Finding| vec![finding];
    let outcome = outcome(project, month, &Beside::default())?;
    let Some(licenses) = &project.licenses else { return Err(Vec::new()) };
    let lines = asked_lines(args, &outcome).map_err(one)?;
    let products: BTreeSet<&Product> = lines.iter().map(|line| &line.key.product).collect();
    let none = RawCells::new();
    let wanted: BTreeSet<Origin> = {
        let trace = Trace::of(trail(project, licenses, &outcome, &none));
        products.iter().flat_map(|product| trace.origins(product)).collect()
    };
    let cells = cells_of(project, licenses, &wanted, month)?;
    let trace = Trace::of(trail(project, licenses, &outcome, &cells));
    if let Some(directory) = &args.evidence {
        write_evidence(directory, &trace, &products).map_err(one)?;
    }
    let trees: Vec<Node> = lines.iter().map(|line| trace.line(line)).collect();
    let text = match args.format {
        Format::Text => {
            let drawn = trees.iter().map(|tree| license_text(tree, args.all));
            drawn.collect::<Vec<_>>().join("\n")
        }
        Format::Json => {
            let lines: Vec<_> = trees.iter().map(license_json).collect();
            format!("{:#}\n", json!({ "day": outcome.day.to_string(), "lines": lines }))
        }
    };
    let findings = project.notes.iter().chain(&outcome.notes).cloned().collect();
    Ok((text, findings))
}

fn trail<'a>(
    project: &'a Loaded,
    licenses: &'a LoadedLicenses,
    outcome: &'a LicenseOutcome,
    cells: &'a RawCells,
) -> Trail<'a> {
    Trail {
        day: outcome.day,
        inventory: &outcome.inventory,
        rules: &licenses.rules,
        texts: &licenses.rule_texts,
        measured: &outcome.measured,
        matched: &outcome.matched,
        positions: &outcome.positions,
        valued: &outcome.valued,
        quarantined: &licenses.told.quarantined,
        cells,
        inputs: &project.inputs,
    }
}

/// Cells of the rows that are wanted, from the files that have any of them.
fn cells_of(
    project: &Loaded,
    licenses: &LoadedLicenses,
    wanted: &BTreeSet<Origin>,
    month: Period,
) -> Result<RawCells, Vec<Finding>> {
    let reader = executable();
    let mut found = RawCells::new();
    let inputs = project.project.licenses.iter().flat_map(|declared| &declared.inputs);
    for declared in inputs {
        let own = licenses.files.iter().filter(|file| file.input == declared.name);
        for file in own {
            let has_any = wanted.iter().any(|origin| origin.path.starts_with(&*file.path));
            if !has_any {
                continue;
            }
            found.extend(raw_cells(
                &LicenseFile {
                    location: &project.root.join(&file.path),
                    path: &file.path,
                    declared,
                    day: month.last(),
                    reader: reader.as_deref(),
                },
                wanted,
            )?);
        }
    }
    Ok(found)
}

fn is_same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// What lines are picked by.
type Pick = fn(&Position) -> Option<&str>;

/// Lines that were asked, with what there is where none was meant.
fn asked_lines<'o>(
    args: &LicensesExplainArgs,
    outcome: &'o LicenseOutcome,
) -> Result<Vec<&'o Position>, Finding> {
    let full = |product: &Product| match &product.edition {
        Some(edition) => format!("{} {edition}", product.name),
        None => product.name.to_string(),
    };
    let is_named = |line: &&Position| {
        let product = &line.key.product;
        is_same(&product.name, &args.product) || is_same(&full(product), &args.product)
    };
    let named: Vec<&Position> = outcome.positions.iter().filter(is_named).collect();
    if named.is_empty() {
        let known = outcome.positions.iter().map(|line| full(&line.key.product)).collect();
        return Err(unknown(
            "no line of the position is of",
            &args.product,
            "products are",
            &known,
        ));
    }
    let mut left = named;
    let filters: [(&Option<String>, &str, Pick); 3] = [
        (&args.metric, "metrics are", |line| Some(&line.key.metric)),
        (&args.interpretation, "readings are", |line| Some(&line.key.interpretation)),
        (&args.legal_entity, "legal entities are", |line| line.key.legal_entity.as_deref()),
    ];
    for (asked, are, pick) in filters {
        let Some(asked) = asked else { continue };
        let known = left.iter().filter_map(|line| pick(line)).map(str::to_owned).collect();
        left.retain(|line| pick(line).is_some_and(|own| is_same(own, asked)));
        if left.is_empty() {
            return Err(unknown("no line of the product is of", asked, are, &known));
        }
    }
    Ok(left)
}

fn unknown(what: &str, asked: &str, are: &str, known: &BTreeSet<String>) -> Finding {
    let help = did_you_mean(asked, known.iter().map(String::as_str)).map_or_else(
        || {
            let known = known.iter().map(|name| printable(name).into_owned());
            format!("{are} {}", known.collect::<Vec<_>>().join(", "))
        },
        |near| format!("did you mean `{near}`?"),
    );
    Finding::new(Code::UnknownName, format!("{what} `{}`", printable(asked))).help(help)
}
