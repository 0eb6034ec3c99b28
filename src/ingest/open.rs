//! Opening a bill: what kind of file it is by its content, and its header.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};

use crate::diagnostics::{Code, Finding, Place};

use super::csv::encoding::Utf16;
use super::csv::records::Records;
use super::csv::stream::{Text, torn};
use super::json::lines::JsonLines;
use super::report::Content;
use super::row_numbers::RowNumbers;
use super::workbook::{SheetStream, Summary};

/// Bytes that a header may have.
pub(super) const HEAD_BYTES: u64 = 1 << 20;
/// Columns that a header may have.
const COLUMN_LIMIT: usize = 10_000;
/// Compressed bills unpack to some ten or twenty times their size. What unpacks to more than this
/// many times its size, once it has unpacked to so many bytes, is a bomb.
const UNPACKED_RATIO: u64 = 250;
const UNPACKED_FREE: u64 = 1 << 26;
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What a file is by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Csv,
    GzipCsv,
    Parquet,
    Workbook,
}

/// Opens a regular file and tells its kind.
pub(super) fn open(path: &Path, name: &Arc<str>) -> Result<(File, Kind), Finding> {
    let place = || Place::File(name.clone());
    let unreadable = |error: &io::Error| {
        Finding::new(Code::UnreadableFile, format!("the file cannot be read: {error}"))
            .help("check that it exists, is a regular file and may be read")
            .at(place())
    };
    let metadata = path.metadata().map_err(|error| unreadable(&error))?;
    if metadata.is_dir() {
        let text = "the pattern of the source names a folder, not a file";
        return Err(Finding::new(Code::UnreadableFile, text)
            .help("end the pattern in what the bills are called, such as *.csv, or in **/* for all files below")
            .at(place()));
    }
    if !metadata.is_file() {
        let error = io::Error::other("it is not a regular file");
        return Err(unreadable(&error));
    }
    if metadata.len() == 0 {
        return Err(empty("the file has no content at all").at(place()));
    }
    let mut file = File::open(path).map_err(|error| unreadable(&error))?;
    let mut magic = Vec::new();
    file.by_ref().take(4).read_to_end(&mut magic).map_err(|error| unreadable(&error))?;
    file.rewind().map_err(|error| unreadable(&error))?;
    Ok((file, kind(&magic)))
}

fn kind(magic: &[u8]) -> Kind {
    match magic {
        [0x1f, 0x8b, ..] => Kind::GzipCsv,
        b"PAR1" => Kind::Parquet,
        // A ZIP archive, or the container of old Office versions.
        [b'P', b'K', 3, 4] | [b'P', b'K', 5, 6] | [0xd0, 0xcf, 0x11, 0xe0] => Kind::Workbook,
        _ => Kind::Csv,
    }
}

pub(super) fn empty(message: &str) -> Finding {
    Finding::new(Code::EmptyFile, message)
        .help("an empty delivery is not taken for zero cost; fetch the file again or take it out of the source")
}

/// What names promise by their endings.
const SUFFIXES: [(&str, Kind); 11] = [
    (".csv", Kind::Csv),
    (".json", Kind::Csv),
    (".jsonl", Kind::Csv),
    (".ndjson", Kind::Csv),
    (".gz", Kind::GzipCsv),
    (".parquet", Kind::Parquet),
    (".xlsx", Kind::Workbook),
    (".xlsm", Kind::Workbook),
    (".xlsb", Kind::Workbook),
    (".xls", Kind::Workbook),
    (".ods", Kind::Workbook),
];

/// The name promises another kind than the content has.
pub(super) fn suffix_note(name: &Arc<str>, kind: Kind) -> Option<Finding> {
    let lower = name.to_lowercase();
    let (telling, expected) = SUFFIXES.into_iter().find(|(end, _)| lower.ends_with(end))?;
    let content = match kind {
        Kind::Csv => "plain text",
        Kind::GzipCsv => "gzip",
        Kind::Parquet => "Parquet",
        Kind::Workbook => "a workbook",
    };
    (kind != expected).then(|| {
        Finding::new(
            Code::WrongSuffix,
            format!("the content is {content}, though the name ends in {telling}"),
        )
        .at(Place::File(name.clone()))
    })
}

/// Counts what passes through, and hashes it.
pub(super) struct Hashing<R> {
    input: R,
    /// `None` while another does it.
    hash: Option<Sha256>,
    bytes: u64,
}

impl<R: Read> Hashing<R> {
    fn new(input: R) -> Self {
        Self { input, hash: Some(Sha256::new()), bytes: 0 }
    }

    /// Counts only.
    fn counting(input: R) -> Self {
        Self { input, hash: None, bytes: 0 }
    }

    fn hex(self) -> String {
        self.hash.map(|hash| hex(&hash.finalize())).unwrap_or_default()
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.input.read(buffer)?;
        if let Some(hash) = &mut self.hash {
            hash.update(&buffer[..size]);
        }
        self.bytes += size as u64;
        Ok(size)
    }
}

/// What tells a file from others: SHA-256 as hex, and the bytes it covers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fingerprint {
    pub(super) file: String,
    pub(super) bytes: u64,
    pub(super) content: Content,
}

impl Fingerprint {
    /// Of a file that is its own content.
    fn plain(raw: Hashing<impl Read>) -> Self {
        let bytes = raw.bytes;
        let file = raw.hex();
        Self { content: Content { bytes, sha256: Some(file.clone()) }, file, bytes }
    }
}

/// The text of a CSV, decompressed, hashed as it lies on disk.
pub(super) enum CsvStream {
    Plain(Hashing<File>),
    Gzip(Box<Hashing<MultiGzDecoder<BufReader<Hashing<File>>>>>),
    /// A table that was made, and lies on no disk.
    Made(Hashing<io::Cursor<Arc<[u8]>>>),
    /// A sheet, and the hashes of its workbook.
    Sheet(Box<SheetStream>, Fingerprint),
    /// A stream that is decoded.
    Utf16(Box<Utf16<CsvStream>>),
    /// A stream of JSON lines.
    Json(Box<JsonLines<CsvStream>>),
}

/// What a stream tells once it was read to its end.
#[derive(Debug, Default)]
pub(super) struct StreamEnd {
    pub(super) fingerprint: Fingerprint,
    pub(super) rows: RowNumbers,
    /// What was seen in the sheet, where it is one.
    pub(super) sheet: Option<Summary>,
}

impl CsvStream {
    pub(super) fn new(file: File, kind: Kind) -> Self {
        let raw = Hashing::new(file);
        match kind {
            Kind::GzipCsv => {
                let buffered = BufReader::with_capacity(1 << 18, raw);
                Self::Gzip(Box::new(Hashing::counting(MultiGzDecoder::new(buffered))))
            }
            _ => Self::Plain(raw),
        }
    }

    pub(super) fn made(table: &Arc<[u8]>) -> Self {
        Self::Made(Hashing::new(io::Cursor::new(Arc::clone(table))))
    }

    /// Lets go of what is costly to hold while other files are opened and read.
    pub(super) fn park(&mut self) {
        if let Self::Sheet(stream, _) = self {
            stream.park();
        }
    }

    /// The hash of what was read, where it can be made by who is told all that is read from now on.
    pub(super) fn lend_hash(&mut self) -> Option<Sha256> {
        match self {
            Self::Plain(raw) => raw.hash.take(),
            _ => None,
        }
    }

    /// The hash that was lent, with all that was read.
    pub(super) fn take_hash(&mut self, hash: Sha256) {
        if let Self::Plain(raw) = self {
            raw.hash = Some(hash);
        }
    }

    /// The account of the stream, once it was read to its end.
    pub(super) fn end(self) -> StreamEnd {
        let fingerprint = match self {
            Self::Plain(raw) => Fingerprint::plain(raw),
            Self::Made(raw) => Fingerprint::plain(raw),
            Self::Gzip(content) => {
                let Hashing { input, hash, bytes } = *content;
                let raw = input.into_inner().into_inner();
                let sha256 = hash.map(|hash| hex(&hash.finalize()));
                Fingerprint {
                    bytes: raw.bytes,
                    file: raw.hex(),
                    content: Content { bytes, sha256 },
                }
            }
            Self::Sheet(stream, workbook) => {
                // The same table saved again is the same content.
                let (content, rows, summary) = stream.end();
                let fingerprint = Fingerprint { content, ..workbook };
                return StreamEnd { fingerprint, rows, sheet: Some(summary) };
            }
            Self::Utf16(decoded) => return decoded.into_input().end(),
            Self::Json(lines) => {
                let (stream, rows) = lines.end();
                return StreamEnd { rows, ..stream.end() };
            }
        };
        StreamEnd { fingerprint, ..StreamEnd::default() }
    }
}

impl Read for CsvStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(input) => input.read(buffer),
            Self::Made(input) => input.read(buffer),
            Self::Gzip(input) => {
                let size = input.read(buffer)?;
                let packed = input.input.get_ref().get_ref().bytes;
                if input.bytes > UNPACKED_FREE && input.bytes / UNPACKED_RATIO > packed {
                    let text = format!(
                        "it unpacks to more than {UNPACKED_RATIO} times its size, as no bill does"
                    );
                    return Err(io::Error::other(text));
                }
                Ok(size)
            }
            Self::Sheet(input, _) => input.read(buffer),
            Self::Utf16(input) => input.read(buffer),
            Self::Json(input) => input.read(buffer),
        }
    }
}

/// The fingerprint of a file that is not read front to back.
pub(super) fn fingerprint(file: &File) -> io::Result<Fingerprint> {
    let mut file = file.try_clone()?;
    file.rewind()?;
    let mut hashing = Hashing::new(file);
    let mut buffer = vec![0; 1 << 18];
    while hashing.read(&mut buffer)? > 0 {}
    Ok(Fingerprint::plain(hashing))
}

/// The fingerprint of a gzip with the hash of its content.
pub(super) fn packed_fingerprint(path: &Path) -> io::Result<Fingerprint> {
    let mut stream = CsvStream::new(File::open(path)?, Kind::GzipCsv);
    if let CsvStream::Gzip(content) = &mut stream {
        content.hash = Some(Sha256::new());
    }
    io::copy(&mut stream, &mut io::sink())?;
    Ok(stream.end().fingerprint)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The header of a CSV and what was read beyond it.
pub(super) struct CsvHead {
    pub(super) headers: Vec<String>,
    pub(super) delimiter: u8,
    /// Bytes behind the header that were read with it.
    pub(super) rest: Vec<u8>,
}

/// Reads the header record and finds the delimiter from it. The stream is left behind what comes
/// back.
pub(super) fn csv_head(text: &mut Text) -> Result<CsvHead, Finding> {
    let Text { stream, begun } = text;
    let limit = HEAD_BYTES.saturating_sub(begun.len() as u64);
    stream.by_ref().take(limit).read_to_end(begun).map_err(|error| torn(&error))?;
    let mark = if begun.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    let text = &begun[mark..];
    if text.iter().all(u8::is_ascii_whitespace) {
        return Err(empty("the file has no header"));
    }
    // What was made here is separated as it was made, whatever its header holds.
    let is_made = matches!(stream, CsvStream::Sheet(..) | CsvStream::Json(_));
    let delimiter = if is_made { b',' } else { delimiter(text) };
    let (headers, end) = header_record(text, delimiter);
    if end == text.len() && begun.len() as u64 >= HEAD_BYTES {
        let text = format!("the header is longer than {} MiB", HEAD_BYTES >> 20);
        return Err(Finding::new(Code::BrokenFile, text).help(
            "the first row must hold the names of the columns; a quote in it may never be closed",
        ));
    }
    if !is_made && end == text.len() && headers.iter().any(|name| name.contains(&b'\n')) {
        let text = "a quote is opened in the header and never closed";
        return Err(Finding::new(Code::BrokenFile, text)
            .help("fetch the file again; nothing of it was counted"));
    }
    if headers.len() > COLUMN_LIMIT {
        let text =
            format!("the header has {} columns; {COLUMN_LIMIT} are the limit", headers.len());
        return Err(Finding::new(Code::BrokenFile, text)
            .help("export the columns of the bill only, and tags as one column"));
    }
    let headers = headers
        .into_iter()
        .map(|name| String::from_utf8(name).map(|name| name.trim().to_owned()))
        .collect::<Result<_, _>>()
        .map_err(|_| {
            Finding::new(Code::BrokenFile, "the header is not UTF-8").help(
                "export or save the file as UTF-8, in a spreadsheet as `CSV UTF-8`; another \
                 encoding is not guessed",
            )
        })?;
    Ok(CsvHead { headers, delimiter, rest: text[end..].to_vec() })
}

fn header_record(text: &[u8], delimiter: u8) -> (Vec<Vec<u8>>, usize) {
    let mut records = Records::new(text, delimiter);
    let mut fields = Vec::new();
    records.read(&mut fields);
    let names = fields.iter().map(|field| field.value().into_owned()).collect();
    (names, text.len() - records.remaining())
}

/// The delimiter that cuts the first record into most columns; a comma where none does.
fn delimiter(text: &[u8]) -> u8 {
    let columns = |delimiter: u8| header_record(text, delimiter).0.len();
    let mut best = b',';
    for candidate in [b';', b'\t', b'|'] {
        if columns(candidate) > columns(best) {
            best = candidate;
        }
    }
    best
}
