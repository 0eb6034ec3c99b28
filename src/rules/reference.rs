//! The reference, `docs/rules.md` with `docs/licenses-inputs.md`, is held to what the room does: its examples are read, and every
//! word of the language stands in it.

use std::collections::BTreeSet;

use super::licenses::{FieldType, InputKind, ProductRules};
use super::shape::Shape;
use super::testing::entity;
use super::{ColumnMap, DriverScope, Project, RuleText, Scope, compile};
use crate::domain::{CostCenter, DateRange, Org};

const REFERENCE: &str = concat!(
    include_str!("../../docs/rules.md"),
    include_str!("../../docs/licenses-inputs.md"),
    include_str!("../../docs/license-money.md"),
);

/// The texts of fenced blocks with this info string.
pub(super) fn blocks(info: &str) -> Vec<&'static str> {
    let fence = format!("```{info}\n");
    let rest = REFERENCE.split(fence.as_str()).skip(1);
    rest.filter_map(|text| text.split("\n```").next()).collect()
}

pub(super) fn org() -> Org {
    let ids = ["payments", "retail", "retail-labs", "data"];
    let center = |id: &str| CostCenter {
        id: id.into(),
        name: id.into(),
        parent: None,
        legal_entity: None,
        manager: None,
        level: None,
        valid: DateRange::ALWAYS,
    };
    Org::new(ids.map(center).into()).unwrap()
}

/// The metadata that the examples ask.
pub(super) fn entities() -> [super::Entity; 1] {
    [entity("sub_account", &["name", "environment", "product"], None)]
}

/// The drivers that the examples name.
pub(super) fn drivers() -> Vec<DriverScope> {
    let names = ["k8s-cpu", "k8s-memory", "lake-tb", "service-usage"];
    names.map(|name| DriverScope { name: name.into(), scope: Vec::new() }).into()
}

#[test]
fn every_example_is_what_it_says() {
    let (projects, rules, maps) =
        (blocks("yaml project"), blocks("yaml rules"), blocks("yaml column-map"));
    assert!(projects.len() > 2 && !maps.is_empty());
    assert!(rules.len() > 8);
    for text in projects {
        Project::parse("costbook.yaml", text).unwrap();
    }
    let entities = entities();
    for text in rules {
        let file = RuleText { path: "rules.yaml".into(), text: text.into() };
        compile(&[file], &Scope { org: &org(), entities: &entities, drivers: &drivers() }).unwrap();
    }
    for text in maps {
        ColumnMap::parse("map.yaml", text).unwrap();
    }
}

#[test]
fn products_are_read_as_the_reference_writes_them() {
    let found = blocks("yaml products");
    assert!(!found.is_empty());
    for text in found {
        ProductRules::parse("products.yaml", text).unwrap();
    }
}

/// Each field of a table of licenses stands in the reference, in the section of its kind.
#[test]
fn every_field_of_license_tables_is_in_the_reference() {
    let section = |heading: &str| {
        let rest = REFERENCE.split_once(heading).expect("a heading").1;
        rest.split_once("\n### ").map_or(rest, |(section, _)| section)
    };
    for kind in InputKind::ALL {
        let section = match kind {
            InputKind::Entitlements => section("### `entitlements`"),
            InputKind::Contracts => section("### `contracts`"),
            _ => section("### Use\n"),
        };
        for field in kind.fields() {
            let line = section.lines().find(|line| {
                let mut cells = line.split('|').skip(1);
                cells.next().is_some_and(|names| names.contains(&format!("`{}`", field.name)))
            });
            let line = line.unwrap_or_else(|| panic!("{}: {}", kind.name(), field.name));
            if let FieldType::Word(words) | FieldType::Words(words) = field.kind {
                for word in words {
                    assert!(line.contains(&format!("`{word}`")), "{}: {word}", field.name);
                }
            }
        }
    }
}

#[test]
fn every_word_of_the_language_is_in_the_reference() {
    let tables = [super::project::KEYS, super::read_map::KEYS, super::compile::KEYS];
    let mut words: BTreeSet<&str> = super::when::OPERATORS.iter().map(|key| key.name).collect();
    for key in tables.into_iter().flatten() {
        words.insert(key.name);
        gather(key.shape, &mut words);
    }
    assert!(words.len() > 100, "{words:?}");
    // As code: alone, or as a key or value of some.
    let is_there = |word: &str| {
        let written = [("`", "`"), ("`", ":"), (" ", ":"), (": ", "`"), (": ", " ")];
        written.iter().any(|(before, after)| REFERENCE.contains(&format!("{before}{word}{after}")))
    };
    let missing: Vec<&str> = words.into_iter().filter(|word| !is_there(word)).collect();
    assert!(missing.is_empty(), "not in the reference: {missing:?}");
}

/// The keys and words of choices that stand behind a key, however deep.
fn gather(shape: Shape, words: &mut BTreeSet<&'static str>) {
    match shape {
        Shape::Map(keys) => {
            for key in keys {
                words.insert(key.name);
                gather(key.shape, words);
            }
        }
        Shape::Choice(names) | Shape::Choices(names) => words.extend(names()),
        Shape::Each(names, inner) => {
            words.extend(names());
            gather(*inner, words);
        }
        Shape::Columns(inner)
        | Shape::Named(inner)
        | Shape::Identified { shape: inner, .. }
        | Shape::List(inner)
        | Shape::Some(inner)
        | Shape::Optional(inner) => gather(*inner, words),
        Shape::Either(shapes) => shapes.iter().for_each(|shape| gather(*shape, words)),
        Shape::Text
        | Shape::Texts
        | Shape::Flag
        | Shape::Day
        | Shape::Whole(_)
        | Shape::Number
        | Shape::Condition
        | Shape::Test => {}
    }
}
