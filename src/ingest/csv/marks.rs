//! Where fields and records end in a text, a bit for each of its bytes.
//!
//! Sixty-four bytes become one word per sign that is looked for; whether a delimiter stands within
//! quotes is then a question of how many quotes stand before it, which is asked of all 64 at once.
//! That takes a fifth of the time of a search from field to field, and both who cuts the stream and
//! who reads its fields need it only once.
//!
//! It holds only where quotes stand as RFC 4180 has them: one that opens stands at the begin of a
//! field, one that closes at its end. Any other quote is seen, and then [`Records`] tells what the
//! fields are; it stays the definition of what is read here.
//!
//! [`Records`]: super::records::Records

use wide::u8x16;

const QUOTE: u8 = b'"';
/// Bytes that one word stands for.
const WORD: usize = 64;

/// What is known of a text that begins with a record.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// Delimiters and line breaks outside quotes.
    ends: Vec<u64>,
    /// Those of them that are line breaks.
    breaks: Vec<u64>,
    /// Each quote opens or closes a field, or is doubled within one.
    pub(super) is_regular: bool,
    /// A quote is open at the end.
    pub(super) is_open: bool,
    /// A line breaks within quotes.
    has_lines: bool,
    pub(super) letters: Letters,
}

/// What bytes a text has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Letters {
    #[default]
    Ascii,
    /// Some beyond ASCII.
    Beyond,
    /// Some are zero.
    Zero,
}

/// What one word hands to the next; all bits of a word or its lowest one.
struct Carry {
    /// All ones within quotes.
    inside: u64,
    /// The last byte was the end of a field, or a quote.
    end: u64,
    /// The last byte was a quote that closes.
    close: u64,
    /// Quotes that stand where they may not, and line breaks within quotes.
    stray: u64,
    lines: u64,
}

impl Marks {
    /// Looks at a text that begins with a record.
    pub(super) fn look(&mut self, text: &[u8], delimiter: u8) {
        self.ends.clear();
        self.breaks.clear();
        let mut carry = Carry { inside: 0, end: 1, close: 0, stray: 0, lines: 0 };
        let mut seen = Seen { either: u8x16::splat(0), least: u8x16::splat(u8::MAX) };
        let (words, rest) = text.as_chunks::<WORD>();
        for word in words {
            self.push(&Signs::of(word, delimiter, &mut seen), !0, &mut carry);
        }
        if !rest.is_empty() {
            // A line break behind the text ends its last field, if anything does.
            let mut word = [b'\n'; WORD];
            word[..rest.len()].copy_from_slice(rest);
            let within = (1 << rest.len()) - 1;
            self.push(&Signs::of(&word, delimiter, &mut seen), within, &mut carry);
        }
        self.is_regular = carry.stray == 0;
        self.is_open = carry.inside != 0;
        self.has_lines = carry.lines != 0;
        self.letters = match (seen.least.reduce_min(), seen.either.to_bitmask()) {
            (0, _) => Letters::Zero,
            (_, 0) => Letters::Ascii,
            _ => Letters::Beyond,
        };
    }

    /// Notes the signs of a word; bits of `within` are bytes of the text.
    #[inline]
    fn push(&mut self, signs: &Signs, within: u64, carry: &mut Carry) {
        let inside = parity(signs.quotes) ^ carry.inside;
        let open = signs.quotes & inside;
        let close = signs.quotes & !inside;
        let breaks = signs.breaks & !inside;
        let ends = signs.delimiters & !inside | breaks;
        // Before a quote that opens, and behind one that closes, stands the end of a field or,
        // where two quotes are one, a quote.
        let beside = ends | signs.quotes;
        carry.stray |= open & !(beside << 1 | carry.end);
        carry.stray |= (close << 1 | carry.close) & !beside;
        carry.lines |= signs.breaks & inside & within;
        carry.inside = if inside >> (WORD - 1) == 0 { 0 } else { !0 };
        carry.end = beside >> (WORD - 1);
        carry.close = close >> (WORD - 1);
        self.ends.push(ends & within);
        self.breaks.push(breaks & within);
    }

    /// Whether the marks tell all that there is to know of the fields: lines within one must be
    /// looked at.
    pub(super) fn tell_fields(&self) -> bool {
        self.is_regular && !self.is_open && !self.has_lines
    }

    /// The place behind the last line break among the first `length` bytes.
    pub(super) fn last_record_end(&self, length: usize) -> Option<usize> {
        let within = |at: usize, word: u64| match length.saturating_sub(at * WORD) {
            WORD.. => word,
            bits => word & ((1 << bits) - 1),
        };
        let words = self.breaks.iter().enumerate().rev();
        let mut found = words.map(|(at, word)| (at, within(at, *word)));
        let (at, word) = found.find(|(_, word)| *word != 0)?;
        Some((at + 1) * WORD - word.leading_zeros() as usize)
    }

    /// Forgets what stands behind the first `length` bytes, which end with a record.
    pub(super) fn truncate(&mut self, length: usize) {
        self.is_open = false;
        let bits = length % WORD;
        for words in [&mut self.ends, &mut self.breaks] {
            words.truncate(length.div_ceil(WORD));
            if let Some(last) = words.last_mut().filter(|_| bits > 0) {
                *last &= (1 << bits) - 1;
            }
        }
    }

    /// The records of the text, which has `length` bytes.
    pub(super) fn lines(&self, length: usize) -> Lines<'_> {
        let left = self.ends.first().copied().unwrap_or_default();
        Lines { marks: self, length, word: 0, left, begin: 0 }
    }
}

/// Bytes of all words together, for what is asked of the text as a whole.
struct Seen {
    either: u8x16,
    least: u8x16,
}

/// Where signs stand among 64 bytes.
struct Signs {
    quotes: u64,
    delimiters: u64,
    breaks: u64,
}

impl Signs {
    #[inline]
    fn of(word: &[u8; WORD], delimiter: u8, seen: &mut Seen) -> Self {
        let mut signs = Self { quotes: 0, delimiters: 0, breaks: 0 };
        for (part, bytes) in word.as_chunks::<16>().0.iter().enumerate() {
            let bytes = u8x16::new(*bytes);
            let stands = |sign: u8| bytes.simd_eq(u8x16::splat(sign));
            let place = |found: u8x16| u64::from(found.to_bitmask()) << (part * 16);
            signs.quotes |= place(stands(QUOTE));
            signs.delimiters |= place(stands(delimiter));
            signs.breaks |= place(stands(b'\n') | stands(b'\r'));
            seen.either |= bytes;
            seen.least = seen.least.min(bytes);
        }
        signs
    }
}

/// Whether the bits up to each one, itself included, are odd in number.
#[inline]
const fn parity(mut bits: u64) -> u64 {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^ bits << 32
}

/// Reads the records of a text one by one. Empty lines are no records.
pub(super) struct Lines<'m> {
    marks: &'m Marks,
    length: usize,
    word: usize,
    /// Ends in that word that were not passed.
    left: u64,
    /// Where the next record begins.
    begin: usize,
}

impl Lines<'_> {
    /// The places where the next record's fields begin into `begins`, and then the place behind the
    /// sign that ends the last of them; false where there is no record left.
    pub(super) fn read(&mut self, begins: &mut Vec<usize>) -> bool {
        begins.clear();
        begins.push(self.begin);
        while let Some(breaks) = self.marks.breaks.get(self.word) {
            let base = self.word * WORD + 1;
            let breaks = breaks & self.left;
            // Bits up to the first break; all of them where there is none.
            let mut ends = self.left & (breaks ^ breaks.wrapping_sub(1));
            self.left ^= ends;
            while ends != 0 {
                begins.push(base + ends.trailing_zeros() as usize);
                ends &= ends - 1;
            }
            if breaks == 0 {
                self.word += 1;
                self.left = self.marks.ends.get(self.word).copied().unwrap_or_default();
                continue;
            }
            let begin = std::mem::replace(&mut self.begin, base + breaks.trailing_zeros() as usize);
            if self.begin > begin + 1 {
                return true;
            }
            begins.clear();
            begins.push(self.begin);
        }
        let is_left = self.begin < self.length;
        if is_left {
            begins.push(self.length + 1);
            self.begin = self.length;
        }
        is_left
    }

    /// Bytes of the text behind the records that were read.
    pub(super) fn remaining(&self) -> usize {
        self.length - self.begin
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::records::{Records, Split};
    use super::*;

    type Rows = Vec<Vec<Vec<u8>>>;

    /// The fields by the marks, with how many bytes remain; `None` where they do not tell.
    fn marked(text: &[u8]) -> Option<(Rows, Vec<usize>)> {
        let mut marks = Marks::default();
        marks.look(text, b',');
        if !marks.tell_fields() {
            return None;
        }
        let (mut lines, mut begins) = (marks.lines(text.len()), Vec::new());
        let (mut rows, mut remaining) = (Vec::new(), Vec::new());
        while lines.read(&mut begins) {
            let fields = Split::Marked { block: text, begins: &begins };
            rows.push(fields.iter().map(|field| field.value().into_owned()).collect());
            remaining.push(lines.remaining());
        }
        Some((rows, remaining))
    }

    /// The fields by their definition; with whether a field is torn or has lines.
    fn defined(text: &[u8]) -> (Rows, bool) {
        let (mut records, mut fields) = (Records::new(text, b','), Vec::new());
        let (mut rows, mut is_odd) = (Vec::new(), false);
        while records.read(&mut fields) {
            rows.push(fields.iter().map(|field| field.value().into_owned()).collect());
            is_odd |= records.has_lines() || fields.iter().any(|field| field.is_torn());
        }
        (rows, is_odd)
    }

    /// Few letters, so that signs come together in all ways.
    fn any_text() -> impl Strategy<Value = Vec<u8>> {
        let part = prop_oneof![
            4 => Just(&b"\""[..]), 4 => Just(&b","[..]), 2 => Just(&b"\n"[..]), 1 => Just(&b"\r"[..]),
            2 => Just(&b"\",\""[..]), 2 => Just(&b"abcdefghijklmnopqrstuvwxyz"[..]), 4 => Just(&b"a"[..]),
        ];
        proptest::collection::vec(part, 0..150).prop_map(|parts| parts.concat())
    }

    /// A table as it is written everywhere.
    fn any_table() -> impl Strategy<Value = Vec<u8>> {
        let plain = "[a-z .ß]{0,40}";
        let quoted = "\"([a-z,ß]|\"\"){0,40}\"";
        let field = prop_oneof![plain.prop_map(|text| text), quoted.prop_map(|text| text)];
        let row = proptest::collection::vec(field, 1..6).prop_map(|fields| fields.join(","));
        let rows = proptest::collection::vec(row, 0..9);
        (rows, prop_oneof![Just("\n"), Just("\r\n"), Just("\r")], any::<bool>()).prop_map(
            |(rows, ending, is_ended)| {
                let text = rows.join(ending);
                (if is_ended { text + ending } else { text }).into_bytes()
            },
        )
    }

    proptest! {
        #[test]
        fn what_marks_tell_is_what_records_are(text in any_text()) {
            if let Some((rows, remaining)) = marked(&text) {
                let (defined, is_odd) = defined(&text);
                prop_assert_eq!(&rows, &defined);
                prop_assert!(!is_odd);
                prop_assert_eq!(remaining.last().copied().unwrap_or(0), {
                    let ends = text.iter().rev().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
                    if rows.is_empty() { 0 } else { ends.saturating_sub(1) }
                });
            }
        }

        #[test]
        fn marks_tell_what_is_written_as_it_should_be(text in any_table()) {
            let found = marked(&text);
            prop_assert_eq!(found.map(|(rows, _)| rows), Some(defined(&text).0));
        }

        #[test]
        fn letters_are_told(text in proptest::collection::vec(any::<u8>(), 0..200), low: bool) {
            let text: Vec<u8> = text.iter().map(|byte| if low { byte & 0x7f | 1 } else { *byte }).collect();
            let mut marks = Marks::default();
            marks.look(&text, b',');
            let letters = match (text.contains(&0), text.is_ascii()) {
                (true, _) => Letters::Zero,
                (false, true) => Letters::Ascii,
                (false, false) => Letters::Beyond,
            };
            prop_assert_eq!(marks.letters, letters);
        }
    }

    #[test]
    fn quotes_that_stand_anywhere_else_are_seen() {
        let pad = |text: &str, before: usize| {
            let mut padded = "x,".repeat(before / 2) + &"\n".repeat(before % 2);
            padded.push_str(text);
            padded
        };
        // At each place of a word, and between two.
        for before in 0..130 {
            for text in
                ["a\"b,c\n", "\"a\"b,c\n", "\"a\" ,c\n", " \"a\",c\n", "\"a,c\n", "\"a\nb\",c\n"]
            {
                assert_eq!(marked(pad(text, before).as_bytes()), None, "{text} {before}");
            }
            let text = pad("\"a,\"\"b\"\"\",\"\",\"\"\"\"\n", before);
            let (rows, _) = marked(text.as_bytes()).unwrap();
            assert!(rows.last().unwrap().ends_with(&[b"a,\"b\"".to_vec(), vec![], b"\"".to_vec()]));
        }
    }
}
