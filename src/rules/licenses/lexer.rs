//! An expression's text as signs, each with its place.

use std::sync::Arc;

use num_bigint::BigInt;
use num_rational::Ratio;

use super::expression::Operator;
use super::number::number;

#[derive(Clone, Debug)]
pub(super) struct Lexeme {
    /// In characters from the start of the text.
    pub(super) at: usize,
    pub(super) length: usize,
    pub(super) sign: Sign,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Sign {
    Number(Ratio<BigInt>),
    Text(Arc<str>),
    Name(Arc<str>),
    Operator(Operator),
    Open,
    Close,
    Comma,
}

/// All signs, or the place that cannot be one, and why.
pub(super) fn lex(text: &str) -> Result<Vec<Lexeme>, (usize, String)> {
    let letters: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(letter) = letters.get(at).copied() {
        if letter.is_whitespace() {
            at += 1;
            continue;
        }
        let (sign, length) = one(&letters[at..]).map_err(|why| (at, why))?;
        found.push(Lexeme { at, length, sign });
        at += length;
    }
    Ok(found)
}

fn one(letters: &[char]) -> Result<(Sign, usize), String> {
    let letter = letters[0];
    let is_next = |wanted: char| letters.get(1) == Some(&wanted);
    let operator = |operator, length| Ok((Sign::Operator(operator), length));
    match letter {
        '(' => Ok((Sign::Open, 1)),
        ')' => Ok((Sign::Close, 1)),
        ',' => Ok((Sign::Comma, 1)),
        '+' => operator(Operator::Add, 1),
        '-' | '−' => operator(Operator::Subtract, 1),
        '*' | '×' => operator(Operator::Multiply, 1),
        '/' => operator(Operator::Divide, 1),
        '=' => operator(Operator::Equal, 1),
        '!' if is_next('=') => operator(Operator::NotEqual, 2),
        '<' if is_next('=') => operator(Operator::AtMost, 2),
        '>' if is_next('=') => operator(Operator::AtLeast, 2),
        '<' => operator(Operator::Less, 1),
        '>' => operator(Operator::More, 1),
        '\'' => text(letters),
        _ if letter.is_ascii_digit() => digits(letters),
        _ if letter.is_ascii_alphabetic() || letter == '_' => {
            let is_part = |c: &&char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
            let name: String = letters.iter().take_while(is_part).collect();
            let length = name.len();
            Ok((Sign::Name(name.into()), length))
        }
        other => Err(format!("`{other}` is no sign of the language")),
    }
}

fn text(letters: &[char]) -> Result<(Sign, usize), String> {
    let inner: String = letters[1..].iter().take_while(|letter| **letter != '\'').collect();
    let length = inner.chars().count();
    if letters.get(length + 1).is_none() {
        return Err("the quote is not closed".to_owned());
    }
    Ok((Sign::Text(inner.into()), length + 2))
}

/// A decimal, or a percentage.
fn digits(letters: &[char]) -> Result<(Sign, usize), String> {
    let is_part = |c: &&char| c.is_ascii_digit() || **c == '.';
    let mut found: String = letters.iter().take_while(is_part).collect();
    if letters.get(found.len()) == Some(&'%') {
        found.push('%');
    }
    let number = number(&found).ok_or_else(|| format!("`{found}` is no number"))?;
    Ok((Sign::Number(number), found.len()))
}
