use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::domain::Amount;
use crate::licenses::{Inventory, Number, Product, number_of};

use super::super::super::sink::{Sink, hex};
use super::super::explain::tests::{World, contract, install, right, small};
use super::{evidence_folder, write_evidence, write_into};

fn kept(world: &World) -> BTreeMap<String, String> {
    let mut sink = Sink::in_memory();
    let trace = world.trace();
    write_into(&trace, &trace.products(), "licenses/evidence/", &mut sink).unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    sink.kept().into_iter().map(|(name, bytes)| (name, text(bytes))).collect()
}

/// Rows of a table by the names of its columns.
fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut table = csv::Reader::from_reader(text.as_bytes());
    table.deserialize().map(|row| row.unwrap()).collect()
}

fn number(text: &str) -> Number {
    number_of(text.parse::<Amount>().unwrap_or_else(|_| panic!("`{text}` is no number")))
}

#[test]
fn the_columns_of_matches_add_up_to_the_lines() {
    let mut world_of = vec![small()];
    // Cores that nobody tells: bounds, and nothing above.
    let mut uses = small().inventory.uses;
    uses.push(install(9, "Base/Standard", 1, None, "active"));
    world_of.push(World::of(Inventory { uses, ..small().inventory }));
    for world in world_of {
        let files = kept(&world);
        let folder =
            format!("licenses/evidence/{}", evidence_folder(&world.positions[0].key.product));
        let matches = rows(&files[&format!("{folder}/matches.csv")]);
        let lines = rows(&files[&format!("{folder}/position.csv")]);
        assert!(!lines.is_empty());
        for line in lines {
            for bound in ["low", "high"] {
                for figure in ["entitled", "consumed"] {
                    let own = matches.iter().filter(|row| {
                        row["line"] == line["evidence"]
                            && [bound, "exact"].contains(&&*row["bound"])
                    });
                    let parts: Vec<&str> = own.map(|row| &*row[figure]).collect();
                    let told = &line[&format!("{figure}_{bound}")];
                    if told.is_empty() {
                        assert!(parts.contains(&"unknown"), "{parts:?}");
                        continue;
                    }
                    let sum: Number = parts.iter().map(|part| number(part)).sum();
                    assert_eq!(sum, number(told), "{figure} {bound}");
                }
            }
        }
    }
}

#[test]
fn a_folder_is_checked_by_its_own_list() {
    let world = small();
    let files = kept(&world);
    let lists: Vec<&String> = files.keys().filter(|name| name.ends_with("/SHA256SUMS")).collect();
    assert_eq!(lists.len(), 1);
    let folder = lists[0].strip_suffix("SHA256SUMS").unwrap();
    let listed: Vec<(&str, &str)> =
        files[lists[0]].lines().map(|line| line.split_once("  ").unwrap()).collect();
    for (sum, name) in &listed {
        assert_eq!(*sum, hex(&Sha256::digest(&files[&format!("{folder}{name}")])), "{name}");
    }
    let names: Vec<&str> = listed.iter().map(|(_, name)| *name).collect();
    assert_eq!(
        names,
        [
            "README.txt",
            "contracts.csv",
            "entitlements.csv",
            "explanation.txt",
            "gaps.csv",
            "inputs.csv",
            "matches.csv",
            "position.csv",
            "rows.csv",
            "rules.txt",
            "steps.csv",
            "uses.csv",
            "valuation.csv"
        ]
    );
    assert_eq!(files.len(), names.len() + 1);
}

#[test]
fn the_same_inputs_give_the_same_bytes_whatever_their_order() {
    let mut turned = small().inventory;
    turned.uses.reverse();
    turned.entitlements.reverse();
    assert_eq!(kept(&small()), kept(&World::of(turned)));
}

#[test]
fn an_auditor_finds_rows_rules_and_inputs() {
    let files = kept(&small());
    let file = |end: &str| {
        let found = files.iter().find(|(name, _)| name.ends_with(&format!("/{end}")));
        found.unwrap_or_else(|| panic!("no {end}")).1
    };
    let cells = rows(file("rows.csv"));
    let cell = cells.iter().find(|row| row["of"] == "use" && row["as"] == "cell").unwrap();
    assert_eq!(
        (&*cell["file"], &*cell["row"], &*cell["snapshot"]),
        ("uses.csv", "2", "2026-10-31")
    );
    assert_eq!((&*cell["column"], &*cell["value"]), ("Gerät", " \"d0\"; =1+1 "));
    let owned = cells.iter().find(|row| row["of"] == "entitlement").unwrap();
    let told = ["file", "column", "value"].map(|name| &*owned[name]);
    assert_eq!(told, ["rights.csv", "Anzahl", "6"]);
    let rules = file("rules.txt");
    assert!(rules.contains("citation: https://example.com/faq (read 2026-11-02)"), "{rules}");
    assert!(rules.contains("- name: minimum") && !rules.contains("old-terms"), "{rules}");
    assert!(file("inputs.csv").contains(&format!("licenses,uses.csv,{},17", "ab".repeat(32))));
    let readme = file("README.txt");
    assert!(
        readme.contains("exact: entitled 6 − consumed 12 = surplus 0 − shortfall 6"),
        "{readme}"
    );
    let out = rows(file("matches.csv")).into_iter().find(|row| row["part"] == "out").unwrap();
    assert_eq!((&*out["entitlement"], &*out["reason"]), ("r1", "ended on 2025-12-31"));
    let steps = rows(file("steps.csv"));
    assert!(steps.iter().any(|step| step["working"].contains("max(2, 4) = 4")));
    assert!(rows(file("entitlements.csv")).iter().any(|right| right["contract"] == "C-1"));
    assert_eq!(rows(file("contracts.csv"))[0]["clause"], "§ 4");
}

#[test]
fn hostile_names_stay_in_their_folder() {
    let named = |name: &str| Product { publisher: None, name: name.into(), edition: None };
    let hostile =
        ["../../etc", "..", "/", "a/b", "a\\b", "CON", "\u{202e}x", "", "ÄÖ", "A-B", "a b"];
    let mut folders: Vec<String> =
        hostile.iter().map(|name| evidence_folder(&named(name))).collect();
    folders.push(evidence_folder(&named(&"x".repeat(4000))));
    for folder in &folders {
        let is_plain =
            |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        assert!(
            folder.chars().all(is_plain) && folder.len() >= 12 && folder.len() < 70,
            "{folder}"
        );
    }
    folders.sort();
    folders.dedup();
    assert_eq!(folders.len(), hostile.len() + 1);
    let inventory = Inventory {
        entitlements: vec![right("../r\n", "../../etc/passwd", "core", Some(1))],
        contracts: vec![contract()],
        uses: vec![],
    };
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("in");
    fs::create_dir(&inside).unwrap();
    let world = World::of(inventory);
    let trace = world.trace();
    write_evidence(&inside, &trace, &trace.products()).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// Every table of the folder is told.
#[test]
fn columns_are_documented() {
    let docs = include_str!("../../../../docs/license-evidence.md");
    let files = kept(&small());
    let is_table = |name: &str| Path::new(name).extension().is_some_and(|end| end == "csv");
    for (name, text) in files.iter().filter(|(name, _)| is_table(name)) {
        let file = name.rsplit('/').next().unwrap();
        // Their columns are those of the reports, which are told in docs/outputs.md.
        if ["position.csv", "valuation.csv"].contains(&file) {
            continue;
        }
        let begin = docs.find(&format!("### `{file}`")).unwrap_or_else(|| panic!("no {file}"));
        let section = docs[begin + 4..].split("\n##").next().unwrap();
        for column in text.lines().next().unwrap().split(',') {
            assert!(section.contains(&format!("`{column}`")), "{file} lacks {column}");
        }
    }
}
