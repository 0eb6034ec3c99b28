//! The one way findings are drawn.
//!
//! Order: findings are sorted before they are drawn, because the order in which rooms find things
//! is no promise and the same input must give the same bytes. All text is made harmless here, once,
//! because no finding can know which terminal it will meet.

use std::collections::BTreeMap;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::code::Severity;
use super::finding::{Finding, Place, Span};
use super::text::{printable, visible_line};

/// Longer lines are not drawn: nobody reads them, and a file can be one line.
const LONGEST_LINE_CHARS: usize = 2_000;

/// The texts that places point into, by path.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    texts: BTreeMap<String, String>,
}

impl Texts {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps a text under the path that spans name it by.
    pub fn insert(&mut self, path: impl Into<String>, text: impl Into<String>) {
        self.texts.insert(path.into(), text.into());
    }

    /// A line of a text, counted from 1, without its end; `None` where it is not at hand.
    fn line(&self, path: &str, line: u32) -> Option<&str> {
        let text = self.texts.get(path)?;
        let index = usize::try_from(line).ok()?.checked_sub(1)?;
        let found = text.split('\n').nth(index)?;
        let found = found.strip_suffix('\r').unwrap_or(found);
        Some(if index == 0 { found.trim_start_matches('\u{feff}') } else { found })
    }
}

/// Draws findings, sorted by place and code, each with its snippet where the text is at hand, and
/// a closing line that counts them. What is the same of several files is drawn once, at the first
/// of them. Nothing found draws nothing.
#[must_use]
pub fn render(findings: &[Finding], texts: &Texts, color: bool) -> String {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_cached_key(|finding| sort_key(finding));
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let told = told_once(&sorted);
    let mut drawn: String = told.iter().map(|told| draw(told, texts, &renderer) + "\n\n").collect();
    if let Some(summary) = summary(&told) {
        drawn.push_str(&summary);
        drawn.push('\n');
    }
    drawn
}

/// A finding, and how often and in how many files it holds.
struct Told<'f> {
    finding: &'f Finding,
    times: u64,
    files: u64,
}

fn told_once<'f>(sorted: &[&'f Finding]) -> Vec<Told<'f>> {
    let mut told: Vec<Told<'f>> = Vec::new();
    let mut known: BTreeMap<(&str, &str, Option<&str>), usize> = BTreeMap::new();
    for finding in sorted {
        let key = (finding.code.name(), finding.message.as_str(), finding.help.as_deref());
        if let Some(Place::File(_)) = finding.place {
            if let Some(same) = known.get(&key) {
                told[*same].times += finding.count;
                told[*same].files += 1;
                continue;
            }
            known.insert(key, told.len());
        }
        told.push(Told { finding, times: finding.count, files: 1 });
    }
    told
}

/// Findings that point into files come first, file by file, in the order of lines or rows.
fn sort_key(finding: &Finding) -> (bool, String, u64, u64, String, &'static str, String) {
    let (path, row, column, name) = match &finding.place {
        None => (None, 0, 0, None),
        Some(Place::Text(span)) => {
            (Some(&span.path), u64::from(span.line), u64::from(span.column), None)
        }
        Some(Place::Cell { path, row, column }) => (Some(path), *row, 0, column.clone()),
        Some(Place::File(path)) => (Some(path), 0, 0, None),
    };
    let path_text = path.map(ToString::to_string).unwrap_or_default();
    let name = name.unwrap_or_default();
    (path.is_none(), path_text, row, column, name, finding.code.name(), finding.message.clone())
}

fn draw(told: &Told<'_>, texts: &Texts, renderer: &Renderer) -> String {
    let finding = told.finding;
    let level = match finding.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut message = printable(&finding.message).into_owned();
    let held = match (told.times, told.files) {
        (..=1, _) => String::new(),
        (times, 1) => format!(" ({times} times)"),
        (times, files) if times == files => format!(" (in {files} files, the first)"),
        (times, files) => format!(" ({times} times in {files} files, the first)"),
    };
    message.push_str(&held);
    let title = level.primary_title(message).id(finding.code.name());
    let mut group = Group::with_title(title);
    group = match &finding.place {
        None => group,
        Some(Place::Text(span)) => point(group, span, texts),
        Some(place) => group.element(Origin::path(printable(&place.to_string()).into_owned())),
    };
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(printable(help).into_owned()));
    }
    renderer.render(&[group])
}

fn point<'a>(group: Group<'a>, span: &Span, texts: &Texts) -> Group<'a> {
    let path = printable(&span.path).into_owned();
    let (line, column) = (count(span.line), count(span.column));
    let source = texts.line(&span.path, span.line).filter(|text| is_drawable(text, span));
    let Some(source) = source.map(visible_line) else {
        return group.element(Origin::path(path).line(line).char_column(column));
    };
    let from = byte_of(&source, column.saturating_sub(1));
    let to = byte_of(&source, column.saturating_sub(1) + count(span.length).max(1));
    let marked = AnnotationKind::Primary.span(from..to.max(from));
    group.element(Snippet::source(source).path(path).line_start(line).annotation(marked))
}

fn is_drawable(line: &str, span: &Span) -> bool {
    let length = line.chars().take(LONGEST_LINE_CHARS + 1).count();
    length <= LONGEST_LINE_CHARS && count(span.column) <= length + 1
}

/// Byte offset of the character at that index, or of the end.
fn byte_of(line: &str, index: usize) -> usize {
    line.char_indices().nth(index).map_or(line.len(), |(at, _)| at)
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// "2 errors, 1 warning"; `None` where there is nothing to count.
fn summary(told: &[Told<'_>]) -> Option<String> {
    let of = |severity: Severity| {
        let number = told.iter().filter(|told| told.finding.severity() == severity).count();
        let plural = if number == 1 { "" } else { "s" };
        (number > 0).then(|| format!("{number} {severity}{plural}"))
    };
    let parts: Vec<String> =
        [Severity::Error, Severity::Warning, Severity::Note].into_iter().filter_map(of).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Code;

    fn at(line: u32, column: u32, length: u32) -> Place {
        Place::Text(Span { path: "costbook.yaml".into(), line, column, length })
    }

    fn texts() -> Texts {
        let mut texts = Texts::new();
        texts.insert("costbook.yaml", "organisation: Zürich\u{202e} AG\r\nsoruces: []\n");
        texts
    }

    #[test]
    fn findings_are_drawn_in_order_with_snippet_help_and_count() {
        let findings = [
            Finding::new(Code::NoFiles, "no delivery"),
            Finding::new(Code::BadReference, "no id").at(Place::Cell {
                path: "owners.csv".into(),
                row: 3,
                column: Some("id".into()),
            }),
            Finding::new(Code::UnknownKey, "`soruces` is no key of a project")
                .at(at(2, 1, 7))
                .help("did you mean `sources`?"),
            Finding::new(Code::BadText, "bidi").at(at(1, 21, 1)).count(3),
        ];
        let expected = "\
warning[bad-text]: bidi (3 times)
 --> costbook.yaml:1:21
  |
1 | organisation: Zürich\u{fffd} AG
  |                     ^

error[unknown-key]: `soruces` is no key of a project
 --> costbook.yaml:2:1
  |
2 | soruces: []
  | ^^^^^^^
  |
  = help: did you mean `sources`?

error[bad-reference]: no id
--> owners.csv, row 3, column id

error[no-files]: no delivery

3 errors, 1 warning
";
        assert_eq!(render(&findings, &texts(), false), expected);
    }

    #[test]
    fn what_is_the_same_of_several_files_is_drawn_once() {
        let of = |path: &str, count| {
            let finding = Finding::new(Code::UnknownColumn, "`a` is not read").count(count);
            finding.at(Place::File(path.into()))
        };
        let other = Finding::new(Code::WrongSuffix, "`a` is not read");
        let findings = [of("c.csv", 3), other.at(Place::File("b.csv".into())), of("a.csv", 1)];
        let expected = "\
warning[unknown-column]: `a` is not read (4 times in 2 files, the first)
--> a.csv

warning[wrong-suffix]: `a` is not read
--> b.csv

2 warnings
";
        assert_eq!(render(&findings, &texts(), false), expected);
        let drawn = render(&[of("a.csv", 1), of("b.csv", 1)], &texts(), false);
        assert!(drawn.contains("(in 2 files, the first)\n--> a.csv"), "{drawn}");
    }

    #[test]
    fn a_place_outside_its_text_is_named_without_a_snippet() {
        for place in [at(9, 1, 1), at(2, 400, 9), at(0, 0, 0)] {
            let drawn = render(&[Finding::new(Code::WrongType, "x").at(place)], &texts(), false);
            assert!(drawn.starts_with("error[wrong-type]: x\n"), "{drawn}");
            assert!(!drawn.contains('|'), "{drawn}");
        }
    }

    #[test]
    fn no_byte_of_a_hostile_text_reaches_the_terminal() {
        let mut texts = Texts::new();
        texts.insert("\u{1b}]0;x", "key\u{1b}[2J\u{9b}1m: \u{7}");
        let span = Span { path: "\u{1b}]0;x".into(), line: 1, column: 1, length: 99 };
        let finding = Finding::new(Code::UnknownKey, "\u{1b}[2J").help("\u{9d}\u{2028}");
        let drawn = render(&[finding.at(Place::Text(span))], &texts, false);
        assert!(!drawn.chars().any(|c| c.is_control() && c != '\n'), "{drawn:?}");
    }

    #[test]
    fn nothing_found_draws_nothing() {
        assert_eq!(render(&[], &Texts::new(), false), "");
    }

    #[test]
    fn every_code_has_its_own_name_and_an_explanation() {
        let names: std::collections::BTreeSet<_> = Code::ALL.iter().map(|c| c.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            assert_eq!(Code::named(code.name()), Some(*code));
            // What it means, and how it is mended.
            assert!(code.explanation().ends_with('.'), "{code}");
            let is_whole = [". ", "; "].iter().any(|end| code.explanation().contains(end));
            assert!(is_whole, "{code}");
        }
    }
}
