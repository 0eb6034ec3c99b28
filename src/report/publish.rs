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
use super::standing::{Standing, files, same, standing};

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
        let _ = fs::remove_dir_all(&old);
    }
    Ok(())
}

/// Finishes what a run began that was killed while it published.
///
/// # Errors
/// [`Code::OutputFailed`](crate::diagnostics::Code::OutputFailed), or
/// [`Code::OutputInTheWay`](crate::diagnostics::Code::OutputInTheWay) where a link was planted.
pub(super) fn repair(target: &Path) -> Result<(), Finding> {
    let (new, old) = (beside(target, "new"), beside(target, "old"));
    let (has_new, has_old) = (is_there(&new)?, is_there(&old)?);
    let remove = |path: &Path| fs::remove_dir_all(path).map_err(|error| failed(path, &error));
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

fn beside(target: &Path, what: &str) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{what}-{name}"))
}

/// Whether costbook left a directory of that name; a link there is somebody else's.
fn is_there(path: &Path) -> Result<bool, Finding> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => Ok(true),
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
mod tests {
    use super::*;
    use crate::diagnostics::Code;
    use crate::report::sink::Sink;

    /// A directory of reports that differ by one text.
    fn reports(at: &Path, text: &str) {
        fs::create_dir(at).unwrap();
        let mut sink = Sink::new(at);
        sink.bytes("run.json", text.as_bytes()).unwrap();
        sink.bytes("charts/a.svg", b"<svg/>").unwrap();
        sink.finish().unwrap();
    }

    fn holds(at: &Path) -> String {
        assert_eq!(files(at).unwrap(), ["SHA256SUMS", "charts/a.svg", "run.json"]);
        fs::read_to_string(at.join("run.json")).unwrap()
    }

    fn nothing_else(out: &Path) {
        let names: Vec<_> = fs::read_dir(out).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names, ["2026-10"]);
    }

    #[test]
    fn reports_are_created_then_replaced_and_left_alone_when_the_same() {
        let out = tempfile::tempdir().unwrap();
        let (staging, target) = (out.path().join("staging"), out.path().join("2026-10"));
        for (text, expected) in [
            ("one", Published::Created),
            ("one", Published::Unchanged),
            ("two", Published::Replaced),
        ] {
            reports(&staging, text);
            assert_eq!(publish(&staging, &target).unwrap(), expected);
            assert_eq!(holds(&target), text);
            nothing_else(out.path());
        }
        // The list of checksums is the same, the file is not.
        fs::write(target.join("charts/a.svg"), "edited").unwrap();
        reports(&staging, "two");
        assert_eq!(publish(&staging, &target).unwrap(), Published::Replaced);
        assert_eq!(fs::read_to_string(target.join("charts/a.svg")).unwrap(), "<svg/>");
    }

    /// What lies there after being killed between any two steps, and what a repair makes of it.
    #[test]
    fn a_killed_publication_is_finished_or_undone() {
        type Case<'a> = (&'a [(&'a str, &'a str)], Option<&'a str>);
        let cases: [Case<'_>; 7] = [
            (&[("2026-10", "old")], Some("old")),
            (&[("2026-10", "old"), (".new-2026-10", "new")], Some("old")),
            (&[(".old-2026-10", "old"), (".new-2026-10", "new")], Some("new")),
            (&[(".old-2026-10", "old"), ("2026-10", "new")], Some("new")),
            (&[(".new-2026-10", "new")], Some("new")),
            (&[(".old-2026-10", "old")], Some("old")),
            (&[], None),
        ];
        for (before, expected) in cases {
            let out = tempfile::tempdir().unwrap();
            for (name, text) in before {
                reports(&out.path().join(name), text);
            }
            let target = out.path().join("2026-10");
            repair(&target).unwrap();
            match expected {
                Some(text) => {
                    assert_eq!(holds(&target), text, "{before:?}");
                    nothing_else(out.path());
                }
                None => assert!(!target.exists()),
            }
        }
    }

    #[test]
    fn what_costbook_did_not_write_is_never_replaced() {
        let foreign: [fn(&Path); 4] = [
            |target| fs::write(target, "a file").unwrap(),
            |target| {
                fs::create_dir(target).unwrap();
                fs::write(target.join("notes.txt"), "mine").unwrap();
            },
            |target| {
                reports(target, "old");
                fs::write(target.join("charts/notes.txt"), "mine").unwrap();
            },
            |target| {
                fs::create_dir(target).unwrap();
                fs::create_dir(target.join("run.json")).unwrap();
                fs::write(target.join("run.json/x"), "mine").unwrap();
            },
        ];
        for plant in foreign {
            let out = tempfile::tempdir().unwrap();
            let (staging, target) = (out.path().join("staging"), out.path().join("2026-10"));
            plant(&target);
            reports(&staging, "new");
            let refused = publish(&staging, &target).unwrap_err();
            assert_eq!(refused.code, Code::OutputInTheWay, "{refused:?}");
            assert!(staging.exists());
        }
    }

    #[cfg(unix)]
    #[test]
    fn planted_links_are_refused() {
        for link in ["2026-10", ".new-2026-10", ".old-2026-10"] {
            let out = tempfile::tempdir().unwrap();
            let elsewhere = tempfile::tempdir().unwrap();
            fs::write(elsewhere.path().join("run.json"), "mine").unwrap();
            std::os::unix::fs::symlink(elsewhere.path(), out.path().join(link)).unwrap();
            let staging = out.path().join("staging");
            reports(&staging, "new");
            let refused = publish(&staging, &out.path().join("2026-10")).unwrap_err();
            assert_eq!(refused.code, Code::OutputInTheWay, "{link}: {refused:?}");
            assert!(elsewhere.path().join("run.json").exists());
        }
    }
}
