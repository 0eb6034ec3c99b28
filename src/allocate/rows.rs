//! The source rows behind a figure: the scan again, keeping the charges of one bearer.

use chrono::NaiveDate;

use crate::domain::{Costs, Currency, MetricSet};
use crate::ingest::{Charges, FileId, Rejection, RowPlace, Sink};
use crate::rules::{PoolId, RuleId};

use super::cube::{Bearer, NameId};
use super::kernel::Kernel;
use super::plan::Plan;
use super::shared::{Registry, Target};

/// Whose rows are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sought {
    Owner(String),
    /// A pool, or all or one of a family.
    Pool(PoolId, Option<String>),
    /// Charges without an owner.
    Unallocated,
    /// Every charge of the period.
    Anybody,
}

/// A charge of the bearer that is looked for, billed in the period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundRow {
    pub file: FileId,
    /// Resolved to a row number by the file's report.
    pub place: RowPlace,
    pub rule: Option<RuleId>,
    pub day: NaiveDate,
    pub currency: Currency,
    pub costs: Costs,
    pub unknown: MetricSet,
    pub resource: Option<String>,
    /// What names the row by its column map, as `name=value; name=value`.
    pub identity: Option<String>,
    /// Values of all detail dimensions and where each came from, as `name=value (provenance)`.
    pub decided_by: String,
    /// The cell of the cube that it is summed in.
    pub cell: FoundCell,
}

/// What the cell of a charge is told apart by, but for rule, day and currency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundCell {
    /// `owner`, `pool` or `unallocated`, as reports write it.
    pub kind: &'static str,
    /// The owner, or the pool's label; empty where nobody bears it.
    pub bearer: String,
    /// Why nobody bears it, and the owner that was asked for.
    pub reason: &'static str,
    pub asked: String,
    pub provider: String,
    pub source: String,
    pub billing_account: String,
    pub sub_account: String,
    pub service: String,
    pub charge_category: String,
    pub component: String,
    /// Of the detail dimensions, in their order; empty where a charge has none.
    pub dimensions: Vec<String>,
}

/// A thread's share of the search.
#[derive(Debug)]
pub struct RowFinder<'p> {
    kernel: Kernel<'p>,
    plan: &'p Plan<'p>,
    sought: &'p Sought,
    pub found: Vec<FoundRow>,
}

impl<'p> RowFinder<'p> {
    #[must_use]
    pub fn new(plan: &'p Plan<'p>, sought: &'p Sought) -> Self {
        Self { kernel: Kernel::new(plan), plan, sought, found: Vec::new() }
    }
}

/// Values of the detail dimensions of a charge and where each came from.
fn decided_by(plan: &Plan<'_>, registry: &Registry, target: Target) -> String {
    let covered = registry.coverage.values.get(target.coverage as usize);
    let profile = covered.and_then(|key| registry.profiles.values.get(key.profile as usize));
    let labels = plan.profile_labels(profile.map_or(&[], |profile| &**profile));
    let group = &registry.groups.values[target.group as usize];
    let kept = plan.detail.iter().zip(&group.dimensions);
    let parts = kept.map(|(id, value)| {
        let name = &plan.rules.dimension(*id).name;
        let value = registry.names.text(*value).unwrap_or("-");
        format!("{name}={value} ({})", labels[usize::from(id.0)])
    });
    parts.collect::<Vec<_>>().join("; ")
}

fn cell_of(plan: &Plan<'_>, registry: &Registry, target: Target) -> FoundCell {
    let group = &registry.groups.values[target.group as usize];
    let text = |name: NameId| registry.names.text(name).unwrap_or("").to_owned();
    let (kind, bearer) = match group.verdict.bearer {
        Bearer::Owner(owner) => ("owner", text(owner)),
        Bearer::Pool(pool, value) => {
            ("pool", plan.rules.pool(pool).label(registry.names.text(value)))
        }
        Bearer::Unallocated(_) => ("unallocated", String::new()),
    };
    let (reason, asked) = match group.verdict.bearer {
        Bearer::Unallocated(reason) => (reason.name(), text(reason.asked())),
        Bearer::Owner(_) | Bearer::Pool(..) => ("", String::new()),
    };
    FoundCell {
        kind,
        bearer,
        reason,
        asked,
        provider: text(group.provider),
        source: text(group.source),
        billing_account: text(group.billing_account),
        sub_account: text(group.sub_account),
        service: text(group.service),
        charge_category: text(group.charge_category),
        component: text(group.component),
        dimensions: group.dimensions.iter().map(|name| text(*name)).collect(),
    }
}

fn is_sought(sought: &Sought, registry: &Registry, target: Target) -> bool {
    let bearer = registry.groups.values[target.group as usize].verdict.bearer;
    match (sought, bearer) {
        (Sought::Owner(name), Bearer::Owner(found)) => registry.names.text(found) == Some(name),
        (Sought::Pool(pool, value), Bearer::Pool(found, found_value)) => {
            let is_meant = |value: &String| registry.names.text(found_value) == Some(value);
            *pool == found && value.as_ref().is_none_or(is_meant)
        }
        (Sought::Unallocated, Bearer::Unallocated(_)) | (Sought::Anybody, _) => true,
        _ => false,
    }
}

impl Sink for RowFinder<'_> {
    fn add(&mut self, batch: &Charges<'_>, refused: &mut Vec<(usize, Rejection)>) {
        let targets = self.kernel.targets(batch, refused);
        let shared = self.kernel.shared.clone();
        let registry = shared.registry();
        for (index, target) in targets.into_iter().enumerate() {
            let charge = &batch.charges[index];
            let Some(target) = target.filter(|target| {
                charge.month == self.plan.period && is_sought(self.sought, &registry, *target)
            }) else {
                continue;
            };
            let resource = batch.text(index, self.plan.resource_text);
            // It stands behind all that rules ask, where the caller asked for it.
            let identity = batch.texts.get(self.plan.wanted().len());
            let identity = identity.and_then(|column| column.get(index));
            self.found.push(FoundRow {
                file: batch.file,
                place: charge.place,
                rule: registry.groups.values[target.group as usize].verdict.rule,
                day: charge.day,
                currency: charge.currency,
                costs: charge.costs.costs(),
                unknown: charge.unknown,
                resource: resource.map(|text| String::from_utf8_lossy(text).into_owned()),
                identity: identity.map(|text| String::from_utf8_lossy(text).into_owned()),
                decided_by: decided_by(self.plan, &registry, target),
                cell: cell_of(self.plan, &registry, target),
            });
        }
    }

    fn join(&mut self, first: &Self) {
        self.kernel.join(&first.kernel);
    }
}
