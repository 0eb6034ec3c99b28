//! The column maps that costbook brings along, on real and generated exports: control totals to
//! the last digit, by the format's name and by recognition, and the same bill in all the shapes
//! that a provider delivers it in.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, MapBuilder, StringBuilder, StructBuilder};
use arrow_array::{ArrayRef, RecordBatch, StringArray, StructArray};
use arrow_schema::{DataType, Field, Fields};
use costbook::diagnostics::Code;
use flate2::Compression;
use flate2::write::GzEncoder;
use parquet::arrow::ArrowWriter;
use support::{Exact, Output, Project, exact, home, plain};

/// A file of the collection, in which format and month it is billed, its rows, the metrics it sums
/// to, and the sum of the header that the provider's console shows.
struct Known {
    path: &'static str,
    format: &'static str,
    period: &'static str,
    rows: u64,
    metrics: &'static [(&'static str, &'static str)],
    header: (&'static str, &'static str),
}

const KNOWN: &[Known] = &[
    Known {
        path: "aws/cur-legacy-2023-11.csv",
        format: "aws-cur",
        period: "2023-11",
        rows: 1281,
        metrics: &[
            ("BilledCost", "1.6823086974"),
            ("EffectiveCost", "1.6823086974"),
            ("ListCost", "3.3561726949"),
            ("ContractedCost", "1.6023086974"),
        ],
        header: ("lineItem/UnblendedCost", "1.6823086974"),
    },
    // A third of the usage is covered by a Savings Plan: 0.051 less is borne than billed, 456 times.
    Known {
        path: "aws/cur-legacy-195-columns-generated.csv",
        format: "aws-cur",
        period: "2026-01",
        rows: 1500,
        metrics: &[
            ("BilledCost", "49757.649268289752686665257"),
            ("EffectiveCost", "49734.393268289752686665257"),
            ("ListCost", "49757.649268289752686665257"),
            ("ContractedCost", "49757.649268289752686665257"),
        ],
        header: ("lineItem/UnblendedCost", "49757.649268289752686665257"),
    },
    Known {
        path: "azure/ea-actual.csv",
        format: "azure-cost-details",
        period: "2023-09",
        rows: 11,
        metrics: &[
            ("BilledCost", "8.5450077867419368"),
            ("EffectiveCost", "5.2950077867419368"),
            ("ContractedCost", "5.2950077867419368"),
        ],
        header: ("Cost", "8.5450077867419368"),
    },
    Known {
        path: "azure/ea-amortized.csv",
        format: "azure-cost-details",
        period: "2023-09",
        rows: 28,
        metrics: &[
            ("BilledCost", "15.797780136168644627485419"),
            ("EffectiveCost", "16.296932136636644627485419"),
            ("ContractedCost", "15.797780136168644627485419"),
        ],
        header: ("Cost", "16.296932136636644627485419"),
    },
    Known {
        path: "azure/cost-details-generated.csv",
        format: "azure-cost-details",
        period: "2026-01",
        rows: 248,
        metrics: &[
            ("BilledCost", "37.8753131306882696773"),
            ("EffectiveCost", "37.8753131306882696773"),
        ],
        header: ("CostInBillingCurrency", "37.8753131306882696773"),
    },
    Known {
        path: "gcp/bigquery-export-generated.csv",
        format: "gcp-billing",
        period: "2026-01",
        rows: 2000,
        metrics: &[
            ("BilledCost", "6.58259118681056"),
            ("EffectiveCost", "6.58259118681056"),
            ("ContractedCost", "6.58259118681056"),
        ],
        header: ("cost", "6.58259118681056"),
    },
    Known {
        path: "oci/cost-report-generated.csv",
        format: "oci-cost",
        period: "2026-01",
        rows: 1500,
        metrics: &[
            ("BilledCost", "181842.66"),
            ("EffectiveCost", "181842.66"),
            ("ContractedCost", "181842.66"),
        ],
        header: ("cost/myCost", "181842.66"),
    },
];

/// A project of one source of that format; few of the files have all days of a month.
fn project(format: &str, rules: &str) -> Project {
    let text = format!(
        "organisation: Acme\ncurrency: USD\nsources:\n  - name: bills\n    format: {format}\n    \
         files: [ \"data/*\" ]\n    days: any\nrules: [ \"rules/*.yaml\" ]\n"
    );
    Project::new().file("costbook.yaml", text).file("rules/rules.yaml", rules)
}

/// What the run of a project published.
fn published(project: &Project, period: &str) -> Output {
    let answer = project.command(["run", "--project", ".", "--period", period]);
    assert_eq!(answer.exit, Some(0), "{}", answer.stderr);
    Output::read(&project.path("out").join(period))
}

/// The control totals of a bill that has one currency.
fn totals(account: &serde_json::Value) -> BTreeMap<String, String> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let totals = account["control_totals"].as_array().expect("control totals");
    totals.iter().map(|total| (text(&total["metric"]), text(&total["sum"]))).collect()
}

/// Checks a file of the collection, under its format's name or recognised.
fn check(known: &Known, format: &str) {
    let path = home().join("../shared/data/billing").join(known.path);
    let Ok(bytes) = fs::read(&path) else {
        println!("skipped: there is no {}", path.display());
        return;
    };
    let name = known.path.replace('/', "-");
    let project = project(format, "{}").file(&format!("data/{name}"), bytes);
    let output = published(&project, known.period);
    let account = output.account(&format!("data/{name}"));
    assert_eq!(output.json("manifest.json")["bills"][0]["format"], known.format, "{}", known.path);
    assert_eq!(account["rows"], known.rows, "{}", known.path);
    assert_eq!(account["accepted"], known.rows, "{}", known.path);
    let found = totals(&account);
    let expected = known.metrics.iter().map(|(m, sum)| ((*m).to_owned(), (*sum).to_owned()));
    let known_zero = |(_, sum): &(String, String)| sum != "0";
    let found: BTreeMap<_, _> = found.into_iter().filter(known_zero).collect();
    assert_eq!(found, expected.collect::<BTreeMap<_, _>>(), "{}", known.path);
    let (header, sum) = known.header;
    assert_eq!(source_total(&output, header).as_deref(), Some(sum), "{} {header}", known.path);
    assert_eq!(by_hand(&path, header), sum, "{} {header}", known.path);
}

/// The sum of a header of the file, as the manifest has it.
fn source_total(output: &Output, header: &str) -> Option<String> {
    let manifest = output.json("manifest.json");
    let totals = &manifest["bills"][0]["source_totals"]["USD"];
    totals[header].as_str().map(str::to_owned)
}

/// The same sum by another CSV reader and rationals.
fn by_hand(path: &std::path::Path, header: &str) -> String {
    let mut reader = csv::Reader::from_path(path).expect("a CSV file");
    let headers = reader.headers().expect("a header").clone();
    let at = headers.iter().position(|known| known == header).expect("the header is there");
    let fields = reader.records().map(|row| row.expect("a row of CSV")[at].to_owned());
    plain(&fields.map(|field| exact(&field)).fold(Exact::default(), |sum, cost| sum + cost))
}

#[test]
fn the_exports_of_the_collection_sum_to_the_last_digit() {
    for known in KNOWN {
        check(known, known.format);
    }
}

#[test]
fn they_are_recognised_by_their_headers() {
    for known in KNOWN {
        check(known, "auto");
    }
}

/// A line of a bill of AWS: type, unblended cost, what decides the effective cost, cost center.
type AwsLine = [(&'static str, &'static str); 6];

/// All ways in which commitments stand in a bill. Names are those of the legacy report.
const AWS: [AwsLine; 8] = [
    aws("Usage", "10.25", ["savingsPlan/SavingsPlanEffectiveCost", "", "CC1"]),
    aws("SavingsPlanCoveredUsage", "4", ["savingsPlan/SavingsPlanEffectiveCost", "3", "CC1"]),
    aws("SavingsPlanNegation", "-4", ["savingsPlan/SavingsPlanEffectiveCost", "0", ""]),
    aws("DiscountedUsage", "0", ["reservation/EffectiveCost", "1.5", "CC2"]),
    aws("RIFee", "9", ["reservation/UnusedRecurringFee", "0.75", ""]),
    aws("SavingsPlanRecurringFee", "5", ["savingsPlan/UsedCommitment", "3", ""]),
    aws("Fee", "300", ["reservation/ReservationARN", "arn:aws:rds:ri", ""]),
    aws("Tax", "2.5", ["lineItem/TaxType", "VAT", ""]),
];

const fn aws(
    kind: &'static str,
    unblended: &'static str,
    [header, text, cost_center]: [&'static str; 3],
) -> AwsLine {
    [
        ("lineItem/LineItemType", kind),
        ("lineItem/UnblendedCost", unblended),
        (header, text),
        ("resourceTags/user:cost_center", cost_center),
        // Stands on every line; asked on those of the recurring fee only.
        ("savingsPlan/TotalCommitmentToDate", "5"),
        // On those of reservations' fees only.
        ("reservation/UnusedAmortizedUpfrontFeeForBillingPeriod", "0.0"),
    ]
}

/// What every line of AWS' bill has besides.
const AWS_SAME: [(&str, &str); 7] = [
    ("identity/LineItemId", "a"),
    ("bill/BillingPeriodStartDate", "2026-10-01T00:00:00Z"),
    ("lineItem/UsageStartDate", "2026-10-02T00:00:00Z"),
    ("lineItem/UsageAccountId", "001234567890"),
    ("lineItem/CurrencyCode", "USD"),
    ("lineItem/ProductCode", "AmazonRDS"),
    ("product/ProductName", "Amazon RDS"),
];

fn aws_rows() -> Vec<BTreeMap<&'static str, &'static str>> {
    AWS.iter().map(|line| line.iter().chain(&AWS_SAME).copied().collect()).collect()
}

/// The name that Parquet files and CUR 2.0 have for a header of the legacy report.
fn snake(header: &str) -> String {
    let mut name = String::new();
    let header = header.replace("ReservationARN", "ReservationA_r_n");
    for letter in header.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() && !name.ends_with(['_', '/']) {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name.replace('/', "_")
}

/// The bill as the legacy CSV.
fn aws_legacy() -> Vec<u8> {
    let rows = aws_rows();
    let headers: Vec<&str> = all_headers(&rows);
    csv_file(&headers, rows.iter().map(|row| fields(row, &headers)))
}

/// The bill as CUR 2.0: product and tags are objects.
fn aws_second() -> (Vec<String>, Vec<Vec<String>>) {
    let rows = aws_rows();
    let mut headers: Vec<&str> = all_headers(&rows);
    headers.retain(|header| !header.starts_with("product/") && !header.starts_with("resourceTags"));
    let made = rows.iter().map(|row| {
        let mut made = fields(row, &headers);
        made.push(format!("{{\"product_name\":\"{}\"}}", row["product/ProductName"]));
        let tag = row["resourceTags/user:cost_center"];
        let tags =
            if tag.is_empty() { String::new() } else { format!("\"user_cost_center\":\"{tag}\"") };
        made.push(format!("{{{tags}}}"));
        made
    });
    let made = made.collect();
    let mut names: Vec<String> = headers.into_iter().map(snake).collect();
    names.extend(["product".to_owned(), "resource_tags".to_owned()]);
    (names, made)
}

fn all_headers<'a>(rows: &[BTreeMap<&'a str, &str>]) -> Vec<&'a str> {
    let mut headers: Vec<&str> = rows.iter().flat_map(|row| row.keys().copied()).collect();
    headers.sort_unstable();
    headers.dedup();
    headers
}

fn fields(row: &BTreeMap<&str, &str>, headers: &[&str]) -> Vec<String> {
    headers.iter().map(|header| (*row.get(header).unwrap_or(&"")).to_owned()).collect()
}

fn csv_file<H: AsRef<[u8]>>(headers: &[H], rows: impl Iterator<Item = Vec<String>>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(headers).expect("memory takes all");
    for row in rows {
        writer.write_record(row).expect("memory takes all");
    }
    writer.into_inner().expect("memory takes all")
}

fn parquet_file(columns: Vec<(String, ArrayRef)>) -> Vec<u8> {
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length");
    let mut bytes = Vec::new();
    let mut writer =
        ArrowWriter::try_new(&mut bytes, batch.schema(), None).expect("a known schema");
    writer.write(&batch).expect("memory takes all");
    writer.close().expect("memory takes all");
    bytes
}

fn texts(values: &[&str]) -> ArrayRef {
    let values = values.iter().map(|value| (!value.is_empty()).then_some(*value));
    Arc::new(values.collect::<StringArray>())
}

/// A column of maps, from texts of JSON objects.
fn maps(objects: &[&str]) -> ArrayRef {
    let mut builder = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    for object in objects {
        let object: BTreeMap<String, String> = serde_json::from_str(object).expect("an object");
        for (key, value) in &object {
            builder.keys().append_value(key);
            builder.values().append_value(value);
        }
        builder.append(true).expect("as many keys as values");
    }
    Arc::new(builder.finish())
}

const AWS_RULES: &str = "classify:\n  - name: tagged\n    when: { tag.cost_center: { present: true } }\n    \
     owner: { from: tag.cost_center }\n  - name: idle\n    \
     when: { commitment_discount_status: Unused }\n    owner: idle\n";

/// The figures of a report that do not depend on where the bill stands.
fn figures(output: &Output) -> Vec<(String, String, String, String)> {
    let detail = output.table("showback_detail.csv");
    let mut figures: Vec<_> = detail
        .iter()
        .map(|row| {
            let of = |column: &str| row[column].clone();
            (of("owner"), of("charge_category"), of("billed_cost"), of("effective_cost"))
        })
        .collect();
    figures.sort();
    figures
}

#[test]
fn a_bill_of_aws_is_the_same_in_each_of_its_shapes() {
    let (names, rows) = aws_second();
    let columns = names.iter().enumerate().map(|(at, name)| {
        let values: Vec<&str> = rows.iter().map(|row| row[at].as_str()).collect();
        let is_map = ["product", "resource_tags"].contains(&name.as_str());
        (name.clone(), if is_map { maps(&values) } else { texts(&values) })
    });
    let parquet = parquet_file(columns.collect());
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&csv_file(&names, rows.clone().into_iter())).expect("memory takes all");
    let shapes = [
        ("legacy.csv", aws_legacy()),
        ("cur2.csv.gz", gzip.finish().expect("memory takes all")),
        ("cur2.snappy.parquet", parquet),
    ];
    let mut all = Vec::new();
    for (name, bytes) in shapes {
        let project = project("auto", AWS_RULES).file(&format!("data/{name}"), bytes);
        let output = published(&project, "2026-10");
        let found = totals(&output.account(&format!("data/{name}")));
        assert_eq!(found["BilledCost"], "326.75", "{name}");
        // 10.25 + 3 + 0 + 1.5 + 0.75 + (5 - 3) + 0 + 2.5
        assert_eq!(found["EffectiveCost"], "20", "{name}");
        let header = if name == "legacy.csv" {
            "lineItem/UnblendedCost"
        } else {
            "line_item_unblended_cost"
        };
        assert_eq!(source_total(&output, header).as_deref(), Some("326.75"), "{name}");
        all.push(figures(&output));
    }
    let of_idle = |(owner, category, billed, effective): &(String, String, String, String)| {
        (owner == "idle").then(|| format!("{category} {billed} {effective}"))
    };
    // What nobody used is a charge of its own; the fees beside it are billed and bear nothing.
    assert_eq!(all[0].iter().find_map(of_idle).as_deref(), Some("Usage 0 2.75"));
    assert_eq!(all[0].len(), 7, "{:#?}", all[0]);
    assert_eq!(all[0], all[1]);
    assert_eq!(all[0], all[2]);
}

/// What AWS' sum for the unused part of a fee lacks is named, and nothing is taken for zero.
#[test]
fn a_fee_of_aws_without_a_term_of_its_cost_is_quarantined_with_the_column_at_fault() {
    let quarantined = |header: &'static str, on: &str, text: &'static str| {
        let mut rows = aws_rows();
        let sound = rows[0].clone();
        if text.is_empty() {
            for row in &mut rows {
                row.retain(|known, _| *known != header);
            }
        } else {
            let at = rows
                .iter()
                .position(|row| row["lineItem/LineItemType"] == on)
                .expect("such a line");
            rows[at].insert(header, text);
        }
        rows.extend((0..20).map(|_| sound.clone()));
        let headers: Vec<&str> = all_headers(&rows);
        let bytes = csv_file(&headers, rows.iter().map(|row| fields(row, &headers)));
        let output = published(&project("auto", AWS_RULES).file("data/a.csv", bytes), "2026-10");
        let rows = output.table("quarantine.csv");
        rows.iter().map(|row| [row["column"].clone(), row["text"].clone()]).collect::<Vec<_>>()
    };
    let (commitment, used) = ("savingsPlan/TotalCommitmentToDate", "savingsPlan/UsedCommitment");
    let (upfront, recurring) =
        ("reservation/UnusedAmortizedUpfrontFeeForBillingPeriod", "reservation/UnusedRecurringFee");
    let kind = "lineItem/LineItemType";
    // A file without the column, and a line with something else in it.
    for (header, on, text) in [
        (commitment, "SavingsPlanRecurringFee", ""),
        (used, "SavingsPlanRecurringFee", ""),
        (used, "SavingsPlanRecurringFee", "-"),
        (upfront, "RIFee", ""),
        (recurring, "RIFee", ""),
        (kind, "Usage", "SavingsPlanTopUpFee"),
    ] {
        assert_eq!(quarantined(header, on, text), [[header, text]], "{header} {text}");
    }
}

/// Lines of Google's bill: cost, credits, the label.
const GOOGLE: [(&str, &[&str], &str); 3] = [
    ("2.5", &["-0.5", "-0.125"], "CC1"),
    ("0.000304862898348", &[], "CC2"),
    ("1E-7", &["-1E-7"], ""),
];

fn google_json_lines() -> Vec<u8> {
    let lines = GOOGLE.iter().map(|(cost, credits, label)| {
        let credits: Vec<String> =
            credits.iter().map(|amount| format!("{{\"name\":null,\"amount\":{amount}}}")).collect();
        let labels = label_json(label);
        format!(
            "{{\"billing_account_id\":\"b\",\"service\":{{\"id\":\"6F81\",\"description\":\"Compute Engine\"}},\
             \"sku\":{{\"id\":\"D973\"}},\"usage_start_time\":\"2026-09-30 23:00:00 UTC\",\
             \"project\":{{\"id\":\"p\",\"labels\":[]}},\"labels\":[{labels}],\"cost\":{cost},\
             \"currency\":\"USD\",\"credits\":[{}],\"invoice\":{{\"month\":\"202610\"}},\
             \"cost_type\":\"regular\"}}\n",
            credits.join(",")
        )
    });
    lines.collect::<String>().into_bytes()
}

fn label_json(label: &str) -> String {
    if label.is_empty() {
        return String::new();
    }
    format!("{{\"key\":\"cost_center\",\"value\":\"{label}\"}}")
}

/// As tools write it that flatten the export: lists as Python prints them.
fn google_csv() -> Vec<u8> {
    let headers = [
        "billing_account_id",
        "service.id",
        "service.description",
        "sku.id",
        "usage_start_time",
        "project.id",
        "labels",
        "cost",
        "currency",
        "credits",
        "invoice.month",
        "cost_type",
    ];
    let rows = GOOGLE.iter().map(|(cost, credits, label)| {
        let credits: Vec<String> =
            credits.iter().map(|amount| format!("{{'name': None, 'amount': {amount}}}")).collect();
        let labels = label_json(label).replace('"', "'");
        let row = [
            "b",
            "6F81",
            "Compute Engine",
            "D973",
            "2026-09-30T23:00:00",
            "p",
            &format!("[{labels}]"),
            cost,
            "USD",
            &format!("[{}]", credits.join(", ")),
            "202610",
            "regular",
        ];
        row.map(str::to_owned).to_vec()
    });
    csv_file(&headers, rows)
}

/// As Google exports it: structures, and lists of structures.
fn google_parquet() -> Vec<u8> {
    let same = |text: &str| texts(&vec![text; GOOGLE.len()]);
    let structure = |fields: &[(&str, &str)]| -> ArrayRef {
        let fields = fields
            .iter()
            .map(|(name, text)| (Arc::new(Field::new(*name, DataType::Utf8, true)), same(text)));
        Arc::new(StructArray::from(fields.collect::<Vec<_>>()))
    };
    let costs: Vec<&str> = GOOGLE.iter().map(|(cost, ..)| *cost).collect();
    let credits = lists(
        ["name", "amount"],
        GOOGLE.iter().map(|(_, credits, _)| credits.iter().map(|amount| ["", *amount]).collect()),
    );
    let labels = lists(
        ["key", "value"],
        GOOGLE.iter().map(|(.., label)| {
            if label.is_empty() { Vec::new() } else { vec![["cost_center", *label]] }
        }),
    );
    let columns = [
        ("billing_account_id", same("b")),
        ("service", structure(&[("id", "6F81"), ("description", "Compute Engine")])),
        ("sku", structure(&[("id", "D973")])),
        ("usage_start_time", same("2026-09-30T23:00:00Z")),
        ("project", structure(&[("id", "p")])),
        ("labels", labels),
        ("cost", texts(&costs)),
        ("currency", same("USD")),
        ("credits", credits),
        ("invoice", structure(&[("month", "202610")])),
        ("cost_type", same("regular")),
    ];
    parquet_file(columns.map(|(name, array)| (name.to_owned(), array)).to_vec())
}

/// A column of lists of structures of two texts.
fn lists<'a>(names: [&str; 2], rows: impl Iterator<Item = Vec<[&'a str; 2]>>) -> ArrayRef {
    let fields: Fields = names.map(|name| Field::new(name, DataType::Utf8, true)).to_vec().into();
    let mut builder = ListBuilder::new(StructBuilder::from_fields(fields, 0));
    for row in rows {
        for pair in row {
            for (at, text) in pair.into_iter().enumerate() {
                let field = builder.values().field_builder::<StringBuilder>(at);
                field.expect("a field of texts").append_option((!text.is_empty()).then_some(text));
            }
            builder.values().append(true);
        }
        builder.append(true);
    }
    Arc::new(builder.finish())
}

#[test]
fn a_bill_of_google_is_the_same_in_each_of_its_shapes() {
    let rules = "classify:\n  - name: labelled\n    when: { tag.cost_center: { present: true } }\n    \
                 owner: { from: tag.cost_center }\n";
    let shapes = [
        ("export.jsonl", google_json_lines()),
        ("export.csv", google_csv()),
        ("export.parquet", google_parquet()),
    ];
    let mut all = Vec::new();
    for (name, bytes) in shapes {
        let project = project("auto", rules).file(&format!("data/{name}"), bytes);
        let output = published(&project, "2026-10");
        let found = totals(&output.account(&format!("data/{name}")));
        // Net of credits; the invoice month decides, not the day of use.
        assert_eq!(found["BilledCost"], "1.875304862898348", "{name}");
        assert_eq!(found["ContractedCost"], "2.500304962898348", "{name}");
        all.push(figures(&output));
    }
    assert_eq!(all[0].len(), 3, "{:#?}", all[0]);
    assert_eq!(all[0], all[1]);
    assert_eq!(all[0], all[2]);
}

/// Microsoft delivers a month twice. With a map of the project's own that leaves the usage out of
/// the actual export, both costs are whole and nothing counts twice.
#[test]
fn actual_and_amortized_cost_of_azure_can_be_read_together() {
    let header = "BillingPeriodStartDate,Date,SubscriptionId,MeterCategory,ConsumedService,\
                  CostInBillingCurrency,BillingCurrency,ChargeType,PricingModel\n";
    let line = |id: &str, cost: &str, kind: &str, model: &str| {
        format!("10/01/2026,10/02/2026,{id},VM,Microsoft.Compute,{cost},USD,{kind},{model}\n")
    };
    let use_of_both = line("s", "7", "Usage", "OnDemand");
    let actual = [
        use_of_both.clone(),
        line("s", "0", "Usage", "Reservation"),
        line("s", "31", "Purchase", "Reservation"),
    ];
    let amortized = [
        use_of_both,
        line("s", "0.8", "Usage", "Reservation"),
        line("s", "0.2", "UnusedReservation", "Reservation"),
    ];
    let shipped = fs::read_to_string(home().join("rules/providers/azure-cost-details.yaml"))
        .expect("the map is there");
    let own = shipped
        .replace("format: azure-cost-details", "format: azure-purchases")
        .replace("\nexclude:\n", &format!("\nexclude:\n{ONLY_PURCHASES}"));
    let (own, _) = own.split_once("\nexamples:\n").expect("the map ends in its examples");
    let both = [
        "- { name: amortized, format: azure-cost-details, files: amortized.csv, days: any }",
        "- { name: purchases, format: maps/azure-purchases.yaml, files: actual.csv, days: any, \
         deliveries: append }",
    ];
    let reading = |sources: &[&str]| {
        let sources = sources.join("\n  ");
        let yaml = format!("organisation: Acme\ncurrency: USD\nsources:\n  {sources}\n");
        Project::new()
            .file("costbook.yaml", yaml)
            .file("maps/azure-purchases.yaml", own)
            .file("actual.csv", format!("{header}{}", actual.concat()))
            .file("amortized.csv", format!("{header}{}", amortized.concat()))
    };
    // Each half alone is told, with what it lacks.
    for (source, says) in both.into_iter().zip([
        "the file is of amortized cost, and no file of actual cost is read: BilledCost is without",
        "the file is of actual cost, and no file of amortized cost is read: EffectiveCost is without",
    ]) {
        let found = published(&reading(&[source]), "2026-10").findings("one-view");
        assert!(found.len() == 1 && found[0].0.starts_with(says), "{found:?}");
    }
    let project = reading(&both);
    let output = published(&project, "2026-10");
    let (amortized, actual) = (output.account("amortized.csv"), output.account("actual.csv"));
    assert_eq!(
        [&totals(&amortized)["BilledCost"], &totals(&amortized)["EffectiveCost"]],
        ["7", "8"]
    );
    assert_eq!([&totals(&actual)["BilledCost"], &totals(&actual)["EffectiveCost"]], ["31", "0"]);
    assert_eq!(actual["excluded"], 2);
    assert!(output.findings("one-view").is_empty());
}

/// As docs/rules.md has it.
const ONLY_PURCHASES: &str = "  - name: stands in the amortized export
    when: { not: { x_ChargeType: [ Purchase, Refund ], x_PricingModel: [ Reservation, SavingsPlan ] } }
";

#[test]
fn what_no_provider_writes_is_quarantined_with_its_reason() {
    let header = "lineItem/referenceNo,lineItem/intervalUsageStart,cost/myCost,cost/currencyCode\n";
    let sound = (1..=29).map(|day| format!("ok{day},2026-10-{day:02}T00:00Z,0.1,USD\n"));
    let mut text: String = std::iter::once(header.to_owned()).chain(sound).collect();
    text.push_str(
        "a,2026-10-30T00:00Z,NaN,USD\nb,2026-10-31T25:00Z,1,USD\nc,2026-10-31T00:00Z,1,XXX\n",
    );
    let project = project("oci-cost", "{}").file("data/report.csv", text);
    let output = published(&project, "2026-10");
    let rows = output.table("quarantine.csv");
    let codes: Vec<&str> = rows.iter().map(|row| row["code"].as_str()).collect();
    assert_eq!(codes, [Code::BadAmount, Code::BadDate, Code::BadCurrency].map(Code::name));
    assert_eq!(totals(&output.account("data/report.csv"))["BilledCost"], "2.9");
}
