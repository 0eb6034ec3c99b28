//! Names of fields: what each resolves to, and the registry of all that are asked.
//!
//! Owns the spelling of fields. Order of a lookup: prefixes (`tag.`, `column.`, `x_`), short
//! names, FOCUS columns, dimensions, metadata; no name can mean two things, because dimensions
//! and entities are refused where they would be spelled like something before them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::diagnostics::{Code, did_you_mean};
use crate::domain::Column;

use super::compile::Entity;
use super::condition::CaseRule;
use super::limits;
use super::model::{DimensionId, Field, FieldId};
use super::node::Key;
use super::sink::Sink;

/// What begins a field that is no metadata attribute, so that no entity can have the name.
pub(super) const RESERVED_PREFIXES: &[&str] = &["tag", "column"];

/// Entities whose id stands in a known column, with that column.
pub(super) const USUAL_JOINS: &[(&str, &str)] = &[
    ("resource", "ResourceId"),
    ("sub_account", "SubAccountId"),
    ("billing_account", "BillingAccountId"),
    ("resource_group", "x_ResourceGroup"),
];

pub(super) const SHORT_NAMES: &[(&str, Field)] = &[
    ("service", Field::Column(Column::ServiceName)),
    ("provider", Field::Provider),
    ("region", Field::Column(Column::RegionId)),
    ("source", Field::Source),
];

/// Who may ask which fields.
#[derive(Clone, Copy, Debug)]
pub(super) enum Askable<'a> {
    /// Rules of a project with these metadata tables.
    Everything(&'a [Entity]),
    /// Rules of a column map, which see the row before tags, metadata and dimensions do.
    Columns(&'a MapNames),
}

/// What a column map declares that its conditions can name.
#[derive(Debug, Default)]
pub(super) struct MapNames {
    pub(super) inputs: BTreeSet<String>,
    /// Names of columns that are derived, in lower case.
    pub(super) derived: BTreeSet<String>,
}

/// The fields asked so far, each once, and the dimensions that may be asked.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    askable: Askable<'a>,
    asked: Vec<Field>,
    ids: HashMap<Field, FieldId>,
    /// All dimensions of the project.
    announced: Vec<String>,
    /// Those declared before the place that is being compiled.
    visible: BTreeMap<String, (DimensionId, CaseRule)>,
    /// Whether derived columns of a column map may be asked: not while they are being derived.
    sees_derived: bool,
}

impl<'a> Fields<'a> {
    pub(super) fn new(askable: Askable<'a>, announced: Vec<String>) -> Self {
        let (asked, ids, visible) = (Vec::new(), HashMap::new(), BTreeMap::new());
        Self { askable, asked, ids, announced, visible, sees_derived: false }
    }

    /// Lets what follows ask the derived columns of a column map.
    pub(super) fn reveal_derived(&mut self) {
        self.sees_derived = true;
    }

    /// Lets what follows ask a dimension.
    pub(super) fn reveal(&mut self, name: &str, id: DimensionId, case: CaseRule) {
        self.visible.entry(name.to_owned()).or_insert((id, case));
    }

    pub(super) fn dimension(&self, name: &str) -> Option<DimensionId> {
        self.visible.get(name).map(|(id, _)| *id)
    }

    /// Whether the project declares the dimension, here or later.
    pub(super) fn is_announced(&self, name: &str) -> bool {
        self.announced.iter().any(|found| found == name)
    }

    pub(super) fn dimension_names(&self) -> Vec<&str> {
        self.visible.keys().map(String::as_str).collect()
    }

    /// How texts are compared with the field's values where a condition does not say.
    pub(super) fn case_of(&self, id: FieldId) -> CaseRule {
        let Some(Field::Dimension(dimension)) = self.asked.get(usize::from(id.0)) else {
            return CaseRule::Sensitive;
        };
        let case = self.visible.values().find(|(found, _)| found == dimension);
        match case {
            None | Some((_, CaseRule::Sensitive)) => CaseRule::Sensitive,
            Some(_) => CaseRule::Insensitive,
        }
    }

    pub(super) fn entities(&self) -> &'a [Entity] {
        match self.askable {
            Askable::Everything(entities) => entities,
            Askable::Columns(_) => &[],
        }
    }

    /// The field of that name, registered; reports a name that is none.
    pub(super) fn resolve(&mut self, name: &Key, sink: &mut Sink) -> Option<FieldId> {
        let field = self.find(&name.text);
        if field.is_none() {
            self.report_unknown(name, sink);
        }
        let field = field.filter(|field| self.may_ask(field, name, sink))?;
        self.register(field, name, sink)
    }

    /// The id of a field; reports where there are too many of them.
    pub(super) fn register(
        &mut self,
        field: Field,
        asked_at: &Key,
        sink: &mut Sink,
    ) -> Option<FieldId> {
        let key = identity(&field);
        if let Some(id) = self.ids.get(&key) {
            return Some(*id);
        }
        let next = u16::try_from(self.asked.len()).ok().map(FieldId);
        let Some(id) = next.filter(|_| self.asked.len() < limits::FIELDS) else {
            let message = format!("the rules ask more than {} fields", limits::FIELDS);
            sink.report(Code::InvalidValue, &asked_at.span, message);
            return None;
        };
        self.asked.push(field);
        self.ids.insert(key, id);
        Some(id)
    }

    pub(super) fn get(&self, id: FieldId) -> Option<&Field> {
        self.asked.get(usize::from(id.0))
    }

    pub(super) fn into_fields(self) -> Vec<Field> {
        self.asked
    }

    /// Whether a column may be asked here; reports one whose value could depend on the answer.
    fn may_ask(&self, field: &Field, name: &Key, sink: &mut Sink) -> bool {
        let Askable::Columns(map) = self.askable else { return true };
        let column = match field {
            Field::Column(column) => column.name(),
            Field::Custom(header) => header,
            _ => return true,
        };
        if self.sees_derived || !map.derived.contains(&column.to_lowercase()) {
            return true;
        }
        let message = format!("`{}` is derived, and cannot be asked while columns are", name.text);
        let help = "ask the inputs or headers that it is derived from";
        sink.report_with_help(Code::InvalidValue, &name.span, message, help);
        false
    }

    fn find(&self, name: &str) -> Option<Field> {
        if let Askable::Columns(map) = self.askable {
            return find_in_map(name, map);
        }
        if let Some(field) = built_in(name) {
            return Some(field);
        }
        if let Some((id, _)) = self.visible.get(name) {
            return Some(Field::Dimension(*id));
        }
        let (entity, attribute) = name.split_once('.')?;
        let known = self.entities().iter().find(|known| known.name == entity)?;
        let has = known.attributes.iter().any(|found| found == attribute);
        has.then(|| Field::Metadata { entity: entity.to_owned(), attribute: attribute.to_owned() })
    }

    fn report_unknown(&self, name: &Key, sink: &mut Sink) {
        if matches!(self.askable, Askable::Columns(_)) && built_in(&name.text).is_some() {
            let message = format!("a column map cannot ask `{}`", name.text);
            let help = "it sees the columns of a row, before anything is made of them";
            sink.report_with_help(Code::UnknownName, &name.span, message, help);
            return;
        }
        if self.is_announced(&name.text) {
            let message = format!("the dimension `{}` is declared later", name.text);
            let help = "a dimension may use only those before it; move one of the two";
            sink.report_with_help(Code::UnknownName, &name.span, message, help);
            return;
        }
        if let Some((prefix, rest)) = name.text.split_once('.') {
            self.report_unknown_prefix(name, prefix, rest, sink);
            return;
        }
        let message = format!("there is no field `{}`", name.text);
        let mut known: Vec<String> = SHORT_NAMES.iter().map(|(name, _)| (*name).into()).collect();
        known.extend(self.visible.keys().cloned());
        if let Askable::Columns(map) = self.askable {
            known.extend(map.inputs.iter().cloned());
        }
        let is_pascal = name.text.starts_with(|c: char| c.is_ascii_uppercase());
        let spelled = |c: &Column| if is_pascal { c.name().to_owned() } else { c.snake_name() };
        known.extend(Column::ALL.iter().map(spelled));
        sink.report_unknown(Code::UnknownName, &name.span, message, &name.text, &known);
    }

    fn report_unknown_prefix(&self, name: &Key, prefix: &str, rest: &str, sink: &mut Sink) {
        let entities = self.entities();
        if let Some(entity) = entities.iter().find(|entity| entity.name == prefix) {
            let message = format!("the metadata of `{prefix}` has no attribute `{rest}`");
            let known = &entity.attributes;
            sink.report_unknown(Code::UnknownName, &name.span, message, rest, known);
        } else if USUAL_JOINS.iter().any(|(entity, _)| *entity == prefix) {
            let message = format!("the project has no metadata of `{prefix}`");
            let help = "declare its table under `metadata` in costbook.yaml";
            sink.report_with_help(Code::UnknownName, &name.span, message, help);
        } else {
            let message = format!("there is no field `{}`", name.text);
            let prefixes = RESERVED_PREFIXES.iter().copied();
            let known = prefixes.chain(entities.iter().map(|entity| entity.name.as_str()));
            match did_you_mean(prefix, known) {
                Some(near) => {
                    let help = format!("did you mean `{near}.{rest}`?");
                    sink.report_with_help(Code::UnknownName, &name.span, message, help);
                }
                None => sink.report(Code::UnknownName, &name.span, message),
            }
        }
    }
}

/// The field of that name that every project has; `None` where a dimension may have the name.
pub(super) fn built_in(name: &str) -> Option<Field> {
    if let Some(key) = name.strip_prefix("tag.") {
        return (!key.is_empty()).then(|| Field::Tag(key.to_owned()));
    }
    if let Some(header) = name.strip_prefix("column.") {
        return (!header.is_empty()).then(|| by_header(header));
    }
    if name.get(..2).is_some_and(|prefix| prefix.eq_ignore_ascii_case("x_")) {
        return (name.len() > 2).then(|| Field::Custom(name.to_owned()));
    }
    if let Some((_, field)) = SHORT_NAMES.iter().find(|(short, _)| *short == name) {
        return Some(field.clone());
    }
    let is_column = |c: &&Column| c.name() == name || c.snake_name() == name;
    Column::ALL.iter().find(is_column).map(|column| Field::Column(*column))
}

/// What a name means in a column map: an input, a header behind `column.`, or a column.
fn find_in_map(name: &str, map: &MapNames) -> Option<Field> {
    if map.inputs.contains(name) {
        return Some(Field::Input(name.to_owned()));
    }
    if let Some(header) = name.strip_prefix("column.").filter(|header| !header.is_empty()) {
        return Some(Field::Custom(header.to_owned()));
    }
    built_in(name).filter(|field| matches!(field, Field::Column(_) | Field::Custom(_)))
}

fn by_header(header: &str) -> Field {
    Column::named(header).map_or_else(|| Field::Custom(header.to_owned()), Field::Column)
}

/// Headers are matched whatever their case, so two spellings of one are one field.
fn identity(field: &Field) -> Field {
    match field {
        Field::Custom(header) => Field::Custom(header.to_lowercase()),
        _ => field.clone(),
    }
}
