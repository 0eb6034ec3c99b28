//! Regular expressions and globs, compiled within limits.
//!
//! The regex engine is linear in the text, so no pattern can hang a run; its size is limited, so
//! none can fill the memory either. Globs become regular expressions that work on characters, so
//! that `?` is one letter also where the letter takes several bytes.

use regex::{Regex, RegexBuilder};

use crate::diagnostics::Code;

use super::limits;
use super::node::Key;
use super::sink::Sink;

/// A glob over a whole value: `*` any text, `?` one character, `[a-z]` and `[!a-z]` one of a set,
/// `{a,b}` either, `\` takes the next character as it is.
#[derive(Clone, Debug)]
pub struct Glob {
    text: String,
    matcher: Matcher,
}

#[derive(Clone, Debug)]
enum Matcher {
    /// The stretches between the `*`, where nothing else has a meaning: the value begins with the
    /// first, ends with the last, and has the others between them in their order.
    Stretches(Vec<String>),
    Regex(Regex),
}

impl Glob {
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands between the `*`, where nothing else of the glob has a meaning.
    pub(super) fn stretches(&self) -> Option<&[String]> {
        match &self.matcher {
            Matcher::Stretches(stretches) => Some(stretches),
            Matcher::Regex(_) => None,
        }
    }

    #[must_use]
    pub fn is_match(&self, value: &str) -> bool {
        match &self.matcher {
            Matcher::Regex(regex) => regex.is_match(value),
            Matcher::Stretches(stretches) => has_stretches(stretches, value),
        }
    }
}

/// The first of several stretches is taken where it comes first: what follows has most room then.
pub(super) fn has_stretches(stretches: &[String], value: &str) -> bool {
    let [first, inner @ .., last] = stretches else {
        return stretches.first().is_some_and(|whole| whole == value);
    };
    let Some(mut left) = value.strip_prefix(first.as_str()) else { return false };
    for stretch in inner {
        let Some(at) = left.find(stretch.as_str()) else { return false };
        left = &left[at + stretch.len()..];
    }
    left.ends_with(last.as_str())
}

/// Compiles a glob, or reports why it is none.
pub(super) fn glob(pattern: &Key, insensitive: bool, sink: &mut Sink) -> Option<Glob> {
    let compiled = translate(&pattern.text).and_then(|expression| {
        build(&expression, insensitive).map_err(|_| "a set or its size is not allowed")
    });
    let is_plain = !insensitive && !pattern.text.contains(['?', '[', ']', '{', '}', ',', '\\']);
    match compiled {
        Ok(_) if is_plain => {
            let stretches = pattern.text.split('*').map(str::to_owned).collect();
            Some(Glob { text: pattern.text.clone(), matcher: Matcher::Stretches(stretches) })
        }
        Ok(regex) => Some(Glob { text: pattern.text.clone(), matcher: Matcher::Regex(regex) }),
        Err(reason) => {
            let message = format!("`{}` is no glob: {reason}", pattern.text);
            sink.report(Code::InvalidValue, &pattern.span, message);
            None
        }
    }
}

/// Compiles a regular expression, or reports why it is none.
pub(super) fn regex(pattern: &Key, insensitive: bool, sink: &mut Sink) -> Option<Regex> {
    let error = match build(&pattern.text, insensitive) {
        Ok(regex) => return Some(regex),
        Err(error) => error,
    };
    let reason = match error {
        regex::Error::CompiledTooBig(_) => "it is too large when compiled".to_owned(),
        // The library draws several lines; the last one says what is wrong.
        other => {
            let drawn = other.to_string();
            let last = drawn.lines().last().unwrap_or_default();
            last.trim_start_matches("error: ").to_owned()
        }
    };
    let message = format!("`{}` is no regular expression: {reason}", pattern.text);
    sink.report(Code::InvalidValue, &pattern.span, message);
    None
}

fn build(expression: &str, insensitive: bool) -> Result<Regex, regex::Error> {
    RegexBuilder::new(expression)
        .case_insensitive(insensitive)
        .size_limit(limits::REGEX_BYTES)
        .dfa_size_limit(limits::REGEX_BYTES)
        .build()
}

fn translate(glob: &str) -> Result<String, &'static str> {
    let mut expression = String::from(r"(?s)\A(?:");
    let mut letters = glob.chars();
    let mut braces = 0_u32;
    while let Some(letter) = letters.next() {
        match letter {
            '*' => expression.push_str(".*"),
            '?' => expression.push('.'),
            '[' => push_set(&mut expression, &mut letters)?,
            '{' => {
                braces += 1;
                expression.push_str("(?:");
            }
            '}' if braces > 0 => {
                braces -= 1;
                expression.push(')');
            }
            ',' if braces > 0 => expression.push('|'),
            '\\' => {
                let literal = letters.next().ok_or("nothing follows the last `\\`")?;
                push_literal(&mut expression, literal);
            }
            literal => push_literal(&mut expression, literal),
        }
    }
    if braces > 0 {
        return Err("a `{` is not closed");
    }
    expression.push_str(r")\z");
    Ok(expression)
}

/// The rest of `[…]`; a `]` right after the start is a member.
fn push_set(
    expression: &mut String,
    letters: &mut std::str::Chars<'_>,
) -> Result<(), &'static str> {
    expression.push('[');
    let mut is_first = true;
    while let Some(letter) = letters.next() {
        match letter {
            '!' | '^' if is_first && expression.ends_with('[') => {
                expression.push('^');
                continue;
            }
            ']' if !is_first => {
                expression.push(']');
                return Ok(());
            }
            '-' if !is_first => expression.push('-'),
            '\\' => {
                let literal = letters.next().ok_or("nothing follows the last `\\`")?;
                push_literal(expression, literal);
            }
            literal => push_literal(expression, literal),
        }
        is_first = false;
    }
    Err("a `[` is not closed")
}

fn push_literal(expression: &mut String, letter: char) {
    if letter.is_ascii_punctuation() {
        expression.push('\\');
    }
    expression.push(letter);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Span;

    fn key(text: &str) -> Key {
        let span = Span { path: "r.yaml".into(), line: 1, column: 1, length: 1 };
        Key { text: text.into(), span }
    }

    #[test]
    fn globs_match_whole_values_by_characters() {
        let cases: [(&str, &[&str], &[&str]); 8] = [
            ("pay-*", &["pay-", "pay-prod", "pay-a/b\nc"], &["xpay-a", "pay"]),
            ("m?ller", &["müller", "miller"], &["mueller", "mller"]),
            ("[äö]x", &["äx", "öx"], &["ax"]),
            ("[!a-c]", &["d", "ü"], &["b", ""]),
            ("{dev,test-*}-1", &["dev-1", "test-x-1"], &["dev", "prod-1"]),
            (r"a\*.b", &["a*.b"], &["axb", "a*xb"]),
            ("[]-]", &["]", "-"], &["["]),
            ("a(b)|c", &["a(b)|c"], &["ab", "c"]),
        ];
        for (pattern, hits, misses) in cases {
            let mut sink = Sink::default();
            let glob = glob(&key(pattern), false, &mut sink).expect(pattern);
            assert!(hits.iter().all(|value| glob.is_match(value)), "{pattern}");
            assert!(!misses.iter().any(|value| glob.is_match(value)), "{pattern}");
        }
    }

    #[test]
    fn stretches_match_as_the_expression_does() {
        let patterns = ["", "*", "**", "a", "a*", "*a", "a*a", "ab*ba", "*ab*", "a*b*a", "*a*a*"];
        let values =
            ["", "a", "b", "aa", "ab", "aba", "abba", "abab", "baab", "xaby", "a\nba", "äa"];
        for pattern in patterns {
            let mut sink = Sink::default();
            let glob = glob(&key(pattern), false, &mut sink).expect(pattern);
            assert!(matches!(glob.matcher, Matcher::Stretches(_)), "{pattern}");
            let regex = build(&translate(pattern).unwrap(), false).unwrap();
            for value in values {
                assert_eq!(glob.is_match(value), regex.is_match(value), "{pattern} {value}");
            }
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        let mut sink = Sink::default();
        for pattern in ["{a", "[a", "a\\", "[z-a]"] {
            assert!(glob(&key(pattern), false, &mut sink).is_none(), "{pattern}");
        }
        for pattern in ["(a", r"\w{5000}", "(?=a)", r"(a)\1"] {
            assert!(regex(&key(pattern), false, &mut sink).is_none(), "{pattern}");
        }
        assert_eq!(sink.count(), 8);
    }
}
