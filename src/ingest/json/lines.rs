//! JSON lines become CSV while they are read: one object a line, one column a field.
//!
//! The fields of an object within an object are columns too, `service.description`; lists and what
//! lies deeper stay JSON text. Which columns there are is known only once every line was seen, so
//! the file is read twice. A line that cannot be read becomes a record that goes to quarantine.

use std::borrow::Cow;
use std::io::{self, Read};

use memchr::memchr;

use super::columns::{Columns, Stop};
use super::scan::{Value, unescaped};
use crate::ingest::made::Made;
use crate::ingest::row_numbers::RowNumbers;
use crate::ingest::workbook::{Refusal, push_field};

/// Bytes that a line may have.
const LINE_LIMIT: usize = 1 << 26;
const CHUNK: u64 = 1 << 18;
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
/// Stretches of empty lines whose place is kept.
const GAP_LIMIT: usize = 1_000_000;
/// The first byte of a record that stands for a line that cannot be read.
pub(in crate::ingest) const BROKEN_LINE: u8 = 0;
/// Characters of such a line that are shown.
const SHOWN: usize = 80;

/// What the first bytes of a text say about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ingest) enum Shape {
    Lines,
    /// A list, or an object over several lines.
    OneValue,
    NotJson,
}

/// Whether a text is JSON, by its begin.
pub(in crate::ingest) fn shape(begin: &[u8]) -> Shape {
    let text = begin.strip_prefix(BYTE_ORDER_MARK).unwrap_or(begin).trim_ascii_start();
    let after = text.get(1..).unwrap_or_default().trim_ascii_start().first();
    match (text.first(), after) {
        (Some(b'['), Some(b'{' | b'[' | b']')) => Shape::OneValue,
        (Some(b'{'), Some(b'"' | b'}')) => {
            let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
            // An object over several lines begins with one that does not close it. A first line
            // that is longer than what is at hand is taken for an object until it is read.
            let closes = line.len() == text.len() || line.trim_ascii_end().ends_with(b"}");
            if closes { Shape::Lines } else { Shape::OneValue }
        }
        _ => Shape::NotJson,
    }
}

/// What is said of JSON that is one value.
pub(in crate::ingest) fn one_value() -> Refusal {
    Refusal::new(
        "the file is JSON, but not one object a line",
        "write it as JSON lines: jq -c '.[]' bill.json > bill.jsonl",
    )
}

/// The columns of all lines of a stream; see [`Columns::new`].
pub(in crate::ingest) fn gather(
    input: impl Read,
    read: impl IntoIterator<Item = String>,
) -> io::Result<Columns> {
    let mut columns = Columns::new(read);
    let mut lines = Lines::new(input, Vec::new());
    while let Some(line) = lines.next()? {
        // Lines that cannot be read are told when they are read again.
        let Ok(text) = std::str::from_utf8(line.bytes) else { continue };
        if let Err(Stop::Refused(refusal)) = columns.each(text, |_, _| Ok(())) {
            return Err(refusal.into());
        }
    }
    Ok(columns)
}

/// A line that has something in it.
struct Line<'a> {
    bytes: &'a [u8],
    /// Counted from 1.
    number: u64,
    /// It ends with the file, not with a line break.
    is_cut: bool,
}

/// The lines of a stream, empty ones left out.
struct Lines<R> {
    input: R,
    pending: Vec<u8>,
    at: usize,
    number: u64,
    ended: bool,
}

impl<R: Read> Lines<R> {
    fn new(input: R, begun: Vec<u8>) -> Self {
        Self { input, pending: begun, at: 0, number: 0, ended: false }
    }

    fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            let Some((range, is_cut)) = self.cut()? else { return Ok(None) };
            self.number += 1;
            let mark = if self.number == 1 { BYTE_ORDER_MARK } else { b"" };
            let line = &self.pending[range.clone()];
            let skipped = if line.starts_with(mark) { mark.len() } else { 0 };
            if !line[skipped..].trim_ascii().is_empty() {
                let bytes = self.pending[range.start + skipped..range.end].trim_ascii();
                return Ok(Some(Line { bytes, number: self.number, is_cut }));
            }
        }
    }

    /// The next line, empty or not, without its end.
    fn cut(&mut self) -> io::Result<Option<(std::ops::Range<usize>, bool)>> {
        let mut seen = self.at;
        loop {
            if let Some(found) = memchr(b'\n', &self.pending[seen..]) {
                let range = self.at..seen + found;
                self.at = seen + found + 1;
                return Ok(Some((range, false)));
            }
            if self.ended {
                let range = self.at..self.pending.len();
                self.at = self.pending.len();
                return Ok((!range.is_empty()).then_some((range, true)));
            }
            self.pending.drain(..self.at);
            self.at = 0;
            seen = self.pending.len();
            if seen > LINE_LIMIT {
                return Err(Refusal::new(
                    "a line of the file is longer than 64 MiB",
                    "write it as JSON lines: one object a line",
                )
                .into());
            }
            let read = self.input.by_ref().take(CHUNK).read_to_end(&mut self.pending)?;
            self.ended = read == 0;
        }
    }
}

/// JSON lines as CSV.
pub(in crate::ingest) struct JsonLines<R> {
    lines: Lines<R>,
    columns: Columns,
    csv: Made,
    begun: bool,
    /// The texts of a line, and where each column's text lies in them.
    texts: String,
    fields: Vec<Option<std::ops::Range<usize>>>,
    /// The row that the next record counts as, and the line that would be in order for it.
    counted: u64,
    expected: u64,
    rows: RowNumbers,
}

impl<R: Read> JsonLines<R> {
    /// `begun` was read of `input` already.
    pub(in crate::ingest) fn new(input: R, begun: Vec<u8>, columns: Columns) -> Self {
        let fields = vec![None; columns.names().len()];
        Self {
            lines: Lines::new(input, begun),
            columns,
            csv: Made::default(),
            begun: false,
            texts: String::new(),
            fields,
            counted: 2,
            expected: 2,
            rows: RowNumbers::default(),
        }
    }

    /// The stream below, and which line each record is.
    pub(in crate::ingest) fn end(self) -> (R, RowNumbers) {
        (self.lines.input, self.rows)
    }

    /// Makes the next stretch of CSV; nothing at the end.
    fn make(&mut self) -> io::Result<()> {
        let csv = self.csv.room();
        if !self.begun {
            self.begun = true;
            let names = self.columns.names().iter().map(String::as_str);
            put_record(names, csv);
            csv.push(b'\n');
        }
        while (csv.len() as u64) < CHUNK {
            let Some(line) = self.lines.next()? else { break };
            if line.number != self.expected {
                self.rows.jump(self.counted, line.number);
                if self.rows.jumps() > GAP_LIMIT {
                    return Err(too_many_gaps().into());
                }
            }
            self.expected = line.number + 1;
            self.counted += 1;
            match read_line(line.bytes, &mut self.columns, &mut self.texts, &mut self.fields)? {
                Ok(()) => {
                    let text = |field: &Option<std::ops::Range<usize>>| match field {
                        Some(range) => &self.texts[range.clone()],
                        None => "",
                    };
                    put_record(self.fields.iter().map(text), csv);
                    csv.push(b'\n');
                }
                Err(reason) => {
                    put_broken(&reason, line.bytes, csv);
                    // A file that ends within a line was cut off.
                    if !line.is_cut {
                        csv.push(b'\n');
                    }
                }
            }
        }
        Ok(())
    }
}

fn too_many_gaps() -> Refusal {
    Refusal::new(
        "the file has empty lines in more than a million places",
        "write it again without empty lines",
    )
}

/// A record that stands for a line which cannot be read.
fn put_broken(reason: &str, line: &[u8], csv: &mut Vec<u8>) {
    let shown: String = String::from_utf8_lossy(line).chars().take(SHOWN).collect();
    csv.push(BROKEN_LINE);
    push_field(&format!("{reason}: {shown}").replace(['"', ',', '\n', '\r'], " "), csv);
}

/// One record. A single field without text would be an empty line, which is none.
fn put_record<'a>(fields: impl ExactSizeIterator<Item = &'a str>, csv: &mut Vec<u8>) {
    let is_single = fields.len() == 1;
    for (at, field) in fields.enumerate() {
        if at > 0 {
            csv.push(b',');
        }
        if is_single && field.is_empty() {
            csv.extend_from_slice(b"\"\"");
        }
        push_field(field, csv);
    }
}

/// Finds the text of each column of a line, or says why it cannot be read.
///
/// # Errors
/// Where the line has a column that no line had before: the file is another one by now.
fn read_line(
    line: &[u8],
    columns: &mut Columns,
    texts: &mut String,
    fields: &mut [Option<std::ops::Range<usize>>],
) -> Result<Result<(), Cow<'static, str>>, Refusal> {
    texts.clear();
    fields.fill(None);
    let Ok(line) = std::str::from_utf8(line) else {
        return Ok(Err(Cow::from("the line is not UTF-8")));
    };
    let outcome = columns.each(line, |column, value| {
        let begin = texts.len();
        match value {
            Value::Null => {}
            Value::Text(text) => texts.push_str(&unescaped(text)?),
            Value::Plain(text) | Value::List(text) | Value::Object(text) => texts.push_str(text),
        }
        if let Some(field) = fields.get_mut(column) {
            *field = Some(begin..texts.len());
        }
        Ok(())
    });
    if columns.names().len() > fields.len() {
        return Err(Refusal::new(
            "the file changed while it was read: its lines have other fields than before",
            "wait until it is written, then run again",
        ));
    }
    match outcome {
        Ok(()) => Ok(Ok(())),
        Err(Stop::Fault(fault)) => Ok(Err(fault.text().into())),
        Err(Stop::Twice(name)) => Ok(Err(format!("the field {name} stands twice").into())),
        Err(Stop::Refused(refusal)) => Err(refusal),
    }
}

impl<R: Read> Read for JsonLines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.csv.is_spent() {
            self.make()?;
        }
        Ok(self.csv.hand_out(buffer))
    }
}

#[cfg(test)]
mod tests {
    use super::super::columns::COLUMN_LIMIT;
    use super::*;

    fn csv(text: &str, read: &[&str]) -> (String, Vec<u64>) {
        let names = read.iter().map(|name| (*name).to_owned());
        let columns = gather(text.as_bytes(), names).unwrap();
        let mut stream = JsonLines::new(text.as_bytes(), Vec::new(), columns);
        let mut csv = String::new();
        stream.read_to_string(&mut csv).unwrap();
        let (_, rows) = stream.end();
        let records = csv.lines().count() as u64;
        (csv, (2..=records).map(|row| rows.shown(row)).collect())
    }

    #[test]
    fn objects_become_columns_and_lists_stay_json() {
        let text = "{\"cost\":1.50E-8,\"service\":{\"id\":\"A,B\",\"deep\":{\"x\":1}},\"on\":true}\n\
                    {\"credits\":[{\"amount\":-1}],\"cost\":null,\"service\":null}\n";
        let (csv, rows) = csv(text, &["cost"]);
        assert_eq!(
            csv,
            "cost,service.id,service.deep,on,credits,service\n\
             1.50E-8,\"A,B\",\"{\"\"x\"\":1}\",true,,\n,,,,\"[{\"\"amount\"\":-1}]\",\n"
        );
        assert_eq!(rows, [1, 2]);
    }

    #[test]
    fn an_object_that_is_read_stays_json_and_opens_only_where_it_is_asked_into() {
        let text = "{\"Tags\":{\"a\":\"1\"},\"service\":{\"id\":2}}\n";
        assert_eq!(csv(text, &["tags"]).0, "Tags,service.id\n\"{\"\"a\"\":\"\"1\"\"}\",2\n");
        assert_eq!(
            csv(text, &["service", "service.id", "tags.a"]).0,
            "Tags.a,service,service.id\n1,\"{\"\"id\"\":2}\",2\n"
        );
    }

    #[test]
    fn a_line_that_cannot_be_read_is_a_record_of_its_own() {
        let text =
            "\u{feff}{\"a\":\"1\"}\n\n \n{\"a\":}\n{\"a\":1,\"a\":2}\r\n[1]\n{\"a\":\"\"}\n{\"a\":";
        let (csv, rows) = csv(text, &[]);
        assert_eq!(
            csv,
            "a\n1\n\0the line is not JSON: { a :}\n\0the field a stands twice: { a :1  a :2}\n\
             \0the line is no JSON object: [1]\n\"\"\n\0the line is not JSON: { a :"
        );
        assert_eq!(rows, [1, 4, 5, 6, 7, 8]);
    }

    #[test]
    fn json_is_told_from_csv_and_from_one_value() {
        for (text, expected) in [
            ("{\"a\":1}\n{\"a\":2}\n", Shape::Lines),
            ("\n {}\n", Shape::Lines),
            ("{\"a\":1}", Shape::Lines),
            ("{ \"a\":tru}\n", Shape::Lines),
            ("{\n  \"a\": 1\n}\n", Shape::OneValue),
            ("[\n  {\"a\": 1}\n]\n", Shape::OneValue),
            ("[]", Shape::OneValue),
            ("[Date],[Cost]\n", Shape::NotJson),
            ("{Date},Cost\n", Shape::NotJson),
            ("Date,Cost\n", Shape::NotJson),
            ("", Shape::NotJson),
        ] {
            assert_eq!(shape(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn names_are_bounded_together_and_one_by_one() {
        let refused = |text: &str| {
            gather(text.as_bytes(), Vec::new()).map(|found| found.names().len()).unwrap_err()
        };
        let long = |letter: &str| letter.repeat(600_000);
        let told = "the names of the file's columns have more than 1 MiB";
        let lines = format!("{{\"{}\":1}}\n{{\"{}\":1}}\n", long("a"), long("b"));
        assert_eq!(refused(&lines).to_string(), told);
        assert_eq!(
            refused(&format!("{{\"{}\":{{\"b\":1}}}}", "a".repeat(2 << 20))).to_string(),
            told
        );
        let many: Vec<String> = (0..=COLUMN_LIMIT).map(|at| format!("{{\"{at}\":1}}\n")).collect();
        assert_eq!(refused(&many.concat()).to_string(), "the file has more than 10000 columns");
        let same = format!("{{\"{0}\":1}}\n{{\"{0}\":2}}\n", long("a"));
        assert_eq!(gather(same.as_bytes(), Vec::new()).unwrap().names().len(), 1);
    }

    #[test]
    fn too_many_columns_are_refused() {
        let line = |at: usize| format!("{{\"c{at}\":1}}");
        let text = (0..=COLUMN_LIMIT).map(line).collect::<Vec<_>>().join("\n");
        let refused = gather(text.as_bytes(), []).unwrap_err();
        assert!(refused.to_string().contains("more than 10000 columns"), "{refused}");
    }

    /// A line of many short names within a long one costs what it is long.
    #[test]
    fn a_long_name_around_many_short_ones_is_not_read_many_times() {
        let long = "k".repeat(500_000);
        let twice = format!("{{\"{long}\":{{{}\"b\":1}}}}\n", "\"b\":1,".repeat(500_000));
        let (csv, _) = csv(&format!("{{\"a\":1}}\n{twice}"), &[]);
        assert!(csv.contains(&format!("\n\0the field {long}.b stands twice: ")));
        let columns = gather(twice.as_bytes(), []).unwrap();
        assert_eq!(columns.names().len(), 1);
    }

    #[test]
    fn a_name_is_one_column_however_it_is_written() {
        let text = "{\"a.b\":1}\n{\"a\":{\"b\":2}}\n{\"a\":{\"b\":2},\"a.b\":1}\n\
                    {\"a\":{\"b\":1},\"a\":{\"c\":1}}\n";
        let (csv, _) = csv(text, &[]);
        assert_eq!(
            csv,
            "a.b\n1\n2\n\0the field a.b stands twice: { a :{ b :2}  a.b :1}\n\
             \0the field a stands twice: { a :{ b :1}  a :{ c :1}}\n"
        );
    }

    /// The second reading meets what the first one has not seen.
    #[test]
    fn a_file_that_grows_another_field_is_refused() {
        let columns = gather(&b"{\"a\":1}\n"[..], []).unwrap();
        let grown = &b"{\"a\":1}\n{\"b\":1}\n"[..];
        let mut stream = JsonLines::new(grown, Vec::new(), columns);
        let refused = stream.read_to_end(&mut Vec::new()).unwrap_err();
        assert!(refused.to_string().contains("changed while it was read"), "{refused}");
    }
}
