//! stdout for data, stderr for messages. A reader that went away is no error of ours.

use std::io::{self, IsTerminal, Write};

use crate::diagnostics::{Finding, Place, Severity, Span, Texts, render};

use super::exit::Exit;

/// Writes data. A reader that has seen enough is no error; a disk that is full is.
pub(super) fn data(text: &str) -> Exit {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Exit::Fine,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Fine,
        Err(error) => {
            message(&format!("error[output-failed]: stdout cannot be written: {error}"));
            Exit::State
        }
    }
}

/// Writes a message.
pub(super) fn message(text: &str) {
    let mut out = io::stderr().lock();
    // There is nowhere left to report to where stderr is gone.
    let _ = writeln!(out, "{text}");
}

/// Whether a person is looking at the messages.
pub(super) fn is_watched() -> bool {
    io::stderr().is_terminal()
}

fn is_colored() -> bool {
    is_watched() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Findings of a project, with places as they are seen from where the command was given.
pub(super) struct Report<'a> {
    pub(super) texts: &'a Texts,
    /// The project's folder as the user wrote it.
    pub(super) project: &'a str,
}

impl Report<'_> {
    /// Draws findings of at least a severity to stderr.
    pub(super) fn findings(&self, findings: &[Finding], least: Severity) {
        let seen: Vec<Finding> = findings
            .iter()
            .filter(|finding| finding.severity() >= least)
            .cloned()
            .map(|f| self.seen(f))
            .collect();
        if !seen.is_empty() {
            message(render(&seen, self.texts, is_colored()).trim_end());
        }
    }

    fn seen(&self, finding: Finding) -> Finding {
        let place = finding.place.clone().map(|place| match place {
            Place::Text(span) => Place::Text(Span { path: self.path(&span.path).into(), ..span }),
            Place::Cell { path, row, column } => {
                Place::Cell { path: self.path(&path).into(), row, column }
            }
            Place::File(path) => Place::File(self.path(&path).into()),
        });
        Finding { place, ..finding }
    }

    fn path(&self, path: &str) -> String {
        seen_path(self.project, path)
    }
}

/// A path of a project as it is seen from where the command was given.
pub(super) fn seen_path(project: &str, path: &str) -> String {
    let is_ours = !path.starts_with("shipped:") && !path.starts_with('/');
    match project.trim_end_matches('/') {
        "." | "" => path.to_owned(),
        project if is_ours => format!("{project}/{path}"),
        _ => path.to_owned(),
    }
}
