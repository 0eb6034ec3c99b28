//! What each bearer used of what, and what it cost: the scan again, for prices and quantities.
//!
//! The cube has no quantities, since they would be read in every run and asked by few. Each charge
//! is decided by a [`Kernel`] that is only asked, and summed by bearer, service and what was
//! bought. Memory grows with the number of those, not with rows.

use std::collections::BTreeMap;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::diagnostics::{Code, Finding};
use crate::domain::{Amount, Column, Costs, Currency};
use crate::ingest::{Charges, Rejection, Sink, SourceFile, WantedText};
use crate::rules::NumberSpelling;

use super::cube::{Group, NameId};
use super::kernel::Kernel;
use super::model::Party;
use super::moves::party;
use super::names::Names;
use super::plan::Plan;
use super::sums::RunningSum;

/// What a charge is asked for, behind what rules ask.
const ASKED: [Column; 8] = [
    Column::SkuId,
    Column::SkuPriceId,
    Column::RegionId,
    Column::PricingQuantity,
    Column::PricingUnit,
    Column::ConsumedQuantity,
    Column::ConsumedUnit,
    Column::ChargeClass,
];

/// The `ChargeClass` of what corrects an earlier bill.
const CORRECTION: &[u8] = b"Correction";

/// What was bought, by whom: charges that can have one price.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    pub party: Party,
    pub currency: Currency,
    pub service: String,
    pub category: String,
    /// `SkuId`, else `SkuPriceId`; empty where charges tell neither, and of what is late.
    pub sku: String,
    pub region: String,
    /// Charged for days before the month that bills it, or a correction.
    pub is_late: bool,
}

/// In what an item is counted: `PricingUnit`, else `ConsumedUnit`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    Priced(String),
    Consumed(String),
    /// No quantity is told, or none that can be relied on: the product or the unit is not told.
    Untold,
}

/// Charges of an item in one measure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bought {
    pub rows: u64,
    pub costs: Costs,
    /// Zero where it is not told.
    pub quantity: Amount,
}

/// All that was bought in the month of the plan.
pub type Basket = BTreeMap<Item, BTreeMap<Measure, Bought>>;

/// What the scan of items reads.
#[derive(Debug)]
pub struct ItemPlan<'p> {
    plan: &'p Plan<'p>,
    wanted: Vec<WantedText>,
    /// Where each of [`ASKED`] stands.
    asked: [usize; ASKED.len()],
    /// By file, whether quantities can be read as they stand.
    is_plain: Vec<bool>,
}

/// An item as numbers: the bearer's, then those of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    bearer: u32,
    sku: NameId,
    region: NameId,
    /// Which quantity, as the position of its unit in [`ASKED`]; 0 of none.
    measure: u8,
    unit: NameId,
    is_late: bool,
}

#[derive(Debug, Default)]
struct Sum {
    sum: RunningSum,
    quantity: Amount,
}

/// A thread's share of the scan.
#[derive(Debug)]
pub struct ItemFinder<'p> {
    plan: &'p ItemPlan<'p>,
    kernel: Kernel<'p>,
    names: Names,
    keys: HashTable<u32>,
    sums: Vec<(Key, Sum)>,
    hasher: FixedState,
    overflow: bool,
}

impl<'p> ItemPlan<'p> {
    #[must_use]
    pub fn new(plan: &'p Plan<'p>, files: &[SourceFile]) -> Self {
        let mut wanted = plan.wanted().to_vec();
        let asked = ASKED.map(|column| {
            let text = WantedText::Column(column);
            wanted.iter().position(|known| *known == text).unwrap_or_else(|| {
                wanted.push(text);
                wanted.len() - 1
            })
        });
        let is_plain = |file: &SourceFile| file.map.numbers == NumberSpelling::default();
        Self { plan, wanted, asked, is_plain: files.iter().map(is_plain).collect() }
    }

    /// The texts that the scan must hand over.
    #[must_use]
    pub fn wanted(&self) -> &[WantedText] {
        &self.wanted
    }
}

impl<'p> ItemFinder<'p> {
    #[must_use]
    pub fn new(plan: &'p ItemPlan<'p>) -> Self {
        Self {
            plan,
            kernel: Kernel::new(plan.plan),
            names: Names::default(),
            keys: HashTable::new(),
            sums: Vec::new(),
            hasher: FixedState::default(),
            overflow: false,
        }
    }

    /// What a charge is of, and its quantity.
    fn key(&mut self, batch: &Charges<'_>, index: usize, bearer: u32) -> (Key, Amount) {
        let [sku, price, region, .., class] = self.plan.asked;
        let charge = &batch.charges[index];
        let text = |at: usize| batch.text(index, at).filter(|text| !text.is_empty());
        let is_correction =
            || text(class).is_some_and(|class| class.eq_ignore_ascii_case(CORRECTION));
        let none = NameId::ABSENT;
        let mut key =
            Key { bearer, sku: none, region: none, measure: 0, unit: none, is_late: true };
        if charge.day < charge.month.first() || is_correction() {
            return (key, Amount::ZERO);
        }
        key.is_late = false;
        let mut name = |text: Option<&[u8]>| {
            let text = text.map(String::from_utf8_lossy);
            self.names.id(text.as_deref())
        };
        key.sku = name(text(sku).or_else(|| text(price)));
        key.region = name(text(region));
        // The share of a row that counts in another month has that row's quantity.
        let is_plain = self.plan.is_plain[batch.file.0 as usize];
        if key.sku == none || charge.rows == 0 || !is_plain {
            return (key, Amount::ZERO);
        }
        for at in [3_u8, 5] {
            let [quantity, unit] = [at, at + 1].map(|at| text(self.plan.asked[usize::from(at)]));
            let quantity = quantity.and_then(|text| Amount::parse(text).ok());
            if let (Some(quantity), Some(unit)) = (quantity, unit) {
                (key.measure, key.unit) = (at + 1, name(Some(unit)));
                return (key, quantity);
            }
        }
        (key, Amount::ZERO)
    }

    fn place(&mut self, key: Key) -> usize {
        let hash = self.hasher.hash_one(key);
        let sums = &self.sums;
        if let Some(at) = self.keys.find(hash, |at| sums[*at as usize].0 == key) {
            return *at as usize;
        }
        let at = self.sums.len();
        self.sums.push((key, Sum::default()));
        let (sums, hasher) = (&self.sums, &self.hasher);
        let place = u32::try_from(at).expect("items are counted in 32 bits");
        self.keys.insert_unique(hash, place, |at| hasher.hash_one(sums[*at as usize].0));
        at
    }
}

impl Sink for ItemFinder<'_> {
    fn add(&mut self, batch: &Charges<'_>, refused: &mut Vec<(usize, Rejection)>) {
        let targets = self.kernel.targets(batch, refused);
        for (index, target) in targets.into_iter().enumerate() {
            let charge = &batch.charges[index];
            let Some(target) = target.filter(|_| charge.month == self.plan.plan.period) else {
                continue;
            };
            let (key, quantity) = self.key(batch, index, target.group);
            let at = self.place(key);
            let sum = &mut self.sums[at].1;
            self.overflow |= !sum.sum.add(u64::from(charge.rows), &charge.costs);
            match sum.quantity.checked_add(quantity) {
                Some(whole) => sum.quantity = whole,
                None => self.overflow = true,
            }
        }
    }

    fn join(&mut self, first: &Self) {
        self.kernel.join(&first.kernel);
    }
}

/// What all threads found; bills and rules alone decide it.
///
/// # Errors
/// [`Code::SumOverflow`] where a sum lies beyond what can be kept exactly.
pub fn basket(finders: &[ItemFinder<'_>]) -> Result<Basket, Finding> {
    let too_large = || {
        let text = "the amounts or quantities of all files sum beyond what can be kept exactly";
        Finding::new(Code::SumOverflow, text)
    };
    let mut basket = Basket::new();
    for finder in finders {
        if finder.overflow {
            return Err(too_large());
        }
        let registry = finder.kernel.shared.registry();
        for (key, sum) in &finder.sums {
            let group = &registry.groups.values[key.bearer as usize];
            let item = finder.item(group, key, &registry.names);
            let text = |name| finder.names.text(name).unwrap_or_default().to_owned();
            let measure = match key.measure {
                0 => Measure::Untold,
                4 => Measure::Priced(text(key.unit)),
                _ => Measure::Consumed(text(key.unit)),
            };
            let bought = basket.entry(item).or_default().entry(measure).or_default();
            bought.rows += sum.sum.rows;
            bought.costs += sum.sum.costs().ok_or_else(too_large)?;
            let whole = bought.quantity.checked_add(sum.quantity);
            bought.quantity = whole.ok_or_else(too_large)?;
        }
    }
    Ok(basket)
}

impl ItemFinder<'_> {
    fn item(&self, group: &Group, key: &Key, names: &Names) -> Item {
        let (party, _) = party(group.verdict.bearer, self.plan.plan.rules, names);
        let of_group = |name| names.text(name).unwrap_or_default().to_owned();
        let of_item = |name| self.names.text(name).unwrap_or_default().to_owned();
        Item {
            party,
            currency: group.currency,
            service: of_group(group.service),
            category: of_group(group.charge_category),
            sku: of_item(key.sku),
            region: of_item(key.region),
            is_late: key.is_late,
        }
    }
}
