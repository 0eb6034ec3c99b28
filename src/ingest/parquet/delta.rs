//! Lists of lengths as differences, packed: what the texts of a page come to before they are made.
//!
//! The layout: <https://parquet.apache.org/docs/file-format/data-pages/encodings/#delta-encoding-delta_binary_packed--5>

use super::thrift::{Broken, Thrift};

const BROKEN: Broken = "a list of lengths contradicts itself";

/// A list of lengths, entry by entry.
pub(super) struct Lengths<'a> {
    input: &'a [u8],
    thrift: Thrift<'a>,
    /// Entries of a part, and parts of a block.
    part: u64,
    parts: usize,
    left: u64,
    next: i64,
    is_first: bool,
    /// Of the block: its least difference, and the widths of its parts.
    least: i64,
    widths: &'a [u8],
    /// Of the part: its bytes, the bits of an entry, how many entries were taken.
    packed: &'a [u8],
    width: u32,
    taken: u64,
}

impl<'a> Lengths<'a> {
    /// A list of at most so many entries.
    pub(super) fn new(input: &'a [u8], most: u64) -> Result<Self, Broken> {
        let mut thrift = Thrift::new(input);
        let (block, parts, left) = (thrift.unsigned()?, thrift.unsigned()?, thrift.unsigned()?);
        let next = thrift.number()?;
        let part = block.checked_div(parts).filter(|part| *part > 0 && part.is_multiple_of(32));
        let part = part.ok_or(BROKEN)?;
        if left > most {
            return Err(BROKEN);
        }
        let parts = usize::try_from(parts).map_err(|_| BROKEN)?;
        let (least, widths, packed): (i64, &[u8], &[u8]) = (0, &[], &[]);
        let (width, taken) = (0, part);
        Ok(Self {
            input,
            thrift,
            part,
            parts,
            left,
            next,
            is_first: true,
            least,
            widths,
            packed,
            width,
            taken,
        })
    }

    /// The next length.
    fn next(&mut self) -> Result<Option<u64>, Broken> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        if !std::mem::take(&mut self.is_first) {
            self.open_part()?;
            let difference = bits(self.packed, self.taken * u64::from(self.width), self.width);
            self.taken += 1;
            self.next = self.next.wrapping_add(self.least).wrapping_add(difference.cast_signed());
        }
        // Lengths have 32 bits, and differences go round in them.
        self.next = i64::from(low(self.next));
        u64::try_from(self.next).map(Some).map_err(|_| BROKEN)
    }

    /// Opens the next part, and the next block before it, where the last one is used up.
    fn open_part(&mut self) -> Result<(), Broken> {
        if self.taken < self.part {
            return Ok(());
        }
        if self.widths.is_empty() {
            self.least = self.thrift.number()?;
            self.widths = self.thrift.take(self.parts)?;
        }
        let (width, widths) = self.widths.split_first().ok_or(BROKEN)?;
        self.widths = widths;
        self.width = u32::from(*width);
        let size = (self.part / 8).checked_mul(u64::from(*width)).filter(|_| self.width <= 64);
        let size = size.and_then(|size| usize::try_from(size).ok()).ok_or(BROKEN)?;
        self.packed = self.thrift.take(size)?;
        self.taken = 0;
        Ok(())
    }

    /// What stands behind the list.
    pub(super) fn end(mut self) -> Result<&'a [u8], Broken> {
        while self.next()?.is_some() {}
        self.input.get(self.thrift.position()..).ok_or(BROKEN)
    }
}

/// The lower 32 bits, with their sign.
fn low(value: i64) -> i32 {
    let [a, b, c, d, ..] = value.to_le_bytes();
    i32::from_le_bytes([a, b, c, d])
}

/// So many bits from that one on, of which there are enough.
fn bits(packed: &[u8], from: u64, width: u32) -> u64 {
    let begin = usize::try_from(from / 8).unwrap_or(usize::MAX);
    let mut bytes = [0; 16];
    let found = packed.get(begin..).unwrap_or_default();
    let size = found.len().min(16);
    bytes[..size].copy_from_slice(&found[..size]);
    let found = u128::from_le_bytes(bytes) >> (from % 8);
    let mask = (1_u128 << width) - 1;
    u64::try_from(found & mask).unwrap_or_default()
}

/// The bytes of all texts of a page that has two lists: of the letters that a text shares with the
/// one before it, and of those that are its own.
///
/// # Errors
/// Where a text shares more letters than the one before it has, or the lists contradict each other.
pub(super) fn texts(page: &[u8], most: u64) -> Result<u64, Broken> {
    let behind = Lengths::new(page, most)?.end()?;
    let mut shared = Lengths::new(page, most)?;
    let mut own = Lengths::new(behind, most)?;
    let (mut before, mut sum) = (0, 0_u64);
    loop {
        match (shared.next()?, own.next()?) {
            (None, None) => return Ok(sum),
            (Some(shared), Some(own)) if shared <= before => {
                before = shared + own;
                sum = sum.saturating_add(before);
            }
            (Some(_), Some(_)) => {
                return Err("a text shares more letters with the one before it than that one has");
            }
            _ => return Err(BROKEN),
        }
    }
}

#[cfg(test)]
mod tests {
    use parquet::basic::{Compression, Encoding};
    use parquet::file::properties::WriterProperties;

    use super::*;

    /// The lengths as a writer packs them, at the begin of the only page of a file.
    fn page(texts: &[String], encoding: Encoding) -> Vec<u8> {
        use std::sync::Arc;

        use arrow_array::{RecordBatch, StringArray};
        use parquet::column::page::Page;
        use parquet::file::reader::{FileReader, SerializedFileReader};

        let array = StringArray::from_iter_values(texts);
        let batch = RecordBatch::try_from_iter([("a", Arc::new(array) as _)]).unwrap();
        let properties = WriterProperties::builder()
            .set_dictionary_enabled(false)
            .set_compression(Compression::UNCOMPRESSED)
            .set_encoding(encoding)
            .set_data_page_row_count_limit(1 << 20)
            .set_data_page_size_limit(1 << 30)
            .build();
        let mut file = tempfile::tempfile().unwrap();
        let mut writer =
            parquet::arrow::ArrowWriter::try_new(&mut file, batch.schema(), Some(properties))
                .unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        let mut pages = reader.get_row_group(0).unwrap().get_column_page_reader(0).unwrap();
        let page = pages.get_next_page().unwrap().unwrap();
        assert!(pages.get_next_page().unwrap().is_none(), "one page");
        match page {
            Page::DataPage { buf, .. } | Page::DataPageV2 { buf, .. } => buf.to_vec(),
            Page::DictionaryPage { .. } => panic!("no dictionary was asked for"),
        }
    }

    #[test]
    fn lengths_are_those_that_a_writer_packed() {
        for count in [1_u32, 2, 33, 128, 129, 1000, 20_000] {
            let number = |at: u32| at.wrapping_mul(2_654_435_761) >> 16;
            let texts: Vec<String> =
                (0..count).map(|at| "x".repeat((number(at) % 300) as usize)).collect();
            let bytes: u64 = texts.iter().map(|text| text.len() as u64).sum();
            let most = u64::from(count);
            let page_of = |encoding| page(&texts, encoding);
            let listed = page_of(Encoding::DELTA_LENGTH_BYTE_ARRAY);
            let mut lengths = Lengths::new(&listed, most).unwrap();
            for text in &texts {
                assert_eq!(lengths.next().unwrap(), Some(text.len() as u64), "{count}");
            }
            assert_eq!(lengths.end().unwrap().len() as u64, bytes);
            let shared = page_of(Encoding::DELTA_BYTE_ARRAY);
            assert_eq!(super::texts(&shared, most), Ok(bytes), "{count}");
            assert!(count < 1000 || (shared.len() as u64) < bytes / 2, "{}", shared.len());
            assert!(Lengths::new(&listed, most - 1).is_err());
        }
    }

    #[test]
    fn lists_that_contradict_themselves_are_refused() {
        // Block, parts, entries, first; then the least difference and the widths of the parts.
        for list in [
            &[0x80, 1, 4, 1, 1][..],
            &[0x80, 1, 0, 1, 0],
            &[4, 4, 1, 0],
            &[0x80, 1, 4, 9, 0],
            &[0x80, 1, 4, 9, 0, 0, 65, 0, 0, 0],
            &[0x80, 1, 4, 9, 0, 3, 0, 0, 0, 0],
            &[],
        ] {
            let read = Lengths::new(list, 100).and_then(Lengths::end);
            assert!(read.is_err(), "{list:?}");
        }
        // One text that shares a letter with none before it.
        let one = |length: u8| [0x80, 1, 4, 1, length * 2];
        assert!(texts(&[one(1), one(2)].concat(), 1).is_err());
        assert_eq!(texts(&[one(0), one(2)].concat(), 1), Ok(2));
        assert!(texts(&[&one(0)[..], &[0x80, 1, 4, 0, 0]].concat(), 1).is_err());
    }
}
