//! Every code of reading, deciding and writing has a tiny project here that makes it appear. The
//! codes of project files and rules have theirs in `tests/golden`.
//!
//! Each project is sound but for one thing, so that the finding under test is the only one, or
//! those named beside it are.

mod support;

use std::fs;
use std::path::Path;

use costbook::diagnostics::{Class, Code, Severity};
use support::{
    Answer, Bill, Charge, FOCUS_1_2, Faults, Money, PERIOD, Project, RawXlsx, Row, Shape, gzip,
    home, parquet,
};

/// One project and what a run must say of it.
struct Case {
    code: Code,
    title: &'static str,
    project: fn() -> Project,
    /// Part of the message.
    says: &'static str,
    /// As findings write it; empty where there is none.
    place: &'static str,
    /// How often it holds, over all findings of the code.
    count: u64,
    /// Codes that come with it.
    also: &'static [Code],
    /// Rows of quarantine.csv: file, row, column, code, text.
    quarantine: &'static [(&'static str, u64, &'static str, Code, &'static str)],
}

impl Case {
    const fn new(code: Code, title: &'static str, project: fn() -> Project) -> Self {
        let (also, quarantine): (&[Code], &[_]) = (&[], &[]);
        Self { code, title, project, says: "", place: "", count: 1, also, quarantine }
    }

    const fn says(self, says: &'static str) -> Self {
        Self { says, ..self }
    }

    const fn at(self, place: &'static str) -> Self {
        Self { place, ..self }
    }

    const fn times(self, count: u64) -> Self {
        Self { count, ..self }
    }

    const fn with(self, also: &'static [Code]) -> Self {
        Self { also, ..self }
    }

    const fn quarantines(
        self,
        quarantine: &'static [(&'static str, u64, &'static str, Code, &'static str)],
    ) -> Self {
        Self { quarantine, ..self }
    }
}

const BILL: &str = "data/bill.csv";

/// The sound project with this bill.
fn billed(bill: &Bill) -> Project {
    Project::sound().bill("bill.csv", bill)
}

/// The sound project with a bill of these bytes.
fn bytes(content: impl AsRef<[u8]>) -> Project {
    Project::sound().file(BILL, content)
}

/// A charge as a line of JSON, with every column.
fn json_line(charge: &Charge) -> String {
    let columns = FOCUS_1_2.map(|column| {
        let text = charge.get(column);
        (column.to_owned(), text.map_or(serde_json::Value::Null, serde_json::Value::from))
    });
    serde_json::Value::Object(columns.into_iter().collect()).to_string()
}

/// A sound charge and one that is odd.
fn odd(charge: Charge) -> Project {
    billed(&Bill::of([Charge::sound(), charge]))
}

fn ruled(rules: &str, charges: impl IntoIterator<Item = Charge>) -> Project {
    Project::ruled(rules).bill("bill.csv", &Bill::of(charges))
}

const COMMITMENTS: &str = "ContractCommitmentId,ContractCommitmentType,ContractCommitmentCategory,BillingCurrency\n\
    c-1,Savings,Spend,EUR\n";

// ---- Files that cannot be used: refused as a whole ------------------------------------------

const FILES: &[Case] = &[
    Case::new(Code::NoFiles, "nothing matches", Project::sound)
        .says("source `bills` has no file: nothing matches data/*")
        .at("costbook.yaml:4:11"),
    Case::new(Code::FormatUnclear, "a header that no shipped format has", || {
        bytes("a,b\n1,2\n").declaring("format: focus", "format: auto")
    })
    .says("no shipped format recognises the header")
    .at(BILL),
    Case::new(Code::FormatUnclear, "a dataset that is no bill", || {
        bytes(COMMITMENTS).declaring("format: focus", "format: auto")
    })
    .says("the file is the Contract Commitment dataset of FOCUS, which is no bill")
    .at(BILL),
    Case::new(Code::ColumnMissing, "a dataset that is no bill", || bytes(COMMITMENTS))
        .says("the file is the Contract Commitment dataset of FOCUS, which is no bill")
        .at(BILL),
    Case::new(Code::ColumnMissing, "a file of another format that is known", || {
        bytes("identity/LineItemId,lineItem/LineItemType,lineItem/UnblendedCost\na,Usage,1\n")
    })
    .says("the header is that of format `aws-cur` (AWS Cost and Usage Report), and the file is read as `focus`")
    .at(BILL),
    Case::new(Code::UnreadableFile, "a socket in place of a file", || {
        let project = Project::sound().file("data/other.csv", Bill::sound().csv());
        // The listener is dropped at once; what it was bound to stays in the folder.
        std::os::unix::net::UnixListener::bind(project.path(BILL)).expect("a socket");
        project
    })
    .says("not a regular file")
    .at(BILL),
    Case::new(Code::EmptyFile, "no byte", || bytes("")).at(BILL),
    Case::new(Code::EmptyFile, "white space", || bytes(" \r\n\n")).at(BILL),
    Case::new(Code::EmptyFile, "a header and no row", || billed(&Bill::of([]))).at(BILL),
    Case::new(Code::EmptyFile, "gzip of nothing", || {
        Project::sound().file("data/bill.csv.gz", gzip(""))
    })
    .at("data/bill.csv.gz"),
    Case::new(Code::EmptyFile, "Parquet without a row", || {
        Project::sound().file("data/bill.parquet", parquet(&Bill::of([]), Shape::TYPED))
    })
    .at("data/bill.parquet"),
    Case::new(Code::BrokenFile, "gzip that ends early", || {
        let whole = gzip(Bill::sound().csv());
        Project::sound().file("data/bill.csv.gz", &whole[..whole.len() - 20])
    })
    .at("data/bill.csv.gz"),
    Case::new(Code::BrokenFile, "gzip without its trailer", || {
        let whole = gzip(Bill::sound().csv());
        Project::sound().file("data/bill.csv.gz", &whole[..whole.len() - 8])
    })
    .at("data/bill.csv.gz"),
    Case::new(Code::BrokenFile, "gzip with a wrong checksum", || {
        let mut whole = gzip(Bill::sound().csv());
        let checksum = whole.len() - 8;
        whole[checksum] ^= 1;
        Project::sound().file("data/bill.csv.gz", whole)
    })
    .at("data/bill.csv.gz"),
    Case::new(Code::BrokenFile, "gzip with garbage behind it", || {
        let mut whole = gzip(Bill::sound().csv());
        whole.extend_from_slice(b"garbage behind the last member");
        Project::sound().file("data/bill.csv.gz", whole)
    })
    .at("data/bill.csv.gz"),
    Case::new(Code::BrokenFile, "a second gzip member that is torn", || {
        let bill = Bill::of([Charge::sound(), Charge::sound()]).csv();
        let (first, second) = bill.split_at(bill.len() / 2);
        let second = gzip(second);
        let whole = [gzip(first), second[..second.len() - 4].to_vec()].concat();
        Project::sound().file("data/bill.csv.gz", whole)
    })
    .at("data/bill.csv.gz"),
    Case::new(Code::BrokenFile, "a quote that never closes", || {
        bytes(Bill::of([Charge::sound(), Charge::sound()]).csv() + "\"torn,1,2\n3,4\n")
    })
    .says("never closed")
    .at(BILL),
    Case::new(Code::BrokenFile, "Parquet in name and first bytes only", || {
        Project::sound().file("data/bill.parquet", "PAR1 and then nothing of it PAR1")
    })
    .at("data/bill.parquet"),
    Case::new(Code::BrokenFile, "Parquet without its end", || {
        let whole = parquet(&Bill::sound(), Shape::TYPED);
        Project::sound().file("data/bill.parquet", &whole[..whole.len() / 2])
    })
    .at("data/bill.parquet"),
    Case::new(Code::BrokenFile, "Parquet with pages overwritten", || {
        let mut whole = parquet(&Bill::sound(), Shape::TEXT);
        let pages = whole.len() / 4;
        whole[4..pages].fill(0xff);
        Project::sound().file("data/bill.parquet", whole)
    })
    .at("data/bill.parquet"),
    Case::new(Code::BrokenFile, "UTF-16 that does not say so", || {
        bytes(Bill::sound().csv().encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>())
    })
    .says("no byte order mark")
    .at(BILL),
    Case::new(Code::BrokenFile, "UTF-16 that ends within a character", || {
        let units = Bill::sound().csv();
        let units = units.encode_utf16().flat_map(u16::to_be_bytes);
        bytes([0xfe, 0xff].into_iter().chain(units).chain([0]).collect::<Vec<u8>>())
    })
    .says("ends in the middle of a character")
    .at(BILL),
    Case::new(Code::BrokenFile, "JSON that is one list", || {
        Project::sound().file("data/bill.json", "[\n  {\"BilledCost\": 1}\n]\n")
    })
    .says("not one object a line")
    .at("data/bill.json"),
    Case::new(Code::BrokenFile, "JSON lines that end within a line", || {
        let line = json_line(&Charge::sound());
        let cut = &line[..line.len() / 2];
        Project::sound().file("data/bill.jsonl", format!("{line}\n{line}\n{cut}"))
    })
    .says("ends in the middle of its last row")
    .at("data/bill.jsonl"),
    Case::new(Code::BrokenFile, "a workbook that is cut off", || bytes(b"PK\x03\x04 and more"))
        .says("the workbook does not hold together: it ends too early")
        .at(BILL),
    Case::new(Code::SheetUnclear, "a sheet without a header", || {
        Project::sound().file("data/bill.xlsx", RawXlsx::table(&["Name", "Price"], "").bytes())
    })
    .says("none of the first 50 rows is a header in the sheet `Bill`")
    .at("data/bill.xlsx"),
    Case::new(Code::BrokenFile, "a header that is not UTF-8", || {
        let mut text = Bill::sound().csv().into_bytes();
        text[3] = 0xff;
        bytes(text)
    })
    .says("header is not UTF-8")
    .at(BILL),
    Case::new(Code::BrokenFile, "50,000 columns", || {
        let columns: Vec<String> = (0..50_000).map(|number| format!("c{number}")).collect();
        bytes(columns.join(",") + "\n")
    })
    .says("50000 columns")
    .at(BILL),
    Case::new(Code::DuplicateColumn, "a cost column twice", || {
        billed(&Bill::sound().with_column("BilledCost"))
    })
    .says("`BilledCost` stands twice")
    .at(BILL),
    Case::new(Code::IncompleteDelivery, "a file that the manifest names is not there", || {
        let names =
            ["p/bill.csv", "p/bill-2.csv"].map(|name| format!("{{\"blobName\":\"{name}\"}}"));
        let manifest = format!("{{\"blobs\":[{}]}}", names.join(","));
        billed(&Bill::sound()).file("data/manifest.json", manifest)
    })
    .says("names 2 files, and 1 of them is not there: `p/bill-2.csv`")
    .at("data/manifest.json"),
    Case::new(Code::OverlappingDeliveries, "two files of one sub account and day", || {
        let other = Bill::of([Charge::sound().costs("2")]);
        billed(&Bill::sound()).bill("other.csv", &other)
    })
    .says("that of `data/bill.csv` both have charges of sub account `pay-prod` on 2026-10-05")
    .at("data/other.csv"),
    Case::new(Code::MissingDays, "a month with a charge on the fifth", || {
        billed(&Bill::sound()).declaring("    days: any\n", "")
    })
    .says("on 30 days of 2026-10: 2026-10-01 to 2026-10-04, 2026-10-06 to 2026-10-31")
    .at("costbook.yaml:4:11")
    .times(30),
    Case::new(Code::ColumnMissing, "no billed cost, but one that sounds like it", || {
        let bill = Bill::sound().without_column("BilledCost").with_column("BilledCosts");
        billed(&bill)
    })
    .says("the file has a column `BilledCosts`")
    .at(BILL),
    Case::new(Code::TooManyBadRows, "two torn rows of a hundred", || {
        let whole = Bill::of(vec![Charge::sound(); 98]).csv();
        bytes(whole + "1,2\n3,4\n")
    })
    .says("2 of 100 rows")
    .at(BILL)
    .times(2),
    Case::new(Code::SumOverflow, "one file", || {
        billed(&Bill::of(vec![Charge::sound().costs("100000000000000000000"); 2]))
    })
    .at(BILL),
    Case::new(Code::SumOverflow, "two files that are fine each by itself", || {
        let large = |name: &str| {
            Bill::of([Charge::sound().costs("100000000000000000000").with("ResourceId", name)])
        };
        let project = Project::sound().declaring("days: any", "days: any\n    deliveries: append");
        project.bill("a.csv", &large("a")).bill("b.csv", &large("b"))
    })
    .at("data/b.csv"),
    Case::new(Code::SumOverflow, "a debit and a credit that would cancel out", || {
        let large = ["170000000000000000000", "-170000000000000000000"];
        ruled(
            "classify: [ { name: r, when: { charge_category: Usage }, owner: retail } ]\n",
            large.map(|amount| {
                let category = if amount.starts_with('-') { "Credit" } else { "Usage" };
                Charge::sound().costs(amount).with("ChargeCategory", category)
            }),
        )
    }),
    Case::new(Code::NoChargesInPeriod, "bills of another month", || {
        billed(&Bill::of([Charge::sound().on("2026-08", "2026-08-05")]))
    })
    .says("no charge is billed in 2026-10"),
    Case::new(Code::ZeroDriverRefused, "a pool that says to fail", || {
        ruled(
            "classify: [ { name: all, pool: shared } ]\n\
             pools: { shared: { split: proportional, on_zero_driver: fail } }\n",
            [Charge::sound()],
        )
    })
    .says("pool `shared` has nothing to be split by in 2026-10")
    .at("rules/rules.yaml:2:10"),
    Case::new(Code::DriverMissing, "a month that the driver lacks", || {
        driven("period,consumer,quantity\n2026-09,retail,1\n")
    })
    .says("pool `shared` is split by driver `use`, which has no row for it in 2026-10")
    .at("rules/rules.yaml:2:10"),
    Case::new(Code::DriverConsumer, "a consumer that is no cost center", || {
        driven("period,consumer,quantity\n2026-10,retial,1\n")
    })
    .says("driver `use` has the consumer `retial`, which is neither a cost center nor a pool")
    .at("drivers.csv, row 2"),
    Case::new(Code::AllocationCircle, "two pools that give to each other", || {
        ruled(
            "classify: [ { name: all, pool: a } ]\n\
             pools:\n  a: { split: fixed, shares: { b: 1 } }\n  \
             b: { split: fixed, shares: { a: 1/2, retail: 1/2 } }\n",
            [Charge::sound()],
        )
    })
    .says("pools use each other in a circle: a → b → a")
    .at("rules/rules.yaml:3:3"),
    Case::new(Code::BadInvoice, "a table without its columns", || {
        invoiced("invoice,currency\nINV-2026-10,EUR\n").bill("bill.csv", &Bill::sound())
    })
    .says("the table has neither a column `amount` nor `total`")
    .at("invoices.csv"),
    Case::new(Code::InvoiceVariance, "an invoice that asks for a cent more", || {
        invoiced("invoice,currency,amount\nINV-2026-10,EUR,1.01\n").bill("bill.csv", &Bill::sound())
    })
    .says("invoice `INV-2026-10`: invoiced 1.01 EUR, billed 1, a difference of 0.01")
    .at("invoices.csv, row 2"),
    Case::new(Code::RateMissing, "a pair that the table does not quote this way round", || {
        exchanged("month_end", "2026-10-30,EUR,USD,1.1,\n", PERIOD)
    })
    .says("charges of 2026-10 are in USD, and no rate to EUR holds: the table never quotes it")
    .at("costbook.yaml:10:20"),
    Case::new(Code::RateMissing, "a mend of what is quoted the other way round", || {
        exchanged("month_end", "2026-10-30,EUR,USD,1.1,\n", PERIOD)
    })
    .says("the table quotes EUR in USD: declare `inverse: true` under `exchange`")
    .at("costbook.yaml:10:20"),
    Case::new(Code::RateMissing, "a rate that is too old for the month's end", || {
        exchanged("month_end", "2026-10-23,USD,EUR,0.9,\n", PERIOD)
    })
    .says("the last one before 2026-10-31 is of 2026-10-23, more than 7 days earlier")
    .at("costbook.yaml:10:20"),
    Case::new(Code::RateMissing, "a mean of half a month", || {
        exchanged("average", "2026-10-01,USD,EUR,0.9,\n2026-10-08,USD,EUR,0.9,\n", PERIOD)
    })
    .says("from 2026-10-08 to 2026-10-31 the table has none")
    .at("costbook.yaml:10:20"),
    Case::new(Code::RateMissing, "a day long after the last rate", || {
        exchanged("daily", "2026-09-25,USD,EUR,0.9,\n", PERIOD)
    })
    .says("are in USD, on a day, and no rate to EUR holds: the last one before 2026-10-05")
    .at("costbook.yaml:10:20"),
    Case::new(Code::BadRate, "a rate of zero", || {
        exchanged("daily", "2026-10-05,USD,EUR,0,\n", PERIOD)
    })
    .says("a rate of zero would make money vanish")
    .at("fx.csv, row 2, column rate"),
    Case::new(Code::RateLeap, "a misplaced point", || {
        exchanged("daily", "2026-10-04,USD,EUR,0.91,\n2026-10-05,USD,EUR,9.1,\n", PERIOD)
    })
    .says("after 0.91 on 2026-10-04")
    .at("fx.csv, row 3, column rate"),
    Case::new(Code::SumOverflow, "money that a rate makes larger than can be kept", || {
        exchanged("daily", "2026-10-05,USD,EUR,1E20,\n", PERIOD)
    })
    .says("in the report currency"),
];

/// The sound project with a table of invoices.
fn invoiced(table: &str) -> Project {
    let project = Project::sound().file("invoices.csv", table);
    let yaml = fs::read_to_string(project.path("costbook.yaml")).expect("the project file");
    project.file("costbook.yaml", yaml + "invoices: [ { files: invoices.csv } ]\n")
}

/// The sound project with a table of rates, a bill in EUR and two USD in a month.
/// One charge in a pool that is split by a table of usage.
fn driven(table: &str) -> Project {
    ruled(
        "classify: [ { name: all, pool: shared } ]\n\
         pools: { shared: { split: driver, driver: use, on_zero_driver: fail } }\n",
        [Charge::sound()],
    )
    .declaring("rules: [", "drivers: [ { name: use, files: drivers.csv } ]\nrules: [")
    .file("drivers.csv", table)
}

fn exchanged(policy: &str, rates: &str, month: &str) -> Project {
    let bill = Bill::of([
        Charge::sound(),
        Charge::sound().with("BillingCurrency", "USD").costs("2").on(month, &format!("{month}-05")),
    ]);
    let project = billed(&bill).file("fx.csv", format!("date,from,to,rate,source\n{rates}"));
    let yaml = fs::read_to_string(project.path("costbook.yaml")).expect("the project file");
    let exchange = format!("exchange: {{ rates: fx.csv, policy: {policy} }}\n");
    project.file("costbook.yaml", yaml + &exchange)
}

#[test]
fn unusable_input_is_refused_and_nothing_is_published() {
    let mut faults = Faults::new();
    for case in FILES {
        let project = (case.project)();
        let answer = project.run();
        faults.about(format!("{} ({})\n{}", case.code, case.title, answer.stderr));
        refuses(&answer, case.code, &mut faults);
        let arrow = format!("--> {}", case.place);
        let times = format!("({} times)", case.count);
        faults.holds(answer.stderr.contains(case.says), case.says);
        faults.holds(case.place.is_empty() || answer.stderr.contains(&arrow), &arrow);
        faults.holds(case.count == 1 || answer.stderr.contains(&times), &times);
        faults.holds(
            names_in(&project.path("out")).iter().all(|name| name == LOCK),
            "nothing is left",
        );
    }
}

const LOCK: &str = ".costbook.lock";

/// The names in a folder, in order; none where there is no folder.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The answer is the error and its exit code, and only that error.
fn refuses(answer: &Answer, code: Code, faults: &mut Faults) {
    let exit = match code.class() {
        Class::Configuration => 2,
        Class::Input => 3,
        Class::State => 4,
        Class::Internal => 5,
        Class::Advice => panic!("{code} refuses nothing"),
    };
    faults.same("the exit code", answer.exit, Some(exit));
    faults.same("stdout", &*answer.stdout, "");
    let errors = answer.stderr.lines().filter(|line| line.starts_with("error["));
    let errors: Vec<&str> = errors.collect();
    let own = format!("error[{code}]: ");
    faults.holds(!errors.is_empty() && errors.iter().all(|line| line.starts_with(&own)), &own);
}

// ---- Rows that cannot be used: quarantined, and the rest goes on -----------------------------

const ROWS: &[Case] = &[
    Case::new(Code::BadAmount, "thousands separators", || {
        odd(Charge::sound().with("BilledCost", "1,234.56"))
    })
    .quarantines(&[(BILL, 3, "BilledCost", Code::BadAmount, "1,234.56")]),
    Case::new(Code::BadAmount, "a currency sign", || {
        odd(Charge::sound().with("EffectiveCost", "$1.5"))
    })
    .quarantines(&[(BILL, 3, "EffectiveCost", Code::BadAmount, "$1.5")]),
    Case::new(Code::BadAmount, "an underscore", || odd(Charge::sound().with("ListCost", "1_000")))
        .quarantines(&[(BILL, 3, "ListCost", Code::BadAmount, "1_000")]),
    Case::new(Code::BadAmount, "brackets", || {
        odd(Charge::sound().with("ContractedCost", "(12.34)"))
    })
    .quarantines(&[(BILL, 3, "ContractedCost", Code::BadAmount, "(12.34)")]),
    Case::new(Code::BadAmount, "not a number", || odd(Charge::sound().with("BilledCost", "NaN")))
        .quarantines(&[(BILL, 3, "BilledCost", Code::BadAmount, "NaN")]),
    Case::new(Code::BadAmount, "infinity", || odd(Charge::sound().with("BilledCost", "inf")))
        .quarantines(&[(BILL, 3, "BilledCost", Code::BadAmount, "inf")]),
    Case::new(Code::BadAmount, "digits of another script", || {
        odd(Charge::sound().with("BilledCost", "١٢"))
    })
    .quarantines(&[(BILL, 3, "BilledCost", Code::BadAmount, "١٢")]),
    Case::new(Code::BadAmount, "an exponent beyond 60", || {
        odd(Charge::sound().with("BilledCost", "1E-61"))
    })
    .quarantines(&[(BILL, 3, "BilledCost", Code::BadAmount, "1E-61")]),
    Case::new(Code::BadAmount, "37 digits after the point", || {
        odd(Charge::sound().with("BilledCost", "0.0000000000000000000000000000000000001"))
    })
    .quarantines(&[(
        BILL,
        3,
        "BilledCost",
        Code::BadAmount,
        "0.0000000000000000000000000000000000001",
    )]),
    Case::new(Code::BadAmount, "no billed cost", || odd(Charge::sound().with("BilledCost", "")))
        .quarantines(&[(BILL, 3, "BilledCost", Code::BadAmount, "")]),
    Case::new(Code::BadAmount, "a word for null as effective cost", || {
        odd(Charge::sound().with("EffectiveCost", "NULL"))
    })
    .quarantines(&[(BILL, 3, "EffectiveCost", Code::BadAmount, "NULL")]),
    Case::new(Code::BadDate, "a day that does not exist", || {
        odd(Charge::sound().with("ChargePeriodStart", "2026-02-30T00:00:00Z"))
    })
    .quarantines(&[(BILL, 3, "ChargePeriodStart", Code::BadDate, "2026-02-30T00:00:00Z")]),
    Case::new(Code::BadDate, "an order of day and month that nobody declared", || {
        odd(Charge::sound().with("BillingPeriodStart", "10/03/2026"))
    })
    .with(&[Code::DateOrder])
    .quarantines(&[(BILL, 3, "BillingPeriodStart", Code::BadDate, "10/03/2026")]),
    Case::new(Code::BadDate, "no date", || odd(Charge::sound().with("ChargePeriodStart", "")))
        .quarantines(&[(BILL, 3, "ChargePeriodStart", Code::BadDate, "")]),
    Case::new(Code::BadCurrency, "a sign", || odd(Charge::sound().with("BillingCurrency", "US$")))
        .quarantines(&[(BILL, 3, "BillingCurrency", Code::BadCurrency, "US$")]),
    Case::new(Code::BadCurrency, "no currency of ISO 4217", || {
        odd(Charge::sound().with("BillingCurrency", "XXX"))
    })
    .quarantines(&[(BILL, 3, "BillingCurrency", Code::BadCurrency, "XXX")]),
    Case::new(Code::BadCurrency, "an old Azure code", || {
        odd(Charge::sound().with("BillingCurrency", "MC"))
    })
    .quarantines(&[(BILL, 3, "BillingCurrency", Code::BadCurrency, "MC")]),
    Case::new(Code::BadCurrency, "none", || odd(Charge::sound().with("BillingCurrency", "")))
        .quarantines(&[(BILL, 3, "BillingCurrency", Code::BadCurrency, "")]),
    Case::new(Code::BadText, "a tag that is not UTF-8", || {
        let text = Bill::of([Charge::sound(), Charge::sound().with("Tags", "@")]).csv();
        let at = text.rfind('@').expect("the mark");
        let mut text = text.into_bytes();
        text[at] = 0xe9;
        bytes(text)
    })
    .quarantines(&[(BILL, 3, "Tags", Code::BadText, "hex:e9")]),
    Case::new(Code::BadText, "a NUL", || odd(Charge::sound().with("ResourceName", "a\0b")))
        .quarantines(&[(BILL, 3, "ResourceName", Code::BadText, "a\\u{0}b")]),
    Case::new(Code::BadText, "text behind a closing quote", || {
        let text = odd_text("\"a\"b");
        bytes(text)
    })
    .quarantines(&[(BILL, 3, "ResourceName", Code::BadText, "a")]),
    Case::new(Code::BadText, "half a character of UTF-16", || {
        let text = Bill::of([Charge::sound(), Charge::sound().with("ResourceName", "@")]).csv();
        let unit = |unit: u16| if unit == u16::from(b'@') { 0xd800 } else { unit };
        let units = text.encode_utf16().map(unit).flat_map(u16::to_le_bytes);
        bytes([0xff, 0xfe].into_iter().chain(units).collect::<Vec<u8>>())
    })
    .quarantines(&[(BILL, 3, "ResourceName", Code::BadText, "hex:eda080")]),
    Case::new(Code::BadText, "a line that is no JSON, and one that is no object", || {
        let line = json_line(&Charge::sound());
        Project::sound().file("data/bill.jsonl", format!("{line}\n\n{{\"a\": }}\n[1]\n{line}\n"))
    })
    .quarantines(&[
        ("data/bill.jsonl", 3, "", Code::BadText, "the line is not JSON: { a : }"),
        ("data/bill.jsonl", 4, "", Code::BadText, "the line is no JSON object: [1]"),
    ]),
    Case::new(Code::BadCell, "a formula that was never computed", || {
        let text = Bill::of([Charge::sound(), Charge::sound()]).csv();
        Project::sound().file("data/bill.xlsx", RawXlsx::of_csv(&text, (3, "BilledCost")).bytes())
    })
    .quarantines(&[("data/bill.xlsx", 3, "BilledCost", Code::BadCell, "#NO VALUE!")]),
    Case::new(Code::BadRowLength, "one short row", || {
        bytes(
            Bill::sound().csv()
                + "1,2,3\n"
                + Bill::sound().csv().lines().nth(1).unwrap_or("")
                + "\n",
        )
    })
    .quarantines(&[(BILL, 3, "", Code::BadRowLength, "3 fields where the header has 57")]),
    Case::new(Code::BadRowLength, "one long row", || {
        bytes(Bill::of([Charge::sound(), Charge::sound()]).csv().trim_end().to_owned() + ",more\n")
    })
    .quarantines(&[(BILL, 3, "", Code::BadRowLength, "58 fields where the header has 57")]),
    Case::new(Code::BadTags, "no JSON, where a rule asks a tag", || {
        ruled(
            "classify:\n  - { name: tag, when: { tag.team: retail }, owner: retail }\n  \
             - { name: rest, owner: payments }\n",
            [
                Charge::sound().with("Tags", "{\"team\":\"retail\"}"),
                Charge::sound().with("Tags", "team=a"),
                Charge::sound(),
            ],
        )
    })
    .quarantines(&[(BILL, 3, "Tags", Code::BadTags, "team=a")]),
    Case::new(Code::BadTags, "a list, where a rule asks a tag", || {
        ruled(
            "classify:\n  - { name: tag, when: { tag.team: retail }, owner: retail }\n  \
             - { name: rest, owner: payments }\n",
            [
                Charge::sound().with("Tags", "{\"team\":\"retail\"}"),
                Charge::sound().with("Tags", "[]"),
                Charge::sound(),
            ],
        )
    })
    .quarantines(&[(BILL, 3, "Tags", Code::BadTags, "[]")]),
    Case::new(Code::RowsQuarantined, "two rows of three, in the order of rows", || {
        billed(&Bill::of([
            Charge::sound().with("BilledCost", "?").with("EffectiveCost", "2.5"),
            Charge::sound(),
            Charge::sound().with("ChargePeriodStart", "soon").costs("4"),
        ]))
    })
    .times(2)
    .quarantines(&[
        (BILL, 2, "BilledCost", Code::BadAmount, "?"),
        (BILL, 4, "ChargePeriodStart", Code::BadDate, "soon"),
    ]),
];

/// Two rows of which the second has this as the raw text of its resource's name.
fn odd_text(raw: &str) -> String {
    let marked = Bill::of([Charge::sound(), Charge::sound().with("ResourceName", "@")]);
    marked.csv().replace('@', raw)
}

#[test]
fn unusable_rows_are_quarantined_with_row_column_and_text() {
    let mut faults = Faults::new();
    for case in ROWS {
        let project = (case.project)();
        let answer = project.run();
        faults.about(format!("{} ({})\n{}", case.code, case.title, answer.stderr));
        faults.same("the exit code", answer.exit, Some(0));
        if answer.exit != Some(0) {
            continue;
        }
        let output = project.output();
        let found: Vec<_> = output.table("quarantine.csv").iter().map(quarantined).collect();
        let expected: Vec<_> = case
            .quarantine
            .iter()
            .map(|(file, row, column, code, text)| {
                [*file, &row.to_string(), column, code.name(), text].map(str::to_owned)
            })
            .collect();
        faults.same("quarantine.csv", found, expected);
        let quarantined = case.quarantine.len() as u64;
        let findings = output.findings(Code::RowsQuarantined.name());
        let told = findings.iter().map(|(_, place, count)| (place.as_str(), *count));
        let file = case.quarantine.first().map_or(BILL, |row| row.0);
        faults.same("rows-quarantined", told.collect::<Vec<_>>(), [(file, quarantined)]);
        let account = output.account(file);
        faults.same("quarantined", &account["quarantined"], quarantined);
        let accepted = account["accepted"].as_u64().unwrap_or_default();
        faults.same("rows", &account["rows"], accepted + quarantined);
        let mut codes: Vec<&str> = case.also.iter().map(|code| code.name()).collect();
        codes.push(Code::RowsQuarantined.name());
        faults.same("codes", output.codes(), codes);
    }
}

fn quarantined(row: &Row) -> [String; 5] {
    ["file", "row", "column", "code", "text"].map(|column| row[column].clone())
}

#[test]
fn what_is_known_of_quarantined_money_is_told() {
    let project = billed(&Bill::of([
        Charge::sound(),
        Charge::sound().with("BilledCost", "?").with("EffectiveCost", "2.50"),
    ]));
    let rows = project.published().table("quarantine.csv");
    assert_eq!(rows[0]["billing_currency"], "EUR");
    assert_eq!(rows[0]["billed_cost"], "");
    assert_eq!(rows[0]["effective_cost"], "2.5");
}

// ---- What is worth knowing: the run goes on --------------------------------------------------

const NOTED: &[Case] = &[
    Case::new(Code::AskedColumnMissing, "a rule with a misspelt column", || {
        ruled(
            "classify:\n  - { name: team, when: { x_Taem: web }, owner: retail }\n  \
             - { name: rest, owner: payments }\n",
            [Charge::sound()],
        )
    })
    .says("rules ask `x_Taem`, and no file has such a column")
    .with(&[Code::RuleWithoutMatch]),
    Case::new(Code::DuplicateFile, "the same file in two folders", || {
        let project = billed(&Bill::sound()).declaring("data/*", "data/**/*");
        project.bill("again/bill.csv", &Bill::sound())
    })
    .says("that of `data/again/bill.csv`; it counts once")
    .at(BILL),
    Case::new(Code::SameContent, "the same file under another name", || {
        let project = billed(&Bill::sound());
        project.bill("again.csv", &Bill::sound())
    })
    .says("that of `data/again.csv`, under another name")
    .at(BILL),
    Case::new(Code::SameContent, "the same content, compressed", || {
        let project = billed(&Bill::sound());
        project.file("data/bill.csv.gz", gzip(Bill::sound().csv()))
    })
    .says("that of `data/bill.csv`, compressed in another way")
    .at("data/bill.csv.gz"),
    Case::new(Code::InvoiceExplained, "tax that the bill does not have", || {
        invoiced("invoice,currency,amount,tax\nINV-2026-10,EUR,1,0.19\n")
            .bill("bill.csv", &Bill::sound())
    })
    .says("a difference of 0.19; tax of 0.19 that the bill does not have")
    .at("invoices.csv, row 2"),
    Case::new(Code::AcceptedVarianceUnused, "a misspelt invoice", || {
        let project = invoiced("invoice,currency,amount\nINV-2026-10,EUR,1\n");
        let yaml = fs::read_to_string(project.path("costbook.yaml")).expect("a project");
        let start = yaml.find("invoices:").expect("the entry of invoices");
        let entry = "invoices:\n  - files: invoices.csv\n    accepted_variances:\n      \
                     - { invoice: INV-2026, amount: \"1\", reason: fee }\n";
        project
            .file("costbook.yaml", yaml[..start].to_owned() + entry)
            .bill("bill.csv", &Bill::sound())
    })
    .says("no table of this entry has the invoice `INV-2026`")
    .at("costbook.yaml:13:11"),
    Case::new(Code::InvoiceMissing, "an invoice that has not come", || {
        let other = Charge::sound().with("InvoiceId", "INV-2");
        invoiced("invoice,currency,amount\nINV-2026-10,EUR,1\n")
            .bill("bill.csv", &Bill::of([Charge::sound(), other]))
    })
    .says("invoice `INV-2`: 1 EUR billed, and no table of invoices has it"),
    Case::new(Code::HistoryUnconverted, "a month before the first rate", || {
        exchanged("month_end", "2026-10-30,USD,EUR,0.9,\n", "2026-09")
    })
    .says("charges of 2026-09 in USD stay without EUR: the table has none on 2026-09-30 or before")
    .with(&[Code::LateRows]),
    Case::new(Code::SameContent, "the same file in two sources", || {
        let source = "sources:\n  - { name: other, format: focus, files: [ late/* ], days: any }";
        let project = billed(&Bill::sound()).declaring("sources:", source);
        project.file("late/bill.csv", Bill::sound().csv())
    })
    .says("that of `late/bill.csv` of source `other`")
    .at(BILL),
    Case::new(Code::DeliveryReplaced, "the last of two deliveries", || {
        let declared =
            ["files: [ \"data/*\" ]", "files: \"data/{period}-*.csv\"\n    deliveries: newest"];
        let project = Project::sound().declaring(declared[0], declared[1]);
        let newer = Bill::of([Charge::sound().costs("1.5")]);
        project.bill("2026-10-9.csv", &Bill::sound()).bill("2026-10-10.csv", &newer)
    })
    .says("BilledCost was 1 EUR and is 1.5 EUR, a change of 0.5")
    .at("data/2026-10-9.csv"),
    Case::new(Code::CostUnknown, "a list cost is null", || {
        odd(Charge::sound().with("ListCost", ""))
    })
    .says("ListCost is empty on 1 of 2 rows")
    .at(BILL),
    Case::new(Code::CostUnknown, "contracted costs are null", || {
        billed(&Bill::of(
            ["1", "", "NULL", "null"].map(|text| Charge::sound().with("ContractedCost", text)),
        ))
    })
    .says("ContractedCost is empty on 3 of 4 rows")
    .at(BILL)
    .times(3),
    Case::new(Code::BinarySource, "Parquet with doubles", || {
        let shape = Shape { money: Money::Double, ..Shape::TYPED };
        let bill = Bill::of([Charge::sound().costs("0.1"), Charge::sound().costs("0.2")]);
        Project::sound().file("data/bill.parquet", parquet(&bill, shape))
    })
    .at("data/bill.parquet"),
    Case::new(Code::UnknownColumn, "a column that FOCUS does not have", || {
        billed(&Bill::sound().with_column("Id"))
    })
    .says("`Id`")
    .at(BILL),
    Case::new(Code::FocusColumnMissing, "a column that FOCUS 1.2 has", || {
        billed(&Bill::sound().without_column("RegionName"))
    })
    .says("1.2 has columns that the file lacks: `RegionName`")
    .at(BILL),
    Case::new(Code::FocusDefect, "a value that FOCUS writes otherwise", || {
        billed(&Bill::of([Charge::sound().with("ChargeFrequency", "Usage-based")]))
    })
    .says("Usage-based")
    .at(BILL),
    Case::new(Code::MappedColumnMissing, "a name that a file nearly has", || {
        let map = "format: own\ntitle: Own\ncolumns:\n  BilledCost: Cost\n  EffectiveCost: Cost\n  \
                   ListCost: Cost\n  ContractedCost: Cost\n  BillingCurrency: { value: EUR }\n  \
                   BillingPeriodStart: Day\n  ChargePeriodStart: Day\n  \
                   ChargeCategory: { value: Usage }\n  InvoiceId: { value: i }\n  \
                   ServiceName: Produkt\n";
        bytes("Day,Cost,Product\n2026-10-05,1,Mail\n")
            .file("own.yaml", map)
            .declaring("format: focus", "format: own.yaml")
    })
    .says("no file has a header for the column ServiceName: the map reads `Produkt`")
    .with(&[Code::UnknownColumn])
    .at("own.yaml"),
    Case::new(Code::DateOrder, "an order that a part beyond 12 proves", || {
        let slashed = Charge::sound().with("BillingPeriodStart", "10/01/2026");
        odd(slashed.with("ChargePeriodStart", "10/13/2026"))
    })
    .says("dates are read as month/day/year, because `10/13/2026` can be nothing else")
    .at(BILL),
    Case::new(Code::WrongSuffix, "gzip that is called CSV", || bytes(gzip(Bill::sound().csv())))
        .says("the content is gzip, though the name ends in .csv")
        .at(BILL),
    Case::new(Code::WrongSuffix, "CSV that is called gzip", || {
        Project::sound().file("data/bill.csv.gz", Bill::sound().csv())
    })
    .says("the content is plain text, though the name ends in .gz")
    .at("data/bill.csv.gz"),
    Case::new(Code::WrongSuffix, "Parquet that is called CSV", || {
        bytes(parquet(&Bill::sound(), Shape::TYPED))
    })
    .says("the content is Parquet, though the name ends in .csv")
    .at(BILL),
    Case::new(Code::OtherDelimiter, "semicolons", || bytes(Bill::sound().separated(b';')))
        .says("';'")
        .at(BILL),
    Case::new(Code::OtherDelimiter, "tabs", || bytes(Bill::sound().separated(b'\t'))).at(BILL),
    Case::new(Code::LateRows, "a row of September and two of November", || {
        billed(&Bill::of([
            Charge::sound().on("2026-09", "2026-09-30"),
            Charge::sound(),
            Charge::sound(),
            Charge::sound(),
            Charge::sound().on("2026-11", "2026-11-02"),
            Charge::sound().on("2026-11", "2026-11-03"),
        ]))
    })
    .says("billed in 2026-")
    .times(3)
    .at(BILL),
    Case::new(Code::NoRows, "a header alone, of a source that allows it", || {
        let header = Bill::sound().csv();
        let header = header.lines().next().expect("a header").to_owned();
        let project = billed(&Bill::sound()).file("data/header.csv", format!("{header}\n"));
        project.declaring("    days: any\n", "    days: any\n    empty: allowed\n")
    })
    .says("the file has a header but no row, as its source allows")
    .at("data/header.csv"),
    Case::new(Code::BackDatedShares, "a quarter that is billed in its last month", || {
        let map = "format: quarters\ntitle: Quarters\ncolumns:\n  BilledCost: Cost\n  EffectiveCost: Cost\n  \
                   BillingCurrency: { value: EUR }\n  BillingPeriodStart: Month\n  ChargePeriodStart: Start\n  \
                   ChargePeriodEnd: End\n  ChargeCategory: { value: Usage }\nspread: { by: months }\n";
        let rows = "Cost,Month,Start,End\n9,2026-10-01,2026-08-01,2026-11-01\n3,2026-10-01,2026-08-01,2026-10-01\n\
                    2,2026-10-01,2026-10-01,2026-12-01\n";
        bytes(rows).file("map.yaml", map).declaring("format: focus", "format: map.yaml")
    })
    .says("2 rows are spread over months before the one that bills")
    .times(2)
    .with(&[Code::CostUnknown, Code::InvoiceUnchecked])
    .at(BILL),
    Case::new(Code::OneView, "amortized cost of Azure alone", || {
        let rows = "BillingPeriodStartDate,Date,SubscriptionId,MeterCategory,ConsumedService,\
                    CostInBillingCurrency,BillingCurrency,ChargeType,PricingModel\n\
                    10/01/2026,10/02/2026,s,VM,Microsoft.Compute,0.2,EUR,UnusedReservation,Reservation\n";
        bytes(rows).declaring("format: focus", "format: azure-cost-details")
    })
    .says("the file is of amortized cost, and no file of actual cost is read: BilledCost is without")
    .with(&[Code::CostUnknown, Code::InvoiceUnchecked])
    .at(BILL),
    Case::new(Code::RepeatedRows, "a line of Oracle's in two reports", || {
        let line = |reference: &str, day: u32, amount: &str| {
            format!("{reference},2026-10-{day:02}T00:00Z,{amount},EUR\n")
        };
        let header = "lineItem/referenceNo,lineItem/intervalUsageStart,cost/myCost,cost/currencyCode\n";
        let first = format!("{header}{}{}", line("a", 1, "1"), line("b", 2, "2"));
        let second = format!("{header}{}{}", line("b", 2, "2"), line("c", 3, "3"));
        let project = Project::sound().declaring("format: focus", "format: oci-cost");
        project.file("data/one.csv", first).file("data/two.csv", second)
    })
    .says("1 row has the same reference in this delivery as in that of `data/one.csv`; both count")
    .with(&[Code::CostUnknown, Code::InvoiceUnchecked])
    .at("data/two.csv"),
    Case::new(Code::OtherPeriod, "a file of September beside one of October", || {
        let september = Bill::of([Charge::sound().on("2026-09", "2026-09-30")]);
        billed(&Bill::sound()).file("data/september.csv", september.csv())
    })
    .says("1 row of 2026-09 in files of other months serve as history"),
    Case::new(Code::SourceWithoutCharges, "a source that brought September only", || {
        let september = Bill::of([Charge::sound().on("2026-09", "2026-09-30")]);
        let project = billed(&Bill::sound()).file("late/september.csv", september.csv());
        let declared = fs::read_to_string(project.path("costbook.yaml")).expect("the project");
        let source =
            "sources:\n  - { name: other, format: focus, files: [ late/*.csv ], days: any }";
        project.file("costbook.yaml", declared.replacen("sources:", source, 1))
    })
    .with(&[Code::OtherPeriod])
    .says("source `other` has charges of other months, but none of 2026-10"),
    Case::new(Code::RowsExcluded, "a header in the middle", || {
        let bill = Bill::sound().csv();
        bytes(bill.clone() + &bill)
    })
    .says("1 of 3 rows are excluded as `repeated header`")
    .at(BILL),
    Case::new(Code::RowsExcluded, "a total row that the column map names", || {
        let map = fs::read_to_string(home().join("rules/providers/focus.yaml")).expect("the map");
        let exclusion = "\nexclude:\n  - { name: total row, when: { charge_description: { prefix: \
                         Total } } }\n";
        let charges = [Charge::sound(), Charge::sound().with("ChargeDescription", "Total of all")];
        let project = billed(&Bill::of(charges)).file("own.yaml", map + exclusion);
        let declared = fs::read_to_string(project.path("costbook.yaml")).expect("the project");
        project.file("costbook.yaml", declared.replace("format: focus", "format: own.yaml"))
    })
    .says("1 of 2 rows are excluded as `total row`")
    .at(BILL),
    Case::new(Code::Unallocated, "no rule matches", || {
        ruled(
            "classify: [ { name: retail, when: { sub_account_id: shop }, owner: retail } ]\n",
            [Charge::sound().with("SubAccountId", "shop"), Charge::sound().costs("0.25")],
        )
    })
    .says("0.25 of 1.25 EUR EffectiveCost has no owner"),
    Case::new(Code::UnknownOwner, "a tag that names nobody", || tagged("{\"team\":\"retial\"}"))
        .says("`retial`, which is not among the cost centers")
        .with(&[Code::Unallocated]),
    Case::new(Code::ClosedOwner, "a cost center that is closed by then", || {
        ruled(
            "classify: [ { name: tag, owner: { from: tag.team } } ]\n",
            ["2026-10-14", "2026-10-15"]
                .map(|day| Charge::sound().on(PERIOD, day).with("Tags", "{\"team\":\"labs\"}")),
        )
    })
    .says("`labs` on days when it is closed")
    .with(&[Code::Unallocated]),
    Case::new(Code::ClosedOwner, "a share of one that is closed by then", || {
        ruled(
            "classify: [ { name: all, pool: shared } ]\n\
             pools: { shared: { split: fixed, shares: { labs: 25%, retail: 3/4 } } }\n",
            [Charge::sound().on(PERIOD, "2026-10-20")],
        )
    })
    .says("pool `shared` gives 1/4 to `labs`")
    .at("rules/rules.yaml:2:10")
    .with(&[Code::Unallocated]),
    Case::new(Code::OwnerCase, "a tag in another case", || tagged("{\"team\":\"RETAIL\"}"))
        .says("`RETAIL`, which is `retail` but for case")
        .with(&[Code::Unallocated]),
    Case::new(Code::OwnerLookalike, "a letter of another script", || {
        tagged("{\"team\":\"ret\u{430}il\"}")
    })
    .says("which looks like `retail` but has U+0430")
    .with(&[Code::Unallocated]),
    Case::new(Code::TextForm, "two spellings of one letter", || {
        billed(&Bill::of(
            ["Zu\u{308}rich", "Z\u{fc}rich"].map(|name| Charge::sound().with("ServiceName", name)),
        ))
    })
    .says("ServiceName has letters in another Unicode normal form"),
    Case::new(Code::NoDroppedUsage, "no bill of the month before", || {
        ruled(
            "classify: [ { name: all, owner: payments } ]\n\
             policies: { unused_commitment: dropped_usage }\n",
            [Charge::sound()
                .with("CommitmentDiscountId", "RI")
                .with("CommitmentDiscountStatus", "Unused")],
        )
    })
    .says("no charge of 2026-09 is at hand; it is borne as classified")
    .at("rules/rules.yaml:2:13"),
    Case::new(Code::ZeroDriver, "split even, as declared", || {
        ruled(
            "classify: [ { name: all, pool: shared } ]\n\
             pools: { shared: { split: proportional, on_zero_driver: even } }\n",
            [Charge::sound()],
        )
    })
    .says("it is split even, as the pool says")
    .at("rules/rules.yaml:2:10"),
    Case::new(Code::ZeroDriver, "left unallocated, as declared by default", || {
        ruled(
            "classify: [ { name: all, pool: shared } ]\n\
             pools: { shared: { split: proportional } }\n",
            [Charge::sound()],
        )
    })
    .says("it stays unallocated, as the pool says")
    .at("rules/rules.yaml:2:10")
    .with(&[Code::Unallocated]),
    Case::new(Code::NoReceivers, "the only receiver is closed", || {
        ruled(
            "classify: [ { name: all, pool: shared } ]\n\
             pools: { shared: { split: even, include: [ labs ] } }\n",
            [Charge::sound().on(PERIOD, "2026-10-20")],
        )
    })
    .says("pool `shared` has nobody to receive it in 2026-10")
    .at("rules/rules.yaml:2:10")
    .with(&[Code::Unallocated]),
    Case::new(Code::RuleWithoutMatch, "a rule behind one that takes all", || {
        ruled(
            "classify:\n  - { name: everything, owner: payments }\n  \
             - { name: shadowed, when: { service: Machines }, owner: retail }\n",
            [Charge::sound()],
        )
    })
    .says("rule `shadowed` matches no charge")
    .at("rules/rules.yaml:3:13"),
    Case::new(Code::CreditsExceedCost, "a refund larger than the month", || {
        billed(&Bill::of([
            Charge::sound(),
            Charge::sound().costs("-3.5").with("ChargeCategory", "Credit"),
        ]))
    })
    .says("the total of `payments` is negative: -2.5 EUR"),
    Case::new(Code::InvoiceBillingAccount, "an invoice of another billing account", || {
        invoiced("invoice,billing account,currency,amount\nINV-2026-10,999,EUR,1\n")
            .bill("bill.csv", &Bill::sound())
    })
    .says("invoice `INV-2026-10` is of billing account `999` in the table")
    .at("invoices.csv, row 2"),
    Case::new(Code::InvoiceUnchecked, "two rows without an invoice", || {
        let loose = Charge::sound().with("InvoiceId", "");
        billed(&Bill::of([Charge::sound(), loose.clone(), loose]))
    })
    .says("2 rows without an invoice")
    .times(2),
];

/// A charge with these tags, and an owner by the tag `team`.
fn tagged(tags: &str) -> Project {
    let known = Charge::sound().with("Tags", "{\"team\":\"payments\"}");
    ruled(
        "classify: [ { name: tag, owner: { from: tag.team } } ]\n",
        [known, Charge::sound().with("Tags", tags)],
    )
}

#[test]
fn what_is_worth_knowing_is_told_and_the_run_goes_on() {
    let mut faults = Faults::new();
    for case in NOTED {
        let project = (case.project)();
        let answer = project.run();
        faults.about(format!("{} ({})\n{}", case.code, case.title, answer.stderr));
        faults.same("the exit code", answer.exit, Some(0));
        if answer.exit != Some(0) {
            continue;
        }
        let output = project.output();
        let found = output.findings(case.code.name());
        let count: u64 = found.iter().map(|(_, _, count)| count).sum();
        faults.same("the count", count, case.count);
        for (message, place, _) in &found {
            faults.holds(message.contains(case.says), &format!("`{message}` says `{}`", case.says));
            faults.same("the place", place.as_str(), case.place);
        }
        let mut expected: Vec<&str> = case.also.iter().map(|code| code.name()).collect();
        expected.push(case.code.name());
        expected.sort_unstable();
        faults.same("codes", output.codes(), expected);
        warns(&answer, case, &mut faults);
        fails_on_request(&project, case, &mut faults);
    }
}

/// Under cron a warning makes one line, and a note none.
fn warns(answer: &Answer, case: &Case, faults: &mut Faults) {
    let codes = case.also.iter().chain([&case.code]);
    let grave = codes.filter(|code| code.severity() == Severity::Warning).count();
    faults.same("lines on stderr", answer.stderr.lines().count(), usize::from(grave > 0));
    let shown = format!("{} ×{}", case.code, case.count);
    let is_note = case.code.severity() == Severity::Note;
    faults.holds(is_note || answer.stderr.contains(&shown), &shown);
}

fn fails_on_request(project: &Project, case: &Case, faults: &mut Faults) {
    let severity = case.code.severity().name();
    let again = project.run_with(&["--quiet", "--fail-on", severity]);
    faults.same("the exit code of --fail-on", again.exit, Some(1));
}

#[test]
fn a_sound_project_has_nothing_to_complain_of() {
    for bill in [
        billed(&Bill::sound()),
        Project::sound().file("data/bill.csv.gz", gzip(Bill::sound().csv())),
        Project::sound().file("data/bill.parquet", parquet(&Bill::sound(), Shape::TEXT)),
        Project::sound().file("data/bill.parquet", parquet(&Bill::sound(), Shape::TYPED)),
        bytes(format!("\u{feff}{}", Bill::sound().csv().replace('\n', "\r\n"))),
        bytes(Bill::sound().csv().trim_end()),
    ] {
        let answer = bill.run_with(&["--fail-on", "note"]);
        let silent = Answer { exit: Some(0), stdout: String::new(), stderr: String::new() };
        assert_eq!(answer, silent);
        assert_eq!(bill.output().codes(), Vec::<String>::new());
    }
}

// ---- Somebody else's state ------------------------------------------------------------------

/// Plants something, runs, and gives the answer.
type Plant = fn(&Project);

const STATES: &[(Code, &str, Plant)] = &[
    (Code::OutputInTheWay, "a file where the month belongs", |project| {
        project.write("out/2026-10", "mine");
    }),
    (Code::OutputInTheWay, "a folder of somebody else", |project| {
        project.write("out/2026-10/notes.txt", "mine");
    }),
    (Code::OutputInTheWay, "a file where all output belongs", |project| {
        project.write("out", "mine");
    }),
    (Code::OutputInTheWay, "a link where all output belongs", |project| {
        project.write("elsewhere/mine", "mine");
        std::os::unix::fs::symlink(project.path("elsewhere"), project.path("out")).expect("a link");
    }),
    (Code::OutputInTheWay, "a link where the month belongs", |project| {
        project.write("elsewhere/run.json", "mine");
        project.write("out/2026-09/run.json", "mine");
        let link = project.path("out/2026-10");
        std::os::unix::fs::symlink(project.path("elsewhere"), link).expect("a link");
    }),
    (Code::OutputInTheWay, "a folder where the lock belongs", |project| {
        project.write("out/.costbook.lock/mine", "mine");
    }),
];

#[test]
fn what_is_not_ours_is_left_alone() {
    let mut faults = Faults::new();
    for (code, title, plant) in STATES {
        let project = billed(&Bill::sound());
        plant(&project);
        let before = tree(&project);
        let answer = project.run();
        faults.about(format!("{code} ({title})\n{}", answer.stderr));
        refuses(&answer, *code, &mut faults);
        // The lock is ours, wherever output can stand at all.
        let mut after = tree(&project);
        after.retain(|entry| *entry != format!("out/{LOCK} Ok([])"));
        faults.same("the folder", after, before);
    }
}

/// Every file below the project with its content, in order; links are not followed.
fn tree(project: &Project) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![project.folder().to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").flatten() {
            let path = entry.path();
            let name = path.strip_prefix(project.folder()).expect("below the project").display();
            match entry.file_type().expect("a kind") {
                kind if kind.is_dir() => folders.push(path),
                kind if kind.is_symlink() => {
                    found.push(format!("{name} → {:?}", fs::read_link(&path)));
                }
                _ => found.push(format!("{name} {:?}", fs::read(&path))),
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_second_run_waits_for_nobody() {
    let project = billed(&Bill::sound());
    let first = project.published();
    let lock = fs::File::options().write(true).open(project.path("out/.costbook.lock"));
    let lock = lock.expect("a run leaves the file that it locks");
    lock.lock().expect("nobody holds it");
    let answer = project.run();
    refuses(&answer, Code::RunInProgress, &mut Faults::new());
    assert_eq!(project.output(), first);
    drop(lock);
    assert_eq!(project.run().exit, Some(0));
}

#[test]
fn a_dataset_tells_what_it_leaves_blank() {
    let project = billed(&Bill::of([Charge::sound().with("ConsumedQuantity", "six")]));
    let answer = project.run_with(&["--allocated-focus"]);
    assert_eq!(answer.exit, Some(0), "{}", answer.stderr);
    let found = project.output().findings(Code::DatasetBlank.name());
    let messages: Vec<&str> = found.iter().map(|(message, ..)| message.as_str()).collect();
    let says = "1 rows have a ConsumedQuantity that cannot be read; it is blank in allocated_focus";
    assert_eq!(messages, [says]);
    // Nothing else reads it.
    assert_eq!(project.published().findings(Code::DatasetBlank.name()), []);
}

/// A disk that takes no more is made by a limit on the size of files, whose signal is ignored.
#[test]
fn a_full_disk_leaves_what_was_published() {
    let project =
        billed(&Bill::sound()).declaring("days: any", "days: any\n    deliveries: append");
    let first = project.published();
    project.write(
        "data/more.csv",
        Bill::of(vec![Charge::sound().with("ResourceId", "vm-2"); 3]).csv(),
    );
    let limited = "trap '' XFSZ; ulimit -f 1; exec \"$0\" run --project . --period 2026-10";
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", limited, env!("CARGO_BIN_EXE_costbook")]).current_dir(project.folder());
    let answer = support::answer(&mut shell);
    refuses(&answer, Code::OutputFailed, &mut Faults::new());
    assert_eq!(project.output(), first);
    assert_eq!(project.run().exit, Some(0));
    assert_eq!(project.output().run()["sources"][0]["files"].as_array().map(Vec::len), Some(2));
    assert_eq!(names_in(&project.path("out")), [LOCK, PERIOD]);
}

// ---- All codes -------------------------------------------------------------------------------

/// Codes that nothing outside can bring about, and why.
const UNREACHABLE: &[(Code, &str)] = &[(
    Code::ConservationBroken,
    "it tells of a fault of costbook itself; no input is known to show it",
)];

/// Codes whose test is a function of its own.
const ALONE: &[Code] = &[Code::RunInProgress, Code::OutputFailed, Code::DatasetBlank];

/// Codes of tables of licenses, which have their tests beside what reads them.
const OF_LICENSES: &[Code] = &[Code::LicenseCountedTwice, Code::LicenseStale, Code::LicenseReused];

#[test]
fn every_code_has_an_example() {
    let cases = FILES.iter().chain(ROWS).chain(NOTED).map(|case| case.code);
    let here: Vec<Code> =
        cases.chain(STATES.iter().map(|(code, ..)| *code)).chain(ALONE.iter().copied()).collect();
    for code in Code::ALL {
        let golden = home().join("tests/golden").join(code.name()).join("expected.txt").exists();
        let unreachable = UNREACHABLE.iter().any(|(known, why)| known == code && !why.is_empty());
        let known = here.contains(code) || OF_LICENSES.contains(code);
        assert!(golden || known || unreachable, "{code} has no example");
        assert!(!(unreachable && (golden || known)), "{code} has an example: it can be reached");
    }
}

#[test]
fn every_case_of_a_row_shows_its_own_code() {
    for case in ROWS {
        let own = case.quarantine.iter().any(|(_, _, _, code, _)| *code == case.code);
        assert!(own || case.code == Code::RowsQuarantined, "{} ({})", case.code, case.title);
    }
}
