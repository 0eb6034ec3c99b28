//! The cube: exact sums of all charges by who bears them and by the dimensions of reports.

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::NaiveDate;

use crate::domain::{Amount, Costs, Currency, DateRange, MetricSet, Period};
use crate::ingest::FileId;
use crate::rules::{FieldId, PoolId, RuleId};

/// Index into the names of a [`Cube`]. `NameId::ABSENT` is no value, not an empty one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId(pub u32);

impl NameId {
    pub const ABSENT: Self = Self(0);
}

/// Who bears a charge, by which rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Verdict {
    pub bearer: Bearer,
    /// `None` where no rule matched.
    pub rule: Option<RuleId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bearer {
    Owner(NameId),
    /// The value names a pool of a family; absent for a pool of its own.
    Pool(PoolId, NameId),
    Unallocated(Reason),
}

/// Why a charge has no owner. The name is the owner that it asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    NoRule,
    UnknownOwner(NameId),
    ClosedOwner(NameId),
    OwnerCase(NameId),
}

impl Reason {
    /// The reason as reports write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NoRule => "no rule matches",
            Self::UnknownOwner(_) => "unknown owner",
            Self::ClosedOwner(_) => "owner closed on the charge date",
            Self::OwnerCase(_) => "owner differs in case",
        }
    }

    /// The owner that was asked for.
    #[must_use]
    pub fn asked(self) -> NameId {
        match self {
            Self::NoRule => NameId::ABSENT,
            Self::UnknownOwner(name) | Self::ClosedOwner(name) | Self::OwnerCase(name) => name,
        }
    }
}

/// Everything of a cell but its day. Groups of other months than the period are brief: their
/// report dimensions are absent, since only owners' history is asked of them, and the invoice where
/// the plan keeps it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group {
    /// The billing month.
    pub month: Period,
    pub verdict: Verdict,
    pub currency: Currency,
    pub component: NameId,
    /// Index into [`Cube::segments`].
    pub segment: u16,
    pub source: NameId,
    pub provider: NameId,
    pub invoice_issuer: NameId,
    pub invoice: NameId,
    pub billing_account: NameId,
    pub sub_account: NameId,
    pub service: NameId,
    pub charge_category: NameId,
    /// Values of the detail dimensions, in their order in the rules.
    pub dimensions: Box<[NameId]>,
    /// Values of [`Cube::lot_fields`]; empty where allocation asks none of them.
    pub traits: Box<[NameId]>,
    /// Bit by bit, which of the rules' `bases` hold of an owner's charges.
    pub bases: u64,
}

impl Group {
    /// A group that tells apart only what allocation asks.
    pub(super) fn brief(
        month: Period,
        verdict: Verdict,
        currency: Currency,
        component: NameId,
        segment: u16,
    ) -> Self {
        Self {
            month,
            verdict,
            currency,
            component,
            segment,
            source: NameId::ABSENT,
            provider: NameId::ABSENT,
            invoice_issuer: NameId::ABSENT,
            invoice: NameId::ABSENT,
            billing_account: NameId::ABSENT,
            sub_account: NameId::ABSENT,
            service: NameId::ABSENT,
            charge_category: NameId::ABSENT,
            dimensions: Box::default(),
            traits: Box::default(),
            bases: 0,
        }
    }

    /// The value of a field of [`Cube::lot_fields`], by its position there.
    #[must_use]
    pub fn field(&self, position: usize) -> NameId {
        self.traits.get(position).copied().unwrap_or_default()
    }
}

/// One cell, as handed out.
#[derive(Clone, Copy, Debug)]
pub struct Cell<'a> {
    pub group: &'a Group,
    /// The charge date; the first day of the segment for brief groups.
    pub day: NaiveDate,
    pub rows: u64,
    pub costs: Costs,
    /// The metrics that any charge of the cell knows; the sums of all others are unknown, not zero.
    pub known: MetricSet,
}

/// Unallocated cost of one resource, for the worklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnallocatedItem {
    pub reason: Reason,
    pub rule: Option<RuleId>,
    pub provider: NameId,
    pub billing_account: NameId,
    pub sub_account: NameId,
    pub service: NameId,
    /// Absent where charges have no resource, or resources are too many to list.
    pub resource: String,
    pub currency: Currency,
    /// The earliest month at hand in which it was already unallocated.
    pub since: Period,
    /// Of the period.
    pub rows: u64,
    pub costs: Costs,
}

/// Rows and costs of one verdict in one file and month: what ties a figure to its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineageKey {
    pub month: Period,
    pub verdict: Verdict,
    pub currency: Currency,
    pub file: FileId,
}

/// Exact sums of everything that was accepted. All lists are in an order that inputs and rules
/// alone decide.
#[derive(Debug)]
pub struct Cube {
    pub period: Period,
    pub(super) names: Vec<Box<str>>,
    pub(super) groups: Vec<Group>,
    pub(super) cells: Vec<StoredCell>,
    pub(super) tails: Vec<[u64; 4]>,
    /// The fields by which allocation tells charges apart beside the bearer.
    pub lot_fields: Vec<FieldId>,
    /// Stretches of days in which no rule, owner or list changes; together they are all time.
    pub segments: Vec<DateRange>,
    /// For each profile, where each dimension's value came from, such as `tag.env`,
    /// `sub_account.environment`, `rule`, `default`, `absent`, `invalid`.
    pub provenances: Vec<Vec<String>>,
    /// Rows and `EffectiveCost` of the period by currency and profile: index into
    /// [`Cube::provenances`].
    pub coverage: BTreeMap<(Currency, u32), (u64, Amount)>,
    pub lineage: BTreeMap<LineageKey, (u64, Costs)>,
    pub unallocated: Vec<UnallocatedItem>,
    /// Columns of which some text came in another normal form than NFC, with the least such text,
    /// as NFC.
    pub other_forms: Vec<(String, String)>,
}

/// A cell without the digits beyond 10⁻¹⁸, which most bills do not have; those stand in `tails`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StoredCell {
    pub(super) group: u32,
    pub(super) day: NaiveDate,
    rows_and_known: u64,
    pub(super) heads: [i128; 4],
}

impl StoredCell {
    /// Rows are fewer than 2⁶⁰, so that what is known has room in the same word: there are as many
    /// cells as memory holds.
    const ROW_BITS: u32 = 60;

    pub(super) fn new(
        group: u32,
        day: NaiveDate,
        rows: u64,
        known: MetricSet,
        heads: [i128; 4],
    ) -> Self {
        debug_assert!(rows >> Self::ROW_BITS == 0, "no bill has so many rows");
        let rows_and_known = rows | u64::from(known.bits()) << Self::ROW_BITS;
        Self { group, day, rows_and_known, heads }
    }

    fn rows(&self) -> u64 {
        self.rows_and_known & ((1 << Self::ROW_BITS) - 1)
    }

    fn known(&self) -> MetricSet {
        let bits = self.rows_and_known >> Self::ROW_BITS;
        MetricSet::of_bits(u8::try_from(bits).unwrap_or_default())
    }
}

impl Cube {
    /// The text of a name; `None` for the absent one.
    #[must_use]
    pub fn name(&self, id: NameId) -> Option<&str> {
        if id == NameId::ABSENT { None } else { self.names.get(id.0 as usize).map(|name| &**name) }
    }

    /// The text of a name, empty where absent.
    #[must_use]
    pub fn text(&self, id: NameId) -> &str {
        self.name(id).unwrap_or("")
    }
}

impl Cube {
    /// All cells: sorted by group (all its fields by their text), then day.
    pub fn cells(&self) -> impl Iterator<Item = Cell<'_>> {
        self.cells_in(0..self.cells.len())
    }

    /// A stretch of [`Cube::cells`], as much of it as there is.
    pub fn cells_in(&self, range: Range<usize>) -> impl Iterator<Item = Cell<'_>> {
        let range = range.start.min(self.cells.len())..range.end.min(self.cells.len());
        range.map(|index| self.cell(index))
    }

    fn cell(&self, index: usize) -> Cell<'_> {
        let stored = &self.cells[index];
        let tails = self.tails.get(index).copied().unwrap_or_default();
        let amount = |metric: usize| {
            Amount::from_sums(stored.heads[metric], i128::from(tails[metric]))
                .expect("sums were checked when the cube was made")
        };
        Cell {
            group: &self.groups[stored.group as usize],
            day: stored.day,
            rows: stored.rows(),
            costs: Costs::new(std::array::from_fn(amount)),
            known: stored.known(),
        }
    }

    /// Rows and costs of each group, in the order of [`Cube::cells`].
    pub fn by_group(&self) -> impl Iterator<Item = (&Group, u64, Costs)> {
        let mut next = 0;
        self.cells.chunk_by(|a, b| a.group == b.group).map(move |cells| {
            let stretch = next..next + cells.len();
            next = stretch.end;
            let (mut rows, mut costs) = (0, Costs::ZERO);
            for cell in self.cells_in(stretch) {
                rows += cell.rows;
                costs += cell.costs;
            }
            (&self.groups[cells[0].group as usize], rows, costs)
        })
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The months that hold charges, ascending.
    #[must_use]
    pub fn months(&self) -> Vec<Period> {
        let mut months: Vec<Period> = self.groups.iter().map(|group| group.month).collect();
        months.sort_unstable();
        months.dedup();
        months
    }
}
