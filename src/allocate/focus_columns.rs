//! The columns of an allocated FOCUS dataset, and how their values are written.

use std::borrow::Cow;
use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, Utc};

use crate::domain::{Amount, Column, CostMetric, Period};
use crate::ingest::{Charge, Head, layout};

/// The version that is written.
pub const FOCUS_VERSION: &str = "1.3";

/// What a record holds in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    Text,
    /// A point in time, as `2026-10-01T00:00:00Z`.
    Time,
    /// A plain decimal.
    Number,
}

/// The columns beside those of FOCUS, behind them.
pub(super) const OWN_COLUMNS: [&str; 9] = [
    "x_OriginChargeId",
    "x_OwnerKind",
    "x_OwnerId",
    "x_OwnerPath",
    "x_Pool",
    "x_Rule",
    "x_Component",
    "x_SourceFile",
    "x_SourceRow",
];

/// What FOCUS 1.3 wants in every file, and what an allocated charge has.
/// Source: <https://focus.finops.org/focus-specification/v1-3/>, feature level Mandatory; read on
/// 2026-11-21.
const ALWAYS: [Column; 24] = [
    Column::AllocatedMethodDetails,
    Column::AllocatedMethodId,
    Column::AllocatedResourceId,
    Column::AllocatedResourceName,
    Column::AllocatedTags,
    Column::BilledCost,
    Column::BillingAccountId,
    Column::BillingAccountName,
    Column::BillingCurrency,
    Column::BillingPeriodEnd,
    Column::BillingPeriodStart,
    Column::ChargeCategory,
    Column::ChargeClass,
    Column::ChargeDescription,
    Column::ChargePeriodEnd,
    Column::ChargePeriodStart,
    Column::ContractedCost,
    Column::EffectiveCost,
    Column::InvoiceIssuerName,
    Column::ListCost,
    Column::PricingQuantity,
    Column::PricingUnit,
    Column::ServiceCategory,
    Column::ServiceName,
];

/// The columns of one dataset: what any bill has, and what every dataset must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FocusColumns {
    /// Of FOCUS 1.3, in its order.
    pub columns: Vec<Column>,
    /// Beside FOCUS, `x_` by name.
    pub customs: Vec<String>,
}

impl FocusColumns {
    #[must_use]
    pub fn of(heads: &[Head]) -> Self {
        let mut named: BTreeSet<String> = BTreeSet::new();
        let mut customs: BTreeSet<String> = BTreeSet::new();
        for head in heads {
            named.extend(layout(head, &[]).mapped.into_iter().map(|(column, _)| column));
            customs.extend(head.headers.iter().filter(|name| name.starts_with("x_")).cloned());
        }
        customs.extend(named.iter().filter(|name| name.starts_with("x_")).cloned());
        customs.retain(|name| !OWN_COLUMNS.iter().any(|own| own.eq_ignore_ascii_case(name)));
        // The version after 1.3 has one more.
        let all = Column::ALL.iter().filter(|column| **column != Column::InvoiceDetailId);
        let is_there = |column: &&Column| ALWAYS.contains(column) || named.contains(column.name());
        Self {
            columns: all.filter(is_there).copied().collect(),
            customs: customs.into_iter().collect(),
        }
    }

    /// All names and what their values are, in the order of records.
    pub fn header(&self) -> impl Iterator<Item = (&str, ValueKind)> {
        let focus = self.columns.iter().map(|column| (column.name(), kind_of(*column)));
        let customs = self.customs.iter().map(String::as_str);
        focus.chain(customs.chain(OWN_COLUMNS).map(|name| (name, ValueKind::Text)))
    }
}

/// What a column of a record holds.
pub(super) fn kind_of(column: Column) -> ValueKind {
    use Column::{
        BilledCost, BillingPeriodEnd, BillingPeriodStart, ChargePeriodEnd, ChargePeriodStart,
        ContractedCost, ContractedUnitPrice, EffectiveCost, ListCost, ListUnitPrice,
        PricingCurrencyContractedUnitPrice, PricingCurrencyListUnitPrice,
    };
    match column {
        BillingPeriodEnd | BillingPeriodStart | ChargePeriodEnd | ChargePeriodStart => {
            ValueKind::Time
        }
        BilledCost
        | ContractedCost
        | ContractedUnitPrice
        | EffectiveCost
        | ListCost
        | ListUnitPrice
        | PricingCurrencyContractedUnitPrice
        | PricingCurrencyListUnitPrice => ValueKind::Number,
        column if is_shared_beside(column) => ValueKind::Number,
        _ => ValueKind::Text,
    }
}

/// What is divided with a charge beside its four costs, by the shares of `EffectiveCost`.
pub(super) fn is_shared_beside(column: Column) -> bool {
    use Column::{
        CommitmentDiscountQuantity, ConsumedQuantity, PricingCurrencyEffectiveCost, PricingQuantity,
    };
    matches!(
        column,
        CommitmentDiscountQuantity
            | ConsumedQuantity
            | PricingCurrencyEffectiveCost
            | PricingQuantity
    )
}

pub(super) fn metric_of(column: Column) -> Option<CostMetric> {
    CostMetric::ALL.into_iter().find(|metric| metric.name() == column.name())
}

pub(super) fn number(text: &str) -> Option<Amount> {
    text.parse().ok()
}

/// A point in time in UTC, blank where a bill has none. A charge that a map makes of a row has days
/// and a month of its own. `None` where it cannot be read.
pub(super) fn time(column: Column, text: &str, charge: &Charge) -> Option<Cow<'static, str>> {
    let read = point_in_time(text);
    let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    let next = charge.month.next();
    let time = match column {
        Column::ChargePeriodStart => {
            let told = read.filter(|time| time.date_naive() == charge.day);
            told.unwrap_or_else(|| midnight(charge.day))
        }
        Column::BillingPeriodStart => {
            let told = read.filter(|time| Period::of(time.date_naive()) == charge.month);
            told.unwrap_or_else(|| midnight(charge.month.first()))
        }
        Column::BillingPeriodEnd => {
            let is_near = |month: Period| month == charge.month || month == next;
            let told = read.filter(|time| is_near(Period::of(time.date_naive())));
            told.unwrap_or_else(|| midnight(next.first()))
        }
        _ if text.is_empty() => return Some(Cow::Borrowed("")),
        _ => read?,
    };
    Some(time.to_rfc3339_opts(SecondsFormat::Secs, true).into())
}

/// A text as bills and readers of columns write times; UTC where it tells no zone.
fn point_in_time(text: &str) -> Option<DateTime<Utc>> {
    const ZONED: [&str; 3] =
        ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z"];
    const PLAIN: [&str; 4] =
        ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
    let text = text.trim();
    let plain = text.strip_suffix("Z").or_else(|| text.strip_suffix(" UTC")).unwrap_or(text);
    let zoned = || ZONED.iter().find_map(|format| DateTime::parse_from_str(text, format).ok());
    let time = || PLAIN.iter().find_map(|form| NaiveDateTime::parse_from_str(plain, form).ok());
    let day = || NaiveDate::parse_from_str(plain, "%Y-%m-%d").ok();
    let of_day = || day().map(|day| day.and_time(NaiveTime::MIN));
    time().or_else(of_day).map(|time| time.and_utc()).or_else(|| zoned().map(|time| time.to_utc()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_in_time_are_read_as_bills_write_them() {
        for (text, expected) in [
            ("2026-10-05T02:00:00+02:00", Some("2026-10-05T00:00:00Z")),
            ("2026-10-05 07:30:00", Some("2026-10-05T07:30:00Z")),
            ("2026-10-05T07:30:00", Some("2026-10-05T07:30:00Z")),
            ("2026-10-05T00:00Z", Some("2026-10-05T00:00:00Z")),
            ("2026-10-05 07:30:00 UTC", Some("2026-10-05T07:30:00Z")),
            ("2026-10-05 02:00:00.250+02", Some("2026-10-05T00:00:00Z")),
            ("2026-10-05", Some("2026-10-05T00:00:00Z")),
            ("5 October", None),
        ] {
            let time = point_in_time(text).map(|t| t.to_rfc3339_opts(SecondsFormat::Secs, true));
            assert_eq!(time.as_deref(), expected, "{text}");
        }
    }
}
