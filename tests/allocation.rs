//! Shared cost through the command: each way to split, pools that feed pools, and what is refused.
//! Figures are small enough to be checked by hand.

mod support;

use std::collections::BTreeMap;

use num_traits::Zero;
use support::{Bill, Charge, Exact, Output, Project, exact, sum};

/// Charges of one service each, by service, sub account and amount.
fn bill(charges: &[(&str, &str, &str)]) -> Bill {
    Bill::of(charges.iter().map(|(service, sub_account, amount)| {
        Charge::sound().with("ServiceName", service).with("SubAccountId", sub_account).costs(amount)
    }))
}

/// `total` of `showback.csv` by owner, or by kind where a party has no name.
fn totals(output: &Output) -> BTreeMap<String, String> {
    let rows = output.table("showback.csv");
    let name = |row: &support::Row| {
        if row["owner"].is_empty() { row["kind"].clone() } else { row["owner"].clone() }
    };
    let rows = rows.iter().filter(|row| row["total"] != "0");
    rows.map(|row| (name(row), row["total"].clone())).collect()
}

fn expected(parties: &[(&str, &str)]) -> BTreeMap<String, String> {
    parties.iter().map(|(party, total)| ((*party).to_owned(), (*total).to_owned())).collect()
}

/// Who bears what, and that nothing is lost and every pool is empty.
#[track_caller]
fn shared(project: &Project, parties: &[(&str, &str)]) -> Output {
    let output = project.published();
    assert_eq!(totals(&output), expected(parties));
    for row in output.table("conservation.csv") {
        assert_eq!(row["residual"], "0", "{row:?}");
    }
    for row in output.table("showback.csv").iter().filter(|row| row["kind"] == "pool") {
        assert_eq!(row["total"], "0", "a pool is not empty: {row:?}");
    }
    output
}

const BY_SERVICE: &str = "classify:\n  - { name: pools, when: { service: [ support, platform, lake ] }, pool: support }\n";

fn owners(rules: &str) -> String {
    format!(
        "{rules}  - {{ name: pay, when: {{ sub_account_id: \"1\" }}, owner: payments }}\n  \
         - {{ name: ret, when: {{ sub_account_id: \"2\" }}, owner: retail }}\n"
    )
}

fn project(rules: &str, charges: &[(&str, &str, &str)]) -> Project {
    Project::ruled(rules).bill("bill.csv", &bill(charges))
}

fn with_driver(rules: &str, charges: &[(&str, &str, &str)], driver: &str) -> Project {
    project(rules, charges)
        .declaring(
            "rules: [",
            "drivers:\n  - { name: use, files: drivers.csv, unit: hours }\nrules: [",
        )
        .file("drivers.csv", driver)
}

#[test]
fn what_a_pool_receives_it_gives_on() {
    let rules = "classify:\n  \
        - { name: s, when: { service: support }, pool: support }\n  \
        - { name: p, when: { service: platform }, pool: platform }\n\
        pools:\n  \
        platform: { split: fixed, shares: { payments: 1/2, retail: 1/2 } }\n  \
        support: { split: fixed, shares: { platform: 3/4, retail: 1/4 } }\n";
    let project = project(rules, &[("support", "1", "80"), ("platform", "1", "40")]);
    // 60 of 80 go to the platform, which then has 100.
    let output = shared(&project, &[("payments", "50"), ("retail", "70")]);
    let trace = output.table("allocation_trace.csv");
    let platform: Vec<_> = trace
        .iter()
        .filter(|row| row["pool"] == "platform" && row["metric"] == "EffectiveCost")
        .map(|row| (row["step"].as_str(), row["pool_amount"].as_str(), row["rounded"].as_str()))
        .collect();
    // Each kind of cost is divided by itself: support stays support.
    assert_eq!(
        platform,
        [("2", "60", "30"), ("2", "60", "30"), ("2", "40", "20"), ("2", "40", "20")]
    );
}

#[test]
fn a_circle_is_refused_with_its_way_round() {
    let pools = "classify: [ { name: all, pool: a } ]\n\
        pools:\n  \
        a: { split: fixed, shares: { b: 1/2, retail: 1/2 } }\n  \
        b: { split: fixed, shares: { a: 1/4, payments: 3/4 } }\n";
    let refused = project(pools, &[("x", "1", "10")]).run();
    assert_eq!(refused.exit, Some(2), "{}", refused.stderr);
    assert!(refused.stderr.contains("allocation-circle"), "{}", refused.stderr);
    assert!(refused.stderr.contains("a → b → a"), "{}", refused.stderr);
    // It is known before any bill is read.
    let checked = project(pools, &[]).command(["check", "--project", "."]);
    assert_eq!(checked.exit, Some(2), "{}", checked.stderr);
    assert!(checked.stderr.contains("a → b → a"), "{}", checked.stderr);
    let back = format!("{pools}stages: [ [ b ], [ a ] ]\n");
    let refused = project(&back, &[("x", "1", "10")]).run();
    assert!(
        refused.stderr.contains("pool `a` gives to `b`, which an earlier stage"),
        "{}",
        refused.stderr
    );
}

#[test]
fn pools_that_use_each_other_are_solved() {
    let rules = "classify:\n  \
        - { name: a, when: { service: a }, pool: a }\n  \
        - { name: b, when: { service: b }, pool: b }\n\
        pools:\n  \
        a: { split: fixed, shares: { b: 1/2, retail: 1/2 } }\n  \
        b: { split: fixed, shares: { a: 1/4, payments: 3/4 } }\n\
        stages: [ { reciprocal: [ a, b ] } ]\n";
    // a turns over (70 + 35/4) · 8/7 = 90, b (35 + 35) · 8/7 = 80.
    let output = shared(
        &project(rules, &[("a", "1", "70"), ("b", "1", "35")]),
        &[("payments", "60"), ("retail", "45")],
    );
    let table = output.table("reciprocal.csv");
    let of = |pool: &str, flow: &str| -> Vec<String> {
        let rows = table.iter().filter(|row| {
            row["pool"] == pool && row["flow"] == flow && row["metric"] == "EffectiveCost"
        });
        rows.map(|row| row["amount"].clone()).collect()
    };
    assert_eq!((of("a", "own"), of("a", "received")), (vec!["70".into()], vec!["20".into()]));
    assert_eq!((of("b", "own"), of("b", "received")), (vec!["35".into()], vec!["45".into()]));
    assert_eq!(of("a", "given to others"), ["45"]);
    assert_eq!(of("b", "given to others"), ["60"]);
    assert!(table.iter().filter(|row| row["flow"] == "residual").all(|row| row["amount"] == "0"));
    let closed =
        rules.replace("b: 1/2, retail: 1/2", "b: 1").replace("a: 1/4, payments: 3/4", "a: 1");
    let refused = project(&closed, &[("a", "1", "70")]).run();
    assert!(refused.stderr.contains("pools a, b give only to each other"), "{}", refused.stderr);
    // Of a larger group, those are named that nothing leaves.
    let more = closed
        .replace("pools:\n", "pools:\n  c: { split: fixed, shares: { a: 1/2, retail: 1/2 } }\n")
        .replace("[ a, b ]", "[ c, b, a ]");
    let refused = project(&more, &[("a", "1", "70")]).run();
    assert!(refused.stderr.contains("pools b, a give only to each other"), "{}", refused.stderr);
}

/// Pools that each give a half to the next, and the other half to payments and retail by turns.
fn ring(size: usize) -> String {
    let names: Vec<String> = (0..size).map(|index| format!("p{index:02}")).collect();
    let pool = |(index, name): (usize, &String)| {
        let next = &names[(index + 1) % size];
        let owner = if index % 2 == 0 { "payments" } else { "retail" };
        format!("  {name}: {{ split: fixed, shares: {{ {next}: 1/2, {owner}: 1/2 }} }}\n")
    };
    let pools: Vec<String> = names.iter().enumerate().map(pool).collect();
    format!(
        "classify: [ {{ name: all, pool: p00 }} ]\npools:\n{}stages: [ {{ reciprocal: [ {} ] }} ]\n",
        pools.concat(),
        names.join(", ")
    )
}

/// As many pools as are solved by remainders and not by elimination, against a formula.
#[test]
fn a_long_ring_is_solved_exactly_and_one_too_long_is_refused() {
    let rules = ring(30);
    // Of what goes round, payments gets a half first and retail a half of the rest: two to one.
    let output = shared(
        &project(rules.as_str(), &[("x", "1", "96")]),
        &[("payments", "64"), ("retail", "32")],
    );
    let table = output.table("reciprocal.csv");
    let residuals = table.iter().filter(|row| row["flow"] == "residual");
    assert!(residuals.map(|row| row["amount"].as_str()).all(|amount| amount == "0"));
    // 96 · (1 + 2⁻³⁰ + 2⁻⁶⁰ + …)
    let own = table.iter().find(|row| {
        row["pool"] == "p00" && row["flow"] == "received" && row["metric"] == "EffectiveCost"
    });
    assert_eq!(own.expect("what came round")["amount_fraction"], "32/357913941");
    let refused = project(ring(201).as_str(), &[("x", "1", "96")]).run();
    assert_eq!(refused.exit, Some(2), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("201 pools use each other in 2026-10, and at most 200"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_driver_is_a_table_of_usage() {
    let rules = "classify: [ { name: all, pool: platform } ]\n\
        pools: { platform: { split: driver, driver: use, on_zero_driver: fail } }\n";
    let charges = [("platform", "1", "90")];
    let table =
        "period,consumer,quantity\n2026-10,payments,2\n2026-10,retail,1\n2026-09,retail,7\n";
    let output =
        shared(&with_driver(rules, &charges, table), &[("payments", "60"), ("retail", "30")]);
    let trace = output.table("allocation_trace.csv");
    assert!(
        trace
            .iter()
            .any(|row| row["driver_value"] == "2 hours" && row["driver_total"] == "3 hours")
    );
    let missing =
        with_driver(rules, &charges, "period,consumer,quantity\n2026-09,retail,7\n").run();
    assert_eq!(missing.exit, Some(3), "{}", missing.stderr);
    assert!(missing.stderr.contains("driver-missing") && missing.stderr.contains("`platform`"));
    let unknown =
        with_driver(rules, &charges, "period,consumer,quantity\n2026-10,payment,7\n").run();
    assert_eq!(unknown.exit, Some(3), "{}", unknown.stderr);
    assert!(unknown.stderr.contains("did you mean `payments`?"), "{}", unknown.stderr);
    let zero = with_driver(rules, &charges, "period,consumer,quantity\n2026-10,payments,0\n").run();
    assert!(zero.stderr.contains("zero-driver-refused"), "{}", zero.stderr);
}

#[test]
fn daily_usage_divides_each_day_by_its_own() {
    let rules = "classify: [ { name: all, pool: platform } ]\n\
        pools: { platform: { split: driver, driver: use, on_zero_driver: widen } }\n";
    let on = |day: &str, amount: &str| Charge::sound().on("2026-10", day).costs(amount);
    let charges = Bill::of([on("2026-10-01", "10"), on("2026-10-02", "10"), on("2026-10-03", "9")]);
    let project = with_driver(
        rules,
        &[],
        "day,consumer,quantity\n2026-10-01,payments,1\n2026-10-02,retail,1\n2026-10-02,payments,1\n",
    )
    .bill("bill.csv", &charges);
    // The third day has no usage; the month has 2 : 1.
    shared(&project, &[("payments", "21"), ("retail", "8")]);
}

#[test]
fn services_use_services_many_levels_deep() {
    let rules = "classify:\n  \
        - { name: services, when: { service: { prefix: svc- } }, pool: { from: service } }\n  \
        - { name: pay, when: { sub_account_id: \"1\" }, owner: payments }\n\
        pools: { services: { each: service, split: driver, driver: use, on_zero_driver: fail } }\n";
    let table = "period,pool,consumer,quantity\n\
        2026-10,svc-c,svc-b,1\n2026-10,svc-c,payments,1\n\
        2026-10,svc-b,svc-a,3\n2026-10,svc-b,retail,1\n\
        2026-10,svc-a,retail,1\n2026-10,svc-a,payments,4\n";
    let charges =
        [("svc-a", "1", "10"), ("svc-b", "1", "10"), ("svc-c", "1", "60"), ("db", "1", "1")];
    // c: 30 to b, 30 to payments; b has 40: 30 to a, 10 to retail; a has 40: 8 to retail, 32 to payments.
    let project = with_driver(rules, &charges, table);
    shared(&project, &[("payments", "63"), ("retail", "18")]);
    let explained = project.command(["explain", "--period", "2026-10", "--pool", "services/svc-a"]);
    assert!(explained.stdout.contains("40 EUR  pool `services/svc-a`"), "{}", explained.stdout);
    assert!(
        explained.stdout.contains("30 EUR  from pool `services/svc-b`"),
        "{}",
        explained.stdout
    );
    let circle = table.replace("svc-a,retail,1", "svc-a,svc-c,1");
    let refused = with_driver(rules, &charges, &circle).run();
    assert!(refused.stderr.contains("allocation-circle"), "{}", refused.stderr);
    let solved = format!("{rules}stages: [ {{ reciprocal: [ services ] }} ]\n");
    let output = with_driver(&solved, &charges, &circle).published();
    let whole: Exact = sum(&output.table("showback.csv"), "total", |_| true);
    assert_eq!(whole, exact("81"));
    let order = format!(
        "{rules}stages: [ {{ precedence: [ services/svc-c, services/svc-b, services/svc-a ] }} ]\n"
    );
    // What a would give to c is shared by its other receiver.
    shared(&with_driver(&order, &charges, &circle), &[("payments", "71"), ("retail", "10")]);
}

#[test]
fn a_rate_is_charged_and_the_rest_is_shown() {
    let rules = |remainder: &str| {
        format!(
            "classify: [ {{ name: all, pool: lake }} ]\n\
             pools: {{ lake: {{ split: rate, driver: use, tiers: [ {{ to: 10, price: 2 EUR }}, {{ price: 1.5 EUR }} ], remainder: {remainder} }} }}\n"
        )
    };
    let table = "period,consumer,quantity\n2026-10,payments,12\n2026-10,retail,4\n";
    let charges = [("lake", "1", "40")];
    // 10 · 2 + 2 · 1.5 = 23 and 4 · 2 = 8 of 40; 9 are not recovered.
    let project = with_driver(&rules("unallocated"), &charges, table);
    shared(&project, &[("payments", "23"), ("retail", "8"), ("unallocated", "9")]);
    // Of 20, too much is recovered.
    let project = with_driver(&rules("labs"), &[("lake", "1", "20")], table);
    shared(&project, &[("payments", "23"), ("retail", "8"), ("labs", "-11")]);
}

#[test]
fn a_partition_is_split_by_itself() {
    let rules = owners(BY_SERVICE)
        + "pools: { support: { split: proportional, within: [ billing_account_id ], on_zero_driver: widen } }\n";
    let charge = |service: &str, sub: &str, billing: &str, amount: &str| {
        Charge::sound()
            .with("ServiceName", service)
            .with("SubAccountId", sub)
            .with("BillingAccountId", billing)
            .costs(amount)
    };
    let bill = Bill::of([
        charge("db", "1", "A", "30"),
        charge("db", "2", "A", "10"),
        charge("db", "2", "B", "60"),
        charge("support", "9", "A", "4"),
        charge("support", "9", "B", "6"),
        // Nobody has cost in C: it is shared by all cost, 30 : 70.
        charge("support", "9", "C", "10"),
    ]);
    let project = Project::ruled(&rules).bill("bill.csv", &bill);
    shared(&project, &[("payments", "36"), ("retail", "84")]);
}

#[test]
fn receivers_are_weighed_by_what_is_asked_of_their_charges() {
    let rules =
        owners(BY_SERVICE) + "pools: { support: { split: proportional, of: { service: db } } }\n";
    let charges =
        [("db", "1", "10"), ("db", "2", "30"), ("web", "1", "500"), ("support", "9", "8")];
    shared(&project(&rules, &charges), &[("payments", "512"), ("retail", "36")]);
}

#[test]
fn shares_hold_on_their_days() {
    let rules = "classify: [ { name: all, pool: audit } ]\n\
        pools:\n  audit:\n    split: fixed\n    shares:\n      \
        - { valid: { to: 2026-10-15 }, of: { payments: 100% } }\n      \
        - { valid: { from: 2026-10-15 }, of: { payments: 50%, retail: 50% } }\n";
    let on = |day: &str| Charge::sound().on("2026-10", day).costs("10");
    let bill = Bill::of([on("2026-10-14"), on("2026-10-15"), on("2026-10-31")]);
    shared(&Project::ruled(rules).bill("bill.csv", &bill), &[("payments", "20"), ("retail", "10")]);
}

#[test]
fn a_level_receives_for_all_below_it() {
    let owners_table = "id,name,parent\nacme,Acme,\npayments,Payments,acme\nretail,Retail,acme\n\
                        shop,Shop,retail\nstore,Store,retail\n";
    let rules = |split: &str| {
        format!(
            "classify:\n  - {{ name: s, when: {{ service: support }}, pool: support }}\n  \
             - {{ name: o, owner: {{ from: sub_account_id }} }}\n\
             pools: {{ support: {{ split: {split}, over: {{ level: 2 }} }} }}\n"
        )
    };
    let charges = [
        ("db", "payments", "10"),
        ("db", "shop", "10"),
        ("db", "store", "20"),
        ("support", "9", "8"),
    ];
    let of = |split: &str| project(&rules(split), &charges).file("owners.csv", owners_table);
    let direct = [("shop", "10"), ("store", "20")];
    let both = |more: [(&'static str, &'static str); 2]| [direct, more].concat();
    shared(&of("even"), &both([("payments", "14"), ("retail", "4")]));
    shared(&of("proportional"), &both([("payments", "12"), ("retail", "6")]));
}

#[test]
fn small_shares_are_put_together() {
    let rules = |into: &str| {
        owners(BY_SERVICE)
            + &format!(
                "pools: {{ support: {{ split: proportional, cutoff: {{ below: 10%, into: {into} }} }} }}\n"
            )
    };
    let charges = [("db", "1", "95"), ("db", "2", "5"), ("support", "9", "20")];
    shared(&project(&rules("others"), &charges), &[("payments", "115"), ("retail", "5")]);
    let charges = [("db", "1", "95"), ("db", "2", "5"), ("support", "9", "20")];
    let labs = project(&rules("labs"), &charges);
    shared(&labs, &[("payments", "114"), ("retail", "5"), ("labs", "1")]);
}

#[test]
fn policies_come_before_all_rules() {
    let rules = owners("classify:\n") + "policies: { tax: follow, credits: { owner: labs } }\n";
    let charge = |service: &str, category: &str, sub: &str, amount: &str| {
        Charge::sound()
            .with("ServiceName", service)
            .with("ChargeCategory", category)
            .with("SubAccountId", sub)
            .costs(amount)
    };
    let bill = Bill::of([
        charge("db", "Usage", "1", "30"),
        charge("web", "Usage", "2", "10"),
        // Tax on what sub account 1 used, and on nothing in particular.
        charge("db", "Tax", "1", "6"),
        charge("Tax", "Tax", "9", "8"),
        charge("db", "Credit", "1", "-5"),
    ]);
    let project = Project::ruled(&rules).bill("bill.csv", &bill);
    shared(&project, &[("payments", "42"), ("retail", "12"), ("labs", "-5")]);
}

#[test]
fn scopes_restrict_a_key_to_a_part_of_a_pool() {
    let rules = "classify: [ { name: all, pool: platform } ]\n\
        pools: { platform: { split: driver, driver: use, on_zero_driver: fail } }\n";
    let project = project(rules, &[("db", "1", "10"), ("web", "1", "30")])
        .declaring(
            "rules: [",
            "drivers:\n  - { name: use, files: drivers.csv, scope: [ service_name ] }\nrules: [",
        )
        .file(
            "drivers.csv",
            "period,consumer,quantity,service_name\n2026-10,payments,1,\n2026-10,retail,1,\n2026-10,retail,5,db\n",
        );
    shared(&project, &[("payments", "15"), ("retail", "25")]);
}

#[test]
fn staged_pools_tie_in_the_report_currency() {
    let rules = "classify:\n  \
        - { name: s, when: { service: support }, pool: support }\n  \
        - { name: p, when: { service: platform }, pool: platform }\n\
        pools:\n  \
        support: { split: fixed, shares: { platform: 1/3, retail: 2/3 } }\n  \
        platform: { split: fixed, shares: { payments: 1/3, retail: 2/3 } }\n";
    let in_usd = |service: &str, amount: &str| {
        Charge::sound().with("ServiceName", service).with("BillingCurrency", "USD").costs(amount)
    };
    let project = Project::ruled(rules)
        .bill("bill.csv", &Bill::of([in_usd("support", "10"), in_usd("platform", "7")]))
        .declaring(
            "rules: [",
            "exchange: { rates: fx.csv, policy: month_end, digits: 4 }\nrules: [",
        )
        .file("fx.csv", "date,from,to,rate\n2026-10-31,USD,EUR,0.8652\n");
    let output = project.published();
    let rows = output.table("showback.csv");
    let whole: Exact = sum(&rows, "report_total", |_| true);
    assert_eq!(whole, exact("14.7084"));
    let pools: Exact = sum(&rows, "report_total", |row| row["kind"] == "pool");
    assert!(pools.is_zero());
    for row in output.table("conservation.csv") {
        assert_eq!(row["residual"], "0", "{row:?}");
    }
}
