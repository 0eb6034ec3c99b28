//! A finding and its place.

use std::fmt;
use std::sync::Arc;

use super::code::{Code, Severity};

/// A stretch of one line of a text file. Lines and columns count from 1, in characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub path: Arc<str>,
    pub line: u32,
    pub column: u32,
    /// Characters the caret underlines, at least 1.
    pub length: u32,
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path, self.line, self.column)
    }
}

/// Where a finding points.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    Text(Span),
    /// A cell of a table file. Rows count from 1 and include the header, as editors show them.
    Cell {
        path: Arc<str>,
        row: u64,
        column: Option<String>,
    },
    File(Arc<str>),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(span) => span.fmt(f),
            Self::Cell { path, row, column: None } => write!(f, "{path}, row {row}"),
            Self::Cell { path, row, column: Some(column) } => {
                write!(f, "{path}, row {row}, column {column}")
            }
            Self::File(path) => f.write_str(path),
        }
    }
}

/// One thing that is wrong or worth knowing. The code decides severity and exit class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub code: Code,
    pub place: Option<Place>,
    /// One sentence of facts, without the place and without the mend.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
    /// How many times it holds; one where it cannot be counted.
    pub count: u64,
}

impl Finding {
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, place: None, message: message.into(), help: None, count: 1 }
    }

    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    #[must_use]
    pub fn count(mut self, count: u64) -> Self {
        self.count = count;
        self
    }

    #[must_use]
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }
}
