//! JSON with places. Numbers keep their spelling; a key that stands twice is an error, because one of
//! the two would silently win.

use std::sync::Arc;

use crate::diagnostics::{Code, Finding, Place, Span};

use super::tree::{DEPTH, Key, Kind, Tree, repeated, twice};

/// Reads a JSON text.
///
/// # Errors
/// The first place where the text is no JSON.
pub(super) fn parse(path: &str, text: &str) -> Result<Tree, Finding> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader { path: path.into(), text, at: 0, line: 1, known: (0, 1), depth: 0 };
    reader.skip_blanks();
    let tree = reader.value()?;
    reader.skip_blanks();
    if reader.at < text.len() {
        return Err(reader.broken("something follows the end of the JSON value"));
    }
    Ok(tree)
}

#[derive(Debug)]
struct Reader<'a> {
    path: Arc<str>,
    text: &'a str,
    at: usize,
    line: u32,
    /// A place of the line and its column, so that no line is measured twice.
    known: (usize, usize),
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
            if self.text.as_bytes()[self.at - 1] == b'\n' {
                self.line += 1;
                self.known = (self.at, 1);
            }
        }
    }

    /// What was read since `from`, which is never before an earlier one.
    fn span(&mut self, from: usize) -> Span {
        let (known, column) = self.known;
        let column = column + self.text.get(known..from).unwrap_or_default().chars().count();
        self.known = (from, column);
        let marked = self.text.get(from..self.at).unwrap_or_default();
        let small = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let (column, length) = (small(column), small(marked.chars().count().max(1)));
        Span { path: Arc::clone(&self.path), line: self.line, column, length }
    }

    fn broken(&mut self, message: &str) -> Finding {
        let place = Place::Text(self.span(self.at));
        Finding::new(Code::ImportBroken, format!("not JSON: {message}")).at(place)
    }

    fn value(&mut self) -> Result<Tree, Finding> {
        let from = self.at;
        let span = self.span(from);
        match self.peek() {
            Some(b'{') => self.nested(Self::object).map(|kind| Tree::new(kind, span)),
            Some(b'[') => self.nested(Self::array).map(|kind| Tree::new(kind, span)),
            Some(b'"') => {
                let text = self.string()?;
                Ok(Tree::new(Kind::Text(text), self.span(from)))
            }
            Some(b'-' | b'0'..=b'9') => {
                while self.peek().is_some_and(is_of_number) {
                    self.at += 1;
                }
                let number = &self.text[from..self.at];
                if serde_json::from_str::<serde_json::Number>(number).is_err() {
                    return Err(self.broken(&format!("`{number}` is no number")));
                }
                Ok(Tree::new(Kind::Number(number.to_owned()), self.span(from)))
            }
            _ => self.word(from),
        }
    }

    fn word(&mut self, from: usize) -> Result<Tree, Finding> {
        let words =
            [("null", Kind::Null), ("true", Kind::Bool(true)), ("false", Kind::Bool(false))];
        for (word, kind) in words {
            if self.text[from..].starts_with(word) {
                self.at += word.len();
                return Ok(Tree::new(kind, self.span(from)));
            }
        }
        Err(self.broken(if self.peek().is_none() { "the text ends early" } else { "no value" }))
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Kind, Finding>) -> Result<Kind, Finding> {
        if self.depth >= DEPTH {
            return Err(self.broken(&format!("it nests deeper than {DEPTH}")));
        }
        self.depth += 1;
        self.at += 1;
        self.skip_blanks();
        let kind = read(self)?;
        self.depth -= 1;
        Ok(kind)
    }

    fn object(&mut self) -> Result<Kind, Finding> {
        let mut entries: Vec<(Key, Tree)> = Vec::new();
        if self.ends(b'}') {
            return Ok(Kind::Map(entries));
        }
        loop {
            let from = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.broken("a key in double quotes is missing"));
            }
            let text = self.string()?;
            let key = Key { text, span: self.span(from) };
            self.skip_blanks();
            if !self.ends(b':') {
                return Err(self.broken("a colon is missing after the key"));
            }
            self.skip_blanks();
            entries.push((key, self.value()?));
            self.skip_blanks();
            if self.ends(b'}') {
                return match repeated(&entries) {
                    Some(key) => Err(twice(key)),
                    None => Ok(Kind::Map(entries)),
                };
            }
            self.comma()?;
        }
    }

    fn array(&mut self) -> Result<Kind, Finding> {
        let mut items = Vec::new();
        if self.ends(b']') {
            return Ok(Kind::List(items));
        }
        loop {
            items.push(self.value()?);
            self.skip_blanks();
            if self.ends(b']') {
                return Ok(Kind::List(items));
            }
            self.comma()?;
        }
    }

    fn ends(&mut self, sign: u8) -> bool {
        let is_here = self.peek() == Some(sign);
        self.at += usize::from(is_here);
        is_here
    }

    fn comma(&mut self) -> Result<(), Finding> {
        if !self.ends(b',') {
            return Err(self.broken("a comma or the closing bracket is missing"));
        }
        self.skip_blanks();
        Ok(())
    }

    /// A string with its quotes; `serde_json` reads the escapes.
    fn string(&mut self) -> Result<String, Finding> {
        let from = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                None => return Err(self.broken("a string is not closed")),
                Some(b'\\') => self.at += 2,
                Some(b'"') => break,
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        let quoted = self.text.get(from..self.at);
        let read = quoted.and_then(|quoted| serde_json::from_str(quoted).ok());
        read.ok_or_else(|| {
            self.at = from;
            self.broken("a string holds a line break, or an escape that JSON does not have")
        })
    }
}

fn is_of_number(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_places_and_spelling() {
        let text = "{ \"a\": [ 1.50, \"\\u00e4\\\"\", null, true ],\n  \"b\": { \"c\": -1e3 } }";
        let tree = parse("x.json", text).unwrap();
        let a = tree.get("a").unwrap();
        let texts: Vec<_> = a.items().iter().map(Tree::scalar).collect();
        assert_eq!(texts, [Some("1.50"), Some("ä\""), None, Some("true")]);
        let c = tree.get("b").and_then(|b| b.get("c")).unwrap();
        assert_eq!((c.scalar(), c.span.to_string()), (Some("-1e3"), "x.json:2:15".to_owned()));
        assert_eq!(a.items()[1].span.length, 10);
    }

    #[test]
    fn what_is_no_json_is_refused_at_its_place() {
        for (text, place) in [
            ("", "x:1:1"),
            ("{\"a\":1,\n}", "x:2:1"),
            ("[1 2]", "x:1:4"),
            ("{\"a\":1,\"a\":2}", "x:1:8"),
            ("\"a\nb\"", "x:1:1"),
            ("[01]", "x:1:4"),
            ("[1] x", "x:1:5"),
            ("\"a", "x:1:3"),
            ("{a:1}", "x:1:2"),
        ] {
            let finding = parse("x", text).unwrap_err();
            assert_eq!(finding.place.unwrap().to_string(), place, "{text}");
        }
        let deep = "[".repeat(100_000);
        assert!(parse("x", &deep).is_err());
    }
}
