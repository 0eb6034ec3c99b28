//! A strict look at the markup of a sheet of XLSX.
//!
//! The reader of cells takes the first stretch of text in a value and passes over what else is
//! there: of `1<!-- -->5` it reads 1, of `&#49;` nothing, and an index of a text that is no number
//! is the first text to it. Of two values in a cell it takes one, and rows that stand outside of the
//! one table of cells it does not see. No program writes such sheets; who does, wants figures misread.

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

/// Where in a part the look is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The cells have not begun, if there will be any.
    Before,
    /// There was something that is called a cell and stands in no table of cells.
    Strayed,
    Within,
    After,
}

/// What a part is, by its first element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Root {
    Unknown,
    /// Texts that cells share.
    Texts,
    /// What other workbooks said, one table of cells for each of their sheets.
    Links,
    Other,
}

/// The look, over the bytes of a sheet as they come.
#[derive(Debug)]
pub(super) struct Markup {
    pending: Vec<u8>,
    root: Root,
    place: Place,
    is_cell: bool,
    /// Values and texts of its own that the cell has.
    values: u8,
    is_value: bool,
    is_text: bool,
    read: Read,
}

impl Markup {
    pub(super) fn new() -> Self {
        Self {
            pending: Vec::new(),
            root: Root::Unknown,
            place: Place::Before,
            is_cell: false,
            values: 0,
            is_value: false,
            is_text: false,
            read: Read::Plain,
        }
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
        let is_within = self.place == Place::Within;
        if is_within && self.is_value {
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
            if self.is_text && tag.starts_with(b"![CDATA[") {
                // It may hold what looks like markup.
                self.is_text = false;
            }
            // What stands before the cells is nobody's figure.
            let told = "there is a comment or a marked section among its cells";
            return if is_within { Err(told) } else { Ok(()) };
        }
        let is_end = tag.starts_with(b"/");
        let name = tag.strip_prefix(b"/").unwrap_or(tag);
        let end = name.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'/');
        let name = &name[..end.unwrap_or(name.len())];
        let local = name.rsplit(|byte| *byte == b':').next().unwrap_or_default();
        if is_within && self.is_value && (local != b"v" || !is_end) {
            return Err("there is markup within a value");
        }
        if self.is_text && (local != b"t" || !is_end) {
            return Err("there is markup within a text");
        }
        let is_empty = tag.ends_with(b"/");
        match (local, is_end) {
            (b"sheetData", false) => self.begin_cells(is_empty)?,
            (b"sheetData", true) => self.place = Place::After,
            // What other workbooks once said stands in the same words, but for `cell`.
            (b"c", false) if self.root != Root::Links => self.begin_cell(tag, is_empty)?,
            (b"cell", false) if self.root == Root::Links => self.begin_cell(tag, is_empty)?,
            (b"c", false) if is_within => return Err("there are cells among those of a link"),
            (b"c" | b"cell", true) => self.is_cell = false,
            (b"v", _) => {
                self.value(is_end)?;
                self.is_value = !is_end && !is_empty;
            }
            (b"is", _) => self.value(is_end)?,
            (b"t", _) if is_within || self.root == Root::Texts => {
                self.is_text = !is_end && !is_empty;
            }
            (b"AlternateContent", false) if is_within => {
                return Err("there is a choice of contents among its cells");
            }
            _ => {}
        }
        if self.root == Root::Unknown && !tag.starts_with(b"?") {
            self.root = match local {
                b"sst" => Root::Texts,
                b"externalLink" => Root::Links,
                _ => Root::Other,
            };
        }
        Ok(())
    }

    fn begin_cells(&mut self, is_empty: bool) -> Result<(), &'static str> {
        if self.place == Place::Strayed {
            return Err("there are cells before its table of cells");
        }
        if self.place != Place::Before && self.root != Root::Links {
            return Err("it has more than one table of cells");
        }
        self.place = if is_empty { Place::After } else { Place::Within };
        Ok(())
    }

    fn begin_cell(&mut self, tag: &[u8], is_empty: bool) -> Result<(), &'static str> {
        match self.place {
            // Other parts have elements of this name too, and never a table of cells.
            Place::Before | Place::Strayed => self.place = Place::Strayed,
            Place::After => return Err("there are cells behind its table of cells"),
            Place::Within if self.is_cell => return Err("there is a cell within a cell"),
            Place::Within => {
                self.is_cell = !is_empty;
                self.values = 0;
                self.read = read_as(tag);
            }
        }
        Ok(())
    }

    /// A value begins or ends, or a text of the cell's own.
    fn value(&mut self, is_end: bool) -> Result<(), &'static str> {
        if self.place == Place::Within && !is_end {
            if self.values > 0 {
                return Err("a cell has more than one value");
            }
            self.values += 1;
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
            "<x:c t=\"inlineStr\"><x:is><x:r><x:t>a &lt; </x:t></x:r><x:r><x:t>b</x:t></x:r></x:is></x:c>",
            "<c t=\"s\"><v/></c><c><v></v></c>",
            "<c><f>1+1</f></c>",
        ] {
            for at_once in [1, 7, 4096] {
                assert_eq!(look(cells, at_once), Ok(()), "{cells}");
            }
        }
    }

    #[test]
    fn other_parts_may_use_the_same_words() {
        for part in [
            "<externalLink><sheetDataSet><sheetData sheetId=\"0\"><row r=\"1\"><cell r=\"A1\" \
             t=\"str\"><v>a &amp; b</v></cell><cell><v>2</v></cell></row></sheetData><sheetData \
             sheetId=\"1\"/></sheetDataSet></externalLink>",
            "<calcChain><c r=\"A1\"/><c r=\"A2\"/></calcChain>",
            "<worksheet><sheetData><row><c><v>1</v></c></row></sheetData><!-- end --><controls>\
             <xdr:from><xdr:row>1</xdr:row></xdr:from></controls></worksheet>",
            "<?xml version=\"1.0\"?><sst><si><t>1</t></si><si><r><t>a</t></r><r><t/></r></si>\
             <si><t><![CDATA[a <b> c]]></t></si></sst>",
            "<comments><text><t>a</t></text></comments>",
        ] {
            assert_eq!(Markup::new().feed(part.as_bytes()), Ok(()), "{part}");
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
            ("<c><v>5</v><v>6</v></c>", "more than one value"),
            ("<c><v>5</v><is><t>6</t></is></c>", "more than one value"),
            ("<c><c><v>5</v></c></c>", "a cell within"),
            ("<c t='inlineStr'><is><t>1<x>7</x>5</t></is></c>", "markup within a text"),
            ("</sheetData><sheetData><c><v>5</v></c>", "more than one table"),
            ("</sheetData><x:row><x:c><v>5</v></x:c></x:row><sheetData>", "behind its table"),
            (
                "<mc:AlternateContent><mc:Choice><row/></mc:Choice></mc:AlternateContent>",
                "a choice of contents",
            ),
        ] {
            for at_once in [1, 7, 4096] {
                let found = look(cells, at_once);
                assert!(found.is_err_and(|text| text.contains(told)), "{cells}: {found:?}");
            }
        }
        for (part, told) in [
            ("<worksheet><row><c><v>5</v></c></row><sheetData></sheetData>", "before its table"),
            ("<worksheet><sheetData/><sheetData></sheetData>", "more than one table"),
            ("<sst><si><t>1<x>7</x>5</t></si></sst>", "markup within a text"),
            ("<externalLink><sheetData><row><c><v>1</v></c></row>", "among those of a link"),
        ] {
            let found = Markup::new().feed(part.as_bytes());
            assert!(found.is_err_and(|text| text.contains(told)), "{part}: {found:?}");
        }
        let endless = format!("<c><v>{}", "1".repeat(2 << 20));
        assert_eq!(look(&endless, 4096), Err("its markup does not end"));
    }
}
