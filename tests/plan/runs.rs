//! A published run against what the project gives now.

use super::support::{Bill, Output, PERIOD, Project, exact, sum};
use super::{BY_USE, CHARGES, EVENLY, USED, bill, effects, expected, project, rules};

const RUN: &str = "out/2026-10";

fn published(project: Project) -> Project {
    let answer = project.run();
    assert_eq!(answer.exit, Some(0), "{}", answer.stderr);
    project
}

/// Charges of another day, so that they do not look like the same ones again.
fn late(charges: &[(&str, &str, &str)]) -> String {
    let charges = bill(charges).charges.into_iter();
    Bill::of(charges.map(|charge| charge.on("2026-10", "2026-10-06"))).csv()
}

#[track_caller]
fn compared(project: &Project) -> (Output, String) {
    let answer = project.command(["plan", "--against", RUN, "--out", "compared"]);
    assert_eq!(answer.exit, Some(0), "{}", answer.stderr);
    let output = Output::read(&project.path("compared"));
    let parties = output.table("plan.csv");
    for row in &parties {
        let causes = super::CAUSES.iter();
        let effects = causes.fold(exact("0"), |sum, cause| sum + exact(&row[*cause]));
        assert_eq!(effects, exact(&row["delta"]), "{row:?}");
        assert_eq!(exact(&row["after"]) - exact(&row["before"]), exact(&row["delta"]), "{row:?}");
    }
    let notes = output.json("plan.json")["notes"].to_string();
    (output, notes)
}

#[test]
fn a_run_is_as_it_was_published() {
    let project = published(project(&rules("payments", BY_USE), USED));
    let asked = ["plan", "--against", RUN, "--detailed-exitcode"];
    let same = project.command(asked);
    assert_eq!(same.exit, Some(0), "{}{}", same.stdout, same.stderr);
    assert!(same.stdout.ends_with("Nothing changes.\n"), "{}", same.stdout);
    // A table that grows changes nothing of the month.
    let grown = format!("{USED}2026-11,retail,9\n");
    project.write("drivers.csv", format!("period,consumer,quantity\n{grown}"));
    let same = project.command(asked);
    assert_eq!(same.exit, Some(0), "{}{}", same.stdout, same.stderr);
    assert!(same.stdout.contains("without an effect: drivers"), "{}", same.stdout);
    // Its document names it as well.
    let by_document = ["plan", "--against", "out/2026-10/run.json", "--period", PERIOD];
    assert_eq!(project.command(by_document).exit, Some(0));
}

#[test]
fn what_alone_changed_is_the_cause() {
    let project = published(project(&rules("payments", BY_USE), USED));
    project
        .write("drivers.csv", "period,consumer,quantity\n2026-10,payments,1\n2026-10,retail,1\n");
    let (output, _) = compared(&project);
    assert_eq!(effects(&output, "payments"), expected(&[("delta", "-10"), ("drivers", "-10")]));
    let pools = output.table("plan_pools.csv");
    let payments = pools.iter().find(|row| row["name"] == "payments").expect("payments");
    let told = [
        ("share_before", "0.666667"),
        ("share_after", "0.500000"),
        ("step_before", "1"),
        ("place_before", "rules/rules.yaml:5"),
        ("place_after", "rules/rules.yaml:5"),
        ("amount_before", "40"),
        ("amount_after", "30"),
    ];
    for (column, text) in told {
        assert_eq!(payments[column], text, "{column}");
    }
    assert_eq!(payments["method_before"], payments["method_after"]);
    assert!(output.table("plan_services.csv").is_empty());
}

#[test]
fn what_came_late_is_told_from_what_else_changed() {
    let project = published(project(&rules("payments", EVENLY), USED));
    project.write("data/late.csv", late(&[("db", "1", "7"), ("disk", "2", "3")]));
    project.write("rules/rules.yaml", rules("retail", EVENLY));
    let (output, notes) = compared(&project);
    // The bills of the run are still there: under the rules of today all is retail's.
    let payments = expected(&[("delta", "-100"), ("rules", "-100")]);
    assert_eq!(effects(&output, "payments"), payments);
    let retail = expected(&[("bills", "10"), ("delta", "110"), ("rules", "100")]);
    assert_eq!(effects(&output, "retail"), retail);
    assert!(notes.contains("(late input): new data/late.csv"), "{notes}");
    let services = output.table("plan_services.csv");
    assert_eq!(sum(&services, "bills", |_| true), exact("10"));
    let disk = services.iter().find(|row| row["service"] == "disk").expect("disk");
    assert_eq!((&*disk["before"], &*disk["after"], &*disk["bills"]), ("0", "3", "3"));
    let asked = ["plan", "--against", RUN, "--detailed-exitcode"];
    assert_eq!(project.command(asked).exit, Some(10));
}

#[test]
fn what_cannot_be_told_apart_is_named() {
    // Bills that were written over cannot be run again.
    let project = published(project(&rules("payments", EVENLY), USED));
    project.write("data/bill.csv", bill(&[("db", "1", "101"), ("db", "2", "40")]).csv());
    let (output, _) = compared(&project);
    let payments = expected(&[("bills", "-29"), ("delta", "-29")]);
    assert_eq!(effects(&output, "payments"), payments);
    project.write("rules/rules.yaml", rules("retail", EVENLY));
    project.write("owners.csv", "id,name\npayments,Payments\nretail,Retail\n");
    let (output, notes) = compared(&project);
    let retail = expected(&[("delta", "71"), ("together", "71")]);
    assert_eq!(effects(&output, "retail"), retail);
    assert!(notes.contains("bills are not told apart from owners, rules"), "{notes}");
    // With the bills of the run there are two causes, of which neither text is kept.
    project.write("data/bill.csv", bill(&CHARGES).csv());
    let (output, notes) = compared(&project);
    let retail = expected(&[("delta", "100"), ("together", "100")]);
    assert_eq!(effects(&output, "retail"), retail);
    assert!(notes.contains("their effects are together: owners, rules"), "{notes}");
}

#[test]
fn rates_of_a_run_are_held_to_those_of_today() {
    let dollars = bill(&CHARGES);
    let charges = dollars.charges.into_iter().map(|charge| charge.with("BillingCurrency", "USD"));
    let rated = project(&rules("payments", BY_USE), USED)
        .bill("bill.csv", &Bill::of(charges))
        .declaring("rules: [", "exchange: { rates: fx.csv, policy: month_end }\nrules: [")
        .file("fx.csv", "date,from,to,rate\n2026-10-30,USD,EUR,0.9\n");
    let project = published(rated);
    // The table of a later month has quotes of its own.
    project.write("fx.csv", "date,from,to,rate\n2026-10-30,USD,EUR,0.9\n2026-11-30,USD,EUR,0.5\n");
    let asked = ["plan", "--against", RUN, "--detailed-exitcode"];
    assert_eq!(project.command(asked).exit, Some(0));
    project.write("fx.csv", "date,from,to,rate\n2026-10-30,USD,EUR,0.8\n");
    let (output, _) = compared(&project);
    assert_eq!(effects(&output, "retail"), expected(&[("delta", "-6"), ("rates", "-6")]));
    // A run keeps the rates that it used, so that they are told from what else changed, and from
    // what came late: payments have 140 dollars, then 130, then 137.
    project
        .write("drivers.csv", "period,consumer,quantity\n2026-10,payments,1\n2026-10,retail,1\n");
    let (output, _) = compared(&project);
    let payments = expected(&[("delta", "-22"), ("drivers", "-9"), ("rates", "-13")]);
    assert_eq!(effects(&output, "payments"), payments);
    project.write("data/late.csv", late(&[("db", "1", "7")]).replace(",EUR,", ",USD,"));
    let (output, _) = compared(&project);
    let payments =
        expected(&[("bills", "5.6"), ("delta", "-16.4"), ("drivers", "-9"), ("rates", "-13")]);
    assert_eq!(effects(&output, "payments"), payments);
}

#[test]
fn a_run_in_the_cash_view_is_compared_in_it() {
    let viewed =
        |view: &str| format!("{}policies: {{ view: {view} }}\n", rules("payments", EVENLY));
    let charges = bill(&CHARGES).charges.into_iter().map(|charge| charge.with("BilledCost", "1"));
    let project = published(project(&viewed("cash"), USED).bill("bill.csv", &Bill::of(charges)));
    project.write("data/late.csv", late(&[("db", "1", "7")]));
    for (view, amount) in [("cash", "1.5"), ("amortized", "130")] {
        project.write("rules/rules.yaml", viewed(view));
        let (output, _) = compared(&project);
        let parties = output.table("plan.csv");
        let payments = parties.iter().find(|row| row["name"] == "payments").expect("payments");
        assert_eq!((&*payments["before"], &*payments["delta"]), (amount, "7"), "{view}");
        assert_eq!(payments["bills"], "7", "{view}");
    }
}

#[test]
fn only_a_run_that_is_whole_is_believed() {
    let project = published(project(&rules("payments", EVENLY), USED));
    let refused = project.command(["plan", "--against", RUN, "--period", "2026-09"]);
    assert_eq!(refused.exit, Some(2), "{}", refused.stderr);
    let asked = ["plan", "--against", RUN];
    let showback = std::fs::read_to_string(project.path("out/2026-10/showback.csv")).expect("text");
    project.write("out/2026-10/showback.csv", showback.replace("130", "131"));
    let refused = project.command(asked);
    assert_eq!((refused.exit, refused.stdout.as_str()), (Some(3), ""), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("showback.csv` is not as it was published"),
        "{}",
        refused.stderr
    );
    project.write("out/2026-10/showback.csv", &showback);
    assert_eq!(project.command(asked).exit, Some(0));
    for planted in ["out/2026-10/more.csv", "out/2026-10/run.json"] {
        project.write(planted, "{}");
        assert_eq!(project.command(asked).exit, Some(3), "{planted}");
        project.remove(planted);
    }
}
