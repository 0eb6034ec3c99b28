//! Publishing under fire: killed at any moment and started many times at once, the reports are
//! those of a run that was never disturbed, and never a part of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

const PERIOD: &str = "2026-10";
const STATE_CONFLICT: i32 = 4;

/// The sample company in a folder of its own.
struct Acme(TempDir);

impl Acme {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/acme");
        for entry in ["costbook.yaml", "data", "licenses", "rules"] {
            copy(&sample.join(entry), &folder.path().join(entry));
        }
        Self(folder)
    }

    fn start(&self) -> Child {
        Command::new(env!("CARGO_BIN_EXE_costbook"))
            .args(["run", "--quiet", "--period", PERIOD, "--project"])
            .arg(self.0.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    fn run(&self) -> i32 {
        self.start().wait().unwrap().code().unwrap()
    }

    fn out(&self) -> PathBuf {
        self.0.path().join("out")
    }

    /// The checksums of what is published, which holds what they say; `None` where nothing is.
    fn published(&self) -> Option<String> {
        let target = self.out().join(PERIOD);
        if !target.exists() {
            return None;
        }
        let sums = fs::read_to_string(target.join("SHA256SUMS")).unwrap();
        let mut check = Command::new("sha256sum");
        check.args(["-c", "--status", "SHA256SUMS"]).current_dir(target);
        match check.status() {
            Ok(status) => assert!(status.success(), "a file is not what was published"),
            Err(error) => eprintln!("the files are not checked, there is no sha256sum: {error}"),
        }
        Some(sums)
    }

    /// Whether nothing is left beside the reports and the lock.
    fn is_tidy(&self) -> bool {
        let names = fs::read_dir(self.out()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names == [".costbook.lock", PERIOD]
    }
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let name = entry.unwrap().file_name();
            copy(&from.join(&name), &to.join(&name));
        }
    } else {
        fs::copy(from, to).unwrap();
    }
}

/// Changes the rules, so that the next run has something to replace.
fn change_rules(acme: &Acme, turn: usize) {
    let path = acme.0.path().join("rules/allocation.yaml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(path, format!("{text}# turn {turn}\n")).unwrap();
}

#[test]
fn killed_at_any_moment_the_next_run_makes_it_good() {
    let acme = Acme::new();
    let begin = Instant::now();
    assert_eq!(acme.run(), 0);
    let whole = begin.elapsed();
    let mut before = acme.published().unwrap();
    for turn in 0..24_u32 {
        change_rules(&acme, turn as usize);
        let mut killed = acme.start();
        sleep(whole * turn / 20);
        killed.kill().unwrap();
        killed.wait().unwrap();
        // The old reports, the new ones, or for a moment none: what is there is whole.
        acme.published();
        assert_eq!(acme.run(), 0);
        let after = acme.published().unwrap();
        assert!(acme.is_tidy());
        assert_ne!(before, after, "the changed rules stand in the manifest");
        before = after;
    }
}

#[test]
fn of_many_starts_one_writes_and_the_rest_say_so() {
    let acme = Acme::new();
    let started: Vec<Child> = (0..50).map(|_| acme.start()).collect();
    let exits: Vec<i32> =
        started.into_iter().map(|mut run| run.wait().unwrap().code().unwrap()).collect();
    assert!(exits.contains(&0));
    assert!(exits.iter().all(|exit| [0, STATE_CONFLICT].contains(exit)), "{exits:?}");
    let published = acme.published().unwrap();
    assert!(acme.is_tidy());
    sleep(Duration::from_millis(20));
    let written = || fs::metadata(acme.out().join(PERIOD)).unwrap().modified().unwrap();
    let when = written();
    assert_eq!(acme.run(), 0);
    assert_eq!((acme.published().unwrap(), written()), (published, when), "nothing was replaced");
}
