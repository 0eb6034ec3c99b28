//! Invoices against bills: each class of variance, and what is refused.

mod support;

use support::{Answer, Bill, Charge, Faults, PERIOD, Project};

/// A bill, a table of invoices, and what must come of the invoice under test.
struct Case {
    title: &'static str,
    charges: fn() -> Vec<Charge>,
    /// Rows below `invoice_id,billing_account,currency,amount,tax,period`.
    invoices: &'static str,
    /// Further keys of the entry.
    terms: &'static str,
    /// invoice, invoice total, billed total, variance, class, status
    line: [&'static str; 6],
    /// Part of the explanation, or of the message where the run is refused.
    says: &'static str,
}

const HEADER: &str = "invoice_id,billing_account,currency,amount,tax,period\n";
const PAYER: &str = "001234567890";

fn charge(invoice: &str, amount: &str) -> Charge {
    Charge::sound().with("InvoiceId", invoice).costs(amount)
}

fn of_category(charge: Charge, category: &str) -> Charge {
    charge.with("ChargeCategory", category)
}

fn project(case: &Case) -> Project {
    let project = Project::sound().bill("bill.csv", &Bill::of((case.charges)()));
    invoiced(project, case.invoices, case.terms)
}

fn invoiced(project: Project, rows: &str, terms: &str) -> Project {
    let yaml = std::fs::read_to_string(project.path("costbook.yaml")).expect("the project file");
    let entry = format!("invoices:\n  - files: \"invoices/*.csv\"\n{terms}");
    project
        .file("costbook.yaml", yaml + &entry)
        .file("invoices/october.csv", HEADER.to_owned() + rows)
}

const PUBLISHED: &[Case] = &[
    Case {
        title: "to the last digit",
        charges: || vec![charge("A", "1.123456789"), charge("A", "2")],
        invoices: "A,001234567890,EUR,3.123456789,,\n",
        terms: "",
        line: ["A", "3.123456789", "3.123456789", "0", "matched", "reconciled"],
        says: "",
    },
    Case {
        title: "a table without billing account, in lines of one invoice",
        charges: || vec![charge("A", "1"), charge("A", "2").with("BillingAccountId", "other")],
        invoices: "A,,EUR,2.5,,\nA,,EUR,0.5,,\n",
        terms: "",
        line: ["A", "3", "3", "0", "matched", "reconciled"],
        says: "",
    },
    Case {
        title: "another spelling of the billing account, where the invoice's name is its own",
        charges: || vec![charge("A", "3")],
        invoices: "A,0012-3456-7890,EUR,3,,2026-10\n",
        terms: "",
        line: ["A", "3", "3", "0", "matched", "reconciled"],
        says: "",
    },
    Case {
        title: "the bill is finer than the minor unit",
        charges: || vec![charge("A", "2.9951")],
        invoices: "A,001234567890,EUR,3.00,,\n",
        terms: "",
        line: ["A", "3", "2.9951", "0.0049", "rounding", "reconciled"],
        says: "",
    },
    Case {
        title: "within the declared tolerance",
        charges: || vec![charge("A", "3.01")],
        invoices: "A,001234567890,EUR,3.00,,\n",
        terms: "    tolerance: \"0.01\"\n",
        line: ["A", "3", "3.01", "-0.01", "within-tolerance", "reconciled"],
        says: "",
    },
    Case {
        title: "tax that the bill does not have",
        charges: || vec![charge("A", "99.9987")],
        invoices: "A,001234567890,EUR,100.00,19.00,\n",
        terms: "",
        line: ["A", "119", "99.9987", "19.0013", "tax", "explained"],
        says: "tax of 19 that the bill does not have and 0.0013 by rounding",
    },
    Case {
        title: "tax that the invoice does not tell",
        charges: || vec![charge("A", "100"), of_category(charge("A", "19"), "Tax")],
        invoices: "A,001234567890,EUR,100.00,,\n",
        terms: "",
        line: ["A", "100", "119", "-19", "tax", "explained"],
        says: "tax of 19 that the table of invoices does not have",
    },
    Case {
        title: "an invoice before credits",
        charges: || vec![charge("A", "100"), of_category(charge("A", "-8.5"), "Credit")],
        invoices: "A,001234567890,EUR,100,,\n",
        terms: "",
        line: ["A", "100", "91.5", "8.5", "credits", "explained"],
        says: "credits of -8.5 that the invoice does not deduct",
    },
    Case {
        title: "rows in quarantine",
        charges: || vec![charge("A", "3"), charge("A", "4").with("ChargePeriodStart", "soon")],
        invoices: "A,001234567890,EUR,7,,\n",
        terms: "",
        line: ["A", "7", "3", "4", "quarantined-rows", "explained"],
        says: "4 in rows of this invoice that are in quarantine",
    },
    Case {
        title: "rows in quarantine that tell no invoice",
        charges: || vec![charge("A", "3"), charge("", "4").with("ChargePeriodStart", "soon")],
        invoices: "A,001234567890,EUR,7,,\n",
        terms: "",
        line: ["A", "7", "3", "4", "quarantined-rows", "explained"],
        says: "4 in rows in quarantine that name no invoice",
    },
    Case {
        title: "rows that are billed in another month",
        charges: || vec![charge("A", "3"), charge("A", "4").on("2026-09", "2026-09-30")],
        invoices: "A,001234567890,EUR,7,,2026-10\n",
        terms: "",
        line: ["A", "7", "3", "4", "late-rows", "explained"],
        says: "4 in rows of this invoice that are billed in other months",
    },
    Case {
        title: "an invoice of which all rows are billed in another month",
        charges: || vec![charge("B", "3"), charge("A", "4").on("2026-09", "2026-09-30")],
        invoices: "A,001234567890,EUR,4,,2026-10\nB,001234567890,EUR,3,,2026-10\n",
        terms: "",
        line: ["A", "4", "0", "4", "late-rows", "explained"],
        says: "billed in other months",
    },
    Case {
        title: "two causes at once",
        charges: || {
            vec![
                charge("A", "100"),
                of_category(charge("A", "-8"), "Credit"),
                charge("A", "4").with("ChargePeriodStart", "soon"),
            ]
        },
        invoices: "A,001234567890,EUR,104,20,\n",
        terms: "",
        line: ["A", "124", "92", "32", "several", "explained"],
        says: "tax of 20 that the bill does not have and credits of -8 that the invoice does not deduct and 4 in rows of this invoice",
    },
    Case {
        title: "a variance that the project accepts",
        charges: || vec![charge("A", "3")],
        invoices: "A,001234567890,EUR,3.07,,\n",
        terms: "    accepted_variances:\n      - { invoice: A, amount: \"0.07\", reason: fee of the bank }\n",
        line: ["A", "3.07", "3", "0.07", "accepted", "accepted"],
        says: "fee of the bank",
    },
    Case {
        title: "billed, and not invoiced yet",
        charges: || vec![charge("A", "3"), charge("B", "4")],
        invoices: "B,001234567890,EUR,4,,\n",
        terms: "",
        line: ["A", "", "3", "", "not-invoiced", "open"],
        says: "",
    },
    Case {
        title: "by billing account, where the bill names no invoice",
        charges: || vec![charge("", "3"), charge("", "4")],
        invoices: "A,001234567890,EUR,5,,2026-10\nB,001234567890,EUR,2,,2026-10\nC,001234567890,EUR,9,,2026-09\n",
        terms: "",
        line: ["A; B", "7", "7", "0", "matched", "reconciled"],
        says: "",
    },
    Case {
        title: "an invoice of another month, by the bill of that month",
        charges: || vec![charge("A", "3"), charge("OLD", "8").on("2026-09", "2026-09-30")],
        invoices: "A,001234567890,EUR,3,,\nOLD,001234567890,EUR,9,,\n",
        terms: "",
        line: ["A", "3", "3", "0", "matched", "reconciled"],
        says: "",
    },
    Case {
        title: "an invoice finer than the minor unit, to the last digit",
        charges: || vec![charge("A", "3.004")],
        invoices: "A,001234567890,EUR,3.004,,\n",
        terms: "",
        line: ["A", "3.004", "3.004", "0", "matched", "reconciled"],
        says: "",
    },
    Case {
        title: "of another month, as the table says",
        charges: || vec![charge("A", "3")],
        invoices: "A,001234567890,EUR,3,,2026-11\n",
        terms: "",
        line: ["A", "", "3", "", "not-invoiced", "open"],
        says: "the table of invoices has it for 2026-11",
    },
    Case {
        title: "a billing account whose bill names no invoice, and which none asks for",
        charges: || vec![charge("A", "3"), charge("", "4").with("BillingAccountId", "other")],
        invoices: "A,001234567890,EUR,3,,\n",
        terms: "",
        line: ["", "", "4", "", "not-invoiced", "open"],
        says: "",
    },
    Case {
        title: "rows in quarantine of one of two invoices of a name",
        charges: || {
            vec![
                charge("A", "3").with("BillingAccountId", "other"),
                charge("A", "1"),
                charge("A", "4").with("ChargePeriodStart", "soon"),
            ]
        },
        invoices: "A,001234567890,EUR,5,,\nA,other,EUR,3,,\n",
        terms: "",
        line: ["A", "5", "1", "4", "quarantined-rows", "explained"],
        says: "4 in rows of this invoice that are in quarantine",
    },
    Case {
        title: "other headers, declared",
        charges: || vec![charge("A", "3")],
        invoices: "A,001234567890,EUR,99,3,\n",
        terms: "    columns: { amount: Tax, tax: none }\n",
        line: ["A", "3", "3", "0", "matched", "reconciled"],
        says: "",
    },
];

#[test]
fn each_invoice_is_classified() {
    let mut faults = Faults::new();
    for case in PUBLISHED {
        let project = project(case);
        let answer = project.run();
        faults.about(format!("{}\n{}", case.title, answer.stderr));
        faults.same("the exit code", answer.exit, Some(0));
        if answer.exit != Some(0) {
            continue;
        }
        let output = project.output();
        let lines = output.table("reconciliation.csv");
        let Some(line) = lines.iter().find(|line| line["invoice"] == case.line[0]) else {
            faults.same("invoices", lines.len(), 0);
            continue;
        };
        let columns = ["invoice", "invoice_total", "billed_total", "variance", "class", "status"];
        faults.same("the line", columns.map(|column| line[column].as_str()), case.line);
        let explained = line["explanation"].contains(case.says);
        faults.same(&line["explanation"], explained, true);
        let warned = output.codes().contains(&"invoice-explained".to_owned());
        faults.same("warned", warned, ["explained", "accepted"].contains(&case.line[5]));
        let open = output.codes().contains(&"invoice-missing".to_owned());
        faults.same("open", open, case.line[5] == "open");
        let billed = support::sum(&lines, "billed_total", |_| true);
        let showback = support::sum(&output.table("showback.csv"), "billed_cost", |_| true);
        faults.same("the period's BilledCost", billed, showback);
    }
}

/// What is refused: title, charges, invoices, terms, code, part of the answer.
type Refused =
    (&'static str, fn() -> Vec<Charge>, &'static str, &'static str, &'static str, &'static str);

const REFUSED: &[Refused] = &[
    (
        "off by a cent",
        || vec![charge("A", "3")],
        "A,001234567890,EUR,3.01,,\n",
        "",
        "invoice-variance",
        "invoice `A`: invoiced 3.01 EUR, billed 3, a difference of 0.01",
    ),
    (
        "beyond the tolerance",
        || vec![charge("A", "3")],
        "A,001234567890,EUR,3.02,,\n",
        "    tolerance: \"0.01\"\n",
        "invoice-variance",
        "a difference of 0.02",
    ),
    (
        "more than its tax",
        || vec![charge("A", "3")],
        "A,001234567890,EUR,3.02,0.5,\n",
        "",
        "invoice-variance",
        "not explained by tax of 0.5 that the bill does not have",
    ),
    (
        "rows of another invoice in quarantine",
        || vec![charge("A", "3"), charge("B", "4").with("ChargePeriodStart", "soon")],
        "A,001234567890,EUR,7,,\n",
        "",
        "invoice-variance",
        "a difference of 4",
    ),
    (
        "rows in quarantine of an invoice of that name in another billing account",
        || {
            let aside = charge("A", "4").with("ChargePeriodStart", "soon");
            vec![charge("A", "3"), aside.with("BillingAccountId", "other")]
        },
        "A,001234567890,EUR,7,,\n",
        "",
        "invoice-variance",
        "invoice `A`: invoiced 7 EUR, billed 3, a difference of 4\n",
    ),
    (
        "rows in quarantine of an invoice of that name by another issuer",
        || {
            let aside = charge("A", "4").with("ChargePeriodStart", "soon");
            vec![charge("A", "3"), aside.with("InvoiceIssuerName", "other")]
        },
        "A,001234567890,EUR,7,,\n",
        "",
        "invoice-variance",
        "invoice `A`: invoiced 7 EUR, billed 3, a difference of 4\n",
    ),
    (
        "rows in quarantine that explain another invoice already",
        || {
            let aside = charge("", "4").with("ChargePeriodStart", "soon");
            vec![charge("A", "3"), charge("B", "3"), aside]
        },
        "A,001234567890,EUR,7,,\nB,001234567890,EUR,7,,\n",
        "",
        "invoice-variance",
        "invoice `B`: invoiced 7 EUR, billed 3, a difference of 4\n",
    ),
    (
        "rows in another month of an invoice of that name in another billing account",
        || {
            let late = charge("A", "4").on("2026-09", "2026-09-30");
            vec![charge("A", "3"), late.with("BillingAccountId", "other")]
        },
        "A,001234567890,EUR,7,,2026-10\n",
        "",
        "invoice-variance",
        "invoice `A`: invoiced 7 EUR, billed 3, a difference of 4\n",
    ),
    (
        "rows in another month that is asked for too",
        || vec![charge("A", "3"), charge("A", "4").on("2026-09", "2026-09-30")],
        "A,001234567890,EUR,7,,2026-10\nA,001234567890,EUR,4,,2026-09\n",
        "",
        "invoice-variance",
        "invoice `A`: invoiced 7 EUR, billed 3, a difference of 4\n",
    ),
    (
        "rows of the invoice in quarantine of which nobody knows the cost",
        || vec![charge("A", "3"), charge("A", "4,5")],
        "A,001234567890,EUR,7,,\n",
        "",
        "invoice-variance",
        "1 row of unknown cost of this invoice in quarantine (data/",
    ),
    (
        "tax that differs by a cent",
        || vec![charge("A", "15"), of_category(charge("A", "2.85"), "Tax")],
        "A,001234567890,EUR,15,2.86,\n",
        "",
        "invoice-variance",
        "a difference of 0.01; the invoice has tax of 2.86, the bill of 2.85",
    ),
    (
        "tax that differs, beyond the tolerance",
        || vec![charge("A", "15"), of_category(charge("A", "2.85"), "Tax")],
        "A,001234567890,EUR,15,2850,\n",
        "    tolerance: \"0.01\"\n",
        "invoice-variance",
        "the invoice has tax of 2850, the bill of 2.85",
    ),
    (
        "an invoice finer than the minor unit",
        || vec![charge("A", "15")],
        "A,001234567890,EUR,15.004,,\n",
        "",
        "invoice-variance",
        "a difference of 0.004",
    ),
    (
        "a credit note of its own, which the bill has under the invoice",
        || vec![charge("A", "15"), of_category(charge("A", "-3"), "Credit")],
        "A,001234567890,EUR,15,,\nC,001234567890,EUR,-3,,\n",
        "",
        "invoice-variance",
        "it looks like a credit note: the bill has credits of -3 under invoice `A`",
    ),
    (
        "amounts too large for a difference",
        || vec![charge("A", "-160000000000000000000")],
        "A,001234567890,EUR,50000000000000000000,,\n",
        "",
        "invoice-variance",
        "invoiced 50000000000000000000 EUR, billed -160000000000000000000",
    ),
    (
        "amounts too large for a sum",
        || vec![charge("A", "3")],
        "A,001234567890,EUR,160000000000000000000,,\n",
        "",
        "bad-invoice",
        "sum beyond what can be kept exactly",
    ),
    (
        "accepted, but another amount",
        || vec![charge("A", "3")],
        "A,001234567890,EUR,3.08,,\n",
        "    accepted_variances:\n      - { invoice: A, amount: \"0.07\", reason: fee }\n",
        "invoice-variance",
        "the accepted variance of 0.07 is another",
    ),
    (
        "an invoice that no row names",
        || vec![charge("A", "3")],
        "A,001234567890,EUR,3,,\nB,001234567890,EUR,3,,\n",
        "",
        "invoice-variance",
        "invoice `B`: invoiced 3 EUR, billed 0, a difference of 3; no row of the bill names it",
    ),
    (
        "another currency",
        || vec![charge("A", "3")],
        "A,001234567890,USD,3,,\n",
        "",
        "invoice-variance",
        "the bill has it in EUR",
    ),
    (
        "two invoices of a billing account, of no known month",
        || vec![charge("", "3")],
        "A,001234567890,EUR,2,,\nB,001234567890,EUR,1,,\n",
        "",
        "bad-invoice",
        "2 invoices of it may be of any month",
    ),
    (
        "a row without amount",
        || vec![charge("A", "3")],
        "A,001234567890,EUR,,,\n",
        "",
        "bad-invoice",
        "the row has no amount",
    ),
];

#[test]
fn what_does_not_reconcile_is_not_published() {
    let mut faults = Faults::new();
    for (title, charges, invoices, terms, code, says) in REFUSED {
        let project = Project::sound().bill("bill.csv", &Bill::of(charges()));
        let project = invoiced(project, invoices, terms);
        let Answer { exit, stderr, .. } = project.run();
        faults.about(format!("{title}\n{stderr}"));
        faults.same("the exit code", exit, Some(3));
        faults.same("the code", stderr.contains(&format!("error[{code}]")), true);
        faults.same("the message", stderr.contains(says), true);
        faults.same("published", project.path(&format!("out/{PERIOD}")).exists(), false);
    }
}

#[test]
fn a_workbook_is_a_table_like_any_other() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write(0, 0, "Invoices, 2026").expect("a title");
    let header = ["Invoice Number", "Billing Account ID", "Currency", "Net Amount", "Tax"];
    sheet.write_row(2, 0, header).expect("a header");
    sheet.write_row(3, 0, ["A", PAYER, "EUR"]).expect("texts");
    sheet.write_row(3, 3, [2.75, 0.5]).expect("amounts");
    let book = book.save_to_buffer().expect("a workbook");
    let project = Project::sound().bill("bill.csv", &Bill::of([charge("A", "3.25")]));
    let yaml = std::fs::read_to_string(project.path("costbook.yaml")).expect("the project file");
    let entry = "invoices: [ { files: invoices.xlsx } ]\n";
    let project = project.file("costbook.yaml", yaml + entry).file("invoices.xlsx", book);
    let output = project.published();
    let lines = output.table("reconciliation.csv");
    assert_eq!((&*lines[0]["invoice_total"], &*lines[0]["class"]), ("3.25", "matched"));
    let manifest = output.json("manifest.json");
    let inputs = manifest["inputs"].as_array().expect("a list of inputs");
    assert!(inputs.iter().any(|i| i["kind"] == "invoices" && i["path"] == "invoices.xlsx"));
}

#[test]
fn an_invoice_in_two_files_counts_for_neither() {
    let project = Project::sound().bill("bill.csv", &Bill::of([charge("A", "3")]));
    let row = format!("A,{PAYER},EUR,3,,\n");
    let project = invoiced(project, &row, "").file("invoices/again.csv", HEADER.to_owned() + &row);
    let answer = project.run();
    assert_eq!(answer.exit, Some(3), "{}", answer.stderr);
    assert!(answer.stderr.contains("stands in `invoices/again.csv` and in `invoices/october.csv`"));
}

#[test]
fn a_pattern_that_matches_nothing_is_an_error() {
    let project = Project::sound().bill("bill.csv", &Bill::sound());
    let project = invoiced(project, "A,1,EUR,3,,\n", "");
    project.remove("invoices/october.csv");
    let answer = project.run();
    assert_eq!(answer.exit, Some(3), "{}", answer.stderr);
    assert!(answer.stderr.contains("no table of invoices matches"), "{}", answer.stderr);
}

#[test]
fn without_invoices_nothing_is_checked_and_nothing_claimed() {
    let project = Project::sound().bill("bill.csv", &Bill::of([charge("A", "3"), charge("", "1")]));
    let lines = project.published().table("reconciliation.csv");
    let told: Vec<_> = lines
        .iter()
        .map(|line| (line["invoice"].as_str(), line["status"].as_str(), line["class"].as_str()))
        .collect();
    assert_eq!(told, [("", "unchecked", ""), ("A", "unchecked", "")]);
}

#[test]
fn the_bills_billing_account_is_shown_and_another_in_the_table_told() {
    let bill = || Project::sound().bill("bill.csv", &Bill::of([charge("A", "3")]));
    for (told, row) in [(true, "A,999,EUR,3,,\n"), (false, "A,0012-3456-7890,EUR,3,,\n")] {
        let output = invoiced(bill(), row, "").published();
        assert_eq!(output.table("reconciliation.csv")[0]["billing_account_id"], PAYER);
        assert_eq!(output.codes().contains(&"invoice-billing-account".to_owned()), told, "{row}");
    }
}

#[test]
fn accepted_variances_that_nothing_needs_are_told() {
    let rows = "INV-1,001234567890,EUR,3.07,,\nINV-2,001234567890,EUR,3,,\nINV-9,,EUR,8,,2026-09\n";
    let terms = "    accepted_variances:\n\
                 \x20     - { invoice: INV-1, amount: \"0.07\", reason: fee }\n\
                 \x20     - { invoice: INV-2, amount: \"0.01\", reason: fee }\n\
                 \x20     - { invoice: INV-9, amount: \"0.01\", reason: of September }\n\
                 \x20     - { invoice: INV2, amount: \"0.01\", reason: misspelt }\n";
    let bill = Bill::of([charge("INV-1", "3"), charge("INV-2", "3")]);
    let output = invoiced(Project::sound().bill("bill.csv", &bill), rows, terms).published();
    let findings = output.run()["findings"].as_array().expect("a list of findings").clone();
    let unused = |finding: &&serde_json::Value| finding["code"] == "accepted-variance-unused";
    let told: Vec<String> = findings.iter().filter(unused).map(ToString::to_string).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    for part in [
        "invoice `INV-2` has a variance of 0, not of 0.01, and needs none accepted",
        "no table of this entry has the invoice `INV2`",
    ] {
        assert!(told.iter().any(|finding| finding.contains(part)), "{part}\n{told:?}");
    }
}

/// Tables of a month's folder, amounts as a German accounting program writes them.
#[test]
fn invoices_of_the_month_are_read_in_their_spelling() {
    let project = Project::sound().bill("bill.csv", &Bill::of([charge("A", "1234.56")]));
    let yaml = std::fs::read_to_string(project.path("costbook.yaml")).expect("the project file");
    let entry = "invoices:\n  - files: \"invoices/{period}/*.csv\"\n    \
                 numbers: { decimal: \",\", group: \".\" }\n";
    let table = "invoice;currency;amount\nA;EUR;1.234,56\n";
    let project = project.file("costbook.yaml", yaml + entry);
    let project = project.file("invoices/2026-09/a.csv", table.replace("1.234", "9.999"));
    // Before the month's table has come, its absence is told of the cost that it will ask for.
    let early = project.published();
    assert_eq!(early.findings("invoice-missing").len(), 1, "{:?}", early.codes());
    let project = project.file("invoices/2026-10/a.csv", table);
    let lines = project.published().table("reconciliation.csv");
    let shown: Vec<_> = lines.iter().map(|row| (&*row["invoice_total"], &*row["status"])).collect();
    assert_eq!(shown, [("1234.56", "reconciled")]);
    let misspelt = project.declaring("invoices/{period}", "invoices/{perod}").run();
    assert_eq!(misspelt.exit, Some(2), "{}", misspelt.stderr);
}
