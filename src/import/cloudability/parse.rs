//! The expression language of business mappings: `DIMENSION['region'] STARTS_WITH 'us-' && …`.

/// Expressions inside each other.
const DEPTH: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expression {
    Text(String),
    /// As it is written.
    Number(String),
    Field(Slot, String),
    Regex(String),
    List(Vec<Expression>),
    /// `LOWER` or `UPPER`, as our case rules are called.
    Cased(&'static str, Box<Expression>),
    /// Texts joined by `~`.
    Joined(Vec<Expression>),
    /// `REPLACE`, which takes a value apart.
    Replaced,
    /// Arithmetic.
    Computed,
    Exists(Box<Expression>),
    Not(Box<Expression>),
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Compared(Operator, Box<Expression>, Box<Expression>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Dimension,
    Tag,
    BusinessDimension,
    Metric,
    /// Groups of accounts and metrics of one's own.
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    StartsWith,
    EndsWith,
    Contains,
    In,
    Find,
}

/// Reads an expression.
///
/// # Errors
/// What is wrong, and at which character.
pub(super) fn parse(text: &str) -> Result<Expression, String> {
    let mut parser = Parser { rest: text, whole: text, depth: 0 };
    let found = parser.any()?;
    parser.skip();
    if parser.rest.is_empty() { Ok(found) } else { Err(parser.wrong("something follows the end")) }
}

struct Parser<'a> {
    rest: &'a str,
    whole: &'a str,
    depth: usize,
}

const SLOTS: [(&str, Slot); 7] = [
    ("BUSINESS_DIMENSION", Slot::BusinessDimension),
    ("BUSINESS_METRIC", Slot::Other),
    ("ACCOUNT_GROUPING", Slot::Other),
    ("ACCOUNT_GROUP", Slot::Other),
    ("DIMENSION", Slot::Dimension),
    ("METRIC", Slot::Metric),
    ("TAG", Slot::Tag),
];

const WORDS: [(&str, Operator); 5] = [
    ("STARTS_WITH", Operator::StartsWith),
    ("ENDS_WITH", Operator::EndsWith),
    ("CONTAINS", Operator::Contains),
    ("FIND", Operator::Find),
    ("IN", Operator::In),
];

const SIGNS: [(&str, Operator); 5] = [
    ("==", Operator::Equal),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("<", Operator::Less),
    (">", Operator::Greater),
];

impl Parser<'_> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn wrong(&self, why: &str) -> String {
        let before = self.whole.len() - self.rest.len();
        let at = self.whole.get(..before).unwrap_or_default().chars().count() + 1;
        format!("the expression cannot be read at its character {at}: {why}")
    }

    fn takes(&mut self, sign: &str) -> bool {
        self.skip();
        let rest = self.rest.strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// A word that no letter follows.
    fn takes_word(&mut self, word: &str) -> bool {
        self.skip();
        let rest = self.rest.strip_prefix(word);
        let rest = rest.filter(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'));
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn any(&mut self) -> Result<Expression, String> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.wrong("it nests too deep"));
        }
        let mut parts = vec![self.all()?];
        while self.takes("||") || self.takes_word("OR") {
            parts.push(self.all()?);
        }
        self.depth -= 1;
        Ok(if parts.len() == 1 { parts.swap_remove(0) } else { Expression::Any(parts) })
    }

    fn all(&mut self) -> Result<Expression, String> {
        let mut parts = vec![self.negation()?];
        while self.takes("&&") || self.takes_word("AND") {
            parts.push(self.negation()?);
        }
        Ok(if parts.len() == 1 { parts.swap_remove(0) } else { Expression::All(parts) })
    }

    fn negation(&mut self) -> Result<Expression, String> {
        self.skip();
        let mut is_negated = false;
        let mut signs = 0;
        while self.takes("!") || self.takes_word("NOT") {
            is_negated = !is_negated;
            signs += 1;
            if signs > DEPTH {
                return Err(self.wrong("it nests too deep"));
            }
        }
        let found = if self.takes_word("EXISTS") {
            Expression::Exists(Box::new(self.operand()?))
        } else {
            self.comparison()?
        };
        Ok(if is_negated { Expression::Not(Box::new(found)) } else { found })
    }

    fn comparison(&mut self) -> Result<Expression, String> {
        let left = self.joined()?;
        if self.takes("!=") {
            let right = self.joined()?;
            let equal = Expression::Compared(Operator::Equal, Box::new(left), Box::new(right));
            return Ok(Expression::Not(Box::new(equal)));
        }
        if let Some((_, operator)) = SIGNS.iter().find(|(sign, _)| self.takes(sign)) {
            let right = self.joined()?;
            return Ok(Expression::Compared(*operator, Box::new(left), Box::new(right)));
        }
        let before = self.rest;
        let is_negated = self.takes("!") || self.takes_word("NOT");
        if let Some((_, operator)) = WORDS.iter().find(|(word, _)| self.takes_word(word)) {
            let right = self.joined()?;
            let found = Expression::Compared(*operator, Box::new(left), Box::new(right));
            return Ok(if is_negated { Expression::Not(Box::new(found)) } else { found });
        }
        self.rest = before;
        if self.takes_word("REPLACE") {
            self.replacement()?;
            return Ok(Expression::Replaced);
        }
        Ok(left)
    }

    fn joined(&mut self) -> Result<Expression, String> {
        let mut parts = vec![self.operand()?];
        while self.takes("~") {
            parts.push(self.operand()?);
        }
        if ["+", "-", "*", "/", "^"].iter().any(|sign| self.takes(sign)) {
            self.joined()?;
            return Ok(Expression::Computed);
        }
        Ok(if parts.len() == 1 { parts.swap_remove(0) } else { Expression::Joined(parts) })
    }

    fn operand(&mut self) -> Result<Expression, String> {
        self.skip();
        for (word, case) in [("LOWER", "lower"), ("UPPER", "upper")] {
            if self.takes_word(word) {
                if !self.takes("(") {
                    return Err(self.wrong("a bracket is missing"));
                }
                let inner = self.joined()?;
                self.close(")")?;
                return Ok(Expression::Cased(case, Box::new(inner)));
            }
        }
        for (word, slot) in SLOTS {
            let before = self.rest;
            if self.takes_word(word) {
                if self.takes("[") {
                    self.skip();
                    let key = self.quoted()?;
                    self.close("]")?;
                    return Ok(Expression::Field(slot, key));
                }
                self.rest = before;
            }
        }
        match self.rest.chars().next() {
            Some('(') => self.bracket(),
            Some('\'' | '"') => self.quoted().map(Expression::Text),
            Some('/') => self.pattern().map(Expression::Regex),
            Some(sign) if sign.is_ascii_digit() || sign == '-' => self.number(),
            _ => Err(self.wrong("a value is missing")),
        }
    }

    /// A bracket holds a list of values, or a whole expression.
    fn bracket(&mut self) -> Result<Expression, String> {
        self.takes("(");
        let first = self.any()?;
        if !self.takes(",") {
            self.close(")")?;
            return Ok(first);
        }
        let mut items = vec![first];
        loop {
            items.push(self.joined()?);
            if !self.takes(",") {
                self.close(")")?;
                return Ok(Expression::List(items));
            }
        }
    }

    fn close(&mut self, sign: &str) -> Result<(), String> {
        if self.takes(sign) { Ok(()) } else { Err(self.wrong(&format!("`{sign}` is missing"))) }
    }

    fn number(&mut self) -> Result<Expression, String> {
        let is_part = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (number, rest) = self.rest.split_at(end);
        if number.parse::<crate::domain::Amount>().is_err() {
            return Err(self.wrong("it is no number"));
        }
        self.rest = rest;
        Ok(Expression::Number(number.to_owned()))
    }

    fn quoted(&mut self) -> Result<String, String> {
        let Some(quote @ ('\'' | '"')) = self.rest.chars().next() else {
            return Err(self.wrong("a text in quotes is missing"));
        };
        self.until(quote, false)
    }

    fn pattern(&mut self) -> Result<String, String> {
        self.until('/', true)
    }

    /// The text up to the sign that ends it. Behind a backslash a sign stands for itself; patterns
    /// keep all other backslashes.
    fn until(&mut self, end: char, keeps: bool) -> Result<String, String> {
        let mut text = String::new();
        let mut letters = self.rest.char_indices().skip(1);
        while let Some((at, letter)) = letters.next() {
            match letter {
                '\\' => {
                    let Some((_, next)) = letters.next() else { break };
                    if keeps && next != end {
                        text.push('\\');
                    }
                    text.push(next);
                }
                letter if letter == end => {
                    self.rest = &self.rest[at + letter.len_utf8()..];
                    return Ok(text);
                }
                letter => text.push(letter),
            }
        }
        Err(self.wrong("a text or a pattern is not closed"))
    }

    /// `/pattern/replacement/`: both are read to find their end.
    fn replacement(&mut self) -> Result<(), String> {
        self.skip();
        self.pattern()?;
        let end = self.rest.find('/').ok_or_else(|| self.wrong("the replacement is not closed"))?;
        self.rest = &self.rest[end + 1..];
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_expression_is_refused() {
        for text in [
            "",
            "TAG['a'",
            "TAG['a'] ==",
            "'a",
            "TAG[a]",
            "(TAG['a'] == 'b'",
            "TAG['a'] 'b'",
            "TAG['a'] FIND /x",
            "TAG['a'] LIKE 'b'",
            "== 'a'",
            "TAG['a'] == 'b' &&",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(&"(".repeat(100_000)).is_err());
        assert!(parse(&"!".repeat(100_000)).is_err());
    }

    #[test]
    fn operators_bind_as_everywhere() {
        let field = |key: &str| Box::new(Expression::Field(Slot::Tag, key.into()));
        let equal = |key: &str, text: &str| {
            let text = Box::new(Expression::Text(text.into()));
            Expression::Compared(Operator::Equal, field(key), text)
        };
        let found = parse("TAG['a'] == 'x' || TAG['b'] == \"it's\" && !EXISTS TAG['c']").unwrap();
        let not = Expression::Not(Box::new(Expression::Exists(field("c"))));
        let all = Expression::All(vec![equal("b", "it's"), not]);
        assert_eq!(found, Expression::Any(vec![equal("a", "x"), all]));
        let found = parse("TAG['a'] != 'it\\'s'").unwrap();
        assert_eq!(found, Expression::Not(Box::new(equal("a", "it's"))));
        let found = parse("TAG['two words'] FIND /\\w+\\s\\/x/").unwrap();
        let regex = Box::new(Expression::Regex("\\w+\\s/x".into()));
        assert_eq!(found, Expression::Compared(Operator::Find, field("two words"), regex));
        assert_eq!(parse("TAG['o'] REPLACE /^(\\w+):.*/$1/").unwrap(), Expression::Replaced);
    }
}
