//! Content that is no text of a bill, told by its first bytes: what its header would be missing helps
//! nobody.

use crate::ingest::workbook::Refusal;

const TWICE: &str =
    "unpack it once; bills are read as CSV, gzip of CSV, Parquet, JSON lines or workbooks";
const UNPACK: &str = "unpack it, or have it delivered as plain CSV or gzip";
const EXPORT: &str = "export it as CSV, Parquet or a workbook";
const PAGE: &str = "whoever fetched the bill was answered with a page, such as a log-in or an error: \
                    open it to see which, and fetch the bill again";

/// Where bytes stand, the bytes, what they tell, and what to do.
const KNOWN: [(usize, &[u8], &str, &str); 12] = [
    // Within gzip only: else the file is what they say.
    (0, b"\x1f\x8b", "compressed with gzip twice", TWICE),
    (0, b"PAR1\x15", "Parquet within gzip", TWICE),
    (0, b"PK\x03\x04", "a workbook or an archive within gzip", TWICE),
    (0, b"\x28\xb5\x2f\xfd", "compressed with zstd", UNPACK),
    (0, b"\xfd7zXZ\0", "compressed with xz", UNPACK),
    (4, b"1AY&SY", "compressed with bzip2", UNPACK),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK),
    (0, b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    (257, b"ustar", "a tape archive (tar)", UNPACK),
    (0, b"%PDF-", "a PDF", EXPORT),
    (0, b"Obj\x01", "Avro", EXPORT),
    (0, b"SQLite format 3\0", "an SQLite database", EXPORT),
];

/// Begins of texts, in small letters.
const PAGES: [(&[u8], &str); 4] = [
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
    (b"<?xml", "XML"),
    (b"<error>", "XML"),
];

/// What content that is no bill is refused with.
pub(super) fn foreign(begin: &[u8]) -> Option<Refusal> {
    let refusal =
        |what: &str, help: &str| Refusal::new(format!("the content is {what}, not a bill"), help);
    let is_there = |(at, bytes, ..): &&(usize, &[u8], &str, &str)| {
        begin.get(*at..).is_some_and(|found| found.starts_with(bytes))
    };
    if let Some((_, _, what, help)) = KNOWN.iter().find(is_there) {
        return Some(refusal(what, help));
    }
    let text = begin.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(begin).trim_ascii_start();
    let is_begin = |(page, _): &&(&[u8], &str)| {
        text.get(..page.len()).is_some_and(|found| found.eq_ignore_ascii_case(page))
    };
    if let Some((_, what)) = PAGES.iter().find(is_begin) {
        return Some(refusal(what, PAGE));
    }
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
    let is_hint = line.len() <= 5 && line.to_ascii_lowercase().starts_with(b"sep=");
    is_hint.then(|| {
        Refusal::new(
            "the first line tells a spreadsheet program the separator (`sep=`); it is no header",
            "take that line out: the separator is found without it",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_not_taken_for_something_else() {
        for text in
            [&b""[..], b"PAR1,Cost\n", b"BZh,Cost\n", b"Obj,Cost\n", b"<Cost>,Date\n", b"7z"]
        {
            assert_eq!(foreign(text), None, "{}", text.escape_ascii());
        }
    }
}
