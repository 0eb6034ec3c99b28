//! How rules use a field: for its value, or only to ask questions of it.
//!
//! A field that is only asked questions can be told by the answers: whoever remembers decisions
//! need not tell apart two values to which all answers are the same.

use super::condition::{CaseRule, Condition, Test};
use super::model::{FieldId, Outcome, OwnerChoice, RuleSet, ValueChoice};

/// What rules do with a field.
#[derive(Clone, Debug)]
pub enum FieldUse<'r> {
    /// The value itself goes somewhere, or a question about it depends on more than the value.
    Value,
    /// Only these questions are asked.
    Questions(Vec<(&'r Test, CaseRule)>),
}

impl RuleSet {
    /// What the rules do with a field.
    #[must_use]
    pub fn use_of(&self, field: FieldId) -> FieldUse<'_> {
        if self.takes_value(field) {
            return FieldUse::Value;
        }
        let mut questions = Vec::new();
        for condition in self.conditions() {
            gather(condition, field, &mut questions);
        }
        if questions.iter().any(|(test, _)| matches!(test, Test::OpenCostCenter)) {
            return FieldUse::Value;
        }
        FieldUse::Questions(questions)
    }

    fn takes_value(&self, field: FieldId) -> bool {
        let by_dimension = self.dimensions.iter().any(|dimension| {
            let chosen = |value: &ValueChoice| matches!(value, ValueChoice::From(f) if *f == field);
            dimension.from.contains(&field)
                || dimension.rules.iter().any(|rule| chosen(&rule.value))
        });
        let names_bearer = |outcome: &Outcome| match outcome {
            Outcome::Owner(OwnerChoice::Inherited(from)) | Outcome::Family(_, from) => {
                *from == field
            }
            Outcome::Owner(OwnerChoice::Named(_)) | Outcome::Pool(_) => false,
        };
        by_dimension
            || self.joins.values().any(|join| *join == field)
            || self.classify.iter().any(|rule| names_bearer(&rule.outcome))
            || self.pools.iter().any(|pool| pool.lot_fields().contains(&field))
    }

    fn conditions(&self) -> impl Iterator<Item = &Condition> {
        let of_dimensions =
            self.dimensions.iter().flat_map(|d| d.rules.iter().map(|rule| &rule.when));
        let of_components = self.components.iter().map(|rule| &rule.when);
        let of_rules = self.classify.iter().map(|rule| &rule.when);
        of_dimensions.chain(of_components).chain(of_rules).chain(&self.bases)
    }
}

fn gather<'r>(condition: &'r Condition, field: FieldId, questions: &mut Vec<(&'r Test, CaseRule)>) {
    match condition {
        Condition::Always => {}
        Condition::All(parts) | Condition::Any(parts) => {
            for part in parts {
                gather(part, field, questions);
            }
        }
        Condition::Not(part) => gather(part, field, questions),
        Condition::Field { field: asked, test, case } => {
            if *asked == field {
                questions.push((test, *case));
            }
        }
    }
}
