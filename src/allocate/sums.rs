//! Exact sums in bulk: integers of 10⁻¹⁸, and of 10⁻³⁶ only where some amount has such digits.

use crate::domain::{Amount, CostMetric, Costs, MetricSet};

const METRICS: usize = CostMetric::COUNT;
/// Sums are kept by shard, so that many chunks are half empty.
const CHUNK: usize = 1 << 11;

/// One sum of charges, adding up.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RunningSum {
    pub(super) rows: u64,
    pub(super) heads: [i128; METRICS],
    pub(super) tails: [i128; METRICS],
}

impl RunningSum {
    /// Whether no row and no money is in it. Shares of rows that count in another month bring
    /// money without rows.
    pub(super) fn is_nothing(&self) -> bool {
        self.rows == 0 && self.heads == [0; METRICS] && self.tails == [0; METRICS]
    }

    /// False where a sum leaves the range.
    #[must_use]
    pub(super) fn add(&mut self, rows: u64, costs: &Costs) -> bool {
        self.rows += rows;
        let mut fits = true;
        for (metric, amount) in costs.iter() {
            let (head, tail) = amount.parts();
            let sum = self.heads[metric as usize].checked_add(head);
            fits &= sum.is_some();
            self.heads[metric as usize] = sum.unwrap_or_default();
            if tail != 0 {
                self.tails[metric as usize] += i128::from(tail);
            }
        }
        fits
    }

    pub(super) fn merge(&mut self, other: &Self) -> bool {
        self.rows += other.rows;
        let mut fits = true;
        for metric in 0..METRICS {
            let sum = self.heads[metric].checked_add(other.heads[metric]);
            fits &= sum.is_some();
            self.heads[metric] = sum.unwrap_or_default();
            self.tails[metric] += other.tails[metric];
        }
        fits
    }

    /// `None` where a sum lies beyond the range.
    pub(super) fn costs(&self) -> Option<Costs> {
        let mut amounts = [Amount::ZERO; METRICS];
        for (metric, amount) in amounts.iter_mut().enumerate() {
            *amount = Amount::from_sums(self.heads[metric], self.tails[metric])?;
        }
        Some(Costs::new(amounts))
    }
}

/// A sum as it is kept in bulk: what one charge touches lies together.
#[derive(Clone, Copy, Debug)]
struct Kept {
    heads: [i128; METRICS],
    rows: u64,
    /// What any charge knows. It lies where the struct would be padded.
    known: MetricSet,
}

const NOTHING: Kept = Kept { heads: [0; METRICS], rows: 0, known: MetricSet::NONE };

/// Many sums, in chunks, so that growing never holds them twice.
#[derive(Debug, Default)]
pub(super) struct SumTable {
    kept: Vec<Vec<Kept>>,
    /// As many as `kept`, once any tail was seen.
    tails: Vec<Vec<[i128; METRICS]>>,
    len: usize,
    pub(super) overflow: bool,
}

impl SumTable {
    /// A new sum of nothing; its index.
    pub(super) fn push(&mut self) -> u32 {
        if self.len.is_multiple_of(CHUNK) {
            self.kept.push(vec![NOTHING; CHUNK]);
            if !self.tails.is_empty() {
                self.tails.push(vec![[0; METRICS]; CHUNK]);
            }
        }
        self.len += 1;
        u32::try_from(self.len - 1).expect("cells are counted in 32 bits")
    }

    #[inline]
    pub(super) fn add(&mut self, index: u32, rows: u64, costs: &Costs, unknown: MetricSet) {
        let (chunk, place) = (index as usize / CHUNK, index as usize % CHUNK);
        let kept = &mut self.kept[chunk][place];
        kept.rows += rows;
        kept.known = kept.known.or(unknown.others());
        let mut fine = 0;
        for (metric, amount) in costs.iter() {
            let (head, tail) = amount.parts();
            let (sum, overflowed) = kept.heads[metric as usize].overflowing_add(head);
            kept.heads[metric as usize] = sum;
            self.overflow |= overflowed;
            fine |= tail;
        }
        if fine != 0 {
            let tails = costs.iter().map(|(_, amount)| i128::from(amount.parts().1));
            self.add_tails(chunk, place, tails);
        }
    }

    #[cold]
    fn add_tails(&mut self, chunk: usize, place: usize, tails: impl Iterator<Item = i128>) {
        if self.tails.is_empty() {
            self.tails = self.kept.iter().map(|_| vec![[0; METRICS]; CHUNK]).collect();
        }
        for (sum, tail) in self.tails[chunk][place].iter_mut().zip(tails) {
            *sum += tail;
        }
    }

    pub(super) fn get(&self, index: u32) -> RunningSum {
        let (chunk, place) = (index as usize / CHUNK, index as usize % CHUNK);
        let tails = self.tails.get(chunk).map_or([0; METRICS], |tails| tails[place]);
        let Kept { heads, rows, .. } = self.kept[chunk][place];
        RunningSum { rows, heads, tails }
    }

    /// The metrics that any charge of a sum knows.
    pub(super) fn known(&self, index: u32) -> MetricSet {
        self.kept[index as usize / CHUNK][index as usize % CHUNK].known
    }

    /// Puts the sum that was the `order[n]`-th in the `n`-th place. It is done where the sums lie,
    /// by way of one more copy of this table.
    pub(super) fn reorder(&mut self, order: &[u32]) {
        permute(&mut self.kept, order);
        permute(&mut self.tails, order);
    }
}

/// The chunks are all of one length but for slots at the end that were never used.
fn permute<T: Copy>(chunks: &mut [Vec<T>], order: &[u32]) {
    let before = chunks.concat();
    let places = chunks.iter_mut().flatten();
    for (place, old) in places.zip(order) {
        // There are no tails at all where no amount has them.
        *place = before[*old as usize];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
                table.add(cell, 1, &Costs::new([*amount; METRICS]), MetricSet::NONE);
            }
            let backwards: Vec<u32> = (0..u32::try_from(all.len()).unwrap()).rev().collect();
            table.reorder(&backwards);
            for (place, amount) in (0..).zip(all.iter().rev()) {
                prop_assert_eq!(table.get(place).costs(), Some(Costs::new([*amount; METRICS])));
                prop_assert_eq!((table.get(place).rows, table.known(place)), (1, MetricSet::ALL));
            }
        }
    }
}
