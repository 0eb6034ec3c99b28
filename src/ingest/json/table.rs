//! A small JSON document as a table: records under the names of their fields.
//!
//! Records stand one a line, in a list, or in the sets of an answer: objects that have records by
//! their names. The fields of an object within a record are columns too, `outer.inner`; what lies
//! deeper stays JSON text. Numbers keep their spelling.

use std::collections::HashMap;

use super::scan::{Fault, Value, items, object, unescaped, values};

/// Columns that a document may have.
const COLUMN_LIMIT: usize = 10_000;

/// Records that are objects by their names.
#[derive(Clone, Copy, Debug)]
pub(in crate::ingest) struct Sets<'a> {
    /// The key of the document under which the sets are.
    pub(in crate::ingest) key: &'a str,
    /// The column of a record's name, where the record does not tell it.
    pub(in crate::ingest) name: &'a str,
}

/// A document, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::ingest) struct JsonTable {
    /// Columns that are kept, in the order in which they appear.
    pub(in crate::ingest) headers: Vec<String>,
    /// Columns that are not kept.
    pub(in crate::ingest) others: Vec<String>,
    /// The number of each record, and its fields, one per header; blank where there is none. Of
    /// records one a line, the number is that of the line; else they are counted from 1.
    pub(in crate::ingest) rows: Vec<(u64, Vec<String>)>,
}

/// What is wrong with a document, and in which line or record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ingest) struct Wrong {
    pub(in crate::ingest) row: u64,
    pub(in crate::ingest) message: &'static str,
}

/// Takes a document apart. Only columns that `keeps` wants are kept.
///
/// # Errors
/// The first thing that makes it no table.
pub(in crate::ingest) fn table(
    text: &str,
    sets: Option<Sets<'_>>,
    keeps: &dyn Fn(&str) -> bool,
) -> Result<JsonTable, Wrong> {
    let mut lines = Lines { text, byte: 0, line: 1 };
    let found = values(text).map_err(|(at, fault)| Wrong {
        row: lines.at(at),
        message: match fault {
            Fault::TooDeep => "the document nests more than 64 levels",
            _ => "what follows is not JSON",
        },
    })?;
    let mut table = Builder { made: JsonTable::default(), places: HashMap::new(), sets, keeps };
    let mut number = 0;
    let is_one = found.len() == 1;
    for (begin, value) in found {
        let line = lines.at(begin);
        match value {
            Value::List(list) => table.list(list, &mut number),
            Value::Object(record) => {
                if let Some(list) = table.answer(record)? {
                    table.list(list, &mut number)
                } else {
                    number = if is_one { 1 } else { line };
                    table.record(record, number, None)
                }
            }
            _ => Err(Wrong { row: line, message: "there is a value that is no object" }),
        }?;
    }
    let width = table.made.headers.len();
    table.made.rows.iter_mut().for_each(|(_, fields)| fields.resize(width, String::new()));
    Ok(table.made)
}

/// The lines of a text, asked from its begin to its end.
struct Lines<'a> {
    text: &'a str,
    byte: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of a byte that lies no further in front than the one before it.
    fn at(&mut self, byte: usize) -> u64 {
        let passed = &self.text.as_bytes()[self.byte.min(byte)..byte];
        self.line += memchr::memchr_iter(b'\n', passed).count() as u64;
        self.byte = byte;
        self.line
    }
}

struct Builder<'a> {
    made: JsonTable,
    /// By name; `None` are those that are not kept.
    places: HashMap<String, Option<usize>>,
    sets: Option<Sets<'a>>,
    keeps: &'a dyn Fn(&str) -> bool,
}

impl Builder<'_> {
    /// The list of sets, where an object is an answer that has one.
    fn answer<'t>(&self, text: &'t str) -> Result<Option<&'t str>, Wrong> {
        let Some(sets) = self.sets else { return Ok(None) };
        let mut found = None;
        let read = object(text, |key, value| {
            match value {
                Value::List(list) if key == sets.key => found = Some(list),
                Value::Null if key == sets.key => found = Some("[]"),
                _ => {}
            }
            Ok(())
        });
        read.map_err(|_| wrong(1, "what follows is not JSON"))?;
        Ok(found)
    }

    fn list(&mut self, list: &str, number: &mut u64) -> Result<(), Wrong> {
        let mut first = None;
        let read = items(list, |item| {
            let taken = match item {
                Value::Object(set) if self.is_set(set) => self.set(set, number),
                Value::Object(record) => {
                    *number += 1;
                    self.record(record, *number, None)
                }
                // A window in which nothing ran is null.
                Value::Null if self.sets.is_some() => Ok(()),
                _ => Err(wrong(*number + 1, "there is an item that is no object")),
            };
            taken.map_err(|found| {
                first = Some(found);
                Fault::NotJson
            })
        });
        match (read, first) {
            (Ok(()), _) => Ok(()),
            (Err(_), Some(found)) => Err(found),
            (Err(_), None) => Err(wrong(*number + 1, "what follows is not JSON")),
        }
    }

    /// Whether all fields of an object are objects.
    fn is_set(&self, text: &str) -> bool {
        let all = object(text, |_, value| match value {
            Value::Object(_) => Ok(()),
            _ => Err(Fault::NotAnObject),
        });
        self.sets.is_some() && all.is_ok()
    }

    fn set(&mut self, text: &str, number: &mut u64) -> Result<(), Wrong> {
        let mut records = Vec::new();
        let read = object(text, |name, value| {
            if let Value::Object(record) = value {
                records.push((name, record));
            }
            Ok(())
        });
        read.map_err(|_| wrong(*number + 1, "what follows is not JSON"))?;
        for (name, record) in records {
            *number += 1;
            self.record(record, *number, Some(&name))?;
        }
        Ok(())
    }

    fn record(&mut self, text: &str, number: u64, name: Option<&str>) -> Result<(), Wrong> {
        let mut fields: Vec<Option<String>> = vec![None; self.made.headers.len()];
        let mut message = "the record holds half a character or an escape that JSON does not have";
        let read = object(text, |key, value| {
            let mut put = |header: &str, value: Value<'_>| {
                let Some(at) = self.place(header)? else { return Ok(()) };
                if fields.len() <= at {
                    fields.resize(at + 1, None);
                }
                if fields[at].is_some() {
                    message = "the record has a field twice";
                    return Err(Fault::NotJson);
                }
                fields[at] = Some(written(value)?);
                Ok(())
            };
            put(&key, value)?;
            if let Value::Object(inner) = value {
                object(inner, |child, value| put(&format!("{key}.{child}"), value))?;
            }
            Ok(())
        });
        read.map_err(|fault| match fault {
            Fault::TooDeep => wrong(number, "the document has more than 10000 columns"),
            _ => wrong(number, message),
        })?;
        if let (Some(name), Some(sets)) = (name, self.sets)
            && let Ok(Some(at)) = self.place(sets.name)
        {
            if fields.len() <= at {
                fields.resize(at + 1, None);
            }
            fields[at].get_or_insert_with(|| name.to_owned());
        }
        let fields = fields.into_iter().map(Option::unwrap_or_default).collect();
        self.made.rows.push((number, fields));
        Ok(())
    }

    /// The column of that name; `None` where it is not kept.
    fn place(&mut self, header: &str) -> Result<Option<usize>, Fault> {
        if let Some(at) = self.places.get(header) {
            return Ok(*at);
        }
        if self.places.len() == COLUMN_LIMIT {
            return Err(Fault::TooDeep);
        }
        let at = (self.keeps)(header).then_some(self.made.headers.len());
        match at {
            Some(_) => self.made.headers.push(header.to_owned()),
            None => self.made.others.push(header.to_owned()),
        }
        self.places.insert(header.to_owned(), at);
        Ok(at)
    }
}

fn wrong(row: u64, message: &'static str) -> Wrong {
    Wrong { row, message }
}

/// A value as a field of a table has it.
fn written(value: Value<'_>) -> Result<String, Fault> {
    Ok(match value {
        Value::Null => String::new(),
        Value::Text(text) => unescaped(text)?.trim().to_owned(),
        Value::Plain(text) | Value::List(text) | Value::Object(text) => text.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETS: Sets<'static> = Sets { key: "data", name: "name" };

    fn shown(text: &str, sets: Option<Sets<'_>>) -> Result<String, Wrong> {
        let table = table(text, sets, &|name| name != "skipped")?;
        let rows = table.rows.iter().map(|(row, fields)| format!("{row}:{}", fields.join(",")));
        Ok(format!("{} | {}", table.headers.join(","), rows.collect::<Vec<_>>().join(" | ")))
    }

    #[test]
    fn records_stand_one_a_line_or_in_a_list() {
        let lines = "{\"a\":1.50,\"skipped\":{\"x\":1}}\n\n{\"b\":{\"c\":\" \\u00e4 \",\"d\":[1]},\"a\":null}\n";
        let expected =
            "a,skipped.x,b,b.c,b.d | 1:1.50,1,,, | 3:,,{\"c\":\" \\u00e4 \",\"d\":[1]},ä,[1]";
        assert_eq!(shown(lines, None).unwrap(), expected);
        let list = " [ {\"a\": 1},\n {\"a\": 2e-7, \"b\": true} ] ";
        assert_eq!(shown(list, None).unwrap(), "a,b | 1:1, | 2:2e-7,true");
        assert_eq!(shown("{\n \"a\": 1\n}", None).unwrap(), "a | 1:1");
        assert_eq!(shown("[]", None).unwrap(), " | ");
    }

    #[test]
    fn answers_have_sets_of_records_by_name() {
        let answer =
            r#"{"code":200,"data":[{"x":{"q":1},"y":{"name":"z","q":2}},null,{}, {"x":{"q":3}}]}"#;
        assert_eq!(shown(answer, Some(SETS)).unwrap(), "q,name | 1:1,x | 2:2,z | 3:3,x");
        let sets = r#"[{"x":{"q":1}},{"x":{"q":3}}]"#;
        assert_eq!(shown(sets, Some(SETS)).unwrap(), "q,name | 1:1,x | 2:3,x");
        let records = r#"[{"name":"x","q":1,"p":{"c":1}}]"#;
        assert_eq!(shown(records, Some(SETS)).unwrap(), "name,q,p,p.c | 1:x,1,{\"c\":1},1");
        assert_eq!(shown(r#"{"code":200,"data":null}"#, Some(SETS)).unwrap(), " | ");
    }

    #[test]
    fn what_is_no_table_is_told_with_its_place() {
        for (text, row, message) in [
            ("{\"a\":1}\n{\"a\":}", 2, "what follows is not JSON"),
            ("{\"a\":1}\n7", 2, "there is a value that is no object"),
            ("[{\"a\":1}, 7]", 2, "there is an item that is no object"),
            ("[{\"a\":1,\"a\":2}]", 1, "the record has a field twice"),
            (
                "[{\"a\":1},{\"a\":\"\\ud800\"}]",
                2,
                "the record holds half a character or an escape that JSON does not have",
            ),
            ("[{\"a\":1}", 1, "what follows is not JSON"),
        ] {
            assert_eq!(shown(text, None), Err(Wrong { row, message }), "{text}");
        }
    }
}
