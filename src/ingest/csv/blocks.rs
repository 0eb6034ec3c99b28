//! Cuts a stream of CSV into blocks that end where records end, so that blocks can be read side
//! by side.
//!
//! Whether a line break ends a record depends on all quotes before it, so this one pass is
//! sequential. It marks where fields end on its way. A quote opens a field only at the field's
//! start, as in RFC 4180; anywhere else outside quotes it is a letter.

use std::fmt;
use std::io::{ErrorKind, Read};

use memchr::memrchr;

use super::marks::Marks;
use crate::ingest::bytes::find;

/// Bytes a block has at least, but for the last.
const BLOCK_BYTES: usize = 1 << 21;
/// Bytes that a record may have.
const RECORD_LIMIT: usize = 1 << 26;
const QUOTE: u8 = b'"';

/// What can be wrong with the stream itself.
#[derive(Debug)]
pub(in crate::ingest) enum BlockError {
    Io(std::io::Error),
    /// A quote was opened and never closed.
    Unclosed,
    /// A record is longer than its limit; whether it began with a quote that does not close.
    TooLong {
        is_quoted: bool,
    },
}

impl fmt::Display for BlockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unclosed = "a quote is opened and never closed";
        match self {
            Self::Io(error) => write!(f, "the stream breaks off: {error}"),
            Self::Unclosed => f.write_str(unclosed),
            Self::TooLong { is_quoted } => {
                write!(f, "a row has more than {} MiB", RECORD_LIMIT >> 20)?;
                if *is_quoted { write!(f, ": {unclosed}") } else { Ok(()) }
            }
        }
    }
}

/// Whole records, and where their fields are.
#[derive(Debug, Default)]
pub(in crate::ingest) struct Block {
    pub(in crate::ingest) bytes: Vec<u8>,
    pub(super) marks: Marks,
}

impl Block {
    /// A text of whole records.
    pub(in crate::ingest) fn of(bytes: Vec<u8>, delimiter: u8) -> Self {
        let mut marks = Marks::default();
        marks.look(&bytes, delimiter);
        Self { bytes, marks }
    }
}

/// The cutter. Blocks are whole records, in order.
pub(in crate::ingest) struct Blocks<R> {
    input: R,
    delimiter: u8,
    /// Begins with a record; not handed out yet.
    pending: Block,
    /// Bytes of `pending` that were read; what lies behind them is room.
    filled: usize,
    /// Room that nobody uses.
    spare: Block,
    /// How far `pending` was followed.
    seen: usize,
    /// End of the last whole record within `pending`.
    boundary: usize,
    quoted: bool,
    ended: bool,
}

impl<R: Read> Blocks<R> {
    pub(in crate::ingest) fn new(input: R, delimiter: u8, begun: Vec<u8>) -> Self {
        let filled = begun.len();
        let pending = Block { bytes: begun, ..Block::default() };
        let (spare, seen, boundary) = (Block::default(), 0, 0);
        let (quoted, ended) = (false, false);
        Self { input, delimiter, pending, filled, spare, seen, boundary, quoted, ended }
    }

    /// The stream, read to its end once there are no more blocks.
    pub(in crate::ingest) fn into_input(self) -> R {
        self.input
    }

    /// Lends the room of a block that was read: memory that is used again is warm.
    pub(in crate::ingest) fn lend(&mut self, spare: Block) {
        self.spare = spare;
    }

    /// The next block; `None` at the end.
    pub(in crate::ingest) fn next(&mut self) -> Result<Option<Block>, BlockError> {
        let mut goal = BLOCK_BYTES;
        loop {
            self.fill(goal).map_err(BlockError::Io)?;
            self.look();
            // Nothing of a record beyond the limit is read, so that this is all that it has.
            if self.boundary == 0 && self.pending.bytes.len() > RECORD_LIMIT {
                return Err(BlockError::TooLong { is_quoted: self.quoted });
            }
            if self.ended {
                return self.last();
            }
            if self.boundary > 0 {
                let mut rest = std::mem::take(&mut self.spare);
                let tail = &self.pending.bytes[self.boundary..];
                self.filled = tail.len();
                rest.bytes.resize(rest.bytes.len().max(tail.len()), 0);
                rest.bytes[..tail.len()].copy_from_slice(tail);
                self.pending.bytes.truncate(self.boundary);
                self.pending.marks.truncate(self.boundary);
                return Ok(Some(std::mem::replace(&mut self.pending, rest)));
            }
            goal = (self.pending.bytes.len() * 2).min(RECORD_LIMIT + 1);
        }
    }

    fn last(&mut self) -> Result<Option<Block>, BlockError> {
        if self.quoted {
            return Err(BlockError::Unclosed);
        }
        let block = std::mem::take(&mut self.pending);
        self.filled = 0;
        Ok((!block.bytes.is_empty()).then_some(block))
    }

    /// Reads until there are `goal` bytes. Room that was used before is not cleared again, which
    /// costs as much as copying it.
    fn fill(&mut self, goal: usize) -> std::io::Result<()> {
        let Self { input, pending: Block { bytes, .. }, filled, .. } = self;
        bytes.resize(goal.max(*filled), 0);
        self.ended = false;
        while !self.ended && *filled < bytes.len() {
            match input.read(&mut bytes[*filled..]) {
                Ok(0) => self.ended = true,
                Ok(size) => *filled += size,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(*filled);
        Ok(())
    }

    /// Finds the last record end, and whether a quote is open at the end.
    fn look(&mut self) {
        let Block { bytes, marks } = &mut self.pending;
        marks.look(bytes, self.delimiter);
        if !marks.is_regular {
            return self.follow();
        }
        self.quoted = marks.is_open;
        let found = marks.last_record_end(bytes.len()).unwrap_or_default();
        // An LF may follow, which is no record of its own.
        let is_halved = !self.ended && found == bytes.len() && bytes.ends_with(b"\r");
        let found = if is_halved { marks.last_record_end(found - 1) } else { Some(found) };
        self.boundary = found.unwrap_or_default();
    }

    /// Does so by following quotes one by one, where they do not stand as they must.
    fn follow(&mut self) {
        let end = self.pending.bytes.len();
        (self.seen, self.boundary, self.quoted) = (0, 0, false);
        while self.seen < end {
            let bytes = &self.pending.bytes;
            let Some(at) = find(QUOTE, &bytes[self.seen..]).map(|at| self.seen + at) else {
                return self.pass(end);
            };
            let next = bytes.get(at + 1).copied();
            if self.quoted {
                match next {
                    Some(QUOTE) => self.seen = at + 2,
                    // Whether this quote closes is told by a byte not yet read.
                    None if !self.ended => return,
                    _ => {
                        self.quoted = false;
                        self.seen = at + 1;
                    }
                }
            } else {
                self.pass(at);
                self.quoted = self.opens(at);
                self.seen = at + 1;
            }
        }
    }

    /// Moves on to `end`; where that stretch lies outside quotes, its last line break is a boundary.
    fn pass(&mut self, end: usize) {
        if !self.quoted {
            let stretch = &self.pending.bytes[self.seen..end];
            if let Some(at) = memrchr(b'\n', stretch) {
                self.boundary = self.seen + at + 1;
            } else if self.boundary == 0 {
                // Files of old tools end lines with CR alone. The last byte is left out: an LF may follow.
                let inner = &stretch[..stretch.len().saturating_sub(1)];
                if let Some(at) = memrchr(b'\r', inner) {
                    self.boundary = self.seen + at + 1;
                }
            }
        }
        self.seen = end;
    }

    fn opens(&self, at: usize) -> bool {
        at == 0 || {
            let before = self.pending.bytes[at - 1];
            before == self.delimiter || before == b'\n' || before == b'\r'
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::records::Records;
    use super::*;

    /// Hands out a few bytes at a time, so that every byte is once the last one known.
    struct Drip<'a>(&'a [u8], usize);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let size = self.1.min(self.0.len()).min(buffer.len());
            buffer[..size].copy_from_slice(&self.0[..size]);
            self.0 = &self.0[size..];
            Ok(size)
        }
    }

    fn blocks(text: &str) -> Result<Vec<String>, BlockError> {
        let mut blocks = Blocks::new(Drip(text.as_bytes(), 3), b',', Vec::new());
        let mut found = Vec::new();
        while let Some(block) = blocks.next()? {
            found.push(String::from_utf8(block.bytes).unwrap());
        }
        Ok(found)
    }

    #[test]
    fn blocks_put_together_are_the_stream_and_end_with_records() {
        let record = "a,\"x\n\"\"y\"\"\n\",3\"4,b\r\n";
        let text = record.repeat(BLOCK_BYTES / record.len() * 3);
        let found = blocks(&text).unwrap();
        assert!(found.len() > 1);
        assert!(found.iter().all(|block| block.starts_with("a,") && block.ends_with("b\r\n")));
        assert_eq!(found.concat(), text);
    }

    #[test]
    fn carriage_returns_alone_end_records_too() {
        let text = "1,2,3\r".repeat(BLOCK_BYTES);
        let found = blocks(&text).unwrap();
        assert!(found.len() > 1);
        assert!(found.iter().all(|block| block.starts_with("1,2,3\r")));
        assert_eq!(found.concat(), text);
    }

    proptest! {
        #[test]
        fn blocks_end_where_records_end(parts in proptest::collection::vec(0_usize..6, 0..60), drip in 1_usize..9) {
            let signs = ["\"", ",", "\n", "\r", "\",\"", "ab"];
            let text: String = parts.iter().map(|part| signs[*part]).collect();
            // Looked at as if a block were full after each few bytes.
            let mut blocks = Blocks::new(Drip(b"", 1), b',', Vec::new());
            let (mut cut, mut rest) = (Vec::new(), text.as_bytes());
            while !rest.is_empty() {
                let (more, behind) = rest.split_at(drip.min(rest.len()));
                blocks.pending.bytes.extend_from_slice(more);
                rest = behind;
                blocks.look();
                let tail = blocks.pending.bytes.split_off(blocks.boundary);
                cut.extend(records(&std::mem::replace(&mut blocks.pending.bytes, tail)));
            }
            cut.extend(records(&blocks.pending.bytes));
            prop_assert_eq!(cut, records(text.as_bytes()));
        }
    }

    fn records(text: &[u8]) -> Vec<Vec<Vec<u8>>> {
        let (mut records, mut fields) = (Records::new(text, b','), Vec::new());
        let mut all = Vec::new();
        while records.read(&mut fields) {
            all.push(fields.iter().map(|field| field.value().into_owned()).collect());
        }
        all
    }

    #[test]
    fn a_quote_that_never_closes_is_an_error() {
        assert!(matches!(blocks("a,\"b\nc,d\n"), Err(BlockError::Unclosed)));
        assert_eq!(blocks("a,b\"\nc,d").unwrap(), ["a,b\"\nc,d"]);
    }
}
