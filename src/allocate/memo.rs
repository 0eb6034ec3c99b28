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
/// 128 bits that stand for a text or a tuple.
pub(super) type Fingerprint = [u64; 2];

/// The hashers of one tuple, with the keys of this process.
struct Hashers([<RandomState as BuildHasher>::Hasher; 2]);

impl Hashers {
    #[inline]
    fn number(&mut self, number: u64) {
        for hasher in &mut self.0 {
            hasher.write_u64(number);
        }
    }

    /// Lengths go before texts, so that no two tuples have the same bytes.
    #[inline]
    fn text(&mut self, text: Option<&[u8]>) {
        let Some(text) = text else { return self.number(u64::MAX) };
        for hasher in &mut self.0 {
            hasher.write_u64(text.len() as u64);
            hasher.write(text);
        }
    }

    fn finish(&self) -> Fingerprint {
        [self.0[0].finish(), self.0[1].finish()]
    }
}

/// Remembered decisions `T`, by tuple.
#[derive(Debug)]
pub(super) struct Memo<T> {
    keys: [RandomState; 2],
    /// Of each text: where rules only ask questions of it, the answers stand for it.
    classes: Vec<TextClasses>,
    known: HashTable<(Fingerprint, T)>,
}

impl<T: Copy> Memo<T> {
    pub(super) fn new(texts: usize) -> Self {
        Self {
            keys: Default::default(),
            classes: (0..texts).map(|_| TextClasses::default()).collect(),
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
        let mut hashers = Hashers([self.keys[0].build_hasher(), self.keys[1].build_hasher()]);
        for number in numbers {
            hashers.number(number);
        }
        for (classes, (text, questions)) in self.classes.iter_mut().zip(texts) {
            match questions {
                Some(_) => hashers.number(u64::from(classes.id(text, questions))),
                None => hashers.text(text),
            }
        }
        hashers.finish()
    }

    #[inline]
    pub(super) fn get(&self, print: Fingerprint) -> Option<T> {
        self.known.find(print[0], |(known, _)| *known == print).map(|(_, value)| *value)
    }

    pub(super) fn insert(&mut self, print: Fingerprint, value: T) {
        let texts: usize = self.classes.iter().map(TextClasses::size).sum();
        if self.known.len() >= TUPLE_LIMIT || texts > TEXT_LIMIT {
            // Classes are numbered anew then, so this fingerprint means nothing any more either.
            self.forget();
            return;
        }
        self.known.insert_unique(print[0], (print, value), |(known, _)| known[0]);
    }

    /// Drops all that is remembered; it is learned again where charges still come.
    pub(super) fn forget(&mut self) {
        self.classes.iter_mut().for_each(TextClasses::clear);
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
