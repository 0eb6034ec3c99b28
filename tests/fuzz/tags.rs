//! Tags: whatever the shape that a file keeps them in, rules see the values that were written.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use costbook::domain::{Column, Org};
use costbook::ingest::WantedText;
use costbook::rules::{RuleSet, RuleText, Scope, Values, compile};
use costbook::tags::Dimensions;

use super::choices::{Choices, LONGEST, SHORT};
use super::reading::{self, Accepted, GIVEN, Reading, column_map};

const KEYS: [&str; 4] = ["team", "cost-center", "Name", "k\u{fc}che"];
const VALUES: [&str; 12] = [
    "web",
    "a,b",
    "say \"hi\"",
    "back\\slash",
    "tab\there",
    "line\nbreak",
    "1.10",
    "\u{1f600}",
    ",NULL,NULL,",
    "{}",
    "null",
    "'quoted'",
];

fn tags(choices: &mut Choices<'_>) -> BTreeMap<String, String> {
    let count = choices.below(KEYS.len() + 1);
    let keys = KEYS.iter().take(count).map(|key| (*key).to_owned());
    keys.map(|key| (key, choices.text(&VALUES, 3))).collect()
}

/// A JSON string, with what may be escaped or not escaped at random.
fn quoted(text: &str, choices: &mut Choices<'_>) -> String {
    let mut written = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => written.extend(['\\', letter]),
            '\t' => written.push_str("\\t"),
            '\n' => written.push_str("\\u000a"),
            _ if choices.once_in(6) => {
                let units = letter.encode_utf16(&mut [0; 2]).to_vec();
                written.extend(units.iter().map(|unit| format!("\\u{unit:04x}")));
            }
            _ => written.push(letter),
        }
    }
    written + "\""
}

/// A text as Python shows it.
fn python(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut shown = String::from(quote);
    for letter in text.chars() {
        match letter {
            '\\' => shown.push_str("\\\\"),
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push_str("\\t"),
            _ if letter == quote => shown.extend(['\\', letter]),
            _ => shown.push(letter),
        }
    }
    shown.push(quote);
    shown
}

fn pairs(tags: &BTreeMap<String, String>, choices: &mut Choices<'_>) -> String {
    let pairs = tags.iter().map(|(key, value)| {
        let blank = choices.one_of(&["", " ", "\n"]);
        format!("{}{blank}:{blank}{}", quoted(key, choices), quoted(value, choices))
    });
    pairs.collect::<Vec<_>>().join(choices.one_of(&[",", ", "]))
}

fn csv_text(records: &[Vec<String>]) -> Vec<u8> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    for record in records {
        writer.write_record(record).expect("memory takes all");
    }
    writer.into_inner().expect("memory takes all")
}

/// The tags in one of the shapes: the map that reads it, and the file.
fn shaped(tags: &BTreeMap<String, String>, choices: &mut Choices<'_>) -> (String, Vec<u8>) {
    let pairs = pairs(tags, choices);
    let in_column = |shape: &str, text: String| {
        let map = format!("{GIVEN}  Tags: Tags\ntags: {{ shape: {shape} }}\n");
        (map, csv_text(&[vec!["Tags".into(), "b".into()], vec![text, "x".into()]]))
    };
    let list = |written: &dyn Fn(&str) -> String| {
        let pair = |(key, value): (&String, &String)| {
            let [k, v, key, value] = ["key", "value", key, value].map(written);
            format!("{{{k}: {key}, {v}: {value}}}")
        };
        format!("[{}]", tags.iter().map(pair).collect::<Vec<_>>().join(", "))
    };
    match choices.below(5) {
        0 => in_column("json", format!("{{{pairs}}}")),
        1 => in_column("json_without_braces", pairs),
        2 => {
            in_column("key_value_list", list(&|text| serde_json::to_string(text).expect("a text")))
        }
        3 => in_column("key_value_list", list(&python)),
        _ => {
            let map = format!("{GIVEN}tags: {{ shape: columns, prefix: \"t:\" }}\n");
            let header = tags.keys().map(|key| format!("t:{key}")).chain(["b".into()]);
            let values = tags.values().cloned().chain(["x".into()]);
            (map, csv_text(&[header.collect(), values.collect()]))
        }
    }
}

fn read(map: &str, file: &[u8]) -> Reading {
    reading::read("bill.csv", file, &column_map(map), &[WantedText::Column(Column::Tags)])
}

/// What rules see of the tags of a row; `None` where they are refused.
fn seen(rules: &RuleSet, row: &Accepted) -> Option<BTreeMap<String, String>> {
    let dimensions = Dimensions::new(rules, &[], &[]);
    let mut texts = vec![None; dimensions.wanted().len()];
    let text = row.texts[0].as_deref().map(|text| std::str::from_utf8(text).expect("UTF-8"));
    texts[dimensions.tags_text().expect("rules ask tags")] = text;
    let (day, org) = (NaiveDate::default(), Org::default());
    let resolved = dimensions.resolve(&texts, "fuzz", day, &org).ok()?;
    let value = |(index, key): (usize, &&str)| {
        let field = rules
            .fields
            .iter()
            .position(|field| matches!(field, costbook::rules::Field::Tag(tag) if tag == *key))?;
        let field = costbook::rules::FieldId(u16::try_from(field).expect("few fields"));
        assert!(index < KEYS.len());
        Some(((*key).to_owned(), resolved.value(field)?.to_owned()))
    };
    Some(KEYS.iter().enumerate().filter_map(value).collect())
}

fn rules() -> RuleSet {
    let asked = KEYS.map(|key| format!("\"tag.{key}\"")).join(", ");
    let text = format!("dimensions: {{ all: {{ from: [ {asked} ] }} }}\n");
    let scope = Scope { org: &Org::default(), entities: &[], drivers: &[] };
    compile(&[RuleText { path: "rules.yaml".into(), text }], &scope).expect("rules")
}

fn check(bytes: &[u8], rules: &RuleSet) {
    let choices = &mut Choices::new(bytes);
    let tags = tags(choices);
    let (map, mut file) = shaped(&tags, choices);
    let reading = read(&map, &file);
    assert!(!reading.is_refused(), "{:?}", reading.report.findings);
    let shown = String::from_utf8_lossy(&file).into_owned();
    let mut expected = tags;
    // An empty cell is no tag; an empty text in JSON is one.
    if map.contains("prefix") {
        expected.retain(|_, value| !value.is_empty());
    }
    assert_eq!(seen(rules, &reading.rows[0]), Some(expected), "{shown}");
    choices.damage(&mut file, 4);
    let damaged = read(&map, &file);
    damaged.is_accounted_for();
    for row in &damaged.rows {
        let _ = seen(rules, row);
    }
}

#[test]
fn every_shape_gives_the_same_tags() {
    let rules = rules();
    bolero::check!()
        .with_test_time(SHORT)
        .with_max_len(LONGEST)
        .for_each(|bytes: &[u8]| check(bytes, &rules));
}
