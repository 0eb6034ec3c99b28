//! The same rows as UTF-16 and as JSON lines: the texts are those of the CSV.

use super::choices::{Choices, LONGEST, SHORT};
use super::reading::{self, GIVEN, Reading, column_map, custom};
use super::support;

const TEXTS: [&str; 14] = [
    "a",
    "1.50",
    "1e3",
    "\u{e9}",
    "\u{1f600}",
    "say \"hi\"",
    "back\\slash",
    "a,b;c",
    "tab\there",
    " x ",
    "null",
    "true",
    "{}",
    "\u{2028}",
];
const HEADERS: [&str; 3] = ["a", "b", "c"];

fn rows(choices: &mut Choices<'_>) -> Vec<[String; 3]> {
    let count = 1 + choices.below(8);
    (0..count).map(|_| HEADERS.map(|_| choices.text(&TEXTS, 2))).collect()
}

fn csv_text(rows: &[[String; 3]]) -> String {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADERS).expect("memory takes all");
    for row in rows {
        writer.write_record(row).expect("memory takes all");
    }
    let bytes = writer.into_inner().expect("memory takes all");
    String::from_utf8(bytes).expect("texts are UTF-8")
}

/// Each row as an object, its fields in any order, numbers with or without quotes.
fn json_lines(rows: &[[String; 3]], choices: &mut Choices<'_>) -> String {
    let line = |row: &[String; 3]| {
        let mut fields: Vec<String> = HEADERS
            .iter()
            .zip(row)
            .map(|(header, text)| {
                let is_plain = ["1.50", "1e3", "true"].contains(&text.as_str());
                let quoted = serde_json::to_string(text).expect("a text");
                let value = if is_plain && choices.once_in(2) { text.clone() } else { quoted };
                format!("\"{header}\":{value}")
            })
            .collect();
        let turn = choices.below(3);
        fields.rotate_left(turn);
        format!(
            "{{{}}}{}",
            fields.join(choices.one_of(&[",", ", "])),
            choices.one_of(&["\n", "\r\n"])
        )
    };
    rows.iter().map(line).collect()
}

fn utf_16(text: &str, is_big: bool) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    let bytes = |unit: u16| if is_big { unit.to_be_bytes() } else { unit.to_le_bytes() };
    units.flat_map(bytes).collect()
}

fn read(name: &str, bytes: &[u8]) -> Reading {
    reading::read(name, bytes, &column_map(GIVEN), &custom(&HEADERS))
}

fn texts(reading: &Reading) -> Vec<Vec<Option<Vec<u8>>>> {
    reading.rows.iter().map(|row| row.texts.clone()).collect()
}

fn check(bytes: &[u8]) {
    let choices = &mut Choices::new(bytes);
    let rows = rows(choices);
    let csv = csv_text(&rows);
    let plain = read("bill.csv", csv.as_bytes());
    assert!(!plain.is_refused(), "{:?}\n{csv}", plain.report.findings);
    let lines = json_lines(&rows, choices);
    let others = [
        ("bill.jsonl", lines.clone().into_bytes()),
        ("bill.jsonl.gz", support::gzip(&lines)),
        ("bill.csv", utf_16(&csv, false)),
        ("bill.csv", utf_16(&csv, true)),
        ("bill.csv.gz", support::gzip(utf_16(&csv, true))),
    ];
    for (name, bytes) in &others {
        let other = read(name, bytes);
        assert!(!other.is_refused(), "{name}: {:?}\n{lines}", other.report.findings);
        other.is_accounted_for();
        assert_eq!(texts(&other), texts(&plain), "{name}\n{lines}");
    }
    let (name, bytes) = &others[choices.below(others.len())];
    let mut damaged = bytes.clone();
    choices.damage(&mut damaged, 3);
    read(name, &damaged).is_accounted_for();
}

#[test]
fn the_same_rows_in_other_clothes_are_the_same() {
    bolero::check!()
        .with_test_time(SHORT)
        .with_max_len(LONGEST)
        .for_each(|bytes: &[u8]| check(bytes));
}
