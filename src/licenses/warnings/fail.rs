//! When a command that watches ends with a failure.

use crate::diagnostics::Severity;
use crate::rules::licenses::WarningKind;

use super::warning::Warning;

/// What `--fail-on` names: kinds, and severities from which on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailOn {
    kinds: Vec<WarningKind>,
    from: Option<Severity>,
}

impl FailOn {
    /// `over_use,expiry` or `warning`: kinds and severities, apart by commas.
    ///
    /// # Errors
    /// The word that is neither.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut found = Self::default();
        for word in text.split(',').map(str::trim) {
            let severities = [Severity::Note, Severity::Warning, Severity::Error];
            if let Some(severity) = severities.into_iter().find(|it| it.name() == word) {
                found.from = Some(found.from.map_or(severity, |from| from.min(severity)));
            } else if let Some(kind) = WarningKind::from_name(word) {
                found.kinds.push(kind);
            } else {
                let kinds = WarningKind::ALL.iter().map(|kind| kind.name());
                let known: Vec<&str> = severities.iter().map(|it| it.name()).chain(kinds).collect();
                return Err(format!("`{word}` is none of {}", known.join(", ")));
            }
        }
        Ok(found)
    }

    /// Whether any warning that is not silenced is of such a kind or so grave.
    #[must_use]
    pub fn fails(&self, warnings: &[Warning]) -> bool {
        warnings.iter().filter(|it| it.silenced_by.is_none()).any(|it| {
            self.kinds.contains(&it.kind) || self.from.is_some_and(|from| it.severity >= from)
        })
    }
}
