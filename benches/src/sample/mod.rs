//! The bills of a small company, made the same way every time.
//!
//! ```text
//! company, service   who Acme is and what it can use
//! catalogue          what it does use: meters on resources, with the tags that people gave them
//! commitment         what it promised to pay for, used or not
//! bill               a month of a provider: use day by day, then fees, corrections and defects
//! columns            a charge in the words of FOCUS
//! csv_file, parquet_file, registers   the files
//! lines, cur, gcp, oci, purchases     bills of other shapes: CUR, JSON lines, cost reports, a workbook
//! licenses           what is owned and used: workbooks
//! finance            exchange rates, and the invoices as they were booked
//! ```

mod bill;
mod calendar;
mod catalogue;
mod charge;
mod columns;
mod commitment;
mod company;
mod corrections;
mod csv_file;
mod cur;
mod defects;
mod finance;
mod gcp;
mod licenses;
mod lines;
mod meter;
mod oci;
mod parquet_file;
mod purchases;
mod registers;
mod service;

use std::error::Error;
use std::fs;
use std::path::Path;

use calendar::Month;
use company::{AWS, AZURE};
use csv_file::{Spelling, csv, gzip};
use parquet_file::{TagsAs, parquet};

/// AWS writes FOCUS 1.2 with exponents.
const AWS_CSV: Spelling = Spelling {
    columns: &columns::FOCUS_1_2,
    time: "%Y-%m-%dT%H:%M:%SZ",
    byte_order_mark: false,
    exponents: true,
};

/// Azure writes FOCUS 1.0 with a byte order mark and times to the minute.
const AZURE_CSV: Spelling = Spelling {
    columns: &columns::FOCUS_1_0,
    time: "%Y-%m-%dT%H:%MZ",
    byte_order_mark: true,
    exponents: false,
};

/// A file of the sample: its path below `data/`, and its bytes.
pub type File = (String, Vec<u8>);

/// Every file of the sample's `data/`.
///
/// # Errors
/// If a bill does not fit its format.
pub fn files() -> Result<Vec<File>, Box<dyn Error>> {
    let mut files = vec![
        ("cost-centers.csv".to_owned(), company::COST_CENTERS.into()),
        ("resource-groups.csv".to_owned(), company::RESOURCE_GROUPS.into()),
        ("sub-accounts.csv".to_owned(), registers::sub_accounts()?),
        ("resources.csv".to_owned(), registers::resources()?),
    ];
    for month in Month::ALL {
        files.push(aws(month)?);
        let rows = bill::rows(&AZURE, month);
        files.push((format!("azure/focus-1.0-{}.csv", month.name()), csv(&rows, &AZURE_CSV)?));
        files.extend(others(month)?);
        let inventory = licenses::inventory(month)?;
        files.push((format!("licenses/inventory-{}.xlsx", month.name()), inventory));
    }
    files.push(("licenses/register.xlsx".to_owned(), licenses::register()?));
    files.push(("licenses/products.csv".to_owned(), licenses::PRODUCTS.into()));
    files.push(("licenses/holidays.csv".to_owned(), licenses::HOLIDAYS.into()));
    files.push(("oracle/reports_cost-csv_0004.csv.gz".to_owned(), gzip(&oci::correction()?)?));
    files.push(("exchange-rates.csv".to_owned(), finance::RATES.into()));
    Ok(files)
}

/// The bills of a month that are not FOCUS, and the invoices that were booked for all clouds.
fn others(month: Month) -> Result<[File; 5], Box<dyn Error>> {
    let name = month.name();
    let number = month.from().format("%m").to_string().parse::<u32>()? - 7;
    Ok([
        (format!("aws-inc/acme-inc-cur-{name}.csv.gz"), gzip(&cur::csv(month)?)?),
        (format!("google/billing-export-{name}.jsonl.gz"), gzip(&gcp::json_lines(month))?),
        (format!("oracle/reports_cost-csv_{number:04}.csv.gz"), gzip(&oci::report(month)?)?),
        (format!("invoices-received/{name}.xlsx"), purchases::workbook(month)?),
        (format!("provider-invoices/{name}.csv"), finance::invoices(month).into_bytes()),
    ])
}

/// AWS went from Parquet to CSV in October, and from JSON tags to a map in September.
fn aws(month: Month) -> Result<File, Box<dyn Error>> {
    let rows = bill::rows(&AWS, month);
    let name = format!("aws/focus-1.2-{}", month.name());
    if month == Month::of(10) {
        return Ok((format!("{name}.csv.gz"), gzip(&csv(&rows, &AWS_CSV)?)?));
    }
    let tags = if month == Month::of(9) { TagsAs::Map } else { TagsAs::Json };
    Ok((format!("{name}.parquet"), parquet(&rows, &columns::FOCUS_1_2, tags)?))
}

/// Writes `data/` of the sample below that directory.
///
/// # Errors
/// If a file cannot be made or written.
pub fn write(out: &Path) -> Result<(), Box<dyn Error>> {
    for (name, bytes) in files()? {
        let path = out.join("data").join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, &bytes)?;
        println!("{:>9} bytes  {}", bytes.len(), path.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sample that is checked in is the one that the generator makes.
    #[test]
    fn the_sample_is_up_to_date() {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples/acme/data");
        for (name, made) in files().unwrap() {
            let kept = fs::read(data.join(&name)).unwrap_or_default();
            let fix = "run `cargo run --release --locked -p costbook-bench -- sample`";
            assert!(
                made == kept,
                "samples/acme/data/{name} is not what the generator makes: {fix}"
            );
        }
    }
}
