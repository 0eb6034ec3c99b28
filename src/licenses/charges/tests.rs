use std::collections::BTreeMap;

use super::*;
use crate::licenses::testkit::{origin, right};
use crate::rules::Project;

fn rules(charges: &str) -> Vec<ChargeRule> {
    let text = format!(
        "organisation: Acme\ncurrency: EUR\nsources: [ {{ name: saas, format: focus, files: a.csv }} ]\nlicenses:\n  charges:\n{charges}"
    );
    Project::parse("p.yaml", &text).unwrap().licenses.unwrap().charges
}

fn priced(id: &str, quantity: i64, price: &str, from: &str, to: &str) -> Entitlement {
    let day = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap());
    Entitlement {
        kind: LicenseKind::Subscription,
        currency: Some(Currency::parse("EUR").unwrap()),
        unit_price: (!price.is_empty()).then(|| price.parse().unwrap()),
        days: DateRange::new(day(from), day(to)).unwrap(),
        ..right(id, "Suite", quantity)
    }
}

fn charge(
    rights: Vec<Entitlement>,
    charges: &str,
    month: Period,
) -> Result<LicenseCharges, Vec<String>> {
    let inventory = Inventory { entitlements: rights, ..Inventory::default() };
    license_charges(&inventory, |_| None, &rules(charges), &["saas"], month)
        .map_err(|found| found.into_iter().map(|finding| finding.message).collect())
}

/// Of each row the named columns.
fn cells(charges: &LicenseCharges, names: &[&str]) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(charges.table.as_slice());
    let headers = reader.headers().unwrap().clone();
    let at: Vec<usize> = names
        .iter()
        .map(|name| headers.iter().position(|header| header == *name).unwrap())
        .collect();
    let records = reader.records().map(Result::unwrap);
    records.map(|record| at.iter().map(|at| record[*at].to_owned()).collect()).collect()
}

fn sums(rights: &[Entitlement], rule: &str, from: &str, months: usize) -> (Amount, Amount, usize) {
    let mut month: Period = from.parse().unwrap();
    let (mut billed, mut effective, mut rows) = (Amount::ZERO, Amount::ZERO, 0);
    for _ in 0..months {
        let charges = charge(rights.to_vec(), rule, month).unwrap();
        for cell in cells(&charges, &["BilledCost", "EffectiveCost"]) {
            billed += cell[0].parse().unwrap();
            effective += cell[1].parse().unwrap();
            rows += 1;
        }
        month = month.next();
    }
    (billed, effective, rows)
}

const YEAR: &str = "    - { name: fee, what: fee, price: year }\n";

#[test]
fn the_parts_of_a_year_sum_to_what_the_contract_says() {
    for (price, quantity) in [("1000", 1), ("0.01", 1), ("333.335", 7), ("17.99", 1201), ("0", 3)] {
        for (from, to) in [
            ("2026-01-01", "2027-01-01"),
            ("2026-01-18", "2027-01-18"),
            ("2024-02-29", "2025-02-28"),
        ] {
            for proration in ["months", "days"] {
                for billed in ["month", "advance"] {
                    let rule = format!(
                        "    - {{ name: fee, what: fee, price: year, proration: {proration}, billed: {billed} }}\n"
                    );
                    let rights = [priced("E1", quantity, price, from, to)];
                    let first = &from[..7];
                    let whole = amount_of(
                        &(Number::from_integer(quantity.into())
                            * number_of(price.parse().unwrap())),
                    )
                    .unwrap();
                    let (sum_billed, effective, rows) = sums(&rights, &rule, first, 14);
                    assert_eq!(
                        (sum_billed, effective),
                        (whole, whole),
                        "{price} {from} {proration} {billed}"
                    );
                    assert!((12..=13).contains(&rows), "{rows}");
                }
            }
        }
    }
}

#[test]
fn twelve_parts_differ_by_a_cent_at_most() {
    let rights = [priced("E1", 1, "1000", "2026-01-01", "2028-01-01")];
    let charges = charge(rights.to_vec(), YEAR, "2026-10".parse().unwrap()).unwrap();
    let found = cells(&charges, &["EffectiveCost", "x_LicenseArithmetic"]);
    assert_eq!(found[0][0], "83.33");
    assert_eq!(found[0][1], "1 × 1000 = 1000 for 2026-01-01 to 2026-12-31; 1 of 12 months = 83.33");
    assert_eq!(sums(&rights, YEAR, "2026-01", 24).1, "2000".parse().unwrap());
}

#[test]
fn a_right_that_ends_in_its_year_is_charged_to_its_end() {
    let rights = [priced("E1", 12, "100", "2026-01-01", "2026-07-01")];
    assert_eq!(sums(&rights, YEAR, "2026-01", 14).1, "600".parse().unwrap());
    let term = "    - { name: fee, what: fee, price: term, proration: days }\n";
    assert_eq!(sums(&rights, term, "2026-01", 14).1, "1200".parse().unwrap());
}

#[test]
fn what_is_bought_is_written_off_and_margin_stands_beside_it() {
    let mut bought = priced("E1", 3, "100", "2026-01-15", "");
    bought.kind = LicenseKind::Perpetual;
    bought.reseller = Some("Shop".into());
    let rule =
        "    - { name: fee, what: fee, months: 36, margin: \"4.5\", when: { reseller: shop } }\n";
    let (_, effective, rows) = sums(&[bought.clone()], rule, "2026-01", 40);
    assert_eq!((effective, rows), ("313.5".parse().unwrap(), 74));
    bought.days = DateRange::new(bought.days.from(), "2027-03-10".parse().ok()).unwrap();
    assert_eq!(sums(&[bought], rule, "2026-01", 40).1, "313.5".parse().unwrap());
}

#[test]
fn maintenance_goes_by_its_own_days_and_dependent_cost_by_units() {
    let mut kept = priced("E1", 10, "100", "2020-01-01", "");
    kept.maintenance_price = Some("12".parse().unwrap());
    kept.maintenance = DateRange::new("2026-04-01".parse().ok(), "2027-04-01".parse().ok());
    let rules = "    - { name: support, what: maintenance }\n    - { name: desk, what: dependent, unit_cost: \"0.50\", currency: CHF, price: month }\n";
    let charges = charge(vec![kept.clone()], rules, "2026-10".parse().unwrap()).unwrap();
    let found = cells(&charges, &["x_LicenseCharge", "EffectiveCost", "BillingCurrency"]);
    assert_eq!(found, [["maintenance", "10", "EUR"], ["dependent", "5", "CHF"]]);
    assert_eq!(
        sums(&[kept], "    - { name: support, what: maintenance }\n", "2026-01", 30).1,
        "120".parse().unwrap()
    );
}

#[test]
fn what_is_not_known_is_a_row_that_says_why() {
    let month: Period = "2026-10".parse().unwrap();
    for (right, why) in [
        (priced("E1", 1, "", "2026-01-01", ""), "unknown: no unit price"),
        (priced("E1", 1, "9", "", "2027-01-01"), "unknown: the right tells no first day"),
    ] {
        let charges = charge(vec![right], YEAR, month).unwrap();
        assert_eq!(cells(&charges, &["BilledCost", "EffectiveCost"]), [[why, why]]);
    }
    // What has ended is no charge, known or not.
    let ended = priced("E1", 1, "", "2025-01-01", "2026-10-01");
    assert!(cells(&charge(vec![ended], YEAR, month).unwrap(), &["BilledCost"]).is_empty());
}

#[test]
fn a_right_is_charged_once() {
    let month: Period = "2026-10".parse().unwrap();
    let of = |rules: &str| charge(vec![priced("E1", 1, "9", "2026-01-01", "")], rules, month);
    let two = "    - { name: all, what: fee, price: year }\n    - { name: bill, what: fee, billed: invoice, source: saas, when: { product: suite } }\n";
    assert!(
        of(two).unwrap_err()[0].contains("right `E1` (rights.csv:2) is charged by `all` already")
    );
    let one = "    - { name: bill, what: fee, billed: invoice, source: saas }\n";
    let charges = of(one).unwrap();
    assert!(cells(&charges, &["BilledCost"]).is_empty() && charges.products.is_empty());
    assert_eq!(charges.in_sources["saas"].1, BTreeSet::from(["maker".to_owned()]));
    let other = "    - { name: bill, what: fee, billed: invoice, source: sass }\n";
    assert_eq!(of(other).unwrap_err(), ["there is no source `sass`"]);
    let none = "    - { name: other, what: fee, price: year, when: { product: none } }\n";
    let notes: Vec<String> = of(none).unwrap().notes.into_iter().map(|note| note.message).collect();
    assert_eq!(
        notes,
        [
            "right `E1` of row 2 has a price, and no charge is of it",
            "charge `other` meets no right"
        ]
    );
}

#[test]
fn rights_in_any_order_give_the_same_bytes_and_their_own_fields_are_columns() {
    let month: Period = "2026-10".parse().unwrap();
    let mut rights =
        vec![priced("E2", 2, "9.99", "2026-01-01", ""), priced("E1", 5, "3", "2026-10-09", "")];
    rights[0].origin = origin(9);
    let make = |rights: &[Entitlement]| {
        let inventory = Inventory { entitlements: rights.to_vec(), ..Inventory::default() };
        let further = |id: &Arc<str>| {
            (&**id == "E2")
                .then(|| BTreeMap::from([(Field::from("x_team"), Value::Text("web".into()))]))
        };
        license_charges(&inventory, further, &rules(YEAR), &[], month).unwrap()
    };
    let one = make(&rights);
    rights.reverse();
    assert_eq!(one.table, make(&rights).table);
    let found = cells(&one, &["ResourceId", "x_team", "x_LicenseFile", "x_LicenseRow"]);
    assert_eq!(found, [["E1", "", "rights.csv", "2"], ["E2", "web", "uses.csv", "9"]]);
}

#[test]
fn what_a_source_charges_too_is_refused_and_what_it_lacks_is_told() {
    let month: Period = "2026-10".parse().unwrap();
    let of = |rules: &str, seen: &[[&'static str; 4]]| -> Vec<(Code, String)> {
        let charges = charge(vec![priced("E1", 1, "9", "2026-01-01", "")], rules, month).unwrap();
        let seen = seen.iter().map(|[source, provider, issuer, service]| ChargedBySource {
            source,
            provider,
            issuer,
            service,
        });
        charges.against(seen).into_iter().map(|found| (found.code, found.message)).collect()
    };
    let twice =
        of(YEAR, &[["saas", "MAKER", "Shop", "suite"], ["licenses", "Maker", "Maker", "Suite"]]);
    assert_eq!(twice.len(), 1);
    assert_eq!(twice[0].0, Code::LicenseBroken);
    assert!(
        twice[0].1.starts_with("`suite` of MAKER is charged by source `saas` and by its rights")
    );
    assert!(
        of(YEAR, &[["saas", "Other", "Shop", "Suite"], ["saas", "Maker", "Maker", "Else"]])
            .is_empty()
    );
    let left = "    - { name: bill, what: fee, billed: invoice, source: saas }\n";
    assert!(of(left, &[["saas", "Maker", "Maker", "Suite"]]).is_empty());
    let lacking = of(left, &[["aws", "Maker", "Maker", "Suite"]]);
    assert_eq!(
        lacking[0].1,
        "rights are left to source `saas`, which has no charge of maker in the month"
    );
}
