//! The numbers of rows as whoever looks into the file sees them, where rows that are no records
//! stand between those that are.

use std::sync::Arc;

/// From rows as they are counted, the header being row 1, to rows as they are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowNumbers {
    /// Where counting goes wrong: from this counted row on, rows are shown by the other number.
    jumps: Arc<Vec<(u64, u64)>>,
}

impl RowNumbers {
    /// From the row `counted` on, rows are shown from `shown` on. Called in ascending order.
    pub(super) fn jump(&mut self, counted: u64, shown: u64) {
        Arc::make_mut(&mut self.jumps).push((counted, shown));
    }

    /// How many jumps there are.
    pub(super) fn jumps(&self) -> usize {
        self.jumps.len()
    }

    /// The number that is shown.
    #[must_use]
    pub fn shown(&self, counted: u64) -> u64 {
        let before = self.jumps.partition_point(|(from, _)| *from <= counted);
        match before.checked_sub(1).map(|at| self.jumps[at]) {
            None => counted,
            Some((from, shown)) => shown + (counted - from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_between_records_are_counted_in() {
        let mut rows = RowNumbers::default();
        assert_eq!(rows.shown(7), 7);
        rows.jump(2, 5);
        rows.jump(4, 10);
        assert_eq!([1, 2, 3, 4, 5].map(|row| rows.shown(row)), [1, 5, 6, 10, 11]);
    }
}
