//! Project files, rule files and column maps: whatever is written there, the answer is the
//! declaration or findings that point into the text.

use std::fs;
use std::path::Path;

use costbook::diagnostics::{Finding, Place, Texts, render};
use costbook::domain::Org;
use costbook::ingest::run_map_examples;
use costbook::rules::{ColumnMap, Project, RuleText, Scope, compile, shipped};

use super::choices::{Choices, LONGEST, SHORT};
use super::support::home;

const PIECES: [&str; 40] = [
    ": ",
    "\n",
    "- ",
    "  ",
    "[ ",
    " ]",
    "{ ",
    " }",
    ", ",
    "&a ",
    "*a",
    "<<: ",
    "!!str ",
    "|\n",
    ">-\n",
    "? ",
    "#",
    "'",
    "\"",
    "\\",
    "%",
    "---\n",
    "\t",
    "\u{feff}",
    "\u{202e}",
    "\r",
    "2026-02-30",
    "1E61",
    "-1",
    "when",
    "from",
    "columns",
    "sources",
    "name",
    "regex: '(a*)*$'",
    "glob: \"{{{{\"",
    "x_",
    "tag.",
    "shares: { a: 100% }",
    "../..",
];

fn text_of(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A sound text with pieces put in, and lines taken out, doubled or moved.
fn altered(text: &str, choices: &mut Choices<'_>) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..=choices.below(6) {
        if lines.is_empty() {
            break;
        }
        let at = choices.below(lines.len());
        match choices.below(6) {
            0 => {
                lines.remove(at);
            }
            1 => {
                let line = lines[at].clone();
                lines.insert(choices.below(lines.len()), line);
            }
            2 => lines[at] = choices.text(&PIECES, 6),
            _ => {
                let line = &mut lines[at];
                let mut into = choices.below(line.len() + 1);
                while !line.is_char_boundary(into) {
                    into -= 1;
                }
                line.insert_str(into, &choices.text(&PIECES, 2));
            }
        }
    }
    lines.join("\n")
}

/// Findings have a place in the text, and can be drawn.
fn point_into(findings: &[Finding], path: &str, text: &str) {
    assert!(!findings.is_empty(), "refused without a word:\n{text}");
    let lines = text.split('\n').count();
    for finding in findings {
        assert!(!finding.message.is_empty());
        if let Some(Place::Text(span)) = &finding.place {
            let line = usize::try_from(span.line).expect("a line");
            assert!(line >= 1 && line <= lines + 1, "{finding:?}\n{text}");
        }
    }
    let mut texts = Texts::new();
    texts.insert(path, text);
    let drawn = render(findings, &texts, false);
    assert!(!drawn.chars().any(|c| c.is_control() && c != '\n'), "{drawn:?}");
}

#[test]
fn project_files_are_read_or_refused() {
    let samples = ["samples/acme/costbook.yaml", "samples/init/costbook.yaml"];
    let samples = samples.map(|path| text_of(&home().join(path)));
    bolero::check!().with_test_time(SHORT).with_max_len(LONGEST).for_each(|bytes: &[u8]| {
        let choices = &mut Choices::new(bytes);
        let sample = choices.below(samples.len());
        let text = altered(&samples[sample], choices);
        if let Err(findings) = Project::parse("costbook.yaml", &text) {
            point_into(&findings, "costbook.yaml", &text);
        }
    });
}

#[test]
fn rule_files_are_compiled_or_refused() {
    let samples = ["allocation.yaml", "dimensions.yaml"];
    let samples = samples.map(|name| text_of(&home().join("samples/acme/rules").join(name)));
    bolero::check!().with_test_time(SHORT).with_max_len(LONGEST).for_each(|bytes: &[u8]| {
        let choices = &mut Choices::new(bytes);
        let sample = choices.below(samples.len());
        let text = altered(&samples[sample], choices);
        let file = RuleText { path: "rules.yaml".into(), text };
        let scope = Scope { org: &Org::default(), entities: &[], drivers: &[] };
        if let Err(findings) = compile(std::slice::from_ref(&file), &scope) {
            point_into(&findings, "rules.yaml", &file.text);
        }
    });
}

#[test]
fn column_maps_are_read_or_refused() {
    let maps: Vec<&str> = shipped::column_map_names()
        .map(|name| shipped::column_map(name).expect("a map by its name").1)
        .collect();
    bolero::check!().with_test_time(SHORT).with_max_len(LONGEST).for_each(|bytes: &[u8]| {
        let choices = &mut Choices::new(bytes);
        let map = choices.below(maps.len());
        let text = altered(maps[map], choices);
        match ColumnMap::parse("map.yaml", &text) {
            Err(findings) => point_into(&findings, "map.yaml", &text),
            Ok(map) => {
                let _ = run_map_examples(&map);
            }
        }
    });
}
