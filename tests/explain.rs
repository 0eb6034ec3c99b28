//! `costbook explain --file` through the command: every column of every table of a run is explained, and
//! what a figure is made of sums to it at each level, to the digit.

mod support;

use std::path::Path;
use std::process::Command;

use num_bigint::BigInt;
use serde_json::Value;
use support::{Answer, Bill, Charge, Exact, Output, PERIOD, Project, exact};

/// A number as explanations write it: a decimal or a fraction.
fn number(text: &Value) -> Exact {
    let text = text.as_str().expect("numbers are texts");
    match text.split_once('/') {
        None => exact(text),
        Some((over, under)) => {
            let whole = |text: &str| text.parse::<BigInt>().expect("a whole number");
            Exact::new(whole(over), whole(under))
        }
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Holds a figure and all below it; gives how many figures are sums.
#[track_caller]
fn hold(figure: &Value) -> usize {
    assert!(figure["broken"].is_null(), "{figure:#}");
    let how = figure["how"].as_str().unwrap_or_default();
    assert!(!how.is_empty(), "nobody says how it comes about: {figure:#}");
    let mut sums = 0;
    if !figure["total"].is_null() {
        let sum: Exact = list(&figure["terms"]).iter().map(|term| number(&term["amount"])).sum();
        assert_eq!(sum, number(&figure["total"]), "{figure:#}");
        sums += 1;
    }
    for term in list(&figure["terms"]).iter().chain(list(&figure["of"])) {
        if !term["made_of"].is_null() {
            sums += hold(&term["made_of"]);
        }
    }
    sums
}

/// Explains all lines of a table as it was published; gives how many figures are sums.
#[track_caller]
fn walk(output: &Output, file: &str, explained: &Value) -> usize {
    let (rows, columns) = (output.table(file), output.columns(file));
    let lines = list(&explained["lines"]);
    assert_eq!(lines.len(), rows.len(), "{file}");
    let mut sums = 0;
    for (line, row) in lines.iter().zip(&rows) {
        let fields = list(&line["fields"]);
        assert_eq!(fields.len(), columns.len(), "{file}");
        for (field, column) in fields.iter().zip(&columns) {
            assert_eq!(field["column"], column.as_str(), "{file}");
            assert_eq!(field["value"], row[column].as_str(), "{file}, {column}");
            sums += hold(field);
        }
    }
    sums
}

/// The tables that a run published.
fn tables(output: &Output) -> Vec<String> {
    let is_table = |name: &&String| Path::new(name).extension() == Some("csv".as_ref());
    output.files.keys().filter(is_table).cloned().collect()
}

fn json(answer: &Answer) -> Value {
    assert_eq!(answer.exit, Some(0), "{}", answer.stderr);
    serde_json::from_str(&answer.stdout).expect("an explanation is well-formed")
}

fn explain(project: &Project, more: &[&str]) -> Answer {
    let asked = ["explain", "--project", ".", "--period", PERIOD];
    project.command([&asked, more].concat())
}

/// Explains every line of every table of a project.
#[track_caller]
fn walk_all(project: &Project) -> Output {
    let output = project.published();
    for file in tables(&output) {
        walk(&output, &file, &json(&explain(project, &["--file", &file, "--format", "json"])));
    }
    output
}

fn project(rules: &str, charges: &[(&str, &str, &str)]) -> Project {
    let charges = charges.iter().map(|(service, sub_account, amount)| {
        Charge::sound().with("ServiceName", service).with("SubAccountId", sub_account).costs(amount)
    });
    Project::ruled(rules).bill("bill.csv", &Bill::of(charges))
}

fn with_driver(project: Project, driver: &str) -> Project {
    project
        .declaring(
            "rules: [",
            "drivers:\n  - { name: use, files: drivers.csv, unit: hours }\nrules: [",
        )
        .file("drivers.csv", driver)
}

const OWNERS: &str = "  - { name: pay, when: { sub_account_id: \"1\" }, owner: payments }\n  \
     - { name: ret, when: { sub_account_id: \"2\" }, owner: retail }\n";

/// Lines of the sample, as `explain` is asked of it in place.
fn of_sample(more: &[&str]) -> Value {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/acme");
    let asked = Command::new(env!("CARGO_BIN_EXE_costbook"))
        .args(["explain", "--period", "2026-10", "--format", "json", "--project"])
        .arg(&sample)
        .args(more)
        .output()
        .expect("the command runs");
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    serde_json::from_slice(&asked.stdout).expect("an explanation is well-formed")
}

#[test]
fn every_column_of_every_table_of_the_sample_is_explained() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/acme");
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("2026-10");
    let ran = Command::new(env!("CARGO_BIN_EXE_costbook"))
        .args(["run", "--period", "2026-10", "--allocated-focus", "csv", "--project"])
        .arg(&sample)
        .arg("--out")
        .arg(&out)
        .output()
        .expect("the command runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let output = Output::read(&out);
    // The dataset has a line for each part of each charge: some are asked below.
    for file in tables(&output).iter().filter(|name| *name != "allocated_focus.csv") {
        let sums = walk(&output, file, &of_sample(&["--file", file]));
        // What licenses are made of is no sum over lines: `licenses explain` tells it.
        let is_of_licenses = file.starts_with("license_") || file.starts_with("contract");
        if !is_of_licenses {
            assert_eq!(sums == 0, file == "quarantine.csv", "{file} has {sums} sums");
        }
    }
    let rows = output.table("allocated_focus.csv");
    let divided = rows.iter().find(|row| !row["x_Pool"].is_empty()).unwrap();
    let whole = rows.iter().find(|row| row["x_Pool"].is_empty()).unwrap();
    for row in [divided, whole] {
        let cell = format!("x_OriginChargeId={}", row["x_OriginChargeId"]);
        let lines = of_sample(&["--file", "allocated_focus.csv", "--cell", &cell]);
        let sums: usize =
            list(&lines["lines"]).iter().flat_map(|line| list(&line["fields"])).map(hold).sum();
        assert_eq!(sums > 0, !row["x_Pool"].is_empty(), "{cell}");
    }
}

#[test]
fn a_total_is_followed_through_pools_down_to_rows() {
    let cell = "kind=owner,owner=CC3010,currency=EUR";
    let asked = ["--file", "showback.csv", "--cell", cell, "--column", "total", "--depth", "7"];
    let lines = of_sample(&asked);
    let total = &lines["lines"][0]["fields"][0];
    assert!(hold(total) > 100, "the sample's figure is made of many");
    let text = total.to_string();
    for place in
        ["showback_detail.csv", "allocation_trace.csv", "data/azure/focus-1.0-2026-10.csv, row "]
    {
        assert!(text.contains(place), "{place}");
    }
}

#[test]
fn weights_prices_and_cutoffs_can_be_done_again_by_hand() {
    let rules = format!(
        "classify:\n  - {{ name: l, when: {{ service: lake }}, pool: lake }}\n{OWNERS}\
         pools: {{ lake: {{ split: rate, driver: use, tiers: [ {{ to: 10, price: 2 EUR }}, {{ price: 1.5 EUR }} ], remainder: payments }} }}\n"
    );
    let priced = with_driver(
        project(&rules, &[("lake", "1", "100"), ("db", "2", "7")]),
        "period,consumer,quantity\n2026-10,retail,12\n2026-10,payments,4\n",
    );
    walk_all(&priced);
    let cell = "to=retail,method=rate by use";
    let asked = ["--file", "allocation_trace.csv", "--cell", cell, "--column", "rounded"];
    let text = explain(&priced, &asked).stdout;
    for line in [
        "10 hours from 0 to 10 × 2 = 20 EUR",
        "2 hours from 10 to 12 × 1.5 = 3 EUR",
        "together 23 EUR",
        "drivers.csv, row 2",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    let rules = format!(
        "classify:\n  - {{ name: s, when: {{ service: support }}, pool: support }}\n{OWNERS}\
         pools: {{ support: {{ split: proportional, cutoff: {{ below: 10%, into: others }} }} }}\n"
    );
    let charges = [("support", "1", "10"), ("db", "1", "95"), ("db", "2", "5")];
    let cut = project(&rules, &charges);
    walk_all(&cut);
    let asked = ["--file", "allocation_trace.csv", "--cell", "metric=EffectiveCost"];
    let text = explain(&cut, &asked).stdout;
    assert!(text.contains("retail weighs 5"), "{text}");
}

#[test]
fn trees_show_arithmetic_that_comes_out() {
    let pool = |declared: &str| {
        let rules = format!(
            "classify:\n  - {{ name: l, when: {{ service: lake }}, pool: lake }}\n{OWNERS}  \
             - {{ name: t, when: {{ sub_account_id: \"3\" }}, owner: acme }}\n\
             pools: {{ lake: {{ {declared} }} }}\n"
        );
        let charges = [("lake", "1", "60"), ("db", "2", "7"), ("db", "1", "1"), ("db", "3", "1")];
        let rows =
            "period,consumer,quantity\n2026-10,payments,97\n2026-10,retail,2\n2026-10,acme,1\n";
        with_driver(project(&rules, &charges), rows)
    };
    let tree = |project: &Project| explain(project, &["--owner", "payments"]).stdout;
    // What a cutoff leaves is 99 of 100.
    let others = pool(
        "split: driver, driver: use, on_zero_driver: fail, cutoff: { below: 1.5%, into: others }",
    );
    let drawn = tree(&others);
    let expected = "60 EUR of EffectiveCost × 97/99 (weight 97 hours, of all 100 hours)";
    assert!(drawn.contains(expected), "{drawn}");
    // Small shares that are put to an owner are its weight, by their rows.
    let put = pool(
        "split: driver, driver: use, on_zero_driver: fail, cutoff: { below: 1.5%, into: retail }",
    );
    walk_all(&put);
    let cell = ["--file", "allocation_trace.csv", "--cell", "to=retail,metric=EffectiveCost"];
    let drawn = explain(&put, &cell).stdout;
    for text in ["acme, below the cutoff: ", "its part goes to retail", "1  acme"] {
        assert!(drawn.contains(text), "{text} is not in {drawn}");
    }
    let total = explain(&put, &[&cell[..], &["--column", "driver_total"]].concat()).stdout;
    assert!(total.contains("acme, below") && !total.contains("one of"), "{total}");
    // A price is told by its tiers; in other metrics charges are shares of what was paid.
    let tiers = "split: rate, driver: use, tiers: [ { to: 10, price: 2 EUR }, { price: 1 EUR } ], remainder: acme";
    let priced = pool(tiers);
    walk_all(&priced);
    let drawn = tree(&priced);
    let expected = "rate by use: 10 hours from 0 to 10 × 2 = 20 EUR, 87 hours from 10 to 97 × 1 = 87 EUR, together 107 EUR";
    assert!(drawn.contains(expected), "{drawn}");
    let asked = ["--file", "allocation_trace.csv", "--column", "rounded", "--depth", "1", "--cell"];
    let billed = explain(&priced, &[&asked[..], &["to=payments,metric=BilledCost"]].concat());
    assert!(billed.stdout.contains("exactly "), "{}", billed.stdout);
    assert!(!billed.stdout.contains("tier by tier"), "{}", billed.stdout);
    let abroad = priced
        .declaring("currency: EUR", "currency: USD\nexchange: { rates: fx.csv, policy: month_end }")
        .file("fx.csv", "date,from,to,rate\n2026-10-31,EUR,USD,1.25\n");
    let asked = ["--file", "allocation_trace.csv", "--column", "report_rounded", "--cell"];
    let charge = explain(&abroad, &[&asked[..], &["to=payments,metric=EffectiveCost"]].concat());
    assert!(charge.stdout.contains("107 × 5/4 = 133.75"), "{}", charge.stdout);
}

#[test]
fn no_figure_is_a_part_of_itself() {
    let rules = format!(
        "classify:\n  - {{ name: s, when: {{ service: support }}, pool: support }}\n{OWNERS}\
         pools: {{ support: {{ split: fixed, shares: {{ retail: 1 }} }} }}\n"
    );
    let alone = project(&rules, &[("support", "1", "10"), ("db", "2", "1")]);
    walk_all(&alone);
    let asked = ["--file", "allocation_trace.csv", "--column", "rounded", "--format", "json"];
    for line in list(&json(&explain(&alone, &asked))["lines"]) {
        let field = &line["fields"][0];
        assert!(list(&field["terms"]).is_empty(), "{field:#}");
        assert_eq!(field["notes"][0], "all of it goes to this receiver");
    }
}

#[test]
fn pools_that_feed_and_use_each_other_add_up_too() {
    let rules = format!(
        "classify:\n  - {{ name: a, when: {{ service: a }}, pool: a }}\n  \
         - {{ name: b, when: {{ service: b }}, pool: b }}\n  \
         - {{ name: c, when: {{ service: c }}, pool: c }}\n{OWNERS}\
         pools:\n  \
         a: {{ split: fixed, shares: {{ b: 1/2, retail: 1/2 }} }}\n  \
         b: {{ split: fixed, shares: {{ a: 1/4, payments: 3/4 }} }}\n  \
         c: {{ split: driver, driver: use, on_zero_driver: widen }}\n\
         stages: [ [ c ], {{ reciprocal: [ a, b ] }} ]\n"
    );
    let charges = [("a", "1", "70.01"), ("b", "1", "35"), ("c", "1", "10"), ("db", "2", "3.333")];
    let driver = "day,consumer,quantity\n2026-10-05,payments,1\n2026-10-05,a,2\n";
    let shared = with_driver(project(&rules, &charges), driver)
        .declaring("rules: [", "rounding: { digits: 2 }\nrules: [");
    let output = walk_all(&shared);
    assert!(output.files.contains_key("reciprocal.csv"));
    let converted = with_driver(project(&rules, &charges), driver)
        .declaring(
            "currency: EUR",
            "currency: USD\nexchange: { rates: fx.csv, policy: month_end, digits: 4 }",
        )
        .file("fx.csv", "date,from,to,rate\n2026-10-31,EUR,USD,1.1557\n");
    walk_all(&converted);
}

#[test]
fn what_is_not_there_is_told_with_what_is() {
    let small = project(&format!("classify:\n{OWNERS}"), &[("db", "1", "1"), ("db", "2", "2")]);
    for (asked, hint) in [
        (["--file", "showbak.csv"].as_slice(), "did you mean `showback.csv`?"),
        (&["--file", "showback.csv", "--column", "totl"], "did you mean `total`?"),
        (&["--file", "showback.csv", "--line", "1"], "its lines are 2 to 3"),
        (&["--file", "showback.csv", "--line", "4"], "its lines are 2 to 3"),
        (&["--file", "quarantine.csv", "--line", "2"], "it has none"),
        (&["--file", "none/showback.csv"], "there is no file"),
        (&["--owner", "retail", "--depth", "1"], "cannot be used with"),
        (&["--unallocated", "--format", "svg"], "no picture of --unallocated"),
        (&["--file", "showback.csv", "--cell", "owner=nobody"], "its lines are 2 to 3"),
        (&["--file", "showback.csv", "--cell", "owner"], "COLUMN=VALUE"),
    ] {
        let answer = explain(&small, asked);
        assert_eq!(answer.exit, Some(2), "{asked:?}");
        assert!(answer.stderr.contains(hint), "{}", answer.stderr);
    }
}

#[test]
fn a_published_file_is_explained_only_where_it_holds_what_is_explained() {
    let small = project(&format!("classify:\n{OWNERS}"), &[("db", "1", "1"), ("db", "2", "2")]);
    small.published();
    let path = small.path(&format!("out/{PERIOD}/showback.csv"));
    let named = path.to_str().unwrap();
    let total = ["--file", named, "--line", "2", "--column", "total"];
    let by_cell = ["--file", named, "--cell", "owner=retail"];
    for asked in [&total[..], &by_cell, &["--file", named]] {
        let answer = explain(&small, asked);
        assert_eq!(answer.exit, Some(0), "{asked:?}: {}", answer.stderr);
    }
    let refused = |answer: Answer, why: &str| {
        assert_eq!(answer.exit, Some(2), "{}", answer.stdout);
        assert!(answer.stderr.contains(why), "{}", answer.stderr);
    };
    let earlier = ["explain", "--project", ".", "--period", "2026-08"];
    refused(small.command([&earlier, &total[..]].concat()), "was published for");
    let mut table = std::fs::read_to_string(&path).unwrap();
    let last = table.trim_end().lines().last().unwrap().to_owned();
    table.push_str(&last);
    std::fs::write(&path, &table).unwrap();
    refused(explain(&small, &["--file", named]), "it has other lines");
    std::fs::write(&path, table.replacen(",1,", ",91,", 9)).unwrap();
    refused(explain(&small, &total), "line 2 is not as it would be published now");
    let run = path.with_file_name("run.json");
    let text = std::fs::read_to_string(&run)
        .unwrap()
        .replace("\"organisation\": \"", "\"organisation\": \"x");
    std::fs::write(&run, text).unwrap();
    refused(explain(&small, &total), "was published by");
}

/// What a Mermaid chart's arrows carry that begin at a node of these, by label.
fn carried(chart: &str, begins: impl Fn(&str) -> bool) -> Exact {
    let node = |line: &str| {
        let (id, label) = line.trim().split_once("[\"")?;
        Some((id.to_owned(), label.trim_end_matches("\"]").to_owned()))
    };
    let nodes: std::collections::BTreeMap<String, String> =
        chart.lines().filter_map(node).collect();
    let arrows = chart.lines().filter_map(|line| {
        let (from, rest) = line.trim().split_once(" -")?;
        let amount = rest.split_once("|\"")?.1.split_once("\"|")?.0;
        Some((from, exact(amount)))
    });
    arrows.filter(|(from, _)| begins(&nodes[*from])).map(|(_, amount)| amount).sum()
}

#[test]
fn the_flow_is_drawn_whole_and_names_stay_names() {
    const HOSTILE: &str = "<script>alert(1)</script>\u{202e}\"|] --> x";
    let charge = |at: usize| {
        let provider = if at == 0 { HOSTILE.to_owned() } else { format!("provider {at}") };
        let amount = match at {
            0 => "99.25".to_owned(),
            1 => "-7.5".to_owned(),
            _ => format!("{at}.25"),
        };
        let service = if at.is_multiple_of(2) { "support" } else { "db" };
        let owner = if at.is_multiple_of(3) { "1" } else { "2" };
        Charge::sound()
            .with("ProviderName", &provider)
            .with("ServiceName", service)
            .with("SubAccountId", owner)
            .costs(&amount)
    };
    let rules = format!(
        "classify:\n  - {{ name: s, when: {{ service: support }}, pool: support }}\n{OWNERS}\
         pools: {{ support: {{ split: proportional }} }}\n"
    );
    let many = Project::ruled(&rules).bill("bill.csv", &Bill::of((0..40).map(charge)));
    let drawn = |format: &str, more: &[&str]| {
        let answer = explain(&many, &[&["--format", format], more].concat());
        assert_eq!(answer.exit, Some(0), "{}", answer.stderr);
        answer.stdout
    };
    let svg = drawn("svg", &["--threads", "1"]);
    assert_eq!(svg, drawn("svg", &["--threads", "3"]));
    assert!(svg.starts_with("<svg role=\"img\"") && svg.contains("<desc id=\"flow-desc\">"));
    assert!(!svg.contains("<script") && !svg.contains('\u{202e}'), "a name is obeyed");
    // 40 providers: the largest, and all others as one; what takes away has its sign.
    assert!(svg.contains("26 others") && svg.contains("−7.50"), "{svg}");
    let chart = drawn("mermaid", &[]);
    assert!(chart.contains("-.->|\"-7.5\"|"), "{chart}");
    assert!(!chart.contains("<script") && !chart.contains("\"|]"), "{chart}");
    let total: Exact =
        many.published().table("showback.csv").iter().map(|row| exact(&row["total"])).sum();
    let begins = |label: &str| !label.starts_with("pool ");
    assert_eq!(carried(&chart, begins), total);
    let pool = drawn("mermaid", &["--pool", "support"]);
    let (into, out) = (carried(&pool, begins), carried(&pool, |label| !begins(label)));
    assert_eq!(into, out, "{pool}");
    let owner = drawn("mermaid", &["--owner", "retail"]);
    let bears = exact(
        &many
            .published()
            .table("showback.csv")
            .iter()
            .find(|row| row["owner"] == "retail")
            .unwrap()["total"],
    );
    assert_eq!(carried(&owner, |_| true), bears);
    let wrong = explain(&many, &["--format", "svg", "--rows"]);
    assert_eq!(wrong.exit, Some(2), "{}", wrong.stderr);
}
