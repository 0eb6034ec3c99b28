//! How figures of tables are explained, as data: every table has an [`Output`], every column a [`How`].

use super::Explainer;
use super::told::Told;

/// A table that a run writes.
pub(super) struct Output {
    pub(super) file: &'static str,
    /// What one line is.
    pub(super) line_is: &'static str,
    /// Columns that a line is named by.
    pub(super) keys: &'static [&'static str],
    /// A name that ends in `*` stands for all that begin so; the first that fits counts.
    pub(super) columns: &'static [Column],
}

pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) how: How,
}

/// How the value of a column comes about. A column `report_x` that has no entry of its own is
/// explained as `x` is, by the `report_` columns of what that is made of.
#[derive(Clone, Copy)]
pub(super) enum How {
    /// A text: where it comes from.
    Says(&'static str),
    /// A sum over lines of another table.
    Sum(Tie),
    /// A sum of other columns of the same line; `-` in front takes away.
    Adds(&'static [&'static str]),
    /// By a function, where it takes more than another table.
    By(fn(&Explainer<'_>, &Asked<'_>) -> Told),
}

/// Lines of a table that add up to a value.
#[derive(Clone, Copy)]
pub(super) struct Tie {
    pub(super) file: &'static str,
    pub(super) column: Pick,
    pub(super) when: &'static [When],
}

/// Which column is summed.
#[derive(Clone, Copy)]
pub(super) enum Pick {
    Named(&'static str),
    /// That of the view: `effective_cost` or `billed_cost`.
    View,
    /// That of the metric which our column of this name tells.
    Metric(&'static str),
}

/// A condition on the lines that are summed.
#[derive(Clone, Copy)]
pub(super) enum When {
    /// The field is the same in both.
    Same(&'static str),
    /// Their field is our other one.
    As(&'static str, &'static str),
    /// Their field is this.
    Is(&'static str, &'static str),
    /// Their `component` is our column's name.
    Component,
    /// Their `stage` is a pool that gave something to the party.
    Received,
    /// Their `stage` is the party itself, a pool that gave all away.
    Given,
    /// Their day is ours, where we have one.
    Day,
}

/// A field whose explanation is asked.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) table: &'a super::tables::Table,
    pub(super) record: usize,
    pub(super) column: &'a str,
    /// The column without `report_`, where it is explained as that one is.
    pub(super) base: &'a str,
    /// Whether amounts are in the report currency.
    pub(super) report: bool,
}

impl<'a> Asked<'a> {
    pub(super) fn field(&self, column: &str) -> &'a str {
        self.table.field(self.record, column)
    }

    pub(super) fn value(&self) -> &'a str {
        self.field(self.column)
    }

    /// A column's name in the currency that is asked.
    pub(super) fn named(&self, column: &str) -> String {
        if self.report { format!("report_{column}") } else { column.to_owned() }
    }

    /// A column's name in the currency of the column that is asked, which has an entry of its own.
    pub(super) fn named_as(&self, column: &str) -> String {
        if self.column.starts_with("report_") {
            format!("report_{column}")
        } else {
            column.to_owned()
        }
    }

    pub(super) fn says(&self, how: impl Into<String>) -> Told {
        Told::says(self.column, self.value(), how)
    }
}

impl Output {
    /// How a column is explained, under which name, and whether that is in the report currency.
    pub(super) fn how<'n>(&self, column: &'n str) -> Option<(How, &'n str, bool)> {
        if let Some(how) = self.named(column) {
            return Some((how, column, false));
        }
        if let Some(base) = column.strip_prefix("report_")
            && let Some(how) = self.named(base)
        {
            return Some((how, base, true));
        }
        let any = self.columns.iter().find(|known| known.name == "*");
        any.map(|any| (any.how, column, false))
    }

    fn named(&self, column: &str) -> Option<How> {
        let fits = |known: &str| match known.strip_suffix('*') {
            Some(begin) => !begin.is_empty() && column.starts_with(begin),
            None => known == column,
        };
        self.columns.iter().find(|known| fits(known.name)).map(|known| known.how)
    }
}

pub(super) const fn says(name: &'static str, text: &'static str) -> Column {
    Column { name, how: How::Says(text) }
}

pub(super) const fn sum(
    name: &'static str,
    file: &'static str,
    column: Pick,
    when: &'static [When],
) -> Column {
    Column { name, how: How::Sum(Tie { file, column, when }) }
}

pub(super) const fn adds(name: &'static str, columns: &'static [&'static str]) -> Column {
    Column { name, how: How::Adds(columns) }
}

pub(super) const fn by(
    name: &'static str,
    figure: fn(&Explainer<'_>, &Asked<'_>) -> Told,
) -> Column {
    Column { name, how: How::By(figure) }
}
