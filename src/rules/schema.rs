//! The language as JSON Schema, so that editors complete and check while somebody writes.
//!
//! Made of the tables of keys that reading goes by. A schema says less than `costbook check`: it
//! knows no names, and not which keys exclude each other. What it refuses, reading refuses; but
//! columns have to be spelt as FOCUS spells them, which reading is generous about.

use serde_json::{Map, Value, json};

use crate::domain::Column;

use super::fields::{RESERVED_PREFIXES, SHORT_NAMES};
use super::shape::{KeyShape, Shape};
use super::when::{GROUPS, OPERATORS};

/// What a schema is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaOf {
    /// `costbook.yaml`.
    Project,
    /// A rule file.
    Rules,
    /// A column map.
    ColumnMap,
    /// A license rule file.
    Licenses,
}

impl SchemaOf {
    pub const ALL: [Self; 4] = [Self::Project, Self::Rules, Self::ColumnMap, Self::Licenses];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Rules => "rules",
            Self::ColumnMap => "column-map",
            Self::Licenses => "license-rules",
        }
    }
}

/// The schema as text, JSON Schema 2020-12.
#[must_use]
pub fn schema(of: SchemaOf) -> String {
    let (title, keys) = match of {
        SchemaOf::Project => ("costbook: project file", super::project::KEYS),
        SchemaOf::Rules => ("costbook: rule file", super::compile::KEYS),
        SchemaOf::ColumnMap => ("costbook: column map", super::read_map::KEYS),
        SchemaOf::Licenses => ("costbook: license rule file", super::licenses::KEYS),
    };
    let mut whole = mapping(keys);
    if matches!(of, SchemaOf::Rules | SchemaOf::Licenses) {
        // An empty file declares nothing, which is allowed.
        whole.insert("type".into(), json!(["object", "null"]));
    }
    whole.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    whole.insert("title".into(), title.into());
    whole.insert("$defs".into(), definitions());
    // Sorted by key, whatever order the library keeps.
    format!("{:#}\n", sorted(Value::Object(whole)))
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(String, Value)> = map.into_iter().collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            entries.into_iter().map(|(key, value)| (key, sorted(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
}

/// What many places share.
fn definitions() -> Value {
    json!({
        "text": { "type": ["string", "number", "boolean"] },
        "texts": { "anyOf": [
            reference("text"),
            { "type": "array", "items": reference("text"), "minItems": 1 },
        ] },
        "flag": { "enum": [true, false, "true", "false"] },
        "day": { "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" },
        "number": { "type": ["number", "string"] },
        "column": { "anyOf": [
            { "enum": Column::ALL.iter().map(|column| column.name()).collect::<Vec<_>>() },
            { "type": "string", "pattern": "^x_." },
        ] },
        "condition": condition(),
        "test": { "anyOf": [reference("texts"), operators()] },
    })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

/// Fields and what is asked of them, beside groups. A field that is none of the known ones may be
/// a dimension, an input or an attribute; names like those of FOCUS must be in FOCUS.
fn condition() -> Value {
    let mut properties = Map::new();
    let columns = Column::ALL.iter();
    let columns = columns.flat_map(|column| [column.name().to_owned(), column.snake_name()]);
    let short = SHORT_NAMES.iter().map(|(name, _)| (*name).to_owned());
    for field in columns.chain(short) {
        properties.insert(field, reference("test"));
    }
    for group in GROUPS {
        properties.insert(group.name.into(), of_shape(group.shape));
    }
    let prefixes = RESERVED_PREFIXES.join("|");
    let others = format!("^(({prefixes})\\..|[xX]_.|[a-z0-9][a-z0-9_]*(\\..+)?$)");
    json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": reference("test"),
        "propertyNames": { "anyOf": [
            reference("column"),
            { "type": "string", "pattern": others },
        ] },
        "minProperties": 1,
    })
}

/// Operators are never none: a test without one asks nothing.
fn operators() -> Value {
    let mut made = mapping(OPERATORS);
    made.insert("minProperties".into(), 1.into());
    Value::Object(made)
}

fn mapping(keys: &[KeyShape]) -> Map<String, Value> {
    let properties: Map<String, Value> =
        keys.iter().map(|key| (key.name.to_owned(), of_shape(key.shape))).collect();
    let required: Vec<&str> = keys.iter().filter(|k| k.is_needed).map(|key| key.name).collect();
    let mut made = Map::new();
    made.insert("type".into(), "object".into());
    made.insert("properties".into(), properties.into());
    made.insert("additionalProperties".into(), false.into());
    if !required.is_empty() {
        made.insert("required".into(), required.into());
    }
    made
}

fn of_shape(shape: Shape) -> Value {
    let any_of = |shapes: Vec<Value>| json!({ "anyOf": shapes });
    match shape {
        Shape::Text => reference("text"),
        Shape::Texts => reference("texts"),
        Shape::Flag => reference("flag"),
        Shape::Day => reference("day"),
        Shape::Number => reference("number"),
        Shape::Condition => reference("condition"),
        Shape::Test => reference("test"),
        Shape::Whole(most) => any_of(vec![
            json!({ "type": "integer", "minimum": 0, "maximum": most }),
            json!({ "type": "string", "pattern": "^[0-9]+$" }),
        ]),
        Shape::Choice(names) => choice(names()),
        Shape::Choices(names) => some(&choice(names())),
        Shape::Map(keys) => Value::Object(mapping(keys)),
        Shape::Each(names, inner) => {
            let inner = of_shape(*inner);
            let properties: Map<String, Value> =
                names().into_iter().map(|name| (name.to_owned(), inner.clone())).collect();
            json!({ "type": "object", "properties": properties, "additionalProperties": false })
        }
        Shape::Columns(inner) => json!({
            "type": "object",
            "propertyNames": reference("column"),
            "additionalProperties": of_shape(*inner),
        }),
        Shape::Named(inner) => {
            json!({ "type": "object", "additionalProperties": of_shape(*inner) })
        }
        Shape::Identified { dash, shape } => {
            let dash = if dash { "-" } else { "" };
            let pattern = format!("^[a-z0-9][a-z0-9_{dash}]*$");
            json!({
                "type": "object",
                "propertyNames": { "type": "string", "pattern": pattern },
                "additionalProperties": of_shape(*shape),
            })
        }
        Shape::List(inner) => json!({ "type": "array", "items": of_shape(*inner) }),
        Shape::Some(inner) => some(&of_shape(*inner)),
        Shape::Either(shapes) => any_of(shapes.iter().map(|shape| of_shape(*shape)).collect()),
        Shape::Optional(inner) => any_of(vec![of_shape(*inner), json!({ "type": "null" })]),
    }
}

/// Words as YAML may take them: `true` without quotes is no text.
fn choice(words: Vec<&'static str>) -> Value {
    let flags = words.iter().filter_map(|word| word.parse::<bool>().ok()).map(Value::from);
    let flags: Vec<Value> = flags.collect();
    let words = words.into_iter().map(Value::from).chain(flags).collect::<Vec<_>>();
    json!({ "enum": words })
}

fn some(one: &Value) -> Value {
    json!({ "anyOf": [one, { "type": "array", "items": one }] })
}

#[cfg(test)]
mod tests;
