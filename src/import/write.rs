//! A draft as the text of a rule file: comments say where each rule comes from, and what is missing.

use std::fmt::Write;

use crate::diagnostics::printable;

use super::condition::{Condition, Question, Test};
use super::draft::{Dimension, Draft, Entry, LossKind, Outcome, Pool, Rule, Split, Value};
use super::emit::Yaml;
use super::proof::Example;

/// The text of a rule file.
pub(super) fn write(draft: &Draft, examples: &[Example]) -> String {
    let mut out = String::new();
    for line in &draft.head {
        comment(line, 0, &mut out);
    }
    section("dimensions", &draft.dimensions, put_dimension, &mut out);
    section("classify", &draft.classify, put_rule, &mut out);
    section("pools", &draft.pools, put_pool, &mut out);
    section("tests", examples, put_example, &mut out);
    put_drivers(draft, &mut out);
    put_losses(draft, &mut out);
    out
}

fn section<T>(name: &str, items: &[T], put: fn(&T, &mut String), out: &mut String) {
    if items.is_empty() {
        return;
    }
    // Writing to a String cannot fail.
    let _ = writeln!(out, "\n{name}:");
    for item in items {
        put(item, out);
    }
}

/// One line behind a `#`, whatever the text holds.
fn comment(text: &str, indent: usize, out: &mut String) {
    let line = format!("{}# {}", " ".repeat(indent), printable(text));
    let _ = writeln!(out, "{}", line.trim_end());
}

fn put_dimension(dimension: &Dimension, out: &mut String) {
    for note in &dimension.notes {
        comment(note, 2, out);
    }
    let _ = writeln!(out, "  {}:", dimension.name);
    let rules = dimension.entries.iter().filter(|entry| matches!(entry, Entry::Rule { .. }));
    let has_rules = rules.count() > 0;
    if has_rules {
        let _ = writeln!(out, "    rules:");
    }
    for entry in &dimension.entries {
        match entry {
            Entry::Gap(text) => comment(text, if has_rules { 6 } else { 4 }, out),
            Entry::Rule { note, when, value } => {
                comment(note, 6, out);
                let mut entries = Vec::new();
                entries.extend(when_of(when));
                entries.push(("value".to_owned(), value_of(value)));
                Yaml::Map(entries).put_item(6, out);
            }
        }
    }
    if !dimension.from.is_empty() {
        Yaml::texts(&dimension.from).put("from:", 4, out);
    }
    if let Some(case) = dimension.case {
        Yaml::word(case).put("case:", 4, out);
    }
    if let Some(default) = &dimension.default {
        Yaml::text(default).put("default:", 4, out);
    }
    if !dimension.detail {
        Yaml::word("false").put("detail:", 4, out);
    }
}

fn when_of(when: &Condition) -> Option<(String, Yaml)> {
    (*when != Condition::Always).then(|| ("when".to_owned(), condition(when)))
}

fn value_of(value: &Value) -> Yaml {
    match value {
        Value::Text(text) => Yaml::text(text),
        Value::From(field) => Yaml::map([("from", Yaml::text(field))]),
    }
}

fn put_rule(rule: &Rule, out: &mut String) {
    comment(&rule.note, 2, out);
    let mut entries = vec![("name".to_owned(), Yaml::text(&rule.name))];
    entries.extend(when_of(&rule.when));
    entries.push(match &rule.outcome {
        Outcome::Owner(field) => ("owner".to_owned(), Yaml::map([("from", Yaml::text(field))])),
        Outcome::Pool(pool) => ("pool".to_owned(), Yaml::text(pool)),
    });
    Yaml::Map(entries).put_item(2, out);
}

fn put_pool(pool: &Pool, out: &mut String) {
    comment(&pool.note, 2, out);
    let body = match &pool.split {
        Split::Fixed(shares) => {
            let shares = shares.iter().map(|(name, share)| (name.clone(), Yaml::word(share)));
            let shares = Yaml::Map(shares.collect());
            Yaml::map([("split", Yaml::word("fixed")), ("shares", shares)])
        }
        Split::Proportional { by, include } => {
            let mut keys = vec![("split".to_owned(), Yaml::word("proportional"))];
            keys.push(("by".to_owned(), Yaml::word(*by)));
            if !include.is_empty() {
                keys.push(("include".to_owned(), Yaml::texts(include)));
            }
            Yaml::Map(keys)
        }
        Split::Driver { driver, otherwise } => {
            let zero = match otherwise {
                Some(other) => Yaml::map([("driver", Yaml::text(other))]),
                None => Yaml::word("unallocated"),
            };
            Yaml::map([
                ("split", Yaml::word("driver")),
                ("driver", Yaml::text(driver)),
                ("on_zero_driver", zero),
            ])
        }
        Split::Rate { driver, tiers, remainder } => rate(driver, tiers, remainder.as_deref()),
    };
    let body = match body {
        Yaml::Map(mut keys) if !pool.within.is_empty() => {
            let within = pool.within.iter().map(Yaml::text).collect();
            keys.push(("within".to_owned(), Yaml::List(within)));
            Yaml::Map(keys)
        }
        body => body,
    };
    body.put(&format!("{}:", pool.name), 2, out);
}

fn rate(driver: &str, tiers: &[(Option<String>, String)], remainder: Option<&str>) -> Yaml {
    let price = if let [(None, price)] = tiers {
        ("price", Yaml::word(price))
    } else {
        let tier = |(to, price): &(Option<String>, String)| {
            let to = to.iter().map(|to| ("to".to_owned(), Yaml::word(to)));
            Yaml::Map(to.chain([("price".to_owned(), Yaml::word(price))]).collect())
        };
        ("tiers", Yaml::List(tiers.iter().map(tier).collect()))
    };
    Yaml::map([
        ("split", Yaml::word("rate")),
        ("driver", Yaml::text(driver)),
        price,
        ("remainder", remainder.map_or(Yaml::word("unallocated"), Yaml::text)),
    ])
}

fn put_example(example: &Example, out: &mut String) {
    let texts = |(field, text): (&String, &String)| (field.clone(), Yaml::text(text));
    let given = Yaml::Map(example.given.iter().map(texts).collect());
    let mut expect = Vec::new();
    match &example.bearer {
        Some(Outcome::Owner(owner)) => expect.push(("owner".to_owned(), Yaml::text(owner))),
        Some(Outcome::Pool(pool)) => expect.push(("pool".to_owned(), Yaml::text(pool))),
        None => {}
    }
    let value = example.value.as_ref().map_or(Yaml::word("null"), Yaml::text);
    let dimensions = Yaml::Map(vec![(example.dimension.clone(), value)]);
    expect.push(("dimensions".to_owned(), dimensions));
    Yaml::map([("given", given), ("expect", Yaml::Map(expect))]).put_item(2, out);
}

/// What the project must declare.
fn put_drivers(draft: &Draft, out: &mut String) {
    if draft.drivers.is_empty() {
        return;
    }
    out.push('\n');
    comment(
        "Pools go by tables of quantities that the source does not have. Declare them in costbook.yaml:",
        0,
        out,
    );
    comment("  drivers:", 0, out);
    for (name, means) in &draft.drivers {
        let name = Yaml::text(name).flow();
        comment(
            &format!(
                "    - {{ name: {name}, files: \"data/drivers/{name}-{{period}}.csv\" }}   # {means}"
            ),
            0,
            out,
        );
    }
}

fn put_losses(draft: &Draft, out: &mut String) {
    if draft.losses.is_empty() {
        comment("Everything in the source is written above.", 0, {
            out.push('\n');
            out
        });
        return;
    }
    out.push('\n');
    comment("Left out, or written with another meaning:", 0, out);
    for loss in &draft.losses {
        let verb = match loss.kind {
            LossKind::LeftOut => "left out",
            LossKind::Otherwise => "otherwise",
        };
        comment(&format!("- {verb}: {} ({}): {}", loss.what, loss.span, loss.why), 0, out);
    }
}

/// A condition as the value of `when`.
pub(super) fn condition(condition: &Condition) -> Yaml {
    match condition {
        // Neither stands in a simple condition; an empty mapping is refused by the rules' checks.
        Condition::Always | Condition::Never => Yaml::Map(Vec::new()),
        Condition::Any(parts) => {
            let parts = parts.iter().map(self::condition).collect();
            Yaml::map([("any", Yaml::List(parts))])
        }
        Condition::Not(inner) => match &**inner {
            Condition::Ask(question) => ask(question, true),
            inner => Yaml::map([("not", self::condition(inner))]),
        },
        Condition::All(parts) => all(parts),
        Condition::Ask(question) => ask(question, false),
    }
}

/// Conditions in one mapping where no key stands twice.
fn all(parts: &[Condition]) -> Yaml {
    let parts: Vec<Yaml> = parts.iter().map(condition).collect();
    let mut merged: Vec<(String, Yaml)> = Vec::new();
    for part in &parts {
        let Yaml::Map(entries) = part else { continue };
        merged.extend(entries.iter().cloned());
    }
    let mut keys: Vec<&str> = merged.iter().map(|(key, _)| key.as_str()).collect();
    keys.sort_unstable();
    let count = keys.len();
    keys.dedup();
    if keys.len() == count { Yaml::Map(merged) } else { Yaml::map([("all", Yaml::List(parts))]) }
}

fn ask(question: &Question, is_negated: bool) -> Yaml {
    let texts = |operator: &str, texts: &[String]| {
        let mut operators = vec![(operator.to_owned(), Yaml::texts(texts))];
        if !question.case_counts {
            operators.push(("case".to_owned(), Yaml::word("insensitive")));
        }
        Yaml::Map(operators)
    };
    let yes = || Yaml::word("true");
    let asked = match &question.test {
        Test::OneOf(values) if question.case_counts => Yaml::texts(values),
        Test::OneOf(values) if values.len() == 1 => texts("equals", values),
        Test::OneOf(values) => texts("in", values),
        Test::Prefix(values) => texts("prefix", values),
        Test::Suffix(values) => texts("suffix", values),
        Test::Contains(values) => texts("contains", values),
        Test::Regex(pattern) => texts("regex", std::slice::from_ref(pattern)),
        Test::Absent if is_negated => {
            let present = Yaml::map([("present", yes())]);
            return Yaml::Map(vec![(question.field.clone(), present)]);
        }
        Test::Absent => Yaml::map([("absent", yes())]),
        Test::HasText => Yaml::map([("present", yes()), ("not", Yaml::text(""))]),
        Test::Before(day) => Yaml::map([("before", Yaml::word(day.to_string()))]),
        Test::After(day) => Yaml::map([("after", Yaml::word(day.to_string()))]),
        Test::Number(operator, bound) => Yaml::map([(operator, Yaml::word(bound))]),
    };
    let asked = if is_negated { Yaml::map([("not", asked)]) } else { asked };
    Yaml::Map(vec![(question.field.clone(), asked)])
}
