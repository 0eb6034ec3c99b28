//! Warnings of rights and seats: what ends, what is no longer maintained, what nobody uses.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::domain::Currency;
use crate::licenses::contracts::ContractState;
use crate::licenses::extent::{Extent, Number};
use crate::licenses::forecast::whole;
use crate::licenses::inventory::{
    Entitlement, Field, Holder, LicenseKind, Product, UseKind, UseRow, Value,
};
use crate::licenses::money::{Money, number_of, number_text};
use crate::rules::licenses::WarningKind;

use super::build::product_text;
use super::given::{DutyPrice, Watched};
use super::limits::Limits;
use super::positions::{extent_text, priced};
use super::warning::{About, Warning};

/// Fields of rows of seats.
const ASSIGNED: &str = "assigned";
const LAST_ACTIVITY: &str = "last_activity";
const RELEASED: &str = "released";

pub(super) fn watch(watched: &Watched<'_>, limits: Limits<'_>, found: &mut Vec<Warning>) {
    let mut rights: Vec<&Entitlement> = watched.inventory.entitlements.iter().collect();
    rights.sort_by(|one, two| (&one.id, &one.origin).cmp(&(&two.id, &two.origin)));
    for right in &rights {
        end(right, watched.day, limits, found);
        support(right, &rights, watched.day, found);
    }
    idle_seats(watched, &rights, limits, found);
}

fn about(right: &Entitlement) -> About {
    About {
        product: Some(right.product.clone()),
        contract: right.contract.clone(),
        holder: right.holder.clone(),
        metric: Some(right.metric.clone()),
        detail: right.id.to_string(),
        ..About::default()
    }
}

fn price(right: &Entitlement) -> Option<DutyPrice> {
    let basis = "contracted".into();
    Some(DutyPrice { amount: right.unit_price?, currency: right.currency?, basis })
}

/// A right that ends by itself. Where its contract ends on the same day, that is told once, of the contract.
fn end(right: &Entitlement, day: NaiveDate, limits: Limits<'_>, found: &mut Vec<Warning>) {
    let Some(last) = right.days.to().and_then(|to| to.pred_opt()) else { return };
    let terms = right.contract.as_deref().and_then(|id| limits.contract(id));
    if terms.is_some_and(|terms| {
        terms.last_day == Some(last) || (terms.renews() && terms.state == ContractState::Active)
    }) {
        return;
    }
    let about = about(right);
    let Some(days) = limits.of(&about, |rule| rule.expiry_days) else { return };
    if (last - day).num_days().abs() > i64::from(days) {
        return;
    }
    let quantity = right.quantity.as_ref().map_or_else(|| "unlimited".to_owned(), number_text);
    let verb = if last < day { "ended" } else { "end" };
    let text = format!(
        "{quantity} {} of {} (right {}) {verb} on {last}",
        right.metric,
        product_text(&right.product),
        right.id
    );
    let money =
        right.quantity.as_ref().and_then(|quantity| priced(quantity, price(right).as_ref()));
    let mut warning = Warning::new(WarningKind::Expiry, about, text)
        .unit(&right.metric)
        .on(Some(last))
        .money(money)
        .row(&right.origin)
        .advice("Renew them, or see that they are no longer used.");
    warning.about.detail = format!("{} {last}", right.id);
    warning.figure = right.quantity.clone().map(Extent::known);
    found.push(warning);
}

/// A right that holds, and whose maintenance does not. Maintenance may be a right of its own that stands on it.
fn support(right: &Entitlement, all: &[&Entitlement], day: NaiveDate, found: &mut Vec<Warning>) {
    let stands_alone = !matches!(right.kind, LicenseKind::Maintenance | LicenseKind::Upgrade);
    if !stands_alone || !right.days.contains(day) {
        return;
    }
    let own = right.maintenance.into_iter();
    let others = all.iter().filter(|other| {
        other.kind == LicenseKind::Maintenance && other.base.as_deref() == Some(&*right.id)
    });
    let spans: Vec<_> = own.chain(others.map(|other| other.days)).collect();
    if spans.iter().any(|span| span.contains(day)) {
        return;
    }
    // Maintenance that begins only later has not lapsed.
    let ends = spans.iter().filter_map(|span| span.to()).filter(|to| *to <= day);
    let Some(last) = ends.max().and_then(|to| to.pred_opt()) else { return };
    let money = right.quantity.as_ref().zip(right.maintenance_price).zip(right.currency).map(
        |((quantity, price), currency)| Money {
            amount: quantity * number_of(price),
            currency,
            basis: format!("{} × {price} maintenance for a year", number_text(quantity)),
        },
    );
    let text = format!(
        "maintenance of {} (right {}) ended on {last}, and the right still holds",
        product_text(&right.product),
        right.id
    );
    let mut warning = Warning::new(WarningKind::SupportLapsed, about(right), text)
        .on(Some(last))
        .money(money)
        .row(&right.origin)
        .advice("Renew it before the vendor asks for the time between; until then install no newer version.");
    warning.figure = right.quantity.clone().map(Extent::known);
    found.push(warning.unit(&right.metric));
}

/// Seats of one product and holder.
#[derive(Default)]
struct Seats<'a> {
    idle: i64,
    /// Nothing tells when they were used.
    untold: i64,
    all: i64,
    first: Option<&'a UseRow>,
}

/// A product in the hands of somebody.
type SeatKey<'a> = (&'a Product, &'a Holder);

/// Seats that were assigned, and not used, for so many days; those of which no use is told make the figure a range.
fn idle_seats(
    watched: &Watched<'_>,
    rights: &[&Entitlement],
    limits: Limits<'_>,
    found: &mut Vec<Warning>,
) {
    let mut seats: BTreeMap<SeatKey<'_>, Seats<'_>> = BTreeMap::new();
    for (product, row) in held_seats(watched) {
        let about = About {
            product: Some(product.clone()),
            holder: row.holder.clone(),
            ..About::default()
        };
        let Some(days) = limits.of(&about, |rule| rule.idle_days) else { continue };
        let seat = seats.entry((product, &row.holder)).or_default();
        seat.all += 1;
        let is_old = |day: NaiveDate| (watched.day - day).num_days() > i64::from(days);
        match (date(row, LAST_ACTIVITY), date(row, ASSIGNED)) {
            (Some(last), _) if is_old(last) => seat.idle += 1,
            // Of a seat that is new it is not known whether it will be used.
            (Some(_), _) => continue,
            (None, Some(assigned)) if !is_old(assigned) => continue,
            (None, _) => seat.untold += 1,
        }
        seat.first = seat.first.into_iter().chain([row]).min_by_key(|row| &row.origin);
    }
    for ((product, holder), seat) in seats {
        let Some(first) = seat.first else { continue };
        let about = About {
            product: Some(product.clone()),
            holder: holder.clone(),
            detail: "seats".to_owned(),
            ..About::default()
        };
        let Some(days) = limits.of(&about, |rule| rule.idle_days) else { continue };
        let idle = Extent::between(whole(seat.idle), whole(seat.idle + seat.untold));
        let untold = if seat.untold > 0 {
            format!("; of {} no activity is told", seat.untold)
        } else {
            String::new()
        };
        let text = format!(
            "{} of {} seats of {} are without activity for more than {days} days{untold}",
            extent_text(&idle),
            seat.all,
            product_text(product),
        );
        let price = one_price(product, holder, rights, watched.day);
        let warning = Warning::new(WarningKind::Unused, about, text)
            .money(priced(idle.low(), price.as_ref()))
            .figure(idle)
            .limit(whole(0))
            .unit("seat")
            .row(&first.origin)
            .advice(
                "Ask their users, then take the seats back and give fewer at the next renewal.",
            );
        found.push(warning);
    }
}

/// Seats of the last snapshot of each product and legal entity that is not after today, without released ones.
fn held_seats<'a>(watched: &Watched<'a>) -> Vec<(&'a Product, &'a UseRow)> {
    let rows = watched.inventory.uses.iter().filter(|row| row.kind == UseKind::Seat);
    let rows: Vec<(&Product, &UseRow)> = rows
        .filter(|row| row.snapshot <= watched.day)
        .filter_map(|row| Some((row.product.as_ref()?, row)))
        .collect();
    let mut last: BTreeMap<(&Product, Option<&Arc<str>>), NaiveDate> = BTreeMap::new();
    for &(product, row) in &rows {
        let key = (product, row.holder.legal_entity.as_ref());
        let snapshot = last.entry(key).or_insert(row.snapshot);
        *snapshot = row.snapshot.max(*snapshot);
    }
    let is_held = |&(product, row): &(&'a Product, &'a UseRow)| {
        last.get(&(product, row.holder.legal_entity.as_ref())) == Some(&row.snapshot)
            && date(row, RELEASED).is_none_or(|released| released > watched.day)
    };
    rows.into_iter().filter(is_held).collect()
}

fn date(row: &UseRow, field: &str) -> Option<NaiveDate> {
    match row.fields.get(&Field::from(field))? {
        Value::Date(day) => Some(*day),
        Value::Time(time) => Some(time.date()),
        Value::Text(_) | Value::Number(_) | Value::Truth(_) => None,
    }
}

/// The one price that rights of a product have today for that holder; none where they have several.
fn one_price(
    product: &Product,
    holder: &Holder,
    rights: &[&Entitlement],
    day: NaiveDate,
) -> Option<DutyPrice> {
    let own = |right: &&&Entitlement| {
        let entity = &right.holder.legal_entity;
        let is_theirs = entity.is_none() || *entity == holder.legal_entity;
        right.product == *product && right.days.contains(day) && is_theirs
    };
    let mut prices = rights.iter().filter(own).map(|right| price(right));
    let first = prices.next()??;
    let same = |price: Option<DutyPrice>| {
        let known: Option<(Number, Currency)> =
            price.map(|price| (number_of(price.amount), price.currency));
        known == Some((number_of(first.amount), first.currency))
    };
    prices.all(same).then_some(first)
}
