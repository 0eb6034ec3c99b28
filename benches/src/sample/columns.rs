//! The columns of the sample's files, and what a charge says in each of them.

use std::borrow::Cow;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::charge::Charge;

/// How a column is kept in Parquet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Time,
    /// A decimal with that many digits after the point.
    Number(i8),
    Tags,
}

/// FOCUS 1.2, and four columns of the provider's own.
#[rustfmt::skip]
pub const FOCUS_1_2: [&str; 60] = [
    "AvailabilityZone", "BilledCost", "BillingAccountId", "BillingAccountName",
    "BillingAccountType", "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart",
    "CapacityReservationId", "CapacityReservationStatus", "ChargeCategory", "ChargeClass",
    "ChargeDescription", "ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart",
    "CommitmentDiscountCategory", "CommitmentDiscountId", "CommitmentDiscountName",
    "CommitmentDiscountQuantity", "CommitmentDiscountStatus", "CommitmentDiscountType",
    "CommitmentDiscountUnit", "ConsumedQuantity", "ConsumedUnit", "ContractedCost",
    "ContractedUnitPrice", "EffectiveCost", "InvoiceId", "InvoiceIssuerName", "ListCost",
    "ListUnitPrice", "PricingCategory", "PricingCurrency", "PricingCurrencyContractedUnitPrice",
    "PricingCurrencyEffectiveCost", "PricingCurrencyListUnitPrice", "PricingQuantity",
    "PricingUnit", "ProviderName", "PublisherName", "RegionId", "RegionName", "ResourceId",
    "ResourceName", "ResourceType", "ServiceCategory", "ServiceName", "ServiceSubcategory", "SkuId",
    "SkuMeter", "SkuPriceDetails", "SkuPriceId", "SubAccountId", "SubAccountName", "SubAccountType",
    "Tags", "x_Operation", "x_ServiceCode", "x_UsageType",
];

/// FOCUS 1.0, and three columns of the provider's own.
#[rustfmt::skip]
pub const FOCUS_1_0: [&str; 46] = [
    "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd",
    "BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency",
    "ChargePeriodEnd", "ChargePeriodStart", "CommitmentDiscountCategory", "CommitmentDiscountId",
    "CommitmentDiscountName", "CommitmentDiscountStatus", "CommitmentDiscountType",
    "ConsumedQuantity", "ConsumedUnit", "ContractedCost", "ContractedUnitPrice", "EffectiveCost",
    "InvoiceIssuerName", "ListCost", "ListUnitPrice", "PricingCategory", "PricingQuantity",
    "PricingUnit", "ProviderName", "PublisherName", "RegionId", "RegionName", "ResourceId",
    "ResourceName", "ResourceType", "ServiceCategory", "ServiceName", "SkuId", "SkuPriceId",
    "SubAccountId", "SubAccountName", "Tags", "AvailabilityZone", "x_InvoiceId",
    "x_ResourceGroupName", "x_SkuMeterCategory",
];

/// How a column of that name is kept in Parquet. Scales differ, as they do in real exports.
#[must_use]
pub fn kind(column: &str) -> Kind {
    match column {
        "Tags" => Kind::Tags,
        "EffectiveCost" | "PricingCurrencyEffectiveCost" => Kind::Number(15),
        "ContractedUnitPrice" | "PricingCurrencyContractedUnitPrice" => Kind::Number(14),
        "BilledCost" | "ListCost" | "ContractedCost" | "CommitmentDiscountQuantity" => {
            Kind::Number(12)
        }
        "ListUnitPrice" | "PricingCurrencyListUnitPrice" => Kind::Number(10),
        "ConsumedQuantity" | "PricingQuantity" => Kind::Number(10),
        _ if column.starts_with("ChargePeriod") || column.starts_with("BillingPeriod") => {
            Kind::Time
        }
        _ => Kind::Text,
    }
}

/// What stands in one column of one row.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    Null,
    Text(Cow<'a, str>),
    Time(NaiveDate),
    Number(Decimal),
    Tags(&'a [(&'static str, &'static str)]),
}

impl<'a> Value<'a> {
    fn text(text: impl Into<Cow<'a, str>>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::Null } else { Self::Text(text) }
    }

    fn option(text: Option<impl Into<Cow<'a, str>>>) -> Self {
        text.map_or(Self::Null, Self::text)
    }

    fn number(number: Option<Decimal>) -> Self {
        number.map_or(Self::Null, Self::Number)
    }
}

/// What the charge says in that column; null where it says nothing.
#[must_use]
pub fn value<'a>(charge: &'a Charge, column: &str) -> Value<'a> {
    let answer =
        who(charge, column).or_else(|| what(charge, column)).or_else(|| money(charge, column));
    answer.or_else(|| commitment(charge, column)).unwrap_or(Value::Null)
}

fn who<'a>(charge: &'a Charge, column: &str) -> Option<Value<'a>> {
    let account = charge.sub_account;
    let provider = account.provider;
    Some(match column {
        "BillingAccountId" => Value::text(provider.billing_account_id),
        "BillingAccountName" => Value::text(provider.billing_account_name),
        "BillingAccountType" => Value::text(provider.billing_account_type),
        "BillingCurrency" | "PricingCurrency" => Value::text(provider.currency),
        "InvoiceIssuerName" => Value::text(provider.invoice_issuer),
        "InvoiceId" | "x_InvoiceId" => {
            let month = charge.billed_in.from().format("%m");
            Value::text(format!("{}-{month}44107", charge.invoice_series))
        }
        "ProviderName" => Value::text(provider.name),
        "PublisherName" => Value::text(charge.publisher),
        "SubAccountId" => Value::text(account.id),
        "SubAccountName" => Value::text(account.name),
        "SubAccountType" => Value::text(provider.sub_account_type),
        "RegionId" => Value::option(charge.resource.as_ref().map(|_| charge.region().0)),
        "RegionName" => Value::option(charge.resource.as_ref().map(|_| charge.region().1)),
        _ => return None,
    })
}

fn what<'a>(charge: &'a Charge, column: &str) -> Option<Value<'a>> {
    let service = charge.service;
    let resource = charge.resource.as_ref();
    Some(match column {
        "BillingPeriodStart" => Value::Time(charge.billed_in.from()),
        "BillingPeriodEnd" => Value::Time(charge.billed_in.to()),
        "ChargePeriodStart" => Value::Time(charge.from),
        "ChargePeriodEnd" => Value::Time(charge.to),
        "ChargeCategory" => Value::text(charge.category),
        "ChargeClass" => Value::option(charge.class),
        "ChargeDescription" => Value::text(charge.description.as_str()),
        "ChargeFrequency" => Value::text(charge.frequency),
        "ResourceId" => Value::option(resource.map(|resource| resource.id.as_str())),
        "ResourceName" => Value::option(resource.map(|resource| resource.name.as_str())),
        "ResourceType" => Value::option(resource.map(|resource| resource.kind)),
        "x_ResourceGroupName" => Value::option(resource.and_then(|resource| resource.group)),
        "ServiceCategory" => Value::text(service.category),
        "ServiceName" => Value::text(service.name),
        "ServiceSubcategory" => Value::text(service.subcategory),
        "SkuId" | "SkuPriceId" => Value::option(sku_id(charge)),
        "SkuMeter" | "x_UsageType" => Value::text(charge.sku),
        "x_ServiceCode" | "x_SkuMeterCategory" => Value::text(service.code),
        "Tags" if !charge.tags.is_empty() => Value::Tags(&charge.tags),
        _ => return None,
    })
}

fn sku_id(charge: &Charge) -> Option<String> {
    let mut drawn = crate::random::Random::of(charge.sku);
    (!charge.sku.is_empty()).then(|| drawn.hex(16).to_uppercase())
}

fn money<'a>(charge: &Charge, column: &str) -> Option<Value<'a>> {
    let costs = charge.costs;
    let priced = charge.priced;
    let used = priced.filter(|_| charge.category == "Usage");
    Some(match column {
        "BilledCost" => Value::Number(costs.billed),
        "EffectiveCost" | "PricingCurrencyEffectiveCost" => Value::Number(costs.effective),
        "ListCost" => Value::Number(costs.list),
        "ContractedCost" => Value::Number(costs.contracted),
        "ListUnitPrice" | "PricingCurrencyListUnitPrice" => {
            Value::number(priced.map(|priced| priced.list_price))
        }
        "ContractedUnitPrice" | "PricingCurrencyContractedUnitPrice" => {
            Value::number(priced.map(|priced| priced.contracted_price))
        }
        "PricingCategory" => Value::option(charge.pricing_category),
        "PricingQuantity" => Value::number(priced.map(|priced| priced.quantity)),
        "PricingUnit" => Value::option(priced.map(|priced| priced.unit)),
        "ConsumedQuantity" => Value::number(used.map(|used| used.quantity)),
        "ConsumedUnit" => Value::option(used.map(|used| used.unit)),
        _ => return None,
    })
}

fn commitment<'a>(charge: &Charge, column: &str) -> Option<Value<'a>> {
    let (commitment, status) = charge.commitment?;
    Some(match column {
        "CommitmentDiscountCategory" => Value::text(commitment.category),
        "CommitmentDiscountId" => Value::text(commitment.id),
        "CommitmentDiscountName" => Value::text(commitment.name),
        "CommitmentDiscountQuantity" => Value::number(charge.commitment_quantity()),
        "CommitmentDiscountStatus" => Value::option(status),
        "CommitmentDiscountType" => Value::text(commitment.kind),
        "CommitmentDiscountUnit" if commitment.category == "Usage" => Value::text("Hours"),
        "CommitmentDiscountUnit" => Value::text(charge.sub_account.provider.currency),
        _ => return None,
    })
}
