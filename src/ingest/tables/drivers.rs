//! Stand-in types.
use crate::diagnostics::Place;
use crate::domain::{Amount, DateRange};
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriverTable {
    pub name: String,
    pub unit: Option<String>,
    pub scope: Vec<String>,
    pub rows: Vec<DriverRow>,
    pub has_days: bool,
    pub has_pools: bool,
    pub spread: BTreeMap<String, Amount>,
}
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriverRow {
    pub days: DateRange,
    pub pool: Option<String>,
    pub consumer: Consumer,
    pub quantity: Amount,
    pub scope: Vec<Option<String>>,
    pub place: Place,
    pub records: u64,
}
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Consumer {
    Named(String),
    Unallocated,
}
