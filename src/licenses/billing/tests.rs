//! Bills as providers write them → rows of use.

use super::*;
use crate::diagnostics::Code;
use crate::ingest::{ScanOptions, Silent, SourceFile, scan};
use crate::rules::{ColumnMap, shipped};

const FOCUS: &str = "BilledCost,EffectiveCost,ListCost,ContractedCost,BillingCurrency,BillingAccountId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ChargeDescription,ProviderName,PublisherName,InvoiceIssuerName,ServiceName,ServiceCategory,ResourceId,SubAccountId,x_Operation,AdditionalInfo,x_LicenseModel,x_LicenseProduct";

/// A FOCUS charge of a day of October.
fn charge(amount: &str, day: u32, rest: [&str; 8]) -> String {
    let [publisher, provider, service, resource, operation, info, model, product] = rest;
    let info = info.replace('"', "\"\"");
    format!(
        "{amount},{amount},{amount},{amount},USD,B1,2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,2026-10-{day:02}T00:00:00Z,2026-10-{:02}T00:00:00Z,Usage,x,{provider},{publisher},{provider},{service},Compute,{resource},S1,{operation},\"{info}\",{model},{product}\n",
        day + 1
    )
}

fn found(name: &str, format: &str, texts: &[String]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let (path, text) = shipped::column_map(format).unwrap();
    let map = Arc::new(ColumnMap::parse(path, text).unwrap());
    let files: Vec<SourceFile> = texts
        .iter()
        .enumerate()
        .map(|(at, text)| {
            let name = format!("{at}-{name}");
            let location = folder.path().join(&name);
            std::fs::write(&location, text).unwrap();
            SourceFile::alone(&format!("s{at}"), &name, location, map.clone())
        })
        .collect();
    let plan = LicensePlan::new(CloudRules::shipped().unwrap(), "2026-10".parse().unwrap());
    let options = ScanOptions { threads: 2, progress: &Silent, reader: None };
    let (report, sinks) = scan(&files, plan.wanted(), options, || LicenseSink::new(&plan));
    let taken: u64 = report.files.iter().map(|file| file.accepted).sum();
    assert!(taken > 0, "{:?}", report.files.iter().map(|f| &f.findings).collect::<Vec<_>>());
    let products = ProductRules::with_shipped(Vec::new());
    let uses = license_uses(sinks, &products, |file| report.files[file.0 as usize].path.clone());
    uses.iter().map(shown).collect()
}

fn shown(row: &UseRow) -> String {
    let field = |name: &str| match row.fields.get(name) {
        None => "-".to_owned(),
        Some(Value::Text(text)) => text.to_string(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Date(day)) => day.to_string(),
        Some(other) => format!("{other:?}"),
    };
    let product = row.product.as_ref().map_or("-".to_owned(), |product| {
        let edition = product.edition.as_ref().map_or(String::new(), |name| format!(" {name}"));
        format!("{}{edition}", product.name)
    });
    format!(
        "{} {} {product}: {} {} in {} rows, {} to {}",
        field("resource"),
        field("license_model"),
        field("cost"),
        field("currency"),
        field("rows"),
        field("first_day"),
        field("last_day")
    )
}

#[test]
fn charges_that_pay_for_a_license_or_bring_one_become_rows_of_use() {
    let none = ["AWS", "AWS", "EC2", "i-0", "RunInstances", "", "", ""];
    let with = |at: &[(usize, &'static str)]| {
        let mut rest = none;
        for (at, text) in at {
            rest[*at] = text;
        }
        rest
    };
    let windows = with(&[(3, "i-1"), (4, "RunInstances:0002")]);
    let byol = with(&[(3, "i-2"), (4, "RunInstances:0800")]);
    let both = with(&[(3, "i-3"), (4, "RunInstances:0102")]);
    let azure = with(&[
        (0, "Microsoft"),
        (1, "Microsoft"),
        (3, "vm-1"),
        (4, ""),
        (5, r#"{"ImageType":"WindowsServerBYOL","VCPUs":4}"#),
    ]);
    let bare = with(&[
        (0, "Microsoft"),
        (1, "Microsoft"),
        (3, "vm-2"),
        (4, ""),
        (5, r#""ImageType": "Windows Server BYOL""#),
    ]);
    let own = with(&[(3, "db-1"), (6, "BYOL"), (7, "Oracle Database Enterprise Edition")]);
    let market = with(&[(0, "Confluent"), (2, "Confluent Cloud"), (3, "k-1")]);
    let rows = [
        charge("1.25", 1, windows),
        charge("2.5", 3, windows),
        charge("1", 2, byol),
        charge("7", 2, both),
        charge("9", 2, none),
        charge("3", 2, azure),
        charge("4", 2, bare),
        charge("5", 2, own),
        charge("6", 2, market),
    ];
    let expected = [
        "db-1 byol Oracle Database Enterprise: 5 USD in 1 rows, 2026-10-02 to 2026-10-02",
        "i-1 included Windows Server: 15/4 USD in 2 rows, 2026-10-01 to 2026-10-03",
        "i-2 byol Windows Server: 1 USD in 1 rows, 2026-10-02 to 2026-10-02",
        "i-3 included Windows Server: 7 USD in 1 rows, 2026-10-02 to 2026-10-02",
        "i-3 included SQL Server Enterprise: - USD in 1 rows, 2026-10-02 to 2026-10-02",
        "k-1 marketplace Confluent Cloud: 6 USD in 1 rows, 2026-10-02 to 2026-10-02",
        "vm-1 byol Windows Server: 3 USD in 1 rows, 2026-10-02 to 2026-10-02",
        "vm-2 byol Windows Server: 4 USD in 1 rows, 2026-10-02 to 2026-10-02",
    ];
    let bill = |rows: &[String]| format!("{FOCUS}\n{}", rows.concat());
    assert_eq!(found("f.csv", "focus", &[bill(&rows)]), expected);
    let mut turned = rows.clone();
    turned.reverse();
    assert_eq!(found("f.csv", "focus", &[bill(&turned)]), expected, "in any order of rows");
}

#[test]
fn usage_operations_of_a_cost_and_usage_report_are_read_where_they_stand() {
    let header = "identity/LineItemId,identity/TimeInterval,bill/BillType,bill/BillingEntity,bill/PayerAccountId,bill/BillingPeriodStartDate,bill/BillingPeriodEndDate,lineItem/UsageAccountId,lineItem/LineItemType,lineItem/UsageStartDate,lineItem/UsageEndDate,lineItem/ProductCode,lineItem/UsageType,lineItem/Operation,lineItem/ResourceId,lineItem/UsageAmount,lineItem/CurrencyCode,lineItem/UnblendedCost,product/licenseModel,product/databaseEngine,product/databaseEdition";
    let line = |id: u32, operation: &str, resource: &str, rest: &str| {
        format!(
            "{id},2026-10-01T00:00:00Z/2026-10-02T00:00:00Z,Anniversary,AWS,1,2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,2,Usage,2026-10-01T00:00:00Z,2026-10-02T00:00:00Z,AmazonEC2,BoxUsage,{operation},{resource},24,USD,2.4,{rest}\n"
        )
    };
    let text = [
        line(1, "RunInstances:0002:SV006", "i-9", ",,"),
        line(2, "CreateDBInstance:0005", "db-9", "Bring your own license,Oracle,Enterprise"),
        line(3, "RunInstances", "i-8", ",,"),
    ];
    let text = format!("{header}\n{}", text.concat());
    assert_eq!(
        found("cur.csv", "aws-cur", &[text]),
        [
            "db-9 byol Oracle Database Enterprise: 12/5 USD in 1 rows, 2026-10-01 to 2026-10-01",
            "i-9 included Windows Server: 12/5 USD in 1 rows, 2026-10-01 to 2026-10-01",
        ]
    );
}

/// Refuses charges of a resource.
struct Refuser {
    wanted: [WantedText; 1],
    seen: u64,
}

impl Sink for Refuser {
    fn add(&mut self, batch: &Charges<'_>, refused: &mut Vec<(usize, Rejection)>) {
        assert_eq!(batch.texts.len(), self.wanted.len());
        for index in 0..batch.charges.len() {
            if batch.text(index, 0) == Some(b"i-2") {
                refused.push((index, Rejection { text: 0, code: Code::BadText }));
            } else {
                self.seen += 1;
            }
        }
    }
}

#[test]
fn licenses_are_read_beside_another_sink_and_leave_out_what_it_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let location = folder.path().join("b.csv");
    let row = |resource: &'static str, operation: &'static str| {
        charge("1", 2, ["AWS", "AWS", "EC2", resource, operation, "", "", ""])
    };
    let rows = [
        row("i-1", "RunInstances:0002"),
        row("i-2", "RunInstances:0002"),
        row("i-3", "RunInstances:0800"),
        row("i-4", "RunInstances"),
    ];
    std::fs::write(&location, format!("{FOCUS}\n{}", rows.concat())).unwrap();
    let (path, text) = shipped::column_map("focus").unwrap();
    let map = Arc::new(ColumnMap::parse(path, text).unwrap());
    let files = [SourceFile::alone("s", "b.csv", location, map)];
    let plan = LicensePlan::new(CloudRules::shipped().unwrap(), "2026-10".parse().unwrap());
    let own = [WantedText::Column(Column::ResourceId)];
    let wanted: Vec<WantedText> = own.iter().chain(plan.wanted()).cloned().collect();
    let options = ScanOptions { threads: 1, progress: &Silent, reader: None };
    let (report, sinks) = scan(&files, &wanted, options, || {
        BesideLicenses::new(Refuser { wanted: own.clone(), seen: 0 }, &plan)
    });
    assert_eq!((report.files[0].accepted, report.files[0].quarantined), (3, 1));
    let (firsts, licenses): (Vec<Refuser>, Vec<LicenseSink<'_>>) =
        sinks.into_iter().map(BesideLicenses::into_parts).unzip();
    assert_eq!(firsts.iter().map(|first| first.seen).sum::<u64>(), 3);
    let uses = license_uses(licenses, &ProductRules::default(), |_| "b.csv".into());
    let resources: Vec<String> = uses.iter().map(shown).collect();
    assert_eq!(resources.len(), 2, "{resources:?}");
    assert!(resources[0].starts_with("i-1 included") && resources[1].starts_with("i-3 byol"));
}
