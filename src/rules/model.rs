//! The compiled rules: what the rest of the house sees of the language.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::diagnostics::Span;
use crate::domain::{Column, CostMetric, DateRange};

use super::condition::{CaseRule, Condition};
use super::dated::DatedTexts;
use super::sharing::{Pool, PoolName, Stage};

/// Index into [`RuleSet::fields`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldId(pub u16);

/// Index into [`RuleSet::dimensions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DimensionId(pub u16);

/// Index into [`RuleSet::classify`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub u16);

/// Index into [`RuleSet::pools`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PoolId(pub u16);

/// Everything a rule can ask of a charge.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// A FOCUS column, after the column map.
    Column(Column),
    /// The provider, by the first of `ServiceProviderName`, `ProviderName` and `InvoiceIssuerName`
    /// that the charge has.
    Provider,
    /// The name of the source in `costbook.yaml`.
    Source,
    /// Any other column of the file, by its header name, such as `x_ResourceGroup`.
    Custom(String),
    /// An input of a column map, by its name. Only the conditions of that map ask it.
    Input(String),
    /// A tag by its exact key.
    Tag(String),
    /// An attribute of a metadata entity that the charge joins to.
    Metadata {
        entity: String,
        attribute: String,
    },
    Dimension(DimensionId),
}

/// The rules of a project, compiled.
#[derive(Clone, Debug, Default)]
pub struct RuleSet {
    /// All fields that any rule asks, each once. Metadata fields and join keys included.
    pub fields: Vec<Field>,
    /// In declared order; a dimension reads only fields and earlier dimensions.
    pub dimensions: Vec<Dimension>,
    /// In order, first match wins; what matches none is `usage`.
    pub components: Vec<ComponentRule>,
    /// In order, first match wins.
    pub classify: Vec<ClassifyRule>,
    pub pools: Vec<Pool>,
    /// The order in which pools are emptied; every pool in one stage.
    pub stages: Vec<Stage>,
    /// Which cost showback is about.
    pub view: CostView,
    /// Questions that weigh receivers: which of their charges count.
    pub bases: Vec<Condition>,
    /// For each metadata entity, the field whose value is its id.
    pub joins: BTreeMap<String, FieldId>,
    /// In the order of their places; their values stand where they are asked.
    pub lists: Vec<List>,
    /// The examples that the rule files carry, in their order.
    pub tests: Vec<RuleTest>,
}

/// A list of values that rules name.
#[derive(Clone, Debug)]
pub struct List {
    pub name: String,
    pub span: Span,
    /// Whether anything asks it.
    pub is_used: bool,
    /// The days on which values come or go.
    pub change_days: Vec<NaiveDate>,
}

/// Which cost showback is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CostView {
    /// `EffectiveCost`: what was used, with commitments spread over their term.
    #[default]
    Amortized,
    /// `BilledCost`: what the invoices say.
    Cash,
}

impl CostView {
    /// The metric that figures without one of their own are in.
    #[must_use]
    pub const fn metric(self) -> CostMetric {
        match self {
            Self::Amortized => CostMetric::EffectiveCost,
            Self::Cash => CostMetric::BilledCost,
        }
    }

    /// The other one, which stands beside it.
    #[must_use]
    pub const fn beside(self) -> CostMetric {
        match self {
            Self::Amortized => CostMetric::BilledCost,
            Self::Cash => CostMetric::EffectiveCost,
        }
    }

    /// As rule files write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Amortized => "amortized",
            Self::Cash => "cash",
        }
    }
}

/// A governed column, computed once per charge.
#[derive(Clone, Debug)]
pub struct Dimension {
    pub name: String,
    pub span: Span,
    /// Asked first, in order.
    pub rules: Vec<DimensionRule>,
    /// Then these fields, in order; the first that has an allowed value answers.
    pub from: Vec<FieldId>,
    /// Other spellings of values, keyed by the spelling after `case` was applied.
    pub map: BTreeMap<String, String>,
    pub case: CaseRule,
    pub values: ValueSet,
    pub on_invalid: OnInvalid,
    pub default: Option<String>,
    /// Whether reports keep it apart (and so the cube).
    pub detail: bool,
}

#[derive(Clone, Debug)]
pub struct DimensionRule {
    pub when: Condition,
    pub value: ValueChoice,
}

#[derive(Clone, Debug)]
pub enum ValueChoice {
    Fixed(String),
    From(FieldId),
}

/// The values a dimension may have.
#[derive(Clone, Debug, Default)]
pub enum ValueSet {
    #[default]
    Any,
    Listed(BTreeSet<String>),
    /// Those that are in a list on the charge date.
    Dated(DatedTexts),
    /// Cost centers that are open on the charge date.
    CostCenters,
}

/// What becomes of a value that is not allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnInvalid {
    /// The next source is asked.
    #[default]
    Drop,
    Keep,
}

#[derive(Clone, Debug)]
pub struct ComponentRule {
    pub name: String,
    pub span: Span,
    pub when: Condition,
}

#[derive(Clone, Debug)]
pub struct ClassifyRule {
    pub name: String,
    pub span: Span,
    pub when: Condition,
    /// By charge date.
    pub valid: DateRange,
    pub outcome: Outcome,
}

/// Who bears what a rule matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Owner(OwnerChoice),
    Pool(PoolId),
    /// The pool of a family that the value of the field names; a charge without a value is not
    /// matched.
    Family(PoolId, FieldId),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnerChoice {
    Named(String),
    Inherited(FieldId),
}

/// An example that a rule file carries: a charge, and what must become of it.
#[derive(Clone, Debug)]
pub struct RuleTest {
    pub span: Span,
    /// What the charge holds; each field stands in [`RuleSet::fields`]. All else is absent.
    pub given: Vec<(Field, String)>,
    /// Who bears it; `None` where the example is about dimensions only.
    pub outcome: Option<Expected>,
    /// The rule that decides.
    pub rule: Option<RuleId>,
    /// Dimensions and their values; `None` where there is to be no value.
    pub dimensions: Vec<(DimensionId, Option<String>)>,
}

/// Who bears the charge of an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    Owner(String),
    /// Without a value, any of a family.
    Pool(PoolName),
    Unallocated,
}

impl RuleSet {
    /// The id of a field that some rule asks.
    #[must_use]
    pub fn field_id(&self, field: &Field) -> Option<FieldId> {
        let index = self.fields.iter().position(|found| found == field)?;
        u16::try_from(index).ok().map(FieldId)
    }

    #[must_use]
    pub fn field(&self, id: FieldId) -> &Field {
        &self.fields[usize::from(id.0)]
    }

    /// A field as rules write it.
    #[must_use]
    pub fn field_name(&self, id: FieldId) -> String {
        match self.field(id) {
            Field::Column(column) => column.snake_name(),
            Field::Provider => "provider".to_owned(),
            Field::Source => "source".to_owned(),
            Field::Custom(header) if header.starts_with("x_") => header.clone(),
            Field::Custom(header) => format!("column.{header}"),
            Field::Input(name) => name.clone(),
            Field::Tag(key) => format!("tag.{key}"),
            Field::Metadata { entity, attribute } => format!("{entity}.{attribute}"),
            Field::Dimension(id) => self.dimension(*id).name.clone(),
        }
    }

    #[must_use]
    pub fn rule(&self, id: RuleId) -> &ClassifyRule {
        &self.classify[usize::from(id.0)]
    }

    #[must_use]
    pub fn pool(&self, id: PoolId) -> &Pool {
        &self.pools[usize::from(id.0)]
    }

    /// A pool by its name, a family by its own, or one of a family by `family/value`.
    #[must_use]
    pub fn pool_named(&self, name: &str) -> Option<PoolName> {
        let find = |name: &str| {
            let index = self.pools.iter().position(|pool| pool.name == name)?;
            u16::try_from(index).ok().map(PoolId)
        };
        if let Some(pool) = find(name) {
            return Some(PoolName { pool, value: None });
        }
        let (family, value) = name.split_once('/')?;
        let pool = find(family).filter(|pool| self.pool(*pool).each.is_some())?;
        Some(PoolName { pool, value: Some(value.to_owned()) })
    }

    #[must_use]
    pub fn dimension(&self, id: DimensionId) -> &Dimension {
        &self.dimensions[usize::from(id.0)]
    }

    /// The days on which some rule begins or ceases to hold, or a list changes, ascending.
    #[must_use]
    pub fn change_days(&self) -> Vec<NaiveDate> {
        let of_rules = self.classify.iter().map(|rule| rule.valid);
        let of_shares = self.pools.iter().flat_map(Pool::share_periods);
        let ranges = of_rules.chain(of_shares);
        let mut days: Vec<_> = ranges.flat_map(|days| [days.from(), days.to()]).flatten().collect();
        let lists = self.lists.iter().filter(|list| list.is_used);
        days.extend(lists.flat_map(|list| &list.change_days));
        days.sort_unstable();
        days.dedup();
        days
    }

    /// The dimensions that reports keep apart.
    #[must_use]
    pub fn detail_dimensions(&self) -> Vec<DimensionId> {
        let kept = self.dimensions.iter().enumerate().filter(|(_, dimension)| dimension.detail);
        kept.filter_map(|(index, _)| u16::try_from(index).ok().map(DimensionId)).collect()
    }
}
