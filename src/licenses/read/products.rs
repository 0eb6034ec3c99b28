//! The project's own table of products: which raw names and SKUs are which product.

use std::path::Path;

use crate::diagnostics::{Code, Finding, Place};
use crate::domain::DateRange;
use crate::ingest::{Cells, PlainTable, TableFile, read_table};
use crate::rules::licenses::ProductRule;
use crate::rules::{DateSpelling, NumberSpelling, SheetPlace, header_position};

/// A name or a SKU → a product. Days and metric may be blank.
const HEADERS: [&str; 8] =
    ["name", "sku", "publisher", "product", "edition", "metric", "from", "to"];

/// Reads the table: CSV, gzip or a workbook, with the headers `name` (exact, or a pattern with `*`),
/// `sku`, `publisher`, `product`, `edition`, `metric`, `from` and `to` (the first day that is out).
///
/// # Errors
/// A file that cannot be read, or every row that cannot be used.
pub fn read_product_table(
    location: &Path,
    path: &str,
    reader: Option<&Path>,
) -> Result<Vec<ProductRule>, Vec<Finding>> {
    let table = read_table(&TableFile {
        location,
        path,
        needed: &[&["product"]],
        known: &HEADERS,
        place: &SheetPlace::default(),
        comma: false,
        reader,
    })?;
    let at = HEADERS.map(|header| header_position(header, &table.headers));
    if at[3].is_none() || (at[0].is_none() && at[1].is_none()) {
        let text = "the table of products needs the columns `product`, and `name` or `sku`";
        let help = format!("its columns are {}", table.headers.join(", "));
        let finding = Finding::new(Code::LicenseBroken, text).help(help);
        return Err(vec![finding.at(Place::File(table.path))]);
    }
    let cells = Cells::new(NumberSpelling::default(), &[DateSpelling::Iso], &[]);
    let (mut rules, mut errors) = (Vec::new(), Vec::new());
    for (row, texts) in &table.rows {
        match rule(&table, *row, texts, at, &cells) {
            Ok(rule) => rules.push(rule),
            Err(finding) => errors.push(finding),
        }
    }
    if errors.is_empty() { Ok(rules) } else { Err(errors) }
}

fn rule(
    table: &PlainTable,
    row: u64,
    texts: &[String],
    at: [Option<usize>; 8],
    cells: &Cells,
) -> Result<ProductRule, Finding> {
    let told = at.map(|at| cells.text(texts.get(at?)?));
    let [name, sku, publisher, product, edition, metric, from, to] = told;
    let fault = |column: usize, text: String, help: &str| {
        let finding = Finding::new(Code::LicenseBroken, text).help(help);
        finding.at(table.place(row, at[column]))
    };
    let Some(product) = product else {
        return Err(fault(
            3,
            "the row names no product".to_owned(),
            "name it, or take the row away",
        ));
    };
    if name.is_none() && sku.is_none() {
        let help = "write what the inventory calls it under `name` or `sku`";
        return Err(fault(0, "the row has neither name nor SKU".to_owned(), help));
    }
    let day = |text: Option<&str>, column: usize| match text {
        None => Ok(None),
        Some(text) => cells
            .day(text)
            .map(Some)
            .ok_or_else(|| fault(column, format!("`{text}` is no day"), "write it as 2026-10-31")),
    };
    let valid = DateRange::new(day(from, 6)?, day(to, 7)?).ok_or_else(|| {
        fault(7, "the row holds on no day".to_owned(), "`to` is the first day that is out")
    })?;
    let (names, skus): (Vec<&str>, Vec<&str>) =
        (name.into_iter().collect(), sku.into_iter().collect());
    let made =
        ProductRule::new((publisher, product, edition), &names, &skus, table.place(row, None));
    let mut made = made.map_err(|text| fault(0, text, "a pattern has `*` for any text"))?;
    made.metric = metric.map(Into::into);
    made.valid = valid;
    Ok(made)
}
