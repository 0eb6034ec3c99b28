//! Schemas are committed, up to date, and agree with what reading takes.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;
use serde_json::{Value, json};

use super::super::licenses::LicenseRules;
use super::super::node::{self, Key, Kind, Node};
use super::super::reference;
use super::super::sink::Sink;
use super::super::{ColumnMap, Project, RuleText, Scope, compile, shipped};
use super::*;

/// Reads what schemas of this room hold, and refuses any word that it does not know, so that
/// nothing of a schema goes unchecked.
fn faults(schema: &Value, value: &Value, root: &Value) -> Option<String> {
    let words = schema.as_object().expect("a schema is an object");
    for (word, said) in words {
        let fault = match word.as_str() {
            "$schema" | "title" | "$defs" => None,
            "$ref" => {
                let path = said.as_str().expect("a path").trim_start_matches('#');
                faults(root.pointer(path).expect("a definition"), value, root)
            }
            "type" => (!has_type(said, value)).then(|| format!("not of type {said}")),
            "enum" => (!said.as_array().expect("words").contains(value))
                .then(|| format!("not among {said}")),
            "anyOf" => {
                let found: Vec<Option<String>> = said
                    .as_array()
                    .expect("schemas")
                    .iter()
                    .map(|schema| faults(schema, value, root))
                    .collect();
                let all: Option<Vec<String>> = found.into_iter().collect();
                all.map(|all| all.join("; "))
            }
            "pattern" => value.as_str().and_then(|text| {
                let fits = is_match(said.as_str().expect("a pattern"), text);
                (!fits).then(|| format!("{text} does not match {said}"))
            }),
            "minimum" => {
                value.as_u64().filter(|n| *n < said.as_u64().unwrap()).map(|n| n.to_string())
            }
            "maximum" => {
                value.as_u64().filter(|n| *n > said.as_u64().unwrap()).map(|n| n.to_string())
            }
            "minItems" => {
                value.as_array().filter(|a| a.is_empty()).map(|_| "an empty list".to_owned())
            }
            "minProperties" => {
                value.as_object().filter(|a| a.is_empty()).map(|_| "an empty mapping".to_owned())
            }
            "items" => value
                .as_array()
                .and_then(|items| items.iter().find_map(|item| faults(said, item, root))),
            "required" => value.as_object().and_then(|map| {
                let mut names = said.as_array().expect("names").iter();
                let missing = names.find(|name| !map.contains_key(name.as_str().expect("a name")));
                missing.map(|name| format!("{name} is missing"))
            }),
            "propertyNames" => value
                .as_object()
                .and_then(|map| map.keys().find_map(|name| faults(said, &json!(name), root))),
            "properties" => value.as_object().and_then(|map| {
                let known = said.as_object().expect("properties");
                map.iter().find_map(|(name, value)| faults(known.get(name)?, value, root))
            }),
            "additionalProperties" => value.as_object().and_then(|map| {
                let known = schema.get("properties").and_then(Value::as_object);
                let is_known = |name: &str| known.is_some_and(|known| known.contains_key(name));
                let mut others = map.iter().filter(|(name, _)| !is_known(name));
                match said {
                    Value::Bool(false) => others.next().map(|(name, _)| format!("unknown {name}")),
                    _ => others.find_map(|(_, value)| faults(said, value, root)),
                }
            }),
            other => panic!("the tests do not know `{other}`"),
        };
        if fault.is_some() {
            return fault;
        }
    }
    None
}

/// Compiled once: there are few patterns, and they are asked often.
fn is_match(pattern: &str, text: &str) -> bool {
    thread_local! {
        static COMPILED: RefCell<HashMap<String, Regex>> = RefCell::default();
    }
    COMPILED.with_borrow_mut(|compiled| {
        let compile = || Regex::new(pattern).expect("a pattern");
        compiled.entry(pattern.to_owned()).or_insert_with(compile).is_match(text)
    })
}

fn has_type(said: &Value, value: &Value) -> bool {
    let names = match said {
        Value::Array(names) => names.as_slice(),
        one => std::slice::from_ref(one),
    };
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("there is no type {other}"),
    };
    names.iter().any(|name| is(name.as_str().expect("a name")))
}

/// A text as an editor sees it: scalars are what YAML takes plain ones for, or all of them are quoted.
fn as_json(node: &Node, is_plain: bool) -> Value {
    match &node.kind {
        Kind::Null => Value::Null,
        Kind::Scalar(text) if is_plain => match text.as_str() {
            "true" => true.into(),
            "false" => false.into(),
            text => match text.parse::<i64>() {
                Ok(number) => number.into(),
                Err(_) => match text.parse::<f64>() {
                    Ok(number) if number.is_finite() => number.into(),
                    _ => text.into(),
                },
            },
        },
        Kind::Scalar(text) => text.as_str().into(),
        Kind::List(nodes) => nodes.iter().map(|node| as_json(node, is_plain)).collect(),
        Kind::Map(entries) => {
            let entries = entries.iter();
            entries.map(|(key, node)| (key.text.clone(), as_json(node, is_plain))).collect()
        }
    }
}

fn parsed(text: &str) -> Node {
    let mut sink = Sink::default();
    node::parse("x.yaml", text, &mut sink).expect("the text is YAML")
}

fn refusal(of: SchemaOf, node: &Node) -> Option<String> {
    let schema: Value = serde_json::from_str(&schema(of)).unwrap();
    let forms = [true, false].map(|is_plain| faults(&schema, &as_json(node, is_plain), &schema));
    forms.into_iter().flatten().next()
}

fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// YAML files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Everything that is shown to users as right, and what it is.
fn right() -> Vec<(String, SchemaOf, String)> {
    let mut all = Vec::new();
    for path in files(&home().join("samples")) {
        let text = fs::read_to_string(&path).unwrap();
        let of = match path.file_name().and_then(|name| name.to_str()) {
            Some("costbook.yaml") => SchemaOf::Project,
            _ if path.components().any(|step| step.as_os_str() == "rules") => SchemaOf::Rules,
            _ if path.components().any(|step| step.as_os_str() == "licenses") => SchemaOf::Licenses,
            _ => SchemaOf::ColumnMap,
        };
        all.push((path.display().to_string(), of, text));
    }
    for name in shipped::column_map_names() {
        let (path, text) = shipped::column_map(name).unwrap();
        all.push((path.to_owned(), SchemaOf::ColumnMap, text.to_owned()));
    }
    let (path, text) = shipped::components();
    all.push((path.to_owned(), SchemaOf::Rules, text.to_owned()));
    let (files, _) = shipped::license_rules();
    all.extend(files.into_iter().map(|file| (file.path, SchemaOf::Licenses, file.text)));
    let pages = include_str!("../../../docs/licenses.md");
    let blocks =
        pages.split("```yaml licenses\n").skip(1).filter_map(|at| at.split("\n```").next());
    all.extend(blocks.map(|text| ("docs/licenses.md".into(), SchemaOf::Licenses, text.into())));
    let kinds = [
        ("yaml project", SchemaOf::Project),
        ("yaml rules", SchemaOf::Rules),
        ("yaml column-map", SchemaOf::ColumnMap),
    ];
    for (info, of) in kinds {
        let blocks = reference::blocks(info).into_iter();
        all.extend(blocks.map(|text| (format!("docs/rules.md: {info}"), of, text.to_owned())));
    }
    all
}

#[test]
fn committed_schemas_are_up_to_date() {
    let is_blessing = std::env::var_os("COSTBOOK_BLESS").is_some_and(|value| value == "1");
    for of in SchemaOf::ALL {
        let path = home().join("docs/schema").join(format!("{}.schema.json", of.name()));
        if is_blessing {
            fs::write(&path, schema(of)).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        let help = "`COSTBOOK_BLESS=1 cargo test --lib schema` writes it anew";
        assert!(committed == schema(of), "{} is not up to date; {help}", path.display());
    }
}

#[test]
fn what_users_are_shown_fits() {
    let right = right();
    assert!(right.len() > 25, "{}", right.len());
    for (name, of, text) in right {
        assert_eq!(refusal(of, &parsed(&text)), None, "{name}:\n{text}");
    }
}

#[test]
fn what_is_misshapen_does_not_fit() {
    use SchemaOf::{ColumnMap, Licenses, Project, Rules};
    for (of, text) in [
        (Rules, "clasify: []"),
        (Rules, "classify: { name: a, owner: b }"),
        (Rules, "classify: [ { owner: b } ]"),
        (Rules, "classify: [ { name: a, onwer: b } ]"),
        (Rules, "classify: [ { name: a, owner: b, when: {} } ]"),
        (Rules, "classify: [ { name: a, owner: b, when: { ServiceNmae: x } } ]"),
        (Rules, "classify: [ { name: a, owner: b, when: { service: { glb: x } } } ]"),
        (Rules, "classify: [ { name: a, owner: b, when: { all: { service: x } } } ]"),
        (Rules, "classify: [ { name: a, owner: b, valid: { from: today } } ]"),
        (Rules, "pools: { a: { split: evenly } }"),
        (Rules, "pools: { a: { by: effective_cost } }"),
        (Rules, "lists: { A: [ x ] }"),
        (Rules, "lists: { a: [ { value: x } ] }"),
        (Rules, "lists: { a: [ { value: x, valid: { since: 2026-10-01 } } ] }"),
        (Rules, "dimensions: { a-b: { tag: x } }"),
        (Rules, "dimensions: { a: { tag: x, case: Upper } }"),
        (Rules, "components: [ { name: taxes } ]"),
        (Rules, "tests: [ { given: { service: x } } ]"),
        (Project, "organisation: a"),
        (Project, "organisation: a\ncurrency: EUR\nsources: [ { name: a, format: focus } ]"),
        (
            Project,
            "organisation: a\ncurrency: EUR\nsources: []\nexchange: { rates: x, policy: last }",
        ),
        (Project, "organisation: a\ncurrency: EUR\nsources: []\nrounding: { digits: 99 }"),
        (Licenses, "metric: {}"),
        (Licenses, "metrics: { a: { unit: core, of: boxes, versions: [] } }"),
        (Licenses, "tables: { a: { columns: { x: number } } }"),
        (Licenses, "thresholds: [ { name: a, forecast: { method: trand } } ]"),
        (Licenses, "matching: { solver: greedy }"),
        (Licenses, "products: [ { product: a, source: [ { link: b } ] } ]"),
        (ColumnMap, "format: a\ntitle: b"),
        (ColumnMap, "format: a\ntitle: b\ncolumns: { Costs: x }"),
        (
            ColumnMap,
            "format: a\ntitle: b\ncolumns: { BilledCost: { sum: [ { lst: a, sum: b } ] } }",
        ),
        (ColumnMap, "format: a\ntitle: b\ncolumns: {}\nspread: { by: weeks }"),
        (ColumnMap, "format: a\ntitle: b\ncolumns: {}\ndates: [ iso, us ]"),
    ] {
        assert!(refusal(of, &parsed(text)).is_some(), "{text}");
    }
}

/// The golden cases of files that are misshapen.
#[test]
fn golden_cases_of_shapes_do_not_fit() {
    let mut seen = 0;
    for code in ["unknown-key", "missing-key", "wrong-type"] {
        let folder = home().join("tests/golden").join(code);
        let refused = files(&folder).into_iter().any(|path| {
            let is_project = path.file_name().is_some_and(|name| name == "costbook.yaml");
            let is_rules = path.components().any(|step| step.as_os_str() == "rules");
            let of = match (is_project, is_rules) {
                (true, _) => SchemaOf::Project,
                (_, true) => SchemaOf::Rules,
                _ => SchemaOf::ColumnMap,
            };
            seen += 1;
            refusal(of, &parsed(&fs::read_to_string(path).unwrap())).is_some()
        });
        assert!(refused, "{code}");
    }
    assert!(seen >= 3, "{seen}");
}

fn is_taken(of: SchemaOf, text: &str) -> bool {
    match of {
        SchemaOf::Project => Project::parse("costbook.yaml", text).is_ok(),
        SchemaOf::ColumnMap => ColumnMap::parse("map.yaml", text).is_ok(),
        SchemaOf::Licenses => {
            let file = RuleText { path: "licenses.yaml".into(), text: text.into() };
            LicenseRules::read(&[file], &[]).is_ok()
        }
        SchemaOf::Rules => {
            let file = RuleText { path: "rules.yaml".into(), text: text.into() };
            let entities = reference::entities();
            let drivers = reference::drivers();
            let scope = Scope { org: &reference::org(), entities: &entities, drivers: &drivers };
            compile(&[file], &scope).is_ok()
        }
    }
}

/// The tree with one node replaced, for each node and each of a few replacements; and with one
/// key taken out.
fn variations(node: &Node) -> Vec<Node> {
    let of = |kind: Kind| Node { kind, span: node.span.clone() };
    let word = |text: &str| of(Kind::Scalar(text.into()));
    let named = |text: &str| Key { text: text.into(), span: node.span.clone() };
    let mut made = vec![
        of(Kind::Null),
        word("x"),
        word("2"),
        word("true"),
        of(Kind::List(vec![])),
        of(Kind::List(vec![word("x")])),
        of(Kind::Map(vec![])),
        of(Kind::Map(vec![(named("x"), word("x"))])),
        of(Kind::Map(vec![(named("from"), word("service"))])),
        of(Kind::List(vec![node.clone()])),
    ];
    match &node.kind {
        Kind::List(nodes) => {
            for (at, child) in nodes.iter().enumerate() {
                made.extend(variations(child).into_iter().map(|new| {
                    let mut nodes = nodes.clone();
                    nodes[at] = new;
                    of(Kind::List(nodes))
                }));
            }
            made.extend(nodes.first().cloned());
        }
        Kind::Map(entries) => {
            for (at, (_, child)) in entries.iter().enumerate() {
                made.extend(variations(child).into_iter().map(|new| {
                    let mut entries = entries.clone();
                    entries[at].1 = new;
                    of(Kind::Map(entries))
                }));
                let mut fewer = entries.clone();
                fewer.remove(at);
                made.push(of(Kind::Map(fewer)));
            }
        }
        Kind::Null | Kind::Scalar(_) => {}
    }
    made
}

/// A schema that refuses what reading takes would make people mistrust it: no variation of the
/// reference's examples is taken by the one and refused by the other.
#[test]
fn schemas_refuse_nothing_that_reading_takes() {
    /// Variations of one example that are read.
    const MOST: usize = 60;
    let mut refused = 0;
    let mut taken = Vec::new();
    for (name, of, text) in right().into_iter().filter(|(name, ..)| name.starts_with("docs")) {
        let schema: Value = serde_json::from_str(&schema(of)).unwrap();
        let variations = variations(&parsed(&text));
        // Most variations fit the schema, and need not be read; JSON is YAML.
        let quoted = variations.iter().map(|variation| as_json(variation, false));
        let faulty: Vec<(String, String)> = quoted
            .filter_map(|quoted| Some((faults(&schema, &quoted, &schema)?, quoted.to_string())))
            .collect();
        let step = faulty.len() / MOST + 1;
        for (fault, text) in faulty.iter().step_by(step) {
            if is_taken(of, text) {
                taken.push(format!("{name}: {fault}\n{text}"));
            }
            refused += 1;
        }
    }
    assert!(taken.is_empty(), "{}", taken.join("\n"));
    assert!(refused > 600, "{refused} variations were refused by both");
}
