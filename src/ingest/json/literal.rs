//! Lists and objects inside a field, as JSON writes them or as Python's `repr` does.
//!
//! Numbers keep their spelling: what a float would lose is money.

use std::borrow::Cow;
use std::collections::HashSet;

/// Lists and objects inside each other; real ones have three or four.
const DEPTH: usize = 32;

/// A value inside a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ingest) enum Literal<'t> {
    /// `null` or `None`.
    Null,
    /// A number, or a truth value in lower case.
    Word(Cow<'t, str>),
    Text(Cow<'t, str>),
    List(Vec<Self>),
    Object(Vec<(Cow<'t, str>, Self)>),
}

/// The text does not hold one whole value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ingest) struct NoLiteral;

impl<'t> Literal<'t> {
    pub(in crate::ingest) fn parse(text: &'t str) -> Result<Self, NoLiteral> {
        let mut reader = Reader { text, at: 0 };
        let value = reader.value(0)?;
        reader.blanks();
        if reader.at == text.len() { Ok(value) } else { Err(NoLiteral) }
    }

    /// The value under a key, or else under the one key that is the same but for case.
    ///
    /// # Errors
    /// Several keys are the same but for case, and none is it exactly.
    pub(in crate::ingest) fn get(&self, key: &str) -> Result<Option<&Self>, NoLiteral> {
        let Self::Object(entries) = self else { return Ok(None) };
        match entries.iter().find(|(found, _)| found == key) {
            Some((_, value)) => Ok(Some(value)),
            None => self.get_of_one_case(key),
        }
    }

    /// The value under the one key that is this one whatever the case.
    ///
    /// # Errors
    /// There are several such keys.
    pub(in crate::ingest) fn get_of_one_case(&self, key: &str) -> Result<Option<&Self>, NoLiteral> {
        let Self::Object(entries) = self else { return Ok(None) };
        let key = key.to_lowercase();
        let mut alike = entries.iter().filter(|(found, _)| found.to_lowercase() == key);
        let first = alike.next().map(|(_, value)| value);
        if alike.next().is_some() { Err(NoLiteral) } else { Ok(first) }
    }

    /// The value as the text of a field: nested ones as JSON, `None` for null.
    pub(in crate::ingest) fn to_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Null => None,
            Self::Word(text) | Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::List(_) | Self::Object(_) => {
                let mut json = Vec::new();
                self.write_json(&mut json);
                Some(Cow::Owned(String::from_utf8_lossy(&json).into_owned()))
            }
        }
    }

    fn write_json(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Word(word) => out.extend_from_slice(word.as_bytes()),
            Self::Text(text) => write_string(text, out),
            Self::List(items) => {
                out.push(b'[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    item.write_json(out);
                }
                out.push(b']');
            }
            Self::Object(entries) => {
                out.push(b'{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    write_string(key, out);
                    out.push(b':');
                    value.write_json(out);
                }
                out.push(b'}');
            }
        }
    }
}

/// Appends a text as a JSON string.
pub(in crate::ingest) fn write_string(text: &str, out: &mut Vec<u8>) {
    // Writing to memory cannot fail.
    if serde_json::to_writer(&mut *out, text).is_err() {
        out.extend_from_slice(b"\"\"");
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// Passes a byte that must come, blanks before it.
    fn pass(&mut self, byte: u8) -> bool {
        self.blanks();
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn value(&mut self, depth: usize) -> Result<Literal<'t>, NoLiteral> {
        if depth > DEPTH {
            return Err(NoLiteral);
        }
        self.blanks();
        match self.peek().ok_or(NoLiteral)? {
            b'{' => self.object(depth),
            b'[' => self.list(depth),
            quote @ (b'"' | b'\'') => self.string(quote).map(Literal::Text),
            _ => self.word(),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Literal<'t>, NoLiteral> {
        self.at += 1;
        let mut items = Vec::new();
        while !self.pass(b']') {
            items.push(self.value(depth + 1)?);
            if !self.pass(b',') && self.peek() != Some(b']') {
                return Err(NoLiteral);
            }
        }
        Ok(Literal::List(items))
    }

    fn object(&mut self, depth: usize) -> Result<Literal<'t>, NoLiteral> {
        self.at += 1;
        let mut entries = Vec::new();
        let mut keys = HashSet::new();
        while !self.pass(b'}') {
            let key = match self.peek() {
                Some(quote @ (b'"' | b'\'')) => self.string(quote)?,
                _ => return Err(NoLiteral),
            };
            // Which of two values of one key is meant, nobody knows.
            if !keys.insert(key.clone()) || !self.pass(b':') {
                return Err(NoLiteral);
            }
            entries.push((key, self.value(depth + 1)?));
            if !self.pass(b',') && self.peek() != Some(b'}') {
                return Err(NoLiteral);
            }
        }
        Ok(Literal::Object(entries))
    }

    /// A number, a truth value, nothing, or Python's `Decimal('1.5')`.
    fn word(&mut self) -> Result<Literal<'t>, NoLiteral> {
        let is_part =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_');
        let begin = self.at;
        while self.peek().is_some_and(is_part) {
            self.at += 1;
        }
        let word = &self.text[begin..self.at];
        match word {
            "" => Err(NoLiteral),
            "null" | "None" => Ok(Literal::Null),
            "true" | "True" => Ok(Literal::Word(Cow::Borrowed("true"))),
            "false" | "False" => Ok(Literal::Word(Cow::Borrowed("false"))),
            "Decimal" => {
                let opens = self.pass(b'(');
                let quote = self.peek().filter(|byte| matches!(byte, b'"' | b'\''));
                let number = self.string(quote.filter(|_| opens).ok_or(NoLiteral)?)?;
                if self.pass(b')') { Ok(Literal::Word(number)) } else { Err(NoLiteral) }
            }
            // Anything else that is no number would be a name without quotes.
            _ if word.bytes().any(|byte| byte.is_ascii_digit()) => {
                Ok(Literal::Word(Cow::Borrowed(word)))
            }
            _ => Err(NoLiteral),
        }
    }

    fn string(&mut self, quote: u8) -> Result<Cow<'t, str>, NoLiteral> {
        self.at += 1;
        let begin = self.at;
        let bytes = self.text.as_bytes();
        loop {
            match self.peek().ok_or(NoLiteral)? {
                byte if byte == quote => {
                    self.at += 1;
                    return Ok(Cow::Borrowed(&self.text[begin..self.at - 1]));
                }
                b'\\' => break,
                _ => self.at += 1,
            }
        }
        let mut made = self.text[begin..self.at].to_owned();
        loop {
            let plain = self.at;
            while bytes.get(self.at).is_some_and(|byte| *byte != quote && *byte != b'\\') {
                self.at += 1;
            }
            made.push_str(&self.text[plain..self.at]);
            let ended_by = self.peek().ok_or(NoLiteral)?;
            self.at += 1;
            if ended_by == quote {
                return Ok(Cow::Owned(made));
            }
            self.escape(&mut made)?;
        }
    }

    /// What stands behind a backslash.
    fn escape(&mut self, made: &mut String) -> Result<(), NoLiteral> {
        let letter = self.text[self.at..].chars().next().ok_or(NoLiteral)?;
        self.at += letter.len_utf8();
        let meant = match letter {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            '"' | '\'' | '\\' | '/' => letter,
            'x' => self.hex(2)?,
            'u' => self.hex(4)?,
            'U' => self.hex(8)?,
            // Python leaves what is no escape as it stands.
            _ => {
                made.push('\\');
                letter
            }
        };
        made.push(meant);
        Ok(())
    }

    fn hex(&mut self, digits: usize) -> Result<char, NoLiteral> {
        let code = self.hex_number(digits)?;
        if !(0xd800..0xdc00).contains(&code) {
            return char::from_u32(code).ok_or(NoLiteral);
        }
        // A character beyond 16 bits, in two halves.
        if self.text.as_bytes().get(self.at..self.at + 2) != Some(b"\\u") {
            return Err(NoLiteral);
        }
        self.at += 2;
        let low = self.hex_number(4)?;
        let low = low.checked_sub(0xdc00).filter(|low| *low < 0x400).ok_or(NoLiteral)?;
        char::from_u32(0x1_0000 + ((code - 0xd800) << 10) + low).ok_or(NoLiteral)
    }

    fn hex_number(&mut self, digits: usize) -> Result<u32, NoLiteral> {
        let text = self.text.get(self.at..self.at + digits).ok_or(NoLiteral)?;
        self.at += digits;
        if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NoLiteral);
        }
        u32::from_str_radix(text, 16).map_err(|_| NoLiteral)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Option<String> {
        let literal = Literal::parse(text).ok()?;
        let mut out = Vec::new();
        literal.write_json(&mut out);
        Some(String::from_utf8(out).unwrap())
    }

    #[test]
    fn both_ways_of_writing_give_the_same() {
        for (text, expected) in [
            (r#"[{"a": 1.50, "b": null}]"#, r#"[{"a":1.50,"b":null}]"#),
            ("[{'a': 1.50, 'b': None}]", r#"[{"a":1.50,"b":null}]"#),
            ("{'it\\'s': \"x\", 'y': True,}", r#"{"it's":"x","y":true}"#),
            ("Decimal('-1.2E-05')", "-1.2E-05"),
            (r#""\u00e9\ud83d\ude00\n""#, r#""é😀\n""#),
            (r"'\x41\d'", r#""A\\d""#),
            (" [ ] ", "[]"),
        ] {
            assert_eq!(json(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_one_whole_value_is_refused() {
        for text in ["", "[", "[1", "{'a'}", "{a: 1}", "[1] 2", "'a", "\"\\ud83d\"", "[1 2]", "nan"]
        {
            assert_eq!(Literal::parse(text), Err(NoLiteral), "{text}");
        }
        for twice in [r#"{"a": 1, "a": 1}"#, r#"[{'a': 1, "\u0061": 2}]"#] {
            assert_eq!(Literal::parse(twice), Err(NoLiteral), "{twice}");
        }
        let deep = "[".repeat(40) + &"]".repeat(40);
        assert_eq!(Literal::parse(&deep), Err(NoLiteral));
    }

    #[test]
    fn a_key_is_found_whatever_its_case_if_it_is_one() {
        let object = Literal::parse(r#"{"Amount": 1, "b": 2, "B": 3, "C": 4, "C ": 5}"#).unwrap();
        let word = |text: &'static str| Literal::Word(text.into());
        assert_eq!(object.get("amount"), Ok(Some(&word("1"))));
        assert_eq!(object.get("b"), Ok(Some(&word("2"))));
        assert_eq!(object.get("c"), Ok(Some(&word("4"))));
        assert_eq!(object.get("d"), Ok(None));
        assert_eq!(object.get_of_one_case("b"), Err(NoLiteral));
        let two = Literal::parse(r#"{"AB": 1, "Ab": 2}"#).unwrap();
        assert_eq!(two.get("ab"), Err(NoLiteral));
    }

    #[test]
    fn json_of_any_reader_is_read_alike() {
        let text = r#"{"k\"ey":["a\\b","\u0001",{"n":-12e3}],"t":true,"":""}"#;
        let ours: serde_json::Value = serde_json::from_str(&json(text).unwrap()).unwrap();
        assert_eq!(ours, serde_json::from_str::<serde_json::Value>(text).unwrap());
    }
}
