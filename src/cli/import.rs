//! `costbook import`: other systems' rules as a rule file.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use crate::allocate::{ExampleRun, run_examples};
use crate::diagnostics::{Code, Finding, Place, Severity, Texts};
use crate::domain::Org;
use crate::import::{self, Imported, Kind, Options, Refused, Source, WRITTEN};

use super::args::{FailOn, ImportArgs};
use super::console::{self, Report};
use super::exit::Exit;

/// No definition of rules is larger.
const LARGEST: u64 = 16 << 20;

pub(super) fn import(args: &ImportArgs) -> Exit {
    let mut texts = Texts::new();
    match rules(args, &mut texts) {
        Ok(imported) => {
            let least = args.fail_on.map(|least| match least {
                FailOn::Warning => Severity::Warning,
                FailOn::Note => Severity::Note,
            });
            show(&imported.findings, &texts);
            let exit = match &args.out {
                None => console::data(&imported.text),
                Some(path) => write(path, &imported),
            };
            let is_lossy =
                |least: Severity| imported.findings.iter().any(|found| found.severity() >= least);
            match exit {
                Exit::Fine if least.is_some_and(is_lossy) => Exit::Findings,
                exit => exit,
            }
        }
        Err(findings) => {
            show(&findings, &texts);
            Exit::of_errors(&findings)
        }
    }
}

fn show(findings: &[Finding], texts: &Texts) {
    Report { texts, project: "." }.findings(findings, Severity::Note);
}

fn rules(args: &ImportArgs, texts: &mut Texts) -> Result<Imported, Vec<Finding>> {
    if let Some(path) = args.out.as_ref().filter(|path| path.symlink_metadata().is_ok()) {
        return Err(vec![in_the_way(path)]);
    }
    let kind = Kind::ALL.iter().find(|(name, _)| *name == args.kind);
    let Some((_, kind)) = kind else { return Err(Vec::new()) };
    let (mut sources, mut findings) = (Vec::new(), Vec::new());
    for file in &args.files {
        let path = file.display().to_string();
        match read(file) {
            Ok(text) => {
                texts.insert(&path, &text);
                sources.push(Source { path, text });
            }
            Err(error) => {
                let message = format!("`{path}` cannot be read: {error}");
                let place = Place::File(path.as_str().into());
                findings.push(Finding::new(Code::NotFound, message).at(place));
            }
        }
    }
    if !findings.is_empty() {
        return Err(findings);
    }
    let options = Options { as_owners: args.what.is_some(), dimension: args.dimension.clone() };
    let imported = import::import(*kind, &sources, &options).map_err(|refused| {
        let Refused { findings, text } = refused;
        if let Some(text) = text {
            texts.insert(WRITTEN, text);
        }
        findings
    })?;
    let runs = run_examples(&imported.rules, &Org::default(), &[]);
    let failed: Vec<Finding> = runs.iter().filter_map(ExampleRun::finding).collect();
    if failed.is_empty() {
        return Ok(imported);
    }
    texts.insert(WRITTEN, &imported.text);
    Err(failed)
}

fn read(path: &Path) -> io::Result<String> {
    let file = fs::File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut text = String::new();
    file.take(LARGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST {
        return Err(io::Error::other(format!("it has more than {} MiB", LARGEST >> 20)));
    }
    Ok(text)
}

fn in_the_way(path: &Path) -> Finding {
    let message = format!("`{}` is there already; nothing was written", path.display());
    Finding::new(Code::OutputInTheWay, message).help("name another file, or move this one away")
}

/// Writes the file, unless it has come to be there meanwhile.
fn write(path: &Path, imported: &Imported) -> Exit {
    let written =
        OpenOptions::new().write(true).create_new(true).open(path).and_then(|mut file| {
            file.write_all(imported.text.as_bytes()).and_then(|()| file.sync_all())
        });
    let finding = match written {
        Ok(()) => {
            let rules = &imported.rules;
            console::message(&format!(
                "{}: {} dimensions, {} rules, {} pools, {} examples that hold; {} losses",
                path.display(),
                rules.dimensions.len(),
                rules.classify.len(),
                rules.pools.len(),
                rules.tests.len(),
                imported.findings.len(),
            ));
            return Exit::Fine;
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => in_the_way(path),
        Err(error) => {
            let message = format!("`{}` cannot be written: {error}", path.display());
            Finding::new(Code::OutputFailed, message)
        }
    };
    show(std::slice::from_ref(&finding), &Texts::new());
    Exit::of_errors(&[finding])
}
