//! The repository checks itself: edges between rooms, words, sizes, and that everything shipped is
//! used and told.

mod support;

#[path = "architecture/source.rs"]
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use source::Source;
use support::{PERIOD, Project, copy_folder, has_extension, home};

const LONGEST_FILE: usize = 600;
const LONGEST_FUNCTION: usize = 70;

/// The lines of a file of data, without comments.
fn data(name: &str) -> Vec<String> {
    let path = home().join("tests/architecture").join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let lines = text.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

/// All files below a folder of the repository, relative to it, with `/`, in order.
fn files(folder: &str) -> Vec<String> {
    fn gather(folder: &Path, prefix: &str, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).expect("a folder of the repository").flatten() {
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if !entry.path().is_dir() {
                found.push(name);
            } else if entry.file_name() != "out" {
                gather(&entry.path(), &format!("{name}/"), found);
            }
        }
    }
    let mut found = Vec::new();
    gather(&home().join(folder), "", &mut found);
    found.sort();
    found
}

/// Every source file, without those that are tests only.
fn sources() -> Vec<Source> {
    let paths: Vec<String> =
        files("src").into_iter().filter(|path| has_extension(path, "rs")).collect();
    let all: Vec<Source> =
        paths.iter().map(|path| Source::read(&home().join("src"), path)).collect();
    let tests: BTreeSet<PathBuf> = all.iter().flat_map(Source::test_modules).collect();
    let kept: Vec<Source> = all.into_iter().filter(|source| !source.is_within(&tests)).collect();
    assert!(kept.len() > 50, "only {} files were found", kept.len());
    kept
}

fn report(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn rooms_import_only_what_edges_allow() {
    let mut allowed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut faults = Vec::new();
    for line in data("edges.txt") {
        let (room, targets) = line.split_once("->").expect("`room -> rooms`");
        let targets: BTreeSet<String> = targets.split_whitespace().map(str::to_owned).collect();
        for target in targets.iter().filter(|target| !allowed.contains_key(*target)) {
            faults.push(format!(
                "edges.txt: {} imports {target}, which does not stand above it",
                room.trim()
            ));
        }
        allowed.insert(room.trim().to_owned(), targets);
    }
    let mut used: BTreeSet<(String, String)> = BTreeSet::new();
    for source in sources() {
        let Some((room, _)) = source.path.split_once('/') else { continue };
        let Some(targets) = allowed.get(room) else {
            faults.push(format!("src/{}: the room {room} is not in edges.txt", source.path));
            continue;
        };
        for (line, target) in source.imported_rooms() {
            if target == room {
                continue;
            }
            if !targets.contains(&target) {
                faults.push(format!("src/{}:{line}: {room} imports {target}", source.path));
            }
            used.insert((room.to_owned(), target));
        }
        for line in source.climbs_out_of_its_room() {
            faults.push(format!(
                "src/{}:{line}: `super` leaves the room; write `crate::`",
                source.path
            ));
        }
    }
    for (room, targets) in &allowed {
        let unused =
            targets.iter().filter(|target| !used.contains(&(room.clone(), (*target).clone())));
        faults.extend(unused.map(|target| format!("edges.txt: nothing uses {room} -> {target}")));
    }
    report(&faults);
}

#[test]
fn words_stand_only_where_they_may() {
    let mut faults = Vec::new();
    let sources = sources();
    for line in data("words.txt") {
        let (word, rest) = line.split_once("->").expect("`word -> places : reason`");
        let (places, reason) = rest.split_once(" : ").expect("a reason");
        assert!(!reason.trim().is_empty(), "{line}");
        let word = word.trim();
        let places: Vec<&str> = places.split_whitespace().collect();
        let mut used: BTreeSet<&str> = BTreeSet::new();
        for source in &sources {
            let place = places.iter().find(|place| source.path.starts_with(**place));
            let lines = source.lines_with(word);
            match place {
                Some(place) if !lines.is_empty() => drop(used.insert(place)),
                Some(_) => {}
                None => faults.extend(lines.iter().map(|line| {
                    format!("src/{}:{line}: `{word}` ({})", source.path, reason.trim())
                })),
            }
        }
        let unused = places.iter().filter(|place| !used.contains(**place));
        faults.extend(unused.map(|place| format!("words.txt: `{word}` stands nowhere in {place}")));
    }
    report(&faults);
}

#[test]
fn files_and_functions_can_be_taken_in() {
    let mut faults = Vec::new();
    let mut functions = 0;
    for path in files("src").iter().filter(|path| has_extension(path, "rs")) {
        let source = Source::read(&home().join("src"), path);
        let lines = source.text.lines().count();
        if lines > LONGEST_FILE {
            faults.push(format!("src/{path} has {lines} lines; {LONGEST_FILE} are the limit"));
        }
        for (line, name, length) in source.functions() {
            functions += 1;
            if length > LONGEST_FUNCTION {
                faults.push(format!(
                    "src/{path}:{line}: {name} has {length} lines; {LONGEST_FUNCTION} are the limit"
                ));
            }
        }
    }
    assert!(functions > 500, "only {functions} functions were found");
    report(&faults);
}

/// Folders of whoever wrote a file are nobody else's; what a file needs lies beside it.
#[test]
fn no_file_names_a_machine() {
    let mut faults = Vec::new();
    let roots = ["/home/", "/root/", "/Users/", "/work/", "C:\\Users\\"];
    for folder in ["src", "tests", "rules", "samples", "docs", "benches"] {
        for path in files(folder) {
            let Ok(text) = fs::read_to_string(home().join(folder).join(&path)) else { continue };
            let own = format!("{folder}/{path}") == "tests/architecture.rs";
            for (index, line) in text.lines().enumerate().filter(|_| !own) {
                let named = roots.iter().filter(|root| line.contains(**root));
                faults.extend(named.map(|root| format!("{folder}/{path}:{}: {root}", index + 1)));
            }
        }
    }
    report(&faults);
}

/// The tests that docs/testing.md names.
#[test]
fn every_test_that_is_named_exists() {
    let docs = fs::read_to_string(home().join("docs/testing.md")).expect("docs/testing.md");
    let sources: String = ["src", "tests"]
        .iter()
        .flat_map(|folder| files(folder).into_iter().map(move |file| format!("{folder}/{file}")))
        .filter(|file| has_extension(file, "rs"))
        .map(|file| fs::read_to_string(home().join(file)).expect("a source"))
        .collect();
    let rows = docs.lines().filter(|line| line.starts_with("| "));
    let last = rows.filter_map(|line| line.trim_end_matches(" |").rsplit(" | ").next());
    let names = last.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let (mut count, mut faults) = (0, Vec::new());
    for name in names {
        let test = name.rsplit([' ', ':']).next().unwrap_or_default();
        let is_test = test.contains('_') && !test.contains(['.', '/']) && test != "serde_json";
        if is_test {
            count += 1;
            if !sources.contains(&format!("fn {test}(")) {
                faults.push(format!("docs/testing.md names the test `{name}`, and there is none"));
            }
        }
    }
    assert!(count > 60, "{count} names were found");
    report(&faults);
}

#[test]
fn every_shipped_file_is_built_in() {
    let sources: String = sources().into_iter().map(|source| source.text).collect();
    let unused =
        files("rules").into_iter().filter(|path| !sources.contains(&format!("rules/{path}\"")));
    let faults: Vec<String> =
        unused.map(|path| format!("nothing in src includes rules/{path}")).collect();
    report(&faults);
}

/// A sample is used where its project reads each of its files, and something outside names it.
#[test]
fn every_sample_is_used() {
    let mut faults = Vec::new();
    let mut samples: Vec<String> = files("samples")
        .into_iter()
        .filter_map(|path| path.split_once('/').map(|(sample, _)| sample.to_owned()))
        .collect();
    samples.dedup();
    assert!(!samples.is_empty());
    for sample in samples {
        let folder = home().join("samples").join(&sample);
        let project = Project::new();
        copy_folder(&folder, project.folder());
        let answer = project.run();
        assert_eq!(answer.exit, Some(0), "samples/{sample}: {}", answer.stderr);
        let manifest = project.output().json("manifest.json");
        let read: BTreeSet<&str> = ["bills", "inputs"]
            .iter()
            .filter_map(|list| manifest[*list].as_array())
            .flatten()
            .filter_map(|input| input["path"].as_str())
            .collect();
        for path in files(&format!("samples/{sample}")) {
            let is_guide = path == "README.md" || path.starts_with(".git");
            if !is_guide && !read.contains(path.as_str()) {
                faults.push(format!("samples/{sample}/{path}: its project does not read it"));
            }
        }
        let named = |text: &String| text.contains(&format!("samples/{sample}"));
        let mut texts: Vec<String> = sources().into_iter().map(|source| source.text).collect();
        texts.extend(fs::read_to_string(home().join("README.md")));
        if !texts.iter().any(named) {
            faults.push(format!("samples/{sample}: neither README.md nor src names it"));
        }
    }
    report(&faults);
}

/// `docs/outputs.md` has a section per file, and each column in the first cell of a row there.
#[test]
fn every_output_column_is_documented() {
    let docs = fs::read_to_string(home().join("docs/outputs.md"))
        .expect("docs/outputs.md lists the columns of all outputs");
    let project = Project::new();
    copy_folder(&home().join("samples/acme"), project.folder());
    let output = project.published();
    let detail = output.columns("showback_detail.csv");
    let dimensions: Vec<&String> = detail
        .iter()
        .skip_while(|name| *name != "component")
        .skip(1)
        .take_while(|name| *name != "day")
        .collect();
    let mut faults = Vec::new();
    for file in output.files.keys() {
        if file.starts_with("charts/") {
            continue;
        }
        let Some(section) = section(&docs, file) else {
            if file != "SHA256SUMS" || !docs.contains("`SHA256SUMS`") {
                faults.push(format!("docs/outputs.md has no section `{file}`"));
            }
            continue;
        };
        let names = if has_extension(file, "csv") {
            output.columns(file)
        } else if has_extension(file, "json") {
            let document = output.json(file);
            document.as_object().expect("an object").keys().cloned().collect()
        } else {
            Vec::new()
        };
        for name in names.iter().filter(|name| !dimensions.contains(name)) {
            let is_told = [format!("`{name}`"), format!("`{name}[]")];
            if !is_told.iter().any(|told| section.contains(told)) {
                faults.push(format!("docs/outputs.md: section `{file}` lacks `{name}`"));
            }
        }
    }
    report(&faults);
}

/// What stands below a heading that names the file, down to the next heading of its level.
fn section(docs: &str, file: &str) -> Option<String> {
    let is_heading = |line: &&str| line.starts_with("## ");
    let named = format!("`{file}`");
    let mut lines = docs.lines().skip_while(|line| !(is_heading(line) && line.contains(&named)));
    lines.next()?;
    let own = lines.take_while(|line| !is_heading(line)).collect::<Vec<_>>().join("\n");
    // Names that two files share are told once.
    let like = own.contains("Begins like `run.json`").then(|| section(docs, "run.json"));
    Some(own + &like.flatten().unwrap_or_default())
}

#[test]
fn the_month_of_the_samples_is_that_of_the_tests() {
    let project = Project::new();
    copy_folder(&home().join("samples/init"), project.folder());
    let totals = project.published().run()["totals"].as_array().map_or(0, Vec::len);
    assert!(totals > 0, "samples/init has no charge of {PERIOD}");
}
