//! Headers, delimiters, lengths of rows, and rows that are none.

use std::fs;

use costbook::diagnostics::Code;

use super::answer::Expected::{Fine, Quarantined, Refused, Told};
use super::answer::{Case, case, check};
use super::support::{Bill, Charge, Project, home};

const BILL: &str = "data/bill.csv";

fn billed(bill: &Bill) -> Project {
    Project::sound().bill("bill.csv", bill)
}

fn bytes(content: impl AsRef<[u8]>) -> Project {
    Project::sound().file(BILL, content)
}

/// So many sound rows, and rows of other lengths behind them.
fn with_torn(sound: usize, torn: &str) -> Project {
    bytes(Bill::of(vec![Charge::sound(); sound]).csv() + torn)
}

fn missing(column: &'static str) -> Project {
    billed(&Bill::sound().without_column(column).with_column(&format!("{column}s")))
}

/// The map of FOCUS with this behind it, as a map of the project's own.
fn mapped(more: &str, bill: &Bill) -> Project {
    let map = fs::read_to_string(home().join("rules/providers/focus.yaml")).expect("the map");
    let project = billed(bill).file("own.yaml", map + more);
    let declared = fs::read_to_string(project.path("costbook.yaml")).expect("the project");
    project.file("costbook.yaml", declared.replace("format: focus", "format: own.yaml"))
}

const CASES: &[Case] = &[
    case(
        "no billed cost",
        || missing("BilledCost"),
        Refused(Code::ColumnMissing, "the file has a column `BilledCosts`; is that the one?"),
    ),
    case(
        "no currency",
        || missing("BillingCurrency"),
        Refused(Code::ColumnMissing, "`BillingCurrencys`"),
    ),
    case(
        "no charge period",
        || missing("ChargePeriodStart"),
        Refused(Code::ColumnMissing, "`ChargePeriodStarts`"),
    ),
    case(
        "several required columns, all told at once",
        || {
            let bill = Bill::sound().without_column("EffectiveCost");
            billed(&bill.without_column("ChargeCategory"))
        },
        Refused(Code::ColumnMissing, "2 errors"),
    ),
    case(
        "a column that nothing reads",
        || billed(&Bill::sound().with_column("Id")),
        Told(&[Code::UnknownColumn], "`Id`"),
    ),
    case(
        "columns of a version of FOCUS that is not known yet",
        || billed(&Bill::sound().with_column("CarbonMass").with_column("InvoiceDetailId")),
        Told(&[Code::FocusColumnMissing, Code::UnknownColumn], "CarbonMass"),
    ),
    case(
        "a column twice",
        || billed(&Bill::sound().with_column("ServiceName")),
        Refused(Code::DuplicateColumn, "`ServiceName` stands twice"),
    ),
    case(
        "a column twice but for case",
        || billed(&Bill::sound().with_column("BILLEDCOST")),
        Refused(Code::DuplicateColumn, "`BilledCost`, `BILLEDCOST` differ in case only"),
    ),
    case(
        "two rows that are equal, byte by byte, and both count",
        || billed(&Bill::of(vec![Charge::sound(); 2])),
        Fine,
    ),
    case(
        "columns in another order",
        || {
            let mut bill = Bill::sound();
            bill.columns.reverse();
            billed(&bill)
        },
        Fine,
    ),
    case(
        "headers in another case, with blanks around them",
        || {
            let text = Bill::sound().csv();
            let (header, rows) = text.split_once('\n').expect("a header");
            bytes(format!("{}\n{rows}", header.to_lowercase().replace(',', " , ")))
        },
        Fine,
    ),
    case(
        "one short row among a thousand and more",
        || with_torn(1200, "1,2,3\n"),
        Quarantined(&[(1202, "", Code::BadRowLength, "3 fields where the header has 57")]),
    ),
    case(
        "one long row among a thousand and more",
        || with_torn(1200, &(",".repeat(60) + "\n")),
        Quarantined(&[(1202, "", Code::BadRowLength, "61 fields where the header has 57")]),
    ),
    case(
        "more than one row of a thousand",
        || with_torn(1998, "1,2,3\n4,5,6\n7,8,9\n"),
        Refused(Code::TooManyBadRows, "3 of 2001 rows have more or fewer fields than the header"),
    ),
    case(
        "not one row that can be read",
        || bytes(Bill::of(vec![Charge::sound().with("BilledCost", "?"); 3]).csv()),
        Refused(Code::TooManyBadRows, "not one of 3 rows can be read"),
    ),
    case(
        "semicolons",
        || bytes(Bill::sound().separated(b';')),
        Told(&[Code::OtherDelimiter], "';'"),
    ),
    case("tabs", || bytes(Bill::sound().separated(b'\t')), Told(&[Code::OtherDelimiter], "'\\t'")),
    case("bars", || bytes(Bill::sound().separated(b'|')), Told(&[Code::OtherDelimiter], "'|'")),
    case(
        "files put together, headers and all",
        || {
            let bill = Bill::sound().csv();
            bytes(bill.repeat(3))
        },
        Told(&[Code::RowsExcluded], "2 of 5 rows are excluded as `repeated header`"),
    ),
    case(
        "a total row that the map names",
        || {
            let total = Charge::sound().with("ChargeDescription", "Total of all");
            let rule = "{ name: total row, when: { charge_description: { prefix: Total } } }";
            mapped(&format!("\nexclude:\n  - {rule}\n"), &Bill::of([Charge::sound(), total]))
        },
        Told(&[Code::RowsExcluded], "1 of 2 rows are excluded as `total row`"),
    ),
    case(
        "a total row that nobody named",
        || {
            let text = Bill::sound().csv();
            bytes(format!("{text}Total{}\n", ",".repeat(56)))
        },
        Quarantined(&[(3, "BilledCost", Code::BadAmount, "")]),
    ),
];

#[test]
fn equal_rows_all_count() {
    let output = billed(&Bill::of(vec![Charge::sound().costs("0.1"); 3])).published();
    let totals = output.run()["totals"].clone();
    for total in totals.as_array().into_iter().flatten() {
        assert_eq!(total["accepted"], "0.3");
    }
    assert_eq!(output.account(BILL)["accepted"], 3);
}

#[test]
fn headers_and_rows_are_judged() {
    check(CASES);
}
