//! Laws of the written files, over a small company.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use proptest::prelude::*;

use super::testkit::{self, Charge, RULES, World, charge};
use super::write;
use crate::domain::Amount;

type Record = BTreeMap<String, String>;

fn acme() -> Vec<Charge> {
    let in_currency = |mut charge: Charge, currency| {
        charge.currency = currency;
        charge
    };
    let in_month = |mut charge: Charge, month| {
        charge.month = month;
        charge
    };
    let as_component = |mut charge: Charge, component| {
        charge.component = component;
        charge
    };
    let mut commitment = as_component(charge("owner:data", "333", "80"), "commitment_amortized");
    commitment.billed = "0".to_owned();
    vec![
        charge("owner:payments", "111", "1000.0000000000000000000000000000000001"),
        charge("owner:web", "222", "500.25"),
        charge("owner:web", "111", "20"),
        commitment,
        as_component(charge("owner:data", "333", "20"), "unused_commitment"),
        as_component(charge("owner:web", "222", "-50.5"), "credits"),
        as_component(charge("pool:support", "", "100.001"), "support"),
        charge("none", "111", "12.5"),
        charge("unknown:paymets", "222", "30"),
        charge("unknown:DATA", "333", "5"),
        in_currency(charge("owner:web", "222", "7"), "USD"),
        in_month(charge("owner:web", "222", "400"), "2026-09"),
        in_month(charge("owner:retired", "222", "40"), "2026-09"),
    ]
}

fn written(world: &World) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    write(&world.facts(), directory.path()).unwrap();
    directory
}

fn records(directory: &Path, name: &str) -> Vec<Record> {
    let mut reader = csv::Reader::from_path(directory.join(name)).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

fn sum<'a>(records: impl IntoIterator<Item = &'a Record>, column: &str) -> Amount {
    records.into_iter().map(|record| record[column].parse::<Amount>().unwrap()).sum()
}

fn row<'a>(records: &'a [Record], kind: &str, owner: &str, currency: &str) -> &'a Record {
    let found = |r: &&Record| r["kind"] == kind && r["owner"] == owner && r["currency"] == currency;
    records.iter().find(found).unwrap()
}

fn ties(world: &World) {
    let directory = written(world);
    let showback = records(directory.path(), "showback.csv");
    let detail = records(directory.path(), "showback_detail.csv");
    for record in &showback {
        let of = |columns: &str| -> Amount {
            columns.split(' ').map(|column| record[column].parse::<Amount>().unwrap()).sum()
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
            crate::domain::CostMetric::EffectiveCost => "total",
            crate::domain::CostMetric::BilledCost => "billed_cost",
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

fn charges() -> impl Strategy<Value = Vec<Charge>> {
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
    let currency = prop::sample::select(vec!["EUR", "JPY"]);
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

#[test]
fn suggestions_carry_their_evidence() {
    let mut charges = acme();
    charges.push(charge("unknown:TBD", "222", "3"));
    charges.push(charge("none", "999", "2"));
    charges.push(Charge { month: "2026-09", ..charge("none", "111", "1") });
    let directory = written(&World::of(&charges));
    let list = records(directory.path(), "unallocated.csv");
    let rules: Vec<&str> = list.iter().map(|r| r["suggested_rule"].as_str()).collect();
    let expected = [
        r#"dimensions: { "cost_center": { map: { "paymets": "payments" } } } # nearest cost center to "paymets" is "payments""#,
        r#"classify: [ { name: "111", when: { sub_account_id: "111" }, owner: "payments" } ] # "payments" bears 98.0 % of the EffectiveCost in this sub account that has an owner"#,
        r#"dimensions: { "cost_center": { case: lower } } # "DATA" differs from "data" in case only"#,
        r#"classify: [ { name: "222 TBD", when: { sub_account_id: "222", cost_center: "TBD" }, owner: "web" } ] # "web" bears 100.0 % of the EffectiveCost in this sub account that has an owner; put it before rule "by tag""#,
        r#"classify: [ { name: "999 Compute", when: { sub_account_id: "999", service_name: "Compute" }, owner: "payments" } ] # "payments" bears 63.7 % of the EffectiveCost in this service that has an owner"#,
    ];
    assert_eq!(rules, expected);
    let ages: Vec<&str> = list.iter().map(|r| r["age_in_months"].as_str()).collect();
    assert_eq!(ages, ["0", "1", "0", "0", "0"]);
    // They are rules of this company, put where they say.
    let org = World::of(&charges).org;
    for rule in rules {
        let text = joined(rule);
        testkit::rules(&org, &text).unwrap_or_else(|findings| panic!("{text}\n{findings:?}"));
    }
}

/// The company's rules with a suggestion in its place.
fn joined(suggestion: &str) -> String {
    if let Some(rule) = suggestion.strip_prefix("classify: [ ") {
        let (rule, _) = rule.split_once(" ] # ").unwrap();
        return RULES.replacen("classify:\n", &format!("classify:\n  - {rule}\n"), 1);
    }
    let setting = suggestion.strip_prefix("dimensions: { \"cost_center\": { ").unwrap();
    let (setting, _) = setting.split_once(" } } # ").unwrap();
    RULES.replacen("cost_center: {", &format!("cost_center: {{ {setting},"), 1)
}

#[test]
fn a_pool_that_nobody_can_receive_is_on_the_worklist() {
    let world = World::of(&[charge("pool:support", "", "9.5")]);
    ties(&world);
    let list = records(written(&world).path(), "unallocated.csv");
    assert_eq!(list[0]["asked_owner"], "pool:support");
    assert!(
        list[0]["suggested_rule"].starts_with("pools: { \"support\": { on_zero_driver: even } }")
    );
}

#[test]
fn the_same_facts_give_the_same_bytes_and_true_checksums() {
    let charges = acme();
    let first = written(&World::of(&charges));
    let second = written(&World::of(&charges));
    let sums = fs::read(first.path().join("SHA256SUMS")).unwrap();
    assert_eq!(sums, fs::read(second.path().join("SHA256SUMS")).unwrap());
    let names: Vec<String> =
        String::from_utf8(sums).unwrap().lines().map(|line| line[66..].to_owned()).collect();
    let expected = [
        "allocation_trace.csv",
        "charts/cost_by_owner.svg",
        "charts/unallocated_pareto.svg",
        "conservation.csv",
        "kpi.csv",
        "manifest.json",
        "quarantine.csv",
        "reconciliation.csv",
        "run.json",
        "showback.csv",
        "showback_detail.csv",
        "unallocated.csv",
    ];
    assert_eq!(names, expected);
    match Command::new("sha256sum").args(["-c", "SHA256SUMS"]).current_dir(first.path()).output() {
        Ok(checked) => assert!(checked.status.success(), "{checked:?}"),
        Err(_) => eprintln!("skipped: no sha256sum here"),
    }
}

#[test]
fn a_directory_that_is_not_empty_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("mine"), "x").unwrap();
    let world = World::of(&acme());
    assert!(write(&world.facts(), directory.path()).is_err());
}

#[test]
fn run_json_keeps_its_names() {
    let world = World::of(&acme());
    let directory = written(&world);
    let text = fs::read_to_string(directory.path().join("run.json")).unwrap();
    assert!(text.starts_with(
        "{\n  \"schema_version\": 1,\n  \"period\": \"2026-10\",\n  \"status\": \"DRAFT\""
    ));
    let run: serde_json::Value = serde_json::from_str(&text).unwrap();
    let file = &run["sources"][0]["files"][0];
    assert_eq!((&file["rows"], &file["excluded"]), (&15.into(), &1.into()));
    // Control totals are of every month, totals of the period.
    let of = |list: &serde_json::Value, key: &str| {
        let found = list.as_array().unwrap().iter();
        let mut found = found.filter(|e| e["currency"] == "USD" && e["metric"] == "EffectiveCost");
        found.next().unwrap()[key].as_str().unwrap().to_owned()
    };
    assert_eq!(of(&file["control_totals"], "sum"), "7");
    assert_eq!(of(&run["totals"], "accepted"), "7");
    assert_eq!(run["other_months"][0]["rows"], 2);
    let unallocated = &run["findings"][1];
    assert_eq!((&unallocated["code"], &unallocated["count"]), (&"unallocated".into(), &3.into()));
    let manifest = fs::read_to_string(directory.path().join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest["run_id"], run["run_id"]);
    assert_eq!(manifest["bills"][0]["excluded"], 1);
    assert_eq!(manifest["inputs"][0]["kind"], "project");
}

#[test]
fn figures_of_the_month() {
    let directory = written(&World::of(&acme()));
    let kpis = records(directory.path(), "kpi.csv");
    let value = |name: &str, scope: &str, currency: &str| {
        let found =
            |r: &&Record| r["kpi"] == name && r["scope"] == scope && r["currency"] == currency;
        kpis.iter().find(found).map_or_else(|| panic!("{name}"), |r| r["value"].clone())
    };
    assert_eq!(value("rows_accepted", "all months", ""), "13");
    assert_eq!(value("rows_accepted", "period", ""), "11");
    assert_eq!(value("commitment_utilisation", "period", "EUR"), "0.8000");
    assert_eq!(value("cost_allocated", "period", "USD"), "1.0000");
    assert_eq!(value("coverage_by_rows", "cost_center", "EUR"), "0.8000");
    assert_eq!(value("provenance_by_rows", "rule=default", "EUR"), "0.2000");
    assert_eq!(value("rounding", "period", "EUR"), "0.001");
}

#[test]
fn hostile_names_are_text_and_nothing_else() {
    let hostile = "</text><script>alert(1)</script>\u{202e}\u{1b}[31m\"'&\n=HYPERLINK(1)";
    let charges = [
        charge(&format!("owner:{hostile}"), hostile, "10"),
        charge("none", hostile, "5"),
        charge("none", &"very-long-".repeat(40), "4"),
    ];
    let world = World::of(&charges);
    ties(&world);
    let directory = written(&world);
    for name in ["cost_by_owner", "unallocated_pareto"] {
        let svg = fs::read_to_string(directory.path().join(format!("charts/{name}.svg"))).unwrap();
        assert!(svg.starts_with("<svg role=\"img\" aria-labelledby="), "{svg}");
        assert!(!svg.contains("<script") && !svg.contains('\u{202e}') && !svg.contains('\u{1b}'));
        assert!(svg.contains("&lt;/text&gt;"), "the name is shown: {svg}");
        assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
    }
    let list = records(directory.path(), "unallocated.csv");
    assert_eq!(list[0]["sub_account_id"], hostile, "machine files are never guarded");
    assert_eq!(list[0]["suggested_rule"].lines().count(), 1);
    let detail = records(directory.path(), "showback_detail.csv");
    assert!(detail[0].contains_key("dimension_rule"), "told apart from the column `rule`");
}

#[test]
fn charts_say_so_when_there_is_nothing() {
    let directory = written(&World::of(&[charge("owner:web", "1", "3")]));
    let svg = fs::read_to_string(directory.path().join("charts/unallocated_pareto.svg")).unwrap();
    assert!(svg.contains("Nothing is unallocated in 2026-10."));
    let nothing = written(&World::of(&[]));
    let svg = fs::read_to_string(nothing.path().join("charts/cost_by_owner.svg")).unwrap();
    assert!(svg.contains("No month at hand holds any cost."));
}

#[test]
fn every_column_is_documented() {
    let docs = include_str!("../../docs/outputs.md");
    let directory = written(&World::of(&acme()));
    let names = fs::read_to_string(directory.path().join("SHA256SUMS")).unwrap();
    for name in names.lines().map(|line| &line[66..]).filter(|name| name.ends_with(".csv")) {
        let from = docs.find(&format!("## `{name}`")).unwrap_or_else(|| panic!("{name}"));
        let section = &docs[from + 3..];
        let section = &section[..section.find("\n## ").unwrap_or(section.len())];
        let mut table = csv::Reader::from_path(directory.path().join(name)).unwrap();
        for column in table.headers().unwrap() {
            // Columns of the project's own dimensions are documented as such.
            let known = column == "dimension_rule" || section.contains(&format!("`{column}`"));
            assert!(known, "`{column}` of {name} is not in docs/outputs.md");
        }
    }
}
