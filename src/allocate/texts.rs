//! The texts of one column as small numbers, so that tuples of them are short, and few.

use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::rules::{CaseRule, Test};

/// The id of no value.
const ABSENT: u32 = 0;

/// Distinct texts of one column, numbered from 1 as they come.
#[derive(Debug)]
struct TextIds {
    bytes: Vec<u8>,
    /// End of each text in `bytes`; the first entry stands for no value.
    ends: Vec<usize>,
    ids: HashTable<u32>,
    hasher: FixedState,
    last: u32,
}

impl Default for TextIds {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            ends: vec![0],
            ids: HashTable::new(),
            hasher: FixedState::default(),
            last: ABSENT,
        }
    }
}

impl TextIds {
    #[inline]
    fn id(&mut self, text: Option<&[u8]>) -> u32 {
        let Some(text) = text else { return ABSENT };
        // Bills repeat themselves from row to row.
        if self.last != ABSENT && self.text(self.last) == text {
            return self.last;
        }
        self.last = self.find(text);
        self.last
    }

    fn find(&mut self, text: &[u8]) -> u32 {
        let hash = self.hasher.hash_one(text);
        if let Some(id) = self.ids.find(hash, |id| self.text(*id) == text) {
            return *id;
        }
        let id =
            u32::try_from(self.ends.len()).expect("texts are forgotten long before 2³² of them");
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len());
        let (bytes, ends, hasher) = (&self.bytes, &self.ends, &self.hasher);
        let rehash = |id: &u32| hasher.hash_one(&bytes[ends[*id as usize - 1]..ends[*id as usize]]);
        self.ids.insert_unique(hash, id, rehash);
        id
    }

    fn text(&self, id: u32) -> &[u8] {
        &self.bytes[self.ends[id as usize - 1]..self.ends[id as usize]]
    }

    fn size(&self) -> usize {
        self.bytes.len() + self.ends.len() * 16
    }
}

/// Questions that are all that rules ask of a column.
pub(super) type Questions<'r> = Vec<(&'r Test, CaseRule)>;

/// Texts of a column, told apart only as far as rules do: where they only ask questions of it, all
/// texts with the same answers are one.
#[derive(Debug, Default)]
pub(super) struct TextClasses {
    ids: TextIds,
    /// Class of each text id, where known.
    classes: Vec<Option<u32>>,
    by_answers: HashMap<Vec<bool>, u32>,
}

impl TextClasses {
    #[inline]
    pub(super) fn id(&mut self, text: Option<&[u8]>, questions: Option<&Questions<'_>>) -> u32 {
        let id = self.ids.id(text);
        let Some(questions) = questions else { return id };
        match self.classes.get(id as usize) {
            Some(Some(class)) => *class,
            _ => self.class(id, text, questions),
        }
    }

    fn class(&mut self, id: u32, text: Option<&[u8]>, questions: &Questions<'_>) -> u32 {
        // What is not UTF-8 is refused when the tuple is decided; until then it is a class of its own.
        let decoded = text.map(std::str::from_utf8).transpose();
        let answers = match decoded {
            Ok(text) => questions.iter().map(|(test, case)| test.answer(text, *case)).collect(),
            Err(_) => vec![true; questions.len() + 1],
        };
        let next =
            u32::try_from(self.by_answers.len()).expect("there are fewer classes than texts");
        let class = *self.by_answers.entry(answers).or_insert(next);
        if self.classes.len() <= id as usize {
            self.classes.resize(id as usize + 1, None);
        }
        self.classes[id as usize] = Some(class);
        class
    }

    /// Bytes held, roughly.
    pub(super) fn size(&self) -> usize {
        self.ids.size() + self.classes.len() * 8
    }

    /// Forgets all texts; ids handed out before mean nothing any more.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_equal_ids_and_absent_is_not_empty() {
        let mut ids = TextIds::default();
        let texts = [Some("a"), None, Some(""), Some("a"), Some("b"), Some(""), Some("a")];
        let found: Vec<u32> = texts.iter().map(|t| ids.id(t.map(str::as_bytes))).collect();
        assert_eq!(found, [1, 0, 2, 1, 3, 2, 1]);
        for number in 0..1000_u32 {
            ids.id(Some(&number.to_le_bytes()));
        }
        assert_eq!(ids.id(Some(b"b")), 3);
    }
    #[test]
    fn texts_with_the_same_answers_are_one() {
        let questions =
            vec![(&Test::Present, CaseRule::Sensitive), (&Test::Empty, CaseRule::Sensitive)];
        let mut classes = TextClasses::default();
        let mut class = |text: Option<&str>| classes.id(text.map(str::as_bytes), Some(&questions));
        assert_eq!(class(Some("a")), class(Some("b")));
        assert_ne!(class(Some("a")), class(None));
        assert_ne!(class(Some("a")), class(Some(" ")));
    }
}
