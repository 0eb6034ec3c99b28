//! The folder of all published reports: one writer at a time, and no trace of torn runs.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::diagnostics::{Code, Finding};
use crate::domain::Period;

use super::allocated_focus::Scratch;
use super::publish::{Published, publish, repair};
use super::standing::{of_same_kind, standing};

const LOCK: &str = ".costbook.lock";

/// The folder `out`, held by this run until it is dropped, and the place of its reports in it.
///
/// While it is held no other run writes there. The lock is the operating system's, so that a run
/// that was killed holds nothing.
#[derive(Debug)]
pub struct OutputFolder {
    root: PathBuf,
    /// Name of the place within the folder, such as `2026-10`.
    name: String,
    staging: Option<PathBuf>,
    /// Closing the file lets go of the lock.
    _lock: File,
}

impl OutputFolder {
    /// [`OutputFolder::at`] the usual place: the period's name in the folder of all reports.
    ///
    /// # Errors
    /// As [`OutputFolder::at`].
    pub fn open(root: &Path, period: Period) -> Result<Self, Finding> {
        Self::at(&root.join(period.to_string()))
    }

    /// Takes the folder in which `target` lies, creating it where it is not there, finishes what
    /// an earlier run left undone, and looks at what lies at `target` before any work is done.
    ///
    /// # Errors
    /// [`Code::RunInProgress`], [`Code::OutputInTheWay`] or [`Code::OutputFailed`].
    pub fn at(target: &Path) -> Result<Self, Finding> {
        // A slash at the end would look through a link.
        let target: PathBuf = target.components().collect();
        let name = target.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = name.ok_or_else(|| in_the_way(&target, "names no folder to write to"))?;
        let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty());
        let root = parent.unwrap_or(Path::new(".")).to_owned();
        must_be_folder(&root)?;
        fs::create_dir_all(&root).map_err(|error| failed(&root, &error))?;
        let lock = lock(&root.join(LOCK))?;
        let folder = Self { root, name, staging: None, _lock: lock };
        folder.clear_stagings()?;
        folder.clear_scratch()?;
        repair(&folder.target())?;
        standing(&folder.target())?;
        Ok(folder)
    }

    /// Refuses a place that holds the reports of another organisation or month.
    ///
    /// # Errors
    /// [`Code::OutputInTheWay`].
    pub fn is_for(&self, organisation: &str, period: Period) -> Result<(), Finding> {
        of_same_kind(&self.target(), organisation, period)
    }

    /// Where the reports are published.
    #[must_use]
    pub fn target(&self) -> PathBuf {
        self.root.join(&self.name)
    }

    /// A fresh, empty directory to write into.
    ///
    /// # Errors
    /// [`Code::OutputFailed`].
    pub fn stage(&mut self, run_id: &str) -> Result<PathBuf, Finding> {
        self.clear_stagings()?;
        let staging = self.root.join(format!("{}{run_id}", self.staging_prefix()));
        fs::create_dir(&staging).map_err(|error| failed(&staging, &error))?;
        self.staging = Some(staging.clone());
        Ok(staging)
    }

    /// A folder for what a run must put aside while it works, gone with what this gives.
    ///
    /// # Errors
    /// [`Code::OutputFailed`].
    pub fn scratch(&self) -> Result<Scratch, Finding> {
        let folder = self.scratch_folder();
        Scratch::new(folder.clone()).map_err(|error| failed(&folder, &error))
    }

    fn scratch_folder(&self) -> PathBuf {
        self.root.join(format!(".scratch-{}", self.name))
    }

    /// Publishes what was written into the directory that [`OutputFolder::stage`] gave.
    ///
    /// # Errors
    /// As [`publish`], or [`Code::OutputFailed`] where nothing was staged.
    pub fn publish(&mut self) -> Result<Published, Finding> {
        let nothing = || failed(&self.root, &"no report was written");
        let staging = self.staging.clone().ok_or_else(nothing)?;
        let published = publish(&staging, &self.target())?;
        self.staging = None;
        Ok(published)
    }

    fn staging_prefix(&self) -> String {
        format!(".staging-{}-", self.name)
    }

    /// Removes what a run for this place put aside that was killed.
    fn clear_scratch(&self) -> Result<(), Finding> {
        let folder = self.scratch_folder();
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&folder, &error)),
            _ => Ok(()),
        }
    }

    /// Removes what runs for this place left that never came to be published.
    fn clear_stagings(&self) -> Result<(), Finding> {
        let prefix = self.staging_prefix();
        let entries = fs::read_dir(&self.root).map_err(|error| failed(&self.root, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| failed(&self.root, &error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let run = name.strip_prefix(&prefix);
            let is_run = |run: &str| run.bytes().all(|byte| byte.is_ascii_hexdigit());
            if run.is_some_and(is_run) {
                fs::remove_dir_all(entry.path()).map_err(|error| failed(&entry.path(), &error))?;
            }
        }
        Ok(())
    }
}

impl Drop for OutputFolder {
    fn drop(&mut self) {
        if let Some(staging) = &self.staging {
            // Should this fail, the next run for this place does it.
            let _ = fs::remove_dir_all(staging);
        }
    }
}

fn must_be_folder(root: &Path) -> Result<(), Finding> {
    match fs::symlink_metadata(root) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(found) if found.is_symlink() => Err(in_the_way(root, "is a link")),
        Ok(_) => Err(in_the_way(root, "is not a folder")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed(root, &error)),
    }
}

fn lock(path: &Path) -> Result<File, Finding> {
    if fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(in_the_way(path, "is not a file that costbook made"));
    }
    let opened = File::options().create(true).truncate(false).write(true).open(path);
    let file = opened.map_err(|error| failed(path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let folder = path.parent().unwrap_or(path).display();
            Err(Finding::new(Code::RunInProgress, format!("another run is writing to `{folder}`"))
                .help("let it end, then run the same command again"))
        }
        Err(TryLockError::Error(error)) => Err(failed(path, &error)),
    }
}

pub(super) fn failed(path: &Path, cause: &dyn std::fmt::Display) -> Finding {
    super::sink::failed(&path.display().to_string(), cause)
}

pub(super) fn in_the_way(path: &Path, why: &str) -> Finding {
    Finding::new(Code::OutputInTheWay, format!("`{}` {why}", path.display()))
        .help("move it away, or write to another folder with --out")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn october() -> Period {
        "2026-10".parse().unwrap()
    }

    #[test]
    fn one_run_at_a_time() {
        let out = tempfile::tempdir().unwrap();
        let root = out.path().join("deep/out");
        let held = OutputFolder::open(&root, october()).unwrap();
        let second = OutputFolder::open(&root, october().next()).unwrap_err();
        assert_eq!(second.code, Code::RunInProgress);
        drop(held);
        OutputFolder::open(&root, october()).unwrap();
        assert_eq!(OutputFolder::at(&root.join("mine/")).unwrap().target(), root.join("mine"));
        let nowhere = OutputFolder::at(Path::new("/")).unwrap_err();
        assert_eq!(nowhere.code, Code::OutputInTheWay);
    }

    #[test]
    fn what_a_run_staged_is_published_or_gone() {
        let out = tempfile::tempdir().unwrap();
        let stale = out.path().join(".staging-2026-10-dead");
        fs::create_dir(&stale).unwrap();
        fs::write(stale.join("half"), "x").unwrap();
        let mut folder = OutputFolder::open(out.path(), october()).unwrap();
        assert!(!stale.exists());
        let staging = folder.stage("0123").unwrap();
        drop(folder);
        assert!(!staging.exists(), "dropped before it was published");

        let mut folder = OutputFolder::open(out.path(), october()).unwrap();
        assert!(folder.publish().is_err(), "nothing was staged");
        let staging = folder.stage("0123").unwrap();
        fs::write(staging.join("run.json"), "{}").unwrap();
        assert_eq!(folder.publish().unwrap(), Published::Created);
        assert_eq!(fs::read_to_string(folder.target().join("run.json")).unwrap(), "{}");
    }

    #[test]
    fn a_foreign_target_is_refused_before_any_work() {
        let out = tempfile::tempdir().unwrap();
        fs::write(out.path().join("2026-10"), "mine").unwrap();
        let refused = OutputFolder::open(out.path(), october()).unwrap_err();
        assert_eq!(refused.code, Code::OutputInTheWay);
        let refused = OutputFolder::open(&out.path().join("2026-10"), october()).unwrap_err();
        assert_eq!(refused.code, Code::OutputInTheWay);
    }

    #[cfg(unix)]
    #[test]
    fn a_planted_lock_or_folder_is_refused() {
        let out = tempfile::tempdir().unwrap();
        let link =
            |name: &str| std::os::unix::fs::symlink("/nowhere", out.path().join(name)).unwrap();
        link("out");
        for name in ["out", "out/"] {
            let refused = OutputFolder::open(&out.path().join(name), october()).unwrap_err();
            assert_eq!(refused.code, Code::OutputInTheWay);
        }
        link(LOCK);
        let refused = OutputFolder::open(out.path(), october()).unwrap_err();
        assert_eq!(refused.code, Code::OutputInTheWay);
    }
}
