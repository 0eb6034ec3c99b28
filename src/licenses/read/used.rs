//! Rows of use.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::licenses::inventory::{Field, UseKind, UseRow, Value};
use crate::rules::licenses::{InputDecl, InputKind};

use super::owned::{fault, holder};
use super::row::{Cell, Fault, Row, Table};

/// Fields that the nouns keep elsewhere.
const ELSEWHERE: [&str; 9] = [
    "publisher",
    "product",
    "edition",
    "sku",
    "legal_entity",
    "region",
    "pool",
    "environment",
    "snapshot",
];

/// What completes rows that name a user.
#[derive(Clone, Debug)]
pub(super) struct UserRow {
    pub(super) user: Arc<str>,
    pub(super) holder: crate::licenses::inventory::Holder,
    pub(super) fields: BTreeMap<Field, Value>,
    pub(super) snapshot: NaiveDate,
    pub(super) origin: crate::licenses::inventory::Origin,
}

pub(super) fn use_kind(kind: InputKind) -> Option<UseKind> {
    Some(match kind {
        InputKind::Installs => UseKind::Install,
        InputKind::Hosts => UseKind::Host,
        InputKind::Vms => UseKind::Vm,
        InputKind::Seats => UseKind::Seat,
        InputKind::Samples => UseKind::Sample,
        InputKind::Counters => UseKind::Counter,
        InputKind::Entitlements | InputKind::Contracts | InputKind::Users => return None,
    })
}

/// A row of use without its product.
pub(super) fn use_row(
    mut row: Row,
    table: &Table<'_>,
    decl: &InputDecl,
    kind: UseKind,
    snapshot: NaiveDate,
) -> Result<UseRow, Vec<Fault>> {
    if kind == UseKind::Host {
        settle_cores(&mut row, table).map_err(|fault| vec![fault])?;
    }
    if let Some(unit) = &decl.unit {
        let unit = || Cell::Text(unit.as_str().into());
        row.fields.entry("unit".into()).or_insert_with(unit);
    }
    Ok(UseRow {
        kind,
        product: None,
        raw_product: row.text("product"),
        holder: holder(&row),
        fields: row.values(|name| !ELSEWHERE.contains(&name)),
        snapshot: row.day("snapshot").unwrap_or(snapshot),
        origin: row.origin,
    })
}

/// Cores of a host are its sockets times the cores of each; where all are told, they agree.
fn settle_cores(row: &mut Row, table: &Table<'_>) -> Result<(), Fault> {
    let told = ["sockets", "cores_per_socket", "cores"].map(|field| row.number(field));
    let [Some(sockets), Some(each), cores] = told else { return Ok(()) };
    let product = &sockets * &each;
    match cores {
        Some(cores) if cores != product => {
            let text = format!("the host has {cores} cores, and {sockets} sockets of {each} cores");
            Err(fault(table, "cores", &text, "mend whichever of the three is wrong"))
        }
        Some(_) => Ok(()),
        None => {
            row.fields.insert("cores".into(), Cell::Number(product));
            Ok(())
        }
    }
}

pub(super) fn user_row(row: &Row, snapshot: NaiveDate) -> UserRow {
    let mut fields = row.values(|name| !ELSEWHERE.contains(&name) && name != "user");
    if let Some(status) = fields.remove("status") {
        fields.insert("user_status".into(), status);
    }
    UserRow {
        user: row.text("user").unwrap_or_default(),
        holder: holder(row),
        fields,
        snapshot: row.day("snapshot").unwrap_or(snapshot),
        origin: row.origin.clone(),
    }
}

/// What a row of use is of, when it is told twice.
pub(super) fn identity(row: &UseRow) -> Option<(UseKind, Arc<str>, NaiveDate)> {
    let field = match row.kind {
        UseKind::Host => "host",
        UseKind::Vm => "vm",
        _ => return None,
    };
    match row.fields.get(field) {
        Some(Value::Text(id)) => Some((row.kind, id.to_lowercase().into(), row.snapshot)),
        _ => None,
    }
}
