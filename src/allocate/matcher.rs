//! Many conditions asked at once: which of the ordered rules can match a charge at all.
//!
//! What a rule asks of one field depends on that field's value alone, so it is answered once for each
//! value and kept as a bit; a charge's candidates are then the rules whose bit stands for all its
//! values. Five hundred rules are eight words of bits for each field. What a rule asks of several
//! fields at once is asked of the candidates only.

use chrono::NaiveDate;
use hashbrown::HashTable;

use crate::domain::Org;
use crate::rules::{Condition, FieldId, Test, Values};
use crate::tags::Resolved;

use super::prints::{Fingerprint, Keys};

/// Words of answers that are remembered for a field before all are forgotten: some 8 MB.
const ANSWER_LIMIT: usize = 1 << 20;

/// Ordered conditions, taken apart by field. Each thread has its own, for what it remembers.
#[derive(Debug)]
pub(super) struct Matcher<'r> {
    fields: Vec<Asked<'r>>,
    /// By rule: what remains to be asked of a candidate.
    rest: Vec<Vec<&'r Condition>>,
    words: usize,
    keys: Keys,
    candidates: Vec<u64>,
}

/// What all rules ask of one field.
#[derive(Debug)]
struct Asked<'r> {
    field: FieldId,
    questions: Vec<(usize, &'r Condition)>,
    /// Some answer depends on the day, which segments stand for.
    by_day: bool,
    /// By the fingerprint of segment and value, where its answers begin.
    known: HashTable<(Fingerprint, usize)>,
    answers: Vec<u64>,
}

/// A charge of which only one field is known.
struct One<'a> {
    field: FieldId,
    value: Option<&'a str>,
    day: NaiveDate,
    org: &'a Org,
}

impl Values for One<'_> {
    fn value(&self, field: FieldId) -> Option<&str> {
        self.value.filter(|_| field == self.field)
    }

    fn day(&self) -> NaiveDate {
        self.day
    }

    fn org(&self) -> &Org {
        self.org
    }
}

impl<'r> Matcher<'r> {
    pub(super) fn new(conditions: impl Iterator<Item = &'r Condition>) -> Self {
        let mut fields: Vec<Asked<'r>> = Vec::new();
        let mut rest = Vec::new();
        for (rule, condition) in conditions.enumerate() {
            let mut open = Vec::new();
            for part in parts(condition) {
                let Some(field) = only_field(part) else {
                    open.push(part);
                    continue;
                };
                let at = fields.iter().position(|asked| asked.field == field);
                let at = at.unwrap_or_else(|| {
                    fields.push(Asked::new(field));
                    fields.len() - 1
                });
                fields[at].by_day |= asks_day(part);
                fields[at].questions.push((rule, part));
            }
            rest.push(open);
        }
        let words = rest.len().div_ceil(64);
        Self { fields, rest, words, keys: Keys::default(), candidates: Vec::new() }
    }

    /// Calls `take` for the rules whose condition holds, in their order, until it finds something.
    pub(super) fn first<T>(
        &mut self,
        charge: &Resolved<'_>,
        segment: u16,
        mut take: impl FnMut(usize) -> Option<T>,
    ) -> Option<T> {
        self.candidates.clear();
        self.candidates.resize(self.words, u64::MAX);
        for asked in &mut self.fields {
            let answers = asked.answers(self.words, &self.keys, charge, segment);
            for (word, answers) in self.candidates.iter_mut().zip(answers) {
                *word &= answers;
            }
        }
        for (word, candidates) in self.candidates.iter().enumerate() {
            let mut left = *candidates;
            while left != 0 {
                let rule = word * 64 + left.trailing_zeros() as usize;
                left &= left - 1;
                // The last word has bits to spare.
                let Some(rest) = self.rest.get(rule) else { break };
                if rest.iter().all(|condition| condition.holds(charge))
                    && let Some(found) = take(rule)
                {
                    return Some(found);
                }
            }
        }
        None
    }
}

impl Asked<'_> {
    fn new(field: FieldId) -> Self {
        let (known, answers) = (HashTable::new(), Vec::new());
        Self { field, questions: Vec::new(), by_day: false, known, answers }
    }

    fn answers(
        &mut self,
        words: usize,
        keys: &Keys,
        charge: &Resolved<'_>,
        segment: u16,
    ) -> &[u64] {
        let value = charge.value(self.field);
        let segment = if self.by_day { segment } else { 0 };
        let print = keys.value(&(segment, value));
        if let Some((_, begin)) = self.known.find(print[0], |(known, _)| *known == print) {
            return &self.answers[*begin..*begin + words];
        }
        if self.answers.len() >= ANSWER_LIMIT {
            self.known.clear();
            self.answers.clear();
        }
        let begin = self.answers.len();
        self.answers.resize(begin + words, u64::MAX);
        let one = One { field: self.field, value, day: charge.day(), org: charge.org() };
        for (rule, question) in &self.questions {
            if !question.holds(&one) {
                self.answers[begin + rule / 64] &= !(1 << (rule % 64));
            }
        }
        self.known.insert_unique(print[0], (print, begin), |(known, _)| known[0]);
        &self.answers[begin..]
    }
}

/// The conditions that must all hold.
fn parts(condition: &Condition) -> Vec<&Condition> {
    match condition {
        Condition::Always => Vec::new(),
        Condition::All(all) => all.iter().flat_map(parts).collect(),
        other => vec![other],
    }
}

/// The one field that a condition asks, whatever it asks of it.
fn only_field(condition: &Condition) -> Option<FieldId> {
    match condition {
        Condition::Always => None,
        Condition::Field { field, .. } => Some(*field),
        Condition::Not(part) => only_field(part),
        Condition::All(all) | Condition::Any(all) => {
            let mut fields = all.iter().map(only_field);
            let first = fields.next()??;
            fields.all(|field| field == Some(first)).then_some(first)
        }
    }
}

fn asks_day(condition: &Condition) -> bool {
    match condition {
        Condition::Always => false,
        Condition::Field { test, .. } => {
            matches!(test, Test::OpenCostCenter | Test::OneOfDated(_))
        }
        Condition::Not(part) => asks_day(part),
        Condition::All(all) | Condition::Any(all) => all.iter().any(asks_day),
    }
}
