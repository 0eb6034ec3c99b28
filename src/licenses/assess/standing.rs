//! Positions, overlaps, charges and unknown names as warnings ask for them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{Days, NaiveDate};
use num_traits::{Signed, Zero};

use crate::domain::{Amount, Currency, DateRange, Period};
use crate::rules::licenses::{HouseRounding, LicenseModel};

use super::super::extent::{Extent, Number};
use super::super::inventory::{Entitlement, Holder, Inventory, Product, UseKind, UseRow, Value};
use super::super::matching::{Bound, Cover, Matched, is_same_product};
use super::super::position::{Figures, LineKind, Position, PositionKey};
use super::super::read::Told;
use super::super::suites::Overlap;
use super::super::valuation::rounded;
use super::super::warnings::{
    CloudModel, CloudUse, DutyPrice, HeldTwice, Standing, UnknownProduct,
};

type History = [(NaiveDate, Vec<Position>)];

/// One for each line of use, and for rights of which no line uses anything.
pub(super) fn standings(
    positions: &[Position],
    matched: &Matched,
    inventory: &Inventory,
    history: &History,
) -> Vec<Standing> {
    let is_used = |spare: &PositionKey| {
        positions.iter().any(|line| {
            line.key.kind == LineKind::Use
                && is_same_product(&line.key.product, &spare.product)
                && line.key.metric == spare.metric
                && line.key.interpretation == spare.interpretation
        })
    };
    let seen =
        positions.iter().filter(|line| line.key.kind == LineKind::Use || !is_used(&line.key));
    seen.map(|line| standing(line, matched, inventory, history)).collect()
}

fn standing(
    line: &Position,
    matched: &Matched,
    inventory: &Inventory,
    history: &History,
) -> Standing {
    let key = &line.key;
    let low = line.low.consumed.clone().unwrap_or_else(Number::zero);
    let consumed = match &line.high.consumed {
        Some(high) => Extent::between(low, high.clone()),
        None => Extent::at_least(low),
    };
    let earlier = history.iter().filter_map(|(day, lines)| {
        let own = lines.iter().find(|own| own.key == *key && own.is_exact())?;
        Some((*day, own.low.consumed.clone()?))
    });
    let rights: Vec<&Entitlement> = inventory
        .entitlements
        .iter()
        .filter(|right| line.entitlements.contains(&right.id))
        .collect();
    let list_price = rights.iter().find_map(|right| {
        let (amount, currency) = (right.list_price?, right.currency?);
        Some(DutyPrice { amount, currency, basis: format!("list ({})", right.id).into() })
    });
    let price = line.price.as_ref().map(|price| DutyPrice {
        amount: price.amount,
        currency: price.currency,
        basis: price.basis.as_str().into(),
    });
    Standing {
        product: key.product.clone(),
        metric: Arc::clone(&key.metric),
        interpretation: Arc::clone(&key.interpretation),
        unit: Arc::clone(&line.unit),
        holder: Holder {
            legal_entity: key.legal_entity.clone(),
            pool: key.pool.clone(),
            ..Holder::default()
        },
        entitled: entitled(&line.low),
        consumed,
        by_contract: by_contract(line, &rights, matched),
        price,
        list_price,
        since: line.since,
        gaps: line.gaps.clone(),
        coverage: line.coverage.clone(),
        history: earlier.collect(),
        spent: Vec::new(),
        evidence: Some(line.evidence.as_str().into()),
    }
}

/// What the line has, and what it could draw on of rights that it shares.
fn entitled(figures: &Figures) -> Option<Number> {
    Some(figures.entitled.as_ref()? + figures.shared_free.as_ref()?)
}

/// Units of the line's rights under each contract: all units of a right that serves no other line, else what it gave.
fn by_contract(
    line: &Position,
    rights: &[&Entitlement],
    matched: &Matched,
) -> Vec<(Arc<str>, Number)> {
    let key = &line.key;
    let cover = matched.covers.iter().find(|cover| {
        cover.world.metric == key.metric
            && cover.world.interpretation == key.interpretation
            && cover.bound != Bound::High
    });
    let mut found: BTreeMap<Arc<str>, Number> = BTreeMap::new();
    for right in rights {
        let Some(contract) = &right.contract else { continue };
        let units = cover.map_or_else(
            || right.quantity.clone().unwrap_or_else(Number::zero),
            |cover| units_of(right, key, cover),
        );
        *found.entry(Arc::clone(contract)).or_insert_with(Number::zero) += units;
    }
    found.into_iter().collect()
}

fn units_of(right: &Entitlement, key: &PositionKey, cover: &Cover) -> Number {
    let of_right = cover.matches.iter().filter(|found| found.entitlement == right.id);
    let (own, others): (Vec<_>, Vec<_>) =
        of_right.filter(|found| found.kind.takes()).partition(|found| {
            let holder = &found.demand.holder;
            is_same_product(&found.demand.product, &key.product)
                && holder.legal_entity == key.legal_entity
                && holder.pool == key.pool
        });
    match &right.quantity {
        Some(quantity) if others.is_empty() => quantity.clone(),
        _ => own.iter().map(|found| &found.quantity).sum(),
    }
}

pub(super) fn held_twice(
    overlaps: &[Overlap],
    inventory: &Inventory,
    day: NaiveDate,
) -> Vec<HeldTwice> {
    let price = |product: &Product| {
        let own = inventory
            .entitlements
            .iter()
            .filter(|right| right.product == *product && right.days.contains(day));
        let newest = own.filter_map(|right| Some((right, right.unit_price?, right.currency?)));
        let newest = newest.max_by_key(|(right, ..)| (right.days.from(), right.id.clone()));
        newest.map(|(right, amount, currency)| DutyPrice {
            amount,
            currency,
            basis: format!("contracted ({})", right.id).into(),
        })
    };
    let twice = overlaps.iter().map(|one| HeldTwice {
        user: Arc::clone(&one.user),
        holder: one.holder.clone(),
        larger: one.containing.clone(),
        contained: one.contained.clone(),
        ignored: one.ignored.iter().map(|name| name.as_str().into()).collect(),
        price: price(&one.contained),
        origin: one.origins[0].clone(),
    });
    twice.collect()
}

pub(super) fn unknown_products(told: &Told) -> Vec<UnknownProduct> {
    let found = told.unrecognised.iter().filter_map(|(raw, found)| {
        let paid = match found.paid.iter().collect::<Vec<_>>()[..] {
            [(currency, paid)] => {
                let amount = rounded(paid, *currency, HouseRounding::HalfUp);
                amount.map(|amount| duty_price(amount, *currency, "paid for its rights"))
            }
            _ => None,
        };
        let name = raw.edition.as_ref().map_or_else(
            || raw.product.to_string(),
            |edition| format!("{} {edition}", raw.product),
        );
        Some(UnknownProduct {
            raw: name.into(),
            rows: found.rows.values().sum(),
            paid,
            first: found.first.clone()?,
        })
    });
    found.collect()
}

fn duty_price(amount: Amount, currency: Currency, basis: &str) -> DutyPrice {
    DutyPrice { amount, currency, basis: basis.into() }
}

/// Charges of one product, model and holder.
#[derive(Default)]
struct Charges {
    /// By currency; none where the cost of a charge is not told.
    paid: BTreeMap<Option<Currency>, Number>,
    days: Option<(NaiveDate, NaiveDate)>,
    files: BTreeSet<Arc<str>>,
}

/// What bills of the day's month say, by product, model and holder.
pub(super) fn cloud_uses(inventory: &Inventory, day: NaiveDate) -> Vec<CloudUse> {
    let mut found: BTreeMap<(&Product, CloudModel, &Holder), Charges> = BTreeMap::new();
    let is_here =
        |row: &&UseRow| row.kind == UseKind::Billing && Period::of(row.snapshot) == Period::of(day);
    for row in inventory.uses.iter().filter(is_here) {
        let (Some(product), Some(model)) = (&row.product, model(row)) else { continue };
        let charges = found.entry((product, model, &row.holder)).or_default();
        let currency = match row.fields.get("currency") {
            Some(Value::Text(code)) => Currency::parse(code).ok(),
            _ => None,
        };
        if let Some(Value::Number(cost)) = row.fields.get("cost") {
            *charges.paid.entry(currency).or_insert_with(Number::zero) += cost;
        }
        let on = |name: &str| match row.fields.get(name) {
            Some(Value::Date(day)) => *day,
            _ => row.snapshot,
        };
        let (first, last) = (on("first_day"), on("last_day"));
        let (from, to) = charges.days.unwrap_or((first, last));
        charges.days = Some((from.min(first), to.max(last)));
        charges.files.insert(Arc::clone(&row.origin.path));
    }
    let uses = found.into_iter().map(|((product, model, holder), charges)| CloudUse {
        product: product.clone(),
        model,
        holder: holder.clone(),
        units: None,
        paid: paid(&charges),
        days: charges
            .days
            .and_then(|(from, last)| {
                DateRange::new(Some(from), last.checked_add_days(Days::new(1)))
            })
            .unwrap_or(DateRange::ALWAYS),
        evidence: charges.files.first().cloned(),
    });
    uses.collect()
}

fn model(row: &UseRow) -> Option<CloudModel> {
    let Some(Value::Text(model)) = row.fields.get("license_model") else { return None };
    let named = LicenseModel::ALL.into_iter().find(|one| one.name() == &**model)?;
    match named {
        LicenseModel::Byol => Some(CloudModel::Brought),
        LicenseModel::Included => Some(CloudModel::Included),
        LicenseModel::Marketplace => None,
    }
}

/// The charges as a whole: bills do not tell the license's part.
fn paid(charges: &Charges) -> Option<DutyPrice> {
    let [(Some(currency), paid)] = charges.paid.iter().collect::<Vec<_>>()[..] else { return None };
    let amount = rounded(paid, *currency, HouseRounding::HalfUp)?;
    paid.is_positive().then(|| duty_price(amount, *currency, "for the charges as a whole"))
}
