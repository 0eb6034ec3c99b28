//! `license_matches.csv`: which right covers which use and why, what is not covered, and which rights nobody uses.

use crate::diagnostics::Finding;
use crate::licenses::{Cover, Holder, Matched, NotUsed, Product, UsePlace};

use super::super::sink::Sink;
use super::{number, text};

pub(super) const HEADER: [&str; 18] = [
    "metric",
    "interpretation",
    "bound",
    "match",
    "product",
    "edition",
    "version",
    "subject_kind",
    "subject",
    "legal_entity",
    "region",
    "pool",
    "environment",
    "quantity",
    "entitlement",
    "entitlement_product",
    "entitlement_pool",
    "reason",
];

/// A line: its fields, by what they are.
struct Line<'a> {
    kind: &'a str,
    demand: Option<&'a UsePlace>,
    quantity: String,
    entitlement: &'a str,
    product: Option<&'a Product>,
    holder: Option<&'a Holder>,
    entitlement_pool: String,
    reason: &'a str,
}

pub(super) fn write(matched: &Matched, sink: &mut Sink) -> Result<(), Finding> {
    sink.table("license_matches.csv", &HEADER, |table| {
        for cover in &matched.covers {
            for line in lines(cover) {
                table.write_record(fields(Some(cover), &line))?;
            }
        }
        let mut idle = matched.idle.iter();
        idle.try_for_each(|left| table.write_record(fields(None, &not_used(left))))
    })
}

fn lines(cover: &Cover) -> Vec<Line<'_>> {
    let matches = cover.matches.iter().map(|found| Line {
        kind: found.kind.name(),
        demand: Some(&found.demand),
        quantity: number(Some(&found.quantity), ""),
        entitlement: &found.entitlement,
        product: Some(&found.product),
        holder: Some(&found.demand.holder),
        entitlement_pool: text(found.pool.as_ref()),
        reason: &found.reason,
    });
    let open = |kind, demand, quantity, reason| Line {
        kind,
        demand: Some(demand),
        quantity,
        entitlement: "",
        product: None,
        holder: Some(&demand.holder),
        entitlement_pool: String::new(),
        reason,
    };
    let spared = cover.spared.iter().map(|spared| {
        let quantity = number(Some(&spared.quantity), "");
        open("by_host", &spared.demand, quantity, spared.reason.as_str())
    });
    let uncovered = cover.uncovered.iter().map(|lacking| {
        let quantity = number(lacking.quantity.as_ref(), "");
        open("uncovered", &lacking.demand, quantity, "no right that fits is left")
    });
    let left = cover.not_used.iter().map(not_used);
    matches.chain(spared).chain(uncovered).chain(left).collect()
}

fn not_used(left: &NotUsed) -> Line<'_> {
    Line {
        kind: if left.holds { "not_used" } else { "out" },
        demand: None,
        quantity: number(left.quantity.as_ref(), "unlimited"),
        entitlement: &left.entitlement,
        product: Some(&left.product),
        holder: Some(&left.holder),
        entitlement_pool: text(left.holder.pool.as_ref()),
        reason: &left.reason,
    }
}

fn fields(cover: Option<&Cover>, line: &Line<'_>) -> [String; HEADER.len()] {
    let used = line.demand;
    let product = used.map(|used| &used.product);
    let holder =
        |pick: fn(&Holder) -> Option<&std::sync::Arc<str>>| text(line.holder.and_then(pick));
    let own = line.product.map(|product| match &product.edition {
        Some(edition) => format!("{} {edition}", product.name),
        None => product.name.to_string(),
    });
    [
        cover.map_or_else(String::new, |cover| cover.world.metric.to_string()),
        cover.map_or_else(String::new, |cover| cover.world.interpretation.to_string()),
        cover.map_or_else(String::new, |cover| cover.bound.name().to_owned()),
        line.kind.to_owned(),
        product.map_or_else(String::new, |product| product.name.to_string()),
        text(product.and_then(|product| product.edition.as_ref())),
        text(used.and_then(|used| used.version.as_ref())),
        used.map_or_else(String::new, |used| used.subject.kind.name().to_owned()),
        used.map_or_else(String::new, |used| used.subject.id.to_string()),
        holder(|holder| holder.legal_entity.as_ref()),
        holder(|holder| holder.region.as_ref()),
        holder(|holder| holder.pool.as_ref()),
        holder(|holder| holder.environment.as_ref()),
        line.quantity.clone(),
        line.entitlement.to_owned(),
        own.unwrap_or_default(),
        line.entitlement_pool.clone(),
        line.reason.to_owned(),
    ]
}
