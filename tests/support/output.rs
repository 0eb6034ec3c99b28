//! What a run published.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::exact::{Exact, exact};

/// A line of a table, by column.
pub(crate) type Row = BTreeMap<String, String>;

/// The files of a month, by their path below its folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Output {
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

impl Output {
    /// Reads a folder and all below it.
    pub(crate) fn read(folder: &Path) -> Self {
        let mut files = BTreeMap::new();
        gather(folder, "", &mut files);
        Self { files }
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        let bytes = self.files.get(name).unwrap_or_else(|| panic!("{name} is not published"));
        std::str::from_utf8(bytes).expect("published files are UTF-8")
    }

    /// The lines of a table; each has a value in every column.
    pub(crate) fn table(&self, name: &str) -> Vec<Row> {
        let mut reader = csv::Reader::from_reader(self.text(name).as_bytes());
        let rows = reader.deserialize().map(|row| row.expect("a table is well-formed"));
        rows.collect()
    }

    /// The columns of a table.
    pub(crate) fn columns(&self, name: &str) -> Vec<String> {
        let mut reader = csv::Reader::from_reader(self.text(name).as_bytes());
        let header = reader.headers().expect("a table has a header");
        header.iter().map(str::to_owned).collect()
    }

    pub(crate) fn json(&self, name: &str) -> Value {
        serde_json::from_str(self.text(name)).expect("a document is well-formed")
    }

    pub(crate) fn run(&self) -> Value {
        self.json("run.json")
    }

    /// The findings of a code: message, place and count of each.
    pub(crate) fn findings(&self, code: &str) -> Vec<(String, String, u64)> {
        let run = self.run();
        let all = run["findings"].as_array().expect("run.json lists findings");
        let of_code = all.iter().filter(|finding| finding["code"] == code);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        of_code
            .map(|f| (text(&f["message"]), text(&f["place"]), f["count"].as_u64().unwrap_or(0)))
            .collect()
    }

    /// The codes of all findings, each once.
    pub(crate) fn codes(&self) -> Vec<String> {
        let run = self.run();
        let all = run["findings"].as_array().expect("run.json lists findings");
        let mut codes: Vec<String> =
            all.iter().filter_map(|finding| finding["code"].as_str()).map(str::to_owned).collect();
        codes.sort();
        codes.dedup();
        codes
    }

    /// The account of a bill in run.json.
    pub(crate) fn account(&self, path: &str) -> Value {
        let run = self.run();
        let sources = run["sources"].as_array().cloned().unwrap_or_default();
        let mut files = sources.iter().filter_map(|source| source["files"].as_array()).flatten();
        let found = files.find(|file| file["path"] == path).cloned();
        found.unwrap_or_else(|| panic!("run.json knows no file {path}"))
    }
}

fn gather(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = entry.expect("an entry of a folder").path();
        let own = path.file_name().expect("an entry has a name").to_string_lossy().into_owned();
        let name = format!("{prefix}{own}");
        if path.is_dir() {
            gather(&path, &format!("{name}/"), files);
        } else {
            files.insert(name, fs::read(&path).expect("a published file can be read"));
        }
    }
}

/// The sum of a column over the lines that are asked for.
pub(crate) fn sum(rows: &[Row], column: &str, wanted: impl Fn(&Row) -> bool) -> Exact {
    let asked = rows.iter().filter(|row| wanted(row));
    asked.map(|row| exact(&row[column])).fold(exact("0"), |sum, amount| sum + amount)
}
