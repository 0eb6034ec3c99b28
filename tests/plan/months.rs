//! One month against another: price, usage, what came and went, late rows, pools and rates.

use std::fmt::Write;

use num_traits::Zero;

use super::support::{Bill, Charge, Output, PERIOD, Project, Row, exact, sum};
use super::{EVENLY, USED, project, rules};

const CAUSES: [&str; 11] = [
    "price",
    "usage",
    "new",
    "gone",
    "unpriced",
    "late",
    "pool_cost",
    "pool_share",
    "pool_unsplit",
    "rates",
    "rounding",
];
const ASKED: [&str; 5] = ["plan", "--against", "2026-09", "--period", PERIOD];

/// A charge of a service in a sub account, by its day.
fn on(day: &str, service: &str, sub_account: &str, amount: &str) -> Charge {
    let charge = Charge::sound().with("ServiceName", service).costs(amount);
    charge.with("SubAccountId", sub_account).on(&day[..7], day)
}

fn quantity(charge: Charge, quantity: &str) -> Charge {
    charge.with("PricingQuantity", quantity)
}

fn untold(charge: Charge) -> Charge {
    charge.with("PricingQuantity", "").with("ConsumedQuantity", "")
}

/// The files of a comparison. Effects sum to differences at every level: things to services,
/// services to parties but for what pools gave, parties to totals.
#[track_caller]
fn compared(project: &Project) -> Output {
    let answer = project.command([&ASKED[..], &["--out", "compared"]].concat());
    assert_eq!(answer.exit, Some(0), "{}", answer.stderr);
    let output = Output::read(&project.path("compared"));
    let tables = ["plan.csv", "plan_services.csv", "plan_prices.csv"].map(|t| output.table(t));
    let [parties, services, prices] = &tables;
    for row in tables.iter().flatten() {
        let causes = CAUSES.iter().filter_map(|cause| row.get(*cause));
        let effects = causes.fold(exact("0"), |sum, effect| sum + exact(effect));
        assert_eq!(effects, exact(&row["delta"]), "{row:?}");
        assert_eq!(exact(&row["after"]) - exact(&row["before"]), exact(&row["delta"]), "{row:?}");
    }
    for party in parties {
        let of =
            |row: &Row| ["currency", "kind", "name"].iter().all(|key| row[*key] == party[*key]);
        for cause in &CAUSES[..6] {
            assert_eq!(sum(services, cause, of), exact(&party[*cause]), "{cause} of {party:?}");
        }
    }
    let is_converted = prices.iter().any(|row| row["currency"] != "EUR");
    if !is_converted {
        for service in services {
            let keys = ["kind", "name", "service"];
            let of = |row: &Row| keys.iter().all(|key| row[*key] == service[*key]);
            for cause in &CAUSES[..6] {
                assert_eq!(sum(prices, cause, of), exact(&service[*cause]), "{cause}");
            }
        }
    }
    for cause in ["pool_cost", "pool_share", "pool_unsplit"] {
        assert!(sum(parties, cause, |_| true).is_zero(), "{cause}: {parties:?}");
    }
    let document = output.json("plan.json");
    for total in document["totals"].as_array().expect("totals") {
        let of = |row: &Row| row["currency"] == total["currency"].as_str().expect("a currency");
        for cause in CAUSES {
            let told = exact(total["causes"][cause].as_str().expect("an amount"));
            assert_eq!(sum(parties, cause, of), told, "{cause}");
        }
    }
    output
}

/// What is not zero of a party, by column.
fn told(output: &Output, name: &str) -> Vec<(&'static str, String)> {
    let parties = output.table("plan.csv");
    let row = parties.iter().find(|row| row["name"] == name).expect("the party");
    let causes = CAUSES.into_iter().map(|cause| (cause, row[cause].clone()));
    causes.filter(|(_, amount)| amount != "0").collect()
}

fn expected(effects: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    effects.iter().map(|(cause, amount)| (*cause, (*amount).to_owned())).collect()
}

#[test]
fn a_month_is_held_against_another() {
    let charges = [
        on("2026-09-05", "db", "1", "70"),
        on("2026-09-05", "disk", "1", "5"),
        on("2026-09-05", "platform", "1", "20"),
        on("2026-10-05", "db", "1", "100"),
        on("2026-10-05", "db", "2", "40"),
        on("2026-10-05", "platform", "1", "60"),
    ];
    let project = project(&rules("payments", EVENLY), USED).bill("bill.csv", &Bill::of(charges));
    let output = compared(&project);
    // Halves of 20, then of 60; the database costs 70 an hour, then 100.
    let payments = [("price", "30"), ("gone", "-5"), ("pool_cost", "20")];
    assert_eq!(told(&output, "payments"), expected(&payments));
    assert_eq!(told(&output, "retail"), expected(&[("new", "40"), ("pool_cost", "20")]));
    assert_eq!(told(&output, "platform"), expected(&[("price", "40"), ("pool_cost", "-40")]));
    // Half of more is still a half.
    let pools = output.table("plan_pools.csv");
    assert!(pools.iter().all(|row| row["share_before"] == row["share_after"]), "{pools:?}");
    assert_eq!(sum(&pools, "delta", |_| true), exact("40"));
    let changed = project.command([&ASKED[..], &["--detailed-exitcode"]].concat());
    assert_eq!(changed.exit, Some(10), "{}", changed.stderr);
    let same = project.command(["plan", "--against", PERIOD, "--period", PERIOD]);
    assert_eq!(same.exit, Some(2), "{}", same.stderr);
}

#[test]
fn price_is_told_from_usage_and_from_what_came_and_went() {
    let db = |day, amount, hours| quantity(on(day, "db", "1", amount), hours);
    let charges = [
        // 10 hours at 10, then 15 at 12: five hours more at the price that was, two more for each.
        db("2026-09-05", "60", "6"),
        db("2026-09-06", "40", "4"),
        db("2026-10-05", "180", "15"),
        // No quantity is told.
        untold(on("2026-09-05", "disk", "1", "5")),
        untold(on("2026-10-05", "disk", "1", "8")),
        // Another product of a service that goes on, and one that is no more.
        on("2026-10-05", "db", "1", "9").with("SkuId", "M2"),
        on("2026-09-05", "db", "1", "7").with("SkuId", "M0"),
        // The same product in another unit did neither come nor go.
        on("2026-09-05", "net", "1", "20").with("PricingUnit", "GB"),
        on("2026-10-05", "net", "1", "22").with("PricingUnit", "TB"),
        // October bills a day of September, and corrects.
        on("2026-10-05", "db", "1", "4").with("ChargePeriodStart", "2026-09-30T00:00:00Z"),
        on("2026-10-05", "db", "1", "-1").with("ChargeClass", "Correction"),
    ];
    let project = project(&rules("payments", EVENLY), USED).bill("bill.csv", &Bill::of(charges));
    let output = compared(&project);
    let payments = [
        ("price", "30"),
        ("usage", "50"),
        ("new", "9"),
        ("gone", "-7"),
        ("unpriced", "5"),
        ("late", "3"),
    ];
    assert_eq!(told(&output, "payments"), expected(&payments));
    let prices = output.table("plan_prices.csv");
    let db = &prices[0];
    let fields = [
        ("service", "db"),
        ("sku", "M1"),
        ("unit", "Hours"),
        ("quantity_before", "10"),
        ("quantity_after", "15"),
        ("unit_price_before", "10.000000000000"),
        ("unit_price_after", "12.000000000000"),
        ("price", "30"),
        ("usage", "50"),
    ];
    for (column, text) in fields {
        assert_eq!(db[column], text, "{column}");
    }
    let text = project.command(ASKED).stdout;
    for line in [
        "+90.00 EUR (+68.2 %): usage +50.00, price +30.00, new +9.00, gone -7.00, unpriced +5.00, ",
        "payments, db M1 eu-1: price +30.00, usage +50.00\n",
        "10 → 15 Hours at 10 → 12\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let alone = project.command([&ASKED[..], &["--format", "json", "--threads", "1"]].concat());
    let many = project.command([&ASKED[..], &["--format", "json", "--threads", "3"]].concat());
    assert_eq!(alone.stdout, many.stdout);
}

#[test]
fn what_does_not_come_out_even_still_sums() {
    let charges = [
        quantity(on("2026-09-05", "db", "1", "10"), "3"),
        quantity(on("2026-10-05", "db", "1", "10"), "1"),
    ];
    let project = project(&rules("payments", EVENLY), USED).bill("bill.csv", &Bill::of(charges));
    let output = compared(&project);
    let payments = [("price", "6.6666666667"), ("usage", "-6.6666666667")];
    assert_eq!(told(&output, "payments"), expected(&payments));
}

#[test]
fn what_a_pool_costs_is_told_from_who_uses_it() {
    let by_use = "split: driver, driver: use, on_zero_driver: fail";
    let usage = "2026-09,payments,1\n2026-09,retail,1\n2026-10,payments,3\n2026-10,retail,1\n";
    let charges =
        [on("2026-09-05", "platform", "1", "20"), on("2026-10-05", "platform", "1", "60")];
    let project = project(&rules("payments", by_use), usage).bill("bill.csv", &Bill::of(charges));
    let output = compared(&project);
    // A half of 20 would be a half of 60; three quarters are 15 more, which retail has less.
    let payments = [("pool_cost", "20"), ("pool_share", "15")];
    assert_eq!(told(&output, "payments"), expected(&payments));
    let retail = [("pool_cost", "20"), ("pool_share", "-15")];
    assert_eq!(told(&output, "retail"), expected(&retail));
}

#[test]
fn a_pool_that_nets_charges_of_both_signs_has_no_shares() {
    // In September 100 are payments' and a credit of 99 is retail's: 1 is no whole of 100.
    let split = "split: fixed, shares: [ \
                 { valid: { to: 2026-09-15 }, of: { payments: 100% } }, \
                 { valid: { from: 2026-09-15, to: 2026-10-01 }, of: { retail: 100% } }, \
                 { valid: { from: 2026-10-01 }, of: { payments: 100% } } ]";
    let charges = [
        on("2026-09-05", "platform", "1", "100"),
        on("2026-09-20", "platform", "1", "-99"),
        on("2026-10-05", "platform", "1", "100"),
    ];
    let project = project(&rules("payments", split), USED).bill("bill.csv", &Bill::of(charges));
    let output = compared(&project);
    assert_eq!(told(&output, "payments"), expected(&[]));
    assert_eq!(told(&output, "retail"), expected(&[("pool_unsplit", "99")]));
    let pools = output.table("plan_pools.csv");
    let retail = pools.iter().find(|row| row["name"] == "retail").expect("retail");
    assert_eq!(["share_before", "amount_before"].map(|column| &*retail[column]), ["", "-99"]);
}

#[test]
fn a_price_does_not_follow_what_its_pool_costs() {
    let split = "split: rate, driver: use, price: 1 EUR, remainder: retail";
    let usage = "2026-09,payments,5\n2026-10,payments,5\n";
    let charges =
        [on("2026-09-05", "platform", "1", "20"), on("2026-10-05", "platform", "1", "40")];
    let twice = project(&rules("payments", split), usage).bill("bill.csv", &Bill::of(charges));
    let output = compared(&twice);
    assert_eq!(told(&output, "payments"), expected(&[]));
    assert_eq!(told(&output, "retail"), expected(&[("pool_unsplit", "20")]));
    // What stays the same is in the total, which each form tells.
    let markdown = twice.command([&ASKED[..], &["--format", "markdown"]].concat()).stdout;
    assert!(markdown.contains("\n1 unchanged, which the total holds too.\n"), "{markdown}");
    assert!(
        markdown.contains("| pool | to | how | share before |")
            && markdown.contains("| --- | --- | --- | ---: | ---: | ---: |"),
        "{markdown}"
    );
    // Where the pool cost nothing, the price was charged all the same, and the bearer had it back.
    let charges = [on("2026-09-05", "db", "1", "20"), on("2026-10-05", "platform", "1", "20")];
    let first = project(&rules("payments", split), usage).bill("bill.csv", &Bill::of(charges));
    let output = compared(&first);
    assert_eq!(told(&output, "payments"), expected(&[("gone", "-20")]));
    assert_eq!(told(&output, "retail"), expected(&[("pool_unsplit", "20")]));
    let text = first.command(ASKED).stdout;
    assert!(text.contains("pool platform to retail: -5.00 EUR → 0.750000\n"), "{text}");
}

fn in_dollars(policy: &str, rates: &str, charges: impl IntoIterator<Item = Charge>) -> Project {
    let charges = charges.into_iter().map(|charge| charge.with("BillingCurrency", "USD"));
    project(&rules("payments", EVENLY), USED)
        .bill("bill.csv", &Bill::of(charges))
        .declaring(
            "rules: [",
            &format!("exchange: {{ rates: fx.csv, policy: {policy} }}\nrules: ["),
        )
        .file("fx.csv", format!("date,from,to,rate\n{rates}"))
}

#[test]
fn rates_are_told_at_the_earlier_amount() {
    let charges = || {
        [
            quantity(on("2026-09-05", "db", "1", "100"), "10"),
            quantity(on("2026-10-05", "db", "1", "150"), "15"),
            on("2026-09-05", "old", "1", "30"),
        ]
    };
    let rates = "2026-09-30,USD,EUR,0.9\n2026-10-30,USD,EUR,0.8\n";
    let output = compared(&in_dollars("month_end", rates, charges()));
    // 50 dollars more at 0.8, 30 fewer at 0.8; 130 dollars are each worth 0.1 less.
    let payments = [("usage", "40"), ("gone", "-24"), ("rates", "-13")];
    assert_eq!(told(&output, "payments"), expected(&payments));
    // Where a rate does not come out even, the last digits are a column of their own.
    let rates = "2026-09-30,USD,EUR,0.912345678912\n2026-10-30,USD,EUR,0.812345678912\n";
    let odd = [
        quantity(on("2026-09-05", "db", "1", "0.1234567"), "3"),
        quantity(on("2026-10-05", "db", "1", "0.2345678"), "7"),
    ];
    let output = compared(&in_dollars("month_end", rates, odd));
    assert!(told(&output, "payments").iter().any(|(cause, _)| *cause == "rounding"));
    // A service that is no longer charged in a currency has the earlier rate.
    let gone = [on("2026-09-05", "db", "1", "100")];
    let euros = on("2026-10-05", "db", "1", "5");
    let rates = "2026-09-30,USD,EUR,0.9\n2026-10-30,USD,EUR,0.8\n";
    let project = in_dollars("month_end", rates, gone).bill("euros.csv", &Bill::of([euros]));
    let output = compared(&project);
    assert_eq!(told(&output, "payments"), expected(&[("new", "5"), ("gone", "-90")]));
}

#[test]
fn days_with_rates_of_their_own_are_held_to_their_mean() {
    let rates: String = (1..=30)
        .map(|day| format!("2026-09-{day:02},USD,EUR,0.9\n"))
        .chain((1..=31).map(|day| {
            let rate = if day == 5 { "0.5" } else { "0.8" };
            format!("2026-10-{day:02},USD,EUR,{rate}\n")
        }))
        .collect();
    let charges = [
        quantity(on("2026-09-05", "db", "1", "100"), "10"),
        quantity(on("2026-10-06", "db", "1", "200"), "20"),
    ];
    let output = compared(&in_dollars("daily", &rates, charges));
    let effects = told(&output, "payments");
    // The month's mean is below 0.8, so the rest of the 70 is what rates did.
    assert_eq!(effects.iter().map(|(cause, _)| *cause).collect::<Vec<_>>(), ["usage", "rates"]);
}

#[test]
fn a_quantity_that_is_no_number_is_none() {
    let charge = |month: &str, amount: &str, hours: &str| {
        let charge = on(&format!("{month}-05"), "db", "1", amount);
        quantity(charge.with("ConsumedQuantity", ""), hours)
    };
    let charges = [charge("2026-09", "10", "1.000,5"), charge("2026-10", "12", "2.000,5")];
    let project = project(&rules("payments", EVENLY), USED).bill("bill.csv", &Bill::of(charges));
    let output = compared(&project);
    assert_eq!(told(&output, "payments"), expected(&[("unpriced", "2")]));
    let prices = output.table("plan_prices.csv");
    assert_eq!((&*prices[0]["quantity_after"], &*prices[0]["unit_price_after"]), ("", ""));
}

/// Numbers that look like chance and are always the same.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        let limit = u64::try_from(texts.len()).expect("few texts");
        texts[usize::try_from(self.below(limit)).expect("a small number")]
    }
}

/// A month's charges of every kind.
fn made_up(month: &str, currencies: &[&str], chance: &mut Chance) -> Vec<Charge> {
    let charge = |_| {
        let amount = format!("{}.{:07}", chance.below(2000), chance.below(9_999_999));
        let sign = chance.of(&["", "", "", "-"]);
        let service = chance.of(&["db", "db", "disk", "platform", "net"]);
        let day = format!("{month}-{:02}", 1 + chance.below(28));
        let charge = on(&day, service, chance.of(&["1", "2", "3"]), &format!("{sign}{amount}"));
        let hours = format!("{}.{}", chance.below(50), chance.below(1000));
        let charge = charge
            .with("SkuId", chance.of(&["M1", "M2", "M3", ""]))
            .with("SkuPriceId", chance.of(&["P1", ""]))
            .with("PricingQuantity", chance.of(&[&hours, &hours, &hours, "0", ""]))
            .with("PricingUnit", chance.of(&["Hours", "Hours", "GB", ""]))
            .with("ConsumedQuantity", chance.of(&["3", ""]))
            .with("ChargeCategory", chance.of(&["Usage", "Usage", "Tax"]))
            .with("BillingCurrency", chance.of(currencies));
        match chance.below(9) {
            0 => charge.with("ChargeClass", "Correction"),
            1 => charge.with("ChargePeriodStart", "2026-08-30T00:00:00Z"),
            _ => charge,
        }
    };
    (0..120).map(charge).collect()
}

#[test]
fn effects_sum_to_differences_at_every_level() {
    let mut rates = String::new();
    for (month, day) in [9, 10].into_iter().flat_map(|month| (1..=30).map(move |day| (month, day)))
    {
        let _ = writeln!(rates, "2026-{month:02}-{day:02},USD,EUR,0.{}", 70 + month + day % 7);
    }
    let worlds =
        [(7, &["EUR"][..], "month_end"), (11, &["EUR", "USD"], "average"), (13, &["USD"], "daily")];
    for (seed, currencies, policy) in worlds {
        let mut chance = Chance(seed);
        let mut charges = made_up("2026-09", currencies, &mut chance);
        charges.extend(made_up("2026-10", currencies, &mut chance));
        let by_use = "split: driver, driver: use, on_zero_driver: fail";
        let usage = "2026-09,payments,1\n2026-09,retail,6\n2026-10,payments,3\n2026-10,retail,1\n";
        let terms = format!("exchange: {{ rates: fx.csv, policy: {policy} }}\nrules: [");
        let project = project(&rules("payments", by_use), usage)
            .bill("bill.csv", &Bill::of(charges))
            .declaring("rules: [", &terms)
            .file("fx.csv", format!("date,from,to,rate\n{rates}"));
        let output = compared(&project);
        let parties = output.table("plan.csv");
        let works = |cause: &&str| parties.iter().any(|row| row[*cause] != "0");
        let found: Vec<&str> = CAUSES.into_iter().filter(|cause| works(cause)).collect();
        assert!(found.len() >= 7, "{found:?}");
    }
}

#[test]
fn the_sample_adds_up() {
    let sample = Project::smallest();
    super::support::copy_folder(&super::support::home().join("samples/acme"), sample.folder());
    let output = compared(&sample);
    let document = output.json("plan.json");
    assert_eq!(document["totals"].as_array().map(Vec::len), Some(1));
}
