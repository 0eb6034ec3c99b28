//! A row of a bill.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::calendar::Month;
use super::commitment::{Commitment, Covered};
use super::company::{AWS, SubAccount, sub_account};
use super::meter::{Meter, decimal, resource_id};
use super::service::Service;

pub const AWS_REGION: (&str, &str) = ("eu-central-1", "Europe (Frankfurt)");
pub const AZURE_REGION: (&str, &str) = ("westeurope", "West Europe");

/// The four costs of a charge.
#[derive(Clone, Copy, Debug, Default)]
pub struct Costs {
    pub billed: Decimal,
    pub effective: Decimal,
    pub list: Decimal,
    pub contracted: Decimal,
}

impl Costs {
    /// A charge that has one price only: tax, support, a marketplace fee.
    pub const fn same(cost: Decimal) -> Self {
        Self { billed: cost, effective: cost, list: cost, contracted: cost }
    }

    /// A credit or refund: it lowers what is paid, not what the use was worth.
    pub const fn given_back(cost: Decimal) -> Self {
        Self { billed: cost, effective: cost, list: Decimal::ZERO, contracted: Decimal::ZERO }
    }
}

/// How much was used, and the prices of one unit.
#[derive(Clone, Copy, Debug)]
pub struct Priced {
    pub quantity: Decimal,
    pub unit: &'static str,
    pub list_price: Decimal,
    pub contracted_price: Decimal,
}

/// A cloud resource.
#[derive(Clone, Debug)]
pub struct Resource {
    pub id: String,
    pub name: String,
    pub kind: &'static str,
    pub group: Option<&'static str>,
}

/// A row of a bill, before it is written in the form of its file.
#[derive(Clone, Debug)]
pub struct Charge {
    pub billed_in: Month,
    /// Half-open days.
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub category: &'static str,
    pub class: Option<&'static str>,
    pub frequency: &'static str,
    pub description: String,
    pub costs: Costs,
    pub priced: Option<Priced>,
    pub pricing_category: Option<&'static str>,
    pub service: &'static Service,
    pub sku: &'static str,
    pub sub_account: &'static SubAccount,
    pub resource: Option<Resource>,
    pub commitment: Option<(&'static Commitment, Option<&'static str>)>,
    pub publisher: &'static str,
    pub invoice_series: &'static str,
    pub tags: Vec<(&'static str, &'static str)>,
    /// Columns whose text a faulty export has spoiled.
    pub spoiled: Vec<(&'static str, &'static str)>,
}

impl Charge {
    /// A charge for a whole month that belongs to no resource.
    pub fn monthly(
        account: &str,
        service: &'static Service,
        month: Month,
        category: &'static str,
        description: &str,
        costs: Costs,
    ) -> Self {
        let sub_account = sub_account(account);
        Self {
            billed_in: month,
            from: month.from(),
            to: month.to(),
            category,
            class: None,
            frequency: "Recurring",
            description: description.to_owned(),
            costs,
            priced: None,
            pricing_category: None,
            service,
            sku: "",
            sub_account,
            resource: None,
            commitment: None,
            publisher: sub_account.provider.name,
            invoice_series: sub_account.provider.invoice_prefix,
            tags: Vec::new(),
            spoiled: Vec::new(),
        }
    }

    /// A day of use at negotiated prices.
    pub fn usage(
        meter: &Meter,
        index: u32,
        month: Month,
        day: NaiveDate,
        quantity: Decimal,
    ) -> Self {
        let sub_account = sub_account(meter.account);
        let list_price = decimal(meter.price);
        let contracted_price = list_price * decimal(sub_account.provider.contracted);
        let contracted = (quantity * contracted_price).round_dp(12);
        let list = (quantity * list_price).round_dp(12);
        let name = meter.resource_name(index);
        let unit = meter.unit;
        let description =
            format!("{list_price} per {unit} {} in {}", meter.sku, region(sub_account).1);
        Self {
            from: day,
            to: super::calendar::next(day),
            frequency: "Usage-Based",
            priced: Some(Priced { quantity, unit, list_price, contracted_price }),
            pricing_category: Some("Standard"),
            sku: meter.sku,
            resource: Some(Resource {
                id: resource_id(sub_account, meter, &name),
                name,
                kind: meter.service.resource_type,
                group: meter.resource_group(),
            }),
            tags: meter.tags_on(day),
            ..Self::monthly(
                meter.account,
                meter.service,
                month,
                "Usage",
                &description,
                Costs { billed: contracted, effective: contracted, list, contracted },
            )
        }
    }

    /// The same use, paid for by a commitment.
    pub fn covered(mut self, commitment: &'static Commitment, covered: Covered) -> Self {
        self.costs.billed = Decimal::ZERO;
        self.costs.effective = covered.effective;
        self.pricing_category = Some("Committed");
        self.commitment = Some((commitment, Some("Used")));
        self
    }

    /// How much of the commitment this row used up, in the commitment's unit.
    pub fn commitment_quantity(&self) -> Option<Decimal> {
        let (commitment, _) = self.commitment?;
        let spent =
            if self.category == "Purchase" { self.costs.billed } else { self.costs.effective };
        match self.priced {
            Some(priced) if commitment.category == "Usage" => Some(priced.quantity),
            _ => Some(spent),
        }
    }

    pub fn region(&self) -> (&'static str, &'static str) {
        region(self.sub_account)
    }
}

fn region(account: &SubAccount) -> (&'static str, &'static str) {
    if *account.provider == AWS { AWS_REGION } else { AZURE_REGION }
}
