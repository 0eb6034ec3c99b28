//! A cell of a sheet as the text that a CSV would have.
//!
//! Numbers of a sheet are binary doubles. Each becomes the shortest decimal that means it, which is
//! what was typed, up to 15 digits. What cannot be known becomes a text that no rule of rows takes
//! for a value: [`is_error`] tells those.

use calamine::{CellErrorType, Data, DataRef};
use chrono::{Days, NaiveDate};

/// A formula whose result was never computed: what it would be is unknown, not empty.
pub(super) const NO_VALUE: &str = "#NO VALUE!";
/// A number of which a sheet cannot have kept all digits, such as an id of 16 or more.
const DIGITS_LOST: &str = "#DIGITS LOST!";
/// From here on a sheet keeps fewer digits than a whole number has.
const FIRST_UNSAFE: f64 = 1e15;
const FIRST_UNSAFE_WHOLE: u64 = 1_000_000_000_000_000;
/// The last day that a sheet can name, 9999-12-31, by either flag.
const LAST_DAY: f64 = 2_958_465.0;
const SECONDS_A_DAY: f64 = 86_400.0;

/// Errors as sheets show them.
const ERRORS: [&str; 16] = [
    "#DIV/0!",
    "#N/A",
    "#NAME?",
    "#NULL!",
    "#NUM!",
    "#REF!",
    "#VALUE!",
    "#DATA!",
    "#GETTING_DATA",
    "#SPILL!",
    "#CALC!",
    "#FIELD!",
    "#BLOCKED!",
    "NaN",
    "inf",
    "-inf",
];

/// Whether the text of a cell stands for a value that is not known.
pub(in crate::ingest) fn is_error(text: &[u8]) -> bool {
    let listed = |error: &&str| error.as_bytes() == text;
    match text.first() {
        Some(b'#' | b'N' | b'i' | b'-') => {
            ERRORS.iter().any(listed)
                || text == NO_VALUE.as_bytes()
                || text.starts_with(DIGITS_LOST.as_bytes())
        }
        // LibreOffice: `Err:502`.
        Some(b'E') => {
            let number = text.strip_prefix(b"Err:").unwrap_or_default();
            number.len() == 3 && number.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

/// What kind of value a text came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Empty,
    /// A binary number that is not whole.
    Fraction,
    Other,
}

/// How cells are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spelling {
    /// The workbook counts days from 1904.
    pub(super) since_1904: bool,
    /// Who reads the text takes a comma for the decimal point, and a point perhaps for nothing.
    pub(super) comma: bool,
}

/// Writes the text of a cell over `text`.
pub(super) fn write(cell: &DataRef<'_>, spelling: Spelling, text: &mut String) -> Kind {
    text.clear();
    match cell {
        DataRef::Empty => return Kind::Empty,
        DataRef::Int(value) => whole(*value, text),
        DataRef::Float(value) => {
            number(*value, spelling, text);
            if value.fract() != 0.0 {
                return Kind::Fraction;
            }
        }
        DataRef::String(found) | DataRef::DateTimeIso(found) | DataRef::DurationIso(found) => {
            text.push_str(found);
        }
        DataRef::SharedString(found) => text.push_str(found),
        DataRef::Bool(value) => text.push_str(if *value { "TRUE" } else { "FALSE" }),
        DataRef::DateTime(time) if time.is_datetime() => {
            match moment(time.as_f64(), spelling.since_1904) {
                Some(found) => text.push_str(&found),
                None => number(time.as_f64(), spelling, text),
            }
        }
        DataRef::DateTime(duration) => number(duration.as_f64(), spelling, text),
        DataRef::Error(error) => text.push_str(error_text(error)),
    }
    if text.is_empty() { Kind::Empty } else { Kind::Other }
}

/// [`write`] for the readers that hand out owned cells.
pub(super) fn write_owned(cell: &Data, spelling: Spelling, text: &mut String) -> Kind {
    let borrowed = match cell {
        Data::Empty => DataRef::Empty,
        Data::Int(value) => DataRef::Int(*value),
        Data::Float(value) => DataRef::Float(*value),
        Data::String(found) | Data::DateTimeIso(found) | Data::DurationIso(found) => {
            DataRef::SharedString(found)
        }
        Data::Bool(value) => DataRef::Bool(*value),
        Data::DateTime(time) => DataRef::DateTime(*time),
        Data::Error(error) => DataRef::Error(error.clone()),
    };
    write(&borrowed, spelling, text)
}

fn error_text(error: &CellErrorType) -> &'static str {
    match error {
        CellErrorType::Div0 => "#DIV/0!",
        CellErrorType::NA => "#N/A",
        CellErrorType::Name => "#NAME?",
        CellErrorType::Null => "#NULL!",
        CellErrorType::Num => "#NUM!",
        CellErrorType::Ref => "#REF!",
        CellErrorType::Value => "#VALUE!",
        CellErrorType::GettingData => "#GETTING_DATA",
    }
}

fn whole(value: i64, text: &mut String) {
    if value.unsigned_abs() >= FIRST_UNSAFE_WHOLE {
        text.push_str(DIGITS_LOST);
        text.push(' ');
    }
    text.push_str(&value.to_string());
}

/// The shortest decimal that means the number.
fn number(value: f64, spelling: Spelling, text: &mut String) {
    if value == 0.0 {
        text.push('0');
        return;
    }
    if value.is_finite() && value.fract() == 0.0 && value.abs() >= FIRST_UNSAFE {
        text.push_str(DIGITS_LOST);
        text.push(' ');
    }
    let mut buffer = ryu::Buffer::new();
    let found = buffer.format(value);
    let found = found.strip_suffix(".0").unwrap_or(found);
    match found.split_once('.').filter(|_| spelling.comma) {
        Some((whole, fraction)) => text.extend([whole, ",", fraction]),
        None => text.push_str(found),
    }
}

/// A serial number of days as a date, with the time where there is one. `None` where no such day
/// exists: before the epoch, beyond the year 9999, or 29 February 1900, which sheets believe in.
fn moment(serial: f64, since_1904: bool) -> Option<String> {
    if !(0.0..LAST_DAY + 1.0).contains(&serial) {
        return None;
    }
    // Times are kept as fractions of a day, which seconds seldom are exactly.
    let seconds = (serial * SECONDS_A_DAY).round();
    let (days, second) = ((seconds / SECONDS_A_DAY).floor(), (seconds % SECONDS_A_DAY).round());
    let (days, second) = (to_whole(days)?, to_whole(second)?);
    let epoch = match (since_1904, days) {
        (true, _) => NaiveDate::from_ymd_opt(1904, 1, 1),
        (false, 0 | 60) => None,
        (false, 1..60) => NaiveDate::from_ymd_opt(1899, 12, 31),
        (false, _) => NaiveDate::from_ymd_opt(1899, 12, 30),
    };
    let day = epoch?.checked_add_days(Days::new(days))?;
    if second == 0 {
        return Some(day.to_string());
    }
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    Some(format!("{day}T{hour:02}:{minute:02}:{second:02}"))
}

/// A whole double that is not negative, as an integer. Without a cast, which would hide what does
/// not fit.
fn to_whole(value: f64) -> Option<u64> {
    ryu::Buffer::new().format(value).strip_suffix(".0")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::{ExcelDateTime, ExcelDateTimeType};

    fn shown(cell: &DataRef<'_>, since_1904: bool) -> String {
        let mut text = String::from("left over");
        write(cell, Spelling { since_1904, comma: false }, &mut text);
        text
    }

    #[test]
    fn numbers_are_spelled_as_their_reader_spells_them() {
        for (value, expected) in [(1.234, "1,234"), (-1.5e-7, "-1,5e-7"), (12.0, "12")] {
            let mut text = String::new();
            write(&DataRef::Float(value), Spelling { since_1904: false, comma: true }, &mut text);
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn numbers_are_the_shortest_decimal_that_means_them() {
        for (value, text) in [
            (0.1, "0.1"),
            (0.1 + 0.2, "0.30000000000000004"),
            (-12.5, "-12.5"),
            (5.0, "5"),
            (-0.0, "0"),
            (123_456_789_012.0, "123456789012"),
            (1e-7, "1e-7"),
            (4.35, "4.35"),
            (999_999_999_999_999.0, "999999999999999"),
            (1_234_567_890_123_450.0, "#DIGITS LOST! 1234567890123450"),
            (1.234_57e15, "#DIGITS LOST! 1234570000000000"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(shown(&DataRef::Float(value), false), text);
        }
        assert_eq!(shown(&DataRef::Int(-7), false), "-7");
        assert_eq!(
            shown(&DataRef::Int(1_234_567_890_123_450), false),
            "#DIGITS LOST! 1234567890123450"
        );
    }

    #[test]
    fn dates_go_by_the_flag_of_the_workbook() {
        let cell = |serial| {
            DataRef::DateTime(ExcelDateTime::new(serial, ExcelDateTimeType::DateTime, false))
        };
        for (serial, since_1900, since_1904) in [
            (46_296.0, "2026-10-01", "2030-10-02"),
            (46_296.5, "2026-10-01T12:00:00", "2030-10-02T12:00:00"),
            (45_943.541_666_666_664, "2025-10-13T13:00:00", "2029-10-14T13:00:00"),
            (46_296.999_999_99, "2026-10-02", "2030-10-03"),
            (1.0, "1900-01-01", "1904-01-02"),
            (59.0, "1900-02-28", "1904-02-29"),
            (60.0, "60", "1904-03-01"),
            (61.0, "1900-03-01", "1904-03-02"),
            (0.0, "0", "1904-01-01"),
            (-1.0, "-1", "-1"),
            (2_958_466.0, "2958466", "2958466"),
        ] {
            assert_eq!(shown(&cell(serial), false), since_1900, "{serial}");
            assert_eq!(shown(&cell(serial), true), since_1904, "{serial}");
        }
        let duration =
            DataRef::DateTime(ExcelDateTime::new(1.5, ExcelDateTimeType::TimeDelta, false));
        assert_eq!(shown(&duration, false), "1.5");
    }

    #[test]
    fn values_that_are_not_known_are_told_from_texts() {
        for error in ["#DIV/0!", "#N/A", NO_VALUE, "#DIGITS LOST! 1e16", "Err:502", "NaN", "-inf"] {
            assert!(is_error(error.as_bytes()), "{error}");
        }
        for text in ["", "#1", "Err:5", "Error", "N/A", "info", "-", "-1", "#", "Err:50x"] {
            assert!(!is_error(text.as_bytes()), "{text}");
        }
        for error in [CellErrorType::Div0, CellErrorType::GettingData, CellErrorType::NA] {
            assert!(is_error(shown(&DataRef::Error(error), false).as_bytes()));
        }
    }

    #[test]
    fn texts_stay_as_they_are() {
        assert_eq!(shown(&DataRef::SharedString("0012"), false), "0012");
        assert_eq!(shown(&DataRef::Bool(true), false), "TRUE");
        assert_eq!(shown(&DataRef::DateTimeIso("2026-10-01".to_owned()), false), "2026-10-01");
        assert_eq!(
            write(&DataRef::SharedString(""), Spelling::default(), &mut String::new()),
            Kind::Empty
        );
    }
}
