//! `contracts.csv`: the register with what follows from it on the day.

use crate::diagnostics::Finding;
use crate::licenses::{Terms, contract_kind_name};
use crate::report::sink::Sink;

use super::Duties;
use super::text::{day, money, number, truth, whole, words};

const HEADER: [&str; 37] = [
    "day",
    "contract",
    "kind",
    "title",
    "publisher",
    "owner",
    "state",
    "start",
    "last_day",
    "days_left",
    "auto_renew",
    "renewal",
    "notice_days",
    "notice_unit",
    "last_notice",
    "last_notice_workday",
    "notice_days_left",
    "calendar",
    "holidays_known",
    "currency",
    "value",
    "value_basis",
    "uplift_cap_percent",
    "renewal_uplift_percent",
    "capped_value",
    "offered_value",
    "above_cap",
    "price_hold",
    "true_up",
    "growth_allowance_percent",
    "audit_notice_days",
    "materiality_percent",
    "penalty_percent",
    "evidence_until",
    "shortfall_rule",
    "clause",
    "origin",
];

pub(super) fn write(duties: &Duties<'_>, sink: &mut Sink) -> Result<(), Finding> {
    sink.table("contracts.csv", &HEADER, |table| {
        duties.terms.iter().try_for_each(|terms| table.write_record(fields(duties, terms)))
    })
}

fn fields(duties: &Duties<'_>, terms: &Terms) -> [String; HEADER.len()] {
    let contract = &terms.contract;
    let notice = terms.notice.as_ref();
    let currency = contract.currency.or(terms.value.as_ref().map(|value| value.currency));
    let unit = if contract.business_days { "business day" } else { "day" };
    [
        duties.day.to_string(),
        words(Some(&contract.id)),
        contract_kind_name(contract.kind).to_owned(),
        words(contract.title.as_deref()),
        words(contract.publisher.as_deref()),
        words(contract.owner.as_deref()),
        terms.state.name().to_owned(),
        day(contract.days.from()),
        day(terms.last_day),
        terms.days_left.map(|days| days.to_string()).unwrap_or_default(),
        truth(contract.auto_renew),
        day(contract.days.to().filter(|_| terms.renews())),
        whole(contract.notice_days),
        contract.notice_days.map(|_| unit.to_owned()).unwrap_or_default(),
        day(notice.map(|notice| notice.last)),
        day(notice.map(|notice| notice.workday)),
        notice.map(|it| (it.last - duties.day).num_days().to_string()).unwrap_or_default(),
        words(notice.map(|notice| &*notice.calendar)),
        truth(notice.filter(|_| contract.business_days).map(|notice| notice.is_certain)),
        currency.map(|currency| currency.to_string()).unwrap_or_default(),
        money(terms.value.as_ref()),
        words(terms.value.as_ref().map(|value| value.basis.as_str())),
        number(contract.uplift_cap.as_ref()),
        number(contract.renewal_uplift.as_ref()),
        money(terms.capped.as_ref()),
        money(terms.offered.as_ref()),
        money(terms.above_cap.as_ref()),
        day(contract.price_hold),
        day(contract.true_up),
        number(contract.growth_allowance.as_ref()),
        whole(contract.audit_notice_days),
        number(contract.materiality.as_ref()),
        number(contract.penalty.as_ref()),
        day(terms.evidence_until),
        words(contract.shortfall_rule.as_deref()),
        words(contract.clause.as_deref()),
        words(Some(&format!("{}, row {}", contract.origin.path, contract.origin.row))),
    ]
}
