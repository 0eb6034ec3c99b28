//! Every state that a killed publication can leave, and everything that may be in its way.

use super::*;
use crate::diagnostics::Code;
use crate::report::sink::Sink;

/// A directory of reports that differ by one text.
fn reports(at: &Path, text: &str) {
    fs::create_dir(at).unwrap();
    let mut sink = Sink::new(at);
    sink.bytes("run.json", text.as_bytes()).unwrap();
    sink.bytes("charts/a.svg", b"<svg/>").unwrap();
    sink.finish().unwrap();
}

fn holds(at: &Path) -> String {
    assert_eq!(files(at).unwrap(), ["SHA256SUMS", "charts/a.svg", "run.json"]);
    fs::read_to_string(at.join("run.json")).unwrap()
}

fn nothing_else(out: &Path) {
    let names: Vec<_> = fs::read_dir(out).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["2026-10"]);
}

#[test]
fn reports_are_created_then_replaced_and_left_alone_when_the_same() {
    let out = tempfile::tempdir().unwrap();
    let (staging, target) = (out.path().join("staging"), out.path().join("2026-10"));
    for (text, expected) in
        [("one", Published::Created), ("one", Published::Unchanged), ("two", Published::Replaced)]
    {
        reports(&staging, text);
        assert_eq!(publish(&staging, &target).unwrap(), expected);
        assert_eq!(holds(&target), text);
        nothing_else(out.path());
    }
    // The list of checksums is the same, the file is not.
    fs::write(target.join("charts/a.svg"), "edited").unwrap();
    reports(&staging, "two");
    assert_eq!(publish(&staging, &target).unwrap(), Published::Replaced);
    assert_eq!(fs::read_to_string(target.join("charts/a.svg")).unwrap(), "<svg/>");
}

/// What lies there after being killed between any two steps, and what a repair makes of it.
#[test]
fn a_killed_publication_is_finished_or_undone() {
    type Case<'a> = (&'a [(&'a str, &'a str)], Option<&'a str>);
    let cases: [Case<'_>; 7] = [
        (&[("2026-10", "old")], Some("old")),
        (&[("2026-10", "old"), (".new-2026-10", "new")], Some("old")),
        (&[(".old-2026-10", "old"), (".new-2026-10", "new")], Some("new")),
        (&[(".old-2026-10", "old"), ("2026-10", "new")], Some("new")),
        (&[(".new-2026-10", "new")], Some("new")),
        (&[(".old-2026-10", "old")], Some("old")),
        (&[], None),
    ];
    for (before, expected) in cases {
        let out = tempfile::tempdir().unwrap();
        for (name, text) in before {
            reports(&out.path().join(name), text);
        }
        let target = out.path().join("2026-10");
        repair(&target).unwrap();
        match expected {
            Some(text) => {
                assert_eq!(holds(&target), text, "{before:?}");
                nothing_else(out.path());
            }
            None => assert!(!target.exists()),
        }
    }
}

#[test]
fn what_costbook_did_not_write_is_never_replaced() {
    let foreign: [fn(&Path); 4] = [
        |target| fs::write(target, "a file").unwrap(),
        |target| {
            fs::create_dir(target).unwrap();
            fs::write(target.join("notes.txt"), "mine").unwrap();
        },
        |target| {
            reports(target, "old");
            fs::write(target.join("charts/notes.txt"), "mine").unwrap();
        },
        |target| {
            fs::create_dir(target).unwrap();
            fs::create_dir(target.join("run.json")).unwrap();
            fs::write(target.join("run.json/x"), "mine").unwrap();
        },
    ];
    for plant in foreign {
        let out = tempfile::tempdir().unwrap();
        let (staging, target) = (out.path().join("staging"), out.path().join("2026-10"));
        plant(&target);
        reports(&staging, "new");
        let refused = publish(&staging, &target).unwrap_err();
        assert_eq!(refused.code, Code::OutputInTheWay, "{refused:?}");
        assert!(staging.exists());
    }
}

#[test]
fn what_lies_beside_the_target_is_cleared_only_where_it_is_ours() {
    for beside in [".new-2026-10", ".old-2026-10"] {
        for has_target in [false, true] {
            let out = tempfile::tempdir().unwrap();
            let (staging, target) = (out.path().join("staging"), out.path().join("2026-10"));
            let mine = out.path().join(beside);
            if has_target {
                reports(&target, "old");
            }
            reports(&mine, "left");
            fs::create_dir(mine.join("thesis")).unwrap();
            fs::write(mine.join("thesis/chapter"), "mine").unwrap();
            reports(&staging, "new");
            let refused = publish(&staging, &target).unwrap_err();
            assert_eq!(refused.code, Code::OutputInTheWay, "{beside}: {refused:?}");
            assert_eq!(fs::read_to_string(mine.join("thesis/chapter")).unwrap(), "mine");
            assert_eq!(target.exists(), has_target);
        }
    }
}

/// Killed while the old reports were removed: whatever is left of them, it is removed.
#[test]
fn what_is_left_of_old_reports_is_ours() {
    for removed in
        [&["run.json"][..], &["run.json", "charts"], &["run.json", "charts", "SHA256SUMS"]]
    {
        let out = tempfile::tempdir().unwrap();
        let (target, old) = (out.path().join("2026-10"), out.path().join(".old-2026-10"));
        reports(&target, "new");
        reports(&old, "old");
        for name in removed {
            let path = old.join(name);
            if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
        }
        repair(&target).unwrap();
        nothing_else(out.path());
    }
}

#[cfg(unix)]
#[test]
fn planted_links_are_refused() {
    for link in ["2026-10", ".new-2026-10", ".old-2026-10"] {
        let out = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        fs::write(elsewhere.path().join("run.json"), "mine").unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), out.path().join(link)).unwrap();
        let staging = out.path().join("staging");
        reports(&staging, "new");
        let refused = publish(&staging, &out.path().join("2026-10")).unwrap_err();
        assert_eq!(refused.code, Code::OutputInTheWay, "{link}: {refused:?}");
        assert!(elsewhere.path().join("run.json").exists());
    }
}
