//! JSON lines: a line that cannot be read is a row in quarantine, and what would take memory or time
//! without end is refused.

use std::time::{Duration, Instant};

use costbook::diagnostics::Code;

use super::answer::Expected::{Quarantined, Refused, Told};
use super::answer::{Case, case, check};
use super::support::{Charge, FOCUS_1_2, Project};

const BILL: &str = "data/bill.jsonl";

/// A line of a sound charge with all columns, with one more field as it is written.
fn line(more: &str) -> String {
    let charge = Charge::sound();
    let field = |column: &&str| {
        let text = charge.get(column).map_or("null".to_owned(), |text| format!("{text:?}"));
        format!("{column:?}:{text}")
    };
    let fields: Vec<String> = FOCUS_1_2.iter().map(field).collect();
    format!("{{{}{more}}}\n", fields.join(","))
}

/// A line of a sound charge, of which a column is written otherwise.
fn with(column: &str, written: &str) -> String {
    let sound = line("");
    let begin = sound.find(&format!("{column:?}:")).expect("a column") + column.len() + 3;
    let end = begin + sound[begin..].find([',', '}']).expect("an end");
    format!("{}{written}{}", &sound[..begin], &sound[end..])
}

fn lines(odd: impl AsRef<str>) -> Project {
    Project::sound().file(BILL, line("") + odd.as_ref() + &line(""))
}

const BROKEN: &[Case] = &[
    case(
        "not a number",
        || lines(with("BilledCost", "NaN")),
        Quarantined(&[(2, "", Code::BadText, "the line is not JSON")]),
    ),
    case(
        "a number of ten thousand digits",
        || lines(with("BilledCost", &"1".repeat(10_000))),
        Quarantined(&[(2, "BilledCost", Code::BadAmount, "1111111111")]),
    ),
    case(
        "an amount within an object",
        || lines(with("BilledCost", "[1]")),
        Quarantined(&[(2, "BilledCost", Code::BadAmount, "[1]")]),
    ),
    case(
        "two objects on a line",
        || lines(line("").trim_end().repeat(2) + "\n"),
        Quarantined(&[(2, "", Code::BadText, "the line is not JSON")]),
    ),
    case(
        "a field twice",
        || lines(line(",\"BilledCost\":\"2\"")),
        Quarantined(&[(2, "", Code::BadText, "the field BilledCost stands twice")]),
    ),
    case(
        "a field twice but for case",
        || lines(line(",\"billedcost\":\"2\"")),
        Refused(Code::DuplicateColumn, "`BilledCost`, `billedcost` differ in case only"),
    ),
    case(
        "a NUL as an escape",
        || lines(with("ResourceName", "\"a\\u0000b\"")),
        Quarantined(&[(2, "ResourceName", Code::BadText, "a\\u{0}b")]),
    ),
    case(
        "half a character",
        || lines(with("ResourceName", "\"\\ud800\"")),
        Quarantined(&[(2, "", Code::BadText, "the line holds half a character")]),
    ),
    case(
        "lists within lists without end",
        || lines(line(&format!(",\"x_deep\":{}{}", "[".repeat(5000), "]".repeat(5000)))),
        Quarantined(&[(2, "", Code::BadText, "the line nests more than 64 levels")]),
    ),
    case(
        "cut off within its last line",
        || Project::sound().file(BILL, line("") + &line("")[..80]),
        Refused(Code::BrokenFile, "ends in the middle of its last row"),
    ),
    case(
        "one list",
        || Project::sound().file(BILL, format!("[{}]", line("").trim_end())),
        Refused(Code::BrokenFile, "not one object a line"),
    ),
    case(
        "names that vary",
        || {
            let line = |number: u32| line(&format!(",\"id-{number}\":1"));
            Project::sound().file(BILL, (0..10_001).map(line).collect::<String>())
        },
        Refused(Code::BrokenFile, "more than 10000 columns"),
    ),
    case(
        "a name of a megabyte",
        || lines(line(&format!(",\"{}\":{{\"b\":1}}", "k".repeat(1 << 20)))),
        Refused(Code::BrokenFile, "have more than 1 MiB"),
    ),
    case(
        "a name with all that a CSV has a meaning for",
        || lines(line(",\"a\\n,\\\"b\":\"c\"")),
        Told(&[Code::UnknownColumn], "a\n,\"b"),
    ),
];

#[test]
fn lines_that_cannot_be_read_are_told() {
    check(BROKEN);
}

/// Four megabytes that meant hours: a long name around many short ones.
#[test]
fn a_line_takes_the_time_that_it_is_long() {
    let many = "\"b\":1,".repeat(500_000);
    let odd = line(&format!(",\"{}\":{{{many}\"b\":1}}", "k".repeat(400_000)));
    let begun = Instant::now();
    let output = lines(odd).published();
    assert!(begun.elapsed() < Duration::from_mins(1), "{:?}", begun.elapsed());
    let rows = output.table("quarantine.csv");
    assert_eq!((rows.len(), rows[0]["row"].as_str()), (1, "2"));
    assert!(rows[0]["text"].starts_with("the field kkk"), "{}", rows[0]["text"]);
}
