//! The arithmetic of metrics: exact numbers, texts and truths over the fields of what is counted.
//!
//! Small on purpose: no loops, no assignment, bounded depth, and nothing that is not in
//! docs/licenses.md. Names stay names until they are evaluated; which of them are parameters depends on the reading.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use num_bigint::BigInt;
use num_rational::Ratio;

use crate::diagnostics::{Code, Span};
use crate::rules::decode::word;
use crate::rules::node::{Key, Node};
use crate::rules::pattern::{self, Glob};
use crate::rules::sink::Sink;

use super::lexer::{Lexeme, Sign, lex};

/// Expressions inside each other.
const DEPTH: usize = 32;

/// Something that can be computed of one item.
#[derive(Clone, Debug)]
pub enum Expr {
    Number(Ratio<BigInt>),
    Text(Arc<str>),
    /// A parameter of the reading or a field of the item.
    Name(Arc<str>),
    Negative(Box<Self>),
    Not(Box<Self>),
    Binary(Operator, Box<Self>, Box<Self>),
    Call(Function, Vec<Self>),
    /// Whether a text fits one of some globs, whatever its case.
    Like(Box<Self>, Vec<Glob>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Equal,
    NotEqual,
    Less,
    AtMost,
    More,
    AtLeast,
    And,
    Or,
}

impl Operator {
    /// As explanations show it.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "−",
            Self::Multiply => "×",
            Self::Divide => "/",
            Self::Equal => "=",
            Self::NotEqual => "≠",
            Self::Less => "<",
            Self::AtMost => "≤",
            Self::More => ">",
            Self::AtLeast => "≥",
            Self::And => "and",
            Self::Or => "or",
        }
    }

    /// The higher, the closer it binds.
    #[must_use]
    pub const fn rank(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Multiply | Self::Divide => 5,
            Self::Add | Self::Subtract => 4,
            _ => 3,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    Min,
    Max,
    Ceil,
    Floor,
    If,
    /// Whether a text is one of some.
    In,
    /// Whether a field has a value.
    Present,
    /// A field, or what stands for it where it has no value.
    Otherwise,
    /// Days from a date to the day of the position.
    DaysSince,
}

pub(super) const FUNCTIONS: &[(&str, Function, std::ops::RangeInclusive<usize>)] = &[
    ("min", Function::Min, 2..=16),
    ("max", Function::Max, 2..=16),
    ("ceil", Function::Ceil, 1..=1),
    ("floor", Function::Floor, 1..=1),
    ("if", Function::If, 3..=3),
    ("in", Function::In, 2..=200),
    ("present", Function::Present, 1..=1),
    ("otherwise", Function::Otherwise, 2..=2),
    ("days_since", Function::DaysSince, 1..=1),
];

/// `like` takes globs, which are compiled when they are read.
pub(super) const LIKE: &str = "like";

impl Function {
    #[must_use]
    pub fn name(self) -> &'static str {
        let found = FUNCTIONS.iter().find(|(_, function, _)| *function == self);
        found.map_or("", |(name, _, _)| name)
    }
}

impl Expr {
    /// Every name that it asks.
    pub(super) fn gather(&self, names: &mut BTreeSet<Arc<str>>) {
        match self {
            Self::Number(_) | Self::Text(_) => {}
            Self::Name(name) => {
                names.insert(Arc::clone(name));
            }
            Self::Negative(inner) | Self::Not(inner) | Self::Like(inner, _) => inner.gather(names),
            Self::Binary(_, one, other) => {
                one.gather(names);
                other.gather(names);
            }
            Self::Call(_, arguments) => arguments.iter().for_each(|one| one.gather(names)),
        }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "'{text}'"),
            Self::Name(name) => f.write_str(name),
            Self::Negative(inner) => write!(f, "-({inner})"),
            Self::Not(inner) => write!(f, "not ({inner})"),
            Self::Binary(operator, one, other) => write!(f, "({one} {} {other})", operator.sign()),
            Self::Call(function, arguments) => {
                write!(f, "{}(", function.name())?;
                for (index, argument) in arguments.iter().enumerate() {
                    write!(f, "{}{argument}", if index > 0 { ", " } else { "" })?;
                }
                f.write_str(")")
            }
            Self::Like(inner, globs) => {
                write!(f, "like({inner}")?;
                globs.iter().try_for_each(|glob| write!(f, ", '{}'", glob.text()))?;
                f.write_str(")")
            }
        }
    }
}

/// An expression, or everything that keeps its text from being one.
pub(super) fn read_expression(node: &Node, what: &str, sink: &mut Sink) -> Option<Expr> {
    let text = word(node, what, sink)?;
    let lexemes = match lex(&text.text) {
        Ok(lexemes) => lexemes,
        Err((at, why)) => {
            refuse(&text, at, 1, &why, sink);
            return None;
        }
    };
    let mut parser = Parser { text: &text, lexemes: &lexemes, next: 0, depth: 0, sink };
    let found = parser.expression(0);
    match found {
        Err((at, length, why)) => {
            refuse(&text, at, length, &why, sink);
            None
        }
        Ok(found) => {
            if let Some(left) = lexemes.get(parser.next) {
                refuse(&text, left.at, left.length, "nothing is expected after the end", sink);
                return None;
            }
            Some(found)
        }
    }
}

/// Points into the expression; what YAML quotes or folds is pointed at as a whole.
fn refuse(text: &Key, at: usize, length: usize, why: &str, sink: &mut Sink) {
    let shown = text.text.chars().count();
    let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    // Quotes stand around what the text says.
    let quotes = u32::from(text.span.length == small(shown + 2));
    let is_plain = text.span.length == small(shown) + 2 * quotes;
    let span = if is_plain {
        Span {
            path: Arc::clone(&text.span.path),
            line: text.span.line,
            column: text.span.column + quotes + small(at.min(shown)),
            length: small(length.max(1)),
        }
    } else {
        text.span.clone()
    };
    let message = format!("`{}` cannot be computed: {why}", text.text);
    sink.report(Code::InvalidValue, &span, message);
}

/// Place, length and reason.
type Fault = (usize, usize, String);

struct Parser<'a, 's> {
    text: &'a Key,
    lexemes: &'a [Lexeme],
    next: usize,
    depth: usize,
    sink: &'s mut Sink,
}

impl Parser<'_, '_> {
    fn here(&self) -> (usize, usize) {
        match self.lexemes.get(self.next) {
            Some(lexeme) => (lexeme.at, lexeme.length),
            None => (self.text.text.chars().count(), 1),
        }
    }

    fn fault<T>(&self, why: impl Into<String>) -> Result<T, Fault> {
        let (at, length) = self.here();
        Err((at, length, why.into()))
    }

    fn sign(&self) -> Option<&Sign> {
        self.lexemes.get(self.next).map(|lexeme| &lexeme.sign)
    }

    fn take(&mut self, wanted: &Sign, said: &str) -> Result<(), Fault> {
        if self.sign() != Some(wanted) {
            return self.fault(format!("`{said}` is expected here"));
        }
        self.next += 1;
        Ok(())
    }

    /// Operators that bind closer than `rank`, from the left.
    fn expression(&mut self, rank: u8) -> Result<Expr, Fault> {
        self.depth += 1;
        if self.depth > DEPTH {
            return self.fault(format!("it nests deeper than {DEPTH}"));
        }
        let mut left = self.unary()?;
        let mut links = 0;
        while let Some(operator) = self.operator().filter(|found| found.rank() > rank) {
            links += 1;
            if links > 4 * DEPTH {
                return self.fault("too many operators in one expression");
            }
            self.next += 1;
            let right = self.expression(operator.rank())?;
            let is_zero = matches!(&right, Expr::Number(n) if *n.numer() == BigInt::ZERO);
            if operator == Operator::Divide && is_zero {
                self.next -= 1;
                return self.fault("it divides by zero");
            }
            if operator.rank() == 3 && self.operator().is_some_and(|found| found.rank() == 3) {
                return self.fault("comparisons cannot be chained; join two by `and`");
            }
            left = Expr::Binary(operator, Box::new(left), Box::new(right));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn operator(&self) -> Option<Operator> {
        match self.sign()? {
            Sign::Operator(operator) => Some(*operator),
            Sign::Name(name) if &**name == "and" => Some(Operator::And),
            Sign::Name(name) if &**name == "or" => Some(Operator::Or),
            _ => None,
        }
    }

    fn unary(&mut self) -> Result<Expr, Fault> {
        match self.sign() {
            Some(Sign::Operator(Operator::Subtract)) => {
                self.next += 1;
                Ok(Expr::Negative(Box::new(self.expression(5)?)))
            }
            Some(Sign::Name(name)) if &**name == "not" => {
                self.next += 1;
                Ok(Expr::Not(Box::new(self.expression(2)?)))
            }
            _ => self.primary(),
        }
    }

    fn primary(&mut self) -> Result<Expr, Fault> {
        let Some(sign) = self.sign().cloned() else {
            return self.fault("it ends where a value is expected");
        };
        match sign {
            Sign::Number(number) => {
                self.next += 1;
                Ok(Expr::Number(number))
            }
            Sign::Text(text) => {
                self.next += 1;
                Ok(Expr::Text(text))
            }
            Sign::Open => {
                self.next += 1;
                let inner = self.expression(0)?;
                self.take(&Sign::Close, ")")?;
                Ok(inner)
            }
            Sign::Name(name) => {
                if self.lexemes.get(self.next + 1).is_some_and(|next| next.sign == Sign::Open) {
                    return self.call(&name);
                }
                if matches!(&*name, "and" | "or" | "not") {
                    return self.fault(format!("a value is expected before `{name}`"));
                }
                self.next += 1;
                Ok(Expr::Name(name))
            }
            _ => self.fault("a value is expected here"),
        }
    }

    fn call(&mut self, name: &str) -> Result<Expr, Fault> {
        let found = FUNCTIONS.iter().find(|(known, _, _)| *known == name);
        if found.is_none() && name != LIKE {
            let known: Vec<&str> = FUNCTIONS.iter().map(|(name, _, _)| *name).collect();
            return self.fault(format!(
                "`{name}` is no function; there are {} and {LIKE}",
                known.join(", ")
            ));
        }
        let start = self.next;
        self.next += 2;
        let mut arguments = Vec::new();
        if self.sign() != Some(&Sign::Close) {
            loop {
                arguments.push(self.expression(0)?);
                if self.sign() != Some(&Sign::Comma) {
                    break;
                }
                self.next += 1;
            }
        }
        self.take(&Sign::Close, ")")?;
        let (after, count) = (self.next, arguments.len());
        let takes = found.map_or(2..=200, |(_, _, takes)| takes.clone());
        if !takes.contains(&count) {
            self.next = start;
            let (least, most) = (takes.start(), takes.end());
            let wanted = if least == most { least.to_string() } else { format!("{least} or more") };
            return self.fault(format!("`{name}` takes {wanted} values, not {count}"));
        }
        let Some((_, function, _)) = found else {
            return self.like(arguments, start, after);
        };
        let is_field = matches!(arguments[0], Expr::Name(_));
        if matches!(function, Function::Present | Function::Otherwise) && !is_field {
            self.next = start;
            return self.fault(format!("`{name}` asks a field"));
        }
        Ok(Expr::Call(*function, arguments))
    }

    fn like(
        &mut self,
        mut arguments: Vec<Expr>,
        start: usize,
        after: usize,
    ) -> Result<Expr, Fault> {
        let patterns = arguments.split_off(1);
        let mut globs = Vec::new();
        for one in &patterns {
            let Expr::Text(text) = one else {
                self.next = start;
                return self.fault("`like` takes a field and patterns in quotes");
            };
            let key = Key { text: text.to_string(), span: self.text.span.clone() };
            let Some(glob) = pattern::glob(&key, true, self.sink) else {
                self.next = start;
                return self.fault(format!("`{text}` is no pattern"));
            };
            globs.push(glob);
        }
        self.next = after;
        Ok(Expr::Like(Box::new(arguments.remove(0)), globs))
    }
}
