//! UTF-16 becomes UTF-8 while it is read.
//!
//! Only a byte order mark says that a file is UTF-16, and which end comes first. Half a character
//! becomes bytes that are not UTF-8, so that its row goes to quarantine as any other such row.

use std::io::{self, Read};

use crate::ingest::made::Made;
use crate::ingest::workbook::Refusal;

/// Which byte of a unit comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ingest) enum Endian {
    Little,
    Big,
}

/// The encoding that a byte order mark declares; `None` for UTF-8.
pub(in crate::ingest) fn declared(begin: &[u8]) -> Option<Endian> {
    match begin {
        [0xff, 0xfe, ..] => Some(Endian::Little),
        [0xfe, 0xff, ..] => Some(Endian::Big),
        _ => None,
    }
}

/// Text that looks like UTF-16 and does not say so.
pub(super) fn undeclared(begin: &[u8]) -> Option<Refusal> {
    const LOOKED_AT: usize = 256;
    let pairs = begin[..begin.len().min(LOOKED_AT)].as_chunks::<2>().0;
    let zeros = |at: usize| pairs.iter().filter(|pair| pair[at] == 0).count();
    let (first, second) = (zeros(0), zeros(1));
    let name = match (first * 2 > pairs.len(), second * 2 > pairs.len()) {
        (true, false) => "UTF-16BE",
        (false, true) => "UTF-16LE",
        _ => return None,
    };
    Some(Refusal::new(
        "the file looks like UTF-16, but has no byte order mark that says so",
        format!("export it as UTF-8, or convert it: iconv -f {name} -t UTF-8"),
    ))
}

/// A stream of UTF-16 as UTF-8, without its byte order mark.
pub(in crate::ingest) struct Utf16<R> {
    input: R,
    endian: Endian,
    /// Bytes not decoded yet: what was read before this began, half a unit, half a pair.
    pending: Vec<u8>,
    decoded: Made,
    ended: bool,
}

impl<R: Read> Utf16<R> {
    /// `begun` was read of `input` already, the mark included.
    pub(in crate::ingest) fn new(input: R, endian: Endian, begun: &[u8]) -> Self {
        let pending = begun.get(2..).unwrap_or_default().to_vec();
        Self { input, endian, pending, decoded: Made::default(), ended: false }
    }

    pub(in crate::ingest) fn into_input(self) -> R {
        self.input
    }

    fn unit(&self, pair: [u8; 2]) -> u16 {
        match self.endian {
            Endian::Little => u16::from_le_bytes(pair),
            Endian::Big => u16::from_be_bytes(pair),
        }
    }

    /// Decodes what is pending but for a unit or pair that is not whole yet.
    fn decode(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        let (pairs, half) = pending.as_chunks::<2>();
        let mut units: Vec<u16> = pairs.iter().map(|pair| self.unit(*pair)).collect();
        let mut kept = half.to_vec();
        if !self.ended && units.last().is_some_and(|unit| (0xd800..0xdc00).contains(unit)) {
            units.pop();
            kept.splice(0..0, pairs.last().into_iter().flatten().copied());
        }
        self.pending = kept;
        let decoded = self.decoded.room();
        for found in char::decode_utf16(units) {
            match found {
                Ok(letter) => {
                    decoded.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                }
                Err(lone) => {
                    // As UTF-8 would write it, were it allowed there.
                    let [high, low] = lone.unpaired_surrogate().to_be_bytes();
                    let middle = 0x80 | ((high & 0x0f) << 2) | (low >> 6);
                    decoded.extend([0xed, middle, 0x80 | (low & 0x3f)]);
                }
            }
        }
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        const CHUNK: u64 = 1 << 16;
        while self.decoded.is_spent() {
            if self.ended {
                return match self.pending.len() {
                    0 => Ok(0),
                    _ => Err(Refusal::new(
                        "the file is UTF-16 and ends in the middle of a character",
                        "the delivery was cut off; fetch it again",
                    )
                    .into()),
                };
            }
            let read = self.input.by_ref().take(CHUNK).read_to_end(&mut self.pending)?;
            self.ended = read == 0;
            self.decode();
        }
        Ok(self.decoded.hand_out(buffer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out a few bytes at a time.
    struct Drip<'a>(&'a [u8], usize);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let size = self.1.min(self.0.len()).min(buffer.len());
            buffer[..size].copy_from_slice(&self.0[..size]);
            self.0 = &self.0[size..];
            Ok(size)
        }
    }

    fn decoded(units: &[u16], endian: Endian, drip: usize) -> io::Result<Vec<u8>> {
        let bytes: Vec<u8> = units
            .iter()
            .flat_map(|unit| match endian {
                Endian::Little => unit.to_le_bytes(),
                Endian::Big => unit.to_be_bytes(),
            })
            .collect();
        assert_eq!(declared(&bytes), Some(endian));
        let mut text = Vec::new();
        let begun = drip.min(bytes.len()).max(2);
        let input = Drip(&bytes[begun..], drip);
        Utf16::new(input, endian, &bytes[..begun]).read_to_end(&mut text)?;
        Ok(text)
    }

    #[test]
    fn text_comes_out_the_same_whatever_way_it_comes_in() {
        let text = "Größe,😀,ℵ\r\n1,2,3\r\n".repeat(20_000);
        let units: Vec<u16> = [0xfeff].into_iter().chain(text.encode_utf16()).collect();
        for endian in [Endian::Little, Endian::Big] {
            for drip in [1, 3, 5, 4096] {
                assert_eq!(decoded(&units, endian, drip).unwrap(), text.as_bytes());
            }
        }
    }

    #[test]
    fn half_a_character_is_no_utf8() {
        for wrong in [&[0xd800_u16, 0x41][..], &[0xdc00], &[0x41, 0xd83d]] {
            let units: Vec<u16> = [0xfeff].into_iter().chain(wrong.iter().copied()).collect();
            let text = decoded(&units, Endian::Little, 1).unwrap();
            assert!(std::str::from_utf8(&text).is_err(), "{wrong:x?}");
        }
        let odd = [0xff, 0xfe, 0x41, 0, 0x42];
        let mut text = Vec::new();
        let ended = Utf16::new(&odd[2..], Endian::Little, &odd[..2]).read_to_end(&mut text);
        assert!(ended.unwrap_err().to_string().contains("in the middle of a character"));
    }

    #[test]
    fn utf16_without_a_mark_is_told_from_utf8() {
        let units = || "Date,Cost\n2026-10-01,1.5\n".encode_utf16();
        let (le, be) = (units().flat_map(u16::to_le_bytes), units().flat_map(u16::to_be_bytes));
        assert!(undeclared(&le.collect::<Vec<_>>()).unwrap().help.contains("UTF-16LE"));
        assert!(undeclared(&be.collect::<Vec<_>>()).unwrap().help.contains("UTF-16BE"));
        for text in [&b"Date,Cost\n"[..], b"", b"a", b"\0\0\0\0\0\0", "Größe,ℵ".as_bytes()] {
            assert_eq!(undeclared(text), None);
        }
    }
}
