//! JSON lines: a line that another reader takes for an object is a row with its values, every other
//! line is quarantined, and no line is lost.

use serde_json::Value;

use super::choices::{Choices, LONGEST, SHORT};
use super::reading::{GIVEN, column_map, custom, read};

const PIECES: [&str; 22] = [
    "x",
    "1",
    "-0.50",
    "1e-7",
    "\"y\"",
    "\"\\n\\u00e9\"",
    "null",
    "true",
    "[1, {\"c\": 2}]",
    "{}",
    "{\"c\": \"z\"}",
    "\"\\ud83d\\ude00\"",
    "\"\\ud800\"",
    "01",
    "\"",
    "{",
    "}",
    "]",
    ",",
    " ",
    "\"\u{fc},;\"",
    "nul",
];

/// A line: mostly an object of `a` and `b`, each at most once, sometimes anything.
fn line(choices: &mut Choices<'_>) -> String {
    if choices.once_in(8) {
        return choices.text(&PIECES, 6).replace('\n', "");
    }
    let field = |name: &str, choices: &mut Choices<'_>| {
        let value = if choices.once_in(10) {
            choices.text(&PIECES, 3)
        } else {
            choices.one_of(&PIECES).to_owned()
        };
        format!("\"{name}\": {value}")
    };
    match choices.below(4) {
        0 => format!("{{{}}}", field("a", choices)),
        1 => format!("{{{}, {}}}", field("b", choices), field("a", choices)),
        2 => format!("{{{}}}", field("b", choices)),
        _ => format!(" {{ {} , {} }} ", field("a", choices), field("b", choices)),
    }
}

/// Whether a text is what a field means. Numbers keep their spelling here and lose it there; lists
/// and objects are whatever was written.
fn is_meant(found: Option<&str>, value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => found.is_none(),
        Some(Value::String(text)) => found.unwrap_or_default() == text,
        Some(Value::Bool(value)) => found == Some(if *value { "true" } else { "false" }),
        Some(Value::Number(number)) => {
            found.and_then(|text| text.parse::<serde_json::Number>().ok()).as_ref() == Some(number)
        }
        Some(value) => {
            found.and_then(|text| serde_json::from_str(text).ok()).as_ref() == Some(value)
        }
    }
}

fn check(bytes: &[u8]) {
    let choices = &mut Choices::new(bytes);
    let mut lines = vec!["{\"a\": \"first\", \"b\": \"\"}".to_owned()];
    for _ in 0..=choices.below(12) {
        lines.push(line(choices));
    }
    lines.push("{\"a\": \"last\"}".to_owned());
    let file = lines.join("\n") + "\n";
    let reading = read("bill.jsonl", file.as_bytes(), &column_map(GIVEN), &custom(&["a", "b"]));
    assert!(!reading.is_refused(), "{:?}", reading.report.findings);
    reading.is_accounted_for();
    for (number, line) in (1_u64..).zip(&lines).filter(|(_, line)| !line.trim().is_empty()) {
        let row = reading.rows.iter().find(|row| row.row == number);
        let object = serde_json::from_str::<serde_json::Map<String, Value>>(line).ok();
        assert_eq!(row.is_some(), object.is_some(), "line {number}: {line}");
        let (Some(row), Some(object)) = (row, object) else { continue };
        for (at, name) in ["a", "b"].into_iter().enumerate() {
            let found = row.texts[at].as_ref().map(|text| String::from_utf8_lossy(text));
            assert!(
                is_meant(found.as_deref(), object.get(name)),
                "line {number}: {line}: {found:?}"
            );
        }
    }
}

#[test]
fn lines_are_read_as_by_another_reader() {
    bolero::check!()
        .with_test_time(SHORT)
        .with_max_len(LONGEST)
        .for_each(|bytes: &[u8]| check(bytes));
}
