//! Everything that is wrong with a table of cases, at once.

use std::fmt::{Debug, Write as _};

/// Gathers faults; complains of all of them when dropped.
#[derive(Default)]
pub(crate) struct Faults {
    context: String,
    found: String,
}

impl Faults {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// What the checks that follow are about.
    pub(crate) fn about(&mut self, context: impl Into<String>) {
        self.context = context.into();
    }

    pub(crate) fn holds(&mut self, holds: bool, what: &str) {
        if !holds {
            let _ = writeln!(self.found, "{}\n    it does not hold: {what}", self.context);
        }
    }

    #[allow(clippy::needless_pass_by_value, reason = "reads like `assert_eq!`")]
    pub(crate) fn same<A: PartialEq<B> + Debug, B: Debug>(
        &mut self,
        what: &str,
        found: A,
        expected: B,
    ) {
        if found != expected {
            let _ = writeln!(
                self.found,
                "{}\n    {what} is   {found:?}\n    instead of {expected:?}",
                self.context
            );
        }
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.found.is_empty(), "\n{}", self.found);
        }
    }
}
