//! Dates: real days in a known spelling, or quarantined.

use costbook::diagnostics::Code;

use super::support::{Bill, Charge, Faults, PERIOD, Project};

const DATES: [&str; 4] =
    ["BillingPeriodStart", "ChargePeriodStart", "BillingPeriodEnd", "ChargePeriodEnd"];

/// Spellings that bills have, and the UTC day of each.
const KNOWN: [(&str, &str); 10] = [
    ("2026-10-31", "2026-10-31"),
    ("2026-10-31 00:00:00", "2026-10-31"),
    ("2026-10-31T23:59:59Z", "2026-10-31"),
    ("2026-10-31T23:59:59.999Z", "2026-10-31"),
    ("2026-10-31T06:00Z", "2026-10-31"),
    ("2026-10-31 01:00:00+00:00", "2026-10-31"),
    // At the edge of a month the zone that the bill tells decides, not where the run takes place.
    ("2026-10-31T23:30:00-01:00", "2026-11-01"),
    ("2026-11-01T00:30:00+02:00", "2026-10-31"),
    ("2026-10-01T00:30:00+02:00", "2026-09-30"),
    ("2028-02-29", "2028-02-29"),
];

const UNKNOWN: [&str; 31] = [
    "2026-02-30",
    "2026-02-29",
    "2026-13-01",
    "2026-00-10",
    "2026-10-00",
    "10/03/2026",
    "03.10.2026",
    "3 October 2026",
    "2026-1-1",
    "20261003",
    "45933",
    "2026-10-05T25:00:00Z",
    "2026-10-05T00:60:00Z",
    "2026-10-05 noon",
    "1899-12-31",
    "2201-01-01",
    "0000-00-00",
    "0000-01-01",
    "9999-12-31",
    "-2026-10-05",
    "+002026-10-05",
    "2026-W40-1",
    "2026-278",
    "2026-10-31T23:59:60Z",
    "2026-10-31T24:00:00Z",
    "2026-10-05T00:00:00+24:00",
    "2026-10-05T00:00:00.Z",
    "2026-10-05T00:00:00Zulu",
    "2026-10-05T",
    "\u{ff12}026-10-05",
    "",
];

#[test]
fn a_day_is_that_of_utc_wherever_the_run_takes_place() {
    let mut faults = Faults::new();
    for (text, expected) in KNOWN {
        let charge = Charge::sound().with("ChargePeriodStart", text);
        let project = Project::sound().bill("bill.csv", &Bill::of([charge]));
        let answer = project.run();
        faults.about(format!("`{text}`\n{}", answer.stderr));
        faults.same("the exit code", answer.exit, Some(0));
        if answer.exit == Some(0) {
            let detail = project.output().table("showback_detail.csv");
            let days: Vec<&str> = detail.iter().map(|row| row["day"].as_str()).collect();
            faults.same("the days", days, [expected]);
        }
    }
}

#[test]
fn what_is_no_day_is_quarantined() {
    let mut faults = Faults::new();
    for column in &DATES[..2] {
        let charges = UNKNOWN.map(|text| Charge::sound().with(column, text));
        let charges = std::iter::once(Charge::sound()).chain(charges);
        let project = Project::sound().bill("bill.csv", &Bill::of(charges));
        faults.about(*column);
        let rows = project.published().table("quarantine.csv");
        let found: Vec<&str> = rows.iter().map(|row| row["text"].as_str()).collect();
        faults.same("quarantined", found, UNKNOWN);
        let is_right = |row: &super::support::Row| {
            row["column"] == *column && row["code"] == Code::BadDate.name()
        };
        faults.holds(rows.iter().all(is_right), "each by its own column and code");
    }
}

/// A time without a zone is of the zone that the source declares; days and months are as they stand.
#[test]
fn a_time_without_a_zone_is_of_the_declared_one() {
    let charges = [
        ("2026-10-31 23:30:00", "2026-11-01"),
        ("2026-10-31", "2026-10-31"),
        ("2026-10-31T23:30:00Z", "2026-10-31"),
        ("2026-10-05 18:59:59", "2026-10-05"),
    ];
    let charge = |(start, _): (&str, &str)| {
        let charge = Charge::sound().with("ChargePeriodStart", start);
        charge.with("BillingPeriodStart", "2026-10-01 00:00:00").with("ResourceId", start)
    };
    let days = |zone: &str| {
        let project =
            Project::sound().declaring("    days: any\n", &format!("    days: any\n{zone}"));
        let project = project.bill("bill.csv", &Bill::of(charges.map(charge)));
        let rows =
            project.command(["explain", "--owner", "payments", "--period", PERIOD, "--rows"]);
        let lines = rows.stdout.lines().filter(|line| line.starts_with("data/bill.csv,"));
        lines.map(|line| line.split(',').nth(2).unwrap_or("").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(days("    zone: \"-05:00\"\n"), charges.map(|(_, day)| day));
    assert_eq!(days(""), ["2026-10-31", "2026-10-31", "2026-10-31", "2026-10-05"]);
    let named =
        Project::sound().declaring("    days: any\n", "    days: any\n    zone: Europe/Berlin\n");
    let answer = named.bill("bill.csv", &Bill::sound()).run();
    assert_eq!(answer.exit, Some(2), "{}", answer.stderr);
    assert!(answer.stderr.contains("a fixed offset from it, such as +02:00"), "{}", answer.stderr);
}

/// The month that stands in the text decides: an offset says whose midnight it is, and moves nothing.
#[test]
fn a_billing_month_is_the_one_that_is_written() {
    let late = Charge::sound().with("BillingPeriodStart", "2026-10-01T00:00:00+02:00");
    let early = Charge::sound().with("BillingPeriodStart", "2026-10-31T23:00:00-05:00");
    let project = Project::sound().bill("bill.csv", &Bill::of([late, early]));
    let output = project.published();
    assert_eq!(output.codes(), Vec::<String>::new());
    assert_eq!(output.run()["period"], PERIOD);
    assert_eq!(output.account("data/bill.csv")["accepted"], 2);
}
