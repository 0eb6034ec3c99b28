//! Expressions of cost categories: dimensions, tags and other categories, joined by `And`, `Or`
//! and `Not`.

use crate::diagnostics::Span;
use crate::import::condition::{Condition, Question, Test};
use crate::import::tree::{Kind, Tree};

use super::Categories;

/// AWS' dimensions of cost categories, and the fields that hold them.
const FIELDS: [(&str, &str); 7] = [
    ("LINKED_ACCOUNT", "sub_account_id"),
    ("LINKED_ACCOUNT_NAME", "sub_account_name"),
    ("SERVICE_CODE", "x_ServiceCode"),
    ("USAGE_TYPE", "x_UsageType"),
    ("REGION", "region"),
    ("BILLING_ENTITY", "x_BillingEntity"),
    // The values are the line item types of the Cost and Usage Report, by the table of terms in
    // manage-cost-categories.html.
    ("RECORD_TYPE", "x_LineItemType"),
];

/// What AWS calls the region of charges that have none.
const NO_REGION: [&str; 3] = ["NoRegion", "global", ""];

type Wrong = (Span, String);

impl Categories<'_> {
    /// The condition of an expression, or why it has none.
    pub(super) fn expression(&mut self, tree: &Tree, what: &str) -> Result<Condition, Wrong> {
        let [(key, inner)] = tree.entries() else {
            let found = tree.entries().iter().map(|(key, _)| key.text.as_str());
            let found: Vec<&str> = found.collect();
            let why = format!(
                "an expression holds one of Dimensions, Tags, CostCategories, And, Or and Not; this one has {}",
                if found.is_empty() { tree.noun() } else { found.join(", ") }
            );
            return Err((tree.span.clone(), why));
        };
        match key.text.as_str() {
            "And" => self.expressions(inner, what).map(Condition::All),
            "Or" => self.expressions(inner, what).map(Condition::Any),
            "Not" => match inner.items() {
                [one] => self.expression(one, what).map(Condition::negated),
                _ => Err((inner.span.clone(), "`Not` takes one expression".into())),
            },
            "Dimensions" => self.dimension(inner, what),
            "Tags" => {
                let key = key_of(inner)?;
                let field = format!("tag.{key}");
                self.values(inner, &field, what)
            }
            "CostCategories" => {
                let key = key_of(inner)?.to_owned();
                let field = self.dimension_of(&key).map_err(|why| (inner.span.clone(), why))?;
                self.values(inner, &field, what)
            }
            other => Err((key.span.clone(), format!("`{other}` is no expression that is known"))),
        }
    }

    fn expressions(&mut self, tree: &Tree, what: &str) -> Result<Vec<Condition>, Wrong> {
        if tree.items().is_empty() {
            return Err((tree.span.clone(), "it joins no expressions".into()));
        }
        tree.items().iter().map(|item| self.expression(item, what)).collect()
    }

    fn dimension(&mut self, tree: &Tree, what: &str) -> Result<Condition, Wrong> {
        let key = key_of(tree)?;
        let Some((_, field)) = FIELDS.iter().find(|(name, _)| *name == key) else {
            return Err((tree.span.clone(), format!("costbook has no column for AWS' `{key}`")));
        };
        let condition = self.values(tree, field, what)?;
        Ok(match condition {
            Condition::Ask(question) if key == "RECORD_TYPE" => record_type(question),
            Condition::Ask(question) if key == "REGION" => self.region(question, tree, what),
            condition => condition,
        })
    }

    /// AWS has names for having no region.
    fn region(&mut self, question: Question, tree: &Tree, what: &str) -> Condition {
        let Test::OneOf(values) = &question.test else { return Condition::Ask(question) };
        let names_none = values.iter().any(|value| NO_REGION.contains(&value.as_str()));
        if !names_none {
            return Condition::Ask(question);
        }
        let why = "what AWS calls `NoRegion` or `global` is taken for charges without a region, or with that very text";
        self.draft.write_otherwise(&tree.span, format!("a region in {what}"), why);
        let absent = Condition::ask(&question.field, Test::Absent);
        Condition::Any(vec![Condition::Ask(question), absent])
    }

    fn values(&mut self, tree: &Tree, field: &str, what: &str) -> Result<Condition, Wrong> {
        self.draft.tell_unread(tree, &["Key", "Values", "MatchOptions"], what);
        let mut values = Vec::new();
        for value in tree.get("Values").map(Tree::items).unwrap_or_default() {
            match (&value.kind, value.scalar()) {
                (_, Some(text)) => values.push(text.to_owned()),
                (Kind::Unknown(text), _) => {
                    let why = format!("the value `{text}` is worked out elsewhere");
                    return Err((value.span.clone(), why));
                }
                _ => return Err((value.span.clone(), "a value is no text".into())),
            }
        }
        let (operator, case_counts) = match_options(tree)?;
        if operator == "ABSENT" {
            return Ok(Condition::ask(field, Test::Absent));
        }
        if values.is_empty() {
            return Err((tree.span.clone(), "it names no values".into()));
        }
        if operator == "EQUALS" && field.starts_with("tag.") && values.iter().any(String::is_empty)
        {
            let why = "an empty value of a tag is taken for not having the tag, or an empty one";
            self.draft.write_otherwise(&tree.span, format!("a tag in {what}"), why);
            let absent = Condition::ask(field, Test::Absent);
            return Ok(Condition::Any(vec![
                absent,
                question(field, Test::OneOf(values), case_counts),
            ]));
        }
        let test = match operator {
            "STARTS_WITH" => Test::Prefix(values),
            "ENDS_WITH" => Test::Suffix(values),
            "CONTAINS" => Test::Contains(values),
            _ => Test::OneOf(values),
        };
        Ok(question(field, test, case_counts))
    }
}

fn question(field: &str, test: Test, case_counts: bool) -> Condition {
    Condition::Ask(Question { field: field.to_owned(), test, case_counts })
}

fn key_of(tree: &Tree) -> Result<&str, Wrong> {
    let key = tree.scalar_of("Key").filter(|key| !key.is_empty());
    key.ok_or_else(|| (tree.span.clone(), "it names no key".to_owned()))
}

/// Tax is a charge category of FOCUS by itself, so that also exports without line item types tell
/// it. All other record types are finer than charge categories.
fn record_type(question: Question) -> Condition {
    let is_tax = question.test == Test::OneOf(vec!["Tax".to_owned()]) && question.case_counts;
    let field = if is_tax { "charge_category".to_owned() } else { question.field };
    Condition::Ask(Question { field, ..question })
}

/// How values are compared: `EQUALS` and with regard to case where nothing is said.
fn match_options(tree: &Tree) -> Result<(&'static str, bool), Wrong> {
    const OPERATORS: [&str; 5] = ["EQUALS", "STARTS_WITH", "ENDS_WITH", "CONTAINS", "ABSENT"];
    let (mut operator, mut case) = (None, None);
    let options = tree.get("MatchOptions").map(Tree::items).unwrap_or_default();
    for option in options {
        let wrong = |why: String| Err((option.span.clone(), why));
        let Some(name) = option.scalar() else {
            return wrong(format!("a match option is {}", option.noun()));
        };
        let is_second = match (name, OPERATORS.iter().find(|known| **known == name)) {
            (_, Some(known)) => operator.replace(*known).is_some(),
            ("CASE_SENSITIVE", None) => case.replace(true).is_some(),
            ("CASE_INSENSITIVE", None) => case.replace(false).is_some(),
            _ => return wrong(format!("the match option `{name}` is not one of cost categories")),
        };
        if is_second {
            return wrong(format!(
                "what `{name}` means beside another such option is not documented"
            ));
        }
    }
    Ok((operator.unwrap_or("EQUALS"), case.unwrap_or(true)))
}
