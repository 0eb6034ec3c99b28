//! Which files of a source belong together, and which of several deliveries counts.
//!
//! A delivery is the files that a manifest names; without a manifest, the files of one folder whose
//! names differ in a part number only; else the single file. Names and manifests decide, never the
//! times of files: copying a folder must not change a report.
//!
//! ```text
//! discover    patterns of a source → files, in natural order
//! manifest    what a provider says belongs together
//! (here)      files → deliveries; which of them count
//! references  rows that two deliveries have both
//! gate        lets through what counts; which delivery has which days
//! coverage    what was read against what should be there: deliveries and days
//! ```
//!
//! Order: manifests find their files, then what no manifest names is put together by name, then
//! older deliveries are told from newer ones, because a file may be replaced only by a delivery
//! that is known whole.

pub(in crate::ingest) mod coverage;
pub(in crate::ingest) mod discover;
pub(in crate::ingest) mod gate;
pub(in crate::ingest) mod manifest;
mod natural;
mod references;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{NaiveDate, NaiveDateTime};

use crate::domain::Period;
use crate::rules::DeliveryPolicy;

use manifest::{Manifest, NamedFile};
use natural::natural;

/// Files of one source that belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    pub source: String,
    /// What reports call it: the id that its manifest gives it, else the path of its first file.
    pub name: String,
    pub manifests: Vec<ManifestId>,
    /// Indexes of its files among all files of the run, ascending.
    pub files: Vec<usize>,
    /// What the manifest says of each of `files`.
    pub told: Vec<Told>,
    /// Index of the delivery that counts in its place, among all of the run.
    pub replaced_by: Option<usize>,
}

/// A manifest that was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ManifestId {
    pub path: String,
    pub sha256: String,
}

/// What a manifest says of a file, where it does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    pub rows: Option<u64>,
    /// Known only of files that still have the name under which they were delivered.
    pub bytes: Option<u64>,
}

/// A delivery while it is put together.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(in crate::ingest) name: String,
    pub(super) manifests: Vec<ManifestId>,
    /// By index among the bills of the source.
    pub(in crate::ingest) files: BTreeMap<usize, Told>,
    /// Files that the manifest names and that are not there.
    pub(in crate::ingest) missing: Vec<String>,
    /// Index among the drafts of the source.
    pub(super) replaced_by: Option<usize>,
    keys: Vec<NamedFile>,
    made_at: Option<NaiveDateTime>,
    range: Option<(NaiveDate, NaiveDate)>,
    series: Vec<String>,
    /// Path of the outermost manifest, else of the first file.
    path: String,
}

/// What decides beside the names of files.
#[derive(Clone, Copy, Debug)]
pub(in crate::ingest) struct Circumstances {
    pub(super) policy: DeliveryPolicy,
    /// The month that the patterns of the source fix.
    pub(in crate::ingest) month: Option<Period>,
    /// The month that is run; `None` where there is none.
    pub(in crate::ingest) period: Option<Period>,
}

/// The deliveries of a source. `bills` are its files, sorted.
///
/// # Errors
/// Names of deliveries of which no month is known, where that must be known.
pub(super) fn drafts(
    bills: &[String],
    manifests: &[Manifest],
    circumstances: Circumstances,
) -> Result<Vec<Draft>, Vec<String>> {
    let mut drafts = named(bills, manifests, circumstances);
    let by_manifest = drafts.len();
    drafts.extend(unnamed(bills, &drafts));
    match circumstances.policy {
        DeliveryPolicy::Append => {}
        DeliveryPolicy::ByManifest => {
            replace_older(&mut drafts[..by_manifest]);
            replace_unnamed(&mut drafts, by_manifest, bills);
        }
        DeliveryPolicy::Newest => {
            replace_unnamed(&mut drafts, by_manifest, bills);
            keep_newest(&mut drafts, circumstances.month)?;
        }
    }
    Ok(drafts)
}

// ---- What manifests name ---------------------------------------------------------------------

fn named(bills: &[String], manifests: &[Manifest], circumstances: Circumstances) -> Vec<Draft> {
    let index = Index::new(bills);
    let mut drafts: Vec<Draft> = Vec::new();
    // Outermost first: where a provider leaves copies, the outer one is the current one.
    let mut ordered: Vec<&Manifest> = manifests.iter().collect();
    ordered.sort_by(|a, b| {
        depth(&a.path).cmp(&depth(&b.path)).then_with(|| natural(&a.path, &b.path))
    });
    for manifest in ordered {
        let mut draft = draft_of(manifest, &index, circumstances.month);
        let is_copy = |other: &&mut Draft| {
            other.made_at == draft.made_at
                && other.keys == draft.keys
                && other.missing == draft.missing
                && other.files.keys().eq(draft.files.keys())
        };
        if let Some(same) = drafts.iter_mut().find(is_copy) {
            same.manifests.append(&mut draft.manifests);
            continue;
        }
        let is_of_period = match (draft.range, circumstances.period) {
            // Some providers tell the first day that is out: it is of the next month then.
            (Some((from, to)), Some(period)) => {
                let first = period.first();
                from <= period.last() && (from >= first || to > first)
            }
            (_, None) => false,
            (None, _) => true,
        };
        // The manifest of another month, whose files were not fetched, is no delivery.
        if is_of_period || !draft.files.is_empty() {
            drafts.push(draft);
        }
    }
    let mut owner: BTreeMap<usize, usize> = BTreeMap::new();
    for (index, draft) in drafts.iter().enumerate() {
        for bill in draft.files.keys() {
            let held = owner.entry(*bill).or_insert(index);
            if is_newer(draft, &drafts[*held]) == Some(Ordering::Greater) {
                *held = index;
            }
        }
    }
    for (index, draft) in drafts.iter_mut().enumerate() {
        draft.files.retain(|bill, _| owner[bill] == index);
    }
    drafts
}

fn draft_of(manifest: &Manifest, index: &Index<'_>, month: Option<Period>) -> Draft {
    let id = ManifestId { path: manifest.path.clone(), sha256: manifest.sha256.clone() };
    let mut keys = manifest.files.clone();
    keys.sort();
    let mut files = BTreeMap::new();
    let mut missing = Vec::new();
    for key in &keys {
        match index.find(&key.name, folder(&manifest.path)) {
            None => missing.push(key.name.clone()),
            Some(bill) => {
                let is_as_delivered = file_name(&index.bills[bill]) == file_name(&key.name);
                let bytes = key.bytes.filter(|_| is_as_delivered);
                files.insert(bill, Told { rows: key.rows, bytes });
            }
        }
    }
    Draft {
        name: manifest.id.clone().unwrap_or_else(|| manifest.path.clone()),
        manifests: vec![id],
        files,
        missing,
        replaced_by: None,
        keys,
        made_at: manifest.made_at,
        range: manifest.range.or_else(|| month.map(|month| (month.first(), month.last()))),
        series: manifest.series.clone(),
        path: manifest.path.clone(),
    }
}

/// Bills by path and by name, so that manifests of thousands of files find them at once.
struct Index<'b> {
    bills: &'b [String],
    by_path: HashMap<&'b str, usize>,
    by_name: HashMap<&'b str, Vec<usize>>,
}

impl<'b> Index<'b> {
    fn new(bills: &'b [String]) -> Self {
        let numbered = || bills.iter().enumerate();
        let mut by_path: HashMap<&str, usize> = HashMap::new();
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, bill) in numbered() {
            by_path.entry(unpacked(bill)).or_insert(index);
            by_name.entry(unpacked(file_name(bill))).or_default().push(index);
        }
        // A file that still has its own name goes before one that was unpacked.
        by_path.extend(numbered().map(|(index, bill)| (bill.as_str(), index)));
        Self { bills, by_path, by_name }
    }

    /// The bill that a manifest in `folder` calls `key`: below the folder by as much of the key as
    /// stands there, else anywhere by the file's name and at least one folder above it.
    fn find(&self, key: &str, folder: &str) -> Option<usize> {
        let steps: Vec<&str> = key.split(['/', '\\']).filter(|step| !step.is_empty()).collect();
        for begin in 0..steps.len() {
            let path = joined(folder, &steps[begin..].join("/"));
            let found =
                self.by_path.get(path.as_str()).or_else(|| self.by_path.get(unpacked(&path)));
            if let Some(found) = found {
                return Some(*found);
            }
        }
        let common = |bill: usize| {
            let theirs = unpacked(&self.bills[bill]).rsplit('/');
            theirs.zip(unpacked(key).rsplit(['/', '\\'])).take_while(|(a, b)| a == b).count()
        };
        let named = self.by_name.get(unpacked(file_name(key)))?;
        let mut best: Option<(usize, usize)> = None;
        for (steps, bill) in named.iter().map(|bill| (common(*bill), *bill)) {
            if steps > 1 && best.is_none_or(|(most, _)| steps > most) {
                best = Some((steps, bill));
            }
        }
        best.map(|(_, bill)| bill)
    }
}

/// A file that was unpacked after it came is still that file.
fn unpacked(path: &str) -> &str {
    path.strip_suffix(".gz").unwrap_or(path)
}

// ---- What no manifest names ------------------------------------------------------------------

fn unnamed(bills: &[String], named: &[Draft]) -> Vec<Draft> {
    let is_named = |bill: usize| named.iter().any(|draft| draft.files.contains_key(&bill));
    let mut series: BTreeMap<(String, String), Vec<(u64, usize)>> = BTreeMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (index, bill) in bills.iter().enumerate().filter(|(index, _)| !is_named(*index)) {
        match part(bill) {
            Some((before, number, after)) => {
                series.entry((before, after)).or_default().push((number, index));
            }
            None => groups.push(vec![index]),
        }
    }
    for mut parts in series.into_values() {
        parts.sort_unstable();
        let is_whole = parts[0].0 < 2 && parts.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0);
        let parts = parts.into_iter().map(|(_, index)| index);
        if is_whole {
            groups.push(parts.collect());
        } else {
            // Numbers with gaps, or that begin late, are dates or versions as likely as parts.
            groups.extend(parts.map(|index| vec![index]));
        }
    }
    groups.sort_unstable();
    let draft = |group: Vec<usize>| Draft {
        name: bills[group[0]].clone(),
        path: bills[group[0]].clone(),
        files: group.into_iter().map(|index| (index, Told::default())).collect(),
        ..Draft::default()
    };
    groups.into_iter().map(draft).collect()
}

/// What stands before and after the part number of a path: the number that ends the name, after
/// `-`, `_`, `.` or `part`, or that follows `part-` at its beginning. A number that belongs to a date is none.
fn part(path: &str) -> Option<(String, u64, String)> {
    let at = path.rfind('/').map_or(0, |slash| slash + 1);
    let stem_end = at + stem(&path[at..]).len();
    let stem = &path[at..stem_end];
    let is_digit = |c: char| c.is_ascii_digit();
    let lead = ["part-", "part_", "part"].iter().find_map(|word| {
        let rest = stem.strip_prefix(word)?;
        let length = rest.find(|c| !is_digit(c)).unwrap_or(rest.len());
        (length > 0).then_some((word.len(), length))
    });
    let (from, length) = lead.or_else(|| {
        let from = stem.trim_end_matches(is_digit).len();
        let before = &stem[..from];
        let is_apart = before.ends_with(['-', '_', '.']) || before.ends_with("part");
        (from < stem.len() && is_apart && !ends_in_date(before))
            .then_some((from, stem.len() - from))
    })?;
    let number = &stem[from..from + length];
    // Eight digits that begin like a year are a day, fourteen a second.
    let is_date =
        matches!(length, 6 | 8 | 14) && (number.starts_with("19") || number.starts_with("20"));
    let number = (!is_date).then(|| number.parse().ok()).flatten()?;
    let (from, to) = (at + from, at + from + length);
    Some((path[..from].to_owned(), number, path[to..].to_owned()))
}

/// Whether a text ends in a year, or a year and a month, and a separator.
fn ends_in_date(text: &str) -> bool {
    let mut numbers = text.trim_end_matches(['-', '_', '.']).rsplit(['-', '_', '.']);
    let is_number = |text: &str, digits: usize| {
        text.len() >= digits
            && text[text.len() - digits..].bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_year = |text: &str| {
        text.is_char_boundary(text.len().saturating_sub(4))
            && is_number(text, 4)
            && matches!(&text[text.len() - 4..text.len() - 2], "19" | "20")
    };
    let last = numbers.next().unwrap_or("");
    let is_month = last.len() == 2 && is_number(last, 2);
    is_year(last) || (is_month && numbers.next().is_some_and(is_year))
}

/// A file's name without what tells its kind.
fn stem(name: &str) -> &str {
    const KINDS: [&str; 10] = [
        ".gz", ".csv", ".parquet", ".snappy", ".json", ".jsonl", ".ndjson", ".txt", ".tsv", ".zip",
    ];
    let mut stem = name;
    while let Some(shorter) = KINDS.iter().find_map(|kind| stem.strip_suffix(kind)) {
        stem = shorter;
    }
    stem
}

// ---- Which one counts ------------------------------------------------------------------------

/// Which of two manifests is the newer one, where that can be told.
fn is_newer(a: &Draft, b: &Draft) -> Option<Ordering> {
    if let (Some(mine), Some(theirs)) = (a.made_at, b.made_at)
        && mine != theirs
    {
        return Some(mine.cmp(&theirs));
    }
    // A manifest above the folders of all deliveries names the current one.
    let (mine, theirs) = (folder(&a.path), folder(&b.path));
    if mine != theirs {
        if is_within(theirs, mine) {
            return Some(Ordering::Greater);
        }
        if is_within(mine, theirs) {
            return Some(Ordering::Less);
        }
    }
    // Folders that begin with a time are in the order of these.
    let mut steps = a.path.split('/').zip(b.path.split('/'));
    let (mine, theirs) = steps.find(|(mine, theirs)| mine != theirs)?;
    let has_time = |step: &str| step.bytes().take_while(u8::is_ascii_digit).count() >= 8;
    (has_time(mine) && has_time(theirs)).then(|| natural(mine, theirs))
}

fn replace_older(drafts: &mut [Draft]) {
    let replaces = |newer: &Draft, older: &Draft| {
        let covers = match (newer.range, older.range) {
            (Some(newer), Some(older)) => newer.0 <= older.0 && older.1 <= newer.1,
            _ => false,
        };
        covers && newer.series == older.series && is_newer(newer, older) == Some(Ordering::Greater)
    };
    let newest_of = |older: &Draft| {
        let newer = (0..drafts.len()).filter(|at| replaces(&drafts[*at], older));
        newer.max_by(|a, b| {
            let (a, b) = (&drafts[*a], &drafts[*b]);
            is_newer(a, b).unwrap_or_else(|| natural(&a.path, &b.path))
        })
    };
    let found: Vec<Option<usize>> = drafts.iter().map(newest_of).collect();
    for (index, draft) in drafts.iter_mut().enumerate() {
        draft.replaced_by = last_of(&found, index);
    }
}

/// Who stands at the end of a chain of replacements. Times and places of manifests may contradict
/// each other in a circle: then nobody is replaced, and what overlaps is an error.
fn last_of(replaced_by: &[Option<usize>], index: usize) -> Option<usize> {
    let chain = std::iter::successors(replaced_by[index], |at| replaced_by[*at]);
    let last = chain.take(replaced_by.len()).last()?;
    replaced_by[last].is_none().then_some(last)
}

/// Files beside those of a manifest that it does not name are left over from an older delivery.
fn replace_unnamed(drafts: &mut [Draft], by_manifest: usize, bills: &[String]) {
    let (named, unnamed) = drafts.split_at_mut(by_manifest);
    // Beside a manifest or one of its files, or in a folder that lies beside the manifest.
    let homes = |draft: &Draft| {
        let files = draft.files.keys().map(|bill| folder(&bills[*bill]).to_owned());
        let manifests: BTreeSet<String> =
            draft.manifests.iter().map(|id| folder(&id.path).to_owned()).collect();
        (files.chain(manifests.iter().cloned()).collect::<BTreeSet<_>>(), manifests)
    };
    let homes: Vec<_> = named.iter().map(homes).collect();
    for draft in unnamed {
        let place = folder(&draft.path);
        let is_beside = |at: &usize| {
            let (around, manifests) = &homes[*at];
            around.contains(place) || (!place.is_empty() && manifests.contains(folder(place)))
        };
        let newest = (0..named.len()).filter(is_beside).max_by(|a, b| {
            let (a, b) = (&named[*a], &named[*b]);
            is_newer(a, b).unwrap_or_else(|| natural(&a.path, &b.path))
        });
        draft.replaced_by = newest.map(|at| named[at].replaced_by.unwrap_or(at));
    }
}

/// Of each month and export, the last delivery counts.
fn keep_newest(drafts: &mut [Draft], month: Option<Period>) -> Result<(), Vec<String>> {
    let month_of = |draft: &Draft| draft.range.map(|(from, _)| Period::of(from)).or(month);
    // What is left over beside a manifest does not compete with it.
    let standing: Vec<usize> =
        (0..drafts.len()).filter(|at| drafts[*at].replaced_by.is_none()).collect();
    let unknown = standing.iter().map(|at| &drafts[*at]).filter(|draft| month_of(draft).is_none());
    let unknown: Vec<String> = unknown.map(|draft| draft.name.clone()).collect();
    if !unknown.is_empty() {
        return Err(unknown);
    }
    let mut newest: BTreeMap<(Option<Period>, Vec<String>), usize> = BTreeMap::new();
    for index in &standing {
        let draft = &drafts[*index];
        let held = newest.entry((month_of(draft), draft.series.clone())).or_insert(*index);
        if by_name(draft, &drafts[*held]).is_gt() {
            *held = *index;
        }
    }
    for index in &standing {
        let draft = &mut drafts[*index];
        let last = newest[&(month_of(draft), draft.series.clone())];
        draft.replaced_by = (last != *index).then_some(last);
    }
    for index in 0..drafts.len() {
        let newer = drafts[index].replaced_by;
        drafts[index].replaced_by = newer.map(|newer| drafts[newer].replaced_by.unwrap_or(newer));
    }
    Ok(())
}

fn by_name(a: &Draft, b: &Draft) -> Ordering {
    match (a.made_at, b.made_at) {
        (Some(mine), Some(theirs)) if mine != theirs => mine.cmp(&theirs),
        _ => natural(&a.path, &b.path),
    }
}

// ---- Paths -----------------------------------------------------------------------------------

/// The folder of a path, without a slash at its end; empty for what lies in the project's folder.
pub(in crate::ingest) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

pub(in crate::ingest) fn file_name(path: &str) -> &str {
    path.rsplit_once(['/', '\\']).map_or(path, |(_, name)| name)
}

fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

fn depth(path: &str) -> usize {
    path.matches('/').count()
}

/// Whether a folder is `outer` or lies in it.
pub(in crate::ingest) fn is_within(folder: &str, outer: &str) -> bool {
    outer.is_empty()
        || folder == outer
        || folder.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests;
