//! Fingerprints of tuples of texts, so that what was decided about a tuple is found without looking
//! at its texts again.
//!
//! A fingerprint has 128 bits, of two hashes with keys that are drawn anew for each scan. That of a
//! tuple is the sum of those of its parts, each hashed together with its place; so the part of a
//! column can be remembered for a word of a dictionary, and added for each charge that has it. The
//! texts themselves are not kept: comparing them would cost several cache misses a row. For two of a
//! billion different tuples to meet, chances are below 10⁻²⁰, and nobody can prepare texts that do,
//! since the keys are not known before.

use std::borrow::Cow;
use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::domain::normal_form;
use crate::ingest::{NO_WORD, TextColumn};
use crate::rules::{CaseRule, Test};

/// Distinct texts whose answers are remembered before all are forgotten: some 40 MB.
const TEXT_LIMIT: usize = 1 << 20;

/// 128 bits that stand for a text in its place, or for a tuple.
pub(super) type Fingerprint = [u64; 2];

/// Questions that are all that rules ask of a column.
pub(super) type Questions<'r> = Vec<(&'r Test, CaseRule)>;

/// Keys that are drawn anew for each scan, the same in all its threads where they share fingerprints.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys([RandomState; 2]);

impl Keys {
    /// Numbers that belong to a tuple.
    pub(super) fn numbers(&self, place: usize, numbers: &[u64]) -> Fingerprint {
        self.0.each_ref().map(|key| {
            let mut hasher = key.build_hasher();
            hasher.write_u64(place as u64);
            for number in numbers {
                hasher.write_u64(*number);
            }
            hasher.finish()
        })
    }

    /// Any value by itself.
    #[inline]
    pub(super) fn value(&self, value: &impl Hash) -> Fingerprint {
        self.0.each_ref().map(|key| key.hash_one(value))
    }

    /// A text in its place. Its length goes before it, so that no two have the same bytes.
    #[inline]
    pub(super) fn text(&self, place: usize, text: Option<&[u8]>) -> Fingerprint {
        self.0.each_ref().map(|key| {
            let mut hasher = key.build_hasher();
            hasher.write_u64(place as u64);
            match text {
                None => hasher.write_u64(u64::MAX),
                Some(text) => {
                    hasher.write_u64(text.len() as u64);
                    hasher.write(text);
                }
            }
            hasher.finish()
        })
    }
}

/// Adds the part of one place to the fingerprint of a tuple.
#[inline]
pub(super) fn combine(tuple: &mut Fingerprint, part: Fingerprint) {
    tuple[0] = tuple[0].wrapping_add(part[0]);
    tuple[1] = tuple[1].wrapping_add(part[1]);
}

/// The fingerprints of one column's texts in one thread. Where rules only ask questions of the
/// column, all texts with the same answers have the same one.
#[derive(Debug)]
pub(super) struct ColumnPrints<'p> {
    place: usize,
    questions: Option<&'p Questions<'p>>,
    /// By the text's own fingerprint, where questions are asked.
    answered: HashTable<(Fingerprint, Fingerprint)>,
    /// The words that came last, by their id: those of one row group come again and again.
    words: Option<(u64, Vec<Fingerprint>)>,
    absent: Option<Fingerprint>,
    /// Bills repeat themselves from row to row.
    last: (Vec<u8>, Fingerprint),
}

impl<'p> ColumnPrints<'p> {
    pub(super) fn new(place: usize, questions: Option<&'p Questions<'p>>) -> Self {
        Self {
            place,
            questions,
            answered: HashTable::new(),
            words: None,
            absent: None,
            last: Default::default(),
        }
    }

    /// Adds this column's part to the tuples of a batch.
    pub(super) fn add(&mut self, keys: &Keys, column: &TextColumn<'_>, tuples: &mut [Fingerprint]) {
        self.add_some(keys, column, tuples.iter_mut().enumerate());
    }

    /// Adds this column's part to the tuples of some charges of a batch.
    pub(super) fn add_some<'t>(
        &mut self,
        keys: &Keys,
        column: &TextColumn<'_>,
        tuples: impl Iterator<Item = (usize, &'t mut Fingerprint)>,
    ) {
        let absent = self.absent.unwrap_or_else(|| self.print(keys, None));
        self.absent = Some(absent);
        match column {
            TextColumn::Same(text) => {
                let part = self.print(keys, *text);
                for (_, tuple) in tuples {
                    combine(tuple, part);
                }
            }
            TextColumn::Coded { words, codes } => {
                let known = match self.words.take() {
                    Some((id, known)) if id == words.id() => known,
                    _ => words.iter().map(|word| self.print(keys, word)).collect(),
                };
                for (index, tuple) in tuples {
                    let code = codes[index];
                    let part = if code == NO_WORD { absent } else { known[code as usize] };
                    combine(tuple, part);
                }
                self.words = Some((words.id(), known));
            }
            TextColumn::Each { .. } | TextColumn::Lying(_) => {
                for (index, tuple) in tuples {
                    let part = match column.get(index) {
                        None => absent,
                        Some(text) => self.repeated(keys, text),
                    };
                    combine(tuple, part);
                }
            }
        }
    }

    #[inline]
    fn repeated(&mut self, keys: &Keys, text: &[u8]) -> Fingerprint {
        if self.last.0 == text && self.last.1 != Fingerprint::default() {
            return self.last.1;
        }
        let print = self.print(keys, Some(text));
        self.last.0.clear();
        self.last.0.extend_from_slice(text);
        self.last.1 = print;
        print
    }

    fn print(&mut self, keys: &Keys, text: Option<&[u8]>) -> Fingerprint {
        let own = keys.text(self.place, text);
        let Some(questions) = self.questions else { return own };
        if let Some((_, answers)) = self.answered.find(own[0], |(known, _)| *known == own) {
            return *answers;
        }
        // What is no text is refused when its tuple is decided; until then it stands for itself.
        let answers = match text.map(readable).transpose() {
            Ok(text) => self.answers(keys, questions, text.as_deref(), own),
            Err(NoText) => own,
        };
        if self.answered.len() >= TEXT_LIMIT {
            self.answered.clear();
        }
        self.answered.insert_unique(own[0], (own, answers), |(known, _)| known[0]);
        answers
    }

    /// What stands for a text: its answers, and the text itself where an answer depends on the day.
    fn answers(
        &self,
        keys: &Keys,
        questions: &Questions<'_>,
        text: Option<&str>,
        own: Fingerprint,
    ) -> Fingerprint {
        if questions.iter().any(|(test, case)| test.depends_on_day(text, *case)) {
            return own;
        }
        let mut bits = vec![0_u64; questions.len().div_ceil(64)];
        for (index, (test, case)) in questions.iter().enumerate() {
            bits[index / 64] |= u64::from(test.answer(text, *case)) << (index % 64);
        }
        keys.numbers(self.place, &bits)
    }
}

/// Bytes that are not UTF-8, or hold a NUL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoText;

/// The text that rules are asked about: in one normal form, whichever the bill has.
pub(super) fn readable(bytes: &[u8]) -> Result<Cow<'_, str>, NoText> {
    match std::str::from_utf8(bytes) {
        Ok(text) if memchr::memchr(0, bytes).is_none() => Ok(normal_form(text)),
        _ => Err(NoText),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::Texts;

    fn tuple(keys: &Keys, texts: &[Option<&str>]) -> Fingerprint {
        let mut tuples = [Fingerprint::default()];
        for (place, text) in texts.iter().enumerate() {
            let column = TextColumn::Same(text.map(str::as_bytes));
            ColumnPrints::new(place, None).add(keys, &column, &mut tuples);
        }
        tuples[0]
    }

    #[test]
    fn equal_tuples_meet_and_others_do_not() {
        let keys = Keys::default();
        let first = tuple(&keys, &[Some("a"), Some("b")]);
        for other in
            [[Some("a"), None], [Some("ab"), Some("")], [None, Some("b")], [Some("b"), Some("a")]]
        {
            assert_ne!(tuple(&keys, &other), first, "{other:?}");
        }
        assert_eq!(tuple(&keys, &[Some("a"), Some("b")]), first);
    }

    #[derive(Debug)]
    struct Here([Option<&'static [u8]>; 4]);

    impl Texts for Here {
        fn text(&self, charge: usize) -> Option<&[u8]> {
            self.0[charge]
        }
    }

    #[test]
    fn a_text_has_one_fingerprint_however_it_comes() {
        let keys = Keys::default();
        let texts: [Option<&'static [u8]>; 4] = [Some(b"a"), None, Some(b""), Some(b"a")];
        let words = crate::ingest::Words::new([Some(&b"a"[..]), Some(b"")].into_iter()).unwrap();
        let codes = [0, NO_WORD, 1, 0];
        let prints = |column: &TextColumn<'_>| {
            let mut tuples = [Fingerprint::default(); 4];
            ColumnPrints::new(3, None).add(&keys, column, &mut tuples);
            tuples
        };
        let lying = prints(&TextColumn::Lying(&Here(texts)));
        assert_eq!(prints(&TextColumn::Coded { words: &words, codes: &codes }), lying);
        assert_eq!(lying[0], lying[3]);
        assert!(lying[0] != lying[1] && lying[1] != lying[2] && lying[0] != lying[2]);
    }

    #[test]
    fn texts_with_the_same_answers_are_one() {
        let keys = Keys::default();
        let questions =
            vec![(&Test::Present, CaseRule::Sensitive), (&Test::Empty, CaseRule::Sensitive)];
        let mut column = ColumnPrints::new(0, Some(&questions));
        let mut print = |text: Option<&str>| column.print(&keys, text.map(str::as_bytes));
        assert_eq!(print(Some("a")), print(Some("b")));
        assert_ne!(print(Some("a")), print(None));
        assert_ne!(print(Some("a")), print(Some(" ")));
    }
}
