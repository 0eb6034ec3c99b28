//! `license_position.csv`: owned against used.

use crate::diagnostics::Finding;
use crate::licenses::{Figures, Number, Position};

use super::super::sink::Sink;
use super::{money, number, percent, share_percent, text};

pub(super) const HEADER: [&str; 38] = [
    "publisher",
    "product",
    "edition",
    "metric",
    "interpretation",
    "legal_entity",
    "pool",
    "line",
    "unit",
    "entitled",
    "consumed",
    "surplus",
    "shortfall",
    "utilisation",
    "status",
    "unit_price",
    "currency",
    "exposure",
    "basis",
    "since",
    "evidence",
    "entitled_low",
    "consumed_low",
    "surplus_low",
    "shortfall_low",
    "exposure_low",
    "entitled_high",
    "consumed_high",
    "surplus_high",
    "shortfall_high",
    "exposure_high",
    "shared_free",
    "coverage",
    "missing",
    "breaches",
    "entitlements",
    "contracts",
    "clause",
];
/// What has no limit.
const UNLIMITED: &str = "unlimited";

pub(super) fn write(positions: &[Position], sink: &mut Sink) -> Result<(), Finding> {
    sink.table("license_position.csv", &HEADER, |table| {
        let mut lines = positions.iter();
        lines.try_for_each(|line| table.write_record(fields(line)))
    })
}

pub(super) fn fields(line: &Position) -> Vec<String> {
    let (key, price) = (&line.key, line.price.as_ref());
    let currency = price.map(|price| price.currency);
    let [low, high] = line.exposure();
    let is_exact = line.is_exact();
    let known = |text: String| if is_exact { text } else { String::new() };
    let mut fields = vec![
        text(key.product.publisher.as_ref()),
        key.product.name.to_string(),
        text(key.product.edition.as_ref()),
        key.metric.to_string(),
        key.interpretation.to_string(),
        text(key.legal_entity.as_ref()),
        text(key.pool.as_ref()),
        key.kind.name().to_owned(),
        line.unit.to_string(),
    ];
    fields.extend(figures(&line.low).map(known));
    fields.extend([
        known(percent(line.utilisation().as_ref())),
        line.status.name().to_owned(),
        price.map_or_else(String::new, |price| price.amount.to_string()),
        currency.map_or_else(String::new, |currency| currency.to_string()),
        known(money(low.as_ref(), currency)),
        price.map_or_else(String::new, |price| price.basis.clone()),
        line.since.map_or_else(String::new, |since| since.to_string()),
        line.evidence.clone(),
    ]);
    for (bound, exposure) in [(&line.low, low), (&line.high, high)] {
        fields.extend(figures(bound));
        fields.push(money(exposure.as_ref(), currency));
    }
    let shared = if line.low.shared_free == line.high.shared_free {
        known(number(line.low.shared_free.as_ref(), UNLIMITED))
    } else {
        String::new()
    };
    let join = |texts: Vec<&str>| texts.join("; ");
    fields.extend([
        shared,
        share_percent(line.coverage.as_ref()),
        join(line.gaps.iter().map(|gap| &**gap).collect()),
        line.breaches.to_string(),
        join(line.entitlements.iter().map(|id| &**id).collect()),
        join(line.contracts.iter().map(|id| &**id).collect()),
        line.reading.as_ref().map_or_else(String::new, |reading| text(reading.clause.as_ref())),
    ]);
    fields
}

/// Entitled, consumed, surplus and shortfall. Blank where nothing bounds it.
fn figures(figures: &Figures) -> [String; 4] {
    let of = |figure: &Option<Number>, none| number(figure.as_ref(), none);
    [
        of(&figures.entitled, UNLIMITED),
        of(&figures.consumed, ""),
        of(&figures.surplus, UNLIMITED),
        of(&figures.shortfall, ""),
    ]
}
