//! Rows that stand in two deliveries of a source that appends, known by what names them.
//!
//! Each name is kept as a print. Of very many prints the smallest are kept, whichever thread saw them
//! and in whatever order, so that what is found does not depend on either: it is all of it, or what a
//! sample shows.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

/// Prints that are kept for good. A thread has at most twice as many.
const KEPT: usize = 1 << 20;

/// The two lowest deliveries that have a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    first: u32,
    second: Option<u32>,
}

impl Mark {
    fn add(&mut self, delivery: u32) {
        let second = self.second.unwrap_or(u32::MAX);
        let (first, last) = (self.first.min(delivery), self.first.max(delivery));
        self.first = first;
        if last != first {
            self.second = Some(if self.second.is_some() { last.min(second) } else { last });
        }
    }

    fn merge(&mut self, other: Self) {
        for delivery in [Some(other.first), other.second].into_iter().flatten() {
            self.add(delivery);
        }
    }
}

/// The names that one thread saw.
#[derive(Debug)]
pub(super) struct References {
    marks: HashMap<u64, Mark, FixedState>,
    /// Prints from here on are not kept.
    end: u64,
    kept: usize,
}

impl References {
    pub(super) fn new() -> Self {
        Self::keeping(KEPT)
    }

    fn keeping(kept: usize) -> Self {
        Self { marks: HashMap::default(), end: u64::MAX, kept }
    }

    /// A name as column maps write it, `name=value; name=value`; one without any value names nothing.
    pub(super) fn note(&mut self, source: u32, identity: &[u8], delivery: u32) {
        let parts = identity.split(|byte| *byte == b';');
        if parts.into_iter().all(|part| part.ends_with(b"=")) {
            return;
        }
        let mut hasher = FixedState::default().build_hasher();
        hasher.write_u32(source);
        hasher.write(identity);
        self.mark(hasher.finish(), Mark { first: delivery, second: None });
    }

    fn mark(&mut self, print: u64, mark: Mark) {
        if print >= self.end {
            return;
        }
        self.marks.entry(print).and_modify(|known| known.merge(mark)).or_insert(mark);
        if self.marks.len() >= 2 * self.kept {
            self.cut();
        }
    }

    /// Keeps the smallest prints only.
    fn cut(&mut self) {
        if self.marks.len() <= self.kept {
            return;
        }
        let mut prints: Vec<u64> = self.marks.keys().copied().collect();
        let (_, end, _) = prints.select_nth_unstable(self.kept);
        let end = *end;
        self.end = end;
        self.marks.retain(|print, _| *print < end);
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.end = self.end.min(other.end);
        for (print, mark) in other.marks {
            self.mark(print, mark);
        }
    }

    /// How many names each two deliveries have both, and whether there may be more of them.
    pub(super) fn repeated(mut self) -> (BTreeMap<(u32, u32), u64>, bool) {
        self.cut();
        let end = self.end;
        let mut found = BTreeMap::new();
        for (print, mark) in self.marks {
            if let Some(second) = mark.second.filter(|_| print < end) {
                *found.entry((mark.first, second)).or_default() += 1;
            }
        }
        (found, end < u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(kept: usize, names: &[(&str, u32)]) -> References {
        let mut references = References::keeping(kept);
        for (name, delivery) in names {
            references.note(0, format!("ref={name}").as_bytes(), *delivery);
        }
        references
    }

    #[test]
    fn a_name_in_two_deliveries_is_found_whoever_saw_it() {
        let all = [
            ("a", 2),
            ("a", 0),
            ("b", 1),
            ("b", 1),
            ("a", 1),
            ("c", 2),
            ("c", 1),
            ("", 0),
            ("", 1),
        ];
        let expected = BTreeMap::from([((0, 1), 1), ((1, 2), 1)]);
        assert_eq!(seen(KEPT, &all).repeated(), (expected.clone(), false));
        for at in 0..all.len() {
            let mut one = seen(KEPT, &all[at..]);
            one.merge(seen(KEPT, &all[..at]));
            assert_eq!(one.repeated(), (expected.clone(), false), "{at}");
        }
    }

    #[test]
    fn of_too_many_names_the_same_sample_is_looked_at_in_any_order() {
        let names: Vec<String> = (0..400).map(|number| number.to_string()).collect();
        let twice = names.iter().flat_map(|name| [(name.as_str(), 0), (name.as_str(), 1)]);
        let mut all: Vec<(&str, u32)> = twice.collect();
        let (found, is_sample) = seen(50, &all).repeated();
        assert_eq!((found[&(0, 1)], is_sample), (50, true));
        all.reverse();
        let mut one = seen(50, &all[..300]);
        one.merge(seen(50, &all[300..]));
        assert_eq!(one.repeated(), (found, true));
    }
}
