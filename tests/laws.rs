//! Laws: what holds of any company, any rules and any charges.
//!
//! Worlds are made up by proptest, written to disk, run by the command and compared with an oracle
//! that is written by other means. `PROPTEST_CASES` asks for more of them than the few that every
//! run of the tests can afford.

mod support;

#[path = "laws/layout.rs"]
mod layout;
#[path = "laws/oracle.rs"]
mod oracle;
#[path = "laws/world.rs"]
mod world;

use std::collections::{BTreeMap, BTreeSet};

use layout::layout;
use num_traits::{One, Zero};
use oracle::{Expected, LineKey, describe, expect, nothing};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use serde_json::Value;
use support::{Answer, Exact, Output, PERIOD, Project, exact, has_extension, plain, sum};
use world::{METRICS, MONTHS, OCTOBER, World, world};

const COLUMNS: [&str; 4] = ["billed_cost", "effective_cost", "list_cost", "contracted_cost"];
/// The files that tell which inputs a run had; all others tell only what was in them.
const ABOUT_INPUTS: [&str; 3] = ["SHA256SUMS", "manifest.json", "run.json"];

fn config(cases: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig {
        cases: asked.unwrap_or(cases),
        failure_persistence: None,
        max_shrink_iters: 400,
        ..ProptestConfig::default()
    }
}

fn project(world: &World) -> Project {
    Project::new()
        .file("costbook.yaml", world.project_yaml())
        .file("owners.csv", world.owners_csv())
        .file("accounts.csv", world.accounts_csv())
        .file("rules.yaml", world.rules_yaml())
}

/// Publishes a world that has charges of October.
fn publish(world: &World) -> (Project, Output) {
    let project = project(world).bill("bill.csv", &world.bill());
    let answer = project.run();
    assert_eq!(answer.exit, Some(0), "{}\n{}", answer.stderr, describe(world));
    let output = project.output();
    (project, output)
}

fn has_october(world: &World) -> bool {
    world.items.iter().any(|item| item.month == OCTOBER)
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn every_amount_is_borne_by_whom_the_rules_say(world in world(1..=24).prop_filter("a charge of October", has_october)) {
        let (_project, output) = publish(&world);
        let expected = expect(&world, OCTOBER);
        totals_are_those_of_the_rows(&output, &expected)?;
        detail_is_what_the_oracle_finds(&output, &expected, &world)?;
        showback_is_the_sum_of_its_detail(&output)?;
        prior_month_stands_beside_it(&output, &world)?;
        trace_sums_to_the_pools(&output, &expected)?;
        worklist_sums_to_the_unallocated(&output, &expected)?;
        proof_holds(&output, &expected)?;
        account_is_that_of_all_rows(&output, &world)?;
    }
}

/// `accepted = allocated + unallocated + rounding`, each as the oracle has it.
fn totals_are_those_of_the_rows(output: &Output, expected: &Expected) -> TestCaseResult {
    let run = output.run();
    let found = run["totals"].as_array().cloned().unwrap_or_default();
    let mut known = BTreeSet::new();
    for total in &found {
        let (currency, metric) = (text(&total["currency"]), text(&total["metric"]));
        let index = METRICS.iter().position(|name| *name == metric).expect("a metric");
        let amount = |key: &str| exact(total[key].as_str().expect("an amount"));
        prop_assert_eq!(amount("accepted"), expected.accepted[&currency].1[index].clone());
        prop_assert_eq!(amount("allocated"), expected.sum("owner", &currency, index));
        prop_assert_eq!(amount("unallocated"), expected.sum("unallocated", &currency, index));
        prop_assert_eq!(amount("rounding"), expected.sum("rounding", &currency, index));
        let borne = amount("allocated") + amount("unallocated") + amount("rounding");
        prop_assert_eq!(amount("accepted"), borne, "{} {}", currency, metric);
        known.insert((currency, metric));
    }
    for (currency, (rows, _)) in &expected.accepted {
        for (metric, unknown) in METRICS.iter().zip(expected.unknown[currency]) {
            let told = known.contains(&(currency.clone(), (*metric).to_owned()));
            prop_assert_eq!(told, unknown < *rows, "{} {}", currency, metric);
        }
    }
    Ok(())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn detail_is_what_the_oracle_finds(
    output: &Output,
    expected: &Expected,
    world: &World,
) -> TestCaseResult {
    let mut found: BTreeMap<LineKey, [Exact; 4]> = BTreeMap::new();
    let mut rows: BTreeMap<String, u64> = BTreeMap::new();
    for row in output.table("showback_detail.csv") {
        let key = ["kind", "owner", "stage", "component", "currency"].map(|name| row[name].clone());
        let [kind, owner, stage, component, currency] = key;
        *rows.entry(currency.clone()).or_default() += row["rows"].parse::<u64>().expect("a count");
        let sums = found.entry((kind, owner, stage, component, currency)).or_insert_with(nothing);
        for (metric, (sum, column)) in sums.iter_mut().zip(COLUMNS).enumerate() {
            // A metric that no row tells is blank, and one that all tell is not.
            let rows = expected.accepted[&row["currency"]].0;
            let unknown = expected.unknown[&row["currency"]][metric];
            let is_blank = row[column].is_empty();
            prop_assert!(unknown < rows || is_blank, "{} {:?}", column, row);
            prop_assert!(unknown > 0 || !is_blank, "{} {:?}", column, row);
            if !is_blank {
                *sum += exact(&row[column]);
            }
        }
    }
    found.retain(|_, costs| costs.iter().any(|amount| !amount.is_zero()));
    for key in found.keys().chain(expected.lines.keys()) {
        let shown = |lines: &BTreeMap<LineKey, [Exact; 4]>| {
            lines.get(key).map(|costs| costs.each_ref().map(plain))
        };
        let (found, expected) = (shown(&found), shown(&expected.lines));
        prop_assert_eq!(found, expected, "{:?}\n{}", key, describe(world));
    }
    for (currency, (expected, _)) in &expected.accepted {
        prop_assert_eq!(rows.get(currency), Some(expected));
    }
    Ok(())
}

fn showback_is_the_sum_of_its_detail(output: &Output) -> TestCaseResult {
    let detail = output.table("showback_detail.csv");
    let columns = output.columns("showback.csv");
    let from = columns.iter().position(|name| name == "total").expect("a total") + 1;
    let to = columns.iter().position(|name| name == "billed_cost").expect("a cash view");
    let mut seen = BTreeSet::new();
    for row in output.table("showback.csv") {
        let own = |line: &support::Row, stage: fn(&str) -> bool| {
            let same = ["kind", "owner", "currency"].iter().all(|key| line[*key] == row[*key]);
            same && stage(&line["stage"])
        };
        let part = |stage| sum(&detail, "effective_cost", |line| own(line, stage));
        let direct = part(|stage| stage == "direct");
        let shared = part(|stage| stage != "direct");
        let amount = |column: &str| exact(&row[column]);
        prop_assert_eq!(amount("direct"), direct);
        prop_assert_eq!(amount("shared_in") + amount("shared_out"), shared);
        let (empty, full) = if row["kind"] == "pool" {
            ("shared_in", "total")
        } else {
            ("shared_out", "shared_out")
        };
        prop_assert_eq!(&row[empty], "0");
        prop_assert_eq!(&row[full], "0");
        prop_assert_eq!(
            amount("total"),
            amount("direct") + amount("shared_in") + amount("shared_out")
        );
        // A component that no rule looks for is blank, not zero.
        let known = columns[from..to].iter().filter(|name| !row[*name].is_empty());
        let components = known.map(|name| amount(name));
        prop_assert_eq!(amount("total"), components.fold(Exact::zero(), |sum, more| sum + more));
        prop_assert_eq!(
            amount("billed_cost"),
            sum(&detail, "billed_cost", |line| own(line, |_| true))
        );
        prop_assert!(seen.insert((
            row["kind"].clone(),
            row["owner"].clone(),
            row["currency"].clone()
        )));
    }
    for line in &detail {
        prop_assert!(seen.contains(&(
            line["kind"].clone(),
            line["owner"].clone(),
            line["currency"].clone()
        )));
    }
    Ok(())
}

/// The month before is history: decided by the same rules, and told beside this one.
fn prior_month_stands_beside_it(output: &Output, world: &World) -> TestCaseResult {
    let at_hand = world.items.iter().any(|item| item.month + 1 == OCTOBER);
    let prior = expect(world, OCTOBER - 1);
    let rows = output.table("showback.csv");
    for row in &rows {
        if !at_hand {
            prop_assert_eq!((&*row["prior_period"], &*row["delta"]), ("", ""));
            continue;
        }
        let own = |key: &LineKey| {
            key.0 == row["kind"] && key.1 == row["owner"] && key.4 == row["currency"]
        };
        let lines = prior.lines.iter().filter(|(key, _)| own(key));
        let before = lines.map(|(_, costs)| costs[1].clone()).fold(Exact::zero(), |a, b| a + b);
        prop_assert_eq!(exact(&row["prior_period"]), before.clone(), "{}", describe(world));
        prop_assert_eq!(exact(&row["delta"]), exact(&row["total"]) - before);
    }
    for (currency, (_, costs)) in &prior.accepted {
        let told = sum(&rows, "prior_period", |row| row["currency"] == *currency);
        prop_assert_eq!(told, costs[1].clone());
    }
    Ok(())
}

fn trace_sums_to_the_pools(output: &Output, expected: &Expected) -> TestCaseResult {
    let mut divisions: BTreeMap<[String; 5], Vec<support::Row>> = BTreeMap::new();
    for row in output.table("allocation_trace.csv") {
        let key = ["pool", "currency", "component", "metric", "days"].map(|name| row[name].clone());
        divisions.entry(key).or_default().push(row);
    }
    let mut pools: BTreeMap<(String, String, String), Exact> = BTreeMap::new();
    for ([pool, currency, _, metric, days], rows) in &divisions {
        let whole = &rows[0]["pool_amount"];
        prop_assert!(rows.iter().all(|row| row["pool_amount"] == *whole), "{} {}", pool, days);
        prop_assert_eq!(sum(rows, "rounded", |_| true), exact(whole));
        let shares = rows.iter().filter(|row| row["to_kind"] != "rounding");
        let shares = shares.map(|row| fraction(&row["share_fraction"]));
        prop_assert_eq!(shares.fold(Exact::zero(), |sum, share| sum + share), Exact::one());
        let key = (pool.clone(), currency.clone(), metric.clone());
        *pools.entry(key).or_insert_with(Exact::zero) += exact(whole);
    }
    pools.retain(|_, amount| !amount.is_zero());
    let mut held: BTreeMap<(String, String, String), Exact> = BTreeMap::new();
    for ((pool, currency), costs) in &expected.pooled {
        for (metric, amount) in METRICS.iter().zip(costs).filter(|(_, amount)| !amount.is_zero()) {
            held.insert((pool.clone(), currency.clone(), (*metric).to_owned()), amount.clone());
        }
    }
    prop_assert_eq!(pools, held);
    Ok(())
}

/// Of what no row tells, nothing is read.
fn exact_or_zero(text: &str) -> Exact {
    if text.is_empty() { Exact::zero() } else { exact(text) }
}

fn fraction(text: &str) -> Exact {
    text.parse().unwrap_or_else(|_| panic!("`{text}` is no fraction"))
}

fn worklist_sums_to_the_unallocated(output: &Output, expected: &Expected) -> TestCaseResult {
    let rows = output.table("unallocated.csv");
    for currency in expected.accepted.keys() {
        let of = |row: &support::Row| row["currency"] == *currency;
        prop_assert_eq!(sum(&rows, "billed_cost", of), expected.sum("unallocated", currency, 0));
        prop_assert_eq!(sum(&rows, "effective_cost", of), expected.sum("unallocated", currency, 1));
    }
    Ok(())
}

fn proof_holds(output: &Output, expected: &Expected) -> TestCaseResult {
    let proof = output.table("conservation.csv");
    for row in &proof {
        prop_assert_eq!(&row["in"], &row["out"]);
        prop_assert_eq!(&row["residual"], "0");
        prop_assert_eq!(&row["rows_in"], &row["rows_out"]);
    }
    for (currency, (rows, costs)) in &expected.accepted {
        for stage in ["period: read to cells", "period: classify", "period: allocate"] {
            let of_stage =
                proof.iter().filter(|row| row["stage"] == stage && row["currency"] == *currency);
            let told: Vec<_> = of_stage
                .map(|row| (&*row["metric"], exact_or_zero(&row["in"]), row["rows_in"].clone()))
                .collect();
            let known = METRICS
                .iter()
                .zip(costs)
                .map(|(metric, amount)| (*metric, amount.clone(), rows.to_string()));
            prop_assert_eq!(told, known.collect::<Vec<_>>(), "{} {}", stage, currency);
        }
    }
    Ok(())
}

/// Control totals cover the rows of every month; months other than the period are named.
fn account_is_that_of_all_rows(output: &Output, world: &World) -> TestCaseResult {
    let account = output.account("data/bill.csv");
    prop_assert_eq!(account["rows"].as_u64(), Some(world.items.len() as u64));
    prop_assert_eq!(account["accepted"].as_u64(), Some(world.items.len() as u64));
    for total in account["control_totals"].as_array().expect("control totals") {
        let index = METRICS.iter().position(|name| total["metric"] == *name).expect("a metric");
        let of = world.items.iter().filter(|item| total["currency"] == item.currency);
        let amounts = of.filter_map(|item| item.costs[index].as_deref()).map(exact);
        let sum = plain(&amounts.fold(Exact::zero(), |sum, more| sum + more));
        prop_assert_eq!(text(&total["sum"]), sum);
    }
    let run = output.run();
    let others: u64 = run["other_months"]
        .as_array()
        .expect("other months")
        .iter()
        .map(|month| {
            assert_ne!(month["period"], PERIOD);
            assert!(MONTHS.iter().any(|known| month["period"] == *known));
            month["rows"].as_u64().expect("a count")
        })
        .sum();
    let elsewhere = world.items.iter().filter(|item| item.month != OCTOBER).count() as u64;
    prop_assert_eq!(others, elsewhere);
    let named = ["other-period", "late-rows"].map(|code| output.findings(code));
    let told: u64 = named.iter().flatten().map(|(.., count)| count).sum();
    prop_assert_eq!(told, elsewhere);
    Ok(())
}

proptest! {
    #![proptest_config(config(16))]

    /// How rows are ordered, in which files they come, how those are written, and how many threads
    /// read them: nothing of it shows in what is published, but where inputs are listed.
    #[test]
    fn layout_and_threads_decide_nothing(
        (world, layout) in world(2..=40).prop_filter("a charge of October", has_october)
            .prop_flat_map(|world| { let rows = world.items.len(); (Just(world), layout(rows)) })
    ) {
        let (_project, first) = publish(&world);
        let other = project(&world);
        layout.write(&world.bill(), &other);
        for threads in ["1", "2", "5"] {
            let answer = other.run_with(&["--threads", threads]);
            prop_assert_eq!(answer.exit, Some(0), "{}", answer.stderr);
            let second = other.output();
            prop_assert_eq!(names(&first), names(&second));
            for (name, bytes) in first.files.iter().filter(|(name, _)| !ABOUT_INPUTS.contains(&name.as_str())) {
                let same = second.files[name] == *bytes;
                prop_assert!(same, "{} differs\n{}\n---\n{}\n{:?}", name, first.text(name), second.text(name), layout);
            }
            let (first, second) = (first.run(), second.run());
            for key in ["totals", "other_months", "rules_hash", "period", "status"] {
                prop_assert_eq!(&first[key], &second[key]);
            }
            prop_assert_eq!(all_control_totals(&first), all_control_totals(&second));
            prop_assert_eq!(findings_of_no_file(&first), findings_of_no_file(&second));
        }
    }
}

fn names(output: &Output) -> Vec<&String> {
    output.files.keys().collect()
}

/// Control totals of all files of a run, added up.
fn all_control_totals(run: &Value) -> BTreeMap<(String, String), Exact> {
    let mut sums = BTreeMap::new();
    for source in run["sources"].as_array().expect("sources") {
        for file in source["files"].as_array().expect("files") {
            for total in file["control_totals"].as_array().expect("control totals") {
                let key = (text(&total["currency"]), text(&total["metric"]));
                let sum = exact(total["sum"].as_str().expect("an amount"));
                *sums.entry(key).or_insert_with(Exact::zero) += sum;
            }
        }
    }
    // A metric that one file does not know and another does is known to be zero there.
    sums.retain(|_, sum: &mut Exact| !sum.is_zero());
    sums
}

fn findings_of_no_file(run: &Value) -> Vec<Value> {
    let findings = run["findings"].as_array().expect("findings");
    let of_file =
        |finding: &&Value| finding["place"].as_str().is_some_and(|p| p.starts_with("data/"));
    // Which files hold other months alone is a question of layout too.
    let of_layout = |finding: &&Value| finding["code"] == "other-period";
    let findings = findings.iter().filter(|finding| !of_file(finding));
    findings.filter(|finding| !of_layout(finding)).cloned().collect()
}

proptest! {
    #![proptest_config(config(8))]

    /// Rows in another order within one file: the hash of that file changes, and what follows
    /// from it, and nothing else.
    #[test]
    fn rows_in_another_order_change_hashes_only(
        (world, order) in world(2..=30).prop_filter("a charge of October", has_october)
            .prop_flat_map(|world| {
                let order: Vec<usize> = (0..world.items.len()).collect();
                (Just(world), Just(order).prop_shuffle())
            })
    ) {
        let (_project, first) = publish(&world);
        let mut shuffled = world.clone();
        shuffled.items = order.iter().map(|index| world.items[*index].clone()).collect();
        let (_other, second) = publish(&shuffled);
        for name in first.files.keys().filter(|name| *name != "SHA256SUMS") {
            if has_extension(name, "json") {
                prop_assert_eq!(without_hashes(first.json(name)), without_hashes(second.json(name)));
            } else {
                prop_assert_eq!(first.text(name), second.text(name), "{}", name);
            }
        }
    }

    /// The same command again finds its work done and touches nothing.
    #[test]
    fn twice_is_once(world in world(1..=20).prop_filter("a charge of October", has_october)) {
        let (project, first) = publish(&world);
        let written = modified(&project);
        let answer = project.run_with(&["--verbose"]);
        prop_assert_eq!(answer.exit, Some(0));
        prop_assert!(answer.stderr.contains("unchanged: ./out/2026-10"), "{}", answer.stderr);
        prop_assert_eq!(&project.output(), &first);
        prop_assert_eq!(modified(&project), written);
        // Another folder, another month before it: the bytes depend on neither.
        let elsewhere = self::project(&world).bill("bill.csv", &world.bill());
        let earlier = elsewhere.command(["run", "--project", ".", "--period", "2026-09"]);
        prop_assert!(matches!(earlier.exit, Some(0 | 3)), "{}", earlier.stderr);
        prop_assert_eq!(elsewhere.run(), Answer { exit: Some(0), ..project.run() });
        prop_assert_eq!(elsewhere.output(), first);
    }
}

/// The document without what names the bytes of inputs.
fn without_hashes(mut document: Value) -> Value {
    match &mut document {
        Value::Object(members) => {
            for key in ["run_id", "sha256"] {
                members.remove(key);
            }
            for member in members.values_mut() {
                *member = without_hashes(member.take());
            }
        }
        Value::Array(values) => {
            for value in values {
                *value = without_hashes(value.take());
            }
        }
        _ => {}
    }
    document
}

fn modified(project: &Project) -> std::time::SystemTime {
    let written = std::fs::metadata(project.path("out").join(PERIOD).join("run.json"));
    written.and_then(|found| found.modified()).expect("a published file has a time")
}
