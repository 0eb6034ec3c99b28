//! Records of CSV: what is read is what the `csv` crate reads, row by row, whatever blocks the
//! text was cut into; and every row is accounted for.

use costbook::diagnostics::Code;

use super::choices::{Choices, LONGEST, SHORT};
use super::reading::{self, GIVEN, Reading, column_map, custom};

/// Bytes that fill a block of the reader to within a few records.
const NEARLY_A_BLOCK: usize = (1 << 22) - 200;
const PIECES: [&[u8]; 18] = [
    b"a",
    b"1.5",
    b"x y",
    b"",
    b"\xc3\xa9",
    b"\"\"",
    b"\"",
    b",",
    b";",
    b"\t",
    b"\n",
    b"\r\n",
    b"\r",
    b"\0",
    b"\xff",
    b"a\"b",
    b"\"a\"b",
    b"\xef\xbb\xbf",
];

/// A delimiter, and records below the header `a,b,c`.
fn body(choices: &mut Choices<'_>) -> (u8, Vec<u8>) {
    let delimiter = choices.one_of(b",;\t|");
    let mut text = Vec::new();
    while !choices.is_done() {
        let fields = if choices.once_in(6) { 1 + choices.below(5) } else { 3 };
        for index in 0..fields {
            if index > 0 {
                text.push(delimiter);
            }
            match choices.below(5) {
                0 | 1 => text.extend_from_slice(choices.one_of(&PIECES[..5])),
                2 => text.extend_from_slice(choices.one_of(&PIECES)),
                _ => {
                    text.push(b'"');
                    for _ in 0..choices.below(4) {
                        let piece = choices.one_of(&PIECES);
                        text.extend(piece.iter().flat_map(|b| match b {
                            b'"' => vec![b'"', b'"'],
                            other => vec![*other],
                        }));
                    }
                    text.push(b'"');
                }
            }
        }
        if !choices.is_done() || choices.once_in(2) {
            text.extend_from_slice(choices.one_of(&[b"\n".as_slice(), b"\r\n", b"\r", b"\n\n"]));
        }
    }
    (delimiter, text)
}

/// These records below their header.
fn headed(delimiter: u8, body: &[u8]) -> Vec<u8> {
    let sign = char::from(delimiter);
    [format!("a{sign}b{sign}c\n").as_bytes(), body].concat()
}

fn read(text: &[u8]) -> Reading {
    reading::read("bill.csv", text, &column_map(GIVEN), &custom(&["a", "b", "c"]))
}

/// The records below the header as another reader has them.
fn records(delimiter: u8, text: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let mut reader =
        ::csv::ReaderBuilder::new().flexible(true).delimiter(delimiter).from_reader(text);
    let records = reader.byte_records().map(|record| record.expect("memory can be read"));
    records.map(|record| record.iter().map(<[u8]>::to_vec).collect()).collect()
}

/// The stream itself broke off: blocks before that may have been read, or not.
fn is_torn(reading: &Reading) -> bool {
    reading.report.findings.iter().any(|finding| finding.code == Code::BrokenFile)
}

fn compare(reading: &Reading, expected: &[Vec<Vec<u8>>], shown: &dyn Fn() -> String) {
    let report = &reading.report;
    assert_eq!(report.rows, expected.len() as u64, "{:?}{}", report.findings, shown());
    let record = |row: u64| &expected[usize::try_from(row - 2).expect("rows are few")];
    for row in &reading.rows {
        let texts = row.texts.iter().map(|text| text.clone().unwrap_or_default());
        assert_eq!(*record(row.row), texts.collect::<Vec<_>>(), "row {}{}", row.row, shown());
    }
    for row in &report.quarantine {
        let record = record(row.row);
        let is_text = |field: &Vec<u8>| std::str::from_utf8(field).is_ok() && !field.contains(&0);
        let is_right = match row.code {
            Code::BadRowLength => record.len() != 3,
            // Text behind a closing quote is dropped by no reader but this one.
            Code::BadText => !record.iter().all(is_text) || shown().contains('"'),
            _ => false,
        };
        assert!(is_right, "{row:?}{}", shown());
    }
}

fn check(bytes: &[u8]) {
    let choices = &mut Choices::new(bytes);
    let (delimiter, body) = body(choices);
    let shown = || format!("\n{}", body.escape_ascii());
    let text = headed(delimiter, &body);
    let reading = read(&text);
    reading.is_accounted_for();
    if reading.report.rows > 0 && !is_torn(&reading) {
        compare(&reading, &records(delimiter, &text), &shown);
    }
}

#[test]
fn records_are_those_of_another_reader() {
    bolero::check!()
        .with_test_time(SHORT)
        .with_max_len(LONGEST)
        .for_each(|bytes: &[u8]| check(bytes));
}

/// The same records behind so long a first one that the block's end falls among them.
fn check_cut(bytes: &[u8]) {
    let choices = &mut Choices::new(bytes);
    let filler = NEARLY_A_BLOCK + choices.below(256);
    let (delimiter, body) = body(choices);
    let sign = char::from(delimiter);
    let long = [vec![b'z'; filler], format!("{sign}y{sign}x\n").into_bytes()].concat();
    let text = headed(delimiter, &[long.as_slice(), &body].concat());
    let reading = read(&text);
    reading.is_accounted_for();
    if !is_torn(&reading) {
        compare(&reading, &records(delimiter, &text), &|| format!("\n{}", body.escape_ascii()));
    }
}

#[test]
fn what_blocks_cut_nothing_loses() {
    bolero::check!()
        .with_test_time(SHORT)
        .with_max_len(LONGEST)
        .for_each(|bytes: &[u8]| check_cut(bytes));
}

/// What a bill needs is read from columns.
const READ: &str = "\
format: read
title: What is needed is read
null_words: [ \"NULL\" ]
columns:
  BilledCost: { from: [ billed ] }
  EffectiveCost: { from: [ effective ] }
  BillingCurrency: { from: [ currency ] }
  BillingPeriodStart: { value: 2026-10-01 }
  ChargePeriodStart: { from: [ day ] }
  ChargeCategory: { value: Usage }
";

/// A row as every writer of CSV quotes it.
fn written(choices: &mut Choices<'_>) -> String {
    let amounts = ["1.5", "1.5", "-2", "1E-3", "0", "NULL", "", "x"];
    let days = ["2026-10-05", "2026-10-05T00:00:00Z", "2026-10-06", "NULL", "5.10."];
    let texts = ["", "NULL", "a,b", "{\"k\":\"v\"}", "\"", "\u{e9}", "plain", "x y z"];
    let fields = [
        choices.one_of(&amounts),
        choices.one_of(&amounts),
        choices.one_of(&["EUR", "EUR", "USD", "eur", ""]),
        choices.one_of(&days),
        choices.one_of(&texts),
        choices.one_of(&texts),
    ];
    let quoted = fields.map(|field| {
        if field.contains(['"', ',']) || choices.once_in(4) {
            format!("\"{}\"", field.replace('"', "\"\""))
        } else {
            field.to_owned()
        }
    });
    quoted.join(",")
}

/// A stray quote has its block read byte by byte, instead of 64 bytes at once: no other row changes.
fn check_stray(bytes: &[u8]) {
    let choices = &mut Choices::new(bytes);
    let mut text = "billed,effective,currency,day,a,b\n".to_owned();
    let mut rows = 0;
    while !choices.is_done() {
        text += &(written(choices) + choices.one_of(&["\n", "\r\n", "\r", "\n\n"]));
        rows += 1;
    }
    let map = column_map(READ);
    let fast = reading::read("bill.csv", text.as_bytes(), &map, &custom(&["a", "b"]));
    let stray = text.clone() + "1,1,EUR,2026-10-05,x\"y,z\n";
    let slow = reading::read("bill.csv", stray.as_bytes(), &map, &custom(&["a", "b"]));
    fast.is_accounted_for();
    slow.is_accounted_for();
    assert_eq!((fast.report.rows, slow.report.rows), (rows, rows + 1), "\n{text}");
    let (last, others) = slow.rows.split_last().expect("the last row is accepted");
    assert_eq!(last.texts, [Some(b"x\"y".to_vec()), Some(b"z".to_vec())]);
    assert_eq!(fast.rows, others, "\n{text}");
    let shown = |reading: &Reading| format!("{:?}", reading.report.quarantine);
    assert_eq!(shown(&fast), shown(&slow), "\n{text}");
}

#[test]
fn a_stray_quote_changes_no_other_row() {
    bolero::check!()
        .with_test_time(SHORT)
        .with_max_len(LONGEST)
        .for_each(|bytes: &[u8]| check_stray(bytes));
}
