//! Exports of other systems as drivers: what is known of a format (data, `rules/drivers/*.yaml`),
//! and what a project asks of it.

use std::collections::BTreeMap;

use crate::diagnostics::Code;

use super::decode::{Mapping, boolean, entries, text, word, words};
use super::headers::header_position;
use super::node::{self, Key, Kind, Node};
use super::shape::{KeyShape, Shape, needed};
use super::shipped;
use super::sink::Sink;

/// What a project reads of exports in one format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriverExport {
    pub format: DriverFormat,
    /// The name of the measure, and what it is.
    pub measure: (String, Measure),
    pub consumer: Property,
    /// What was used, where it is not one pool.
    pub pool: Option<Property>,
    /// By kind: what becomes of usage that is no workload's. What is not declared is an error where
    /// it is met.
    pub special: BTreeMap<String, SpecialPolicy>,
}

impl DriverExport {
    pub(super) fn unit(&self) -> &str {
        &self.measure.1.unit
    }
}

/// What becomes of usage that no consumer has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpecialPolicy {
    /// It does not weigh: consumers share it as they share the rest.
    Spread,
    /// It weighs for that owner, pool or family value.
    Owner(String),
    /// Its part of the pool stays unallocated.
    Unallocated,
}

/// A quantity of a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measure {
    pub unit: String,
    /// Headers, in the order in which they are looked for.
    pub headers: Vec<String>,
}

/// Something that an export tells of who uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Property {
    /// A column by its headers.
    Column { name: String, headers: Vec<String> },
    /// A key of a column of JSON, or a column by a prefix and the key.
    Keyed { name: String, key: String, columns: KeyedColumns },
}

impl Property {
    /// As the project file has it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Column { name, .. } => name.clone(),
            Self::Keyed { name, key, .. } => format!("{name}.{key}"),
        }
    }
}

/// Where properties with keys of their own stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedColumns {
    /// Headers of columns that hold an object as JSON.
    pub json: Vec<String>,
    /// What headers of single properties begin with.
    pub prefixes: Vec<String>,
}

/// What is known of a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriverFormat {
    pub name: String,
    pub title: String,
    /// The key of a JSON document that holds the sets of records.
    pub sets: String,
    /// Headers of the window's first moment, of the moment behind it, and of the day.
    pub start: Vec<String>,
    pub end: Vec<String>,
    pub day: Vec<String>,
    /// Whether quantities are binary floating point, whatever they are written as.
    pub is_binary: bool,
    /// Headers of a record's name, whose parts are separated by `/`.
    pub record: Vec<String>,
    /// Kinds of usage that is no workload's, each by how names and properties call it.
    pub special: BTreeMap<String, String>,
    /// The kind that a record without the property that is asked is of.
    pub rest: String,
    /// Kinds that a record is of whatever its properties say.
    pub whole: Vec<String>,
    /// The property whose values are worlds of their own: names within one say nothing in another.
    realm: String,
    measures: BTreeMap<String, Measure>,
    default_measure: String,
    properties: BTreeMap<String, Vec<String>>,
    keyed: BTreeMap<String, KeyedColumns>,
}

/// One policy for all kinds, or one for each.
pub(super) const IDLE: Shape = Shape::Either(&[POLICY, Shape::Named(&POLICY)]);
const POLICY: Shape = Shape::Either(&[Shape::Text, Shape::Map(OWNER_KEYS)]);
const OWNER_KEYS: &[KeyShape] = &[needed("owner", Shape::Text)];

/// Keys of drivers that have a format.
pub(super) const EXPORT_KEYS: &[&str] = &["measure", "consumer", "pool", "idle"];

/// The format, and what the driver asks of it.
pub(super) fn read_export(
    format: &Node,
    map: &Mapping<'_>,
    sink: &mut Sink,
) -> Option<DriverExport> {
    let name = word(format, "`format`", sink)?;
    let Some((path, text)) = shipped::driver_format(&name.text) else {
        let message = format!("there is no format of drivers `{}`", name.text);
        let known: Vec<&str> = shipped::driver_format_names().collect();
        sink.report_unknown(Code::UnknownName, &name.span, message, &name.text, &known);
        return None;
    };
    // What is shipped is sound; tests hold it to that.
    let format = DriverFormat::parse(path, text)?;
    format.asked(map, sink)
}

impl DriverFormat {
    /// The names of measures that a file with these headers has.
    pub fn measures_in<'a>(&'a self, headers: &'a [String]) -> impl Iterator<Item = &'a str> {
        let is_there = |measure: &Measure| {
            measure.headers.iter().any(|header| header_position(header, headers).is_some())
        };
        let found = self.measures.iter().filter(move |(_, measure)| is_there(measure));
        found.map(|(name, _)| name.as_str())
    }

    /// Every header that tells one record from another.
    pub fn identity(&self) -> impl Iterator<Item = &Vec<String>> {
        self.properties.values()
    }

    /// Headers of the cluster, or whatever else is a world of its own.
    #[must_use]
    pub fn realm(&self) -> &[String] {
        self.properties.get(&self.realm).map_or(&[], Vec::as_slice)
    }

    fn parse(path: &str, text: &str) -> Option<Self> {
        let mut sink = Sink::default();
        let root = node::parse(path, text, &mut sink);
        let found = root.and_then(|root| read_format(&root, &mut sink));
        sink.finish(found).ok()
    }

    fn asked(self, map: &Mapping<'_>, sink: &mut Sink) -> Option<DriverExport> {
        let measure = match map.get("measure") {
            Some(node) => self.measure(node, sink),
            None => self.measures.get_key_value(&self.default_measure),
        };
        let measure = measure.map(|(name, measure)| (name.clone(), measure.clone()));
        let consumer = map.need("consumer", sink).and_then(|node| self.property(node, sink));
        let pool = map.get("pool").map(|node| self.property(node, sink));
        let special = match map.get("idle") {
            Some(node) => self.policies(node, sink),
            None => Some(BTreeMap::new()),
        };
        let pool = match pool {
            None => None,
            Some(found) => Some(found?),
        };
        let (measure, consumer, special) = (measure?, consumer?, special?);
        Some(DriverExport { measure, consumer, pool, special, format: self })
    }

    fn measure(&self, node: &Node, sink: &mut Sink) -> Option<(&String, &Measure)> {
        let name = word(node, "`measure`", sink)?;
        let found = self.measures.get_key_value(&name.text);
        if found.is_none() {
            let message = format!("`{}` is no measure of {}", name.text, self.title);
            let known: Vec<&str> = self.measures.keys().map(String::as_str).collect();
            sink.report_unknown(Code::UnknownName, &name.span, message, &name.text, &known);
        }
        found
    }

    /// `namespace`, or `label.team`.
    fn property(&self, node: &Node, sink: &mut Sink) -> Option<Property> {
        let name = word(node, "a property", sink)?;
        if let Some(headers) = self.properties.get(&name.text) {
            return Some(Property::Column { name: name.text, headers: headers.clone() });
        }
        if let Some((kind, key)) = name.text.split_once('.')
            && let Some(columns) = self.keyed.get(kind)
            && !key.is_empty()
        {
            let (name, key) = (kind.to_owned(), key.to_owned());
            return Some(Property::Keyed { name, key, columns: columns.clone() });
        }
        let message = format!("`{}` is nothing that {} tell", name.text, self.title);
        let keyed: Vec<String> = self.keyed.keys().map(|kind| format!("{kind}.KEY")).collect();
        let known: Vec<&str> = self.properties.keys().chain(&keyed).map(String::as_str).collect();
        sink.report_unknown(Code::UnknownName, &name.span, message, &name.text, &known);
        None
    }

    /// One policy for all kinds, or one for each that is named.
    fn policies(&self, node: &Node, sink: &mut Sink) -> Option<BTreeMap<String, SpecialPolicy>> {
        let kinds: Vec<&str> = self.special.keys().map(String::as_str).collect();
        let is_owner =
            |entries: &[(Key, Node)]| matches!(entries, [(key, _)] if key.text == "owner");
        match &node.kind {
            Kind::Map(entries) if !is_owner(entries) => {
                let map = Mapping::read(node, "`idle`", &kinds, sink)?;
                let mut found = BTreeMap::new();
                for kind in kinds {
                    let Some(node) = map.get(kind) else { continue };
                    found.insert(kind.to_owned(), read_policy(node, sink)?);
                }
                Some(found)
            }
            _ => {
                let policy = read_policy(node, sink)?;
                Some(kinds.into_iter().map(|kind| (kind.to_owned(), policy.clone())).collect())
            }
        }
    }
}

pub(super) fn read_policy(node: &Node, sink: &mut Sink) -> Option<SpecialPolicy> {
    if matches!(node.kind, Kind::Map(_)) {
        let map = Mapping::read(node, "a policy of usage", OWNER_KEYS, sink)?;
        let owner = map.need("owner", sink).and_then(|node| word(node, "`owner`", sink))?;
        return Some(SpecialPolicy::Owner(owner.text));
    }
    let choices = [("spread", true), ("unallocated", false)];
    let is_spread = super::decode::choice(node, "policy of usage", &choices, sink)?;
    Some(if is_spread { SpecialPolicy::Spread } else { SpecialPolicy::Unallocated })
}

fn read_format(root: &Node, sink: &mut Sink) -> Option<DriverFormat> {
    const KEYS: &[&str] = &[
        "format",
        "title",
        "source",
        "sets",
        "window",
        "binary",
        "name",
        "special",
        "rest",
        "whole",
        "realm",
        "measures",
        "default_measure",
        "properties",
        "keyed",
        "examples",
    ];
    let map = Mapping::read(root, "a format of drivers", KEYS, sink)?;
    let window =
        Mapping::read(map.need("window", sink)?, "`window`", &["start", "end", "day"], sink)?;
    let one = |map: &Mapping<'_>, key, sink: &mut Sink| {
        let node = map.need(key, sink)?;
        text(node, key, sink).map(str::to_owned)
    };
    Some(DriverFormat {
        name: one(&map, "format", sink)?,
        title: one(&map, "title", sink)?,
        sets: one(&map, "sets", sink)?,
        start: texts(window.need("start", sink)?, sink)?,
        end: texts(window.need("end", sink)?, sink)?,
        day: texts(window.need("day", sink)?, sink)?,
        is_binary: boolean(map.need("binary", sink)?, "`binary`", sink)?,
        record: texts(map.need("name", sink)?, sink)?,
        special: each(map.need("special", sink)?, sink, |node, sink| {
            text(node, "a kind", sink).map(str::to_owned)
        })?,
        rest: one(&map, "rest", sink)?,
        whole: texts(map.need("whole", sink)?, sink)?,
        realm: one(&map, "realm", sink)?,
        measures: each(map.need("measures", sink)?, sink, read_measure)?,
        default_measure: one(&map, "default_measure", sink)?,
        properties: each(map.need("properties", sink)?, sink, texts)?,
        keyed: each(map.need("keyed", sink)?, sink, read_keyed)?,
    })
}

fn texts(node: &Node, sink: &mut Sink) -> Option<Vec<String>> {
    let found = words(node, "a header", sink)?;
    Some(found.into_iter().map(|word| word.text).collect())
}

/// The entries of a mapping, each value read alike.
fn each<T>(
    node: &Node,
    sink: &mut Sink,
    mut value: impl FnMut(&Node, &mut Sink) -> Option<T>,
) -> Option<BTreeMap<String, T>> {
    let entries = entries(node, "a mapping", sink)?;
    entries.iter().map(|(key, node)| Some((key.text.clone(), value(node, sink)?))).collect()
}

fn read_measure(node: &Node, sink: &mut Sink) -> Option<Measure> {
    let map = Mapping::read(node, "a measure", &["unit", "from"], sink)?;
    let unit = text(map.need("unit", sink)?, "`unit`", sink)?.to_owned();
    Some(Measure { unit, headers: texts(map.need("from", sink)?, sink)? })
}

fn read_keyed(node: &Node, sink: &mut Sink) -> Option<KeyedColumns> {
    let map = Mapping::read(node, "a property with keys", &["json", "prefix"], sink)?;
    let json = texts(map.need("json", sink)?, sink)?;
    Some(KeyedColumns { json, prefixes: texts(map.need("prefix", sink)?, sink)? })
}

/// A file in a shipped format, what a driver asks of it, and what must come of it: the format, the
/// lines of the declaration, the text of the file, and a line for each row.
#[cfg(test)]
pub(crate) type ExportExample = (&'static str, DriverExport, String, Vec<String>);

#[cfg(test)]
pub(crate) fn shipped_export_examples() -> Vec<ExportExample> {
    let mut found = Vec::new();
    for name in shipped::driver_format_names() {
        let (path, text) = shipped::driver_format(name).unwrap();
        let mut sink = Sink::default();
        let root = node::parse(path, text, &mut sink).unwrap();
        let format = read_format(&root, &mut sink).unwrap();
        assert_eq!(format.name, name);
        let examples = entries(&root, "", &mut sink).unwrap();
        let (_, examples) = examples.iter().find(|(key, _)| key.text == "examples").unwrap();
        for example in super::decode::items(examples, "", &mut sink).unwrap() {
            let keys = ["declare", "given", "expect"];
            let map = Mapping::read(example, "an example", &keys, &mut sink).unwrap();
            let declared = map.need("declare", &mut sink).unwrap();
            let declared = Mapping::read(declared, "", EXPORT_KEYS, &mut sink).unwrap();
            let asked = format.clone().asked(&declared, &mut sink).unwrap();
            let given = map.need("given", &mut sink).unwrap();
            let Kind::Scalar(given) = &given.kind else { panic!("{name}: a text") };
            let expect = texts(map.need("expect", &mut sink).unwrap(), &mut sink).unwrap();
            found.push((name, asked, given.clone(), expect));
        }
        sink.finish(Some(())).unwrap();
    }
    found
}
