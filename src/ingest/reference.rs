//! Tables that are not bills: cost centers and metadata, as CSV.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::diagnostics::{Code, Finding, Place, did_you_mean};
use crate::domain::{CostCenter, DateRange, Org, OrgError};

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

/// Reads the organisation: columns `id`, `name`, `parent`, `legal_entity`, `manager`,
/// `valid_from`, `valid_to` (exclusive); all but `id` may be absent.
///
/// # Errors
/// Every row that cannot be used, and every fault of the tree.
pub fn read_cost_centers(path: &str, text: &[u8]) -> Result<Org, Vec<Finding>> {
    const KNOWN: [&str; 7] =
        ["id", "name", "parent", "legal_entity", "manager", "valid_from", "valid_to"];
    let table = Table::read(path, text)?;
    let mut errors = table.unknown_columns(&KNOWN);
    let mut centers = Vec::new();
    let mut first_rows: BTreeMap<String, u64> = BTreeMap::new();
    for row in table.rows() {
        match row.valid() {
            Ok(valid) => {
                let id = row.get("id").unwrap_or_default().to_owned();
                let own = |column| row.get(column).map(str::to_owned);
                first_rows.entry(id.clone()).or_insert(row.number);
                centers.push(CostCenter {
                    name: own("name").unwrap_or_else(|| id.clone()),
                    parent: own("parent"),
                    legal_entity: own("legal_entity"),
                    manager: own("manager"),
                    valid,
                    id,
                });
            }
            Err(finding) => errors.push(finding),
        }
    }
    let org = Org::new(centers).map_err(|faults| {
        faults.iter().map(|fault| org_finding(fault, &table, &first_rows)).collect::<Vec<_>>()
    });
    match org {
        Ok(org) if errors.is_empty() => Ok(org),
        Ok(_) => Err(errors),
        Err(faults) => Err(errors.into_iter().chain(faults).collect()),
    }
}

fn org_finding(fault: &OrgError, table: &Table, rows: &BTreeMap<String, u64>) -> Finding {
    let id = match fault {
        OrgError::Overlap { id } | OrgError::UnknownParent { id, .. } => Some(id),
        OrgError::Cycle { path, .. } => path.first(),
    };
    let finding = Finding::new(Code::BadReference, fault.to_string());
    let finding = match fault {
        OrgError::UnknownParent { parent, .. } => {
            match did_you_mean(parent, rows.keys().map(String::as_str)) {
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
    let table = Table::read(path, text)?;
    let special = ["id", "valid_from", "valid_to"];
    let attributes: Vec<String> =
        table.headers.iter().filter(|name| !special.contains(&name.as_str())).cloned().collect();
    let mut found = MetadataTable { entity: entity.to_owned(), attributes, rows: BTreeMap::new() };
    let mut errors = Vec::new();
    for row in table.rows() {
        let valid = match row.valid() {
            Ok(valid) => valid,
            Err(finding) => {
                errors.push(finding);
                continue;
            }
        };
        let id = row.get("id").unwrap_or_default().to_owned();
        let values = found.attributes.iter().map(|name| row.get(name).map(str::to_owned)).collect();
        let versions = found.rows.entry(id.clone()).or_default();
        if versions.iter().any(|(other, _)| other.overlaps(valid)) {
            let text = format!("`{id}` has two rows that are valid on the same day");
            errors.push(
                Finding::new(Code::BadReference, text).at(table.place(row.number, Some("id"))),
            );
        }
        versions.push((valid, values));
    }
    if errors.is_empty() { Ok(found) } else { Err(errors) }
}

/// A small CSV in memory, with the places of its rows.
struct Table {
    path: Arc<str>,
    headers: Vec<String>,
    records: Vec<csv::StringRecord>,
}

struct TableRow<'a> {
    table: &'a Table,
    record: &'a csv::StringRecord,
    number: u64,
}

impl Table {
    fn read(path: &str, text: &[u8]) -> Result<Self, Vec<Finding>> {
        let path: Arc<str> = path.into();
        let at_file = |message: String| {
            vec![Finding::new(Code::BadReference, message).at(Place::File(path.clone()))]
        };
        let body = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(body);
        let headers: Vec<String> = match reader.headers() {
            Ok(headers) => headers.iter().map(str::to_lowercase).collect(),
            Err(error) => return Err(at_file(format!("the header cannot be read: {error}"))),
        };
        if let Some(twice) = headers.iter().enumerate().find(|(i, h)| headers[..*i].contains(h)) {
            return Err(at_file(format!("the column `{}` stands twice", twice.1)));
        }
        if !headers.iter().any(|header| header == "id") {
            return Err(at_file("there is no column `id`".to_owned()));
        }
        let mut records = Vec::new();
        let mut errors = Vec::new();
        for (index, record) in reader.records().enumerate() {
            match record {
                Ok(record) => records.push(record),
                Err(error) => {
                    let place =
                        Place::Cell { path: path.clone(), row: index as u64 + 2, column: None };
                    let text = format!("the row cannot be read: {error}");
                    errors.push(Finding::new(Code::BadReference, text).at(place));
                }
            }
        }
        if errors.is_empty() { Ok(Self { path, headers, records }) } else { Err(errors) }
    }

    fn rows(&self) -> impl Iterator<Item = TableRow<'_>> {
        let numbered = self.records.iter().enumerate();
        numbered.map(|(index, record)| TableRow { table: self, record, number: index as u64 + 2 })
    }

    fn place(&self, row: u64, column: Option<&str>) -> Place {
        Place::Cell { path: self.path.clone(), row, column: column.map(str::to_owned) }
    }

    fn unknown_columns(&self, known: &[&str]) -> Vec<Finding> {
        let unknown = self.headers.iter().filter(|header| !known.contains(&header.as_str()));
        unknown
            .map(|header| {
                let text = format!("the column `{header}` is not one of cost centers");
                let near = did_you_mean(header, known.iter().copied());
                let help = near.map_or_else(
                    || format!("the columns are {}", known.join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                Finding::new(Code::UnknownKey, text).help(help).at(self.place(1, Some(header)))
            })
            .collect()
    }
}

impl TableRow<'_> {
    fn get(&self, column: &str) -> Option<&str> {
        let index = self.table.headers.iter().position(|header| header == column)?;
        self.record.get(index).filter(|text| !text.is_empty())
    }

    /// The days on which the row holds; also the check that it has an id.
    fn valid(&self) -> Result<DateRange, Finding> {
        if self.get("id").is_none() {
            let text = "the row has no id";
            return Err(Finding::new(Code::BadReference, text)
                .at(self.table.place(self.number, Some("id"))));
        }
        let from = self.date("valid_from")?;
        let to = self.date("valid_to")?;
        DateRange::new(from, to).ok_or_else(|| {
            Finding::new(
                Code::BadReference,
                "the row is valid on no day: valid_to must lie after valid_from",
            )
            .at(self.table.place(self.number, Some("valid_to")))
        })
    }

    fn date(&self, column: &str) -> Result<Option<NaiveDate>, Finding> {
        let Some(text) = self.get(column) else { return Ok(None) };
        NaiveDate::parse_from_str(text, "%Y-%m-%d").map(Some).map_err(|_| {
            Finding::new(Code::BadReference, format!("`{text}` is not a date"))
                .help("write it as 2026-10-31")
                .at(self.table.place(self.number, Some(column)))
        })
    }
}
