//! From the patterns of a project to files and deliveries.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use glob::{MatchOptions, glob_with};
use sha2::{Digest, Sha256};

use crate::diagnostics::{Code, Finding, Place, Span};
use crate::domain::Period;
use crate::rules::{
    ColumnMap, DeliveryPolicy, FormatName, ManifestShape, SourceDecl, fill_period, names_month,
};

use super::manifest::{self, Manifest};
use super::{Circumstances, Delivery, Draft, Told, drafts, file_name, folder, is_within};
use crate::ingest::guard::guarded;
use crate::ingest::layout::recognise;
use crate::ingest::open::hex;
use crate::ingest::source_file::SourceFile;

const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// What a project has to read.
#[derive(Clone, Debug, Default)]
pub struct Discovery {
    /// In the order of sources, then paths.
    pub files: Vec<SourceFile>,
    /// In the order of sources, then of their first files.
    pub deliveries: Vec<Delivery>,
}

/// The files of all sources and the deliveries that they make. `maps` has the column maps of each
/// source, in the same order; where there are several, each file is of the one that recognises its
/// header. Placeholders of patterns stand for `period`, or for any month where there is none. `reader`
/// is the program that reads workbooks.
///
/// # Errors
/// Patterns that match nothing, files that two sources claim or no map recognises, manifests that
/// cannot be read, and deliveries that are not whole.
pub fn discover(
    root: &Path,
    sources: &[SourceDecl],
    maps: &[Vec<Arc<ColumnMap>>],
    period: Option<Period>,
    reader: Option<&Path>,
) -> Result<Discovery, Vec<Finding>> {
    let (found, errors) = survey(root, sources, maps, period, reader);
    if errors.is_empty() { Ok(found) } else { Err(errors) }
}

/// As [`discover`], but what is sound is told beside what is wrong. A file that an error stands at
/// is not to be read.
#[must_use]
pub fn survey(
    root: &Path,
    sources: &[SourceDecl],
    maps: &[Vec<Arc<ColumnMap>>],
    period: Option<Period>,
    reader: Option<&Path>,
) -> (Discovery, Vec<Finding>) {
    let mut found = Discovery::default();
    let mut errors = Vec::new();
    let mut claimed: BTreeMap<String, &str> = BTreeMap::new();
    // A source without patterns is made of other inputs, and put beside the others.
    for (source, maps) in sources.iter().zip(maps).filter(|(source, _)| !source.files.is_empty()) {
        let shapes: Vec<ManifestShape> =
            maps.iter().flat_map(|map| map.manifests.iter().cloned()).collect();
        let reading = SourceReader { root, source, shapes: &shapes, period };
        let paths = reading.paths(&mut errors);
        for path in &paths.bills {
            if let Some(other) = claimed.insert(path.clone(), &source.name)
                && other != source.name
            {
                let text =
                    format!("`{path}` belongs to the sources `{other}` and `{}`", source.name);
                let finding = Finding::new(Code::InvalidValue, text)
                    .help("a file in two sources would count twice; narrow one of the patterns");
                errors.push(finding.at(Place::Text(source.span.clone())));
            }
        }
        let mut files = reading.files(&paths, maps, reader, &mut errors);
        errors.extend(spread_by_month(source, &files));
        let policy = source.deliveries.unwrap_or_else(|| common_policy(&files));
        let drafts = reading.drafts(&paths, policy, &mut errors);
        for file in &mut files {
            file.appends = policy == DeliveryPolicy::Append;
        }
        found.add(files, drafts);
    }
    (found, errors)
}

/// Rows that are spread over months are needed in each of them, so a pattern must not leave out the
/// files of earlier months.
fn spread_by_month(source: &SourceDecl, files: &[SourceFile]) -> Option<Finding> {
    let file = files.iter().find(|file| file.map.spread.is_some())?;
    let has_placeholder = |pattern: &&String| fill_period(pattern, None) != **pattern;
    let pattern = source.files.iter().map(|(pattern, _)| pattern).find(has_placeholder)?;
    let text = format!(
        "`{pattern}` reads the files of one month, but format `{}` spreads rows over months: what earlier files bring to the month would be lost",
        file.map.name
    );
    let help = "let the pattern match the files of all months, such as data/*.csv; only the month's part of each row counts";
    let finding = Finding::new(Code::InvalidValue, text).help(help);
    Some(finding.at(Place::Text(source.span.clone())))
}

/// The month that a pattern with placeholders stands for in a path that it matches.
#[must_use]
pub fn month_of(pattern: &str, path: &str) -> Option<Period> {
    if !names_month(pattern) {
        return None;
    }
    let digits = path.as_bytes().windows(4).filter(|four| four.iter().all(u8::is_ascii_digit));
    let years = digits.filter_map(|four| std::str::from_utf8(four).ok()?.parse::<u32>().ok());
    // What is told may be the month behind it, which is of the next year.
    let years: BTreeSet<u32> = years.flat_map(|year| [year.saturating_sub(1), year]).collect();
    let months = years.into_iter().flat_map(|year| (1..=12).map(move |month| (year, month)));
    let periods = months.filter_map(|(year, month)| format!("{year:04}-{month:02}").parse().ok());
    let mut periods: Vec<Period> = periods.collect();
    periods.retain(|period| {
        let filled = glob::Pattern::new(&fill_period(pattern, Some(*period)));
        filled.is_ok_and(|filled| filled.matches_with(path, OPTIONS))
    });
    periods.first().copied()
}

/// The policy that the formats of a source agree in; where they do not, manifests decide.
pub(super) fn common_policy(files: &[SourceFile]) -> DeliveryPolicy {
    let mut policies = files.iter().map(|file| file.map.deliveries);
    let first = policies.next().unwrap_or_default();
    if policies.all(|policy| policy == first) { first } else { DeliveryPolicy::default() }
}

impl Discovery {
    /// Adds a table that was made, as a delivery of its own.
    pub fn put(&mut self, mut file: SourceFile) {
        file.delivery = u32::try_from(self.deliveries.len()).unwrap_or(u32::MAX);
        self.deliveries.push(Delivery {
            source: file.source.to_string(),
            name: file.path.to_string(),
            manifests: Vec::new(),
            files: vec![self.files.len()],
            told: vec![Told::default()],
            replaced_by: None,
        });
        self.files.push(file);
    }

    /// Adds the files of a source and what they make up.
    fn add(&mut self, mut files: Vec<SourceFile>, mut drafts: Vec<Draft>) {
        let first_file = self.files.len();
        let first_delivery = self.deliveries.len();
        // By first file; a delivery whose files all went to a newer one comes last.
        let first = |draft: &Draft| draft.files.keys().next().copied().unwrap_or(usize::MAX);
        let mut order: Vec<usize> = (0..drafts.len()).collect();
        order.sort_by_key(|at| (first(&drafts[*at]), *at));
        let mut rank = vec![0; drafts.len()];
        for (place, at) in order.iter().enumerate() {
            rank[*at] = first_delivery + place;
        }
        let Some(source) = files.first().map(|file| file.source.to_string()) else { return };
        for at in order {
            let draft = std::mem::take(&mut drafts[at]);
            for bill in draft.files.keys() {
                files[*bill].delivery = u32::try_from(rank[at]).unwrap_or(u32::MAX);
                files[*bill].is_counted = draft.replaced_by.is_none();
            }
            self.deliveries.push(Delivery {
                source: source.clone(),
                name: draft.name,
                manifests: draft.manifests,
                files: draft.files.keys().map(|bill| first_file + bill).collect(),
                told: draft.files.values().copied().collect(),
                replaced_by: draft.replaced_by.map(|newer| rank[newer]),
            });
        }
        self.files.extend(files);
    }
}

/// The paths that the patterns of a source match.
#[derive(Default)]
struct Paths {
    bills: Vec<String>,
    manifests: BTreeSet<String>,
    /// Folders of the patterns that hold no wildcard.
    roots: BTreeSet<String>,
}

/// One source on its way to files.
struct SourceReader<'a> {
    root: &'a Path,
    source: &'a SourceDecl,
    shapes: &'a [ManifestShape],
    period: Option<Period>,
}

impl SourceReader<'_> {
    fn paths(&self, errors: &mut Vec<Finding>) -> Paths {
        let before = errors.len();
        let mut paths = Paths::default();
        for (pattern, span) in &self.source.files {
            let pattern = fill_period(pattern, self.period);
            paths.roots.insert(fixed_folder(&pattern).to_owned());
            match contained(self.root, &pattern, span) {
                Ok(found) => paths.bills.extend(found),
                Err(finding) => errors.push(finding),
            }
        }
        paths.bills.sort_unstable();
        paths.bills.dedup();
        paths.manifests =
            paths.bills.extract_if(.., |path| !self.shapes_of(path).is_empty()).collect();
        if paths.bills.is_empty() && errors.len() == before {
            errors.push(self.nothing());
        }
        paths
    }

    /// The bills, each with its column map. As many as there are paths, unless there are errors.
    fn files(
        &self,
        paths: &Paths,
        maps: &[Arc<ColumnMap>],
        reader: Option<&Path>,
        errors: &mut Vec<Finding>,
    ) -> Vec<SourceFile> {
        // Where the source tells the zone of its times, its maps are read with that.
        let maps: Vec<Arc<ColumnMap>> = maps.iter().map(|map| self.zoned(map)).collect();
        let Some(first) = maps.first() else { return Vec::new() };
        let mut files = Vec::new();
        for path in &paths.bills {
            let location = self.root.join(path);
            let mut file = SourceFile::alone(&self.source.name, path, location, first.clone());
            file.place = self.source.place.clone();
            file.may_be_empty = self.source.may_be_empty;
            if self.source.format == FormatName::Auto {
                match recognise(&file, &maps, reader) {
                    Ok(map) => file.map = map,
                    Err(finding) => errors.push(finding),
                }
            }
            files.push(file);
        }
        files
    }

    fn zoned(&self, map: &Arc<ColumnMap>) -> Arc<ColumnMap> {
        match self.source.zone {
            Some(zone) if zone != map.zone => Arc::new(ColumnMap { zone, ..(**map).clone() }),
            _ => Arc::clone(map),
        }
    }

    fn nothing(&self) -> Finding {
        let patterns = self.source.files.iter().map(|(pattern, _)| pattern);
        let patterns: Vec<String> =
            patterns.map(|pattern| fill_period(pattern, self.period)).collect();
        let text = format!(
            "source `{}` has no file: nothing matches {}",
            self.source.name,
            patterns.join(", ")
        );
        Finding::new(Code::NoFiles, text)
            .help("paths are relative to the project's folder; check the pattern or the delivery")
            .at(Place::Text(self.source.span.clone()))
    }

    /// The ways in which a file can be read, where its name is that of a manifest.
    fn shapes_of(&self, path: &str) -> Vec<&ManifestShape> {
        let is_called = |shape: &&ManifestShape| {
            glob::Pattern::new(&shape.file).is_ok_and(|name| name.matches(file_name(path)))
        };
        self.shapes.iter().filter(is_called).collect()
    }

    /// Manifests beside bills and above them, down from where the patterns begin to vary.
    fn manifests(&self, paths: &Paths, errors: &mut Vec<Finding>) -> Vec<Manifest> {
        let mut found = paths.manifests.clone();
        let mut folders = BTreeSet::new();
        for bill in &paths.bills {
            let mut place = folder(bill);
            while folders.insert(place) && !paths.roots.contains(place) && !place.is_empty() {
                place = folder(place);
            }
        }
        for (place, shape) in folders
            .into_iter()
            .flat_map(|place| self.shapes.iter().map(move |shape| (place, shape)))
        {
            if paths.roots.iter().any(|root| is_within(place, root)) {
                let place = glob::Pattern::escape(place);
                let pattern = format!("{place}/{}", shape.file);
                match contained(self.root, pattern.trim_start_matches('/'), &self.source.span) {
                    Ok(paths) => found.extend(paths),
                    Err(finding) => errors.push(finding),
                }
            }
        }
        let mut manifests = Vec::new();
        for path in found {
            let shapes = self.shapes_of(&path);
            if shapes.is_empty() {
                continue;
            }
            match manifest::read(&self.root.join(&path), &path, &shapes) {
                Ok(manifest) => manifests.push(manifest),
                Err(finding) => errors.push(finding),
            }
        }
        manifests
    }

    fn drafts(
        &self,
        paths: &Paths,
        policy: DeliveryPolicy,
        errors: &mut Vec<Finding>,
    ) -> Vec<Draft> {
        let manifests = self.manifests(paths, errors);
        let has_month = self.source.files.iter().all(|(pattern, _)| names_month(pattern));
        let month = self.period.filter(|_| has_month);
        let circumstances = Circumstances { policy, month, period: self.period };
        match drafts(&paths.bills, &manifests, circumstances) {
            Ok(drafts) => {
                let counted = drafts.iter().filter(|draft| draft.replaced_by.is_none());
                errors.extend(counted.filter_map(incomplete));
                drafts
            }
            // Without a month to run, none is known, and none is needed.
            Err(_) if has_month => Vec::new(),
            Err(unknown) => {
                let text = format!(
                    "source `{}` takes the newest delivery of a month, but the month of `{}` is not known",
                    self.source.name, unknown[0]
                );
                let help = "put the month into the pattern, such as data/{period}/*.csv";
                let count = u64::try_from(unknown.len()).unwrap_or(u64::MAX);
                let finding = Finding::new(Code::InvalidValue, text).help(help).count(count);
                errors.push(finding.at(Place::Text(self.source.span.clone())));
                Vec::new()
            }
        }
    }
}

fn incomplete(draft: &Draft) -> Option<Finding> {
    let missing = draft.missing.first()?;
    let manifest = draft.manifests.first()?;
    let absent = match draft.missing.len() {
        1 => "1 of them is not there".to_owned(),
        absent => format!("{absent} of them are not there, the first"),
    };
    let named = draft.files.len() + draft.missing.len();
    let text = format!("the manifest names {named} files, and {absent}: `{missing}`");
    let count = u64::try_from(draft.missing.len()).unwrap_or(u64::MAX);
    let finding = Finding::new(Code::IncompleteDelivery, text).count(count);
    let help = "fetch the rest of the delivery; a part of a bill is not reported as a smaller bill. \
        Files that are there must match the patterns of the source";
    Some(finding.help(help).at(Place::File(manifest.path.as_str().into())))
}

/// The folder in which a pattern begins to vary.
fn fixed_folder(pattern: &str) -> &str {
    let fixed = pattern.find(['*', '?', '[']).map_or(pattern, |at| &pattern[..at]);
    folder(fixed.strip_prefix("./").unwrap_or(fixed))
}

/// The paths below `root` that a pattern matches, sorted, relative, with `/`.
///
/// # Errors
/// A pattern that is not one, or a match that leads out of the project.
pub fn contained(root: &Path, pattern: &str, span: &Span) -> Result<Vec<String>, Finding> {
    let place = || Place::Text(span.clone());
    let relative = Path::new(pattern);
    if !relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        let text = format!("`{pattern}` leads out of the project's folder");
        return Err(Finding::new(Code::PathOutsideProject, text).at(place()));
    }
    let relative: PathBuf =
        relative.components().filter(|part| *part != Component::CurDir).collect();
    // Matches come back under the folder's real path, whatever way it was named.
    let home = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let escaped = glob::Pattern::escape(&home.to_string_lossy());
    let whole = format!("{escaped}/{}", relative.to_string_lossy());
    let matches = glob_with(&whole, OPTIONS).map_err(|error| {
        Finding::new(Code::InvalidValue, format!("`{pattern}` is not a file pattern: {error}"))
            .at(place())
    })?;
    let mut paths = Vec::new();
    // The pattern library stops at names that are not UTF-8; that must not stop us.
    let matches = guarded(|| matches.collect::<Vec<_>>()).ok_or_else(|| {
        Finding::new(
            Code::UnreadableFile,
            format!("`{pattern}` meets a file whose name is not UTF-8"),
        )
        .help("rename it, or narrow the pattern")
        .at(place())
    })?;
    for found in matches {
        // What cannot be looked into may hold bills.
        let found = found.map_err(|error| {
            Finding::new(Code::UnreadableFile, format!("`{pattern}` cannot be followed: {error}"))
                .help("check the permissions of the folder")
                .at(place())
        })?;
        // Folders that `**` walks through are on the way; one that is named as a file is refused
        // where it is opened, because it stands where a bill was expected.
        if found.is_dir() && pattern.ends_with("**/*") {
            continue;
        }
        // A link to nowhere is told by opening it.
        let inside = found.canonicalize().map_or(true, |real| real.starts_with(&home));
        let Some(relative) = found.strip_prefix(&home).ok().filter(|_| inside) else {
            let text = format!("`{}` leads out of the project's folder", found.display());
            let help = "copy the file into the project, or move the project's folder up";
            return Err(Finding::new(Code::PathOutsideProject, text).help(help).at(place()));
        };
        let parts = relative.components().map(|part| part.as_os_str().to_string_lossy());
        paths.push(parts.collect::<Vec<_>>().join("/"));
    }
    paths.sort_unstable();
    Ok(paths)
}

/// The SHA-256 of a text, in hex.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
