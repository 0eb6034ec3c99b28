//! A look at the ZIP archive that a workbook is, before anything is made of it.
//!
//! Every part is inflated once, into nothing, so that a bomb, a torn part or a false checksum is
//! told before a reader believes in the sizes that the archive claims. A document type is refused:
//! no program that writes sheets writes one, and its entities are what XML bombs are made of.

use std::collections::BTreeSet;
use std::io::{self, Read, Seek, SeekFrom};

use flate2::Crc;
use flate2::read::DeflateDecoder;

use super::frames::Refusal;
use super::markup::Markup;
use super::spreadsheet::Spreadsheet;

/// Bytes that all parts may have together.
const INFLATED_LIMIT: u64 = 4 << 30;
/// Below this an archive may inflate as it likes.
const HARMLESS: u64 = 16 << 20;
/// Beyond it, times its own size. Sheets of much repetition reach 50.
const RATIO_LIMIT: u64 = 300;
const PART_LIMIT: u64 = 20_000;
/// Bytes of a part's begin in which a document type must stand, if at all.
const PROLOG: usize = 4096;

/// The part of an ODS that holds its sheets.
pub(super) const ODS_CONTENT: &str = "content.xml";

const END_OF_DIRECTORY: &[u8] = b"PK\x05\x06";
const ENTRY: &[u8] = b"PK\x01\x02";
const LOCAL: &[u8] = b"PK\x03\x04";
/// A size or place that stands elsewhere, in archives of more than 4 GiB.
const ELSEWHERE: u32 = u32::MAX;

/// What kind of workbook an archive holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Archive {
    Xlsx,
    Xlsb,
    Ods,
}

struct Part {
    name: Vec<u8>,
    encrypted: bool,
    method: u16,
    crc: u32,
    packed: u32,
    at: u32,
}

/// Looks at every part and tells the kind of workbook.
pub(super) fn look(file: &mut (impl Read + Seek)) -> Result<Archive, Refusal> {
    let size = file.seek(SeekFrom::End(0)).map_err(|error| torn(&error.to_string()))?;
    let parts = directory(file, size).map_err(|error| torn(&error.to_string()))?;
    let mut allowed = size.saturating_mul(RATIO_LIMIT).clamp(HARMLESS, INFLATED_LIMIT);
    for part in &parts {
        let name = String::from_utf8_lossy(&part.name).into_owned();
        if part.encrypted {
            return Err(protected());
        }
        let inflated = inflate(file, part, allowed)
            .map_err(|error| torn(&format!("its part `{name}` is broken: {error}")))?;
        if inflated.bytes > allowed {
            return Err(Refusal::new(
                "the workbook inflates to far more than any sheet does: it is a bomb, or broken",
                "ask whoever sent it; save it again from a spreadsheet program, or as CSV",
            ));
        }
        if inflated.has_document_type {
            return Err(Refusal::new(
                format!("the part `{name}` declares a document type, which no workbook does"),
                "ask whoever sent it; save it again from a spreadsheet program",
            ));
        }
        allowed -= inflated.bytes;
    }
    kind(&parts)
}

/// Shows the bytes of a part, as they come; says whether there is such a part. What `feed` returns is
/// wrong with it.
pub(super) fn read(
    file: &mut (impl Read + Seek),
    name: &str,
    feed: &mut dyn FnMut(&[u8]) -> Result<(), &'static str>,
) -> Result<bool, Refusal> {
    let size = file.seek(SeekFrom::End(0)).map_err(|error| torn(&error.to_string()))?;
    let parts = directory(file, size).map_err(|error| torn(&error.to_string()))?;
    let is_it = |part: &&Part| part.name.eq_ignore_ascii_case(name.as_bytes());
    let Some(part) = parts.iter().find(is_it) else { return Ok(false) };
    let mut all = |input: &mut dyn Read| -> io::Result<()> {
        let mut buffer = vec![0; 1 << 16];
        loop {
            let size = input.read(&mut buffer)?;
            if size == 0 {
                return Ok(());
            }
            feed(&buffer[..size]).map_err(broken)?;
        }
    };
    unpacked(file, part, &mut all)
        .map_err(|error| torn(&format!("its part `{name}` is broken: {error}")))?;
    Ok(true)
}

/// The kind of workbook by the names of its parts alone.
pub(super) fn kind_of(file: &mut (impl Read + Seek)) -> Result<Archive, Refusal> {
    let size = file.seek(SeekFrom::End(0)).map_err(|error| torn(&error.to_string()))?;
    kind(&directory(file, size).map_err(|error| torn(&error.to_string()))?)
}

fn kind(parts: &[Part]) -> Result<Archive, Refusal> {
    let named = |ending: &[u8]| parts.iter().any(|part| part.name.ends_with(ending));
    if named(b"workbook.bin") {
        Ok(Archive::Xlsb)
    } else if named(b"workbook.xml") || named(b"[Content_Types].xml") {
        Ok(Archive::Xlsx)
    } else if named(b"content.xml") {
        Ok(Archive::Ods)
    } else {
        Err(Refusal::new(
            "the file is a ZIP archive, but no workbook",
            "unpack it: bills are read as CSV, gzip, Parquet, JSON lines or workbooks",
        ))
    }
}

/// What a workbook that needs a password is answered.
pub(super) fn protected() -> Refusal {
    Refusal::new(
        "the workbook is protected by a password",
        "save it without one, or export the sheet as CSV",
    )
}

fn torn(reason: &str) -> Refusal {
    Refusal::new(
        format!("the workbook does not hold together: {reason}"),
        "fetch it again, or open it in a spreadsheet program and save it anew",
    )
}

fn broken(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text.to_owned())
}

fn u16_at(bytes: &[u8], at: usize) -> io::Result<u16> {
    let found = bytes.get(at..at + 2).and_then(|found| found.try_into().ok());
    found.map(u16::from_le_bytes).ok_or_else(|| broken("its directory is cut off"))
}

fn u32_at(bytes: &[u8], at: usize) -> io::Result<u32> {
    let found = bytes.get(at..at + 4).and_then(|found| found.try_into().ok());
    found.map(u32::from_le_bytes).ok_or_else(|| broken("its directory is cut off"))
}

/// The entries of the archive's directory, which stands at its end.
fn directory(file: &mut (impl Read + Seek), size: u64) -> io::Result<Vec<Part>> {
    // The last record has 22 bytes and a comment of at most 64 KiB.
    let tail_size = size.min(22 + (1 << 16));
    file.seek(SeekFrom::Start(size - tail_size))?;
    let mut tail = Vec::new();
    file.take(tail_size).read_to_end(&mut tail)?;
    let found = memchr::memmem::rfind(&tail, END_OF_DIRECTORY);
    let end = &tail[found.ok_or_else(|| broken("it ends too early"))?..];
    let (length, at) = (u32_at(end, 12)?, u32_at(end, 16)?);
    if length == ELSEWHERE || at == ELSEWHERE {
        return Err(broken("it is larger than 4 GiB"));
    }
    if u64::from(at) + u64::from(length) > size {
        return Err(broken("its directory is cut off"));
    }
    file.seek(SeekFrom::Start(u64::from(at)))?;
    let mut bytes = Vec::new();
    file.take(u64::from(length)).read_to_end(&mut bytes)?;
    let mut parts = Vec::new();
    let mut names = BTreeSet::new();
    let mut rest = bytes.as_slice();
    while rest.starts_with(ENTRY) {
        let lengths = [u16_at(rest, 28)?, u16_at(rest, 30)?, u16_at(rest, 32)?].map(usize::from);
        let name = rest.get(46..46 + lengths[0]);
        let name = name.ok_or_else(|| broken("its directory is cut off"))?.to_vec();
        // Readers look for parts whatever the case.
        if !names.insert(name.to_ascii_lowercase()) {
            let name = String::from_utf8_lossy(&name);
            return Err(broken(&format!("it has two parts of the name `{name}`")));
        }
        parts.push(Part {
            name,
            encrypted: u16_at(rest, 8)? & 1 == 1,
            method: u16_at(rest, 10)?,
            crc: u32_at(rest, 16)?,
            packed: u32_at(rest, 20)?,
            at: u32_at(rest, 42)?,
        });
        if parts.len() as u64 > PART_LIMIT {
            return Err(broken("it has too many parts"));
        }
        rest = rest.get(46 + lengths.iter().sum::<usize>()..).unwrap_or_default();
    }
    Ok(parts)
}

struct Inflated {
    bytes: u64,
    has_document_type: bool,
}

/// Reads a part to its end, or until it is beyond `allowed`.
fn inflate(file: &mut (impl Read + Seek), part: &Part, allowed: u64) -> io::Result<Inflated> {
    unpacked(file, part, &mut |input| drain(input, part, allowed))
}

/// Hands out the bytes of a part.
fn unpacked<T>(
    file: &mut (impl Read + Seek),
    part: &Part,
    take: &mut dyn FnMut(&mut dyn Read) -> io::Result<T>,
) -> io::Result<T> {
    file.seek(SeekFrom::Start(u64::from(part.at)))?;
    let mut head = [0; 30];
    file.read_exact(&mut head)?;
    if !head.starts_with(LOCAL) {
        return Err(broken("it is not where the directory says"));
    }
    let skipped = i64::from(u16_at(&head, 26)?) + i64::from(u16_at(&head, 28)?);
    file.seek(SeekFrom::Current(skipped))?;
    let mut packed = file.take(u64::from(part.packed));
    match part.method {
        0 => take(&mut packed),
        8 => take(&mut DeflateDecoder::new(packed)),
        _ => Err(broken("it is packed in a way that sheets are not")),
    }
}

fn drain(input: &mut dyn Read, part: &Part, allowed: u64) -> io::Result<Inflated> {
    let mut crc = Crc::new();
    let mut buffer = vec![0; 1 << 16];
    let mut prolog = Vec::new();
    let mut bytes = 0;
    let mut markup = Markup::new();
    let mut sheets = (part.name == ODS_CONTENT.as_bytes()).then(|| Spreadsheet::new(None));
    loop {
        let size = input.read(&mut buffer)?;
        if size == 0 {
            break;
        }
        let read = &buffer[..size];
        bytes += size as u64;
        if bytes > allowed {
            return Ok(Inflated { bytes, has_document_type: false });
        }
        let wanted = PROLOG - prolog.len();
        prolog.extend_from_slice(&read[..size.min(wanted)]);
        crc.update(read);
        // Any part may be a sheet, whatever its name.
        if is_markup(&prolog) {
            markup.feed(read).map_err(broken)?;
        }
        if let Some(sheets) = &mut sheets {
            sheets.feed(read).map_err(broken)?;
        }
    }
    if crc.sum() != part.crc {
        return Err(broken("its checksum is wrong"));
    }
    let has_document_type =
        is_markup(&prolog) && memchr::memmem::find(&prolog, b"<!DOCTYPE").is_some();
    Ok(Inflated { bytes, has_document_type })
}

fn is_markup(begin: &[u8]) -> bool {
    let text = begin.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(begin);
    text.trim_ascii_start().starts_with(b"<")
}
