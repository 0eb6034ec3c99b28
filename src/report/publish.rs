//! A finished directory takes the place of the published one.
//!
//! The standard library cannot exchange two directories at once, so it is done in steps, each one
//! rename. Beside the target `2026-10` stand, for a moment:
//!
//! ```text
//! .new-2026-10        complete and synced to disk: this name is given to nothing else
//! .old-2026-10        the reports that were published before
//!
//! 1  staging → .new      the target is still the old one
//! 2  target  → .old      no target: the next run rolls forward, because .new is complete
//! 3  .new    → target    the target is the new one
//! 4  .old removed
//! ```
//!
//! Invariant: at every moment `.new` or the target, or both, is a complete directory of reports
//! (once there was one), and [`repair`] makes it the target. A reader sees the old reports, for
//! the moment between 2 and 3 none, then the new ones; never a part and never a mixture.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::diagnostics::Finding;

use super::output::{failed, in_the_way};
use super::sink::CHECKSUMS;
use super::standing::{Standing, files, is_ours, same, standing};

/// What publishing did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// There was nothing before.
    Created,
    Replaced,
    /// The same bytes were there already, and were not touched.
    Unchanged,
}

/// Lets `staging`, a finished directory beside `target`, take the target's place. Who calls this
/// holds the folder: see [`OutputFolder`](super::OutputFolder).
///
/// # Errors
/// [`Code::OutputInTheWay`](crate::diagnostics::Code::OutputInTheWay) where the target holds what
/// costbook did not write, [`Code::OutputFailed`](crate::diagnostics::Code::OutputFailed) where
/// the disk refuses. The target is then what it was.
pub fn publish(staging: &Path, target: &Path) -> Result<Published, Finding> {
    repair(target)?;
    let before = standing(target)?;
    if before == Standing::Reports && same(staging, target)? {
        fs::remove_dir_all(staging).map_err(|error| failed(staging, &error))?;
        return Ok(Published::Unchanged);
    }
    sync_tree(staging)?;
    let exchanged = exchange(staging, target, before).map_err(|error| failed(target, &error));
    if exchanged.is_err() {
        // Whatever step it was, what was published before or is complete now becomes the target.
        repair(target)?;
    }
    exchanged.map(|()| match before {
        Standing::Nothing => Published::Created,
        Standing::Reports => Published::Replaced,
    })
}

fn exchange(staging: &Path, target: &Path, before: Standing) -> io::Result<()> {
    let (new, old) = (beside(target, "new"), beside(target, "old"));
    let parent = target.parent().unwrap_or(target);
    fs::rename(staging, &new)?;
    sync_folder(parent)?;
    if before == Standing::Reports {
        fs::rename(target, &old)?;
        sync_folder(parent)?;
    }
    fs::rename(&new, target)?;
    sync_folder(parent)?;
    if before == Standing::Reports {
        // The new reports are published, whatever becomes of the old ones: should this fail, the
        // next run does it, or says why it cannot.
        let _ = remove(&old);
    }
    Ok(())
}

/// Finishes what a run began that was killed while it published.
///
/// # Errors
/// [`Code::OutputFailed`](crate::diagnostics::Code::OutputFailed), or
/// [`Code::OutputInTheWay`](crate::diagnostics::Code::OutputInTheWay) where something else lies there.
pub(super) fn repair(target: &Path) -> Result<(), Finding> {
    let (new, old) = (beside(target, "new"), beside(target, "old"));
    let (has_new, has_old) = (is_there(&new)?, is_there(&old)?);
    let remove = |path: &Path| remove(path).map_err(|error| failed(path, &error));
    if has_new || has_old {
        let has_target = fs::symlink_metadata(target).is_ok();
        match (has_target, has_new) {
            // Killed before the old reports were moved away: they stay.
            (true, true) => remove(&new)?,
            (true, false) => {}
            (false, _) => {
                let complete = if has_new { &new } else { &old };
                fs::rename(complete, target).map_err(|error| failed(target, &error))?;
                let parent = target.parent().unwrap_or(target);
                sync_folder(parent).map_err(|error| failed(parent, &error))?;
            }
        }
    }
    if is_there(&old)? { remove(&old) } else { Ok(()) }
}

/// Removes reports, the list of what they are last, so that what is left of them by a run that was
/// killed here is still known to be ours.
fn remove(reports: &Path) -> io::Result<()> {
    for entry in fs::read_dir(reports)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else if entry.file_name() != CHECKSUMS {
            fs::remove_file(entry.path())?;
        }
    }
    fs::remove_dir_all(reports)
}

fn beside(target: &Path, what: &str) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{what}-{name}"))
}

/// Whether costbook left a directory of that name; a link there, or anything that it did not
/// write, is somebody else's.
fn is_there(path: &Path) -> Result<bool, Finding> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => is_ours(path).map(|()| true),
        Ok(_) => Err(in_the_way(path, "is not a folder that costbook made")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(failed(path, &error)),
    }
}

/// Every file and directory below, to disk: a rename that survives a power cut must not name
/// files that do not.
fn sync_tree(root: &Path) -> Result<(), Finding> {
    let sync = |path: &Path, sync: fn(&Path) -> io::Result<()>| {
        sync(path).map_err(|error| failed(path, &error))
    };
    let mut folders = std::collections::BTreeSet::from([root.to_owned()]);
    for name in files(root)? {
        let path = root.join(&name);
        sync(&path, |path| File::open(path)?.sync_all())?;
        folders.extend(path.parent().map(Path::to_owned));
    }
    folders.iter().rev().try_for_each(|folder| sync(folder, sync_folder))
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    // Only Unix can open a directory as a file.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests;
