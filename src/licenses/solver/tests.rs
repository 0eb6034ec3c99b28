use num_traits::Zero;

use crate::licenses::Number;
use crate::licenses::inventory::UseRight;
use crate::licenses::measured::{Subject, SubjectKind};
use crate::licenses::testkit::{Case, demand, measured, number, origin, right, row, with};

use super::milp::{Program, search};
use super::simplex::{Answer, Limit, minimise};

const OFFERS: &str = "
matching:
  solver: min_cost
  editions: [ { product: Base, order: [ Enterprise, Standard ] } ]
  whole_hosts:
    - { product: Base, edition: Enterprise, metric: seat, by: host_seat }
valuation:
  offers:
    - { product: Base, edition: Enterprise, metric: seat, price: 5000, currency: USD, rights: unlimited_vms }
    - { product: Base, edition: Standard, metric: seat, price: 1300, currency: USD }
";

/// Case A05: eleven machines, of which four need the dear edition.
fn eleven() -> Vec<crate::licenses::Demand> {
    (1..=11)
        .map(|place| {
            let edition = if [1, 9, 10, 11].contains(&place) { "Enterprise" } else { "Standard" };
            let units = if place >= 10 { 8 } else { 4 };
            demand(&format!("vm-{place:02}"), &format!("Base/{edition}"), units, "")
        })
        .collect()
}

#[test]
fn the_cheapest_cover_of_eleven_machines() {
    let case = Case::new(vec![], eleven(), OFFERS);
    let matched = case.matched();
    let found = matched.covers[0].cheapest.as_ref().unwrap();
    assert!(found.proven && found.notes.is_empty(), "{found:?}");
    assert_eq!((&found.amount, &found.at_least), (&number(156_400), &number(156_400)));
    let bought: Vec<(String, Number)> = found
        .purchases
        .iter()
        .map(|bought| (bought.product.edition.as_deref().unwrap().into(), bought.quantity.clone()))
        .collect();
    assert_eq!(bought, [("Enterprise".into(), number(24)), ("Standard".into(), number(28))]);
    assert_eq!(found.single.len(), 1);
    let all = &found.single[0];
    assert_eq!((&all.quantity, &all.amount), (&number(52), &number(260_000)));
    assert_eq!(all.saving, number(103_600));
}

#[test]
fn owned_rights_come_first_and_where_they_save_most() {
    // In the order of preference the twelve would go to the machines that cheap rights cover as well.
    let rights = vec![right("own", "Base/Enterprise", 12), right("low", "Base/Standard", 30)];
    let case = Case::new(rights, eleven(), OFFERS);
    let matched = case.matched();
    let cover = &matched.covers[0];
    let found = cover.cheapest.as_ref().unwrap();
    assert_eq!((&found.amount, found.proven), (&number(60_000), true));
    assert!(cover.matches.iter().all(|given| given.reason == "part of the cheapest cover"));
    let lacking: Number =
        cover.uncovered.iter().map(|lacking| lacking.quantity.clone().unwrap()).sum();
    assert_eq!(lacking, number(12));
}

#[test]
fn a_host_is_covered_whole_where_that_costs_less() {
    let machines = |count: i64| -> Vec<_> {
        (0..count)
            .map(|place| {
                let mut found = demand(&format!("vm-{place}"), "Base/Enterprise", 8, "");
                found.subject.kind = SubjectKind::Vm;
                found.origins = vec![origin(2)];
                found
            })
            .collect()
    };
    for (count, cost, hosts) in [(1, 40_000, 0), (3, 80_000, 1)] {
        let mut case = Case::new(vec![], machines(count), OFFERS);
        case.inventory.uses = vec![row(2, &[("host", "h1")])];
        let mut host = demand("h1", "Base", 16, "");
        host.subject = Subject { kind: SubjectKind::Host, id: "h1".into() };
        case.measured.push(measured("host_seat", vec![host]));
        let matched = case.matched();
        assert_eq!(matched.covers.len(), 1, "measures of hosts are no uses");
        let found = matched.covers[0].cheapest.as_ref().unwrap();
        assert_eq!((&found.amount, found.hosts.len()), (&number(cost), hosts));
        assert_eq!(matched.covers[0].spared.len(), if hosts > 0 { 3 } else { 0 });
        let position = case.position();
        let consumed: Number = position.iter().map(|line| line.low.consumed.clone().unwrap()).sum();
        assert_eq!(consumed, number(cost / 5_000));
        // What is owned for hosts covers them at no cost.
        let own = with(right("own", "Base/Enterprise", 16), &[UseRight::UnlimitedVms]);
        case.inventory.entitlements = vec![own];
        let matched = case.matched();
        let cover = &matched.covers[0];
        assert!(cover.cheapest.as_ref().unwrap().amount.is_zero() && cover.uncovered.is_empty());
    }
}

#[test]
fn packs_and_minima_are_whole() {
    let offers = "
matching: { solver: min_cost }
valuation:
  offers:
    - { product: App, metric: seat, price: 10, currency: EUR, pack: 5 }
    - { product: App, metric: seat, price: 7, currency: EUR, minimum: 100 }
    - { product: App, metric: seat, price: 1, currency: USD }
";
    for (units, cost) in [(1, 50), (11, 150), (69, 700), (100, 700), (101, 707), (68, 700)] {
        let case = Case::new(vec![], vec![demand("u", "App", units, "")], offers);
        let matched = case.matched();
        let found = matched.covers[0].cheapest.as_ref().unwrap();
        assert_eq!((&found.amount, found.proven), (&number(cost), true), "{units}");
        assert_eq!(found.notes, ["offers in other currencies than EUR are left out"]);
    }
}

#[test]
fn what_no_offer_covers_gets_owned_rights_first() {
    let rules = "
matching: { solver: min_cost, editions: [ { product: Base, order: [ Enterprise, Standard ] } ] }
valuation: { offers: [ { product: Base, edition: Standard, metric: seat, price: 9, currency: EUR } ] }
";
    let demands = vec![demand("a", "Base/Standard", 5, ""), demand("b", "Base/Enterprise", 5, "")];
    let case = Case::new(vec![right("own", "Base/Enterprise", 6)], demands, rules);
    let matched = case.matched();
    let found = matched.covers[0].cheapest.as_ref().unwrap();
    assert!(found.not_offered.is_zero() && found.proven);
    assert_eq!(found.amount, number(36));
}

/// A linear congruence, so that programs are the same in every run.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: i64) -> i64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 33).unwrap() % sides
    }
}

/// Every combination of small whole numbers, tried one by one.
fn brute(costs: &[i64], rows: &[(Vec<i64>, i64)], most: i64) -> Option<i64> {
    let mut best: Option<i64> = None;
    let count = (most + 1).pow(u32::try_from(costs.len()).unwrap());
    for code in 0..count {
        let values: Vec<i64> = (0..costs.len())
            .map(|place| code / (most + 1).pow(u32::try_from(place).unwrap()) % (most + 1))
            .collect();
        let dot = |row: &[i64]| -> i64 { row.iter().zip(&values).map(|(a, b)| a * b).sum() };
        if rows.iter().all(|(row, least)| dot(row) >= *least) {
            let cost = dot(costs);
            best = Some(best.map_or(cost, |best| best.min(cost)));
        }
    }
    best
}

#[test]
fn whole_programs_are_as_cheap_as_trying_all() {
    let mut dice = Dice(7);
    let mut solved = 0;
    for _ in 0..120 {
        let costs: Vec<i64> = (0..4).map(|_| dice.throw(9)).collect();
        let rows: Vec<(Vec<i64>, i64)> =
            (0..3).map(|_| ((0..4).map(|_| dice.throw(6) - 1).collect(), dice.throw(12))).collect();
        let mut program = Program::default();
        for cost in &costs {
            let variable = program.variable(number(*cost));
            program.whole.push(variable);
            program.limits.push(Limit::at_most(vec![(variable, number(1))], number(5)));
        }
        for (row, least) in &rows {
            let terms = row.iter().enumerate().map(|(place, factor)| (place, number(*factor)));
            program.limits.push(Limit::at_least(terms.collect(), &number(*least)));
        }
        let found = search(&program, 5_000);
        let oracle = brute(&costs, &rows, 5);
        assert_eq!(
            found.as_ref().map(|found| found.cost.clone()),
            oracle.map(number),
            "{costs:?} {rows:?}"
        );
        assert!(found.is_none_or(|found| found.proven));
        solved += usize::from(oracle.is_some());
    }
    assert!(solved > 60, "{solved}");
}

#[test]
fn a_search_that_ends_early_says_so() {
    let mut program = Program::default();
    for (cost, size) in [(5, 7), (7, 9), (11, 13)] {
        let variable = program.variable(number(cost));
        program.whole.push(variable);
        if variable == 0 {
            program.limits.push(Limit::at_least(vec![(0, number(size))], &Number::zero()));
        }
    }
    let terms = vec![(0, number(7)), (1, number(9)), (2, number(13))];
    program.limits.push(Limit::at_least(terms, &number(100)));
    let (short, full) = (search(&program, 1).unwrap(), search(&program, 500).unwrap());
    assert!(!short.proven && full.proven && short.bound < full.cost && full.cost <= short.cost);
}

#[test]
fn the_least_of_a_linear_program_is_exact() {
    // Least of x + y where 3x + y ≥ 1 and x + 3y ≥ 1 is at a quarter each.
    let limits = [
        Limit::at_least(vec![(0, number(3)), (1, number(1))], &number(1)),
        Limit::at_least(vec![(0, number(1)), (1, number(3))], &number(1)),
    ];
    let quarter = Number::new(1.into(), 4.into());
    let half = Number::new(1.into(), 2.into());
    let found = minimise(&[number(1), number(1)], &limits);
    assert_eq!(found, Answer::Least(half, vec![quarter.clone(), quarter]));
    let never = [Limit::at_least(vec![], &number(1))];
    assert_eq!(minimise(&[number(1)], &never), Answer::Impossible);
}

/// Units of a made-up company: owned of both editions, needed off the host and on it, and what the host takes.
#[derive(Debug)]
struct Company {
    owned: [i64; 2],
    needed: [i64; 2],
    on_host: [i64; 2],
    host: i64,
    price: [i64; 2],
    pack: i64,
    minimum: i64,
}

impl Company {
    fn made(dice: &mut Dice) -> Self {
        let mut two = |sides| [dice.throw(sides), dice.throw(sides)];
        let (owned, needed, on_host) = (two(6), two(9), two(9));
        let host = 1 + dice.throw(9);
        let price = [20 + dice.throw(40), 1 + dice.throw(30)];
        let (pack, minimum) = (1 + dice.throw(4), dice.throw(9));
        Self { owned, needed, on_host, host, price, pack, minimum }
    }

    fn case(&self) -> Case {
        let Self { price: [dear, cheap], pack, minimum, .. } = self;
        let minimum = if *minimum > 0 { format!("minimum: {minimum},") } else { String::new() };
        let rules = format!(
            "
matching:
  solver: min_cost
  editions: [ {{ product: Base, order: [ Enterprise, Standard ] }} ]
  whole_hosts: [ {{ product: Base, edition: Enterprise, metric: seat, by: host_seat }} ]
valuation:
  offers:
    - {{ product: Base, edition: Enterprise, metric: seat, price: {dear}, currency: EUR, pack: {pack}, rights: unlimited_vms }}
    - {{ product: Base, edition: Standard, metric: seat, price: {cheap}, currency: EUR, {minimum} }}
"
        );
        let editions = ["Base/Enterprise", "Base/Standard"];
        let mut demands = Vec::new();
        for (place, edition) in editions.iter().enumerate() {
            demands.push(demand(&format!("off-{place}"), edition, self.needed[place], ""));
            let mut on = demand(&format!("on-{place}"), edition, self.on_host[place], "");
            on.origins = vec![origin(2)];
            demands.push(on);
        }
        let rights =
            (0..2).map(|place| right(&format!("r{place}"), editions[place], self.owned[place]));
        let mut case = Case::new(rights.collect(), demands, &rules);
        case.inventory.uses = vec![row(2, &[("host", "h1")])];
        let mut host = demand("h1", "Base", self.host, "");
        host.subject = Subject { kind: SubjectKind::Host, id: "h1".into() };
        case.measured.push(measured("host_seat", vec![host]));
        case
    }

    /// Every number of packs of the dear edition, every number of the cheap one, with the host and without.
    fn brute(&self) -> i64 {
        let mut best = i64::MAX;
        for whole in [false, true] {
            let on = |place: usize| if whole { 0 } else { self.on_host[place] };
            let (top, low) = (self.needed[0] + on(0), self.needed[1] + on(1));
            for packs in 0..60 {
                // Owned rights cover no whole host: they lack the right.
                let left = packs * self.pack - if whole { self.host } else { 0 };
                let above = left + self.owned[0] - top;
                if left < 0 || above < 0 {
                    continue;
                }
                let lacks = (low - above - self.owned[1]).max(0);
                let bought = if lacks == 0 { 0 } else { lacks.max(self.minimum) };
                best = best.min(packs * self.pack * self.price[0] + bought * self.price[1]);
            }
        }
        best
    }
}

#[test]
fn covers_are_as_cheap_as_trying_all() {
    let mut dice = Dice(11);
    let mut hosts = 0;
    for _ in 0..80 {
        let company = Company::made(&mut dice);
        let matched = company.case().matched();
        let found = matched.covers[0].cheapest.as_ref().unwrap();
        assert!(found.proven, "{company:?}");
        assert_eq!(found.amount, number(company.brute()), "{company:?}");
        hosts += found.hosts.len();
        let lacking = matched.covers[0].uncovered.iter();
        let lacking: Number = lacking.map(|one| one.quantity.clone().unwrap()).sum();
        let needed: Number = found.purchases.iter().map(|bought| bought.needed.clone()).sum();
        assert_eq!(lacking, needed, "what is not covered is what is bought: {company:?}");
    }
    assert!(hosts > 5, "{hosts}");
}
