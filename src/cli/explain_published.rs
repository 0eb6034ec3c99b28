//! A published table that `explain --file PATH` names: what is explained must be what it holds.
//!
//! Tables are explained as they are made anew from the bills. Whoever names a file asks for the
//! figures in it: another month, another project or a line that has changed since is refused, and
//! not explained as if it were the one that was asked.

use std::collections::BTreeSet;
use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use csv::StringRecord;

use crate::diagnostics::{Code, Finding, printable};
use crate::domain::Period;
use crate::report::explain::{LineTold, Lines};

use super::load::Loaded;

/// Bytes that a `run.json` may have to be read here.
const RUN_LIMIT: u64 = 64 << 20;

pub(super) struct Published {
    path: PathBuf,
    /// As the user wrote it.
    shown: String,
}

impl Published {
    /// # Errors
    /// [`Code::UnknownName`] where there is no such file, [`Code::InvalidValue`] where the run that
    /// it belongs to is of another month or organisation.
    pub(super) fn open(shown: &str, project: &Loaded, period: Period) -> Result<Self, Finding> {
        let paths = [PathBuf::from(shown), project.root.join(shown)];
        let Some(path) = paths.into_iter().find(|path| path.is_file()) else {
            let text = format!("there is no file `{}`", printable(shown));
            let help = "name a published table by its path, or any table of a run by its name alone, such as showback.csv";
            return Err(Finding::new(Code::UnknownName, text).help(help));
        };
        let run = run_beside(&path);
        let told = |key: &str| run.as_ref().and_then(|run| run.get(key)?.as_str());
        let named = printable(shown);
        if let Some(month) = told("period").filter(|month| *month != period.to_string()) {
            let month = printable(month);
            let text = format!("`{named}` was published for {month}, and {period} is asked");
            let help = format!("ask with --period {month}, or name the table alone");
            return Err(Finding::new(Code::InvalidValue, text).help(help));
        }
        let ours = &project.project.organisation;
        if let Some(theirs) = told("organisation").filter(|theirs| theirs != ours) {
            let (theirs, ours) = (printable(theirs), printable(ours));
            let text =
                format!("`{named}` was published by `{theirs}`, and the project is of `{ours}`");
            let help = "name its project with --project";
            return Err(Finding::new(Code::InvalidValue, text).help(help));
        }
        Ok(Self { path, shown: named.into_owned() })
    }

    /// Holds lines that are explained against those of the file.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] where the file has other figures, [`Code::UnreadableFile`].
    pub(super) fn holds(&self, lines: &Lines, told: &[LineTold]) -> Result<(), Finding> {
        let unreadable = |error: csv::Error| {
            let text = format!("`{}` cannot be read: {error}", self.shown);
            Finding::new(Code::UnreadableFile, text)
        };
        let file = fs::File::open(&self.path).map_err(|error| unreadable(error.into()))?;
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(BufReader::new(file));
        let header = reader.headers().map_err(unreadable)?.clone();
        let mut left: BTreeSet<usize> = (0..told.len()).collect();
        let mut more = 0;
        let mut record = StringRecord::new();
        while !(left.is_empty() && *lines != Lines::All)
            && reader.read_record(&mut record).map_err(unreadable)?
        {
            let line = record.position().map_or(0, csv::Position::line);
            let is_it = |at: &&usize| {
                let told = &told[**at];
                (told.line == line || matches!(lines, Lines::With(_)))
                    && is_same(&header, &record, told)
            };
            if let Some(at) = left.iter().find(is_it).copied() {
                left.remove(&at);
            } else {
                more += 1;
            }
        }
        if let Some(at) = left.first() {
            return Err(self.differs(&format!("line {} is not as it", told[*at].line)));
        }
        if *lines == Lines::All && more > 0 {
            return Err(self.differs("it has other lines than it"));
        }
        Ok(())
    }

    fn differs(&self, what: &str) -> Finding {
        let text = format!(
            "`{}` holds other figures than the bills and rules of today give: {what} would be published now",
            self.shown
        );
        let help = "what has changed since tells `costbook plan --against` with the run's folder; to have the figures of today explained, name the table alone";
        Finding::new(Code::InvalidValue, text).help(help)
    }
}

/// Whether a record has what is told of a line: the fields that name it, and those explained.
fn is_same(header: &StringRecord, record: &StringRecord, told: &LineTold) -> bool {
    let has = |column: &str, value: &str| {
        let at = header.iter().position(|name| name == column);
        at.and_then(|at| record.get(at)) == Some(value)
    };
    told.key.iter().all(|(column, value)| has(column, value))
        && told.fields.iter().all(|field| has(&field.column, &field.value))
}

/// What the run that a table belongs to says of itself; `None` where there is none beside it.
fn run_beside(table: &Path) -> Option<serde_json::Value> {
    let run = table.with_file_name("run.json");
    let is_small = fs::metadata(&run).is_ok_and(|found| found.len() <= RUN_LIMIT);
    serde_json::from_slice(&fs::read(run).ok().filter(|_| is_small)?).ok()
}
