use std::fs;

use crate::licenses::{
    Bound, Cheapest, Cover, Figures, Holder, LineKind, Match, MatchKind, Matched, NotUsed, Number,
    Position, PositionKey, Product, Purchase, SingleOffer, Status, Subject, SubjectKind, Uncovered,
    UnitPrice, UsePlace, World,
};

use super::{LicenseFacts, write_licenses};

fn number(whole: i64) -> Number {
    Number::from_integer(whole.into())
}

fn product() -> Product {
    Product {
        publisher: Some("Maker".into()),
        name: "App, the".into(),
        edition: Some("Pro".into()),
    }
}

fn figures(entitled: i64, consumed: i64) -> Figures {
    Figures {
        entitled: Some(number(entitled)),
        consumed: Some(number(consumed)),
        surplus: Some(number((entitled - consumed).max(0))),
        shortfall: Some(number((consumed - entitled).max(0))),
        shared_free: Some(number(0)),
    }
}

fn position(low: Figures, high: Figures) -> Position {
    Position {
        key: PositionKey {
            product: product(),
            metric: "core".into(),
            interpretation: "default".into(),
            legal_entity: None,
            pool: Some("HR".into()),
            kind: LineKind::Use,
        },
        unit: "core".into(),
        reading: None,
        low,
        high,
        status: Status::Over,
        price: Some(UnitPrice {
            amount: "10.005".parse().unwrap(),
            currency: "EUR".parse().unwrap(),
            basis: "contracted (E-1)".into(),
        }),
        since: "2026-09-30".parse().ok(),
        coverage: Some(Number::new(1.into(), 3.into())),
        gaps: vec!["cpu_model".into(), "days 3 to 4".into()],
        breaches: 0,
        entitlements: ["E-1".into(), "E-2".into()].into(),
        contracts: ["C-1".into()].into(),
        evidence: "lp-1".into(),
    }
}

fn matched() -> Matched {
    let demand = UsePlace {
        product: product(),
        version: Some("2".into()),
        subject: Subject { kind: SubjectKind::Vm, id: "vm-1".into() },
        holder: Holder { pool: Some("HR".into()), ..Holder::default() },
    };
    let left = |holds| NotUsed {
        entitlement: "E-2".into(),
        product: product(),
        holder: Holder::default(),
        quantity: None,
        holds,
        reason: "left over".into(),
    };
    let cover = Cover {
        world: World { metric: "core".into(), interpretation: "default".into() },
        bound: Bound::Exact,
        matches: vec![Match {
            demand: demand.clone(),
            entitlement: "E-1".into(),
            product: product(),
            pool: None,
            quantity: Number::new(1.into(), 4.into()),
            kind: MatchKind::Covers,
            reason: "cheapest".into(),
        }],
        uncovered: vec![Uncovered { demand, quantity: None }],
        not_used: vec![left(true)],
        spared: vec![],
        cheapest: None,
    };
    Matched { covers: vec![cover], idle: vec![left(false)] }
}

fn written(positions: &[Position]) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let matched = matched();
    let facts = LicenseFacts { positions, matched: &matched, valued: &[] };
    let files = write_licenses(folder.path(), &facts).unwrap();
    assert_eq!(files.len(), 3, "two tables and their checksums");
    let read = |name| fs::read_to_string(folder.path().join(name)).unwrap();
    (read("license_position.csv"), read("license_matches.csv"))
}

#[test]
fn a_known_line_tells_its_figures_and_money_in_minor_units() {
    let (positions, matches) = written(&[position(figures(5, 8), figures(5, 8))]);
    assert_eq!(
        positions.lines().nth(1).unwrap(),
        "Maker,\"App, the\",Pro,core,default,,HR,use,core,5,8,0,3,160.00,over,10.005,EUR,30.02,\
         contracted (E-1),2026-09-30,lp-1,5,8,0,3,30.02,5,8,0,3,30.02,0,33.33,\
         cpu_model; days 3 to 4,0,E-1; E-2,C-1,"
    );
    assert_eq!(
        matches.lines().skip(1).collect::<Vec<_>>(),
        [
            "core,default,exact,covers,\"App, the\",Pro,2,vm,vm-1,,,HR,,0.25,E-1,\"App, the Pro\",,cheapest",
            "core,default,exact,uncovered,\"App, the\",Pro,2,vm,vm-1,,,HR,,,,,,no right that fits is left",
            "core,default,exact,not_used,,,,,,,,,,unlimited,E-2,\"App, the Pro\",,left over",
            ",,,out,,,,,,,,,,unlimited,E-2,\"App, the Pro\",,left over",
        ]
    );
}

#[test]
fn an_unknown_line_tells_its_bounds_only() {
    let open = Figures { consumed: None, shortfall: None, ..figures(5, 5) };
    let (positions, _) = written(&[position(figures(5, 4), open)]);
    let line = positions.lines().nth(1).unwrap();
    let known = "core,,,,,,over,10.005,EUR,,contracted (E-1),2026-09-30,lp-1,";
    assert!(line.contains(known), "{line}");
    assert!(line.contains("lp-1,5,4,1,0,0,5,,0,,,"), "{line}");
}

#[test]
fn the_cheapest_cover_tells_what_to_buy_and_what_it_saves() {
    let mut matched = matched();
    let bought = Purchase {
        product: product(),
        offer: "own.yaml:3".into(),
        quantity: number(6),
        needed: number(5),
        unit_price: "2.5".parse().unwrap(),
        amount: number(15),
        clause: None,
    };
    let single = SingleOffer {
        product: product(),
        quantity: number(8),
        amount: number(20),
        saving: number(5),
    };
    matched.covers[0].cheapest = Some(Cheapest {
        purchases: vec![bought],
        amount: number(15),
        at_least: number(12),
        proven: false,
        notes: vec!["not proven".into()],
        currency: "EUR".parse().ok(),
        not_offered: number(0),
        single: vec![single],
        hosts: vec![],
    });
    let folder = tempfile::tempdir().unwrap();
    let facts = LicenseFacts { positions: &[], matched: &matched, valued: &[] };
    write_licenses(folder.path(), &facts).unwrap();
    let read = fs::read_to_string(folder.path().join("license_purchases.csv")).unwrap();
    assert_eq!(
        read.lines().skip(1).collect::<Vec<_>>(),
        [
            "core,default,exact,buy,Maker,\"App, the\",Pro,,6,5,2.5,EUR,15,,,own.yaml:3,",
            "core,default,exact,total,,,,,,,,EUR,15,,false,,not proven; no cover costs less than 12",
            "core,default,exact,single_offer,Maker,\"App, the\",Pro,,8,,,EUR,20,5,,,",
        ]
    );
}

/// Every column that is written is told; sample projects have no licenses to tell it by.
#[test]
fn columns_are_documented() {
    let docs = include_str!("../../../docs/outputs.md");
    for (file, header) in [
        ("license_position.csv", &super::position::HEADER[..]),
        ("license_matches.csv", &super::matches::HEADER[..]),
        ("license_purchases.csv", &super::purchases::HEADER[..]),
        ("license_valuation.csv", &super::valuation::HEADER[..]),
    ] {
        let begin = docs.find(&format!("## `{file}`")).unwrap_or_else(|| panic!("no {file}"));
        let section = docs[begin + 3..].split("\n## ").next().unwrap();
        for name in header {
            assert!(section.contains(&format!("`{name}`")), "{file} lacks {name}");
        }
    }
}
