//! Tags as bills carry them: one JSON object.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Deserializer;

/// Calls `found` for each tag, in the order of the text. Numbers and booleans come as their text;
/// null is no value; what is nested is told as present but not looked into.
///
/// # Errors
/// Where the text is not one JSON object.
pub(super) fn each_tag<'t>(
    text: &'t str,
    found: impl FnMut(Cow<'t, str>, Cow<'t, str>),
) -> Result<(), serde_json::Error> {
    let mut reader = Deserializer::from_str(text);
    reader.deserialize_map(Tags { found })?;
    reader.end()
}

struct Tags<F> {
    found: F,
}

impl<'t, F: FnMut(Cow<'t, str>, Cow<'t, str>)> Visitor<'t> for Tags<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object of tags")
    }

    fn visit_map<A: MapAccess<'t>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Text<'t>>()? {
            let value = map.next_value::<Text<'t>>()?;
            if let (Some(key), Some(value)) = (key.0, value.0) {
                (self.found)(key, value);
            }
        }
        Ok(())
    }
}

/// A scalar as text, borrowed where it has no escapes.
struct Text<'t>(Option<Cow<'t, str>>);

impl<'t> serde::Deserialize<'t> for Text<'t> {
    fn deserialize<D: serde::Deserializer<'t>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(AnyText)
    }
}

struct AnyText;

impl<'t> Visitor<'t> for AnyText {
    type Value = Text<'t>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a tag value")
    }

    fn visit_borrowed_str<E>(self, text: &'t str) -> Result<Text<'t>, E> {
        Ok(Text(Some(Cow::Borrowed(text))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Text<'t>, E> {
        Ok(Text(Some(Cow::Owned(text.to_owned()))))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Text<'t>, E> {
        Ok(Text(Some(Cow::Owned(value.to_string()))))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Text<'t>, E> {
        Ok(Text(Some(Cow::Owned(value.to_string()))))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Text<'t>, E> {
        Ok(Text(Some(Cow::Owned(value.to_string()))))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Text<'t>, E> {
        Ok(Text(Some(Cow::Owned(value.to_string()))))
    }

    fn visit_unit<E>(self) -> Result<Text<'t>, E> {
        Ok(Text(None))
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Text<'t>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Text(Some(Cow::Borrowed("{…}"))))
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut list: A) -> Result<Text<'t>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Text(Some(Cow::Borrowed("[…]"))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(text: &str) -> Result<String, serde_json::Error> {
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
    fn what_is_no_object_is_refused() {
        for text in ["", "[]", "\"a\"", "{\"a\":1", "{\"a\":1} x", "a=b"] {
            assert!(tags(text).is_err(), "{text}");
        }
    }
}
