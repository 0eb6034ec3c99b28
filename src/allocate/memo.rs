//! What was decided about a tuple of texts, remembered under a fingerprint of the tuple.
//!
//! A fingerprint has 128 bits, of two hashes with keys that are drawn anew in each process. The
//! texts themselves are not kept: comparing them would cost several cache misses a row. For two of
//! a billion different tuples to meet, chances are below 10⁻²⁰, and nobody can prepare texts that
//! do, since the keys are not known before.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::texts::{Questions, TextClasses};

/// Tuples that are remembered before all are forgotten: some 80 MB.
const TUPLE_LIMIT: usize = 1 << 20;
/// Bytes of texts behind answers that are remembered before all are forgotten.
const TEXT_LIMIT: usize = 32 << 20;
/// Texts up to this length are compared with the row before; longer ones hardly ever repeat.
const REPEATED: usize = 64;

/// 128 bits that stand for a text or a tuple.
pub(super) type Fingerprint = [u64; 2];

/// The keys of this process.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys(RandomState, RandomState);

impl Keys {
    fn of(&self, bytes: &[u8]) -> Fingerprint {
        let one = |state: &RandomState| {
            let mut hasher = state.build_hasher();
            hasher.write(bytes);
            hasher.finish()
        };
        [one(&self.0), one(&self.1)]
    }

    /// The fingerprint of a tuple, from those of its texts.
    fn of_lanes(&self, lanes: &[Vec<u64>; 2]) -> Fingerprint {
        let one = |state: &RandomState, lane: &[u64]| {
            let mut hasher = state.build_hasher();
            for part in lane {
                hasher.write_u64(*part);
            }
            hasher.finish()
        };
        [one(&self.0, &lanes[0]), one(&self.1, &lanes[1])]
    }
}

/// One text of the tuples: where only questions are asked of it, the answers stand for it.
#[derive(Debug, Default)]
struct Slot {
    last: Vec<u8>,
    last_print: Option<Fingerprint>,
    classes: TextClasses,
}

impl Slot {
    #[inline]
    fn print(
        &mut self,
        text: Option<&[u8]>,
        questions: Option<&Questions<'_>>,
        keys: &Keys,
    ) -> Fingerprint {
        if questions.is_some() {
            return [u64::from(self.classes.id(text, questions)), 1];
        }
        let Some(text) = text else { return [0, 0] };
        if let Some(print) = self.last_print
            && self.last == text
        {
            return print;
        }
        let print = keys.of(text);
        if text.len() <= REPEATED {
            self.last.clear();
            self.last.extend_from_slice(text);
            self.last_print = Some(print);
        }
        print
    }
}

/// Remembered decisions `T`, by tuple.
#[derive(Debug)]
pub(super) struct Memo<T> {
    keys: Keys,
    slots: Vec<Slot>,
    lanes: [Vec<u64>; 2],
    known: HashTable<(Fingerprint, T)>,
}

impl<T: Copy> Memo<T> {
    pub(super) fn new(texts: usize) -> Self {
        Self {
            keys: Keys::default(),
            slots: (0..texts).map(|_| Slot::default()).collect(),
            lanes: Default::default(),
            known: HashTable::new(),
        }
    }

    /// The fingerprint of a tuple: some plain numbers, then texts with their questions.
    #[inline]
    pub(super) fn print<'t>(
        &mut self,
        numbers: [u64; 3],
        texts: impl Iterator<Item = (Option<&'t [u8]>, Option<&'t Questions<'t>>)>,
    ) -> Fingerprint {
        let [first, second] = &mut self.lanes;
        first.clear();
        second.clear();
        first.extend(numbers);
        second.extend(numbers);
        for (slot, (text, questions)) in self.slots.iter_mut().zip(texts) {
            let [a, b] = slot.print(text, questions, &self.keys);
            first.push(a);
            second.push(b);
        }
        self.keys.of_lanes(&self.lanes)
    }

    #[inline]
    pub(super) fn get(&self, print: Fingerprint) -> Option<T> {
        self.known.find(print[0], |(known, _)| *known == print).map(|(_, value)| *value)
    }

    pub(super) fn insert(&mut self, print: Fingerprint, value: T) {
        let texts: usize = self.slots.iter().map(|slot| slot.classes.size()).sum();
        if self.known.len() >= TUPLE_LIMIT || texts > TEXT_LIMIT {
            // Classes are numbered anew then, so this fingerprint means nothing any more either.
            self.forget();
            return;
        }
        self.known.insert_unique(print[0], (print, value), |(known, _)| known[0]);
    }

    /// Drops all that is remembered; it is learned again where charges still come.
    pub(super) fn forget(&mut self) {
        self.slots.iter_mut().for_each(|slot| slot.classes.clear());
        self.known = HashTable::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(memo: &mut Memo<u8>, texts: &[Option<&str>]) -> Fingerprint {
        memo.print([0, 0, 0], texts.iter().map(|text| (text.map(str::as_bytes), None)))
    }

    #[test]
    fn equal_tuples_meet_and_others_do_not() {
        let mut memo: Memo<u8> = Memo::new(2);
        let first = print(&mut memo, &[Some("a"), Some("b")]);
        memo.insert(first, 7);
        for other in
            [[Some("a"), None], [Some("ab"), Some("")], [None, Some("b")], [Some("b"), Some("a")]]
        {
            let found = print(&mut memo, &other);
            assert_eq!(memo.get(found), None, "{other:?}");
        }
        let again = print(&mut memo, &[Some("a"), Some("b")]);
        assert_eq!(memo.get(again), Some(7));
        memo.forget();
        assert_eq!(memo.get(again), None);
    }
}
