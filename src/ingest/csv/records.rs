//! Splits a block of whole records into fields, without copying.

use std::borrow::Cow;

use memchr::memchr2;

use crate::ingest::bytes::{find, find_any};

const QUOTE: u8 = b'"';

/// A field as it lies in the block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::ingest) struct RawField<'a> {
    /// Without the enclosing quotes.
    bytes: &'a [u8],
    /// Doubled quotes inside stand for one.
    escaped: bool,
    /// Something stands after the closing quote.
    torn: bool,
}

impl<'a> RawField<'a> {
    /// A field as it lies between two ends that [`Marks`](super::marks::Marks) tell.
    fn marked(text: &'a [u8]) -> Self {
        match text {
            [QUOTE, inner @ .., QUOTE] => {
                Self { bytes: inner, escaped: find(QUOTE, inner).is_some(), torn: false }
            }
            plain => Self { bytes: plain, escaped: false, torn: false },
        }
    }

    /// The value; borrowed unless it holds doubled quotes.
    pub(in crate::ingest) fn value(self) -> Cow<'a, [u8]> {
        if !self.escaped {
            return Cow::Borrowed(self.bytes);
        }
        let mut value = Vec::with_capacity(self.bytes.len());
        self.write_to(&mut value);
        Cow::Owned(value)
    }

    /// Appends the value to a buffer.
    pub(super) fn write_to(self, buffer: &mut Vec<u8>) {
        let mut rest = self.bytes;
        while let Some(at) = find(QUOTE, rest).filter(|_| self.escaped) {
            buffer.extend_from_slice(&rest[..=at]);
            rest = rest.get(at + 2..).unwrap_or_default();
        }
        buffer.extend_from_slice(rest);
    }

    pub(in crate::ingest) fn borrowed(self) -> Option<&'a [u8]> {
        (!self.escaped).then_some(self.bytes)
    }

    /// The text as it lies there, doubled quotes and all.
    pub(in crate::ingest) fn raw(self) -> &'a [u8] {
        self.bytes
    }

    pub(in crate::ingest) fn is_torn(self) -> bool {
        self.torn
    }
}

/// The fields of one record. Most of them nobody asks for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Split<'r, 'b> {
    Made(&'r [RawField<'b>]),
    /// Where each field begins, and one more would.
    Marked {
        block: &'b [u8],
        begins: &'r [usize],
    },
}

impl<'b> Split<'_, 'b> {
    #[inline]
    pub(super) fn len(self) -> usize {
        match self {
            Self::Made(fields) => fields.len(),
            Self::Marked { begins, .. } => begins.len() - 1,
        }
    }

    #[inline]
    pub(super) fn get(self, at: usize) -> Option<RawField<'b>> {
        match self {
            Self::Made(fields) => fields.get(at).copied(),
            Self::Marked { block, begins } => {
                let (begin, next) = (*begins.get(at)?, *begins.get(at + 1)?);
                block.get(begin..next - 1).map(RawField::marked)
            }
        }
    }

    /// A field that lies in a block, and where its text begins there.
    #[inline]
    pub(super) fn place(self, at: usize) -> Option<(usize, RawField<'b>)> {
        let Self::Marked { begins, .. } = self else { return None };
        let (field, begin) = (self.get(at)?, *begins.get(at)?);
        let is_quoted = begin + field.bytes.len() + 1 < *begins.get(at + 1)?;
        Some((begin + usize::from(is_quoted), field))
    }

    pub(super) fn iter(self) -> impl Iterator<Item = RawField<'b>> {
        (0..self.len()).filter_map(move |at| self.get(at))
    }
}

/// Reads records one by one. Empty lines are no records, as in every CSV reader.
pub(in crate::ingest) struct Records<'a> {
    rest: &'a [u8],
    delimiter: u8,
    /// Whether a field of the last record has several lines.
    has_lines: bool,
}

impl<'a> Records<'a> {
    pub(in crate::ingest) fn new(block: &'a [u8], delimiter: u8) -> Self {
        Self { rest: block, delimiter, has_lines: false }
    }

    /// Whether any field of the record that was read last has several lines.
    pub(super) fn has_lines(&self) -> bool {
        self.has_lines
    }

    /// Bytes of the block that were not read yet.
    pub(in crate::ingest) fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// The next record's fields into `fields`; false at the end of the block.
    pub(in crate::ingest) fn read(&mut self, fields: &mut Vec<RawField<'a>>) -> bool {
        fields.clear();
        self.has_lines = false;
        while let [b'\n' | b'\r', rest @ ..] = self.rest {
            self.rest = rest;
        }
        if self.rest.is_empty() {
            return false;
        }
        loop {
            let (field, end) = match self.rest {
                [QUOTE, inner @ ..] => self.quoted(inner),
                plain => self.plain(plain),
            };
            fields.push(field);
            let ended_by = self.rest.get(end).copied();
            self.rest = self.rest.get(end + 1..).unwrap_or_default();
            if ended_by != Some(self.delimiter) {
                if ended_by == Some(b'\r') && self.rest.first() == Some(&b'\n') {
                    self.rest = &self.rest[1..];
                }
                return true;
            }
        }
    }

    /// A field without quotes and where it ends.
    fn plain(&self, text: &'a [u8]) -> (RawField<'a>, usize) {
        let end = find_any([self.delimiter, b'\n', b'\r'], text).unwrap_or(text.len());
        (RawField { bytes: &text[..end], escaped: false, torn: false }, end)
    }

    /// A quoted field, given what follows its opening quote, and where it ends counted from there.
    fn quoted(&mut self, inner: &'a [u8]) -> (RawField<'a>, usize) {
        let mut escaped = false;
        let mut at = 0;
        let close = loop {
            match find(QUOTE, &inner[at..]) {
                None => break inner.len(),
                Some(found) if inner.get(at + found + 1) == Some(&QUOTE) => {
                    escaped = true;
                    at += found + 2;
                }
                Some(found) => break at + found,
            }
        };
        let bytes = &inner[..close];
        self.has_lines |= memchr2(b'\n', b'\r', bytes).is_some();
        let after = inner.get(close + 1..).unwrap_or_default();
        let junk = find_any([self.delimiter, b'\n', b'\r'], after).unwrap_or(after.len());
        (RawField { bytes, escaped, torn: junk > 0 }, close + 2 + junk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &str) -> Vec<Vec<String>> {
        let mut reader = Records::new(text.as_bytes(), b',');
        let mut fields = Vec::new();
        let mut all = Vec::new();
        while reader.read(&mut fields) {
            let texts = fields.iter().map(|f| String::from_utf8(f.value().into_owned()).unwrap());
            all.push(texts.collect());
        }
        all
    }

    #[test]
    fn agrees_with_the_csv_crate() {
        for text in [
            "a,b,c\n1,2,3\n",
            "a,b\r\n\r\n1,2",
            "\"a,\"\"b\"\"\",c\r\"x\ny\",\n",
            ",,\n,\n",
            "a\"b,c\"\n",
            "\"\",\"\"\"\"\n",
            "last,\"quoted\"",
            "trailing,",
            "\n\n",
        ] {
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .from_reader(text.as_bytes());
            let expected: Vec<Vec<String>> =
                reader.records().map(|r| r.unwrap().iter().map(String::from).collect()).collect();
            assert_eq!(records(text), expected, "{text:?}");
        }
    }

    #[test]
    fn text_after_a_closing_quote_is_seen() {
        let mut fields = Vec::new();
        assert!(Records::new(b"\"a\"b,c\n", b',').read(&mut fields));
        assert_eq!(fields.iter().map(|f| f.is_torn()).collect::<Vec<_>>(), [true, false]);
    }
}
