//! A strict look at the markup of a sheet of XLSX.
//!
//! The reader of cells takes the first stretch of text in a value and passes over what else is
//! there: of `1<!-- -->5` it reads 1, of `&#49;` nothing, and an index of a text that is no number
//! is the first text to it. No program writes such values; who does, wants figures misread.

use memchr::memchr;

/// Bytes from one `<` to the next `>`, and a value that stands before them.
const PIECE_LIMIT: usize = 1 << 20;

/// What a value is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Read {
    /// A number, a boolean, an error.
    Plain,
    /// The position of a text among the shared ones.
    Shared,
    /// Text, with its entities.
    Text,
}

/// The look, over the bytes of a sheet as they come.
#[derive(Debug)]
pub(super) struct Markup {
    pending: Vec<u8>,
    /// Cells have begun.
    is_within: bool,
    is_value: bool,
    read: Read,
}

impl Markup {
    pub(super) fn new() -> Self {
        Self { pending: Vec::new(), is_within: false, is_value: false, read: Read::Plain }
    }

    /// Looks at the next bytes. What comes back is wrong with them.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<(), &'static str> {
        self.pending.extend_from_slice(bytes);
        let pending = std::mem::take(&mut self.pending);
        let mut rest = pending.as_slice();
        while let Some(open) = memchr(b'<', rest) {
            let Some(close) = memchr(b'>', &rest[open..]) else { break };
            self.piece(&rest[..open], &rest[open + 1..open + close])?;
            rest = &rest[open + close + 1..];
        }
        // Text that no value holds need not be kept.
        let kept = if self.is_value { 0 } else { memchr(b'<', rest).unwrap_or(rest.len()) };
        self.pending = rest[kept..].to_vec();
        if self.pending.len() > PIECE_LIMIT {
            return Err("its markup does not end");
        }
        Ok(())
    }

    /// A stretch of text and the tag behind it.
    fn piece(&mut self, text: &[u8], tag: &[u8]) -> Result<(), &'static str> {
        if self.is_within && self.is_value {
            let is_index = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
            match self.read {
                Read::Plain if text.contains(&b'&') => {
                    return Err("a number is written in entities");
                }
                Read::Shared if !is_index => return Err("a text is at a place that is no number"),
                _ => {}
            }
        }
        if tag.starts_with(b"!") {
            // What stands before the cells is nobody's figure.
            let told = "there is a comment or a marked section among its cells";
            return if self.is_within { Err(told) } else { Ok(()) };
        }
        let is_end = tag.starts_with(b"/");
        let name = tag.strip_prefix(b"/").unwrap_or(tag);
        let end = name.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'/');
        let name = &name[..end.unwrap_or(name.len())];
        let local = name.rsplit(|byte| *byte == b':').next().unwrap_or_default();
        if self.is_within && self.is_value && (local != b"v" || !is_end) {
            return Err("there is markup within a value");
        }
        match local {
            b"sheetData" => self.is_within = true,
            // What other workbooks once said stands in the same words, but for `cell`.
            b"c" | b"cell" if !is_end => self.read = read_as(tag),
            b"v" => self.is_value = !is_end && !tag.ends_with(b"/"),
            _ => {}
        }
        Ok(())
    }
}

/// What the type of a cell makes of its value.
fn read_as(cell: &[u8]) -> Read {
    let begin =
        cell.windows(3).position(|found| found[0].is_ascii_whitespace() && found[1..] == *b"t=");
    let quoted = begin.and_then(|at| cell.get(at + 3..)).unwrap_or_default();
    let kind = quoted.split_first().and_then(|(quote, rest)| rest.split(|b| b == quote).next());
    match kind {
        None | Some(b"n" | b"b" | b"e") => Read::Plain,
        Some(b"s") => Read::Shared,
        Some(_) => Read::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(cells: &str, at_once: usize) -> Result<(), &'static str> {
        let sheet =
            format!("<?xml?><!-- by a program --><worksheet><sheetData>{cells}</sheetData>");
        let mut markup = Markup::new();
        sheet.as_bytes().chunks(at_once).try_for_each(|bytes| markup.feed(bytes))
    }

    #[test]
    fn what_programs_write_passes() {
        for cells in [
            "<row r=\"1\"><c r=\"A1\"><v>1.5</v></c><c/></row>",
            "<row><c r='A1' t='s'><v>12</v></c><c t=\"str\"><f>A1&amp;B1</f><v>a &amp; b</v></c></row>",
            "<x:c t=\"inlineStr\"><x:is><x:t>a &lt; <b>b</b></x:t></x:is></x:c>",
            "<c t=\"s\"><v/></c><c><v></v></c>",
            "<c><f>1+1</f></c>",
            "<cell t=\"str\"><v>a &amp; b</v></cell>",
        ] {
            for at_once in [1, 7, 4096] {
                assert_eq!(look(cells, at_once), Ok(()), "{cells}");
            }
        }
    }

    #[test]
    fn what_would_be_misread_does_not() {
        for (cells, told) in [
            ("<c><v>1<!-- -->5</v></c>", "a comment"),
            ("<c><v><![CDATA[15]]></v></c>", "a marked section"),
            ("<c><v>&#49;5</v></c>", "entities"),
            ("<c t=\"n\"><v>1&#53;</v></c>", "entities"),
            ("<c t=\"s\"><v>-1</v></c>", "no number"),
            ("<c\nt='s'><v> 1 </v></c>", "no number"),
            ("<c><v>1<x/>5</v></c>", "markup within"),
            ("<c><v>1<v>5</v></c>", "markup within"),
        ] {
            for at_once in [1, 7, 4096] {
                let found = look(cells, at_once);
                assert!(found.is_err_and(|text| text.contains(told)), "{cells}: {found:?}");
            }
        }
        let endless = format!("<c><v>{}", "1".repeat(2 << 20));
        assert_eq!(look(&endless, 4096), Err("its markup does not end"));
    }
}
