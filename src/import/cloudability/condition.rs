//! Match expressions as conditions.

use chrono::{Days, NaiveDate};

use crate::diagnostics::Span;
use crate::import::condition::{Condition, Test};

use super::Mappings;
use super::parse::{Expression, Operator, Slot};

const AWS_ONLY: &str = "it is a column of AWS' reports; charges of other providers do not have it";

/// Dimensions that are columns: the field, and what is not quite the same.
pub(super) const COLUMNS: [(&str, &str, &str); 18] = [
    ("vendor", "provider", "its values are the provider's name as the bill has it"),
    ("vendor_account_identifier", "sub_account_id", "ids are compared as the bill writes them"),
    ("vendor_account_name", "sub_account_name", ""),
    ("account_identifier", "billing_account_id", "ids are compared as the bill writes them"),
    ("account_name", "billing_account_name", ""),
    ("region", "region", ""),
    ("availability_zone", "availability_zone", ""),
    ("service_name", "service", "its values are the service's name as the bill has it"),
    ("usage_type", "x_UsageType", AWS_ONLY),
    ("operation", "x_Operation", AWS_ONLY),
    ("product_name", "service", "its values are the service's name as the bill has it"),
    ("usage_family", "x_ProductFamily", AWS_ONLY),
    ("item_description", "charge_description", ""),
    ("resource_identifier", "resource_id", ""),
    ("reservation_identifier", "commitment_discount_id", ""),
    ("invoice_identifier", "invoice_id", ""),
    ("seller", "publisher_name", ""),
    ("date", "charge_period_start", ""),
];

/// Metrics that are columns.
pub(super) fn metric(key: &str) -> Result<String, String> {
    match key.to_lowercase().as_str() {
        "unblended_cost" => Ok("billed_cost".to_owned()),
        "total_amortized_cost" => Ok("effective_cost".to_owned()),
        "usage_quantity" => Ok("consumed_quantity".to_owned()),
        _ => Err(format!("costbook has no column for the metric `{key}`")),
    }
}

impl Mappings<'_> {
    pub(super) fn condition(
        &mut self,
        expression: &Expression,
        span: &Span,
        what: &str,
    ) -> Result<Condition, String> {
        match expression {
            Expression::All(parts) => self.conditions(parts, span, what).map(Condition::All),
            Expression::Any(parts) => self.conditions(parts, span, what).map(Condition::Any),
            Expression::Not(inner) => self.condition(inner, span, what).map(Condition::negated),
            Expression::Exists(inner) => match &**inner {
                Expression::Field(slot, key) => {
                    self.field(*slot, key, span).map(|field| Self::exists(&field))
                }
                _ => Err("`EXISTS` asks something that is no field".to_owned()),
            },
            Expression::Compared(operator, left, right) => {
                self.compared(*operator, left, right, span)
            }
            _ => Err("it is no condition".to_owned()),
        }
    }

    fn conditions(
        &mut self,
        parts: &[Expression],
        span: &Span,
        what: &str,
    ) -> Result<Vec<Condition>, String> {
        parts.iter().map(|part| self.condition(part, span, what)).collect()
    }

    fn compared(
        &mut self,
        operator: Operator,
        left: &Expression,
        right: &Expression,
        span: &Span,
    ) -> Result<Condition, String> {
        let (slot, key, other) = match (left, right) {
            (Expression::Field(..), Expression::Field(..)) => {
                return Err("costbook does not compare two fields with each other".to_owned());
            }
            (Expression::Field(slot, key), other) => (*slot, key, other),
            (Expression::Text(text), _) if operator == Operator::In => {
                return self.text_among(text, right, span);
            }
            (Expression::Text(text), Expression::Field(slot, key))
                if operator == Operator::Equal =>
            {
                return self.texts(Operator::Equal, *slot, key, vec![text.clone()], span);
            }
            _ => return Err("it compares nothing of the charge that costbook can ask".to_owned()),
        };
        if slot == Slot::Metric {
            return number(operator, &metric(key)?, other);
        }
        if slot == Slot::Dimension && key.eq_ignore_ascii_case("date") {
            return date(operator, other);
        }
        match (operator, other) {
            (Operator::Find, Expression::Regex(pattern)) => {
                let field = self.field(slot, key, span)?;
                if regex::Regex::new(pattern).is_err() {
                    return Err(format!("costbook's regular expressions do not have /{pattern}/"));
                }
                Ok(Condition::ask_folded(field, Test::Regex(pattern.clone())))
            }
            (_, Expression::Text(text)) => {
                self.texts(operator, slot, key, vec![text.clone()], span)
            }
            (Operator::In, Expression::List(items)) => {
                let texts = items.iter().map(|item| match item {
                    Expression::Text(text) => Some(text.clone()),
                    _ => None,
                });
                let texts: Option<Vec<String>> = texts.collect();
                let texts = texts.ok_or("a value of the list is no text")?;
                self.texts(operator, slot, key, texts, span)
            }
            _ => Err("it compares with something that is no text".to_owned()),
        }
    }

    fn texts(
        &mut self,
        operator: Operator,
        slot: Slot,
        key: &str,
        texts: Vec<String>,
        span: &Span,
    ) -> Result<Condition, String> {
        let field = self.field(slot, key, span)?;
        let test = match operator {
            Operator::Equal | Operator::In => Test::OneOf(texts),
            Operator::StartsWith => Test::Prefix(texts),
            Operator::EndsWith => Test::Suffix(texts),
            Operator::Contains => Test::Contains(texts),
            _ => return Err("costbook orders days and numbers, not texts".to_owned()),
        };
        Ok(Condition::ask_folded(field, test))
    }

    /// `'abc' IN (TAG['a'], TAG['b'])`: one of the fields is the text.
    fn text_among(
        &mut self,
        text: &str,
        list: &Expression,
        span: &Span,
    ) -> Result<Condition, String> {
        let items = match list {
            Expression::List(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        let mut parts = Vec::new();
        for item in items {
            let Expression::Field(slot, key) = item else {
                return Err("it looks for a text among things that are no fields".to_owned());
            };
            parts.push(self.texts(Operator::Equal, *slot, key, vec![text.to_owned()], span)?);
        }
        Ok(Condition::Any(parts))
    }
}

fn number(operator: Operator, field: &str, other: &Expression) -> Result<Condition, String> {
    let Expression::Number(bound) = other else {
        return Err("it compares a metric with something that is no number".to_owned());
    };
    let ask = |name| Condition::ask(field, Test::Number(name, bound.clone()));
    match operator {
        Operator::Equal => Ok(Condition::All(vec![ask("ge"), ask("le")])),
        Operator::Less => Ok(ask("lt")),
        Operator::LessOrEqual => Ok(ask("le")),
        Operator::Greater => Ok(ask("gt")),
        Operator::GreaterOrEqual => Ok(ask("ge")),
        _ => Err("it compares a metric as a text".to_owned()),
    }
}

/// Days of the charge; times within a day are none of a rule's.
fn date(operator: Operator, other: &Expression) -> Result<Condition, String> {
    let Expression::Text(text) = other else {
        return Err("it compares a date with no date".into());
    };
    let (day, time) = text.split_at_checked(10).ok_or("it compares a date with no date")?;
    let day = NaiveDate::parse_from_str(day, "%Y-%m-%d");
    let day = day.map_err(|_| "it compares a date with no date".to_owned())?;
    let is_midnight = time.trim_start_matches("T00:00:00").trim_matches(['.', '0', 'Z']).is_empty();
    if !is_midnight {
        return Err("costbook's rules know days and no times".to_owned());
    }
    let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
    let ask = |test| Condition::ask("charge_period_start", test);
    match operator {
        Operator::Equal => Ok(Condition::All(vec![ask(Test::After(day)), ask(Test::Before(next))])),
        Operator::Less => Ok(ask(Test::Before(day))),
        Operator::LessOrEqual => Ok(ask(Test::Before(next))),
        Operator::Greater => Ok(ask(Test::After(next))),
        Operator::GreaterOrEqual => Ok(ask(Test::After(day))),
        _ => Err("it compares a date as a text".to_owned()),
    }
}
