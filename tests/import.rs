//! Rules of other systems, by the examples of their own public documentation.
//!
//! Below `tests/import/<kind>/` each folder is a case: `source.*` as the other system writes it,
//! `as.txt` where values are to be owners (`owners`, and the dimension where there are several),
//! `expected.yaml` with what is written, and `charges.yaml` with charges and what must become of
//! them, made by hand from what the documentation says. `COSTBOOK_BLESS=1 cargo test --test import`
//! writes what was found into `expected.yaml`; read the difference before it is kept.

mod support;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use costbook::allocate::{ExampleRun, run_examples};
use costbook::diagnostics::{Code, Finding};
use costbook::domain::Org;
use costbook::import::{Kind, Options, Source, import};
use costbook::rules::{RuleText, Scope, compile};
use support::{Bill, Charge, Project};

struct Case {
    name: String,
    folder: PathBuf,
    kind: Kind,
}

fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut found: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

fn last(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import");
    let mut cases = Vec::new();
    for of_kind in folders(&root) {
        let name = last(&of_kind);
        let (_, kind) = Kind::ALL.into_iter().find(|(known, _)| *known == name).expect("a kind");
        for folder in folders(&of_kind) {
            cases.push(Case { name: format!("{name}/{}", last(&folder)), folder, kind });
        }
    }
    cases
}

impl Case {
    fn sources(&self) -> Vec<Source> {
        let entries = fs::read_dir(&self.folder).expect("a folder of the case").flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.retain(|path| last(path).starts_with("source"));
        paths.sort();
        let read = |path: &PathBuf| fs::read_to_string(path).expect("a source");
        paths.iter().map(|path| Source { path: last(path), text: read(path) }).collect()
    }

    fn options(&self) -> Options {
        let wish = fs::read_to_string(self.folder.join("as.txt")).unwrap_or_default();
        let mut words = wish.split_whitespace();
        let as_owners = words.next() == Some("owners");
        Options { as_owners, dimension: words.next().map(str::to_owned) }
    }
}

/// What failed.
fn failures(runs: &[ExampleRun]) -> Vec<Finding> {
    runs.iter().filter_map(ExampleRun::finding).collect()
}

fn shown(findings: &[Finding]) -> String {
    let lines = findings.iter().map(|finding| format!("{finding:?}"));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_written_is_what_was_meant() {
    let is_blessing = std::env::var_os("COSTBOOK_BLESS").is_some_and(|value| value == "1");
    let mut faults = String::new();
    for case in cases() {
        let name = &case.name;
        let imported =
            import(case.kind, &case.sources(), &case.options()).unwrap_or_else(|refused| {
                panic!("{name}: {}\n{:?}", shown(&refused.findings), refused.text)
            });
        let expected = case.folder.join("expected.yaml");
        if is_blessing {
            fs::write(&expected, &imported.text).expect("the expected text");
        }
        if fs::read_to_string(&expected).unwrap_or_default() != imported.text {
            faults.extend(["=== ", name, ": found\n", &imported.text]);
        }
        let own = failures(&run_examples(&imported.rules, &Org::default(), &[]));
        assert!(own.is_empty(), "{name}: {}", shown(&own));

        // The same rules with the charges that were made by hand.
        let charges = fs::read_to_string(case.folder.join("charges.yaml")).expect("charges");
        let files = [
            RuleText { path: "a.yaml".into(), text: imported.text.clone() },
            RuleText { path: "charges.yaml".into(), text: charges },
        ];
        let scope = Scope { org: &Org::default(), entities: &[], drivers: &imported.drivers };
        let rules =
            compile(&files, &scope).unwrap_or_else(|found| panic!("{name}: {}", shown(&found)));
        assert!(rules.tests.len() > imported.rules.tests.len(), "{name} has no charges");
        let failed = failures(&run_examples(&rules, &Org::default(), &[]));
        assert!(failed.is_empty(), "{name}: {}", shown(&failed));
    }
    assert!(faults.is_empty(), "{faults}\nCOSTBOOK_BLESS=1 takes what was found");
}

#[test]
fn every_kind_has_three_cases() {
    for (name, kind) in Kind::ALL {
        let count = cases().iter().filter(|case| case.kind == kind).count();
        assert!(count >= 3, "{name} has {count}");
    }
}

/// What is lost is told twice: as a finding at its place, and in the written text.
#[test]
fn every_loss_is_told_in_the_text_too() {
    let mut losses = 0;
    for case in cases() {
        let imported = import(case.kind, &case.sources(), &case.options()).expect("a sound source");
        for finding in &imported.findings {
            assert_eq!(finding.code, Code::ImportLossy);
            let place = finding.place.as_ref().expect("a place").to_string();
            let is_told = imported.text.lines().any(|line| {
                (line.starts_with("# - left out: ") || line.starts_with("# - otherwise: "))
                    && line.contains(&place)
            });
            assert!(is_told, "{}: {finding:?}", case.name);
            losses += 1;
        }
    }
    assert!(losses > 30, "only {losses} losses are shown");
}

/// Files of another kind, torn files and hostile ones are refused with a finding, or imported.
#[test]
fn no_source_is_too_broken() {
    let mut refused = 0;
    for case in cases() {
        for source in case.sources() {
            for (_, kind) in Kind::ALL {
                let cuts = (0..source.text.len()).step_by(source.text.len() / 40 + 1);
                for cut in cuts.chain([source.text.len()]) {
                    let Some(text) = source.text.get(..cut) else { continue };
                    let torn = Source { path: "x".into(), text: text.to_owned() };
                    match import(kind, &[torn], &case.options()) {
                        Ok(imported) => {
                            let failed =
                                failures(&run_examples(&imported.rules, &Org::default(), &[]));
                            assert!(failed.is_empty(), "{}: {text}", case.name);
                        }
                        Err(found) => {
                            assert!(!found.findings.is_empty());
                            assert!(found.text.is_none(), "{}: {:?}\n{text}", case.name, found);
                            refused += 1;
                        }
                    }
                }
            }
        }
    }
    assert!(refused > 1_000, "only {refused} were refused");
}

/// What the command does with files: nothing that is there is touched.
#[test]
fn the_command_writes_new_files_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/aws-cost-category/teams");
    fs::copy(case.join("source.json"), folder.path().join("source.json")).expect("a copy");
    let run = |words: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_costbook"))
            .args(words.split_whitespace())
            .current_dir(folder.path())
            .output()
            .expect("the command");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let out = folder.path().join("imported.yaml");
    let expected = fs::read_to_string(case.join("expected.yaml")).expect("the expected text");

    let (exit, stdout, stderr) = run("import aws-cost-category source.json");
    assert_eq!((exit, stdout, stderr.as_str()), (Some(0), expected.clone(), ""));
    let (exit, stdout, stderr) = run("import aws-cost-category source.json --out imported.yaml");
    assert_eq!((exit, stdout.as_str()), (Some(0), ""), "{stderr}");
    assert!(stderr.contains("2 dimensions, 0 rules, 0 pools"), "{stderr}");
    assert_eq!(fs::read_to_string(&out).expect("the file"), expected);

    fs::write(&out, "mine").expect("a file");
    let (exit, _, stderr) = run("import aws-cost-category source.json --out imported.yaml");
    assert_eq!(exit, Some(4), "{stderr}");
    assert!(stderr.contains("output-in-the-way"), "{stderr}");
    assert_eq!(fs::read_to_string(&out).expect("the file"), "mine");

    let (exit, stdout, stderr) = run("import aws-cost-category source.json --as owners");
    assert_eq!((exit, stdout.as_str()), (Some(3), ""), "{stderr}");
    assert!(stderr.contains("name one with --dimension"), "{stderr}");
    let (exit, stdout, _) =
        run("import aws-cost-category source.json --as owners --dimension BusinessUnit");
    assert_eq!(exit, Some(0));
    assert!(stdout.contains("owner: { from: businessunit }"), "{stdout}");
    let (exit, _, stderr) = run("import cloudzero source.json");
    assert_eq!(exit, Some(3), "{stderr}");
    assert!(stderr.contains("the file has no `Dimensions`"), "{stderr}");
    let (exit, _, stderr) = run("import terraform missing.tf");
    assert_eq!(exit, Some(2), "{stderr}");
    let (exit, ..) = run("import guesswork source.json");
    assert_eq!(exit, Some(2));
}

/// Imported prices are charged once their tables are declared, as the file says they must be.
#[test]
fn imported_pools_charge_what_the_model_says() {
    let cases = cases();
    let case = cases.iter().find(|case| case.name == "koku/on-prem").expect("the case");
    let imported = import(case.kind, &case.sources(), &case.options()).expect("a sound source");
    let mut project = Project::new()
        .file("rules.yaml", &imported.text)
        .file("data/bill.csv", Bill::of([Charge::sound().costs("1")]).csv());
    let mut declared = "organisation: Acme\ncurrency: USD\nsources:\n  \
        - { name: bills, format: focus, files: data/bill.csv, days: any }\n\
        rules: rules.yaml\ndrivers:\n"
        .to_owned();
    for driver in &imported.drivers {
        let name = &driver.name;
        assert!(imported.text.contains(&format!("#     - {{ name: {name}, files: ")), "{name}");
        let _ = writeln!(declared, "  - {{ name: {name}, files: {name}.csv }}");
        let table = "period,consumer,quantity\n2026-10,shop,2000\n";
        project = project.file(&format!("{name}.csv"), table);
    }
    let project = project.file("costbook.yaml", declared);
    let rows = project.published().table("showback.csv");
    let shop = rows.iter().find(|row| row["owner"] == "shop").expect("the shop is charged");
    // 2000 · 0.007, 1000 · 0.009 + 1000 · 0.005, 2000 · (310 + 620 + 930), 2000 · (93 + 62 + 31)
    assert_eq!(shop["total"], "4092028");
}
