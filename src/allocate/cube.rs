//! The cube: exact sums of all charges by who bears them and by the dimensions of reports.

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::NaiveDate;

use crate::domain::{Costs, Currency, DateRange, MetricSet, Period};
use crate::ingest::FileId;
use crate::rules::{FieldId, PoolId, RuleId};

use super::commitments::{CommitmentKey, CommitmentSum};
use super::sums::{RunningSum, SumTable};

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
    /// Who would bear it without the policy `dropped_usage`, where that decided.
    pub classified: Option<Verdict>,
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
            classified: None,
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
    /// Sorted by all fields, names by their text.
    pub(super) groups: Vec<Group>,
    /// Where the cells of each group lie.
    pub(super) places: Vec<Stretch>,
    pub(super) shards: Vec<StoredCells>,
    /// The fields by which allocation tells charges apart beside the bearer.
    pub lot_fields: Vec<FieldId>,
    /// Stretches of days in which no rule, owner or list changes; together they are all time.
    pub segments: Vec<DateRange>,
    /// For each profile, where each dimension's value came from, such as `tag.env`,
    /// `sub_account.environment`, `rule`, `default`, `absent`, `invalid`.
    pub provenances: Vec<Vec<String>>,
    /// Rows and costs of the period by currency and profile: index into [`Cube::provenances`].
    pub coverage: BTreeMap<(Currency, u32), (u64, Costs)>,
    pub lineage: BTreeMap<LineageKey, (u64, Costs)>,
    /// Of all months at hand.
    pub commitments: BTreeMap<CommitmentKey, CommitmentSum>,
    pub unallocated: Vec<UnallocatedItem>,
    /// Columns of which some text came in another normal form than NFC, with the least such text,
    /// as NFC.
    pub other_forms: Vec<(String, String)>,
}

/// Cells of some groups, where the scan summed them: of one group next to each other, by day. Groups
/// follow each other as in [`Cube::groups`], so that to go over all of them is to go over each
/// shard from its begin to its end.
#[derive(Debug)]
pub(super) struct StoredCells {
    pub(super) days: Vec<NaiveDate>,
    pub(super) sums: SumTable,
}

/// The cells of one group: a stretch of one of the shards.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stretch {
    pub(super) shard: u32,
    pub(super) first: u32,
    pub(super) cells: u32,
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
    /// All groups with their cells, sorted by all fields of the group, by their text.
    pub fn groups(&self) -> impl Iterator<Item = GroupCells<'_>> {
        self.groups_in(0..self.groups.len())
    }

    /// The groups of one month, in the order of [`Cube::groups`].
    pub fn groups_of(&self, month: Period) -> impl Iterator<Item = GroupCells<'_>> {
        self.groups_in(self.range_of(month))
    }

    /// The groups of one month cut into stretches for [`Cube::groups_in`], each of so many cells
    /// or a few more.
    #[must_use]
    pub fn stretches(&self, month: Period, cells: u32) -> Vec<Range<usize>> {
        let groups = self.range_of(month);
        let (mut stretches, mut begin, mut held) = (Vec::new(), groups.start, 0);
        for at in groups.clone() {
            held += self.places[at].cells;
            if held >= cells || at + 1 == groups.end {
                stretches.push(begin..at + 1);
                (begin, held) = (at + 1, 0);
            }
        }
        stretches
    }

    fn range_of(&self, month: Period) -> Range<usize> {
        // The month comes first in the order of groups.
        let begin = self.groups.partition_point(|group| group.month < month);
        let end = self.groups.partition_point(|group| group.month <= month);
        begin..end
    }

    /// A stretch of [`Cube::groups`], as much of it as there is.
    pub fn groups_in(&self, range: Range<usize>) -> impl Iterator<Item = GroupCells<'_>> {
        let range = range.start.min(self.groups.len())..range.end.min(self.groups.len());
        let all = self.groups[range.clone()].iter().zip(&self.places[range]);
        // A group whose charges were all refused after they were decided has no cell.
        all.filter(|(_, place)| place.cells > 0).map(|(group, place)| GroupCells {
            group,
            shard: &self.shards[place.shard as usize],
            cells: place.first..place.first + place.cells,
        })
    }

    /// All cells: sorted by group, then day.
    pub fn cells(&self) -> impl Iterator<Item = Cell<'_>> {
        self.groups().flat_map(GroupCells::cells)
    }

    /// The months that hold charges, ascending.
    #[must_use]
    pub fn months(&self) -> Vec<Period> {
        self.groups.chunk_by(|a, b| a.month == b.month).map(|groups| groups[0].month).collect()
    }
}

/// The cells of one group.
#[derive(Clone, Debug)]
pub struct GroupCells<'a> {
    pub group: &'a Group,
    shard: &'a StoredCells,
    cells: Range<u32>,
}

impl<'a> GroupCells<'a> {
    /// By day.
    pub fn cells(self) -> impl Iterator<Item = Cell<'a>> {
        let Self { group, shard, cells } = self;
        cells.map(move |cell| {
            let sum = shard.sums.get(cell);
            let (day, known) = (shard.days[cell as usize], shard.sums.known(cell));
            Cell { group, day, rows: sum.rows, costs: checked(&sum), known }
        })
    }

    /// The rows of all cells.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.cells.clone().map(|cell| self.shard.sums.get(cell).rows).sum()
    }

    /// The costs of all cells.
    #[must_use]
    pub fn costs(&self) -> Costs {
        let mut sum = RunningSum::default();
        for cell in self.cells.clone() {
            let fits = sum.merge(&self.shard.sums.get(cell));
            assert!(fits, "sums were checked when the cube was made");
        }
        checked(&sum)
    }

    /// The metrics that any charge of any cell knows.
    #[must_use]
    pub fn known(&self) -> MetricSet {
        let known = self.cells.clone().map(|cell| self.shard.sums.known(cell));
        known.fold(MetricSet::NONE, MetricSet::or)
    }
}

fn checked(sum: &RunningSum) -> Costs {
    sum.costs().expect("sums were checked when the cube was made")
}
