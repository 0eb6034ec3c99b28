//! Tables that are not bills: cost centers and metadata, as CSV.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::diagnostics::{Code, Finding, Place, did_you_mean};
use crate::domain::{CostCenter, DateRange, Org, OrgError};

use super::table::{FINDING_LIMIT, Kind, Table, TableRow};

/// Misspelt parents that are compared with all others, which takes its time in a long table.
const NEAR_LIMIT: usize = 20;

const KIND: Kind = Kind { code: Code::BadReference, needed: &["id"] };

/// Attributes of one entity by id, on the days that they hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetadataTable {
    pub entity: String,
    /// Attribute names, in the file's order.
    pub attributes: Vec<String>,
    rows: BTreeMap<String, Vec<Version>>,
}

/// The attributes of one id on some days.
type Version = (DateRange, Vec<Option<String>>);

impl MetadataTable {
    /// The value of an attribute, given its position in [`MetadataTable::attributes`].
    #[must_use]
    pub fn value(&self, id: &str, attribute: usize, day: NaiveDate) -> Option<&str> {
        let (_, values) = self.rows.get(id)?.iter().find(|(valid, _)| valid.contains(day))?;
        values.get(attribute)?.as_deref()
    }

    /// The days on which any row begins or ceases to hold, ascending.
    #[must_use]
    pub fn change_days(&self) -> Vec<NaiveDate> {
        let ranges = self.rows.values().flatten().map(|(valid, _)| valid);
        let mut days: Vec<_> = ranges.flat_map(|v| [v.from(), v.to()]).flatten().collect();
        days.sort_unstable();
        days.dedup();
        days
    }
}

/// Reads the organisation: columns `id`, `name`, `parent`, `legal_entity`, `manager`, `level`,
/// `valid_from`, `valid_to` (exclusive); all but `id` may be absent.
///
/// # Errors
/// Every row that cannot be used, and every fault of the tree.
pub fn read_cost_centers(path: &str, text: &[u8]) -> Result<Org, Vec<Finding>> {
    const KNOWN: [&str; 8] =
        ["id", "name", "parent", "legal_entity", "manager", "level", "valid_from", "valid_to"];
    let table = Table::read(path, text, KIND)?;
    let mut errors = table.unknown_columns(&KNOWN, "cost centers");
    let mut centers = Vec::new();
    let mut first_rows: BTreeMap<String, u64> = BTreeMap::new();
    for row in table.rows() {
        match valid(&row) {
            Ok(valid) => {
                let id = row.get("id").unwrap_or_default().to_owned();
                let own = |column| row.get(column).map(str::to_owned);
                first_rows.entry(id.clone()).or_insert(row.number);
                centers.push(CostCenter {
                    name: own("name").unwrap_or_else(|| id.clone()),
                    parent: own("parent"),
                    legal_entity: own("legal_entity"),
                    manager: own("manager"),
                    level: own("level"),
                    valid,
                    id,
                });
            }
            Err(finding) => errors.push(finding),
        }
        if errors.len() >= FINDING_LIMIT {
            return Err(errors);
        }
    }
    if centers.is_empty() && errors.is_empty() {
        let text =
            "the table has no cost center; without any, every owner would be taken as it comes";
        return Err(vec![
            Finding::new(Code::BadReference, text)
                .help("fill the table, or take `owners` out of the project")
                .at(Place::File(table.path.clone())),
        ]);
    }
    let org = Org::new(centers).map_err(|faults| {
        let numbered = faults.iter().take(FINDING_LIMIT).enumerate();
        let finding = |(index, fault)| org_finding(fault, &table, &first_rows, index < NEAR_LIMIT);
        numbered.map(finding).collect::<Vec<_>>()
    });
    match org {
        Ok(org) if errors.is_empty() => Ok(org),
        Ok(_) => Err(errors),
        Err(faults) => Err(errors.into_iter().chain(faults).collect()),
    }
}

fn org_finding(
    fault: &OrgError,
    table: &Table,
    rows: &BTreeMap<String, u64>,
    is_compared: bool,
) -> Finding {
    let id = match fault {
        OrgError::Overlap { id } | OrgError::UnknownParent { id, .. } => Some(id),
        OrgError::Cycle { path, .. } => path.first(),
    };
    let finding = Finding::new(Code::BadReference, fault.to_string());
    let finding = match fault {
        OrgError::UnknownParent { parent, .. } => {
            let known = rows.keys().map(String::as_str).filter(|_| is_compared);
            match did_you_mean(parent, known) {
                Some(near) => finding.help(format!("did you mean `{near}`?")),
                None => {
                    finding.help("add the parent to the list, or leave the column empty for a root")
                }
            }
        }
        OrgError::Overlap { .. } => finding.help("valid_to is the first day that no longer counts"),
        OrgError::Cycle { .. } => finding.help("one of them must stand higher"),
    };
    match id.and_then(|id| rows.get(id)) {
        Some(row) => finding.at(table.place(*row, None)),
        None => finding.at(Place::File(table.path.clone())),
    }
}

/// Reads a table of metadata: a column `id`, optional `valid_from` and `valid_to`, and any number
/// of attributes. Empty cells are no value.
///
/// # Errors
/// Every row that cannot be used.
pub fn read_metadata(entity: &str, path: &str, text: &[u8]) -> Result<MetadataTable, Vec<Finding>> {
    let table = Table::read(path, text, KIND)?;
    let special = ["id", "valid_from", "valid_to"];
    let attributes: Vec<String> =
        table.headers.iter().filter(|name| !special.contains(&name.as_str())).cloned().collect();
    let mut found = MetadataTable { entity: entity.to_owned(), attributes, rows: BTreeMap::new() };
    let mut errors = Vec::new();
    let mut days: BTreeMap<&str, Vec<(DateRange, u64)>> = BTreeMap::new();
    let rows: Vec<TableRow<'_>> = table.rows().collect();
    for row in &rows {
        match valid(row) {
            Ok(valid) => {
                let id = row.get("id").unwrap_or_default();
                let value = |name: &String| row.get(name).map(str::to_owned);
                let values = found.attributes.iter().map(value).collect();
                days.entry(id).or_default().push((valid, row.number));
                found.rows.entry(id.to_owned()).or_default().push((valid, values));
            }
            Err(finding) => errors.push(finding),
        }
        if errors.len() >= FINDING_LIMIT {
            return Err(errors);
        }
    }
    for (id, ranges) in &mut days {
        ranges.sort_unstable();
        let clash = ranges.windows(2).find(|pair| pair[0].0.overlaps(pair[1].0));
        if let Some(row) = clash.and_then(|pair| pair.iter().map(|(_, row)| *row).max()) {
            let text = format!("`{id}` has two rows that are valid on the same day");
            errors.push(Finding::new(Code::BadReference, text).at(table.place(row, Some("id"))));
        }
    }
    errors.truncate(FINDING_LIMIT);
    if errors.is_empty() { Ok(found) } else { Err(errors) }
}

/// The days on which a row holds; also the check that it has an id.
fn valid(row: &TableRow<'_>) -> Result<DateRange, Finding> {
    let Some(id) = row.get("id") else { return Err(row.fault("id", "the row has no id")) };
    if id.contains(char::is_control) {
        let text = format!("the id `{id}` holds a control character");
        return Err(row.fault("id", text).help("reports would show it as nothing; take it out"));
    }
    let from = row.date("valid_from")?;
    let to = row.date("valid_to")?;
    DateRange::new(from, to).ok_or_else(|| {
        row.fault("valid_to", "the row is valid on no day: valid_to must lie after valid_from")
    })
}
