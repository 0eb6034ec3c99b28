//! What was decided about tuples, by fingerprint.
//!
//! A table that is asked for every charge, and has far more than a processor keeps near. So a
//! decision and its fingerprint lie side by side in half a line of the cache, at the place that the
//! fingerprint names or in the next free one, in large pages; half of the places stay free.

use bytemuck::{Pod, Zeroable};

use super::pages::Pages;
use super::prints::Fingerprint;
use super::shared::Target;

/// Places of a table that has anything. A power of two, and so are all larger numbers of places.
const FIRST_PLACES: usize = 1 << 8;

/// A place of the table. No fingerprint is there where it is free.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Decided {
    print: Fingerprint,
    target: Target,
}

/// No text and no number has it; were it one's after all, it would be decided again each time.
const FREE: Fingerprint = [0; 2];

#[derive(Debug, Default)]
pub(super) struct Decisions {
    /// As many as a power of two, or none.
    places: Pages<Decided>,
    len: usize,
}

impl Decisions {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// What lies at the first place where a tuple may be. Many of them are fetched at a time before
    /// any is compared, so that waits for memory overlap.
    #[inline]
    pub(super) fn first(&self, print: Fingerprint) -> Decided {
        let first = self.places.get(self.home(print));
        first.copied().unwrap_or_else(Decided::zeroed)
    }

    /// What was decided, given what lies at the first place.
    #[inline]
    pub(super) fn find_from(&self, first: &Decided, print: Fingerprint) -> Option<Target> {
        if first.print == print && print != FREE { Some(first.target) } else { self.find(print) }
    }

    pub(super) fn find(&self, print: Fingerprint) -> Option<Target> {
        let mut place = self.home(print);
        // Some place is free, so the search ends.
        while let Some(decided) = self.places.get(place).filter(|decided| decided.print != FREE) {
            if decided.print == print {
                return Some(decided.target);
            }
            place = self.next(place);
        }
        None
    }

    /// Keeps a decision, unless the tuple has one.
    pub(super) fn insert(&mut self, print: Fingerprint, target: Target) {
        if print == FREE || self.find(print).is_some() {
            return;
        }
        if (self.len + 1) * 2 > self.places.len() {
            self.grow();
        }
        self.put(Decided { print, target });
        self.len += 1;
    }

    /// The table has a free place and not this tuple.
    fn put(&mut self, decided: Decided) {
        let mut place = self.home(decided.print);
        while self.places.get(place).is_some_and(|taken| taken.print != FREE) {
            place = self.next(place);
        }
        if let Some(free) = self.places.get_mut(place) {
            *free = decided;
        }
    }

    fn grow(&mut self) {
        let mut larger = Self { places: Pages::default(), len: self.len };
        for _ in 0..(self.places.len() * 2).max(FIRST_PLACES) {
            larger.places.push();
        }
        for decided in self.places.iter().filter(|decided| decided.print != FREE) {
            larger.put(*decided);
        }
        *self = larger;
    }

    #[inline]
    fn home(&self, print: Fingerprint) -> usize {
        let last = (self.places.len() as u64).saturating_sub(1);
        usize::try_from(print[0] & last).unwrap_or(0)
    }

    #[inline]
    fn next(&self, place: usize) -> usize {
        (place + 1) & (self.places.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Many fingerprints have the same place, and some differ in the second half only.
        #[test]
        fn what_was_put_in_is_found(
            entries in prop::collection::vec(((0_u64..40, 0_u64..20), any::<u32>()), 0..900),
            spread in prop_oneof![Just(1_u64), Just(u64::MAX / 41), Just(1 << 8)],
        ) {
            let (mut table, mut slow) = (Decisions::default(), HashMap::new());
            for ((a, b), group) in entries {
                let target = Target { group, ..Target::zeroed() };
                let print = [a.wrapping_mul(spread), b];
                table.insert(print, target);
                if print != FREE {
                    slow.entry(print).or_insert(target);
                }
            }
            prop_assert_eq!(table.len(), slow.len());
            for a in 0..41_u64 {
                for b in 0..21 {
                    let print = [a.wrapping_mul(spread), b];
                    let expected = slow.get(&print).copied();
                    prop_assert_eq!(table.find(print), expected);
                    let first = table.first(print);
                    prop_assert_eq!(table.find_from(&first, print), expected);
                }
            }
        }
    }
}
