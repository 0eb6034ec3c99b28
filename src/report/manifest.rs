//! `manifest.json`: every input of the run, with hashes and counts.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::diagnostics::Finding;
use crate::ingest::FileReport;

use super::run_json::{Identity, write_json};
use super::sink::Sink;
use super::{Facts, InputFile};

#[derive(Serialize)]
struct Manifest<'a> {
    #[serde(flatten)]
    identity: Identity,
    bills: Vec<Bill<'a>>,
    inputs: Vec<Input<'a>>,
}

#[derive(Serialize)]
struct Bill<'a> {
    source: &'a str,
    format: &'a str,
    version: Option<&'a str>,
    path: &'a str,
    sha256: &'a str,
    content_sha256: &'a str,
    bytes: u64,
    rows: u64,
    accepted: u64,
    quarantined: u64,
    excluded: u64,
    excluded_by: &'a BTreeMap<String, u64>,
    duplicate_of: Option<&'a str>,
}

#[derive(Serialize)]
struct Input<'a> {
    kind: &'a str,
    path: &'a str,
    sha256: &'a str,
    bytes: u64,
}

pub(super) fn write(facts: &Facts, sink: &mut Sink) -> Result<(), Finding> {
    let mut inputs: Vec<&InputFile> = facts.inputs.iter().collect();
    inputs.sort_by_key(|input| (input.kind, &input.path));
    let manifest = Manifest {
        identity: Identity::of(facts),
        bills: facts.scan.files.iter().map(bill).collect(),
        inputs: inputs.into_iter().map(input).collect(),
    };
    write_json("manifest.json", &manifest, sink)
}

fn bill(file: &FileReport) -> Bill<'_> {
    Bill {
        source: &file.source,
        format: &file.format,
        version: file.version.as_deref(),
        path: &file.path,
        sha256: &file.sha256,
        content_sha256: &file.content_sha256,
        bytes: file.bytes,
        rows: file.rows,
        accepted: file.accepted,
        quarantined: file.quarantined,
        excluded: file.excluded_rows(),
        excluded_by: &file.excluded,
        duplicate_of: file.duplicate_of.as_deref(),
    }
}

fn input(input: &InputFile) -> Input<'_> {
    Input { kind: input.kind, path: &input.path, sha256: &input.sha256, bytes: input.bytes }
}
