//! Rules that are never asked, because others before them take all that they would match.
//!
//! A rule is held against each one before it, then against all of them together: its alternatives
//! and listed values one by one, its days from change to change, and rules that leave nothing
//! between them, such as one for a tag that is present and one for a tag that is absent.

use std::collections::BTreeSet;

use crate::diagnostics::{Code, Finding, Place, Span};
use crate::domain::DateRange;
use crate::rules::{
    CaseRule, ClassifyRule, Condition, FieldId, Outcome, OwnerChoice, RuleSet, Test,
};

use super::quoted;

/// Cases into which a rule is taken apart, at most.
const MOST_CASES: usize = 256;

/// One of an ordered list, of which the first that matches decides.
struct Ordered<'r> {
    name: &'r str,
    span: &'r Span,
    /// When it decides.
    when: Condition,
    valid: DateRange,
    /// A bit for each field that it mentions, by its number in 64.
    mentions: u64,
    /// The same of fields that anything it takes must mention too.
    needs: u64,
}

pub(super) fn findings(rules: &RuleSet) -> Vec<Finding> {
    let classify: Vec<Ordered<'_>> = rules.classify.iter().map(of_rule).collect();
    let own = rules.components.iter().filter(|rule| !rule.span.path.starts_with("shipped:"));
    let component = |rule: &'_ crate::rules::ComponentRule| rule.when.clone();
    let components: Vec<Ordered<'_>> = own
        .map(|rule| Ordered::new(&rule.name, &rule.span, component(rule), DateRange::ALWAYS))
        .collect();
    let mut found = in_list("rule", &classify);
    found.extend(in_list("component", &components));
    found
}

fn of_rule(rule: &ClassifyRule) -> Ordered<'_> {
    let when = rule.when.clone();
    let when = match &rule.outcome {
        // Where the field has nothing, the rule names nobody and the next one is asked.
        Outcome::Owner(OwnerChoice::Inherited(field)) | Outcome::Family(_, field) => {
            Condition::All(vec![when, Condition::Not(Box::new(is_blank(*field)))])
        }
        Outcome::Owner(OwnerChoice::Named(_)) | Outcome::Pool(_) => when,
    };
    Ordered::new(&rule.name, &rule.span, when, rule.valid)
}

fn is_blank(field: FieldId) -> Condition {
    Condition::Field { field, test: Test::Empty, case: CaseRule::Sensitive }
}

impl<'r> Ordered<'r> {
    fn new(name: &'r str, span: &'r Span, when: Condition, valid: DateRange) -> Self {
        let (mentions, needs) = (mentioned(&when), needed(&when));
        Self { name, span, when, valid, mentions, needs }
    }

    /// Whether it certainly takes every charge of these days that satisfies the condition.
    fn takes(&self, case: &Condition, days: DateRange) -> bool {
        self.valid.includes(days) && case.implies(&self.when, days)
    }
}

fn bit(field: FieldId) -> u64 {
    1 << (field.0 % 64)
}

fn mentioned(condition: &Condition) -> u64 {
    match condition {
        Condition::Always => 0,
        Condition::Field { field, .. } => bit(*field),
        Condition::Not(part) => mentioned(part),
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().map(mentioned).fold(0, |all, part| all | part)
        }
    }
}

/// Fields without which nothing implies the condition.
fn needed(condition: &Condition) -> u64 {
    match condition {
        Condition::Always | Condition::Any(_) => 0,
        Condition::Field { field, .. } => bit(*field),
        Condition::Not(part) => match &**part {
            Condition::Field { field, .. } => bit(*field),
            _ => 0,
        },
        Condition::All(parts) => parts.iter().map(needed).fold(0, |all, part| all | part),
    }
}

fn in_list(what: &str, rules: &[Ordered<'_>]) -> Vec<Finding> {
    let complements = complements(rules);
    let mut found = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        let before = &rules[..index];
        let at = |finding: Finding| finding.at(Place::Text(rule.span.clone()));
        if rule.when.is_impossible(rule.valid) {
            let text = format!(
                "{what} `{}` can match nothing: two of its conditions exclude each other",
                rule.name
            );
            let help = "`any` is for conditions of which one is enough; a list of values means one of them";
            found.push(at(Finding::new(Code::RuleUnreachable, text).help(help)));
        } else if let Some(earlier) = alone(rule, before) {
            let text = format!(
                "{what} `{}` is never asked: {what} `{}` before it takes all that it would match",
                rule.name, earlier.name
            );
            let help =
                format!("move it before `{}` ({}), or remove it", earlier.name, earlier.span);
            found.push(at(Finding::new(Code::RuleUnreachable, text).help(help)));
        } else if let Some(takers) = together(rule, before, &complements) {
            let text = format!(
                "{what} `{}` is never asked: before it, {} together take all that it would match",
                rule.name,
                quoted(&takers)
            );
            let help = "move it before them, or remove it";
            found.push(at(Finding::new(Code::RuleShadowed, text).help(help)));
        }
    }
    found
}

fn alone<'a, 'r>(rule: &Ordered<'r>, before: &'a [Ordered<'r>]) -> Option<&'a Ordered<'r>> {
    let may = |earlier: &&Ordered<'_>| earlier.needs & !rule.mentions == 0;
    before.iter().filter(may).find(|earlier| earlier.takes(&rule.when, rule.valid))
}

/// Pairs of rules of which one matches wherever the other does not.
fn complements(rules: &[Ordered<'_>]) -> Vec<(usize, usize)> {
    let is_atom = |rule: &Ordered<'_>| match &rule.when {
        Condition::Field { .. } => true,
        Condition::Not(part) => matches!(**part, Condition::Field { .. }),
        _ => false,
    };
    let atoms: Vec<usize> = (0..rules.len()).filter(|index| is_atom(&rules[*index])).collect();
    let mut found = Vec::new();
    for (place, second) in atoms.iter().enumerate() {
        for first in &atoms[..place] {
            let (a, b) = (&rules[*first], &rules[*second]);
            let otherwise = Condition::Not(Box::new(a.when.clone()));
            if a.mentions == b.mentions && otherwise.implies(&b.when, DateRange::ALWAYS) {
                found.push((*first, *second));
            }
        }
    }
    found
}

/// The names of rules that together take every case of the rule.
fn together<'r>(
    rule: &Ordered<'r>,
    before: &[Ordered<'r>],
    complements: &[(usize, usize)],
) -> Option<Vec<&'r str>> {
    let may = |index: &usize| before[*index].needs & !rule.mentions == 0;
    let asked: Vec<usize> = (0..before.len()).filter(may).collect();
    let mut takers: BTreeSet<usize> = BTreeSet::new();
    for days in stretches(rule.valid, before) {
        let covers = |index: usize| before[index].valid.includes(days);
        let pairs = complements.iter().filter(|(_, second)| *second < before.len());
        let mut pairs = pairs.filter(|(first, second)| covers(*first) && covers(*second));
        if let Some((first, second)) = pairs.next() {
            takers.extend([first, second]);
            continue;
        }
        for case in rule.when.cases(MOST_CASES) {
            let taker = asked.iter().find(|index| before[**index].takes(&case, days))?;
            takers.insert(*taker);
        }
    }
    Some(takers.into_iter().map(|index| before[index].name).collect())
}

/// The days of a rule, cut where one before it begins or ceases to hold.
fn stretches(valid: DateRange, before: &[Ordered<'_>]) -> Vec<DateRange> {
    let ends = before.iter().flat_map(|rule| [rule.valid.from(), rule.valid.to()]).flatten();
    let mut cuts: Vec<_> =
        ends.filter(|day| valid.contains(*day) && valid.from() != Some(*day)).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let begins = std::iter::once(valid.from()).chain(cuts.iter().copied().map(Some));
    let ends = cuts.iter().copied().map(Some).chain(std::iter::once(valid.to()));
    begins.zip(ends).filter_map(|(from, to)| DateRange::new(from, to)).collect()
}
