//! The reference, `docs/rules.md`, is held to what the room does: its examples are read, and every
//! word of the language stands in it.

use super::testing::entity;
use super::{ColumnMap, DriverScope, Project, RuleText, Scope, compile};
use crate::domain::{CostCenter, DateRange, Org};

const REFERENCE: &str = include_str!("../../docs/rules.md");

/// The texts of fenced blocks with this info string.
fn blocks(info: &str) -> Vec<&'static str> {
    let fence = format!("```{info}\n");
    let rest = REFERENCE.split(fence.as_str()).skip(1);
    rest.filter_map(|text| text.split("\n```").next()).collect()
}

fn org() -> Org {
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

fn drivers() -> Vec<DriverScope> {
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
    let entities = [entity("sub_account", &["name", "environment", "product"], None)];
    for text in rules {
        let file = RuleText { path: "rules.yaml".into(), text: text.into() };
        compile(&[file], &Scope { org: &org(), entities: &entities, drivers: &drivers() }).unwrap();
    }
    for text in maps {
        ColumnMap::parse("map.yaml", text).unwrap();
    }
}

#[test]
fn every_word_of_the_language_is_in_the_reference() {
    let keys = [
        super::project::KEYS,
        super::drivers::DRIVER_KEYS,
        super::read_map::KEYS,
        super::when::OPERATORS,
    ];
    let more = super::compile::WORDS;
    for word in keys.into_iter().flatten().chain(more.into_iter().flatten()) {
        assert!(REFERENCE.contains(&format!("`{word}`")), "`{word}` is not in docs/rules.md");
    }
}
