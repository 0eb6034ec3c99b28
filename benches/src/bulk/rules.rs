//! The benchmark's rules, as data: costbook's YAML and DuckDB's SQL are both printed from here, so
//! that both do the same work.

use crate::random::Random;

use super::world::{COST_CENTERS, service_name};

/// Pools of shared cost.
pub const POOLS: usize = 20;

/// A condition on one field.
#[derive(Clone, Debug)]
pub enum Test {
    Equals(&'static str, String),
    In(&'static str, Vec<String>),
    Glob(&'static str, String),
    Prefix(&'static str, String),
    Contains(&'static str, String),
    Regex(&'static str, String),
    /// Is a cost center that exists.
    IsOwner(&'static str),
}

/// Where a matching charge goes.
#[derive(Clone, Debug)]
pub enum Target {
    Owner(String),
    Pool(usize),
    /// To the cost center that the dimension names.
    Inherited(&'static str),
}

/// All of `tests` lead to `target`.
#[derive(Clone, Debug)]
pub struct Rule {
    pub tests: Vec<Test>,
    pub target: Target,
}

#[must_use]
pub fn pool_name(pool: usize) -> String {
    format!("pool-{pool:02}")
}

#[must_use]
pub fn owner_name(owner: usize) -> String {
    format!("CC{owner:04}")
}

/// Ordered rules: pools first, then named owners by many kinds of test, and at the end the cost
/// center that the tag names. More rules are more named owners.
#[must_use]
pub fn rules(count: usize) -> Vec<Rule> {
    let mut rules = vec![rule(Test::Equals("charge_category", "Tax".to_owned()), Target::Pool(0))];
    rules.extend((1..POOLS).map(shared));
    let named = count.saturating_sub(rules.len() + 1);
    rules.extend((0..named).map(owned));
    rules.push(rule(Test::IsOwner("cost_center"), Target::Inherited("cost_center")));
    rules
}

const fn empty(target: Target) -> Rule {
    Rule { tests: Vec::new(), target }
}

fn rule(test: Test, target: Target) -> Rule {
    Rule { tests: vec![test], ..empty(target) }
}

/// A service of some unit's accounts is shared by all.
fn shared(pool: usize) -> Rule {
    let services = (0..2).map(|other| service_name((pool * 2 + other) % 40)).collect();
    let unit = Test::Glob("sub_account_name", format!("unit-{:02}-*", pool % 25));
    Rule { tests: vec![Test::In("service", services), unit], ..empty(Target::Pool(pool)) }
}

fn owned(index: usize) -> Rule {
    let mut random = Random::of(&format!("rule {index}"));
    let owner = Target::Owner(owner_name(1 + random.below(COST_CENTERS as u64) as usize));
    let number = random.below(100_000);
    let application = |text: String| Test::Prefix("application", text);
    let stage = Test::Equals("environment", "staging".to_owned());
    let test = match index % 6 {
        0 => application(format!("app-{:03}", number / 100)),
        1 => Test::Equals("product", format!("line-{:02}", 60 + number % 40)),
        2 => Test::Regex(
            "application",
            format!("^app-{:02}[0-4]{}[0-9]$", number / 1000, number % 10),
        ),
        3 => Test::In(
            "team",
            (0..3).map(|next| format!("team-{:03}", 140 + (number + next) % 60)).collect(),
        ),
        4 => Test::Contains("sub_account_name", format!("-dev-{:03}", number % 300)),
        _ => Test::Glob("application", format!("app-*{:03}", number % 1000)),
    };
    let narrow = matches!(index % 6, 3 | 4);
    Rule { tests: if narrow { vec![test, stage] } else { vec![test] }, target: owner }
}
