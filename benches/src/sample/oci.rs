//! The bill of the settlement team's Oracle databases: cost reports, each of which adds to those
//! before it, and one in October that corrects a day of September.

use std::io;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::calendar::{Month, day, next};
use super::lines::{Line, Use, plain, table};
use crate::random::Random;

pub const TENANCY: &str = "ocid1.tenancy.oc1..aaaaaaaaacmeinc7h2k";

#[rustfmt::skip]
const HEADERS: [&str; 27] = [
    "lineItem/referenceNo", "lineItem/tenantId", "lineItem/intervalUsageStart",
    "lineItem/intervalUsageEnd", "product/service", "product/compartmentId",
    "product/compartmentName", "product/region", "product/availabilityDomain", "product/resourceId",
    "usage/billedQuantity", "usage/billedQuantityOverage", "cost/subscriptionId", "cost/productSku",
    "product/Description", "cost/unitPrice", "cost/unitPriceOverage", "cost/myCost",
    "cost/myCostOverage", "cost/currencyCode", "cost/billingUnitReadable", "cost/overageFlag",
    "lineItem/isCorrection", "lineItem/backreferenceNo", "tags/Finance.CostCenter",
    "tags/Oracle-Tags.CreatedBy", "tags/env",
];

/// Service, SKU, what it is, the unit; and its cost center where it is tagged.
struct Meter {
    service: &'static str,
    sku: &'static str,
    text: &'static str,
    unit: &'static str,
    cost_center: &'static str,
    of: Use,
}

#[rustfmt::skip]
const METERS: [Meter; 4] = [
    Meter { service: "DATABASE", sku: "B88404", text: "Oracle Base Database Service - Enterprise", unit: "ONE HOURS OCPUS", cost_center: "CC2030", of: Use { name: "settlement-core", daily: "192", price: "0.4301", growth: 0, weekend: 100 } },
    Meter { service: "BLOCK_STORAGE", sku: "B91961", text: "Storage - Block Volume - Storage", unit: "ONE GiB MONTHS STORAGE_SIZE", cost_center: "CC2030", of: Use { name: "settlement-volume", daily: "276.1290322581", price: "0.0255", growth: 1, weekend: 100 } },
    Meter { service: "OBJECT_STORAGE", sku: "B91628", text: "Object Storage - Storage", unit: "ONE GiB MONTHS STORAGE_SIZE", cost_center: "", of: Use { name: "settlement-backup", daily: "1032.258064516", price: "0.0255", growth: 2, weekend: 100 } },
    Meter { service: "NETWORK", sku: "B88327", text: "Outbound Data Transfer Zone 1", unit: "ONE GiB DATA_TRANSFERED", cost_center: "CC2030", of: Use { name: "settlement-vnic", daily: "41.7", price: "0.0085", growth: 3, weekend: 30 } },
];

/// The day of September that was measured twice, and given back in October.
const CORRECTED: NaiveDate = day(9, 17);

/// The month's report.
///
/// # Errors
/// If a line cannot be written.
pub fn report(month: Month) -> io::Result<Vec<u8>> {
    table(&HEADERS, &lines(month))
}

/// The report that corrects: half of the database's day.
///
/// # Errors
/// As [`report`].
pub fn correction() -> io::Result<Vec<u8>> {
    let meter = &METERS[0];
    let cost = (meter.of.price_of(CORRECTED) / Decimal::from(-2)).round_dp(8);
    let mut made = line(meter, CORRECTED, cost, "c");
    for (header, text) in &mut made {
        match *header {
            "lineItem/isCorrection" => *text = "true".to_owned(),
            "lineItem/backreferenceNo" => *text = reference(meter, CORRECTED, ""),
            "usage/billedQuantity" => *text = "-96".to_owned(),
            _ => {}
        }
    }
    table(&HEADERS, &[made])
}

/// What the reports of a month sum to.
pub fn invoiced(month: Month) -> Decimal {
    let days = month.days().flat_map(|on| METERS.iter().map(move |meter| meter.of.price_of(on)));
    days.sum()
}

fn lines(month: Month) -> Vec<Line> {
    let of_day = |on| METERS.iter().map(move |meter| line(meter, on, meter.of.price_of(on), ""));
    month.days().flat_map(of_day).collect()
}

fn reference(meter: &Meter, on: NaiveDate, suffix: &str) -> String {
    let mut random = Random::of(&format!("{} {on} {suffix}", meter.of.name));
    format!("V2.{}+{}==", random.hex(12), random.hex(16))
}

fn line(meter: &Meter, on: NaiveDate, cost: Decimal, suffix: &str) -> Line {
    let region = "us-ashburn-1";
    vec![
        ("lineItem/referenceNo", reference(meter, on, suffix)),
        ("lineItem/tenantId", TENANCY.to_owned()),
        ("lineItem/intervalUsageStart", format!("{on}T00:00Z")),
        ("lineItem/intervalUsageEnd", format!("{}T00:00Z", next(on))),
        ("product/service", meter.service.to_owned()),
        ("product/compartmentId", "ocid1.compartment.oc1..aaaaaaaasettle4q9w".to_owned()),
        ("product/compartmentName", "settlement".to_owned()),
        ("product/region", region.to_owned()),
        ("product/availabilityDomain", format!("Wxyz:{}-AD-1", region.to_uppercase())),
        ("product/resourceId", format!("ocid1.resource.oc1.{region}.{}", meter.of.name)),
        ("usage/billedQuantity", plain(meter.of.units(on))),
        ("cost/subscriptionId", "88824263".to_owned()),
        ("cost/productSku", meter.sku.to_owned()),
        ("product/Description", meter.text.to_owned()),
        ("cost/unitPrice", meter.of.price.to_owned()),
        ("cost/myCost", plain(cost)),
        ("cost/currencyCode", "USD".to_owned()),
        ("cost/billingUnitReadable", meter.unit.to_owned()),
        ("lineItem/isCorrection", "false".to_owned()),
        ("lineItem/backreferenceNo", String::new()),
        ("tags/Finance.CostCenter", meter.cost_center.to_owned()),
        ("tags/Oracle-Tags.CreatedBy", "default/ortiz@acme.example".to_owned()),
        ("tags/env", "prod".to_owned()),
    ]
}
