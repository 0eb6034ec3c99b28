//! The zone of times that tell none.

use std::fmt;
use std::str::FromStr;

/// A fixed offset from UTC. Zones with a summer time are none: which of two hours a time on the
/// night of the change means cannot be told from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Zone {
    minutes_east: i32,
}

/// No clock on earth is further from UTC.
const FURTHEST: i32 = 14 * 60;

impl Zone {
    /// Minutes by which clocks are ahead of UTC.
    #[must_use]
    pub fn minutes_east(self) -> i32 {
        self.minutes_east
    }
}

/// Why a text is no zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoZone;

impl fmt::Display for NoZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a zone is `UTC` or a fixed offset from it, such as +02:00 or -05:30; names of zones, which may have a summer time, are not taken")
    }
}

impl FromStr for Zone {
    type Err = NoZone;

    fn from_str(text: &str) -> Result<Self, NoZone> {
        if text == "UTC" {
            return Ok(Self::default());
        }
        let [sign @ (b'+' | b'-'), a, b, b':', c, d] = text.as_bytes() else { return Err(NoZone) };
        let digit = |byte: &u8| byte.is_ascii_digit().then(|| i32::from(byte - b'0')).ok_or(NoZone);
        let (hours, minutes) = (digit(a)? * 10 + digit(b)?, digit(c)? * 10 + digit(d)?);
        let size = hours * 60 + minutes;
        if minutes > 59 || size > FURTHEST {
            return Err(NoZone);
        }
        Ok(Self { minutes_east: if *sign == b'-' { -size } else { size } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_a_fixed_offset() {
        let east = |text: &str| text.parse::<Zone>().map(Zone::minutes_east);
        let good = ["UTC", "+02:00", "-05:30", "+14:00", "-00:00"].map(east);
        assert_eq!(good, [Ok(0), Ok(120), Ok(-330), Ok(840), Ok(0)]);
        for text in
            ["Europe/Berlin", "CET", "02:00", "+2:00", "+02:60", "+14:01", "+0200", "utc", ""]
        {
            assert_eq!(east(text), Err(NoZone), "{text}");
        }
    }
}
