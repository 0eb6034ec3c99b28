//! Amounts: read, shown and added as rationals are.

use costbook::domain::{Amount, SCALE};
use num_bigint::BigInt;
use num_traits::ToPrimitive;

use super::choices::{Choices, LONGEST, SHORT};
use super::support::{Exact, exact, plain};

const PIECES: [&str; 24] = [
    "0",
    "1",
    "5",
    "9",
    "00",
    "123456789",
    ".",
    "-",
    "+",
    "e",
    "E",
    "e-",
    "E+",
    "36",
    "60",
    " ",
    "000000000000000000",
    "999999999999999999999",
    ",",
    "_",
    "٣",
    "NaN",
    "inf",
    "$",
];

/// Mostly numbers, with a stray piece here and there.
fn number(choices: &mut Choices<'_>) -> String {
    if choices.once_in(4) {
        return choices.text(&PIECES, 12);
    }
    let digits = ["0", "1", "7", "42", "9999", "000000", "123456789012345678"];
    let mut text = choices.one_of(&["", "-", "+", " "]).to_owned();
    text += &choices.text(&digits, 3);
    if choices.once_in(2) {
        text += ".";
        text += &choices.text(&digits, 5);
    }
    if choices.once_in(3) {
        text += choices.one_of(&["e", "E"]);
        text += choices.one_of(&["", "-", "+"]);
        text += &choices.below(64).to_string();
    }
    if choices.once_in(8) {
        text.insert_str(choices.below(text.len() + 1), choices.one_of(&PIECES[..20]));
    }
    text
}

/// What the text means by the documented grammar; `None` where it is no amount.
fn meaning(text: &str) -> Option<Exact> {
    let text = text.trim_matches([' ', '\t', '\n', '\r', '\u{c}']);
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        None => (unsigned, "0"),
        Some(parts) => parts,
    };
    let size = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if !is_number(size) || !is_number(&format!("{whole}{fraction}")) {
        return None;
    }
    if size.parse::<BigInt>().ok()? > BigInt::from(60) {
        return None;
    }
    let value = exact(&format!("0{whole}.{fraction}E{exponent}"));
    let value = if text.starts_with('-') { -value } else { value };
    fits(&value).then_some(value)
}

/// 36 digits after the point, and the first 18 of them with all before in 128 bits.
fn fits(value: &Exact) -> bool {
    let scaled = |digits: u32| value * Exact::from_integer(BigInt::from(10).pow(digits));
    scaled(SCALE).is_integer() && scaled(18).floor().to_integer().to_i128().is_some()
}

fn check(bytes: &[u8]) {
    let choices = &mut Choices::new(bytes);
    let texts = [number(choices), number(choices)];
    let mut read = Vec::new();
    for text in &texts {
        let found = Amount::parse(text.as_bytes());
        let expected = meaning(text);
        assert_eq!(found.is_ok(), expected.is_some(), "`{text}`: {found:?}");
        let (Ok(found), Some(expected)) = (found, expected) else { continue };
        assert_eq!(found.to_string(), plain(&expected), "`{text}`");
        assert_eq!(found.to_string().parse(), Ok(found), "`{text}`");
        assert_eq!(Amount::from_units(&found.to_units()), Some(found));
        assert_eq!(found.is_negative(), expected < exact("0"));
        read.push((found, expected));
    }
    let [(a, x), (b, y)] = &read[..] else { return };
    assert_eq!(a.cmp(b), x.cmp(y), "{texts:?}");
    let sum = x + y;
    let found = a.checked_add(*b);
    assert_eq!(found.is_some(), fits(&sum), "{texts:?}");
    assert!(found.is_none_or(|found| found.to_string() == plain(&sum)), "{texts:?}");
}

#[test]
fn amounts_are_rationals() {
    bolero::check!()
        .with_test_time(SHORT)
        .with_max_len(LONGEST)
        .for_each(|bytes: &[u8]| check(bytes));
}
