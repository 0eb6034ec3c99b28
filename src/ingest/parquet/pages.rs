//! The pages of a row group, looked at before they are decoded: what they ask for must be what
//! their chunk has, in memory that a bill may need.
//!
//! The decoder makes room for as many values and bytes as headers tell, and where there is no such
//! room the process ends. Headers are some dozens of bytes in each megabyte, so reading them
//! twice costs little. Only pages of the delta encodings keep such counts within their data, and
//! are unpacked twice. Of these one grows: a text may be the letters of the one before it and no
//! more, so that a page of a megabyte means a terabyte of texts.
//!
//! A batch of rows keeps all pages that it touches, so what is limited is the pages of a batch.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use parquet::basic::Encoding;
use parquet::column::page::{Page, PageReader};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::file::serialized_reader::SerializedPageReader;

use super::delta::{self, Lengths};
use super::file::BATCH_ROWS;
use super::footer::general;
use super::thrift::{Broken, Kind, Thrift};

/// Bytes that the pages of a row group which are open side by side may have when unpacked, and
/// those that the texts of a batch may have.
pub(super) const OPEN_LIMIT: u64 = 1 << 30;
/// Bytes that all pages of a column of lists may have when unpacked, since nothing tells where in
/// them a row ends.
const LISTS_LIMIT: u64 = 1 << 32;
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
    has_checksum: bool,
}

const DICTIONARY: i64 = 2;
const DATA: [i64; 2] = [0, 3];
/// Lengths in a list of their own, and with them the letters shared with the value before.
const DELTA_LENGTH: i64 = 6;
const DELTA_TEXT: i64 = 7;

/// Refuses a row group of which a column asks for more than it has. Tells how many pages that are
/// read have no checksum: damage to those may not be seen.
///
/// # Errors
/// What is wrong with it.
pub(super) fn vet(
    file: &File,
    group: &RowGroupMetaData,
    is_read: impl Fn(usize) -> bool,
) -> Result<u64, ParquetError> {
    let (mut open, mut unchecked) = (0_u64, 0);
    for (leaf, chunk) in group.columns().iter().enumerate() {
        if is_read(leaf) {
            let seen = walk(file, chunk)?;
            let mut largest = seen.open.largest;
            if seen.has_lists {
                largest = largest.max(vet_lists(file, chunk, group.num_rows())?.largest);
            }
            open = open.saturating_add(largest).saturating_add(seen.dictionary);
            unchecked += seen.unchecked;
        }
        if open > OPEN_LIMIT {
            return Err(general("its pages unpack to more memory than any bill needs"));
        }
    }
    Ok(unchecked)
}

/// Unpacked bytes of the pages that one batch of rows touches, where they are most.
#[derive(Debug, Default)]
struct Open {
    largest: u64,
    /// Rows before the next page, and the batch and its bytes so far.
    rows: u64,
    batch: u64,
    bytes: u64,
}

impl Open {
    fn add(&mut self, rows: u64, bytes: u64) {
        let first = self.rows / BATCH_ROWS as u64;
        self.rows = self.rows.saturating_add(rows);
        let last = self.rows.saturating_sub(1) / BATCH_ROWS as u64;
        if first > self.batch {
            self.bytes = 0;
        }
        self.bytes = self.bytes.saturating_add(bytes);
        self.largest = self.largest.max(self.bytes);
        if last > first {
            self.bytes = bytes;
        }
        self.batch = first.max(last);
    }
}

/// What the headers of a chunk come to.
#[derive(Debug, Default)]
struct Seen {
    open: Open,
    /// Unpacked bytes of its dictionary, and of all its pages of values.
    dictionary: u64,
    all: u64,
    values: i64,
    has_lists: bool,
    unchecked: u64,
}

fn walk(file: &File, chunk: &ColumnChunkMetaData) -> Result<Seen, ParquetError> {
    let (mut at, mut left) = chunk.byte_range();
    let is_repeated = chunk.column_descr().max_rep_level() > 0;
    let mut seen = Seen::default();
    while left > 0 {
        let (header, length) = header(file, at, left)?;
        let packed = u64::try_from(header.packed).unwrap_or(u64::MAX);
        let body = left - length;
        if packed > body {
            return Err(general("a page is longer than its column"));
        }
        seen.add(&header, is_repeated).map_err(general)?;
        at += length + packed;
        left = body - packed;
    }
    if seen.values != chunk.num_values() {
        return Err(general("the pages of a column hold more or fewer values than it tells"));
    }
    if is_repeated && seen.all > LISTS_LIMIT {
        return Err(general("its pages unpack to more memory than any bill needs"));
    }
    Ok(seen)
}

impl Seen {
    fn add(&mut self, header: &Header, is_repeated: bool) -> Result<(), Broken> {
        let unpacked = u64::try_from(header.unpacked).map_err(|_| "a page has no size")?;
        let values = u64::try_from(header.values).map_err(|_| "a page has no values")?;
        self.unchecked += u64::from(!header.has_checksum);
        if header.kind == DICTIONARY {
            // Of any type that has a dictionary, a value takes a byte at least.
            if values > unpacked {
                return Err("a dictionary has more values than bytes");
            }
            self.dictionary = self.dictionary.saturating_add(unpacked);
        } else if DATA.contains(&header.kind) {
            self.values = self.values.checked_add(header.values).ok_or("too many values")?;
            self.all = self.all.saturating_add(unpacked);
            if is_repeated {
                self.open.largest = self.open.largest.max(unpacked);
            } else {
                self.open.add(values, unpacked);
            }
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
            (4, Kind::Number) => {
                thrift.number()?;
                found.has_checksum = true;
            }
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

/// Unpacks the pages of a chunk and looks at the lists of lengths that they begin with. Tells what
/// their texts come to.
fn vet_lists(file: &File, chunk: &ColumnChunkMetaData, rows: i64) -> Result<Open, ParquetError> {
    let rows = usize::try_from(rows).unwrap_or(usize::MAX);
    let mut pages = SerializedPageReader::new(Arc::new(file.try_clone()?), chunk, rows, None)?;
    let descriptor = chunk.column_descr();
    let levels = [descriptor.max_rep_level(), descriptor.max_def_level()];
    let mut open = Open::default();
    while let Some(page) = pages.get_next_page()? {
        let (bytes, encoding, values) = match &page {
            Page::DataPage { buf, num_values, encoding, .. } => {
                (behind_levels(buf, levels), *encoding, u64::from(*num_values))
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
                (buf.get(begin..), *encoding, u64::from(*num_values))
            }
            Page::DictionaryPage { .. } => continue,
        };
        let bytes = bytes.ok_or_else(|| general("the levels of a page break off"))?;
        let texts = match encoding {
            Encoding::DELTA_LENGTH_BYTE_ARRAY => Lengths::new(bytes, values).and_then(|lengths| {
                lengths.end()?;
                Ok(bytes.len() as u64)
            }),
            Encoding::DELTA_BYTE_ARRAY => delta::texts(bytes, values),
            _ => Ok(bytes.len() as u64),
        };
        // Of lists nothing tells which values are of one batch: all of them may be.
        let of_rows = if levels[0] > 0 { 0 } else { values };
        open.add(of_rows, texts.map_err(general)?);
        if open.largest > OPEN_LIMIT {
            return Err(general("its texts come to more memory than any bill needs"));
        }
    }
    Ok(open)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest sum of pages that a batch touches, of pages of so many rows and bytes.
    fn largest(pages: impl IntoIterator<Item = (u64, u64)>) -> u64 {
        let mut open = Open::default();
        pages.into_iter().for_each(|(rows, bytes)| open.add(rows, bytes));
        open.largest
    }

    #[test]
    fn pages_of_one_batch_are_open_together() {
        let batch = BATCH_ROWS as u64;
        assert_eq!(largest([]), 0);
        assert_eq!(largest([(10 * batch, 7)]), 7);
        assert_eq!(largest([(1, 5), (1, 5), (batch - 2, 5)]), 15);
        assert_eq!(largest([(batch, 5), (batch, 5), (batch, 6)]), 6);
        // A page goes on into the next batch, and is open there beside the next page.
        assert_eq!(largest([(batch + 1, 5), (batch - 1, 6), (1, 4)]), 11);
        assert_eq!(largest([(batch - 1, 5), (2, 6), (batch, 1)]), 11);
        assert_eq!(largest((0..batch).map(|_| (1, 1 << 20))), batch << 20);
        assert_eq!(largest((0..batch * 3).map(|_| (1, 1))), batch);
        assert_eq!(largest([(0, 3), (1, 3), (0, 3)]), 9);
        assert_eq!(largest([(u64::MAX, u64::MAX), (u64::MAX, 1)]), u64::MAX);
    }
}
