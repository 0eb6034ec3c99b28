//! The comparison for programs.

use serde_json::{Map, Value, json as value};

use crate::domain::{Amount, CostMetric, Currency};

use super::super::run_json::SCHEMA_VERSION;
use super::{Comparison, MoveRow, PartyRow, PriceRow, Row, ServiceRow, ShareRow, Stand};

/// The whole comparison as one document; amounts are texts, so that no digit is lost.
#[must_use]
pub fn json(plan: &Comparison) -> String {
    let total = |(currency, row): (&Currency, &Row)| {
        let mut total = amounts(plan, row);
        total.insert("currency".to_owned(), currency.code().into());
        Value::Object(total)
    };
    let party = |party: &PartyRow| {
        let mut entry = amounts(plan, &party.row);
        for (name, text) in
            [("currency", party.currency.code()), ("kind", party.kind()), ("name", &party.name)]
        {
            entry.insert(name.to_owned(), text.into());
        }
        Value::Object(entry)
    };
    let whole = value!({
        "schema_version": SCHEMA_VERSION,
        "period": plan.subject.period.to_string(),
        "before": plan.subject.before,
        "after": plan.subject.after,
        "metric": plan.subject.metric.name(),
        "changed": plan.is_changed(),
        "notes": plan.subject.notes,
        "totals": plan.totals.iter().map(total).collect::<Vec<_>>(),
        "parties": plan.rows.iter().map(party).collect::<Vec<_>>(),
        "moves": plan.moves.iter().map(moved).collect::<Vec<_>>(),
        "services": plan.services.iter().map(|row| service(plan, row)).collect::<Vec<_>>(),
        "prices": plan.prices.iter().map(|row| price(plan, row)).collect::<Vec<_>>(),
        "pools": plan.shares.iter().map(share).collect::<Vec<_>>(),
    });
    format!("{whole:#}\n")
}

fn amounts(plan: &Comparison, row: &Row) -> Map<String, Value> {
    let text = |amount: Amount| Value::from(amount.to_string());
    let effects = plan.causes.iter().zip(&row.effects);
    let effects: Map<String, Value> =
        effects.map(|(cause, effect)| ((*cause).to_owned(), text(*effect))).collect();
    let mut entry = Map::new();
    for (name, amount) in [("before", row.before), ("after", row.after), ("delta", row.delta())] {
        entry.insert(name.to_owned(), text(amount));
    }
    entry.insert("causes".to_owned(), Value::Object(effects));
    entry
}

fn moved(row: &MoveRow) -> Value {
    let side = |side: &Stand| {
        value!({
            "kind": side.kind,
            "name": side.name,
            "rule": side.rule,
            "place": side.place,
            "reason": side.reason,
        })
    };
    value!({
        "before": side(&row.before),
        "after": side(&row.after),
        "currency": row.currency.code(),
        "rows": row.rows,
        "effective_cost": row.costs[CostMetric::EffectiveCost].to_string(),
        "billed_cost": row.costs[CostMetric::BilledCost].to_string(),
    })
}

fn service(plan: &Comparison, row: &ServiceRow) -> Value {
    let mut entry = amounts(plan, &row.row);
    for (name, text) in [
        ("currency", row.currency.code()),
        ("kind", row.kind()),
        ("name", &row.name),
        ("service", &row.service),
    ] {
        entry.insert(name.to_owned(), text.into());
    }
    Value::Object(entry)
}

fn price(plan: &Comparison, row: &PriceRow) -> Value {
    let text = |amount: Option<Amount>| amount.map(|amount| amount.to_string());
    let effects = plan.causes.iter().zip(row.effects());
    let effects: Map<String, Value> =
        effects.map(|(cause, effect)| ((*cause).to_owned(), effect.to_string().into())).collect();
    let [price_before, price_after] = row.unit_prices();
    value!({
        "currency": row.currency.code(),
        "kind": row.kind(),
        "name": row.name,
        "service": row.service,
        "charge_category": row.category,
        "sku": row.sku,
        "region": row.region,
        "unit": row.unit,
        "before": {
            "quantity": text(row.quantity_before),
            "unit_price": price_before,
            "amount": row.before.to_string(),
        },
        "after": {
            "quantity": text(row.quantity_after),
            "unit_price": price_after,
            "amount": row.after.to_string(),
        },
        "delta": row.delta().to_string(),
        "causes": effects,
    })
}

fn share(row: &ShareRow) -> Value {
    value!({
        "pool": row.pool,
        "currency": row.currency.code(),
        "kind": row.kind(),
        "name": row.name,
        "before": {
            "step": row.step_before,
            "method": row.method_before,
            "place": row.place_before,
            "share": row.share_before,
            "amount": row.before.to_string(),
        },
        "after": {
            "step": row.step_after,
            "method": row.method_after,
            "place": row.place_after,
            "share": row.share_after,
            "amount": row.after.to_string(),
        },
        "delta": row.delta().to_string(),
    })
}
