//! Column maps of the project's own, through the whole command: what is derived equals what is
//! computed here by other means, whatever the file is.

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder, StructBuilder};
use arrow_array::{
    ArrayRef, Float64Array, Int16Array, RecordBatch, StringArray, StructArray,
    TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field, Fields};
use parquet::arrow::ArrowWriter;
use serde_json::Value;
use support::{Exact, Output, Project, exact, plain};

const MAP: &str = "\
format: our-cloud
title: Our cloud
null_words: [ 'NULL' ]
dates: [ iso, month/day/year ]
period_end: inclusive
inputs:
  type: [ line/Type, line.type ]
  cost: [ line/Cost, line.cost ]
  fee: [ line/Fee, fee ]
columns:
  BilledCost: { sum: [ cost, { list: credits, sum: amount } ] }
  EffectiveCost:
    cases:
      - { when: { type: Covered }, from: fee }
      - { when: { type: [ Negation, Upfront ] }, value: '0' }
      - { when: { type: Unused }, sum: fee, minus: cost }
      - { from: cost }
  ListCost: { cases: [ { when: { type: Usage }, from: cost } ] }
  BillingCurrency: { value: EUR }
  BillingPeriodStart: Month
  ChargePeriodStart: Start
  ChargePeriodEnd: End
  ChargeCategory: { from: type, map: { Upfront: Purchase }, otherwise: Usage }
  ServiceName: { in: product, key: name }
  ResourceId: Id
  x_Kind: type
tags:
  - { shape: columns, prefix: 'tag/' }
  - { shape: key_value_list, column: labels }
identity: [ Id, type ]
spread: { by: months, when: { type: Upfront } }
exclude:
  - { name: total row, when: { column.Id: { prefix: Total } } }
";

const PROJECT: &str = "\
organisation: Acme
currency: EUR
sources:
  - { name: cloud, format: map.yaml, files: \"data/*\", days: any }
rules: [ rules.yaml ]
";

const RULES: &str = "\
dimensions:
  team: { tag: team }
classify:
  - { name: web, when: { team: web }, owner: web }
  - { name: kind, when: { x_Kind: Covered, service: Disks }, owner: disks }
  - { name: rest, owner: rest }
";

/// A row as the provider has it.
struct Row {
    id: String,
    kind: &'static str,
    cost: Option<String>,
    fee: Option<String>,
    credits: Vec<String>,
    team: Option<&'static str>,
}

/// Rows of every kind, the same on each call.
fn rows() -> Vec<Row> {
    let kinds = ["Usage", "Covered", "Negation", "Unused", "Refund"];
    let mut seed: u64 = 7;
    let mut next = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let mut rows = Vec::new();
    for number in 0..300 {
        let cost = format!("{}.{:03}", next(50), next(1000));
        let fee = format!("0.{:04}", next(10_000));
        let credits = (0..next(3)).map(|_| format!("-0.{:02}", next(100))).collect();
        rows.push(Row {
            id: format!("r{number}"),
            kind: kinds[usize::try_from(next(5)).unwrap_or(0)],
            cost: Some(cost),
            fee: Some(fee).filter(|_| next(4) > 0),
            credits,
            team: [Some("web"), None, Some("ops")][usize::try_from(next(3)).unwrap_or(0)],
        });
    }
    // Covered rows without a fee have no effective cost, and cannot be taken.
    rows.retain(|row| row.kind != "Covered" || row.fee.is_some());
    rows
}

/// What the map must make of a row: `BilledCost` and `EffectiveCost`.
fn derived(row: &Row) -> (Exact, Exact) {
    let zero = || exact("0");
    let amount = |text: &Option<String>| text.as_deref().map_or_else(zero, exact);
    let credits = row.credits.iter().fold(zero(), |sum, credit| sum + exact(credit));
    let effective = match row.kind {
        "Covered" => amount(&row.fee),
        "Negation" => zero(),
        "Unused" => amount(&row.fee) - amount(&row.cost),
        _ => amount(&row.cost),
    };
    (amount(&row.cost) + credits, effective)
}

fn owner(row: &Row) -> &'static str {
    match (row.team, row.kind) {
        (Some("web"), _) => "web",
        (_, "Covered") => "disks",
        _ => "rest",
    }
}

fn csv(rows: &[Row]) -> String {
    let header =
        "Id,line/Type,line/Cost,line/Fee,credits,product,Month,Start,End,tag/team,labels\n";
    let mut text = header.to_owned();
    for row in rows {
        let credits: Vec<String> =
            row.credits.iter().map(|c| format!("{{'name': None, 'amount': {c}}}")).collect();
        let labels = "[{'key': 'team', 'value': 'late'}, {'key': 'env', 'value': 'it\\'s'}]";
        let fields = [
            row.id.as_str(),
            row.kind,
            row.cost.as_deref().unwrap_or("NULL"),
            row.fee.as_deref().unwrap_or(""),
            &format!("[{}]", credits.join(", ")),
            "{\"name\": \"Disks\", \"size\": 3}",
            "10/1/2026",
            "2026-10-05T00:00:00Z",
            "10/5/2026",
            row.team.unwrap_or(""),
            if row.team.is_some() { labels } else { "[]" },
        ];
        let quoted = fields.map(|field| format!("\"{}\"", field.replace('"', "\"\"")));
        text.push_str(&(quoted.join(",") + "\n"));
    }
    text + "Total,,99999,,,,,,,,\n"
}

/// The same rows with nested columns, doubles, lists of objects and points in time.
fn parquet(rows: &[Row]) -> Vec<u8> {
    let texts = |of: &dyn Fn(&Row) -> Option<String>| -> ArrayRef {
        Arc::new(rows.iter().map(of).collect::<StringArray>())
    };
    let number =
        |text: &Option<String>| text.as_deref().map(|t| t.parse::<f64>().expect("a number"));
    let costs: Float64Array = rows.iter().map(|row| number(&row.cost)).collect();
    let fields: Fields =
        vec![Field::new("type", DataType::Utf8, true), Field::new("cost", DataType::Float64, true)]
            .into();
    let kinds = texts(&|row| Some(row.kind.to_owned()));
    let line = StructArray::new(fields, vec![kinds, Arc::new(costs)], None);
    let credit: Fields = vec![Field::new("amount", DataType::Utf8, true)].into();
    let mut credits = ListBuilder::new(StructBuilder::from_fields(credit, 0));
    for row in rows {
        for amount in &row.credits {
            let object = credits.values();
            object
                .field_builder::<StringBuilder>(0)
                .expect("a column of text")
                .append_value(amount);
            object.append(true);
        }
        credits.append(true);
    }
    let fees: Float64Array = rows.iter().map(|row| number(&row.fee)).collect();
    // 2026-10-01 and 2026-10-05.
    let (month, day) = (1_790_812_800_000_000, 1_791_158_400_000_000);
    let at = |time: i64| -> ArrayRef {
        Arc::new(TimestampMicrosecondArray::from(vec![time; rows.len()]).with_timezone("UTC"))
    };
    let batch = RecordBatch::try_from_iter_with_nullable([
        ("Id", texts(&|row| Some(row.id.clone())), true),
        ("line", Arc::new(line) as ArrayRef, true),
        ("fee", Arc::new(fees) as ArrayRef, true),
        ("credits", Arc::new(credits.finish()) as ArrayRef, true),
        ("product", texts(&|_| Some("{\"name\": \"Disks\"}".to_owned())), true),
        ("Month", at(month), true),
        ("Start", at(day), true),
        ("End", at(day), true),
        ("tag/team", texts(&|row| row.team.map(str::to_owned)), true),
        ("size", Arc::new(Int16Array::from(vec![3; rows.len()])) as ArrayRef, true),
    ])
    .expect("columns of one length");
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), None).expect("a schema");
    writer.write(&batch).expect("memory takes all");
    writer.close().expect("memory takes all");
    file
}

fn project(name: &str, bill: impl AsRef<[u8]>) -> Project {
    let project = Project::new().file("costbook.yaml", PROJECT).file("map.yaml", MAP);
    project.file("rules.yaml", RULES).file(&format!("data/{name}"), bill)
}

/// Billed and effective cost by owner, as published.
fn published(output: &Output) -> BTreeMap<String, (String, String)> {
    let rows = output.table("showback.csv");
    let one = |row: &support::Row| {
        (row["owner"].clone(), (row["billed_cost"].clone(), row["total"].clone()))
    };
    rows.iter().map(one).collect()
}

#[test]
fn what_is_derived_is_what_is_computed_by_other_means() {
    let rows = rows();
    let mut expected: BTreeMap<String, (Exact, Exact)> = BTreeMap::new();
    for row in &rows {
        let (billed, effective) = derived(row);
        let sum = expected.entry(owner(row).to_owned()).or_insert_with(|| (exact("0"), exact("0")));
        *sum = (sum.0.clone() + billed, sum.1.clone() + effective);
    }
    let expected: BTreeMap<String, (String, String)> = expected
        .into_iter()
        .map(|(owner, (billed, effective))| (owner, (plain(&billed), plain(&effective))))
        .collect();
    let cost =
        rows.iter().fold(exact("0"), |sum, row| sum + exact(row.cost.as_deref().unwrap_or("0")));
    for (name, bill, excluded) in
        [("a.csv", csv(&rows).into_bytes(), 1), ("a.parquet", parquet(&rows), 0)]
    {
        let project = project(name, bill);
        let output = project.published();
        assert_eq!(published(&output), expected, "{name}");
        let account = &output.json("manifest.json")["bills"][0];
        assert_eq!(account["accepted"], rows.len(), "{name}");
        assert_eq!(account["excluded"], excluded, "{name}");
        let totals = &account["source_totals"]["EUR"];
        let header = if name == "a.csv" { "line/Cost" } else { "line.cost" };
        assert_eq!(totals[header], plain(&cost), "{name}");
        assert!(totals.get("credits[].amount").is_some(), "{name}");
    }
}

#[test]
fn a_row_for_three_months_is_shared_by_them_and_counts_once() {
    let bill = "Id,line/Type,line/Cost,line/Fee,credits,product,Month,Start,End,tag/team,labels\n\
        a,Usage,1,,[],{},2026-10-01,2026-10-05,2026-10-05,web,[]\n\
        b,Upfront,300,,[],{},2026-10-01,2026-10-01,2026-12-31,web,[]\n";
    let map = MAP.replace("[ Negation, Upfront ]", "Negation");
    let project = project("a.csv", bill).file("map.yaml", map);
    let run = |month: &str| {
        let answer = project.command(["run", "--project", ".", "--period", month]);
        assert_eq!(answer.exit, Some(0), "{}", answer.stderr);
        Output::read(&project.path("out").join(month))
    };
    let october = run("2026-10");
    assert_eq!(published(&october)["web"], ("301".to_owned(), "101".to_owned()));
    let november = run("2026-11");
    assert_eq!(published(&november)["web"], ("0".to_owned(), "100".to_owned()));
    for output in [&october, &november] {
        let codes = output.codes();
        assert!(!codes.iter().any(|code| code == "late-rows"), "{codes:?}");
        assert!(!codes.iter().any(|code| code == "source-without-charges"), "{codes:?}");
        for row in output.table("conservation.csv") {
            assert_eq!((row["residual"].as_str(), &row["rows_in"]), ("0", &row["rows_out"]));
        }
        assert_eq!(output.json("manifest.json")["bills"][0]["accepted"], 2);
    }
    let rows = project.command(["explain", "--owner", "web", "--period", "2026-11", "--rows"]);
    let found = rows.stdout.lines().last().expect("a row");
    assert!(found.starts_with("data/a.csv,3,2026-11-01,web,EUR,0,100,"), "{found}");
    assert!(found.ends_with("Id=b; type=Upfront"), "{found}");
}

const FEES: &str = "\
further_charges:
  - name: unused
    when: { type: [ Fee, Upfront ] }
    columns:
      EffectiveCost: { sum: fee, minus: cost, complete: true }
      ChargeCategory: { value: Usage }
      ServiceName: null
      x_Kind: { value: idle }
";

#[test]
fn a_row_that_stands_for_two_charges_counts_once() {
    let map = MAP.replace("[ Negation, Upfront ]", "[ Fee, Upfront ]");
    let map = map.replace("{ Upfront: Purchase }", "{ Upfront: Purchase, Fee: Purchase }") + FEES;
    let rules =
        RULES.replace("x_Kind: Covered, service: Disks", "x_Kind: idle, service: { absent: true }");
    let header =
        "Id,line/Type,line/Cost,line/Fee,credits,product,Month,Start,End,tag/team,labels\n";
    let disks = "\"{\"\"name\"\": \"\"Disks\"\"}\"";
    let row = |id: &str, kind: &str, cost: &str, fee: &str, end: &str| {
        format!("{id},{kind},{cost},{fee},[],{disks},2026-10-01,2026-10-01,{end},,[]\n")
    };
    let sound = row("a", "Usage", "1", "", "2026-10-01")
        + &row("b", "Fee", "10", "12.5", "2026-10-01")
        + &row("c", "Fee", "7", "7.00", "2026-10-01")
        + &row("d", "Upfront", "300", "360", "2026-11-30");
    let project = project("a.csv", format!("{header}{sound}")).file("map.yaml", &*map);
    let project = project.file("rules.yaml", &*rules);
    let output = project.published();
    let found = published(&output);
    // What is billed stays with the fee; what is borne is the unused part, over its months.
    assert_eq!(found["rest"], ("318".to_owned(), "1".to_owned()));
    assert_eq!(found["disks"], ("0".to_owned(), "32.5".to_owned()));
    let account = &output.json("manifest.json")["bills"][0];
    assert_eq!(account["accepted"], 4);
    for row in output.table("conservation.csv") {
        assert_eq!((row["residual"].as_str(), &row["rows_in"]), ("0", &row["rows_out"]));
    }
    let rows = project.command(["explain", "--owner", "disks", "--rows"]).stdout;
    assert!(rows.contains("data/a.csv,3,2026-10-01,kind,EUR,0,2.5,"), "{rows}");
    assert!(!rows.contains("data/a.csv,4,"), "a charge of nothing is none: {rows}");
    let told = project.command(["check", "--project", ".", "--verbose"]).stdout;
    assert!(
        told.contains("EffectiveCost of unused  <- derived from line/Fee, line/Cost\n"),
        "{told}"
    );
}

#[test]
fn a_row_is_refused_whole_for_what_one_of_its_charges_lacks() {
    let map = MAP.replace("[ Negation, Upfront ]", "Fee") + FEES;
    let bill = "Id,line/Type,line/Cost,line/Fee,credits,product,Month,Start,End,tag/team,labels\n\
        a,Usage,1,,[],{},2026-10-01,2026-10-05,,,[]\n\
        b,Fee,10,,[],{},2026-10-01,2026-10-05,,,[]\n\
        c,Fee,10,much,[],{},2026-10-01,2026-10-05,,,[]\n\
        d,Fee,10,12.5,[],{},2026-10-01,2026-10-05,,,team\n\
        e,Upfront,10,19,[],{},2026-10-01,2026-10-05,2026-12-05,,team\n";
    let project = project("a.csv", bill).file("map.yaml", map);
    let output = project.published();
    assert_eq!(output.json("manifest.json")["bills"][0]["accepted"], 1);
    let shown = output.table("quarantine.csv").into_iter().map(|row| {
        ["row", "column", "text", "billed_cost", "effective_cost"]
            .map(|name| row[name].clone())
            .join("|")
    });
    // All that the charges of a row cost together is shown where it is known.
    let expected =
        ["3|line/Fee||10|", "4|line/Fee|much|10|", "5|labels|team|10|2.5", "6|labels|team|10|19"];
    assert_eq!(shown.collect::<Vec<_>>(), expected);
}

#[test]
fn what_cannot_be_derived_is_told_with_header_text_and_name_of_the_row() {
    let bill = "Id,line/Type,line/Cost,line/Fee,credits,product,Month,Start,End,tag/team,labels\n\
        a,Usage,1,,[],{},2026-10-01,2026-10-05,,,[]\n\
        b,Usage,x,,[],{},2026-10-01,2026-10-05,,,[]\n\
        c,Covered,1,,[],{},2026-10-01,2026-10-05,,,[]\n\
        d,Usage,1,,[{'amount': 'much'}],{},2026-10-01,2026-10-05,,,[]\n\
        e,Usage,1,,[],{},2026-10-01,2026-10-05,,,team\n\
        f,Usage,1,,[],name,2026-10-01,2026-10-05,,,[]\n\
        g,Usage,1,,[],{},2026-10-01,31/10/2026,,,[]\n\
        h,Upfront,1,,[],{},2026-10-01,2026-10-05,soon,,[]\n\
        i,Usage,1,,\"[{'amount': -1, 'amount': -9}]\",{},2026-10-01,2026-10-05,,,[]\n\
        j,Usage,1,,\"[{'amount': -1, 'Amount': -9}]\",{},2026-10-01,2026-10-05,,,[]\n\
        k,Covered,10,3,[{'Amount': -4}],{},2026-10-01,2026-10-05,,,[]\n";
    let project = project("a.csv", bill);
    let output = project.published();
    let billed = |source: &Value| source["totals"].as_array().cloned().unwrap_or_default();
    let totals = billed(&output.json("manifest.json")["sources"][0]);
    let billed = totals.iter().find(|total| total["metric"] == "BilledCost");
    assert_eq!(billed.map(|total| &total["sum"]), Some(&Value::from("7")), "{totals:?}");
    let rows = output.table("quarantine.csv");
    let found: Vec<String> = rows
        .iter()
        .map(|row| {
            ["row", "column", "code", "text", "identity"].map(|name| row[name].as_str()).join("|")
        })
        .collect();
    assert_eq!(
        found,
        [
            "3|line/Cost|bad-amount|x|Id=b; type=Usage",
            "4|line/Fee|bad-amount||Id=c; type=Covered",
            "5|credits[].amount|bad-amount|[{'amount': 'much'}]|Id=d; type=Usage",
            "6|labels|bad-tags|team|Id=e; type=Usage",
            "7|product|bad-tags|name|Id=f; type=Usage",
            "8|Start|bad-date|31/10/2026|Id=g; type=Usage",
            "9|End|bad-date|soon|Id=h; type=Upfront",
            "10|credits[].amount|bad-amount|[{'amount': -1, 'amount': -9}]|Id=i; type=Usage",
            "11|credits[].amount|bad-amount|[{'amount': -1, 'Amount': -9}]|Id=j; type=Usage",
        ]
    );
}

#[test]
fn check_tells_what_is_mapped_and_what_is_ignored() {
    let bill = "Id,line/Type,line/Cost,Month,Start,Sart,Note\na,Usage,1,2026-10-01,2026-10-05,,\n";
    let project = project("a.csv", bill);
    let brief = project.command(["check", "--project", "."]);
    assert_eq!(brief.exit, Some(0), "{}", brief.stderr);
    let line = "  cloud: 1 file of our-cloud, 9 columns mapped, 2 columns ignored\n";
    assert!(brief.stdout.ends_with(line), "{}", brief.stdout);
    let whole = project.command(["check", "--project", ".", "--verbose"]).stdout;
    for line in [
        "    data/a.csv\n",
        "EffectiveCost      <- derived from line/Cost\n",
        "BillingCurrency    <- always `EUR`\n",
        "BillingPeriodStart <- Month\n",
        "x_Kind             <- line/Type\n",
        "without: ChargePeriodEnd, ServiceName\n",
        "ignored: Sart, Note\n",
    ] {
        assert!(whole.contains(line), "{line} is not in {whole}");
    }
}

#[test]
fn headers_that_a_map_knows_and_does_not_need_are_no_warning() {
    let bill = "Cost,Month,Rate,product/size,PRODUCT/Kind,productivity\n1,2026-10-01,2,3,4,5\n";
    let map = |known: &str| {
        format!(
            "format: plain\ntitle: Plain\n{known}columns:\n  BilledCost: Cost\n  EffectiveCost: Cost\n  \
             BillingCurrency: {{ value: EUR }}\n  BillingPeriodStart: Month\n  ChargePeriodStart: Month\n  \
             ChargeCategory: {{ value: Usage }}\n"
        )
    };
    let told = |known: &str| {
        let project = Project::new().file("costbook.yaml", PROJECT).file("map.yaml", map(known));
        let project = project.file("rules.yaml", "classify: [ { name: all, owner: x } ]\n");
        let project = project.file("data/bill.csv", bill);
        let run = project.run();
        assert_eq!(run.exit, Some(0), "{}", run.stderr);
        project
            .output()
            .findings("unknown-column")
            .into_iter()
            .map(|(text, ..)| text)
            .collect::<String>()
    };
    assert!(told("").contains("`Rate`, `product/size`, `PRODUCT/Kind`, `productivity`"));
    let known = told("known: [ rate, product/* ]\n");
    assert!(known.contains("`productivity`") && !known.contains("Rate") && !known.contains("Kind"));
}

#[test]
fn check_tells_what_is_read_and_in_no_file() {
    let bill = "Id,line/Type,line/Csot,Month,Start\na,Usage,1,2026-10-01,2026-10-05\n";
    let told = project("a.csv", bill).command(["check", "--project", "."]).stderr;
    assert_eq!(told.matches("column-missing").count(), 1, "one mistake is told once: {told}");
    for text in ["there is no column for BilledCost", "from `line/Cost`", "a column `line/Csot`"] {
        assert!(told.contains(text), "{text} is not in {told}");
    }
    let bill = "Id,line/Type,line/Cost,Month,Start,line/Fe\na,Usage,1,2026-10-01,2026-10-05,\n";
    let rules = format!("{RULES}  - {{ name: more, when: {{ x_Knid: a }}, owner: web }}\n");
    let project = project("a.csv", bill).file("rules.yaml", rules);
    let answer = project.command(["check", "--project", "."]);
    assert_eq!(answer.exit, Some(0), "a warning refuses nothing: {}", answer.stderr);
    for text in [
        "warning[mapped-column-missing]: no file has a header for the input `fee`",
        "a file has a column `line/Fe`; is that the one?",
        "warning[asked-column-missing]: rules ask `x_Knid`, and no file has such a column",
        "a file has `x_Kind`; is that the one?",
    ] {
        assert!(answer.stderr.contains(text), "{text} is not in {}", answer.stderr);
    }
}

#[test]
fn check_tells_of_each_file_and_source_what_it_can() {
    let examples = "examples: [ { given: { line/Type: Usage, line/Cost: '1' }, expect: { BilledCost: '1' } } ]\n";
    let project = Project::new().file("map.yaml", format!("{MAP}{examples}"));
    let project = project.file("rules.yaml", RULES).file(
        "costbook.yaml",
        "organisation: Acme\ncurrency: EUR\nsources:\n  - { name: mixed, format: auto, files: \"data/*\", days: any }\n  \
         - { name: later, format: map.yaml, files: \"later/{period}.csv\", days: any }\nrules: [ rules.yaml ]\n",
    );
    let bill = "BilledCost,EffectiveCost,BillingCurrency,BillingPeriodStart,ChargePeriodStart,ChargeCategory\n";
    let project = project.file("data/a.csv", bill).file("data/b.csv", "a,b\n1,2\n");
    let answer = project.command(["check", "--project", "."]);
    assert_eq!(answer.exit, Some(3), "{}", answer.stderr);
    assert!(answer.stderr.contains("error[format-unclear]"), "{}", answer.stderr);
    for line in [
        "Acme: 2 sources, 1 dimension, 3 rules, 0 pools, 1 example holds\n",
        "  mixed: 1 file of focus 1.0, 6 columns mapped, 0 columns ignored\n",
        "  later: no file matches later/{period}.csv yet\n",
    ] {
        assert!(answer.stdout.contains(line), "{line} is not in {}", answer.stdout);
    }
}
