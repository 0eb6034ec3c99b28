//! Amounts: exact or quarantined, never rounded; and sums that nobody can keep.

use costbook::diagnostics::Code;

use super::answer::Expected::Refused;
use super::answer::{Case, case, check};
use super::support::{Bill, COSTS, Charge, Faults, Money, Project, Shape, parquet};

/// Amounts as bills write them, and what they are.
const EXACT: [(&str, &str); 16] = [
    ("1.0E-9", "0.000000001"),
    ("1.81E-8", "0.0000000181"),
    ("6.266090e-12", "0.00000000000626609"),
    ("0.0000000191107392311096200000", "0.00000001911073923110962"),
    ("0.000000000000000000000000000000000001", "0.000000000000000000000000000000000001"),
    // Forty digits after the point, of which the last four are zeros.
    ("0.1000000000000000000000000000000000010000", "0.100000000000000000000000000000000001"),
    ("-0", "0"),
    ("-0.000", "0"),
    ("0E60", "0"),
    ("+3.25", "3.25"),
    (".5", "0.5"),
    ("5.", "5"),
    (" 2 ", "2"),
    ("-1.5e+2", "-150"),
    ("00012.50", "12.5"),
    ("100000000000000000000", "100000000000000000000"),
];

/// What is no amount, or none that can be kept to its last digit.
const REFUSED: [&str; 36] = [
    "NaN",
    "nan",
    "inf",
    "-Infinity",
    "1,234.56",
    "1.234,56",
    "1 234.56",
    "$1.5",
    "1.5 EUR",
    "1_000",
    "(12.34)",
    "12.34-",
    "\u{2212}1",
    "\u{661}\u{662}",
    "\u{ff11}",
    "0x10",
    "1.2.3",
    "--1",
    "1e",
    "1e5.5",
    "1E61",
    "1E-61",
    "1e400",
    "1e-400",
    "1e99999999999999999999",
    "-1e-99999999999999999999",
    "1d5",
    "1'000",
    "1\u{a0}",
    "1\u{202f}000",
    "\u{221e}",
    "1%",
    "-",
    "0.1000000000000000000000000000000000000001",
    "200000000000000000000",
    "",
];

#[test]
fn what_is_an_amount_is_kept_to_its_last_digit() {
    let mut faults = Faults::new();
    for (text, expected) in EXACT {
        let project = Project::sound().bill("bill.csv", &Bill::of([Charge::sound().costs(text)]));
        let answer = project.run();
        faults.about(format!("`{text}`\n{}", answer.stderr));
        faults.same("the exit code", answer.exit, Some(0));
        if answer.exit == Some(0) {
            let totals = project.output().run()["totals"].clone();
            for total in totals.as_array().into_iter().flatten() {
                faults.same("a total", total["accepted"].as_str(), Some(expected));
            }
        }
    }
}

#[test]
fn what_is_none_is_quarantined_and_told_as_it_was() {
    let mut faults = Faults::new();
    for column in COSTS {
        let odd = |text: &&str| Charge::sound().with(column, text);
        // FOCUS lets these two be null, and so they are unknown, not broken.
        let may_be_null = matches!(column, "ListCost" | "ContractedCost");
        let texts: Vec<&str> =
            REFUSED.into_iter().filter(|text| !may_be_null || !text.is_empty()).collect();
        let charges = std::iter::once(Charge::sound()).chain(texts.iter().map(odd));
        let project = Project::sound().bill("bill.csv", &Bill::of(charges));
        let output = project.published();
        faults.about(column);
        let rows = output.table("quarantine.csv");
        let found: Vec<&str> = rows.iter().map(|row| row["text"].as_str()).collect();
        faults.same("quarantined", found, texts);
        let is_right = |row: &super::support::Row| {
            row["column"] == column && row["code"] == Code::BadAmount.name()
        };
        faults.holds(rows.iter().all(is_right), "each by its own column and code");
    }
}

fn sum(amounts: &[&str]) -> Project {
    let charges = amounts.iter().map(|amount| Charge::sound().costs(amount));
    Project::sound().bill("bill.csv", &Bill::of(charges))
}

const SUMS: &[Case] = &[
    case(
        "two amounts whose sum nobody can keep",
        || sum(&["100000000000000000000", "100000000000000000000"]),
        Refused(Code::SumOverflow, "data/bill.csv"),
    ),
    case(
        "two amounts that cancel out, as rules may part them",
        || sum(&["170000000000000000000", "-170000000000000000000"]),
        Refused(Code::SumOverflow, "data/bill.csv"),
    ),
    case(
        "two files whose sums nobody can keep together",
        || {
            let large = Charge::sound().costs("100000000000000000000");
            let other = large.clone().with("ResourceId", "vm-2").on("2026-10", "2026-10-06");
            Project::sound().bill("a.csv", &Bill::of([large])).bill("b.csv", &Bill::of([other]))
        },
        Refused(Code::SumOverflow, "data/b.csv"),
    ),
];

#[test]
fn sums_that_cannot_be_kept_are_refused() {
    check(SUMS);
}

#[test]
fn numbers_of_columnar_files_are_as_exact() {
    let mut faults = Faults::new();
    for (money, amount) in [
        (Money::Decimal128(28), "1.0000000000000000000000000001"),
        (Money::Decimal256(36), "-0.000000000000000000000000000000000001"),
        (Money::Text, "1.0E-9"),
        (Money::Double, "0.1"),
    ] {
        let shape = Shape { money, ..Shape::TYPED };
        let bill = Bill::of([Charge::sound().costs(amount), Charge::sound().costs(amount)]);
        let project = Project::sound().file("data/bill.parquet", parquet(&bill, shape));
        let totals = project.published().run()["totals"].clone();
        let expected = super::support::exact(amount) * super::support::exact("2");
        for total in totals.as_array().into_iter().flatten() {
            faults.about(format!("{money:?}"));
            let accepted = total["accepted"].as_str().unwrap_or_default();
            faults.same("a total", accepted, super::support::plain(&expected));
        }
    }
}
