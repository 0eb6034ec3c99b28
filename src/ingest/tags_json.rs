//! Tags that a file spreads over columns or keeps in a map, put into the one shape that the rest
//! of the house reads: a JSON object.

use std::io::Write;

/// Appends the tags as a JSON object. Values that are not UTF-8 never come here.
pub(super) fn write<'a, V>(tags: impl Iterator<Item = (&'a str, V)>, buffer: &mut Vec<u8>)
where
    V: AsRef<[u8]>,
{
    buffer.push(b'{');
    let begin = buffer.len();
    for (key, value) in tags {
        if buffer.len() > begin {
            buffer.push(b',');
        }
        string(key, buffer);
        buffer.push(b':');
        string(&String::from_utf8_lossy(value.as_ref()), buffer);
    }
    buffer.push(b'}');
}

fn string(text: &str, buffer: &mut Vec<u8>) {
    if serde_json::to_writer(buffer.by_ref(), text).is_err() {
        buffer.extend_from_slice(b"\"\"");
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn tags_become_an_object() {
        let mut buffer = Vec::new();
        super::write([("a", "x"), ("b\"", "y\n")].into_iter(), &mut buffer);
        assert_eq!(buffer, br#"{"a":"x","b\"":"y\n"}"#);
    }
}
