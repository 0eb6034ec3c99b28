//! The workbooks of whoever looks after licenses: a register of what is owned and agreed, and an inventory of what is
//! used at the end of each month.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, Worksheet, XlsxError};

use super::calendar::Month;

/// Names of Acme's own for products, before those that costbook knows.
pub const PRODUCTS: &str = "\
name,publisher,product,edition,metric
Figura Design Tool*,Figura Inc,Figura Design,,named_seat
Ticketqueue Agent*,Ticketqueue BV,Ticketqueue,,named_seat
";

/// Days on which nobody opens a letter of notice, beside weekends.
pub const HOLIDAYS: &str = "\
day,name
2026-10-03,Tag der Deutschen Einheit
2026-12-25,Christmas Day
2026-12-26,Boxing Day
2027-01-01,New Year's Day
";

/// A sheet: its name, and rows of which the first are the headers.
type Sheet = (&'static str, Vec<Vec<String>>);

fn rows(text: &str) -> Vec<Vec<String>> {
    text.lines().map(|line| line.split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

const ENTITLEMENTS: &str = "\
id|contract|publisher|product|edition|metric|quantity|license_type|start|end|maintenance_end|legal_entity|use_rights|unit_price|list_price|maintenance_price|currency|order
MS-SQL-ENT-1|MS-EA|Microsoft|SQL Server Enterprise|Enterprise|sql_server_core|56|perpetual|2023-01-01||2026-12-31|Acme GmbH|downgrade;mobility|5200|6100|1300|EUR|PO-23017
MS-E5-1|MS-EA|Microsoft|SPE_E5||m365_user|10|subscription|2026-01-01|2026-12-31||Acme GmbH||612|684||EUR|PO-26002
MS-PBI-1|MS-EA|Microsoft|POWER_BI_PRO||m365_user|6|subscription|2026-01-01|2026-12-31||Acme GmbH||144|162||EUR|PO-26003
FIG-1|FIG-2026|Figura Inc|Figura Design Tool|||40|subscription|2026-08-01|2027-07-31||Acme GmbH||190|190||EUR|PO-26088
TQ-1|TQ-2025|Ticketqueue BV|Ticketqueue Agent|||12|subscription|2025-12-01|2026-11-30||Acme GmbH||608.40|640||EUR|PO-25140
ORA-NUP-1|ORA-OMA|Oracle|Oracle Database Enterprise Edition|Enterprise|oracle_nup|200|perpetual|2021-04-01||2027-03-31|Acme Inc||570|950|125.40|USD|PO-21031
IBM-DB2-1|IBM-PA|IBM|Db2||ibm_pvu|560|perpetual|2020-07-01||2026-09-30|Acme GmbH||58|71|11.60|EUR|PO-20044
";

const CONTRACTS: &str = "\
id|kind|title|publisher|owner|start|end|auto_renew|notice_days|business_days|uplift_cap|renewal_uplift|true_up|growth_allowance|audit_notice_days|materiality|penalty|evidence_retention_days|commitment|currency|commitment_start|commitment_end|scope|shortfall_rule|clause
MS-EA|license|Microsoft Enterprise Agreement|Microsoft|Henrik Voss|2024-01-01|2026-12-31|no|30|yes|||2026-12-01||30|5|25|1095||||||||section 6
FIG-2026|saas|Figura, design tool|Figura Inc|Felix Brandt|2026-08-01|2027-07-31|yes|60|no|5|7||||||||||||||renewals, 4.2
TQ-2025|saas|Ticketqueue, service desk|Ticketqueue BV|Henrik Voss|2025-12-01|2026-11-30|no|30|no||||||||||||||||order form
ORA-OMA|license|Oracle Master Agreement|Oracle|Samuel Ortiz|2021-04-01|2027-03-31|yes|30|no|8||||45|5||1825||||||||schedule P
IBM-PA|support|IBM Passport Advantage|IBM|Elif Kaya|2020-07-01|2026-09-30|no|90|no|||||30|||730||||||||1.4
AWS-EDP|edp|AWS private pricing, year one|Amazon Web Services|Vera Lindqvist|2026-01-01|2026-12-31|no|90|no|||||||||900000|USD|2026-01-01|2026-12-31|aws|pay_difference|2.1
";

/// In October a third database server came without anybody buying rights for it. Nobody wrote down which processor runs Db2.
fn hosts(month: Month) -> String {
    let mut text = "\
host|sockets|cores|cpu_model|cluster|legal_entity|pool
fra-sql-1|2|24|Intel Xeon Gold 6326|sql|Acme GmbH|CC3010
fra-sql-2|2|24|Intel Xeon Gold 6326|sql|Acme GmbH|CC3010
iad-ora-1|2|16|Intel Xeon Gold 6334|ora|Acme Inc|CC2030
fra-db2-1|1|8|||Acme GmbH|CC1030
"
    .to_owned();
    if month == Month::of(10) {
        text.push_str("fra-sql-3|2|24|Intel Xeon Gold 6326|sql|Acme GmbH|CC3010\n");
    }
    text
}

fn installs(month: Month) -> String {
    let mut text = "\
device|publisher|product|edition|version|legal_entity|pool|environment|last_used
fra-sql-1|Microsoft|SQL Server 2022 Enterprise|Enterprise|2022|Acme GmbH|CC3010|prod|
fra-sql-2|Microsoft|SQL Server 2022 Enterprise|Enterprise|2022|Acme GmbH|CC3010|prod|
iad-ora-1|Oracle|Oracle Database 19c Enterprise Edition|Enterprise|19|Acme Inc|CC2030|prod|
fra-db2-1|IBM|Db2|Standard|11.5|Acme GmbH|CC1030|prod|
fra-sql-1|Blaupause Soft|Blaupause Backup Agent||4.1|Acme GmbH|CC9010|prod|
"
    .to_owned();
    if month == Month::of(10) {
        text.push_str("fra-sql-3|Microsoft|SQL Server 2022 Enterprise|Enterprise|2022|Acme GmbH|CC3010|prod|\n");
    }
    text
}

const PEOPLE: [&str; 17] = [
    "anke.moeller",
    "felix.brandt",
    "marta.kowalska",
    "jonas.weber",
    "elif.kaya",
    "ines.duarte",
    "tomas.herrera",
    "henrik.voss",
    "leila.haddad",
    "vera.lindqvist",
    "nora.stein",
    "paul.adler",
    "lea.vogt",
    "ivan.petrov",
    "sofia.conti",
    "emil.larsen",
    "zoe.martin",
];

/// Who holds a seat, with the day of the last activity. The service desk takes on two people a month.
fn seats(month: Month) -> String {
    let name = month.name();
    let mut text =
        String::from("user|publisher|product|assigned|last_activity|legal_entity|pool\n");
    let mut add =
        |user: &str, publisher: &str, product: &str, last: &str, entity: &str, pool: &str| {
            use std::fmt::Write as _;
            let _ = writeln!(
                text,
                "{user}@acme.example|{publisher}|{product}|2026-01-05|{last}|{entity}|{pool}"
            );
        };
    let active = format!("{name}-27");
    for user in &PEOPLE[..9] {
        add(user, "Microsoft", "SPE_E5", &active, "Acme GmbH", "CC9010");
    }
    // Two of them also hold what is in it.
    for user in &PEOPLE[3..9] {
        add(user, "Microsoft", "POWER_BI_PRO", &active, "Acme GmbH", "CC9010");
    }
    for (at, user) in PEOPLE.iter().enumerate() {
        let last = if at < 12 { active.as_str() } else { "2026-06-11" };
        add(user, "Figura Inc", "Figura Design Tool", last, "Acme GmbH", "CC1020");
    }
    let agents = match name.as_str() {
        "2026-08" => 6,
        "2026-09" => 8,
        _ => 10,
    };
    for user in &PEOPLE[..agents] {
        add(user, "Ticketqueue BV", "Ticketqueue Agent", &active, "Acme GmbH", "CC9010");
    }
    for user in ["daniel.okafor", "grace.liu", "samuel.ortiz", "priya.raman"] {
        add(user, "Oracle", "Oracle Database Enterprise Edition", &active, "Acme Inc", "CC2030");
    }
    text
}

/// What is owned and agreed.
///
/// # Errors
/// If the workbook cannot be put together.
pub fn register() -> Result<Vec<u8>, XlsxError> {
    book(vec![("Entitlements", rows(ENTITLEMENTS)), ("Contracts", rows(CONTRACTS))])
}

/// What is used at the end of a month.
///
/// # Errors
/// If the workbook cannot be put together.
pub fn inventory(month: Month) -> Result<Vec<u8>, XlsxError> {
    let last = month.to().pred_opt().expect("a month ends after a day").to_string();
    let as_of = |text: String| {
        let mut rows = rows(&text);
        for (at, row) in rows.iter_mut().enumerate() {
            row.push(if at == 0 { "As Of".to_owned() } else { last.clone() });
        }
        rows
    };
    book(vec![
        ("Hosts", as_of(hosts(month))),
        ("Installations", as_of(installs(month))),
        ("Seats", as_of(seats(month))),
    ])
}

/// Its time of creation is fixed, so that equal rows give equal bytes.
fn book(sheets: Vec<Sheet>) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let made = ExcelDateTime::from_ymd(2026, 11, 2)?;
    book.set_properties(
        &DocProperties::new().set_author("Acme procurement").set_creation_datetime(&made),
    );
    for (name, rows) in sheets {
        fill(book.add_worksheet().set_name(name)?, &rows)?;
    }
    book.save_to_buffer()
}

fn fill(sheet: &mut Worksheet, rows: &[Vec<String>]) -> Result<(), XlsxError> {
    for (at, row) in (0..).zip(rows) {
        for (column, cell) in (0..).zip(row).filter(|(_, cell)| !cell.is_empty()) {
            match cell.parse::<f64>() {
                Ok(number) if at > 0 => sheet.write_number(at, column, number)?,
                _ => sheet.write_string(at, column, cell)?,
            };
        }
    }
    Ok(())
}
