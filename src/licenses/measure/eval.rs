//! Expressions over one item, with bounds where inputs are missing, and as they are shown.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use num_traits::One;

use crate::licenses::{Number, Value};
use crate::rules::licenses::{Expr, Function, Operator, Param};

use super::item::{Content, Item};
use super::range::{Bound, Range};
use super::show;

/// What holds of every item of a metric.
pub(super) struct Terms<'a> {
    pub(super) params: &'a BTreeMap<Arc<str>, Param>,
    pub(super) unknown: &'a BTreeMap<Arc<str>, (Option<Expr>, Option<Expr>)>,
    pub(super) day: NaiveDate,
}

/// One item under terms, and what was found missing of it.
pub(super) struct Scene<'a> {
    pub(super) terms: &'a Terms<'a>,
    pub(super) item: &'a Item,
    missing: RefCell<BTreeSet<String>>,
}

/// A value on the way.
#[derive(Clone, Debug)]
enum Operand {
    Number(Range),
    Text(Arc<str>),
    Date(NaiveDate),
    Truth(Option<bool>),
    /// A field without a value.
    Missing(Arc<str>),
}

use Operand::{Date, Missing, Text, Truth};

/// A value, and how it is shown.
type Shown = (Operand, String);

impl<'a> Scene<'a> {
    pub(super) fn new(terms: &'a Terms<'a>, item: &'a Item) -> Self {
        Self { terms, item, missing: RefCell::new(BTreeSet::new()) }
    }

    /// Names of inputs that were asked and are not there.
    pub(super) fn missing(self) -> BTreeSet<String> {
        self.missing.into_inner()
    }

    /// The number that an expression comes to, and the expression with values for names.
    pub(super) fn number(&self, expr: &Expr) -> (Range, String) {
        let (operand, shown) = self.eval(expr);
        (self.as_number(operand), shown)
    }

    /// Whether a condition holds; `None` where that cannot be told.
    pub(super) fn truth(&self, expr: &Expr) -> (Option<bool>, String) {
        let (operand, shown) = self.eval(expr);
        (self.as_truth(operand), shown)
    }

    /// A key of a table: its text or number; `None` where it is not known.
    pub(super) fn key(&self, expr: &Expr) -> (Option<Key>, String) {
        let (operand, shown) = self.eval(expr);
        let key = match operand {
            Text(text) => Some(Key::Text(text)),
            Operand::Number(range) => range.exact().cloned().map(Key::Number),
            Truth(Some(truth)) => Some(Key::Text(truth.to_string().into())),
            Date(day) => Some(Key::Text(day.to_string().into())),
            Truth(None) => None,
            Missing(name) => {
                self.miss(&*name);
                None
            }
        };
        (key, shown)
    }

    fn miss(&self, what: impl Into<String>) {
        self.missing.borrow_mut().insert(what.into());
    }

    fn as_number(&self, operand: Operand) -> Range {
        match operand {
            Operand::Number(range) if range.is_huge() => {
                self.miss("a number too large to be a count");
                Range::unknown()
            }
            Operand::Number(range) => range,
            Truth(truth) => match truth {
                Some(truth) => Range::whole(usize::from(truth)),
                None => Range::whole(0).either(&Range::whole(1)),
            },
            Missing(name) => self.bounds(&name),
            Text(text) => {
                let number = crate::rules::licenses::number(&text);
                number.map_or_else(
                    || {
                        self.miss(format!("a number instead of `{text}`"));
                        Range::unknown()
                    },
                    Range::known,
                )
            }
            Date(day) => {
                self.miss(format!("a number instead of {day}"));
                Range::unknown()
            }
        }
    }

    /// What a field may be that is not told.
    fn bounds(&self, name: &str) -> Range {
        self.miss(name);
        let Some((low, high)) = self.terms.unknown.get(name) else { return Range::unknown() };
        // A bound that leans on the field itself says nothing.
        let leans = |expr: &Expr| leans_on(expr, self.terms, self.item);
        let bound =
            |expr: &Option<Expr>| expr.as_ref().filter(|e| !leans(e)).map(|e| self.number(e).0);
        let open = Range::unknown();
        let low = bound(low).map_or(open.low, |range| range.low);
        let high = bound(high).map_or(Bound::Above, |range| range.high);
        if low <= high { Range { low, high } } else { Range { low: high, high: low } }
    }

    fn as_truth(&self, operand: Operand) -> Option<bool> {
        match operand {
            Truth(truth) => truth,
            Text(text) => match &*text.to_lowercase() {
                "true" | "yes" => Some(true),
                "false" | "no" => Some(false),
                _ => {
                    self.miss(format!("true or false instead of `{text}`"));
                    None
                }
            },
            Operand::Number(range) => range.is_same(&Range::whole(0)).map(|is_zero| !is_zero),
            Missing(name) => {
                self.miss(&*name);
                None
            }
            Date(_) => Some(true),
        }
    }

    fn eval(&self, expr: &Expr) -> Shown {
        match expr {
            Expr::Number(number) => {
                (Operand::Number(Range::known(number.clone())), show::number(number))
            }
            Expr::Text(text) => (Text(Arc::clone(text)), format!("'{text}'")),
            Expr::Name(name) => self.named(name),
            Expr::Negative(inner) => {
                let (range, shown) = self.number(inner);
                (Operand::Number(range.negative()), format!("-{shown}"))
            }
            Expr::Not(inner) => {
                let (truth, shown) = self.truth(inner);
                (Truth(truth.map(|truth| !truth)), format!("not {shown}"))
            }
            Expr::Binary(operator, one, other) => self.binary(*operator, one, other),
            Expr::Like(inner, globs) => {
                let (operand, shown) = self.eval(inner);
                let is_like = self.as_text(operand);
                let is_like = is_like.map(|text| globs.iter().any(|glob| glob.is_match(&text)));
                let globs: Vec<&str> = globs.iter().map(crate::rules::Glob::text).collect();
                (Truth(is_like), format!("{shown} like '{}'", globs.join("', '")))
            }
            Expr::Call(function, arguments) => self.call(*function, arguments),
        }
    }

    fn as_text(&self, operand: Operand) -> Option<Arc<str>> {
        match operand {
            Text(text) => Some(text),
            Operand::Number(range) => range.exact().map(|number| show::number(number).into()),
            Date(day) => Some(day.to_string().into()),
            Truth(truth) => truth.map(|truth| truth.to_string().into()),
            Missing(name) => {
                self.miss(&*name);
                None
            }
        }
    }

    fn named(&self, name: &Arc<str>) -> Shown {
        match self.terms.params.get(name) {
            Some(Param::Number(number)) => {
                return (Operand::Number(Range::known(number.clone())), show::number(number));
            }
            Some(Param::Text(text)) => return (Text(Arc::clone(text)), format!("'{text}'")),
            None => {}
        }
        if &**name == "quantity" {
            let range = Range::from(&self.item.counted());
            let shown = show::range(&range);
            return (Operand::Number(range), shown);
        }
        match self.item.fields.get(name) {
            None => (Missing(Arc::clone(name)), format!("{name} unknown")),
            Some(Content::Computed(range)) => (Operand::Number(range.clone()), show::range(range)),
            Some(Content::Told(value)) => match value {
                Value::Text(text) => (Text(Arc::clone(text)), format!("'{text}'")),
                Value::Number(number) => {
                    (Operand::Number(Range::known(number.clone())), show::number(number))
                }
                Value::Date(day) => (Date(*day), day.to_string()),
                Value::Time(time) => (Date(time.date()), time.to_string()),
                Value::Truth(truth) => (Truth(Some(*truth)), truth.to_string()),
            },
        }
    }

    fn binary(&self, operator: Operator, one: &Expr, other: &Expr) -> Shown {
        if matches!(operator, Operator::And | Operator::Or) {
            return self.joined(operator, one, other);
        }
        let (left, left_shown) = self.eval(one);
        let (right, right_shown) = self.eval(other);
        let wrap = |expr: &Expr, shown: String| match expr {
            Expr::Binary(inner, ..) if inner.rank() < operator.rank() => format!("({shown})"),
            _ => shown,
        };
        // What is taken away or divides stands in brackets where it is a sum or product itself.
        let closer = |expr: &Expr, shown: String| match expr {
            Expr::Binary(inner, ..) if inner.rank() <= operator.rank() => format!("({shown})"),
            _ => shown,
        };
        let (one, other) = (wrap(one, left_shown), closer(other, right_shown));
        let shown = format!("{one} {} {other}", operator.sign());
        if operator.rank() == 3 {
            return (Truth(self.compared(operator, left, right)), shown);
        }
        let (left, right) = (self.as_number(left), self.as_number(right));
        let made = match operator {
            Operator::Add => left.plus(&right),
            Operator::Subtract => left.plus(&right.negative()),
            Operator::Multiply => left.times(&right),
            _ => left.over(&right).unwrap_or_else(|| {
                self.miss(format!("a divisor other than zero in `{shown}`"));
                Range::unknown()
            }),
        };
        (Operand::Number(made), shown)
    }

    /// `and` and `or`: what is decided by the first does not ask the second.
    fn joined(&self, operator: Operator, one: &Expr, other: &Expr) -> Shown {
        let decides = operator == Operator::Or;
        let (left, left_shown) = self.truth(one);
        if left == Some(decides) {
            return (Truth(left), left_shown);
        }
        let (right, right_shown) = self.truth(other);
        let truth = match (left, right) {
            (_, Some(right)) if right == decides => Some(decides),
            (Some(_), right) => right,
            (None, _) => None,
        };
        (Truth(truth), format!("({left_shown} {} {right_shown})", operator.sign()))
    }

    fn compared(&self, operator: Operator, left: Operand, right: Operand) -> Option<bool> {
        if let (Date(left), Date(right)) = (&left, &right) {
            return Some(ordered(operator, *left, *right));
        }
        let is_text = |operand: &Operand| matches!(operand, Text(_) | Truth(_));
        let is_name = |operand: &Operand| matches!(operand, Missing(_));
        let is_equality = matches!(operator, Operator::Equal | Operator::NotEqual);
        if is_equality && (is_text(&left) || is_text(&right)) || is_name(&left) && is_name(&right) {
            let (left, right) = (self.as_text(left)?, self.as_text(right)?);
            let is_same = left.to_lowercase() == right.to_lowercase();
            return Some(is_same == (operator == Operator::Equal));
        }
        let (left, right) = (self.as_number(left), self.as_number(right));
        match operator {
            Operator::Equal => left.is_same(&right),
            Operator::NotEqual => left.is_same(&right).map(|is_same| !is_same),
            Operator::Less => left.is_less(&right),
            Operator::AtLeast => left.is_less(&right).map(|is_less| !is_less),
            Operator::More => right.is_less(&left),
            _ => right.is_less(&left).map(|is_more| !is_more),
        }
    }

    fn call(&self, function: Function, arguments: &[Expr]) -> Shown {
        match (function, arguments) {
            (Function::If, [condition, one, other]) => self.either(condition, one, other),
            (Function::Present, [Expr::Name(name)]) => {
                let is_there = self.item.fields.contains_key(name);
                (
                    Truth(Some(is_there)),
                    format!("{name} is {}", if is_there { "there" } else { "missing" }),
                )
            }
            (Function::Otherwise, [field, other]) => match self.eval(field) {
                (Missing(_), _) => self.eval(other),
                found => found,
            },
            (Function::In, [asked, words @ ..]) => {
                let (asked, shown) = self.eval(asked);
                let words: Vec<Shown> = words.iter().map(|word| self.eval(word)).collect();
                let all: Vec<&str> = words.iter().map(|(_, shown)| shown.as_str()).collect();
                let shown = format!("{shown} in ({})", all.join(", "));
                let Some(asked) = self.as_text(asked) else { return (Truth(None), shown) };
                let is_it = |word: Operand| {
                    self.as_text(word)
                        .is_some_and(|word| word.to_lowercase() == asked.to_lowercase())
                };
                (Truth(Some(words.into_iter().any(|(word, _)| is_it(word)))), shown)
            }
            (Function::DaysSince, [asked]) => {
                let (asked, shown) = self.eval(asked);
                let shown = format!("days since {shown}");
                let days = match asked {
                    Date(day) => (self.terms.day - day).num_days(),
                    other => return (Operand::Number(self.as_number(other)), shown),
                };
                (Operand::Number(Range::known(Number::from_integer(days.into()))), shown)
            }
            (Function::Ceil | Function::Floor, [inner]) => {
                let (range, shown) = self.number(inner);
                let is_up = function == Function::Ceil;
                let made = range.rising(|n| if is_up { n.ceil() } else { n.floor() });
                (Operand::Number(made), format!("{}({shown})", function.name()))
            }
            _ => {
                let parts: Vec<(Range, String)> =
                    arguments.iter().map(|argument| self.number(argument)).collect();
                let join = |one: Range, other: &Range| match function {
                    Function::Min => one.min(other),
                    _ => one.max(other),
                };
                let shown: Vec<&str> = parts.iter().map(|(_, shown)| shown.as_str()).collect();
                let shown = format!("{}({})", function.name(), shown.join(", "));
                let made = parts.iter().map(|(range, _)| range).cloned().reduce(|a, b| join(a, &b));
                let one = || Range::known(Number::one());
                (Operand::Number(made.unwrap_or_else(one)), shown)
            }
        }
    }

    fn either(&self, condition: &Expr, one: &Expr, other: &Expr) -> Shown {
        if let (Some(truth), _) = self.truth(condition) {
            return self.eval(if truth { one } else { other });
        }
        let ((one, one_shown), (other, other_shown)) = (self.number(one), self.number(other));
        (Operand::Number(one.either(&other)), format!("{one_shown} or {other_shown}"))
    }
}

fn ordered(operator: Operator, left: NaiveDate, right: NaiveDate) -> bool {
    match operator {
        Operator::Equal => left == right,
        Operator::NotEqual => left != right,
        Operator::Less => left < right,
        Operator::AtMost => left <= right,
        Operator::More => left > right,
        _ => left >= right,
    }
}

/// Whether a bound asks a field that is missing and has bounds itself: bounds do not chain.
fn leans_on(expr: &Expr, terms: &Terms<'_>, item: &Item) -> bool {
    let is_open =
        |name: &Arc<str>| terms.unknown.contains_key(name) && !item.fields.contains_key(name);
    match expr {
        Expr::Name(name) => is_open(name),
        Expr::Number(_) | Expr::Text(_) => false,
        Expr::Negative(inner) | Expr::Not(inner) | Expr::Like(inner, _) => {
            leans_on(inner, terms, item)
        }
        Expr::Binary(_, one, other) => leans_on(one, terms, item) || leans_on(other, terms, item),
        Expr::Call(_, arguments) => arguments.iter().any(|one| leans_on(one, terms, item)),
    }
}

/// What a table is asked.
#[derive(Clone, Debug)]
pub(super) enum Key {
    Text(Arc<str>),
    Number(Number),
}
