//! Amounts as bills write them.

use crate::domain::{Amount, AmountError};
use crate::rules::NumberSpelling;

/// Bytes that an amount with separators may have.
const LONGEST: usize = 128;

/// Reads an amount in the spelling of its format. Separators are taken between groups of three
/// digits only, so that `1.5` is never fifteen.
pub(in crate::ingest) fn amount(
    text: &[u8],
    spelling: NumberSpelling,
) -> Result<Amount, AmountError> {
    if spelling == NumberSpelling::default() {
        return Amount::parse(text);
    }
    let text = text.trim_ascii();
    if text.len() > LONGEST {
        return Err(AmountError::NotANumber);
    }
    let text = std::str::from_utf8(text).map_err(|_| AmountError::NotANumber)?;
    let (sign, digits) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (&text[..1], rest),
        None => ("", text),
    };
    let end = digits.find([spelling.decimal, 'e', 'E']);
    let (whole, rest) = digits.split_at(end.unwrap_or(digits.len()));
    let mut plain = String::with_capacity(text.len());
    plain.push_str(sign);
    push_whole(whole, spelling, &mut plain)?;
    match rest.strip_prefix(spelling.decimal) {
        // Behind the sign a point would be a second one.
        Some(fraction) if fraction.contains('.') => return Err(AmountError::NotANumber),
        Some(fraction) => {
            plain.push('.');
            plain.push_str(fraction);
        }
        None => plain.push_str(rest),
    }
    Amount::parse(plain.as_bytes())
}

fn push_whole(
    whole: &str,
    spelling: NumberSpelling,
    plain: &mut String,
) -> Result<(), AmountError> {
    let is_group = |c: char| match spelling.group {
        Some(' ') => matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}'),
        Some('\'') => matches!(c, '\'' | '\u{2019}'),
        Some(group) => c == group,
        None => false,
    };
    let mut groups = whole.split(is_group);
    let first = groups.next().unwrap_or_default();
    let mut is_grouped = false;
    plain.push_str(first);
    for group in groups {
        is_grouped = true;
        if group.len() != 3 {
            return Err(AmountError::NotANumber);
        }
        plain.push_str(group);
    }
    let fits = !is_grouped || (1..=3).contains(&first.len());
    // A point that is no separator here would be taken for a decimal sign.
    if fits && whole.chars().all(|c| c.is_ascii_digit() || is_group(c)) {
        Ok(())
    } else {
        Err(AmountError::NotANumber)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, decimal: char, group: Option<char>) -> Option<String> {
        let read = amount(text.as_bytes(), NumberSpelling { decimal, group });
        read.ok().map(|amount| amount.to_string())
    }

    #[test]
    fn separators_stand_where_they_mean_something() {
        for (text, decimal, group, expected) in [
            ("1.234.567,89", ',', Some('.'), Some("1234567.89")),
            ("-0,5", ',', None, Some("-0.5")),
            ("1,5E-3", ',', None, Some("0.0015")),
            (" 12\u{a0}345,6 ", ',', Some(' '), Some("12345.6")),
            ("1\u{2019}000.25", '.', Some('\''), Some("1000.25")),
            ("1,234.5", '.', Some(','), Some("1234.5")),
            ("12", ',', Some('.'), Some("12")),
            ("1.5", ',', Some('.'), None),
            ("1.5", ',', None, None),
            ("1,5.5", ',', None, None),
            ("1.2345,6", ',', Some('.'), None),
            ("1234.567,8", ',', Some('.'), None),
            (".123,4", ',', Some('.'), None),
            ("1,234,5", ',', Some('.'), None),
            ("1,234.5", '.', None, None),
            ("", ',', None, None),
            ("€ 5", ',', None, None),
        ] {
            assert_eq!(shown(text, decimal, group).as_deref(), expected, "{text}");
        }
    }
}
