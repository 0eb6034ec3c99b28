//! The same charges in other clothes, as UTF-16 or as JSON lines, give the same figures.

mod support;

use support::{
    Bill, COSTS, Charge, Output, PERIOD, Project, RawXlsx, Row, Shape, exact, gzip, parquet, sum,
};

fn bill() -> Bill {
    Bill::of([
        Charge::sound()
            .costs("0.0000000191107392311096200001")
            .with("ServiceName", "Größe, \"XL\"\n😀"),
        Charge::sound().costs("-1.50E-8").with("Tags", "{\"team\":\"web\"}"),
        Charge::sound().with("BilledCost", "x"),
    ])
}

fn figures(output: &Output) -> [&str; 3] {
    ["showback.csv", "showback_detail.csv", "conservation.csv"].map(|name| output.text(name))
}

fn published(name: &str, content: impl AsRef<[u8]>) -> Output {
    Project::sound().file(&format!("data/{name}"), content).published()
}

/// A JSON line of a charge: costs as numbers in their own spelling, tags as an object.
fn line(bill: &Bill, charge: &Charge) -> String {
    let fields = bill.columns.iter().map(|column| {
        let text = charge.get(column).unwrap_or_default();
        let is_number = COSTS.contains(&column.as_str()) && text != "x";
        match text {
            "" => format!("\"{column}\": null"),
            text if is_number || column == "Tags" => format!("\"{column}\": {text}"),
            text => format!("\"{column}\": {}", serde_json::Value::from(text)),
        }
    });
    format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
}

#[test]
fn utf16_is_read_by_its_mark() {
    let text = bill().csv();
    let expected = published("bill.csv", &text);
    let little = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes));
    let big = [0xfe, 0xff].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes));
    let (little, big): (Vec<u8>, Vec<u8>) = (little.collect(), big.collect());
    for (name, content) in
        [("bill.csv", little.clone()), ("bill.csv", big), ("bill.csv.gz", gzip(&little))]
    {
        let output = published(name, content);
        assert_eq!(figures(&output), figures(&expected));
        assert_eq!(output.table("quarantine.csv").len(), 1);
    }
}

#[test]
fn json_lines_are_read_as_the_rows_they_are() {
    let bill = bill();
    let expected = published("bill.csv", bill.csv());
    let text: String = bill.charges.iter().map(|charge| line(&bill, charge) + "\n").collect();
    for (name, content) in [
        ("bill.jsonl", text.clone().into_bytes()),
        ("bill.json", text.trim_end().as_bytes().to_vec()),
        ("bill.jsonl.gz", gzip(&text)),
        ("bill.json", [b"\xEF\xBB\xBF", text.replace('\n', "\r\n").as_bytes()].concat()),
    ] {
        let output = published(name, content);
        assert_eq!(figures(&output), figures(&expected), "{name}");
        let quarantine: Vec<Row> = output.table("quarantine.csv");
        assert_eq!(quarantine.len(), 1);
        // The third line of the file, where a CSV would have its header first.
        assert_eq!((quarantine[0]["row"].as_str(), quarantine[0]["text"].as_str()), ("3", "x"));
    }
}

#[test]
fn rules_see_tags_of_json_lines_and_fields_within_fields() {
    let bill = bill();
    let text = line(&bill, &Charge::sound().costs("3").with("Tags", "{\"team\":\"retail\"}"))
        + "\n"
        + &line(&bill, &Charge::sound().costs("4")).replacen(
            '{',
            "{\"labels\":{\"unit\":\"labs\"},",
            1,
        )
        + "\n"
        + &line(&bill, &Charge::sound().costs("5"))
        + "\n";
    let rules = "classify:\n  - { name: tag, when: { tag.team: { present: true } }, owner: { from: tag.team } }\n  \
                 - { name: label, when: { column.labels.unit: labs }, owner: acme }\n  \
                 - { name: rest, owner: payments }\n";
    let project = Project::ruled(rules).file("data/bill.jsonl", text);
    let output = project.published();
    let mut owners: Vec<(String, String)> = output
        .table("showback.csv")
        .into_iter()
        .map(|row| (row["owner"].clone(), row["total"].clone()))
        .collect();
    owners.sort();
    let expected = [("acme", "4"), ("payments", "5"), ("retail", "3")];
    assert_eq!(owners, expected.map(|(owner, total)| (owner.to_owned(), total.to_owned())));
    let explained = project.command([
        "explain",
        "--project",
        ".",
        "--period",
        PERIOD,
        "--owner",
        "acme",
        "--rows",
    ]);
    assert!(explained.stdout.contains("data/bill.jsonl,2,"), "{}", explained.stdout);
}

#[test]
fn a_billing_period_is_the_month_that_stands_in_the_text_whatever_its_zone() {
    let billed =
        |start: &str, cost: &str| Charge::sound().costs(cost).with("BillingPeriodStart", start);
    let bill = Bill::of([
        billed("2026-10-01T00:00:00Z", "1"),
        billed("2026-10-01T00:00:00+02:00", "2"),
        billed("2026-10-31T23:00:00-05:00", "4"),
        billed("2026-09-30T23:00:00-05:00", "8"),
        billed("2026-11-01T00:00:00+02:00", "16"),
    ]);
    let lines: String = bill.charges.iter().map(|charge| line(&bill, charge) + "\n").collect();
    // Its formula stands on a row that is not there.
    let sheet = RawXlsx::of_csv(&bill.clone().without_column("Tags").csv(), (99, "BilledCost"));
    for (name, content) in [
        ("bill.csv", bill.csv().into_bytes()),
        ("bill.jsonl", lines.into_bytes()),
        ("bill.parquet", parquet(&bill, Shape::TEXT)),
        ("bill.xlsx", sheet.bytes()),
    ] {
        let output = published(name, content);
        let total = sum(&output.table("showback.csv"), "total", |_| true);
        assert_eq!(total, exact("7"), "{name}");
    }
}
