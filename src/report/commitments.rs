//! `commitments.csv` and `commitment_use.csv`: what commitments cost, who used them, and what they
//! saved.
//!
//! Figures are of the charges as rules classified them, before any pool is shared. Savings are told
//! only where every used charge tells the price that they are against.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::allocate::{CommitmentId, CommitmentKey, CommitmentPart, CommitmentSum, Cube, NameId};
use crate::diagnostics::Finding;
use crate::domain::{Amount, CostMetric};

use super::Facts;
use super::decimal::fixed;
use super::exchange::text;
use super::party::{Kind, of_bearer};
use super::sink::Sink;

const HEADER: [&str; 21] = [
    "period",
    "provider",
    "commitment_discount_id",
    "commitment_discount_name",
    "commitment_discount_type",
    "commitment_discount_category",
    "currency",
    "purchased",
    "amortized",
    "used",
    "unused",
    "other",
    "utilisation",
    "beneficiaries",
    "unused_bearers",
    "unused_rules",
    "savings_list",
    "savings_contracted",
    "net_savings_list",
    "net_savings_contracted",
    "rows",
];
const USE_HEADER: [&str; 14] = [
    "period",
    "provider",
    "commitment_discount_id",
    "currency",
    "kind",
    "owner",
    "used",
    "unused",
    "share",
    "list_cost",
    "contracted_cost",
    "savings_list",
    "savings_contracted",
    "rows",
];
/// Digits of a ratio after the point.
const RATIO_DIGITS: u32 = 4;

/// Who bears something, as [`of_bearer`] names it.
type Bearer = (Kind, String);

/// One commitment of the period in one currency.
#[derive(Default)]
struct Commitment {
    names: BTreeSet<NameId>,
    kinds: BTreeSet<NameId>,
    categories: BTreeSet<NameId>,
    parts: BTreeMap<CommitmentPart, CommitmentSum>,
    bearers: BTreeMap<Bearer, BTreeMap<CommitmentPart, CommitmentSum>>,
    /// The rules by which the unused part is borne.
    unused_rules: BTreeSet<String>,
}

/// Writes both tables, where the period has charges of any commitment.
pub(super) fn write(facts: &Facts, sink: &mut Sink) -> Result<(), Finding> {
    let found = gathered(facts);
    if found.is_empty() {
        return Ok(());
    }
    sink.table("commitments.csv", &HEADER, |table| {
        let mut all = found.iter();
        all.try_for_each(|(id, commitment)| table.write_record(commitment.fields(facts, *id)))
    })?;
    sink.table("commitment_use.csv", &USE_HEADER, |table| {
        for (id, commitment) in &found {
            let whole = commitment.amount(CommitmentPart::Used, CostMetric::EffectiveCost);
            for (bearer, parts) in commitment.ranked() {
                table.write_record(use_fields(facts, *id, bearer, parts, whole))?;
            }
        }
        Ok(())
    })
}

fn gathered(facts: &Facts) -> BTreeMap<CommitmentId, Commitment> {
    let mut found: BTreeMap<CommitmentId, Commitment> = BTreeMap::new();
    let of_period = facts.cube.commitments.iter().filter(|(key, _)| key.month == facts.period);
    for (key, sum) in of_period {
        found.entry(key.commitment).or_default().add(facts, key, sum);
    }
    found
}

impl Commitment {
    fn add(&mut self, facts: &Facts, key: &CommitmentKey, sum: &CommitmentSum) {
        self.names.insert(key.name);
        self.kinds.insert(key.kind);
        self.categories.insert(key.category);
        self.parts.entry(key.part).or_default().add(sum);
        let (kind, name) = of_bearer(key.verdict.bearer, facts.cube, facts.rules);
        let parts = self.bearers.entry((kind, name.into_owned())).or_default();
        parts.entry(key.part).or_default().add(sum);
        if key.part == CommitmentPart::Unused {
            let rule = key.verdict.rule.map(|rule| facts.rules.rule(rule).name.clone());
            self.unused_rules.extend(rule);
        }
    }

    fn amount(&self, part: CommitmentPart, metric: CostMetric) -> Option<Amount> {
        amount(&self.parts, part, metric)
    }

    /// Who uses it, by used cost, largest first; then who bears only what is unused, or purchased.
    fn ranked(&self) -> Vec<(&Bearer, &BTreeMap<CommitmentPart, CommitmentSum>)> {
        let mut ranked: Vec<_> = self.bearers.iter().collect();
        ranked.sort_by_key(|(bearer, parts)| {
            let used = amount(parts, CommitmentPart::Used, CostMetric::EffectiveCost);
            (used.is_none(), Reverse(used), *bearer)
        });
        ranked
    }

    fn bearers_of(&self, part: CommitmentPart) -> String {
        let having = self.ranked().into_iter().filter(|(_, parts)| parts.contains_key(&part));
        having.map(|(bearer, _)| label(bearer)).collect::<Vec<_>>().join("; ")
    }

    fn fields(&self, facts: &Facts, id: CommitmentId) -> Vec<String> {
        use CommitmentPart::{Other, Purchase, Unused, Used};
        use CostMetric::{BilledCost, ContractedCost, EffectiveCost, ListCost};
        let cube = facts.cube;
        // Where some of it is used, what is not said to be unused is not unused.
        let is_spent = self.parts.contains_key(&Used) || self.parts.contains_key(&Unused);
        let spent = |part| match self.parts.get(&part) {
            None if is_spent => Some(Amount::ZERO),
            _ => self.amount(part, EffectiveCost),
        };
        let (used, unused) = (spent(Used), spent(Unused));
        let utilisation = used.zip(unused).and_then(|(used, unused)| {
            fixed(&used.to_units(), &(used + unused).to_units(), RATIO_DIGITS)
        });
        let amortized: Option<Amount> =
            self.parts.keys().map(|part| self.amount(*part, EffectiveCost)).sum();
        let rest: Option<Amount> = [Purchase, Other]
            .into_iter()
            .filter(|part| self.parts.contains_key(part))
            .map(|part| self.amount(part, EffectiveCost))
            .sum();
        let [of_list, of_contracted] =
            [ListCost, ContractedCost].map(|metric| savings(&self.parts, metric));
        let net = |saved: Option<Amount>| saved.zip(unused).map(|(saved, unused)| saved - unused);
        let rows: u64 = self.parts.values().map(|sum| sum.rows).sum();
        let mut fields = vec![facts.period.to_string()];
        fields.extend([id.provider, id.id].map(|name| cube.text(name).to_owned()));
        fields.extend([&self.names, &self.kinds, &self.categories].map(|of| said(cube, of)));
        fields.push(id.currency.to_string());
        fields.extend([self.amount(Purchase, BilledCost), amortized, used, unused, rest].map(text));
        fields.push(utilisation.unwrap_or_default());
        fields.extend([self.bearers_of(Used), self.bearers_of(Unused)]);
        fields.push(self.unused_rules.iter().cloned().collect::<Vec<_>>().join("; "));
        fields.extend([of_list, of_contracted, net(of_list), net(of_contracted)].map(text));
        fields.push(rows.to_string());
        fields
    }
}

fn use_fields(
    facts: &Facts,
    id: CommitmentId,
    (kind, owner): &Bearer,
    parts: &BTreeMap<CommitmentPart, CommitmentSum>,
    whole: Option<Amount>,
) -> Vec<String> {
    use CostMetric::{ContractedCost, EffectiveCost, ListCost};
    let used = |metric| amount(parts, CommitmentPart::Used, metric);
    let share = used(EffectiveCost)
        .zip(whole)
        .and_then(|(used, whole)| fixed(&used.to_units(), &whole.to_units(), RATIO_DIGITS));
    let rows: u64 = parts.values().map(|sum| sum.rows).sum();
    let mut fields = vec![facts.period.to_string()];
    fields.extend([id.provider, id.id].map(|name| facts.cube.text(name).to_owned()));
    fields.extend([id.currency.to_string(), kind.name().to_owned(), owner.clone()]);
    let unused = amount(parts, CommitmentPart::Unused, EffectiveCost);
    fields.extend([used(EffectiveCost), unused].map(text));
    fields.push(share.unwrap_or_default());
    fields.extend([used(ListCost), used(ContractedCost)].map(text));
    fields.extend([ListCost, ContractedCost].map(|metric| text(savings(parts, metric))));
    fields.push(rows.to_string());
    fields
}

/// A sum of a part; `None` where there is no such charge, or any of them does not tell it.
fn amount(
    parts: &BTreeMap<CommitmentPart, CommitmentSum>,
    part: CommitmentPart,
    metric: CostMetric,
) -> Option<Amount> {
    let sum = parts.get(&part).filter(|sum| !sum.unknown.has(metric))?;
    Some(sum.costs[metric])
}

/// What used charges would have cost more by another metric.
fn savings(parts: &BTreeMap<CommitmentPart, CommitmentSum>, metric: CostMetric) -> Option<Amount> {
    if !parts.contains_key(&CommitmentPart::Used) {
        // Nothing was used, so that nothing was saved: that is known.
        return Some(Amount::ZERO);
    }
    let used = |metric| amount(parts, CommitmentPart::Used, metric);
    Some(used(metric)? - used(CostMetric::EffectiveCost)?)
}

fn label((kind, name): &Bearer) -> String {
    match kind {
        Kind::Owner => name.clone(),
        Kind::Pool => format!("pool:{name}"),
        Kind::Unallocated | Kind::Rounding => kind.name().to_owned(),
    }
}

/// All that bills call it; charges that call it nothing add nothing.
fn said(cube: &Cube, names: &BTreeSet<NameId>) -> String {
    let said = names.iter().filter_map(|name| cube.name(*name));
    said.collect::<Vec<_>>().join("; ")
}
