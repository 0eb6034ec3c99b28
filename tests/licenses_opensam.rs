//! The four tables of `OpenSAM` become an inventory by a map alone. The figures are counted from the files with
//! another program.

use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use costbook::licenses::{
    Inventory, LicenseFile, LicensePart, Number, Told, UseRow, Value, gather, read_file,
};
use costbook::rules::Project;
use costbook::rules::licenses::ProductRules;

const PROJECT: &str = "
organisation: Acme
currency: USD
sources: [ { name: aws, format: focus, files: data/aws.csv } ]
licenses:
  inputs:
    - { name: owned, kind: entitlements, format: opensam, files: licenses.csv }
    - { name: register, kind: contracts, format: opensam, files: vendors.csv }
    - { name: installed, kind: installs, format: opensam, files: installations.csv }
    - { name: staff, kind: users, format: opensam, files: users.csv }
";

/// Last day of the month, rights that hold on it, their units, their price, installations until then.
const MONTHS: [(&str, usize, u32, u32, usize); 12] = [
    ("2025-01-31", 17, 1059, 83_082, 158),
    ("2025-02-28", 23, 1218, 121_489, 221),
    ("2025-03-31", 29, 1511, 126_664, 251),
    ("2025-04-30", 33, 1615, 140_440, 280),
    ("2025-05-31", 38, 1709, 145_132, 304),
    ("2025-06-30", 40, 1738, 150_902, 317),
    ("2025-07-31", 40, 1738, 150_902, 317),
    ("2025-08-31", 40, 1738, 150_902, 317),
    ("2025-09-30", 40, 1738, 150_902, 317),
    ("2025-10-31", 40, 1738, 150_902, 317),
    ("2025-11-30", 40, 1738, 150_902, 317),
    ("2025-12-31", 35, 1525, 148_134, 317),
];

fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/licenses/opensam");
    let is_there = folder.is_dir();
    if !is_there {
        eprintln!("skipped: ../shared/data/licenses/opensam is not there");
    }
    is_there.then_some(folder)
}

fn told(folder: &Path, day: NaiveDate) -> Told {
    let licenses = Project::parse("costbook.yaml", PROJECT).unwrap().licenses.unwrap();
    let products = ProductRules::with_shipped(Vec::new());
    let parts = licenses.inputs.iter().map(|declared| {
        let path = declared.files[0].0.as_str();
        let location = folder.join(path);
        let file = LicenseFile { location: &location, path, declared, day, reader: None };
        read_file(&file, &products).unwrap_or_else(|found| panic!("{path}: {found:#?}"))
    });
    let parts: Vec<LicensePart> = parts.collect();
    gather(parts).unwrap_or_else(|found| panic!("{found:#?}"))
}

fn installed_until(inventory: &Inventory, day: NaiveDate) -> impl Iterator<Item = &UseRow> {
    let until =
        move |row: &&UseRow| matches!(&row.fields["installed"], Value::Date(on) if *on <= day);
    inventory.uses.iter().filter(until)
}

#[test]
fn twelve_months_of_opensam_are_counted_as_another_program_counts_them() {
    let Some(folder) = folder() else { return };
    for (day, rights, units, price, installs) in MONTHS {
        let day: NaiveDate = day.parse().unwrap();
        let inventory = told(&folder, day).inventory;
        let held: Vec<_> =
            inventory.entitlements.iter().filter(|right| right.days.contains(day)).collect();
        assert_eq!(held.len(), rights, "{day}");
        let sum: Number = held.iter().map(|right| right.quantity.clone().unwrap()).sum();
        assert_eq!(sum, Number::from_integer(units.into()), "{day}");
        let cost: Number = held
            .iter()
            .map(|right| {
                let one: i64 = right.unit_price.unwrap().to_string().parse().unwrap();
                right.quantity.clone().unwrap() * Number::from_integer(one.into())
            })
            .sum();
        assert_eq!(cost, Number::from_integer(price.into()), "{day}");
        assert_eq!(installed_until(&inventory, day).count(), installs, "{day}");
        assert!(inventory.uses.iter().all(|row| row.snapshot == day));
    }
}

#[test]
fn opensam_keeps_who_uses_and_under_which_contract() {
    let Some(folder) = folder() else { return };
    let day = "2025-11-30".parse().unwrap();
    let told = told(&folder, day);
    let inventory = &told.inventory;
    assert_eq!((inventory.contracts.len(), inventory.uses.len()), (30, 317));
    let of_pool = |pool: &str| {
        inventory.uses.iter().filter(|row| row.holder.pool.as_deref() == Some(pool)).count()
    };
    assert_eq!([of_pool("Engineering"), of_pool("Sales"), of_pool("Legal")], [123, 22, 5]);
    let of_product = |name: &str| {
        let is = |row: &&UseRow| row.product.as_ref().is_some_and(|product| &*product.name == name);
        inventory.uses.iter().filter(is).count()
    };
    assert_eq!([of_product("Microsoft 365 E3"), of_product("Azure DevOps")], [50, 16]);
    let sap = inventory.contracts.iter().find(|contract| &*contract.id == "SAP").unwrap();
    assert_eq!((sap.notice_days, sap.owner.as_deref()), (Some(90), Some("Grace Hopper")));
    // Owned and never installed: what no rule knows is listed with its cost, and nothing else is.
    let unknown: Vec<String> = told
        .unrecognised
        .iter()
        .map(|(raw, found)| {
            let cost: Vec<String> = found.paid.iter().map(|(c, a)| format!("{a} {c}")).collect();
            format!("{} {cost:?}", raw.product)
        })
        .collect();
    assert_eq!(unknown, ["AWS Reserved Instances [\"12500 USD\"]"]);
}
