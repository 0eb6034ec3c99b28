//! What may come of a case, and how that is checked.

use std::fs;

use costbook::diagnostics::Code;

use super::support::{Answer, Faults, Project};

/// What a case must be answered with.
#[derive(Clone, Copy)]
pub(crate) enum Expected {
    /// Exit 3 or 2, with this error and no other, and these words. Nothing is published.
    Refused(Code, &'static str),
    /// Published, with exactly these rows quarantined: row, column, code, and how the text begins.
    Quarantined(&'static [(u64, &'static str, Code, &'static str)]),
    /// Published, with exactly these codes; the first says these words.
    Told(&'static [Code], &'static str),
    /// Published, with nothing to complain of.
    Fine,
}

pub(crate) struct Case {
    pub(crate) title: &'static str,
    pub(crate) project: fn() -> Project,
    pub(crate) expected: Expected,
}

pub(crate) const fn case(
    title: &'static str,
    project: fn() -> Project,
    expected: Expected,
) -> Case {
    Case { title, project, expected }
}

/// Runs every case and tells everything that is not as it must be.
pub(crate) fn check(cases: &[Case]) {
    let mut faults = Faults::new();
    for case in cases {
        let project = (case.project)();
        let answer = project.run();
        faults.about(format!("{}\n{}", case.title, answer.stderr));
        faults.holds(!answer.stderr.contains("panicked"), "no panic is shown");
        faults.same("stdout", &*answer.stdout, "");
        let hostile = |c: char| c.is_control() && c != '\n';
        faults.holds(!answer.stderr.contains(hostile), "stderr steers no terminal");
        match case.expected {
            Expected::Refused(code, words) => refused(&project, &answer, code, words, &mut faults),
            expected => published(&project, &answer, expected, &mut faults),
        }
    }
}

fn refused(project: &Project, answer: &Answer, code: Code, words: &str, faults: &mut Faults) {
    let exit = match code.class() {
        costbook::diagnostics::Class::Configuration => 2,
        _ => 3,
    };
    faults.same("the exit code", answer.exit, Some(exit));
    let own = format!("error[{code}]: ");
    let errors: Vec<&str> =
        answer.stderr.lines().filter(|line| line.starts_with("error[")).collect();
    faults.holds(!errors.is_empty() && errors.iter().all(|line| line.starts_with(&own)), &own);
    faults.holds(answer.stderr.contains(words), words);
    faults.holds(!project.path("out/2026-10").exists(), "nothing is published");
    let left = fs::read_dir(project.path("out")).into_iter().flatten().flatten();
    let left = left.filter(|entry| entry.file_name() != ".costbook.lock");
    faults.same("left in the folder of reports", left.count(), 0);
}

fn published(project: &Project, answer: &Answer, expected: Expected, faults: &mut Faults) {
    faults.same("the exit code", answer.exit, Some(0));
    if answer.exit != Some(0) {
        return;
    }
    let output = project.output();
    let mut codes: Vec<&str> = Vec::new();
    let mut rows = Vec::new();
    match expected {
        Expected::Told(told, words) => {
            codes.extend(told.iter().map(|code| code.name()));
            let all: Vec<String> =
                told.iter().flat_map(|c| output.findings(c.name())).map(|f| f.0).collect();
            faults.holds(all.iter().any(|text| text.contains(words)), &format!("{all:?}: {words}"));
        }
        Expected::Quarantined(expected) => {
            codes.push(Code::RowsQuarantined.name());
            rows.extend(expected.iter().map(|(row, column, code, text)| {
                [row.to_string(), (*column).to_owned(), code.name().to_owned(), (*text).to_owned()]
            }));
        }
        _ => {}
    }
    codes.sort_unstable();
    faults.same("the codes", output.codes(), codes);
    if !matches!(expected, Expected::Told(..)) {
        let found = output.table("quarantine.csv").into_iter().map(|row| {
            let text = |name: &str| row[name].clone();
            [text("row"), text("column"), text("code"), text("text")]
        });
        let shortened = |(found, expected): ([String; 4], Option<&[String; 4]>)| {
            let [row, column, code, text] = found;
            let begins = expected.is_some_and(|e| !e[3].is_empty() && text.starts_with(&e[3]));
            let text = if begins { expected.map_or(String::new(), |e| e[3].clone()) } else { text };
            [row, column, code, text]
        };
        let expected = rows.iter().map(Some).chain(std::iter::repeat(None));
        let found: Vec<_> = found.zip(expected).map(shortened).collect();
        faults.same("quarantine.csv", found, rows.clone());
    }
}
