//! The bill of Acme Inc's own AWS payer: a legacy Cost and Usage Report with a Savings Plan and a
//! reservation, of which a part stands idle since 20 October.

use std::io;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::calendar::{Month, day, next};
use super::lines::{Line, Use, plain, table};
use super::meter::decimal;

const PAYER: &str = "500060007000";
const CARDS: &str = "512345670501";
const FRAUD: &str = "512345670502";
const PLAN: &str =
    "arn:aws:savingsplans::500060007000:savingsplan/2f9d41c6-1f0e-4d8a-b1f7-58c1a3c5e901";
const RESERVATION: &str = "arn:aws:rds:us-east-1:500060007000:ri:acme-inc-ledger";

#[rustfmt::skip]
const HEADERS: [&str; 62] = [
    "identity/LineItemId", "identity/TimeInterval", "bill/InvoiceId", "bill/InvoicingEntity",
    "bill/BillingEntity", "bill/BillType", "bill/PayerAccountId", "bill/BillingPeriodStartDate",
    "bill/BillingPeriodEndDate", "lineItem/UsageAccountId", "lineItem/LineItemType",
    "lineItem/UsageStartDate", "lineItem/UsageEndDate", "lineItem/ProductCode", "lineItem/UsageType",
    "lineItem/Operation", "lineItem/AvailabilityZone", "lineItem/ResourceId", "lineItem/UsageAmount",
    "lineItem/NormalizationFactor", "lineItem/NormalizedUsageAmount", "lineItem/CurrencyCode",
    "lineItem/UnblendedRate", "lineItem/UnblendedCost", "lineItem/BlendedRate", "lineItem/BlendedCost",
    "lineItem/LineItemDescription", "lineItem/TaxType", "lineItem/LegalEntity", "product/ProductName",
    "product/instanceType", "product/location", "product/productFamily", "product/region",
    "product/regionCode", "product/servicecode", "product/sku", "pricing/RateCode", "pricing/currency",
    "pricing/publicOnDemandCost", "pricing/publicOnDemandRate", "pricing/term", "pricing/unit",
    "reservation/AmortizedUpfrontCostForUsage", "reservation/AmortizedUpfrontFeeForBillingPeriod",
    "reservation/EffectiveCost", "reservation/RecurringFeeForUsage", "reservation/ReservationARN",
    "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod", "reservation/UnusedQuantity",
    "reservation/UnusedRecurringFee", "savingsPlan/OfferingType", "savingsPlan/SavingsPlanARN",
    "savingsPlan/SavingsPlanEffectiveCost", "savingsPlan/SavingsPlanRate",
    "savingsPlan/TotalCommitmentToDate", "savingsPlan/UsedCommitment", "resourceTags/aws:createdBy",
    "resourceTags/user:CostCenter", "resourceTags/user:cost-center", "resourceTags/user:environment",
    "resourceTags/user:team",
];

/// Use on demand: service, account, what, tags.
struct OnDemand {
    code: &'static str,
    product: &'static str,
    family: &'static str,
    account: &'static str,
    unit: &'static str,
    /// Header of the tag, and the cost center.
    tag: (&'static str, &'static str),
    of: Use,
}

#[rustfmt::skip]
const ON_DEMAND: [OnDemand; 5] = [
    OnDemand { code: "AmazonS3", product: "Amazon Simple Storage Service", family: "Storage", account: CARDS, unit: "GB-Mo", tag: ("resourceTags/user:cost-center", "CC2010"), of: Use { name: "card-statements-us", daily: "1420.5", price: "0.023", growth: 2, weekend: 100 } },
    OnDemand { code: "AWSLambda", product: "AWS Lambda", family: "Serverless", account: CARDS, unit: "Lambda-GB-Second", tag: ("resourceTags/user:CostCenter", "cc2010"), of: Use { name: "card-webhooks-us", daily: "0.0027", price: "0.0000166667", growth: 4, weekend: 110 } },
    OnDemand { code: "AmazonDynamoDB", product: "Amazon DynamoDB", family: "Amazon DynamoDB PayPerRequest Throughput", account: CARDS, unit: "WriteRequestUnits", tag: ("resourceTags/user:cost-center", "CC2030"), of: Use { name: "settlement-us", daily: "48210000", price: "0.000000625", growth: 3, weekend: 35 } },
    OnDemand { code: "AmazonSageMaker", product: "Amazon SageMaker", family: "ML Instance", account: FRAUD, unit: "Hrs", tag: ("", ""), of: Use { name: "fraud-scoring-us", daily: "31.4", price: "1.408", growth: 5, weekend: 70 } },
    OnDemand { code: "AWSDataTransfer", product: "AWS Data Transfer", family: "Data Transfer", account: CARDS, unit: "GB", tag: ("", ""), of: Use { name: "egress-us", daily: "310.2", price: "0.09", growth: 3, weekend: 90 } },
];

/// Instances that the Savings Plan covers, and the hourly promise, at 0.72 of the list price.
const COVERED: Use =
    Use { name: "card-gateway-us", daily: "96", price: "0.768", growth: 1, weekend: 100 };
const PLAN_RATE: &str = "0.72";
const PLAN_DAILY: &str = "57.6";

/// Two reserved databases: a part paid up front, spread, and a fee by the hour. The replica was
/// switched off on 20 October.
const DATABASES: [(&str, u32); 2] = [("ledger-us", 32), ("ledger-us-replica", 20)];
const UPFRONT_HOURLY: &str = "0.41";
const RECURRING_HOURLY: &str = "0.535";
const DATABASE_PRICE: &str = "1.46";

/// The discount that Acme Inc agreed with AWS, on everything but tax.
const AGREED: &str = "-0.03";

/// The month's report.
///
/// # Errors
/// If a line cannot be written.
pub fn csv(month: Month) -> io::Result<Vec<u8>> {
    table(&HEADERS, &lines(month))
}

/// What the report sums to without tax, and the tax: AWS' own invoice.
pub fn invoiced(month: Month) -> (Decimal, Decimal) {
    let sum = |is_tax: bool| -> Decimal {
        let wanted = lines(month).into_iter().filter(|line| (text(line, TYPE) == "Tax") == is_tax);
        wanted.map(|line| cost(&line)).sum()
    };
    (sum(false), sum(true))
}

const TYPE: &str = "lineItem/LineItemType";
const COST: &str = "lineItem/UnblendedCost";

fn text<'a>(line: &'a Line, header: &str) -> &'a str {
    line.iter().find(|(known, _)| *known == header).map_or("", |(_, text)| text)
}

/// What a line is billed at.
fn cost(line: &Line) -> Decimal {
    let written = text(line, COST);
    let found = if written.contains('E') { Decimal::from_scientific(written).ok() } else { None };
    found.unwrap_or_else(|| decimal(written))
}

fn lines(month: Month) -> Vec<Line> {
    let mut lines = Vec::new();
    for on in month.days() {
        lines.extend(ON_DEMAND.iter().map(|of| on_demand(of, month, on)));
        lines.extend(plan(month, on));
        lines.extend(databases(month, on));
    }
    lines.extend(reservation_fees(month));
    for account in [CARDS, FRAUD] {
        let of_account =
            lines.iter().filter(|line| text(line, "lineItem/UsageAccountId") == account);
        let billed: Decimal = of_account.map(cost).sum();
        lines.push(monthly(month, account, "EdpDiscount", (billed * decimal(AGREED)).round_dp(8)));
    }
    let billed: Decimal = lines.iter().map(cost).sum();
    let mut tax = monthly(month, PAYER, "Tax", (billed * decimal("0.0625")).round_dp(2));
    tax.push(("lineItem/TaxType", "USSalesTax".to_owned()));
    lines.push(tax);
    for (index, line) in lines.iter_mut().enumerate() {
        let id = crate::random::Random::of(&format!("{} {index}", month.name())).hex(40);
        line.push(("identity/LineItemId", id));
    }
    lines
}

/// What every line says of its bill and its days.
fn line(
    month: Month,
    [from, to]: [NaiveDate; 2],
    account: &str,
    kind: &str,
    cost: Decimal,
) -> Line {
    let time = |day: NaiveDate| format!("{day}T00:00:00Z");
    vec![
        ("identity/TimeInterval", format!("{}/{}", time(from), time(to))),
        ("bill/InvoiceId", invoice(month)),
        ("bill/InvoicingEntity", "Amazon Web Services, Inc.".to_owned()),
        ("bill/BillingEntity", "AWS".to_owned()),
        ("bill/BillType", "Anniversary".to_owned()),
        ("bill/PayerAccountId", PAYER.to_owned()),
        ("bill/BillingPeriodStartDate", time(month.from())),
        ("bill/BillingPeriodEndDate", time(month.to())),
        ("lineItem/UsageAccountId", account.to_owned()),
        (TYPE, kind.to_owned()),
        ("lineItem/UsageStartDate", time(from)),
        ("lineItem/UsageEndDate", time(to)),
        ("lineItem/CurrencyCode", "USD".to_owned()),
        (COST, scientific(cost)),
        ("lineItem/LegalEntity", "Amazon Web Services, Inc.".to_owned()),
    ]
}

/// The number of the month's invoice.
pub fn invoice(month: Month) -> String {
    format!("USINV26-{}", month.from().format("%m%d"))
}

/// AWS writes small amounts with an exponent, and whole ones with a zero after the point.
fn scientific(cost: Decimal) -> String {
    let cost = cost.normalize();
    if cost.scale() == 0 {
        return format!("{cost}.0");
    }
    let digits = cost.mantissa().unsigned_abs().to_string();
    let exponent = digits.len() as i64 - 1 - i64::from(cost.scale());
    if exponent > -4 {
        return cost.to_string();
    }
    let (head, tail) = digits.split_at(1);
    let sign = if cost.is_sign_negative() { "-" } else { "" };
    format!("{sign}{head}.{}E{exponent}", if tail.is_empty() { "0" } else { tail })
}

fn on_demand(of: &OnDemand, month: Month, on: NaiveDate) -> Line {
    let mut made = line(month, [on, next(on)], of.account, "Usage", of.of.price_of(on));
    let cost = text(&made, COST).to_owned();
    let (header, cost_center) = of.tag;
    made.extend([
        ("lineItem/ProductCode", of.code.to_owned()),
        ("lineItem/ResourceId", of.of.name.to_owned()),
        ("lineItem/UsageAmount", plain(of.of.units(on))),
        ("lineItem/LineItemDescription", format!("${} per {}", of.of.price, of.unit)),
        ("product/ProductName", of.product.to_owned()),
        ("product/productFamily", of.family.to_owned()),
        ("product/region", "us-east-1".to_owned()),
        ("pricing/publicOnDemandCost", cost),
        ("pricing/term", "OnDemand".to_owned()),
        ("pricing/unit", of.unit.to_owned()),
        ("resourceTags/user:environment", "prod".to_owned()),
    ]);
    if !header.is_empty() {
        made.push((header, cost_center.to_owned()));
    }
    made
}

/// A day of the Savings Plan: the covered use at its list price, what takes that off again, and the
/// fee, of which a part may be unused.
fn plan(month: Month, on: NaiveDate) -> [Line; 3] {
    let days = [on, next(on)];
    let listed = COVERED.price_of(on).min(decimal(PLAN_DAILY) / decimal(PLAN_RATE));
    let used = (listed * decimal(PLAN_RATE)).round_dp(10);
    let what = |made: &mut Line| {
        made.extend([
            ("lineItem/ProductCode", "AmazonEC2".to_owned()),
            ("product/ProductName", "Amazon Elastic Compute Cloud".to_owned()),
            ("product/region", "us-east-1".to_owned()),
            ("savingsPlan/SavingsPlanARN", PLAN.to_owned()),
            ("savingsPlan/OfferingType", "ComputeSavingsPlans".to_owned()),
        ]);
    };
    let mut covered = line(month, days, CARDS, "SavingsPlanCoveredUsage", listed);
    what(&mut covered);
    covered.extend([
        ("lineItem/ResourceId", format!("i-{}", crate::random::Random::of(COVERED.name).hex(17))),
        ("lineItem/UsageAmount", plain(COVERED.units(on))),
        ("lineItem/UsageType", "BoxUsage:m6i.4xlarge".to_owned()),
        ("product/instanceType", "m6i.4xlarge".to_owned()),
        ("pricing/publicOnDemandCost", scientific(listed)),
        ("pricing/unit", "Hrs".to_owned()),
        ("savingsPlan/SavingsPlanEffectiveCost", scientific(used)),
        ("resourceTags/user:cost-center", "CC2010".to_owned()),
        ("resourceTags/user:environment", "prod".to_owned()),
    ]);
    let mut negation = line(month, days, CARDS, "SavingsPlanNegation", -listed);
    what(&mut negation);
    negation.push(("savingsPlan/SavingsPlanEffectiveCost", "0.0".to_owned()));
    let promised = decimal(PLAN_DAILY);
    let mut fee = line(month, days, PAYER, "SavingsPlanRecurringFee", promised);
    fee.extend([
        ("lineItem/ProductCode", "ComputeSavingsPlans".to_owned()),
        ("product/ProductName", "Savings Plans for AWS Compute usage".to_owned()),
        ("lineItem/LineItemDescription", "1 year No Upfront Compute Savings Plan".to_owned()),
        ("savingsPlan/SavingsPlanARN", PLAN.to_owned()),
        ("savingsPlan/OfferingType", "ComputeSavingsPlans".to_owned()),
        ("savingsPlan/TotalCommitmentToDate", scientific(promised)),
        ("savingsPlan/UsedCommitment", scientific(used)),
    ]);
    [covered, negation, fee]
}

fn runs(until: u32, on: NaiveDate) -> bool {
    on < if until > 31 { day(11, 1) } else { day(10, until) }
}

fn databases(month: Month, on: NaiveDate) -> Vec<Line> {
    let running = DATABASES.iter().filter(|(_, until)| runs(*until, on));
    let hours = Decimal::from(24);
    let of = |(name, _): &(&'static str, u32)| {
        let mut made = line(month, [on, next(on)], CARDS, "DiscountedUsage", Decimal::ZERO);
        let (upfront, fee) = (decimal(UPFRONT_HOURLY) * hours, decimal(RECURRING_HOURLY) * hours);
        made.extend([
            ("lineItem/ProductCode", "AmazonRDS".to_owned()),
            ("lineItem/ResourceId", format!("arn:aws:rds:us-east-1:{CARDS}:db:{name}")),
            ("lineItem/UsageAmount", "24.0".to_owned()),
            ("lineItem/UsageType", "InstanceUsage:db.r6g.4xl".to_owned()),
            ("product/ProductName", "Amazon Relational Database Service".to_owned()),
            ("product/regionCode", "us-east-1".to_owned()),
            ("pricing/publicOnDemandCost", scientific(decimal(DATABASE_PRICE) * hours)),
            ("pricing/unit", "Hrs".to_owned()),
            ("reservation/AmortizedUpfrontCostForUsage", scientific(upfront)),
            ("reservation/RecurringFeeForUsage", scientific(fee)),
            ("reservation/EffectiveCost", scientific(upfront + fee)),
            ("reservation/ReservationARN", RESERVATION.to_owned()),
            ("resourceTags/user:CostCenter", "CC2010".to_owned()),
            ("resourceTags/user:environment", "prod".to_owned()),
        ]);
        made
    };
    running.map(of).collect()
}

/// The month's fee of the reservation: billed whole, and with what stood idle.
fn reservation_fees(month: Month) -> Vec<Line> {
    let hours = |count: usize| Decimal::from(count * 24);
    let idle: usize = DATABASES
        .iter()
        .map(|(_, until)| month.days().filter(|on| !runs(*until, *on)).count())
        .sum();
    let all = month.days().count() * DATABASES.len();
    let fee = decimal(RECURRING_HOURLY) * hours(all);
    let mut made = line(month, [month.from(), month.to()], PAYER, "RIFee", fee);
    made.extend([
        ("lineItem/ProductCode", "AmazonRDS".to_owned()),
        (
            "lineItem/LineItemDescription",
            "USD 0.535 hourly fee per RDS, db.r6g.4xl instance".to_owned(),
        ),
        ("product/ProductName", "Amazon Relational Database Service".to_owned()),
        (
            "reservation/AmortizedUpfrontFeeForBillingPeriod",
            scientific(decimal(UPFRONT_HOURLY) * hours(all)),
        ),
        ("reservation/ReservationARN", RESERVATION.to_owned()),
        (
            "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod",
            scientific(decimal(UPFRONT_HOURLY) * hours(idle)),
        ),
        ("reservation/UnusedQuantity", scientific(hours(idle))),
        ("reservation/UnusedRecurringFee", scientific(decimal(RECURRING_HOURLY) * hours(idle))),
    ]);
    vec![made]
}

/// A line of the whole month that belongs to no resource.
fn monthly(month: Month, account: &str, kind: &str, cost: Decimal) -> Line {
    let mut made = line(month, [month.from(), month.to()], account, kind, cost);
    let what =
        if kind == "Tax" { "Tax of type US Sales Tax" } else { "Enterprise Discount Program" };
    made.extend([
        ("lineItem/LineItemDescription", what.to_owned()),
        ("product/ProductName", "Amazon Web Services".to_owned()),
    ]);
    made
}
