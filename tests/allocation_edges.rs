//! Shared cost at its edges: pools that hold nothing or less than nothing, consumers that are
//! closed, prices in another currency, days outside of the month, values with odd letters.

mod support;

use std::collections::BTreeMap;

use num_traits::Zero;
use support::{Answer, Bill, Charge, Exact, Output, Project, exact, sum};

fn on(day: &str, service: &str, amount: &str) -> Charge {
    Charge::sound().on("2026-10", day).with("ServiceName", service).costs(amount)
}

fn of(service: &str, amount: &str) -> Charge {
    on("2026-10-05", service, amount)
}

/// A project whose driver `use` is a table, which may be read in the report currency.
fn project(rules: &str, charges: impl IntoIterator<Item = Charge>, driver: &str) -> Project {
    let drivers = "drivers:\n  - { name: use, files: drivers.csv }\nrules: [";
    Project::ruled(rules)
        .declaring("rules: [", drivers)
        .file("drivers.csv", driver)
        .bill("bill.csv", &Bill::of(charges))
}

/// A table of another month, for pools that need none.
const UNUSED: &str = "period,consumer,quantity\n2026-09,retail,1\n";

/// `total` of `showback.csv` by owner, or by kind where a party has no name, and currency.
fn totals(output: &Output, column: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for row in output.table("showback.csv") {
        let name = if row["owner"].is_empty() { &row["kind"] } else { &row["owner"] };
        if row[column] != "0" {
            found.insert(format!("{name} {}", row["currency"]), row[column].clone());
        }
    }
    found
}

/// Who bears what, and that nothing is lost and every pool is empty.
#[track_caller]
fn shared(project: &Project, parties: &[(&str, &str)]) -> Answer {
    let answer = project.run();
    assert_eq!(answer.exit, Some(0), "{}", answer.stderr);
    let output = project.output();
    let expected: BTreeMap<String, String> =
        parties.iter().map(|(party, total)| ((*party).to_owned(), (*total).to_owned())).collect();
    assert_eq!(totals(&output, "total"), expected, "{}", answer.stderr);
    for row in output.table("conservation.csv") {
        assert_eq!(row["residual"], "0", "{row:?}");
    }
    answer
}

const LAKE: &str = "classify: [ { name: all, pool: lake } ]\n\
    pools: { lake: { split: rate, driver: use, price: 2 EUR, remainder: payments } }\n";

#[test]
fn a_consumer_that_is_closed_is_charged_no_price() {
    let driver = "period,consumer,quantity\n2026-10,gone,3\n2026-10,retail,4\n2026-10,labs,1\n";
    let project = project(LAKE, [of("lake", "40")], driver).file(
        "owners.csv",
        "id,name,parent,valid_from,valid_to\nacme,Acme,,,\npayments,P,acme,,\nretail,R,acme,,\n\
         labs,L,acme,,2026-10-15\ngone,G,acme,,2026-03-01\n",
    );
    // `labs` was open on a day of the month, `gone` on none.
    let answer = shared(
        &project,
        &[("retail EUR", "8"), ("labs EUR", "2"), ("payments EUR", "24"), ("unallocated EUR", "6")],
    );
    assert!(answer.stderr.contains("closed-owner"), "{}", answer.stderr);
}

#[test]
fn a_bearer_of_the_rest_that_is_closed_bears_nothing() {
    let rules = LAKE.replace("remainder: payments", "remainder: labs");
    let charges = [on("2026-10-05", "lake", "10"), on("2026-10-20", "lake", "30")];
    let driver = "period,consumer,quantity\n2026-10,retail,4\n";
    let answer = shared(
        &project(&rules, charges, driver),
        &[("retail EUR", "8"), ("labs EUR", "2"), ("unallocated EUR", "30")],
    );
    assert!(answer.stderr.contains("closed-owner"), "{}", answer.stderr);
}

#[test]
fn a_cutoff_into_a_closed_owner_stays_unallocated() {
    let rules = "classify:\n  - { name: s, when: { service: support }, pool: support }\n  \
        - { name: o, owner: { from: service } }\n\
        pools: { support: { split: proportional, cutoff: { below: 10%, into: labs } } }\n";
    let charges = [of("payments", "95"), of("retail", "5"), on("2026-10-20", "support", "100")];
    let answer = shared(
        &project(rules, charges, UNUSED),
        &[("payments EUR", "190"), ("retail EUR", "5"), ("unallocated EUR", "5")],
    );
    assert!(answer.stderr.contains("closed-owner"), "{}", answer.stderr);
}

#[test]
fn a_price_is_not_charged_to_a_pool_that_a_precedence_has_emptied() {
    let rules = "classify: [ { name: all, pool: { from: service } } ]\n\
        pools:\n  \
        s: { each: service, split: rate, driver: use, price: 2 EUR, remainder: retail }\n\
        stages: [ { precedence: [ s/a, s/b ] } ]\n";
    let driver = "period,pool,consumer,quantity\n2026-10,a,payments,1\n2026-10,a,b,1\n\
        2026-10,b,a,5\n2026-10,b,payments,3\n";
    // a: 2 to payments, 2 to b, 6 to retail; b has 12: 6 to payments, nothing to a, 6 to retail.
    shared(
        &project(rules, [of("a", "10"), of("b", "10")], driver),
        &[("payments EUR", "8"), ("retail EUR", "12")],
    );
}

#[test]
fn what_a_partitioned_pool_receives_is_split_by_all_cost() {
    let rules = "classify:\n  - { name: f, when: { service: first }, pool: first }\n  \
        - { name: s, when: { service: support }, pool: support }\n  \
        - { name: o, owner: { from: service } }\n\
        pools:\n  \
        first: { split: fixed, shares: { support: 1 } }\n  \
        support: { split: proportional, within: [ sub_account_id ] }\n";
    let at = |service: &str, sub: &str, amount: &str| of(service, amount).with("SubAccountId", sub);
    let charges = [
        at("payments", "1", "30"),
        at("retail", "2", "10"),
        at("first", "1", "8"),
        at("support", "2", "2"),
    ];
    shared(&project(rules, charges, UNUSED), &[("payments EUR", "36"), ("retail EUR", "14")]);
}

#[test]
fn what_a_group_gives_does_not_weigh_in_itself() {
    let rules = "classify:\n  - { name: a, when: { service: a }, pool: a }\n  \
        - { name: b, when: { service: b }, pool: b }\n  \
        - { name: o, owner: { from: service } }\n\
        pools:\n  \
        a: { split: fixed, shares: { b: 1/2, retail: 1/2 } }\n  \
        b: { split: proportional, base: accumulated }\n\
        stages: [ { reciprocal: [ a, b ] } ]\n";
    let charges = |a: &str| {
        [
            of("payments", "30"),
            of("retail", "10"),
            // Two stretches of days, because `labs` closes on the 15th.
            on("2026-10-05", a, "40"),
            on("2026-10-20", "a", "40"),
        ]
    };
    // 40 of a go to b in all, 30 : 10; the rest to retail.
    shared(&project(rules, charges("a"), UNUSED), &[("payments EUR", "60"), ("retail EUR", "60")]);
}

#[test]
fn a_driver_in_place_of_another_must_be_there() {
    let rules = "classify: [ { name: all, pool: support } ]\n\
        pools: { support: { split: proportional, on_zero_driver: { driver: use } } }\n";
    let refused = project(rules, [of("x", "10")], UNUSED).run();
    assert_eq!(refused.exit, Some(3), "{}", refused.stderr);
    assert!(refused.stderr.contains("driver-missing"), "{}", refused.stderr);
}

#[test]
fn pools_that_hold_nothing_say_nothing() {
    let rules = "classify: [ { name: all, pool: a } ]\n\
        pools:\n  \
        a: { split: fixed, shares: { payments: 1 } }\n  \
        b: { split: driver, driver: use, on_zero_driver: fail }\n\
        stages: [ { reciprocal: [ a, b ] } ]\n";
    let answer = shared(&project(rules, [of("x", "10")], UNUSED), &[("payments EUR", "10")]);
    assert!(!answer.stderr.contains("driver"), "{}", answer.stderr);
}

#[test]
fn a_price_in_a_currency_that_no_bill_is_in_is_told() {
    let rules = LAKE.replace("2 EUR", "2 USD");
    let driver = "period,consumer,quantity\n2026-10,retail,4\n";
    let fx = "exchange: { rates: fx.csv, policy: month_end, digits: 4 }\nrules: [";
    let with_rates = project(&rules, [of("lake", "40")], driver)
        .declaring("rules: [", fx)
        .file("fx.csv", "date,from,to,rate\n2026-10-31,USD,EUR,0.5\n");
    shared(&with_rates, &[("payments EUR", "40"), ("retail USD", "8"), ("payments USD", "-8")]);
    let report = totals(&with_rates.output(), "report_total");
    assert_eq!(report["retail USD"], "4");
    assert_eq!(report["payments USD"], "-4");
    let parties = [("payments EUR", "40"), ("retail USD", "8"), ("payments USD", "-8")];
    shared(&project(&rules, [of("lake", "40")], driver), &parties);
}

#[test]
fn days_beyond_the_month_and_negative_pools_are_split_all_the_same() {
    let rules = "classify: [ { name: all, pool: p } ]\n\
        pools: { p: { split: driver, driver: use, on_zero_driver: unallocated } }\n";
    let driver = "day,consumer,quantity\n2026-10-01,payments,1\n2026-10-02,retail,3\n";
    let charges =
        [on("2026-10-01", "x", "-10"), on("2026-09-29", "x", "8"), on("2026-11-02", "x", "-4")];
    // Charges of other days go by the whole month, 1 : 3.
    shared(&project(rules, charges, driver), &[("payments EUR", "-9"), ("retail EUR", "3")]);
}

#[test]
fn values_of_a_family_may_be_written_in_any_way() {
    let rules = "classify: [ { name: all, pool: { from: service } } ]\n\
        pools: { s: { each: service, split: driver, driver: use, on_zero_driver: fail } }\n";
    let driver = "period,pool,consumer,quantity\n\
        2026-10,a/b,payments,1\n2026-10,A/b,retail,1\n2026-10,s/x,pool:s/a/b,1\n\
        2026-10,Café au lait,A/b,1\n2026-10, padded ,retail,1\n";
    let charges = [
        of("a/b", "1"),
        of("A/b", "2"),
        of("x", "4"),
        of("Cafe\u{301} au lait", "8"),
        of(" padded ", "16"),
    ];
    shared(&project(rules, charges, driver), &[("payments EUR", "5"), ("retail EUR", "26")]);
}

#[test]
fn shares_of_nothing_and_pools_without_charges_are_no_error() {
    let rules = "classify: [ { name: a, when: { service: a }, pool: a }, { name: z, pool: z } ]\n\
        pools:\n  \
        a: { split: fixed, shares: { b: 1/2, c: 1/2, retail: 0 } }\n  \
        b: { split: proportional, on_zero_driver: even }\n  \
        c: { split: fixed, shares: { payments: 1 } }\n  \
        z: { split: even, include: [ labs ] }\n";
    let charges = [of("a", "10"), of("a", "-10"), of("a", "0.01"), on("2026-10-20", "z", "5")];
    let project = project(rules, charges, UNUSED);
    let answer = project.run();
    assert_eq!(answer.exit, Some(0), "{}", answer.stderr);
    let rows = project.output().table("showback.csv");
    let whole: Exact = sum(&rows, "total", |_| true);
    assert_eq!(whole, exact("5.01"));
    assert!(sum(&rows, "total", |row| row["kind"] == "pool").is_zero());
    assert_eq!(sum(&rows, "total", |row| row["kind"] == "unallocated"), exact("5"));
}

#[test]
fn a_reciprocal_group_with_a_price_ties_in_the_report_currency() {
    let rules = "classify: [ { name: all, pool: { from: service } } ]\n\
        pools:\n  \
        s: { each: service, split: driver, driver: use, on_zero_driver: fail }\n  \
        lake: { split: rate, driver: use, price: 3 USD, remainder: s/a }\n\
        stages: [ { reciprocal: [ s, lake ] } ]\n";
    let rules = rules
        .replace("classify: [", "classify: [ { name: lake, when: { service: lake }, pool: lake },");
    let driver = "day,pool,consumer,quantity\n\
        2026-10-01,a,pool:lake,1\n2026-10-01,a,payments,1\n2026-10-02,a,retail,1\n\
        2026-10-01,lake,payments,2\n2026-10-02,lake,b,1\n2026-10-02,b,a,1\n2026-10-02,b,retail,2\n";
    let usd = |day: &str, service: &str, amount: &str| {
        on(day, service, amount).with("BillingCurrency", "USD")
    };
    let charges = [
        usd("2026-10-01", "a", "10.01"),
        usd("2026-10-02", "a", "-3.33"),
        usd("2026-10-02", "b", "7.77"),
        usd("2026-10-01", "lake", "20"),
        usd("2026-10-02", "lake", "1.11"),
        on("2026-10-02", "b", "5"),
    ];
    let rules = rules.replace("on_zero_driver: fail", "on_zero_driver: widen");
    let project = project(&rules, charges, driver)
        .declaring("rules: [", "exchange: { rates: fx.csv, policy: daily, digits: 2 }\nrules: [")
        .file(
            "fx.csv",
            "date,from,to,rate\n2026-10-01,USD,EUR,0.8652\n2026-10-02,USD,EUR,0.9111\n2026-10-30,USD,EUR,0.9001\n",
        );
    let answer = project.run();
    assert_eq!(answer.exit, Some(0), "{}", answer.stderr);
    let output = project.output();
    for row in output.table("conservation.csv") {
        assert_eq!(row["residual"], "0", "{row:?}");
    }
    let rows = output.table("showback.csv");
    let whole: Exact = sum(&rows, "report_total", |_| true);
    let converted: Exact = ["8.66", "-3.03", "7.08", "17.30", "1.01", "5"]
        .map(exact)
        .into_iter()
        .fold(Exact::zero(), |sum, part| sum + part);
    assert_eq!(whole, converted);
    assert!(sum(&rows, "total", |row| row["kind"] == "pool").is_zero());
    assert!(sum(&rows, "report_total", |row| row["kind"] == "pool").is_zero());
}

/// `showback_detail.csv` sums to `showback.csv`, also where a price is in a currency of no bill.
#[test]
fn a_price_in_a_currency_of_no_bill_is_told_in_every_report() {
    let rules = LAKE.replace("price: 2 EUR", "price: 2 USD");
    let project =
        project(&rules, [of("lake", "40")], "period,consumer,quantity\n2026-10,retail,4\n");
    let output = project.published();
    let detail = output.table("showback_detail.csv");
    let of_retail =
        detail.iter().filter(|row| row["owner"] == "retail" && row["currency"] == "USD");
    let amounts: Vec<&str> = of_retail.map(|row| row["effective_cost"].as_str()).collect();
    assert_eq!(amounts, ["8"]);
    let run = output.run();
    let totals = run["totals"].as_array().expect("totals");
    assert!(totals.iter().any(|total| total["currency"] == "USD"), "{totals:?}");
}

#[test]
fn what_a_pool_gives_itself_is_shared_like_the_rest() {
    let rules = "classify: [ { name: all, pool: p } ]\n\
        pools: { p: { split: fixed, shares: { p: 1/2, payments: 1/4, retail: 1/4 } } }\n";
    let project = project(rules, [of("lake", "40")], UNUSED);
    shared(&project, &[("payments EUR", "20"), ("retail EUR", "20")]);
}

#[test]
fn a_charge_beyond_the_range_is_refused() {
    let driver = "period,consumer,quantity\n2026-10,retail,100000000000000000000\n2026-10,labs,5\n";
    let refused = project(LAKE, [of("lake", "40")], driver).run();
    assert_eq!(refused.exit, Some(3), "{}", refused.stderr);
    assert!(refused.stderr.contains("sum-overflow"), "{}", refused.stderr);
}

#[test]
fn a_consumer_that_is_named_in_two_ways_weighs_once_or_not_at_all() {
    let rules = "classify: [ { name: all, pool: p } ]\n\
        pools: { p: { split: driver, driver: use, on_zero_driver: fail } }\n";
    let driver =
        "period,consumer,quantity\n2026-10,owner:retail,1\n2026-10,retail,1\n2026-10,payments,1\n";
    let refused = project(rules, [of("lake", "40")], driver).run();
    assert_eq!(refused.exit, Some(3), "{}", refused.stderr);
    assert!(refused.stderr.contains("a second time, under another spelling"), "{}", refused.stderr);
}
