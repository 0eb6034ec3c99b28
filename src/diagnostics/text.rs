//! Hostile text made harmless: what a terminal would obey or hide is shown instead.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with every control, bidirectional and invisible character written out, such as
/// `\u{1b}` for the escape that starts a terminal command; for messages and logs of one line.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            _ if is_hostile(letter) => {
                // Writing to a String cannot fail.
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(letter));
            }
            _ => shown.push(letter),
        }
    }
    Cow::Owned(shown)
}

/// The line with each such character replaced by one visible sign, so that columns stay columns.
pub(super) fn visible_line(line: &str) -> String {
    line.chars().map(visible_sign).collect()
}

fn visible_sign(letter: char) -> char {
    match letter {
        '\t' => ' ',
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(letter)).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        _ if is_hostile(letter) => '\u{fffd}',
        _ => letter,
    }
}

/// Characters that steer a terminal, reorder the text around them, or cannot be seen.
/// The classes are Unicode's Cc, Cf and the line separators, as far as they take no ink.
fn is_hostile(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_or_hides_is_written_out() {
        for (text, expected) in [
            ("Zürich – 東京 😀", "Zürich – 東京 😀"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("a\u{9b}31m", "a\\u{9b}31m"),
            ("pay\u{202e}txt", "pay\\u{202e}txt"),
            ("re\u{200b}tail", "re\\u{200b}tail"),
            ("two\nlines\t\r", "two\\nlines\\t\\r"),
            ("\u{feff}id", "\\u{feff}id"),
            ("bell\u{7}", "bell\\u{7}"),
        ] {
            assert_eq!(printable(text), expected);
        }
    }

    #[test]
    fn a_visible_line_keeps_its_columns() {
        let line = "a\u{1b}\u{202e}\tü\u{7f}";
        let shown = visible_line(line);
        assert_eq!(shown, "a␛� ü␡");
        assert_eq!(shown.chars().count(), line.chars().count());
    }
}
