//! Rows of entitlements and contracts.

use std::collections::BTreeSet;
use std::sync::Arc;

use num_bigint::BigInt;
use num_traits::{One, Zero};

use crate::domain::{Amount, DateRange, SCALE};
use crate::licenses::extent::Number;
use crate::licenses::inventory::{
    Contract, ContractKind, Entitlement, Holder, LicenseKind, Product, UseRight,
};
use crate::rules::licenses::{InputDecl, PricePer};

use super::row::{Cell, Fault, Row, Table, number_of};

const PRICES: [&str; 3] = ["unit_price", "list_price", "maintenance_price"];

pub(super) fn holder(row: &Row) -> Holder {
    Holder {
        legal_entity: row.text("legal_entity"),
        region: row.text("region"),
        pool: row.text("pool"),
        environment: row.text("environment"),
    }
}

/// A right; `product` and its usual metric are known already.
pub(super) fn entitlement(
    row: &Row,
    table: &Table<'_>,
    decl: &InputDecl,
    product: Product,
    usual_metric: Option<Arc<str>>,
) -> Result<Entitlement, Vec<Fault>> {
    let mut faults = Vec::new();
    let days = range(row, table, "start", "end", &mut faults);
    let has_support =
        ["maintenance_start", "maintenance_end"].map(|field| row.day(field)) != [None; 2];
    let maintenance = range(row, table, "maintenance_start", "maintenance_end", &mut faults);
    let metric = row.text("metric").or(usual_metric);
    if metric.is_none() {
        let help = "name it under `metric`, or as the `metric` of the product's rule";
        faults.push(fault(
            table,
            "metric",
            "the right names no metric, and its product has none",
            help,
        ));
    }
    let pack = row.number("pack_size").unwrap_or_else(Number::one);
    if pack.is_zero() {
        faults.push(fault(
            table,
            "pack_size",
            "a pack of 0 units is none",
            "write the units of one pack, or leave it blank",
        ));
    }
    let currency = row.currency().or(decl.currency);
    let [unit_price, list_price, maintenance_price] =
        PRICES.map(|field| price(row, table, decl, field, &pack, &mut faults));
    let quantity = match row.fields.get("quantity") {
        Some(Cell::Number(number)) => Some(number * &pack),
        _ => None,
    };
    let (Some(days), Some(metric), true) = (days, metric, faults.is_empty()) else {
        return Err(faults);
    };
    Ok(Entitlement {
        id: row.text("id").unwrap_or_default(),
        contract: row.text("contract"),
        product,
        version_max: row.text("version_max"),
        metric,
        quantity,
        kind: license_kind(row.text("license_type").as_deref()),
        base: row.text("base"),
        days,
        maintenance: maintenance.filter(|_| has_support),
        holder: holder(row),
        rights: rights(row),
        assigned: row.texts("assigned"),
        currency,
        unit_price,
        list_price,
        maintenance_price,
        reseller: row.text("reseller"),
        order: row.text("order"),
        proof: row.text("proof"),
        origin: row.origin.clone(),
    })
}

/// The price of a unit, where the row tells one.
fn price(
    row: &Row,
    table: &Table<'_>,
    decl: &InputDecl,
    field: &str,
    pack: &Number,
    faults: &mut Vec<Fault>,
) -> Option<Amount> {
    let told = row.money(field)?;
    if row.currency().or(decl.currency).is_none() {
        let help = "add a column `currency`, or declare `currency` of the input";
        faults.push(fault(table, field, "the price has no currency", help));
        return None;
    }
    let found = of_a_unit(told, pack, decl.prices);
    if found.is_none() {
        let help = "tell the price of a unit, and declare `prices: unit`";
        let text = "the price of a pack does not divide into an exact one of a unit";
        faults.push(fault(table, field, text, help));
    }
    found
}

pub(super) fn fault(table: &Table<'_>, field: &str, message: &str, help: &str) -> Fault {
    Fault { column: table.column_of(field), message: message.to_owned(), help: help.to_owned() }
}

/// The days of two cells; each may be blank.
fn range(
    row: &Row,
    table: &Table<'_>,
    from: &str,
    to: &str,
    faults: &mut Vec<Fault>,
) -> Option<DateRange> {
    let found = DateRange::new(row.day(from), row.day(to));
    if found.is_none() {
        let text = format!("`{to}` lies before `{from}`");
        faults.push(fault(table, to, &text, "mend whichever of the two is wrong"));
    }
    found
}

fn of_a_unit(price: Amount, pack: &Number, basis: PricePer) -> Option<Amount> {
    match basis {
        PricePer::Unit => Some(price),
        PricePer::Pack if pack.is_zero() => None,
        PricePer::Pack => {
            let scaled = number_of(price) / pack * BigInt::from(10).pow(SCALE);
            scaled.is_integer().then(|| Amount::from_units(scaled.numer())).flatten()
        }
    }
}

fn license_kind(word: Option<&str>) -> LicenseKind {
    match word {
        Some("perpetual") => LicenseKind::Perpetual,
        Some("maintenance") => LicenseKind::Maintenance,
        Some("upgrade") => LicenseKind::Upgrade,
        Some("add_on") => LicenseKind::AddOn,
        _ => LicenseKind::Subscription,
    }
}

fn rights(row: &Row) -> BTreeSet<UseRight> {
    row.texts("use_rights").iter().filter_map(|right| use_right(right)).collect()
}

fn use_right(word: &str) -> Option<UseRight> {
    Some(match word {
        "downgrade" => UseRight::Downgrade,
        "failover" => UseRight::Failover,
        "mobility" => UseRight::Mobility,
        "dual_use" => UseRight::DualUse,
        "second_device" => UseRight::SecondDevice,
        "unlimited_vms" => UseRight::UnlimitedVms,
        _ => return None,
    })
}

fn contract_kind(word: Option<&str>) -> ContractKind {
    match word {
        Some("support") => ContractKind::Support,
        Some("edp") => ContractKind::EnterpriseDiscount,
        Some("macc") => ContractKind::AzureCommitment,
        Some("reservation") => ContractKind::Reservation,
        Some("savings_plan") => ContractKind::SavingsPlan,
        Some("saas") => ContractKind::SoftwareService,
        _ => ContractKind::License,
    }
}

pub(super) fn contract(
    row: &Row,
    table: &Table<'_>,
    decl: &InputDecl,
) -> Result<Contract, Vec<Fault>> {
    let mut faults = Vec::new();
    let days = range(row, table, "start", "end", &mut faults);
    let stretch = range(row, table, "commitment_start", "commitment_end", &mut faults);
    let currency = row.currency().or(decl.currency);
    let commitment = row.money("commitment");
    if commitment.is_some() && currency.is_none() {
        let help = "add a column `currency`, or declare `currency` of the input";
        faults.push(fault(table, "commitment", "the commitment has no currency", help));
    }
    let has_stretch =
        ["commitment_start", "commitment_end"].map(|field| row.day(field)) != [None; 2];
    if has_stretch && commitment.is_none() {
        let text = "the row has days of a commitment, and no commitment";
        faults.push(fault(table, "commitment", text, "tell its amount, or leave the days blank"));
    }
    let (Some(days), Some(stretch), true) = (days, stretch, faults.is_empty()) else {
        return Err(faults);
    };
    let stretch = if has_stretch { stretch } else { days };
    Ok(Contract {
        id: row.text("id").unwrap_or_default(),
        kind: contract_kind(row.text("kind").as_deref()),
        title: row.text("title"),
        publisher: row.text("publisher"),
        owner: row.text("owner"),
        days,
        auto_renew: row.truth("auto_renew"),
        notice_days: row.whole("notice_days"),
        business_days: row.truth("business_days").unwrap_or(false),
        uplift_cap: row.number("uplift_cap"),
        renewal_uplift: row.number("renewal_uplift"),
        price_hold: row.day("price_hold"),
        currency,
        commitments: commitment.map(|amount| (stretch, amount)).into_iter().collect(),
        scope: row.texts("scope"),
        shortfall_rule: row.text("shortfall_rule"),
        true_up: row.day("true_up"),
        growth_allowance: row.number("growth_allowance"),
        audit_notice_days: row.whole("audit_notice_days"),
        materiality: row.number("materiality"),
        penalty: row.number("penalty"),
        evidence_retention_days: row.whole("evidence_retention_days"),
        clause: row.text("clause"),
        origin: row.origin.clone(),
    })
}
