//! `costbook rules`: what it finds, what it counts, and what it answers to programs.

mod support;

use serde_json::{Value, json};
use support::{Answer, Bill, Charge, Project, costbook};

const CHECK: &[&str] = &["rules", "check", "--project", ".", "--period", "2026-10"];

fn ask(project: &Project, arguments: &[&str], more: &[&str]) -> Answer {
    let mut command = costbook(arguments.iter().chain(more));
    support::answer(command.current_dir(project.folder()))
}

fn json_of(answer: &Answer) -> Value {
    assert_eq!(answer.stderr, "");
    serde_json::from_str(&answer.stdout).expect("a document")
}

/// The findings of a code, as messages.
fn messages(document: &Value, code: &str) -> Vec<String> {
    let all = document["findings"].as_array().expect("findings");
    let of_code = all.iter().filter(|finding| finding["code"] == code);
    of_code.map(|finding| finding["message"].as_str().expect("a message").to_owned()).collect()
}

fn charge(account: &str, service: &str, day: &str, amount: &str) -> Charge {
    let charge = Charge::sound().costs(amount).with("SubAccountId", account);
    charge.with("ServiceName", service).with("ChargePeriodStart", &format!("{day}T00:00:00Z"))
}

const RULES: &str = "classify:
  - { name: mail, when: { service: Mail }, owner: retail }
  - { name: pay, when: { sub_account_id: { prefix: pay- } }, owner: payments }
  - { name: mail of pay, when: { service: Mail, sub_account_id: pay-1 }, owner: payments }
  - { name: shops, when: { sub_account_id: { prefix: shop- } }, owner: retail }
";

fn bill() -> Bill {
    Bill::of([
        charge("pay-1", "Mail", "2026-10-02", "10.25"),
        charge("pay-2", "Mail", "2026-10-20", "0.5"),
        charge("pay-2", "Disks", "2026-10-03", "7"),
        charge("shop-1", "Mail", "2026-10-04", "3"),
        charge("else", "Disks", "2026-10-05", "2"),
        charge("else", "Disks", "2026-10-06", "2.125"),
        charge("", "Lines", "2026-10-06", "-1"),
        charge("pay-1", "Mail", "2026-10-06", "99").on("2026-09", "2026-09-06"),
    ])
}

#[test]
fn what_rules_disagree_about_and_leave_out_is_counted() {
    let project = Project::ruled(RULES).bill("bill.csv", &bill());
    let mut first: Option<Value> = None;
    for threads in ["1", "4"] {
        let answer = ask(&project, CHECK, &["--format", "json", "--threads", threads]);
        assert_eq!(answer.exit, Some(0));
        let found = json_of(&answer);
        assert_eq!(found["period"], "2026-10");
        assert_eq!(found["bills"], json!({ "files": 1, "charges": 8 }));
        assert_eq!(
            messages(&found, "rules-overlap"),
            [
                "rules `mail` and `pay` disagree about 2 charges of 2026-10, 10.75 EUR EffectiveCost; `mail` stands first and decides"
            ]
        );
        assert_eq!(
            messages(&found, "rule-unreachable"),
            [
                "rule `mail of pay` is never asked: rule `mail` before it takes all that it would match"
            ]
        );
        assert_eq!(
            messages(&found, "rule-without-match"),
            [
                "rule `shops` decides nothing in 2026-09, 2026-10: before it, `mail` takes the 1 charge that it matches"
            ]
        );
        assert_eq!(
            messages(&found, "money-uncovered"),
            [
                "no rule matches 1 charge of Cloud, Lines: -1 EUR EffectiveCost",
                "no rule matches 2 charges of Cloud, Disks: 4.125 EUR EffectiveCost",
            ]
        );
        assert_eq!(found["findings"].as_array().map(Vec::len), Some(5));
        assert_eq!(found["findings"][2]["place"]["path"], "rules/rules.yaml");
        assert!(first.as_ref().is_none_or(|first| *first == found), "{found}");
        first = Some(found);
    }
}

/// What is said to be dead can be taken away, and nothing changes.
#[test]
fn a_rule_that_is_told_to_be_dead_decides_nothing() {
    let dead = "  - { name: mail of pay, when: { service: Mail, sub_account_id: pay-1 }, owner: payments }\n";
    assert!(RULES.contains(dead));
    let published = |rules: &str| {
        let project = Project::ruled(rules).bill("bill.csv", &bill());
        let output = project.published();
        ["showback.csv", "showback_detail.csv", "unallocated.csv"]
            .map(|name| output.text(name).to_owned())
    };
    assert_eq!(published(RULES), published(&RULES.replace(dead, "")));
}

#[test]
fn without_bills_the_rules_alone_are_looked_at() {
    let project = Project::ruled(RULES);
    let answer = ask(&project, CHECK, &[]);
    assert_eq!(answer.exit, Some(0));
    assert!(answer.stdout.contains("no bill of 2026-10 is there"), "{answer:?}");
    assert!(answer.stderr.contains("[rule-unreachable]"), "{answer:?}");
    assert!(!answer.stderr.contains("[rule-without-match]"), "{answer:?}");
    let found = json_of(&ask(&project, CHECK, &["--format", "json"]));
    assert_eq!(
        (&found["bills"], found["findings"].as_array().map(Vec::len)),
        (&Value::Null, Some(1))
    );
    assert_eq!(ask(&project, CHECK, &["--fail-on", "warning"]).exit, Some(1));
}

#[test]
fn bills_that_cannot_be_read_are_told_and_exit_as_such() {
    let project = Project::ruled(RULES).file("data/bill.csv", "a,b\n1,2\n");
    let found = ask(&project, CHECK, &["--format", "json"]);
    assert_eq!(found.exit, Some(3));
    let found = json_of(&found);
    assert_eq!(found["bills_unseen_because"], "the bills cannot be read");
    assert!(!messages(&found, "column-missing").is_empty());
    assert_eq!(messages(&found, "rule-unreachable").len(), 1);
    assert!(messages(&found, "money-uncovered").is_empty());
}

#[test]
fn what_is_wrong_with_the_rules_is_told_as_check_does() {
    let project = Project::ruled("classify: [ { name: a, when: { servce: x }, owner: nobody } ]\n");
    let answer = ask(&project, CHECK, &["--format", "json"]);
    assert_eq!(answer.exit, Some(2));
    let found = json_of(&answer);
    assert_eq!(messages(&found, "unknown-name").len(), 2);
    assert_eq!(found["findings"][0]["help"], "did you mean `service`?");
    let answer = ask(&project, CHECK, &[]);
    assert!(answer.stdout.is_empty() && answer.stderr.contains("2 errors"), "{answer:?}");
}

#[test]
fn examples_are_shown_one_by_one() {
    let rules = "lists: { mails: [ { value: Mail, valid: { from: 2026-10-15 } } ] }
classify: [ { name: mail, when: { service: { in: mails } }, owner: retail } ]
dimensions: { env: { from: tag.env, case: lower } }
tests:
  - { given: { service: Mail, charge_period_start: 2026-10-14 }, expect: { unallocated: true } }
  - { given: { service: Mail, tag.env: PRD }, expect: { owner: retail, rule: mail, dimensions: { env: prod } } }
  - { given: { service: Mail, charge_period_start: soon }, expect: { owner: retail } }
";
    let project = Project::ruled(rules);
    let test = &["rules", "test", "--project", "."];
    let answer = ask(&project, test, &[]);
    assert_eq!((answer.exit, answer.stderr.as_str()), (Some(2), ""));
    assert_eq!(
        answer.stdout,
        "ok   rules/rules.yaml:5  service_name=Mail, charge_period_start=2026-10-14 -> no owner
FAIL rules/rules.yaml:6  service_name=Mail, tag.env=PRD as of 2026-10-15 -> owner `retail`, rule `mail`, env `prod`
     found owner `retail` by rule `mail`, env `prd`
FAIL rules/rules.yaml:7  service_name=Mail, charge_period_start=soon -> owner `retail`
     found the charge_period_start of the example is no date
3 examples: 1 hold, 2 fail
"
    );
    let answer = ask(&project, test, &["--format", "json"]);
    assert_eq!(answer.exit, Some(2));
    let found = json_of(&answer);
    assert_eq!((&found["examples"], &found["failed"]), (&json!(3), &json!(2)));
    assert_eq!(found["tests"][1]["given"], json!({ "service_name": "Mail", "tag.env": "PRD" }));
    assert_eq!(found["tests"][1]["faults"], json!(["expected env `prod`, found `prd`"]));
    let held = Project::ruled(&rules.replace("prod", "prd").replace("soon", "2026-10-15"));
    assert_eq!(ask(&held, test, &[]).exit, Some(0));
    // What is wrong beside the examples is told as `check` tells it.
    let broken = Project::ruled("tests: [ { given: {} } ]\n");
    let answer = ask(&broken, test, &[]);
    assert!(answer.exit == Some(2) && answer.stderr.contains("[missing-key]"), "{answer:?}");
}

#[test]
fn schemas_are_printed_as_they_are_committed() {
    for kind in ["project", "rules", "column-map", "license-rules"] {
        let answer = support::answer(&mut costbook(["rules", "schema", "--for", kind]));
        let path = support::home().join("docs/schema").join(format!("{kind}.schema.json"));
        let committed = std::fs::read_to_string(path).expect("a schema");
        assert_eq!((answer.exit, answer.stdout == committed), (Some(0), true), "{kind}");
        let schema: Value = serde_json::from_str(&committed).expect("a document");
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    }
}
