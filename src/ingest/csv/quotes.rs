//! A quoted field that has taken rows in.
//!
//! A quote that opens by mistake ends at the next one, however many rows later, and what lies
//! between is one field of a legal file. No text of a bill has lines that are rows of that very
//! bill; a field that has them is refused with the whole file, because the money of the rows in it
//! would be missing without a word.

use memchr::memchr_iter;

use crate::domain::Amount;

use crate::ingest::values::dates::utc_day;

/// Columns from which two rows that became one can be told by their delimiters alone.
const FEW_COLUMNS: usize = 4;

/// How many rows a quoted field has taken in, at least; 0 where it is a text of several lines.
/// `index` is the field's place in a record of `columns`.
pub(super) fn rows_within(field: &[u8], index: usize, columns: usize, delimiter: u8) -> usize {
    let delimiters = |line: &[u8]| memchr_iter(delimiter, line).count();
    let lines: Vec<&[u8]> = field.split(|byte| matches!(byte, b'\n' | b'\r')).collect();
    let Some(([first], [middle @ .., last])) = lines.split_at_checked(1) else { return 0 };
    let is_whole = |line: &&&[u8]| delimiters(line) + 1 == columns && has_figure(line, delimiter);
    let whole = middle.iter().filter(is_whole).count();
    if whole > 0 {
        return whole + 1;
    }
    let is_halved = columns >= FEW_COLUMNS
        && middle.iter().all(|line| line.is_empty())
        && delimiters(first) + index + 1 == columns
        && delimiters(last) == index
        && (has_figure(first, delimiter) || has_figure(last, delimiter));
    usize::from(is_halved)
}

/// Whether any field is a number or a date, as some field of each row of a bill is.
fn has_figure(line: &[u8], delimiter: u8) -> bool {
    let mut fields = line.split(|byte| *byte == delimiter).map(<[u8]>::trim_ascii);
    fields.any(|field| Amount::parse(field).is_ok() || utc_day(field).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_told_from_lines_of_text() {
        for (field, index, columns, rows) in [
            ("one line, no break 1,2,3", 1, 4, 0),
            ("Dear customer,\nthank you, as ever\nYours, 1", 1, 4, 0),
            ("{\n  \"team\": \"web\",\n  \"size\": 1.5,\n  \"zone\": 2\n}", 1, 2, 0),
            ("name,2026-10-05,x\n2.00,other,2026-10-06,y\n3.00,third", 1, 4, 2),
            (
                "name,2026-10-05,x\r\n2.00,other,2026-10-06,y\r\n1.00,m,2026-10-06,z\r\n3.00,third",
                1,
                4,
                3,
            ),
            ("name,2026-10-05,x\r\n3.00,third", 1, 4, 1),
            ("name,x\nthird", 1, 3, 0),
            ("\n\n", 0, 4, 0),
            ("", 0, 4, 0),
        ] {
            assert_eq!(rows_within(field.as_bytes(), index, columns, b','), rows, "{field}");
        }
    }
}
