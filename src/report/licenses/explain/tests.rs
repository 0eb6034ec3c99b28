use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use chrono::NaiveDate;
use proptest::prelude::*;

use crate::domain::DateRange;
use crate::licenses::{
    Contract, ContractKind, Entitlement, Holder, Inventory, LicenseKind, MatchInput, Matched,
    Measured, Number, Origin, Position, PositionInput, Product, RawCells, UseKind, UseRight,
    UseRow, Value, Valued, match_rights, measure_all, over_uses, position, valuate,
};
use crate::report::InputFile;
use crate::rules::licenses::LicenseRules;
use crate::rules::{RuleText, shipped};

use super::{Node, Trace, Trail, license_json, license_text};

/// Two metrics, one with a second reading, and every way by which uses need no right of their own.
pub(in crate::report) const RULES: &str = "
metrics:
  core:
    publisher: Maker
    title: Cores
    unit: core
    of: installs
    products: [ Base ]
    versions:
      - to: 2020-01-01
        source: { url: \"https://example.com/old-terms\", read: 2026-11-01 }
        steps: [ { measure: cores } ]
      - from: 2020-01-01
        source: { url: \"https://example.com/terms\", read: 2026-11-01, clause: \"4.2, minimum\" }
        reading: default
        params: { least: 4 }
        steps:
          - exclude: otherwise(role, 'active') = 'backup'
          - measure: cores
          - name: minimum
            floor: { value: least, scope: row }
        interpretations:
          - name: no_minimum
            source: { url: \"https://example.com/faq\", read: 2026-11-02, clause: \"a host counts as it is\" }
            replace: { minimum: { floor: { value: '1', scope: row } } }
  seat:
    unit: user
    of: seats
    versions:
      - source: { url: \"https://example.com/seats\", read: 2026-11-01 }
        steps: [ { dedupe: user }, { measure: '1' } ]
matching:
  editions: [ { product: Base, order: [ Enterprise, Standard ], right: downgrade } ]
  suites: [ { product: Suite, parts: [ { product: Word }, { product: Sheet } ] } ]
  excuses: [ { kind: failover, field: role, values: [ passive ] } ]
  reserves: [ { entitlement: r0, pool: P, quantity: 3 } ]
valuation:
  policies:
    - { name: true-up, kind: true_up_retroactive, basis: contracted, clause: \"7\" }
";

pub(in crate::report) struct World {
    pub(in crate::report) day: NaiveDate,
    pub(in crate::report) inventory: Inventory,
    pub(in crate::report) rules: &'static LicenseRules,
    pub(in crate::report) texts: &'static [RuleText],
    pub(in crate::report) measured: Vec<Measured>,
    pub(in crate::report) matched: Matched,
    pub(in crate::report) positions: Vec<Position>,
    pub(in crate::report) valued: Vec<Valued>,
    pub(in crate::report) cells: RawCells,
    pub(in crate::report) inputs: Vec<InputFile>,
}

/// Read once: shipped rules are many.
fn rules() -> &'static (LicenseRules, Vec<RuleText>) {
    static RULES: OnceLock<(LicenseRules, Vec<RuleText>)> = OnceLock::new();
    RULES.get_or_init(read_rules)
}

fn read_rules() -> (LicenseRules, Vec<RuleText>) {
    let (mut texts, tables) = shipped::license_rules();
    texts.push(RuleText { path: "own.yaml".into(), text: RULES.into() });
    let read = LicenseRules::read(&texts, &tables);
    (read.unwrap_or_else(|found| panic!("{found:#?}")), texts)
}

impl World {
    pub(in crate::report) fn of(inventory: Inventory) -> Self {
        let (rules, texts) = rules();
        let day: NaiveDate = "2026-10-31".parse().unwrap();
        let measured = measure_all(&inventory, rules, day);
        let policies = &rules.policies;
        let matched = match_rights(&MatchInput {
            day,
            inventory: &inventory,
            measured: &measured,
            rules: &policies.matching,
            offers: &policies.valuation.offers,
        });
        let warning_at = Number::from_integer(90.into());
        let positions = position(&PositionInput {
            day,
            inventory: &inventory,
            measured: &measured,
            matched: &matched,
            offers: &policies.valuation.offers,
            warning_at: &warning_at,
            history: &[],
        });
        let over = over_uses(&[(day, positions.clone())], &inventory);
        let valued = valuate(&over, &policies.valuation);
        let cell = |path: &str, name: &str, text: &str| {
            (Origin { path: path.into(), row: 2 }, vec![(name.to_owned(), text.to_owned())])
        };
        let cells = RawCells::from([
            cell("uses.csv", "Gerät", " \"d0\"; =1+1 "),
            cell("rights.csv", "Anzahl", "6"),
        ]);
        let inputs = vec![InputFile {
            kind: "licenses",
            path: "uses.csv".into(),
            sha256: "ab".repeat(32),
            bytes: 17,
        }];
        Self { day, inventory, rules, texts, measured, matched, positions, valued, cells, inputs }
    }

    pub(in crate::report) fn trace(&self) -> Trace<'_> {
        Trace::of(Trail {
            day: self.day,
            inventory: &self.inventory,
            rules: self.rules,
            texts: self.texts,
            measured: &self.measured,
            matched: &self.matched,
            positions: &self.positions,
            valued: &self.valued,
            quarantined: &[],
            cells: &self.cells,
            inputs: &self.inputs,
        })
    }
}

pub(in crate::report) fn product(text: &str) -> Product {
    let (name, edition) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
    Product { publisher: Some("Maker".into()), name: name.into(), edition: edition.map(Into::into) }
}

fn holder(place: usize) -> Holder {
    let of = |entity: Option<&str>, pool: Option<&str>| Holder {
        legal_entity: entity.map(Into::into),
        pool: pool.map(Into::into),
        ..Holder::default()
    };
    match place {
        0 => of(None, None),
        1 => of(Some("A"), None),
        2 => of(Some("B"), None),
        _ => of(Some("A"), Some("P")),
    }
}

pub(in crate::report) fn right(
    id: &str,
    of: &str,
    metric: &str,
    units: Option<i64>,
) -> Entitlement {
    Entitlement {
        id: id.into(),
        contract: Some("C-1".into()),
        product: product(of),
        version_max: None,
        metric: metric.into(),
        quantity: units.map(|units| Number::from_integer(units.into())),
        kind: LicenseKind::Subscription,
        base: None,
        days: DateRange::ALWAYS,
        maintenance: None,
        holder: Holder::default(),
        rights: BTreeSet::new(),
        assigned: vec![],
        currency: "EUR".parse().ok(),
        unit_price: "12.345".parse().ok(),
        list_price: None,
        maintenance_price: None,
        reseller: None,
        order: Some("PO-7".into()),
        proof: None,
        origin: Origin { path: "rights.csv".into(), row: 2 },
    }
}

pub(in crate::report) fn contract() -> Contract {
    Contract {
        id: "C-1".into(),
        kind: ContractKind::License,
        title: Some("Frame".into()),
        publisher: Some("Maker".into()),
        owner: Some("jane".into()),
        days: DateRange::ALWAYS,
        auto_renew: Some(true),
        notice_days: Some(90),
        business_days: true,
        uplift_cap: None,
        renewal_uplift: None,
        price_hold: None,
        currency: None,
        commitments: vec![],
        scope: vec![],
        shortfall_rule: None,
        true_up: None,
        growth_allowance: None,
        audit_notice_days: None,
        materiality: None,
        penalty: None,
        evidence_retention_days: None,
        clause: Some("§ 4".into()),
        origin: Origin { path: "contracts.csv".into(), row: 5 },
    }
}

pub(in crate::report) fn used(
    row: u64,
    kind: UseKind,
    of: &str,
    at: usize,
    fields: &[(&str, Value)],
) -> UseRow {
    UseRow {
        kind,
        product: Some(product(of)),
        raw_product: Some(of.into()),
        holder: holder(at),
        fields: fields
            .iter()
            .map(|(name, value)| ((*name).into(), value.clone()))
            .collect::<BTreeMap<_, _>>(),
        snapshot: "2026-10-31".parse().unwrap(),
        origin: Origin { path: "uses.csv".into(), row },
    }
}

pub(in crate::report) fn install(
    row: u64,
    of: &str,
    at: usize,
    cores: Option<i64>,
    role: &str,
) -> UseRow {
    let number = cores.map(|cores| ("cores", Value::Number(Number::from_integer(cores.into()))));
    let mut fields =
        vec![("device", Value::Text(format!("d{row}").into())), ("role", Value::Text(role.into()))];
    fields.extend(number);
    used(row, UseKind::Install, of, at, &fields)
}

const PRODUCTS: [(&str, &str); 6] = [
    ("Base/Enterprise", "core"),
    ("Base/Standard", "core"),
    ("Suite", "seat"),
    ("Word", "seat"),
    ("Sheet", "seat"),
    ("Base/Standard", "unheard"),
];
const KINDS: [LicenseKind; 4] =
    [LicenseKind::Perpetual, LicenseKind::Subscription, LicenseKind::Upgrade, LicenseKind::AddOn];

fn rights() -> impl Strategy<Value = Vec<Entitlement>> {
    let one = (0..6_usize, 0..4_usize, 0..9_i64, 0..4_usize, 0..10_u8);
    prop::collection::vec(one, 0..6).prop_map(|found| {
        let made = found.into_iter().enumerate().map(|(at, (of, place, units, kind, special))| {
            let (name, metric) = PRODUCTS[of];
            let mut made = right(&format!("r{at}"), name, metric, (special != 0).then_some(units));
            made.holder = holder(place);
            made.kind = KINDS[kind];
            made.base = at.checked_sub(1).map(|base| format!("r{base}").into());
            if special == 1 {
                made.days = DateRange::new(None, "2026-01-01".parse().ok()).unwrap();
            }
            if special > 4 {
                made.rights = [UseRight::Downgrade, UseRight::Failover].into();
            }
            made
        });
        made.collect()
    })
}

fn uses() -> impl Strategy<Value = Vec<UseRow>> {
    let one = (0..5_usize, 0..4_usize, prop::option::of(0..12_i64), 0..3_usize, 0..3_u8);
    prop::collection::vec(one, 0..8).prop_map(|found| {
        let made = found.into_iter().enumerate().map(|(at, (of, place, cores, role, user))| {
            let row = at as u64 + 2;
            if of < 2 {
                let role = ["active", "passive", "backup"][role];
                return install(row, PRODUCTS[of].0, place, cores, role);
            }
            let user = ("user", Value::Text(format!("u{user}").into()));
            used(row, UseKind::Seat, PRODUCTS[of].0, place, &[user])
        });
        made.collect()
    })
}

fn inventory() -> impl Strategy<Value = Inventory> {
    (rights(), uses()).prop_map(|(entitlements, uses)| Inventory {
        entitlements,
        contracts: vec![contract()],
        uses,
    })
}

/// Every cut that says so adds up, and none of its nodes is without a number.
fn adds_up(node: &Node) -> Result<(), TestCaseError> {
    for cut in &node.cuts {
        if cut.adds_up {
            let sum: Option<Number> = cut.nodes.iter().map(|node| node.value.clone()).sum();
            prop_assert_eq!(&sum, &node.value, "{} {}: {:#?}", node.label, cut.by, cut.nodes);
        }
        for node in &cut.nodes {
            adds_up(node)?;
        }
    }
    Ok(())
}

/// The figures of a line as its tree tells them.
fn told<'n>(node: &'n Node, label: &str, found: &mut Vec<&'n Node>) {
    for cut in node.cuts.iter().filter(|cut| cut.by == "made of" || cut.by.starts_with("bounds")) {
        for node in &cut.nodes {
            if node.label.starts_with(label) {
                found.push(node);
            }
            told(node, label, found);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_level_adds_up_to_the_line_exactly(inventory in inventory()) {
        let world = World::of(inventory);
        let trace = world.trace();
        for line in &world.positions {
            let tree = trace.line(line);
            adds_up(&tree)?;
            for (label, low, high) in [
                ("entitled", &line.low.entitled, &line.high.entitled),
                ("consumed", &line.low.consumed, &line.high.consumed),
                ("shortfall", &line.low.shortfall, &line.high.shortfall),
            ] {
                let mut found = Vec::new();
                told(&tree, label, &mut found);
                prop_assert_eq!(&found.first().unwrap().value, low);
                prop_assert_eq!(&found.last().unwrap().value, high);
            }
        }
    }

    #[test]
    fn the_order_of_rows_changes_no_explanation(inventory in inventory()) {
        let mut turned = inventory.clone();
        turned.entitlements.reverse();
        turned.uses.reverse();
        let [one, other] = [World::of(inventory), World::of(turned)].map(|world| {
            let trace = world.trace();
            world.positions.iter().map(|line| license_text(&trace.line(line), true)).collect::<Vec<_>>()
        });
        prop_assert_eq!(one, other);
    }
}

pub(in crate::report) fn small() -> World {
    let mut spare = right("r1", "Base/Standard", "core", Some(5));
    spare.days = DateRange::new(None, "2026-01-01".parse().ok()).unwrap();
    World::of(Inventory {
        entitlements: vec![right("r9", "Base/Standard", "core", Some(6)), spare],
        contracts: vec![contract()],
        uses: vec![
            install(2, "Base/Standard", 1, Some(8), "active"),
            install(3, "Base/Standard", 1, Some(2), "active"),
            install(4, "Base/Standard", 1, Some(64), "backup"),
        ],
    })
}

#[test]
fn a_line_is_told_down_to_the_cells_of_its_rows() {
    let world = small();
    let line = world.positions.iter().find(|line| &*line.key.interpretation == "default").unwrap();
    let text = license_text(&world.trace().line(line), false);
    for part in [
        "entitled 6 − consumed 12 = surplus 0 − shortfall 6",
        "6 × 12.345 = 74.07, contracted (r9)",
        "max(2, 4) = 4",
        "covered by r9  [rights.csv:2]",
        "row of 2026-10-31  [uses.csv:2]\n",
        "Gerät:  \"d0\"; =1+1 ",
        "ended on 2025-12-31",
        "contract C-1, Frame  [contracts.csv:5]",
        "clause: § 4",
        "parameter least: 4",
        "citation: https://example.com/terms (read 2026-11-01)",
        "[own.yaml:",
        "device d4",
        "true-up (true_up_retroactive)",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    let json = license_json(&world.trace().line(line));
    assert_eq!(json["cuts"][0]["nodes"][0]["value"], "6");
}

#[test]
fn the_version_of_the_day_is_the_text_of_the_rule() {
    let world = small();
    let line = world.positions.iter().find(|line| &*line.key.interpretation == "default").unwrap();
    let told = world.trace().rule_text(line.reading.as_ref().unwrap()).unwrap();
    let text: Vec<&str> = told.lines.iter().map(|(_, line)| line.trim()).collect();
    assert_eq!((told.path.as_str(), text[0]), ("own.yaml", "core:"));
    assert!(text.contains(&"- from: 2020-01-01") && text.contains(&"- name: no_minimum"));
    assert!(
        !text.iter().any(|line| line.contains("old-terms") || line.contains("seat")),
        "{text:?}"
    );
    let own: Vec<&str> = RULES.lines().collect();
    assert!(told.lines.iter().all(|(number, line)| own[number - 1] == line));
}
