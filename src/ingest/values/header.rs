//! The header of a file: where a map's names are in it, and what is odd about it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::OnceLock;

use crate::diagnostics::{Code, Finding, did_you_mean};
use crate::domain::Column;
use crate::rules::{
    Case, ColumnMap, ColumnSource, Dataset, DerivedFrom, FocusVersion, InputRef, Recognition,
    TagShape, Term, shipped,
};

use super::valuation::Input;
use crate::ingest::charge::WantedText;

/// Names that a finding lists before it counts the rest.
const SHOWN: usize = 20;

/// The headers that a map looks for and a file has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ingest) struct Absent {
    pub(in crate::ingest) names: String,
    /// A header of the file that may be meant.
    pub(in crate::ingest) near: String,
}

/// A format that costbook brings along, and how its files are known.
#[derive(Debug)]
struct Known {
    name: String,
    title: String,
    by: Recognition,
}

/// A map beside a header.
#[derive(Clone, Copy)]
pub(in crate::ingest) struct Finder<'a> {
    pub(in crate::ingest) map: &'a ColumnMap,
    pub(in crate::ingest) headers: &'a [String],
}

impl<'a> Finder<'a> {
    pub(in crate::ingest) fn position(&self, name: &str) -> Option<usize> {
        let exact = self.headers.iter().position(|header| header == name);
        exact.or_else(|| self.headers.iter().position(|header| header.eq_ignore_ascii_case(name)))
    }

    /// The first of these that the file has.
    pub(in crate::ingest) fn first(&self, names: &[String]) -> Option<usize> {
        names.iter().find_map(|name| self.position(name))
    }

    pub(in crate::ingest) fn input(&self, refs: &[InputRef]) -> Input {
        let found = |reference: &InputRef| {
            let at = self.position(reference.header())?;
            Some(match reference {
                InputRef::Header(_) => Input::At(at),
                InputRef::Key { key, .. } => Input::Key(at, key.clone()),
            })
        };
        refs.iter().find_map(found).unwrap_or(Input::Missing)
    }

    fn has_any(&self, refs: &[InputRef]) -> bool {
        refs.iter().any(|reference| self.position(reference.header()).is_some())
    }

    /// Whether a column can have a value in this file. Of one that is derived, what the rest comes
    /// from must be there: a sum without its first term is another sum.
    pub(in crate::ingest) fn has(&self, column: Column) -> bool {
        match self.map.columns.get(&column) {
            None => false,
            Some(ColumnSource::Constant(_)) => true,
            Some(ColumnSource::Headers(names)) => self.first(names).is_some(),
            Some(ColumnSource::Derived(cases)) => {
                let rest: Vec<&Case> = cases.iter().filter(|case| case.when.is_none()).collect();
                let asked = if rest.is_empty() { cases.iter().collect() } else { rest };
                asked.into_iter().any(|case| match &case.value.from {
                    DerivedFrom::Constant(_) => true,
                    DerivedFrom::Input(refs) => self.has_any(refs),
                    DerivedFrom::Sum { plus, minus, .. } => {
                        let first = plus.first().or(minus.first());
                        first.is_some_and(|term| self.has_any(term.references()))
                    }
                })
            }
        }
    }

    /// Whether rules find a column beside FOCUS here: what the map makes of it, else the header of
    /// that name.
    pub(in crate::ingest) fn has_custom(&self, name: &str) -> bool {
        match self.map.custom(name) {
            Some(ColumnSource::Constant(_)) => true,
            Some(ColumnSource::Headers(names)) => self.first(names).is_some(),
            Some(source) => source.references().iter().any(|r| self.position(r.header()).is_some()),
            None => self.position(name).is_some(),
        }
    }

    /// The key of the tag that a header stands for, of a shape with a column per tag. A backslash in
    /// the header does not count: one provider's exports have a stray one.
    pub(in crate::ingest) fn tag_key(header: &str, prefix: &str) -> Option<String> {
        let header = header.replace('\\', "");
        let (head, key) = header.split_at_checked(prefix.len())?;
        (head.eq_ignore_ascii_case(prefix) && !key.is_empty()).then(|| key.to_owned())
    }

    /// Columns and inputs of the map that have no header in this file: what they are called, and how
    /// the map names them.
    pub(in crate::ingest) fn absent(&self) -> BTreeMap<String, Absent> {
        let mut absent = BTreeMap::new();
        let map = self.map;
        // What only some versions of the format have is not missed.
        let is_optional =
            |column: &Column| map.versions.iter().any(|version| version.columns.contains(column));
        let focus = map.columns.iter().filter(|(column, _)| !is_optional(column));
        let focus = focus.map(|(column, source)| (column.name(), source));
        let custom = map.custom.iter().map(|(name, source)| (name.as_str(), source));
        let unread = self.unread(&[]);
        for (name, source) in focus.chain(custom) {
            let refs = source.references().into_iter().map(InputRef::header);
            let names: Vec<&str> =
                source.headers().iter().map(String::as_str).chain(refs).collect();
            self.note_absent(format!("column {name}"), &names, &unread, &mut absent);
        }
        for (name, refs) in &map.inputs {
            let names: Vec<&str> = refs.iter().map(InputRef::header).collect();
            // What a column reads was told by the column's name.
            let is_told = |known: &Absent| known.names == listed(&names);
            if !absent.values().any(is_told) {
                self.note_absent(format!("input `{name}`"), &names, &unread, &mut absent);
            }
        }
        absent
    }

    /// Notes what has no header here but nearly has: providers leave columns out that would be empty,
    /// and names of other ages and agreements are never all there, so that absence alone says nothing.
    fn note_absent(
        &self,
        what: String,
        names: &[&str],
        unread: &[&str],
        absent: &mut BTreeMap<String, Absent>,
    ) {
        if names.is_empty() || names.iter().any(|name| self.position(name).is_some()) {
            return;
        }
        let near = names.iter().find_map(|name| did_you_mean(name, unread));
        if let Some(near) = near {
            absent.insert(what, Absent { names: listed(names), near });
        }
    }

    /// What makes the file unreadable.
    pub(in crate::ingest) fn errors(&self) -> Vec<Finding> {
        let mut errors = self.duplicates();
        errors.extend(self.ambiguous());
        errors.extend(self.missing());
        errors
    }

    fn duplicates(&self) -> Vec<Finding> {
        let mut names: Vec<&String> = self.headers.iter().filter(|n| !n.is_empty()).collect();
        names.sort_unstable();
        let mut twice: Vec<&String> =
            names.windows(2).filter(|w| w[0] == w[1]).map(|w| w[0]).collect();
        twice.dedup();
        let report = |name: &String| {
            let text = format!("the column `{name}` stands twice in the header");
            Finding::new(Code::DuplicateColumn, text)
                .help("remove or rename one of the two in the export")
        };
        twice.into_iter().map(report).collect()
    }

    /// Columns that are read by a name which two headers have but for case.
    fn ambiguous(&self) -> Vec<Finding> {
        let read: BTreeSet<usize> =
            self.names_read().filter_map(|name| self.position(name)).collect();
        let headers_of = |index: usize| {
            let name = &self.headers[index];
            let same = self.headers.iter().filter(|header| header.eq_ignore_ascii_case(name));
            same.cloned().collect::<Vec<_>>()
        };
        read.into_iter()
            .map(headers_of)
            .filter(|names| names.len() > 1 && names.windows(2).any(|pair| pair[0] != pair[1]))
            .map(|names| {
                let text = format!("the columns `{}` differ in case only", names.join("`, `"));
                Finding::new(Code::DuplicateColumn, text)
                    .help("remove or rename one of them in the export")
            })
            .collect()
    }

    /// Required columns without a header; those that are read from the same headers are told
    /// together.
    fn missing(&self) -> Vec<Finding> {
        let absent = |column: &&Column| !self.has(**column);
        let mut groups: Vec<(Vec<&str>, Vec<&str>)> = Vec::new();
        for column in self.map.required.iter().filter(absent) {
            let names = self.map.columns.get(column).map(needed).unwrap_or_default();
            match groups.iter_mut().find(|(known, _)| !names.is_empty() && *known == names) {
                Some((_, columns)) => columns.push(column.name()),
                None => groups.push((names, vec![column.name()])),
            }
        }
        match other_dataset(self.map, self.headers) {
            Some(other) if !groups.is_empty() => vec![no_bill(Code::ColumnMissing, other)],
            _ if groups.is_empty() => Vec::new(),
            _ => match self.known_as().as_slice() {
                [] => {
                    groups.iter().map(|(names, columns)| self.no_column(names, columns)).collect()
                }
                formats => vec![self.of_another_format(formats, &groups)],
            },
        }
    }

    /// Other formats that costbook brings along and that know the header for theirs.
    fn known_as(&self) -> Vec<&'static Known> {
        static SHIPPED: OnceLock<Vec<Known>> = OnceLock::new();
        let known = SHIPPED.get_or_init(|| {
            let texts = shipped::column_map_names().filter_map(shipped::column_map);
            let maps = texts.filter_map(|(path, text)| ColumnMap::parse(path, text).ok());
            maps.map(|map| Known { name: map.name, title: map.title, by: map.recognition })
                .collect()
        });
        let fits = |known: &&Known| known.name != self.map.name && known.by.fits(self.headers);
        known.iter().filter(fits).collect()
    }

    /// One finding for all columns that a file of another format lacks.
    fn of_another_format(&self, formats: &[&Known], groups: &[(Vec<&str>, Vec<&str>)]) -> Finding {
        let titles: Vec<String> =
            formats.iter().map(|known| format!("`{}` ({})", known.name, known.title)).collect();
        let columns: Vec<&str> = groups.iter().flat_map(|(_, columns)| columns).copied().collect();
        let text = format!(
            "the header is that of format {}, and the file is read as `{}`, which has no column for {} here",
            titles.join(" or "),
            self.map.name,
            columns.join(", ")
        );
        let names: Vec<&str> = formats.iter().map(|known| known.name.as_str()).collect();
        Finding::new(Code::ColumnMissing, text).help(format!(
            "give such files a source with `format: {}`, or `format: auto`",
            names.join("` or `format: ")
        ))
    }

    fn no_column(&self, names: &[&str], columns: &[&str]) -> Finding {
        let read: BTreeSet<String> = self.names_read().map(str::to_ascii_lowercase).collect();
        let headers = self.headers.iter().map(String::as_str);
        let left: Vec<&str> =
            headers.filter(|header| !read.contains(&header.to_ascii_lowercase())).collect();
        let near = names.iter().chain(columns).find_map(|name| did_you_mean(name, &left));
        let from = if names.is_empty() { columns } else { names };
        let mut help = format!("the column map `{}` reads it from {}", self.map.name, listed(from));
        if let Some(near) = near {
            let _ = write!(help, "; the file has a column `{near}`; is that the one?");
        }
        let text = format!("there is no column for {}", columns.join(" and "));
        Finding::new(Code::ColumnMissing, text).help(help)
    }

    pub(in crate::ingest) fn version(&self) -> Option<String> {
        // By the column's first name: an older version may carry the value under another one.
        let here = |column: &Column| {
            let headers = self.map.columns.get(column).map(ColumnSource::headers);
            headers.and_then(<[String]>::first).is_some_and(|name| self.position(name).is_some())
        };
        let fits = |v: &&FocusVersion| v.markers.is_empty() || v.markers.iter().any(here);
        self.map.versions.iter().find(fits).map(|v| v.version.clone())
    }

    /// All header names that the map knows.
    fn names_read(&self) -> impl Iterator<Item = &'a str> {
        let map = self.map;
        let plain = map.sources().flat_map(ColumnSource::headers);
        let tags = map.tags.iter().filter(|tags| !matches!(tags.shape, TagShape::Columns { .. }));
        let tags = tags.flat_map(|tags| &tags.columns);
        let plain = plain.chain(tags).map(String::as_str);
        plain.chain(map.references().map(InputRef::header))
    }

    /// Columns that are neither mapped, nor tags, nor custom by FOCUS' own naming, nor asked for.
    pub(in crate::ingest) fn unread(&self, wanted: &[WantedText]) -> Vec<&'a str> {
        let known: BTreeSet<String> = self.names_read().map(str::to_ascii_lowercase).collect();
        let asked = |header: &str| {
            wanted.iter().any(|text| {
                matches!(text, WantedText::Custom(name) if name.eq_ignore_ascii_case(header))
            })
        };
        let custom = |header: &str| header.starts_with("x_") || self.is_tag(header);
        let headers = self.headers.iter().map(String::as_str);
        headers
            .filter(|header| {
                !known.contains(&header.to_ascii_lowercase()) && !asked(header) && !custom(header)
            })
            .collect()
    }

    fn is_tag(&self, header: &str) -> bool {
        self.map.tags.iter().any(|tags| match &tags.shape {
            TagShape::Columns { prefix } => Self::tag_key(header, prefix).is_some(),
            _ => false,
        })
    }

    /// Whether the map says that the format has this header, though nothing reads it.
    fn is_known(&self, header: &str) -> bool {
        self.map.known.iter().any(|known| match known.strip_suffix('*') {
            Some(begin) => {
                header.get(..begin.len()).is_some_and(|head| head.eq_ignore_ascii_case(begin))
            }
            None => header.eq_ignore_ascii_case(known),
        })
    }

    pub(in crate::ingest) fn unknown_columns(&self, wanted: &[WantedText]) -> Option<Finding> {
        let mut unread = self.unread(wanted);
        unread.retain(|header| !self.is_known(header));
        let count = u64::try_from(unread.len()).unwrap_or(u64::MAX);
        (count > 0).then(|| {
            let text = format!("columns that are not read: {}", listed(&unread));
            Finding::new(Code::UnknownColumn, text).count(count)
        })
    }

    pub(super) fn absent_columns(&self, version: Option<&str>) -> Option<Finding> {
        let version = self.map.versions.iter().find(|v| Some(v.version.as_str()) == version)?;
        let absent = |column: &&Column| !self.has(**column);
        let names: Vec<&str> = version.columns.iter().filter(absent).map(|c| c.name()).collect();
        (!names.is_empty()).then(|| {
            let text = format!(
                "{} {} has columns that the file lacks: {}",
                self.map.title,
                version.version,
                listed(&names)
            );
            Finding::new(Code::FocusColumnMissing, text)
                .count(u64::try_from(names.len()).unwrap_or(u64::MAX))
        })
    }
}

/// The dataset beside the bills of a format whose headers these are.
pub(in crate::ingest) fn other_dataset<'m>(
    map: &'m ColumnMap,
    headers: &[String],
) -> Option<&'m Dataset> {
    let has = |name: &String| headers.iter().any(|header| header.eq_ignore_ascii_case(name));
    map.other_datasets.iter().find(|dataset| dataset.headers.iter().all(has))
}

/// The file is known, and is no bill.
pub(in crate::ingest) fn no_bill(code: Code, dataset: &Dataset) -> Finding {
    Finding::new(code, format!("the file is {}, which is no bill", dataset.title))
        .help("narrow the pattern of the source, so that it takes the files of charges only")
}

/// The headers without which a column has no value, alias by alias.
fn needed(source: &ColumnSource) -> Vec<&str> {
    let refs: Vec<&InputRef> = match source {
        ColumnSource::Derived(cases) => {
            let rest = cases.iter().find(|case| case.when.is_none()).or(cases.first());
            match rest.map(|case| &case.value.from) {
                Some(DerivedFrom::Input(refs)) => refs.iter().collect(),
                Some(DerivedFrom::Sum { plus, minus, .. }) => {
                    let first = plus.first().or(minus.first());
                    first.map(Term::references).unwrap_or_default().iter().collect()
                }
                _ => Vec::new(),
            }
        }
        _ => return source.headers().iter().map(String::as_str).collect(),
    };
    refs.into_iter().map(InputRef::header).collect()
}

/// The first of many names, and how many more there are.
pub(in crate::ingest) fn listed(names: &[&str]) -> String {
    let shown = &names[..names.len().min(SHOWN)];
    let more = names.len() - shown.len();
    let list = format!("`{}`", shown.join("`, `"));
    if more == 0 { list } else { format!("{list} and {more} more") }
}
