//! The bill of the recommendation team's Google Cloud projects, as JSON lines of the detailed
//! BigQuery export: nested, with credits and labels.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::calendar::{Month, day, next};
use super::lines::Use;
use super::meter::decimal;

/// A use in a project: ids of service and SKU, where, its label, and the discount that it earns.
struct Sku {
    project: (&'static str, &'static str),
    service: (&'static str, &'static str),
    sku: (&'static str, &'static str),
    unit: &'static str,
    label: Option<(&'static str, &'static str)>,
    credit: Option<(&'static str, &'static str, &'static str)>,
    of: Use,
}

pub const BILLING_ACCOUNT: &str = "01C9A4-7E20F1-55B3D8";
const RECO: (&str, &str) = ("acme-reco-prod", "Recommendations");
const LAB: (&str, &str) = ("acme-ml-lab", "Machine Learning Lab");
const SUSTAINED: Option<(&str, &str, &str)> =
    Some(("Sustained use", "SUSTAINED_USAGE_DISCOUNT", "-0.2"));
const COMMITTED: Option<(&str, &str, &str)> =
    Some(("Committed use: Cpu in Europe", "COMMITTED_USAGE_DISCOUNT", "-0.37"));

#[rustfmt::skip]
const SKUS: [Sku; 6] = [
    Sku { project: RECO, service: ("6F81-5844-456A", "Compute Engine"), sku: ("4EAF-BF62-01A2", "N2 Instance Core running in Frankfurt"), unit: "hour", label: Some(("cost-center", "CC3030")), credit: COMMITTED, of: Use { name: "reco-serving", daily: "384", price: "0.0407", growth: 3, weekend: 120 } },
    Sku { project: RECO, service: ("24E6-581D-38E5", "BigQuery"), sku: ("9D2E-13D4-A6BD", "Analysis (europe-west3)"), unit: "tebibyte", label: Some(("cost-center", "CC3030")), credit: None, of: Use { name: "reco-features", daily: "5.2", price: "7.5", growth: 6, weekend: 60 } },
    Sku { project: RECO, service: ("95FF-2EF5-5EA1", "Cloud Storage"), sku: ("E5F0-6A5D-7BAD", "Standard Storage Frankfurt"), unit: "gibibyte month", label: None, credit: None, of: Use { name: "reco-catalogue", daily: "512.4", price: "0.0213", growth: 2, weekend: 100 } },
    Sku { project: LAB, service: ("C7E2-9256-1C43", "Vertex AI"), sku: ("2A1E-77C0-5B5D", "Custom Training N1 in EMEA"), unit: "hour", label: Some(("cost_center", "cc3020")), credit: None, of: Use { name: "training", daily: "27.5", price: "1.334", growth: 8, weekend: 30 } },
    Sku { project: LAB, service: ("6F81-5844-456A", "Compute Engine"), sku: ("D0AB-4E2C-7F11", "N1 Predefined Instance Core running in EMEA"), unit: "hour", label: Some(("cost_center", "CC3020")), credit: SUSTAINED, of: Use { name: "workbench", daily: "64", price: "0.0348", growth: 0, weekend: 20 } },
    Sku { project: LAB, service: ("95FF-2EF5-5EA1", "Cloud Storage"), sku: ("0D5D-6E23-4250", "Regional Standard Class A Operations"), unit: "count", label: None, credit: None, of: Use { name: "lab-ops", daily: "21400", price: "0.000005", growth: 5, weekend: 30 } },
];

/// What Google's invoice of the month says: without tax, and the tax.
#[must_use]
pub fn invoiced(month: Month) -> (Decimal, Decimal) {
    let late = net(&SKUS[LATE], day(9, 30));
    let days = month.days().flat_map(|on| SKUS.iter().map(move |sku| net(sku, on)));
    let used: Decimal = days.sum();
    let moved = match month.from().to_string().as_str() {
        "2026-09-01" => -late,
        "2026-10-01" => late,
        _ => Decimal::ZERO,
    };
    (used + moved + decimal(ROUNDING), tax(month))
}

const ROUNDING: &str = "-0.003118";
/// The use whose measure of 30 September came with October's invoice.
const LATE: usize = 1;

fn tax(month: Month) -> Decimal {
    let net: Decimal = month.days().flat_map(|on| SKUS.iter().map(move |sku| net(sku, on))).sum();
    (net * decimal("0.19")).round_dp(2)
}

/// The lines of the month's export. The last day of a month is partly on the next month's invoice.
#[must_use]
pub fn json_lines(month: Month) -> Vec<u8> {
    let mut lines = Vec::new();
    for (index, on) in month.days().enumerate() {
        for (number, sku) in SKUS.iter().enumerate() {
            // What was measured late on 30 September came with October's invoice.
            let is_late = on == day(9, 30) && number == LATE;
            lines.push(usage(sku, if is_late { Month::of(10) } else { month }, on, index));
        }
    }
    lines.push(other(month, "tax", "Tax", tax(month)));
    lines.push(other(month, "rounding_error", "Rounding error", decimal(ROUNDING)));
    let mut text = String::new();
    for line in lines {
        text.push_str(&line.to_string());
        text.push('\n');
    }
    text.into_bytes()
}

/// A number of JSON. The amounts have so few digits that none is lost in a double.
fn number(amount: Decimal) -> Value {
    let double: f64 = amount.to_string().parse().expect("a decimal is a number");
    Value::from(double)
}

/// What a use costs with its credits.
fn net(sku: &Sku, on: NaiveDate) -> Decimal {
    let cost = sku.of.price_of(on);
    cost + credit(sku, cost).unwrap_or_default()
}

fn credit(sku: &Sku, cost: Decimal) -> Option<Decimal> {
    let (_, _, part) = sku.credit?;
    Some((cost * decimal(part)).round_dp(6))
}

fn usage(sku: &Sku, invoiced: Month, on: NaiveDate, index: usize) -> Value {
    let cost = sku.of.price_of(on);
    let credits: Vec<Value> = sku
        .credit
        .iter()
        .zip(credit(sku, cost))
        .map(|((name, kind, _), amount)| {
            json!({ "id": null, "name": name, "full_name": name, "type": kind, "amount": number(amount) })
        })
        .collect();
    let labels: Vec<Value> =
        sku.label.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
    let resource = format!("projects/{}/{}", sku.project.0, sku.of.name);
    let mut line = row(invoiced, [on, next(on)], sku.service, sku.sku);
    let more = json!({
        "project": {
            "id": sku.project.0, "name": sku.project.1, "number": "604213770918",
            "labels": [ { "key": "env", "value": if sku.project == RECO { "prod" } else { "dev" } } ],
            "ancestry_numbers": "/7004/60421/",
        },
        "labels": labels,
        "resource": { "name": sku.of.name, "global_name": format!("//cloud.example/{resource}") },
        "cost": number(cost),
        "usage": {
            "amount": number(sku.of.units(on)), "unit": sku.unit,
            "amount_in_pricing_units": number(sku.of.units(on)), "pricing_unit": sku.unit,
        },
        "credits": credits,
        "cost_type": "regular",
        "export_time": format!("{on} {:02}:41:07 UTC", 4 + index % 3),
    });
    merge(&mut line, more);
    line
}

fn other(month: Month, kind: &str, text: &str, cost: Decimal) -> Value {
    let mut line = row(month, [month.from(), month.to()], ("", "Invoice"), ("", text));
    merge(&mut line, json!({ "cost": number(cost), "credits": [], "cost_type": kind }));
    line
}

fn row(
    invoiced: Month,
    [from, to]: [NaiveDate; 2],
    service: (&str, &str),
    sku: (&str, &str),
) -> Value {
    json!({
        "billing_account_id": BILLING_ACCOUNT,
        "service": { "id": service.0, "description": service.1 },
        "sku": { "id": sku.0, "description": sku.1 },
        "usage_start_time": format!("{from} 00:00:00 UTC"),
        "usage_end_time": format!("{to} 00:00:00 UTC"),
        "location": { "location": "europe-west3", "country": "DE", "region": "europe-west3", "zone": null },
        "currency": "EUR",
        "currency_conversion_rate": 0.8612,
        "invoice": { "month": invoiced.from().format("%Y%m").to_string() },
        "system_labels": [],
    })
}

fn merge(line: &mut Value, more: Value) {
    if let (Value::Object(line), Value::Object(more)) = (line, more) {
        line.extend(more);
    }
}
