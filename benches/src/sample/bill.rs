//! A month's bill of one provider: use day by day, then what comes once a month.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::calendar::Month;
use super::catalogue;
use super::charge::{Charge, Costs, Priced, Resource};
use super::commitment::{COMMITMENTS, Commitment, Remaining};
use super::company::{AWS, AZURE, Provider, sub_account};
use super::meter::{Meter, decimal};
use super::service::{AWS_SUPPORT, AZURE_SUPPORT, MARKETPLACE};
use super::{corrections, defects};

/// Every row of the provider's file for a month, the spoiled rows of October last.
#[must_use]
pub fn rows(provider: &'static Provider, month: Month) -> Vec<Charge> {
    let meters = if *provider == AWS { catalogue::aws() } else { catalogue::azure() };
    let day_of = |day| day_of(&meters, &commitments(provider), month, day);
    let mut rows: Vec<Charge> = month.days().flat_map(day_of).collect();
    rows.extend(commitments(provider).into_iter().map(|commitment| purchase(commitment, month)));
    rows.extend(monthly_fees(provider, month, &rows));
    rows.extend(corrections::of(provider, month));
    rows.extend(defects::of(provider, month, &rows));
    rows
}

fn commitments(provider: &Provider) -> Vec<&'static Commitment> {
    COMMITMENTS.iter().filter(|c| *sub_account(c.bought_by).provider == *provider).collect()
}

fn day_of(
    meters: &[Meter],
    commitments: &[&'static Commitment],
    month: Month,
    day: NaiveDate,
) -> Vec<Charge> {
    let mut remaining = Remaining::of_a_day();
    let mut rows = Vec::new();
    for meter in meters {
        for index in 0..meter.count {
            let Some(quantity) = meter.quantity(index, day) else { continue };
            rows.extend(use_of(meter, index, month, day, quantity, &mut remaining));
        }
    }
    rows.extend(
        commitments.iter().filter_map(|commitment| unused(commitment, month, day, &remaining)),
    );
    rows
}

/// One row, or two where the commitment runs out in the middle of it.
fn use_of(
    meter: &Meter,
    index: u32,
    month: Month,
    day: NaiveDate,
    quantity: Decimal,
    remaining: &mut Remaining,
) -> Vec<Charge> {
    let key = meter.covered_by;
    let covered = key.and_then(|key| remaining.cover(key, quantity, decimal(meter.price)));
    let (Some(key), Some(covered)) = (key, covered) else {
        return vec![Charge::usage(meter, index, month, day, quantity)];
    };
    let row = Charge::usage(meter, index, month, day, covered.quantity);
    let mut rows = vec![row.covered(Commitment::of(key), covered)];
    let rest = quantity - covered.quantity;
    if !rest.is_zero() {
        rows.push(Charge::usage(meter, index, month, day, rest));
    }
    rows
}

fn unused(
    commitment: &'static Commitment,
    month: Month,
    day: NaiveDate,
    remaining: &Remaining,
) -> Option<Charge> {
    let effective = remaining.unused(commitment.key);
    (!effective.is_zero()).then(|| Charge {
        from: day,
        to: super::calendar::next(day),
        category: "Usage",
        frequency: "Usage-Based",
        description: format!("Unused: {}", commitment.name),
        costs: Costs { effective, ..Costs::default() },
        commitment: Some((commitment, Some("Unused"))),
        ..purchase(commitment, month)
    })
}

/// The month's instalment: billed now, effective when it is used or left unused.
fn purchase(commitment: &'static Commitment, month: Month) -> Charge {
    let billed = commitment.daily() * Decimal::from(month.length());
    let costs = Costs { effective: Decimal::ZERO, ..Costs::same(billed) };
    let description = format!("Recurring fee: {}", commitment.name);
    let row = Charge::monthly(
        commitment.bought_by,
        commitment.service,
        month,
        "Purchase",
        &description,
        costs,
    );
    Charge {
        pricing_category: Some("Committed"),
        commitment: Some((commitment, None)),
        resource: Some(Resource {
            id: commitment.id.to_owned(),
            name: commitment.name.to_owned(),
            kind: commitment.kind,
            group: None,
        }),
        ..row
    }
}

fn monthly_fees(provider: &Provider, month: Month, rows: &[Charge]) -> Vec<Charge> {
    if *provider == AZURE {
        let fee = Costs::same(decimal("1250.00"));
        let text = "Unified Support, core, monthly";
        return vec![Charge::monthly("Corporate IT", &AZURE_SUPPORT, month, "Purchase", text, fee)];
    }
    let billed: Decimal = rows.iter().map(|row| row.costs.billed).sum();
    let support = (billed * decimal("0.03")).round_dp(2);
    let fee = |text: &str| {
        Charge::monthly("acme-payer", &AWS_SUPPORT, month, "Usage", text, Costs::same(support))
    };
    let mut rows = vec![fee("AWS Support (Business): 3% of monthly AWS usage"), marketplace(month)];
    let taxes: Vec<Charge> = rows.iter().map(tax_on).collect();
    rows.extend(taxes);
    rows
}

/// Sold by another house through the provider, on an invoice of its own.
fn marketplace(month: Month) -> Charge {
    let hosts = Decimal::from(108 + 6 * i64::from(month > Month::of(8)));
    let price = decimal("18.40");
    let text = "Datadog Pro, infrastructure hosts";
    let costs = Costs::same(hosts * price);
    Charge {
        publisher: "Datadog, Inc.",
        invoice_series: "EUMKTP26",
        pricing_category: Some("Standard"),
        priced: Some(Priced {
            quantity: hosts,
            unit: "Hosts",
            list_price: price,
            contracted_price: price,
        }),
        tags: vec![("owner", "observability@platform.acme.example")],
        ..Charge::monthly("acme-payer", &MARKETPLACE, month, "Purchase", text, costs)
    }
}

fn tax_on(row: &Charge) -> Charge {
    let tax = (row.costs.billed * decimal("0.19")).round_dp(2);
    Charge {
        category: "Tax",
        frequency: "One-Time",
        description: format!("VAT 19% on {}", row.service.name),
        costs: Costs::same(tax),
        priced: None,
        pricing_category: None,
        tags: Vec::new(),
        ..row.clone()
    }
}
