//! Parquet written byte by byte, so that each header can lie.
//!
//! The file has one row group, of one row unless more are asked for; every column is a required text,
//! plain and unpacked. What can be told otherwise is a field of [`Lies`].

use super::support::{Bill, Charge};

/// Thrift's compact protocol, written.
#[derive(Default)]
struct Writer {
    bytes: Vec<u8>,
    last: Vec<u8>,
}

impl Writer {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(low(value) | 0x80);
            value >>= 7;
        }
        self.bytes.push(low(value));
    }

    fn number(&mut self, value: i64) {
        self.varint(((value << 1) ^ (value >> 63)).cast_unsigned());
    }

    /// The head of a field, whose number is above that of the one before.
    fn field(&mut self, id: u8, kind: u8) {
        let last = self.last.last_mut().expect("a structure is open");
        self.bytes.push((id - *last) << 4 | kind);
        *last = id;
    }

    fn open(&mut self) {
        self.last.push(0);
    }

    fn close(&mut self) {
        self.last.pop();
        self.bytes.push(0);
    }

    fn int(&mut self, id: u8, value: i64) {
        self.field(id, 5);
        self.number(value);
    }

    fn long(&mut self, id: u8, value: i64) {
        self.field(id, 6);
        self.number(value);
    }

    fn text(&mut self, id: u8, text: &[u8]) {
        self.field(id, 8);
        self.varint(text.len() as u64);
        self.bytes.extend_from_slice(text);
    }

    fn list(&mut self, id: u8, kind: u8, size: u64) {
        self.field(id, 9);
        if size < 15 {
            self.bytes.push(low(size) << 4 | kind);
        } else {
            self.bytes.push(0xf0 | kind);
            self.varint(size);
        }
    }

    fn structure(&mut self, id: u8) {
        self.field(id, 12);
        self.open();
    }
}

/// The lower seven bits.
fn low(value: u64) -> u8 {
    u8::try_from(value & 0x7f).expect("seven bits")
}

const NUMBER: u8 = 5;
const TEXT: u8 = 8;
const STRUCTURE: u8 = 12;
const BYTE_ARRAY: i64 = 6;
const UTF8: i64 = 0;

/// What is told otherwise than it is. The first column bears it, where it is about a column.
#[derive(Default)]
pub(crate) struct Lies {
    /// Rows beyond the first; these are no lie.
    pub(crate) more_rows: usize,
    pub(crate) group_rows: Option<i64>,
    pub(crate) file_rows: Option<i64>,
    pub(crate) chunk_values: Option<i64>,
    pub(crate) chunk_type: Option<i64>,
    pub(crate) chunk_name: Option<&'static str>,
    pub(crate) chunk_begin: Option<i64>,
    pub(crate) page_values: Option<i64>,
    pub(crate) page_unpacked: Option<i64>,
    pub(crate) page_packed: Option<i64>,
    /// Length that the page's least value is told to have.
    pub(crate) least_length: Option<u64>,
    pub(crate) encoding: i64,
    /// What the page holds in place of its text.
    pub(crate) page: Option<Vec<u8>>,
    pub(crate) children: Option<i64>,
    /// Groups around the first column.
    pub(crate) depth: usize,
    pub(crate) columns_in_group: Option<u64>,
    pub(crate) footer_length: Option<u32>,
}

/// The numbers that a list of packed differences begins with: block, parts, entries, first.
pub(crate) fn delta_list(entries: u64) -> Vec<u8> {
    let mut writer = Writer::default();
    for number in [128, 4, entries, 0] {
        writer.varint(number);
    }
    writer.bytes
}

/// Lengths as such a list, each part as wide as it must be.
pub(crate) fn lengths(lengths: &[u32]) -> Vec<u8> {
    let numbers: Vec<i64> = lengths.iter().map(|length| i64::from(*length)).collect();
    let mut writer = Writer::default();
    for number in [128, 4, numbers.len() as u64] {
        writer.varint(number);
    }
    writer.number(numbers[0]);
    let differences: Vec<i64> = numbers.windows(2).map(|pair| pair[1] - pair[0]).collect();
    for block in differences.chunks(128) {
        let least = block.iter().min().copied().unwrap_or_default();
        writer.number(least);
        let above: Vec<u64> = block.iter().map(|found| (found - least).cast_unsigned()).collect();
        let width = |part: &[u64]| part.iter().map(|value| 64 - value.leading_zeros()).max();
        let parts: Vec<&[u64]> = above.chunks(32).collect();
        let width_of = |at: usize| parts.get(at).and_then(|part| width(part)).unwrap_or_default();
        for part in 0..4 {
            writer.bytes.push(u8::try_from(width_of(part)).expect("at most 64"));
        }
        for (at, part) in parts.iter().enumerate() {
            let width = width_of(at) as usize;
            let mut packed = vec![0_u8; width * 4];
            for bit in 0..part.len() * width {
                let is_set = part[bit / width] >> (bit % width) & 1 == 1;
                packed[bit / 8] |= u8::from(is_set) << (bit % 8);
            }
            writer.bytes.extend(packed);
        }
    }
    writer.bytes
}

struct Chunk {
    begin: usize,
    packed: usize,
    values: i64,
}

/// A sound charge in such a file.
pub(crate) fn parquet(lies: &Lies) -> Vec<u8> {
    let bill = Bill::of([Charge::sound()]);
    let mut file = b"PAR1".to_vec();
    let mut chunks = Vec::new();
    for (index, column) in bill.columns.iter().enumerate() {
        let text = bill.charges[0].get(column).unwrap_or_default();
        chunks.push(page(&mut file, text, (index == 0).then_some(lies), rows(lies)));
    }
    let footer = footer(&bill.columns, &chunks, lies);
    let length = lies.footer_length.unwrap_or(u32::try_from(footer.len()).expect("a short footer"));
    file.extend_from_slice(&footer);
    file.extend_from_slice(&length.to_le_bytes());
    file.extend_from_slice(b"PAR1");
    file
}

fn rows(lies: &Lies) -> i64 {
    i64::try_from(lies.more_rows + 1).expect("a few rows")
}

fn page(file: &mut Vec<u8>, text: &str, lies: Option<&Lies>, rows: i64) -> Chunk {
    let begin = file.len();
    let nothing = Lies::default();
    let lies = lies.unwrap_or(&nothing);
    let length = u32::try_from(text.len()).expect("short").to_le_bytes();
    let times = usize::try_from(rows).expect("a few rows");
    let plain = || [&length, text.as_bytes()].concat().repeat(times);
    let body = lies.page.clone().unwrap_or_else(plain);
    let length = i64::try_from(body.len()).expect("a short page");
    let mut header = Writer::default();
    header.open();
    header.int(1, 0);
    header.int(2, lies.page_unpacked.unwrap_or(length));
    header.int(3, lies.page_packed.unwrap_or(length));
    header.structure(5);
    header.int(1, lies.page_values.unwrap_or(rows));
    header.int(2, lies.encoding);
    header.int(3, 3);
    header.int(4, 3);
    if let Some(length) = lies.least_length {
        header.structure(5);
        header.field(1, TEXT);
        header.varint(length);
        header.bytes.push(b'x');
        header.close();
    }
    header.close();
    header.close();
    file.extend_from_slice(&header.bytes);
    file.extend_from_slice(&body);
    Chunk { begin, packed: file.len() - begin, values: lies.chunk_values.unwrap_or(rows) }
}

fn footer(columns: &[String], chunks: &[Chunk], lies: &Lies) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.open();
    writer.int(1, 1);
    writer.list(2, STRUCTURE, (columns.len() + 1 + lies.depth) as u64);
    let count = i64::try_from(columns.len()).expect("a few");
    group(&mut writer, "schema", lies.children.unwrap_or(count));
    (0..lies.depth).for_each(|_| group(&mut writer, "deep", 1));
    for column in columns {
        writer.open();
        writer.int(1, BYTE_ARRAY);
        writer.int(3, 0);
        writer.text(4, column.as_bytes());
        writer.int(6, UTF8);
        writer.close();
    }
    writer.long(3, lies.file_rows.or(lies.group_rows).unwrap_or(rows(lies)));
    writer.list(4, STRUCTURE, 1);
    writer.open();
    writer.list(1, STRUCTURE, lies.columns_in_group.unwrap_or(columns.len() as u64));
    for (index, (column, found)) in columns.iter().zip(chunks).enumerate() {
        let nothing = Lies::default();
        chunk(&mut writer, column, found, if index == 0 { lies } else { &nothing });
    }
    writer.long(2, 1);
    writer.long(3, lies.group_rows.unwrap_or(rows(lies)));
    writer.close();
    writer.close();
    writer.bytes
}

fn group(writer: &mut Writer, name: &str, children: i64) {
    writer.open();
    writer.int(3, 0);
    writer.text(4, name.as_bytes());
    writer.int(5, children);
    writer.close();
}

fn chunk(writer: &mut Writer, column: &str, found: &Chunk, lies: &Lies) {
    let begin = i64::try_from(found.begin).expect("a short file");
    let packed = i64::try_from(found.packed).expect("a short file");
    writer.open();
    writer.long(2, begin);
    writer.structure(3);
    writer.int(1, lies.chunk_type.unwrap_or(BYTE_ARRAY));
    writer.list(2, NUMBER, 1);
    writer.number(lies.encoding);
    writer.list(3, TEXT, (lies.depth + 1) as u64);
    for name in std::iter::repeat_n("deep", lies.depth).chain([lies.chunk_name.unwrap_or(column)]) {
        writer.varint(name.len() as u64);
        writer.bytes.extend_from_slice(name.as_bytes());
    }
    writer.int(4, 0);
    writer.long(5, found.values);
    writer.long(6, packed);
    writer.long(7, packed);
    writer.long(9, lies.chunk_begin.unwrap_or(begin));
    writer.close();
    writer.close();
}
