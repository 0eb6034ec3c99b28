//! A folder for each product that an auditor can check without costbook: figures, what they were made of, the rows and the
//! rules, and checksums of all.
//!
//! ```text
//! README.txt           how each figure is redone, in order
//! position.csv         lines of the product
//! matches.csv          parts of each line; its columns add up to the line
//! uses.csv, steps.csv  what needs how much, and each number on the way
//! gaps.csv             inputs that are missing
//! entitlements.csv, contracts.csv
//!                      rights and what was agreed
//! rows.csv             rows that were used, cell by cell
//! rules.txt            rules as they applied, with what they cite
//! valuation.csv        what over-use costs, by policy
//! explanation.txt      all of it as a tree
//! inputs.csv           files that were read, with their checksums
//! SHA256SUMS           of all, as `sha256sum -c` reads them
//! ```
//!
//! Owns the folder's shape and names. The same inputs give the same bytes; a name of a product, whatever it holds,
//! leads to no other folder.

mod readme;
mod tables;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::diagnostics::{Finding, printable};
use crate::licenses::Product;

use super::super::sink::{Sink, WrittenFile, failed, hex};
use super::explain::{Trace, license_text};

/// Letters of a product's name in the name of its folder.
const SLUG_LETTERS: usize = 48;

/// Writes the folder of each of the products below `directory`, and the checksums of all files, into a directory that
/// has none of them; makes it where it is not there.
///
/// # Errors
/// A file that cannot be written.
pub fn write_evidence(
    directory: &Path,
    trace: &Trace<'_>,
    products: &BTreeSet<&Product>,
) -> Result<Vec<WrittenFile>, Finding> {
    std::fs::create_dir_all(directory).map_err(|error| failed("evidence", &error))?;
    let mut sink = Sink::new(directory);
    write_into(trace, products, "", &mut sink)?;
    sink.finish()
}

/// [`write_evidence`] below a folder, which ends in `/`, of a directory that holds other files too.
pub(in crate::report) fn write_into(
    trace: &Trace<'_>,
    products: &BTreeSet<&Product>,
    folder: &str,
    sink: &mut Sink,
) -> Result<(), Finding> {
    products.iter().try_for_each(|product| {
        let own = format!("{folder}{}/", evidence_folder(product));
        write_product(trace, product, &own, sink)
    })
}

/// The name of a product's folder: its letters and digits, and a checksum of its whole name.
#[must_use]
pub fn evidence_folder(product: &Product) -> String {
    let parts = [product.publisher.as_deref(), Some(&*product.name), product.edition.as_deref()];
    let mut slug = String::new();
    for letter in parts.iter().flatten().flat_map(|part| part.chars().chain([' '])) {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(SLUG_LETTERS);
    let mut hash = Sha256::new();
    for part in parts {
        // With its length, so that no two names look alike; what is absent differs from what is empty.
        hash.update(part.map_or(u64::MAX, |part| part.len() as u64).to_be_bytes());
        hash.update(part.unwrap_or_default().as_bytes());
    }
    let digest = hex(&hash.finalize());
    let gap = if slug.is_empty() || slug.ends_with('-') { "" } else { "-" };
    format!("{slug}{gap}{}", &digest[..12])
}

fn write_product(
    trace: &Trace<'_>,
    product: &Product,
    folder: &str,
    sink: &mut Sink,
) -> Result<(), Finding> {
    let name = |file: &str| format!("{folder}{file}");
    tables::write(trace, product, folder, sink)?;
    sink.bytes(&name("rules.txt"), rules(trace, product).as_bytes())?;
    let trees = trace.lines(product).map(|line| license_text(&trace.line(line), true));
    let trees: Vec<String> = trees.collect();
    sink.bytes(&name("explanation.txt"), trees.join("\n").as_bytes())?;
    sink.bytes(&name("README.txt"), readme::text(trace, product).as_bytes())?;
    sink.checksums_of(folder)
}

/// Each reading of each metric that lines of a product were made by, with the lines of its file.
fn rules(trace: &Trace<'_>, product: &Product) -> String {
    let mut readings: Vec<_> =
        trace.lines(product).filter_map(|line| line.reading.as_ref()).collect();
    readings.sort();
    readings.dedup();
    let mut text = String::new();
    for reading in readings {
        let clause = reading.clause.as_deref().unwrap_or("none is named");
        let facts =
            [("rule", &*reading.rule), ("citation", &*reading.citation), ("clause", clause)];
        let (metric, name) = (printable(&reading.metric), printable(&reading.interpretation));
        let _ = writeln!(text, "{metric}, read as {name}");
        for (name, fact) in facts {
            let _ = writeln!(text, "{name}: {}", printable(fact));
        }
        text.push('\n');
        if let Some(told) = trace.rule_text(reading) {
            let _ = writeln!(text, "{}", printable(&told.path));
            for (number, line) in &told.lines {
                let _ = writeln!(text, "{number:>6}  {}", printable(line));
            }
            text.push('\n');
        }
    }
    text
}
