//! When two texts are one name to people.
//!
//! Unicode has several spellings of one letter (`ü` as one character or as two), and letters that
//! look alike and are not the same (`a` of Latin and of Cyrillic). The first are one name; the
//! second are two, and whoever reads them must be told.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Letters that most fonts draw like a Latin one: of the confusables of Unicode (UTS #39,
/// <https://www.unicode.org/Public/security/latest/confusables.txt>, read 2026-11-21) those of
/// Cyrillic and Greek that stand for a single letter.
const LIKE_LATIN: [(char, char); 52] = [
    ('а', 'a'),
    ('с', 'c'),
    ('ԁ', 'd'),
    ('е', 'e'),
    ('һ', 'h'),
    ('і', 'i'),
    ('ј', 'j'),
    ('ԛ', 'q'),
    ('о', 'o'),
    ('р', 'p'),
    ('ѕ', 's'),
    ('ѵ', 'v'),
    ('ԝ', 'w'),
    ('х', 'x'),
    ('у', 'y'),
    ('ӏ', 'l'),
    ('А', 'A'),
    ('В', 'B'),
    ('С', 'C'),
    ('Е', 'E'),
    ('Н', 'H'),
    ('І', 'I'),
    ('Ј', 'J'),
    ('К', 'K'),
    ('М', 'M'),
    ('О', 'O'),
    ('Р', 'P'),
    ('Ѕ', 'S'),
    ('Т', 'T'),
    ('Х', 'X'),
    ('У', 'Y'),
    ('Ԝ', 'W'),
    ('α', 'a'),
    ('ο', 'o'),
    ('ρ', 'p'),
    ('ν', 'v'),
    ('ι', 'i'),
    ('γ', 'y'),
    ('Α', 'A'),
    ('Β', 'B'),
    ('Ε', 'E'),
    ('Ζ', 'Z'),
    ('Η', 'H'),
    ('Ι', 'I'),
    ('Κ', 'K'),
    ('Μ', 'M'),
    ('Ν', 'N'),
    ('Ο', 'O'),
    ('Ρ', 'P'),
    ('Τ', 'T'),
    ('Υ', 'Y'),
    ('Χ', 'X'),
];

/// The text in Unicode's composed form (NFC), in which one name has one spelling.
///
/// ```
/// assert_eq!(costbook::domain::normal_form("Ku\u{308}che"), "Küche");
/// ```
#[must_use]
pub fn normal_form(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc(text) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.nfc().collect())
}

/// What a text looks like: texts that look alike have the same likeness, whatever letters they are
/// made of. Of use for comparing only.
#[must_use]
pub fn likeness(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let visible = text.nfkc().filter(|letter| !is_invisible(*letter));
    Cow::Owned(visible.map(like_latin).collect())
}

fn like_latin(letter: char) -> char {
    let found = LIKE_LATIN.iter().find(|(known, _)| *known == letter);
    found.map_or(letter, |(_, latin)| *latin)
}

/// Characters that take no ink: they steer direction, joining and line breaks, or nothing at all.
fn is_invisible(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{180b}'..='\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_letter_are_one() {
        assert_eq!(normal_form("Zu\u{308}rich"), "Z\u{fc}rich");
        assert_eq!(normal_form("\u{212b}"), "\u{c5}");
        for text in ["retail", "Z\u{fc}rich", "ret\u{430}il", "", "\u{ff52}etail"] {
            assert!(matches!(normal_form(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn what_looks_alike_has_one_likeness() {
        for text in ["ret\u{430}il", "re\u{200b}tail", "\u{202e}retail", "\u{ff52}etail", "retail"]
        {
            assert_eq!(likeness(text), "retail", "{text}");
        }
        for text in ["Retail", "retai1", "r\u{e9}tail"] {
            assert_ne!(likeness(text), "retail", "{text}");
        }
    }
}
