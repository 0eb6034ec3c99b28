//! From the patterns of a project to files.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use glob::{MatchOptions, glob_with};
use sha2::{Digest, Sha256};

use crate::diagnostics::{Code, Finding, Place, Span};
use crate::rules::{ColumnMap, SourceDecl};

use super::guard::guarded;
use super::open::hex;
use super::scan::SourceFile;

const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// The files of all sources, in the order of sources, then paths. `maps` has the column map of
/// each source, in the same order.
///
/// # Errors
/// Patterns that match nothing, and files that two sources claim.
pub fn discover(
    root: &Path,
    sources: &[SourceDecl],
    maps: &[Arc<ColumnMap>],
) -> Result<Vec<SourceFile>, Vec<Finding>> {
    let mut files = Vec::new();
    let mut errors = Vec::new();
    let mut claimed: BTreeMap<String, &str> = BTreeMap::new();
    for (source, map) in sources.iter().zip(maps) {
        for path in expand_all(root, source, &mut errors) {
            if let Some(other) = claimed.insert(path.clone(), &source.name)
                && other != source.name
            {
                let text =
                    format!("`{path}` belongs to the sources `{other}` and `{}`", source.name);
                let finding = Finding::new(Code::InvalidValue, text)
                    .help("a file in two sources would count twice; narrow one of the patterns");
                errors.push(finding.at(Place::Text(source.span.clone())));
            }
            files.push(SourceFile {
                source: source.name.as_str().into(),
                location: root.join(&path),
                path: path.into(),
                map: map.clone(),
                place: source.place.clone(),
            });
        }
    }
    if errors.is_empty() { Ok(files) } else { Err(errors) }
}

fn expand_all(root: &Path, source: &SourceDecl, errors: &mut Vec<Finding>) -> Vec<String> {
    let mut paths = Vec::new();
    for (pattern, span) in &source.files {
        match contained(root, pattern, span) {
            Ok(found) => paths.extend(found),
            Err(finding) => errors.push(finding),
        }
    }
    paths.sort_unstable();
    paths.dedup();
    if paths.is_empty() && errors.is_empty() {
        let patterns: Vec<&str> =
            source.files.iter().map(|(pattern, _)| pattern.as_str()).collect();
        let text = format!(
            "source `{}` has no file: nothing matches {}",
            source.name,
            patterns.join(", ")
        );
        let finding = Finding::new(Code::NoFiles, text)
            .help("paths are relative to the project's folder; check the pattern or the delivery");
        errors.push(finding.at(Place::Text(source.span.clone())));
    }
    paths
}

/// The paths below `root` that a pattern matches, sorted, relative, with `/`.
///
/// # Errors
/// A pattern that is not one, or a match that leads out of the project.
pub fn contained(root: &Path, pattern: &str, span: &Span) -> Result<Vec<String>, Finding> {
    let place = || Place::Text(span.clone());
    let relative = Path::new(pattern);
    if !relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        let text = format!("`{pattern}` leads out of the project's folder");
        return Err(Finding::new(Code::PathOutsideProject, text).at(place()));
    }
    let relative: PathBuf =
        relative.components().filter(|part| *part != Component::CurDir).collect();
    // Matches come back under the folder's real path, whatever way it was named.
    let home = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let escaped = glob::Pattern::escape(&home.to_string_lossy());
    let whole = format!("{escaped}/{}", relative.to_string_lossy());
    let matches = glob_with(&whole, OPTIONS).map_err(|error| {
        Finding::new(Code::InvalidValue, format!("`{pattern}` is not a file pattern: {error}"))
            .at(place())
    })?;
    let mut paths = Vec::new();
    // The pattern library stops at names that are not UTF-8; that must not stop us.
    let matches = guarded(|| matches.collect::<Vec<_>>()).ok_or_else(|| {
        Finding::new(
            Code::UnreadableFile,
            format!("`{pattern}` meets a file whose name is not UTF-8"),
        )
        .help("rename it, or narrow the pattern")
        .at(place())
    })?;
    for found in matches {
        // What cannot be looked into may hold bills.
        let found = found.map_err(|error| {
            Finding::new(Code::UnreadableFile, format!("`{pattern}` cannot be followed: {error}"))
                .help("check the permissions of the folder")
                .at(place())
        })?;
        if found.is_dir() {
            continue;
        }
        let inside = found.canonicalize().is_ok_and(|real| real.starts_with(&home));
        let Some(relative) = found.strip_prefix(&home).ok().filter(|_| inside) else {
            let text = format!("`{}` leads out of the project's folder", found.display());
            let help = "copy the file into the project, or move the project's folder up";
            return Err(Finding::new(Code::PathOutsideProject, text).help(help).at(place()));
        };
        let parts = relative.components().map(|part| part.as_os_str().to_string_lossy());
        paths.push(parts.collect::<Vec<_>>().join("/"));
    }
    paths.sort_unstable();
    Ok(paths)
}

/// The SHA-256 of a text, in hex.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
