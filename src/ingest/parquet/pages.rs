//! The pages of a row group, looked at before they are decoded: what they ask for must be what
//! their chunk has, in memory that a bill may need.
//!
//! The decoder makes room for as many values and bytes as headers tell, and where there is no such
//! room the process ends. Headers are some dozens of bytes in each megabyte, so reading them
//! twice costs little. Only pages of the delta encodings keep such counts within their data, and
//! are unpacked twice.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use parquet::basic::Encoding;
use parquet::column::page::{Page, PageReader};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::file::serialized_reader::SerializedPageReader;

use super::footer::general;
use super::thrift::{Broken, Kind, Thrift};

/// Bytes that the pages of a row group which are open side by side may have when unpacked.
const OPEN_LIMIT: u64 = 1 << 30;
/// Values of one page whose lengths are kept in a list of their own.
const LISTED_LIMIT: u64 = 1 << 25;
/// Bytes of a header at first sight, and of any header: it may hold the least and greatest text.
const HEADER_BYTES: usize = 1 << 10;
const HEADER_LIMIT: usize = 1 << 22;

/// What the header of a page tells.
#[derive(Debug, Default)]
struct Header {
    kind: i64,
    unpacked: i64,
    packed: i64,
    values: i64,
    encoding: i64,
}

const DICTIONARY: i64 = 2;
const DATA: [i64; 2] = [0, 3];
/// Lengths in a list of their own, and with them the letters shared with the value before.
const DELTA_LENGTH: i64 = 6;
const DELTA_TEXT: i64 = 7;

/// Refuses a row group of which a column asks for more than it has.
///
/// # Errors
/// What is wrong with it.
pub(super) fn vet(
    file: &File,
    group: &RowGroupMetaData,
    is_read: impl Fn(usize) -> bool,
) -> Result<(), ParquetError> {
    let mut open = 0;
    for (leaf, chunk) in group.columns().iter().enumerate() {
        if is_read(leaf) {
            let seen = walk(file, chunk)?;
            open += seen.largest + seen.dictionary;
            if seen.has_lists {
                vet_lists(file, chunk, group.num_rows())?;
            }
        }
        if open > OPEN_LIMIT {
            return Err(general("its pages unpack to more memory than any bill needs"));
        }
    }
    Ok(())
}

/// What the headers of a chunk come to.
#[derive(Debug, Default)]
struct Seen {
    /// Unpacked bytes of its largest page of values, and of its dictionary.
    largest: u64,
    dictionary: u64,
    values: i64,
    has_lists: bool,
}

fn walk(file: &File, chunk: &ColumnChunkMetaData) -> Result<Seen, ParquetError> {
    let (mut at, mut left) = chunk.byte_range();
    let mut seen = Seen::default();
    while left > 0 {
        let (header, length) = header(file, at, left)?;
        let packed = u64::try_from(header.packed).unwrap_or(u64::MAX);
        let body = left - length;
        if packed > body {
            return Err(general("a page is longer than its column"));
        }
        seen.add(&header).map_err(general)?;
        at += length + packed;
        left = body - packed;
    }
    if seen.values != chunk.num_values() {
        return Err(general("the pages of a column hold more or fewer values than it tells"));
    }
    Ok(seen)
}

impl Seen {
    fn add(&mut self, header: &Header) -> Result<(), Broken> {
        let unpacked = u64::try_from(header.unpacked).map_err(|_| "a page has no size")?;
        let values = u64::try_from(header.values).map_err(|_| "a page has no values")?;
        if header.kind == DICTIONARY {
            // Of any type that has a dictionary, a value takes a byte at least.
            if values > unpacked {
                return Err("a dictionary has more values than bytes");
            }
            self.dictionary += unpacked;
        } else if DATA.contains(&header.kind) {
            self.values = self.values.checked_add(header.values).ok_or("too many values")?;
            self.largest = self.largest.max(unpacked);
            if [DELTA_LENGTH, DELTA_TEXT].contains(&header.encoding) {
                self.has_lists = true;
                if values > LISTED_LIMIT {
                    return Err("a page of texts has more of them than any bill needs");
                }
            }
        }
        Ok(())
    }
}

/// The header at that place, and its length.
fn header(file: &File, at: u64, left: u64) -> Result<(Header, u64), ParquetError> {
    let mut size = HEADER_BYTES;
    loop {
        let bytes = bytes_at(file, at, size.min(usize::try_from(left).unwrap_or(usize::MAX)))?;
        let mut thrift = Thrift::new(&bytes);
        let read = page_header(&mut thrift);
        match read {
            Ok(header) => return Ok((header, thrift.position() as u64)),
            // It may go on behind what was read of it.
            Err(_) if bytes.len() == size && size < HEADER_LIMIT => size *= 64,
            Err(reason) => return Err(general(reason)),
        }
    }
}

fn bytes_at(mut file: &File, at: u64, size: usize) -> Result<Vec<u8>, ParquetError> {
    let mut bytes = Vec::with_capacity(size);
    file.seek(SeekFrom::Start(at))?;
    file.take(size as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn page_header(thrift: &mut Thrift<'_>) -> Result<Header, Broken> {
    let mut found = Header { kind: -1, unpacked: -1, packed: -1, ..Header::default() };
    thrift.structure(|thrift, id, kind| {
        match (id, kind) {
            (1, Kind::Number) => found.kind = thrift.number()?,
            (2, Kind::Number) => found.unpacked = thrift.number()?,
            (3, Kind::Number) => found.packed = thrift.number()?,
            // A page of the first kind and a dictionary tell values, then encoding; a page of the
            // second kind tells nulls and rows between them.
            (5 | 7, Kind::Structure) => values(thrift, 2, &mut found)?,
            (8, Kind::Structure) => values(thrift, 4, &mut found)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(found)
}

fn values(thrift: &mut Thrift<'_>, encoding: i64, found: &mut Header) -> Result<(), Broken> {
    thrift.structure(|thrift, id, kind| {
        if kind == Kind::Number && id == 1 {
            found.values = thrift.number()?;
        } else if kind == Kind::Number && id == encoding {
            found.encoding = thrift.number()?;
        } else {
            return Ok(false);
        }
        Ok(true)
    })
}

/// Unpacks the pages of a chunk and looks at the lists of lengths that they begin with.
fn vet_lists(file: &File, chunk: &ColumnChunkMetaData, rows: i64) -> Result<(), ParquetError> {
    let rows = usize::try_from(rows).unwrap_or(usize::MAX);
    let mut pages = SerializedPageReader::new(Arc::new(file.try_clone()?), chunk, rows, None)?;
    let descriptor = chunk.column_descr();
    let levels = [descriptor.max_rep_level(), descriptor.max_def_level()];
    while let Some(page) = pages.get_next_page()? {
        let (bytes, encoding, values) = match &page {
            Page::DataPage { buf, num_values, encoding, .. } => {
                let bytes = behind_levels(buf, levels);
                (
                    bytes.ok_or_else(|| general("the levels of a page break off"))?,
                    *encoding,
                    *num_values,
                )
            }
            Page::DataPageV2 {
                buf,
                num_values,
                encoding,
                def_levels_byte_len,
                rep_levels_byte_len,
                ..
            } => {
                let begin = *def_levels_byte_len as usize + *rep_levels_byte_len as usize;
                let bytes = buf.get(begin..);
                (
                    bytes.ok_or_else(|| general("the levels of a page break off"))?,
                    *encoding,
                    *num_values,
                )
            }
            Page::DictionaryPage { .. } => continue,
        };
        lists_fit(bytes, encoding, u64::from(values)).map_err(general)?;
    }
    Ok(())
}

/// What follows the levels of a page of the first kind.
fn behind_levels(page: &[u8], levels: [i16; 2]) -> Option<&[u8]> {
    let mut rest = page;
    for _ in levels.into_iter().filter(|most| *most > 0) {
        let (length, behind) = rest.split_first_chunk::<4>()?;
        rest = behind.get(usize::try_from(u32::from_le_bytes(*length)).ok()?..)?;
    }
    Some(rest)
}

fn lists_fit(bytes: &[u8], encoding: Encoding, values: u64) -> Result<(), Broken> {
    let lists = match encoding {
        Encoding::DELTA_LENGTH_BYTE_ARRAY => 1,
        Encoding::DELTA_BYTE_ARRAY => 2,
        _ => 0,
    };
    let mut rest = bytes;
    for _ in 0..lists {
        rest = &rest[list(rest, values)?..];
    }
    Ok(())
}

/// The length of a list of packed differences, which has at most so many entries.
/// <https://parquet.apache.org/docs/file-format/data-pages/encodings/#delta-encoding-delta_binary_packed--5>
fn list(bytes: &[u8], most: u64) -> Result<usize, Broken> {
    const BROKEN: Broken = "a list of lengths contradicts itself";
    let mut thrift = Thrift::new(bytes);
    let (block, parts, entries) = (thrift.unsigned()?, thrift.unsigned()?, thrift.unsigned()?);
    thrift.unsigned()?;
    let part = block.checked_div(parts).filter(|part| part.is_multiple_of(32)).ok_or(BROKEN)?;
    if entries > most || part == 0 {
        return Err(BROKEN);
    }
    let mut left = entries.saturating_sub(1);
    while left > 0 {
        thrift.unsigned()?;
        let widths = thrift.take(usize::try_from(parts).map_err(|_| BROKEN)?)?;
        for width in widths {
            if left > 0 {
                let size = (part / 8).checked_mul(u64::from(*width)).ok_or(BROKEN)?;
                thrift.take(usize::try_from(size).map_err(|_| BROKEN)?)?;
                left = left.saturating_sub(part);
            }
        }
    }
    Ok(thrift.position())
}
