//! Credits, refunds, corrections of closed months and rows that come late.

use chrono::NaiveDate;

use super::calendar::{Month, day, next};
use super::catalogue;
use super::charge::{Charge, Costs};
use super::company::{AWS, Provider};
use super::meter::{Meter, decimal, parse_tags};
use super::service::{APP_SERVICE, EC2, MSK, OPENAI, RDS, S3, Service, VIRTUAL_WAN, VPC};

const SEPTEMBER: Month = Month::of(9);
const OCTOBER: Month = Month::of(10);

/// The month's rows that take something back.
pub fn of(provider: &'static Provider, month: Month) -> Vec<Charge> {
    let mut rows = if *provider == AWS { aws(month) } else { azure(month) };
    rows.extend(late(provider, month));
    rows
}

fn once(charge: Charge) -> Charge {
    Charge { frequency: "One-Time", ..charge }
}

fn credit(
    account: &str,
    service: &'static Service,
    month: Month,
    text: &str,
    cost: &str,
) -> Charge {
    once(Charge::monthly(account, service, month, "Credit", text, Costs::given_back(decimal(cost))))
}

fn refund(
    account: &str,
    service: &'static Service,
    month: Month,
    text: &str,
    cost: &str,
) -> Charge {
    once(Charge::monthly(
        account,
        service,
        month,
        "Adjustment",
        text,
        Costs::given_back(decimal(cost)),
    ))
}

fn aws(month: Month) -> Vec<Charge> {
    let rounding = match month {
        SEPTEMBER => "-0.001942",
        OCTOBER => "0.002856",
        _ => "0.003718",
    };
    let mut rows = vec![refund("acme-payer", &EC2, month, "Invoice rounding", rounding)];
    if month != Month::of(8) {
        let cost = if month == OCTOBER { "-2400.00" } else { "-1800.00" };
        rows.push(credit("data-prod", &S3, month, "Migration Acceleration Program credit", cost));
    }
    if month == OCTOBER {
        rows.push(credit(
            "platform-prod",
            &EC2,
            month,
            "Enterprise volume credit, third quarter",
            "-350.25",
        ));
        let text = "Refund: availability of db.r6g.16xlarge below the agreed level in September";
        let refunded = refund("payments-prod", &RDS, month, text, "-612.40");
        rows.push(Charge { tags: parse_tags("CostCenter=CC2010; Environment=PROD"), ..refunded });
        rows.extend((12..15).map(correction));
    }
    rows
}

/// September is closed, so October's bill gives back what September's took too much.
fn correction(september_day: u32) -> Charge {
    let from = day(9, september_day);
    let text = "Correction: NAT gateway bytes were metered twice";
    let cost = decimal("-41.73920445");
    let costs = Costs { list: decimal("-44.880865"), ..Costs::same(cost) };
    let row = Charge::monthly("network-hub", &VPC, OCTOBER, "Usage", text, costs);
    Charge { from, to: next(from), class: Some("Correction"), frequency: "Usage-Based", ..row }
}

fn azure(month: Month) -> Vec<Charge> {
    let mut rows = Vec::new();
    if month == SEPTEMBER {
        let text = "Refund: Virtual WAN hub was not reachable on 2026-09-03";
        rows.push(refund("Corporate IT", &VIRTUAL_WAN, month, text, "-88.1532"));
    }
    if month == OCTOBER {
        let text = "Azure credit offer for generative AI";
        rows.push(Charge {
            tags: parse_tags("cost-center=CC3030"),
            ..credit("Data Lab", &OPENAI, month, text, "-280.00")
        });
        let text = "Prepayment credit";
        rows.push(credit("Retail Web", &APP_SERVICE, month, text, "-145.70"));
    }
    rows
}

/// Rows of another month in the October files: use that AWS metered after September's bill, and
/// the first day of November that Azure put in too early.
fn late(provider: &'static Provider, month: Month) -> Vec<Charge> {
    if month != OCTOBER {
        return Vec::new();
    }
    const AFTER: &[NaiveDate] = &[day(9, 29), day(9, 30)];
    const AHEAD: &[NaiveDate] = &[day(11, 1)];
    let (meters, billed_in, days) = if *provider == AWS {
        (catalogue::aws(), SEPTEMBER, AFTER)
    } else {
        (catalogue::azure(), Month::of(11), AHEAD)
    };
    let picked = meters.into_iter().filter(|meter| {
        std::ptr::eq(meter.service, &MSK)
            || matches!(meter.resource, "etl-nightly" | "rg-corp-it/rsv-main")
    });
    picked
        .flat_map(|meter| days.iter().filter_map(move |&day| late_use(&meter, billed_in, day)))
        .collect()
}

fn late_use(meter: &Meter, billed_in: Month, day: NaiveDate) -> Option<Charge> {
    let quantity = meter.quantity(0, day)? * decimal("0.0125");
    Some(Charge::usage(meter, 0, billed_in, day, quantity))
}
