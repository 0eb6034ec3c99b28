//! Laws of shared cost: pools of every kind that give to each other in every declared way.
//!
//! Worlds are made up by proptest, run by the command, and compared with an oracle of exact
//! rationals that takes each charge by itself. `PROPTEST_CASES` asks for more of them.

mod support;

#[path = "alloc_laws/oracle.rs"]
mod oracle;
#[path = "alloc_laws/world.rs"]
mod world;

use std::collections::BTreeMap;

use num_traits::{Signed, Zero};
use oracle::{Borne, expect};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use support::{Bill, Exact, Output, PERIOD, Project, exact, plain};
use world::{Item, Order, Pool, Split, World, world};

/// Tables whose figures go by way of pools.
const TABLES: [&str; 6] = [
    "showback.csv",
    "showback_detail.csv",
    "unallocated.csv",
    "allocation_trace.csv",
    "reciprocal.csv",
    "conservation.csv",
];

fn config(cases: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig {
        cases: asked.unwrap_or(cases),
        failure_persistence: None,
        max_shrink_iters: 300,
        ..ProptestConfig::default()
    }
}

fn project(world: &World) -> Project {
    Project::new()
        .file(
            "costbook.yaml",
            "organisation: Acme\ncurrency: EUR\nsources:\n  - name: bills\n    format: focus\n    \
             files: [ \"data/*\" ]\n    days: any\n    deliveries: append\nowners: owners.csv\n\
             rules: [ rules.yaml ]\nrounding: { digits: 20 }\ndrivers:\n  \
             - { name: monthly, files: monthly.csv, scope: [ sub_account_id ] }\n  \
             - { name: daily, files: daily.csv }\n",
        )
        .file(
            "owners.csv",
            "id,parent,valid_to\nacme,,\npayments,acme,\nretail,acme,\nlabs,acme,2026-10-15\n\
             gone,acme,2026-03-01\n",
        )
        .file("rules.yaml", world.rules())
        .file("monthly.csv", world.driver(false))
        .file("daily.csv", world.driver(true))
}

fn published(world: &World, project: &Project) -> Output {
    let answer = project.run();
    assert_eq!(answer.exit, Some(0), "{}\n{}", answer.stderr, described(world));
    project.output()
}

fn described(world: &World) -> String {
    format!(
        "{}\n{}\n{}\n{:#?}",
        world.rules(),
        world.driver(false),
        world.driver(true),
        world.items
    )
}

/// What parties but pools have, by `showback.csv`.
fn borne(output: &Output) -> BTreeMap<(String, String), [Exact; 2]> {
    let mut found = BTreeMap::new();
    for row in output.table("showback.csv").iter().filter(|row| row["kind"] != "pool") {
        let name = if row["owner"].is_empty() { &row["kind"] } else { &row["owner"] };
        let amount = |text: &str| if text.is_empty() { Exact::zero() } else { exact(text) };
        let costs = [amount(&row["total"]), amount(&row["billed_cost"])];
        found.insert((name.clone(), row["currency"].clone()), costs);
    }
    found
}

/// The same but for what rounding to twenty digits took.
fn is_near(found: &Exact, expected: &Exact) -> bool {
    (found - expected).abs() < exact("0.00000000000001")
}

fn parties_bear(output: &Output, expected: &Borne, world: &World) -> TestCaseResult {
    let found = borne(output);
    let none = [Exact::zero(), Exact::zero()];
    let keys = expected.keys().map(|(name, currency)| (name.clone(), (*currency).to_owned()));
    for key in keys.chain(found.keys().cloned()) {
        let told = found.get(&key).unwrap_or(&none);
        let currency = if key.1 == "USD" { "USD" } else { "EUR" };
        let due = expected.get(&(key.0.clone(), currency)).unwrap_or(&none);
        for (told, due) in told.iter().zip(due) {
            prop_assert!(
                is_near(told, due),
                "{:?} bears {} instead of about {}\n{}",
                key,
                plain(told),
                due,
                described(world)
            );
        }
    }
    Ok(())
}

/// Nothing is lost at any stage, and every pool gives all that it has.
fn all_is_given(output: &Output, world: &World) -> TestCaseResult {
    for row in output.table("conservation.csv") {
        prop_assert_eq!(&row["residual"], "0", "{:?}", row);
    }
    for row in output.table("showback.csv").iter().filter(|row| row["kind"] == "pool") {
        prop_assert_eq!(&row["total"], "0", "{:?}", row);
    }
    let has_pools = world.items.iter().any(|item| world::rank(item.to).is_some());
    if world.order == Order::Reciprocal && has_pools {
        let table = output.table("reciprocal.csv");
        let residuals: Vec<_> = table.iter().filter(|row| row["flow"] == "residual").collect();
        prop_assert!(!residuals.is_empty());
        for row in residuals {
            prop_assert_eq!(&row["amount"], "0", "{:?}", row);
        }
    }
    Ok(())
}

/// What the trace tells of a party is all that it has of pools.
fn trace_explains_the_figures(output: &Output) -> TestCaseResult {
    let trace = output.table("allocation_trace.csv");
    for row in output.table("showback.csv").iter().filter(|row| row["kind"] != "pool") {
        let steps = trace.iter().filter(|step| {
            let is_same = step["to_kind"] == row["kind"] && step["to"] == row["owner"];
            is_same && step["currency"] == row["currency"] && step["metric"] == "EffectiveCost"
        });
        let told = steps.map(|step| exact(&step["rounded"]));
        let told = told.fold(Exact::zero(), |sum, part| sum + part);
        prop_assert_eq!(exact(&row["shared_in"]), told, "{:?}", row);
    }
    Ok(())
}

proptest! {
    #![proptest_config(config(40))]

    #[test]
    fn every_pool_is_borne_by_whom_its_split_says(world in world()) {
        let output = published(&world, &project(&world).bill("bill.csv", &world.bill()));
        parties_bear(&output, &expect(&world), &world)?;
        all_is_given(&output, &world)?;
        trace_explains_the_figures(&output)?;
    }
}

proptest! {
    #![proptest_config(config(12))]

    /// The order of charges, of the rows of drivers, and of classify rules that exclude each other,
    /// the files that charges come in, and threads.
    #[test]
    fn order_files_and_threads_decide_nothing(world in world(), cut in 0_usize..16) {
        let output = published(&world, &project(&world).bill("bill.csv", &world.bill()));
        let mut turned = world.clone();
        turned.items.reverse();
        turned.uses.reverse();
        let (first, second) = turned.items.split_at(cut.min(turned.items.len() - 1));
        let bill = |items: &[Item]| Bill::of(items.iter().map(Item::charge));
        let mut other = project(&turned).bill("b.csv", &bill(second));
        if !first.is_empty() {
            other = other.bill("a.csv", &bill(first));
        }
        let answer = other.run_with(&["--threads", "3"]);
        prop_assert_eq!(answer.exit, Some(0), "{}", answer.stderr);
        let other = other.output();
        for table in ["showback.csv", "allocation_trace.csv"] {
            prop_assert_eq!(output.table(table), other.table(table), "{}\n{}", table, described(&world));
        }
    }

    /// Every figure of every table is told with what it is made of, and that adds up.
    #[test]
    fn every_figure_can_be_explained(world in world()) {
        let project = project(&world).bill("bill.csv", &world.bill());
        let output = published(&world, &project);
        for table in TABLES.iter().filter(|table| output.files.contains_key(**table)) {
            let asked = ["explain", "--project", ".", "--period", PERIOD, "--file", table];
            let answer = project.command(asked);
            prop_assert_eq!(answer.exit, Some(0), "{}\n{}", answer.stderr, described(&world));
        }
    }

    /// Prices do not grow with cost, so that pools with a price are split otherwise here.
    #[test]
    fn twice_the_cost_is_twice_every_share(world in world()) {
        let mut world = world;
        for pool in &mut world.pools {
            if matches!(pool.split, Split::Rate { .. }) {
                *pool = Pool { split: Split::Driver { daily: true }, cutoff: None };
            }
        }
        let once = borne(&published(&world, &project(&world).bill("bill.csv", &world.bill())));
        for item in &mut world.items {
            item.costs = item.costs.map(|cents| 2 * cents);
        }
        let twice = borne(&published(&world, &project(&world).bill("bill.csv", &world.bill())));
        for ((name, currency), costs) in once.iter().filter(|((name, _), _)| name != "rounding") {
            let none = [Exact::zero(), Exact::zero()];
            let doubled = twice.get(&(name.clone(), currency.clone())).unwrap_or(&none);
            for (once, twice) in costs.iter().zip(doubled) {
                prop_assert!(is_near(&(once + once), twice), "{} {}", name, described(&world));
            }
        }
    }

    /// A pool that has a twin of the same split, and whose charges are halved between them.
    #[test]
    fn a_pool_in_two_halves_is_shared_as_one(mut world in world()) {
        world.order = Order::Precedence;
        // Nobody gives to the first, so that all it has are its charges.
        let is_rate = matches!(world.pools[0].split, Split::Rate { .. });
        if is_rate {
            world.pools[0].split = Split::Even { over: false };
        }
        for item in &mut world.items {
            item.costs = item.costs.map(|cents| 2 * cents);
        }
        let first = world::To::Pool(0);
        let whole = borne(&published(&world, &project(&world).bill("bill.csv", &world.bill())));
        let halves = world.items.iter().flat_map(|item| {
            let is_first = item.to == first;
            let half = Item { costs: item.costs.map(|cents| cents / 2), ..item.clone() };
            let twin = half.charge().with("ResourceId", "twin");
            if is_first { vec![half.charge(), twin] } else { vec![item.charge()] }
        });
        let bill = Bill::of(halves);
        let driver = |is_daily: bool| {
            let text = world.driver(is_daily);
            let twins = text.lines().filter(|line| line.contains(",p0,"));
            let twins: Vec<String> = twins.map(|line| line.replacen(",p0,", ",twin,", 1)).collect();
            format!("{text}{}\n", twins.join("\n"))
        };
        let rules = world.rules();
        let own = rules.lines().find(|line| line.starts_with("  p0: ")).expect("the first pool");
        let rules = rules
            .replace(own, &format!("{own}\n{}", own.replacen("p0:", "twin:", 1)))
            .replacen(
                "  - { name: p0,",
                "  - { name: twin, when: { resource_id: twin }, pool: twin }\n  - { name: p0,",
                1,
            )
            .replacen("precedence: [ p0,", "precedence: [ twin, p0,", 1);
        let project = project(&world)
            .file("rules.yaml", rules)
            .file("monthly.csv", driver(false))
            .file("daily.csv", driver(true))
            .bill("bill.csv", &bill);
        let halved = borne(&published(&world, &project));
        for (key, costs) in whole.iter().filter(|((name, _), _)| name != "rounding") {
            let none = [Exact::zero(), Exact::zero()];
            for (whole, halved) in costs.iter().zip(halved.get(key).unwrap_or(&none)) {
                prop_assert!(is_near(whole, halved), "{:?}\n{}", key, described(&world));
            }
        }
    }
}

/// A figure of an explanation and all below it: every cut sums to what it takes apart.
fn levels_sum(tree: &serde_json::Value) -> TestCaseResult {
    let cost = |tree: &serde_json::Value, metric: &str| {
        tree["costs"][metric].as_str().map_or_else(Exact::zero, exact)
    };
    for cut in tree["cuts"].as_array().into_iter().flatten() {
        let branches = cut["branches"].as_array().cloned().unwrap_or_default();
        for metric in support::COSTS {
            let sum = branches.iter().map(|branch| cost(branch, metric));
            let sum = sum.fold(Exact::zero(), |sum, part| sum + part);
            prop_assert_eq!(sum, cost(tree, metric), "{} {}", tree["label"], cut["by"]);
        }
        branches.iter().try_for_each(levels_sum)?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(config(8))]

    /// What a policy says of tax is what a rule in front of all others says of it.
    #[test]
    fn a_policy_is_a_rule_in_front(world in world(), is_pooled in any::<bool>()) {
        let outcome = if is_pooled { "pool: p0" } else { "owner: retail" };
        let charge = |(index, item): (usize, &Item)| {
            let is_tax = index % 3 == 0;
            item.charge().with("ChargeCategory", if is_tax { "Tax" } else { "Usage" })
        };
        let bill = Bill::of(world.items.iter().enumerate().map(charge));
        let rules = world.rules();
        let by_policy = format!("{rules}policies: {{ tax: {{ {outcome} }} }}\n");
        let rule = format!("  - {{ name: tax, when: {{ charge_category: Tax }}, {outcome} }}\n");
        let by_rule = rules.replacen("classify:\n", &format!("classify:\n{rule}"), 1);
        let [policy, rule] = [by_policy, by_rule].map(|rules| {
            let project = project(&world).file("rules.yaml", rules).bill("bill.csv", &bill);
            published(&world, &project).table("showback.csv")
        });
        prop_assert_eq!(policy, rule, "{}", described(&world));
    }

    /// To leave receivers out is to name all others.
    #[test]
    fn to_exclude_some_is_to_include_the_others(mut world in world()) {
        world.pools[0] = Pool { split: Split::Even { over: false }, cutoff: None };
        let bill = world.bill();
        let [excluded, included] =
            ["exclude: [ labs ]", "include: [ payments, retail, gone ]"].map(|receivers| {
                let own = "p0: { split: even";
                let rules = world.rules();
                assert!(rules.contains(own), "{rules}");
                let rules = rules.replacen(own, &format!("{own}, {receivers}"), 1);
                let project = project(&world).file("rules.yaml", rules).bill("bill.csv", &bill);
                published(&world, &project)
            });
        for table in ["showback.csv", "allocation_trace.csv"] {
            prop_assert_eq!(excluded.table(table), included.table(table), "{}", described(&world));
        }
    }

    /// In the report currency everybody bears what it bears, at the rate.
    #[test]
    fn converted_figures_are_those_billed_at_the_rate(world in world()) {
        let project = project(&world)
            .declaring(
                "rounding:",
                "exchange: { rates: fx.csv, policy: month_end, digits: 18 }\nrounding:",
            )
            .file("fx.csv", "date,from,to,rate\n2026-10-30,USD,EUR,0.8652\n")
            .bill("bill.csv", &world.bill());
        let output = published(&world, &project);
        for row in output.table("showback.csv") {
            let rate = if row["currency"] == "USD" { "0.8652" } else { "1" };
            let due = exact(&row["total"]) * exact(rate);
            prop_assert!(
                is_near(&exact(&row["report_total"]), &due),
                "{:?} {}",
                row,
                described(&world)
            );
        }
        all_is_given(&output, &world)?;
    }

    /// An explanation begins with the figure of showback, and each of its levels sums to it.
    #[test]
    fn an_explanation_sums_at_every_level(world in world()) {
        let project = project(&world).bill("bill.csv", &world.bill());
        let output = published(&world, &project);
        for row in output.table("showback.csv").iter().filter(|row| row["kind"] == "owner") {
            let asked = ["explain", "--project", ".", "--period", support::PERIOD, "--owner"];
            let answer =
                project.command(asked.into_iter().chain([row["owner"].as_str(), "--format", "json"]));
            prop_assert_eq!(answer.exit, Some(0), "{}", answer.stderr);
            let told: serde_json::Value = serde_json::from_str(&answer.stdout).expect("JSON");
            let trees = told["trees"].as_array().expect("trees");
            let tree = trees.iter().find(|tree| tree["currency"] == row["currency"].as_str());
            let tree = tree.expect("one for each currency");
            let cost = tree["costs"]["EffectiveCost"].as_str().expect("a cost");
            prop_assert_eq!(exact(cost), exact(&row["total"]), "{:?}", row);
            levels_sum(tree)?;
        }
    }
}
