//! Thrift's compact protocol, as far as the headers of Parquet need it.
//!
//! Every length is compared with what is left of the input before anything is kept, and nothing is
//! followed deeper than headers go. So no header can ask for more memory than it has bytes.
//!
//! The protocol: <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>

/// Structures inside each other; Parquet's own are five deep.
const DEPTH: u32 = 16;

/// Why a header cannot be read.
pub(super) type Broken = &'static str;

const SHORT: Broken = "a header ends too early";

/// What follows a field's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ingest) enum Kind {
    /// A boolean, which is told by the kind itself.
    Flag,
    Byte,
    /// A whole number of 16, 32 or 64 bits.
    Number,
    Double,
    Text,
    List,
    Map,
    Structure,
}

pub(super) struct Thrift<'a> {
    input: &'a [u8],
    at: usize,
    depth: u32,
}

impl<'a> Thrift<'a> {
    pub(in crate::ingest) fn new(input: &'a [u8]) -> Self {
        Self { input, at: 0, depth: 0 }
    }

    /// Bytes read so far.
    pub(in crate::ingest) fn position(&self) -> usize {
        self.at
    }

    fn left(&self) -> usize {
        self.input.len() - self.at
    }

    fn byte(&mut self) -> Result<u8, Broken> {
        let byte = *self.input.get(self.at).ok_or(SHORT)?;
        self.at += 1;
        Ok(byte)
    }

    pub(super) fn unsigned(&mut self) -> Result<u64, Broken> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err("a number in a header has more than 64 bits")
    }

    pub(in crate::ingest) fn number(&mut self) -> Result<i64, Broken> {
        let folded = self.unsigned()?;
        Ok((folded >> 1).cast_signed() ^ -(folded & 1).cast_signed())
    }

    pub(in crate::ingest) fn text(&mut self) -> Result<&'a [u8], Broken> {
        let length = usize::try_from(self.unsigned()?).map_err(|_| SHORT)?;
        self.take(length)
    }

    pub(in crate::ingest) fn take(&mut self, length: usize) -> Result<&'a [u8], Broken> {
        let end = self.at.checked_add(length).ok_or(SHORT)?;
        let taken = self.input.get(self.at..end).ok_or(SHORT)?;
        self.at = end;
        Ok(taken)
    }

    /// Reads a structure. `read` is told each field's number and kind and says whether it has read
    /// it; what it has not read is passed over.
    pub(super) fn structure(
        &mut self,
        mut read: impl FnMut(&mut Self, i64, Kind) -> Result<bool, Broken>,
    ) -> Result<(), Broken> {
        self.deeper()?;
        let mut id = 0_i64;
        loop {
            let head = self.byte()?;
            if head == 0 {
                self.depth -= 1;
                return Ok(());
            }
            id = match head >> 4 {
                0 => self.number()?,
                delta => id + i64::from(delta),
            };
            let kind = kind(head & 0xf)?;
            if !read(self, id, kind)? {
                self.skip(kind)?;
            }
        }
    }

    /// The kind and the number of the entries of a list.
    pub(in crate::ingest) fn list(&mut self) -> Result<(Kind, usize), Broken> {
        let head = self.byte()?;
        let size = match head >> 4 {
            15 => usize::try_from(self.unsigned()?).map_err(|_| SHORT)?,
            size => usize::from(size),
        };
        // Every entry takes a byte at least.
        if size > self.left() {
            return Err("a list in a header is longer than the header");
        }
        Ok((kind(head & 0xf)?, size))
    }

    fn skip(&mut self, of: Kind) -> Result<(), Broken> {
        match of {
            Kind::Flag => {}
            Kind::Byte => self.take(1).map(|_| ())?,
            Kind::Number => self.unsigned().map(|_| ())?,
            Kind::Double => self.take(8).map(|_| ())?,
            Kind::Text => self.text().map(|_| ())?,
            Kind::Structure => self.structure(|_, _, _| Ok(false))?,
            Kind::List => {
                self.deeper()?;
                let (entry, size) = self.list()?;
                for _ in 0..size {
                    self.skip_entry(entry)?;
                }
                self.depth -= 1;
            }
            Kind::Map => return Err("a header holds a map, which Parquet's never do"),
        }
        Ok(())
    }

    /// Within a list a boolean takes a byte of its own.
    fn skip_entry(&mut self, of: Kind) -> Result<(), Broken> {
        if of == Kind::Flag { self.take(1).map(|_| ()) } else { self.skip(of) }
    }

    fn deeper(&mut self) -> Result<(), Broken> {
        self.depth += 1;
        if self.depth > DEPTH { Err("a header is nested too deep") } else { Ok(()) }
    }
}

fn kind(code: u8) -> Result<Kind, Broken> {
    Ok(match code {
        1 | 2 => Kind::Flag,
        3 => Kind::Byte,
        4..=6 => Kind::Number,
        7 => Kind::Double,
        8 => Kind::Text,
        9 | 10 => Kind::List,
        11 => Kind::Map,
        12 => Kind::Structure,
        _ => return Err("a header holds a value of a kind that does not exist"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_and_others_passed_over() {
        // 1: 150; 2: list of two numbers; 3: "hi"; 20: { 1: true }
        let input = [0x15, 0xac, 0x02, 0x19, 0x25, 2, 4, 0x18, 2, b'h', b'i', 0x0c, 40, 0x11, 0, 0];
        let mut thrift = Thrift::new(&input);
        let (mut number, mut text) = (0, &b""[..]);
        let read = thrift.structure(|thrift, id, kind| {
            match (id, kind) {
                (1, Kind::Number) => number = thrift.number()?,
                (3, Kind::Text) => text = thrift.text()?,
                _ => return Ok(false),
            }
            Ok(true)
        });
        assert_eq!((read, number, text), (Ok(()), 150, &b"hi"[..]));
        assert_eq!(thrift.position(), input.len());
    }

    #[test]
    fn no_length_is_believed() {
        let skip = |input: &[u8]| Thrift::new(input).structure(|_, _, _| Ok(false));
        for input in [
            &[0x18, 0xff, 0xff, 0xff, 0xff, 0x0f][..],
            &[0x19, 0xf5, 0xff, 0xff, 0x7f, 0],
            &[0x15, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0],
            &[0x1b, 0],
            &[0x1e, 0],
            &[0x1c; 1000],
            &[0x19; 1000],
            &[],
        ] {
            assert!(skip(input).is_err(), "{input:?}");
        }
    }
}
