//! Whether one condition holds wherever another does, as far as that can be proved.
//!
//! What is proved is true of every charge on every day that is looked at; what is not proved may be
//! true all the same. So whoever warns by it warns of nothing that is not so.
//!
//! A condition is asserted or denied (a [`Claim`]); by that, `any` of denied parts is `all` of them
//! denied, and one set of cases does for both. Values of one field are compared as sets: listed
//! values are looked at one by one, patterns by the one text that stands for all that they match.

use crate::domain::{Amount, DateRange};

use super::condition::{CaseRule, Condition, Test};
use super::model::FieldId;

/// Steps that one proof may take; conditions that are nested deeply in each other need more.
const STEPS: u32 = 20_000;
/// What stands in a text for any other text: no rule and no bill can hold it.
const ANY_TEXT: &str = "\0";

impl Condition {
    /// Whether it is certain that `other` holds of every charge of these days of which this one holds.
    #[must_use]
    pub fn implies(&self, other: &Self, days: DateRange) -> bool {
        Proof { days, steps: STEPS }.implies(Claim::of(self), Claim::of(other))
    }

    /// Whether it is certain that no charge of these days satisfies both.
    #[must_use]
    pub fn excludes(&self, other: &Self, days: DateRange) -> bool {
        Proof { days, steps: STEPS }.implies(Claim::of(self), Claim::of(other).denied())
    }

    /// Whether it is certain that no charge satisfies the condition: two of its parts exclude each
    /// other.
    #[must_use]
    pub fn is_impossible(&self, days: DateRange) -> bool {
        let mut parts = Vec::new();
        conjuncts(Claim::of(self), &mut parts);
        let pairs = parts.iter().enumerate();
        let mut proof = Proof { days, steps: STEPS };
        pairs.into_iter().any(|(index, a)| {
            let never = matches!(a.condition, Self::Always) && !a.holds;
            never || parts[..index].iter().any(|b| proof.implies(*b, a.denied()))
        })
    }

    /// Conditions one of which holds wherever this one does: alternatives apart, and listed values
    /// one by one, as far as there are at most `most` of them.
    #[must_use]
    pub fn cases(&self, most: usize) -> Vec<Self> {
        let parts = match self {
            Self::All(parts) => parts.as_slice(),
            other => std::slice::from_ref(other),
        };
        let mut cases: Vec<Vec<Self>> = vec![Vec::new()];
        for part in parts {
            let alternatives = alternatives(part);
            let fits = cases.len().saturating_mul(alternatives.len()) <= most;
            let alternatives = if fits { alternatives } else { vec![part.clone()] };
            let with = |case: &Vec<Self>| {
                let case = case.clone();
                alternatives
                    .iter()
                    .map(move |one| [case.as_slice(), std::slice::from_ref(one)].concat())
            };
            cases = cases.iter().flat_map(with).collect();
        }
        cases.into_iter().map(Self::All).collect()
    }
}

fn alternatives(part: &Condition) -> Vec<Condition> {
    match part {
        Condition::Any(parts) => parts.iter().flat_map(alternatives).collect(),
        Condition::Field { field, test: Test::OneOf(texts), case } => {
            let one = |text: &String| Condition::Field {
                field: *field,
                test: Test::OneOf([text.clone()].into()),
                case: *case,
            };
            texts.iter().map(one).collect()
        }
        other => vec![other.clone()],
    }
}

/// A condition that is asserted, or denied.
#[derive(Clone, Copy, Debug)]
struct Claim<'c> {
    condition: &'c Condition,
    holds: bool,
}

/// What a claim says of one field.
#[derive(Clone, Copy, Debug)]
struct Atom<'c> {
    field: FieldId,
    test: &'c Test,
    case: CaseRule,
    holds: bool,
}

impl<'c> Claim<'c> {
    fn of(condition: &'c Condition) -> Self {
        Self { condition, holds: true }.plain()
    }

    /// The same claim about what is not a denial.
    fn plain(mut self) -> Self {
        while let Condition::Not(inner) = self.condition {
            self = Self { condition: inner, holds: !self.holds };
        }
        self
    }

    fn denied(self) -> Self {
        Self { holds: !self.holds, ..self }
    }

    fn about(self, part: &'c Condition) -> Self {
        Self { condition: part, ..self }.plain()
    }

    /// Parts that must all hold.
    fn all(self) -> Option<&'c [Condition]> {
        match (self.condition, self.holds) {
            (Condition::All(parts), true) | (Condition::Any(parts), false) => Some(parts),
            _ => None,
        }
    }

    /// Parts of which one must hold.
    fn any(self) -> Option<&'c [Condition]> {
        match (self.condition, self.holds) {
            (Condition::Any(parts), true) | (Condition::All(parts), false) => Some(parts),
            _ => None,
        }
    }

    fn atom(self) -> Option<Atom<'c>> {
        let Condition::Field { field, test, case } = self.condition else { return None };
        let (test, holds) = match (test, self.holds) {
            (Test::Absent, false) => (&Test::Present, true),
            (Test::Present, false) => (&Test::Absent, true),
            said => said,
        };
        Some(Atom { field: *field, test, case: *case, holds })
    }
}

/// Everything that a claim says at once.
fn conjuncts<'c>(claim: Claim<'c>, found: &mut Vec<Claim<'c>>) {
    match claim.all() {
        Some(parts) => parts.iter().for_each(|part| conjuncts(claim.about(part), found)),
        None => found.push(claim),
    }
}

struct Proof {
    days: DateRange,
    steps: u32,
}

impl Proof {
    fn implies(&mut self, a: Claim<'_>, b: Claim<'_>) -> bool {
        if self.steps == 0 {
            return false;
        }
        self.steps -= 1;
        if let Condition::Always = b.condition
            && b.holds
        {
            return true;
        }
        if let Some(parts) = a.any() {
            return parts.iter().all(|part| self.implies(a.about(part), b));
        }
        if let Some(parts) = b.all() {
            return parts.iter().all(|part| self.implies(a, b.about(part)));
        }
        if let Some(parts) = b.any()
            && parts.iter().any(|part| self.implies(a, b.about(part)))
        {
            return true;
        }
        if let Some(parts) = a.all() {
            return parts.iter().any(|part| self.implies(a.about(part), b))
                || self.values_imply(a, b);
        }
        match (a.condition, a.atom(), b.atom()) {
            (Condition::Always, ..) => !a.holds,
            (_, Some(a), Some(b)) => a.field == b.field && atom_implies(a, b, self.days),
            _ => false,
        }
    }

    /// Where a field must have one of a few values, those that nothing else rules out.
    fn values_imply(&mut self, a: Claim<'_>, b: Claim<'_>) -> bool {
        let Some(b) = b.atom() else { return false };
        let mut parts = Vec::new();
        conjuncts(a, &mut parts);
        let said = || parts.iter().filter_map(|part| part.atom()).filter(|a| a.field == b.field);
        let listed = said().find_map(|atom| match atom.test {
            Test::OneOf(texts) if atom.holds && atom.case == CaseRule::Sensitive => Some(texts),
            _ => None,
        });
        let Some(texts) = listed else { return false };
        let answers = |atom: Atom<'_>, text: &str| {
            answer(atom.test, atom.case, text, self.days).map(|found| found == atom.holds)
        };
        let left = texts.iter().filter(|text| said().all(|a| answers(a, text) != Some(false)));
        let mut left = left.map(|text| answers(b, text));
        left.all(|found| found == Some(true))
    }
}

/// The answer to a value on all of these days; `None` where it is not the same on all, or not known.
fn answer(test: &Test, case: CaseRule, text: &str, days: DateRange) -> Option<bool> {
    match test {
        Test::OpenCostCenter => None,
        Test::OneOfDated(dated) => {
            let valid = match case {
                CaseRule::Sensitive => dated.days(text),
                _ => dated.days(&text.to_lowercase()),
            };
            if days.is_covered_by(valid) {
                return Some(true);
            }
            let is_out = valid.iter().all(|range| !range.overlaps(days));
            is_out.then_some(false)
        }
        _ => Some(test.answer(Some(text), case)),
    }
}

/// Both are about the same field.
fn atom_implies(a: Atom<'_>, b: Atom<'_>, days: DateRange) -> bool {
    match (a.holds, b.holds) {
        // What is denied of more is denied of less.
        (false, false) if matches!(b.test, Test::Empty) => matches!(a.test, Test::Empty),
        (false, false) => test_implies((b.test, b.case), (a.test, a.case), days),
        (false, true) => matches!((a.test, b.test), (Test::Empty, Test::Present)),
        (true, true) => test_implies((a.test, a.case), (b.test, b.case), days),
        (true, false) => test_excludes((a.test, a.case), (b.test, b.case), days),
    }
}

type Asked<'c> = (&'c Test, CaseRule);

fn test_implies(a: Asked<'_>, b: Asked<'_>, days: DateRange) -> bool {
    if let Test::Absent = a.0 {
        return b.0.answer(None, b.1);
    }
    if let Some(mut answers) = each_value(a, b, days) {
        return answers.all(|found| found == Some(true));
    }
    match (a.0, b.0) {
        (Test::Empty, Test::Empty) | (Test::OpenCostCenter, Test::OpenCostCenter) => true,
        (Test::Empty, _) => false,
        // Every other test is false of an absent value.
        (_, Test::Present) => true,
        (Test::Before(a), Test::Before(b)) => a <= b,
        (Test::After(a), Test::After(b)) => a >= b,
        (Test::Regex(a_s), Test::Regex(b_s)) => {
            let same = |a: &regex::Regex, b: &regex::Regex| a.as_str() == b.as_str();
            a.1 == b.1 && a_s.iter().all(|a| b_s.iter().any(|b| same(a, b)))
        }
        _ => bounds_imply(a.0, b.0) || patterns_imply(a, b),
    }
}

fn test_excludes(a: Asked<'_>, b: Asked<'_>, days: DateRange) -> bool {
    if let Test::Absent = a.0 {
        return !b.0.answer(None, b.1);
    }
    if let Some(mut answers) = each_value(a, b, days) {
        return answers.all(|found| found == Some(false));
    }
    if let Test::OneOf(_) | Test::OneOfDated(_) = b.0
        && !matches!(a.0, Test::Empty)
        && let Some(mut answers) = each_value(b, a, days)
    {
        return answers.all(|found| found == Some(false));
    }
    match (a.0, b.0) {
        (Test::Empty, _) | (_, Test::Present) => false,
        (_, Test::Absent) => true,
        (Test::Before(a), Test::After(b)) | (Test::After(b), Test::Before(a)) => a <= b,
        (_, Test::Empty) => is_never_blank(a.0),
        (Test::Prefix(a_s), Test::Prefix(b_s)) if a.1 == b.1 => {
            all_pairs(a_s, b_s, |a, b| !a.starts_with(b) && !b.starts_with(a))
        }
        (Test::Suffix(a_s), Test::Suffix(b_s)) if a.1 == b.1 => {
            all_pairs(a_s, b_s, |a, b| !a.ends_with(b) && !b.ends_with(a))
        }
        _ => bounds_exclude(a.0, b.0) || bounds_exclude(b.0, a.0),
    }
}

fn all_pairs(a: &[String], b: &[String], holds: impl Fn(&str, &str) -> bool) -> bool {
    a.iter().all(|a| b.iter().all(|b| holds(a, b)))
}

/// What `b` answers to each value that `a` allows, where `a` lists them.
fn each_value<'c>(
    a: Asked<'c>,
    b: Asked<'c>,
    days: DateRange,
) -> Option<Box<dyn Iterator<Item = Option<bool>> + 'c>> {
    let is_exact = a.1 == CaseRule::Sensitive;
    // Listed values in lower case stand for all their spellings.
    let both_fold = b.1 != CaseRule::Sensitive && !matches!(b.0, Test::Glob(_) | Test::Regex(_));
    let is_plain = matches!(b.0, Test::Present | Test::Absent | Test::Empty);
    if !is_exact && !both_fold && !is_plain {
        return None;
    }
    match a.0 {
        Test::OneOf(texts) => {
            Some(Box::new(texts.iter().map(move |text| answer(b.0, b.1, text, days))))
        }
        Test::OneOfDated(dated) => {
            let each = dated
                .texts()
                .flat_map(|(text, valid)| valid.iter().map(move |range| (text, *range)));
            let shared = each.filter_map(move |(text, range)| Some((text, range.common(days)?)));
            Some(Box::new(shared.map(move |(text, days)| answer(b.0, b.1, text, days))))
        }
        _ => None,
    }
}

/// A value that satisfies the test has something in it beside blanks.
fn is_never_blank(test: &Test) -> bool {
    match test {
        Test::Prefix(texts) | Test::Suffix(texts) | Test::Contains(texts) => {
            texts.iter().all(|text| !text.trim().is_empty())
        }
        Test::Glob(globs) => globs.iter().all(|glob| {
            let stretches = glob.stretches().unwrap_or_default();
            stretches.iter().any(|stretch| !stretch.trim().is_empty())
        }),
        Test::Before(_)
        | Test::After(_)
        | Test::Less(_)
        | Test::LessOrEqual(_)
        | Test::Greater(_)
        | Test::GreaterOrEqual(_) => true,
        _ => false,
    }
}

/// A bound from above: the amount, and whether it is itself allowed.
fn upper(test: &Test) -> Option<(Amount, bool)> {
    match test {
        Test::Less(bound) => Some((*bound, false)),
        Test::LessOrEqual(bound) => Some((*bound, true)),
        _ => None,
    }
}

fn lower(test: &Test) -> Option<(Amount, bool)> {
    match test {
        Test::Greater(bound) => Some((*bound, false)),
        Test::GreaterOrEqual(bound) => Some((*bound, true)),
        _ => None,
    }
}

fn bounds_imply(a: &Test, b: &Test) -> bool {
    let fits = |(a, a_in): (Amount, bool), (b, b_in): (Amount, bool)| a == b && (b_in || !a_in);
    if let (Some(a), Some(b)) = (upper(a), upper(b)) {
        return a.0 < b.0 || fits(a, b);
    }
    if let (Some(a), Some(b)) = (lower(a), lower(b)) {
        return a.0 > b.0 || fits(a, b);
    }
    false
}

fn bounds_exclude(a: &Test, b: &Test) -> bool {
    let (Some(above), Some(below)) = (upper(a), lower(b)) else { return false };
    above.0 < below.0 || (above.0 == below.0 && !(above.1 && below.1))
}

/// Whether each text that a pattern of `a` matches is matched by one of `b`.
fn patterns_imply(a: Asked<'_>, b: Asked<'_>) -> bool {
    let (Some(narrow), Some(wide)) = (stretches(a.0), stretches(b.0)) else { return false };
    let folds = |case: CaseRule| case != CaseRule::Sensitive;
    let is_alike = folds(a.1) == folds(b.1);
    let is_folded = !folds(a.1) && folds(b.1);
    narrow.iter().all(|pattern| {
        // The text that has nothing but what the pattern asks for: any other text that it matches
        // has something else where this one has the sign, and so a `*` of the other matches it too.
        let mut witness = pattern.join(ANY_TEXT);
        if is_folded {
            // The lower case of a sigma depends on what stands around it.
            if witness.contains('Σ') {
                return false;
            }
            witness = witness.to_lowercase();
        } else if !is_alike {
            return false;
        }
        wide.iter().any(|pattern| super::pattern::has_stretches(pattern, &witness))
    })
}

/// The alternatives of a pattern, each as the stretches between what matches any text.
fn stretches(test: &Test) -> Option<Vec<Vec<String>>> {
    let all = |texts: &[String], make: fn(String) -> Vec<String>| {
        Some(texts.iter().cloned().map(make).collect())
    };
    match test {
        Test::OneOf(texts) => Some(texts.iter().map(|text| vec![text.clone()]).collect()),
        Test::Prefix(texts) => all(texts, |text| vec![text, String::new()]),
        Test::Suffix(texts) => all(texts, |text| vec![String::new(), text]),
        Test::Contains(texts) => all(texts, |text| vec![String::new(), text, String::new()]),
        Test::Glob(globs) => globs.iter().map(|glob| glob.stretches().map(<[_]>::to_vec)).collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
