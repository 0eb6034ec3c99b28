//! Bills as they are delivered: by month, in parts, twice, late, torn and corrected.
//!
//! Each project is sound but for what its test is about; amounts are chosen so that a sum tells
//! which files were counted.

mod support;

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;
use support::{Answer, Bill, Charge, Output, Project, Shape, gzip, home, parquet};

/// A sound project whose source says this beside its name.
fn source(lines: &str) -> Project {
    Project::sound().declaring("    files: [ \"data/*\" ]\n    days: any\n", lines)
}

/// A source of FOCUS files of the month, wherever they lie below its folder.
const OF_MONTH: &str = "    files: \"data/{period}/**/*.csv*\"\n    days: any\n";

/// One charge a day on these days of October, of a sub account.
fn days(days: impl IntoIterator<Item = u32>, sub_account: &str, amount: &str) -> Bill {
    let charge = |day: u32| {
        let charge = Charge::sound().on("2026-10", &format!("2026-10-{day:02}"));
        charge.with("SubAccountId", sub_account).costs(amount)
    };
    Bill::of(days.into_iter().map(charge))
}

/// A bill of one charge.
fn one(amount: &str) -> String {
    days([5], "pay-prod", amount).csv()
}

/// What the month sums to.
fn total(output: &Output) -> String {
    let totals = output.run()["totals"].as_array().cloned().unwrap_or_default();
    let billed = totals.iter().find(|total| total["metric"] == "BilledCost");
    billed.map(|total| total["accepted"].to_string().replace('"', "")).unwrap_or_default()
}

/// Expects exit code 3 with that code, and gives what was said.
fn refused(project: &Project, code: &str) -> Answer {
    let answer = project.run();
    assert_eq!(answer.exit, Some(3), "{answer:?}");
    assert!(answer.stderr.contains(&format!("error[{code}]")), "{}", answer.stderr);
    assert!(!project.path("out/2026-10").exists());
    answer
}

/// Each delivery of the manifest: its files, and `<` with the first file of what replaced it.
fn deliveries(output: &Output) -> Vec<String> {
    let manifest = output.json("manifest.json");
    let all = manifest["deliveries"].as_array().cloned().unwrap_or_default();
    let files = |delivery: &Value| {
        let files = delivery["files"].as_array().cloned().unwrap_or_default();
        files.iter().filter_map(|file| file.as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    let told = all.iter().map(|delivery| {
        let newer = delivery["replaced_by"].as_u64().and_then(|at| usize::try_from(at).ok());
        let newer = newer.map(|at| format!(" <{}", files(&all[at])[0])).unwrap_or_default();
        files(delivery).join(" ") + &newer
    });
    told.collect()
}

/// The role of each bill.
fn roles(output: &Output) -> Vec<(String, String)> {
    let manifest = output.json("manifest.json");
    let bills = manifest["bills"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    bills.iter().map(|bill| (text(&bill["path"]), text(&bill["role"]))).collect()
}

/// An Azure manifest of October: name, rows and bytes of each part.
fn azure(made_at: &str, parts: &[(&str, Option<usize>, Option<usize>)]) -> String {
    let blob = |(name, rows, bytes): &(&str, Option<usize>, Option<usize>)| serde_json::json!({ "blobName": name, "dataRowCount": rows, "byteCount": bytes });
    let document = serde_json::json!({
        "blobs": parts.iter().map(blob).collect::<Vec<_>>(),
        "exportConfig": { "exportName": "daily", "type": "FocusCost" },
        "runInfo": {
            "runId": format!("run of {made_at}"), "submittedTime": made_at,
            "startDate": "2026-10-01T00:00:00", "endDate": "2026-10-31T00:00:00",
        },
    });
    document.to_string()
}

// ---- Patterns --------------------------------------------------------------------------------

#[test]
fn placeholders_read_the_files_of_the_month_and_no_others() {
    for pattern in [
        "data/{period}.csv",
        "data/{year}/{month}.csv",
        "data/{period_first}-{period_next}/*.csv",
        "data/**/to-{period_last}.csv",
    ] {
        let of = |month: &str, last: &str, next: &str| {
            let (year, number) = month.split_once('-').expect("a month");
            pattern
                .replace("{period}", month)
                .replace("{year}", year)
                .replace("{month}", number)
                .replace("{period_first}", &format!("{year}{number}01"))
                .replace("{period_next}", next)
                .replace("{period_last}", last)
                .replace("**", "deep/er")
                .replace('*', "x")
        };
        let september = Bill::of([Charge::sound().on("2026-09", "2026-09-05").costs("100")]);
        let project = source(&format!("    files: \"{pattern}\"\n    days: any\n"))
            .file(&of("2026-10", "20261031", "20261101"), one("1"))
            .file(&of("2026-09", "20260930", "20261001"), september.csv());
        let output = project.published();
        assert_eq!((total(&output).as_str(), roles(&output).len()), ("1", 1), "{pattern}");
        let earlier = project.command(["run", "--period", "2026-09"]);
        assert_eq!(earlier.exit, Some(0), "{pattern}: {}", earlier.stderr);
        let none = project.command(["run", "--period", "2026-08"]);
        assert_eq!(none.exit, Some(3), "{pattern}");
        assert!(none.stderr.contains("error[no-files]") && !none.stderr.contains('{'), "{none:?}");
        assert_eq!(project.command(["check"]).exit, Some(0), "{pattern}");
    }
}

#[test]
fn a_placeholder_that_is_none_is_told_by_check() {
    let answer = source("    files: \"data/{perod}/*.csv\"\n").command(["check"]);
    assert_eq!(answer.exit, Some(2));
    assert!(answer.stderr.contains("`{perod}` is no part of a month"), "{}", answer.stderr);
    assert!(answer.stderr.contains("did you mean `period`?"), "{}", answer.stderr);
}

// ---- Manifests -------------------------------------------------------------------------------

#[test]
fn a_manifest_that_is_kept_is_a_delivery_and_no_bill() {
    let (first, second) = (days(1..=15, "a", "1").csv(), days(16..=31, "a", "2").csv());
    let parts = [
        ("exports/daily/run/part_0_0001.csv", Some(15), Some(first.len())),
        ("exports/daily/run/part_1_0001.csv", Some(16), Some(second.len())),
    ];
    let project = source("    files: \"data/**/*\"\n")
        .file("data/run/part_0_0001.csv", first)
        .file("data/run/part_1_0001.csv", second)
        .file("data/run/manifest.json", azure("2026-11-02T01:00:00Z", &parts));
    let output = project.published();
    assert_eq!(total(&output), "47");
    assert_eq!(deliveries(&output), ["data/run/part_0_0001.csv data/run/part_1_0001.csv"]);
    let manifest = output.json("manifest.json");
    let delivery = &manifest["deliveries"][0];
    assert_eq!(delivery["name"], "run of 2026-11-02T01:00:00Z");
    assert_eq!(delivery["role"], "counted");
    assert_eq!(delivery["rows"], 31);
    assert_eq!(delivery["manifests"][0]["path"], "data/run/manifest.json");
    assert_eq!(delivery["manifests"][0]["sha256"].as_str().map(str::len), Some(64));
    assert_eq!(manifest["sources"][0]["days_present"].as_array().map(Vec::len), Some(31));
}

#[test]
fn a_delivery_without_its_last_part_is_an_error() {
    let parts = [("r/p-1.csv", None, None), ("r/p-2.csv", None, None), ("r/p-3.csv", None, None)];
    let project = source(OF_MONTH)
        .file("data/2026-10/p-1.csv", one("1"))
        .file("data/2026-10/manifest.json", azure("2026-11-02T01:00:00Z", &parts));
    let answer = refused(&project, "incomplete-delivery");
    assert!(
        answer
            .stderr
            .contains("names 3 files, and 2 of them are not there, the first: `r/p-2.csv`"),
        "{answer:?}"
    );
    assert!(answer.stderr.contains("--> data/2026-10/manifest.json"), "{answer:?}");
}

#[test]
fn a_part_that_is_shorter_or_longer_than_the_manifest_says_is_an_error() {
    let bill = days([5, 6], "a", "1").csv();
    for (rows, bytes, said) in [
        (Some(3), None, "has 2 rows where its manifest says 3"),
        (Some(1), None, "has 2 rows where its manifest says 1"),
        (Some(2), Some(bill.len() + 1), "bytes where its manifest says"),
    ] {
        let manifest = azure("2026-11-02T01:00:00Z", &[("p.csv", rows, bytes)]);
        let project = source(OF_MONTH)
            .file("data/2026-10/p.csv", &bill)
            .file("data/2026-10/manifest.json", manifest);
        let answer = refused(&project, "incomplete-delivery");
        assert!(answer.stderr.contains(said), "{answer:?}");
        assert!(answer.stderr.contains("--> data/2026-10/p.csv"), "{answer:?}");
    }
    let manifest = azure("2026-11-02T01:00:00Z", &[("p.csv.gz", Some(2), Some(7))]);
    let unpacked = source(OF_MONTH).file("data/2026-10/p.csv", &bill);
    let unpacked = unpacked.file("data/2026-10/manifest.json", manifest);
    assert_eq!(total(&unpacked.published()), "2", "bytes are those of the packed file");
}

#[test]
fn a_broken_manifest_is_an_error() {
    for (text, said) in [("{", "is not JSON"), ("{}", "names no file under `blobs.blobName`")] {
        let project = source(OF_MONTH).file("data/2026-10/p.csv", one("1"));
        let project = project.file("data/2026-10/manifest.json", text);
        let answer = refused(&project, "broken-file");
        assert!(answer.stderr.contains(said), "{answer:?}");
    }
}

#[test]
fn a_data_export_finds_its_files_beside_its_metadata() {
    let manifest = |file: &str| {
        let name = format!("s3://bucket/x/acme/data/BILLING_PERIOD=2026-10/{file}");
        serde_json::json!({ "dataFiles": [name] }).to_string()
    };
    let lines = "    files: [ \"aws/data/BILLING_PERIOD={period}/**/*.csv.gz\", \
                 \"aws/metadata/BILLING_PERIOD={period}/**/*-Manifest.json\" ]\n    days: any\n";
    let project = source(lines)
        .file("aws/data/BILLING_PERIOD=2026-10/acme-00001.csv.gz", gzip(one("1")))
        .file(
            "aws/metadata/BILLING_PERIOD=2026-10/acme-Manifest.json",
            manifest("acme-00001.csv.gz"),
        );
    let output = project.published();
    assert_eq!(total(&output), "1");
    let name = "aws/metadata/BILLING_PERIOD=2026-10/acme-Manifest.json";
    assert_eq!(output.json("manifest.json")["deliveries"][0]["manifests"][0]["path"], name);
    project.write(name, manifest("acme-00002.csv.gz"));
    project.remove("out");
    refused(&project, "incomplete-delivery");
}

#[test]
fn versions_of_a_cost_and_usage_report_lie_below_the_manifest_of_the_current_one() {
    let path = home().join("../shared/data/billing/aws/cur-legacy-2023-11.csv");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: there is no {}", path.display());
        return;
    };
    let lines: Vec<&str> = text.lines().collect();
    let of = |rows: std::ops::Range<usize>| gzip([&lines[..1], &lines[rows]].concat().join("\n"));
    let manifest = |id: &str, parts: usize| {
        let key = |part| format!("cur/acme/20231101-20231201/{id}/acme-{part}.csv.gz");
        serde_json::json!({
            "assemblyId": id, "account": "123456789012", "reportName": "acme", "bucket": "b",
            "billingPeriod": { "start": "20231101T000000.000Z", "end": "20231201T000000.000Z" },
            "reportKeys": (1..=parts).map(key).collect::<Vec<_>>(),
        })
        .to_string()
    };
    let at = |name: &str| format!("aws/20231101-20231201/{name}");
    let project = Project::new()
        .file(
            "costbook.yaml",
            "organisation: Acme\ncurrency: USD\nsources:\n  - name: aws\n    format: auto\n    \
             files: \"aws/{period_first}-{period_next}/**/*.csv.gz\"\n    \
             days: { until: 2023-11-14 }\n",
        )
        .file(&at("ff/acme-1.csv.gz"), of(1..601))
        .file(&at("ff/acme-Manifest.json"), manifest("ff", 1))
        .file(&at("0a/acme-1.csv.gz"), of(1..701))
        .file(&at("0a/acme-2.csv.gz"), of(701..lines.len()))
        .file(&at("0a/acme-Manifest.json"), manifest("0a", 2))
        .file(&at("acme-Manifest.json"), manifest("0a", 2));
    let run = || project.command(["run", "--period", "2023-11"]);
    assert_eq!(run().exit, Some(0), "{:?}", run());
    let output = Output::read(&project.path("out/2023-11"));
    assert_eq!(total(&output), "1.6823086974");
    let (parts, older) =
        (at("0a/acme-1.csv.gz") + " " + &at("0a/acme-2.csv.gz"), at("ff/acme-1.csv.gz"));
    let replaced = format!("{older} <{}", at("0a/acme-1.csv.gz"));
    assert_eq!(deliveries(&output), [parts, replaced]);
    project.remove(&at("0a/acme-2.csv.gz"));
    let answer = run();
    assert_eq!(answer.exit, Some(3), "{answer:?}");
    assert!(answer.stderr.contains("1 of them is not there"), "{answer:?}");
}

// ---- Redelivery ------------------------------------------------------------------------------

#[test]
fn a_newer_manifest_replaces_the_older_and_the_difference_is_kept() {
    let project = source(OF_MONTH)
        .file("data/2026-10/x/p.csv", one("1.25"))
        .file(
            "data/2026-10/x/manifest.json",
            azure("2026-11-03T01:00:00Z", &[("p.csv", None, None)]),
        )
        .file("data/2026-10/y/p.csv", one("1"))
        .file(
            "data/2026-10/y/manifest.json",
            azure("2026-11-02T01:00:00Z", &[("p.csv", None, None)]),
        );
    let output = project.published();
    assert_eq!(total(&output), "1.25");
    assert_eq!(
        deliveries(&output),
        ["data/2026-10/x/p.csv", "data/2026-10/y/p.csv <data/2026-10/x/p.csv"]
    );
    let older = &output.json("manifest.json")["deliveries"][1];
    let billed = |sums: &Value| {
        let all = sums.as_array().cloned().unwrap_or_default();
        all.into_iter().find(|sum| sum["metric"] == "BilledCost").map(|sum| sum["sum"].to_string())
    };
    assert_eq!(billed(&older["totals"]).as_deref(), Some("\"1\""));
    assert_eq!(billed(&older["difference"]).as_deref(), Some("\"0.25\""));
    let found = output.findings("delivery-replaced");
    assert_eq!(found.len(), 1);
    assert!(found[0].0.contains("BilledCost was 1 EUR and is 1.25 EUR, a change of 0.25"));
    assert_eq!(found[0].1, "data/2026-10/y/p.csv");
}

#[test]
fn what_a_manifest_does_not_name_is_left_over_and_counts_for_nothing() {
    let project = source(OF_MONTH)
        .file("data/2026-10/p-1.csv", one("1"))
        .file("data/2026-10/p-2.csv", one("10"))
        .file(
            "data/2026-10/manifest.json",
            azure("2026-11-02T01:00:00Z", &[("p-1.csv", None, None)]),
        );
    let output = project.published();
    assert_eq!(total(&output), "1");
    let replaced = ("data/2026-10/p-2.csv".to_owned(), "replaced".to_owned());
    assert!(roles(&output).contains(&replaced));
}

#[test]
fn an_older_delivery_may_be_torn_or_gone() {
    let project = source(OF_MONTH)
        .file("data/2026-10/x/p.csv", one("1"))
        .file(
            "data/2026-10/x/manifest.json",
            azure("2026-11-03T01:00:00Z", &[("p.csv", None, None)]),
        )
        .file("data/2026-10/y/p-1.csv", "torn\n\"")
        .file(
            "data/2026-10/y/manifest.json",
            azure("2026-11-02T01:00:00Z", &[("p-1.csv", Some(9), None), ("p-2.csv", None, None)]),
        );
    let output = project.published();
    assert_eq!(total(&output), "1");
    assert!(output.findings("delivery-replaced")[0].0.contains("what it held cannot be read"));
    assert_eq!(output.json("manifest.json")["deliveries"][1]["difference"], Value::Null);
}

#[test]
fn the_newest_of_a_month_counts_in_natural_order() {
    let lines = "    files: \"data/{period}/**/*.csv\"\n    days: any\n    deliveries: newest\n";
    let project = source(lines)
        .file("data/2026-10/run-9/p-1.csv", one("1"))
        .file("data/2026-10/run-9/p-2.csv", one("2"))
        .file("data/2026-10/run-10/p-1.csv", one("10"))
        .file("data/2026-10/run-10/p-2.csv", one("20"));
    let output = project.published();
    assert_eq!(total(&output), "30");
    assert_eq!(
        deliveries(&output),
        [
            "data/2026-10/run-10/p-1.csv data/2026-10/run-10/p-2.csv",
            "data/2026-10/run-9/p-1.csv data/2026-10/run-9/p-2.csv <data/2026-10/run-10/p-1.csv",
        ]
    );
    let unknown = source("    files: \"data/**/*.csv\"\n    deliveries: newest\n");
    let answer = unknown.file("data/2026-10/p.csv", one("1")).run();
    assert_eq!(answer.exit, Some(2), "{answer:?}");
    assert!(answer.stderr.contains("put the month into the pattern"), "{answer:?}");
}

#[test]
fn the_same_delivery_again_changes_nothing() {
    let lines = "    files: \"data/{period}/**/*.csv\"\n    days: any\n    deliveries: newest\n";
    let project = source(lines).file("data/2026-10/run-1/p.csv", one("1"));
    assert_eq!(total(&project.published()), "1");
    project.write("data/2026-10/run-2/p.csv", one("1"));
    let output = project.published();
    assert_eq!(total(&output), "1");
    assert_eq!(output.findings("same-content"), []);
    assert_eq!(output.findings("delivery-replaced").len(), 1);
}

#[test]
fn append_adds_everything() {
    let lines = "    files: \"data/*.csv\"\n    days: any\n    deliveries: append\n";
    let project = source(lines).file("data/a.csv", one("1")).file("data/b.csv", one("2"));
    let output = project.published();
    assert_eq!(total(&output), "3");
    assert_eq!(output.json("manifest.json")["sources"][0]["policy"], "append");
}

#[test]
fn what_is_unknown_of_a_source_is_in_no_total() {
    let charge = Charge::sound().with("ListCost", "");
    let project = Project::sound().bill("p.csv", &Bill::of([charge]));
    let manifest = project.published().json("manifest.json");
    for sums in [&manifest["sources"][0]["totals"], &manifest["deliveries"][0]["totals"]] {
        let sums = sums.as_array().cloned().unwrap_or_default();
        let metrics: Vec<_> = sums.iter().filter_map(|sum| sum["metric"].as_str()).collect();
        assert_eq!(metrics, ["BilledCost", "EffectiveCost", "ContractedCost"]);
    }
}

// ---- The same content ------------------------------------------------------------------------

#[test]
fn byte_equal_rows_of_a_file_both_count_and_byte_equal_files_once() {
    let twice = days([5, 5], "a", "1").csv();
    let project = source("    files: \"data/**/*\"\n    days: any\n")
        .file("data/p.csv", &twice)
        .file("data/again/p.csv", &twice)
        .file("data/other.csv.gz", gzip(&twice));
    let output = project.published();
    assert_eq!(total(&output), "2");
    let role = |role: &str| roles(&output).iter().filter(|(_, found)| found == role).count();
    assert_eq!((role("counted"), role("duplicate")), (1, 2));
    assert_eq!(output.findings("duplicate-file").len(), 1);
    assert_eq!(output.findings("same-content").len(), 1);
}

#[test]
fn the_parts_of_a_manifest_that_are_elsewhere_already_are_no_shortfall() {
    let manifest = azure("2026-11-02T01:00:00Z", &[("p.csv", Some(1), None)]);
    let other = "sources:\n  - { name: other, format: focus, files: late/*.csv, days: any }";
    let project = source(OF_MONTH)
        .declaring("sources:", other)
        .file("late/p.csv", one("1"))
        .file("data/2026-10/p.csv", one("1"))
        .file("data/2026-10/manifest.json", manifest);
    let output = project.published();
    assert_eq!(total(&output), "1");
    assert_eq!(output.findings("same-content").len(), 1);
}

// ---- Overlap ---------------------------------------------------------------------------------

#[test]
fn overlapping_days_of_a_sub_account_are_an_error() {
    let project = source("    files: \"data/*.csv\"\n    days: any\n")
        .file("data/early.csv", days(1..=16, "a", "1").csv())
        .file("data/late.csv", days(15..=31, "a", "1").csv());
    let answer = refused(&project, "overlapping-deliveries");
    for said in
        ["`data/early.csv`", "sub account `a`", "2026-10-15 to 2026-10-16", "--> data/late.csv"]
    {
        assert!(answer.stderr.contains(said), "{said}: {answer:?}");
    }
}

#[test]
fn what_does_not_overlap_is_no_error() {
    let any = "    files: \"data/*\"\n    days: any\n";
    let split = |second: &Bill| {
        source(any)
            .file("data/a.csv", days(1..=15, "a", "1").csv())
            .file("data/b.csv", second.csv())
    };
    assert_eq!(total(&split(&days(16..=31, "a", "1")).published()), "31", "other days");
    assert_eq!(total(&split(&days(1..=15, "b", "1")).published()), "30", "another sub account");
    let parts = source(any)
        .file("data/p-1.csv", days([1, 2], "a", "1").csv())
        .file("data/p-2.csv", days([2, 3], "a", "2").csv());
    assert_eq!(total(&parts.published()), "6", "parts of one delivery");
    let sources = |policy: &str| {
        let other = format!(
            "sources:\n  - {{ name: tax, format: focus, files: tax/*.csv, days: any{policy} }}"
        );
        source(any)
            .declaring("sources:", &other)
            .file("data/p.csv", days([1], "a", "1").csv())
            .file("tax/p.csv", days([1], "a", "2").csv())
    };
    refused(&sources(""), "overlapping-deliveries");
    assert_eq!(total(&sources(", deliveries: append").published()), "3", "a source that adds");
    let month = |month: &str, day: &str| Charge::sound().on(month, day).costs("1");
    let late = source(any)
        .file(
            "data/09.parquet",
            parquet(&Bill::of(vec![month("2026-09", "2026-09-30"); 3]), Shape::TYPED),
        )
        .file(
            "data/10.csv",
            Bill::of([
                month("2026-10", "2026-10-01"),
                month("2026-10", "2026-10-02"),
                month("2026-10", "2026-10-03"),
                month("2026-09", "2026-09-30").costs("7"),
                month("2026-10", "2026-09-30").costs("5"),
            ])
            .csv(),
        );
    let output = late.published();
    assert_eq!(total(&output), "8", "rows of a closed month, and corrections of it");
    assert_eq!(output.findings("late-rows").len(), 1);
}

#[test]
fn charges_without_a_sub_account_are_compared_by_billing_account_and_within_their_source() {
    let bare = |amount: &str, billing: &str| {
        let bill = days([1], "", amount);
        Bill::of(bill.charges.into_iter().map(|charge| charge.with("BillingAccountId", billing)))
            .csv()
    };
    let two = |first: &str, second: &str| {
        source("    files: \"data/*\"\n    days: any\n")
            .file("data/a.csv", bare("1", first))
            .file("data/b.csv", bare("2", second))
    };
    refused(&two("payer", "payer"), "overlapping-deliveries");
    assert_eq!(total(&two("payer", "other").published()), "3");
    let answer = refused(&two("", ""), "overlapping-deliveries");
    assert!(answer.stderr.contains("no named sub account"), "{answer:?}");
}

#[test]
fn the_same_days_in_a_delivery_of_two_months_count_once_or_not_at_all() {
    let of = |month: &'static str, days: std::ops::RangeInclusive<u32>, amount: &'static str| {
        days.map(move |day| {
            let day = format!("{month}-{day:02}");
            Charge::sound().on(month, &day).with("SubAccountId", "a").costs(amount)
        })
    };
    let project = |late: Vec<Charge>| {
        source("    files: \"data/*.csv\"\n    days: any\n")
            .file("data/10.csv", Bill::of(of("2026-10", 1..=31, "1")).csv())
            .file("data/09.csv", Bill::of(of("2026-09", 1..=30, "1").chain(late)).csv())
    };
    let answer = refused(&project(of("2026-10", 1..=15, "1").collect()), "overlapping-deliveries");
    assert!(answer.stderr.contains("on 2026-10-01 to 2026-10-15"), "{answer:?}");
    assert!(answer.stderr.contains("Two views of one bill"), "{answer:?}");
    refused(&project(of("2026-10", 9..=9, "1").collect()), "overlapping-deliveries");
    // Restated, and cut off.
    let answer = refused(&project(of("2026-10", 1..=4, "2").collect()), "overlapping-deliveries");
    assert!(answer.stderr.contains("on 2026-10-01 to 2026-10-04"), "{answer:?}");
    // Corrections here and there are right, and told.
    let output = project(of("2026-10", 8..=9, "-0.5").collect()).published();
    assert_eq!(total(&output), "30");
    let found = output.findings("late-rows");
    let told = found.iter().find(|(text, place, _)| {
        text.contains("2026-10-08 to 2026-10-09") && place == "data/09.csv"
    });
    assert!(told.is_some(), "{found:?}");
}

#[test]
fn bills_without_an_account_overlap_by_who_issued_them() {
    let lines = "    files: \"data/*.csv\"\n    days: any\n";
    let bare = |issuer: &str, amount: &str| {
        let charge = Charge::sound().on("2026-10", "2026-10-01").costs(amount);
        let charge = charge.with("SubAccountId", "").with("BillingAccountId", "");
        Bill::of([charge.with("InvoiceIssuerName", issuer)]).csv()
    };
    let two = |second: &str| {
        let first = source(lines).file("data/a.csv", bare("Telco", "5"));
        first.file("data/b.csv", bare(second, "7"))
    };
    assert_eq!(total(&two("Desk").published()), "12");
    let answer = refused(&two("Telco"), "overlapping-deliveries");
    assert!(answer.stderr.contains("`Telco` of no named sub account"), "{answer:?}");
}

#[test]
fn rows_that_are_spread_are_read_from_the_files_of_all_months() {
    let bill = "Invoice number,Invoice date,Supplier,Service,Period start,Period end,Net amount,Currency\n";
    let line = |period: &str| format!("{bill}A1,2026-10-01,V,Desk,{period},90,EUR\n");
    let project = |pattern: &str, period: &str| {
        let lines = format!("    files: \"data/{pattern}\"\n");
        let project = source(&lines).file("data/2026-10.csv", line(period));
        let yaml = std::fs::read_to_string(project.path("costbook.yaml")).expect("the project");
        project.write("costbook.yaml", yaml.replace("format: focus", "format: invoice"));
        project
    };
    let answer = project("{period}.csv", "2026-10-01,2026-12-31").run();
    assert_eq!(answer.exit, Some(2), "{answer:?}");
    assert!(answer.stderr.contains("spreads rows over months"), "{answer:?}");
    assert_eq!(total(&project("*.csv", "2026-10-01,2026-12-31").published()), "90");
    let answer = project("*.csv", "2026-12-31,2026-10-01").run();
    assert_eq!(answer.exit, Some(3), "{answer:?}");
    assert!(
        answer.stderr.contains("ChargePeriodEnd") || answer.stderr.contains("Period end"),
        "{answer:?}"
    );
}

// ---- Days ------------------------------------------------------------------------------------

#[test]
fn a_month_with_missing_days_is_an_error_unless_they_are_declared() {
    let some = || days((1..=31).filter(|day| ![4, 30, 31].contains(day)), "a", "1").csv();
    let of =
        |line: &str| source(&format!("    files: \"data/*\"\n{line}")).file("data/p.csv", some());
    let answer = refused(&of(""), "missing-days");
    assert!(
        answer.stderr.contains("on 3 days of 2026-10: 2026-10-04, 2026-10-30 to 2026-10-31"),
        "{answer:?}"
    );
    assert!(answer.stderr.contains("`days: { missing: [ 2026-10-04 ] }`"), "{answer:?}");
    refused(&of("    days: { missing: 2026-10-04 }\n"), "missing-days");
    refused(&of("    days: { until: 2026-10-30 }\n"), "missing-days");
    for declared in [
        "    days: any\n",
        "    days: { missing: [ 2026-10-04, 2026-10-30, 2026-10-31 ] }\n",
        "    days: { missing: 2026-10-04, until: 2026-10-29 }\n",
    ] {
        assert_eq!(total(&of(declared).published()), "28", "{declared}");
    }
    let manifest = of("    days: { missing: 2026-10-04, until: 2026-10-29 }\n").published();
    let told = &manifest.json("manifest.json")["sources"][0];
    assert_eq!(told["days_declared_missing"], serde_json::json!(["2026-10-04"]));
    assert_eq!(
        (&told["days_until"], &told["days_needed"]),
        (&"2026-10-29".into(), &"every".into())
    );
    assert_eq!(told["days_present"].as_array().map(Vec::len), Some(28));
}

#[test]
fn a_source_that_needs_every_day_and_has_none_is_an_error() {
    let other = "sources:\n  - { name: other, format: focus, files: other/*.csv }";
    let project = source("    files: \"data/*\"\n    days: any\n").declaring("sources:", other);
    let september =
        Bill::of([Charge::sound().on("2026-09", "2026-09-05").with("SubAccountId", "b")]);
    let project = project.file("data/p.csv", one("1")).file("other/p.csv", september.csv());
    let answer = refused(&project, "missing-days");
    assert!(answer.stderr.contains("on 31 days of 2026-10"), "{answer:?}");
    assert!(answer.stderr.contains("fetch its bill of the month"), "{answer:?}");
}

#[test]
fn days_are_those_of_charges_that_are_billed_in_the_month() {
    let correction = Charge::sound().on("2026-11", "2026-10-31").costs("9");
    let bill = days(1..=30, "a", "1");
    let bill = Bill::of(bill.charges.into_iter().chain([correction]));
    let project = source("    files: \"data/*\"\n").file("data/p.csv", bill.csv());
    let answer = refused(&project, "missing-days");
    assert!(answer.stderr.contains("on 1 day of 2026-10: 2026-10-31"), "{answer:?}");
}

#[test]
fn of_files_that_are_refused_no_day_is_missed() {
    let project = source("    files: \"data/*\"\n")
        .file("data/a.csv", days([1], "a", "1").csv())
        .file("data/b.csv", "no,bill\n1,2\n");
    let answer = refused(&project, "column-missing");
    assert!(!answer.stderr.contains("missing-days"), "{answer:?}");
}

// ---- Across runs -----------------------------------------------------------------------------

#[test]
fn a_run_tells_which_sources_changed_by_how_much() {
    let other = "sources:\n  - { name: other, format: focus, files: other/*.csv, days: any }";
    let project = source("    files: \"data/*\"\n    days: any\n")
        .declaring("sources:", other)
        .file("data/p.csv", one("1"))
        .file("other/p.csv", days([6], "b", "3").csv());
    assert_eq!(project.run().stderr, "", "there was nothing before");
    let first = project.output();
    assert_eq!(project.run().stderr, "", "nothing changed");
    assert_eq!(project.output(), first);
    project.write("data/p.csv", one("1.75"));
    let told = project.run().stderr;
    let expected = "costbook 2026-10: source bills changed: EffectiveCost was 1 EUR and is 1.75, a change of 0.75\n";
    assert!(told.contains(expected) && !told.contains("other"), "{told}");
    project.write("data/p.csv", one("1.750"));
    let told = project.run().stderr;
    assert_eq!(told, "costbook 2026-10: source bills has other files and the same sums\n");
    project.write("data/p.csv", one("2"));
    assert_eq!(project.run_with(&["--quiet"]).stderr, "");
    let yaml = std::fs::read_to_string(project.path("costbook.yaml")).expect("the project");
    project.write("costbook.yaml", yaml.replace(other, "sources:"));
    let told = project.run().stderr;
    assert!(
        told.contains("source other changed: BilledCost was 3 EUR and is 0, a change of -3"),
        "{told}"
    );
}

// ---- What holds of all -----------------------------------------------------------------------

/// How the rows of a month are dealt out: a part for each row, and how each part is written.
#[derive(Clone, Debug)]
struct Deal {
    parts: Vec<usize>,
    kinds: Vec<usize>,
    is_listed: bool,
}

fn deal() -> impl Strategy<Value = Deal> {
    let parts = prop::collection::vec(0_usize..5, 40);
    (parts, prop::collection::vec(0_usize..3, 5), any::<bool>())
        .prop_map(|(parts, kinds, is_listed)| Deal { parts, kinds, is_listed })
}

/// The rows of the month: three sub accounts on every day but a few, with amounts of their own.
fn rows() -> Vec<Charge> {
    let row = |index: u32| {
        let day = 1 + index % 31;
        let charge = Charge::sound().on("2026-10", &format!("2026-10-{day:02}"));
        charge
            .with("SubAccountId", ["a", "b", "c"][index as usize % 3])
            .costs(&format!("1.{index:03}"))
    };
    (0..40).map(row).collect()
}

/// What a report says, without the names of files that it was made of.
fn told(output: &Output) -> Vec<(String, String)> {
    let tables = ["showback.csv", "showback_detail.csv", "unallocated.csv", "kpi.csv"];
    tables.iter().map(|name| ((*name).to_owned(), output.text(name).to_owned())).collect()
}

fn dealt(deal: &Deal) -> Project {
    let mut project = source("    files: \"data/{period}/*\"\n");
    let used: BTreeSet<usize> = deal.parts.iter().copied().collect();
    let mut names = Vec::new();
    for (number, part) in used.iter().enumerate() {
        let mine = rows().into_iter().zip(&deal.parts).filter(|(_, home)| *home == part);
        let bill = Bill::of(mine.map(|(charge, _)| charge));
        let (kind, bytes) = match deal.kinds[*part] {
            0 => ("csv", bill.csv().into_bytes()),
            1 => ("csv.gz", gzip(bill.csv())),
            _ => ("parquet", parquet(&bill, Shape::TYPED)),
        };
        // Parts that a manifest lists can be of any name and kind; else the number makes them parts.
        let name = if deal.is_listed {
            format!("x{part}.{kind}")
        } else {
            format!("x-{}.csv", number + 1)
        };
        project = project.file(&format!("data/2026-10/{name}"), bytes);
        names.push((name, bill.charges.len()));
    }
    if deal.is_listed {
        let parts: Vec<_> =
            names.iter().map(|(name, rows)| (name.as_str(), Some(*rows), None)).collect();
        project = project.file("data/2026-10/manifest.json", azure("2026-11-02T01:00:00Z", &parts));
    }
    project
}

#[test]
fn any_split_into_parts_of_one_delivery_gives_the_same_reports() {
    let whole = source("    files: \"data/{period}/*\"\n");
    let whole = told(&whole.file("data/2026-10/x.csv", Bill::of(rows()).csv()).published());
    let config = Config { cases: 24, failure_persistence: None, ..Config::default() };
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, random);
    let outcome = runner.run(&deal(), |deal| {
        let output = dealt(&deal).published();
        prop_assert_eq!(deliveries(&output).len(), 1);
        prop_assert_eq!(told(&output), whole.clone());
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
