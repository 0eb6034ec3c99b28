//! Exact sums in bulk: 64 bits each, in units of 10⁻¹², as long as the costs have no more digits and
//! the sum has room; beyond that, in room that is found for this sum alone.

use std::collections::BTreeMap;

use bytemuck::{Pod, Zeroable};

use crate::domain::{CostMetric, CostSums, Costs, FineSums, MetricSet, PackedCosts};

use super::pages::Pages;

const METRICS: usize = CostMetric::COUNT;
/// Sums that are not kept in 64 bits come in chunks, so that growing never holds them twice.
const CHUNK: usize = 1 << 11;
/// Why there is a sum of any index.
const PUSHED: &str = "indices come from `push`";

/// Rows and costs of charges, adding up.
#[derive(Clone, Debug, Default)]
pub(super) struct RunningSum {
    pub(super) rows: u64,
    sums: CostSums,
}

impl RunningSum {
    /// Whether no row and no money is in it. Shares of rows that count in another month bring
    /// money without rows.
    pub(super) fn is_nothing(&self) -> bool {
        self.rows == 0 && self.costs() == Some(Costs::ZERO)
    }

    /// False where a sum leaves the range.
    #[inline]
    #[must_use]
    pub(super) fn add(&mut self, rows: u64, costs: &PackedCosts) -> bool {
        self.rows += rows;
        self.sums.add(costs)
    }

    #[must_use]
    pub(super) fn merge(&mut self, other: &Self) -> bool {
        self.rows += other.rows;
        self.sums.merge(&other.sums)
    }

    /// `None` where a sum lies beyond the range.
    pub(super) fn costs(&self) -> Option<Costs> {
        self.sums.costs()
    }
}

/// A sum as it is kept in bulk: what one charge touches lies together, in as few lines of the
/// processor's cache as can be. Adding to it waits for memory, and for little else.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
struct Kept {
    units: [i64; METRICS],
    rows: u32,
    /// What any charge knows, in the lowest bits; above, the sum's place in `fine` from 1, or 0.
    place_and_known: u32,
}

impl Kept {
    const KNOWN_BITS: u32 = 4;

    fn known(&self) -> MetricSet {
        let bits = self.place_and_known & ((1 << Self::KNOWN_BITS) - 1);
        MetricSet::of_bits(u8::try_from(bits).unwrap_or_default())
    }

    fn place(&self) -> Option<usize> {
        (self.place_and_known >> Self::KNOWN_BITS).checked_sub(1).map(|place| place as usize)
    }
}

/// Many sums.
#[derive(Debug, Default)]
pub(super) struct SumTable {
    kept: Pages<Kept>,
    /// What some sums have beside their units.
    fine: Vec<Vec<[i128; METRICS]>>,
    /// As many as `fine`, once any digit beyond 10⁻¹⁸ was seen.
    tails: Vec<Vec<[i128; METRICS]>>,
    fine_len: usize,
    /// Rows beyond 32 bits.
    more_rows: BTreeMap<u32, u64>,
    pub(super) overflow: bool,
}

impl SumTable {
    /// A new sum of nothing; its index.
    pub(super) fn push(&mut self) -> u32 {
        let index = u32::try_from(self.kept.len()).expect("cells are counted in 32 bits");
        self.kept.push();
        index
    }

    #[inline]
    pub(super) fn add(&mut self, index: u32, rows: u32, costs: &PackedCosts, unknown: MetricSet) {
        let kept = self.kept.get_mut(index as usize).expect(PUSHED);
        kept.place_and_known |= u32::from(unknown.others().bits());
        let PackedCosts::Units(units) = costs else { return self.spill(index, rows, costs) };
        let mut sums = kept.units;
        let mut overflowed = false;
        for (sum, units) in sums.iter_mut().zip(units) {
            let (added, beyond) = sum.overflowing_add(*units);
            *sum = added;
            overflowed |= beyond;
        }
        let (rows_added, beyond) = kept.rows.overflowing_add(rows);
        if overflowed || beyond {
            return self.spill(index, rows, costs);
        }
        kept.units = sums;
        kept.rows = rows_added;
    }

    /// Adds what 64 bits do not hold: what was there moves to where there is room.
    #[cold]
    fn spill(&mut self, index: u32, rows: u32, costs: &PackedCosts) {
        let kept = self.kept.get_mut(index as usize).expect(PUSHED);
        let mut sums = CostSums::of(std::mem::take(&mut kept.units), None);
        let rows = u64::from(std::mem::take(&mut kept.rows)) + u64::from(rows);
        match u32::try_from(rows) {
            Ok(rows) => kept.rows = rows,
            Err(_) => *self.more_rows.entry(index).or_default() += rows,
        }
        let place = kept.place().unwrap_or(self.fine_len);
        if place == self.fine_len {
            let number = u32::try_from(place + 1).ok();
            let number = number.and_then(|number| number.checked_mul(1 << Kept::KNOWN_BITS));
            kept.place_and_known |= number.expect("no memory holds so many sums");
            self.fine_len += 1;
            if place.is_multiple_of(CHUNK) {
                self.fine.push(vec![[0; METRICS]; CHUNK]);
                if !self.tails.is_empty() {
                    self.tails.push(vec![[0; METRICS]; CHUNK]);
                }
            }
        }
        self.overflow |= !sums.add(costs);
        let (chunk, place) = (place / CHUNK, place % CHUNK);
        let Some(added) = sums.fine_sums() else {
            self.overflow = true;
            return;
        };
        for (sum, head) in self.fine[chunk][place].iter_mut().zip(added.heads) {
            let (added, overflowed) = sum.overflowing_add(head);
            *sum = added;
            self.overflow |= overflowed;
        }
        if added.tails != [0; METRICS] {
            if self.tails.is_empty() {
                self.tails = self.fine.iter().map(|_| vec![[0; METRICS]; CHUNK]).collect();
            }
            for (sum, tail) in self.tails[chunk][place].iter_mut().zip(added.tails) {
                *sum += tail;
            }
        }
    }

    pub(super) fn get(&self, index: u32) -> RunningSum {
        let kept = self.kept.get(index as usize).expect(PUSHED);
        let more = self.more_rows.get(&index).copied().unwrap_or_default();
        let fine = kept.place().map(|place| {
            let (chunk, place) = (place / CHUNK, place % CHUNK);
            let tails = self.tails.get(chunk).map_or([0; METRICS], |tails| tails[place]);
            FineSums { heads: self.fine[chunk][place], tails }
        });
        RunningSum { rows: u64::from(kept.rows) + more, sums: CostSums::of(kept.units, fine) }
    }

    /// The metrics that any charge of a sum knows.
    pub(super) fn known(&self, index: u32) -> MetricSet {
        self.kept.get(index as usize).expect(PUSHED).known()
    }

    /// Puts the sum that was the `order[n]`-th in the `n`-th place. It is done where the sums lie,
    /// by way of one more copy of their 64-bit part; what lies beside it is found by its own place.
    pub(super) fn reorder(&mut self, order: &[u32]) {
        let before: Vec<Kept> = self.kept.iter().copied().collect();
        for (place, old) in order.iter().enumerate() {
            *self.kept.get_mut(place).expect(PUSHED) = before[*old as usize];
        }
        if !self.more_rows.is_empty() {
            let more = (0..)
                .zip(order)
                .filter_map(|(place, old)| self.more_rows.get(old).map(|rows| (place, *rows)));
            self.more_rows = more.collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::Amount;

    /// Costs that fit 64 bits, some of them so large that few of them together do not, and others.
    fn costs() -> impl Strategy<Value = PackedCosts> {
        let usual =
            any::<[i32; METRICS]>().prop_map(|units| PackedCosts::Units(units.map(i64::from)));
        let large = any::<[i64; METRICS]>().prop_map(PackedCosts::Units);
        let fine = any::<([i64; METRICS], bool)>().prop_map(|(units, has_tails)| {
            let scale = if has_tails { 36 } else { 18 };
            let amount = |units| Amount::from_scaled(i128::from(units), scale).expect("in range");
            PackedCosts::new(&Costs::new(units.map(amount)))
        });
        prop_oneof![3 => usual, 2 => large, 1 => fine]
    }

    proptest! {
        #[test]
        fn sums_keep_what_they_hold_in_any_order(
            amounts in prop::collection::vec((any::<i64>(), 0_i128..10), 1..50),
            repeated in 1_usize..100,
            with_tails: bool,
        ) {
            let mut table = SumTable::default();
            let amounts: Vec<Amount> = amounts
                .iter()
                .map(|(head, tail)| (i128::from(*head), if with_tails { *tail } else { 0 }))
                .map(|(head, tail)| Amount::from_sums(head, tail).unwrap())
                .collect();
            // More than a chunk, in the longest case.
            let all: Vec<Amount> = std::iter::repeat_n(amounts, repeated).flatten().collect();
            for amount in &all {
                let cell = table.push();
                let costs = PackedCosts::new(&Costs::new([*amount; METRICS]));
                table.add(cell, 1, &costs, MetricSet::NONE);
            }
            let backwards: Vec<u32> = (0..u32::try_from(all.len()).unwrap()).rev().collect();
            table.reorder(&backwards);
            for (place, amount) in (0..).zip(all.iter().rev()) {
                prop_assert_eq!(table.get(place).costs(), Some(Costs::new([*amount; METRICS])));
                prop_assert_eq!((table.get(place).rows, table.known(place)), (1, MetricSet::ALL));
            }
        }

        #[test]
        fn a_table_sums_as_running_sums_do(
            charges in prop::collection::vec((0_usize..3, costs(), any::<u32>(), 0_u8..16), 0..40),
        ) {
            let mut table = SumTable::default();
            let indices = [table.push(), table.push(), table.push()];
            let mut slow: [RunningSum; 3] = Default::default();
            let mut known = [MetricSet::NONE; 3];
            for (at, costs, rows, unknown) in charges {
                let unknown = MetricSet::of_bits(unknown);
                table.add(indices[at], rows, &costs, unknown);
                prop_assert!(slow[at].add(u64::from(rows), &costs));
                known[at] = known[at].or(unknown.others());
            }
            prop_assert!(!table.overflow);
            for (at, index) in indices.into_iter().enumerate() {
                let found = table.get(index);
                prop_assert_eq!(found.rows, slow[at].rows);
                prop_assert_eq!(found.costs(), slow[at].costs());
                prop_assert_eq!(table.known(index), known[at]);
            }
        }
    }

    #[test]
    fn rows_beyond_32_bits_stay_with_their_sum() {
        let mut table = SumTable::default();
        let cells = [table.push(), table.push(), table.push()];
        for (cell, times) in cells.into_iter().zip(1..) {
            for _ in 0..times {
                table.add(cell, u32::MAX, &PackedCosts::ZERO, MetricSet::NONE);
            }
        }
        table.reorder(&[2, 0, 1]);
        let rows = cells.map(|cell| table.get(cell).rows / u64::from(u32::MAX));
        assert_eq!(rows, [3, 1, 2]);
    }

    #[test]
    fn a_sum_beyond_the_range_is_seen() {
        let mut table = SumTable::default();
        let index = table.push();
        let largest = Amount::from_sums(i128::MAX, 0).unwrap();
        let costs = PackedCosts::new(&Costs::new([largest; METRICS]));
        table.add(index, 1, &costs, MetricSet::NONE);
        assert!(!table.overflow);
        table.add(index, 1, &costs, MetricSet::NONE);
        assert!(table.overflow);
    }
}
