//! Where the stages of reading put what they find, so that one bad line hides no other.

use crate::diagnostics::{Code, Finding, Place, Span, did_you_mean};

use super::limits;

/// Everything found so far.
#[derive(Debug, Default)]
pub(super) struct Sink {
    findings: Vec<Finding>,
    /// Found beyond the limit, and only counted.
    dropped: usize,
}

impl Sink {
    pub(super) fn report(&mut self, code: Code, span: &Span, message: impl Into<String>) {
        self.add(Finding::new(code, message), span);
    }

    pub(super) fn report_with_help(
        &mut self,
        code: Code,
        span: &Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.add(Finding::new(code, message).help(help), span);
    }

    /// Reports a name that is none of `known`, with the nearest of them or, where none is near and
    /// they are few, with all.
    pub(super) fn report_unknown<T: AsRef<str>>(
        &mut self,
        code: Code,
        span: &Span,
        message: impl Into<String>,
        unknown: &str,
        known: &[T],
    ) {
        let finding = Finding::new(code, message);
        // Looking for the nearest name is the dear part; it is not done for what is dropped.
        let help = if self.is_full() { None } else { help_for(unknown, known) };
        let finding = match help {
            Some(help) => finding.help(help),
            None => finding,
        };
        self.add(finding, span);
    }

    fn add(&mut self, finding: Finding, span: &Span) {
        self.keep(finding.at(Place::Text(span.clone())));
    }

    /// Keeps a finding that has its place already.
    pub(super) fn keep(&mut self, finding: Finding) {
        if self.is_full() {
            self.dropped += 1;
        } else {
            self.findings.push(finding);
        }
    }

    pub(super) fn count(&self) -> usize {
        self.findings.len() + self.dropped
    }

    fn is_full(&self) -> bool {
        self.findings.len() >= limits::FINDINGS
    }

    /// What was made, if nothing is wrong with it; else everything that is.
    pub(super) fn finish<T>(mut self, made: Option<T>) -> Result<T, Vec<Finding>> {
        if self.dropped > 0 {
            let message = format!("{} more findings are not shown", self.dropped);
            self.findings.push(Finding::new(Code::InvalidValue, message));
        }
        match made {
            Some(made) if self.findings.is_empty() => Ok(made),
            _ => Err(self.findings),
        }
    }
}

fn help_for<T: AsRef<str>>(unknown: &str, known: &[T]) -> Option<String> {
    /// More names than this help nobody.
    const FEW: usize = 16;
    if let Some(near) = did_you_mean(unknown, known) {
        return Some(format!("did you mean `{near}`?"));
    }
    if known.is_empty() || known.len() > FEW {
        return None;
    }
    let names: Vec<String> = known.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    Some(format!("known here: {}", names.join(", ")))
}
