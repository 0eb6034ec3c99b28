//! Which columns JSON lines have, in the order in which they first appear.
//!
//! A name is looked up in two steps, the field of the line and then the field within it, so that a
//! line costs what it is long, however many short names stand within a long one.

use std::collections::{BTreeSet, HashMap};

use super::scan::{Fault, Value, object};
use crate::ingest::workbook::Refusal;

/// Columns that a file may have.
pub(super) const COLUMN_LIMIT: usize = 10_000;
/// Bytes that their names may have together, as those of a CSV's header.
const NAMES_LIMIT: usize = 1 << 20;

/// The columns of a file, as far as its lines were seen.
#[derive(Debug, Default)]
pub(in crate::ingest) struct Columns {
    known: Known,
    fields: HashMap<String, Field>,
    /// Names that are read, in lower case.
    read: BTreeSet<String>,
}

/// Columns by their full names.
#[derive(Debug, Default)]
struct Known {
    names: Vec<String>,
    places: HashMap<String, usize>,
    /// Of all names that are kept.
    bytes: usize,
    /// Lines that were seen, and for each column the last one that has it.
    line: u64,
    seen: Vec<u64>,
}

/// A field of a line.
#[derive(Debug)]
struct Field {
    column: Option<usize>,
    /// The columns of the fields within it.
    within: HashMap<String, usize>,
    /// As an object it stays JSON in a column of its own; the fields within it are columns.
    is_kept: bool,
    is_opened: bool,
    /// The last line that has it.
    seen: u64,
}

/// Why a line is not read to its end.
#[derive(Debug)]
pub(super) enum Stop {
    Fault(Fault),
    /// The field of that name stands twice.
    Twice(String),
    /// Nothing of the file is read.
    Refused(Refusal),
}

impl Columns {
    /// `read` are the names that anything will read: an object under such a name is kept as JSON,
    /// and opened only if names within it are read as well.
    pub(super) fn new(read: impl IntoIterator<Item = String>) -> Self {
        let read = read.into_iter().map(|name| name.to_lowercase()).collect();
        Self { read, ..Self::default() }
    }

    pub(super) fn names(&self) -> &[String] {
        &self.known.names
    }

    /// The names of the columns, in the order in which they come.
    pub(in crate::ingest) fn into_names(self) -> Vec<String> {
        self.known.names
    }

    /// Shows every column of a line with its value; what was not met before becomes a column.
    pub(super) fn each<'l>(
        &mut self,
        line: &'l str,
        mut show: impl FnMut(usize, Value<'l>) -> Result<(), Fault>,
    ) -> Result<(), Stop> {
        let Self { known, fields, read } = self;
        known.line += 1;
        let mut stop = None;
        // Whatever is returned where there is a stop, it ends the line.
        let ended = |why: Stop, stop: &mut Option<Stop>| {
            stop.get_or_insert(why);
            Fault::TooDeep
        };
        let outcome = object(line, |key, value| {
            let field = if let Some(field) = fields.get_mut(&*key) {
                field
            } else {
                known.keep(key.len(), fields.len()).map_err(|why| ended(why, &mut stop))?;
                fields.entry(key.clone().into_owned()).or_insert(Field::new(&key, read))
            };
            if field.seen == known.line {
                return Err(ended(Stop::Twice(key.into_owned()), &mut stop));
            }
            field.seen = known.line;
            if field.is_kept || !matches!(value, Value::Object(_)) {
                let column = field.column(&key, known).map_err(|why| ended(why, &mut stop))?;
                show(column, value)?;
            }
            let Value::Object(inner) = value else { return Ok(()) };
            if !field.is_opened {
                return Ok(());
            }
            object(inner, |child, value| {
                let column =
                    field.within(&key, &child, known).map_err(|why| ended(why, &mut stop))?;
                show(column, value)
            })
        });
        match stop {
            Some(stop) => Err(stop),
            None => outcome.map_err(Stop::Fault),
        }
    }
}

impl Field {
    fn new(name: &str, read: &BTreeSet<String>) -> Self {
        let name = name.to_lowercase();
        let is_kept = read.contains(&name);
        let inside = format!("{name}.");
        let next = read.range::<String, _>(&inside..).next();
        let is_opened = !is_kept || next.is_some_and(|read| read.starts_with(&inside));
        Self { column: None, within: HashMap::new(), is_kept, is_opened, seen: 0 }
    }

    fn column(&mut self, name: &str, known: &mut Known) -> Result<usize, Stop> {
        let column = match self.column {
            Some(column) => column,
            None => *self.column.insert(known.column(name.to_owned())?),
        };
        known.meet(column)
    }

    fn within(&mut self, name: &str, child: &str, known: &mut Known) -> Result<usize, Stop> {
        let column = if let Some(column) = self.within.get(child) {
            *column
        } else {
            let full = format!("{name}.{child}");
            known.keep(full.len() + child.len(), known.names.len())?;
            let column = known.column(full)?;
            self.within.insert(child.to_owned(), column);
            column
        };
        known.meet(column)
    }
}

impl Known {
    /// Makes room for a name beside so many others.
    fn keep(&mut self, bytes: usize, others: usize) -> Result<(), Stop> {
        self.bytes += bytes;
        if self.bytes > NAMES_LIMIT || others == COLUMN_LIMIT {
            return Err(Stop::Refused(too_many_columns(others)));
        }
        Ok(())
    }

    /// The column of that name, which may be met in two ways: as `a.b`, and as `b` within `a`.
    fn column(&mut self, name: String) -> Result<usize, Stop> {
        if let Some(column) = self.places.get(&name) {
            return Ok(*column);
        }
        let column = self.names.len();
        self.keep(0, column)?;
        self.places.insert(name.clone(), column);
        self.names.push(name);
        self.seen.push(0);
        Ok(column)
    }

    /// Notes that the line has the column, once.
    fn meet(&mut self, column: usize) -> Result<usize, Stop> {
        if self.seen[column] == self.line {
            return Err(Stop::Twice(self.names[column].clone()));
        }
        self.seen[column] = self.line;
        Ok(column)
    }
}

/// Of a file whose next column is one too many, or has too long a name.
fn too_many_columns(known: usize) -> Refusal {
    let text = if known == COLUMN_LIMIT {
        format!("the file has more than {COLUMN_LIMIT} columns")
    } else {
        "the names of the file's columns have more than 1 MiB".to_owned()
    };
    Refusal::new(
        text,
        "fields under names that vary, such as ids, belong into a list of key and value",
    )
}
