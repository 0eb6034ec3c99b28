//! Conditions: operators over sources, and `And`, `Or`, `Not`, which always hold lists.

use chrono::{Days, NaiveDate};

use crate::diagnostics::Span;
use crate::import::condition::{Condition, Question, Test};
use crate::import::tree::Tree;

use super::origin::{Origin, Transformed};
use super::{Formation, Wrong};

/// Keys of a condition that say where its values come from.
const ORIGIN: [&str; 4] = ["Source", "Sources", "CoalesceSources", "Transforms"];

impl Formation<'_> {
    /// A list of conditions of which one must hold.
    pub(super) fn any_of(
        &mut self,
        tree: &Tree,
        origin: &Origin,
        what: &str,
    ) -> Result<Condition, Wrong> {
        self.list(tree, origin, what).map(Condition::Any)
    }

    fn list(&mut self, tree: &Tree, origin: &Origin, what: &str) -> Result<Vec<Condition>, Wrong> {
        if tree.items().is_empty() {
            return Err((tree.span.clone(), "a list of conditions is empty".to_owned()));
        }
        tree.items().iter().map(|item| self.condition(item, origin, what)).collect()
    }

    fn condition(
        &mut self,
        tree: &Tree,
        inherited: &Origin,
        what: &str,
    ) -> Result<Condition, Wrong> {
        let operators = tree.entries().iter();
        let mut operators = operators.filter(|(key, _)| !ORIGIN.contains(&key.text.as_str()));
        let (Some((key, value)), None) = (operators.next(), operators.next()) else {
            let why = "a condition holds one operator, beside its source";
            return Err((tree.span.clone(), why.to_owned()));
        };
        let origin = Origin::of(tree).or(inherited);
        match key.text.as_str() {
            "And" => self.list(value, &origin, what).map(Condition::All),
            "Or" => self.list(value, &origin, what).map(Condition::Any),
            "Not" => self.any_of(value, &origin, what).map(Condition::negated),
            "ForDateRange" => date_range(value),
            "HasValue" => self.has_value(value, &origin, what),
            "Before" | "BeforeOrEquals" | "After" | "AfterOrEquals" => {
                ordered(&key.text, value, &origin)
            }
            "Matches" => self.matches(value, &origin, what),
            name => self.compared(name, &key.span, value, &origin, what),
        }
    }

    fn has_value(&mut self, value: &Tree, origin: &Origin, what: &str) -> Result<Condition, Wrong> {
        let fields = self.fields_of(origin, &value.span, what)?;
        let asked = fields.iter().map(|field| Condition::ask(field, Test::HasText));
        let has = Condition::Any(asked.collect());
        match value.scalar().map(str::to_lowercase).as_deref() {
            Some("true") => Ok(has),
            Some("false") => Ok(has.negated()),
            _ => Err((value.span.clone(), "`HasValue` is neither true nor false".to_owned())),
        }
    }

    /// An expression matches the whole value.
    fn matches(&mut self, value: &Tree, origin: &Origin, what: &str) -> Result<Condition, Wrong> {
        let mut patterns = Vec::new();
        for item in value.items() {
            let pattern = item.scalar().map(|text| format!("^(?:{text})$"));
            let pattern = pattern.filter(|pattern| regex::Regex::new(pattern).is_ok());
            patterns.push(pattern.ok_or_else(|| {
                (item.span.clone(), "costbook's regular expressions do not have this".to_owned())
            })?);
        }
        let fields = self.fields_of(origin, &value.span, what)?;
        let is_transformed = self.transformed(origin, what)? != Transformed::default();
        let asked = fields.iter().flat_map(|field| {
            let ask =
                |pattern: &String| question(field, Test::Regex(pattern.clone()), !is_transformed);
            patterns.iter().map(ask).collect::<Vec<_>>()
        });
        Ok(Condition::Any(asked.collect()))
    }

    fn compared(
        &mut self,
        operator: &str,
        span: &Span,
        value: &Tree,
        origin: &Origin,
        what: &str,
    ) -> Result<Condition, Wrong> {
        let test: fn(Vec<String>) -> Test = match operator {
            "Equals" => Test::OneOf,
            "Contains" => Test::Contains,
            "BeginsWith" => Test::Prefix,
            "EndsWith" => Test::Suffix,
            _ => return Err((span.clone(), format!("the condition `{operator}` is not known"))),
        };
        let texts: Option<Vec<String>> =
            value.items().iter().map(|item| item.scalar().map(str::to_owned)).collect();
        let texts = texts.ok_or_else(|| (value.span.clone(), "a value is no text".to_owned()))?;
        let transformed = self.transformed(origin, what)?;
        let texts = self.reachable(texts, transformed, value, what);
        let mut fields = self.plain_fields(origin, span)?;
        // Case alone is a way to compare; what else is done to a value is done by a dimension.
        if origin.coalesces && fields.len() > 1 {
            fields = vec![self.helper(fields, transformed)];
        } else if transformed.trims {
            fields = fields.into_iter().map(|f| self.helper(vec![f], transformed)).collect();
        }
        let counts = transformed.case.is_none();
        let asked = fields.iter().map(|field| question(field, test(texts.clone()), counts));
        Ok(Condition::Any(asked.collect()))
    }

    /// Texts that a transformed value can be or hold; others never match.
    fn reachable(
        &mut self,
        texts: Vec<String>,
        transformed: Transformed,
        value: &Tree,
        what: &str,
    ) -> Vec<String> {
        let is_reachable = |text: &String| match transformed.case {
            Some("lower") => *text == text.to_lowercase(),
            Some(_) => *text == text.to_uppercase(),
            None => true,
        };
        let (kept, lost): (Vec<String>, Vec<String>) = texts.into_iter().partition(is_reachable);
        if !lost.is_empty() {
            let why = format!(
                "its transforms change the case of what is compared, so that it never matches in CloudZero: {}",
                lost.join(", ")
            );
            self.draft.leave_out(&value.span, format!("a value in {what}"), why);
        }
        kept
    }
}

fn question(field: &str, test: Test, case_counts: bool) -> Condition {
    Condition::Ask(Question { field: field.to_owned(), test, case_counts })
}

/// Texts are ordered by letters, which costbook has for days only.
fn ordered(operator: &str, value: &Tree, origin: &Origin) -> Result<Condition, Wrong> {
    let is_day = matches!(&origin.sources[..], [(name, _)] if name == "UsageDay");
    let day = value.scalar().and_then(|text| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok());
    let (true, Some(day)) = (is_day, day) else {
        let why = format!("costbook orders days and numbers, not the texts of `{operator}`");
        return Err((value.span.clone(), why));
    };
    let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
    let test = match operator {
        "Before" => Test::Before(day),
        "BeforeOrEquals" => Test::Before(next),
        "After" => Test::After(next),
        _ => Test::After(day),
    };
    Ok(Condition::ask("charge_period_start", test))
}

/// Both days are in.
fn date_range(tree: &Tree) -> Result<Condition, Wrong> {
    let mut parts = Vec::new();
    for (key, value) in tree.entries() {
        let day = value.scalar().and_then(|text| text.get(..10));
        let day = day.and_then(|text| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok());
        let day = day.ok_or_else(|| (value.span.clone(), "it is no day".to_owned()))?;
        let test = match key.text.as_str() {
            "From" => Test::After(day),
            "Until" => Test::Before(day.checked_add_days(Days::new(1)).unwrap_or(day)),
            other => return Err((key.span.clone(), format!("`{other}` of a range is not known"))),
        };
        parts.push(Condition::ask("charge_period_start", test));
    }
    if parts.is_empty() {
        return Err((tree.span.clone(), "the range has no days".to_owned()));
    }
    Ok(Condition::All(parts))
}
