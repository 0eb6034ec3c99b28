//! Owned against used, line by line.
//!
//! A line is a product by a metric, in one reading, of one legal entity and pool. What rights gave to its uses and what
//! is left of rights that only it can draw on is entitled; what its uses took and lack is consumed. Rights that
//! several lines can draw on and nobody needs stand in a line of their own, `spare`, so that each unit of
//! a right stands in one line.
//!
//! Invariant, at both bounds: `entitled − consumed = surplus − shortfall`, one of the two 0; the sum of
//! entitled is the sum of rights that hold.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use num_traits::{Signed, Zero};
use sha2::{Digest, Sha256};

use crate::domain::{Amount, Currency};
use crate::rules::licenses::Offer;

use super::extent::Number;
use super::inventory::{Holder, Inventory, Product};
use super::matching::{
    Bound, Cover, MatchKind, Matched, NotUsed, World, is_named, is_same_product,
};
use super::measured::{Measured, Reading};
use super::parts::Part;

/// What a position is made of.
#[derive(Clone, Copy, Debug)]
pub struct PositionInput<'a> {
    pub day: NaiveDate,
    pub inventory: &'a Inventory,
    pub measured: &'a [Measured],
    pub matched: &'a Matched,
    /// Prices where no entitlement tells one.
    pub offers: &'a [Offer],
    /// Percent of utilisation from which a line is a warning.
    pub warning_at: &'a Number,
    /// Positions of earlier days, in any order, to tell since when a line is over.
    pub history: &'a [(NaiveDate, Vec<Position>)],
}

/// What a line is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PositionKey {
    pub product: Product,
    pub metric: Arc<str>,
    pub interpretation: Arc<str>,
    pub legal_entity: Option<Arc<str>>,
    pub pool: Option<Arc<str>>,
    pub kind: LineKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineKind {
    /// Something is used, or was looked at.
    Use,
    /// Rights that no single line can claim, or that nothing uses.
    Spare,
}

impl LineKind {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Use => "use",
            Self::Spare => "spare",
        }
    }
}

/// A line at one bound of its uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// `None` where unlimited.
    pub entitled: Option<Number>,
    /// `None` where nothing bounds it.
    pub consumed: Option<Number>,
    /// `None` where unlimited.
    pub surplus: Option<Number>,
    /// `None` where nothing bounds it.
    pub shortfall: Option<Number>,
    /// Units of spare lines that this one could draw on; `None` where unlimited.
    pub shared_free: Option<Number>,
}

impl Figures {
    /// Known, and the same at another bound. What other lines leave may differ.
    fn is_like(&self, other: &Self) -> bool {
        let own = |figures: &Self| {
            let Figures { entitled, consumed, surplus, shortfall, .. } = figures;
            [entitled, consumed, surplus, shortfall].map(Clone::clone)
        };
        own(self) == own(other) && self.consumed.is_some()
    }

    /// Percent; `None` where nothing is entitled, or without limit.
    #[must_use]
    pub fn utilisation(&self) -> Option<Number> {
        let whole = self.entitled.as_ref()? + self.shared_free.as_ref()?;
        let consumed = self.consumed.as_ref()?;
        let hundred = Number::from_integer(100.into());
        (!whole.is_zero()).then(|| consumed * hundred / whole)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    Ok,
    /// Utilisation has reached the threshold.
    Warning,
    /// More is used than is owned, or a limit was passed.
    Over,
    /// An input is missing, so that figures are known within bounds only.
    Unknown,
}

impl Status {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Over => "over",
            Self::Unknown => "unknown",
        }
    }
}

/// What a missing unit costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitPrice {
    pub amount: Amount,
    pub currency: Currency,
    /// `contracted (ENT-1)`, `offer (rules/own.yaml:12)`, `list (ENT-1)`.
    pub basis: String,
}

/// A line of the position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    pub key: PositionKey,
    pub unit: Arc<str>,
    /// `None` in lines of rights by whose metric nothing was measured.
    pub reading: Option<Reading>,
    pub low: Figures,
    pub high: Figures,
    pub status: Status,
    pub price: Option<UnitPrice>,
    pub since: Option<NaiveDate>,
    /// The part of the expected samples that is there.
    pub coverage: Option<Number>,
    /// Inputs that are missing, each once.
    pub gaps: Vec<Arc<str>>,
    /// Limits that were passed.
    pub breaches: usize,
    /// Entitlements that serve the line, and the contracts of them.
    pub entitlements: BTreeSet<Arc<str>>,
    pub contracts: BTreeSet<Arc<str>>,
    /// Names the line of this day in evidence.
    pub evidence: String,
}

impl Position {
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.low.is_like(&self.high)
    }

    /// Percent, where both bounds agree on it.
    #[must_use]
    pub fn utilisation(&self) -> Option<Number> {
        self.low.utilisation().filter(|low| self.high.utilisation().as_ref() == Some(low))
    }

    /// More is used than is owned, whatever is missing.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.breaches > 0 || self.low.shortfall.as_ref().is_none_or(Signed::is_positive)
    }

    /// What the shortfall costs at both bounds, before rounding; `None` where no price or no bound is known.
    #[must_use]
    pub fn exposure(&self) -> [Option<Number>; 2] {
        let price = self.price.as_ref().map(|price| super::solver::number(price.amount));
        [&self.low, &self.high].map(|figures| Some(price.as_ref()? * figures.shortfall.as_ref()?))
    }
}

/// A line under way, at one bound.
#[derive(Debug, Default)]
struct Sums<'a> {
    parts: Vec<Part<'a>>,
    matched: Number,
    lacks: Option<Number>,
    is_unbounded: bool,
    left: Number,
    is_unlimited: bool,
    shared_free: Number,
    is_shared_unlimited: bool,
    entitlements: BTreeSet<Arc<str>>,
}

impl<'a> Sums<'a> {
    fn add_left(&mut self, left: &'a NotUsed) {
        self.parts.push(Part::Left(left));
        self.entitlements.insert(Arc::clone(&left.entitlement));
        match &left.quantity {
            Some(quantity) => self.left += quantity,
            None => self.is_unlimited = true,
        }
    }

    fn is_short(&self) -> bool {
        self.is_unbounded || self.lacks.as_ref().is_some_and(Signed::is_positive)
    }

    fn figures(&self) -> Figures {
        let lacks = self.lacks.clone().unwrap_or_else(Number::zero);
        let bounded = |number: Number| (!self.is_unbounded).then_some(number);
        // Units of an unlimited right are as many as are needed.
        let limited = |number: Number| (!self.is_unlimited || self.is_short()).then_some(number);
        Figures {
            entitled: limited(&self.matched + &self.left),
            consumed: bounded(&self.matched + &lacks),
            surplus: limited(self.left.clone()),
            shortfall: bounded(lacks),
            shared_free: (!self.is_shared_unlimited).then(|| self.shared_free.clone()),
        }
    }
}

type Lines<'a> = BTreeMap<PositionKey, Sums<'a>>;

/// The position, ordered by product, metric, reading, legal entity and pool.
#[must_use]
pub fn position(input: &PositionInput<'_>) -> Vec<Position> {
    let mut found = Vec::new();
    for (low, high) in bounds(input.matched) {
        let (mut low, mut high) = (
            sums(input.inventory, input.measured, low),
            sums(input.inventory, input.measured, high),
        );
        let keys: BTreeSet<PositionKey> = low.keys().chain(high.keys()).cloned().collect();
        for key in keys {
            let sums =
                [low.remove(&key).unwrap_or_default(), high.remove(&key).unwrap_or_default()];
            found.push(line(input, key, &sums));
        }
    }
    found.extend(idle(input));
    found.sort_by(|a, b| a.key.cmp(&b.key));
    found
}

/// What each line of the position is made of, by the same sums, at its low and at its high bound.
#[must_use]
pub fn line_parts<'a>(
    inventory: &'a Inventory,
    measured: &'a [Measured],
    matched: &'a Matched,
) -> BTreeMap<PositionKey, [Vec<Part<'a>>; 2]> {
    let mut found: BTreeMap<PositionKey, [Vec<Part<'a>>; 2]> = BTreeMap::new();
    for (low, high) in bounds(matched) {
        for (place, cover) in [low, high].into_iter().enumerate() {
            for (key, sums) in sums(inventory, measured, cover) {
                found.entry(key).or_default()[place] = sums.parts;
            }
        }
    }
    for (key, sums) in idle_lines(inventory, matched) {
        for own in found.entry(key).or_default() {
            own.extend(&sums.parts);
        }
    }
    found
}

/// Each world at its low and at its high bound.
fn bounds(matched: &Matched) -> impl Iterator<Item = (&Cover, &Cover)> {
    let mut worlds: BTreeMap<&World, Vec<&Cover>> = BTreeMap::new();
    for cover in &matched.covers {
        worlds.entry(&cover.world).or_default().push(cover);
    }
    worlds.into_values().filter_map(|covers| {
        let of = |wanted: &[Bound]| covers.iter().find(|cover| wanted.contains(&cover.bound));
        Some((*of(&[Bound::Exact, Bound::Low])?, *of(&[Bound::Exact, Bound::High])?))
    })
}

fn sums<'a>(inventory: &'a Inventory, measured: &'a [Measured], cover: &'a Cover) -> Lines<'a> {
    let key = |product: &Product, holder: &Holder, kind| PositionKey {
        product: product.clone(),
        metric: Arc::clone(&cover.world.metric),
        interpretation: Arc::clone(&cover.world.interpretation),
        legal_entity: holder.legal_entity.clone(),
        pool: holder.pool.clone(),
        kind,
    };
    let mut lines = Lines::new();
    for measured in measured.iter().filter(|measured| is_of(measured, &cover.world)) {
        for demand in &measured.demands {
            lines.entry(key(&demand.product, &demand.holder, LineKind::Use)).or_default();
        }
    }
    // What is set aside of an unlimited right is limited.
    let unlimited: BTreeSet<(&str, Option<&str>)> = inventory
        .entitlements
        .iter()
        .filter(|right| right.quantity.is_none())
        .map(|right| (&*right.id, right.holder.pool.as_deref()))
        .collect();
    for found in &cover.matches {
        // A suite is used as itself, once; its parts need nothing more.
        let is_suite = found.kind == MatchKind::Suite;
        let product = if is_suite { &found.product } else { &found.demand.product };
        let line = lines.entry(key(product, &found.demand.holder, LineKind::Use)).or_default();
        line.entitlements.insert(Arc::clone(&found.entitlement));
        line.parts.push(if found.kind.takes() { Part::Covered(found) } else { Part::Freed(found) });
        if found.kind.takes() {
            line.matched += &found.quantity;
            let part = (&*found.entitlement, found.pool.as_deref());
            line.is_unlimited |= unlimited.contains(&part);
        }
    }
    for lacking in &cover.uncovered {
        let demand = &lacking.demand;
        let line = lines.entry(key(&demand.product, &demand.holder, LineKind::Use)).or_default();
        line.parts.push(Part::Lacking(lacking));
        match &lacking.quantity {
            Some(quantity) => *line.lacks.get_or_insert_with(Number::zero) += quantity,
            None => line.is_unbounded = true,
        }
    }
    for left in &cover.not_used {
        add_left(&mut lines, left, &key(&left.product, &left.holder, LineKind::Spare));
    }
    lines
}

/// What is left of a right goes to the one line that can draw on it, else to a line of its own.
fn add_left<'a>(lines: &mut Lines<'a>, left: &'a NotUsed, spare: &PositionKey) {
    let own = &left.product;
    let may_draw = |key: &PositionKey| {
        key.kind == LineKind::Use
            && is_same_product(&key.product, own)
            && own
                .edition
                .as_ref()
                .is_none_or(|edition| key.product.edition.as_ref() == Some(edition))
            && fits(left.holder.legal_entity.as_ref(), key.legal_entity.as_ref())
            && fits(left.holder.pool.as_ref(), key.pool.as_ref())
    };
    let able: Vec<PositionKey> = lines
        .iter()
        .filter(|(key, sums)| may_draw(key) && !sums.is_short())
        .map(|(key, _)| key.clone())
        .collect();
    let key = match &able[..] {
        [only] => only.clone(),
        _ => spare.clone(),
    };
    let line = lines.entry(key).or_default();
    line.add_left(left);
    if able.len() < 2 {
        return;
    }
    for key in &able {
        let Some(line) = lines.get_mut(key) else { continue };
        line.parts.push(Part::Shared(left));
        match &left.quantity {
            Some(quantity) => line.shared_free += quantity,
            None => line.is_shared_unlimited = true,
        }
    }
}

fn fits(right: Option<&Arc<str>>, line: Option<&Arc<str>>) -> bool {
    right.is_none() || right == line
}

fn is_of(measured: &Measured, world: &World) -> bool {
    measured.reading.metric == world.metric
        && measured.reading.interpretation == world.interpretation
}

fn line(input: &PositionInput<'_>, key: PositionKey, sums: &[Sums<'_>; 2]) -> Position {
    let [low, high] = [sums[0].figures(), sums[1].figures()];
    let own: Vec<&Measured> = input
        .measured
        .iter()
        .filter(|measured| {
            measured.reading.metric == key.metric
                && measured.reading.interpretation == key.interpretation
        })
        .collect();
    let of_line = |measured: &&&Measured| {
        is_same_product(&measured.product, &key.product)
            || measured.demands.iter().any(|demand| is_same_product(&demand.product, &key.product))
    };
    let of_product: Vec<&Measured> = own.iter().filter(of_line).copied().collect();
    let is_inexact = !low.is_like(&high);
    let gaps: BTreeSet<Arc<str>> = of_product
        .iter()
        .flat_map(|measured| &measured.gaps)
        .filter(|_| is_inexact)
        .map(|gap| Arc::clone(&gap.what))
        .collect();
    let is_here =
        |holder: &Holder| holder.legal_entity == key.legal_entity && holder.pool == key.pool;
    let breaches = of_product.iter().flat_map(|measured| &measured.breaches);
    let breaches = if key.kind == LineKind::Use {
        breaches.filter(|breach| is_here(&breach.holder)).count()
    } else {
        0
    };
    let entitlements: BTreeSet<Arc<str>> =
        sums.iter().flat_map(|sums| sums.entitlements.iter().cloned()).collect();
    let any = of_product.first().or(own.first());
    let mut found = Position {
        unit: any.map_or_else(|| "unit".into(), |measured| Arc::clone(&measured.unit)),
        reading: any.map(|measured| measured.reading.clone()),
        status: Status::Ok,
        price: price(input, &key),
        since: None,
        coverage: of_product.iter().filter_map(|measured| measured.coverage.clone()).min(),
        gaps: gaps.into_iter().collect(),
        breaches,
        contracts: contracts(input.inventory, &entitlements),
        entitlements,
        evidence: evidence(input.day, &key),
        key,
        low,
        high,
    };
    found.status = status(&found, input.warning_at);
    found.since = since(input, &found);
    found
}

/// Rights by whose metric nothing was measured.
fn idle_lines<'a>(inventory: &'a Inventory, matched: &'a Matched) -> Lines<'a> {
    let mut lines = Lines::new();
    let metrics: BTreeMap<&str, &Arc<str>> =
        inventory.entitlements.iter().map(|right| (&*right.id, &right.metric)).collect();
    for left in matched.idle.iter().filter(|left| left.holds) {
        let Some(metric) = metrics.get(&*left.entitlement) else { continue };
        let key = PositionKey {
            product: left.product.clone(),
            metric: Arc::clone(metric),
            interpretation: "default".into(),
            legal_entity: left.holder.legal_entity.clone(),
            pool: left.holder.pool.clone(),
            kind: LineKind::Spare,
        };
        lines.entry(key).or_default().add_left(left);
    }
    lines
}

/// Their lines: what is used of them is not known.
fn idle(input: &PositionInput<'_>) -> Vec<Position> {
    let unknown = |(key, sums): (PositionKey, Sums<'_>)| {
        let low = sums.figures();
        let none = |number: &Number| Some(number.clone());
        let high = Figures {
            consumed: None,
            surplus: low.surplus.as_ref().map(|_| Number::zero()),
            shortfall: low.entitled.is_none().then(Number::zero),
            entitled: low.entitled.as_ref().and_then(none),
            shared_free: low.shared_free.clone(),
        };
        let mut found = line(input, key, &[sums, Sums::default()]);
        (found.low, found.high) = (low, high);
        found.status = Status::Unknown;
        found.gaps = vec!["nothing was measured by this metric".into()];
        found
    };
    idle_lines(input.inventory, input.matched).into_iter().map(unknown).collect()
}

fn status(line: &Position, warning_at: &Number) -> Status {
    if line.breaches > 0 {
        return Status::Over;
    }
    if !line.is_exact() {
        return Status::Unknown;
    }
    if line.is_over() {
        return Status::Over;
    }
    let bounds = [line.low.utilisation(), line.high.utilisation()];
    let is_near = bounds.into_iter().flatten().any(|percent| percent >= *warning_at);
    if is_near && line.key.kind == LineKind::Use { Status::Warning } else { Status::Ok }
}

/// The first day of the unbroken run of days on which the line is over, up to this one.
fn since(input: &PositionInput<'_>, line: &Position) -> Option<NaiveDate> {
    if !line.is_over() {
        return None;
    }
    let mut earlier: Vec<&(NaiveDate, Vec<Position>)> =
        input.history.iter().filter(|(day, _)| *day < input.day).collect();
    earlier.sort_by_key(|(day, _)| std::cmp::Reverse(*day));
    let was_over =
        |lines: &[Position]| lines.iter().any(|other| other.key == line.key && other.is_over());
    let run = earlier.into_iter().take_while(|(_, lines)| was_over(lines));
    Some(run.last().map_or(input.day, |(day, _)| *day))
}

/// What is paid for the product: contracted before offered before listed. Of several contracts the one that began last.
fn price(input: &PositionInput<'_>, key: &PositionKey) -> Option<UnitPrice> {
    let own = input.inventory.entitlements.iter().filter(|right| {
        right.metric == key.metric
            && right.product == key.product
            && right.days.contains(input.day)
            && fits(right.holder.legal_entity.as_ref(), key.legal_entity.as_ref())
    });
    let mut own: Vec<_> = own.collect();
    own.sort_by(|a, b| b.days.from().cmp(&a.days.from()).then(a.id.cmp(&b.id)));
    let of = |noun: &str, pick: fn(&super::inventory::Entitlement) -> Option<Amount>| {
        own.iter().find_map(|right| {
            let (amount, currency) = (pick(right)?, right.currency?);
            Some(UnitPrice { amount, currency, basis: format!("{noun} ({})", right.id) })
        })
    };
    let offered = || {
        let offers = input.offers.iter().filter(|offer| {
            *offer.metric == *key.metric
                && is_named(&key.product, &offer.product)
                && offer.valid.contains(input.day)
        });
        let offer = offers
            .min_by(|a, b| (a.currency, a.price, &a.span).cmp(&(b.currency, b.price, &b.span)))?;
        Some(UnitPrice {
            amount: offer.price,
            currency: offer.currency,
            basis: format!("offer ({}:{})", offer.span.path, offer.span.line),
        })
    };
    of("contracted", |right| right.unit_price)
        .or_else(offered)
        .or_else(|| of("list", |right| right.list_price))
}

fn contracts(inventory: &Inventory, entitlements: &BTreeSet<Arc<str>>) -> BTreeSet<Arc<str>> {
    let own = inventory.entitlements.iter().filter(|right| entitlements.contains(&right.id));
    own.filter_map(|right| right.contract.clone()).collect()
}

/// The same line of the same day has the same id, whatever its figures are.
fn evidence(day: NaiveDate, key: &PositionKey) -> String {
    let mut hash = Sha256::new();
    let day = day.to_string();
    let none = || "";
    let product = &key.product;
    let parts = [
        day.as_str(),
        product.publisher.as_deref().unwrap_or_else(none),
        &product.name,
        product.edition.as_deref().unwrap_or_else(none),
        &key.metric,
        &key.interpretation,
        key.legal_entity.as_deref().unwrap_or_else(none),
        key.pool.as_deref().unwrap_or_else(none),
        key.kind.name(),
    ];
    for part in parts {
        // With its length, so that no two lists of parts look alike.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    let digest = digest.iter().take(6).fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    format!("lp-{digest:012x}")
}
