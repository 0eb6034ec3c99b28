//! A provider's manifest: the document that says which files belong to a delivery, as the column
//! map's [`ManifestShape`] describes it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use serde_json::Value;

use crate::diagnostics::{Code, Finding, Place};
use crate::domain::Period;
use crate::rules::{ColumnMap, ManifestExample, ManifestShape, fill_period};

use super::discover::sha256_hex;

/// Bytes that a manifest may have.
const LIMIT: u64 = 16 << 20;

/// Bytes that the name of a file may have.
const NAME_LIMIT: usize = 4096;

/// Characters of a count that is none that are shown.
const COUNT_SHOWN: usize = 40;

/// What a manifest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ingest) struct Manifest {
    /// Relative to the project, with `/`.
    pub(in crate::ingest) path: String,
    pub(in crate::ingest) sha256: String,
    pub(in crate::ingest) id: Option<String>,
    /// UTC.
    pub(super) made_at: Option<NaiveDateTime>,
    /// First and last day of what is delivered, the last as the provider counts it.
    pub(in crate::ingest) range: Option<(NaiveDate, NaiveDate)>,
    /// What tells its export from others.
    pub(super) series: Vec<String>,
    /// In the order of the document.
    pub(in crate::ingest) files: Vec<NamedFile>,
}

/// A file that a manifest names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::ingest) struct NamedFile {
    /// As the provider names it: a key in a bucket, a URL or a file name.
    pub(in crate::ingest) name: String,
    pub(in crate::ingest) rows: Option<u64>,
    pub(in crate::ingest) bytes: Option<u64>,
}

/// Reads a manifest from disk. Exports of different ages may call theirs the same: of several
/// shapes that is the one under which the document names files.
///
/// # Errors
/// [`Code::UnreadableFile`], or [`Code::BrokenFile`] where it is not what its shape says.
pub(in crate::ingest) fn read(
    location: &Path,
    path: &str,
    shapes: &[&ManifestShape],
) -> Result<Manifest, Finding> {
    let at = |finding: Finding| finding.at(Place::File(path.into()));
    let bytes = bytes_of(location).map_err(|error| {
        at(Finding::new(Code::UnreadableFile, format!("the manifest cannot be read: {error}"))
            .help("check that it is a regular file and may be read"))
    })?;
    parse_as_any(&bytes, path, shapes).map_err(|why| {
        at(Finding::new(Code::BrokenFile, format!("the manifest {why}"))
            .help("fetch the delivery again; without its manifest it cannot be known to be whole"))
    })
}

fn bytes_of(location: &Path) -> io::Result<Vec<u8>> {
    let found = location.metadata()?;
    if !found.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    if found.len() > LIMIT {
        return Err(io::Error::other(format!("it has more than {} MiB", LIMIT >> 20)));
    }
    let mut bytes = Vec::new();
    File::open(location)?.take(LIMIT + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What the document says; why it says nothing, as the end of a sentence.
fn parse_as_any(bytes: &[u8], path: &str, shapes: &[&ManifestShape]) -> Result<Manifest, String> {
    let document = document(bytes)?;
    let names_files = |shape: &&&ManifestShape| file_names(&document, shape).is_ok();
    let fitting = shapes.iter().find(names_files).or(shapes.first());
    let shape = fitting.ok_or("is of no known shape")?;
    understood(&document, bytes, path, shape)
}

fn document(bytes: &[u8]) -> Result<Value, String> {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    serde_json::from_slice(text).map_err(|error| format!("is not JSON: {error}"))
}

fn parse(bytes: &[u8], path: &str, shape: &ManifestShape) -> Result<Manifest, String> {
    parse_as_any(bytes, path, &[shape])
}

fn understood(
    document: &Value,
    bytes: &[u8],
    path: &str,
    shape: &ManifestShape,
) -> Result<Manifest, String> {
    let files = named_files(document, shape)?;
    let one = |path: &Option<Vec<String>>| path.as_ref().and_then(|path| text_at(document, path));
    let made_at = match one(&shape.made_at) {
        None => None,
        Some(text) => {
            Some(moment(&text).ok_or_else(|| format!("was made at `{text}`, which is no time"))?)
        }
    };
    let mut series: Vec<String> =
        shape.series.iter().map(|path| text_at(document, path).unwrap_or_default()).collect();
    let first = &files[0].name;
    let in_path = shape.period_in_path.iter().find_map(|pattern| month_in(first, pattern));
    if let Some((before, _)) = &in_path {
        series.push(before.clone());
    }
    let (start, end) = (one(&shape.period_start), one(&shape.period_end));
    let range = match (start, end) {
        (Some(start), end) => Some(told_range(&start, end.as_deref())?),
        (None, _) => in_path.map(|(_, month)| (month.first(), month.last())),
    };
    let (path, sha256) = (path.to_owned(), sha256_hex(bytes));
    Ok(Manifest { path, sha256, id: one(&shape.id), made_at, range, series, files })
}

fn file_names(document: &Value, shape: &ManifestShape) -> Result<Vec<String>, String> {
    let path = shape.files.join(".");
    let names = values_at(document, &shape.files);
    let names: Vec<String> = names.into_iter().filter_map(|name| text_of(name?)).collect();
    if names.is_empty() {
        return Err(format!("names no file under `{path}`"));
    }
    if names.iter().any(|name| name.len() > NAME_LIMIT) {
        return Err(format!("names a file by more than {NAME_LIMIT} bytes"));
    }
    Ok(names)
}

fn named_files(document: &Value, shape: &ManifestShape) -> Result<Vec<NamedFile>, String> {
    let names = file_names(document, shape)?;
    let counts = |path: &Option<Vec<String>>| -> Result<Vec<Option<u64>>, String> {
        let Some(path) = path else { return Ok(vec![None; names.len()]) };
        let found = values_at(document, path);
        if found.iter().all(Option::is_none) {
            return Ok(vec![None; names.len()]);
        }
        if found.len() != names.len() {
            return Err(format!("has {} of `{}`, not one a file", found.len(), path.join(".")));
        }
        found.into_iter().map(|value| value.map(|value| count(value, path)).transpose()).collect()
    };
    let counts = counts(&shape.rows)?.into_iter().zip(counts(&shape.bytes)?);
    let named = names.iter().cloned().zip(counts);
    Ok(named.map(|(name, (rows, bytes))| NamedFile { name, rows, bytes }).collect())
}

/// A count of rows or bytes, as a number or as text. One that cannot be read is no manifest: what it
/// would check is not checked otherwise.
fn count(value: &Value, path: &[String]) -> Result<u64, String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    };
    let whole = text.strip_suffix(".0").unwrap_or(&text);
    let digits = Some(whole).filter(|whole| whole.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| {
        let shown: String = text.chars().take(COUNT_SHOWN).collect();
        format!("has `{shown}` as `{}`, which is no count", path.join("."))
    })
}

/// The values at the end of a path, one per item of the lists on the way; `None` where an item
/// lacks it, so that several paths through one list go side by side.
fn values_at<'v>(value: &'v Value, path: &[String]) -> Vec<Option<&'v Value>> {
    match (value, path.split_first()) {
        (Value::Array(items), _) => items.iter().flat_map(|item| values_at(item, path)).collect(),
        (Value::Null, None) => vec![None],
        (value, None) => vec![Some(value)],
        (Value::Object(fields), Some((step, rest))) => match fields.get(step) {
            Some(field) => values_at(field, rest),
            None => vec![None],
        },
        _ => vec![None],
    }
}

fn text_at(document: &Value, path: &[String]) -> Option<String> {
    values_at(document, path).into_iter().flatten().find_map(text_of)
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A point in time as providers write it; without a zone it is UTC.
fn moment(text: &str) -> Option<NaiveDateTime> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.naive_utc());
    }
    let text = text.strip_suffix('Z').unwrap_or(text);
    let spellings = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y%m%dT%H%M%S%.f"];
    let times = spellings.iter().map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    times.chain([day(text).and_then(|day| day.and_hms_opt(0, 0, 0))]).flatten().next()
}

/// The day that a time begins with.
fn day(text: &str) -> Option<NaiveDate> {
    let dashed = text.get(..10).and_then(|day| NaiveDate::parse_from_str(day, "%Y-%m-%d").ok());
    dashed.or_else(|| NaiveDate::parse_from_str(text.get(..8)?, "%Y%m%d").ok())
}

fn told_range(start: &str, end: Option<&str>) -> Result<(NaiveDate, NaiveDate), String> {
    let read = |text: &str| day(text).ok_or_else(|| format!("has `{text}` where a day should be"));
    let start = read(start)?;
    let end = match end {
        Some(end) => read(end)?,
        None => Period::of(start).last(),
    };
    if end < start {
        return Err(format!("covers a period that ends on {end}, before it begins on {start}"));
    }
    Ok((start, end))
}

/// The month that a name holds where the pattern has its placeholders, whatever the case, and what
/// stands before it.
fn month_in(name: &str, pattern: &str) -> Option<(String, Period)> {
    let lower = name.to_lowercase();
    let numbers = lower.match_indices(|c: char| c.is_ascii_digit()).map(|(at, _)| at);
    let months = numbers.filter_map(|at| {
        let text = lower.get(at..)?;
        let dashed = text.get(..7).and_then(|text| text.parse::<Period>().ok());
        dashed
            .or_else(|| Some(Period::of(NaiveDate::parse_from_str(text.get(..8)?, "%Y%m%d").ok()?)))
    });
    let found = months.filter_map(|month| {
        let text = fill_period(pattern, Some(month)).to_lowercase();
        Some((lower.find(&text)?, month))
    });
    let (at, month) = found.min()?;
    Some((lower[..at].to_owned(), month))
}

/// Runs the examples that the manifests of a column map carry; what fails becomes a finding.
#[must_use]
pub fn run_manifest_examples(map: &ColumnMap, path: &str) -> Vec<Finding> {
    let examples = map
        .manifests
        .iter()
        .flat_map(|shape| shape.examples.iter().flat_map(move |example| faults(shape, example)));
    examples
        .map(|(line, fault)| {
            let text = format!("the example of a manifest in line {line} fails: {fault}");
            Finding::new(Code::RuleTestFailed, text).at(Place::File(path.into()))
        })
        .collect()
}

fn faults(shape: &ManifestShape, example: &ManifestExample) -> Vec<(u32, String)> {
    let manifest = match parse(example.given.as_bytes(), "example", shape) {
        Ok(manifest) => manifest,
        Err(why) => return vec![(example.line, format!("it {why}"))],
    };
    let wrong = example.expect.iter().filter_map(|(name, expected)| {
        let found = told(&manifest, name);
        let fault =
            format!("expected {name} `{}`, found `{}`", expected.join(", "), found.join(", "));
        (found != *expected).then_some((example.line, fault))
    });
    wrong.collect()
}

/// What a manifest says under a name, as text.
fn told(manifest: &Manifest, name: &str) -> Vec<String> {
    let numbers = |of: fn(&NamedFile) -> Option<u64>| {
        manifest.files.iter().filter_map(of).map(|number| number.to_string()).collect()
    };
    match name {
        "files" => manifest.files.iter().map(|file| file.name.clone()).collect(),
        "rows" => numbers(|file| file.rows),
        "bytes" => numbers(|file| file.bytes),
        "id" => manifest.id.iter().cloned().collect(),
        "made_at" => manifest
            .made_at
            .iter()
            .map(|time| time.format("%Y-%m-%dT%H:%M:%S%.fZ").to_string())
            .collect(),
        "period_start" => manifest.range.iter().map(|range| range.0.to_string()).collect(),
        _ => manifest.range.iter().map(|range| range.1.to_string()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(yaml: &str) -> ManifestShape {
        let columns = "BilledCost: c\nEffectiveCost: c\nBillingCurrency: c\nBillingPeriodStart: c\nChargePeriodStart: c\nChargeCategory: c";
        let columns = columns.replace('\n', ", ");
        let text =
            format!("format: f\ntitle: F\ncolumns: {{ {columns} }}\nmanifest: {{ {yaml} }}\n");
        let map = ColumnMap::parse("map.yaml", &text).unwrap();
        map.manifests.into_iter().next().unwrap()
    }

    fn read_as(yaml: &str, json: &str) -> Result<Manifest, String> {
        parse(json.as_bytes(), "m.json", &shape(yaml))
    }

    const AZURE: &str = "file: manifest.json, files: blobs.blobName, rows: blobs.dataRowCount, \
        bytes: blobs.byteCount, id: runInfo.runId, made_at: runInfo.submittedTime, \
        period_start: runInfo.startDate, period_end: runInfo.endDate, series: exportConfig.exportName";

    #[test]
    fn of_two_shapes_of_one_name_the_one_that_names_files_is_read() {
        let [older, newer] =
            ["file: '*.json', files: reportKeys", "file: '*.json', files: dataFiles"];
        let (older, newer) = (shape(older), shape(newer));
        for (json, named) in
            [("{\"reportKeys\":[\"a\"]}", "a"), ("{\"reportKeys\":[],\"dataFiles\":[\"b\"]}", "b")]
        {
            let manifest = parse_as_any(json.as_bytes(), "m.json", &[&older, &newer]).unwrap();
            assert_eq!(manifest.files[0].name, named);
        }
        let why = parse_as_any(b"{}", "m.json", &[&older, &newer]).unwrap_err();
        assert_eq!(why, "names no file under `reportKeys`");
    }

    #[test]
    fn items_of_a_list_keep_their_counts() {
        let found = read_as(
            AZURE,
            r#"{"blobs":[{"blobName":"a.csv","byteCount":7},{"blobName":"b.csv","dataRowCount":3}],
                "runInfo":{"runId":"r","submittedTime":"2026-11-02T03:04:05.1234567Z",
                           "startDate":"2026-10-01T00:00:00","endDate":"2026-10-31T00:00:00"},
                "exportConfig":{"exportName":"daily"}}"#,
        );
        let found = found.unwrap();
        let files: Vec<_> =
            found.files.iter().map(|file| (file.name.as_str(), file.rows, file.bytes)).collect();
        assert_eq!(files, [("a.csv", None, Some(7)), ("b.csv", Some(3), None)]);
        assert_eq!(told(&found, "made_at"), ["2026-11-02T03:04:05.123456700Z"]);
        assert_eq!(told(&found, "period_start"), ["2026-10-01"]);
        assert_eq!(told(&found, "period_end"), ["2026-10-31"]);
        assert_eq!(found.series, ["daily"]);
    }

    #[test]
    fn counts_are_read_however_they_are_written_or_refused() {
        let read = |count: &str| {
            let json = format!("{{\"blobs\":[{{\"blobName\":\"a\",\"dataRowCount\":{count}}}]}}");
            read_as(AZURE, &json).map(|manifest| manifest.files[0].rows)
        };
        for (count, rows) in [
            ("300", Some(300)),
            ("\" 300\"", Some(300)),
            ("300.0", Some(300)),
            ("3e2", Some(300)),
            ("\"300.0\"", Some(300)),
            ("18446744073709551615", Some(u64::MAX)),
            ("null", None),
        ] {
            assert_eq!(read(count), Ok(rows), "{count}");
        }
        for count in ["-5", "1e30", "300.5", "\"\"", "\"many\"", "\"+3\"", "true", "{}", "1e20"] {
            let why = read(count).unwrap_err();
            assert!(why.ends_with("as `blobs.dataRowCount`, which is no count"), "{count}: {why}");
        }
        let [older, newer] = [
            shape("file: '*.json', files: keys, rows: rows"),
            shape("file: '*.json', files: parts.name, rows: parts.rows"),
        ];
        let json = "{\"parts\":[{\"name\":\"a\",\"rows\":-1}]}";
        let why = parse_as_any(json.as_bytes(), "m.json", &[&older, &newer]).unwrap_err();
        assert_eq!(why, "has `-1` as `parts.rows`, which is no count");
    }

    #[test]
    fn a_month_in_the_name_of_a_file_is_the_period() {
        let yaml = "file: m.json, files: dataFiles, period_in_path: [ 'BILLING_PERIOD={period}', '{period_first}-{period_next}' ]";
        let of = |name: &str| {
            let json = format!("{{\"dataFiles\": [\"{name}\"]}}");
            let found = read_as(yaml, &json).unwrap();
            (told(&found, "period_start").concat(), found.series.concat())
        };
        let export = of("s3://b/2020-01/x/data/billing_period=2026-10/x-1.csv.gz");
        assert_eq!(export, ("2026-10-01".into(), "s3://b/2020-01/x/data/".into()));
        let report = of("p/r/20261001-20261101/0f/r-1.csv.gz");
        assert_eq!(report, ("2026-10-01".into(), "p/r/".into()));
        assert_eq!(of("p/20261001/x.csv"), (String::new(), String::new()));
    }

    #[test]
    fn what_is_no_manifest_says_why() {
        for (json, why) in [
            ("{", "is not JSON"),
            ("[]", "names no file under `blobs.blobName`"),
            ("{\"blobs\":[]}", "names no file"),
            ("{\"blobs\":[{\"blobName\":\" \"}]}", "names no file"),
            (
                &format!("{{\"blobs\":[{{\"blobName\":\"{}\"}}]}}", "1".repeat(5000)),
                "than 4096 bytes",
            ),
            ("{\"blobs\":[{\"blobName\":\"a\"}],\"runInfo\":{\"startDate\":\"May\"}}", "`May`"),
            (
                "{\"blobs\":[{\"blobName\":\"a\"}],\"runInfo\":{\"submittedTime\":\"noon\"}}",
                "which is no time",
            ),
            (
                "{\"blobs\":[{\"blobName\":\"a\"}],\"runInfo\":{\"startDate\":\"20261002\",\"endDate\":\"20261001\"}}",
                "before it begins",
            ),
        ] {
            let found = read_as(AZURE, json).unwrap_err();
            assert!(found.contains(why), "{json}: {found}");
        }
    }
}
