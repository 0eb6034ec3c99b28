//! `costbook check`: the project, its rules and its tables, without reading a bill.

use crate::diagnostics::Severity;

use super::args::CheckArgs;
use super::console::{self, Report};
use super::exit::Exit;
use super::load::Loader;

pub(super) fn check(args: &CheckArgs) -> Exit {
    let mut loader = Loader::new(&args.project.project);
    match loader.load() {
        Err(findings) => {
            let report = Report { texts: &loader.texts, project: &loader.shown };
            report.findings(&findings, Severity::Note);
            Exit::of_errors(&findings)
        }
        Ok(project) => {
            let rules = &project.rules;
            let text = format!(
                "{}: {} sources, {} dimensions, {} rules, {} pools, {} examples hold\n",
                project.project.organisation,
                project.project.sources.len(),
                rules.dimensions.len(),
                rules.classify.len(),
                rules.pools.len(),
                rules.tests.len(),
            );
            console::data(&text)
        }
    }
}
