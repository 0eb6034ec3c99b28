//! Exit codes.

use std::process::ExitCode;

use crate::diagnostics::{Class, Finding, Severity};

/// What the process ends with. Interruption ends it by its signal, which shells show as 130.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Exit {
    Fine = 0,
    /// Findings at or above `--fail-on`.
    Findings = 1,
    /// Usage, project file or rules.
    Configuration = 2,
    /// Input rejected or not reconciling.
    Input = 3,
    /// Somebody else holds the state, or it is not ours.
    State = 4,
    /// A fault of costbook itself.
    Internal = 5,
    /// A plan that changes something, where that was asked.
    Changed = 10,
}

impl Exit {
    /// The exit that errors among findings ask for; [`Exit::Fine`] without any.
    pub(super) fn of_errors(findings: &[Finding]) -> Self {
        let errors = findings.iter().filter(|finding| finding.severity() == Severity::Error);
        let exits = errors.map(|finding| match finding.code.class() {
            Class::Advice => Self::Findings,
            Class::Configuration => Self::Configuration,
            Class::Input => Self::Input,
            Class::State => Self::State,
            Class::Internal => Self::Internal,
        });
        exits.min_by_key(|exit| (*exit == Self::Findings, *exit)).unwrap_or(Self::Fine)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Code;

    #[test]
    fn errors_decide_the_exit_code() {
        for (codes, expected) in [
            (vec![], Exit::Fine),
            (vec![Code::Unallocated], Exit::Fine),
            (vec![Code::UnknownKey], Exit::Configuration),
            (vec![Code::BrokenFile, Code::Unallocated], Exit::Input),
            (vec![Code::BrokenFile, Code::UnknownName], Exit::Configuration),
            (vec![Code::RunInProgress], Exit::State),
            (vec![Code::ConservationBroken], Exit::Internal),
        ] {
            let findings: Vec<_> = codes.into_iter().map(|code| Finding::new(code, "")).collect();
            assert_eq!(Exit::of_errors(&findings), expected, "{findings:?}");
        }
        assert_eq!(Exit::Internal as u8, 5, "a fault of costbook's own");
        assert_eq!(Exit::Findings as u8, 1);
        assert_eq!(Exit::Changed as u8, 10);
    }
}
