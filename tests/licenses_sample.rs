//! The licenses of the sample company are as its README tells them, and the guide's commands run.

mod support;

use std::fs;

use support::{Answer, Project, answer, copy_folder, costbook, home};

fn ask(command: &str, month: &str, more: &[&str]) -> Answer {
    let mut words = vec![
        "licenses",
        command,
        "--project",
        "samples/acme",
        "--period",
        month,
        "--format",
        "csv",
    ];
    words.extend(more);
    answer(costbook(&words).current_dir(home()))
}

/// The named cells of each line.
fn lines(answer: &Answer, names: &[&str]) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(answer.stdout.as_bytes());
    let headers = reader.headers().expect("headers").clone();
    let place = |name: &&str| headers.iter().position(|header| header == *name);
    let places: Vec<usize> = names.iter().map(|name| place(name).expect(name)).collect();
    let cells = |line: csv::StringRecord| {
        places.iter().map(|at| line[*at].to_owned()).collect::<Vec<_>>().join(" | ")
    };
    reader.records().map(|line| cells(line.expect("a line"))).collect()
}

const FIGURES: [&str; 9] = [
    "product",
    "interpretation",
    "status",
    "entitled",
    "consumed",
    "shortfall",
    "exposure",
    "currency",
    "since",
];

#[test]
fn the_position_is_as_the_readme_tells_it() {
    let found = ask("position", "2026-10", &["--all"]);
    assert_eq!(found.exit, Some(0), "{}", found.stderr);
    let lines = lines(&found, &FIGURES);
    for wanted in [
        "SQL Server | default | over | 56 | 72 | 16 | 83200 | EUR | 2026-10-31",
        "Oracle Database | per_physical_core | over | 200 | 400 | 200 | 114000 | USD | 2026-08-31",
        "Oracle Database | after_factor | warning | 200 | 200 | 0 | 0 | USD | ",
        "Figura Design | default | ok | 40 | 17 | 0 | 0 | EUR | ",
        "Ticketqueue | default | warning | 12 | 10 | 0 | 0 | EUR | ",
    ] {
        assert!(lines.iter().any(|line| line == wanted), "{wanted}\n{lines:#?}");
    }
    let bounds = ["product", "status", "consumed_low", "consumed_high", "entitled_low", "missing"];
    let unknown = "Db2 | unknown | 400 | 960 | 560 | cpu_model; server_model";
    let of_db2 = self::lines(&found, &bounds);
    assert_eq!(of_db2.iter().filter(|line| *line == unknown).count(), 2, "{of_db2:#?}");
    assert!(found.stderr.contains("Blaupause Backup Agent"), "{}", found.stderr);
}

#[test]
fn the_third_server_came_in_october() {
    let found = ask("position", "2026-09", &["--all"]);
    let lines = lines(&found, &["product", "status", "entitled", "consumed"]);
    assert!(lines.contains(&"SQL Server | warning | 56 | 48".to_owned()), "{lines:#?}");
}

#[test]
fn the_warnings_are_as_the_readme_tells_them() {
    let found = ask("warnings", "2026-10", &[]);
    assert_eq!(found.exit, Some(0), "{}", found.stderr);
    let lines =
        lines(&found, &["kind", "product", "contract", "date", "money", "owner", "silenced_by"]);
    for wanted in [
        "over_use | SQL Server | MS-EA | 2026-10-31 | 83200 | Henrik Voss | ",
        "over_use | Oracle Database | ORA-OMA | 2026-08-31 | 114000 | Samuel Ortiz | ",
        "forecast_breach | Ticketqueue | TQ-2025 | 2026-12-01 | 13384.8 | Henrik Voss | ",
        "renewal_above_cap |  | FIG-2026 | 2027-07-31 | 152 | Felix Brandt | ",
        "notice |  | TQ-2025 | 2026-10-31 | 7300.8 | Henrik Voss | ",
        "expiry |  | TQ-2025 | 2026-11-30 | 7300.8 | Henrik Voss | ",
        "support_lapsed |  | IBM-PA | 2026-09-30 | 32480 | Elif Kaya | db2-without-support",
    ] {
        assert!(lines.iter().any(|line| line == wanted), "{wanted}\n{lines:#?}");
    }
    let of_kind = |kind: &str| lines.iter().filter(|line| line.starts_with(kind)).count();
    assert_eq!([of_kind("overlap "), of_kind("unused "), of_kind("unrecognised ")], [1, 2, 1]);
    for text in ["864", "4370", "950"] {
        assert!(lines.iter().any(|line| line.contains(&format!(" | {text} | "))), "{lines:#?}");
    }
    assert_eq!(ask("warnings", "2026-10", &["--fail-on", "over_use"]).exit, Some(1));
    let readme = fs::read_to_string(home().join("samples/acme/README.md")).expect("a README");
    for figure in ["83,200 EUR", "114,000 USD", "400 to 960", "4,370 EUR", "864 EUR"] {
        assert!(readme.contains(figure), "{figure}");
    }
}

#[test]
fn the_commands_of_the_guide_run() {
    let guide = fs::read_to_string(home().join("docs/licenses-guide.md")).expect("the guide");
    let project = Project::new();
    copy_folder(&home().join("samples"), &project.path("samples"));
    let mut count = 0;
    for block in guide.split("```sh\n").skip(1).filter_map(|text| text.split("\n```").next()) {
        for command in block.lines() {
            let words: Vec<&str> = command.split_whitespace().collect();
            assert_eq!(words.first(), Some(&"costbook"), "{command}");
            let found = answer(costbook(&words[1..]).current_dir(project.folder()));
            assert_eq!(found.exit, Some(0), "{command}: {found:#?}");
            count += 1;
        }
    }
    assert_eq!(count, 6);
}
