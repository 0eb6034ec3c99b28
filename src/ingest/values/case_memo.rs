//! Which case holds, remembered by what the conditions ask: bills have few kinds of rows, and maps
//! have many columns that ask for the kind.
//!
//! Columns whose cases ask the same fields form a group. Each distinct tuple of a group's fields is a
//! class; what was decided for a class is looked up by its number.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};

use foldhash::fast::FixedState;

use crate::rules::Condition;

use super::valuation::DerivedCase;

/// Classes of a group beyond which nothing more is remembered: its fields are no kinds of rows.
const MOST_CLASSES: usize = 4096;
/// Bytes of a tuple that is worth remembering.
const LONGEST: usize = 512;

/// What is asked of the rows of a file to decide between cases.
#[derive(Clone, Debug, Default)]
pub(in crate::ingest) struct CaseGroups {
    /// The fields of each group.
    groups: Vec<Vec<usize>>,
    /// By derived column.
    group_of: Vec<usize>,
}

impl CaseGroups {
    pub(in crate::ingest) fn new(derived: &[Vec<DerivedCase>]) -> Self {
        let mut made = Self::default();
        for cases in derived {
            let mut fields = BTreeSet::new();
            for when in cases.iter().filter_map(|case| case.when.as_ref()) {
                gather(when, &mut fields);
            }
            let fields: Vec<usize> = fields.into_iter().collect();
            let known = made.groups.iter().position(|group| *group == fields);
            let group = known.unwrap_or_else(|| {
                made.groups.push(fields);
                made.groups.len() - 1
            });
            made.group_of.push(group);
        }
        made
    }
}

fn gather(condition: &Condition, fields: &mut BTreeSet<usize>) {
    match condition {
        Condition::Always => {}
        Condition::All(parts) | Condition::Any(parts) => {
            for part in parts {
                gather(part, fields);
            }
        }
        Condition::Not(part) => gather(part, fields),
        Condition::Field { field, .. } => {
            fields.insert(usize::from(field.0));
        }
    }
}

/// The class of a row in one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    NotAsked,
    /// Too long, or one too many.
    Nameless,
    Number(usize),
}

/// What is known of a class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Decided {
    #[default]
    NotYet,
    NoCase,
    Case(usize),
}

/// The classes of a group, by their tuples.
type Numbers = HashMap<Box<[u8]>, usize, FixedState>;

/// What was decided so far, by one thread.
#[derive(Debug, Default)]
pub(super) struct CaseMemo {
    /// By group: of the row at hand.
    classes: Vec<Cell<Class>>,
    numbers: Vec<RefCell<Numbers>>,
    /// By derived column, then class.
    decided: Vec<RefCell<Vec<Decided>>>,
    tuple: RefCell<Vec<u8>>,
}

impl CaseMemo {
    /// The next row.
    pub(in crate::ingest) fn begin(&mut self, groups: &CaseGroups) {
        self.numbers.resize_with(groups.groups.len(), RefCell::default);
        self.decided.resize_with(groups.group_of.len(), RefCell::default);
        self.classes.clear();
        self.classes.resize(groups.groups.len(), Cell::new(Class::NotAsked));
    }

    /// The case of a derived column that holds of the row: as it was decided for its class, else as
    /// `decide` says. `write` appends the text of a field to a tuple.
    pub(in crate::ingest) fn case(
        &self,
        groups: &CaseGroups,
        derived: usize,
        write: impl Fn(usize, &mut Vec<u8>),
        decide: impl FnOnce() -> Option<usize>,
    ) -> Option<usize> {
        let group = groups.group_of[derived];
        if self.classes[group].get() == Class::NotAsked {
            self.classes[group].set(self.class(group, &groups.groups[group], write));
        }
        let Class::Number(class) = self.classes[group].get() else { return decide() };
        match self.decided[derived].borrow().get(class) {
            Some(Decided::Case(case)) => return Some(*case),
            Some(Decided::NoCase) => return None,
            Some(Decided::NotYet) | None => {}
        }
        let case = decide();
        let mut decided = self.decided[derived].borrow_mut();
        if decided.len() <= class {
            decided.resize(class + 1, Decided::NotYet);
        }
        decided[class] = case.map_or(Decided::NoCase, Decided::Case);
        case
    }

    fn class(&self, group: usize, fields: &[usize], write: impl Fn(usize, &mut Vec<u8>)) -> Class {
        let mut tuple = self.tuple.borrow_mut();
        tuple.clear();
        for field in fields {
            // Lengths tell apart where one text ends and the next begins.
            let begin = tuple.len();
            tuple.extend_from_slice(&[0; 4]);
            write(*field, &mut tuple);
            let length = u32::try_from(tuple.len() - begin).unwrap_or(u32::MAX).to_le_bytes();
            tuple[begin..begin + 4].copy_from_slice(&length);
        }
        if tuple.len() > LONGEST {
            return Class::Nameless;
        }
        let mut numbers = self.numbers[group].borrow_mut();
        if let Some(number) = numbers.get(tuple.as_slice()) {
            return Class::Number(*number);
        }
        if numbers.len() >= MOST_CLASSES {
            return Class::Nameless;
        }
        let number = numbers.len();
        numbers.insert(tuple.as_slice().into(), number);
        Class::Number(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The case that stands in a row, asked by two columns of one group.
    fn asked(
        memo: &mut CaseMemo,
        groups: &CaseGroups,
        row: &str,
        times: &Cell<usize>,
    ) -> [Option<usize>; 2] {
        memo.begin(groups);
        let write = |_: usize, tuple: &mut Vec<u8>| tuple.extend_from_slice(row.as_bytes());
        let decide = || {
            times.set(times.get() + 1);
            row.len().checked_sub(1)
        };
        [0, 1].map(|derived| memo.case(groups, derived, write, decide))
    }

    #[test]
    fn a_class_is_decided_once_and_what_cannot_be_remembered_each_time() {
        let groups = CaseGroups { groups: vec![vec![0]], group_of: vec![0, 0] };
        let (mut memo, times) = (CaseMemo::default(), Cell::new(0));
        for row in ["a", "bb", "", "a", "bb", ""] {
            let expected = row.len().checked_sub(1);
            assert_eq!(asked(&mut memo, &groups, row, &times), [expected; 2], "{row}");
        }
        assert_eq!(times.get(), 6);
        let long = "x".repeat(2 * LONGEST);
        assert_eq!(asked(&mut memo, &groups, &long, &times), [Some(long.len() - 1); 2]);
        assert_eq!(asked(&mut memo, &groups, &long, &times), [Some(long.len() - 1); 2]);
        assert_eq!(times.get(), 10);
        for number in 0..2 * MOST_CLASSES {
            let row = number.to_string();
            assert_eq!(asked(&mut memo, &groups, &row, &times), [Some(row.len() - 1); 2]);
        }
        assert!(memo.numbers[0].borrow().len() <= MOST_CLASSES);
    }
}
