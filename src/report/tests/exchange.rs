//! Converted columns tie to each other and to `exchange.csv`, to the last digit.

use std::collections::{BTreeMap, BTreeSet};

use num_bigint::BigInt;
use num_rational::Ratio;
use proptest::prelude::*;

use super::ties::{charges, ties};
use super::{Record, acme, records, sum, written};
use crate::domain::{Amount, Exchange, ExchangeTerms, Quote, RatePolicy, RateTable, SCALE};
use crate::report::testkit::{Charge, World, charge};

const METRICS: [(&str, &str); 4] = [
    ("BilledCost", "billed_cost"),
    ("EffectiveCost", "effective_cost"),
    ("ListCost", "list_cost"),
    ("ContractedCost", "contracted_cost"),
];

/// Rates of USD and JPY into EUR for every day of September and October, rising day by day.
pub(super) fn exchange(policy: RatePolicy, digits: u32) -> Exchange {
    let mut table = RateTable::default();
    let first = chrono::NaiveDate::from_ymd_opt(2026, 9, 1).unwrap();
    for (at, day) in first.iter_days().take(61).enumerate() {
        for (code, base) in [("USD", 90_123), ("JPY", 617)] {
            let rate = format!("{}E-5", base + at * 3).parse().unwrap();
            let (from, to) = (code.parse().unwrap(), "EUR".parse().unwrap());
            table.add(from, to, day, Quote { rate, source: "central bank".to_owned() });
        }
    }
    let terms = ExchangeTerms { policy, digits, inverse: false };
    Exchange::new("EUR".parse().unwrap(), table, terms)
}

fn exact(text: &str) -> Ratio<BigInt> {
    Ratio::new(text.parse::<Amount>().unwrap().to_units(), BigInt::from(10).pow(SCALE))
}

/// Of a world whose currencies all have rates.
fn converted_ties(world: &World) {
    ties(world);
    let directory = written(world);
    let table = |name| records(directory.path(), name);
    let (rates, detail, showback) =
        (table("exchange.csv"), table("showback_detail.csv"), table("showback.csv"));
    rates.iter().for_each(rate_ties);
    let currencies: BTreeSet<&str> = rates.iter().map(|r| r["currency"].as_str()).collect();
    for currency in currencies {
        let of = |r: &&Record| r["currency"] == currency;
        for (metric, column) in METRICS {
            let rates = rates.iter().filter(|r| of(r) && r["metric"] == metric);
            let whole = sum(rates, "report_amount");
            let column = format!("report_{column}");
            assert_eq!(sum(detail.iter().filter(of), &column), whole, "{currency} {metric}");
            match metric {
                "EffectiveCost" => {
                    assert_eq!(sum(showback.iter().filter(of), "report_total"), whole);
                }
                "BilledCost" => {
                    assert_eq!(sum(showback.iter().filter(of), "report_billed_cost"), whole);
                    let invoices = table("reconciliation.csv");
                    assert_eq!(sum(invoices.iter().filter(of), "report_billed_total"), whole);
                }
                _ => {}
            }
        }
        let nobody = |r: &&Record| of(r) && r["kind"] == "unallocated";
        let list = table("unallocated.csv");
        for (column, item) in [
            ("report_total", "report_effective_cost"),
            ("report_billed_cost", "report_billed_cost"),
        ] {
            let listed = sum(list.iter().filter(of), item);
            assert_eq!(sum(showback.iter().filter(nobody), column), listed, "{currency}");
        }
    }
    for row in &showback {
        party_ties(row, &detail);
    }
    trace_ties(&table("allocation_trace.csv"));
    for row in table("conservation.csv") {
        assert_eq!(row["residual"], "0", "{row:?}");
        if row["report_currency"].is_empty() {
            assert_eq!(row["rounding"], "0", "{row:?}");
        }
    }
}

fn rate_ties(row: &Record) {
    let rate: Ratio<BigInt> = row["rate_fraction"].parse().unwrap();
    let product = exact(&row["amount"]) * rate;
    let shown = exact(&row["report_amount_exact"]);
    let off = Ratio::new(BigInt::from(1), BigInt::from(10).pow(SCALE));
    assert!(&shown - &product < off && &product - &shown < off, "{row:?}");
    assert_eq!(shown, exact(&row["report_amount"]) + exact(&row["rounding"]), "{row:?}");
    if row["currency"] == row["report_currency"] {
        assert_eq!((&row["amount"], row["rounding"].as_str()), (&row["report_amount"], "0"));
    }
}

fn party_ties(row: &Record, detail: &[Record]) {
    let of = |columns: &str| -> Amount {
        let columns = columns.split(' ').filter(|name| !row[*name].is_empty());
        columns.map(|column| row[column].parse::<Amount>().unwrap()).sum()
    };
    assert_eq!(
        of("report_direct report_shared_in report_shared_out"),
        of("report_total"),
        "{row:?}"
    );
    let components = "report_usage report_commitment_amortized report_unused_commitment \
                      report_credits report_tax report_support report_license";
    assert_eq!(of(components), of("report_total"), "{row:?}");
    let mine = |r: &&Record| ["kind", "owner", "currency"].iter().all(|key| r[*key] == row[*key]);
    assert_eq!(sum(detail.iter().filter(mine), "report_effective_cost"), of("report_total"));
    if row["kind"] == "pool" {
        assert_eq!(row["report_total"], "0", "a pool that was emptied is empty: {row:?}");
    }
    if row["currency"] == "EUR" {
        for column in ["direct", "total", "usage", "billed_cost", "prior_period", "delta"] {
            assert_eq!(row[column], row[&format!("report_{column}")], "{row:?}");
        }
    }
}

fn trace_ties(trace: &[Record]) {
    let mut divided: BTreeMap<Vec<&str>, (Amount, Amount)> = BTreeMap::new();
    for step in trace {
        let key = ["step", "pool", "currency", "component", "metric", "days"];
        let sums = divided.entry(key.map(|name| step[name].as_str()).to_vec()).or_default();
        sums.0 = step["report_pool_amount"].parse().unwrap();
        sums.1 += step["report_rounded"].parse().unwrap();
    }
    for (division, (amount, given)) in divided {
        assert_eq!(amount, given, "{division:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn converted_tables_tie_whatever_the_charges(
        charges in charges(),
        policy in prop::sample::select(
            vec![RatePolicy::MonthEnd, RatePolicy::Average, RatePolicy::Daily]
        ),
        digits in prop::sample::select(vec![0_u32, 2, 10, 18]),
    ) {
        converted_ties(&World::converted(&charges, &exchange(policy, digits)));
    }
}

#[test]
fn amounts_are_what_the_rate_makes_of_them() {
    for (policy, direct, prior) in [
        // 0.90303 on the last of October, 0.9021 on the last of September.
        (RatePolicy::MonthEnd, "6.32121", "360.84"),
        // The mean of 0.90213 to 0.90303, of 0.90123 to 0.9021.
        (RatePolicy::Average, "6.31806", "360.666"),
        // 0.90225 on the fifth; months that are not known by day take their mean.
        (RatePolicy::Daily, "6.31575", "360.666"),
    ] {
        let usd = |month, amount: &str| Charge {
            month,
            currency: "USD",
            ..charge("owner:web", "222", amount)
        };
        let charges = [usd("2026-10", "7"), usd("2026-09", "400"), charge("owner:web", "1", "2")];
        let world = World::converted(&charges, &exchange(policy, 10));
        converted_ties(&world);
        let showback = records(written(&world).path(), "showback.csv");
        let row = showback.iter().find(|r| r["currency"] == "USD").unwrap();
        assert_eq!(
            (row["report_direct"].as_str(), row["report_prior_period"].as_str()),
            (direct, prior)
        );
    }
}

#[test]
fn shared_cost_is_divided_in_the_report_currency_as_it_was_billed() {
    let mut charges = acme();
    for (day, amount) in [(3, "10"), (20, "-10"), (21, "0.05")] {
        let pooled = charge("pool:support", "", amount);
        charges.push(Charge { day, currency: "USD", component: "support", ..pooled });
        let netted = charge("pool:net", "", amount);
        charges.push(Charge { day, currency: "USD", component: "tax", ..netted });
    }
    let balanced =
        |day, amount: &str| Charge { day, currency: "JPY", ..charge("pool:net", "", amount) };
    charges.extend([balanced(1, "1000000"), balanced(31, "-1000000")]);
    let world = World::converted(&charges, &exchange(RatePolicy::Daily, 10));
    converted_ties(&world);
    let showback = records(written(&world).path(), "showback.csv");
    let rest = showback.iter().find(|r| r["kind"] == "rounding" && r["currency"] == "JPY").unwrap();
    assert_eq!((rest["total"].as_str(), rest["report_total"].as_str()), ("0", "-900"));
}

#[test]
fn without_rates_other_currencies_stay_blank_and_nothing_is_zero() {
    let world = World::of(&acme());
    let directory = written(&world);
    let showback = records(directory.path(), "showback.csv");
    let usd = showback.iter().find(|r| r["currency"] == "USD").unwrap();
    assert_eq!((usd["report_currency"].as_str(), usd["report_total"].as_str()), ("EUR", ""));
    let rates = records(directory.path(), "exchange.csv");
    let usd = rates.iter().find(|r| r["currency"] == "USD").unwrap();
    assert_eq!((usd["policy"].as_str(), usd["report_amount"].as_str()), ("none declared", ""));
    let kpis = records(directory.path(), "kpi.csv");
    assert!(kpis.iter().all(|r| r["scope"] != "all currencies"));
    let chart = std::fs::read_to_string(directory.path().join("charts/cost_by_owner.svg")).unwrap();
    assert!(!chart.contains("All currencies"));
}

#[test]
fn all_currencies_together_are_told_where_each_has_a_rate() {
    let world = World::converted(&acme(), &exchange(RatePolicy::MonthEnd, 10));
    let directory = written(&world);
    let kpis = records(directory.path(), "kpi.csv");
    let of = |scope: &str, currency: &str, column: &str| -> Amount {
        let found = |r: &&Record| {
            r["kpi"] == "effective_cost" && r["scope"] == scope && r["currency"] == currency
        };
        kpis.iter().find(found).unwrap()[column].parse().unwrap()
    };
    let parts = of("period", "EUR", "report_value") + of("period", "USD", "report_value");
    assert_eq!(of("all currencies", "EUR", "value"), parts);
    assert_eq!(of("period", "USD", "report_value").to_string(), "6.32121");
    let run = std::fs::read_to_string(directory.path().join("run.json")).unwrap();
    let run: serde_json::Value = serde_json::from_str(&run).unwrap();
    let total = |key: &str| -> Amount {
        let totals = run["report_totals"].as_array().unwrap();
        let total = totals.iter().find(|total| total["metric"] == "EffectiveCost").unwrap();
        total[key].as_str().unwrap().parse().unwrap()
    };
    assert_eq!(total("accepted"), parts);
    let lines = crate::report::summary(&world.facts());
    assert!(lines[2].starts_with(&format!("all in EUR EffectiveCost {parts}: ")), "{lines:?}");
    assert_eq!(total("allocated") + total("unallocated") + total("rounding"), parts);
    for chart in ["cost_by_owner", "unallocated_pareto"] {
        let path = directory.path().join(format!("charts/{chart}.svg"));
        let is_there = std::fs::read_to_string(path).unwrap().contains("All currencies in EUR");
        // Only EUR is unallocated here, so that there is nothing to put together.
        assert_eq!(is_there, chart == "cost_by_owner", "{chart}");
    }
}
