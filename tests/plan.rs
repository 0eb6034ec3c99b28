//! `costbook plan` through the command: what a change does in money, by party and by cause.
//! Figures are small enough to be checked by hand.

mod support;

#[path = "plan/months.rs"]
mod months;
#[path = "plan/runs.rs"]
mod runs;

use std::collections::BTreeMap;

use num_traits::Zero;
use support::{Answer, Bill, Charge, Output, PERIOD, Project, Row, exact, sum};

const CAUSES: [&str; 7] = ["bills", "owners", "metadata", "drivers", "rules", "rates", "together"];

/// Charges of one service each, by service, sub account and amount.
fn bill(charges: &[(&str, &str, &str)]) -> Bill {
    Bill::of(charges.iter().map(|(service, sub_account, amount)| {
        Charge::sound().with("ServiceName", service).with("SubAccountId", sub_account).costs(amount)
    }))
}

const CHARGES: [(&str, &str, &str); 3] =
    [("db", "1", "100"), ("db", "2", "40"), ("platform", "1", "60")];

fn rules(owner_of_one: &str, split: &str) -> String {
    format!(
        "classify:\n  \
         - {{ name: shared, when: {{ service: platform }}, pool: platform }}\n  \
         - {{ name: one, when: {{ sub_account_id: \"1\" }}, owner: {owner_of_one} }}\n  \
         - {{ name: two, when: {{ sub_account_id: \"2\" }}, owner: retail }}\n\
         pools: {{ platform: {{ {split} }} }}\n"
    )
}

const EVENLY: &str = "split: fixed, shares: { payments: 1/2, retail: 1/2 }";
const BY_USE: &str = "split: driver, driver: use, on_zero_driver: fail";

fn project(rules: &str, usage: &str) -> Project {
    Project::ruled(rules)
        .bill("bill.csv", &bill(&CHARGES))
        .declaring("rules: [", "drivers:\n  - { name: use, files: drivers.csv }\nrules: [")
        .file("drivers.csv", format!("period,consumer,quantity\n{usage}"))
}

const USED: &str = "2026-10,payments,2\n2026-10,retail,1\n";

fn plan(before: &Project, after: &Project, more: &[&str]) -> Answer {
    let folder = before.folder().to_string_lossy();
    let asked = ["plan", "--project", ".", "--against", &folder, "--period", PERIOD];
    after.command([&asked, more].concat())
}

/// The files of a comparison; effects sum to differences, and those to the totals'.
#[track_caller]
fn compared(before: &Project, after: &Project) -> Output {
    let answer = plan(before, after, &["--out", "compared"]);
    assert_eq!(answer.exit, Some(0), "{}", answer.stderr);
    let output = Output::read(&after.path("compared"));
    let parties = output.table("plan.csv");
    for row in &parties {
        let effects = CAUSES.iter().fold(exact("0"), |sum, cause| sum + exact(&row[*cause]));
        assert_eq!(effects, exact(&row["delta"]), "{row:?}");
        assert_eq!(exact(&row["after"]) - exact(&row["before"]), exact(&row["delta"]), "{row:?}");
    }
    let document = output.json("plan.json");
    for total in document["totals"].as_array().expect("totals") {
        let currency = total["currency"].as_str().expect("a currency");
        let of = |row: &Row| row["currency"] == currency;
        for column in ["before", "after", "delta"] {
            let whole = exact(total[column].as_str().expect("an amount"));
            assert_eq!(sum(&parties, column, of), whole, "{column}");
        }
    }
    output
}

/// What is not zero of a row of `plan.csv`, by column.
fn effects(output: &Output, party: &str) -> BTreeMap<String, String> {
    let rows = output.table("plan.csv");
    let row = rows.iter().find(|row| row["name"] == party || row["kind"] == party);
    let row = row.unwrap_or_else(|| panic!("{party} is not in {rows:?}")).clone();
    let is_told =
        |name: &str, text: &str| (name == "delta" || CAUSES.contains(&name)) && text != "0";
    row.into_iter().filter(|(name, text)| is_told(name, text)).collect()
}

fn expected(effects: &[(&str, &str)]) -> BTreeMap<String, String> {
    effects.iter().map(|(name, amount)| ((*name).to_owned(), (*amount).to_owned())).collect()
}

#[test]
fn a_rule_moves_money_from_owner_to_owner() {
    let (before, after) =
        (project(&rules("payments", EVENLY), USED), project(&rules("retail", EVENLY), USED));
    let output = compared(&before, &after);
    assert_eq!(effects(&output, "payments"), expected(&[("delta", "-100"), ("rules", "-100")]));
    assert_eq!(effects(&output, "retail"), expected(&[("delta", "100"), ("rules", "100")]));
    let moves = output.table("plan_moves.csv");
    assert_eq!(moves.len(), 1, "{moves:?}");
    let told = [
        ("name_before", "payments"),
        ("name_after", "retail"),
        ("rule_before", "one"),
        ("place_before", "rules/rules.yaml:3"),
        ("place_after", "rules/rules.yaml:3"),
        ("effective_cost", "100"),
        ("billed_cost", "100"),
        ("rows", "1"),
        ("currency", "EUR"),
    ];
    for (column, text) in told {
        assert_eq!(moves[0][column], text, "{column}");
    }
    assert!(output.table("plan_pools.csv").is_empty());
}

#[test]
fn causes_are_taken_apart_by_exchanging_one_after_the_other() {
    // By use 2 : 1 payments has 40 of 60, by 1 : 5 it has 10, and by halves 30.
    let before = project(&rules("payments", BY_USE), USED);
    let after = project(&rules("retail", EVENLY), "2026-10,payments,1\n2026-10,retail,5\n");
    let output = compared(&before, &after);
    let payments = [("delta", "-110"), ("drivers", "-30"), ("rules", "-80")];
    assert_eq!(effects(&output, "payments"), expected(&payments));
    let pools = output.table("plan_pools.csv");
    let payments = pools.iter().find(|row| row["name"] == "payments").expect("payments");
    let told = [
        ("pool", "platform"),
        ("step_before", "1"),
        ("step_after", "1"),
        ("share_before", "0.666667"),
        ("share_after", "0.500000"),
        ("amount_before", "40"),
        ("amount_after", "30"),
        ("delta", "-10"),
        ("method_after", "fixed"),
        ("place_after", "rules/rules.yaml:5"),
    ];
    for (column, text) in told {
        assert_eq!(payments[column], text, "{column}");
    }
    assert!(sum(&pools, "delta", |_| true).is_zero());
}

#[test]
fn what_cannot_be_exchanged_alone_is_told_together() {
    let owners = "id,name,parent,valid_from,valid_to\nacme,Acme,,,\nretail,Retail,acme,,\n\
                  shop,Shop,acme,,\n";
    let split = "split: even";
    let before = project(&rules("payments", split), "2026-10,retail,1\n");
    let after = project(&rules("shop", split), "2026-10,retail,1\n").file("owners.csv", owners);
    let output = compared(&before, &after);
    // Of the 60 each of three had 20, and each of two has 30.
    for (party, amount) in
        [("payments", "-120"), ("shop", "130"), ("retail", "10"), ("labs", "-20")]
    {
        let together = [("delta", amount), ("together", amount)];
        assert_eq!(effects(&output, party), expected(&together), "{party}");
    }
    let notes = output.json("plan.json")["notes"].to_string();
    assert!(notes.contains("owners cannot be exchanged alone"), "{notes}");
}

#[test]
fn a_folder_without_bills_is_held_to_those_of_the_project() {
    let (before, after) =
        (project(&rules("payments", EVENLY), USED), project(&rules("retail", EVENLY), USED));
    before.remove("data");
    let output = compared(&before, &after);
    assert_eq!(effects(&output, "retail"), expected(&[("delta", "100"), ("rules", "100")]));
    assert!(output.json("plan.json")["notes"].to_string().contains("has no bills of the month"));
}

#[test]
fn other_bills_are_a_cause_of_their_own() {
    let before = project(&rules("payments", EVENLY), USED);
    let after = project(&rules("retail", EVENLY), USED)
        .bill("bill.csv", &bill(&[&CHARGES[..], &[("db", "1", "7"), ("db", "2", "8")]].concat()));
    let output = compared(&before, &after);
    // 7 more are payments', until the rule gives all 107 to retail.
    let payments = [("bills", "7"), ("delta", "-100"), ("rules", "-107")];
    assert_eq!(effects(&output, "payments"), expected(&payments));
    let retail = [("bills", "8"), ("delta", "115"), ("rules", "107")];
    assert_eq!(effects(&output, "retail"), expected(&retail));
    // Moves are of the same bills: those of the project.
    assert_eq!(output.table("plan_moves.csv")[0]["effective_cost"], "107");
}

#[test]
fn charges_that_lose_or_find_an_owner_are_moves() {
    let to = |owner: &str| {
        format!("classify: [ {{ name: all, when: {{ service: db }}, owner: {owner} }} ]\n")
    };
    let (before, after) = (
        project("classify: [ { name: rest, owner: retail } ]\n", USED),
        project(&to("payments"), USED),
    );
    let output = compared(&before, &after);
    assert_eq!(effects(&output, "unallocated"), expected(&[("delta", "60"), ("rules", "60")]));
    let moves = output.table("plan_moves.csv");
    let found: Vec<[&str; 4]> = moves
        .iter()
        .map(|row| {
            ["name_before", "name_after", "reason_after", "effective_cost"].map(|c| &*row[c])
        })
        .collect();
    assert_eq!(found, [["retail", "payments", "", "140"], ["retail", "", "no rule matches", "60"]]);
}

#[test]
fn only_money_that_moves_is_a_change() {
    let before = project(&rules("payments", EVENLY), USED);
    let asked = ["--detailed-exitcode"];
    let same = plan(&before, &project(&rules("payments", EVENLY), USED), &asked);
    assert_eq!(same.exit, Some(0), "{}", same.stderr);
    assert!(same.stdout.ends_with("Nothing changes.\n"), "{}", same.stdout);
    // Another name of a rule is told and moves nothing.
    let renamed = rules("payments", EVENLY).replace("name: one", "name: first");
    let told = plan(&before, &project(&renamed, USED), &asked);
    assert_eq!(told.exit, Some(0), "{}", told.stderr);
    assert!(told.stdout.contains("payments, as before, 1 row"), "{}", told.stdout);
    let moved = plan(&before, &project(&rules("retail", EVENLY), USED), &asked);
    assert_eq!(moved.exit, Some(10), "{}", moved.stderr);
}

#[test]
fn a_reader_sees_who_pays_more_and_why() {
    let (before, after) =
        (project(&rules("payments", BY_USE), USED), project(&rules("retail", EVENLY), USED));
    let text = plan(&before, &after, &["--top", "1"]).stdout;
    for line in [
        "EUR       before   after    delta    rules\n",
        "payments  140.00   30.00  -110.00  -110.00\n",
        "1 more     60.00  170.00  +110.00  +110.00\n",
        "total     200.00  200.00        ·        ·\n",
        "  100.00 EUR  payments → retail, 1 row\n",
        "`one` rules/rules.yaml:3 → `one` rules/rules.yaml:3\n",
        "pool platform to payments: 0.666667 → 0.500000\n",
        "  and 1 more\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let markdown = plan(&before, &after, &["--format", "markdown"]).stdout;
    for line in [
        "| payments | 140.00 | 30.00 | **-110.00** | -110.00 |\n",
        "<details><summary>Charges that another rule decides, as they were billed: 1</summary>\n",
        "</details>\n",
    ] {
        assert!(markdown.contains(line), "{line}\n{markdown}");
    }
    let one = plan(&before, &after, &["--format", "csv", "--threads", "1"]).stdout;
    assert_eq!(one, plan(&before, &after, &["--format", "csv", "--threads", "3"]).stdout);
    assert!(
        one.starts_with("period,metric,currency,kind,name,before,after,delta,bills,owners,"),
        "{one}"
    );
}

#[test]
fn names_cannot_leave_their_cell() {
    let owner = "\"<b>|x`\"";
    let undeclared = |project: Project| project.declaring("owners: owners.csv\n", "");
    let all = |owner: &str| format!("classify: [ {{ name: all, owner: {owner} }} ]\n");
    let before = undeclared(project(&all("payments"), USED));
    let after = undeclared(project(&all(&format!("'{}'", owner.trim_matches('"'))), USED));
    let markdown = plan(&before, &after, &["--format", "markdown"]).stdout;
    assert!(markdown.contains("| &lt;b&gt;\\|x\\` |"), "{markdown}");
}

#[test]
fn what_is_wrong_is_told_of_the_side_that_it_is_of() {
    let broken = Project::ruled("classify: [ { name: all, owner: nobody } ]\n");
    let sound = project(&rules("payments", EVENLY), USED);
    let refused = plan(&broken, &sound, &[]);
    assert_eq!((refused.exit, refused.stdout.as_str()), (Some(2), ""), "{}", refused.stderr);
    let place = format!("{}/rules/rules.yaml:1", broken.folder().display());
    assert!(refused.stderr.contains(&place), "{}", refused.stderr);
    // A folder that holds something else is left alone.
    let other = project(&rules("retail", EVENLY), USED).file("mine/notes.txt", "mine");
    let refused = plan(&sound, &other, &["--out", "mine"]);
    assert_eq!(refused.exit, Some(4), "{}", refused.stderr);
    assert!(refused.stderr.contains("output-in-the-way"), "{}", refused.stderr);
    for _ in 0..2 {
        assert_eq!(plan(&sound, &other, &["--out", "new/compared"]).exit, Some(0));
    }
}

#[test]
fn a_row_that_new_rules_cannot_read_is_told() {
    let charges = [Charge::sound().costs("30").with("Tags", "team=a"), Charge::sound().costs("5")];
    let before = Project::ruled("classify: [ { name: all, owner: retail } ]\n")
        .bill("bill.csv", &Bill::of(charges.clone()));
    let by_tag = "classify:\n  \
                  - { name: team, when: { tag.team: a }, owner: payments }\n  \
                  - { name: all, owner: retail }\n";
    let after = Project::ruled(by_tag).bill("bill.csv", &Bill::of(charges));
    let output = compared(&before, &after);
    assert_eq!(effects(&output, "retail"), expected(&[("delta", "-30"), ("rules", "-30")]));
    let moves = output.table("plan_moves.csv");
    let told = ["name_before", "kind_after", "effective_cost"].map(|column| &*moves[0][column]);
    assert_eq!((moves.len(), told), (1, ["retail", "quarantined", "30"]));
}

#[test]
fn other_rates_are_a_cause() {
    let rated = |rate: &str| {
        let bill = Bill::of([Charge::sound().costs("100").with("BillingCurrency", "USD")]);
        Project::sound()
            .bill("bill.csv", &bill)
            .declaring("rules: [", "exchange: { rates: fx.csv, policy: month_end }\nrules: [")
            .file("fx.csv", format!("date,from,to,rate\n2026-10-30,USD,EUR,{rate}\n"))
    };
    let output = compared(&rated("0.9"), &rated("0.8"));
    assert_eq!(effects(&output, "payments"), expected(&[("delta", "-10"), ("rates", "-10")]));
}

#[test]
fn other_tables_are_causes() {
    let rules = "classify: [ { name: by, owner: { from: sub_account.team } } ]\n";
    let project = |team: &str, owners: &str| {
        let declared = "metadata:\n  - { entity: sub_account, file: teams.csv }\nrules: [";
        Project::ruled(rules)
            .bill("bill.csv", &bill(&[("db", "1", "100")]))
            .declaring("rules: [", declared)
            .file("teams.csv", format!("id,team\n1,{team}\n"))
            .file("owners.csv", format!("id,name\n{owners}"))
    };
    let before = project("shop", "retail,Retail\n");
    let after = project("retail", "retail,Retail\nshop,Shop\n");
    let output = compared(&before, &after);
    // First the shop is a cost center, then the sub account is another team's.
    assert_eq!(effects(&output, "unallocated"), expected(&[("delta", "-100"), ("owners", "-100")]));
    assert_eq!(effects(&output, "retail"), expected(&[("delta", "100"), ("metadata", "100")]));
    let shop = expected(&[("metadata", "-100"), ("owners", "100")]);
    assert_eq!(effects(&output, "shop"), shop);
}

#[test]
fn the_metric_is_that_of_the_view() {
    let charge = Charge::sound().with("ServiceName", "db").with("SubAccountId", "1");
    let charge = charge.costs("100").with("BilledCost", "90");
    let viewed = |owner: &str, view: &str| {
        let rules = format!("{}policies: {{ view: {view} }}\n", rules(owner, EVENLY));
        project(&rules, USED).bill("bill.csv", &Bill::of([charge.clone()]))
    };
    for (was, view, metric, amount) in [
        ("cash", "cash", "BilledCost", "90"),
        ("amortized", "cash", "BilledCost", "90"),
        ("cash", "amortized", "EffectiveCost", "100"),
    ] {
        let (before, after) = (viewed("payments", was), viewed("retail", view));
        let output = compared(&before, &after);
        let retail = [("delta", amount), ("rules", amount)];
        assert_eq!(effects(&output, "retail"), expected(&retail), "{was} {view}");
        let document = output.json("plan.json");
        assert_eq!(document["metric"], metric);
        assert_eq!(document["notes"].to_string().contains("the view is"), was != view);
        let tables = ["plan.csv", "plan_pools.csv", "plan_services.csv"];
        for row in tables.iter().flat_map(|table| output.table(table)) {
            assert_eq!(row["metric"], metric);
        }
        for format in ["text", "markdown"] {
            let told = plan(&before, &after, &["--format", format]).stdout;
            assert!(told.contains(metric) && told.contains(&format!("{amount}.00")), "{told}");
        }
    }
}
