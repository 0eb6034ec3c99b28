use num_traits::Zero;
use proptest::prelude::*;

use super::Number;
use super::inventory::{Entitlement, UseRight};
use super::measured::{Breach, Demand, Gap, Subject, SubjectKind};
use super::parts::Part;
use super::position::{Figures, LineKind, Position, Status, line_parts};
use super::testkit::{Case, day, demand, line, number, of, right, with};
use super::{Bound, Extent};

fn lines(case: &Case) -> Vec<String> {
    case.position().iter().map(line).collect()
}

#[test]
fn what_one_line_alone_can_draw_on_is_its_surplus() {
    let case =
        Case::new(vec![right("r", "App", 100)], vec![demand("u", "App", 70, "entity=A")], "{}");
    assert_eq!(lines(&case), ["App A/ use: 100 - 70 = 30 - 0 ok"]);
    let position = &case.position()[0];
    assert_eq!(position.low.utilisation(), Some(number(70)));
    assert_eq!(position.exposure(), [None, None], "no price is known");
}

#[test]
fn what_several_lines_can_draw_on_stands_by_itself() {
    let uses = vec![demand("u", "App", 30, "entity=A"), demand("v", "App", 60, "entity=B")];
    let case = Case::new(vec![right("r", "App", 100)], uses, "{}");
    assert_eq!(
        lines(&case),
        [
            "App / spare: 10 - 0 = 10 - 0 ok",
            "App A/ use: 30 - 30 = 0 - 0 ok",
            "App B/ use: 60 - 60 = 0 - 0 ok",
        ]
    );
    let of_a = &case.position()[1];
    assert_eq!(of_a.low.utilisation(), Some(number(75)), "30 of the 40 that it could have");
}

#[test]
fn rights_that_cannot_help_do_not_hide_a_shortfall() {
    let mut old = right("old", "App", 5);
    old.version_max = Some("1".into());
    (old.currency, old.unit_price) = ("EUR".parse().ok(), "2.50".parse().ok());
    let mut new = demand("u", "App", 3, "");
    new.version = Some("2".into());
    let case = Case::new(vec![old], vec![new], "{}");
    assert_eq!(lines(&case), ["App / use: 0 - 3 = 0 - 3 over", "App / spare: 5 - 0 = 5 - 0 ok"]);
    let over = &case.position()[0];
    let exposure = Number::new(15.into(), 2.into());
    assert_eq!(over.exposure(), [Some(exposure.clone()), Some(exposure)]);
    assert_eq!(over.price.as_ref().unwrap().basis, "contracted (old)");
}

#[test]
fn a_missing_input_gives_bounds_and_its_name() {
    let mut vague = demand("u", "App", 0, "");
    vague.quantity = Extent::between(number(4), number(8));
    let mut case = Case::new(vec![right("r", "App", 6)], vec![vague.clone()], "{}");
    let subject = Subject { kind: SubjectKind::User, id: "u".into() };
    case.measured[0].gaps = vec![Gap { what: "cpu_model".into(), subject, origin: None }];
    let found = &case.position()[0];
    assert_eq!((found.status, &*found.gaps[0]), (Status::Unknown, "cpu_model"));
    assert_eq!((&found.low.surplus, &found.high.shortfall), (&Some(number(2)), &Some(number(2))));
    assert!(!found.is_over() && !found.is_exact());
    vague.quantity = Extent::at_least(number(7));
    let case = Case::new(vec![right("r", "App", 6)], vec![vague], "{}");
    let found = &case.position()[0];
    assert!(found.is_over() && found.high.shortfall.is_none() && found.high.consumed.is_none());
}

#[test]
fn what_is_missing_of_one_line_leaves_the_others_known() {
    let mut vague = demand("v", "App", 0, "entity=B");
    vague.quantity = Extent::between(number(4), number(8));
    let uses = vec![demand("u", "App", 30, "entity=A"), vague];
    let case = Case::new(vec![right("r", "App", 40)], uses, "{}");
    let found = case.position();
    let of = |entity: &str| {
        found.iter().find(|line| line.key.legal_entity.as_deref() == Some(entity)).unwrap()
    };
    // 30 of 36 at one bound and of 32 at the other, which is a warning.
    assert!(of("A").is_exact() && of("A").utilisation().is_none());
    assert_eq!((of("A").status, of("B").status), (Status::Warning, Status::Unknown));
}

#[test]
fn nothing_measured_is_unknown_and_not_unused() {
    let mut other = right("r", "App", 6);
    other.metric = "core".into();
    let case = Case::new(vec![other], vec![], "{}");
    let found = &case.position()[0];
    assert_eq!((found.status, found.key.kind), (Status::Unknown, LineKind::Spare));
    assert_eq!((&found.high.consumed, &found.low.entitled), (&None, &Some(number(6))));
}

#[test]
fn over_use_is_told_since_the_run_of_days_began() {
    let at =
        |units| Case::new(vec![right("r", "App", 5)], vec![demand("u", "App", units, "")], "{}");
    let history = [
        (day("2026-09-30"), at(7).position()),
        (day("2026-06-30"), at(9).position()),
        (day("2026-07-31"), at(4).position()),
        (day("2026-08-31"), at(6).position()),
    ];
    let found = at(8).position_after(&history);
    assert_eq!(found[0].since, Some(day("2026-08-31")));
    assert_eq!(at(5).position_after(&history)[0].since, None);
}

#[test]
fn a_limit_that_was_passed_is_over_at_whatever_use() {
    let mut case = Case::new(vec![right("r", "App", 5)], vec![demand("u", "App", 1, "")], "{}");
    let subject = Subject { kind: SubjectKind::Total, id: "".into() };
    let text = "5 days above the cap".to_owned();
    case.measured[0].breaches =
        vec![Breach { subject, holder: super::Holder::default(), text, since: None }];
    assert_eq!((case.position()[0].status, case.position()[0].breaches), (Status::Over, 1));
}

#[test]
fn the_threshold_is_a_warning_and_ids_tell_lines_apart() {
    let used = |units| vec![demand("u", "App", units, "entity=A"), demand("v", "Tool", 1, "")];
    let case = Case::new(vec![right("r", "App", 10)], used(9), "{}");
    let found = case.position();
    assert_eq!(found[0].status, Status::Warning);
    assert_ne!(found[0].evidence, found[1].evidence);
    assert!(found[0].evidence.starts_with("lp-") && found[0].evidence.len() == 15);
    let again = Case::new(vec![right("r", "App", 10)], used(8), "{}").position();
    assert_eq!((again[0].status, &again[0].evidence), (Status::Ok, &found[0].evidence));
}

const PLACES: [&str; 4] = ["", "entity=A", "entity=B", "entity=A pool=P"];
const PRODUCTS: [&str; 5] = ["Base/Enterprise", "Base/Standard", "Suite", "Word", "Sheet"];
const RULES: &str = "
matching:
  editions: [ { product: Base, order: [ Enterprise, Standard ], right: downgrade } ]
  suites: [ { product: Suite, parts: [ { product: Word }, { product: Sheet } ] } ]
";
const PRICES: &str = "
valuation:
  offers:
    - { product: Base, edition: Enterprise, metric: seat, price: 50, currency: EUR, pack: 2, rights: downgrade }
    - { product: Base, edition: Standard, metric: seat, price: 13, currency: EUR }
";

fn rights() -> impl Strategy<Value = Vec<Entitlement>> {
    let one = (0..5_usize, 0..4_usize, 0..7_i64, any::<bool>(), 0..8_u8);
    prop::collection::vec(one, 0..6).prop_map(|found| {
        let made =
            found.into_iter().enumerate().map(|(id, (product, place, units, lower, special))| {
                let mut made =
                    of(right(&format!("r{id}"), PRODUCTS[product], units), PLACES[place]);
                if special == 0 {
                    made.quantity = None;
                }
                if special == 1 {
                    made.assigned = vec!["u1".into()];
                }
                if lower { with(made, &[UseRight::Downgrade]) } else { made }
            });
        made.collect()
    })
}

fn demands() -> impl Strategy<Value = Vec<Demand>> {
    let one = (0..5_usize, 0..4_usize, 0..6_i64, 0..4_i64, 0..3_u8);
    prop::collection::vec(one, 0..6).prop_map(|found| {
        let made = found.into_iter().enumerate().map(|(at, (product, place, low, more, user))| {
            let mut made = demand(&format!("u{user}"), PRODUCTS[product], low, PLACES[place]);
            made.quantity = Extent::between(number(low), number(low + more));
            made.origins = vec![super::testkit::origin(at as u64)];
            made
        });
        made.collect()
    })
}

fn sum<'a>(numbers: impl Iterator<Item = &'a Option<Number>>) -> Number {
    numbers.map(|number| number.clone().expect("a limited number")).sum()
}

fn obeys(figures: &Figures) -> bool {
    let (Some(consumed), Some(shortfall)) = (&figures.consumed, &figures.shortfall) else {
        return false;
    };
    match (&figures.entitled, &figures.surplus) {
        (Some(entitled), Some(surplus)) => {
            entitled - consumed == surplus - shortfall && (surplus.is_zero() || shortfall.is_zero())
        }
        (None, None) => shortfall.is_zero(),
        _ => false,
    }
}

fn shortfalls(case: &Case) -> [Number; 2] {
    let found = case.position();
    let of = |pick: fn(&Position) -> &Figures| sum(found.iter().map(|line| &pick(line).shortfall));
    [of(|line| &line.low), of(|line| &line.high)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn each_unit_of_a_right_stands_in_one_line(rights in rights(), demands in demands()) {
        let case = Case::new(rights.clone(), demands, RULES);
        let found = case.position();
        for line in &found {
            prop_assert!(obeys(&line.low) && obeys(&line.high), "{line:?}");
        }
        if rights.iter().all(|right| right.quantity.is_some()) {
            let owned = sum(rights.iter().map(|right| &right.quantity));
            prop_assert_eq!(sum(found.iter().map(|line| &line.low.entitled)), owned.clone());
            prop_assert_eq!(sum(found.iter().map(|line| &line.high.entitled)), owned);
        }
        for cover in case.matched().covers {
            for right in &rights {
                let own = cover.matches.iter().filter(|found| found.entitlement == right.id);
                let given: Number = own.filter(|found| found.kind.takes()).map(|found| found.quantity.clone()).sum();
                prop_assert!(right.quantity.as_ref().is_none_or(|quantity| given <= *quantity));
            }
        }
    }

    #[test]
    fn the_parts_of_a_line_add_up_to_it(rights in rights(), demands in demands()) {
        let case = Case::new(rights, demands, RULES);
        let matched = case.matched();
        let parts = line_parts(&case.inventory, &case.measured, &matched);
        let found = case.position();
        prop_assert_eq!(found.iter().map(|line| &line.key).collect::<Vec<_>>(), parts.keys().collect::<Vec<_>>());
        for (line, parts) in found.iter().zip(parts.values()) {
            for (figures, parts) in [&line.low, &line.high].into_iter().zip(parts) {
                let entitled: Option<Number> = parts.iter().map(Part::entitled).sum();
                let consumed: Option<Number> = parts.iter().map(Part::consumed).sum();
                if let Some(told) = &figures.entitled {
                    prop_assert_eq!(entitled.as_ref(), Some(told), "{:?} {:?}", line, parts);
                }
                // What is used of a right by whose metric nothing was measured is not known.
                let is_measured = !line.gaps.iter().any(|gap| gap.contains("nothing was measured"));
                if is_measured {
                    prop_assert_eq!(&consumed, &figures.consumed, "{:?} {:?}", line, parts);
                }
            }
        }
    }

    #[test]
    fn the_order_of_inputs_changes_nothing(rights in rights(), demands in demands(), turn in 0..6_usize) {
        let case = Case::new(rights.clone(), demands.clone(), RULES);
        let (mut rights, mut demands) = (rights, demands);
        rights.reverse();
        let turn = turn.min(demands.len());
        demands.rotate_left(turn);
        let other = Case::new(rights, demands, RULES);
        prop_assert_eq!(case.shown(), other.shown());
        prop_assert_eq!(lines(&case), lines(&other));
    }

    #[test]
    fn one_right_more_is_never_a_greater_shortfall(rights in rights(), demands in demands(), more in rights()) {
        let before = shortfalls(&Case::new(rights.clone(), demands.clone(), RULES));
        let added = more.into_iter().enumerate().map(|(at, mut right)| {
            right.id = format!("a{at}").as_str().into();
            right
        });
        let all: Vec<Entitlement> = rights.into_iter().chain(added).collect();
        let after = shortfalls(&Case::new(all, demands, RULES));
        prop_assert!(after[0] <= before[0] && after[1] <= before[1], "{after:?} {before:?}");
    }
}

/// What it costs to buy what the order of preference leaves uncovered: each use by its own edition, or by the
/// dear one for all, whichever is less.
fn greedy(case: &Case) -> Vec<(Bound, Number)> {
    let (dear, cheap) = (number(50), number(13));
    let matched = case.matched();
    let covers = matched.covers.iter().map(|cover| {
        let lacks = |edition: &str| -> Number {
            let own = cover
                .uncovered
                .iter()
                .filter(|lacking| lacking.demand.product.edition.as_deref() == Some(edition));
            own.map(|lacking| lacking.quantity.clone().expect("bounded")).sum()
        };
        let packs = |units: Number| (units / number(2)).ceil() * number(2);
        let (top, low) = (lacks("Enterprise"), lacks("Standard"));
        let apart = packs(top.clone()) * &dear + low.ceil() * &cheap;
        let together = packs(top + low) * &dear;
        (cover.bound, apart.min(together))
    });
    covers.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn the_cheapest_cover_never_costs_more_than_the_order_of_preference(
        rights in rights(), demands in demands()
    ) {
        let only_base = |name: &str| name == "Base";
        let rights: Vec<Entitlement> =
            rights.into_iter().filter(|right| only_base(&right.product.name)).collect();
        let demands: Vec<Demand> =
            demands.into_iter().filter(|demand| only_base(&demand.product.name)).collect();
        let ordered = Case::new(rights.clone(), demands.clone(), &format!("{RULES}{PRICES}"));
        let solved = RULES.replace("matching:", "matching:\n  solver: min_cost");
        let solved = Case::new(rights, demands, &format!("{solved}{PRICES}"));
        let costs = greedy(&ordered);
        for (cover, (bound, cost)) in solved.matched().covers.iter().zip(costs) {
            let cheapest = cover.cheapest.as_ref().expect("solved");
            prop_assert_eq!(cover.bound, bound);
            prop_assert!(cheapest.proven && cheapest.not_offered.is_zero());
            prop_assert!(cheapest.amount <= cost, "{} > {cost}", cheapest.amount);
        }
        for line in solved.position() {
            prop_assert!(obeys(&line.low) && obeys(&line.high), "{line:?}");
        }
    }
}
