//! What Acme's own lists say of its accounts and resources, as CSV.

use std::io;

use super::catalogue;
use super::company::{SUB_ACCOUNTS, sub_account};
use super::meter::resource_id;

/// The inventory: resource, resource group, cost center, environment, product. It knows some
/// resources only, and of those not everything.
const INVENTORY: [[&str; 5]; 9] = [
    ["SHOPCDN", "rg-shop-prod", "", "", ""],
    ["shop-edge", "rg-shop-prod", "", "", ""],
    ["asp-shop-de", "rg-shop-prod", "", "", ""],
    ["mlw-forecast", "rg-datalab", "", "dev", ""],
    ["stlablake", "rg-datalab", "", "", ""],
    ["stlegacylogs", "rg-legacy", "", "", ""],
    ["pipeline-keys", "", "CC9010", "", "platform"],
    ["nat-egress", "rg-net-hub", "", "", ""],
    ["sandbox", "", "", "sandbox", "analytics"],
];

/// Accounts, projects and compartments whose bills are not FOCUS, in the list's columns.
const OTHERS: [[&str; 5]; 6] = [
    ["500060007000", "acme-inc", "", "", ""],
    ["512345670501", "cards-us-prod", "prod", "CC2010", "payments"],
    ["512345670502", "fraud-us-prod", "prod", "CC2020", "payments"],
    ["acme-reco-prod", "reco-prod", "prod", "", "recommendations"],
    ["acme-ml-lab", "ml-lab", "dev", "CC3020", "analytics"],
    ["ocid1.compartment.oc1..aaaaaaaasettle4q9w", "settlement", "prod", "", "payments"],
];

/// The list of accounts, subscriptions, projects and compartments.
///
/// # Errors
/// If a row cannot be written, which memory does not do.
pub fn sub_accounts() -> io::Result<Vec<u8>> {
    let rows = SUB_ACCOUNTS.iter().map(|account| {
        [account.id, account.name, account.environment, account.cost_center, account.product]
    });
    table(["id", "name", "environment", "cost_center", "product"], rows.chain(OTHERS))
}

/// The list of resources.
///
/// # Errors
/// As [`sub_accounts`].
pub fn resources() -> io::Result<Vec<u8>> {
    let mut meters = catalogue::aws();
    meters.extend(catalogue::azure());
    let rows = INVENTORY.iter().filter_map(|[name, group, cost_center, environment, product]| {
        let meter = meters.iter().find(|meter| meter.resource_name(0) == *name)?;
        let id = resource_id(sub_account(meter.account), meter, name);
        Some([id.as_str(), name, group, cost_center, environment, product].map(str::to_owned))
    });
    table(["id", "name", "resource_group", "cost_center", "environment", "product"], rows)
}

fn table<const N: usize, T: AsRef<[u8]>>(
    header: [&str; N],
    rows: impl Iterator<Item = [T; N]>,
) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row)?;
    }
    writer.into_inner().map_err(|error| error.into_error())
}
