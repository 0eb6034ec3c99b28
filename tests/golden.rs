//! Every code has an example that makes it appear: a small project, a command, and what the
//! command answers.
//!
//! `tests/golden/base` is a sound project. Each other folder is named by a code and holds only
//! what differs from the base, `command.txt` where the command is not `check --project .`, and
//! `expected.txt` with exit code, stdout and stderr. `COSTBOOK_BLESS=1 cargo test --test golden`
//! writes what the binary answers into `expected.txt`; read the difference before it is kept.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use costbook::diagnostics::Code;

const DEFAULT_COMMAND: &str = "check --project .";
/// Files of a case that are no part of its project.
const NOT_PROJECT: [&str; 2] = ["expected.txt", "command.txt"];

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("golden")
}

/// The names of the cases, in order.
fn cases() -> Vec<String> {
    let entries = fs::read_dir(golden()).expect("tests/golden is part of the repository");
    let folders = entries.flatten().filter(|entry| entry.path().is_dir());
    let names = folders.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| name != "base").collect();
    names.sort();
    names
}

fn copy_project(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy_project(&source, &target)?;
        } else if !NOT_PROJECT.iter().any(|name| entry.file_name() == *name) {
            fs::copy(source, target)?;
        }
    }
    Ok(())
}

/// Runs a case in a copy of its project and shows everything that came of it.
fn answer(case: &Path) -> io::Result<String> {
    let project = tempfile::tempdir()?;
    copy_project(&golden().join("base"), project.path())?;
    copy_project(case, project.path())?;
    let command = fs::read_to_string(case.join("command.txt"));
    let command = command.unwrap_or_else(|_| DEFAULT_COMMAND.to_owned());
    let output = Command::new(env!("CARGO_BIN_EXE_costbook"))
        .args(command.split_whitespace())
        .current_dir(project.path())
        .env("TZ", "Pacific/Kiritimati")
        .env_remove("COSTBOOK_BLESS")
        .output()?;
    let code = output.status.code().map_or("none".to_owned(), |code| code.to_string());
    let text = |bytes: &[u8]| {
        String::from_utf8_lossy(bytes).replace(&*project.path().to_string_lossy(), "PROJECT")
    };
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    Ok(format!("exit {code}\n--- stdout\n{stdout}--- stderr\n{stderr}"))
}

#[test]
fn every_case_answers_as_expected() {
    let is_blessing = std::env::var_os("COSTBOOK_BLESS").is_some_and(|value| value == "1");
    let mut differences = String::new();
    for name in cases() {
        let case = golden().join(&name);
        let found = answer(&case).unwrap_or_else(|error| panic!("{name}: {error}"));
        let file = case.join("expected.txt");
        let expected = fs::read_to_string(&file).unwrap_or_default();
        if is_blessing && found != expected {
            fs::write(&file, &found).unwrap_or_else(|error| panic!("{name}: {error}"));
        } else if found != expected {
            let _ = write!(
                differences,
                "\n=== {name}: expected\n{expected}\n=== {name}: found\n{found}"
            );
        }
    }
    assert!(differences.is_empty(), "{differences}\nCOSTBOOK_BLESS=1 takes what was found");
}

#[test]
fn every_case_shows_the_code_it_is_named_by() {
    for name in cases() {
        assert!(Code::named(&name).is_some(), "{name} is no code");
        let expected = fs::read_to_string(golden().join(&name).join("expected.txt"));
        let shown = format!("[{name}]");
        assert!(expected.is_ok_and(|text| text.contains(&shown)), "{name} does not show {shown}");
    }
}

#[test]
fn every_code_has_a_case_or_is_known_to_lack_one() {
    let pending = fs::read_to_string(golden().join("pending.txt")).unwrap_or_default();
    let lines = pending.lines().map(str::trim);
    let pending: BTreeSet<&str> =
        lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let cases = cases();
    for name in &pending {
        assert!(Code::named(name).is_some(), "pending.txt names `{name}`, which is no code");
        let has_case = cases.iter().any(|case| case == name);
        assert!(!has_case, "`{name}` has a case: take it out of pending.txt");
    }
    for code in Code::ALL {
        let has_case = cases.iter().any(|case| case == code.name());
        assert!(has_case || pending.contains(code.name()), "{code} has no case in tests/golden");
    }
}
