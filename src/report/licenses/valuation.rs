//! `license_valuation.csv`: the same over-use by each policy.

use crate::diagnostics::Finding;
use crate::licenses::{Valued, plain};

use super::super::sink::Sink;
use super::{number, text};

pub(super) const HEADER: [&str; 22] = [
    "publisher",
    "product",
    "edition",
    "metric",
    "interpretation",
    "legal_entity",
    "pool",
    "contract",
    "policy",
    "kind",
    "units",
    "unit_price",
    "basis",
    "currency",
    "amount",
    "exact",
    "remainder",
    "from",
    "working",
    "clause",
    "rule",
    "note",
];

pub(super) fn write(valued: &[Valued], sink: &mut Sink) -> Result<(), Finding> {
    sink.table("license_valuation.csv", &HEADER, |table| {
        let mut lines = valued.iter();
        lines.try_for_each(|line| table.write_record(fields(line)))
    })
}

pub(super) fn fields(line: &Valued) -> [String; HEADER.len()] {
    let key = &line.key;
    let amount = |amount: Option<crate::domain::Amount>| {
        amount.map_or_else(String::new, |amount| amount.to_string())
    };
    [
        text(key.product.publisher.as_ref()),
        key.product.name.to_string(),
        text(key.product.edition.as_ref()),
        key.metric.to_string(),
        key.interpretation.to_string(),
        text(key.legal_entity.as_ref()),
        text(key.pool.as_ref()),
        text(line.contract.as_ref()),
        line.policy.clone(),
        line.kind.name().to_owned(),
        plain(&line.units),
        amount(line.unit_price),
        line.basis.clone(),
        line.currency.map_or_else(String::new, |currency| currency.to_string()),
        amount(line.amount),
        number(line.exact.as_ref(), ""),
        number(line.remainder.as_ref(), ""),
        line.from.map_or_else(String::new, |from| from.to_string()),
        line.working.clone(),
        line.clause.clone().unwrap_or_default(),
        line.rule.clone(),
        line.note.clone().unwrap_or_default(),
    ]
}
