//! A small language for tests of the command: a project in a folder of its own, bills in every
//! format, the command, and what came of it.
//!
//! ```text
//! Project             files of a project, written one by one; gone when dropped
//! RawXlsx, Zip        workbooks part by part, right or wrong
//! ods, xlsb, xls      small sheets of other kinds
//! Charge, Bill        FOCUS rows → CSV, gzip, Parquet
//! Answer              exit code, stdout, stderr
//! Output              the published files, as tables and documents
//! Faults              everything that is wrong with a table of cases, at once
//! exact               rationals, so that no sum here shares a line with the sums it checks
//! ```

#![allow(
    dead_code,
    unused_imports,
    reason = "each test binary speaks its own part of the language"
)]

mod archive;
mod bill;
mod columnar;
mod exact;
mod faults;
mod output;
mod sheets;

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(crate) use archive::{RawXlsx, Zip, inline};
pub(crate) use bill::{Bill, COSTS, Charge, FOCUS_1_2};
pub(crate) use columnar::{Money, Shape, Tags, Times, parquet, parquet_of_shared_letters};
pub(crate) use exact::{Exact, exact, plain, scaled};
pub(crate) use faults::Faults;
pub(crate) use output::{Output, Row, sum};
pub(crate) use sheets::{Cell, container, ods, ods_of, xls, xlsb};
use tempfile::TempDir;

/// The month that tests ask for.
pub(crate) const PERIOD: &str = "2026-10";

/// The folder of this package.
pub(crate) fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A project in a folder of its own.
pub(crate) struct Project {
    folder: TempDir,
}

/// What a command answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// `None` where a signal ended it.
    pub(crate) exit: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Project {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder for the project") }
    }

    /// The smallest project that runs: one source of FOCUS files below `data`, no rules.
    pub(crate) fn smallest() -> Self {
        Self::new().file(
            "costbook.yaml",
            "organisation: Acme\ncurrency: EUR\nsources:\n  - name: bills\n    format: focus\n    \
             files: [ \"data/*\" ]\n    days: any\n",
        )
    }

    /// A project with owners and one rule, which has nothing to complain of once it has a bill.
    pub(crate) fn sound() -> Self {
        Self::ruled("classify: [ { name: everything, owner: payments } ]\n")
    }

    /// [`Project::sound`] with other rules.
    pub(crate) fn ruled(rules: &str) -> Self {
        let project = Self::new().file(
            "costbook.yaml",
            "organisation: Acme\ncurrency: EUR\nsources:\n  - name: bills\n    format: focus\n    \
             files: [ \"data/*\" ]\n    days: any\nowners: owners.csv\nrules: [ \"rules/*.yaml\" ]\n",
        );
        let owners = "id,name,parent,valid_from,valid_to\n\
                      acme,Acme,,,\n\
                      payments,Payments,acme,,\n\
                      retail,Retail,acme,,\n\
                      labs,Labs,acme,,2026-10-15\n";
        project.file("owners.csv", owners).file("rules/rules.yaml", rules)
    }

    /// Replaces a text in `costbook.yaml`, which must hold it.
    pub(crate) fn declaring(self, text: &str, instead: &str) -> Self {
        let path = self.path("costbook.yaml");
        let declared = fs::read_to_string(path).expect("the project");
        assert!(declared.contains(text), "{text} is not in {declared}");
        self.file("costbook.yaml", declared.replacen(text, instead, 1))
    }

    /// Writes a file; folders are made as they are needed.
    pub(crate) fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.write(path, content);
        self
    }

    /// [`Project::file`] for a project that is under way.
    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        let folder = path.parent().expect("a file stands in a folder");
        fs::create_dir_all(folder).expect("a folder of the project");
        fs::write(&path, content).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// A bill as CSV, below `data`.
    pub(crate) fn bill(self, name: &str, bill: &Bill) -> Self {
        self.file(&format!("data/{name}"), bill.csv())
    }

    pub(crate) fn remove(&self, path: &str) {
        let path = self.path(path);
        let removed =
            if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs the month that tests ask for.
    pub(crate) fn run(&self) -> Answer {
        self.run_with(&[])
    }

    /// [`Project::run`] with further arguments.
    pub(crate) fn run_with(&self, more: &[&str]) -> Answer {
        self.command([&["run", "--project", ".", "--period", PERIOD], more].concat())
    }

    /// Runs the command in the project's folder.
    pub(crate) fn command<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Answer {
        let mut command = costbook(arguments);
        answer(command.current_dir(self.folder.path()))
    }

    /// What was published for the month that tests ask for.
    pub(crate) fn output(&self) -> Output {
        Output::read(&self.path("out").join(PERIOD))
    }

    /// Runs, expects it to publish, and gives what it published.
    pub(crate) fn published(&self) -> Output {
        let answer = self.run();
        assert_eq!(answer.exit, Some(0), "{}", answer.stderr);
        self.output()
    }
}

/// The command, with the parts of the environment that must not matter set to odd values.
pub(crate) fn costbook<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_costbook"));
    command
        .args(arguments)
        .env("TZ", "Pacific/Kiritimati")
        .env("LC_ALL", "tr_TR.UTF-8")
        .env_remove("NO_COLOR")
        .stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub(crate) fn answer(command: &mut Command) -> Answer {
    let output = command.output().expect("the command can be started");
    Answer {
        exit: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
    }
}

/// Whether a path ends in an extension.
pub(crate) fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path).extension() == Some(OsStr::new(extension))
}

/// One gzip member.
pub(crate) fn gzip(content: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content.as_ref()).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

/// Copies a folder and all below it, without what runs have written there.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder to copy into");
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.expect("an entry of a folder");
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() && entry.file_name() != "out" {
            copy_folder(&source, &target);
        } else if source.is_file() {
            fs::copy(&source, &target).expect("a file can be copied");
        }
    }
}
