//! Tables of what is owned and used → [`Inventory`], each row with its place.
//!
//! ```text
//! row      a table's row → typed fields, by the map of its input
//! owned    fields → entitlements, contracts
//! used     fields → rows of use, users
//! gather   all files of a project → one inventory: what stands twice, what leads nowhere, who users are
//! names    the product of a row, asked once for each name
//! products the project's own table of products
//! ```
//!
//! Order: each file is read by itself, every row judged and its product recognised; then all rows are
//! put together, in an order that does not depend on files. A row that cannot be used refuses the file,
//! or is listed where its input says so; none is dropped.

mod gather;
mod names;
mod owned;
mod products;
mod row;
#[cfg(test)]
mod tests;
mod used;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::diagnostics::{Code, Finding, Place};
use crate::domain::Currency;
use crate::ingest::{PlainTable, TableFile, read_table};
use crate::rules::header_spellings;
use crate::rules::licenses::{ColumnFrom, InputDecl, InputKind, OnBadRow, ProductRules};

use super::extent::Number;
use super::inventory::{Contract, Entitlement, Field, Inventory, Origin, Product, UseRow, Value};
use names::Names;
pub(super) use names::product_of;
use row::{Fault, Row, Table};
use used::UserRow;

pub(super) use row::number_of;

pub use gather::gather;
pub(in crate::licenses) use gather::place;
pub use products::read_product_table;

/// Findings about one file; more help nobody.
const FINDING_LIMIT: usize = 500;

/// A file of an input.
#[derive(Clone, Copy, Debug)]
pub struct LicenseFile<'a> {
    pub location: &'a Path,
    /// Relative to the project: the name in findings.
    pub path: &'a str,
    pub declared: &'a InputDecl,
    /// The day that rows are of which do not tell it, where the input declares none: the last day of the
    /// month that the file's name says, or the day of the position.
    pub day: NaiveDate,
    /// As in [`TableFile`].
    pub reader: Option<&'a Path>,
}

/// What one file holds.
#[derive(Clone, Debug)]
pub struct LicensePart {
    pub path: Arc<str>,
    /// The input that it is of.
    pub input: String,
    pub kind: InputKind,
    /// Rows of the table.
    pub rows: u64,
    /// Of the file's bytes, in hex.
    pub sha256: String,
    pub bytes: u64,
    /// Headers of columns that nothing reads.
    pub ignored: Vec<String>,
    quarantined: Vec<QuarantinedRow>,
    entitlements: Vec<Entitlement>,
    contracts: Vec<Contract>,
    uses: Vec<UseRow>,
    users: Vec<UserRow>,
    further: BTreeMap<(InputKind, Arc<str>), BTreeMap<Field, Value>>,
    unrecognised: BTreeMap<RawProduct, Unrecognised>,
    day: NaiveDate,
}

/// A row that could not be used and stands aside, as its input allows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct QuarantinedRow {
    pub origin: Origin,
    pub kind: InputKind,
    /// Header.
    pub column: Option<String>,
    pub reason: String,
    /// What it is about; `None` where that cannot be told either.
    pub product: Option<Product>,
}

/// A product as rows call it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RawProduct {
    pub publisher: Option<Arc<str>>,
    pub product: Arc<str>,
    pub edition: Option<Arc<str>>,
    pub sku: Option<Arc<str>>,
}

/// What no rule recognises, with its use and cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unrecognised {
    /// Rows that name it, by what they tell.
    pub rows: BTreeMap<&'static str, u64>,
    /// What was paid for rights of it, by currency: units times the price of one.
    pub paid: BTreeMap<Currency, Number>,
    /// Rights of it whose price is not told.
    pub unpriced: u64,
    /// The first row that names it.
    pub first: Option<Origin>,
}

/// Everything that was told.
#[derive(Clone, Debug, Default)]
pub struct Told {
    pub inventory: Inventory,
    /// Fields beside those of the nouns, by entitlement and contract.
    pub further: BTreeMap<(InputKind, Arc<str>), BTreeMap<Field, Value>>,
    pub unrecognised: BTreeMap<RawProduct, Unrecognised>,
    /// By file and row.
    pub quarantined: Vec<QuarantinedRow>,
    /// What is worth knowing.
    pub notes: Vec<Finding>,
}

impl Told {
    /// Rows that stand aside and may be of a product, so that its figures are not known.
    pub fn doubts<'a>(&'a self, product: &'a Product) -> impl Iterator<Item = &'a QuarantinedRow> {
        let may_be =
            move |row: &&QuarantinedRow| row.product.as_ref().is_none_or(|of| of == product);
        self.quarantined.iter().filter(may_be)
    }
}

/// Reads one file.
///
/// # Errors
/// A file that cannot be read, or every row that cannot be used, unless its input lists those.
pub fn read_file(
    file: &LicenseFile<'_>,
    products: &ProductRules,
) -> Result<LicensePart, Vec<Finding>> {
    let decl = file.declared;
    let plain = read_plain(file)?;
    let table = Table::new(decl, &plain)?;
    let mut part = LicensePart {
        path: plain.path.clone(),
        input: decl.name.clone(),
        kind: decl.kind,
        rows: plain.rows.len() as u64,
        sha256: plain.sha256.clone(),
        bytes: plain.bytes,
        ignored: table.ignored.clone(),
        quarantined: Vec::new(),
        entitlements: Vec::new(),
        contracts: Vec::new(),
        uses: Vec::new(),
        users: Vec::new(),
        further: BTreeMap::new(),
        unrecognised: BTreeMap::new(),
        day: decl.snapshot.unwrap_or(file.day),
    };
    let (mut errors, mut names) = (Vec::new(), Names::new(products));
    for (number, texts) in &plain.rows {
        let (row, mut faults) = table.row(*number, texts);
        let told = told_product(&row);
        let known = told.as_ref().map(|raw| names.of_row(raw, &row, part.day, &mut faults));
        if faults.is_empty() {
            faults = part.take(row.clone(), &table, decl, &mut names).err().unwrap_or_default();
        }
        match decl.on_invalid {
            OnBadRow::Refuse => {
                errors.extend(faults.iter().map(|fault| table.finding(*number, fault)));
            }
            OnBadRow::Quarantine => {
                let product = known.map(|(product, _)| product);
                let listed = faults
                    .into_iter()
                    .map(|fault| quarantined(&fault, &row, &table, decl, product.clone()));
                part.quarantined.extend(listed);
            }
        }
    }
    if errors.len() > FINDING_LIMIT {
        let more = errors.len() - FINDING_LIMIT;
        errors.truncate(FINDING_LIMIT);
        let text = format!("{more} more findings about the file are not shown");
        errors.push(Finding::new(Code::LicenseBroken, text).at(Place::File(plain.path.clone())));
    }
    if errors.is_empty() { Ok(part) } else { Err(errors) }
}

/// Cells as files have them, header by header, by the place of their row.
pub type RawCells = BTreeMap<Origin, Vec<(String, String)>>;

/// The cells of the rows that are wanted, as the file has them, for whoever holds figures against it.
///
/// # Errors
/// A file that cannot be read.
pub fn raw_cells(
    file: &LicenseFile<'_>,
    wanted: &BTreeSet<Origin>,
) -> Result<RawCells, Vec<Finding>> {
    let plain = read_plain(file)?;
    let path = row::path_of(file.declared, &plain);
    let cells = plain.rows.iter().filter_map(|(row, texts)| {
        let origin = Origin { path: Arc::clone(&path), row: *row };
        let cells = plain.headers.iter().cloned().zip(texts.iter().cloned());
        wanted.contains(&origin).then(|| (origin, cells.collect()))
    });
    Ok(cells.collect())
}

fn read_plain(file: &LicenseFile<'_>) -> Result<PlainTable, Vec<Finding>> {
    let decl = file.declared;
    let spellings = |from: &ColumnFrom| match from {
        ColumnFrom::Headers(names) | ColumnFrom::Joined(names, _) | ColumnFrom::Latest(names) => {
            header_spellings(names)
        }
        ColumnFrom::Constant => Vec::new(),
    };
    let is_needed = |field: &str| decl.kind.field(field).is_some_and(|field| field.is_needed);
    let (mut needed, mut known) = (Vec::new(), Vec::new());
    for column in &decl.columns {
        let names = spellings(&column.from);
        if names.is_empty() {
            continue;
        }
        if is_needed(&column.field) && column.or.is_none() {
            needed.push(names);
        } else {
            known.extend(names);
        }
    }
    let groups: Vec<Vec<&str>> =
        needed.iter().map(|group| group.iter().map(String::as_str).collect()).collect();
    let groups: Vec<&[&str]> = groups.iter().map(Vec::as_slice).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let table = read_table(&TableFile {
        location: file.location,
        path: file.path,
        needed: &groups,
        known: &known,
        place: &decl.place,
        comma: decl.spelling.numbers.decimal == ',',
        reader: file.reader,
    });
    table.map_err(|mut findings| {
        // What is wrong with a row is wrong with an inventory here.
        let rows = findings.iter_mut().filter(|finding| finding.code == Code::BadReference);
        rows.for_each(|finding| finding.code = Code::LicenseBroken);
        findings
    })
}

fn quarantined(
    fault: &Fault,
    row: &Row,
    table: &Table<'_>,
    decl: &InputDecl,
    product: Option<Product>,
) -> QuarantinedRow {
    QuarantinedRow {
        origin: row.origin.clone(),
        kind: decl.kind,
        column: table.header(fault.column),
        reason: fault.message.clone(),
        product,
    }
}

/// The first product that a row names.
fn told_product(row: &Row) -> Option<RawProduct> {
    let product = row.text("product")?;
    let [publisher, edition, sku] = ["publisher", "edition", "sku"].map(|field| row.text(field));
    Some(RawProduct { publisher, product, edition, sku })
}

impl RawProduct {
    fn as_product(&self) -> Product {
        Product {
            publisher: self.publisher.clone(),
            name: self.product.clone(),
            edition: self.edition.clone(),
        }
    }
}

impl LicensePart {
    /// Takes a row whose cells could be read.
    fn take(
        &mut self,
        row: Row,
        table: &Table<'_>,
        decl: &InputDecl,
        names: &mut Names<'_>,
    ) -> Result<(), Vec<Fault>> {
        match self.kind {
            InputKind::Entitlements => self.take_entitlement(&row, table, decl, names),
            InputKind::Contracts => {
                let contract = owned::contract(&row, table, decl)?;
                self.keep_further(&row, &contract.id);
                self.contracts.push(contract);
                Ok(())
            }
            InputKind::Users => {
                self.users.push(used::user_row(&row, self.day));
                Ok(())
            }
            _ => self.take_use(row, table, decl, names),
        }
    }

    fn take_entitlement(
        &mut self,
        row: &Row,
        table: &Table<'_>,
        decl: &InputDecl,
        names: &mut Names<'_>,
    ) -> Result<(), Vec<Fault>> {
        let mut faults = Vec::new();
        let Some(raw) = told_product(row) else { return Ok(()) };
        let (product, metric) = names.of_row(&raw, row, self.day, &mut faults);
        let made = owned::entitlement(row, table, decl, product, metric)?;
        if !faults.is_empty() {
            return Err(faults);
        }
        self.keep_further(row, &made.id);
        if let Ok(None) = names.find(&raw, self.day) {
            let unrecognised = self.note_unrecognised(raw, &row.origin);
            unrecognised.add_price(&made);
        }
        self.entitlements.push(made);
        Ok(())
    }

    /// A row of use is as many as it names products, and one more for each option.
    fn take_use(
        &mut self,
        row: Row,
        table: &Table<'_>,
        decl: &InputDecl,
        names: &mut Names<'_>,
    ) -> Result<(), Vec<Fault>> {
        let Some(kind) = used::use_kind(self.kind) else { return Ok(()) };
        let (told, options) = (row.texts("product"), row.texts("options"));
        let [publisher, edition, sku] =
            ["publisher", "edition", "sku"].map(|field| row.text(field));
        let made = used::use_row(row, table, decl, kind, self.day)?;
        if told.is_empty() {
            self.uses.push(made);
            return Ok(());
        }
        let (base, whole) = (told.first().cloned(), told.len() == 1);
        let raw = |product: Arc<str>| RawProduct {
            publisher: publisher.clone(),
            product,
            edition: edition.clone().filter(|_| whole),
            sku: sku.clone().filter(|_| whole),
        };
        let option = |product: Arc<str>| RawProduct {
            publisher: publisher.clone(),
            product,
            edition: None,
            sku: None,
        };
        let all = told.into_iter().map(|name| (raw(name), None));
        let all = all.chain(options.into_iter().map(|name| (option(name), base.clone())));
        let mut found = Vec::new();
        for (raw, option_of) in all {
            let told = names.find(&raw, made.snapshot).map_err(|message| {
                let help = "take the name out of one of the two, or write one that is exact";
                vec![owned::fault(table, "product", &message, help)]
            })?;
            found.push((raw, told, option_of));
        }
        for (raw, told, option_of) in found {
            let mut one = made.clone();
            one.raw_product = Some(raw.product.clone());
            let known = told.map(|(product, _)| product);
            if known.is_none() {
                self.note_unrecognised(raw.clone(), &made.origin);
            }
            one.product = Some(known.unwrap_or_else(|| raw.as_product()));
            if let Some(base) = option_of {
                one.fields.insert("option_of".into(), Value::Text(base));
            }
            self.uses.push(one);
        }
        Ok(())
    }

    fn keep_further(&mut self, row: &Row, id: &Arc<str>) {
        let further = row.values(|name| name.starts_with("x_"));
        if !further.is_empty() {
            self.further.entry((self.kind, id.clone())).or_default().extend(further);
        }
    }

    fn note_unrecognised(&mut self, raw: RawProduct, origin: &Origin) -> &mut Unrecognised {
        let found = self.unrecognised.entry(raw).or_default();
        *found.rows.entry(self.kind.name()).or_default() += 1;
        found.first.get_or_insert_with(|| origin.clone());
        found
    }
}

impl Unrecognised {
    fn add_price(&mut self, right: &Entitlement) {
        let known = right.unit_price.zip(right.currency).zip(right.quantity.as_ref());
        match known {
            None => self.unpriced += 1,
            Some(((price, currency), quantity)) => {
                *self.paid.entry(currency).or_default() += row::number_of(price) * quantity;
            }
        }
    }

    fn add(&mut self, other: Self) {
        for (kind, rows) in other.rows {
            *self.rows.entry(kind).or_default() += rows;
        }
        for (currency, paid) in other.paid {
            *self.paid.entry(currency).or_default() += paid;
        }
        self.unpriced += other.unpriced;
        self.first = match (self.first.take(), other.first) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
    }
}

/// Products that rows name, each once.
#[must_use]
pub fn products_of(inventory: &Inventory) -> BTreeSet<Product> {
    let owned = inventory.entitlements.iter().map(|right| right.product.clone());
    let used = inventory.uses.iter().filter_map(|row| row.product.clone());
    owned.chain(used).collect()
}
