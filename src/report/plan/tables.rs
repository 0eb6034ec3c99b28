//! The comparison as CSV, and all its files.

use std::fs;
use std::path::Path;

use crate::diagnostics::{Code, Finding};
use crate::domain::{Amount, CostMetric};

use super::super::sink::failed;
use super::{Comparison, MoveRow, PartyRow, PriceRow, ServiceRow, ShareRow, json, markdown};

/// What a folder of a comparison holds.
const FILES: [&str; 7] = [
    "plan.csv",
    "plan_moves.csv",
    "plan_pools.csv",
    "plan_services.csv",
    "plan_prices.csv",
    "plan.json",
    "plan.md",
];

/// `plan.csv`: who bears what before and after, and why.
#[must_use]
pub fn csv(plan: &Comparison) -> String {
    let keys = ["period", "metric", "currency", "kind", "name", "before", "after", "delta"];
    let metric = plan.subject.metric.name();
    let header: Vec<&str> = keys.into_iter().chain(plan.causes.iter().copied()).collect();
    let period = plan.subject.period.to_string();
    let fields = |party: &PartyRow| {
        let row = &party.row;
        let amounts = [row.before, row.after, row.delta()];
        let amounts = amounts.iter().chain(&row.effects).map(ToString::to_string);
        let keys = [&period, metric, party.currency.code(), party.kind(), &party.name];
        keys.into_iter().map(str::to_owned).chain(amounts).collect()
    };
    table(&header, plan.rows.iter().map(fields))
}

fn moves_csv(plan: &Comparison) -> String {
    let header = [
        "period",
        "kind_before",
        "name_before",
        "rule_before",
        "place_before",
        "reason_before",
        "kind_after",
        "name_after",
        "rule_after",
        "place_after",
        "reason_after",
        "currency",
        "rows",
        "effective_cost",
        "billed_cost",
    ];
    let period = plan.subject.period.to_string();
    let fields = |row: &MoveRow| {
        let sides = [&row.before, &row.after].into_iter();
        let sides = sides.flat_map(|side| {
            [side.kind, &*side.name, &*side.rule, &*side.place, side.reason].map(str::to_owned)
        });
        let mut fields: Vec<String> = std::iter::once(period.clone()).chain(sides).collect();
        fields.extend([row.currency.to_string(), row.rows.to_string()]);
        let costs = [CostMetric::EffectiveCost, CostMetric::BilledCost];
        fields.extend(costs.map(|metric| row.costs[metric].to_string()));
        fields
    };
    table(&header, plan.moves.iter().map(fields))
}

fn pools_csv(plan: &Comparison) -> String {
    let header = [
        "period",
        "metric",
        "pool",
        "currency",
        "kind",
        "name",
        "step_before",
        "method_before",
        "place_before",
        "share_before",
        "amount_before",
        "step_after",
        "method_after",
        "place_after",
        "share_after",
        "amount_after",
        "delta",
    ];
    let period = plan.subject.period.to_string();
    let step = |step: Option<u32>| step.map(|step| step.to_string()).unwrap_or_default();
    let fields = |row: &ShareRow| {
        vec![
            period.clone(),
            plan.subject.metric.to_string(),
            row.pool.clone(),
            row.currency.to_string(),
            row.kind().to_owned(),
            row.name.clone(),
            step(row.step_before),
            row.method_before.clone(),
            row.place_before.clone(),
            row.share_before.clone().unwrap_or_default(),
            row.before.to_string(),
            step(row.step_after),
            row.method_after.clone(),
            row.place_after.clone(),
            row.share_after.clone().unwrap_or_default(),
            row.after.to_string(),
            row.delta().to_string(),
        ]
    };
    table(&header, plan.shares.iter().map(fields))
}

fn services_csv(plan: &Comparison) -> String {
    let keys =
        ["period", "metric", "currency", "kind", "name", "service", "before", "after", "delta"];
    let header: Vec<&str> = keys.into_iter().chain(plan.causes.iter().copied()).collect();
    let period = plan.subject.period.to_string();
    let fields = |row: &ServiceRow| {
        let metric = plan.subject.metric.name();
        let keys = [&period, metric, row.currency.code(), row.kind(), &row.name, &row.service];
        let amounts = [row.row.before, row.row.after, row.row.delta()];
        let amounts = amounts.iter().chain(&row.row.effects).map(ToString::to_string);
        keys.into_iter().map(str::to_owned).chain(amounts).collect()
    };
    table(&header, plan.services.iter().map(fields))
}

fn prices_csv(plan: &Comparison) -> String {
    let keys = [
        "period",
        "metric",
        "currency",
        "kind",
        "name",
        "service",
        "charge_category",
        "sku",
        "region",
        "unit",
        "quantity_before",
        "unit_price_before",
        "before",
        "quantity_after",
        "unit_price_after",
        "after",
        "delta",
    ];
    let shown = plan.prices.first().map_or(0, |row| row.effects().len());
    let header: Vec<&str> = keys.into_iter().chain(plan.causes[..shown].iter().copied()).collect();
    let period = plan.subject.period.to_string();
    let fields = |row: &PriceRow| {
        let text = |amount: Option<Amount>| amount.map(|a| a.to_string()).unwrap_or_default();
        let keys = [
            &period,
            plan.subject.metric.name(),
            row.currency.code(),
            row.kind(),
            &row.name,
            &row.service,
            &row.category,
            &row.sku,
            &row.region,
            &row.unit,
        ];
        let mut fields: Vec<String> = keys.map(str::to_owned).to_vec();
        let [price_before, price_after] = row.unit_prices().map(Option::unwrap_or_default);
        fields.extend([text(row.quantity_before), price_before, row.before.to_string()]);
        fields.extend([text(row.quantity_after), price_after, row.after.to_string()]);
        fields.push(row.delta().to_string());
        fields.extend(row.effects().iter().map(ToString::to_string));
        fields
    };
    table(&header, plan.prices.iter().map(fields))
}

fn table(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    const MEMORY: &str = "memory takes rows that are as long as their header";
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(header).expect(MEMORY);
    for row in rows {
        table.write_record(row).expect(MEMORY);
    }
    String::from_utf8(table.into_inner().expect(MEMORY)).expect("fields are texts")
}

/// Writes all files of the comparison into a folder, which is made where it is not there and may
/// hold an earlier comparison. Each file is replaced by a rename. `top` is how many rows a reader
/// is shown.
///
/// # Errors
/// [`Code::OutputInTheWay`] where the folder holds anything else, [`Code::OutputFailed`] where the
/// disk refuses.
pub fn write(plan: &Comparison, top: usize, folder: &Path) -> Result<(), Finding> {
    let shown = folder.display().to_string();
    let refused = |error: std::io::Error| failed(&shown, &error);
    fs::create_dir_all(folder).map_err(refused)?;
    for entry in fs::read_dir(folder).map_err(refused)? {
        let name = entry.map_err(refused)?.file_name();
        let name = name.to_string_lossy();
        if !FILES.iter().any(|file| name == *file || name == staged(file)) {
            let text = format!("`{shown}` holds `{name}`, which no plan wrote");
            return Err(Finding::new(Code::OutputInTheWay, text)
                .help("move it away, or write to another folder with --out"));
        }
    }
    let texts = [
        csv(plan),
        moves_csv(plan),
        pools_csv(plan),
        services_csv(plan),
        prices_csv(plan),
        json(plan),
        markdown(plan, top),
    ];
    for (name, text) in FILES.iter().zip(texts) {
        let staged = folder.join(staged(name));
        fs::write(&staged, text).map_err(refused)?;
        fs::rename(&staged, folder.join(name)).map_err(refused)?;
    }
    Ok(())
}

fn staged(name: &str) -> String {
    format!(".{name}.new")
}
