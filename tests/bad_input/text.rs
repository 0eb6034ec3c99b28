//! Names, tags and owners that would do harm if they were not just text.

use std::fs;

use costbook::diagnostics::Code;

use super::answer::Expected::{Quarantined, Refused, Told};
use super::answer::{Case, case, check};
use super::support::{Bill, Charge, Project, exact, sum};

const BY_TAG: &str = "classify: [ { name: tag, owner: { from: tag.team } } ]\n";

/// What a spreadsheet, a browser, a terminal, a file system or a reader could take for more than text.
const HOSTILE: [&str; 16] = [
    "../../etc/passwd",
    "/etc/passwd",
    "CON",
    "nul.csv",
    ".",
    "=HYPERLINK(\"http://example.com\",\"pay\")",
    "@SUM(A1)",
    "+cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
    "</style><svg onload=alert(1)>",
    "javascript:alert(1)",
    "]]><!--",
    "\u{1b}[2J\u{1b}]0;owned\u{7}",
    "\u{9b}31m\u{90}",
    "pay\u{202e}stnemy\u{200b}ap",
    "line\nbreak\r\tand a very long name that goes on and on",
];

fn json(text: &str) -> String {
    serde_json::to_string(text).expect("a text")
}

fn team(name: &str) -> Charge {
    Charge::sound().with("Tags", &format!("{{\"team\":{}}}", json(name)))
}

/// Owners are taken as tags name them.
fn undeclared(charges: impl IntoIterator<Item = Charge>) -> Project {
    let project = Project::ruled(BY_TAG).bill("bill.csv", &Bill::of(charges));
    let text = fs::read_to_string(project.path("costbook.yaml")).expect("the project");
    project.file("costbook.yaml", text.replace("owners: owners.csv\n", ""))
}

fn tagged(name: &str) -> Project {
    let charges = [team("payments"), team(name)];
    Project::ruled(BY_TAG).bill("bill.csv", &Bill::of(charges))
}

#[test]
fn hostile_owners_are_names_and_nothing_else() {
    let long = "x".repeat(300);
    let names: Vec<&str> = HOSTILE.into_iter().chain([long.as_str()]).collect();
    let project = undeclared(names.iter().map(|name| team(name)));
    let output = project.published();
    let rows = output.table("showback.csv");
    for name in &names {
        // Names are trimmed, and nothing else is done to them.
        let of_owner = |row: &super::support::Row| row["owner"] == name.trim();
        assert_eq!(sum(&rows, "total", of_owner), exact("1"), "{name:?}");
    }
    let expected: Vec<&String> = output.files.keys().collect();
    assert!(expected.iter().all(|name| name.bytes().all(|b| b.is_ascii_graphic())), "{expected:?}");
    assert!(!project.path("out/etc").exists() && !project.path("etc").exists());
    for (file, content) in &output.files {
        let content = String::from_utf8_lossy(content);
        if super::support::has_extension(file, "svg") {
            assert!(
                !content.contains("<script") && !content.contains("onload=alert(1)>"),
                "{file}"
            );
            assert!(
                !content.contains(['\u{1b}', '\u{9b}', '\u{7}', '\u{202e}', '\u{200b}']),
                "{file}"
            );
        }
        if super::support::has_extension(file, "json") {
            assert!(!content.contains(['\u{1b}', '\u{7}']), "{file}");
        }
    }
}

#[test]
fn no_terminal_is_steered() {
    let project = undeclared(HOSTILE.map(team));
    let project = project.file(
        "data/e\u{1b}[2Jvil.csv",
        Bill::of([team("other").with("SubAccountId", "other")]).csv(),
    );
    let answer = project.run_with(&["--verbose"]);
    assert_eq!(answer.exit, Some(0), "{}", answer.stderr);
    let asked: Vec<Vec<&str>> = vec![
        vec!["run", "--period", "2026-10", "--verbose"],
        vec!["explain", "--period", "2026-10", "--owner", HOSTILE[12]],
        vec!["explain", "--period", "2026-10", "--owner", HOSTILE[14], "--rows", "5"],
        vec!["explain", "\u{1b}[2J"],
        vec!["run", "--period", "\u{1b}[2J"],
        vec!["run", "--as-of", "\u{9b}31m"],
        vec!["run", "--project", "\u{1b}[2J"],
    ];
    for arguments in asked {
        let answer = project.command(&arguments);
        for text in [&answer.stdout, &answer.stderr] {
            let bad = |c: char| c.is_control() && c != '\n';
            assert!(!text.contains(bad), "{arguments:?}: {text:?}");
            assert!(!text.contains(['\u{202e}', '\u{200b}']), "{arguments:?}: {text:?}");
        }
    }
}

#[test]
fn what_is_quarantined_can_be_looked_at() {
    let amounts = ["1\u{1b}]0;owned\u{7}", "1\u{9b}31m", "1\n2", "1\u{202e}2"];
    let charges = amounts.map(|amount| Charge::sound().with("BilledCost", amount));
    let output = undeclared(charges.into_iter().chain([Charge::sound()])).published();
    let rows = output.table("quarantine.csv");
    let texts: Vec<&str> = rows.iter().map(|row| row["text"].as_str()).collect();
    assert_eq!(texts, ["1\\u{1b}]0;owned\\u{7}", "1\\u{9b}31m", "1\\n2", "1\\u{202e}2"]);
    let bad = |c: char| c.is_control() && c != '\n';
    assert!(!output.text("quarantine.csv").contains(bad));
}

#[test]
fn numbers_in_tags_keep_their_spelling() {
    let tags = ["1.10", "1e3", "100000000000000000000000", "-0", "0.1000000000000000000000001"];
    let charge = |text: &&str| Charge::sound().with("Tags", &format!("{{\"team\":{text}}}"));
    let output = undeclared(tags.iter().map(charge)).published();
    let rows = output.table("showback.csv");
    for text in tags {
        assert_eq!(sum(&rows, "total", |row| row["owner"] == text), exact("1"), "{text}");
    }
}

/// `u` with two dots is one letter or two; to people it is one name.
#[test]
fn two_normal_forms_are_one_name() {
    let composed = team("K\u{fc}che");
    let decomposed = team("Ku\u{308}che");
    let escaped = Charge::sound().with("Tags", "{\"team\":\"Ku\\u0308che\"}");
    let output = undeclared([composed, decomposed, escaped]).published();
    let rows = output.table("showback.csv");
    assert_eq!(sum(&rows, "total", |row| row["owner"] == "K\u{fc}che"), exact("3"));
    assert_eq!(output.codes(), ["text-form"]);
}

/// Keys of tags, tables and rules are brought together too.
#[test]
fn normal_forms_meet_in_keys_tables_and_rules() {
    let key = "Ku\u{308}che";
    let charge = Charge::sound().with("Tags", &format!("{{\"{key}\":\"Z\u{fc}rich\"}}"));
    let rules = "classify: [ { name: tag, owner: { from: \"tag.K\u{fc}che\" } } ]\n";
    let owners = "id,name\nZu\u{308}rich,Zu\u{308}rich\n";
    let project = Project::ruled(rules).bill("bill.csv", &Bill::of([charge]));
    let output = project.file("owners.csv", owners).published();
    let rows = output.table("showback.csv");
    assert_eq!(sum(&rows, "total", |row| row["owner"] == "Z\u{fc}rich"), exact("1"));
}

const MARKED: &[Case] = &[
    case(
        "a letter of another script",
        || tagged("ret\u{430}il"),
        Told(
            &[Code::OwnerLookalike, Code::Unallocated],
            "`ret\u{430}il`, which looks like `retail`",
        ),
    ),
    case(
        "an invisible letter",
        || tagged("re\u{200b}tail"),
        Told(&[Code::OwnerLookalike, Code::Unallocated], "which looks like `retail`"),
    ),
    case(
        "a text that runs backwards",
        || tagged("\u{202e}retail"),
        Told(&[Code::OwnerLookalike, Code::Unallocated], "which looks like `retail`"),
    ),
    case(
        "wide letters",
        || tagged("\u{ff52}etail"),
        Told(&[Code::OwnerLookalike, Code::Unallocated], "which looks like `retail`"),
    ),
    case(
        "two owners that look alike, where none is declared",
        || undeclared([team("retail"), team("ret\u{430}il")]),
        Told(&[Code::OwnerLookalike], "`retail` and `ret\u{430}il` look alike"),
    ),
    case(
        "a NUL in a tag, as an escape",
        || tagged("a\0b"),
        Quarantined(&[(3, "Tags", Code::BadText, "{\"team\":\"a\\u0000b\"}")]),
    ),
];

#[test]
fn what_only_looks_the_same_is_marked_and_never_merged() {
    check(MARKED);
}

fn project_file(text: &str) -> Project {
    Project::new().file("costbook.yaml", text)
}

const YAML: &[Case] = &[
    case(
        "a bomb of aliases",
        || project_file("a: &a [ x, x ]\nb: &b [ *a, *a ]\nc: [ *b, *b ]\norganisation: Acme\n"),
        Refused(Code::YamlSyntax, "an anchor (`&name`)"),
    ),
    case(
        "a bomb of lists",
        || project_file(&format!("organisation: {}{}\n", "[".repeat(20_000), "]".repeat(20_000))),
        Refused(Code::YamlSyntax, "costbook.yaml"),
    ),
    case(
        "a key twice",
        || {
            project_file(
                "organisation: Acme\norganisation: Other\ncurrency: EUR\nsources: [ { name: a, format: focus, files: a } ]\n",
            )
        },
        Refused(Code::DuplicateKey, "organisation"),
    ),
    case(
        "a merge key",
        || {
            project_file(
                "organisation: Acme\ncurrency: EUR\nsources: [ { <<: x, name: a, format: focus, files: a } ]\n",
            )
        },
        Refused(Code::YamlSyntax, "<<"),
    ),
    case(
        "a tag",
        || {
            project_file(
                "organisation: !!python/object:os.system Acme\ncurrency: EUR\nsources: [ { name: a, format: focus, files: a } ]\n",
            )
        },
        Refused(Code::YamlSyntax, "tag"),
    ),
    case(
        "two documents",
        || project_file("organisation: Acme\n---\ncurrency: EUR\n"),
        Refused(Code::YamlSyntax, "document"),
    ),
    case(
        "a path out of the project",
        || {
            project_file(
                "organisation: Acme\ncurrency: EUR\nsources: [ { name: a, format: focus, files: ../../etc/* } ]\n",
            )
        },
        Refused(Code::PathOutsideProject, "../../etc/*"),
    ),
    case(
        "a regular expression that would not end elsewhere, and ends here",
        || {
            let rules = "classify:\n  - { name: slow, when: { service: { regex: '(a*)*(b+)+$' } }, owner: retail }\n  - { name: rest, owner: payments }\n";
            let charge = Charge::sound().with("ServiceName", &"a".repeat(100_000));
            Project::ruled(rules).bill("bill.csv", &Bill::of([charge]))
        },
        Told(&[Code::RuleWithoutMatch], "rule `slow` matches no charge"),
    ),
    case(
        "a regular expression that is huge when compiled",
        || {
            let rules = "classify: [ { name: huge, when: { service: { regex: '\\w{500}{500}' } }, owner: retail } ]\n";
            Project::ruled(rules).bill("bill.csv", &Bill::sound())
        },
        Refused(Code::InvalidValue, "it is too large when compiled"),
    ),
];

#[test]
fn texts_of_the_project_cannot_do_harm() {
    check(YAML);
}
