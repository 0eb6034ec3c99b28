//! Drivers of whole projects: which files are read, what is told, what is kept of them.

mod support;

use support::{Bill, PERIOD, Project, gzip};

const HEADER: &str = "period,consumer,quantity\n";

/// A sound project with a bill and these drivers.
fn driven(drivers: &str) -> Project {
    let project = Project::sound().bill("bill.csv", &Bill::sound());
    let yaml = std::fs::read_to_string(project.path("costbook.yaml")).expect("the project file");
    project.file("costbook.yaml", format!("{yaml}drivers:\n{drivers}"))
}

fn inputs(project: &Project) -> Vec<(String, u64, String)> {
    let manifest = project.published().json("manifest.json");
    let inputs = manifest["inputs"].as_array().expect("a list").iter();
    let drivers = inputs.filter(|input| input["kind"] == "drivers");
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    let told = drivers.map(|input| {
        let bytes = input["bytes"].as_u64().expect("a number");
        (text(&input["path"]), bytes, text(&input["sha256"]))
    });
    told.collect()
}

#[test]
fn a_run_reads_the_files_of_its_month_and_keeps_their_hashes() {
    let text = format!("{HEADER}2026-10,payments,1\n");
    let packed = gzip(&text);
    let project = driven(
        "  - { name: seats, files: \"drivers/seats-{period}.csv.gz\" }\n  \
         - { name: hours, files: [ \"drivers/h-{year}{month}.csv\", \"drivers/more.csv\" ] }\n",
    )
    .file("drivers/seats-2026-10.csv.gz", &packed)
    .file("drivers/seats-2026-09.csv.gz", "torn")
    .file("drivers/h-202610.csv", "consumer,quantity\npayments,1\n")
    .file("drivers/more.csv", format!("{HEADER}2026-10,retail,2\n2026-09,retail,2\n"));
    let found = inputs(&project);
    let paths: Vec<&str> = found.iter().map(|(path, ..)| path.as_str()).collect();
    assert_eq!(paths, ["drivers/h-202610.csv", "drivers/more.csv", "drivers/seats-2026-10.csv.gz"]);
    assert_eq!(found[2].1, packed.len() as u64);
    assert_eq!(found[2].2.len(), 64);
    // Without a month, all files are looked at, each as of the month that its name tells.
    let answer = project.command(["check", "--project", "."]);
    assert_eq!(answer.exit, Some(3), "{}", answer.stderr);
    assert!(answer.stderr.contains("drivers/seats-2026-09.csv.gz"), "{}", answer.stderr);
    // The same quantities again, of another month.
    project.write("drivers/h-202609.csv", "consumer,quantity\npayments,1\n");
    project.write("drivers/seats-2026-09.csv.gz", gzip("consumer,quantity\nretail,7\n"));
    let answer = project.command(["check", "--project", "."]);
    assert_eq!(answer.exit, Some(0), "{}", answer.stderr);
    assert!(
        answer.stdout.contains("  driver seats: 2 rows of 2026-09 to 2026-10, 2 consumers\n"),
        "{}",
        answer.stdout
    );
}

#[test]
fn two_drivers_may_stand_in_one_file_which_is_one_input() {
    let project = driven(
        "  - { name: seats, files: drivers.csv }\n  - { name: hours, files: drivers.csv }\n",
    )
    .file(
        "drivers.csv",
        "driver,period,consumer,quantity\nseats,2026-10,payments,1\nhours,2026-10,payments,2\nother,,,\n",
    );
    assert_eq!(inputs(&project).len(), 1);
    let answer = project.command(["check", "--project", "."]);
    assert!(
        answer.stdout.contains("driver seats: 1 row of 2026-10, 1 consumer"),
        "{}",
        answer.stdout
    );
}

#[test]
fn a_column_that_stands_twice_is_refused() {
    for (header, row) in [
        ("period,consumer,Quantity,quantity", "2026-10,payments,1,2"),
        ("period,consumer,quantity,Consumer", "2026-10,payments,1,retail"),
    ] {
        let project = driven("  - { name: seats, files: drivers.csv }\n")
            .file("drivers.csv", format!("{header}\n{row}\n"));
        let answer = project.run();
        assert_eq!(answer.exit, Some(3), "{}", answer.stderr);
        assert!(answer.stderr.contains("the table has two columns `"), "{}", answer.stderr);
    }
}

#[test]
fn a_month_without_its_file_is_no_error_and_a_lost_file_is_one() {
    let project = driven("  - { name: seats, files: \"drivers/seats-{period}.csv\" }\n");
    assert_eq!(inputs(&project), []);
    let project = driven("  - { name: seats, files: \"drivers/*.csv\" }\n");
    let answer = project.run();
    assert_eq!(answer.exit, Some(3));
    assert!(answer.stderr.contains("[no-files]"), "{}", answer.stderr);
    assert!(answer.stderr.contains("no table of driver `seats` matches"), "{}", answer.stderr);
}

#[test]
fn what_is_worth_knowing_of_a_driver_stands_in_the_run() {
    let record = |day: u32| {
        format!(
            r#"{{"shop":{{"properties":{{"cluster":"a","namespace":"shop"}},"window":{{"start":"2026-10-{day:02}T00:00:00Z","end":"2026-10-{:02}T00:00:00Z"}},"cpuCoreHours":24.5}}}}"#,
            day + 7
        )
    };
    let project =
        driven("  - { name: k8s, files: k8s.json, format: opencost, consumer: namespace }\n")
            .file("k8s.json", format!("[{},{}]", record(1), record(8)));
    let output = project.published();
    assert_eq!(output.findings("driver-binary").len(), 1);
    let partial = output.findings("driver-partial");
    assert_eq!(
        partial[0].0,
        format!(
            "driver `k8s` has quantities of 14 of the 31 days of {PERIOD}, which stand for the whole month"
        )
    );
}
