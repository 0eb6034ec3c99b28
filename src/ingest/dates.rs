//! Dates as bills write them.

use chrono::{Days, NaiveDate};

/// The UTC day of an ISO 8601 date or time: `2024-09-01`, `2024-09-01 00:00:00`,
/// `2024-09-01T00:00:00.000Z`, `2026-01-01 01:00:00+00:00`, `2023-11-13T06:00Z`. A time without a
/// zone is UTC. `None` for anything else, and for days that do not exist.
pub(super) fn utc_day(text: &[u8]) -> Option<NaiveDate> {
    let (date, time) = text.split_at_checked(10)?;
    if date[4] != b'-' || date[7] != b'-' {
        return None;
    }
    let year = i32::try_from(digits(&date[..4])?).ok()?;
    let day = NaiveDate::from_ymd_opt(year, digits(&date[5..7])?, digits(&date[8..])?)?;
    match time {
        [] => Some(day),
        [b'T' | b' ', clock @ ..] => shifted(day, clock),
        _ => None,
    }
}

/// Moves the day where the zone of the time puts it on another day in UTC.
fn shifted(day: NaiveDate, clock: &[u8]) -> Option<NaiveDate> {
    let zone_at = clock.iter().position(|b| matches!(b, b'Z' | b'z' | b'+' | b'-'));
    let (time, zone) = clock.split_at(zone_at.unwrap_or(clock.len()));
    let minute = minute_of_day(time)?;
    let east = match zone {
        [] | [b'Z' | b'z'] => 0,
        [sign, offset @ ..] => {
            let size = i64::from(hours_minutes(offset)?);
            if *sign == b'-' { -size } else { size }
        }
    };
    match (i64::from(minute) - east).div_euclid(24 * 60) {
        0 => Some(day),
        days if days < 0 => day.checked_sub_days(Days::new(days.unsigned_abs())),
        days => day.checked_add_days(Days::new(days.unsigned_abs())),
    }
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
            "2026-10-01T00:61:00Z",
            "2026-10-01x",
            "",
            "2026-1-1",
            "２０２６-10-01",
        ] {
            assert_eq!(show(text), None, "{text}");
        }
    }
}
