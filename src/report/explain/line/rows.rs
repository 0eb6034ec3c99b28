//! The source rows behind lines of the detail and of the worklist.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::allocate::{FoundRow, Sought};
use crate::domain::CostMetric;
use crate::report::Facts;

use super::Explainer;
use super::quantity::of_amount;
use super::registry::Asked;
use super::told::Term;

/// Whose charges: kind and owner, as tables write them.
pub(super) type Whose = (String, String);

/// Charges of somebody, by the line of the detail that they are summed in.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) rows: Vec<FoundRow>,
    by_line: BTreeMap<Vec<String>, Vec<usize>>,
    /// By file and row.
    by_place: BTreeMap<(String, u64), Vec<usize>>,
}

impl Found {
    fn of(facts: &Facts<'_>, rows: Vec<FoundRow>) -> Self {
        let mut by_line: BTreeMap<Vec<String>, Vec<usize>> = BTreeMap::new();
        let mut by_place: BTreeMap<(String, u64), Vec<usize>> = BTreeMap::new();
        for (at, row) in rows.iter().enumerate() {
            by_line.entry(line_of(facts, row)).or_default().push(at);
            if let Some(file) = facts.scan.files.get(row.file.0 as usize) {
                let place = (file.path.to_string(), file.row_number(row.place));
                by_place.entry(place).or_default().push(at);
            }
        }
        Self { rows, by_line, by_place }
    }

    /// The charge of a row; `None` where the row stands for several, or for none of these.
    pub(super) fn at_place(&self, file: &str, row: &str) -> Option<&FoundRow> {
        match self.by_place.get(&(file.to_owned(), row.parse().ok()?))?.as_slice() {
            [at] => Some(&self.rows[*at]),
            _ => None,
        }
    }

    /// The charges of a line of the detail, which has so many dimensions behind its component.
    pub(super) fn of_line(&self, asked: &Asked<'_>) -> Vec<&FoundRow> {
        let first = asked.table.column("rule").unwrap_or_default();
        let day = asked.table.column("day").unwrap_or_default();
        let record = &asked.table.records[asked.record];
        // From the rule to the currency, which stands behind the day.
        let line: Vec<String> =
            (first..day + 2).filter_map(|at| record.get(at)).map(str::to_owned).collect();
        let found = self.by_line.get(&line).into_iter().flatten();
        found.map(|at| &self.rows[*at]).collect()
    }
}

/// The fields of the detail from the rule to the currency.
fn line_of(facts: &Facts<'_>, row: &FoundRow) -> Vec<String> {
    let cell = &row.cell;
    let rule = row.rule.map_or("", |rule| &*facts.rules.rule(rule).name);
    let mut line: Vec<String> = [
        rule,
        &cell.provider,
        &cell.source,
        &cell.billing_account,
        &cell.sub_account,
        &cell.service,
        &cell.charge_category,
        &cell.component,
    ]
    .map(str::to_owned)
    .into();
    line.extend(cell.dimensions.iter().cloned());
    line.extend([row.day.to_string(), row.currency.to_string()]);
    line
}

impl Explainer<'_> {
    /// The charges that somebody bears by rule. The bills are read again for each that is asked.
    pub(super) fn found(&self, kind: &str, owner: &str) -> Rc<Found> {
        let whose = (kind.to_owned(), owner.to_owned());
        if let Some(found) = self.found.borrow().get(&whose) {
            return Rc::clone(found);
        }
        let sought = match kind {
            "owner" => Some(Sought::Owner(owner.to_owned())),
            "pool" => {
                let pool = self.facts.rules.pool_named(owner);
                pool.map(|pool| Sought::Pool(pool.pool, pool.value))
            }
            _ => Some(Sought::Unallocated),
        };
        let mut rows = sought.map(|sought| (self.find)(&sought)).unwrap_or_default();
        // A family that is asked for as a whole has pools of its own lines.
        rows.retain(|row| row.cell.kind == kind && row.cell.bearer == owner);
        let found = Rc::new(Found::of(self.facts, rows));
        self.found.borrow_mut().insert(whose, Rc::clone(&found));
        found
    }

    /// Charges as terms, those that tell the metric; in the order of files and rows.
    pub(super) fn charges(&self, rows: &[&FoundRow], metric: CostMetric) -> Vec<Term> {
        let mut terms: Vec<(u32, u64, Term)> = rows
            .iter()
            .filter(|row| !row.unknown.has(metric))
            .map(|row| {
                let file = self.facts.scan.files.get(row.file.0 as usize);
                let number = file.map_or(0, |file| file.row_number(row.place));
                let path = file.map_or("", |file| &*file.path);
                let named = row.resource.as_deref().unwrap_or("");
                let label = format!("{path}, row {number}  {named}");
                let term = Term::new(label.trim_end(), of_amount(row.costs[metric]));
                (row.file.0, number, term)
            })
            .collect();
        terms.sort_by_key(|(file, number, _)| (*file, *number));
        terms.into_iter().map(|(_, _, term)| term).collect()
    }
}
