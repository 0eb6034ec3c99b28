//! What the reading process tells the one that waits for it: frames on its standard output.
//!
//! A frame is a tag, the length of what follows in four bytes, and that. Nothing counts before the
//! last frame, `End`, has come: a process that dies leaves none.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

/// Bytes that one frame may carry.
const FRAME_LIMIT: u32 = 1 << 26;

/// One message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// Whole records of CSV, the header first.
    Csv(Vec<u8>),
    /// The record that counts as row `counted` stands in row `shown` of the sheet.
    Row {
        counted: u64,
        shown: u64,
    },
    Sheet(SheetHead),
    End(Summary),
    Failed(Refusal),
}

/// The begin of a sheet, in which its header is looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::ingest) struct SheetHead {
    pub(in crate::ingest) name: String,
    pub(in crate::ingest) visible: bool,
    /// Row number, counted from 1, and the texts of its cells that have something in them.
    pub(in crate::ingest) rows: Vec<(u32, Vec<String>)>,
}

/// What was seen on the way through a sheet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::ingest) struct Summary {
    /// The workbook counts days from 1904.
    pub(in crate::ingest) since_1904: bool,
    /// Cells of each column that hold a binary fraction.
    pub(in crate::ingest) fractions: Vec<u64>,
    /// Cells right of the header's last column, and the first of them.
    pub(in crate::ingest) outside: u64,
    pub(in crate::ingest) first_outside: String,
}

/// Why a file is not read: a sentence, and how it is mended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::ingest) struct Refusal {
    pub(in crate::ingest) text: String,
    pub(in crate::ingest) help: String,
    /// The file is whole; it is not clear what in it is the table.
    pub(in crate::ingest) unclear: bool,
}

impl Refusal {
    pub(in crate::ingest) fn new(text: impl Into<String>, help: impl Into<String>) -> Self {
        Self { text: text.into(), help: help.into(), unclear: false }
    }

    /// One that another word in the project would mend.
    pub(in crate::ingest) fn unclear(text: impl Into<String>, help: impl Into<String>) -> Self {
        Self { unclear: true, ..Self::new(text, help) }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Refusal {}

impl From<Refusal> for io::Error {
    fn from(refusal: Refusal) -> Self {
        Self::new(io::ErrorKind::InvalidData, refusal)
    }
}

impl Frame {
    pub(super) fn write(&self, output: &mut impl Write) -> io::Result<()> {
        let (tag, body) = match self {
            Self::Csv(bytes) => return write_csv(bytes, output),
            Self::Row { counted, shown } => {
                (b'R', [counted.to_le_bytes(), shown.to_le_bytes()].concat())
            }
            Self::Sheet(head) => (b'S', serde_json::to_vec(head)?),
            Self::End(summary) => (b'E', serde_json::to_vec(summary)?),
            Self::Failed(refusal) => (b'F', serde_json::to_vec(refusal)?),
        };
        put(tag, &body, output)
    }

    /// The next frame; `None` at the end of the stream.
    pub(super) fn read(input: &mut impl Read) -> io::Result<Option<Self>> {
        let mut tag = [0];
        if input.read(&mut tag)? == 0 {
            return Ok(None);
        }
        let mut length = [0; 4];
        input.read_exact(&mut length)?;
        let length = u32::from_le_bytes(length);
        if length > FRAME_LIMIT {
            return Err(io::Error::other("a frame is too long"));
        }
        let mut body = Vec::new();
        input.take(u64::from(length)).read_to_end(&mut body)?;
        if body.len() as u64 != u64::from(length) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match tag[0] {
            b'C' => Ok(Some(Self::Csv(body))),
            b'R' => Ok(Some(row(&body)?)),
            b'S' => Ok(Some(Self::Sheet(serde_json::from_slice(&body)?))),
            b'E' => Ok(Some(Self::End(serde_json::from_slice(&body)?))),
            b'F' => Ok(Some(Self::Failed(serde_json::from_slice(&body)?))),
            _ => Err(io::Error::other("a frame is of no known kind")),
        }
    }
}

/// [`Frame::Csv`] of bytes that the caller keeps.
pub(super) fn write_csv(bytes: &[u8], output: &mut impl Write) -> io::Result<()> {
    put(b'C', bytes, output)
}

fn put(tag: u8, body: &[u8], output: &mut impl Write) -> io::Result<()> {
    let length = u32::try_from(body.len()).ok().filter(|length| *length <= FRAME_LIMIT);
    let length = length.ok_or_else(|| io::Error::other("a frame would be too long"))?;
    output.write_all(&[tag])?;
    output.write_all(&length.to_le_bytes())?;
    output.write_all(body)
}

fn row(body: &[u8]) -> io::Result<Frame> {
    let number = |bytes: &[u8]| Some(u64::from_le_bytes(bytes.try_into().ok()?));
    let (counted, shown) =
        body.split_at_checked(8).ok_or_else(|| io::Error::other("a frame is cut off"))?;
    match (number(counted), number(shown)) {
        (Some(counted), Some(shown)) => Ok(Frame::Row { counted, shown }),
        _ => Err(io::Error::other("a frame is cut off")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_as_they_went() {
        let frames = [
            Frame::Sheet(SheetHead {
                name: "Invoices".to_owned(),
                visible: true,
                rows: vec![(3, vec!["Cost".to_owned(), String::new()])],
            }),
            Frame::Csv(b"Cost\n1\n".to_vec()),
            Frame::Row { counted: 2, shown: 9 },
            Frame::Failed(Refusal::new("torn", "fetch it again")),
            Frame::End(Summary {
                fractions: vec![0, 2],
                outside: 1,
                first_outside: "D4".into(),
                since_1904: true,
            }),
        ];
        let mut stream = Vec::new();
        for frame in &frames {
            frame.write(&mut stream).unwrap();
        }
        let mut rest = stream.as_slice();
        for frame in &frames {
            assert_eq!(Frame::read(&mut rest).unwrap().as_ref(), Some(frame));
        }
        assert_eq!(Frame::read(&mut rest).unwrap(), None);
    }

    #[test]
    fn a_stream_that_is_cut_off_or_of_another_kind_is_an_error() {
        let mut stream = Vec::new();
        Frame::Csv(b"abc".to_vec()).write(&mut stream).unwrap();
        for cut in 1..stream.len() {
            assert!(Frame::read(&mut &stream[..cut]).is_err(), "{cut}");
        }
        assert!(Frame::read(&mut &b"thread main panicked"[..]).is_err());
        assert!(Frame::read(&mut &b"C\xff\xff\xff\xff"[..]).is_err());
    }
}
