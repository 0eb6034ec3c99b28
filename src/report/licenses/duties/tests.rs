use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::*;
use crate::domain::DateRange;
use crate::licenses::{
    Calendars, Contract, ContractKind, DutyPrice, Extent, Holder, Inventory, Number, Origin,
    Product, Spent, Watched, burn_downs, contract_terms, warnings as watch,
};
use crate::rules::RuleText;
use crate::rules::licenses::{duty_rules, shipped_duties};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn days(from: &str, to: &str) -> DateRange {
    DateRange::new(Some(day(from)), Some(day(to))).unwrap()
}

fn number(whole: i64) -> Number {
    Number::from_integer(whole.into())
}

const HOSTILE: &str = "A;b,c\\d\r\n</title><script>alert(1)</script> \u{202e}東京支社 with a name that is much longer than any column could ever hold";

fn contract(id: &str, to: &str) -> Contract {
    Contract {
        id: id.into(),
        kind: ContractKind::License,
        title: None,
        publisher: Some("Maker".into()),
        owner: Some("jane".into()),
        days: days("2026-01-01", to),
        auto_renew: Some(false),
        notice_days: Some(45),
        business_days: false,
        uplift_cap: Some(number(3)),
        renewal_uplift: Some(number(5)),
        price_hold: None,
        currency: Some("EUR".parse().unwrap()),
        commitments: Vec::new(),
        scope: Vec::new(),
        shortfall_rule: Some("pay".into()),
        true_up: None,
        growth_allowance: None,
        audit_notice_days: Some(30),
        materiality: Some(number(5)),
        penalty: Some(number(15)),
        evidence_retention_days: Some(730),
        clause: Some("§ 4.2".into()),
        origin: Origin { path: "contracts.csv".into(), row: 2 },
    }
}

fn standing(name: &str, entitled: Option<i64>, low: i64, high: Option<i64>) -> Standing {
    let low = number(low);
    let consumed = match high {
        Some(high) => Extent::between(low, number(high)),
        None => Extent::at_least(low),
    };
    Standing {
        product: Product { publisher: Some("Maker".into()), name: name.into(), edition: None },
        metric: "named_seat".into(),
        interpretation: "default".into(),
        unit: "user".into(),
        holder: Holder::default(),
        entitled: entitled.map(number),
        consumed,
        by_contract: vec![("C-1".into(), number(1))],
        price: Some(DutyPrice {
            amount: "12.5".parse().unwrap(),
            currency: "EUR".parse().unwrap(),
            basis: "contracted".into(),
        }),
        list_price: None,
        since: None,
        gaps: Vec::new(),
        coverage: None,
        history: Vec::new(),
        spent: Vec::new(),
        evidence: None,
    }
}

/// Contracts and standings of every kind, with names that mean ill.
fn contracts() -> Vec<Contract> {
    let mut committed = contract("MACC", "2028-01-01");
    committed.kind = ContractKind::AzureCommitment;
    committed.commitments = vec![(days("2026-01-01", "2027-01-01"), "12000".parse().unwrap())];
    let mut renewing = contract("C-2", "2027-06-01");
    renewing.auto_renew = Some(true);
    renewing.title = Some(HOSTILE.into());
    renewing.price_hold = Some(day("2027-03-01"));
    renewing.true_up = Some(day("2027-04-01"));
    let over = contract("C-3", "2026-11-01");
    vec![contract("C-1", "2027-01-01"), renewing, over, committed]
}

fn standings() -> Vec<Standing> {
    let mut contested = standing("Database", Some(8), 8, Some(8));
    contested.product.edition = Some("Enterprise".into());
    let other = Standing {
        interpretation: "per_physical_core".into(),
        consumed: Extent::known(number(16)),
        ..contested.clone()
    };
    vec![
        standing("Office", Some(100), 88, Some(88)),
        standing(HOSTILE, Some(40), 38, Some(44)),
        standing("Over", Some(10), 27, Some(27)),
        standing("Nothing owned", Some(0), 5, Some(5)),
        standing("Unlimited", None, 1_234_567, Some(1_234_567)),
        standing("Open", Some(50), 20, None),
        standing("Shelf", Some(500), 3, Some(3)),
        contested,
        other,
    ]
}

fn with<T>(
    contracts: Vec<Contract>,
    standings: &[Standing],
    look: impl FnOnce(&Duties<'_>) -> T,
) -> T {
    let rules = duty_rules(&[shipped_duties()]).unwrap();
    let today = day("2026-11-21");
    let spent = |month: &str, amount: &str| Spent {
        contract: "MACC".into(),
        days: month.parse::<crate::domain::Period>().unwrap().days(),
        amount: amount.parse().unwrap(),
        currency: "EUR".parse().unwrap(),
    };
    let spent = [spent("2026-01", "700"), spent("2026-02", "800.10"), spent("2026-10", "810")];
    let inventory = Inventory { contracts, ..Inventory::default() };
    let terms = contract_terms(&inventory, &Calendars::default(), today);
    let burn_downs = burn_downs(&inventory.contracts, &spent, &rules.thresholds, today);
    let watched = Watched {
        day: today,
        inventory: &inventory,
        standings,
        measured: &[],
        terms: &terms,
        burn_downs: &burn_downs,
        held_twice: &[],
        cloud: &[],
        unrecognised: &[],
    };
    let warnings = watch(&watched, &rules);
    look(&Duties {
        organisation: "Acme & Söhne",
        day: today,
        terms: &terms,
        burn_downs: &burn_downs,
        standings,
        warnings: &warnings,
    })
}

fn written(contracts: Vec<Contract>, standings: &[Standing]) -> BTreeMap<String, String> {
    let directory = tempfile::tempdir().unwrap();
    with(contracts, standings, |duties| write_duties(duties, directory.path())).unwrap();
    let sums = fs::read_to_string(directory.path().join("SHA256SUMS")).unwrap();
    let names = sums.lines().map(|line| line[66..].to_owned());
    names
        .map(|name| (name.clone(), fs::read_to_string(directory.path().join(name)).unwrap()))
        .collect()
}

#[test]
fn everything_is_written_the_same_again_and_documented() {
    let files = written(contracts(), &standings());
    assert_eq!(files, written(contracts(), &standings()));
    let mut reversed = contracts();
    reversed.reverse();
    assert_eq!(files, written(reversed, &standings()), "whatever the order of rows");
    let docs = include_str!("../../../../docs/outputs.md");
    let mut tables = 0;
    for (name, text) in &files {
        let section = docs.find(&format!("## `{name}`"));
        let Some(from) = section else {
            assert!(docs.contains(&format!("`{name}`")), "docs/outputs.md lacks {name}");
            continue;
        };
        let section = &docs[from + 3..];
        let section = &section[..section.find("\n## ").unwrap_or(section.len())];
        if std::path::Path::new(name).extension().is_none_or(|it| it != "csv") {
            continue;
        }
        tables += 1;
        let mut table = csv::Reader::from_reader(text.as_bytes());
        for column in table.headers().unwrap() {
            assert!(section.contains(&format!("`{column}`")), "`{column}` of {name}");
        }
        assert!(table.records().count() > 0, "{name} has rows");
    }
    assert_eq!(tables, 4);
    assert_eq!(files.len(), 7);
}

#[test]
fn figures_of_contracts_tie() {
    let files = written(contracts(), &standings());
    let rows = |name: &str| -> Vec<BTreeMap<String, String>> {
        let mut table = csv::Reader::from_reader(files[name].as_bytes());
        table.deserialize().map(Result::unwrap).collect()
    };
    let register = rows("contracts.csv");
    let first = register.iter().find(|row| row["contract"] == "C-1").unwrap();
    assert_eq!((&*first["last_day"], &*first["last_notice"]), ("2026-12-31", "2026-11-16"));
    assert_eq!((&*first["notice_days_left"], &*first["evidence_until"]), ("-5", "2028-12-30"));
    let burn = &rows("contract_burndown.csv")[0];
    assert_eq!(
        (&*burn["consumed"], &*burn["told_days"], &*burn["missing_days"]),
        ("2310.1", "90", "214")
    );
    let months = rows("contract_burndown_months.csv");
    assert_eq!(months.len(), 12);
    assert_eq!(months[11]["forecast_to_date"], burn["forecast"]);
    assert_eq!(months[11]["consumed_to_date"], burn["consumed"]);
    let warnings = rows("license_warnings.csv");
    let ids: BTreeSet<&String> = warnings.iter().map(|row| &row["id"]).collect();
    assert_eq!(ids.len(), warnings.len());
    let over =
        warnings.iter().find(|row| row["kind"] == "over_use" && row["product"] == "Over").unwrap();
    assert_eq!((&*over["money"], &*over["currency"], &*over["owner"]), ("212.5", "EUR", "jane"));
}

/// A reader of RFC 5545 of its own: components with their properties, unfolded and unescaped.
fn events(text: &str) -> Vec<BTreeMap<String, String>> {
    assert!(text.ends_with("\r\n"));
    let lines: Vec<&str> = text.trim_end_matches("\r\n").split("\r\n").collect();
    for line in &lines {
        assert!(line.len() <= 75, "{} octets: {line}", line.len());
        assert!(!line.contains(['\r', '\n']) && !line.is_empty());
    }
    let unfolded = lines.join("\r\n").replace("\r\n ", "");
    let mut open: Vec<String> = Vec::new();
    let mut found: Vec<BTreeMap<String, String>> = Vec::new();
    for line in unfolded.split("\r\n") {
        let (name, value) = line.split_once(':').unwrap();
        match name {
            "BEGIN" => {
                if value == "VEVENT" {
                    found.push(BTreeMap::new());
                }
                open.push(value.to_owned());
            }
            "END" => assert_eq!(open.pop().as_deref(), Some(value)),
            _ if open.last().is_some_and(|it| it == "VEVENT") => {
                let event = found.last_mut().unwrap();
                let old = event.insert(name.to_owned(), unescaped(value));
                assert_eq!(old, None, "{name} stands twice");
            }
            "TRIGGER" | "ACTION" => {
                found.last_mut().unwrap().insert(name.to_owned(), value.to_owned());
            }
            _ => {}
        }
    }
    assert!(open.is_empty());
    found
}

fn unescaped(value: &str) -> String {
    let mut letters = value.chars();
    let mut text = String::new();
    while let Some(letter) = letters.next() {
        assert!(!matches!(letter, ';' | ','), "{value}");
        text.push(match letter {
            '\\' => match letters.next() {
                Some('n') => '\n',
                Some(other @ ('\\' | ';' | ',')) => other,
                other => panic!("\\{other:?} in {value}"),
            },
            other => other,
        });
    }
    text
}

#[test]
fn the_calendar_is_read_by_another_reader() {
    let files = written(contracts(), &standings());
    let text = &files["contracts.ics"];
    let found = events(text);
    let of = |start: &str| {
        let found: Vec<_> = found.iter().filter(|it| it["SUMMARY"].starts_with(start)).collect();
        assert_eq!(found.len(), 1, "{start}");
        found[0]
    };
    let notice = of("Last day of notice: C-1");
    assert_eq!(notice["DTSTART;VALUE=DATE"], "20261116");
    assert_eq!(notice["DTEND;VALUE=DATE"], "20261117");
    assert_eq!((&*notice["DTSTAMP"], &*notice["TRIGGER"]), ("20261121T000000Z", "-P14D"));
    assert!(notice["DESCRIPTION"].contains("\nClause: § 4.2"));
    let hostile = of("True-up: A;b,c\\d");
    assert!(!hostile["SUMMARY"].contains(['\r', '\n', '\u{202e}']));
    assert!(hostile["SUMMARY"].contains("東京支社"));
    assert!(of("Commitment ends: MACC")["DESCRIPTION"].contains("Forecast shortfall: "));
    assert!(found.iter().all(|event| !event["SUMMARY"].contains("C-3")), "it is over");
    let uids: BTreeSet<&String> = found.iter().map(|event| &event["UID"]).collect();
    assert_eq!(uids.len(), found.len());
    // A day that moves is the same event.
    let mut moved = contracts();
    moved[0].notice_days = Some(40);
    let moved = events(&written(moved, &standings())["contracts.ics"]);
    let same = moved.iter().find(|event| event["UID"] == notice["UID"]).unwrap();
    assert_eq!(same["DTSTART;VALUE=DATE"], "20261121");
}

#[test]
fn charts_hold_what_they_are_given_and_nothing_that_runs() {
    for count in [1_i64, 40, 90] {
        let standings: Vec<Standing> = (0..count)
            .map(|at| standing(&format!("Product {at}"), Some(100), at * 3, Some(at * 3)))
            .collect();
        let contracts: Vec<Contract> = (0..count)
            .map(|at| contract(&format!("C-{at:02}"), &format!("202{}-02-01", 7 + at % 3)))
            .collect();
        let files = written(contracts, &standings);
        let svg = &files["charts/license_entitled.svg"];
        assert!(svg.matches("Product ").count() >= usize::try_from(count.min(60)).unwrap());
        assert_eq!(svg.contains("Not drawn: 30"), count == 90);
    }
    let files = written(contracts(), &standings());
    for name in ["charts/license_entitled.svg", "charts/license_expiry.svg"] {
        let svg = &files[name];
        assert!(svg.contains("<title id=") && svg.contains("<desc id="), "{name}");
        assert!(!svg.contains("<script") && !svg.contains('\u{202e}'), "{name}");
    }
    assert!(files["charts/license_entitled.svg"].contains("−17"), "a surplus below zero");
    let rules = duty_rules(&[RuleText { path: "a.yaml".into(), text: String::new() }]);
    assert!(rules.unwrap().thresholds.is_empty());
}

/// For eyes: `COSTBOOK_CHARTS=folder` writes the charts there.
#[test]
fn charts_can_be_looked_at() {
    let Some(folder) = std::env::var_os("COSTBOOK_CHARTS") else { return };
    let many: Vec<Standing> = (0..40_i64)
        .map(|at| standing(&format!("Product {at}"), Some(100), 7 * at, Some(7 * at + at % 3 * 9)))
        .collect();
    for (prefix, standings) in
        [("few", standings()), ("many", many), ("one", standings()[..1].to_vec())]
    {
        for (name, text) in written(contracts(), &standings) {
            let name = name.replace("charts/", "");
            fs::write(std::path::Path::new(&folder).join(format!("{prefix}-{name}")), text)
                .unwrap();
        }
    }
}
