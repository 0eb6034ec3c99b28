use std::collections::BTreeMap;

use chrono::Days;

use super::*;
use crate::diagnostics::Severity;
use crate::domain::DateRange;
use crate::licenses::burndown::{Spent, burn_downs};
use crate::licenses::calendar::Calendars;
use crate::licenses::contracts::{Terms, contract_terms};
use crate::licenses::extent::{Extent, Number};
use crate::licenses::inventory::{
    Contract, ContractKind, Entitlement, Holder, Inventory, UseKind, UseRow, Value,
};
use crate::licenses::made_up::{amount, contract, day, days, number, origin, product, right};
use crate::licenses::measured::{Breach, Measured, Reading, Subject, SubjectKind};
use crate::licenses::money::number_text;
use crate::rules::RuleText;
use crate::rules::licenses::{WarningKind, duty_rules, shipped_duties};

const TODAY: &str = "2026-11-21";

/// All that is watched, held in one place.
#[derive(Default)]
struct World {
    inventory: Inventory,
    standings: Vec<Standing>,
    measured: Vec<Measured>,
    spent: Vec<Spent>,
    held_twice: Vec<HeldTwice>,
    cloud: Vec<CloudUse>,
    rules: &'static str,
}

impl World {
    fn warnings(&self) -> Vec<Warning> {
        let own = RuleText { path: "own.yaml".into(), text: self.rules.into() };
        let rules = duty_rules(&[own, shipped_duties()]).unwrap();
        let calendars = Calendars::of(&rules.holidays, &[]).unwrap();
        let terms: Vec<Terms> = contract_terms(&self.inventory, &calendars, day(TODAY));
        let contracts = &self.inventory.contracts;
        let burn_downs = burn_downs(contracts, &self.spent, &rules.thresholds, day(TODAY));
        let watched = Watched {
            day: day(TODAY),
            inventory: &self.inventory,
            standings: &self.standings,
            measured: &self.measured,
            terms: &terms,
            burn_downs: &burn_downs,
            held_twice: &self.held_twice,
            cloud: &self.cloud,
            unrecognised: &[],
        };
        warnings(&watched, &rules)
    }

    /// `kind severity date money` of each warning.
    fn shown(&self) -> Vec<String> {
        self.warnings().iter().map(shown).collect()
    }
}

fn shown(warning: &Warning) -> String {
    let date = warning.date.map_or_else(|| "-".to_owned(), |date| date.to_string());
    let money = warning.money.as_ref();
    let money = money.map_or_else(|| "-".to_owned(), |money| number_text(&money.amount));
    format!("{} {} {date} {money}", warning.kind, warning.severity)
}

fn price(text: &str) -> DutyPrice {
    let currency = "EUR".parse().unwrap();
    DutyPrice { amount: amount(text), currency, basis: "contracted".into() }
}

fn standing(entitled: Option<&str>, low: &str, high: &str) -> Standing {
    Standing {
        product: product("Tool"),
        metric: "named_seat".into(),
        interpretation: "default".into(),
        unit: "user".into(),
        holder: Holder::default(),
        entitled: entitled.map(number),
        consumed: Extent::between(number(low), number(high)),
        by_contract: Vec::new(),
        price: Some(price("12")),
        list_price: None,
        since: None,
        gaps: Vec::new(),
        coverage: None,
        history: Vec::new(),
        spent: Vec::new(),
        evidence: Some("position-1".into()),
    }
}

fn one(standing: Standing) -> World {
    World { standings: vec![standing], ..World::default() }
}

/// A year until 2027-06-30, so that nothing of it is near.
fn quiet(id: &str) -> Contract {
    Contract { days: days("2026-07-01", "2027-07-01"), ..contract(id) }
}

#[test]
fn over_use_is_charged_beyond_the_growth_that_is_allowed() {
    let over = Standing { since: Some(day("2026-10-01")), ..standing(Some("100"), "112", "112") };
    assert_eq!(one(over.clone()).shown(), ["over_use error 2026-10-01 144"]);
    let allowed = |percent: &str, materiality| {
        let contract = Contract {
            growth_allowance: Some(number(percent)),
            materiality,
            penalty: Some(number("15")),
            ..quiet("C-1")
        };
        let by_contract = vec![("C-1".into(), number("100"))];
        let inventory = Inventory { contracts: vec![contract], ..Inventory::default() };
        World { inventory, ..one(Standing { by_contract, ..over.clone() }) }
    };
    assert_eq!(allowed("10", None).shown(), ["over_use error 2026-10-01 24"]);
    let within = allowed("12", None);
    assert_eq!(within.shown(), ["over_use note 2026-10-01 0"]);
    assert_eq!(within.warnings()[0].owner.as_deref(), Some("jane"));
    // 12 of 112 are more than 5 %: 12 × 12 × 1.15.
    let shown = allowed("0", Some(number("5"))).shown();
    assert_eq!(shown, ["over_use error 2026-10-01 144", "audit_material error 2026-10-01 165.6"]);
    assert_eq!(allowed("0", Some(number("11"))).shown().len(), 1);
}

#[test]
fn a_threshold_is_told_once_by_the_highest_that_is_passed() {
    let told = |used: &str| one(standing(Some("100"), used, used)).warnings();
    assert!(told("79").is_empty());
    for (used, limit) in [("80", "80"), ("95", "90"), ("100", "100")] {
        let warnings = told(used);
        assert_eq!(warnings.len(), 1, "{used}");
        assert_eq!(warnings[0].kind, WarningKind::Threshold);
        assert_eq!(warnings[0].limit.as_ref().map(number_text).as_deref(), Some(limit));
    }
    let own = World {
        rules: "thresholds: [{ name: a, for: { product: Tool }, utilisation: 97, severity: { threshold: error }, owner: kim }]",
        ..one(standing(Some("100"), "98", "98"))
    };
    let warnings = own.warnings();
    assert_eq!(shown(&warnings[0]), "threshold error - -");
    assert_eq!(warnings[0].owner.as_deref(), Some("kim"));
}

#[test]
fn the_day_of_the_breach_is_forecast_from_what_was() {
    let history = vec![
        (day("2026-08-23"), number("40")),
        (day("2026-09-22"), number("46")),
        (day("2026-10-22"), number("52")),
    ];
    let growing = Standing { history, ..standing(Some("70"), "58", "58") };
    // 0.2 a day: 70 sixty days after today, above it the day after.
    let warnings = one(growing.clone()).warnings();
    let found: Vec<_> =
        warnings.iter().filter(|it| it.kind == WarningKind::ForecastBreach).collect();
    assert_eq!(found.len(), 1);
    let breach = day(TODAY) + Days::new(61);
    // 365 days ahead it is 131: 61 lacking.
    assert_eq!(shown(found[0]), format!("forecast_breach warning {breach} 732"));
    let near = World { rules: "thresholds: [{ name: a, horizon_days: 60 }]", ..one(growing) };
    assert!(near.warnings().iter().all(|it| it.kind != WarningKind::ForecastBreach));
}

#[test]
fn what_nothing_caps_is_watched_for_growth_and_budget() {
    let history = vec![(day("2026-08-20"), number("100"))];
    let spent =
        |month: &str, text: &str| (month.parse().unwrap(), amount(text), "EUR".parse().unwrap());
    let grown = Standing { history, ..standing(None, "121", "121") };
    assert_eq!(one(grown.clone()).shown(), ["uncapped_growth warning - 252"]);
    let slow = Standing { consumed: Extent::known(number("120")), ..grown.clone() };
    assert!(one(slow).shown().is_empty(), "20 % is not more than 20 %");
    let spent = vec![spent("2026-09", "1000"), spent("2026-10", "1100")];
    let budgeted = World {
        rules: "thresholds: [{ name: a, budget: { amount: 12000, currency: EUR }, growth: { percent: 50, months: 3 } }]",
        ..one(Standing { spent, ..grown })
    };
    // 1050 a month are 12600 a year.
    assert_eq!(budgeted.shown(), ["budget warning - 600"]);
}

#[test]
fn what_is_not_known_is_told_with_its_bounds() {
    let gaps = vec!["cpu_model of h1".into()];
    let range = Standing { gaps, ..standing(Some("40"), "38", "44") };
    let warnings = one(range).warnings();
    let unknown = warnings.iter().find(|it| it.kind == WarningKind::Unknown).unwrap();
    assert_eq!(shown(unknown), "unknown warning - 48");
    assert!(unknown.text.contains("38 to 44") && unknown.text.contains("cpu_model of h1"));
    assert!(unknown.money.as_ref().unwrap().basis.starts_with("at most 4 × 12"));
    // However it turns out it is covered.
    let covered = one(standing(Some("100"), "60", "70"));
    assert_eq!(covered.shown(), ["unknown note - -"]);
    let thin = Standing { coverage: Some(number("0.9")), ..standing(Some("100"), "60", "60") };
    assert_eq!(one(thin).shown(), ["unknown warning - -"]);
}

#[test]
fn a_limit_that_was_passed_is_told() {
    let subject = Subject { kind: SubjectKind::Total, id: "index".into() };
    let holder = Holder::default();
    let text = "5 warnings in 30 days".to_owned();
    let breach = Breach { subject, holder, text, since: Some(day("2026-11-03")) };
    let reading = Reading {
        metric: "daily_volume".into(),
        interpretation: "default".into(),
        clause: None,
        rule: "pack.yaml:3".into(),
        citation: "a page".into(),
    };
    let measured = Measured {
        product: product("Search"),
        reading,
        unit: "GB".into(),
        demands: Vec::new(),
        breaches: vec![breach],
        gaps: Vec::new(),
        coverage: None,
        steps: Vec::new(),
    };
    let world = World { measured: vec![measured], ..World::default() };
    assert_eq!(world.shown(), ["limit error 2026-11-03 -"]);
}

#[test]
fn contracts_are_told_before_their_days() {
    let ending = Contract {
        notice_days: Some(30),
        uplift_cap: Some(number("3")),
        renewal_uplift: Some(number("8")),
        price_hold: Some(day("2026-12-15")),
        true_up: Some(day("2027-02-19")),
        ..contract("C-1")
    };
    let entitlements = vec![right("E-1", "C-1", "10", "100")];
    let inventory = Inventory { entitlements, contracts: vec![ending.clone()], uses: vec![] };
    let world = World { inventory, ..World::default() };
    assert_eq!(
        world.shown(),
        [
            "notice warning 2026-12-01 1080",
            "renewal_above_cap warning 2026-12-31 50",
            "expiry warning 2026-12-31 1000",
            "price_hold note 2026-12-15 1000",
            "true_up note 2027-02-19 -",
        ],
        "the right ends with its contract, which is told once"
    );
    assert!(world.warnings().iter().all(|it| it.owner.as_deref() == Some("jane")));
    // It renews itself: silent while notice is more than 60 days away, and told from then on.
    let renewing = |to: &str| {
        let days = days("2026-01-01", to);
        let contract =
            Contract { days, auto_renew: Some(true), notice_days: Some(10), ..contract("C-1") };
        let contracts = vec![contract];
        World { inventory: Inventory { contracts, ..Inventory::default() }, ..World::default() }
    };
    let silent = renewing("2027-02-10").warnings();
    assert_eq!(silent.len(), 1);
    assert_eq!(silent[0].silenced_by.as_deref(), Some("renews-itself"));
    let told = renewing("2027-01-20").warnings();
    assert!(told.iter().all(|it| it.silenced_by.is_none()) && told.len() == 2);
    assert_eq!(
        renewing("2026-11-01").shown(),
        ["expiry warning 2026-10-31 -"],
        "no new term is told"
    );
}

#[test]
fn reservations_and_savings_plans_that_end_are_told_with_what_follows() {
    for kind in [ContractKind::Reservation, ContractKind::SavingsPlan] {
        let ending = Contract { kind, ..contract("R-1") };
        let over = Contract { days: days("2025-01-01", "2026-11-01"), kind, ..contract("R-2") };
        let later = Contract { kind, ..quiet("R-3") };
        let inventory = Inventory { contracts: vec![ending, over, later], ..Inventory::default() };
        let world = World { inventory, ..World::default() };
        assert_eq!(world.shown(), ["expiry warning 2026-10-31 -", "expiry warning 2026-12-31 -"]);
        let warnings = world.warnings();
        assert!(warnings[1].to_do.contains("on demand"), "{}", warnings[1].to_do);
    }
}

#[test]
fn a_right_that_ends_before_its_contract_is_told_by_itself() {
    let early =
        Entitlement { days: days("2026-01-01", "2026-12-01"), ..right("E-1", "C-1", "10", "100") };
    let inventory = Inventory {
        entitlements: vec![early, right("E-2", "C-1", "5", "100")],
        contracts: vec![quiet("C-1")],
        ..Inventory::default()
    };
    let world = World { inventory, ..World::default() };
    let shown = ["expiry warning 2026-11-30 1000", "expiry warning 2026-12-31 500"];
    assert_eq!(world.shown(), shown);
    assert!(world.warnings()[0].text.contains("10 named_seat of Maker Tool (right E-1)"));
}

#[test]
fn a_business_notice_without_holidays_is_not_certain() {
    let business = Contract { notice_days: Some(20), business_days: true, ..contract("C-1") };
    let inventory = Inventory { contracts: vec![business], ..Inventory::default() };
    let world = World { inventory, ..World::default() };
    let kinds: Vec<WarningKind> = world.warnings().iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [WarningKind::Notice, WarningKind::Unknown, WarningKind::Expiry]);
    let known = World {
        rules: "holidays: [{ name: de, days: 2026-12-25, valid: { from: 2026-01-01, to: 2027-01-01 } }]",
        ..world
    };
    assert_eq!(known.warnings().len(), 2);
}

#[test]
fn a_commitment_that_falls_short_is_told_with_what_is_due() {
    let committed = Contract {
        kind: ContractKind::AzureCommitment,
        commitments: vec![(days("2026-07-01", "2027-07-01"), amount("3650"))],
        shortfall_rule: Some("pay".into()),
        ..quiet("MACC")
    };
    let month = |month: &str| {
        let days = month.parse::<crate::domain::Period>().unwrap().days();
        let count = (days.to().unwrap() - days.from().unwrap()).num_days();
        let currency = "EUR".parse().unwrap();
        Spent { contract: "MACC".into(), days, amount: amount(&format!("{}", count * 8)), currency }
    };
    let spent: Vec<Spent> = ["2026-07", "2026-08", "2026-09", "2026-10"].map(month).into();
    let contracts = vec![committed];
    let rules = "thresholds: [{ name: a, forecast: { method: run_rate } }]";
    let inventory = Inventory { contracts, ..Inventory::default() };
    let world = World { inventory, spent, rules, ..World::default() };
    assert_eq!(world.shown(), ["commitment_shortfall warning 2027-06-30 730"]);
    let holes = World { spent: world.spent[1..].to_vec(), ..world };
    let shown = holes.shown();
    assert_eq!(shown.len(), 2, "{shown:?}");
    assert!(holes.warnings().iter().any(|it| it.text.contains("2026-07-01 to before 2026-08-01")));
}

#[test]
fn maintenance_that_is_over_is_told_where_none_follows() {
    let lapsed = Entitlement {
        maintenance: Some(days("2025-01-01", "2026-01-01")),
        maintenance_price: Some(amount("2.5")),
        days: DateRange::ALWAYS,
        contract: None,
        ..right("E-1", "", "100", "12")
    };
    let of = |entitlements| World {
        inventory: Inventory { entitlements, ..Inventory::default() },
        ..World::default()
    };
    assert_eq!(of(vec![lapsed.clone()]).shown(), ["support_lapsed warning 2025-12-31 250"]);
    let follows = Entitlement {
        kind: crate::licenses::LicenseKind::Maintenance,
        base: Some("E-1".into()),
        contract: None,
        days: days("2026-01-01", "2028-01-01"),
        ..right("E-2", "", "100", "2.5")
    };
    assert!(of(vec![lapsed, follows]).shown().is_empty());
}

fn seat(user: &str, last: Option<&str>, snapshot: &str) -> UseRow {
    let mut fields = BTreeMap::new();
    fields.insert("user".into(), Value::Text(user.into()));
    if let Some(last) = last {
        fields.insert("last_activity".into(), Value::Date(day(last)));
    }
    UseRow {
        kind: UseKind::Seat,
        product: Some(product("Tool")),
        raw_product: None,
        holder: Holder::default(),
        fields,
        snapshot: day(snapshot),
        origin: origin(7),
    }
}

#[test]
fn seats_that_nobody_uses_are_counted_with_their_money() {
    let uses = vec![
        seat("a", Some("2026-01-01"), "2026-09-30"),
        seat("a", Some("2026-09-20"), "2026-10-31"),
        seat("b", Some("2026-11-20"), "2026-10-31"),
        seat("c", None, "2026-10-31"),
        seat("d", Some("2026-01-01"), "2026-12-31"),
    ];
    let entitlements = vec![Entitlement {
        contract: None,
        days: days("2026-01-01", "2028-01-01"),
        ..right("E-1", "", "3", "12")
    }];
    let inventory = Inventory { entitlements, uses, ..Inventory::default() };
    let world = World { inventory, ..World::default() };
    let warnings = world.warnings();
    assert_eq!(world.shown(), ["unused note - 12"]);
    assert_eq!(warnings[0].figure, Some(Extent::between(number("1"), number("2"))));
    assert!(warnings[0].text.contains("of 3 seats"), "{}", warnings[0].text);
}

#[test]
fn rights_that_nothing_needs_are_shelfware() {
    assert_eq!(one(standing(Some("100"), "30", "30")).shown(), ["unused note - 840"]);
    assert!(one(standing(Some("100"), "50", "50")).shown().is_empty());
}

#[test]
fn plans_that_are_held_twice_are_counted() {
    let held = |user: &str| HeldTwice {
        user: user.into(),
        holder: Holder::default(),
        larger: product("Suite"),
        contained: product("Part"),
        ignored: vec!["FOUNDATION".into()],
        price: Some(price("5")),
        origin: origin(9),
    };
    let world = World { held_twice: vec![held("a"), held("b")], ..World::default() };
    assert_eq!(world.shown(), ["overlap note - 10"]);
    assert!(world.warnings()[0].text.contains("without FOUNDATION"));
}

#[test]
fn licenses_in_cloud_bills_are_held_against_what_is_owned() {
    let cloud = |model, units: Option<&str>| CloudUse {
        product: product("Tool"),
        model,
        holder: Holder::default(),
        units: units.map(number),
        paid: Some(price("300")),
        days: days("2026-10-01", "2026-11-01"),
        evidence: Some("bill".into()),
    };
    let with = |cloud, standings| World { cloud: vec![cloud], standings, ..World::default() };
    let idle = || vec![standing(Some("10"), "6", "6")];
    let brought = cloud(CloudModel::Brought, Some("4"));
    assert_eq!(
        with(brought.clone(), vec![]).shown(),
        ["byol_without_entitlement error 2026-10-01 -"]
    );
    assert!(with(brought, idle()).shown().is_empty());
    let included = cloud(CloudModel::Included, Some("8"));
    assert_eq!(with(included.clone(), idle()).shown(), ["included_while_idle note 2026-10-01 150"]);
    assert!(
        with(included, vec![standing(Some("6"), "6", "6")]).shown()[0].starts_with("threshold")
    );
    let unsized_ = cloud(CloudModel::Included, None);
    let warnings = with(unsized_, idle()).warnings();
    assert!(warnings[0].money.as_ref().unwrap().basis.starts_with("at most 300"));
}

#[test]
fn products_that_nobody_recognises_are_listed() {
    let unknown =
        UseRow { product: None, raw_product: Some("Tuul".into()), ..seat("a", None, TODAY) };
    let uses = vec![unknown.clone(), unknown];
    let world = World { inventory: Inventory { uses, ..Inventory::default() }, ..World::default() };
    assert_eq!(world.shown(), ["unrecognised warning - -"]);
    assert!(
        world.warnings()[0].text.contains("`Tuul`") && world.warnings()[0].text.contains("2 rows")
    );
}

#[test]
fn silences_mark_and_are_watched_themselves() {
    let of = |rules| World { rules, ..one(standing(Some("100"), "112", "112")) };
    let silent = of(
        "silence: [{ name: known, kinds: over_use, for: { product: T* }, until: 2027-01-01, owner: cfo, reason: accepted }]",
    );
    let warnings = silent.warnings();
    assert_eq!(warnings.len(), 1, "it stays in the list");
    assert_eq!(warnings[0].silenced_by.as_deref(), Some("known"));
    let by_id = format!(
        "silence: [{{ name: known, ids: {}, until: 2027-01-01, owner: cfo, reason: accepted }}]",
        warnings[0].id
    );
    assert!(of(by_id.leak()).warnings()[0].silenced_by.is_some(), "{}", warnings[0].id);
    let over = of(
        "silence: [{ name: known, kinds: over_use, until: 2026-11-21, owner: cfo, reason: accepted }]",
    );
    assert_eq!(over.shown(), ["over_use error - 144", "silence_expired warning 2026-11-21 -"]);
    assert_eq!(over.warnings()[1].owner.as_deref(), Some("cfo"));
    let idle = of(
        "silence: [{ name: known, kinds: expiry, until: 2027-01-01, owner: cfo, reason: accepted }]",
    );
    assert_eq!(idle.shown(), ["over_use error - 144", "silence_unmatched note 2027-01-01 -"]);
}

#[test]
fn a_warning_keeps_its_id_and_ids_differ() {
    let id = |standing: Standing| one(standing).warnings()[0].id.clone();
    let over = standing(Some("100"), "112", "112");
    let first = id(over.clone());
    assert_eq!(first, id(Standing { consumed: Extent::known(number("200")), ..over.clone() }));
    let entity = Holder { legal_entity: Some("DE".into()), ..Holder::default() };
    let pool = Holder { pool: Some("DE".into()), ..Holder::default() };
    let ids = [
        first,
        id(Standing { holder: entity, ..over.clone() }),
        id(Standing { holder: pool, ..over }),
    ];
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), 3, "{ids:?}");
    assert!(ids[0].starts_with("over-use-") && ids[0].len() == "over-use-".len() + 12);
}

#[test]
fn the_order_of_what_is_given_changes_nothing() {
    let mut world = one(standing(Some("100"), "112", "112"));
    world.standings.push(standing(Some("100"), "99", "99"));
    world.standings.push(Standing { product: product("Other"), ..standing(None, "5", "6") });
    world.inventory.contracts = vec![contract("C-2"), contract("C-1")];
    let all =
        |world: &World| world.warnings().iter().map(|it| format!("{it:?}")).collect::<Vec<_>>();
    let first = all(&world);
    world.standings.reverse();
    world.inventory.contracts.reverse();
    assert_eq!(all(&world), first);
}

#[test]
fn commands_fail_on_what_is_named_and_not_silent() {
    let world = one(standing(Some("100"), "95", "95"));
    let warnings = world.warnings();
    let fails = |text: &str, warnings: &[Warning]| FailOn::parse(text).unwrap().fails(warnings);
    assert!(
        fails("threshold", &warnings)
            && fails("warning", &warnings)
            && fails("note,error", &warnings)
    );
    assert!(!fails("over_use, error", &warnings));
    let silent = vec![Warning {
        silenced_by: Some("x".into()),
        severity: Severity::Error,
        ..warnings[0].clone()
    }];
    assert!(!fails("note", &silent));
    assert!(FailOn::parse("warnings").unwrap_err().contains("`warnings`"));
    assert_eq!(number_text(&Number::from_integer(5.into())), "5");
}
