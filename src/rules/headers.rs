//! Under which headers small tables carry what is asked of them. Case, blanks and the signs between
//! words do not count.

use std::collections::{BTreeMap, BTreeSet};

use super::decode::{Mapping, words};
use super::node::Node;
use super::sink::Sink;

/// What is asked of a table, each by its name in project files.
pub trait HeaderField: Copy + Ord + 'static {
    const ALL: &'static [Self];

    fn name(self) -> &'static str;
}

/// The headers that each field may have, in the order in which they are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headers<F> {
    names: BTreeMap<F, Vec<String>>,
    /// Fields whose headers the project names itself.
    own: BTreeSet<F>,
}

impl<F: HeaderField> Default for Headers<F> {
    fn default() -> Self {
        Self { names: BTreeMap::new(), own: BTreeSet::new() }
    }
}

impl<F: HeaderField> Headers<F> {
    /// The position of a field's header among those of a table.
    #[must_use]
    pub fn position(&self, field: F, headers: &[String]) -> Option<usize> {
        self.of(field).iter().find_map(|name| header_position(name, headers))
    }

    /// The headers of a field in the ways in which people write them: as declared, and with a
    /// blank, `_` or `-` between the words.
    #[must_use]
    pub fn spellings(&self, field: F) -> Vec<String> {
        header_spellings(self.of(field))
    }

    /// The first header that is looked for.
    #[must_use]
    pub fn usual(&self, field: F) -> &str {
        self.of(field).first().map_or(field.name(), String::as_str)
    }

    /// Whether the project names the headers of a field itself.
    #[must_use]
    pub fn is_own(&self, field: F) -> bool {
        self.own.contains(&field)
    }

    fn of(&self, field: F) -> &[String] {
        self.names.get(&field).map_or(&[], Vec::as_slice)
    }

    /// Headers of the project's own go before those that are known.
    pub(super) fn with(mut self, own: Self) -> Self {
        self.own.extend(own.names.keys());
        self.names.extend(own.names);
        self
    }
}

/// The position of a header, however it is written.
#[must_use]
pub fn header_position(name: &str, headers: &[String]) -> Option<usize> {
    let name = plain(name);
    headers.iter().position(|header| plain(header) == name)
}

/// Headers in the ways in which people write them.
#[must_use]
pub fn header_spellings<'a>(names: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let mut found = Vec::new();
    for name in names {
        let words = words_of(name);
        found.push(name.clone());
        found.extend(["", " ", "_", "-"].map(|between| words.join(between)));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The key `columns`, by what the headers hold.
pub(super) fn read_headers<F: HeaderField>(node: &Node, sink: &mut Sink) -> Option<Headers<F>> {
    let names: Vec<&str> = F::ALL.iter().map(|field| field.name()).collect();
    let map = Mapping::read(node, "`columns`", &names, sink)?;
    let mut found = BTreeMap::new();
    for field in F::ALL {
        let Some(node) = map.get(field.name()) else { continue };
        let headers = words(node, "a header", sink)?;
        found.insert(*field, headers.into_iter().map(|header| header.text).collect());
    }
    Some(Headers { names: found, own: BTreeSet::new() })
}

/// The words of a header: what a blank, sign or capital letter begins.
fn words_of(header: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut last = ' ';
    for letter in header.chars() {
        let is_gap = letter.is_whitespace() || matches!(letter, '_' | '-');
        if !is_gap {
            let begins = words.is_empty()
                || last.is_whitespace()
                || matches!(last, '_' | '-')
                || (letter.is_uppercase() && last.is_lowercase());
            if begins {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.push(letter);
            }
        }
        last = letter;
    }
    words
}

/// A header without what people write differently.
fn plain(header: &str) -> String {
    let kept = header.chars().filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-' | '.'));
    kept.flat_map(char::to_lowercase).collect()
}
