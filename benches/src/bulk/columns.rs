//! The 46 columns of the benchmark's bill, and where each takes its text from.

use std::borrow::Cow;

use super::row::{COST_SCALE, QUANTITY_SCALE, Row, write_decimal};
use super::world::{
    Resource, region_id, region_name, service_category, service_code, service_name, sub_account_id,
    sub_account_name,
};

/// What decides a column's text.
#[derive(Clone, Copy, Debug)]
pub enum Source {
    Constant(&'static str),
    OfResource(fn(&Resource) -> Cow<'_, str>),
    OfRow(RowColumn),
}

/// Columns that differ from row to row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowColumn {
    Billed,
    Effective,
    List,
    Contracted,
    Quantity,
    Start,
    End,
    Category,
    PricingCategory,
    Plan(&'static str),
    PlanId,
}

use RowColumn as R;
use Source::{Constant, OfResource, OfRow};

/// FOCUS 1.0 and three columns of the provider's own. An empty text is null.
#[rustfmt::skip]
pub const COLUMNS: [(&str, Source); 46] = [
    ("AvailabilityZone", OfResource(|r| format!("{}b", region_id(r.region)).into())),
    ("BilledCost", OfRow(R::Billed)),
    ("BillingAccountId", Constant("100020003000")),
    ("BillingAccountName", Constant("example-payer")),
    ("BillingCurrency", Constant("USD")),
    ("BillingPeriodEnd", Constant("2026-11-01T00:00:00Z")),
    ("BillingPeriodStart", Constant("2026-10-01T00:00:00Z")),
    ("ChargeCategory", OfRow(R::Category)),
    ("ChargeClass", Constant("")),
    ("ChargeDescription", OfResource(|r| format!("{} per unit of {}", price(r, 100), service_name(r.service)).into())),
    ("ChargeFrequency", Constant("Usage-Based")),
    ("ChargePeriodEnd", OfRow(R::End)),
    ("ChargePeriodStart", OfRow(R::Start)),
    ("CommitmentDiscountCategory", OfRow(R::Plan("Spend"))),
    ("CommitmentDiscountId", OfRow(R::PlanId)),
    ("CommitmentDiscountName", OfRow(R::Plan("Example plan, 3 years"))),
    ("CommitmentDiscountStatus", OfRow(R::Plan("Used"))),
    ("CommitmentDiscountType", OfRow(R::Plan("Savings Plan"))),
    ("ConsumedQuantity", OfRow(R::Quantity)),
    ("ConsumedUnit", Constant("Units")),
    ("ContractedCost", OfRow(R::Contracted)),
    ("ContractedUnitPrice", OfResource(|r| price(r, 93).into())),
    ("EffectiveCost", OfRow(R::Effective)),
    ("InvoiceIssuerName", Constant("Example Cloud, Inc.")),
    ("ListCost", OfRow(R::List)),
    ("ListUnitPrice", OfResource(|r| price(r, 100).into())),
    ("PricingCategory", OfRow(R::PricingCategory)),
    ("PricingQuantity", OfRow(R::Quantity)),
    ("PricingUnit", Constant("Units")),
    ("ProviderName", Constant("Example Cloud")),
    ("PublisherName", Constant("Example Cloud")),
    ("RegionId", OfResource(|r| region_id(r.region).into())),
    ("RegionName", OfResource(|r| region_name(r.region).into())),
    ("ResourceId", OfResource(|r| r.id.as_str().into())),
    ("ResourceName", OfResource(|r| r.id.rsplit('/').next().unwrap_or_default().into())),
    ("ResourceType", OfResource(|r| service_category(r.service).into())),
    ("ServiceCategory", OfResource(|r| service_category(r.service).into())),
    ("ServiceName", OfResource(|r| service_name(r.service).into())),
    ("SkuId", OfResource(|r| format!("SKU{:08X}", r.list_price * 7919).into())),
    ("SkuPriceId", OfResource(|r| format!("SKU{:08X}.ONDEMAND", r.list_price * 7919).into())),
    ("SubAccountId", OfResource(|r| sub_account_id(r.sub_account).into())),
    ("SubAccountName", OfResource(|r| sub_account_name(r.sub_account).into())),
    ("Tags", OfResource(|r| r.tags.as_deref().unwrap_or_default().into())),
    ("x_Operation", Constant("RunExample")),
    ("x_ServiceCode", OfResource(|r| service_code(r.service).into())),
    ("x_UsageType", OfResource(|r| format!("{}-Units", region_id(r.region)).into())),
];

/// What the job needs: the keys of the cube, what the rules read, and the four costs.
pub const NEEDED: [&str; 10] = [
    "BilledCost",
    "ChargeCategory",
    "ChargePeriodStart",
    "ContractedCost",
    "EffectiveCost",
    "ListCost",
    "ServiceName",
    "SubAccountId",
    "SubAccountName",
    "Tags",
];

fn price(resource: &Resource, percent: u64) -> String {
    let mut text = String::new();
    write_decimal(&mut text, i128::from(resource.list_price / 100 * percent), QUANTITY_SCALE);
    text
}

impl RowColumn {
    /// The cost in units of the twelfth digit, or the quantity in units of the sixth.
    pub const fn units(self, row: &Row) -> Option<(i128, usize)> {
        match self {
            Self::Billed => Some((row.billed, COST_SCALE)),
            Self::Effective => Some((row.effective, COST_SCALE)),
            Self::List => Some((row.list, COST_SCALE)),
            Self::Contracted => Some((row.contracted, COST_SCALE)),
            Self::Quantity => Some((row.quantity as i128, QUANTITY_SCALE)),
            _ => None,
        }
    }

    /// Days after the first of the month.
    pub const fn days(self, row: &Row) -> Option<u64> {
        match self {
            Self::Start => Some(row.day),
            Self::End => Some(row.day + 1),
            _ => None,
        }
    }

    /// The word in that column; empty for null.
    pub fn word(self, row: &Row) -> Cow<'static, str> {
        match self {
            Self::Category => row.category.name().into(),
            Self::PricingCategory => {
                if row.plan.is_some() { "Committed" } else { "Standard" }.into()
            }
            Self::Plan(word) => if row.plan.is_some() { word } else { "" }.into(),
            Self::PlanId => row.plan.map_or("".into(), |plan| {
                format!("arn:aws:savingsplans::100020003000:savingsplan/{plan:08}").into()
            }),
            _ => "".into(),
        }
    }
}
