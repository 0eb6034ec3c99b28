//! JSON, taken apart without changing it: a value stays the bytes it was written as, so that a
//! number keeps every digit.

use std::borrow::Cow;

/// How deep objects and lists may stand in each other.
const DEPTH: usize = 64;

/// Why a text is not JSON, or none that can be read without guessing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    NotJson,
    NotAnObject,
    TooDeep,
    /// `\ud800` without its other half.
    HalfCharacter,
}

impl Fault {
    pub(in crate::ingest) fn text(self) -> &'static str {
        match self {
            Self::NotJson => "the line is not JSON",
            Self::NotAnObject => "the line is no JSON object",
            Self::TooDeep => "the line nests more than 64 levels",
            Self::HalfCharacter => "the line holds half a character",
        }
    }
}

/// A value as it is written, and what kind it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    Null,
    /// Between the quotes, with its escapes.
    Text(&'a str),
    /// A number or a boolean.
    Plain(&'a str),
    List(&'a str),
    Object(&'a str),
}

/// The fields of an object that is the whole of a text, in their order.
///
/// # Errors
/// What keeps the text from being one object, or the first that `field` returns.
pub fn object<'a>(
    text: &'a str,
    mut field: impl FnMut(Cow<'a, str>, Value<'a>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut scan = Scan { text, at: 0 };
    scan.blanks();
    if scan.peek() != Some(b'{') {
        scan.value(0)?;
        return Err(if scan.is_at_end() { Fault::NotAnObject } else { Fault::NotJson });
    }
    scan.fields(0, &mut field)?;
    if scan.is_at_end() { Ok(()) } else { Err(Fault::NotJson) }
}

/// The items of a list that is the whole of a text.
///
/// # Errors
/// What keeps the text from being one list, or the first that `item` returns.
pub(in crate::ingest) fn items<'a>(
    text: &'a str,
    mut item: impl FnMut(Value<'a>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut scan = Scan { text, at: 0 };
    scan.need(b'[')?;
    if !scan.take(b']') {
        loop {
            item(scan.value(1)?)?;
            if !scan.take(b',') {
                break;
            }
        }
        scan.need(b']')?;
    }
    if scan.is_at_end() { Ok(()) } else { Err(Fault::NotJson) }
}

/// The values of a text one behind the other, each with where it begins; at the first fault, where
/// that is.
pub(in crate::ingest) fn values(text: &str) -> Result<Vec<(usize, Value<'_>)>, (usize, Fault)> {
    let mut scan = Scan { text, at: 0 };
    let mut found = Vec::new();
    while !scan.is_at_end() {
        let begin = scan.at;
        let value = scan.value(0).map_err(|fault| (scan.at.min(text.len()), fault))?;
        found.push((begin, value));
    }
    Ok(found)
}

/// What a text between quotes means.
///
/// # Errors
/// An escape that JSON does not have, or half a character.
pub fn unescaped(text: &str) -> Result<Cow<'_, str>, Fault> {
    let Some(first) = text.find('\\') else { return Ok(Cow::Borrowed(text)) };
    let mut meant = String::with_capacity(text.len());
    meant.push_str(&text[..first]);
    let mut rest = &text[first..];
    while let Some(escape) = rest.strip_prefix('\\') {
        let (letter, used) = match escape.as_bytes().first() {
            Some(b'n') => ('\n', 1),
            Some(b't') => ('\t', 1),
            Some(b'r') => ('\r', 1),
            Some(b'b') => ('\u{8}', 1),
            Some(b'f') => ('\u{c}', 1),
            Some(b'u') => unicode(escape)?,
            Some(same @ (b'"' | b'\\' | b'/')) => (char::from(*same), 1),
            _ => return Err(Fault::NotJson),
        };
        meant.push(letter);
        let after = &escape[used..];
        let next = after.find('\\').unwrap_or(after.len());
        meant.push_str(&after[..next]);
        rest = &after[next..];
    }
    Ok(Cow::Owned(meant))
}

/// The character of an escape that begins with `u`, and the bytes that it takes.
fn unicode(escape: &str) -> Result<(char, usize), Fault> {
    let unit = |from: usize| -> Result<u16, Fault> {
        let digits = escape.get(from..from + 4).ok_or(Fault::NotJson)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(Fault::NotJson);
        }
        u16::from_str_radix(digits, 16).map_err(|_| Fault::NotJson)
    };
    let first = unit(1)?;
    if let Some(letter) = char::from_u32(u32::from(first)) {
        return Ok((letter, 5));
    }
    if escape.get(5..7) != Some("\\u") {
        return Err(Fault::HalfCharacter);
    }
    let mut pair = char::decode_utf16([first, unit(7)?]);
    match pair.next() {
        Some(Ok(letter)) => Ok((letter, 11)),
        _ => Err(Fault::HalfCharacter),
    }
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn is_at_end(&mut self) -> bool {
        self.blanks();
        self.at == self.text.len()
    }

    /// Passes over `wanted` and the blanks before it.
    fn take(&mut self, wanted: u8) -> bool {
        self.blanks();
        let is_there = self.peek() == Some(wanted);
        self.at += usize::from(is_there);
        is_there
    }

    fn need(&mut self, wanted: u8) -> Result<(), Fault> {
        if self.take(wanted) { Ok(()) } else { Err(Fault::NotJson) }
    }

    fn fields(
        &mut self,
        depth: usize,
        field: &mut impl FnMut(Cow<'a, str>, Value<'a>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.need(b'{')?;
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            self.blanks();
            let key = unescaped(self.quoted()?)?;
            self.need(b':')?;
            let value = self.value(depth + 1)?;
            field(key, value)?;
            if !self.take(b',') {
                return self.need(b'}');
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value<'a>, Fault> {
        if depth > DEPTH {
            return Err(Fault::TooDeep);
        }
        self.blanks();
        let begin = self.at;
        match self.peek() {
            Some(b'"') => self.quoted().map(Value::Text),
            Some(b'{') => {
                self.fields(depth, &mut |_, _| Ok(()))?;
                Ok(Value::Object(&self.text[begin..self.at]))
            }
            Some(b'[') => {
                self.list(depth)?;
                Ok(Value::List(&self.text[begin..self.at]))
            }
            _ => self.plain(),
        }
    }

    fn list(&mut self, depth: usize) -> Result<(), Fault> {
        self.need(b'[')?;
        if self.take(b']') {
            return Ok(());
        }
        loop {
            self.value(depth + 1)?;
            if !self.take(b',') {
                return self.need(b']');
            }
        }
    }

    /// What stands between quotes. Escapes are looked at where they are read.
    fn quoted(&mut self) -> Result<&'a str, Fault> {
        self.need(b'"')?;
        let begin = self.at;
        let bytes = self.text.as_bytes();
        loop {
            let found = memchr::memchr2(b'"', b'\\', &bytes[self.at..]).ok_or(Fault::NotJson)?;
            let at = self.at + found;
            if bytes[at] == b'"' {
                self.at = at + 1;
                let inside = &self.text[begin..at];
                let has_control = inside.bytes().any(|byte| byte < b' ');
                return if has_control { Err(Fault::NotJson) } else { Ok(inside) };
            }
            self.at = at + 2;
            if self.at > bytes.len() {
                return Err(Fault::NotJson);
            }
        }
    }

    fn plain(&mut self) -> Result<Value<'a>, Fault> {
        let rest = &self.text[self.at..];
        let end = rest
            .bytes()
            .position(|byte| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r'));
        let word = &rest[..end.unwrap_or(rest.len())];
        self.at += word.len();
        match word {
            "null" => Ok(Value::Null),
            "true" | "false" => Ok(Value::Plain(word)),
            _ if is_number(word.as_bytes()) => Ok(Value::Plain(word)),
            _ => Err(Fault::NotJson),
        }
    }
}

/// `-12.5e-3`: no plus, no leading zeros, digits on both sides of the point.
fn is_number(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits(text);
    let mut rest = &text[whole..];
    if whole == 0 || (whole > 1 && text[0] == b'0') {
        return false;
    }
    if let Some(fraction) = rest.strip_prefix(b".") {
        let count = digits(fraction);
        rest = &fraction[count..];
        if count == 0 {
            return false;
        }
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let sign = usize::from(matches!(exponent, [b'+' | b'-', ..]));
        let exponent = &exponent[sign..];
        return !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Result<Vec<String>, Fault> {
        let mut found = Vec::new();
        object(text, |key, value| {
            found.push(format!("{key}={value:?}"));
            Ok(())
        })?;
        Ok(found)
    }

    #[test]
    fn values_stay_as_they_are_written() {
        let text =
            r#" {"a":"x\"y", "b" : -1.50E-08,"c":null,"d":[1, {"x":"]"}],"e":{"f":{}},"":true} "#;
        assert_eq!(
            fields(text).unwrap(),
            [
                r#"a=Text("x\\\"y")"#,
                r#"b=Plain("-1.50E-08")"#,
                "c=Null",
                r#"d=List("[1, {\"x\":\"]\"}]")"#,
                r#"e=Object("{\"f\":{}}")"#,
                r#"=Plain("true")"#,
            ]
        );
        assert_eq!(fields("{}").unwrap(), [""; 0]);
    }

    #[test]
    fn what_json_does_not_allow_is_refused() {
        for text in [
            "",
            "{",
            "{}x",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{'a':1}",
            "{\"a\":01}",
            "{\"a\":+1}",
            "{\"a\":.5}",
            "{\"a\":5.}",
            "{\"a\":1e}",
            "{\"a\":NaN}",
            "{\"a\":True}",
            "{\"a\":\"\t\"}",
            "{\"a\":\"x}",
            "{\"a\":\"x\\\"}",
            "{\"a\":[1 2]}",
            "{\"a\":{\"b\":]}}",
            "{\"a\":1}{\"a\":2}",
        ] {
            assert_eq!(fields(text), Err(Fault::NotJson), "{text}");
        }
        for text in ["[]", "1", "\"a\"", "null", "[{\"a\":1}]"] {
            assert_eq!(fields(text), Err(Fault::NotAnObject), "{text}");
        }
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(fields(&deep), Err(Fault::TooDeep));
    }

    #[test]
    fn it_agrees_with_another_reader_about_texts() {
        for text in [
            r"plain",
            r#"\"\\\/\b\f\n\r\t"#,
            r"\u0041\u00e4\u20ac",
            r"\ud83d\ude00!",
            r"a\u0000b",
            "Größe",
        ] {
            let other: String = serde_json::from_str(&format!("\"{text}\"")).unwrap();
            assert_eq!(unescaped(text).unwrap(), other);
        }
        for text in [r"\ud800", r"\ud800\u0041", r"\udc00"] {
            assert_eq!(unescaped(text), Err(Fault::HalfCharacter), "{text}");
        }
        for text in [r"\x", r"\u12", r"\u+123", r"\u00g0"] {
            assert_eq!(unescaped(text), Err(Fault::NotJson), "{text}");
        }
    }
}
