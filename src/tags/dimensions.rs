//! Resolving the fields and dimensions of charges.

use std::borrow::Cow;
use std::collections::HashMap;

use chrono::NaiveDate;

use crate::domain::{Column, Org};
use crate::ingest::{MetadataTable, WantedText};
use crate::rules::{
    Dimension, DimensionId, Field, FieldId, OnInvalid, RuleSet, ValueChoice, ValueSet, Values,
};

use super::object::{BadTags, each_tag};
use super::resolved::{Provenance, Resolved};

/// Columns that name the provider, best first: FOCUS 1.3 and later, up to 1.3, always.
const PROVIDER_COLUMNS: [Column; 3] =
    [Column::ServiceProviderName, Column::ProviderName, Column::InvoiceIssuerName];

/// Where the value of a field lies.
#[derive(Clone, Copy, Debug)]
enum Origin {
    /// Index of a wanted text.
    Text(usize),
    Provider([usize; 3]),
    Source,
    /// Filled while the tags are read.
    Tag,
    Metadata {
        table: usize,
        attribute: usize,
        join: FieldId,
    },
    Dimension,
    /// Asks metadata that the project does not have.
    Nowhere,
}

/// Everything that rules ask of charges, ready to be resolved.
#[derive(Debug)]
pub struct Dimensions<'r> {
    rules: &'r RuleSet,
    metadata: &'r [MetadataTable],
    wanted: Vec<WantedText>,
    origins: Vec<Origin>,
    of_dimension: Vec<Option<DimensionId>>,
    /// Metadata fields, those that others join through first.
    metadata_order: Vec<usize>,
    tag_fields: HashMap<String, Vec<usize>>,
    tags_text: Option<usize>,
}

impl<'r> Dimensions<'r> {
    /// Lays out the fields of `rules`. `also` are texts that the caller needs for itself; they come
    /// first in [`Dimensions::wanted`], in their order.
    #[must_use]
    pub fn new(rules: &'r RuleSet, metadata: &'r [MetadataTable], also: &[WantedText]) -> Self {
        let mut wanted = also.to_vec();
        let mut tag_fields: HashMap<String, Vec<usize>> = HashMap::new();
        let mut of_dimension = Vec::new();
        let mut origins = Vec::new();
        for (index, field) in rules.fields.iter().enumerate() {
            of_dimension.push(match field {
                Field::Dimension(id) => Some(*id),
                _ => None,
            });
            if let Field::Tag(key) = field {
                tag_fields.entry(key.clone()).or_default().push(index);
            }
            origins.push(origin(field, rules, metadata, &mut wanted));
        }
        let tags_text = (!tag_fields.is_empty()).then(|| ask(&mut wanted, Column::Tags));
        let metadata_order = metadata_order(&origins);
        Self {
            rules,
            metadata,
            wanted,
            origins,
            of_dimension,
            metadata_order,
            tag_fields,
            tags_text,
        }
    }

    /// The texts to be handed to [`Dimensions::resolve`], in this order.
    #[must_use]
    pub fn wanted(&self) -> &[WantedText] {
        &self.wanted
    }

    /// Index of the tags among the wanted texts, where any rule asks a tag.
    #[must_use]
    pub fn tags_text(&self) -> Option<usize> {
        self.tags_text
    }

    /// Finds the value of every field and dimension of a charge.
    ///
    /// # Errors
    /// [`BadTags`] where tags are asked for and are not one JSON object.
    pub fn resolve<'a>(
        &'a self,
        texts: &[Option<&'a str>],
        source: &'a str,
        day: NaiveDate,
        org: &'a Org,
    ) -> Result<Resolved<'a>, BadTags> {
        let mut values: Vec<Option<Cow<'a, str>>> = self
            .origins
            .iter()
            .map(|origin| match origin {
                Origin::Text(index) => texts[*index].map(Cow::Borrowed),
                Origin::Provider(columns) => {
                    columns.iter().find_map(|index| texts[*index]).map(Cow::Borrowed)
                }
                Origin::Source => Some(Cow::Borrowed(source)),
                Origin::Tag | Origin::Metadata { .. } | Origin::Dimension | Origin::Nowhere => None,
            })
            .collect();
        if let Some(tags) = self.tags_text.and_then(|index| texts[index]) {
            self.read_tags(tags, &mut values)?;
        }
        for index in &self.metadata_order {
            if let Origin::Metadata { table, attribute, join } = self.origins[*index] {
                let id = values[usize::from(join.0)].as_deref();
                let found = id.and_then(|id| self.metadata[table].value(id, attribute, day));
                values[*index] = found.map(Cow::Borrowed);
            }
        }
        let of_dimension = &self.of_dimension;
        let mut resolved = Resolved { values, dimensions: Vec::new(), of_dimension, day, org };
        for dimension in &self.rules.dimensions {
            let found = decide(dimension, &resolved);
            resolved.dimensions.push(found);
        }
        Ok(resolved)
    }

    fn read_tags<'a>(
        &self,
        text: &'a str,
        values: &mut [Option<Cow<'a, str>>],
    ) -> Result<(), BadTags> {
        each_tag(text, |key, value| {
            // Keys are known to come with stray blanks before them.
            for index in self.tag_fields.get(key.trim()).into_iter().flatten() {
                values[*index] = Some(value.clone());
            }
        })
    }

    /// The provenance as reports write it.
    #[must_use]
    pub fn label(&self, dimension: DimensionId, provenance: Provenance) -> String {
        match provenance {
            Provenance::Rule => "rule".to_owned(),
            Provenance::Default => "default".to_owned(),
            Provenance::Absent => "absent".to_owned(),
            Provenance::Invalid => "invalid".to_owned(),
            Provenance::From(position) => {
                let field = self.rules.dimension(dimension).from[usize::from(position)];
                self.rules.field_name(field)
            }
        }
    }
}

fn ask(wanted: &mut Vec<WantedText>, column: Column) -> usize {
    ask_text(wanted, WantedText::Column(column))
}

fn ask_text(wanted: &mut Vec<WantedText>, text: WantedText) -> usize {
    wanted.iter().position(|known| *known == text).unwrap_or_else(|| {
        wanted.push(text);
        wanted.len() - 1
    })
}

fn origin(
    field: &Field,
    rules: &RuleSet,
    metadata: &[MetadataTable],
    wanted: &mut Vec<WantedText>,
) -> Origin {
    match field {
        Field::Column(column) => Origin::Text(ask(wanted, *column)),
        Field::Custom(name) => Origin::Text(ask_text(wanted, WantedText::Custom(name.clone()))),
        // No rule of a project can name one.
        Field::Input(_) => Origin::Nowhere,
        Field::Provider => Origin::Provider(PROVIDER_COLUMNS.map(|column| ask(wanted, column))),
        Field::Source => Origin::Source,
        Field::Tag(_) => Origin::Tag,
        Field::Dimension(_) => Origin::Dimension,
        Field::Metadata { entity, attribute } => {
            let table = metadata.iter().position(|table| table.entity == *entity);
            let join = rules.joins.get(entity);
            let found = table.zip(join).and_then(|(table, join)| {
                let names = &metadata[table].attributes;
                let attribute = names.iter().position(|name| name == attribute)?;
                Some(Origin::Metadata { table, attribute, join: *join })
            });
            found.unwrap_or(Origin::Nowhere)
        }
    }
}

/// Metadata fields by how many joins lie before them; what joins through itself never resolves.
fn metadata_order(origins: &[Origin]) -> Vec<usize> {
    let depth = |mut index: usize| {
        let mut steps = 0;
        while let Origin::Metadata { join, .. } = origins[index]
            && steps <= origins.len()
        {
            index = usize::from(join.0);
            steps += 1;
        }
        steps
    };
    let is_metadata = |index: &usize| matches!(origins[*index], Origin::Metadata { .. });
    let mut order: Vec<usize> = (0..origins.len()).filter(is_metadata).collect();
    order.sort_by_key(|index| depth(*index));
    order
}

/// The value of one dimension, given all that comes before it.
pub(super) fn decide(dimension: &Dimension, charge: &Resolved<'_>) -> (Option<String>, Provenance) {
    for rule in dimension.rules.iter().filter(|rule| rule.when.holds(charge)) {
        let value = match &rule.value {
            ValueChoice::Fixed(text) => Some(text.clone()),
            ValueChoice::From(field) => {
                charge.value(*field).filter(|text| !text.trim().is_empty()).map(str::to_owned)
            }
        };
        if value.is_some() {
            return (value, Provenance::Rule);
        }
    }
    let mut nothing = Provenance::Absent;
    for (position, field) in dimension.from.iter().enumerate() {
        let Some(text) = charge.value(*field).map(str::trim).filter(|text| !text.is_empty()) else {
            continue;
        };
        let spelt = dimension.case.apply(text);
        let value = dimension.map.get(&spelt).cloned().unwrap_or(spelt);
        if allowed(&dimension.values, &value, charge) {
            return (Some(value), Provenance::From(u16::try_from(position).unwrap_or(u16::MAX)));
        }
        nothing = Provenance::Invalid;
        if dimension.on_invalid == OnInvalid::Keep {
            return (Some(value), nothing);
        }
    }
    match &dimension.default {
        Some(text) => (
            Some(text.clone()),
            if nothing == Provenance::Invalid { nothing } else { Provenance::Default },
        ),
        None => (None, nothing),
    }
}

fn allowed(values: &ValueSet, value: &str, charge: &Resolved<'_>) -> bool {
    match values {
        ValueSet::Any => true,
        ValueSet::Listed(texts) => texts.contains(value),
        ValueSet::Dated(texts) => texts.contains(value, charge.day()),
        ValueSet::CostCenters => charge.org().is_open(value, charge.day()),
    }
}
