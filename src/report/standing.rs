//! What lies at the place of the reports: nothing, reports of costbook, or something else.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::diagnostics::Finding;
use crate::domain::Period;

use super::output::{failed, in_the_way};
use super::sink::{CHECKSUMS, hex};

/// What may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Nothing,
    Reports,
}

/// Refuses what costbook did not write: a link, a file, a directory without `run.json`, or one
/// with any entry that its own checksums do not list. Replacing it would lose somebody's work.
pub(super) fn standing(target: &Path) -> Result<Standing, Finding> {
    match fs::symlink_metadata(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Standing::Nothing),
        Err(error) => return Err(failed(target, &error)),
        Ok(found) if found.is_symlink() => return Err(in_the_way(target, "is a link")),
        Ok(found) if !found.is_dir() => return Err(in_the_way(target, "is not a folder")),
        Ok(_) => {}
    }
    let files = files(target)?;
    if files.is_empty() {
        return Ok(Standing::Reports);
    }
    if !files.iter().any(|name| name == "run.json") {
        return Err(in_the_way(target, "holds no run.json, so costbook did not write it"));
    }
    is_ours(target).map(|()| Standing::Reports)
}

/// Refuses a directory with any file that its own checksums do not list. What a run left that was
/// killed while it removed reports is ours: files may be missing, their list is the last to go.
pub(super) fn is_ours(directory: &Path) -> Result<(), Finding> {
    let sums = checksums(directory)?;
    let files = files(directory)?;
    let foreign = files.iter().find(|name| *name != CHECKSUMS && !sums.contains_key(*name));
    match foreign {
        None => Ok(()),
        Some(name) => Err(in_the_way(&directory.join(name), "was not written by costbook")),
    }
}

/// Refuses reports of another organisation or month: a folder that is named by hand must not take
/// the place of what it was not meant for.
pub(super) fn of_same_kind(
    target: &Path,
    organisation: &str,
    period: Period,
) -> Result<(), Finding> {
    let Ok(text) = fs::read(target.join("run.json")) else { return Ok(()) };
    let run: serde_json::Value = serde_json::from_slice(&text)
        .map_err(|_| in_the_way(target, "holds a run.json that cannot be read"))?;
    let told = |key: &str| run[key].as_str().unwrap_or("unknown");
    if told("organisation") == organisation && told("period") == period.to_string() {
        return Ok(());
    }
    let what = format!("holds the reports of {} for {}", told("organisation"), told("period"));
    Err(in_the_way(target, &what))
}

/// Whether every file of `target` is, byte for byte, the one of the same name in `staging`.
pub(super) fn same(staging: &Path, target: &Path) -> Result<bool, Finding> {
    let sums = checksums(staging)?;
    if sums != checksums(target)? || files(staging)? != files(target)? {
        return Ok(false);
    }
    // The list says what was written once; a disk or an editor may have changed it since.
    for (name, sum) in &sums {
        let path = target.join(name);
        if hash(&path).map_err(|error| failed(&path, &error))? != *sum {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A file that is not, byte for byte, what the checksums of its directory say, or is missing, or is
/// not listed; `None` where all are as they were written.
pub(super) fn damaged(target: &Path) -> Result<Option<String>, Finding> {
    let sums = checksums(target)?;
    if sums.is_empty() {
        return Ok(Some(CHECKSUMS.to_owned()));
    }
    for name in files(target)? {
        if name != CHECKSUMS && !sums.contains_key(&name) {
            return Ok(Some(name));
        }
    }
    for (name, sum) in &sums {
        let path = target.join(name);
        if hash(&path).map_err(|error| failed(&path, &error))? != *sum {
            return Ok(Some(name.clone()));
        }
    }
    Ok(None)
}

/// The files below a directory, relative and with `/`, sorted. Links are refused.
pub(super) fn files(root: &Path) -> Result<Vec<String>, Finding> {
    let mut files = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let path = root.join(&folder);
        for entry in fs::read_dir(&path).map_err(|error| failed(&path, &error))? {
            let entry = entry.map_err(|error| failed(&path, &error))?;
            let kind = entry.file_type().map_err(|error| failed(&entry.path(), &error))?;
            let name = format!("{folder}{}", entry.file_name().to_string_lossy());
            if kind.is_dir() {
                folders.push(name + "/");
            } else if kind.is_file() {
                files.push(name);
            } else {
                return Err(in_the_way(&entry.path(), "is a link or no regular file"));
            }
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// Name to hash; empty where there is no list.
fn checksums(directory: &Path) -> Result<BTreeMap<String, String>, Finding> {
    let path = directory.join(CHECKSUMS);
    match fs::read_to_string(&path) {
        Ok(text) => {
            let pairs = text.lines().filter_map(|line| line.split_once("  "));
            Ok(pairs.map(|(sum, name)| (name.to_owned(), sum.to_owned())).collect())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(failed(&path, &error)),
    }
}

/// Empty where there is no such file.
pub(super) fn hash(path: &Path) -> io::Result<String> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
        opened => opened?,
    };
    let mut hash = Sha256::new();
    let mut block = vec![0; 256 * 1024];
    loop {
        match file.read(&mut block)? {
            0 => return Ok(hex(&hash.finalize())),
            read => hash.update(&block[..read]),
        }
    }
}
