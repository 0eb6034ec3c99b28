//! Values as YAML, so that a person would have written them: short ones on one line, texts without
//! quotes where nothing can be mistaken.

use std::fmt::Write;

use crate::diagnostics::printable;

/// A line of rules is not longer than this, where it can be broken.
const WIDTH: usize = 120;

#[derive(Clone, Debug)]
pub(super) enum Yaml {
    Text(String),
    /// Written as it is: `true`, a day, a share.
    Word(String),
    List(Vec<Yaml>),
    Map(Vec<(String, Yaml)>),
}

impl Yaml {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn word(word: impl Into<String>) -> Self {
        Self::Word(word.into())
    }

    /// One text, or a list of several.
    pub(super) fn texts(texts: &[String]) -> Self {
        match texts {
            [one] => Self::text(one),
            _ => Self::List(texts.iter().map(Self::text).collect()),
        }
    }

    pub(super) fn map<const N: usize>(entries: [(&str, Self); N]) -> Self {
        Self::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// On one line.
    pub(super) fn flow(&self) -> String {
        match self {
            Self::Text(text) => scalar(text),
            Self::Word(word) => word.clone(),
            Self::List(items) if items.is_empty() => "[]".to_owned(),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(Self::flow).collect();
                format!("[ {} ]", items.join(", "))
            }
            Self::Map(entries) if entries.is_empty() => "{}".to_owned(),
            Self::Map(entries) => {
                let entries = entries.iter();
                let entries: Vec<String> = entries
                    .map(|(key, value)| format!("{}: {}", scalar(key), value.flow()))
                    .collect();
                format!("{{ {} }}", entries.join(", "))
            }
        }
    }

    /// `head` and the value behind it, on one line where it fits, else below it.
    pub(super) fn put(&self, head: &str, indent: usize, out: &mut String) {
        let margin = " ".repeat(indent);
        let flow = self.flow();
        let is_short = indent + head.chars().count() + 1 + flow.chars().count() <= WIDTH;
        let is_single = matches!(self, Self::Text(_) | Self::Word(_));
        if is_short || is_single {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{margin}{head} {flow}");
            return;
        }
        match self {
            Self::Text(_) | Self::Word(_) => {}
            Self::List(items) if items.iter().all(Self::is_single) => {
                put_wrapped(items, &format!("{margin}{head}"), indent + 2, out);
            }
            Self::List(items) => {
                let _ = writeln!(out, "{margin}{head}");
                for item in items {
                    item.put_item(indent + 2, out);
                }
            }
            Self::Map(entries) => {
                let _ = writeln!(out, "{margin}{head}");
                for (key, value) in entries {
                    value.put(&format!("{}:", scalar(key)), indent + 2, out);
                }
            }
        }
    }

    fn is_single(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Word(_))
    }

    /// An item of a list: a dash, and the value behind it.
    pub(super) fn put_item(&self, indent: usize, out: &mut String) {
        let flow = self.flow();
        let Self::Map(entries) = self else {
            let _ = writeln!(out, "{}- {flow}", " ".repeat(indent));
            return;
        };
        if indent + 2 + flow.chars().count() <= WIDTH {
            let _ = writeln!(out, "{}- {flow}", " ".repeat(indent));
            return;
        }
        let mut lines = String::new();
        for (key, value) in entries {
            value.put(&format!("{}:", scalar(key)), indent + 2, &mut lines);
        }
        lines.replace_range(indent..=indent, "-");
        out.push_str(&lines);
    }
}

/// A list of single values over several lines.
fn put_wrapped(items: &[Yaml], head: &str, indent: usize, out: &mut String) {
    let margin = " ".repeat(indent);
    let _ = writeln!(out, "{head} [");
    let mut line = margin.clone();
    for item in items {
        let text = format!("{}, ", item.flow());
        if line.len() > margin.len() && line.chars().count() + text.chars().count() > WIDTH {
            let _ = writeln!(out, "{}", line.trim_end());
            line.clone_from(&margin);
        }
        line.push_str(&text);
    }
    let _ = writeln!(out, "{}", line.trim_end());
    let _ = writeln!(out, "{margin}]");
}

/// Words that a reader of YAML could take for something else than a text.
const OTHER_MEANINGS: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "nan", "inf"];

/// A text, quoted where it must be, or where it looks like a number.
pub(super) fn scalar(text: &str) -> String {
    let first = text.chars().next().unwrap_or(' ');
    let is_plain_letter =
        |c: char| (c.is_alphanumeric() || "_-./@+ :".contains(c)) && !c.is_control();
    let is_plain = (first.is_alphabetic() || first == '_')
        && text.chars().all(is_plain_letter)
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !OTHER_MEANINGS.contains(&text.to_ascii_lowercase().as_str())
        && matches!(printable(text), std::borrow::Cow::Borrowed(_));
    if is_plain {
        return text.to_owned();
    }
    let is_printable = matches!(printable(text), std::borrow::Cow::Borrowed(_));
    if is_printable && text.contains(['\\', '"']) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    quoted(text)
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        let mut bytes = [0; 4];
        let alone: &str = letter.encode_utf8(&mut bytes);
        let is_visible = matches!(printable(alone), std::borrow::Cow::Borrowed(_));
        match (letter, u32::from(letter)) {
            ('"' | '\\', _) => {
                quoted.push('\\');
                quoted.push(letter);
            }
            (_, _) if is_visible => quoted.push(letter),
            (_, code @ 0..=0xff) => drop(write!(quoted, "\\x{code:02x}")),
            (_, code @ 0x100..=0xffff) => drop(write!(quoted, "\\u{code:04x}")),
            (_, code) => drop(write!(quoted, "\\U{code:08x}")),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_where_they_must_be() {
        for (text, written) in [
            ("AmazonEC2", "AmazonEC2"),
            ("AWS Support (Business)", "\"AWS Support (Business)\""),
            ("012345678901", "\"012345678901\""),
            ("no", "\"no\""),
            ("a: b", "\"a: b\""),
            ("aws:createdBy", "aws:createdBy"),
            ("", "\"\""),
            ("^a\\d+", "'^a\\d+'"),
            ("it's \"x\"", "'it''s \"x\"'"),
            ("two\nlines", "\"two\\x0alines\""),
            ("a\u{200b}b", "\"a\\u200bb\""),
            ("-prod", "\"-prod\""),
            ("Zürich", "Zürich"),
            ("x ", "\"x \""),
            ("#1", "\"#1\""),
        ] {
            assert_eq!(scalar(text), written);
        }
    }

    #[test]
    fn long_values_are_broken() {
        let ids: Vec<String> = (0..20).map(|id| format!("{id:012}")).collect();
        let when = Yaml::map([("sub_account_id", Yaml::texts(&ids)), ("region", Yaml::text("eu"))]);
        let mut out = String::new();
        Yaml::map([("when", when), ("value", Yaml::text("a"))]).put_item(4, &mut out);
        assert!(out.lines().all(|line| line.chars().count() <= WIDTH), "{out}");
        assert!(out.starts_with("    - when:\n        sub_account_id: [\n"), "{out}");
        assert!(out.ends_with("        region: eu\n      value: a\n"), "{out}");
    }
}
