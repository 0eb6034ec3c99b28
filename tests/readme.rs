//! The README's commands are what they say.

mod support;

use std::fs;

use support::{Project, answer, copy_folder, costbook, home};

/// The command that does the main job, which the README must have.
const RUN: &str = "cargo run --release --locked -- run --project samples/acme --period 2026-10";
/// What runs the tests with the same build.
const TEST: &str = "cargo test --release --locked";

/// The README; `None`, and a line that says so, as long as there is none.
fn readme() -> Option<String> {
    let text = fs::read_to_string(home().join("README.md")).ok();
    if text.is_none() {
        println!("skipped: there is no README.md");
    }
    text
}

/// The lines of all blocks of commands, without comments and prompts.
fn commands(readme: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_inside = false;
    for line in readme.lines() {
        match line.trim_start().strip_prefix("```") {
            Some(kind) => is_inside = !is_inside && kind.split_whitespace().next() == Some("sh"),
            None if is_inside => {
                let command = line.split(" #").next().unwrap_or_default().trim();
                let command = command.strip_prefix("$ ").unwrap_or(command);
                if !command.is_empty() && !command.starts_with('#') {
                    found.push(command.to_owned());
                }
            }
            None => {}
        }
    }
    found
}

#[test]
fn the_two_commands_are_there() {
    let Some(readme) = readme() else { return };
    let commands = commands(&readme);
    for wanted in [RUN, TEST] {
        let is_there = commands.iter().any(|command| command.starts_with(wanted));
        assert!(is_there, "README.md has no block of commands with `{wanted}`:\n{commands:#?}");
    }
}

/// Every command of costbook that names a sample or makes a project runs in a copy of the samples.
#[test]
fn the_commands_run() {
    let Some(readme) = readme() else { return };
    let project = Project::new();
    copy_folder(&home().join("samples"), &project.path("samples"));
    let mut count = 0;
    for command in commands(&readme) {
        let ours = ["cargo run --release --locked -- ", "costbook "];
        let Some(arguments) = ours.iter().find_map(|prefix| command.strip_prefix(prefix)) else {
            continue;
        };
        let words: Vec<&str> =
            arguments.split_whitespace().map(|word| word.trim_matches(['"', '\''])).collect();
        let mut command = costbook(&words);
        let found = answer(command.current_dir(project.folder()));
        assert!(matches!(found.exit, Some(0)), "`costbook {arguments}`: {found:#?}");
        count += 1;
    }
    assert!(count > 0, "README.md has no command of costbook");
}

#[test]
fn blocks_are_read_as_they_are_written() {
    let text =
        "```sh\n$ a b   # why\n# only a comment\nc\n```\ntext\n```yaml\nd\n```\n``` sh\ne\n```\n";
    assert_eq!(commands(text), ["a b", "c", "e"]);
}
