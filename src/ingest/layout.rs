//! The heads of bills: of which format a file is, and what its map finds in its header. No row is
//! read for it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::diagnostics::{Code, Finding, Place, did_you_mean};
use crate::domain::Column;
use crate::rules::{ColumnMap, ColumnSource, FurtherCharge, InputRef, TagShape};

use super::charge::WantedText;
use super::csv::stream::{decoded, head_names, names_read};
use super::guard::guarded;
use super::open::{self, CsvStream, Kind};
use super::parquet::file::ParquetHead;
use super::source_file::SourceFile;
use super::values::header::{Absent, Finder, listed, no_bill, other_dataset};
use super::workbook::source::{open_workbook, wanted_of};

/// How a file is laid out, as its column map sees it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Layout {
    pub format: String,
    pub version: Option<String>,
    /// Columns that have a value in such a file, and where from, in the order of the map.
    pub mapped: Vec<(String, String)>,
    /// What further charges of its rows have otherwise, as `EffectiveCost of unused commitment`.
    pub further: Vec<(String, String)>,
    /// FOCUS columns that the map fills from headers which such a file does not have.
    pub absent: Vec<String>,
    /// Headers that nothing reads.
    pub ignored: Vec<String>,
}

/// The header of a file that can be read.
#[derive(Clone, Debug)]
pub struct Head {
    pub file: SourceFile,
    pub headers: Vec<String>,
}

/// Looks at the head of a file. `wanted` is what rules ask of it; `reader` is the program that
/// reads workbooks, as for a scan.
///
/// # Errors
/// What keeps the file from being read: its header could not be found, or lacks what is required.
pub fn head(
    file: &SourceFile,
    wanted: &[WantedText],
    reader: Option<&Path>,
) -> Result<Head, Vec<Finding>> {
    let headers = headers(file, &file.map, wanted, reader).map_err(|finding| vec![finding])?;
    let errors = Finder { map: &file.map, headers: &headers }.errors();
    if errors.is_empty() {
        return Ok(Head { file: file.clone(), headers });
    }
    let place = || Place::File(file.path.clone());
    Err(errors.into_iter().map(|error| error.at(place())).collect())
}

/// How a file with that head is laid out; `wanted` is what rules ask.
#[must_use]
pub fn layout(head: &Head, wanted: &[WantedText]) -> Layout {
    let file = &head.file;
    let finder = Finder { map: &file.map, headers: &head.headers };
    let is_mapped = |column: &Column| file.map.columns.contains_key(column);
    let absent = Column::ALL.iter().filter(|column| is_mapped(column) && !finder.has(**column));
    Layout {
        format: file.map.name.clone(),
        version: finder.version(),
        mapped: mapped(&finder),
        further: further(&finder),
        absent: absent.map(|column| column.name().to_owned()).collect(),
        ignored: finder.unread(wanted).into_iter().map(str::to_owned).collect(),
    }
}

/// What maps and rules read that none of these files has.
#[must_use]
pub fn read_nowhere(heads: &[Head], wanted: &[WantedText]) -> Vec<Finding> {
    let numbered = || heads.iter().enumerate().map(|(at, head)| (at, &head.file, &*head.headers));
    let absent = absent_everywhere(numbered()).into_iter().map(|(_, finding)| finding);
    absent.chain(asked_nowhere(numbered(), wanted)).collect()
}

/// What rules ask by the name of a header, or of a column beside FOCUS, and no file has.
pub(super) fn asked_nowhere<'f>(
    heads: impl Iterator<Item = (usize, &'f SourceFile, &'f [String])>,
    wanted: &[WantedText],
) -> Vec<Finding> {
    let heads: Vec<Finder<'_>> =
        heads.map(|(_, file, headers)| Finder { map: &file.map, headers }).collect();
    if heads.is_empty() {
        return Vec::new();
    }
    let name_of = |text: &'_ WantedText| match text {
        WantedText::Custom(name) => Some(name.clone()),
        WantedText::Column(_) | WantedText::Identity => None,
    };
    let is_here = |name: &String| heads.iter().any(|head| head.has_custom(name));
    let mut found = Vec::new();
    for name in wanted.iter().filter_map(name_of).filter(|name| !is_here(name)) {
        let known = heads.iter().flat_map(|head| {
            let custom = head.map.custom.iter().map(|(name, _)| name);
            head.headers.iter().chain(custom).map(String::as_str)
        });
        let help = match did_you_mean(&name, known) {
            Some(near) => format!("a file has `{near}`; is that the one?"),
            None => "mend the name in the rules, or take out what no file has".to_owned(),
        };
        let shown = if name.starts_with("x_") { name } else { format!("column.{name}") };
        let text = format!("rules ask `{shown}`, and no file has such a column");
        found.push(Finding::new(Code::AskedColumnMissing, text).help(help));
    }
    found
}

/// What maps of the project read from headers that none of their files has. `heads` are the files
/// that could be opened, with their headers; each finding stands with the first file of its map.
pub(super) fn absent_everywhere<'f>(
    heads: impl Iterator<Item = (usize, &'f SourceFile, &'f [String])>,
) -> Vec<(usize, Finding)> {
    let mut maps: BTreeMap<&str, (usize, BTreeMap<String, Absent>)> = BTreeMap::new();
    for (index, file, headers) in heads.filter(|(_, file, _)| !file.map.is_shipped()) {
        let absent = Finder { map: &file.map, headers }.absent();
        match maps.get_mut(file.map.path.as_str()) {
            None => {
                maps.insert(&file.map.path, (index, absent));
            }
            Some((_, known)) => known.retain(|what, _| absent.contains_key(what)),
        }
    }
    let report = |path: &str, what: &str, absent: &Absent| {
        let text = format!("no file has a header for the {what}: the map reads {}", absent.names);
        let help = format!("a file has a column `{}`; is that the one?", absent.near);
        let finding = Finding::new(Code::MappedColumnMissing, text).help(help);
        finding.at(Place::File(path.into()))
    };
    let mut found = Vec::new();
    for (path, (index, absent)) in &maps {
        found.extend(absent.iter().map(|(what, absent)| (*index, report(path, what, absent))));
    }
    found
}

/// The column map among `maps` that recognises a file by its header.
pub(super) fn recognise(
    file: &SourceFile,
    maps: &[Arc<ColumnMap>],
    reader: Option<&Path>,
) -> Result<Arc<ColumnMap>, Finding> {
    let mut fitting = Vec::new();
    let mut refusal = None;
    // The header of a workbook is found by what a map looks for; that of other files is the same for
    // all, and read once.
    let (_, kind) = open::open(&file.location, &file.path)?;
    let shared = if kind == Kind::Workbook { None } else { Some(shared_headers(file, maps)?) };
    for map in maps.iter().filter(|map| !map.recognition.any_of.is_empty()) {
        let found = match &shared {
            Some(headers) => Ok(headers.clone()),
            None => headers(file, map, &[], reader),
        };
        match found {
            Ok(headers) if map.recognition.fits(&headers) => fitting.push(map),
            Ok(_) => {}
            Err(finding) => refusal = Some(finding),
        }
    }
    match (fitting.as_slice(), refusal) {
        ([only], _) => Ok(Arc::clone(only)),
        ([], Some(finding)) => Err(finding),
        ([], None) => Err(known_as_other(file, maps, shared.as_deref())
            .unwrap_or_else(|| unclear(file, "no shipped format recognises the header", maps))),
        (several, _) => {
            let names: Vec<&str> = several.iter().map(|map| map.name.as_str()).collect();
            let text = format!("the header is one of several formats: {}", listed(&names));
            Err(unclear(file, &text, maps))
        }
    }
}

/// The file is known to one of the maps, and is no bill.
fn known_as_other(
    file: &SourceFile,
    maps: &[Arc<ColumnMap>],
    headers: Option<&[String]>,
) -> Option<Finding> {
    let dataset = maps.iter().find_map(|map| other_dataset(map, headers?))?;
    Some(no_bill(Code::FormatUnclear, dataset).at(Place::File(file.path.clone())))
}

fn unclear(file: &SourceFile, text: &str, maps: &[Arc<ColumnMap>]) -> Finding {
    let names: Vec<&str> = maps.iter().map(|map| map.name.as_str()).collect();
    let help = format!(
        "name the format of the source in place of `auto`: {}, or a column map of your own",
        listed(&names)
    );
    Finding::new(Code::FormatUnclear, text).help(help).at(Place::File(file.path.clone()))
}

/// The header of a file that is no workbook, whatever its map.
fn shared_headers(file: &SourceFile, maps: &[Arc<ColumnMap>]) -> Result<Vec<String>, Finding> {
    let recognised = maps.iter().flat_map(|map| map.recognition.any_of.iter().flatten());
    let names = maps.iter().flat_map(|map| names_read(map, &[]));
    let names = names.chain(recognised.cloned()).collect();
    placed(file, text_headers(file, names))
}

fn headers(
    file: &SourceFile,
    map: &ColumnMap,
    wanted: &[WantedText],
    reader: Option<&Path>,
) -> Result<Vec<String>, Finding> {
    if let Some(table) = &file.made {
        let head = decoded(CsvStream::made(table)).and_then(|mut text| open::csv_head(&mut text));
        return placed(file, head.map(|head| head.headers));
    }
    let (handle, kind) = open::open(&file.location, &file.path)?;
    if kind != Kind::Workbook {
        return placed(file, text_headers(file, names_read(map, wanted)));
    }
    let found = open_workbook(handle, &wanted_of(map, &file.place), reader);
    let headers = found.and_then(|mut sheet| open::csv_head(&mut sheet.text));
    placed(file, headers.map(|head| head.headers))
}

fn text_headers(file: &SourceFile, names: Vec<String>) -> Result<Vec<String>, Finding> {
    let (handle, kind) = open::open(&file.location, &file.path)?;
    if kind != Kind::Parquet {
        return head_names(handle, kind, names);
    }
    let broken = |reason: String| {
        let text = format!("the Parquet file does not hold together: {reason}");
        Finding::new(Code::BrokenFile, text).help("fetch the file again")
    };
    match guarded(|| ParquetHead::open(&handle)) {
        Some(Ok(head)) => Ok(head.headers()),
        Some(Err(error)) => Err(broken(error.to_string())),
        None => Err(broken("its footer contradicts itself".to_owned())),
    }
}

fn placed<T>(file: &SourceFile, found: Result<T, Finding>) -> Result<T, Finding> {
    found.map_err(|finding| match finding.place {
        None => finding.at(Place::File(file.path.clone())),
        Some(_) => finding,
    })
}

fn mapped(finder: &Finder<'_>) -> Vec<(String, String)> {
    let map = finder.map;
    let mut found = Vec::new();
    for column in Column::ALL.iter().filter(|column| **column != Column::Tags) {
        if let Some(source) = map.columns.get(column).filter(|_| finder.has(*column)) {
            found.extend(origin(finder, source).map(|from| (column.name().to_owned(), from)));
        }
    }
    found.extend(tags(finder).map(|from| (Column::Tags.name().to_owned(), from)));
    for (name, source) in &map.custom {
        found.extend(origin(finder, source).map(|from| (name.clone(), from)));
    }
    found
}

/// What further charges of the rows have otherwise than these, and where from.
fn further(finder: &Finder<'_>) -> Vec<(String, String)> {
    let of = |charge: &FurtherCharge| {
        let named = charge.columns.iter().filter_map(|(column, source)| {
            Some((format!("{} of {}", column.name(), charge.name), origin(finder, source)?))
        });
        named.collect::<Vec<_>>()
    };
    finder.map.further.iter().flat_map(of).collect()
}

/// Where a column's values come from in this file.
fn origin(finder: &Finder<'_>, source: &ColumnSource) -> Option<String> {
    let header = |at: usize| finder.headers[at].clone();
    match source {
        ColumnSource::Constant(text) => Some(format!("always `{text}`")),
        ColumnSource::Headers(names) => finder.first(names).map(header),
        ColumnSource::Derived(_) => {
            let mut from: Vec<String> = Vec::new();
            for reference in source.references() {
                let Some(at) = finder.position(reference.header()) else { continue };
                let name = match reference {
                    InputRef::Header(_) => header(at),
                    InputRef::Key { key, .. } => format!("{}.{key}", finder.headers[at]),
                };
                if !from.contains(&name) {
                    from.push(name);
                }
            }
            let is_nothing = from.is_empty();
            (!is_nothing).then(|| format!("derived from {}", from.join(", ")))
        }
    }
}

fn tags(finder: &Finder<'_>) -> Option<String> {
    let mut from: Vec<String> = Vec::new();
    for tags in &finder.map.tags {
        match &tags.shape {
            TagShape::Columns { prefix } => {
                let keyed = finder.headers.iter().filter_map(|h| Finder::tag_key(h, prefix));
                match keyed.count() {
                    0 => {}
                    1 => from.push(format!("1 column `{prefix}…`")),
                    count => from.push(format!("{count} columns `{prefix}…`")),
                }
            }
            _ => from.extend(finder.first(&tags.columns).map(|at| finder.headers[at].clone())),
        }
    }
    (!from.is_empty()).then(|| from.join(", "))
}
