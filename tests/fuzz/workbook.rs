//! Workbooks: damage to the archive is seen, or nothing has changed; whatever stands in a sheet, each
//! row is accounted for and the reader's death is an answer.

use std::path::Path;

use super::choices::{Choices, LONGEST, SHORT};
use super::reading::{GIVEN, Reading, column_map, custom, read_by};
use super::support::RawXlsx;

const CELLS: [&str; 14] = [
    "<c><v>1.5</v></c>",
    "<c t=\"inlineStr\"><is><t>x</t></is></c>",
    "<c t=\"s\"><v>0</v></c>",
    "<c t=\"s\"><v>99</v></c>",
    "<c t=\"e\"><v>#N/A</v></c>",
    "<c t=\"b\"><v>1</v></c>",
    "<c s=\"1\"><v>46300</v></c>",
    "<c><f>1+1</f></c>",
    "<c r=\"C7\"><v>2</v></c>",
    "<c r=\"XFD1048576\"><v>3</v></c>",
    "</row><row>",
    "</row><row r=\"9\">",
    "<c/>",
    "<c t=\"str\"><f>A1</f><v>a &amp; b</v></c>",
];

fn sheet(choices: &mut Choices<'_>) -> RawXlsx {
    let rows = format!("<row>{}</row>", choices.text(&CELLS, 20));
    RawXlsx::table(&["a", "b", "c"], &rows)
}

fn read(bytes: &[u8]) -> Reading {
    let map = column_map(&format!("{GIVEN}workbook: {{ header: [ a, b, c ] }}\n"));
    let reader = Path::new(env!("CARGO_BIN_EXE_costbook"));
    let reading = read_by(Some(reader), "bill.xlsx", bytes, &map, &custom(&["a", "b", "c"]));
    if !reading.is_refused() {
        reading.is_accounted_for();
    }
    reading
}

fn check(bytes: &[u8]) {
    let choices = &mut Choices::new(bytes);
    let book = sheet(choices);
    if choices.once_in(2) {
        let mut rows = book.rows.clone().into_bytes();
        choices.damage(&mut rows, 3);
        let rows = String::from_utf8_lossy(&rows).into_owned();
        read(&RawXlsx { rows, ..book }.bytes());
    } else {
        let whole = read(&book.bytes());
        let mut damaged = book.bytes();
        choices.damage(&mut damaged, 3);
        // Without its first bytes it is no workbook, and read as the text that it is not.
        let is_workbook = damaged.starts_with(b"PK\x03\x04");
        let damaged = read(&damaged);
        if is_workbook && !damaged.is_refused() {
            assert_eq!(damaged.rows, whole.rows);
        }
    }
}

#[test]
fn altered_workbooks_are_refused_or_accounted_for() {
    bolero::check!()
        .with_test_time(SHORT)
        .with_max_len(LONGEST)
        .for_each(|bytes: &[u8]| check(bytes));
}
