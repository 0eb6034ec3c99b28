//! Names kept once.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::cube::NameId;

/// Texts and their ids. Id 0 is the absent one.
#[derive(Debug)]
pub(super) struct Names {
    texts: Vec<Box<str>>,
    ids: HashTable<u32>,
    hasher: FixedState,
}

impl Default for Names {
    fn default() -> Self {
        Self { texts: vec!["".into()], ids: HashTable::new(), hasher: FixedState::default() }
    }
}

impl Names {
    pub(super) fn id(&mut self, text: Option<&str>) -> NameId {
        let Some(text) = text else { return NameId::ABSENT };
        let hash = self.hasher.hash_one(text);
        let texts = &self.texts;
        let same = |id: &u32| &*texts[*id as usize] == text;
        if let Some(id) = self.ids.find(hash, same) {
            return NameId(*id);
        }
        let id = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push(text.into());
        let (texts, hasher) = (&self.texts, &self.hasher);
        self.ids.insert_unique(hash, id, |id| hasher.hash_one(&*texts[*id as usize]));
        NameId(id)
    }

    pub(super) fn text(&self, id: NameId) -> Option<&str> {
        if id == NameId::ABSENT { None } else { self.texts.get(id.0 as usize).map(|text| &**text) }
    }

    /// The texts in order, and the new id of each old one. Then ids order like texts.
    pub(super) fn sorted(self) -> (Vec<Box<str>>, Vec<NameId>) {
        let mut order: Vec<u32> =
            (1..u32::try_from(self.texts.len()).unwrap_or(u32::MAX)).collect();
        order.sort_unstable_by(|a, b| self.texts[*a as usize].cmp(&self.texts[*b as usize]));
        let mut renamed = vec![NameId::ABSENT; self.texts.len()];
        for (rank, old) in (1..).zip(&order) {
            renamed[*old as usize] = NameId(rank);
        }
        let mut texts: Vec<Box<str>> = vec!["".into()];
        texts.extend(order.iter().map(|old| self.texts[*old as usize].clone()));
        (texts, renamed)
    }
}
