//! Tags as bills carry them: one JSON object.

use std::borrow::Cow;

use crate::domain::normal_form;
use crate::ingest::{JsonFault, JsonValue, json_object, json_text};

/// Why tags cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadTags {
    /// They are not one JSON object.
    Shape,
    /// A key or a value holds a NUL, which no system that tags come from can have written.
    Nul,
}

/// Calls `found` for each tag, in the order of the text. Numbers and booleans come as they are
/// written; null is no value; what is nested is told as present but not looked into. Texts come in
/// one normal form.
pub(super) fn each_tag<'t>(
    text: &'t str,
    mut found: impl FnMut(Cow<'t, str>, Cow<'t, str>),
) -> Result<(), BadTags> {
    let mut has_nul = false;
    let read = json_object(text, |key, value| {
        let value = match value {
            JsonValue::Null => return Ok(()),
            JsonValue::Text(written) => json_text(written)?,
            JsonValue::Plain(written) => Cow::Borrowed(written),
            JsonValue::Object(_) => Cow::Borrowed("{…}"),
            JsonValue::List(_) => Cow::Borrowed("[…]"),
        };
        has_nul |= key.contains('\0') || value.contains('\0');
        found(normal(key), normal(value));
        Ok(())
    });
    match read {
        Err(
            JsonFault::HalfCharacter
            | JsonFault::NotAnObject
            | JsonFault::NotJson
            | JsonFault::TooDeep,
        ) => Err(BadTags::Shape),
        Ok(()) if has_nul => Err(BadTags::Nul),
        Ok(()) => Ok(()),
    }
}

fn normal(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => normal_form(text),
        Cow::Owned(text) => Cow::Owned(normal_form(&text).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(text: &str) -> Result<String, BadTags> {
        let mut all = Vec::new();
        each_tag(text, |key, value| all.push(format!("{key}={value}")))?;
        Ok(all.join(";"))
    }

    #[test]
    fn every_scalar_is_a_text() {
        let text = r#"{"a":"x\n"," b":1,"c":true,"d":null,"e":{"f":[1]},"g":",NULL,NULL,"}"#;
        assert_eq!(tags(text).unwrap(), "a=x\n; b=1;c=true;e={…};g=,NULL,NULL,");
        assert_eq!(tags("{}").unwrap(), "");
    }

    #[test]
    fn numbers_keep_their_spelling() {
        let text = r#"{"a":1.10,"b":-0,"c":1E+5,"d":100000000000000000000001}"#;
        assert_eq!(tags(text).unwrap(), "a=1.10;b=-0;c=1E+5;d=100000000000000000000001");
    }

    #[test]
    fn keys_and_values_come_in_one_normal_form() {
        let text = "{\"Ku\u{308}che\":\"Zu\\u0308rich\"}";
        assert_eq!(tags(text).unwrap(), "K\u{fc}che=Z\u{fc}rich");
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for text in ["", "[]", "\"a\"", "{\"a\":1", "{\"a\":1} x", "a=b", "{\"a\":\"\\ud800\"}"] {
            assert_eq!(tags(text), Err(BadTags::Shape), "{text}");
        }
        for text in [r#"{"a":"x\u0000"}"#, r#"{"\u0000":1}"#] {
            assert_eq!(tags(text), Err(BadTags::Nul), "{text}");
        }
    }
}
