//! Rights as charges of a month: one table of FOCUS columns, which goes through the same door as bills.
//!
//! A price is for a stretch of days: a year of the contract, its whole term, the months over which a purchase is written
//! off. The stretch is cut at the ends of months and at the end of the right, and its amount divided by `domain::split`,
//! so that the parts of all months sum to what the contract says. What a right is charged for and does not tell is
//! written as the reason in the place of the amount: the row is then quarantined by who judges rows, with the
//! file and row of the right beside it, and is neither zero nor dropped.
//!
//! Order: rules meet rights; a right that two rules charge for the same refuses the month; then each is valued.
//!
//! Invariants: rights and rows in any order give the same table; the parts of a stretch sum to its amount; a right that
//! its vendor's invoice charges is in no row.

mod against;
mod stretch;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use num_bigint::BigInt;

use crate::diagnostics::{Code, Finding, Place};
use crate::domain::{Amount, Currency, DateRange, Period, SCALE};
use crate::rules::licenses::{
    ChargeRule, ChargeTerms, ChargeWhat, Charged, LICENSE_KINDS, RightKey,
};

use super::extent::Number;
use super::inventory::{Entitlement, Field, Inventory, LicenseKind, Value};
use super::money::{number_of, number_text};

use stretch::{Part, parts_of};

pub use against::{CHARGES_TABLE, ChargedBySource};

/// Charges of rights, as a table that a scan reads.
#[derive(Clone, Debug, Default)]
pub struct LicenseCharges {
    /// CSV with a header; the columns are those of the map `license-charges`.
    pub table: Vec<u8>,
    /// Products that are charged here, by publisher and name in lower case: what a source charges of
    /// them, it charges a second time.
    pub products: BTreeSet<(Option<String>, String)>,
    /// Publishers whose rights sources charge, by the name of the source, each with the rule.
    pub in_sources: BTreeMap<String, (Place, BTreeSet<String>)>,
    /// What is worth knowing.
    pub notes: Vec<Finding>,
}

/// The columns that are always there, in their order. Further fields of rights follow.
const HEADERS: [&str; 39] = [
    "BillingAccountId",
    "BillingCurrency",
    "BillingPeriodStart",
    "BillingPeriodEnd",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "ChargeCategory",
    "ChargeFrequency",
    "ChargeDescription",
    "BilledCost",
    "EffectiveCost",
    "ListCost",
    "PricingQuantity",
    "PricingUnit",
    "InvoiceIssuerName",
    "ProviderName",
    "PublisherName",
    "RegionId",
    "ResourceId",
    "ResourceType",
    "ServiceName",
    "SubAccountId",
    "x_LicenseCharge",
    "x_LicenseRule",
    "x_LicenseEntitlement",
    "x_LicenseContract",
    "x_LicensePublisher",
    "x_LicenseProduct",
    "x_LicenseEdition",
    "x_LicenseMetric",
    "x_LicenseType",
    "x_LicenseLegalEntity",
    "x_LicensePool",
    "x_LicenseEnvironment",
    "x_LicenseReseller",
    "x_LicenseOrder",
    "x_LicenseArithmetic",
    "x_LicenseFile",
    "x_LicenseRow",
];

/// The charges of rights in a month. `sources` are the names of the project's sources; `further` are
/// fields `x_…` of rights by their ids, which become columns.
///
/// # Errors
/// Every right that two rules charge for the same, and every rule that leaves a right to a source that
/// the project does not have.
pub fn license_charges(
    inventory: &Inventory,
    further: impl Fn(&Arc<str>) -> Option<BTreeMap<Field, Value>>,
    rules: &[ChargeRule],
    sources: &[&str],
    month: Period,
) -> Result<LicenseCharges, Vec<Finding>> {
    let mut rights: Vec<&Entitlement> = inventory.entitlements.iter().collect();
    rights.sort_by(|a, b| (&a.id, &a.origin).cmp(&(&b.id, &b.origin)));
    let mut charges = LicenseCharges::default();
    let mut errors = unknown_sources(rules, sources);
    let mut met = vec![false; rules.len()];
    let mut rows = Vec::new();
    for right in rights {
        let mut charged: BTreeMap<(ChargeWhat, &str), &ChargeRule> = BTreeMap::new();
        for (rule, met) in rules.iter().zip(&mut met).filter(|(rule, _)| is_of(rule, right)) {
            *met = true;
            let own = if rule.what == ChargeWhat::Dependent { rule.name.as_str() } else { "" };
            if let Some(first) = charged.insert((rule.what, own), rule) {
                errors.push(twice(right, first, rule));
                continue;
            }
            let holds = days_of(right, rule.what).overlaps(month.days());
            match &rule.terms {
                ChargeTerms::InSource { source, span } if holds => {
                    let place = Place::Text(span.clone());
                    let known = charges.in_sources.entry(source.clone());
                    let (_, publishers) = known.or_insert_with(|| (place, BTreeSet::new()));
                    publishers.extend(right.product.publisher.as_deref().map(str::to_lowercase));
                }
                ChargeTerms::Charged(terms) => {
                    let made = rows_of(right, rule, terms, month);
                    if !made.is_empty() {
                        let publisher = right.product.publisher.as_deref().map(str::to_lowercase);
                        charges.products.insert((publisher, right.product.name.to_lowercase()));
                    }
                    rows.extend(made.into_iter().map(|row| (right, row)));
                }
                ChargeTerms::InSource { .. } => {}
            }
        }
        charges.notes.extend(uncharged(right, &charged, month));
    }
    for (rule, _) in rules.iter().zip(met).filter(|(_, met)| !met) {
        let text = format!("charge `{}` meets no right", rule.name);
        let help = "mend its `when`, or take it out";
        let finding = Finding::new(Code::LicenseReference, text).help(help);
        charges.notes.push(finding.at(Place::Text(rule.span.clone())));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    charges.table = table(&rows, further, month);
    Ok(charges)
}

fn unknown_sources(rules: &[ChargeRule], sources: &[&str]) -> Vec<Finding> {
    let told = rules.iter().filter_map(|rule| match &rule.terms {
        ChargeTerms::InSource { source, span } => Some((source, span)),
        ChargeTerms::Charged(_) => None,
    });
    let unknown = told.filter(|(source, _)| !sources.contains(&source.as_str()));
    let finding = |(source, span): (&String, &crate::diagnostics::Span)| {
        let text = format!("there is no source `{source}`");
        let help = format!("sources are: {}", sources.join(", "));
        Finding::new(Code::UnknownName, text).help(help).at(Place::Text(span.clone()))
    };
    unknown.map(finding).collect()
}

fn twice(right: &Entitlement, first: &ChargeRule, again: &ChargeRule) -> Finding {
    let text = format!(
        "the {} of right `{}` ({}:{}) is charged by `{}` already, so that it would count twice",
        again.what.name(),
        right.id,
        right.origin.path,
        right.origin.row,
        first.name
    );
    let help = "narrow `when` of one of the two";
    Finding::new(Code::InvalidValue, text).help(help).at(Place::Text(again.span.clone()))
}

/// A right with a price that holds in the month, and that no rule is of.
fn uncharged(
    right: &Entitlement,
    charged: &BTreeMap<(ChargeWhat, &str), &ChargeRule>,
    month: Period,
) -> Option<Finding> {
    let has_price = right.unit_price.or(right.maintenance_price).is_some();
    if !charged.is_empty() || !has_price || !right.days.overlaps(month.days()) {
        return None;
    }
    let text = format!(
        "right `{}` of row {} has a price, and no charge is of it",
        right.id, right.origin.row
    );
    let help = "its cost is in no figure; add it to a charge, or say with `billed: invoice` which source has it";
    let finding = Finding::new(Code::LicenseReference, text).help(help);
    Some(finding.at(Place::File(right.origin.path.clone())))
}

fn is_of(rule: &ChargeRule, right: &Entitlement) -> bool {
    // A right without maintenance has none to be charged.
    if rule.what == ChargeWhat::Maintenance
        && right.maintenance.is_none()
        && right.maintenance_price.is_none()
    {
        return false;
    }
    rule.when.is_met(|key| match key {
        RightKey::Id => Some(&*right.id),
        RightKey::Contract => right.contract.as_deref(),
        RightKey::Publisher => right.product.publisher.as_deref(),
        RightKey::Product => Some(&*right.product.name),
        RightKey::Edition => right.product.edition.as_deref(),
        RightKey::Metric => Some(&*right.metric),
        RightKey::LicenseType => Some(kind_name(right.kind)),
        RightKey::LegalEntity => right.holder.legal_entity.as_deref(),
        RightKey::Pool => right.holder.pool.as_deref(),
        RightKey::Reseller => right.reseller.as_deref(),
    })
}

fn kind_name(kind: LicenseKind) -> &'static str {
    LICENSE_KINDS[kind as usize]
}

/// The days on which it is charged.
fn days_of(right: &Entitlement, what: ChargeWhat) -> DateRange {
    match (what, right.maintenance) {
        (ChargeWhat::Maintenance, Some(days)) => days,
        _ => right.days,
    }
}

/// A charge of a right in the month.
struct Row {
    rule: String,
    /// `fee`, `maintenance`, `margin`, `dependent`.
    what: &'static str,
    currency: Option<Currency>,
    from: chrono::NaiveDate,
    to: chrono::NaiveDate,
    /// An amount, or why it is unknown.
    billed: String,
    effective: String,
    list: Option<Amount>,
    /// How the amount came about, to be redone by hand.
    text: String,
}

/// The price of one unit, or why there is none; its list price; its currency.
type Price = (Result<Amount, &'static str>, Option<Amount>, Option<Currency>);

fn price_of(right: &Entitlement, what: ChargeWhat, terms: &Charged) -> Price {
    match what {
        ChargeWhat::Fee => {
            (right.unit_price.ok_or("unknown: no unit price"), right.list_price, right.currency)
        }
        ChargeWhat::Maintenance => {
            let price = right.maintenance_price.ok_or("unknown: no maintenance price");
            (price, None, right.currency)
        }
        ChargeWhat::Dependent => {
            let (cost, currency) = terms.unit_cost.unzip();
            (cost.ok_or("unknown: no unit cost"), None, currency)
        }
    }
}

fn rows_of(right: &Entitlement, rule: &ChargeRule, terms: &Charged, month: Period) -> Vec<Row> {
    let days = days_of(right, rule.what);
    if !days.overlaps(month.days()) {
        return Vec::new();
    }
    let (price, list, currency) = price_of(right, rule.what, terms);
    let row = |what, from, to, billed: String, effective: String, list, text| Row {
        rule: rule.name.clone(),
        what,
        currency,
        from,
        to,
        billed,
        effective,
        list,
        text,
    };
    let unknown = |why: &str| {
        let common = days.common(month.days()).unwrap_or_else(|| month.days());
        let (from, to) = (common.from(), common.to());
        let (from, to) = (from.unwrap_or(month.first()), to.unwrap_or(month.next().first()));
        vec![row(rule.what.name(), from, to, why.into(), why.into(), None, why.into())]
    };
    let price = match price {
        Ok(price) => price,
        Err(why) => return unknown(why),
    };
    let one = Number::from_integer(BigInt::from(1));
    let units = right.quantity.as_ref().unwrap_or(&one);
    let whole = |price: Amount| amount_of(&(units * number_of(price)));
    let Some(amount) = whole(price) else { return unknown("unknown: beyond all digits") };
    let listed = list.and_then(whole);
    let digits = currency.map_or(2, Currency::minor_digits);
    let parts = match parts_of(days, terms, amount, digits, month) {
        Ok(parts) => parts,
        Err(why) => return unknown(why),
    };
    let list_parts = listed.and_then(|amount| parts_of(days, terms, amount, digits, month).ok());
    let fraction = terms.margin.as_ref().map(|margin| margin / Number::from_integer(100.into()));
    let margin = fraction.as_ref().and_then(|part| amount_of(&(number_of(amount) * part)));
    if fraction.is_some() && margin.is_none() {
        return unknown("unknown: beyond all digits");
    }
    let margins = margin.map(|amount| parts_of(days, terms, amount, digits, month));
    let mut rows = Vec::new();
    for (at, part) in parts.into_iter().enumerate() {
        let list = list_parts.as_ref().and_then(|parts| Some(parts.get(at)?.effective));
        let product = format!("{} × {price} = {amount}", number_text(units));
        let text = format!("{product} {}; {}", part.stretch, part.arithmetic);
        let Part { from, to, billed, effective, .. } = part;
        rows.push(row(
            rule.what.name(),
            from,
            to,
            billed.to_string(),
            effective.to_string(),
            list,
            text,
        ));
        let Some(Ok(margins)) = &margins else { continue };
        let (Some(part), Some(percent)) = (margins.get(at), &terms.margin) else { continue };
        let text =
            format!("{} % of {amount} {}; {}", number_text(percent), part.stretch, part.arithmetic);
        let (billed, effective) = (part.billed.to_string(), part.effective.to_string());
        rows.push(row("margin", from, to, billed, effective, None, text));
    }
    rows
}

/// A number as an amount, where it has no more digits than amounts have.
fn amount_of(number: &Number) -> Option<Amount> {
    let scaled = number * Number::from_integer(BigInt::from(10).pow(SCALE));
    if scaled.is_integer() { Amount::from_units(&scaled.to_integer()) } else { None }
}

fn table(
    rows: &[(&Entitlement, Row)],
    further: impl Fn(&Arc<str>) -> Option<BTreeMap<Field, Value>>,
    month: Period,
) -> Vec<u8> {
    let own: BTreeMap<&Arc<str>, BTreeMap<Field, Value>> =
        rows.iter().filter_map(|(right, _)| Some((&right.id, further(&right.id)?))).collect();
    let is_free = |name: &&Field| !HEADERS.iter().any(|known| known.eq_ignore_ascii_case(name));
    let more: BTreeSet<Field> =
        own.values().flat_map(BTreeMap::keys).filter(is_free).cloned().collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Bytes in memory take whatever is written.
    let _ = writer.write_record(HEADERS.iter().copied().chain(more.iter().map(|name| &**name)));
    for (right, row) in rows {
        let mut record = record_of(right, row, month);
        let fields = own.get(&right.id);
        record.extend(more.iter().map(|name| {
            fields.and_then(|fields| fields.get(name)).map(text_of).unwrap_or_default()
        }));
        let _ = writer.write_record(&record);
    }
    writer.into_inner().unwrap_or_default()
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        Value::Number(number) => number_text(number),
        Value::Date(day) => day.to_string(),
        Value::Time(time) => time.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Value::Truth(truth) => truth.to_string(),
    }
}

/// Fields in the order of [`HEADERS`].
fn record_of(right: &Entitlement, row: &Row, month: Period) -> Vec<String> {
    let text = |text: &Option<Arc<str>>| text.as_deref().unwrap_or_default().to_owned();
    let product = &right.product;
    let publisher = text(&product.publisher);
    let issuer = right.reseller.as_deref().map_or_else(|| publisher.clone(), str::to_owned);
    let edition = product.edition.as_deref().map(|edition| format!(" {edition}"));
    let title = format!("{}{}", product.name, edition.unwrap_or_default());
    vec![
        text(&right.contract),
        row.currency.map(|currency| currency.code().to_owned()).unwrap_or_default(),
        month.first().to_string(),
        month.next().first().to_string(),
        row.from.to_string(),
        row.to.to_string(),
        "Purchase".into(),
        "Recurring".into(),
        format!("{title}: {} of {}", row.what, right.id),
        row.billed.clone(),
        row.effective.clone(),
        row.list.map(|amount| amount.to_string()).unwrap_or_default(),
        right.quantity.as_ref().map(number_text).unwrap_or_default(),
        right.metric.to_string(),
        issuer,
        publisher.clone(),
        publisher.clone(),
        text(&right.holder.region),
        right.id.to_string(),
        "License".into(),
        product.name.to_string(),
        text(&right.holder.legal_entity),
        row.what.into(),
        row.rule.clone(),
        right.id.to_string(),
        text(&right.contract),
        publisher,
        product.name.to_string(),
        text(&product.edition),
        right.metric.to_string(),
        kind_name(right.kind).into(),
        text(&right.holder.legal_entity),
        text(&right.holder.pool),
        text(&right.holder.environment),
        text(&right.reseller),
        text(&right.order),
        row.text.clone(),
        right.origin.path.to_string(),
        right.origin.row.to_string(),
    ]
}
