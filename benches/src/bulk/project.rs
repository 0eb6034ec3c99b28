//! The projects around the benchmark's bills, in costbook's own language.

use std::fmt::Write;

use super::rules::{POOLS, Rule, Target, Test, owner_name, pool_name};
use super::world::{COST_CENTERS, TAG_KEYS};

pub const COSTBOOK: &str = "\
organisation: Benchmark
currency: USD
sources:
  - name: bill
    format: focus
    files: [ \"data/*\" ]
owners: owners.csv
rules: [ \"rules/*.yaml\" ]
";

/// A company with one level of units and all cost centers below them.
#[must_use]
pub fn owners() -> String {
    let mut text = "id,name,parent,legal_entity,manager,valid_from,valid_to\n".to_owned();
    text.push_str("ALL,Benchmark,,Benchmark Ltd,,,\n");
    for unit in 1..=20 {
        put(&mut text, format_args!("UNIT{unit:02},Unit {unit},ALL,Benchmark Ltd,,,\n"));
    }
    for owner in 1..=COST_CENTERS {
        let unit = 1 + owner % 20;
        let line = format_args!(
            "{},Cost center {owner},UNIT{unit:02},Benchmark Ltd,,,\n",
            owner_name(owner)
        );
        put(&mut text, line);
    }
    text
}

/// Dimensions, rules and pools. Only the environment stands in the detail, so that the cube has
/// the cells of owner, service, sub account, category, day and environment.
#[must_use]
pub fn rule_file(rules: &[Rule]) -> String {
    let mut text = "dimensions:\n".to_owned();
    for (name, [tag, first, second]) in TAG_KEYS {
        let extra = match name {
            "cost_center" => "    case: upper\n    detail: false\n",
            "environment" => {
                "    map: { prd: prod, production: prod }\n    case: insensitive\n    default: unknown\n"
            }
            _ => "    detail: false\n",
        };
        put(
            &mut text,
            format_args!("  {name}:\n    tag: {tag}\n    aliases: [ {first}, {second} ]\n{extra}"),
        );
    }
    text.push_str("\nclassify:\n");
    for (index, rule) in rules.iter().enumerate() {
        let tests: Vec<String> = rule.tests.iter().map(condition).collect();
        let target = target(&rule.target);
        let number = index + 1;
        let when = tests.join(", ");
        put(
            &mut text,
            format_args!("  - {{ name: rule {number:03}, when: {{ {when} }}, {target} }}\n"),
        );
    }
    text.push_str("\npools:\n");
    for pool in 0..POOLS {
        put(&mut text, format_args!("  {}: {}\n", pool_name(pool), split(pool)));
    }
    text
}

fn condition(test: &Test) -> String {
    match test {
        Test::Equals(field, text) => format!("{field}: {}", quoted(text)),
        Test::In(field, texts) => {
            let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
            format!("{field}: {{ in: [ {} ] }}", texts.join(", "))
        }
        Test::Glob(field, text) => format!("{field}: {{ glob: {} }}", quoted(text)),
        Test::Prefix(field, text) => format!("{field}: {{ prefix: {} }}", quoted(text)),
        Test::Contains(field, text) => format!("{field}: {{ contains: {} }}", quoted(text)),
        Test::Regex(field, text) => format!("{field}: {{ regex: {} }}", quoted(text)),
        Test::IsOwner(field) => format!("{field}: {{ in: cost_centers }}"),
    }
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

fn target(target: &Target) -> String {
    match target {
        Target::Owner(owner) => format!("owner: {owner}"),
        Target::Pool(pool) => format!("pool: {}", pool_name(*pool)),
        Target::Inherited(dimension) => format!("owner: {{ from: {dimension} }}"),
    }
}

/// Ten pools by use, five even, five by fixed shares.
fn split(pool: usize) -> String {
    match pool % 4 {
        0 | 1 => "{ split: proportional, by: effective_cost }".to_owned(),
        2 => "{ split: even }".to_owned(),
        _ => {
            let [first, second] = [pool, pool + 7].map(|owner| owner_name(1 + owner));
            format!("{{ split: fixed, shares: {{ {first}: 62.5%, {second}: 37.5% }} }}")
        }
    }
}

fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    // A text in memory takes whatever is written.
    let _ = text.write_fmt(line);
}
