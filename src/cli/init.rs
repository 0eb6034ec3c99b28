//! `costbook init`: a small project that runs at once.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use crate::diagnostics::{Code, Finding, Severity, Texts};

use super::args::InitArgs;
use super::console::{self, Report};
use super::exit::Exit;

/// The project, file by file. It lies in `samples/init`, where it can be read and tried.
const FILES: [(&str, &str); 4] = [
    ("costbook.yaml", include_str!("../../samples/init/costbook.yaml")),
    ("data/owners.csv", include_str!("../../samples/init/data/owners.csv")),
    (
        "data/bills/focus-2026-10.csv",
        include_str!("../../samples/init/data/bills/focus-2026-10.csv"),
    ),
    ("rules/allocation.yaml", include_str!("../../samples/init/rules/allocation.yaml")),
];

pub(super) fn init(args: &InitArgs) -> Exit {
    let shown = args.dir.display();
    match write(&args.dir) {
        Ok(()) => {
            let whole = args.dir.canonicalize().unwrap_or_else(|_| args.dir.clone());
            let whole = whole.display();
            console::data(&format!(
                "{shown}: made. Next:\n  costbook run --project {shown} --period 2026-10\n\
                 Monthly, by cron, on the third at six:\n  0 6 3 * * costbook run --project {whole} --period last-month\n"
            ))
        }
        Err(finding) => {
            let report = Report { texts: &Texts::new(), project: "." };
            report.findings(std::slice::from_ref(&finding), Severity::Note);
            Exit::of_errors(&[finding])
        }
    }
}

/// Writes all files or none that was there before.
fn write(dir: &Path) -> Result<(), Finding> {
    let taken = FILES.iter().map(|(path, _)| dir.join(path)).find(|path| path.exists());
    if let Some(path) = taken {
        let text = format!("`{}` is there already; nothing was written", path.display());
        return Err(Finding::new(Code::OutputInTheWay, text).help("name another folder"));
    }
    for (path, text) in FILES {
        create(&dir.join(path), text).map_err(|error| {
            Finding::new(
                Code::OutputFailed,
                format!("`{}` cannot be written: {error}", dir.join(path).display()),
            )
        })?;
    }
    Ok(())
}

fn create(path: &Path, text: &str) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}
