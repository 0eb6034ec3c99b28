//! From the bytes of a file to CSV: what is UTF-16 is decoded, what is JSON lines is turned.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::diagnostics::{Code, Finding};
use crate::rules::{ColumnMap, ColumnSource, Field, InputRef};

use super::encoding::{Utf16, declared, undeclared};
use super::foreign::foreign;
use crate::ingest::charge::WantedText;
use crate::ingest::json::lines::{JsonLines, Shape, gather, one_value, shape};
use crate::ingest::open::{CsvStream, HEAD_BYTES, Kind, csv_head};
use crate::ingest::workbook::source::{refusal_in, refused};

/// A stream of CSV, and what was read of it already.
pub(in crate::ingest) struct Text {
    pub(in crate::ingest) stream: CsvStream,
    pub(in crate::ingest) begun: Vec<u8>,
}

/// A file of text, plain or gzip, as CSV. `names` are those that anything reads.
///
/// # Errors
/// What keeps its text from being read at all.
pub(in crate::ingest) fn open_text(
    file: File,
    kind: Kind,
    location: &Path,
    names: impl IntoIterator<Item = String>,
) -> Result<Text, Finding> {
    let text = decoded(CsvStream::new(file, kind))?;
    match shape(&text.begun) {
        Shape::NotJson => Ok(text),
        Shape::OneValue => Err(refused(one_value())),
        Shape::Lines => {
            // Which columns there are is known at the end only.
            let again = File::open(location).map_err(|error| torn(&error))?;
            let again = decoded(CsvStream::new(again, kind))?;
            let whole = io::Cursor::new(again.begun).chain(again.stream);
            let columns = gather(whole, names).map_err(|error| torn(&error))?;
            let lines = JsonLines::new(text.stream, text.begun, columns);
            Ok(Text { stream: CsvStream::Json(Box::new(lines)), begun: Vec::new() })
        }
    }
}

/// The names of the columns of a file of text. Of JSON lines only the head is looked at.
pub(in crate::ingest) fn head_names(
    file: File,
    kind: Kind,
    names: impl IntoIterator<Item = String>,
) -> Result<Vec<String>, Finding> {
    let mut text = decoded(CsvStream::new(file, kind))?;
    match shape(&text.begun) {
        Shape::NotJson => csv_head(&mut text).map(|head| head.headers),
        Shape::OneValue => Err(refused(one_value())),
        Shape::Lines => {
            let head = io::Cursor::new(&text.begun);
            let columns = gather(head, names).map_err(|error| torn(&error))?;
            Ok(columns.into_names())
        }
    }
}

/// The text as UTF-8.
pub(in crate::ingest) fn decoded(mut stream: CsvStream) -> Result<Text, Finding> {
    let begun = begin(&mut stream)?;
    let Some(endian) = declared(&begun) else {
        return match foreign(&begun).or_else(|| undeclared(&begun)) {
            Some(refusal) => Err(refused(refusal)),
            None => Ok(Text { stream, begun }),
        };
    };
    let mut stream = CsvStream::Utf16(Box::new(Utf16::new(stream, endian, &begun)));
    let begun = begin(&mut stream)?;
    Ok(Text { stream, begun })
}

fn begin(stream: &mut CsvStream) -> Result<Vec<u8>, Finding> {
    let mut begun = Vec::new();
    stream.by_ref().take(HEAD_BYTES).read_to_end(&mut begun).map_err(|error| torn(&error))?;
    Ok(begun)
}

/// A stream that cannot be read to its header.
pub(in crate::ingest) fn torn(error: &io::Error) -> Finding {
    refusal_in(error).unwrap_or_else(|| {
        Finding::new(Code::BrokenFile, format!("the file cannot be read to its header: {error}"))
            .help("the delivery is torn or was altered; fetch it again")
    })
}

/// The names of a file's columns that anything reads, by the map and by what rules ask.
pub(in crate::ingest) fn names_read(map: &ColumnMap, wanted: &[WantedText]) -> Vec<String> {
    let headers = map.sources().flat_map(ColumnSource::headers).map(String::as_str);
    let references = map.references().map(InputRef::header);
    let tags = map.tags.iter().flat_map(|tags| &tags.columns).map(String::as_str);
    let asked = wanted.iter().filter_map(|text| match text {
        WantedText::Custom(name) => Some(name.as_str()),
        WantedText::Column(_) | WantedText::Identity => None,
    });
    let conditions = map.fields.iter().filter_map(|field| match field {
        Field::Custom(name) => Some(name.as_str()),
        _ => None,
    });
    headers
        .chain(references)
        .chain(tags)
        .chain(asked)
        .chain(conditions)
        .map(str::to_owned)
        .collect()
}
