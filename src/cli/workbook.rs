//! The hidden command: this program as a reader of workbooks, in a process of its own.

use std::io;
use std::path::{Path, PathBuf};

use crate::ingest::serve_workbook;

use super::args::WorkbookArgs;
use super::exit::Exit;

/// Where this very program is found, though its file may have been replaced since it began.
const THIS_PROCESS: &str = "/proc/self/exe";

/// The program that a workbook is read by: this one.
pub(super) fn executable() -> Option<PathBuf> {
    let running = Path::new(THIS_PROCESS);
    if running.exists() { Some(running.to_owned()) } else { std::env::current_exe().ok() }
}

/// Serves the process that asks. Its pipe is the only thing written to.
pub(super) fn read_workbook(args: &WorkbookArgs) -> Exit {
    match serve_workbook(&args.question, &mut io::stdout().lock()) {
        Ok(()) => Exit::Fine,
        Err(_) => Exit::Internal,
    }
}
