//! `license_purchases.csv`: what the cheapest cover buys, what one offer alone would cost, and whether it is proven.

use crate::diagnostics::Finding;
use crate::licenses::{Cheapest, Cover, Matched, Number, Product};

use super::super::sink::Sink;
use super::{money, number, text};

pub(super) const HEADER: [&str; 17] = [
    "metric",
    "interpretation",
    "bound",
    "row",
    "publisher",
    "product",
    "edition",
    "host",
    "quantity",
    "needed",
    "unit_price",
    "currency",
    "amount",
    "saving",
    "proven",
    "offer",
    "note",
];

/// Writes the table, where any world was solved for the least cost.
pub(super) fn write(matched: &Matched, sink: &mut Sink) -> Result<(), Finding> {
    let solved = || {
        let covers = matched.covers.iter();
        covers.filter_map(|cover| Some((cover, cover.cheapest.as_ref()?)))
    };
    if solved().next().is_none() {
        return Ok(());
    }
    sink.table("license_purchases.csv", &HEADER, |table| {
        for (cover, cheapest) in solved() {
            for row in rows(cover, cheapest) {
                table.write_record(row)?;
            }
        }
        Ok(())
    })
}

/// A row: what differs from kind to kind.
#[derive(Default)]
struct Row<'a> {
    kind: &'static str,
    product: Option<&'a Product>,
    host: &'a str,
    quantity: Option<&'a Number>,
    needed: Option<&'a Number>,
    unit_price: String,
    amount: Option<&'a Number>,
    saving: Option<&'a Number>,
    proven: &'static str,
    offer: String,
    note: String,
}

fn rows(cover: &Cover, found: &Cheapest) -> Vec<[String; HEADER.len()]> {
    let mut rows = Vec::new();
    for bought in &found.purchases {
        rows.push(Row {
            kind: "buy",
            product: Some(&bought.product),
            quantity: Some(&bought.quantity),
            needed: Some(&bought.needed),
            unit_price: bought.unit_price.to_string(),
            amount: Some(&bought.amount),
            offer: bought.offer.clone(),
            note: bought.clause.clone().unwrap_or_default(),
            ..Row::default()
        });
    }
    for host in &found.hosts {
        let note = format!("instead of {} for its machines", number(Some(&host.instead_of), ""));
        let product = Some(&host.product);
        let quantity = Some(&host.quantity);
        rows.push(Row {
            kind: "host",
            product,
            host: &host.host,
            quantity,
            note,
            ..Row::default()
        });
    }
    let mut notes = found.notes.clone();
    if found.amount != found.at_least {
        let least = money(Some(&found.at_least), found.currency);
        notes.push(format!("no cover costs less than {least}"));
    }
    if found.not_offered > Number::default() {
        notes.push(format!("{} units that no offer covers", number(Some(&found.not_offered), "")));
    }
    rows.push(Row {
        kind: "total",
        amount: Some(&found.amount),
        proven: if found.proven { "true" } else { "false" },
        note: notes.join("; "),
        ..Row::default()
    });
    for single in &found.single {
        rows.push(Row {
            kind: "single_offer",
            product: Some(&single.product),
            quantity: Some(&single.quantity),
            amount: Some(&single.amount),
            saving: Some(&single.saving),
            ..Row::default()
        });
    }
    rows.into_iter().map(|row| fields(cover, found, row)).collect()
}

fn fields(cover: &Cover, found: &Cheapest, row: Row<'_>) -> [String; HEADER.len()] {
    let product = row.product;
    [
        cover.world.metric.to_string(),
        cover.world.interpretation.to_string(),
        cover.bound.name().to_owned(),
        row.kind.to_owned(),
        text(product.and_then(|product| product.publisher.as_ref())),
        product.map_or_else(String::new, |product| product.name.to_string()),
        text(product.and_then(|product| product.edition.as_ref())),
        row.host.to_owned(),
        number(row.quantity, ""),
        number(row.needed, ""),
        row.unit_price,
        found.currency.map_or_else(String::new, |currency| currency.to_string()),
        money(row.amount, found.currency),
        money(row.saving, found.currency),
        row.proven.to_owned(),
        row.offer,
        row.note,
    ]
}
