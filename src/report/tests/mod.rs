//! Laws of the written files, over a small company.

mod documents;
mod exchange;
mod hostile;
mod ties;
mod worklist;

use std::collections::BTreeMap;
use std::path::Path;

use super::testkit::{Charge, World, charge};
use super::write;
use crate::domain::Amount;

type Record = BTreeMap<String, String>;

fn acme() -> Vec<Charge> {
    let in_currency = |mut charge: Charge, currency| {
        charge.currency = currency;
        charge
    };
    let in_month = |mut charge: Charge, month| {
        charge.month = month;
        charge
    };
    let as_component = |mut charge: Charge, component| {
        charge.component = component;
        charge
    };
    let mut commitment = as_component(charge("owner:data", "333", "80"), "commitment_amortized");
    commitment.billed = "0".to_owned();
    vec![
        charge("owner:payments", "111", "1000.0000000000000000000000000000000001"),
        charge("owner:web", "222", "500.25"),
        charge("owner:web", "111", "20"),
        commitment,
        as_component(charge("owner:data", "333", "20"), "unused_commitment"),
        as_component(charge("owner:web", "222", "-50.5"), "credits"),
        as_component(charge("pool:support", "", "100.001"), "support"),
        charge("none", "111", "12.5"),
        charge("unknown:paymets", "222", "30"),
        charge("unknown:DATA", "333", "5"),
        in_currency(charge("owner:web", "222", "7"), "USD"),
        in_month(charge("owner:web", "222", "400"), "2026-09"),
        in_month(charge("owner:retired", "222", "40"), "2026-09"),
    ]
}

fn written(world: &World) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    write(&world.facts(), 3, directory.path()).unwrap();
    directory
}

fn records(directory: &Path, name: &str) -> Vec<Record> {
    let mut reader = csv::Reader::from_path(directory.join(name)).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

fn sum<'a>(records: impl IntoIterator<Item = &'a Record>, column: &str) -> Amount {
    records.into_iter().map(|record| record[column].parse::<Amount>().unwrap()).sum()
}
