//! Warnings of plans that are held twice, of licenses in cloud bills, and of products that nobody recognises.

use std::collections::BTreeMap;

use num_traits::Signed;

use crate::licenses::extent::Number;
use crate::licenses::forecast::whole;
use crate::licenses::inventory::{Holder, Product, UseKind};
use crate::licenses::money::{Money, number_of, number_text};
use crate::rules::licenses::WarningKind;

use super::build::{product_text, row_text};
use super::given::{CloudModel, CloudUse, DutyPrice, HeldTwice, Standing, Watched};
use super::positions::priced;
use super::warning::{About, Warning};

pub(super) fn watch(watched: &Watched<'_>, found: &mut Vec<Warning>) {
    overlaps(watched.held_twice, found);
    for cloud in watched.cloud {
        match cloud.model {
            CloudModel::Brought => brought(cloud, watched, found),
            CloudModel::Included => included(cloud, watched, found),
        }
    }
    unrecognised(watched, found);
}

/// Who holds which plans, and what the contained one costs.
type Pair<'a> = (&'a Holder, &'a Product, &'a Product);

fn overlaps(held: &[HeldTwice], found: &mut Vec<Warning>) {
    let mut pairs: BTreeMap<Pair<'_>, Vec<&HeldTwice>> = BTreeMap::new();
    for one in held {
        pairs.entry((&one.holder, &one.larger, &one.contained)).or_default().push(one);
    }
    for ((holder, larger, contained), users) in pairs {
        let count = whole(i64::try_from(users.len()).unwrap_or(i64::MAX));
        let price = users[0].price.clone();
        let is_one = users.iter().all(|user| user.price == price);
        let mut ignored: Vec<&str> =
            users.iter().flat_map(|it| &it.ignored).map(|it| &**it).collect();
        ignored.sort_unstable();
        ignored.dedup();
        let without = if ignored.is_empty() {
            String::new()
        } else {
            format!(" (without {})", ignored.join(", "))
        };
        let text = format!(
            "{} users hold {} and {}, which contains it{without}",
            users.len(),
            product_text(contained),
            product_text(larger)
        );
        let about = About {
            product: Some(contained.clone()),
            holder: holder.clone(),
            detail: product_text(larger),
            ..About::default()
        };
        let first = users.iter().map(|user| &user.origin).min();
        let warning = Warning::new(WarningKind::Overlap, about, text)
            .money(price.filter(|_| is_one).and_then(|price| priced(&count, Some(&price))))
            .known(count)
            .limit(whole(0))
            .unit("user")
            .evidence(first.map(row_text))
            .advice("Take the contained plan away from them.");
        found.push(warning);
    }
}

/// Standings of the same product for the same legal entity, in the reading of which least is owned beyond use.
fn standings<'a>(cloud: &'a CloudUse, watched: &Watched<'a>) -> impl Iterator<Item = &'a Standing> {
    let (product, holder) = (&cloud.product, &cloud.holder);
    watched.standings.iter().filter(move |standing| {
        let own = &standing.product;
        let is_edition = product.edition.is_none() || own.edition == product.edition;
        let entity = &standing.holder.legal_entity;
        own.publisher == product.publisher
            && own.name == product.name
            && is_edition
            && (entity.is_none() || holder.legal_entity.is_none() || *entity == holder.legal_entity)
    })
}

fn brought(cloud: &CloudUse, watched: &Watched<'_>, found: &mut Vec<Warning>) {
    let owns = |standing: &Standing| standing.entitled.as_ref().is_none_or(Number::is_positive);
    if standings(cloud, watched).any(owns) {
        return;
    }
    let price = standings(cloud, watched).find_map(|standing| standing.price.as_ref());
    let units = cloud.units.as_ref().map(|units| format!("{} units of ", number_text(units)));
    let text = format!(
        "the cloud bill says that own licenses are brought for {}{}, and none is owned",
        units.unwrap_or_default(),
        product_text(&cloud.product)
    );
    let mut warning = new(WarningKind::ByolWithoutEntitlement, cloud, text)
        .limit(whole(0))
        .money(cloud.units.as_ref().and_then(|units| priced(units, price)))
        .advice("Show the license that was meant, or switch to the price that includes one.");
    warning.figure = cloud.units.clone().map(crate::licenses::Extent::known);
    found.push(warning);
}

/// What is idle for certain in every reading.
fn idle(cloud: &CloudUse, watched: &Watched<'_>) -> Option<Number> {
    let idle = standings(cloud, watched).map(|standing| {
        // Of unlimited rights as many are idle as are asked for.
        let Some(entitled) = &standing.entitled else { return cloud.units.clone() };
        standing.consumed.high().map(|high| entitled - high)
    });
    let least = idle.reduce(|one, two| Some(one?.min(two?)))??;
    least.is_positive().then_some(least)
}

fn included(cloud: &CloudUse, watched: &Watched<'_>, found: &mut Vec<Warning>) {
    let Some(idle) = idle(cloud, watched) else { return };
    let text = format!(
        "the cloud price includes {} while {} own licenses are idle",
        product_text(&cloud.product),
        number_text(&idle)
    );
    // Idle licenses save as much of the price as they cover.
    let part = match &cloud.units {
        Some(units) if units.is_positive() => Some((&idle / units).min(whole(1))),
        _ => None,
    };
    let money = cloud.paid.as_ref().map(|paid| {
        let whole_price = number_of(paid.amount);
        let (amount, basis) = match &part {
            Some(part) => (
                &whole_price * part,
                format!("{} × {} {}", number_text(part), paid.amount, paid.basis),
            ),
            None => (whole_price, format!("at most {} {}", paid.amount, paid.basis)),
        };
        Money { amount, currency: paid.currency, basis }
    });
    let warning = new(WarningKind::IncludedWhileIdle, cloud, text)
        .known(idle)
        .limit(whole(0))
        .money(money)
        .advice(
            "Where terms let own licenses move to the cloud, bring them and stop paying twice.",
        );
    found.push(warning);
}

fn new(kind: WarningKind, cloud: &CloudUse, text: String) -> Warning {
    let about = About {
        product: Some(cloud.product.clone()),
        holder: cloud.holder.clone(),
        ..About::default()
    };
    Warning::new(kind, about, text).on(cloud.days.from()).evidence(cloud.evidence.clone())
}

/// Products that no rule recognises: those that are given, else those of the inventory.
fn unrecognised(watched: &Watched<'_>, found: &mut Vec<Warning>) {
    for unknown in watched.unrecognised {
        let about = About { detail: unknown.raw.to_string(), ..About::default() };
        let rows = Number::from_integer(unknown.rows.into());
        let text = format!(
            "`{}` is no product that a rule recognises: {} rows",
            unknown.raw, unknown.rows
        );
        let warning = Warning::new(WarningKind::Unrecognised, about, text)
            .known(rows)
            .unit("row")
            .money(unknown.paid.as_ref().map(in_full))
            .row(&unknown.first)
            .advice("Say under `products` which product it is, or that it needs no license.");
        found.push(warning);
    }
    if !watched.unrecognised.is_empty() {
        return;
    }
    let mut raw: BTreeMap<(&str, UseKind), (i64, &crate::licenses::Origin)> = BTreeMap::new();
    for row in watched.inventory.uses.iter().filter(|row| row.product.is_none()) {
        let Some(name) = row.raw_product.as_deref() else { continue };
        let seen = raw.entry((name, row.kind)).or_insert((0, &row.origin));
        *seen = (seen.0 + 1, seen.1.min(&row.origin));
    }
    for ((name, kind), (rows, first)) in raw {
        let about = About { detail: format!("{kind:?} {name}"), ..About::default() };
        let text = format!("`{name}` is no product that a rule recognises: {rows} rows");
        let warning = Warning::new(WarningKind::Unrecognised, about, text)
            .known(whole(rows))
            .unit("row")
            .row(first)
            .advice("Say under `products` which product it is, or that it needs no license.");
        found.push(warning);
    }
}

fn in_full(paid: &DutyPrice) -> Money {
    let basis = paid.basis.to_string();
    Money { amount: number_of(paid.amount), currency: paid.currency, basis }
}
