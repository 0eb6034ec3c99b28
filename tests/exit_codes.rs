//! The exit codes, and what goes with each to stdout and stderr: one table holds them.

mod support;

use std::process::Stdio;

use support::{Bill, Charge, Faults, Project, answer, costbook};

/// A project, what is asked of it, and what must come back.
struct Case {
    title: &'static str,
    project: fn() -> Project,
    arguments: &'static [&'static str],
    exit: i32,
    /// Part of stdout; empty: stdout is empty.
    stdout: &'static str,
    /// Part of stderr; empty: stderr is empty.
    stderr: &'static str,
}

fn sound() -> Project {
    Project::sound().bill("bill.csv", &Bill::sound())
}

/// One finding, a note.
fn noted() -> Project {
    Project::sound().bill("bill.csv", &Bill::of([Charge::sound().with("InvoiceId", "")]))
}

/// One finding, a warning.
fn warned() -> Project {
    Project::sound().bill("bill.csv", &Bill::sound().with_column("Id"))
}

fn without_bill() -> Project {
    Project::sound()
}

fn misspelt() -> Project {
    Project::sound().file("costbook.yaml", "organisation: Acme\ncurrency: EUR\nsoruces: []\n")
}

fn occupied() -> Project {
    sound().file("out/2026-10/notes.txt", "mine")
}

/// A rule that names another owner than in the folder `before`.
fn changed() -> Project {
    let declared = "organisation: Acme\ncurrency: EUR\nsources:\n  - name: bills\n    format: focus\n    \
         files: [ \"data/*\" ]\n    days: any\nrules: [ rules.yaml ]\n";
    sound()
        .file("before/costbook.yaml", declared)
        .file("before/rules.yaml", "classify: [ { name: everything, owner: retail } ]\n")
}

const RUN: &[&str] = &["run", "--project", ".", "--period", "2026-10"];

const CASES: &[Case] = &[
    Case {
        title: "a plan that changes something",
        project: changed,
        arguments: &["plan", "--project", ".", "--against", "before", "--period", "2026-10"],
        exit: 0,
        stdout: "payments    0.00   1.00  +1.00  +1.00",
        stderr: "",
    },
    Case {
        title: "a plan that changes something, where that is asked",
        project: changed,
        arguments: &[
            "plan",
            "--project",
            ".",
            "--against",
            "before",
            "--period",
            "2026-10",
            "--detailed-exitcode",
        ],
        exit: 10,
        stdout: "`everything` rules.yaml:1 → `everything` rules/rules.yaml:1",
        stderr: "",
    },
    Case {
        title: "fine, and silent under cron",
        project: sound,
        arguments: RUN,
        exit: 0,
        stdout: "",
        stderr: "",
    },
    Case {
        title: "the project's folder is where one stands, and last-month counts from a day",
        project: sound,
        arguments: &["run", "--as-of", "2026-11-03", "--verbose"],
        exit: 0,
        stdout: "",
        stderr: "2026-10 (2026-10-01 to 2026-10-31)",
    },
    Case {
        title: "the project file may be named as well as its folder",
        project: sound,
        arguments: &["run", "--project", "costbook.yaml", "--period", "2026-10"],
        exit: 0,
        stdout: "",
        stderr: "",
    },
    Case {
        title: "a note fails nothing that did not ask for it",
        project: noted,
        arguments: RUN,
        exit: 0,
        stdout: "",
        stderr: "",
    },
    Case {
        title: "a warning makes one line",
        project: warned,
        arguments: RUN,
        exit: 0,
        stdout: "",
        stderr: "costbook 2026-10: unknown-column ×1; see ./out/2026-10/run.json\n",
    },
    Case {
        title: "a warning is below --fail-on error only",
        project: warned,
        arguments: &["run", "--period", "2026-10", "--fail-on", "warning"],
        exit: 1,
        stdout: "",
        stderr: "unknown-column ×1",
    },
    Case {
        title: "a note is below --fail-on warning",
        project: noted,
        arguments: &["run", "--period", "2026-10", "--fail-on", "warning"],
        exit: 0,
        stdout: "",
        stderr: "",
    },
    Case {
        title: "a note reaches --fail-on note, quietly",
        project: noted,
        arguments: &["run", "--period", "2026-10", "--fail-on", "note", "--quiet"],
        exit: 1,
        stdout: "",
        stderr: "",
    },
    Case {
        title: "no command",
        project: sound,
        arguments: &[],
        exit: 2,
        stdout: "",
        stderr: "Usage: costbook",
    },
    Case {
        title: "a command that is nearly one",
        project: sound,
        arguments: &["chekc"],
        exit: 2,
        stdout: "",
        stderr: "a similar subcommand exists: 'check'",
    },
    Case {
        title: "an argument that is nearly one",
        project: sound,
        arguments: &["run", "--perod", "2026-10"],
        exit: 2,
        stdout: "",
        stderr: "a similar argument exists: '--period'",
    },
    Case {
        title: "a month that is none",
        project: sound,
        arguments: &["run", "--period", "nonsense"],
        exit: 2,
        stdout: "",
        stderr: "`nonsense` is not a month; write it as 2026-10, or last-month",
    },
    Case {
        title: "a thirteenth month",
        project: sound,
        arguments: &["run", "--period", "2026-13"],
        exit: 2,
        stdout: "",
        stderr: "`2026-13` is not a month",
    },
    Case {
        title: "a day that is none",
        project: sound,
        arguments: &["run", "--as-of", "2026-02-30"],
        exit: 2,
        stdout: "",
        stderr: "--as-of `2026-02-30` is not a date",
    },
    Case {
        title: "no threads at all",
        project: sound,
        arguments: &["run", "--period", "2026-10", "--threads", "0"],
        exit: 2,
        stdout: "",
        stderr: "--threads",
    },
    Case {
        title: "no project there",
        project: sound,
        arguments: &["run", "--project", "elsewhere", "--period", "2026-10"],
        exit: 2,
        stdout: "",
        stderr: "error[not-found]: `elsewhere/costbook.yaml` cannot be read",
    },
    Case {
        title: "a misspelt project",
        project: misspelt,
        arguments: RUN,
        exit: 2,
        stdout: "",
        stderr: "did you mean `sources`?",
    },
    Case {
        title: "a misspelt project, checked",
        project: misspelt,
        arguments: &["check"],
        exit: 2,
        stdout: "",
        stderr: "did you mean `sources`?",
    },
    Case {
        title: "a sound project, checked, without a bill",
        project: without_bill,
        arguments: &["check"],
        exit: 0,
        stdout: "Acme: 1 source,",
        stderr: "",
    },
    Case {
        title: "no bill",
        project: without_bill,
        arguments: RUN,
        exit: 3,
        stdout: "",
        stderr: "error[no-files]",
    },
    Case {
        title: "somebody else's folder",
        project: occupied,
        arguments: RUN,
        exit: 4,
        stdout: "",
        stderr: "error[output-in-the-way]",
    },
    Case {
        title: "help is an answer",
        project: sound,
        arguments: &["--help"],
        exit: 0,
        stdout: "4 state conflict",
        stderr: "",
    },
    Case {
        title: "help of a command is an answer",
        project: sound,
        arguments: &["help", "run"],
        exit: 0,
        stdout: "--fail-on <SEVERITY>",
        stderr: "",
    },
    Case {
        title: "the version is an answer",
        project: sound,
        arguments: &["--version"],
        exit: 0,
        stdout: concat!("costbook ", env!("CARGO_PKG_VERSION")),
        stderr: "",
    },
    Case {
        title: "a code is explained",
        project: sound,
        arguments: &["explain", "no-files"],
        exit: 0,
        stdout: "A month without a delivery is not a month without cost.",
        stderr: "",
    },
    Case {
        title: "a code that is nearly one",
        project: sound,
        arguments: &["explain", "no-flies"],
        exit: 2,
        stdout: "",
        stderr: "did you mean no-files?",
    },
];

#[test]
fn every_exit_code_comes_with_its_words() {
    let mut faults = Faults::new();
    for case in CASES {
        let found = (case.project)().command(case.arguments);
        faults.about(format!("{}: {found:#?}", case.title));
        faults.same("the exit code", found.exit, Some(case.exit));
        for (text, expected) in [(&found.stdout, case.stdout), (&found.stderr, case.stderr)] {
            faults.holds(text.contains(expected), &format!("it says `{expected}`"));
            faults.same("silence", text.is_empty(), expected.is_empty());
        }
    }
}

#[test]
fn every_exit_code_has_a_case() {
    for exit in (0..=4).chain([10]) {
        assert!(CASES.iter().any(|case| case.exit == exit), "{exit}");
    }
}

#[test]
fn a_reader_that_went_away_is_no_fault() {
    let project = sound();
    assert_eq!(project.run().exit, Some(0));
    for arguments in [
        &["--help"][..],
        &["check"],
        &["explain", "no-files"],
        &["explain", "--owner", "payments", "--period", "2026-10"],
    ] {
        for full in [false, true] {
            let mut command = costbook(arguments);
            command.current_dir(project.folder()).stderr(Stdio::piped());
            let (reader, writer) = std::io::pipe().expect("a pipe");
            drop(reader);
            if full {
                let device = std::fs::File::options().write(true).open("/dev/full");
                command.stdout(device.expect("a device that takes nothing"));
            } else {
                command.stdout(writer);
            }
            let output = command.spawn().and_then(std::process::Child::wait_with_output);
            let output = output.expect("the command can be started");
            let stderr = String::from_utf8_lossy(&output.stderr);
            let exit = output.status.code();
            assert!(exit.is_some_and(|exit| exit != 101), "{arguments:?} {full}: {output:?}");
            assert!(!stderr.contains("panicked"), "{arguments:?} {full}: {stderr}");
        }
    }
}

#[test]
fn a_run_needs_neither_stdout_nor_stderr() {
    let project = Project::sound().bill("bill.csv", &Bill::sound().with_column("Id"));
    for device in ["/dev/full", "/dev/null"] {
        let open = || std::fs::File::options().write(true).open(device).expect("a device");
        let mut command = costbook(RUN);
        command.current_dir(project.folder()).stdout(open()).stderr(open());
        let status = command.status().expect("the command can be started");
        assert_eq!(status.code(), Some(0), "{device}");
        assert_eq!(project.output().codes(), ["unknown-column"]);
    }
}

#[test]
fn every_way_to_name_the_project_publishes_the_same() {
    let project = sound();
    let first = project.published();
    let absolute = project.folder().to_string_lossy().into_owned();
    let name = project.folder().file_name().expect("a name").to_string_lossy().into_owned();
    for folder in [&absolute, &format!("{absolute}/"), &format!("../{name}"), &"./.".to_owned()] {
        project.remove("out");
        let mut command = costbook(["run", "--period", "2026-10", "--project", folder]);
        let found = answer(command.current_dir(project.folder()));
        assert_eq!(found.exit, Some(0), "{folder}: {}", found.stderr);
        assert_eq!(project.output(), first, "{folder}");
    }
}

#[test]
fn the_out_folder_is_where_the_month_goes() {
    let project = sound();
    let first = project.published();
    project.remove("out");
    let found = project.run_with(&["--out", "elsewhere/month"]);
    assert_eq!(found.exit, Some(0), "{}", found.stderr);
    assert_eq!(support::Output::read(&project.path("elsewhere/month")), first);
    assert!(!project.path("out/2026-10").exists());
}
