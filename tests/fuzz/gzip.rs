//! Compressed text: in any number of members it is the text; damaged it is refused, or nothing of
//! it has changed.

use super::choices::{Choices, LONGEST, SHORT};
use super::reading::{self, GIVEN, Reading, column_map, custom};
use super::support;

fn text(choices: &mut Choices<'_>) -> Vec<u8> {
    let mut text = b"a,b,c\n".to_vec();
    for _ in 0..=choices.below(40) {
        let word = choices.text(&["x", "lorem ", "1.5", "\u{e9}", "0000"], 4);
        text.extend_from_slice(format!("{word},\"{word}\",y\n").as_bytes());
    }
    text
}

fn members(choices: &mut Choices<'_>, text: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    let mut rest = text;
    for _ in 0..choices.below(4) {
        let (member, later) = rest.split_at(choices.below(rest.len() + 1));
        packed.extend(support::gzip(member));
        rest = later;
    }
    packed.extend(support::gzip(rest));
    packed
}

fn read(name: &str, bytes: &[u8]) -> Reading {
    reading::read(name, bytes, &column_map(GIVEN), &custom(&["a", "b", "c"]))
}

fn check(bytes: &[u8]) {
    let choices = &mut Choices::new(bytes);
    let text = text(choices);
    let plain = read("bill.csv", &text);
    let whole = read("bill.csv.gz", &members(choices, &text));
    assert!(!plain.is_refused() && !whole.is_refused(), "{:?}", whole.report.findings);
    assert_eq!(whole.rows, plain.rows);
    assert_eq!(whole.report.content.bytes, plain.report.content.bytes);
    let mut damaged = support::gzip(&text);
    choices.damage(&mut damaged, 3);
    let damaged = read("bill.csv.gz", &damaged);
    damaged.is_accounted_for();
    // Without the magic number it is no gzip, and read as the text that it is not.
    if !damaged.is_refused() {
        assert_eq!(damaged.rows, plain.rows);
    }
}

#[test]
fn damage_is_seen_and_members_are_all_read() {
    bolero::check!()
        .with_test_time(SHORT)
        .with_max_len(LONGEST)
        .for_each(|bytes: &[u8]| check(bytes));
}
