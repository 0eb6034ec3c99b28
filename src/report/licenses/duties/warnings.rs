//! `license_warnings.csv`: everything that somebody should know before it costs money, silenced ones among it.

use crate::diagnostics::Finding;
use crate::licenses::{Extent, Warning};
use crate::report::sink::Sink;

use super::Duties;
use super::text::{day, money, number, words};

const HEADER: [&str; 25] = [
    "day",
    "id",
    "kind",
    "severity",
    "publisher",
    "product",
    "edition",
    "contract",
    "legal_entity",
    "pool",
    "metric",
    "interpretation",
    "figure",
    "figure_high",
    "limit",
    "unit",
    "date",
    "money",
    "currency",
    "money_basis",
    "owner",
    "text",
    "to_do",
    "evidence",
    "silenced_by",
];

pub(super) fn write(duties: &Duties<'_>, sink: &mut Sink) -> Result<(), Finding> {
    sink.table("license_warnings.csv", &HEADER, |table| {
        let mut all = duties.warnings.iter();
        all.try_for_each(|warning| table.write_record(fields(duties, warning)))
    })
}

fn fields(duties: &Duties<'_>, warning: &Warning) -> [String; HEADER.len()] {
    let about = &warning.about;
    let product = about.product.as_ref();
    let figure = warning.figure.as_ref();
    let paid = warning.money.as_ref();
    [
        duties.day.to_string(),
        warning.id.clone(),
        warning.kind.name().to_owned(),
        warning.severity.name().to_owned(),
        words(product.and_then(|product| product.publisher.as_deref())),
        words(product.map(|product| &*product.name)),
        words(product.and_then(|product| product.edition.as_deref())),
        words(about.contract.as_deref()),
        words(about.holder.legal_entity.as_deref()),
        words(about.holder.pool.as_deref()),
        words(about.metric.as_deref()),
        words(about.interpretation.as_deref()),
        number(figure.map(Extent::low)),
        number(figure.and_then(Extent::high)),
        number(warning.limit.as_ref()),
        words(warning.unit.as_deref()),
        day(warning.date),
        money(paid),
        paid.map(|paid| paid.currency.to_string()).unwrap_or_default(),
        words(paid.map(|paid| paid.basis.as_str())),
        words(warning.owner.as_deref()),
        words(Some(&warning.text)),
        words(Some(&warning.to_do)),
        words(warning.evidence.as_deref()),
        words(warning.silenced_by.as_deref()),
    ]
}
