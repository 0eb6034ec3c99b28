//! What tells that a file is still the one that was opened.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::diagnostics::{Code, Finding};

/// Which file it is, how long, and when it was last written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    file: (u64, u64),
    bytes: u64,
    written: (i64, i64),
}

impl Stamp {
    pub(super) fn of(file: &File) -> io::Result<Self> {
        file.metadata().map(|found| Self::new(&found))
    }

    fn new(found: &Metadata) -> Self {
        Self {
            file: (found.dev(), found.ino()),
            bytes: found.len(),
            written: (found.mtime(), found.mtime_nsec()),
        }
    }

    /// What is said of a path under which another file lies by now, or the same one written anew: what
    /// was read of it may be half of each, and a copy that is under way is half a bill.
    pub(super) fn broken(self, path: &Path) -> Option<Finding> {
        let is_same = path.metadata().is_ok_and(|found| Self::new(&found) == self);
        (!is_same).then(|| {
            Finding::new(Code::BrokenFile, "the file changed while it was read")
                .help("wait until it is written, then run again; nothing of it was counted")
        })
    }
}
