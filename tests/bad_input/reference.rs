//! Currencies, tables of owners and metadata, shares, drivers and cycles.

use costbook::diagnostics::Code;

use super::answer::Expected::{Fine, Quarantined, Refused, Told};
use super::answer::{Case, case, check};
use super::support::{Bill, Charge, Project, exact, sum};

const ALL: &str = "classify: [ { name: everything, owner: payments } ]\n";
const BY_TAG: &str = "classify: [ { name: tag, owner: { from: tag.team } } ]\n";

fn billed(charges: impl IntoIterator<Item = Charge>) -> Project {
    Project::sound().bill("bill.csv", &Bill::of(charges))
}

fn currency(code: &str) -> Project {
    billed([Charge::sound(), Charge::sound().with("BillingCurrency", code)])
}

fn tagged(team: &str) -> Project {
    let known = Charge::sound().with("Tags", "{\"team\":\"payments\"}");
    let other = Charge::sound().with("Tags", &format!("{{\"team\":\"{team}\"}}"));
    Project::ruled(BY_TAG).bill("bill.csv", &Bill::of([known, other.on("2026-10", "2026-10-20")]))
}

/// The sound project with another table of owners.
fn owners(table: impl AsRef<[u8]>) -> Project {
    Project::ruled(ALL).bill("bill.csv", &Bill::sound()).file("owners.csv", table)
}

/// A table of metadata that rules ask.
fn metadata(table: impl AsRef<[u8]>) -> Project {
    let project = billed([Charge::sound()]).file("accounts.csv", table);
    let text = std::fs::read_to_string(project.path("costbook.yaml")).expect("the project");
    project
        .file("costbook.yaml", text + "metadata: [ { entity: sub_account, file: accounts.csv } ]\n")
}

const CURRENCIES: &[Case] = &[
    case(
        "a sign",
        || currency("US$"),
        Quarantined(&[(3, "BillingCurrency", Code::BadCurrency, "US$")]),
    ),
    case(
        "no currency",
        || currency("XXX"),
        Quarantined(&[(3, "BillingCurrency", Code::BadCurrency, "XXX")]),
    ),
    case(
        "an old code",
        || currency("MC"),
        Quarantined(&[(3, "BillingCurrency", Code::BadCurrency, "MC")]),
    ),
    case(
        "small letters",
        || currency("eur"),
        Quarantined(&[(3, "BillingCurrency", Code::BadCurrency, "eur")]),
    ),
    case(
        "gold",
        || currency("XAU"),
        Quarantined(&[(3, "BillingCurrency", Code::BadCurrency, "XAU")]),
    ),
    case(
        "a name",
        || currency("Euro"),
        Quarantined(&[(3, "BillingCurrency", Code::BadCurrency, "Euro")]),
    ),
    case("none", || currency(""), Quarantined(&[(3, "BillingCurrency", Code::BadCurrency, "")])),
    case(
        "the sign of the euro",
        || currency("€"),
        Quarantined(&[(3, "BillingCurrency", Code::BadCurrency, "€")]),
    ),
    case(
        "a blank behind it",
        || currency("EUR "),
        Quarantined(&[(3, "BillingCurrency", Code::BadCurrency, "EUR ")]),
    ),
    case(
        "an invisible letter behind it",
        || currency("EUR\u{200b}"),
        Quarantined(&[(3, "BillingCurrency", Code::BadCurrency, "EUR\\u{200b}")]),
    ),
    case(
        "a coin",
        || currency("BTC"),
        Quarantined(&[(3, "BillingCurrency", Code::BadCurrency, "BTC")]),
    ),
    case(
        "a number",
        || currency("978"),
        Quarantined(&[(3, "BillingCurrency", Code::BadCurrency, "978")]),
    ),
    case(
        "a code for tests",
        || currency("XTS"),
        Quarantined(&[(3, "BillingCurrency", Code::BadCurrency, "XTS")]),
    ),
    case(
        "letters of another script",
        || currency("ЕUR"),
        Quarantined(&[(3, "BillingCurrency", Code::BadCurrency, "ЕUR")]),
    ),
];

#[test]
fn what_is_no_currency_is_quarantined() {
    check(CURRENCIES);
}

#[test]
fn two_currencies_are_kept_apart() {
    let dollars = Charge::sound().costs("2.5").with("BillingCurrency", "USD");
    let output = billed([Charge::sound(), dollars]).published();
    let rows = output.table("showback.csv");
    for (code, expected) in [("EUR", "1"), ("USD", "2.5")] {
        assert_eq!(sum(&rows, "total", |row| row["currency"] == code), exact(expected));
    }
}

const OWNERS: &[Case] = &[
    case(
        "credits above cost",
        || billed([Charge::sound(), Charge::sound().costs("-3").with("ChargeCategory", "Credit")]),
        Told(&[Code::CreditsExceedCost], "the total of `payments` is negative: -2 EUR"),
    ),
    case(
        "a tag that names nobody",
        || tagged("marketing"),
        Told(&[Code::UnknownOwner, Code::Unallocated], "`marketing`, which is not among"),
    ),
    case(
        "a tag that names one that is closed by then",
        || tagged("labs"),
        Told(&[Code::ClosedOwner, Code::Unallocated], "`labs` on days when it is closed"),
    ),
    case(
        "a tag in another case",
        || tagged("Retail"),
        Told(&[Code::OwnerCase, Code::Unallocated], "`Retail`, which is `retail` but for case"),
    ),
    case(
        "shares that do not sum to the whole",
        || {
            let rules = "classify: [ { name: all, pool: shared } ]\n\
                 pools: { shared: { split: fixed, shares: { retail: 60%, payments: 39.9% } } }\n";
            Project::ruled(rules).bill("bill.csv", &Bill::sound())
        },
        Refused(Code::SharesSum, "99.9"),
    ),
    case(
        "a pool with nothing to be split by",
        || {
            let rules = "classify: [ { name: all, pool: shared } ]\n\
                 pools: { shared: { split: proportional, on_zero_driver: fail } }\n";
            Project::ruled(rules).bill("bill.csv", &Bill::sound())
        },
        Refused(Code::ZeroDriverRefused, "pool `shared` has nothing to be split by"),
    ),
];

#[test]
fn owners_that_cannot_bear_cost_are_told() {
    check(OWNERS);
}

/// A tree of owners, one below the other.
fn chain(length: usize, last_parent: &str) -> String {
    let row = |number: usize| match number {
        0 => format!("o0,{last_parent},,\n"),
        _ => format!("o{number},o{},2026-10-{:02},\n", number - 1, number % 28 + 1),
    };
    let rows: String = (0..length).map(row).collect();
    format!("id,parent,valid_from,valid_to\npayments,,,\n{rows}")
}

const TABLES: &[Case] = &[
    case(
        "a cycle, which is printed",
        || owners("id,parent\npayments,\na,b\nb,c\nc,a\n"),
        Refused(Code::BadReference, "a → b → c → a"),
    ),
    case(
        "a cycle on some days only",
        || {
            owners(
                "id,parent,valid_from,valid_to\npayments,,,\na,b,2026-10-10,2026-10-20\nb,,,2026-10-15\nb,a,2026-10-15,\n",
            )
        },
        Refused(Code::BadReference, "on 2026-10-15: a → b → a"),
    ),
    case(
        "its own parent",
        || owners("id,parent\npayments,payments\n"),
        Refused(Code::BadReference, "payments → payments"),
    ),
    case(
        "a cycle at the end of a long chain",
        || owners(chain(3000, "o2999")),
        Refused(Code::BadReference, "are their own ancestors"),
    ),
    case("a long chain without one", || owners(chain(3000, "")), Fine),
    case(
        "a parent that does not exist",
        || owners("id,parent\npayments,acem\nacme,\n"),
        Refused(Code::BadReference, "did you mean `acme`?"),
    ),
    case(
        "two rows for the same day",
        || owners("id,valid_to\npayments,\npayments,2026-10-15\n"),
        Refused(Code::BadReference, "valid on the same day"),
    ),
    case(
        "semicolons",
        || owners("id;name\npayments;Payments\n"),
        Refused(Code::BadReference, "separated by `;`"),
    ),
    case(
        "tabs",
        || owners("id\tname\npayments\tPayments\n"),
        Refused(Code::BadReference, "separated by tabs"),
    ),
    case("no byte", || owners(""), Refused(Code::BadReference, "owners.csv")),
    case("a header only", || owners("id,name\n"), Refused(Code::BadReference, "owners.csv")),
    case(
        "no id",
        || owners("id,name\n,Payments\npayments,\n"),
        Refused(Code::BadReference, "the row has no id"),
    ),
    case(
        "a row of another length",
        || owners("id,name\npayments,Payments,more\n"),
        Refused(Code::BadReference, "row 2"),
    ),
    case(
        "a day that does not exist",
        || owners("id,valid_from\npayments,2026-02-30\n"),
        Refused(Code::BadReference, "`2026-02-30` is not a date"),
    ),
    case(
        "a column that costbook does not know",
        || owners("id,parnet\npayments,\n"),
        Refused(Code::UnknownKey, "did you mean `parent`?"),
    ),
    case(
        "an id with a NUL",
        || owners("id,name\npayments,\na\0b,\n"),
        Refused(Code::BadReference, "control character"),
    ),
    case(
        "an id with a terminal escape",
        || owners("id,name\npayments,\n\u{1b}[31mred,\n"),
        Refused(Code::BadReference, "control character"),
    ),
    case("ids that differ in case only", || owners("id,name\npayments,\nPayments,\n"), Fine),
    case(
        "not UTF-8",
        || owners(b"id,name\npayments,Z\xfcrich\n"),
        Refused(Code::InvalidValue, "not UTF-8"),
    ),
    case("a byte order mark and CRLF", || owners("\u{feff}id,name\r\npayments,Payments\r\n"), Fine),
    case(
        "metadata with semicolons",
        || metadata("id;environment\npay-prod;prod\n"),
        Refused(Code::BadReference, "separated by `;`"),
    ),
    case(
        "metadata with a column twice",
        || metadata("id,environment,environment\npay-prod,prod,test\n"),
        Refused(Code::BadReference, "`environment` stands twice"),
    ),
    case(
        "metadata without an id",
        || metadata("account,environment\npay-prod,prod\n"),
        Refused(Code::BadReference, "no column `id`"),
    ),
];

#[test]
fn tables_are_judged_as_a_whole() {
    check(TABLES);
}

#[test]
fn a_table_without_end_is_refused() {
    let ids: Vec<String> = (0..1_000_001).map(|number| format!("o{number}")).collect();
    let answer = owners(format!("id\npayments\n{}\n", ids.join("\n"))).run();
    assert_eq!(answer.exit, Some(2), "{}", answer.stderr);
    assert!(answer.stderr.contains("error[bad-reference]"), "{}", answer.stderr);
    assert!(answer.stderr.contains("1000000 rows are the limit"), "{}", answer.stderr);
}
