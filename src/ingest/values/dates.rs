//! Dates as bills write them.

use chrono::{Datelike, Days, NaiveDate};

use crate::rules::{DateSpelling, Zone};

/// Days outside of these years are broken numbers, not days of bills.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2200;
/// Whether a day is one that bills may have.
pub(in crate::ingest) fn is_of_a_bill(day: NaiveDate) -> bool {
    YEARS.contains(&day.year())
}

/// The longest date with a time that any spelling allows.
const LONGEST: usize = 40;

/// Reads the day of a text: [`utc_day`] or [`written_day`].
pub(in crate::ingest) type ReadDay = fn(&[u8]) -> Option<NaiveDate>;

/// Which day a date with a time means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// The one in UTC; times without a zone are `east` minutes ahead of it.
    Utc { east: i64 },
    /// The one that is written, whatever the time and its zone.
    Written,
}

/// Reads the days of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ingest) struct DateReader {
    /// Asked in order.
    spellings: Vec<DateSpelling>,
    /// Minutes by which times without a zone are ahead of UTC.
    east: i64,
}

impl DateReader {
    /// A reader of the declared spellings. Where they leave open which part of a slashed date is the
    /// day, `proven` tells; without it such dates are not read.
    pub(in crate::ingest) fn new(
        declared: &[DateSpelling],
        proven: Option<DateSpelling>,
        zone: Zone,
    ) -> Self {
        let is_open = is_order_open(declared);
        let is_slashed = |spelling: &DateSpelling| SLASHED.contains(spelling);
        let kept = declared.iter().copied().filter(|spelling| !(is_open && is_slashed(spelling)));
        let proven = proven.filter(|_| is_open);
        let east = i64::from(zone.minutes_east());
        Self { spellings: kept.chain(proven).collect(), east }
    }

    /// Whether only ISO dates are read, and their times are UTC.
    pub(in crate::ingest) fn is_plain(&self) -> bool {
        self.spellings == [DateSpelling::Iso] && self.east == 0
    }

    /// The UTC day of a date; `None` for what is none, and for days that do not exist.
    pub(in crate::ingest) fn day(&self, text: &[u8]) -> Option<NaiveDate> {
        self.day_of(text, Reading::Utc { east: self.east })
    }

    /// The day of a billing period, as [`written_day`].
    pub(in crate::ingest) fn billing_day(&self, text: &[u8]) -> Option<NaiveDate> {
        self.day_of(text, Reading::Written)
    }

    fn day_of(&self, text: &[u8], reading: Reading) -> Option<NaiveDate> {
        let text = text.trim_ascii();
        self.spellings.iter().find_map(|spelling| read(text, *spelling, reading))
    }
}

const SLASHED: [DateSpelling; 2] = [DateSpelling::MonthDayYear, DateSpelling::DayMonthYear];

/// Whether a format leaves open what comes first in a slashed date.
pub(in crate::ingest) fn is_order_open(declared: &[DateSpelling]) -> bool {
    SLASHED.iter().filter(|order| declared.contains(order)).count() != 1
}

fn read(text: &[u8], spelling: DateSpelling, reading: Reading) -> Option<NaiveDate> {
    match spelling {
        DateSpelling::Iso => iso_day(text, reading),
        DateSpelling::MonthDayYear => {
            let (month, day, year) = slashed(text)?;
            moved(known_day(year, month, day)?, slashed_time(text), reading)
        }
        DateSpelling::DayMonthYear => {
            let (day, month, year) = slashed(text)?;
            moved(known_day(year, month, day)?, slashed_time(text), reading)
        }
        DateSpelling::YearMonth => {
            let (year, month) = match text {
                [year @ .., b'-', a, b] if year.len() == 4 => (year, [*a, *b]),
                [year @ .., a, b] if year.len() == 4 => (year, [*a, *b]),
                _ => return None,
            };
            known_day(digits(year)?, digits(&month)?, 1)
        }
        DateSpelling::ExcelSerial => {
            // A time of day is a fraction.
            let whole = text.split(|byte| *byte == b'.').next().filter(|whole| whole.len() <= 6)?;
            let fraction = text.get(whole.len() + 1..).unwrap_or_default();
            if whole.is_empty() || !fraction.iter().all(u8::is_ascii_digit) {
                return None;
            }
            // Workbooks believe in 1900-02-29, so days before March 1900 mean nothing certain.
            let serial = u64::from(digits(whole)?);
            let day = NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_days(Days::new(serial))?;
            let day = Some(day).filter(|day| serial > 60 && is_of_a_bill(*day))?;
            moved(day, minute_of_fraction(fraction), reading)
        }
    }
}

fn known_day(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    let year = i32::try_from(year).ok().filter(|year| YEARS.contains(year))?;
    NaiveDate::from_ymd_opt(year, month, day)
}

/// The day that a minute of a day is read as, where the text has a time.
fn moved(day: NaiveDate, minute: Option<u32>, reading: Reading) -> Option<NaiveDate> {
    let (Some(minute), Reading::Utc { east }) = (minute, reading) else { return Some(day) };
    match (i64::from(minute) - east).div_euclid(24 * 60) {
        0 => Some(day),
        days if days < 0 => day.checked_sub_days(Days::new(days.unsigned_abs())),
        days => day.checked_add_days(Days::new(days.unsigned_abs())),
    }
}

/// The nearest minute of a fraction of a day, from its digits; `None` where it is no time of day.
fn minute_of_fraction(fraction: &[u8]) -> Option<u32> {
    const DIGITS: usize = 9;
    if fraction.iter().all(|digit| *digit == b'0') {
        return None;
    }
    let padded = fraction.iter().copied().chain([b'0'; DIGITS]).take(DIGITS);
    let parts = padded.fold(0_u64, |value, digit| value * 10 + u64::from(digit - b'0'));
    let whole = 10_u64.pow(9);
    u32::try_from((parts * 24 * 60 + whole / 2) / whole).ok()
}

/// The minute of the day behind a slashed date; `None` without a time, or with one that tells its zone.
fn slashed_time(text: &[u8]) -> Option<u32> {
    let at = text.iter().position(|b| matches!(b, b' ' | b'T'))?;
    let time = &text[at + 1..];
    if time.ends_with(b"Z") { None } else { clock(time) }
}

/// The three numbers of `9/21/2023`, also with `.` or `-` between them; a time of day behind it must
/// be one.
fn slashed(text: &[u8]) -> Option<(u32, u32, u32)> {
    let end = text.iter().position(|b| matches!(b, b' ' | b'T')).unwrap_or(text.len());
    let (date, time) = text.split_at(end);
    let sign = *date.iter().find(|byte| !byte.is_ascii_digit())?;
    if !matches!(sign, b'/' | b'.' | b'-') || text.len() > LONGEST {
        return None;
    }
    let mut parts = date.split(|byte| *byte == sign);
    let (first, second, year) = (parts.next()?, parts.next()?, parts.next()?);
    let short = |part: &[u8]| matches!(part.len(), 1 | 2).then(|| digits(part)).flatten();
    let is_time = time.is_empty() || clock(&time[1..]).is_some();
    if parts.next().is_some() || year.len() != 4 || !is_time {
        return None;
    }
    Some((short(first)?, short(second)?, digits(year)?))
}

/// The minute of the day of `0:00`, `00:00:00.000`, `12:00:00 AM`, with or without a zone of zero.
fn clock(text: &[u8]) -> Option<u32> {
    const NOON: u32 = 12 * 60;
    let text = text.strip_suffix(b"Z").unwrap_or(text);
    let upper = text.to_ascii_uppercase();
    let (before, after) = (upper.strip_suffix(b" AM"), upper.strip_suffix(b" PM"));
    let text = before.or(after).unwrap_or(&upper);
    let is_short = text.get(1) == Some(&b':');
    let padded = if is_short { [b"0", text].concat() } else { text.to_vec() };
    let minute = minute_of_day(&padded)?;
    // Twelve hours twice, both of which begin with twelve; what counts to 24 says it beside.
    Some(match (before, after) {
        (Some(_), _) if (NOON..NOON + 60).contains(&minute) => minute - NOON,
        (_, Some(_)) if minute < NOON => minute + NOON,
        _ => minute,
    })
}

/// What the slashed dates of a file's head prove about their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::ingest) struct OrderProof {
    /// The first date whose first part can be no month, and whose second can be none.
    day_first: Option<String>,
    month_first: Option<String>,
    /// The first slashed date of all.
    pub(in crate::ingest) example: Option<String>,
}

impl OrderProof {
    pub(in crate::ingest) fn look(&mut self, text: &[u8]) {
        let Some((first, second, _)) = slashed(text.trim_ascii()) else { return };
        let shown = || Some(String::from_utf8_lossy(text).into_owned());
        if self.example.is_none() {
            self.example = shown();
        }
        if first > 12 && second <= 12 && self.day_first.is_none() {
            self.day_first = shown();
        }
        if second > 12 && first <= 12 && self.month_first.is_none() {
            self.month_first = shown();
        }
    }

    /// The order, and the date that proves it; `None` without proof or with contradicting ones.
    pub(in crate::ingest) fn order(&self) -> Option<(DateSpelling, &str)> {
        match (&self.day_first, &self.month_first) {
            (Some(date), None) => Some((DateSpelling::DayMonthYear, date)),
            (None, Some(date)) => Some((DateSpelling::MonthDayYear, date)),
            _ => None,
        }
    }
}

/// The UTC day of an ISO 8601 date or time: `2024-09-01`, `2024-09-01 00:00:00`,
/// `2024-09-01T00:00:00.000Z`, `2026-01-01 01:00:00+00:00`, `2023-11-13T06:00Z`. A time without a
/// zone is UTC. `None` for anything else, and for days that do not exist.
pub(in crate::ingest) fn utc_day(text: &[u8]) -> Option<NaiveDate> {
    iso_day(text, Reading::Utc { east: 0 })
}

/// The day that stands in an ISO 8601 date or time. A billing period is one of the provider's
/// calendar: a month that is written as the midnight with which it begins is that month, in
/// whichever zone the clock stands.
pub(in crate::ingest) fn written_day(text: &[u8]) -> Option<NaiveDate> {
    iso_day(text, Reading::Written)
}

fn iso_day(text: &[u8], reading: Reading) -> Option<NaiveDate> {
    let (date, time) = text.split_at_checked(10)?;
    if date[4] != b'-' || date[7] != b'-' {
        return None;
    }
    let year = i32::try_from(digits(&date[..4])?).ok()?;
    let day = NaiveDate::from_ymd_opt(year, digits(&date[5..7])?, digits(&date[8..])?)?;
    let day = Some(day).filter(|day| is_of_a_bill(*day))?;
    match time {
        [] => Some(day),
        [b'T' | b' ', clock @ ..] => shifted(day, clock, reading),
        _ => None,
    }
}

/// Moves the day where the zone of the time puts it on another day in UTC. The time must be one
/// even where the day stays as it is written.
fn shifted(day: NaiveDate, clock: &[u8], reading: Reading) -> Option<NaiveDate> {
    // BigQuery writes its zone out: `2026-10-01 06:00:00 UTC`.
    let (clock, told) = match clock.strip_suffix(b" UTC") {
        Some(clock) => (clock, Some(0)),
        None => (clock, None),
    };
    let zone_at = clock.iter().position(|b| matches!(b, b'Z' | b'z' | b'+' | b'-'));
    let (time, zone) = clock.split_at(zone_at.unwrap_or(clock.len()));
    let minute = minute_of_day(time)?;
    let east = match zone {
        [] => told,
        [b'Z' | b'z'] => Some(0),
        [sign, offset @ ..] => {
            let size = i64::from(hours_minutes(offset)?);
            Some(if *sign == b'-' { -size } else { size })
        }
    };
    let reading = match (reading, east) {
        (Reading::Utc { .. }, Some(east)) => Reading::Utc { east },
        (reading, _) => reading,
    };
    moved(day, Some(minute), reading)
}

/// `HH:MM`, `HH:MM:SS` or `HH:MM:SS.fff`, as minutes since midnight.
fn minute_of_day(time: &[u8]) -> Option<u32> {
    let (clock, seconds) = time.split_at_checked(5)?;
    let minute = hours_minutes(clock)?;
    let seconds_fit = match seconds {
        [] => true,
        [b':', a, b, fraction @ ..] => {
            digits(&[*a, *b]).is_some_and(|s| s < 60)
                && match fraction {
                    [] => true,
                    [b'.', rest @ ..] => !rest.is_empty() && rest.iter().all(u8::is_ascii_digit),
                    _ => false,
                }
        }
        _ => false,
    };
    (seconds_fit && minute < 24 * 60).then_some(minute)
}

/// `HH:MM`, `HHMM` or `HH`, in minutes.
fn hours_minutes(text: &[u8]) -> Option<u32> {
    let (hours, minutes) = match text {
        [a, b] => (digits(&[*a, *b])?, 0),
        [a, b, c, d] | [a, b, b':', c, d] => (digits(&[*a, *b])?, digits(&[*c, *d])?),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

fn digits(text: &[u8]) -> Option<u32> {
    text.iter().try_fold(0, |value, byte| {
        byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str) -> Option<String> {
        utc_day(text.as_bytes()).map(|day| day.to_string())
    }

    #[test]
    fn every_spelling_that_bills_use() {
        for (text, day) in [
            ("2024-09-01 00:00:00", "2024-09-01"),
            ("2024-09-01T00:00:00Z", "2024-09-01"),
            ("2023-11-01T00:00:00.000Z", "2023-11-01"),
            ("2026-01-01 01:00:00+00:00", "2026-01-01"),
            ("2023-11-13T06:00Z", "2023-11-13"),
            ("2026-10-01 23:59:59 UTC", "2026-10-01"),
            ("2026-10-01 23:59:59.123456 UTC", "2026-10-01"),
            ("2020-09-01", "2020-09-01"),
            ("2026-10-01T00:30:00+02:00", "2026-09-30"),
            ("2026-09-30T23:30:00-01:00", "2026-10-01"),
        ] {
            assert_eq!(show(text).as_deref(), Some(day), "{text}");
        }
    }

    #[test]
    fn what_does_not_exist_or_is_not_proven_is_refused() {
        for text in [
            "2026-02-30",
            "2026-13-01",
            "9/2/2023",
            "202011",
            "2026-10-01T25:00:00Z",
            "2026-10-01 UTC",
            "2026-10-01 06:00:00 CET",
            "2026-10-01T00:61:00Z",
            "2026-10-01x",
            "",
            "2026-1-1",
            "２０２６-10-01",
            "1899-12-31",
            "2201-01-01",
        ] {
            assert_eq!(show(text), None, "{text}");
        }
    }

    #[test]
    fn each_spelling_reads_its_own_and_no_other() {
        use DateSpelling::{DayMonthYear, ExcelSerial, Iso, MonthDayYear, YearMonth};
        for (spelling, text, day) in [
            (MonthDayYear, "9/2/2023", Some("2023-09-02")),
            (MonthDayYear, "09/16/2023", Some("2023-09-16")),
            (MonthDayYear, "9/2/2023 12:00:00 AM", Some("2023-09-02")),
            (MonthDayYear, "9/2/2023 1:05", Some("2023-09-02")),
            (MonthDayYear, "16/9/2023", None),
            (MonthDayYear, "9/31/2023", None),
            (MonthDayYear, "9/2/23", None),
            (MonthDayYear, "9/2/2023 25:00", None),
            (MonthDayYear, "9/2/1023", None),
            (MonthDayYear, "2023-09-02", None),
            (DayMonthYear, "31.10.2026", Some("2026-10-31")),
            (DayMonthYear, "3-4-2026", Some("2026-04-03")),
            (DayMonthYear, "3/4-2026", None),
            (YearMonth, "202011", Some("2020-11-01")),
            (YearMonth, "2020-11", Some("2020-11-01")),
            (YearMonth, "202013", None),
            (YearMonth, "20201", None),
            (YearMonth, "2020-11-01", None),
            (ExcelSerial, "46298", Some("2026-10-03")),
            (ExcelSerial, "46298.75", Some("2026-10-03")),
            (ExcelSerial, "60", None),
            (ExcelSerial, "9999999", None),
            (ExcelSerial, "46298,5", None),
            (Iso, "46298", None),
        ] {
            let found = DateReader::new(&[spelling], None, Zone::default()).day(text.as_bytes());
            assert_eq!(found.map(|day| day.to_string()).as_deref(), day, "{text}");
        }
    }

    #[test]
    fn an_order_is_proven_or_not_taken() {
        let proof = |texts: &[&str]| {
            let mut proof = OrderProof::default();
            for text in texts {
                proof.look(text.as_bytes());
            }
            proof.order().map(|(order, _)| order)
        };
        assert_eq!(proof(&["1/2/2026", "1/13/2026"]), Some(DateSpelling::MonthDayYear));
        assert_eq!(proof(&["13/1/2026"]), Some(DateSpelling::DayMonthYear));
        assert_eq!(proof(&["13/1/2026", "1/13/2026"]), None);
        assert_eq!(proof(&["1/2/2026", "2026-01-13", "13/13/2026"]), None);
        let both = [DateSpelling::MonthDayYear, DateSpelling::DayMonthYear];
        let read = |proven| DateReader::new(&both, proven, Zone::default()).day(b"1/2/2026");
        assert_eq!(read(None), None);
        assert_eq!(read(Some(DateSpelling::DayMonthYear)), NaiveDate::from_ymd_opt(2026, 2, 1));
        // A declared order needs no proof, and none can overrule it.
        let declared =
            DateReader::new(&both[..1], Some(DateSpelling::DayMonthYear), Zone::default());
        assert_eq!(declared.day(b"1/2/2026"), NaiveDate::from_ymd_opt(2026, 1, 2));
    }

    #[test]
    fn a_declared_zone_moves_times_that_tell_none_and_nothing_else() {
        use DateSpelling::{ExcelSerial, Iso, MonthDayYear};
        for (spelling, zone, text, day) in [
            (Iso, "-05:00", "2026-10-31 23:30:00", "2026-11-01"),
            (Iso, "-05:00", "2026-10-31T18:59", "2026-10-31"),
            (Iso, "+02:00", "2026-10-01T01:59:59", "2026-09-30"),
            (Iso, "+02:00", "2026-10-01T02:00:00", "2026-10-01"),
            (Iso, "+02:00", "2026-10-01", "2026-10-01"),
            (Iso, "+02:00", "2026-10-01T00:00:00Z", "2026-10-01"),
            (Iso, "+02:00", "2026-10-01 00:00:00 UTC", "2026-10-01"),
            (Iso, "+02:00", "2026-09-30T23:30:00-01:00", "2026-10-01"),
            (MonthDayYear, "-05:00", "10/31/2026 11:30:00 PM", "2026-11-01"),
            (MonthDayYear, "-05:00", "10/31/2026 11:30:00 AM", "2026-10-31"),
            (MonthDayYear, "+02:00", "10/1/2026 12:30:00 AM", "2026-09-30"),
            (MonthDayYear, "+02:00", "10/1/2026 12:30:00 PM", "2026-10-01"),
            (MonthDayYear, "+02:00", "10/1/2026 0:30Z", "2026-10-01"),
            (MonthDayYear, "+02:00", "10/1/2026", "2026-10-01"),
            (ExcelSerial, "-02:00", "46326.9166666", "2026-11-01"),
            (ExcelSerial, "-02:00", "46326.9159722", "2026-10-31"),
            (ExcelSerial, "+02:00", "46326.0", "2026-10-31"),
        ] {
            let reader = DateReader::new(&[spelling], None, zone.parse().unwrap());
            let found = reader.day(text.as_bytes()).map(|day| day.to_string());
            assert_eq!(found.as_deref(), Some(day), "{text} {zone}");
        }
    }

    #[test]
    fn a_billing_period_is_the_month_that_is_written() {
        use DateSpelling::{ExcelSerial, Iso, MonthDayYear};
        for (spelling, text, day) in [
            (Iso, "2026-10-01 00:00:00", "2026-10-01"),
            (Iso, "2026-10-01T00:00:00Z", "2026-10-01"),
            (Iso, "2026-10-01T00:00:00+02:00", "2026-10-01"),
            (Iso, "2026-10-31T23:00:00-05:00", "2026-10-31"),
            (Iso, "2026-10-31 23:00:00 UTC", "2026-10-31"),
            (MonthDayYear, "10/1/2026 0:30", "2026-10-01"),
            (ExcelSerial, "46296.0208333", "2026-10-01"),
        ] {
            for zone in ["+00:00", "+02:00", "-05:00"] {
                let reader = DateReader::new(&[spelling], None, zone.parse().unwrap());
                let found = reader.billing_day(text.as_bytes()).map(|day| day.to_string());
                assert_eq!(found.as_deref(), Some(day), "{text} {zone}");
            }
            if spelling == Iso {
                let found = written_day(text.as_bytes()).map(|day| day.to_string());
                assert_eq!(found.as_deref(), Some(day), "{text}");
            }
        }
        for text in ["2026-10-01T25:00:00+02:00", "2026-10-01T00:00:00+99:00", "2026-02-30"] {
            assert_eq!(written_day(text.as_bytes()), None, "{text}");
        }
    }
}
