//! A look at the table of an ODS, for what its reader passes over.
//!
//! A row says how often it stands there, and the reader makes as many: two kilobytes can be a million
//! rows of everything. Cells that are merged are read as a text and empty cells beside it, so that
//! a merged header would look like columns without a name.

use calamine::Dimensions;
use memchr::memchr;

/// Rows that repetition may make in all. Rows without content cost nothing and do not count.
const REPEATED_LIMIT: u64 = 100_000;
/// Bytes from one `<` to the next `>`.
const TAG_LIMIT: usize = 1 << 20;

/// The look, over the bytes of `content.xml` as they come.
pub(super) struct Spreadsheet<'s> {
    pending: Vec<u8>,
    /// The sheet of which merged cells are asked, and the row.
    wanted: Option<(&'s str, u32)>,
    is_wanted: bool,
    row: u64,
    repeats: u64,
    column: u64,
    has_content: bool,
    made: u64,
    merged: Option<Dimensions>,
}

impl<'s> Spreadsheet<'s> {
    /// `wanted` is a sheet, and a row of it counted from 0, where merged cells are asked.
    pub(super) fn new(wanted: Option<(&'s str, u32)>) -> Self {
        Self {
            pending: Vec::new(),
            wanted,
            is_wanted: false,
            row: 0,
            repeats: 1,
            column: 0,
            has_content: false,
            made: 0,
            merged: None,
        }
    }

    /// The first merged cells across the wanted row.
    pub(super) fn merged(self) -> Option<Dimensions> {
        self.merged
    }

    /// Looks at the next bytes. What comes back is wrong with them.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<(), &'static str> {
        self.pending.extend_from_slice(bytes);
        let pending = std::mem::take(&mut self.pending);
        let mut rest = pending.as_slice();
        while let Some(open) = memchr(b'<', rest) {
            let Some(close) = memchr(b'>', &rest[open..]) else { break };
            self.tag(&rest[open + 1..open + close])?;
            rest = &rest[open + close + 1..];
        }
        let kept = memchr(b'<', rest).unwrap_or(rest.len());
        self.pending = rest[kept..].to_vec();
        if self.pending.len() > TAG_LIMIT { Err("its markup does not end") } else { Ok(()) }
    }

    fn tag(&mut self, tag: &[u8]) -> Result<(), &'static str> {
        let end = tag.iter().position(u8::is_ascii_whitespace).unwrap_or(tag.len());
        let is_closed = tag.ends_with(b"/");
        match tag[..end].strip_suffix(b"/").unwrap_or(&tag[..end]) {
            b"table:table" => {
                let name = attribute(tag, b"table:name").map(unescaped).unwrap_or_default();
                self.is_wanted = self.wanted.is_some_and(|(sheet, _)| sheet == name);
                self.row = 0;
            }
            b"table:table-row" => {
                self.repeats = number(tag, b"table:number-rows-repeated");
                (self.column, self.has_content) = (0, false);
                if is_closed {
                    self.end_row()?;
                }
            }
            b"/table:table-row" => self.end_row()?,
            b"table:table-cell" | b"table:covered-table-cell" => self.cell(tag),
            b"text:p" => self.has_content = true,
            _ => {}
        }
        Ok(())
    }

    fn end_row(&mut self) -> Result<(), &'static str> {
        self.row = self.row.saturating_add(self.repeats);
        if self.has_content {
            self.made = self.made.saturating_add(self.repeats.saturating_sub(1));
        }
        if self.made > REPEATED_LIMIT {
            return Err("it repeats rows more than 100000 times, as no bill does");
        }
        Ok(())
    }

    fn cell(&mut self, tag: &[u8]) {
        let has_value = attribute(tag, b"office:value-type").is_some();
        self.has_content |= has_value || attribute(tag, b"table:formula").is_some();
        let across = number(tag, b"table:number-columns-spanned");
        let down = number(tag, b"table:number-rows-spanned");
        let rows = self.row..self.row.saturating_add(down);
        let is_there = self.wanted.is_some_and(|(_, row)| rows.contains(&u64::from(row)));
        if self.is_wanted && is_there && self.merged.is_none() && (across > 1 || down > 1) {
            let place = |row: u64, column: u64| {
                (u32::try_from(row).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
            };
            self.merged = Some(Dimensions {
                start: place(self.row, self.column),
                end: place(rows.end - 1, self.column.saturating_add(across) - 1),
            });
        }
        let repeats = number(tag, b"table:number-columns-repeated");
        self.column = self.column.saturating_add(repeats);
    }
}

/// A whole number above zero, and 1 where there is none.
fn number(tag: &[u8], name: &[u8]) -> u64 {
    let text = attribute(tag, name).and_then(|text| std::str::from_utf8(text).ok());
    let Some(text) = text else { return 1 };
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // One that does not fit is more than any.
    if is_number { text.parse().unwrap_or(u64::MAX).max(1) } else { 1 }
}

/// The text of an attribute, as it is written.
fn attribute<'t>(tag: &'t [u8], name: &[u8]) -> Option<&'t [u8]> {
    let found = memchr::memmem::find_iter(tag, name).find_map(|at| {
        let is_begin = at > 0 && tag[at - 1].is_ascii_whitespace();
        let rest = tag[at + name.len()..].trim_ascii_start().strip_prefix(b"=")?;
        is_begin.then(|| rest.trim_ascii_start())
    })?;
    let (quote, rest) = found.split_first().filter(|(quote, _)| matches!(quote, b'"' | b'\''))?;
    rest.split(|byte| byte == quote).next()
}

/// The five entities that names of sheets are written with.
fn unescaped(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let entities =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    entities.iter().fold(text.into_owned(), |text, (entity, letter)| text.replace(entity, letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CELL: &str =
        "<table:table-cell office:value-type='string'><text:p>a</text:p></table:table-cell>";

    fn look(rows: &str, at_once: usize) -> Result<Option<(u32, u32)>, &'static str> {
        let content = format!(
            "<?xml?><table:table table:name='Other'><table:table-row><table:table-cell \
             table:number-columns-spanned='2'/></table:table-row></table:table><table:table \
             table:name=\"A &amp; B\">{rows}</table:table>"
        );
        let mut look = Spreadsheet::new(Some(("A & B", 2)));
        content.as_bytes().chunks(at_once).try_for_each(|bytes| look.feed(bytes))?;
        Ok(look.merged().map(|area| (area.start.1, area.end.1)))
    }

    #[test]
    fn merged_cells_of_the_row_are_found() {
        let row = |repeats: &str, cells: &str| {
            format!("<table:table-row{repeats}>{cells}</table:table-row>")
        };
        let across = "<table:table-cell table:number-columns-repeated='3'/><table:table-cell \
                      office:value-type='string' table:number-columns-spanned=\"2\" \
                      table:number-rows-spanned=\"1\"><text:p>a</text:p></table:table-cell>";
        let twice = " table:number-rows-repeated='2'";
        for at_once in [1, 7, 4096] {
            let found = |rows: &[String]| look(&rows.concat(), at_once).unwrap();
            assert_eq!(found(&[row(twice, CELL), row("", across)]), Some((3, 4)));
            assert_eq!(found(&[row("", CELL), row("", across)]), None);
            assert_eq!(found(&[row(twice, CELL), row("", CELL)]), None);
            let down = CELL.replacen(' ', " table:number-rows-spanned='3' ", 1);
            assert_eq!(found(&[row("", &down)]), Some((0, 0)));
            assert_eq!(found(&["<table:table-row/>".repeat(2), row("", across)]), Some((3, 4)));
        }
    }

    #[test]
    fn repetition_is_free_of_nothing_and_dear_of_something() {
        let row = |repeats: &str, cells: &str| {
            format!(
                "<table:table-row table:number-rows-repeated=\"{repeats}\">{cells}</table:table-row>"
            )
        };
        let told = Err("it repeats rows more than 100000 times, as no bill does");
        assert_eq!(
            look(&row("1048570", "<table:table-cell table:number-columns-repeated='9'/>"), 99),
            Ok(None)
        );
        assert_eq!(look(&row("100001", CELL), 99), Ok(None));
        assert_eq!(look(&row("100002", CELL), 99), told);
        assert_eq!(look(&row("4000000000", CELL), 99), told);
        assert_eq!(look(&row("99999999999999999999999", CELL), 99), told);
        assert_eq!(look(&row("60000", CELL).repeat(2), 99), told);
    }
}
