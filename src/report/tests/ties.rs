//! Every table ties to the others, to the last digit.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Record, acme, records, sum, written};
use crate::domain::{Amount, CostMetric};
use crate::report::testkit::{Charge, World, charge};

fn row<'a>(records: &'a [Record], kind: &str, owner: &str, currency: &str) -> &'a Record {
    let found = |r: &&Record| r["kind"] == kind && r["owner"] == owner && r["currency"] == currency;
    records.iter().find(found).unwrap()
}

pub(super) fn ties(world: &World) {
    let directory = written(world);
    let showback = records(directory.path(), "showback.csv");
    let detail = records(directory.path(), "showback_detail.csv");
    for record in &showback {
        // Only components that no rule looks for are blank.
        let of = |columns: &str| -> Amount {
            let columns =
                columns.split(' ').filter(|name| *name != "license" || !record[*name].is_empty());
            columns.map(|column| record[column].parse::<Amount>().unwrap()).sum()
        };
        assert_eq!(of("direct shared_in shared_out"), of("total"), "{record:?}");
        let components = "usage commitment_amortized unused_commitment credits tax support license";
        assert_eq!(of(components), of("total"), "{record:?}");
        let mine =
            |r: &&Record| ["kind", "owner", "currency"].iter().all(|key| r[*key] == record[*key]);
        assert_eq!(sum(detail.iter().filter(mine), "effective_cost"), of("total"), "{record:?}");
        assert_eq!(sum(detail.iter().filter(mine), "billed_cost"), of("billed_cost"), "{record:?}");
    }
    for total in &world.totals {
        let rows = || showback.iter().filter(|r| r["currency"] == total.currency.code());
        let column = match total.metric {
            CostMetric::EffectiveCost => "total",
            CostMetric::BilledCost => "billed_cost",
            _ => continue,
        };
        assert_eq!(sum(rows(), column), total.accepted);
        let kind = |kind: &'static str| rows().filter(move |r| r["kind"] == kind);
        assert_eq!(sum(kind("unallocated"), column), total.unallocated);
        assert_eq!(sum(kind("rounding"), column), total.rounding);
        let list = records(directory.path(), "unallocated.csv");
        let list = list.iter().filter(|r| r["currency"] == total.currency.code());
        let column = if column == "total" { "effective_cost" } else { column };
        assert_eq!(sum(list, column), total.unallocated);
    }
    trace_ties(&records(directory.path(), "allocation_trace.csv"));
    let invoices = records(directory.path(), "reconciliation.csv");
    assert!(
        invoices
            .iter()
            .all(|r| sum([r], "allocated") + sum([r], "unallocated") == sum([r], "billed_total"))
    );
}

/// What was divided is what was given, in every division.
fn trace_ties(trace: &[Record]) {
    let mut divided: BTreeMap<Vec<&str>, (Amount, Amount)> = BTreeMap::new();
    for step in trace {
        let key =
            ["step", "currency", "component", "metric", "days"].map(|name| step[name].as_str());
        let sums = divided.entry(key.to_vec()).or_default();
        sums.0 = step["pool_amount"].parse().unwrap();
        sums.1 += step["rounded"].parse().unwrap();
    }
    for (division, (amount, given)) in divided {
        assert_eq!(amount, given, "{division:?}");
    }
}

pub(super) fn charges() -> impl Strategy<Value = Vec<Charge>> {
    let bearer = prop::sample::select(vec![
        "owner:payments",
        "owner:web",
        "owner:else",
        "pool:support",
        "pool:net",
        "none",
        "unknown:webb",
    ]);
    let amount = (any::<i64>(), 0_u32..30).prop_map(|(units, digits)| {
        let digits = digits as usize;
        let text = format!("{:0>width$}", units.unsigned_abs(), width = digits + 1);
        let (whole, fraction) = text.split_at(text.len() - digits);
        format!("{}{whole}.{fraction}0", if units < 0 { "-" } else { "" })
    });
    let component = prop::sample::select(vec!["usage", "tax", "credits"]);
    let month = prop::sample::select(vec!["2026-09", "2026-10"]);
    let currency = prop::sample::select(vec!["EUR", "JPY", "USD"]);
    let one = (bearer, amount, component, month, currency, 1_u64..29).prop_map(
        |(bearer, amount, component, month, currency, day)| Charge {
            month,
            day,
            component,
            currency,
            ..charge(bearer, "111", &amount)
        },
    );
    prop::collection::vec(one, 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn tables_tie_whatever_the_charges(charges in charges()) {
        ties(&World::of(&charges));
    }
}

#[test]
fn tables_tie_and_show_what_they_should() {
    let world = World::of(&acme());
    ties(&world);
    let directory = written(&world);
    let showback = records(directory.path(), "showback.csv");
    let order: Vec<String> = showback
        .iter()
        .map(|r| format!("{} {} {}", r["kind"], r["owner"], r["currency"]))
        .collect();
    let expected = [
        "owner data EUR",
        "owner payments EUR",
        "owner web EUR",
        "owner web USD",
        "owner retired EUR",
        "pool support EUR",
        "unallocated  EUR",
        "rounding  EUR",
    ];
    assert_eq!(order, expected);
    let web = row(&showback, "owner", "web", "EUR");
    assert_eq!(web["owner_path"], "Acme / Retail / Web, shop");
    assert_eq!((web["legal_entity"].as_str(), web["manager"].as_str()), ("Acme SE", "Ada"));
    assert_eq!((web["prior_period"].as_str(), web["credits"].as_str()), ("400", "-50.5"));
    assert_eq!(web["budget"], "");
    let retired = row(&showback, "owner", "retired", "EUR");
    assert_eq!((retired["total"].as_str(), retired["delta"].as_str()), ("0", "-40"));
    assert_eq!(retired["owner_path"], "Retired");
    let pool = row(&showback, "pool", "support", "EUR");
    assert_eq!((pool["direct"].as_str(), pool["shared_out"].as_str()), ("100.001", "-100.001"));
    let payments = row(&showback, "owner", "payments", "EUR");
    assert!(payments["direct"].ends_with("00001"), "{payments:?}");
    assert_eq!(row(&showback, "owner", "data", "EUR")["billed_cost"], "26.37");
}

#[test]
fn without_the_month_before_nothing_is_known_of_it() {
    let charges = [charge("owner:web", "222", "7")];
    let directory = written(&World::of(&charges));
    let showback = records(directory.path(), "showback.csv");
    assert_eq!((showback[0]["prior_period"].as_str(), showback[0]["delta"].as_str()), ("", ""));
    let kpis = records(directory.path(), "kpi.csv");
    let change = kpis.iter().find(|r| r["kpi"] == "month_on_month").unwrap();
    assert_eq!(change["value"], "");
}
