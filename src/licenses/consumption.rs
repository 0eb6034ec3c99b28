//! Measured use as the weights of a driver: who used how many units, what is owned and not used, what is used and not
//! owned.
//!
//! What a metric makes of a use after its minima and rounding is what is paid for; a demand that several things share is
//! divided by what each of them used before. So the weights sum to what the position calls consumed, and with what it
//! calls surplus to what is owned.
//!
//! What has no owner by the declared ways stays unallocated and is told; use that is known within bounds only refuses the
//! month, unless the driver says which bound counts.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use num_bigint::{BigInt, BigUint};
use num_integer::Integer;
use num_traits::{Signed, Zero};

use crate::diagnostics::{Code, Finding, Place, Span};
use crate::domain::{Amount, Period, SCALE, split};
use crate::ingest::{Consumer, DriverRow, DriverTable, MetadataTable};
use crate::rules::{DriverOfLicenses, HolderField, SpecialPolicy, UnknownUse, UserOf};

use super::extent::{Extent, Number};
use super::inventory::{Field, Holder, Inventory, Product, UseRow, Value};
use super::measured::{Measured, Subject, SubjectKind};
use super::money::number_text;
use super::position::{Figures, Position};

/// Digits after the point that a weight has at most where a fraction never ends.
const DIGITS: u32 = 18;
/// Uses without an owner that a finding names.
const NAMED: usize = 5;

/// What a driver of licenses is made of.
#[derive(Clone, Copy, Debug)]
pub struct Consumption<'a> {
    pub name: &'a str,
    pub span: &'a Span,
    pub asked: &'a DriverOfLicenses,
    pub month: Period,
    pub inventory: &'a Inventory,
    pub measured: &'a [Measured],
    pub positions: &'a [Position],
    pub metadata: &'a [MetadataTable],
}

/// The driver of a month, and what is worth knowing of it.
///
/// # Errors
/// A product that nothing measures, a metric or reading that is not named where there are several, use that is
/// known within bounds only, idle or over-used units without a bearer, and tables that the project lacks.
pub fn consumption(given: &Consumption<'_>) -> Result<(DriverTable, Vec<Finding>), Vec<Finding>> {
    let users = Users::of(given).map_err(|text| {
        given.refusal(text, "declare the table under `metadata`, or mend the name of the attribute")
    })?;
    let measured = given.chosen().map_err(|(text, help)| given.refusal(text, help))?;
    let (mut weights, nobody) = gathered(given, &measured, &users)?;
    let spread = settled(given, &mut weights)?;
    let unit = measured.first().map(|measured| measured.unit.to_string());
    Ok((given.table(weights, spread, unit), given.without_owner(&nobody)))
}

/// Units by who used them, and those of nobody by what used them.
type Gathered = (Weights, BTreeMap<String, Number>);

fn gathered(
    given: &Consumption<'_>,
    measured: &[&Measured],
    users: &Users<'_>,
) -> Result<Gathered, Vec<Finding>> {
    let mut weights = Weights::default();
    let mut nobody: BTreeMap<String, Number> = BTreeMap::new();
    let mut unknown = BTreeSet::new();
    for demand in measured.iter().flat_map(|measured| &measured.demands) {
        let Some(units) = bound(&demand.quantity, given.asked.unknown) else {
            unknown.insert(demand.subject.id.to_string());
            continue;
        };
        let alone =
            [(demand.subject.clone(), demand.holder.clone(), Number::from_integer(1.into()))];
        let is_shared = demand.used.iter().any(|(_, _, used)| used.is_positive());
        let used = if is_shared { demand.used.as_slice() } else { &alone };
        let whole: Number = used.iter().map(|(_, _, used)| used).sum();
        for (subject, holder, part) in used {
            let units = &units * part / &whole;
            let owner = users.owner(subject, holder);
            if owner.is_none() && units.is_positive() {
                *nobody.entry(subject.id.to_string()).or_insert_with(Number::zero) += &units;
            }
            let consumer = owner.map_or(Consumer::Unallocated, Consumer::Named);
            weights.add(consumer, units);
        }
    }
    if !unknown.is_empty() {
        let names: Vec<String> = unknown.iter().take(NAMED).cloned().collect();
        let text = format!(
            "use of `{}` is known within bounds only: {}{}",
            given.asked.product,
            names.join(", "),
            if unknown.len() > NAMED {
                format!(" and {} more", unknown.len() - NAMED)
            } else {
                String::new()
            }
        );
        return Err(given.refusal(
            text,
            "tell what is missing (see license_position.csv), or declare `unknown: low` or `high`",
        ));
    }
    Ok((weights, nobody))
}

/// Lets idle and over-used units weigh for whom it is declared. What does not weigh is told by kind.
fn settled(
    given: &Consumption<'_>,
    weights: &mut Weights,
) -> Result<BTreeMap<String, Amount>, Vec<Finding>> {
    let (idle, over) = given.idle_and_over().map_err(|(text, help)| given.refusal(text, help))?;
    if let (true, Some(SpecialPolicy::Owner(_) | SpecialPolicy::Unallocated)) =
        (over.is_positive(), &given.asked.over)
    {
        weights.take(&over);
    }
    let mut spread = BTreeMap::new();
    for (what, units, policy) in
        [("idle", idle, &given.asked.idle), ("over", over, &given.asked.over)]
    {
        if !units.is_positive() {
            continue;
        }
        match policy {
            Some(SpecialPolicy::Owner(owner)) => weights.add(Consumer::Named(owner.clone()), units),
            Some(SpecialPolicy::Unallocated) => weights.add(Consumer::Unallocated, units),
            Some(SpecialPolicy::Spread) => {
                spread.insert(what.to_owned(), amount_of(&units));
            }
            // Whoever uses more than is owned is charged for what they use.
            None if what == "over" => {}
            None => {
                let text = format!(
                    "{} units of `{}` are owned and not used, and nobody is said to bear them",
                    number_text(&units),
                    given.asked.product
                );
                return Err(
                    given.refusal(text, "declare `idle: { owner: X }`, `spread` or `unallocated`")
                );
            }
        }
    }
    Ok(spread)
}

fn bound(quantity: &Extent, unknown: UnknownUse) -> Option<Number> {
    match unknown {
        UnknownUse::Refuse => quantity.exact().cloned(),
        UnknownUse::Low => Some(quantity.low().clone()),
        UnknownUse::High => quantity.high().cloned(),
    }
}

/// A number as a quantity, cut where its digits never end.
fn amount_of(number: &Number) -> Amount {
    let power = BigInt::from(10).pow(DIGITS);
    let cut = (number * Number::from_integer(power)).round().to_integer();
    Amount::from_units(&(cut * BigInt::from(10).pow(SCALE - DIGITS))).unwrap_or_default()
}

/// Units by consumer, exactly, with the uses that they come from.
#[derive(Debug, Default)]
struct Weights(BTreeMap<Consumer, (Number, u64)>);

impl Weights {
    fn add(&mut self, consumer: Consumer, units: Number) {
        let (sum, uses) = self.0.entry(consumer).or_insert_with(|| (Number::zero(), 0));
        *sum += units;
        *uses += 1;
    }

    /// Takes so many units from all, in proportion.
    fn take(&mut self, units: &Number) {
        let whole: Number = self.0.values().map(|(sum, _)| sum).sum();
        if whole.is_positive() {
            let kept = (&whole - units.min(&whole)) / &whole;
            for (sum, _) in self.0.values_mut() {
                *sum *= &kept;
            }
        }
    }

    /// As quantities that sum to the whole, to the last digit that is kept.
    fn amounts(self) -> Vec<(Consumer, Amount, u64)> {
        let whole: Number = self.0.values().map(|(sum, _)| sum).sum();
        let common =
            self.0.values().fold(BigInt::from(1), |common, (sum, _)| common.lcm(sum.denom()));
        let weight = |sum: &Number| -> BigUint {
            (sum * Number::from_integer(common.clone())).to_integer().magnitude().clone()
        };
        let weights: Vec<BigUint> = self.0.values().map(|(sum, _)| weight(sum)).collect();
        let parts = split(amount_of(&whole), &weights, DIGITS).map(|shares| shares.parts);
        let parts = parts.unwrap_or_else(|| vec![Amount::ZERO; weights.len()]);
        let consumers = self.0.into_iter().zip(parts);
        consumers.map(|((consumer, (_, uses)), part)| (consumer, part, uses)).collect()
    }
}

type Refusal = (String, &'static str);

impl<'a> Consumption<'a> {
    fn refusal(&self, text: String, help: &str) -> Vec<Finding> {
        let finding = Finding::new(Code::DriverBroken, text).help(help);
        vec![finding.at(Place::Text(self.span.clone()))]
    }

    fn is_asked(&self, product: &Product) -> bool {
        let is = |asked: &Option<String>, told: Option<&str>| {
            asked.as_deref().is_none_or(|asked| {
                told.is_some_and(|told| told.to_lowercase() == asked.to_lowercase())
            })
        };
        let asked = self.asked;
        product.name.to_lowercase() == asked.product.to_lowercase()
            && is(&asked.publisher, product.publisher.as_deref())
            && is(&asked.edition, product.edition.as_deref())
    }

    /// What was measured of the product, by the one metric and reading that is asked.
    fn chosen(&self) -> Result<Vec<&'a Measured>, Refusal> {
        let of_product = self.measured.iter().filter(|measured| self.is_asked(&measured.product));
        let of_product: Vec<&Measured> = of_product.collect();
        if of_product.is_empty() {
            let text = format!("nothing measures the use of `{}`", self.asked.product);
            return Err((
                text,
                "name a product that is used or owned, as license_position.csv has it",
            ));
        }
        let name =
            |names: BTreeSet<&str>, asked: &Option<String>, what: &str, usual: Option<&str>| {
                let listed = || names.iter().copied().collect::<Vec<_>>().join(", ");
                match asked {
                    Some(asked) if names.contains(asked.as_str()) => Ok(asked.clone()),
                    Some(asked) => Err((
                        format!(
                            "`{}` is not measured by {what} `{asked}`, but by {}",
                            self.asked.product,
                            listed()
                        ),
                        "name one of them",
                    )),
                    None if names.len() == 1 => Ok(listed()),
                    None if usual.is_some_and(|usual| names.contains(usual)) => {
                        Ok(usual.unwrap_or_default().to_owned())
                    }
                    None => Err((
                        format!(
                            "`{}` is measured by more than one {what}: {}",
                            self.asked.product,
                            listed()
                        ),
                        "say which one divides the cost",
                    )),
                }
            };
        let metrics = of_product.iter().map(|measured| &*measured.reading.metric).collect();
        let metric = name(metrics, &self.asked.metric, "metric", None)?;
        let of_metric: Vec<&Measured> =
            of_product.into_iter().filter(|measured| *measured.reading.metric == *metric).collect();
        let readings = of_metric.iter().map(|measured| &*measured.reading.interpretation).collect();
        let asked = &self.asked.interpretation;
        let reading = name(readings, asked, "interpretation", Some("default"))?;
        Ok(of_metric.into_iter().filter(|m| *m.reading.interpretation == *reading).collect())
    }

    /// Units that are owned and not used, and that are used and not owned.
    fn idle_and_over(&self) -> Result<(Number, Number), Refusal> {
        let chosen = self.chosen()?;
        let (mut idle, mut over) = (Number::zero(), Number::zero());
        let readings: BTreeSet<(&Product, &str, &str)> = chosen
            .iter()
            .map(|m| (&m.product, &*m.reading.metric, &*m.reading.interpretation))
            .collect();
        let lines = self.positions.iter().filter(|line| {
            let key = &line.key;
            readings.contains(&(&key.product, &*key.metric, &*key.interpretation))
        });
        for line in lines {
            let figures: &Figures =
                if self.asked.unknown == UnknownUse::High { &line.high } else { &line.low };
            // What is owned without limit has nothing idle.
            idle += figures.surplus.clone().unwrap_or_else(Number::zero);
            over += figures.shortfall.clone().ok_or_else(|| {
                let text = format!("nothing bounds the use of `{}`", self.asked.product);
                (text, "tell what is missing (see license_position.csv), or declare `unknown: low`")
            })?;
        }
        Ok((idle, over))
    }

    fn table(
        &self,
        weights: Weights,
        spread: BTreeMap<String, Amount>,
        unit: Option<String>,
    ) -> DriverTable {
        let row = |(consumer, quantity, records): (Consumer, Amount, u64)| DriverRow {
            days: self.month.days(),
            pool: None,
            consumer,
            quantity,
            scope: Vec::new(),
            place: Place::Text(self.span.clone()),
            records,
        };
        DriverTable {
            name: self.name.to_owned(),
            unit,
            scope: Vec::new(),
            rows: weights.amounts().into_iter().map(row).collect(),
            has_days: false,
            has_pools: false,
            spread,
            ignored: BTreeSet::new(),
        }
    }

    fn without_owner(&self, nobody: &BTreeMap<String, Number>) -> Vec<Finding> {
        if nobody.is_empty() {
            return Vec::new();
        }
        let units: Number = nobody.values().sum();
        let names: Vec<&str> = nobody.keys().take(NAMED).map(String::as_str).collect();
        let more = nobody.len().saturating_sub(NAMED);
        let text = format!(
            "driver `{}`: {} units of `{}` are used by whom no owner is known of: {}{}",
            self.name,
            number_text(&units),
            self.asked.product,
            names.join(", "),
            if more > 0 { format!(" and {more} more") } else { String::new() }
        );
        let help = "their part stays unallocated; add them to the tables that `consumer` names";
        let finding = Finding::new(Code::LicenseReference, text).help(help);
        let count = u64::try_from(nobody.len()).unwrap_or(u64::MAX);
        vec![finding.count(count).at(Place::Text(self.span.clone()))]
    }
}

/// Who a use is of, by the declared ways.
#[derive(Debug)]
struct Users<'a> {
    asked: &'a [UserOf],
    day: NaiveDate,
    /// By position of the way: the table and the attribute in it.
    tables: Vec<Option<(&'a MetadataTable, usize)>>,
    /// What the newest rows of a thing tell, where they agree; by kind and id in lower case.
    rows: BTreeMap<(&'static str, String), Newest<'a>>,
}

/// The newest rows of a thing.
type Newest<'a> = (NaiveDate, Vec<&'a UseRow>);

const KINDS: [(&str, SubjectKind); 5] = [
    ("user", SubjectKind::User),
    ("device", SubjectKind::Device),
    ("host", SubjectKind::Host),
    ("vm", SubjectKind::Vm),
    ("cluster", SubjectKind::Cluster),
];

impl<'a> Users<'a> {
    fn of(given: &Consumption<'a>) -> Result<Self, String> {
        let table = |way: &UserOf| {
            let UserOf::Metadata { entity, attribute, .. } = way else { return Ok(None) };
            let table = given.metadata.iter().find(|table| table.entity == *entity);
            let table =
                table.ok_or_else(|| format!("there is no table of metadata of `{entity}`"))?;
            let at = table.attributes.iter().position(|known| known == attribute);
            let at =
                at.ok_or_else(|| format!("the table of `{entity}` has no column `{attribute}`"))?;
            Ok(Some((table, at)))
        };
        let tables: Result<Vec<_>, String> = given.asked.consumer.iter().map(table).collect();
        let mut rows: BTreeMap<(&'static str, String), Newest<'a>> = BTreeMap::new();
        let day = given.month.last();
        for row in given.inventory.uses.iter().filter(|row| row.snapshot <= day) {
            for (kind, _) in KINDS {
                let Some(Value::Text(id)) = row.fields.get(kind) else { continue };
                let key = (kind, id.to_lowercase());
                let (newest, held) = rows.entry(key).or_insert_with(|| (row.snapshot, Vec::new()));
                if row.snapshot > *newest {
                    *newest = row.snapshot;
                    held.clear();
                }
                if row.snapshot == *newest {
                    held.push(row);
                }
            }
        }
        Ok(Self { asked: &given.asked.consumer, day, tables: tables?, rows })
    }

    fn owner(&self, subject: &Subject, holder: &Holder) -> Option<String> {
        let mut ways = self.asked.iter().zip(&self.tables);
        ways.find_map(|(way, table)| self.answer(way, *table, subject, holder))
    }

    fn answer(
        &self,
        way: &UserOf,
        table: Option<(&MetadataTable, usize)>,
        subject: &Subject,
        holder: &Holder,
    ) -> Option<String> {
        match (way, table) {
            (UserOf::Holder(field), _) => {
                let text = match field {
                    HolderField::Pool => &holder.pool,
                    HolderField::LegalEntity => &holder.legal_entity,
                    HolderField::Region => &holder.region,
                    HolderField::Environment => &holder.environment,
                };
                text.as_deref().map(str::to_owned)
            }
            (UserOf::Own(field), _) => self.told(subject, &Arc::from(field.as_str())),
            (UserOf::Metadata { entity, .. }, Some((table, at))) => {
                let own = KINDS.iter().find(|(_, kind)| *kind == subject.kind);
                let is_other = KINDS.iter().any(|(name, _)| name == entity)
                    && own.is_none_or(|(name, _)| name != entity);
                // A device's user, a machine's host: what its rows name.
                let id = if is_other {
                    self.told(subject, &Arc::from(entity.as_str()))?
                } else {
                    subject.id.to_string()
                };
                table.value(&id, at, self.day).map(str::to_owned)
            }
            (UserOf::Metadata { .. }, None) => None,
        }
    }

    /// What the newest rows of a thing tell in a field, where they agree.
    fn told(&self, subject: &Subject, field: &Field) -> Option<String> {
        let (kind, _) = KINDS.iter().find(|(_, kind)| *kind == subject.kind)?;
        let (_, rows) = self.rows.get(&(*kind, subject.id.to_lowercase()))?;
        let texts: BTreeSet<String> = rows
            .iter()
            .filter_map(|row| match row.fields.get(field)? {
                Value::Text(text) => Some(text.to_string()),
                Value::Number(number) => Some(number_text(number)),
                _ => None,
            })
            .collect();
        if texts.len() == 1 { texts.into_iter().next() } else { None }
    }
}
